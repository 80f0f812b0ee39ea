"""Where ledgers are: one for all workers in the journal, one of each in `STATE/notices.json`.

They keep workers from telling of a trouble once each, and a restart from telling of it twice, or
from forgetting one that was told of. In the file stands what is told while the journal cannot be
used, above all that it cannot.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, Protocol, TypeVar

from gateway.errors import JournalUnavailable
from gateway.journal import Journal
from gateway.journal.noticing import Remembered
from gateway.log import logger
from gateway.notices.ledger import Ledger, restored, written

T = TypeVar("T")

NAME: Final = "notices.json"
TRIES: Final = 5
"""How often a change is made anew because another worker made one meanwhile."""


class Shelf(Protocol):
    """A place where a ledger is."""

    last: Ledger
    """As it was last seen here."""

    async def change(self, what: Callable[[Ledger], T]) -> T:
        """Change the ledger, or only look at it; `what` may be done more than once, each time anew.

        Raises:
            JournalUnavailable: it cannot be read or written now.
        """
        ...


class InFile:
    """Nobody else has it. What cannot be written is kept as long as we run, and that is said."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._written: str | None = None
        self._kept = True
        self.last = Ledger()

    async def change(self, what: Callable[[Ledger], T]) -> T:
        """See `Shelf`."""
        if self._written is None:
            self._written = await asyncio.to_thread(self._load)
            self.last = _restored(self._written)
        result = what(self.last)
        await self._keep(written(self.last))
        return result

    def _load(self) -> str:
        try:
            return self._path.read_bytes().decode(errors="replace")
        except FileNotFoundError:
            return ""
        except OSError:
            logger().warning("notices-forgotten")
            return ""

    async def _keep(self, content: str) -> None:
        if content == (self._written or written(Ledger())):
            return
        try:
            await asyncio.to_thread(_save, self._path, content.encode())
        except OSError as error:
            if self._kept:
                logger().warning("notices-not-kept", error_code=f"errno-{error.errno}")
            self._kept = False
        else:
            self._written, self._kept = content, True


class InJournal:
    """All workers on the journal have it together.

    Args:
        patience: seconds; a journal that does not answer by then is none.
    """

    def __init__(self, journal: Journal, patience: float) -> None:
        self._journal = journal
        self._patience = patience
        self.last = Ledger()

    async def change(self, what: Callable[[Ledger], T]) -> T:
        """See `Shelf`."""
        for _ in range(TRIES):
            now = await self._answered(self._journal.notices())
            ledger = _restored(now.content)
            result = what(ledger)
            new = Remembered(now.revision, written(ledger))
            same = new.content == (now.content or written(Ledger()))
            if same or await self._answered(self._journal.remember_notices(new)):
                self.last = ledger
                return result
        raise JournalUnavailable(code="journal-busy")

    async def _answered(self, answer: Awaitable[T]) -> T:
        try:
            return await asyncio.wait_for(answer, self._patience)
        except TimeoutError:
            raise JournalUnavailable(code="journal-silent") from None


def _restored(content: str) -> Ledger:
    """What was written; a new one when nothing was, or something else."""
    if not content:
        return Ledger()
    try:
        return restored(content)
    except ValueError:
        logger().warning("notices-forgotten")
        return Ledger()


def _save(path: Path, content: bytes) -> None:
    """Put a whole new file in its place, for its owner alone.

    Raises:
        OSError: it cannot be written; the old one stays.
    """
    new = path.with_suffix(".new")
    opened = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(opened, "wb") as file:
        file.write(content)
    new.replace(path)
