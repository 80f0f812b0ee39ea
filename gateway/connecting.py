"""Which transport: the doors of a gateway, made by its configuration.

Statuses of what was handed over come as files, and beside them from the queue of a broker.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from gateway.clock import Clock, Executor
from gateway.config import Config, RabbitMq
from gateway.errors import TransportUnavailable, Unreachable
from gateway.transport import Consumer, Publisher, StatusSource
from gateway.transport.folder import FolderConsumer, FolderPublisher, FolderStatuses
from gateway.transport.folder.statuses import PLACE as STATUSES

MAY_COME: Final = frozenset({"broker-unreachable", "broker-silent"})
"""What a gateway starts with, and is not ready: it passes without anybody doing anything here."""


@dataclass(frozen=True, slots=True)
class Doors:
    """Where messages come in and go out."""

    consumer: Consumer
    publisher: Publisher
    statuses: Sequence[StatusSource]


def inbound_folder(config: Config) -> Path:
    """Where files are put for the gateway."""
    return config.state / "inbound"


@asynccontextmanager
async def doors(config: Config, clock: Clock, files: Executor) -> AsyncIterator[Doors]:
    """The doors that the configuration names; a line to a broker is closed on the way out.

    Raises:
        Unreachable: the package was installed without what the transport needs.
        TransportUnavailable: the broker is there, and something at it is not as it must be.
    """
    by_file = FolderStatuses(inbound_folder(config) / STATUSES, files)
    if config.transport == "rabbitmq":
        async with _broker(config, clock, files) as at_broker:
            yield replace(at_broker, statuses=(*at_broker.statuses, by_file))
        return
    consumer = FolderConsumer(
        inbound_folder(config),
        config.state / "oversize",
        clock,
        files,
        most_bytes=config.inbound.max_bytes,
        poll_seconds=config.inbound.poll_seconds,
    )
    yield Doors(consumer, FolderPublisher(config.state / "outbound", files), (by_file,))


@asynccontextmanager
async def _broker(config: Config, clock: Clock, files: Executor) -> AsyncIterator[Doors]:
    try:
        from gateway.transport import rabbitmq
    except ModuleNotFoundError:
        raise _without_extra() from None
    name = f"eessi-gateway {config.instance}"
    consumer = rabbitmq.RabbitConsumer(
        config.rabbitmq,
        name,
        config.state / "oversize",
        clock,
        files,
        most_bytes=config.inbound.max_bytes,
    )
    publisher = rabbitmq.RabbitPublisher(config.rabbitmq, name, files)
    statuses = rabbitmq.RabbitStatuses(config.rabbitmq, name, clock)
    try:
        await rabbitmq.check(config.rabbitmq)
    except TransportUnavailable as error:
        if error.code not in MAY_COME:
            raise
    try:
        yield Doors(consumer, publisher, (statuses,))
    finally:
        await consumer.close()
        await publisher.close()
        await statuses.close()


@dataclass(frozen=True, slots=True)
class Standing:
    """How something that must be at the broker stands there."""

    kind: str
    name: str
    state: str
    """`ok`, `missing`, `differs`; `there`: it is, and we have no right to compare it."""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    bindings: Sequence[tuple[str, str]] = ()
    """Exchange and routing key; AMQP cannot say whether they are there."""

    def shown(self) -> dict[str, Any]:
        """With stable keys."""
        return {
            "kind": self.kind,
            "name": self.name,
            "state": self.state,
            "arguments": dict(self.arguments),
            "bindings": [{"exchange": exchange, "key": key} for exchange, key in self.bindings],
        }


async def topology(
    broker: RabbitMq, institutions: Sequence[str], *, make: bool
) -> Sequence[Standing]:
    """How all that must be at the broker stands, before what is missing is made.

    Raises:
        Unreachable: the package was installed without what the transport needs.
        TransportUnavailable: the broker cannot be asked; or, to make something, one thing differs.
    """
    try:
        from gateway.transport.rabbitmq import line, topology
    except ModuleNotFoundError:
        raise _without_extra() from None
    things = topology.wanted(institutions)
    if make:
        stood = await topology.apply(broker, things)
    else:
        async with line.opened(broker, "eessi-gateway plan") as connection:
            stood = await topology.compared(connection, things)
    return [
        Standing(
            thing.kind,
            thing.name,
            found.value,
            {"type": thing.type} if thing.type else thing.arguments,
            thing.bound_to,
        )
        for thing, found in stood
    ]


def _without_extra() -> Unreachable:
    """The package was installed without its extra for RabbitMQ."""
    return Unreachable(
        "RabbitMQ needs the extra of that name: install eessi-gateway[rabbitmq].",
        french="RabbitMQ demande l'extra de ce nom : installer eessi-gateway[rabbitmq].",
        code="extra-missing",
    )
