"""Everything that is wrong with a folder of tables, at once; and what one should look at.

Each file is read by the strict reader of its package, whatever is wrong with the others. What can
only be seen between the files is looked at when all of them can be read.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Final

from gateway.core.tables import Tables
from gateway.tables import codes, gaps, golden, keeping
from gateway.tables.competent import unlisted
from gateway.tables.finding import Finding, against
from ir_directory import Catchment, InstitutionRepository, in_force
from ir_directory import load as directory_load
from ir_directory.problems import Problem
from routing_tables import ANY, ByPlace, Fixed, Questions, Route, RoutingTable
from routing_tables import load as routes_load
from sed_schemas.load import catalogue

PACKAGES: Final = ("ir_directory", "routing_tables")
ROUTES: Final = "routing_tables/routes.csv"
MOST_BYTES: Final = 50 * 1024 * 1024
"""Of one table; the largest of the baseline has 2 MB."""
CATCHMENTS: Final = "ir_directory/catchments.csv"


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
    if isinstance(directory, InstitutionRepository) and isinstance(routes, RoutingTable):
        lines = _lines(folder / ROUTES)
        found.extend(_targets(directory, routes, lines, today))
        found.extend(gaps.uncovered(routes, lines, catalogue(), today))
        found.extend(unlisted(directory, routes, lines, today))
        found.extend(_catchments(directory, keeping.rows(folder / CATCHMENTS), today))
        found.extend(_communes(directory, today))
        found.extend(_golden(folder, directory, routes))
    return tuple(sorted(set(found)))


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


def _lines(path: Path) -> dict[str, int]:
    """Name of a rule to its line."""
    text = path.read_text(encoding="utf-8-sig").splitlines()
    return {line.partition(";")[0]: number for number, line in enumerate(text, 1)}


def _golden(
    folder: Path, directory: InstitutionRepository, routes: RoutingTable
) -> Iterator[Finding]:
    """Golden cases that do not hold."""
    tables = Tables("draft", "", directory, routes, catalogue(), Questions())
    for p in golden.problems(folder, tables):
        yield Finding(p.file, p.line, p.column, p.english, p.french)


# -- between the files ----------------------------------------------------------------------


def _targets(
    directory: InstitutionRepository, routes: RoutingTable, lines: dict[str, int], today: date
) -> Iterator[Finding]:
    """Every row leads to somebody who exists."""
    networks = {row.network for row in directory.institutions}
    networks |= {row.network for row in directory.catchments}
    for route in routes.routes:
        line = lines.get(route.rule, 0)
        match route.target:
            case Fixed(ident):
                yield from _fixed(directory, route, ident, line, today)
            case ByPlace() as target:
                for network in target.networks:
                    if network != ANY and network not in networks:
                        yield Finding(
                            ROUTES, line, "target",
                            f"no institution is of the network `{network}`; correct the name",
                            f"aucune institution n'est du réseau « {network} » ; corriger le nom",
                        )  # fmt: skip
            case _:
                continue


def _fixed(
    directory: InstitutionRepository, route: Route, ident: str, line: int, today: date
) -> Iterator[Finding]:
    if directory.institution(ident) is None:
        yield Finding(
            ROUTES, line, "target",
            f"{ident} is not in institutions.csv; correct the id, or add the institution",
            f"{ident} n'est pas dans institutions.csv ; corriger l'identifiant, ou l'ajouter",
        )  # fmt: skip
        return
    day = _ended_in(directory, ident, route.valid_from, route.valid_to, today)
    if day is not None:
        yield _ended(ROUTES, line, "target", ident, day)


def _ended_in(
    directory: InstitutionRepository,
    ident: str,
    since: date,
    until: date | None,
    today: date,
) -> date | None:
    """From which day on, today or later, a row leads to nobody; None while it always does."""
    known = directory.institution(ident)
    ends = known.valid_to if known is not None else None
    for day in (max(since, today), ends):
        if day is None or day < max(since, today) or (until is not None and until <= day):
            continue
        if directory.successor_on(ident, day) is None:
            return day
    return None


def _ended(file: str, line: int, column: str, ident: str, day: date) -> Finding:
    return Finding(
        file, line, column,
        f"{ident} is nobody on {day} and has no successor then; end the row, or name the successor",
        f"{ident} n'est personne le {day}, sans successeur ; clore la ligne, ou nommer le"
        " successeur",
    )  # fmt: skip


def _catchments(
    directory: InstitutionRepository, rows: Sequence[Mapping[str, str]], today: date
) -> Iterator[Finding]:
    """An area that somebody served is served by somebody who exists, today and later."""
    lines = {(r["network"], r["area"], r["valid_from"]): n for n, r in enumerate(rows, 2)}
    for row in directory.catchments:
        line = lines.get((row.network, row.area, row.valid_from.isoformat()), 0)
        until = row.valid_to
        if until is None or until > today:
            day = _ended_in(directory, row.institution, row.valid_from, until, today)
            if day is not None:
                yield _ended(CATCHMENTS, line, "institution", row.institution, day)
        if until is not None and not _served(directory, row, max(until, today)):
            yield Finding(
                CATCHMENTS, line, "valid_to",
                f"{row.network} {row.area}: nobody serves it on {max(until, today)}; add the row of"
                " whoever does",
                f"{row.network} {row.area} : personne ne la dessert le {max(until, today)} ;"
                " ajouter la ligne de qui la dessert",
            )  # fmt: skip


def _served(directory: InstitutionRepository, row: Catchment, day: date) -> bool:
    """Whether the area of a row that ends has somebody then: by itself, or part by part."""
    kind, _, code = row.area.partition(":")
    if kind == "country":
        return directory.catchment(row.network, country=code, on=day) is not None
    if kind == "insee":
        place = {"insee": code, "department": _department(code)}
        return directory.catchment(row.network, on=day, **place) is not None
    return directory.catchment(row.network, department=code, on=day) is not None or any(
        other.network == row.network
        and other.area.startswith("insee:")
        and _department(other.area[6:]) == code
        and in_force(other, day)
        for other in directory.catchments
    )


def _communes(directory: InstitutionRepository, today: date) -> Iterator[Finding]:
    """Every commune of a department that a network serves belongs to one of its institutions."""
    served: defaultdict[str, set[str]] = defaultdict(set)
    for row in directory.catchments:
        if in_force(row, today):
            served[row.network].add(row.area)
    communes: defaultdict[str, set[str]] = defaultdict(set)
    for commune in directory.communes:
        if in_force(commune, today):
            communes[_department(commune.insee)].add(f"insee:{commune.insee}")
    for network, areas in sorted(served.items()):
        for department, all_of_it in sorted(communes.items()):
            left = all_of_it - areas
            if f"dep:{department}" not in areas and left and left != all_of_it:
                yield _left_out(network, department, sorted(left))


def _left_out(network: str, department: str, left: Sequence[str]) -> Finding:
    some = ", ".join(area.removeprefix("insee:") for area in left[:5])
    return Finding(
        CATCHMENTS, 0, "area",
        f"{network}, department {department}: {len(left)} communes belong to nobody ({some}...);"
        " add them, or a row for the department",
        f"{network}, département {department} : {len(left)} communes sans institution ({some}...) ;"
        " les ajouter, ou une ligne pour le département",
        error=False,
    )  # fmt: skip


def _department(insee: str) -> str:
    return insee[:3] if insee.startswith(("97", "98")) else insee[:2]
