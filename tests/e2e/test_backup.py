"""A copy beside the work, put back elsewhere: nothing is lost, and nothing leaves by itself."""

import json
import sqlite3

import pytest


@pytest.fixture
def worked(daemon, a_message, outbound):
    """A gateway at work, with one case handed over and one message that has just come."""
    gateway = daemon()
    gateway.put("1.xml", a_message("one"))
    gateway.wait_for("batch-sent")
    return gateway


def test_what_is_put_back_is_held_until_a_person_has_looked(
    worked, daemon, command, listed, outbound, a_message, tmp_path
):
    copy, again = tmp_path / "copy", tmp_path / "again"
    paused = command(worked.state, "pause", "--buc", "S_BUC_24", "--why", "test")
    assert paused.returncode == 0, paused.stderr
    worked.put("2.xml", a_message("two", case="another"))
    worked.wait_for("message-recorded", 2)
    done = command(worked.state, "backup", copy)
    assert done.returncode == 0, done.stderr
    known = listed(worked.state, "journal", "list")
    worked.terminate()
    assert worked.join() == 0

    done = command(again, "restore", copy)
    assert done.returncode == 0, done.stderr
    assert listed(again, "journal", "list") == known
    assert not (again / ".restoring").exists()
    status = json.loads(command(again, "status", "--json").stdout)
    assert (status["running"], status["paused"]) == (False, True)
    resumed = command(again, "resume", "--buc", "S_BUC_24", "--why", "test")
    assert resumed.returncode == 0, resumed.stderr
    second = daemon(state=again)
    second.put("3.xml", a_message("three", case="third"))
    second.wait_for("started")
    assert outbound(again) == {}
    resumed = command(again, "resume", "--why", "looked at")
    assert resumed.returncode == 0, resumed.stderr
    second.wait_for("message-recorded")
    second.wait_for("batch-sent")
    assert outbound(again)
    assert len(listed(again, "journal", "list")) == 3


@pytest.mark.parametrize(
    ("spoil", "code", "told"),
    [
        (lambda copy: (copy / "journal.db").write_bytes(b"x"), 1, "was changed"),
        (lambda copy: (copy / "BACKUP.json").unlink(), 1, "no backup"),
        (lambda copy: (copy / "more").write_bytes(b"x"), 1, "was changed"),
    ],
)
def test_a_copy_that_is_not_what_it_was_is_refused(worked, command, tmp_path, spoil, code, told):
    copy, again = tmp_path / "copy", tmp_path / "again"
    assert command(worked.state, "backup", copy).returncode == 0
    spoil(copy)
    done = command(again, "restore", copy)
    assert (done.returncode, told in done.stderr) == (code, True)
    assert len(done.stderr.splitlines()) == 1
    assert not (again / "journal.db").exists()


def test_nothing_is_written_over(worked, command, tmp_path):
    copy = tmp_path / "copy"
    assert command(worked.state, "backup", copy).returncode == 0
    assert command(worked.state, "backup", copy).returncode == 1
    running = command(worked.state, "restore", copy)
    assert (running.returncode, "running" in running.stderr) == (1, True)
    worked.terminate()
    assert worked.join() == 0
    there = command(worked.state, "restore", copy)
    assert (there.returncode, "journal.db" in there.stderr) == (1, True)
    assert command(tmp_path / "nowhere", "backup", tmp_path / "other").returncode == 1


def test_the_copy_is_for_its_owner_alone_and_sound(worked, command, tmp_path):
    copy = tmp_path / "copy"
    assert command(worked.state, "backup", copy).returncode == 0
    assert (copy.stat().st_mode & 0o777, (copy / "journal.db").stat().st_mode & 0o777) == (
        0o700,
        0o600,
    )
    said = json.loads((copy / "BACKUP.json").read_text(encoding="utf-8"))
    assert {"journal.db", "service.key"} <= said["files"].keys()
    with sqlite3.connect(copy / "journal.db") as journal:
        assert journal.execute("SELECT count(*) FROM message").fetchone() == (1,)
    journal.close()
