"""The report for support says what is needed, and nothing that must not leave the house."""

import json
import stat

import pytest

from gateway.seen.doctor import SHOWN

PASSWORD = "correct-horse-battery"
CONFIG = """\
environment = "test"
instance = "rina-of-nobody"
own_institutions = ["FR:0123456789"]
sending = "automatic"
secrets_dir = "keys"
[tables]
four_eyes = false
[policy]
hold_hours = 5
[policy.hand_over_by_institution]
"FR:0101100000" = "notice"
[http]
user = "somebody"
"""


@pytest.fixture
def house(tmp_path):
    """A configuration with secrets and names in it; its arguments for a command."""
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "http__password").write_text(PASSWORD)
    (tmp_path / "house.toml").write_text(CONFIG)
    return ("--config", tmp_path / "house.toml")


def test_it_names_settings_and_tells_no_value_no_path_and_nothing_people_wrote(
    house, tmp_path, daemon, command, a_message, uid
):
    state = tmp_path / "state-of-the-house"
    gateway = daemon(state=state, env={"EESSI_GATEWAY_LOG__LEVEL": "debug"})
    gateway.wait_for("started")
    gateway.put("named-by-somebody.xml", a_message())
    gateway.wait_for("message-recorded")
    why = "Erika Muster called us"
    pause = ("pause", "--institution", "FR:0101100000", "--why", why)
    assert command(state, *pause).returncode == 0
    for words in (("doctor",), ("doctor", "--json")):
        done = command(state, *house, *words)
        assert (done.returncode, done.stderr) == (0, "")
        for secret in (
            *(PASSWORD, "somebody", "rina-of-nobody", "0123456789", "0101100000", "Muster"),
            *(str(tmp_path), "state-of-the-house", "house.toml", uid("one"), why),
        ):
            assert secret not in done.stdout, secret
    report = json.loads(done.stdout)
    assert {"http.password", "http.user", "policy.hold_hours", "instance", "tables.four_eyes"} <= {
        *report["settings"]
    }
    assert "relay.batch" not in report["settings"]
    assert report["status"]["running"] is True
    assert set(report["status"]) == {*SHOWN, "pauses"}
    assert report["status"]["pauses"] == {"institution": 1}
    assert report["status"]["messages"]
    assert report["versions"]["sqlite"]
    assert "starlette" in report["versions"]
    assert report["state"]["mode"] == "0700"
    codes = {warning["code"] for warning in report["warnings"]}
    assert "one-person" in codes
    assert not codes & {"not-running", "no-journal", "check-failed", "state-open", "log-debug"}


def test_it_works_where_nothing_else_does(tmp_path, command):
    broken = tmp_path / "broken.toml"
    broken.write_text("[log]\nlevel = 'secret-word'\n")
    state = tmp_path / "open"
    state.mkdir(mode=0o755)
    state.chmod(0o755)
    done = command(state, "--config", broken, "doctor", "--json", "--lang", "fr")
    report = json.loads(done.stdout)
    assert done.returncode == 0
    assert "secret-word" not in done.stdout
    assert (report["settings"], report["status"]) == (None, None)
    [configuration] = [one for one in report["checks"] if one["part"] == "configuration"]
    assert configuration["problems"]
    warnings = {warning["code"]: warning["text"] for warning in report["warnings"]}
    assert {"check-failed", "state-open"} <= set(warnings)
    assert "chmod 700" in warnings["state-open"]
    assert warnings["state-open"].startswith("Le dossier")


def test_the_file_is_for_its_owner_alone_and_none_is_written_over(tmp_path, command):
    report = tmp_path / "report.txt"
    done = command(tmp_path, "doctor", "--output", report)
    assert (done.returncode, done.stdout) == (0, f"{report}: written.\n")
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    text = report.read_text(encoding="utf-8")
    assert "versions.sqlite: " in text
    assert "! no-journal: " in text
    again = command(tmp_path, "doctor", "--output", report)
    assert again.returncode == 1
    assert "cannot be written" in again.stderr
    assert report.read_text(encoding="utf-8") == text
