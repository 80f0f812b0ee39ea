"""The half that takes statuses in: a message of the queue is what a file is in the folder.

One that cannot be used goes to the dead-letter queue as a copy with its report, which the broker
confirms before it hears that the message is done with. So it may stand there twice, and is never
lost. What comes too early stays with us, unsettled.
"""

from collections.abc import Sequence

from gateway.clock import Clock
from gateway.config import RabbitMq
from gateway.errors import TransportUnavailable
from gateway.transport import STATUS_BYTES, StatusFile
from gateway.transport.rabbitmq import dead, topology
from gateway.transport.rabbitmq.properties import Delivery, called
from gateway.transport.rabbitmq.session import GONE, Session, Sessions


class RabbitStatuses:
    """Takes statuses from the queue of the statuses."""

    def __init__(self, broker: RabbitMq, name: str, clock: Clock) -> None:
        self._broker = broker
        self._name = name
        self._sessions = Sessions(broker, f"{name} status", topology.STATUS, clock)
        self._held: dict[str, Delivery] = {}
        """Delivery tag -> what came over the line there is and is not settled."""

    async def status_files(self) -> Sequence[StatusFile]:
        """What came and is not settled, in order of arrival; does not wait for more.

        Raises:
            TransportUnavailable: the line is lost, or cannot be had, or it is not time yet to try
                again.
        """
        session = await self._standing()
        while not session.arrived.empty():
            message = session.arrived.get_nowait()
            if message is not None:
                self._held[str(message.tag)] = message
        return [_file(name, message) for name, message in self._held.items()]

    async def done(self, name: str) -> None:
        """Tell the broker; over a lost line it comes again, and the journal knows it."""
        message = self._held.pop(name, None)
        if message is not None and self._sessions.current is not None:
            self._sessions.current.accept(message)

    async def reject(self, name: str, report: str) -> None:
        """Leave a copy with its report in the dead-letter queue.

        Raises:
            TransportUnavailable: the broker does not confirm it; it is given out again.
        """
        rejected = f"{self._name} rejected"
        await dead.put_away(self._broker, rejected, self._held[name], topology.STATUS, report)
        await self.done(name)

    async def close(self) -> None:
        """Hang up; what is not settled is the broker's again."""
        await self._sessions.given_up()

    async def _standing(self) -> Session:
        """A session that holds."""
        if self._sessions.pause:
            raise TransportUnavailable(code=self._sessions.trouble)
        session = await self._sessions.begun()
        if session.arrived.empty():
            await self._ask(session)
        if session.over:
            self._held.clear()
            await self._sessions.given_up()
            raise TransportUnavailable(code=GONE)
        return session

    async def _ask(self, session: Session) -> None:
        """Nothing comes: is it that there is nothing, or that nobody would tell us."""
        try:
            _, consumers = await session.look(topology.STATUS)
        except TransportUnavailable:
            return  # it is over
        if not consumers:
            session.end()


def _file(name: str, message: Delivery) -> StatusFile:
    body = message.body if len(message.body) <= STATUS_BYTES else None
    return StatusFile(name, body, called(message, topology.STATUS))
