"""A large message goes by itself: only the later ones of its case wait for it."""

import asyncio
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from gateway.core.reading import read
from gateway.errors import JournalUnavailable
from gateway.intake import NO_SCHEMA
from gateway.journal import LARGE
from gateway.journal.pausing import Pause, Reach
from gateway.relay import LEASE_SECONDS, Pace
from gateway.transport import BEGINNING, Received, Settlement
from sed_schemas.load import SchemasInvalid


def long(body, size=LARGE + 5):
    return body + b"<!--" + b" " * (size - len(body) - 7) + b"-->"


class Line:
    """A consumer whose large messages come when they are let go; `had` is what becomes of them."""

    def __init__(self, clock):
        self.clock = clock
        self.ready = asyncio.Event()
        self.settled = []
        self.fetched = 0
        self.at_once = 0
        self.most_at_once = 0
        self._items = []

    def put(self, label, body, *, large=False, absent=False):
        self._items.append((label, body, large, absent))

    async def receive(self):
        for label, body, large, absent in self._items:

            async def settle(settlement, label=label, large=large):
                self.at_once -= large
                self.settled.append((label, settlement))

            async def whole(body=body, absent=absent):
                await self.ready.wait()
                self.fetched += 1
                self.at_once += not absent
                self.most_at_once = max(self.most_at_once, self.at_once)
                return None if absent else body

            yield Received(
                body[:BEGINNING] if large else body,
                label,
                None,
                self.clock.now(),
                settle,
                whole=whole if large else None,
            )
        await asyncio.Event().wait()


@pytest.fixture
async def line(house):
    """A line, and the pipeline that takes from it once the test has filled it."""
    made = Line(house.clock)
    made.running = None

    def run():
        made.running = asyncio.ensure_future(house.intake.run(made))

    made.run = run
    yield made
    if made.running is not None:
        made.running.cancel()
    made.ready.set()
    await house.intake.drain()


async def settled(line, *labels):
    """Return when exactly these are settled, in this order."""
    for _ in range(5000):
        if len(line.settled) >= len(labels):
            break
        await asyncio.sleep(0.001)  # noqa: TID251 - lets threads of the journal work
    assert line.settled == [(label, Settlement.ACCEPTED) for label in labels]


async def test_others_go_on_and_those_of_its_case_wait(house, a_message, line):
    line.put("first", a_message("m0", case="a", document="d"))
    update = {"case": "a", "document": "d", "action": "Update"}
    line.put("large", long(a_message("m1", version=2, **update)), large=True)
    line.put("its next", a_message("m2", version=3, **update))
    line.put("other", a_message("m3", case="b"))
    line.run()
    await settled(line, "first", "other")
    line.ready.set()
    await settled(line, "first", "other", "large", "its next")
    rows = {row.message_id: row for row in await house.rows()}
    assert sorted(row.decision for row in rows.values()) == [
        "deliver",
        "deliver",
        "transfer",
        "transfer",
    ]


async def test_one_at_a_time_is_in_memory(house, a_message, line):
    for number in range(4):
        line.put(f"{number}", long(a_message(f"m{number}", case=f"c{number}")), large=True)
    line.ready.set()
    line.run()
    await settled(line, "0", "1", "2", "3")
    assert (line.fetched, line.most_at_once) == (4, 1)


async def test_what_cannot_be_had_is_left_to_the_transport(house, a_message, line):
    line.put("absent", long(a_message("m0", case="a")), large=True, absent=True)
    line.put("its next", a_message("m1", case="a", document="e", action="New"))
    line.ready.set()
    line.run()
    await settled(line, "its next")
    await house.intake.drain()
    assert (line.fetched, house.intake.in_flight) == (1, 0)


async def test_without_a_case_in_its_beginning_it_is_read_all_the_same(house, a_message, line):
    line.put("junk", b"PK" * LARGE, large=True)
    line.put("other", a_message("m1"))
    line.ready.set()
    line.run()
    await settled(line, "other", "junk")
    assert {row.decision for row in await house.rows()} == {"set-aside", "transfer"}


