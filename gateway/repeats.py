"""What came more than once on a day, beside what came first and what was handed over of it.

With the SHA-256 of the bytes at entry and at exit, for whoever checks by hand that one document
was handed over once, and unchanged. The very same message delivered again is absorbed without a
trace in the journal (ADR 0002): of these there is a line in the log, and a metric.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from gateway.core.matter import PARIS
from gateway.core.message import BusinessMessage
from gateway.core.outgoing import SendingKind
from gateway.core.reading import Document, Limits, read
from gateway.journal import JournalReader
from gateway.journal.rows import Repeat, SendingRow


class Kind(StrEnum):
    """What of it had come before."""

    CONTENT = "content"
    """Everything, under another id: recorded, and handed over once."""
    IDENTITY = "identity-conflict"
    """Its id, with other bytes: an alarm."""
    VERSION = "other-content"
    """This version of the document, with another content: a person looks at it."""


@dataclass(frozen=True, slots=True)
class First:
    """What came before."""

    message_id: str
    case_id: str | None
    received_at: datetime
    digest: str
    """SHA-256 of the bytes received."""


@dataclass(frozen=True, slots=True)
class CameAgain:
    """A message, and what came before it."""

    repeat: Repeat
    kind: Kind
    protected: bool
    """It says so, or anything in the case of either."""
    first: First | None
    """None where the bytes that would tell are erased."""
    handed_over: tuple[SendingRow, ...] = ()
    """Hand-overs of the one or the other; their digest is that of the bytes handed over."""

    @property
    def country(self) -> str:
        """Of the sender; empty when none is named."""
        return (self.repeat.sender or "").partition(":")[0]


def bounds(day: date) -> tuple[datetime, datetime]:
    """The instants at which a day begins and ends in Paris, in UTC."""
    first, after = (datetime.combine(d, time.min, PARIS) for d in (day, day + timedelta(days=1)))
    return first.astimezone(UTC), after.astimezone(UTC)


async def came_again(reader: JournalReader, day: date) -> tuple[CameAgain, ...]:
    """All of a day, in order of receipt."""
    return tuple([await _told(reader, repeat) for repeat in await reader.repeats(*bounds(day))])


def counted(found: Sequence[CameAgain]) -> dict[tuple[str, str, str], int]:
    """(kind, sender's country, BUC) -> messages; of a protected case no country."""
    each = (
        (one.kind.value, "protected" if one.protected else one.country, one.repeat.buc or "-")
        for one in found
    )
    return dict(sorted(Counter(each).items()))


async def _told(reader: JournalReader, repeat: Repeat) -> CameAgain:
    kind = Kind.CONTENT if repeat.same_as is not None else Kind(repeat.cause or "")
    known = repeat.same_as or await _before(reader, repeat, kind)
    first = await _first(reader, known) if known is not None else None
    cases = {repeat.case_id, first.case_id if first is not None else None} - {None}
    hidden = [(await reader.case(case_id)).protected for case_id in cases if case_id is not None]
    ids = {repeat.message_id, known}
    handed = [
        row
        for row in (await reader.outgoing(named=[c for c in cases if c]) if cases else ())
        if row.kind == SendingKind.HAND_OVER and row.object in ids
    ]
    return CameAgain(repeat, kind, repeat.protected or any(hidden), first, tuple(handed))


async def _before(reader: JournalReader, repeat: Repeat, kind: Kind) -> str | None:
    """The message before one whose content is another, told by its own bytes."""
    message = _read(await reader.body(repeat.digest))
    if message is None or kind is Kind.IDENTITY:
        return message.message_id if message is not None else None
    case = await reader.case(repeat.case_id or "")
    first = case.contents.get((message.set_id, message.version))
    return first.message_id if first is not None else None


def _read(body: bytes | None) -> BusinessMessage | None:
    """What was read before as it came in, and so is within the caps."""
    document = read(body, Limits(len(body), len(body))) if body is not None else None
    return document.message if isinstance(document, Document) else None


async def _first(reader: JournalReader, message_id: str) -> First | None:
    row = await reader.message(message_id)
    if row is None:
        return None
    (decision, *_) = await reader.explanation(message_id)
    return First(message_id, row.case_id, row.received_at, decision["digest"])
