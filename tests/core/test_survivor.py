"""A survivor's pension: the address asked for is the survivor's, never that of the deceased."""

import pytest
from lxml import etree

THEM = "FR:CPAM01"
BUC, SED = "P_BUC_02", "P2100"


def person(forename, family="Muster"):
    return (
        f"<PersonIdentification><familyName>{family}</familyName><forename>{forename}</forename>"
        "<dateBirth>1950-07-15</dateBirth><sex><value>98</value></sex></PersonIdentification>"
    )


def home(town="Bourg-en-Bresse", postcode="01000"):
    return (
        "<AddressPerson><AddressPerson><typeAddress><value>01</value></typeAddress><Address>"
        f"<town>{town}</town><postalCode>{postcode}</postalCode>"
        "<country><value>FR</value></country></Address></AddressPerson></AddressPerson>"
    )


def p2100(survivor="Eva", address=""):
    named = person(survivor) if survivor else ""
    return f"<InsuredPerson>{person('Hans')}</InsuredPerson><Claimant>{named}{address}</Claimant>"


def h002(forename, address=None):
    inside = f"<PersonIdentification>{person(forename)}</PersonIdentification>{address or home()}"
    return f"<ReplyRequestForInformation><Person>{inside}</Person></ReplyRequestForInformation>"


def ask(desk, **written):
    return desk.take("one", buc=BUC, sed=SED, inside=p2100(**written))


def answer(desk, forename, message="h", address=None):
    inside = h002(forename, address)
    return desk.take(message, buc=BUC, sed="H002", action="New", inside=inside)


def question(judgement):
    """Whom the H001 names, and whether it asks for an address in the coded field."""
    (sent,) = judgement.outgoing
    document = etree.fromstring(sent.body)
    return document.findtext(".//forename"), document.find(".//RequestAddress") is not None


def test_the_survivor_is_named_when_the_survivors_address_is_missing(desk):
    asked = ask(desk)
    assert asked.missing == ("claimant-residence",)
    assert question(asked) == ("Eva", True)
    assert b"Where does the survivor live?" in asked.outgoing[0].body


def test_an_answer_about_the_survivor_settles_it(desk, said):
    ask(desk)
    judgement = answer(desk, "Eva")
    assert said(judgement) == ("transfer", THEM)
    assert "answer-used" in [step.code for step in judgement.trace]
    (x007, *_) = judgement.outgoing
    assert etree.fromstring(x007.body).findtext(".//PersonContext/forename") == "Hans"


def test_an_answer_about_the_deceased_tells_nothing(desk, said):
    ask(desk)
    assert said(answer(desk, "Hans")) == ("refer", "still-missing")


def test_an_answer_outranks_what_the_claim_said_of_the_survivor(desk, said):
    ask(desk, address=home("Nowhere", "38000"))
    assert said(answer(desk, "Eva")) == ("transfer", THEM)


def test_where_the_survivor_has_no_name_words_must_do(desk):
    asked = ask(desk, survivor="")
    assert question(asked) == ("Hans", False)
    assert b"Where does the survivor live?" in asked.outgoing[0].body


@pytest.mark.parametrize("name", [" ", "N" * 200])
def test_a_survivor_whose_name_cannot_be_written_is_not_named(desk, name):
    assert question(ask(desk, survivor=name)) == ("Hans", False)


TWO = (
    f"<InsuredPerson>{person('Hans')}</InsuredPerson>"
    f"<Claimant>{person('Eva')}{{}}</Claimant><Claimant>{person('Otto')}{home()}</Claimant>"
)


@pytest.mark.parametrize("place", ["", home(), home("Lyon", "69001")])
def test_several_survivors_are_for_a_person(desk, said, place):
    judged = desk.take("one", buc=BUC, sed=SED, inside=TWO.format(place))
    assert said(judged) == ("refer", "several")
    assert (THEM in judged.candidates, judged.outgoing) == (True, ())


def test_a_second_survivor_may_come_later(desk, said):
    ask(desk)
    later = desk.take("two", buc=BUC, sed=SED, action="New", inside=p2100("Otto", home()))
    assert said(later) == ("refer", "several")


def test_the_same_survivor_twice_is_one(desk, said):
    twice = p2100("Eva", home()).replace(
        "<Claimant>", f"<Claimant>{person('Eva')}</Claimant><Claimant>"
    )
    assert said(desk.take("one", buc=BUC, sed=SED, inside=twice)) == ("transfer", THEM)


def test_a_third_one_is_still_somebody_else(desk, said):
    ask(desk)
    assert said(answer(desk, "Otto")) == ("refer", "other-person")


def test_the_survivor_unasked_is_somebody_else(desk, said):
    ask(desk, address=home())
    assert said(answer(desk, "Eva")) == ("refer", "other-person")


def test_a_case_is_asked_about_the_survivor_once(desk, said):
    ask(desk)
    answered = answer(desk, "Eva", address=home("Nowhere", "38000"))
    assert said(answered) == ("refer", "still-missing")
