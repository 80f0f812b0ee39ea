"""RabbitMQ nodes of the tests' own, and the broker as the world outside of the gateway uses it."""

import asyncio
import contextlib
import os
import signal
import subprocess
import threading

import aio_pika
from aiormq.exceptions import DeliveryError
from pydantic import SecretStr

from gateway.bench import private_broker
from gateway.bench.private_broker import LOOPBACK, PROGRAMS, USER, Mapper, free_ports
from gateway.config import RabbitMq
from gateway.transport.rabbitmq import topology
from gateway.transport.rabbitmq.line import opened

__all__ = ["PASSWORD", "USER", "Broker", "Encrypted", "ThreeNodes", "absent"]

PASSWORD = "only-on-loopback"
ADDRESSES = (LOOPBACK, "127.0.0.2", "127.0.0.3")
"""Of the nodes of a cluster: all of them are this machine's own."""


def absent():
    """Why there can be no node here; None when there can."""
    if not private_broker.installed():
        return "RabbitMQ is not installed: `make setup-services` installs it"
    return None


class Node(private_broker.Node):
    """One node, with somebody who operates it."""

    def __init__(self, home, mapper, **more):
        super().__init__(home, mapper, password=PASSWORD, **more)

    def keep(self):
        """Let it write down which queues there are, which it does some seconds after the fact.

        Messages it writes before it confirms them.
        """
        self.control("eval", "mnesia:sync_log().")

    @contextlib.contextmanager
    def silent(self):
        """All of its processes stand still: to others it looks as if the network had parted."""
        ours = self._ours()
        for pid in ours:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in ours:
                os.kill(pid, signal.SIGCONT)

    def control(self, *words):
        """Ask it something as its operator does."""
        return subprocess.run(
            [PROGRAMS / "rabbitmqctl", "--node", self.name, *words],
            env=self.environment,
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        ).stdout


class Encrypted(Node):
    """A node that speaks TLS, too, and who is there alone with its mapper."""

    def __init__(self, home):
        self._mapper = Mapper(home)
        [self.tls_port] = free_ports(1)
        self.certificate = _certified(home)
        super().__init__(
            home,
            self._mapper,
            settings=(
                f"listeners.ssl.default = {LOOPBACK}:{self.tls_port}",
                f"ssl_options.cacertfile = {self.certificate}",
                f"ssl_options.certfile = {self.certificate}",
                f"ssl_options.keyfile = {self.certificate.with_suffix('.key')}",
            ),
        )

    def end(self):
        """Kill it, and its mapper."""
        self.kill()
        self._mapper.end()


class ThreeNodes:
    """Three nodes, each at an address of loopback of its own, all at one port."""

    def __init__(self, home):
        self._mapper = Mapper(home)
        [port] = free_ports(1)
        first = Node(_folder(home, ADDRESSES[0]), self._mapper, address=ADDRESSES[0], port=port)
        found = (
            "cluster_formation.peer_discovery_backend = classic_config",
            f"cluster_formation.classic_config.nodes.1 = {first.name}",
        )
        others = [
            Node(_folder(home, one), self._mapper, address=one, port=port, settings=found)
            for one in ADDRESSES[1:]
        ]
        self.nodes = [first, *others]

    def whole(self):
        """Start what is not there, and wait until all three know each other."""
        first = self.nodes[0]
        if not (first.home / "mnesia").exists():
            first.start()  # the others come to it
        absent = [node for node in self.nodes if not node.greets()]
        for node in absent:
            node.begin()
        for node in absent:
            node.wait()

    def leader(self, queue):
        """The node that leads a queue now; all three have to be there."""
        said = self.nodes[0].control("list_queues", "--quiet", "name", "leader", "members")
        [row] = [line.split("\t") for line in said.splitlines() if line.startswith(f"{queue}\t")]
        _, leader, members = row
        assert all(node.name in members for node in self.nodes), said
        return next(node for node in self.nodes if node.name == leader)

    def end(self):
        """Kill all of them."""
        for node in self.nodes:
            node.kill()
        self._mapper.end()


