"""`kill -9` at any moment: nothing lost, nothing decided or handed over twice.

Two gateways get the same messages; one works in peace, the other is killed again and again while
it works. Afterwards both have the same decisions and the same hand-overs under the same names.
"""

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys

import pytest

CASES = 60
SLOW = {"EESSI_GATEWAY_WORKERS__IN_FLIGHT": "4", "EESSI_GATEWAY_RELAY__BATCH": "3"}
"""Few at a time: more different moments in which a kill can come."""


@pytest.fixture(scope="session")
def traffic(tmp_path_factory):
    """A made-up fortnight with follow-ups, duplicates and malformed messages."""
    folder = tmp_path_factory.mktemp("traffic")
    subprocess.run(
        [
            *(sys.executable, "-m", "gateway", "simulate", "year", "--seed", "7"),
            *("--count", str(CASES), "--out", str(folder)),
        ],
        check=True,
        capture_output=True,
    )
    return sorted((folder / "messages").iterdir())


def arrive(traffic, state):
    inbound = state / "inbound"
    inbound.mkdir(parents=True)
    for path in traffic:
        shutil.copy(path, inbound)


def hand_overs(files):
    """What was handed over: place and name, and the bytes that came from abroad."""
    return {p: body for p, body in files.items() if not p.endswith(".json")} | {
        p: stable(body) for p, body in files.items() if p.endswith(".json")
    }


def stable(sidecar):
    told = json.loads(sidecar)
    told.pop("decided_at")
    return told


def without_times(files):
    """X SEDs carry the instant at which they were composed."""
    return {
        p: body if not p.startswith("rina/") else len(body) for p, body in hand_overs(files).items()
    }


def overtaken(state):
    """Questions that had not left when their case was forwarded: whether they had is chance."""
    with sqlite3.connect(state / "journal.db") as journal:
        found = journal.execute("SELECT message_id FROM sending WHERE error = 'overtaken'")
        names = {f"rina/{message_id}.xml" for (message_id,) in found}
    journal.close()
    return names


def decisions(rows):
    return {
        row["message_id"]: (row["decision"], row["cause"], row["institution"], row["state"])
        for row in rows
    }


def waiting(state):
    """Messages not taken yet; a sidecar that a kill left alone is nothing."""
    return [p for p in (state / "inbound").iterdir() if not p.name.endswith(".json")]


def run_with_kills(daemon, recovered, state, kills, seed):
    """Kill the gateway `kills` times while it records or sends; how often it really was at work."""
    rng = random.Random(seed)
    at_work = 0
    for _ in range(kills):
        gateway = daemon(state=state, env=SLOW)
        gateway.wait_for("started")
        if not waiting(state):
            gateway.kill()
            break
        gateway.wait_for(rng.choice(["message-recorded", "message-recorded", "batch-sent"]))
        gateway.pause(rng.uniform(0, 0.02))
        gateway.kill()
        at_work += 1
    with recovered():
        gateway = daemon("--until-idle", state=state, env=SLOW)
        gateway.wait_for("started")
    assert gateway.join() == 0
    return at_work


def compare(daemon, recovered, traffic, tmp_path, listed, outbound, kills, seed):
    peace, war = tmp_path / "peace", tmp_path / "war"
    arrive(traffic, peace)
    arrive(traffic, war)
    assert daemon("--until-idle", state=peace, env=SLOW).join() == 0
    at_work = run_with_kills(daemon, recovered, war, kills, seed)
    rows = listed(peace, "journal", "list", "--limit", "100000")
    again = listed(war, "journal", "list", "--limit", "100000")
    assert decisions(rows) == decisions(again)
    chance = overtaken(peace) | overtaken(war)
    left = [without_times(outbound(state)) for state in (peace, war)]
    one, other = ({p: b for p, b in files.items() if p not in chance} for files in left)
    assert one == other
    assert not waiting(war)
    return at_work


def test_a_killed_gateway_ends_where_an_undisturbed_one_ends(
    daemon, recovered, traffic, tmp_path, listed, outbound
):
    at_work = compare(daemon, recovered, traffic, tmp_path, listed, outbound, kills=6, seed=1)
    assert at_work >= 4


@pytest.mark.long
def test_fifty_kills_change_nothing(daemon, recovered, tmp_path, listed, outbound):
    folder = tmp_path / "traffic"
    subprocess.run(
        [
            *(sys.executable, "-m", "gateway", "simulate", "year", "--seed", "8"),
            *("--count", "900", "--out", str(folder)),
        ],
        check=True,
        capture_output=True,
        env=os.environ,
    )
    traffic = sorted((folder / "messages").iterdir())
    at_work = compare(daemon, recovered, traffic, tmp_path, listed, outbound, kills=50, seed=2)
    assert at_work == 50
