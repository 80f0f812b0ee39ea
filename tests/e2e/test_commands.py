"""The commands: what they print, and what they end with."""

import json
import signal
import subprocess
import sys
from datetime import datetime

import pytest
from python_calamine import CalamineWorkbook

from gateway.core.matter import PARIS
from gateway.workbook import Column, Sheet, write


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


def test_open_cases_are_brought_in_or_each_bad_line_is_named(command, listed, tmp_path, uid):
    state, cases = tmp_path / "state", tmp_path / "cases.csv"
    good = f"{uid('old')};P_BUC_01;Counterparty;DE:101320043,FR:CLEISS0000;FR:0101100000"
    header = "case_id;buc;our_role;participants;holder"
    cases.write_text(f"{header}\n{good}\nx;y\n")
    done = command(state, "journal", "import-cases", cases)
    assert done.returncode == 1
    assert done.stderr == f"{cases}:3: Five cells are expected, with a semicolon between them.\n"
    assert done.stdout == "Nothing was taken in.\n"
    cases.write_text(f"{header}\n{good}\n")
    for said in ("repris : 1 ; déjà connus : 0.\n", "repris : 0 ; déjà connus : 1.\n"):
        done = command(state, "journal", "import-cases", cases, "--lang", "fr")
        assert (done.returncode, done.stdout) == (0, f"Dossiers {said}"), done.stderr
    assert [h["what"] for h in listed(state, "journal", "show", uid("old"))] == ["imported"]
    hex_id = uid("old").replace("-", "").upper()
    done = command(state, "journal", "find", hex_id)
    assert (done.returncode, "no message of it" in done.stdout) == (0, True), done.stderr
    assert listed(state, "journal", "find", hex_id) == []


def test_without_a_daemon_no_line_of_the_log_stands_among_those_of_the_command(command, tmp_path):
    """It stood on standard output, where `--json` is read by a program."""
    for deed, said in (("pause", "Paused: P_BUC_01.\n"), ("resume", "Resumed: P_BUC_01; ")):
        done = command(tmp_path / "state", deed, "--buc", "P_BUC_01", "--why", "a row is wrong")
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith(said)
        assert done.stdout.count("\n") == 1


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


def test_a_case_is_found_by_its_id_in_both_spellings_and_by_rinas_number(
    daemon, command, listed, a_message, uid
):
    gateway = daemon("--until-idle")
    gateway.put("01.xml", a_message("one"), meta={"rina_number": 171934})
    gateway.put("02.xml", a_message("two"), meta={"rina_number": "no number; drop"})
    assert gateway.join() == 0
    case = uid("case of one")
    for text in (case, case.replace("-", "").upper(), "171934"):
        [row] = listed(gateway.state, "journal", "find", text)
        assert (row["message_id"], row["rina_number"]) == (uid("one"), "171934")
    bare = case.replace("-", "")
    assert len(listed(gateway.state, "journal", "list", "--case", bare)) == 1
    assert listed(gateway.state, "journal", "show", bare)
    assert listed(gateway.state, "journal", "find", uid("two"))[0]["rina_number"] is None
    assert command(gateway.state, "journal", "find", "no number; drop").returncode == 1


def test_a_protected_case_is_masked_in_lists(worked, listed, uid):
    rows = listed(worked, "worklist", "list")
    protected = next(row for row in rows if row["message_id"] == uid("protected"))
    assert protected["cause"] == "protected"
    hidden = json.dumps([protected, *listed(worked, "worklist", "show", uid("protected"))])
    assert uid("case of protected") not in hidden


