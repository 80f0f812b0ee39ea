"""How the gateway is doing, in one look: a word for each part, ages, rates, figures.

The look costs the journal nothing: it shows what readiness last saw (every second; the whole
journal is counted every 15 s), beside samples of the counters that are kept for an hour. The
status page and the command `status` show the same look. No id of a case, a message or an
institution is in it.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from typing import Any, Final

from gateway.clock import Clock
from gateway.config import Watching
from gateway.journal.rows import Backlog, Counts
from gateway.metrics import Metrics, Totals
from gateway.seen.readiness import Look, Readiness

PARTS: Final = ("intake", "judging", "journal", "outbox", "timers")
STUCK: Final = ("intake-stuck", "outbox-stuck")
"""What is told of parts that are stuck, beside the reasons of `/readyz`; a stuck journal always is
one of those."""
SAMPLE_SECONDS: Final = 10.0
"""Between two samples of the counters."""
SLOT_SECONDS: Final = 300.0
SLOTS: Final = 12
"""Stretches of time that the charts show: the last hour."""


class State(StrEnum):
    """What one word says about a part."""

    RUN = "run"
    IDLE = "idle"
    LAG = "lag"
    RETRY = "retry"
    SLOW = "slow"
    STUCK = "stuck"
    STOP = "stop"
    PAUSED = "paused"


LEVELS: Final[Mapping[State, int]] = {
    **dict.fromkeys((State.RUN, State.IDLE), 0),
    **dict.fromkeys((State.LAG, State.RETRY, State.SLOW, State.PAUSED), 1),
    **dict.fromkeys((State.STUCK, State.STOP), 2),
}
"""State -> 0 well, 1 warning, 2 critical, as monitoring plug-ins count."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the gateway."""

    name: str
    """One of `PARTS`."""
    state: State
    waiting: int | None = None
    """What stands before it; None where nothing can."""
    oldest_seconds: float | None = None
    """Since when the first of that has waited; None where nobody knows."""


@dataclass(frozen=True, slots=True)
class Rates:
    """What happened in a stretch of time."""

    seconds: float
    received: int = 0
    sent: int = 0
    failed: int = 0
    """Attempts to send."""
    mean_seconds: float | None = None
    """Time that reading, judging and recording one message took; None when none was recorded."""


@dataclass(frozen=True, slots=True)
class Sight:
    """Everything that one look tells."""

    at: datetime
    reasons: tuple[str, ...]
    """Why `/readyz` is red; empty when it is green."""
    parts: tuple[Part, ...]
    rates: Rates
    """Of the last `watch.window_seconds`."""
    slots: tuple[Rates, ...]
    """Of the last hour, the oldest first."""
    backlog: Backlog
    counts: Counts
    release: str
    pauses: Mapping[str, int]
    """Reach -> how many hold."""
    unaccepted: bool = False
    """Nothing leaves: the tables in force are an example that nobody has accepted."""

    @property
    def stuck(self) -> tuple[str, ...]:
        """Which of `STUCK` hold."""
        of_parts = (f"{part.name}-stuck" for part in self.parts if part.state is State.STUCK)
        return tuple(code for code in of_parts if code in STUCK)

    def shown(self) -> dict[str, Any]:
        """What `status --json` tells of it."""
        return {"parts": [shown(part) for part in self.parts], "rates": told(self.rates)}


def shown(part: Part) -> dict[str, Any]:
    """A part, as `status --json` shows it."""
    age = part.oldest_seconds
    return {
        "part": part.name,
        "state": part.state.value,
        "waiting": part.waiting,
        "oldest_seconds": None if age is None else round(age, 1),
    }


def told(rates: Rates) -> dict[str, Any]:
    """Rates, as `status --json` shows them."""
    minutes = rates.seconds / 60 or 1.0
    mean = rates.mean_seconds
    return {
        "window_seconds": round(rates.seconds, 1),
        "received_per_minute": round(rates.received / minutes, 2),
        "sent_per_minute": round(rates.sent / minutes, 2),
        "send_failures": rates.failed,
        "mean_seconds": None if mean is None else round(mean, 4),
    }


def stopped(backlog: Backlog, now: datetime) -> tuple[Part, ...]:
    """The parts of a gateway that does not run; the journal knows what waits all the same."""
    waiting = {"outbox": backlog.unsent, "timers": backlog.cases_due}
    ages = {"outbox": _age(backlog.oldest_due, now)}
    return tuple(Part(name, State.STOP, waiting.get(name), ages.get(name)) for name in PARTS)


def _age(since: datetime | None, now: datetime) -> float:
    return max((now - since).total_seconds(), 0.0) if since is not None else 0.0


