"""One message with its decision and consequences, inside one transaction of the writer.

Everything that can say no is looked at before the first row is written.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.core.decision import cause, institution, name
from gateway.core.events import DealtWith, Event, MessageReceived, Protected
from gateway.core.states import MESSAGE, ON_WORKLIST, MessageState
from gateway.errors import JournalConflict
from gateway.journal import (
    Closing,
    Contradiction,
    Duplicate,
    Entry,
    IdentityConflict,
    Outcome,
    Recorded,
    developing,
    follow,
    history,
    observing,
    outbox,
    pieces,
)
from gateway.journal.codec import codes, decision_text, microseconds, steps_text
from gateway.journal.engine import About
from gateway.journal.history import Scope
from gateway.journal.page import Page
from gateway.journal.rows import Release, SchemasInForce, TableRelease

_NO_BYTES: Final = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True)
class _Standing:
    """What a message is recorded against."""

    digest: str | None
    state: MessageState | None
    attempt: int | None
    revision: int
    sendings: int
    release: str | None


def about(entry: Entry) -> About:
    """What is looked at and changed to record an entry."""
    judgement = entry.judgement
    moved = (message_id for message_id, _ in judgement.moves)
    case = judgement.case_id or judgement.protects or judgement.message_id
    return About(frozenset((judgement.message_id, case, *moved)))


def record(page: Page, scope: Scope, entry: Entry) -> Outcome:
    """Write one message; of one that is not recorded nothing but when it was delivered again.

    Raises:
        JournalConflict: case, release or message have moved on since the judgement.
        Contradiction: it cannot follow what is written already (a bug).
    """
    judgement = entry.judgement
    page.touch(about(entry).keys)
    standing = _standing(page, entry)
    known = _known(standing, entry)
    if isinstance(known, Duplicate):
        page.add("add_delivered_again", [(judgement.message_id, microseconds(entry.received_at))])
    if known is not None:
        return known
    if standing.release != judgement.release:
        raise JournalConflict(code="release-changed")
    if judgement.case_id is not None and standing.revision != judgement.revision:
        raise JournalConflict
    _write_bodies(page, entry)
    post = outbox.Post(
        judgement.case_id,
        judgement.message_id,
        judgement.outgoing,
        entry.decided_at,
        judgement.mode,
        judgement.events,
    )
    queued = outbox.enqueue(page, scope, post, standing.sendings)
    _write_message(page, scope, entry, standing, unfinished=judgement.message_id in queued)
    _write_decision(page, scope, entry)
    _write_case(page, scope, entry, standing.revision)
    _protect(page, scope, entry, standing)
    if entry.reason:
        of = judgement.message_id
        deed = Deed(of, "decide", judgement.state, entry.who, entry.reason, entry.decided_at)
        note(page, scope, deed)
    return Recorded()


def _protect(page: Page, scope: Scope, entry: Entry, standing: _Standing) -> None:
    """A message that says so protects the case that it names, whatever becomes of the message."""
    judgement, at = entry.judgement, entry.decided_at
    if judgement.protects:
        (case_id,) = page.execute("case_meant", (judgement.protects,)).fetchone()
        page.touch((case_id,))
        if page.execute("says_protected", (case_id,)).fetchone() is None:
            revision = history.revisions(page, (case_id,))[case_id] or 0
            said = [Protected(judgement.message_id)]
            history.append(page, scope, case_id, revision, said, at=at)
            outbox.hold_back(page, scope, case_id, at)
            developing.set_due(page, scope, case_id, at)  # what waits is shown to a person then
    elif standing.sendings and judgement.case_id is not None and _protects(judgement.events):
        outbox.hold_back(page, scope, judgement.case_id, at)


def _protects(events: Sequence[Event]) -> bool:
    """Whether a message that came says that the person is protected."""
    return any(isinstance(event, MessageReceived) and event.protected for event in events)


def _standing(page: Page, entry: Entry) -> _Standing:
    judgement, now = entry.judgement, microseconds(entry.decided_at)
    row = page.look("standing", (judgement.message_id, judgement.case_id, now))
    digest, state, attempt, revision, sendings, release = row
    return _Standing(
        digest,
        MessageState(state) if state is not None else None,
        attempt,
        revision or 0,
        sendings or 0,
        release,
    )


def _known(standing: _Standing, entry: Entry) -> Outcome | None:
    """What a message that is here already makes of the entry; None when it can be written."""
    if standing.digest is None:
        if entry.attempt:
            raise Contradiction("a message that is not here cannot be decided again")
        return None
    if standing.digest != entry.judgement.digest:
        return IdentityConflict()
    if not entry.attempt:
        return Duplicate()
    if standing.attempt is None or entry.attempt != standing.attempt + 1:
        raise JournalConflict
    return None


def _write_bodies(page: Page, entry: Entry) -> None:
    judgement = entry.judgement
    bodies = [(out.digest, out.body) for out in judgement.outgoing if out.body is not None]
    if pieces.number_of(entry.body):
        pieces.keep(page, judgement.digest, entry.body)
    elif entry.body or judgement.digest == _NO_BYTES:  # bytes over the cap are kept elsewhere
        bodies.append((judgement.digest, entry.body))
    page.add("add_body", bodies)


def _write_message(
    page: Page, scope: Scope, entry: Entry, standing: _Standing, *, unfinished: bool
) -> None:
    judgement, message = entry.judgement, entry.judgement.message
    state = judgement.state
    if standing.state is not None and state is not standing.state:
        state = follow(MESSAGE, standing.state, state)
    if state is MessageState.RECORDED and not unfinished:
        state = follow(MESSAGE, state, MessageState.DONE)
    if standing.state is not None:
        again = (judgement.case_id, state, entry.attempt, judgement.same_as, judgement.message_id)
        page.execute("decide_message_again", again)
        return
    page.add(
        "add_message",
        [
            (
                judgement.message_id,
                scope.instance,
                scope.environment,
                judgement.digest,
                judgement.case_id,
                message.buc if message is not None else None,
                message.sed if message is not None else None,
                message.sender.id if message is not None else None,
                bool(judgement.protects) or (message is not None and message.protected),
                entry.source,
                entry.addressee,
                microseconds(entry.received_at),
                state,
                judgement.same_as,
                entry.rina_number,
                entry.traceparent,
            )
        ],
    )


def _write_decision(page: Page, scope: Scope, entry: Entry) -> None:
    judgement, decision = entry.judgement, entry.judgement.decision
    page.add(
        "add_decision",
        [
            (
                judgement.message_id,
                entry.attempt,
                scope.instance,
                scope.environment,
                name(decision) if decision is not None else None,
                cause(decision) if decision is not None else None,
                institution(decision) if decision is not None else None,
                decision_text(decision) if decision is not None else "{}",
                judgement.state,
                codes(judgement.candidates),
                codes(judgement.missing),
                judgement.certainty.code if judgement.certainty is not None else None,
                steps_text(judgement.trace),
                codes(judgement.rules),
                codes(judgement.violations),
                judgement.release,
                judgement.reference_date.isoformat(),
                microseconds(entry.decided_at),
                entry.who,
                judgement.schemas,
            )
        ],
    )


def _write_case(page: Page, scope: Scope, entry: Entry, revision: int) -> None:
    """History, earlier messages that go along, and the link of a case of our own."""
    judgement, case_id = entry.judgement, entry.judgement.case_id
    if case_id is None:
        if judgement.events or judgement.own_case is not None:
            raise Contradiction("events belong to a case")
    else:
        if judgement.events:
            history.append(page, scope, case_id, revision, judgement.events, at=entry.decided_at)
        if judgement.own_case is not None:
            link = (judgement.own_case, case_id, scope.instance, scope.environment)
            page.add("add_own_case", [link])
        if judgement.times:
            developing.set_due(page, scope, case_id, judgement.due)
    for message_id, new in judgement.moves:
        state, _ = outbox.standing(page, message_id)
        page.execute("move_message", (message_id, follow(MESSAGE, state, new)))
        outbox.finish(page, [message_id])


def discard(
    page: Page, scope: Scope, message_id: str, *, who: str, reason: str, at: datetime
) -> bool:
    """Take a message out of quarantine for good; who and why stay."""
    old = standing_in(page, message_id, (MessageState.QUARANTINED,))
    if old is None:
        return False
    state = follow(MESSAGE, old, MessageState.DISCARDED)
    page.execute("move_message", (message_id, state))
    note(page, scope, Deed(message_id, "discard", state, who, reason, at))
    return True


def settle(page: Page, scope: Scope, acts: Sequence[Entry | Closing]) -> None:
    """Write what a person decided about entries of the worklist: all of it, or nothing.

    Raises:
        JournalConflict: one of them has moved on, or is not there any more.
    """
    for act in acts:
        if isinstance(act, Closing):
            _close(page, scope, act)
        elif not isinstance(record(page, scope, act), Recorded):
            raise JournalConflict


def _close(page: Page, scope: Scope, act: Closing) -> None:
    """A person has dealt with a message; who, how and why stay."""
    old = standing_in(page, act.message_id, ON_WORKLIST)
    if old is None:
        raise JournalConflict
    state = follow(MESSAGE, old, MessageState.DONE)
    page.execute("move_message", (act.message_id, state))
    if old is MessageState.REFERRED:  # one that is refused left no trace in its case
        _waits_no_more(page, scope, act.message_id, act.at)
    note(page, scope, Deed(act.message_id, act.outcome, state, act.who, act.reason, act.at))


def _waits_no_more(page: Page, scope: Scope, message_id: str, at: datetime) -> None:
    """The case goes on without the message, should it go on."""
    (case_id,) = page.execute("case_of_message", (message_id,)).fetchone()
    if case_id is not None:
        revision = history.revisions(page, (case_id,))[case_id]
        history.append(page, scope, case_id, revision, (DealtWith(message_id),), at=at)


@dataclass(frozen=True, slots=True)
class Deed:
    """What a person did to a message."""

    message_id: str
    what: str
    state: MessageState
    who: str
    reason: str
    at: datetime
    assignee: str | None = None
    """Who has the entry of the worklist from now on; None: nobody, or no matter."""


def standing_in(page: Page, message_id: str, states: Sequence[MessageState]) -> MessageState | None:
    """The state of a message, when it is one of these."""
    row = page.execute("message_standing", (message_id,)).fetchone()
    return MessageState(row[0]) if row is not None and row[0] in states else None


def note(page: Page, scope: Scope, deed: Deed) -> None:
    """Write down what a person did."""
    page.execute(
        "add_deed",
        {
            "message_id": deed.message_id,
            "instance": scope.instance,
            "environment": scope.environment,
            "at": microseconds(deed.at),
            "what": deed.what,
            "state": deed.state,
            "who": deed.who,
            "reason": deed.reason,
            "assignee": deed.assignee,
        },
    )


def activate(page: Page, release: Release) -> None:
    """Put a release of the tables in force from its instant on."""
    since = microseconds(release.since)
    said = (release.name, release.digest, since, release.author, release.approver)
    how = (release.kind, release.asked_by, release.reason, release.at_once)
    page.execute("add_release", (*said, *how))


def confirm_activation(page: Page, who: str) -> bool:
    """Confirm the last roll-back; False when none waits for it."""
    return page.execute("confirm_release", (who,)).rowcount == 1


def cancel_activation(page: Page, name: str, who: str, at: datetime) -> bool:
    """Take back an activation that has not begun; False when there is none."""
    row = {"name": name, "who": who, "now": microseconds(at)}
    return page.execute("cancel_release", row).rowcount > 0


def add_table_release(page: Page, release: TableRelease) -> bool:
    """Write down a release that was made; False when the name is taken."""
    said = (release.name, release.digest, release.base, release.author)
    row = (*said, microseconds(release.released_at))
    return page.execute("add_table_release", row).rowcount == 1


def approve_table_release(page: Page, name: str, who: str, at: datetime) -> bool:
    """Write down who approved it; False when somebody had, or there is none."""
    row = {"name": name, "who": who, "at": microseconds(at)}
    return page.execute("approve_table_release", row).rowcount == 1


def note_schemas(page: Page, schemas: SchemasInForce) -> None:
    """Write that another schema set is in force, if it is another one."""
    row = {"name": schemas.name, "since": microseconds(schemas.since), "who": schemas.who}
    page.execute("note_schemas", row)


def beat(page: Page, scope: Scope, at: datetime) -> None:
    """Write that the gateway was alive, and since when without a pause."""
    page.execute("beat", (scope.instance, microseconds(at)))
    observing.alive(page, scope, at)
