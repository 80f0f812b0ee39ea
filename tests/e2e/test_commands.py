"""The commands: what they print, and what they end with."""

import json

import pytest


@pytest.fixture
def worked(daemon, a_message, person):
    """A state folder in which something of everything has happened."""
    gateway = daemon("--until-idle")
    gateway.put("01.xml", a_message("moved"))
    gateway.put("02.xml", a_message("asked", inside=person(town=None)))
    gateway.put("03.xml", a_message("referred", buc="S_BUC_99"))
    gateway.put("04.xml", b"no XML")
    flags = "<sbdh:PersonalProtectedCase>true</sbdh:PersonalProtectedCase>"
    gateway.put("05.xml", a_message("protected", flags=flags))
    assert gateway.join() == 0
    return gateway.state


def test_the_journal_lists_the_latest_decision_of_each_message(worked, listed, uid):
    rows = listed(worked, "journal", "list")
    assert len(rows) == 5
    keys = {"message_id", "received_at", "case_id", "buc", "sed", "decision", "cause"}
    assert keys | {"institution", "state"} <= rows[0].keys()
    moved = next(row for row in rows if row["message_id"] == uid("moved"))
    assert (moved["decision"], moved["institution"]) == ("transfer", "FR:0101100000")
    assert [r["decision"] for r in listed(worked, "journal", "list", "--only", "waiting")] == [
        "ask"
    ]
    assert len(listed(worked, "journal", "list", "--case", uid("case of moved"))) == 1


def test_lists_go_on_where_they_ended(worked, listed):
    first = listed(worked, "journal", "list", "--limit", "2")
    rest = listed(worked, "journal", "list", "--after", first[-1]["message_id"])
    assert len(first) == 2
    every = listed(worked, "journal", "list")
    assert [*first, *rest] == every


def test_the_timeline_tells_time_origin_state_and_who(worked, listed, uid):
    told = listed(worked, "journal", "show", uid("moved"))
    assert {"time", "origin", "what", "state", "who"} <= told[0].keys()
    assert [happening["time"] for happening in told] == sorted(h["time"] for h in told)
    assert {"inbound", "gateway", "outbound"} <= {happening["origin"] for happening in told}
    assert listed(worked, "journal", "show", uid("case of moved"))


def test_a_protected_case_is_masked_in_lists(worked, listed, uid):
    rows = listed(worked, "worklist", "list")
    protected = next(row for row in rows if row["message_id"] == uid("protected"))
    assert protected["cause"] == "protected"
    assert uid("case of protected") not in json.dumps(protected)


def test_the_worklist_shows_reasons_in_both_languages(worked, command, uid):
    english = command(worked, "worklist", "show", uid("referred")).stdout
    french = command(worked, "--lang", "fr", "worklist", "show", uid("referred")).stdout
    assert "not in the catalogue" in english
    assert "catalogue" in french
    assert english != french


def test_quarantine_is_released_or_discarded_with_and_without_a_daemon(
    worked, command, listed, daemon, a_message
):
    [row] = listed(worked, "quarantine", "list")
    again = command(worked, "quarantine", "release", row["message_id"])
    assert again.returncode == 1
    assert "again" in again.stderr
    gateway = daemon(state=worked)
    gateway.wait_for("started")
    gateway.put("06.xml", b"no XML either")
    gateway.wait_for("message-recorded")
    _, second = listed(worked, "quarantine", "list")
    done = command(worked, "quarantine", "discard", second["message_id"], "--why", "a fax")
    assert done.returncode == 0, done.stderr
    assert gateway.terminate() == 0
    done = command(worked, "quarantine", "discard", row["message_id"], "--why", "a fax")
    assert done.returncode == 0, done.stderr
    assert listed(worked, "quarantine", "list") == []
    told = listed(worked, "journal", "show", row["message_id"])
    assert told[-1]["state"] == "discarded"
    assert told[-1]["origin"] == "operator"


