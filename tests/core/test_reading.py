"""Bytes to a message: what is read, and every way in which bytes are refused."""

import base64
import hashlib
import quopri
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.extracting import extract
from gateway.core.message import CaseAction, Malformed, Party, Role
from gateway.core.reading import (
    MALFORMED,
    Document,
    Limits,
    announced,
    hardened_parser,
    parse,
    read,
)
from gateway.core.unusual import MOST, unusual

LIMITS = Limits(message=400_000, xml=200_000)
BOMB = (
    '<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY c "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">]><b>&d;</b>'
)


def code(body):
    result = read(body, LIMITS)
    assert isinstance(result, Malformed), result
    assert result.digest == hashlib.sha256(body).hexdigest()
    assert result.code in MALFORMED
    return result.code


def message(body):
    result = read(body, LIMITS)
    assert isinstance(result, Document), result
    return result.message


def mime(xml, *, boundary="=_b1", head="", encoding=None, newline=b"\r\n", attachment=b"%PDF-1.7"):
    part = b"Content-Type: application/xml" + newline
    if encoding:
        part += b"Content-Transfer-Encoding: " + encoding.encode() + newline
    mark = b"--" + boundary.encode()
    first = f'Content-Type: multipart/related; boundary="{boundary}"'.encode()
    lines = [
        head.encode() + first,
        b"",
        mark,
        part + newline + xml,
        mark,
        b"Content-Type: application/pdf" + newline + newline + attachment,
        mark + b"--",
        b"",
    ]
    return newline.join(lines)


def test_everything_that_routing_needs_is_read(a_message, uid):
    body = a_message(
        "m",
        case="c",
        document="d",
        version=3,
        related="r",
        action="Update",
        receivers=(("FR:CLEISS0000", "Counterparty"), ("SE:6", "Counterparty")),
        created="2026-03-02T10:15:00.250+01:00",
        flags="<sbdh:PersonalProtectedCase>1</sbdh:PersonalProtectedCase>"
        "<sbdh:TestCase>true</sbdh:TestCase>",
    )
    read_ = message(body)
    assert read_.message_id == uid("m")
    assert (read_.case_id, read_.set_id, read_.related_set_id) == (uid("c"), uid("d"), uid("r"))
    assert (read_.buc, read_.case_cdm, read_.cdm, read_.sed) == ("S_BUC_24", "4.4", "4.4", "S040")
    assert read_.version == 3
    assert read_.action is CaseAction.UPDATE
    assert read_.created_at == datetime(2026, 3, 2, 9, 15, 0, 250_000, UTC)
    assert read_.sender == Party("DE:101320043", Role.CASE_OWNER)
    assert [p.id for p in read_.parties] == ["DE:101320043", "FR:CLEISS0000", "SE:6"]
    assert [p.country for p in read_.receivers] == ["FR", "SE"]
    assert read_.protected
    assert read_.test
    assert read_.header_version == "1.2"
    assert read_.root == "{http://ec.europa.eu/eessi/ns/4_4/S040}S040"
    assert read_.digest == hashlib.sha256(body).hexdigest()
    assert not read_.is_administrative


def test_what_is_optional_may_be_absent(a_message):
    read_ = message(a_message(created="2026-03-02T09:15:00", header="1.1", cdm="4.2"))
    assert read_.created_at == datetime(2026, 3, 2, 9, 15, tzinfo=UTC)
    assert read_.related_set_id is None
    assert not read_.protected
    assert not read_.test
    assert read_.attachments == ()


def test_the_manifest_is_listed(a_message, uid):
    item = (
        "<sbdh:Manifest><sbdh:NumberOfItems>1</sbdh:NumberOfItems><sbdh:ManifestItem>"
        "<sbdh:MimeTypeQualifierCode>application/pdf</sbdh:MimeTypeQualifierCode>"
        f"<sbdh:UniformResourceIdentifier>{uid('a').upper()}</sbdh:UniformResourceIdentifier>"
        "</sbdh:ManifestItem><sbdh:ManifestItem/></sbdh:Manifest><sbdh:BusinessScope>"
    )
    body = a_message().replace(b"<sbdh:BusinessScope>", item.encode())
    found = message(body).attachments
    assert [(a.id, a.mime_type) for a in found] == [(uid("a"), "application/pdf"), ("", "")]


