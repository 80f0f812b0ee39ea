"""The line to the broker: opened, asked, and all that can go wrong with it as errors of ours."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar, cast

import aio_pika
import aiormq
import aiormq.abc
from aio_pika.abc import (
    AbstractChannel,
    AbstractConnection,
    AbstractMessage,
)
from aio_pika.exceptions import (
    AMQPError,
    AuthenticationError,
    ChannelInvalidStateError,
    DeliveryError,
    ProbableAuthenticationError,
    PublishError,
)
from aiormq import spec
from aiormq.exceptions import ConnectionNotAllowed

from gateway.config import RabbitMq
from gateway.errors import TransportUnavailable

CONNECT_SECONDS: Final = 10.0
ANSWER_SECONDS: Final = 10.0
UNREACHABLE: Final = "broker-unreachable"
SILENT: Final = "broker-silent"
DECLINED: Final = "broker-declines"
UNROUTABLE: Final = "unroutable"
BROKEN: Final = (AMQPError, OSError, ChannelInvalidStateError, asyncio.CancelledError)
"""What a lost line looks like from inside; a call that was under way is even cancelled."""
_ABSENT: Final = frozenset({UNREACHABLE, SILENT})
"""A node that is not there; another one of the cluster may be."""
_REFUSED: Final = (AuthenticationError, ProbableAuthenticationError, ConnectionNotAllowed)

T = TypeVar("T")


@asynccontextmanager
async def opened(broker: RabbitMq, name: str) -> AsyncIterator[AbstractConnection]:
    """A line for as long as it is needed.

    Raises:
        TransportUnavailable: it cannot be had.
    """
    connection = await connected(broker, name)
    try:
        yield connection
    finally:
        await hung_up(connection)


async def connected(broker: RabbitMq, name: str) -> AbstractConnection:
    """A new line, to the first node that answers; `name` is what the operators of the broker see.

    All nodes together have the time that one alone would have.

    Raises:
        TransportUnavailable: it cannot be had.
    """
    tls = _tls(broker) if broker.tls else None
    hosts = (broker.host, *broker.other_hosts)
    seconds = CONNECT_SECONDS / len(hosts)
    for host in hosts:
        try:
            return await answered(_connecting(broker, host, name, tls, seconds), seconds)
        except TransportUnavailable as error:
            trouble = error
            if error.code not in _ABSENT:
                raise _told(broker, (host,), error) from None
    raise _told(broker, hosts, trouble) from None


def _connecting(
    broker: RabbitMq, host: str, name: str, tls: ssl.SSLContext | None, seconds: float
) -> Coroutine[Any, Any, AbstractConnection]:
    password = broker.password.get_secret_value() if broker.password is not None else ""
    return aio_pika.connect(
        host=host,
        port=broker.port,
        login=broker.user or "",
        password=password,
        virtualhost=broker.virtual_host,
        ssl=broker.tls,
        ssl_context=tls,
        timeout=seconds,
        client_properties={"connection_name": name},
        heartbeat=broker.heartbeat_seconds,
    )


async def channel_of(connection: AbstractConnection, *, confirms: bool = False) -> AbstractChannel:
    """An open channel; with `confirms`, what is published and returned is an error."""
    return await connection.channel(publisher_confirms=confirms, on_return_raises=confirms)


async def hung_up(line: AbstractConnection | AbstractChannel) -> None:
    """Close a line, or a channel of it, also one that is lost."""
    await asyncio.gather(asyncio.wait_for(line.close(), ANSWER_SECONDS), return_exceptions=True)


async def answered(question: Coroutine[Any, Any, T], seconds: float = ANSWER_SECONDS) -> T:
    """The answer to a question to the broker.

    It is asked in a task of its own: a lost line cancels whoever asks, and that is not us.

    Raises:
        TransportUnavailable: there is none; the code says why.
    """
    [outcome] = await asyncio.gather(asyncio.wait_for(question, seconds), return_exceptions=True)
    if isinstance(outcome, BROKEN):
        raise TransportUnavailable(code=_code(outcome)) from None
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome


@dataclass(frozen=True, slots=True)
class Letter:
    """What is published, and where."""

    exchange: str
    key: str
    message: AbstractMessage


async def published(
    channel: AbstractChannel, letters: Sequence[Letter], seconds: float
) -> list[TransportUnavailable | None]:
    """What became of each: None when the broker has it; else `unroutable`, or nobody knows.

    All are written at once and waited for together, over a channel with confirms: one task a
    letter, for each of them waits for a confirm of its own. One that is not heard of in so many
    seconds is `broker-silent`.
    """
    try:
        written = await answered(channel.get_underlay_channel())
    except TransportUnavailable as error:
        return [error] * len(letters)
    tasks = [asyncio.ensure_future(_put(written, letter)) for letter in letters]
    try:
        _, silent = await asyncio.wait(tasks, timeout=seconds)
    finally:
        for task in tasks:
            task.cancel()  # nothing happens to one that is done
    await asyncio.gather(*silent, return_exceptions=True)
    return [
        TransportUnavailable(code=SILENT) if task in silent else _became(task) for task in tasks
    ]


async def _put(channel: aiormq.abc.AbstractChannel, letter: Letter) -> object:
    return await cast("aiormq.Channel", channel).basic_publish(  # `wait` is of this one alone
        letter.message.body,
        exchange=letter.exchange,
        routing_key=letter.key,
        properties=letter.message.properties,
        mandatory=True,
        wait=False,
    )


def _became(task: "asyncio.Task[object]") -> TransportUnavailable | None:
    error = asyncio.CancelledError() if task.cancelled() else task.exception()
    if isinstance(error, BROKEN):
        return TransportUnavailable(code=_code(error))
    if error is not None:
        raise error
    return (
        None if isinstance(task.result(), spec.Basic.Ack) else TransportUnavailable(code=UNROUTABLE)
    )


def _code(error: BaseException) -> str:
    if isinstance(error, _REFUSED):
        return "broker-refuses-us"
    if isinstance(error, PublishError):
        return UNROUTABLE
    if isinstance(error, DeliveryError):
        return DECLINED
    if isinstance(error, TimeoutError):
        return SILENT
    if isinstance(error.__cause__, ssl.SSLError):
        return "broker-not-trusted"
    return UNREACHABLE


def _told(
    broker: RabbitMq, hosts: Sequence[str], error: TransportUnavailable
) -> TransportUnavailable:
    """The same for people, with where it is and what to do."""
    where = ", ".join(f"{host}:{broker.port}" for host in hosts)
    if error.code == "broker-refuses-us":
        english = "refuses us; check rabbitmq.user, its password file and rabbitmq.virtual_host."
        french = (
            "nous refuse ; vérifier rabbitmq.user, le fichier de son mot de passe et"
            " rabbitmq.virtual_host."
        )
    elif error.code == "broker-not-trusted":
        english = "has no certificate that we trust; check rabbitmq.tls_authority and the name."
        french = "n'a pas de certificat reconnu ; vérifier rabbitmq.tls_authority et le nom."
    else:
        english = "does not answer; start it, or correct [rabbitmq]."
        french = "ne répond pas ; le démarrer, ou corriger [rabbitmq]."
    return TransportUnavailable(
        f"The broker {where} {english}", french=f"Le courtier {where} {french}", code=error.code
    )


def _tls(broker: RabbitMq) -> ssl.SSLContext:
    """Whom we trust, and who we are.

    Raises:
        TransportUnavailable: a file of them cannot be used.
    """
    try:
        context = ssl.create_default_context(cafile=broker.tls_authority)
        if broker.tls_certificate is not None:
            context.load_cert_chain(broker.tls_certificate, broker.tls_key)
    except OSError:  # ssl.SSLError is one
        raise TransportUnavailable(
            "A PEM file of [rabbitmq] cannot be used: check tls_authority, tls_certificate"
            " and tls_key.",
            french="Un fichier PEM de [rabbitmq] est inutilisable : vérifier tls_authority,"
            " tls_certificate et tls_key.",
            code="broker-certificates",
        ) from None
    return context
