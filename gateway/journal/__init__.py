"""What happened, and what is still to be sent: the port of the journal.

Guarantees, each one a test in `tests/contract/test_journals.py`:

* `record` writes message, decision, history and outgoing messages in one transaction or not at
  all; it is durable when it returns.
* What was judged on a case that has moved on since, or on tables no longer in force, is not
  recorded (`JournalConflict`): judge again.
* A sending is claimed by one worker at a time; a claim that ran out is void once another worker
  has the sending (fencing token). Sendings of one case to one destination go one after another.
* What a pause reaches, or belongs to a case that a person has taken, is neither claimed nor due.
* What is due in a case is written with what it follows from, and done once: a second one who does
  it finds that the case has moved on.
* Nothing that was recorded is ever lost or changed, but for states that `gateway.core.states`
  allows to follow one another, and for bytes and evidence that `erase` takes away: of what is at
  rest, and that it did so stays.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Protocol, TypeVar

from gateway.core.case import Case
from gateway.core.deadlines import Development
from gateway.core.delivery import Status
from gateway.core.events import Imported
from gateway.core.judgement import Judgement
from gateway.core.outgoing import Standing
from gateway.core.states import MessageState, SendingState
from gateway.core.trace_context import TraceContext
from gateway.journal.accounts import CaseAccount, ClosedMonth
from gateway.journal.noticing import Remembered
from gateway.journal.observing import Fits, Maintenance, Observation, Seen
from gateway.journal.pausing import Pause, Reach
from gateway.journal.retention import Before, Erasing, Erasure, Found, Gone
from gateway.journal.rows import (
    Backlog,
    Counts,
    Facts,
    FirstDecision,
    Happening,
    Past,
    QuestionRow,
    Release,
    Repeat,
    Row,
    SchemasInForce,
    Search,
    SendingRow,
    ServiceStep,
    TableRelease,
    Task,
    TransferMade,
)

LARGE: Final = 1024 * 1024
"""Bytes from which on a message goes by itself, and its body is kept in pieces (ADR 0024)."""

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
    who: str = "gateway"
    reason: str = ""
    """Why a person decided so; kept with the decision."""
    rina_number: str | None = None
    """RINA's own number of the case, where it was told."""
    traceparent: str | None = None
    """The trace that it came with."""


@dataclass(frozen=True, slots=True)
class Closing:
    """A person has dealt with a message of the worklist; nothing leaves from here."""

    message_id: str
    outcome: str
    who: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Recorded:
    """It is in the journal now."""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The same message id with the same bytes was there already; only when it came was written."""


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
    """Empty for a notice, and for what is large."""
    sidecar: bytes | None
    attempts: int
    token: str
    trace: TraceContext | None = None
    """Its place in the trace of the message that it is sent for."""
    cause: TraceContext | None = None
    """The place of that message; None for what no message is the cause of, such as a reminder."""
    large: bool = False
    """Its bytes are not here; `JournalReader.body` has them, by the digest."""


class Said(StrEnum):
    """What a status is worth against what stands in the journal."""

    NEW = "new"
    KNOWN = "known"
    """It changes nothing: it was said before, or is older than what is known."""
    TOO_EARLY = "too-early"
    """Of something that is still under way here: to be said again in a moment."""
    UNKNOWN = "unknown-message"
    """Nothing was ever handed over under this id."""
    OTHER_RECEIVER = "other-receiver"
    CONTRADICTS = "contradicts"
    """An error of what was delivered."""


@dataclass(frozen=True, slots=True)
class Noted:
    """What became of one status."""

    said: Said
    kind: str
    """Of the sending that it is about; empty when there is none."""


class Known(StrEnum):
    """What the journal holds of a case that somebody wants to bring in."""

    SAME = "same"
    OTHERWISE = "otherwise"
    """It was brought in otherwise, or began with a message."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person says of some sendings of one case, as he saw it."""

    case_id: str
    revision: int
    message_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Word:
    """What a person said to a case: who, why, and when."""

    who: str
    why: str
    at: datetime