def test_order_and_prefixes_are_free(a_message):
    body = a_message("m")
    one = b"<sbdh:CaseAction>Start</sbdh:CaseAction>"
    moved = body.replace(one, b"").replace(b"<sbdh:TypeVersion>", one + b"<sbdh:TypeVersion>")
    assert moved != body
    renamed = moved.replace(b"sbdh:", b"x:").replace(b"xmlns:sbdh", b"xmlns:x")
    plain = message(body)
    for other in (message(moved), message(renamed)):
        assert other.message_id == plain.message_id
        assert other.action is plain.action
        assert other.payload_digest == plain.payload_digest


def test_equal_content_has_one_digest_however_it_is_written(a_message):
    body = a_message("m")
    spaced = body.replace(b"<town>", b"<town  >").replace(b"<Person>", b"<!-- x --><Person>", 1)
    assert message(spaced).payload_digest == message(body).payload_digest
    other = body.replace(b"Bourg", b"Lyon")
    assert message(other).payload_digest != message(body).payload_digest


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"])
def test_other_encodings_are_read_by_their_declaration_or_mark(a_message, encoding):
    text = a_message("m").decode()
    declared = {"utf-8-sig": "UTF-8", "latin-1": "ISO-8859-1"}.get(encoding, "UTF-16")
    mark = "\ufeff" if encoding in {"utf-16-le", "utf-16-be"} else ""
    body = (mark + text.replace('encoding="UTF-8"', f'encoding="{declared}"')).encode(encoding)
    assert message(body).sed == "S040"


@pytest.mark.parametrize("version", ["4.0", "4.1", "4.2", "4.3", "4.4"])
@pytest.mark.parametrize("header", ["1.1", "1.2"])
def test_either_header_goes_with_every_cdm(a_message, header, version):
    read_ = message(a_message(header=header, cdm=version))
    assert (read_.header_version, read_.cdm) == (header, version)


# -- mime -----------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", [None, "7bit", "8bit", "binary", "Base64", "quoted-printable"])
@pytest.mark.parametrize("newline", [b"\r\n", b"\n"])
def test_the_first_part_of_a_multipart_is_the_message(a_message, encoding, newline):
    xml = a_message("m")
    sent = {"Base64": base64.encodebytes, "quoted-printable": quopri.encodestring}
    body = mime(sent.get(encoding, bytes)(xml), encoding=encoding, newline=newline)
    assert message(body).message_id == message(xml).message_id
    assert message(body).digest != message(xml).digest


def test_a_mime_version_may_come_first(a_message):
    assert message(mime(a_message("m"), head="MIME-Version: 1.0\r\n")).sed == "S040"


@pytest.mark.parametrize(
    "body",
    [
        b"Content-Type: multipart/related; boundary=x",  # no end of the head
        b"Content-Type: multipart/related\r\n\r\n--x\r\n\r\n<a/>\r\n--x--",  # no boundary
        b"Content-Type: text/xml\r\n\r\n<a/>",  # not multipart
        b'Content-Type: multipart/related; boundary="x"\r\n\r\nnothing here',
        b'Content-Type: multipart/related; boundary="x"\r\n\r\n--x\r\n\r\n<a/>',  # truncated
        b'Content-Type: multipart/related; boundary="x"\r\n\r\n--x\r\n<a/>\r\n--x--',
        mime(b"<a/>", encoding="x-uuencode"),
    ],
)
def test_a_multipart_that_cannot_be_taken_apart(body):
    assert code(body) == "bad-mime"


def test_a_part_may_have_no_head_and_the_boundary_padding(a_message):
    head = b'Content-Type: multipart/mixed; boundary="b"\r\n\r\npreamble\r\n--b \t\r\n'
    body = head + b"\r\n" + a_message("m") + b"\r\n--b--\r\n"
    assert message(body).sed == "S040"


def test_a_line_that_only_begins_like_the_boundary_is_content(a_message):
    xml = a_message("m").replace(b"Bourg-en-Bresse", b"Bourg\n--bb\nen Bresse")
    assert message(mime(xml, boundary="b")).payload_digest == message(xml).payload_digest


