"""The journal in one SQLite file: one thread writes, any number of connections read.

`StateLocked` keeps a second gateway out; the lock is the kernel's and goes with the process.
"""

import asyncio
import fcntl
import os
import re
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

from gateway.clock import ThreadExecutor
from gateway.core.case import Case
from gateway.core.deadlines import Development
from gateway.core.states import MessageState
from gateway.errors import JournalUnavailable, StateLocked
from gateway.gathering import Gathering
from gateway.journal import (
    Backlog,
    Claimed,
    Counts,
    Entry,
    FirstDecision,
    Happening,
    Outcome,
    Past,
    QuestionRow,
    Release,
    Row,
    SchemasInForce,
    TableRelease,
    developing,
    outbox,
    recording,
)
from gateway.journal.history import Scope
from gateway.journal.reading import Reading
from gateway.journal.statements import SQL
from gateway.journal.writer import Writer, unavailable

P = ParamSpec("P")
T = TypeVar("T")

MIGRATIONS: Final = Path(__file__).with_name("migrations")
_NUMBERED: Final = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
_BUSY_SECONDS: Final = 5.0
_CASES_AT_ONCE: Final = 64
_CHECKPOINT_PAGES: Final = 4000
"""Pages in the write-ahead log before they are moved to the file (4 KiB each)."""


