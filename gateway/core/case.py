"""What we know of a case: the fold of its history.

The journal keeps the events; nothing here is stored twice. `revision` is the number of events,
so two decisions on the same revision cannot both be recorded.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final, assert_never

from gateway.core.events import (
    Answered,
    Asked,
    Closed,
    Event,
    Expired,
    ForwardConfirmed,
    Forwarded,
    MessageReceived,
    ParticipantsChanged,
    Promised,
    QuestionFailed,
    Referred,
    Reminded,
    Reopened,
    Returned,
    SteppedBack,
    Waits,
    Withdrawn,
)
from gateway.core.states import CaseState, QuestionState

NOT_STARTED: Final = "out-of-order"
"""Cause of a `Referred` that leaves the case as it is: it goes on when its first SED comes."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question of the case and how it stands."""

    id: str
    way: str
    missing: tuple[str, ...]
    set_id: str
    about_set_id: str
    own_case: str | None
    state: QuestionState = QuestionState.OPEN
    asked: str = ""
    """Institution that was asked."""
    spoken_at: datetime | None = None
    """When it was asked, or last reminded of."""
    reminders: int = 0
    promised: date | None = None
    """An X010 said that the answer comes by this day."""


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
    """Everybody whom a header names or an X SED added, but for those who left."""
    left: frozenset[str] = frozenset()
    """Those who left and did not come back."""
    documents: dict[str, MessageReceived] = field(default_factory=dict)
    """SetId -> highest version received."""
    contents: dict[tuple[str, int], MessageReceived] = field(default_factory=dict)
    """(SetId, version) -> first message that brought it."""
    withdrawn: dict[str, str] = field(default_factory=dict)
    """SetId of a document that its sender withdrew, before it came or after -> that sender."""
    closed: bool = False
    waiting: tuple[str, ...] = ()
    """Message ids, in order, that go out with the case when it is forwarded."""
    waiting_since: datetime | None = None
    """Since when the first of them waits that nobody was told of."""
    told: frozenset[str] = frozenset()
    """Those of them that are on the worklist already."""
    questions: tuple[Question, ...] = ()
    holder: str | None = None
    x007: str | None = None
    x007_set_id: str | None = None
    forwarded_at: datetime | None = None
    """When the X007 was confirmed; None before."""
    returned_by: frozenset[str] = frozenset()

    @property
    def open_questions(self) -> tuple[Question, ...]:
        """Questions that nobody has answered yet."""
        return tuple(q for q in self.questions if q.state is QuestionState.OPEN)

    @property
    def asked_for(self) -> frozenset[str]:
        """Every datum that was ever asked for in this case."""
        return frozenset(datum for question in self.questions for datum in question.missing)

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


def authored(case: Case, set_id: str, author: str) -> Case:
    """The case once it is known who sent a document: nobody else can have withdrawn it."""
    if case.withdrawn.get(set_id, "") in {"", author}:
        return case
    return replace(case, withdrawn={k: by for k, by in case.withdrawn.items() if k != set_id})


def _apply(case: Case, event: Event) -> Case:
    match event:
        case MessageReceived():
            return _receive(case, event)
        case Waits():
            return replace(
                case,
                waiting=(*case.waiting, event.message_id),
                waiting_since=case.waiting_since or event.since,
            )
        case Referred():
            return _refer(case, event)
        case Asked() | Reminded() | Promised() | Answered() | QuestionFailed() | Expired():
            return _question(case, event)
        case Forwarded() | ForwardConfirmed() | Returned() | SteppedBack():
            return _holder(case, event)
        case ParticipantsChanged() | Withdrawn() | Closed() | Reopened():
            return _change(case, event)
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
        authored(case, event.set_id, event.parties[0]),
        buc=case.buc or event.buc,
        cdm=case.cdm or event.cdm,
        us=case.us or event.us,
        our_role=case.our_role or event.our_role,
        participants=case.participants | (frozenset(event.parties) - case.left),
        documents=documents,
        contents=contents,
    )


def _refer(case: Case, event: Referred) -> Case:
    if event.cause == NOT_STARTED:
        return replace(case, told=case.told | {event.message_id}, waiting_since=None)
    return replace(case, state=CaseState.REFERRED, waiting_since=None)


def _question(
    case: Case, event: Asked | Reminded | Promised | Answered | QuestionFailed | Expired
) -> Case:
    match event:
        case Asked():
            question = Question(
                event.question,
                event.way,
                event.missing,
                event.set_id,
                event.about_set_id,
                event.own_case,
                asked=event.asked,
                spoken_at=event.at,
            )
            return replace(case, questions=(*case.questions, question), state=CaseState.ASKED)
        case Reminded():
            number, at = event.number, event.at
            return _changed(case, event, lambda q: replace(q, reminders=number, spoken_at=at))
        case Promised():
            until = date.fromisoformat(event.until) if event.until is not None else None
            return _changed(case, event, lambda q: replace(q, promised=until))
        case Answered():
            return _changed(case, event, lambda q: _settled(q, QuestionState.ANSWERED))
        case QuestionFailed():
            return _changed(case, event, lambda q: _settled(q, QuestionState.FAILED))
        case Expired():
            return _changed(case, event, lambda q: _settled(q, QuestionState.EXPIRED))
        case _:
            assert_never(event)


def _holder(case: Case, event: Forwarded | ForwardConfirmed | Returned | SteppedBack) -> Case:
    match event:
        case Forwarded():
            return replace(
                _overtaken(case),
                state=CaseState.FORWARDED,
                holder=event.institution,
                x007=event.x007,
                x007_set_id=event.set_id,
                participants=case.participants | {event.institution},
            )
        case ForwardConfirmed():
            return replace(case, forwarded_at=event.at)
        case Returned():
            return replace(case, returned_by=case.returned_by | {event.institution})
        case SteppedBack():
            return replace(_overtaken(case), state=CaseState.LEFT, holder=event.institution)
        case _:
            assert_never(event)


def _overtaken(case: Case) -> Case:
    """Another one has the case: nothing waits with us any more, and nobody needs to answer us."""
    questions = tuple(_settled(q, QuestionState.OVERTAKEN) for q in case.questions)
    return replace(case, questions=questions, waiting=(), waiting_since=None, told=frozenset())


def _change(case: Case, event: ParticipantsChanged | Withdrawn | Closed | Reopened) -> Case:
    match event:
        case ParticipantsChanged():
            joined, gone = frozenset(event.joined), frozenset(event.left)
            return replace(
                case,
                participants=(case.participants | joined) - gone,
                left=(case.left - joined) | gone,
                returned_by=case.returned_by | gone,
            )
        case Withdrawn():
            return replace(case, withdrawn={**case.withdrawn, event.set_id: event.by})
        case Closed() | Reopened():
            return replace(case, closed=isinstance(event, Closed))
        case _:
            assert_never(event)


def _changed(
    case: Case,
    event: Reminded | Promised | Answered | QuestionFailed | Expired,
    change: Callable[[Question], Question],
) -> Case:
    """The case with the question that the event is about changed; a settled one stays."""
    questions = tuple(
        change(q) if q.id == event.question and q.state is QuestionState.OPEN else q
        for q in case.questions
    )
    return replace(case, questions=questions)


def _settled(question: Question, state: QuestionState) -> Question:
    """The question in this state; one that is settled already stays as it is."""
    return replace(question, state=state) if question.state is QuestionState.OPEN else question