def test_base64_that_is_none_is_no_xml():
    assert code(mime(b"\xff\xfe!!!", encoding="base64")) in {"not-xml", "bad-mime"}


# -- hostile and broken ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", "empty"),
        (b" \r\n\t", "empty"),
        (b"x" * 400_001, "too-big"),
        (b"<a>" + b"x" * 200_001 + b"</a>", "too-big"),
        (b"hello", "not-xml"),
        (b"%PDF-1.7", "not-xml"),
        (b"\x00\x01\x02\x03", "not-xml"),
        (b"<a>", "not-xml"),
        (b"<a>\x00</a>", "not-xml"),
        (b"<a/><b/>", "not-xml"),
        (b"<a>" * 300 + b"</a>" * 300, "not-xml"),
        (b'<?xml version="1.0" encoding="UTF-8"?><a>\xe9</a>', "not-xml"),
        (b'<?xml version="1.0" encoding="x-none"?><a/>', "not-xml"),
        (b"<!DOCTYPE a><a/>", "doctype"),
        (BOMB.encode(), "doctype"),
        (BOMB.encode("utf-16"), "doctype"),
        (b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>', "doctype"),
        ("<!DOCTYPE a><a/>".encode("utf-16"), "doctype"),
        (b'<!DOCTYPE a SYSTEM "http://localhost/x.dtd"><a/>', "doctype"),
        (b"<a/>", "not-a-business-message"),
    ],
)
def test_what_is_no_message_says_why(body, expected):
    assert code(body) == expected


def test_a_hundred_thousand_attributes_are_no_message(a_message):
    many = " ".join(f'a{n}=""' for n in range(100_000))
    body = f"<a {many}/>".encode()
    result = read(body, Limits())
    assert isinstance(result, Malformed)
    assert result.code == "too-many-attributes"


def test_many_attributes_inside_a_message_take_no_time(a_message):
    """Its canonical form would take half a minute; nothing behind it would go on."""
    many = " ".join(f'a{n}=""' for n in range(100_000))
    body = a_message().decode().replace("<Request>", f"<Request {many}>", 1)
    assert read(body.encode(), Limits()).code == "too-many-attributes"


def test_a_namespace_that_is_a_relative_address_is_refused(a_message):
    body = a_message().decode().replace("<Request>", '<Request xmlns:x="here">', 1)
    assert code(body.encode()) == "bad-namespace"


def test_a_comment_does_not_cut_a_value_in_two(a_message):
    """Comments are not in the digest: they must not be in the evidence either."""
    plain = a_message().decode()
    assert "FR</value>" in plain
    commented = plain.replace("FR</value>", "F<!-- x -->R<?y?></value>")
    one, other = read(plain.encode(), Limits()), read(commented.encode(), Limits())
    assert one.message.payload_digest == other.message.payload_digest
    assert extract(one.sed) == extract(other.sed)


@pytest.mark.parametrize(
    "head",
    [
        "multipart/related; boundary=x" + "(" * 20_000,
        "multipart/related; " + "a*0*=x;" * 8_000,
        "multipart/related; boundary=" + "x" * 5_000,
    ],
)
def test_a_crafted_head_is_refused_at_once(head):
    assert code(f"Content-Type: {head}\r\n\r\n--x".encode()) == "bad-mime"


def test_a_date_that_no_zone_can_hold_is_no_date(a_message):
    body = a_message().decode().replace("2026-03-02T09:15:00.000Z", "9999-12-31T23:59:59-05:00")
    assert code(body.encode()) == "header-incomplete"


@pytest.mark.parametrize("cut", [2, 10, 100, 500, 1000, 1500])
def test_a_truncated_message_is_no_message(a_message, cut):
    assert code(a_message()[:-cut]) == "not-xml"


@given(st.binary(max_size=400))
def test_no_bytes_break_the_reader(body):
    assert isinstance(read(body, LIMITS), Malformed)


def test_the_parser_loads_nothing_from_outside():
    root = parse(b"<a><?xml-stylesheet href='http://localhost/x'?></a>")
    assert root.tag == "a"
    assert hardened_parser() is not hardened_parser()


# -- the envelope ---------------------------------------------------------------------------

