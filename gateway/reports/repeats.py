"""What came more than once on a day, beside what came first and what was handed over of it.

With the SHA-256 of the bytes at entry and at exit, for whoever checks by hand that one document
was handed over once, and unchanged. Of the very same message delivered again the journal keeps when
that was, and nothing else (ADR 0002).
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

    MESSAGE = "message"
    """All of it, its id and its bytes: absorbed."""
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
    times: tuple[datetime, ...]
    """When it came again on that day; several only for the very same message."""
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
    """All of a day, in order of receipt; the very same message once, with each time."""
    times: dict[tuple[str, str | None], list[datetime]] = {}
    repeats: dict[tuple[str, str | None], Repeat] = {}
    for repeat in await reader.repeats(*bounds(day)):
        what = (repeat.message_id, repeat.same_as)
        repeats.setdefault(what, repeat)
        times.setdefault(what, []).append(repeat.received_at)
    return tuple([await _told(reader, one, tuple(times[what])) for what, one in repeats.items()])


def counted(found: Sequence[CameAgain]) -> dict[tuple[str, str, str], int]:
    """(kind, sender's country, BUC) -> how often; of a protected case no country."""
    numbers: Counter[tuple[str, str, str]] = Counter()
    for one in found:
        country = "protected" if one.protected else one.country
        numbers[one.kind.value, country, one.repeat.buc or "-"] += len(one.times)
    return dict(sorted(numbers.items()))


def _kind(repeat: Repeat) -> Kind:
    if repeat.same_as == repeat.message_id:
        return Kind.MESSAGE
    return Kind.CONTENT if repeat.same_as is not None else Kind(repeat.cause or "")


async def _told(reader: JournalReader, repeat: Repeat, times: tuple[datetime, ...]) -> CameAgain:
    kind = _kind(repeat)
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
    return CameAgain(repeat, kind, repeat.protected or any(hidden), first, times, tuple(handed))


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
