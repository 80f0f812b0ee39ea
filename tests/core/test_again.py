"""A case that a person takes, and that is judged again when he gives it back."""

from dataclasses import replace

import pytest

from gateway.core.again import alone, answered, judge_again, take
from gateway.core.case import Case, fold
from gateway.core.deadlines import next_due
from gateway.core.events import (
    Answered,
    Asked,
    Forwarded,
    GivenBack,
    Recalled,
    Referred,
    SteppedBack,
    Taken,
    TakenUp,
    Waits,
)
from gateway.core.judging import Arrival, examine
from gateway.core.leaving import Leaving, objection
from gateway.core.matter import Situation
from gateway.core.reading import Limits
from gateway.core.states import CaseState, MessageState
from gateway.core.validation import Verdict
from tests.core.test_by_person import US, NoSchemas
from tests.core.test_life import x006

TAKEN, BACK = Taken("claire", "why"), GivenBack("claire", "why")
ASKED = Asked("q", "h001", ("residence",), "set-q", "set", None, "DE:1")


def situation(desk):
    return Situation(desk.case, desk.tables, desk.policy)


def again(desk, name, **written):
    body = desk.a_message(name, **{"case": "c", **written})
    return examine(body, Limits(), NoSchemas()), Arrival(desk.now, desk.now, None, 1)


@pytest.mark.parametrize(
    ("before", "state"),
    [
        ((), CaseState.OPEN),
        ((ASKED,), CaseState.ASKED),
        ((Referred("m", "several"),), CaseState.OPEN),
        ((ASKED, Referred("m", "several")), CaseState.ASKED),
        ((Forwarded("FR:1", "x", "s"),), CaseState.FORWARDED),
        ((SteppedBack("FR:1"),), CaseState.LEFT),
        ((Forwarded("FR:1", "x", "s"), Referred("m", "returned")), CaseState.REFERRED),
    ],
)
def test_given_back_a_case_stands_where_it_stood(before, state):
    taken = fold(Case("c"), [*before, TAKEN, Referred("n", "taken")])
    assert taken.state is CaseState.TAKEN
    assert fold(taken, [BACK]).state is state


def test_what_a_person_does_with_it_ends_the_taking():
    taken = fold(Case("c"), [Waits("m"), TAKEN])
    assert taken.waiting == ()
    assert fold(taken, [TakenUp(("m",))]).state is CaseState.OPEN
    assert fold(taken, [Forwarded("FR:1", "x", "s")]).state is CaseState.FORWARDED


def test_a_transfer_called_back_leaves_the_case_taken():
    taken = fold(Case("c"), [Forwarded("FR:1", "x", "s"), TAKEN])
    late = fold(taken, [Recalled("FR:1", "claire", "why", in_time=False)])
    assert (late.state, fold(late, [BACK]).state) == (CaseState.TAKEN, CaseState.REFERRED)
    early = fold(taken, [Recalled("FR:1", "claire", "why", in_time=True)])
    assert (early.state, fold(early, [BACK]).state) == (CaseState.TAKEN, CaseState.OPEN)


def test_nothing_of_a_taken_case_is_confirmed():
    taken = fold(Case("c"), [ASKED, TAKEN])
    assert objection(Leaving(), taken, "h001", "q") == "case-moved-on"


def test_what_waits_is_on_the_list_of_who_takes_it(desk, person):
    desk.take("one", inside=person(town=None))
    taken = take(situation(desk), "claire", "why")
    one = desk.uid("one")
    assert taken.events == (Taken("claire", "why"), Referred(one, "taken"))
    assert [(m, r.cause) for m, r in taken.referrals] == [(one, "taken")]
    assert taken.due is None
    told = replace(desk.case, told=frozenset({one}))
    assert take(replace(situation(desk), case=told), "claire", "why").referrals == ()


def test_the_first_one_is_judged_on_all_that_came(desk, person):
    desk.take("one", document="d", inside=person(town=None))
    desk.case = fold(desk.case, take(situation(desk), "claire", "why").events)
    later = {"action": "New", "document": "e", "inside": person()}
    assert desk.take("two", **later).decision.cause == "taken"
    first = again(desk, "one", document="d", inside=person(town=None))
    both = judge_again(situation(desk), (BACK,), (first, again(desk, "two", **later)))
    assert [j.state for j in both] == [MessageState.RECORDED] * 2
    assert both[0].events[0] == BACK
    assert both[0].revision == desk.case.revision
    assert both[1].revision == desk.case.revision + len(both[0].events)
    after = fold(desk.case, [e for j in both for e in j.events])
    assert after.state is CaseState.FORWARDED


def test_what_would_be_set_aside_today_stays_where_it_is(desk, person):
    desk.take("one", document="d", inside=person(town=None))
    desk.case = fold(desk.case, [TAKEN])
    stranger = again(desk, "one", receivers=(("FR:OTHER", "Counterparty"),))
    assert judge_again(situation(desk), (BACK,), (stranger,)) == ()
    left = alone(situation(desk), (BACK,))
    assert (left.events, left.revision) == ((BACK,), desk.case.revision)
    assert left.due is not None  # the question is still open


BROKEN = Verdict("profile", ("SCHEMAV_ELEMENT_CONTENT",), 1)
REFUSED = Verdict("official", ("SCHEMAV_ELEMENT_CONTENT",), 1)


