"""What makes a run repeatable: time and threads, injected instead of taken (ADR 0003)."""

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, ParamSpec, Protocol, TypeVar

YEARS: Final = (1990, 9998)
"""The first and the last year that can be reckoned with: each day of them has one before and after
it in any zone."""

P = ParamSpec("P")
T = TypeVar("T")


class Clock(Protocol):
    """The only source of time in the package."""

    def now(self) -> datetime:
        """The wall clock, as an aware time in UTC."""

    def monotonic(self) -> float:
        """Seconds since some fixed instant; never runs backwards."""

    async def sleep(self, seconds: float) -> None:
        """Return when `seconds` have passed; zero or less only lets others run."""


class SystemClock:
    """The time of this machine."""

    def now(self) -> datetime:
        """The wall clock, as an aware time in UTC."""
        return datetime.now(UTC)  # noqa: TID251 - the one place allowed to

    def monotonic(self) -> float:
        """Seconds since some fixed instant; never runs backwards."""
        return time.monotonic()  # noqa: TID251 - the one place allowed to

    async def sleep(self, seconds: float) -> None:
        """Return when `seconds` have passed."""
        await asyncio.sleep(seconds)  # noqa: TID251 - the one place allowed to


class ManualClock:
    """A time that only moves when told to: for tests and for simulation.

    Those who sleep wake in the order of their times (then in the order they fell asleep), each
    seeing the time it asked for; between two of them every other task gets `turns` turns of the
    loop, which is enough when nothing works in another thread.
    """

    def __init__(self, start: datetime, *, turns: int = 20) -> None:
        if start.tzinfo is None:
            raise ValueError("start: an aware time is needed")
        self._now = start.astimezone(UTC)
        self._elapsed = 0.0
        self._turns = turns
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        """The time as it was last moved, in UTC."""
        return self._now + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        """Seconds that the clock was advanced since it was made."""
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        """Return once the clock was advanced by `seconds`."""
        if seconds <= 0:
            await asyncio.sleep(0)  # noqa: TID251 - yields, waits for no time
            return
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._elapsed + seconds, next(self._order), woken))
        await woken

    def next_wake(self) -> float | None:
        """Seconds until the first sleeper wakes, None when nobody sleeps."""
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)  # cancelled in its sleep
        return max(0.0, self._sleepers[0][0] - self._elapsed) if self._sleepers else None

    async def advance(self, seconds: float) -> None:
        """Move time on, waking on the way those who sleep, also those who fall asleep meanwhile.

        Raises:
            ValueError: `seconds` is negative.
        """
        if seconds < 0:
            raise ValueError("time does not run backwards")
        end = self._elapsed + seconds
        await self._settle()
        while self.next_wake() is not None and self._sleepers[0][0] <= end:
            at, _, woken = heapq.heappop(self._sleepers)
            self._elapsed = max(self._elapsed, at)
            woken.set_result(None)
            await self._settle()
        self._elapsed = end

    async def _settle(self) -> None:
        for _ in range(self._turns):
            await asyncio.sleep(0)  # noqa: TID251 - yields, waits for no time


class Executor(Protocol):
    """Where synchronous work is done."""

    async def run(self, fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what `fn` returns, or raise what it raises."""

    def close(self) -> None:
        """Wait for the work begun, then take no more."""


class InlineExecutor:
    """Works on the calling thread: a simulation on one thread replays by its seed."""

    async def run(self, fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what `fn` returns, or raise what it raises."""
        return fn(*args, **kwargs)

    def close(self) -> None:
        """Nothing to close."""


@dataclass(slots=True)
class _Pool:
    threads: ThreadPoolExecutor
    begun: int = 0
    unfinished: set[Future[object]] = field(default_factory=set)

    def submit(self, call: Callable[[], T]) -> Future[T]:
        self.begun += 1
        future = self.threads.submit(call)
        kept: Future[object] = future  # type: ignore[assignment]  # Future is invariant; only kept
        self.unfinished.add(kept)
        kept.add_done_callback(self.unfinished.discard)
        return future


class ThreadExecutor:
    """Works in threads of its own, which are replaced every `recycle_after` jobs.

    lxml 6 gives the names of elements back only when the thread that met them ends, so parser
    threads must end now and then. Jobs begun or waiting in the old threads are finished there;
    for that while there can be twice `max_workers` threads. A writer that relies on being alone
    therefore uses `recycle_after=None` (never), which is the default.
    """

    def __init__(
        self, max_workers: int, *, recycle_after: int | None = None, name: str = "gateway"
    ) -> None:
        if max_workers < 1 or (recycle_after is not None and recycle_after < 1):
            raise ValueError("max_workers and recycle_after count from 1")
        self._max_workers = max_workers
        self._recycle_after = recycle_after
        self._name = name
        self._pool = self._new_pool()
        self._retired: list[_Pool] = []

    async def run(self, fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what `fn` returns, or raise what it raises.

        When the caller is cancelled, a job already begun still runs to its end.
        """
        if self._recycle_after is not None and self._pool.begun >= self._recycle_after:
            self._recycle()
        return await asyncio.wrap_future(self._pool.submit(lambda: fn(*args, **kwargs)))

    def close(self) -> None:
        """Wait for the jobs begun, then take no more (a later `run` raises RuntimeError)."""
        self._recycle_after = None  # no new threads: the closed ones refuse what comes later
        for pool in (*self._retired, self._pool):
            pool.threads.shutdown(wait=True)
        self._retired.clear()

    def _recycle(self) -> None:
        self._pool.threads.shutdown(wait=False)
        self._retired = [p for p in (*self._retired, self._pool) if p.unfinished]
        self._pool = self._new_pool()

    def _new_pool(self) -> _Pool:
        return _Pool(ThreadPoolExecutor(self._max_workers, thread_name_prefix=self._name))


@dataclass(frozen=True, slots=True)
class Executors:
    """The two places where synchronous work is done: many parsers, one writer."""

    parse: Executor
    write: Executor

    def close(self) -> None:
        """Close both, the writer last."""
        self.parse.close()
        self.write.close()
