"""Tables to a workbook and back, and what a spreadsheet may have done to them."""

import csv
import zipfile
from datetime import date

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.tables import importing, keeping, template
from gateway.tables.cells import DAYS, NUMBERS
from gateway.tables.importing import TABLES, read, sheet_name, store
from routing_tables.release import ROOT

ROUTES = "routing_tables/routes.csv"
REMINDERS = "routing_tables/reminders.csv"


def book(path, sheets):
    """A workbook of plain cells: sheet -> rows."""
    with xlsxwriter.Workbook(str(path)) as made:
        day = made.add_format({"num_format": "dd/mm/yyyy"})
        for name, rows in sheets.items():
            sheet = made.add_worksheet(name)
            for line, row in enumerate(rows):
                for column, cell in enumerate(row):
                    if isinstance(cell, date):
                        sheet.write_datetime(line, column, cell, day)
                    else:
                        sheet.write(line, column, cell)
    return path


def head(table):
    return list(TABLES[table])


def errors(found):
    return [(f.file, f.line, f.column) for f in found.findings if f.error]


def test_a_release_through_a_workbook_is_the_same_bytes(folder, tmp_path):
    path = tmp_path / "tables.xlsx"
    assert template.write(path, ROOT) > 1_000
    found = read(path)
    assert found.usable
    assert found.tables.keys() == TABLES.keys()
    store(found, folder)
    for table in TABLES:
        assert (folder / table).read_bytes() == (ROOT / table).read_bytes(), table


def test_a_workbook_of_libreoffice_is_read(tmp_path):
    rows = [head(REMINDERS), ["DE", "*", "1", "30"]]
    found = read(ods(tmp_path / "x.ods", "reminders", rows))
    assert found.usable
    assert found.tables[REMINDERS] == [rows[1]]


CALCEXT = "urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"


