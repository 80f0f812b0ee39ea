"""The half that takes messages in: the broker's callback only puts them into a line of ours.

A message stays the broker's until the journal has it. One that is to come again later stays with
us meanwhile, unsettled: giving it back would count as a delivery. A lost line takes all of its
messages back to the broker; who settles one of them then is not heard, and the journal knows it
when it comes again.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from gateway.clock import Clock, Executor
from gateway.config import RabbitMq
from gateway.core.trace_context import read
from gateway.errors import TransportUnavailable
from gateway.journal import LARGE
from gateway.log import logger
from gateway.transport import BEGINNING, Inbound, Received, Settlement, beside
from gateway.transport.rabbitmq import bodies, dead, topology
from gateway.transport.rabbitmq.properties import Delivery, called
from gateway.transport.rabbitmq.session import GONE, Session, Sessions

T = TypeVar("T")

ABSENT_SECONDS: Final = 5.0
"""Between two looks for a body that is elsewhere, and was not there."""


class RabbitConsumer:
    """Takes messages from the inbound queue."""

    def __init__(
        self,
        broker: RabbitMq,
        name: str,
        aside: Path,
        clock: Clock,
        executor: Executor,
        *,
        most_bytes: int,
    ) -> None:
        self._broker = broker
        self._name = name
        self._sessions = Sessions(broker, f"{name} in", topology.INBOUND, clock)
        self._aside = aside
        self._clock = clock
        self._executor = executor
        self._most_bytes = most_bytes
        self._dead = 0
        self._later: set[asyncio.Task[None]] = set()

    async def receive(self) -> AsyncIterator[Received]:
        """Messages in the order in which the broker gives them out.

        Raises:
            TransportUnavailable: the line is lost, or cannot be had; the next call tries again,
                after a pause that grows.
        """
        await self._clock.sleep(self._sessions.pause)
        session = await self._sessions.begun()
        while True:
            message = await session.arrived.get()
            if session.over:
                await self._sessions.given_up()
                raise TransportUnavailable(code=GONE)
            received = await self._received(session, message) if message is not None else None
            if received is not None:
                yield received

    async def inbound(self) -> Inbound:
        """What waits in the queue and with us; a line that does not answer is given up."""
        session = self._sessions.current
        if session is None or session.over:
            return Inbound(0, None, (self._sessions.trouble,))
        try:
            waiting, consumers = await session.look(topology.INBOUND)
            dead, _ = await session.look(topology.DEAD)
        except TransportUnavailable as error:
            self._sessions.trouble = error.code
            return Inbound(0, None, (error.code,))
        if dead > self._dead:
            logger().error("messages-dead-lettered", count=dead)
        self._dead = dead
        if not consumers:
            self._sessions.trouble = GONE
            session.end()
            return Inbound(waiting, None, (GONE,))
        oldest = min(session.unsettled.values(), default=None)
        return Inbound(waiting + len(session.unsettled), oldest)

    async def close(self) -> None:
        """Hang up; what is not settled is the broker's again."""
        for task in self._later:
            task.cancel()
        await self._sessions.given_up()

    # -- a message --------------------------------------------------------------------------

    async def _received(self, session: Session, message: Delivery) -> Received | None:
        """The message; None for one whose body is not there, which stays, or is another one."""
        found = await self._had(session, message, self._body(message))
        if found is None:
            return None
        body, oversize, claim = found

        async def settle(settlement: Settlement) -> None:
            if settlement is Settlement.ACCEPTED:
                session.accept(message)
            elif not session.over:  # else it comes again over the next line
                session.arrived.put_nowait(message)

        said = message.headers
        trace = read(said.get("traceparent"))
        return Received(
            body=body,
            source=called(message, topology.INBOUND),
            addressee=beside.addressee(said.get("eessi-addressee")),
            received_at=beside.received_at(
                said.get("eessi-received-at"), message.timestamp, self._clock.now()
            ),
            settle=settle,
            by_hand=said.get("eessi-direction") == "out",
            oversize=oversize,
            rina_number=beside.rina_number(said.get("eessi-rina-number")),
            traceparent=str(trace) if trace is not None else None,
            whole=partial(self._whole, session, message, claim) if claim is not None else None,
        )

    async def _whole(
        self, session: Session, message: Delivery, claim: bodies.Claim
    ) -> bytes | None:
        fetched = self._executor.run(self._in_folder, bodies.fetch, claim)
        return await self._had(session, message, fetched)

    # -- its body ---------------------------------------------------------------------------

    async def _body(self, message: Delivery) -> tuple[bytes, str | None, bodies.Claim | None]:
        """All bytes; or how they begin, and the digest of a body over the cap, which was put aside.

        Or how they begin, and where all of them are.

        Raises:
            NotTheBody, NotThere: it is claimed to be elsewhere.
        """
        claim = bodies.claim_of(message.headers)
        if claim is None:
            if len(message.body) <= self._most_bytes:
                return message.body, None, None
            digest = await self._executor.run(self._put_aside, message.body)
            return message.body[:BEGINNING], digest, None
        if claim.size > self._most_bytes:
            await self._executor.run(self._in_folder, self._copy_aside, claim)
            begins = await self._executor.run(self._in_folder, bodies.head, claim)
            return begins, claim.digest, None
        large = claim.size >= LARGE
        read = bodies.head if large else bodies.fetch
        body = await self._executor.run(self._in_folder, read, claim)
        return body, None, claim if large else None

    def _in_folder(self, fn: Callable[[Path, bodies.Claim], T], claim: bodies.Claim) -> T:
        """Do something with a body in the folder that we share.

        Raises:
            NotTheBody, NotThere: it is not there, or cannot be read now.
        """
        folder = self._broker.claim_check_folder
        if folder is None:
            raise bodies.NotThere
        try:
            return fn(folder, claim)
        except OSError:
            raise bodies.NotThere from None

    def _copy_aside(self, folder: Path, claim: bodies.Claim) -> None:
        self._aside.mkdir(mode=0o700, parents=True, exist_ok=True)
        bodies.copy(folder, claim, self._aside)

    def _put_aside(self, body: bytes) -> str:
        self._aside.mkdir(mode=0o700, parents=True, exist_ok=True)
        return bodies.keep(self._aside, body).digest

    async def _had(self, session: Session, message: Delivery, asked: Awaitable[T]) -> T | None:
        """What is asked of a body; None when it is not there, or another one.

        Then the message comes again, or is put away: nobody else has to care for it.
        """
        try:
            return await asked
        except bodies.NotTheBody as wrong:
            await self._put_away(session, message, wrong.code)
        except bodies.NotThere:
            logger().warning("message-body-absent", path=called(message, topology.INBOUND))
            self._again_later(session, message)
        return None

    async def _put_away(self, session: Session, message: Delivery, code: str) -> None:
        """Leave it to whoever looks at the dead letters."""
        source = called(message, topology.INBOUND)
        name, report = f"{self._name} rejected", f"{source}: {code}\n"
        try:
            await dead.put_away(self._broker, name, message, topology.INBOUND, report)
        except TransportUnavailable:
            self._again_later(session, message)
            return
        logger().error("message-body-refused", path=source, error_code=code)
        session.accept(message)

    def _again_later(self, session: Session, message: Delivery) -> None:
        """It stays unsettled, and those behind it go on."""

        async def again() -> None:
            await self._clock.sleep(ABSENT_SECONDS)
            if not session.over:
                session.arrived.put_nowait(message)

        task = asyncio.create_task(again())
        self._later.add(task)
        task.add_done_callback(self._later.discard)
