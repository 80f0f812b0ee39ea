"""Draft, check and compare: what maintainers do before anything of theirs decides."""

import json
import re
import shutil
from datetime import date

import pytest
from click.testing import CliRunner

from gateway.cli import cli
from gateway.errors import Refused, Unreachable
from gateway.tables import importing
from gateway.tables.checking import check
from gateway.tables.comparing import compare
from gateway.tables.drafting import draft
from gateway.tables.finding import page
from gateway.tables.template import write
from routing_tables import release
from tests.tables.conftest import add, edit, few_communes

TODAY = date(2026, 11, 25)


def errors(folder):
    return [f for f in check(folder, TODAY) if f.error]


def run(*words):
    return CliRunner().invoke(cli, [str(word) for word in words], standalone_mode=False)


def test_institutions_without_a_competence_are_named_or_counted_none_twice(folder):
    found = [f for f in check(folder, TODAY) if "without a row for each BUC" in f.english]
    assert {"cpam", "carsat"} <= {f.english.partition("`")[2].partition("`")[0] for f in found}
    for one in found:
        count = int(re.search(r"(\d+) of \d+", one.english)[1])
        names, more = re.search(r"of \d+ \((.+?)(?: \(\+(\d+)\))?\);", one.english).groups()
        assert len(names.split(", ")) + int(more or 0) == count


CATCHMENTS = "ir_directory/catchments.csv"


def ended(folder, table, start, columns):
    """End the row that begins so: column -> value."""
    path = folder / table
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    head = lines[0].split(";")
    at = next(n for n, line in enumerate(lines) if line.startswith(start))
    cells = lines[at].split(";")
    for column, value in columns.items():
        cells[head.index(column)] = value
    lines[at] = ";".join(cells)
    path.write_text("\ufeff" + "\n".join(lines) + "\n", encoding="utf-8")
    return at + 1


@pytest.mark.parametrize("day", ["2026-06-01", "2027-06-01"])
def test_an_area_that_nobody_serves_any_more_is_an_error(folder, day):
    line = ended(folder, CATCHMENTS, "cpam;dep:31;", {"valid_to": day})
    (found,) = errors(folder)
    assert (found.file, found.line, found.column) == (CATCHMENTS, line, "valid_to")
    add(folder, CATCHMENTS, f"cpam;dep:31;FR:0131100000;likely;{day};;test")
    assert errors(folder) == []


def test_a_row_in_use_that_leads_to_nobody_is_an_error(folder):
    place = folder / CATCHMENTS
    rows = place.read_text(encoding="utf-8-sig").splitlines()
    served = next(row.split(";") for row in rows if row.startswith("cpam;dep:33;"))
    ended(folder, "ir_directory/institutions.csv", served[2], {"valid_to": "2027-03-01"})
    found = {(f.file, f.column) for f in errors(folder)}
    assert (CATCHMENTS, "institution") in found


def test_a_file_too_large_to_be_a_table_is_not_read(folder, monkeypatch):
    monkeypatch.setattr("gateway.tables.checking.MOST_BYTES", 1000)
    found = errors(folder)
    assert {f.file for f in found} == {
        name for name in release.tables(folder) if (folder / name).stat().st_size > 1000
    }
    assert "bytes" in found[0].english


ROUTES = "routing_tables/routes.csv"
SECTIONS = "routing_tables/sections.csv"


def test_cases_that_no_row_covers_are_an_error_until_a_row_takes_them(folder):
    line = ended(folder, ROUTES, "AW-PLANNED-OTHER;", {"valid_to": "2027-03-01"})
    (found,) = errors(folder)
    assert (found.file, found.line, found.column) == (ROUTES, line, "valid_to")
    assert "AW_BUC_03, AW_BUC_04a, AW_BUC_04b, AW_BUC_04c, scheme agricultural" in found.english
    assert "à partir du 2027-03-01" in found.french
    those = (folder / ROUTES).read_text(encoding="utf-8-sig").splitlines()[line - 1].split(";")
    add(folder, ROUTES, ";".join(["NEW", *those[1:10], "2027-03-01", "", "why", ""]))
    assert errors(folder) == []


# -- draft ----------------------------------------------------------------------------------


