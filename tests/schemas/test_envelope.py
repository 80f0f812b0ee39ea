"""The envelopes 1.1 and 1.2, by both libraries."""

import pytest

from sed_schemas.load import SchemasInvalid

ITEM = (
    "<b:Manifest><b:NumberOfItems>1</b:NumberOfItems><b:ManifestItem>"
    "<b:MimeTypeQualifierCode>{mime}</b:MimeTypeQualifierCode><b:UniformResourceIdentifier>"
    "55a1222e-2387-4584-a14d-1d416fa0bd7d</b:UniformResourceIdentifier>{description}"
    "</b:ManifestItem></b:Manifest>"
)
DESCRIBED = "<b:Description>sed</b:Description>"
TYPE = "<b:Type>H001</b:Type>"
ACTION = "<b:CaseAction>New</b:CaseAction>"


@pytest.fixture
def body(person):
    return (
        "<NotificationRequestForInformation><Person><PersonIdentification>"
        f"<PersonIdentification>{person}</PersonIdentification>"
        "</PersonIdentification></Person></NotificationRequestForInformation>"
    )


@pytest.mark.parametrize("header", ["1.1", "1.2"])
@pytest.mark.parametrize("cdm", ["4.1", "4.2", "4.3", "4.4"])
def test_each_header_goes_with_each_cdm_version(check, message, body, header, cdm):
    assert check(message("H001", body, header=header, cdm=cdm), "H001", header=header, cdm=cdm)


def test_the_order_inside_an_all_group_is_free(check, message, body):
    xml = message("H001", body)
    assert TYPE + ACTION in xml
    assert check(xml.replace(TYPE + ACTION, ACTION + TYPE), "H001")


@pytest.mark.parametrize(
    ("header", "mime", "description", "valid"),
    [
        ("1.2", "application/pdf", DESCRIBED, True),
        ("1.2", "application/pdf", "", False),
        ("1.2", "text/html", DESCRIBED, False),
        ("1.1", "text/html", "", True),
    ],
)
def test_attachments(check, message, body, header, mime, description, valid):
    manifest = ITEM.format(mime=mime, description=description)
    xml = message("H001", body, header=header, manifest=manifest)
    assert check(xml, "H001", header=header) is valid


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<b:HeaderVersion>1.2</b:HeaderVersion>", "<b:HeaderVersion>1.1</b:HeaderVersion>"),
        ("<b:HeaderVersion>1.2</b:HeaderVersion>", ""),
        (ACTION, "<b:CaseAction>Delete</b:CaseAction>"),
        (ACTION, ""),
        (TYPE, TYPE + TYPE),
        ("DE:101320043", "101320043"),
        ("urn:eu:europa:ec:dgempl:eessi:ir", "urn:somebody:else"),
        (">Counterparty<", ">CounterParty<"),
        ("2026-03-02T09:15:00.000Z", "2026-03-02"),
        ("2198283d-ad17-4b5a-8896-4a00031ecb47", "2198283dad174b5a88964a00031ecb47"),
        ("H_BUC_01:4.4", "H_BUC_01"),
        ("H_BUC_01:4.4", "H_BUC_1:4.4"),
        ("<b:DocumentVersion>1<", "<b:DocumentVersion>0<"),
        ("</b:BusinessScope>", "<b:LocalCaseData/></b:BusinessScope>"),
        ("</b:StandardBusinessDocumentHeader>", "<x/></b:StandardBusinessDocumentHeader>"),
        ("</b:StandardBusinessDocumentHeader>", "</b:StandardBusinessDocumentHeader>text"),
    ],
)
def test_a_near_miss_is_refused(check, message, body, old, new):
    xml = message("H001", body)
    assert check(xml, "H001")
    assert old in xml
    assert not check(xml.replace(old, new), "H001")


def test_exactly_one_sed_and_the_announced_one(check, message, body):
    second = (
        '<x:X007 xmlns:x="http://ec.europa.eu/eessi/ns/4_4/X007"/>',
        '<x:H001 xmlns:x="http://ec.europa.eu/eessi/ns/4_4/H001"/>',
    )
    for extra in second:
        assert not check(message("H001", body, extra=extra), "H001")
    xml = message("H001", body)
    without = xml[: xml.index("<sed:H001")] + "</b:StandardBusinessDocument>"
    assert not check(without, "H001")
    assert not check(message("H001", body, root="H002"), "H001")
    assert not check(xml.replace("ns/4_4/H001", "ns/4_3/H001"), "H001")


def test_a_version_that_is_not_known_is_held_against_its_envelope_alone(check, message, schemas):
    assert schemas.source("4.5", "H001") is None
    xml = message("H001", "<dateBirth>yesterday</dateBirth>", header="1.1", cdm="4.5")
    assert check(xml, "H001", header="1.1", cdm="4.5")
    assert not check(xml.replace(ACTION, ""), "H001", header="1.1", cdm="4.5")
    second = '<y xmlns="urn:y"/></b:StandardBusinessDocument>'
    two = xml.replace("</b:StandardBusinessDocument>", second)
    assert not check(two, "H001", header="1.1", cdm="4.5")


def test_a_header_without_an_envelope_is_an_error_of_the_caller(schemas):
    with pytest.raises(SchemasInvalid, match=r"1\.0"):
        schemas.for_message("1.0", "4.4", "H001")
    with pytest.raises(SchemasInvalid, match=r"\.\./x"):
        schemas.explanation("../x", "4.4", "H001")
