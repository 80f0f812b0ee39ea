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
    DealtWith,
    Erased,
    Event,
    EvidenceAdded,
    Excepted,
    Expired,
    ForwardConfirmed,
    Forwarded,
    GivenBack,
    Imported,
    MessageReceived,
    ParticipantsChanged,
    PassedOn,
    Promised,
    Protected,
    QuestionFailed,
    Recalled,
    Referred,
    Reminded,
    Reopened,
    Returned,
    Spoken,
    SteppedBack,
    Taken,
    TakenUp,
    Waits,
    Withdrawn,
)
from gateway.core.evidence import Evidence
from gateway.core.states import CaseState, QuestionState

NOT_STARTED: Final = "out-of-order"
BEFORE_GO_LIVE: Final = "before-go-live"
EVIDENCE: Final = "evidence"
"""In an `Erased`: what the SEDs said."""
_AS_IT_IS: Final = frozenset({NOT_STARTED, BEFORE_GO_LIVE})
"""Causes of a `Referred` that leave the case as it is: it goes on when its first SED comes."""


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
    known: frozenset[str] = frozenset()
    """Messages of the case when it was asked: none of them tells what was asked for."""


@dataclass(frozen=True, slots=True)
class Added:
    """What a person added to the evidence."""

    evidence: Evidence
    known: frozenset[str]
    """Messages whose documents were known then: it outranks what they say."""


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
    owner: str = ""
    """Who owns it, abroad; an owner that forwards it hands that on."""
    participants: frozenset[str] = frozenset()
    """Everybody whom a header names or an X SED added, but for those who left."""
    left: frozenset[str] = frozenset()
    """Those who left and did not come back."""
    joined: frozenset[str] = frozenset()
    """Those of whom an X SED said that they join, as the new one of a forwarded case."""
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
    taken_from: CaseState = CaseState.OPEN
    """Where the case stood when a person took it; means something in state `taken` alone."""
    holder: str | None = None
    x007: str | None = None
    x007_set_id: str | None = None
    x007_at: datetime | None = None
    """When it was decided to send it; None where that is not known."""
    forwarded_at: datetime | None = None
    """When the X007 was confirmed; None before."""
    returned_by: frozenset[str] = frozenset()
    """Those that had it and gave it back, or passed it on: never to them again."""
    imported: bool = False
    """It was open before the gateway was; without a holder a person has it, in RINA."""
    recalls: int = 0
    """Transfers that a person called back."""
    added: tuple[Added, ...] = ()
    """In the order in which they were said."""
    erased: bool = False
    """What its SEDs said until then is erased: nothing can be decided on it any more."""
    protected: bool = False
    """A message of it, or one that named it and was not believed, said that the person is."""

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
        case Referred() | EvidenceAdded() | TakenUp() | DealtWith() | Excepted():
            return _person(case, event)
        case ParticipantsChanged() | Withdrawn() | Closed() | Reopened() | Erased() | Protected():
            return _change(case, event)
        case (
            Asked() | Reminded() | Spoken() | Promised() | Answered() | QuestionFailed() | Expired()
        ):
            return _question(case, event)
        case _:
            return _holder(case, event)


def _erase(case: Case, event: Erased) -> Case:
    """The case without what its SEDs and persons said; who, when and under which ids stay."""
    if EVIDENCE not in event.what:
        return case
    return replace(
        case,
        documents={k: replace(said, evidence=None) for k, said in case.documents.items()},
        contents={k: replace(said, evidence=None) for k, said in case.contents.items()},
        added=(),
        erased=True,
    )


