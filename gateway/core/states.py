"""The state machines of a message, a case, a question and a sending, as tables.

A state drives; the cause beside it explains. `ops/states.md` draws these tables and a test
compares the two. Everything that may follow what is said here and nowhere else.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class MessageState(StrEnum):
    """Where a received message stands."""

    RECORDED = "recorded"
    """Decided, and what must leave for it has not all left."""
    DONE = "done"
    """Handed over, or nothing had to leave."""
    WAITING = "waiting"
    """Asked about, or held: it goes on when the answer or its predecessor comes."""
    REFERRED = "referred"
    """On the worklist: a person must decide."""
    REFUSED = "refused"
    """Breaks a proved protocol fact; on the worklist, because nobody abroad was told."""
    QUARANTINED = "quarantined"
    """Set aside with its bytes."""
    ABSORBED = "absorbed"
    """The same content as an earlier message, linked to it."""
    DISCARDED = "discarded"
    """A person took it out of quarantine for good."""


ON_WORKLIST: Final = (MessageState.REFERRED, MessageState.REFUSED)
"""States of the messages that wait for a person."""


class CaseState(StrEnum):
    """Where a case stands with us."""

    OPEN = "open"
    ASKED = "asked"
    REFERRED = "referred"
    FORWARDED = "forwarded"
    LEFT = "left"
    """The competent institution takes part already: we stepped back (X006)."""
    TAKEN = "taken"
    """A person has it for himself: what comes is recorded, and nothing leaves."""


class QuestionState(StrEnum):
    """Where a question abroad stands."""

    OPEN = "open"
    ANSWERED = "answered"
    FAILED = "failed"
    """It could not be sent, or came back as an exception."""
    EXPIRED = "expired"
    """Nobody answered, after the last reminder."""
    OVERTAKEN = "overtaken"
    """The case was forwarded before anybody answered; a later answer is delivered."""


class SendingState(StrEnum):
    """Where an outgoing message stands."""

    WAITING = "waiting"
    """Another sending must be confirmed first (the hand-over waits for its X007)."""
    PROPOSED = "proposed"
    """A person must say yes first (`sending = confirm`)."""
    DUE = "due"
    HANDED_OVER = "handed-over"
    """RINA, or the institution's folder, has it durably; that is all that the relay can know."""
    SENT = "sent"
    """The far side says that it has sent it on."""
    DELIVERED = "delivered"
    """The far side says that its receiver has it."""
    FAILED = "failed"
    """The far side says that its receiver does not get it."""
    WITHDRAWN = "withdrawn"
    OBSERVED = "observed"
    """Composed and kept, not sent unless a person asks for it (`sending = observe`)."""


MESSAGE: Final[Mapping[MessageState, frozenset[MessageState]]] = {
    MessageState.RECORDED: frozenset({MessageState.DONE, MessageState.REFERRED}),
    MessageState.WAITING: frozenset({MessageState.RECORDED, MessageState.REFERRED}),
    MessageState.REFERRED: frozenset(
        {MessageState.RECORDED, MessageState.WAITING, MessageState.DONE}
    ),
    MessageState.REFUSED: frozenset({MessageState.RECORDED, MessageState.DONE}),
    MessageState.QUARANTINED: frozenset(
        {
            MessageState.DISCARDED,
            MessageState.RECORDED,
            MessageState.DONE,
            MessageState.WAITING,
            MessageState.REFERRED,
            MessageState.REFUSED,
            MessageState.ABSORBED,
        }
    ),
    MessageState.DONE: frozenset({MessageState.REFERRED}),
    MessageState.ABSORBED: frozenset(),
    MessageState.DISCARDED: frozenset(),
}

CASE: Final[Mapping[CaseState, frozenset[CaseState]]] = {
    CaseState.OPEN: frozenset(
        {
            CaseState.ASKED,
            CaseState.REFERRED,
            CaseState.FORWARDED,
            CaseState.LEFT,
            CaseState.TAKEN,
        }
    ),
    CaseState.ASKED: frozenset(
        {CaseState.REFERRED, CaseState.FORWARDED, CaseState.LEFT, CaseState.TAKEN}
    ),
    CaseState.REFERRED: frozenset(
        {
            CaseState.OPEN,
            CaseState.ASKED,
            CaseState.FORWARDED,
            CaseState.LEFT,
            CaseState.TAKEN,
        }
    ),
    CaseState.FORWARDED: frozenset({CaseState.REFERRED, CaseState.TAKEN}),
    CaseState.LEFT: frozenset({CaseState.REFERRED, CaseState.TAKEN}),
    CaseState.TAKEN: frozenset(
        {
            CaseState.OPEN,
            CaseState.ASKED,
            CaseState.REFERRED,
            CaseState.FORWARDED,
            CaseState.LEFT,
        }
    ),
}

QUESTION: Final[Mapping[QuestionState, frozenset[QuestionState]]] = {
    QuestionState.OPEN: frozenset(
        {
            QuestionState.ANSWERED,
            QuestionState.FAILED,
            QuestionState.EXPIRED,
            QuestionState.OVERTAKEN,
        }
    ),
    QuestionState.ANSWERED: frozenset(),
    QuestionState.FAILED: frozenset(),
    QuestionState.EXPIRED: frozenset(),
    QuestionState.OVERTAKEN: frozenset(),
}

SENDING: Final[Mapping[SendingState, frozenset[SendingState]]] = {
    SendingState.WAITING: frozenset(
        {SendingState.DUE, SendingState.PROPOSED, SendingState.WITHDRAWN}
    ),
    SendingState.PROPOSED: frozenset(
        {SendingState.DUE, SendingState.WAITING, SendingState.WITHDRAWN}
    ),
    SendingState.DUE: frozenset(
        {SendingState.HANDED_OVER, SendingState.PROPOSED, SendingState.WITHDRAWN}
    ),
    SendingState.HANDED_OVER: frozenset(
        {SendingState.SENT, SendingState.DELIVERED, SendingState.FAILED}
    ),
    SendingState.SENT: frozenset({SendingState.DELIVERED, SendingState.FAILED}),
    SendingState.DELIVERED: frozenset(),
    SendingState.FAILED: frozenset({SendingState.DELIVERED}),
    SendingState.WITHDRAWN: frozenset(),
    SendingState.OBSERVED: frozenset({SendingState.DUE, SendingState.WAITING}),
}
