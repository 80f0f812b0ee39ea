"""What leaves: composed bytes with everything that the outbox must know about them.

Bytes are composed once and stored; what is sent again is the same bytes under the same id.
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from gateway.core.states import SendingState

NAMESPACE: Final = UUID("7c1f2f5e-2f0b-5d0a-9a6b-6f1d5b3f8e11")
"""Of every id that the gateway gives; never changed, or a retry would get a new name."""

_NEVER: Final = frozenset({SendingState.WITHDRAWN, SendingState.OBSERVED})
RINA: Final = "rina"
"""The destination of everything that goes abroad or to other participants."""


class SendingKind(StrEnum):
    """What an outgoing message is for."""

    X007 = "x007"
    HAND_OVER = "hand-over"
    X012 = "x012"
    H001 = "h001"
    P8000 = "p8000"
    X006 = "x006"
    NOTE = "note"
    """H001 that asks nothing: the competent institution takes part, where X006 is not ours."""
    X011 = "x011"
    X050 = "x050"
    """A business exception, where there is no RINA that sends it."""
    REMINDER = "reminder"
    """X009, or a question sent once more."""
    X008 = "x008"
    """Our X007 withdrawn, where the BUC lets us."""
    RECALL = "recall"
    """A notice to the institution that a case was handed to by mistake."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to one receiver.

    (case, `kind`, `object`, `receiver`) is unique in the journal: a case is forwarded to one
    institution once, a message is handed over once, a question is asked once.
    """

    message_id: str
    kind: SendingKind
    object: str
    """X006, X007 and note: the competent institution; hand-over and X011: the message; question:
    its id; reminder: the id of the question and its number; X008 and recall: the X007."""
    receiver: str
    """Institution id that it is for."""
    destination: str
    """`rina`, or the institution that gets the hand-over."""
    body: bytes | None
    """Composed bytes; None for a hand-over, whose body is what was received (`digest`)."""
    digest: str
    """SHA-256 of the body."""
    media: str = "xml"
    """`xml` or `mime`; `none` when the sidecar goes alone (`hand_over = notice`)."""
    sidecar: bytes | None = None
    """JSON, for hand-overs."""
    after: str | None = None
    """Message id of the sending that must be confirmed before this one is due."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A sending of a case and how far it has come."""

    message_id: str
    kind: str
    object: str
    receiver: str
    about: str
    """Received message that it was sent for."""
    state: SendingState

    @property
    def unsent(self) -> bool:
        """Whether it may still leave."""
        return self.state in {SendingState.PROPOSED, SendingState.DUE, SendingState.WAITING}

    @property
    def left(self) -> bool:
        """Whether somebody outside has had it."""
        return not self.unsent and self.state not in _NEVER


def new_id(cause: str, receiver: str, kind: str, n: int = 0) -> str:
    """The UUIDv5 of (cause, receiver, kind, n): the same decision gives the same ids.

    `uuid.uuid5` gives the same in four times as long, and every message needs several.
    """
    named = NAMESPACE.bytes + f"{cause}|{receiver}|{kind}|{n}".encode()
    found = bytearray(hashlib.sha1(named, usedforsecurity=False).digest()[:16])
    found[6] = found[6] & 0x0F | 0x50  # version 5
    found[8] = found[8] & 0x3F | 0x80  # variant of RFC 9562
    text = found.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
