"""The label sets of the metrics are the closed sets of the core, and those of their page."""

import itertools
import re
from collections import defaultdict
from typing import get_args

import pytest
from prometheus_client.parser import text_string_to_metric_families

from gateway.config import Sending
from gateway.config.certificates import USES
from gateway.core.decision import CAUSES, NAMES
from gateway.core.outgoing import SendingKind
from gateway.daemon import CAUSES_SHOWN
from gateway.metrics import COUNTRIES, DECISIONS, KINDS, OTHER, SENDINGS, SERVICES, Metrics
from tests.edge.test_metrics import METRICS_MD, STAMP, documented

OPEN = {"release", "cdm", "version", "lxml", "libxml2", "sqlite", "python"}
"""Labels that have no closed set."""
NOT_AT_THE_START = {
    "gateway_certificate_expiry_timestamp_seconds": {"use": set(USES)},
    "gateway_mode_info": {"sending": set(get_args(Sending)), "exceptions": {"yes", "no"}},
}
"""What shows one value of several, or none."""


def words(text):
    return re.findall(r"`([\w.-]+)`", text)


def page():
    """Metric -> label -> its values, as the page states them; and decision -> its causes."""
    text = METRICS_MD.read_text(encoding="utf-8").partition("## Labels and their values")[2]
    rows = re.findall(r"(?m)^\| `(\w+)` \| (.+) \| (.+) \|$", text.partition("\n## ")[0])
    stated, causes = defaultdict(lambda: defaultdict(list)), {}
    for label, of, values in rows:
        for name in re.findall(r"gateway_\w+", of):
            stated[name][label] += words(values)
        if label == "cause":
            decisions = [word for word in words(of) if not word.startswith("gateway_")]
            causes |= dict.fromkeys(decisions, words(values))
    return stated, causes


def first_scrape():
    """Metric -> (type, labels of each series -> value), as a gateway shows it at its start."""
    metrics = Metrics(instance="rina-1", environment="test", sending="observe", causes=CAUSES_SHOWN)
    found = {}
    for family in text_string_to_metric_families(metrics.exposition()[0].decode()):
        name = family.name + ("_total" if family.type == "counter" else "")
        series = defaultdict(list)
        for sample in family.samples:
            labels = [
                pair for pair in sample.labels.items() if pair[0] not in {*STAMP, "le", *OPEN}
            ]
            series[frozenset(labels)].append(sample.value)
        found[name] = (family.type, series)
    return found


LABELLED = {n: labels - OPEN for n, (_, labels) in documented().items() if labels - OPEN}


@pytest.mark.parametrize("name", LABELLED)
def test_the_page_states_each_label_of_a_metric_with_all_its_values(name):
    stated = {label: set(values) for label, values in page()[0][name].items()}
    assert set(stated) == LABELLED[name]
    shown = defaultdict(set)
    for labels in first_scrape()[name][1] if name not in NOT_AT_THE_START else ():
        for label, value in labels:
            shown[label] |= {value} - {OTHER}
    assert stated == (NOT_AT_THE_START.get(name) or shown)


def test_the_page_states_no_label_that_no_metric_has():
    assert set(page()[0]) == set(LABELLED)


def test_the_page_states_the_causes_of_each_decision():
    none = {name: ["none"] for name in set(DECISIONS) - set(CAUSES_SHOWN)}
    assert page()[1] == {name: list(causes) for name, causes in CAUSES_SHOWN.items()} | none


COUNTED = [
    name
    for name, (kind, _) in documented().items()
    if kind in {"counter", "histogram", "summary"} and name.startswith("gateway_")
]


def promised(name):
    """Every series of a metric that the page speaks of."""
    stated, causes = page()
    if name == "gateway_decisions_total":
        pairs = [(decision, cause) for decision in causes for cause in causes[decision]]
        return {frozenset({("decision", one), ("cause", other)}) for one, other in pairs}
    sets = [[(label, value) for value in values] for label, values in stated[name].items()]
    return {frozenset(pairs) for pairs in itertools.product(*sets)}


@pytest.mark.parametrize("name", COUNTED)
def test_each_counter_is_there_with_0_at_the_first_scrape_for_all_values(name):
    series = first_scrape()[name][1]
    assert set(series) == promised(name)
    assert {value for values in series.values() for value in values} == {0}


def test_the_decisions_and_kinds_are_those_of_the_core():
    assert tuple(NAMES.values()) == DECISIONS
    assert {str(kind) for kind in SendingKind} == set(KINDS)


def test_all_causes_of_the_core_start_at_zero():
    metrics = Metrics(instance="rina-1", environment="test", sending="observe", causes=CAUSES)
    text = metrics.exposition()[0].decode()
    for decision, causes in CAUSES.items():
        for cause in causes:
            assert f'cause="{cause}",decision="{decision}"' in text


def test_a_year_of_every_value_stays_under_five_thousand_series():
    """Whatever was ever shown in it counts: a new release of the tables each week, and versions."""
    shown = set()
    for week in range(53):
        metrics = Metrics(
            instance="rina-1", environment="test", sending="observe", causes=CAUSES_SHOWN
        )
        metrics.release(f"2026-w{week:02}")
        metrics.cdm_begins({f"4.{4 + week // 26}": 0.0})
        shown |= everything(metrics)
    assert 500 < len(shown) < 5000
    assert not [s for s in shown if "country=" in s and "_bucket" in s]


def everything(metrics):
    """Each series of a gateway to which everything has happened: its name and labels."""
    for country in (*COUNTRIES, "XX"):
        metrics.asked(country)
        metrics.reminded(country)
        for service in (*SERVICES, "?"):
            metrics.served(service, country, 100.0)
    for kind in (*KINDS, "?"):
        for state in (*SENDINGS, "?"):
            metrics.sending(kind, state)
    for country in (*COUNTRIES, "XX"):
        metrics.questions_open({country: 1})
    lines = metrics.exposition()[0].decode().splitlines()
    return {line.rpartition(" ")[0] for line in lines if not line.startswith("#")}
