"""How long a message takes from queue to queue at a slow pace; and beside a large one.

The large one goes by the folder that gateway and institution share (claim check), as the transport
has it for what is too large for a broker. Times are those of the small messages: how long they
take while a large one is under way says what it costs all others.
"""

import asyncio
import json
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final

from aio_pika.abc import AbstractIncomingMessage

from gateway.bench.broker import OUTBOUND, Queues, look_again, stuck
from gateway.bench.process import Measured
from gateway.bench.seds import message_id, sed
from gateway.transport.rabbitmq import topology
from gateway.transport.rabbitmq.bodies import keep

PER_SECOND: Final = 20
TIMED: Final = 200
"""Messages that are timed with nothing beside them."""
LONGEST_SECONDS: Final = 120.0
"""After which a message is waited for no longer."""


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds from published to handed over; half of the messages, and 99 of 100, within."""

    p50_ms: float
    p99_ms: float
    p50_large_ms: float | None = None
    """Of those published while a large one was under way; None where there was none."""
    p99_large_ms: float | None = None
    large_ms: float | None = None
    """The large one itself."""


async def paced(
    queues: Queues,
    gateway: Measured,
    shared: Path,
    *,
    cases: int,
    version: int,
    attachment: bytes,
) -> Times:
    """Time messages one by one: of each case the versions from this one on.

    Args:
        queues: of the broker; nothing stands in them.
        gateway: at work there.
        shared: its claim-check folder.
        cases: how many there are, all forwarded; one more is there for the large message.
        version: the next one.
        attachment: of the large message; empty: there is none.

    Raises:
        Refused: the gateway has ended, or one does not come through.
    """
    way = _Way(queues, gateway)
    numbers = ((n % cases, version + n // cases) for n in count())
    queue = await queues.channel.get_queue(OUTBOUND[0], ensure=False)
    consumer = await queue.consume(way.see)
    alone = await way.small(numbers, TIMED)
    times = Times(*_within(alone))
    if attachment:
        body = await asyncio.to_thread(sed, cases, 2, attachment=attachment)
        claim = await asyncio.to_thread(keep, shared, body)
        large = message_id(cases, 2)
        await way.send(large, b"", claim.headers)
        beside = await way.small(numbers, 1, until=large)
        times = Times(times.p50_ms, times.p99_ms, *_within(beside), 1000 * way.took[large])
    await queue.cancel(consumer)
    return times


class _Way:
    """Messages that were sent and have arrived, or are to."""

    def __init__(self, queues: Queues, gateway: Measured) -> None:
        self._queues = queues
        self._gateway = gateway
        self._left: dict[str, float] = {}
        self.took: dict[str, float] = {}
        """Seconds, of those that have arrived."""

    async def see(self, message: AbstractIncomingMessage) -> None:
        """One has arrived."""
        ident = json.loads(str(message.headers["eessi-sidecar"]))["message_id"]
        self.took[ident] = time.perf_counter() - self._left[ident]
        await message.ack()

    async def send(self, ident: str, body: bytes, headers: Mapping[str, Any] | None = None) -> None:
        """One leaves."""
        self._left[ident] = time.perf_counter()
        await self._queues.fill(topology.INBOUND, [body], headers)

    async def small(
        self, numbers: Iterator[tuple[int, int]], least: int, *, until: str | None = None
    ) -> list[float]:
        """Send small ones at the pace, so many at least and until that one is there; seconds."""
        begun, sent = time.perf_counter(), list[str]()
        while len(sent) < least or not (until is None or until in self.took):
            case, version = next(numbers)
            sent.append(message_id(case, version))
            await self.send(sent[-1], sed(case, version))
            await self._until(begun + len(sent) / PER_SECOND)
            self._gateway.check()
            if time.perf_counter() > begun + LONGEST_SECONDS:
                raise stuck()
        await self._all_of(sent)
        return [self.took[ident] for ident in sent]

    async def _until(self, moment: float) -> None:
        await asyncio.sleep(  # noqa: TID251 - a measurement: real time is what it measures
            max(moment - time.perf_counter(), 0)
        )

    async def _all_of(self, sent: Collection[str]) -> None:
        end = time.perf_counter() + LONGEST_SECONDS
        while not self.took.keys() >= set(sent):
            await look_again([self._gateway], end)


def _within(seconds: list[float]) -> tuple[float, float]:
    """Milliseconds within which half of them lie, and 99 of 100."""
    found = sorted(seconds)
    return 1000 * found[len(found) // 2], 1000 * found[int(len(found) * 0.99)]
