"""With `sending = confirm` nothing leaves without a person's yes, and a no gives him the case."""

from dataclasses import replace

import pytest

from gateway.core.leaving import Leaving, Mode
from gateway.core.states import MessageState
from gateway.errors import Refused
from tests.pipeline.test_timers import DAYS, UNKNOWN, let_go

CONFIRM = Leaving(Mode.CONFIRM)


async def confirm(house, *names, protected=False):
    params = {"sendings": list(names), "reason": "looked at it", "protected": protected}
    done = await house.operating.do("sending-confirm", params, "claire")
    return done["confirmed"]


async def withdraw(house, name):
    params = {"sending": name, "reason": "wrong place"}
    return await house.operating.do("sending-withdraw", params, "claire")


async def refused(deed):
    with pytest.raises(Refused) as caught:
        await deed
    return caught.value.code


async def outbox(house):
    return {row.message_id: row.state.value for row in await house.journal.outgoing()}


async def of_kind(house, kind):
    return [row for row in await house.journal.outgoing() if row.kind == kind]


def says(house, leaving):
    policy = replace(house.pipeline.desk.policy, leaving=leaving)
    house.pipeline.desk = replace(house.pipeline.desk, policy=policy)


@pytest.fixture
def careful(house):
    says(house, CONFIRM)
    return house


async def test_nothing_leaves_without_a_yes(careful, a_message):
    await careful.take(a_message())
    assert await careful.send() == []
    [row] = await careful.rows()
    assert row.state is MessageState.RECORDED
    names = list(await outbox(careful))
    assert await confirm(careful, *names) == names
    assert [s.kind for s in await careful.send()] == ["x007", "x007", "hand-over"]
    assert {r.state for r in await careful.rows()} == {MessageState.DONE}
    told = [h for h in await careful.journal.timeline(row.case_id) if h.what == "confirm"]
    assert {(h.who, h.params["reason"]) for h in told} == {("claire", "looked at it")}
    assert len(told) == 3


async def test_a_case_stands_for_all_of_it_that_waits(careful, a_message):
    await careful.take(a_message("one"), a_message("two"))
    row = (await careful.rows())[0]
    assert len(await confirm(careful, row.case_id)) == 3
    assert {s.case_id for s in await careful.send()} == {row.case_id}


async def test_a_hand_over_that_is_confirmed_first_waits_for_its_x007(careful, a_message):
    await careful.take(a_message())
    [hand_over] = await of_kind(careful, "hand-over")
    await confirm(careful, hand_over.message_id)
    assert (await outbox(careful))[hand_over.message_id] == "waiting"
    assert await careful.send() == []
    await confirm(careful, *(row.message_id for row in await of_kind(careful, "x007")))
    assert [s.kind for s in await careful.send()] == ["x007", "x007", "hand-over"]


async def test_a_yes_is_said_once_and_to_what_waits(careful, a_message):
    await careful.take(a_message())
    [first, *_] = await outbox(careful)
    assert await refused(confirm(careful, first, "nothing")) == "not-to-confirm"
    assert await refused(confirm(careful)) == "not-to-confirm"
    assert set((await outbox(careful)).values()) == {"proposed"}
    await confirm(careful, first)
    assert await refused(confirm(careful, first)) == "not-to-confirm"
    blank = careful.operating.do("sending-confirm", {"sendings": [first], "reason": ""}, "x")
    assert await refused(blank) == "no-reason"


async def test_a_no_to_the_x007_gives_the_case_to_a_person(careful, a_message):
    await careful.take(a_message())
    [row] = await careful.rows()
    target = row.institution
    [first, _] = await of_kind(careful, "x007")
    await withdraw(careful, first.message_id)
    assert set((await outbox(careful)).values()) == {"withdrawn"}
    [row] = await careful.rows()
    assert (row.state, row.cause) == (MessageState.REFERRED, "recalled")
    params = {"message_id": row.message_id, "outcome": "transfer", "reason": "by telephone"}
    again = careful.operating.do("resolve", {**params, "institution": target}, "denis")
    assert await refused(again) == "returned"
    await careful.operating.do("resolve", {**params, "institution": "FR:0169100000"}, "denis")
    sent = await careful.send()  # his word is enough
    assert [s.kind for s in sent] == ["x007", "x007", "hand-over"]
    assert sent[-1].destination == "FR:0169100000"
    assert await refused(withdraw(careful, first.message_id)) == "not-to-withdraw"


