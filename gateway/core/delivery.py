"""What became of what was handed over: the lines of a status file, read strictly.

One line a status, as RINA or an institution tells it: `message_id;receiver;status;time;reason`.
A file counts as a whole: with one bad line nothing of it is believed.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gateway.core.message import INSTITUTION_ID, spelled
from gateway.core.states import SendingState
from gateway.core.strict_lines import BadLine, lines_of

HEADER: Final = "message_id;receiver;status;time;reason"
MOST_LINES: Final = 10_000
STATES: Final[Mapping[str, SendingState]] = {
    "SENT": SendingState.SENT,
    "DELIVERED": SendingState.DELIVERED,
    "ERROR": SendingState.FAILED,
}
"""What a line says -> where the sending stands from then on."""
_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_REASON: Final = re.compile(r"(?!.*[0-9]{7})[A-Za-z0-9._:-]{0,64}")
_AHEAD: Final = timedelta(days=1)
_EARLIEST: Final = 2000


@dataclass(frozen=True, slots=True)
class Status:
    """What somebody says about one sending."""

    message_id: str
    receiver: str
    state: SendingState
    at: datetime
    """When it happened, as they say."""
    reason: str
    """A code of theirs, never a text: it stays in the journal."""
    line: int
    """Where in its file."""


def statuses_of(body: bytes, now: datetime) -> tuple[tuple[Status, ...], tuple[BadLine, ...]]:
    """The statuses of the file in their order, and every line that is none."""
    lines = lines_of(body, HEADER, MOST_LINES)
    read = [_status(number, cells, now) for number, cells in lines.cells]
    bad = (item for item in read if isinstance(item, BadLine))
    return tuple(item for item in read if isinstance(item, Status)), (*lines.wrong, *bad)


def _status(number: int, cells: Sequence[str], now: datetime) -> Status | BadLine:
    ident, receiver, status, time, reason = cells
    message_id = spelled(ident)
    at = _instant(time, now)
    checks = (
        ("message-id", _ID.fullmatch(message_id) is not None),
        ("receiver", INSTITUTION_ID.fullmatch(receiver) is not None),
        ("status", status in STATES),
        ("time", at is not None),
        ("reason", _REASON.fullmatch(reason) is not None),
    )
    wrong = next((code for code, right in checks if not right), None)
    if wrong is not None or at is None:
        return BadLine(number, wrong or "time")
    return Status(message_id, receiver, STATES[status], at, reason, number)


def _instant(text: str, now: datetime) -> datetime | None:
    """An instant with its zone, neither of long ago nor to come."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    if at.tzinfo is None or at.year < _EARLIEST or at > now + _AHEAD:
        return None
    return at
