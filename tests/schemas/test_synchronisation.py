"""SYN001: what was seen passes, what an import could not use does not."""

import threading

import pytest
from lxml import etree

from gateway.core.reading import hardened_parser
from sed_schemas import synchronisation
from sed_schemas.load import FOLDER, SchemasInvalid

PERIOD = (
    "<ValidityPeriod><start>2015-01-01T00:00:00.000Z</start>"
    "<end>2200-01-01T00:00:00Z</end></ValidityPeriod>"
)
COMPETENCE = (
    f"<Competence><id>1</id><applicationRole>Counterparty</applicationRole>{PERIOD}"
    "<BUCType><name>S_BUC_01a</name></BUCType><isEESSIReady>true</isEESSIReady></Competence>"
)
USE = "<CertificateIdentification><thumbprint>00AA</thumbprint></CertificateIdentification>"
ADDRESSES = (
    "<PostalAddresses><PostalAddress><zIPCode>01000</zIPCode>"
    "<isVisitorAddress>false</isVisitorAddress><Street><Translation>"
    "<languageCode>fr</languageCode><text>1 rue de l'Essai</text></Translation></Street><Town>"
    "<Translation><text>Bourg</text></Translation></Town></PostalAddress></PostalAddresses>"
)
CONTACT = (
    "<ContactInfo><URLs><URL><uRL>https://example.org</uRL></URL></URLs><EmailAddresses/>"
    "<FaxNumbers/><PhoneNumbers><PhoneNumber><phoneNumber>+33 1 00000000</phoneNumber>"
    "</PhoneNumber></PhoneNumbers></ContactInfo>"
)
INSTITUTION = (
    "<Institution><officialID>FR:0101100000</officialID><cLDId>x</cLDId><countryCode>"
    "<value>FR</value></countryCode><isPublicIndicator><value>1</value></isPublicIndicator>"
    "<isLiaisonBodyIndicator><value>0</value></isLiaisonBodyIndicator><Relations/>"
    "<Name><Translation><languageCode>FR</languageCode><text>Caisse</text></Translation>"
    "<Translation><languageCode>EN</languageCode><text>Fund</text></Translation></Name>"
    f"{PERIOD}{ADDRESSES}{CONTACT}<Competences>{COMPETENCE}</Competences>"
    f"<EbMSSignatureCertificates><EbMSSignatureCertificate>{USE}</EbMSSignatureCertificate>"
    "</EbMSSignatureCertificates><BusinessMessageEndpoint><channel>FR</channel>"
    "<messageExchangePattern>Pull</messageExchangePattern></BusinessMessageEndpoint></Institution>"
)
LINKED = (
    "<LinkedInstitution><Institution><officialID>FR:0101100000</officialID><countryCode>"
    f"<value>FR</value></countryCode></Institution>{PERIOD}</LinkedInstitution>"
)
ACCESS_POINT = (
    "<AccessPoint><officialID>FR:APFR01</officialID><countryCode><value>FR</value></countryCode>"
    f"<ContactDetails>{CONTACT}</ContactDetails>{PERIOD}"
    f"<LinkedInstitutions>{LINKED}</LinkedInstitutions></AccessPoint>"
)
CERTIFICATE = (
    "<Certificate><serialNumber>1</serialNumber><subject>CN=x</subject><issuer>CN=y</issuer>"
    "<validFrom>2019-02-04T03:43:04Z</validFrom><validTo>2021-02-03T03:43:04Z</validTo>"
    "<thumbprint>00AA</thumbprint><publicKey>AAEC</publicKey></Certificate>"
)
NODE = (
    "<CentralServicesNode><officialID>EU:CSN01</officialID><SystemMessageEndpoint>"
    "<channel>https://example.org</channel><messageExchangePattern>PUSH</messageExchangePattern>"
    "</SystemMessageEndpoint></CentralServicesNode>"
)
WHOLE = (
    f"<IRSync><version>4.1.2</version><InstitutionRepository>{NODE}"
    f"<Institutions>{INSTITUTION}</Institutions><AccessPoints>{ACCESS_POINT}</AccessPoints>"
    f"<Certificates>{CERTIFICATE}</Certificates></InstitutionRepository></IRSync>"
)
MISSES = {
    "no id": ("<officialID>FR:0101100000</officialID><cLDId>", "<cLDId>"),
    "an id of no country": (
        ">FR:0101100000</officialID><cLDId>",
        ">0101100000</officialID><cLDId>",
    ),
    "no country": ("<countryCode><value>FR</value></countryCode><isPublic", "<isPublic"),
    "a country by name": (
        "<value>FR</value></countryCode><is",
        "<value>France</value></countryCode><is",
    ),
    "no name": ("<text>Caisse</text>", ""),
    "an empty name": (">Caisse<", "><"),
    "a name without a translation": ("<Name><Translation>", "<Name/><Name><Translation>"),
    "a flag in words": ("<isPublicIndicator><value>1", "<isPublicIndicator><value>true"),
    "valid since nothing": ("<start>2015-01-01T00:00:00.000Z</start>", ""),
    "valid since a word": ("2015-01-01T00:00:00.000Z", "always"),
    "an unknown role": (">Counterparty<", ">Owner<"),
    "no role": ("<applicationRole>Counterparty</applicationRole>", ""),
    "no BUC": ("<BUCType><name>S_BUC_01a</name></BUCType>", ""),
    "an unknown form of BUC": ("S_BUC_01a", "S-BUC-01"),
    "ready perhaps": (">true</isEESSIReady>", ">perhaps</isEESSIReady>"),
    "an unknown way to fetch": (">Pull<", ">Post<"),
    "competences first": (f"{CONTACT}<Competences>", "<Competences>"),
    "something strange": ("<Relations/>", "<Relations/><Scope/>"),
    "a key of no bytes": (">AAEC<", ">%%<"),
    "two repositories": ("</IRSync>", "</IRSync><IRSync/>"),
    "no institutions": ("Institutions>", "Institution>"),
}


