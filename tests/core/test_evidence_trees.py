"""The names that evidence goes by, held against the element trees of CDM 4.4."""

import csv
import os
from pathlib import Path

import pytest
from lxml import etree

from gateway.core.evidence import AddressKind, extract

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
