"""Pauses: what a person holds back, since when and why; the value, and how it is written.

Nobody else has to remember a pause: the statements that claim sendings and look for what is due
leave out what one reaches (the views `held` and `held_case`), after a restart as before it
(ADR 0014).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.journal.codec import microseconds
from gateway.journal.history import Scope
from gateway.journal.page import Page


class Reach(StrEnum):
    """How far a pause reaches."""

    ALL = "all"
    """Everything; nothing is taken in, either."""
    BUC = "buc"
    """Cases of one BUC."""
    INSTITUTION = "institution"
    """What goes to one institution or names it, and the cases in which it sent us anything."""
    COUNTRY = "country"
    """The same for the institutions of one country."""


@dataclass(frozen=True, slots=True)
class Pause:
    """One pause, open or over."""

    reach: Reach
    value: str
    """BUC, institution id or country code; empty for `all`."""
    since: datetime
    who: str
    why: str
    until: datetime | None = None
    """When it was resumed; None while it holds."""
    resumed_by: str | None = None
    resumed_why: str | None = None


def pause(page: Page, scope: Scope, begun: Pause) -> bool:
    """Hold back from now on; False when there is such a pause already."""
    row = (begun.reach, begun.value, microseconds(begun.since), begun.who, begun.why)
    return page.execute("pause", (scope.instance, scope.environment, *row)).rowcount == 1


def resume(page: Page, reach: Reach, value: str, *, who: str, why: str, at: datetime) -> bool:
    """Let go what was held back by the pause of this reach; False when there is none."""
    row = {"reach": reach, "value": value, "until": microseconds(at), "who": who, "why": why}
    return page.execute("resume", row).rowcount == 1
