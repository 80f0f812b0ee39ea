"""Looks for trouble, and sees to it that people hear of it: once when it begins, once when over.

A trouble is a reason of `/readyz`, or a part that is stuck, that lasts. It is over when it has not
been seen for as long as it takes to be told of, so that one that flickers is one trouble. There is
a cap an hour for all notices: what does not fit waits; a trouble that ends while it waits is not
told of, but counted, and the next notice says how many there were.

Nothing here can hold up the pipeline: it reads what others saw, and each attempt to deliver has a
thread of its own that nobody waits for longer than its time-out, not even at the end.
"""

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from gateway.clock import Clock
from gateway.config import Notices
from gateway.log import logger
from gateway.metrics import Metrics
from gateway.notices import Notice
from gateway.notices.keeping import Memory, load, save
from gateway.notices.ways import Way
from gateway.seen.watching import Sight

LOOK_SECONDS: Final = 15.0
"""Between two looks, and two attempts to deliver the same notice, at most."""
QUIET: Final = frozenset({"starting", "draining"})
"""Reasons of `/readyz` that are no trouble."""
MOST_WAITING: Final = 50
"""Notices that wait for one way; of more, old ones are let go and counted as untold."""
_HOUR: Final = timedelta(hours=1)


@dataclass(slots=True)
class _Trouble:
    since: datetime
    last: datetime
    """When it was last seen."""
    told: bool = False


class Lookout:
    """Looks, remembers, and tells.

    Args:
        see: what one look at the gateway tells.
        ways: how people are told, by name; without any nothing is looked for.
        path: where it is remembered what was told.
    """

    def __init__(
        self,
        see: Callable[[], Awaitable[Sight]],
        ways: Mapping[str, Way],
        clock: Clock,
        metrics: Metrics,
        settings: Notices,
        path: Path,
    ) -> None:
        self._see = see
        self._ways = ways
        self._clock = clock
        self._metrics = metrics
        self._settings = settings
        self._path = path
        self._after = timedelta(seconds=settings.after_seconds)
        self._troubles: dict[str, _Trouble] = {}
        self._memory = Memory(waiting={way: [] for way in ways})
        self._written: bytes | None = None
        self._kept = True
        self._attempts: dict[str, asyncio.Future[str]] = {}
        self._wrong: dict[str, str] = {}

    async def run(self) -> None:
        """Look and tell until cancelled."""
        await self.remember()
        while True:
            await self.turn()
            await self._clock.sleep(min(LOOK_SECONDS, self._settings.after_seconds))

    async def remember(self) -> None:
        """Take up what an earlier run told; what it told of is over only when it stays away."""
        if not self._ways:
            return
        try:
            self._memory = await asyncio.to_thread(load, self._path)
        except (OSError, ValueError):
            logger().warning("notices-forgotten")
        now = self._clock.now()
        self._troubles = {
            cause: _Trouble(since, now, told=True) for cause, since in self._memory.told.items()
        }
        waiting = self._memory.waiting
        self._memory.waiting = {way: waiting.get(way, []) for way in self._ways}

    async def turn(self) -> None:
        """One look, and one attempt to deliver what waits."""
        if not self._ways:
            return
        now = self._clock.now()
        self._note(_causes(await self._see(), self._troubles), now)
        self._issue(now)
        await self._keep()
        await asyncio.gather(*(self._deliver(way) for way in self._ways))
        await self._keep()

    def _note(self, causes: frozenset[str], now: datetime) -> None:
        """Write down what is seen; forget what is gone and was not told of."""
        for cause in causes:
            self._troubles.setdefault(cause, _Trouble(now, now)).last = now
        for cause, trouble in list(self._troubles.items()):
            if cause not in causes and not trouble.told:
                if trouble.last - trouble.since >= self._after:  # it waited for room
                    self._untold()
                del self._troubles[cause]

    def _issue(self, now: datetime) -> None:
        """Make the notices that are due, as far as the cap lets us."""
        begun = [at for at in self._memory.issued if now - _HOUR < at <= now]
        for cause, trouble in sorted(self._troubles.items(), key=lambda item: item[1].since):
            lasting = now - trouble.last if trouble.told else trouble.last - trouble.since
            if lasting >= self._after and len(begun) < self._settings.per_hour:
                begun.append(now)
                self._told(cause, trouble)
        self._memory.issued = begun

    def _told(self, cause: str, trouble: _Trouble) -> None:
        until = trouble.last if trouble.told else None
        notice = Notice(cause, trouble.since, until, self._memory.untold)
        self._memory.untold = 0
        for waiting in self._memory.waiting.values():
            waiting.append(notice)
            if len(waiting) > MOST_WAITING:
                del waiting[1]  # the first may be under way
                self._untold()
        if trouble.told:
            del self._troubles[cause]
            del self._memory.told[cause]
            logger().info("trouble-over", cause=cause)
        else:
            trouble.told = True
            self._memory.told[cause] = trouble.since
            logger().warning("trouble", cause=cause)

    def _untold(self) -> None:
        self._memory.untold += 1
        self._metrics.notice_untold()

    async def _deliver(self, way: str) -> None:
        """Everything that waits for one way, in order, up to the first that is not taken."""
        waiting = self._memory.waiting[way]
        while waiting:
            wrong = await self._attempt(way, waiting[0])
            self._metrics.notice(way, "failed" if wrong else "sent")
            if wrong:
                if wrong != self._wrong.get(way):
                    logger().warning("notice-not-sent", destination=way, error_code=wrong)
                self._wrong[way] = wrong
                return
            waiting.pop(0)
            if self._wrong.pop(way, None):
                logger().info("notices-sent-again", destination=way)

    async def _attempt(self, way: str, notice: Notice) -> str:
        """Empty when it was taken, else why not; an attempt that still goes on is not doubled."""
        going_on = self._attempts.pop(way, None)
        attempt = going_on or _detached(self._ways[way], notice, self._clock.now())
        await asyncio.wait({attempt}, timeout=self._settings.timeout_seconds)
        if attempt.done():
            return attempt.result()
        self._attempts[way] = attempt
        return "timed-out"

    async def _keep(self) -> None:
        """Write down what has changed; what cannot be written is said once."""
        content = self._memory.written()
        if content == self._written:
            return
        try:
            await asyncio.to_thread(save, self._path, content)
        except OSError as error:
            if self._kept:
                logger().warning("notices-not-kept", error_code=f"errno-{error.errno}")
            self._kept = False
        else:
            self._written, self._kept = content, True


def _causes(sight: Sight, known: Mapping[str, object]) -> frozenset[str]:
    """What is wrong now. What `/readyz` explains begins there, and is not told of twice."""
    reasons = set(sight.reasons) - QUIET
    explained = bool(sight.reasons) and "intake-stuck" not in known
    return frozenset(reasons | set(sight.stuck) - ({"intake-stuck"} if explained else set()))


def _detached(way: Way, notice: Notice, at: datetime) -> "asyncio.Future[str]":
    """An attempt in a thread that ends with the process, so that no server can hold up its end."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[str] = loop.create_future()

    def settle(wrong: str) -> None:
        if not answer.done():
            answer.set_result(wrong)

    def work() -> None:
        wrong = "failed"
        try:
            wrong = way(notice, at)
        finally:
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(settle, wrong)

    threading.Thread(target=work, name="notice", daemon=True).start()
    return answer
