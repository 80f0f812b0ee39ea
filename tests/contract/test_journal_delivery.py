"""What the far side says of a sending is written once, in order, and all of a file or nothing."""

import sqlite3

import pytest

from gateway.core.delivery import Status
from gateway.core.events import QuestionFailed, Referred
from gateway.core.states import CaseState, MessageState, QuestionState, SendingState
from gateway.errors import JournalConflict
from gateway.journal import Said
from gateway.journal.sqlite import MIGRATIONS, migrate
from tests.contract.conftest import TARGET, THEM, Made, at, drained

SENT, DELIVERED, FAILED = SendingState.SENT, SendingState.DELIVERED, SendingState.FAILED


def status(claim, state, seconds=100, reason="", receiver=None):
    return Status(claim.message_id, receiver or claim.receiver, state, at(seconds), reason, 2)


async def said(journal, *statuses, seconds=200):
    return [n.said for n in await journal.note_statuses(statuses, "f.csv", at(seconds))]


async def transferred(journal, made, **more):
    """A case that was handed over: X007 to the sender and to the institution, and the hand-over."""
    await journal.record(made.transfer())
    sent = await drained(journal, **more)
    assert [(c.kind, c.receiver) for c in sent] == [
        ("x007", THEM),
        ("x007", TARGET),
        ("hand-over", TARGET),
    ]
    return sent


async def test_a_sending_goes_from_handed_over_to_delivered(journal, made):
    to_sender, *_ = await transferred(journal, made)
    assert (await journal.counts()).sendings == {"handed-over": 3}
    assert await said(journal, status(to_sender, SENT, 100), status(to_sender, DELIVERED, 101)) == [
        Said.NEW,
        Said.NEW,
    ]
    assert (await journal.counts()).sendings == {"handed-over": 2, "delivered": 1}
    told = [h for h in await journal.timeline("case-1") if h.origin == "outbound"]
    mine = [(h.state, h.at) for h in told if h.params["message_id"] == to_sender.message_id]
    assert mine == [("handed-over", at(10)), ("sent", at(100)), ("delivered", at(101))]
    assert (await journal.message("m1")).state is MessageState.DONE


async def test_a_failure_that_was_told_before_the_delivery_is_known_when_it_is_told_again(
    journal, made
):
    """A message of a broker comes again when its acknowledgement was lost."""
    to_sender, *_ = await transferred(journal, made)
    both = (status(to_sender, FAILED, 100), status(to_sender, DELIVERED, 101))
    assert await said(journal, *both) == [Said.NEW, Said.NEW]
    assert await said(journal, *both) == [Said.KNOWN, Said.KNOWN]
    assert await said(journal, status(to_sender, FAILED, 102)) == [Said.CONTRADICTS]
    assert (await journal.counts()).sendings == {"handed-over": 2, "delivered": 1}


async def test_what_is_known_changes_nothing(journal, made):
    to_sender, *_ = await transferred(journal, made)
    both = (status(to_sender, DELIVERED), status(to_sender, SENT))
    assert await said(journal, *both) == [Said.NEW, Said.KNOWN]
    before = await journal.timeline("case-1")
    assert await said(journal, *both, seconds=300) == [Said.KNOWN, Said.KNOWN]
    assert await journal.timeline("case-1") == before


async def test_one_status_that_cannot_be_keeps_all_of_them_out(journal, made):
    to_sender, to_target, _ = await transferred(journal, made)
    await said(journal, status(to_sender, DELIVERED))
    revision = (await journal.case("case-1")).revision
    for wrong, why in (
        (status(to_sender, FAILED), Said.CONTRADICTS),
        (status(to_sender, DELIVERED, receiver=TARGET), Said.OTHER_RECEIVER),
        (Status("nobody", TARGET, SENT, at(1), "", 2), Said.UNKNOWN),
    ):
        assert await said(journal, status(to_target, FAILED), wrong) == [Said.NEW, why]
    assert (await journal.counts()).sendings == {"handed-over": 2, "delivered": 1}
    assert (await journal.case("case-1")).revision == revision


async def test_what_has_not_left_comes_too_early(journal, made):
    await journal.record(made.transfer())
    (to_sender,) = await journal.claim(10, at(10), 60.0)
    assert await said(journal, status(to_sender, SENT)) == [Said.TOO_EARLY]
    assert await journal.handed_over([to_sender], at(201)) == 1
    assert await said(journal, status(to_sender, SENT)) == [Said.NEW]


async def test_a_failed_hand_over_puts_the_case_with_a_person(journal, made):
    *_, hand_over = await transferred(journal, made)
    assert await said(journal, status(hand_over, FAILED, reason="NO-SUCH-BOX")) == [Said.NEW]
    row = await journal.message("m1")
    assert (row.state, row.cause, row.candidates) == (
        MessageState.REFERRED,
        "not-delivered",
        (TARGET,),
    )
    case = await journal.case("case-1")
    assert (case.state, case.holder) == (CaseState.REFERRED, TARGET)
    assert (await journal.counts()).worklist == {"not-delivered": 1}
    assert (await journal.by_buc())["P_BUC_01"] == {"received": 1, "referred": 1}
    failed = [h for h in await journal.timeline("m1") if h.state == "failed"]
    assert [h.params["reason"] for h in failed] == ["NO-SUCH-BOX"]
    with pytest.raises(JournalConflict):
        await journal.record(made.deliver("m2", revision=3))


