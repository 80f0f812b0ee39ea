"""Messages written by hand, and both libraries asked about them."""

import os
from pathlib import Path

import pytest
from lxml import etree

from gateway.core.reading import hardened_parser
from sed_schemas.schema_set import SchemaSet

REPOSITORY = Path(__file__).parents[2]
PERSON = (
    "<familyName>Probe</familyName><forename>Ada</forename>"
    "<dateBirth>1980-05-17</dateBirth><sex><value>02</value></sex>"
)


def envelope(sed, body, *, header="1.2", cdm="4.4", root=None, extra="", manifest=""):
    """A whole message around the children of a SED."""
    namespace = f"http://ec.europa.eu/eessi/ns/{cdm.replace('.', '_')}/{root or sed}"
    authority = 'Authority="urn:eu:europa:ec:dgempl:eessi:ir"'
    return (
        '<b:StandardBusinessDocument xmlns:b="http://eessi.dgempl.ec.europa.eu/namespaces/sbdh">'
        f"<b:StandardBusinessDocumentHeader><b:HeaderVersion>{header}</b:HeaderVersion>"
        f"<b:Sender><b:Identifier {authority}>DE:101320043</b:Identifier>"
        "<b:ContactTypeIdentifier>CaseOwner</b:ContactTypeIdentifier></b:Sender>"
        f"<b:Receiver><b:Identifier {authority}>FR:CLEISS0000</b:Identifier>"
        "<b:ContactTypeIdentifier>Counterparty</b:ContactTypeIdentifier></b:Receiver>"
        f"<b:DocumentIdentification><b:TypeVersion>{cdm}</b:TypeVersion>"
        "<b:InstanceIdentifier>2198283d-ad17-4b5a-8896-4a00031ecb47</b:InstanceIdentifier>"
        f"<b:Type>{sed}</b:Type><b:CaseAction>New</b:CaseAction>"
        "<b:CreationDateAndTime>2026-03-02T09:15:00.000Z</b:CreationDateAndTime>"
        f"</b:DocumentIdentification>{manifest}<b:BusinessScope><b:CaseId>"
        "<b:InstanceIdentifier>f35fc39b-3ad8-4905-ac39-51cb4ae26c50</b:InstanceIdentifier>"
        f"<b:BusinessServiceName>H_BUC_01:{cdm}</b:BusinessServiceName></b:CaseId>"
        "<b:SetId>0845106a-daa6-41d3-b455-c7795bd825ff</b:SetId>"
        "<b:DocumentVersion>1</b:DocumentVersion></b:BusinessScope>"
        "</b:StandardBusinessDocumentHeader>"
        f'<sed:{root or sed} xmlns:sed="{namespace}" sedGVer="4" sedVer="4">{body}'
        f"</sed:{root or sed}>{extra}</b:StandardBusinessDocument>"
    )


class _Keeping(SchemaSet):
    """Keeps more of what takes long to compile: the tests come back to each SED, file by file."""

    _MOST = 48

    def _kept(self, kind, key, compile_):
        if kind != "explanation":
            return super()._kept(kind, key, compile_)
        kept = self._local.__dict__.setdefault(kind, {})
        if key not in kept:
            while len(kept) >= self._MOST:
                del kept[next(iter(kept))]
            kept[key] = compile_()
        return kept[key]


@pytest.fixture(scope="session")
def schemas():
    return _Keeping()


@pytest.fixture(scope="session")
def message():
    return envelope


@pytest.fixture(scope="session")
def person():
    return PERSON


@pytest.fixture(scope="session")
def check(schemas):
    """Both libraries on one message; they must agree. True when it is valid."""

    def _check(xml, sed, *, header="1.2", cdm="4.4"):
        document = xml if isinstance(xml, bytes) else xml.encode()
        parser = hardened_parser(schemas.for_message(header, cdm, sed))
        try:
            etree.fromstring(document, parser)
            libxml2 = True
        except etree.XMLSyntaxError:
            libxml2 = False
        tree = etree.fromstring(document, hardened_parser())
        explained = next(schemas.explanation(header, cdm, sed).iter_errors(tree), None)
        assert libxml2 == (explained is None), (parser.error_log, explained)
        return libxml2

    return _check


@pytest.fixture(scope="session")
def reference():
    """The folder of facts, which is not part of the repository."""
    folder = Path(os.environ.get("EESSI_REFERENCE", REPOSITORY.parent / "shared" / "reference"))
    if not folder.is_dir():
        pytest.skip(f"no reference folder: {folder}; set EESSI_REFERENCE")
    return folder
