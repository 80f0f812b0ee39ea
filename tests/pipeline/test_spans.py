"""Spans tell of the work on a message in the trace that it came with, and harm nothing."""

import asyncio
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from gateway.config import load
from gateway.core.trace_context import caused, trace_of
from gateway.traces.exporting import Exporting
from gateway.traces.spans import Span, Untraced
from gateway.traces.tracing import traced, wanted
from gateway.transport import Settlement
from tests.pipeline.test_pin_search import NIR
from tests.pipeline.test_traces import handled

CAME_WITH = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
UNSAMPLED = f"{CAME_WITH[:-2]}00"


class Seen:
    """What was exported, by the end."""

    def __init__(self, exporter=None):
        self.exporter = exporter or InMemorySpanExporter()
        self.exporting = Exporting(self.exporter, "rina-1", "test")

    async def spans(self):
        await self.exporting.close(5.0)
        return self.exporter.get_finished_spans()


@pytest.fixture
def seen(house):
    return watched(house, Seen())


def watched(house, seen):
    house.pipeline._spans = house.relay._spans = seen.exporting
    return seen


def ids(context):
    return f"{context.trace_id:032x}", f"{context.span_id:016x}"


def at(place):
    return place.trace_id, place.span_id


async def test_one_span_a_message_and_one_a_sending_under_the_ids_that_travel(
    house, seen, a_message, uid
):
    for _ in range(2):  # the very same message again has no span
        await handled(house, a_message("one", case="c"), CAME_WITH)
    sent = await house.send()
    judged, *published = await seen.spans()
    trace = trace_of(CAME_WITH, uid("one"))
    place = caused(trace, uid("one"))
    assert (judged.name, judged.kind) == ("judge", SpanKind.CONSUMER)
    assert (ids(judged.context), ids(judged.parent)) == (at(place), at(trace))
    assert dict(judged.attributes) == {
        "eessi.message_id": uid("one"),
        "eessi.case_id": uid("c"),
        "eessi.buc": "S_BUC_24",
        "eessi.sed": "S040",
        "eessi.decision": "transfer",
        "eessi.state": "recorded",
        "eessi.by": "gateway",
    }
    assert dict(judged.resource.attributes) | {
        "service.name": "eessi-gateway",
        "service.instance.id": "rina-1",
        "deployment.environment.name": "test",
    } == dict(judged.resource.attributes)
    assert [(s.name, s.kind) for s in published] == [
        (f"publish {claim.kind}", SpanKind.PRODUCER) for claim in sent
    ]
    for span, claim in zip(published, sent, strict=True):
        assert ids(span.context) == at(claim.trace)  # what its `traceparent` names
        assert ids(span.parent) == at(place)
        assert span.status.status_code is StatusCode.UNSET
        assert span.attributes["eessi.destination"] == claim.destination


async def test_a_trace_that_begins_here_has_no_parent(house, seen, a_message, uid):
    await handled(house, a_message("one"), None)
    await house.send()
    judged, *published = await seen.spans()
    assert (ids(judged.context), judged.parent) == (at(trace_of(None, uid("one"))), None)
    assert {ids(span.parent) for span in published} == {ids(judged.context)}


async def test_its_times_are_those_of_the_clock(house, seen, a_message, clock):
    await handled(house, a_message("one"), None)
    now = clock.now()
    [judged] = await seen.spans()
    assert judged.start_time == judged.end_time == int(now.timestamp()) * 10**9


async def test_a_trace_that_nobody_records_is_not_recorded(house, seen, a_message):
    await handled(house, a_message("one"), UNSAMPLED)
    await house.send()
    assert await seen.spans() == ()


async def test_an_attempt_that_failed_is_a_span_of_its_own(house, seen, a_message, clock):
    await handled(house, a_message("one"), CAME_WITH)
    house.transport.fail.add("rina")
    await house.send()
    house.transport.fail.clear()
    await clock.advance(60)
    sent = await house.send()
    _, *published = await seen.spans()
    failed = [span for span in published if span.status.status_code is StatusCode.ERROR]
    assert failed
    assert all(span.attributes["error.code"] for span in failed)
    assert len({ids(span.context) for span in published}) == len(published)
    first = next(s for s in published if ids(s.context) == at(sent[0].trace))
    assert first.attributes["eessi.attempt"] == 1


