"""What was seen of parts around the gateway, when they were under maintenance, and its own pulse.

A look counts from its instant until the next one of the same source, and no longer than it says.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from gateway.journal.codec import instant, microseconds
from gateway.journal.engine import Connection
from gateway.journal.history import Scope
from gateway.journal.page import Page

GAP: Final = timedelta(seconds=30)
"""Heartbeats further apart than this are a pause of the gateway."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What one source saw of one part."""

    component: str
    source: str
    """`gateway` for its own probes, else the monitor that a file names."""
    at: datetime
    until: datetime
    """It says nothing of the time from then on."""
    up: bool
    reason: str = ""
    """A code; empty when it was up, or nobody said why."""


@dataclass(frozen=True, slots=True)
class Run:
    """Observations of one source that say the same without a gap."""

    component: str
    source: str
    begin: datetime
    end: datetime
    up: bool


@dataclass(frozen=True, slots=True)
class Maintenance:
    """When a part was, or will be, under maintenance."""

    component: str
    begin: datetime
    end: datetime
    who: str
    why: str
    declared_at: datetime


@dataclass(frozen=True, slots=True)
class Seen:
    """All that the journal knows of a period."""

    runs: tuple[Run, ...]
    maintenance: tuple[Maintenance, ...]
    alive: tuple[tuple[datetime, datetime], ...]
    """From when to when the gateway was at work without a pause."""


class Fits(StrEnum):
    """What an observation is worth against what stands in the journal."""

    NEW = "new"
    KNOWN = "known"
    OVERLAPS = "overlaps"
    """The same source says something else of the same time."""


def seen(db: Connection, begin: datetime, end: datetime, looks_from: datetime) -> Seen:
    """What was seen in a period, in whole runs: some reach over its ends.

    Looks are those from `looks_from` on; maintenance and pulse those of the whole period.
    """
    bounds = {"begin": microseconds(begin), "end": microseconds(end)}
    runs = db.run("observed", {**bounds, "begin": microseconds(looks_from)}).fetchall()
    maintenance = db.run("maintenance", bounds).fetchall()
    alive = db.run("alive", bounds).fetchall()
    return Seen(
        tuple(Run(c, s, instant(at), instant(until), bool(up)) for c, s, at, until, up in runs),
        tuple(
            Maintenance(component, instant(since), instant(until), who, why, instant(at))
            for component, since, until, who, why, at in maintenance
        ),
        tuple((instant(since), instant(until)) for since, until in alive),
    )


def observe(
    page: Page, scope: Scope, observations: Sequence[Observation], *, look: bool = False
) -> Sequence[Fits]:
    """Write what was seen, all of it or nothing; nothing either when one only wants to look."""
    fits = [_fits(page, one) for one in observations]
    if not look and Fits.OVERLAPS not in fits:
        new = [one for one, how in zip(observations, fits, strict=True) if how is Fits.NEW]
        page.add("add_observation", [_row(scope, one) for one in new])
    return fits


def _fits(page: Page, one: Observation) -> Fits:
    key = {"component": one.component, "source": one.source, "until": microseconds(one.until)}
    last = page.execute("last_observation", key).fetchone()
    if last is None or last[1] <= microseconds(one.at):
        return Fits.NEW
    same = (microseconds(one.at), microseconds(one.until), one.up)
    return Fits.KNOWN if tuple(last) == same else Fits.OVERLAPS


def probed(page: Page, scope: Scope, observations: Sequence[Observation]) -> None:
    """Write what the gateway itself has just seen; it ends what it saw before."""
    page.add("add_observation", [_row(scope, one) for one in observations])


def _row(scope: Scope, one: Observation) -> tuple[object, ...]:
    times = microseconds(one.at), microseconds(one.until)
    return (
        *(one.component, one.source, *times, one.up, one.reason),
        *(scope.instance, scope.environment),
    )


def maintain(page: Page, scope: Scope, one: Maintenance) -> None:
    """Write down that a part is under maintenance."""
    times = (microseconds(one.begin), microseconds(one.end), microseconds(one.declared_at))
    row = (scope.instance, scope.environment, one.component, *times, one.who, one.why)
    page.execute("add_maintenance", row)


def withdraw(page: Page, one: Maintenance) -> bool:
    """Take back what was declared of that part for exactly that time; False when nothing was."""
    row = {
        "component": one.component,
        "since": microseconds(one.begin),
        "until": microseconds(one.end),
        "who": one.who,
        "why": one.why,
    }
    return page.execute("withdraw_maintenance", row).rowcount > 0


def alive(page: Page, scope: Scope, at: datetime) -> None:
    """The gateway is at work: its run goes on, or after a pause begins anew."""
    now = {"instance": scope.instance, "at": microseconds(at)}
    oldest = microseconds(at - GAP)
    if page.execute("stay_alive", {**now, "oldest": oldest}).rowcount == 0:
        page.execute("begin_alive", now)
