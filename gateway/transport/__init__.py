"""Where messages come from and go: the ports. At work only `connecting` names adapters.

Guarantees, each one a test in `tests/contract/test_transports.py`:

* A message is given out again until it was settled with `ACCEPTED`; order is that of arrival.
* A publisher says `None` for a sending only when the far side has it durably. Anything else is
  an error, and the same bytes may be published again under the same id.
* One sending that fails does not fail the others of its batch.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from gateway.errors import TransportUnavailable
from gateway.journal import LARGE, Claimed

BEGINNING: Final = 64 * 1024
"""So many bytes hold the header of a message."""
STATUS_BYTES: Final = 2 * 1024 * 1024
"""Most bytes of a file with statuses."""


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
    """All bytes, or how they begin when `whole` fetches them or `oversize` tells where they are."""
    source: str
    """File name or queue, for people."""
    addressee: str | None
    """Institution that the copy was sent to, when the transport knows it."""
    received_at: datetime
    """RINA's or the broker's time of receipt where given, else the time of arrival; UTC."""
    settle: Callable[[Settlement], Awaitable[None]]
    by_hand: bool = False
    """We sent it ourselves, by hand in RINA: it changes its case, and nothing else."""
    oversize: str | None = None
    """SHA-256 of a body that is over the cap; it was put aside under that name."""
    rina_number: str | None = None
    """RINA's own number of the case, when the transport knows it."""
    traceparent: str | None = None
    """The trace that it came with, of the form of W3C Trace Context."""
    whole: Callable[[], Awaitable[bytes | None]] | None = None
    """Fetches all bytes of a large message. None: it cannot be had now, or is another one; then
    the message is the transport's again, and not to be settled."""

    @property
    def large(self) -> bool:
        """Whether others should not wait until it is read."""
        return self.whole is not None or len(self.body) >= LARGE

    async def fetched(self) -> "Received | None":
        """The message with all of its bytes; None when they are not to be had (see `whole`)."""
        if self.whole is None:
            return self
        body = await self.whole()
        return replace(self, body=body, whole=None) if body is not None else None


@dataclass(frozen=True, slots=True)
class Inbound:
    """What stands before the door, for readiness and metrics."""

    waiting: int
    oldest: datetime | None
    problems: tuple[str, ...] = ()
    """Codes such as `inbound-unreadable`, `consumer-gone`; the runbook explains each."""
    strays: frozenset[str] = frozenset()
    """Names that stand where messages come from and are none that can be taken."""


@dataclass(frozen=True, slots=True)
class StatusFile:
    """What somebody says about things that were handed over: a file, or a message of a queue."""

    name: str
    body: bytes | None
    """None when it is over the cap."""
    source: str
    """Its name for people and for the journal."""


class StatusSource(Protocol):
    """Gives out what the far side says of what was handed over."""

    async def status_files(self) -> Sequence[StatusFile]:
        """Those that wait, in order of name or arrival; again until they are done or rejected.

        Raises:
            TransportUnavailable: it cannot be read.
        """
        ...

    async def done(self, name: str) -> None:
        """The journal has it."""
        ...

    async def reject(self, name: str, report: str) -> None:
        """It cannot be used: kept aside, with what is wrong beside it."""
        ...


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
