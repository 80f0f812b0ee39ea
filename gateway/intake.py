"""Many messages at a time: which may go on beside which, and when there is room for another.

Messages are examined side by side; from there on those of one case follow one another in the
order in which they came, and those of different cases go on side by side (`pipeline` tells the
story of one). A large message takes its place and then goes by itself.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from gateway.clock import Clock
from gateway.core.judging import Examined
from gateway.core.message import Malformed
from gateway.core.reading import announced
from gateway.errors import TransportUnavailable
from gateway.examining import Examining
from gateway.log import logger
from gateway.pipeline import Pipeline
from gateway.transport import BEGINNING, Consumer, Received, Settlement
from sed_schemas.load import SchemasInvalid

PAUSE_SECONDS: Final = 1.0
"""Between two attempts while the journal or the source cannot be used."""
NO_SCHEMA: Final = "schemas-invalid"
"""A schema of the catalogue does not compile."""
_AGAIN: Final = "again"

_Turn = asyncio.Future[None]
"""Done when those behind may go on."""
_Known = tuple[str, Callable[[], Awaitable[None]]]
"""The case of a message, and how it is handled when its turn has come."""


class Intake:
    """Takes messages from a transport, and puts each through the pipeline in its turn."""

    def __init__(
        self, pipeline: Pipeline, examining: Examining, clock: Clock, *, in_flight: int
    ) -> None:
        """`in_flight` messages at most are taken and not yet settled."""
        self._pipeline = pipeline
        self._examining = examining
        self._clock = clock
        self._room = asyncio.Semaphore(in_flight)
        self._line: _Turn | None = None
        self._cases: dict[str, _Turn] = {}
        self._one_large = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._open = asyncio.Event()
        self._open.set()
        self._ending = False
        self._without_schema = 0

    # -- from outside -----------------------------------------------------------------------

    @property
    def in_flight(self) -> int:
        """Messages taken and not yet settled."""
        return len(self._tasks)

    @property
    def trouble(self) -> str | None:
        """Code of what keeps messages from being recorded; None when nothing does."""
        return NO_SCHEMA if self._without_schema else self._pipeline.trouble

    @property
    def paused(self) -> bool:
        """Whether a person stopped it."""
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

    # -- one behind another -----------------------------------------------------------------

    def _start(self, received: Received) -> None:
        """Take a place in the line of arrival."""
        before, self._line = self._line, asyncio.get_running_loop().create_future()
        task = asyncio.create_task(self._in_turn(received, before, self._line))
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        """One that broke us outside of its decision is told of; its message stays unsettled."""
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            logger().error("message-broke-the-gateway", exc_info=error)

    def _placed(self, case_id: str) -> tuple[_Turn | None, _Turn]:
        """Take a place behind the earlier ones of a case: when they are done, and when we are."""
        earlier = self._cases.get(case_id)
        done = self._cases[case_id] = asyncio.get_running_loop().create_future()
        return earlier, done

    def _gone(self, case_id: str, done: _Turn) -> None:
        """The later ones of the case may go on, and there is room for another message."""
        done.set_result(None)
        if self._cases.get(case_id) is done:
            del self._cases[case_id]
        self._room.release()

    async def _in_turn(self, received: Received, before: _Turn | None, here: _Turn) -> None:
        """Handle one message after the earlier ones of its case.

        The line of arrival holds until its case is known.
        """
        try:
            known = self._by_its_beginning if received.large else self._by_all_it_says
            case_id, handle = await known(received)
            if before is not None:
                await before
            earlier, done = self._placed(case_id)
        finally:
            here.set_result(None)
        try:
            if earlier is not None:
                await earlier
            await handle()
        finally:
            self._gone(case_id, done)

    async def _by_all_it_says(self, received: Received) -> _Known:
        """The case is known once the message is examined.

        One that is slow to examine (sizes are capped) holds up those behind it that long.
        """
        examined = await self._examined(received)

        async def handle() -> None:
            await received.settle(await self._handled(received, examined))

        return await self._case_of(received, examined), handle

    async def _by_its_beginning(self, received: Received) -> _Known:
        """The place of a large one is that of the case which its beginning names.

        So those behind it, but for the later ones of its case, go on while it is fetched, examined
        and recorded.
        """
        case_id = announced(received.body[:BEGINNING]) or received.source
        return case_id, partial(self._large_at_last, received)

    async def _examined(
        self, received: Received, since: float | None = None
    ) -> Examined | Malformed | SchemasInvalid:
        """What it says, by the limits and schemas that are in force."""
        desk = self._pipeline.desk
        return await self._examining.of(received, desk.limits, desk.schemas, since)

    async def _case_of(
        self, received: Received, examined: Examined | Malformed | SchemasInvalid
    ) -> str:
        """The case in which the message waits its turn; the sum of its bytes without one."""
        read: Examined | Malformed | SchemasInvalid | None = examined
        if isinstance(examined, SchemasInvalid):
            read = await self._examining.unvalidated(received, self._pipeline.desk.limits)
        if isinstance(read, Examined):
            return read.message.case_id
        return hashlib.sha256(received.body).hexdigest()

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
        settlement = await self._pipeline.handle(received, examined)
        while settlement is Settlement.RETRY and not self._ending:
            await self._clock.sleep(PAUSE_SECONDS)
            settlement = await self._pipeline.handle(received, examined)
        return settlement

    async def _examined_at_last(self, received: Received) -> Examined | Malformed | None:
        """After the wait for a schema that compiles; None when the end comes first.

        One that does not compile is no fault of the message: it waits until another one is in
        force (`schemas install`, `schemas rollback`), and so do the later ones of its case.
        """
        self._without_schema += 1
        try:
            while not self._ending:
                self._pipeline.not_recorded(received, NO_SCHEMA)
                await self._clock.sleep(PAUSE_SECONDS)
                examined = await self._examined(received)
                if not isinstance(examined, SchemasInvalid):
                    return examined
            return None
        finally:
            self._without_schema -= 1

    # -- a large one ------------------------------------------------------------------------

    async def _large_at_last(self, received: Received) -> None:
        """Try until it is settled, or the transport's again."""
        while (why := await self._large_handled(received)) is not None:
            self._without_schema += why == NO_SCHEMA
            await self._clock.sleep(PAUSE_SECONDS)
            self._without_schema -= why == NO_SCHEMA

    async def _large_handled(self, received: Received) -> str | None:
        """Fetch it and handle it, when no other large one is in memory.

        None when that is over: it is settled, or the transport's again. Else why it is to be tried
        again; meanwhile other large ones go on. One at a time is in memory.
        """
        async with self._one_large:
            if self._ending:
                await received.settle(Settlement.RETRY)
                return None
            since = self._clock.monotonic()
            whole = await received.fetched()
            if whole is None:
                return None
            examined = await self._examined(whole, since)
            if isinstance(examined, SchemasInvalid):
                self._pipeline.not_recorded(received, NO_SCHEMA)
                return NO_SCHEMA
            settlement = await self._pipeline.handle(whole, examined)
            if settlement is Settlement.RETRY:
                return _AGAIN
            await whole.settle(settlement)
            return None
