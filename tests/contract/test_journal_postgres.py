"""What is true of the journal in PostgreSQL alone: workers beside each other, lines that break."""

import asyncio
import dataclasses
import os
import threading
from contextlib import asynccontextmanager

import psycopg
import pytest
from pydantic import SecretStr

from gateway.errors import (
    JournalConflict,
    JournalUnavailable,
    Refused,
    StateLocked,
    Unreachable,
)
from gateway.journal import Contradiction, Duplicate, Recorded, outbox, postgres_schema
from gateway.journal.copying import copy
from gateway.journal.engine import About
from gateway.journal.history import Scope
from gateway.journal.keeping import locked
from gateway.journal.postgres import PostgresJournal, PostgresReader
from gateway.journal.postgres_schema import Step
from tests.contract.conftest import (
    TABLES,
    TARGET,
    Made,
    PostgresDriver,
    SqliteDriver,
    at,
    judged_again,
    sha256,
)

pytestmark = [pytest.mark.program, pytest.mark.long]
LEASE = 60.0


@pytest.fixture
def driver(tmp_path, cluster):
    return PostgresDriver(tmp_path, cluster)


@pytest.fixture
async def other(driver, journal):
    """Another worker on the same database."""
    async with driver.opened() as opened:
        yield opened


@pytest.fixture
def plain(driver, cluster):
    """A line to the database that is not the gateway's."""
    with cluster.connected(driver.server.database) as db:
        yield db


@asynccontextmanager
async def under_way(journal, work, about):
    """A transaction of this worker that has done its work, and not ended."""
    done, gate = threading.Event(), threading.Event()

    def held(page):
        result = work(page)
        page.flush()
        done.set()
        gate.wait(20)
        return result

    task = asyncio.ensure_future(journal._writer.write(held, about))
    assert await asyncio.to_thread(done.wait, 20)
    try:
        yield task
    finally:
        gate.set()
        await task


def of_all(outcomes, kind):
    return sum(isinstance(outcome, kind) for outcome in outcomes)


# -- workers beside each other --------------------------------------------------------------


async def test_of_two_judgements_on_one_case_one_is_written(journal, other):
    """In opposite orders, so that locks taken as they come would wait for each other."""
    names = [f"case-{n}" for n in range(150)]
    one = [journal.record(Made(name).transfer(f"{name}-a")) for name in names]
    two = [other.record(Made(name).transfer(f"{name}-b")) for name in reversed(names)]
    outcomes = await asyncio.gather(*one, *two, return_exceptions=True)
    assert (of_all(outcomes, Recorded), of_all(outcomes, JournalConflict)) == (150, 150)
    assert len(await journal.outgoing()) == 3 * 150
    for name in names:
        assert (await other.case(name)).revision == 2


async def test_one_message_that_reaches_two_workers_is_recorded_once(journal, other, made):
    entries = [Made(f"case-{n}").refer(f"m{n}") for n in range(100)]
    both = [worker.record(entry) for entry in entries for worker in (journal, other)]
    outcomes = await asyncio.gather(*both)
    assert (of_all(outcomes, Recorded), of_all(outcomes, Duplicate)) == (100, 100)
    bodiless = [made.set_aside(b"<broken %d" % n) for n in range(50)]
    both = [worker.record(entry) for entry in bodiless for worker in (other, journal)]
    outcomes = await asyncio.gather(*both)
    assert (of_all(outcomes, Recorded), of_all(outcomes, Duplicate)) == (50, 50)


async def test_what_one_worker_is_claiming_the_other_passes_by(journal, other):
    for n in range(4):
        await journal.record(Made(f"case-{n}").ask(f"m{n}"))
    scope = Scope("rina-1", "test")

    def two(page):
        return outbox.claim(page, scope, 2, at(10), LEASE)

    async with under_way(journal, two, About()) as first:
        second = await asyncio.wait_for(other.claim(10, at(10), LEASE), 10)
    claimed = [claim.message_id for claim in [*await first, *second]]
    assert (len(second), len(set(claimed))) == (2, 4)


