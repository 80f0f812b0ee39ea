"""What the gateway tells people by itself when it is in trouble: one notice when it begins, one
when it is over, however many workers share it.

A notice holds codes, times and the names of the gateway and of a worker: no personal data, no id
of a case, a message or an institution.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from gateway.core.matter import PARIS
from gateway.wording import sentence

FORMAT: Final = "eessi-gateway-notice-1"
OPENED: Final = "opened"
CLOSED: Final = "closed"
SHARED: Final = frozenset(
    {
        *("paused", "outbox-stuck"),
        *("consumer-gone", "broker-unreachable", "broker-silent", "broker-refuses-us"),
        *("topology-missing", "topology-differs"),
    }
)
"""Causes that all workers have together: what holds in the journal that they share, and of the
broker. Any other is the trouble of one worker."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice.

    Attributes:
        cause: a reason of `/readyz`, or `intake-stuck`, `outbox-stuck`.
        worker: who saw it first; of what is not `SHARED`, whose trouble it is.
        since: when it was first seen.
        until: when it was last seen; None while it lasts.
        untold: troubles that came and went before this one, and of which nothing was said because
            of the cap per hour.
    """

    cause: str
    worker: str
    since: datetime
    until: datetime | None = None
    untold: int = 0

    @property
    def shared(self) -> bool:
        """All workers have it together, and this is the one notice of it."""
        return self.cause in SHARED

    @property
    def event(self) -> str:
        """`opened` or `closed`."""
        return OPENED if self.until is None else CLOSED

    @property
    def id(self) -> str:
        """The same for the same notice sent again."""
        whose = "" if self.shared else f".{self.worker}"
        return f"{self.cause}{whose}.{self.event}.{self.since:%Y%m%dT%H%M%SZ}"


def document(notice: Notice, instance: str, environment: str) -> dict[str, Any]:
    """A notice as the webhook gets it."""
    return {
        "format": FORMAT,
        "id": notice.id,
        "event": notice.event,
        "cause": notice.cause,
        "worker": notice.worker,
        "shared": notice.shared,
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
        sentence(lang, "notice", "all" if notice.shared else "one", {"worker": notice.worker}),
    ]
    if notice.untold:
        said.append(sentence(lang, "notice", "untold", {"count": str(notice.untold)}))
    return said


def kept(notice: Notice) -> dict[str, Any]:
    """A notice as it is remembered."""
    return {
        "cause": notice.cause,
        "worker": notice.worker,
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
        worker=str(fields["worker"]),
        since=datetime.fromisoformat(fields["since"]),
        until=None if until is None else datetime.fromisoformat(until),
        untold=int(fields["untold"]),
    )


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def _shown(at: datetime) -> str:
    return f"{at.astimezone(PARIS):%Y-%m-%d %H:%M}"
