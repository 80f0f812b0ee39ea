"""What is old goes beside the traffic, is gone from the file, and every command says so."""

import json
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta

import pytest

DAY = 86_400 * 1_000_000
TEN_DAYS = 10 * DAY
AGED = {
    "history": ("at",),
    "message": ("received_at",),
    "decision": ("decided_at",),
    "sending": ("composed_at", "due", "settled_at"),
    "deed": ("at",),
    "case_deed": ("at",),
}
WEEK = {f"EESSI_GATEWAY_RETENTION__{kind}_DAYS": "7" for kind in ("BODIES", "EVIDENCE", "OUTBOUND")}


def aged(state, by=TEN_DAYS):
    """Let so many microseconds pass in a journal at rest."""
    with closing(sqlite3.connect(state / "journal.db")) as db, db:
        for table, columns in AGED.items():
            for column in columns:
                db.execute(f"UPDATE {table} SET {column} = {column} - {by}")


@pytest.fixture
def old(daemon, a_message, person, tmp_path):
    """A state folder in which nothing has happened for ten days; one case is asked about."""
    gateway = daemon(env={"EESSI_GATEWAY_RETENTION__BODIES_DAYS": "7"})
    for n in range(8):
        gateway.put(f"{n}.xml", a_message(f"m{n}", inside=person(family="Vergessen")))
    gateway.put("9.xml", a_message("asked", inside=person(town=None, family="Behalten")))
    gateway.wait_for("message-recorded", 9)
    assert gateway.terminate() == 0
    aged(gateway.state)
    return gateway.state


def said(command, state, *words, env=None):
    done = command(state, *words, env=env)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_is_old_goes_beside_the_traffic(old, daemon, command, listed, a_message, tmp_path):
    before = listed(old, "journal", "list")
    gateway = daemon(state=old, env=WEEK)
    gateway.wait_for("started")
    plan = [
        json.loads(x)
        for x in said(command, old, "retention", "plan", "--json", env=WEEK).splitlines()
    ]
    assert {p["class"]: p["items"] for p in plan[:4]} == {
        "bodies": 8,
        "evidence": 8,
        "outbound": 24,
        "quarantine": 0,
    }
    assert plan[4:] == [{"kind": "unfinished", "reason": "waiting", "cases": 1}]
    for n in range(5):
        gateway.put(f"late{n}.xml", a_message(f"late{n}"))
    words = ("retention", "apply", "--why", "their time is over")
    assert "8 (" in said(command, old, *words, env=WEEK)
    gateway.wait_for("message-recorded", 5)
    assert "Nothing is older" in said(command, old, *words, env=WEEK)
    assert 'kept="bodies"} 8.0' in gateway.get("/metrics")[1]
    assert [r for r in listed(old, "journal", "list") if r in before] == before
    listing = said(command, old, "retention", "list", "--lang", "fr")
    assert "their time is over" in listing
    assert len(listing.splitlines()) == 3

    case_id = before[0]["case_id"]
    shown = said(command, old, "journal", "show", case_id)
    assert "erased" in shown
    assert "what=bodies,evidence,outbound" in shown
    assert "is erased" in said(command, old, "case", "facts", case_id)
    (fact,) = map(json.loads, said(command, old, "case", "facts", case_id, "--json").splitlines())
    assert fact["fact"] == "erased"
    gateway.put("again.xml", a_message("again", case="case of m0", document="x", action="New"))
    gateway.wait_for("message-recorded", 6)
    (entry,) = listed(old, "worklist", "list")
    assert entry["cause"] in {"erased", "forwarded-late"}
    assert said(command, old, "worklist", "show", entry["message_id"])

    copy, other = tmp_path / "copy", tmp_path / "other"
    said(command, old, "backup", copy)
    assert gateway.terminate() == 0
    for path in (old / "journal.db", copy / "journal.db"):
        content = path.read_bytes()
        assert b"Vergessen" not in content
        assert b"Behalten" in content
    said(command, other, "restore", copy)
    assert listed(other, "journal", "list") == listed(old, "journal", "list")
    with closing(sqlite3.connect(other / "journal.db")) as db:
        assert db.execute("PRAGMA auto_vacuum").fetchone() == (2,)


def test_the_day_of_what_is_oldest_is_one_of_paris(old, command):
    def oldest():
        lines = said(command, old, "retention", "plan", "--json", env=WEEK).splitlines()
        return datetime.fromisoformat(json.loads(lines[0])["oldest"])

    since_half_past_eleven = oldest() - oldest().replace(hour=23, minute=30, second=0)
    aged(old, since_half_past_eleven // timedelta(microseconds=1) + DAY)
    assert (oldest().hour, oldest().minute) == (23, 30)
    day = oldest().date() + timedelta(days=1)
    plan = said(command, old, "retention", "plan", env=WEEK)
    assert plan.splitlines()[0].endswith(f" {day}")


def test_without_a_daemon_it_is_done_under_the_lock(old, command):
    plan = said(command, old, "retention", "plan", env=WEEK)
    assert "received messages (7 days): 8 (" in plan
    assert "out of quarantine: no period, kept" in plan
    done = command(old, "retention", "apply", "--why", "old", "--json", env=WEEK)
    told = {t["class"]: t["items"] for t in map(json.loads, done.stdout.splitlines())}
    assert told == {"bodies": 8, "evidence": 8, "outbound": 24}
    assert b"Vergessen" not in (old / "journal.db").read_bytes()


@pytest.mark.parametrize("env", [{}, WEEK])
def test_other_periods_than_those_of_the_gateway_are_refused(old, daemon, command, env):
    gateway = daemon(state=old, env={"EESSI_GATEWAY_RETENTION__BODIES_DAYS": "9"})
    gateway.wait_for("started")
    done = command(old, "retention", "apply", "--why", "old", env=env)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert command(old, "retention", "list").stdout == ""


def test_a_period_shorter_than_the_grace_is_refused(command, tmp_path):
    env = {
        "EESSI_GATEWAY_RETENTION__EVIDENCE_DAYS": "2",
        "EESSI_GATEWAY_POLICY__TRANSFER_GRACE_HOURS": "72",
    }
    done = command(tmp_path, "check", env=env)
    assert done.returncode == 1
    assert "evidence_days" in done.stderr + done.stdout