def ods(path, name, rows):
    """The least that LibreOffice writes: one sheet of texts; `<table:...>` is a cell as it is."""
    body = "".join(
        "<table:table-row>"
        + "".join(
            cell
            if cell.startswith("<table:")
            else '<table:table-cell office:value-type="string"><text:p>'
            f"{cell}</text:p></table:table-cell>"
            for cell in row
        )
        + "</table:table-row>"
        for row in rows
    )
    spaces = " ".join(
        f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{short}:1.0"'
        for short in ("office", "table", "text", "manifest")
    )
    spaces += (
        ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", kind)
        archive.writestr(
            "content.xml",
            f'<?xml version="1.0"?><office:document-content {spaces}><office:body>'
            f'<office:spreadsheet><table:table table:name="{name}">{body}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )
        archive.writestr(
            "META-INF/manifest.xml",
            f'<?xml version="1.0"?><manifest:manifest {spaces}><manifest:file-entry'
            f' manifest:full-path="/" manifest:media-type="{kind}"/></manifest:manifest>',
        )
    return path


cells = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=12).map(
    str.strip
)


days = st.dates(date(1900, 1, 1), date(2100, 12, 31)).map(date.isoformat)


def columns_of(table):
    """What a maintainer can write into each column of a table."""
    kinds = {
        **dict.fromkeys(DAYS, st.just("") | days),
        **dict.fromkeys(NUMBERS, st.integers(0, 999).map(str)),
    }
    return st.tuples(*(kinds.get(column, cells) for column in TABLES[table])).map(list)


@pytest.mark.parametrize("table", TABLES)
@settings(max_examples=30)
@given(data=st.data())
def test_csv_in_is_csv_out(tmp_path_factory, table, data):
    """What is stored is read as the same rows, and these are stored as the same bytes."""
    folder = tmp_path_factory.mktemp("t")
    kept = [row for row in data.draw(st.lists(columns_of(table), max_size=5)) if any(row)]
    store(importing.Imported({table: kept}), folder)
    written = (folder / table).read_bytes()
    again = read(folder / table, sheet_name(table))
    assert [found for found in again.findings if found.error] == []  # one column may be missing
    assert again.tables[table] == kept
    store(again, folder)
    assert (folder / table).read_bytes() == written


def test_an_identifier_that_became_a_number_is_refused_with_the_name_of_its_cell(tmp_path):
    rows = [head("ir_directory/catchments.csv"), ["cpam", 1053, "FR:0101100000", "solid"]]
    found = read(book(tmp_path / "x.xlsx", {"catchments": rows}))
    assert errors(found) == [("catchments!B2", 2, "area")]
    assert not found.usable


def test_days_come_as_days_or_in_french(tmp_path):
    columns = head(ROUTES)
    row = dict.fromkeys(columns, "x") | {"valid_from": date(2027, 1, 2), "valid_to": "3/11/2027"}
    found = read(book(tmp_path / "x.xlsx", {"routes": [columns, [row[c] for c in columns]]}))
    assert found.findings == []
    (kept,) = found.tables[ROUTES]
    assert (kept[10], kept[11]) == ("2027-01-02", "2027-11-03")
    row["note"] = date(2027, 1, 2)
    found = read(book(tmp_path / "y.xlsx", {"routes": [columns, [row[c] for c in columns]]}))
    assert errors(found) == [("routes!N2", 2, "note")]


def test_a_number_is_a_number_where_one_is_meant(tmp_path):
    rows = [head(REMINDERS), ["*", "*", 1, 30.0], ["DE", "*", 1, 2.5]]
    found = read(book(tmp_path / "x.xlsx", {"reminders": rows}))
    assert found.tables[REMINDERS][0] == ["*", "*", "1", "30"]
    assert errors(found) == [("reminders!D3", 3, "days")]


@pytest.mark.parametrize("cell", ["=1+1", "+33 1", "-x", "@import"])
def test_what_would_be_calculated_is_no_text(tmp_path, cell):
    path = tmp_path / "reminders.csv"
    path.write_text(f"country;buc;number;days\n{cell};*;1;30\n", encoding="utf-8")
    assert errors(read(path)) == [("reminders.csv!A2", 2, "country")]


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_a_csv_is_read_however_it_was_saved(tmp_path, delimiter, encoding):
    path = tmp_path / "any name.csv"
    lines = [head("routing_tables/questions/en.csv"), ["work", "Emploi", "Activité", "Où ?"]]
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=delimiter, lineterminator="\r\n").writerows(lines)
    found = read(path, "questions-en")
    assert found.tables["routing_tables/questions/en.csv"] == [lines[1]]
    assert [f.error for f in found.findings] == ([False] if encoding == "cp1252" else [])


def test_columns_may_stand_in_any_order_and_must_all_be_there(tmp_path):
    path = tmp_path / "reminders.csv"
    path.write_text("days;number;buc;country\n30;1;*;DE\n;;;\n", encoding="utf-8")
    assert read(path).tables[REMINDERS] == [["DE", "*", "1", "30"]]
    path.write_text("days;number;buc\n30;1;*\n", encoding="utf-8")
    assert errors(read(path)) == [("reminders.csv", 1, "")]
    (tmp_path / "institutions.csv").write_text("id;body\n", encoding="utf-8")
    (found,) = read(tmp_path / "institutions.csv").findings
    assert "successor, source." in found.english  # and no word of the column that may be missing


def test_a_column_that_came_later_is_left_out_where_nobody_fills_it(tmp_path):
    table = "ir_directory/institutions.csv"
    path = tmp_path / table

    def through_a_workbook():
        template.write(tmp_path / "t.xlsx", tmp_path)
        store(read(tmp_path / "t.xlsx"), tmp_path)
        return path.read_bytes()

    columns, rows = keeping.header(ROOT / table), keeping.rows(ROOT / table)[:3]
    keeping.write(path, columns, rows)
    without = path.read_bytes()
    assert through_a_workbook() == without
    rows = [{**row, "address": "1 rue X"} for row in rows]
    keeping.write(path, [*columns, "address"], rows)
    filled = path.read_bytes()
    assert through_a_workbook() == filled
    keeping.write(tmp_path / "institutions.csv", columns, rows)
    found = read(tmp_path / "institutions.csv")
    assert [(f.error, f.column) for f in found.findings] == [(False, "address")]
    assert "sera vide" in found.findings[0].french
    store(found, tmp_path)
    assert path.read_bytes() == without