S = 'xmlns="http://eessi.dgempl.ec.europa.eu/namespaces/sbdh"'


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (f"<StandardBusinessDocument {S}/>", "not-a-business-message"),
        (
            (
                f"<StandardBusinessDocument {S}><StandardBusinessDocumentHeader>"
                "<HeaderVersion>1.0</HeaderVersion></StandardBusinessDocumentHeader>"
                "</StandardBusinessDocument>"
            ),
            "header-1.0",
        ),
        (
            (
                f"<StandardBusinessDocument {S}><StandardBusinessDocumentHeader>"
                "<DocumentIdentification><Standard>x</Standard></DocumentIdentification>"
                "</StandardBusinessDocumentHeader></StandardBusinessDocument>"
            ),
            "header-1.0",
        ),
        (
            (
                f"<StandardBusinessDocument {S}><StandardBusinessDocumentHeader>"
                "</StandardBusinessDocumentHeader></StandardBusinessDocument>"
            ),
            "header-version-unknown",
        ),
        (
            (
                f"<StandardBusinessDocument {S}><StandardBusinessDocumentHeader>"
                "<HeaderVersion>1.2</HeaderVersion></StandardBusinessDocumentHeader>"
                "</StandardBusinessDocument>"
            ),
            "no-sed",
        ),
        (
            (
                f"<StandardBusinessDocument {S}><StandardBusinessDocumentHeader>"
                "<HeaderVersion>1.2</HeaderVersion></StandardBusinessDocumentHeader>"
                '<a xmlns=""/><!-- between --><b xmlns=""/></StandardBusinessDocument>'
            ),
            "several-seds",
        ),
        (
            (
                f"<StandardBusinessDocument {S}><StandardBusinessDocumentHeader>"
                "<HeaderVersion>1.2</HeaderVersion></StandardBusinessDocumentHeader>"
                '<a xmlns=""/></StandardBusinessDocument>'
            ),
            "header-incomplete",
        ),
    ],
)
def test_an_envelope_that_is_none_says_why(body, expected):
    assert code(body.encode()) == expected


def test_an_old_header_is_recognised():
    body = (
        f"<StandardBusinessDocument {S}><StandardBusinessDocumentHeader>"
        "<HeaderVersion>1.0</HeaderVersion></StandardBusinessDocumentHeader>"
        "</StandardBusinessDocument>"
    )
    assert read(body.encode(), LIMITS).header_version == "1.0"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("S_BUC_24:4.4", "S_BUC_24"),
        ("<sbdh:Type>S040</sbdh:Type>", "<sbdh:Type>S 40</sbdh:Type>"),
        ("<sbdh:Type>S040</sbdh:Type>", ""),
        ("<sbdh:TypeVersion>4.4", "<sbdh:TypeVersion>v4"),
        ("<sbdh:CaseAction>Start", "<sbdh:CaseAction>Begin"),
        ("2026-03-02T09:15:00.000Z", "yesterday"),
        ("2026-03-02T09:15:00.000Z", "9999-12-31T23:30:00Z"),  # in Paris no year has it
        ("2026-03-02T09:15:00.000Z", "0001-01-01T00:30:00Z"),
        ("<sbdh:DocumentVersion>1", "<sbdh:DocumentVersion>0"),
        (">CaseOwner<", ">Owner<"),
        (">DE:101320043<", ">101320043<"),
        ("<sbdh:SetId>", "<sbdh:SetId>x"),
        ("sbdh:Receiver>", "sbdh:Sendee>"),
        ("sbdh:BusinessScope>", "sbdh:Scope>"),
    ],
)
def test_each_mandatory_field_must_be_there_and_have_its_form(a_message, old, new):
    body = a_message().decode()
    assert old in body
    assert code(body.replace(old, new).encode()) == "header-incomplete"


def test_every_code_is_said_by_some_test():
    text = Path(__file__).read_text(encoding="utf-8")
    assert [c for c in MALFORMED if f'"{c}"' not in text] == []


def warned(body):
    document = read(body, LIMITS)
    assert isinstance(document, Document), document
    return [(step.code, dict(step.params)) for step in unusual(document)]


def test_a_usual_message_is_warned_of_in_nothing(a_message):
    assert warned(a_message()) == []
    assert warned(a_message(cdm="4.2", header="1.1")) == []