def test_what_was_not_ours_is_released_once_it_is(daemon, a_message, command, listed, uid):
    """An institution of ours that was missing in the configuration: mend it, then release."""
    strange = a_message(receivers=(("FR:CLEISS0000", "Counterparty"),))
    env = {"EESSI_GATEWAY_OWN_INSTITUTIONS": '["FR:CLEISS0001"]'}
    gateway = daemon("--until-idle", env=env)
    gateway.put("01.xml", strange)
    assert gateway.join() == 0
    [row] = listed(gateway.state, "quarantine", "list")
    assert row["cause"] == "not-ours"
    done = command(gateway.state, "quarantine", "release", uid("one"))
    assert done.returncode == 0, done.stderr
    [row] = listed(gateway.state, "journal", "list")
    assert row["decision"] == "transfer"
    assert daemon("--until-idle", state=gateway.state).join() == 0
    [row] = listed(gateway.state, "journal", "list")
    assert row["state"] == "done"


@pytest.mark.parametrize("words", [["--state", "DIR", "status"], ["status", "--state=DIR"]])
def test_the_options_of_all_commands_stand_where_one_likes(worked, tmp_path, command, words):
    typed = [word.replace("DIR", str(worked)) for word in words]
    done = command(tmp_path / "elsewhere", *typed, "--lang", "fr", "--json")
    assert json.loads(done.stdout)["messages"]


def test_status_says_whether_it_runs(worked, command, daemon):
    done = command(worked, "status", "--json")
    assert done.returncode == 3
    assert json.loads(done.stdout)["running"] is False
    gateway = daemon(state=worked)
    gateway.wait_for("started")
    done = command(worked, "status", "--json")
    assert done.returncode == 0
    shown = json.loads(done.stdout)
    assert shown["running"] is True
    assert shown["quarantine"] == {"not-xml": 1}
    assert shown["questions_open"] == 1


def test_judge_explains_without_a_journal(tmp_path, command, a_message, person):
    (tmp_path / "a.xml").write_bytes(a_message())
    (tmp_path / "b.xml").write_bytes(a_message("b", inside=person(town=None)))
    (tmp_path / "c.xml").write_bytes(b"no XML")
    files = [tmp_path / f"{name}.xml" for name in "abc"]
    done = command(tmp_path / "nowhere", "judge", *files, "--json")
    assert done.returncode == 0, done.stderr
    moved, asked, aside = map(json.loads, done.stdout.splitlines())
    keys = ["file", "message_id", "case_id", "buc", "sed", "decision", "cause", "institution"]
    assert {*keys, "candidates", "missing", "trace", "releases"} <= moved.keys()
    assert (moved["decision"], moved["institution"]) == ("transfer", "FR:0101100000")
    assert {"code", "params", "text"} <= moved["trace"][0].keys()
    assert asked["decision"] == "ask"
    assert asked["missing"][0]["code"]
    assert (aside["decision"], aside["cause"]) == ("set-aside", "not-xml")
    assert not (tmp_path / "nowhere").exists()


def test_judge_on_a_day_uses_the_rows_of_that_day(tmp_path, command, a_message):
    (tmp_path / "a.xml").write_bytes(a_message())
    done = command(tmp_path, "judge", tmp_path / "a.xml", "--on", "2026-03-02", "--json")
    assert done.returncode == 0, done.stderr
    done = command(tmp_path, "judge", tmp_path / "a.xml", "--release", "no-such")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


def test_validate_tells_path_and_rule_and_never_a_value(tmp_path, command, a_message, person):
    (tmp_path / "good.xml").write_bytes(a_message())
    bad = person().replace("02</value>", "77</value>")
    (tmp_path / "bad.xml").write_bytes(a_message("b", inside=bad))
    done = command(tmp_path, "validate", tmp_path / "good.xml", tmp_path / "bad.xml", "--json")
    assert done.returncode == 1
    good, broken = map(json.loads, done.stdout.splitlines())
    assert (good["valid"], good["cdm"], good["sed"], good["schema"]) == (
        True,
        "4.4",
        "S040",
        "profile",
    )
    assert broken["valid"] is False
    [violation, *_] = broken["violations"]
    assert violation["path"].endswith("value")
    assert {"path", "code", "params", "text"} == violation.keys()
    assert "77" not in json.dumps(broken["violations"])


