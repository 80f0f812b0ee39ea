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


async def on_the_list(house, strict, a_message, person, **policy):
    """A case that is referred because the rows are not certain enough, with a later SED."""
    house.pipeline.desk = strict(
        least_certainty=max(type(house.pipeline.desk.policy.least_certainty)), **policy
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
    leaving = observing_house.pipeline.desk.policy.leaving
    first, _ = await on_the_list(observing_house, strict, a_message, person, leaving=leaving)
    await resolve(observing_house, first, "transfer", institution=CPAM_AIN)
    assert await observing_house.send() == []


async def test_an_entry_is_given_to_somebody_and_back(house, strict, a_message, person):
    first, _ = await on_the_list(house, strict, a_message, person)

    async def assign(message_id, assignee):
        params = {"message_id": message_id, "assignee": assignee}
        return await house.operating.do("assign", params, "claire")

    assert await assign(first, "Zoé D.") == {"message_id": first, "assignee": "Zoé D."}
    assert (await assign(first, ""))["assignee"] is None
    for message_id, assignee, code in (
        ("nobody", "denis", "not-on-worklist"),
        (first, "x" * 65, "not-a-name"),
        (first, "a\nb", "not-a-name"),
    ):
        with pytest.raises(Refused) as caught:
            await assign(message_id, assignee)
        assert caught.value.code == code


# -- a question, a rejection, a fact --------------------------------------------------------


async def undecided(house, a_message, person):
    """A case that nobody answered about, with a later SED."""
    await house.take(
        a_message("one", case="c", inside=person(town=None), **UNKNOWN),
        a_message("two", case="c", action="New", document="e", inside=person(town=None), **UNKNOWN),
    )
    await house.send()
    for days in (60, 60, 60, 60):
        await house.clock.advance(days * 86_400)
        await house.timers.turn()
    assert {r.state for r in await house.rows()} == {MessageState.REFERRED}
    await house.send()
    return [r.message_id for r in await house.rows()]


async def test_a_persons_question_waits_for_its_answer_and_the_case_goes_on(
    house, a_message, person
):
    first, second = await undecided(house, a_message, person)
    done = await resolve(house, first, "ask", data=["residence"], text="Where in 2019?")
    assert (done["decision"], done["state"]) == ("ask", "waiting")
    assert {r.state for r in await house.rows()} == {MessageState.WAITING}
    assert [s.kind for s in await house.send()] == ["h001"]
    assert await refused(house, first, "ask", data=["residence"]) == "not-on-worklist"
    [_, question] = await house.journal.questions(every=True)
    assert (question.state.value, question.missing) == ("open", ("residence",))
    answer = a_message(
        "three", case="c", document="document of one", version=2, action="Update",
        inside=person(), **UNKNOWN,
    )  # fmt: skip
    await house.take(answer)
    handed = [s.object for s in await house.send() if s.kind == "hand-over"]
    assert handed[:2] == [first, second]
    assert len(handed) == 3
    assert {r.state for r in await house.rows()} == {MessageState.DONE}
    [decided] = [h for h in await house.journal.timeline(first) if h.what == "decide"]
    assert (decided.who, decided.params["reason"]) == ("claire", "said on the phone")


async def test_a_case_goes_where_what_a_person_knows_leads(house, a_message, person):
    first, second = await undecided(house, a_message, person)
    assert await refused(house, first, "evidence", facts={"residence": "99999 Nowhere"}) == (
        "still-undecided"
    )
    assert await refused(house, first, "evidence", facts={"shoe": "42"}) == "unknown-fact"
    assert {r.state for r in await house.rows()} == {MessageState.REFERRED}
    done = await resolve(house, first, "evidence", facts={"residence": "01000 Bourg-en-Bresse"})
    assert (done["decision"], done["institution"]) == ("transfer", CPAM_AIN)
    handed = {s.object: s.digest for s in await house.send() if s.kind == "hand-over"}
    received = {m: (await house.journal.explanation(m))[-1]["digest"] for m in (first, second)}
    assert handed == received  # the bytes are the sender's
    last = (await house.journal.explanation(first))[-1]
    assert (last["trace"][0]["code"], last["who"]) == ("added-by-person", "claire")


async def test_an_x011_leaves_for_a_refused_message_where_the_buc_lets_us(house, a_message):
    await house.take(a_message("one", buc="UB_BUC_01", sed="U001", root="U002"))
    [row] = await house.rows()
    assert row.state is MessageState.REFUSED
    assert await refused(house, row.message_id, "reject", ground="05") == "unknown-ground"
    done = await resolve(house, row.message_id, "reject", ground="02")
    assert (done["decision"], done["state"]) == ("reject", "recorded")
    [sent] = await house.send()
    assert (sent.kind, sent.destination, sent.receiver) == ("x011", "rina", "DE:101320043")
    assert (await house.journal.message(row.message_id)).state is MessageState.DONE


async def test_what_was_dealt_with_while_it_waited_does_not_go_out_with_its_case(
    house, a_message, person
):
    early = a_message("two", case="c", action="New", document="e", inside=person(), **UNKNOWN)
    await house.take(early)
    await house.clock.advance(25 * 3600)
    await house.timers.turn()
    [row] = await house.rows()
    assert (row.state, row.cause) == (MessageState.REFERRED, "out-of-order")
    await resolve(house, row.message_id, "handled")
    await house.take(a_message("one", case="c", inside=person(), **UNKNOWN))
    handed = [s.object for s in await house.send() if s.kind == "hand-over"]
    assert row.message_id not in handed
    assert len(handed) == 1


async def test_many_entries_are_closed_together_or_not_at_all(house, strict, a_message, person):
    first, second = await on_the_list(house, strict, a_message, person)
    await house.take(a_message("three", buc="UB_BUC_01", sed="U001", root="U002"))
    [_, _, third] = [row.message_id for row in await house.rows()]

    async def all_of(*entries, **more):
        wanted = [{"reason": "list of March", **entry} for entry in entries]
        return await house.operating.do("resolve-all", {"entries": wanted, **more}, "claire")

    transfer = {"message_id": first, "outcome": "transfer", "institution": CPAM_AIN}
    handled = {"message_id": third, "outcome": "handled"}
    for bad, code in (
        ({"message_id": "nobody", "outcome": "handled"}, "not-on-worklist"),
        ({"message_id": second, "outcome": "handled"}, "same-case"),
        ({"message_id": second, "outcome": "burn"}, "unknown-outcome"),
    ):
        answer = await all_of(transfer, handled, bad)
        assert [refused["code"] for refused in answer["refused"]] == [code]
        assert len({*answer["refused"][0]["text"].values()}) == 2
    looked = await all_of(transfer, handled, **{"try": True})
    assert ([d["state"] for d in looked["done"]], looked["refused"]) == (["recorded", "done"], [])
    waiting = {MessageState.REFERRED, MessageState.REFUSED}
    assert {row.state for row in await house.rows()} == waiting
    await all_of(transfer, handled)
    await house.send()
    assert {row.state for row in await house.rows()} == {MessageState.DONE}


async def test_entries_of_one_case_may_all_be_closed(house, strict, a_message, person):
    entries = await on_the_list(house, strict, a_message, person)
    wanted = [{"message_id": m, "outcome": "handled", "reason": "x"} for m in entries]
    done = await house.operating.do("resolve-all", {"entries": wanted}, "claire")
    assert (len(done["done"]), done["refused"]) == (2, [])


async def test_no_fact_is_added_beside_what_may_be_read_wrongly(house, a_message, person):
    """An answer that breaks a schema of ours tells something, too, and it would count."""
    await house.take(a_message("one", case="c", inside=person(town=None), **UNKNOWN))
    answer = {**UNKNOWN, "case": "c", "sed": "H002", "action": "New", "document": "f"}
    await house.take(a_message("two", inside=person(), **answer))
    first, second = [row.message_id for row in await house.rows()]
    assert [row.cause for row in await house.rows()] == [None, "profile-violation"]
    fact = {"facts": {"residence": "01000 Bourg-en-Bresse"}}
    with pytest.raises(Refused) as caught:
        await resolve(house, first, "evidence", **fact)
    assert (caught.value.code, caught.value.english[:36]) == ("still-undecided", second)
    assert {row.kind for row in await house.journal.outgoing()} == {"h001"}
    await resolve(house, second, "handled")
    assert (await resolve(house, first, "evidence", **fact))["decision"] == "transfer"
