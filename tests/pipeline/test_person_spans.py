"""What a person decides is in the trace of the message that it is about, and never who it was."""

import pytest

from gateway.core.leaving import Leaving, Mode
from gateway.core.trace_context import caused, trace_of
from gateway.errors import JournalUnavailable, Refused
from gateway.people.operating import DEEDS
from gateway.people.person_spans import DECIDED
from tests.pipeline.test_confirming import says
from tests.pipeline.test_spans import CAME_WITH, Seen, at, ids
from tests.pipeline.test_taking import give_back, take
from tests.pipeline.test_timers import UNKNOWN
from tests.pipeline.test_traces import handled
from tests.pipeline.test_worklist import CPAM_AIN

WHO = "claire"


@pytest.fixture
def seen(house):
    seen = Seen()
    house.pipeline._spans = house.relay._spans = seen.exporting
    house.operating._told.__self__._spans = seen.exporting
    return seen


async def by_person(seen):
    """The spans of what a person decided: deed, message, parent, decision and so on."""
    spans = await seen.spans()
    assert WHO not in "".join(span.to_json() for span in spans)
    assert {s.attributes["eessi.by"] for s in spans if s.name == "judge"} <= {"gateway", "person"}
    found = [s for s in spans if s.attributes.get("eessi.by") == "person"]
    assert {s.name for s in found} <= {"judge"}
    assert len({s.context.span_id for s in spans}) == len(spans)
    return found


def below(message_id, traceparent):
    """The place of the gateway's own `judge` of a message."""
    return at(caused(trace_of(traceparent, message_id), message_id))


def told(span, *keys):
    return tuple(span.attributes.get(f"eessi.{key}") for key in keys)


async def do(house, deed, **params):
    return await house.operating.do(deed, {"reason": "ticket 1", **params}, WHO)


@pytest.fixture
async def referred(house, seen, strict, a_message, person, uid):
    """A message that waits for a person."""
    del seen
    house.pipeline.desk = strict(
        least_certainty=max(type(house.pipeline.desk.policy.least_certainty))
    )
    body = a_message("one", case="c", inside=person("Lyon", "69001"), **UNKNOWN)
    await handled(house, body, CAME_WITH)
    return uid("one")


async def test_a_transfer_by_a_person_stands_below_what_the_gateway_judged(house, seen, referred):
    await do(house, "resolve", message_id=referred, outcome="transfer", institution=CPAM_AIN)
    [span] = await by_person(seen)
    assert ids(span.parent) == below(referred, CAME_WITH)
    assert told(span, "deed", "message_id", "decision", "state", "buc", "sed") == (
        *("resolve", referred, "transfer", "recorded", "S_BUC_24", "S040"),
    )
    assert span.attributes["eessi.case_id"]


async def test_what_is_closed_without_a_message_is_told_with_its_outcome(house, seen, referred):
    entry = {"message_id": referred, "outcome": "handled", "reason": "in RINA"}
    await do(house, "resolve-all", entries=[entry], **{"try": True})
    await do(house, "resolve-all", entries=[{**entry, "message_id": "nothing"}])
    await do(house, "resolve-all", entries=[entry])
    [span] = await by_person(seen)
    assert told(span, "deed", "message_id", "decision", "state") == (
        *("resolve-all", referred, "handled", "done"),
    )


async def test_what_is_refused_is_no_decision(house, seen, referred):
    with pytest.raises(Refused):
        await do(house, "resolve", message_id=referred, outcome="nonsense")
    await do(house, "assign", message_id=referred, assignee="denis")
    await do(house, "ping")
    assert await by_person(seen) == []


async def test_a_question_answered_by_hand_is_told_of_the_message_that_it_was_about(
    house, seen, a_message, person, uid
):
    await handled(house, a_message("one", case="c", inside=person(town=None), **UNKNOWN), CAME_WITH)
    await house.send()
    [question] = await house.journal.questions(every=False)
    await do(house, "question-answered", question=question.question)
    [span] = await by_person(seen)
    assert told(span, "deed", "message_id") == ("question-answered", uid("one"))
    assert ids(span.parent) == below(uid("one"), CAME_WITH)