async def test_a_beginning_that_lies_is_not_believed(house, a_message, uid, line):
    """It names another case than the whole: what counts is the whole."""
    body = long(a_message("m0", case="a"))
    line.put("liar", body, large=True)
    line._items[0] = ("liar", body.replace(uid("a").encode(), uid("b").encode()), True, False)
    line.ready.set()
    line.run()
    await settled(line, "liar")
    (row,) = await house.rows()
    assert (
        row.case_id
        == uid("b")
        == read(line._items[0][1], house.pipeline.desk.limits).message.case_id
    )


async def test_a_large_message_that_cannot_be_recorded_holds_up_no_small_one(
    house, a_message, line
):
    record, open_ = house.pipeline._record, asyncio.Event()

    async def failing(received, examined):
        if len(received.body) >= LARGE and not open_.is_set():
            raise JournalUnavailable(code="stuck")
        return await record(received, examined)

    house.pipeline._record = failing
    line.put("large", long(a_message("m0", case="a")), large=True)
    line.put("other", a_message("m1", case="b"))
    line.ready.set()
    line.run()
    await settled(line, "other")
    open_.set()
    await house.clock.advance(2)
    await settled(line, "other", "large")


def slow(asked, wait):
    """Bodies that are read once it is time."""

    async def body(digest):
        await wait.wait()
        return await asked(digest)

    return body


async def test_what_is_large_leaves_with_its_bytes_while_others_go_on(house, a_message):
    body = long(a_message("m0", case="a"))
    wait = asyncio.Event()
    house.journal.body = slow(house.journal.body, wait)
    await house.take(body)
    await house.send()
    await house.take(a_message("m1", case="b"))
    sent = await house.send()
    assert [s.kind for s in sent] == ["x007", "x007", "hand-over"]
    wait.set()
    await house.relay._line
    (large,) = [s for s in house.transport.published if len(s.body) >= LARGE]
    assert (large.kind, large.body) == ("hand-over", body)
    (row,) = await house.journal.outgoing(named=[large.message_id])
    assert row.state.value == "handed-over"


def large_ones(house):
    return [s for s in house.transport.published if len(s.body) >= LARGE]


async def waiting_to_leave(house, a_message, number):
    """So many large hand-overs in the line of the outbox; what lets them go."""
    wait = asyncio.Event()
    house.journal.body = slow(house.journal.body, wait)
    for n in range(number):
        await house.take(long(a_message(f"m{n}", case=f"c{n}")))
    await house.send()
    return wait


async def test_what_was_claimed_again_while_it_waited_leaves_once(house, a_message):
    wait = await waiting_to_leave(house, a_message, 3)
    for _ in range(3):
        await house.clock.advance(LEASE_SECONDS + 1)
        await house.relay.turn()
    wait.set()
    await house.relay._line
    assert len({s.message_id for s in large_ones(house)}) == len(large_ones(house)) == 3
    assert (await house.journal.counts()).sendings == {"handed-over": 9}


async def test_one_that_takes_long_to_publish_leaves_once(house, a_message):
    publish = house.transport.publish

    async def slowly(batch):
        if any(len(claim.body) >= LARGE for claim in batch):
            await house.clock.sleep(LEASE_SECONDS + 10)
        return await publish(batch)

    house.transport.publish = slowly
    await house.take(long(a_message("m0", case="a")))
    await house.send()
    for _ in range(20):
        await asyncio.sleep(0.005)  # noqa: TID251 - lets threads of the journal work
        await house.clock.advance(10)
        await house.relay.turn()
    assert len(large_ones(house)) == 1
    assert (await house.journal.counts()).sendings == {"handed-over": 3}


async def test_what_is_paused_while_it_waits_for_its_turn_stays(house, a_message):
    wait = await waiting_to_leave(house, a_message, 2)
    now = house.clock.now()
    assert await house.journal.pause(Pause(Reach.ALL, "", now, "claire", "why not"))
    wait.set()
    await house.relay._line
    assert len(large_ones(house)) == 1  # what was being sent at that moment
    await house.journal.resume(Reach.ALL, "", who="claire", why="now", at=now)
    await house.send()
    await house.relay._line
    assert len(large_ones(house)) == 2


