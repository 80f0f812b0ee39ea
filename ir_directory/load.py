"""The files of the Institution Repository into its values, or every reason why not.

Strict, because a table that is half understood sends cases astray. All files are read before
anything is refused, so that whoever edits them sees everything at once.
"""

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final, TypeVar

from ir_directory import (
    Catchment,
    Certainty,
    Commune,
    Competence,
    Institution,
    InstitutionRepository,
    Partner,
    department_of,
)
from ir_directory.problems import DirectoryInvalid, Problem, problem
from ir_directory.sheet import Row, Sheet

__all__ = ["COLUMNS", "FILES", "OPTIONAL", "DirectoryInvalid", "Problem", "load"]

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "institutions.csv": (
        "id", "body", "name", "acronym", "network", "scheme", "liaison_body", "environment",
        "certainty", "valid_from", "valid_to", "successor", "source",
    ),
    "competences.csv": (
        "institution", "buc", "role", "eessi_ready", "certainty", "valid_from", "valid_to",
        "source",
    ),
    "catchments.csv": (
        "network", "area", "institution", "certainty", "valid_from", "valid_to", "source",
    ),
    "communes.csv": ("insee", "name", "postcodes", "valid_from", "valid_to", "former_names"),
    "partners.csv": (
        "institution", "country", "name", "buc", "role", "eessi_ready", "valid_from", "valid_to",
        "source",
    ),
}  # fmt: skip
"""File -> its columns; in a file they may stand in any order."""

OPTIONAL: Final[Mapping[str, tuple[str, ...]]] = {"institutions.csv": ("address",)}
"""File -> columns that it may have besides."""

FILES: Final = tuple(COLUMNS)

SERVING: Final = ("caf", "carsat", "cpam", "invalidity", "msa", "urssaf")
"""Networks that serve areas."""

NETWORKS: Final = (
    *SERVING, "authority", "cgss", "complementary", "cramif", "liaison", "liberal", "mutual",
    "national", "rsi", "special", "unemployment",
)  # fmt: skip
SCHEMES: Final = (
    "", "agricultural", "all", "assembly", "banque-de-france", "cese", "civil-service",
    "civil-service-local", "civil-service-state", "clergy", "general", "ieg", "lawyers",
    "liberal", "military", "mines", "notaries", "opera", "other", "port-strasbourg", "rail",
    "ratp", "seafarers", "seita", "senate", "state-workers",
)  # fmt: skip
CERTAINTIES: Final = tuple(certainty.code for certainty in Certainty)
ROLES: Final = ("CaseOwner", "Counterparty", "DataSource", "DataDestination", "IntelligentRA")
ENVIRONMENTS: Final = ("production", "test")
FLAGS: Final = ("no", "yes")

_FRENCH_ID: Final = (re.compile(r"FR:[A-Z0-9]{10}"), "FR:0101100000")
_ANY_ID: Final = (re.compile(r"[A-Z]{2}:[A-Za-z0-9]{4,10}"), "DE:101320043")
_BODY: Final = (re.compile(r"[a-z0-9]+(-[a-z0-9]+)*"), "msa-ain-rhone")
_AREA: Final = (
    re.compile(r"dep:\d[0-9AB]\d?|insee:\d[0-9AB]\d{3}|country:[A-Z]{2}"),
    "dep:59, insee:59350, country:DE",
)
_BUC: Final = (re.compile(r"(AD|AW|FB|H|LA|M|P|R|S|UB)_BUC_(\d\d[a-z]?|\*)"), "S_BUC_01a, P_BUC_*")
_INSEE: Final = (re.compile(r"\d[0-9AB]\d{3}"), "01053, 2A004")
_POSTCODES: Final = (re.compile(r"(\d{5}(\|\d{5})*)?"), "59000, 59144|59570")
_COUNTRY: Final = (re.compile(r"[A-Z]{2}"), "DE, EL, UK")

_Form = tuple[re.Pattern[str], str]

_NUMBER: Final = re.compile(r"\d+([.,]\d+)?E\+?\d+|\d+[.,]\d+", re.IGNORECASE)
_SHORT: Final = re.compile(r"\d{4}")

_NO_DAY: Final = date.min
"""Stands for a date that could not be read."""

_Row = TypeVar("_Row")


def load(folder: Path | None = None) -> InstitutionRepository:
    """The directory in `folder`; None is the baseline that travels with the package.

    Raises DirectoryInvalid with all problems of all files.
    """
    reading = _Reading(folder or Path(__file__).parent)
    institutions = reading.rows("institutions.csv", _institution)
    competences = reading.rows("competences.csv", _competence)
    catchments = reading.rows("catchments.csv", _catchment)
    communes = reading.rows("communes.csv", _commune)
    partners = reading.rows("partners.csv", _partner)
    reading.problems.extend(_between(institutions, competences, catchments, communes, partners))
    if reading.problems:
        raise DirectoryInvalid(reading.problems)
    return InstitutionRepository(
        [row for _, row in institutions],
        [row for _, row in competences],
        [row for _, row in catchments],
        [row for _, row in communes],
        [row for _, row in partners],
    )


