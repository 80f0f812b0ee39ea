"""What the journal writes of a value, it reads as the same value."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.decision import Decision, Transfer, Way
from gateway.core.events import Event, ForwardConfirmed, MessageReceived
from gateway.core.evidence import (
    About,
    Address,
    AddressKind,
    Evidence,
    Named,
    Organisation,
    Person,
    Pin,
    Where,
)
from gateway.core.trace import Step
from gateway.journal import codec
from ir_directory import Certainty

TEXT = st.text(max_size=12)
MAYBE = st.none() | TEXT
TEXTS = st.lists(TEXT, max_size=3).map(tuple)
ABOUT = st.sampled_from(About)
INSTANT = st.integers(0, 4_102_444_800_000_000).map(
    lambda n: datetime(1980, 1, 1, tzinfo=UTC) + timedelta(microseconds=n)
)
PERSON = st.none() | st.builds(Person, TEXT, TEXT, st.dates(date(1900, 1, 1)), TEXT)
ONE = st.builds(
    Evidence,
    subject=PERSON,
    claimant=PERSON,
    subject_about=ABOUT,
    employers=st.lists(
        st.builds(
            Organisation, ABOUT, TEXT, st.lists(st.tuples(TEXT, TEXT), max_size=2).map(tuple), TEXT
        ),
        max_size=2,
    ).map(tuple),
    addresses=st.lists(
        st.builds(Address, ABOUT, st.sampled_from(AddressKind), TEXT, MAYBE, MAYBE, TEXT),
        max_size=2,
    ).map(tuple),
    pins=st.lists(st.builds(Pin, ABOUT, TEXT, TEXT, TEXT), max_size=2).map(tuple),
    named=st.lists(
        st.builds(Named, ABOUT, st.sampled_from(Where), TEXT, MAYBE, MAYBE, TEXT), max_size=2
    ).map(tuple),
    populations=st.frozensets(TEXT, max_size=2),
    several=st.booleans(),
    crew=st.booleans(),
    prose=st.booleans(),
)
EVIDENCE = st.builds(replace, ONE, others=st.lists(ONE, max_size=2).map(tuple))
FOR_TYPES = {
    str: TEXT,
    int: st.integers(0, 10**6),
    bool: st.booleans(),
    datetime: INSTANT,
    datetime | None: st.none() | INSTANT,
    str | None: MAYBE,
    tuple[str, ...]: TEXTS,
    Evidence | None: st.none() | EVIDENCE,
    Way: st.sampled_from(Way),
    Certainty: st.sampled_from(Certainty),
}


def of(kind):
    """Any value of a class, from the types of its fields: a new field needs no new test."""
    fields = {key: FOR_TYPES[hint] for key, hint in kind.__annotations__.items()}
    return st.builds(kind, **fields)


@pytest.mark.parametrize("kind", get_args(Event), ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_events_come_back(kind, data):
    event = data.draw(of(kind))
    evidence = getattr(event, "evidence", None)
    told = None if evidence is None else codec.evidence_text(evidence)
    assert codec.event_of(codec.KINDS[kind], codec.event_text(event), told) == event


@pytest.mark.parametrize("kind", get_args(Decision), ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_all_that_a_decision_says_is_written_by_the_names_of_its_fields(kind, data):
    decision = data.draw(of(kind))
    said = {key: getattr(decision, key) for key in kind.__annotations__}
    lists = {key: list(value) for key, value in said.items() if isinstance(value, tuple)}
    codes = {key: value.code for key, value in said.items() if isinstance(value, Certainty)}
    assert json.loads(codec.decision_text(decision)) == (
        {key: value for key, value in said.items() if key != "accepted" or value} | lists | codes
    )


@given(EVIDENCE)
def test_evidence_comes_back(evidence):
    back = codec.evidence_of(codec.evidence_text(evidence))
    assert back == evidence
    for kind in ("addresses", "pins", "named"):  # where it was read is part of no comparison
        assert [f.element for f in getattr(back, kind)] == [
            f.element for f in getattr(evidence, kind)
        ]


@given(st.lists(st.builds(Step, TEXT, st.dictionaries(TEXT, TEXT, max_size=3)), max_size=3))
def test_steps_come_back(steps):
    told = [(step["code"], step["params"]) for step in json.loads(codec.steps_text(steps))]
    assert told == [(step.code, step.params) for step in steps]


@given(INSTANT)
def test_instants_come_back_to_the_microsecond(at):
    assert codec.instant(codec.microseconds(at)) == at


@given(of(MessageReceived), EVIDENCE)
def test_an_event_never_holds_its_evidence(event, evidence):
    with_it, without = replace(event, evidence=evidence), replace(event, evidence=None)
    assert codec.event_text(with_it) == codec.event_text(without)


def test_every_kind_of_event_has_its_own_name():
    assert set(codec.KINDS) == set(get_args(Event))
    assert len(set(codec.KINDS.values())) == len(codec.KINDS)


def test_the_one_employer_of_evidence_written_before_all_were_kept_is_read():
    before = '{"subject_about":"insured","employer":["other","Essais SA",[["01","123"]]]}'
    firm = Organisation(About.OTHER, "Essais SA", (("01", "123"),))
    assert codec.evidence_of(before) == Evidence(employers=(firm,))


def test_what_a_later_version_wrote_is_not_guessed_at():
    with pytest.raises(KeyError):
        codec.event_of("postponed", "{}", None)
    with pytest.raises(TypeError):
        codec.event_of("waits", '{"message_id":"m","until":1}', None)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    assert '"at":1767225600000000' in codec.event_text(ForwardConfirmed("FR:1", at))
    assert codec.decision_text(Transfer("FR:1", Certainty.SOLID)).endswith('"solid"}')
