"""What must be at the broker: said, compared, and made only where somebody asks for it.

A running gateway makes nothing: in production the operators of the broker own its queues.
AMQP cannot tell bindings; they are said, and `apply` makes them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from aio_pika import ExchangeType
from aio_pika.abc import AbstractChannel, AbstractConnection
from aiormq.exceptions import (
    ChannelAccessRefused,
    ChannelLockedResource,
    ChannelNotFoundEntity,
    ChannelPreconditionFailed,
)

from gateway.config import RabbitMq
from gateway.errors import TransportUnavailable
from gateway.transport.rabbitmq.line import answered, channel_of, opened

INBOUND: Final = "eessi.inbound"
STATUS: Final = "eessi.status"
OUTBOUND: Final = "eessi.outbound"
DEAD: Final = "eessi.dead"
UNROUTABLE: Final = "eessi.unroutable"
RINA_QUEUE: Final = "eessi.rina"
INSTITUTION_QUEUE: Final = "eessi.institution."
DELIVERY_LIMIT: Final = 100
"""Each lost line counts as a delivery, so an innocent message can come to twenty."""
_WEEK: Final = 7 * 24 * 3600 * 1000
_SAFE: Final = {"x-queue-type": "quorum", "x-overflow": "reject-publish"}
_WORKED: Final = {
    **_SAFE,
    "x-dead-letter-exchange": DEAD,
    "x-dead-letter-strategy": "at-least-once",
    "x-delivery-limit": DELIVERY_LIMIT,
}
_COPIES: Final = {
    "x-queue-type": "quorum",
    "x-overflow": "drop-head",
    "x-max-length": 10_000,
    "x-message-ttl": _WEEK,
}


class Found(StrEnum):
    """How a thing stands at the broker."""

    OK = "ok"
    MISSING = "missing"
    DIFFERS = "differs"
    THERE = "there"
    """It is there; we have no right to compare it."""


@dataclass(frozen=True, slots=True)
class Thing:
    """An exchange or a queue."""

    kind: str
    """`exchange` or `queue`."""
    name: str
    arguments: dict[str, Any] = field(default_factory=dict)
    type: str = ""
    """Of an exchange."""
    bound_to: tuple[tuple[str, str], ...] = ()
    """Of a queue: exchange and routing key."""


def wanted(institutions: Sequence[str] = ()) -> tuple[Thing, ...]:
    """Everything there must be, exchanges first; with a queue for each of these institutions."""
    return (
        Thing("exchange", OUTBOUND, type="topic"),
        Thing("exchange", UNROUTABLE, type="fanout"),
        Thing("exchange", DEAD, type="fanout"),
        Thing("queue", DEAD, _SAFE, bound_to=((DEAD, ""),)),
        Thing("queue", UNROUTABLE, _COPIES, bound_to=((UNROUTABLE, ""),)),
        Thing("queue", INBOUND, _WORKED),
        Thing("queue", STATUS, _WORKED),
        Thing("queue", RINA_QUEUE, _WORKED, bound_to=((OUTBOUND, "rina"),)),
        *(
            Thing(
                "queue",
                f"{INSTITUTION_QUEUE}{institution}",
                _WORKED,
                bound_to=((OUTBOUND, f"institution.{institution}"),),
            )
            for institution in institutions
        ),
    )


async def compared(
    connection: AbstractConnection, things: Sequence[Thing]
) -> list[tuple[Thing, Found]]:
    """How each of them stands; nothing is made."""
    return [(thing, await answered(_found(connection, thing))) for thing in things]


async def check(broker: RabbitMq) -> None:
    """Look whether all that the gateway itself needs is there and as it must be.

    Raises:
        TransportUnavailable: `topology-missing`, `topology-differs`, or there is no line.
    """
    needed = [thing for thing in wanted() if thing.name != RINA_QUEUE]
    async with opened(broker, "eessi-gateway check") as connection:
        for thing, found in await compared(connection, needed):
            if found in {Found.MISSING, Found.DIFFERS}:
                raise _wrong(thing, found)


async def apply(broker: RabbitMq, things: Sequence[Thing]) -> list[tuple[Thing, Found]]:
    """Make what is missing, and say how things stood before; none where one differs.

    Raises:
        TransportUnavailable: there is no line, or something differs: it is not ours to replace.
    """
    async with opened(broker, "eessi-gateway apply") as connection:
        stood = await compared(connection, things)
        for thing, found in stood:
            if found is Found.DIFFERS:
                raise _wrong(thing, found)
        channel = await answered(channel_of(connection))
        for thing in things:
            await answered(_make(channel, thing))
    return stood


async def _found(connection: AbstractConnection, thing: Thing) -> Found:
    """Is it there, and would asking for it as it must be be the same thing."""
    channel = await channel_of(connection)  # each refusal closes its channel
    try:
        await _declare(channel, thing, passive=True)
        await _declare(channel, thing, passive=False)
    except ChannelNotFoundEntity:
        return Found.MISSING
    except (ChannelPreconditionFailed, ChannelLockedResource):
        return Found.DIFFERS
    except ChannelAccessRefused:
        return Found.THERE
    await channel.close()
    return Found.OK


async def _declare(channel: AbstractChannel, thing: Thing, *, passive: bool) -> Any:
    if thing.kind == "exchange":
        kind = ExchangeType(thing.type)
        return await channel.declare_exchange(thing.name, kind, durable=True, passive=passive)
    return await channel.declare_queue(
        thing.name, durable=True, passive=passive, arguments=dict(thing.arguments)
    )


async def _make(channel: AbstractChannel, thing: Thing) -> None:
    made = await _declare(channel, thing, passive=False)
    for exchange, key in thing.bound_to:
        await made.bind(exchange, routing_key=key)


def _wrong(thing: Thing, found: Found) -> TransportUnavailable:
    what, quoi = {"exchange": ("exchange", "L'échange"), "queue": ("queue", "La file")}[thing.kind]
    if found is Found.MISSING:
        return TransportUnavailable(
            f"The {what} {thing.name} is missing at the broker; see `eessi-gateway broker plan`.",
            french=f"{quoi} {thing.name} manque chez le courtier ;"
            " voir `eessi-gateway broker plan`.",
            code="topology-missing",
        )
    return TransportUnavailable(
        f"The {what} {thing.name} has other properties at the broker than it must;"
        " see `eessi-gateway broker plan`, and let its operators make it anew.",
        french=f"{quoi} {thing.name} n'a pas chez le courtier les propriétés voulues ;"
        " voir `eessi-gateway broker plan`, et la faire recréer par ses exploitants.",
        code="topology-differs",
    )
