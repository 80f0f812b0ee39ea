"""The journal in a PostgreSQL database, for any number of workers.

Each worker is a gateway with a state folder of its own. What one of them records is held against
the case and the tables in the transaction that writes it, as on a file; so that nobody else comes
in between, each transaction locks what it is about (`About`) before it looks: writes about cases
hold the journal together and their cases alone, all others hold the journal alone. The locks are
advisory ones of the transaction, and go with it, however it ends (ADR 0019).

An outgoing message that a worker has claimed is another one's once its lease has run out, and not
before: nobody can know whether who claimed it is dead or only slow.
"""

import hashlib
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Final, Literal, Self

import psycopg
from psycopg.adapt import AdaptersMap
from psycopg.pq import TransactionStatus
from psycopg.rows import no_result
from psycopg.types.numeric import Int8Dumper
from psycopg.types.string import TextLoader

from gateway.config import Postgres
from gateway.errors import JournalUnavailable
from gateway.journal import postgres_schema
from gateway.journal.dialect import translated
from gateway.journal.engine import ALONE, About, Cursor, Fault
from gateway.journal.history import Scope
from gateway.journal.keeping import Keeper, Reader, locked
from gateway.journal.postgres_schema import JOURNAL, LOCKS
from gateway.journal.statements import AT_ONCE, SQL, Statements

_STATEMENTS: Final = Statements(SQL, translated)
_UPSERTS: Final = frozenset(name for name, text in SQL.items() if " DO UPDATE " in text)
_IDLE_SECONDS: Final = 60
"""A worker that stands still inside a transaction loses it, with its locks, after that."""
_AGAIN: Final = frozenset({"40001", "40P01"})
"""Serialisation failure, deadlock."""
_OF_ONE_WRITE: Final = ("22", "54")
"""Classes of SQLSTATE: a value that cannot be, a value that is too large."""


class Named(tuple[Any, ...]):
    """A row whose values have names."""

    __slots__ = ()
    places: ClassVar[Mapping[str, int]] = {}

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(self.places[key] if isinstance(key, str) else key)

    def keys(self) -> Iterable[str]:
        """The names of the values."""
        return self.places


@lru_cache(maxsize=1024)
def _line(names: tuple[str, ...]) -> Callable[[Sequence[Any]], Named]:
    """The kind of row that has these names."""
    places = {name: place for place, name in enumerate(names)}
    kind: type[Named] = type("Line", (Named,), {"__slots__": (), "places": places})
    return kind


def _named(cursor: psycopg.Cursor[Any]) -> Callable[[Sequence[Any]], Named]:
    """What makes rows of what a statement gives."""
    if cursor.description is None:
        return no_result
    return _line(tuple(column.name for column in cursor.description))


