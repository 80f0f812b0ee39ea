"""What the journal tells whoever reads it: rows with stable names, and what they add up to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from gateway.core.events import Event
from gateway.core.evidence import Evidence
from gateway.core.states import MessageState, QuestionState, SendingState


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a listing: the latest decision of a message, with stable names."""

    message_id: str
    received_at: datetime
    case_id: str | None
    buc: str | None
    sed: str | None
    sender: str | None
    decision: str | None
    cause: str | None
    institution: str | None
    state: MessageState
    candidates: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    protected: bool = False
    source: str = ""
    rina_number: str | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """What messages are looked for by; what is None is any."""

    sed: str | None = None
    institution: str | None = None
    """That the latest decision names."""
    begin: datetime | None = None
    """Received then, or later; by an institution: decided."""
    end: datetime | None = None
    """Received before; by an institution: decided."""


@dataclass(frozen=True, slots=True)
class Task:
    """One entry of the worklist, and who has it in hand."""

    row: Row
    """`protected` here when any message of its case is."""
    assignee: str | None = None
    assigned_by: str | None = None
    assigned_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What one message, or a person on the worklist, said about persons: personal data."""

    case_id: str
    seq: int
    """Of the event in its case: where a page ends."""
    message_id: str
    evidence: Evidence | None
    """None: erased."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """A message of which something had come before."""

    message_id: str
    """SHA-256 of its bytes where its id was another one's already."""
    received_at: datetime
    case_id: str | None
    buc: str | None
    sed: str | None
    sender: str | None
    protected: bool
    digest: str
    same_as: str | None
    """The first message with its content, when it was the same: it may be this very one."""
    cause: str | None
    """`identity-conflict` or `other-content` when something of it was other."""


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """One question abroad and how it stands, with stable names."""

    question: str
    """Message id of its first sending."""
    case_id: str
    asked: str
    """Institution that was asked."""
    way: str
    missing: tuple[str, ...]
    asked_at: datetime
    state: QuestionState
    reminders: int
    sending: SendingState | None
    """How far it got itself; None for one that was asked by hand in RINA."""
    due: datetime | None
    """When it is reminded of, or given up; None for one that is settled."""
    protected: bool = False
    """A message of its case says so: lists tell neither the case nor who was asked."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of a timeline: when, what, by whom, and with which codes."""

    at: datetime
    origin: str
    """`inbound`, `gateway`, `outbound`, `operator`."""
    what: str
    state: str
    who: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SendingRow:
    """One outgoing message and how it stands, with stable names."""

    message_id: str
    case_id: str
    kind: str
    object: str
    """X006, X007 and note: the institution; hand-over: the message; question: its id; reminder:
    that and a number."""
    receiver: str
    destination: str
    about: str
    """Received message that it was composed for; empty for a reminder."""
    after: str | None
    """Sending that must leave first."""
    state: SendingState
    composed_at: datetime
    attempts: int
    error: str | None
    held: bool
    """A pause reaches it, or a person has taken its case."""
    protected: bool
    digest: str = ""
    """SHA-256 of the bytes that leave; of a notice: of those that it is about."""
    settled_at: datetime | None = None
    """When it left, or was withdrawn."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is still to be sent. Cheap to know, however long the journal is."""

    unsent: int
    """Sendings that are due, or wait for another one."""
    oldest_due: datetime | None
    """Since when the oldest due sending has been due; attempts that failed do not change that."""
    cases_due: int = 0
    """Cases in which something is due."""
    held: int = 0
    """Of the unsent: those that a person holds back."""
    proposed: int = 0
    """Sendings that wait for a person's yes, beside the unsent."""
    oldest_proposed: datetime | None = None
    """Since when the first of them has waited."""


ALONG: Final = "with-its-case"
"""The cause of what waited, and came to a person together with its case."""
_OF_ITS_OWN: Final = frozenset({"refer", "refuse"})
"""Decisions that put a message on the worklist by themselves."""


