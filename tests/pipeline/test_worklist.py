"""An entry of the worklist is closed once, by somebody, for a reason that stays."""

import pytest

from gateway.core.states import MessageState
from gateway.errors import Refused

UNKNOWN = {"buc": "S_BUC_24", "sed": "S040"}
CPAM_AIN = "FR:0101100000"


async def resolve(house, message_id, outcome, **more):
    params = {"message_id": message_id, "outcome": outcome, "reason": "said on the phone", **more}
    return await house.operating.do("resolve", params, "claire")


async def refused(house, message_id, outcome, **more):
    with pytest.raises(Refused) as caught:
        await resolve(house, message_id, outcome, **more)
    return caught.value.code


async def on_the_list(house, strict, a_message, person):
    """A case that is referred because the rows are not certain enough, with a later SED."""
    house.pipeline.desk = strict(
        least_certainty=max(type(house.pipeline.desk.policy.least_certainty))
    )
    await house.take(
        a_message("one", case="c", inside=person("Lyon", "69001"), **UNKNOWN),
        a_message("two", case="c", action="New", document="e", inside=person(town=None), **UNKNOWN),
    )
    rows = await house.rows()
    assert [r.cause for r in rows] == ["inferred", "case-referred"]
    return [r.message_id for r in rows]


async def test_a_transfer_by_a_person_takes_the_case_along(house, strict, a_message, person):
    first, second = await on_the_list(house, strict, a_message, person)
    done = await resolve(house, first, "transfer", institution=CPAM_AIN)
    assert (done["institution"], done["state"]) == (CPAM_AIN, "recorded")
    sent = await house.send()
    assert [s.kind for s in sent] == ["x007", "x007", "hand-over", "hand-over"]
    assert {s.destination for s in sent if s.kind == "hand-over"} == {CPAM_AIN}
    assert {r.state for r in await house.rows()} == {MessageState.DONE}
    last = (await house.journal.explanation(first))[-1]
    assert (last["attempt"], last["who"], last["decision"]) == (1, "claire", "transfer")
    told = [h for h in await house.journal.timeline(second) if h.what == "decide"]
    assert [(h.who, h.params["reason"]) for h in told] == [("claire", "said on the phone")]


async def test_a_second_answer_to_the_same_entry_is_refused(house, strict, a_message, person):
    first, second = await on_the_list(house, strict, a_message, person)
    await resolve(house, first, "handled")
    assert await refused(house, first, "transfer", institution=CPAM_AIN) == "not-on-worklist"
    assert await refused(house, first, "handled") == "not-on-worklist"
    assert (await house.journal.message(second)).state is MessageState.REFERRED
    assert await house.send() == []


async def test_what_was_handled_in_rina_is_not_handed_over_later(house, strict, a_message, person):
    first, second = await on_the_list(house, strict, a_message, person)
    await resolve(house, first, "keep")
    await resolve(house, second, "transfer", institution=CPAM_AIN)
    handed = [s for s in await house.send() if s.kind == "hand-over"]
    assert [s.object for s in handed] == [second]


@pytest.mark.parametrize(
    ("outcome", "more", "code"),
    [
        ("transfer", {"institution": "FR:NOBODY"}, "institution-unusable"),
        ("transfer", {}, "institution-unusable"),
        ("burn", {}, "unknown-outcome"),
        ("handled", {"reason": "  "}, "no-reason"),
    ],
)
async def test_what_cannot_be_is_refused_and_changes_nothing(
    house, strict, a_message, person, outcome, more, code
):
    first, _ = await on_the_list(house, strict, a_message, person)
    assert await refused(house, first, outcome, **more) == code
    assert (await house.journal.message(first)).state is MessageState.REFERRED


async def test_a_message_that_is_not_on_the_list_is_refused(house, a_message):
    await house.take(a_message())
    [row] = await house.rows()
    assert await refused(house, row.message_id, "handled") == "not-on-worklist"
    assert await refused(house, "nobody", "handled") == "not-on-worklist"


async def test_under_observe_a_persons_transfer_leaves_nothing(
    observing_house, strict, a_message, person
):
    first, _ = await on_the_list(observing_house, strict, a_message, person)
    await resolve(observing_house, first, "transfer", institution=CPAM_AIN)
    assert await observing_house.send() == []
