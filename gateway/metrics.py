"""Every metric on one page: name, meaning, closed label sets. Explained in `ops/metrics.md`.

Base units (seconds, counts); never a case, message or institution id in a label. Each series
carries `gateway_instance` and `environment`, added when it is shown. A label value outside its
set is counted as `other`: it is a mistake to mend, and no reason to lose a message.
"""

import platform
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from lxml import etree
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from gateway import __version__

OUTCOMES: Final = ("recorded", "duplicate", "identity-conflict", "failed")
DECISIONS: Final = (
    "transfer",
    "deliver",
    "leave",
    "ask",
    "hold",
    "refuse",
    "refer",
    "set-aside",
)
STAGES: Final = ("receive", "read", "validate", "resolve", "decide", "record", "publish")
KINDS: Final = ("x007", "hand-over", "x012", "h001", "x006", "reminder")
DUPLICATES: Final = ("message", "content")
BUCKETS: Final = (
    *(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1),
    *(0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
)
NO_CAUSE: Final = "none"
OTHER: Final = "other"


class Metrics:
    """The metrics of one gateway, in a registry of their own.

    Args:
        instance: `instance` of the configuration.
        environment: `environment` of the configuration.
        sending: `sending` of the configuration.
        causes: each decision that has causes, with all of them (the core's own table).
    """

    def __init__(
        self,
        *,
        instance: str,
        environment: str,
        sending: str,
        causes: Mapping[str, Sequence[str]],
    ) -> None:
        self._registry = CollectorRegistry()
        self._shown = _Stamped(
            self._registry, {"gateway_instance": instance, "environment": environment}
        )
        self._causes = {name: tuple(causes.get(name, ())) or (NO_CAUSE,) for name in DECISIONS}
        self._count_messages()
        self._measure_backlog()
        self._describe(sending)

    def _count_messages(self) -> None:
        self._received = self._counter(
            "gateway_messages_received", "Messages taken in, by how it ended.", outcome=OUTCOMES
        )
        self._decided = Counter(
            "gateway_decisions",
            "Decisions recorded, with their cause.",
            ("decision", "cause"),
            registry=self._registry,
        )
        for decision, causes in self._causes.items():
            for cause in causes:
                self._decided.labels(decision, cause)
        self._stage = Histogram(
            "gateway_stage_duration_seconds",
            "Time that one message spent in a stage.",
            ("stage",),
            buckets=BUCKETS,
            registry=self._registry,
        )
        for stage in STAGES:
            self._stage.labels(stage)
        self._sent = self._counter(
            "gateway_sent", "Outgoing messages confirmed by the far side.", kind=KINDS
        )
        self._send_failed = self._counter(
            "gateway_send_failures", "Attempts to send that failed.", kind=KINDS
        )
        self._duplicates = self._counter(
            "gateway_duplicates", "Messages that had been received before.", kind=DUPLICATES
        )
        self._conflicts = self._counter(
            "gateway_journal_conflicts", "Judgements repeated: case or tables had moved on."
        )
        self._log_dropped = self._counter(
            "gateway_log_values_dropped", "Keys and values that the log did not let through."
        )

    def _measure_backlog(self) -> None:
        self._outbox_depth = self._gauge("gateway_outbox_depth", "Outgoing messages not yet sent.")
        self._outbox_oldest = self._gauge(
            "gateway_outbox_oldest_seconds", "How long the oldest due outgoing message is due."
        )
        self._oldest = self._gauge(
            "gateway_oldest_unprocessed_seconds", "Age of the oldest message not yet recorded."
        )
        self._inbound = self._gauge("gateway_inbound_waiting", "Messages waiting to be taken in.")
        self._worklist = self._by_cause(
            "gateway_worklist", "Messages that wait for a person.", ("hold", "refuse", "refer")
        )
        self._quarantine = self._by_cause(
            "gateway_quarantine", "Messages set aside.", ("set-aside",)
        )
        self._questions = self._gauge("gateway_questions_open", "Questions abroad not answered.")
        self._timers = self._gauge(
            "gateway_timers_overdue", "Cases in which something is due and not yet done."
        )

    def _describe(self, sending: str) -> None:
        self._tables = Info(
            "gateway_tables", "The release of the tables in force.", registry=self._registry
        )
        self._rollback = self._gauge(
            "gateway_rollback_unconfirmed",
            "1 while a roll-back of the tables waits for a second person.",
        )
        self._cdm = Gauge(
            "gateway_cdm_activation_timestamp_seconds",
            "When new cases begin in a CDM version, as configured.",
            ("cdm",),
            registry=self._registry,
        )
        Info("gateway_build", "Versions of what is running.", registry=self._registry).info(
            versions()
        )
        Info("gateway_mode", "Whether it hands over.", registry=self._registry).info(
            {"sending": sending}
        )
        self._ready = self._gauge("gateway_ready", "1 when ready, else 0.")
        ProcessCollector(registry=self._registry)

    def received(self, outcome: str) -> None:
        """One message was taken in; `outcome` is one of `OUTCOMES`."""
        self._received.labels(_closed(outcome, OUTCOMES)).inc()

    def decided(self, decision: str, cause: str | None = None) -> None:
        """One decision was recorded."""
        known = self._causes.get(decision, ())
        self._decided.labels(
            _closed(decision, DECISIONS), _closed(cause or NO_CAUSE, (*known, NO_CAUSE))
        ).inc()

    def took(self, stage: str, seconds: float) -> None:
        """One message spent `seconds` in `stage`, one of `STAGES`."""
        self._stage.labels(_closed(stage, STAGES)).observe(seconds)

    def sent(self, kind: str) -> None:
        """One outgoing message was confirmed; `kind` is one of `KINDS`."""
        self._sent.labels(_closed(kind, KINDS)).inc()

    def send_failed(self, kind: str) -> None:
        """One attempt to send failed; `kind` is one of `KINDS`."""
        self._send_failed.labels(_closed(kind, KINDS)).inc()

    def duplicate(self, kind: str) -> None:
        """`message`: same id and bytes as before; `content`: the same content, another id."""
        self._duplicates.labels(_closed(kind, DUPLICATES)).inc()

    def journal_conflict(self) -> None:
        """A judgement was repeated because the case or the tables had moved on."""
        self._conflicts.inc()

    def log_dropped(self) -> None:
        """The log did not let a key or a value through."""
        self._log_dropped.inc()

    def outbox(self, *, depth: int, oldest_seconds: float) -> None:
        """The outbox now; `oldest_seconds` is 0 when nothing is due."""
        self._outbox_depth.set(depth)
        self._outbox_oldest.set(oldest_seconds)

    def waiting(self, *, inbound: int, oldest_seconds: float) -> None:
        """What waits to be recorded now; `oldest_seconds` is 0 when nothing waits."""
        self._inbound.set(inbound)
        self._oldest.set(oldest_seconds)

    def worklist(self, by_cause: Mapping[str, int]) -> None:
        """The worklist now; a cause not named is at 0."""
        _set_all(self._worklist, self._known("hold", "refuse", "refer"), by_cause)

    def quarantine(self, by_cause: Mapping[str, int]) -> None:
        """The quarantine now; a cause not named is at 0."""
        _set_all(self._quarantine, self._known("set-aside"), by_cause)

    def questions_open(self, number: int) -> None:
        """Questions abroad without an answer now."""
        self._questions.set(number)

    def timers_overdue(self, number: int) -> None:
        """Cases in which something is due now."""
        self._timers.set(number)

    def cdm_begins(self, activation: Mapping[str, float]) -> None:
        """CDM version -> when new cases begin in it (Unix time), as configured."""
        for cdm, at in activation.items():
            self._cdm.labels(cdm).set(at)

    def rollback_unconfirmed(self, waits: bool) -> None:
        """Whether a roll-back of the tables waits for a second person."""
        self._rollback.set(waits)

    def release(self, name: str) -> None:
        """The release of the tables in force now."""
        self._tables.info({"release": name})

    def ready(self, ready: bool) -> None:
        """Whether the gateway is ready now."""
        self._ready.set(ready)

    def exposition(self, accept: str = "") -> tuple[bytes, str]:
        """All metrics as Prometheus reads them, with the content type, by `Accept` header."""
        encode, content_type = choose_encoder(accept)
        return encode(self._shown), content_type

    def _counter(self, name: str, meaning: str, **labels: Sequence[str]) -> Counter:
        counter = Counter(name, meaning, tuple(labels), registry=self._registry)
        for values in labels.values():  # one label each; those with two are written out
            for value in values:
                counter.labels(value)
        return counter

    def _gauge(self, name: str, meaning: str) -> Gauge:
        return Gauge(name, meaning, registry=self._registry)

    def _by_cause(self, name: str, meaning: str, decisions: Sequence[str]) -> Gauge:
        gauge = Gauge(name, meaning, ("cause",), registry=self._registry)
        _set_all(gauge, self._known(*decisions), {})
        return gauge

    def _known(self, *decisions: str) -> tuple[str, ...]:
        return tuple(cause for decision in decisions for cause in self._causes[decision])


class _Stamped(Collector):
    """Shows a registry with constant labels on each series, without the `_created` ones."""

    def __init__(self, registry: CollectorRegistry, labels: Mapping[str, str]) -> None:
        self._registry = registry
        self._labels = dict(labels)

    def collect(self) -> Iterator[Metric]:
        """Each metric, made anew by the registry, with the labels added."""
        for metric in self._registry.collect():
            metric.samples = [
                sample._replace(labels={**self._labels, **sample.labels})
                for sample in metric.samples
                if not sample.name.endswith("_created")
            ]
            yield metric


def versions() -> dict[str, str]:
    """Versions of this package and of what no Python tool watches (libxml2, SQLite)."""
    return {
        "version": __version__,
        "lxml": ".".join(map(str, etree.LXML_VERSION)),
        "libxml2": ".".join(map(str, etree.LIBXML_VERSION)),
        "sqlite": sqlite3.sqlite_version,
        "python": platform.python_version(),
    }


def _closed(value: str, allowed: Sequence[str]) -> str:
    return value if value in allowed else OTHER


def _set_all(gauge: Gauge, known: Sequence[str], numbers: Mapping[str, int]) -> None:
    counted = dict.fromkeys((*known, OTHER), 0)
    for cause, number in numbers.items():
        counted[_closed(cause, known)] += number
    for cause, number in counted.items():
        gauge.labels(cause).set(number)
