"""The broker of a measurement: its queues, filled, counted and emptied; nothing stays behind."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection
from pydantic import SecretStr

from gateway.bench.process import Measured
from gateway.bench.rivals import IN, OUT, PREFETCH
from gateway.bench.seds import HOLDER, US
from gateway.config import RabbitMq
from gateway.errors import Refused
from gateway.transport.rabbitmq import topology
from gateway.transport.rabbitmq.line import opened

OUTBOUND: Final = (f"{topology.INSTITUTION_QUEUE}{HOLDER}", topology.RINA_QUEUE)
"""Where a gateway's messages go: hand-overs, and what is for RINA."""
HEARTBEAT_SECONDS: Final = 600
"""Of the lines of what is measured: it is held still while queues are filled."""
LONGEST_SECONDS: Final = 120.0
"""After which a measurement in which nothing moves is given up."""
LOOK_SECONDS: Final = 0.02
_AT_ONCE: Final = 200


@dataclass(frozen=True, slots=True)
class Passage:
    """Messages on their way through."""

    seconds: float
    """From the last look that saw none of them to the one that saw all."""
    rate: float
    """Messages a second."""
    cpu_seconds: tuple[float, ...]
    """CPU that each process used meanwhile."""


class Queues:
    """The queues of one measurement."""

    def __init__(self, channel: AbstractChannel) -> None:
        self.channel = channel

    async def fill(
        self, queue: str, bodies: Iterable[bytes], headers: Mapping[str, Any] | None = None
    ) -> None:
        """Put messages into a queue, each confirmed; in order.

        Raises:
            Refused: the broker takes no more.
        """
        said = {"eessi-addressee": US} if queue == topology.INBOUND else {}

        async def put(body: bytes) -> None:
            message = aio_pika.Message(body, headers={**said, **(headers or {})}, delivery_mode=2)
            await self.channel.default_exchange.publish(message, queue)

        coming = iter(bodies)
        while some := list(islice(coming, _AT_ONCE)):
            async with _in_time():
                await asyncio.gather(*map(put, some))

    async def count(self, *queues: str) -> int:
        """Messages that stand in these queues."""
        said = [await self._declared(queue) for queue in queues]
        return sum(one.message_count or 0 for one in said)

    async def empty(self, *queues: str) -> int:
        """Remove what stands in these queues; how much it was."""
        gone = 0
        for name in queues:
            queue = await self.channel.get_queue(name, ensure=False)
            gone += (await queue.purge()).message_count or 0
        return gone

    async def attended(self, queue: str, processes: Sequence[Measured]) -> None:
        """Return once each of the processes waits for messages of that queue.

        Raises:
            Refused: one has ended, or they do not come.
        """
        end = time.perf_counter() + LONGEST_SECONDS
        while (await self._declared(queue)).consumer_count != len(processes):
            await look_again(processes, end)
        await asyncio.sleep(0.5)  # noqa: TID251 - what else a start does: a measurement, real time

    async def passed(
        self, queues: Sequence[str], number: int, processes: Sequence[Measured]
    ) -> Passage:
        """Return once so many messages stand in these queues.

        Raises:
            Refused: a process has ended, or they do not come.
        """
        return await _measured(partial(self.count, *queues), number, processes)

    async def drained(
        self, queues: Sequence[str], number: int, processes: Sequence[Measured]
    ) -> Passage:
        """Return once so many have come to these queues, from which they are removed meanwhile.

        Raises:
            Refused: a process has ended, or they do not come.
        """
        gone = 0

        async def so_far() -> int:
            nonlocal gone
            gone += await self.empty(*queues)
            return gone

        return await _measured(so_far, number, processes)

    async def _declared(self, queue: str) -> Any:
        return (await self.channel.declare_queue(queue, passive=True)).declaration_result


async def _measured(
    arrived: Callable[[], Awaitable[int]], number: int, processes: Sequence[Measured]
) -> Passage:
    begun, before = time.perf_counter(), [one.cpu_seconds() for one in processes]
    seen, end = 0, begun + LONGEST_SECONDS
    while (there := await arrived()) < number:
        now = time.perf_counter()
        if not there:
            begun, before = now, [one.cpu_seconds() for one in processes]
        if there != seen:
            seen, end = there, now + LONGEST_SECONDS
        await look_again(processes, end)
    seconds = time.perf_counter() - begun
    cpu = [one.cpu_seconds() - was for one, was in zip(processes, before, strict=True)]
    return Passage(seconds, there / seconds, tuple(cpu))


