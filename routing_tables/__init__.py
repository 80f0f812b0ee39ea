"""Who is competent for what, since when: the routes as values, and the one that matches.

Pure: no I/O. A row beats another only if it is equal or narrower in every column; what is not
known about a case keeps narrower rows open, and while one is open nothing is decided. Source of
the columns: `routing_tables/README.md`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from itertools import combinations, product
from typing import Any, Final, NamedTuple

from ir_directory import Certainty

ANY: Final = "*"
ABROAD: Final = "abroad"
"""As a condition on residence: any country but France."""

ASSUMED: Final = "assumed-general"
"""A mark in `population`: the row applies only while nothing tells the scheme."""

COLLECTIVE: Final = "collective"
"""A mark in `population`: the row is about many persons at once; no other row is."""

UNKNOWN_SCHEME: Final = "?"
"""What a row with `ASSUMED` asks of the scheme: that there is no sign of one."""

EVERY: Final = frozenset({ANY})

CONDITIONS: Final = ("scheme", "population", "residence", "sed", "role")
"""The columns that ask something beside the BUC; those first that rule out most rows."""


ASKABLE: Final = ("residence", "population", "scheme")
"""Those that may be unknown, hence asked for; those first that come back in a coded field."""

_OTHER: Final = "ZZ"
"""A value that no row names: no scheme, no population, the code of no country."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """Always this institution."""

    institution_id: str


@dataclass(frozen=True, slots=True)
class ByPlace:
    """The institution of a network that a place, or the SED itself, points to."""

    network: str
    """A network, several joined by `+` (the first one is looked up), or `*` for any."""
    place: str
    """`residence`, `home` (a residence in France), `work`, `employer`, `country` or `named` (only
    the SED itself can tell)."""
    file_first: bool = False
    """An institution with a case number here, or named as competent, outweighs the place."""

    networks: tuple[str, ...] = field(init=False, compare=False, repr=False)
    """The networks, the one to look places up in first."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "networks", tuple(self.network.split("+")))


@dataclass(frozen=True, slots=True)
class ToPerson:
    """A person decides."""

    candidates: tuple[str, ...] = ()
    """Institutions that the row names as possible."""


Target = Fixed | ByPlace | ToPerson


