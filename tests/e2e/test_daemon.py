"""The daemon as a process: what it does with messages, how it starts, how it ends."""

import json
import socket
import subprocess
import sys

import pytest

END = ["draining", "intake-stopped", "in-flight-settled", "outbox-drained", "closed"]
AIN = "FR-0101100000"


def test_a_message_goes_to_the_competent_institution(daemon, a_message, outbound, uid):
    gateway = daemon("--until-idle")
    body = a_message()
    gateway.put("01.xml", body)
    assert gateway.join() == 0
    files = outbound(gateway.state)
    handed = [path for path in files if path.startswith(f"{AIN}/")]
    assert len(handed) == 2, files.keys()
    assert files[next(p for p in handed if p.endswith(".xml"))] == body
    sidecar = json.loads(files[next(p for p in handed if p.endswith(".json"))])
    assert sidecar["message_id"] == uid("one")
    assert sidecar["decision"] == "transfer"
    x007 = [body for path, body in files.items() if path.startswith("rina/")]
    assert len(x007) == 2  # one to the sender, one to the new participant
    assert all(b"X007" in body and b"FR:0101100000" in body for body in x007)
    assert list((gateway.state / "inbound").iterdir()) == []


def test_it_ends_in_the_documented_order(daemon, a_message):
    gateway = daemon()
    gateway.wait_for("started")
    gateway.put("01.xml", a_message())
    gateway.wait_for("batch-sent")
    assert gateway.terminate() == 0
    assert [action for action in gateway.actions if action in END] == END


