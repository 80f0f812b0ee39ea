"""Who is competent in a case, on what is known of it: for a message, and when a reminder is due."""

from datetime import date

from gateway.core.events import MessageReceived
from gateway.core.evidence import Evidence
from gateway.core.matter import Situation
from gateway.core.resolution import Resolution, Undetermined, resolve
from gateway.core.subject import Subject


def competent(
    situation: Situation, document: MessageReceived, evidence: Evidence, today: date
) -> Resolution:
    """The institution that is competent in the case of the document, or what is missing."""
    subject = Subject(
        buc=document.buc,
        sed=document.sed,
        role=document.our_role,
        evidence=evidence,
        received_on=date.fromisoformat(document.received_on),
        decided_on=today,
        own=situation.policy.own_institutions,
        test_ids=situation.policy.test_ids,
        assumes=situation.policy.assumes(document.buc),
        accepted=situation.policy.accepted_rules,
        least=situation.policy.least_certainty,
    )
    return resolve(subject, situation.tables)


def missing(resolution: Resolution) -> frozenset[str]:
    """What would tell, where it is not told."""
    return frozenset(resolution.missing) if isinstance(resolution, Undetermined) else frozenset()
