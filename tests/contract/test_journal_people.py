"""Every journal keeps what people hold back, let go and take back (`gateway.journal`)."""

import pytest

from gateway.core.events import Forwarded
from gateway.core.leaving import Mode
from gateway.core.states import CaseState, SendingState
from gateway.errors import JournalConflict
from gateway.journal import Choice, Word
from gateway.journal.pausing import Pause, Reach
from tests.contract.conftest import TARGET, at, judged_again

LEASE = 60.0
WORD = Word("claire", "seen", at(50))


async def proposed(journal, made):
    """A transfer that waits for a yes; its revision and the ids of what waits."""
    await journal.record(judged_again(made.transfer(), mode=Mode.CONFIRM))
    rows = await journal.outgoing(states=[SendingState.PROPOSED])
    return (await journal.case("case-1")).revision, tuple(row.message_id for row in rows)


async def states(journal):
    return [row.state.value for row in await journal.outgoing(named=["case-1"])]


async def test_what_waits_for_a_yes_is_not_claimed(journal, made):
    revision, ids = await proposed(journal, made)
    assert await journal.claim(9, at(10), LEASE) == []
    assert (await journal.message("m1")).state == "recorded"
    backlog = await journal.backlog(at(10))
    assert (backlog.unsent, backlog.proposed, backlog.oldest_proposed) == (0, 3, at(1))
    await journal.confirm([Choice("case-1", revision, ids)], WORD)
    assert await states(journal) == ["due", "due", "waiting"]
    assert [claim.kind for claim in await journal.claim(9, at(51), LEASE)] == ["x007"]


async def test_a_yes_to_a_case_that_moved_on_changes_nothing(journal, made):
    revision, ids = await proposed(journal, made)
    with pytest.raises(JournalConflict):
        await journal.confirm([Choice("case-1", revision - 1, ids)], WORD)
    with pytest.raises(JournalConflict):
        await journal.take_back(Choice("case-1", revision + 1, ids[:1]), WORD)
    await journal.confirm([Choice("case-1", revision, ids[:1])], WORD)
    with pytest.raises(JournalConflict):
        await journal.confirm([Choice("case-1", revision, ids)], WORD)
    assert await states(journal) == ["due", "proposed", "proposed"]


async def test_what_is_on_its_way_out_is_not_taken_back(journal, made):
    await journal.record(made.transfer())
    (claim,) = await journal.claim(1, at(10), LEASE)
    case = await journal.case("case-1")
    choice = Choice("case-1", case.revision, (claim.message_id,))
    with pytest.raises(JournalConflict):
        await journal.take_back(choice, Word("claire", "no", at(20)))
    await journal.take_back(choice, Word("claire", "no", at(99)))  # who had it is taken for dead
    assert (await states(journal))[0] == "withdrawn"
    assert await journal.handed_over([claim], at(100)) == 0
    after = await journal.case("case-1")
    assert after.state is CaseState.REFERRED
    assert (await journal.message("m1")).cause == "recalled"
    told = [h for h in await journal.timeline("case-1") if h.what == "withdraw"]
    assert {(h.who, h.params["reason"]) for h in told} == {("claire", "no")}


async def test_what_is_late_and_held_is_not_late_until_it_is_let_go(journal, made):
    await journal.record(made.ask())
    [claim] = await journal.claim(9, at(100), LEASE)
    assert await journal.defer(claim, at(1000), "destination-down")
    assert (await journal.backlog(at(200))).oldest_due == at(1)
    await journal.pause(Pause(Reach.BUC, "P_BUC_01", at(300), "claire", "it is away"))
    backlog = await journal.backlog(at(2000))
    assert (backlog.held, backlog.oldest_due) == (1, None)
    await journal.resume(Reach.BUC, "P_BUC_01", who="claire", why="it is back", at=at(2100))
    assert (await journal.backlog(at(2200))).oldest_due == at(1)


async def test_a_pause_holds_until_it_is_resumed(driver, journal, made):
    await journal.record(made.transfer())
    pause = Pause(Reach.BUC, "P_BUC_01", at(2), "claire", "wait")
    assert await journal.pause(pause)
    assert not await journal.pause(pause)
    assert await journal.claim(9, at(10), LEASE) == []
    backlog = await journal.backlog(at(10))
    assert (backlog.unsent, backlog.held, backlog.oldest_due) == (3, 3, None)
    async with driver.reading() as reader:
        assert await reader.pauses() == (pause,)
    of = {"who": "denis", "why": "go", "at": at(20)}
    assert not await journal.resume(Reach.COUNTRY, "DE", **of)
    assert await journal.resume(Reach.BUC, "P_BUC_01", **of)
    assert not await journal.resume(Reach.BUC, "P_BUC_01", **of)
    assert await journal.pauses() == ()
    (over,) = await journal.pauses(every=True)
    assert (over.until, over.resumed_by, over.resumed_why) == (at(20), "denis", "go")
    assert len(await journal.claim(9, at(21), LEASE)) == 1


@pytest.mark.parametrize("institution", [TARGET, "FR:0000000002"])
async def test_an_x007_sent_by_hand_lets_go_what_waits_for_that_institution_alone(
    journal, made, institution
):
    await journal.record(made.transfer())
    revision = (await journal.case("case-1")).revision
    entry = made.refer("m2", revision=revision)
    by_hand = Forwarded(institution, "x7", "set-x7", by_hand=True)
    events = (entry.judgement.events[0], by_hand)
    await journal.record(judged_again(entry, events=events))
    rows = [(row.kind, row.state.value) for row in await journal.outgoing(named=["case-1"])]
    if institution == TARGET:
        assert rows == [("x007", "withdrawn")] * 2 + [("hand-over", "due")]
    else:
        assert rows == [("x007", "due")] * 2 + [("hand-over", "waiting")]
