"""What is true of the journal in a SQLite file alone: its lock, its file, its kill test."""

import asyncio
import dataclasses
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from gateway.core.decision import Way
from gateway.errors import JournalUnavailable, StateLocked
from gateway.journal import Duplicate, Recorded
from gateway.journal.codec import instant
from tests.contract.conftest import TABLES, Made, SqliteDriver, at

LEASE = 60.0


@pytest.fixture
def driver(tmp_path):
    return SqliteDriver(tmp_path)


def plain(path):
    return sqlite3.connect(f"file:{path}?mode=ro", uri=True)


async def test_what_a_dead_gateway_had_claimed_is_claimed_at_once(driver, made):
    """The lock proves that nobody else is at it: no lease is waited for after a crash."""
    async with driver.opened() as journal:
        await journal.activate(TABLES)
        await journal.record(made.transfer())
        claimed = await journal.claim(10, at(1), LEASE)
        assert claimed
    async with driver.opened() as journal:
        reclaimed = await journal.claim(10, at(1), LEASE)
        assert [c.message_id for c in reclaimed] == [c.message_id for c in claimed]
        assert await journal.handed_over(claimed, at(2)) == 0  # the old tokens are void
        assert await journal.handed_over(reclaimed, at(2)) == len(claimed)


async def test_sqlite_keeps_a_second_gateway_out(driver, journal):
    with pytest.raises(StateLocked):
        async with driver.opened():
            pass


async def test_sqlite_unlocks_on_close(driver):
    for _ in range(2):
        async with driver.opened() as journal:
            await journal.activate(TABLES)


async def test_sqlite_files_are_for_their_owner_alone(driver, journal, made):
    old = os.umask(0)
    try:
        await journal.record(made.transfer())
        for path in driver.path.parent.iterdir():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name
    finally:
        os.umask(old)


async def test_sqlite_is_durable_and_strict(driver, journal, made):
    assert (
        await journal._writer.write(
            lambda page: page.db.execute("PRAGMA synchronous").fetchone()[0]
        )
        == 2
    )
    with plain(driver.path) as db:
        assert db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        tables = db.execute("PRAGMA table_list").fetchall()
    db.close()
    loose = [
        t[1] for t in tables if t[2] == "table" and not t[5] and not t[1].startswith("sqlite_")
    ]
    assert loose == []


async def test_sqlite_rows_say_whose_they_are(driver, journal, made):
    await journal.record(made.ask(way=Way.OWN_CASE))
    db = plain(driver.path)
    for table in ("message", "decision", "history", "evidence", "own_case", "sending"):
        assert set(db.execute(f"SELECT instance, environment FROM {table}")) == {("rina-1", "test")}
    db.close()


