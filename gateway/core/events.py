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
    protected: bool = False
    """SBDH `PersonalProtectedCase`: from then on the whole case is."""


@dataclass(frozen=True, slots=True)
class Protected:
    """A message that is no part of the case, refused or set aside, says: the person is protected.

    From then on the whole case is; what waits in it is shown to a person at once.
    """

    message_id: str


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
class Excepted:
    """Its predecessor did not come in time: its sender was told by X050, and it waits no more."""

    message_id: str
    exception: str
    """Code of `businessException`."""


@dataclass(frozen=True, slots=True)
class EvidenceAdded:
    """A person knows more than the SEDs say."""

    message_id: str
    """The entry of the worklist on which it was said."""
    evidence: Evidence | None = None
    """Kept in a table of its own (personal data); absent once it was erased."""


@dataclass(frozen=True, slots=True)
class TakenUp:
    """A person gave a referred case back to the gateway: it goes on with these messages."""

    messages: tuple[str, ...] = ()
    """Those of the worklist that wait from now on, beside the one that is decided."""


@dataclass(frozen=True, slots=True)
class DealtWith:
    """A person has dealt with a message: it waits for nothing any more."""

    message_id: str


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
    by_hand: bool = False
    """A person asked, in RINA: who has the case keeps it, and the gateway reminds of nothing."""


@dataclass(frozen=True, slots=True)
class Reminded:
    """The n-th reminder of a question left for abroad."""

    question: str
    number: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Spoken:
    """A person let a question or a reminder of it go: from then on one waits for the answer."""

    question: str
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
    """Empty when it came by telephone or post."""
    who: str = "gateway"
    """Who says so."""
    why: str = ""


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
    by_hand: bool = False
    """A person did, in RINA: a case that he has taken stays his."""
    at: datetime | None = None
    """When it was decided; None in the events of earlier versions."""


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
class PassedOn:
    """The institution that had the case forwarded it, by its own X007, to another one in France."""

    institution: str
    """Who has it now."""
    before: str


@dataclass(frozen=True, slots=True)
class Imported:
    """The case was open before the gateway was: what a person knew of it then."""

    buc: str
    our_role: str
    participants: tuple[str, ...]
    """Ourselves included."""
    holder: str | None
    """The French institution that it was forwarded to by hand; None: it is with us, in RINA."""
    who: str


@dataclass(frozen=True, slots=True)
class Taken:
    """A person took the case for himself."""

    who: str
    why: str


@dataclass(frozen=True, slots=True)
class GivenBack:
    """He gave it back: the gateway goes on with it."""

    who: str
    why: str


@dataclass(frozen=True, slots=True)
class Erased:
    """What was kept of the case longer than its period was erased; that it was there stays."""

    what: tuple[str, ...]
    """Classes of what is kept (`gateway.journal.retention.Kept`)."""
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class Recalled:
    """A person said that the transfer was wrong; never to that institution again."""

    institution: str
    who: str
    why: str
    in_time: bool
    """Nothing of the transfer had left: the case is with us as it was before."""


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
    by_hand: bool = False
    """As in `Forwarded`."""


Event = (
    MessageReceived
    | Imported
    | Protected
    | Waits
    | Referred
    | Excepted
    | EvidenceAdded
    | TakenUp
    | Taken
    | GivenBack
    | DealtWith
    | Asked
    | Reminded
    | Spoken
    | Promised
    | Answered
    | QuestionFailed
    | Expired
    | Forwarded
    | ForwardConfirmed
    | Returned
    | PassedOn
    | Recalled
    | SteppedBack
    | ParticipantsChanged
    | Withdrawn
    | Closed
    | Reopened
    | Erased
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
        protected=message.protected,
    )
