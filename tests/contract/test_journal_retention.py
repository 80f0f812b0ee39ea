"""Every journal erases what is old and at rest, and nothing else."""

import asyncio
import dataclasses
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.core.case import fold
from gateway.core.events import Erased
from gateway.core.states import MessageState, SendingState
from gateway.journal import Closing
from gateway.journal.retention import Amount, Erasing, Kept
from tests.contract.conftest import NOON, TABLES, Made, SqliteDriver, at, drained, judged_again
from tests.contract.test_journal_model import STEP, Model

LATER = NOON + timedelta(days=400)
ALL = dict.fromkeys(Kept, LATER - timedelta(days=1))
OF_CASES = {Kept.BODIES, Kept.EVIDENCE, Kept.OUTBOUND}


def erasing(**others):
    values = {"before": ALL, "who": "claire", "why": "its time is over", "at": LATER}
    return Erasing(**(values | others))


async def transferred(journal, case_id="case-1", name="m1"):
    """A case that is with its institution; the entry it came by."""
    entry = Made(case_id).transfer(name)
    await journal.record(entry)
    await drained(journal)
    return entry


async def bodies(journal, entry):
    outgoing = [out for out in entry.judgement.outgoing if out.body is not None]
    return (
        await journal.body(entry.judgement.digest),
        [await journal.body(out.digest) for out in outgoing],
    )


async def test_what_is_erased_is_still_known_to_have_been_said(journal):
    await transferred(journal)
    (before,) = await journal.facts(("", 0), 10)
    assert before.evidence is not None
    await journal.erase(erasing(cases=("case-1",)))
    (after,) = await journal.facts(("", 0), 10)
    assert after == dataclasses.replace(before, evidence=None)


async def test_what_is_old_is_found_with_how_much_it_is(journal):
    entry = await transferred(journal)
    found = await journal.old_cases(ALL, "", 10)
    (old,) = found.old
    assert (old.ident, found.next, found.unfinished) == ("case-1", None, {})
    assert old.last == at(12)  # the hand-over was the last to leave
    assert set(old.holds) == OF_CASES
    assert old.holds[Kept.BODIES] == Amount(1, len(entry.body))
    sent = entry.judgement.outgoing
    size = sum(len(out.body or b"") + len(out.sidecar or b"") for out in sent)
    assert old.holds[Kept.OUTBOUND] == Amount(3, size)
    assert old.holds[Kept.EVIDENCE].items == 1


async def test_a_period_counts_from_the_last_thing_that_happened(journal):
    await transferred(journal)
    edge = {kind: at(12) for kind in Kept}
    assert (await journal.old_cases(edge, "", 10)).old == ()
    past = {kind: at(12) + timedelta(microseconds=1) for kind in Kept}
    assert len((await journal.old_cases(past, "", 10)).old) == 1
    await journal.record(Made().deliver("m2", revision=3))
    assert (await journal.old_cases(past, "", 10)).old == ()


async def test_erasing_leaves_everything_but_bytes_and_evidence(journal):
    entry = await transferred(journal)
    before = (await journal.messages(), await journal.explanation("m1"), await journal.counts())
    case = await journal.case("case-1")
    said = await journal.accounts(NOON - timedelta(days=1), LATER)
    gone = await journal.erase(erasing(cases=("case-1",)))
    assert (gone.run, set(gone.amounts)) == (1, OF_CASES)
    assert await bodies(journal, entry) == (None, [None, None])
    assert (await journal.messages(), await journal.explanation("m1"), await journal.counts()) == (
        before
    )
    assert await journal.accounts(NOON - timedelta(days=1), LATER) == said
    event = Erased(("bodies", "evidence", "outbound"), "claire", "its time is over")
    assert await journal.case("case-1") == fold(case, [event])
    (told,) = [h for h in await journal.timeline("case-1") if h.what == "erased"]
    assert (told.who, told.origin, told.state, told.at) == (
        "claire",
        "operator",
        "forwarded",
        LATER,
    )
    assert told.params == {"what": list(event.what), "why": "its time is over"}
    assert [s.state for s in await journal.sendings("case-1")] == [SendingState.HANDED_OVER] * 3


async def test_a_case_reads_the_same_when_it_was_never_seen_before(journal, driver):
    await transferred(journal)
    await journal.case("case-1")
    await journal.erase(erasing(cases=("case-1",)))
    async with driver.reading() as fresh:
        assert await fresh.case("case-1") == await journal.case("case-1")
        assert (await fresh.case("case-1")).erased


async def test_each_class_has_its_own_period(journal):
    entry = await transferred(journal)
    for kind in (Kept.OUTBOUND, Kept.EVIDENCE, Kept.BODIES):
        gone = await journal.erase(erasing(before={kind: ALL[kind]}, cases=("case-1",)))
        assert set(gone.amounts) == {kind}
    assert await bodies(journal, entry) == (None, [None, None])
    again = await journal.erase(erasing(cases=("case-1",)))
    assert (again.run, again.amounts) == (None, {})


