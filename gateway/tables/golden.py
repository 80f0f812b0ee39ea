"""Golden cases: made-up persons, and where their case must go, whatever is edited.

`routing_tables/golden.csv` belongs to the release: who changes what must hold changes it there, for
everybody to see. Each case is resolved on its own day, on the tables that it travels with.
"""

from collections.abc import Iterator
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

FILE: Final = "routing_tables/golden.csv"
COLUMNS: Final = (
    "case", "buc", "sed", "on", "person", "country", "postcode", "town", "population", "named",
    "expected", "note",
)  # fmt: skip
ASK: Final = "ask"
REFER: Final = "refer"


def problems(root: Path, tables: Tables) -> tuple[Problem, ...]:
    """What is wrong with the golden cases of a release, and which of them do not hold.

    A release without the table has none; it may be older than they are.
    """
    path = root / FILE
    if not path.exists():
        return ()
    sheet = Sheet(path, FILE, COLUMNS)
    failed = [problem for row in sheet.rows() for problem in _failed(sheet, row, tables)]
    return (*sheet.problems, *failed)


def count(root: Path) -> int:
    """How many golden cases a folder of tables has."""
    path = root / FILE
    return len(keeping.rows(path)) if path.is_file() else 0


def _failed(sheet: Sheet, row: Row, tables: Tables) -> Iterator[Problem]:
    on = sheet.day(row, "on")
    person = next((about for about in About if about.value == row["person"]), None)
    if on is None or person is None:
        if person is None:
            known = ", ".join(sorted(about.value for about in About))
            sheet.wrong(row.line, "person", f"one of {known}.", f"l'un de : {known}.")
        return
    subject = Subject(
        buc=row["buc"],
        sed=row["sed"],
        role="Counterparty",
        evidence=_evidence(row, person),
        received_on=on,
        decided_on=on,
    )
    found = _found(subject, tables)
    if found != row["expected"]:
        yield Problem(
            FILE,
            row.line,
            "expected",
            f"golden case {row['case']}: {found} instead of {row['expected']}. Mend the row that"
            " sends it there; if the new answer is right, change it here.",
            f"cas témoin {row['case']} : {found} au lieu de {row['expected']}. Corriger la ligne"
            " qui l'y envoie ; si la nouvelle réponse est juste, la changer ici.",
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