def test_a_draft_names_what_it_was_made_from(folder):
    made = release.load(folder)
    base = release.load()
    assert (made.name, made.base, made.status) == ("2027-01", base.name, "draft")
    assert made.files == base.files


def test_no_draft_is_written_over_another(folder):
    with pytest.raises(Refused):
        draft(folder, "again")


# -- check ----------------------------------------------------------------------------------


def test_the_baseline_can_be_used(folder):
    assert errors(folder) == []


def test_everything_is_said_at_once_with_its_place(folder):
    edit(folder, "ir_directory/institutions.csv", ";2019-01-01;", ";01/01/2019;")
    edit(folder, "routing_tables/reminders.csv", "*;*;1;30", "*;*;one;30")
    edit(folder, "routing_tables/routes.csv", ";solid;", ";sure;")
    found = errors(folder)
    assert {f.file for f in found} >= {
        "ir_directory/institutions.csv",
        "routing_tables/reminders.csv",
        "routing_tables/routes.csv",
    }
    assert all(f.line > 1 and f.column and f.english != f.french for f in found)


def test_a_section_of_a_sed_that_does_not_exist_is_an_error(folder):
    edit(folder, SECTIONS, "town;A001,A003;", "town;A001,A999;")
    [finding] = errors(folder)
    assert (finding.file, finding.line, finding.column) == (SECTIONS, 6, "sed")
    assert "A999" in finding.english


def test_unknown_codes_are_told_whatever_else_is_wrong(folder):
    """With what is wrong in the same table, and in every other one."""
    edit(folder, SECTIONS, "town;A001,A003;", "town;A001,A999,a1;")
    edit(folder, SECTIONS, "work;A008;", "shoe;A008;")
    add(folder, SECTIONS, f"employer;A003;{'x' * 66};{'y' * 66}")
    for lang in ("de", "en"):
        add(folder, f"routing_tables/questions/{lang}.csv", "shoe-size;a;b;c")
    edit(folder, "routing_tables/languages.csv", "AT;de", "AT;xx")
    edit(folder, "ir_directory/institutions.csv", ";2019-01-01;", ";01/01/2019;")
    add(folder, "ir_directory/competences.csv", "FR:0101100000;S_BUC_99;Counterparty;yes;likely;"
        "2019-01-01;;test")  # fmt: skip
    add(folder, ROUTES, "X;S_BUC_98;S998;sure;*;*;*;*;refer;solid;2019-01-01;;test;")
    told = [(f.file.partition("/")[2], f.line, f.column) for f in errors(folder)]
    last = {name: len((folder / name).read_text(encoding="utf-8").splitlines()) for name in (
        SECTIONS, ROUTES, "ir_directory/competences.csv", "routing_tables/questions/de.csv",
        "routing_tables/questions/en.csv",
    )}  # fmt: skip
    assert told == [
        ("competences.csv", last["ir_directory/competences.csv"], "buc"),
        ("institutions.csv", 2, "valid_from"),
        ("languages.csv", 2, "language"),
        ("questions/de.csv", last["routing_tables/questions/de.csv"], "datum"),
        ("questions/en.csv", last["routing_tables/questions/en.csv"], "datum"),
        ("routes.csv", last[ROUTES], "buc"),
        ("routes.csv", last[ROUTES], "scheme"),
        ("routes.csv", last[ROUTES], "sed"),
        ("sections.csv", 6, "sed"),  # a1
        ("sections.csv", 6, "sed"),  # A999
        ("sections.csv", 15, "datum"),
        ("sections.csv", last[SECTIONS], "item"),
        ("sections.csv", last[SECTIONS], "section"),
    ]