async def test_two_workers_claim_everything_once(journal, other):
    await asyncio.gather(*(journal.record(Made(f"c{n}").ask(f"m{n}")) for n in range(200)))
    claims = await asyncio.gather(
        *(worker.claim(7, at(10), LEASE) for _ in range(20) for worker in (journal, other))
    )
    ids = [claim.message_id for some in claims for claim in some]
    assert len(ids) == len(set(ids)) == 200


async def test_a_late_worker_has_nothing_to_say(journal, other, made):
    await journal.record(made.ask())
    late = await journal.claim(1, at(10), LEASE)
    assert await other.claim(1, at(10 + LEASE - 1), LEASE) == []
    again = await other.claim(1, at(10 + LEASE), LEASE)
    assert await journal.handed_over(late, at(80)) == 0
    assert await journal.defer(late[0], at(90), "late") is False
    assert await other.handed_over(again, at(80)) == 1


async def test_a_hand_over_that_is_written_while_its_x007_leaves_goes_out(journal, other, made):
    await journal.record(made.transfer())
    await journal.handed_over(await journal.claim(9, at(10), LEASE), at(10))
    claims = await journal.claim(9, at(10), LEASE)
    assert [claim.receiver for claim in claims] == [TARGET]
    scope = Scope("rina-1", "test")

    def confirmed(page):
        return outbox.handed_over(page, scope, claims, at(11), None)

    revision = (await other.case("case-1")).revision
    about = About(frozenset({"case-1"}))
    async with under_way(journal, confirmed, about):
        writing = asyncio.ensure_future(other.record(made.deliver("m2", revision=revision)))
        done, _ = await asyncio.wait({writing}, timeout=0.5)
        assert not done, "it did not wait for the case"
    with pytest.raises(JournalConflict):  # the X007 is confirmed now: judge again
        await writing
    assert await other.record(made.deliver("m2", revision=revision + 1)) == Recorded()
    states = {row.object: row.state for row in await other.outgoing() if row.kind == "hand-over"}
    assert set(states.values()) == {"due"}


async def test_a_message_is_done_when_two_workers_send_the_last_of_it(journal, other, made):
    """Each would see the sending of the other as open, and nobody would close the message."""
    entry = made.transfer()
    to_them, to_target, hand_over = entry.judgement.outgoing
    await journal.record(judged_again(entry, outgoing=(to_target, to_them, hand_over)))
    await journal.handed_over(await journal.claim(1, at(10), LEASE), at(10))
    one, two = await journal.claim(9, at(11), LEASE)
    scope = Scope("rina-1", "test")

    def first(page):
        return outbox.handed_over(page, scope, [one], at(12), None)

    async with under_way(journal, first, About(frozenset({"case-1"}))):
        second = asyncio.ensure_future(other.handed_over([two], at(12)))
        await asyncio.wait({second}, timeout=0.5)
    assert await second == 1
    assert (await journal.message("m1")).state == "done"


async def test_an_activation_waits_for_what_is_being_recorded(journal, other, made):
    def look(page):
        return page.look("standing", ("m1", "case-1", 2**60))[5]

    async with under_way(journal, look, About(frozenset({"case-1"}))) as looked:
        new = dataclasses.replace(TABLES, name="2026-04")
        activating = asyncio.ensure_future(other.activate(new))
        done, _ = await asyncio.wait({activating}, timeout=0.5)
        assert not done
    assert await looked == TABLES.name
    await activating
    with pytest.raises(JournalConflict) as conflict:
        await journal.record(made.transfer())
    assert conflict.value.code == "release-changed"


