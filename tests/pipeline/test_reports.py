"""Which transfers came back, and how long partners wait: counted from what the journal holds."""

import asyncio
import re
from datetime import timedelta

import pytest
from click.testing import CliRunner

from gateway.cli import cli
from gateway.journal.rows import ServiceKind, ServiceStep, TransferMade
from gateway.reports.returned import returned
from gateway.reports.service_levels import levels, percentile
from tests.pipeline.conftest import START

WRONG, RAIL = "FR:0101100000", "FR:0411000000"
HOUR = 3600


def made(
    institution="FR:1",
    rules=("S-1",),
    *,
    returned=False,
    recalled=False,
    assumed=False,
    buc="S_BUC_24",
):
    return TransferMade(buc, institution, rules, returned, recalled, assumed)


def test_a_transfer_counts_for_each_of_its_rows_and_comes_back_once():
    rows = returned(
        [
            made(rules=("S-1", "cpam:dep:01"), returned=True, recalled=True),
            made(rules=("S-1", "cpam:dep:02"), assumed=True),
            made("FR:2", rules=(), buc="P_BUC_01"),
        ]
    )
    shown = [(r.by, r.value, r.came_back, r.transfers) for r in rows]
    assert shown == [
        ("row", "cpam:dep:01", 1, 1),
        ("row", "S-1", 1, 2),
        ("row", "-", 0, 1),
        ("row", "cpam:dep:02", 0, 1),
        ("assumed", "S_BUC_24", 0, 1),
        ("buc", "S_BUC_24", 1, 2),
        ("buc", "P_BUC_01", 0, 1),
        ("institution", "FR:1", 1, 2),
        ("institution", "FR:2", 0, 1),
    ]
    assert [r.rate for r in rows[:2]] == [1.0, 0.5]
    assert returned([]) == ()


async def test_what_was_recalled_has_come_back_and_what_was_transferred_anew_has_not(
    house, a_message
):
    await house.take(a_message("one"), a_message("two"))
    first, _ = await house.rows()
    params = {"case_id": first.case_id, "reason": "wrong"}
    await house.operating.do("recall", params, "claire")
    transfers = await house.journal.transfers(None)
    assert {t.institution for t in transfers} == {WRONG}
    assert sorted((t.returned, t.recalled) for t in transfers) == [(False, False), (False, True)]
    assert await house.journal.transfers(house.clock.now() + timedelta(seconds=1)) == ()


async def test_a_transfer_that_an_assumption_made_is_counted_as_such(house, a_message):
    await house.take(a_message("one"))
    [row] = await house.rows()
    await house.operating.do("recall", {"case_id": row.case_id, "reason": "rail"}, "claire")
    chosen = {"message_id": row.message_id, "outcome": "transfer", "institution": RAIL}
    await house.operating.do("resolve", {**chosen, "reason": "rail"}, "claire")
    transfers = await house.journal.transfers(None)
    assert {(t.institution, t.assumed) for t in transfers} == {(WRONG, True), (RAIL, False)}


async def test_what_its_institution_passed_on_to_another_has_come_back(house, a_message):
    await house.take(a_message("one", case="c"))
    await house.send()
    ids = (("AddedParticipant", "FR:0169100000"), ("RemovedParticipant", WRONG))
    both = "".join(
        f"<{e}><institutionID>{i}</institutionID><institutionName>x</institutionName></{e}>"
        for e, i in ids
    )
    inside = (
        "<CaseContext><PersonContext><familyName>Muster</familyName><forename>Erika</forename>"
        "<dateBirth>1985-07-15</dateBirth><sex><value>02</value></sex></PersonContext>"
        f"</CaseContext><ForwardInformation>{both}<reason><value>01</value></reason>"
        "</ForwardInformation>"
    )
    on = a_message(
        "on", case="c", sed="X007", action="New", inside=inside, sender=(WRONG, "Counterparty")
    )
    await house.take(on)
    (made_,) = await house.journal.transfers(None)
    assert (made_.institution, made_.returned) == (WRONG, True)


@pytest.mark.parametrize(
    ("hours", "median", "p90"),
    [([3], 3, 3), ([1, 2], 1, 2), ([5, 1, 3], 3, 5), (range(1, 11), 5, 9), ([], None, None)],
)
def test_a_percentile_is_a_time_that_somebody_waited(hours, median, p90):
    times = [timedelta(hours=h) for h in hours]
    for share, expected in ((50, median), (90, p90)):
        assert percentile(times, share) == (None if expected is None else expected * HOUR)


