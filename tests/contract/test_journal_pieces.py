"""Every journal keeps large bodies in pieces: whole or not at all, and nothing waits for them."""

import asyncio
import dataclasses
import sqlite3
import threading
from datetime import timedelta
from functools import partial

import pytest

from gateway.core.outgoing import SendingKind
from gateway.errors import JournalConflict
from gateway.journal import LARGE, Duplicate, IdentityConflict, Recorded, recording
from gateway.journal.pieces import PIECE, add
from gateway.journal.retention import Amount, Erasing, Kept
from tests.contract.conftest import NOON, TABLES, Made, at, drained, judged_again, sha256

LATER = NOON + timedelta(days=400)
SIZE = 3 * PIECE + 17


def large(entry, size=SIZE, filling=b"a"):
    """The same entry with a body of so many bytes, which is what it hands over."""
    body = entry.body.ljust(size, filling)
    old, digest = entry.judgement.digest, sha256(body)
    outgoing = tuple(
        dataclasses.replace(out, digest=digest) if out.digest == old else out
        for out in entry.judgement.outgoing
    )
    judged = judged_again(entry, digest=digest, outgoing=outgoing)
    return dataclasses.replace(judged, body=body)


async def pieces_in(journal):
    """How many there are."""
    return await journal._writer.write(
        lambda page: page.db.execute("SELECT count(*) FROM piece").fetchone()[0]
    )


@pytest.mark.parametrize("size", [LARGE - 1, LARGE, LARGE + 1, SIZE])
async def test_a_body_of_any_size_is_read_as_it_was_written(journal, made, size):
    entry = large(made.transfer(), size)
    assert await journal.record(entry) == Recorded()
    assert await journal.body(entry.judgement.digest) == entry.body
    assert (await pieces_in(journal) > 0) is (size >= LARGE)
    (past,) = await journal.past(None, 10)
    assert [message.body for message in past.messages] == [entry.body]


async def test_others_write_while_a_large_body_is_written(journal, made):
    order = []

    async def recorded(entry):
        await journal.record(entry)
        order.append(entry.judgement.message_id)

    first = asyncio.create_task(recorded(large(made.transfer("large"), 40 * PIECE)))
    while not await pieces_in(journal):
        pass
    await recorded(Made("case-2").transfer("small"))
    await first
    assert order == ["small", "large"]


async def test_what_is_large_is_claimed_without_its_bytes(journal, made):
    entry = large(made.transfer())
    await journal.record(entry)
    sent = await drained(journal)
    bytes_of = {claim.kind: (claim.large, len(claim.body) > 0) for claim in sent}
    assert bytes_of == {"x007": (False, True), "hand-over": (True, False)}
    (handed,) = [claim for claim in sent if claim.kind == SendingKind.HAND_OVER]
    assert await journal.body(handed.digest) == entry.body


async def test_the_same_again_writes_nothing(journal, made):
    entry = large(made.transfer())
    await journal.record(entry)
    before = await pieces_in(journal)
    assert await journal.record(entry) == Duplicate()
    other = large(made.transfer(), filling=b"b")
    assert await journal.record(other) == IdentityConflict()
    assert await journal.body(entry.judgement.digest) == entry.body
    aside = made.set_aside(other.body)
    assert await journal.record(aside) == Recorded()  # as the pipeline goes on with it
    assert await journal.body(aside.judgement.digest) == other.body
    assert await pieces_in(journal) == 2 * before


async def test_two_messages_share_the_pieces_of_one_body(journal):
    body = b"x" * SIZE
    for cause in ("doctype", "not-xml"):
        aside = Made().set_aside(body, cause)
        aside = judged_again(aside, message_id=cause)
        assert await journal.record(aside) == Recorded()
    assert await pieces_in(journal) == 4
    assert await journal.body(sha256(body)) == body


async def test_a_message_is_not_recorded_without_all_of_its_pieces(journal, made):
    """Somebody took them for left behind; the pipeline judges again, and they are written again."""
    entry = large(made.transfer())
    written = journal._write_pieces

    async def robbed(entry):
        await written(entry)
        sql = "DELETE FROM piece WHERE number = 1"
        await journal._writer.write(lambda page: page.db.execute(sql) and None)

    journal._write_pieces = robbed
    with pytest.raises(JournalConflict) as conflict:
        await journal.record(entry)
    assert conflict.value.code == "body-in-pieces"
    assert await journal.message("m1") is None
    assert await journal.body(entry.judgement.digest) is None
    journal._write_pieces = written
    assert await journal.record(entry) == Recorded()
    assert await journal.body(entry.judgement.digest) == entry.body


