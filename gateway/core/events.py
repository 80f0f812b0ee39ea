"""What can happen in a case: the events of its history, oldest first, and nothing else.

They are facts, written once and never changed; `case` folds them. Names and fields are the
journal's format (`gateway.journal.codec`): a field that is added later needs a default.
"""

from dataclasses import dataclass
from datetime import date, datetime

from gateway.core.evidence import Evidence
from gateway.core.message import BusinessMessage, Role


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """A message of the case was recorded."""

    message_id: str
    sed: str
    action: str
    set_id: str
    version: int
    payload_digest: str
    related_set_id: str | None
    buc: str
    cdm: str
    us: str
    """Which of our own institutions takes part."""
    our_role: str
    parties: tuple[str, ...]
    """Everybody in the header, ourselves included; the sender first."""
    owner: str
    """Which of them owns the case; empty when none does."""
    received_on: str
    """The reference date: ISO day of receipt in Europe/Paris."""
    body: str
    """SHA-256 of the bytes received."""
    media: str
    """`xml` or `mime`."""
    evidence: Evidence | None = None
    """Kept in a table of its own (personal data); absent once it was erased."""
    test: bool = False
    """SBDH `TestCase`."""


@dataclass(frozen=True, slots=True)
class Waits:
    """A message waits for an answer or for its predecessor."""

    message_id: str
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Referred:
    """A person must decide; the case with it, unless it only lacks the SED that starts it."""

    message_id: str
    cause: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A question left for abroad."""

    question: str
    """Id of the question: the message id of the first sending of it."""
    way: str
    missing: tuple[str, ...]
    set_id: str
    """Document id of the question, by which a reply names it."""
    about_set_id: str
    """Document that the question is about."""
    own_case: str | None = None
    """The H_BUC_01 that was started to ask."""
    asked: str = ""
    """Institution that was asked."""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reminded:
    """The n-th reminder of a question left for abroad."""

    question: str
    number: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Promised:
    """The answer will follow, says an X010: not to be reminded of before that day."""

    question: str
    message_id: str
    until: str | None
    """ISO day; None when it names none."""


@dataclass(frozen=True, slots=True)
class Expired:
    """Nobody answered, after the last reminder."""

    question: str


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer came, whether it helped or not."""

    question: str
    message_id: str


@dataclass(frozen=True, slots=True)
class QuestionFailed:
    """A question came back as an exception, or could not be sent."""

    question: str


@dataclass(frozen=True, slots=True)
class Forwarded:
    """We forwarded the case: X007 was recorded for sending."""

    institution: str
    x007: str
    """Message id of the copy for the institution."""
    set_id: str


@dataclass(frozen=True, slots=True)
class ForwardConfirmed:
    """The X007 to the new participant was confirmed; from here the grace for late SEDs runs."""

    institution: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Returned:
    """An institution gave the case back, left it, or refused it: never to it again."""

    institution: str


@dataclass(frozen=True, slots=True)
class ParticipantsChanged:
    """Somebody joined or left the case (X005, X006, X007, X100)."""

    joined: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A participant withdrew a document (X008); it counts for a document of his own alone."""

    set_id: str
    by: str = ""
    """Institution that said so; empty in old rows: whoever sent the document."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The case was closed abroad (X001)."""


@dataclass(frozen=True, slots=True)
class Reopened:
    """The case was opened again (X004)."""


@dataclass(frozen=True, slots=True)
class SteppedBack:
    """We left the case to the competent institution, which takes part in it already."""

    institution: str


Event = (
    MessageReceived
    | Waits
    | Referred
    | Asked
    | Reminded
    | Promised
    | Answered
    | QuestionFailed
    | Expired
    | Forwarded
    | ForwardConfirmed
    | Returned
    | SteppedBack
    | ParticipantsChanged
    | Withdrawn
    | Closed
    | Reopened
)


def received(
    message: BusinessMessage,
    us: str,
    our_role: str,
    media: str,
    received_on: date,
    evidence: Evidence,
) -> MessageReceived:
    """The event that a message of the case was recorded."""
    return MessageReceived(
        message_id=message.message_id,
        sed=message.sed,
        action=message.action.value,
        set_id=message.set_id,
        version=message.version,
        payload_digest=message.payload_digest,
        related_set_id=message.related_set_id,
        buc=message.buc,
        cdm=message.case_cdm,
        us=us,
        our_role=our_role,
        parties=tuple(dict.fromkeys(party.id for party in message.parties)),
        owner=next((p.id for p in message.parties if p.role is Role.CASE_OWNER), ""),
        received_on=received_on.isoformat(),
        body=message.digest,
        media=media,
        evidence=evidence,
        test=message.test,
    )