def test_a_sheet_that_is_no_table_is_left_out_and_said(tmp_path):
    found = read(book(tmp_path / "x.xlsx", {"Notes": [["a"]], "reminders": [head(REMINDERS)]}))
    assert found.usable
    assert [f.file for f in found.findings] == ["Notes"]
    path = tmp_path / "other.csv"
    path.write_text("a;b\n", encoding="utf-8")
    assert not read(path).usable


def test_what_is_no_workbook_or_too_large_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "x.xlsx"
    path.write_bytes(b"PK but no more")
    assert not read(path).usable
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", b"0" * 300_000)
    assert not read(path).usable
    monkeypatch.setattr(importing, "MOST_UNPACKED", 100_000)
    assert errors(read(path)) == [("x.xlsx", 0, "")]
    monkeypatch.setattr(importing, "MOST_BYTES", 10)
    assert errors(read(path)) == [("x.xlsx", 0, "")]


def test_a_closed_set_has_a_drop_down(tmp_path):
    template.write(tmp_path / "t.xlsx")
    with zipfile.ZipFile(tmp_path / "t.xlsx") as archive:
        sheets = [archive.read(name).decode() for name in archive.namelist() if "sheets/" in name]
    lists = sum(text.count("<dataValidation ") for text in sheets)
    assert lists == len(template.CHOICES)
    assert {table for table, _ in template.CHOICES} <= set(map(sheet_name, TABLES))


@pytest.mark.parametrize("row", ["P_BUC_01;a;b;c;d;surplus", "town;Adresse"])
def test_a_row_with_lost_or_surplus_cells_is_refused(tmp_path, row):
    path = tmp_path / "questions-en.csv"
    path.write_text(f"datum;section;item;text\n{row}\n", encoding="utf-8")
    found = importing.read(path)
    assert not found.usable
    assert "cells instead of 4" in found.findings[0].english


NEW = ["DE", "*", "1", "30"]
"""A row of `reminders`."""


@pytest.mark.parametrize(
    ("sheets", "place", "said"),
    [
        ({"Feuil1": [head(REMINDERS), NEW]}, "Feuil1", "celles de reminders : nommer ainsi"),
        ({"Feuil1": [["a"]], "Feuil2": []}, "x.xlsx", "aucune feuille ne porte le nom"),
        (
            {"reminders": [head(REMINDERS), NEW], "reminders (2)": [head(REMINDERS)]},
            *("reminders (2)", "celles de reminders"),
        ),
        (
            {"reminders": [head(REMINDERS), NEW], "Reminders ": [head(REMINDERS)]},
            *("Reminders ", "« reminders » est de la même table"),
        ),
        ({"reminders": []}, "reminders", "aucun contenu. Écrire les noms"),
        ({"reminders": [["Relances"], head(REMINDERS), NEW]}, "reminders", "sont à la ligne 2."),
        ({"reminders": [head(REMINDERS)[:-1], NEW]}, "reminders", "colonnes : manque : days."),
        (
            {"reminders": [[*head(REMINDERS), "", "avis"], NEW]},
            *("reminders", "pas de cette table : E1, avis (F1)."),
        ),
        (
            {"reminders": [["pays", *head(REMINDERS)[1:]], NEW]},
            *("reminders", "manque : country ; pas de cette table : pays (A1)."),
        ),
        ({"reminders": [[*head(REMINDERS), "days"], NEW]}, "reminders", "en double : days."),
        (
            {"reminders": [head(REMINDERS), [*NEW, "", "voir Jean"]]},
            *("reminders!2", "« voir Jean » est à côté du tableau (colonne F)"),
        ),
        (
            {"golden": [head("routing_tables/golden.csv"), ["G", "b", "s", 46388, *"pcptpnen"]]},
            *("golden!D2", "un nombre (46388) au lieu d'une date ; pour un tableur c'est le 2027-"),
        ),
        ({"reminders": [head(REMINDERS), [True, *NEW[1:]]]}, "reminders!A2", "VRAI ou FAUX"),
        (
            {"reminders": [[";".join(head(REMINDERS))], [";".join(NEW)]]},
            *("reminders", "tout est dans une seule colonne"),
        ),
    ],
)
def test_what_people_do_to_a_workbook_is_refused_in_one_clear_sentence(
    tmp_path, sheets, place, said
):
    found = read(book(tmp_path / "x.xlsx", sheets))
    [told] = [finding for finding in found.findings if finding.error]
    assert told.file == place
    assert said in told.french
    assert told.english != told.french


