"""Decisions held against the truth: what is counted, and what an assumption sends astray."""

from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from gateway.bench.accuracy import Truth, compare, measure
from gateway.cli import cli
from gateway.core.states import MessageState
from gateway.errors import Refused
from gateway.journal.rows import Row
from gateway.simulation import year

AT = datetime(2026, 3, 2, tzinfo=UTC)


def truth(message, case, expected="transfer", institution="FR:1", determinable=True):
    return Truth(message, case, frozenset({expected}), frozenset({institution}), determinable, "p")


def row(message, case, decision, institution=None, missing=(), buc="S_BUC_24"):
    return Row(
        message, AT, case, buc, "S040", "DE:1", decision, None, institution,
        MessageState.DONE,
        missing=missing,
    )  # fmt: skip


def test_a_wrong_hand_over_is_that_of_a_rule_unless_the_scheme_was_assumed():
    truths = [truth("a", "A"), truth("b", "B"), truth("c", "C")]
    rows = {
        "a": row("a", "A", "transfer", "FR:2"),
        "b": row("b", "B", "transfer", "FR:2", buc="P_BUC_01"),
        "c": row("c", "C", "transfer", "FR:1"),
    }
    found = compare(truths, rows, frozenset({"B"}))
    assert (len(found.wrong), found.wrong_by_assumption) == (2, 1)
    assert found.by_buc == {
        "S_BUC_24": {"transfer > wrong": 1, "transfer > transfer": 1},
        "P_BUC_01": {"transfer > wrong": 1},
    }


def test_questions_data_and_rounds_are_counted_by_case():
    asked = [truth(m, "A", "ask") for m in "ab"] + [truth("c", "A"), truth("d", "B", "ask")]
    rows = {
        "a": row("a", "A", "ask", missing=("residence", "institution")),
        "b": row("b", "A", "ask", missing=("town",)),
        "c": row("c", "A", "transfer", "FR:1"),
        "d": row("d", "B", "ask", missing=("residence",)),
    }
    found = compare(asked, rows)
    assert (found.questions, found.asked_cases, found.settled_cases) == (3, 2, 1)
    assert (found.items_per_asked_case, found.rounds_per_settled_case) == (2.0, 2.0)


def test_nothing_asked_is_no_division_by_zero():
    found = compare([truth("a", "A")], {"a": row("a", "A", "transfer", "FR:1")})
    assert (found.items_per_asked_case, found.rounds_per_settled_case) == (0.0, 0.0)


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_only_an_assumption_sends_silent_schemes_astray(tmp_path, share):
    year(tmp_path / "t", seed=2, count=60, silent=share, end=AT + timedelta(days=300))
    (found,) = measure(tmp_path / "t")
    assert len(found.wrong) == found.wrong_by_assumption
    assert bool(found.wrong) == bool(share)
    assert not found.lost


def test_a_silent_person_has_the_same_sed_and_another_truth(tmp_path):
    for name, share in (("a", 0.0), ("b", 1.0)):
        year(tmp_path / name, seed=3, count=40, silent=share)
    first = sorted(p.name for p in (tmp_path / "a" / "messages").glob("000001*"))
    assert all(
        (tmp_path / "a" / "messages" / name).read_bytes()
        == (tmp_path / "b" / "messages" / name).read_bytes()
        for name in first
    )
    told = (tmp_path / "b" / "truth.csv").read_text(encoding="utf-8")
    assert "silent-" in told
    assert "silent-" not in (tmp_path / "a" / "truth.csv").read_text(encoding="utf-8")


SEEDS = range(1, 21)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("silent", [0.0, 0.02, 0.05])
def test_no_year_of_twenty_has_a_wrong_transfer_but_by_the_assumption(tmp_path, silent):
    """The measures of the tables; `ops/performance.md` has larger years."""
    folders = [tmp_path / str(seed) for seed in SEEDS]
    for seed, folder in zip(SEEDS, folders, strict=True):
        year(folder, seed=seed, count=200, silent=silent)
    found = measure(*folders)
    for held in found:
        assert len(held.wrong) == held.wrong_by_assumption
        assert (held.lost, held.undecided) == ([], [])
        assert held.determinable > 0.5 * held.cases
        assert held.asked_cases > 0
        assert held.items_per_asked_case <= 1.3
    determinable = sum(held.determinable for held in found)  # one year is some hundred of them
    assert sum(held.transferred for held in found) >= 0.99 * determinable
    astray = sum(held.wrong_by_assumption for held in found)
    assert bool(astray) == bool(silent)
    assert astray <= silent * sum(held.cases for held in found)


def test_folders_are_held_against_their_own_truth(tmp_path):
    """Files of the same name in two of them are two messages."""
    for seed in (1, 2):
        year(tmp_path / str(seed), seed=seed, count=20)
    first, second = measure(tmp_path / "1", tmp_path / "2")
    assert (first.lost, second.lost) == ([], [])
    assert first.messages + second.messages > 40
    assert first.by_buc != second.by_buc


def test_a_folder_that_holds_no_made_up_year_is_one_line(tmp_path):
    words = ["--lang", "fr", "bench", "accuracy", "--truth", str(tmp_path)]
    told = CliRunner().invoke(cli, words, standalone_mode=False).exception
    assert isinstance(told, Refused)
    assert "donner son --out" in told.text("fr")
