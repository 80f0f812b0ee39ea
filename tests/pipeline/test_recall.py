"""A person calls a wrong transfer back: once, for a reason that stays in the history."""

import json

import pytest

from gateway.core.states import CaseState, MessageState
from gateway.errors import Refused

UNKNOWN = {"buc": "S_BUC_24", "sed": "S040"}
WRONG, RIGHT = "FR:0101100000", "FR:0102100000"


async def recall(house, case_id, reason="row S-1, ticket 4711"):
    return await house.operating.do("recall", {"case_id": case_id, "reason": reason}, "claire")


async def refused(house, case_id, **more):
    with pytest.raises(Refused) as caught:
        await recall(house, case_id, **more)
    return caught.value.code


@pytest.fixture
async def transferred(house, a_message):
    await house.take(a_message(case="one"))
    (row,) = await house.rows()
    assert (row.decision, row.institution) == ("transfer", WRONG)
    return row


async def test_in_time_nothing_leaves_and_the_case_goes_elsewhere(house, transferred):
    done = await recall(house, transferred.case_id.replace("-", "").upper())  # as RINA shows it
    assert (done["institution"], done["cause"], done["withdrawn"]) == (WRONG, "recalled", 3)
    assert await house.send() == []
    row = await house.journal.message(transferred.message_id)
    assert (row.state, row.cause) == (MessageState.REFERRED, "recalled")
    told = [h for h in await house.journal.timeline(transferred.case_id) if h.what == "recalled"]
    assert [(h.origin, h.who, h.params["why"]) for h in told] == [
        ("operator", "claire", "row S-1, ticket 4711")
    ]
    params = {"message_id": row.message_id, "outcome": "transfer", "reason": "the right one"}
    with pytest.raises(Refused) as caught:
        await house.operating.do("resolve", {**params, "institution": WRONG}, "claire")
    assert caught.value.code == "returned"
    await house.operating.do("resolve", {**params, "institution": RIGHT}, "claire")
    sent = await house.send()
    assert {s.receiver for s in sent if s.kind == "hand-over"} == {RIGHT}
    assert (await house.journal.case(transferred.case_id)).holder == RIGHT


async def test_too_late_the_institution_is_told_and_later_seds_stay_here(
    house, transferred, a_message
):
    await house.send()
    done = await recall(house, transferred.case_id)
    assert (done["cause"], done["withdrawn"], done["sent"]) == ("recalled-too-late", 0, ["recall"])
    (notice,) = await house.send()
    assert (notice.destination, notice.media) == (WRONG, "none")
    assert json.loads(notice.sidecar)["decision"] == "recall"
    assert (await house.journal.by_buc())[transferred.buc] == {"received": 1, "referred": 1}
    await house.take(a_message("two", case="one", action="New", document="e"))
    assert [r.cause for r in await house.rows()] == ["recalled-too-late", "case-referred"]
    assert await house.send() == []
    assert await refused(house, transferred.case_id) == "recalled-already"


async def test_what_is_on_its_way_out_just_now_is_not_called_back(house, transferred):
    claims = await house.journal.claim(1, house.clock.now(), 60.0)
    assert await refused(house, transferred.case_id) == "sending-under-way"
    assert (await house.journal.case(transferred.case_id)).state is CaseState.FORWARDED
    await house.journal.defer(claims[0], house.clock.now(), "full")
    assert (await recall(house, transferred.case_id))["cause"] == "recalled"


async def test_a_claim_that_was_settled_after_the_recall_counts_for_nothing(house, transferred):
    claims = await house.journal.claim(1, house.clock.now(), 0.0)  # a lease that ran out
    await recall(house, transferred.case_id)
    assert await house.journal.handed_over(claims, house.clock.now()) == 0


async def test_what_cannot_be_called_back_says_why(house, transferred):
    assert await refused(house, "no-such-case") == "not-transferred"
    assert await refused(house, transferred.case_id, reason=" ") == "no-reason"


async def test_a_notice_that_does_not_arrive_comes_back_to_the_person(house, transferred):
    await house.send()
    await recall(house, transferred.case_id)
    (notice,) = await house.send()
    sendings = await house.journal.sendings(transferred.case_id)
    assert sendings[-1].about == transferred.message_id
    assert sendings[-1].message_id == notice.message_id


async def test_under_observe_a_recall_is_written_and_nothing_leaves(observing_house, a_message):
    await observing_house.take(a_message())
    (row,) = await observing_house.rows()
    assert (await recall(observing_house, row.case_id))["cause"] == "recalled"
    assert await observing_house.send() == []
