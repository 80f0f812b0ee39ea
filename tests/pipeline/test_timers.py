"""What is due is done once, after a restart too, at a steady pace, and never while paused."""

from dataclasses import replace
from datetime import timedelta

from structlog.testing import capture_logs

from gateway import timers
from gateway.core.states import MessageState
from gateway.timers import AT_ONCE

DAYS = 86_400
UNKNOWN = {"buc": "S_BUC_24", "sed": "S040"}


async def let_go(house, days):
    """Let time pass, then do all that is due."""
    await house.clock.advance(days * DAYS)
    done = 0
    while turn := await house.timers.turn():
        done += turn
    return done


async def test_a_question_is_reminded_of_and_given_up_in_the_end(house, a_message, person):
    await house.take(a_message("one", inside=person(town=None), **UNKNOWN))
    [question] = await house.send()
    assert question.kind == "h001"
    for number in range(1, 4):
        assert await let_go(house, 34) == 1, number
        [reminder] = await house.send()
        assert reminder.kind == "reminder"
    assert await let_go(house, 20) == 1
    assert await house.send() == []
    [row] = await house.rows()
    assert (row.state, row.decision, row.cause) == (MessageState.REFERRED, "refer", "expired")
    assert row.missing == ("residence",)
    assert await let_go(house, 400) == 0
    counts = await house.journal.counts()
    assert counts.questions_open == 0


async def test_what_was_due_while_the_gateway_was_down_is_done_once_it_is_up(
    house, restarted, a_message, person
):
    await house.take(a_message("one", inside=person(town=None), **UNKNOWN))
    await house.send()
    await house.clock.advance(40 * DAYS)
    async with restarted(house) as again:
        assert await again.timers.turn() == 1
        assert await again.timers.turn() == 0
        assert [s.kind for s in await again.send()] == ["reminder"]


async def test_after_an_outage_reminders_leave_at_a_steady_pace(house, a_message, person):
    for number in range(AT_ONCE + 3):
        await house.take(a_message(f"m{number}", inside=person(town=None), **UNKNOWN))
    await house.send()
    await house.clock.advance(40 * DAYS)
    assert await house.timers.turn() == AT_ONCE
    assert await house.timers.turn() == 3
    assert await house.timers.turn() == 0


async def test_two_who_look_at_once_remind_once(house, a_message, person):
    await house.take(a_message("one", inside=person(town=None), **UNKNOWN))
    await house.send()
    await house.clock.advance(40 * DAYS)
    [case_id] = await house.journal.due_cases(house.clock.now(), 9)
    stale = await house.journal.case(case_id)
    await house.timers.turn()

    async def as_it_was(_case_id):
        return stale

    house.journal.case = as_it_was
    await house.timers._deal_with(case_id)
    assert [s.kind for s in await house.send()] == ["reminder"]


async def test_while_paused_nothing_becomes_due(house, a_message, person):
    await house.take(a_message("one", inside=person(town=None), **UNKNOWN))
    await house.send()
    await house.operating.do("pause", {"reason": "r"}, "tester")
    assert await let_go(house, 40) == 0
    await house.operating.do("resume", {"reason": "r"}, "tester")
    assert await let_go(house, 0) == 1


async def test_under_observe_a_reminder_is_composed_and_never_sent(
    observing_house, a_message, person
):
    await observing_house.take(a_message("one", inside=person(town=None), **UNKNOWN))
    assert await let_go(observing_house, 40) == 1
    assert await observing_house.send() == []
    assert (await observing_house.journal.counts()).sendings == {"observed": 2}


async def test_readiness_counts_what_is_due_as_work(house, a_message, person):
    await house.take(a_message("one", inside=person(town=None), **UNKNOWN))
    await house.send()
    assert await house.readiness.look()
    await house.clock.advance(40 * DAYS)
    assert not await house.readiness.look()
    await house.timers.turn()
    await house.send()
    assert await house.readiness.look()


async def test_where_there_is_no_rina_its_sender_is_told_by_x050(house, a_message, person):
    desk = house.pipeline.desk
    house.pipeline.desk = replace(desk, policy=replace(desk.policy, excepts=True))
    await house.take(a_message("early", action="New", case="c", inside=person(), **UNKNOWN))
    assert await let_go(house, 1) == 1
    [row] = await house.rows()
    assert row.state is MessageState.RECORDED
    await house.send()
    [row] = await house.rows()
    assert (row.decision, row.state) == ("hold", MessageState.DONE)
    [sent] = house.transport.published
    assert b"<SEDCode>S040</SEDCode>" in sent.body


async def test_a_reply_before_its_case_waits_a_day_then_is_shown(house, a_message, person):
    await house.take(a_message("early", action="New", case="c", inside=person(), **UNKNOWN))
    [row] = await house.rows()
    assert (row.decision, row.cause) == ("hold", "out-of-order")
    assert await house.journal.due_cases(house.clock.now() + timedelta(hours=23), 9) == []
    assert await let_go(house, 1) == 1
    [row] = await house.rows()
    assert (row.state, row.cause) == (MessageState.REFERRED, "out-of-order")
    await house.take(a_message("one", case="c", inside=person(), **UNKNOWN))
    assert {r.state for r in await house.rows()} == {MessageState.RECORDED}


async def test_a_case_that_breaks_us_stops_no_other(house, a_message, person, monkeypatch):
    for number in range(3):
        await house.take(a_message(f"m{number}", inside=person(town=None), **UNKNOWN))
    await house.send()
    await house.clock.advance(40 * DAYS)
    broken, *others = await house.journal.due_cases(house.clock.now(), 9)
    come_due = timers.come_due

    def breaking(situation, now):
        if situation.case.case_id == broken:
            raise ZeroDivisionError
        return come_due(situation, now)

    monkeypatch.setattr(timers, "come_due", breaking)
    monkeypatch.setattr(timers, "AT_ONCE", 1)
    with capture_logs() as told:
        for _ in range(4):
            await house.timers.turn()
    assert {sending.case_id for sending in await house.send()} == set(others)
    broke = [one for one in told if one["event"] == "message-broke-the-gateway"]
    assert [one["case_id"] for one in broke] == [broken]
