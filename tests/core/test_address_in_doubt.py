"""A postcode without a town of its own, and half an answer: asked about once, never decided on."""

from dataclasses import replace

import pytest

from gateway.core.decision import Hold, Refer
from gateway.core.outgoing import SendingKind
from gateway.core.states import CaseState, QuestionState
from ir_directory import Certainty
from routing_tables import Questions

THEM, OTHER = "FR:CPAM01", "FR:CPAM69"
ALONE, BESIDE = ("", "01000"), ("Berlin", "01000")


def answer(desk, inside, message="h"):
    """An H002 in the case."""
    return desk.take(message, sed="H002", action="New", document=message, inside=inside)


def update(desk, inside, message="two", version=2):
    """The SED again, in a new version."""
    written = {"document": "d", "version": version, "action": "Update", "inside": inside}
    return desk.take(message, **written)


def asked(desk):
    return [question.missing for question in desk.case.questions]


@pytest.fixture
def in_doubt(desk, person):
    """A case in which the town was asked for."""
    judgement = desk.take("one", document="d", inside=person(*ALONE))
    assert judgement.decision.missing == ("town",)
    return desk


@pytest.mark.parametrize("place", [ALONE, BESIDE])
def test_the_town_is_asked_for_and_nothing_is_transferred(desk, said, person, place):
    judgement = desk.take("one", inside=person(*place))
    assert said(judgement) == ("ask", None)
    assert (judgement.candidates, judgement.missing) == ((THEM,), ("town",))
    [sent] = judgement.outgoing
    assert sent.kind is SendingKind.H001
    assert b"In which town does the person live?" in sent.body


@pytest.mark.parametrize(
    ("place", "institution"), [(("Bourg-en-Bresse", "01000"), THEM), (("Lyon", "69001"), OTHER)]
)
def test_the_town_told_the_case_goes_with_all_its_seds(in_doubt, said, person, place, institution):
    judgement = answer(in_doubt, person(*place))
    assert said(judgement) == ("transfer", institution)
    handed = [o.object for o in judgement.outgoing if o.kind is SendingKind.HAND_OVER]
    assert handed == [in_doubt.uid("one"), in_doubt.uid("h")]


@pytest.mark.parametrize("place", [ALONE, BESIDE])
def test_an_answer_that_tells_no_more_is_for_a_person(in_doubt, person, place):
    judgement = answer(in_doubt, person(*place))
    assert judgement.decision == Refer("still-missing", (THEM,), ("town",))
    assert asked(in_doubt) == [("town",)]
    assert not judgement.outgoing


def test_the_sed_again_with_the_same_address_tells_nothing(in_doubt, person):
    assert update(in_doubt, person(*ALONE)).decision == Hold("question-open")
    assert update(in_doubt, person(*BESIDE), "three", 3).decision == Hold("question-open")
    assert asked(in_doubt) == [("town",)]


def test_a_reminder_asks_for_the_town(in_doubt):
    [reminder] = in_doubt.later(days=40).come_due().outgoing
    assert b"In which town does the person live?" in reminder.body


def test_an_answer_may_be_in_doubt_itself(desk, said, person):
    """The residence was asked for: of what it says the town is missing, and was not asked for."""
    desk.take("one", document="d", inside=person(town=None))
    assert said(answer(desk, person(*BESIDE))) == ("ask", None)
    assert asked(desk) == [("residence",), ("town",)]
    assert said(answer(desk, person(), "i")) == ("transfer", THEM)


def test_the_institution_named_in_the_answer_settles_what_it_confirms(in_doubt, said, person):
    """As in an answer that repeats the postcode, and names who insures the person."""
    pin = (
        "<PINPersonInEachInstitution><PersonalIdentificationNumber><country><value>FR</value>"
        "</country><personalIdentificationNumber>1</personalIdentificationNumber><Institution>"
        "<institutionID>{}</institutionID></Institution></PersonalIdentificationNumber>"
        "</PINPersonInEachInstitution></PersonIdentification>"
    )

    def naming(ident):
        return person(*ALONE).replace("</PersonIdentification>", pin.format(ident))

    other = in_doubt.judge("h", sed="H002", action="New", inside=naming(OTHER))
    assert other.decision == Refer("still-missing", (THEM, OTHER), ("town",))
    assert said(answer(in_doubt, naming(THEM))) == ("transfer", THEM)


# -- where nothing can be asked -----------------------------------------------------------------


def test_without_a_way_to_ask_a_person_sees_who_it_would_be(desk, person):
    sender = ("FR:CPAM69", "CaseOwner")
    judgement = desk.take("one", inside=person(*ALONE), sender=sender)
    assert judgement.decision == Refer("inferred", (THEM,), ("town",))


def test_without_the_words_a_person_sees_who_it_would_be(desk, person):
    desk.tables = replace(desk.tables, questions=Questions())
    judgement = desk.take("one", inside=person(*ALONE))
    assert judgement.decision == Refer("inferred", (THEM,), ("town",))


def test_without_a_person_to_name_a_person_sees_who_it_would_be(desk, person):
    inside = person(*ALONE).replace("<familyName>Muster</familyName>", "")
    judgement = desk.take("one", inside=inside)
    assert judgement.decision == Refer("inferred", (THEM,), ("town",))


def test_where_the_answer_would_not_be_sure_enough_nobody_is_asked(desk, person):
    """What the operator wants counts, not what the rows are by themselves."""
    desk.policy_of(least_certainty=Certainty.CONFIRMED)
    judgement = desk.take("one", inside=person(*ALONE))
    assert judgement.decision == Refer("inferred", (THEM,))
    assert not judgement.outgoing


# -- half an answer -----------------------------------------------------------------------------


def test_of_a_town_without_its_postcode_the_rest_is_asked_for(desk, said, person):
    desk.take("one", document="d", inside=person(town=None))
    told = answer(desk, person("Lyon", ""))
    assert (said(told), told.missing) == (("ask", None), ("town",))
    assert [q.state for q in desk.case.questions] == [QuestionState.ANSWERED, QuestionState.OPEN]
    assert said(answer(desk, person("Lyon", "69001"), "i")) == ("transfer", OTHER)


def test_half_an_answer_twice_is_for_a_person(desk, person):
    desk.take("one", document="d", inside=person(town=None))
    answer(desk, person("Lyon", ""))
    told = answer(desk, person("Lyon", ""), "i")
    assert told.decision == Refer("still-missing", (), ("town",))
    assert desk.case.state is CaseState.REFERRED
    assert asked(desk) == [("residence",), ("town",)]