def test_the_worklist_is_grouped_assigned_and_counted(worked, command, listed, uid):
    entry = uid("referred")
    done = command(worked, "worklist", "assign", entry, "--to", "denis")
    assert done.returncode == 0, done.stderr
    assert command(worked, "worklist", "assign", entry).returncode == 2
    rows = listed(worked, "worklist", "list")
    assert {row["group"] for row in rows} == {"unknown-buc", "protected"}
    [mine] = listed(worked, "worklist", "list", "--assignee", "denis")
    assert (mine["message_id"], mine["age_days"], mine["overdue"]) == (entry, 0, False)
    assert mine["assigned_by"]
    text = command(worked, "--lang", "fr", "worklist", "list", "--cause", "unknown-buc").stdout
    assert text.startswith("unknown-buc (1): Ce BUC")
    assert "échéance" in text
    assert "(denis)" in text
    counted = listed(worked, "worklist", "digest")
    assert {(g["cause"], g["count"], g["unassigned"]) for g in counted} == {
        ("unknown-buc", 1, 0),
        ("protected", 1, 1),
    }
    assert "2 en attente" in command(worked, "--lang", "fr", "worklist", "digest").stdout


def test_the_worklist_shows_reasons_in_both_languages(worked, command, uid):
    english = command(worked, "worklist", "show", uid("referred")).stdout
    french = command(worked, "--lang", "fr", "worklist", "show", uid("referred")).stdout
    assert "not in the catalogue" in english
    assert "catalogue" in french
    assert english != french


def test_a_case_that_came_back_is_shown_with_the_row_that_decided(
    daemon, command, listed, a_message, uid
):
    gateway = daemon("--until-idle")
    gateway.put("01.xml", a_message("one", case="c"))
    left = (
        "<CaseContext><PersonContext><familyName>Muster</familyName><forename>Erika</forename>"
        "<dateBirth>1985-07-15</dateBirth><sex><value>02</value></sex></PersonContext>"
        "</CaseContext><RemovedParticipant><Institution>"
        "<institutionID>FR:0101100000</institutionID><institutionName>x</institutionName>"
        "</Institution></RemovedParticipant>"
    )
    holder = {"sender": ("FR:0101100000", "Counterparty"), "inside": left}
    gateway.put("02.xml", a_message("back", case="c", sed="X006", action="New", **holder))
    gateway.put("03.xml", a_message("other", buc="S_BUC_99"))
    assert gateway.join() == 0
    entries = {e["message_id"]: e["cause"] for e in listed(gateway.state, "worklist", "list")}
    assert entries == {uid("back"): "returned", uid("other"): "unknown-buc"}
    [shown] = listed(gateway.state, "worklist", "show", uid("back"))
    happened = listed(gateway.state, "journal", "show", uid("one"))
    rules = next(h["params"]["rules"] for h in happened if h["what"] == "transfer")
    made = shown["transfer"]
    assert (made["message_id"], made["institution"]) == (uid("one"), "FR:0101100000")
    assert made["rules"] == rules != []
    assert datetime.fromisoformat(made["decided_at"]).tzinfo is not None
    text = command(gateway.state, "worklist", "show", uid("back")).stdout
    assert f"by: {', '.join(made['rules'])}" in text
    french = command(gateway.state, "worklist", "show", uid("back"), "--lang", "fr").stdout
    assert f"par : {', '.join(made['rules'])}" in french
    [shown] = listed(gateway.state, "worklist", "show", uid("other"))
    assert shown["transfer"] is None


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


@pytest.fixture
def strangers(daemon, a_message):
    """Six messages for an institution that the configuration has forgotten, and one fax."""
    env = {"EESSI_GATEWAY_OWN_INSTITUTIONS": '["FR:CLEISS0001"]'}
    gateway = daemon("--until-idle", env=env)
    for n in range(6):
        gateway.put(f"{n}.xml", a_message(f"m{n}"))
    gateway.put("9.xml", b"a fax")
    assert gateway.join() == 0
    return gateway.state


