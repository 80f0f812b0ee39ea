"""Every schema compiles in both libraries, once a thread, from any folder, without a network."""

import csv
import re
import shutil
import socket
import threading

import pytest
import xmlschema
from lxml import etree

from sed_schemas import schema_set
from sed_schemas.load import FOLDER, SchemasInvalid, catalogue
from sed_schemas.schema_set import SchemaSet

FILES = sorted((FOLDER / "cdm-4.4").glob("*.xsd"))
XS = "http://www.w3.org/2001/XMLSchema"
with (FOLDER / "seds.csv").open(encoding="utf-8-sig", newline="") as table:
    STRICT = {row["sed"]: row["strict"] for row in csv.DictReader(table, delimiter=";")}


@pytest.fixture
def copy(tmp_path):
    """The package's folder elsewhere, to be damaged."""
    ignored = shutil.ignore_patterns("__pycache__")
    return shutil.copytree(FOLDER, tmp_path / "schémas d'essai", ignore=ignored)


@pytest.mark.parametrize("header", schema_set.HEADERS)
def test_every_sed_of_the_catalogue_compiles_in_libxml2(schemas, header):
    for sed in sorted(catalogue().seds):
        assert schemas.source("4.4", sed) == "profile", sed
        schemas.for_message(header, "4.4", sed)


def test_there_is_no_file_beside_the_catalogue():
    assert {file.stem for file in FILES} == catalogue().seds


def test_every_file_compiles_in_xmlschema(tmp_path):
    imports = "".join(
        f'<xs:import namespace="http://ec.europa.eu/eessi/ns/4_4/{file.stem}"'
        f' schemaLocation="{file.as_uri()}"/>'
        for file in FILES
    )
    schema = xmlschema.XMLSchema(f'<xs:schema xmlns:xs="{XS}">{imports}</xs:schema>', allow="local")
    declared = {name.rpartition("}")[2] for name in schema.maps.elements}
    assert {file.stem for file in FILES} <= declared