@dataclass(slots=True)
class Watch:
    """Keeps samples, and puts the look together when somebody asks.

    Args:
        readiness: what it last saw is what is shown.
        limits: from when on a part is other than well.
        release: name of the tables in force.
        pauses: reach -> how many pauses hold.
        unaccepted: whether the tables in force are an example that a person is to accept.
    """

    readiness: Readiness
    metrics: Metrics
    clock: Clock
    limits: Watching
    release: Callable[[], str]
    pauses: Callable[[], Mapping[str, int]]
    unaccepted: Callable[[], bool]
    _samples: deque[tuple[float, Totals]] = field(default_factory=deque)

    def note(self) -> None:
        """Keep a sample, when the last is old enough; called at each look of readiness."""
        now = self.clock.monotonic()
        if self._samples and now - self._samples[-1][0] < SAMPLE_SECONDS:
            return
        self._samples.append((now, self.metrics.totals()))
        while len(self._samples) > 1 and now - self._samples[1][0] > SLOTS * SLOT_SECONDS:
            self._samples.popleft()

    async def see(self) -> Sight:
        """The look."""
        now = self.clock.monotonic()
        look, reasons = self.readiness.last, await self.readiness.problems()
        known = [*self._samples, (now, self.metrics.totals())]
        rates = _between(known, now - self.limits.window_seconds, now)
        edges = [now - number * SLOT_SECONDS for number in range(SLOTS, -1, -1)]
        return Sight(
            at=self.clock.now(),
            reasons=reasons,
            parts=self._parts(look, reasons, rates),
            rates=rates,
            slots=tuple(_between(known, *pair) for pair in pairwise(edges)),
            backlog=look.backlog,
            counts=look.counts,
            release=self.release(),
            pauses=self.pauses(),
            unaccepted=self.unaccepted(),
        )

    def _parts(self, look: Look, reasons: tuple[str, ...], rates: Rates) -> tuple[Part, ...]:
        now = self.clock.now()
        first, due = _age(look.inbound.oldest, now), _age(look.backlog.oldest_due, now)
        queues: Mapping[str, tuple[int | None, float | None]] = {
            "intake": (look.inbound.waiting, first),
            "judging": (look.in_flight, None),
            "journal": (None, None),
            "outbox": (look.backlog.unsent, due),
            "timers": (look.backlog.cases_due, None),
        }
        if {"draining", "starting", "not-observed"} & set(reasons):
            return tuple(Part(name, State.STOP, *queues[name]) for name in PARTS)
        states = {
            "intake": self._intake(look, first, rates),
            "judging": self._judging(look, rates),
            "journal": State.STUCK if "journal-unavailable" in reasons else State.RUN,
            "outbox": self._outbox(look.backlog, due, rates),
            "timers": State.RUN if look.backlog.cases_due else State.IDLE,
        }
        if "paused" in reasons:
            states |= dict.fromkeys(("intake", "judging", "outbox", "timers"), State.PAUSED)
        return tuple(Part(name, states[name], *queues[name]) for name in PARTS)

    def _intake(self, look: Look, age: float, rates: Rates) -> State:
        if look.unusable:
            return State.STUCK
        aged = self._aged(age, moves=rates.received > 0)
        return aged or (State.RUN if look.inbound.waiting or rates.received else State.IDLE)

    def _judging(self, look: Look, rates: Rates) -> State:
        if look.trouble:
            return State.RETRY
        if rates.mean_seconds is not None and rates.mean_seconds > self.limits.slow_seconds:
            return State.SLOW
        return State.RUN if look.in_flight or rates.received else State.IDLE

    def _outbox(self, backlog: Backlog, age: float, rates: Rates) -> State:
        aged = self._aged(age, moves=rates.sent > 0)
        if aged is State.STUCK:
            return aged
        if backlog.unsent and rates.failed:
            return State.RETRY
        if backlog.unsent and backlog.unsent == backlog.held:
            return State.PAUSED
        return aged or (State.RUN if backlog.unsent or rates.sent else State.IDLE)

    def _aged(self, age: float, *, moves: bool) -> State | None:
        """What the age of a queue says about what should empty it."""
        if age > self.limits.stuck_seconds and not moves:
            return State.STUCK
        return State.LAG if age > self.limits.lag_seconds else None


def _between(known: Sequence[tuple[float, Totals]], since: float, until: float) -> Rates:
    """What was counted from the last sample before the one instant to that before the other."""
    first = next((sample for sample in reversed(known) if sample[0] <= since), known[0])
    last = next((sample for sample in reversed(known) if sample[0] <= until), known[0])
    before, after = first[1], last[1]
    recorded = after.recorded - before.recorded
    return Rates(
        seconds=last[0] - first[0],
        received=round(after.received - before.received),
        sent=round(after.sent - before.sent),
        failed=round(after.failed - before.failed),
        mean_seconds=(after.seconds - before.seconds) / recorded if recorded else None,
    )