def test_a_group_is_tried_released_and_discarded(strangers, command, listed):
    text = command(strangers, "quarantine", "list").stdout
    assert ("not-ours (6): " in text, "not-xml (1): " in text) == (True, True)
    assert len(listed(strangers, "quarantine", "list", "--cause", "not-xml")) == 1
    for words in ((), ("--all", "--cause", "x"), ("id", "--all")):
        assert command(strangers, "quarantine", "release", *words).returncode == 2
    tried = command(strangers, "quarantine", "release", "--all", "--dry-run", "--json")
    assert tried.returncode == 1
    told = [json.loads(line) for line in tried.stdout.splitlines()]
    assert [(t["decision"], t["error"]) for t in told] == [
        *[("transfer", None)] * 6,
        (None, "set-aside-again"),
    ]
    assert len(listed(strangers, "quarantine", "list")) == 7
    some = command(
        strangers, "--lang", "fr", "quarantine", "release", "--cause", "not-ours", "--at-most", "4",
        "--pace", "100",
    )  # fmt: skip
    assert (some.returncode, some.stdout.splitlines()[-1]) == (
        0,
        "Sortis : 4, restent : 0, non examinés : 2.",
    )
    discard = ("quarantine", "discard", "--why", "a fax", "--cause", "not-xml")
    assert command(strangers, *discard, "--dry-run").returncode == 0
    assert len(listed(strangers, "quarantine", "list")) == 3
    assert command(strangers, *discard).returncode == 0
    assert [r["cause"] for r in listed(strangers, "quarantine", "list")] == ["not-ours"] * 2
    assert len(listed(strangers, "journal", "list", "--only", "recorded")) == 4


def test_ctrl_c_leaves_a_clean_state(strangers, listed, daemon):
    words = ("quarantine", "release", "--cause", "not-ours", "--pace", "0.2")
    line = [sys.executable, "-u", "-m", "gateway", "--state", str(strangers), *words]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as running:
        assert "transfer" in running.stdout.readline()
        running.send_signal(signal.SIGINT)
        rest = running.stdout.read()
        assert running.wait(60) == 130
    assert rest == "Out of quarantine: 1, staying: 0, not looked at: 5.\n"
    assert len(listed(strangers, "quarantine", "list", "--cause", "not-ours")) == 5
    assert daemon("--until-idle", state=strangers).join() == 0
    assert len(listed(strangers, "journal", "list", "--only", "done")) == 1


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
    assert {"fact": "address", "about": "insured", "kind": "residence", "country": "FR"} in [
        {key: fact[key] for key in ("fact", "about", "kind", "country")}
        for fact in moved["evidence"]
    ]
    assert all(fact["element"] for fact in moved["evidence"])
    assert "Bourg" not in done.stdout
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
        (["pause"], 2),
        (["questions", "list"], 3),
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


@pytest.mark.parametrize(
    "words",
    [
        ("worklist", "list"),
        ("worklist", "export", "liste.ods"),
        ("quarantine", "list"),
        ("quarantine", "release", "--dry-run"),
        ("quarantine", "discard", "--why", "x"),
    ],
)
def test_a_cause_with_a_slip_of_the_pen_is_no_empty_list(tmp_path, command, words):
    done = command(tmp_path, *words, "--cause", "not-our")
    assert (done.returncode, "no such cause" in done.stderr) == (2, True), done.stderr


def test_a_case_that_nobody_knows_is_said_to_be_none(worked, command, uid):
    for words in (("case", "take"), ("case", "give-back")):
        done = command(worked, *words, uid("referred"), "--why", "x")
        assert (done.returncode, "no such case" in done.stderr) == (1, True), done.stderr


def test_people_read_the_time_in_paris(worked, command, listed, uid):
    [question] = listed(worked, "questions", "list")
    rows = {row["message_id"]: row for row in listed(worked, "journal", "list")}
    for words, instants in (
        (("worklist", "show", uid("referred")), [rows[uid("referred")]["received_at"]]),
        (("questions", "show", question["question"]), [question["asked_at"], question["due"]]),
    ):
        told = command(worked, *words).stdout
        for instant in instants:
            assert f"{datetime.fromisoformat(instant).astimezone(PARIS):%Y-%m-%d %H:%M:%S}" in told
            assert instant not in told


def test_an_entry_is_named_in_either_spelling(worked, command, uid):
    ident = uid("referred").replace("-", "").upper()
    assert uid("referred") in command(worked, "worklist", "show", ident).stdout
    assert command(worked, "worklist", "assign", ident, "--to", "claire").returncode == 0
    done = command(worked, "worklist", "resolve", ident, "--handled", "--why", "x")
    assert done.returncode == 0, done.stderr


