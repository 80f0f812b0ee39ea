"""The log tells the trace of a message, from its receipt to what leaves for it."""

import io
import json
from dataclasses import replace

import pytest

from gateway.core.judging import examine
from gateway.core.trace_context import trace_of
from gateway.log import configure
from gateway.transport import Received, Settlement

CAME_WITH = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"


@pytest.fixture
def lines(clock):
    """What was logged up to now: action -> (trace, span) of each line."""
    stream = io.StringIO()
    configure("debug", "json", "rina-1", "test", clock, stream=stream)

    def told(action):
        every = map(json.loads, stream.getvalue().splitlines())
        mine = (line for line in every if line["event.action"] == action)
        return [(line.get("trace.id"), line.get("span.id")) for line in mine]

    return told


async def handled(house, body, traceparent):
    async def settle(_settlement):
        raise AssertionError("nobody settles here")

    received = Received(body, "a.xml", None, house.clock.now(), settle, traceparent=traceparent)
    desk = house.pipeline.desk
    return await house.pipeline.handle(received, examine(body, desk.limits, desk.schemas))


async def test_each_line_about_a_message_tells_where_in_which_trace(house, lines, a_message, uid):
    assert await handled(house, a_message("one"), CAME_WITH) is Settlement.ACCEPTED
    assert await handled(house, a_message("two"), None) is Settlement.ACCEPTED
    traces = [trace_of(CAME_WITH, uid("one")), trace_of(None, uid("two"))]
    assert lines("message-recorded") == [(t.trace_id, t.span_id) for t in traces]
    sent = await house.send()
    assert len(sent) == 6
    assert sorted(lines("sent")) == sorted((c.trace.trace_id, c.trace.span_id) for c in sent)
    assert {c.trace.trace_id for c in sent} == {t.trace_id for t in traces}
    assert lines("batch-sent")[0] == (None, None)


async def test_the_very_same_message_again_is_told_in_the_log_alone(house, lines, a_message, uid):
    for _ in range(3):
        assert await handled(house, a_message("one"), CAME_WITH) is Settlement.ACCEPTED
    trace = trace_of(CAME_WITH, uid("one"))
    assert lines("message-known") == [(trace.trace_id, trace.span_id)] * 2
    assert len(await house.rows()) == 1


async def test_what_is_put_off_is_told_with_its_trace(house, lines, a_message):
    await handled(house, a_message(), CAME_WITH)
    house.transport.fail.add("rina")
    await house.send()
    trace, span = lines("sending-deferred")[0]
    assert trace == trace_of(CAME_WITH, "").trace_id
    assert span != trace_of(CAME_WITH, "").span_id


async def test_a_message_set_aside_keeps_its_trace_under_its_own_name(house, a_message, uid):
    """One that was kept under the digest of its bytes, and is released."""
    desk = house.pipeline.desk
    house.pipeline.desk = replace(desk, limits=replace(desk.limits, xml=100))
    await handled(house, a_message("one"), CAME_WITH)
    [aside] = await house.rows()
    assert aside.message_id != uid("one")
    assert aside.traceparent == CAME_WITH
    house.pipeline.desk = desk
    await house.operating.do("release", {"message_id": aside.message_id}, "anna")
    assert (await house.journal.message(uid("one"))).traceparent == CAME_WITH
