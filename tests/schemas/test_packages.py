"""An official package, made up here: whole or not at all, and from then on it decides."""

import hashlib
import json
import re
import shutil
import stat
import zipfile

import pytest
from lxml import etree

from gateway.core.reading import Limits, read
from gateway.core.validation import of_document, verdict
from gateway.validating import validated
from sed_schemas import Transaction, delivery
from sed_schemas.delivery import PackageInvalid
from sed_schemas.load import FOLDER, SchemasInvalid, catalogue, strict
from sed_schemas.packages import InForce, in_force, install, installed, rollback
from sed_schemas.schema_set import SchemaSet

X007_BACK = Transaction("S_BUC_24", "4.4", "Counterparty", "CaseOwner", "New", "X007")
TRANSACTION = "S_BUC_24-4.4-Counterparty-CaseOwner-New-X007-4.4.1-20260101.xsd"
SBDH = "http://eessi.dgempl.ec.europa.eu/namespaces/sbdh"
ONLY = """<xs:simpleType name="{name}"><xs:restriction base="sbdh:{name}">
<xs:enumeration value="{value}"/></xs:restriction></xs:simpleType>"""
NARROWED = {"SedType": "X007", "CaseAction": "New", "BusinessServiceName": "S_BUC_24:4.4"}
REDEFINING = f"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:sbdh="{SBDH}"
    targetNamespace="{SBDH}" elementFormDefault="qualified"
    xmlns:sed="http://ec.europa.eu/eessi/ns/4_4/X007">
  <xs:import namespace="http://ec.europa.eu/eessi/ns/4_4/X007" schemaLocation="X007-4.4.xsd"/>
  <xs:redefine schemaLocation="header.xsd">
    {"".join(ONLY.format(name=name, value=value) for name, value in NARROWED.items())}
  </xs:redefine>
  <xs:element name="StandardBusinessDocument"><xs:complexType><xs:sequence>
    <xs:element name="StandardBusinessDocumentHeader" type="sbdh:Header"/>
    <xs:element ref="sed:X007"/>
  </xs:sequence></xs:complexType></xs:element>
