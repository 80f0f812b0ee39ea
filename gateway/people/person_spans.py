"""What a person decided, told as spans: in the trace of the message that it is about.

One span a message, below the `judge` of the gateway on it; what no message is the cause of, such
as a pause, begins a trace of its own. Who it was stays in the journal: a trace says `person`.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from gateway import releasing
from gateway.clock import Clock
from gateway.core.trace_context import caused, trace_of
from gateway.errors import JournalUnavailable
from gateway.journal import Journal
from gateway.people import confirming, pausing, taking
from gateway.traces.spans import Span, Spans, Untraced

DECIDED: Final = frozenset(
    {
        *("resolve", "resolve-all", "release", "discard", "recall"),
        *confirming.DEEDS,
        *pausing.DEEDS,
        *releasing.DEEDS,
        *taking.DEEDS,
    }
)
"""Deeds by which a person decides; others look, bring something in, or set something up."""
_KEYS: Final = ("message_id", "case_id", "decision", "cause", "state")
_Keys = dict[str, object]


class PersonSpans:
    """Tells what was decided, once it stands in the journal.

    Args:
        spans: who is told; when nobody is, nothing is read for it.
    """

    def __init__(self, journal: Journal, clock: Clock, spans: Spans) -> None:
        self._journal = journal
        self._clock = clock
        self._spans = spans

    async def told(
        self, deed: str, params: Mapping[str, Any], answer: Mapping[str, Any], began: datetime
    ) -> None:
        """Tell of a deed by what it answered; what cannot be found out now is not told."""
        looked_only = bool(params.get("try")) or bool(answer.get("refused"))
        if isinstance(self._spans, Untraced) or deed not in DECIDED or looked_only:
            return
        with suppress(JournalUnavailable):
            for keys in await self._subjects(answer):
                await self._tell(deed, keys, began)

    async def _tell(self, deed: str, keys: _Keys, began: datetime) -> None:
        message_id = str(keys.get("message_id", ""))
        row = await self._journal.message(message_id) if message_id else None
        if row is None:
            place, parent = trace_of(None, f"{deed} {began.isoformat()}"), None
        else:
            parent = caused(trace_of(row.traceparent, message_id), message_id)
            place = caused(parent, f"{deed} {message_id} {began.isoformat()}")
            keys = {"case_id": row.case_id, "buc": row.buc, "sed": row.sed, **keys}
        said = {**keys, "by": "person", "deed": deed}
        self._spans.done(Span("judge", place, parent, began, self._clock.now(), keys=said))

    async def _subjects(self, answer: Mapping[str, Any]) -> Sequence[_Keys]:
        """What was decided about: messages where it can be said, else the thing itself."""
        judged = answer.get("done") or answer.get("decisions")
        if judged:
            return [_told(one) for one in judged]
        named = answer.get("confirmed") or [answer.get("sending") or answer.get("question")]
        if named[0] is not None:
            rows = await self._journal.outgoing(named=named, limit=confirming.MOST)
            found = dict.fromkeys(row.about for row in rows if row.message_id in named)
            return [{**_told(answer), "message_id": about} for about in found]
        keys = _told(answer)
        if "message_id" not in keys and "case_id" in keys:
            first = await self._journal.messages(case_id=str(keys["case_id"]), limit=1)
            return [{**keys, "message_id": first[0].message_id} if first else keys]
        release = answer.get("name")
        return [keys if release is None else {**keys, "release": release}]


def _told(answer: Mapping[str, Any]) -> _Keys:
    """What an answer says with keys that a span may hold."""
    said = {"decision": answer.get("outcome"), **answer}
    return {key: said[key] for key in _KEYS if said.get(key) is not None}
