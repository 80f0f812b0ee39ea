"""A case that turns out to be about a protected person: nothing of it leaves by itself any more."""

import dataclasses

import pytest

from gateway.core.decision import Refuse, SetAside, Way
from gateway.core.events import Imported
from gateway.core.states import CaseState, MessageState, SendingState
from gateway.journal import Choice, Known, Word
from gateway.journal.rows import Search
from tests.contract.conftest import TABLES, TARGET, at, judged_again

LEASE = 60.0
AS_OF_23 = (
    "DROP TABLE notices",
    "DROP VIEW listed",
    "DROP VIEW protected_case",
    "DROP INDEX history_protected",
    "CREATE VIEW listed AS SELECT 1 AS one",
)


async def asked(journal, made):
    """A case with an open question; its revision."""
    await journal.record(judged_again(made.ask(), due=at(100), times=True))
    return (await journal.case("case-1")).revision


async def state_of(journal, claim):
    found = await journal.sendings("case-1")
    return next(s.state for s in found if s.message_id == claim.message_id)


async def test_a_question_that_has_not_left_fails_when_the_person_is_protected(journal, made):
    revision = await asked(journal, made)
    await journal.record(made.refer("m2", revision=revision, cause="protected", protected=True))
    [row] = await journal.questions(every=True)
    assert (row.state, row.sending) == ("failed", "withdrawn")
    case = await journal.case("case-1")
    assert (case.questions[0].state, case.revision) == ("failed", revision + 3)
    assert await journal.claim(9, at(10), LEASE) == []


async def test_a_question_on_its_way_when_the_person_is_protected_is_not_tried_again(journal, made):
    revision = await asked(journal, made)
    [claim] = await journal.claim(9, at(5), LEASE)
    entry = made.refer("m2", revision=revision, cause="protected", protected=True)
    await journal.record(dataclasses.replace(entry, decided_at=at(6)))
    await journal.defer(claim, at(1000), "destination-down")
    assert await journal.claim(9, at(7), LEASE) == []
    assert await state_of(journal, claim) == "withdrawn"


async def claims_of(journal, seconds):
    """What can be claimed then, by kind."""
    claims = await journal.claim(9, at(seconds), LEASE)
    for claim in claims:
        await journal.renew(claim, None)
    return sorted(claim.kind for claim in claims)


async def forwarded_and_protected(journal, made):
    """A case whose person turned out to be protected before the X007 had left."""
    await journal.record(made.transfer("m1"))
    revision = (await journal.case("case-1")).revision
    await journal.record(made.refer("m2", revision=revision, cause="protected", protected=True))


async def worklist(journal):
    return {task.row.message_id: task.row.cause for task in await journal.tasks()}


async def states(journal):
    found = await journal.outgoing(named=["case-1"])
    return [(row.kind, row.state.value) for row in found]


async def say_yes(journal, seconds, kinds):
    case = await journal.case("case-1")
    found = await journal.outgoing(named=["case-1"], states=[SendingState.PROPOSED])
    chosen = tuple(row.message_id for row in found if row.kind in kinds)
    word = Word("claire", "may go", at(seconds))
    await journal.confirm([Choice("case-1", case.revision, chosen)], word)


async def send_all(journal, seconds):
    """Hand over all that may leave; what it was."""
    sent = []
    while claims := await journal.claim(9, at(seconds), LEASE):
        await journal.handed_over(claims, at(seconds))
        sent += [claim.kind for claim in claims]
    return sent


async def test_what_had_not_left_when_the_person_turned_out_protected_waits(journal, made):
    await forwarded_and_protected(journal, made)
    assert await states(journal) == [
        ("x007", "proposed"),
        ("x007", "proposed"),
        ("hand-over", "proposed"),
    ]
    assert await claims_of(journal, 10_000) == []
    assert await worklist(journal) == {"m1": "protected", "m2": "protected"}
    assert {row.error for row in await journal.outgoing(named=["case-1"])} == {"protected"}
    case = await journal.case("case-1")
    assert (case.state, case.holder) == (CaseState.REFERRED, TARGET)


async def test_a_person_lets_what_is_held_of_a_protected_case_go(journal, made):
    await forwarded_and_protected(journal, made)
    await say_yes(journal, 20, {"x007"})
    assert "m1" in await worklist(journal)  # the hand-over still waits for its yes
    assert await send_all(journal, 21) == ["x007", "x007"]
    await say_yes(journal, 30, {"hand-over"})
    assert await worklist(journal) == {"m2": "protected"}
    assert (await journal.message("m1")).state == "recorded"
    assert await send_all(journal, 31) == ["hand-over"]
    assert (await journal.message("m1")).state == "done"


