"""Everything that is wrong with a folder of tables, at once; and what one should look at.

Each file is read by the strict reader of its package, whatever is wrong with the others. What can
only be seen between the files is looked at when all of them can be read; until then it is said.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Final

from gateway.core.tables import Tables
from gateway.tables import areas, codes, gaps, golden, targets
from gateway.tables.competent import unlisted
from gateway.tables.finding import Finding, against
from gateway.tables.sourcing import unsourced
from gateway.tables.withdrawn import COMPETENCES, withdrawn
from ir_directory import InstitutionRepository
from ir_directory import load as directory_load
from ir_directory.problems import Problem
from ir_directory.sheet import Sheet
from routing_tables import Questions, RoutingTable
from routing_tables import load as routes_load
from sed_schemas.load import catalogue

PACKAGES: Final = ("ir_directory", "routing_tables")
ROUTES: Final = "routing_tables/routes.csv"
MOST_BYTES: Final = 50 * 1024 * 1024
"""Of one table; the largest of the baseline has 2 MB."""


def check(folder: Path, today: date, before: Path | None = None) -> tuple[Finding, ...]:
    """All findings, by file and line; errors are those that keep the tables from being used.

    `before` holds other tables: warnings that they have, too, are marked as known and come last.
    """
    found = _found(folder, today)
    return found if before is None else against(found, _found(before, today))


def _found(folder: Path, today: date) -> tuple[Finding, ...]:
    found = list(_sizes(folder))
    if found:
        return tuple(found)
    directory = _read(found, folder, "ir_directory", directory_load.load)
    routes = _read(found, folder, "routing_tables", routes_load.load)
    _read(found, folder, "routing_tables", routes_load.questions)
    _read(found, folder, "routing_tables", routes_load.reminders)
    found.extend(codes.unknown(folder, catalogue()))
    found.extend(unsourced(folder))
    cases, wrong = golden.read(folder)
    found.extend(map(_of_cells, wrong))
    if isinstance(directory, InstitutionRepository) and isinstance(routes, RoutingTable):
        found.extend(_between(folder, directory, routes, today))
        tables = Tables("draft", "", directory, routes, catalogue(), Questions())
        found.extend(map(_of_cells, golden.failed(cases, tables)))
    else:
        loaded = {"ir_directory": directory, "routing_tables": routes}
        unread = [package for package in PACKAGES if loaded[package] is None]
        found.extend(Finding(package, 0, "", *_NOT_YET, error=False) for package in unread)
    return tuple(sorted(set(found)))


_NOT_YET: Final = (
    "gaps, areas, targets and golden cases are looked at once the errors here are mended.",
    "lacunes, territoires, cibles et cas témoins seront contrôlés une fois corrigées ces erreurs.",
)


def _sizes(folder: Path) -> Iterator[Finding]:
    """Tables too large to be one: nothing of them is read."""
    for package in PACKAGES:
        for path in sorted((folder / package).rglob("*.csv")):
            size = path.stat().st_size
            if size > MOST_BYTES:
                yield Finding(
                    path.relative_to(folder).as_posix(),
                    0,
                    "",
                    f"the file has {size} bytes; a table has at most {MOST_BYTES}. Take out what"
                    " is not part of it.",
                    f"le fichier fait {size} octets ; une table en fait au plus {MOST_BYTES}. En"
                    " retirer ce qui n'en fait pas partie.",
                )


def _read(
    found: list[Finding], folder: Path, package: str, load: Callable[[Path], object]
) -> object:
    """What a loader gives; None when it says what is wrong."""
    try:
        return load(folder / package)
    except (directory_load.DirectoryInvalid, routes_load.RoutesInvalid) as error:
        problems: Sequence[Problem] = error.problems
        found.extend(
            Finding(f"{package}/{p.file}", p.line, p.column, p.english, p.french) for p in problems
        )
        return None


def _of_cells(p: Problem) -> Finding:
    """A problem of a table that is named with its package."""
    return Finding(p.file, p.line, p.column, p.english, p.french)


def _between(
    folder: Path, directory: InstitutionRepository, routes: RoutingTable, today: date
) -> Iterator[Finding]:
    """What can be seen between the files only."""
    rules = {key[0]: line for key, line in _lines(folder, ROUTES, ("rule",)).items()}
    served = _lines(folder, areas.CATCHMENTS, ("network", "area", "valid_from"))
    yield from targets.without_target(directory, routes, rules, today)
    yield from targets.of_another_network(directory, served, today)
    yield from gaps.uncovered(routes, rules, catalogue(), today)
    yield from areas.unserved(directory, routes, served, today)
    ended = withdrawn(directory, routes, catalogue(), today)
    if ended:
        rows = _lines(folder, COMPETENCES, ("institution", "buc", "role", "valid_from"))
        yield from (one.finding(rules, rows) for one in ended)
    told = {(one.row.institution, buc) for one in ended for buc in one.bucs}
    yield from unlisted(directory, routes, rules, today, told)


def _lines(folder: Path, file: str, key: Sequence[str]) -> dict[tuple[str, ...], int]:
    """The key of each row to its line, as the loaders count."""
    package, _, name = file.partition("/")
    columns = {**directory_load.COLUMNS, "routes.csv": routes_load.ROUTE_COLUMNS}[name]
    sheet = Sheet(folder / package / name, name, columns)
    return {tuple(row[column] for column in key): row.line for row in sheet.rows()}