# -- a line into a row --------------------------------------------------------------------------


@dataclass(slots=True)
class _Reading:
    """Files being read, and what is wrong with them so far."""

    folder: Path
    problems: list[Problem] = field(default_factory=list)

    def rows(self, file: str, parse: Callable[["_Line"], _Row]) -> list[tuple[int, _Row]]:
        """(line, row) of all lines that have cells; one that is not sound has left a problem."""
        optional = OPTIONAL.get(file, ())
        sheet = Sheet(self.folder / file, file, COLUMNS[file], self.problems, optional)
        return [(row.line, parse(_Line(sheet, row))) for row in sheet.rows()]


@dataclass(slots=True)
class _Line:
    """One line; each reader of a cell gives its value, or notes a problem and gives another."""

    sheet: Sheet
    row: Row
    sound: bool = True

    @property
    def cells(self) -> Mapping[str, str]:
        return self.row.cells

    def wrong(self, code: str, column: str, value: object = "", expected: object = "") -> None:
        self.sound = False
        self.sheet.note(code, self.row.line, column, value, expected)

    def text(self, column: str) -> str:
        value = self.cells[column]
        if not value:
            self.wrong("required", column)
        return value

    def code(self, column: str, known: Sequence[str]) -> str:
        value = self.cells[column]
        if value not in known:
            expected = ", ".join(code for code in known if code)
            self.wrong("code" if value else "required", column, value, expected)
        return value

    def form(self, column: str, form: _Form, *, optional: bool = False) -> str:
        value = self.cells[column]
        if form[0].fullmatch(value) or (optional and not value):
            return value
        if not value:
            self.wrong("required", column)
        elif _NUMBER.fullmatch(value):
            self.wrong("spreadsheet-number", column, value)
        elif _SHORT.fullmatch(value) and form in (_INSEE, _POSTCODES):
            self.wrong("spreadsheet-zero", column, value)
        else:
            self.wrong("form", column, value, form[1])
        return value

    def certainty(self) -> Certainty:
        code = self.code("certainty", CERTAINTIES)
        return Certainty.of(code) if code in CERTAINTIES else Certainty.INFERRED

    def flag(self, column: str) -> bool:
        return self.code(column, FLAGS) == "yes"

    def day(self, column: str) -> date:
        day = self.sheet.day(self.row, column) if self.text(column) else None
        self.sound = self.sound and day is not None
        return day or _NO_DAY

    def period(self) -> tuple[date, date | None]:
        start = self.day("valid_from")
        end = self.day("valid_to") if self.cells["valid_to"] else None
        if self.sound and end is not None and end <= start:
            self.wrong("period", "valid_to", end, start)
        return start, end


def _institution(line: _Line) -> Institution:
    start, end = line.period()
    successor = line.form("successor", _BODY, optional=True)
    if successor and end is None:
        line.wrong("successor-open", "successor", successor)
    return Institution(
        id=line.form("id", _FRENCH_ID, optional=True),
        body=line.form("body", _BODY),
        name=line.text("name"),
        acronym=line.cells["acronym"],
        network=line.code("network", NETWORKS),
        scheme=line.code("scheme", SCHEMES),
        liaison_body=line.flag("liaison_body"),
        test=line.code("environment", ENVIRONMENTS) == "test",
        certainty=line.certainty(),
        valid_from=start,
        valid_to=end,
        successor=successor,
        source=line.cells["source"],
        address=line.cells["address"],
    )


def _competence(line: _Line) -> Competence:
    start, end = line.period()
    return Competence(
        institution=line.form("institution", _FRENCH_ID),
        buc=line.form("buc", _BUC),
        role=line.code("role", ROLES),
        eessi_ready=line.flag("eessi_ready"),
        certainty=line.certainty(),
        valid_from=start,
        valid_to=end,
        source=line.cells["source"],
    )


def _catchment(line: _Line) -> Catchment:
    start, end = line.period()
    institution = line.cells["institution"]
    if not _BODY[0].fullmatch(institution):  # a body's code gets its own sentence later
        line.form("institution", _FRENCH_ID)
    return Catchment(
        network=line.code("network", SERVING),
        area=line.form("area", _AREA),
        institution=institution,
        certainty=line.certainty(),
        valid_from=start,
        valid_to=end,
        source=line.cells["source"],
    )


def _commune(line: _Line) -> Commune:
    start, end = line.period()
    postcodes, former = line.form("postcodes", _POSTCODES), line.cells["former_names"]
    return Commune(
        insee=line.form("insee", _INSEE),
        name=line.text("name"),
        postcodes=tuple(postcodes.split("|")) if postcodes else (),
        valid_from=start,
        valid_to=end,
        former_names=tuple(former.split("|")) if former else (),
    )


