"""Loading: what is wrong is told at once, with file, line, column, in two languages."""

import re
from datetime import date

import pytest

from ir_directory import Certainty
from routing_tables import ByPlace, Fixed, QuestionText, ToPerson
from routing_tables.load import (
    LANGUAGE_COLUMNS,
    QUESTION_COLUMNS,
    REMINDER_COLUMNS,
    ROUTE_COLUMNS,
    SECTION_COLUMNS,
    ReminderRow,
    RoutesInvalid,
    load,
    questions,
    reminders,
)

GOOD = {
    "rule": "R1",
    "buc": "P_BUC_01",
    "sed": "*",
    "scheme": "*",
    "population": "*",
    "residence": "*",
    "role": "*",
    "person": "*",
    "target": "refer",
    "certainty": "likely",
    "valid_from": "2020-01-01",
    "valid_to": "",
    "basis": "a source",
    "note": "",
}


def line(**cells):
    return ";".join({**GOOD, **cells}.values())


HEAD = ";".join(ROUTE_COLUMNS)


@pytest.fixture
def folder(tmp_path):
    def write(*lines, head=HEAD, name="routes.csv", encoding="utf-8-sig"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join([head, *lines]) + "\n", encoding=encoding)
        return tmp_path

    return write


def problems(reading, *given, **more):
    with pytest.raises(RoutesInvalid) as caught:
        reading(*given, **more)
    for problem in caught.value.problems:
        assert problem.english
        assert problem.french
        assert problem.english != problem.french
        assert not re.search(r"[{}]", problem.english + problem.french)
    return caught.value.problems


def where(found):
    return [(p.file, p.line, p.column) for p in found]


# -- routes that load ---------------------------------------------------------------------------


def test_a_line_becomes_one_route_a_buc(folder):
    there = folder(line(buc="P_BUC_02, P_BUC_01", scheme="rail,mines", residence="FR, abroad"))
    routes = load(there).routes
    assert [r.buc for r in routes] == ["P_BUC_01", "P_BUC_02"]
    assert {r.rule for r in routes} == {"R1"}
    assert routes[0].scheme == {"rail", "mines"}
    assert routes[0].residence == {"FR", "abroad"}
    assert routes[0].valid_from == date(2020, 1, 1)
    assert routes[0].valid_to is None
    assert routes[0].certainty is Certainty.LIKELY
    assert (routes[0].basis, routes[0].person) == ("a source", "*")


@pytest.mark.parametrize(
    ("said", "target"),
    [
        ("refer", ToPerson()),
        ("FR:0156200000", Fixed("FR:0156200000")),
        ("network:cpam@residence", ByPlace("cpam", "residence")),
        ("network:msa@employer", ByPlace("msa", "employer")),
        ("network:carsat@country", ByPlace("carsat", "country")),
        ("network:cpam+carsat@named", ByPlace("cpam+carsat", "named")),
        ("network:*@named", ByPlace("*", "named")),
        ("network:*@file", ByPlace("*", "named", file_first=True)),
        (
            "network:carsat+cpam@file/residence",
            ByPlace("carsat+cpam", "residence", file_first=True),
        ),
    ],
)
def test_targets(folder, said, target):
    assert load(folder(line(target=said))).routes[0].target == target


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_spreadsheet_programs_may_write_bom_and_line_ends_as_they_like(tmp_path, encoding, end):
    text = end.join([";".join(ROUTE_COLUMNS), line(note='"a; ""b"" é"'), ";" * 13, ""])
    (tmp_path / "routes.csv").write_bytes(text.encode(encoding))
    assert load(tmp_path).routes[0].note == 'a; "b" é'


def test_ended_and_following_rows_do_not_clash(folder):
    lines = line(valid_to="2022-01-01"), line(rule="R2", valid_from="2022-01-01")
    assert len(load(folder(*lines)).routes) == 2


def test_narrower_rows_do_not_clash(folder):
    lines = line(buc="P_BUC_*"), line(rule="R2"), line(rule="R3", scheme="rail")
    assert len(load(folder(*lines)).routes) == 3


