"""A question that was answered by telephone or post is closed, and its case goes on."""

import pytest

from gateway.core.states import MessageState
from gateway.errors import Refused
from tests.pipeline.test_timers import DAYS, UNKNOWN, let_go


async def answered(house, question):
    params = {"question": question, "reason": "Bonn telephoned"}
    return await house.operating.do("question-answered", params, "claire")


async def refused(deed):
    with pytest.raises(Refused) as caught:
        await deed
    return caught.value.code


@pytest.fixture
async def question(house, a_message, person):
    """A case with a question that was sent, and a later SED that waits, too; the question."""
    await house.take(
        a_message("one", case="c", inside=person(town=None), **UNKNOWN),
        a_message("two", case="c", action="New", document="e", inside=person(town=None), **UNKNOWN),
    )
    await house.send()
    [row] = await house.journal.questions(every=False)
    return row


async def test_when_nothing_else_is_known_a_person_has_the_case(house, question):
    done = await answered(house, question.question)
    assert done["state"] == "referred"
    assert [d["cause"] for d in done["decisions"]] == ["still-missing", "case-referred"]
    assert {row.state for row in await house.rows()} == {MessageState.REFERRED}
    assert await let_go(house, 400) == 0
    [row] = await house.journal.questions(every=True)
    assert (row.state.value, row.due) == ("answered", None)
    (told,) = [h for h in await house.journal.timeline(question.case_id) if h.what == "answered"]
    assert (told.origin, told.who, told.params["why"]) == ("operator", "claire", "Bonn telephoned")


async def test_with_what_the_person_knows_it_goes_on(house, question):
    done = await answered(house, question.question)
    params = {"message_id": done["decisions"][0]["message_id"], "outcome": "evidence"}
    facts = {"residence": "01000 Bourg-en-Bresse"}
    await house.operating.do("resolve", {**params, "facts": facts, "reason": "told"}, "claire")
    sent = await house.send()
    assert [s.kind for s in sent] == ["x007", "x007", "hand-over", "hand-over"]


async def test_a_reminder_that_has_not_left_is_withdrawn(house, question):
    await house.clock.advance(40 * DAYS)
    await house.timers.turn()
    await answered(house, question.question)
    assert await house.send() == []
    states = {row.kind: row.state.value for row in await house.journal.outgoing()}
    assert states == {"h001": "handed-over", "reminder": "withdrawn"}


async def test_in_a_case_that_a_person_has_the_question_alone_is_closed(house, question):
    deed = {"case_id": question.case_id, "reason": "mine"}
    await house.operating.do("case-take", deed, "claire")
    done = await answered(house, question.question)
    assert (done["state"], done["decisions"]) == ("taken", [])
    given = await house.operating.do("case-give-back", deed, "claire")
    assert [d["cause"] for d in given["decisions"]] == ["still-missing", "case-referred"]


async def test_a_question_is_answered_once(house, question):
    assert await refused(answered(house, "nothing")) == "no-question"
    await answered(house, question.question)
    assert await refused(answered(house, question.question)) == "settled-already"
    blank = house.operating.do("question-answered", {"question": question.question}, "x")
    assert await refused(blank) == "no-reason"
