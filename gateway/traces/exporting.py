"""Spans by the SDK of OpenTelemetry (extra `tracing`); the only module that knows it.

A span goes into a bounded queue that a thread of the SDK empties; when the far side is slow or gone
spans are dropped, and the gateway does not notice. Ids are not random: they follow from the ids
of messages (ADR 0003), so that what leaves under a `traceparent` is the span that it names.
"""

import asyncio
import threading
from datetime import UTC, datetime, timedelta
from typing import Final

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import (
    BatchSpanProcessor,
    ConsoleSpanExporter,
    SpanExporter,
)
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from gateway import __version__
from gateway.core.trace_context import TraceContext
from gateway.log import let_through
from gateway.traces.spans import Span

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SAMPLED: Final = 0x01

EXPORTERS: Final = {"otlp": OTLPSpanExporter, "console": ConsoleSpanExporter}
"""By the names of `OTEL_TRACES_EXPORTER`; each reads its own variables."""


class _Given(IdGenerator):
    """Hands out the ids of the span that is about to be made."""

    def __init__(self) -> None:
        self.place: TraceContext | None = None

    def generate_trace_id(self) -> int:
        """Of the span that is about to be made."""
        return int(self.place.trace_id, 16) if self.place is not None else 0

    def generate_span_id(self) -> int:
        """Of the span that is about to be made."""
        return int(self.place.span_id, 16) if self.place is not None else 0


class Exporting:
    """`Spans` that are exported; used from one loop."""

    on = True

    def __init__(self, exporter: SpanExporter, instance: str, environment: str) -> None:
        self._ids = _Given()
        self._provider = TracerProvider(
            id_generator=self._ids,
            resource=Resource.create(
                {
                    "service.name": "eessi-gateway",
                    "service.version": __version__,
                    "service.instance.id": instance,
                    "deployment.environment.name": environment,
                }
            ),
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("gateway", __version__)

    def done(self, span: Span) -> None:
        """Put it into the queue, or drop it: in a turn of the loop of its own.

        A defect there is a line in the log, and no part of the work that is told of.
        """
        asyncio.get_running_loop().call_soon(self._export, span)

    def _export(self, span: Span) -> None:
        self._ids.place = span.place
        made = self._tracer.start_span(
            span.name,
            _under(span.parent),
            SpanKind.PRODUCER if span.sends else SpanKind.CONSUMER,
            attributes=let_through({**span.keys, "error_code": span.error_code}),
            start_time=_nanoseconds(span.began),
        )
        if span.error_code is not None:
            made.set_status(StatusCode.ERROR)
        made.end(_nanoseconds(span.ended))

    async def close(self, seconds: float) -> None:
        """Give out what there is, for no longer than that; nothing is taken afterwards."""
        loop = asyncio.get_running_loop()
        queued = loop.create_future()
        loop.call_soon(queued.set_result, None)  # after the spans of this very turn
        await queued
        ending = threading.Thread(target=self._provider.shutdown, name="spans-end", daemon=True)
        ending.start()
        await asyncio.to_thread(ending.join, seconds)


def _under(parent: TraceContext | None) -> Context:
    """The context below a parent; without one a trace begins."""
    if parent is None:
        return Context()
    flags = TraceFlags(int(parent.flags, 16) & _SAMPLED)
    place = SpanContext(int(parent.trace_id, 16), int(parent.span_id, 16), True, flags)
    return set_span_in_context(NonRecordingSpan(place), Context())


def _nanoseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1) * 1000
