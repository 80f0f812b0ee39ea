"""What the two schema libraries really name has a sentence of its own."""

import pytest
import xmlschema
from lxml import etree
from xmlschema import validators

from gateway.core.validation import explain, verdict
from gateway.wording import OTHER, english, sentence

_TYPED = """
<xs:element name="{name}" minOccurs="0"><xs:simpleType><xs:restriction base="xs:{base}">
<xs:{facet} value="{value}"/></xs:restriction></xs:simpleType></xs:element>
"""
_FACETS = [
    ("enumeration", "string", "01", "99"),
    ("pattern", "string", "[0-9]+", "x"),
    ("length", "string", "2", "xxx"),
    ("minLength", "string", "1", ""),
    ("maxLength", "string", "2", "xxx"),
    ("minInclusive", "integer", "1", "0"),
    ("maxInclusive", "integer", "2", "5"),
    ("minExclusive", "integer", "1", "1"),
    ("maxExclusive", "integer", "2", "2"),
    ("totalDigits", "decimal", "3", "12345"),
    ("fractionDigits", "decimal", "2", "1.234"),
]
XSD = f"""
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
<xs:element name="r"><xs:complexType><xs:sequence>
{"".join(_TYPED.format(name=f, facet=f, base=b, value=v) for f, b, v, _ in _FACETS)}
<xs:element name="date" type="xs:date" minOccurs="0"/>
<xs:element name="union" minOccurs="0">
 <xs:simpleType><xs:union memberTypes="xs:date xs:integer"/></xs:simpleType></xs:element>
<xs:element name="list" minOccurs="0">
 <xs:simpleType><xs:list itemType="xs:integer"/></xs:simpleType></xs:element>
<xs:element name="empty" minOccurs="0"><xs:complexType/></xs:element>
<xs:element name="fixed" minOccurs="0" type="xs:string" fixed="x"/>
<xs:element name="attributes" minOccurs="0"><xs:complexType>
 <xs:attribute name="a" type="xs:integer"/><xs:attribute name="b" use="required"/>
 <xs:attribute name="f" fixed="1"/></xs:complexType></xs:element>
<xs:element name="sequence" minOccurs="0"><xs:complexType><xs:sequence>
 <xs:element name="a"/><xs:element name="b"/></xs:sequence></xs:complexType></xs:element>
<xs:element name="choice" minOccurs="0"><xs:complexType><xs:choice>
 <xs:element name="a"/><xs:element name="b"/></xs:choice></xs:complexType></xs:element>
<xs:element name="any" minOccurs="0"><xs:complexType><xs:sequence>
 <xs:any namespace="##other" processContents="strict"/></xs:sequence></xs:complexType></xs:element>
<xs:element name="abstract" minOccurs="0" type="Abstract"/>
<xs:element name="unique" minOccurs="0"><xs:complexType><xs:sequence>
 <xs:element name="i" maxOccurs="9"><xs:complexType><xs:attribute name="id"/></xs:complexType>
 </xs:element></xs:sequence></xs:complexType>
 <xs:unique name="u"><xs:selector xpath="i"/><xs:field xpath="@id"/></xs:unique></xs:element>
</xs:sequence></xs:complexType></xs:element>
<xs:complexType name="Abstract" abstract="true"/>
</xs:schema>
"""
_XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
BROKEN = [
    *(f"<r><{facet}>{value}</{facet}></r>" for facet, _, _, value in _FACETS),
    "<r><date>x</date></r>",
    "<r><date><x/></date></r>",
    '<r><date a="1">2024-01-01</date></r>',
    "<r><union>z</union></r>",
    "<r><list>a b</list></r>",
    "<r><empty>text</empty></r>",
    "<r><empty><c/></empty></r>",
    "<r><fixed>y</fixed></r>",
    "<r><attributes/></r>",
    '<r><attributes b="1" a="x"/></r>',
    '<r><attributes b="1" z="x"/></r>',
    '<r><attributes b="1" f="3"/></r>',
    "<r><sequence><b/></sequence></r>",
    "<r><sequence>text<a/><b/></sequence></r>",
    "<r><choice/></r>",
    "<r><any><x/></any></r>",
    '<r><any><x xmlns="urn:other"/></any></r>',
    f'<r><date xsi:nil="true" {_XSI}/></r>',
    "<r><abstract/></r>",
    '<r><unique><i id="1"/><i id="1"/></unique></r>',
    "<r><unknown/></r>",
    "<r>text</r>",
    "<other/>",
]


class OneSchema:
    """The one schema above, for any SED."""

    def __init__(self):
        self._verdict = etree.XMLSchema(etree.fromstring(XSD))
        self._explanation = xmlschema.XMLSchema(XSD)

    def source(self, cdm, sed):
        return "profile"

    def for_message(self, header_version, cdm, sed):
        return self._verdict

    def explanation(self, header_version, cdm, sed):
        return self._explanation


@pytest.fixture(scope="module")
def schemas():
    return OneSchema()


@pytest.mark.parametrize("xml", BROKEN)
def test_what_the_verdict_names_has_words(xml, schemas):
    rules = verdict(xml.encode(), "1.2", "4.4", "X001", schemas).rules
    assert rules
    assert set(rules) <= set(english.CATALOGUE["violation"])


@pytest.mark.parametrize("xml", BROKEN)
def test_what_the_explanation_names_has_words(xml, schemas):
    schema = schemas.explanation("1.2", "4.4", "X001")
    violations = explain(etree.fromstring(xml), schema, lambda: False)
    assert violations
    assert {v.code for v in violations} <= set(english.CATALOGUE["violation"])


def test_every_wording_of_an_explanation_is_a_part_of_a_schema():
    codes = set(english.CATALOGUE["violation"]) - {OTHER, "schema"}
    parts = {code for code in codes if not code.startswith("SCHEMAV_")}
    assert parts <= set(dir(validators))


def test_a_violation_says_in_which_element_it_is():
    text = sentence("fr", "violation", "XsdMaxLengthFacet", {"element": "familyName"})
    assert text == "Élément familyName : la valeur est trop longue."


def test_a_rule_without_words_of_its_own_is_told_by_its_name():
    assert sentence("en", "violation", "SCHEMAV_CVC_WILDCARD") == (
        "A rule of the schema is broken (SCHEMAV_CVC_WILDCARD)."
    )


def test_an_element_without_a_name_leaves_no_hole():
    text = sentence("en", "violation", "schema", {"element": ""})
    assert text == "Element (without a name): the schema is broken."
