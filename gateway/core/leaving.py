"""How what is written leaves: not at all, with a person's yes, or by itself; and if it still may.

The installation says it for everything, and for single decisions, BUCs and countries; the most
careful one of those that apply holds. It is said once, when something is written: another
configuration changes nothing that was written before.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final

from gateway.core.case import Case
from gateway.core.outgoing import SendingKind
from gateway.core.states import CaseState, QuestionState

REMIND: Final = "remind"
"""Stands beside the names of decisions: a reminder follows from none."""


class Mode(StrEnum):
    """How it leaves; the most careful way first."""

    OBSERVE = "observe"
    CONFIRM = "confirm"
    AUTOMATIC = "automatic"


_CARE: Final = tuple(Mode)


@dataclass(frozen=True, slots=True)
class Leaving:
    """What the installation has said about it."""

    mode: Mode = Mode.AUTOMATIC
    by_decision: Mapping[str, Mode] = field(default_factory=dict)
    by_buc: Mapping[str, Mode] = field(default_factory=dict)
    by_country: Mapping[str, Mode] = field(default_factory=dict)
    """Country of the institution that sent us the case."""
    most: Mode = Mode.AUTOMATIC
    """The least careful mode there is, whatever else is said."""

    def of(self, decision: str, buc: str, institution: str) -> Mode:
        """The most careful mode of those said for it; where none is, that of everything."""
        country = institution.partition(":")[0]
        said = (self.by_decision.get(decision), self.by_buc.get(buc), self.by_country.get(country))
        found = min((mode for mode in said if mode is not None), key=_CARE.index, default=self.mode)
        return min(found, self.most, key=_CARE.index)

    def by_person(self, decision: str, buc: str, institution: str) -> Mode:
        """The mode of what a person orders: his word needs no second yes."""
        mode = self.of(decision, buc, institution)
        return Mode.AUTOMATIC if mode is Mode.CONFIRM else mode


ASKING: Final = frozenset(
    {SendingKind.X012, SendingKind.H001, SendingKind.P8000, SendingKind.REMINDER}
)
"""Kinds that ask something of somebody, or remind him of it."""
_WRITTEN_BY: Final[Mapping[str, str]] = {
    SendingKind.X007: "transfer",
    SendingKind.HAND_OVER: "deliver",
    SendingKind.X006: "leave",
    SendingKind.NOTE: "leave",
    SendingKind.REMINDER: REMIND,
    SendingKind.X050: REMIND,
}
"""Kind of a sending -> what made us write it; the others ask."""
STANDSTILL: Final = timedelta(minutes=15)
"""What leaves by itself and has not left by then is held up, by a pause or an outage."""
IN_DOUBT: Final = frozenset({"conflict", "withdrawn", "no-holder"})
"""Causes of a referral that take the reason of a transfer away: what has not left of it stays."""
OBJECTIONS: Final = (
    "not-to-confirm",
    "not-to-withdraw",
    "partly-left",
    "case-moved-on",
    "question-settled",
    "after-observed",
    "observing",
    "protected",
)
"""Why a sending neither leaves nor is withdrawn at a person's word."""


def objection(
    leaving: Leaving, case: Case, kind: str, about: str, *, protected: bool = False
) -> str | None:
    """Why a sending that waited for a person must not leave; None when it may.

    `protected`: who says yes knows that the person may be. Nobody is asked about such a person.
    """
    first = next(iter(case.contents.values()), None)
    sender = first.parties[0] if first is not None else ""
    if leaving.of(_WRITTEN_BY.get(kind, "ask"), case.buc, sender) is Mode.OBSERVE:
        return "observing"
    if case.protected and (not protected or kind in ASKING):
        return "protected"
    if case.state is CaseState.TAKEN:
        return "case-moved-on"
    if kind in ASKING:
        return None if _open(case, about.partition("/")[0]) else "question-settled"
    return None if _still_right(case, kind, about) else "case-moved-on"


def _still_right(case: Case, kind: str, about: str) -> bool:
    """Whether the case still is where the sending says that it is.

    A protected case is a person's, and stands where it stood for what was written before.
    """
    stood, had = case.state, case.holder in case.returned_by
    if case.protected and stood is CaseState.REFERRED and not had:
        stood = _before(case)
    match kind:
        case SendingKind.X007:
            return stood is CaseState.FORWARDED and case.holder == about
        case SendingKind.HAND_OVER:
            return stood is CaseState.FORWARDED
        case SendingKind.X006 | SendingKind.NOTE:
            return stood is CaseState.LEFT
        case SendingKind.X050:
            return stood is CaseState.OPEN and about not in case.waiting
        case SendingKind.X011:
            return case.holder is None
        case _:  # X008 and recall: a person ordered it
            return True


def _before(case: Case) -> CaseState:
    """Where a case stood that became a person's."""
    if case.holder is None:
        return CaseState.OPEN
    return CaseState.FORWARDED if case.x007 is not None else CaseState.LEFT


def _open(case: Case, question: str) -> bool:
    return any(q.id == question and q.state is QuestionState.OPEN for q in case.questions)
