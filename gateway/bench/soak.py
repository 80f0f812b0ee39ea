"""What a gateway has open, and how much memory, after very many messages: is it what it was before?

Messages are put in at the pace at which they come out, so that neither queue grows: of each case
its first, which has it transferred, and later ones. What is counted is counted when everything has
left and nothing moves, early (the caches are full by then) and at the end.
"""

import asyncio
import json
import signal
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.bench.broker import (
    LONGEST_SECONDS,
    OUTBOUND,
    Queues,
    at_broker,
    broker_of,
    gateway_at,
    look_again,
)
from gateway.bench.process import Measured, has_room, started
from gateway.bench.seds import MESSAGE_BYTES, sed
from gateway.transport.rabbitmq import topology

EARLY: Final = 50_000
"""Messages after which the first count is taken; half of them where there are fewer."""
PER_CASE: Final = 10
"""Messages of a case."""
_CASES_AT_ONCE: Final = 200
_AHEAD: Final = 2_000
"""Messages that may be on their way."""
_ROW_BYTES: Final = 10_000
"""What a message leaves in the journal beside its own bytes, generously."""
_SAMPLES: Final = 20
_PROBE: Final = "gateway.bench.soak_probe"


@dataclass(frozen=True, slots=True)
class Count:
    """What the process has open, and its memory."""

    rss_mb: float
    files: int
    """File descriptors."""
    tasks: int
    """Tasks of asyncio."""
    channels: int
    """Channels to the broker."""


@dataclass(frozen=True, slots=True)
class Soaked:
    """One soak."""

    early: Count
    late: Count
    rss_mb: tuple[float, ...]
    """Resident memory on the way, twenty times."""
    msg_s: float
    """Messages taken a second, over all."""


async def measure(url: str, messages: int) -> Soaked:
    """One soak over so many messages.

    Raises:
        Refused: a gateway works on that broker, the gateway ended, nothing comes through, or the
            disk has no room for the journal.
    """
    broker = broker_of(url)
    async with at_broker(broker) as queues:
        with tempfile.TemporaryDirectory(prefix="eessi-bench-") as folder:
            has_room(folder, messages * (MESSAGE_BYTES + _ROW_BYTES))
            counts = Path(folder, "counts")
            words = [_PROBE, str(counts), "--state", str(Path(folder, "state")), "run"]
            with started("gateway", words, gateway_at(broker)) as gateway:
                await queues.attended(topology.INBOUND, [gateway])
                return await _Soak(queues, gateway, counts).over(messages)


class _Soak:
    def __init__(self, queues: Queues, gateway: Measured, counts: Path) -> None:
        self._queues = queues
        self._gateway = gateway
        self._counts = counts
        self._in = self._out = 0
        self._rss: list[float] = []

    async def over(self, messages: int) -> Soaked:
        begun, early = time.perf_counter(), min(EARLY, messages // 2)
        step = max(messages // _SAMPLES, 1)
        await self._fed(early, step)
        first = await self._count()
        await self._fed(messages, step)
        last = await self._count()
        return Soaked(first, last, tuple(self._rss), messages / (time.perf_counter() - begun))

    async def _fed(self, until: int, step: int) -> None:
        """Put messages in until there were so many, at the pace of what comes out; wait for it."""
        while self._in < until:
            number = min(_CASES_AT_ONCE, until - self._in)
            some = [_message(n) for n in range(self._in, self._in + number)]
            await self._queues.fill(topology.INBOUND, some)
            if (self._in + number) // step > self._in // step:
                self._rss.append(self._gateway.rss_mb())
            self._in += number
            await self._left(_AHEAD)
        await self._left(0)

    async def _left(self, most: int) -> None:
        """Return when no more than so many are on their way."""
        end = time.perf_counter() + LONGEST_SECONDS
        while True:
            gone = await self._queues.empty(*OUTBOUND)
            self._out += gone
            if _caused(self._in) - self._out <= most:
                return
            if gone:
                end = time.perf_counter() + LONGEST_SECONDS
            await look_again([self._gateway], end)

    async def _count(self) -> Count:
        await asyncio.sleep(2.0)  # noqa: TID251 - what still moves comes to rest: a measurement
        self._gateway.tell(signal.SIGUSR1)
        end = time.perf_counter() + LONGEST_SECONDS
        while (said := _said(self._counts)) is None:
            await look_again([self._gateway], end)
        gateway = self._gateway
        return Count(gateway.rss_mb(), gateway.open_files(), said["tasks"], said["channels"])


def _message(number: int) -> bytes:
    """The n-th message: some cases at a time, each with all of its messages in order."""
    block, within = divmod(number, _CASES_AT_ONCE * PER_CASE)
    version, case = divmod(within, _CASES_AT_ONCE)
    return sed(block * _CASES_AT_ONCE + case, 1 + version)


def _caused(messages: int) -> int:
    """What so many messages have leave: each goes on, and the first of a case has two X007."""
    blocks, within = divmod(messages, _CASES_AT_ONCE * PER_CASE)
    return messages + 2 * (blocks * _CASES_AT_ONCE + min(within, _CASES_AT_ONCE))


def _said(file: Path) -> Mapping[str, int] | None:
    """What the gateway has written, taken away."""
    try:
        said: Mapping[str, int] = json.loads(file.read_bytes())
    except FileNotFoundError:
        return None
    file.unlink()
    return said