# -- a file that is no table --------------------------------------------------------------------


def test_a_missing_file(tmp_path):
    assert where(problems(load, tmp_path)) == [("routes.csv", 0, "")]


def test_a_folder_in_the_place_of_the_file(tmp_path):
    (tmp_path / "routes.csv").mkdir()
    assert where(problems(load, tmp_path)) == [("routes.csv", 0, "")]


def test_a_file_that_is_not_utf8(folder):
    found = problems(load, folder(line(note="é"), encoding="cp1252"))
    assert where(found) == [("routes.csv", 0, "")]
    assert "UTF-8" in found[0].english


@pytest.mark.parametrize("head", ["", ",".join(ROUTE_COLUMNS), ";".join(ROUTE_COLUMNS[1:])])
def test_another_header(folder, head):
    assert where(problems(load, folder(line(), head=head))) == [("routes.csv", 1, "")]


def test_an_empty_file(tmp_path):
    (tmp_path / "routes.csv").touch()
    assert where(problems(load, tmp_path)) == [("routes.csv", 1, "")]


def test_a_line_with_too_few_cells_and_one_with_too_many(folder):
    found = problems(load, folder("a;b", line(), line() + ";"))
    assert where(found) == [("routes.csv", 2, ""), ("routes.csv", 4, "")]


def test_a_quotation_mark_that_is_not_closed(folder):
    assert [p.column for p in problems(load, folder(line(note='"open')))] == [""]


# -- cells --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("rule", ""),
        ("buc", ""),
        ("buc", "*"),
        ("buc", "P_BUC_1"),
        ("buc", "Q_BUC_01"),
        ("buc", "P_BUC_01,"),
        ("buc", "FB_SUC_01"),
        ("sed", "P20"),
        ("sed", "*,P2000"),
        ("scheme", ""),
        ("scheme", "sncf"),
        ("scheme", "general|agricultural"),
        ("population", "worker"),
        ("residence", "France"),
        ("residence", "fr"),
        ("role", "PO"),
        ("person", "nobody"),
        ("person", "insured,claimant"),
        ("target", ""),
        ("target", "CPAM"),
        ("target", "DE:123456"),
        ("target", "network:cpam"),
        ("target", "network:cpam@moon"),
        ("target", "network:moon@residence"),
        ("target", "network:cpam+moon@named"),
        ("target", "network:cpam+carsat@residence"),
        ("target", "network:*@residence"),
        ("target", "network:*@file/residence"),
        ("target", "network:cpam@file/moon"),
        ("certainty", "sure"),
        ("certainty", "*"),
        ("certainty", "solid,likely"),
        ("valid_from", ""),
        ("valid_from", "01/01/2020"),
        ("valid_from", "20200101"),
        ("valid_from", "2020-W01-1"),
        ("valid_to", "2020-02-30"),
        ("valid_to", "2020-01-01"),
        ("valid_to", "2019-12-31"),
    ],
)
def test_a_cell_that_is_not_possible_is_named(folder, column, cell):
    found = problems(load, folder(line(rule="GOOD", buc="S_BUC_06"), line(**{column: cell})))
    assert ("routes.csv", 3, column) in where(found)
    assert {(p.line, p.column) for p in found} == {(3, column)}


def test_the_assumed_general_scheme_goes_with_no_scheme(folder):
    found = problems(load, folder(line(population="assumed-general", scheme="general")))
    assert where(found) == [("routes.csv", 2, "scheme")]


def test_every_problem_is_told_at_once_in_order(folder):
    found = problems(load, folder(line(sed="x", role="y", target="z"), line(certainty="w")))
    assert where(found) == [
        ("routes.csv", 2, "role"),
        ("routes.csv", 2, "sed"),
        ("routes.csv", 2, "target"),
        ("routes.csv", 3, "certainty"),
        ("routes.csv", 3, "rule"),
    ]


def test_what_is_wrong_is_shown_and_how_it_is_mended(folder):
    (found,) = problems(load, folder(line(valid_from="1/1/20")))
    assert (
        found.english
        == "the spreadsheet has rewritten the date as `1/1/20`; write it as 2024-01-31 and format"
        " the column as text"
    )
    assert "« 1/1/20 »" in found.french
    assert str(RoutesInvalid([found])).startswith("routes.csv:2:valid_from: the spreadsheet")


