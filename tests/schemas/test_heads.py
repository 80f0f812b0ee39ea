"""What the head of a schema says about it is so, and nothing that it should say is missing."""

import re

import pytest
from lxml import etree

from sed_schemas.load import FOLDER

XS = "{http://www.w3.org/2001/XMLSchema}"
FILES = sorted((FOLDER / "cdm-4.4").rglob("*.xsd"))
STRICT = [file for file in FILES if "\n  Strict: order" in file.read_text(encoding="utf-8")]
PUBLIC = {"H001", "H002", "S071", "CC", "SSec", "XSec"}
"""Files whose choices were read from a description, not from names."""


def head(file):
    """The sentences of the head, without their line breaks."""
    text = file.read_text(encoding="utf-8")
    comment = text[text.index("<!--") + 4 : text.index("-->")]
    return re.sub(r"\n    +", " ", comment).strip().split("\n  ")


def said(file, start):
    """What comes behind the words with which a sentence begins."""
    return [line.removeprefix(start).strip(" .") for line in head(file) if line.startswith(start)]


def elements(file):
    return list(etree.parse(file).iter(f"{XS}element"))


def coded(element, file):
    """A coded field: its type holds `value`, here or (by its name) in a shared file."""
    inside = element.find(f"{XS}complexType/{XS}sequence/{XS}element")
    if inside is not None:
        return inside.get("name") == "value"
    return element.get("type", "").startswith(("cc:", "h:", "s:", "x:"))


def choices(file):
    """Names of the elements of each choice; of sequences in it, theirs."""
    for choice in etree.parse(file).iter(f"{XS}choice"):
        yield {e.get("name") for e in choice.iter(f"{XS}element") if depth(e, choice) < 3}


def depth(element, choice):
    return sum(1 for above in element.iterancestors() if above in {*choice.iter()})


@pytest.mark.parametrize("file", STRICT, ids=lambda file: file.stem)
def test_what_is_said_to_be_unknown_is_lenient(file):
    unknown = "Not known, so optional: whether these coded fields are mandatory:"
    for names in said(file, unknown):
        for name in names.split(", "):
            found = [e for e in elements(file) if e.get("name") == name]
            assert any(e.get("minOccurs") == "0" and coded(e, file) for e in found) or any(
                e.getparent().tag == f"{XS}choice" for e in found
            ), name
    for name in said(file, "Not known, so anything: the content of"):
        (found,) = (e for e in elements(file) if e.get("name") == name)
        assert found.get("type") is None
        assert len(found) == 0


@pytest.mark.parametrize("file", STRICT, ids=lambda file: file.stem)
def test_an_optional_coded_field_is_said_to_be_of_unknown_cardinality(file):
    """Where the head is silent, an untyped coded field is mandatory; shared types say it there."""
    told = {
        name
        for names in said(file, "Not known, so optional: whether these coded fields are mandatory:")
        for name in names.split(", ")
    }
    for element in elements(file):
        inside = element.find(f"{XS}complexType/{XS}sequence/{XS}element")
        if inside is None or inside.get("name") != "value" or element.get("minOccurs") != "0":
            continue
        assert element.get("name") in told or file.stem in KNOWN_OPTIONAL, element.get("name")


KNOWN_OPTIONAL = {"H001", "H002", "X007", "X008"}
"""Files of which it is known that their coded fields are optional."""


@pytest.mark.parametrize("file", STRICT, ids=lambda file: file.stem)
def test_every_choice_is_explained(file):
    told = [
        set(sentence.partition(" holds exactly one of ")[2].split(", "))
        for sentence in said(file, "Read from the names:")
    ]
    told += [
        set(re.sub(", or both$", "", sentence.partition(" holds ")[2]).split(" or "))
        for sentence in said(file, "Not known, so lenient:")
    ]
    found = list(choices(file))
    if file.stem not in PUBLIC:
        assert sorted(map(sorted, found)) == sorted(map(sorted, told))
    else:
        assert all(one in found for one in told)


def test_the_strict_files_are_the_seds_and_what_they_share():
    names = {file.stem for file in STRICT if file.parent.name != "common"}
    shared = {file.stem for file in STRICT if file.parent.name == "common"}
    assert len(names) == 148
    assert shared == {"CC", "HSec", "LSec", "RSec", "SSec", "XSec"}
