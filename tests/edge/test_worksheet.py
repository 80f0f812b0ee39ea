"""The worklist as a sheet: a line a decision, and each mistake with its cell and its mend."""

from dataclasses import replace

import pytest
import xlsxwriter

from gateway.people.worksheet import NAME, OUTCOMES, read, refused, sheet
from gateway.tables.importing import Imported
from gateway.workbook import KINDS, write

DATA = ("residence", "town", "population")
ENTRY = {
    "message_id": "m1", "received_at": "2026-03-02T10:00:00+00:00", "due": "2026-03-09",
    "group": "several", "text": "Plusieurs.", "buc": "P_BUC_01", "sed": "P2000",
    "sender": "DE:1", "candidates": ["FR:1", "FR:2"], "missing": ["town"], "assignee": None,
    "rina_number": "171934",
}  # fmt: skip


def filled(path, *lines):
    """The exported sheet with these columns filled in: one mapping a line."""
    entries = [ENTRY | {"message_id": f"m{n}"} for n in range(1, len(lines) + 1)]
    made = sheet(entries, DATA)
    titles = [column.title for column in made.columns]
    rows = []
    for row, line in zip(made.rows, lines, strict=True):
        cells = dict(zip(titles, row, strict=True)) | line
        rows.append([cells[title] for title in titles])
    write(path, replace(made, rows=rows))
    return path


def wrong(found):
    return [(f.file.partition("!")[2], f.column) for f in found.findings]


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_exported_comes_back_as_it_was_decided(tmp_path, kind):
    path = filled(
        tmp_path / f"l{kind}",
        {"Décision": "transférer", "Institution": "FR:0101100000", "Pourquoi": "phone"},
        {},
        {"Décision": "Demander", "À demander": "le lieu de résidence, town", "Pourquoi": "p"},
        {
            "Décision": "compléter", "Élément": "le lieu de résidence",
            "Valeur": "01000 Bourg", "Pourquoi": "p",
        },
        {"Décision": "rejeter", "Code X011": "99", "Texte": "no S040", "Pourquoi": "p"},
        {"Décision": "traité dans RINA", "Pourquoi": "p"},
    )  # fmt: skip
    wishes, found = read(path, DATA)
    assert found.findings == []
    assert [(w.line, w.entry["message_id"], w.entry["outcome"]) for w in wishes] == [
        (2, "m1", "transfer"),
        (4, "m3", "ask"),
        (5, "m4", "evidence"),
        (6, "m5", "reject"),
        (7, "m6", "handled"),
    ]
    assert wishes[0].entry["institution"] == "FR:0101100000"
    assert wishes[1].entry["data"] == ["residence", "town"]
    assert wishes[2].entry["facts"] == {"residence": "01000 Bourg"}
    assert (wishes[3].entry["ground"], wishes[3].entry["text"]) == ("99", "no S040")


def test_the_columns_to_read_are_in_words_and_the_lists_closed():
    made = sheet([ENTRY], DATA)
    told = dict(zip([c.title for c in made.columns], made.rows[0], strict=True))
    assert (told["Reçu le"], told["Candidats"]) == ("2026-03-02", "FR:1, FR:2")
    assert told["Manque"] == "la commune de résidence"
    lists = {c.title: c.choices for c in made.columns if c.choices}
    assert set(lists) == {"Décision", "À demander", "Élément", "Code X011"}
    assert lists["Décision"] == tuple(OUTCOMES)
    assert all(len(",".join(choices)) <= 255 for choices in lists.values())  # Excel's own limit


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ({"Décision": "brûler", "Pourquoi": "p"}, "Décision"),
        ({"Décision": "garder"}, "Pourquoi"),
        ({"Décision": "garder", "Pourquoi": "p", "Message": ""}, "Message"),
        ({"Décision": "transférer", "Pourquoi": "p"}, "Institution"),
        ({"Décision": "garder", "Pourquoi": "p", "Institution": "FR:1"}, "Institution"),
        ({"Décision": "garder", "Pourquoi": "p", "Texte": "t"}, "Texte"),
        ({"Décision": "demander", "Pourquoi": "p"}, "À demander"),
        ({"Décision": "demander", "Pourquoi": "p", "À demander": "l'âge"}, "À demander"),
        ({"Décision": "compléter", "Pourquoi": "p", "Valeur": "x"}, "Élément"),
        (
            {"Décision": "compléter", "Pourquoi": "p", "Valeur": "x", "Élément": "l'âge"},
            "Élément",
        ),
        ({"Décision": "rejeter", "Pourquoi": "p"}, "Code X011"),
        ({"Institution": "FR:1"}, "Institution"),
    ],
)
def test_each_mistake_has_its_cell_and_both_languages(tmp_path, line, column):
    wishes, found = read(filled(tmp_path / "l.xlsx", {}, line), DATA)
    assert (wishes, found.usable) == ([], False)
    assert column in {f.column for f in found.findings}
    for finding in found.findings:
        assert finding.file.startswith(f"{NAME}!")
        assert finding.line == 3
        assert finding.english != finding.french


