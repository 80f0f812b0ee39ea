"""What is due in a case is kept with what it follows from, and done once."""

import dataclasses

import pytest

from gateway.core.deadlines import Development
from gateway.core.decision import Refer
from gateway.core.events import Expired, Referred, Reminded
from gateway.core.leaving import Mode
from gateway.core.outgoing import SendingKind
from gateway.errors import JournalConflict
from tests.contract.conftest import TABLES, THEM, Made, at, judged_again

LEASE = 60.0


async def asked(journal, made):
    """A case with an open question that is due at 100; its revision."""
    await journal.record(judged_again(made.ask(), due=at(100), times=True))
    return (await journal.case("case-1")).revision


def reminder(made, after=None):
    return dataclasses.replace(made.sending("m1", SendingKind.REMINDER, "q/1", THEM), after=after)


def development(revision, **more):
    return Development("case-1", revision, **{"release": TABLES.name, **more})


async def test_a_case_is_due_from_its_instant_on(journal, made):
    await asked(journal, made)
    assert await journal.due_cases(at(99), 9) == []
    assert await journal.due_cases(at(100), 9) == ["case-1"]
    assert (await journal.backlog(at(99))).cases_due == 0
    assert (await journal.backlog(at(100))).cases_due == 1


async def test_the_longest_due_come_first_and_no_more_than_asked_for(journal):
    for number, due in ((1, 30), (2, 10), (3, 20)):
        entry = Made(f"case-{number}").ask(f"m{number}")
        await journal.record(judged_again(entry, due=at(due), times=True))
    assert await journal.due_cases(at(50), 2) == ["case-2", "case-3"]


async def test_a_judgement_that_changes_nothing_leaves_the_instant_alone(journal, made):
    revision = await asked(journal, made)
    await journal.record(made.hold("m2", revision=revision))
    assert await journal.due_cases(at(100), 9) == ["case-1"]


async def test_an_answer_takes_the_instant_away_in_its_own_transaction(journal, made):
    revision = await asked(journal, made)
    entry = made.hold("m2", revision=revision)
    await journal.record(judged_again(entry, due=None, times=True))
    assert await journal.due_cases(at(100), 9) == []


async def test_a_reminder_is_written_with_the_next_instant(journal, made):
    revision = await asked(journal, made)
    [question] = await journal.claim(9, at(5), LEASE)
    await journal.handed_over([question], at(6))
    event = Reminded(question.message_id, 1, at(100))
    made_due = development(
        revision,
        events=(event,),
        outgoing=(reminder(made, question.message_id),),
        due=at(200),
    )
    await journal.develop(made_due, at(100))
    [claimed] = await journal.claim(9, at(101), LEASE)
    assert (claimed.kind, claimed.receiver) == ("reminder", THEM)
    assert (await journal.case("case-1")).questions[0].reminders == 1
    assert await journal.due_cases(at(199), 9) == []
    assert await journal.due_cases(at(200), 9) == ["case-1"]
    with pytest.raises(JournalConflict):
        await journal.develop(made_due, at(101))
    assert await journal.claim(9, at(102), LEASE) == []


async def test_a_reminder_waits_for_its_question(journal, made):
    revision = await asked(journal, made)
    [question] = await journal.claim(9, at(5), LEASE)
    await journal.develop(
        development(revision, outgoing=(reminder(made, question.message_id),)), at(100)
    )
    assert await journal.claim(9, at(10), LEASE) == []
    await journal.handed_over([question], at(102))
    assert [c.kind for c in await journal.claim(9, at(103), LEASE)] == ["reminder"]


async def test_under_observe_a_reminder_is_kept_and_never_due(journal, made):
    revision = await asked(journal, made)
    composed = development(revision, outgoing=(reminder(made),), mode=Mode.OBSERVE)
    await journal.develop(composed, at(100))
    assert (await journal.counts()).sendings["observed"] == 1


async def test_what_waited_in_vain_goes_to_the_worklist_with_its_reason(journal, made):
    revision = await asked(journal, made)
    question = (await journal.case("case-1")).questions[0]
    ended = development(
        revision,
        events=(Expired(question.id), Referred("m1", "expired")),
        referrals=(("m1", Refer("expired", missing=("residence",))),),
    )
    await journal.develop(ended, at(100))
    row = await journal.message("m1")
    assert (row.state, row.cause, row.missing) == ("referred", "expired", ("residence",))
    last = (await journal.explanation("m1"))[-1]
    assert (last["attempt"], last["who"], last["decided_at"]) == (1, "gateway", at(100))
    assert await journal.due_cases(at(10**6), 9) == []
    assert (await journal.counts()).questions_open == 0