@dataclass(frozen=True, slots=True)
class Route:
    """One row: for whom (the conditions), where to (the target), how sure, and since when."""

    rule: str
    buc: str
    """One BUC, or a whole sector: `P_BUC_*`."""
    sed: frozenset[str]
    scheme: frozenset[str]
    population: frozenset[str]
    """Codes or `*`; with `ASSUMED` the row applies only while the scheme is unknown, with
    `COLLECTIVE` only to many persons at once."""
    residence: frozenset[str]
    """Countries, `ABROAD` or `*`."""
    role: frozenset[str]
    """Our role in the case, or `*`."""
    person: str
    """Whose address counts: a code of evidence, `household`, or `*` for the main person."""
    target: Target
    certainty: Certainty
    valid_from: date
    """The first day on which the row is valid."""
    valid_to: date | None
    """The first day on which it is not any more; None: no end known."""
    basis: str
    """Where the competence comes from."""
    note: str

    assumed: bool = field(init=False, compare=False)
    """True when the row stands in for an unknown scheme."""
    collective: bool = field(init=False, compare=False)
    """True when the row is about many persons at once."""
    since: str = field(init=False, compare=False)
    """`valid_from` as it is written."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "assumed", ASSUMED in self.population)
        object.__setattr__(self, "collective", COLLECTIVE in self.population)
        object.__setattr__(self, "since", self.valid_from.isoformat())

    @property
    def conditions(self) -> tuple[frozenset[str], ...]:
        """What the row asks of each column of `CONDITIONS`, in this order."""
        scheme = frozenset({UNKNOWN_SCHEME}) if self.assumed else self.scheme
        population = self.population - {ASSUMED, COLLECTIVE} or EVERY
        return (scheme, population, self.residence, self.sed, self.role)

    def valid(self, on: date) -> bool:
        """True on the days from `valid_from` up to, not including, `valid_to`."""
        return self.valid_from <= on and (self.valid_to is None or on < self.valid_to)

    def within(self, other: "Route") -> bool:
        """True when the row is equal to the other or narrower in every column."""
        return _buc_within(self.buc, other.buc) and all(
            _within(ours, theirs)
            for ours, theirs in zip(self.conditions, other.conditions, strict=True)
        )

    def overlaps(self, other: "Route") -> bool:
        """True when one case, on one day, can meet both rows."""
        return (
            (self.valid_to is None or other.valid_from < self.valid_to)
            and (other.valid_to is None or self.valid_from < other.valid_to)
            and self.meets(other)
        )

    def meets(self, other: "Route") -> bool:
        """True when one case can meet the conditions of both rows, whichever the day."""
        return (
            self.collective is other.collective
            and (_buc_within(self.buc, other.buc) or _buc_within(other.buc, self.buc))
            and all(
                _meet(ours, theirs)
                for ours, theirs in zip(self.conditions, other.conditions, strict=True)
            )
        )


class RouteQuery(NamedTuple):
    """What is known of a case; None: not known."""

    buc: str
    sed: str
    scheme: str | None
    population: str | None
    residence: str | None
    """Country of residence of the person that counts."""
    role: str
    assumes: bool = True
    """Rows with `ASSUMED` apply."""
    collective: bool = False
    """Whether it is about many persons at once."""


@dataclass(frozen=True, slots=True)
class Match:
    """The row that applies; or the rows that may, and what is missing to know."""

    route: Route | None
    possible: tuple[Route, ...] = ()
    """Rows that apply or may apply, when nothing is decided."""
    missing: frozenset[str] = frozenset()
    """Of `scheme`, `population`, `residence` the fewest that would decide, whatever they are."""


_QUERIES_KEPT: Final = 4096
_Indexed = tuple[Route, tuple[frozenset[str], ...]]
"""A row with its conditions, worked out once."""


class RoutingTable:
    """All routes of a release, looked up by BUC; immutable, the order of rows says nothing."""

    __slots__ = ("_by_buc", "_known", "_routes")

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes: Final = tuple(sorted(routes, key=_order))
        by_buc: dict[str, list[_Indexed]] = {}
        for route in self._routes:
            by_buc.setdefault(route.buc, []).append((route, route.conditions))
        self._by_buc: Final[Mapping[str, Sequence[_Indexed]]] = by_buc
        self._known = lru_cache(_QUERIES_KEPT)(self._match)

    @property
    def routes(self) -> tuple[Route, ...]:
        """Every row, in a fixed order."""
        return self._routes

    def match(self, query: RouteQuery, on: date) -> Match:
        """The narrowest row that applies on the day, unless a narrower one may apply, too.

        Total: a BUC without rows gives an empty match. While nothing tells the scheme and a row
        with `ASSUMED` may apply, it stands for the scheme: rows of one scheme do not wait for it.

        What was answered lately is known: a day's cases ask few different questions. What comes
        from the text of a SED and is no country is not kept, whatever its length.
        """
        if query.residence is None or len(query.residence) == 2:
            return self._known(query, on)
        return self._match(query, on)

    def _match(self, query: RouteQuery, on: date) -> Match:
        found = self.open_rows(query, on)
        return self._separating(found, query, on) if len(found.missing) > 1 else found

    def open_rows(self, query: RouteQuery, on: date) -> Match:
        """The row that applies, or all that may, with everything that these wait for."""
        open_rows = [
            (route, waits)
            for route, conditions in self._candidates(query.buc, on)
            if route.collective is query.collective
            and (query.assumes or not route.assumed)
            and (waits := _waits(route, conditions, query)) is not None
        ]
        if any(route.assumed for route, _ in open_rows):
            open_rows = [(route, data) for route, data in open_rows if "scheme" not in data]
        best = _narrowest([route for route, data in open_rows if not data])
        if best is None:
            rivals = open_rows
        else:
            # a row that waits asks for more than one that applies: it can only be narrower
            rivals = [(route, data) for route, data in open_rows if data]
            if not rivals:
                return Match(best)
        possible = (*(() if best is None else (best,)), *(route for route, _ in rivals))
        return Match(None, possible, _union(data for _, data in rivals))

    def _separating(self, match: Match, query: RouteQuery, on: date) -> Match:
        """The same with the fewest data as missing: those after which nothing is open.

        Whatever is answered: every value that a row of the BUC asks for, and one that none does.
        Among as few, the first in the order of `ASKABLE`.
        """
        data = [datum for datum in ASKABLE if datum in match.missing]
        values = {datum: self._values(datum, query.buc, on) for datum in data}
        for count in range(1, len(data)):
            for asked in combinations(data, count):
                answers = product(*(values[datum] for datum in asked))
                answered = (self.open_rows(_told(query, asked, answer), on) for answer in answers)
                if not any(found.missing for found in answered):
                    return replace(match, missing=frozenset(asked))
        return match

    def _values(self, datum: str, buc: str, on: date) -> Sequence[str]:
        """What rows of the BUC ask of a datum, one that no row names, and home and abroad."""
        column = CONDITIONS.index(datum)
        named = _union(conditions[column] for _, conditions in self._candidates(buc, on))
        return sorted(named - {ANY, ABROAD, UNKNOWN_SCHEME} | {"FR", _OTHER})

    def _candidates(self, buc: str, on: date) -> Iterator[_Indexed]:
        for key in (buc, sector(buc)):
            for indexed in self._by_buc.get(key, ()):
                if indexed[0].valid(on):
                    yield indexed


def _told(query: RouteQuery, asked: Sequence[str], answer: Sequence[str]) -> RouteQuery:
    """The query, once these data are known."""
    known: dict[str, Any] = dict(zip(asked, answer, strict=True))
    return query._replace(**known)


def sector(buc: str) -> str:
    """The glob of a BUC's whole sector: `P_BUC_01` -> `P_BUC_*`."""
    return f"{buc.partition('_BUC_')[0]}_BUC_*"


