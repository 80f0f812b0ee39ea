"""What the bytes of a message say: read and validated in a parser thread, timed by stage.

Many are examined in one job; a large one goes by itself, so that none waits behind it.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from gateway.clock import Clock, Executor
from gateway.core.judging import Examined, examine
from gateway.core.message import Malformed
from gateway.core.reading import Limits
from gateway.core.trace_context import TraceContext, trace_of
from gateway.core.validation import Schemas
from gateway.gathering import Gathering
from gateway.log import about, logger
from gateway.transport import Received
from sed_schemas.load import SchemasInvalid

_AT_ONCE: Final = 32
"""Messages examined in one job."""

_Piece = tuple[bytes, Limits, Schemas | None]
"""What `examine` takes."""


@dataclass(slots=True)
class _Looked:
    """What came of an examination, and how long each stage of it took in its thread."""

    examined: Examined | Malformed
    began: float
    took: Sequence[tuple[str, float]]


class Examining:
    """Examines messages side by side."""

    def __init__(
        self, parse: Executor, clock: Clock, took: Callable[[str, float], None], *, jobs: int = 1
    ) -> None:
        """`took` is told how many seconds a message spent in a stage; `jobs` go on at a time."""
        look = partial(_examine_all, clock)
        self._many: Gathering[_Piece, _Looked] = Gathering(parse, look, most=_AT_ONCE, jobs=jobs)
        self._alone: Gathering[_Piece, _Looked] = Gathering(parse, look, most=1)
        self._clock = clock
        self._took = took

    async def of(
        self, received: Received, limits: Limits, schemas: Schemas, since: float | None = None
    ) -> Examined | Malformed | SchemasInvalid:
        """What it says; one that breaks the reader is a bug of ours, and malformed.

        `since`: when its receipt began, if not now. A schema that does not compile is no fault of
        the message, and is given as a value.
        """
        since = self._clock.monotonic() if since is None else since
        looked = await self._look(received, limits, schemas)
        if isinstance(looked, SchemasInvalid):
            return looked
        if isinstance(looked, Exception):
            broken = Malformed(hashlib.sha256(received.body).hexdigest(), "internal-error")
            with about(**trace(received, broken).ids):
                logger().error("message-broke-the-gateway", path=received.source, exc_info=looked)
            return broken
        for stage, seconds in (("receive", looked.began - since), *looked.took):
            self._took(stage, seconds)
        return looked.examined

    async def unvalidated(self, received: Received, limits: Limits) -> Examined | Malformed | None:
        """What it says without a look at the schemas; None when it breaks the reader."""
        looked = await self._look(received, limits, None)
        return looked.examined if isinstance(looked, _Looked) else None

    async def _look(
        self, received: Received, limits: Limits, schemas: Schemas | None
    ) -> _Looked | Exception:
        by = self._alone if received.large else self._many
        return await by.outcome((received.body, limits, schemas))


def trace(received: Received, examined: Examined | Malformed) -> TraceContext:
    """The trace that a message came with, or begins."""
    ident = examined.digest if isinstance(examined, Malformed) else examined.message.message_id
    return trace_of(received.traceparent, received.oversize or ident)


def _examine_all(clock: Clock, pieces: Sequence[_Piece]) -> list[_Looked]:
    """Examine messages one after another."""
    return [_examine(clock, *piece) for piece in pieces]


def _examine(clock: Clock, body: bytes, limits: Limits, schemas: Schemas | None) -> _Looked:
    """Examine one, with a look at the clock after each stage."""
    at = began = clock.monotonic()
    took: list[tuple[str, float]] = []

    def passed(stage: str) -> None:
        nonlocal at
        before, at = at, clock.monotonic()
        took.append((stage, at - before))

    return _Looked(examine(body, limits, schemas, passed), began, took)