async def test_without_a_period_nothing_goes(journal):
    entry = await transferred(journal)
    assert (await journal.old_cases({}, "", 10)).old == ()
    assert (await journal.erase(erasing(before={}, cases=("case-1",)))).amounts == {}
    assert (await bodies(journal, entry))[0] == entry.body


async def test_who_when_why_and_how_much_stay(journal, driver):
    for n in range(3):
        await transferred(journal, f"case-{n}", f"m{n}")
    first = await journal.erase(erasing(cases=("case-0",)))
    later = LATER + timedelta(seconds=1)
    second = await journal.erase(erasing(cases=("case-1",), run=first.run, at=later))
    other = await journal.erase(erasing(cases=("case-2",), run=first.run, who="denis"))
    assert (first.run, second.run, other.run) == (1, 1, 2)  # nobody adds to another one's run
    async with driver.reading() as reader:
        told = [e for e in await reader.erasures() if e.kind is Kept.BODIES]
    (one, two) = told
    assert (one.run, one.who, one.why, one.amount.items) == (1, "claire", "its time is over", 2)
    assert (one.began_at, one.until, one.before) == (LATER, later, ALL[Kept.BODIES])
    assert (two.run, two.who, two.amount.items) == (2, "denis", 1)


# -- what is never touched ------------------------------------------------------------------


async def standing(journal, what):
    """A case that waits for something; the entry whose bytes must stay."""
    made = Made()
    if what == "question":
        entry = made.ask()
    elif what == "person":
        entry = made.refer()
    elif what == "unsent":
        entry = made.transfer()
    elif what == "held":
        entry = made.hold("m1", revision=0)
    elif what == "observed":
        entry = made.transfer()
        entry = judged_again(entry, mode="observe")
    elif what == "silent":
        entry = made.transfer()
    await journal.record(entry)
    for second in range(3):
        claims = await journal.claim(100, at(10 + second), 60.0)
        if what in {"question", "person", "held", "silent"}:
            await journal.handed_over(claims, at(10 + second), LATER)
    return entry


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("question", "waiting"),
        ("person", "worklist"),
        ("unsent", "unsent"),
        ("observed", "unsent"),
        ("held", "waiting"),
        ("silent", "unheard"),
    ],
)
async def test_what_waits_loses_nothing(journal, what, why):
    entry = await standing(journal, what)
    case, kept = await journal.case("case-1"), await bodies(journal, entry)
    found = await journal.old_cases(ALL, "", 10)
    assert (found.old, found.unfinished) == ((), {why: 1})
    assert (await journal.erase(erasing(cases=("case-1",)))).amounts == {}
    assert await journal.case("case-1") == case
    assert await bodies(journal, entry) == kept
    assert None not in kept[1]
    assert await journal.erasures() == ()


async def test_what_began_to_wait_after_the_look_is_not_erased(journal):
    entry = await transferred(journal)
    assert (await journal.old_cases(ALL, "", 10)).old
    await journal.record(Made().refer("m2", revision=3, cause="forwarded-late"))
    gone = await journal.erase(erasing(cases=("case-1",)))
    assert gone.amounts == {}
    assert (await bodies(journal, entry))[0] == entry.body


async def test_a_referred_case_is_at_rest_once_it_was_dealt_with(journal):
    entry = Made().refer()
    await journal.record(entry)
    await journal.settle([Closing("m1", "handled", "claire", "in RINA", at(20))])
    ((old,), _, _) = dataclasses.astuple(await journal.old_cases(ALL, "", 10))
    assert old[:2] == ("case-1", at(20))
    await journal.erase(erasing(cases=("case-1",)))
    assert await journal.body(entry.judgement.digest) is None


async def test_bytes_that_another_case_needs_stay(journal):
    await transferred(journal)
    other = Made("case-2").refer("m2")
    same = Made().message("m1")[0].digest
    other = dataclasses.replace(judged_again(other, digest=same), body=Made().message("m1")[1])
    await journal.record(other)
    gone = await journal.erase(erasing(cases=("case-1",)))
    assert Kept.BODIES not in gone.amounts
    assert await journal.body(same) == other.body


# -- quarantine -----------------------------------------------------------------------------


async def test_what_nobody_decided_is_never_erased(journal):
    entry = Made().set_aside()
    await journal.record(entry)
    found = await journal.old_messages(ALL, "", 10)
    assert (found.old, found.next) == ((), None)
    named = erasing(messages=(entry.judgement.message_id,))
    assert (await journal.erase(named)).amounts == {}
    assert await journal.body(entry.judgement.digest) == entry.body


