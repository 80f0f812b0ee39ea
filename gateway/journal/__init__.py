"""What happened, and what is still to be sent: the port of the journal.

Guarantees, each one a test in `tests/contract/test_journals.py`:

* `record` writes message, decision, history and outgoing messages in one transaction or not at
  all; it is durable when it returns.
* What was judged on a case that has moved on since, or on tables no longer in force, is not
  recorded (`JournalConflict`): judge again.
* A sending is claimed by one worker at a time; a claim that ran out is void once another worker
  has the sending (fencing token). Sendings of one case to one destination go one after another.
* What is due in a case is written with what it follows from, and done once: a second one who does
  it finds that the case has moved on.
* Nothing that was recorded is ever lost or changed, but for states that `gateway.core.states`
  allows to follow one another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, TypeVar

from gateway.core.case import Case
from gateway.core.deadlines import Development
from gateway.core.events import Event
from gateway.core.judgement import Judgement
from gateway.core.states import MessageState, QuestionState

_State = TypeVar("_State", bound=StrEnum)


class Contradiction(Exception):
    """What was to be written cannot follow what stands in the journal: a bug, never a retry.

    Nothing was written. The text holds no value of a message.
    """


def follow(table: Mapping[_State, frozenset[_State]], old: _State, new: _State) -> _State:
    """The new state, when the table of `gateway.core.states` lets it follow the old one.

    Raises:
        Contradiction: it does not.
    """
    if new not in table[old]:
        raise Contradiction(f"{type(old).__name__}: {old} is never followed by {new}")
    return new


@dataclass(frozen=True, slots=True)
class Entry:
    """One message to be recorded."""

    judgement: Judgement
    body: bytes
    source: str
    """Where it was received, such as a file name; for people."""
    addressee: str | None
    received_at: datetime
    decided_at: datetime
    attempt: int = 0
    """0 for a message as received; n when it is decided again (worklist, quarantine)."""
    observed: bool = False
    """`sending = observe`: outgoing messages are kept and never sent."""
    who: str = "gateway"
    reason: str = ""
    """Why a person decided so; kept with the decision."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """It is in the journal now."""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The same message id with the same bytes was there already; nothing was written."""


@dataclass(frozen=True, slots=True)
class IdentityConflict:
    """The same message id with other bytes was there already; nothing was written."""


Outcome = Recorded | Duplicate | IdentityConflict


@dataclass(frozen=True, slots=True)
class Claimed:
    """A sending that this worker may publish until its lease ends."""

    message_id: str
    case_id: str
    kind: str
    object: str
    receiver: str
    destination: str
    media: str
    digest: str
    body: bytes
    """Empty for a notice."""
    sidecar: bytes | None
    attempts: int
    token: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a listing: the latest decision of a message, with stable names."""

    message_id: str
    received_at: datetime
    case_id: str | None
    buc: str | None
    sed: str | None
    sender: str | None
    decision: str | None
    cause: str | None
    institution: str | None
    state: MessageState
    candidates: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    protected: bool = False
    source: str = ""


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """One question abroad and how it stands, with stable names."""

    question: str
    """Message id of its first sending."""
    case_id: str
    asked: str
    """Institution that was asked."""
    way: str
    missing: tuple[str, ...]
    asked_at: datetime
    state: QuestionState
    reminders: int
    due: datetime | None
    """When it is reminded of, or given up; None for one that is settled."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of a timeline: when, what, by whom, and with which codes."""

    at: datetime
    origin: str
    """`inbound`, `gateway`, `outbound`, `operator`."""
    what: str
    state: str
    who: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is still to be sent. Cheap to know, however long the journal is."""

    unsent: int
    """Sendings that are due, or wait for another one."""
    oldest_due: datetime | None
    """Since when the oldest due sending has been due."""
    cases_due: int = 0
    """Cases in which something is due."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is of what, for metrics and `status`; reads the whole journal."""

    messages: Mapping[str, int]
    """state -> number."""
    sendings: Mapping[str, int]
    """state -> number."""
    worklist: Mapping[str, int]
    """cause -> number."""
    quarantine: Mapping[str, int]
    """cause -> number."""
    questions_open: int


