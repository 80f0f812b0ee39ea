"""The case is the fold of its history, in one go or in pieces."""

from dataclasses import replace
from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from gateway.core.case import Case, fold
from gateway.core.events import (
    Answered,
    Asked,
    DealtWith,
    EvidenceAdded,
    ForwardConfirmed,
    Forwarded,
    MessageReceived,
    QuestionFailed,
    Referred,
    Returned,
    TakenUp,
    Waits,
    received,
)
from gateway.core.evidence import Evidence
from gateway.core.reading import Limits, read
from gateway.core.states import CASE, CaseState, QuestionState

THEM = "FR:0101100000"


def got(message="m1", set_id="d1", version=1, **more):
    given_ = {
        "sed": "S040",
        "action": "Start",
        "payload_digest": f"{set_id}{version}",
        "related_set_id": None,
        "buc": "S_BUC_24",
        "cdm": "4.4",
        "us": "FR:CLEISS0000",
        "our_role": "Counterparty",
        "parties": ("DE:1234", "FR:CLEISS0000"),
        "owner": "DE:1234",
        "received_on": "2026-03-02",
        "body": "b",
        "media": "xml",
        **more,
    }
    return MessageReceived(message_id=message, set_id=set_id, version=version, **given_)


ASKED = Asked("q1", "h001", ("residence",), "qd", "d1")
EVENTS = st.one_of(
    st.builds(
        got,
        message=st.sampled_from(["m1", "m2", "m3"]),
        set_id=st.sampled_from(["d1", "d2"]),
        version=st.integers(1, 4),
    ),
    st.builds(Waits, st.sampled_from(["m1", "m2"])),
    st.builds(Referred, st.just("m1"), st.just("several")),
    st.builds(TakenUp, st.sampled_from([(), ("m1",), ("m1", "m2")])),
    st.builds(DealtWith, st.sampled_from(["m1", "m2"])),
    st.builds(EvidenceAdded, st.just("m1"), st.sampled_from([None, Evidence()])),
    st.just(ASKED),
    st.builds(Answered, st.sampled_from(["q1", "q2"]), st.just("m2")),
    st.builds(QuestionFailed, st.sampled_from(["q1", "q2"])),
    st.just(Forwarded(THEM, "x", "xd")),
    st.just(ForwardConfirmed(THEM, datetime(2026, 3, 2, tzinfo=UTC))),
    st.just(Returned(THEM)),
)


@given(st.lists(EVENTS, max_size=12), st.data())
def test_one_go_and_pieces_give_the_same_case(events, data):
    cut = data.draw(st.integers(0, len(events)))
    whole = fold(Case("c"), events)
    assert fold(fold(Case("c"), events[:cut]), events[cut:]) == whole
    assert whole.revision == len(events)


@given(st.lists(EVENTS, max_size=12))
def test_the_highest_version_of_each_document_stands(events):
    case = fold(Case("c"), events)
    versions = {}
    for event in events:
        if isinstance(event, MessageReceived):
            versions[event.set_id] = max(versions.get(event.set_id, 0), event.version)
    assert {key: d.version for key, d in case.documents.items()} == versions


@given(st.lists(EVENTS, max_size=12))
def test_who_returned_the_case_is_never_forgotten(events):
    case = fold(Case("c"), [Returned("FR:X"), *events])
    assert "FR:X" in case.returned_by


def test_what_a_message_tells_of_its_case():
    case = fold(Case("c"), [got(), got("m2", "d2", buc="other", cdm="4.3", us="x", our_role="y")])
    assert (case.buc, case.cdm, case.us) == ("S_BUC_24", "4.4", "FR:CLEISS0000")
    assert case.our_role == "Counterparty"
    assert case.participants == {"DE:1234", "FR:CLEISS0000"}
    assert case.state is CaseState.OPEN


def test_the_first_message_of_a_content_is_remembered():
    case = fold(Case("c"), [got("m1"), got("m2")])
    assert case.contents["d1", 1].message_id == "m1"
    assert case.received("m1") == case.contents["d1", 1]
    assert case.received("m2") is None


def test_an_older_version_that_comes_later_changes_nothing():
    case = fold(Case("c"), [got("m1", version=3), got("m2", version=2)])
    assert case.documents["d1"].message_id == "m1"
    assert case.received("m2").version == 2


def test_a_question_opens_and_is_settled_once():
    case = fold(Case("c"), [ASKED])
    assert case.state is CaseState.ASKED
    assert [q.id for q in case.open_questions] == ["q1"]
    answered = fold(case, [Answered("q1", "m2"), QuestionFailed("q1")])
    assert answered.open_questions == ()
    assert answered.questions[0].state is QuestionState.ANSWERED
    assert fold(case, [QuestionFailed("q1")]).questions[0].state is QuestionState.FAILED


def test_a_forward_overtakes_the_questions_that_are_open():
    case = fold(Case("c"), [ASKED, Forwarded(THEM, "x", "xd"), Answered("q1", "m2")])
    assert [q.state for q in case.questions] == [QuestionState.OVERTAKEN]
    settled = fold(Case("c"), [ASKED, Answered("q1", "m2"), Forwarded(THEM, "x", "xd")])
    assert [q.state for q in settled.questions] == [QuestionState.ANSWERED]


def test_a_forward_takes_along_what_waited():
    case = fold(Case("c"), [got(), Waits("m1"), Forwarded(THEM, "x", "xd")])
    assert case.waiting == ()
    assert (case.state, case.holder, case.x007, case.x007_set_id) == (
        CaseState.FORWARDED,
        THEM,
        "x",
        "xd",
    )
    assert THEM in case.participants
    assert case.forwarded_at is None
    at = datetime(2026, 3, 2, tzinfo=UTC)
    assert fold(case, [ForwardConfirmed(THEM, at)]).forwarded_at == at


def test_a_case_that_is_referred_says_so():
    assert fold(Case("c"), [Referred("m1", "own")]).state is CaseState.REFERRED
    assert CaseState.OPEN in CASE[CaseState.REFERRED]


def test_the_event_of_a_message(a_message, uid):
    body = a_message("m", document="d", version=2, receivers=[("FR:CLEISS0000", "Counterparty")])
    message = read(body, Limits()).message
    event = received(message, "FR:CLEISS0000", "Counterparty", "xml", date(2026, 3, 2), Evidence())
    assert event == got(
        uid("m"),
        uid("d"),
        2,
        payload_digest=message.payload_digest,
        parties=("DE:101320043", "FR:CLEISS0000"),
        owner="DE:101320043",
        body=message.digest,
        evidence=Evidence(),
    )
    nobody = replace(message, sender=replace(message.sender, role=message.receivers[0].role))
    assert received(nobody, "", "", "xml", date(2026, 3, 2), Evidence()).owner == ""
