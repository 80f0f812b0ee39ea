"""Decisions to outgoing messages: the bytes that leave in the name of our institution.

Source of the shapes: SBDH 1.1 and 1.2, CDM 4.4 X007, X012 and H001; a test holds every composed
message against the schemas in force. Nothing is composed from a person block that an X SED could
not carry: see `speakable`.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import takewhile
from typing import Any, Final
from xml.sax.saxutils import escape

from gateway.core.cdm_versions import header_version, since
from gateway.core.events import MessageReceived
from gateway.core.evidence import Evidence, Organisation, Person
from gateway.core.message import CaseAction, Role
from gateway.core.outgoing import RINA, Outgoing, SendingKind, new_id

_NS_BASE: Final = "http://ec.europa.eu/eessi/ns"
_AUTHORITY: Final = "urn:eu:europa:ec:dgempl:eessi:ir"
_NAME_LENGTH: Final = 155  # CDM 4.4 EESSIPersonNameType
_SHORT: Final = 65  # CDM 4.4 EESSIShortStringType
_LONG: Final = 255  # CDM 4.4 EESSILongStringType
_SEX: Final = frozenset({"01", "02", "98"})  # CDM 4.4 EESSISexType
_NOT_COMPETENT: Final = "01"  # CDM 4.4 X007 reason: not competent
_NEEDED: Final = "01"  # CDM 4.4 X012 reason: needed for national investigation
_INFORMATION: Final = "02"  # CDM 4.4 X009 type: information
_OTHER_COMPETENT: Final = "02"  # CDM 4.4 X006 reason: another institution is competent
_RESIDENCE: Final = "01"  # CDM 4.4 EESSIAddressType: residence
_JSON: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_UNPRINTABLE: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

OWN_CASE_BUC: Final = "H_BUC_01"
ADDRESS_DATA: Final = frozenset({"residence", "town"})
"""What is missing and comes back in an address field of H002."""


@dataclass(frozen=True, slots=True)
class QuestionText:
    """How a datum is asked for, in terms of the SED's own sections (part of a release)."""

    section: str
    item: str
    text: str


@dataclass(frozen=True, slots=True)
class Letterhead:
    """In whose name, in which case, to whom, and when."""

    cause: str
    """Message id of what made us write: ids are derived from it."""
    us: str
    us_name: str
    our_role: str
    case_id: str
    buc: str
    cdm: str
    others: tuple[tuple[str, str], ...]
    """(institution id, role) of every participant but ourselves."""
    at: datetime
    protected: bool = False
    test: bool = False


@dataclass(frozen=True, slots=True)
class _Envelope:
    """What varies between the messages of one letterhead."""

    sed: str
    set_id: str
    receivers: tuple[tuple[str, str], ...]
    related_set_id: str | None = None
    action: CaseAction = CaseAction.NEW
    extra: Mapping[str, str] = field(default_factory=dict)


def speakable(evidence: Evidence) -> bool:
    """True when the SED holds what a CaseContext needs, within the lengths of CDM 4.4."""
    person, employer = evidence.subject, evidence.employer
    if person is not None:
        names = (person.family_name, person.forename)
        fits = all(0 < len(name) <= _NAME_LENGTH and _clean(name) for name in names)
        return fits and person.sex in _SEX
    return employer is not None and 0 < len(employer.name) <= _NAME_LENGTH and _clean(employer.name)


def forward(
    head: Letterhead, evidence: Evidence, institution: str, institution_name: str
) -> tuple[Outgoing, ...]:
    """X007 to every other participant, the new one included (AD_BUC_05), one copy each."""
    set_id = new_id(head.cause, institution, "x007-document")
    new = (institution, Role.COUNTERPARTY.value if head.our_role != "CaseOwner" else "CaseOwner")
    receivers = (*(o for o in head.others if o[0] != institution), new)
    payload = (
        f"{_case_context(evidence)}<ForwardInformation>"
        f"<AddedParticipant>{_institution(institution, institution_name)}</AddedParticipant>"
        f"<RemovedParticipant>{_institution(head.us, head.us_name)}</RemovedParticipant>"
        f"<reason><value>{_NOT_COMPETENT}</value></reason></ForwardInformation>"
    )
    envelope = _Envelope("X007", set_id, receivers)
    return tuple(
        _outgoing(head, envelope, payload, SendingKind.X007, institution, receiver)
        for receiver, _ in receivers
    )