async def test_a_person_withdraws_what_is_held_of_a_protected_case(journal, made):
    await forwarded_and_protected(journal, made)
    case = await journal.case("case-1")
    [held] = [r for r in await journal.outgoing(named=["case-1"]) if r.kind == "hand-over"]
    choice = Choice("case-1", case.revision, (held.message_id,))
    await journal.take_back(choice, Word("claire", "no", at(20)))
    assert ("hand-over", "withdrawn") in await states(journal)
    assert "m1" in await worklist(journal)
    assert await claims_of(journal, 10_000) == []


async def test_what_is_on_its_way_when_the_person_turns_out_protected_is_told_as_sent(
    journal, made
):
    await journal.record(made.transfer("m1"))
    claims = await journal.claim(9, at(5), LEASE)
    revision = (await journal.case("case-1")).revision
    entry = made.refer("m2", revision=revision, cause="protected", protected=True)
    await journal.record(dataclasses.replace(entry, decided_at=at(6)))
    await journal.handed_over(claims, at(7))
    left = [("x007", "handed-over") for _ in claims]
    assert [pair for pair in await states(journal) if pair[1] != "proposed"] == left
    assert ("hand-over", "proposed") in await states(journal)
    assert await claims_of(journal, 10_000) == []
    assert await worklist(journal) == {"m1": "protected", "m2": "protected"}


@pytest.mark.parametrize("ends", ["deferred", "given back", "lease"])
async def test_what_was_on_its_way_and_has_not_left_is_held(journal, made, ends):
    """Whether the sender says that it failed, gives it back, or dies."""
    await journal.record(made.transfer("m1"))
    assert await send_all(journal, 3) == ["x007", "x007", "hand-over"]
    revision = (await journal.case("case-1")).revision
    await journal.record(made.deliver("m2", revision=revision))
    [claim] = await journal.claim(9, at(5), LEASE)
    entry = made.refer("m3", revision=revision + 1, cause="protected", protected=True)
    await journal.record(dataclasses.replace(entry, decided_at=at(6)))
    assert await worklist(journal) == {"m3": "protected"}
    if ends == "deferred":
        await journal.defer(claim, at(1000), "destination-down")
    if ends == "given back":
        assert not await journal.renew(claim, at(1000))
    assert await claims_of(journal, 7 if ends != "lease" else 6 + LEASE) == []
    assert await state_of(journal, claim) == "proposed"
    assert await worklist(journal) == {"m2": "protected", "m3": "protected"}
    await say_yes(journal, 2000, {"hand-over"})
    assert await send_all(journal, 2001) == ["hand-over"]
    assert await worklist(journal) == {"m3": "protected"}


async def test_what_waited_in_a_protected_case_before_this_was_known_is_held_too(driver, made):
    """Written by a program that let it leave; the first start of this one marks it."""
    async with driver.opened() as journal:
        await journal.activate(TABLES)
        await forwarded_and_protected(journal, made)
        await journal.record(type(made)("case-2").transfer("other"))
    driver.as_of_old(
        22,
        *AS_OF_23,
        "UPDATE sending SET error = NULL, state = CASE kind WHEN 'x007' THEN 'due'"
        " ELSE 'waiting' END WHERE case_id = 'case-1'",
        "UPDATE message SET state = 'recorded' WHERE message_id = 'm1'",
    )
    async with driver.opened() as journal:
        claims = await journal.claim(9, at(10), LEASE)
        assert {claim.case_id for claim in claims} == {"case-2"}
        claims = await journal.claim(9, at(11), LEASE)
        assert ("x007", "due") not in await states(journal)
        await say_yes(journal, 20, {"x007"})
        assert await send_all(journal, 21) == ["x007", "x007"]
        assert ("hand-over", "proposed") in await states(journal)
        assert await worklist(journal) == {"m1": "protected", "m2": "protected"}


@pytest.mark.parametrize("left", [True, False])
async def test_a_question_on_its_way_is_not_open_for_ever_when_the_person_is_protected(
    journal, made, left
):
    revision = await asked(journal, made)
    [claim] = await journal.claim(9, at(5), LEASE)
    entry = made.refer("m2", revision=revision, cause="protected", protected=True)
    await journal.record(dataclasses.replace(entry, decided_at=at(6)))
    if left:
        await journal.handed_over([claim], at(7))
    else:
        await journal.defer(claim, at(1000), "destination-down")
    assert await journal.claim(9, at(8), LEASE) == []
    [row] = await journal.questions(every=True)
    shown = ("open", "handed-over") if left else ("failed", "withdrawn")
    assert (row.state, row.sending) == shown
    case = await journal.case("case-1")
    assert case.questions[0].state == row.state


