"""An official package, made up here: whole or not at all, and from then on it decides."""

import hashlib
import json
import re
import shutil
import stat
import zipfile

import pytest
from lxml import etree

from gateway.core.reading import Limits
from gateway.core.validation import verdict
from gateway.validating import validated
from sed_schemas import packages
from sed_schemas.load import FOLDER, SchemaSet, SchemasInvalid, catalogue, strict
from sed_schemas.packages import PackageInvalid, in_force, install, installed, rollback

TRANSACTION = "S_BUC_24-4.4-Counterparty-CaseOwner-New-X007-4.4.1-20260101.xsd"
REDEFINING = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:redefine schemaLocation="header.xsd">
    <xs:simpleType name="SedType">
      <xs:restriction base="SedType"><xs:enumeration value="X007"/></xs:restriction>
    </xs:simpleType>
  </xs:redefine>
</xs:schema>"""
HEADER = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:simpleType name="SedType"><xs:restriction base="xs:token"/></xs:simpleType>
  <xs:element name="Type" type="SedType"/>
</xs:schema>"""


def make(folder, change=lambda text: text, seds=("X007",)):
    """A package as delivered: SEDs, what they import, a transaction by redefinition."""
    folder.mkdir()
    shutil.copytree(FOLDER / "cdm-4.4" / "common", folder / "common")
    for sed in seds:
        text = (FOLDER / "cdm-4.4" / f"{sed}.xsd").read_text(encoding="utf-8")
        (folder / f"{sed}-4.4.xsd").write_text(change(text), encoding="utf-8")
    (folder / "header.xsd").write_text(HEADER, encoding="utf-8")
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
    assert (package.files, package.transactions) == (len(list(delivered.rglob("*.xsd"))), 1)
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
    assert {o.package for o in in_force(state).values()} == {second.name}
    assert rollback(state) == second.name
    assert {o.package for o in in_force(state).values()} == {first.name}


def test_a_version_of_which_there_is_no_profile_is_strict_from_then_on(state, tmp_path):
    def older(text):
        return text.replace("4_4/", "4_2/").replace('version="4.4"', 'version="4.2"')

    folder = make(tmp_path / "old", older)
    for file in (folder / "common").iterdir():
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
            return "common/XSec.xsd, line 1"
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
        archive.writestr(name, HEADER)
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
    monkeypatch.setattr(packages, "MOST_BYTES", 10_000)
    path = tmp_path / "p.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("big.xsd", b" " * 1_000_000)
    with pytest.raises(PackageInvalid, match="larger than"):
        install(path, state)


def test_too_many_files_are_too_many(state, delivered, monkeypatch):
    monkeypatch.setattr(packages, "MOST_FILES", 3)
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
    assert list(in_force(state)) == [("4.4", "X007")]
    assert sorted(p.name for p in state.iterdir()) == [".lock", package.name, "IN_FORCE"]


@pytest.mark.parametrize(
    ("cap", "most", "told"),
    [
        ("MOST_SECONDS", 1.5, ": takes too much time or memory"),
        ("MOST_MEGABYTES", 200, ", line 2: does not compile"),
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
    monkeypatch.setattr(packages, cap, most)
    with pytest.raises(PackageInvalid) as caught:
        install(delivered, state)
    assert str(caught.value).startswith(f"{TRANSACTION}{told}")
    assert in_force(state) == {}


def test_without_a_package_nothing_is_official(state):
    assert in_force(state) == {}
    assert rollback(state) is None
