"""A large message goes by itself: only the later ones of its case wait for it."""

import asyncio

import pytest

from gateway.core.reading import read
from gateway.errors import JournalUnavailable
from gateway.journal.pieces import LARGE
from gateway.transport import BEGINNING, Received, Settlement


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
        made.running = asyncio.ensure_future(house.pipeline.run(made))

    made.run = run
    yield made
    made.running.cancel()
    made.ready.set()
    await house.pipeline.drain()


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
    await house.pipeline.drain()
    assert (line.fetched, house.pipeline.in_flight) == (1, 0)


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


async def test_one_that_waits_too_long_for_its_turn_is_left_to_the_next_claim(house, a_message):
    wait = asyncio.Event()
    house.journal.body = slow(house.journal.body, wait)
    for number in range(2):
        await house.take(long(a_message(f"m{number}", case=f"c{number}")))
    await house.send()
    await house.clock.advance(50)  # the lease is 60 s
    wait.set()
    await house.relay._line
    assert len([s for s in house.transport.published if s.kind == "hand-over"]) == 1
    await house.clock.advance(11)
    assert await house.relay.turn() == 1
    await house.relay._line
    assert len({s.message_id for s in house.transport.published if s.kind == "hand-over"}) == 2
