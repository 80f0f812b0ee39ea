"""What a draft would have decided otherwise: the journal's real past, judged again, nothing sent.

Each message is judged in its case as the case stood when the message came, once on the tables in
force and once on the draft; what differs is told by ids and codes, never with a person's data.
"""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Final

from gateway.core.case import Case, fold
from gateway.core.decision import Ask, Decision, Refer, institution, name
from gateway.core.events import MessageReceived
from gateway.core.judging import Arrival, Examined, Policy, decide, examine
from gateway.core.matter import PARIS
from gateway.core.reading import Limits
from gateway.core.tables import Tables
from gateway.core.validation import Schemas
from gateway.journal import JournalReader
from gateway.journal.rows import Past, PastMessage

PAGE: Final = 100
"""Cases read at once."""
PROTECTED: Final = "protected"
"""Stands for what would tell a protected case, as in every list."""
WHAT: Final = ("elsewhere", "asked", "no-longer-asked", "referred", "no-longer-referred", "other")
"""How a decision can differ; the first that fits."""


_Decided = tuple[Decision | None, tuple[str, ...]]
"""A decision, and the rows it was made on."""


@dataclass(frozen=True, slots=True)
class Effect:
    """One message that the draft decides otherwise."""

    what: str
    """One of `WHAT`."""
    case_id: str
    buc: str
    country: str
    """Of the sender."""
    before: str
    """Decision on the tables in force, with the institution where it names one."""
    after: str
    rows_before: tuple[str, ...]
    """Rows that decided."""
    rows_after: tuple[str, ...]


@dataclass(slots=True)
class Impact:
    """What was looked at, and what differs."""

    messages: int = 0
    erased: int = 0
    """Messages whose bytes, or what else their case says, are not kept any more: not judged."""
    effects: list[Effect] = field(default_factory=list)

    def counts(self) -> Counter[str]:
        """What differs -> how often."""
        return Counter(effect.what for effect in self.effects)


@dataclass(frozen=True, slots=True)
class Bench:
    """What both judgements share."""

    limits: Limits
    schemas: Schemas
    policy: Policy
    now: Tables
    draft: Tables
    since: date | None = None
    """Messages received before this day are left out."""
    on: date | None = None
    """Judge as if everything had come on this day: for rows that begin in the future."""


async def impact(
    journal: JournalReader, bench: Bench, told: Callable[[int], None] = lambda _count: None
) -> Impact:
    """Judge the past again; `told` is called with how many messages of a page were looked at."""
    found = Impact()
    async for past in _pages(journal):
        for one in past:
            _judge(found, bench, one)
        told(sum(len(one.messages) for one in past))
    return found


async def _pages(journal: JournalReader) -> AsyncIterator[tuple[Past, ...]]:
    page = tuple(await journal.past(None, PAGE))
    while page:
        yield page
        page = tuple(await journal.past(page[-1].case_id, PAGE))


def _judge(found: Impact, bench: Bench, past: Past) -> None:
    gone = fold(Case(past.case_id), past.events).erased
    for message, case in cases(past):
        if bench.since is not None and _received_on(message) < bench.since:
            continue
        if message.body is None or gone:
            found.erased += 1
            continue
        examined = examine(message.body, bench.limits, bench.schemas)
        if not isinstance(examined, Examined):
            continue
        found.messages += 1
        arrival = _arrival(message, bench.on)
        old, new = (
            decide(examined, case, tables, bench.policy, arrival)
            for tables in (bench.now, bench.draft)
        )
        effect = _effect(examined, old, new)
        if effect is not None:
            found.effects.append(effect)


def cases(past: Past) -> Iterator[tuple[PastMessage, Case]]:
    """Each message with the case as it stood before it."""
    messages = {message.message_id: message for message in past.messages}
    began = [
        (index, messages[event.message_id])
        for index, event in enumerate(past.events)
        if isinstance(event, MessageReceived) and event.message_id in messages
    ]
    case = fold(Case(past.case_id), past.events[: began[0][0]]) if began else Case(past.case_id)
    ends = [index for index, _ in began[1:]]
    for (index, message), end in zip(began, [*ends, None], strict=True):
        yield message, case
        case = fold(case, past.events[index:end])


def _received_on(message: PastMessage) -> date:
    return message.received_at.astimezone(PARIS).date()


def _arrival(message: PastMessage, on: date | None) -> Arrival:
    received = message.received_at if on is None else datetime.combine(on, time(12), UTC)
    return Arrival(received, received, message.addressee)


def _effect(examined: Examined, old: _Decided, new: _Decided) -> Effect | None:
    (was, rows_before), (will, rows_after) = old, new
    before, after = _said(was), _said(will)
    if before == after:
        return None
    message = examined.message
    case_id = PROTECTED if message.protected else message.case_id
    country = message.sender.country
    what = _what(was, will)
    return Effect(what, case_id, message.buc, country, before, after, rows_before, rows_after)


def _said(decision: Decision | None) -> str:
    """The decision in codes; two that say the same are the same."""
    if decision is None:
        return "absorbed"
    parts = [name(decision), institution(decision)]
    if isinstance(decision, Ask):
        parts += decision.missing
    if isinstance(decision, Refer):
        parts += [decision.cause, *decision.candidates]
    return " ".join(part for part in parts if part)


def _what(old: Decision | None, new: Decision | None) -> str:
    if _target(old) and _target(new):
        return "elsewhere"
    for kind, code in ((Ask, "asked"), (Refer, "referred")):
        if isinstance(new, kind) and not isinstance(old, kind):
            return code
    for kind, code in ((Ask, "no-longer-asked"), (Refer, "no-longer-referred")):
        if isinstance(old, kind) and not isinstance(new, kind):
            return code
    return "other"


def _target(decision: Decision | None) -> str | None:
    """Where the case goes; a person's candidates are no target."""
    return institution(decision) if decision is not None else None
