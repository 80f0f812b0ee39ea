"""Decisions to outgoing messages: the bytes that leave in the name of our institution.

Source of the shapes: SBDH 1.1 and 1.2, CDM 4.4 X007, X012 and H001; a test holds every composed
message against the schemas in force. Nothing is composed from a person block that an X SED could
not carry: see `speakable`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import takewhile
from string import Template
from typing import Any, Final

from gateway.core.cdm_versions import since
from gateway.core.events import MessageReceived
from gateway.core.evidence import (
    ADDRESS_DATA,
    CLAIMANT_RESIDENCE,
    Evidence,
    Person,
)
from gateway.core.letter import (
    NAME_LENGTH,
    Envelope,
    Letterhead,
    case_context,
    employer_block,
    institution_block,
    outgoing,
    person_block,
    plain,
    printable,
    short,
)
from gateway.core.matter import PARIS
from gateway.core.message import CaseAction, Role
from gateway.core.outgoing import Outgoing, SendingKind, new_id
from routing_tables import QuestionText

_SHORT: Final = 65  # CDM 4.4 EESSIShortStringType
_LONG: Final = 255  # CDM 4.4 EESSILongStringType
_VERY_LONG: Final = 500  # CDM 4.4 EESSIVeryLongStringType
_SEX: Final = frozenset({"01", "02", "98"})  # CDM 4.4 EESSISexType
_NOT_COMPETENT: Final = "01"  # CDM 4.4 X007 reason: not competent
_NEEDED: Final = "01"  # CDM 4.4 X012 reason: needed for national investigation
_INFORMATION: Final = "02"  # CDM 4.4 X009 type: information
_OTHER_COMPETENT: Final = "02"  # CDM 4.4 X006 reason: another institution is competent
_MISTAKE: Final = "02"  # CDM 4.4 X008 reason: case or SED sent by mistake
_OTHER: Final = "99"  # CDM 4.4 X012 reason: other, with details
_RESIDENCE: Final = "01"  # CDM 4.4 EESSIAddressType: residence
_JSON: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))

OWN_CASE_BUC: Final = "H_BUC_01"


def speakable(evidence: Evidence) -> bool:
    """True when the SED holds what a CaseContext needs, within the lengths of CDM 4.4.

    Of several persons none stands for the others; the request that their claims are part of does.
    """
    person, employer, claims = evidence.subject, evidence.employer, evidence.claims
    if claims is not None:
        return len(claims.request) <= _SHORT and printable(claims.request)
    if evidence.several:
        return False
    if person is not None:
        return _nameable(person)
    return (
        employer is not None and 0 < len(employer.name) <= NAME_LENGTH and printable(employer.name)
    )


def _nameable(person: Person) -> bool:
    names = (person.family_name, person.forename)
    fits = all(0 < len(name) <= NAME_LENGTH and printable(name) for name in names)
    return fits and person.sex in _SEX


def _whose(evidence: Evidence, missing: Sequence[str]) -> tuple[Person | None, bool]:
    """Whom a request is about, and whether that one's address is asked for in the coded field.

    What is asked of the claimant alone names the claimant: about the deceased it would be
    answered with where *he* lived. Where the claimant has no name here, words must do.
    """
    claimant = evidence.claimant
    if evidence.claims is not None:
        return None, False
    if set(missing) == {CLAIMANT_RESIDENCE} and claimant is not None and _nameable(claimant):
        return claimant, True
    return evidence.subject, not ADDRESS_DATA.isdisjoint(missing)


def forward(
    head: Letterhead, evidence: Evidence, institution: str, institution_name: str
) -> tuple[Outgoing, ...]:
    """X007 to every other participant, the new one included (AD_BUC_05), one copy each."""
    set_id = new_id(head.cause, institution, "x007-document")
    new = (institution, Role.COUNTERPARTY.value if head.our_role != "CaseOwner" else "CaseOwner")
    receivers = (*(o for o in head.others if o[0] != institution), new)
    payload = (
        f"{case_context(evidence)}<ForwardInformation>"
        f"<AddedParticipant>{institution_block(institution, institution_name)}</AddedParticipant>"
        f"<RemovedParticipant>{institution_block(head.us, head.us_name)}</RemovedParticipant>"
        f"<reason><value>{_NOT_COMPETENT}</value></reason></ForwardInformation>"
    )
    envelope = Envelope("X007", set_id, receivers)
    return tuple(
        outgoing(head, envelope, payload, SendingKind.X007, institution, receiver)
        for receiver, _ in receivers
    )


def clarification(
    head: Letterhead,
    evidence: Evidence,
    asks: Sequence[QuestionText],
    about: MessageReceived,
    asked: str,
    own_words: str = "",
) -> Outgoing:
    """X012 on a SED: one `Clarification` a missing datum, reason 01 (CDM 4.4 X012).

    A person's own words go beside them as reason 99.
    """
    said = [(ask, _NEEDED, "") for ask in asks]
    said += [(asks[0], _OTHER, own_words)] if own_words else []
    items = "".join(
        f"<Clarification><section>{short(a.section)}</section><item>{short(a.item)}</item>"
        f"<reason><value>{reason}</value></reason>{_details(words)}</Clarification>"
        for a, reason, words in said
    )
    payload = (
        f"{case_context(evidence)}"
        f"<WeRequestClarificationFollowing>{items}</WeRequestClarificationFollowing>"
    )
    set_id = new_id(head.cause, asked, "x012-document")
    receivers = tuple(o for o in head.others if o[0] == asked)
    envelope = Envelope("X012", set_id, receivers, related_set_id=about.set_id)
    return outgoing(head, envelope, payload, SendingKind.X012, "", asked)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A SED that we reject."""

    message_id: str
    sed: str
    set_id: str
    sender: str
    issued: date


