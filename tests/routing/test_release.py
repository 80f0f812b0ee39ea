"""The release as one unit: any byte that differs from its manifest is noticed."""

import hashlib
import runpy
import shutil

import pytest

from routing_tables import release
from routing_tables.release import MANIFEST, ROOT, ReleaseInvalid, hashes, load, rewrite, write


@pytest.fixture
def root(tmp_path):
    """A small release of its own."""
    for name in ("ir_directory/institutions.csv", "routing_tables/questions/en.csv"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{name}\n", encoding="utf-8")
    write("summer", base="spring", status="draft", root=tmp_path)
    return tmp_path


def problems(root):
    with pytest.raises(ReleaseInvalid) as caught:
        load(root)
    assert all(p.english and p.french for p in caught.value.problems)
    return [(p.file, p.line) for p in caught.value.problems]


def test_the_manifest_of_the_baseline_is_fresh():
    """Red after a change of a table: run `python -m routing_tables.release`."""
    try:
        found = load()
    except ReleaseInvalid as stale:
        pytest.fail(f"the MANIFEST is stale; run `python -m routing_tables.release`: {stale}")
    assert (found.name, found.base, found.status) == ("2026-baseline", "", "example")


def test_the_baseline_names_every_table_of_both_packages():
    assert set(load().files) >= {
        "ir_directory/institutions.csv",
        "ir_directory/competences.csv",
        "ir_directory/catchments.csv",
        "ir_directory/communes.csv",
        "ir_directory/partners.csv",
        "routing_tables/routes.csv",
        "routing_tables/reminders.csv",
        "routing_tables/questions/en.csv",
    }


def test_a_release_is_its_name_and_the_hash_of_each_file(root):
    found = load(root)
    assert (found.name, found.base, found.status) == ("summer", "spring", "draft")
    assert found.files["ir_directory/institutions.csv"] == (
        hashlib.sha256(b"ir_directory/institutions.csv\n").hexdigest()
    )
    assert found.digest == hashlib.sha256((root / MANIFEST).read_bytes()).hexdigest()


@pytest.mark.parametrize(
    "name", ["ir_directory/institutions.csv", "routing_tables/questions/en.csv"]
)
def test_a_changed_table_is_noticed_and_changes_the_digest(root, name):
    before = load(root).digest
    (root / name).write_text("other\n", encoding="utf-8")
    assert problems(root) == [(name, 0)]
    rewrite(root)
    after = load(root)
    assert after.digest != before
    assert (after.name, after.base, after.status) == ("summer", "spring", "draft")


def test_a_lost_and_an_added_table_are_noticed_together(root):
    (root / "ir_directory/institutions.csv").unlink()
    (root / "ir_directory/zones.csv").touch()
    assert problems(root) == [("ir_directory/institutions.csv", 0), ("ir_directory/zones.csv", 0)]


def test_a_missing_manifest(root):
    (root / MANIFEST).unlink()
    assert problems(root) == [(MANIFEST, 0)]


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("name: summer", "name:", 1),
        ("status: draft", "status: perfect", 1),
        ("name: summer", "title: summer", 1),
        ("name: summer\n", "name: summer\nwhatever\n", 2),
        ("  ir_directory", " ir_directory", 5),
    ],
)
def test_a_broken_manifest(root, old, new, line):
    text = (root / MANIFEST).read_text(encoding="utf-8")
    assert old in text
    (root / MANIFEST).write_text(text.replace(old, new), encoding="utf-8")
    assert (MANIFEST, line) in problems(root)


def test_a_hash_that_is_none_and_a_file_listed_twice(root):
    text = (root / MANIFEST).read_text(encoding="utf-8")
    last = text.splitlines()[-1]
    (root / MANIFEST).write_text(f"{text}{last}\n{'x' * 64}  a.csv\n", encoding="utf-8")
    assert problems(root) == [(MANIFEST, 7), (MANIFEST, 8)]


def test_the_command_writes_the_manifest_of_the_tables_anew(tmp_path, capsys, monkeypatch):
    copy = tmp_path / "routing_tables"
    shutil.copytree(ROOT / "routing_tables", copy)
    (tmp_path / "ir_directory").mkdir()
    (copy / "reminders.csv").write_text("changed\n", encoding="utf-8")
    runpy.run_path(str(copy / "release.py"), run_name="__main__")
    assert capsys.readouterr().out == f"{tmp_path / MANIFEST}\n"
    assert load(tmp_path).files == hashes(tmp_path)
    assert release.ROOT == ROOT
