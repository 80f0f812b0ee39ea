"""Bytes to a business message, by a parser that hostile input cannot use against us.

Accepted: one XML document, or a MIME multipart whose first part is that document and whose
other parts are attachments, passed through untouched. What was measured about lxml, and why
each option stands here, is in ADR 0008.
"""

import base64
import binascii
import email.policy
import hashlib
import quopri
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.parser import BytesParser
from typing import Final, TypeAlias, TypedDict, TypeVar

from lxml import etree

from gateway.core.message import (
    INSTITUTION_ID,
    Attachment,
    BusinessMessage,
    CaseAction,
    Malformed,
    Party,
    Role,
)

SBDH: Final = "http://eessi.dgempl.ec.europa.eu/namespaces/sbdh"
_S: Final = f"{{{SBDH}}}"
HEADER_VERSIONS: Final = frozenset({"1.1", "1.2"})
"""Versions that are read; both are accepted with every CDM version (sources disagree)."""

MALFORMED: Final = (
    "empty",
    "too-big",
    "not-xml",
    "too-many-attributes",
    "bad-namespace",
    "doctype",
    "bad-mime",
    "not-a-business-message",
    "header-1.0",
    "header-version-unknown",
    "header-incomplete",
    "no-sed",
    "several-seds",
)
"""Why bytes are no business message."""

_FEW_BYTES: Final = 16 * 1024
"""A document smaller than this cannot be made slow by what stands on one element."""
_CROWDED: Final = etree.XPath("boolean(//*[count(@*) > 256])")
"""Canonical form takes the square of the attributes of an element: 100,000 took half a minute."""
_BEFORE_XML: Final = b"\xef\xbb\xbf\xff\xfe \t\r\n\x00"
"""Bytes that may stand before a document: a mark of its encoding, and space."""


class _Options(TypedDict):
    resolve_entities: bool
    no_network: bool
    load_dtd: bool
    dtd_validation: bool
    huge_tree: bool
    recover: bool
    collect_ids: bool
    remove_comments: bool
    remove_pis: bool


_HARDENED: Final[_Options] = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "dtd_validation": False,
    "huge_tree": False,
    "recover": False,
    "collect_ids": False,
    "remove_comments": True,  # they would cut a value in two
    "remove_pis": True,
}
"""What every parser is made with (ADR 0008)."""
_HEAD: Final = 4 * 1024
"""Longest head of a MIME part, in bytes."""
_HEADER: Final = 64 * 1024
"""So much of unusable bytes is looked at for what their header says."""
_TRUE: Final = frozenset({"true", "1"})

_BEGIN: Final = datetime.min.replace(tzinfo=UTC) + timedelta(days=1)
_END: Final = datetime.max.replace(tzinfo=UTC) - timedelta(days=1)
"""Instants beyond have no day in every time zone."""
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_SERVICE: Final = re.compile(r"([A-Z]+_[BS]UC_[0-9]{2}[a-z]?):(\d{1,2}\.\d{1,2})")
_TYPE: Final = re.compile(r"[A-Za-z0-9_]{2,20}")
_VERSION: Final = re.compile(r"\d{1,2}\.\d{1,2}")
E = TypeVar("E", Role, CaseAction)

_DECODERS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "7bit": bytes,
    "8bit": bytes,
    "binary": bytes,
    "base64": base64.b64decode,
    "quoted-printable": quopri.decodestring,
}
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,8}")


@dataclass(frozen=True, slots=True)
class Limits:
    """Size caps in bytes, checked before anything is parsed."""

    message: int = 20 * 1024 * 1024
    xml: int = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Document:
    """A message together with its XML, for as long as it is being examined."""

    message: BusinessMessage
    xml: bytes
    """The XML part alone."""
    sed: etree._Element


