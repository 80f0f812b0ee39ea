"""P8000 in the pension BUCs: from a template, answered by P9000, reminded of by X009."""

from dataclasses import replace

import pytest
from lxml import etree

from gateway.core.decision import Way
from gateway.core.outgoing import SendingKind
from gateway.core.reading import Limits, read
from routing_tables import Questions, QuestionText
from sed_schemas import COUNTERPARTY

TEMPLATE = "<A>$person</A><B><date>$date</date><words>$questions</words></B>"
BOURG = (
    "<AdditionalInformationPerson><Address><town>Bourg-en-Bresse</town>"
    "<postalCode>01000</postalCode><country><value>FR</value></country></Address>"
    "</AdditionalInformationPerson>"
)


@pytest.fixture
def desk(desk):
    return desk.policy_of(pension_template=TEMPLATE)


def ask(desk, person):
    return desk.take("one", buc="P_BUC_01", sed="P2000", inside=person(town=None))


def p9000(more=""):
    return (
        "<InsuredPerson><PersonIdentification><familyName>Muster</familyName>"
        "<forename>Erika</forename><dateBirth>1985-07-15</dateBirth><sex><value>02</value></sex>"
        f"</PersonIdentification>{more}</InsuredPerson>"
    )


def answer(desk, inside):
    return desk.take("h", buc="P_BUC_01", sed="P9000", action="New", inside=inside)


def test_the_template_is_filled_in(desk, person):
    asked = ask(desk, person)
    assert asked.decision.way is Way.P8000
    (sent,) = asked.outgoing
    assert (sent.kind, sent.receiver) == (SendingKind.P8000, "DE:101320043")
    message = read(sent.body, Limits()).message
    assert (message.sed, message.buc, message.case_id) == ("P8000", "P_BUC_01", desk.case.case_id)
    root = etree.fromstring(sent.body)
    assert root.findtext(".//A/familyName") == "Muster"
    assert root.findtext(".//B/date") == "2026-03-02"
    assert root.findtext(".//B/words") == "Where does the person live?"
    (open_,) = desk.case.open_questions
    assert (open_.way, open_.set_id) == ("p8000", message.set_id)


def test_what_is_asked_cannot_break_out_of_the_template(desk, person):
    texts = {"residence": QuestionText("s", "i", "a < b & $person?")}
    desk.tables = replace(desk.tables, questions=Questions({"en": texts}))
    (sent,) = ask(desk, person).outgoing
    assert etree.fromstring(sent.body).findtext(".//B/words") == "a < b & $person?"


def test_a_p9000_answers_it(desk, said, person):
    ask(desk, person)
    judgement = answer(desk, p9000(BOURG))
    assert said(judgement) == ("transfer", "FR:CPAM01")
    assert not desk.case.open_questions


def test_a_p9000_in_words_is_for_a_person(desk, said, person):
    ask(desk, person)
    words = "<ReplyRequestForOtherInformation><otherInformation>x</otherInformation>"
    judgement = answer(desk, f"{p9000()}{words}</ReplyRequestForOtherInformation>")
    assert said(judgement) == ("refer", "answer-in-prose")


@pytest.mark.parametrize("may", [True, False])
def test_it_is_reminded_of_by_x009_or_by_itself(desk, person, may):
    if may:
        desk.buc("P_BUC_01", X009={COUNTERPARTY: frozenset({"New"})})
    ask(desk, person)
    desk.later(days=40)
    (sent,) = desk.come_due().outgoing
    assert sent.kind is SendingKind.REMINDER
    assert read(sent.body, Limits()).message.sed == ("X009" if may else "P8000")


def test_about_an_employer_an_own_case_asks(desk, said):
    firm = "<Employer><name>Essais SA</name></Employer>"
    judgement = desk.take("one", buc="P_BUC_01", sed="P2000", inside=firm)
    assert judgement.decision.way is Way.OWN_CASE


def test_without_a_template_an_own_case_asks(desk, person):
    desk.policy_of(pension_template=None)
    assert ask(desk, person).decision.way is Way.OWN_CASE
