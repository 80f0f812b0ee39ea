"""The official package, from its ZIP to the decisions of a running gateway and back."""

import getpass
import json

import pytest

from tests.schemas.test_packages import TRANSACTION, make, with_reason, zipped


@pytest.fixture
def package(tmp_path):
    return zipped(make(tmp_path / "delivered", with_reason), tmp_path / "official.zip")


@pytest.fixture
def an_x007(a_message):
    """X007 without a reason, in a case of its own: valid by our schema, not by the official one."""
    inside = (
        "<CaseContext><PersonContext><familyName>Muster</familyName><forename>Erika</forename>"
        "<dateBirth>1985-07-15</dateBirth><sex><value>02</value></sex></PersonContext>"
        "</CaseContext><ForwardInformation><AddedParticipant><institutionID>DE:1</institutionID>"
        "<institutionName>x</institutionName></AddedParticipant><RemovedParticipant>"
        "<institutionID>DE:2</institutionID><institutionName>y</institutionName>"
        "</RemovedParticipant></ForwardInformation>"
    )
    return lambda name, **more: a_message(name, sed="X007", action="New", inside=inside, **more)


def test_a_running_gateway_decides_by_the_package_at_once(
    daemon, command, listed, package, an_x007, uid
):
    gateway = daemon()
    gateway.wait_for("started")
    gateway.put("1.xml", an_x007("before"))
    gateway.wait_for("message-recorded")
    told = command(gateway.state, "schemas", "install", package)
    assert told.returncode == 0, told.stderr
    gateway.put("2.xml", an_x007("after"))
    gateway.wait_for("message-recorded", 2)
    assert command(gateway.state, "schemas", "rollback").returncode == 0
    gateway.put("3.xml", an_x007("again"))
    gateway.wait_for("message-recorded", 3)
    gateway.terminate()
    assert gateway.join() == 0
    decided = {
        r["message_id"]: (r["decision"], r["cause"])
        for r in listed(gateway.state, "journal", "list")
    }
    assert decided[uid("before")] == ("hold", "out-of-order")
    assert decided[uid("after")] == ("refuse", "schema-violation")
    assert decided[uid("again")] == ("hold", "out-of-order")
    history = listed(gateway.state, "schemas", "history")
    name = history[1]["schemas"]
    assert [(h["schemas"], h["who"]) for h in history] == [
        ("profile", "gateway"),
        (name, getpass.getuser()),
        ("profile", getpass.getuser()),
    ]
    held = {
        message: next(
            happened["params"]["schemas"]
            for happened in listed(gateway.state, "journal", "show", uid(message))
            if happened["what"] in {"hold", "refuse"}
        )
        for message in ("before", "after", "again")
    }
    assert held == {"before": "profile", "after": name, "again": "profile"}


def test_a_package_installed_at_rest_is_known_with_its_author(command, listed, package, tmp_path):
    assert command(tmp_path / "var", "schemas", "install", package).returncode == 0
    (known,) = listed(tmp_path / "var", "schemas", "history")
    assert known["who"] == getpass.getuser()
    assert known["schemas"] != "profile"


def test_what_is_wrong_with_a_package_is_said_in_french(command, tmp_path):
    (tmp_path / "empty").mkdir()
    told = command(tmp_path / "var", "--lang", "fr", "schemas", "install", tmp_path / "empty")
    assert told.returncode == 1
    assert "empty : ne contient aucun fichier XSD ; rien n'a changé." in told.stderr


def test_a_dry_run_tells_what_would_change_and_changes_nothing(
    daemon, command, listed, package, an_x007, a_message, uid
):
    gateway = daemon("--until-idle")
    gateway.put("1.xml", an_x007("one"))
    gateway.put("2.xml", a_message("two"))
    protected = "<sbdh:PersonalProtectedCase>true</sbdh:PersonalProtectedCase>"
    gateway.put("3.xml", an_x007("three", flags=protected))
    assert gateway.join() == 0
    turn, masked = listed(gateway.state, "schemas", "install", "--dry-run", package)
    assert (turn["kind"], turn["message_id"]) == ("recorded", uid("one"))
    assert (turn["sed"], turn["valid"]) == ("X007", False)
    assert (masked["message_id"], masked["case_id"]) == (uid("three"), "protected")
    assert turn["case_id"] != "protected"
    told = command(gateway.state, "schemas", "install", "--dry-run", package).stdout
    assert "3 recorded messages: 2 would no longer be valid" in told
    assert "Muster" not in told
    sources = {row["source"] for row in listed(gateway.state, "schemas", "list")}
    assert sources == {"profile"}


def test_what_we_write_is_rehearsed_too(daemon, command, listed, tmp_path):
    def fewer(text):
        return text.replace('<xs:enumeration value="01"/>', "")

    package = make(tmp_path / "delivered", fewer)
    [turn] = listed(tmp_path / "none", "schemas", "install", "--dry-run", package)
    assert (turn["kind"], turn["sed"], turn["valid"]) == ("ours", "X007", False)
    assert turn["rules"]
    assert turn["cdm"] == "4.4"


def test_what_we_write_is_rehearsed_in_the_version_of_the_package(listed, tmp_path):
    """An older version, of which no schema of ours is there: only the package tells."""
    folder = make(tmp_path / "delivered")
    (folder / TRANSACTION).unlink()
    for file in folder.rglob("*.xsd"):
        text = file.read_text(encoding="utf-8").replace("4_4/", "4_2/")
        file.write_text(text.replace('<xs:enumeration value="01"/>', ""), encoding="utf-8")
    [turn] = listed(tmp_path / "none", "schemas", "install", "--dry-run", folder)
    assert (turn["kind"], turn["cdm"], turn["sed"]) == ("ours", "4.2", "X007")


def test_every_sed_of_the_catalogue_is_listed(command, listed, tmp_path, package):
    rows = listed(tmp_path, "schemas", "list")
    assert {"sed", "cdm", "source", "strict", "sha256"} == rows[0].keys()
    assert len({r["sed"] for r in rows if r["cdm"] == "4.4"}) == 273
    assert sum(r["strict"] for r in rows) == 148
    assert command(tmp_path, "schemas", "install", package).returncode == 0
    after = {r["sed"]: r["source"] for r in listed(tmp_path, "schemas", "list")}
    assert after["X007"] == "official"
    assert "transactions" in command(tmp_path, "schemas", "list").stdout


def test_a_broken_package_is_one_line_and_exit_1(command, tmp_path):
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"nothing")
    told = command(tmp_path, "schemas", "install", broken)
    assert (told.returncode, told.stderr.count("\n")) == (1, 1)
    assert "broken.zip" in told.stderr
    assert command(tmp_path, "schemas", "rollback").returncode == 1
    assert json.dumps(told.stdout) == '""'
