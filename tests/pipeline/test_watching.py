"""Each part of the gateway has one word, which is true; a look costs the journal nothing."""

from datetime import timedelta

import pytest

from gateway.errors import JournalUnavailable
from gateway.journal.rows import Backlog
from gateway.seen.watching import LEVELS, PARTS, Part, State, stopped
from gateway.transport import Inbound


async def states(house):
    """Part -> word, after a fresh look."""
    await house.readiness.look()
    house.watch.note()
    return {part.name: part.state for part in (await house.watch.see()).parts}


async def test_before_the_first_look_everything_stands_still(house):
    assert {part.state for part in (await house.watch.see()).parts} == {State.STOP}


async def test_at_rest_all_is_idle_and_the_journal_runs(house):
    assert await states(house) == dict.fromkeys(PARTS, "idle") | {"journal": "run"}


async def test_what_was_done_lately_runs_and_is_idle_once_the_window_is_over(house, a_message):
    await states(house)
    await house.clock.advance(20)
    await house.take(a_message())
    await house.send()
    seen = await states(house)
    assert (seen["intake"], seen["judging"], seen["outbox"]) == ("run", "run", "run")
    rates = (await house.watch.see()).rates
    assert (rates.received, rates.sent, rates.failed) == (1, 3, 0)
    assert rates.seconds == 20
    for _ in range(40):
        await house.clock.advance(10)
        seen = await states(house)
    assert (seen["intake"], seen["judging"], seen["outbox"]) == ("idle", "idle", "idle")


async def test_what_waits_too_long_lags_and_is_stuck_when_nothing_moves(house, a_message):
    await states(house)
    await house.take(a_message())
    await house.clock.advance(61)
    assert (await states(house))["outbox"] == "lag"
    await house.clock.advance(250)
    assert (await states(house))["outbox"] == "stuck"


async def test_an_old_message_lags_while_others_come_in_and_is_stuck_without(house, monkeypatch):
    await states(house)
    first = house.clock.now() - timedelta(seconds=301)

    async def waiting():
        return Inbound(3, first)

    monkeypatch.setattr(house.transport, "inbound", waiting)
    assert (await states(house))["intake"] == "stuck"
    house.metrics.received("recorded")
    assert (await states(house))["intake"] == "lag"


async def test_an_inbound_that_cannot_be_used_is_stuck_and_a_stray_entry_is_not(house, monkeypatch):
    problem = ["inbound-not-a-file"]

    async def waiting():
        return Inbound(0, None, tuple(problem))

    monkeypatch.setattr(house.transport, "inbound", waiting)
    assert (await states(house))["intake"] == "idle"
    problem.append("inbound-unreadable")
    assert (await states(house))["intake"] == "stuck"


async def test_failed_attempts_are_retried_as_long_as_something_waits(house, a_message):
    await states(house)
    await house.clock.advance(10)
    await house.take(a_message())
    house.metrics.send_failed("x007")
    assert (await states(house))["outbox"] == "retry"
    await house.send()
    assert (await states(house))["outbox"] == "run"


async def test_a_message_that_takes_long_is_slow(house):
    await states(house)
    house.metrics.took("read", 1.5)
    house.metrics.took("publish", 60)
    house.metrics.took("record", 0.4)
    house.metrics.received("recorded")
    seen = await states(house)
    assert seen["judging"] == "slow"
    assert (await house.watch.see()).rates.mean_seconds == pytest.approx(1.9)


async def test_a_journal_that_cannot_be_written_is_stuck(house, monkeypatch):
    async def broken(_at):
        raise JournalUnavailable

    await states(house)
    monkeypatch.setattr(house.journal, "beat", broken)
    assert (await states(house))["journal"] == "stuck"


async def test_a_pause_of_everything_is_said_of_all_that_it_holds(house):
    await house.operating.do("pause", {"reason": "ticket 1"}, "me")
    assert await states(house) == dict.fromkeys(PARTS, "paused") | {"journal": "run"}
    assert (await house.watch.see()).pauses["all"] == 1


async def test_an_outbox_that_a_pause_holds_back_whole_is_paused(house, a_message):
    await states(house)
    await house.operating.do(
        "pause", {"reach": "country", "value": "DE", "reason": "ticket 1"}, "me"
    )
    await house.take(a_message())
    seen = await states(house)
    assert (seen["outbox"], seen["intake"]) == ("paused", "run")


async def test_a_gateway_that_ends_or_hangs_has_stopped(house):
    await states(house)
    await house.clock.advance(16)
    assert {part.state for part in (await house.watch.see()).parts} == {"stop"}
    await house.readiness.look()
    house.readiness.drain()
    assert {part.state for part in (await house.watch.see()).parts} == {"stop"}


def test_without_a_gateway_the_journal_still_says_what_waits(clock):
    due = clock.now() - timedelta(seconds=90)
    parts = {part.name: part for part in stopped(Backlog(4, due, 2), clock.now())}
    assert set(parts) == set(PARTS)
    assert parts["outbox"] == Part("outbox", State.STOP, 4, 90.0)
    assert parts["timers"].waiting == 2
    assert parts["intake"] == Part("intake", State.STOP)


async def test_the_last_hour_stands_in_stretches_of_five_minutes(house):
    for minute in range(70):
        house.metrics.received("recorded")
        if minute % 5 == 1:
            house.metrics.send_failed("x007")
        await house.readiness.look()
        house.watch.note()
        await house.clock.advance(60)
    house.metrics.received("recorded")
    slots = (await house.watch.see()).slots
    assert [slot.received for slot in slots] == [5] * 12
    assert [slot.failed for slot in slots] == [1] * 12
    assert len(house.watch._samples) <= 62


async def test_any_number_of_looks_costs_the_journal_nothing(house, monkeypatch):
    await house.readiness.look()

    async def asked(*_words):
        pytest.fail("the journal was asked")

    for name in ("counts", "backlog", "pauses", "release"):
        monkeypatch.setattr(house.journal, name, asked)
    for _ in range(50):
        await house.watch.see()


async def test_the_deed_tells_parts_and_rates(house, a_message):
    await states(house)
    await house.clock.advance(30)
    await house.take(a_message())
    await states(house)
    told = await house.operating.do("watch", {}, "me")
    assert [part["part"] for part in told["parts"]] == list(PARTS)
    assert told["parts"][3] == {
        "part": "outbox",
        "state": "run",
        "waiting": 3,
        "oldest_seconds": 0.0,
    }
    assert told["rates"]["received_per_minute"] == 2.0
    assert told["rates"]["send_failures"] == 0


def test_each_state_has_its_level():
    assert set(LEVELS) == set(State)
    assert set(LEVELS.values()) == {0, 1, 2}
