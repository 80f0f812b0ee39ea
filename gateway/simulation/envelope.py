"""A SED in its envelope (SBDH), alone or with attachments in a multipart message.

Header 1.2 goes with CDM 4.3 and up, 1.1 with what is older.
"""

import base64
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from gateway.simulation.markup import text

AUTHORITY: Final = "urn:eu:europa:ec:dgempl:eessi:ir"
PACKAGES: Final = {
    "A": "Sector Components/Legislation Applicable",
    "DA": "Sector Components/Accidents at Work",
    "F": "Sector Components/Family Benefits",
    "H": "Sector Components/Horizontal",
    "P": "Sector Components/Pensions",
    "R": "Sector Components/Recovery",
    "S": "Sector Components/Sickness",
    "U": "Sector Components/Unemployment",
    "X": "SectorComponents/Administrative",
}


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a message; its content is made up."""

    id: str
    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a header says, and the SED inside, already written."""

    message_id: str
    case_id: str
    set_id: str
    buc: str
    sed: str
    cdm: str
    action: str
    version: int
    created_at: datetime
    sender: str
    receivers: tuple[str, ...]
    content: str
    related_set_id: str = ""
    protected: bool = False
    attachments: tuple[Attachment, ...] = field(default=())

    @property
    def ending(self) -> str:
        """The ending of the message's file."""
        return ".mime" if self.attachments else ".xml"

    def body(self) -> bytes:
        """The bytes of the message."""
        xml = self.xml().encode()
        return _multipart(self, xml) if self.attachments else xml

    def xml(self) -> str:
        """The XML document."""
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            "<sbdh:StandardBusinessDocument"
            ' xmlns:sbdh="http://eessi.dgempl.ec.europa.eu/namespaces/sbdh">\n'
            f"{self._header()}\n{self._sed()}\n</sbdh:StandardBusinessDocument>\n"
        )

    def _header(self) -> str:
        return _tag(
            "StandardBusinessDocumentHeader",
            _text("HeaderVersion", "1.2" if self.cdm in {"4.3", "4.4"} else "1.1"),
            _party("Sender", self.sender, "CaseOwner"),
            *(_party("Receiver", receiver, "Counterparty") for receiver in self.receivers),
            self._identification(),
            self._manifest(),
            self._scope(),
        )

    def _identification(self) -> str:
        created = self.created_at.isoformat(timespec="milliseconds")
        return _tag(
            "DocumentIdentification",
            _text("TypeVersion", self.cdm),
            _text("InstanceIdentifier", self.message_id),
            _text("Type", self.sed),
            _text("CaseAction", self.action),
            _text("CreationDateAndTime", created.replace("+00:00", "Z")),
        )

    def _manifest(self) -> str:
        if not self.attachments:
            return ""
        items = (
            _tag(
                "ManifestItem",
                _text("MimeTypeQualifierCode", "application/pdf"),
                _text("UniformResourceIdentifier", item.id),
                _text("Description", "sed"),
                _text("MedicalScope", "false"),
                _text("FileName", item.name),
            )
            for item in self.attachments
        )
        return _tag("Manifest", _text("NumberOfItems", str(len(self.attachments))), *items)

    def _scope(self) -> str:
        return _tag(
            "BusinessScope",
            _tag(
                "CaseId",
                _text("InstanceIdentifier", self.case_id),
                _text("BusinessServiceName", f"{self.buc}:{self.cdm}"),
            ),
            _text("SetId", self.set_id),
            _text("DocumentVersion", str(self.version)),
            _text("RelatedSetId", self.related_set_id),
            _text("PersonalProtectedCase", "true" if self.protected else "false"),
        )

    def _sed(self) -> str:
        major, _, minor = self.cdm.partition(".")
        package = PACKAGES.get(self.sed.rstrip("0123456789"), "Sector Components")
        return (
            f'<sed:{self.sed} xmlns:sed="http://ec.europa.eu/eessi/ns/{major}_{minor}/{self.sed}"'
            f' sedPackage="{package}/{self.sed}" sedGVer="{major}" sedVer="{minor}">'
            f"{self.content}</sed:{self.sed}>"
        )


def _tag(name: str, *content: str) -> str:
    return f"<sbdh:{name}>{''.join(content)}</sbdh:{name}>"


def _text(name: str, value: str) -> str:
    return text(f"sbdh:{name}", value)


def _party(name: str, ident: str, role: str) -> str:
    identifier = f'<sbdh:Identifier Authority="{AUTHORITY}">{ident}</sbdh:Identifier>'
    return _tag(name, identifier, _text("ContactTypeIdentifier", role))


def _multipart(envelope: Envelope, xml: bytes) -> bytes:
    """The document as the first part, then the attachments."""
    boundary = f"sim-{envelope.message_id}"
    parts = [
        f'MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="{boundary}";'
        ' type="application/xml"\r\n\r\n'.encode(),
        f"--{boundary}\r\nContent-Type: application/xml; charset=UTF-8\r\n"
        "Content-ID: <DefaultSED>\r\n\r\n".encode(),
        xml,
    ]
    for item in envelope.attachments:
        head = (
            f"\r\n--{boundary}\r\nContent-Type: application/pdf\r\nContent-ID: <{item.id}>\r\n"
            "Content-Transfer-Encoding: base64\r\n\r\n"
        )
        parts += [head.encode(), base64.encodebytes(item.content).replace(b"\n", b"\r\n")]
    return b"".join([*parts, f"\r\n--{boundary}--\r\n".encode()])
