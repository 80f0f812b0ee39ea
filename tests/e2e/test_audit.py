"""Who looked at a person's data is written down before they are shown, or they are not shown."""

import json

import pytest

PROTECTED = "<sbdh:PersonalProtectedCase>true</sbdh:PersonalProtectedCase>"


@pytest.fixture
def state(daemon, a_message, person):
    """The state of a gateway with an ordinary case and two protected ones; of one we had asked."""
    gateway = daemon("--until-idle")
    number = {"rina_number": 171934}
    gateway.put("01.xml", a_message("one", case="c"), meta=number)
    protected = a_message("two", case="p", inside=person(town=None), flags=PROTECTED)
    gateway.put("02.xml", protected, meta=number)
    gateway.put("03.xml", a_message("three", case="q", inside=person(town=None)), meta=number)
    update = {"action": "Update", "document": "document of three", "version": 2}
    gateway.put("04.xml", a_message("four", case="q", flags=PROTECTED, **update))
    assert gateway.join() == 0
    return gateway.state


def audited(state):
    path = state / "audit.log"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_facts_and_protected_cases_are_written_down_and_nothing_else(state, command, listed, uid):
    for words in (("journal", "list"), ("worklist", "list"), ("sending", "list")):
        assert command(state, *words).returncode == 0
    assert command(state, "journal", "list", "--case", uid("c")).returncode == 0
    assert command(state, "sending", "list", "--case", uid("c")).returncode == 0
    assert command(state, "journal", "find", uid("one")).returncode == 0
    assert command(state, "journal", "show", uid("c")).returncode == 0
    assert command(state, "journal", "show", uid("one")).returncode == 0
    assert command(state, "case", "facts", uid("nowhere")).returncode == 1
    assert audited(state) == []

    assert command(state, "case", "facts", uid("c")).returncode == 0
    assert command(state, "case", "facts", uid("p"), "--json").returncode == 1
    assert command(state, "worklist", "show", uid("two"), "--lang", "fr").returncode == 0
    assert command(state, "journal", "show", uid("two")).returncode == 0
    assert command(state, "journal", "show", uid("p")).returncode == 0
    assert command(state, "journal", "list", "--case", uid("p")).returncode == 0
    assert command(state, "sending", "list", "--case", uid("p")).returncode == 0
    assert command(state, "journal", "find", uid("two")).returncode == 0
    assert command(state, "journal", "find", uid("three")).returncode == 0
    assert command(state, "journal", "find", "171934").returncode == 0  # of all three cases
    [question] = listed(state, "questions", "list", "--all")
    assert command(state, "questions", "show", question["question"]).returncode == 0
    out = ("journal", "export", "--out", state / "case.json", "--case")
    assert command(state, *out, uid("c")).returncode == 0
    (state / "case.json").unlink()
    assert command(state, *out, uid("c"), "--bodies").returncode == 0
    assert command(state, *out, uid("p")).returncode == 1
    for deed in ("take", "give-back"):
        for name in ("c", "p"):
            assert command(state, "case", deed, uid(name), "--why", "reason").returncode == 0
    seen = audited(state)
    assert [(s["command"], s["id"], s["protected"], s["shown"]) for s in seen] == [
        ("case facts", uid("c"), False, True),
        ("case facts", uid("p"), True, False),
        ("worklist show", uid("two"), True, True),
        ("journal show", uid("two"), True, True),
        ("journal show", uid("p"), True, True),
        ("journal list", uid("p"), True, True),
        ("sending list", uid("p"), True, True),
        ("journal find", uid("p"), True, True),
        ("journal find", uid("q"), True, True),
        ("journal find", uid("p"), True, True),
        ("journal find", uid("q"), True, True),
        ("questions show", question["question"], True, True),
        ("journal export", uid("c"), False, True),
        ("journal export", uid("p"), True, False),
        ("case take", uid("p"), True, True),
        ("case give-back", uid("p"), True, True),
    ]
    assert all(s["who"] and s["account"] for s in seen)
    assert (state / "audit.log").stat().st_mode & 0o777 == 0o600
    text = (state / "audit.log").read_text()
    assert "Muster" not in text
    assert "Bourg" not in text


def test_what_cannot_be_written_down_is_not_shown(state, command, uid):
    (state / "audit.log").mkdir()
    for words, name in (
        (("case", "facts"), "c"),
        (("case", "facts"), "p"),
        (("worklist", "show"), "two"),
        (("journal", "show"), "p"),
        (("journal", "list", "--case"), "p"),
        (("sending", "list", "--case"), "p"),
        (("journal", "find"), "two"),
        (("case", "take", "--why", "reason"), "p"),
        (("journal", "export", "--bodies", "--out", state / "case.json", "--case"), "c"),
    ):
        done = command(state, *words, uid(name))
        assert (done.returncode, done.stdout) == (3, ""), words
        assert len(done.stderr.splitlines()) == 1
        assert "audit.log" in done.stderr
    assert not (state / "case.json").exists()


def test_it_travels_with_a_backup_and_the_doctor_tells_its_size(state, command, uid, tmp_path):
    assert command(state, "case", "facts", uid("c")).returncode == 0
    copy, again = tmp_path / "copy", tmp_path / "again"
    assert command(state, "backup", copy).returncode == 0
    done = command(again, "restore", copy)
    assert done.returncode == 0, done.stderr
    assert audited(again) == audited(state)
    report = command(state, "doctor", "--json").stdout
    assert json.loads(report)["state"]["bytes"]["audit.log"] > 50
    assert uid("c") not in report
