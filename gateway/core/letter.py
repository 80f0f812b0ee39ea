"""A letter of ours: the envelope, and the blocks that every message is made of.

Source of the shapes: SBDH 1.1 and 1.2, CDM 4.4 common types. What stands in which message is in
`composing`.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from xml.sax.saxutils import escape

from gateway.core.cdm_versions import header_version
from gateway.core.evidence import Evidence, Organisation, Person
from gateway.core.message import CaseAction
from gateway.core.outgoing import RINA, Outgoing, SendingKind, new_id

_NS_BASE: Final = "http://ec.europa.eu/eessi/ns"
_AUTHORITY: Final = "urn:eu:europa:ec:dgempl:eessi:ir"
NAME_LENGTH: Final = 155  # CDM 4.4 EESSIPersonNameType
_SHORT: Final = 65  # CDM 4.4 EESSIShortStringType
_UNPRINTABLE: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


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
class Envelope:
    """What varies between the messages of one letterhead."""

    sed: str
    set_id: str
    receivers: tuple[tuple[str, str], ...]
    related_set_id: str | None = None
    action: CaseAction = CaseAction.NEW
    extra: Mapping[str, str] = field(default_factory=dict)


def outgoing(
    head: Letterhead,
    envelope: Envelope,
    payload: str,
    kind: SendingKind,
    obj: str,
    receiver: str,
) -> Outgoing:
    """One copy of a message, to one receiver."""
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


def _document(head: Letterhead, envelope: Envelope, payload: str, message_id: str) -> bytes:
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
        f'<sbdh:{element}><sbdh:Identifier Authority="{_AUTHORITY}">{plain(ident)}'
        f"</sbdh:Identifier><sbdh:ContactTypeIdentifier>{role}</sbdh:ContactTypeIdentifier>"
        f"</sbdh:{element}>"
    )


def case_context(evidence: Evidence) -> str:
    """The claims, the person, else the employer, that a case is about (CDM 4.4 CaseContext)."""
    if evidence.claims is not None:
        inner = (
            "<ReimbursementContext>"
            f"<reimbursementRequestID>{plain(evidence.claims.request)}</reimbursementRequestID>"
            f"<totalNumberIndividualClaims>{evidence.claims.number}</totalNumberIndividualClaims>"
            "</ReimbursementContext>"
        )
    elif evidence.subject is not None:
        inner = f"<PersonContext>{person_block(evidence.subject)}</PersonContext>"
    else:
        inner = employer_block(evidence.employer, "EmployerContext")
    return f"<CaseContext>{inner}</CaseContext>"


def person_block(person: Person) -> str:
    """The fields of `EESSIPersonType` that name somebody."""
    return (
        f"<familyName>{plain(person.family_name)}</familyName>"
        f"<forename>{plain(person.forename)}</forename>"
        f"<dateBirth>{person.date_birth.isoformat()}</dateBirth>"
        f"<sex><value>{person.sex}</value></sex>"
    )


def employer_block(employer: Organisation | None, element: str) -> str:
    """An organisation by its name."""
    name = employer.name if employer is not None else ""
    return f"<{element}><name>{plain(name)}</name></{element}>"


def institution_block(ident: str, name: str) -> str:
    """An institution by id and name."""
    return (
        f"<institutionID>{plain(ident)}</institutionID>"
        f"<institutionName>{plain(name[:NAME_LENGTH])}</institutionName>"
    )


def _instant(at: datetime) -> str:
    return f"{at.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def short(text: str) -> str:
    """A text for a field of `EESSIShortStringType`."""
    return plain(text[:_SHORT])


def plain(text: str) -> str:
    """A text as it may stand in XML."""
    return escape(_UNPRINTABLE.sub("", text))


def printable(text: str) -> bool:
    """Whether a text says something, and nothing that XML cannot carry."""
    return bool(text.strip()) and _UNPRINTABLE.search(text) is None
