"""Much small work in few jobs: what comes while a job is under way goes together into the next.

A job of an executor costs two changes of thread and as many fights for the interpreter, whatever
it does. Under load that would be more than the work itself; with nothing else to do, a piece of
work that comes alone is done at once and alone.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from gateway.clock import Executor

W = TypeVar("W")
R = TypeVar("R")


class Gathering(Generic[W, R]):
    """Gathers work for an executor."""

    def __init__(
        self,
        executor: Executor,
        work: Callable[[Sequence[W]], Sequence[R | Exception]],
        *,
        most: int,
        jobs: int = 1,
    ) -> None:
        """`work` takes up to `most` pieces and gives one result each, in their order.

        Up to `jobs` of them are under way at a time.
        """
        self._executor = executor
        self._work = work
        self._most = most
        self._idle = jobs
        self._gathered: deque[tuple[W, asyncio.Future[R]]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()

    async def do(self, piece: W) -> R:
        """What became of this piece; raises what `work` gave or raised for it."""
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._gathered.append((piece, future))
        if self._idle:
            self._idle -= 1
            task = asyncio.create_task(self._empty())  # begins once this turn's pieces are there
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await future

    async def _empty(self) -> None:
        try:
            while self._gathered:
                size = min(self._most, len(self._gathered))
                await self._one_job([self._gathered.popleft() for _ in range(size)])
        finally:
            self._idle += 1

    async def _one_job(self, batch: Sequence[tuple[W, "asyncio.Future[R]"]]) -> None:
        results: Sequence[R | Exception]
        try:
            results = await self._executor.run(self._work, [piece for piece, _ in batch])
        except Exception as error:  # noqa: BLE001 - it belongs to those who wait
            results = [error] * len(batch)
        for (_, future), result in zip(batch, results, strict=True):
            if future.done():  # who waited was cancelled
                continue
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)