class PostgresConnection:
    """See `Connection`."""

    def __init__(
        self,
        db: psycopg.Connection[Named],
        again: Callable[[], psycopg.Connection[Named]] | None = None,
    ) -> None:
        """`db` is in autocommit mode; with `again` a line that was lost is opened once more."""
        self.db = db
        self._again = again
        self._changes = 0
        self._alone = False
        self._locked: set[str] = set()

    @property
    def changes(self) -> int:
        """See `Connection`."""
        return self._changes

    @property
    def in_transaction(self) -> bool:
        """See `Connection`."""
        inside = {TransactionStatus.INTRANS, TransactionStatus.INERROR}
        return self.db.info.transaction_status in inside

    @property
    def broken(self) -> bool:
        """See `Connection`; a line that was lost is so, too."""
        return self.db.closed or self.db.info.transaction_status == TransactionStatus.INERROR

    def run(self, name: str, parameters: Any = ()) -> Cursor:
        """See `Connection`."""
        statement = _STATEMENTS.one[name]
        return self._do(statement.text, statement.values(parameters))

    def insert(self, name: str, rows: Sequence[Sequence[Any]]) -> None:
        """See `Connection`. A statement updates no row twice: the same row is given once."""
        if name in _UPSERTS:
            rows = list(dict.fromkeys(map(tuple, rows)))
        start = 0
        for size in AT_ONCE:
            while len(rows) - start >= size:
                part = rows[start : start + size]
                self._do(
                    _STATEMENTS.many[name][size].text, [value for row in part for value in row]
                )
                start += size

    def execute(self, statement: str) -> Cursor:
        """See `Connection`."""
        return self._do(statement, ())

    def begin(self, about: Sequence[About]) -> None:
        """See `Connection`."""
        self._alone = any(one.alone for one in about)
        self._locked = set()
        self._do("BEGIN ISOLATION LEVEL READ COMMITTED", ())
        how = "" if self._alone else "_shared"
        self._do(f"SELECT pg_advisory_xact_lock{how}($1::int, $2::int)", (LOCKS, JOURNAL))
        self.lock(key for one in about for key in one.keys)

    def lock(self, keys: Iterable[str]) -> None:
        """See `Connection`; in one order for all, so that two do not wait for each other."""
        new = set() if self._alone else set(keys) - self._locked
        if new:
            numbers = sorted(map(_number, new))
            self._do("SELECT pg_advisory_xact_lock(k) FROM unnest($1::bigint[]) AS k", (numbers,))
            self._locked |= new

    def reclaim(self, most: int) -> bool:
        """The server does it by itself (autovacuum), and keeps what was freed for use."""
        del most
        return False

    def checkpoint(self) -> None:
        """The log of the server belongs to those who run it, with its copies."""

    def close(self) -> None:
        """See `Connection`."""
        self.db.close()

    def _do(self, text: str, values: Sequence[Any]) -> Cursor:
        if self._again is not None and self.db.closed:
            self.db = self._again()
        cursor = self.db.execute(text, values)
        if cursor.description is None or not (cursor.statusmessage or "").startswith("SELECT"):
            self._changes += max(cursor.rowcount, 0)
        return cursor


def _number(key: str) -> int:
    """The lock of a case or a message; two that share one only wait for each other."""
    digest = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


class PostgresEngine:
    """See `Engine`: one database."""

    errors: tuple[type[Exception], ...] = (psycopg.Error,)

    def __init__(self, server: Postgres, name: str) -> None:
        """`name` is what the server shows its operators of us."""
        self._server = server
        self._name = name

    def connect_to_write(self) -> PostgresConnection:
        """See `Engine`."""
        connection = PostgresConnection(self._usable("write", postgres_schema.migrate))
        try:
            connection.begin([ALONE])  # nobody counts pieces meanwhile
            connection.run("drop_loose_pieces")
            connection.execute("COMMIT")
        except psycopg.Error as error:
            connection.close()
            raise self.unavailable(error) from error
        return connection

    def connect_to_read(self) -> PostgresConnection:
        """See `Engine`."""
        return PostgresConnection(self._reading(), self._reading)

    def _reading(self) -> psycopg.Connection[Named]:
        return self._usable("read", postgres_schema.check)

    def _usable(
        self, to: Literal["read", "write"], ready: Callable[[psycopg.Connection[Named]], None]
    ) -> psycopg.Connection[Named]:
        """A connection to a journal that `ready` found, or made, as it must be."""
        db = self._opened(to)
        try:
            ready(db)
        except psycopg.Error as error:
            db.close()
            raise self.unavailable(error) from error
        except JournalUnavailable:
            db.close()
            raise
        return db

    def _opened(self, to: Literal["read", "write"]) -> psycopg.Connection[Named]:
        """A line to the database.

        Raises:
            JournalUnavailable: there is none, or it does not keep text as UTF-8.
        """
        server = self._server
        settings = {
            "statement_timeout": f"{server.statement_timeout_seconds * 1000:.0f}",
            "idle_in_transaction_session_timeout": f"{_IDLE_SECONDS * 1000}",
            "default_transaction_read_only": "on" if to == "read" else "off",
            "timezone": "UTC",
        }
        try:
            db = psycopg.connect(
                **_given(server),
                application_name=self._name,
                options=" ".join(f"-c {key}={value}" for key, value in settings.items()),
                client_encoding="utf8",
                autocommit=True,
                cursor_factory=psycopg.RawCursor[Any],
                row_factory=_named,
                context=_adapters(),
            )
        except psycopg.Error as error:
            raise self.unavailable(error) from error
        if db.info.parameter_status("server_encoding") != "UTF8":
            db.close()
            raise self._not_usable("server_encoding", "UTF8")
        if to == "write":  # what is told is durable, whatever the server does for others
            db.execute(
                "SELECT set_config('synchronous_commit', 'on', false)"
                " WHERE current_setting('synchronous_commit') = 'off'"
            )
        return db

    def fault(self, error: BaseException) -> Fault:
        """See `Engine`."""
        if not isinstance(error, psycopg.Error):
            return Fault.OWN
        state = error.sqlstate or ""
        if isinstance(error, psycopg.IntegrityError):
            return Fault.CONTRADICTS
        if state in _AGAIN:
            return Fault.AGAIN
        ours = isinstance(error, psycopg.DataError | psycopg.ProgrammingError) and not state
        return Fault.OWN if ours or state.startswith(_OF_ONE_WRITE) else Fault.LOST

    def said(self, error: BaseException) -> str:
        """See `Engine`: its detail would show the row."""
        primary = error.diag.message_primary if isinstance(error, psycopg.Error) else None
        return primary or type(error).__name__

    def unavailable(self, error: Exception) -> JournalUnavailable:
        """See `Engine`."""
        state = error.sqlstate if isinstance(error, psycopg.Error) else None
        return self._not_usable(type(error).__name__, state or "no answer")

    def _not_usable(self, what: str, state: str) -> JournalUnavailable:
        at = self._server.where
        return JournalUnavailable(
            f"The journal at {at} cannot be used now ({what}, {state}): see that the server is"
            " there and lets us in.",
            french=f"Le journal sur {at} est inutilisable ({what}, {state}) : vérifier que le"
            " serveur est là et nous laisse entrer.",
        )


