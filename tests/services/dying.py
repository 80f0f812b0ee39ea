"""Lives of the real daemon that end by SIGKILL at a chosen step, and how they are chosen.

A step is a call of a port, before it or behind it: of the journal, of the connection that the
journal writes on, of the three doors, of the word to a source that we have a message, and of the
system where the folders call it. The names come from the ports themselves, so that a new method is
a new step. The product knows nothing of this: the ports are wrapped where the composition root
gets them.

Each life is a process of its own, forked from a server that has loaded the package and its tables.
"""

import ast
import asyncio
import json
import os
import signal
import sys
import time
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from pathlib import Path

import gateway.daemon
from gateway import opening
from gateway.config import Config, load
from gateway.core.judging import examine
from gateway.errors import TransportUnavailable
from gateway.journal import LARGE, Journal
from gateway.journal.engine import Connection
from gateway.journal.postgres import PostgresEngine
from gateway.journal.sqlite import SqliteEngine
from gateway.loading import desk
from gateway.transport import Consumer, Publisher, StatusSource
from gateway.transport.folder import arriving, files, leaving, statuses
from tests.conftest import make_message

MOST = LARGE + 100_000
"""Bytes of the largest message that is loaded."""
CONFIGURATION = {
    "http": {"port": 0},
    "inbound": {"poll_seconds": 0.5, "max_bytes": MOST, "max_xml_bytes": MOST},
    "relay": {"batch": 3, "retry_first_seconds": 0.5},
    "workers": {"in_flight": 4},
    "policy": {"status_after_hours": 48},
}
"""Little at a time, so that a step comes often; folders are looked at often, and silence counts."""
FOLDER = (arriving, files, leaving, statuses)
RATE = 5.0
"""How much faster than on the wall time passes in a life."""


def methods(port):
    """What a port can be asked to do."""
    return tuple(n for n in dir(port) if not n.startswith("_") and callable(getattr(port, n, None)))


def system_calls():
    """The functions of `os` that the transport by folders calls."""
    found = set()
    for module in FOLDER:
        for node in ast.walk(ast.parse(Path(module.__file__).read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id="os"), attr=name)):
                    found.add(name)
    return tuple(sorted(found - {"fsencode"}))  # that one asks nobody


PORTS = {
    "journal": methods(Journal),
    "connection": methods(Connection),
    "consumer": methods(Consumer),
    "received": ("settle",),
    "publisher": methods(Publisher),
    "statuses": methods(StatusSource),
    "os": system_calls(),
}
STEPS = tuple(
    f"{side} {port}.{method}"
    for port, names in PORTS.items()
    for method in names
    for side in ("before", "behind")
)


@dataclass(frozen=True)
class Life:
    """How a process begins, and where it ends."""

    state: Path
    start: datetime
    env: dict
    ends_at: str | None = None
    """The step at which it kills itself; None: it works until nothing is left to do."""
    recorded: int = 0
    """Messages whose record was begun before a step counts."""
    refused: bool = False
    """The first batch is not published, and that is said."""


class Quick:
    """A clock that begins where it is told to, and runs fast."""

    def __init__(self, start):
        self._start = start
        self._began = time.monotonic()

    def now(self):
        return self._start + timedelta(seconds=self.monotonic())

    def monotonic(self):
        return (time.monotonic() - self._began) * RATE

    async def sleep(self, seconds):
        await asyncio.sleep(max(seconds, 0.0) / RATE)


class Steps:
    """Counts the steps that are taken, and ends the process at one of them."""

    def __init__(self, life):
        self._life = life
        self._recorded = 0
        self.taken = Counter()
        self.late = Counter()
        """Those that were taken once enough was recorded."""

    def take(self, step):
        self.taken[step] += 1
        self._recorded += step == "before journal.record"
        if self._recorded < self._life.recorded:
            return
        self.late[step] += 1
        if step == self._life.ends_at:
            written = os.open(self._life.state / "died-at", os.O_WRONLY | os.O_CREAT, 0o600)
            os.write(written, step.encode())
            os.kill(os.getpid(), signal.SIGKILL)