async def test_a_failed_forwarding_holds_back_the_hand_over_that_has_not_left(journal, made):
    await journal.record(made.transfer())
    for seconds in (10, 20):  # both copies of the X007
        claims = await journal.claim(10, at(seconds), 60.0)
        await journal.handed_over(claims, at(seconds + 1))
    (forwarding,) = claims
    (hand_over,) = await journal.claim(10, at(30), 5.0)
    busy = await said(journal, status(forwarding, FAILED), seconds=31)
    assert busy == [Said.TOO_EARLY]  # it may be out already
    await journal.defer(hand_over, at(40), "full")
    assert await said(journal, status(forwarding, FAILED), seconds=32) == [Said.NEW]
    assert await journal.claim(10, at(999), 60.0) == []
    assert (await journal.counts()).sendings == {"handed-over": 1, "failed": 1, "withdrawn": 1}
    assert (await journal.message("m1")).cause == "not-delivered"


async def test_what_failed_may_still_arrive_and_stays_with_the_person(journal, made):
    *_, hand_over = await transferred(journal, made)
    await said(journal, status(hand_over, FAILED))
    assert await said(journal, status(hand_over, SENT), status(hand_over, DELIVERED)) == [
        Said.KNOWN,
        Said.NEW,
    ]
    assert (await journal.message("m1")).state is MessageState.REFERRED


async def test_a_question_that_did_not_arrive_has_failed(journal, made):
    await journal.record(made.ask())
    (question,) = await drained(journal)
    await said(journal, status(question, FAILED))
    case = await journal.case("case-1")
    assert case.questions[0].state is QuestionState.FAILED
    assert (await journal.message("m1")).cause == "not-delivered"
    (past,) = await journal.past(None, 9)
    assert past.events[-2:] == (
        QuestionFailed(question.message_id),
        Referred("m1", "not-delivered"),
    )


# -- silence --------------------------------------------------------------------------------


async def handed_over(journal, made):
    await journal.record(made.transfer())
    sent = []
    while claims := await journal.claim(10, at(10 + len(sent)), 60.0):
        await journal.handed_over(claims, at(10 + len(sent)), at(100))
        sent.extend(claims)
    return sent


async def test_what_nobody_says_anything_of_goes_to_a_person_once(journal, made):
    sent = await handed_over(journal, made)
    assert await journal.refer_silent(at(99), 9) == []
    first = await journal.refer_silent(at(100), 2)
    assert len(first) == 2
    rest = await journal.refer_silent(at(100), 9)
    assert sorted([*first, *rest]) == sorted(c.message_id for c in sent)
    assert await journal.refer_silent(at(999), 9) == []
    row = await journal.message("m1")
    assert (row.state, row.cause) == (MessageState.REFERRED, "no-status")
    case = await journal.case("case-1")
    assert (case.state, case.revision) == (CaseState.FORWARDED, 3)  # later SEDs still go on


async def test_the_entry_goes_when_all_of_it_is_heard_of(journal, made):
    sent = await handed_over(journal, made)
    await journal.refer_silent(at(100), 9)
    await said(journal, *(status(c, DELIVERED) for c in sent[:2]))
    assert (await journal.message("m1")).state is MessageState.REFERRED
    await said(journal, status(sent[2], SENT))
    assert (await journal.message("m1")).state is MessageState.DONE
    assert (await journal.counts()).worklist == {}


async def test_a_status_in_time_ends_the_wait(journal, made):
    sent = await handed_over(journal, made)
    await said(journal, *(status(c, SENT) for c in sent), seconds=50)
    assert await journal.refer_silent(at(999), 9) == []


async def test_a_question_has_a_clock_of_its_own_and_nothing_is_awaited_unless_told(journal):
    await journal.record(Made("case-1").ask())
    claims = await journal.claim(10, at(10), 60.0)
    await journal.handed_over(claims, at(11), at(100))
    assert await journal.refer_silent(at(999), 9) == []
    await journal.record(Made("case-3").transfer("m3"))
    await drained(journal, 20)
    assert await journal.refer_silent(at(999), 9) == []


def test_what_was_called_sent_is_handed_over_and_not_awaited_after_the_update(tmp_path):
    with sqlite3.connect(tmp_path / "journal.db", isolation_level=None) as db:
        db.execute("CREATE TABLE migration (version INTEGER PRIMARY KEY) STRICT")
        step = next(MIGRATIONS.glob("*_delivery.sql"))
        for number, before in enumerate(sorted(MIGRATIONS.iterdir())[: int(step.name[:4]) - 1], 1):
            db.executescript(before.read_text(encoding="utf-8"))
            db.execute("INSERT INTO migration VALUES (?)", (number,))
        columns = "message_id, instance, environment, case_id, seq, about, kind, object, receiver"
        more = "destination, media, digest, state, composed_at, due"
        marks = ", ".join("?" * 15)
        row = ("x", "i", "demo", "c", 1, "m", "x007", "o", "r", "rina", "xml", "d", "sent", 1, 1)
        db.execute(f"INSERT INTO sending ({columns}, {more}) VALUES ({marks})", row)
        migrate(db)
        assert db.execute("SELECT state, status_due FROM sending").fetchall() == [
            ("handed-over", None)
        ]
    db.close()