class _Reject(Exception):
    """Carries a code of `MALFORMED` out of the reader."""

    def __init__(self, code: str, header_version: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.header_version = header_version


def read(body: bytes, limits: Limits) -> Document | Malformed:
    """Read one message. Never raises for what the bytes contain."""
    digest = hashlib.sha256(body).hexdigest()
    try:
        if not body or body.isspace():
            raise _Reject("empty")
        if len(body) > limits.message:
            raise _Reject("too-big")
        xml = xml_part(body)
        if len(xml) > limits.xml:
            raise _Reject("too-big")
        root = parse(xml)
        return Document(*_business_message(root, digest, xml))
    except _Reject as reject:
        return Malformed(digest, reject.code, reject.header_version, _protects(body))


def parse(xml: bytes) -> etree._Element:
    """Parse with every dangerous feature off; any DOCTYPE is refused, in any encoding."""
    try:
        root: etree._Element = etree.fromstring(xml, hardened_parser())
    except (etree.XMLSyntaxError, ValueError):
        # an entity bomb fails as a syntax error: name what it is, for whoever looks at it
        raise _Reject("doctype" if b"<!DOCTYPE" in xml[:4096] else "not-xml") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise _Reject("doctype")
    if len(xml) > _FEW_BYTES and _CROWDED(root):
        raise _Reject("too-many-attributes")
    return root


def hardened_parser(schema: etree.XMLSchema | None = None) -> etree.XMLParser:
    """A fresh parser: one that is shared would serialise its users on a lock."""
    return etree.XMLParser(schema=schema, **_HARDENED)


def xml_part(body: bytes) -> bytes:
    """The first part of a multipart message, or the bytes themselves."""
    start = body[:256].lstrip(_BEFORE_XML)
    if start[:1] == b"<":
        return body
    if not start[:13].lower().startswith((b"content-type:", b"mime-version:")):
        raise _Reject("not-xml")
    return _first_part(body)


def _first_part(body: bytes) -> bytes:
    """Cut the first part out by its boundary, without reading or copying the attachments."""
    mark, begin = _first_mark(body)
    end = mark.search(body, begin - 1)
    if end is None:
        raise _Reject("bad-mime")
    part = body[begin : end.start()].removesuffix(b"\r")
    return _decoded(*_split_part(part))


def _first_mark(body: bytes) -> tuple[re.Pattern[bytes], int]:
    """What stands between the parts; and where the first one begins."""
    head, content = _split_head(body)
    boundary = head.get_boundary()
    if head.get_content_maintype() != "multipart" or not boundary:
        raise _Reject("bad-mime")
    mark = re.compile(
        rb"\n--" + re.escape(boundary.encode("ascii", "replace")) + rb"(--)?[ \t]*(?:\r?\n|$)"
    )
    begin = mark.search(body, content - 1)
    if begin is None:
        raise _Reject("bad-mime")
    return mark, begin.end()


def _split_part(part: bytes) -> "tuple[Message[str, str], bytes]":
    """The head of a part, which may have none, and its content."""
    if part[:2].startswith((b"\n", b"\r\n")):
        return Message(), part.lstrip(b"\r\n")
    head, content = _split_head(part)
    return head, part[content:]


def _split_head(data: bytes) -> "tuple[Message[str, str], int]":
    """The head, and where the content begins."""
    found = re.search(rb"\r?\n\r?\n", data[:_HEAD])
    if found is None:
        raise _Reject("bad-mime")
    head = BytesParser(policy=email.policy.compat32).parsebytes(data[: found.end()])
    return head, found.end()


def _decoded(head: "Message[str, str]", content: bytes) -> bytes:
    encoding = str(head.get("Content-Transfer-Encoding", "binary")).strip().lower()
    try:
        return _DECODERS[encoding](content)
    except (KeyError, binascii.Error):
        raise _Reject("bad-mime") from None


def announced(beginning: bytes) -> str | None:
    """The case that the beginning of a message names, to find its place among others.

    None when it names none. What the message says is what `read` says, and nothing else.
    """
    case_id, _ = _beginning(beginning)
    return case_id


def _protects(body: bytes) -> str:
    """The case that unusable bytes name as that of a protected person; empty when they name none.

    What can be read of them is enough: who is protected is so whatever else is wrong.
    """
    case_id, protected = _beginning(body[:_HEADER])
    return case_id if case_id is not None and protected else ""


def _beginning(beginning: bytes) -> tuple[str | None, bool]:
    """The case that a header names, and whether it says that the person is protected.

    As far as it can be read: what stands before an error counts.
    """
    parser = etree.XMLPullParser(["end"], **_HARDENED)
    with suppress(etree.XMLSyntaxError, ValueError, _Reject):
        start = beginning[:256].lstrip(_BEFORE_XML)
        parser.feed(beginning if start[:1] == b"<" else _begun(beginning))
    case_id, protected = None, False
    for _, element in parser.read_events():
        if element.tag == f"{_S}CaseId" and case_id is None:
            with suppress(_Reject):
                case_id = _uuid(_text(_children(element), "InstanceIdentifier"))
        elif element.tag == f"{_S}PersonalProtectedCase":
            protected = (element.text or "").strip() in _TRUE
    return case_id, protected


def _begun(beginning: bytes) -> bytes:
    """How the first part of a multipart message begins, in whole lines where lines are encoded."""
    mark, begin = _first_mark(beginning)
    end = mark.search(beginning, begin - 1)
    head, content = _split_part(beginning[begin : end.start() + 1 if end is not None else None])
    encoded = str(head.get("Content-Transfer-Encoding", "binary")).strip().lower() == "base64"
    return _decoded(head, content.rpartition(b"\n")[0] if encoded else content)


def _business_message(
    root: etree._Element, digest: str, xml: bytes
) -> tuple[BusinessMessage, bytes, etree._Element]:
    if root.tag != f"{_S}StandardBusinessDocument":
        raise _Reject("not-a-business-message")
    element = root.find(f"{_S}StandardBusinessDocumentHeader")
    if element is None:
        raise _Reject("not-a-business-message")
    header = _children(element)
    version = _text(header, "HeaderVersion") or ""
    _check_header_version(version, header)
    sed = _only_sed(root)
    return _message(element, header, version, sed, digest), xml, sed


def _check_header_version(version: str, header: "_Children") -> None:
    if version in HEADER_VERSIONS:
        return
    ident = header.get(f"{_S}DocumentIdentification")
    if version == "1.0" or (ident is not None and ident.find(f"{_S}Standard") is not None):
        raise _Reject("header-1.0", "1.0")
    raise _Reject("header-version-unknown")


def _only_sed(root: etree._Element) -> etree._Element:
    seds = [child for child in root if isinstance(child.tag, str) and not child.tag.startswith(_S)]
    if len(seds) != 1:
        raise _Reject("several-seds" if seds else "no-sed")
    return seds[0]


def _message(
    element: etree._Element, header: "_Children", version: str, sed: etree._Element, digest: str
) -> BusinessMessage:
    ident = _child(header, "DocumentIdentification")
    scope = _child(header, "BusinessScope")
    case = _child(scope, "CaseId")
    service = _SERVICE.fullmatch(_text(case, "BusinessServiceName") or "")
    if service is None:
        raise _Reject("header-incomplete")
    related = _text(scope, "RelatedSetId")
    return BusinessMessage(
        message_id=_uuid(_text(ident, "InstanceIdentifier")),
        header_version=version,
        sender=_party(_child(header, "Sender")),
        receivers=_receivers(element),
        cdm=_matching(_VERSION, _text(ident, "TypeVersion")),
        sed=_matching(_TYPE, _text(ident, "Type")),
        action=_one_of(CaseAction, _text(ident, "CaseAction")),
        created_at=_instant(_text(ident, "CreationDateAndTime")),
        case_id=_uuid(_text(case, "InstanceIdentifier")),
        buc=service.group(1),
        case_cdm=service.group(2),
        set_id=_uuid(_text(scope, "SetId")),
        version=int(_matching(_NUMBER, _text(scope, "DocumentVersion"))),
        related_set_id=_uuid(related) if related else None,
        protected=_text(scope, "PersonalProtectedCase") in _TRUE,
        test=_text(scope, "TestCase") in _TRUE,
        attachments=_attachments(element),
        root=str(sed.tag),
        digest=digest,
        payload_digest=_payload_digest(sed),
    )


def _payload_digest(sed: etree._Element) -> str:
    try:
        canonical = etree.tostring(sed, method="c14n", exclusive=True, with_comments=False)
    except etree.C14NError:  # a namespace that is a relative address has no canonical form
        raise _Reject("bad-namespace") from None
    return hashlib.sha256(canonical).hexdigest()


def _receivers(header: etree._Element) -> tuple[Party, ...]:
    receivers = tuple(_party(_children(each)) for each in header.iterchildren(f"{_S}Receiver"))
    if not receivers:
        raise _Reject("header-incomplete")
    return receivers


def _attachments(header: etree._Element) -> tuple[Attachment, ...]:
    items = (
        _children(item)
        for manifest in header.iterchildren(f"{_S}Manifest")
        for item in manifest.iterchildren(f"{_S}ManifestItem")
    )
    return tuple(
        Attachment(
            (_text(item, "UniformResourceIdentifier") or "").lower(),
            _text(item, "MimeTypeQualifierCode") or "",
        )
        for item in items
    )


def _party(party: "_Children") -> Party:
    identifier = _text(party, "Identifier") or ""
    return Party(
        _matching(INSTITUTION_ID, identifier), _one_of(Role, _text(party, "ContactTypeIdentifier"))
    )


_Children: TypeAlias = "dict[str, etree._Element]"  # noqa: SLF001 - its only name


def _children(element: etree._Element) -> _Children:
    """The first child of each name: one pass costs less than a search for each field."""
    children: _Children = {}
    for child in element.iterchildren("*"):
        children.setdefault(str(child.tag), child)
    return children


def _child(parent: _Children, name: str) -> _Children:
    found = parent.get(_S + name)
    if found is None:
        raise _Reject("header-incomplete")
    return _children(found)


def _text(parent: _Children, name: str) -> str | None:
    found = parent.get(_S + name)
    text = found.text if found is not None else None
    return text.strip() if text else None


def _matching(pattern: re.Pattern[str], text: str | None) -> str:
    if text is None or pattern.fullmatch(text) is None:
        raise _Reject("header-incomplete")
    return text


def _uuid(text: str | None) -> str:
    return _matching(_UUID, text).lower()


def _one_of(kind: type[E], text: str | None) -> E:
    try:
        return kind(text or "")
    except ValueError:
        raise _Reject("header-incomplete") from None


def _instant(text: str | None) -> datetime:
    """An xs:dateTime; one without a zone is taken as UTC (RINA always writes `Z`)."""
    try:
        instant = datetime.fromisoformat(text or "")
        instant = instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise _Reject("header-incomplete") from None
    if not _BEGIN <= instant <= _END:
        raise _Reject("header-incomplete")
    return instant