async def test_a_yes_and_a_no_to_a_sending_are_told_of_the_message_that_it_is_for(
    house, seen, a_message, uid
):
    says(house, Leaving(Mode.CONFIRM))
    await handled(house, a_message("one"), CAME_WITH)
    await handled(house, a_message("two", case="d"), None)
    first, *others = [s for s in await house.journal.outgoing() if s.about == uid("one")]
    await do(house, "sending-confirm", sendings=[row.message_id for row in (first, *others)])
    row = next(s for s in await house.journal.outgoing() if s.about == uid("two"))
    await do(house, "sending-withdraw", sending=row.message_id)
    yes, no = await by_person(seen)
    assert told(yes, "deed", "message_id") == ("sending-confirm", uid("one"))
    assert told(no, "deed", "message_id", "state") == ("sending-withdraw", uid("two"), "withdrawn")
    assert ids(no.parent) == below(uid("two"), None)


async def test_what_is_done_about_a_case_is_told_of_its_first_message(
    house, seen, a_message, person, uid
):
    await handled(house, a_message("one", case="c", inside=person(town=None), **UNKNOWN), CAME_WITH)
    case_id = (await house.rows())[0].case_id
    await take(house, case_id)
    await give_back(house, case_id)
    await handled(house, a_message("two", case="d"), None)
    await do(house, "recall", case_id=(await house.journal.message(uid("two"))).case_id)
    spans = await by_person(seen)
    assert [told(span, "deed", "message_id") for span in spans] == [
        ("case-take", uid("one")),
        ("case-give-back", uid("one")),
        ("recall", uid("two")),
    ]


async def test_what_was_set_aside_and_released_is_told(house, seen, a_message):
    await handled(house, b"no message", CAME_WITH)
    [aside] = await house.rows()
    await do(house, "discard", message_id=aside.message_id)
    [span] = await by_person(seen)
    assert told(span, "deed", "state") == ("discard", "discarded")
    assert ids(span.parent) == below(aside.message_id, CAME_WITH)


async def test_a_pause_begins_a_trace_of_its_own(house, seen):
    await do(house, "pause")
    await house.clock.advance(1)
    await do(house, "resume")
    first, second = await by_person(seen)
    assert (first.parent, second.parent) == (None, None)
    assert first.context.trace_id != second.context.trace_id
    assert [told(s, "deed") for s in (first, second)] == [("pause",), ("resume",)]


async def test_a_journal_that_cannot_be_read_afterwards_undoes_nothing(
    house, seen, referred, monkeypatch
):
    message = house.journal.message

    async def once(message_id):
        row = await message(message_id)
        monkeypatch.setattr(house.journal, "message", broken)
        return row

    async def broken(_message_id):
        raise JournalUnavailable

    monkeypatch.setattr(house.journal, "message", once)
    done = await do(house, "resolve", message_id=referred, outcome="handled")
    assert done["state"] == "done"
    assert await by_person(seen) == []


async def test_when_nobody_follows_traces_nothing_is_read_for_it(house, a_message, monkeypatch):
    await handled(house, b"no message", None)
    [aside] = await house.rows()
    reads = []
    message = house.journal.message

    async def noted(message_id):
        reads.append(message_id)
        return await message(message_id)

    monkeypatch.setattr(house.journal, "message", noted)
    await do(house, "discard", message_id=aside.message_id)
    assert len(reads) == 1, "by the deed itself"


def test_every_deed_that_decides_is_told_of():
    assert set(DEEDS) >= DECIDED
    assert set(DEEDS) - DECIDED == {
        *("ping", "import-cases", "wake", "reload", "watch", "close-month", "assign"),
        *("retention-erase", "availability-import"),
        *("availability-maintenance", "availability-withdraw"),
    }
