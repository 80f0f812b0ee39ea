"""Whether a case is at rest: nothing of it waits, for anybody, so what is old of it may go.

Erasing asks here and nowhere else. What is not surely at rest is not.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from gateway.core.case import Case
from gateway.core.states import ON_WORKLIST, CaseState, MessageState, SendingState

UNSENT: Final = frozenset(
    {
        SendingState.WAITING,
        SendingState.PROPOSED,
        SendingState.DUE,
        SendingState.OBSERVED,
    }
)
"""Of a sending that has not left; one that was observed may still leave at a person's word."""
_WITH_A_PERSON: Final = frozenset({*ON_WORKLIST, MessageState.QUARANTINED})
_WITH_US: Final = frozenset({CaseState.OPEN, CaseState.ASKED})

REASONS: Final = (
    "worklist",
    "waiting",
    "unsent",
    "unheard",
    "taken",
    "question",
    "timer",
    "open",
)
"""Why a case is not at rest, in the order in which they are looked for."""


@dataclass(frozen=True, slots=True)
class Standstill:
    """What tells whether a case is at rest."""

    case: Case
    messages: Collection[MessageState]
    """States of its messages."""
    sendings: Collection[SendingState]
    """States of its sendings."""
    unheard: bool
    """The far side is still to say what became of a sending."""
    timer: bool
    """Something falls due in it one day."""


def unfinished(seen: Standstill) -> str | None:
    """The first of `REASONS` why the case is not at rest; None when it is.

    A case without a history (its messages were refused) is at rest when its messages are.
    """
    case, messages = seen.case, set(seen.messages)
    checks = (
        not messages.isdisjoint(_WITH_A_PERSON),
        MessageState.WAITING in messages or bool(case.waiting),
        MessageState.RECORDED in messages or not UNSENT.isdisjoint(seen.sendings),
        seen.unheard,
        case.state is CaseState.TAKEN,
        bool(case.open_questions),
        seen.timer,
        case.revision > 0 and case.state in _WITH_US,
    )
    return next((why for why, holds in zip(REASONS, checks, strict=True) if holds), None)
