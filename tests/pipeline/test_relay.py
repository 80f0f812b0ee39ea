"""The outbox: what fails is tried again, ever more slowly, and holds back only itself."""

import sqlite3
from contextlib import closing
from datetime import timedelta

from tests.pipeline.test_timers import UNKNOWN


async def settle_all(house, seconds):
    """Let time pass in steps, sending what is due."""
    sent = []
    for _ in range(int(seconds)):
        await house.clock.advance(1)
        sent += await house.send()
    return sent


def dues(house, since):
    """After how many seconds each sending may be claimed."""
    with closing(sqlite3.connect(house.state / "journal.db")) as db:
        return [due / 1e6 - since.timestamp() for (due,) in db.execute("SELECT due FROM sending")]


async def test_a_failed_sending_comes_again_with_the_same_bytes(house, a_message):
    await house.take(a_message())
    house.transport.fail.add("rina")
    await house.send()
    house.transport.fail.clear()
    assert await house.send() == []  # not yet
    sent = await settle_all(house, 6)
    assert [s.kind for s in sent] == ["x007", "x007", "hand-over"]
    assert len({s.message_id for s in sent}) == 3


async def test_pauses_double_up_to_the_cap(house, a_message):
    await house.take(a_message())
    house.transport.fail.add("rina")
    waits = []
    for _ in range(12):
        counts = await house.journal.counts()
        assert counts.sendings.get("due") == 2
        await house.send()
        before = house.clock.now()
        while not await house.journal.claim(1, house.clock.now(), 0.0):
            await house.clock.advance(5)
            if house.clock.now() - before > timedelta(hours=1):
                break
        waits.append((house.clock.now() - before).total_seconds())
    pauses = [min(5.0 * 2**attempt, 900.0) for attempt in range(12)]
    for wait, pause in zip(waits, pauses, strict=True):
        assert 0.75 * pause <= wait <= pause + 5  # a look each 5 s


async def test_what_failed_together_does_not_come_back_at_one_instant(house, a_message, person):
    house.transport.fail.add("rina")
    for number in range(9):
        await house.take(a_message(f"m{number}", inside=person(town=None), **UNKNOWN))
    began = house.clock.now()
    await house.send()  # nine attempts that fail: the destination is left alone for a minute
    first = dues(house, began)
    assert len(set(first)) == 9
    assert 3.75 <= min(first) <= max(first) <= 5.0
    await house.clock.advance(5)
    await house.send()  # nothing is tried, and all of it is put off
    again = dues(house, began)
    assert len(set(again)) == 9
    assert 60.0 <= min(again) <= max(again) <= 75.0
    assert house.transport.published == []


async def test_a_destination_that_keeps_failing_is_left_alone(house, a_message):
    house.transport.fail.add("rina")
    for number in range(5):
        await house.take(a_message(f"m{number}"))
    await house.send()
    assert house.relay.closed == {"rina"}
    house.transport.fail.clear()
    await house.clock.advance(30)
    assert await house.send() == []
    sent = await settle_all(house, 60)
    assert len(sent) == 15
    assert house.relay.closed == frozenset()
