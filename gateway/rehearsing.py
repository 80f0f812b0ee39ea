"""What other schemas would change: on recorded traffic, and on what we write ourselves.

Nothing is recorded and nothing is sent; what is told is ids and codes, never a value.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Final

from gateway.core import composing
from gateway.core.composing import Letterhead, QuestionText
from gateway.core.events import MessageReceived
from gateway.core.evidence import Evidence, Person
from gateway.core.judging import Examined, examine
from gateway.core.outgoing import Outgoing
from gateway.core.reading import Limits
from gateway.core.validation import Schemas
from gateway.journal import JournalReader

PAGE: Final = 1_000
PROTECTED: Final = "protected"
"""Stands for what would tell a protected case, as in every list."""
_WHEN: Final = datetime(2026, 1, 5, 9, tzinfo=UTC)
_SOMEBODY: Final = Evidence(subject=Person("Probe", "Ada", date(1980, 5, 17), "02"))
_THEM: Final = "DE:SIMS01"
_TARGET: Final = "FR:0101100000"


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
) -> Rehearsal:
    """Hold everything against both sets of schemas; what we write, in each of these versions."""
    found = Rehearsal()
    if journal is not None:
        async for message_id, body in _recorded(journal):
            _compare(found, message_id, body, limits, before, after)
    for written in (written for cdm in versions for written in _written(cdm)):
        examined = examine(written.body or b"", limits, after)
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


def _written(cdm: str) -> Iterator[Outgoing]:
    """One of each kind of message that leaves in our name, about a person who does not exist."""
    head = Letterhead(
        cause="rehearsal",
        us="FR:CLEISS0000",
        us_name="Cleiss",
        our_role="Counterparty",
        case_id="00000000-0000-4000-8000-000000000000",
        buc="S_BUC_24",
        cdm=cdm,
        others=((_THEM, "CaseOwner"),),
        at=_WHEN,
    )
    asks = (QuestionText("Address", "Residence", "Where does the person live?"),)
    about = MessageReceived(
        *("m", "U001", "Start", head.case_id, 1, "", None, head.buc, cdm, head.us),
        *("Counterparty", (_THEM, head.us), _THEM, "2026-01-05", "", "xml"),
    )
    yield composing.forward(head, _SOMEBODY, _TARGET, "Caisse")[0]
    yield composing.step_back(head, _SOMEBODY, _TARGET)[0]
    yield composing.clarification(head, _SOMEBODY, asks, about, _THEM)
    yield composing.request(head, _SOMEBODY, asks, ("residence",), _THEM)
    yield composing.remind(head, _SOMEBODY, asks, head.case_id, _THEM)
