"""Areas without an institution on some day: where a route leads there by place, a case gets none.

An area is a department, or a commune of a department that several institutions share. Where no
route leads there by place it is at most worth a look.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Final, NamedTuple

from gateway.tables.existence import Existence, nobody
from gateway.tables.finding import Finding
from gateway.tables.leading import days_by_network
from gateway.tables.periods import (
    FIRST,
    OPEN,
    Period,
    common,
    in_words,
    period_of,
    without,
)
from gateway.wording.numbers import counted
from ir_directory import Catchment, Commune, InstitutionRepository, department_of
from routing_tables import RoutingTable

CATCHMENTS: Final = "ir_directory/catchments.csv"
_NAMED: Final = 5
Lines = Mapping[tuple[str, ...], int]
"""Network, area and first day of a catchment to its line."""


class _Gap(NamedTuple):
    """Days on which nobody serves an area, and the rows beside them."""

    network: str
    area: str
    """`dep:31`, `country:DE`."""
    days: Period
    before: Catchment | None
    after: Catchment | None


def unserved(
    directory: InstitutionRepository, routes: RoutingTable, lines: Lines, today: date
) -> Iterator[Finding]:
    """Areas without a row on some day, and rows that lead to nobody."""
    areas = _Areas(directory, routes, lines, today)
    yield from areas.nowhere()
    yield from areas.without_row()
    yield from areas.without_institution()


@dataclass(frozen=True)
class _Areas:
    directory: InstitutionRepository
    routes: RoutingTable
    lines: Lines
    today: date
    _rows: defaultdict[str, list[Catchment]] = field(init=False)
    """`network area` to its rows."""

    def __post_init__(self) -> None:
        rows: defaultdict[str, list[Catchment]] = defaultdict(list)
        for row in self.directory.catchments:
            rows[f"{row.network} {row.area}"].append(row)
        object.__setattr__(self, "_rows", rows)

    @cached_property
    def _led(self) -> Mapping[str, Mapping[str, list[Period]]]:
        """Kind of area, then network: the days on which a route leads there by place."""
        routes = self.routes.routes
        return {kind: days_by_network(routes, f"{kind}:") for kind in ("dep", "country")}

    @cached_property
    def _communes(self) -> Mapping[str, list[Commune]]:
        """Department to its communes."""
        found: defaultdict[str, list[Commune]] = defaultdict(list)
        for commune in self.directory.communes:
            found[department_of(commune.insee)].append(commune)
        return dict(sorted(found.items()))

    @cached_property
    def _served(self) -> Mapping[str, frozenset[str]]:
        """Network to the departments of which it has a row, on whatever day."""
        found: defaultdict[str, set[str]] = defaultdict(set)
        for row in self.directory.catchments:
            kind, _, code = row.area.partition(":")
            if kind != "country":
                found[row.network].add(code if kind == "dep" else department_of(code))
        return {network: frozenset(departments) for network, departments in found.items()}

    @cached_property
    def _networks(self) -> list[str]:
        return sorted({*self._served, *self._led["dep"]})

    # -- areas without a row ----------------------------------------------------------------

    def nowhere(self) -> Iterator[Finding]:
        """Departments that no network has: outside of it all, or forgotten by all."""
        left = sorted(self._communes.keys() - frozenset[str]().union(*self._served.values()))
        if left and self._led["dep"]:
            yield Finding(
                CATCHMENTS, 0, "area",
                f"no network serves the departments {', '.join(left)}; if cases from there are to"
                " be decided by place, add their rows",
                f"aucun réseau ne dessert les départements {', '.join(left)} ; si des dossiers de"
                " là-bas doivent être décidés par le lieu, ajouter leurs lignes",
                error=False,
            )  # fmt: skip

    def without_row(self) -> Iterator[Finding]:
        """Departments, communes and countries of a network on days on which they have no row."""
        never: defaultdict[tuple[str, Period], list[str]] = defaultdict(list)
        idle: defaultdict[tuple[str, date], list[int]] = defaultdict(list)
        for gap, communes in self._gaps():
            parts = common([gap.days], self._days_led(gap.network, gap.area))
            for days in parts:
                if gap.before or gap.after or communes:
                    yield self._told(gap._replace(days=days), communes)
                else:
                    never[gap.network, days].append(gap.area)
            if not parts and gap.before is not None and gap.days[1] > self.today:
                idle[gap.network, gap.days[0]].append(self._line(gap.before))
        for (network, days), areas in never.items():
            yield self._told(_Gap(network, ", ".join(areas), days, None, None), ())
        for (network, day), ended in idle.items():
            yield _idle(network, day, ended)

    def _days_led(self, network: str, area: str) -> list[Period]:
        kind = "country" if area.startswith("country:") else "dep"
        return self._led[kind].get(network, [])

    def _gaps(self) -> Iterator[tuple[_Gap, Sequence[str]]]:
        """Each with the communes that it is about; none: the whole department, or a country."""
        everywhere = frozenset[str]().union(*self._served.values())
        for network in self._networks:
            for department in sorted(self._communes.keys() & everywhere):
                yield from self._of_department(network, department)
        for key, rows in self._rows.items():
            network, _, area = key.partition(" ")
            if area.startswith("country:"):
                for gap in _between(network, area, [(rows[0].valid_from, OPEN)], rows):
                    yield gap, ()

    def _of_department(self, network: str, department: str) -> Iterator[tuple[_Gap, Sequence[str]]]:
        area = f"dep:{department}"
        whole = self._rows.get(f"{network} {area}", [])
        left = without([(FIRST, OPEN)], map(period_of, whole))
        if not left:
            return
        own = {
            commune.insee: self._rows.get(f"{network} insee:{commune.insee}", [])
            for commune in self._communes[department]
        }
        if not any(own.values()):
            yield from ((gap, ()) for gap in _between(network, area, left, whole))
            return
        gaps: defaultdict[_Gap, list[str]] = defaultdict(list)
        for commune in self._communes[department]:
            days = common([period_of(commune)], left)
            rows = [*own[commune.insee], *whole]
            for gap in _between(network, area, days, rows):
                gaps[gap].append(commune.insee)
        yield from gaps.items()

    def _told(self, gap: _Gap, communes: Sequence[str]) -> Finding:
        """An error when it reaches today or later."""
        english, french = in_words(gap.days)
        line, column = 0, "area"
        if gap.before is not None:
            line, column = self._line(gap.before), "valid_to"
        elif gap.after is not None:
            line, column = self._line(gap.after), "valid_from"
        what, quoi = _area(gap, communes)
        return Finding(
            CATCHMENTS, line, column,
            f"{gap.network}, {what}: without an institution {english}, though rows of routes.csv"
            " lead there by place; add the row of whoever serves it (if that is not sure, as"
            " `inferred`: then a person decides)",
            f"{gap.network}, {quoi} : sans institution {french}, alors que des lignes de routes.csv"
            " y mènent par le lieu ; ajouter la ligne de qui dessert (en cas de doute, en"
            " « inferred » : une personne décide alors)",
            error=gap.days[1] > self.today,
        )  # fmt: skip

    def _line(self, row: Catchment) -> int:
        return self.lines.get((row.network, row.area, row.valid_from.isoformat()), 0)

    # -- rows that lead to nobody -----------------------------------------------------------

    def without_institution(self) -> Iterator[Finding]:
        """Rows whose institution does not exist, nor one after it, on a day of theirs."""
        existence = Existence(self.directory)
        for row in self.directory.catchments:
            led = self._days_led(row.network, row.area)
            since, until = period_of(row)
            day = existence.nobody_on([row.institution], (since, until), self.today)
            error = day is not None and bool(common([(day, until)], led))
            if day is None:
                known = common([(max(since, FIRST), until)], led)
                days = [existence.nobody_before([row.institution], p, self.today) for p in known]
                day = next((one for one in days if one is not None), None)
            if day is not None:
                yield nobody(
                    CATCHMENTS, self._line(row), "institution", row.institution, day, error=error
                )


def _between(
    network: str, area: str, days: Sequence[Period], rows: Sequence[Catchment]
) -> Iterator[_Gap]:
    """The days that the rows leave, each with the rows that end and begin beside them."""
    for start, end in without(days, map(period_of, rows)):
        before = next((row for row in rows if row.valid_to == start), None)
        after = next((row for row in rows if row.valid_from == end), None)
        yield _Gap(network, area, (start, end), before, after)


def _area(gap: _Gap, communes: Sequence[str]) -> tuple[str, str]:
    """What it is about, in English and French."""
    if not communes:
        return gap.area, gap.area
    some = ", ".join(communes[:_NAMED]) + ("..." if len(communes) > _NAMED else "")
    english, french = (counted(lang, len(communes), "commune", "communes") for lang in ("en", "fr"))
    return f"{gap.area}, {english} ({some})", f"{gap.area}, {french} ({some})"


def _idle(network: str, day: date, lines: Sequence[int]) -> Finding:
    """A warning: nothing leads there."""
    return Finding(
        CATCHMENTS, min(lines), "valid_to",
        f"{network}: {counted('en', len(lines), 'area', 'areas')} without an institution from"
        f" {day} on, and no row of routes.csv leads there by place; nothing to mend unless one is"
        " to",
        f"{network} : {counted('fr', len(lines), 'territoire', 'territoires')} sans institution à"
        f" partir du {day}, et aucune ligne de routes.csv n'y mène par le lieu ; rien à corriger,"
        " sauf si une doit y mener",
        error=False,
    )  # fmt: skip
