"""One message from top to bottom, and many beside each other."""

import asyncio
from dataclasses import replace

import pytest

from gateway.errors import JournalUnavailable
from gateway.transport import Settlement
from ir_directory import Certainty
from sed_schemas.load import SchemasInvalid

ACCEPTED = Settlement.ACCEPTED
RETRY = Settlement.RETRY


async def test_a_message_is_recorded_then_settled_then_sent(house, a_message):
    assert await house.take(a_message()) == [ACCEPTED]
    [row] = await house.rows()
    assert (row.decision, row.state.value) == ("transfer", "recorded")
    assert house.transport.published == []  # nothing has left yet
    sent = await house.send()
    assert [s.kind for s in sent] == ["x007", "x007", "hand-over"]
    [row] = await house.rows()
    assert row.state.value == "done"


async def test_the_hand_over_waits_for_its_x007(house, a_message):
    await house.take(a_message())
    house.transport.fail.add("rina")
    await house.send()
    assert house.transport.published == []
    house.transport.fail.clear()
    await house.clock.advance(5)
    assert [s.kind for s in await house.send()] == ["x007", "x007", "hand-over"]


async def test_the_messages_of_a_case_keep_their_order(house, a_message, uid):
    bodies = [a_message("m0", case="c", document="d")]
    bodies += [
        a_message(f"m{n}", case="c", document="d", version=n + 1, action="Update")
        for n in range(1, 12)
    ]
    await house.take(*bodies)
    rows = await house.rows()
    assert [row.decision for row in rows] == ["transfer"] + ["deliver"] * 11
    handed = [s.object for s in await house.send() if s.kind == "hand-over"]
    assert handed == [uid(f"m{n}") for n in range(12)]


async def test_the_same_bytes_again_change_nothing(house, a_message):
    assert await house.take(a_message(), a_message()) == [ACCEPTED, ACCEPTED]
    assert len(await house.rows()) == 1


@pytest.mark.parametrize("times", [1, 2, 3, 4, 5])
async def test_deliveries_one_to_five_times_have_one_effect(house, a_message, uid, times):
    """All at once, mixed with those of a later SED of the case, and once more when all has left."""
    first = a_message("m0", case="c", document="d")
    later = a_message("m1", case="c", document="d", version=2, action="Update")
    assert await house.take(first, *[later, first] * (times - 1), later) == [ACCEPTED] * 2 * times
    await house.send()
    assert await house.take(*[first] * times) == [ACCEPTED] * times
    await house.send()
    assert [(row.message_id, row.decision) for row in await house.rows()] == [
        (uid("m0"), "transfer"),
        (uid("m1"), "deliver"),
    ]
    left = [(s.kind, s.object) for s in house.transport.published]
    assert [kind for kind, _ in left] == ["x007", "x007", "hand-over", "hand-over"]
    assert [of for kind, of in left if kind == "hand-over"] == [uid("m0"), uid("m1")]


async def test_the_same_id_with_other_bytes_is_set_aside(house, a_message, person):
    await house.take(a_message(), a_message(inside=person("Lyon", "69001")))
    first, second = await house.rows()
    assert first.decision == "transfer"
    assert (second.decision, second.cause) == ("set-aside", "identity-conflict")


async def test_a_bug_in_one_message_stops_no_other(house, a_message, monkeypatch, uid):
    judged = house.pipeline._judge

    def broken(received, examined, case):
        if received.source == "00":
            raise ZeroDivisionError
        return judged(received, examined, case)

    monkeypatch.setattr(house.pipeline, "_judge", broken)
    assert await house.take(a_message("bad"), a_message("good")) == [ACCEPTED, ACCEPTED]
    rows = {row.cause or row.decision for row in await house.rows()}
    assert rows == {"internal-error", "transfer"}


class Damaged:
    """Schemas of which that of S040 does not compile."""

    name = "damaged"

    def source(self, cdm, sed):
        return "official"

    def for_message(self, header_version, cdm, sed):
        if sed == "S040":
            raise SchemasInvalid("cdm-4.4/S040.xsd: damaged")

    def of_transaction(self, transaction):
        return ()


async def test_a_damaged_schema_is_an_outage_and_no_fault_of_the_message(house, a_message):
    whole = house.pipeline.desk
    house.pipeline.desk = replace(whole, schemas=Damaged())
    taking = asyncio.create_task(house.take(a_message()))
    await house.clock.advance(3)
    assert (house.intake.trouble, await house.rows()) == ("schemas-invalid", [])
    assert not taking.done()
    house.pipeline.desk = whole
    await house.clock.advance(3)
    assert await taking == [ACCEPTED]
    assert [row.decision for row in await house.rows()] == ["transfer"]
    assert house.intake.trouble is None


async def test_nothing_waits_for_a_damaged_schema_but_the_cases_that_need_it(house, a_message):
    whole = house.pipeline.desk
    house.pipeline.desk = replace(whole, schemas=Damaged())
    written = [
        a_message("needs", case="a"),
        a_message("later", case="a", sed="S041", root="S041", action="New"),
        a_message("other", case="b", sed="S072", root="S072", buc="S_BUC_01a"),
        b"no message at all",
    ]
    taking = asyncio.create_task(house.take(*written))
    await house.until_settled(2)
    assert {row.sed for row in await house.rows()} == {"S072", None}
    assert house.intake.trouble == "schemas-invalid"
    assert not taking.done()
    house.pipeline.desk = whole
    await house.clock.advance(3)
    assert await taking == [ACCEPTED] * 4
    assert sorted(row.sed or "" for row in await house.rows()) == ["", "S040", "S041", "S072"]
    assert house.intake.trouble is None


