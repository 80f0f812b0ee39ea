"""How available the gateway and the parts around it have been up to now, kept at hand.

A year of looks is too much to read whenever somebody wants to know. At the start the year is read
day by day, between other work, and in few pieces what lies before the first heartbeat, of which
other monitors alone can tell; then each look adds the time since the last one, and what lies
further back stands as it was read. Once a day, and after what other monitors saw was taken in, it
is read anew: what comes late counts, too. Pulse and maintenance are few, and are read each time.
The arithmetic is that of the report.
"""

import asyncio
import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import chain
from typing import Final

from gateway.annual import bounds
from gateway.availability import Line, Period, lines, tracks
from gateway.clock import Clock
from gateway.config import Availability
from gateway.core.matter import PARIS
from gateway.errors import JournalUnavailable
from gateway.journal import Journal
from gateway.journal.observing import Run, Seen

LOOK_SECONDS: Final = 60.0
"""Between two looks; the figures shown are at most this old."""
ROLLING: Final = timedelta(days=30)
_PIECE: Final = timedelta(days=1)
"""What is read at once: nobody else reads the journal meanwhile."""
_QUIET_PIECE: Final = timedelta(days=60)
"""The same of a time in which the gateway itself looked at nothing."""
_LATE: Final = timedelta(seconds=60)
"""A probe is in the journal so long after its time-out at the latest."""
_Runs = dict[tuple[str, str], list[Run]]
"""Part and source -> its runs, in order."""


@dataclass(frozen=True, slots=True)
class Standings:
    """Availability up to an instant."""

    at: datetime
    rolling: Sequence[Line]
    """Of the last 30 days."""
    year: Sequence[Line]
    """Of this year in Paris so far; the same lines in the same order."""


class Standing:
    """Keeps the figures up to date.

    Args:
        settings: which parts there are, and how long a look may take.
    """

    def __init__(self, journal: Journal, clock: Clock, settings: Availability) -> None:
        self._journal = journal
        self._clock = clock
        self._services = settings.services
        self._parts = tuple(settings.components)
        self._settled = timedelta(seconds=settings.timeout_seconds) + _LATE
        self._runs: _Runs = {}
        self._until = self._began = clock.now()
        self._read_on: date | None = None
        self._last: Standings | None = None

    @property
    def last(self) -> Standings | None:
        """The figures, as old as `LOOK_SECONDS` at most; None until they were reckoned once."""
        return self._last

    def anew(self) -> None:
        """Something of the past has come in: read it again at the next look."""
        self._read_on = None

    async def run(self) -> None:
        """Look until cancelled; of a journal that cannot be read readiness tells."""
        while True:
            with contextlib.suppress(JournalUnavailable):
                await self.look()
            await self._clock.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Bring the figures up to now.

        Raises:
            JournalUnavailable: it cannot be read; the figures are as before.
        """
        now = self._clock.now()
        today = now.astimezone(PARIS).date()
        year, _ = bounds(today.year)
        begin = min(year, now - ROLLING)
        if self._read_on != today:
            alive = (await self._journal.seen(begin, now, now)).alive
            self._began = min((since for since, _ in alive), default=now)
            self._runs, self._until, self._read_on = {}, begin, today
        await self._read_to(now - self._settled)
        seen = await self._journal.seen(begin, now, self._until)
        runs = {key: list(theirs) for key, theirs in self._runs.items()}
        _add(runs, seen.runs, self._until, now)
        whole = replace(seen, runs=tuple(chain.from_iterable(runs.values())))
        self._last = await asyncio.to_thread(self._reckoned, whole, year, now)

    async def _read_to(self, settled: datetime) -> None:
        """Read up to an instant before which no probe is written any more."""
        while self._until < settled:
            until = min(self._until + _PIECE, settled)
            if until < self._began:
                until = min(self._until + _QUIET_PIECE, self._began, settled)
            seen = await self._journal.seen(self._until, until)
            _add(self._runs, seen.runs, self._until, until)
            self._until = until
            await self._clock.sleep(0)

    def _reckoned(self, seen: Seen, year: datetime, now: datetime) -> Standings:
        known = tracks(seen, now, self._parts)
        rolling, whole = (
            lines(known, self._services, Period(begin, now, ())) for begin in (now - ROLLING, year)
        )
        return Standings(now, rolling, whole)


def _add(known: _Runs, later: Iterable[Run], since: datetime, until: datetime) -> None:
    """To runs that end by `since`, what of others lies between that and `until`."""
    for whole in later:
        run = replace(whole, begin=max(whole.begin, since), end=min(whole.end, until))
        theirs = known.setdefault((run.component, run.source), [])
        if theirs and theirs[-1].up is run.up and theirs[-1].end == run.begin:
            theirs[-1] = replace(theirs[-1], end=run.end)
        elif run.begin < run.end:
            theirs.append(run)
