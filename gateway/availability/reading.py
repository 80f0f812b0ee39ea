"""What other monitors saw: the lines of a file, read strictly, all of it or none.

One line a time in which a part was up or down: `component;from;until;state;monitor`.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Final

from gateway.availability import State
from gateway.clock import YEARS
from gateway.core.strict_lines import BadLine, lines_of
from gateway.journal.observing import Observation

HEADER: Final = "component;from;until;state;monitor"
MOST_LINES: Final = 500_000
PROBES: Final = "gateway"
"""The source of the gateway's own probes; no monitor is called so."""
NAME: Final = re.compile(r"\w[\w .:'/-]{0,63}")
_STATES: Final = {State.UP.value: True, State.DOWN.value: False}

Seen = tuple[int, Observation]
"""Line, and what it says."""


def observations(body: bytes, now: datetime) -> tuple[tuple[Seen, ...], tuple[BadLine, ...]]:
    """Everything that the file says, and every line that says nothing."""
    lines = lines_of(body, HEADER, MOST_LINES)
    wrong, found = list(lines.wrong), []
    for number, cells in lines.cells:
        one = _observation(cells, now)
        if isinstance(one, str):
            wrong.append(BadLine(number, one))
        else:
            found.append((number, one))
    return tuple(found), (*wrong, *_overlaps(found))


def _observation(cells: Sequence[str], now: datetime) -> Observation | str:
    component, begin, end, state, monitor = cells
    at, until = when(begin), when(end)
    checks = (
        ("component", NAME.fullmatch(component) is not None),
        ("from", at is not None),
        ("until", until is not None),
        ("state", state in _STATES),
        ("monitor", NAME.fullmatch(monitor) is not None and monitor != PROBES),
    )
    wrong = next((code for code, right in checks if not right), None)
    if wrong is not None or at is None or until is None:
        return wrong or "from"
    if not at < until:
        return "order"
    if until > now:
        return "future"
    return Observation(component, monitor, at, until, up=_STATES[state])


def when(text: str) -> datetime | None:
    """An instant with its zone, of a year that can be reckoned with; None for anything else."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    first, last = YEARS
    return at if at.tzinfo is not None and first <= at.year <= last else None


def _overlaps(found: Sequence[Seen]) -> list[BadLine]:
    """Lines of which an earlier one of the file, of the same monitor, holds part of the time."""
    ordered = sorted(found, key=lambda one: (one[1].component, one[1].source, one[1].at))
    return [
        BadLine(number, "overlaps")
        for (_, before), (number, after) in pairwise(ordered)
        if (before.component, before.source) == (after.component, after.source)
        and after.at < before.until
    ]
