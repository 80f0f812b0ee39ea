"""A case that another French institution forwards to us never goes back there.

Its X007 and the SEDs that the others send again come from different senders, in any order.
"""

from datetime import date

import pytest
from lxml import etree

from gateway.core import by_person
from gateway.core.case import fold
from gateway.core.decision import Refer
from gateway.core.events import ParticipantsChanged
from gateway.core.judging import Arrival, examine
from gateway.core.matter import Matter
from gateway.core.reading import Limits
from tests.core.conftest import NOON, NoSchemas

S = "{http://eessi.dgempl.ec.europa.eu/namespaces/sbdh}"
US, THEM, OTHER = "FR:CLEISS0000", "FR:CPAM01", "FR:CPAM69"
PARTIES = ((US, "Counterparty"), ("DE:101320043", "CaseOwner"))
NEW_OWNER = ((US, "Counterparty"), ("DE:OTHER", "CaseOwner"))


def forwarded(desk, by, to=US, sed="X007", receivers=PARTIES):
    """The X SED by which somebody else's case becomes ours."""
    added, removed = ("AddParticipant", "") if sed == "X005" else ("AddedParticipant", by)
    block = f"<{added}><institutionID>{to}</institutionID></{added}>"
    if removed:
        block += (
            f"<RemovedParticipant><institutionID>{removed}</institutionID></RemovedParticipant>"
        )
    holder = "AddedParticipant" if sed == "X005" else "ForwardInformation"
    inside = f"<{holder}>{block}</{holder}>"
    return desk.take(
        sed, sed=sed, action="New", inside=inside, sender=(by, "Counterparty"), receivers=receivers
    )


def again(desk, **written):
    """The SED that starts the case, as its owner sends it again to the new one."""
    return desk.take("start", action="StartForward", **written)


@pytest.mark.parametrize("x007_first", [True, False])
def test_it_is_not_given_back_to_who_forwarded_it(desk, said, x007_first):
    if x007_first:
        forwarded(desk, THEM)
        last = again(desk)
    else:
        first = again(desk)
        assert said(first) == ("hold", "out-of-order")
        assert "forwarder-unknown" in [step.code for step in first.trace]
        assert first.outgoing == ()
        last = forwarded(desk, THEM)
    assert said(last) == ("refer", "returned")
    assert last.candidates == (THEM,)


@pytest.mark.parametrize("sed", ["X007", "X005"])
@pytest.mark.parametrize("x_sed_first", [True, False])
def test_it_goes_to_the_competent_one_once_it_is_known_who_had_it(desk, said, sed, x_sed_first):
    steps = [lambda: forwarded(desk, OTHER, sed=sed), lambda: again(desk)]
    for take in steps if x_sed_first else reversed(steps):
        last = take()
    expected = ("transfer", THEM)
    assert said(last) == expected
    handed = [o.object for o in last.outgoing if o.kind.value == "hand-over"]
    assert desk.uid("start") in handed


def test_somebody_elses_coming_tells_nothing_of_ours(desk, said):
    forwarded(desk, "DE:101320043", to="DE:OTHER")
    assert said(again(desk, sender=("DE:OTHER", "CaseOwner"))) == ("hold", "out-of-order")


@pytest.mark.parametrize("changes", [{}, {"excepts": True}, {"go_live": date(2026, 1, 1)}])
def test_a_person_is_told_when_nobody_says_who_had_it_and_nobody_abroad_is(desk, said, changes):
    again(desk.policy_of(**changes))
    desk.later(hours=24)
    told = desk.come_due()
    assert told.outgoing == ()
    assert told.referrals == ((desk.uid("start"), Refer("out-of-order")),)
    assert said(forwarded(desk, OTHER)) == ("transfer", THEM)


# -- a case whose owner forwards it to another one abroad ---------------------------------------


def owner_of(judgement):
    """Whom each X007 of ours calls the owner of the case."""
    letters = [etree.fromstring(o.body) for o in judgement.outgoing if o.kind.value == "x007"]
    return {
        party.findtext(f"{S}Identifier")
        for letter in letters
        for party in letter.iter(f"{S}Sender", f"{S}Receiver")
        if party.findtext(f"{S}ContactTypeIdentifier") == "CaseOwner"
    }


@pytest.mark.parametrize("says_so", ["X007", "header"])
def test_the_owner_of_today_is_called_the_owner(desk, said, person, says_so):
    first = desk.a_message("one", case="c", inside=person(None))
    desk.judged = [desk.take("one", inside=person(None))]
    if says_so == "X007":
        forwarded(desk, "DE:101320043", to="DE:OTHER", receivers=NEW_OWNER)
    else:
        left = ParticipantsChanged(("DE:OTHER", "DE:THIRD"), ("DE:101320043",))
        desk.case = fold(desk.case, [left])
        sender = ("DE:OTHER", "CaseOwner")
        desk.take("h", sed="H001", action="New", inside="<x/>", sender=sender)
    examined = examine(first, Limits(), NoSchemas())
    matter = Matter(desk.case, desk.tables, desk.policy, examined, Arrival(NOON, NOON))
    assert by_person.objection(matter, THEM) is None
    assert owner_of(by_person.transfer(matter, THEM, ())) == {"DE:OTHER"}


def test_who_answers_in_a_case_of_ours_is_not_called_its_owner(desk, uid, person):
    desk.policy_of(ask_by_own_case=True).buc("UB_BUC_02", H001={})
    asked = desk.take("one", buc="UB_BUC_02", sed="U002", inside=person(None))
    answer = desk.a_message(
        "h", sed="H002", buc="H_BUC_01", action="New", sender=("DE:101320043", "Counterparty"),
        receivers=((US, "CaseOwner"),), related="nothing",
        inside="<ReplyRequestForInformation><Person><PersonIdentification>"
        f"{person().partition('</PersonIdentification>')[0].partition('<Person>')[2]}"
        "</PersonIdentification></PersonIdentification>"
        "<AddressPerson><AddressPerson><typeAddress><value>01</value></typeAddress><Address>"
        "<town>Bourg-en-Bresse</town><postalCode>01000</postalCode><country><value>FR</value>"
        "</country></Address></AddressPerson></AddressPerson></Person>"
        "</ReplyRequestForInformation>",
    ).replace(uid("case of h").encode(), asked.own_case.encode()).replace(
        uid("nothing").encode(), desk.case.questions[0].set_id.encode()
    )  # fmt: skip
    assert owner_of(desk.judge_body(answer)) == {"DE:101320043"}