def test_systemd_is_told_that_it_is_ready_alive_and_stopping(daemon, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(60)
        gateway = daemon(env={"NOTIFY_SOCKET": str(tmp_path / "notify")})
        assert systemd.recv(100) == b"READY=1"
        assert [systemd.recv(100) for _ in range(2)] == [b"WATCHDOG=1"] * 2
        assert gateway.terminate() == 0
        said = systemd.recv(100)
        while said == b"WATCHDOG=1":
            said = systemd.recv(100)
        assert said == b"STOPPING=1"


def test_what_is_in_the_inbound_folder_survives_the_end(daemon, a_message, listed, recovered):
    gateway = daemon()
    gateway.wait_for("started")
    for number in range(200):
        gateway.put(f"{number:03}.xml", a_message(f"m{number}"))
    gateway.wait_for("message-recorded")
    assert gateway.terminate() == 0
    left = len(list((gateway.state / "inbound").glob("*.xml")))
    assert len(listed(gateway.state, "journal", "list")) + left == 200
    with recovered():
        again = daemon("--until-idle")
        again.wait_for("started")
    assert again.join() == 0
    assert len(listed(gateway.state, "journal", "list")) == 200


def test_a_sigterm_under_load_loses_nothing_and_hands_over_once(
    daemon, a_message, listed, outbound, recovered
):
    """Again and again, while messages are recorded and sent."""
    bodies = [a_message(f"m{number}") for number in range(150)]
    for number in range(3):
        gateway = daemon()
        gateway.wait_for("started")
        for place in range(50 * number, 50 * number + 50):
            gateway.put(f"{place:03}.xml", bodies[place])
        gateway.wait_for("batch-sent")
        assert gateway.terminate() == 0
    with recovered():
        again = daemon("--until-idle")
        again.wait_for("started")
    assert again.join() == 0
    rows = listed(gateway.state, "journal", "list")
    assert len(rows) == 150
    assert {row["state"] for row in rows} == {"done"}
    handed = [body for path, body in outbound(gateway.state).items() if path.endswith(".xml")]
    assert sorted(body for body in handed if body in set(bodies)) == sorted(bodies)


def test_two_gateways_never_share_a_state_folder(daemon, command):
    gateway = daemon()
    gateway.wait_for("started")
    second = command(gateway.state, "run")
    assert second.returncode == 1
    assert len(second.stderr.splitlines()) == 1
    assert "state" in second.stderr


def test_the_same_message_again_is_absorbed(daemon, a_message, listed, outbound):
    gateway = daemon("--until-idle")
    gateway.put("01.xml", a_message())
    gateway.put("02.xml", a_message())
    gateway.put("03.xml", a_message("two", case="case of one", document="document of one"))
    assert gateway.join() == 0
    rows = listed(gateway.state, "journal", "list")
    assert sorted(row["state"] for row in rows) == ["absorbed", "done"]
    assert len([p for p in outbound(gateway.state) if p.startswith(AIN)]) == 2


def test_a_later_sed_of_the_case_is_delivered_to_its_holder(
    daemon, a_message, listed, outbound, person
):
    gateway = daemon("--until-idle")
    gateway.put("01.xml", a_message())
    gateway.put(
        "02.xml",
        a_message(
            "two",
            case="case of one",
            document="document of one",
            version=3,
            action="Update",
            inside=person("Lyon", "69001"),
        ),
    )
    assert gateway.join() == 0
    rows = listed(gateway.state, "journal", "list")
    assert [row["decision"] for row in rows] == ["transfer", "deliver"]
    assert {row["institution"] for row in rows} == {"FR:0101100000"}
    assert len([p for p in outbound(gateway.state) if p.startswith(AIN)]) == 4


def test_a_question_goes_abroad_when_the_sed_says_too_little(
    daemon, a_message, listed, outbound, person
):
    gateway = daemon("--until-idle")
    gateway.put("01.xml", a_message(inside=person(town=None)))
    assert gateway.join() == 0
    [row] = listed(gateway.state, "journal", "list")
    assert (row["decision"], row["state"]) == ("ask", "waiting")
    [question] = outbound(gateway.state).values()
    assert b"<sbdh:Type>H001</sbdh:Type>" in question
    assert b"DE:101320043" in question


def test_nothing_leaves_when_it_only_observes(daemon, a_message, listed, outbound):
    gateway = daemon("--until-idle", env={"EESSI_GATEWAY_SENDING": "observe"})
    gateway.put("01.xml", a_message())
    assert gateway.join() == 0
    [row] = listed(gateway.state, "journal", "list")
    assert row["decision"] == "transfer"
    assert outbound(gateway.state) == {}
    # leaving `observe` never sends the backlog unasked
    again = daemon("--until-idle")
    assert again.join() == 0
    assert outbound(gateway.state) == {}


def test_attachments_pass_through_untouched(daemon, a_message, outbound):
    body = (
        b'Content-Type: multipart/related; boundary="cut"\r\n\r\n'
        b"--cut\r\nContent-Type: application/xml\r\n\r\n"
        + a_message()
        + b"\r\n--cut\r\nContent-Type: application/pdf\r\n\r\n%PDF-1.7 \x00\xff\r\n--cut--\r\n"
    )
    gateway = daemon("--until-idle")
    gateway.put("01.mime", body)
    assert gateway.join() == 0
    [handed] = [b for p, b in outbound(gateway.state).items() if p.endswith(".mime")]
    assert handed == body


# -- seen from outside ----------------------------------------------------------------------


def test_health_and_metrics_tell_what_happened(daemon, a_message):
    gateway = daemon()
    assert gateway.get("/livez")[0] == 200
    assert gateway.get("/readyz") == (200, '{"ready":true,"reasons":[],"notes":[]}')
    gateway.put("01.xml", a_message())
    gateway.wait_for("batch-sent")
    metrics = gateway.get("/metrics")[1]
    labels = 'environment="demo",gateway_instance="demo"'
    assert f'gateway_decisions_total{{cause="none",decision="transfer",{labels}}} 1.0' in metrics


def test_readiness_is_red_without_the_inbound_folder(daemon):
    gateway = daemon()
    gateway.wait_for("started")
    (gateway.state / "inbound").rmdir()
    gateway.wait_until(lambda: gateway.get("/readyz")[0] == 503)
    assert "inbound-unreadable" in gateway.get("/readyz")[1]
    (gateway.state / "inbound").mkdir()
    gateway.wait_until(lambda: gateway.get("/readyz")[0] == 200)


def test_readiness_is_red_when_a_message_waits_too_long(daemon, a_message, command):
    gateway = daemon(env={"EESSI_GATEWAY_INBOUND__OLDEST_WAITING_SECONDS": "0.5"})
    gateway.wait_for("started")
    assert command(gateway.state, "pause", "--why", "a test").returncode == 0
    gateway.put("01.xml", a_message())
    gateway.wait_until(lambda: "oldest-message-waits" in gateway.get("/readyz")[1])
    assert "paused" in gateway.get("/readyz")[1]
    assert command(gateway.state, "resume", "--why", "over").returncode == 0
    gateway.wait_for("message-recorded")
    gateway.wait_until(lambda: gateway.get("/readyz")[0] == 200)


def test_no_person_is_in_the_log_the_metrics_or_the_lists(daemon, a_message, command, person):
    gateway = daemon()
    gateway.put("01.xml", a_message())
    gateway.put("02.xml", a_message("two", inside=person(family="") + "<Muster/>"))
    gateway.put("03.xml", a_message("three", inside=person(town=None)))
    gateway.wait_for("message-recorded", 3)
    seen = [
        json.dumps(gateway.lines),
        gateway.get("/metrics")[1],
        command(gateway.state, "journal", "list", "--json").stdout,
        command(gateway.state, "worklist", "list", "--json").stdout,
    ]
    for text in seen:
        assert "Muster" not in text
        assert "Erika" not in text
        assert "1985-07-15" not in text


@pytest.mark.parametrize("key", ["ADDRESS", "TLS_KEY"])
def test_it_does_not_start_with_an_open_door(daemon, key):
    value = {"ADDRESS": "0.0.0.0", "TLS_KEY": "nothing.pem"}[key]
    gateway = daemon(env={f"EESSI_GATEWAY_HTTP__{key}": value})
    assert gateway.join() == 1
    assert "started" not in gateway.actions


def test_the_state_is_for_its_owner_alone(daemon, a_message):
    gateway = daemon()
    gateway.wait_for("started")
    gateway.put("01.xml", a_message())
    gateway.wait_for("batch-sent")
    assert gateway.state.stat().st_mode & 0o777 == 0o700
    for path in gateway.state.rglob("*"):
        if path.parent.name != "inbound":
            assert path.stat().st_mode & 0o077 == 0, path


@pytest.mark.parametrize(
    ("words", "known"),
    [
        (("--version",), ()),
        (("journal", "list"), ("lxml",)),
        (("quarantine", "list"), ("lxml",)),
        (("sending", "list"), ("lxml",)),
        (("questions", "list"), ("lxml",)),
        (("pause", "--help"), ("lxml",)),
    ],
)
def test_who_only_looks_waits_for_no_library(tmp_path, words, known):
    line = ["-X", "importtime", "-m", "gateway", "--state", tmp_path, *words]
    done = subprocess.run([sys.executable, *line], capture_output=True, text=True, check=False)
    assert "gateway.cli\n" in done.stderr
    libraries = {"lxml", "pydantic", "starlette", "xmlschema", "structlog", "rich"}
    for heavy in {*libraries, "gateway.bench"} - {*known}:
        assert f" {heavy}\n" not in done.stderr, heavy


def test_a_pause_outlives_the_process_and_is_shown(daemon, a_message, command, listed, outbound):
    gateway = daemon()
    gateway.put("01.xml", a_message())
    gateway.wait_until(lambda: outbound(gateway.state))
    assert gateway.terminate() == 0
    pausing = ("pause", "--country", "DE", "--why", "they asked")
    assert command(gateway.state, *pausing).returncode == 0  # nobody answers: by ourselves
    assert command(gateway.state, *pausing).returncode == 1
    before = outbound(gateway.state)
    again = daemon(state=gateway.state)
    again.put("02.xml", a_message("two"))
    again.wait_for("message-recorded")
    status = json.loads(command(gateway.state, "status", "--json").stdout)
    assert (status["paused"], status["sendings"]["due"]) == (False, 2)
    (pause,) = status["pauses"]
    assert (pause["reach"], pause["value"], pause["why"]) == ("country", "DE", "they asked")
    assert "a country DE" in command(gateway.state, "status").stdout
    code, ready = again.get("/readyz")
    assert (code, json.loads(ready)["notes"]) == (200, ["paused-in-part"])
    assert outbound(gateway.state) == before
    done = command(gateway.state, "resume", "--country", "DE", "--why", "over", "--lang", "fr")
    assert done.stdout.startswith("Reprise : DE")
    again.wait_until(lambda: len(outbound(gateway.state)) > len(before))
    (over,) = listed(gateway.state, "status", "--pauses")
    assert (over["value"], over["resumed_why"]) == ("DE", "over")
    assert "a country DE" in command(gateway.state, "status", "--pauses").stdout
    assert command(gateway.state, "pause", "--why", "all of it").returncode == 0
    again.kill()
    third = daemon(state=gateway.state)
    third.put("03.xml", a_message("three"))
    third.wait_until(lambda: third.get("/readyz")[0] == 503)
    assert "paused" in third.get("/readyz")[1]
    assert "message-recorded" not in third.actions
    assert command(gateway.state, "resume", "--why", "over").returncode == 0
    third.wait_for("message-recorded")


def test_it_looks_at_what_is_around_it_and_reports_on_both(daemon, command, tmp_path):
    config = tmp_path / "gateway.toml"
    config.write_text(
        '[availability.components]\n"gone" = { probe = "file", target = "/nowhere/at/all" }\n',
        encoding="utf-8",
    )
    gateway = daemon("--config", config)
    down = gateway.wait_for("component-down")
    assert (down["eessi.component"], down["eessi.cause"]) == ("gone", "no-such-file")
    gateway.wait_for("started")
    assert gateway.terminate() == 0
    year = down["@timestamp"][:4]
    told = command(gateway.state, "report", "availability", "--year", year, "--json")
    rows = {r["name"]: r for r in map(json.loads, told.stdout.splitlines()) if r["hours"] == "24x7"}
    assert rows["gone"]["down_minutes"] > 0
    assert rows["gone"]["up_minutes"] == 0
    assert rows["gateway"]["up_minutes"] > 0
