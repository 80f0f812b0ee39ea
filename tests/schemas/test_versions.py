"""CDM 4.1 to 4.3: they follow 4.4 as far as its values, and no further."""

import shutil
from itertools import product
from pathlib import Path

import pytest
from lxml import etree

from sed_schemas.load import FOLDER, SchemasInvalid, catalogue, strict
from sed_schemas.schema_set import SchemaSet

GOLDEN = Path(__file__).parent / "golden"
VALID = sorted(GOLDEN.glob("*/valid-*.xml"))
OLDER = ("4.1", "4.2", "4.3")
HEADER = {"4.1": "1.1", "4.2": "1.1", "4.3": "1.2", "4.4": "1.2"}
MANIFEST = (
    "<b:Manifest><b:NumberOfItems>1</b:NumberOfItems><b:ManifestItem>"
    "<b:MimeTypeQualifierCode>{mime}</b:MimeTypeQualifierCode>"
    "<b:UniformResourceIdentifier>0845106a-daa6-41d3-b455-c7795bd825ff"
    "</b:UniformResourceIdentifier><b:Description>sed</b:Description>"
    "</b:ManifestItem></b:Manifest>"
)


@pytest.mark.parametrize("cdm", OLDER)
def test_every_sed_of_an_older_version_has_a_lenient_schema(cdm, schemas):
    listed = {
        sed: (source, file) for version, sed, source, file in schemas.listed() if version == cdm
    }
    assert listed.keys() == catalogue().seds
    assert {source for source, _ in listed.values()} == {"profile"}
    assert not any(strict(cdm, sed) for sed in listed)
    assert all(file.is_file() for _, file in listed.values())


@pytest.mark.parametrize("file", VALID, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_what_is_valid_in_4_4_passes_in_an_older_version(file, check, message):
    sed = file.parent.name
    body = "".join(
        etree.tostring(child, encoding="unicode") for child in etree.parse(file).getroot()
    )
    for cdm in OLDER:
        xml = message(sed, body, header=HEADER[cdm], cdm=cdm)
        assert check(xml, sed, header=HEADER[cdm], cdm=cdm)


@pytest.mark.parametrize(("cdm", "header"), list(product(OLDER, ["1.1", "1.2"])))
def test_another_tree_passes_and_a_broken_value_does_not(cdm, header, check, message):
    def passes(body):
        return check(message("H001", body, header=header, cdm=cdm), "H001", header=header, cdm=cdm)

    assert passes("<WhatNobodyKnows><dateRequest>soon</dateRequest></WhatNobodyKnows>")
    assert passes("<LocalCaseNumbers><LocalCaseNumber/></LocalCaseNumbers>")
    assert passes("<Deep><er><dateBirth>1980-05-17</dateBirth></er></Deep>")
    assert not passes("<Deep><er><dateBirth>17.05.1980</dateBirth></er></Deep>")
    assert not passes(f"<Deep><familyName>{'x' * 156}</familyName></Deep>")


@pytest.mark.parametrize("cdm", HEADER)
def test_what_may_be_attached_is_known_of_4_4_alone(cdm, check, message, person):
    body = f"<CaseContext><PersonContext>{person}</PersonContext></CaseContext>"
    for mime, only_before in (("application/pdf", False), ("text/xml", True)):
        xml = message(
            "X009", body + REMINDER, header="1.2", cdm=cdm, manifest=MANIFEST.format(mime=mime)
        )
        assert check(xml, "X009", header="1.2", cdm=cdm) == (cdm != "4.4" or not only_before)


REMINDER = (
    "<Reminders><ReminderSendUs><type><value>02</value></type><details>Address</details>"
    "</ReminderSendUs></Reminders>"
)


def test_all_seds_of_the_older_versions_share_one_compiled_schema(schemas):
    one = schemas.for_message("1.1", "4.1", "H001")
    assert schemas.for_message("1.1", "4.2", "A001") is one
    assert schemas.for_message("1.2", "4.3", "A001") is not one


@pytest.mark.parametrize(
    ("table", "named"),
    [
        ("cdm\n4.2\n", "no column follows"),
        ("cdm;follows\n4.2;4.9\n", "4.9"),
        ("cdm;follows\n4.1;4.2\n4.2;4.1\n", "4.1, 4.2"),
    ],
)
def test_a_version_follows_one_that_is_known_and_stands_alone(tmp_path, table, named):
    for file in FOLDER.glob("*.csv"):
        shutil.copy(file, tmp_path)
    (tmp_path / "cdm_versions.csv").write_text(table, encoding="utf-8-sig")
    with pytest.raises(SchemasInvalid, match=named):
        catalogue(tmp_path)
    with pytest.raises(SchemasInvalid, match=named):
        SchemaSet(tmp_path)
