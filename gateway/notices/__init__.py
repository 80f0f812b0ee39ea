"""What the gateway tells people by itself when it is in trouble: one notice when it begins, one
when it is over.

A notice holds codes, times and the name of the gateway: no personal data, no id of a case, a
message or an institution.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from gateway.wording import sentence

FORMAT: Final = "eessi-gateway-notice-1"
OPENED: Final = "opened"
CLOSED: Final = "closed"


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice.

    Attributes:
        cause: a reason of `/readyz`, or `intake-stuck`, `outbox-stuck`.
        since: when it was first seen.
        until: when it was last seen; None while it lasts.
        untold: troubles that came and went before this one, and of which nothing was said because
            of the cap per hour.
    """

    cause: str
    since: datetime
    until: datetime | None = None
    untold: int = 0

    @property
    def event(self) -> str:
        """`opened` or `closed`."""
        return OPENED if self.until is None else CLOSED

    @property
    def id(self) -> str:
        """The same for the same notice sent again."""
        return f"{self.cause}.{self.event}.{self.since:%Y%m%dT%H%M%SZ}"


def document(notice: Notice, instance: str, environment: str) -> dict[str, Any]:
    """A notice as the webhook gets it."""
    return {
        "format": FORMAT,
        "id": notice.id,
        "event": notice.event,
        "cause": notice.cause,
        "since": _instant(notice.since),
        "until": None if notice.until is None else _instant(notice.until),
        "untold": notice.untold,
        "instance": instance,
        "environment": environment,
        "text": {lang: " ".join(words(notice, lang)) for lang in ("en", "fr")},
    }


def words(notice: Notice, lang: str) -> list[str]:
    """A notice in sentences."""
    times = {"since": _shown(notice.since)}
    if notice.until is not None:
        times["until"] = _shown(notice.until)
    said = [
        sentence(lang, "notice", notice.event, times),
        sentence(lang, "reason", notice.cause),
    ]
    if notice.untold:
        said.append(sentence(lang, "notice", "untold", {"count": str(notice.untold)}))
    return said


def kept(notice: Notice) -> dict[str, Any]:
    """A notice as it stands in the file between two starts."""
    return {
        "cause": notice.cause,
        "since": notice.since.isoformat(),
        "until": None if notice.until is None else notice.until.isoformat(),
        "untold": notice.untold,
    }


def read(fields: Mapping[str, Any]) -> Notice:
    """The way back from `kept`.

    Raises:
        KeyError, TypeError, ValueError: it is none.
    """
    until = fields["until"]
    return Notice(
        cause=str(fields["cause"]),
        since=datetime.fromisoformat(fields["since"]),
        until=None if until is None else datetime.fromisoformat(until),
        untold=int(fields["untold"]),
    )


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def _shown(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
