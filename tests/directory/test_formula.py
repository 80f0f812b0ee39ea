"""Cells that a spreadsheet runs: the rule, and that nothing is lost by it."""

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ir_directory.formula import is_run, meant, might_hold, neutral
from ir_directory.sheet import Sheet

RUN = [
    *("=1+1", '=HYPERLINK("http://x")', "+33 1", "+5", "-x", "-2+3", "-05", "--", "-1,5"),
    *("-1234567890", "@SUM(A1)", "\tx", "\r=x", " =x", "\n=x", "\u00a0@x"),
]
PLAIN = [
    "",
    " ",
    "\t",
    "-",
    " - ",
    "=",
    "+",
    "@",
    "-5",
    "-123456789",
    "a=b",
    "'s-Hertogenbosch",
    "''x",
    "5",
    "é",
]

texts = st.one_of(
    st.text(max_size=12),
    st.text(st.sampled_from("='+-@\t\r\n x5"), max_size=6),
)


@pytest.mark.parametrize("cell", RUN)
def test_what_a_spreadsheet_runs_is_written_so_that_it_does_not(cell):
    assert is_run(cell)
    assert neutral(cell) == f"'{cell}"
    assert not is_run(neutral(cell))


@pytest.mark.parametrize("cell", PLAIN)
def test_any_other_cell_stays_as_it_is(cell):
    assert (is_run(cell), neutral(cell), meant(cell)) == (False, cell, cell)


@given(text=texts)
@example(text="'=x")
@example(text="''\t=x")
def test_a_text_comes_back_as_it_was_and_is_never_run(text):
    assert meant(neutral(text)) == text
    assert not is_run(neutral(text))


@given(rows=st.lists(st.lists(texts, min_size=2, max_size=3), min_size=1, max_size=3))
def test_a_text_that_is_let_through_at_a_look_holds_no_such_cell(rows):
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=";", lineterminator="\r\n").writerows(rows)
    special = any(is_run(cell) or meant(cell) != cell for row in rows for cell in row)
    assert might_hold(written.getvalue()) or not special


def sheet_of(folder, *cells):
    path = folder / "t.csv"
    quoted = (f'"{cell}"' for cell in cells)
    path.write_text(
        "one;two\n" + "".join(f"{cell};x\n" for cell in quoted), "utf-8-sig", newline=""
    )
    return Sheet(path, "t.csv", ("one", "two"))


@pytest.mark.parametrize("cell", [cell for cell in RUN if '"' not in cell])
def test_a_table_with_such_a_cell_is_refused_with_its_place_and_mend(tmp_path, cell):
    sheet = sheet_of(tmp_path, "a", cell)
    list(sheet.rows())
    (found,) = sheet.problems
    assert found.place.startswith("t.csv:")
    assert found.place.endswith(":one")
    assert found.line >= 3
    assert f"`{cell.strip()}`" in found.english
    assert "begin it with" in found.english
    assert f"« {cell.strip()} »" in found.french
    assert "la commencer par" in found.french


def test_a_table_is_read_as_it_is_meant(tmp_path):
    sheet = sheet_of(tmp_path, "'=1+1", "-", "-5", "'s-Hertogenbosch", "''@x")
    read = [row["one"] for row in sheet.rows()]
    assert sheet.problems == []
    assert read == ["=1+1", "-", "-5", "'s-Hertogenbosch", "'@x"]
