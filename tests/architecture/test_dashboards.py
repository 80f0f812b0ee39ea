"""The dashboards are what their panels say, and ask for nothing that the gateway does not show."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from gateway.daemon import CAUSES_SHOWN
from gateway.metrics import Metrics
from tests.architecture.test_alerts import PROMTOOL, RULES

OPS = Path(__file__).parents[2] / "ops"
FOLDER = OPS / "dashboards"
DASHBOARDS = {p.name: json.loads(p.read_text(encoding="utf-8")) for p in FOLDER.glob("*.json")}
NAMES = sorted(DASHBOARDS)
ADDED = {"environment", "gateway_instance"}
"""Labels of each series; their values are chosen at the top."""
RECORDED = set(re.findall(r"record: (\S+)", RULES))
SHARED = re.findall(
    r"(?m)^- `(gateway_\w+)`$",
    (OPS / "metrics.md")
    .read_text("utf-8")
    .partition("\n### Several workers\n")[2]
    .partition("\n## ")[0],
)
"""What each worker shows of a journal that is not its alone."""
SELECTOR = re.compile(r"\b((?:gateway|process)[_:][\w:]+)(\{[^}]*\})?")


def shown():
    """Name of each series -> its labels, with the values that they take at the start."""
    metrics = Metrics(instance="i", environment="demo", sending="observe", causes=CAUSES_SHOWN)
    metrics.cdm_begins({"4.4": 0.0})
    metrics.release("r")
    metrics.certificates({"http": 0.0})
    metrics.tables_end("r", 0.0)
    found = {name: {"environment": {"demo"}, "gateway_instance": {"i"}} for name in RECORDED}
    for family in text_string_to_metric_families(metrics.exposition()[0].decode()):
        for sample in family.samples:
            labels = found.setdefault(sample.name, {})
            for label, value in sample.labels.items():
                labels.setdefault(label, set()).add(value)
    return found


SHOWN = shown()


def panels(name):
    """The panels of a dashboard that show something."""
    return [panel for panel in DASHBOARDS[name]["panels"] if panel["type"] != "row"]


def targets(name):
    """Each query with its legend."""
    return [(one["expr"], one["legendFormat"]) for p in panels(name) for one in p["targets"]]


def grouped(expression):
    """The labels by which it groups."""
    found = re.findall(r"\bby \(([^)]*)\)", expression)
    return {label.strip() for labels in found for label in labels.split(",")}


def selectors(expression):
    """Each series that is asked for, with its matchers."""
    bare = re.sub(r"\bby \([^)]*\)", "", expression)
    return [(name, braces or "") for name, braces in SELECTOR.findall(bare)]


def test_they_are_what_the_panels_say(tmp_path):
    subprocess.run([sys.executable, FOLDER / "build.py", tmp_path], check=True, timeout=60)
    built = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert built == {path.name: path.read_bytes() for path in FOLDER.glob("*.json")}, (
        "make dashboards"
    )


@pytest.mark.parametrize("name", NAMES)
def test_each_series_exists_with_the_labels_and_values_asked_for(name):
    for expression, _ in targets(name):
        asked = selectors(expression)
        assert asked, expression
        for series, braces in asked:
            assert series in SHOWN, series
            matchers = dict(re.findall(r'(\w+)=~?"([^"]*)"', braces))
            assert set(matchers) >= ADDED, f"{expression}: not of the gateways that are chosen"
            for label in set(matchers) - ADDED:
                assert matchers[label] in SHOWN[series].get(label, ()), f"{expression}: {label}"


@pytest.mark.parametrize("name", NAMES)
def test_what_is_grouped_by_and_called_by_are_labels_that_are_there(name):
    for expression, legend in targets(name):
        labels = set.intersection(*(set(SHOWN[series]) for series, _ in selectors(expression)))
        by, called = grouped(expression), set(re.findall(r"\{\{(\w+)\}\}", legend))
        assert by <= labels, expression
        assert called <= by, expression  # what is summed up has no other label left
        left = grouped(re.sub(r"max by \(environment, [^)]*\)", "", expression))
        assert called == left - {"le"}, f"{expression}: series that look alike"


@pytest.mark.parametrize("name", NAMES)
def test_what_each_worker_shows_of_their_journal_is_not_added_up(name):
    """Of the workers of one gateway the most is taken, and gateways are added up."""
    shared = re.compile(rf"\b(?:{'|'.join(SHARED)})(?:_bucket|_sum|_count)?\{{")
    of_gateway = r"max by \(environment, gateway_instance(?:, \w+)?\) \((?:increase\()?"
    once = re.compile(rf"(?:\b{of_gateway}|\bmax\()$")
    for expression, _ in targets(name):
        for found in shared.finditer(expression):
            before = expression[: found.start()]
            assert once.search(before), expression


def test_each_metric_of_the_gateway_is_on_a_dashboard():
    asked = {
        s for name in NAMES for expression, _ in targets(name) for s, _ in selectors(expression)
    }
    families = {re.sub(r"_(bucket|sum|count)$", "", series) for series in asked}
    ours = {name for name in SHOWN if name.startswith("gateway_")}
    assert {re.sub(r"_(bucket|sum|count)$", "", name) for name in ours} - families == set()


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith(".en.json")])
def test_the_french_one_has_the_same_panels_in_other_words(name):
    english, french = DASHBOARDS[name], DASHBOARDS[name.replace(".en.", ".fr.")]
    assert english["uid"].removesuffix("en") == french["uid"].removesuffix("fr")
    pairs = list(zip(english["panels"], french["panels"], strict=True))
    for one, other in pairs:
        assert (one["gridPos"], one["type"]) == (other["gridPos"], other["type"])
        assert [t["expr"] for t in one.get("targets", ())] == [
            t["expr"] for t in other.get("targets", ())
        ]
        if one["type"] != "row":
            assert one["description"].endswith(".")
            assert other["description"].endswith(".")
            assert one["description"] != other["description"]


@pytest.mark.parametrize("name", NAMES)
def test_no_panel_lies_over_another_or_beside_the_grid(name):
    taken = set()
    for panel in DASHBOARDS[name]["panels"]:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells


def test_numbers_and_addresses_are_each_used_once():
    assert len({one["uid"] for one in DASHBOARDS.values()}) == len(NAMES) == 4
    for one in DASHBOARDS.values():
        numbers = [panel["id"] for panel in one["panels"]]
        assert len(numbers) == len(set(numbers))


@pytest.mark.program
@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed: make setup-services")
@pytest.mark.parametrize("name", NAMES)
def test_prometheus_reads_each_query(name, tmp_path):
    asked = [expression for expression, _ in targets(name)]
    rules = [
        {
            "record": f"panel:{at}",
            "expr": one.replace("$__rate_interval", "5m").replace("$__range", "1d"),
        }
        for at, one in enumerate(asked)
    ]
    file = tmp_path / "rules.yml"  # JSON is YAML
    file.write_text(json.dumps({"groups": [{"name": name, "rules": rules}]}), encoding="utf-8")
    done = subprocess.run(
        [PROMTOOL, "check", "rules", file], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(asked)} rules found" in done.stdout