def test_countries_stand_apart_and_together():
    took = timedelta(hours=2)
    rows = levels(
        [
            ServiceStep(ServiceKind.TRANSFER, "DE", took),
            ServiceStep(ServiceKind.QUESTION, "PL", took),
            ServiceStep(ServiceKind.QUESTION, "PL", None),
            ServiceStep(ServiceKind.REMINDER, "PL", None),
            ServiceStep(ServiceKind.REMINDER, "", None),
        ]
    )
    shown = {row.country: row.shown() for row in rows}
    assert list(shown) == ["*", "-", "DE", "PL"]
    assert (shown["DE"]["transfers"], shown["DE"]["transfer_median_seconds"]) == (1, 2 * HOUR)
    assert (shown["PL"]["questions"], shown["PL"]["question_p90_seconds"]) == (2, 2 * HOUR)
    assert (shown["PL"]["reminders_per_question"], shown["DE"]["reminders_per_question"]) == (
        0.5,
        None,
    )
    assert shown["*"]["reminders"] == 2


@pytest.fixture
async def lived(house, a_message, person):
    """A case transferred after an hour, and one that is asked, reminded and answered."""
    await house.take(a_message("one"))
    await house.clock.advance(HOUR)
    await house.send()
    await house.take(a_message("two", inside=person(town=None)))
    await house.send()
    await house.clock.advance(40 * 24 * HOUR)
    while await house.timers.turn():
        pass
    await house.send()
    (question,) = await house.journal.questions(every=False)
    assert question.reminders == 1
    await house.clock.advance(HOUR)
    answer = (
        "<ReplyRequestForInformation><Person><PersonIdentification><PersonIdentification>"
        "<familyName>Muster</familyName><forename>Erika</forename>"
        "<dateBirth>1985-07-15</dateBirth><sex><value>02</value></sex>"
        "</PersonIdentification></PersonIdentification><AddressPerson><AddressPerson>"
        "<typeAddress><value>01</value></typeAddress><Address><town>Bourg-en-Bresse</town>"
        "<postalCode>01000</postalCode><country><value>FR</value></country></Address>"
        "</AddressPerson></AddressPerson></Person></ReplyRequestForInformation>"
    )
    more = {"action": "New", "document": "h", "inside": answer}
    await house.take(a_message("three", case="case of two", sed="H002", **more))
    return house


async def test_the_journal_tells_what_happened_with_partners(lived):
    now = lived.clock.now()
    steps = await lived.journal.service_steps(None, now)
    assert {(s.kind.value, s.country): s.took for s in steps} == {
        ("transfer", "DE"): timedelta(hours=1),
        ("question", "DE"): timedelta(0),
        ("reminder", "DE"): None,
        ("answer", "DE"): timedelta(days=40, hours=1),
    }
    assert len(steps) == 4
    assert await lived.journal.service_steps(now, now + timedelta(days=1)) == ()
    between = await lived.journal.service_steps(START, START + timedelta(hours=2))
    assert {s.kind for s in between} == {ServiceKind.TRANSFER, ServiceKind.QUESTION}


async def test_for_what_was_there_before_the_question_nobody_waited(house, a_message, person):
    """After an outage the update is received, and not read, when the first SED is asked about."""
    received = house.clock.now()
    await house.clock.advance(HOUR)
    await house.take(a_message("one", document="d", inside=person(town=None)))
    update = {"document": "d", "action": "Update", "version": 2}
    house.transport.put(a_message("two", case="case of one", **update), received, source="x")
    running = asyncio.ensure_future(house.intake.run(house.transport))
    await house.until_settled(2)
    running.cancel()
    steps = await house.journal.service_steps(None, house.clock.now())
    assert [(s.kind.value, s.took) for s in steps if s.kind == "answer"] == [("answer", None)]
    assert all(s.took is None or s.took >= timedelta(0) for s in steps)


async def test_the_metrics_count_each_step_once(lived):
    def sample(name, **labels):
        return lived.metrics._registry.get_sample_value(name, labels)

    lived.readiness._served = START - timedelta(days=1)
    for _ in range(2):
        await lived.clock.advance(60)
        await lived.readiness.look()
    by = "gateway_country_service_seconds"
    assert sample(f"{by}_count", country="DE", service="transfer") == 1
    assert sample(f"{by}_sum", country="DE", service="transfer") == HOUR
    assert sample("gateway_service_seconds_bucket", service="transfer", le="3600.0") == 1
    assert sample("gateway_questions_total", country="DE") == 1
    assert sample("gateway_reminders_total", country="DE") == 1
    assert sample(f"{by}_count", country="DE", service="answer") == 1


async def test_after_a_start_counting_begins_anew(lived):
    await lived.readiness.look()
    name = "gateway_questions_total"
    assert lived.metrics._registry.get_sample_value(name, {"country": "DE"}) == 0


@pytest.mark.parametrize(
    ("report", "english", "french"),
    [("returned", "recalled 0", "rappelés 0"), ("partners", "transfers 1", "transferts 1")],
)
async def test_the_reports_speak_both_languages(lived, report, english, french):
    def said(*words):
        done = CliRunner().invoke(cli, ["--state", str(lived.state), *words, "report", report])
        assert done.exit_code == 0, done.output
        return done.output

    assert english in await asyncio.to_thread(said)
    in_french = await asyncio.to_thread(said, "--lang", "fr")
    assert french in in_french
    assert not re.search(r"\d\.\d", in_french)  # a decimal comma
