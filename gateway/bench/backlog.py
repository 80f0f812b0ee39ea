"""How long a gateway takes that starts before a full queue of later SEDs, each of a known case."""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.bench.broker import OUTBOUND, at_broker, broker_of, gateway_at
from gateway.bench.process import started
from gateway.bench.seds import sed
from gateway.transport.rabbitmq import topology

PER_CASE: Final = 25
"""Messages of the backlog that belong to one case."""


@dataclass(frozen=True, slots=True)
class Drained:
    """One backlog."""

    seconds: float
    """From the start of the process to the last message out."""
    from_first_seconds: float
    """From the first message out."""
    msg_s: float
    """Messages a second, from the first out."""
    cpu_ms: float
    """CPU of the process a message, without its start."""
    rss_mb: float
    """Resident memory at the end."""


async def measure(url: str, messages: int, size: int) -> Drained:
    """One backlog of so many messages of so many bytes, drained into the queue of an institution.

    Raises:
        Refused: a gateway works on that broker, the gateway ended, or nothing comes through.
    """
    broker = broker_of(url)
    cases = -(-messages // PER_CASE)
    words, environment = ["gateway", "--state"], gateway_at(broker)
    async with at_broker(broker) as queues:
        with tempfile.TemporaryDirectory(prefix="eessi-bench-") as folder:
            words = [*words, str(Path(folder, "state")), "run"]
            with started("gateway", words, environment) as before:
                await queues.fill(topology.INBOUND, (sed(case, 1) for case in range(cases)))
                await queues.drained(OUTBOUND, 3 * cases, [before])
            later = (sed(n % cases, 2 + n // cases, size=size) for n in range(messages))
            await queues.fill(topology.INBOUND, later)
            begun = time.perf_counter()
            with started("gateway", words, environment) as gateway:
                found = await queues.drained(OUTBOUND, messages, [gateway])
                seconds = time.perf_counter() - begun
                rss = gateway.rss_mb()
    cpu = 1000 * found.cpu_seconds[0] / messages
    return Drained(seconds, found.seconds, found.rate, cpu, rss)