def reject(
    head: Letterhead, evidence: Evidence, rejected: Rejected, code: str, details: str
) -> Outgoing:
    """X011 on a SED, to whoever sent it (AD_BUC_09, CDM 4.4 X011)."""
    sender = rejected.sender
    payload = (
        f"{case_context(evidence)}<RejectSED><SEDType>{plain(rejected.sed)}</SEDType>"
        f"<dateIssued>{rejected.issued.isoformat()}</dateIssued>"
        f"<groundsForRejection><value>{code}</value></groundsForRejection>"
        f"{_details(details)}</RejectSED>"
    )
    set_id = new_id(head.cause, sender, "x011-document")
    receivers = tuple(o for o in head.others if o[0] == sender)
    envelope = Envelope("X011", set_id, receivers, related_set_id=rejected.set_id)
    return outgoing(head, envelope, payload, SendingKind.X011, rejected.message_id, sender)


def note(
    head: Letterhead, evidence: Evidence, text: str, institution: str, receiver: str
) -> Outgoing:
    """H001 in the case that asks nothing: a text to the sender (CDM 4.4 H001)."""
    said = (
        "<AdditionalInformationChangeInCircumstances><additionalInformationChangeInCircumstances>"
        f"{plain(text[:_VERY_LONG])}</additionalInformationChangeInCircumstances>"
        "</AdditionalInformationChangeInCircumstances>"
    )
    block = _about(evidence.subject, evidence, said)
    set_id = new_id(head.cause, receiver, "note-document")
    envelope = Envelope("H001", set_id, tuple(o for o in head.others if o[0] == receiver))
    return outgoing(head, envelope, block, SendingKind.NOTE, institution, receiver)


def _about(person: Person | None, evidence: Evidence, inside: str) -> str:
    """What an H001 says of the claims, of a person, or of the employer that the case is about."""
    claims = evidence.claims
    if claims is not None:
        block = (
            "<ReimbursementBulkSED><ReimbursementIdentification>"
            f"<reimbursementRequestID>{plain(claims.request)}</reimbursementRequestID>"
            f"</ReimbursementIdentification>{inside}</ReimbursementBulkSED>"
        )
    elif person is not None:
        block = (
            "<Person><PersonIdentification><PersonIdentification>"
            f"{person_block(person)}</PersonIdentification></PersonIdentification>{inside}</Person>"
        )
    else:
        block = f"<Employer>{employer_block(evidence.employer, 'Employer')}{inside}</Employer>"
    return f"<NotificationRequestForInformation>{block}</NotificationRequestForInformation>"


