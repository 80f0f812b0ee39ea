"""SQL by name: the statements stand in a file of their own, where they can be read and tried.

One text serves every engine; what an engine writes otherwise it translates (`dialect`).
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, Generic, TypeVar

S = TypeVar("S")

_HEADER: Final = re.compile(r"^-- ([a-z0-9_]+) --$", re.MULTILINE)
_VALUES: Final = re.compile(r"VALUES (\([^)]*\))")
AT_ONCE: Final = (64, 16, 4, 1)
"""Rows in one statement; few sizes, so that prepared statements are used again."""


def named(path: Path) -> Mapping[str, str]:
    """Every statement below a line `-- name --`.

    Raises:
        ValueError: two statements have one name.
    """
    _, *parts = _HEADER.split(path.read_text(encoding="utf-8"))
    names = parts[::2]
    if len(set(names)) != len(names):
        raise ValueError(f"{path.name}: a name is given twice")
    return MappingProxyType(dict(zip(names, (p.strip() for p in parts[1::2]), strict=True)))


def _many(statement: str, rows: int) -> str:
    return _VALUES.sub(lambda found: "VALUES " + ", ".join([found[1]] * rows), statement)


class Statements(Generic[S]):
    """All statements, as one engine takes them."""

    def __init__(self, texts: Mapping[str, str], translated: Callable[[str], S]) -> None:
        self.one: Final = {name: translated(text) for name, text in texts.items()}
        """name -> the statement."""
        self.many: Final = {
            name: {rows: translated(_many(text, rows)) for rows in AT_ONCE}
            for name, text in texts.items()
            if _VALUES.search(text)
        }
        """name of an insert -> rows -> the statement."""


SQL: Final = named(Path(__file__).with_name("queries.sql"))
