"""What is asked abroad when a SED says too little, and by which way; or why a person must."""

from gateway.core import composing, correspondence
from gateway.core.decision import Ask, Refer, Way
from gateway.core.evidence import Evidence
from gateway.core.matter import Matter
from gateway.core.message import Role
from gateway.core.nir import is_whole
from gateway.core.resolution import Undetermined


def question(
    matter: Matter,
    evidence: Evidence,
    resolution: Undetermined,
    again: frozenset[str],
    *,
    answered: bool,
) -> Ask | Refer:
    """Ask for what would tell, each datum once in the life of a case, but for those of `again`.

    `answered`: the message at hand answers a question of ours, and did not tell enough.
    """
    askable = tuple(d for d in resolution.missing if d in matter.tables.questions.askable)
    missing = tuple(d for d in askable if d in again or d not in matter.case.asked_for)
    if (evidence.several or evidence.claimed_apart) and resolution.reason != "rule-refers":
        return Refer("several", resolution.candidates, resolution.missing)
    if not missing:
        cause = _in_vain(resolution, askable=bool(askable), answered=answered)
        return Refer(cause, resolution.candidates, resolution.missing)
    found = resolution.reason == "inferred"  # who is to be confirmed, where nothing can be asked
    if not composing.speakable(evidence):
        return Refer("inferred" if found else "no-context", resolution.candidates, missing)
    against = _against_asking(matter, evidence)
    if against is not None:
        return Refer(against, resolution.candidates, missing)
    way = way_of(matter, evidence)
    sayable = _sayable(matter, way, missing)
    if way is None or not sayable:
        cause = "inferred" if found else "nothing-to-ask-with"
        return Refer(cause, resolution.candidates, missing)
    return Ask(sayable, way, resolution.candidates)


def _in_vain(resolution: Undetermined, *, askable: bool, answered: bool) -> str:
    """Why nothing is left to be asked for, as a cause of a referral."""
    missing = resolution.reason == "missing"
    if answered and missing and resolution.candidates and "institution" in resolution.missing:
        return "file-not-told"  # named, in no field that tells who has it
    if askable or (answered and resolution.missing):
        return "still-missing"
    return "undetermined" if missing else resolution.reason


def way_of(matter: Matter, evidence: Evidence) -> Way | None:
    """The BUC's own way of asking (reference: ways to ask, BUC by BUC); None where there is none.

    `evidence`: what is known of the case beside the message at hand.
    """
    rules, document = matter.rules_of_buc, matter.document
    if document.parties[0].startswith("FR:") or matter.case_is_ours:
        return None
    if rules.we_may_clarify(document.sed):
        return Way.X012
    if rules.we_may_send("H001"):
        return Way.H001
    pension = rules.we_may_send("P8000")
    known = (evidence.subject, matter.examined.evidence.subject)
    about_a_person = any(subject is not None for subject in known)  # as a P8000 always is
    if pension and matter.policy.pension_template is not None and about_a_person:
        return Way.P8000
    own = pension or matter.policy.ask_by_own_case
    return Way.OWN_CASE if own and _may_be_asked_so(matter, document.parties[0]) else None


def _against_asking(matter: Matter, evidence: Evidence) -> str | None:
    """Why the sender is not asked, though there is something to ask for."""
    if matter.has_left(matter.document.parties[0]):
        return "sender-left"
    look_up = matter.policy.valid_nir == "refer" and _has_nir(evidence)
    return "look-up" if look_up else None


def _has_nir(evidence: Evidence) -> bool:
    """Whether somebody may be looked up: a number of the main person, with a right key."""
    return any(
        pin.country == "FR" and pin.about is evidence.subject_about and is_whole(pin.number)
        for pin in evidence.pins
    )


def _may_be_asked_so(matter: Matter, sender: str) -> bool:
    """Whether an own case can reach the sender, as far as the directory knows."""
    directory, today = matter.tables.directory, matter.arrival.today
    counterparty = Role.COUNTERPARTY.value
    return not directory.cannot_receive(sender, composing.OWN_CASE_BUC, counterparty, today)


def _sayable(matter: Matter, way: Way | None, missing: tuple[str, ...]) -> tuple[str, ...]:
    """As many data as the question has room for: no more is said to have been asked."""
    if way in {None, Way.X012, Way.P8000}:
        return missing
    known = matter.tables.questions.to(matter.document.parties[0])
    texts = [known[datum] for datum in missing]
    reference = correspondence.reference_of(matter, matter.document, way)
    return missing[: composing.room(texts, reference)]
