"""A case that another French institution forwards to us never goes back there.

Its X007 and the SEDs that the others send again come from different senders, in any order.
"""

from datetime import date

import pytest

from gateway.core.decision import Refer

US, THEM, OTHER = "FR:CLEISS0000", "FR:CPAM01", "FR:CPAM69"
PARTIES = ((US, "Counterparty"), ("DE:101320043", "CaseOwner"))


def forwarded(desk, by, to=US, sed="X007"):
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
        sed, sed=sed, action="New", inside=inside, sender=(by, "Counterparty"), receivers=PARTIES
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