def test_a_country_as_eessi_does_not_write_it_is_told(folder):
    """A row for `GR` or `GB` would never hold, and the wider one would decide in its stead."""
    edit(folder, ROUTES, "LA-RAIL;LA_BUC_02,", "LA-RAIL-GR;LA_BUC_02;*;rail;*;EL,GR;*;*;"
        "FR:0411000000;solid;2023-01-01;;test l.1;\nLA-RAIL;LA_BUC_02,")  # fmt: skip
    add(folder, "ir_directory/catchments.csv",
        "carsat;country:GB;FR:RG31R00000;likely;2019-01-01;;test")  # fmt: skip
    add(folder, "routing_tables/languages.csv", "ZZ;de")
    add(folder, "routing_tables/reminders.csv", "QQ;*;1;30")
    add(folder, "routing_tables/golden.csv",
        "G-99;S_BUC_24;S999;2026-06-01;insured;GB;;;;;ask;")  # fmt: skip
    told = [(f.file.partition("/")[2], f.column, f.english.partition(" (")[0])
            for f in errors(folder)]  # fmt: skip
    assert told == [
        ("catchments.csv", "area", "EESSI has no country GB"),
        ("golden.csv", "country", "EESSI has no country GB"),
        ("golden.csv", "sed", "no SED is called S999"),
        ("languages.csv", "country", "EESSI has no country ZZ"),
        ("reminders.csv", "country", "EESSI has no country QQ"),
        ("routes.csv", "residence", "EESSI has no country GR"),
    ]


@pytest.mark.parametrize(
    ("buc", "sed", "wrong"),
    [
        ("P_BUC_01", "P2000", []),
        ("P_BUC_01", "S040", ["S040"]),
        ("P_BUC_01,S_BUC_24", "S040", []),
        ("P_BUC_01,P_BUC_02", "P2000,P2100,S040,S041", ["S040", "S041"]),
        ("P_BUC_*", "P2000", []),
        ("P_BUC_*", "S040,P2000", ["S040"]),
        ("P_BUC_01", "*", []),
        ("P_BUC_01", "X008", []),
        ("P_BUC_01", "P9999", None),
        ("P_BUC_99", "S040", None),
    ],
)
def test_a_sed_of_another_buc_is_a_warning_with_its_place(folder, buc, sed, wrong):
    """What is no SED or no BUC at all is an error already, and told once."""
    line = add(folder, ROUTES, f"X;{buc};{sed};seita;*;*;*;*;refer;solid;2019-01-01;;test l.1;")
    found = [f for f in check(folder, TODAY, release.ROOT) if not f.known and f.line == line]
    told = [f for f in found if f.column in {"buc", "sed"}]  # a row may cross another one, too
    assert [f.error for f in told] == ([True] if wrong is None else [False] * len(wrong or ()))
    for finding, code in zip(told, wrong or (), strict=False):
        assert (finding.file, finding.column) == (ROUTES, "sed")
        assert f"{code} belongs to no BUC of this row ({buc.replace(',', ', ')})" in finding.english
        assert f"{code} n'est d'aucun BUC de cette ligne" in finding.french
        assert "S_BUC_24" in finding.french


def test_a_golden_case_with_a_sed_of_another_buc_is_told(folder):
    edit(folder, "routing_tables/golden.csv", "G-02;S_BUC_24;S040;", "G-02;S_BUC_24;P2000;")
    [told] = [f for f in check(folder, TODAY, release.ROOT) if not f.known]
    assert (told.file, told.line, told.column, told.error) == (
        "routing_tables/golden.csv", 3, "sed", False,
    )  # fmt: skip


@pytest.mark.parametrize("end", ["\u2028", "\x85", "\x0b"])
def test_a_cell_with_what_ends_a_line_elsewhere_is_one_cell(folder, tmp_path, end):
    """A text pasted from a web page may hold one: the loaders take it for a letter."""
    draft(tmp_path / "before", "before")
    edit(folder, ROUTES, ";CNSE alone, whatever", f";CNSE alone,{end}whatever")
    [change] = compare(tmp_path / "before", folder)
    assert (change.what, change.key) == ("changed", "S-RATES 2019-01-01")


def test_a_catchment_of_another_network_and_a_candidate_that_is_nobody_are_told(folder):
    """A CAF would get the cases of a CPAM; what is over, and a CGSS, is right."""
    catchments = "ir_directory/catchments.csv"
    add(folder, catchments, "cpam;insee:01004;FR:01331PF000;likely;2020-01-01;;test l.1")
    add(folder, catchments, "cpam;insee:01005;FR:01331PF000;likely;2020-01-01;2021-01-01;test l.1")
    edit(folder, ROUTES, "refer:FR:1000000000;", "refer:FR:1000000000+FR:1000000009;")
    told = [(f.file, f.column, f.english.partition(";")[0]) for f in errors(folder)]
    assert told == [
        (catchments, "institution",
         "FR:01331PF000 is of the network `caf` and serves no area of `cpam`"),
        (ROUTES, "target", "FR:1000000009 is not in institutions.csv"),
    ]  # fmt: skip


