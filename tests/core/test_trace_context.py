"""A traceparent is read strictly, and what leaves goes on with its trace."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.trace_context import TraceContext, caused, read, trace_of

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
WHOLE = f"00-{TRACE}-{SPAN}-01"


@pytest.mark.parametrize("flags", ["00", "01", "02", "03"])
def test_what_version_00_writes_is_read(flags):
    assert read(f"00-{TRACE}-{SPAN}-{flags}") == TraceContext(TRACE, SPAN, flags)


def test_flags_that_version_00_does_not_know_are_not_passed_on():
    assert str(read(f"00-{TRACE}-{SPAN}-ff")) == f"00-{TRACE}-{SPAN}-03"


@pytest.mark.parametrize("text", [f"cc-{TRACE}-{SPAN}-01", f"01-{TRACE}-{SPAN}-01-what.is-to come"])
def test_of_a_later_version_is_read_what_version_00_knows(text):
    assert read(text.replace(" ", "_")) == TraceContext(TRACE, SPAN, "01")


@pytest.mark.parametrize(
    "text",
    [
        *(None, 3, b"", "", "00", WHOLE.encode(), [WHOLE]),
        WHOLE.upper(),
        f"{WHOLE}-more",
        f"{WHOLE}-",
        f"{WHOLE}\n",
        f" {WHOLE}",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE[1:]}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-1",
        f"01-{TRACE}-{SPAN}-01more",
        f"01-{TRACE}-{SPAN}-01-with a space",
        f"01-{TRACE}-{SPAN}-01-{'x' * 300}",
    ],
)
def test_any_other_form_is_none(text):
    assert read(text) is None


@given(st.text(max_size=80))
def test_what_is_read_is_read_again_from_its_text(text):
    found = read(text)
    assert found is None or read(str(found)) == found


@given(st.text(max_size=40))
def test_the_trace_that_begins_with_a_message_has_the_form(message_id):
    begun = trace_of(None, message_id)
    assert read(str(begun)) == begun == trace_of("no trace", message_id)


def test_what_leaves_is_another_span_of_the_same_trace_whenever_it_leaves():
    trace = trace_of(WHOLE.replace("-01", "-00"), "m1")
    out = caused(trace, "x1")
    assert (out.trace_id, out.flags) == (TRACE, "00")
    assert out == caused(trace, "x1")
    assert len({trace.span_id, out.span_id, caused(trace, "x2").span_id}) == 3
    assert out.ids == {"trace_id": TRACE, "span_id": out.span_id}


def test_messages_without_a_trace_begin_traces_of_their_own():
    assert trace_of(None, "m1").trace_id != trace_of(None, "m2").trace_id
