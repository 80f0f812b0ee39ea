"""The journal in one SQLite file: one thread writes, any number of connections read.

`StateLocked` keeps a second gateway out; the lock is the kernel's and goes with the process.
"""

import os
import re
import sqlite3
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, Self

from gateway.errors import JournalUnavailable
from gateway.journal.engine import About, Cursor, Fault, other_version
from gateway.journal.history import Scope
from gateway.journal.keeping import Keeper, Reader, locked, unusable
from gateway.journal.statements import AT_ONCE, SQL, Statements

MIGRATIONS: Final = Path(__file__).with_name("migrations")
_NUMBERED: Final = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
_BUSY_SECONDS: Final = 5.0
_CHECKPOINT_PAGES: Final = 4000
"""Pages in the write-ahead log before they are moved to the file (4 KiB each)."""
_INCREMENTAL: Final = 2
"""What `PRAGMA auto_vacuum` says of a file that shrinks piece by piece."""
_STATEMENTS: Final = Statements(SQL, str)
_OF_ONE_WRITE: Final = (sqlite3.DataError, sqlite3.ProgrammingError, sqlite3.InterfaceError)


class SqliteConnection:
    """See `Connection`: the file has one writer, so nothing is locked for one write or another."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """`db` is in autocommit mode."""
        self.db = db

    @property
    def changes(self) -> int:
        """See `Connection`."""
        return self.db.total_changes

    @property
    def in_transaction(self) -> bool:
        """See `Connection`."""
        return self.db.in_transaction

    @property
    def broken(self) -> bool:
        """A statement that failed has done nothing, and the transaction goes on."""
        return False

    def run(self, name: str, parameters: Any = ()) -> Cursor:
        """See `Connection`."""
        return self.db.execute(_STATEMENTS.one[name], parameters)

    def insert(self, name: str, rows: Sequence[Sequence[Any]]) -> None:
        """See `Connection`."""
        start = 0
        for size in AT_ONCE:
            while len(rows) - start >= size:
                part = rows[start : start + size]
                values = [value for row in part for value in row]
                self.db.execute(_STATEMENTS.many[name][size], values)
                start += size

    def execute(self, statement: str) -> Cursor:
        """See `Connection`."""
        return self.db.execute(statement)

    def begin(self, about: Sequence[About]) -> None:
        """See `Connection`."""
        del about
        self.db.execute("BEGIN IMMEDIATE")

    def lock(self, keys: Iterable[str]) -> None:
        """Nobody else writes."""

    def reclaim(self, most: int) -> bool:
        """See `Connection`: free pages; the file of an earlier version keeps them for use."""
        (shrinks,) = self.db.execute("PRAGMA auto_vacuum").fetchone()
        (free,) = self.db.execute("PRAGMA freelist_count").fetchone()
        pages = min(int(free), most) if shrinks == _INCREMENTAL else 0
        for _ in range(pages):  # `sqlite3` goes no further than the first page of one statement
            self.db.execute("PRAGMA incremental_vacuum(1)")
        return bool(shrinks == _INCREMENTAL and pages < int(free))

    def checkpoint(self) -> None:
        """Move the log into the file and cut it off, as far as no reader is in the way just now."""
        (patience,) = self.db.execute("PRAGMA busy_timeout").fetchone()
        self.db.execute("PRAGMA busy_timeout = 0")
        self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        self.db.execute(f"PRAGMA busy_timeout = {patience:d}")

    def close(self) -> None:
        """See `Connection`."""
        self.db.close()


class SqliteEngine:
    """See `Engine`: one file."""

    errors: tuple[type[Exception], ...] = (sqlite3.Error,)

    def __init__(self, path: Path) -> None:
        self._path = path

    def connect_to_write(self) -> SqliteConnection:
        """See `Engine`; the file is one that only we may read."""
        path = self._path
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            db = sqlite3.connect(
                path, timeout=_BUSY_SECONDS, isolation_level=None, cached_statements=256
            )
        except (OSError, sqlite3.Error) as error:
            raise unusable(path, error) from error
        connection = SqliteConnection(db)
        try:
            db.execute("PRAGMA auto_vacuum = INCREMENTAL")  # heeded where there is no table yet
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA secure_delete = ON")
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA cache_size = -16000")
            db.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
            db.execute("PRAGMA journal_size_limit = 67108864")
            migrate(db)
            connection.run("void_leases")
            connection.run("drop_loose_pieces")
        except sqlite3.Error as error:
            db.close()
            raise unusable(path, error) from error
        except JournalUnavailable:
            db.close()
            raise
        return connection

    def connect_to_read(self) -> SqliteConnection:
        """See `Engine`."""
        path = self._path
        try:
            db = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro",
                uri=True,
                timeout=_BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,
            )
        except sqlite3.Error as error:
            raise unusable(path, error) from error
        try:
            if _version(db) != len(_steps()):
                raise other_version()
        except sqlite3.Error as error:
            db.close()
            raise unusable(path, error) from error
        except JournalUnavailable:
            db.close()
            raise
        db.row_factory = sqlite3.Row
        return SqliteConnection(db)

    def fault(self, error: BaseException) -> Fault:
        """See `Engine`."""
        if not isinstance(error, sqlite3.Error) or isinstance(error, _OF_ONE_WRITE):
            return Fault.OWN
        contradicts = isinstance(error, sqlite3.IntegrityError)
        return Fault.CONTRADICTS if contradicts else Fault.LOST

    def said(self, error: BaseException) -> str:
        """See `Engine`."""
        return str(error)

    def unavailable(self, error: Exception) -> JournalUnavailable:
        """See `Engine`."""
        name = getattr(error, "sqlite_errorname", None) or type(error).__name__
        return JournalUnavailable(
            f"The journal cannot be used now ({name}): see that its disk is there and has room.",
            french=(
                f"Le journal est inutilisable ({name}) : "
                "vérifier que son disque est présent et qu'il reste de la place."
            ),
        )


class SqliteReader(Reader):
    """`JournalReader` on a file that somebody else may be writing."""

    def __init__(self, path: Path) -> None:
        """Open the file read-only.

        Raises:
            JournalUnavailable: there is none, it is no journal, or one of another version.
        """
        super().__init__(SqliteEngine(path))

    @classmethod
    @asynccontextmanager
    async def opened(cls, path: Path) -> AsyncIterator[Self]:
        """A reader that is closed on the way out."""
        reader = cls(path)
        try:
            yield reader
        finally:
            await reader.close()


class SqliteJournal(Keeper):
    """`Journal` on a file that nobody else writes."""

    @classmethod
    async def open(
        cls, path: Path, *, instance: str, environment: str, inline: bool = False
    ) -> Self:
        """Lock, create or migrate, and open the journal.

        With `inline` there are no threads: a simulation on one thread replays by its seed.

        Raises:
            StateLocked: another process (or another journal of this one) has it.
            JournalUnavailable: it cannot be created, opened or migrated.
        """
        lock = locked(path.with_suffix(".lock"))
        scope = Scope(instance, environment)
        return await cls.opened(SqliteEngine(path), scope, lock, inline=inline)


# -- migrations -----------------------------------------------------------------------------


def migrate(db: sqlite3.Connection) -> None:
    """Bring the journal to the present version, each step in a transaction of its own.

    Raises:
        JournalUnavailable: it is of a later version than this program.
    """
    db.execute("CREATE TABLE IF NOT EXISTS migration (version INTEGER PRIMARY KEY) STRICT")
    steps = _steps()
    version = _version(db)
    if version > len(steps):
        raise other_version()
    for number, step in enumerate(steps[version:], version + 1):
        script = step.read_text(encoding="utf-8")
        try:
            db.executescript(
                f"BEGIN IMMEDIATE;\n{script}\nINSERT INTO migration VALUES ({number:d});\nCOMMIT;"
            )
        except sqlite3.Error:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT coalesce(max(version), 0) FROM migration").fetchone()[0])


def _steps() -> Sequence[Path]:
    """The migrations in order, numbered from 1 without gaps."""
    found = sorted(p for p in MIGRATIONS.iterdir() if _NUMBERED.fullmatch(p.name))
    numbers = [int(path.name[:4]) for path in found]
    if numbers != list(range(1, len(found) + 1)):
        raise JournalUnavailable(code="migrations-have-gaps")
    return found