async def test_what_is_due_can_be_withdrawn_and_what_left_cannot(house, a_message):
    await house.take(a_message("one"), a_message("two"))
    [first, second] = [row.case_id for row in await house.rows()]
    of_first = [r for r in await house.journal.outgoing(named=[first]) if r.kind == "x007"]
    await withdraw(house, of_first[0].message_id)
    sent = await house.send()
    assert {s.case_id for s in sent} == {second}
    assert await refused(withdraw(house, sent[0].message_id)) == "not-to-withdraw"
    assert await refused(withdraw(house, "nothing")) == "not-to-withdraw"


async def test_a_transfer_of_which_a_part_has_left_is_called_back_by_its_name(careful, a_message):
    await careful.take(a_message())
    first, second = await of_kind(careful, "x007")
    await confirm(careful, first.message_id)
    assert [s.message_id for s in await careful.send()] == [first.message_id]
    assert await refused(withdraw(careful, second.message_id)) == "partly-left"
    assert (await outbox(careful))[second.message_id] == "proposed"


async def test_a_no_to_a_question_gives_the_case_to_a_person(careful, a_message, person):
    await careful.take(a_message(inside=person(town=None), **UNKNOWN))
    [question] = await outbox(careful)
    assert await let_go(careful, 60) == 0  # nobody is reminded of what was never asked
    await withdraw(careful, question)
    [row] = await careful.rows()
    assert (row.state, row.cause) == (MessageState.REFERRED, "recalled")
    assert (await careful.journal.counts()).questions_open == 0


async def test_one_waits_for_an_answer_from_the_yes_on(careful, a_message, person):
    await careful.take(a_message(inside=person(town=None), **UNKNOWN))
    await careful.clock.advance(30 * DAYS)
    await confirm(careful, *await outbox(careful))
    assert len(await careful.send()) == 1
    await let_go(careful, 5)
    assert list((await outbox(careful)).values()) == ["handed-over"]
    await let_go(careful, 34)
    [reminder] = await of_kind(careful, "reminder")
    assert reminder.state.value == "proposed"
    await confirm(careful, reminder.message_id)
    assert [s.kind for s in await careful.send()] == ["reminder"]


async def test_a_question_that_nobody_needs_is_not_asked(careful, a_message, person):
    await careful.take(a_message(case="c", inside=person(town=None), **UNKNOWN))
    [question] = await outbox(careful)
    update = {"action": "Update", "document": "document of one", "version": 2}
    await careful.take(a_message("two", case="c", **update))
    states = await outbox(careful)
    assert states.pop(question) == "withdrawn"
    assert set(states.values()) == {"proposed"}
    assert await refused(confirm(careful, question)) == "not-to-confirm"


PROTECTED = "<sbdh:PersonalProtectedCase>true</sbdh:PersonalProtectedCase>"


async def turns_out_to_be_protected(house, a_message):
    """One more SED of the case says that the person is protected; how the case's entries stand."""
    again = {"action": "Update", "document": "document of one", "version": 2}
    await house.take(a_message("two", case="c", flags=PROTECTED, **again))
    return {(row.state.value, row.cause) for row in await house.rows()}


@pytest.mark.parametrize("hindrance", ["confirm", "pause", "nothing yet"])
async def test_no_question_leaves_once_the_person_is_protected(house, a_message, person, hindrance):
    reach = {"reach": "buc", "value": UNKNOWN["buc"]}
    if hindrance == "confirm":
        says(house, CONFIRM)
    if hindrance == "pause":
        await house.operating.do("pause", {**reach, "reason": "wait"}, "claire")
    await house.take(a_message(case="c", inside=person(town=None), **UNKNOWN))
    [question] = await outbox(house)
    states = await turns_out_to_be_protected(house, a_message)
    assert {state for state, _ in states} == {"referred"}
    assert ("referred", "protected") in states
    assert await outbox(house) == {question: "withdrawn"}
    [asked] = await house.journal.questions(every=True)
    assert asked.state == "failed"  # nobody waits for an answer
    if hindrance == "pause":
        await house.operating.do("resume", {**reach, "reason": "go"}, "claire")
    assert await house.send() == []
    assert await let_go(house, 400) == 0
    if hindrance == "confirm":
        assert await refused(confirm(house, question)) == "not-to-confirm"


