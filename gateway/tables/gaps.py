"""Cases of the catalogue that no row of the routes covers on some day: each goes to a person.

A case that is known in every column is put to the routes as a message would be, on each day on
which a row begins or ends. BUCs with the same rows are asked about once. What is an error and what
a warning, `ops/tables.md` says.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise, product
from typing import Final, NamedTuple

from gateway.tables.finding import Finding, some
from gateway.tables.periods import FIRST, OPEN, Period, in_words
from routing_tables import (
    ABROAD,
    ANY,
    ASSUMED,
    COLLECTIVE,
    CONDITIONS,
    UNKNOWN_SCHEME,
    Route,
    RouteQuery,
    RoutingTable,
    sector,
)
from routing_tables.load import POPULATIONS, ROLES, SCHEMES
from sed_schemas import Catalogue

ROUTES: Final = "routing_tables/routes.csv"
_ELSEWHERE: Final = "ZZ"
"""A country that no row names."""
_UNASKED: Final = ("",)
"""The one value of a column of which no row asks anything."""
_SCHEME, _RESIDENCE, _ROLE = map(CONDITIONS.index, ("scheme", "residence", "role"))
_NAMED: Final = 30
"""All schemes, to be copied into a row; not all BUCs."""

_Cell = tuple[str, ...]
"""A case, by the columns of `CONDITIONS`."""
_Box = tuple[frozenset[str], ...]
"""All cases that can be made of these values; an empty set: of any value."""


class _Stretch(NamedTuple):
    """Days on which one row decides a case; on which none does, but something is asked for."""

    days: Period
    route: Route | None
    asked: bool

    @property
    def empty(self) -> bool:
        """Neither."""
        return self.route is None and not self.asked


class _Hole(NamedTuple):
    """Days without the row that one looks for, and the rules beside them (empty: none)."""

    days: Period
    before: str
    after: str


def uncovered(
    routes: RoutingTable, lines: Mapping[str, int], known: Catalogue, today: date
) -> Iterator[Finding]:
    """BUCs and cases without a row on some day, and rows that a wider one stands in for.

    `lines`: name of a rule to its line.
    """
    rows = _rows_by_buc(routes, known)
    without = [buc for buc, theirs in rows.items() if not theirs]
    if without:
        yield _no_row_at_all(without)
    holes: defaultdict[tuple[_Hole, _Box], set[str]] = defaultdict(set)
    lapses: defaultdict[tuple[_Hole, str], set[str]] = defaultdict(set)
    for bucs in _alike(rows, known):
        cases = _Cases(routes, bucs[0], rows[bucs[0]], sorted(known.bucs[bucs[0]].starters))
        for found in cases.holes():
            holes[found].update(bucs)
        for lapse in cases.lapses():
            lapses[lapse].update(bucs)
    for (hole, box), those in holes.items():
        yield _no_row(hole, box, sorted(those), lines, today)
    for (hole, instead), those in lapses.items():
        yield _stood_in(hole, instead, sorted(those), lines)


def _rows_by_buc(routes: RoutingTable, known: Catalogue) -> dict[str, list[Route]]:
    found: defaultdict[str, list[Route]] = defaultdict(list)
    for route in routes.routes:
        if not route.collective:  # of many persons at once those without a row are a person's
            found[route.buc].append(route)
    return {buc: found[buc] + found[sector(buc)] for buc in sorted(known.bucs)}


def _alike(rows: Mapping[str, Sequence[Route]], known: Catalogue) -> Iterable[list[str]]:
    """BUCs with the same rows; where these ask for a SED, with the same SEDs that start a case."""
    groups: defaultdict[object, list[str]] = defaultdict(list)
    for buc, theirs in rows.items():
        if theirs:
            any_sed = all(ANY in route.sed for route in theirs)
            starters = frozenset[str]() if any_sed else known.bucs[buc].starters
            groups[frozenset(route.rule for route in theirs), starters].append(buc)
    return groups.values()


# -- the cases of a BUC ---------------------------------------------------------------------


@dataclass(slots=True)
class _Cases:
    """All cases of a BUC that its rows tell apart, each on all days."""

    routes: RoutingTable
    buc: str
    rows: Sequence[Route]
    starters: Sequence[str]

    def holes(self) -> Iterator[tuple[_Hole, _Box]]:
        """Days on which cases have no row, and those cases."""
        values = self._values()
        cells: defaultdict[_Hole, list[_Cell]] = defaultdict(list)
        for cell, stretches in self._each(values):
            for number, stretch in enumerate(stretches):
                if stretch.empty:
                    before, after = stretches[:number][-1:], stretches[number + 1 :][:1]
                    cells[_Hole(stretch.days, _rule(before), _rule(after))].append(cell)
        for hole, those in cells.items():
            yield from ((hole, box) for box in _boxes(those, values))

    def lapses(self) -> Iterator[tuple[_Hole, str]]:
        """Rows that go on after days on which a wider one decides (its rule), or one asks ("")."""
        for _, stretches in self._each(self._values()):
            for number, one in enumerate(stretches):
                between = _until_it_goes_on(one, stretches[number + 1 :])
                if between:
                    days = (between[0].days[0], between[-2].days[1])
                    hole = _Hole(days, _rule([one]), _rule(between[-1:]))
                    yield hole, _rule(between[:1])

    def _each(self, values: Sequence[Sequence[str]]) -> Iterator[tuple[_Cell, list[_Stretch]]]:
        days = self._days()
        for cell in product(*values):
            yield cell, self._stretches(cell, days)

    def _values(self) -> list[Sequence[str]]:
        """What each column can hold, as far as the rows tell it apart."""
        conditions = [route.conditions for route in self.rows]
        asked = [frozenset().union(*column) - {ANY} for column in zip(*conditions, strict=True)]
        all_of_them = {
            "scheme": SCHEMES | (asked[_SCHEME] & {UNKNOWN_SCHEME}),
            "population": POPULATIONS - {ASSUMED, COLLECTIVE},
            "residence": {"FR", _ELSEWHERE} | {c for c in asked[_RESIDENCE] if c != ABROAD},
            "sed": set(self.starters),
            "role": ROLES,
        }
        return [
            sorted(all_of_them[column]) if theirs else _UNASKED
            for column, theirs in zip(CONDITIONS, asked, strict=True)
        ]

    def _days(self) -> list[date]:
        ends = {route.valid_to for route in self.rows if route.valid_to}
        changes = {route.valid_from for route in self.rows} | ends
        return [FIRST, *sorted(day for day in changes if day > FIRST)]

    def _stretches(self, cell: _Cell, days: Sequence[date]) -> list[_Stretch]:
        scheme, population, residence, sed, role = cell
        query = RouteQuery(
            self.buc,
            sed,
            None if scheme == UNKNOWN_SCHEME else scheme,
            population,
            residence,
            role,
        )
        found: list[_Stretch] = []
        for start, end in pairwise([*days, OPEN]):
            match = self.routes.open_rows(query, start)
            now = _Stretch((start, end), match.route, bool(match.missing))
            if found and found[-1][1:] == now[1:]:
                now = now._replace(days=(found.pop().days[0], end))
            found.append(now)
        return found


def _rule(stretches: Sequence[_Stretch]) -> str:
    """The rule of the first one; empty when no row decides there."""
    return stretches[0].route.rule if stretches and stretches[0].route else ""


def _until_it_goes_on(one: _Stretch, later: Sequence[_Stretch]) -> Sequence[_Stretch]:
    """What stands in for the row after its end, and the row of the same conditions after that."""
    if one.route is None:
        return ()
    for number, stretch in enumerate(later):
        follower = stretch.route
        if follower is not None and _same_cases(one.route, follower):
            return later[: number + 1] if number else ()
        if stretch.empty or (follower is not None and not one.route.within(follower)):
            return ()
    return ()


def _same_cases(one: Route, other: Route) -> bool:
    return one.within(other) and other.within(one)


def _boxes(cells: Iterable[_Cell], values: Sequence[Sequence[str]]) -> Iterator[_Box]:
    """The cases in few boxes, none of them twice."""
    boxes: list[_Box] = [tuple(frozenset({value}) for value in cell) for cell in cells]
    for column in range(len(values)):
        merged: defaultdict[tuple[_Box, _Box], frozenset[str]] = defaultdict(frozenset)
        for box in boxes:
            merged[box[:column], box[column + 1 :]] |= box[column]
        boxes = [(*left, here, *right) for (left, right), here in merged.items()]
    for box in boxes:
        yield tuple(
            frozenset() if len(here) == len(all_of_them) else here
            for here, all_of_them in zip(box, values, strict=True)
        )


# -- what is told ---------------------------------------------------------------------------


def _no_row_at_all(bucs: Sequence[str]) -> Finding:
    some = ", ".join(bucs)
    return Finding(
        ROUTES, 0, "buc",
        f"no row is for {some}; add one, or one with the target `refer` and its basis",
        f"aucune ligne pour {some} ; en ajouter une, ou une de cible « refer » avec sa source",
    )  # fmt: skip


def _no_row(
    hole: _Hole, box: _Box, bucs: Sequence[str], lines: Mapping[str, int], today: date
) -> Finding:
    """An error when it reaches today or later; a warning when it is over, or of our rare role."""
    english, french = in_words(hole.days)
    asked = [column for column, here in zip(CONDITIONS, box, strict=True) if here]
    line, column = _place(hole, lines, asked[0] if asked else "buc")
    mend, mending = _mend(hole)
    these = some(bucs, _NAMED)
    return Finding(
        ROUTES, line, column,
        f"{these}{_cases(box, 'no sign of a scheme')}: no row {english}, such a case goes to"
        f" a person for want of one; {mend}a row with the target `refer` and its basis",
        f"{these}{_cases(box, 'aucun signe de régime')} : aucune ligne {french}, un tel"
        f" dossier va à une personne faute de ligne ; {mending}une ligne de cible « refer » avec"
        " sa source",
        error=hole.days[1] > today and box[_ROLE] != {"CaseOwner"},
    )  # fmt: skip


def _place(hole: _Hole, lines: Mapping[str, int], column: str) -> tuple[int, str]:
    if hole.before:
        return lines.get(hole.before, 0), "valid_to"
    if hole.after:
        return lines.get(hole.after, 0), "valid_from"
    return 0, column


def _mend(hole: _Hole) -> tuple[str, str]:
    before, after = hole.before, hole.after
    if before and after:
        return (
            f"let {before} go on, let {after} begin earlier, or add ",
            f"prolonger {before}, avancer le début de {after}, ou ajouter ",
        )
    if before:
        return f"name who follows {before}, or add ", f"ajouter ce qui suit {before}, ou "
    if after:
        return f"let {after} begin earlier, or add ", f"avancer le début de {after}, ou ajouter "
    return "add the row, or ", "ajouter la ligne, ou "


def _stood_in(hole: _Hole, instead: str, bucs: Sequence[str], lines: Mapping[str, int]) -> Finding:
    """A warning: the case has an answer, which may be the one that is meant."""
    english, french = in_words(hole.days)
    what, quoi = f"{instead} decides", f"{instead} décide"
    if not instead:
        what, quoi = "the scheme is asked for", "le régime est demandé"
    these = some(bucs, _NAMED)
    return Finding(
        ROUTES, lines.get(hole.before, 0), "valid_to",
        f"{these}: between {hole.before} and {hole.after} {what}, {english}; if that is not"
        f" meant, let {hole.before} go on or {hole.after} begin earlier",
        f"{these} : entre {hole.before} et {hole.after}, {quoi} {french} ; si ce n'est pas"
        f" voulu, prolonger {hole.before} ou avancer le début de {hole.after}",
        error=False,
    )  # fmt: skip


def _cases(box: _Box, no_sign: str) -> str:
    """The values of each column that matters."""
    told = [
        f"{column} {some(sorted(here), _NAMED)}"
        for column, here in zip(CONDITIONS, box, strict=True)
        if here
    ]
    return "".join(f", {one}" for one in told).replace(f"scheme {UNKNOWN_SCHEME}", no_sign)