async def test_pieces_of_a_dead_worker_are_used_or_dropped(driver, made):
    entry = large(made.transfer())
    digest = entry.judgement.digest
    async with driver.opened() as dies:
        await dies.activate(TABLES)
        await dies._write_pieces(large(Made("case-2").transfer("never"), filling=b"c"))
        await dies._writer.write(partial(add, row=(digest, 0, memoryview(entry.body)[:PIECE])))
        assert await dies.record(entry) == Recorded()
        assert await pieces_in(dies) == 8
        await driver.aged(dies)
    async with driver.opened() as later:
        assert await pieces_in(later) == 4  # of what is recorded, and no other
        assert await later.body(digest) == entry.body


async def test_pieces_are_not_dropped_while_they_are_counted(driver, made):
    """What an earlier worker left is used by one just as another one opens the journal."""
    entry = large(made.transfer())
    async with driver.opened() as one:
        await one.activate(TABLES)
        await one._write_pieces(entry)
        await driver.aged(one)
        counted, go_on = asyncio.Event(), threading.Event()
        loop = asyncio.get_running_loop()

        def recorded(page):
            outcome = recording.record(page, one._scope, entry)
            loop.call_soon_threadsafe(counted.set)
            go_on.wait(10)
            return outcome

        recording_it = asyncio.create_task(one._writer.write(recorded, recording.about(entry)))
        await counted.wait()
        opening = asyncio.create_task(driver.opened_and_closed())
        done, _ = await asyncio.wait({opening}, timeout=0.5)
        go_on.set()
        assert await recording_it == Recorded()
        await opening
        assert await one.body(entry.judgement.digest) == entry.body
        assert driver.alone or not done


async def test_what_is_known_and_erased_is_not_written_again(journal, made):
    entry = large(made.transfer())
    await journal.record(entry)
    await drained(journal)
    before = dict.fromkeys(Kept, LATER - timedelta(days=1))
    wanted = Erasing(
        before=before, who="claire", why="its time is over", at=LATER, cases=("case-1",)
    )
    await journal.erase(wanted)
    assert await journal.record(entry) == Duplicate()
    assert await pieces_in(journal) == 0


async def test_a_piece_is_written_also_where_the_log_cannot_be_moved(driver, made, monkeypatch):
    def full(_connection):
        raise sqlite3.OperationalError("disk is full")

    monkeypatch.setattr("gateway.journal.sqlite.SqliteConnection.checkpoint", full)
    async with driver.opened() as journal:
        await journal.activate(TABLES)
        entry = large(made.transfer())
        assert await journal.record(entry) == Recorded()
        assert await journal.body(entry.judgement.digest) == entry.body


async def test_what_is_erased_is_gone_piece_by_piece(journal, made):
    entry = large(made.transfer())
    await journal.record(entry)
    await drained(journal)
    before = dict.fromkeys(Kept, LATER - timedelta(days=1))
    (old,) = (await journal.old_cases(before, "", 10)).old
    assert old.holds[Kept.BODIES] == Amount(1, SIZE)
    wanted = Erasing(
        before=before, who="claire", why="its time is over", at=LATER, cases=("case-1",)
    )
    gone = await journal.erase(wanted)
    assert gone.amounts[Kept.BODIES] == Amount(1, SIZE)
    assert await journal.body(entry.judgement.digest) is None
    assert await pieces_in(journal) == 0
    assert (await journal.old_cases(before, "", 10)).old == ()
    later = large(made.transfer("m1"))  # the same bytes once more, under another id
    assert await journal.record(judged_again(Made("case-9").set_aside(later.body))) == Recorded()
    assert await journal.body(entry.judgement.digest) == entry.body


async def test_an_erased_large_message_out_of_quarantine_is_counted(journal):
    aside = Made().set_aside(b"y" * SIZE)
    await journal.record(aside)
    name = aside.judgement.message_id
    await journal.discard(name, "claire", "not for us", at(5))
    before = {Kept.QUARANTINE: LATER}
    (old,) = (await journal.old_messages(before, "", 10)).old
    assert old.holds == {Kept.QUARANTINE: Amount(1, SIZE)}
    wanted = Erasing(before=before, who="claire", why="over", at=LATER, messages=(name,))
    assert (await journal.erase(wanted)).amounts == {Kept.QUARANTINE: Amount(1, SIZE)}
    assert await pieces_in(journal) == 0