def _receive(case: Case, event: MessageReceived) -> Case:
    known = case.documents.get(event.set_id)
    documents = case.documents
    if known is None or event.version > known.version:
        documents = {**documents, event.set_id: event}
    contents = case.contents
    if (event.set_id, event.version) not in contents:
        contents = {**contents, (event.set_id, event.version): event}
    abroad = event.owner not in {"", event.us}  # we own but the cases in which we ask
    return replace(
        authored(case, event.set_id, event.parties[0]),
        owner=event.owner if abroad else case.owner,
        buc=case.buc or event.buc,
        cdm=case.cdm or event.cdm,
        us=case.us or event.us,
        our_role=case.our_role or event.our_role,
        participants=case.participants | (frozenset(event.parties) - case.left),
        documents=documents,
        contents=contents,
        protected=case.protected or event.protected,
    )


def _import(case: Case, event: Imported) -> Case:
    holder = event.holder
    return replace(
        case,
        imported=True,
        buc=event.buc,
        our_role=event.our_role,
        participants=frozenset(event.participants) | ({holder} if holder else frozenset()),
        holder=holder,
        state=CaseState.FORWARDED if holder else CaseState.OPEN,
    )


def _person(case: Case, event: Referred | EvidenceAdded | TakenUp | DealtWith | Excepted) -> Case:
    """What a person is told, and what he says."""
    match event:
        case Referred(cause=cause) if cause in _AS_IT_IS:
            return replace(case, told=case.told | {event.message_id}, waiting_since=None)
        case Referred():
            state = CaseState.TAKEN if case.state is CaseState.TAKEN else CaseState.REFERRED
            return replace(case, state=state, waiting_since=None)
        case EvidenceAdded():
            if event.evidence is None:
                return case
            known = frozenset(document.message_id for document in case.documents.values())
            return replace(case, added=(*case.added, Added(event.evidence, known)))
        case TakenUp():
            return replace(
                case,
                state=CaseState.OPEN,
                waiting=event.messages,
                waiting_since=None,
                told=frozenset(),
            )
        case DealtWith() | Excepted():
            waiting = tuple(m for m in case.waiting if m != event.message_id)
            told = case.told - {event.message_id}
            untold = any(message_id not in told for message_id in waiting)
            since = case.waiting_since if untold else None
            return replace(case, waiting=waiting, told=told, waiting_since=since)
        case _:
            assert_never(event)


def _take(case: Case, event: Taken | GivenBack) -> Case:
    """A person has the case, and nothing waits any more; given back it stands where it stood.

    One that was referred is decided anew, unless somebody else has it or the person is protected:
    then it still is a person's.
    """
    case = replace(case, waiting=(), waiting_since=None, told=frozenset())
    if isinstance(event, Taken):
        return replace(case, state=CaseState.TAKEN, taken_from=case.state)
    if case.holder is not None:
        return replace(case, state=case.taken_from)
    if case.protected:
        return replace(case, state=CaseState.REFERRED)
    return replace(case, state=CaseState.ASKED if case.open_questions else CaseState.OPEN)


def _ask(case: Case, event: Asked) -> Case:
    question = Question(
        event.question,
        event.way,
        event.missing,
        event.set_id,
        event.about_set_id,
        event.own_case,
        asked=event.asked,
        spoken_at=event.at,
        known=frozenset(said.message_id for said in case.contents.values()),
    )
    theirs = event.by_hand and case.state in {CaseState.REFERRED, CaseState.TAKEN}
    state = case.state if theirs else CaseState.ASKED
    return replace(case, questions=(*case.questions, question), state=state)


def _question(
    case: Case, event: Asked | Reminded | Spoken | Promised | Answered | QuestionFailed | Expired
) -> Case:
    match event:
        case Asked():
            return _ask(case, event)
        case Reminded() | Spoken() | Promised():
            return _changed(case, event, lambda q: _put_off(q, event))
        case Answered():
            return _changed(case, event, lambda q: _settled(q, QuestionState.ANSWERED))
        case QuestionFailed():
            return _changed(case, event, lambda q: _settled(q, QuestionState.FAILED))
        case Expired():
            return _changed(case, event, lambda q: _settled(q, QuestionState.EXPIRED))
        case _:
            assert_never(event)


