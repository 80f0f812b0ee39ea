"""Document and schema to a verdict and an explanation, on a schema of three elements."""

from dataclasses import replace

import pytest
import xmlschema
from lxml import etree

from gateway.core.reading import Limits, read
from gateway.core.validation import MOST, Violation, explain, of_document, verdict
from sed_schemas import Transaction

XSD = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
<xs:element name="m"><xs:complexType><xs:sequence>
<xs:element name="day" type="xs:date" minOccurs="0" maxOccurs="unbounded"/>
<xs:element name="sex" minOccurs="0"><xs:simpleType><xs:restriction base="xs:string">
<xs:enumeration value="01"/></xs:restriction></xs:simpleType></xs:element>
</xs:sequence></xs:complexType></xs:element></xs:schema>"""
SECRET = "1850799123456"


class Schemas:
    """One schema for the SED `m`, none for any other."""

    name = "profile"

    def source(self, cdm, sed):
        return "profile" if sed == "m" else None

    def for_message(self, header_version, cdm, sed):
        return etree.XMLSchema(etree.fromstring(XSD)) if sed == "m" else None

    def of_transaction(self, transaction):
        return ()


class Official(Schemas):
    """The same, official; only a sex of 01 is asked for, whatever else the document holds."""

    def source(self, cdm, sed):
        return "official"

    def of_sed(self, cdm, sed):
        return etree.XMLSchema(etree.fromstring(XSD.replace("xs:date", "xs:string")))


def judged(xml, sed="m"):
    return verdict(xml.encode(), "1.2", "4.4", sed, Schemas())


def explained(xml, out_of_time=lambda: False):
    return explain(etree.fromstring(xml), xmlschema.XMLSchema(XSD, allow="local"), out_of_time)


def test_what_keeps_to_its_schema_is_valid():
    found = judged("<m><day>2026-01-01</day><sex>01</sex></m>")
    assert found.valid
    assert (found.source, found.rules, found.count) == ("profile", (), 0)


def test_a_rule_broken_is_named():
    found = judged("<m><sex>02</sex></m>")
    assert not found.valid
    assert found.source == "profile"
    assert "SCHEMAV_CVC_ENUMERATION_VALID" in found.rules


@pytest.mark.parametrize(
    ("xml", "source", "ok"),
    [
        ("<m><day>2026-01-01</day></m>", "official", True),
        ("<m><sex>02</sex></m>", "official", False),
        ("<m><day>x</day></m>", "profile", False),
        ("<m><day>x</day><sex>02</sex></m>", "official", False),
    ],
)
def test_what_the_official_schema_allows_breaks_the_profile_alone(xml, source, ok):
    found = verdict(xml.encode(), "1.2", "4.4", "m", Official())
    assert (found.source, found.valid) == (source, ok)
    assert found.valid == (found.count == 0)


def test_without_a_schema_nothing_is_judged():
    found = judged("<anything/>", sed="n")
    assert found.valid
    assert found.source is None


def test_most_rules_are_told_and_all_counted():
    found = judged("<m>" + "<day>x</day>" * 50 + "</m>")
    assert len(found.rules) == MOST
    assert found.count >= 50


def test_a_failure_without_a_log_is_a_failure_all_the_same(monkeypatch):
    class Silent:
        error_log = ()

    def refuse(_xml, _parser):
        raise etree.XMLSyntaxError("", 0, 0, 0)

    monkeypatch.setattr("gateway.core.validation.hardened_parser", lambda _schema: Silent())
    monkeypatch.setattr(etree, "fromstring", refuse)
    assert judged_without_schema().rules == ("SCHEMAV_UNKNOWN",)


def judged_without_schema():
    class Any(Schemas):
        def for_message(self, header_version, cdm, sed):
            return object()

    return verdict(b"<m/>", "1.2", "4.4", "m", Any())


def test_the_explanation_gives_path_and_rule():
    assert explained("<m><day>2026-01-01</day></m>") == ()
    found = explained("<m><day>2026-01-01</day><sex>02</sex></m>")
    assert found == (Violation("/m/sex", "XsdEnumerationFacets", "sex"),)


def test_no_value_of_the_document_gets_out():
    xml = f"<m><day>{SECRET}</day><sex>{SECRET}</sex><{'x' + SECRET}/></m>"
    assert SECRET not in repr(judged(xml))
    told = [(v.code, v.path) for v in explained(f"<m><day>{SECRET}</day></m>")]
    assert told
    assert SECRET not in repr(told)


def test_the_explanation_is_cut():
    assert len(explained("<m>" + "<day>x</day>" * 50 + "</m>")) == MOST


def test_the_explanation_stops_when_time_is_over():
    assert len(explained("<m>" + "<day>x</day>" * 50 + "</m>", lambda: True)) < 2


def test_errors_of_an_earlier_document_are_not_told_again():
    judged(f"<m><sex>{SECRET}</sex></m>")
    assert judged("<m/>").valid
    assert judged("<m><day>x</day></m>").count <= 2


@pytest.mark.parametrize("xml", ["<m><!-- c --><sex>01</sex></m>", "<m><?p i?></m>"])
def test_comments_and_instructions_break_nothing(xml):
    assert judged(xml).valid
    assert explained(xml) == ()


WHOLE = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"
targetNamespace="http://eessi.dgempl.ec.europa.eu/namespaces/sbdh">
<xs:element name="{root}"><xs:complexType><xs:sequence>
<xs:any processContents="skip" maxOccurs="unbounded"/>
</xs:sequence></xs:complexType></xs:element></xs:schema>"""


class Transactions(Schemas):
    """No schema of the SED; the given ones of the whole message, for one kind of it."""

    def __init__(self, *roots, kind):
        self._schemas = [etree.XMLSchema(etree.fromstring(WHOLE.format(root=r))) for r in roots]
        self._kind = kind

    def of_transaction(self, transaction):
        return self._schemas if transaction == self._kind else ()


KIND = Transaction("S_BUC_24", "4.4", "CaseOwner", "Counterparty", "Start", "S040")
RIGHT, WRONG = "StandardBusinessDocument", "SomethingElse"


@pytest.mark.parametrize(
    ("roots", "expected"),
    [
        ((), (None, True, False)),
        ((RIGHT,), ("official", True, False)),
        ((WRONG,), ("official", False, True)),
        ((WRONG, RIGHT), ("official", True, False)),
    ],
)
def test_a_message_keeps_to_one_of_the_schemas_of_its_kind(a_message, roots, expected):
    document = read(a_message(), Limits())
    found = of_document(document, Transactions(*roots, kind=KIND))
    assert (found.source, found.valid, found.transaction) == expected
    other = replace(KIND, action="Update")
    assert of_document(document, Transactions(*roots, kind=other)).source is None


def test_a_broken_sed_needs_no_transaction_to_be_official(a_message):
    class Broken(Official):
        def for_message(self, header_version, cdm, sed):
            return etree.XMLSchema(etree.fromstring(XSD))

        def of_transaction(self, transaction):
            raise NotImplementedError

    found = of_document(read(a_message(), Limits()), Broken())
    assert (found.source, found.valid, found.transaction) == ("official", False, False)
