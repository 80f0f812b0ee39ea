"""Rows of a group go in few statements, all of them, and count once."""

import sqlite3

import pytest

from gateway.journal.page import Page
from gateway.journal.sqlite import SqliteConnection, migrate
from gateway.journal.statements import named


@pytest.fixture
def page():
    db = sqlite3.connect(":memory:", isolation_level=None)
    migrate(db)
    yield Page(SqliteConnection(db))
    db.close()


def bodies(count):
    return [(f"{n:04}", b"%d" % n) for n in range(count)]


@pytest.mark.parametrize("count", [0, 1, 3, 4, 63, 64, 65, 200, 213])
def test_every_row_goes_in(page, count):
    page.add("add_body", bodies(count))
    page.flush()
    assert page.db.execute("SELECT digest, bytes FROM body ORDER BY digest").fetchall() == bodies(
        count
    )


def test_many_rows_are_few_statements(page):
    seen = []
    page.db.db.set_trace_callback(seen.append)
    page.add("add_body", bodies(129))
    page.flush()
    assert len(seen) == 3


def test_what_is_touched_again_is_inserted_first(page):
    page.touch(["a"])
    page.add("add_body", bodies(1))
    page.touch(["b"])
    assert page.look("body", ("0000",)) is None
    page.touch(["a"])
    assert page.look("body", ("0000",)) == (b"0", 0)


def test_a_statement_sees_everything(page):
    page.add("add_body", bodies(1))
    assert page.execute("body", ("0000",)).fetchone() == (b"0", 0)


def test_only_what_is_new_counts_as_written(page):
    before = page.written
    page.add("add_body", bodies(5))
    gathered = page.written
    assert gathered > before
    page.flush()
    assert page.written == gathered
    page.execute("beat", ("rina-1", 1))
    assert page.written > gathered


def test_two_statements_of_one_name_are_refused(tmp_path):
    (tmp_path / "q.sql").write_text("-- a --\nSELECT 1;\n-- a --\nSELECT 2;\n")
    with pytest.raises(ValueError, match="twice"):
        named(tmp_path / "q.sql")
