"""How what is written leaves, and whether what waited for a person still may."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.core.case import Case, fold
from gateway.core.events import Answered, Asked, Forwarded, Spoken, SteppedBack
from gateway.core.leaving import Leaving, Mode, objection
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
