"""A transaction as the writes of a group share it: rows gather and go in many to a statement.

Each statement of `sqlite3` gives the interpreter away twice and has to win it back from threads
that parse and judge, so what counts is not rows but statements: a few dozen rows in one cost
hardly more than one. Rows gather as long as nobody looks at what they are about.
"""

import re
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, Final

from gateway.journal.statements import SQL

_VALUES: Final = re.compile(r"VALUES (\([^)]*\))")
_AT_ONCE: Final = (64, 16, 4, 1)
"""Rows in one statement; few sizes, so that prepared statements are used again."""


def _many(statement: str, rows: int) -> str:
    return _VALUES.sub(lambda found: "VALUES " + ", ".join([found[1]] * rows), statement)


_INSERTS: Final = {
    name: {n: _many(statement, n) for n in _AT_ONCE}
    for name, statement in SQL.items()
    if _VALUES.search(statement)
}


class Page:
    """The writing connection inside a transaction, with rows that are still to be inserted."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        self._pending: dict[str, list[Sequence[Any]]] = {}
        self._about: set[str] = set()
        self._added = 0
        self._inserted = 0

    @property
    def written(self) -> int:
        """Grows with everything that is written or gathered."""
        return self._added - self._inserted + self.db.total_changes

    def touch(self, keys: Iterable[str]) -> None:
        """What comes now is about these messages and cases: insert what is gathered on them."""
        keys = set(keys)
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
        return self.db.execute(SQL[name], parameters).fetchone()

    def execute(self, name: str, parameters: Any) -> sqlite3.Cursor:
        """Run a statement on everything written so far."""
        self.flush()
        return self.db.execute(SQL[name], parameters)

    def flush(self) -> None:
        """Insert what is gathered."""
        before = self.db.total_changes
        self._about.clear()
        while self._pending:
            self._insert(*self._pending.popitem())
        self._inserted += self.db.total_changes - before

    def _insert(self, name: str, rows: Sequence[Sequence[Any]]) -> None:
        start = 0
        for size in _AT_ONCE:
            while len(rows) - start >= size:
                part = rows[start : start + size]
                self.db.execute(_INSERTS[name][size], [value for row in part for value in row])
                start += size
