"""The outbox: claim -> publish with confirm -> mark as handed over, or defer.

A destination that fails is left alone for a while (circuit breaker) and holds back only itself.
What is sent again is the same bytes under the same id: delivery outside is at least once.
What a person holds back is never claimed (`journal.pausing`).
"""

import asyncio
import zlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from gateway.clock import Clock
from gateway.core.states import SendingState
from gateway.core.trace_context import caused
from gateway.errors import JournalUnavailable, TransportUnavailable
from gateway.journal import Claimed, Journal
from gateway.log import about, logger
from gateway.metrics import Metrics
from gateway.traces.spans import Span, Spans, Untraced
from gateway.transport import Publisher

LEASE_SECONDS: Final = 60.0
"""A claim not settled by then may be claimed again (the worker is taken for dead)."""
LARGE_LEASE_SECONDS: Final = 300.0
"""The same for a large sending, from when its turn has come."""
IDLE_SECONDS: Final = 1.0
"""Between two looks at the outbox when nothing woke us."""
SPREAD: Final = 0.25
"""Part of a pause over which the sendings that failed together come back one by one."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How failures slow a destination down (seconds, counts)."""

    batch: int = 100
    retry_first: float = 5.0
    retry_cap: float = 900.0
    breaker_failures: int = 5
    breaker_seconds: float = 60.0


@dataclass(slots=True)
class _Health:
    """How a destination has been answering."""

    failures: int = 0
    closed_until: float = 0.0


