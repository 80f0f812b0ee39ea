"""One whole change of the tables, as `ops/tables.md` tells it, on a running gateway."""

import json
import re
from pathlib import Path

import pytest

from tests.e2e.editing import Workbook

PAGE = Path(__file__).parents[2] / "ops" / "tables.md"
ROW = [
    *("S-WALK", "S_BUC_24", "S040", "*", "assumed-general", "*", "*", "*", "refer"),
    *("solid", "2019-01-01", "", "=1+1", ""),
]
"""A new route as somebody types it, with a formula in it."""
ALONE = {"EESSI_GATEWAY_TABLES__FOUR_EYES": "false"}
"""One account walks the way of two persons; that two are needed is tested with two names."""


@pytest.fixture
def gateway(daemon):
    running = daemon(env=ALONE)
    running.wait_for("started")
    yield running
    running.terminate()
    assert running.join() == 0


def test_a_change_from_the_draft_to_its_activation_and_back(
    gateway, command, listed, a_message, tmp_path
):
    def gw(*words, code=0):
        done = command(gateway.state, *words)
        assert done.returncode == code, done.stderr
        return done.stdout

    def decided(message, name):
        before = len(listed(gateway.state, "journal", "list"))
        gateway.put(name, message)
        gateway.wait_for("message-recorded", before + 1)
        return listed(gateway.state, "journal", "list")[-1]["decision"]

    draft = tmp_path / "brouillon"
    gw("tables", "draft", draft, "--as", "2027-01")
    assert decided(a_message("one"), "1.xml") == "transfer"
    kept = {path: path.read_bytes() for path in draft.rglob("*.csv")}
    gw("tables", "template", tmp_path / "tables.xlsx", "--from", draft)
    book = Workbook(tmp_path / "tables.xlsx")

    def taken_back(code=0):
        book.save()
        return gw("tables", "import", tmp_path / "tables.xlsx", "--into", draft, code=code)

    line = book.add("routes", ROW)
    assert f"routes!M{line}: " in taken_back(code=1)  # the formula; nothing is stored
    assert {path: path.read_bytes() for path in draft.rglob("*.csv")} == kept
    book.put("routes", line, "basis", "a test")
    taken_back()
    told = gw("tables", "check", draft, code=1)
    assert "golden.csv:2:expected: golden case G-01: refer instead of FR:0101100000" in told
    failed = set(re.findall(r"golden case (\S+): refer instead of", told))
    for number, case in book.rows("golden"):
        if case["case"] in failed:
            book.put("golden", number, "expected", "refer")
    taken_back()
    gw("tables", "check", draft, "--html", tmp_path / "check.html")
    differing = listed(gateway.state, "tables", "diff", "baseline", draft)
    assert [c["what"] for c in differing if c["key"].startswith("S-WALK")] == ["added"]
    assert {c["key"] for c in differing} == {*failed, "S-WALK 2019-01-01"}
    gw("tables", "diff", "2026-baseline", draft, "--html", tmp_path / "diff.html")
    counts, effect = listed(gateway.state, "tables", "impact", draft)
    assert (counts["messages"], counts["referred"]) == (1, 1)
    assert effect["rows_after"] == ["S-WALK"]
    words = gw("--lang", "fr", "tables", "impact", draft).splitlines()
    assert effect["after"] == "refer rule-refers"
    assert [line.partition(" : ")[0] for line in words[-3:]] == [
        *("refer", "rule-refers", "transfer"),
    ]
    gw(
        "tables",
        "notice",
        "2026-baseline",
        draft,
        "--date",
        "2027-01-01",
        "--html",
        tmp_path / "note.html",
    )
    gw("tables", "release", draft)
    assert "approve" in command(gateway.state, "tables", "activate", "2027-01").stderr
    gw("tables", "approve", "2027-01")
    gw("tables", "activate", "2027-01", "--on", "2999-01-01")
    (status,) = listed(gateway.state, "status")
    assert status["next_releases"] == {"2027-01": "2998-12-31T23:00:00+00:00"}
    assert decided(a_message("two"), "2.xml") == "transfer"
    gw("tables", "cancel", "2027-01")
    late = tmp_path / "autre"  # a draft that is begun before and released after
    gw("tables", "draft", late, "--as", "2027-02")
    gw("tables", "activate", "2027-01")
    assert decided(a_message("three"), "3.xml") == "refer"
    refused = command(gateway.state, "tables", "release", late)
    assert (refused.returncode, "tables merge" in refused.stderr) == (1, True)
    assert "S-WALK" in gw("tables", "merge", late)
    gw("tables", "merge", late, "--apply")
    gw("tables", "release", late)
    gw("tables", "rollback", "--why", "a test")
    assert decided(a_message("four"), "4.xml") == "transfer"
    (status,) = listed(gateway.state, "status")
    assert (status["release"], status["unconfirmed_rollback"]) == ("2026-baseline", True)
    gw("tables", "confirm")
    states = [(row["name"], row["state"]) for row in listed(gateway.state, "tables", "list")]
    assert states == [
        ("2026-baseline", "was"),
        ("2027-01", "was"),
        ("2026-baseline", "in-force"),
        ("2027-02", "released"),
    ]