def _given(server: Postgres) -> dict[str, Any]:
    """What libpq is told of the server, by its own words."""
    told = {
        "host": ",".join(server.hosts),
        "port": server.port,
        "dbname": server.database,
        "user": server.user,
        "password": server.password.get_secret_value() if server.password else None,
        "sslmode": server.tls,
        "sslrootcert": server.tls_authority,
        "sslcert": server.tls_certificate,
        "sslkey": server.tls_key,
        "connect_timeout": max(2, round(server.connect_timeout_seconds)),  # 1 means 2 to libpq
        "tcp_user_timeout": round(server.statement_timeout_seconds * 1000),
    }
    if server.other_hosts:  # a copy may answer, too; our own reading connections only read
        told["target_session_attrs"] = "primary"
    if server.tls == "verify-full" and server.tls_authority is None:
        told["sslrootcert"] = "system"
    return {key: str(value) for key, value in told.items() if value is not None}


def _adapters() -> AdaptersMap:
    """Whole numbers all alike, so that statements are prepared once; JSON as it was written."""
    adapters = AdaptersMap(psycopg.adapters)
    adapters.register_dumper(int, Int8Dumper)
    adapters.register_loader("json", TextLoader)
    return adapters


class PostgresReader(Reader):
    """`JournalReader` on a database."""

    def __init__(self, server: Postgres) -> None:
        """Connect, to read alone.

        Raises:
            JournalUnavailable: it cannot be reached, holds no journal, or one of another version.
        """
        super().__init__(PostgresEngine(server, "eessi-gateway reader"))

    @classmethod
    @asynccontextmanager
    async def opened(cls, server: Postgres) -> AsyncIterator[Self]:
        """A reader that is closed on the way out."""
        reader = cls(server)
        try:
            yield reader
        finally:
            await reader.close()


class PostgresJournal(Keeper):
    """`Journal` on a database that other workers write, too."""

    @classmethod
    async def open(cls, server: Postgres, lock: Path, *, instance: str, environment: str) -> Self:
        """Lock the state folder, create or migrate the journal, and open it.

        Raises:
            StateLocked: another process works in this state folder.
            JournalUnavailable: it cannot be reached, created or migrated.
        """
        held = locked(lock)
        engine = PostgresEngine(server, f"eessi-gateway {instance}")
        return await cls.opened(engine, Scope(instance, environment), held)