def test_a_section_that_the_sed_does_not_have_is_a_warning(folder):
    edit(folder, SECTIONS, "work;A001,A003;PlaceWork;", "work;A001,A003;Addresses, PlaceWrok;")
    told = [f for f in check(folder, TODAY, release.ROOT) if not f.known]
    assert [(f.file, f.line, f.column, f.error) for f in told] == [
        (SECTIONS, 14, "section", False)
    ] * 2
    assert "A001 has no element `PlaceWrok`" in told[0].english
    assert "A003 n'a pas d'élément « PlaceWrok »" in told[1].french


def test_a_draft_may_have_no_sections_and_its_own_may_change(folder, tmp_path):
    assert [c.what for c in compare(release.ROOT, folder) if c.file == SECTIONS] == []
    edit(folder, SECTIONS, "work;A001,A003;PlaceWork;", "work;A001,A003;PlaceWork;Where?")
    [change] = compare(release.ROOT, folder)
    assert (change.key, change.changes) == ("work A001,A003", (("item", "", "Where?"),))
    (folder / SECTIONS).unlink()
    assert errors(folder) == []


def test_sections_go_through_a_workbook(folder, tmp_path):
    few_communes(folder)
    before = (folder / SECTIONS).read_bytes()
    write(tmp_path / "tables.xlsx", folder)
    (folder / SECTIONS).unlink()
    found = importing.read(tmp_path / "tables.xlsx")
    assert found.usable
    importing.store(found, folder)
    assert (folder / SECTIONS).read_bytes() == before


@pytest.mark.parametrize(
    ("target", "word"),
    [("FR:NOBODY", "not in institutions.csv"), ("network:nobody@residence", "network")],
)
def test_a_row_that_leads_to_nobody_is_an_error(folder, target, word):
    edit(folder, "routing_tables/routes.csv", ";FR:01594UR000;", f";{target};")
    [finding] = errors(folder)
    assert (finding.file, finding.column) == ("routing_tables/routes.csv", "target")
    assert finding.line == 2
    assert word in finding.english


def test_a_row_in_use_whose_institution_has_ended_is_an_error(folder):
    found = check(folder, date(2035, 1, 1))
    assert not [f for f in found if f.error]
    path = folder / "ir_directory/institutions.csv"
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("FR:CL00000000;"))
    cells = lines[at].split(";")
    cells[10] = "2026-01-01"
    lines[at] = ";".join(cells)
    path.write_text("\ufeff" + "\n".join(lines) + "\n", encoding="utf-8")
    assert any("has no successor then" in f.english for f in errors(folder))


def test_communes_that_belong_to_nobody_are_an_error_of_the_shared_department(folder):
    path = folder / "ir_directory/catchments.csv"
    rows = path.read_text(encoding="utf-8-sig").splitlines()
    some = next(row for row in rows if row.startswith("cpam;insee:59"))
    path.write_text("\ufeff" + "\n".join(r for r in rows if r != some) + "\n", encoding="utf-8")
    told = [f for f in check(folder, TODAY, release.ROOT) if not f.known]
    assert [(f.file, f.line, f.column, f.error) for f in told] == [(CATCHMENTS, 0, "area", True)]
    assert "cpam, dep:59, 1 commune" in told[0].english


def test_a_network_that_no_route_leads_to_any_more_may_end(folder):
    """All that Urssaf do by area: no row of the baseline leads there by place."""
    path = folder / CATCHMENTS
    rows = path.read_text(encoding="utf-8-sig").splitlines()
    rows = [row.replace(";;", ";2027-01-01;") if row.startswith("urssaf;") else row for row in rows]
    path.write_text("\ufeff" + "\n".join(rows) + "\n", encoding="utf-8")
    [told] = [f for f in check(folder, TODAY, release.ROOT) if not f.known]
    assert (told.file, told.column, told.error) == (CATCHMENTS, "valid_to", False)
    assert "urssaf: 102 areas without an institution from 2027-01-01 on" in told.english
    edit(folder, ROUTES, "network:msa@employer", "network:urssaf@employer")
    errors_now = errors(folder)
    assert len(errors_now) == 103  # each row that ends, and the department 48 from the start
    assert {f.column for f in errors_now} == {"valid_to", "area"}


