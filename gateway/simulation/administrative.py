"""The X SEDs that partners send: what is said about a case, not about a person's rights."""

from collections.abc import Callable
from typing import Final

from gateway.simulation.blocks import context, day, institution
from gateway.simulation.facts import Facts
from gateway.simulation.markup import coded, tag, text


def _x006(facts: Facts) -> str:
    gone = institution("Institution", facts.extra["leaver"], "The institution that leaves")
    return context(facts) + tag("RemovedParticipant", gone + coded("reason", "02"))


def _x008(facts: Facts) -> str:
    withdrawn = text("SEDType", facts.extra["about"]) + text("dateIssued", day(facts, -1))
    withdrawn += coded("reason", "03")
    return context(facts) + tag("TheFollowingSEDConsideredInvalidWithdrawn", withdrawn)


def _x009(facts: Facts) -> str:
    wanted = coded("type", "02") + text("details", "We are still waiting for your reply.")
    return context(facts) + tag("Reminders", tag("ReminderSendUs", wanted))


def _x010(facts: Facts) -> str:
    follows = coded("type", "02") + text("details", "We have asked the person.")
    follows += text("expectedDateRequestCanFulfilled", day(facts, int(facts.extra["within"])))
    return context(facts) + tag(
        "RepliesReminder", tag("TheFollowingRequestedInformationWillFollow", follows)
    )


WRITERS: Final[dict[str, Callable[[Facts], str]]] = {
    "X006": _x006,
    "X008": _x008,
    "X009": _x009,
    "X010": _x010,
}