async def test_sqlite_holds_personal_data_in_two_tables_alone(driver, journal, made):
    await journal.record(made.transfer())
    db = plain(driver.path)
    for (table,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
        rows = repr(db.execute(f"SELECT * FROM {table}").fetchall())
        assert ("Muster" in rows) == (table == "evidence"), table
    db.close()


async def test_sqlite_forgets_a_person_and_keeps_the_rest(driver, made):
    async with driver.opened() as journal:
        await journal.activate(TABLES)
        await journal.record(made.refer())
    db = sqlite3.connect(driver.path)
    with db:
        db.execute("DELETE FROM evidence")
        db.execute("UPDATE body SET bytes = NULL")
    db.close()
    async with driver.opened() as journal:
        seen = (await journal.case("case-1")).received("m1")
        assert (seen.evidence, seen.body) == (None, made.message("m1")[0].digest)
        assert await journal.body(seen.body) is None
        assert await journal.record(made.refer()) == Duplicate()


async def test_sqlite_a_beat_is_written(driver, journal):
    for second in (1, 2):
        await journal.beat(at(second))
    db = plain(driver.path)
    ((instance, when),) = db.execute("SELECT instance, at FROM heartbeat").fetchall()
    db.close()
    assert (instance, instant(when)) == ("rina-1", at(2))


async def test_sqlite_disk_full_fails_those_waiting_and_goes_on(journal):
    def size(pages):
        return lambda page: page.db.execute(f"PRAGMA max_page_count = {pages}").fetchone()[0]

    pages = await journal._writer.write(
        lambda page: page.db.execute("PRAGMA page_count").fetchone()[0]
    )
    await journal._writer.write(size(pages + 5))
    big = [dataclasses.replace(Made(f"c{n}").refer(f"m{n}"), body=b"x" * 20000) for n in range(40)]
    outcomes = await asyncio.gather(*map(journal.record, big), return_exceptions=True)
    assert {type(o) for o in outcomes} >= {JournalUnavailable}
    recorded = [e for e, o in zip(big, outcomes, strict=True) if o == Recorded()]
    listed = {row.message_id for row in await journal.messages()}
    assert listed == {e.judgement.message_id for e in recorded}
    await journal._writer.write(size(100_000))
    again = await asyncio.gather(*map(journal.record, big))
    assert again.count(Recorded()) == 40 - len(recorded)
    assert (await journal.counts()).messages == {"referred": 40}


async def test_sqlite_disk_error_half_way_leaves_nothing_and_goes_on(driver, journal):
    def breaks(page):
        page.db.execute("INSERT INTO heartbeat VALUES ('half', 1)")
        raise sqlite3.OperationalError("disk I/O error")

    neighbours = [journal.record(Made(f"c{n}").refer(f"m{n}")) for n in range(5)]
    writes = [*neighbours, journal._writer.write(breaks)]
    outcomes = await driver.together(journal, writes)
    assert {type(o) for o in outcomes} == {JournalUnavailable}
    assert await journal.record(Made().refer("after")) == Recorded()
    assert (await journal.counts()).messages == {"referred": 1}
    query = "SELECT count(*) FROM heartbeat"
    found = await journal._writer.write(lambda page: page.db.execute(query).fetchone()[0])
    assert found == 0


async def test_sqlite_a_bug_in_one_write_reaches_who_waits_and_nobody_else(driver, journal):
    def breaks(page):
        page.db.execute("INSERT INTO heartbeat VALUES ('half', 1)")
        raise ZeroDivisionError

    writes = [journal.record(Made(f"c{n}").refer(f"m{n}")) for n in range(5)]
    writes.insert(2, journal._writer.write(breaks))
    outcomes = await driver.together(journal, writes)
    assert isinstance(outcomes.pop(2), ZeroDivisionError)
    assert outcomes == [Recorded()] * 5
    query = "SELECT count(*) FROM heartbeat"
    found = await journal._writer.write(lambda page: page.db.execute(query).fetchone()[0])
    assert found == 0


async def test_sqlite_that_cannot_be_opened_says_so(driver):
    driver.path.mkdir()
    with pytest.raises(JournalUnavailable, match=r"journal\.db"):
        async with driver.opened():
            pass
    driver.path.rmdir()
    driver.path.write_bytes(b"no database at all, but some text that is long enough" * 100)
    with pytest.raises(JournalUnavailable):
        async with driver.opened():
            pass
    with pytest.raises(JournalUnavailable):
        async with driver.reading():
            pass


async def test_sqlite_of_a_later_version_is_left_alone(driver):
    async with driver.opened():
        pass
    db = sqlite3.connect(driver.path)
    with db:
        db.execute("INSERT INTO migration VALUES (9999)")
    db.close()
    with pytest.raises(JournalUnavailable) as raised:
        async with driver.opened():
            pass
    assert raised.value.code == "journal-of-another-version"


KILLED = """
    import asyncio, itertools, sys
    from pathlib import Path
    sys.path.insert(0, {here!r})
    from tests.contract.conftest import TABLES, Made, at
    from gateway.journal.sqlite import SqliteJournal

    async def work(path, life):
        journal = await SqliteJournal.open(path, instance="rina-1", environment="test")
        if await journal.release(at(0)) is None:
            await journal.activate(TABLES)
        print("open", flush=True)
        numbers = itertools.count()

        async def record():
            for n in numbers:
                await journal.record(Made(f"case-{{life}}-{{n}}").transfer(f"m-{{life}}-{{n}}"))
                print(f"m-{{life}}-{{n}}", flush=True)

        async def send():
            while True:
                for claim in await journal.claim(20, at(100), 60.0):
                    if await journal.handed_over([claim], at(100)):
                        print("sent", claim.message_id, flush=True)

        await asyncio.gather(*(record() for _ in range(16)), send())

    asyncio.run(work(Path(sys.argv[1]), sys.argv[2]))
"""


def lives_and_deaths(path):
    """Run and kill it, again and again; what it acknowledged as recorded and as sent."""
    script = textwrap.dedent(KILLED).format(here=str(Path(__file__).parents[2]))
    promised, sent = set(), set()
    for life in range(8):
        process = subprocess.Popen(
            [sys.executable, "-c", script, str(path), str(life)],
            stdout=subprocess.PIPE,
            text=True,
        )
        lines = []
        for line in process.stdout:
            lines.append(line)
            if len(lines) == 20 + 37 * life:
                process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        whole = [line.strip() for line in lines if line.endswith("\n")]
        promised |= {line for line in whole if line.startswith("m-")}
        sent |= {line.split()[1] for line in whole if line.startswith("sent")}
        assert process.returncode == -signal.SIGKILL
    return promised, sent


@pytest.mark.long
@pytest.mark.timeout(120)
async def test_a_killed_gateway_has_everything_it_acknowledged(driver):
    promised, sent = await asyncio.to_thread(lives_and_deaths, driver.path)
    assert len(promised) > 400
    assert sent
    async with driver.opened() as journal:
        rows = {row.message_id for row in await journal.messages(limit=10**6)}
        assert promised <= rows
        counts = await journal.counts()
        assert sum(counts.sendings.values()) == 3 * len(rows)
        assert counts.sendings["handed-over"] >= len(sent)
        for name in rows:
            case = await journal.case(name.replace("m-", "case-", 1))
            assert case.revision == (3 if case.forwarded_at else 2)
    check = plain(driver.path)
    assert check.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    left = "SELECT message_id FROM sending WHERE state = 'handed-over'"
    done = {name for (name,) in check.execute(left)}
    check.close()
    assert sent <= done
