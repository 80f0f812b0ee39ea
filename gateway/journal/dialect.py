"""The statements of `queries.sql` as PostgreSQL takes them.

They are written for both engines. What is left: placeholders, names of a few functions, hints to
SQLite's planner, and the locks of a claim, which stand in the text as `/*postgres ... */`.
"""

import re
from dataclasses import dataclass
from typing import Any, Final

_RULES: Final = tuple(
    (re.compile(pattern), new)
    for pattern, new in (
        (r"/\*postgres (.*?)\*/", r"\1"),
        (r"--[^\n]*", ""),
        (r"\bINDEXED BY \w+", ""),
        (r"(?<=[\s(])\+(?=[a-z])", ""),  # `+column` keeps SQLite from an index
        (r"\bjson_each\(", "each_of("),
        (r"\bvalue ->> (\d)", r"CAST(value AS json) ->> \1"),
        (r"\bCAST\((\w+) AS BLOB\)", r"convert_to(\1, 'UTF8')"),
        (r"\bjson_group_object\(", "json_object_agg("),
        (r"\bjson_group_array\(", "json_agg("),
        (r"\bgroup_concat\(([^)]*)\)", r"string_agg(\1, ',')"),
    )
)
_PLACE: Final = re.compile(r"\?(\d*)|(?<!:):([a-z_]+)")


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement with PostgreSQL's own placeholders."""

    text: str
    names: tuple[str, ...]
    """Of its named parameters, in order; none when they are given by position."""

    def values(self, parameters: Any) -> Any:
        """The parameters in the order of the placeholders."""
        return [parameters[name] for name in self.names] if self.names else parameters


def translated(text: str) -> Statement:
    """A statement of `queries.sql` for PostgreSQL."""
    for pattern, new in _RULES:
        text = pattern.sub(new, text)
    names: list[str] = []
    count = 0

    def placed(found: re.Match[str]) -> str:
        nonlocal count
        number, name = found[1], found[2]
        if name is not None:
            if name not in names:
                names.append(name)
            return f"${names.index(name) + 1}"
        count += 1
        return f"${number or count}"

    return Statement(_PLACE.sub(placed, text).strip().rstrip(";"), tuple(names))