def test_warnings_of_the_tables_in_force_do_not_bury_those_of_the_draft(folder, tmp_path):
    row = "NEW;P_BUC_01;P2000;rail;*;*;*;*;FR:0101100000;likely;2019-01-01;;test;"
    path = folder / "routing_tables/routes.csv"
    head, *rest = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([head, row, *rest]) + "\n", encoding="utf-8")  # all others move
    found = check(folder, TODAY, release.ROOT)
    assert [f.line for f in found if not f.error and not f.known] == [2]
    assert sum(f.known for f in found) == len(check(release.ROOT, TODAY)) > 30
    assert [f.known for f in found] == sorted(f.known for f in found)
    assert "(déjà en vigueur)" in page("draft", found, "fr")
    state = ("--state", tmp_path / "state", "--lang", "fr", "tables", "check", folder)
    told = run(*state).output.splitlines()
    assert len(told) == 2
    assert "FR:0101100000 traite P_BUC_01 ;" in told[0]
    assert told[1].startswith("0 erreur, 1 avertissement ; ")
    assert len(run(*state, "--all").output.splitlines()) == len(found) + 1
    levels = [json.loads(line)["known"] for line in run(*state, "--json").output.splitlines()]
    assert levels.count(True) == len(found) - 1


def test_an_institution_without_a_row_for_what_leads_to_it_is_a_warning(folder):
    """A row for another BUC does not count; one for its sector does."""

    def told(buc):
        add(folder, "ir_directory/competences.csv", f"FR:PE10000001;{buc};Counterparty;yes;"
            "likely;2019-01-01;;test")  # fmt: skip
        return [f for f in check(folder, TODAY) if "FR:PE10000001" in f.english]

    assert len(told("UB_BUC_01")) == 1
    assert told("UB_BUC_*") == []


@pytest.mark.parametrize(
    ("buc", "sed", "wrong"), [("P_BUC_01", "P2001", "sed"), ("P_BUC_99", "P2000", "buc")]
)
def test_a_buc_or_a_sed_that_does_not_exist_is_an_error(folder, buc, sed, wrong):
    add(folder, "routing_tables/routes.csv", f"NEW;{buc};{sed};rail;*;*;*;*;FR:0101100000;likely;"
        "2019-01-01;;test;")  # fmt: skip
    add(folder, "ir_directory/competences.csv", f"FR:0101100000;{buc};Counterparty;yes;likely;"
        "2019-01-01;;test")  # fmt: skip
    told = {(f.file, f.column) for f in errors(folder)}
    where = {("routing_tables/routes.csv", wrong)}
    assert told == (where if wrong == "sed" else where | {("ir_directory/competences.csv", "buc")})


def test_a_network_without_rows_is_told_once(folder):
    told = [f for f in check(folder, TODAY) if "network `cpam`" in f.english]
    assert [(f.file, f.error) for f in told] == [("ir_directory/competences.csv", False)]


def test_the_page_runs_nothing_and_escapes_what_it_shows(folder):
    add(folder, "routing_tables/reminders.csv", "<script>alert(1)</script>;*;1;30")
    shown = page("draft", check(folder, TODAY), "fr")
    assert "<script" not in shown
    assert "1 erreur, " in shown
    assert shown.startswith("<!DOCTYPE html>")


# -- diff -----------------------------------------------------------------------------------


def test_equal_folders_do_not_differ(folder):
    assert compare(release.ROOT, folder) == ()


