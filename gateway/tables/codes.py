"""Codes in the tables that nobody knows, or that do not go together.

BUCs, SEDs and countries; SEDs of another BUC; sections of a SED.

Looked for line by line, whatever else is wrong with a table.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Final

from gateway.tables.finding import Finding, some
from gateway.tables.golden import COLUMNS as GOLDEN
from ir_directory.load import COLUMNS
from ir_directory.sheet import Row, Sheet
from routing_tables import sector
from routing_tables.load import (
    LANGUAGE_COLUMNS,
    REMINDER_COLUMNS,
    ROUTE_COLUMNS,
    SECTION_COLUMNS,
    SECTORS,
)
from sed_schemas import EVERYWHERE, BucRules, Catalogue
from sed_schemas.load import countries, elements

_TABLES: Final[Sequence[tuple[str, Sequence[str], Sequence[str]]]] = (
    ("ir_directory/competences.csv", COLUMNS["competences.csv"], ("buc",)),
    ("ir_directory/catchments.csv", COLUMNS["catchments.csv"], ("area",)),
    ("routing_tables/routes.csv", ROUTE_COLUMNS, ("buc", "sed", "residence")),
    ("routing_tables/sections.csv", SECTION_COLUMNS, ("sed",)),
    ("routing_tables/languages.csv", LANGUAGE_COLUMNS, ("country",)),
    ("routing_tables/reminders.csv", REMINDER_COLUMNS, ("country",)),
    ("routing_tables/golden.csv", GOLDEN, ("buc", "sed", "country")),
)
"""Table, its columns, and those of them that hold such codes."""
_FORMS: Final = {
    "buc": re.compile(rf"({'|'.join(sorted(SECTORS))})_BUC_\d\d[a-z]?"),
    "sed": re.compile(r"[A-Z]{1,2}\d{3,5}[A-Z]{0,2}"),
    **dict.fromkeys(("country", "residence"), re.compile(r"[A-Z]{2}")),
    "area": re.compile(r"country:[A-Z]{2}"),
}
"""What looks otherwise (or is a whole sector), the loaders accept or refuse."""
_NAMED: Final = 4
"""BUCs in a sentence."""


def unknown(folder: Path, known: Catalogue) -> Iterator[Finding]:
    """Cells with a code that is not in the catalogue; a whole sector (`UB_BUC_*`) may be one."""
    codes: dict[str, Collection[str]] = {"buc": known.bucs, "sed": known.seds}
    codes |= dict.fromkeys(("country", "residence"), countries())
    codes["area"] = {f"country:{country}" for country in countries()}
    for file, columns, those in _TABLES:
        if (folder / file).is_file():
            for row in Sheet(folder / file, file, columns).rows():
                for column in those:
                    yield from _strange(file, row, column, codes[column])
                if {"buc", "sed"} <= set(those):
                    yield from _elsewhere(file, row, known)
                if "section" in columns:
                    yield from _sections(file, row)


def _strange(file: str, row: Row, column: str, known: Collection[str]) -> Iterator[Finding]:
    for code in sorted({code.strip() for code in row[column].split(",")}):
        if code not in known and _FORMS[column].fullmatch(code):
            yield Finding(file, row.line, column, *_said(column, code))


def _said(column: str, code: str) -> tuple[str, str]:
    if column in {"buc", "sed"}:
        name = column.upper()
        return (
            f"no {name} is called {code} (CDM 4.0 to 4.4); correct it",
            f"aucun {name} ne s'appelle {code} (CDM 4.0 à 4.4) ; corriger",
        )
    code = code.removeprefix("country:")
    return (
        f"EESSI has no country {code} (Greece is EL, the United Kingdom UK); correct it",
        f"EESSI n'a pas de pays {code} (la Grèce est EL, le Royaume-Uni UK) ; corriger",
    )


def _elsewhere(file: str, row: Row, known: Catalogue) -> Iterator[Finding]:
    """SEDs that exist and belong to no BUC of the row: with them it never applies."""
    bucs = [code.strip() for code in row["buc"].split(",")]
    rules = [rules for buc in bucs for rules in _rules(buc, known)]
    if not rules:  # told already, or by the loader
        return
    seds = {code.strip() for code in row["sed"].split(",")} & set(known.seds)
    for sed in sorted(seds - EVERYWHERE):
        if not any(sed in one.seds for one in rules):
            there = some(sorted(buc for buc, one in known.bucs.items() if sed in one.seds), _NAMED)
            yield Finding(
                file, row.line, "sed",
                f"{sed} belongs to no BUC of this row ({some(bucs, _NAMED)}), but to {there}: with"
                " it the row never applies; correct one of the two",
                f"{sed} n'est d'aucun BUC de cette ligne ({some(bucs, _NAMED)}), mais de {there} :"
                " avec lui, la ligne ne sert jamais ; corriger l'un des deux",
                error=False,
            )  # fmt: skip


def _rules(buc: str, known: Catalogue) -> Iterator[BucRules]:
    """What a BUC allows, or each of its sector."""
    for code, rules in known.bucs.items():
        if buc in {code, sector(code)}:
            yield rules


def _sections(file: str, row: Row) -> Iterator[Finding]:
    """A warning: people read it, and a SED may be shown under names other than its elements'."""
    sections = [section.strip() for section in row["section"].split(",")]
    for sed in sorted({code.strip() for code in row["sed"].split(",")}):
        known = elements(sed)
        for section in sections:
            if known and section and section not in known:
                yield Finding(
                    file, row.line, "section",
                    f"{sed} has no element `{section}` in CDM 4.4; correct it, unless partners know"
                    " the section by this name",
                    f"{sed} n'a pas d'élément « {section} » dans le CDM 4.4 ; corriger, sauf si les"
                    " partenaires connaissent la rubrique sous ce nom",
                    error=False,
                )  # fmt: skip
