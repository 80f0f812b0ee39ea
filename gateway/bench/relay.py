"""How fast messages go from queue to queue: a bare relay, what one would write, and the gateway.

All work on the same broker, one after the other, each in a process of its own, on the same messages
in quorum queues with the same properties; their rates side by side say what the gateway's work
costs. The bare relay (consume, publish with confirm, acknowledge) is the ceiling. What one would
write is a FastStream handler with lxml and one SQLite insert a message: no validation, no decision,
no outbox. The gateway delivers: each message is a later SED of a case that was forwarded, one in,
one out; on SQLite, and by two workers on PostgreSQL.

Each has started, and is held still while its messages are put into its queue: what is measured is
the work, from the first message out to the last, and the CPU of that time alone.
"""

import statistics
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.bench.broker import (
    OUTBOUND,
    Passage,
    Queues,
    at_broker,
    broker_of,
    gateway_at,
    with_heartbeat,
)
from gateway.bench.paced import Times, paced
from gateway.bench.process import Measured, cpu_seconds, started
from gateway.bench.rivals import AMQP, IN, OUT
from gateway.bench.seds import sed
from gateway.config import Postgres, RabbitMq
from gateway.transport.rabbitmq import topology

if TYPE_CHECKING:
    from gateway.bench.private_database import Cluster

CASES: Final = 200
"""Cases that the gateway's messages belong to."""
WORKERS: Final = 2
"""Gateways on one database."""


@dataclass(frozen=True, slots=True)
class Rate:
    """How one of them did."""

    msg_s: float
    cpu_ms: float
    """CPU of its processes, milliseconds a message."""


@dataclass(frozen=True, slots=True)
class Relaying:
    """One run: messages a second, and milliseconds from queue to queue at a slow pace."""

    ceiling: Rate
    naive: Rate | None
    """None where FastStream is not installed (extra `bench`)."""
    gateway: Rate
    postgres: Rate | None
    """None where there is no PostgreSQL."""
    database_cpu_ms: float | None
    """CPU of the database's server, milliseconds a message."""
    transfer_published_s: float
    """Messages published a second while the cases were transferred: X007s and hand-overs."""
    times: Times
    killed: tuple[str, ...]
    """Those that did not end by themselves when they were asked to."""