def worklist_cause(decision: str | None, cause: str | None) -> str:
    """Why a message with this decision is on the worklist."""
    return cause if decision in _OF_ITS_OWN and cause else ALONG


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is of what, for metrics and `status`; reads the whole journal."""

    messages: Mapping[str, int]
    """state -> number."""
    sendings: Mapping[str, int]
    """state -> number."""
    worklist: Mapping[str, int]
    """cause -> number."""
    quarantine: Mapping[str, int]
    """cause -> number."""
    questions: Mapping[str, int]
    """Country that was asked -> open questions."""
    worklist_oldest: datetime | None = None
    """When the first of what is on the worklist was received."""

    @property
    def questions_open(self) -> int:
        """Questions abroad without an answer."""
        return sum(self.questions.values())


@dataclass(frozen=True, slots=True)
class Release:
    """One activation of a release of the tables: from `since` on, until a later one begins."""

    name: str
    digest: str
    since: datetime
    author: str
    approver: str
    kind: str = "activated"
    """`baseline` (that of the wheel), `activated`, `rolled-back`, or `accepted` (an example, by a
    person's yes)."""
    asked_by: str = "gateway"
    reason: str = ""
    at_once: bool = True
    """False when it was asked for a day to come; one that began at once has begun whatever a clock
    that is set back says later."""
    confirmed_by: str | None = None
    """The second person of a roll-back; None until somebody has."""
    cancelled_by: str | None = None
    """Who took it back before it began."""

    def begun(self, now: datetime) -> bool:
        """Whether it has begun, and nobody took it back before."""
        return self.cancelled_by is None and (self.at_once or self.since <= now)

    @property
    def waits(self) -> bool:
        """True for a roll-back that nobody has confirmed."""
        return self.kind == "rolled-back" and self.confirmed_by is None


@dataclass(frozen=True, slots=True)
class TableRelease:
    """A release of the tables as it was made: it may be activated once somebody approved it."""

    name: str
    digest: str
    base: str
    """The release it was made from."""
    author: str
    released_at: datetime
    approver: str | None = None
    approved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FirstDecision:
    """What was decided first in a case: that it be sent on, or that something be asked.

    What only a row below the threshold said (`inferred`) counts as sent on: the tables name it.
    """

    case_id: str
    sender: str
    buc: str
    missing: tuple[str, ...]
    """What was asked for; empty when the institution was named."""


@dataclass(frozen=True, slots=True)
class TransferMade:
    """A transfer that was decided, and whether it came back."""

    buc: str
    institution: str
    rules: tuple[str, ...]
    """Rows that it was decided on: rule names and areas."""
    returned: bool
    """The institution gave the case back, left or refused it."""
    recalled: bool
    """A person called it back."""
    assumed: bool = False
    """The general scheme was assumed, for nothing told another one."""


class ServiceKind(StrEnum):
    """What a partner waits for, or lets us wait for."""

    TRANSFER = "transfer"
    QUESTION = "question"
    ANSWER = "answer"
    REMINDER = "reminder"


@dataclass(frozen=True, slots=True)
class ServiceStep:
    """One thing that happened with a partner."""

    kind: ServiceKind
    country: str
    """Of whoever sent the case; of whoever was asked, for an answer or a reminder."""
    took: timedelta | None
    """From the receipt of the case to the first X007 handed over, or to the first question; from a
    question to its answer. None for what is only counted, as an answer that was here already."""


@dataclass(frozen=True, slots=True)
class PastMessage:
    """One message as it came, for judging it again."""

    message_id: str
    received_at: datetime
    addressee: str | None
    body: bytes | None
    """None when its bytes were erased."""


@dataclass(frozen=True, slots=True)
class Past:
    """One case as it happened: its whole history, and the messages that made it."""

    case_id: str
    events: tuple[Event, ...]
    messages: tuple[PastMessage, ...]


@dataclass(frozen=True, slots=True)
class SchemasInForce:
    """From when on messages are held against which schemas."""

    name: str
    """Official packages, the one installed last first, joined by `+`; or `profile`."""
    since: datetime
    who: str
    """Who installed or took back a package; `gateway` when it was found at a start."""
