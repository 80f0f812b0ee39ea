"""Tables and schemas of this package, read from the files beside this module; no network, ever."""

import csv
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Final

from sed_schemas import BucRules, Catalogue

FOLDER: Final = Path(__file__).parent
_YES_NO: Final = {"yes": True, "no": False}


class SchemasInvalid(Exception):
    """A table or schema of this package cannot be used; says which file, and where in it."""


def catalogue(folder: Path | None = None) -> Catalogue:
    """Everything known about CDM versions, BUCs and SEDs.

    Raises SchemasInvalid when a table is missing, damaged or contradicts another one.
    """
    folder = folder or FOLDER
    versions = frozenset(row["cdm"] for row in _rows(folder / "cdm_versions.csv"))
    seds = frozenset(row["sed"] for row in _rows(folder / "seds.csv"))
    bucs = {
        row["buc"]: _rules(row, folder / "buc_rules.csv") for row in _rows(folder / "buc_rules.csv")
    }
    _check(bucs, seds)
    return Catalogue(versions, MappingProxyType(bucs), seds)


def _rows(file: Path) -> Iterator[dict[str, str]]:
    """Rows of a table: `;`, UTF-8 with BOM, a header row, no empty first column."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            yield from csv.DictReader(lines, delimiter=";", strict=True)
    except (OSError, UnicodeDecodeError, csv.Error) as exc:
        raise SchemasInvalid(f"{file.name}: {exc}") from exc


def _rules(row: dict[str, str], file: Path) -> BucRules:
    try:
        return BucRules(
            code=row["buc"],
            seds=_codes(row["seds"]),
            starters=_codes(row["starters"]),
            may_forward=_YES_NO[row["may_forward"]],
            may_ask_by_h001=_YES_NO[row["may_ask_by_h001"]],
            asks_by_p8000=_YES_NO[row["asks_by_p8000"]],
            may_remind=_YES_NO[row["may_remind"]],
            may_leave=_YES_NO[row["may_leave"]],
            multilateral=_YES_NO[row["multilateral"]],
            bulk=_YES_NO[row["bulk"]],
            x012_on=_codes(row["x012_on"]),
            x011_on=_codes(row["x011_on"]),
        )
    except (KeyError, AttributeError) as exc:
        raise SchemasInvalid(f"{file.name}: {row.get('buc')}: {exc}") from exc


def _codes(cell: str) -> frozenset[str]:
    return frozenset(code for code in cell.split(",") if code)


def _check(bucs: dict[str, BucRules], seds: frozenset[str]) -> None:
    """Every SED named by a BUC is known, and belongs to the BUC that names it."""
    for rules in bucs.values():
        named = rules.starters | rules.x012_on | rules.x011_on
        strange = sorted((rules.seds - seds) | (named - rules.seds))
        if strange:
            raise SchemasInvalid(f"buc_rules.csv: {rules.code}: {', '.join(strange)}")
