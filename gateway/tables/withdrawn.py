"""Competences that end while routes still lead to the institution for that BUC.

An institution that takes a BUC no more, by hand or by what a SYN001 says, would go on getting its
cases: a row that is not there is no reason not to transfer. To an institution that only the SED
names no row leads, so nothing is told of it.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from gateway.tables.finding import Finding, some
from gateway.tables.leading import looked_up, looks_up
from gateway.tables.periods import OPEN, Period, common, in_words, period_of, without
from ir_directory import Catchment, Competence, InstitutionRepository
from routing_tables import ANY, Fixed, Route, RoutingTable, sector
from sed_schemas import Catalogue

COMPETENCES: Final = "ir_directory/competences.csv"
_OURS: Final = "Counterparty"
"""Our role, hence that of whoever gets the case from us, in nearly every case."""
_ROLES: Final = ("CaseOwner", _OURS)
_NAMED: Final = 4


class _Key(NamedTuple):
    institution: str
    buc: str
    role: str


class _Way(NamedTuple):
    """How a row of the routes leads to an institution."""

    rule: str
    place: str
    """A catchment: network and area, and how many more there are; empty: the row names it."""


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A competence that ends, and what still leads to the institution for it."""

    row: Competence
    days: Period
    """On which it is missing."""
    bucs: Mapping[str, Sequence[_Way]]
    """BUC to the ways that lead there."""

    def finding(self, rules: Mapping[str, int], lines: Mapping[tuple[str, ...], int]) -> Finding:
        """An error that names the row that ends, and those that lead there."""
        row, bucs = self.row, some(sorted(self.bucs), _NAMED)
        ways = sorted({way for ways in self.bucs.values() for way in ways})
        when, quand = in_words(self.days)
        there = some([_told(way, rules, "line", "by") for way in ways], _NAMED)
        par = some([_told(way, rules, "ligne", "par") for way in ways], _NAMED)
        key = (row.institution, row.buc, row.role, row.valid_from.isoformat())
        return Finding(
            COMPETENCES, lines.get(key, 0), "valid_to",
            f"{row.institution} does not take {bucs} as {row.role} {when}, but rows of routes.csv"
            f" lead there: {there}; end or change those, or add the competence that follows (with"
            " `eessi_ready` = no a person decides)",
            f"{row.institution} ne traite plus {bucs} comme {row.role} {quand}, mais des lignes de"
            f" routes.csv y mènent : {par} ; les clore ou les changer, ou ajouter la compétence qui"
            " suit (avec « eessi_ready » = no, une personne décide)",
        )  # fmt: skip


def withdrawn(
    directory: InstitutionRepository, routes: RoutingTable, known: Catalogue, today: date
) -> list[Withdrawn]:
    """All that end, or have ended, while a row leads there today or later."""
    looking = _Looking(directory, routes)
    bucs: defaultdict[tuple[Competence, Period], dict[str, Sequence[_Way]]] = defaultdict(dict)
    for key, row in _last_ended(directory.competences, known).items():
        end = row.valid_to or today
        for start, until in without([(max(end, today), OPEN)], looking.taken(key)):
            ways = list(looking.ways(key, (start, until)))
            if ways:
                bucs[row, (end if start == today else start, until)][key.buc] = ways
    return [Withdrawn(row, days, ways) for (row, days), ways in bucs.items()]


def _last_ended(rows: Sequence[Competence], known: Catalogue) -> dict[_Key, Competence]:
    """What an institution did to the row that ended last, of those for the BUC or its sector."""
    found: dict[_Key, Competence] = {}
    for row in rows:
        if row.valid_to is not None and row.role in _ROLES:
            for buc in _each(row.buc, known):
                key = _Key(row.institution, buc, row.role)
                other = found.get(key)
                if other is None or other.valid_to is None or other.valid_to < row.valid_to:
                    found[key] = row
    return found


def _each(buc: str, known: Catalogue) -> Sequence[str]:
    if not buc.endswith(ANY):
        return (buc,)
    return [one for one in sorted(known.bucs) if sector(one) == buc]


class _Looking:
    """Look-ups for all competences; what is the same for a day is worked out once."""

    def __init__(self, directory: InstitutionRepository, routes: RoutingTable) -> None:
        self._directory = directory
        self._taken: defaultdict[_Key, list[Period]] = defaultdict(list)
        for row in directory.competences:
            self._taken[_Key(row.institution, row.buc, row.role)].append(period_of(row))
        self._routes: defaultdict[str, list[Route]] = defaultdict(list)
        for route in routes.routes:
            self._routes[route.buc].append(route)
        self._days: dict[date, Mapping[str, list[Catchment]]] = {}

    def taken(self, key: _Key) -> list[Period]:
        """The days on which the institution takes the BUC in that role."""
        of_sector = key._replace(buc=sector(key.buc))
        return [*self._taken.get(key, ()), *self._taken.get(of_sector, ())]

    def ways(self, key: _Key, days: Period) -> Iterator[_Way]:
        """Rows that lead to the institution on some of the days, and need it in that role."""
        for buc in (key.buc, sector(key.buc)):
            for route in self._routes.get(buc, ()):
                for part in common([period_of(route)], [days]):
                    if self._needs(route, key, part[0]):
                        yield from self._leading(route, key.institution, part)

    def _needs(self, route: Route, key: _Key, day: date) -> bool:
        if ANY not in route.role:
            return key.role in route.role
        ours = key._replace(role=_OURS)
        return key == ours or not common([(day, OPEN)], self.taken(ours))

    def _leading(self, route: Route, institution: str, days: Period) -> Iterator[_Way]:
        start, end = days
        if isinstance(route.target, Fixed):
            heir = self._directory.successor_on(route.target.institution_id, start)
            if heir is not None and heir.id == institution:
                yield _Way(route.rule, "")
            return
        network = looked_up(route)
        areas = sorted(
            served.area
            for served in self._serving(start).get(institution, ())
            if served.network == network
            and served.valid_from < end
            and looks_up(route, served.area)
        )
        if areas:
            more = f" (+{len(areas) - 1})" if len(areas) > 1 else ""
            yield _Way(route.rule, f"{network} {areas[0]}{more}")

    def _serving(self, day: date) -> Mapping[str, list[Catchment]]:
        """Institution to the catchments that lead to it on that day or, begun later, after it."""
        known = self._days.get(day)
        if known is None:
            found: defaultdict[str, list[Catchment]] = defaultdict(list)
            for row in self._directory.catchments:
                since, until = period_of(row)
                if until > day:
                    heir = self._directory.successor_on(row.institution, max(since, day))
                    found["" if heir is None else heir.id].append(row)
            known = self._days[day] = found
        return known


def _told(way: _Way, rules: Mapping[str, int], line: str, by: str) -> str:
    place = f", {by} {way.place}" if way.place else ""
    return f"{way.rule} ({line} {rules.get(way.rule, 0)}{place})"
