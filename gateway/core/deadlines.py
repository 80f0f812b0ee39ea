"""What is due in a case when nothing comes: reminders, and the end of waiting.

Pure, and nothing is counted twice: when something is due follows from the case alone, and what
was done about it is an event of the case. The journal keeps the next instant of each case beside
it, written with the decision, so an answer cancels a reminder in its own transaction.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from gateway.core import composing, correspondence
from gateway.core.case import BEFORE_GO_LIVE, NOT_STARTED, Question, fold
from gateway.core.case_evidence import known_evidence
from gateway.core.competence import competent, missing
from gateway.core.decision import Refer
from gateway.core.events import Event, Excepted, Expired, MessageReceived, Referred, Reminded
from gateway.core.evidence import Evidence
from gateway.core.leaving import REMIND, Mode
from gateway.core.matter import PARIS, Situation
from gateway.core.message import CaseAction
from gateway.core.outgoing import Outgoing
from gateway.core.states import CaseState
from gateway.core.working_days import days_to_working_day

MISSING_CASE: Final = "01"  # CDM 4.4 X050: SED for a missing case
MISSING_SED: Final = "02"  # CDM 4.4 X050: update for a missing SED
WITHOUT_ROW: Final = 30
"""Days to wait where the tables say nothing about reminders."""
PUT_OFF: Final = 90
"""Days by which a promise puts a reminder off at most: whoever mistakes the year is asked again."""
_WITH_US: Final = frozenset({CaseState.OPEN, CaseState.ASKED})


@dataclass(frozen=True, slots=True)
class Development:
    """What became due in a case: recorded like a judgement, but about no message."""

    case_id: str
    revision: int
    """Of the case, as it was looked at; recording fails when the case has moved on."""
    release: str
    events: tuple[Event, ...] = ()
    outgoing: tuple[Outgoing, ...] = ()
    mode: Mode = Mode.AUTOMATIC
    """How it leaves."""
    referrals: tuple[tuple[str, Refer], ...] = ()
    """Waiting messages that a person is told of now."""
    answered: tuple[str, ...] = ()
    """Waiting messages that are done with once what leaves about them has left."""
    due: datetime | None = None
    """When something is due next; None when nothing is."""
    withdrawals: tuple[str, ...] = ()
    """Sendings that must not leave any more; recording fails when one of them has."""
    about: str = ""
    """Received message that what leaves is about."""


def next_due(situation: Situation) -> datetime | None:
    """The next instant at which the case must be looked at; None when nothing can become due.

    In a protected case nobody is reminded of what was asked before, by us; but what waits in it is
    shown to a person at once.
    """
    case = situation.case
    if case.protected:
        return case.waiting_since
    if case.state not in _WITH_US:
        return None
    instants = [_due(situation, question) for question in case.open_questions]
    if not case.open_questions and case.waiting_since is not None:
        instants.append(case.waiting_since + situation.policy.hold)
    return min(filter(None, instants), default=None)


def come_due(situation: Situation, now: datetime) -> Development:
    """What happens in the case now; nothing but the next instant when it is too early."""
    due = next_due(situation)
    developing = _Developing(situation, now)
    if due is not None and due <= now:
        developing.develop()
    return developing.development()


@dataclass(slots=True)
class _Developing:
    situation: Situation
    now: datetime
    events: list[Event] = field(default_factory=list)
    outgoing: list[Outgoing] = field(default_factory=list)
    referrals: list[tuple[str, Refer]] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)

    def develop(self) -> None:
        case = self.situation.case
        if case.protected:
            self._refer("protected")
            return
        if not case.open_questions:
            self._held_in_vain()
        for question in case.open_questions:
            due = _due(self.situation, question)
            if due is not None and due <= self.now:
                self._of_question(question)

    def _held_in_vain(self) -> None:
        """What had to come before did not: its sender is told where that is ours, or a person.

        In a case that may have begun before our first day nobody abroad is told; nor where what
        lacks is who forwarded the case to us, which its sender has done nothing about.
        """
        policy, case = self.situation.policy, self.situation.case
        waiting = [waits for waits in map(case.received, case.waiting) if waits is not None]
        if self.situation.starter is not None:
            self._refer(NOT_STARTED)
        elif policy.go_live is not None:
            self._refer(BEFORE_GO_LIVE)
        elif not policy.excepts:
            self._refer(NOT_STARTED)
        elif any(waits.parties[0] in case.left for waits in waiting):
            self._refer("sender-left")
        else:
            for waits in waiting:
                self._except(waits)

    def _except(self, waits: MessageReceived) -> None:
        code = MISSING_SED if waits.action == CaseAction.UPDATE.value else MISSING_CASE
        head = correspondence.letterhead(self.situation, waits, waits.message_id, self.now)
        self.outgoing.append(composing.exception(head, waits, code))
        self.events.append(Excepted(waits.message_id, code))
        self.answered.append(waits.message_id)

    def _of_question(self, question: Question) -> None:
        situation, number = self.situation, question.reminders + 1
        about = situation.case.documents.get(question.about_set_id)
        evidence = known_evidence(situation.case)
        question = self._still_missing(question, about, evidence)
        last = _days(situation, question, number) is None
        texts = situation.tables.questions.to(question.asked)
        # who asked in RINA knows what for, and reminds there; and nothing is said without words
        by_hand = not any(datum in texts for datum in question.missing)
        if question.own_case is None and situation.has_left(question.asked):
            self.events.append(Expired(question.id))
            self._refer("sender-left", question.missing)
            return
        if last or by_hand or about is None or not composing.speakable(evidence):
            self.events.append(Expired(question.id))
            self._refer("expired", question.missing)
            return
        written = correspondence.reminder(situation, about, question, number, evidence, self.now)
        self.outgoing.append(written)
        self.events.append(Reminded(question.id, number, self.now))

    def _still_missing(
        self, question: Question, about: MessageReceived | None, evidence: Evidence
    ) -> Question:
        """The question without what is not missing any more; where that is all of it, as it was.

        Somebody other than who was asked may have told it, or the tables ask for less now.
        """
        if about is None:
            return question
        today = self.now.astimezone(PARIS).date()
        still = missing(competent(self.situation, about, evidence, today))
        rest = tuple(datum for datum in question.missing if datum in still)
        return replace(question, missing=rest or question.missing)

    def _refer(self, cause: str, missing: tuple[str, ...] = ()) -> None:
        """What waits is shown to a person, unless it was."""
        case = self.situation.case
        for message_id in (m for m in case.waiting if m not in case.told):
            self.referrals.append((message_id, Refer(cause, missing=missing)))
            self.events.append(Referred(message_id, cause))

    def _mode(self) -> Mode:
        """That of a case's reminders: all of them go to who sent us the case."""
        case = self.situation.case
        first = next(iter(case.contents.values()), None)
        sender = first.parties[0] if first is not None else ""
        asked = next((question.asked for question in case.open_questions), sender)
        return self.situation.leaving.of(REMIND, case.buc, asked)

    def development(self) -> Development:
        situation = self.situation
        after = Situation(fold(situation.case, self.events), situation.tables, situation.policy)
        return Development(
            case_id=situation.case.case_id,
            revision=situation.case.revision,
            release=situation.tables.release,
            events=tuple(self.events),
            outgoing=tuple(self.outgoing),
            mode=self._mode(),
            referrals=tuple(self.referrals),
            answered=tuple(self.answered),
            due=next_due(after),
        )


def _due(situation: Situation, question: Question) -> datetime | None:
    """When the question is reminded of, or given up after its last reminder."""
    if question.spoken_at is None:  # written by a version without reminders
        return None
    days = _days(situation, question, question.reminders + 1)
    if days is None:
        days = _days(situation, question, question.reminders) or WITHOUT_ROW
    at = question.spoken_at + timedelta(days=days)
    if question.promised is not None:
        behind = (question.promised - at.astimezone(PARIS).date()).days + 1
        at += timedelta(days=min(max(behind, 0), PUT_OFF))
    return at + timedelta(days=days_to_working_day(at.astimezone(PARIS).date()))


def _days(situation: Situation, question: Question, number: int) -> int | None:
    """Days before the n-th reminder; None when there is no n-th one."""
    country = question.asked.partition(":")[0]
    return situation.tables.reminders.days(country, situation.case.buc, number)