def request(
    head: Letterhead,
    evidence: Evidence,
    asks: Sequence[QuestionText],
    missing: Sequence[str],
    asked: str,
    reference: str = "",
) -> Outgoing:
    """H001 in the case, or as the start of an own H_BUC_01 when `head` says so.

    `reference` is the `case_reference` of an own case (H001 has no field for it). Questions for
    which there is no `room` are left out.
    """
    set_id = new_id(head.cause, asked, "h001-document")
    text = _request_text(asks[: room(asks, reference)], reference)
    wanted = (
        f"<RequestForInformation><dateRequest>{_day(head)}</dateRequest>"
        f"<PleaseProvide><information>{plain(text)}</information>"
        "</PleaseProvide></RequestForInformation>"
    )
    person, coded = _whose(evidence, missing)
    # before CDM 4.4, H001 is known to ask in words alone
    if person is not None and coded and since(head.cdm, 4, 4):
        wanted = (
            "<AddressPerson><AddressesPerson><RequestAddress><typeAddress>"
            f"<value>{_RESIDENCE}</value></typeAddress></RequestAddress></AddressesPerson>"
            f"</AddressPerson>{wanted}"
        )
    own = head.buc == OWN_CASE_BUC and head.our_role == Role.CASE_OWNER.value
    envelope = Envelope(
        "H001",
        set_id,
        tuple(o for o in head.others if o[0] == asked),
        action=CaseAction.START if own else CaseAction.NEW,
    )
    body = _about(person, evidence, wanted)
    return outgoing(head, envelope, body, SendingKind.H001, "", asked)


def pension_request(
    head: Letterhead,
    evidence: Evidence,
    asks: Sequence[QuestionText],
    template: str,
    asked: str,
) -> Outgoing:
    """P8000 in the case, from a template: `$person`, `$questions` and `$date` are filled in."""
    person = evidence.subject
    payload = Template(template).safe_substitute(
        person=person_block(person) if person is not None else "",
        questions=plain(_request_text(asks, "")),
        date=_day(head),
    )
    set_id = new_id(head.cause, asked, "p8000-document")
    envelope = Envelope("P8000", set_id, tuple(o for o in head.others if o[0] == asked))
    return outgoing(head, envelope, payload, SendingKind.P8000, "", asked)


def exception(head: Letterhead, about: MessageReceived, code: str) -> Outgoing:
    """X050 to whoever sent a SED that cannot be taken in (AD_BUC_11, CDM 4.4 X050)."""
    sender = about.parties[0]
    payload = (
        "<TheFollowingBusinessExceptionHasOccurred><businessException>"
        f"<value>{code}</value></businessException></TheFollowingBusinessExceptionHasOccurred>"
        f"<WhileReceivingFollowingSED><SEDCode>{plain(about.sed)}</SEDCode>"
        f"<SEDVersion>{about.version}</SEDVersion></WhileReceivingFollowingSED>"
    )
    set_id = new_id(head.cause, sender, "x050-document")
    receivers = tuple(o for o in head.others if o[0] == sender)
    envelope = Envelope("X050", set_id, receivers, related_set_id=about.set_id)
    return outgoing(head, envelope, payload, SendingKind.X050, about.message_id, sender)


def as_asked(evidence: Evidence, missing: Sequence[str]) -> Evidence:
    """The same about whom the H001 about these data names: an own case is about nobody else."""
    return replace(evidence, subject=_whose(evidence, missing)[0])


def remind(
    head: Letterhead,
    evidence: Evidence,
    asks: Sequence[QuestionText],
    question_set_id: str,
    asked: str,
) -> Outgoing:
    """X009 on a question (AD_BUC_07): one line a datum that is still missing (CDM 4.4 X009)."""
    lines = "".join(
        f"<ReminderSendUs><type><value>{_INFORMATION}</value></type>"
        f"<details>{short(ask.item)}</details></ReminderSendUs>"
        for ask in asks
    )
    payload = f"{case_context(evidence)}<Reminders>{lines}</Reminders>"
    set_id = new_id(head.cause, asked, "x009-document")
    receivers = tuple(o for o in head.others if o[0] == asked)
    envelope = Envelope("X009", set_id, receivers, related_set_id=question_set_id)
    return outgoing(head, envelope, payload, SendingKind.REMINDER, "", asked)


def as_reminder(written: Outgoing, name: str, after: str) -> Outgoing:
    """A reminder: X009, or the question once more; it never leaves before the question has."""
    return replace(written, kind=SendingKind.REMINDER, object=name, after=after)


