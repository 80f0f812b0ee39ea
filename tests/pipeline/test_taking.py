"""A case that a person has taken stands still; given back it goes on as if nothing had been."""

from dataclasses import replace

import pytest

from gateway.core.states import CaseState, MessageState
from gateway.errors import JournalConflict, Refused
from tests.pipeline.test_timers import UNKNOWN, let_go

US, CPAM_AIN = "FR:CLEISS0000", "FR:0101100000"
BY_HAND = (
    "<CaseContext><PersonContext><familyName>Muster</familyName><forename>Erika</forename>"
    "<dateBirth>1985-07-15</dateBirth><sex><value>02</value></sex></PersonContext></CaseContext>"
    "<ForwardInformation><AddedParticipant>"
    f"<institutionID>{CPAM_AIN}</institutionID><institutionName>Caisse</institutionName>"
    "</AddedParticipant><RemovedParticipant>"
    f"<institutionID>{US}</institutionID><institutionName>Cleiss</institutionName>"
    "</RemovedParticipant><reason><value>01</value></reason></ForwardInformation>"
)
LATER = {"case": "c", "action": "New", **UNKNOWN}


async def take(house, case_id):
    params = {"case_id": case_id, "reason": "I telephone"}
    return await house.operating.do("case-take", params, "claire")


async def give_back(house, case_id):
    params = {"case_id": case_id, "reason": "settled"}
    return await house.operating.do("case-give-back", params, "denis")


async def refused(deed):
    with pytest.raises(Refused) as caught:
        await deed
    return caught.value.code


async def causes(house):
    return [(row.state.value, row.cause) for row in await house.rows()]


@pytest.fixture
async def asked(house, a_message, person):
    """A case in which a question was sent; its id."""
    await house.take(a_message("one", case="c", inside=person(town=None), **UNKNOWN))
    await house.send()
    return (await house.rows())[0].case_id


async def test_nothing_falls_due_and_what_waits_is_on_the_list(house, asked):
    await take(house, asked)
    assert await causes(house) == [("referred", "taken")]
    assert (await house.journal.case(asked)).state is CaseState.TAKEN
    assert await let_go(house, 400) == 0
    assert await house.send() == []
    (told,) = [h for h in await house.journal.timeline(asked) if h.what == "taken"]
    assert (told.origin, told.who, told.params["why"]) == ("operator", "claire", "I telephone")


async def test_what_comes_is_recorded_and_nothing_else(house, asked, a_message, person):
    await take(house, asked)
    await house.take(a_message("two", document="e", inside=person(town=None), **LATER))
    assert await causes(house) == [("referred", "taken")] * 2
    assert await house.send() == []
    assert (await house.journal.counts()).worklist == {"taken": 2}


async def test_what_he_has_of_it_is_his_on_the_list(house, asked, a_message, person):
    await take(house, asked)
    await house.take(a_message("two", document="e", inside=person(town=None), **LATER))
    tasks = await house.journal.tasks()
    assert [task.assignee for task in tasks] == ["claire", "claire"]
    params = {"message_id": tasks[0].row.message_id, "assignee": "denis"}
    await house.operating.do("assign", params, "claire")
    assert [task.assignee for task in await house.journal.tasks()] == ["denis", "claire"]
    await give_back(house, asked)
    assert await house.journal.tasks() == []


async def test_given_back_it_is_judged_on_all_that_came(house, asked, a_message, person):
    await take(house, asked)
    update = {"case": "c", "action": "Update", "document": "document of one", "version": 2}
    await house.take(a_message("two", inside=person(), **update))
    done = await give_back(house, asked)
    assert done["state"] == "forwarded"
    assert [d["decision"] for d in done["decisions"]] == ["transfer", "deliver"]
    sent = await house.send()
    assert [s.kind for s in sent] == ["x007", "x007", "hand-over", "hand-over"]
    rows = await house.rows()
    assert [s.object for s in sent[2:]] == [row.message_id for row in rows]
    assert {row.state for row in rows} == {MessageState.DONE}
    last = (await house.journal.explanation(rows[0].message_id))[-1]
    assert (last["attempt"], last["who"]) == (2, "denis")


async def test_an_answer_that_came_meanwhile_is_an_answer(house, strict, asked, a_message, person):
    house.pipeline.desk = strict(profile_violation="warn")
    await take(house, asked)
    h002 = {"case": "c", "action": "New", "sed": "H002", "buc": "S_BUC_24", "document": "f"}
    await house.take(a_message("two", inside=person(), **h002))
    [question] = (await house.journal.case(asked)).questions
    assert question.state == "open"
    assert (await give_back(house, asked))["state"] == "forwarded"
    assert (await house.journal.case(asked)).open_questions == ()


async def test_given_back_with_nothing_new_it_waits_on(house, asked):
    await take(house, asked)
    done = await give_back(house, asked)
    assert done["state"] == "asked"
    assert [(d["decision"], d["cause"]) for d in done["decisions"]] == [("hold", "question-open")]
    assert await causes(house) == [("waiting", "question-open")]
    assert await let_go(house, 40) == 1
    assert [s.kind for s in await house.send()] == ["reminder"]