async def test_what_was_set_aside_has_its_span(house, seen, a_message):
    await handled(house, b"no message", None)
    await handled(house, a_message("one"), None)
    await handled(house, a_message("one").replace(b"Erika", b"Erica"), None)
    first, second, third = await seen.spans()
    assert first.attributes["eessi.decision"] == "set-aside"
    assert third.attributes["eessi.cause"] == "identity-conflict"
    assert ids(third.parent) == ids(second.context)
    assert third.context.span_id != second.context.span_id
    assert "Muster" not in "".join(span.to_json() for span in (first, second, third))


async def test_what_is_no_code_stays_out(seen, clock):
    keys = {"buc": NIR, "sed": "S040", "attempt": 2, "cause": None, "name": "x", "state": "a b"}
    seen.exporting.done(
        Span("judge", trace_of(None, "m"), None, clock.now(), clock.now(), keys=keys)
    )
    [span] = await seen.spans()
    assert dict(span.attributes) == {"eessi.sed": "S040", "eessi.attempt": 2}


class Broken(SpanExporter):
    def export(self, spans):
        raise OSError

    def shutdown(self):
        raise OSError


async def test_an_exporter_that_breaks_harms_nothing(house, a_message, monkeypatch):
    seen = watched(house, Seen(Broken()))
    assert await handled(house, a_message("one"), None) is Settlement.ACCEPTED
    said = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, told: said.append(told))
    monkeypatch.setattr(seen.exporting, "_tracer", None)
    assert await handled(house, a_message("two"), None) is Settlement.ACCEPTED
    assert len(await house.send()) == 6
    assert [row.state for row in await house.rows()] == ["done", "done"]
    assert said
    monkeypatch.setattr(threading, "excepthook", lambda _told: None)
    await seen.exporting.close(5.0)


class Slow(SpanExporter):
    def __init__(self):
        self.gate = threading.Event()

    def export(self, spans):
        self.gate.wait(30)
        return SpanExportResult.SUCCESS

    def shutdown(self):
        return


async def test_the_end_waits_for_a_slow_exporter_no_longer_than_it_says(house, a_message):
    slow = Slow()
    seen = watched(house, Seen(slow))
    await handled(house, a_message("one"), None)
    await house.send()
    began = time.monotonic()  # noqa: TID251 - the wait is real
    await seen.exporting.close(0.2)
    assert time.monotonic() - began < 5  # noqa: TID251 - the wait is real
    slow.gate.set()


# -- when it is on --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variables", "exporter"),
    [
        ({}, None),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"}, "otlp"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c:4318/v1/traces"}, "otlp"),
        ({"OTEL_TRACES_EXPORTER": "console"}, "console"),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c"}, None),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_SDK_DISABLED": "True"}, None),
    ],
)
def test_it_is_on_when_the_standard_variables_say_so(variables, exporter):
    assert wanted(variables) == exporter


@pytest.mark.parametrize(
    "variables",
    [
        {"OTEL_TRACES_EXPORTER": "zipkin"},
        {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
        {"OTEL_TRACES_EXPORTER": "console", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "99999"},
    ],
)
async def test_what_cannot_be_is_told_and_the_gateway_works_without(
    variables, tmp_path, monkeypatch, capsys
):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    async with traced(load(None, tmp_path), variables) as spans:
        assert isinstance(spans, Untraced)
    assert "traces-off" in capsys.readouterr().out


async def test_without_the_extra_the_gateway_works_without(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "gateway.traces.exporting", None)
    async with traced(load(None, tmp_path), {"OTEL_TRACES_EXPORTER": "otlp"}) as spans:
        assert isinstance(spans, Untraced)
    assert "extra-missing" in capsys.readouterr().out


async def test_they_reach_a_collector_at_the_end(tmp_path, monkeypatch, house, a_message, uid):
    came = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            came.append((self.path, ExportTraceServiceRequest.FromString(body)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_words):
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        endpoint = f"http://127.0.0.1:{server.server_port}"
        variables = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
        async with traced(load(None, tmp_path), variables) as spans:
            house.pipeline._spans = spans
            await handled(house, a_message("one"), CAME_WITH)
            await house.send()
        server.shutdown()
    [(path, request)] = came
    assert path == "/v1/traces"
    [span] = request.resource_spans[0].scope_spans[0].spans
    assert span.span_id.hex() == caused(trace_of(CAME_WITH, uid("one")), uid("one")).span_id
    assert "Muster" not in str(request)
