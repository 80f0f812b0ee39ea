"""Everything that is wrong with a folder of tables, at once; and what one should look at.

Each file is read by the strict reader of its package, whatever is wrong with the others. What can
only be seen between the files is looked at when all of them can be read.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final, Protocol

from gateway.core.tables import Tables
from gateway.tables import golden, pages
from ir_directory import InstitutionRepository, in_force
from ir_directory import load as directory_load
from routing_tables import ANY, ByPlace, Fixed, Route, RoutingTable
from routing_tables import load as routes_load
from sed_schemas.load import catalogue

PACKAGES: Final = ("ir_directory", "routing_tables")
ROUTES: Final = "routing_tables/routes.csv"
CATCHMENTS: Final = "ir_directory/catchments.csv"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing to mend, or to look at."""

    file: str
    line: int
    """From 1, the header included; 0 when the whole file is meant."""
    column: str
    english: str
    french: str
    error: bool = True
    """False: the tables can be used as they are."""

    def text(self, lang: str) -> str:
        """The sentence in that language."""
        return self.french if lang == "fr" else self.english


class _Problem(Protocol):
    @property
    def file(self) -> str: ...
    @property
    def line(self) -> int: ...
    @property
    def column(self) -> str: ...
    @property
    def english(self) -> str: ...
    @property
    def french(self) -> str: ...


def check(folder: Path, today: date) -> tuple[Finding, ...]:
    """All findings, by file and line; errors are those that keep the tables from being used."""
    found: list[Finding] = []
    directory = _read(found, folder, "ir_directory", directory_load.load)
    routes = _read(found, folder, "routing_tables", routes_load.load)
    _read(found, folder, "routing_tables", routes_load.questions)
    _read(found, folder, "routing_tables", routes_load.reminders)
    if isinstance(directory, InstitutionRepository) and isinstance(routes, RoutingTable):
        lines = _lines(folder / ROUTES)
        found.extend(_targets(directory, routes, lines, today))
        found.extend(_communes(directory, today))
        found.extend(_golden(folder, directory, routes))
    return tuple(sorted(set(found)))


def _read(
    found: list[Finding], folder: Path, package: str, load: Callable[[Path], object]
) -> object:
    """What a loader gives; None when it says what is wrong."""
    try:
        return load(folder / package)
    except (directory_load.DirectoryInvalid, routes_load.RoutesInvalid) as error:
        problems: Sequence[_Problem] = error.problems
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
    tables = Tables("draft", "", directory, routes, catalogue(), {})
    for p in golden.problems(folder, tables):
        yield Finding(p.file, p.line, p.column, p.english, p.french)


# -- between the files ----------------------------------------------------------------------


def _targets(
    directory: InstitutionRepository, routes: RoutingTable, lines: dict[str, int], today: date
) -> Iterator[Finding]:
    """Every row leads to somebody who exists, and who is known to take such cases."""
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
    if not route.valid(today):
        return
    if directory.successor_on(ident, today) is None:
        yield Finding(
            ROUTES, line, "target",
            f"{ident} has ended and has no successor; end the row, or name the successor",
            f"{ident} a pris fin sans successeur ; clore la ligne, ou nommer le successeur",
        )  # fmt: skip
    elif not any(row.institution == ident for row in directory.competences):
        yield Finding(
            ROUTES, line, "target",
            f"no row of competences.csv says that {ident} takes such cases; confirm it",
            f"aucune ligne de competences.csv ne dit que {ident} traite ces dossiers ; à confirmer",
            error=False,
        )  # fmt: skip


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


# -- the report -----------------------------------------------------------------------------


def page(folder: str, findings: Sequence[Finding], lang: str) -> str:
    """A page of its own that can be mailed; nothing in it runs or is loaded."""
    french = lang == "fr"
    title = f"Contrôle de {folder}" if french else f"Check of {folder}"
    heads = ("fichier", "ligne", "colonne", "constat") if french else (
        "file", "line", "column", "finding",
    )  # fmt: skip
    errors = sum(finding.error for finding in findings)
    summary = (
        f"{errors} erreur(s), {len(findings) - errors} avertissement(s)."
        if french
        else f"{errors} errors, {len(findings) - errors} warnings."
    )
    rows = (((one.file, one.line or "", one.column, one.text(lang)), one.error) for one in findings)
    return pages.page(lang, title, [summary], heads, rows)