@pytest.mark.parametrize("name", [" reminders ", "Reminders", "reminders.csv"])
def test_a_name_is_known_whatever_its_capitals_and_spaces(tmp_path, name):
    heads = [f" {column.upper()}" for column in head(REMINDERS)]
    found = read(book(tmp_path / "x.xlsx", {name: [heads, NEW]}))
    assert (found.findings, found.tables) == ([], {REMINDERS: [NEW]})


def test_merged_cells_are_refused_by_the_name_of_each_that_is_covered(tmp_path):
    path = tmp_path / "x.xlsx"
    with xlsxwriter.Workbook(str(path)) as made:
        sheet = made.add_worksheet("reminders")
        for line, row in enumerate([head(REMINDERS), NEW, NEW]):
            sheet.write_row(line, 0, row)
        sheet.merge_range(1, 0, 2, 1, "DE")
    assert errors(read(path)) == [
        ("reminders!B2", 2, "buc"),
        ("reminders!A3", 3, "country"),
        ("reminders!B3", 3, "buc"),
    ]


SPANNED = (
    '<table:table-cell office:value-type="string" table:number-columns-spanned="{}"'
    ' table:number-rows-spanned="{}"><text:p>DE</text:p></table:table-cell>'
)
COVERED = '<table:covered-table-cell table:number-columns-repeated="{}"/>'
HIDDEN = (
    '<table:covered-table-cell office:value-type="string"><text:p>FR</text:p>'
    "</table:covered-table-cell>"
)


def test_merged_cells_are_refused_in_a_workbook_of_libreoffice_too(tmp_path):
    """As it writes them: beside, below and above one another, and with what lay beneath."""
    rows = [
        head(REMINDERS),
        [SPANNED.format(2, 2), COVERED.format(1), "1", "30"],
        [COVERED.format(2), "2", "30"],
        [SPANNED.format(1, 2), "*", "1", "30"],
        [HIDDEN, "*", "2", "30"],
    ]
    assert errors(read(ods(tmp_path / "x.ods", "reminders", rows))) == [
        ("reminders!B2", 2, "buc"),
        ("reminders!A3", 3, "country"),
        ("reminders!B3", 3, "buc"),
        ("reminders!A5", 5, "country"),
    ]


def test_a_cell_that_shows_an_error_is_not_an_empty_one(tmp_path):
    """The library that reads workbooks gives an empty text: a row that ended went on for ever."""
    columns = head(ROUTES)
    row = ["S-X", *["*"] * 7, "refer", "likely", "2027-01-01", "2028-01-01", "letter", ""]
    at = columns.index("valid_to")
    path = tmp_path / "x.xlsx"
    with xlsxwriter.Workbook(str(path)) as made:
        made.add_worksheet("notes").write(0, 0, "x")
        sheet = made.add_worksheet("routes")
        for line, cells in enumerate([columns, row, row]):
            sheet.write_row(line, 0, cells)
        sheet.write_formula(2, at, "=1/0", None, "#DIV/0!")
    found = read(path)
    assert errors(found) == [("routes!L3", 3, "valid_to")]
    assert "(#DIV/0!)" in next(f.french for f in found.findings if f.error)


@pytest.mark.parametrize(
    ("cached", "shown"),
    [
        ('office:value-type="string" office:string-value=""', "#DIV/0!"),
        ('office:value-type="float" office:value="0"', "Err:502"),
    ],
)
def test_a_cell_of_libreoffice_that_shows_an_error_is_refused(tmp_path, cached, shown):
    cell = f'<table:table-cell {cached} calcext:value-type="error"><text:p>{shown}</text:p>'
    rows = [head(REMINDERS), NEW, ["DE", "*", f"{cell}</table:table-cell>", "30"]]
    [told] = read(ods(tmp_path / "x.ods", "reminders", rows)).findings
    assert (told.file, told.column) == ("reminders!C3", "number")
    assert f"({shown})" in told.french
    assert f"({shown})" in told.english