# -- said by a message that is no part of the case ------------------------------------------


def refused(made, name="m2", *, revision, case_id="case-1"):
    """A message of the case that breaks a fact, and says that the person is protected."""
    return judged_again(
        made.refer(name, revision=revision, protected=True),
        decision=Refuse("cdm-mismatch"),
        state=MessageState.REFUSED,
        events=(),
        protects=case_id,
    )


def aside(made, name="m2", *, case_id="case-1"):
    """The same, set aside: nobody looked at the case."""
    return judged_again(
        refused(made, name, revision=0, case_id=case_id),
        decision=SetAside("wrong-environment"),
        state=MessageState.QUARANTINED,
        case_id=None,
    )


@pytest.mark.parametrize("how", ["refused", "set aside"])
async def test_a_message_that_is_not_believed_protects_its_case(journal, made, how):
    revision = await asked(journal, made)
    entry = refused(made, revision=revision) if how == "refused" else aside(made)
    await journal.record(entry)
    case = await journal.case("case-1")
    assert (case.protected, case.contents.keys()) == (True, {("set-m1", 1)})
    [question] = await journal.questions(every=True)
    assert (question.state, question.sending, question.protected) == ("failed", "withdrawn", True)
    assert [row.protected for row in await journal.messages()] == [True, True]
    assert [row.protected for row in await journal.outgoing()] == [True]
    assert await journal.due_cases(at(1), 9) == ["case-1"]  # what waits is shown to a person
    assert await journal.claim(9, at(1000), LEASE) == []


async def test_what_has_not_left_waits_when_a_message_set_aside_says_protected(journal, made):
    await journal.record(made.transfer("m1"))
    await journal.record(aside(made))
    assert {state for _, state in await states(journal)} == {"proposed"}
    assert await worklist(journal) == {"m1": "protected"}
    await say_yes(journal, 20, {"x007", "hand-over"})
    assert await send_all(journal, 21) == ["x007", "x007", "hand-over"]


async def test_a_case_is_protected_before_it_begins(journal, made):
    await journal.record(aside(made))
    case = await journal.case("case-1")
    assert (case.protected, case.revision) == (True, 1)
    assert await journal.by_buc() == {"P_BUC_01": {"received": 0, "set_aside": 1}}
    await journal.record(made.refer("m3", revision=1, cause="protected"))
    assert (await journal.message("m3")).protected


async def test_a_case_that_is_protected_already_is_brought_in_all_the_same(journal, made):
    await journal.record(aside(made))
    begun = Imported("P_BUC_01", "Counterparty", ("DE:1", "FR:2"), TARGET, "claire")
    assert await journal.import_cases({"case-1": begun, "case-2": begun}, at(5)) == {}
    case = await journal.case("case-1")
    assert (case.protected, case.holder, case.revision) == (True, TARGET, 2)
    known = await journal.import_cases({"case-1": begun}, at(6))
    assert known == {"case-1": Known.SAME}


async def test_an_answer_that_is_set_aside_protects_the_case_asked_about(journal, made):
    await journal.record(made.ask(way=Way.OWN_CASE))
    await journal.record(aside(made, case_id="own-case-1"))
    assert (await journal.case("case-1")).protected
    assert (await journal.case("own-case-1")).protected


async def test_it_is_said_once(journal, made):
    await journal.record(aside(made))
    await journal.record(aside(made, "m3"))
    revision = (await journal.case("case-1")).revision
    assert revision == 1
    await journal.record(made.refer("m4", revision=1, cause="protected", protected=True))
    await journal.record(aside(made, "m5"))
    assert (await journal.case("case-1")).revision == 3


async def test_a_case_that_a_message_protects_is_found_by_no_institution(journal, made):
    await journal.record(made.transfer("m1"))
    wanted = Search(institution=TARGET)
    assert [row.message_id for row in await journal.search(wanted)] == ["m1"]
    await journal.record(aside(made))
    assert await journal.search(wanted) == []


async def test_what_was_refused_before_this_was_known_protects_its_case(driver, made):
    async with driver.opened() as journal:
        await journal.activate(TABLES)
        revision = await asked(journal, made)
        await journal.record(judged_again(refused(made, revision=revision), protects=""))
        assert not (await journal.case("case-1")).protected
    driver.as_of_old(23, *AS_OF_23)
    async with driver.opened() as journal:
        case = await journal.case("case-1")
        assert (case.protected, case.revision) == (True, revision + 1)
        assert [row.protected for row in await journal.messages()] == [True, True]
        assert await journal.due_cases(at(10**9), 9) == ["case-1"]  # when the step was taken
