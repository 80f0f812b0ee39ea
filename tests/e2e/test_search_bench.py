"""`bench search`: a journal that is a real one many times over, and is searched by its port."""

import dataclasses
import json
import sqlite3
from datetime import timedelta

import pytest

from gateway.bench import search
from gateway.journal.rows import Search
from gateway.journal.sqlite import SqliteJournal, SqliteReader
from gateway.journal.statements import SQL

KINDS = ("case", "message", "sed", "institution", "day", "sed_month", "institution_month")


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    """The journal of a short year."""
    state = tmp_path_factory.mktemp("bench") / "once"
    search._lived(state, 30)
    return state / "journal.db"


@pytest.fixture
async def filled(once, tmp_path):
    """That year seven times, and how many messages there are."""
    path = tmp_path / "journal.db"
    journal = await SqliteJournal.open(path, instance="rina-1", environment="demo")
    await journal.close()
    db = sqlite3.connect(path, isolation_level=None)
    one = sqlite3.connect(once).execute("SELECT count(*) FROM message").fetchone()[0]
    number = search._filled(db, once, 6 * one + 1)
    assert number == 7 * one
    yield path, number, db
    db.close()


async def test_each_copy_is_a_year_of_cases_as_they_were(filled, once):
    """Every case can be read, and is told as the one it was copied from."""
    path, number, db = filled
    async with SqliteReader.opened(once) as first, SqliteReader.opened(path) as reader:
        rows = await reader.messages(limit=10_000)
        assert len(rows) == len({row.message_id for row in rows}) == number
        assert rows == sorted(rows, key=lambda row: row.received_at)
        span = rows[-1].received_at - rows[0].received_at
        assert timedelta(days=5 * 365) < span < timedelta(days=3651)
        by_suffix = {row.message_id[8:]: row for row in await first.messages(limit=10_000)}
        for row in rows[:: number // 40]:
            of = by_suffix[row.message_id[8:]]
            assert dataclasses.replace(
                row, message_id=of.message_id, received_at=of.received_at, case_id=of.case_id,
                source=of.source, traceparent=of.traceparent,
            ) == of  # fmt: skip
            told = [(one.what, one.state) for one in await reader.timeline(row.message_id)]
            was = [(one.what, one.state) for one in await first.timeline(of.message_id)]
            assert told == was
            assert row in await reader.find(row.case_id or row.message_id)
            case = await reader.case(row.case_id) if row.case_id else None
            assert case is None or case.revision == (await first.case(of.case_id)).revision
    assert db.execute("SELECT count(bytes), count(*) > 0 FROM body").fetchone() == (0, 1)
    assert db.execute("SELECT count(sidecar) FROM sending").fetchone() == (0,)
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_no_index_is_lost(filled, tmp_path):
    _, _, db = filled
    other = tmp_path / "other.db"
    journal = await SqliteJournal.open(other, instance="rina-1", environment="demo")
    await journal.close()
    indexes = "SELECT name, sql FROM sqlite_master WHERE type = 'index' ORDER BY name"
    real = sqlite3.connect(other).execute(indexes).fetchall()
    assert db.execute(indexes).fetchall() == real


async def test_every_search_that_is_timed_finds_something(filled):
    path, _, db = filled
    kinds = search._kinds(db)
    assert tuple(kinds) == KINDS
    async with SqliteReader.opened(path) as reader:
        for kind in ("case", "message", "sed", "institution"):
            for ask in kinds[kind]:
                assert await ask(reader), kind
        top = await kinds["sed"][0](reader)
        assert len(await reader.search(Search(sed=top[0].sed))) == len(top) > 7


@pytest.mark.parametrize(
    ("name", "params", "index"),
    [
        ("messages_of_sed", {"sed": "S040", "received_at": 0, "position": 0}, "message_by_sed"),
        ("messages_received", {"received_at": 0, "position": 0}, "message_by_receipt"),
        (
            "messages_of_institution",
            {"institution": "x", "sed": None, "decided_at": 0, "message_id": ""},
            "decision_by_institution",
        ),
    ],
)
async def test_no_search_reads_more_than_it_shows(filled, name, params, index):
    """By its index, in its order: nothing is sorted, no table is read from end to end."""
    plan = filled[2].execute(f"EXPLAIN QUERY PLAN {SQL[name]}", params | {"end": 9, "limit": 9})
    steps = [row[3] for row in plan]
    assert index in steps[0]
    assert not [step for step in steps if "SCAN" in step or "B-TREE" in step]
    if name == "messages_of_institution":
        assert any("message_protected" in step for step in steps)
        assert "history_protected" in steps[-1]


def test_it_prints_a_figure_for_each_kind(command, tmp_path):
    done = command(tmp_path, "bench", "search", "--messages", "100", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    for kind in KINDS:
        for how in ("cold", "warm"):
            median, worst = found[f"{kind}_{how}_ms"]
            assert 0 < median <= worst
    assert found["messages"] >= 100
    assert found["gb"] > 0


def test_a_search_needs_something_to_look_for(command, listed, tmp_path, once):
    refused = command(once.parent, "journal", "search")
    assert refused.returncode == 2
    every = listed(once.parent, "journal", "list")
    sed = every[0]["sed"]
    assert listed(once.parent, "journal", "search", "--sed", sed) == [
        row for row in every if row["sed"] == sed
    ]
    day = every[5]["received_at"][:10]
    assert listed(once.parent, "journal", "search", "--from", day) == every
    assert listed(once.parent, "journal", "search", "--until", day) == []