async def test_no_reminder_leaves_once_the_person_is_protected(house, a_message, person):
    await house.take(a_message(case="c", inside=person(town=None), **UNKNOWN))
    [question] = await house.send()
    await let_go(house, 34)
    [reminder] = await of_kind(house, "reminder")
    assert reminder.state.value == "due"
    await turns_out_to_be_protected(house, a_message)
    assert await outbox(house) == {
        question.message_id: "handed-over",
        reminder.message_id: "withdrawn",
    }
    [asked] = await house.journal.questions(every=True)
    assert asked.state == "open"  # it has left: an answer may still come
    assert await house.send() == []


async def test_a_question_that_was_observed_is_held_back_once_the_person_is_protected(
    observing_house, a_message, person
):
    house = observing_house
    await house.take(a_message(case="c", inside=person(town=None), **UNKNOWN))
    [question] = await outbox(house)
    await turns_out_to_be_protected(house, a_message)
    says(house, Leaving())
    assert await refused(confirm(house, question)) == "protected"
    assert await house.send() == []


async def resolved(house, message_id, outcome):
    params = {"message_id": message_id, "outcome": outcome, "reason": "seen"}
    return await house.operating.do("resolve", params, "claire")


@pytest.mark.parametrize("hindrance", ["nothing yet", "confirm"])
async def test_a_transfer_of_a_protected_person_leaves_at_a_persons_word_alone(
    house, a_message, uid, hindrance
):
    if hindrance == "confirm":
        says(house, CONFIRM)
    await house.take(a_message(case="c"))
    states = await turns_out_to_be_protected(house, a_message)
    assert states == {("referred", "protected")}
    assert set((await outbox(house)).values()) == {"proposed"}
    assert await house.send() == []
    assert await let_go(house, 400) == 0
    assert await refused(resolved(house, uid("one"), "handled")) == "still-to-leave"
    assert await refused(confirm(house, uid("c"))) == "protected"
    assert len(await confirm(house, uid("c"), protected=True)) == 3
    sent = [s.kind for s in await house.send()]
    assert sorted(sent) == ["hand-over", "x007", "x007"]
    rows = {row.message_id: row.state.value for row in await house.rows()}
    assert rows == {uid("one"): "done", uid("two"): "referred"}
    assert (await resolved(house, uid("two"), "handled"))["state"] == "done"


async def test_a_transfer_of_a_protected_person_is_withdrawn_as_a_whole(house, a_message, uid):
    await house.take(a_message(case="c"))
    await turns_out_to_be_protected(house, a_message)
    first, *_ = await of_kind(house, "x007")
    await withdraw(house, first.message_id)
    assert set((await outbox(house)).values()) == {"withdrawn"}
    assert await house.send() == []
    for message in ("one", "two"):
        assert (await resolved(house, uid(message), "handled"))["state"] == "done"


async def test_what_goes_on_after_a_protected_person_was_told_of_goes_to_a_person(
    house, a_message, uid
):
    """Also in a case that a person had taken and gives back."""
    await house.take(a_message(case="c"))
    await house.operating.do("case-take", {"case_id": uid("c"), "reason": "mine"}, "claire")
    await turns_out_to_be_protected(house, a_message)
    given = await house.operating.do(
        "case-give-back", {"case_id": uid("c"), "reason": "yours"}, "claire"
    )
    assert {d["cause"] for d in given["decisions"]} == {"protected"}
    assert await house.send() == []
    assert len(await confirm(house, uid("c"), protected=True)) == 3
    assert len(await house.send()) == 3


