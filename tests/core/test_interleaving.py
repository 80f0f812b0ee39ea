"""Whatever the order in which the messages of a case come, the promises are kept."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from gateway.core.at_rest import Standstill, unfinished
from gateway.core.case import Case, fold
from gateway.core.deadlines import next_due
from gateway.core.decision import Leave, Refer, SetAside, cause
from gateway.core.events import (
    Answered,
    Asked,
    Erased,
    Expired,
    ForwardConfirmed,
    Forwarded,
    MessageReceived,
    ParticipantsChanged,
    PassedOn,
    Protected,
    Reminded,
    Reopened,
    Returned,
)
from gateway.core.outgoing import SendingKind
from gateway.core.states import CASE, MESSAGE, CaseState, MessageState, QuestionState
from gateway.journal.codec import KINDS, WITH_EVIDENCE, event_of, event_text, evidence_text

SENDER, OTHER, STRANGER = "DE:101320043", "PL:PL002", "IT:IT009"
PLACES = (
    None,
    ("Bourg-en-Bresse", "01000"),
    ("Lyon", "69001"),
    ("Grenoble", "38000"),
    ("", "01000"),
    ("Berlin", "01000"),
    ("Lyon", ""),
)
TELLING = PLACES[1:3]
OWN = {"FR:CLEISS0000", "FR:CLEISS0001"}
FRENCH = ("FR:CPAM01", "FR:CPAM01B", "FR:CPAM69")
PROTECTED = "<sbdh:PersonalProtectedCase>true</sbdh:PersonalProtectedCase>"
TEST = "<sbdh:TestCase>true</sbdh:TestCase>"
SEDS = {"S_BUC_24": ("S040", "S041"), "UB_BUC_01": ("U001", "U002")}
"""A BUC in which we ask by H001, and one in which we ask by X012."""
LATE = "2026-06-01T09:15:00.000Z"
"""After every grace period."""
YES = (
    "<DecisionReopenCase><decisionReopenCaseIndicator><value>01</value>"
    "</decisionReopenCaseIndicator></DecisionReopenCase>"
)
WORDS = "<x><theFollowingInformation>y</theFollowingInformation></x>"


def named(element, ident):
    return f"<{element}><institutionID>{ident}</institutionID></{element}>"


def believed(judged):
    """Whether what an X SED says about the case is taken for true."""
    return cause(judged.decision) not in {"protected", "stranger"}


def written_and_read(event):
    """The event as the journal gives it back."""
    evidence = getattr(event, "evidence", None) if isinstance(event, WITH_EVIDENCE) else None
    kept = evidence_text(evidence) if evidence is not None else None
    return event_of(KINDS[type(event)], event_text(event), kept)


@pytest.mark.parametrize(
    ("examples", "steps"),
    [(200, 15), pytest.param(1500, 20, marks=[pytest.mark.long, pytest.mark.timeout(900)])],
)
def test_the_promises_hold_in_any_order(desks, person, examples, steps):
    def about(place):
        return person(*place) if place else person(town=None)

    class OneCase(RuleBasedStateMachine):
        def __init__(self):
            super().__init__()
            self.desk = desks()
            self.buc = "S_BUC_24"
            self.sendings = []
            self.states = {}
            self.history = []
            self.due = None
            self.n = 0
            self.told = {}  # SetId -> version -> what was said there
            self.protected = False
            self.first = None  # how the first SED was written the last time
            self.answered = set()  # questions that somebody answered
            self.gone = set()  # who left, or gave the case back
            self.stays = set()  # messages that nobody needs any more: we stepped back with them

        def take(self, place=None, **written):
            self.n += 1
            before = self.desk.case
            judgement = self.desk.take(f"m{self.n}", buc=self.buc, **written)
            message = judgement.message
            if any(isinstance(event, MessageReceived) for event in judgement.events):
                self.told.setdefault(message.set_id, {})[message.version] = place
            self.states[judgement.message_id] = judgement.state
            for moved, state in judgement.moves:
                assert state in MESSAGE[self.states[moved]]
                self.states[moved] = state
            if isinstance(judgement.decision, Leave):
                self.stays |= {judgement.message_id, *(moved for moved, _ in judgement.moves)}
            self.happens(judgement.events, before)
            self.sends(judgement.outgoing)
            if judgement.times:
                self.due = judgement.due
            if judgement.protects:
                self.history.append(Protected(judgement.message_id))
                self.due = next_due(self.desk.situation)
            self.protected |= message.protected
            assert self.desk.case.protected == self.protected
            if self.protected or before.erased:
                assert not judgement.outgoing
            return before, judgement

        def happens(self, events, before):
            """What the case's history gets, one after another."""
            case = before
            for event in events:
                self.history.append(event)
                if isinstance(event, Forwarded):
                    assert not self.had(event.institution)
                    assert event.institution not in OWN
                if isinstance(event, Asked):
                    self.asks(event)
                after = fold(case, [event])
                assert after.state is case.state or after.state in CASE[case.state]
                match event:
                    case ParticipantsChanged(_, left):
                        self.gone |= set(left)
                    case Returned(institution) | PassedOn(_, institution):
                        self.gone.add(institution)
                if isinstance(event, PassedOn):
                    self.gone -= {g for g in self.gone if self.same(g, event.institution)}
                if isinstance(event, Reminded | Expired):
                    assert event.question not in self.answered
                    assert event.question in {q.id for q in case.open_questions}
                case = after

        def asks(self, event):
            """Something is missing: nobody tells it, or one SED contradicts another."""
            assert event.missing
            live = [v for k, v in self.told.items() if k not in self.desk.case.withdrawn]
            places = {said[max(said)] for said in live} - {None}
            assert len(places) != 1 or places.isdisjoint(TELLING)

        def sends(self, outgoing):
            for out in outgoing:
                self.sendings.append(out)
                if out.kind is SendingKind.HAND_OVER:
                    assert not self.had(out.receiver)
                    assert self.same(out.receiver, self.desk.case.holder)

        def same(self, one, other):
            return self.desk.situation.same_body(one, other)

        def had(self, institution):
            return any(self.same(institution, gone) for gone in self.gone)

        @property
        def handed(self):
            return [o for o in self.sendings if o.kind is SendingKind.HAND_OVER]

        @initialize(
            place=st.sampled_from(PLACES),
            started=st.booleans(),
            excepts=st.booleans(),
            buc=st.sampled_from(sorted(SEDS)),
            gone=st.sampled_from([None, None, None, *FRENCH]),
        )
        def how_it_begins(self, place, started, excepts, buc, gone):
            self.buc = buc
            self.desk.policy_of(excepts=excepts)
            if gone is not None:
                left = f"<RemovedParticipant>{named('Institution', gone)}</RemovedParticipant>"
                self.take(sed="X006", action="New", inside=left)
            if started:
                self.the_first_sed_again(version=1, place=place)

        @rule(version=st.integers(1, 4), place=st.sampled_from(PLACES))
        def the_first_sed(self, version, place):
            self.the_first_sed_again(version, place)

        def the_first_sed_again(self, version, place):
            """The same version, with the same or other content, or a later one."""
            self.first = {
                "place": place,
                "sed": SEDS[self.buc][0],
                "action": "Update" if version > 1 else "Start",
                "document": "d1",
                "version": version,
                "inside": about(place),
            }
            self.take(**self.first)

        @rule(place=st.sampled_from(PLACES[:1] * 3 + PLACES))
        def one_more_sed(self, place):
            self.take(place, sed=SEDS[self.buc][1], action="New", inside=about(place))

        @rule(
            which=st.integers(0, 1),
            action=st.sampled_from(["Start", "New", "Update", "StartForward", "NewForward"]),
            document=st.sampled_from(["d1", "d2"]),
            version=st.integers(1, 3),
            place=st.sampled_from(PLACES),
            sender=st.sampled_from([SENDER, SENDER, OTHER, STRANGER]),
            related=st.sampled_from([None, "d1"]),
            flags=st.sampled_from(["", "", "", PROTECTED]),
        )
        def a_sed(self, which, action, document, version, place, sender, related, flags):
            self.take(
                place,
                sed=SEDS[self.buc][which],
                action=action,
                document=document,
                version=version,
                sender=(sender, "CaseOwner" if sender == SENDER else "Counterparty"),
                related=related,
                inside=about(place),
                flags=flags,
            )

        @precondition(lambda self: self.first is not None)
        @rule(flags=st.sampled_from(["", PROTECTED]))
        def a_copy_of_the_first_sed(self, flags):
            """The same content under another id, as each receiver gets it."""
            self.take(**{**self.first, "flags": flags})

        @precondition(lambda self: self.desk.case.state is CaseState.FORWARDED)
        @rule(place=st.sampled_from(PLACES), passed_on=st.booleans())
        def a_late_sed_of_a_case_handed_over(self, place, passed_on):
            if self.desk.case.forwarded_at is None:
                self.the_x007_was_confirmed()
            action = "NewForward" if passed_on else "New"
            sed = SEDS[self.buc][1]
            _, late = self.take(place, sed=sed, action=action, created=LATE, inside=about(place))
            assert isinstance(late.decision, Refer)
            assert not late.outgoing

        @rule(
            sed=st.sampled_from(["H002", "X013"]),
            place=st.sampled_from(PLACES),
            prose=st.booleans(),
            names=st.sampled_from(["nothing", "the question", "something else"]),
        )
        def an_answer(self, sed, place, prose, names):
            open_ = self.desk.case.open_questions
            inside = about(place) + (WORDS if prose else "")
            written = {"sed": sed, "action": "New", "inside": inside}
            if sed == "H002":
                written["place"] = place
            if names == "something else":
                self.take(**written, related="something else")
                return
            if names == "the question" and open_:
                # the id is the question's own, and no name that a test gives
                written["related"] = "its question"
                self.answer_in(open_[0].set_id, written)
            else:
                self.take(**written)
            self.answered |= {question.id for question in open_}

        def answer_in(self, set_id, written):
            made = self.desk.a_message
            name = self.desk.uid(written["related"]).encode()

            def a_message(*names, **more):
                return made(*names, **more).replace(name, set_id.encode())

            self.desk.a_message = a_message
            self.take(**written)
            self.desk.a_message = made

        @rule(
            follows=st.sampled_from([None, "2026-03-20", "2026-05-01"]),
            lacks=st.booleans(),
            holder=st.booleans(),
        )
        def a_word_about_an_answer(self, follows, lacks, holder):
            """X010: it will follow, or some of it never will."""
            day = f"<expectedDateRequestCanFulfilled>{follows}</expectedDateRequestCanFulfilled>"
            will = f"<details>x</details>{day if follows else ''}"
            inside = (
                "<RepliesReminder><TheFollowingRequestedInformationWillFollow>"
                f"{will}</TheFollowingRequestedInformationWillFollow>"
            )
            if lacks:
                inside += "<TheFollowingRequestedInformationNotAvailable/>"
            open_ = self.desk.case.open_questions
            sender = (self.desk.case.holder if holder else None) or SENDER
            self.take(
                sed="X010",
                action="New",
                inside=f"{inside}</RepliesReminder>",
                sender=(sender, "Counterparty"),
            )
            still = {question.id for question in self.desk.case.open_questions}
            if lacks:
                self.answered |= {question.id for question in open_}
            else:
                assert still == {question.id for question in open_}

        @rule(
            sed=st.sampled_from(["X001", "X005", "X006", "X007", "X008", "X009", "X011", "X050"]),
            holder=st.booleans(),
        )
        def an_x_sed(self, sed, holder):
            sender = self.desk.case.holder if holder else None
            self.take(
                sed=sed, action="New", inside="<x/>", sender=(sender or SENDER, "Counterparty")
            )

        @rule(yes=st.booleans())
        def it_is_reopened(self, yes):
            before, judged = self.take(sed="X004", action="New", inside=YES if yes else "<x/>")
            assert (Reopened() in judged.events) == (yes and believed(judged))
            assert self.desk.case.closed == (before.closed and Reopened() not in judged.events)

        @rule(
            sed=st.sampled_from(["X005", "X006", "X008", "X100"]),
            who=st.sampled_from([SENDER, OTHER, *FRENCH, "FR:CLEISS0000"]),
            document=st.sampled_from(["d1", "d2"]),
        )
        def a_change_of_the_case(self, sed, who, document):
            inside = {
                "X005": f"<AddedParticipant>{named('AddParticipant', who)}</AddedParticipant>",
                "X006": f"<RemovedParticipant>{named('Institution', who)}</RemovedParticipant>",
                "X008": "<x/>",
                "X100": f"<ChangeParticipant>{named('RemoveParticipant', who)}</ChangeParticipant>",
            }[sed]
            _, judged = self.take(sed=sed, action="New", inside=inside, related=document)
            if sed in {"X006", "X100"} and believed(judged):
                assert who not in self.desk.case.participants
                assert who in self.desk.case.left

        @precondition(lambda self: self.desk.case.holder is not None)
        @rule(sed=st.sampled_from(["X006", "X007", "X100", "X011", "X050"]))
        def the_holder_gives_it_back(self, sed):
            holder = self.desk.case.holder
            self.take(sed=sed, action="New", inside="<x/>", sender=(holder, "Counterparty"))

        @rule(
            new=st.sampled_from([*FRENCH, "FR:CLEISS0000", SENDER, OTHER]),
            by=st.sampled_from(["the holder", OTHER, SENDER]),
        )
        def somebody_passes_it_on(self, new, by):
            """X007 of another one than ourselves."""
            sender = self.desk.case.holder if by == "the holder" else by
            if sender is None:
                return
            both = named("AddedParticipant", new) + named("RemovedParticipant", sender)
            inside = f"<ForwardInformation>{both}</ForwardInformation>"
            before, judged = self.take(
                sed="X007", action="New", inside=inside, sender=(sender, "Counterparty")
            )
            if before.holder is not None:
                passed = any(isinstance(event, PassedOn) for event in judged.events)
                assert self.desk.case.holder == (new if passed else before.holder)
                assert self.same(sender, before.holder) or not passed

        @rule(days=st.sampled_from([0, 1, 2, 20, 40]))
        def time_goes_on(self, days):
            before = self.desk.case
            development = self.desk.later(days=days).come_due()
            self.due = development.due
            assert self.due is None or self.due > self.desk.now
            self.happens(development.events, before)
            self.sends(development.outgoing)
            for message, _ in development.referrals:
                assert MessageState.REFERRED in MESSAGE[self.states[message]]
                self.states[message] = MessageState.REFERRED
            for message in development.answered:
                assert MessageState.RECORDED in MESSAGE[self.states[message]]
                self.states[message] = MessageState.RECORDED
                self.stays.add(message)

        @precondition(lambda self: self.desk.case.x007 is not None)
        @rule()
        def the_x007_is_confirmed(self):
            self.the_x007_was_confirmed()

        def the_x007_was_confirmed(self):
            self.desk.confirm()
            case = self.desk.case
            self.history.append(ForwardConfirmed(case.holder, case.forwarded_at))

        @rule()
        def what_is_old_is_erased(self):
            """As if all had left: then a case is at rest once it is with somebody else."""
            left = {MessageState.RECORDED: MessageState.DONE}
            states = [left.get(state, state) for state in self.states.values()]
            timer = self.due is not None
            seen = Standstill(self.desk.case, states, (), unheard=False, timer=timer)
            if self.desk.case.revision and unfinished(seen) is None:
                event = Erased(("bodies", "evidence"), "claire", "old")
                self.history.append(event)
                self.desk.case = fold(self.desk.case, [event])

        @rule(flags=st.sampled_from([PROTECTED, TEST, PROTECTED + TEST]))
        def what_is_never_transferred(self, flags):
            if flags == PROTECTED:
                self.take(sed=SEDS[self.buc][0], flags=PROTECTED, action="New")
                return
            policy = self.desk.policy
            self.desk.policy_of(environment="production")
            self.take(sed=SEDS[self.buc][0], flags=flags)
            self.desk.policy = policy

        @invariant()
        def nothing_is_lost(self):
            """Handed over, waiting, with a person, set aside, linked to what is: nothing else."""
            handed = {o.object for o in self.handed}
            known = {e.message_id: k for k, e in self.desk.case.contents.items()}
            judged = {j.message_id: j for j in self.desk.judged}
            assert judged.keys() == self.states.keys()
            for message, state in self.states.items():
                match state:
                    case MessageState.RECORDED:
                        withdrawn = known[message][0] in self.desk.case.withdrawn
                        assert message in handed or withdrawn or message in self.stays
                    case MessageState.WAITING:
                        assert message in self.desk.case.waiting
                    case MessageState.ABSORBED:
                        assert self.states[judged[message].same_as] is not MessageState.ABSORBED
                    case MessageState.QUARANTINED:
                        assert isinstance(judged[message].decision, SetAside)
                    case _:
                        assert state in {MessageState.REFERRED, MessageState.REFUSED}

        @invariant()
        def the_case_went_to_one_institution_at_most(self):
            forwards = {o.object for o in self.sendings if o.kind is SendingKind.X007}
            assert len(forwards) <= 1

        @invariant()
        def each_receiver_got_one_x007(self):
            receivers = [o.receiver for o in self.sendings if o.kind is SendingKind.X007]
            assert len(receivers) == len(set(receivers))
            assert OWN.isdisjoint(receivers)

        @invariant()
        def each_message_was_handed_over_once_and_in_the_wake_of_the_x007(self):
            assert len({o.object for o in self.handed}) == len(self.handed)
            x007 = {o.message_id for o in self.sendings if o.kind is SendingKind.X007}
            assert {o.after for o in self.handed} <= x007 | {None}
            if self.desk.case.forwarded_at is None:
                assert None not in {o.after for o in self.handed}

        @invariant()
        def each_version_of_a_document_was_handed_over_once(self):
            judged = {j.message_id: j.message for j in self.desk.judged}
            handed = [judged[o.object] for o in self.handed]
            versions = [(message.set_id, message.version) for message in handed]
            assert len(versions) == len(set(versions))

        @invariant()
        def no_id_was_given_twice(self):
            ids = [o.message_id for o in self.sendings]
            assert len(ids) == len(set(ids))

        @invariant()
        def one_question_at_most_is_open_and_no_datum_is_asked_for_twice(self):
            assert len(self.desk.case.open_questions) <= 1
            asked = [datum for q in self.desk.case.questions for datum in q.missing]
            assert len(asked) == len(set(asked))

        @invariant()
        def an_answer_leaves_no_question_open(self):
            if self.desk.case.state is CaseState.ASKED:
                open_ = {q.id for q in self.desk.case.open_questions}
                assert open_.isdisjoint(self.answered)
            closed = {e.question for e in self.history if isinstance(e, Answered)}
            states = {q.id: q.state for q in self.desk.case.questions}
            assert QuestionState.OPEN not in {states[question] for question in closed}

        @invariant()
        def what_waits_is_due_one_day(self):
            waits = {m for m, state in self.states.items() if state is MessageState.WAITING}
            if waits:
                assert self.desk.case.state in {CaseState.OPEN, CaseState.ASKED}
                assert next_due(self.desk.situation) is not None

        @invariant()
        def the_journal_knows_when_the_case_is_due(self):
            assert self.due == next_due(self.desk.situation)

        @invariant()
        def the_case_is_the_fold_of_its_history_as_it_is_written(self):
            kept = [written_and_read(event) for event in self.history]
            assert fold(Case(self.desk.uid("c")), kept) == self.desk.case

        @invariant()
        def every_event_counts(self):
            assert self.desk.case.revision == len(self.history)
            received = [e for e in self.history if isinstance(e, MessageReceived)]
            assert len({e.message_id for e in received}) == len(received)

    run_state_machine_as_test(
        OneCase,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
        ),
    )
