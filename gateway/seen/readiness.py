"""What one sees of a running gateway from outside: why it is not ready, and whether it is idle.

Readiness tells the truth: a gateway that takes messages and cannot record them is not ready, nor
is one whose oldest message waits too long, nor one that nobody has looked at for a while.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from gateway.clock import Clock
from gateway.errors import JournalUnavailable
from gateway.intake import Intake
from gateway.journal import Journal
from gateway.journal.rows import Backlog, Counts, ServiceKind
from gateway.log import logger
from gateway.metrics import Metrics
from gateway.transport import Consumer, Inbound

STALE_SECONDS: Final = 15.0
"""A look older than this says nothing any more."""
HARMLESS: Final = frozenset({"inbound-not-a-file"})
"""Problems that are told, and keep nothing else from getting through."""
SETTLING: Final = timedelta(seconds=5)
"""What happened less than this ago may still be on its way into the journal."""
COUNT_SECONDS: Final = 15.0
"""Between two counts of the whole journal, which cost more the longer it is."""


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen at the last look; what could not be seen is as it was before."""

    inbound: Inbound
    backlog: Backlog
    counts: Counts
    """Counted at most every `COUNT_SECONDS`."""
    in_flight: int = 0
    unusable: bool = False
    """Messages cannot be taken from where they come from."""
    trouble: str | None = None
    """What keeps messages from being recorded, as a code."""


class Readiness:
    """Looks at the parts of a gateway, keeps what it saw, and shows it as metrics."""

    def __init__(
        self,
        journal: Journal,
        consumer: Consumer,
        intake: Intake,
        metrics: Metrics,
        clock: Clock,
        *,
        oldest_waiting_seconds: float,
    ) -> None:
        self._journal = journal
        self._consumer = consumer
        self._intake = intake
        self._metrics = metrics
        self._clock = clock
        self._patience = oldest_waiting_seconds
        self._problems: tuple[str, ...] = ("starting",)
        self._seen: float | None = None
        self._counted: float | None = None
        self._served: datetime | None = None
        self._draining = False
        self._strays: frozenset[str] = frozenset()
        self._last = Look(Inbound(0, None), Backlog(0, None), Counts({}, {}, {}, {}, {}))

    @property
    def last(self) -> Look:
        """What was seen at the last look; costs nothing."""
        return self._last

    async def problems(self) -> tuple[str, ...]:
        """Why the gateway is not ready, as codes; empty when it is."""
        if self._draining:
            return ("draining",)
        age = 0.0 if self._seen is None else self._clock.monotonic() - self._seen
        return self._problems if age <= STALE_SECONDS else ("not-observed",)

    def drain(self) -> None:
        """From now on nobody should count on us."""
        self._draining = True
        self._metrics.not_ready(("draining",))

    async def look(self) -> bool:
        """One look; True when nothing waits, is under way or due but what a person holds back."""
        inbound = await self._consumer.inbound()
        problems = [*self._of_inbound(inbound), *self._of_intake()]
        self._last = replace(
            self._last,
            inbound=inbound,
            in_flight=self._intake.in_flight,
            unusable=bool(set(inbound.problems) - HARMLESS),
            trouble=self._intake.trouble,
        )
        due = 0
        try:
            await self._journal.beat(self._clock.now())
            backlog = await self._journal.backlog(self._clock.now())
            self._last = replace(self._last, backlog=backlog)
            due = self._of_outbox(backlog)
            await self._count()
        except JournalUnavailable as error:
            problems.append(error.code)
        self._problems = tuple(dict.fromkeys(problems))
        self._seen = self._clock.monotonic()
        self._metrics.not_ready(self._problems)
        return not (inbound.waiting or self._intake.in_flight or due or problems)

    def _of_inbound(self, inbound: Inbound) -> list[str]:
        age = 0.0
        if inbound.oldest is not None:
            age = max((self._clock.now() - inbound.oldest).total_seconds(), 0.0)
        self._metrics.waiting(inbound=inbound.waiting, oldest_seconds=age)
        self._tell_of(inbound.strays)
        problems = [code for code in inbound.problems if code not in HARMLESS]
        return [*problems, "oldest-message-waits"] if age > self._patience else problems

    def _tell_of(self, strays: frozenset[str]) -> None:
        """Say once of each entry that is no message file that it stays where it is."""
        for name in sorted(strays - self._strays):
            logger().error("inbound-not-a-file", path=name, error_code="inbound-not-a-file")
        self._strays = strays

    def _of_intake(self) -> list[str]:
        problems = [self._intake.trouble] if self._intake.trouble is not None else []
        return [*problems, "paused"] if self._intake.paused else problems

    def _of_outbox(self, backlog: Backlog) -> int:
        age = 0.0
        if backlog.oldest_due is not None:
            age = max((self._clock.now() - backlog.oldest_due).total_seconds(), 0.0)
        self._metrics.outbox(depth=backlog.unsent, oldest_seconds=age, held=backlog.held)
        waits = 0.0
        if backlog.oldest_proposed is not None:
            waits = max((self._clock.now() - backlog.oldest_proposed).total_seconds(), 0.0)
        self._metrics.proposed(number=backlog.proposed, oldest_seconds=waits)
        self._metrics.timers_overdue(backlog.cases_due)
        return backlog.unsent - backlog.held + backlog.cases_due

    async def _serve(self) -> None:
        """Count what happened with partners since the last look; what is being written comes next.

        After a start it begins anew, as counters do.
        """
        until = self._clock.now() - SETTLING
        since, self._served = self._served, until
        if since is None or until <= since:
            return
        for step in await self._journal.service_steps(since, until):
            if step.took is not None:
                self._metrics.served(step.kind.value, step.country, step.took.total_seconds())
            if step.kind is ServiceKind.QUESTION:
                self._metrics.asked(step.country)
            if step.kind is ServiceKind.REMINDER:
                self._metrics.reminded(step.country)

    async def _count(self) -> None:
        now = self._clock.monotonic()
        if self._counted is not None and now - self._counted < COUNT_SECONDS:
            return
        counts = await self._journal.counts()
        self._counted = now
        self._last = replace(self._last, counts=counts)
        await self._serve()
        oldest = counts.worklist_oldest
        age = max((self._clock.now() - oldest).total_seconds(), 0.0) if oldest else 0.0
        self._metrics.worklist(counts.worklist, oldest_seconds=age)
        self._metrics.quarantine(counts.quarantine)
        self._metrics.questions_open(counts.questions)
