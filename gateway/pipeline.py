"""One message, top to bottom: receive -> read -> validate -> decide -> record -> settle.

Once the journal has it, the source is done with it. Nothing leaves before it is written: what
must leave is in the journal with the decision, and `relay` sends it. Who comes before whom, when
there are many, is the matter of `intake`; what the bytes say, that of `examining`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from gateway.clock import Clock
from gateway.core.case import Case
from gateway.core.decision import cause, name
from gateway.core.judgement import Judgement
from gateway.core.judging import Arrival, Examined, Policy, judge, set_aside
from gateway.core.message import Malformed
from gateway.core.reading import Limits
from gateway.core.tables import Tables
from gateway.core.trace_context import TraceContext, caused
from gateway.core.validation import Schemas
from gateway.errors import GatewayError, JournalConflict, JournalUnavailable
from gateway.examining import trace
from gateway.journal import Duplicate, Entry, IdentityConflict, Journal, Outcome, Recorded
from gateway.log import about, logger
from gateway.metrics import Metrics
from gateway.traces.spans import Span, Spans, Untraced
from gateway.transport import Received, Settlement

RETRIES: Final = 50
"""How often a judgement is repeated when its case moves on under it."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What a message is judged with: swapped as a whole, never in parts."""

    tables: Tables
    policy: Policy
    limits: Limits
    schemas: Schemas


