"""A draft that others overtook: what they changed is taken over, and nobody's work is lost."""

import json

import pytest
from click.testing import CliRunner

from gateway.cli import cli
from gateway.tables import keeping
from gateway.tables.comparing import compare
from gateway.tables.drafting import draft
from gateway.tables.merging import take_over, three_ways
from routing_tables import release
from tests.tables.conftest import add, edit

ROUTES = "routing_tables/routes.csv"
REMINDERS = "routing_tables/reminders.csv"


def row(rule, target="refer"):
    return f"{rule};S_BUC_99;S040;*;*;*;*;*;{target};likely;2019-01-01;;test;"


@pytest.fixture
def base():
    return release.ROOT


@pytest.fixture
def theirs(tmp_path):
    draft(tmp_path / "theirs", "2026-05")
    return tmp_path / "theirs"


@pytest.fixture
def ours(tmp_path):
    draft(tmp_path / "ours", "2026-06")
    return tmp_path / "ours"


def test_three_that_are_the_same_differ_in_nothing(base, theirs, ours):
    merge = three_ways(base, theirs, ours)
    assert (merge.ours, merge.theirs, merge.both) == ((), (), ())


def test_a_column_that_they_have_added_is_taken_over(base, theirs, ours):
    path = theirs / "ir_directory" / "institutions.csv"
    rows = [{**row, "address": "1 rue X"} for row in keeping.rows(path)]
    keeping.write(path, [*keeping.header(path), "address"], rows)
    take_over(three_ways(base, theirs, ours), theirs, ours)
    merge = three_ways(base, theirs, ours)
    assert (merge.ours, merge.theirs, merge.both) == ((), (), ())


def test_each_change_has_its_author(base, theirs, ours):
    add(theirs, ROUTES, row("T-THEIRS"))
    add(ours, ROUTES, row("T-OURS"))
    merge = three_ways(base, theirs, ours)
    assert [change.key for change in merge.theirs] == ["T-THEIRS 2019-01-01"]
    assert [change.key for change in merge.ours] == ["T-OURS 2019-01-01"]
    assert merge.undone == merge.theirs


def test_the_same_change_twice_is_none(base, theirs, ours):
    for folder in (theirs, ours):
        add(folder, ROUTES, row("T-SAME"))
    merge = three_ways(base, theirs, ours)
    assert (merge.ours, merge.theirs, merge.both) == ((), (), ())


def test_a_row_that_both_changed_otherwise_is_for_a_person(base, theirs, ours):
    add(theirs, ROUTES, row("T-BOTH", "FR:0156200000"))
    add(ours, ROUTES, row("T-BOTH"))
    ((of_theirs, of_ours),) = three_ways(base, theirs, ours).both
    assert of_theirs.key == of_ours.key == "T-BOTH 2019-01-01"


def test_what_is_taken_over_leaves_the_drafts_own_changes(base, theirs, ours):
    add(theirs, ROUTES, row("T-THEIRS"))
    edit(theirs, REMINDERS, "*;*;1;30", "*;*;1;20")
    add(ours, ROUTES, row("T-OURS"))
    take_over(three_ways(base, theirs, ours), theirs, ours)
    after = three_ways(base, theirs, ours)
    assert (after.theirs, after.both) == ((), ())
    assert [change.key for change in compare(theirs, ours)] == ["T-OURS 2019-01-01"]


def test_a_row_they_took_out_goes_and_a_table_they_added_comes(base, theirs, ours):
    edit(theirs, REMINDERS, "*;*;3;15\n", "")
    (theirs / "routing_tables/questions/sv.csv").write_text(
        "\ufeffdatum;section;item;text\ntown;Adress;Ort;Vilken ort?\n", encoding="utf-8"
    )
    take_over(three_ways(base, theirs, ours), theirs, ours)
    assert compare(theirs, ours) == ()


# -- the command --------------------------------------------------------------------------------


@pytest.fixture
def run(tmp_path, monkeypatch, theirs):
    """`tables merge`, with `theirs` in force."""
    monkeypatch.setattr("gateway.cli.Settings.tables_in_force", lambda _: theirs)

    def merge(*words):
        args = ["--state", str(tmp_path / "var"), "tables", "merge", *map(str, words)]
        done = CliRunner().invoke(cli, args, standalone_mode=False)
        if done.exception is not None:
            raise done.exception
        return done

    return merge


def test_it_shows_and_takes_over(run, theirs, ours):
    add(theirs, ROUTES, row("T-THEIRS"))
    add(ours, ROUTES, row("T-OURS"))
    release.rewrite(theirs)
    shown = run(ours, "--json").output.splitlines()
    assert [json.loads(line)["who"] for line in shown] == ["theirs", "ours"]
    assert release.head(ours).base == release.load().name
    assert run(ours, "--apply").return_value == 0
    assert release.head(ours).base == "2026-05"
    assert [change.key for change in compare(theirs, ours)] == ["T-OURS 2019-01-01"]


def test_what_both_changed_keeps_the_draft_open_until_somebody_decides(run, theirs, ours):
    add(theirs, ROUTES, row("T-BOTH", "FR:0156200000"))
    add(ours, ROUTES, row("T-BOTH"))
    release.rewrite(theirs)
    done = run(ours, "--apply")
    assert done.return_value == 1
    assert "BOTH" in done.output
    assert release.head(ours).base == release.load().name
    assert run(ours, "--apply", "--keep-ours").return_value == 0
    assert release.head(ours).base == "2026-05"
    assert [change.what for change in compare(theirs, ours)] == ["changed"]


def test_a_folder_without_a_manifest_is_no_draft(run, tmp_path):
    with pytest.raises(Exception, match="no draft"):
        run(tmp_path)