async def test_on_other_tables_nothing_is_written(journal, made):
    revision = await asked(journal, made)
    with pytest.raises(JournalConflict):
        await journal.develop(
            development(revision, release="other", outgoing=(reminder(made),)), at(100)
        )
    assert (await journal.case("case-1")).revision == revision
    assert await journal.due_cases(at(100), 9) == ["case-1"]


async def test_a_reminder_that_cannot_be_sent_leaves_the_question_open(journal, made):
    revision = await asked(journal, made)
    [question] = await journal.claim(9, at(5), LEASE)
    await journal.handed_over([question], at(6))
    await journal.develop(development(revision, outgoing=(reminder(made),), due=at(200)), at(100))
    [claimed] = await journal.claim(9, at(101), LEASE)
    assert await journal.withdraw(claimed, at(102), "unroutable")
    assert (await journal.message("m1")).state == "waiting"
    assert await journal.due_cases(at(200), 9) == ["case-1"]


async def test_a_question_that_cannot_be_sent_is_reminded_of_no_more(journal, made):
    await asked(journal, made)
    [question] = await journal.claim(9, at(5), LEASE)
    assert await journal.withdraw(question, at(6), "unroutable")
    assert await journal.due_cases(at(10**6), 9) == []


async def test_what_is_due_survives_a_restart(driver, made):
    async with driver.opened() as journal:
        await journal.activate(TABLES)
        await asked(journal, made)
    async with driver.opened() as journal:
        assert await journal.due_cases(at(100), 9) == ["case-1"]


async def test_questions_are_listed_with_how_they_stand(journal, made):
    revision = await asked(journal, made)
    [row] = await journal.questions(every=False)
    assert (row.case_id, row.way, row.missing) == ("case-1", "h001", ("residence",))
    assert (row.state, row.reminders, row.due) == ("open", 0, at(100))
    reminded = development(revision, events=(Reminded(row.question, 1, at(100)),), due=at(200))
    await journal.develop(reminded, at(100))
    [row] = await journal.questions(every=False)
    assert (row.reminders, row.due) == (1, at(200))
    ended = development(
        revision + 1,
        events=(Expired(row.question), Referred("m1", "expired")),
        referrals=(("m1", Refer("expired")),),
    )
    await journal.develop(ended, at(200))
    assert await journal.questions(every=False) == []
    [row] = await journal.questions(every=True)
    assert (row.state, row.due) == ("expired", None)


async def test_a_question_of_a_forwarded_case_is_overtaken(journal, made):
    revision = await asked(journal, made)
    message, _ = made.message("m1")
    await journal.record(made.transfer("m2", revision=revision, waiting=(("m1", message.digest),)))
    assert [r.state for r in await journal.questions(every=True)] == ["overtaken"]


async def reminded_and_claimed(journal, made):
    """A reminder on its way out while its case is forwarded; the claim."""
    revision = await asked(journal, made)
    [question] = await journal.claim(9, at(100), 60.0)
    await journal.handed_over([question], at(100))
    out = dataclasses.replace(reminder(made), object=f"{question.message_id}/1")
    events = (Reminded(question.message_id, 1, at(100)),)
    await journal.develop(development(revision, events=events, outgoing=(out,)), at(100))
    [claim] = await journal.claim(9, at(100), 60.0)
    assert claim.kind == "reminder"
    message, _ = made.message("m1")
    forwarding = made.transfer("m2", revision=revision + 1, waiting=(("m1", message.digest),))
    await journal.record(dataclasses.replace(forwarding, decided_at=at(110)))
    return claim


async def state_of(journal, claim):
    found = await journal.sendings("case-1")
    return next(s.state for s in found if s.message_id == claim.message_id)


async def test_a_reminder_on_its_way_that_fails_is_not_sent_after_the_answer(journal, made):
    claim = await reminded_and_claimed(journal, made)
    assert await state_of(journal, claim) == "due"
    await journal.defer(claim, at(1000), "destination-down")
    claims = await journal.claim(9, at(111), 60.0)
    assert claim.message_id not in {c.message_id for c in claims}
    assert await state_of(journal, claim) == "withdrawn"
    assert "x007" in {c.kind for c in await journal.claim(9, at(112), 60.0)}


async def test_a_reminder_on_its_way_that_a_dead_worker_had_is_not_sent_either(journal, made):
    claim = await reminded_and_claimed(journal, made)
    claims = await journal.claim(9, at(161), 60.0)
    assert claim.message_id not in {c.message_id for c in claims}
    assert await state_of(journal, claim) == "withdrawn"


async def test_a_reminder_on_its_way_that_arrives_is_handed_over(journal, made):
    claim = await reminded_and_claimed(journal, made)
    assert await journal.handed_over([claim], at(120)) == 1
    assert await state_of(journal, claim) == "handed-over"