async def test_at_the_end_what_waits_for_a_schema_goes_back(house, a_message):
    house.pipeline.desk = replace(house.pipeline.desk, schemas=Damaged())
    taking = asyncio.create_task(house.take(a_message()))
    await house.clock.advance(1)
    ending = asyncio.create_task(house.intake.drain())
    await house.clock.advance(3)
    await ending
    assert await taking == [RETRY]
    assert await house.rows() == []


async def test_a_message_without_a_schema_goes_back_when_the_gateway_ends(house, a_message):
    house.pipeline.desk = replace(house.pipeline.desk, schemas=Damaged())
    house.intake._ending = True
    assert await house.take(a_message()) == [RETRY]
    assert await house.rows() == []


class Moody:
    """A journal that cannot be written for a while."""

    def __init__(self, journal, failures):
        self._journal = journal
        self._left = failures

    def __getattr__(self, name):
        return getattr(self._journal, name)

    async def record(self, entry):
        if self._left:
            self._left -= 1
            raise JournalUnavailable
        return await self._journal.record(entry)


async def test_a_message_that_cannot_be_recorded_keeps_its_place(house, a_message):
    """The later ones of its case wait behind it, and none is decided out of order."""
    house.pipeline._journal = Moody(house.journal, failures=3)
    bodies = [
        a_message("m0", case="c", document="d"),
        a_message("m1", case="c", document="d", version=2, action="Update"),
    ]
    house.clock.sleep = _at_once
    assert await house.take(*bodies) == [ACCEPTED, ACCEPTED]
    assert [row.decision for row in await house.rows()] == ["transfer", "deliver"]
    assert house.intake.trouble is None


async def _at_once(_seconds):
    pass


async def test_what_cannot_be_recorded_goes_back_at_the_end(house, a_message):
    house.pipeline._journal = Moody(house.journal, failures=1_000_000)
    house.intake._ending = True
    assert await house.take(a_message()) == [Settlement.RETRY]
    assert house.intake.trouble == "journal-unavailable"
    assert await house.rows() == []


async def test_nothing_leaves_while_it_observes(observing_house, a_message):
    await observing_house.take(a_message())
    assert await observing_house.send() == []
    counts = await observing_house.journal.counts()
    assert counts.sendings == {"observed": 3}


async def test_an_answer_lets_the_waiting_sed_go(house, a_message, person, uid):
    await house.take(a_message(inside=person(town=None)))
    [question] = await house.send()
    assert (question.kind, question.receiver) == ("h001", "DE:101320043")
    answer = (
        "<ReplyRequestForInformation><Person><PersonIdentification><PersonIdentification>"
        "<familyName>Muster</familyName><forename>Erika</forename>"
        "<dateBirth>1985-07-15</dateBirth><sex><value>02</value></sex>"
        "</PersonIdentification></PersonIdentification><AddressPerson><AddressPerson>"
        "<typeAddress><value>01</value></typeAddress><Address><town>Bourg-en-Bresse</town>"
        "<postalCode>01000</postalCode><country><value>FR</value></country></Address>"
        "</AddressPerson></AddressPerson></Person></ReplyRequestForInformation>"
    )
    await house.take(
        a_message("answer", case="case of one", sed="H002", action="New", inside=answer)
    )
    rows = await house.rows()
    assert [row.decision for row in rows] == ["ask", "transfer"], rows
    handed = [s.object for s in await house.send() if s.kind == "hand-over"]
    assert handed == [uid("one"), uid("answer")]
    assert {row.state.value for row in await house.rows()} == {"done"}


@pytest.mark.parametrize("decided", ["likely", "solid"])
async def test_less_certain_rows_go_to_a_person(house, strict, a_message, decided):
    house.pipeline.desk = strict(least_certainty=Certainty.of(decided))
    await house.take(a_message())
    [row] = await house.rows()
    expected = {"likely": ("transfer", None), "solid": ("refer", "inferred")}[decided]
    assert (row.decision, row.cause) == expected
    if decided == "solid":
        assert row.candidates == ("FR:0101100000",)


async def test_a_stuck_institution_holds_back_only_itself(house, a_message, person):
    house.transport.fail.add("FR:0101100000")
    await house.take(a_message("stuck"), a_message("free", inside=person("Lyon", "69001")))
    sent = await house.send()
    assert [s.destination for s in sent].count("rina") == 4
    assert {s.destination for s in sent} == {"rina", "FR:0169100000"}
    rows = {row.institution: row.state.value for row in await house.rows()}
    assert rows == {"FR:0101100000": "recorded", "FR:0169100000": "done"}


async def test_what_not_even_the_quarantine_can_take_is_tried_again_and_told(house, a_message):
    def broken(*_args):
        raise ZeroDivisionError

    house.pipeline._judge = house.pipeline._entry = broken
    house.intake._ending = True
    assert await house.take(a_message()) == [Settlement.RETRY]
    assert house.intake.trouble == "message-not-recordable"
