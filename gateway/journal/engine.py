"""What a journal needs of its engine: connections that run statements by name, and its errors.

The statements, and all that decides what they are run with, are the same for every engine. Here is
the little that differs: how a transaction begins, what it locks, how rows go in, what an error
means. `SqliteEngine` and `PostgresEngine` are the two.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final, Protocol

from gateway.errors import JournalUnavailable


class Line(Protocol):
    """One row: by position, by name, or taken apart."""

    def __getitem__(self, key: Any, /) -> Any: ...

    def __iter__(self) -> Iterator[Any]: ...

    def __len__(self) -> int: ...

    def keys(self) -> Iterable[str]:
        """The names of its values."""
        ...


class Cursor(Protocol):
    """What a statement gave."""

    @property
    def rowcount(self) -> int:
        """Rows that it wrote."""
        ...

    def fetchone(self) -> Any:
        """The next row; None after the last."""
        ...

    def fetchall(self) -> list[Any]:
        """All rows that are left."""
        ...

    def __iter__(self) -> Iterator[Any]: ...


@dataclass(frozen=True, slots=True)
class About:
    """What a write looks at or changes; where one engine serves several workers it is locked.

    Writes about cases go beside each other, those about one case one after another. All others go
    alone: then nobody writes anything else, as it always is on a file.
    """

    keys: frozenset[str] = frozenset()
    """Cases and messages."""
    alone: bool = False


ALONE: Final = About(alone=True)


class Fault(Enum):
    """What an error of the engine means for the transaction it came up in."""

    LOST = auto()
    """The disk or the line failed: the whole transaction is gone."""
    AGAIN = auto()
    """It crossed the transaction of another worker: the same once more will do."""
    CONTRADICTS = auto()
    """What was to be written cannot stand beside what is there."""
    OWN = auto()
    """Something is wrong with this one write."""


class Connection(Protocol):
    """A connection to the journal, used by one thread at a time."""

    @property
    def changes(self) -> int:
        """Grows with each row that is written."""
        ...

    @property
    def in_transaction(self) -> bool:
        """One has begun, and has not ended."""
        ...

    @property
    def broken(self) -> bool:
        """Nothing more can be done in this transaction but to undo it."""
        ...

    def run(self, name: str, parameters: Any = ()) -> Cursor:
        """Run a statement of `queries.sql`."""
        ...

    def insert(self, name: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run an insert of `queries.sql` for many rows, in few statements."""
        ...

    def execute(self, statement: str) -> Cursor:
        """Run a statement of the engine's own."""
        ...

    def begin(self, about: Sequence[About]) -> None:
        """Begin a transaction for these writes; it waits for those that it must not go beside."""
        ...

    def lock(self, keys: Iterable[str]) -> None:
        """Inside a transaction: nobody else writes about these cases and messages."""
        ...

    def reclaim(self, most: int) -> bool:
        """Give so much of what was freed back to the disk; whether there is more.

        Who asks for it also wants a `checkpoint` in the end.
        """
        ...

    def checkpoint(self) -> None:
        """After a transaction: what was erased leaves the log, too, where the log is ours."""
        ...

    def close(self) -> None:
        """Close it; what was not committed is undone."""
        ...


class Engine(Protocol):
    """Where a journal stands."""

    errors: tuple[type[Exception], ...]
    """What its connections raise."""

    def connect_to_write(self) -> Connection:
        """A connection to a journal of the present version, made or migrated where need be.

        Raises:
            JournalUnavailable: it cannot be opened, or is of a later version than this program.
        """
        ...

    def connect_to_read(self) -> Connection:
        """A connection that can only read.

        Raises:
            JournalUnavailable: there is none, or it is of another version than this program.
        """
        ...

    def fault(self, error: BaseException) -> Fault:
        """What an error means; `OWN` for all that are not the engine's."""
        ...

    def said(self, error: BaseException) -> str:
        """What an error says, without a value of a message."""
        ...

    def unavailable(self, error: Exception) -> JournalUnavailable:
        """The error of the package for one of the engine's; it names what is wrong."""
        ...


def other_version() -> JournalUnavailable:
    """The journal was written by a program that this one cannot stand in for."""
    return JournalUnavailable(
        "The journal is of another version than this program; install the version that wrote it,"
        " or start this one once to bring it up to date.",
        french=(
            "Le journal est d'une autre version que ce programme ; installer celle qui l'a écrit,"
            " ou démarrer celle-ci une fois pour le mettre à jour."
        ),
        code="journal-of-another-version",
    )
