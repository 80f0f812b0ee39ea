"""What monitoring is told: the worst thing decides, and everything that is not well is named."""

import re

import pytest

from gateway.config import Watching
from gateway.seen.verdict import unknown, verdict
from gateway.seen.watching import LEVELS, PARTS, Part, State, shown


def status(**changes):
    """What `status --json` shows of a gateway that is well, but for the changes."""
    states = dict.fromkeys(PARTS, State.IDLE) | changes.pop("states", {})
    parts = [shown(Part(name, state, 2, 7.25)) for name, state in states.items()]
    return {
        "running": True,
        "not_ready": [],
        "unaccepted_tables": False,
        "unconfirmed_rollback": False,
        "status_files_rejected": 0,
        "worklist": {"several": 2, "own": 1},
        "quarantine": {},
        "questions_open": 4,
        "parts": parts,
        **changes,
    }


def test_all_well_is_0_with_the_figures_and_their_thresholds():
    level, line = verdict(status(), Watching())
    assert level == 0
    assert line.startswith("EESSI-GATEWAY OK - ")
    figures = line.partition(" | ")[2].split()
    assert "outbox_age=7.2s;60;300" in figures
    assert {"outbox=2", "worklist=3", "quarantine=0", "questions=4"} <= set(figures)
    assert all(re.fullmatch(r"[a-z_]+=[0-9.]+s?(;[0-9.]+;[0-9.]+)?", one) for one in figures)


@pytest.mark.parametrize("state", State)
def test_each_state_has_its_level(state):
    level, line = verdict(status(states={"outbox": state}), Watching())
    assert level == LEVELS[state]
    assert (f"outbox {state}" in line) == (level > 0)


@pytest.mark.parametrize(
    ("changes", "level", "said"),
    [
        ({"running": False}, 2, "CRITICAL - not running |"),
        ({"not_ready": ["journal-unavailable"]}, 2, "not ready (journal-unavailable)"),
        ({"not_ready": ["paused"]}, 0, "OK"),
        ({"unaccepted_tables": True}, 1, "example tables not accepted"),
        ({"unconfirmed_rollback": True}, 1, "roll-back of the tables not confirmed"),
        ({"status_files_rejected": 3}, 1, "status files rejected (3)"),
    ],
)
def test_what_is_no_part_counts_too(changes, level, said):
    found, line = verdict(status(**changes), Watching())
    assert found == level
    assert said in line


def test_the_worst_comes_first_and_the_line_is_one():
    states = {"intake": State.LAG, "outbox": State.STUCK}
    level, line = verdict(status(states=states, unconfirmed_rollback=True), Watching())
    assert level == 2
    assert "CRITICAL - outbox stuck, intake lag, roll-back" in line
    assert "\n" not in line


def test_what_cannot_be_known_is_3():
    assert unknown("no-journal") == (3, "EESSI-GATEWAY UNKNOWN - no-journal")
