"""What is kept for a time only: its classes, and what is old enough to be erased; values alone.

A period counts from the last thing that happened in a case, whatever it was; of a message out of
quarantine, from what a person did to it last.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Kept(StrEnum):
    """Classes of what is kept, each with a period of its own."""

    BODIES = "bodies"
    """Bytes of the messages of a case, as they were received."""
    EVIDENCE = "evidence"
    """What the SEDs of a case say, and what persons added."""
    OUTBOUND = "outbound"
    """Bytes that were composed in a case, and the sidecars."""
    QUARANTINE = "quarantine"
    """Bytes of the messages that a person took out of quarantine."""


Before = Mapping[Kept, datetime]
"""Class -> what has been at rest since before that instant is old; without it: never."""


@dataclass(frozen=True, slots=True)
class Amount:
    """How much it is."""

    items: int = 0
    """Bodies, texts of evidence, or sendings."""
    bytes: int = 0

    def __add__(self, other: "Amount") -> "Amount":
        """Both together."""
        return Amount(self.items + other.items, self.bytes + other.bytes)


Amounts = Mapping[Kept, Amount]


@dataclass(frozen=True, slots=True)
class Old:
    """A case at rest, or a message out of quarantine, of which something is old enough."""

    ident: str
    """Of the case, or of the message."""
    last: datetime
    """When the last thing happened to it."""
    holds: Amounts
    """What of it is old."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a look at a part of the journal found."""

    old: tuple[Old, ...] = ()
    unfinished: Mapping[str, int] = field(default_factory=dict)
    """Why cases that are as old are not at rest -> how many; of these nothing is erased."""
    next: str | None = None
    """After which id to look on; None at the end."""


@dataclass(frozen=True, slots=True)
class Erasing:
    """What is to be erased in one transaction, if it is still old when its turn comes."""

    before: Before
    who: str
    why: str
    at: datetime
    cases: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    """Out of quarantine."""
    run: int | None = None
    """The run that it belongs to; None begins a new one."""


@dataclass(frozen=True, slots=True)
class Gone:
    """What was erased in one transaction."""

    run: int | None
    """None while nothing was erased in it."""
    amounts: Amounts


@dataclass(frozen=True, slots=True)
class Erasure:
    """What one run erased of one class, so far."""

    run: int
    kind: Kept
    began_at: datetime
    until: datetime
    """When it erased last."""
    before: datetime
    who: str
    why: str
    amount: Amount


def added(one: Amounts, other: Amounts) -> dict[Kept, Amount]:
    """Both together, class by class."""
    return {
        kind: one.get(kind, Amount()) + other.get(kind, Amount())
        for kind in Kept
        if kind in one or kind in other
    }