async def look_again(processes: Sequence[Measured], end: float) -> None:
    """Return when it is time for another look.

    Raises:
        Refused: a process has ended, or it is too late (`end`, of `time.perf_counter`).
    """
    for process in processes:
        process.check()
    if time.perf_counter() > end:
        raise stuck()
    await asyncio.sleep(LOOK_SECONDS)  # noqa: TID251 - a measurement: real time is what it measures


def stuck() -> Refused:
    """What is said where something does not come through."""
    return Refused(
        "messages do not come through any more; the measurement is given up.",
        french="les messages ne passent plus ; la mesure est abandonnée.",
        code="bench-stuck",
    )


@asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(LONGEST_SECONDS):
            yield
    except TimeoutError:
        raise stuck() from None


@asynccontextmanager
async def at_broker(broker: RabbitMq) -> AsyncIterator[Queues]:
    """The queues of a gateway, of the rivals too, made now and deleted on the way out.

    Raises:
        Refused: something of a gateway is there already.
        TransportUnavailable: the broker cannot be reached.
    """
    things = topology.wanted((HOLDER,))
    async with opened(broker, "eessi-gateway bench") as connection:
        await _is_free(connection, things)
        try:
            await topology.apply(broker, things)
            channel = await connection.channel()
            [like] = [thing.arguments for thing in things if thing.name == topology.INBOUND]
            for name in (IN, OUT):  # with the properties of ours: what is compared is the program
                await channel.declare_queue(name, durable=True, arguments=dict(like))
            await channel.set_qos(prefetch_count=PREFETCH)
            yield Queues(channel)
        finally:
            async with _in_time():
                await _tidied(connection, things)


async def _is_free(connection: AbstractConnection, things: Sequence[topology.Thing]) -> None:
    """Nothing of a gateway is there: what is measured is deleted afterwards."""
    for thing, found in await topology.compared(connection, things):
        if found is not topology.Found.MISSING:
            raise Refused(
                f"{thing.name} is at this broker already; give a virtual host of its own.",
                french=f"{thing.name} est déjà chez ce courtier ; donner un hôte virtuel à part.",
                code="broker-in-use",
            )


async def _tidied(connection: AbstractConnection, things: Sequence[topology.Thing]) -> None:
    channel = await connection.channel()
    for name in (IN, OUT):
        await channel.queue_delete(name)
    for thing in things:
        delete = channel.queue_delete if thing.kind == "queue" else channel.exchange_delete
        await delete(thing.name)


def broker_of(url: str) -> RabbitMq:
    """The broker at an address.

    Raises:
        Refused: it is none; nothing of it is repeated.
    """
    try:
        said = urlsplit(url)
        host, port = said.hostname, said.port
    except ValueError:
        host = port = None
    if host is None or said.scheme != "amqp":
        raise Refused(
            "--amqp: no address of a broker; write amqp://user:password@host:port/virtual-host.",
            french="--amqp : pas l'adresse d'un courtier ; écrire"
            " amqp://utilisateur:secret@hôte:port/hôte-virtuel.",
            code="bad-address",
        )
    return RabbitMq(
        host=host,
        port=port or 5672,
        virtual_host=unquote(said.path[1:]) or "/",
        user=unquote(said.username) if said.username else None,
        password=SecretStr(unquote(said.password)) if said.password else None,
    )


def with_heartbeat(url: str) -> str:
    """The address with the heartbeat of what is measured."""
    return f"{url}{'&' if '?' in url else '?'}heartbeat={HEARTBEAT_SECONDS}"


def gateway_at(broker: RabbitMq, **more: str) -> dict[str, str]:
    """The environment of a gateway at that broker; more keys of its configuration by name."""
    said = {
        "TRANSPORT": "rabbitmq",
        "HTTP__PORT": "0",
        "RABBITMQ__HOST": broker.host,
        "RABBITMQ__PORT": str(broker.port),
        "RABBITMQ__VIRTUAL_HOST": broker.virtual_host,
        "RABBITMQ__PREFETCH": str(PREFETCH),
        "RABBITMQ__HEARTBEAT_SECONDS": str(HEARTBEAT_SECONDS),
        "RABBITMQ__USER": broker.user or "",
        "RABBITMQ__PASSWORD": broker.password.get_secret_value() if broker.password else "",
        **more,
    }
    return {f"EESSI_GATEWAY_{key}": value for key, value in said.items() if value}
