"""The one thread that writes, and the group commit: what has gathered is one transaction.

A commit costs a flush to disk, so many writes share one. Nearly always all of them succeed or
fail before they have written anything; when one breaks off half way, the transaction is begun
again with each write under its own savepoint, and that one undoes itself alone. Who waits is told
after the commit, so what is told is durable. When the disk fails, all writes of the transaction
fail, and the next ones are tried on a transaction of their own. When it crossed the transaction of
another worker, it is done once more.
"""

import asyncio
import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Final, Literal, Self, TypeVar

from gateway.errors import JournalUnavailable
from gateway.journal import Contradiction
from gateway.journal.engine import ALONE, About, Connection, Engine, Fault
from gateway.journal.page import Page

T = TypeVar("T")

MOST: Final = 200
"""From so many writes on no more are added to a transaction."""
TRIES: Final = 5
"""How often a transaction is tried that crosses those of others."""


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
        about: About,
        future: "asyncio.Future[Any]",
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.work = work
        self.about = about
        self.future = future
        self.loop = loop
        self.result: Any = None


class Writer:
    """Owns the writing connection and its thread."""

    def __init__(self, engine: Engine) -> None:
        """The connection is opened in the thread."""
        self._engine = engine
        self._lost: tuple[type[Exception], ...] = (*engine.errors, OSError)
        self._queue: SimpleQueue[Sequence[_Write] | None] = SimpleQueue()
        self._turn: list[_Write] = []
        self._thread = threading.Thread(target=self._run, name="journal-writer", daemon=True)
        self._closed = False
        self._db: Connection | None = None

    async def start(self) -> None:
        """Start the thread and open the connection.

        Raises:
            JournalUnavailable: it cannot be opened.
        """
        self._thread.start()
        await self.write(lambda _page: None)

    async def write(self, work: Callable[[Page], T], about: About = ALONE) -> T:
        """What `work` returns, once that is durable; what it raises, with nothing written.

        `work` may be done more than once, each time on a transaction that knows nothing of the last
        one. A write that was accepted is done even if nobody waits for it any more.

        Raises:
            JournalUnavailable: the disk failed, or the journal is closed.
        """
        if self._closed:
            raise JournalUnavailable(code="journal-closed")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        if not self._turn:
            loop.call_soon(self._hand_over)
        self._turn.append(_Write(work, about, future, loop))
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
                self._done_or_told(batch)
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

    def _done_or_told(self, batch: Sequence[_Write]) -> None:
        """One transaction; a defect of ours is told to who waits, and ends no thread."""
        with _Caught() as defect:
            self._do(batch)
        if defect.error is not None:
            self._undo()
            for write in batch:
                write.error = write.error or defect.error

    def _do(self, batch: Sequence[_Write]) -> None:
        """One transaction; when it fails, none of the batch was written."""
        for left in reversed(range(TRIES)):
            try:
                db = self._open()
                if not self._together(db, batch):
                    self._one_by_one(db, batch)
            except self._lost as error:
                self._undo()
                if left and self._engine.fault(error) is Fault.AGAIN:
                    continue
                for write in batch:
                    write.error = self._engine.unavailable(error)
            except JournalUnavailable as error:
                for write in batch:
                    write.error = error
            return

    def _open(self) -> Connection:
        if self._db is None:
            self._db = self._engine.connect_to_write()
        return self._db

    def _undo(self) -> None:
        """Roll back; a connection that cannot even do that is replaced."""
        if self._db is None:
            return
        with _Caught() as failed:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
        if failed.error is not None or self._db.broken:
            self._db.close()
            self._db = None

    def _together(self, db: Connection, batch: Sequence[_Write]) -> bool:
        """All writes in one transaction; False with nothing done when one broke off half way.

        Raises an error of the engine when the whole transaction is lost.
        """
        db.begin([write.about for write in batch])
        page = Page(db)
        for write in batch:
            before = page.written
            self._attempt(write, page)
            if write.error is not None and (page.written != before or db.broken):
                db.execute("ROLLBACK")
                return False
        with _Caught() as rows:
            page.flush()
        if rows.error is not None:
            if self._ends_all(rows.error):
                raise rows.error
            db.execute("ROLLBACK")
            return False
        db.execute("COMMIT")
        _move_on(db, wanted=page.checkpoint, much=page.much)
        return True

    def _one_by_one(self, db: Connection, batch: Sequence[_Write]) -> None:
        """All writes in one transaction, each under its savepoint: what breaks is undone alone.

        Raises an error of the engine when the whole transaction is lost.
        """
        wanted = much = False
        db.begin([write.about for write in batch])
        for write in batch:
            page = Page(db)
            db.execute("SAVEPOINT one")
            self._attempt(write, page, flush=True)
            if write.error is not None:
                db.execute("ROLLBACK TO one")
            db.execute("RELEASE one")
            wanted, much = wanted or page.checkpoint, much or page.much
        db.execute("COMMIT")
        _move_on(db, wanted=wanted, much=much)

    def _attempt(self, write: _Write, page: Page, *, flush: bool = False) -> None:
        """One write; its rows are gathered, or inserted at once.

        Raises an error of the engine when the whole transaction is lost.
        """
        with write:
            write.result = write.work(page)
            if flush:
                page.flush()
        if write.error is None:
            return
        if self._ends_all(write.error):
            raise write.error
        if self._engine.fault(write.error) is Fault.CONTRADICTS:
            write.error = Contradiction(self._engine.said(write.error))

    def _ends_all(self, error: BaseException) -> bool:
        """True for what concerns the transaction, false for what is wrong with one write."""
        return self._engine.fault(error) in {Fault.LOST, Fault.AGAIN}


def _move_on(db: Connection, *, wanted: bool, much: bool) -> None:
    """Move the log on after a commit; who only wanted to spare others a wait hears of no failure.

    Raises an error of the engine when it is wanted, and fails.
    """
    if wanted:
        db.checkpoint()
    elif much:
        with _Caught():
            db.checkpoint()


class InlineWriter(Writer):
    """Writes on the thread of the loop, what came in one turn of it together.

    For simulations: the same transactions, and the same order every time.
    """

    async def start(self) -> None:
        """Open the connection; there is no thread."""
        await self.write(lambda _page: None)

    def _hand_over(self) -> None:
        if self._turn:
            batch, self._turn = self._turn, []
            self._done_or_told(batch)
            _answer(batch)

    async def close(self) -> None:
        """Finish what was accepted, take no more, close the connection."""
        self._closed = True
        self._hand_over()
        if self._db is not None:
            self._db.close()
            self._db = None


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
