"""What other schemas would change: on recorded traffic, and on what we write ourselves.

Nothing is recorded and nothing is sent; what is told is ids and codes, never a value.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from gateway.core.judging import Examined, examine
from gateway.core.reading import Limits
from gateway.core.validation import Schemas
from gateway.journal import JournalReader
from gateway.specimens import written

PAGE: Final = 1_000
PROTECTED: Final = "protected"
"""Stands for what would tell a protected case, as in every list."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A message that would be valid no more, or would be so from then on."""

    message_id: str
    case_id: str
    cdm: str
    sed: str
    valid: bool
    """Under the other schemas."""
    rules: tuple[str, ...]


@dataclass(slots=True)
class Rehearsal:
    """What changed, and what it was looked at on."""

    messages: int = 0
    erased: int = 0
    """Messages whose bytes are not kept any more."""
    turns: list[Turn] = field(default_factory=list)
    ours: list[Turn] = field(default_factory=list)
    """Kinds of message that we write, and that would be invalid."""


async def rehearse(
    journal: JournalReader | None,
    limits: Limits,
    before: Schemas,
    after: Schemas,
    versions: Sequence[str],
    pension_template: str,
) -> Rehearsal:
    """Hold everything against both sets of schemas; what we write, in each of these versions."""
    found = Rehearsal()
    if journal is not None:
        async for message_id, body in _recorded(journal):
            _compare(found, message_id, body, limits, before, after)
    for message in (message for cdm in versions for message in written(cdm, pension_template)):
        examined = examine(message.body or b"", limits, after)
        if isinstance(examined, Examined) and not examined.verdict.valid:
            found.ours.append(_turn(examined, valid=False))
    return found


def _compare(
    found: Rehearsal,
    message_id: str,
    body: bytes | None,
    limits: Limits,
    before: Schemas,
    after: Schemas,
) -> None:
    if body is None:
        found.erased += 1
        return
    old, new = (examine(body, limits, schemas) for schemas in (before, after))
    if not isinstance(old, Examined) or not isinstance(new, Examined):
        return
    found.messages += 1
    if old.verdict.valid != new.verdict.valid:
        found.turns.append(_turn(new, valid=new.verdict.valid))


def _turn(examined: Examined, *, valid: bool) -> Turn:
    message = examined.message
    rules = tuple(dict.fromkeys(examined.verdict.rules))
    case_id = PROTECTED if message.protected else message.case_id
    return Turn(message.message_id, case_id, message.cdm, message.sed, valid, rules)


async def _recorded(journal: JournalReader) -> AsyncIterator[tuple[str, bytes | None]]:
    page = await journal.messages(limit=PAGE)
    while page:
        for row in page:
            explained = await journal.explanation(row.message_id)
            yield row.message_id, await journal.body(str(explained[-1]["digest"]))
        page = await journal.messages(limit=PAGE, after=page[-1].message_id)
