"""A directory in files: read to the letter, refused with every reason at once."""

import csv
import io
from datetime import date

import pytest

from ir_directory import Certainty, Partner
from ir_directory.load import COLUMNS, DirectoryInvalid, load
from ir_directory.problems import _SENTENCES, Problem
from tests.directory.conftest import SINCE, SOUND

BOM = b"\xef\xbb\xbf"


def rewrite(folder, file, lines, header=None):
    text = "\n".join([header or ";".join(COLUMNS[file]), *lines, ""])
    (folder / file).write_text(text, encoding="utf-8-sig")


def with_cell(folder, file, line, column, value):
    """Change one cell; `line` counts as a person does, the header being 1."""
    lines = list(SOUND[file])
    cells = lines[line - 2].split(";")
    cells[COLUMNS[file].index(column)] = value
    lines[line - 2] = ";".join(cells)
    rewrite(folder, file, lines)


def problems(folder):
    with pytest.raises(DirectoryInvalid) as caught:
        load(folder)
    return caught.value.problems


def only(folder):
    found = problems(folder)
    assert len(found) == 1, found
    return found[0]


def says(problem, code):
    """Whether it is this sentence, with its place filled in, in both languages."""
    pieces = [[part.split("}")[-1] for part in text.split("{")] for text in _SENTENCES[code]]
    return all(p in problem.english for p in pieces[0]) and all(
        p in problem.french for p in pieces[1]
    )


# -- sound --------------------------------------------------------------------------------------


def test_a_sound_folder_becomes_values(folder):
    repository = load(folder)
    assert repository.institution("FR:0101100000").name == "CPAM de l'Ain"
    assert repository.institution("FR:01763UR000").successor == "cpam-011"
    assert repository.institution("FR:01763UR000").valid_to == date(2022, 1, 1)
    assert repository.catchments[1].area == "insee:74109"
    assert repository.communes[1].postcodes == ("01200", "74109")
    assert repository.competences[0].certainty is Certainty.LIKELY
    assert repository.partners == (
        Partner("DE:101320043", "DE", "Kasse", "S_BUC_*", "CaseOwner", True, SINCE),
    )


def test_what_a_spreadsheet_may_do_harms_nothing(folder):
    """CRLF, quotes, columns in another order, blank lines, spaces around, no BOM."""
    header = "area;network;institution;valid_from;certainty;valid_to;source"
    lines = ['"dep:01"; cpam ;FR:0101100000;2019-01-01;solid;;"a; b"', ";;;;;;", ""]
    text = "\r\n".join([header, *lines])
    (folder / "catchments.csv").write_bytes(text.encode())
    (row,) = load(folder).catchments
    assert (row.area, row.network, row.source) == ("dep:01", "cpam", "a; b")


def test_a_column_that_came_later_may_be_there_or_not(folder):
    assert load(folder).institution("FR:0101100000").address == ""
    header = f"{';'.join(COLUMNS['institutions.csv'])};address"
    lines = [f"{line};1 rue X, 01000 Bourg" for line in SOUND["institutions.csv"]]
    rewrite(folder, "institutions.csv", lines, header)
    assert load(folder).institution("FR:0101100000").address == "1 rue X, 01000 Bourg"
    rewrite(folder, "partners.csv", [], f"{';'.join(COLUMNS['partners.csv'])};address")
    assert says(only(folder), "column-extra")


# -- a file -------------------------------------------------------------------------------------


def test_a_missing_file(folder):
    (folder / "partners.csv").unlink()
    found = only(folder)
    assert (found.file, found.line) == ("partners.csv", 0)
    assert says(found, "file")


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_a_file_in_another_encoding(folder, encoding):
    text = (folder / "communes.csv").read_text(encoding="utf-8-sig")
    (folder / "communes.csv").write_bytes(text.encode(encoding))
    assert "encoding" in [c for f in problems(folder) for c in _SENTENCES if says(f, c)]


def test_accents_that_went_through_the_wrong_encoding(folder):
    text = (folder / "communes.csv").read_bytes()[len(BOM) :].decode("cp1252")
    (folder / "communes.csv").write_text(text, encoding="utf-8-sig")
    found = only(folder)
    assert (found.file, found.line) == ("communes.csv", 3)
    assert says(found, "accents")


def test_a_second_mark_at_the_beginning_is_no_column(folder):
    file = folder / "communes.csv"
    file.write_bytes(BOM + file.read_bytes())
    assert any(says(f, "column-missing") and "insee" in f.english for f in problems(folder))


