"""The gateway against the truth of a made-up year: nothing to the wrong institution."""

import json

import pytest


def held(command, tmp_path, seed, count, *more):
    """What `bench accuracy` says of a made-up year."""
    folder = tmp_path / f"year-{seed}"
    words = ("--seed", seed, "--count", count, "--out", folder, *more)
    made = command(tmp_path, "simulate", "year", *words, timeout=300)
    assert made.returncode == 0, made.stderr
    done = command(tmp_path, "bench", "accuracy", "--truth", folder, "--json", timeout=900)
    assert done.returncode in {0, 1}, done.stderr
    return json.loads(done.stdout)


def keeps_the_promises(found):
    assert found["wrong"] == 0
    assert found["lost"] == 0
    assert found["undecided"] == 0
    assert found["determinable"] > 0.5 * found["cases"]
    assert found["transfer_rate"] >= 0.99
    assert found["asked_cases"] > 0
    assert found["items_per_asked_case"] <= 1.3


def test_a_year_has_no_wrong_transfer(command, tmp_path):
    keeps_the_promises(held(command, tmp_path, seed=1, count=1500))


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_what_the_assumption_sends_astray_is_told_apart(command, tmp_path):
    found = held(command, tmp_path, 6, 300, "--silent-schemes", "0.05")
    assert found["wrong_by_rule"] == 0
    assert found["wrong"] == found["wrong_by_assumption"] > 0


def test_what_a_resolution_costs_is_measured(command, tmp_path):
    done = command(tmp_path, "bench", "resolve", "--json", timeout=300)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert min(found["us_700"], found["us_100k"], found["load_s"]) > 0
