"""Days as periods, from the first to that on which it is over; and what others leave of one."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final, Protocol

Period = tuple[date, date]
"""The first day, and the first one after it."""

FIRST: Final = date(2019, 1, 1)
"""The day from which on the tables are to be whole: that of the first cases in EESSI."""
OPEN: Final = date.max
"""The end of what has none."""


class Dated(Protocol):
    """A row of a table."""

    @property
    def valid_from(self) -> date:
        """The first day."""

    @property
    def valid_to(self) -> date | None:
        """The first day after it; None: no end known."""


def period_of(row: Dated) -> Period:
    """The days on which the row is valid."""
    return (row.valid_from, row.valid_to or OPEN)


def without(whole: Iterable[Period], taken: Iterable[Period]) -> list[Period]:
    """What is left of the periods."""
    left = list(whole)
    for start, end in taken:
        left = [
            part
            for since, until in left
            for part in ((since, min(until, start)), (max(since, end), until))
            if part[0] < part[1]
        ]
    return left


def common(some: Iterable[Period], others: Sequence[Period]) -> list[Period]:
    """The days that are in both."""
    return sorted(
        (max(a, c), min(b, d)) for a, b in some for c, d in others if max(a, c) < min(b, d)
    )


def joined(periods: Iterable[Period]) -> list[Period]:
    """The same days in the fewest periods, in order."""
    found: list[Period] = []
    for start, end in sorted(periods):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def in_words(period: Period) -> tuple[str, str]:
    """In English and French."""
    start, end = period
    if end == OPEN:
        return f"from {start} on", f"à partir du {start}"
    return f"from {start} until {end} (not included)", f"du {start} au {end} (non compris)"