class Pipeline:
    """Decides a message, and writes it down."""

    def __init__(
        self,
        journal: Journal,
        desk: Desk,
        clock: Clock,
        metrics: Metrics,
        *,
        recorded: Callable[[], None],
        spans: Spans | None = None,
    ) -> None:
        self.desk = desk
        self.trouble: str | None = None
        """Code of what kept the last message from being recorded; None when nothing did."""
        self.tables_changed: Callable[[], Awaitable[None]] = _nobody
        """Asked to swap the tables of the desk when another release is in force."""
        self._journal = journal
        self._clock = clock
        self._metrics = metrics
        self._recorded = recorded
        self._spans = spans or Untraced()

    async def handle(self, received: Received, examined: Examined | Malformed) -> Settlement:
        """Judge, record, and say what becomes of the message at its source."""
        with about(**trace(received, examined).ids):
            try:
                outcome = await self._handle(received, examined)
            except GatewayError as error:
                self.not_recorded(received, error.code)
                self.trouble = error.code
                return Settlement.RETRY
        self.trouble = None
        self._metrics.received(outcome)
        if outcome == "duplicate":
            self._metrics.duplicate("message")
        return Settlement.ACCEPTED

    def not_recorded(self, received: Received, code: str) -> None:
        """Log and count that a message must wait, and why."""
        logger().warning("message-not-recorded", path=received.source, error_code=code)
        self._metrics.received("failed")

    async def _handle(self, received: Received, examined: Examined | Malformed) -> str:
        """How it ended, as the metric `gateway_messages_received` names it."""
        outcome = await self._recorded_or_aside(received, examined)
        if isinstance(outcome, IdentityConflict):
            logger().error("identity-conflict", path=received.source)
            await self._set_aside(received, examined, "identity-conflict")
            return "identity-conflict"
        return "duplicate" if isinstance(outcome, Duplicate) else "recorded"

    async def _recorded_or_aside(
        self, received: Received, examined: Examined | Malformed
    ) -> Outcome:
        """Record it; one that breaks us is quarantined, and if even that breaks, tried again."""
        for record in (self._record, self._set_aside):
            try:
                return await record(received, examined)
            except GatewayError:
                raise
            except Exception as error:  # noqa: BLE001 - the only one: a bug in one stops no other
                logger().error("message-broke-the-gateway", path=received.source, exc_info=error)
        raise JournalUnavailable(code="message-not-recordable")

    async def _record(self, received: Received, examined: Examined | Malformed) -> Outcome:
        """Judge on the case and tables as they are now; again when they moved on meanwhile."""
        since = self._clock.now()
        for _ in range(RETRIES):
            case = await self._case(examined)
            began = self._clock.monotonic()
            judgement = self._judge(received, examined, case)
            decided = self._clock.monotonic()
            try:
                outcome = await self._journal.record(self._entry(received, judgement))
            except JournalConflict as conflict:
                self._metrics.journal_conflict()
                if conflict.code == "release-changed":
                    await self.tables_changed()
                continue
            self._metrics.took("decide", decided - began)
            self._metrics.took("record", self._clock.monotonic() - decided)
            self._tell(judgement, outcome)
            self._trace(trace(received, examined), judgement, outcome, since)
            return outcome
        raise JournalUnavailable(code="case-never-at-rest")

    def _judge(
        self, received: Received, examined: Examined | Malformed, case: Case | None
    ) -> Judgement:
        desk = self.desk
        arrival = Arrival(
            received.received_at,
            self._clock.now(),
            received.addressee,
            by_hand=received.by_hand,
        )
        if received.oversize is not None:
            digest = received.oversize
            aside = set_aside(digest, digest, None, "too-big", desk.tables, arrival)
            return replace(aside, protects=_protects(examined))
        return judge(examined, case, desk.tables, desk.policy, arrival)

    async def _case(self, examined: Examined | Malformed) -> Case | None:
        if isinstance(examined, Malformed):
            return None
        return await self._journal.case(examined.message.case_id)

    def _entry(self, received: Received, judgement: Judgement) -> Entry:
        return Entry(
            judgement=judgement,
            body=received.body if received.oversize is None else b"",
            source=received.source,
            addressee=received.addressee,
            rina_number=received.rina_number,
            traceparent=received.traceparent,
            received_at=received.received_at,
            decided_at=self._clock.now(),
        )

    async def _set_aside(
        self, received: Received, examined: Examined | Malformed, why: str = "internal-error"
    ) -> Outcome:
        """Quarantine under the digest of the bytes, outside any case."""
        message = None if isinstance(examined, Malformed) else examined.message
        read = examined if isinstance(examined, Malformed) else examined.message
        digest = received.oversize or read.digest
        since = self._clock.now()
        arrival = Arrival(received.received_at, since, received.addressee)
        judgement = set_aside(digest, digest, message, why, self.desk.tables, arrival)
        if isinstance(examined, Malformed):
            judgement = replace(judgement, protects=examined.protects)
        outcome = await self._journal.record(self._entry(received, judgement))
        self._tell(judgement, outcome)
        self._trace(trace(received, examined), judgement, outcome, since)
        return outcome

    def _tell(self, judgement: Judgement, outcome: Outcome) -> None:
        """Log and count what was recorded, and wake the relay."""
        decision = judgement.decision
        if isinstance(outcome, IdentityConflict):
            return
        if isinstance(outcome, Duplicate):
            logger().info("message-known", message_id=judgement.message_id)
            return
        if decision is None:
            self._metrics.duplicate("content")
        else:
            self._metrics.decided(name(decision), cause(decision))
        logger().info("message-recorded", **_keys(judgement))
        if judgement.outgoing:
            self._recorded()

    def _trace(
        self, came: TraceContext, judgement: Judgement, outcome: Outcome, since: datetime
    ) -> None:
        """One span for what was recorded, below the one that the message came from."""
        if not self._spans.on or not isinstance(outcome, Recorded):
            return
        place = caused(came, judgement.message_id)
        self._spans.done(
            Span(
                "judge",
                place,
                came if came != place else None,
                since,
                self._clock.now(),
                keys={**_keys(judgement), "by": "gateway"},
            )
        )


def _protects(begins: Examined | Malformed) -> str:
    """The case that the beginning of a message names as that of a protected person."""
    if isinstance(begins, Malformed):
        return begins.protects
    return begins.message.case_id if begins.message.protected else ""


async def _nobody() -> None:
    return


def _keys(judgement: Judgement) -> dict[str, str | None]:
    """What is told of a judgement, in the log and in traces: ids and codes."""
    message, decision = judgement.message, judgement.decision
    return {
        "message_id": judgement.message_id,
        "case_id": judgement.case_id,
        "buc": message.buc if message else None,
        "sed": message.sed if message else None,
        "decision": name(decision) if decision else None,
        "cause": cause(decision) if decision else None,
        "state": judgement.state.value,
    }
