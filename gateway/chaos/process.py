"""One life of the gateway in a simulation: its real parts, from a start to a stop or a kill."""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.chaos.gates import Gates, SteppedClock, Time
from gateway.chaos.outside import Outside
from gateway.chaos.ports import Door, SteppedJournal
from gateway.chaos.rules import Rules
from gateway.clock import InlineExecutor
from gateway.core.tables import Tables
from gateway.daemon import OBSERVE_SECONDS
from gateway.errors import JournalUnavailable
from gateway.examining import Examining
from gateway.intake import Intake
from gateway.log import configure
from gateway.metrics import Metrics
from gateway.pipeline import Desk, Pipeline
from gateway.relay import Pace, Relay
from gateway.releasing import Releasing
from gateway.timers import Timers

INSTANCE = "chaos"


@dataclass(frozen=True, slots=True)
class Parts:
    """What a process is made of; a test puts in one with a bug."""

    journal: type[SteppedJournal] = SteppedJournal
    pipeline: type[Pipeline] = Pipeline
    relay: type[Relay] = Relay
    timers: type[Timers] = Timers


@dataclass(frozen=True, slots=True)
class Setting:
    """What every process of a run begins with."""

    path: Path
    """The journal."""
    desk: Desk
    releases: Mapping[str, Tables]
    """Every release that can come into force, by name."""
    outside: Outside
    time: Time
    rules: Rules
    metrics: Metrics
    in_flight: int
    parts: Parts


class Process:
    """A gateway at work."""

    def __init__(self, setting: Setting, journal: SteppedJournal, gates: Gates) -> None:
        self.gates = gates
        self.journal = journal
        self.stopping: asyncio.Task[None] | None = None
        self._setting = setting
        parts, clock = setting.parts, SteppedClock(setting.time, gates)
        self._clock = clock
        metrics = setting.metrics
        door = Door(setting.outside, gates, setting.time, setting.rules)
        relay = parts.relay(journal, door, clock, metrics, Pace())
        self.pipeline = parts.pipeline(
            journal,
            setting.desk,
            clock,
            metrics,
            recorded=relay.wake,
        )
        examining = Examining(InlineExecutor(), clock, metrics.took)
        self.intake = Intake(self.pipeline, examining, clock, in_flight=setting.in_flight)
        self._releases = Releasing(
            journal,
            self.pipeline,
            clock,
            InlineExecutor(),
            metrics,
            setting.path.parent,
            lambda name, _digest: setting.releases[name],
            four_eyes=True,
        )
        self.pipeline.tables_changed = self._releases.refresh
        timers = parts.timers(journal, self.pipeline, relay, clock, metrics)
        self._relay = relay
        self._taking = asyncio.create_task(self.intake.run(door))
        self._sending = asyncio.create_task(relay.run())
        self._looking = asyncio.create_task(timers.run())
        self._observing = asyncio.create_task(self._observe())

    @classmethod
    async def begun(cls, setting: Setting) -> "Process":
        """Open the journal and go to work, on the tables that are in force."""
        opened = await setting.parts.journal.open(
            setting.path, instance=INSTANCE, environment="demo", inline=True
        )
        gates = Gates()
        opened.attend(gates, setting.outside.names, setting.rules)
        process = cls(setting, opened, gates)
        configure("critical", "json", INSTANCE, "demo", process._clock)
        return process

    async def _observe(self) -> None:
        """Judge by another release from its instant on, whether messages come or not."""
        while True:
            with contextlib.suppress(JournalUnavailable):
                await self._releases.refresh()
            await self._clock.sleep(OBSERVE_SECONDS)

    @property
    def ended(self) -> bool:
        """Whether a part has come to an end that nobody asked for."""
        parts = (self._taking, self._sending, self._looking, self._observing)
        return self.stopping is None and any(part.done() for part in parts)

    def stop(self) -> None:
        """Begin to end in order, as at a SIGTERM."""
        self.stopping = asyncio.create_task(self._stopped())

    async def _stopped(self) -> None:
        """Take nothing more, finish what was taken, send what is under way."""
        self._taking.cancel()
        await asyncio.gather(self._taking, return_exceptions=True)
        await self.intake.drain()
        self._relay.end()
        await self._sending
        self._looking.cancel()
        self._observing.cancel()

    async def die(self) -> None:
        """End at once, as at a SIGKILL: nothing that was under way goes on."""
        self.gates.shut()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.journal.close()
