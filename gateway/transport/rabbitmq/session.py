"""What comes over one queue: a line of its own, what came over it, and a new line when it is lost.

A lost line takes all of its messages back to the broker; who settles one of them then is not
heard, and the journal knows it when it comes again.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import aiormq.abc
from aio_pika.abc import AbstractChannel, AbstractConnection

from gateway.clock import Clock
from gateway.config import RabbitMq
from gateway.errors import TransportUnavailable
from gateway.transport.rabbitmq import line, topology
from gateway.transport.rabbitmq.properties import Delivery, delivery

LONGEST_PAUSE: Final = 30.0
"""Between two attempts to have a line, which begin a second apart."""
GONE: Final = "consumer-gone"


@dataclass(slots=True, eq=False)
class Session:
    """One line, as long as it holds, with what came over it."""

    connection: AbstractConnection
    consuming: aiormq.abc.AbstractChannel
    """What comes comes over this one, and is settled over it."""
    looking: AbstractChannel
    """For questions about the queues."""
    arrived: "asyncio.Queue[Delivery | None]" = field(default_factory=asyncio.Queue)
    """None: nothing comes any more."""
    unsettled: dict[int, datetime] = field(default_factory=dict)
    """Delivery tag -> when it came, in the order of the tags."""
    over: bool = False
    _accepted: set[int] = field(default_factory=set)
    _telling: "asyncio.Task[None] | None" = None

    def end(self, *_why: object) -> None:
        """Nothing comes over this line any more."""
        self.over = True
        self.arrived.put_nowait(None)

    def accept(self, message: Delivery) -> None:
        """The broker is done with it, and hears so soon, for all that were accepted meanwhile.

        Over a lost line nothing is heard: it comes again, by the next one.
        """
        if self.over:
            return
        self._accepted.add(message.tag)
        if self._telling is None:
            self._telling = asyncio.create_task(self._tell())

    async def told(self) -> None:
        """Return when the broker was told of everything that was accepted."""
        if self._telling is not None:
            await self._telling

    async def _tell(self) -> None:
        try:
            while self._accepted and not self.over:
                accepted, self._accepted = sorted(self._accepted), set()
                for tag in accepted:
                    self.unsettled.pop(tag, None)
                await line.answered(self._settled(accepted))
        except TransportUnavailable:
            self.end()  # they come again, by the next line
        finally:
            self._telling = None

    async def _settled(self, accepted: Sequence[int]) -> None:
        """One word for those before which nothing is unsettled; one each for the rest.

        What has a tag has come to us before anything with a higher one.
        """
        oldest = next(iter(self.unsettled), accepted[-1] + 1)
        before = [tag for tag in accepted if tag < oldest]
        if before:
            await self.consuming.basic_ack(before[-1], multiple=True, wait=False)
        for tag in accepted[len(before) :]:
            await self.consuming.basic_ack(tag, wait=False)

    async def look(self, queue: str) -> tuple[int, int]:
        """Messages that are ready there, and consumers; a line that does not answer is given up.

        Raises:
            TransportUnavailable: it does not answer, or there is no such queue.
        """
        try:
            found = await line.answered(self.looking.declare_queue(queue, passive=True))
        except TransportUnavailable:
            self.end()
            raise
        counts = found.declaration_result
        return counts.message_count or 0, counts.consumer_count or 0


class Sessions:
    """Has one session at a time with a queue.

    Attributes:
        current: the session there is, also one that is over and not given up yet.
        trouble: why there is none, as a code.
    """

    def __init__(self, broker: RabbitMq, name: str, queue: str, clock: Clock) -> None:
        self.current: Session | None = None
        self.trouble = GONE
        self._broker = broker
        self._name = name
        self._queue = queue
        self._clock = clock
        self._failures = 0
        self._not_before = 0.0

    @property
    def pause(self) -> float:
        """Seconds until the next attempt to have a line; 0 when there is one."""
        return max(self._not_before - self._clock.monotonic(), 0.0) if self._failures else 0.0

    async def begun(self) -> Session:
        """The session there is, or a new one.

        Raises:
            TransportUnavailable: there is none to be had; the pause before the next attempt grows.
        """
        if self.current is not None:
            return self.current
        try:
            await topology.check(self._broker)
            self.current = await self._consuming()
        except TransportUnavailable as error:
            self.trouble = error.code
            pause = min(2.0**self._failures, LONGEST_PAUSE)
            self._failures = min(self._failures + 1, 16)
            self._not_before = self._clock.monotonic() + pause
            raise
        self._failures, self.trouble = 0, GONE
        return self.current

    async def given_up(self) -> None:
        """Hang up; what is not settled is the broker's again."""
        if self.current is not None:
            session, self.current = self.current, None
            await session.told()
            session.end()
            await line.hung_up(session.connection)

    async def _consuming(self) -> Session:
        connection = await line.connected(self._broker, self._name)
        try:
            return await line.answered(self._consumed(connection))
        except TransportUnavailable:
            await line.hung_up(connection)
            raise

    async def _consumed(self, connection: AbstractConnection) -> Session:
        channel = await line.channel_of(connection)
        underlay = await channel.get_underlay_channel()
        session = Session(connection, underlay, await line.channel_of(connection))
        connection.close_callbacks.add(session.end)
        channel.close_callbacks.add(session.end)
        underlay.on_consumer_cancel_callbacks.add(session.end)
        await channel.set_qos(prefetch_count=self._broker.prefetch)

        async def take(delivered: aiormq.abc.DeliveredMessage) -> None:
            message = delivery(delivered)
            session.unsettled[message.tag] = self._clock.now()
            session.arrived.put_nowait(message)

        await underlay.basic_consume(self._queue, take)
        return session