class Broker:
    """The node as the world outside of the gateway uses it, each time over a line of its own.

    Its methods wait for their end, also inside of a loop: they work in another thread.
    """

    def __init__(self, node, *others):
        self.node = node
        self.config = RabbitMq(
            host=node.address,
            other_hosts=tuple(other.address for other in others),
            port=node.port,
            user=USER,
            password=SecretStr(PASSWORD),
        )

    def fresh(self, *institutions):
        """Everything the gateway needs, empty; with queues for these institutions.

        What is there as it must be stays: a node that is killed soon after a queue of the same
        name was deleted and made anew does not always find it again.
        """
        kept = topology.wanted(institutions)

        async def tidy(connection):
            wrong = [t for t, f in await topology.compared(connection, kept) if f == "differs"]
            foreign = [t for t in topology.wanted(INSTITUTIONS) if t not in kept]
            channel = await connection.channel()
            for thing in (*wrong, *foreign):
                delete = channel.queue_delete if thing.kind == "queue" else channel.exchange_delete
                await delete(thing.name)

        async def empty(connection):
            channel = await connection.channel()
            for thing in kept:
                if thing.kind == "queue":
                    await _unattended(channel, thing.name)
                    await (await channel.get_queue(thing.name, ensure=False)).purge()

        self._do(tidy)
        _elsewhere(topology.apply(self.config, kept))
        self._do(empty)

    def put(self, *bodies, queue=topology.INBOUND, headers=None, **properties):
        """Let messages arrive; one that the queue declines is sent until it does not."""

        async def publish(connection):
            for body in bodies:
                message = aio_pika.Message(body, headers=headers, delivery_mode=2, **properties)
                await _taken(connection, message, queue)

        self._do(publish)

    def take(self, queue):
        """All messages of a queue, which is empty then."""

        async def empty(connection):
            found, channel = [], await connection.channel()
            there = await channel.get_queue(queue, ensure=False)
            while message := await there.get(no_ack=True, fail=False):
                found.append(message)
            return found

        return self._do(empty)

    def count(self, queue):
        """Messages that are ready."""

        async def look(connection):
            channel = await connection.channel()
            return (await channel.declare_queue(queue, passive=True)).declaration_result

        return self._do(look).message_count

    def do(self, work):
        """What `work(channel)` gives."""

        async def whole(connection):
            return await work(await connection.channel())

        return self._do(whole)

    def _do(self, work):
        async def whole():
            async with opened(self.config, "test") as connection:
                return await work(connection)

        return _elsewhere(whole())


async def _taken(connection, message, queue):
    """Return when the queue has it; one whose leader has died declines all that a channel says."""
    for _ in range(600):
        async with await connection.channel() as channel:
            with contextlib.suppress(DeliveryError):
                await channel.default_exchange.publish(message, queue)
                return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{queue} takes nothing")


async def _unattended(channel, name):
    """Return when nobody consumes it any more: what a dead consumer had is back in it."""
    for _ in range(600):
        queue = await channel.declare_queue(name, passive=True)
        if not queue.declaration_result.consumer_count:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{name} still has a consumer")


INSTITUTIONS = ("FR:0101100000", "FR:0201100000")
"""Those that tests may have queues for."""


def _elsewhere(work):
    """The result of a coroutine, in a thread and a loop of its own."""
    outcome = []
    thread = threading.Thread(target=lambda: outcome.append(asyncio.run(work)))
    thread.start()
    thread.join()
    assert outcome, "it failed in its thread"
    return outcome[0]


def _certified(home):
    """A certificate for this machine, signed by itself."""
    made, key = home / "node.crt", home / "node.key"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "30", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
            *("-keyout", key, "-out", made),
        ],
        check=True,
        capture_output=True,
    )
    return made


def _folder(home, name):
    made = home / name
    made.mkdir(mode=0o700)
    return made
