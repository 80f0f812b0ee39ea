"""Where messages come from and go: the ports. Adapters are named by the daemon only.

Guarantees, each one a test in `tests/contract/test_transports.py`:

* A message is given out again until it was settled with `ACCEPTED`; order is that of arrival.
* A publisher says `None` for a sending only when the far side has it durably. Anything else is
  an error, and the same bytes may be published again under the same id.
* One sending that fails does not fail the others of its batch.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from gateway.errors import TransportUnavailable
from gateway.journal import Claimed


class Settlement(StrEnum):
    """What becomes of a received message at its source."""

    ACCEPTED = "accepted"
    """The journal has it: the source is done with it."""
    RETRY = "retry"
    """Give it out again later."""


@dataclass(frozen=True, slots=True)
class Received:
    """One message as it came."""

    body: bytes
    """All bytes; empty when `oversize` tells where they are."""
    source: str
    """File name or queue, for people."""
    addressee: str | None
    """Institution that the copy was sent to, when the transport knows it."""
    received_at: datetime
    """RINA's or the broker's time of receipt where given, else the time of arrival; UTC."""
    settle: Callable[[Settlement], Awaitable[None]]
    oversize: str | None = None
    """SHA-256 of a body that is over the cap; it was put aside under that name."""


@dataclass(frozen=True, slots=True)
class Inbound:
    """What stands before the door, for readiness and metrics."""

    waiting: int
    oldest: datetime | None
    problems: tuple[str, ...] = ()
    """Codes: `inbound-unreadable`, `inbound-unremovable`, `inbound-not-a-file`."""
    strays: frozenset[str] = frozenset()
    """Names that stand where messages come from and are none that can be taken."""


class Consumer(Protocol):
    """Gives out messages."""

    def receive(self) -> AsyncIterator[Received]:
        """Messages in order of arrival, as long as somebody asks; waits when there is none."""
        ...

    async def inbound(self) -> Inbound:
        """What waits, without taking it."""
        ...


class Publisher(Protocol):
    """Hands messages over."""

    async def publish(self, batch: Sequence[Claimed]) -> Sequence[TransportUnavailable | None]:
        """One result a sending, in order: None when it is confirmed, else why not."""
        ...
