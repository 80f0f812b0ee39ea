"""The metrics start at zero, keep their label sets closed, and stand on their page."""

import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from gateway import metrics as page
from gateway.config import Config
from gateway.config.certificates import USES
from gateway.metrics import Metrics

METRICS_MD = Path(__file__).parents[2] / "ops" / "metrics.md"
STAMP = {"gateway_instance": "rina-1", "environment": "test"}


def samples(metrics):
    text = metrics.exposition()[0].decode()
    return [s for family in text_string_to_metric_families(text) for s in family.samples]


def value(metrics, name, **labels):
    found = [s.value for s in samples(metrics) if s.name == name and s.labels == STAMP | labels]
    assert len(found) == 1, f"{name}{labels}: {len(found)} series"
    return found[0]


def shown(metrics) -> dict[str, tuple[str, frozenset[str]]]:
    """name -> (type, labels) of everything shown."""
    result = {}
    text = metrics.exposition()[0].decode()
    for family in text_string_to_metric_families(text):
        name = family.name + ("_total" if family.type == "counter" else "")
        kind = "info" if name.endswith("_info") else family.type
        labels = set().union(*(s.labels for s in family.samples)) - set(STAMP) - {"le"}
        result[name] = (kind, frozenset(labels))
    return result


def documented() -> dict[str, tuple[str, frozenset[str]]]:
    rows = re.findall(
        r"^\| `(\w+)` \| (\w+) \| (.*?) ?\| .+ \|$", METRICS_MD.read_text(), re.MULTILINE
    )
    return {name: (kind, frozenset(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}


@pytest.fixture
def started(metrics):
    metrics.release("2026-01-01")
    metrics.cdm_begins({"4.4": 1771801200.0})
    metrics.certificates({"http": 1771801200.0})
    metrics.tables_end("2026-01-01", 1771801200.0)
    return metrics


def test_every_metric_is_on_its_page(started):
    assert {n: v for n, v in shown(started).items() if documented().get(n) != v} == {}


def test_every_metric_on_the_page_exists(started):
    assert {n: v for n, v in documented().items() if shown(started).get(n) != v} == {}


def test_the_values_that_the_page_names_are_the_values_in_the_code():
    rows = METRICS_MD.read_text().splitlines()
    for name, values in {
        "gateway_messages_received_total": page.OUTCOMES,
        "gateway_stage_duration_seconds": page.STAGES,
        "gateway_sendings_total": (*page.KINDS, *page.SENDINGS),
        "gateway_service_seconds": page.SERVICES,
        "gateway_notices_total": (*page.WAYS, *page.ATTEMPTS),
        "gateway_duplicates_total": page.DUPLICATES,
        "gateway_certificate_expiry_timestamp_seconds": USES,
    }.items():
        meaning = next(row for row in rows if row.startswith(f"| `{name}`")).split("|")[4]
        assert tuple(re.findall(r"`([\w-]+)`", meaning)) == values


def test_of_the_tables_only_the_end_of_the_release_in_force_is_shown(metrics):
    metrics.tables_end("one", 5.0)
    metrics.tables_end("two", 7.0)
    name = "gateway_tables_expiry_timestamp_seconds"
    assert [(s.labels["release"], s.value) for s in samples(metrics) if s.name == name] == [
        ("two", 7.0)
    ]
    metrics.tables_end("three", None)
    assert not [s for s in samples(metrics) if s.name == name]


def test_what_happens_is_counted(metrics):
    metrics.received("recorded")
    metrics.decided("refer", "several")
    metrics.decided("transfer")
    metrics.sending("x007", "handed-over")
    metrics.sending("x007", "delivered")
    metrics.status_file("rejected")
    metrics.send_failed("hand-over")
    metrics.duplicate("content")
    metrics.journal_conflict()
    metrics.log_dropped()
    assert value(metrics, "gateway_messages_received_total", outcome="recorded") == 1
    assert value(metrics, "gateway_decisions_total", decision="refer", cause="several") == 1
    assert value(metrics, "gateway_decisions_total", decision="transfer", cause="none") == 1
    for state in ("handed-over", "delivered"):
        assert value(metrics, "gateway_sendings_total", kind="x007", state=state) == 1
    assert value(metrics, "gateway_sendings_total", kind="x007", state="failed") == 0
    assert value(metrics, "gateway_status_files_total", outcome="rejected") == 1
    assert value(metrics, "gateway_send_failures_total", kind="hand-over") == 1
    assert value(metrics, "gateway_duplicates_total", kind="content") == 1
    assert value(metrics, "gateway_journal_conflicts_total") == 1
    assert value(metrics, "gateway_log_values_dropped_total") == 1


def test_a_duration_falls_into_its_bucket(metrics):
    metrics.took("read", 0.0007)
    bucket = "gateway_stage_duration_seconds_bucket"
    assert value(metrics, bucket, stage="read", le="0.0005") == 0
    assert value(metrics, bucket, stage="read", le="0.001") == 1
    assert value(metrics, "gateway_stage_duration_seconds_sum", stage="read") == 0.0007


def test_the_backlog_shows_what_is_there_now(metrics):
    metrics.outbox(depth=3, oldest_seconds=1.5)
    metrics.waiting(inbound=2, oldest_seconds=0.5)
    metrics.questions_open({"DE": 4, "PL": 2, "XX": 1, "YY": 2})
    metrics.timers_overdue(1)
    assert value(metrics, "gateway_outbox_depth") == 3
    assert value(metrics, "gateway_outbox_oldest_seconds") == 1.5
    assert value(metrics, "gateway_inbound_waiting") == 2
    assert value(metrics, "gateway_oldest_unprocessed_seconds") == 0.5
    open_now = {
        c: value(metrics, "gateway_questions_open", country=c) for c in ("DE", "FR", "other")
    }
    assert open_now == {"DE": 4, "FR": 0, "other": 3}
    metrics.questions_open({"PL": 1})
    assert value(metrics, "gateway_questions_open", country="DE") == 0
    assert value(metrics, "gateway_timers_overdue") == 1


def test_a_cause_that_is_no_longer_there_falls_back_to_zero(metrics):
    metrics.worklist({"several": 2, "with-its-case": 1}, oldest_seconds=0.0)
    metrics.worklist({"own": 1}, oldest_seconds=0.0)
    metrics.quarantine({"empty": 5})
    assert value(metrics, "gateway_worklist", cause="several") == 0
    assert value(metrics, "gateway_worklist", cause="with-its-case") == 0
    assert value(metrics, "gateway_worklist", cause="own") == 1
    assert value(metrics, "gateway_quarantine", cause="empty") == 5


def test_values_outside_the_sets_are_one_series_named_other(metrics):
    for surprise in ("FR:0101100000", "case-4711"):
        metrics.received(surprise)
        metrics.decided("refer", surprise)
        metrics.sending(surprise, surprise)
    metrics.worklist({"case-1": 1, "case-2": 2}, oldest_seconds=0.0)
    assert value(metrics, "gateway_messages_received_total", outcome="other") == 2
    assert value(metrics, "gateway_decisions_total", decision="refer", cause="other") == 2
    assert value(metrics, "gateway_sendings_total", kind="other", state="other") == 2
    assert value(metrics, "gateway_worklist", cause="other") == 3
    assert "4711" not in metrics.exposition()[0].decode()


def test_a_cause_of_another_decision_is_outside_too(metrics):
    metrics.decided("refer", "doctype")
    assert value(metrics, "gateway_decisions_total", decision="refer", cause="other") == 1


def test_each_series_carries_instance_and_environment(started):
    assert [s.name for s in samples(started) if not STAMP.items() <= s.labels.items()] == []


def test_only_the_release_in_force_is_shown(metrics):
    metrics.release("2026-01-01")
    metrics.release("2026-02-01")
    shown = [s.labels["release"] for s in samples(metrics) if s.name == "gateway_tables_info"]
    assert shown == ["2026-02-01"]


def test_versions_and_mode_are_shown(metrics):
    assert value(metrics, "gateway_build_info", **page.versions()) == 1
    assert re.fullmatch(r"\d+\.\d+\.\d+", page.versions()["libxml2"])
    assert value(metrics, "gateway_mode_info", sending="observe", exceptions="no") == 1


@pytest.mark.parametrize(
    ("said", "exceptions"),
    [
        ({}, "no"),
        ({"sending_by_buc": {"P_BUC_01": "confirm"}}, "yes"),
        ({"sending_by_country": {"DE": "automatic"}}, "yes"),
        ({"sending_by_decision": {"transfer": "observe"}}, "no"),
    ],
)
def test_the_mode_says_whether_it_is_another_one_somewhere(said, exceptions):
    config = Config(sending="observe", **said)
    shown = Metrics(
        instance="rina-1",
        environment="test",
        sending=config.sending,
        exceptions=config.sends_otherwise,
        causes={},
    )
    assert value(shown, "gateway_mode_info", sending="observe", exceptions=exceptions) == 1


def test_two_gateways_in_one_process_do_not_share_their_numbers(metrics):
    other = Metrics(instance="rina-1", environment="test", sending="observe", causes={})
    other.received("recorded")
    assert value(metrics, "gateway_messages_received_total", outcome="recorded") == 0


def test_prometheus_may_ask_for_openmetrics(metrics):
    body, content_type = metrics.exposition("application/openmetrics-text; version=1.0.0")
    assert content_type.startswith("application/openmetrics-text")
    assert body.endswith(b"# EOF\n")
    assert b"_created" not in body