class Relay:
    """Empties the outbox."""

    def __init__(
        self,
        journal: Journal,
        publisher: Publisher,
        clock: Clock,
        metrics: Metrics,
        pace: Pace,
        *,
        status_after: timedelta | None = None,
        spans: Spans | None = None,
    ) -> None:
        self._journal = journal
        self._publisher = publisher
        self._clock = clock
        self._metrics = metrics
        self._pace = pace
        self._status_after = status_after
        self._spans = spans or Untraced()
        self._health: defaultdict[str, _Health] = defaultdict(_Health)
        self._woken = asyncio.Event()
        self._ending = False
        self._line: asyncio.Task[None] | None = None
        """Large sendings that are under way, one after another."""

    def wake(self) -> None:
        """There may be something to send."""
        self._woken.set()

    @property
    def closed(self) -> frozenset[str]:
        """Destinations that are left alone just now."""
        now = self._clock.monotonic()
        return frozenset(d for d, health in self._health.items() if health.closed_until > now)

    async def run(self) -> None:
        """Send until told to end; what was claimed by then is sent, or put back."""
        while not self._ending:
            self._woken.clear()
            if not await self._moved():
                await self._rest()
        if self._line is not None:  # the one that is under way; the rest is given back
            await self._line

    async def _moved(self) -> int:
        """One turn; an outbox that cannot be read or written now is tried again."""
        try:
            return await self.turn()
        except JournalUnavailable as error:
            logger().error("outbox-unreadable", error_code=error.code)
            return 0

    def end(self) -> None:
        """Let `run` return after the turn that it is in."""
        self._ending = True
        self.wake()

    async def turn(self) -> int:
        """One claim and what becomes of it; how many sendings moved.

        What is large goes by itself, while the next turns go on.
        """
        if self._line is not None and self._line.done():
            line, self._line = self._line, None
            line.result()
        claims = await self._journal.claim(self._pace.batch, self._clock.now(), LEASE_SECONDS)
        if not claims:
            return 0
        closed = self.closed
        for claim in claims:
            if claim.destination in closed:
                await self._put_back(claim)
        open_ = [c for c in claims if c.destination not in closed]
        large = [c for c in open_ if c.large]
        if large and self._ending:  # one a turn, and who counts the turns ends them
            for claim in large[1:]:
                await self._journal.renew(claim, None)
            await self._send_large(large[0])
        elif large:
            self._line = asyncio.create_task(self._after(self._line, large))
        return len(large) + await self._send([c for c in open_ if not c.large])

    async def _after(self, before: "asyncio.Task[None] | None", large: Sequence[Claimed]) -> None:
        """Send what is large, one after another: one of them is in memory at a time."""
        if before is not None:
            await before
        for claim in large:
            try:
                if self._ending:
                    await self._journal.renew(claim, None)
                else:
                    await self._send_large(claim)
            except JournalUnavailable as error:
                logger().error("outbox-unreadable", error_code=error.code)
            self.wake()  # for what stood behind it

    async def _send_large(self, claim: Claimed) -> None:
        """Send it, unless it is not ours any more: its turn may have come late.

        Whether it may leave is asked again, for the same reason.
        """
        if claim.destination in self.closed:
            await self._put_back(claim)
            return
        until = self._clock.now() + timedelta(seconds=LARGE_LEASE_SECONDS)
        if not await self._journal.renew(claim, until):
            return
        body = await self._journal.body(claim.digest)
        if body is None:
            await self._journal.withdraw(claim, self._clock.now(), "no-body")
        else:
            await self._send([replace(claim, body=body)])

    async def _rest(self) -> None:
        """Sleep until somebody wakes us, or long enough for a retry to be due."""
        sleeping = asyncio.ensure_future(self._clock.sleep(IDLE_SECONDS))
        waking = asyncio.ensure_future(self._woken.wait())
        try:
            await asyncio.wait({sleeping, waking}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            waking.cancel()

    async def _send(self, claims: Sequence[Claimed]) -> int:
        if not claims:
            return 0
        since, began = self._clock.now(), self._clock.monotonic()
        results = await self._publisher.publish(claims)
        took = self._clock.monotonic() - began
        for _ in claims:  # each has waited until the last of them was confirmed
            self._metrics.took("publish", took)
        confirmed = [c for c, error in zip(claims, results, strict=True) if error is None]
        failed = [(c, e) for c, e in zip(claims, results, strict=True) if e is not None]
        if confirmed:
            await self._confirmed(confirmed)
            logger().info("batch-sent", count=len(confirmed))
        for claim, error in zip(claims, results, strict=True):
            self._trace(claim, error, since)
        for claim in confirmed:
            self._health[claim.destination].failures = 0
            self._metrics.sending(claim.kind, SendingState.HANDED_OVER.value)
            with about(**_place(claim)):
                logger().debug("sent", message_id=claim.message_id, destination=claim.destination)
        for claim, error in failed:
            await self._failed(claim, error)
        return len(confirmed)

    def _trace(self, claim: Claimed, error: TransportUnavailable | None, since: datetime) -> None:
        """One span for what has left, under the id that went with it; another for a failure."""
        if claim.trace is None or not self._spans.on:
            return
        again = f"{claim.message_id} attempt {claim.attempts}"
        self._spans.done(
            Span(
                f"publish {claim.kind}",
                claim.trace if error is None else caused(claim.trace, again),
                claim.cause,
                since,
                self._clock.now(),
                sends=True,
                error_code=error.code if error is not None else None,
                keys={
                    "message_id": claim.message_id,
                    "case_id": claim.case_id,
                    "destination": claim.destination,
                    "attempt": claim.attempts,
                },
            )
        )

    async def _confirmed(self, claims: Sequence[Claimed]) -> None:
        """Write that they are handed over, and until when the far side should say more."""
        now, after = self._clock.now(), self._status_after
        await self._journal.handed_over(claims, now, now + after if after is not None else None)

    async def _failed(self, claim: Claimed, error: TransportUnavailable) -> None:
        """Try again later; after too many failures in a row leave the destination alone."""
        self._metrics.send_failed(claim.kind)
        health = self._health[claim.destination]
        health.failures += 1
        if health.failures >= self._pace.breaker_failures:
            health.closed_until = self._clock.monotonic() + self._pace.breaker_seconds
            health.failures = 0
        with about(**_place(claim)):
            logger().warning(
                "sending-deferred",
                message_id=claim.message_id,
                destination=claim.destination,
                attempt=claim.attempts,
                error_code=error.code,
            )
        pause = min(self._pace.retry_first * 2 ** min(claim.attempts, 16), self._pace.retry_cap)
        due = self._clock.now() + timedelta(seconds=pause * (1 - SPREAD * _lot(claim)))
        await self._journal.defer(claim, due, error.code)

    async def _put_back(self, claim: Claimed) -> None:
        wait = self._health[claim.destination].closed_until - self._clock.monotonic()
        late = self._pace.breaker_seconds * SPREAD * _lot(claim)
        due = self._clock.now() + timedelta(seconds=max(wait, 0.0) + late)
        await self._journal.defer(claim, due, "destination-closed")


def _lot(claim: Claimed) -> float:
    """From 0 to 1; drawn from the sending and its attempt, so that a run can be replayed."""
    return zlib.crc32(f"{claim.message_id} {claim.attempts}".encode()) / 2**32


def _place(claim: Claimed) -> dict[str, str]:
    """Where in which trace the sending stands, for the log."""
    return claim.trace.ids if claim.trace is not None else {}
