"""What we know of a case: the fold of its history.

The journal keeps the events; nothing here is stored twice. `revision` is the number of events,
so two decisions on the same revision cannot both be recorded.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import assert_never

from gateway.core.evidence import Evidence
from gateway.core.message import BusinessMessage, Role
from gateway.core.states import CaseState, QuestionState


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


@dataclass(frozen=True, slots=True)
class Waits:
    """A message waits for an answer, for its predecessor, or for a person."""

    message_id: str


@dataclass(frozen=True, slots=True)
class Referred:
    """A person must decide the case."""

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


Event = (
    MessageReceived
    | Waits
    | Referred
    | Asked
    | Answered
    | QuestionFailed
    | Forwarded
    | ForwardConfirmed
    | Returned
)


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A question of the case and how it stands."""

    id: str
    way: str
    missing: tuple[str, ...]
    set_id: str
    about_set_id: str
    own_case: str | None
    state: QuestionState = QuestionState.OPEN


@dataclass(frozen=True, slots=True)
class Case:
    """A case as its history tells it."""

    case_id: str
    revision: int = 0
    buc: str = ""
    cdm: str = ""
    us: str = ""
    our_role: str = ""
    state: CaseState = CaseState.OPEN
    participants: frozenset[str] = frozenset()
    documents: dict[str, MessageReceived] = field(default_factory=dict)
    """SetId -> highest version received."""
    contents: dict[tuple[str, int], MessageReceived] = field(default_factory=dict)
    """(SetId, version) -> first message that brought it."""
    waiting: tuple[str, ...] = ()
    """Message ids, in order, that go out with the case when it is forwarded."""
    questions: tuple[OpenQuestion, ...] = ()
    holder: str | None = None
    x007: str | None = None
    x007_set_id: str | None = None
    forwarded_at: datetime | None = None
    """When the X007 was confirmed; None before."""
    returned_by: frozenset[str] = frozenset()

    @property
    def open_questions(self) -> tuple[OpenQuestion, ...]:
        """Questions that nobody has answered yet."""
        return tuple(q for q in self.questions if q.state is QuestionState.OPEN)

    def received(self, message_id: str) -> MessageReceived | None:
        """The message of the case with this id."""
        for event in self.contents.values():
            if event.message_id == message_id:
                return event
        return None


def fold(case: Case, events: Iterable[Event]) -> Case:
    """The case after these events; order matters, nothing else does."""
    for event in events:
        case = replace(_apply(case, event), revision=case.revision + 1)
    return case


def _apply(case: Case, event: Event) -> Case:
    match event:
        case MessageReceived():
            return _receive(case, event)
        case Waits():
            return replace(case, waiting=(*case.waiting, event.message_id))
        case Referred():
            return replace(case, state=CaseState.REFERRED)
        case Asked() | Answered() | QuestionFailed():
            return _question(case, event)
        case Forwarded() | ForwardConfirmed() | Returned():
            return _holder(case, event)
        case _:
            assert_never(event)


def _question(case: Case, event: Asked | Answered | QuestionFailed) -> Case:
    match event:
        case Asked():
            question = OpenQuestion(
                event.question,
                event.way,
                event.missing,
                event.set_id,
                event.about_set_id,
                event.own_case,
            )
            return replace(case, questions=(*case.questions, question), state=CaseState.ASKED)
        case Answered():
            return _settle(case, event.question, QuestionState.ANSWERED)
        case QuestionFailed():
            return _settle(case, event.question, QuestionState.FAILED)
        case _:
            assert_never(event)


def _holder(case: Case, event: Forwarded | ForwardConfirmed | Returned) -> Case:
    match event:
        case Forwarded():
            return replace(
                case,
                state=CaseState.FORWARDED,
                holder=event.institution,
                x007=event.x007,
                x007_set_id=event.set_id,
                waiting=(),
                questions=tuple(_settled(q, QuestionState.OVERTAKEN) for q in case.questions),
                participants=case.participants | {event.institution},
            )
        case ForwardConfirmed():
            return replace(case, forwarded_at=event.at)
        case Returned():
            return replace(case, returned_by=case.returned_by | {event.institution})
        case _:
            assert_never(event)


def _receive(case: Case, event: MessageReceived) -> Case:
    known = case.documents.get(event.set_id)
    documents = case.documents
    if known is None or event.version > known.version:
        documents = {**documents, event.set_id: event}
    contents = case.contents
    if (event.set_id, event.version) not in contents:
        contents = {**contents, (event.set_id, event.version): event}
    return replace(
        case,
        buc=case.buc or event.buc,
        cdm=case.cdm or event.cdm,
        us=case.us or event.us,
        our_role=case.our_role or event.our_role,
        participants=case.participants | frozenset(event.parties),
        documents=documents,
        contents=contents,
    )


def _settle(case: Case, question: str, state: QuestionState) -> Case:
    return replace(
        case,
        questions=tuple(_settled(q, state) if q.id == question else q for q in case.questions),
    )


def _settled(question: OpenQuestion, state: QuestionState) -> OpenQuestion:
    """The question in this state; one that is settled already stays as it is."""
    return replace(question, state=state) if question.state is QuestionState.OPEN else question


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
    )
