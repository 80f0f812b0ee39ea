"""Judging one message: bytes, case and tables in, a judgement out.

`examine` is the half that needs only the bytes and may run anywhere; `judge` is the half that
needs the case. The questions stand in `deciding`, what follows from the answer in `consequences`.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from gateway.core import by_hand
from gateway.core.administrative import administrative
from gateway.core.case import Case, authored, fold
from gateway.core.consequences import STATES, Consequences
from gateway.core.deadlines import next_due
from gateway.core.deciding import Deciding, same_content, set_aside_cause
from gateway.core.decision import Ask, Decision, Hold, Note, Refer, SetAside, name
from gateway.core.events import Event, MessageReceived
from gateway.core.extracting import extract
from gateway.core.judgement import Judgement
from gateway.core.leaving import Mode
from gateway.core.matter import Arrival, Examined, Matter, Policy, Situation
from gateway.core.message import BusinessMessage, Malformed
from gateway.core.reading import Limits, read
from gateway.core.states import MessageState
from gateway.core.tables import Tables
from gateway.core.trace import step
from gateway.core.unusual import unusual
from gateway.core.validation import Schemas, Verdict, of_document

__all__ = ["Arrival", "Examined", "Policy", "examine", "judge", "set_aside"]


def examine(
    body: bytes,
    limits: Limits,
    schemas: Schemas | None,
    passed: Callable[[str], None] = lambda _stage: None,
) -> Examined | Malformed:
    """Read, extract the evidence and validate; None: do not validate. Pure; safe in any thread.

    `passed` is told when a stage is through: `read` (the facts are known), `validate`.
    """
    document = read(body, limits)
    if isinstance(document, Malformed):
        passed("read")
        return document
    evidence, says, odd = extract(document.sed), administrative(document.sed), unusual(document)
    passed("read")
    verdict = Verdict(None)
    if schemas is not None:
        verdict = of_document(document, schemas)
        passed("validate")
    return Examined(
        document.message,
        evidence,
        verdict,
        "xml" if document.xml is body else "mime",
        says,
        schemas.name if schemas is not None else "",
        odd,
    )


def judge(
    examined: Examined | Malformed,
    case: Case | None,
    tables: Tables,
    policy: Policy,
    arrival: Arrival,
) -> Judgement:
    """The whole decision. `case` is None for malformed bytes only."""
    if isinstance(examined, Malformed):
        digest = examined.digest
        unread = set_aside(digest, digest, None, examined.code, tables, arrival)
        return replace(unread, protects=examined.protects)
    message = examined.message
    if case is None:
        digest = message.digest
        return set_aside(digest, digest, message, "internal-error", tables, arrival)
    case = authored(case, message.set_id, message.sender.id)
    matter = Matter(case, tables, policy, examined, arrival)
    aside = set_aside_cause(matter)
    if aside is not None:
        return set_aside(message.message_id, message.digest, message, aside, tables, arrival)
    return _judged(matter)


def decide(
    examined: Examined, case: Case, tables: Tables, policy: Policy, arrival: Arrival
) -> tuple[Decision | None, tuple[str, ...]]:
    """The decision of `judge` and the rows it was made on, without what follows from it."""
    message = examined.message
    matter = Matter(
        authored(case, message.set_id, message.sender.id), tables, policy, examined, arrival
    )
    aside = set_aside_cause(matter)
    if aside is not None:
        return SetAside(aside), ()
    if same_content(matter) is not None:
        return None, ()
    deciding = Deciding(matter)
    return deciding.decide(), deciding.rules


def set_aside(
    message_id: str,
    digest: str,
    message: BusinessMessage | None,
    cause: str,
    tables: Tables,
    arrival: Arrival,
) -> Judgement:
    """Quarantine: outside any case, so that nothing there depends on it but its being protected."""
    return Judgement(
        message_id=message_id,
        digest=digest,
        message=message,
        decision=SetAside(cause),
        state=MessageState.QUARANTINED,
        case_id=None,
        revision=0,
        release=tables.release,
        reference_date=arrival.reference_date,
        protects=message.case_id if message is not None and message.protected else "",
    )


def _judged(matter: Matter) -> Judgement:
    deciding = Deciding(matter)
    consequences = Consequences(deciding)
    same = same_content(matter)
    if same is not None:
        deciding.trace.append(step("content-known", message=same))
        return concluded(matter, None, consequences, same)
    if matter.arrival.by_hand:
        decision, events = by_hand.heed(matter)
        if isinstance(decision, Note):
            consequences.note(events)
    else:
        decision = deciding.decide()
    consequences.follow(decision)
    return concluded(matter, decision, consequences, None)


def concluded(
    matter: Matter, decision: Decision | None, consequences: Consequences, same_as: str | None
) -> Judgement:
    """The judgement of a decision and its consequences."""
    message, deciding = matter.message, consequences.deciding
    due, times = _due(matter, decision, consequences)
    open_ends = decision if isinstance(decision, Ask | Refer) else None
    mode = _mode(matter, decision)
    if mode is Mode.CONFIRM and consequences.outgoing and matter.policy.waits_for(matter.tables):
        deciding.trace.append(step("tables-example", release=matter.tables.release))
    return Judgement(
        message_id=message.message_id,
        digest=message.digest,
        message=message,
        decision=decision,
        state=STATES[name(decision)] if decision is not None else MessageState.ABSORBED,
        case_id=matter.case.case_id,
        revision=matter.case.revision,
        release=matter.tables.release,
        reference_date=matter.arrival.reference_date,
        candidates=open_ends.candidates if open_ends is not None else (),
        missing=open_ends.missing if open_ends is not None else (),
        certainty=deciding.certainty,
        trace=tuple(deciding.trace),
        rules=deciding.rules,
        events=tuple(consequences.events),
        protects=_protects(matter, consequences.events),
        outgoing=tuple(consequences.outgoing),
        mode=mode,
        same_as=same_as,
        moves=tuple(consequences.moves),
        own_case=consequences.own_case,
        due=due,
        times=times,
        violations=matter.examined.verdict.rules,
        schemas=matter.examined.schemas,
    )


def _protects(matter: Matter, events: Sequence[Event]) -> str:
    """The case, where the message alone says that it is protected and becomes no part of it."""
    if not matter.message.protected or matter.case.protected:
        return ""
    part = any(isinstance(event, MessageReceived) and event.protected for event in events)
    return "" if part else matter.case.case_id


def _mode(matter: Matter, decision: Decision | None) -> Mode:
    """How what follows from the decision leaves."""
    document, leaving = matter.document, matter.leaving
    return leaving.of(name(decision) if decision else "", document.buc, document.parties[0])


def _due(
    matter: Matter, decision: Decision | None, consequences: Consequences
) -> tuple[datetime | None, bool]:
    """When the case is due next, and whether that may have changed."""
    case = matter.case
    begins = isinstance(decision, Ask | Hold | Note)
    if not begins and not case.open_questions and case.waiting_since is None:
        return None, False
    after = fold(case, consequences.events)
    return next_due(Situation(after, matter.tables, matter.policy)), True