def test_check_looks_at_configuration_tables_and_schemas(tmp_path, command):
    done = command(tmp_path, "check", "--json")
    assert done.returncode == 0, done.stdout
    assert [json.loads(line)["part"] for line in done.stdout.splitlines()] == [
        "configuration",
        "tables",
        "schemas",
        "cdm",
    ]
    (tmp_path / "next.toml").write_text('[cdm.activation]\n"9.1" = 2026-01-01\n')
    done = command(tmp_path, "--config", tmp_path / "next.toml", "--lang", "fr", "check", "--json")
    assert done.returncode == 0, done.stdout
    (warning,) = json.loads(done.stdout.splitlines()[-1])["warnings"]
    assert "CDM 9.1 le 2026-01-01" in warning
    (tmp_path / "bad.toml").write_text('environment = "demo"\nsurprise = 1\n')
    done = command(tmp_path, "--config", tmp_path / "bad.toml", "check")
    assert done.returncode == 1
    assert "surprise" in done.stderr


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["journal", "list"], 3),
        (["journal", "show", "x"], 3),
        (["worklist", "list"], 3),
        (["pause"], 3),
        (["judge", "missing.xml"], 1),
        (["validate", "missing.xml"], 1),
        (["no-such-command"], 2),
        (["judge"], 2),
    ],
)
def test_errors_are_one_line_and_a_code(tmp_path, command, words, code):
    done = command(tmp_path / "nowhere", *words)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    if code != 2:
        assert len(done.stderr.splitlines()) == 1


def test_the_demo_refuses_a_real_installation(tmp_path, command):
    config = tmp_path / "gateway.toml"
    config.write_text('environment = "production"\nown_institutions = ["FR:CLEISS0000"]\n')
    done = command(tmp_path / "state", "--config", config, "demo", "--until-idle")
    assert done.returncode == 1
    assert "demo" in done.stderr
    assert not (tmp_path / "state" / "inbound").exists()


def test_the_demo_shows_a_table_and_ends(tmp_path, command):
    done = command(tmp_path / "state", "demo", "--until-idle", "--count", "40", timeout=120)
    assert done.returncode == 0, done.stderr
    assert " 0 to a wrong institution" in done.stdout
    assert "/metrics" in done.stdout
    done = command(
        tmp_path / "state", "--lang", "fr", "demo", "--until-idle", "--count", "10", timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert " 0 à une mauvaise institution" in done.stdout


def test_questions_are_listed_with_what_is_due(worked, command, listed, uid):
    [question] = listed(worked, "questions", "list")
    assert (question["case_id"], question["state"]) == (uid("case of asked"), "open")
    assert question["missing"]
    assert question["due"] > question["asked_at"]
    assert uid("case of asked") in command(worked, "questions", "list").stdout
    assert listed(worked, "questions", "list", "--all") == [question]


def test_an_entry_of_the_worklist_is_closed_once(worked, command, listed, uid):
    entry = uid("referred")
    assert command(worked, "worklist", "resolve", entry, "--why", "x").returncode == 2
    refused = command(
        worked, "worklist", "resolve", entry, "--transfer", "FR:0101100000", "--why", "x"
    )
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    done = command(worked, "worklist", "resolve", entry, "--handled", "--why", "in RINA")
    assert done.returncode == 0, done.stderr
    assert entry not in {row["message_id"] for row in listed(worked, "worklist", "list")}
    again = command(worked, "worklist", "resolve", entry, "--handled", "--why", "in RINA")
    assert again.returncode == 1
