"""What the yearly report is made of: one account a case, and the months that are closed.

An account says what became of a case, never whose it is. The figures of a closed month stay as
they were counted; what changes in its cases afterwards is a correction, and the report says so.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.journal.codec import codes_of, instant, microseconds
from gateway.journal.engine import Connection, Line
from gateway.journal.history import Scope
from gateway.journal.page import Page

Cell = tuple[str, str, str]
"""Table, key in it, measure."""
Figures = Mapping[Cell, int]
_FLAGS: Final = ("test", "imported", "ours", "duplicate", "came_back", "refused")
_UNSENT: Final = frozenset({"observed", "proposed", "withdrawn"})
"""States of an X007 or X006 that was composed, and did not leave."""


@dataclass(frozen=True, slots=True)
class CaseAccount:
    """One case, as it stands when it is counted."""

    received_at: datetime
    """Receipt of its first message from abroad."""
    buc: str
    sender: str
    """Who sent that message."""
    test: bool = False
    """A message of it is marked as a test (SBDH `TestCase`)."""
    imported: bool = False
    """It was open before the gateway was (`journal import-cases`)."""
    ours: bool = False
    """We began it, not somebody abroad."""
    duplicate: bool = False
    """A person said so of all its messages: the case that it repeats is counted."""
    holder: str | None = None
    """The institution that it was transferred to, if that transfer stands."""
    left: bool = False
    """We stepped back, because the institution took part in it already."""
    observed: bool = False
    """A transfer or a step back was decided, and did not leave (`sending = observe`)."""
    came_back: bool = False
    """A transfer of it was given back, refused or called back, whatever came after that."""
    person: bool = False
    """A person had a hand in it, or was to have one."""
    refused: bool = False
    """Nothing but refused messages came of it."""
    questions: int = 0
    answered: int = 0
    reminders: int = 0
    handed_over: bool = False
    """The institution has been handed a message of it, as far as the gateway sees."""
    delivered: bool = False
    """Somebody on the far side says that the institution has it, and nobody that it has not."""
    causes: tuple[str, ...] = ()
    """Why a person had to look, each cause once."""


@dataclass(frozen=True, slots=True)
class ClosedMonth:
    """A month whose figures are frozen."""

    month: str
    """`YYYY-MM`."""
    closed_at: datetime
    who: str
    figures: Figures


def accounts(db: Connection, begin: datetime, end: datetime) -> tuple[CaseAccount, ...]:
    """The cases whose first message from abroad was received in that time."""
    rows = db.run("accounts", (microseconds(begin), microseconds(end)))
    return tuple(map(_account, rows))


def _account(row: Line) -> CaseAccount:
    undone = row["undone"] or 0
    forwarded, left = row["forwarded"] or 0, row["stepped_back"] or 0
    latest = max(forwarded, left, undone)
    sed = "X007" if latest == forwarded > 0 else "X006" if latest == left > 0 else ""
    unsent = row[sed.lower()] if sed and row[sed.lower()] in _UNSENT else None
    by_hand = unsent is not None and sed in (row["by_hand"] or "")  # a person sent it instead
    stands = sed == "X007" and (unsent is None or by_hand)
    return CaseAccount(
        received_at=instant(row["received_at"]),
        buc=row["buc"] or "-",
        sender=row["sender"] or "",
        holder=row["institution"] if stands else None,
        left=sed == "X006" and (unsent is None or by_hand),
        observed=unsent == "observed" and not by_hand,
        person=by_hand or bool(row["person"]),
        questions=row["questions"] or 0,
        answered=row["answered"] or 0,
        reminders=row["reminders"] or 0,
        handed_over=stands and bool(row["handed_over"]),
        causes=codes_of(row["causes"] or "[]"),
        delivered=stands and bool(row["delivered"]),
        **{flag: bool(row[flag]) for flag in _FLAGS},
    )


def first_receipt(db: Connection) -> datetime | None:
    """When the first message of the journal was received."""
    ((at,),) = db.run("first_receipt").fetchall()
    return instant(at) if at is not None else None


def closed_months(db: Connection, year: int) -> tuple[ClosedMonth, ...]:
    """The closed months of a year, in order."""
    rows = db.run("closed_months", (f"{year:04d}-%",))
    return tuple(
        ClosedMonth(month, instant(at), who, _figures(content)) for month, at, who, content in rows
    )


def _figures(content: str) -> Figures:
    return {(table, key, measure): count for table, key, measure, count in json.loads(content)}


def close_month(page: Page, scope: Scope, month: ClosedMonth) -> bool:
    """Freeze the figures of a month; False when they are frozen already."""
    content = json.dumps([[*cell, count] for cell, count in sorted(month.figures.items())])
    row = (month.month, scope.instance, scope.environment, microseconds(month.closed_at))
    return page.execute("close_month", (*row, month.who, content)).rowcount == 1