class SqliteReader:
    """`JournalReader` on a file that somebody else may be writing."""

    def __init__(self, path: Path) -> None:
        """Open the file read-only.

        Raises:
            JournalUnavailable: there is none, it is no journal, or one of another version.
        """
        with _translated():
            self._reading = Reading(_connected_to_read(path))
        self._thread = ThreadExecutor(1, name="journal-reader")

    @classmethod
    @asynccontextmanager
    async def opened(cls, path: Path) -> "AsyncIterator[SqliteReader]":
        """A reader that is closed on the way out."""
        reader = cls(path)
        try:
            yield reader
        finally:
            await reader.close()

    async def close(self) -> None:
        """Finish what is being read, then close."""
        await asyncio.to_thread(self._thread.close)
        self._reading.close()

    async def _read(self, fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        with _translated():
            return await self._thread.run(fn, *args, **kwargs)

    async def case(self, case_id: str) -> Case:
        """See `JournalReader`."""
        return await self._read(self._reading.case, case_id)

    async def body(self, digest: str) -> bytes | None:
        """See `JournalReader`."""
        return await self._read(self._reading.body, digest)

    async def message(self, message_id: str) -> Row | None:
        """See `JournalReader`."""
        return await self._read(self._reading.message, message_id)

    async def messages(
        self,
        *,
        states: Sequence[MessageState] = (),
        case_id: str | None = None,
        limit: int = 1000,
        after: str | None = None,
    ) -> Sequence[Row]:
        """See `JournalReader`."""
        return await self._read(self._reading.messages, states, case_id, limit, after)

    async def explanation(self, message_id: str) -> Sequence[Mapping[str, Any]]:
        """See `JournalReader`."""
        return await self._read(self._reading.explanation, message_id)

    async def timeline(self, message_id: str) -> Sequence[Happening]:
        """See `JournalReader`."""
        return await self._read(self._reading.timeline, message_id)

    async def backlog(self, now: datetime) -> Backlog:
        """See `JournalReader`."""
        return await self._read(self._reading.backlog, now)

    async def decided_by(
        self,
        *,
        release: str | None = None,
        rule: str | None = None,
        limit: int = 1000,
        after: str | None = None,
    ) -> Sequence[Row]:
        """See `JournalReader`."""
        return await self._read(self._reading.decided_by, release, rule, limit, after)

    async def questions(self, *, every: bool, limit: int = 1000) -> Sequence[QuestionRow]:
        """See `JournalReader`."""
        return await self._read(self._reading.questions, every, limit)

    async def due_cases(self, now: datetime, limit: int) -> Sequence[str]:
        """See `JournalReader`."""
        return await self._read(self._reading.due_cases, now, limit)

    async def counts(self) -> Counts:
        """See `JournalReader`."""
        return await self._read(self._reading.counts)

    async def by_buc(self) -> Mapping[str, Mapping[str, int]]:
        """See `JournalReader`."""
        return await self._read(self._reading.by_buc)

    async def first_decisions(self, since: datetime | None) -> tuple[FirstDecision, ...]:
        """See `JournalReader`."""
        return await self._read(self._reading.first_decisions, since)

    async def past(self, after: str | None, limit: int) -> tuple[Past, ...]:
        """See `JournalReader`."""
        return await self._read(self._reading.past, after, limit)

    async def release(self, at: datetime) -> Release | None:
        """See `JournalReader`."""
        return await self._read(self._reading.release, at)

    async def releases(self) -> tuple[Release, ...]:
        """See `JournalReader`."""
        return await self._read(self._reading.releases)

    async def table_releases(self) -> tuple[TableRelease, ...]:
        """See `JournalReader`."""
        return await self._read(self._reading.table_releases)

    async def schemas_in_force(self) -> tuple[SchemasInForce, ...]:
        """See `JournalReader`."""
        return await self._read(self._reading.schemas_in_force)


class SqliteJournal(SqliteReader):
    """`Journal` on a file that nobody else writes."""

    def __init__(self, path: Path, scope: Scope, writer: Writer, lock: int) -> None:
        super().__init__(path)
        with _translated():
            self._cases = Reading(_connected_to_read(path))
        self._cases_thread = ThreadExecutor(1, name="journal-cases")
        self._looking_up = Gathering(self._cases_thread, self._cases.cases, most=_CASES_AT_ONCE)
        self._scope = scope
        self._writer = writer
        self._lock: int | None = lock

    @classmethod
    async def open(cls, path: Path, *, instance: str, environment: str) -> "SqliteJournal":
        """Lock, create or migrate, and open the journal.

        Raises:
            StateLocked: another process (or another journal of this one) has it.
            JournalUnavailable: it cannot be created, opened or migrated.
        """
        lock = _locked(path)
        writer = Writer(lambda: _connected_to_write(path))
        try:
            await writer.start()
            return cls(path, Scope(instance, environment), writer, lock)
        except BaseException:
            await writer.close()
            os.close(lock)
            raise

    async def close(self) -> None:
        """Finish what was accepted, then close and unlock."""
        if self._lock is None:
            return
        lock, self._lock = self._lock, None
        try:
            await self._writer.close()
            await super().close()
            await asyncio.to_thread(self._cases_thread.close)
            self._cases.close()
        finally:
            os.close(lock)

    async def case(self, case_id: str) -> Case:
        """See `JournalReader`. Many look-ups are one statement, in a thread that has no other work.

        In the loop each would give the interpreter away, and wait to have it back.
        """
        with _translated():
            return await self._looking_up.do(case_id)

    async def record(self, entry: Entry) -> Outcome:
        """See `Journal`."""
        return await self._writer.write(lambda page: recording.record(page, self._scope, entry))

    async def develop(
        self, development: Development, at: datetime, *, observed: bool = False
    ) -> None:
        """See `Journal`."""
        await self._writer.write(
            lambda page: developing.develop(
                page, self._scope, development, at, observed=observed, who="gateway"
            )
        )

    async def claim(self, limit: int, now: datetime, lease_seconds: float) -> Sequence[Claimed]:
        """See `Journal`."""
        return await self._writer.write(
            lambda page: outbox.claim(page, self._scope, limit, now, lease_seconds)
        )

    async def sent(self, claims: Sequence[Claimed], at: datetime) -> int:
        """See `Journal`."""
        return await self._writer.write(lambda page: outbox.sent(page, self._scope, claims, at))

    async def defer(self, claim: Claimed, due: datetime, error: str) -> bool:
        """See `Journal`."""
        return await self._writer.write(lambda page: outbox.defer(page, claim, due, error))

    async def withdraw(self, claim: Claimed, at: datetime, error: str) -> bool:
        """See `Journal`."""
        return await self._writer.write(
            lambda page: outbox.withdraw(page, self._scope, claim, at, error)
        )

    async def discard(self, message_id: str, who: str, reason: str, at: datetime) -> bool:
        """See `Journal`."""
        return await self._writer.write(
            lambda page: recording.discard(
                page, self._scope, message_id, who=who, reason=reason, at=at
            )
        )

    async def deal_with(
        self, message_id: str, outcome: str, *, who: str, reason: str, at: datetime
    ) -> bool:
        """See `Journal`."""
        return await self._writer.write(
            lambda page: recording.deal_with(
                page, self._scope, message_id, outcome, who=who, reason=reason, at=at
            )
        )

    async def beat(self, at: datetime) -> None:
        """See `Journal`."""
        await self._writer.write(lambda page: recording.beat(page, self._scope, at))

    async def activate(self, release: Release) -> None:
        """See `Journal`."""
        await self._writer.write(lambda page: recording.activate(page, release))

    async def confirm_activation(self, who: str) -> bool:
        """See `Journal`."""
        return await self._writer.write(lambda page: recording.confirm_activation(page, who))

    async def cancel_activation(self, name: str, who: str, at: datetime) -> bool:
        """See `Journal`."""
        return await self._writer.write(
            lambda page: recording.cancel_activation(page, name, who, at)
        )

    async def add_table_release(self, release: TableRelease) -> bool:
        """See `Journal`."""
        return await self._writer.write(lambda page: recording.add_table_release(page, release))

    async def approve_table_release(self, name: str, who: str, at: datetime) -> bool:
        """See `Journal`."""
        return await self._writer.write(
            lambda page: recording.approve_table_release(page, name, who, at)
        )

    async def note_schemas(self, schemas: SchemasInForce) -> None:
        """See `Journal`."""
        await self._writer.write(lambda page: recording.note_schemas(page, schemas))


# -- files and connections ------------------------------------------------------------------


@contextmanager
def _translated() -> Iterator[None]:
    """Errors of the engine as errors of the package."""
    try:
        yield
    except sqlite3.Error as error:
        raise unavailable(error) from error


def _locked(path: Path) -> int:
    """An open file with the lock of the state folder; closing it unlocks."""
    lock_path = path.with_suffix(".lock")
    try:
        lock = os.open(lock_path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise _unusable(lock_path, error) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock)
        raise StateLocked(
            f"{path.parent}: another gateway works in this state folder; stop it first.",
            french=f"{path.parent} : une autre passerelle y travaille ; l'arrêter d'abord.",
        ) from error
    except OSError as error:  # a file system without locks
        os.close(lock)
        raise _unusable(lock_path, error) from error
    return lock


def _unusable(path: Path, error: Exception) -> JournalUnavailable:
    why = getattr(error, "strerror", None) or str(error)
    return JournalUnavailable(
        f"{path}: the journal cannot be opened ({why}).",
        french=f"{path} : ouverture du journal impossible ({why}).",
    )


def _connected_to_write(path: Path) -> sqlite3.Connection:
    """The writing connection, on a file of the present version that only we may read."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        db = sqlite3.connect(
            path, timeout=_BUSY_SECONDS, isolation_level=None, cached_statements=256
        )
    except (OSError, sqlite3.Error) as error:
        raise _unusable(path, error) from error
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA cache_size = -16000")
        db.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        db.execute("PRAGMA journal_size_limit = 67108864")
        migrate(db)
        db.execute(SQL["void_leases"])
    except sqlite3.Error as error:
        db.close()
        raise _unusable(path, error) from error
    except JournalUnavailable:
        db.close()
        raise
    return db


def _connected_to_read(path: Path) -> sqlite3.Connection:
    """A connection that can only read; used by one thread at a time."""
    try:
        db = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro",
            uri=True,
            timeout=_BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
    except sqlite3.Error as error:
        raise _unusable(path, error) from error
    try:
        if _version(db) != len(_steps()):
            raise _other_version()
    except sqlite3.Error as error:
        db.close()
        raise _unusable(path, error) from error
    except JournalUnavailable:
        db.close()
        raise
    return db


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
        raise _other_version()
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


def _other_version() -> JournalUnavailable:
    return JournalUnavailable(
        "The journal is of another version than this program; install the version that wrote it,"
        " or start this one once to bring it up to date.",
        french=(
            "Le journal est d'une autre version que ce programme ; installer celle qui l'a écrit,"
            " ou démarrer celle-ci une fois pour le mettre à jour."
        ),
        code="journal-of-another-version",
    )