class JournalReader(Protocol):
    """The half that only looks; several may look while one writes.

    Every method may raise `JournalUnavailable`.
    """

    async def case(self, case_id: str) -> Case:
        """The case with this id, or the case that our own case of this id asks about."""
        ...

    async def sendings(self, case_id: str) -> Sequence[Standing]:
        """The sendings of a case and how far they have come, in order."""
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

    async def tasks(self, *, message_id: str | None = None, limit: int = 100_000) -> Sequence[Task]:
        """The entries of the worklist, or one of them, those first that were received first."""
        ...

    async def find(self, text: str, *, limit: int = 1000) -> Sequence[Row]:
        """Messages of the case that this id or number means.

        An international case id in either spelling, RINA's number of the case, or the id of a
        message or sending of it; in order of receipt.
        """
        ...

    async def search(
        self, wanted: Search, *, limit: int = 1000, after: str | None = None
    ) -> Sequence[Row]:
        """Messages that are as wanted, however long the journal is; `after` pages on.

        In order as in `messages`; by an institution in order of their latest decision, and without
        those of protected cases, which it would tell.
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

    async def questions(
        self, *, every: bool, question: str | None = None, limit: int = 1000
    ) -> Sequence[QuestionRow]:
        """Open questions, or every one, those first that were asked first; `question`: this one."""
        ...

    async def due_cases(self, now: datetime, limit: int) -> Sequence[str]:
        """Cases in which something is due, those first that have been due for longest."""
        ...

    async def outgoing(
        self,
        *,
        states: Sequence[SendingState] = (),
        named: Sequence[str] = (),
        limit: int = 1000,
    ) -> Sequence[SendingRow]:
        """Outgoing messages in order of composing; `named`: these, or those of these cases."""
        ...

    async def pauses(self, *, every: bool = False) -> Sequence[Pause]:
        """The pauses that hold now, or every one there was, in the order they began."""
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

    async def repeats(self, begin: datetime, end: datetime) -> Sequence[Repeat]:
        """Messages received from `begin` on, before `end`, of which something had come before.

        The same content under another id, the same id or version with another content, the very
        same message, once for each time; in order of receipt.
        """
        ...

    async def first_decisions(self, since: datetime | None) -> Sequence[FirstDecision]:
        """Of each case its first decision, where that named the institution or a datum."""
        ...

    async def transfers(self, since: datetime | None) -> Sequence[TransferMade]:
        """Every transfer decided from that instant on, with what became of it."""
        ...

    async def service_steps(self, after: datetime | None, until: datetime) -> Sequence[ServiceStep]:
        """What happened with partners after the one instant and up to the other, in order."""
        ...

    async def accounts(self, begin: datetime, end: datetime) -> Sequence[CaseAccount]:
        """The cases whose first message from abroad was received from `begin` on, before `end`."""
        ...

    async def first_receipt(self) -> datetime | None:
        """When the first message was received; None while there is none."""
        ...

    async def closed_months(self, year: int) -> Sequence[ClosedMonth]:
        """The months of a year whose figures are frozen, in order."""
        ...

    async def seen(
        self, begin: datetime, end: datetime, looks_from: datetime | None = None
    ) -> Seen:
        """What was seen of the parts around the gateway in a period, and its own pulse.

        `looks_from`: of the looks only those that say something of the time from then on.
        """
        ...

    async def past(self, after: str | None, limit: int) -> Sequence[Past]:
        """A page of cases with everything that happened in them, in order of their ids."""
        ...

    async def facts(self, after: tuple[str, int], limit: int) -> Sequence[Facts]:
        """A page of what was said about persons, in order of cases and of their events.

        `after`: case id and `seq` of the last one seen; `("", 0)` begins.
        """
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

    async def old_cases(self, before: Before, after: str, limit: int) -> Found:
        """Look at so many cases after that id, in order of their ids: what of them is old.

        The empty id begins.
        """
        ...

    async def old_messages(self, before: Before, after: str, limit: int) -> Found:
        """The same for messages that a person took out of quarantine."""
        ...

    async def erasures(self) -> Sequence[Erasure]:
        """What was erased so far, the first run first."""
        ...

    async def schemas_in_force(self) -> Sequence[SchemasInForce]:
        """The schema sets that were in force one after another; the last one is now."""
        ...

    async def notices(self) -> Remembered:
        """What is remembered of notices."""
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
        self, development: Development, at: datetime, *, who: str = "gateway"
    ) -> None:
        """Write what became due in a case, or what a person made of it; durable on return.

        Raises:
            JournalConflict: the case revision or the release in force has changed, or a sending
                that should be withdrawn has left or is on its way out (`sending-under-way`).
        """
        ...

    async def import_cases(
        self, cases: Mapping[str, Imported], at: datetime, *, look: bool = False
    ) -> Mapping[str, Known]:
        """Begin the history of each case that is not here; what is known of the others.

        Nothing is written when one of them is known otherwise, or with `look`.
        """
        ...

    async def claim(self, limit: int, now: datetime, lease_seconds: float) -> Sequence[Claimed]:
        """Due sendings, oldest first, at most one per (case, destination) at a time.

        What nobody needs any more is withdrawn instead, and what turned out to be about a
        protected person waits for a person's yes.
        """
        ...

    async def handed_over(
        self, claims: Sequence[Claimed], at: datetime, status_due: datetime | None = None
    ) -> int:
        """The far side has these; what waited for them becomes due. How many counted.

        `status_due` is until when it should have said what became of them; None: it need not.
        """
        ...

    async def note_statuses(
        self, statuses: Sequence[Status], source: str, at: datetime, *, look: bool = False
    ) -> Sequence[Noted]:
        """Write what the far side says, each in its order; nothing unless each is new or known.

        With `look` nothing is written in any case.
        """
        ...

    async def refer_silent(self, now: datetime, limit: int) -> Sequence[str]:
        """Show a person what the far side should have said something of; ids of these sendings."""
        ...

    async def renew(self, claim: Claimed, until: datetime | None) -> bool:
        """Hold a claim until then, from now on; None: give it back, as if it had not been claimed.

        False when it is not to be sent: it is somebody else's by now, or given back, because we
        said so or a person holds it back.
        """
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

    async def settle(self, acts: Sequence[Entry | Closing]) -> None:
        """Write what a person decided about entries of the worklist: all of it, or nothing.

        Raises:
            JournalConflict: one of them has moved on, or is not there any more.
        """
        ...

    async def assign(
        self, message_id: str, assignee: str | None, *, who: str, at: datetime
    ) -> bool:
        """Give an entry of the worklist to somebody, or to nobody. False when it is not there."""
        ...

    async def confirm(self, choices: Sequence[Choice], word: Word) -> None:
        """A person says yes: these sendings leave, those of all choices or none.

        Raises:
            JournalConflict: a case or a sending has moved on.
        """
        ...

    async def take_back(self, choice: Choice, word: Word) -> None:
        """A person says no: never to be sent, nor what comes after it; the case is referred.

        Raises:
            JournalConflict: it has left, is leaving, or the case has moved on.
        """
        ...

    async def pause(self, pause: Pause) -> bool:
        """Hold back from now on. False when there is such a pause already."""
        ...

    async def resume(self, reach: Reach, value: str, *, who: str, why: str, at: datetime) -> bool:
        """Let go what a pause held back. False when there is none of this reach."""
        ...

    async def beat(self, at: datetime) -> None:
        """Write that the gateway is alive: its run goes on, or begins anew after a pause.

        Shows that the journal can be written.
        """
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

    async def observe(
        self, observations: Sequence[Observation], *, look: bool = False
    ) -> Sequence[Fits]:
        """Write what others saw: all of it, or nothing when one of them overlaps; `look`: nothing.

        Those of one source must not overlap each other.
        """
        ...

    async def probed(self, observations: Sequence[Observation]) -> None:
        """Write what the gateway saw itself; it ends what it saw of the same part before."""
        ...

    async def maintain(self, maintenance: Maintenance) -> None:
        """Write that a part is under maintenance."""
        ...

    async def withdraw_maintenance(self, maintenance: Maintenance) -> bool:
        """Take back what was declared for exactly that time. False when nothing was."""
        ...

    async def close_month(self, month: ClosedMonth) -> bool:
        """Freeze the figures of a month. False when they are frozen already."""
        ...

    async def note_schemas(self, schemas: SchemasInForce) -> None:
        """Write that from now on another schema set is in force; nothing when it is the same."""
        ...

    async def remember_notices(self, now: Remembered) -> bool:
        """Write what follows on that revision. False when another one has come since."""
        ...

    async def erase(self, wanted: Erasing) -> Gone:
        """Erase what is still old and at rest, and write that down; durable on return.

        What is not any more is left out. The case moves on by it (`Erased`).
        """
        ...

    async def reclaim(self, most: int) -> bool:
        """Give room that was freed back to the disk, a bounded piece; True while there is more.

        A journal that does so by itself, or cannot, says False.
        """
        ...

    async def close(self) -> None:
        """Finish what was accepted, then close."""
        ...