async def test_transactions_that_cross_are_done_once_more(journal, other):
    """Two that lock what they never said they would, each what the other has."""
    both = threading.Barrier(2)
    times = []

    def crossing(first, second):
        def work(page):
            times.append(first)
            page.touch([first])
            if len(times) <= 2:
                both.wait(10)
            page.touch([second])
            page.execute("beat", (first, 1))

        return work

    await asyncio.gather(
        journal._writer.write(crossing("a", "b"), About()),
        other._writer.write(crossing("b", "a"), About()),
    )
    assert len(times) == 3
    counted = await journal._writer.write(
        lambda page: page.db.execute("SELECT count(*) FROM heartbeat").fetchone()[0]
    )
    assert counted == 2


async def test_a_state_folder_has_one_worker(driver, journal, tmp_path):
    with pytest.raises(StateLocked):
        await PostgresJournal.open(
            driver.server, tmp_path / "1.lock", instance="rina-1", environment="test"
        )


# -- rows -----------------------------------------------------------------------------------


async def test_rows_say_whose_they_are_and_persons_stand_in_two_tables(journal, made, plain):
    await journal.record(made.transfer())
    tables = plain.execute(
        "SELECT table_name FROM information_schema.tables"
        " WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
    ).fetchall()
    for (table,) in tables:
        rows = repr(plain.execute(f"SELECT * FROM {table}").fetchall())
        assert ("Muster" in rows) == (table == "evidence"), table
    for table in ("message", "decision", "history", "evidence", "sending"):
        assert plain.execute(f"SELECT DISTINCT instance, environment FROM {table}").fetchall() == [
            ("rina-1", "test")
        ]


async def test_what_cannot_stand_there_is_said_without_a_value(journal, made):
    await journal.record(made.transfer())
    again = Made("case-2").transfer("m2")
    taken = await journal.outgoing()
    out = dataclasses.replace(again.judgement.outgoing[0], message_id=taken[0].message_id)
    with pytest.raises(Contradiction) as raised:
        await journal.record(judged_again(again, outgoing=(out,)))
    assert "sending" in str(raised.value)
    assert taken[0].message_id not in str(raised.value)


async def test_a_value_that_is_too_large_falls_on_itself_alone(journal, made):
    name = "".join(sha256(b"%d" % n) for n in range(400))  # of an id that is hard to compress
    works = [
        journal.record(Made("case-2").refer("m2")),
        journal.record(Made(name).refer("m3")),
        journal.record(Made("case-4").refer("m4")),
    ]
    outcomes = await asyncio.gather(*works, return_exceptions=True)
    assert isinstance(outcomes[1], psycopg.Error)
    assert [outcomes[0], outcomes[2]] == [Recorded(), Recorded()]


# -- the line and the server ----------------------------------------------------------------


async def test_lines_that_are_cut_are_made_anew(journal, made, plain):
    await journal.record(made.refer())
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    plain.execute(f"{cut} AND application_name LIKE 'eessi-gateway%'")
    for look in (journal.counts, lambda: journal.case("case-1"), lambda: journal.beat(at(1))):
        with pytest.raises(JournalUnavailable):
            await look()
        await look()
    assert await journal.record(Made("case-2").refer("m2")) == Recorded()


async def test_a_server_that_only_reads_makes_the_journal_unavailable(journal, made, plain):
    """As a standby does after a fail-over: no message is at fault."""
    await journal._writer.write(
        lambda page: page.db.execute("SET default_transaction_read_only = on")
    )
    with pytest.raises(JournalUnavailable):
        await journal.record(made.refer())
    await journal._writer.write(
        lambda page: page.db.execute("SET default_transaction_read_only = off")
    )


async def test_what_is_told_is_durable_whatever_the_database_prefers(driver, cluster):
    with cluster.connected("postgres") as db:
        db.execute(f"ALTER DATABASE {driver.server.database} SET synchronous_commit = off")
    async with driver.opened() as journal:
        said = await journal._writer.write(
            lambda page: page.db.execute("SHOW synchronous_commit").fetchone()[0]
        )
    assert said == "on"


async def test_a_reader_cannot_write(driver, journal):
    async with driver.reading() as reader:
        db = reader._reading._db
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            await reader._thread.run(db.execute, "DELETE FROM message")


