"""What happens to a message of a case that somebody else has: we forwarded it, or left it.

The holder gets what comes later, unless it takes away the reason for which it is to get the case
and has not yet: then a person decides (design 3; AD_BUC_05, AD_BUC_06).
"""

from gateway.core.case import Case
from gateway.core.case_evidence import evidence_of, known_evidence
from gateway.core.competence import competent
from gateway.core.decision import Decision, Deliver, Leave, Refer
from gateway.core.leaving import STANDSTILL, Mode
from gateway.core.matter import Matter
from gateway.core.resolution import Resolved, candidates_of
from gateway.core.states import CaseState
from gateway.core.trace import Step


def decide(matter: Matter, trace: list[Step], *, passed_on: bool) -> Decision | None:
    """The decision, with its reasons added to the trace; None while the case is with us.

    `passed_on`: the message itself says that the holder has forwarded the case.
    """
    case = matter.case
    if case.holder is None or case.state not in {CaseState.FORWARDED, CaseState.LEFT}:
        return None
    holder = matter.tables.directory.successor_on(case.holder, matter.arrival.today)
    gone = any(matter.same_body(case.holder, left) for left in case.left)
    if gone or holder is None or not holder.id:
        return Refer("no-holder", (case.holder,))
    if case.state is CaseState.LEFT:
        return _overtakes_our_leave(matter, trace, case.holder) or _left(matter, case.holder)
    if not passed_on and _is_late(matter, case):
        return Refer("forwarded-late", (case.holder,))
    if case.erased:  # nobody can see any more whether it is about the same person
        return Refer("erased", (holder.id,))
    return _overtakes_our_transfer(matter, trace, holder.id) or Deliver(holder.id)


def _is_late(matter: Matter, case: Case) -> bool:
    """After the grace period; an answer in a case of our own reaches nobody else."""
    end = case.forwarded_at
    late = end is not None and matter.message.created_at > end + matter.policy.transfer_grace
    return late and matter.in_its_case


def _left(matter: Matter, holder: str) -> Decision:
    """The holder takes part, and gets a copy of its own; of what we alone got it has none."""
    copied = any(matter.same_body(holder, party.id) for party in matter.message.parties)
    return Leave(holder) if copied else Refer("already-participant", (holder,))


# -- what takes the reason away ---------------------------------------------------------------


def _overtakes_our_transfer(matter: Matter, trace: list[Step], holder: str) -> Decision | None:
    """While our X007 waits for a person's yes, or for the end of a pause or of an outage."""
    return _reason_is_gone(matter, trace, holder) if _transfer_stands_still(matter) else None


def _transfer_stands_still(matter: Matter) -> bool:
    """Whether our X007 has not left; one that leaves by itself does so at once, or is stuck."""
    case = matter.case
    if case.x007 is None or case.forwarded_at is not None:
        return False
    waited = case.x007_at is None or matter.arrival.decided_at - case.x007_at > STANDSTILL
    return waited or _mode(matter, "transfer") is not Mode.AUTOMATIC


def _overtakes_our_leave(matter: Matter, trace: list[Step], holder: str) -> Decision | None:
    """Where leaving waits for a person's yes.

    Nobody tells the case when it has left: then a person sees that it was told wrongly.
    """
    automatic = _mode(matter, "leave") is Mode.AUTOMATIC
    return None if automatic else _reason_is_gone(matter, trace, holder)


def _mode(matter: Matter, decision: str) -> Mode:
    document = matter.document
    return matter.leaving.of(decision, document.buc, document.parties[0])


def _reason_is_gone(matter: Matter, trace: list[Step], holder: str) -> Decision | None:
    """Where the tables led to the holder, and do so no longer."""
    document, today = matter.document, matter.arrival.today
    if matter.starter is None:
        return Refer("withdrawn", (holder,))
    before = competent(matter, document, known_evidence(matter.case), today)
    after = competent(matter, document, evidence_of(matter, frozenset()).evidence, today)
    led = isinstance(before, Resolved) and matter.same_body(before.institution, holder)
    if not led or (isinstance(after, Resolved) and matter.same_body(after.institution, holder)):
        return None  # a person chose the holder, or all is as it was
    trace.extend(after.trace)
    return Refer("conflict", tuple(dict.fromkeys((holder, *candidates_of(after)))))
