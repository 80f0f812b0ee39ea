"""How what is written leaves, and whether what waited for a person still may."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.core.case import Case, fold
from gateway.core.decision import name
from gateway.core.events import (
    Answered,
    Asked,
    Forwarded,
    GivenBack,
    Referred,
    Returned,
    Spoken,
    SteppedBack,
    Taken,
)
from gateway.core.leaving import STANDSTILL, Leaving, Mode, objection
from gateway.core.states import CaseState

AUTOMATIC, CONFIRM, OBSERVE = Mode.AUTOMATIC, Mode.CONFIRM, Mode.OBSERVE
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
ASKED = Asked("q", "h001", ("residence",), "set-q", "set", None, "DE:1", NOW)


@pytest.mark.parametrize(
    ("leaving", "mode"),
    [
        (Leaving(), AUTOMATIC),
        (Leaving(CONFIRM), CONFIRM),
        (Leaving(CONFIRM, by_buc={"P_BUC_01": AUTOMATIC}), AUTOMATIC),
        (Leaving(AUTOMATIC, by_buc={"P_BUC_02": OBSERVE}), AUTOMATIC),
        (Leaving(AUTOMATIC, {"transfer": CONFIRM}, {"P_BUC_01": AUTOMATIC}), CONFIRM),
        (Leaving(AUTOMATIC, {}, {"P_BUC_01": CONFIRM}, {"DE": OBSERVE}), OBSERVE),
        (Leaving(OBSERVE, by_country={"DE": CONFIRM}), CONFIRM),
    ],
)
def test_the_most_careful_word_for_it_holds(leaving, mode):
    assert leaving.of("transfer", "P_BUC_01", "DE:101320043") is mode


def test_an_x007_leaves_while_the_case_is_forwarded_there():
    case = fold(Case("c"), [Forwarded("FR:1", "x", "s")])
    assert objection(Leaving(), case, "x007", "FR:1") is None
    assert objection(Leaving(), case, "hand-over", "m") is None
    assert objection(Leaving(), case, "x007", "FR:2") == "case-moved-on"
    gone = replace(case, state=CaseState.REFERRED)
    assert objection(Leaving(), gone, "x007", "FR:1") == "case-moved-on"
    assert objection(Leaving(), gone, "hand-over", "m") == "case-moved-on"


@pytest.mark.parametrize("kind", ["x006", "note"])
def test_what_tells_that_we_have_stepped_back_leaves_while_we_have(kind):
    case = fold(Case("c"), [SteppedBack("FR:1")])
    assert objection(Leaving(), case, kind, "FR:1") is None
    assert objection(Leaving(), Case("c"), kind, "FR:1") == "case-moved-on"


def test_an_x050_leaves_while_the_case_has_not_begun():
    assert objection(Leaving(), Case("c"), "x050", "m") is None
    begun = fold(Case("c"), [Forwarded("FR:1", "x", "s")])
    assert objection(Leaving(), begun, "x050", "m") == "case-moved-on"


def test_a_question_leaves_while_nobody_has_answered():
    case = fold(Case("c"), [ASKED])
    for kind, about in (("h001", "q"), ("x012", "q"), ("reminder", "q/1")):
        assert objection(Leaving(), case, kind, about) is None
        answered = fold(case, [Answered("q", "m")])
        assert objection(Leaving(), answered, kind, about) == "question-settled"
    assert objection(Leaving(), case, "h001", "other") == "question-settled"


def test_nothing_leaves_of_a_case_about_a_protected_person(desk, person):
    desk.take("one", document="d", inside=person(town=None))
    [question] = desk.case.questions
    assert objection(Leaving(), desk.case, "h001", question.id) is None
    flag = "<sbdh:PersonalProtectedCase>true</sbdh:PersonalProtectedCase>"
    desk.take("two", sed="S041", action="New", flags=flag)
    for kind, about in (("h001", question.id), ("reminder", f"{question.id}/1"), ("x007", "FR:1")):
        assert objection(Leaving(), desk.case, kind, about) == "protected"


PROTECTED = "<sbdh:PersonalProtectedCase>true</sbdh:PersonalProtectedCase>"
REFERRED = Referred("m", "protected")


def protected(case, *events):
    """The case once its person turned out to be protected."""
    return fold(replace(case, protected=True), [*events, REFERRED])


def test_what_was_written_before_leaves_when_who_says_yes_knows_that_the_person_is_protected(
    desk, person
):
    desk.take("one", document="d", inside=person(town=None))
    [question] = desk.case.questions
    desk.take("two", sed="S041", action="New", flags=PROTECTED)
    for kind, about in (("h001", question.id), ("reminder", f"{question.id}/1")):
        assert objection(Leaving(), desk.case, kind, about, protected=True) == "protected"
    assert objection(Leaving(), desk.case, "x050", "m", protected=True) is None
    forwarded = protected(Case("c"), Forwarded("FR:1", "x", "s"))
    left = protected(Case("c"), SteppedBack("FR:1"))
    for case, kind, about in (
        (forwarded, "x007", "FR:1"),
        (forwarded, "hand-over", "m"),
        (left, "x006", "FR:1"),
        (left, "note", "FR:1"),
    ):
        assert objection(Leaving(), case, kind, about) == "protected"
        assert objection(Leaving(), case, kind, about, protected=True) is None
        other = left if case is forwarded else forwarded
        assert objection(Leaving(), other, kind, about, protected=True) == "case-moved-on"
    assert objection(Leaving(), forwarded, "x007", "FR:2", protected=True) == "case-moved-on"
    returned = fold(forwarded, [Returned("FR:1")])
    assert objection(Leaving(), returned, "x007", "FR:1", protected=True) == "case-moved-on"


def test_what_a_person_ordered_leaves_unless_another_has_the_case():
    case = fold(Case("c"), [Forwarded("FR:1", "x", "s")])
    assert objection(Leaving(), Case("c"), "x011", "m") is None
    assert objection(Leaving(), case, "x011", "m") == "case-moved-on"
    assert objection(Leaving(), case, "recall", "x") is None
    assert objection(Leaving(), case, "x008", "x") is None


@pytest.mark.parametrize("written", [{"version": 1}, {"version": 2, "action": "Update"}])
@pytest.mark.parametrize("place", [None, ("Bourg-en-Bresse", "01000")])
def test_a_case_is_protected_whichever_of_its_messages_says_so(desk, said, person, written, place):
    """Also the same content once more, or another one under the same version."""
    desk.take("one", document="d", inside=person(town=None))
    inside = person(*place) if place else person(town=None)
    again = desk.take("two", document="d", inside=inside, flags=PROTECTED, **written)
    assert said(again) == ("refer", "protected")
    assert desk.case.protected
    later = desk.take("three", sed="S041", action="New", flags=PROTECTED)
    assert said(later) == ("refer", "protected")
    copy = desk.take("four", document="d", inside=person(town=None), flags=PROTECTED)
    assert said(copy) == ("absorbed", None)


@pytest.mark.parametrize(
    ("sed", "sender", "state"),
    [
        ("H002", "DE:101320043", "answered"),
        ("X050", "DE:101320043", "failed"),
        ("H002", "IT:IT009", "open"),
        ("S041", "DE:101320043", "open"),
    ],
)
def test_an_answer_about_a_protected_person_closes_the_question_that_had_left(
    desk, said, person, sed, sender, state
):
    desk.take("one", document="d", inside=person(town=None))
    desk.take("two", sed="S041", action="New", flags=PROTECTED)
    role = "CaseOwner" if sender.startswith("DE") else "Counterparty"
    answer = desk.take("three", sed=sed, action="New", sender=(sender, role))
    assert said(answer) == ("refer", "protected")
    assert [question.state for question in desk.case.questions] == [state]
    assert answer.outgoing == ()


def test_a_protected_case_that_is_given_back_stays_a_persons(desk, person):
    desk.take("one", document="d", inside=person(town=None))
    desk.take("two", sed="S041", action="New", flags=PROTECTED)
    [question] = desk.case.open_questions
    desk.case = fold(desk.case, [Taken("claire", "mine"), GivenBack("claire", "yours")])
    assert desk.case.state is CaseState.REFERRED
    assert desk.later(days=400).come_due().outgoing == ()
    assert desk.case.open_questions == (question,)


def test_nothing_leaves_where_one_only_observes():
    case = fold(Case("c"), [ASKED])
    assert objection(Leaving(OBSERVE), case, "h001", "q") == "observing"
    assert objection(Leaving(by_decision={"remind": OBSERVE}), case, "h001", "q") is None
    assert objection(Leaving(by_decision={"remind": OBSERVE}), case, "reminder", "q/1") == (
        "observing"
    )


def test_one_waits_from_when_the_question_left():
    case = fold(Case("c"), [ASKED, Spoken("q", NOW.replace(day=9))])
    assert case.questions[0].spoken_at == NOW.replace(day=9)


def test_what_a_person_orders_needs_no_second_yes():
    assert Leaving(CONFIRM).by_person("transfer", "P_BUC_01", "DE:1") is AUTOMATIC
    assert Leaving(OBSERVE).by_person("transfer", "P_BUC_01", "DE:1") is OBSERVE


@pytest.fixture
def example(desk):
    """A desk in production with tables that are an example, where all leaves by itself."""
    desk.tables = replace(desk.tables, example=True)
    return desk.policy_of(environment="production")


def waits(judgement):
    """Whether what follows waits for a person, and whether the trace says why."""
    told = "tables-example" in [step.code for step in judgement.trace]
    return judgement.mode is CONFIRM, told


def test_in_production_nothing_leaves_by_an_example_that_nobody_has_accepted(example, person):
    assert example.tables.digest not in example.policy.accepted
    transfer = example.judge("one")
    assert name(transfer.decision) == "transfer"
    assert waits(transfer) == (True, True)
    question = example.judge("one", inside=person(town=None))
    assert name(question.decision) == "ask"
    assert waits(question) == (True, True)
    example.tables = replace(example.tables, example=False)
    assert waits(example.judge("one")) == (False, False)


def test_an_example_that_is_accepted_decides_as_any_other(example):
    example.policy_of(accepted=frozenset({"another"}))
    assert waits(example.judge("one")) == (True, True)
    example.policy_of(accepted=frozenset({"another", example.tables.digest}))
    assert waits(example.judge("one")) == (False, False)


@pytest.mark.parametrize("environment", ["demo", "test", "acceptance"])
def test_elsewhere_an_example_is_there_to_be_used(example, environment):
    example.policy_of(environment=environment)
    assert not example.policy.waits_for(example.tables)
    assert example.situation.leaving == Leaving()


def test_an_example_makes_nothing_less_careful_and_a_person_still_has_his_word(example):
    example.policy_of(leaving=Leaving(OBSERVE, by_buc={"P_BUC_01": AUTOMATIC}))
    assert example.judge("one").mode is OBSERVE
    assert waits(example.judge("one")) == (False, False)
    leaving = example.situation.leaving
    assert leaving.of("transfer", "P_BUC_01", "DE:1") is CONFIRM
    assert leaving.by_person("transfer", "P_BUC_01", "DE:1") is AUTOMATIC


def test_a_reminder_by_an_example_waits_too(example, person):
    example.policy_of(accepted=frozenset({example.tables.digest}))
    example.take("one", inside=person(town=None))
    example.policy_of(accepted=frozenset())
    example.now = example.now + timedelta(days=60)
    development = example.come_due()
    assert [sending.kind for sending in development.outgoing] == ["reminder"]
    assert development.mode is CONFIRM


# -- what comes while a transfer waits for a yes ------------------------------------------------

X008 = (
    "<TheFollowingSEDConsideredInvalidWithdrawn><SEDType>S040</SEDType>"
    "</TheFollowingSEDConsideredInvalidWithdrawn>"
)
LYON = ("Lyon", "69001")


def transferred(desk, mode=CONFIRM, **written):
    desk.policy_of(leaving=Leaving(mode))
    desk.take("one", document="d", **written)
    assert desk.case.holder == "FR:CPAM01"
    desk.now += STANDSTILL + timedelta(seconds=1)


def update(desk, inside):
    return desk.take("two", document="d", version=2, action="Update", inside=inside)


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize(
    ("place", "candidates"),
    [(LYON, ("FR:CPAM01", "FR:CPAM69")), (("", ""), ("FR:CPAM01",))],
)
def test_another_address_takes_its_reason_away(desk, said, person, mode, place, candidates):
    transferred(desk, mode)
    judged = update(desk, person(*place))
    assert said(judged) == ("refer", "conflict")
    assert judged.candidates == candidates
    assert (judged.outgoing, judged.trace[-1:]) != ((), ())
    assert objection(Leaving(), desk.case, "x007", "FR:CPAM01") == "case-moved-on"


def test_what_leaves_by_itself_has_a_moment_for_it(desk, said, person):
    """What becomes of an update does not depend on whether the X007 left just before it."""
    transferred(desk, AUTOMATIC)
    desk.now -= timedelta(seconds=1)
    assert said(update(desk, person(*LYON))) == ("deliver", "FR:CPAM01")


def test_a_transfer_of_which_nobody_knows_the_time_stands_still(desk, said, person):
    transferred(desk, AUTOMATIC)
    desk.now -= STANDSTILL
    desk.case = replace(desk.case, x007_at=None)
    assert said(update(desk, person(*LYON))) == ("refer", "conflict")


@pytest.mark.parametrize("mode", Mode)
def test_so_does_its_withdrawal(desk, said, mode):
    transferred(desk, mode)
    x008 = desk.take("two", sed="X008", action="New", related="d", inside=X008)
    assert said(x008) == ("refer", "withdrawn")
    assert x008.candidates == ("FR:CPAM01",)


@pytest.mark.parametrize("mode", Mode)
def test_what_changes_nothing_follows_it(desk, said, person, mode):
    transferred(desk, mode)
    assert said(update(desk, person("Bourg-en-Bresse", "01000"))) == ("deliver", "FR:CPAM01")


@pytest.mark.parametrize("mode", [CONFIRM, AUTOMATIC])
def test_what_has_left_is_followed(desk, said, person, mode):
    transferred(desk, mode)
    desk.confirm()
    assert said(update(desk, person(*LYON))) == ("deliver", "FR:CPAM01")


def test_whom_a_person_chose_keeps_the_case(desk, said, person):
    desk.policy_of(leaving=Leaving(CONFIRM))
    desk.take("one", document="d", inside=person(*LYON))
    holder = replace(desk.case, holder="FR:CPAM01")
    desk.case = holder
    assert said(update(desk, person("Bourg-en-Bresse", "01000"))) == ("deliver", "FR:CPAM01")
    desk.case = holder
    moved = desk.take("three", document="d", version=3, action="Update", inside=person(*LYON))
    assert said(moved) == ("deliver", "FR:CPAM01")


@pytest.mark.parametrize("mode", Mode)
def test_what_we_did_not_forward_has_nothing_to_leave(desk, said, person, mode):
    """It was with its holder before the gateway was there."""
    transferred(desk, mode)
    desk.case = replace(desk.case, x007=None, x007_set_id=None)
    assert said(update(desk, person(*LYON))) == ("deliver", "FR:CPAM01")


# -- what overtakes our own leaving ---------------------------------------------------------

LEFT_TO = (("FR:CLEISS0000", "Counterparty"), ("FR:CPAM01", "Counterparty"))


def stepped_back(desk, mode=CONFIRM):
    desk.policy_of(leaving=Leaving(mode))
    written = {"buc": "P_BUC_01", "sed": "P2000", "receivers": LEFT_TO}
    assert name(desk.take("one", document="d", **written).decision) == "leave"
    return written


@pytest.mark.parametrize("mode", [CONFIRM, OBSERVE])
def test_another_address_takes_the_reason_to_leave_away(desk, said, person, mode):
    written = stepped_back(desk, mode)
    moved = {"document": "d", "version": 2, "action": "Update", "inside": person(*LYON)}
    judged = desk.take("two", **written, **moved)
    assert said(judged) == ("refer", "conflict")
    assert judged.candidates == ("FR:CPAM01", "FR:CPAM69")
    assert objection(Leaving(), desk.case, "x006", "FR:CPAM01") == "case-moved-on"


def test_so_does_the_withdrawal_of_what_it_was_left_on(desk, said):
    stepped_back(desk)
    undone = {"sed": "X008", "action": "New", "related": "d", "inside": X008}
    x008 = desk.take("two", buc="P_BUC_01", receivers=LEFT_TO, **undone)
    assert said(x008) == ("refer", "withdrawn")


@pytest.mark.parametrize(
    ("mode", "place"), [(CONFIRM, ("Bourg-en-Bresse", "01000")), (AUTOMATIC, LYON)]
)
def test_what_changes_nothing_about_it_is_left_to_who_has_the_case(desk, said, person, mode, place):
    written = stepped_back(desk, mode)
    later = {"document": "d", "version": 2, "action": "Update", "inside": person(*place)}
    assert said(desk.take("two", **written, **later)) == ("leave", "FR:CPAM01")
