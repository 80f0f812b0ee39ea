"""The yearly report as rows, pages and charts; and the published table as it was printed."""

import ast
import json
import os
import re
import string
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from lxml import etree

import gateway.annual
from gateway.annual import Annual, Given, Row, Year, bounds, count, month_of, risk, trend
from gateway.annual.opening import files
from gateway.annual.parts import document
from gateway.annual.published import annex3
from gateway.annual.writing import html, markdown
from gateway.cli import cli
from gateway.cli.annual import titles
from gateway.journal.accounts import CaseAccount
from gateway.wording.yearly import TEXTS

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
REPOSITORY = Path(__file__).parents[2]
HEAD = "code\ttitle_fr\ttransferred_2023\tprevious_2022\ttrend_arrow\n"


def case(buc="S_BUC_24", sender="DE:1", **more):
    return CaseAccount(NOW, buc, sender, **more)


def test_arrows_risks_and_months():
    assert [trend(1, 2), trend(2, 1), trend(2, 2)] == ["↘", "↗", "="]
    assert [risk(b) for b in ("F_BUC_01", "FB_BUC_02", "AW_BUC_7c", "-")] == ["FB", "FB", "AW", "-"]
    assert month_of(datetime(2026, 7, 31, 22, 0, tzinfo=UTC)) == "2026-08"
    assert bounds(2026, 12)[1] == bounds(2026)[1] == datetime(2026, 12, 31, 23, tzinfo=UTC)
    assert Row("S", "", 1, 1).trend is None


@pytest.mark.parametrize(
    ("flags", "outcome"),
    [
        ({"holder": "FR:1", "person": True, "questions": 1}, "transferred"),
        ({"left": True, "person": True}, "left"),
        ({"refused": True, "person": True}, "refused"),
        ({"questions": 1, "person": True}, "person"),
        ({"questions": 1}, "asked"),
        ({"observed": True, "person": True}, "person"),
        ({"observed": True, "questions": 1}, "observed"),
        ({}, "other"),
    ],
)
def test_each_case_has_one_outcome(flags, outcome):
    cells = count([case(**flags)])
    assert cells["buc", "S_BUC_24", outcome] == 1
    outcomes = gateway.annual.OUTCOMES
    assert sum(cells["buc", "S_BUC_24", name] for name in outcomes) == 1


@pytest.mark.parametrize("apart", ["test", "imported", "ours", "duplicate"])
def test_what_stands_apart_is_in_nothing_else(apart):
    assert count([case(holder="FR:1", causes=("own",), **{apart: True})]) == {
        ("apart", apart, "cases"): 1
    }


def test_legislation_is_in_no_rate_and_no_other_table():
    cells = count([case("LA_BUC_01", holder="FR:1", questions=2, causes=("own",))])
    assert {table for table, _, _ in cells} == {"legislation"}


@pytest.fixture
def annual():
    figures = count(
        [
            *[case(holder="FR:1", delivered=True)] * 12,
            *[case("P_BUC_01", "PL:<1>", causes=("own",), person=True)] * 3,
            *[case("LA_BUC_01")] * 2,
        ]
    )
    before = Year(2025, count([case(holder="FR:1")] * 20))
    return Annual(Year(2026, figures), before, (Given("a|b", "1 %", "<S>"),), titles={})


def test_the_table_is_ordered_by_what_was_transferred(annual):
    assert [(r.buc, r.received, r.transferred, r.previous, r.trend) for r in annual.rows()] == [
        ("S_BUC_24", 12, 12, 20, "↘"),
        ("P_BUC_01", 3, 0, 0, "="),
    ]
    assert annual.risks() == {"S": (12, 12), "P": (3, 0)}
    assert annual.total("received") == 15


def test_the_page_is_well_formed_and_each_chart_has_its_table(annual):
    page = html(document(annual, "fr"), "fr").replace("<!DOCTYPE html>", "")
    page = re.sub(r"<(meta[^>]*)>", r"<\1/>", page)
    tree = etree.fromstring(page.replace(" class=n", ' class="n"'))
    names = {"s": "http://www.w3.org/2000/svg"}
    charts = tree.findall(".//s:svg", names)
    assert len(charts) == 3
    ids = {one.get("id") for one in tree.iter() if one.get("id")}
    for chart in charts:
        assert chart.get("role") == "img"
        assert set(chart.get("aria-labelledby").split()) <= ids
        pair = chart.getparent().getparent()
        assert pair.find("table") is not None
        numbers = {text.text for text in chart.findall("s:text", names)}
        assert "12" in numbers
    assert tree.findall(".//script") == []
    assert "&lt;S&gt;" in page


def test_markdown_cells_cannot_break_the_table(annual):
    assert "| a\\|b | 1 % | \\<S> |" in markdown(document(annual, "en"))


def test_open_data_are_whole_by_buc_and_suppressed_beyond(annual):
    data = files(annual)
    assert "2026;P_BUC_01;;3;0;0;=;0;0\n" in data["buc-2026.csv"]
    assert "2026;PL;;" in data["country-2026.csv"]
    assert "2026;DE;;" in data["country-2026.csv"], "else 15 - 12 would tell"
    assert "2026;S_BUC_24;DE;;" in data["buc-country-2026.csv"]