@pytest.fixture(scope="module")
def passes(message):
    def _passes(body, *, header="1.1", cdm="4.2"):
        xml = message("SYN001", body, header=header, cdm=cdm)
        parser = hardened_parser(synchronisation.for_message(header, cdm))
        try:
            etree.fromstring(xml.encode(), parser)
            libxml2 = True
        except etree.XMLSyntaxError:
            libxml2 = False
        explained = synchronisation.explanation(header, cdm).is_valid(etree.fromstring(xml))
        assert libxml2 == explained, parser.error_log
        return libxml2

    return _passes


@pytest.mark.parametrize("cdm", synchronisation.VERSIONS)
def test_a_repository_passes_in_each_version(passes, cdm):
    header = "1.1" if cdm < "4.3" else "1.2"
    assert passes(WHOLE, header=header, cdm=cdm)


def test_an_empty_repository_passes(passes):
    assert passes(
        "<IRSync><version>4.1.2</version><InstitutionRepository><Institutions/>"
        "</InstitutionRepository></IRSync>"
    )


@pytest.mark.parametrize("role", ["CaseOwner", "CounterParty", "IntelligentRA"])
def test_both_spellings_of_roles_pass(passes, role):
    assert passes(WHOLE.replace(">Counterparty<", f">{role}<"))


@pytest.mark.parametrize("case", MISSES)
def test_what_cannot_be_used_is_refused(passes, case):
    old, new = MISSES[case]
    if case == "competences first":
        new = f"<Competences>{COMPETENCE}</Competences>{CONTACT}<Competences>"
    assert old in WHOLE
    assert not passes(WHOLE.replace(old, new))


def test_the_version_is_that_of_the_namespace(message):
    schema = synchronisation.for_message("1.1", "4.2")
    assert not schema.validate(etree.fromstring(message("SYN001", WHOLE, header="1.1", cdm="4.1")))


@pytest.mark.parametrize(("header", "cdm"), [("1.0", "4.2"), ("1.1", "4.0"), ("1.1", "../4.2")])
def test_what_has_no_schema_is_said(header, cdm):
    with pytest.raises(SchemasInvalid, match="no such"):
        synchronisation.for_message(header, cdm)
    with pytest.raises(SchemasInvalid, match="no such"):
        synchronisation.explanation(header, cdm)


def test_a_file_a_version():
    files = {file.stem for file in (FOLDER / "ir").glob("*.xsd")}
    assert files == {*synchronisation.VERSIONS, synchronisation.SED}
    assert "\n  Strict:" in (FOLDER / "ir" / "SYN001.xsd").read_text(encoding="utf-8")


def test_threads_can_ask_at_once():
    found, start = [], threading.Barrier(4)

    def work():
        start.wait()
        found.append(synchronisation.for_message("1.2", "4.4"))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, found))) == 4
