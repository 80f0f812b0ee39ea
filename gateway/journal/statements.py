"""SQL by name: the statements stand in a file of their own, where they can be read and tried."""

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

_HEADER: Final = re.compile(r"^-- ([a-z0-9_]+) --$", re.MULTILINE)


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


SQL: Final = named(Path(__file__).with_name("queries.sql"))
"""The statements of the SQLite journal."""
