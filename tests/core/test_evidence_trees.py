"""The names that evidence goes by, held against the element trees of CDM 4.4."""

import csv
import os
import re
from pathlib import Path

import pytest
from lxml import etree

from gateway.core.evidence import AddressKind
from gateway.core.extracting import extract

REFERENCE = Path(
    os.environ.get("EESSI_REFERENCE", Path(__file__).parents[3] / "shared" / "reference")
)
TREES = REFERENCE / "cdm-4.4" / "sed-trees.tsv"
HOMES = {
    "AdditionalInformationPerson",
    "AddressMainInsuredPerson",
    "AddressOfPersonForWhomAnEntitlementDocument",
    "AddressOfPersonForWhomAnEntitlementDocumentIssued",
    "AddressOfPersonForWhomEntitlementDocument",
    "AddressPerson",
    "AddressPersonForWhomEntitlementCancelled",
    "PersonAddress",
    "PlaceResidencePersonConcerned",
    "StateResidence",
}
"""All containers of CDM 4.4 whose untyped address is where the person lives."""
NO_HOMES = {"Provider", "Employer", "AddressProperty", "ThirdPartyAddress", "PlaceDeath"}

pytestmark = [
    pytest.mark.reference,
    pytest.mark.skipif(
        not TREES.is_file(), reason=f"{TREES.name}: no reference beside the checkout"
    ),
]


def addresses():
    """(SED, path) of each full address in a tree."""
    with TREES.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if row["xsd_type"] == "EESSIAddressWorldType":
                yield row["sed"], row["path"]


def kinds(path, kind=""):
    """What an address at this path is taken for."""
    root = leaf = etree.Element("{urn:x}S")
    for name in path.split("/"):
        leaf = etree.SubElement(leaf, name)
    etree.SubElement(leaf, "town").text = "Ulm"
    etree.SubElement(etree.SubElement(leaf, "country"), "value").text = "DE"
    if kind:
        beside = etree.SubElement(leaf.getparent(), "typeAddress")
        etree.SubElement(beside, "value").text = kind
    return {address.kind for address in extract(root).addresses}


def test_only_the_homes_of_persons_are_read_as_homes():
    found = {
        next((n for n in reversed(path.split("/")) if n not in {"Address", "AddressDetail"}), "")
        for _, path in addresses()
        if AddressKind.RESIDENCE in kinds(path)
    }
    assert found == HOMES
    assert found.isdisjoint(NO_HOMES)


def test_a_coded_type_counts_wherever_a_person_has_one():
    typed = [path for _, path in addresses() if "AddressPerson/AddressPerson/" in path]
    assert len(typed) > 5
    assert all(kinds(path, "01") == {AddressKind.RESIDENCE} for path in typed)
    assert all(kinds(path, "03") == {AddressKind.CONTACT} for path in typed)
    assert all(kinds(path) == {AddressKind.UNKNOWN} for path in typed)


# -- every place in which a fact can stand ------------------------------------------------------

PLACES = Path(__file__).parent / "evidence_places.tsv"
"""What is made of each block of each SED: looked through by hand, and held here."""
_ONE = re.compile(r"Individual[A-Z]+s?/Individual[A-Z]+(?=/)")
_CONCERNS = "Concerns/PleaseFillInWhenCaseConcernsAPerson/"


def put(parent, name, text, *, coded=False):
    child = etree.SubElement(parent, name)
    (etree.SubElement(child, "value") if coded else child).text = text


def facts_at(path, there):
    """(kind of fact, what is made of it) for the block at the path."""
    root = leaf = etree.Element("{urn:x}S")
    for name in path.split("/"):
        leaf = etree.SubElement(leaf, name)
        if f"{path[: path.index(name) + len(name)]}/countryWork" in there:
            put(leaf, "countryWork", "FR", coded=True)
    has = {name for name in FIELDS if f"{path}/{name}" in there}
    above = path.rpartition("/")[0]
    if {"familyName", "dateBirth"} <= has:
        put(leaf, "familyName", "Probe")
        put(leaf, "forename", "Ada")
        put(leaf, "dateBirth", "1980-05-17")
        found = extract(root)
        yield "person", found.subject_about.value if found.subject else "nobody"
    elif "town" in has:
        put(leaf, "town", "Ulm")
        if "country" in has:
            put(leaf, "country", "FR", coded=True)
        found = [f"{a.about}, {a.kind}" for a in extract(root).addresses]
        yield "address", found[0] if found else "nothing"
    elif "personalIdentificationNumber" in has:
        put(leaf, "personalIdentificationNumber", "1")
        yield "number", extract(root).pins[0].about.value
    elif "institutionID" in has:
        for name in ("caseNumber", "personalIdentificationNumber"):
            if f"{above}/{name}" in there:
                put(leaf.getparent(), name, "1")
        put(leaf, "institutionID", "FR:1")
        found = [f"{n.about}, {n.where}" for n in extract(root).named]
        yield "institution", found[0] if found else "nothing"


FIELDS = (
    "familyName", "dateBirth", "town", "country", "personalIdentificationNumber", "institutionID",
)  # fmt: skip


def places():
    """Every block of every SED in which a fact can stand, told apart by its path alone."""
    trees = {}
    with TREES.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            trees.setdefault(row["sed"], []).append(row["path"])
    found = {}
    for paths in trees.values():
        there = set(paths)
        for path in paths:
            for kind, made in facts_at(path, there):
                short = _ONE.sub("Individual*", path).removeprefix(_CONCERNS)
                found.setdefault((kind, short), set()).add(made)
    return {(kind, made, path) for (kind, path), all_ in found.items() for made in all_}


def test_what_is_made_of_every_block_of_every_sed():
    with PLACES.open(encoding="utf-8", newline="") as file:
        held = {tuple(row) for row in csv.reader(file, delimiter="\t")}
    found = places()
    assert found - held == set()
    assert held - found == set()
    assert len({(kind, path) for kind, _, path in found}) == len(found)
