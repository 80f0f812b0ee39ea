"""What a message says of itself in its headers and properties: of the right shape, or not said."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import aiormq.abc

from gateway.transport.beside import told

_NAME: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._:-]{0,99}")


@dataclass(frozen=True, slots=True, eq=False)
class Delivery:
    """A message that the broker gave out. Of its properties, those that we read.

    `aio_pika.IncomingMessage` says the same of all of them, and takes ten times as long to make.
    """

    tag: int
    """What it is called when it is settled."""
    body: bytes
    headers: Mapping[str, Any]
    message_id: str | None
    timestamp: datetime | None
    content_type: str | None


def delivery(delivered: aiormq.abc.DeliveredMessage) -> Delivery:
    """The message as the library has it."""
    said = delivered.header.properties
    return Delivery(
        delivered.delivery_tag or 0,
        delivered.body,
        said.headers or {},
        said.message_id,
        said.timestamp,
        said.content_type,
    )


def called(message: Delivery, queue: str) -> str:
    """What people call it: its id where it has one that can be shown, else its queue."""
    return told(message.message_id, _NAME) or queue