@dataclass(frozen=True, slots=True)
class Release:
    """One activation of a release of the tables: from `since` on, until a later one begins."""

    name: str
    digest: str
    since: datetime
    author: str
    approver: str
    kind: str = "activated"
    """`baseline` (that of the wheel), `activated`, or `rolled-back`."""
    asked_by: str = "gateway"
    reason: str = ""
    at_once: bool = True
    """False when it was asked for a day to come; one that began at once has begun whatever a clock
    that is set back says later."""
    confirmed_by: str | None = None
    """The second person of a roll-back; None until somebody has."""
    cancelled_by: str | None = None
    """Who took it back before it began."""

    def begun(self, now: datetime) -> bool:
        """Whether it has begun, and nobody took it back before."""
        return self.cancelled_by is None and (self.at_once or self.since <= now)

    @property
    def waits(self) -> bool:
        """True for a roll-back that nobody has confirmed."""
        return self.kind == "rolled-back" and self.confirmed_by is None


@dataclass(frozen=True, slots=True)
class TableRelease:
    """A release of the tables as it was made: it may be activated once somebody approved it."""

    name: str
    digest: str
    base: str
    """The release it was made from."""
    author: str
    released_at: datetime
    approver: str | None = None
    approved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FirstDecision:
    """A message that sent a case on, or asked about it, as it was decided first."""

    case_id: str
    sender: str
    buc: str
    missing: tuple[str, ...]
    """What was asked for; empty when the case was transferred."""


@dataclass(frozen=True, slots=True)
class PastMessage:
    """One message as it came, for judging it again."""

    message_id: str
    received_at: datetime
    addressee: str | None
    body: bytes | None
    """None when its bytes were erased."""


@dataclass(frozen=True, slots=True)
class Past:
    """One case as it happened: its whole history, and the messages that made it."""

    case_id: str
    events: tuple[Event, ...]
    messages: tuple[PastMessage, ...]


@dataclass(frozen=True, slots=True)
class SchemasInForce:
    """From when on messages are held against which schemas."""

    name: str
    """Official packages, the one installed last first, joined by `+`; or `profile`."""
    since: datetime
    who: str
    """Who installed or took back a package; `gateway` when it was found at a start."""


class JournalReader(Protocol):
    """The half that only looks; several may look while one writes.

    Every method may raise `JournalUnavailable`.
    """

    async def case(self, case_id: str) -> Case:
        """The case with this id, or the case that our own case of this id asks about."""
        ...

    async def body(self, digest: str) -> bytes | None:
        """The bytes with this SHA-256; None when they were never here or are erased."""
        ...

    async def message(self, message_id: str) -> Row | None:
        """One message by its id."""
        ...

    async def messages(
        self,
        *,
        states: Sequence[MessageState] = (),
        case_id: str | None = None,
        limit: int = 1000,
        after: str | None = None,
    ) -> Sequence[Row]:
        """Messages with their latest decision; `after` pages on.

        In order of receipt; those received at one time in order of recording.
        """
        ...

    async def decided_by(
        self,
        *,
        release: str | None = None,
        rule: str | None = None,
        limit: int = 1000,
        after: str | None = None,
    ) -> Sequence[Row]:
        """Messages of which any decision was made on that release, and by that row of it.

        Reads every decision; `after` pages on as in `messages`.
        """
        ...

    async def explanation(self, message_id: str) -> Sequence[Mapping[str, Any]]:
        """Every decision of a message, the first one first.

        Keys: `attempt`, `decision`, `cause`, `institution`, `way`, `state`, `candidates`,
        `missing`, `certainty`, `trace` (each `code` and `params`), `rules`, `violations`,
        `release`, `reference_date` (ISO day), `decided_at` (aware), `who`, `digest`,
        `same_as`, `schemas`.
        """
        ...

    async def timeline(self, message_id: str) -> Sequence[Happening]:
        """All that happened to a message and its case, in order of time; also by case id."""
        ...

    async def backlog(self, now: datetime) -> Backlog:
        """See `Backlog`."""
        ...

    async def questions(self, *, every: bool, limit: int = 1000) -> Sequence[QuestionRow]:
        """Open questions, or every one, those first that were asked first."""
        ...

    async def due_cases(self, now: datetime, limit: int) -> Sequence[str]:
        """Cases in which something is due, those first that have been due for longest."""
        ...

    async def counts(self) -> Counts:
        """See `Counts`."""
        ...

    async def by_buc(self) -> Mapping[str, Mapping[str, int]]:
        """BUC -> outcome -> number; `-` stands for messages that name no BUC.

        `received` counts cases; each is also `transferred`, `asked`, `referred` or `other`, as it
        stands now. `set_aside` counts messages, which belong to no case.
        """
        ...

    async def first_decisions(self, since: datetime | None) -> Sequence[FirstDecision]:
        """Transfers and questions as they were first decided, case by case in order of receipt."""
        ...

    async def past(self, after: str | None, limit: int) -> Sequence[Past]:
        """A page of cases with everything that happened in them, in order of their ids."""
        ...

    async def release(self, at: datetime) -> Release | None:
        """The tables in force at that instant; None before the first activation."""
        ...

    async def releases(self) -> Sequence[Release]:
        """Every activation, in the order in which they were asked for."""
        ...

    async def table_releases(self) -> Sequence[TableRelease]:
        """Every release that was made, oldest first."""
        ...

    async def schemas_in_force(self) -> Sequence[SchemasInForce]:
        """The schema sets that were in force one after another; the last one is now."""
        ...