@pytest.mark.parametrize(
    ("written", "verdict", "cause"),
    [
        ({}, BROKEN, "profile-violation"),
        ({"buc": "S_BUC_01a", "sed": "S072"}, None, "conflict"),
        ({"sed": "S999"}, None, "unknown-sed"),
        ({"document": "d"}, None, "other-content"),
    ],
)
def test_nothing_is_decided_on_what_may_be_read_wrongly(
    desk, said, person, written, verdict, cause
):
    """The address that was missing stands in a SED that a person has not looked at yet."""
    desk.take("one", document="d", inside=person(town=None))
    later = {"action": "New", "document": "e", "inside": person(), **written}
    desk.verdict = verdict
    assert said(desk.take("two", **later)) == ("refer", cause)
    desk.case = fold(desk.case, [TAKEN])
    first = again(desk, "one", document="d", inside=person(town=None))
    seen, arrival = again(desk, "two", **later)
    second = (replace(seen, verdict=verdict or seen.verdict), arrival)
    both = judge_again(situation(desk), (BACK,), (first, second))
    assert [said(j) for j in both] == [("refer", cause), ("refer", "case-referred")]
    assert both[0].events[0] == BACK
    assert [out for j in both for out in j.outgoing] == []


def test_what_is_read_rightly_by_now_counts(desk, said, person):
    desk.take("one", document="d", inside=person(town=None))
    later = {"action": "New", "document": "e", "inside": person()}
    assert said(desk.schema().take("two", **later)) == ("refer", "profile-violation")
    desk.case = fold(desk.case, [TAKEN])
    first = again(desk, "one", document="d", inside=person(town=None))
    both = judge_again(situation(desk), (BACK,), (first, again(desk, "two", **later)))
    assert [said(j)[0] for j in both] == ["transfer", "deliver"]


def test_nor_on_what_would_be_refused_today(desk, said, person):
    desk.take("one", document="d", inside=person(town=None))
    later = {"action": "New", "document": "e", "inside": person()}
    desk.schema().take("two", **later)
    desk.case = fold(desk.case, [TAKEN])
    first = again(desk, "one", document="d", inside=person(town=None))
    seen, arrival = again(desk, "two", **later)
    second = (replace(seen, verdict=REFUSED), arrival)
    [judgement] = judge_again(situation(desk), (BACK,), (first, second))
    assert said(judgement) == ("refer", "case-referred")
    assert judgement.events[:2] == (BACK, Referred(desk.uid("two"), "schema-violation"))


def test_what_another_one_has_goes_on_to_him(desk, said, person):
    desk.take("one", document="d", inside=person())
    desk.case = fold(desk.case, [TAKEN])
    written = ({"document": "e"}, {"document": "f"})
    for number, one in enumerate(written):
        desk.verdict = BROKEN if number else None
        desk.take(str(number), action="New", inside=person(), **one)
    rest = [again(desk, str(n), action="New", inside=person(), **w) for n, w in enumerate(written)]
    rest[1] = (replace(rest[1][0], verdict=BROKEN), rest[1][1])
    both = judge_again(situation(desk), (BACK,), rest)
    assert [said(j) for j in both] == [("deliver", "FR:CPAM01"), ("refer", "profile-violation")]


def test_what_an_x_sed_says_is_believed_while_it_is_taken(desk, person):
    desk.take("one", inside=person(town=None))
    desk.case = fold(desk.case, [TAKEN])
    assert x006(desk, US).decision.cause == "taken"
    assert US in desk.case.left
    assert desk.case.state is CaseState.TAKEN
    assert desk.case.open_questions != ()


# -- an answer by telephone -----------------------------------------------------------------


def by_telephone(desk):
    [question] = desk.case.open_questions
    return Answered(question.id, "", "claire", "Bonn telephoned")


def test_what_waited_for_an_answer_by_telephone_is_judged_again(desk, person):
    desk.take("one", document="d", inside=person(town=None))
    one = again(desk, "one", document="d", inside=person(town=None))
    assert next_due(situation(desk)) is not None
    answer = by_telephone(desk)
    (judgement,) = answered(situation(desk), answer, (one,))
    assert judgement.decision.cause == "still-missing"
    assert judgement.events[:2] == (answer, TakenUp(()))
    after = fold(desk.case, judgement.events)
    assert (after.state, after.open_questions) == (CaseState.REFERRED, ())
    assert (judgement.due, judgement.times) == (None, True)


def test_what_cannot_be_judged_any_more_goes_along(desk, person):
    desk.take("one", document="d", inside=person(town=None))
    desk.take("two", action="New", document="e", inside=person(town=None))
    ours = again(desk, "one", document="d", inside=person())
    not_ours = again(desk, "two", document="e", receivers=(("FR:OTHER", "Counterparty"),))
    (judgement,) = answered(situation(desk), by_telephone(desk), (ours, not_ours))
    two = desk.uid("two")
    assert TakenUp((two,)) in judgement.events
    assert judgement.moves == ((two, MessageState.RECORDED),)


def test_where_nothing_can_be_judged_the_answer_stands_alone(desk, person):
    desk.take("one", document="d", inside=person(town=None))
    assert answered(situation(desk), by_telephone(desk), ()) == ()
