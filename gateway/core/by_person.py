"""What a person decides about a case on the worklist, held to the same promises.

A person may know better than the tables which institution is competent; he may not send a case
back to who gave it up, to ourselves, to an institution that does not exist on the day, or twice.
The bytes handed over are the sender's, and everything that waits goes along.
"""

from collections.abc import Collection
from typing import Final

from gateway.core import composing
from gateway.core.case_evidence import known_evidence
from gateway.core.consequences import Consequences
from gateway.core.deciding import Deciding
from gateway.core.decision import Transfer
from gateway.core.judgement import Judgement
from gateway.core.judging import concluded
from gateway.core.matter import Matter
from gateway.core.trace import step
from ir_directory import Certainty

OBJECTIONS: Final = (
    "not-in-case",
    "not-started",
    "protected",
    "forwarded-already",
    "institution-unusable",
    "own",
    "returned",
    "already-participant",
    "cannot-forward",
    "no-context",
)
"""Why a case is not transferred to the institution that a person names."""


def objection(matter: Matter, institution: str) -> str | None:
    """The first reason against the transfer, as a code of `OBJECTIONS`; None when there is none."""
    case, message = matter.case, matter.message
    known = case.contents.get((message.set_id, message.version))
    if known is None or known.message_id != message.message_id:
        return "not-in-case"
    if matter.starter is None:
        return "not-started"
    checks = (
        ("protected", message.protected),
        ("forwarded-already", case.holder is not None),
        ("institution-unusable", not _usable(matter, institution)),
        ("own", matter.is_ours(institution) or matter.case_is_ours),
        ("returned", any(matter.same_body(institution, b) for b in case.returned_by)),
        (
            "already-participant",
            any(matter.same_body(institution, party) for party in case.participants),
        ),
        ("cannot-forward", not _may_forward(matter)),
        ("no-context", not composing.speakable(known_evidence(case))),
    )
    return next((code for code, hinders in checks if hinders), None)


def transfer(matter: Matter, institution: str, along: Collection[str]) -> Judgement:
    """The transfer that a person orders; `along` are the case's other messages on the worklist.

    There must be no `objection`.
    """
    deciding = Deciding(matter, trace=[step("chosen-by-person", institution=institution)])
    deciding.evidence = known_evidence(matter.case)
    deciding.certainty = Certainty.CONFIRMED
    consequences = Consequences(deciding)
    decision = Transfer(institution, Certainty.CONFIRMED)
    consequences.transfer(decision, along)
    return concluded(matter, decision, consequences, None)


def _may_forward(matter: Matter) -> bool:
    """Whether X007 is ours to send in the case; not in a BUC or CDM that nobody here knows."""
    document, catalogue = matter.document, matter.tables.catalogue
    known = document.buc in catalogue.bucs and document.cdm in catalogue.cdm_versions
    return known and matter.rules_of_buc.we_may_send("X007")


def _usable(matter: Matter, institution: str) -> bool:
    """A French institution of this environment, in force on the day of the decision."""
    directory, today = matter.tables.directory, matter.arrival.today
    known = directory.institution(institution)
    current = directory.successor_on(institution, today)
    if known is None or current is None or current.id != institution:
        return False
    tests = matter.policy.environment in {"test", "acceptance"}
    return known.test == tests
