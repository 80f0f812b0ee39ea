"""A journal on the connections of an engine: what is read in a thread, what is written in another.

Which engine that is, and what is locked where another process works beside this one, the modules of
the engines know (`sqlite`, `postgres`).
"""

import asyncio
import fcntl
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, ParamSpec, Self, TypeVar

from gateway.clock import Executor, InlineExecutor, ThreadExecutor
from gateway.core.case import Case
from gateway.core.deadlines import Development
from gateway.core.delivery import Status
from gateway.core.events import Imported
from gateway.core.outgoing import Standing
from gateway.core.states import MessageState, SendingState
from gateway.errors import JournalUnavailable, StateLocked
from gateway.gathering import Gathering
from gateway.journal import (
    Choice,
    Claimed,
    Closing,
    Entry,
    Known,
    Noted,
    Outcome,
    Word,
    accounts,
    assigning,
    confirming,
    delivery,
    developing,
    erasing,
    importing,
    noticing,
    observing,
    outbox,
    pausing,
    pieces,
    recording,
)
from gateway.journal.accounts import CaseAccount, ClosedMonth
from gateway.journal.engine import About, Engine
from gateway.journal.history import Scope
from gateway.journal.noticing import Remembered
from gateway.journal.observing import Fits, Maintenance, Observation, Seen
from gateway.journal.pausing import Pause, Reach
from gateway.journal.reading import Reading
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
from gateway.journal.writer import InlineWriter, Writer

P = ParamSpec("P")
T = TypeVar("T")

_CASES_AT_ONCE: Final = 64