def clarification(
    head: Letterhead,
    evidence: Evidence,
    asks: Sequence[QuestionText],
    about: MessageReceived,
    asked: str,
) -> Outgoing:
    """X012 on a SED: one `Clarification` a missing datum, reason 01 (CDM 4.4 X012)."""
    items = "".join(
        f"<Clarification><section>{_short(a.section)}</section><item>{_short(a.item)}</item>"
        f"<reason><value>{_NEEDED}</value></reason></Clarification>"
        for a in asks
    )
    payload = (
        f"{_case_context(evidence)}"
        f"<WeRequestClarificationFollowing>{items}</WeRequestClarificationFollowing>"
    )
    set_id = new_id(head.cause, asked, "x012-document")
    receivers = tuple(o for o in head.others if o[0] == asked)
    envelope = _Envelope("X012", set_id, receivers, related_set_id=about.set_id)
    return _outgoing(head, envelope, payload, SendingKind.X012, "", asked)


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
        f"<RequestForInformation><dateRequest>{head.at.date().isoformat()}</dateRequest>"
        f"<PleaseProvide><information>{_text(text)}</information>"
        "</PleaseProvide></RequestForInformation>"
    )
    if evidence.subject is not None:
        address = ""
        coded = since(head.cdm, 4, 4)  # before that, H001 is known to ask in words alone
        if coded and not ADDRESS_DATA.isdisjoint(missing):
            address = (
                "<AddressPerson><AddressesPerson><RequestAddress><typeAddress>"
                f"<value>{_RESIDENCE}</value></typeAddress></RequestAddress></AddressesPerson>"
                "</AddressPerson>"
            )
        payload = (
            "<Person><PersonIdentification><PersonIdentification>"
            f"{_person(evidence.subject)}</PersonIdentification></PersonIdentification>"
            f"{address}{wanted}</Person>"
        )
    else:
        payload = f"<Employer>{_employer(evidence.employer, 'Employer')}{wanted}</Employer>"
    own = head.buc == OWN_CASE_BUC and head.our_role == Role.CASE_OWNER.value
    envelope = _Envelope(
        "H001",
        set_id,
        tuple(o for o in head.others if o[0] == asked),
        action=CaseAction.START if own else CaseAction.NEW,
    )
    body = f"<NotificationRequestForInformation>{payload}</NotificationRequestForInformation>"
    return _outgoing(head, envelope, body, SendingKind.H001, "", asked)


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
        f"<details>{_short(ask.item)}</details></ReminderSendUs>"
        for ask in asks
    )
    payload = f"{_case_context(evidence)}<Reminders>{lines}</Reminders>"
    set_id = new_id(head.cause, asked, "x009-document")
    receivers = tuple(o for o in head.others if o[0] == asked)
    envelope = _Envelope("X009", set_id, receivers, related_set_id=question_set_id)
    return _outgoing(head, envelope, payload, SendingKind.REMINDER, "", asked)


def as_reminder(written: Outgoing, name: str, after: str) -> Outgoing:
    """A reminder: X009, or the question once more; it never leaves before the question has."""
    return replace(written, kind=SendingKind.REMINDER, object=name, after=after)


