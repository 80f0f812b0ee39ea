"""The one thread that writes, and the group commit: what has gathered is one transaction.

A commit costs a flush to disk, so many writes share one. Each write stands under its own
savepoint: one that fails undoes itself alone. Who waits is told after the commit, so what is
told is durable. When the disk fails, all writes of the transaction fail, and the next ones are
tried on a transaction of their own.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Final, Literal, TypeVar

from gateway.errors import JournalUnavailable
from gateway.journal import Contradiction

T = TypeVar("T")

MOST: Final = 200
"""Writes in one transaction."""


@dataclass(slots=True, eq=False)
class _Write:
    """One write that somebody waits for, and what became of it."""

    work: Callable[[sqlite3.Connection], Any]
    future: "asyncio.Future[Any]"
    loop: asyncio.AbstractEventLoop
    result: Any = None
    error: BaseException | None = None

    def __enter__(self) -> None:
        self.error = None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> Literal[True]:
        """Whatever went wrong belongs to who waits for the write, not to the thread."""
        self.error = error
        return True


class Writer:
    """Owns the writing connection and its thread."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        """`connect` is called in the thread; the connection is in autocommit mode."""
        self._connect = connect
        self._queue: SimpleQueue[_Write | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="journal-writer", daemon=True)
        self._closed = False
        self._db: sqlite3.Connection | None = None

    async def start(self) -> None:
        """Start the thread and open the connection.

        Raises:
            JournalUnavailable: it cannot be opened.
        """
        self._thread.start()
        await self.write(lambda _db: None)

    async def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What `work` returns, once that is durable; what it raises, with nothing written.

        A write that was accepted is done even if nobody waits for it any more.

        Raises:
            JournalUnavailable: the disk failed, or the journal is closed.
        """
        if self._closed:
            raise JournalUnavailable(code="journal-closed")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._queue.put(_Write(work, future, loop))
        return await future

    async def close(self) -> None:
        """Finish what was accepted, take no more, close the connection."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join)

    # -- in the thread ----------------------------------------------------------------------

    def _run(self) -> None:
        more = True
        while more:
            batch, more = self._gather()
            if batch:
                self._do(batch)
                _tell(batch)
        if self._db is not None:
            self._db.close()

    def _gather(self) -> tuple[list[_Write], bool]:
        """What has gathered, at least one; and whether there may be more."""
        batch: list[_Write] = []
        write = self._queue.get()
        while write is not None:
            batch.append(write)
            if len(batch) == MOST:
                return batch, True
            try:
                write = self._queue.get_nowait()
            except Empty:
                return batch, True
        return batch, False

    def _do(self, batch: Sequence[_Write]) -> None:
        """One transaction; when it fails, none of the batch was written."""
        try:
            db = self._open()
            db.execute("BEGIN IMMEDIATE")
            for write in batch:
                _apply(db, write)
            db.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            self._undo()
            for write in batch:
                write.error = unavailable(error)
        except JournalUnavailable as error:
            for write in batch:
                write.error = error

    def _open(self) -> sqlite3.Connection:
        if self._db is None:
            self._db = self._connect()
        return self._db

    def _undo(self) -> None:
        """Roll back; a connection that cannot even do that is replaced."""
        if self._db is None:
            return
        try:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
        except sqlite3.Error:
            self._db.close()
            self._db = None


def unavailable(error: Exception) -> JournalUnavailable:
    """The error of the package for one of the engine; its name tells what is wrong."""
    name = getattr(error, "sqlite_errorname", None) or type(error).__name__
    return JournalUnavailable(
        f"The journal cannot be used now ({name}): see that its disk is there and has room.",
        french=(
            f"Le journal est inutilisable ({name}) : "
            "vérifier que son disque est présent et qu'il reste de la place."
        ),
    )


def _apply(db: sqlite3.Connection, write: _Write) -> None:
    """One write under its savepoint.

    Raises:
        sqlite3.Error: the whole transaction is lost.
    """
    db.execute("SAVEPOINT one")
    with write:
        write.result = write.work(db)
    error = write.error
    if error is not None:
        if _is_of_the_disk(error):
            raise error
        db.execute("ROLLBACK TO one")
        if isinstance(error, sqlite3.IntegrityError):
            write.error = Contradiction(str(error))
    db.execute("RELEASE one")


def _is_of_the_disk(error: BaseException) -> bool:
    """True for what concerns the transaction, false for what is wrong with one write."""
    of_the_write = (
        sqlite3.IntegrityError,
        sqlite3.DataError,
        sqlite3.ProgrammingError,
        sqlite3.InterfaceError,
    )
    return isinstance(error, sqlite3.Error) and not isinstance(error, of_the_write)


def _tell(batch: Sequence[_Write]) -> None:
    """Wake those who wait, once a loop for the whole batch."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Write]] = {}
    for write in batch:
        by_loop.setdefault(write.loop, []).append(write)
    for loop, writes in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_answer, writes)


def _answer(writes: Sequence[_Write]) -> None:
    for write in writes:
        if write.future.done():  # who waited was cancelled
            continue
        if write.error is not None:
            write.future.set_exception(write.error)
        else:
            write.future.set_result(write.result)
