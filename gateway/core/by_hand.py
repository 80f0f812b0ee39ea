"""What we sent ourselves, by hand in RINA: the case changes as if the gateway had written it.

X007 makes the case somebody else's, X006 lets us leave it, H001, P8000 and X012 open a question,
X009 reminds of one; any other X SED says what it says. What the gateway wrote itself and is fed in
as well changes nothing.
"""

from typing import Final

from gateway.core import correspondence
from gateway.core.decision import Decision, Note, Refer
from gateway.core.events import (
    Asked,
    Event,
    ForwardConfirmed,
    Forwarded,
    Reminded,
    SteppedBack,
)
from gateway.core.matter import Matter
from gateway.core.states import CaseState

_WAYS: Final = {"H001": "h001", "P8000": "p8000", "X012": "x012"}
"""SEDs that ask -> how the gateway calls that way."""


def heed(matter: Matter) -> tuple[Decision, tuple[Event, ...]]:
    """The decision, and what the case's history gets beside the message."""
    message, case = matter.message, matter.case
    if matter.in_its_case and case.buc and message.buc != case.buc:
        return Refer("conflict"), ()
    if message.sed == "X007" and (target := _new_holder(matter)) is not None:
        return _forwarded(matter, target)
    if message.sed == "X006" and any(matter.is_ours(i) for i in matter.examined.says.left):
        return Note(), _left(matter)
    if message.sed in _WAYS:
        return Note(), _asked(matter)
    if message.sed == "X009":
        return Note(), _reminded(matter)
    return Note(), matter.examined.says.events(message.related_set_id, message.sender.id)


def _new_holder(matter: Matter) -> str | None:
    """The institution that an X007 gives the case to: X007 stays within one Member State."""
    joined = matter.examined.says.joined
    return next((i for i in joined if i.startswith("FR:") and not matter.is_ours(i)), None)


def _forwarded(matter: Matter, target: str) -> tuple[Decision, tuple[Event, ...]]:
    message, case, holder = matter.message, matter.case, matter.case.holder
    if holder is not None and holder != target:  # somebody else has it, as far as is known
        return Refer("conflict", (target, holder)), ()
    if holder == target and (case.forwarded_at is not None or case.x007_set_id == message.set_id):
        return Note(), ()
    # an X007 of the gateway that has not left never will: this one stands for it
    x007 = Forwarded(target, message.message_id, message.set_id, by_hand=True)
    return Note(), (x007, ForwardConfirmed(target, message.created_at))


def _left(matter: Matter) -> tuple[Event, ...]:
    """We left it to whoever of France takes part beside us."""
    case = matter.case
    if case.state is CaseState.LEFT or case.holder is not None:
        return ()
    parties = {party.id for party in matter.message.parties} | case.participants
    french = sorted(i for i in parties if i.startswith("FR:") and not matter.is_ours(i))
    return (SteppedBack(french[0] if len(french) == 1 else "", by_hand=True),)


def _asked(matter: Matter) -> tuple[Event, ...]:
    message, case = matter.message, matter.case
    if any(question.set_id == message.set_id for question in case.questions):
        return ()
    starter = matter.starter
    about = message.related_set_id or (starter.set_id if starter is not None else message.set_id)
    asked = next((p.id for p in message.receivers if not matter.is_ours(p.id)), "")
    way, at = _WAYS[message.sed], message.created_at
    question = Asked(
        message.message_id, way, (), message.set_id, about, None, asked, at, by_hand=True
    )
    return (question,)


def _reminded(matter: Matter) -> tuple[Event, ...]:
    message = matter.message
    about = [
        question
        for question in matter.case.open_questions
        if message.related_set_id in {None, question.set_id}
    ]
    return tuple(
        Reminded(question.id, question.reminders + 1, message.created_at)
        for question in about
        if message.set_id not in correspondence.reminded_by(question)  # the gateway wrote it
    )