async def test_what_was_in_the_outbox_stays_there_and_leaves_afterwards(house, a_message):
    await house.take(a_message("one", case="c"))
    case_id = (await house.rows())[0].case_id
    await take(house, case_id)
    assert await house.send() == []
    assert await house.readiness.look()
    await house.take(a_message("two", document="e", **LATER))
    done = await give_back(house, case_id)
    assert done["state"] == "forwarded"
    assert [s.kind for s in await house.send()] == ["x007", "x007", "hand-over", "hand-over"]


async def test_it_stays_taken_after_a_restart(house, restarted, a_message):
    await house.take(a_message("one", case="c"))
    case_id = (await house.rows())[0].case_id
    await take(house, case_id)
    async with restarted(house) as again:
        assert await again.send() == []
        await again.take(a_message("two", document="e", **LATER))
        assert (await causes(again))[-1] == ("referred", "taken")
        await give_back(again, case_id)
        assert len(await again.send()) == 4


async def test_a_person_goes_on_with_it_by_the_worklist(house, asked):
    [row] = await house.rows()
    await take(house, asked)
    params = {"message_id": row.message_id, "outcome": "transfer", "reason": "by telephone"}
    await house.operating.do("resolve", {**params, "institution": "FR:0101100000"}, "claire")
    assert [s.kind for s in await house.send()] == ["x007", "x007", "hand-over"]
    assert await refused(give_back(house, asked)) == "not-taken"


async def test_a_case_that_was_referred_is_decided_anew(house, strict, a_message):
    usual = house.pipeline.desk
    house.pipeline.desk = strict(least_certainty=max(type(usual.policy.least_certainty)))
    await house.take(a_message("one", case="c"))
    assert await causes(house) == [("referred", "inferred")]
    case_id = (await house.rows())[0].case_id
    await take(house, case_id)
    assert (await give_back(house, case_id))["state"] == "referred"
    assert await causes(house) == [("referred", "inferred")]
    house.pipeline.desk = usual
    await take(house, case_id)
    assert (await give_back(house, case_id))["state"] == "forwarded"


async def test_taken_once_and_given_back_once(house, asked):
    assert await refused(take(house, "nothing")) == "no-case"
    assert await refused(give_back(house, asked)) == "not-taken"
    await take(house, asked)
    assert await refused(take(house, asked)) == "taken-already"
    blank = house.operating.do("case-give-back", {"case_id": asked, "reason": " "}, "x")
    assert await refused(blank) == "no-reason"
    await give_back(house, asked)
    await take(house, asked)
    assert (await house.journal.case(asked)).state is CaseState.TAKEN


async def test_it_is_given_back_whole_or_not_at_all(house, asked, a_message, person, monkeypatch):
    await take(house, asked)
    await house.take(a_message("two", document="e", inside=person(town=None), **LATER))
    before = await causes(house)
    original = house.journal.settle

    async def torn(entries):
        first, second = entries
        moved_on = replace(second, judgement=replace(second.judgement, revision=0))
        await original([first, moved_on])

    monkeypatch.setattr(house.journal, "settle", torn)
    with pytest.raises(JournalConflict):
        await give_back(house, asked)
    assert await causes(house) == before
    assert (await house.journal.case(asked)).state is CaseState.TAKEN


async def test_what_is_sent_by_hand_meanwhile_does_not_end_it(house, a_message, person):
    await house.take(a_message("one", case="c", inside=person(town=None), **UNKNOWN))
    case_id = (await house.rows())[0].case_id
    await take(house, case_id)
    ours = {"sender": (US, "Counterparty"), "receivers": (("DE:101320043", "CaseOwner"),)}
    x007 = {"case": "c", "sed": "X007", "action": "New", "document": "f", "inside": BY_HAND}
    await house.take(a_message("x7", **x007, **ours), by_hand=True)
    assert (await house.journal.case(case_id)).state is CaseState.TAKEN
    await house.take(a_message("two", document="e", **LATER))
    assert await house.send() == []
    assert (await give_back(house, case_id))["state"] == "forwarded"
    sent = await house.send()  # the question was overtaken: nobody needs to be asked any more
    assert {(s.kind, s.destination) for s in sent} == {("hand-over", CPAM_AIN)}


async def test_a_question_that_has_not_left_is_not_asked_once_the_case_is_clear(
    house, a_message, person
):
    await house.take(a_message("one", case="c", inside=person(town=None), **UNKNOWN))
    update = {"case": "c", "action": "Update", "document": "document of one", "version": 2}
    await house.take(a_message("two", **update))
    assert [s.kind for s in await house.send()] == ["x007", "x007", "hand-over", "hand-over"]
    assert {row.state for row in await house.rows()} == {MessageState.DONE}
