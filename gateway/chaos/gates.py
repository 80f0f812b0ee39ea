"""Where the gateway waits in a simulation: every call of a port is a gate, opened by the seed.

A process that was killed gets through no gate any more, whatever its tasks still try.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any


@dataclass(slots=True, eq=False)
class Gate:
    """Somebody waits to be let through."""

    what: str
    about: str
    opened: "asyncio.Future[Any]"
    not_before: float = 0.0
    """Seconds of the simulation before which nobody can be let through."""
    seen: bool = False
    """Whether it was drawn how long it takes."""


class Gates:
    """The gates of one process."""

    def __init__(self) -> None:
        self.waiting: list[Gate] = []
        self._shut = False

    async def through(self, what: str, about: str = "", *, not_before: float = 0.0) -> Any:
        """The word of whoever opens.

        Raises:
            CancelledError: the process is dead.
        """
        if self._shut:
            raise asyncio.CancelledError
        gate = Gate(what, about, asyncio.get_running_loop().create_future(), not_before)
        self.waiting.append(gate)
        try:
            return await gate.opened
        finally:
            if gate in self.waiting:  # nobody waits any more
                self.waiting.remove(gate)

    def let(self, gate: Gate, word: object) -> None:
        """Let one through."""
        self.waiting.remove(gate)
        gate.opened.set_result(word)

    def shut(self) -> None:
        """Nobody gets through any more."""
        self._shut = True


class Time:
    """What passes in the simulation, and how wrong the clock on the wall is."""

    def __init__(self, start: datetime) -> None:
        self._start = start
        self.elapsed = 0.0
        self.wrong = timedelta(0)

    @property
    def true(self) -> datetime:
        """The time that it really is."""
        return self._start + timedelta(seconds=self.elapsed)

    @property
    def wall(self) -> datetime:
        """The time that the clock shows."""
        return self.true + self.wrong

    def until(self, instant: datetime) -> float:
        """Seconds of the simulation at which the clock on the wall will show the instant."""
        return (instant - self._start - self.wrong).total_seconds()


class SteppedClock:
    """The clock of one process."""

    def __init__(self, time: Time, gates: Gates) -> None:
        self._time = time
        self._gates = gates

    def now(self) -> datetime:
        """What the wall shows."""
        return self._time.wall

    def monotonic(self) -> float:
        """Seconds since the simulation began."""
        return self._time.elapsed

    async def sleep(self, seconds: float) -> None:
        """Return when so much has passed, or later."""
        after = self._time.elapsed + max(seconds, 0.0)
        await self._gates.through("sleep", f"{seconds:g}s", not_before=after)
