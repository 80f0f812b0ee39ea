"""How long partners wait for us and we for them, by country: medians and 90th percentiles.

Counts and times alone. A percentile is the nearest rank: a time that somebody really waited.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from gateway.journal.rows import ServiceKind, ServiceStep

ALL: Final = "*"
"""Every country together."""
TIMED: Final = (ServiceKind.TRANSFER, ServiceKind.QUESTION, ServiceKind.ANSWER)


@dataclass(slots=True)
class Levels:
    """The service levels of one country."""

    country: str
    counts: dict[ServiceKind, int] = field(default_factory=lambda: dict.fromkeys(ServiceKind, 0))
    times: dict[ServiceKind, list[timedelta]] = field(
        default_factory=lambda: {kind: [] for kind in TIMED}
    )

    def add(self, step: ServiceStep) -> None:
        """One more thing that happened."""
        self.counts[step.kind] += 1
        if step.took is not None:
            self.times[step.kind].append(step.took)

    def shown(self) -> dict[str, Any]:
        """In stable names; a time that nobody waited yet is None."""
        questions = self.counts[ServiceKind.QUESTION]
        said: dict[str, Any] = {"country": self.country}
        for kind in TIMED:
            said[f"{kind}s"] = self.counts[kind]
            said[f"{kind}_median_seconds"] = percentile(self.times[kind], 50)
            said[f"{kind}_p90_seconds"] = percentile(self.times[kind], 90)
        reminders = self.counts[ServiceKind.REMINDER]
        said["reminders"] = reminders
        said["reminders_per_question"] = round(reminders / questions, 2) if questions else None
        return said


def levels(steps: Iterable[ServiceStep]) -> tuple[Levels, ...]:
    """All together first, then country by country."""
    found: dict[str, Levels] = {}
    for step in steps:
        for country in (ALL, step.country or "-"):
            found.setdefault(country, Levels(country)).add(step)
    return tuple(found[country] for country in sorted(found))


def percentile(times: Sequence[timedelta], share: int) -> float | None:
    """Seconds within which so many of a hundred were served; None when there are none."""
    if not times:
        return None
    rank = math.ceil(len(times) * share / 100)
    return sorted(times)[rank - 1].total_seconds()
