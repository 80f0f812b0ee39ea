"""A sheet of text as a workbook: what was written is what is meant, and nothing is calculated."""

import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from python_calamine import CalamineWorkbook

from gateway.workbook import KINDS, Column, Sheet, write
from ir_directory.formula import is_run, meant, neutral

COLUMNS = (Column("Message"), Column("Décision", ("garder", "traité dans RINA")), Column("Texte"))
ROWS = [["0012", "garder", "=1+1"], ["-5", "", "<é> & “ü”"], ["", "", ""], ["fin", "", "x"]]


def read(path):
    with CalamineWorkbook.from_path(str(path)) as book:
        assert book.sheet_names == ["liste de travail"]
        return book.get_sheet_by_name("liste de travail").to_python()


@pytest.mark.parametrize("kind", KINDS)
def test_text_stays_text(tmp_path, kind):
    path = tmp_path / f"liste{kind.upper()}"
    write(path, Sheet("liste de travail", COLUMNS, ROWS))
    path = path.rename(tmp_path / f"liste{kind}")
    cells = read(path)
    assert [[meant(cell) for cell in row] for row in cells[1:]] == ROWS
    assert cells[1][2] == "'=1+1"
    assert not any(is_run(cell) for row in cells for cell in row)


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_sheet_has_its_heading(tmp_path, kind):
    write(tmp_path / f"l{kind}", Sheet("liste de travail", COLUMNS, []))
    assert read(tmp_path / f"l{kind}") == [["Message", "Décision", "Texte"]]


def test_an_opendocument_says_what_it_is_first_and_has_its_lists(tmp_path):
    path = tmp_path / "liste.ods"
    write(path, Sheet("liste de travail", COLUMNS, ROWS))
    with zipfile.ZipFile(path) as archive:
        first = archive.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        assert archive.read("mimetype") == b"application/vnd.oasis.opendocument.spreadsheet"
        content = etree.fromstring(archive.read("content.xml"))
        listed = {"mimetype", *etree.fromstring(archive.read("META-INF/manifest.xml")).xpath(
            "//@*[local-name()='full-path']"
        )} - {"/"}  # fmt: skip
        assert listed | {"META-INF/manifest.xml"} == set(archive.namelist())
    table = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
    [rule] = content.iter(f"{table}content-validation")
    assert rule.get(f"{table}condition") == (
        'of:cell-content-is-in-list("garder";"traité dans RINA")'
    )
    assert rule.get(f"{table}base-cell-address") == "$'liste de travail'.B2"
    guarded = content.xpath("//@*[local-name()='content-validation-name']")
    assert guarded == [rule.get(f"{table}name")] * len(ROWS)
    styles = set(content.xpath("//@*[local-name()='style-name']"))
    assert styles <= set(content.xpath("//@*[local-name()='name']"))


def test_an_excel_workbook_has_its_lists(tmp_path):
    write(tmp_path / "liste.xlsx", Sheet("liste de travail", COLUMNS, ROWS))
    with zipfile.ZipFile(tmp_path / "liste.xlsx") as archive:
        page = archive.read("xl/worksheets/sheet1.xml").decode()
    assert '<formula1>"garder,traité dans RINA"</formula1>' in page
    assert 'sqref="B2:B5"' in page


@given(text=st.text(max_size=40))
def test_whatever_stands_in_a_cell_the_opendocument_can_be_read(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("ods") / "l.ods"
    write(path, Sheet("liste de travail", COLUMNS, [["a", "", text], ["b", "", "z"]]))
    kept = neutral("".join(c for c in text if c.isprintable()))
    assert read(path)[1][2].strip() == kept.strip()


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_that_is_not_there_is_an_oserror(tmp_path, kind):
    with pytest.raises(OSError, match=r"No such file|nowhere"):
        write(tmp_path / "nowhere" / f"l{kind}", Sheet("liste de travail", COLUMNS, ROWS))
