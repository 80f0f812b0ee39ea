"""How available each part and each service was, from what was seen of it.

At any instant a part is in one of four states, and silence is none of the good ones:

* `up`, `down`: somebody looked, and says so; when two say otherwise, it was down.
* `maintenance`: declared; it counts for what it is, whatever anybody saw meanwhile.
* `not-observed`: nobody looked, or a look has become too old.

A service of redundant parts is up while one of them is. When none is, it is in maintenance if a
part is, unseen if a part is unseen, and down only when all of them are down. Availability is the
time up in the time not under maintenance: time that nobody observed counts, and not as up. So a
service is never less available than its best part, and the four states add up to the period.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Final

from gateway.core.matter import PARIS
from gateway.core.working_days import is_working_day
from gateway.journal.observing import GAP, Seen

MARK: Final = Fraction(9998, 10000)
"""The good practice that Annex 4 of the report of 2023 measures itself against."""
GATEWAY: Final = "gateway"
"""The gateway itself, as its heartbeats in the journal tell."""
NOTHING: Final = timedelta(0)


class State(StrEnum):
    """How a part or a service stands."""

    UP = "up"
    DOWN = "down"
    MAINTENANCE = "maintenance"
    NOT_OBSERVED = "not-observed"


@dataclass(frozen=True, slots=True)
class Span:
    """A state from `begin` on, before `end`."""

    begin: datetime
    end: datetime
    state: State


Track = Sequence[Span]
"""Spans in order that do not overlap; between them nobody looked."""
Order = tuple[State, ...]
SEEN: Final[Order] = (State.MAINTENANCE, State.DOWN, State.UP, State.NOT_OBSERVED)
"""One part as several saw it: the first of these that anybody says."""
REDUNDANT: Final[Order] = (State.UP, State.MAINTENANCE, State.NOT_OBSERVED, State.DOWN)
"""A service of parts that stand in for each other."""
CHAIN: Final[Order] = (State.DOWN, State.MAINTENANCE, State.NOT_OBSERVED, State.UP)
"""The whole, which needs each of its services."""


@dataclass(frozen=True, slots=True)
class Period:
    """From when to when, and the hours in it that count."""

    begin: datetime
    end: datetime
    windows: Sequence[tuple[datetime, datetime]]
    """Service hours within it, in order."""


@dataclass(frozen=True, slots=True)
class Figures:
    """The time spent in each state."""

    up: timedelta = NOTHING
    down: timedelta = NOTHING
    maintenance: timedelta = NOTHING
    not_observed: timedelta = NOTHING
    longest: Span | None = None
    """The longest outage in one piece."""

    @property
    def total(self) -> timedelta:
        """All four states."""
        return self.up + self.down + self.maintenance + self.not_observed

    @property
    def denominator(self) -> timedelta:
        """The time in which it should have been up."""
        return self.total - self.maintenance

    @property
    def availability(self) -> Fraction | None:
        """Share of the denominator that it was up; None without one."""
        return _share(self.up, self.denominator)

    @property
    def of_observed(self) -> Fraction | None:
        """Share of the time that somebody looked; None when nobody did."""
        return _share(self.up, self.up + self.down)


def _share(part: timedelta, whole: timedelta) -> Fraction | None:
    unit = timedelta(microseconds=1)
    return Fraction(part // unit, whole // unit) if whole else None


def combined(tracks: Sequence[Track], order: Order, begin: datetime, end: datetime) -> Track:
    """One track of several: at each instant the first state of the order that one of them has."""
    edges = {begin, end}
    for track in tracks:
        edges.update(edge for span in track for edge in (span.begin, span.end))
    cuts = sorted(edge for edge in edges if begin <= edge <= end)
    places = [0] * len(tracks)
    found: list[Span] = []
    for start, stop in itertools.pairwise(cuts):
        states = {_at(track, places, which, start) for which, track in enumerate(tracks)}
        state = next((one for one in order if one in states), State.NOT_OBSERVED)
        if found and found[-1].state is state:
            found[-1] = Span(found[-1].begin, stop, state)
        else:
            found.append(Span(start, stop, state))
    return found


def _at(track: Track, places: list[int], which: int, instant: datetime) -> State:
    """The state of a track at an instant; `places` remembers how far each has been read."""
    place = places[which]
    while place < len(track) and track[place].end <= instant:
        place += 1
    places[which] = place
    there = place < len(track) and track[place].begin <= instant
    return track[place].state if there else State.NOT_OBSERVED


def within(track: Track, windows: Iterable[tuple[datetime, datetime]]) -> Track:
    """What of a track lies in the windows, which are in order."""
    kept: list[Span] = []
    place = 0
    for begin, end in windows:
        while place < len(track) and track[place].end <= begin:
            place += 1
        for span in track[place:]:
            if span.begin >= end:
                break
            kept.append(Span(max(span.begin, begin), min(span.end, end), span.state))
    return kept


def figures(track: Track) -> Figures:
    """The time in each state of a track without gaps."""
    spent = dict.fromkeys(State, NOTHING)
    longest: Span | None = None
    for span in track:
        spent[span.state] += span.end - span.begin
        if span.state is State.DOWN and (longest is None or _length(span) > _length(longest)):
            longest = span
    return Figures(
        spent[State.UP],
        spent[State.DOWN],
        spent[State.MAINTENANCE],
        spent[State.NOT_OBSERVED],
        longest,
    )


def _length(span: Span) -> timedelta:
    return span.end - span.begin


def heartbeats(runs: Sequence[tuple[datetime, datetime]], end: datetime) -> Track:
    """The gateway itself: up while its heart beat, down in each pause since it first did."""
    track: list[Span] = []
    for begin, stop in runs:
        if track and track[-1].end < begin:
            track.append(Span(track[-1].end, begin, State.DOWN))
        since = max(begin, track[-1].end) if track else begin
        if since <= stop:  # one beat alone, too: what follows it is a pause
            track.append(Span(since, stop, State.UP))
    if track and track[-1].end < end:
        pulse = State.UP if end - track[-1].end <= GAP else State.DOWN
        track.append(Span(track[-1].end, end, pulse))
    return track


def service_hours(hours: str, begin: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """The hours `08:00-18:00` of each French working day of a period, in Paris.

    In UTC, as all instants here: two of one zone differ by what its clocks show, not by the time.
    """
    opens, closes = (time.fromisoformat(one) for one in hours.split("-"))
    windows = []
    day = begin.astimezone(PARIS).date()
    while (start := datetime.combine(day, opens, PARIS).astimezone(UTC)) < end:
        stop = datetime.combine(day, closes, PARIS).astimezone(UTC)
        if is_working_day(day) and max(start, begin) < min(stop, end):
            windows.append((max(start, begin), min(stop, end)))
        day += timedelta(days=1)
    return windows


class Kind(StrEnum):
    """What a line is about."""

    SERVICE = "service"
    COMPONENT = "component"
    COMPOSITE = "composite"


@dataclass(frozen=True, slots=True)
class Line:
    """One part or service, around the clock and in service hours."""

    kind: Kind
    name: str
    parts: tuple[str, ...]
    whole: Figures
    in_hours: Figures
    now: State
    """How it stands at the end of the period."""


Tracks = Mapping[str, Sequence[Track]]
"""Part -> what each of those who know something of it says."""


def tracks(seen: Seen, end: datetime, parts: Iterable[str] = ()) -> Tracks:
    """What the journal knows, part by part; the gateway itself is one.

    `parts`: those that there are, whether or not anybody saw them. Maintenance makes no part: of
    one that is none of these and that nobody saw, a slip of the pen, nothing is known.
    """
    found: dict[str, list[Track]] = {part: [] for part in parts}
    by_source: dict[tuple[str, str], list[Span]] = {}
    for run in seen.runs:
        state = State.UP if run.up else State.DOWN
        by_source.setdefault((run.component, run.source), []).append(
            Span(run.begin, run.end, state)
        )
    for (component, _), track in by_source.items():
        found.setdefault(component, []).append(track)
    if seen.alive:
        found.setdefault(GATEWAY, []).append(heartbeats(seen.alive, end))
    for one in seen.maintenance:
        if one.component in found:
            found[one.component].append([Span(one.begin, one.end, State.MAINTENANCE)])
    return found


def lines(known: Tracks, services: Mapping[str, Sequence[str]], period: Period) -> list[Line]:
    """Services, then parts, then all of it together.

    A part that a service names and nobody saw is there, too, unseen. The composite needs each
    service, and each part that belongs to none.
    """
    begin, end = period.begin, period.end
    names = sorted({*known, *(part for parts in services.values() for part in parts)})
    parts = {name: combined(known.get(name, ()), SEEN, begin, end) for name in names}
    whole = {
        name: combined([parts[part] for part in of], REDUNDANT, begin, end)
        for name, of in services.items()
    }
    alone = {name for name in names if not any(name in of for of in services.values())}
    needed = [*whole.values(), *(parts[name] for name in sorted(alone))]
    found = [
        *(_line(Kind.SERVICE, name, services[name], whole[name], period) for name in sorted(whole)),
        *(_line(Kind.COMPONENT, name, (), parts[name], period) for name in names),
    ]
    if needed:
        chain = combined(needed, CHAIN, begin, end)
        found.append(_line(Kind.COMPOSITE, "*", (*sorted(whole), *sorted(alone)), chain, period))
    return found


def _line(kind: Kind, name: str, parts: Sequence[str], track: Track, period: Period) -> Line:
    in_hours = figures(within(track, period.windows))
    now = track[-1].state if track else State.NOT_OBSERVED
    return Line(kind, name, tuple(parts), figures(track), in_hours, now)