class Reader:
    """`JournalReader` on one connection, which one thread uses."""

    def __init__(self, engine: Engine, *, inline: bool = False) -> None:
        """Open the journal to read; `inline` reads on the calling thread.

        Raises:
            JournalUnavailable: there is none, or one of another version.
        """
        self._engine = engine
        with self._translated():
            self._reading = Reading(engine.connect_to_read())
        self._thread = _reader("journal-reader", inline=inline)

    async def close(self) -> None:
        """Finish what is being read, then close."""
        await asyncio.to_thread(self._thread.close)
        self._reading.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Errors of the engine as errors of the package."""
        try:
            yield
        except self._engine.errors as error:
            raise self._engine.unavailable(error) from error

    async def _read(self, fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        with self._translated():
            return await self._thread.run(fn, *args, **kwargs)

    async def case(self, case_id: str) -> Case:
        """See `JournalReader`."""
        return await self._read(self._reading.case, case_id)

    async def sendings(self, case_id: str) -> Sequence[Standing]:
        """See `JournalReader`."""
        return await self._read(self._reading.sendings, case_id)

    async def body(self, digest: str) -> bytes | None:
        """See `JournalReader`."""
        return await self._read(self._reading.body, digest)

    async def message(self, message_id: str) -> Row | None:
        """See `JournalReader`."""
        return await self._read(self._reading.message, message_id)

    async def messages(
        self,
        *,
        states: Sequence[MessageState] = (),
        case_id: str | None = None,
        limit: int = 1000,
        after: str | None = None,
    ) -> Sequence[Row]:
        """See `JournalReader`."""
        return await self._read(self._reading.messages, states, case_id, limit, after)

    async def find(self, text: str, *, limit: int = 1000) -> Sequence[Row]:
        """See `JournalReader`."""
        return await self._read(self._reading.find, text, limit)

    async def search(
        self, wanted: Search, *, limit: int = 1000, after: str | None = None
    ) -> Sequence[Row]:
        """See `JournalReader`."""
        return await self._read(self._reading.search, wanted, limit, after)

    async def explanation(self, message_id: str) -> Sequence[Mapping[str, Any]]:
        """See `JournalReader`."""
        return await self._read(self._reading.explanation, message_id)

    async def timeline(self, message_id: str) -> Sequence[Happening]:
        """See `JournalReader`."""
        return await self._read(self._reading.timeline, message_id)

    async def backlog(self, now: datetime) -> Backlog:
        """See `JournalReader`."""
        return await self._read(self._reading.backlog, now)

    async def decided_by(
        self,
        *,
        release: str | None = None,
        rule: str | None = None,
        limit: int = 1000,
        after: str | None = None,
    ) -> Sequence[Row]:
        """See `JournalReader`."""
        return await self._read(self._reading.decided_by, release, rule, limit, after)

    async def tasks(self, *, message_id: str | None = None, limit: int = 100_000) -> Sequence[Task]:
        """See `JournalReader`."""
        return await self._read(self._reading.tasks, message_id, limit)

    async def questions(
        self, *, every: bool, question: str | None = None, limit: int = 1000
    ) -> Sequence[QuestionRow]:
        """See `JournalReader`."""
        return await self._read(self._reading.questions, every, question, limit)

    async def due_cases(self, now: datetime, limit: int) -> Sequence[str]:
        """See `JournalReader`."""
        return await self._read(self._reading.due_cases, now, limit)

    async def outgoing(
        self,
        *,
        states: Sequence[SendingState] = (),
        named: Sequence[str] = (),
        limit: int = 1000,
    ) -> Sequence[SendingRow]:
        """See `JournalReader`."""
        return await self._read(self._reading.outgoing, states, named, limit)

    async def pauses(self, *, every: bool = False) -> Sequence[Pause]:
        """See `JournalReader`."""
        return await self._read(self._reading.pauses, every)

    async def counts(self) -> Counts:
        """See `JournalReader`."""
        return await self._read(self._reading.counts)

    async def by_buc(self) -> Mapping[str, Mapping[str, int]]:
        """See `JournalReader`."""
        return await self._read(self._reading.by_buc)

    async def repeats(self, begin: datetime, end: datetime) -> tuple[Repeat, ...]:
        """See `JournalReader`."""
        return await self._read(self._reading.repeats, begin, end)

    async def first_decisions(self, since: datetime | None) -> tuple[FirstDecision, ...]:
        """See `JournalReader`."""
        return await self._read(self._reading.first_decisions, since)

    async def transfers(self, since: datetime | None) -> Sequence[TransferMade]:
        """See `JournalReader`."""
        return await self._read(self._reading.transfers, since)

    async def service_steps(self, after: datetime | None, until: datetime) -> Sequence[ServiceStep]:
        """See `JournalReader`."""
        return await self._read(self._reading.service_steps, after, until)

    async def accounts(self, begin: datetime, end: datetime) -> Sequence[CaseAccount]:
        """See `JournalReader`."""
        return await self._read(self._reading.accounts, begin, end)

    async def first_receipt(self) -> datetime | None:
        """See `JournalReader`."""
        return await self._read(self._reading.first_receipt)

    async def closed_months(self, year: int) -> Sequence[ClosedMonth]:
        """See `JournalReader`."""
        return await self._read(self._reading.closed_months, year)

    async def seen(
        self, begin: datetime, end: datetime, looks_from: datetime | None = None
    ) -> Seen:
        """See `JournalReader`."""
        return await self._read(self._reading.seen, begin, end, looks_from)

    async def past(self, after: str | None, limit: int) -> tuple[Past, ...]:
        """See `JournalReader`."""
        return await self._read(self._reading.past, after, limit)

    async def facts(self, after: tuple[str, int], limit: int) -> tuple[Facts, ...]:
        """See `JournalReader`."""
        return await self._read(self._reading.facts, after, limit)

    async def release(self, at: datetime) -> Release | None:
        """See `JournalReader`."""
        return await self._read(self._reading.release, at)

    async def releases(self) -> tuple[Release, ...]:
        """See `JournalReader`."""
        return await self._read(self._reading.releases)

    async def table_releases(self) -> tuple[TableRelease, ...]:
        """See `JournalReader`."""
        return await self._read(self._reading.table_releases)

    async def old_cases(self, before: Before, after: str, limit: int) -> Found:
        """See `JournalReader`."""
        return await self._read(self._reading.old_cases, before, after, limit)

    async def old_messages(self, before: Before, after: str, limit: int) -> Found:
        """See `JournalReader`."""
        return await self._read(self._reading.old_messages, before, after, limit)

    async def erasures(self) -> tuple[Erasure, ...]:
        """See `JournalReader`."""
        return await self._read(self._reading.erasures)

    async def schemas_in_force(self) -> tuple[SchemasInForce, ...]:
        """See `JournalReader`."""
        return await self._read(self._reading.schemas_in_force)

    async def notices(self) -> Remembered:
        """See `JournalReader`."""
        return await self._read(self._reading.notices)


class Keeper(Reader):
    """`Journal`: one thread writes, another one reads, a third one looks up cases."""

    def __init__(
        self, engine: Engine, scope: Scope, writer: Writer, lock: int, *, inline: bool = False
    ) -> None:
        """The writer has been started; `lock` is that of the state folder, and closed with it."""
        super().__init__(engine, inline=inline)
        with self._translated():
            self._cases = Reading(engine.connect_to_read())
        self._cases_thread = _reader("journal-cases", inline=inline)
        self._looking_up = Gathering(self._cases_thread, self._cases.cases, most=_CASES_AT_ONCE)
        self._scope = scope
        self._writer = writer
        self._lock: int | None = lock

    @classmethod
    async def opened(cls, engine: Engine, scope: Scope, lock: int, *, inline: bool = False) -> Self:
        """Create or migrate the journal, and open it; the lock is closed when that fails.

        Raises:
            JournalUnavailable: it cannot be created, opened or migrated.
        """
        writer = InlineWriter(engine) if inline else Writer(engine)
        try:
            await writer.start()
            return cls(engine, scope, writer, lock, inline=inline)
        except BaseException:
            await writer.close()
            os.close(lock)
            raise

    async def close(self) -> None:
        """Finish what was accepted, then close and unlock."""
        if self._lock is None:
            return
        lock, self._lock = self._lock, None
        try:
            await self._writer.close()
            await super().close()
            await asyncio.to_thread(self._cases_thread.close)
            self._cases.close()
        finally:
            os.close(lock)

    async def case(self, case_id: str) -> Case:
        """See `JournalReader`. Many look-ups are one statement, in a thread that has no other work.

        In the loop each would give the interpreter away, and wait to have it back.
        """
        with self._translated():
            return await self._looking_up.do(case_id)

    async def record(self, entry: Entry) -> Outcome:
        """See `Journal`."""
        await self._write_pieces(entry)
        return await self._writer.write(
            lambda page: recording.record(page, self._scope, entry), recording.about(entry)
        )

    async def _write_pieces(self, entry: Entry) -> None:
        """What is large goes first, and in between others write."""
        digest = entry.judgement.digest
        if not pieces.number_of(entry.body):
            return
        about = About(frozenset((digest,)))
        if await self._writer.write(partial(pieces.missing, entry=entry), about):
            for number, piece in pieces.cut(entry.body):
                row = (digest, number, piece)
                await self._writer.write(partial(pieces.add, row=row), about)

    async def develop(
        self, development: Development, at: datetime, *, who: str = "gateway"
    ) -> None:
        """See `Journal`."""
        await self._writer.write(
            lambda page: developing.develop(page, self._scope, development, at, who=who),
            developing.about(development),
        )

    async def import_cases(
        self, cases: Mapping[str, Imported], at: datetime, *, look: bool = False
    ) -> Mapping[str, Known]:
        """See `Journal`."""
        return await self._writer.write(
            lambda page: importing.import_cases(page, self._scope, cases, at, look=look)
        )

    async def claim(self, limit: int, now: datetime, lease_seconds: float) -> Sequence[Claimed]:
        """See `Journal`."""
        return await self._writer.write(
            lambda page: outbox.claim(page, self._scope, limit, now, lease_seconds), About()
        )

    async def handed_over(
        self, claims: Sequence[Claimed], at: datetime, status_due: datetime | None = None
    ) -> int:
        """See `Journal`."""
        return await self._writer.write(
            lambda page: outbox.handed_over(page, self._scope, claims, at, status_due),
            About(frozenset(claim.case_id for claim in claims)),
        )

    async def note_statuses(
        self, statuses: Sequence[Status], source: str, at: datetime, *, look: bool = False
    ) -> Sequence[Noted]:
        """See `Journal`."""
        return await self._writer.write(
            lambda page: delivery.note(page, self._scope, statuses, source, at, look=look)
        )

    async def refer_silent(self, now: datetime, limit: int) -> Sequence[str]:
        """See `Journal`."""
        return await self._writer.write(lambda page: delivery.refer_silent(page, now, limit))

    async def renew(self, claim: Claimed, until: datetime | None) -> bool:
        """See `Journal`."""
        return await self._writer.write(lambda page: outbox.renew(page, claim, until), About())

    async def defer(self, claim: Claimed, due: datetime, error: str) -> bool:
        """See `Journal`."""
        return await self._writer.write(lambda page: outbox.defer(page, claim, due, error), About())

    async def withdraw(self, claim: Claimed, at: datetime, error: str) -> bool:
        """See `Journal`."""
        return await self._writer.write(
            lambda page: outbox.withdraw(page, self._scope, claim, at, error),
            About(frozenset((claim.case_id,))),
        )

    async def discard(self, message_id: str, who: str, reason: str, at: datetime) -> bool:
        """See `Journal`."""
        return await self._writer.write(
            lambda page: recording.discard(
                page, self._scope, message_id, who=who, reason=reason, at=at
            )
        )

    async def settle(self, acts: Sequence[Entry | Closing]) -> None:
        """See `Journal`."""
        for act in acts:
            if isinstance(act, Entry):
                await self._write_pieces(act)
        await self._writer.write(lambda page: recording.settle(page, self._scope, acts))

    async def assign(
        self, message_id: str, assignee: str | None, *, who: str, at: datetime
    ) -> bool:
        """See `Journal`."""
        return await self._writer.write(
            lambda page: assigning.assign(page, self._scope, message_id, assignee, who=who, at=at)
        )

    async def confirm(self, choices: Sequence[Choice], word: Word) -> None:
        """See `Journal`."""
        await self._writer.write(lambda page: confirming.confirm(page, self._scope, choices, word))

    async def take_back(self, choice: Choice, word: Word) -> None:
        """See `Journal`."""
        await self._writer.write(lambda page: confirming.take_back(page, self._scope, choice, word))

    async def pause(self, pause: Pause) -> bool:
        """See `Journal`."""
        return await self._writer.write(lambda page: pausing.pause(page, self._scope, pause))

    async def resume(self, reach: Reach, value: str, *, who: str, why: str, at: datetime) -> bool:
        """See `Journal`."""
        return await self._writer.write(
            lambda page: pausing.resume(page, reach, value, who=who, why=why, at=at)
        )

    async def beat(self, at: datetime) -> None:
        """See `Journal`."""
        pulse = About(frozenset((f"pulse/{self._scope.instance}",)))
        await self._writer.write(lambda page: recording.beat(page, self._scope, at), pulse)

    async def activate(self, release: Release) -> None:
        """See `Journal`."""
        await self._writer.write(lambda page: recording.activate(page, release))

    async def confirm_activation(self, who: str) -> bool:
        """See `Journal`."""
        return await self._writer.write(lambda page: recording.confirm_activation(page, who))

    async def cancel_activation(self, name: str, who: str, at: datetime) -> bool:
        """See `Journal`."""
        return await self._writer.write(
            lambda page: recording.cancel_activation(page, name, who, at)
        )

    async def add_table_release(self, release: TableRelease) -> bool:
        """See `Journal`."""
        return await self._writer.write(lambda page: recording.add_table_release(page, release))

    async def approve_table_release(self, name: str, who: str, at: datetime) -> bool:
        """See `Journal`."""
        return await self._writer.write(
            lambda page: recording.approve_table_release(page, name, who, at)
        )

    async def observe(
        self, observations: Sequence[Observation], *, look: bool = False
    ) -> Sequence[Fits]:
        """See `Journal`."""
        return await self._writer.write(
            lambda page: observing.observe(page, self._scope, observations, look=look)
        )

    async def probed(self, observations: Sequence[Observation]) -> None:
        """See `Journal`."""
        await self._writer.write(
            lambda page: observing.probed(page, self._scope, observations), About()
        )

    async def maintain(self, maintenance: Maintenance) -> None:
        """See `Journal`."""
        await self._writer.write(lambda page: observing.maintain(page, self._scope, maintenance))

    async def withdraw_maintenance(self, maintenance: Maintenance) -> bool:
        """See `Journal`."""
        return await self._writer.write(lambda page: observing.withdraw(page, maintenance))

    async def close_month(self, month: ClosedMonth) -> bool:
        """See `Journal`."""
        return await self._writer.write(lambda page: accounts.close_month(page, self._scope, month))

    async def erase(self, wanted: Erasing) -> Gone:
        """See `Journal`."""
        return await self._writer.write(lambda page: erasing.erase(page, self._scope, wanted))

    async def reclaim(self, most: int) -> bool:
        """See `Journal`."""
        return await self._writer.write(lambda page: page.reclaim(most))

    async def note_schemas(self, schemas: SchemasInForce) -> None:
        """See `Journal`."""
        await self._writer.write(lambda page: recording.note_schemas(page, schemas))

    async def remember_notices(self, now: Remembered) -> bool:
        """See `Journal`."""
        return await self._writer.write(lambda page: noticing.remember(page, now), noticing.ABOUT)


def _reader(name: str, *, inline: bool) -> Executor:
    """Where a reading connection is used: in a thread that has no other work, or here."""
    return InlineExecutor() if inline else ThreadExecutor(1, name=name)


# -- the state folder ------------------------------------------------------------------------


def locked(lock_path: Path) -> int:
    """An open file with the lock of the state folder; closing it unlocks."""
    try:
        lock = os.open(lock_path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise unusable(lock_path, error) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock)
        raise StateLocked(
            f"{lock_path.parent}: another gateway works in this state folder; stop it first.",
            french=f"{lock_path.parent} : une autre passerelle y travaille ; l'arrêter d'abord.",
        ) from error
    except OSError as error:  # a file system without locks
        os.close(lock)
        raise unusable(lock_path, error) from error
    return lock


def unusable(path: Path, error: Exception) -> JournalUnavailable:
    """The file of a journal, or its lock, cannot be opened."""
    why = getattr(error, "strerror", None) or str(error)
    return JournalUnavailable(
        f"{path}: the journal cannot be opened ({why}).",
        french=f"{path} : ouverture du journal impossible ({why}).",
    )
