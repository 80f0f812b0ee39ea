"""Golden cases: made-up persons, and where their case must go, whatever is edited.

`routing_tables/golden.csv` belongs to the release: who changes what must hold changes it there, for
everybody to see. Each case is resolved on its own day, on the tables that it travels with.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.core.evidence import About, Address, AddressKind, Evidence, Named, Where
from gateway.core.resolution import Resolved, Undetermined, resolve
from gateway.core.subject import Subject
from gateway.core.tables import Tables
from gateway.tables import keeping
from ir_directory.problems import Problem
from ir_directory.sheet import Row, Sheet
from routing_tables import COLLECTIVE
from routing_tables.load import POPULATIONS

FILE: Final = "routing_tables/golden.csv"
COLUMNS: Final = (
    "case", "buc", "sed", "on", "person", "country", "postcode", "town", "population", "named",
    "expected", "note",
)  # fmt: skip
ASK: Final = "ask"
REFER: Final = "refer"
_PERSONS: Final = {about.value: about for about in About}
_EXPECTED: Final = re.compile(rf"{ASK}|{REFER}|FR:[A-Z0-9]{{10}}")


@dataclass(frozen=True, slots=True)
class Case:
    """One golden case."""

    name: str
    line: int
    subject: Subject
    expected: str
    """An institution, `ask` or `refer`."""


def read(root: Path) -> tuple[Sequence[Case], Sequence[Problem]]:
    """The golden cases that can be understood, and what is wrong with the cells of the others.

    A release without the table has none; it may be older than they are.
    """
    path = root / FILE
    if not path.exists():
        return (), ()
    sheet = Sheet(path, FILE, COLUMNS)
    lines: dict[str, int] = {}
    cases = []
    for row in sheet.rows():
        before = len(sheet.problems)
        _looked_at(sheet, row, lines.get(row["case"]))
        lines.setdefault(row["case"], row.line)
        on = sheet.day(row, "on")
        if on is not None and len(sheet.problems) == before:
            subject = Subject(
                buc=row["buc"],
                sed=row["sed"],
                role="Counterparty",
                evidence=_evidence(row, _PERSONS[row["person"]]),
                received_on=on,
                decided_on=on,
            )
            cases.append(Case(row["case"], row.line, subject, row["expected"]))
    return cases, sheet.problems


def problems(root: Path, tables: Tables) -> tuple[Problem, ...]:
    """What is wrong with the golden cases of a release, and which of them do not hold."""
    cases, wrong = read(root)
    return (*wrong, *failed(cases, tables))


def failed(cases: Sequence[Case], tables: Tables) -> Iterator[Problem]:
    """Cases that do not go where they must."""
    for case in cases:
        found = _found(case.subject, tables)
        if found != case.expected:
            yield Problem(
                FILE,
                case.line,
                "expected",
                f"golden case {case.name}: {found} instead of {case.expected}. Mend the row that"
                " sends it there; if the new answer is right, change it here.",
                f"cas témoin {case.name} : {found} au lieu de {case.expected}. Corriger la ligne"
                " qui l'y envoie ; si la nouvelle réponse est juste, la changer ici.",
            )


def count(root: Path) -> int:
    """How many golden cases a folder of tables has."""
    path = root / FILE
    return len(keeping.rows(path)) if path.is_file() else 0


def _looked_at(sheet: Sheet, row: Row, earlier: int | None) -> None:
    """Cells that a case cannot do without, or that hold what nobody knows."""
    if not row["case"]:
        sheet.wrong(row.line, "case", "the case has no name. Give it one.", "le cas n'a pas de nom."
                    " Le nommer.")  # fmt: skip
    elif earlier is not None:
        sheet.wrong(
            row.line,
            "case",
            f"this name is that of line {earlier}. Give each case a name of its own.",
            f"ce nom est celui de la ligne {earlier}. Donner à chaque cas un nom propre.",
        )
    for column in ("buc", "sed", "on"):
        if not row[column]:
            sheet.note("required", row.line, column)
    for column, known in (("person", _PERSONS), ("population", {"", *POPULATIONS})):
        if row[column] not in known:
            listed = ", ".join(sorted(filter(None, known)))
            sheet.wrong(row.line, column, f"one of {listed}.", f"l'un de : {listed}.")
    if _EXPECTED.fullmatch(row["expected"]) is None:
        sheet.wrong(
            row.line,
            "expected",
            f"write an institution such as FR:0101100000, or {ASK}, or {REFER}.",
            f"écrire une institution, comme FR:0101100000, ou {ASK}, ou {REFER}.",
        )


def _evidence(row: Row, person: About) -> Evidence:
    addresses: tuple[Address, ...] = ()
    if row["country"]:
        home = (row["country"], row["postcode"] or None, row["town"] or None)
        addresses = (Address(person, AddressKind.RESIDENCE, *home),)
    named: tuple[Named, ...] = ()
    if row["named"]:
        named = (Named(person, Where.LOCAL_CASE_NUMBER, "FR", row["named"], None),)
    population = row["population"]
    many = population == COLLECTIVE
    return Evidence(
        several=many,
        addresses=addresses,
        named=named,
        populations=frozenset({population} if population and not many else ()),
    )


def _found(subject: Subject, tables: Tables) -> str:
    resolution = resolve(subject, tables)
    if isinstance(resolution, Resolved):
        return resolution.institution
    asks = isinstance(resolution, Undetermined) and resolution.missing
    return ASK if asks else REFER
