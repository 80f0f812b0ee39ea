"""Decisions held against the truth: what is counted, and what an assumption sends astray."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.bench.accuracy import Truth, compare, measure
from gateway.core.states import MessageState
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
    found = measure(tmp_path / "t")
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
