"""A transaction as the writes of a group share it: rows gather and go in many to a statement.

Each statement of `sqlite3` gives the interpreter away twice and has to win it back from threads
that parse and judge, and each one of PostgreSQL is a way there and back; so what counts is not rows
but statements: a few dozen rows in one cost hardly more than one. Rows gather as long as nobody
looks at what they are about.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from gateway.journal.engine import Connection, Cursor


class Page:
    """The writing connection inside a transaction, with rows that are still to be inserted."""

    def __init__(self, db: Connection) -> None:
        self.db = db
        self._pending: dict[str, list[Sequence[Any]]] = {}
        self._about: set[str] = set()
        self._added = 0
        self._inserted = 0
        self.checkpoint = False
        """Move the log into the file once the transaction is over, and cut it off."""

        self.much = False
        """Move the log into the file now, if that goes: later it would take long."""

    @property
    def written(self) -> int:
        """Grows with everything that is written or gathered."""
        return self._added - self._inserted + self.db.changes

    def touch(self, keys: Iterable[str]) -> None:
        """What comes now is about these messages and cases: insert what is gathered on them."""
        keys = set(keys)
        self.db.lock(keys)
        if not keys.isdisjoint(self._about):
            self.flush()
        self._about |= keys

    def add(self, name: str, rows: Iterable[Sequence[Any]]) -> None:
        """Gather rows for an insert. They must be about what was touched."""
        pending = self._pending.setdefault(name, [])
        before = len(pending)
        pending.extend(rows)
        self._added += len(pending) - before

    def look(self, name: str, parameters: Any) -> Any:
        """The first row about something touched, None when there is none."""
        return self.db.run(name, parameters).fetchone()

    def execute(self, name: str, parameters: Any) -> Cursor:
        """Run a statement on everything written so far."""
        self.flush()
        return self.db.run(name, parameters)

    def reclaim(self, most: int) -> bool:
        """Give so much of what was freed back to the disk; whether there is more."""
        self.flush()
        more = self.db.reclaim(most)
        self.checkpoint = not more
        return more

    def flush(self) -> None:
        """Insert what is gathered."""
        before = self.db.changes
        self._about.clear()
        while self._pending:
            name, rows = self._pending.popitem()
            self.db.insert(name, rows)
        self._inserted += self.db.changes - before
