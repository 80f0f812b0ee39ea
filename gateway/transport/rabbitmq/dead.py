"""What cannot be used: a copy with its report in the dead-letter queue."""

from typing import Final

from aio_pika import DeliveryMode, Message

from gateway.config import RabbitMq
from gateway.transport.rabbitmq import line, topology
from gateway.transport.rabbitmq.properties import Delivery

REPORT_BYTES: Final = 50_000
"""Of a report, as much as surely fits into a header."""


async def put_away(broker: RabbitMq, name: str, message: Delivery, queue: str, report: str) -> None:
    """Return once the copy is there; over a line of its own, which is closed again.

    Args:
        name: what the operators of the broker see.
        queue: where the message came from.
        report: what is wrong, line by line.

    Raises:
        TransportUnavailable: the broker does not confirm it.
    """
    async with line.opened(broker, name) as connection:
        channel = await line.answered(line.channel_of(connection, confirms=True))
        letter = line.Letter(topology.DEAD, "", _copy(message, queue, report))
        [error] = await line.published(channel, [letter], broker.publish_timeout_seconds)
        if error is not None:
            raise error


def _copy(message: Delivery, queue: str, report: str) -> Message:
    """The same body under the same id; headers of others might leave no room for the report."""
    said = report.encode()[:REPORT_BYTES].decode("utf-8", "ignore")
    if said != report:
        said = said[: said.rfind("\n") + 1]
    return Message(
        message.body,
        headers={"eessi-queue": queue, "eessi-report": said},
        content_type=message.content_type,
        message_id=message.message_id,
        timestamp=message.timestamp,
        delivery_mode=DeliveryMode.PERSISTENT,
    )
