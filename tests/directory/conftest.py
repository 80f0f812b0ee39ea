"""The baseline once for all tests, rows with few words, and a folder that loads."""

import csv
import os
from datetime import date
from pathlib import Path

import pytest

import ir_directory
from ir_directory import Catchment, Certainty, Commune, Competence, Institution
from ir_directory.load import COLUMNS, load

REPOSITORY = Path(__file__).parents[2]
SINCE = date(2019, 1, 1)
DAY = date(2023, 6, 1)


def an_institution(ident, body, name="", **more):
    values = {
        "id": ident,
        "body": body,
        "name": name or body,
        "acronym": "",
        "network": "cpam",
        "scheme": "general",
        "liaison_body": False,
        "test": False,
        "certainty": Certainty.SOLID,
        "valid_from": SINCE,
    }
    return Institution(**values | more)


def a_catchment(area, institution, network="cpam", certainty=Certainty.SOLID, **more):
    return Catchment(network, area, institution, certainty, **{"valid_from": SINCE} | more)


def a_commune(insee, name, *postcodes, **more):
    return Commune(insee, name, postcodes, **{"valid_from": SINCE} | more)


def a_competence(institution, buc, role="Counterparty", **more):
    return Competence(
        institution, buc, role, True, Certainty.LIKELY, **{"valid_from": SINCE} | more
    )


@pytest.fixture(scope="session")
def baseline():
    return load()


@pytest.fixture(scope="session")
def baseline_folder():
    return Path(ir_directory.__file__).parent


SOUND = {
    "institutions.csv": [
        "FR:0101100000;cpam-011;CPAM de l'Ain;CPAM;cpam;general;no;production;solid;2019-01-01;;;",
        (
            "FR:0174100000;cpam-741;CPAM de Haute-Savoie;CPAM;cpam;general;no;production;solid;"
            "2019-01-01;;;"
        ),
        ";cnam;Caisse nationale;CNAM;national;general;no;production;solid;2019-01-01;;;",
        (
            "FR:01763UR000;old;Ancienne;;urssaf;all;no;production;likely;2019-01-01;2022-01-01;"
            "cpam-011;"
        ),
    ],
    "competences.csv": ["FR:0101100000;S_BUC_01;Counterparty;yes;likely;2020-02-01;;"],
    "catchments.csv": [
        "cpam;dep:01;FR:0101100000;solid;2019-01-01;;",
        "cpam;insee:74109;FR:0174100000;solid;2019-01-01;;",
        "carsat;country:DE;FR:0174100000;likely;2019-01-01;;",
    ],
    "communes.csv": [
        "01053;Bourg-en-Bresse;01000;2019-01-01;;",
        "74109;Éloise;01200|74109;2019-01-01;;",
    ],
    "partners.csv": ["DE:101320043;DE;Kasse;S_BUC_*;CaseOwner;yes;2019-01-01;;"],
}
"""File -> its lines after the header; line 2 of the file is the first."""


@pytest.fixture
def folder(tmp_path):
    """A small directory in files: sound until a test breaks it."""
    for file, lines in SOUND.items():
        text = "\n".join([";".join(COLUMNS[file]), *lines, ""])
        (tmp_path / file).write_text(text, encoding="utf-8-sig")
    return tmp_path


@pytest.fixture(scope="session")
def reference():
    """`reference("institutions")`: the rows of a table of facts, as dictionaries."""
    root = Path(os.environ.get("EESSI_REFERENCE", REPOSITORY.parent / "shared" / "reference"))
    if not (root / "france").is_dir():
        pytest.skip(f"no reference folder: {root}; set EESSI_REFERENCE")

    def rows(table):
        with (root / "france" / f"{table}.tsv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))

    return rows