async def test_what_was_discarded_goes_after_its_period(journal):
    entries = [Made().set_aside(body) for body in (b"<!DOCTYPE a", b"<!DOCTYPE b")]
    for entry in entries:
        await journal.record(entry)
        await journal.discard(entry.judgement.message_id, "claire", "junk", at(50))
    edge = {Kept.QUARANTINE: at(50)}
    ids = sorted(entry.judgement.message_id for entry in entries)
    assert (await journal.old_messages(edge, "", 10)).old == ()
    first = await journal.old_messages(ALL, "", 1)
    assert ([old.ident for old in first.old], first.next) == (ids[:1], ids[0])
    assert [old.ident for old in (await journal.old_messages(ALL, ids[0], 10)).old] == ids[1:]
    gone = await journal.erase(erasing(messages=tuple(ids)))
    assert gone.amounts == {Kept.QUARANTINE: Amount(2, sum(len(e.body) for e in entries))}
    for entry in entries:
        assert await journal.body(entry.judgement.digest) is None
        row = await journal.message(entry.judgement.message_id)
        assert row.state is MessageState.DISCARDED
        (*_, told) = await journal.timeline(entry.judgement.message_id)
        assert (told.what, told.who, told.at) == ("erase", "claire", LATER)
    assert (await journal.old_messages(ALL, "", 10)).old == ()


async def test_bytes_of_a_quarantined_message_outlive_their_case(journal):
    """The same bytes, once set aside under their digest, once in their case."""
    entry = await transferred(journal)
    aside = Made().set_aside(entry.body)
    await journal.record(aside)
    gone = await journal.erase(erasing(cases=("case-1",)))
    assert Kept.BODIES not in gone.amounts
    assert await journal.body(aside.judgement.digest) == entry.body
    await journal.discard(aside.judgement.message_id, "claire", "released", at(60))
    assert (await journal.old_messages(ALL, "", 10)).old == ()  # its case has them still
    gone = await journal.erase(erasing(cases=("case-1",)))
    assert set(gone.amounts) == {Kept.BODIES}


# -- any order of events --------------------------------------------------------------------


async def play(engine, steps):
    """Whatever happened: what waits keeps all of it, the rest its rows, and all goes on."""
    folder = Path(tempfile.mkdtemp())
    try:
        async with engine(folder).opened() as journal:
            await journal.activate(TABLES)
            model = Model(journal)
            for what, *arguments in steps:
                await getattr(model, what)(*arguments)
            await erased_around(journal, tuple(model.cases))
            for case_id in model.cases:  # as the core would: nothing of an erased one is delivered
                case = await journal.case(case_id)
                made = Made(case_id).refer("late", revision=case.revision, cause="erased")
                await journal.record(judged_again(made, message_id=f"late-{case_id}"))
    finally:
        shutil.rmtree(folder)


async def erased_around(journal, case_ids):
    rows = {c: await journal.messages(case_id=c) for c in case_ids}
    cases = {c: await journal.case(c) for c in case_ids}
    open_ones = {c for c in case_ids if await waits(journal, rows[c], cases[c])}
    kept = {c: [await bytes_of(journal, row) for row in rows[c]] for c in case_ids}
    await journal.erase(erasing(cases=case_ids))
    for case_id in case_ids:
        assert await journal.messages(case_id=case_id) == rows[case_id]
        now = [await bytes_of(journal, row) for row in rows[case_id]]
        case = await journal.case(case_id)
        if case_id in open_ones:
            assert (now, case) == (kept[case_id], cases[case_id])
            assert None not in now
        else:
            assert case.erased
            assert set(now) == {None}


async def waits(journal, rows, case):
    """Said otherwise than by the code: some row of it is not at an end."""
    ends = {MessageState.DONE, MessageState.ABSORBED, MessageState.DISCARDED}
    sent = {SendingState.HANDED_OVER, SendingState.WITHDRAWN}
    standings = await journal.sendings(case.case_id)
    return any(row.state not in ends for row in rows) or any(s.state not in sent for s in standings)


async def bytes_of(journal, row):
    (*_, latest) = await journal.explanation(row.message_id)
    return await journal.body(latest["digest"])


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(steps=st.lists(STEP, max_size=40))
def test_an_open_case_loses_nothing_whatever_happened(engine, steps):
    asyncio.run(play(engine, steps))


# -- room -----------------------------------------------------------------------------------


async def test_room_is_given_back_piece_by_piece(tmp_path):
    async with SqliteDriver(tmp_path).opened() as journal:
        await journal.activate(TABLES)
        for n in range(20):
            entry = Made().set_aside(bytes([65 + n]) * 40_000)
            await journal.record(entry)
            await journal.discard(entry.judgement.message_id, "claire", "junk", at(50))
        old = (await journal.old_messages(ALL, "", 100)).old
        await journal.erase(erasing(messages=tuple(one.ident for one in old)))
        pieces = 1
        while await journal.reclaim(16):
            pieces += 1
        assert 5 < pieces < 40  # some 200 pages of 4 KiB
        assert not await journal.reclaim(16)


async def test_what_is_erased_is_in_no_file(tmp_path):
    """Neither in the file nor in the log beside it; what stays is there."""
    driver = SqliteDriver(tmp_path)
    async with driver.opened() as journal:
        await journal.activate(TABLES)
        await transferred(journal)
        await journal.record(Made("case-2").ask("m2"))
        await journal.erase(erasing(cases=("case-1", "case-2")))
        while await journal.reclaim(16):
            pass
        files = b"".join(p.read_bytes() for p in tmp_path.iterdir())
        assert b"of='m1'" not in files
        assert b"of='m2'" in files
        assert files.count(b"Muster") == 1
