"""The outbox: what fails is tried again, ever more slowly, and holds back only itself."""

from datetime import timedelta


async def settle_all(house, seconds):
    """Let time pass in steps, sending what is due."""
    sent = []
    for _ in range(int(seconds)):
        await house.clock.advance(1)
        sent += await house.send()
    return sent


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
    assert waits == sorted(waits)
    assert max(waits) <= 905


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