</xs:schema>"""


def header():
    """The envelope in one file, as `xs:redefine` wants it."""
    texts = [
        (FOLDER / "sbdh" / name).read_text(encoding="utf-8") for name in ("1.2.xsd", "types.xsd")
    ]
    envelope, types = (text[text.index("<xs:schema") :] for text in texts)
    own = types[types.index(">") + 1 : types.index("</xs:schema>")]
    return envelope.replace('<xs:include schemaLocation="types.xsd"/>', own)


def make(folder, change=lambda text: text, seds=("X007",)):
    """A package as delivered: SEDs, what they import, a transaction by redefinition."""
    folder.mkdir()
    shutil.copytree(FOLDER / "cdm-4.4" / "common", folder / "common")
    for sed in seds:
        text = (FOLDER / "cdm-4.4" / f"{sed}.xsd").read_text(encoding="utf-8")
        (folder / f"{sed}-4.4.xsd").write_text(change(text), encoding="utf-8")
    (folder / "header.xsd").write_text(header(), encoding="utf-8")
    (folder / TRANSACTION).write_text(REDEFINING, encoding="utf-8")
    (folder / "readme.txt").write_text("not a schema")
    return folder


def with_reason(text):
    """The reason of an X007 is mandatory here; in ours it is not."""
    changed = text.replace('<xs:element name="reason" minOccurs="0">', '<xs:element name="reason">')
    assert changed != text
    return changed


@pytest.fixture
def state(tmp_path):
    return tmp_path / "state"


@pytest.fixture
def delivered(tmp_path):
    return make(tmp_path / "delivered", with_reason)


def zipped(folder, path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(folder))
    return path


def valid(schemas, without_reason):
    schema = schemas.for_message("1.2", "4.4", "X007")
    return schema.validate(without_reason)


@pytest.fixture
def without_reason(a_message):
    inside = (
        "<CaseContext><PersonContext><familyName>Muster</familyName><forename>Erika</forename>"
        "<dateBirth>1985-07-15</dateBirth><sex><value>02</value></sex></PersonContext>"
        "</CaseContext><ForwardInformation><AddedParticipant><institutionID>FR:1</institutionID>"
        "<institutionName>x</institutionName></AddedParticipant><RemovedParticipant>"
        "<institutionID>FR:2</institutionID><institutionName>y</institutionName>"
        "</RemovedParticipant></ForwardInformation>"
    )
    return etree.fromstring(a_message(sed="X007", action="New", inside=inside))


def test_an_installed_package_decides_and_is_rolled_back(state, delivered, without_reason):
    ours = SchemaSet()
    assert valid(ours, without_reason)
    package = install(delivered, state)
    assert [(o.cdm, o.sed) for o in package.seds] == [("4.4", "X007")]
    assert package.files == len(list(delivered.rglob("*.xsd")))
    assert list(package.transactions) == [X007_BACK]
    official = SchemaSet(official=in_force(state))
    assert official.source("4.4", "X007") == "official"
    assert official.source("4.4", "X008") == "profile"
    assert not valid(official, without_reason)
    assert official.problems() == ()
    assert rollback(state) == package.name
    assert valid(SchemaSet(official=in_force(state)), without_reason)
    assert rollback(state) is None


@pytest.mark.parametrize("envelope", [True, False])
@pytest.mark.parametrize("reason", [True, False])
def test_only_what_the_official_schema_says_is_official(
    state, delivered, without_reason, envelope, reason
):
    """The envelope stays ours: what breaks it alone sends nothing abroad and refuses nothing."""
    install(delivered, state)
    xml = etree.tostring(without_reason)
    if reason:
        xml = xml.replace(
            b"</ForwardInformation>",
            b"<reason><value>01</value></reason></ForwardInformation>",
        )
    if not envelope:
        broken = re.sub(rb"(CreationDateAndTime>)[^<]+", rb"\1then", xml)
        assert broken != xml
        xml = broken
    found = verdict(xml, "1.2", "4.4", "X007", SchemaSet(official=in_force(state)))
    assert found.valid == (envelope and reason)
    assert found.source == ("profile" if reason and not envelope else "official")


@pytest.fixture
def an_x007_back(a_message):
    """X007 of a counterparty to the owner: the kind of message that the transaction is for."""
    inside = (
        "<CaseContext><PersonContext><familyName>Muster</familyName><forename>Erika</forename>"
        "<dateBirth>1985-07-15</dateBirth><sex><value>02</value></sex></PersonContext>"
        "</CaseContext><ForwardInformation><AddedParticipant><institutionID>FR:1</institutionID>"
        "<institutionName>x</institutionName></AddedParticipant><RemovedParticipant>"
        "<institutionID>FR:2</institutionID><institutionName>y</institutionName>"
        "</RemovedParticipant><reason><value>01</value></reason></ForwardInformation>"
    )
    parties = {
        "sender": ("FR:CLEISS0000", "Counterparty"),
        "receivers": (("DE:101320043", "CaseOwner"),),
    }
    return lambda **more: a_message(
        **{"sed": "X007", "action": "New", "inside": inside, **parties, **more}
    )


def of(body, state):
    found = of_document(read(body, Limits()), SchemaSet(official=in_force(state)))
    return found.source, found.valid, found.transaction


def test_a_transaction_schema_decides_on_the_whole_of_its_kind_of_message(
    state, delivered, an_x007_back
):
    install(delivered, state)
    good = an_x007_back()
    assert of(good, state) == ("official", True, False)
    assert of(good.replace(b'Authority="urn:eu', b'Authority="urn:else'), state) == (
        "official",
        False,
        True,
    )
    several = (("DE:101320043", "CaseOwner"), ("PL:PL0002", "Counterparty"))
    assert of(an_x007_back(receivers=several), state) == ("official", True, False)


@pytest.mark.parametrize(
    "kind",
    [
        {"buc": "S_BUC_01"},
        {"action": "Update"},
        {"sender": ("FR:CLEISS0000", "CaseOwner")},
        {"receivers": (("DE:101320043", "Counterparty"),)},
    ],
)
def test_it_does_not_decide_on_any_other_kind(state, delivered, an_x007_back, kind):
    install(delivered, state)
    body = an_x007_back(**kind).replace(b'Authority="urn:eu', b'Authority="urn:else')
    assert of(body, state) == ("profile", False, False)


def test_what_a_newer_envelope_allows_ours_does_not_forbid(state, tmp_path, an_x007_back):
    folder = make(tmp_path / "delivered")
    text = (folder / "header.xsd").read_text(encoding="utf-8")
    newer = text.replace(
        '<xs:element name="TestCase"',
        '<xs:element name="Priority" type="xs:boolean" minOccurs="0"/><xs:element name="TestCase"',
    )
    assert newer != text
    (folder / "header.xsd").write_text(newer, encoding="utf-8")
    body = an_x007_back(flags="<sbdh:Priority>true</sbdh:Priority>")
    assert of(body, state) == ("profile", False, False)
    install(folder, state)
    assert of(body, state) == ("official", True, False)


def test_one_of_several_deliveries_of_a_transaction_is_enough(state, delivered, an_x007_back):
    strict = (delivered / TRANSACTION).read_text(encoding="utf-8")
    never = strict.replace('value="X007"', 'value="X008"')
    (delivered / TRANSACTION.replace("20260101", "20250101")).write_text(never, encoding="utf-8")
    install(delivered, state)
    assert of(an_x007_back(), state) == ("official", True, False)


def test_a_broken_transaction_is_explained_by_its_own_schema(state, delivered, an_x007_back):
    install(delivered, state)
    body = an_x007_back().replace(b'Authority="urn:eu', b'Authority="urn:else')
    schemas = SchemaSet(official=in_force(state))
    told = validated(body, Limits(), schemas, catalogue(), "en")
    assert (told["valid"], told["schema"]) == (False, "official")
    assert "Identifier" in told["violations"][0]["path"]
    assert "urn:else" not in json.dumps(told)


def test_a_set_is_called_by_its_packages(state, delivered, tmp_path):
    assert SchemaSet(official=in_force(state)).name == "profile"
    first = install(delivered, state)
    second = install(make(tmp_path / "other", seds=("X007", "X008")), state)
    assert SchemaSet(official=in_force(state)).name == f"{second.name}+{first.name}"


def test_a_schema_that_only_one_library_takes_still_gives_its_verdict(
    state, delivered, without_reason, monkeypatch
):
    def refuse(*_args):
        raise SchemasInvalid("cdm-4.4/X007.xsd: no")

    install(delivered, state)
    schemas = SchemaSet(official=in_force(state))
    monkeypatch.setattr(schemas, "explanation", refuse)
    told = validated(etree.tostring(without_reason), Limits(), schemas, catalogue(), "en")
    assert (told["valid"], told["schema"], told["count"]) == (False, "official", 1)
    assert [one["path"] for one in told["violations"]] == ["/"]


def test_a_zip_is_the_same_package_as_its_folder(state, delivered, tmp_path):
    one = install(delivered, state)
    assert install(zipped(delivered, tmp_path / "p.zip"), state) == one
    assert [p.name for p in installed(state)] == [one.name]


def test_every_file_stands_with_its_sum(state, delivered):
    package = install(delivered, state)
    manifest = json.loads((state / package.name / "MANIFEST.json").read_text())
    for name, digest in manifest["files"].items():
        content = (state / package.name / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == digest
        assert content == (delivered / name).read_bytes()
    assert package.seds[0].sha256 == manifest["files"]["X007-4.4.xsd"]
    assert stat.S_IMODE((state / package.name / "MANIFEST.json").stat().st_mode) == 0o600


def test_the_package_installed_last_is_asked_first(state, delivered, tmp_path):
    first = install(delivered, state)
    second = install(make(tmp_path / "other", seds=("X007", "X008")), state)
    assert [p.name for p in installed(state)] == [second.name, first.name]
    assert {o.package for o in in_force(state).seds.values()} == {second.name}
    assert rollback(state) == second.name
    assert {o.package for o in in_force(state).seds.values()} == {first.name}


def test_a_version_of_which_there_is_no_profile_is_strict_from_then_on(state, tmp_path):
    def older(text):
        return text.replace("4_4/", "4_2/").replace('version="4.4"', 'version="4.2"')

    folder = make(tmp_path / "old", older)
    for file in (*(folder / "common").iterdir(), folder / TRANSACTION):
        file.write_text(older(file.read_text(encoding="utf-8")), encoding="utf-8")
    install(folder, state)
    assert SchemaSet().source("4.2", "X007") == "profile"
    assert not strict("4.2", "X007")
    assert SchemaSet(official=in_force(state)).source("4.2", "X007") == "official"


def broken(delivered, how):
    """The package, broken; what the error names."""
    match how:
        case "not XML":
            (delivered / "common" / "XSec.xsd").write_text("<xs:schema")
            return "common/XSec.xsd:1"
        case "does not compile":
            path = delivered / "X007-4.4.xsd"
            text = path.read_text(encoding="utf-8")
            path.write_text(text.replace("x:XAdministrativeContextType", "x:Nothing"))
            return "X007-4.4.xsd"
        case "redefines nothing":
            (delivered / TRANSACTION).write_text(REDEFINING.replace("SedType", "Other"))
            return TRANSACTION
        case "not in the package":
            (delivered / "common" / "XSec.xsd").unlink()
            return "common/XSec.xsd is not in the package"
        case "outside":
            (delivered / TRANSACTION).write_text(REDEFINING.replace("header", "../header"))
            return "../header.xsd is not in the package"
        case "network":
            far = REDEFINING.replace("header.xsd", "http://example.org/h.xsd")
            (delivered / TRANSACTION).write_text(far)
            return "http://example.org/h.xsd is not in the package"
        case "doctype":
            text = (delivered / "header.xsd").read_text()
            (delivered / "header.xsd").write_text('<!DOCTYPE a [<!ENTITY b "c">]>' + text)
            return "header.xsd: has a DOCTYPE"
        case "twice":
            shutil.copy(delivered / "X007-4.4.xsd", delivered / "X007-4.4-again.xsd")
            return "X007 of CDM 4.4 is there twice"
        case "no SED":
            (delivered / "X007-4.4.xsd").unlink()
            (delivered / TRANSACTION).unlink()
            return "no schema of a SED"
        case "another root":
            (delivered / "header.xsd").write_text("<schema/>")
            return "header.xsd: not an XML schema"
        case "link":
            (delivered / "link.xsd").symlink_to("/etc/hostname")
            return "link.xsd: a link"


BREAKAGES = (
    "not XML", "does not compile", "redefines nothing", "not in the package", "outside",
    "network", "doctype", "twice", "no SED", "another root", "link",
)  # fmt: skip


@pytest.mark.parametrize("how", BREAKAGES)
def test_a_broken_package_says_where_and_changes_nothing(state, delivered, tmp_path, how):
    before = install(make(tmp_path / "good"), state)
    names = sorted(path.name for path in state.iterdir())
    told = broken(delivered, how)
    with pytest.raises(PackageInvalid) as caught:
        install(delivered, state)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
    assert [p.name for p in installed(state)] == [before.name]
    assert sorted(path.name for path in state.iterdir()) == names


@pytest.mark.parametrize("name", ["../out.xsd", "/etc/out.xsd", "a/../../out.xsd", "a\\out.xsd"])
def test_no_member_of_a_zip_leads_out(state, tmp_path, name):
    path = tmp_path / "p.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, header())
    with pytest.raises(PackageInvalid, match="leads out"):
        install(path, state)


def test_a_link_in_a_zip_is_refused(state, tmp_path):
    path = tmp_path / "p.zip"
    member = zipfile.ZipInfo("link.xsd")
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, "/etc/hostname")
    with pytest.raises(PackageInvalid, match="a link"):
        install(path, state)


def test_a_bomb_is_not_unpacked(state, tmp_path, monkeypatch):
    monkeypatch.setattr(delivery, "MOST_BYTES", 10_000)
    path = tmp_path / "p.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("big.xsd", b" " * 1_000_000)
    with pytest.raises(PackageInvalid, match="larger than"):
        install(path, state)


def test_too_many_files_are_too_many(state, delivered, monkeypatch):
    monkeypatch.setattr(delivery, "MOST_FILES", 3)
    with pytest.raises(PackageInvalid, match="too many files"):
        install(delivered, state)


def test_what_is_no_zip_says_so(state, tmp_path):
    path = tmp_path / "p.zip"
    path.write_bytes(b"PK but no more")
    with pytest.raises(PackageInvalid, match="not a ZIP"):
        install(path, state)


def test_a_damaged_installation_is_named(state, delivered):
    package = install(delivered, state)
    (state / package.name / "MANIFEST.json").write_text("{")
    with pytest.raises(PackageInvalid, match="damaged"):
        in_force(state)


@pytest.mark.parametrize("how", ["changed", "gone", "sum"])
def test_a_file_that_is_not_what_was_installed_is_named_and_put_back(state, delivered, how):
    package = install(delivered, state)
    file = state / package.name / "X007-4.4.xsd"
    named = file.name
    match how:
        case "changed":
            file.write_text(file.read_text(encoding="utf-8") + " ", encoding="utf-8")
        case "gone":
            file.unlink()
        case "sum":
            manifest = file.with_name(named := "MANIFEST.json")
            said = json.loads(manifest.read_text())
            said["files"]["X007-4.4.xsd"] = "0" * 64
            manifest.write_text(json.dumps(said))
    with pytest.raises(PackageInvalid, match=f"{package.name}/{named}: damaged"):
        in_force(state)
    assert install(delivered, state) == package
    assert list(in_force(state).seds) == [("4.4", "X007")]
    assert {p.name for p in state.iterdir()} == {".lock", package.name, "IN_FORCE"}


@pytest.mark.parametrize(
    ("cap", "most", "told"),
    [
        ("MOST_SECONDS", 1.5, ": takes too much time or memory"),
        ("MOST_MEGABYTES", 200, ":2: does not compile"),
    ],
)
def test_a_package_that_takes_too_much_to_compile_is_refused(
    state, delivered, monkeypatch, cap, most, told
):
    """A long row of optional elements (measured: libxml2 takes 6 s over 1,500 of them)."""
    elements = "".join(
        f'<xs:element name="e{n}" type="xs:string" minOccurs="0"/>' for n in range(6_000)
    )
    bomb = f'<xs:complexType name="B"><xs:sequence>{elements}</xs:sequence></xs:complexType>'
    (delivered / TRANSACTION).write_text(
        f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">\n{bomb}</xs:schema>'
    )
    monkeypatch.setattr(delivery, cap, most)
    with pytest.raises(PackageInvalid) as caught:
        install(delivered, state)
    assert str(caught.value).startswith(f"{TRANSACTION}{told}")
    assert in_force(state) == InForce()


def test_without_a_package_nothing_is_official(state):
    assert in_force(state) == InForce()
    assert rollback(state) is None
