"""When a release of the tables runs out: the first day on which a route ends and none follows."""

from collections.abc import Sequence
from datetime import date

from routing_tables import Route


def next_end(routes: Sequence[Route], today: date) -> date | None:
    """The first day after today on which cases that a row decides have none; None: no such day.

    A row is followed by one that covers all of it on that day, or by any that begins then and
    meets the same cases: whoever ended the row has thought of them.
    """
    days = [
        day
        for row in routes
        if (day := row.valid_to) is not None and day > today and not _followed(row, day, routes)
    ]
    return min(days, default=None)


def _followed(row: Route, day: date, routes: Sequence[Route]) -> bool:
    return any(
        other.valid(day) and (row.within(other) or (other.valid_from == day and other.meets(row)))
        for other in routes
    )
