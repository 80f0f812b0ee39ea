"""A case is protected as soon as anything says so; then nobody is reminded of anything in it."""

import pytest

from gateway.core.case import Case, fold
from gateway.core.deadlines import next_due
from gateway.core.decision import Refer
from gateway.core.events import Asked, GivenBack, Imported, Protected, Referred, Taken
from gateway.core.judging import Arrival, judge
from gateway.core.matter import Situation
from gateway.core.message import Malformed
from gateway.core.reading import Limits, read
from gateway.core.states import CaseState, QuestionState
from tests.core.conftest import NOON

PROTECTED = "<sbdh:PersonalProtectedCase>true</sbdh:PersonalProtectedCase>"
TEST = "<sbdh:TestCase>true</sbdh:TestCase>"


@pytest.fixture
def asked(desk, person, said):
    """A case whose first SED waits for an answer."""
    assert said(desk.take("one", document="d", inside=person(town=None)))[0] == "ask"
    return desk


@pytest.mark.parametrize(
    ("written", "environment", "decided"),
    [
        ({"root": "S041"}, "demo", ("refuse", "type-mismatch")),
        ({"flags": PROTECTED + TEST}, "production", ("set-aside", "wrong-environment")),
        ({"receivers": [("FR:CPAM01", "Counterparty")]}, "demo", ("set-aside", "not-ours")),
        ({"buc": "ADM_SUC_01"}, "demo", ("set-aside", "system-message")),
    ],
)
def test_what_is_not_believed_protects_the_case_that_it_names(
    asked, said, uid, written, environment, decided
):
    asked.policy_of(environment=environment)
    judgement = asked.take("two", **{"flags": PROTECTED, **written})
    assert said(judgement) == decided
    assert (judgement.protects, judgement.events, judgement.outgoing) == (uid("c"), (), ())
    assert asked.case.protected
    assert said(asked.take("three")) == ("refer", "protected")


def test_it_is_said_once(asked, uid):
    assert asked.take("two", root="S041", flags=PROTECTED).protects == uid("c")
    assert asked.take("three", root="S041", flags=PROTECTED).protects == ""


def test_a_message_of_the_case_says_it_itself(asked):
    judgement = asked.take("two", flags=PROTECTED)
    assert (judgement.protects, asked.case.protected) == ("", True)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("</sbdh:StandardBusinessDocument>", ""),
        ("<sbdh:TypeVersion>4.4</sbdh:TypeVersion>", ""),
        ("</sbdh:StandardBusinessDocumentHeader>", "</sbdh:StandardBusinessDocumentHeader>&no;"),
        ("<sbdh:StandardBusinessDocument ", "<!DOCTYPE x []><sbdh:StandardBusinessDocument "),
    ],
)
def test_bytes_that_cannot_be_read_to_the_end_protect_the_case_that_they_name(
    desk, a_message, uid, old, new
):
    whole = a_message(case="c", flags=PROTECTED).decode()
    assert old in whole
    document = read(whole.replace(old, new).encode(), Limits())
    assert isinstance(document, Malformed)
    assert document.protects == uid("c")
    judgement = judge(document, None, desk.tables, desk.policy, Arrival(NOON, NOON))
    assert (judgement.protects, judgement.case_id) == (uid("c"), None)
    plain = a_message(case="c").decode().replace(old, new).encode()
    assert read(plain, Limits()).protects == ""


def test_what_waits_is_shown_to_a_person_at_once(asked, uid):
    asked.take("two", root="S041", flags=PROTECTED)
    assert next_due(asked.situation) == NOON
    development = asked.come_due()
    assert development.referrals == ((uid("one"), Refer("protected")),)
    assert development.events == (Referred(uid("one"), "protected"),)
    assert development.outgoing == ()
    assert asked.case.state is CaseState.REFERRED
    assert next_due(asked.situation) is development.due is None


def test_a_question_that_left_stays_open_and_nobody_is_reminded(asked):
    asked.take("two", flags=PROTECTED)
    [question] = asked.case.questions
    assert question.state is QuestionState.OPEN
    asked.later(days=400)
    assert (next_due(asked.situation), asked.come_due().outgoing) == (None, ())


def test_nobody_is_reminded_wherever_the_case_stands(asked):
    """One that was forwarded by hand before us, asked in by hand, taken and given back."""
    asked_by_hand = Asked("q", "h001", ("residence",), "s", "d", None, "DE:1", NOON, by_hand=True)
    case = fold(
        Case("c"),
        [Imported("S_BUC_24", "Counterparty", ("DE:1",), "FR:CPAM01", "claire"), asked_by_hand],
    )
    assert next_due(Situation(case, asked.tables, asked.policy)) is not None
    case = fold(case, [Taken("claire", "x"), Protected("m"), GivenBack("claire", "y")])
    assert case.state is CaseState.ASKED
    assert next_due(Situation(case, asked.tables, asked.policy)) is None
