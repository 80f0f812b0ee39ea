"""Whom a message of ours names: the one that the case is about, or nobody."""

import pytest
from lxml import etree

from gateway.core.evidence import Claims, Evidence
from gateway.journal import codec

FIRM = "<Employer><name>Essais SA</name></Employer>"
REQUEST = (
    "<GeneralInformation><reimbursementRequestID>{}</reimbursementRequestID>"
    "<numberIndividualClaims>{}</numberIndividualClaims></GeneralInformation>"
)


def person(forename, where="PersonIdentification"):
    return (
        f"<{where}><familyName>Muster</familyName><forename>{forename}</forename>"
        f"<dateBirth>1950-07-15</dateBirth><sex><value>98</value></sex></{where}>"
    )


def claim(forename):
    return f"<IndividualClaim><Person>{person(forename)}</Person></IndividualClaim>"


def home(about=""):
    return (
        f"{about}<AddressPerson><Address><town>Bourg-en-Bresse</town>"
        "<postalCode>01000</postalCode><country><value>FR</value></country></Address>"
        "</AddressPerson>"
    )


def context(judgement):
    """What the CaseContext of each message of ours is."""
    documents = [etree.fromstring(o.body) for o in judgement.outgoing if o.body]
    return [child for one in documents for child in one.iterfind(".//CaseContext/*")]


# -- somebody without a name ----------------------------------------------------------------


@pytest.mark.parametrize("block", ["Person", "InsuredPerson", "Claimant", "Spouse"])
def test_an_employer_does_not_stand_for_somebody_whose_name_is_missing(desk, said, block):
    inside = f"<{block}>{person(' ')}</{block}>{home()}{FIRM}"
    judgement = desk.take(buc="P_BUC_01", sed="P2000", inside=inside)
    assert said(judgement)[0] == "refer"
    assert judgement.outgoing == ()


def test_an_employer_stands_for_a_case_about_no_person(desk, said):
    judgement = desk.take(buc="P_BUC_01", sed="P2000", inside=home(FIRM))
    assert said(judgement) == ("transfer", "FR:CPAM01")
    assert {c.tag for c in context(judgement)} == {"EmployerContext"}


def test_who_is_named_in_a_later_sed_is_named_by_us(desk, said):
    nobody = f"<Person>{person(' ')}</Person>{FIRM}"
    desk.take("h", buc="P_BUC_01", sed="H001", action="New", inside=nobody)
    judgement = desk.take(
        "one", buc="P_BUC_01", sed="P2000", inside=f"<Person>{person('Eva')}</Person>{home()}"
    )
    assert said(judgement) == ("transfer", "FR:CPAM01")
    assert {c.findtext("forename") for c in context(judgement)} == {"Eva"}


# -- a request for reimbursement ------------------------------------------------------------


@pytest.mark.parametrize("persons", [(), ("Eva",), ("Eva", "Otto")])
def test_a_bulk_sed_is_named_by_its_request_and_by_none_of_its_persons(desk, said, persons):
    inside = REQUEST.format("R &amp; 7", "2") + "".join(map(claim, persons))
    judgement = desk.take(buc="UB_BUC_04", sed="U020", inside=inside)
    assert said(judgement) == ("transfer", "FR:CNSE")
    for found in context(judgement):
        assert found.tag == "ReimbursementContext"
        assert [child.text for child in found] == ["R & 7", "2"]
    assert b"Eva" not in b"".join(o.body or b"" for o in judgement.outgoing)


@pytest.mark.parametrize(
    "request_",
    ["", REQUEST.format("", "2"), REQUEST.format("R", "two"), REQUEST.format("R" * 66, 2)],
)
def test_of_several_persons_none_stands_for_the_others(desk, said, request_):
    inside = request_ + claim("Eva") + claim("Otto")
    judgement = desk.take(buc="UB_BUC_04", sed="U020", inside=inside)
    assert said(judgement) == ("refer", "no-context")
    assert judgement.outgoing == ()


def test_the_journal_keeps_what_it_is_named_by():
    for evidence in (
        Evidence(claims=Claims("R7", 0)),
        Evidence(nameless=True),
        Evidence(claimed_apart=True),
    ):
        assert codec.evidence_of(codec.evidence_text(evidence)) == evidence


# -- a reminder in a case of our own --------------------------------------------------------


def test_a_case_of_our_own_about_the_survivor_is_reminded_of_about_the_survivor(desk):
    inside = f"<InsuredPerson>{person('Hans')}</InsuredPerson><Claimant>{person('Eva')}</Claimant>"
    desk.policy_of(ask_by_own_case=True).buc("P_BUC_02", H001={})
    asked = desk.take(buc="P_BUC_02", sed="P2100", inside=inside)
    assert asked.own_case is not None
    (reminder,) = desk.later(days=40).come_due().outgoing
    document = etree.fromstring(reminder.body)
    assert document.findtext(".//PersonContext/forename") == "Eva"
    assert b"Hans" not in asked.outgoing[0].body + reminder.body
