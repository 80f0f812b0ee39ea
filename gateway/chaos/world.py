"""One seed: who goes on next, what goes wrong, and the log of it.

First comes the storm, in which everything can go wrong; then the calm, in which nothing does and
everything must come to rest.
"""

import asyncio
import hashlib
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from gateway.chaos import ports
from gateway.chaos.gates import Gate, Time
from gateway.chaos.outside import Copy, Names, Outside
from gateway.chaos.process import INSTANCE, Parts, Process, Setting
from gateway.chaos.quiet import QuietLoop
from gateway.chaos.rules import Rules
from gateway.core.tables import Tables
from gateway.daemon import CAUSES_SHOWN
from gateway.journal.codec import instant
from gateway.journal.rows import Release
from gateway.metrics import Metrics
from gateway.pipeline import Desk
from gateway.simulation.facts import seeded
from gateway.simulation.profiles import witness

BEGIN: Final = datetime(2026, 3, 2, 8, tzinfo=UTC)
OTHER: Final = ("chaos-1", "chaos-2")
"""Releases that come into force on the way: the same tables under another name."""
STEPS: Final = 30_000
"""More than any seed needs: who is not at rest by then never is."""
_HISTORIES_EVERY: Final = 50
"""Steps between two looks at histories and at everything that was settled."""
_SLOW: Final = {"record": 0.25, "publish": 0.10}
"""Share of the calls that take long; 0.05 of the others."""
_SLOWNESS: Final = (0.5, 0.5, 5.0, 5.0, 70.0, 70.0, 3600.0, 90_000.0, 900_000.0)
"""Seconds that they take."""
_WAITING: Final = frozenset({"take", "sleep"})
"""Gates at which somebody waits by himself."""
_AHEAD: Final = 6
"""Copies among which the next one is drawn."""
_DUE: Final = """
SELECT min(at) FROM (
    SELECT due AS at FROM timer
    UNION ALL SELECT max(due, lease_until) FROM sending WHERE state = 'due')
"""
_OPEN: Final = "SELECT 1 FROM sending WHERE state IN ('due', 'waiting') LIMIT 1"
_JOURNAL: Final = frozenset({"case", "due-cases", "release", "record", "develop", "claim"}) | {
    "hand-over",
    "defer",
}