def _partner(line: _Line) -> Partner:
    start, end = line.period()
    return Partner(
        institution=line.form("institution", _ANY_ID),
        country=line.form("country", _COUNTRY),
        name=line.text("name"),
        buc=line.form("buc", _BUC),
        role=line.code("role", ROLES),
        eessi_ready=line.flag("eessi_ready"),
        valid_from=start,
        valid_to=end,
        source=line.cells["source"],
    )


# -- rows among each other ----------------------------------------------------------------------

_Numbered = Sequence[tuple[int, _Row]]


def _between(
    institutions: _Numbered[Institution],
    competences: _Numbered[Competence],
    catchments: _Numbered[Catchment],
    communes: _Numbered[Commune],
    partners: _Numbered[Partner],
) -> Iterator[Problem]:
    yield from _twice(
        "institutions.csv", "id", ((n, r.id or f"body {r.body}", r) for n, r in institutions)
    )
    yield from _twice(
        "competences.csv",
        "buc",
        ((n, f"{r.institution} {r.buc} {r.role}", r) for n, r in competences),
    )
    yield from _twice(
        "catchments.csv", "area", ((n, f"{r.network} {r.area}", r) for n, r in catchments)
    )
    yield from _twice("communes.csv", "insee", ((n, r.insee, r) for n, r in communes))
    yield from _twice(
        "partners.csv", "buc", ((n, f"{r.institution} {r.buc} {r.role}", r) for n, r in partners)
    )
    yield from _bodies(institutions)
    yield from _successors(institutions)
    if institutions:
        yield from _strangers("competences.csv", competences, institutions)
        yield from _strangers("catchments.csv", catchments, institutions)
    if communes:
        yield from _areas(catchments, communes)


def _twice(
    file: str,
    column: str,
    rows: Iterable[tuple[int, str, Institution | Competence | Catchment | Commune | Partner]],
) -> Iterator[Problem]:
    """Rows of one key that hold on the same day."""
    by_key: dict[str, list[tuple[date, date, int]]] = {}
    for number, key, row in rows:
        if row.valid_from != _NO_DAY:
            by_key.setdefault(key, []).append((row.valid_from, row.valid_to or date.max, number))
    for periods in by_key.values():
        if len(periods) == 1:
            continue
        periods.sort()
        for (start, end, line), (next_start, _, next_line) in itertools.pairwise(periods):
            if start == next_start:
                yield problem("duplicate", file, next_line, column, expected=line)
            elif next_start < end:
                yield problem("overlap", file, next_line, column, value=next_start, expected=line)


def _bodies(institutions: _Numbered[Institution]) -> Iterator[Problem]:
    """An id is one body's for ever."""
    first: dict[str, str] = {}
    for line, row in institutions:
        if row.id and first.setdefault(row.id, row.body) != row.body:
            yield problem(
                "two-bodies",
                "institutions.csv",
                line,
                "body",
                value=row.body,
                expected=first[row.id],
            )


def _successors(institutions: _Numbered[Institution]) -> Iterator[Problem]:
    after: dict[str, set[str]] = {row.body: set() for _, row in institutions}
    for line, row in institutions:
        if not row.successor:
            continue
        if row.successor in after:
            after[row.body].add(row.successor)
        else:
            yield problem(
                "successor-unknown", "institutions.csv", line, "successor", value=row.successor
            )
    for line, row in institutions:
        if row.successor and row.body in _reached(row.body, after):
            yield problem(
                "successor-circular", "institutions.csv", line, "successor", value=row.body
            )


def _reached(body: str, after: Mapping[str, set[str]]) -> set[str]:
    """All bodies that following the successors of one leads to."""
    reached: set[str] = set()
    ahead = list(after[body])
    while ahead:
        here = ahead.pop()
        if here not in reached:
            reached.add(here)
            ahead.extend(after[here])
    return reached


def _strangers(
    file: str,
    rows: _Numbered[Competence] | _Numbered[Catchment],
    institutions: _Numbered[Institution],
) -> Iterator[Problem]:
    """Rows that name an institution that is not there, or has no id."""
    ids = {row.id for _, row in institutions}
    bodies = {row.body for _, row in institutions}
    for line, row in rows:
        if row.institution in ids:
            continue
        code = "institution-without-id" if row.institution in bodies else "institution-unknown"
        yield problem(code, file, line, "institution", value=row.institution)


def _areas(catchments: _Numbered[Catchment], communes: _Numbered[Commune]) -> Iterator[Problem]:
    """Municipalities and departments that are nowhere."""
    known = {f"insee:{row.insee}" for _, row in communes}
    known |= {f"dep:{department_of(row.insee)}" for _, row in communes}
    for line, row in catchments:
        if not row.area.startswith("country:") and row.area not in known:
            yield problem("area-unknown", "catchments.csv", line, "area", value=row.area)
