"""The fault table names tests that exist, and says something in every cell."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "ops" / "faults.md").read_text(encoding="utf-8")
HEAD = "| fault | what happens | lost | doubled | wrong | as before after | shown by |"


SCENARIOS = (
    *("before and after each call of a port, on a file and on a database", "50 kills in one run"),
    *("the broker is killed and comes back", "the leader of `eessi.inbound` is killed"),
    *("the connection is reset", "the connection is refused", "the line swallows everything"),
    *("the inbound queue is deleted under the consumer", "no queue takes a hand-over"),
    *("memory alarm", "all connections are closed by an operator", "the server is killed and"),
    *("its synchronous standby takes over", "all connections are cut", "a statement hangs"),
    *("the disk is full (tmpfs", "the clock is set back and forth", "one to five times"),
    *("three workers at one broker, of which one is killed each five seconds",),
    *("two workers have SEDs of one case at one instant", "`SIGTERM` under load"),
    *("another release comes into force between judging and recording",),
)
"""What a row at least is about: faults that no change may drop from the table unnoticed."""


def rows(page):
    """The cells of each row that is neither a head nor the line under one."""
    lines = [line for line in page.splitlines() if line.startswith("| ")]
    table = [line for line in lines if line != HEAD and not line.startswith("| ---")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table]


def there(name):
    """Whether `file::test` is a test of the suite."""
    path, _, test = name.partition("::")
    if not (ROOT / path).is_file():
        return False
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return test in {node.name for node in tree.body if isinstance(node, kinds)}


NAMED = sorted(set(re.findall(r"`(tests/[^`]+::[^`]+)`", PAGE)))


@pytest.mark.parametrize("name", NAMED)
def test_a_test_that_the_fault_table_names_exists(name):
    assert there(name)


def test_a_test_that_does_not_exist_would_be_seen():
    assert not there("tests/e2e/test_kill.py::test_nothing_of_the_kind")
    assert not there("tests/e2e/test_nowhere.py::test_fifty_kills_change_nothing")


@pytest.mark.parametrize("fault", SCENARIOS)
def test_each_fault_that_must_do_no_harm_has_its_row(fault):
    found = [row for row in rows(PAGE) if fault in row[0]]
    assert found
    for row in found:
        assert row[4] == "0", row  # nothing is decided wrongly
        if "deleted" not in row[0]:  # what stood in a queue goes with it
            assert row[2] == "0", row


def test_every_row_says_everything_and_names_its_test():
    found = rows(PAGE)
    assert len(found) == PAGE.count("::test_")
    for row in found:
        assert len(row) == 7, row
        assert all(row), row
        assert row[6].strip("`") in NAMED, row
