"""Which trace a message belongs to (W3C Trace Context): as it came with it, or begun from its id.

What leaves goes on with the trace of the message that it was sent for, under a span of its own.
Ids come from the ids of messages: whatever is sent again is the same span of the same trace.
"""

import re
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

_FORM: Final = re.compile(
    r"(?!ff)(?P<version>[0-9a-f]{2})-(?!0{32})(?P<trace_id>[0-9a-f]{32})"
    r"-(?!0{16})(?P<span_id>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})(?P<more>-[!-~]{0,256})?"
)
_KNOWN: Final = 0x03
"""Flags that version 00 knows: sampled, and random trace id; others are not passed on."""
_SAMPLED: Final = "01"


@dataclass(frozen=True, slots=True)
class TraceContext:
    """A place in a trace; its text is a `traceparent`."""

    trace_id: str
    """32 hex digits."""
    span_id: str
    """16 hex digits."""
    flags: str = _SAMPLED

    def __str__(self) -> str:
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}"

    @property
    def ids(self) -> dict[str, str]:
        """The two ids by name, as a log line has them."""
        return {"trace_id": self.trace_id, "span_id": self.span_id}


def read(text: object) -> TraceContext | None:
    """What a `traceparent` says; None for what is none.

    Of a later version than 00 that is read which version 00 knows.
    """
    found = _FORM.fullmatch(text) if isinstance(text, str) else None
    if found is None or (found["version"] == "00" and found["more"] is not None):
        return None
    flags = int(found["flags"], 16) & _KNOWN
    return TraceContext(found["trace_id"], found["span_id"], f"{flags:02x}")


def trace_of(traceparent: str | None, message_id: str) -> TraceContext:
    """The trace that a message came with, else the one that begins with it."""
    came = read(traceparent)
    return came or TraceContext(_digits(f"trace {message_id}", 32), _span(message_id))


def caused(trace: TraceContext, message_id: str) -> TraceContext:
    """The place of a message that leaves for one of that trace."""
    return replace(trace, span_id=_span(message_id))


def _span(message_id: str) -> str:
    return _digits(f"span {message_id}", 16)


def _digits(text: str, number: int) -> str:
    return sha256(text.encode()).hexdigest()[:number]
