"""An event loop that says when it is quiet: when no task can go on before somebody lets it."""

import asyncio
import selectors
from collections.abc import Sequence

_Events = list[tuple[selectors.SelectorKey, int]]


class _Listening(selectors.DefaultSelector):
    """Tells who waits for quiet instead of sleeping: the loop sleeps only when nothing is ready."""

    def __init__(self) -> None:
        super().__init__()
        self.waiter: asyncio.Future[None] | None = None

    def select(self, timeout: float | None = None) -> _Events:
        """As of the base; with a waiter nobody ever sleeps."""
        waiter = self.waiter
        if waiter is None or (timeout is not None and timeout <= 0):
            return super().select(timeout)
        found = super().select(0)
        if not found:
            self.waiter = None
            waiter.set_result(None)
        return found


class QuietLoop(asyncio.SelectorEventLoop):
    """A loop for one who lets everybody else go on, one after another."""

    def __init__(self) -> None:
        self._listening = _Listening()
        super().__init__(self._listening)
        self.troubles: list[str] = []
        self.set_exception_handler(self._troubled)

    async def quiet(self) -> None:
        """Return when every other task waits for something that nobody has done yet."""
        self._listening.waiter = self.create_future()
        await self._listening.waiter

    def take_troubles(self) -> Sequence[str]:
        """Names of exceptions that nobody took, since the last time."""
        found, self.troubles = self.troubles, []
        return found

    def _troubled(self, _loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        error = context.get("exception")
        self.troubles.append(type(error).__name__ if error is not None else "unknown")