def test_an_open_quotation_mark(folder):
    rewrite(folder, "partners.csv", ['"DE:101320043;DE;Kasse'])
    assert says(only(folder), "quotes")


def test_commas_instead_of_semicolons(folder):
    text = (folder / "partners.csv").read_text(encoding="utf-8-sig").replace(";", ",")
    (folder / "partners.csv").write_text(text, encoding="utf-8-sig")
    assert says(only(folder), "separator")


def test_an_empty_file(folder):
    (folder / "partners.csv").write_bytes(BOM)
    assert says(only(folder), "empty")


def test_columns_missing_extra_and_twice_are_all_said(folder):
    rewrite(folder, "partners.csv", [], "institution;country;name;name;buc;role;remark")
    found = problems(folder)
    assert {c for f in found for c in _SENTENCES if says(f, c)} >= {
        "column-missing",
        "column-extra",
        "column-twice",
    }
    missing = [f for f in found if says(f, "column-missing")]
    assert len(missing) == 4
    assert {f.line for f in found} == {1}


@pytest.mark.parametrize("line", ["FR:0101100000;S_BUC_02", SOUND["competences.csv"][0] + ";x"])
def test_a_line_with_too_many_or_too_few_cells(folder, line):
    rewrite(folder, "competences.csv", [*SOUND["competences.csv"], line])
    found = only(folder)
    assert (found.file, found.line) == ("competences.csv", 3)
    assert says(found, "cells")


# -- a cell -------------------------------------------------------------------------------------

CELLS = [
    ("institutions.csv", "id", "FR:123", "form"),
    ("institutions.csv", "id", "0101100000", "form"),
    ("institutions.csv", "id", "1,01E+09", "spreadsheet-number"),
    ("institutions.csv", "id", "1.01E+09", "spreadsheet-number"),
    ("institutions.csv", "body", "CPAM Ain", "form"),
    ("institutions.csv", "body", "", "required"),
    ("institutions.csv", "name", "", "required"),
    ("institutions.csv", "network", "cpams", "code"),
    ("institutions.csv", "scheme", "farmers", "code"),
    ("institutions.csv", "liaison_body", "VRAI", "code"),
    ("institutions.csv", "liaison_body", "", "required"),
    ("institutions.csv", "environment", "prod", "code"),
    ("institutions.csv", "certainty", "certain", "code"),
    ("institutions.csv", "certainty", "", "required"),
    ("institutions.csv", "valid_from", "", "required"),
    ("institutions.csv", "valid_from", "2019-13-01", "date"),
    ("institutions.csv", "valid_from", "2019-02-29", "date"),
    ("institutions.csv", "valid_from", "soon", "date"),
    ("institutions.csv", "valid_from", "01/01/2019", "spreadsheet-date"),
    ("institutions.csv", "valid_from", "1 janv. 2019", "spreadsheet-date"),
    ("institutions.csv", "valid_from", "01-janv-19", "spreadsheet-date"),
    ("institutions.csv", "valid_from", "2019/01/01", "spreadsheet-date"),
    ("institutions.csv", "valid_from", "43466", "spreadsheet-date"),
    ("institutions.csv", "valid_to", "31/12/2023", "spreadsheet-date"),
    ("institutions.csv", "valid_to", "2018-12-31", "period"),
    ("institutions.csv", "valid_to", "2019-01-01", "period"),
    ("institutions.csv", "successor", "cnam", "successor-open"),
    ("competences.csv", "institution", "FR:0000000000", "institution-unknown"),
    ("competences.csv", "institution", "", "required"),
    ("competences.csv", "buc", "S_BUC_1", "form"),
    ("competences.csv", "buc", "X_BUC_01", "form"),
    ("competences.csv", "role", "CounterParty", "code"),
    ("competences.csv", "eessi_ready", "1", "code"),
    ("catchments.csv", "network", "special", "code"),
    ("catchments.csv", "area", "59", "form"),
    ("catchments.csv", "area", "dep:2C", "form"),
    ("catchments.csv", "area", "dep:99", "area-unknown"),
    ("catchments.csv", "area", "insee:01054", "area-unknown"),
    ("catchments.csv", "area", "country:de", "form"),
    ("catchments.csv", "institution", "cnam", "institution-without-id"),
    ("catchments.csv", "institution", "nobody", "institution-unknown"),
    ("catchments.csv", "institution", "FR:0000000000", "institution-unknown"),
    ("catchments.csv", "institution", "", "required"),
    ("communes.csv", "insee", "1053", "spreadsheet-zero"),
    ("communes.csv", "insee", "2C001", "form"),
    ("communes.csv", "postcodes", "1000", "spreadsheet-zero"),
    ("communes.csv", "postcodes", "59144,59570", "spreadsheet-number"),
    ("communes.csv", "postcodes", "01000 01001", "form"),
    ("communes.csv", "name", "", "required"),
    ("partners.csv", "institution", "Kasse", "form"),
    ("partners.csv", "country", "Germany", "form"),
    ("partners.csv", "buc", "", "required"),
    ("partners.csv", "role", "owner", "code"),
]


