"""Where the protocol lets a case's messages overtake each other, their order changes nothing.

After X007 the others resend their SEDs, and the starter may come last (AD_BUC_05); updates and X
SEDs name what they belong to. So from any order the case ends with the same institution, and each
content is handed over once.
"""

from itertools import permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.core.outgoing import SendingKind
from gateway.core.states import CaseState

CONTEXT = (
    "<CaseContext><PersonContext><familyName>Muster</familyName><forename>Erika</forename>"
    "<dateBirth>1985-07-15</dateBirth><sex><value>02</value></sex></PersonContext></CaseContext>"
)
JOINS = (
    f"{CONTEXT}<AddedParticipant><AddParticipant><institutionID>PL:PL002</institutionID>"
    "</AddParticipant></AddedParticipant>"
)
SETTLED = (
    {"message": "start", "document": "d1"},
    {"message": "later", "sed": "S041", "action": "New", "document": "d2"},
    {"message": "joins", "sed": "X005", "action": "New", "document": "x1", "inside": JOINS},
    {"message": "again", "document": "d1"},
    {"message": "third", "sed": "S041", "action": "New", "document": "d3"},
)
"""A case whose start tells the institution, the same start to another receiver, and more."""

AROUND = (
    *SETTLED,
    {"message": "update", "document": "d2", "sed": "S041", "action": "Update", "version": 3},
    {"message": "on", "document": "d4", "sed": "S041", "action": "NewForward"},
    {"message": "undone", "sed": "X008", "action": "New", "related": "d3", "inside": CONTEXT},
    {
        "message": "open",
        "sed": "X004",
        "action": "New",
        "inside": f"{CONTEXT}<DecisionReopenCase><decisionReopenCaseIndicator><value>01</value>"
        "</decisionReopenCaseIndicator></DecisionReopenCase>",
    },
)
"""More of it: a later version, what others forwarded, a SED withdrawn, the case reopened."""


def life(desk, messages):
    """Take the messages; what was handed over, as (document, version) of each."""
    judged = [desk.take(**written) for written in messages]
    contents = {e.message_id: key for key, e in desk.case.contents.items()}
    sent = [out for judgement in judged for out in judgement.outgoing]
    handed = [contents[out.object] for out in sent if out.kind is SendingKind.HAND_OVER]
    forwards = {out.object for out in sent if out.kind is SendingKind.X007}
    return handed, forwards


def end(case):
    return (
        case.state,
        case.holder,
        frozenset(case.contents),
        frozenset(case.documents),
        frozenset(case.withdrawn),
        case.participants,
        case.waiting,
        case.open_questions,
    )


def test_a_case_that_tells_ends_the_same_from_any_order(desks):
    usual = desks()
    handed, forwards = life(usual, SETTLED)
    assert usual.case.state is CaseState.FORWARDED
    assert forwards == {usual.case.holder}
    for order in permutations(SETTLED):
        other = desks()
        in_other_order, the_same = life(other, order)
        assert end(other.case) == end(usual.case)
        assert sorted(in_other_order) == sorted(handed)
        assert the_same == forwards


@settings(
    max_examples=300,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(order=st.permutations(AROUND))
def test_nor_does_it_matter_when_the_rest_comes(desks, order):
    """A SED that its sender withdraws may have been handed over by then; nothing else differs."""
    usual, other = desks(), desks()
    (handed, forwards), (in_other_order, the_same) = life(usual, AROUND), life(other, order)
    assert usual.case.state is CaseState.FORWARDED
    assert end(other.case) == end(usual.case)
    assert the_same == forwards
    assert len(in_other_order) == len(set(in_other_order))
    withdrawn = set(usual.case.withdrawn)
    assert withdrawn == {usual.uid("d3")}
    assert {k for k in in_other_order if k[0] not in withdrawn} == {
        k for k in handed if k[0] not in withdrawn
    }


@pytest.mark.parametrize("tells", [True, False])
@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_an_update_counts_by_its_version_not_by_its_turn(desks, person, order, tells):
    """Of the versions of the first SED the highest tells where the case goes, once all are there.

    A version that tells more than another one decides when it comes; what waits goes along.
    """
    places = [None, None, None, ("Bourg-en-Bresse", "01000") if tells else None]
    written = [
        {
            "message": f"v{version}",
            "document": "d1",
            "version": version + 1,
            "action": "Update" if version else "Start",
            "inside": person(*place) if place else person(town=None),
        }
        for version, place in enumerate(places)
    ]
    desk = desks()
    handed, forwards = life(desk, [written[n] for n in order])
    assert len(handed) == len(set(handed))
    assert forwards == ({"FR:CPAM01"} if tells else set())
    if tells:
        assert {version for _, version in handed} == {1, 2, 3, 4}
    else:
        assert len(desk.case.open_questions) == 1