class World:
    """A gateway, what is around it, and everything that can happen."""

    def __init__(self, seed: int, messages: int, desk: Desk, parts: Parts, folder: Path) -> None:
        self.steps: list[str] = []
        self.kills = 0
        self._rng = seeded(f"chaos:{seed}")
        self._time = Time(BEGIN)
        self._names = Names()
        self.outside = Outside(self._rng, witness(), self._names, desk.limits)
        self.outside.post(seed, messages, BEGIN)
        self.rules = Rules(self._names, self.outside)
        self._releases = [desk.tables, *(_renamed(desk.tables, name) for name in OTHER)]
        self._storm = True
        self._last = self.outside.source.waiting[0].post
        self._setting = Setting(
            folder / "journal.db",
            desk,
            {tables.release: tables for tables in self._releases},
            self.outside,
            self._time,
            self.rules,
            Metrics(
                instance=INSTANCE, environment="demo", sending="automatic", causes=CAUSES_SHOWN
            ),
            self._rng.choice((1, 2, 8)),
            parts,
        )
        self._process: Process
        self._loop: QuietLoop
        self._mishaps: tuple[tuple[float, Callable[[], Coroutine[Any, Any, None]]], ...] = (
            (0.006, self._kill),
            (0.003, self._stop),
            (0.008, self._drop),
            (0.004, self._set_clock),
            (0.004, self._activate),
            (0.015, self._dawdle),
        )

    async def live(self) -> None:
        """The storm, then the calm."""
        self._loop = _quiet_loop()
        await self._start()
        self.rules.look_at(self._setting.path)
        try:
            await self._weather()
            if not self.rules.broken:
                await self._settle_down()
                await self._weather()
            if not self.rules.broken:
                await self._compare()
        finally:
            await self._process.die()
            self.rules.close()

    async def _start(self) -> None:
        """The first process, with the first release in force."""
        tables = self._setting.desk.tables
        first = Release(tables.release, tables.digest, BEGIN - timedelta(days=30), "a", "b")
        self._process = await Process.begun(self._setting)
        await self._process.journal.activate(first)
        self._log("begun", f"in-flight {self._setting.in_flight}")

    async def _weather(self) -> None:
        """Step after step, until everything rests or a rule is broken."""
        while not self.rules.broken:
            if len(self.steps) > STEPS:
                self.rules.breaks("never-at-rest")
                return
            if not await self._step():
                return
            await self._loop.quiet()
            self._look()

    async def _settle_down(self) -> None:
        """From here on nothing goes wrong."""
        self._storm = False
        self._time.wrong = timedelta(0)
        self._log("calm")
        await self._loop.quiet()

    def _look(self) -> None:
        self.rules.check()
        if len(self.steps) % _HISTORIES_EVERY == 0:
            self.rules.check_histories()
        for trouble in self._loop.take_troubles():
            self.rules.breaks("part-ended", trouble)
        if self._process.ended:
            self.rules.breaks("part-ended")

    async def _compare(self) -> None:
        """In the end the gateway sees every case as its history tells it."""
        self.rules.check_histories()
        journal = self._process.journal
        found = self.rules.rows("SELECT DISTINCT case_id FROM history ORDER BY case_id")
        seen = {case_id: await journal.seen_case(case_id) for (case_id,) in found}
        self.rules.compare(seen)

    # -- one step ---------------------------------------------------------------------------

    async def _step(self) -> bool:
        """Something happens; False when nothing will ever happen again."""
        stopping = self._process.stopping
        if stopping is not None and stopping.done():
            await self._again("stopped")
            return True
        if self._storm:
            draw = self._rng.random()
            for chance, mishap in self._mishaps:
                if draw < chance:
                    await mishap()
                    return True
                draw -= chance
        return self._go_on()

    def _go_on(self) -> bool:
        """Let somebody through, at times several at once; else let time pass."""
        able = self._able()
        if not able:
            return self._pass()
        number = min(self._rng.choice((1, 1, 1, 2, 4)), len(able))
        chosen = self._rng.sample(able, number)
        self.rules.together = frozenset(gate.what for gate in chosen)
        for gate in chosen:
            self._let(gate)
        return True

    def _able(self) -> list[Gate]:
        """The gates that can be opened now; in a storm some of the new ones take their time."""
        now = self._time.elapsed
        gates = self._process.gates.waiting
        for gate in gates:
            may = not gate.seen and self._storm and gate.what not in _WAITING
            if may and self._rng.random() < _SLOW.get(gate.what, 0.05):
                gate.not_before = max(gate.not_before, now + self._rng.choice(_SLOWNESS))
            gate.seen = True
        ready = bool(self.outside.source.ready(now))
        return [g for g in gates if (ready if g.what == "take" else g.not_before <= now)]

    def _let(self, gate: Gate) -> None:
        word: object = None
        if gate.what == "take":
            word = self._next_copy()
            self._log("deliver", word.post.label)
        elif gate.what == "publish":
            word = self._word(((0.10, ports.REFUSED), (0.06, ports.UNHEARD), (0.06, ports.LOST)))
        elif gate.what in _JOURNAL:
            word = self._word(((0.01, ports.FULL),))
        if gate.what != "take":
            self._log(gate.what, gate.about, str(word or ""))
        self._process.gates.let(gate, word)

    def _word(self, chances: tuple[tuple[float, str], ...]) -> str | None:
        """What goes wrong at a gate, if anything."""
        draw = self._rng.random() if self._storm else 1.0
        for chance, word in chances:
            if draw < chance:
                return word
            draw -= chance
        return None

    def _next_copy(self) -> Copy:
        """One of the first, or another message of the case that came last."""
        ready = self.outside.source.ready(self._time.elapsed)
        last = self._last
        beside = [c for c in ready if c.post.case_id == last.case_id and c.post is not last]
        near = beside if beside and self._rng.random() < 0.5 else ready[:_AHEAD]
        copy = self._rng.choice(near)
        self._last = copy.post
        self.outside.source.give(copy)
        return copy

    def _pass(self) -> bool:
        """Let time pass until something can happen."""
        coming = self._coming()
        sleepers = [gate.not_before for gate in self._process.gates.waiting if gate.not_before]
        if coming is None and self._rests():
            return False
        first = min(sleepers, default=self._time.elapsed)
        self._time.elapsed = max(self._time.elapsed, first, coming or 0.0)
        self._log("time")
        return True

    def _coming(self) -> float | None:
        """When something comes, or is due by the clock on the wall."""
        copies = [copy.ready for copy in self.outside.source.waiting]
        ((due,),) = self.rules.rows(_DUE)
        if due is not None:
            copies.append(self._time.until(instant(due)))
        return min(copies, default=None)

    def _rests(self) -> bool:
        """Nothing is under way, here or at the source."""
        return not self.outside.source.out and not self.rules.rows(_OPEN)

    # -- what goes wrong --------------------------------------------------------------------

    async def _kill(self) -> None:
        self.kills += 1
        await self._again("kill")

    async def _again(self, how: str) -> None:
        """The process is gone; another one begins on the same journal."""
        self._log(how)
        await self._process.die()
        self.outside.source.drop()
        self.rules.check_histories()
        self._process = await Process.begun(self._setting)

    async def _stop(self) -> None:
        if self._process.stopping is None:
            self._log("stop")
            self._process.stop()

    async def _drop(self) -> None:
        """The line to the source is lost."""
        self._log("drop")
        self.outside.source.drop()
        for gate in [g for g in self._process.gates.waiting if g.what == "take"]:
            self._process.gates.let(gate, None)

    async def _set_clock(self) -> None:
        """The clock on the wall is set: wrong, or right again."""
        hours = self._rng.choice((0.0, 0.0, -2.0, 2.0)) * self._rng.random()
        self._time.wrong = timedelta(seconds=round(hours * 3600))
        self._log("clock", f"{self._time.wrong.total_seconds():+.0f}s")

    async def _activate(self) -> None:
        """Other tables come into force: at once, or a little later by the clock."""
        tables = self._rng.choice(self._releases)
        at_once = self._rng.random() < 0.5
        ((last,),) = self.rules.rows("SELECT max(since) FROM release")
        since = max(self._time.wall, instant(last))
        if not at_once:
            since += timedelta(seconds=self._rng.random() * 60)
        release = Release(tables.release, tables.digest, since, "a", "b", at_once=at_once)
        self._log("activate", tables.release, "at-once" if at_once else "later")
        await self._process.journal.activate(release)

    async def _dawdle(self) -> None:
        """Time passes though there is something to do."""
        coming = self._coming() or 0.0
        passing = self._rng.choice((0.5, 5.0, 70.0, 3600.0, None, None, None))
        self._time.elapsed = (
            max(self._time.elapsed, coming) if passing is None else self._time.elapsed + passing
        )
        self._log("time")

    def _log(self, what: str, *more: str) -> None:
        words = " ".join(word for word in (what, *more) if word)
        self.steps.append(f"{len(self.steps):05} {self._time.elapsed:.3f} {words}")


def _renamed(tables: Tables, name: str) -> Tables:
    return replace(tables, release=name, digest=hashlib.sha256(name.encode()).hexdigest())


def _quiet_loop() -> QuietLoop:
    """The loop that this runs in.

    Raises:
        TypeError: it is another one.
    """
    loop = asyncio.get_running_loop()
    if not isinstance(loop, QuietLoop):
        raise TypeError("a chaos simulation needs a QuietLoop")
    return loop