async def measure(
    url: str, messages: int, *, cluster: "Cluster | None", attachment_mb: int
) -> Relaying:
    """One run over so many messages.

    Raises:
        Refused: a gateway works on that broker, one of the programs ended, or nothing comes
            through.
    """
    broker = broker_of(url)
    bodies = [sed(n % CASES, 2 + n // CASES) for n in range(messages)]
    async with at_broker(broker) as queues:
        one = _Run(queues, broker, bodies)
        ceiling = await one.rival("bare", url)
        naive = await one.rival("naive", url) if find_spec("faststream") is not None else None
        gateway, published, times = await one.on_a_file(attachment_mb)
        postgres = await one.on_a_database(cluster) if cluster is not None else None
    rate, served = postgres or (None, None)
    return Relaying(ceiling, naive, gateway, rate, served, published, times, tuple(one.killed))


class _Run:
    """One after the other, on the same messages."""

    def __init__(self, queues: Queues, broker: RabbitMq, bodies: Sequence[bytes]) -> None:
        self._queues = queues
        self._broker = broker
        self._bodies = bodies
        self.killed: list[str] = []

    async def rival(self, kind: str, url: str) -> Rate:
        """One of the programs of `gateway.bench.rivals`."""
        with tempfile.TemporaryDirectory(prefix="eessi-bench-") as folder:
            words = [f"gateway.bench.rivals.{kind}", folder]
            async with self._started(kind, [words], {AMQP: with_heartbeat(url)}, IN) as processes:
                found = await self._through(IN, self._bodies, (OUT,), len(self._bodies), processes)
        await self._queues.empty(OUT)
        return _rate(found, len(self._bodies))

    async def on_a_file(self, attachment_mb: int) -> tuple[Rate, float, Times]:
        """The gateway on SQLite, with what it publishes when it transfers, and its times."""
        with tempfile.TemporaryDirectory(prefix="eessi-bench-") as folder:
            more = {
                "RABBITMQ__CLAIM_CHECK_FOLDER": folder,
                "INBOUND__MAX_BYTES": str(max(20, 2 * attachment_mb) * 1024 * 1024),
            }
            async with self._gateways([Path(folder, "state")], more) as processes:
                published = await self._transferred(processes)
                found = await self._delivered(processes)
                times = await paced(
                    self._queues,
                    processes[0],
                    Path(folder),
                    cases=CASES,
                    version=2 + -(-len(self._bodies) // CASES),
                    attachment=bytes(attachment_mb * 1_000_000),
                )
        return _rate(found, len(self._bodies)), published, times

    async def on_a_database(self, cluster: "Cluster") -> tuple[Rate, float]:
        """Gateways on PostgreSQL, each with a state folder of its own; and the server's CPU."""
        with tempfile.TemporaryDirectory(prefix="eessi-bench-") as folder:
            states = [Path(folder, f"state-{number}") for number in range(WORKERS)]
            async with self._gateways(states, _journal_on(cluster.database())) as processes:
                await self._transferred(processes)
                before = sum(map(cpu_seconds, cluster.processes()))
                found = await self._delivered(processes)
                served = sum(map(cpu_seconds, cluster.processes())) - before
        return _rate(found, len(self._bodies)), 1000 * served / len(self._bodies)

    async def _transferred(self, processes: Sequence[Measured]) -> float:
        """Every case is forwarded, the one of the large message, too; messages a second."""
        firsts = [sed(case, 1) for case in range(CASES + 1)]
        found = await self._through(topology.INBOUND, firsts, OUTBOUND, 3 * len(firsts), processes)
        await self._queues.empty(*OUTBOUND)
        return found.rate

    async def _delivered(self, processes: Sequence[Measured]) -> Passage:
        found = await self._through(
            topology.INBOUND, self._bodies, OUTBOUND, len(self._bodies), processes
        )
        await self._queues.empty(*OUTBOUND)
        return found

    async def _through(
        self,
        source: str,
        bodies: Sequence[bytes],
        to: Sequence[str],
        number: int,
        processes: Sequence[Measured],
    ) -> Passage:
        """What comes out for these, which are all there before any of the processes sees one."""
        for process in processes:
            process.hold()
        await self._queues.fill(source, bodies)
        for process in processes:
            process.go_on()
        return await self._queues.passed(to, number, processes)

    def _gateways(
        self, states: Sequence[Path], more: dict[str, str]
    ) -> AbstractAsyncContextManager[list[Measured]]:
        words = [["gateway", "--state", str(state), "run"] for state in states]
        environment = gateway_at(self._broker, **more)
        return self._started("gateway", words, environment, topology.INBOUND)

    @asynccontextmanager
    async def _started(
        self, name: str, words: Sequence[Sequence[str]], environment: dict[str, str], queue: str
    ) -> AsyncIterator[list[Measured]]:
        """They wait for messages of that queue."""
        processes: list[Measured] = []
        with ExitStack() as stack:
            for each in words:
                processes.append(stack.enter_context(started(name, each, environment)))
                await self._queues.attended(queue, processes)
            yield processes
        self.killed += [one.name for one in processes if one.killed]


def _journal_on(server: Postgres) -> dict[str, str]:
    return {
        "JOURNAL": "postgres",
        "POSTGRES__HOST": server.host,
        "POSTGRES__PORT": str(server.port),
        "POSTGRES__DATABASE": server.database,
        "POSTGRES__USER": server.user or "",
        "POSTGRES__PASSWORD": server.password.get_secret_value() if server.password else "",
    }


def _rate(found: Passage, messages: int) -> Rate:
    return Rate(found.rate, 1000 * sum(found.cpu_seconds) / messages)


def medians(runs: Sequence[Relaying]) -> dict[str, float | None]:
    """The median of each figure; a ratio is the median of those of the runs."""

    def of(figure: Callable[[Relaying], float | None]) -> float | None:
        values = [value for run in runs if (value := figure(run)) is not None]
        return round(statistics.median(values), 3) if values else None

    def each(name: str, one: Callable[[Relaying], Rate | None]) -> dict[str, float | None]:
        return {
            f"{name}_msg_s": of(lambda run: _of(one(run), lambda rate: rate.msg_s)),
            f"{name}_cpu_ms": of(lambda run: _of(one(run), lambda rate: rate.cpu_ms)),
        }

    return {
        "ratio_ceiling": of(lambda run: run.gateway.msg_s / run.ceiling.msg_s),
        "ratio_naive": of(lambda run: _of(run.naive, lambda to: run.gateway.msg_s / to.msg_s)),
        "ratio_postgres": of(
            lambda run: _of(run.postgres, lambda rate: rate.msg_s / run.gateway.msg_s)
        ),
        **each("ceiling", lambda run: run.ceiling),
        **each("naive", lambda run: run.naive),
        **each("gateway", lambda run: run.gateway),
        **each("postgres", lambda run: run.postgres),
        "database_cpu_ms": of(lambda run: run.database_cpu_ms),
        "transfer_published_s": of(lambda run: run.transfer_published_s),
        "p50_ms": of(lambda run: run.times.p50_ms),
        "p99_ms": of(lambda run: run.times.p99_ms),
        "p50_large_ms": of(lambda run: run.times.p50_large_ms),
        "p99_large_ms": of(lambda run: run.times.p99_large_ms),
        "large_ms": of(lambda run: run.times.large_ms),
    }


def _of(rate: Rate | None, figure: Callable[[Rate], float]) -> float | None:
    return None if rate is None else figure(rate)
