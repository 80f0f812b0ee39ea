"""Codes, states and names: what may be said is on one page each."""

from typing import get_args

import pytest

from gateway.core.decision import (
    CAUSES,
    NAMES,
    Ask,
    Decision,
    Deliver,
    Hold,
    Leave,
    Note,
    Refer,
    Refuse,
    Reject,
    SetAside,
    Transfer,
    Way,
    cause,
    institution,
    name,
)
from gateway.core.message import spelled
from gateway.core.outgoing import new_id
from gateway.core.states import CASE, MESSAGE, QUESTION, SENDING
from gateway.core.trace import CODES, PERSONAL, Step, step
from ir_directory import Certainty

EACH = (
    (Transfer("FR:1", Certainty.SOLID), "transfer", None, "FR:1"),
    (Deliver("FR:1"), "deliver", None, "FR:1"),
    (Leave("FR:1"), "leave", None, "FR:1"),
    (Ask(("residence",), Way.H001), "ask", None, None),
    (Hold("question-open"), "hold", "question-open", None),
    (Refuse("cdm-mismatch"), "refuse", "cdm-mismatch", None),
    (Refer("own"), "refer", "own", None),
    (Reject("02"), "reject", None, None),
    (Note(), "note", None, None),
    (SetAside("empty"), "set-aside", "empty", None),
)


@pytest.mark.parametrize(("decision", "named", "why", "whom"), EACH)
def test_each_decision_has_its_name_its_cause_and_its_institution(decision, named, why, whom):
    assert (name(decision), cause(decision), institution(decision)) == (named, why, whom)


def test_no_decision_is_without_a_name():
    assert set(NAMES) == set(get_args(Decision)) == {type(each[0]) for each in EACH}


def test_causes_belong_to_decisions_and_stand_once():
    assert set(CAUSES) <= set(NAMES.values())
    for causes in CAUSES.values():
        assert len(causes) == len(set(causes))


@pytest.mark.parametrize("machine", [MESSAGE, CASE, QUESTION, SENDING])
def test_every_state_has_its_row_and_leads_to_states_of_its_machine(machine):
    kind = type(next(iter(machine)))
    assert set(machine) == set(kind)
    for state, following in machine.items():
        assert following <= set(kind)
        assert state not in following


@pytest.mark.parametrize("code", CODES)
def test_a_step_has_exactly_the_parameters_of_its_code(code):
    params = dict.fromkeys(CODES[code], "x")
    assert step(code, **params) == Step(code, params)
    with pytest.raises(KeyError, match=code):
        step(code, **params, more="x")


def test_a_code_that_is_not_on_the_page_is_a_bug():
    with pytest.raises(KeyError):
        step("because")


def test_no_step_can_hold_what_is_personal():
    assert PERSONAL.isdisjoint(frozenset().union(*CODES.values()))


def test_ids_follow_from_their_cause():
    one = new_id("m", "DE:1", "x007")
    assert one == new_id("m", "DE:1", "x007") == new_id("m", "DE:1", "x007", 0)
    others = {new_id("m", "DE:1", "x007", 1), new_id("n", "DE:1", "x007"), new_id("m", "DE:1", "h")}
    assert one not in others
    assert len(others) == 3


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("F35FC39B3AD84905AC3951CB4AE26C50", "f35fc39b-3ad8-4905-ac39-51cb4ae26c50"),
        (" F35FC39B-3ad8-4905-ac39-51cb4ae26c50", "f35fc39b-3ad8-4905-ac39-51cb4ae26c50"),
        ("a" * 64, "a" * 64),
        (" Case-1", "Case-1"),
    ],
)
def test_an_id_is_spelled_as_messages_spell_it(text, meant):
    assert spelled(text) == meant
