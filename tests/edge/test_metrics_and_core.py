"""The label sets of the metrics are the closed sets of the core."""

from gateway.core.decision import CAUSES, NAMES
from gateway.core.outgoing import SendingKind
from gateway.metrics import DECISIONS, KINDS, Metrics


def test_the_decisions_and_kinds_are_those_of_the_core():
    assert tuple(NAMES.values()) == DECISIONS
    assert {str(kind) for kind in SendingKind} == set(KINDS)


def test_all_causes_of_the_core_start_at_zero():
    metrics = Metrics(instance="rina-1", environment="test", sending="observe", causes=CAUSES)
    text = metrics.exposition()[0].decode()
    for decision, causes in CAUSES.items():
        for cause in causes:
            assert f'cause="{cause}",decision="{decision}"' in text
