"""A SED about somebody else that comes in a case: it decides nothing there, and goes nowhere."""

from dataclasses import replace

import pytest

from gateway.core import by_person
from gateway.core.again import judge_again
from gateway.core.case import fold
from gateway.core.case_evidence import known_evidence
from gateway.core.events import GivenBack, Taken
from gateway.core.judging import Arrival, examine
from gateway.core.matter import Matter
from gateway.core.reading import Limits
from tests.core.conftest import NOON, NoSchemas

THEM, OTHER = "FR:CPAM01", "FR:CPAM69"


def h002(family, town="Lyon", postcode="69001"):
    return (
        "<ReplyRequestForInformation><Person><PersonIdentification><PersonIdentification>"
        f"<familyName>{family}</familyName><forename>Erika</forename>"
        "<dateBirth>1985-07-15</dateBirth><sex><value>02</value></sex>"
        "</PersonIdentification></PersonIdentification><AddressPerson><AddressPerson>"
        f"<typeAddress><value>01</value></typeAddress><Address><town>{town}</town>"
        f"<postalCode>{postcode}</postalCode><country><value>FR</value></country></Address>"
        "</AddressPerson></AddressPerson></Person></ReplyRequestForInformation>"
    )


def examined(desk, message, **written):
    return examine(desk.a_message(message, case="c", **written), Limits(), NoSchemas())


@pytest.fixture
def mixed(desk, said, person):
    """A case that was asked about, and an answer about somebody else."""
    desk.take("one", inside=person(None))
    answer = {"sed": "H002", "action": "New", "inside": h002("Autre")}
    assert said(desk.take("h", **answer)) == ("refer", "other-person")
    return desk, examined(desk, "one", inside=person(None)), examined(desk, "h", **answer)


def test_its_facts_are_not_those_of_the_case(mixed):
    desk, one, _ = mixed
    known = known_evidence(desk.case)
    assert known.addresses == ()
    assert known.subject == one.evidence.subject


@pytest.mark.parametrize("late", [False, True])
def test_a_case_that_is_given_back_is_not_decided_by_it(mixed, said, late):
    desk, one, other = mixed
    back = [Taken("claire", "mine"), GivenBack("claire", "yours")]
    desk.case = fold(desk.case, back[:1])
    messages = [(one, Arrival(NOON, NOON)), (other, Arrival(NOON, NOON))]
    judged = judge_again(desk.situation, back[1:], messages[::-1] if late else messages)
    by_id = {j.message_id: j for j in judged}
    assert said(by_id[desk.uid("one")])[0] in {"hold", "refer"}
    assert said(by_id[desk.uid("h")]) == ("refer", "other-person")
    assert [o for j in judged for o in j.outgoing] == []


def test_it_does_not_go_along_when_a_person_transfers_the_case(mixed, uid):
    desk, one, _ = mixed
    matter = Matter(desk.case, desk.tables, desk.policy, one, Arrival(NOON, NOON))
    judgement = by_person.transfer(matter, THEM, {uid("h")})
    handed = [o.object for o in judgement.outgoing if o.kind.value == "hand-over"]
    assert handed == [uid("one")]
    assert b"Autre" not in b"".join(o.body or b"" for o in judgement.outgoing)
    assert uid("h") not in {message for message, _ in judgement.moves}


def test_what_comes_before_the_start_does_not_make_the_case_anothers(desk, said, person):
    early = desk.take("h", sed="H001", action="New", inside=h002("Autre"))
    assert said(early) == ("hold", "out-of-order")
    assert said(desk.take("one", inside=person("Lyon", "69001"))) == ("refer", "other-person")
    assert known_evidence(desk.case).subject.family_name == "Muster"


def test_bulk_seds_are_about_many(desk, uid):
    desk.take("one", buc="UB_BUC_04", sed="U020", inside="<x/>")
    (document,) = desk.case.documents.values()
    first = examined(desk, "a", inside=h002("Un")).evidence
    other = replace(examined(desk, "b", inside=h002("Deux")).evidence, several=True)
    documents = {
        "a": replace(document, set_id="a", evidence=first),
        "b": replace(document, set_id="b", evidence=other),
    }
    known = known_evidence(replace(desk.case, documents=documents))
    assert known.several


# -- what its sender takes back -----------------------------------------------------------------


def test_an_answer_in_a_case_of_our_own_that_is_withdrawn_says_nothing_any_more(
    desk, said, person, uid
):
    desk.policy_of(ask_by_own_case=True).buc("UB_BUC_02", H001={})
    asked = desk.take("one", buc="UB_BUC_02", sed="U002", inside=person(None))

    def from_abroad(message, sed, inside, **written):
        body = desk.a_message(
            message, sed=sed, buc="H_BUC_01", action="New", inside=inside,
            receivers=(("FR:CLEISS0000", "CaseOwner"),),
            sender=("DE:101320043", "Counterparty"), **written,
        )  # fmt: skip
        own = body.replace(uid(f"case of {message}").encode(), asked.own_case.encode())
        judgement = desk.judge_body(own)
        desk.case = fold(desk.case, judgement.events)
        return judgement

    answer = from_abroad("h", "H002", h002("Muster", "Nowhere", "38000"), document="answer")
    assert said(answer) == ("ask", None)  # for the town
    assert known_evidence(desk.case).addresses != ()
    x008 = "<TheFollowingSEDConsideredInvalidWithdrawn/>"
    from_abroad("x", "X008", x008, related="answer")
    assert known_evidence(desk.case).addresses == ()
    assert desk.case.participants == {"DE:101320043", "FR:CLEISS0000"}
