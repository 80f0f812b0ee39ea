"""The one thread that writes, and the group commit: what has gathered is one transaction.

A commit costs a flush to disk, so many writes share one. Nearly always all of them succeed or
fail before they have written anything; when one breaks off half way, the transaction is begun
again with each write under its own savepoint, and that one undoes itself alone. Who waits is told
after the commit, so what is told is durable. When the disk fails, all writes of the transaction
fail, and the next ones are tried on a transaction of their own.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Final, Literal, Self, TypeVar

from gateway.errors import JournalUnavailable
from gateway.journal import Contradiction
from gateway.journal.page import Page

T = TypeVar("T")

MOST: Final = 200
"""From so many writes on no more are added to a transaction."""


class _Caught:
    """What went wrong inside, as a value: it belongs to who waits, never to the thread."""

    error: BaseException | None = None

    def __enter__(self) -> Self:
        self.error = None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> Literal[True]:
        """Keep it."""
        self.error = error
        return True


class _Write(_Caught):
    """One write that somebody waits for, and what became of it."""

    def __init__(
        self,
        work: Callable[[Page], Any],
        future: "asyncio.Future[Any]",
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.work = work
        self.future = future
        self.loop = loop
        self.result: Any = None


class Writer:
    """Owns the writing connection and its thread."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        """`connect` is called in the thread; the connection is in autocommit mode."""
        self._connect = connect
        self._queue: SimpleQueue[Sequence[_Write] | None] = SimpleQueue()
        self._turn: list[_Write] = []
        self._thread = threading.Thread(target=self._run, name="journal-writer", daemon=True)
        self._closed = False
        self._db: sqlite3.Connection | None = None

    async def start(self) -> None:
        """Start the thread and open the connection.

        Raises:
            JournalUnavailable: it cannot be opened.
        """
        self._thread.start()
        await self.write(lambda _page: None)

    async def write(self, work: Callable[[Page], T]) -> T:
        """What `work` returns, once that is durable; what it raises, with nothing written.

        A write that was accepted is done even if nobody waits for it any more.

        Raises:
            JournalUnavailable: the disk failed, or the journal is closed.
        """
        if self._closed:
            raise JournalUnavailable(code="journal-closed")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        if not self._turn:
            loop.call_soon(self._hand_over)
        self._turn.append(_Write(work, future, loop))
        return await future

    def _hand_over(self) -> None:
        """Give the thread what came in this turn of the loop, at once.

        The first write alone would wake it, to begin a small transaction and to fight for the
        interpreter with those that are about to bring the next ones.
        """
        if self._turn:
            self._queue.put(self._turn)
            self._turn = []

    async def close(self) -> None:
        """Finish what was accepted, take no more, close the connection."""
        if not self._closed:
            self._closed = True
            self._hand_over()
            self._queue.put(None)
        if self._thread.is_alive():
            await asyncio.to_thread(self._thread.join)

    # -- in the thread ----------------------------------------------------------------------

    def _run(self) -> None:
        more = True
        while more:
            batch, more = self._gather()
            if batch:
                with _Caught() as defect:
                    self._do(batch)
                if defect.error is not None:
                    self._undo()
                    for write in batch:
                        write.error = write.error or defect.error
                _tell(batch)
        if self._db is not None:
            self._db.close()

    def _gather(self) -> tuple[list[_Write], bool]:
        """What has gathered, at least one; and whether there may be more."""
        batch: list[_Write] = []
        writes = self._queue.get()
        while writes is not None:
            batch.extend(writes)
            if len(batch) >= MOST:
                return batch, True
            try:
                writes = self._queue.get_nowait()
            except Empty:
                return batch, True
        return batch, False

    def _do(self, batch: Sequence[_Write]) -> None:
        """One transaction; when it fails, none of the batch was written."""
        try:
            db = self._open()
            if not _together(db, batch):
                _one_by_one(db, batch)
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


def _together(db: sqlite3.Connection, batch: Sequence[_Write]) -> bool:
    """All writes in one transaction; False with nothing done when one broke off half way.

    Raises:
        sqlite3.Error: the whole transaction is lost.
    """
    db.execute("BEGIN IMMEDIATE")
    page = Page(db)
    for write in batch:
        before = page.written
        _attempt(write, page)
        if write.error is not None and page.written != before:
            db.execute("ROLLBACK")
            return False
    with _Caught() as rows:
        page.flush()
    if rows.error is not None:
        if _is_of_the_disk(rows.error):
            raise rows.error
        db.execute("ROLLBACK")
        return False
    db.execute("COMMIT")
    return True


def _one_by_one(db: sqlite3.Connection, batch: Sequence[_Write]) -> None:
    """All writes in one transaction, each under its savepoint: what breaks is undone alone.

    Raises:
        sqlite3.Error: the whole transaction is lost.
    """
    db.execute("BEGIN IMMEDIATE")
    for write in batch:
        page = Page(db)
        db.execute("SAVEPOINT one")
        _attempt(write, page, flush=True)
        if write.error is not None:
            db.execute("ROLLBACK TO one")
        db.execute("RELEASE one")
    db.execute("COMMIT")


def _attempt(write: _Write, page: Page, *, flush: bool = False) -> None:
    """One write; its rows are gathered, or inserted at once.

    Raises:
        sqlite3.Error: the whole transaction is lost.
    """
    with write:
        write.result = write.work(page)
        if flush:
            page.flush()
    if write.error is not None and _is_of_the_disk(write.error):
        raise write.error
    if isinstance(write.error, sqlite3.IntegrityError):
        write.error = Contradiction(str(write.error))


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