@pytest.mark.parametrize(
    ("written", "warning"),
    [
        ({"header": "1.1"}, ("header-unusual", {"header": "1.1", "cdm": "4.4"})),
        ({"cdm": "4.1"}, ("header-unusual", {"header": "1.2", "cdm": "4.1"})),
        ({"created": "2026-03-02T09:15:00.000"}, ("time-without-zone", {})),
        ({"sender": ("SE:6", "CaseOwner")}, ("party-id-unusual", {"institution": "SE:6"})),
        (
            {"receivers": (("FR:CLEISS0000", "Counterparty"), ("XX:1234", "Counterparty"))},
            ("party-id-unusual", {"institution": "XX:1234"}),
        ),
        (
            {"sender": ("DE:10132004312", "CaseOwner")},
            ("party-id-unusual", {"institution": "DE:10132004312"}),
        ),
    ],
)
def test_what_is_unusual_is_read_and_said(a_message, written, warning):
    assert warned(a_message(**written)) == [warning]


@pytest.mark.parametrize(
    ("attributes", "stated"),
    [
        (b'sedGVer="4" sedVer="2"', "4.2"),
        (b'sedGVer="4" sedVer="a name"', "4.?"),
        (b'sedGVer="" sedVer="4"', "?.4"),
    ],
)
def test_a_sed_that_says_another_version_is_said_without_what_it_wrote(
    a_message, attributes, stated
):
    body = a_message().replace(b'sedGVer="4" sedVer="4"', attributes)
    assert warned(body) == [("sed-version-unusual", {"stated": stated, "cdm": "4.4"})]
    assert warned(a_message().replace(b' sedVer="4"', b"")) == []


def test_there_are_never_more_than_a_few_warnings(a_message):
    parties = tuple((f"SE:{n}", "Counterparty") for n in range(10, 40))
    assert len(warned(a_message(header="1.1", receivers=parties))) == MOST


# -- where a message stands among others, from its beginning -----------------------------------


@pytest.mark.parametrize("encoding", [None, "8bit", "base64", "quoted-printable"])
@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
def test_the_beginning_of_a_message_names_its_case(a_message, encoding, newline):
    xml = a_message(case="c") + b"<!--" + b" " * 200_000 + b"-->"
    encode = {"base64": base64.encodebytes, "quoted-printable": quopri.encodestring}
    part = encode.get(encoding, bytes)(xml)
    whole = mime(part, encoding=encoding, newline=newline)
    case_id = message(a_message(case="c")).case_id
    assert announced(whole[:8192]) == case_id
    assert announced(whole) == case_id
    assert announced(xml[:8192]) == case_id
    assert announced(b"\xef\xbb\xbf" + xml[:8192]) == case_id


@pytest.mark.parametrize(
    "beginning",
    [
        b"",
        b"PK\x03\x04",
        b"<other/>",
        b"<unfinished",
        b"<not><well-formed></not>",
        BOMB.encode(),
        b"Content-Type: text/plain\n\n<a/>",
        b"Content-Type: multipart/related; boundary=x\n\n",
        b"Content-Type: multipart/related; boundary=x\n\n--x\nno head",
        b"Content-Type: multipart/related; boundary=x\n\n--x\nMIME: 1\n\nx\n",
        mime(b"x\n", encoding="base64"),
        mime(b"<a/>", encoding="base64").replace(b"base64", b"base\xff64"),
    ],
)
def test_a_beginning_that_names_no_case(beginning):
    assert announced(beginning) is None


@given(st.binary(max_size=300), st.integers(0, 300), st.sampled_from(["base64", "8bit", None]))
def test_no_beginning_breaks_it(junk, at, encoding):
    whole = mime(b"<a/>", encoding=encoding)
    for beginning in (junk, whole[:at] + junk + whole[at:], whole[:at] + junk):
        assert announced(beginning) is None


def test_a_case_that_is_not_named_as_it_should_be_is_none(a_message, uid):
    assert announced(a_message(case="c").replace(uid("c").encode(), b"no uuid")) is None
    inside = b"<sbdh:InstanceIdentifier>" + uid("c").encode() + b"</sbdh:InstanceIdentifier>"
    assert announced(a_message(case="c").replace(inside, b"")) is None
