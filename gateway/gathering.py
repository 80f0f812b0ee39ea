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

        Up to `jobs` of them are under way at a time; one more begins when it has all it can take.
        """
        self._executor = executor
        self._work = work
        self._most = most
        self._jobs = jobs
        self._under_way = 0
        self._gathered: deque[tuple[W, asyncio.Future[R | Exception]]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()

    async def do(self, piece: W) -> R:
        """What became of this piece; raises what `work` gave or raised for it."""
        outcome = await self.outcome(piece)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def outcome(self, piece: W) -> R | Exception:
        """The same, with what went wrong as a value."""
        future: asyncio.Future[R | Exception] = asyncio.get_running_loop().create_future()
        self._gathered.append((piece, future))
        full = len(self._gathered) >= self._most
        if self._under_way == 0 or (full and self._under_way < self._jobs):
            self._under_way += 1
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
            self._under_way -= 1

    async def _one_job(self, batch: "Sequence[tuple[W, asyncio.Future[R | Exception]]]") -> None:
        job = self._executor.run(self._work, [piece for piece, _ in batch])
        [results] = await asyncio.gather(job, return_exceptions=True)
        if isinstance(results, BaseException):
            if len(batch) > 1:
                for one in batch:
                    await self._one_job([one])
                return
            results = [_failure(results)]
        for (_, future), result in zip(batch, results, strict=True):
            if not future.done():  # who waited was cancelled
                future.set_result(result)


def _failure(error: BaseException) -> Exception:
    """An error as a value; the end of the program is nobody's value."""
    if isinstance(error, Exception):
        return error
    raise error
