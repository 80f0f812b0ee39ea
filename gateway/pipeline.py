"""One message, top to bottom: receive -> read -> validate -> decide -> record -> settle.

Once the journal has it, the source is done with it. Nothing leaves before it is written: what
must leave is in the journal with the decision, and `relay` sends it.

Messages are examined (read, validated) side by side; from there on those of one case follow one
another in the order in which they came, and those of different cases go on side by side. A large
message takes its place and then goes by itself.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Final

from gateway.clock import Clock, Executor
from gateway.core.case import Case
from gateway.core.decision import cause, name
from gateway.core.judgement import Judgement
from gateway.core.judging import Arrival, Examined, Policy, examine, judge, set_aside
from gateway.core.message import Malformed
from gateway.core.reading import Limits, announced
from gateway.core.tables import Tables
from gateway.core.trace_context import TraceContext, caused, trace_of
from gateway.core.validation import Schemas
from gateway.errors import GatewayError, JournalConflict, JournalUnavailable, TransportUnavailable
from gateway.gathering import Gathering
from gateway.journal import Duplicate, Entry, IdentityConflict, Journal, Outcome, Recorded
from gateway.log import about, logger
from gateway.metrics import Metrics
from gateway.spans import Span, Spans, Untraced
from gateway.transport import BEGINNING, Consumer, Received, Settlement
from sed_schemas.load import SchemasInvalid

RETRIES: Final = 50
"""How often a judgement is repeated when its case moves on under it."""
_AT_ONCE: Final = 32
"""Messages examined in one job."""
PAUSE_SECONDS: Final = 1.0
"""Between two attempts while the journal or the source cannot be used."""
_AGAIN: Final = "again"
NO_SCHEMA: Final = "schemas-invalid"
"""A schema of the catalogue does not compile."""

_Piece = tuple[bytes, Limits, Schemas | None]
"""What `examine` takes."""


@dataclass(slots=True)
class _Looked:
    """What came of an examination, and how long each stage of it took in its thread."""

    examined: Examined | Malformed
    began: float
    took: Sequence[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class Desk:
    """What a message is judged with: swapped as a whole, never in parts."""

    tables: Tables
    policy: Policy
    limits: Limits
    schemas: Schemas


class Pipeline:
    """Takes messages in, decides them, and writes them down."""

    def __init__(
        self,
        journal: Journal,
        desk: Desk,
        clock: Clock,
        parse: Executor,
        metrics: Metrics,
        *,
        in_flight: int,
        recorded: Callable[[], None],
        parse_jobs: int = 1,
        spans: Spans | None = None,
    ) -> None:
        self.desk = desk
        self._trouble: str | None = None
        self._without_schema = 0
        self.tables_changed: Callable[[], Awaitable[None]] = _nobody
        """Asked to swap the tables of the desk when another release is in force."""
        self._journal = journal
        self._clock = clock
        look = partial(_examine_all, clock)
        self._examining: Gathering[_Piece, _Looked] = Gathering(
            parse, look, most=_AT_ONCE, jobs=parse_jobs
        )
        self._alone: Gathering[_Piece, _Looked] = Gathering(parse, look, most=1)
        self._metrics = metrics
        self._recorded = recorded
        self._spans = spans or Untraced()
        self._room = asyncio.Semaphore(in_flight)
        self._line: asyncio.Future[None] | None = None
        self._cases: dict[str, asyncio.Future[None]] = {}
        self._one_large = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._open = asyncio.Event()
        self._open.set()
        self._ending = False

    # -- the story of one message -----------------------------------------------------------

    async def handle(self, received: Received, examined: Examined | Malformed) -> Settlement:
        """Judge, record, and say what becomes of the message at its source."""
        with about(**_place(received, examined)):
            try:
                outcome = await self._handle(received, examined)
            except GatewayError as error:
                source, code = received.source, error.code
                logger().warning("message-not-recorded", path=source, error_code=code)
                self._metrics.received("failed")
                self._trouble = code
                return Settlement.RETRY
        self._trouble = None
        self._metrics.received(outcome)
        if outcome == "duplicate":
            self._metrics.duplicate("message")
        return Settlement.ACCEPTED

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
            self._trace(_trace(received, examined), judgement, outcome, since)
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
            return set_aside(digest, digest, None, "too-big", desk.tables, arrival)
        return judge(examined, case, desk.tables, desk.policy, arrival)

    async def _case(self, examined: Examined | Malformed) -> Case | None:
        if isinstance(examined, Malformed):
            return None
        return await self._journal.case(examined.message.case_id)

    def _entry(self, received: Received, judgement: Judgement) -> Entry:
        return Entry(
            judgement=judgement,
            body=received.body,
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
        digest = examined.digest if isinstance(examined, Malformed) else examined.message.digest
        since = self._clock.now()
        arrival = Arrival(received.received_at, since, received.addressee)
        judgement = set_aside(digest, digest, None, why, self.desk.tables, arrival)
        if isinstance(examined, Examined):
            judgement = replace(judgement, message=examined.message)
        outcome = await self._journal.record(self._entry(received, judgement))
        self._tell(judgement, outcome)
        self._trace(_trace(received, examined), judgement, outcome, since)
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
        self, trace: TraceContext, judgement: Judgement, outcome: Outcome, since: datetime
    ) -> None:
        """One span for what was recorded, below the one that the message came from."""
        if not self._spans.on or not isinstance(outcome, Recorded):
            return
        place = caused(trace, judgement.message_id)
        self._spans.done(
            Span(
                "judge",
                place,
                trace if trace != place else None,
                since,
                self._clock.now(),
                keys={**_keys(judgement), "by": "gateway"},
            )
        )

    # -- many messages ----------------------------------------------------------------------

    @property
    def in_flight(self) -> int:
        """Messages taken and not yet settled."""
        return len(self._tasks)

    @property
    def trouble(self) -> str | None:
        """Code of what keeps messages from being recorded; None when nothing does."""
        return NO_SCHEMA if self._without_schema else self._trouble

    @property
    def paused(self) -> bool:
        """Whether intake was stopped by a person."""
        return not self._open.is_set()

    def pause(self) -> None:
        """Take no more messages; those taken are finished."""
        self._open.clear()

    def resume(self) -> None:
        """Take messages again."""
        self._open.set()

    async def run(self, consumer: Consumer) -> None:
        """Take messages until cancelled; what was taken is finished by `drain`."""
        while True:
            try:
                async for received in consumer.receive():
                    await self._open.wait()
                    await self._room.acquire()
                    self._start(received)
            except TransportUnavailable as error:
                logger().error("source-unavailable", error_code=error.code)
                await self._clock.sleep(PAUSE_SECONDS)

    async def drain(self) -> None:
        """Return when everything taken is settled; what cannot be recorded goes back."""
        self._ending = True
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, received: Received) -> None:
        """Take a place in the line of arrival."""
        before, self._line = self._line, asyncio.get_running_loop().create_future()
        in_turn = self._large_in_turn if received.large else self._in_turn
        task = asyncio.create_task(in_turn(received, before, self._line))
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        """One that broke us outside of its decision is told of; its message stays unsettled."""
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            logger().error("message-broke-the-gateway", exc_info=error)

    async def _examine(
        self, received: Received, since: float | None = None
    ) -> Examined | Malformed | SchemasInvalid:
        """What the bytes say; one that breaks the reader is a bug, and is quarantined.

        `since`: when its receipt began, if not now.
        """
        since = self._clock.monotonic() if since is None else since
        looked = await self._outcome(received, self.desk.schemas)
        if isinstance(looked, SchemasInvalid):
            return looked
        if isinstance(looked, Exception):
            broken = Malformed(hashlib.sha256(received.body).hexdigest(), "internal-error")
            with about(**_place(received, broken)):
                logger().error("message-broke-the-gateway", path=received.source, exc_info=looked)
            return broken
        for stage, seconds in (("receive", looked.began - since), *looked.took):
            self._metrics.took(stage, seconds)
        return looked.examined

    async def _examined_at_last(self, received: Received) -> Examined | Malformed | None:
        """After the wait for a schema that compiles; None when the end comes first.

        One that does not compile is no fault of the message: it waits until another one is in
        force (`schemas install`, `schemas rollback`), and so do the later ones of its case.
        """
        self._without_schema += 1
        try:
            while not self._ending:
                self._tell_no_schema(received)
                await self._clock.sleep(PAUSE_SECONDS)
                examined = await self._examine(received)
                if not isinstance(examined, SchemasInvalid):
                    return examined
            return None
        finally:
            self._without_schema -= 1

    def _tell_no_schema(self, received: Received) -> str:
        logger().warning("message-not-recorded", path=received.source, error_code=NO_SCHEMA)
        self._metrics.received("failed")
        return NO_SCHEMA

    async def _outcome(self, received: Received, schemas: Schemas | None) -> _Looked | Exception:
        by = self._alone if received.large else self._examining
        return await by.outcome((received.body, self.desk.limits, schemas))

    async def _in_turn(
        self,
        received: Received,
        before: "asyncio.Future[None] | None",
        here: "asyncio.Future[None]",
    ) -> None:
        """Handle one message after the earlier ones of its case, and settle it.

        The case is known once the message is examined, so the line of arrival holds until then;
        a message that is slow to examine (sizes are capped) holds up those behind it that long.
        """
        try:
            examined = await self._examine(received)
            case_id = await self._line_of(received, examined)
            if before is not None:
                await before
            earlier, done = self._placed(case_id)
        finally:
            here.set_result(None)
        try:
            if earlier is not None:
                await earlier
            await received.settle(await self._handled(received, examined))
        finally:
            self._gone(case_id, done)

    async def _large_in_turn(
        self,
        received: Received,
        before: "asyncio.Future[None] | None",
        here: "asyncio.Future[None]",
    ) -> None:
        """Handle one large message: its place is that of the case which its beginning names.

        So those behind it, but for the later ones of its case, go on while it is fetched, examined
        and recorded. One at a time is in memory.
        """
        try:
            case_id = announced(received.body[:BEGINNING]) or received.source
            if before is not None:
                await before
            earlier, done = self._placed(case_id)
        finally:
            here.set_result(None)
        try:
            if earlier is not None:
                await earlier
            while (why := await self._large_handled(received)) is not None:
                self._without_schema += why == NO_SCHEMA
                await self._clock.sleep(PAUSE_SECONDS)
                self._without_schema -= why == NO_SCHEMA
        finally:
            self._gone(case_id, done)

    async def _large_handled(self, received: Received) -> str | None:
        """Fetch it and handle it, when no other large one is in memory.

        None when that is over: it is settled, or the transport's again. Else why it is to be tried
        again; meanwhile other large ones go on.
        """
        async with self._one_large:
            if self._ending:
                await received.settle(Settlement.RETRY)
                return None
            since = self._clock.monotonic()
            whole = await _whole(received)
            if whole is None:
                return None
            examined = await self._examine(whole, since)
            if isinstance(examined, SchemasInvalid):
                return self._tell_no_schema(received)
            settlement = await self.handle(whole, examined)
            if settlement is Settlement.RETRY:
                return _AGAIN
            await whole.settle(settlement)
            return None

    def _placed(self, case_id: str) -> "tuple[asyncio.Future[None] | None, asyncio.Future[None]]":
        """Take a place behind the earlier ones of a case: when they are done, and when we are."""
        earlier = self._cases.get(case_id)
        done = self._cases[case_id] = asyncio.get_running_loop().create_future()
        return earlier, done

    def _gone(self, case_id: str, done: "asyncio.Future[None]") -> None:
        """The later ones of the case may go on, and there is room for another message."""
        done.set_result(None)
        if self._cases.get(case_id) is done:
            del self._cases[case_id]
        self._room.release()

    async def _handled(
        self, received: Received, examined: Examined | Malformed | SchemasInvalid
    ) -> Settlement:
        """Handle it until it is recorded, or the end comes.

        It keeps its place: the later ones of its case wait, and intake slows down.
        """
        if isinstance(examined, SchemasInvalid):
            at_last = await self._examined_at_last(received)
            if at_last is None:
                return Settlement.RETRY
            examined = at_last
        settlement = await self.handle(received, examined)
        while settlement is Settlement.RETRY and not self._ending:
            await self._clock.sleep(PAUSE_SECONDS)
            settlement = await self.handle(received, examined)
        return settlement

    async def _line_of(
        self, received: Received, examined: Examined | Malformed | SchemasInvalid
    ) -> str:
        """The case in which the message waits its turn; the sum of bytes without one."""
        if isinstance(examined, SchemasInvalid):
            looked = await self._outcome(received, None)
            examined = looked.examined if isinstance(looked, _Looked) else examined
        if isinstance(examined, Examined):
            return examined.message.case_id
        return hashlib.sha256(received.body).hexdigest()


async def _whole(received: Received) -> Received | None:
    """The message with all of its bytes; None when they are not to be had."""
    if received.whole is None:
        return received
    body = await received.whole()
    return replace(received, body=body, whole=None) if body is not None else None


async def _nobody() -> None:
    return


def _trace(received: Received, examined: Examined | Malformed) -> TraceContext:
    """The trace that the message came with, or begins."""
    ident = examined.digest if isinstance(examined, Malformed) else examined.message.message_id
    return trace_of(received.traceparent, received.oversize or ident)


def _place(received: Received, examined: Examined | Malformed) -> dict[str, str]:
    """Where in which trace the message stands, for the log."""
    return _trace(received, examined).ids


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


def _examine_all(clock: Clock, pieces: Sequence[_Piece]) -> list[_Looked]:
    """Examine messages one after another."""
    return [_examine(clock, *piece) for piece in pieces]


def _examine(clock: Clock, body: bytes, limits: Limits, schemas: Schemas | None) -> _Looked:
    """Examine one, with a look at the clock after each stage."""
    at = began = clock.monotonic()
    took: list[tuple[str, float]] = []

    def passed(stage: str) -> None:
        nonlocal at
        before, at = at, clock.monotonic()
        took.append((stage, at - before))

    return _Looked(examine(body, limits, schemas, passed), began, took)
