"""The tables of the journal in PostgreSQL: steps forward, beside workers of older programs.

A step says in its first line which program is the oldest that can go on working after it
(`-- oldest: N`, N the number of steps that program knows). One that only adds is taken while older
workers run. One that would break them is refused until the last of them has ended: each worker
holds a lock that names the number of steps it knows, for as long as it is connected.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg

from gateway.errors import JournalUnavailable
from gateway.journal.engine import other_version

MIGRATIONS: Final = Path(__file__).with_name("migrations") / "postgres"
LOCKS: Final = 0x45455353
"""First half of the locks of the journal itself ("EESS")."""
JOURNAL: Final = 0
MIGRATING: Final = 1
WORKERS: Final = LOCKS + 1
"""First half of the locks that workers hold; the second is the number of steps they know."""
_NUMBERED: Final = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
_OLDEST: Final = re.compile(r"-- oldest: (\d+)\n")


@dataclass(frozen=True, slots=True)
class Step:
    """One step forward."""

    script: str
    oldest: int
    """Steps that a program must know at least to go on working after it."""


def steps(folder: Path = MIGRATIONS) -> Sequence[Step]:
    """The steps in order, numbered from 1 without gaps.

    Raises:
        JournalUnavailable: one is missing, or does not say which programs it leaves working.
    """
    found = sorted(p for p in folder.iterdir() if _NUMBERED.fullmatch(p.name))
    texts = [path.read_text(encoding="utf-8") for path in found]
    oldest = [_OLDEST.match(text) for text in texts]
    numbers = [int(path.name[:4]) for path in found]
    if numbers != list(range(1, len(found) + 1)) or None in oldest:
        raise JournalUnavailable(code="migrations-have-gaps")
    return [Step(text, int(said[1])) for text, said in zip(texts, oldest, strict=True) if said]


def check(db: psycopg.Connection[Any], known: Sequence[Step] | None = None) -> None:
    """Return if this program can read the journal that is there.

    Raises:
        JournalUnavailable: there is none, or it is of another version.
    """
    known = steps() if known is None else known
    version, oldest = _standing(db)
    if version == 0:
        raise JournalUnavailable(
            "There is no journal in the database; run the gateway first.",
            french="Aucun journal dans la base ; lancer d'abord la passerelle.",
            code="no-journal",
        )
    if not oldest <= len(known) <= version:
        raise other_version()


def migrate(db: psycopg.Connection[Any], known: Sequence[Step] | None = None) -> None:
    """Bring the journal to the present version, and say for as long as `db` lives that we work.

    Raises:
        JournalUnavailable: it is of a later version that this program cannot work with, or a
            worker of an older program is in the way.
    """
    known = steps() if known is None else known
    with _alone(db):
        version, oldest = _standing(db)
        if oldest > len(known):
            raise other_version()
        for number, step in enumerate(known[version:], version + 1):
            with db.transaction():
                db.execute("SET LOCAL statement_timeout = 0")  # a large table takes its time
                _wait_for_nobody(db, step.oldest)
                db.execute(step.script)
                row = (number, step.oldest)
                db.execute("INSERT INTO migration (version, oldest) VALUES ($1, $2)", row)
        db.execute("SELECT pg_advisory_lock_shared($1::int, $2::int)", (WORKERS, len(known)))


@contextmanager
def _alone(db: psycopg.Connection[Any]) -> Iterator[None]:
    """One migrates at a time."""
    db.execute("SELECT pg_advisory_lock($1::int, $2::int)", (LOCKS, MIGRATING))
    try:
        yield
    finally:
        if not db.closed:
            db.execute("SELECT pg_advisory_unlock($1::int, $2::int)", (LOCKS, MIGRATING))


def _standing(db: psycopg.Connection[Any]) -> tuple[int, int]:
    """Steps taken, and those that a program must know; zeros where there is no journal."""
    (there,) = db.execute("SELECT to_regclass('migration') IS NOT NULL").fetchone() or (False,)
    if not there:
        return 0, 0
    found = db.execute("SELECT coalesce(max(version), 0), coalesce(max(oldest), 0) FROM migration")
    version, oldest = found.fetchone() or (0, 0)
    return version, oldest


def _wait_for_nobody(db: psycopg.Connection[Any], oldest: int) -> None:
    """Return when no worker that knows fewer steps is connected; inside a transaction.

    Raises:
        JournalUnavailable: one is.
    """
    free = db.execute(
        "SELECT coalesce(bool_and(pg_try_advisory_xact_lock($1::int, n::int)), true)"
        " FROM generate_series(1, $2::int - 1) AS n",
        (WORKERS, oldest),
    ).fetchone()
    if free is None or not free[0]:
        raise JournalUnavailable(
            "Gateways of an older version still work on this journal; stop them, then start again.",
            french="Des passerelles d'une version plus ancienne utilisent encore ce journal ; les"
            " arrêter, puis recommencer.",
            code="older-workers",
        )
