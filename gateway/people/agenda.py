"""What waits for a person, as people look at it: by cause, with its age and the day it is due.

Age and due day count from the receipt: the time limits of the sender do.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from gateway.core.matter import PARIS
from gateway.core.working_days import working_days_after
from gateway.journal.rows import Task, worklist_cause


@dataclass(frozen=True, slots=True)
class Item:
    """One entry on the day it is looked at."""

    task: Task
    cause: str
    age_days: int
    due: date
    overdue: bool


@dataclass(frozen=True, slots=True)
class Group:
    """The entries of one cause, in numbers."""

    cause: str
    count: int
    oldest_days: int
    overdue: int
    unassigned: int


def items(tasks: Iterable[Task], today: date, due_days: int) -> list[Item]:
    """The entries with age and due day; those of one cause together, the cause with the oldest
    entry first."""
    listed = [_item(task, today, due_days) for task in tasks]
    oldest: dict[str, int] = {}
    for place, item in enumerate(listed):
        oldest.setdefault(item.cause, place)
    return sorted(listed, key=lambda item: oldest[item.cause])


def groups(listed: Sequence[Item]) -> list[Group]:
    """One line a cause, in the order in which they are listed."""
    by_cause: dict[str, list[Item]] = {}
    for item in listed:
        by_cause.setdefault(item.cause, []).append(item)
    return [
        Group(
            cause,
            len(theirs),
            max(item.age_days for item in theirs),
            sum(item.overdue for item in theirs),
            sum(item.task.assignee is None for item in theirs),
        )
        for cause, theirs in by_cause.items()
    ]


def _item(task: Task, today: date, due_days: int) -> Item:
    day = task.row.received_at.astimezone(PARIS).date()
    due = working_days_after(day, due_days)
    cause = worklist_cause(task.row.decision, task.row.cause)
    return Item(task, cause, max((today - day).days, 0), due, due < today)
