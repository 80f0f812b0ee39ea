"""A reply has no field for a case number: in recovery a number of that sector tells who has it."""

from dataclasses import replace

import pytest

from gateway.core.decision import Ask, Refer, Transfer
from gateway.core.events import Answered
from gateway.core.states import CaseState, QuestionState
from ir_directory import Certainty
from routing_tables import EVERY, ByPlace, Questions, QuestionText, Route, RoutingTable
from sed_schemas import COUNTERPARTY, OWNER, BucRules, Catalogue, SedRules
from tests.core.conftest import SINCE

THEM, OTHERS = "FR:CPAM01", "FR:CPAM69"
ANYTHING = dict.fromkeys(("sed", "scheme", "population", "residence", "role"), EVERY)
WORDS = QuestionText("Case", "Institution", "Which French institution has the file?")


def from_owner(*names):
    actions = frozenset({"Start", "New", "Update"})
    return {name: SedRules({OWNER: actions}) for name in names}


@pytest.fixture
def claims(desk):
    """A desk at which whoever has a case number has the claim; asked by H001."""
    ours = {name: SedRules({COUNTERPARTY: frozenset({"New"})}) for name in ("X007", "H001")}
    bucs = [
        BucRules(code, from_owner(sed, "H002") | ours)
        for code, sed in (("R_BUC_07", "R017"), ("P_BUC_05", "P8000"))
    ]
    routes = [
        Route("FILE", buc=code, target=ByPlace("*", "named", file_first=True), person="*",
              certainty=Certainty.SOLID, valid_from=SINCE, valid_to=None, basis="", note="",
              **ANYTHING)
        for code in ("R_BUC_07", "P_BUC_05")
    ]  # fmt: skip
    desk.tables = replace(
        desk.tables,
        routes=RoutingTable(routes),
        catalogue=Catalogue(
            frozenset({"4.4"}),
            {rules.code: rules for rules in bucs},
            frozenset({"R017", "P8000", "H001", "H002", "X007"}),
        ),
        questions=Questions({"en": {"institution": WORDS}}),
    )
    return desk


def number(institution, sector):
    said = f"<sector><value>{sector}</value></sector>" if sector else ""
    return (
        "<PINPersonInEachInstitution><PersonalIdentificationNumber><country><value>FR</value>"
        "</country><personalIdentificationNumber>4711</personalIdentificationNumber>"
        f"{said}<Institution><institutionID>{institution}</institutionID></Institution>"
        "</PersonalIdentificationNumber></PINPersonInEachInstitution>"
    )


def person(*numbers):
    return (
        "<PersonIdentification><familyName>Muster</familyName><forename>Erika</forename>"
        "<dateBirth>1985-07-15</dateBirth><sex><value>02</value></sex>"
        f"{''.join(numbers)}</PersonIdentification>"
    )


def claim(*numbers):
    return f"<Persons><Debtor>{person(*numbers)}</Debtor></Persons>"


def reply(*numbers, words=""):
    return (
        "<ReplyRequestForInformation><Person><PersonIdentification>"
        f"{person(*numbers)}</PersonIdentification>{words}</Person></ReplyRequestForInformation>"
    )


def asked(desk, buc="R_BUC_07", sed="R017", *numbers):
    judgement = desk.take("one", buc=buc, sed=sed, document="d", inside=claim(*numbers))
    assert isinstance(judgement.decision, Ask)
    assert judgement.decision.missing == ("institution",)


def answer(desk, inside, buc="R_BUC_07", message="two"):
    return desk.take(message, buc=buc, sed="H002", action="New", document=message, inside=inside)


def test_a_number_for_recovery_settles_the_case(claims):
    asked(claims)
    judgement = answer(claims, reply(number(THEM, "05")))
    assert judgement.decision == Transfer(THEM, Certainty.SOLID)
    assert [e for e in judgement.events if isinstance(e, Answered)]
    [place] = [s.params["place"] for s in judgement.trace if s.code == "institution-named"]
    assert place == "recovery-number"


def test_it_outweighs_who_only_knows_the_person(claims):
    asked(claims, "R_BUC_07", "R017", number(OTHERS, "06"))
    judgement = answer(claims, reply(number(THEM, "05")))
    assert judgement.decision == Transfer(THEM, Certainty.SOLID)


def test_two_that_have_one_are_a_conflict(claims):
    asked(claims)
    judgement = answer(claims, reply(number(THEM, "05"), number(OTHERS, "05")))
    assert (judgement.decision.cause, judgement.candidates) == ("conflict", (THEM, OTHERS))


@pytest.mark.parametrize("sector", ["", "03", "06"])
def test_another_number_tells_a_person_why_it_is_not_enough(claims, sector):
    asked(claims)
    judgement = answer(claims, reply(number(THEM, sector)))
    assert judgement.decision == Refer("file-not-told", (THEM,), ("institution",))
    [question] = claims.case.questions
    assert (question.state, claims.case.state) == (QuestionState.ANSWERED, CaseState.REFERRED)


def test_an_answer_that_names_nobody_is_as_before(claims):
    asked(claims)
    assert answer(claims, reply()).decision.cause == "still-missing"


def test_in_prose_a_person_reads_it(claims):
    asked(claims)
    words = "<PositiveReplyRequestedInformation><WeAreEnclosing><theFollowingInformation>x"
    words += "</theFollowingInformation></WeAreEnclosing></PositiveReplyRequestedInformation>"
    judgement = answer(claims, reply(number(THEM, "06"), words=words))
    assert judgement.decision == Refer("answer-in-prose", (THEM,), ("institution",))


def test_in_the_claim_itself_it_tells_nothing(claims):
    """Whoever writes an R SED names the sector of that SED beside whatever number is known."""
    asked(claims, "R_BUC_07", "R017", number(THEM, "05"))


def test_elsewhere_it_is_no_case_number(claims):
    asked(claims, "P_BUC_05", "P8000")
    judgement = answer(claims, reply(number(THEM, "05")), "P_BUC_05")
    assert judgement.decision == Refer("file-not-told", (THEM,), ("institution",))
