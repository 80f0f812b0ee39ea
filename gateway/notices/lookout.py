"""Looks for trouble, and sees to it that people hear of it: once when it begins, once when over.

A trouble is a reason of `/readyz`, or a part that is stuck, that lasts. What was told of, and what
is still to be delivered, stands in the journal, so that one worker tells of what several see, and
another one delivers what the one that made it could not (`ledger`). That the journal cannot be used
each worker tells by itself, and what lasts while it cannot.

Nothing here can hold up the pipeline: it reads what others saw, and each attempt to deliver has a
thread of its own that nobody waits for longer than its time-out, not even at the end.
"""

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from gateway.clock import Clock
from gateway.config import Notices
from gateway.errors import JournalUnavailable
from gateway.log import logger
from gateway.metrics import Metrics
from gateway.notices import CLOSED, Notice
from gateway.notices.keeping import Shelf
from gateway.notices.ledger import Ledger, Look, Rules
from gateway.notices.ways import Way
from gateway.seen.watching import Sight

LOOK_SECONDS: Final = 15.0
"""Between two looks, and two attempts to deliver the same notice, at most."""
QUIET: Final = frozenset({"starting", "draining"})
"""Reasons of `/readyz` that are no trouble."""
OF_THE_JOURNAL: Final = frozenset({"journal-unavailable"})
"""What the journal cannot be asked about."""
LEASE: Final = timedelta(seconds=60)
"""For so long beyond its time-out nobody else delivers what a worker has taken; then it is dead."""


class Lookout:
    """Looks, remembers, and tells.

    Args:
        see: what one look at the gateway tells.
        ways: how people are told, by name; without any nothing is looked for.
        own: where it is remembered what was told while the journal could not be used.
        shared: where all workers remember what was told.
        worker: the name of this one.
    """

    def __init__(
        self,
        see: Callable[[], Awaitable[Sight]],
        ways: Mapping[str, Way],
        clock: Clock,
        metrics: Metrics,
        settings: Notices,
        *,
        own: Shelf,
        shared: Shelf,
        worker: str,
    ) -> None:
        self._see = see
        self._ways = ways
        self._clock = clock
        self._metrics = metrics
        self._settings = settings
        self._own = own
        self._shared = shared
        self._worker = worker
        self._rules = Rules(
            timedelta(seconds=settings.after_seconds), settings.per_hour, tuple(ways)
        )
        self._since: dict[str, datetime] = {}
        self._watching: dict[Shelf, datetime] = {}
        self._cut_off: datetime | None = None
        self._attempts: dict[tuple[str, str], asyncio.Future[str]] = {}
        self._wrong: dict[str, str] = {}

    async def run(self) -> None:
        """Look and tell until cancelled."""
        while True:
            await self.turn()
            await self._clock.sleep(min(LOOK_SECONDS, self._settings.after_seconds))

    async def turn(self) -> None:
        """One look, and one attempt to deliver what waits."""
        if not self._ways:
            return
        now = self._clock.now()
        seen = _causes(await self._see(), self._since)
        self._since = {cause: self._since.get(cause, now) for cause in seen}
        await self._own.change(lambda _: None)  # what an earlier run told
        own = frozenset(cause for cause in seen if self._is_own(cause, now))
        await self._work(self._own, own, now, self._shared)
        try:
            await self._work(self._shared, seen - own, now, self._own)
            self._cut_off = None
        except JournalUnavailable:
            self._cut_off = self._cut_off or now
            self._watching.pop(self._shared, None)

    def _is_own(self, cause: str, now: datetime) -> bool:
        """We tell of it by ourselves: the journal is what is wrong, or has been away for long."""
        if cause in OF_THE_JOURNAL or self._own.last.told(cause, self._worker):
            return True
        away = self._cut_off is not None and now - self._cut_off >= self._rules.after
        return away and not self._shared.last.told(cause, self._worker)

    async def _work(self, shelf: Shelf, seen: Collection[str], now: datetime, other: Shelf) -> None:
        """One turn of a ledger, and what waits in it.

        Raises:
            JournalUnavailable: the ledger is there, and cannot be used.
        """
        lasting = {c: at for c, at in self._since.items() if now - at >= self._rules.after}
        watching = self._watching.setdefault(shelf, now)
        look = Look(now, self._worker, lasting, seen, watching)

        def turn(ledger: Ledger) -> tuple[Sequence[Notice], int]:
            before = ledger.untold
            made = ledger.turn(look, self._rules, other.last.issued)
            return made, ledger.untold - before + sum(notice.untold for notice in made)

        made, untold = await shelf.change(turn)
        for _ in range(untold):
            self._metrics.notice_untold()
        for notice in made:
            if notice.event == CLOSED:
                logger().info("trouble-over", cause=notice.cause)
            else:
                logger().warning("trouble", cause=notice.cause)
        delivered = await asyncio.gather(
            *(self._deliver(shelf, way) for way in self._ways), return_exceptions=True
        )
        for failed in delivered:
            if failed is not None:
                raise failed

    async def _deliver(self, shelf: Shelf, way: str) -> None:
        """Everything that waits for one way, in order, up to the first that is not taken."""
        while await self._delivers(shelf, way):
            pass

    async def _delivers(self, shelf: Shelf, way: str) -> bool:
        """Deliver what is next; false when nothing is, or it was not taken."""
        if not shelf.last.waiting.get(way):
            return False
        now, mine = self._clock.now(), self._worker
        until = now + timedelta(seconds=self._settings.timeout_seconds) + LEASE
        notice = await shelf.change(lambda ledger: ledger.take(way, mine, now, until))
        if notice is None:
            return False
        wrong = await self._attempt(way, notice)
        self._metrics.notice(way, "failed" if wrong else "sent")
        self._tell_of(way, wrong)
        await shelf.change(lambda ledger: ledger.settle(way, mine, notice, delivered=not wrong))
        return not wrong

    def _tell_of(self, way: str, wrong: str) -> None:
        """Say once that a way takes nothing, and once that it does again."""
        before = self._wrong.pop(way, "")
        if wrong:
            self._wrong[way] = wrong
            if wrong != before:
                logger().warning("notice-not-sent", destination=way, error_code=wrong)
        elif before:
            logger().info("notices-sent-again", destination=way)

    async def _attempt(self, way: str, notice: Notice) -> str:
        """Empty when it was taken, else why not; an attempt that still goes on is not doubled."""
        going_on = self._attempts.pop((way, notice.id), None)
        attempt = going_on or _detached(self._ways[way], notice, self._clock.now())
        await asyncio.wait({attempt}, timeout=self._settings.timeout_seconds)
        if attempt.done():
            return attempt.result()
        self._attempts[way, notice.id] = attempt
        return "timed-out"


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
