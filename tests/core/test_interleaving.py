"""Whatever the order in which the messages of a case come, the promises are kept."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from gateway.core.at_rest import Standstill, unfinished
from gateway.core.case import fold
from gateway.core.deadlines import next_due
from gateway.core.events import Erased, Expired, Forwarded, MessageReceived, Reminded
from gateway.core.outgoing import SendingKind
from gateway.core.states import MESSAGE, CaseState, MessageState

SENDER, OTHER = "DE:101320043", "PL:PL002"
PLACES = (None, ("Bourg-en-Bresse", "01000"), ("Lyon", "69001"), ("Grenoble", "38000"))
OWN = {"FR:CLEISS0000", "FR:CLEISS0001"}
PROTECTED = "<sbdh:PersonalProtectedCase>true</sbdh:PersonalProtectedCase>"


def test_the_promises_hold_in_any_order(desks, person):
    class OneCase(RuleBasedStateMachine):
        def __init__(self):
            super().__init__()
            self.desk = desks()
            self.sendings = []
            self.states = {}
            self.due = None
            self.n = 0

        def take(self, **written):
            self.n += 1
            before = self.desk.case
            judgement = self.desk.take(f"m{self.n}", **written)
            self.states[judgement.message_id] = judgement.state
            for message, state in judgement.moves:
                assert state in MESSAGE[self.states[message]]
                self.states[message] = state
            self.sendings.extend(judgement.outgoing)
            if judgement.times:
                self.due = judgement.due
            for event in judgement.events:
                if isinstance(event, Forwarded):
                    assert event.institution not in before.returned_by
                    assert event.institution not in OWN
            if judgement.message.protected or before.erased:
                assert not judgement.outgoing

        @initialize(place=st.sampled_from(PLACES), started=st.booleans(), excepts=st.booleans())
        def how_it_begins(self, place, started, excepts):
            self.desk.policy_of(excepts=excepts)
            if started:
                self.take(document="d1", inside=person(*place) if place else person(town=None))

        @rule(place=st.sampled_from(PLACES[:1] * 3 + PLACES))
        def one_more_sed(self, place):
            inside = person(*place) if place else person(town=None)
            self.take(sed="S041", action="New", inside=inside)

        @rule(
            sed=st.sampled_from(["S040", "S041"]),
            action=st.sampled_from(["Start", "New", "Update", "StartForward"]),
            document=st.sampled_from(["d1", "d2"]),
            version=st.integers(1, 3),
            place=st.sampled_from(PLACES),
            sender=st.sampled_from([SENDER, OTHER]),
        )
        def a_sed(self, sed, action, document, version, place, sender):
            self.take(
                sed=sed,
                action=action,
                document=document,
                version=version,
                sender=(sender, "CaseOwner" if sender == SENDER else "Counterparty"),
                inside=person(*place) if place else person(town=None),
            )

        @rule(place=st.sampled_from(PLACES), prose=st.booleans())
        def an_answer(self, place, prose):
            inside = person(*place) if place else person(town=None)
            words = "<x><theFollowingInformation>y</theFollowingInformation></x>" if prose else ""
            self.take(sed="H002", action="New", inside=inside + words)

        @rule(
            sed=st.sampled_from(["X001", "X005", "X006", "X007", "X008", "X009", "X011", "X050"]),
            holder=st.booleans(),
        )
        def an_x_sed(self, sed, holder):
            sender = self.desk.case.holder if holder else None
            self.take(
                sed=sed, action="New", inside="<x/>", sender=(sender or SENDER, "Counterparty")
            )

        @rule(
            sed=st.sampled_from(["X005", "X006", "X008"]),
            who=st.sampled_from([SENDER, OTHER, "FR:CPAM01", "FR:CPAM69"]),
            document=st.sampled_from(["d1", "d2"]),
        )
        def a_change_of_the_case(self, sed, who, document):
            named = f"<institutionID>{who}</institutionID>"
            inside = {
                "X005": f"<AddedParticipant><AddParticipant>{named}</AddParticipant>"
                "</AddedParticipant>",
                "X006": f"<RemovedParticipant><Institution>{named}</Institution>"
                "</RemovedParticipant>",
                "X008": "<x/>",
            }[sed]
            self.take(sed=sed, action="New", inside=inside, related=document)

        @rule(new=st.sampled_from(["FR:CPAM01", "FR:CPAM69", "FR:CLEISS0000", SENDER]))
        def the_holder_passes_it_on(self, new):
            holder = self.desk.case.holder
            if holder is None:
                return
            ids = (("AddedParticipant", new), ("RemovedParticipant", holder))
            both = "".join(f"<{e}><institutionID>{i}</institutionID></{e}>" for e, i in ids)
            inside = f"<ForwardInformation>{both}</ForwardInformation>"
            self.take(sed="X007", action="New", inside=inside, sender=(holder, "Counterparty"))

        @rule(days=st.sampled_from([0, 1, 2, 20, 40]))
        def time_goes_on(self, days):
            open_before = {q.id for q in self.desk.case.open_questions}
            development = self.desk.later(days=days).come_due()
            self.due = development.due
            self.sendings.extend(development.outgoing)
            for message, _ in development.referrals:
                assert MessageState.REFERRED in MESSAGE[self.states[message]]
                self.states[message] = MessageState.REFERRED
            for message in development.answered:
                assert MessageState.RECORDED in MESSAGE[self.states[message]]
                self.states[message] = MessageState.RECORDED
            for event in development.events:
                if isinstance(event, Reminded | Expired):
                    assert event.question in open_before

        @rule(again=st.booleans())
        def the_x007_is_confirmed(self, again):
            if self.desk.case.holder is not None:
                self.desk.confirm()

        @rule()
        def what_is_old_is_erased(self):
            """As if all had left: then a case is at rest once it is with somebody else."""
            left = {MessageState.RECORDED: MessageState.DONE}
            states = [left.get(state, state) for state in self.states.values()]
            timer = self.due is not None
            seen = Standstill(self.desk.case, states, (), unheard=False, timer=timer)
            if self.desk.case.revision and unfinished(seen) is None:
                event = Erased(("bodies", "evidence"), "claire", "old")
                self.desk.case = fold(self.desk.case, [event])

        @rule(protected=st.booleans())
        def what_is_never_transferred(self, protected):
            if protected:
                self.take(flags=PROTECTED, action="New")
                return
            policy = self.desk.policy
            self.desk.policy_of(environment="production")
            self.take(flags="<sbdh:TestCase>true</sbdh:TestCase>")
            self.desk.policy = policy

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
            handed = [o for o in self.sendings if o.kind is SendingKind.HAND_OVER]
            assert len({o.object for o in handed}) == len(handed)
            x007 = {o.message_id for o in self.sendings if o.kind is SendingKind.X007}
            assert {o.after for o in handed} <= x007 | {None}
            if self.desk.case.forwarded_at is None:
                assert None not in {o.after for o in handed}

        @invariant()
        def each_content_was_handed_over_once(self):
            contents = {e.message_id: k for k, e in self.desk.case.contents.items()}
            handed = [contents[o.object] for o in self.sendings if o.kind is SendingKind.HAND_OVER]
            assert len(handed) == len(set(handed))

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
        def what_waits_is_due_one_day(self):
            waits = {m for m, state in self.states.items() if state is MessageState.WAITING}
            if waits:
                assert self.desk.case.state in {CaseState.OPEN, CaseState.ASKED}
                assert waits <= set(self.desk.case.waiting)
                assert next_due(self.desk.situation) is not None

        @invariant()
        def the_journal_knows_when_the_case_is_due(self):
            assert self.due == next_due(self.desk.situation)

        @invariant()
        def every_event_counts(self):
            recorded = sum(len(j.events) for j in self.desk.judged)
            assert self.desk.case.revision >= recorded
            received = [
                e for j in self.desk.judged for e in j.events if isinstance(e, MessageReceived)
            ]
            assert len({e.message_id for e in received}) == len(received)

    run_state_machine_as_test(
        OneCase,
        settings=settings(max_examples=120, stateful_step_count=12, deadline=None, database=None),
    )
