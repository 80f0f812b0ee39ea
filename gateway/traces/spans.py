"""What is told of the work on one message to whoever follows traces: a port, and nobody there.

Places and parents are those of `gateway.core.trace_context`: what an exporter shows and what a
`traceparent` says are the same ids. Keys are those of the log, and so are the values let through.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from gateway.core.trace_context import TraceContext


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of work that is over."""

    name: str
    """One of few: `judge`, or `publish` with the kind of what was sent."""
    place: TraceContext
    parent: TraceContext | None
    """None where the trace begins here."""
    began: datetime
    ended: datetime
    sends: bool = False
    """Something left, else something came."""
    error_code: str | None = None
    keys: Mapping[str, object] = field(default_factory=dict)
    """Keys of `gateway.log.KEYS`."""


class Spans(Protocol):
    """Told of each piece of work; never blocks, never fails."""

    on: bool
    """Somebody follows; else a span need not even be made."""

    def done(self, span: Span) -> None:
        """It is over."""


class Untraced:
    """Nobody follows traces."""

    on = False

    def done(self, span: Span) -> None:
        """Nothing is kept."""
