"""What an X SED says about the case itself: who joined or left, what is withdrawn, what is over.

The sender's word is taken for what is his to say: a document is withdrawn by whoever sent it,
the rest by any participant (RINA lets nobody else). Source: CDM 4.4 X001 to X013, X100;
administrative BUCs AD_BUC_01 to AD_BUC_12.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from lxml import etree

from gateway.core.events import (
    Closed,
    Event,
    ParticipantsChanged,
    Reopened,
    Withdrawn,
)
from gateway.core.message import INSTITUTION_ID

LEAVING: Final = frozenset({"X006", "X007", "X100"})
"""X SEDs by which a participant leaves the case."""
_JOINED: Final = {
    "X005": "AddedParticipant/AddParticipant/institutionID",
    "X007": "ForwardInformation/AddedParticipant/institutionID",
    "X100": "ChangeParticipant/AddParticipant/institutionID",
}
_LEFT: Final = {
    "X006": "RemovedParticipant/Institution/institutionID",
    "X007": "ForwardInformation/RemovedParticipant/institutionID",
    "X100": "ChangeParticipant/RemoveParticipant/institutionID",
}
_REOPENS: Final = "DecisionReopenCase/decisionReopenCaseIndicator/value"
_YES: Final = frozenset({"1", "01", "true"})
_FOLLOWS: Final = "RepliesReminder/TheFollowingRequestedInformationWillFollow"
_LACKS: Final = "RepliesReminder/TheFollowingRequestedInformationNotAvailable"


@dataclass(frozen=True, slots=True)
class Administrative:
    """What an X SED says; empty for every other SED."""

    joined: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    withdraws: bool = False
    """X008: the document that the header relates it to."""
    closes: bool = False
    reopens: bool = False
    promises: bool = False
    """X010: nothing is refused, and at least one thing will follow."""
    promised_until: date | None = None
    """The latest of the days by which it will."""

    def events(self, related_set_id: str | None, sender: str) -> tuple[Event, ...]:
        """What the case's history gets of it."""
        events: list[Event] = []
        if self.joined or self.left:
            events.append(ParticipantsChanged(self.joined, self.left))
        if self.withdraws and related_set_id is not None:
            events.append(Withdrawn(related_set_id, sender))
        if self.closes:
            events.append(Closed())
        if self.reopens:
            events.append(Reopened())
        return tuple(events)


NOTHING: Final = Administrative()


def administrative(sed: etree._Element) -> Administrative:
    """Read an X SED; what is not where it belongs is not there."""
    name = etree.QName(sed).localname
    if not name.startswith("X"):
        return NOTHING
    follows = sed.findall(_FOLLOWS) if name == "X010" else []
    return Administrative(
        joined=_ids(sed, _JOINED.get(name)),
        left=_ids(sed, _LEFT.get(name)),
        withdraws=name == "X008",
        closes=name == "X001",
        reopens=name == "X004" and (sed.findtext(_REOPENS) or "").strip() in _YES,
        promises=bool(follows) and sed.find(_LACKS) is None,
        promised_until=max(filter(None, map(_expected, follows)), default=None),
    )


def _ids(sed: etree._Element, path: str | None) -> tuple[str, ...]:
    found = ((e.text or "").strip() for e in sed.iterfind(path)) if path is not None else ()
    return tuple(ident for ident in found if INSTITUTION_ID.fullmatch(ident))


def _expected(follows: etree._Element) -> date | None:
    try:
        return date.fromisoformat(follows.findtext("expectedDateRequestCanFulfilled") or "")
    except ValueError:
        return None