def step_back(head: Letterhead, evidence: Evidence, institution: str) -> tuple[Outgoing, ...]:
    """X006 on ourselves to every other participant, one copy each (AD_BUC_04, CDM 4.4 X006)."""
    set_id = new_id(head.cause, institution, "x006-document")
    payload = (
        f"{case_context(evidence)}<RemovedParticipant>"
        f"<Institution>{institution_block(head.us, head.us_name)}</Institution>"
        f"<reason><value>{_OTHER_COMPETENT}</value></reason></RemovedParticipant>"
    )
    envelope = Envelope("X006", set_id, head.others)
    return tuple(
        outgoing(head, envelope, payload, SendingKind.X006, institution, receiver)
        for receiver, _ in head.others
    )


def withdraw_forwarding(
    head: Letterhead, evidence: Evidence, x007_set_id: str, issued: date
) -> tuple[Outgoing, ...]:
    """X008 on our X007 to every other participant, one copy each (AD_BUC_06, CDM 4.4 X008)."""
    payload = (
        f"{case_context(evidence)}<TheFollowingSEDConsideredInvalidWithdrawn>"
        f"<SEDType>X007</SEDType><dateIssued>{issued.isoformat()}</dateIssued>"
        f"<reason><value>{_MISTAKE}</value></reason>"
        "</TheFollowingSEDConsideredInvalidWithdrawn>"
    )
    set_id = new_id(head.cause, x007_set_id, "x008-document")
    envelope = Envelope("X008", set_id, head.others, related_set_id=x007_set_id)
    return tuple(
        outgoing(head, envelope, payload, SendingKind.X008, x007_set_id, receiver)
        for receiver, _ in head.others
    )


def call_back(
    cause: str, named: str, institution: str, digest: str, sidecar: Mapping[str, Any]
) -> Outgoing:
    """A notice to the institution that got a case by mistake: the sidecar alone."""
    message_id = new_id(cause, institution, SendingKind.RECALL.value)
    described = {"hand_over_id": message_id, **sidecar}
    return Outgoing(
        message_id=message_id,
        kind=SendingKind.RECALL,
        object=named,
        receiver=institution,
        destination=institution,
        body=None,
        digest=digest,
        media="none",
        sidecar=_JSON.encode(described).encode(),
    )


def hand_over(
    received: MessageReceived,
    institution: str,
    sidecar: Mapping[str, Any],
    *,
    after: str | None,
    notice: bool = False,
) -> Outgoing:
    """The national delivery: the bytes as received, with our sidecar beside them (ADR 0007)."""
    message_id = new_id(received.message_id, institution, SendingKind.HAND_OVER.value)
    described = {"hand_over_id": message_id, **sidecar}
    return Outgoing(
        message_id=message_id,
        kind=SendingKind.HAND_OVER,
        object=received.message_id,
        receiver=institution,
        destination=institution,
        body=None,
        digest=received.body,
        media="none" if notice else received.media,
        sidecar=_JSON.encode(described).encode(),
        after=after,
    )


def case_reference(case_id: str, buc: str) -> str:
    """How an own case names the case asked about; empty for a question inside the case."""
    return f"{case_id} {buc}:" if case_id else ""


def room(asks: Sequence[QuestionText], reference: str) -> int:
    """How many of the questions an H001 has room for, after the reference; none is cut short."""
    fits = (len(_request_text(asks[:n], reference)) <= _LONG for n in range(1, len(asks) + 1))
    return sum(1 for _ in takewhile(bool, fits))


def _day(head: Letterhead) -> str:
    """The day that a message says it was written on: ours, in Paris."""
    return head.at.astimezone(PARIS).date().isoformat()


def _request_text(asks: Sequence[QuestionText], reference: str) -> str:
    return " ".join((reference, *(ask.text for ask in asks))).strip()


def in_words(asks: Sequence[QuestionText], own_words: str) -> Sequence[QuestionText]:
    """What an H001 says: a person's own words, else those of the tables."""
    return (QuestionText("", "", own_words),) if own_words else asks


def fits(text: str) -> bool:
    """Whether somebody's own words can be sent in a field of an X SED."""
    return len(text) <= _LONG and printable(text)


def _details(text: str) -> str:
    """What is said beside a code 99; nothing for nothing."""
    name = "pleaseProvideMoreDetailsIf99OtherSelected"
    return f"<{name}>{plain(text)}</{name}>" if text else ""