def used():
    """Each code that the report puts in words, read from the source."""
    found = set()
    for path in Path(gateway.annual.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and node.value in TEXTS:
                found.add(node.value)
    return found


def test_every_text_is_used_and_has_the_same_parameters_in_both_languages():
    made = {code for code in TEXTS if code.startswith(("risk-", "outcome-", "apart-", "note-"))}
    made |= {f"{rate}-rate" for rate in gateway.annual.RATES}
    assert set(TEXTS) - used() - made == set()
    for english, french in TEXTS.values():
        assert english
        fields = [{n for _, n, _, _ in string.Formatter().parse(t) if n} for t in (english, french)]
        assert fields[0] == fields[1]
    for name in (*gateway.annual.OUTCOMES,):
        assert f"outcome-{name}" in TEXTS


def test_each_buc_of_the_catalogue_has_a_title_in_both_languages():
    """Of its own in each, where anybody has named it: a reader of French gets no English title."""
    catalogue = (REPOSITORY / "sed_schemas" / "bucs.csv").read_text("utf-8-sig").splitlines()[1:]
    named = {lang: titles(lang) for lang in ("en", "fr")}
    bucs = {line.split(";")[0] for line in catalogue}
    assert bucs <= named["en"].keys() & named["fr"].keys()
    assert [buc for buc in bucs if not (named["en"][buc] and named["fr"][buc])] == []
    assert [buc for buc in bucs if named["en"][buc] == named["fr"][buc]] == []


# -- as published ---------------------------------------------------------------------------


def run(*words):
    return CliRunner().invoke(cli, ["report", "annual", *map(str, words)])


def test_a_published_table_is_printed_as_it_is(tmp_path):
    path = tmp_path / "t.tsv"
    path.write_text(f"{HEAD}S_BUC_15\tSoins\t10\t1\t↘\nF_BUC_01\tFam\t2\t2\t=\n", "utf-8")
    given = tmp_path / "g.tsv"
    given.write_text("figure\tvalue\tsource\ntransferred\t11\tthe text\n", "utf-8")
    done = run("--from", path, "--given", given)
    assert "| S_BUC_15 | Soins | 10 | ↘ 1 | ↗ |" in done.output
    assert "S_BUC_15: the printed arrow ↘ contradicts 10 against 1 (↗)." in done.output
    assert "11 is stated (the text); the rows add up to 12: +1." in done.output
    rows = [json.loads(line) for line in run("--from", path, "--json").output.splitlines()]
    assert [(r["trend"], r["computed"], r["contradicts"]) for r in rows] == [
        ("↘", "↗", True),
        ("=", "=", False),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("code\ttitle_fr\n", "line 1: no column transferred_"),
        (f"{HEAD}S\tt\tmany\t1\t=\n", "line 2: a figure is no number"),
        (f"{HEAD}S\tt\n", "line 2: a figure is no number"),
    ],
)
def test_a_table_that_cannot_be_used_is_named(tmp_path, text, said):
    path = tmp_path / "t.tsv"
    path.write_text(text, "utf-8")
    done = run("--from", path)
    assert done.exception is not None
    assert said in str(done.exception)


def test_a_figure_without_a_source_is_refused(tmp_path):
    path = tmp_path / "g.tsv"
    path.write_text("figure\tvalue\tsource\nratio\t37 %\t\n", "utf-8")
    done = run("--year", 2026, "--given", path)
    assert "line 2: figure, value and source are needed" in str(done.exception)


@pytest.mark.parametrize(
    "words", [(), ("--year", 2026, "--from", "x"), ("--from", "x", "--compare", 1999)]
)
def test_one_source_is_needed(words):
    assert run(*words).exit_code == 2


@pytest.mark.reference
def test_annex_3_is_reproduced_with_its_contradictions():
    root = Path(os.environ.get("EESSI_REFERENCE", REPOSITORY.parent / "shared" / "reference"))
    if not root.is_dir():
        pytest.skip(f"no reference folder: {root}; set EESSI_REFERENCE")
    path = root / "seed" / "annex3.tsv"
    rows = annex3(path)
    report = (root / "seed" / "cleiss-rapport-activite-2023.md").read_text("utf-8")
    for row in rows:
        assert f"{row.buc}\t{row.title}\t{row.transferred}\t{row.arrow} {row.previous}" in report
    assert (len(rows), sum(r.transferred for r in rows), sum(r.previous for r in rows)) == (
        *(50, 8259, 10287),
    )
    assert [r.buc for r in rows if r.contradicts] == ["UB_BUC_02", "S_BUC_15"]
    shown = run("--from", path).output
    assert "S_BUC_01a, S_BUC_01: one title for different BUCs." in shown
    assert "The columns add up to 8259 and 10287." in shown
    assert "AW_BUC_7c: an old code of AW_BUC_07c." in shown