async def test_without_a_journal_there_is_nothing_to_read(driver):
    with pytest.raises(JournalUnavailable) as raised:
        async with driver.reading():
            pass
    assert raised.value.code == "no-journal"


async def test_text_is_utf_8_or_there_is_no_journal(driver, cluster):
    with cluster.connected("postgres") as db:
        db.execute("CREATE DATABASE loose ENCODING 'SQL_ASCII' TEMPLATE template0 LOCALE 'C'")
    with pytest.raises(JournalUnavailable, match="server_encoding, UTF8"):
        PostgresReader(driver.server.model_copy(update={"database": "loose"}))


async def test_a_server_is_trusted_by_its_certificate_or_not_at_all(driver, journal, cluster):
    named = {"host": "localhost", "tls": "verify-full"}
    trusted = {**named, "tls_authority": cluster.certificate}
    async with PostgresReader.opened(driver.server.model_copy(update=trusted)) as reader:
        assert await reader.release(at(0)) == TABLES
    for wrong in (named, {**trusted, "host": "127.0.0.2"}):
        with pytest.raises(JournalUnavailable):
            PostgresReader(driver.server.model_copy(update=wrong))


async def test_a_password_is_asked_for(driver, journal):
    wrong = driver.server.model_copy(update={"password": SecretStr("another-one")})
    with pytest.raises(JournalUnavailable) as raised:
        PostgresReader(wrong)
    assert "another-one" not in str(raised.value)


# -- steps forward --------------------------------------------------------------------------


@pytest.fixture
def stepping(cluster, driver):
    """`stepping(...)`: a worker that knows these steps, as far as the tables go."""
    lines = []

    def start(*steps):
        db = cluster.connected(driver.server.database, cursor_factory=psycopg.RawCursor)
        lines.append(db)
        postgres_schema.migrate(db, steps)
        return db

    yield start
    for db in lines:
        db.close()


FIRST = Step("CREATE TABLE migration (version bigint, oldest bigint); CREATE TABLE a ()", 1)
ADDS = Step("CREATE TABLE b ()", 1)
BREAKS = Step("DROP TABLE a", 3)


def test_a_step_that_adds_is_taken_beside_older_workers(stepping):
    old = stepping(FIRST)
    new = stepping(FIRST, ADDS)
    postgres_schema.check(old, (FIRST,))
    postgres_schema.check(new, (FIRST, ADDS))
    stepping(FIRST)  # an older worker that comes back


def test_a_step_that_breaks_older_workers_waits_until_they_have_ended(stepping):
    old = stepping(FIRST, ADDS)
    with pytest.raises(JournalUnavailable) as raised:
        stepping(FIRST, ADDS, BREAKS)
    assert raised.value.code == "older-workers"
    assert old.execute("SELECT count(*) FROM a").fetchone() == (0,)
    old.close()
    stepping(FIRST, ADDS, BREAKS)
    with pytest.raises(JournalUnavailable) as raised:
        stepping(FIRST, ADDS)
    assert raised.value.code == "journal-of-another-version"


def test_who_lets_go_what_is_held_of_a_protected_case_works_beside_no_other(stepping):
    """A program of five steps sends it; one of six cannot read all that protects a case."""
    known = postgres_schema.steps()
    for older in (5, 6):
        old = stepping(*known[:older])
        with pytest.raises(JournalUnavailable) as raised:
            stepping(*known)
        assert raised.value.code == "older-workers"
        postgres_schema.check(old, known[:older])  # it works on, alone
        old.close()
    stepping(*known)
    for older in (5, 6):
        with pytest.raises(JournalUnavailable) as raised:
            stepping(*known[:older])
        assert raised.value.code == "journal-of-another-version"