@pytest.mark.parametrize("header", schema_set.HEADERS)
def test_both_envelopes_compile_in_xmlschema(schemas, header):
    schema = schemas.explanation(header, "4.1", "H001")
    assert [e.local_name for e in schema.elements.values()] == ["StandardBusinessDocument"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_file_says_what_it_is_and_declares_its_sed(file):
    text = file.read_text(encoding="utf-8")
    assert f"CDM 4.4 {file.stem}" in text
    kind = re.search(r"^  (?:CDM .*\. )?(Strict|Lax)[:.]", text, re.MULTILINE)
    assert kind is not None
    assert STRICT[file.stem] == ("yes" if kind[1] == "Strict" else "no")
    root = etree.fromstring(text.encode())
    assert root.get("targetNamespace") == f"http://ec.europa.eu/eessi/ns/4_4/{file.stem}"
    assert root.get("elementFormDefault") is None
    assert [e.get("name") for e in root.findall(f"{{{XS}}}element")] == [file.stem]


def test_only_files_of_the_package_are_imported():
    for file in FOLDER.rglob("*.xsd"):
        for found in etree.parse(file).iterfind(".//*[@schemaLocation]"):
            assert (file.parent / found.get("schemaLocation")).is_file(), file


def test_what_is_compiled_is_kept_and_bounded(monkeypatch):
    monkeypatch.setattr(schema_set, "KEPT", {"verdict": 2, "explanation": 1})
    schemas = SchemaSet()
    first = schemas.for_message("1.2", "4.4", "X007")
    second = schemas.for_message("1.2", "4.4", "X012")
    assert schemas.for_message("1.2", "4.4", "X007") is first
    schemas.for_message("1.2", "4.4", "X013")
    assert schemas.for_message("1.2", "4.4", "X007") is first
    assert schemas.for_message("1.2", "4.4", "X012") is not second


def test_what_has_no_file_shares_one_schema(schemas):
    one = schemas.for_message("1.1", "9.8", "H001")
    assert schemas.for_message("1.1", "9.9", "../../etc/passwd") is one
    assert schemas.source("9.9", "../../etc/passwd") is None
    assert schemas.source("4.4", "common/CC") is None


def test_two_threads_never_share_a_schema(schemas):
    found = {}

    def work(name):
        found[name] = (
            schemas.for_message("1.2", "4.4", "H001"),
            schemas.explanation("1.2", "4.4", "X001"),
        )

    for name in ("a", "b"):
        thread = threading.Thread(target=work, args=(name,))
        thread.start()
        thread.join()
    assert found["a"][0] is not found["b"][0]
    assert found["a"][1] is not found["b"][1]
    assert schemas.for_message("1.2", "4.4", "H001") not in {found["a"][0], found["b"][0]}


def test_no_network_is_asked(monkeypatch):
    def refuse(*_args, **_kwargs):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    schemas = SchemaSet()
    schemas.for_message("1.2", "4.4", "P2000")
    schemas.explanation("1.2", "4.4", "P2000")


def test_the_folder_may_be_anywhere(copy, message, monkeypatch):
    monkeypatch.chdir(copy.parent)
    schemas = SchemaSet(copy.relative_to(copy.parent))
    assert schemas.for_message("1.2", "4.4", "X007")
    tree = etree.fromstring(message("X007", "<CaseContext/>"))
    assert not schemas.explanation("1.2", "4.4", "X007").is_valid(tree)


@pytest.mark.parametrize("damage", ["<xs:schema", '<xs:schema xmlns:xs="urn:other"/>', ""])
def test_a_damaged_schema_is_named(copy, damage):
    for file in (copy / "cdm-4.4").glob("[!X]*.xsd"):
        file.unlink()  # a few are enough, and all take seconds
    (copy / "cdm-4.4" / "X007.xsd").write_text(damage, encoding="utf-8")
    schemas = SchemaSet(copy)
    with pytest.raises(SchemasInvalid, match="X007"):
        schemas.for_message("1.2", "4.4", "X007")
    with pytest.raises(SchemasInvalid, match="X007"):
        schemas.explanation("1.2", "4.4", "X007")
    assert schemas.for_message("1.2", "4.4", "X012")
    assert {line.partition(":")[0] for line in schemas.problems()} == {"cdm-4.4/X007.xsd"}


def test_nothing_is_wrong_with_the_package(schemas):
    assert schemas.problems() == ()


def test_a_version_is_added_by_its_folder(copy, message):
    (copy / "cdm-4.5").mkdir()
    text = (copy / "cdm-4.4" / "P2000.xsd").read_text(encoding="utf-8")
    text = text.replace(
        'targetNamespace="http://ec.europa.eu/eessi/ns/4_4',
        'targetNamespace="http://ec.europa.eu/eessi/ns/4_5',
    )
    text = text.replace("common/CC.xsd", "../cdm-4.4/common/CC.xsd")
    (copy / "cdm-4.5" / "P2000.xsd").write_text(text, encoding="utf-8")
    schemas = SchemaSet(copy)
    assert schemas.source("4.5", "P2000") == "profile"
    xml = message("P2000", "<Any/>", cdm="4.5")
    parser = etree.XMLParser(schema=schemas.for_message("1.2", "4.5", "P2000"))
    assert etree.fromstring(xml, parser) is not None


def test_no_two_threads_compile_at_once(monkeypatch):
    """libxml2 would be left broken for the whole process when both are the first to do so."""
    schemas, compile_, under_way, together = SchemaSet(), schema_set.etree.XMLSchema, set(), []
    start = threading.Barrier(4)

    def watched(document):
        under_way.add(threading.get_ident())
        together.append(len(under_way))
        compiled = compile_(document)
        under_way.discard(threading.get_ident())
        return compiled

    def work():
        start.wait()
        schemas.for_message("1.2", "4.4", "P2000")

    monkeypatch.setattr(schema_set.etree, "XMLSchema", watched)
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == [1] * 4
