"""A real Prometheus scrapes a gateway at work, and answers every panel of every dashboard.

Grafana itself is not among the programs that the tests can install: it would send these very
expressions, with its variables put in, to this very interface.
"""

import json
import math
import re
import shutil
import subprocess
import time
import urllib.parse
import urllib.request
from http import HTTPStatus
from pathlib import Path

import pytest

from gateway.bench.private_broker import free_ports

pytestmark = [pytest.mark.program, pytest.mark.long]
OPS = Path(__file__).parents[2] / "ops"
DASHBOARDS = [
    json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((OPS / "dashboards").glob("*.json"))
]
PROMETHEUS = shutil.which("prometheus")
PATIENCE = 90.0
CHOSEN = {
    "$environment": "demo",
    "$gateway": ".+",
    "$__rate_interval": "30s",
    "$__range": "10m",
}
"""What Grafana puts in."""
QUIET = {
    "gateway_not_ready": "a gateway that is ready has no reason not to be",
    "offset 1w": "nothing was scraped a week ago",
    "gateway_reminders_total": "no reminder is due yet",
    "gateway_certificate_expiry": "no certificate is configured",
    "gateway_tables_expiry": "no route of the baseline ends without one that follows",
}
"""What is in an expression -> why it has nothing to show in this test."""


class Prometheus:
    """A Prometheus of the test's own, on the loopback, that scrapes one gateway each second."""

    def __init__(self, home, target):
        self.url = f"http://127.0.0.1:{free_ports(1)[0]}"
        config = home / "prometheus.yml"
        config.write_text(
            "global: {scrape_interval: 1s, evaluation_interval: 1s}\n"
            f"rule_files: [{OPS / 'alerts.yml'}]\n"
            "scrape_configs:\n"
            "  - job_name: eessi-gateway\n"
            f"    static_configs: [{{targets: [{target!r}]}}]\n"
        )
        line = [
            *(PROMETHEUS, f"--config.file={config}", f"--storage.tsdb.path={home / 'tsdb'}"),
            f"--web.listen-address={self.url.removeprefix('http://')}",
        ]
        with (home / "out").open("wb") as out:
            self._process = subprocess.Popen(line, stdout=out, stderr=out, cwd=home)

    def end(self):
        self._process.terminate()
        self._process.wait(30)

    def ask(self, path, **params):
        """The data of an answer; fails with what Prometheus says about an expression."""
        address = f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(params)}"
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            if error.code == HTTPStatus.SERVICE_UNAVAILABLE:  # it is starting
                raise
            raise AssertionError(f"{params}: {error.read().decode()}") from error

    def instant(self, expression):
        """Labels and value of each series now."""
        found = self.ask("query", query=expression)["result"]
        return [(one["metric"], float(one["value"][1])) for one in found]

    def lately(self, expression):
        """Every value of each series in the last minute."""
        now = time.time()
        times = {"start": now - 60, "end": now, "step": 1}
        found = self.ask("query_range", query=expression, **times)["result"]
        return [(one["metric"], float(value)) for one in found for _, value in one["values"]]

    def wait_for(self, expression):
        """Return when an expression has something to say."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                if self.instant(expression):
                    return
            except OSError:  # it is starting
                pass
            assert time.monotonic() < end, expression
            time.sleep(0.5)


def expressions():
    """Every query of every panel once, and whether it is asked for an instant or a stretch."""
    return {
        (target["expr"], target["instant"])
        for dashboard in DASHBOARDS
        for panel in dashboard["panels"]
        for target in panel.get("targets", ())
    }


def put_in(expression):
    for variable, value in CHOSEN.items():
        expression = expression.replace(variable, value)
    assert "$" not in expression
    return expression


@pytest.fixture
def gateway(daemon, command, tmp_path):
    """A gateway at work; the second half of its traffic is still to come."""
    config = tmp_path / "gateway.toml"
    config.write_text('instance = "rina-1"\n[cdm.activation]\n"4.4" = 2099-01-01\n')
    words = ("--seed", "3", "--count", "80", "--out", tmp_path / "y")
    made = command(tmp_path, "simulate", "year", *words)
    assert made.returncode == 0, made.stderr
    one = daemon("--config", str(config))
    one.wait_for("started")
    one.traffic = sorted((tmp_path / "y" / "messages").iterdir())
    one.config = config
    return one


@pytest.fixture
def prometheus(gateway, tmp_path):
    if PROMETHEUS is None:
        pytest.skip("prometheus is not installed: make setup-services")
    one = Prometheus(tmp_path, gateway.url.removeprefix("http://"))
    try:
        one.wait_for("gateway_ready == 1")
        yield one
    finally:
        one.end()


def arrive(gateway, files):
    """One after another, some at a time: an answer comes after its question was asked."""
    inbound = gateway.state / "inbound"
    for begin in range(0, len(files), 5):
        for file in files[begin : begin + 5]:
            shutil.copyfile(file, inbound / f".{file.name}")
            (inbound / f".{file.name}").rename(inbound / file.name)
        gateway.wait_until(lambda: not [*inbound.glob("*.xml"), *inbound.glob("*.mime")])


def label_values(prometheus, query):
    """What Grafana offers to choose from."""
    selector, label = re.fullmatch(r"label_values\((.+), (\w+)\)", query).groups()
    series = prometheus.ask("series", **{"match[]": put_in(selector)})
    return {one[label] for one in series}


@pytest.mark.timeout(400)
def test_each_panel_has_an_answer_or_a_reason_for_none(gateway, prometheus, command):
    half = len(gateway.traffic) // 2
    arrive(gateway, gateway.traffic[:half])
    why = ("--why", "ticket 1")
    paused = command(gateway.state, "--config", gateway.config, "pause", "--buc", "P_BUC_01", *why)
    assert paused.returncode == 0, paused.stderr
    prometheus.wait_for("sum(gateway_messages_received_total) > 10")
    arrive(gateway, gateway.traffic[half:])
    gateway.put("zz.xml", b"no message")
    for metric in ("gateway_service_seconds_count", "gateway_country_service_seconds_count"):
        for service in ("transfer", "question", "answer"):
            prometheus.wait_for(f'sum(increase({metric}{{service="{service}"}}[10m])) > 0')
    prometheus.wait_for("sum(gateway_worklist) > 0 and sum(gateway_quarantine) > 0")

    silent = set()
    for expression, at_once in expressions():
        ask = prometheus.instant if at_once else prometheus.lately
        if all(math.isnan(value) for _, value in ask(put_in(expression))):
            silent.add(expression)
    reasons = {e: [why for part, why in QUIET.items() if part in e] for e, _ in expressions()}
    assert silent == {expression for expression, why in reasons.items() if why}

    for dashboard in DASHBOARDS:
        _, *variables = dashboard["templating"]["list"]
        values = {one["name"]: label_values(prometheus, one["query"]["query"]) for one in variables}
        assert values == {"environment": {"demo"}, "gateway": {"rina-1"}}

    rules = [rule for group in prometheus.ask("rules")["groups"] for rule in group["rules"]]
    assert [rule for rule in rules if rule["health"] != "ok"] == []
    assert [rule["name"] for rule in rules if rule.get("state") == "firing"] == []
    assert prometheus.instant('count({gateway_instance!=""}) < 5000')
