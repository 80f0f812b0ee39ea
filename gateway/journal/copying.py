"""A journal that was a file, copied into an empty database: every row, or none.

The copy is one transaction. Before it ends each table is read again on both sides, in the order of
its key, and held against the other by number and by digest.
"""

import hashlib
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, LiteralString

import psycopg
from psycopg import sql

from gateway.config import Postgres
from gateway.errors import Refused, Unreachable
from gateway.journal.keeping import locked
from gateway.journal.postgres import PostgresEngine
from gateway.journal.postgres_schema import JOURNAL, LOCKS
from gateway.journal.sqlite import SqliteEngine

_NUMBERED: Final = {"message": "position", "maintenance": "number"}
"""Tables whose rows the database numbers itself."""
_PAGE: Final = 1000
_PAGE_OF: Final = {"body": 32, "piece": 32}
"""Rows that are read at a time: of tables with large ones, fewer."""


@dataclass(frozen=True, slots=True)
class Copied:
    """One table as it stands on both sides."""

    table: str
    rows: int
    digest: str
    """SHA-256 over its rows in the order of their key."""


@dataclass(frozen=True, slots=True)
class _Table:
    name: str
    columns: Sequence[str]
    key: Sequence[str]
    yes_or_no: frozenset[int]
    """Places of columns that are 0 or 1 in the file."""

    def row(self, values: Sequence[Any]) -> list[Any]:
        """A row of the file as the database takes it."""
        return [bool(v) if n in self.yes_or_no else v for n, v in enumerate(values)]


def copy(path: Path, server: Postgres) -> Sequence[Copied]:
    """Copy the file, on which no gateway works, into a database that holds nothing.

    Raises:
        StateLocked: a gateway works on the file.
        Refused: the database holds a journal with something in it.
        JournalUnavailable: one of the two cannot be used, or is of another version.
        Unreachable: the copy differs; nothing was written.
    """
    engine = PostgresEngine(server, "eessi-gateway migrate")
    lock = locked(path.with_suffix(".lock"))
    try:
        with closing(SqliteEngine(path).connect_to_read()) as source, _target(engine) as db:
            return _copied(source.db, db)
    except sqlite3.Error as error:
        raise SqliteEngine(path).unavailable(error) from error
    except psycopg.Error as error:
        raise engine.unavailable(error) from error
    finally:
        os.close(lock)


@contextmanager
def _target(engine: PostgresEngine) -> Iterator[psycopg.Connection[Any]]:
    """A transaction in which nobody else writes the journal."""
    with closing(engine.connect_to_write()) as connection:
        db = connection.db
        with db.transaction():
            db.execute("SET LOCAL statement_timeout = 0")  # a large journal takes its time
            db.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            db.execute("SELECT pg_advisory_xact_lock($1::int, $2::int)", (LOCKS, JOURNAL))
            yield db


def _copied(source: sqlite3.Connection, db: psycopg.Connection[Any]) -> Sequence[Copied]:
    source.row_factory = None
    source.execute("BEGIN")  # one state of the file, whoever else has it open
    tables = list(_tables(source, db))
    if any(_counted(db, table) for table in tables):
        raise Refused(
            "The database holds a journal already; give an empty one.",
            french="La base contient déjà un journal ; en donner une vide.",
            code="database-not-empty",
        )
    found = []
    for table in tables:
        _fill(db, table, source)
        there = _digest(table, _rows_of_file(source, table))
        here = _digest(table, _rows_of_database(db, table))
        if there != here:
            raise Unreachable(
                f"{table.name}: the copy differs ({here.rows} of {there.rows} rows); nothing was"
                " written.",
                french=f"{table.name} : la copie diffère ({here.rows} lignes sur {there.rows}) ;"
                " rien n'a été écrit.",
                code="copy-differs",
            )
        found.append(here)
    for name, column in _NUMBERED.items():
        db.execute(
            _composed(
                "SELECT setval(pg_get_serial_sequence({}, {}), coalesce(max({}), 1),"
                " max({}) IS NOT NULL) FROM {}",
                *(sql.Literal(name), sql.Literal(column)),
                *(sql.Identifier(column), sql.Identifier(column), sql.Identifier(name)),
            )
        )
    return found


def _tables(source: sqlite3.Connection, db: psycopg.Connection[Any]) -> Iterator[_Table]:
    """Every table of the file, with the columns that it has."""
    names = source.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'migration'"
        " AND name NOT LIKE 'sqlite_%' ORDER BY name"
    ).fetchall()
    for (name,) in names:
        columns = source.execute("SELECT name, pk FROM pragma_table_info(?)", (name,)).fetchall()
        kinds = dict(
            db.execute(
                "SELECT column_name, data_type FROM information_schema.columns"
                " WHERE table_name = $1 AND table_schema = current_schema()",
                (name,),
            ).fetchall()
        )
        yes_or_no = (n for n, (column, _) in enumerate(columns) if kinds.get(column) == "boolean")
        yield _Table(
            name,
            [column for column, _ in columns],
            [column for column, _ in sorted(columns, key=lambda c: c[1]) if _],
            frozenset(yes_or_no),
        )


def _counted(db: psycopg.Connection[Any], table: _Table) -> int:
    """1 when there is anything in it."""
    query = _composed("SELECT count(*) FROM (SELECT 1 FROM {} LIMIT 1) AS found", _name(table))
    ((count,),) = db.execute(query).fetchall()
    return int(count)


def _fill(db: psycopg.Connection[Any], table: _Table, source: sqlite3.Connection) -> None:
    columns = sql.SQL(", ").join(map(sql.Identifier, table.columns))
    into = _composed("COPY {} ({}) FROM STDIN", _name(table), columns)
    with db.cursor() as cursor, cursor.copy(into) as copying:
        for row in _rows_of_file(source, table):
            copying.write_row(table.row(row))


def _rows_of_file(source: sqlite3.Connection, table: _Table) -> Iterable[Sequence[Any]]:
    columns, key = ", ".join(table.columns), ", ".join(table.key)
    return source.execute(f"SELECT {columns} FROM {table.name} ORDER BY {key}")  # noqa: S608 - ours


def _rows_of_database(db: psycopg.Connection[Any], table: _Table) -> Iterator[Sequence[Any]]:
    """As many at a time as memory holds, whatever their number."""
    columns = sql.SQL(", ").join(map(sql.Identifier, table.columns))
    key = sql.SQL(", ").join(map(sql.Identifier, table.key))
    select = _composed("SELECT {} FROM {} ORDER BY {}", columns, _name(table), key)
    db.execute(sql.SQL("DECLARE rows CURSOR FOR ") + select)
    page = _PAGE_OF.get(table.name, _PAGE)
    while rows := db.execute(f"FETCH {page:d} FROM rows").fetchall():
        yield from rows
    db.execute("CLOSE rows")


def _digest(table: _Table, rows: Iterable[Sequence[Any]]) -> Copied:
    digest, count = hashlib.sha256(), 0
    for row in rows:
        digest.update(repr(table.row(tuple(row))).encode("utf-8", "surrogatepass"))
        count += 1
    return Copied(table.name, count, digest.hexdigest())


def _name(table: _Table) -> sql.Identifier:
    return sql.Identifier(table.name)


def _composed(text: LiteralString, *parts: sql.Composable) -> sql.Composed:
    return sql.SQL(text).format(*parts)