def test_the_release_in_force_outlives_a_restart(daemon, command, tmp_path, a_message, listed):
    gateway = daemon(env=ALONE)
    gateway.wait_for("started")
    draft = tmp_path / "draft"
    for words in (
        ("draft", draft, "--as", "2027-01"),
        ("release", draft),
        ("approve", "2027-01"),
        ("activate", "2027-01"),
    ):
        assert command(gateway.state, "tables", *words).returncode == 0
    gateway.terminate()
    assert gateway.join() == 0
    (known,) = [
        row for row in listed(gateway.state, "tables", "list") if row["state"] == "in-force"
    ]
    again = daemon("--until-idle")
    again.put("1.xml", a_message("one"))
    assert again.join() == 0
    (row,) = listed(again.state, "journal", "list")
    explained = listed(again.state, "journal", "show", row["message_id"])
    releases = {h["params"]["release"] for h in explained if h["what"] == "transfer"}
    assert (known["name"], releases) == ("2027-01", {"2027-01"})


def test_a_workbook_put_into_the_folder_for_drafts_gets_its_report(gateway, command):
    gateway.wait_for("started")
    place = gateway.state / "tables" / "drafts"
    assert (
        command(
            gateway.state,
            "tables",
            "template",
            place / "t.xlsx",
            "--from",
            Path(__file__).parents[2],
        ).returncode
        == 0
    )
    gateway.wait_for("draft-checked")
    report = place / "t.xlsx.controle.html"  # a first one may be of a workbook half written
    gateway.wait_until(lambda: "<p>0 erreur," in report.read_text(encoding="utf-8"))


def test_the_page_names_each_step_in_its_order():
    steps = re.findall(r"^    gw tables (\w+)", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert list(dict.fromkeys(steps)) == [
        *("draft", "template", "import", "sync", "check", "diff", "impact", "notice"),
        *("release", "approve", "merge", "activate", "list", "cancel", "rollback", "confirm"),
    ]


def test_in_production_the_example_moves_nothing_until_a_person_accepts_it(
    daemon, command, listed, a_message, outbound, uid, tmp_path
):
    config = tmp_path / "production.toml"
    config.write_text(
        'environment = "production"\nown_institutions = ["FR:CLEISS0000"]\n'
        'sending = "automatic"\n[policy]\nleast_certainty = "likely"\n',
        encoding="utf-8",
    )
    gateway = daemon("--config", config)
    gateway.wait_for("started")

    def gw(*words, code=0):
        done = command(gateway.state, "--config", config, *words)
        assert done.returncode == code, done.stderr
        return done.stdout

    def notes():
        code, ready = gateway.get("/readyz")
        assert code == 200
        return json.loads(ready)["notes"]

    def unaccepted():
        """The gauge, and that there is one."""
        return re.search(
            r"(?m)^gateway_tables_unaccepted\{.*\} (\S+)$", gateway.get("/metrics")[1]
        )[1]

    def left(case):
        return any(uid(case).encode() in body for body in outbound(gateway.state).values())

    def warned():
        return {one["code"] for one in json.loads(gw("doctor", "--json"))["warnings"]}

    gateway.put("1.xml", a_message("one", case="c"))
    gateway.wait_for("message-recorded")
    status = json.loads(gw("status", "--json"))
    assert (status["unaccepted_tables"], status["proposed"]) == (True, 3)
    assert "example not accepted" in gw("status")
    assert "exemple non accepté     oui" in gw("--lang", "fr", "status")
    assert notes() == ["tables-example"]
    assert "<code>tables-example</code>" in gateway.get("/")[1]
    assert unaccepted() == "1.0"
    assert "tables-example" in warned()
    assert "example tables not accepted" in gw("status", "--check", code=1)
    (tmp_path / "1.xml").write_bytes(a_message("one", case="c"))
    assert "The tables 2026-baseline are an example" in gw("judge", tmp_path / "1.xml")
    assert outbound(gateway.state) == {}

    accept = ("tables", "accept", "2026-baseline", "--why", "ids compared")
    assert "2026-baseline" in gw(*accept)
    gw(*accept, code=1)
    assert json.loads(gw("status", "--json"))["unaccepted_tables"] is False
    assert notes() == []
    assert "tables-example" not in gateway.get("/")[1]
    assert unaccepted() == "0.0"
    assert "tables-example" not in warned()
    gateway.put("2.xml", a_message("two", case="d"))
    gateway.wait_until(lambda: left("d"))
    assert not left("c")
    gw("sending", "confirm", uid("c"), "--why", "looked at")
    gateway.wait_until(lambda: left("c"))
    *_, yes = listed(gateway.state, "tables", "list")
    assert (yes["state"], yes["kind"], yes["reason"]) == ("in-force", "accepted", "ids compared")

    assert gateway.terminate() == 0
    again = daemon("--config", config, state=gateway.state)
    again.put("3.xml", a_message("three", case="e"))
    again.wait_until(lambda: left("e"))