@pytest.mark.parametrize(
    "shown", ["#DIV/0!", "#N/D", "#NOM?", "#VALEUR\u00a0!", "Err:502", "Err :502"]
)
def test_an_error_that_a_spreadsheet_wrote_into_a_csv_is_no_text(tmp_path, shown):
    path = tmp_path / "reminders.csv"
    path.write_text(f"country;buc;number;days\nDE;{shown};1;30\n", encoding="utf-8")
    assert errors(read(path)) == [("reminders.csv!B2", 2, "buc")]


def test_a_table_without_a_row_is_no_reason_to_delete_all(tmp_path):
    """`partners` of the baseline has none: nothing is lost by it."""
    heads = {sheet_name(t): [head(t)] for t in (REMINDERS, "ir_directory/partners.csv")}
    found = read(book(tmp_path / "x.xlsx", heads))
    assert found.usable
    importing.emptied(found, ROOT)
    assert errors(found) == [("reminders", 0, "")]


@pytest.mark.parametrize(
    ("text", "encoding", "told"),
    [
        ("country;buc;number;days\nDE;*;1;30\n", "utf-16", []),
        ("sep=;\r\ncountry;buc;number;days\r\nDE;*;1;30\r\n", "utf-8", []),
        ('country;buc;number;days\n"DE;*;1;30\n', "utf-8", ["un guillemet est resté ouvert"]),
    ],
)
def test_a_csv_as_spreadsheets_write_it_is_read(tmp_path, text, encoding, told):
    path = tmp_path / "reminders.csv"
    path.write_text(text, encoding=encoding, newline="")
    found = read(path)
    assert [f.french[: len(said)] for f, said in zip(found.findings, told, strict=True)] == told
    assert found.tables == ({} if told else {REMINDERS: [NEW]})


@pytest.mark.parametrize(
    ("name", "table", "said"),
    [
        ("routes (1).csv", None, "aucune table ne porte le nom de ce fichier"),
        ("mine.csv", "route", "--table route : aucune table"),
        ("tables.xls", None, "enregistrer le fichier en .xlsx, .ods ou .csv"),
        ("tables.xlsx", None, "un mot de passe le protège"),
    ],
)
def test_a_file_that_is_not_read_says_what_to_do(tmp_path, name, table, said):
    (tmp_path / name).write_bytes(b"\xd0\xcf\x11\xe0")
    [told] = read(tmp_path / name, table).findings
    assert said in told.french


def test_what_takes_too_much_of_the_processor_is_refused_and_says_so(tmp_path, monkeypatch):
    small, path, sheet = book(tmp_path / "s.xlsx", {"x": []}), tmp_path / "x.xlsx", "/sheet1.xml"
    rows = "".join(
        f'<row r="{n}"><c r="A{n}"><v>1</v></c><c r="H{n}"><v>1</v></c></row>'
        for n in range(1, 500_000)
    )
    with zipfile.ZipFile(small) as kept, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name in kept.namelist():
            text = kept.read(name).decode()
            if name.endswith(sheet):
                text = text.replace("<sheetData/>", f"<sheetData>{rows}</sheetData>")
            made.writestr(name, text)
    monkeypatch.setattr(importing, "MOST_SECONDS", 1)
    monkeypatch.setattr(importing, "_PATIENCE", 100)
    [told] = read(path).findings
    assert "la lecture dure trop longtemps" in told.french


def test_a_workbook_with_a_cell_at_the_end_of_the_world_ends_nothing(tmp_path):
    path = tmp_path / "far.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("routes")
        sheet.write_string(0, 0, "rule")
        sheet.write_string(1_048_575, 16_383, "x")
    found = importing.read(path)
    assert not found.usable
    assert "too much memory" in found.findings[0].english
