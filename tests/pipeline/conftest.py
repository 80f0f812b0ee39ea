"""The gateway without a process: memory transport, SQLite journal, a clock moved by hand."""

import asyncio
import contextlib
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType

import pytest

from gateway.availability.deeds import Monitors
from gateway.availability.standing import Standing
from gateway.clock import InlineExecutor, ManualClock
from gateway.config import Availability, Watching, load
from gateway.core.leaving import Leaving, Mode
from gateway.daemon import CAUSES_SHOWN
from gateway.examining import Examining
from gateway.intake import Intake
from gateway.journal.rows import Release
from gateway.journal.sqlite import SqliteJournal
from gateway.loading import desk, tables
from gateway.metrics import Metrics
from gateway.people.operating import Operating
from gateway.people.pausing import Pausing
from gateway.people.retaining import Retaining
from gateway.pipeline import Pipeline
from gateway.relay import Pace, Relay
from gateway.releasing import Releasing
from gateway.seen.readiness import Readiness
from gateway.seen.watching import Watch
from gateway.timers import Timers
from gateway.transport.memory import MemoryTransport

KEPT_FOR_EVER = MappingProxyType({})
START = datetime(2026, 3, 2, 10, tzinfo=UTC)


@pytest.fixture(scope="session")
def judged_with(tmp_path_factory):
    """The baseline's tables under the demo's policy."""
    return desk(load(None, tmp_path_factory.mktemp("state")))


@pytest.fixture
def clock():
    return ManualClock(START)


class House:
    """All parts of a gateway, moved by hand."""

    def __init__(
        self,
        journal,
        judged_with,
        clock,
        *,
        state=Path("none"),
        in_flight=8,
        days=KEPT_FOR_EVER,
    ):
        self.clock = clock
        self.state = state
        self.journal = journal
        self.transport = MemoryTransport()
        self.metrics = Metrics(
            instance="demo", environment="demo", sending="automatic", causes=CAUSES_SHOWN
        )
        self.relay = Relay(journal, self.transport, clock, self.metrics, Pace())
        self.pipeline = Pipeline(
            journal,
            judged_with,
            clock,
            self.metrics,
            recorded=self.relay.wake,
        )
        examining = Examining(InlineExecutor(), clock, self.metrics.took)
        self.intake = Intake(self.pipeline, examining, clock, in_flight=in_flight)
        self.timers = Timers(journal, self.pipeline, self.relay, clock, self.metrics)
        self.readiness = Readiness(
            journal,
            self.transport,
            self.intake,
            self.metrics,
            clock,
            oldest_waiting_seconds=300.0,
        )
        self.releases = Releasing(
            journal,
            self.pipeline,
            clock,
            InlineExecutor(),
            self.metrics,
            state,
            partial(tables, state),
            four_eyes=True,
        )
        self.pipeline.tables_changed = self.releases.refresh
        self.pausing = Pausing(journal, self.pipeline, self.intake, self.relay, clock, self.metrics)
        self.watch = Watch(
            self.readiness,
            self.metrics,
            clock,
            Watching(),
            lambda: self.pipeline.desk.tables.release,
            self.pausing.reaches,
            lambda: self.releases.unaccepted,
        )
        self.standing = Standing(journal, clock, Availability())
        self.operating = Operating(
            journal,
            self.pipeline,
            self.intake,
            self.relay,
            self.readiness,
            clock,
            lambda: judged_with.schemas,
            self.releases,
            self.pausing,
            self.watch,
            Retaining(journal, clock, self.metrics, days),
            Monitors(journal, clock, self.standing.anew),
        )

    async def take(self, *bodies, by_hand=False):
        """Let messages arrive and be handled; what became of each at its source."""
        for number, body in enumerate(bodies):
            self.transport.put(body, self.clock.now(), source=f"{number:02}", by_hand=by_hand)
        expected = len(self.transport.settled) + len(bodies)
        running = asyncio.ensure_future(self.intake.run(self.transport))
        for _ in range(10_000):
            await asyncio.sleep(0.001)
            if len(self.transport.settled) >= expected or running.done():
                break
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        return [settlement for _, settlement in self.transport.settled[-len(bodies) :]]

    async def until_settled(self, number):
        """Let others work, without moving the clock, until so many are settled."""
        for _ in range(20_000):
            if len(self.transport.settled) >= number:
                break
            await asyncio.sleep(0.001)
        assert len(self.transport.settled) == number

    async def send(self):
        """Empty the outbox as far as it goes; what left."""
        before = len(self.transport.published)
        while await self.relay.turn():
            pass
        return self.transport.published[before:]

    async def rows(self):
        return list(await self.journal.messages())


@pytest.fixture
async def journal(tmp_path, judged_with):
    opened = await SqliteJournal.open(tmp_path / "journal.db", instance="demo", environment="demo")
    tables = judged_with.tables
    await opened.activate(Release(tables.release, tables.digest, START, "test", "test"))
    yield opened
    await opened.close()


@pytest.fixture
def house(journal, judged_with, clock, tmp_path):
    return House(journal, judged_with, clock, state=tmp_path)


@pytest.fixture
def restarted(tmp_path, judged_with):
    """The same journal opened again by another gateway, once the first has closed it."""

    @contextlib.asynccontextmanager
    async def again(house):
        await house.journal.close()
        opened = await SqliteJournal.open(
            tmp_path / "journal.db", instance="demo", environment="demo"
        )
        try:
            yield House(opened, judged_with, house.clock)
        finally:
            await opened.close()

    return again


@pytest.fixture
def observing_house(journal, strict, clock):
    return House(journal, strict(leaving=Leaving(Mode.OBSERVE)), clock)


@pytest.fixture
def strict(judged_with):
    """The same desk under another policy: `strict(least_certainty=...)`."""
    return lambda **changes: replace(judged_with, policy=replace(judged_with.policy, **changes))
