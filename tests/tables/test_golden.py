"""Golden cases: they hold on the baseline, and a draft that breaks one is refused."""

from datetime import date

import pytest

from gateway.loading import tables
from gateway.tables import golden
from gateway.tables.checking import check
from routing_tables.release import ROOT
from tests.tables.conftest import edit

TODAY = date(2026, 11, 25)


def errors(folder):
    return [(f.file, f.line, f.column) for f in check(folder, TODAY) if f.error]


def test_the_golden_cases_hold_on_the_baseline():
    assert golden.problems(ROOT, tables()) == ()
    text = (ROOT / golden.FILE).read_text(encoding="utf-8-sig")
    assert {line.split(";")[10] for line in text.splitlines()[1:]} > {golden.ASK, "FR:0101100000"}


def test_a_row_that_breaks_one_is_an_error_of_the_draft(folder):
    edit(folder, "ir_directory/catchments.csv", "dep:01;FR:0101100000", "dep:01;FR:0169100000")
    assert (golden.FILE, 2, "expected") in errors(folder)


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [
        ("G-01;S_BUC_24;S040;2026-06-01;insured", "G-01;S_BUC_24;S040;1.6.2026;insured", "on"),
        ("G-01;S_BUC_24;S040;2026-06-01;insured", "G-01;S_BUC_24;S040;2026-06-01;me", "person"),
        ("FR:0101100000;CPAM of", "refer;CPAM of", "expected"),
        ("FR:0101100000;CPAM of", "FR:1;CPAM of", "expected"),
        ("Bourg-en-Bresse;;;FR", "Bourg-en-Bresse;employees;;FR", "population"),
        ("G-01;S_BUC_24;S040;", "G-01;;S040;", "buc"),
        ("G-01;S_BUC_24;S040;", "G-01;S_BUC_24;;", "sed"),
        ("G-01;S_BUC_24;S040;2026-06-01;", "G-01;S_BUC_24;S040;;", "on"),
        ("G-01;S_BUC_24;S040;", ";S_BUC_24;S040;", "case"),
    ],
)
def test_a_case_that_is_written_wrongly_is_named(folder, old, new, column):
    edit(folder, golden.FILE, old, new)
    assert errors(folder) == [(golden.FILE, 2, column)]


def test_the_cells_are_looked_at_whatever_is_wrong_elsewhere(folder):
    edit(folder, golden.FILE, "G-02;S_BUC_24;S040;2026-06-01;", "G-02;S_BUC_24;S040;01/06/2026;")
    edit(folder, golden.FILE, "G-04;", "G-03;")
    edit(folder, "routing_tables/routes.csv", ";solid;", ";sure;")
    edit(folder, "ir_directory/institutions.csv", ";2019-01-01;", ";01/01/2019;")
    assert [place for place in errors(folder) if place[0] == golden.FILE] == [
        (golden.FILE, 3, "on"),
        (golden.FILE, 5, "case"),
    ]


def test_a_release_without_the_table_has_none(folder):
    (folder / golden.FILE).unlink()
    assert golden.problems(folder, tables()) == ()
