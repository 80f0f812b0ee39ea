"""How long a search takes in a journal of very many messages, as long as it is in years.

The journal is a real one, many times over: the real daemon works through a made-up year; then its
rows are copied, each copy with ids of its own, each case at a time of its own within ten years.
Bytes and evidence are erased, as after retention; whatever else is there for a message stays, and
so does each index. What is timed are the searches of the port that `journal find` and
`journal search` ask.
"""

import os
import re
import sqlite3
import statistics
import tempfile
import time
import zlib
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from gateway.bench.daemon import END, MESSAGE_BYTES, arrive, message_files, run_daemon
from gateway.bench.process import has_room
from gateway.journal.codec import instant
from gateway.journal.rows import Row, Search
from gateway.journal.sqlite import SqliteJournal, SqliteReader
from gateway.opening import FILE
from gateway.simulation import year

CASES: Final = 1000
"""Cases of the year that is copied, at most."""
EACH: Final = 10
"""Different searches of each kind."""
_SPAN: Final = timedelta(days=3650)
_YEAR: Final = timedelta(days=365)
_MICROSECOND: Final = timedelta(microseconds=1)
_SPREAD: Final = 0.6180339887498949
"""Copy by copy so far on, in parts of the span: evenly, however many there are."""
_ROW_BYTES: Final = 6_000
"""What a message takes on the disk, generously, with what is needed to sort them all."""
_WHOSE: Final = {
    "body": "NULL",
    "message": "coalesce(t.case_id, t.message_id)",
    "decision": "(SELECT coalesce(m.case_id, m.message_id) FROM once.message AS m"
    " WHERE m.message_id = t.message_id)",
    "history": "t.case_id",
    "own_case": "t.case_id",
    "sending": "t.case_id",
}
"""Tables, and the case that a row of each belongs to."""
_MARK: Final = "zzzzzzzz"
"""Stands for the first eight digits of each id and digest, which each copy has its own of."""
_IDS: Final = re.compile(r"(?<![0-9a-f])[0-9a-f]{8}(?=-[0-9a-f]{4}-|[0-9a-f]{24})")
_TIMES: Final = frozenset({"received_at", "decided_at", "at", "composed_at", "due", "settled_at"})
_ERASED: Final = frozenset({"bytes", "sidecar", "status_due"})
"""Bytes, and the wait for a status: it has come long ago."""


@dataclass(frozen=True, slots=True)
class Took:
    """Milliseconds of searches of one kind."""

    median: float
    worst: float


@dataclass(frozen=True, slots=True)
class Searched:
    """One journal, and how long searches took."""

    messages: int
    gb: float
    """On the disk."""
    filled_s: float
    cold: Mapping[str, Took]
    """By kind; nothing of the file in the memory of the machine."""
    warm: Mapping[str, Took]
    """The same ones again at once."""