@pytest.mark.parametrize(("file", "column", "value", "code"), CELLS)
def test_a_broken_cell_is_named_with_its_mend(folder, file, column, value, code):
    with_cell(folder, file, 2, column, value)
    found = next(f for f in problems(folder) if f.file == file)
    assert (found.line, found.column) == (2, column)
    assert says(found, code)
    assert "{" not in found.english + found.french
    assert value in found.english
    assert value in found.french


def test_a_postcode_may_be_missing(folder):
    with_cell(folder, "communes.csv", 2, "postcodes", "")
    assert load(folder).communes[0].postcodes == ()


# -- rows among each other ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "column"),
    [
        ("institutions.csv", "id"),
        ("competences.csv", "buc"),
        ("catchments.csv", "area"),
        ("communes.csv", "insee"),
        ("partners.csv", "buc"),
    ],
)
@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        ("2019-01-01;", "2019-01-01;", "duplicate"),
        ("2019-01-01;2022-01-01", "2021-12-31;", "overlap"),
        ("2019-01-01;", "2022-01-01;", "overlap"),
        ("2019-01-01;2022-01-01", "2022-01-01;", None),
    ],
)
def test_rows_of_one_key_follow_each_other(folder, file, column, first, second, code):
    lines = list(SOUND[file])
    period = next(p for p in ("2019-01-01;", "2020-02-01;") if p in lines[0])
    lines[0], again = lines[0].replace(period, first, 1), lines[0].replace(period, second, 1)
    rewrite(folder, file, [again, *lines])
    if code is None:
        load(folder)
        return
    found = only(folder)
    later = 2 if second > first else 3
    assert (found.file, found.column) == (file, column)
    assert found.line == (later if code == "overlap" else found.line)
    assert says(found, code)


def test_bodies_without_id_are_told_apart_by_their_body(folder):
    line = SOUND["institutions.csv"][2]
    rewrite(folder, "institutions.csv", [*SOUND["institutions.csv"], line.replace("cnam", "cnaf")])
    load(folder)
    rewrite(folder, "institutions.csv", [*SOUND["institutions.csv"], line])
    assert says(only(folder), "duplicate")


def test_an_id_cannot_change_hands(folder):
    lines = SOUND["institutions.csv"]
    ended = lines[0].replace("2019-01-01;", "2018-01-01;2019-01-01", 1).replace("cpam-011", "other")
    rewrite(folder, "institutions.csv", [*lines, ended])
    assert says(only(folder), "two-bodies")


def test_a_successor_must_exist(folder):
    with_cell(folder, "institutions.csv", 5, "successor", "nobody")
    found = only(folder)
    assert (found.line, found.column) == (5, "successor")
    assert says(found, "successor-unknown")


def test_successors_must_not_go_round(folder):
    ended = (
        "FR:01763UR00{n};{body};Name;;urssaf;all;no;production;likely;2019-01-01;2022-01-01;{to};"
    )
    circle = [
        ended.format(n=n, body=body, to=to)
        for n, body, to in ((1, "a", "b"), (2, "b", "c"), (3, "c", "a"), (4, "d", "a"))
    ]
    rewrite(folder, "institutions.csv", [*SOUND["institutions.csv"], *circle])
    found = problems(folder)
    assert [f.line for f in found] == [6, 7, 8]
    assert all(says(f, "successor-circular") for f in found)


def test_a_body_does_not_succeed_itself(folder):
    with_cell(folder, "institutions.csv", 5, "successor", "old")
    assert says(only(folder), "successor-circular")


# -- all at once --------------------------------------------------------------------------------