def test_what_was_added_ended_changed_or_is_gone_is_told_by_its_key(folder):
    routes = "routing_tables/routes.csv"
    text = (folder / routes).read_text(encoding="utf-8-sig")
    rows = text.splitlines()
    open_row = next(row for row in rows[1:] if row.split(";")[11] == "")
    cells = open_row.split(";")
    ended = ";".join([*cells[:11], "2030-01-01", *cells[12:]])
    edit(folder, routes, open_row, ended)
    edit(folder, "routing_tables/reminders.csv", "*;*;3;15", "*;*;3;20")
    add(folder, "routing_tables/reminders.csv", "PL;*;1;45")
    path = folder / "ir_directory/competences.csv"
    kept = path.read_text(encoding="utf-8-sig").splitlines()
    path.write_text("\ufeff" + "\n".join(kept[:-1]) + "\n", encoding="utf-8")
    found = {(c.file, c.what): c for c in compare(release.ROOT, folder)}
    assert found[routes, "ended"].changes == (("valid_to", "", "2030-01-01"),)
    assert found[routes, "ended"].key.startswith(cells[0])
    assert found["routing_tables/reminders.csv", "changed"].changes == (("days", "15", "20"),)
    assert found["routing_tables/reminders.csv", "added"].key == "PL * 1"
    assert found["ir_directory/competences.csv", "gone"].text("fr").count("DISPARUE") == 1
    assert len(found) == 4


# -- the commands ---------------------------------------------------------------------------


def test_the_commands_say_it_in_either_language(folder, tmp_path):
    edit(folder, "routing_tables/routes.csv", ";FR:01594UR000;", ";FR:NOBODY;")
    html = tmp_path / "report.html"
    told = run("--lang", "fr", "tables", "check", folder, "--html", html)
    assert told.return_value == 1
    assert "n'est pas dans institutions.csv" in told.output
    assert html.is_file()
    objects = [
        json.loads(line) for line in run("tables", "check", folder, "--json").output.splitlines()
    ]
    assert {"file", "line", "column", "level", "known", "text"} == objects[0].keys()
    assert sum(o["level"] == "error" for o in objects) == 1
    [change] = [
        json.loads(line)
        for line in run("tables", "diff", "baseline", folder, "--json").output.splitlines()
    ]
    assert (change["what"], change["changes"][0]["after"]) == ("changed", "FR:NOBODY")
    assert "1 change." in run("tables", "diff", "baseline", folder).output


def test_what_was_not_looked_at_yet_is_said(folder):
    """An area that ended is found once the directory can be read: no second surprise."""
    assert not [f for f in check(folder, TODAY) if "une fois corrigées" in f.french]
    ended(folder, CATCHMENTS, "cpam;dep:31;", {"valid_to": "2026-06-01"})
    add(folder, CATCHMENTS, "cpam;dep:31;FR:0131100000;sure;2027-01-01;;test")
    found = check(folder, TODAY)
    [said] = [f for f in found if "une fois corrigées" in f.french]
    assert (said.place, said.error) == ("ir_directory", False)
    assert {f.column for f in found if f.error} == {"certainty"}
    edit(folder, CATCHMENTS, ";sure;", ";likely;")
    found = check(folder, TODAY)
    assert not [f for f in found if "une fois corrigées" in f.french]
    assert {f.column for f in found if f.error} == {"valid_to"}


def test_a_finding_names_its_place_and_no_part_that_it_does_not_have(folder):
    def told():
        return run("tables", "check", folder, "--all").output.splitlines()[:-1]

    before = told()
    add(folder, "routing_tables/routes.csv", "S-X;S_BUC_24;*;*;*;*;*;*;refer;likely;2027-01-01;;x")
    lines = before + told()
    places = [re.match(r"(?:\(!\) )?(\S+): ", line)[1] for line in lines]
    rows = len((folder / "routing_tables/routes.csv").read_text("utf-8-sig").splitlines())
    assert f"routing_tables/routes.csv:{rows}" in places  # a cell is missing, nobody knows which
    assert "ir_directory/catchments.csv:area" in places
    assert not [place for place in places if "::" in place or ":0" in place]


def test_a_page_that_cannot_be_written_is_one_line(folder, tmp_path):
    told = run("tables", "check", folder, "--html", tmp_path / "none" / "x.html")
    assert isinstance(told.exception, Unreachable)