async def measure(messages: int) -> Searched:
    """Fill a journal with about so many messages, and search it.

    Raises:
        Refused: the disk has no room for it.
    """
    with tempfile.TemporaryDirectory(prefix="eessi-bench-") as folder:
        has_room(folder, messages * _ROW_BYTES)
        begun = time.perf_counter()
        once, path = Path(folder, "once"), Path(folder, FILE)
        _lived(once, max(10, min(CASES, messages // 2)))
        journal = await SqliteJournal.open(path, instance="rina-1", environment="demo")
        await journal.close()
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            number = _filled(db, once / FILE, messages)
            filled = time.perf_counter() - begun
            kinds = _kinds(db)
            [[pages]] = db.execute("PRAGMA page_count").fetchall()
            [[size]] = db.execute("PRAGMA page_size").fetchall()
        cold, warm = await _timed(path, kinds)
    return Searched(number, pages * size / 1e9, filled, cold, warm)


# -- the journal ----------------------------------------------------------------------------


def _lived(state: Path, cases: int) -> None:
    """A made-up year of so many cases, through the real daemon to its end."""
    made = state.with_name("made")
    year(made, seed=1, count=cases, begin=END - timedelta(days=365), end=END)
    paths = list(message_files(made / "messages"))
    for path in paths:
        arrive(path, state / "inbound", MESSAGE_BYTES)
    run_daemon(state, len(paths))


def _filled(db: sqlite3.Connection, once: Path, messages: int) -> int:
    """Copy that year until there are so many messages; how many there are.

    Each copy has ids that begin as those of no other, and later ones have later ids, so that rows
    are written in the order of their keys; its time has nothing to do with that.
    """
    for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -500000"):
        db.execute(f"PRAGMA {pragma}")
    db.execute("ATTACH ? AS once", (str(once),))
    number = int(db.execute("SELECT count(*) FROM once.message").fetchone()[0])
    copies = -(-messages // number)
    db.execute("CREATE TEMP TABLE copy (own TEXT PRIMARY KEY, back INTEGER) WITHOUT ROWID")
    db.executemany("INSERT INTO copy VALUES (?, ?)", _copies(copies))
    db.create_function("marked", 1, _marked, deterministic=True)
    db.create_function("back", 1, _back, deterministic=True)
    indexes = db.execute(
        "SELECT name, sql FROM main.sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    ).fetchall()
    for name, _ in indexes:
        db.execute(f"DROP INDEX main.{name}")
    for table in _WHOSE:
        _copy(db, table)
    for _, index in indexes:  # made at once they are made quickly, and are the same
        db.execute(index)
    db.execute("DETACH once")
    db.execute("PRAGMA journal_mode = WAL")
    return copies * number


def _copies(number: int) -> Iterator[tuple[str, int]]:
    """What the ids of each copy begin with, and how far back it is, in microseconds."""
    span = (_SPAN - _YEAR) // _MICROSECOND
    for copy in range(number):
        yield f"{copy * (2**32 // number):08x}", int(copy * _SPREAD % 1 * span)


def _copy(db: sqlite3.Connection, table: str) -> None:
    columns = [row[1] for row in db.execute(f"PRAGMA main.table_info({table})")]
    if table == "message":
        columns.remove("position")  # in order of receipt
    taken = ", ".join(f"NULL AS {c}" if c in _ERASED else f"marked({c}) AS {c}" for c in columns)
    db.execute(
        f"CREATE TEMP TABLE one AS SELECT {taken}, back({_WHOSE[table]}) AS back"  # noqa: S608
        f" FROM once.{table} AS t"
    )
    given = ", ".join(_of_copy(db, column) for column in columns)
    order = "ORDER BY one.received_at - one.back - copy.back" if table == "message" else ""
    db.execute(
        f"INSERT INTO main.{table} ({', '.join(columns)})"  # noqa: S608 - names of our own schema
        f" SELECT {given} FROM copy CROSS JOIN one {order}"
    )
    db.execute("DROP TABLE one")


def _of_copy(db: sqlite3.Connection, column: str) -> str:
    """The column as each copy has it."""
    if column in _TIMES:
        return f"one.{column} - one.back - copy.back"
    marks = f"SELECT 1 FROM one WHERE instr({column}, '{_MARK}') LIMIT 1"  # noqa: S608 - as above
    with_ids = db.execute(marks).fetchone() is not None
    return f"replace(one.{column}, '{_MARK}', copy.own)" if with_ids else f"one.{column}"


def _back(case: str | None) -> int:
    """How far back within the year a case is, which the daemon worked through at once."""
    drawn = zlib.crc32((case or "").encode()) / 2**32
    return int(drawn * (_YEAR // _MICROSECOND))


def _marked(value: Any) -> Any:
    return _IDS.sub(_MARK, value) if isinstance(value, str) else value


# -- the searches ---------------------------------------------------------------------------

Ask = Callable[[SqliteReader], Awaitable[Sequence[Row]]]


def _kinds(db: sqlite3.Connection) -> Mapping[str, Sequence[Ask]]:
    """Different searches of each kind; every one of them finds something."""
    cases, messages = zip(*_spread(db), strict=True)
    seds = _common_to_rare(db, "sed", "message")
    institutions = _common_to_rare(db, "institution", "decision")
    [[last]] = db.execute("SELECT max(received_at) FROM message").fetchall()
    days = [instant(last) - (n + 1) * _SPAN / (EACH + 1) for n in range(EACH)]
    months = [{"begin": day - timedelta(days=30), "end": day} for day in days]
    return {
        "case": [_finding(one) for one in cases],
        "message": [_finding(one) for one in messages],
        "sed": [_searching(sed=one) for one in seds],
        "institution": [_searching(institution=one) for one in institutions],
        "day": [_searching(begin=day, end=day + timedelta(days=1)) for day in days],
        "sed_month": [
            _searching(sed=one, **month) for one, month in zip(seds, months, strict=False)
        ],
        "institution_month": [
            _searching(institution=one, **month)
            for one, month in zip(institutions, months, strict=False)
        ],
    }


def _spread(db: sqlite3.Connection) -> list[tuple[str, str]]:
    """Case and id of messages from the whole time."""
    (last,) = db.execute("SELECT max(position) FROM message").fetchone()
    one = (
        "SELECT case_id, message_id FROM message"
        " WHERE position > ? AND case_id IS NOT NULL ORDER BY position LIMIT 1"
    )
    return [db.execute(one, (last * n // (EACH + 1),)).fetchone() for n in range(EACH)]


def _common_to_rare(db: sqlite3.Connection, column: str, table: str) -> list[str]:
    """Values of a column from the most frequent to the rarest."""
    found = db.execute(
        f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL"  # noqa: S608 - our own names
        f" GROUP BY {column} ORDER BY count(*) DESC, {column}"
    ).fetchall()
    step = max((len(found) - 1) / (EACH - 1), 1)
    places = sorted({min(round(n * step), len(found) - 1) for n in range(EACH)})
    return [found[place][0] for place in places]


def _finding(text: str) -> Ask:
    return lambda reader: reader.find(text)


def _searching(**wanted: Any) -> Ask:
    return lambda reader: reader.search(Search(**wanted))


async def _timed(
    path: Path, kinds: Mapping[str, Sequence[Ask]]
) -> tuple[Mapping[str, Took], Mapping[str, Took]]:
    cold: dict[str, Took] = {}
    warm: dict[str, Took] = {}
    for kind, asks in kinds.items():
        times = [await _both(path, ask) for ask in asks]
        first, again = zip(*times, strict=True)
        cold[kind] = Took(statistics.median(first), max(first))
        warm[kind] = Took(statistics.median(again), max(again))
    return cold, warm


async def _both(path: Path, ask: Ask) -> tuple[float, float]:
    """Milliseconds of a search with nothing of the file in memory, and of the same one again."""
    _forget(path)
    begun = time.perf_counter()
    async with SqliteReader.opened(path) as reader:
        await ask(reader)
        first = time.perf_counter()
        await ask(reader)
        second = time.perf_counter()
    return 1000 * (first - begun), 1000 * (second - first)


def _forget(path: Path) -> None:
    """Let the system drop what it has of the file in memory."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