def _waits(
    route: Route, conditions: Sequence[frozenset[str]], query: RouteQuery
) -> frozenset[str] | None:
    """The data the row waits for; empty: it applies; None: it does not."""
    waits = []
    scheme = UNKNOWN_SCHEME if route.assumed and query.scheme is None else query.scheme
    values = (scheme, query.population, query.residence, query.sed, query.role)
    for datum, condition, value in zip(CONDITIONS, conditions, values, strict=True):
        met = _met(condition, value)
        if met is False:
            return None
        if met is None:
            waits.append(datum)
    return frozenset(waits)


def _met(condition: frozenset[str], value: str | None) -> bool | None:
    """True, False, or None while the value is not known."""
    if ANY in condition:
        return True
    if value is None:
        return None
    return value in condition or (ABROAD in condition and value != "FR")


def _union(parts: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset(datum for part in parts for datum in part)


def _narrowest(routes: Sequence[Route]) -> Route | None:
    """The row within all others; None when there is none (or two are not ordered)."""
    return next((r for r in routes if all(r.within(other) for other in routes)), None)


def _within(ours: frozenset[str], theirs: frozenset[str]) -> bool:
    if ANY in theirs:
        return True
    if ANY in ours:
        return False
    left = ours - theirs
    return not left or (ABROAD in theirs and "FR" not in left)


def _meet(ours: frozenset[str], theirs: frozenset[str]) -> bool:
    if ANY in ours or ANY in theirs or not ours.isdisjoint(theirs):
        return True
    return (ABROAD in ours and bool(theirs - {"FR"})) or (ABROAD in theirs and bool(ours - {"FR"}))


def _buc_within(ours: str, theirs: str) -> bool:
    return ours == theirs or (theirs.endswith(ANY) and sector(ours) == theirs)


def _order(route: Route) -> tuple[str, str, str, str]:
    return (route.buc, route.rule, route.valid_from.isoformat(), repr(sorted(route.sed)))


@dataclass(frozen=True, slots=True)
class ReminderRow:
    """When to remind: the n-th time so many days after the question or the last reminder."""

    country: str
    """Of the institution that was asked, or `*`."""
    buc: str
    """A BUC, a sector such as `P_BUC_*`, or `*`."""
    number: int
    days: int


class Reminders:
    """The rows of a release."""

    def __init__(self, rows: Iterable[ReminderRow] = ()) -> None:
        self._days: Final = {(row.country, row.buc, row.number): row.days for row in rows}

    def days(self, country: str, buc: str, number: int) -> int | None:
        """Calendar days before the n-th reminder; None when there is no n-th one.

        A row for the country beats one for the BUC, which beats one for its sector.
        """
        for where in (country, ANY):
            for what in (buc, sector(buc), ANY):
                days = self._days.get((where, what, number))
                if days is not None:
                    return days
        return None


@dataclass(frozen=True, slots=True)
class QuestionText:
    """How a datum is asked for, in terms of the SED's own sections."""

    section: str
    """Section of the SED that X012 points to."""
    item: str
    text: str
    """The whole question, for H001."""


TAKES_PART: Final = "takes-part"
"""Among the texts, a note: the competent institution takes part already. Nobody is asked for it."""
PLACEHOLDER: Final = "{institution}"
"""What stands in a note for the name and id of the competent institution."""
ENGLISH: Final = "en"
"""The language that everybody is written to who has none of his own here."""


@dataclass(frozen=True, slots=True)
class SectionRow:
    """Where a SED has its own place for a datum (X012)."""

    section: str
    """As the SED calls it."""
    item: str
    """Empty: as the texts call it in the language of who is asked."""


class Questions:
    """The texts of a release by language, who is written to in which, and the SEDs' sections."""

    def __init__(
        self,
        texts: Mapping[str, Mapping[str, QuestionText]] | None = None,
        languages: Mapping[str, str] | None = None,
        sections: Mapping[tuple[str, str], SectionRow] | None = None,
    ) -> None:
        self._texts: Final = texts or {}
        self._languages: Final = languages or {}
        self._sections: Final = sections or {}

    @property
    def askable(self) -> frozenset[str]:
        """The data that can be asked for: those with a text in English."""
        return frozenset(self._texts.get(ENGLISH, {})) - {TAKES_PART}

    def to(self, institution: str, sed: str = "") -> Mapping[str, QuestionText]:
        """Datum -> how an institution is asked for it: in its country's language, else English.

        `sed`: in the terms of this SED, where it has a place of its own for the datum.
        """
        language = self._languages.get(institution.partition(":")[0], ENGLISH)
        texts = {**self._texts.get(ENGLISH, {}), **self._texts.get(language, {})}
        return {datum: self._as_in(sed, datum, text) for datum, text in texts.items()}

    def _as_in(self, sed: str, datum: str, text: QuestionText) -> QuestionText:
        own = self._sections.get((datum, sed))
        return (
            text if own is None else replace(text, section=own.section, item=own.item or text.item)
        )

    def note(self, receiver: str, competent: str) -> str | None:
        """What an institution is told of the competent one (name and id) that takes part already.

        None in a release that has no such text.
        """
        said = self.to(receiver).get(TAKES_PART)
        return said.text.replace(PLACEHOLDER, competent) if said is not None else None