def step_back(head: Letterhead, evidence: Evidence, institution: str) -> tuple[Outgoing, ...]:
    """X006 on ourselves to every other participant, one copy each (AD_BUC_04, CDM 4.4 X006)."""
    set_id = new_id(head.cause, institution, "x006-document")
    payload = (
        f"{_case_context(evidence)}<RemovedParticipant>"
        f"<Institution>{_institution(head.us, head.us_name)}</Institution>"
        f"<reason><value>{_OTHER_COMPETENT}</value></reason></RemovedParticipant>"
    )
    envelope = _Envelope("X006", set_id, head.others)
    return tuple(
        _outgoing(head, envelope, payload, SendingKind.X006, institution, receiver)
        for receiver, _ in head.others
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


def _request_text(asks: Sequence[QuestionText], reference: str) -> str:
    return " ".join((reference, *(ask.text for ask in asks))).strip()


# -- pieces ---------------------------------------------------------------------------------


def _outgoing(
    head: Letterhead,
    envelope: _Envelope,
    payload: str,
    kind: SendingKind,
    obj: str,
    receiver: str,
) -> Outgoing:
    message_id = new_id(head.cause, receiver, kind.value)
    body = _document(head, envelope, payload, message_id)
    return Outgoing(
        message_id=message_id,
        kind=kind,
        object=obj or message_id,
        receiver=receiver,
        destination=RINA,
        body=body,
        digest=hashlib.sha256(body).hexdigest(),
    )


def _document(head: Letterhead, envelope: _Envelope, payload: str, message_id: str) -> bytes:
    major, _, minor = head.cdm.partition(".")
    namespace = f"{_NS_BASE}/{major}_{minor}/{envelope.sed}"
    receivers = "".join(_party("Receiver", ident, role) for ident, role in envelope.receivers)
    related = envelope.related_set_id
    flags = "".join(
        f"<sbdh:{name}>true</sbdh:{name}>"
        for name, said in (("PersonalProtectedCase", head.protected), ("TestCase", head.test))
        if said
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        "<sbdh:StandardBusinessDocument"
        ' xmlns:sbdh="http://eessi.dgempl.ec.europa.eu/namespaces/sbdh">'
        "<sbdh:StandardBusinessDocumentHeader>"
        f"<sbdh:HeaderVersion>{header_version(head.cdm)}</sbdh:HeaderVersion>"
        f"{_party('Sender', head.us, head.our_role)}{receivers}"
        f"<sbdh:DocumentIdentification><sbdh:TypeVersion>{head.cdm}</sbdh:TypeVersion>"
        f"<sbdh:InstanceIdentifier>{message_id}</sbdh:InstanceIdentifier>"
        f"<sbdh:Type>{envelope.sed}</sbdh:Type>"
        f"<sbdh:CaseAction>{envelope.action.value}</sbdh:CaseAction>"
        f"<sbdh:CreationDateAndTime>{_instant(head.at)}</sbdh:CreationDateAndTime>"
        "</sbdh:DocumentIdentification><sbdh:BusinessScope><sbdh:CaseId>"
        f"<sbdh:InstanceIdentifier>{head.case_id}</sbdh:InstanceIdentifier>"
        f"<sbdh:BusinessServiceName>{head.buc}:{head.cdm}</sbdh:BusinessServiceName></sbdh:CaseId>"
        f"<sbdh:SetId>{envelope.set_id}</sbdh:SetId>"
        "<sbdh:DocumentVersion>1</sbdh:DocumentVersion>"
        + (f"<sbdh:RelatedSetId>{related}</sbdh:RelatedSetId>" if related else "")
        + f"{flags}</sbdh:BusinessScope></sbdh:StandardBusinessDocumentHeader>"
        f'<sed:{envelope.sed} xmlns:sed="{namespace}" sedGVer="{major}" sedVer="{minor}">'
        f"{payload}</sed:{envelope.sed}></sbdh:StandardBusinessDocument>\n"
    ).encode()


def _party(element: str, ident: str, role: str) -> str:
    return (
        f'<sbdh:{element}><sbdh:Identifier Authority="{_AUTHORITY}">{_text(ident)}'
        f"</sbdh:Identifier><sbdh:ContactTypeIdentifier>{role}</sbdh:ContactTypeIdentifier>"
        f"</sbdh:{element}>"
    )


def _case_context(evidence: Evidence) -> str:
    if evidence.subject is not None:
        inner = f"<PersonContext>{_person(evidence.subject)}</PersonContext>"
    else:
        inner = _employer(evidence.employer, "EmployerContext")
    return f"<CaseContext>{inner}</CaseContext>"


def _person(person: Person) -> str:
    return (
        f"<familyName>{_text(person.family_name)}</familyName>"
        f"<forename>{_text(person.forename)}</forename>"
        f"<dateBirth>{person.date_birth.isoformat()}</dateBirth>"
        f"<sex><value>{person.sex}</value></sex>"
    )


def _employer(employer: Organisation | None, element: str) -> str:
    name = employer.name if employer is not None else ""
    return f"<{element}><name>{_text(name)}</name></{element}>"


def _institution(ident: str, name: str) -> str:
    return (
        f"<institutionID>{_text(ident)}</institutionID>"
        f"<institutionName>{_text(name[:_NAME_LENGTH])}</institutionName>"
    )


def _instant(at: datetime) -> str:
    return f"{at.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def _short(text: str) -> str:
    return _text(text[:_SHORT])


def _text(text: str) -> str:
    return escape(_UNPRINTABLE.sub("", text))


def _clean(text: str) -> bool:
    return bool(text.strip()) and _UNPRINTABLE.search(text) is None