def test_all_mistakes_are_told_at_once_and_a_right_line_does_not_hide_them(tmp_path):
    keep = {"Décision": "garder", "Pourquoi": "p"}
    path = filled(
        tmp_path / "l.ods", keep, {"Décision": "x"}, keep | {"Message": "m1"}, {"Décision": "y"}
    )
    wishes, found = read(path, DATA)
    assert [w.line for w in wishes] == [2]
    assert [f.line for f in found.findings] == [3, 4, 5]


def test_a_number_in_a_code_has_lost_its_zero(tmp_path):
    made = sheet([ENTRY], DATA)
    with xlsxwriter.Workbook(str(tmp_path / "l.xlsx")) as book:
        page = book.add_worksheet(NAME)
        for index, column in enumerate(made.columns):
            page.write(0, index, column.title)
            said = {"Message": "m1", "Décision": "rejeter", "Code X011": 2, "Pourquoi": "p"}
            page.write(1, index, said.get(column.title, ""))
    _, found = read(tmp_path / "l.xlsx", DATA)
    assert {f.column for f in found.findings} == {"Code X011"}


def test_a_cell_that_begins_like_a_formula_is_refused(tmp_path):
    made = sheet([ENTRY], DATA)
    with xlsxwriter.Workbook(str(tmp_path / "l.xlsx")) as book:
        page = book.add_worksheet(NAME)
        for index, column in enumerate(made.columns):
            page.write(0, index, column.title)
            said = {"Message": "m1", "Décision": "garder", "Pourquoi": "=1+1"}
            page.write_string(1, index, said.get(column.title, ""))
    wishes, found = read(tmp_path / "l.xlsx", DATA)
    assert (wishes, {f.column for f in found.findings}) == ([], {"Pourquoi"})


def test_what_is_no_sheet_of_ours_is_said_so(tmp_path):
    with xlsxwriter.Workbook(str(tmp_path / "l.xlsx")) as book:
        book.add_worksheet("x").write(0, 0, "Message")
    wishes, found = read(tmp_path / "l.xlsx", DATA)
    assert (wishes, wrong(found)) == ([], [("A1", "")])
    (tmp_path / "l.ods").write_bytes(b"no workbook")
    assert not read(tmp_path / "l.ods", DATA)[1].usable
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "none.ods", DATA)


def test_a_refusal_is_told_at_the_cell_to_mend(tmp_path):
    path = filled(
        tmp_path / "l.xlsx",
        {},
        {"Décision": "transférer", "Institution": "FR:1", "Pourquoi": "p"},
        {"Décision": "garder", "Pourquoi": "p"},
    )
    wishes, found = read(path, DATA)
    text = {"en": "No.", "fr": "Non."}
    refusals = [
        {"message_id": "m2", "code": "institution-unusable", "text": text},
        {"message_id": "m3", "code": "not-on-worklist", "text": text},
        {"message_id": "m3", "code": "no-reason", "text": text},
    ]
    refused(found, wishes, path, refusals)
    assert isinstance(found, Imported)
    assert [(f.line, f.column, f.text("fr")) for f in found.findings] == [
        (3, "Institution", "Non."),
        (4, "Message", "Non."),
        (4, "Décision", "Non."),
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_a_message_whose_id_begins_like_a_formula_is_decided_all_the_same(tmp_path, kind):
    made = sheet([ENTRY | {"message_id": "=1+1", "sender": "@DE:1"}], DATA)
    at = [column.title for column in made.columns].index
    row = list(made.rows[0])
    row[at("Décision")], row[at("Pourquoi")] = "garder", "p"
    write(tmp_path / f"l{kind}", replace(made, rows=[row]))
    (wish,), found = read(tmp_path / f"l{kind}", DATA)
    assert (found.findings, wish.entry["message_id"]) == ([], "=1+1")
