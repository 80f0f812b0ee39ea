"""A case is at rest when nothing of it waits for anybody; in doubt it is not."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.at_rest import REASONS, UNSENT, Standstill, unfinished
from gateway.core.case import Case, fold
from gateway.core.events import Asked, DealtWith, Expired, Forwarded, Referred, Taken, Waits
from gateway.core.states import SENDING, CaseState, MessageState, SendingState

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
FORWARDED = (Forwarded("FR:0101100000", "x007", "set"),)
ASKED = Asked("q", "h001", ("residence",), "set-q", "set-m", by_hand=True)
AT_REST = frozenset({MessageState.DONE, MessageState.ABSORBED, MessageState.DISCARDED})


def seen(events=FORWARDED, messages=("done",), sendings=("delivered",), **others):
    return Standstill(
        fold(Case("c"), events),
        [MessageState(state) for state in messages],
        [SendingState(state) for state in sendings],
        **({"unheard": False, "timer": False} | others),
    )


@pytest.mark.parametrize(
    "events",
    [
        FORWARDED,
        (),
        (Referred("m", "several"), DealtWith("m")),
        (ASKED, Expired("q"), Referred("m", "expired"), DealtWith("m")),
    ],
)
def test_what_is_with_somebody_else_or_was_dealt_with_is_at_rest(events):
    assert unfinished(seen(events)) is None


@pytest.mark.parametrize(
    ("why", "standing"),
    [
        ("worklist", seen(messages=["done", "referred"])),
        ("worklist", seen(messages=["refused"])),
        ("worklist", seen((), messages=["quarantined"])),
        ("waiting", seen(messages=["waiting", "done"])),
        ("waiting", seen((*FORWARDED, Waits("m")))),
        ("unsent", seen(messages=["recorded"])),
        ("unsent", seen(sendings=["delivered", "due"])),
        ("unsent", seen(sendings=["waiting"])),
        ("unsent", seen(sendings=["proposed"])),
        ("unsent", seen(sendings=["observed"])),
        ("unheard", seen(unheard=True)),
        ("taken", seen((*FORWARDED, Taken("claire", "mine")))),
        ("question", seen((Referred("m", "several"), ASKED))),
        ("timer", seen(timer=True)),
        ("open", seen((Waits("m"), DealtWith("m")))),
        ("open", seen((ASKED, Expired("q")))),
    ],
)
def test_what_waits_is_not(why, standing):
    assert unfinished(standing) == why
    assert why in REASONS


def test_what_may_still_leave_has_not_left():
    """A sending from which one that leaves may follow is unsent; no other is."""
    leaving = {s for s, after in SENDING.items() if SendingState.DUE in after}
    assert leaving | {SendingState.DUE} == UNSENT


@given(
    messages=st.lists(st.sampled_from(MessageState), max_size=4),
    sendings=st.lists(st.sampled_from(SendingState), max_size=4),
    state=st.sampled_from(CaseState),
    revision=st.integers(0, 2),
    unheard=st.booleans(),
    timer=st.booleans(),
)
def test_nothing_that_waits_is_ever_taken_for_at_rest(
    messages, sendings, state, revision, unheard, timer
):
    case = Case("c", revision=revision, state=state)
    if unfinished(Standstill(case, messages, sendings, unheard, timer)) is not None:
        return
    assert set(messages) <= AT_REST
    assert UNSENT.isdisjoint(sendings)
    assert not unheard
    assert not timer
    assert not revision or state in {CaseState.REFERRED, CaseState.FORWARDED, CaseState.LEFT}
