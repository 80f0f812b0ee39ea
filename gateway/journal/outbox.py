"""Sendings, inside one transaction of the writer: queued, claimed, handed over, put off.

What becomes of them at the far side is in `delivery`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from gateway.core.decision import Refer
from gateway.core.events import (
    Answered,
    Event,
    ForwardConfirmed,
    Forwarded,
    QuestionFailed,
    Referred,
    SteppedBack,
)
from gateway.core.leaving import ASKING, IN_DOUBT, STANDSTILL, Mode
from gateway.core.outgoing import Outgoing, SendingKind
from gateway.core.states import MESSAGE, SENDING, MessageState, SendingState
from gateway.core.trace_context import caused, trace_of
from gateway.journal import Claimed, Contradiction, follow, history
from gateway.journal.codec import codes, decision_text, microseconds, pairs
from gateway.journal.history import Scope
from gateway.journal.page import Page

_OPEN: Final = frozenset({SendingState.PROPOSED, SendingState.DUE, SendingState.WAITING})
PROTECTED: Final = "protected"
"""Cause of a referral, and error of what must not leave by itself: the person is protected."""
_QUESTIONS: Final = frozenset({SendingKind.X012, SendingKind.H001, SendingKind.P8000})
_TO_SENDER: Final = _QUESTIONS | {SendingKind.X011, SendingKind.NOTE}
"""Kinds that go to whoever sent the SED: he is no candidate for the case."""
_OF_ONE_MESSAGE: Final = frozenset({SendingKind.HAND_OVER, SendingKind.X050})
"""Kinds that are about the message that is their object, whatever they were written with."""
FAILED: Final = "sending-failed"
OVERTAKEN: Final = "overtaken"
"""Error of a question or reminder that nobody needs any more."""
DOUBTED: Final = "in-doubt"
"""Error of a transfer that must not leave by itself: a later SED takes its reason away."""
_TURNED_BACK: Final = frozenset({OVERTAKEN, PROTECTED, DOUBTED})
NO_BODY: Final = "none"
"""Media of what consists of its sidecar alone."""


# -- into the outbox ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Post:
    """What must leave of a case."""

    case_id: str | None
    about: str
    """Received message that is done when it has left."""
    outgoing: Sequence[Outgoing]
    at: datetime
    mode: Mode
    events: Sequence[Event] = ()
    """What happened in the case with it."""


def enqueue(page: Page, scope: Scope, post: Post, before: int) -> frozenset[str]:
    """Queue what must leave; the messages for which something is still to be sent.

    `before` is the number of sendings that the case has already: those of them that nobody needs
    any more are withdrawn.
    """
    if before and post.case_id is not None:
        _overtake(page, post.case_id, post.events, post.at)
    if not post.outgoing:
        return frozenset()
    if post.case_id is None:
        raise Contradiction("what leaves belongs to a case")
    at, rows, unfinished = microseconds(post.at), [], set()
    states: dict[str, SendingState] = {}
    for seq, out in enumerate(post.outgoing, before + 1):
        after = out.after
        if before and after is None and out.kind is SendingKind.HAND_OVER:
            after = _forwarding(page, post.case_id, states)
        state = _first_state(page, after, states, post.mode)
        states[out.message_id] = state
        about = out.object if out.kind in _OF_ONE_MESSAGE else post.about
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


def _forwarding(page: Page, case_id: str, states: dict[str, SendingState]) -> str | None:
    """The X007 that a later hand-over follows: its receiver must be in the case first.

    Where it stands is added to what is known.
    """
    row = page.look("forwarding", (case_id,))
    if row is None:
        return None
    states.setdefault(row[0], SendingState(row[1]))
    return str(row[0])


def _first_state(
    page: Page, after: str | None, beside: dict[str, SendingState], mode: Mode
) -> SendingState:
    """Observed or proposed as the mode says; what comes after something observed is so too."""
    if mode is Mode.OBSERVE:
        return SendingState.OBSERVED
    state = SendingState.DUE
    if after is not None:
        state = following(beside.get(after) or state_of(page, after))
    if mode is Mode.CONFIRM and state is not SendingState.OBSERVED:
        return SendingState.PROPOSED
    return state


def following(before: SendingState | None) -> SendingState:
    """Due, unless what it comes after has not been handed over.

    Raises:
        Contradiction: that never will be.
    """
    match before:
        case SendingState.HANDED_OVER | SendingState.SENT | SendingState.DELIVERED:
            return SendingState.DUE
        case SendingState.PROPOSED | SendingState.DUE | SendingState.WAITING:
            return SendingState.WAITING
        case SendingState.OBSERVED:
            return SendingState.OBSERVED
        case SendingState.FAILED | SendingState.WITHDRAWN | None:
            raise Contradiction("what a sending comes after has failed, or is not here")


def state_of(page: Page, message_id: str) -> SendingState | None:
    """Where a sending stands; None when there is none."""
    row = page.look("sending_state", (message_id,))
    return SendingState(row[0]) if row is not None else None


def _overtake(page: Page, case_id: str, events: Sequence[Event], at: datetime) -> None:
    """Withdraw what would ask or remind, where nobody needs to be asked any more.

    What is claimed just now may leave; if it does not, the next claim withdraws it.
    A transfer in doubt is held.
    """
    for unsent in _OPEN:
        state = follow(SENDING, unsent, SendingState.WITHDRAWN)
    for event in events:
        match event:
            case Answered() | QuestionFailed():
                question = event.question
            case Forwarded() | SteppedBack():
                question = ""
            case Referred() if event.cause in IN_DOUBT:
                _hold_transfer(page, case_id, at)
                continue
            case _:
                continue
        row = {"case_id": case_id, "state": state, "at": microseconds(at), "question": question}
        page.execute("overtake", row).fetchall()
        page.execute("overtake_claimed", row)
        if isinstance(event, Forwarded) and event.by_hand:
            _sent_by_hand(page, {**row, "institution": event.institution})


def _hold_transfer(page: Page, case_id: str, at: datetime) -> None:
    """An X007 that is held up, and with it what waits for it, does not leave by itself any more.

    One that is about to leave does: what becomes of it must not be chance. Its copies leave
    together or not at all: while one is claimed the next claim sees to the rest.
    """
    state = follow(SENDING, SendingState.DUE, SendingState.PROPOSED)
    old = {"case_id": case_id, "since": microseconds(at - STANDSTILL)}
    row = {**old, "at": microseconds(at), "state": state}
    held = page.execute("hold_transfer", row).fetchall()
    _hold_behind(page, case_id, [message_id for (message_id,) in held])
    page.execute("doubt_transfer", old)


def _hold_behind(page: Page, case_id: str, held: Sequence[str]) -> None:
    """What waits for a sending that is held waits for the same person."""
    state = follow(SENDING, SendingState.WAITING, SendingState.PROPOSED)
    page.execute("hold_behind", {"case_id": case_id, "after": codes(held), "state": state})


def hold_back(page: Page, scope: Scope, case_id: str, at: datetime) -> None:
    """A case turned out to be about a protected person: nothing of it leaves by itself any more.

    What would ask or remind never does, and the questions have failed, so that nobody waits for an
    answer. All else waits for a person's yes, and what it is about is on the worklist. What is
    claimed just now may leave; if it does not, the next claim does the same with it.
    """
    row = {"case_id": case_id, "at": microseconds(at), "question": ""}
    withdrawn = follow(SENDING, SendingState.DUE, SendingState.WITHDRAWN)
    found = page.execute("overtake", {**row, "state": withdrawn}).fetchall()
    for unsent in (SendingState.DUE, SendingState.WAITING):
        row["state"] = follow(SENDING, unsent, SendingState.PROPOSED)
    held = page.execute("hold_back", row).fetchall()
    page.execute("hold_back_claimed", row)
    failed = [QuestionFailed(message_id) for message_id, kind in found if kind in _QUESTIONS]
    _protect(page, scope, case_id, failed, [about for (about,) in held], at)


def _protect(
    page: Page,
    scope: Scope,
    case_id: str,
    failed: Sequence[QuestionFailed],
    held: Sequence[str],
    at: datetime,
) -> None:
    """Show a person the messages whose sendings are held, and that nobody is asked any more."""
    events: list[Event] = list(failed)
    for message_id in dict.fromkeys(held):
        if standing(page, message_id)[0] is MessageState.RECORDED:
            refer(page, message_id, Refer(PROTECTED), at, "gateway")
            events.append(Referred(message_id, PROTECTED))
    if events:
        revision = history.revisions(page, (case_id,))[case_id]
        history.append(page, scope, case_id, revision, events, at=at)


def go_on(page: Page, message_ids: Iterable[str]) -> None:
    """A person has said yes to all that was held about these messages: off the worklist."""
    state = follow(MESSAGE, MessageState.REFERRED, MessageState.RECORDED)
    page.execute("go_on", (codes(message_ids), state, PROTECTED))


def _sent_by_hand(page: Page, row: Mapping[str, object]) -> None:
    """An X007 to that institution never leaves now, and what waits for it waits no longer."""
    found = page.execute("sent_by_hand", row).fetchall()
    after = codes(message_id for message_id, _ in found)
    due = follow(SENDING, SendingState.WAITING, SendingState.DUE)
    page.execute("go_on_by_hand", {**row, "after": after, "state": due})
    finish(page, [about for _, about in found])


# -- out of the outbox ----------------------------------------------------------------------


def claim(
    page: Page, scope: Scope, limit: int, now: datetime, lease_seconds: float
) -> Sequence[Claimed]:
    """Due sendings with their bytes.

    Withdrawn instead: one whose bytes were erased, and a question or reminder that was overtaken
    while an earlier claim had it. What turned out meanwhile to be about a protected person, or to
    be in doubt, is held.
    """
    until = microseconds(now + timedelta(seconds=lease_seconds))
    found = page.execute(
        "claim", {"now": microseconds(now), "until": until, "limit": limit}
    ).fetchall()
    found.sort(key=lambda row: (row[13], row[14], row[1], row[15]))  # as the statement chose them
    claims = []
    for row in found:
        claimed = _claimed(row)
        if row[18] in _TURNED_BACK and not _goes_on(page, claimed, row[18]):
            _turn_back(page, scope, claimed, now, row[18])
        elif row[8] is None and not row[9] and row[6] != NO_BODY:
            withdraw(page, scope, claimed, now, "no-body")
        else:
            claims.append(claimed)
    return claims


def _goes_on(page: Page, claimed: Claimed, error: str) -> bool:
    """Whether another copy of a transfer in doubt has left already."""
    about = (claimed.case_id, claimed.object)
    return error == DOUBTED and page.look("transfer_begun", about) is not None


def _claimed(row: Sequence[Any]) -> Claimed:
    trace = trace_of(row[17], row[16] or row[0])
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
        large=bool(row[9]),
        sidecar=row[10],
        attempts=row[11],
        token=str(row[12]),
        trace=caused(trace, row[0]),
        cause=caused(trace, row[16]) if row[16] else None,
    )


def handed_over(
    page: Page,
    scope: Scope,
    claims: Sequence[Claimed],
    at: datetime,
    status_due: datetime | None = None,
) -> int:
    """Mark as handed over; what waited becomes due, messages become done. How many counted.

    `status_due` is until when the far side should have said what became of them.
    """
    when = microseconds(at)
    state = follow(SENDING, SendingState.DUE, SendingState.HANDED_OVER)
    held = pairs((claimed.message_id, claimed.token) for claimed in claims)
    until = microseconds(status_due) if status_due is not None else None
    settled = page.execute("settle_handed_over", (held, when, state, until)).fetchall()
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


def _turn_back(page: Page, scope: Scope, claimed: Claimed, at: datetime, error: str) -> None:
    """Not to be sent by itself: overtaken, in doubt, or about a protected person."""
    page.touch((claimed.case_id,))
    failed, held = [], []
    if error != OVERTAKEN and claimed.kind not in ASKING:
        state = follow(SENDING, SendingState.DUE, SendingState.PROPOSED)
        row = (claimed.message_id, claimed.token, state)
        [about] = page.execute("hold_back_one", row).fetchone()
        held = [about] if error == PROTECTED else []
        if error == DOUBTED:
            _hold_behind(page, claimed.case_id, [claimed.message_id])
    else:
        state = follow(SENDING, SendingState.DUE, SendingState.WITHDRAWN)
        late = (claimed.message_id, claimed.token, microseconds(at), state, error)
        settled = page.execute("settle_withdrawn", late).fetchone()
        finish(page, [settled[1]])
        if error == PROTECTED and claimed.kind in _QUESTIONS:
            failed = [QuestionFailed(claimed.message_id)]
    _protect(page, scope, claimed.case_id, failed, held, at)


def renew(page: Page, claimed: Claimed, until: datetime | None) -> bool:
    """Hold the claim for longer, or give it back; whether it may be sent."""
    lease = microseconds(until) if until is not None else 0
    row = page.execute("renew", (claimed.message_id, claimed.token, lease)).fetchone()
    return row is not None and bool(row[0])


def defer(page: Page, claimed: Claimed, due: datetime, error: str) -> bool:
    """Give the claim back; it is due again later."""
    when = microseconds(due)
    row = (claimed.message_id, claimed.token, when, error)
    return page.execute("defer", row).rowcount == 1


def withdraw(page: Page, scope: Scope, claimed: Claimed, at: datetime, error: str) -> bool:
    """Never to be sent, nor what waits for it; a person must decide about the case."""
    page.touch((claimed.case_id,))
    when = microseconds(at)
    state = follow(SENDING, SendingState.DUE, SendingState.WITHDRAWN)
    row = page.execute(
        "settle_withdrawn", (claimed.message_id, claimed.token, when, state, error)
    ).fetchone()
    if row is None:
        return False
    case_id, about, kind, _, receiver = row
    left = Left(claimed.message_id, case_id, about, kind, receiver)
    give_up(page, scope, left, FAILED, at, error)
    return True


@dataclass(frozen=True, slots=True)
class Left:
    """A sending that left, or should have."""

    message_id: str
    case_id: str
    about: str
    """Received message that it was sent for."""
    kind: str
    receiver: str


def give_up(page: Page, scope: Scope, left: Left, cause: str, at: datetime, error: str) -> None:
    """The receiver will not get it: nor what waits for it, and a person has the case."""
    if left.kind == SendingKind.REMINDER:  # the question stands, and goes to a person by itself
        return
    messages = [left.about, *_withdraw_dependents(page, left, microseconds(at), error)]
    events: list[Event] = []
    if left.kind in _QUESTIONS:
        events.append(QuestionFailed(left.message_id))
        messages += _waiting_in_vain(page, left.case_id, left.message_id)
    candidates = () if left.kind in _TO_SENDER else (left.receiver,)
    for message_id in dict.fromkeys(messages):
        refer(page, message_id, Refer(cause, candidates), at, "gateway")
        events.append(Referred(message_id, cause))
    revision = history.revisions(page, (left.case_id,))[left.case_id]
    history.append(page, scope, left.case_id, revision, events, at=at)
    page.execute("clear_due", (left.case_id,))  # a person has the case


def _waiting_in_vain(page: Page, case_id: str, question: str) -> Sequence[str]:
    """Messages that wait for an answer that cannot come: no other question of the case is open."""
    rows = page.execute("waiting_in_vain", (case_id, question)).fetchall()
    return [row[0] for row in rows]


def _withdraw_dependents(page: Page, left: Left, when: int, error: str) -> Sequence[str]:
    """Withdraw everything that goes after a sending and has not left; the messages it was about."""
    state = follow(SENDING, SendingState.WAITING, SendingState.WITHDRAWN)
    messages: list[str] = []
    ahead = [left.message_id]
    while ahead:
        row = (ahead.pop(), when, state, error, left.case_id)
        rows = page.execute("withdraw_dependents", row).fetchall()
        ahead.extend(row[0] for row in rows)
        messages.extend(row[1] for row in rows)
    return messages


def standing(page: Page, message_id: str) -> tuple[MessageState, int]:
    """State and latest attempt of a message.

    Raises:
        Contradiction: there is no such message.
    """
    row = page.execute("message_standing", (message_id,)).fetchone()
    if row is None:
        raise Contradiction("a message that is not here cannot move")
    return MessageState(row[0]), row[1]


def refer(page: Page, message_id: str, referral: Refer, at: datetime, who: str) -> None:
    """Put a message on the worklist, by a decision of its own, unless it is there."""
    state, attempt = standing(page, message_id)
    if state is MessageState.REFERRED:
        return
    new = follow(MESSAGE, state, MessageState.REFERRED)
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
