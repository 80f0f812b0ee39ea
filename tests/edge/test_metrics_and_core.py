"""The label sets of the metrics are the closed sets of the core."""

from gateway.core.decision import CAUSES, NAMES
from gateway.core.outgoing import SendingKind
from gateway.daemon import CAUSES_SHOWN
from gateway.metrics import COUNTRIES, DECISIONS, KINDS, SENDINGS, SERVICES, Metrics


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