def test_what_the_system_says_of_a_file_is_told_once_and_in_french(folder, tmp_path):
    told = run("tables", "template", tmp_path / "none" / "t.xlsx", "--from", folder).exception
    place = tmp_path / "none" / "t.xlsx"
    assert told.text("fr") == f"{place} : inutilisable (fichier ou dossier introuvable)."
    (folder / "routing_tables/routes.csv").unlink()
    french = run("--lang", "fr", "tables", "check", folder).output
    assert "routes.csv: le fichier ne peut pas être lu (fichier ou dossier introuvable)" in french


@pytest.mark.parametrize("spoil", ["cp1252", "quote"])
def test_a_table_that_a_spreadsheet_spoilt_is_one_line_in_every_command(folder, tmp_path, spoil):
    """Saved as `CSV` and not as `CSV UTF-8`: `tables diff` ended with a traceback."""
    path = folder / "ir_directory/institutions.csv"
    text = path.read_text("utf-8-sig").replace("d'assurance", "d\u2019assurance é")
    if spoil == "quote":
        head, _, rest = text.partition("\n")
        path.write_text(f'{head}\n"{rest}' + "x;" * 100_000, encoding="utf-8-sig")
    else:
        path.write_bytes(text.encode("cp1252"))
    said = {"cp1252": "pas en UTF-8 ; l'enregistrer", "quote": "un guillemet"}[spoil]
    release.write("2027-01", "2026-baseline", "draft", folder)
    for words in (
        ("diff", "baseline", folder),
        ("template", tmp_path / "t.xlsx", "--from", folder),
        ("merge", folder),
    ):
        told = run("--state", tmp_path / "state", "tables", *words).exception
        assert isinstance(told, Refused), (words, told)
        assert told.text("fr").startswith("institutions.csv")
        assert said in told.text("fr")
    assert said in run("--lang", "fr", "tables", "check", folder).output


def test_a_table_that_cannot_be_read_is_one_line_of_diff(folder):
    path = folder / "ir_directory/institutions.csv"
    path.unlink()
    path.mkdir()  # root reads every file
    told = run("tables", "diff", "baseline", folder).exception
    assert isinstance(told, Unreachable)
    assert told.text("fr") == f"{path} : illisible (c'est un dossier) ; voir les droits."


def test_no_template_is_written_over_a_workbook_that_somebody_works_in(folder, tmp_path):
    book = tmp_path / "t.xlsx"
    book.write_bytes(b"an evening's work")
    told = run("tables", "template", book, "--from", folder)
    assert isinstance(told.exception, Refused)
    assert "nouveau fichier" in told.exception.text("fr")
    assert book.read_bytes() == b"an evening's work"


@pytest.mark.parametrize("tables", ["baseline", "2026-baseline"])
def test_a_template_is_filled_from_what_diff_takes_by_name_too(tmp_path, tables):
    words = ("--state", tmp_path / "state", "tables", "template", tmp_path / "t.xlsx")
    filled = run(*words, "--from", tables)
    assert filled.exception is None, filled.exception
    assert int(re.search(r"(\d+) rows", filled.output)[1]) > 40_000


def test_a_folder_without_tables_is_one_line(tmp_path):
    told = run("tables", "check", tmp_path)
    assert isinstance(told.exception, Refused)
    shutil.rmtree(tmp_path)


def test_a_bad_cell_hides_no_overlap(folder):
    path = folder / "routing_tables" / "routes.csv"
    first = len(path.read_text(encoding="utf-8").splitlines()) + 1
    add(folder, "routing_tables/routes.csv", "S-X;S_BUC_24;*;*;*;*;*;*;refer;sure;2019-01-01;;t;")
    add(folder, "routing_tables/routes.csv", "S-Y;S_BUC_24;*;*;*;*;*;*;refer;solid;2019-01-01;;t;")
    add(folder, "routing_tables/routes.csv", "S-Z;S_BUC_24;*;*;*;*;*;*;refer;solid;2019-01-01;;t;")
    lines = [(f.line, f.column) for f in errors(folder) if f.file == "routing_tables/routes.csv"]
    assert (first, "certainty") in lines
    assert any(line == first + 2 for line, _ in lines)


def test_a_table_without_its_key_is_not_compared(folder):
    edit(folder, "routing_tables/routes.csv", "rule;buc", "rules;buc")
    with pytest.raises(Refused, match="no column rule"):
        compare(release.ROOT, folder)
