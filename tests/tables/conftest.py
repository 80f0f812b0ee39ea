"""A draft of the release of the package, and how a test changes it as a maintainer would."""

import pytest

from gateway.tables.drafting import draft

_MARK = "\ufeff"


@pytest.fixture
def folder(tmp_path):
    """A draft that changes nothing yet."""
    draft(tmp_path / "draft", "2027-01")
    return tmp_path / "draft"


def few_communes(folder):
    """Leave out most of the largest table, where a test is about another one."""
    path = folder / "ir_directory/communes.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[:20]), encoding="utf-8")


def edit(folder, table, old, new):
    """Put `new` for the first `old` of a table; the line where that stands."""
    path = folder / table
    text = path.read_text(encoding="utf-8-sig")
    assert old in text
    path.write_text(_MARK + text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def add(folder, table, line):
    """Put a line at the end of a table; its number."""
    path = folder / table
    text = path.read_text(encoding="utf-8") + line + "\n"
    path.write_text(text, encoding="utf-8")
    return len(text.splitlines())
