"""What a business message is to us: who sent it, in which case, about which document.

Source of all names: SBDH 1.1 and 1.2 (`StandardBusinessDocumentHeader`).
"""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

INSTITUTION_ID: Final = re.compile(r"[A-Z]{2}:[A-Za-z0-9]{1,30}")
"""Of a party. The schemas of the Commission say four to ten characters: see `unusual`."""
_BARE: Final = re.compile(r"[0-9a-fA-F]{32}")
_DASHED: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def spelled(ident: str) -> str:
    """An id as messages spell it: RINA stores the same without dashes; any other text as it is."""
    text = ident.strip()
    if _BARE.fullmatch(text):
        text = "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
    return text.lower() if _DASHED.fullmatch(text) else text


class Role(StrEnum):
    """What a party is in a case (SBDH `ContactTypeIdentifier`)."""

    CASE_OWNER = "CaseOwner"
    COUNTERPARTY = "Counterparty"
    DATA_SOURCE = "DataSource"
    DATA_DESTINATION = "DataDestination"
    INTELLIGENT_RA = "IntelligentRA"


class CaseAction(StrEnum):
    """What a message does to its case (SBDH `CaseAction`)."""

    START = "Start"
    NEW = "New"
    UPDATE = "Update"
    START_FORWARD = "StartForward"
    NEW_FORWARD = "NewForward"


@dataclass(frozen=True, slots=True)
class Party:
    """A participant: an Institution Repository id such as `DE:101320043`, and its role."""

    id: str
    role: Role

    @property
    def country(self) -> str:
        """The two letters before the colon (`EL` is Greece, `UK` the United Kingdom)."""
        return self.id.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Attachment:
    """One line of the manifest (SBDH `ManifestItem`); the bytes are never looked at."""

    id: str
    mime_type: str


@dataclass(frozen=True, slots=True)
class BusinessMessage:
    """One envelope with its SED, as far as routing needs it.

    `message_id` names this copy for this receiver; the content is named by
    (`case_id`, `set_id`, `version`, `payload_digest`): see ADR 0002.
    """

    message_id: str
    """SBDH DocumentIdentification/InstanceIdentifier, a UUID in lower case."""
    header_version: str
    """`1.1` or `1.2`."""
    sender: Party
    receivers: tuple[Party, ...]
    """The participants of the case, not the addressee of this copy."""
    cdm: str
    """TypeVersion, such as `4.4`."""
    sed: str
    """Type, such as `P2000`."""
    action: CaseAction
    created_at: datetime
    case_id: str
    """The international case id (CaseId/InstanceIdentifier)."""
    buc: str
    """BusinessServiceName without its version, such as `P_BUC_01`."""
    case_cdm: str
    """The version behind the colon of BusinessServiceName."""
    set_id: str
    """The document id, constant over its versions."""
    version: int
    """DocumentVersion: counts the sender's saves, so it may start at 3 and jump."""
    related_set_id: str | None
    """The document that this one is about (X008, replies)."""
    protected: bool
    test: bool
    attachments: tuple[Attachment, ...]
    root: str
    """The SED's root element, `{namespace}name`."""
    digest: str
    """SHA-256 of all bytes received, attachments included."""
    payload_digest: str
    """SHA-256 of the SED element in exclusive canonical form: equal content, equal digest."""

    @property
    def is_administrative(self) -> bool:
        """True for the X SEDs, which speak about the case and not about a person's rights."""
        return self.sed.startswith("X")

    @property
    def parties(self) -> tuple[Party, ...]:
        """Sender first, then the receivers."""
        return (self.sender, *self.receivers)


@dataclass(frozen=True, slots=True)
class Malformed:
    """Bytes that are no business message; recorded all the same, under their SHA-256."""

    digest: str
    code: str
    """One of `gateway.core.reading.MALFORMED`."""
    header_version: str | None = None
    """`1.0` when an old envelope was recognised."""
    protects: str = ""
    """The case that the bytes name, where they say that its person is protected."""
