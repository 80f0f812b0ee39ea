"""Samples written by hand from what is known of 32 much used SEDs and four X SEDs.

A folder a SED: `valid-*.xml` pass; each `invalid-*.xml` breaks one rule, and `golden/rules.csv`
says which one, where, and why it is one. The SEDs are those that open the BUCs which are most often
transferred.
"""

import csv
import re
from pathlib import Path

import pytest
from lxml import etree

from gateway.core.reading import hardened_parser

GOLDEN = Path(__file__).parent / "golden"
with (GOLDEN / "rules.csv").open(encoding="utf-8-sig", newline="") as table:
    RULES = {(row["sed"], row["file"]): row for row in csv.DictReader(table, delimiter=";")}
VALID = sorted(GOLDEN.glob("*/valid-*.xml"))
INVALID = sorted(GOLDEN.glob("*/invalid-*.xml"))
LIBXML2 = {
    "content": {"SCHEMAV_ELEMENT_CONTENT"},
    "code": {"SCHEMAV_CVC_ENUMERATION_VALID"},
    "length": {"SCHEMAV_CVC_MAXLENGTH_VALID", "SCHEMAV_CVC_MINLENGTH_VALID"},
    "pattern": {"SCHEMAV_CVC_PATTERN_VALID"},
    "type": {"SCHEMAV_CVC_DATATYPE_VALID_1_2_1"},
}
"""What libxml2 calls a broken rule: content is order, cardinality and choice."""
XMLSCHEMA = {
    "content": {"XsdGroup"},
    "code": {"XsdEnumerationFacets"},
    "length": {"XsdMaxLengthFacet", "XsdMinLengthFacet"},
    "pattern": {"XsdPatternFacets"},
    "type": {"XsdAtomicBuiltin"},
}
"""And what xmlschema holds responsible for it."""


def named(file):
    return f"{file.parent.name}/{file.stem}"


@pytest.fixture
def sample(message):
    """A sample in its envelope."""

    def _sample(file):
        root = etree.parse(file).getroot()
        body = "".join(etree.tostring(child, encoding="unicode") for child in root)
        assert root.tag == f"{{http://ec.europa.eu/eessi/ns/4_4/{file.parent.name}}}" + (
            file.parent.name
        )
        return message(file.parent.name, body)

    return _sample


@pytest.mark.parametrize("file", VALID, ids=named)
def test_a_valid_sample_passes(file, sample, check):
    assert check(sample(file), file.parent.name)


@pytest.mark.parametrize("file", INVALID, ids=named)
def test_an_invalid_sample_breaks_its_one_rule_in_its_place(file, sample, schemas):
    sed, row = file.parent.name, RULES[file.parent.name, file.name]
    xml = sample(file).encode()
    parser = hardened_parser(schemas.for_message("1.2", "4.4", sed))
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring(xml, parser)
    assert parser.error_log[0].type_name in LIBXML2[row["rule"]]
    tree = etree.fromstring(xml, hardened_parser())
    (error,) = schemas.explanation("1.2", "4.4", sed).iter_errors(tree)
    assert type(error.validator).__name__ in XMLSCHEMA[row["rule"]]
    steps = re.sub(r"\{[^}]*\}|\[\d+\]|\w+:", "", error.path).split("/")
    place = "/".join(steps[steps.index(sed) + 1 :])
    assert place == row["place"]


def test_every_sample_has_its_row_and_every_sed_its_samples():
    assert {(file.parent.name, file.name) for file in INVALID} == set(RULES)
    assert all(row["why"] for row in RULES.values())
    seds = {folder.name for folder in GOLDEN.iterdir() if folder.is_dir()}
    assert len(seds) == 36
    assert {file.parent.name for file in VALID} == seds
    for sed in seds:
        assert sum(file.parent.name == sed for file in INVALID) >= 2


@pytest.mark.reference
def test_the_seds_are_those_that_open_the_bucs_most_often_transferred(reference):
    with (reference / "seed" / "annex3.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    rows.sort(key=lambda row: -int(row["transferred_2023"]))
    with (reference / "catalogue" / "bucs.tsv").open(encoding="utf-8") as file:
        starters = {
            row["code"]: row["starter_seds"].split() for row in csv.DictReader(file, delimiter="\t")
        }
    seds = {folder.name for folder in GOLDEN.iterdir() if folder.is_dir()}
    for row in rows[:22]:
        assert seds & set(starters[row["canonical_code"]]), row["canonical_code"]