# -- rows against each other --------------------------------------------------------------------


def test_two_rows_of_one_name(folder):
    found = problems(load, folder(line(), line(buc="P_BUC_02")))
    assert where(found) == [("routes.csv", 3, "rule")]
    assert "line 2" in found[0].english


@pytest.mark.parametrize(
    "other",
    [
        {},
        {"target": "FR:0156200000"},
        {"buc": "P_BUC_01,P_BUC_02"},
        {"valid_from": "2021-01-01"},
    ],
)
def test_equal_rows_of_one_day_are_refused(folder, other):
    found = problems(load, folder(line(), line(rule="R2", **other)))
    assert where(found) == [("routes.csv", 3, "")]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"scheme": "rail"}, {"population": "employee"}),
        ({"scheme": "rail,mines"}, {"scheme": "mines,clergy"}),
        ({"residence": "abroad"}, {"residence": "DE,FR"}),
        ({"buc": "P_BUC_*", "scheme": "rail"}, {}),
        ({"population": "assumed-general"}, {"residence": "FR"}),
    ],
)
def test_overlapping_rows_that_are_not_ordered_are_refused_and_both_named(folder, one, other):
    found = problems(load, folder(line(**one), line(rule="R2", **other)))
    assert where(found) == [("routes.csv", 3, "")]
    for text in (found[0].english, found[0].french):
        assert {"R1", "R2", "P_BUC_01"} <= set(re.findall(r"\w+", text))
    assert "R1 (line 2) and R2 (line 3)" in found[0].english
    assert "R1 (ligne 2) et R2 (ligne 3)" in found[0].french


def test_a_pair_that_clashes_in_many_bucs_is_named_once(folder):
    bucs = "P_BUC_01,P_BUC_02,P_BUC_05"
    found = problems(load, folder(line(buc=bucs), line(rule="R2", buc=bucs)))
    assert len(found) == 1


# -- questions and reminders --------------------------------------------------------------------


def asks(folder, *lines):
    return folder(*lines, head=";".join(QUESTION_COLUMNS), name="questions/en.csv")


