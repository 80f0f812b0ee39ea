"""How a running gateway shows itself: page, terminal, monitoring."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from datetime import datetime

import pytest

from gateway.core.matter import PARIS

REPORT = ("report", "availability", "--year", str(datetime.now(PARIS).year))


def test_a_gateway_shows_itself_everywhere_the_same(daemon, command, a_message):
    gateway = daemon()
    gateway.put("01.xml", a_message())
    gateway.wait_for("batch-sent")

    code, page = gateway.get("/?lang=fr")
    assert code == 200
    assert "Prête : les messages passent" in page
    assert "2026-baseline" in page
    assert not re.search(r"[A-Z]{2}:\w{4,}|[0-9a-f]{8}-[0-9a-f]{4}-", page)  # nobody, no case

    done = command(gateway.state, "status", "--json")
    shown = json.loads(done.stdout)
    assert {part["part"]: part["state"] for part in shown["parts"]}["intake"] in {"run", "idle"}
    assert shown["rates"]["send_failures"] == 0

    text = command(gateway.state, "status", "--lang", "fr").stdout
    assert re.search(r"(?m)^Registre +run .*En marche\.$", text)
    assert re.search(r"(?m)^en marche +oui$", text)
    assert re.search(r"(?m)^Reçus [\d\u202f]+,\d/min, Remis", text)

    done = command(gateway.state, "status", "--check")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("EESSI-GATEWAY OK - ")
    assert command(gateway.state, "pause", "--why", "ticket 1").returncode == 0
    gateway.wait_until(lambda: gateway.get("/readyz")[0] == 503)
    done = command(gateway.state, "status", "--check")
    assert done.returncode == 1
    assert "outbox paused" in done.stdout

    assert gateway.terminate() == 0
    done = command(gateway.state, "status", "--check")
    assert done.returncode == 2
    assert done.stdout.startswith("EESSI-GATEWAY CRITICAL - not running")
    shown = json.loads(command(gateway.state, "status", "--json").stdout)
    assert {part["state"] for part in shown["parts"]} == {"stop"}
    assert shown["rates"] is None


def test_a_stuck_part_is_told_beside_a_green_readiness(daemon, a_message, tmp_path):
    (tmp_path / "state" / "outbound").mkdir(parents=True)
    (tmp_path / "state" / "outbound" / "rina").touch()  # where a folder is needed
    limits = {"EESSI_GATEWAY_WATCH__LAG_SECONDS": "1", "EESSI_GATEWAY_WATCH__STUCK_SECONDS": "1"}
    gateway = daemon(env=limits)
    gateway.put("01.xml", a_message())

    def ready():
        code, body = gateway.get("/readyz")
        return code, json.loads(body)

    told = {"ready": True, "reasons": [], "notes": ["outbox-stuck"]}
    gateway.wait_until(lambda: ready() == (200, told))
    page = gateway.get("/?lang=en")[1]
    assert '<span class="l2">Ready, but a part is stuck' in page
    assert "Ready: messages get through" not in page


def test_the_page_tells_the_availability_that_the_report_tells(daemon, listed, tmp_path):
    young = tmp_path / "young"
    young.touch()
    config = tmp_path / "gateway.toml"
    config.write_text(
        "[availability.components]\n"
        f'"copy" = {{ probe = "file", target = "{young}", service = "Copies" }}\n'
        '"old-copy" = { probe = "none" }\n'
    )
    gateway = daemon("--config", str(config))
    gateway.wait_until(lambda: "This year so far" in gateway.get("/?lang=en")[1])
    page = gateway.get("/?lang=en")[1]
    rows = dict(re.findall(r'<th scope="row">([^<]*)</th><td><span class="l\d">([^<]*)<', page))
    assert rows["the gateway itself"] == "up"
    assert rows["old-copy"] == "not observed"
    assert set(rows) >= {"copy", "Copies (service: copy)"}
    named = {row["name"] for row in listed(gateway.state, "--config", config, *REPORT)}
    assert named == {"Copies", "copy", "old-copy", "gateway", "*"}


def test_monitoring_gets_one_line_and_3_when_nothing_can_be_known(command, tmp_path):
    done = command(tmp_path / "nothing", "status", "--check")
    assert (done.returncode, done.stdout, done.stderr) == (
        3,
        "EESSI-GATEWAY UNKNOWN - no-journal\n",
        "",
    )
    done = command(tmp_path, "--config", tmp_path / "absent.toml", "status", "--check")
    assert done.returncode == 3
    assert done.stdout.startswith("EESSI-GATEWAY UNKNOWN - ")


@pytest.mark.parametrize("words", [("--check", "--json"), ("--pauses", "--watch")])
def test_what_does_not_go_together_is_a_mistake_of_usage(command, tmp_path, words):
    assert command(tmp_path, "status", *words).returncode == 2


def test_watching_goes_on_until_it_is_interrupted(daemon, tmp_path):
    gateway = daemon()
    gateway.wait_for("started")
    line = [sys.executable, "-m", "gateway", "--state", str(gateway.state), "status"]
    with subprocess.Popen(
        [*line, "--watch", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as watching:
        looks = [json.loads(watching.stdout.readline()) for _ in range(2)]
        time.sleep(0.5)
        watching.send_signal(signal.SIGINT)
        assert watching.wait(20) == 0, watching.stderr.read().decode()
    assert [look["running"] for look in looks] == [True, True]