def test_a_step_that_fails_leaves_nothing(stepping):
    old = stepping(FIRST)
    with pytest.raises(psycopg.Error):
        stepping(FIRST, Step("CREATE TABLE c (); SELECT 1 / 0", 1))
    assert old.execute("SELECT to_regclass('c')").fetchone() == (None,)
    stepping(FIRST, ADDS)


def test_two_that_start_at_once_make_one_journal(driver):
    async def both():
        opened = [
            PostgresJournal.open(
                driver.server,
                driver.folder / f"{n}.lock",
                instance="rina-1",
                environment="test",
            )
            for n in range(4)
        ]
        for journal in await asyncio.gather(*opened):
            await journal.close()

    asyncio.run(both())


def test_each_step_says_which_programs_it_leaves_working(tmp_path):
    assert [step.oldest for step in postgres_schema.steps()] == [1, 1, 3, 3, 3, 6, 7, 7]
    (tmp_path / "0001_first.sql").write_text("SELECT 1;\n")
    with pytest.raises(JournalUnavailable):
        postgres_schema.steps(tmp_path)


def test_the_lock_of_a_folder_is_given_back(driver, tmp_path):
    """A journal that cannot be opened does not keep its state folder."""
    wrong = driver.server.model_copy(update={"port": 1})
    opening = PostgresJournal.open(wrong, tmp_path / "x.lock", instance="i", environment="test")
    with pytest.raises(JournalUnavailable):
        asyncio.run(opening)
    os.close(locked(tmp_path / "x.lock"))


# -- from a file ----------------------------------------------------------------------------


@pytest.fixture
async def file(tmp_path):
    """A journal in a file, with something of most kinds in it, and nobody at work on it."""
    one = SqliteDriver(tmp_path / "file")
    one.path.parent.mkdir()
    async with one.opened() as journal:
        await journal.activate(TABLES)
        for n in range(30):
            await journal.record(Made(f"case-{n}").transfer(f"m{n}", protected=n % 2 == 0))
        await journal.record(Made("case-é").ask("é"))
        await journal.record(Made().set_aside(b"\x00\xff"))
        await journal.beat(at(1))
        await journal.handed_over(await journal.claim(9, at(10), LEASE), at(11))
    return one


async def test_a_file_is_copied_row_by_row(driver, file):
    copied = {one.table: one.rows for one in copy(file.path, driver.server)}
    assert (copied["message"], copied["sending"], copied["heartbeat"]) == (32, 91, 1)
    async with file.reading() as before, driver.opened() as after:
        for n in range(30):
            assert await after.case(f"case-{n}") == await before.case(f"case-{n}")
        assert await after.messages() == await before.messages()
        assert await after.outgoing() == await before.outgoing()
        assert await after.counts() == await before.counts()
        body = (await before.explanation((await before.messages())[-1].message_id))[0]["digest"]
        assert await after.body(body) == await before.body(body)
        await after.record(Made("case-new").refer("new"))  # rows are numbered on
        assert [row.message_id for row in await after.messages()][-1] == "new"


async def test_a_copy_that_differs_leaves_nothing(driver, file, plain):
    async with driver.opened():
        pass
    plain.execute(
        "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN NEW.source = NEW.source || ' '; RETURN NEW; END $$;"
        " CREATE TRIGGER spoil BEFORE INSERT ON message FOR EACH ROW"
        " WHEN (NEW.message_id = 'm7') EXECUTE FUNCTION spoil()"
    )
    with pytest.raises(Unreachable) as raised:
        copy(file.path, driver.server)
    assert raised.value.code == "copy-differs"
    assert plain.execute("SELECT count(*) FROM body").fetchone() == (0,)
    plain.execute("DROP FUNCTION spoil CASCADE")
    copy(file.path, driver.server)


async def test_nothing_is_copied_beside_anything_or_beside_a_gateway(driver, file, journal):
    with pytest.raises(Refused) as refused:
        copy(file.path, driver.server)
    assert refused.value.code == "database-not-empty"
    async with file.opened():
        with pytest.raises(StateLocked):
            copy(file.path, driver.server)