def test_questions(folder):
    there = asks(folder, "residence;Address;Home;Where?", "work;Activity;Place;Where there?")
    assert questions(there).to("DE:1") == {
        "residence": QuestionText("Address", "Home", "Where?"),
        "work": QuestionText("Activity", "Place", "Where there?"),
    }
    assert questions(there).askable == {"residence", "work"}


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("shoe-size;a;b;c", "datum"),
        ("*;a;b;c", "datum"),
        ("work;;b;c", "section"),
        (f"work;{'a' * 66};b;c", "section"),
        (f"work;a;{'b' * 66};c", "item"),
        (f"work;a;b;{'c' * 201}", "text"),
        ("work;a;b;", "text"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused(folder, row, column):
    assert where(problems(questions, asks(folder, row))) == [("questions/en.csv", 2, column)]


def test_a_datum_asked_for_twice_is_refused(folder):
    found = problems(questions, asks(folder, "work;a;b;c", "work;a;b;d"))
    assert where(found) == [("questions/en.csv", 3, "datum")]


@pytest.mark.parametrize(
    "text",
    ["Somebody takes part.", "{institutio} takes part.", "{institution} and {institution}."],
)
def test_the_note_that_somebody_takes_part_names_him_once(folder, text):
    place = asks(folder, f"takes-part;Case;Competent;{text}")
    with pytest.raises(RoutesInvalid) as caught:
        questions(place)
    assert where(caught.value.problems) == [("questions/en.csv", 2, "text")]
    assert "{institution}" in caught.value.problems[0].english


def test_without_questions_in_english_there_are_none(tmp_path):
    assert where(problems(questions, tmp_path)) == [("questions/en.csv", 0, "")]


def speaking(folder, *lines):
    asks(folder, "work;Activity;Place;Where?")
    german = "work;Arbeit;Ort;Wo?"
    folder(german, head=";".join(QUESTION_COLUMNS), name="questions/de.csv")
    return folder(*lines, head=";".join(LANGUAGE_COLUMNS), name="languages.csv")


def test_a_country_is_written_to_in_its_language(folder):
    texts = questions(speaking(folder, "AT;de"))
    assert texts.to("AT:1")["work"].text == "Wo?"
    assert texts.to("SE:1")["work"].text == "Where?"


@pytest.mark.parametrize(
    ("lines", "column"),
    [
        (["Austria;de"], "country"),
        (["AT;it"], "language"),
        (["AT;de", "AT;en"], "country"),
    ],
)
def test_a_language_that_is_not_there_is_refused(folder, lines, column):
    found = where(problems(questions, speaking(folder, *lines)))
    assert found == [("languages.csv", len(lines) + 1, column)]


def sections(folder, *lines):
    speaking(folder, "AT;de")
    return folder(*lines, head=";".join(SECTION_COLUMNS), name="sections.csv")


def test_a_sed_has_a_section_of_its_own_and_every_other_the_general_one(folder):
    texts = questions(sections(folder, "work;A001,A003;PlaceWork;", "work;A008;Purpose;Where"))
    assert texts.to("SE:1", "A003")["work"] == QuestionText("PlaceWork", "Place", "Where?")
    assert texts.to("AT:1", "A001")["work"] == QuestionText("PlaceWork", "Ort", "Wo?")
    assert texts.to("AT:1", "A008")["work"] == QuestionText("Purpose", "Where", "Wo?")
    assert texts.to("AT:1", "A009") == texts.to("AT:1")
    assert texts.to("AT:1")["work"] == QuestionText("Arbeit", "Ort", "Wo?")


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("shoe-size;A001;a;b", "datum"),
        ("takes-part;A001;a;b", "datum"),
        ("work;*;a;b", "sed"),
        ("work;;a;b", "sed"),
        ("work;place;a;b", "sed"),
        ("work;A001,A001x;a;b", "sed"),
        ("work;A001;;b", "section"),
        (f"work;A001;{'a' * 66};b", "section"),
        (f"work;A001;a;{'b' * 66}", "item"),
    ],
)
def test_a_section_that_no_x012_can_point_to_is_refused(folder, row, column):
    found = problems(questions, sections(folder, row))
    assert where(found) == [("sections.csv", 2, column)]
    assert "* alone" not in found[0].english


def test_a_sed_with_two_sections_for_a_datum_is_refused(folder):
    found = problems(questions, sections(folder, "work;A001,A003;a;", "work;A003,A008;b;"))
    assert where(found) == [("sections.csv", 3, "sed")]


def test_a_table_of_sections_with_another_column_is_refused(folder):
    speaking(folder, "AT;de")
    wrong = folder("work;A001;a;b;c", head="datum;sed;section;item;x", name="sections.csv")
    assert {p.file for p in problems(questions, wrong)} == {"sections.csv"}


def reminding(folder, *lines):
    return folder(*lines, head=";".join(REMINDER_COLUMNS), name="reminders.csv")


def test_reminders(folder):
    there = reminding(folder, "*;*;1;30", "DE;P_BUC_*;1;14")
    assert reminders(there) == (ReminderRow("*", "*", 1, 30), ReminderRow("DE", "P_BUC_*", 1, 14))


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("Germany;*;1;30", "country"),
        ("*;P_BUC;1;30", "buc"),
        ("*;*;0;30", "number"),
        ("*;*;one;30", "number"),
        ("*;*;1;-3", "days"),
        ("*;*;1;1000", "days"),
        ("*;*;1;3.5", "days"),
    ],
)
def test_a_reminder_that_cannot_be_is_refused(folder, row, column):
    assert where(problems(reminders, reminding(folder, row))) == [("reminders.csv", 2, column)]


def test_a_reminder_that_is_there_twice_is_refused(folder):
    found = problems(reminders, reminding(folder, "*;*;1;30", "*;*;1;15"))
    assert where(found) == [("reminders.csv", 3, "number")]