class Journal(JournalReader, Protocol):
    """See the module's guarantees. Every method may raise `JournalUnavailable`."""

    async def record(self, entry: Entry) -> Outcome:
        """Write one message with its decision and consequences; durable on return.

        Raises:
            JournalConflict: the case revision or the release in force has changed, or somebody
                else has decided the message again.
            Contradiction: it cannot follow what is written already (a bug).
        """
        ...

    async def develop(
        self, development: Development, at: datetime, *, observed: bool = False
    ) -> None:
        """Write what became due in a case, and when it is due next; durable on return.

        Raises:
            JournalConflict: the case revision or the release in force has changed.
        """
        ...

    async def claim(self, limit: int, now: datetime, lease_seconds: float) -> Sequence[Claimed]:
        """Due sendings, oldest first, at most one per (case, destination) at a time."""
        ...

    async def sent(self, claims: Sequence[Claimed], at: datetime) -> int:
        """The far side has confirmed these; what waited for them becomes due. How many counted."""
        ...

    async def defer(self, claim: Claimed, due: datetime, error: str) -> bool:
        """It did not go; try again from `due` on. False when the claim was void."""
        ...

    async def withdraw(self, claim: Claimed, at: datetime, error: str) -> bool:
        """It never will go; what waits for it is withdrawn too and the case is referred."""
        ...

    async def discard(self, message_id: str, who: str, reason: str, at: datetime) -> bool:
        """Take a message out of quarantine for good. False when it is not there."""
        ...

    async def deal_with(
        self, message_id: str, outcome: str, *, who: str, reason: str, at: datetime
    ) -> bool:
        """A person has dealt with a message of the worklist. False when it is not there."""
        ...

    async def beat(self, at: datetime) -> None:
        """Write that the gateway was alive; shows that the journal can be written."""
        ...

    async def activate(self, release: Release) -> None:
        """Put a release of the tables in force from its instant on."""
        ...

    async def confirm_activation(self, who: str) -> bool:
        """A second person confirms the last roll-back. False when none waits for it."""
        ...

    async def cancel_activation(self, name: str, who: str, at: datetime) -> bool:
        """Take back what has not begun at that instant. False when there is nothing of it."""
        ...

    async def add_table_release(self, release: TableRelease) -> bool:
        """Write down a release that was made. False when the name is taken."""
        ...

    async def approve_table_release(self, name: str, who: str, at: datetime) -> bool:
        """Write down who approved it. False when somebody had, or there is none of that name."""
        ...

    async def note_schemas(self, schemas: SchemasInForce) -> None:
        """Write that from now on another schema set is in force; nothing when it is the same."""
        ...

    async def close(self) -> None:
        """Finish what was accepted, then close."""
        ...
