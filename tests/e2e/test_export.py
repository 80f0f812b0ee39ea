"""A case as one document: in a new file, for its owner alone, and never of whom it must not be."""

import json
import stat

import pytest

PROTECTED = "<sbdh:PersonalProtectedCase>true</sbdh:PersonalProtectedCase>"


@pytest.fixture
def state(daemon, a_message):
    gateway = daemon()
    gateway.put("1.xml", a_message("one", case="c"))
    gateway.put("2.xml", a_message("hidden", case="d", flags=PROTECTED))
    gateway.wait_for("message-recorded", 2)
    assert gateway.terminate() == 0
    return gateway.state


def test_a_case_is_written_once_for_its_owner_alone(state, command, uid, tmp_path):
    file = tmp_path / "case.json"
    words = ("journal", "export", "--case", uid("c").replace("-", ""), "--out", file)
    done = command(state, *words, "--bodies")
    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    written = file.read_bytes()
    assert json.loads(written)["case"]["case_id"] == uid("c")
    again = command(state, *words)
    assert (again.returncode, len(again.stderr.splitlines())) == (1, 1)
    assert file.read_bytes() == written


def test_of_a_protected_case_there_is_none_unless_one_may(state, command, uid, tmp_path):
    file = tmp_path / "case.json"
    words = ("journal", "export", "--case", uid("d"), "--out", file)
    done = command(state, *words)
    assert (done.returncode, file.exists()) == (1, False)
    assert command(state, *words, "--protected").returncode == 0
    assert json.loads(file.read_bytes())["case"]["protected"]


def test_what_cannot_be_is_said_in_one_line(state, command, uid, tmp_path):
    unknown = command(state, "journal", "export", "--case", uid("x"), "--out", tmp_path / "x")
    nowhere = command(state, "journal", "export", "--case", uid("c"), "--out", tmp_path)
    assert (unknown.returncode, nowhere.returncode) == (1, 1)
    assert [len(done.stderr.splitlines()) for done in (unknown, nowhere)] == [1, 1]
    assert not (tmp_path / "x").exists()