def test_the_demo_refuses_a_real_installation(tmp_path, command):
    config = tmp_path / "gateway.toml"
    config.write_text('environment = "production"\nown_institutions = ["FR:CLEISS0000"]\n')
    done = command(tmp_path / "state", "--config", config, "demo", "--until-idle")
    assert done.returncode == 1
    assert "demo" in done.stderr
    assert not (tmp_path / "state" / "inbound").exists()


def test_a_rule_to_accept_that_the_tables_do_not_have_ends_the_start(tmp_path, command):
    config = tmp_path / "gateway.toml"
    config.write_text('[policy]\naccepted_rules = ["R-FILE", "R-FIEL"]\n')
    run = ("--config", config, "run", "--until-idle")
    done = command(tmp_path / "state", *run)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "policy.accepted_rules" in line
    assert "R-FIEL" in line
    assert "R-FILE" not in line
    assert (
        "règle inconnue des tables en vigueur : R-FIEL"
        in command(tmp_path / "state", "--lang", "fr", *run).stderr
    )


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
    for lang, standing in (("en", "open  0 d  reminders 0"), ("fr", "open  0 j  relances 0")):
        told = command(worked, "--lang", lang, "questions", "list").stdout
        assert uid("case of asked") in told
        assert standing in told
    assert listed(worked, "questions", "list", "--all") == [question]


def test_an_entry_is_asked_about_from_the_command_line(daemon, command, listed, a_message, uid):
    gateway = daemon("--until-idle")
    gateway.put("01.xml", a_message("one", inside="<Person/>"))
    assert gateway.join() == 0
    resolve = ("worklist", "resolve", uid("one"), "--why", "x")
    for words in (
        (),
        ("--keep", "--handled", "--ask", "residence"),
        ("--keep", "--text", "no"),
        ("--add", "residence"),
    ):
        assert command(gateway.state, *resolve, *words).returncode == 2, words
    for words, told in (
        (("--ask", "residence"), "too little"),
        (("--ask", "shoe"), "no question for it; one of: "),
        (("--reject", "02"), "cannot reject"),
        (("--add", "shoe=42"), "fact"),
    ):
        done = command(gateway.state, *resolve, *words)
        assert (done.returncode, told in done.stderr) == (1, True), done.stderr
    assert [r["state"] for r in listed(gateway.state, "worklist", "list")] == ["referred"]


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
def test_the_worklist_is_decided_in_a_workbook(worked, command, listed, uid, tmp_path, kind):
    file = tmp_path / f"liste.{kind}"
    assert command(worked, "worklist", "export", tmp_path / "liste.doc").returncode == 1
    done = command(worked, "worklist", "export", file)
    assert (done.returncode, done.stdout) == (0, f"{file}: 2 entries.\n"), done.stderr
    again = command(worked, "worklist", "export", file)
    assert (again.returncode, "is there already" in again.stderr) == (1, True)
    with CalamineWorkbook.from_path(str(file)) as book:
        head, *rows = book.get_sheet_by_index(0).to_python()
    assert uid("case of protected") not in str(rows)
    columns = tuple(Column(title) for title in head)
    at = head.index

    def fill(decision, institution=""):
        for row in rows:
            if row[0] == uid("referred"):
                row[at("Décision")], row[at("Pourquoi")] = decision, "liste de mars"
                row[at("Institution")] = institution
        write(file, Sheet("liste de travail", columns, rows))
        return command(worked, "--lang", "fr", "worklist", "import", file)

    bad = fill("transférer", "FR:NOBODY")
    assert (bad.returncode, "liste de travail!" in bad.stdout) == (1, True), bad.stderr
    assert "RIEN" in bad.stdout
    assert len(listed(worked, "worklist", "list")) == 2
    good = fill("traité dans RINA")
    assert (good.returncode, good.stdout) == (0, "Décisions prises : 1.\n"), good.stderr
    assert [r["cause"] for r in listed(worked, "worklist", "list")] == ["protected"]
    again = command(worked, "worklist", "import", file, "--json")
    assert (again.returncode, json.loads(again.stdout)["column"]) == (1, "Message")


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
