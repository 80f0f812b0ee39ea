"""Which messages hold a personal identification number, when a person asks what we have on him.

Whoever's number it is there: the insured person's, a claimant's, that of a member of the family.
Looked through is what SEDs said and persons added, page by page; not free text, attachments, and
bytes that were set aside unread. What is erased is counted.
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from gateway.core.evidence import Evidence, Pin
from gateway.core.nir import is_whole, plain, without_key
from gateway.core.states import MessageState
from gateway.journal import JournalReader
from gateway.journal.rows import Facts, Row

PAGE: Final = 500
"""Events looked at at once."""
_UNREAD: Final = (MessageState.QUARANTINED, MessageState.DISCARDED)


class Number:
    """A number to look for; it shows itself to nobody.

    Raises:
        ValueError: there is no letter or digit in it; the text holds nothing of it.
    """

    def __init__(self, typed: str) -> None:
        self._plain = plain(typed)
        self._bare = without_key(typed)
        if not self._plain:
            raise ValueError("no number")

    def __repr__(self) -> str:
        return "Number()"

    @property
    def slipped(self) -> bool:
        """It has the form of a NIR, and its key does not fit: somebody mistyped it."""
        return self._bare != self._plain and not is_whole(self._plain)

    def is_in(self, evidence: Evidence) -> bool:
        """Whether it is the number of anybody there."""
        return any(map(self._means, _pins(evidence)))

    def _means(self, pin: Pin) -> bool:
        """The same number; a French one with or without its key."""
        if pin.country in {"FR", ""} and without_key(pin.number) == self._bare:
            return True
        return plain(pin.number) == self._plain


def _pins(evidence: Evidence) -> Iterator[Pin]:
    yield from evidence.pins
    for other in evidence.others:
        yield from _pins(other)


@dataclass(slots=True)
class Holding:
    """Where a number stands."""

    rows: list[Row] = field(default_factory=list)
    """Messages by case, in order of receipt; protected when any message of their case is."""
    cases: dict[str, bool] = field(default_factory=dict)
    """Cases of these -> whether the person is protected."""
    erased: int = 0
    """Cases whose evidence was erased, the whole of it or that until then."""
    unread: int = 0
    """Messages that were set aside: nobody knows what they say."""


async def holding(reader: JournalReader, number: Number) -> Holding:
    """Look through everything that is kept; one page at a time is in memory, and what is found."""
    found = Holding()
    hits: dict[str, set[str]] = {}
    gone = ""
    async for facts in _all(reader):
        if facts.evidence is None:
            found.erased += facts.case_id != gone
            gone = facts.case_id
        elif number.is_in(facts.evidence):
            hits.setdefault(facts.case_id, set()).add(facts.message_id)
    for case_id, ids in hits.items():
        hidden = (await reader.case(case_id)).protected
        found.cases[case_id] = hidden
        found.rows += [replace(r, protected=hidden) async for r in _of(reader, case_id, ids)]
    messages = (await reader.counts()).messages
    found.unread = sum(messages.get(state.value, 0) for state in _UNREAD)
    return found


async def _all(reader: JournalReader) -> AsyncIterator[Facts]:
    page = await reader.facts(("", 0), PAGE)
    while page:
        for facts in page:
            yield facts
        page = await reader.facts((page[-1].case_id, page[-1].seq), PAGE)


async def _of(reader: JournalReader, case_id: str, ids: set[str]) -> AsyncIterator[Row]:
    """These messages of a case, and those that brought the same content again."""
    page = await reader.messages(case_id=case_id, limit=PAGE)
    while page:
        for row in page:
            if row.message_id in ids or await _repeats(reader, row, ids):
                yield row
        page = await reader.messages(case_id=case_id, limit=PAGE, after=page[-1].message_id)


async def _repeats(reader: JournalReader, row: Row, ids: set[str]) -> bool:
    if row.state is not MessageState.ABSORBED:
        return False
    return any(one["same_as"] in ids for one in await reader.explanation(row.message_id))
