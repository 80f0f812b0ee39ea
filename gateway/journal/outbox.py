"""Sendings, inside one transaction of the writer: queued, claimed, sent, deferred, withdrawn."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from gateway.core.decision import Refer
from gateway.core.events import Event, ForwardConfirmed, QuestionFailed, Referred
from gateway.core.outgoing import Outgoing, SendingKind
from gateway.core.states import MESSAGE, SENDING, MessageState, SendingState
from gateway.journal import Claimed, Contradiction, follow, history
from gateway.journal.codec import codes, decision_text, microseconds, pairs
from gateway.journal.history import Scope
from gateway.journal.page import Page

_OPEN: Final = frozenset({SendingState.DUE, SendingState.WAITING})
_QUESTIONS: Final = frozenset({SendingKind.X012, SendingKind.H001})
FAILED: Final = "sending-failed"


# -- into the outbox ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Post:
    """What must leave of a case."""

    case_id: str | None
    about: str
    """Received message that is done when it has left."""
    outgoing: Sequence[Outgoing]
    at: datetime
    observed: bool


def enqueue(page: Page, scope: Scope, post: Post, before: int) -> frozenset[str]:
    """Queue what must leave; the messages for which something is still to be sent.

    `before` is the number of sendings that the case has already.
    """
    if not post.outgoing:
        return frozenset()
    if post.case_id is None:
        raise Contradiction("what leaves belongs to a case")
    at, rows, unfinished = microseconds(post.at), [], set()
    states: dict[str, SendingState] = {}
    for seq, out in enumerate(post.outgoing, before + 1):
        after = out.after or (_forwarding(page, post.case_id, out) if before else None)
        state = SendingState.OBSERVED if post.observed else _first_state(page, after, states)
        states[out.message_id] = state
        about = out.object if out.kind is SendingKind.HAND_OVER else post.about
        if state in _OPEN:
            unfinished.add(about)
        rows.append(
            (
                out.message_id,
                scope.instance,
                scope.environment,
                post.case_id,
                seq,
                about,
                out.kind,
                out.object,
                out.receiver,
                out.destination,
                out.media,
                out.digest,
                out.sidecar,
                after,
                state,
                at,
                at,
            )
        )
    page.add("add_sending", rows)
    return frozenset(unfinished)


def _forwarding(page: Page, case_id: str, out: Outgoing) -> str | None:
    """The X007 that a later hand-over follows: its receiver must be in the case first."""
    if out.kind is not SendingKind.HAND_OVER:
        return None
    row = page.look("forwarding", (case_id,))
    return str(row[0]) if row is not None else None


def _first_state(page: Page, after: str | None, beside: dict[str, SendingState]) -> SendingState:
    """Due, unless what it comes after is not confirmed; never sent when that never is."""
    if after is None:
        return SendingState.DUE
    before = beside.get(after) or _state(page, after)
    match before:
        case SendingState.SENT:
            return SendingState.DUE
        case SendingState.DUE | SendingState.WAITING:
            return SendingState.WAITING
        case SendingState.OBSERVED:
            return SendingState.OBSERVED
        case SendingState.WITHDRAWN | None:
            raise Contradiction("what a sending comes after is withdrawn or not here")


def _state(page: Page, message_id: str) -> SendingState | None:
    row = page.look("sending_state", (message_id,))
    return SendingState(row[0]) if row is not None else None


# -- out of the outbox ----------------------------------------------------------------------


def claim(
    page: Page, scope: Scope, limit: int, now: datetime, lease_seconds: float
) -> Sequence[Claimed]:
    """Due sendings with their bytes; one whose bytes were erased is withdrawn instead."""
    until = microseconds(now + timedelta(seconds=lease_seconds))
    found = page.execute(
        "claim", {"now": microseconds(now), "until": until, "limit": limit}
    ).fetchall()
    found.sort(key=lambda row: (row[12], row[13], row[1], row[14]))  # as the statement chose them
    claims = []
    for row in found:
        claimed = _claimed(row)
        if row[8] is None:
            withdraw(page, scope, claimed, now, "no-body")
        else:
            claims.append(claimed)
    return claims


def _claimed(row: Sequence[Any]) -> Claimed:
    return Claimed(
        message_id=row[0],
        case_id=row[1],
        kind=row[2],
        object=row[3],
        receiver=row[4],
        destination=row[5],
        media=row[6],
        digest=row[7],
        body=row[8] or b"",
        sidecar=row[9],
        attempts=row[10],
        token=str(row[11]),
    )


def sent(page: Page, scope: Scope, claims: Sequence[Claimed], at: datetime) -> int:
    """Mark as sent; what waited becomes due, messages become done. How many counted."""
    when = microseconds(at)
    state = follow(SENDING, SendingState.DUE, SendingState.SENT)
    held = pairs((claimed.message_id, claimed.token) for claimed in claims)
    settled = page.execute("settle_sent", (held, when, state)).fetchall()
    if not settled:
        return 0
    due = follow(SENDING, SendingState.WAITING, SendingState.DUE)
    ids = codes(row[0] for row in settled)
    page.execute("release_dependents", (ids, when, due))
    confirmed = [
        (case_id, receiver)
        for _, case_id, _, kind, named, receiver in settled
        if kind == SendingKind.X007 and named == receiver
    ]
    if confirmed:
        _confirm(page, scope, confirmed, at)
    finish(page, (about for _, _, about, *_ in settled))
    return len(settled)


def _confirm(page: Page, scope: Scope, confirmed: Sequence[tuple[str, str]], at: datetime) -> None:
    """The new participants of these cases have our X007."""
    revisions = history.revisions(page, (case_id for case_id, _ in confirmed))
    for case_id, institution in confirmed:
        event = ForwardConfirmed(institution, at)
        history.append(page, scope, case_id, revisions[case_id], (event,), at=at)
        revisions[case_id] += 1


def finish(page: Page, message_ids: Iterable[str]) -> None:
    """A decided message is done when nothing that must leave for it is still to be sent."""
    done = follow(MESSAGE, MessageState.RECORDED, MessageState.DONE)
    page.execute("finish_messages", (codes(message_ids), MessageState.RECORDED, done))


def defer(page: Page, claimed: Claimed, due: datetime, error: str) -> bool:
    """Give the claim back; it is due again later."""
    when = microseconds(due)
    row = (claimed.message_id, claimed.token, when, error)
    return page.execute("defer", row).rowcount == 1


def withdraw(page: Page, scope: Scope, claimed: Claimed, at: datetime, error: str) -> bool:
    """Never to be sent, nor what waits for it; a person must decide about the case."""
    when = microseconds(at)
    state = follow(SENDING, SendingState.DUE, SendingState.WITHDRAWN)
    row = page.execute(
        "settle_withdrawn", (claimed.message_id, claimed.token, when, state, error)
    ).fetchone()
    if row is None:
        return False
    case_id, about, kind, _, receiver = row
    if kind == SendingKind.REMINDER:  # the question stands, and goes to a person when it expires
        return True
    messages = [about, *_withdraw_dependents(page, claimed.message_id, when, error)]
    events: list[Event] = []
    if kind in _QUESTIONS:
        events.append(QuestionFailed(claimed.message_id))
        messages += _waiting_in_vain(page, case_id, claimed.message_id)
    candidates = () if kind in _QUESTIONS else (receiver,)
    for message_id in dict.fromkeys(messages):
        refer(page, message_id, Refer(FAILED, candidates), at, "gateway")
        events.append(Referred(message_id, FAILED))
    revision = history.revisions(page, (case_id,))[case_id]
    history.append(page, scope, case_id, revision, events, at=at)
    page.execute("clear_due", (case_id,))  # a person has the case
    return True


def _waiting_in_vain(page: Page, case_id: str, question: str) -> Sequence[str]:
    """Messages that wait for an answer that cannot come: no other question of the case is open."""
    rows = page.execute("waiting_in_vain", (case_id, question)).fetchall()
    return [row[0] for row in rows]


def _withdraw_dependents(page: Page, message_id: str, when: int, error: str) -> Sequence[str]:
    """Withdraw everything that waits for a sending; the messages it was about."""
    state = follow(SENDING, SendingState.WAITING, SendingState.WITHDRAWN)
    messages: list[str] = []
    ahead = [message_id]
    while ahead:
        rows = page.execute("withdraw_dependents", (ahead.pop(), when, state, error)).fetchall()
        ahead.extend(row[0] for row in rows)
        messages.extend(row[1] for row in rows)
    return messages


def refer(page: Page, message_id: str, referral: Refer, at: datetime, who: str) -> None:
    """Put a message on the worklist, by a decision of its own, unless it is there."""
    state, attempt = page.execute("message_standing", (message_id,)).fetchone()
    if state == MessageState.REFERRED:
        return
    new = follow(MESSAGE, MessageState(state), MessageState.REFERRED)
    page.execute("refer_message", (message_id, new, attempt + 1))
    page.execute(
        "refer_decision",
        {
            "message_id": message_id,
            "attempt": attempt,
            "cause": referral.cause,
            "content": decision_text(referral),
            "state": new,
            "candidates": codes(referral.candidates),
            "missing": codes(referral.missing),
            "at": microseconds(at),
            "who": who,
        },
    )
