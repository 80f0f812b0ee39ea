"""Each alert rule names what exists, says how urgent it is, is tested, and is in the runbook."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import get_args

import pytest

from gateway.config import Sending
from gateway.daemon import CAUSES_SHOWN
from gateway.metrics import (
    DECISIONS,
    KINDS,
    OUTCOMES,
    REACHES,
    REASONS,
    SENDINGS,
    STATUS_FILES,
    Metrics,
)
from gateway.people.pausing import IN_PART
from gateway.releasing import UNACCEPTED
from gateway.seen.watching import STUCK

OPS = Path(__file__).parents[2] / "ops"
RULES = (OPS / "alerts.yml").read_text(encoding="utf-8")
TESTS = [OPS / f"alerts_{name}.yml" for name in ("test", "slow_test", "month_test")]
RUNBOOK = (OPS / "runbook.md").read_text(encoding="utf-8")
PROMTOOL = shutil.which("promtool")
VALUES = {
    "reason": REASONS,
    "outcome": (*OUTCOMES, *STATUS_FILES),
    "state": SENDINGS,
    "kind": KINDS,
    "reach": REACHES,
    "decision": DECISIONS,
    "cause": tuple(cause for causes in CAUSES_SHOWN.values() for cause in causes),
    "job": ("eessi-gateway",),
    "sending": get_args(Sending),
    "exceptions": ("yes", "no"),
}
"""Label -> the values that it can have."""


def alerts():
    """Alert -> the text of its rule."""
    parts = re.split(r"(?m)^ +- (?=alert: |record: )", RULES)
    found = {}
    for part in parts:
        if named := re.match(r"alert: (\w+)\n", part):
            found[named[1]] = part
    return found


def shown():
    """Every name under which a metric can be asked for."""
    metrics = Metrics(instance="i", environment="demo", sending="observe", causes=CAUSES_SHOWN)
    metrics.cdm_begins({"4.4": 0.0})
    metrics.certificates({"http": 0.0})
    metrics.tables_end("r", 0.0)
    metrics.release("r")
    return {line.split("{")[0] for line in metrics.exposition()[0].decode().splitlines()}


def test_each_metric_of_a_rule_exists():
    expressions = re.sub(r"gateway:service:\w+", "", re.sub(r"(?m)#.*$", "", RULES))
    named = set(re.findall(r"\bgateway_\w+", expressions)) - {"gateway_instance"}
    assert {"gateway_ready", "gateway_not_ready", "gateway_worklist_oldest_seconds"} <= named
    assert named - shown() == set()


def test_each_value_of_a_label_in_a_rule_can_occur():
    found = re.findall(r'(\w+)(?:=~?|!=)"([^"]+)"', RULES)
    assert found
    for label, values in found:
        assert set(values.split("|")) <= set(VALUES[label]), label


def test_nobody_takes_messages_in_for_any_reason_at_the_door():
    [named] = re.findall(r'reason=~"([^"]+)"', alerts()["EessiConsumerGone"])
    at_the_door = [r for r in REASONS if r.startswith(("inbound-", "broker-", "topology-"))]
    assert sorted(named.split("|")) == sorted([*at_the_door, "consumer-gone", "not-observed"])


def test_what_is_recorded_is_used_and_what_is_used_is_recorded():
    recorded = set(re.findall(r"record: (\S+)", RULES))
    used = set(re.findall(r"gateway:service:\w+", re.sub(r"record: \S+", "", RULES)))
    assert recorded - used == {"gateway:service:good_30d"}  # for a dashboard: is the goal kept?
    assert used - recorded == set()


@pytest.mark.parametrize("name", alerts())
def test_each_alert_says_its_level_and_what_it_is_in_both_languages(name):
    rule = alerts()[name]
    assert re.search(r"(?m)^ +severity: (page|ticket)$", rule)
    assert re.search(r'(?m)^ +summary: ".+\."$', rule)
    assert re.search(r'(?m)^ +summary_fr: ".+\."$', rule)
    assert re.search(r'(?m)^ +runbook: "runbook.md#alerts"$', rule)
    assert re.search(r"(?m)^ +for: \d+[mhd]$", rule)


def test_each_alert_has_its_row_in_the_runbook_with_its_level_and_no_other():
    text = RUNBOOK.partition("\n## Alerts\n")[2].partition("\n## ")[0]
    rows = dict(re.findall(r"(?m)^\| `(\w+)` \| (\w+) \| .+ \| .+ \|$", text))
    levels = {name: re.search(r"severity: (\w+)", rule)[1] for name, rule in alerts().items()}
    assert rows == levels


def test_each_reason_that_is_measured_and_each_note_is_in_the_runbook():
    text = RUNBOOK.partition("\n## /readyz\n")[2].partition("\n## ")[0]
    reasons, notes = (
        "".join(re.findall(r"(?m)^\| (`[^|]+) \|", part)) for part in text.split("\nNotes of ")
    )
    assert set(REASONS) == set(re.findall(r"`([a-z-]+)`", reasons))
    assert {IN_PART, UNACCEPTED, *STUCK} == set(re.findall(r"`([a-z-]+)`", notes))


def test_each_alert_is_shown_to_fire_and_to_keep_quiet():
    text = "".join(path.read_text(encoding="utf-8") for path in TESTS)
    looks = re.findall(r"(?m)^ +alertname: (\w+)$(\n +exp_alerts:)?", text)
    assert {name for name, fires in looks if fires} == set(alerts())
    assert {name for name, fires in looks if not fires} == set(alerts())


def test_each_alert_is_shown_to_come_once_from_a_gateway_with_two_workers():
    by_worker = {"EessiWorkerDown", "EessiCertificateExpires"}
    no_worker = {"EessiNotWatched", *(n for n in alerts() if n.startswith("EessiBudget"))}
    cases = [case for path in TESTS for case in path.read_text("utf-8").split("\n  - name: ")]
    [*two] = [case for case in cases if case.startswith('"one alert a cause of a gateway with')]
    assert all('instance="gw2:9464"' in case for case in two)
    looked = {name for case in two for name in re.findall(r"alertname: (\w+)\n +exp_alerts", case)}
    assert looked == set(alerts()) - by_worker - no_worker


@pytest.mark.program
@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed: make setup-services")
@pytest.mark.parametrize(
    "words",
    [
        ("check", "rules", "alerts.yml"),
        ("test", "rules", TESTS[0].name),
        *[pytest.param(("test", "rules", p.name), marks=pytest.mark.long) for p in TESTS[1:]],
    ],
    ids=" ".join,
)
def test_prometheus_reads_the_rules_and_they_do_what_they_say(words):
    done = subprocess.run(
        [PROMTOOL, *words], cwd=OPS, capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
