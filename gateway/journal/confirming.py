"""What a person says to what waits to leave, yes or no, inside one transaction of the writer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from gateway.core.events import Spoken
from gateway.core.leaving import ASKING
from gateway.core.outgoing import SendingKind
from gateway.core.states import SENDING, SendingState
from gateway.errors import JournalConflict
from gateway.journal import Choice, Word, deeds, follow, history, outbox
from gateway.journal.codec import microseconds
from gateway.journal.history import Scope
from gateway.journal.page import Page

RECALLED: Final = "recalled"
"""Cause of the referral of a case from which a person withdrew something."""
LETS_GO: Final = frozenset({SendingState.PROPOSED, SendingState.OBSERVED})
"""States from which a person lets something go."""
TAKES_BACK: Final = frozenset({SendingState.PROPOSED, SendingState.DUE, SendingState.WAITING})
"""States in which a person can still withdraw it."""


@dataclass(frozen=True, slots=True)
class _Sending:
    message_id: str
    kind: str
    object: str
    receiver: str
    about: str
    after: str | None
    state: SendingState
    under_way: bool


def confirm(page: Page, scope: Scope, choices: Sequence[Choice], word: Word) -> None:
    """Yes: they leave, each once what it comes after has left.

    Raises:
        JournalConflict: a case or a sending has moved on; nothing was written.
    """
    for choice in choices:
        sendings = _of_case(page, choice, word.at)
        chosen = {name: sendings[name] for name in sendings if name in choice.message_ids}
        states = {name: sending.state for name, sending in sendings.items()}
        for name, sending in chosen.items():  # in the order in which they were composed
            state = SendingState.DUE
            if sending.after is not None:
                state = outbox.following(states[sending.after])
            if sending.state not in LETS_GO or state is SendingState.OBSERVED:
                raise JournalConflict
            states[name] = follow(SENDING, sending.state, state)
            page.execute("let_go", {"message_id": name, "state": state, "at": _at(word)})
            deeds.note(page, scope, choice.case_id, "confirm", word, about=name, state=state)
        outbox.go_on(page, {sending.about for sending in chosen.values()})
        asked = [s.object.partition("/")[0] for s in chosen.values() if s.kind in ASKING]
        spoken = [Spoken(question, word.at) for question in asked]
        history.append(page, scope, choice.case_id, choice.revision, spoken, at=word.at)


def take_back(page: Page, scope: Scope, choice: Choice, word: Word) -> None:
    """No: never to be sent, nor what comes after it; a person has the case.

    X006 is told to every participant or to none: all copies are withdrawn together.

    Raises:
        JournalConflict: it has left, or the case has moved on; nothing was written.
    """
    sendings = _of_case(page, choice, word.at)
    sending = sendings[choice.message_ids[0]]
    copies = [s for s in sendings.values() if _with(s, sending)]
    if any(s.state not in TAKES_BACK or s.under_way for s in copies):
        raise JournalConflict
    for copy in copies:
        state = follow(SENDING, copy.state, SendingState.WITHDRAWN)
        row = {"message_id": copy.message_id, "state": state, "at": _at(word), "error": RECALLED}
        page.execute("withdraw_one", row)
        deeds.note(
            page, scope, choice.case_id, "withdraw", word, about=copy.message_id, state=state
        )
    left = outbox.Left(
        sending.message_id, choice.case_id, sending.about, sending.kind, sending.receiver
    )
    outbox.give_up(page, scope, left, RECALLED, word.at, RECALLED)


def _with(sending: _Sending, other: _Sending) -> bool:
    """Whether they leave together or not at all."""
    same = sending.message_id == other.message_id
    return same or sending.kind == other.kind == SendingKind.X006


def _of_case(page: Page, choice: Choice, at: datetime) -> dict[str, _Sending]:
    """Every sending of the case, in order, when the case is as the person saw it."""
    page.touch((choice.case_id,))
    if history.revisions(page, (choice.case_id,))[choice.case_id] != choice.revision:
        raise JournalConflict
    of = {"case_id": choice.case_id, "now": microseconds(at)}
    found = page.execute("outgoing_of_case", of).fetchall()
    return {row[0]: _sending(row) for row in found}


def _sending(row: Sequence[Any]) -> _Sending:
    message_id, kind, about, receiver, message, after, state, under_way = row
    return _Sending(
        message_id, kind, about, receiver, message, after, SendingState(state), bool(under_way)
    )


def _at(word: Word) -> int:
    return microseconds(word.at)