def _put_off(question: Question, event: Reminded | Spoken | Promised) -> Question:
    """The question, which is reminded of later now."""
    match event:
        case Reminded():
            return replace(question, reminders=event.number, spoken_at=event.at, promised=None)
        case Spoken():
            return replace(question, spoken_at=event.at)
        case Promised():
            until = date.fromisoformat(event.until) if event.until is not None else None
            return replace(question, promised=until)
        case _:
            assert_never(event)


def _holder(
    case: Case,
    event: Imported
    | Forwarded
    | ForwardConfirmed
    | Returned
    | PassedOn
    | SteppedBack
    | Recalled
    | Taken
    | GivenBack,
) -> Case:
    match event:
        case Imported():
            return _import(case, event)
        case Forwarded():
            return replace(
                _elsewhere(case, CaseState.FORWARDED, by_hand=event.by_hand),
                holder=event.institution,
                x007=event.x007,
                x007_set_id=event.set_id,
                x007_at=event.at,
                participants=case.participants | {event.institution},
            )
        case ForwardConfirmed():
            return replace(case, forwarded_at=event.at)
        case Returned() | Recalled() | PassedOn():
            return _move(case, event)
        case Taken() | GivenBack():
            return _take(case, event)
        case SteppedBack():
            left = _elsewhere(case, CaseState.LEFT, by_hand=event.by_hand)
            return replace(left, holder=event.institution)
        case _:
            assert_never(event)


def _move(case: Case, event: Returned | Recalled | PassedOn) -> Case:
    """Never to that institution again; called back in time, nobody else ever had it."""
    if isinstance(event, PassedOn):
        had = case.returned_by | {event.before}
        return replace(case, holder=event.institution, returned_by=had)
    if isinstance(event, Returned):
        return replace(case, returned_by=case.returned_by | {event.institution})
    taken = case.state is CaseState.TAKEN
    case = replace(
        case,
        state=CaseState.TAKEN if taken else CaseState.REFERRED,
        taken_from=CaseState.REFERRED,
        returned_by=case.returned_by | {event.institution},
        recalls=case.recalls + 1,
    )
    if not event.in_time:
        return case
    return replace(
        case,
        holder=None,
        x007=None,
        x007_set_id=None,
        x007_at=None,
        participants=case.participants - {event.institution},
    )


def _elsewhere(case: Case, state: CaseState, *, by_hand: bool) -> Case:
    """Another one has the case from now on; one that a person took stays his until given back."""
    stays = by_hand and case.state is CaseState.TAKEN
    now = CaseState.TAKEN if stays else state
    return replace(_overtaken(case), state=now, taken_from=state if stays else case.taken_from)


def _overtaken(case: Case) -> Case:
    """Another one has the case: nothing waits with us any more, and nobody needs to answer us."""
    questions = tuple(_settled(q, QuestionState.OVERTAKEN) for q in case.questions)
    return replace(case, questions=questions, waiting=(), waiting_since=None, told=frozenset())


def _change(
    case: Case, event: ParticipantsChanged | Withdrawn | Closed | Reopened | Erased | Protected
) -> Case:
    match event:
        case ParticipantsChanged():
            joined, gone = frozenset(event.joined), frozenset(event.left)
            passes = case.owner in gone and len(joined) == 1
            return replace(
                case,
                owner=event.joined[0] if passes else case.owner,
                participants=(case.participants | joined) - gone,
                joined=case.joined | joined,
                left=(case.left - joined) | gone,
                returned_by=case.returned_by | gone,
            )
        case Withdrawn():
            return replace(case, withdrawn={**case.withdrawn, event.set_id: event.by})
        case Closed() | Reopened():
            return replace(case, closed=isinstance(event, Closed))
        case Erased():
            return _erase(case, event)
        case Protected():
            return replace(case, protected=True)
        case _:
            assert_never(event)


def _changed(
    case: Case,
    event: Reminded | Spoken | Promised | Answered | QuestionFailed | Expired,
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
