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
    ],
)
def test_a_case_that_is_written_wrongly_is_named(folder, old, new, column):
    edit(folder, golden.FILE, old, new)
    assert errors(folder) == [(golden.FILE, 2, column)]


def test_a_release_without_the_table_has_none(folder):
    (folder / golden.FILE).unlink()
    assert golden.problems(folder, tables()) == ()