async def test_a_destination_that_fails_is_left_alone_by_those_that_wait(house, a_message):
    house.relay._pace = Pace(breaker_failures=2)
    wait = await waiting_to_leave(house, a_message, 5)
    house.transport.fail.add("FR:0101100000")
    tried, publish = [], house.transport.publish

    async def counted(batch):
        tried.extend(batch)
        return await publish(batch)

    house.transport.publish = counted
    wait.set()
    await house.relay._line
    assert len(tried) == 2
    assert house.relay.closed == {"FR:0101100000"}


async def test_at_the_end_what_waits_is_given_back_and_leaves_one_a_turn(house, a_message):
    wait = await waiting_to_leave(house, a_message, 3)
    running = asyncio.ensure_future(house.relay.run())
    house.relay.end()
    wait.set()
    await running
    assert len(large_ones(house)) == 1
    for number in (2, 3):  # as the daemon goes on, for some seconds at most
        assert await house.relay.turn()
        assert len(large_ones(house)) == number
    assert await house.relay.turn() == 0


async def test_what_is_recorded_at_the_end_has_left_when_the_turns_are_over(house, a_message):
    house.relay.end()
    await house.relay.run()
    await house.take(long(a_message("m0", case="a")))
    while await house.relay.turn():
        pass
    assert (await house.journal.counts()).sendings == {"handed-over": 3}


class Damaged:
    """Schemas of which one does not compile."""

    def __init__(self, schemas, until):
        self._schemas, self._until = schemas, until

    def __getattr__(self, name):
        if not self._until.is_set():
            raise SchemasInvalid("x")
        return getattr(self._schemas, name)


async def test_while_a_schema_is_missing_no_large_message_is_kept_in_memory(house, a_message, line):
    repaired, schemas = asyncio.Event(), house.pipeline.desk.schemas
    house.pipeline.desk = replace(house.pipeline.desk, schemas=Damaged(schemas, repaired))
    for number in range(2):
        line.put(f"{number}", long(a_message(f"m{number}", case=f"c{number}")), large=True)
    line.ready.set()
    line.run()
    for _ in range(5000):
        if line.fetched == 2:
            break
        await asyncio.sleep(0.001)  # noqa: TID251 - lets threads of the journal work
    assert (line.fetched, line.settled) == (2, [])  # neither waits for the other
    assert house.intake.trouble == NO_SCHEMA
    repaired.set()
    for _ in range(5000):  # which of them was found wanting before that is not said
        if len(line.settled) == 2:
            break
        await house.clock.advance(1)
        await asyncio.sleep(0.001)  # noqa: TID251 - lets threads of the journal work
    assert dict(line.settled) == dict.fromkeys("01", Settlement.ACCEPTED)
    assert house.intake.trouble is None


async def test_at_the_end_none_is_fetched_any_more(house, a_message, line):
    for number in range(3):
        line.put(f"{number}", long(a_message(f"m{number}", case=f"c{number}")), large=True)
    line.run()
    for _ in range(20):
        await asyncio.sleep(0.001)  # noqa: TID251 - lets the first begin
    line.running.cancel()
    ending = asyncio.create_task(house.intake.drain())
    line.ready.set()
    await ending
    assert line.fetched == 1
    back = [label for label, settlement in line.settled if settlement is Settlement.RETRY]
    assert back == ["1", "2"]


async def test_one_that_breaks_the_transport_is_told_of_and_gives_its_room_back(
    house, a_message, line
):
    async def broken():
        raise ZeroDivisionError

    line.put("broken", long(a_message("m0", case="a")), large=True)
    receive = line.receive

    async def received():
        async for one in receive():
            yield replace(one, whole=broken)

    line.receive = received
    with capture_logs() as told:
        line.run()
        for _ in range(100):
            await asyncio.sleep(0.001)  # noqa: TID251 - lets it begin
    assert [one["event"] for one in told] == ["message-broke-the-gateway"]
    assert house.intake.in_flight == 0
    assert house.intake._room._value == 8
    assert line.settled == []
