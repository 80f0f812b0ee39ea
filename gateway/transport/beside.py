"""What is said beside a message, by whichever way it came: of the right shape, or not said."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from gateway.core.message import INSTITUTION_ID

_RINA_NUMBER: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._/-]{0,39}")
_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_AHEAD: Final = timedelta(days=1)
"""Receipt times outside of these bounds are mistakes."""


def told(value: object, shape: re.Pattern[str]) -> str | None:
    """A text or number of that shape; anything else counts as not said."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return text if shape.fullmatch(text) else None


def addressee(value: object) -> str | None:
    """The institution that the copy was sent to."""
    return told(value, INSTITUTION_ID)


def rina_number(value: object) -> str | None:
    """RINA's own number of the case."""
    return told(value, _RINA_NUMBER)


def received_at(value: object, arrived: datetime | None, now: datetime) -> datetime:
    """The receipt time that was given, else that of the arrival; now, when neither can be."""
    given = (_instant(value), arrived)
    return next((t for t in given if t and _EARLIEST <= t <= now + _AHEAD), now)


def _instant(value: object) -> datetime | None:
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    if not isinstance(value, str):
        return None
    try:
        read = datetime.fromisoformat(value)
        return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