class Watched:
    """A port, each call of which is two steps."""

    def __init__(self, port, name, steps):
        self._port, self._name, self._steps = port, name, steps

    def __getattr__(self, method):
        found = getattr(self._port, method)
        if method not in PORTS[self._name]:
            return found
        before, behind = (f"{side} {self._name}.{method}" for side in ("before", "behind"))

        def called(*args, **kwargs):
            self._steps.take(before)
            result = found(*args, **kwargs)
            if asyncio.iscoroutine(result):
                return awaited(result)
            self._steps.take(behind)
            return result

        async def awaited(result):
            result = await result
            self._steps.take(behind)
            return result

        return called


class WatchedConsumer(Watched):
    """What it gives out is watched, too."""

    async def receive(self):
        self._steps.take("before consumer.receive")
        async for received in self._port.receive():
            self._steps.take("behind consumer.receive")
            object.__setattr__(received, "settle", partial(self._settled, received.settle))
            yield received
            self._steps.take("before consumer.receive")

    async def _settled(self, settle, settlement):
        self._steps.take("before received.settle")
        await settle(settlement)
        self._steps.take("behind received.settle")


class Refusing:
    """A publisher that writes down what it was given, and does not take the first batch."""

    def __init__(self, publisher, life):
        self._publisher = publisher
        self._refuses = life.refused
        self._book = life.state / "published"

    async def publish(self, batch):
        if self._refuses:
            self._refuses = False
            return [TransportUnavailable(code="refused") for _ in batch]
        with self._book.open("a") as book:
            for one in batch:
                print(one.message_id, one.digest, file=book)
        return await self._publisher.publish(batch)


def wrap(life, steps):
    """Put the watch on every port, where the composition root gets it."""
    opened, doors = opening.journal, gateway.daemon.doors

    async def journal(config):
        return Watched(await opened(config), "journal", steps)

    opening.journal = journal
    for engine in (SqliteEngine, PostgresEngine):
        connect = engine.connect_to_write
        engine.connect_to_write = lambda self, connect=connect: Watched(
            connect(self), "connection", steps
        )
    for module in FOLDER:
        if hasattr(module, "os"):
            module.os = Watched(os, "os", steps)

    @asynccontextmanager
    async def watched(config, clock, executor):
        async with doors(config, clock, executor) as found:
            yield type(found)(
                WatchedConsumer(found.consumer, "consumer", steps),
                Watched(Refusing(found.publisher, life), "publisher", steps),
                tuple(Watched(one, "statuses", steps) for one in found.statuses),
            )

    gateway.daemon.doors = watched


def live(life):
    """One life, in a process of its own."""
    life.state.mkdir(exist_ok=True)
    log = os.open(life.state / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(log, stream.fileno())
    os.environ.update(
        {
            f"EESSI_GATEWAY_{section}__{key}".upper(): str(value)
            for section, keys in CONFIGURATION.items()
            for key, value in keys.items()
        }
        | life.env
    )
    steps, clock = Steps(life), Quick(life.start)
    wrap(life, steps)
    gateway.daemon.desk = lambda _config: judged_with()

    async def until_idle(running, _address):
        """Nothing waits, and every part has looked twice."""
        while True:
            await clock.sleep(0.5)
            twice = ("journal.due_cases", "journal.refer_silent", "statuses.status_files")
            looked = all(steps.taken[f"behind {one}"] > 1 for one in twice)
            if await running.readiness.look() and looked and not waiting(life.state):
                return True

    config = load(None, life.state)
    asyncio.run(gateway.daemon.serve(config, clock=clock, beside=until_idle))
    taken = {"taken": steps.taken, "late": steps.late}
    (life.state / "steps").write_text(json.dumps(taken))


def waiting(state):
    """What has not been taken from the folders."""
    inbound = state / "inbound"
    return [*inbound.glob("*.xml"), *inbound.glob("*.mime"), *inbound.glob("status/*.csv")]


@cache
def judged_with():
    """What every life judges with; loaded once, by the server that they are forked from."""
    config = Config.model_validate(CONFIGURATION, context={"state": Path("unused")})
    judges = desk(config)
    examine(make_message(), judges.limits, judges.schemas)  # compiles what they all need
    return judges
