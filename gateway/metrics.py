"""Every metric on one page: name, meaning, closed label sets. Explained in `ops/metrics.md`.

Base units (seconds, counts); never a case, message or institution id in a label. Each series
carries `gateway_instance` and `environment`, added when it is shown. A label value outside its
set is counted as `other`: it is a mistake to mend, and no reason to lose a message.
"""

import platform
import sqlite3
from collections import Counter as Tally
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from lxml import etree
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    Summary,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from gateway import __version__
from gateway.journal.rows import ALONG

OUTCOMES: Final = ("recorded", "duplicate", "identity-conflict", "failed")
DECISIONS: Final = (
    "transfer",
    "deliver",
    "leave",
    "ask",
    "hold",
    "refuse",
    "refer",
    "reject",
    "note",
    "set-aside",
)
STAGES: Final = ("receive", "read", "validate", "decide", "record", "publish")
KINDS: Final = (
    *(
        "x007",
        "hand-over",
        "x012",
        "h001",
        "p8000",
        "x006",
        "note",
        "x011",
        "x050",
        "reminder",
        "x008",
        "recall",
    ),
)
SENDINGS: Final = ("handed-over", "sent", "delivered", "failed")
STATUS_FILES: Final = ("recorded", "rejected")
REACHES: Final = ("all", "buc", "institution", "country")
REASONS: Final = (
    *("starting", "draining", "paused", "not-observed", "readiness-timeout"),
    *("inbound-unreadable", "inbound-unremovable", "oldest-message-waits"),
    *("consumer-gone", "broker-unreachable", "broker-silent", "broker-refuses-us"),
    *("broker-not-trusted", "broker-certificates", "topology-missing", "topology-differs"),
    *("journal-unavailable", "schemas-invalid", "case-never-at-rest"),
)
"""Of `/readyz`."""
SERVICES: Final = ("transfer", "question", "answer")
COUNTRIES: Final = (
    *("AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "EL", "ES", "FI", "FR", "GB", "GR"),
    *("HR", "HU", "IE", "IS", "IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO"),
    *("SE", "SI", "SK", "UK"),
)
"""Of EESSI, as institution ids begin; Greece and the United Kingdom by either of their codes."""
_DAY: Final = 86_400.0
SERVICE_BUCKETS: Final = (
    *(60.0, 600.0, 3_600.0, 21_600.0),
    *(_DAY, 3 * _DAY, 7 * _DAY, 14 * _DAY, 30 * _DAY, 60 * _DAY, 90 * _DAY, 180 * _DAY),
)
WAYS: Final = ("webhook", "mail")
ATTEMPTS: Final = ("sent", "failed")
DUPLICATES: Final = ("message", "content")
KEPT: Final = ("bodies", "evidence", "outbound", "quarantine")
BUCKETS: Final = (
    *(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1),
    *(0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
)
NO_CAUSE: Final = "none"
OTHER: Final = "other"


@dataclass(frozen=True, slots=True)
class Totals:
    """Some counters as they stand, for rates."""

    received: float
    """Messages recorded."""
    sent: float
    """Outgoing messages handed over."""
    failed: float
    """Attempts to send that failed."""
    recorded: float
    """Messages that went through the last stage before the source is told."""
    seconds: float
    """Time spent on messages in all stages up to that one."""


class Metrics:
    """The metrics of one gateway, in a registry of their own.

    Args:
        instance: `instance` of the configuration.
        environment: `environment` of the configuration.
        sending: `sending` of the configuration.
        exceptions: whether it is another one for some decision, BUC or country.
        causes: each decision that has causes, with all of them (the core's own table).
    """

    def __init__(
        self,
        *,
        instance: str,
        environment: str,
        sending: str,
        exceptions: bool = False,
        causes: Mapping[str, Sequence[str]],
    ) -> None:
        self._registry = CollectorRegistry()
        self._shown = _Stamped(
            self._registry, {"gateway_instance": instance, "environment": environment}
        )
        self._causes = {name: tuple(causes.get(name, ())) or (NO_CAUSE,) for name in DECISIONS}
        self._count_messages()
        self._serve()
        self._measure_backlog()
        self._describe(sending, exceptions="yes" if exceptions else "no")

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
        self._stages = {stage: self._stage.labels(stage) for stage in STAGES}
        self._sendings = Counter(
            "gateway_sendings",
            "Outgoing messages, by what became of them.",
            ("kind", "state"),
            registry=self._registry,
        )
        for kind in KINDS:
            for state in SENDINGS:
                self._sendings.labels(kind, state)
        self._status_files = self._counter(
            "gateway_status_files",
            "Files or messages with statuses, by how it ended.",
            outcome=STATUS_FILES,
        )
        self._send_failed = self._counter(
            "gateway_send_failures", "Attempts to send that failed.", kind=KINDS
        )
        self._duplicates = self._counter(
            "gateway_duplicates", "Messages that had been received before.", kind=DUPLICATES
        )
        self._erased = self._counter(
            "gateway_erased", "What was erased after its period, by class.", kept=KEPT
        )
        self._conflicts = self._counter(
            "gateway_journal_conflicts", "Judgements repeated: case or tables had moved on."
        )
        self._notices = Counter(
            "gateway_notices",
            "Attempts to deliver a notice of trouble.",
            ("way", "outcome"),
            registry=self._registry,
        )
        for way in WAYS:
            for outcome in ATTEMPTS:
                self._notices.labels(way, outcome)
        self._notices_untold = self._counter(
            "gateway_notices_untold", "Troubles that nobody was told of, because of the cap."
        )
        self._log_dropped = self._counter(
            "gateway_log_values_dropped", "Keys and values that the log did not let through."
        )

    def _serve(self) -> None:
        """Service levels: distributions over all countries, sums and counts by country."""
        self._service = Histogram(
            "gateway_service_seconds",
            "Time from the receipt of a case, or from a question.",
            ("service",),
            buckets=SERVICE_BUCKETS,
            registry=self._registry,
        )
        self._service_by_country = Summary(
            "gateway_country_service_seconds",
            "The same by country.",
            ("country", "service"),
            registry=self._registry,
        )
        for service in SERVICES:
            self._service.labels(service)
            for country in COUNTRIES:
                self._service_by_country.labels(country, service)
        self._asked = self._counter(
            "gateway_questions", "Questions asked abroad.", country=COUNTRIES
        )
        self._reminded = self._counter(
            "gateway_reminders", "Reminders sent abroad.", country=COUNTRIES
        )

    def _measure_backlog(self) -> None:
        self._outbox_depth = self._gauge("gateway_outbox_depth", "Outgoing messages not yet sent.")
        self._outbox_held = self._gauge(
            "gateway_outbox_held", "Of these, outgoing messages that a person holds back."
        )
        self._proposed = self._gauge(
            "gateway_outbox_proposed", "Outgoing messages that wait for a person's yes."
        )
        self._proposed_oldest = self._gauge(
            "gateway_outbox_proposed_oldest_seconds", "How long the first of them has waited."
        )
        self._pauses = Gauge(
            "gateway_pauses", "Pauses that hold now.", ("reach",), registry=self._registry
        )
        self.pauses({})
        self._outbox_oldest = self._gauge(
            "gateway_outbox_oldest_seconds", "How long the oldest due outgoing message is due."
        )
        self._oldest = self._gauge(
            "gateway_oldest_unprocessed_seconds", "Age of the oldest message not yet recorded."
        )
        self._inbound = self._gauge("gateway_inbound_waiting", "Messages waiting to be taken in.")
        self._worklist = self._by_cause(
            "gateway_worklist", "Messages that wait for a person.", self._waiting()
        )
        self._worklist_oldest = self._gauge(
            "gateway_worklist_oldest_seconds", "How long ago the first of them was received."
        )
        self._quarantine = self._by_cause(
            "gateway_quarantine", "Messages set aside.", self._known("set-aside")
        )
        self._questions = Gauge(
            "gateway_questions_open",
            "Questions abroad not answered.",
            ("country",),
            registry=self._registry,
        )
        self.questions_open({})
        self._timers = self._gauge(
            "gateway_timers_overdue", "Cases in which something is due and not yet done."
        )

    def _describe(self, sending: str, exceptions: str) -> None:
        self._tables = Info(
            "gateway_tables", "The release of the tables in force.", registry=self._registry
        )
        self._rollback = self._gauge(
            "gateway_rollback_unconfirmed",
            "1 while a roll-back of the tables waits for a second person.",
        )
        self._unaccepted = self._gauge(
            "gateway_tables_unaccepted",
            "1 while nothing leaves because the tables in force are an example nobody accepted.",
        )
        self._cdm = Gauge(
            "gateway_cdm_activation_timestamp_seconds",
            "When new cases begin in a CDM version, as configured.",
            ("cdm",),
            registry=self._registry,
        )
        self._certificates = Gauge(
            "gateway_certificate_expiry_timestamp_seconds",
            "Until when a certificate is good.",
            ("use",),
            registry=self._registry,
        )
        self._tables_end = Gauge(
            "gateway_tables_expiry_timestamp_seconds",
            "When a row of the tables in force ends and none follows.",
            ("release",),
            registry=self._registry,
        )
        Info("gateway_build", "Versions of what is running.", registry=self._registry).info(
            versions()
        )
        Info("gateway_mode", "Whether it hands over.", registry=self._registry).info(
            {"sending": sending, "exceptions": exceptions}
        )
        self._ready = self._gauge("gateway_ready", "1 when ready, else 0.")
        self._not_ready = Gauge(
            "gateway_not_ready",
            "1 for each reason why it is not ready, else 0.",
            ("reason",),
            registry=self._registry,
        )
        self.not_ready(("starting",))
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
        (self._stages.get(stage) or self._stage.labels(OTHER)).observe(seconds)

    def sending(self, kind: str, state: str) -> None:
        """One outgoing message got so far; `kind` is one of `KINDS`, `state` of `SENDINGS`."""
        self._sendings.labels(_closed(kind, KINDS), _closed(state, SENDINGS)).inc()

    def status_file(self, outcome: str) -> None:
        """One file or message with statuses was dealt with; `outcome` is one of `STATUS_FILES`."""
        self._status_files.labels(_closed(outcome, STATUS_FILES)).inc()

    def send_failed(self, kind: str) -> None:
        """One attempt to send failed; `kind` is one of `KINDS`."""
        self._send_failed.labels(_closed(kind, KINDS)).inc()

    def duplicate(self, kind: str) -> None:
        """`message`: same id and bytes as before; `content`: the same content, another id."""
        self._duplicates.labels(_closed(kind, DUPLICATES)).inc()

    def erased(self, kept: str, items: int) -> None:
        """So much of a class was erased; `kept` is one of `KEPT`."""
        self._erased.labels(_closed(kept, KEPT)).inc(items)

    def journal_conflict(self) -> None:
        """A judgement was repeated because the case or the tables had moved on."""
        self._conflicts.inc()

    def notice(self, way: str, outcome: str) -> None:
        """One attempt to deliver a notice; `way` is one of `WAYS`, `outcome` of `ATTEMPTS`."""
        self._notices.labels(_closed(way, WAYS), _closed(outcome, ATTEMPTS)).inc()

    def notice_untold(self) -> None:
        """A trouble came and went, or a notice was let go, without anybody being told."""
        self._notices_untold.inc()

    def log_dropped(self) -> None:
        """The log did not let a key or a value through."""
        self._log_dropped.inc()

    def served(self, service: str, country: str, seconds: float) -> None:
        """A partner waited so long for us, or we for it; `service` is one of `SERVICES`."""
        known = _closed(service, SERVICES)
        self._service.labels(known).observe(seconds)
        self._service_by_country.labels(_closed(country, COUNTRIES), known).observe(seconds)

    def asked(self, country: str) -> None:
        """A question was asked in that country."""
        self._asked.labels(_closed(country, COUNTRIES)).inc()

    def reminded(self, country: str) -> None:
        """A question was reminded of in that country."""
        self._reminded.labels(_closed(country, COUNTRIES)).inc()

    def outbox(self, *, depth: int, oldest_seconds: float, held: int = 0) -> None:
        """The outbox now; `oldest_seconds` is 0 when nothing is due and free to go."""
        self._outbox_depth.set(depth)
        self._outbox_held.set(held)
        self._outbox_oldest.set(oldest_seconds)

    def proposed(self, *, number: int, oldest_seconds: float) -> None:
        """What waits for a person's yes now; `oldest_seconds` is 0 when nothing does."""
        self._proposed.set(number)
        self._proposed_oldest.set(oldest_seconds)

    def pauses(self, by_reach: Mapping[str, int]) -> None:
        """The pauses that hold now; a reach not named is at 0."""
        for reach in REACHES:
            self._pauses.labels(reach).set(by_reach.get(reach, 0))

    def waiting(self, *, inbound: int, oldest_seconds: float) -> None:
        """What waits to be recorded now; `oldest_seconds` is 0 when nothing waits."""
        self._inbound.set(inbound)
        self._oldest.set(oldest_seconds)

    def worklist(self, by_cause: Mapping[str, int], *, oldest_seconds: float) -> None:
        """The worklist now; a cause not named is at 0, and so is the age when it is empty."""
        self._worklist_oldest.set(oldest_seconds)
        _set_all(self._worklist, self._waiting(), by_cause)

    def quarantine(self, by_cause: Mapping[str, int]) -> None:
        """The quarantine now; a cause not named is at 0."""
        _set_all(self._quarantine, self._known("set-aside"), by_cause)

    def questions_open(self, by_country: Mapping[str, int]) -> None:
        """Questions abroad without an answer now; a country not named is at 0."""
        known: Tally[str] = Tally()
        for country, number in by_country.items():
            known[_closed(country, COUNTRIES)] += number
        for country in (*COUNTRIES, OTHER):
            self._questions.labels(country).set(known[country])

    def timers_overdue(self, number: int) -> None:
        """Cases in which something is due now."""
        self._timers.set(number)

    def cdm_begins(self, activation: Mapping[str, float]) -> None:
        """CDM version -> when new cases begin in it (Unix time), as configured."""
        for cdm, at in activation.items():
            self._cdm.labels(cdm).set(at)

    def certificates(self, ends: Mapping[str, float]) -> None:
        """Use -> until when its certificate is good (Unix time)."""
        for use, at in ends.items():
            self._certificates.labels(use).set(at)

    def tables_end(self, release: str, at: float | None) -> None:
        """When a row of the release in force ends and none follows (Unix time); None: never."""
        self._tables_end.clear()
        if at is not None:
            self._tables_end.labels(release).set(at)

    def rollback_unconfirmed(self, waits: bool) -> None:
        """Whether a roll-back of the tables waits for a second person."""
        self._rollback.set(waits)

    def tables_unaccepted(self, waits: bool) -> None:
        """Whether nothing leaves because the tables in force are an example nobody accepted."""
        self._unaccepted.set(waits)

    def release(self, name: str) -> None:
        """The release of the tables in force now."""
        self._tables.info({"release": name})

    def not_ready(self, reasons: Sequence[str]) -> None:
        """Why the gateway is not ready now, as codes; it is ready when there is none."""
        self._ready.set(not reasons)
        closed = {_closed(reason, REASONS) for reason in reasons}
        for reason in (*REASONS, OTHER):
            self._not_ready.labels(reason).set(reason in closed)

    def totals(self) -> Totals:
        """Some counters as they stand."""
        of_stages = list(_samples(self._stage))
        return Totals(
            received=_sum(_samples(self._received), "_total", outcome="recorded"),
            sent=_sum(_samples(self._sendings), "_total", state="handed-over"),
            failed=_sum(_samples(self._send_failed), "_total"),
            recorded=_sum(of_stages, "_count", stage="record"),
            seconds=_sum(of_stages, "_sum") - _sum(of_stages, "_sum", stage="publish"),
        )

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

    def _by_cause(self, name: str, meaning: str, causes: Sequence[str]) -> Gauge:
        gauge = Gauge(name, meaning, ("cause",), registry=self._registry)
        _set_all(gauge, causes, {})
        return gauge

    def _waiting(self) -> tuple[str, ...]:
        """Every cause of an entry of the worklist."""
        return (*self._known("refuse", "refer"), ALONG)

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


def _samples(metric: Collector) -> Iterator[Sample]:
    return (sample for family in metric.collect() for sample in family.samples)


def _sum(samples: Iterable[Sample], ending: str, **labels: str) -> float:
    """Of the series with this ending and these labels."""
    return sum(
        sample.value
        for sample in samples
        if sample.name.endswith(ending) and labels.items() <= sample.labels.items()
    )


def _closed(value: str, allowed: Sequence[str]) -> str:
    return value if value in allowed else OTHER


def _set_all(gauge: Gauge, known: Sequence[str], numbers: Mapping[str, int]) -> None:
    counted = dict.fromkeys((*known, OTHER), 0)
    for cause, number in numbers.items():
        counted[_closed(cause, known)] += number
    for cause, number in counted.items():
        gauge.labels(cause).set(number)
