"""What the tests share of a directory is what its files say, and nobody can change it."""

from dataclasses import FrozenInstanceError, fields

import pytest

from ir_directory import load
from tests import reading_once


@pytest.fixture
def read():
    return reading_once.once(load.load)


def test_the_same_bytes_are_the_same_directory_wherever_they_are(read, baseline_folder, tmp_path):
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in load.COLUMNS:
        (copy / name).write_bytes((baseline_folder / name).read_bytes())
    one = read(baseline_folder)
    assert read(copy) is one
    fresh = load.load(copy)
    for field in fields(one):
        assert getattr(one, field.name) == getattr(fresh, field.name), field.name
    institutions = copy / "institutions.csv"
    text = institutions.read_text(encoding="utf-8")
    institutions.write_text(text.replace(one.institutions[0].name, "Another"), encoding="utf-8")
    assert read(copy).institutions[0].name == "Another"
    institutions.write_text(text.replace("FR:", "fr:", 1), encoding="utf-8")
    for _ in range(2):
        with pytest.raises(load.DirectoryInvalid):
            read(copy)
    institutions.unlink()
    with pytest.raises(load.DirectoryInvalid):
        read(copy)


def test_a_test_that_changes_it_is_found(read, baseline_folder):
    shared = read(baseline_folder)
    with pytest.raises(FrozenInstanceError):
        shared.institutions = ()
    with pytest.raises(FrozenInstanceError):
        shared.institutions[0].name = "Another"
    indexes = [field.name for field in fields(shared) if field.name.startswith("_")]
    assert indexes
    for name in indexes:
        with pytest.raises(TypeError):
            getattr(shared, name)["another"] = ()