def test_everything_is_said_at_once_and_in_order(folder):
    with_cell(folder, "communes.csv", 2, "insee", "1053")
    with_cell(folder, "institutions.csv", 3, "certainty", "sure")
    with_cell(folder, "catchments.csv", 2, "valid_from", "01/01/2019")
    with_cell(folder, "competences.csv", 2, "institution", "FR:0000000000")
    found = problems(folder)
    places = [(f.file, f.line, f.column) for f in found]
    assert places == sorted(places)
    assert {
        ("communes.csv", 2, "insee"),
        ("institutions.csv", 3, "certainty"),
        ("catchments.csv", 2, "valid_from"),
        ("competences.csv", 2, "institution"),
    } <= set(places)


def test_a_broken_row_is_still_known_to_the_others(folder):
    """One mistake is one problem: nobody is said to be unknown for a mistyped date."""
    with_cell(folder, "institutions.csv", 2, "valid_from", "01/01/2019")
    with_cell(folder, "communes.csv", 2, "name", "")
    assert [(f.file, f.column) for f in problems(folder)] == [
        ("communes.csv", "name"),
        ("institutions.csv", "valid_from"),
    ]


def test_unreadable_dates_are_not_called_the_same_day(folder):
    lines = [line.replace("2019-01-01", "hier") for line in SOUND["partners.csv"] * 2]
    rewrite(folder, "partners.csv", lines)
    assert [(f.line, f.column) for f in problems(folder)] == [(2, "valid_from"), (3, "valid_from")]


def test_several_cells_of_one_line_are_all_said(folder):
    line = "X;Y Z;;;nets;farm;oui;prod;sure;hier;;;"
    rewrite(folder, "institutions.csv", [*SOUND["institutions.csv"], line])
    assert {f.column for f in problems(folder) if f.line == 6} == {
        "id", "body", "name", "network", "scheme", "liaison_body", "environment", "certainty",
        "valid_from",
    }  # fmt: skip


def test_the_error_itself_reads_as_lines(folder):
    with_cell(folder, "communes.csv", 2, "insee", "1053")
    with pytest.raises(DirectoryInvalid, match=r"communes\.csv:2:insee: .*leading zero"):
        load(folder)


@pytest.mark.parametrize("code", sorted(_SENTENCES))
def test_a_sentence_is_there_in_two_languages_and_says_the_mend(code):
    english, french = _SENTENCES[code]
    assert english != french
    assert any(mark in english for mark in ";:")
    assert any(mark in french for mark in ";:")


# -- there and back -----------------------------------------------------------------------------


def _flag(value):
    return "yes" if value else "no"


def _row(row):
    """A value as the cells of its file, in the order of the columns."""
    cells = {name: getattr(row, name) for name in row.__dataclass_fields__}
    for name in ("liaison_body", "eessi_ready"):
        if name in cells:
            cells[name] = _flag(cells[name])
    if "test" in cells:
        cells["environment"] = "test" if cells["test"] else "production"
    if "certainty" in cells:
        cells["certainty"] = cells["certainty"].code
    for name in ("postcodes", "former_names"):
        if name in cells:
            cells[name] = "|".join(cells[name])
    cells["valid_to"] = cells["valid_to"] or ""
    return cells


def written(file, rows):
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\n")
    writer.writerow(COLUMNS[file])
    for row in rows:
        cells = _row(row)
        writer.writerow([cells[column] for column in COLUMNS[file]])
    return BOM + text.getvalue().encode()


@pytest.mark.parametrize("file", sorted(COLUMNS))
def test_the_baseline_comes_back_byte_by_byte(baseline, baseline_folder, file):
    rows = getattr(baseline, file.removesuffix(".csv"))
    assert written(file, rows) == (baseline_folder / file).read_bytes()


def test_what_is_written_loads_to_the_same_values(folder, tmp_path):
    repository = load(folder)
    for file in COLUMNS:
        rows = getattr(repository, file.removesuffix(".csv"))
        (tmp_path / file).write_bytes(written(file, rows))
    again = load(tmp_path)
    for file in COLUMNS:
        table = file.removesuffix(".csv")
        assert getattr(again, table) == getattr(repository, table)


@pytest.mark.parametrize(
    ("line", "column", "place"),
    [
        (12, "certainty", "routes.csv:12:certainty"),
        (12, "", "routes.csv:12"),
        (0, "", "routes.csv"),
    ],
)
def test_a_place_has_no_part_that_is_not_meant(line, column, place):
    assert Problem("routes.csv", line, column, "x", "y").place == place
