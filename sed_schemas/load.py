"""The tables of this package, read from the files beside this module."""

import contextlib
import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from sed_schemas import ACTIONS, COUNTERPARTY, OWNER, BucRules, Catalogue, SedRules

FOLDER: Final = Path(__file__).parent
_ROLES: Final = (OWNER, COUNTERPARTY)
_ELEMENT: Final = re.compile(r'<xs:element name="([^"]+)"')
_COUNTRIES: Final = re.compile(r'name="\w*CountryCode">(.*?)</xs:simpleType>', re.DOTALL)
_CODE: Final = re.compile(r'value="([A-Z]{2})"')
_YES_NO: Final = {"yes": True, "no": False}


class SchemasInvalid(Exception):
    """A table or schema of this package cannot be used; says which file, and where in it."""


@cache
def catalogue(folder: Path | None = None) -> Catalogue:
    """Everything known about CDM versions, BUCs and SEDs; read once a process.

    Raises SchemasInvalid when a table is missing, damaged or contradicts another one.
    """
    folder = folder or FOLDER
    versions = _column(folder / "cdm_versions.csv", "cdm")
    seds = _column(folder / "seds.csv", "sed")
    bucs = _bucs(folder / "bucs.csv", _sed_rules(folder / "buc_seds.csv", seds))
    following(folder)
    return Catalogue(versions, MappingProxyType(bucs), seds)


@cache
def _strict() -> frozenset[str]:
    return frozenset(row["sed"] for row in _rows(FOLDER / "seds.csv") if row["strict"] == "yes")


def strict(cdm: str, sed: str) -> bool:
    """Whether our own schema of a SED holds it to its whole tree (`seds.csv`)."""
    return sed in _strict() and cdm not in following(FOLDER)


@cache
def elements(sed: str) -> frozenset[str]:
    """Names of all elements in our own schema of a SED that is held to its whole tree; else none.

    In the latest CDM version that has a folder here.
    """
    place = max(FOLDER.glob("cdm-*"), key=lambda folder: folder.name)
    path = place / f"{sed}.xsd"
    if not strict(place.name.removeprefix("cdm-"), sed) or not path.is_file():
        return frozenset()
    return frozenset(_ELEMENT.findall(path.read_text(encoding="utf-8")))


@cache
def countries() -> frozenset[str]:
    """How EESSI writes countries (`EL`, `UK`), those that are no more included."""
    place = max(FOLDER.glob("cdm-*"), key=lambda folder: folder.name)
    codes = (place / "common" / "codes.xsd").read_text(encoding="utf-8")
    lists = _COUNTRIES.findall(codes)
    return frozenset(code for each in lists for code in _CODE.findall(each))


@cache
def following(folder: Path) -> Mapping[str, str]:
    """CDM versions whose own trees are not known, each with the one that it follows."""
    file = folder / "cdm_versions.csv"
    rows = tuple(_rows(file))
    try:
        following = {row["cdm"]: row["follows"] for row in rows if row["follows"]}
    except KeyError as exc:
        raise SchemasInvalid(f"{file.name}: no column {exc.args[0]}") from exc
    strange = sorted(set(following.values()) - ({row["cdm"] for row in rows} - following.keys()))
    if strange:
        raise SchemasInvalid(f"{file.name}: {', '.join(strange)}: cannot be followed")
    return MappingProxyType(following)


def _rows(file: Path) -> Iterator[dict[str, str]]:
    """Rows of a table: `;`, UTF-8 with BOM, a header row, no empty first column."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            yield from csv.DictReader(lines, delimiter=";", strict=True)
    except (OSError, UnicodeDecodeError, csv.Error) as exc:
        raise SchemasInvalid(f"{file.name}: {exc}") from exc


def _column(file: Path, name: str) -> frozenset[str]:
    try:
        return frozenset(row[name] for row in _rows(file))
    except KeyError as exc:
        raise SchemasInvalid(f"{file.name}: no column {name}") from exc


def _bucs(file: Path, sed_rules: Mapping[str, Mapping[str, SedRules]]) -> dict[str, BucRules]:
    """The BUCs of a table, each with its SEDs; both tables name the same ones, each once."""
    bucs: dict[str, BucRules] = {}
    for row in _rows(file):
        with _placed(file, row, "buc"):
            code = row["buc"]
            if code in bucs:
                raise ValueError("twice")
            bucs[code] = BucRules(
                code, sed_rules[code], _YES_NO[row["multilateral"]], _YES_NO[row["bulk"]]
            )
            if not bucs[code].starters:
                raise ValueError("no SED starts it")
    strange = sorted(sed_rules.keys() - bucs.keys())
    if strange:
        raise SchemasInvalid(f"{file.name}: {', '.join(strange)}: missing")
    return bucs


def _sed_rules(file: Path, known: frozenset[str]) -> dict[str, Mapping[str, SedRules]]:
    """BUC -> SED -> what may be done with it."""
    found: dict[str, dict[str, SedRules]] = {}
    for row in _rows(file):
        with _placed(file, row, "buc", "sed"):
            of_buc, sed = found.setdefault(row["buc"], {}), row["sed"]
            if sed not in known:
                raise ValueError("no such SED in seds.csv")
            if sed in of_buc:
                raise ValueError("twice")
            of_buc[sed] = _rules(row)
    return {buc: MappingProxyType(rules) for buc, rules in found.items()}


def _rules(row: dict[str, str]) -> SedRules:
    sent = {role: _codes(row[role], ACTIONS) for role in _ROLES if row[role]}
    if not sent:
        raise ValueError("nobody sends it")
    return SedRules(
        MappingProxyType(sent), *(_codes(row[sed], _ROLES) for sed in ("x008", "x011", "x012"))
    )


def _codes(cell: str, allowed: Sequence[str]) -> frozenset[str]:
    codes = frozenset(code for code in cell.split(",") if code)
    strange = sorted(codes - set(allowed))
    if strange:
        raise ValueError(f"{', '.join(strange)}: none of {', '.join(allowed)}")
    return codes


@contextlib.contextmanager
def _placed(file: Path, row: Mapping[str, str], *key: str) -> Iterator[None]:
    """Says which row of which table is wrong."""
    try:
        yield
    except KeyError as exc:
        place = " ".join(str(row.get(column)) for column in key)
        raise SchemasInvalid(f"{file.name}: {place}: no {exc.args[0]}") from exc
    except (ValueError, AttributeError) as exc:
        place = " ".join(str(row.get(column)) for column in key)
        raise SchemasInvalid(f"{file.name}: {place}: {exc}") from exc