async def test_a_question_leaves_where_nobody_is_protected(careful, a_message, person):
    await careful.take(a_message(case="c", inside=person(town=None), **UNKNOWN))
    [question] = await outbox(careful)
    await careful.take(
        a_message("two", case="c", sed="S041", action="New", inside=person(town=None))
    )
    await confirm(careful, question)
    assert [s.message_id for s in await careful.send()] == [question]


async def test_only_what_is_said_to_wait_waits(house, a_message, person):
    says(house, Leaving(by_decision={"ask": Mode.CONFIRM}))
    await house.take(a_message("one"), a_message("two", inside=person(town=None), **UNKNOWN))
    assert [s.kind for s in await house.send()] == ["x007", "x007", "hand-over"]
    [waits] = [row for row in await house.journal.outgoing() if row.state == "proposed"]
    assert waits.kind == "h001"
    assert await house.readiness.look()  # it waits for a person, not for the gateway
    text = house.metrics.exposition()[0].decode()
    [line] = [t for t in text.splitlines() if t.startswith("gateway_outbox_proposed{")]
    assert line.endswith(" 1.0")


async def test_leaving_observe_sends_nothing_of_the_past(observing_house, a_message):
    house = observing_house
    await house.take(a_message("one"), a_message("two"))
    one, two = [row.case_id for row in await house.rows()]
    assert await refused(confirm(house, *await outbox(house))) == "observing"
    says(house, Leaving())
    assert await house.send() == []
    chosen = {r.message_id: r for r in await house.journal.outgoing(named=[one])}
    hand_over = next(r.message_id for r in chosen.values() if r.kind == "hand-over")
    assert await refused(confirm(house, hand_over)) == "after-observed"
    assert await refused(confirm(house, two)) == "not-to-confirm"  # observed: name each
    await confirm(house, *chosen)
    assert [s.kind for s in await house.send()] == ["x007", "x007", "hand-over"]
    left = await house.journal.outgoing(named=[two])
    assert {row.state.value for row in left} == {"observed"}


async def test_another_configuration_changes_nothing_recorded(careful, a_message):
    await careful.take(a_message("one"))
    says(careful, Leaving())
    assert await careful.send() == []
    assert set((await outbox(careful)).values()) == {"proposed"}


async def test_what_was_right_once_does_not_leave_later(careful, a_message):
    await careful.take(a_message("one", case="c"))
    names = list(await outbox(careful))
    [row] = await careful.rows()
    await withdraw(careful, names[-1])  # the hand-over: a person has the case
    assert await refused(confirm(careful, names[0])) == "case-moved-on"
    assert (await careful.journal.message(row.message_id)).cause == "recalled"


@pytest.mark.parametrize("mode", [Mode.CONFIRM, Mode.AUTOMATIC])
async def test_what_takes_the_reason_of_a_transfer_away_before_it_has_left_is_for_a_person(
    house, a_message, person, mode
):
    """While it waits for a yes, or for the end of a pause or an outage."""
    says(house, Leaving(mode))
    first = {"case": "c", "document": "d"}
    await house.take(a_message("one", **first))
    [before] = await house.rows()
    await house.clock.advance(20 * 60)
    moved = person("Lyon", "69003")
    await house.take(a_message("two", **first, version=2, action="Update", inside=moved))
    row = next(r for r in await house.rows() if r.message_id != before.message_id)
    assert (row.state, row.cause) == (MessageState.REFERRED, "conflict")
    assert await house.send() == []
    x007 = await of_kind(house, "x007")
    assert {sending.state.value for sending in x007} == {"proposed"}
    assert await refused(confirm(house, x007[0].message_id)) == "case-moved-on"
    await withdraw(house, x007[0].message_id)
    assert await house.send() == []
    params = {"message_id": row.message_id, "outcome": "transfer", "reason": "has moved"}
    lyon = {**params, "institution": "FR:0169100000"}
    await house.operating.do("resolve", lyon, "denis")
    sent = await house.send()
    assert {s.destination for s in sent if s.kind == "hand-over"} == {"FR:0169100000"}
