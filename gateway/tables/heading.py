"""The first row of a table that a spreadsheet has written: which column is which, or what is wrong.

Forgiven are the order of the columns, capitals and spaces around a name, and empty cells behind the
last one. Everything else is said with what is missing, what is too much, and where.
"""

import re
from collections.abc import Collection, Sequence
from typing import Final

_LOOKED_AT: Final = 20
"""Rows among which the names of the columns are looked for when they are not in the first one."""


_SEPARATORS: Final = re.compile(r"\w[;,\t]\w")
"""Two names of columns in one cell."""
_ONE_COLUMN: Final = (
    "everything stands in one column. Open the CSV anew with `;` as separator, in UTF-8, as text.",
    "tout est dans une seule colonne. Rouvrir le CSV avec le séparateur « ; », en UTF-8, en texte.",
)


def names(row: Sequence[object]) -> list[str]:
    """The names of the columns in a row, as tables write them."""
    found = [str(cell).strip().lower() for cell in row]
    while found and not found[-1]:
        found.pop()
    return found


def wrong(
    rows: Sequence[Sequence[object]], columns: Sequence[str], optional: Collection[str]
) -> tuple[str, str] | None:
    """What is wrong with the first row, in English and French; None when it names the columns."""
    wanted = [column for column in columns if column not in optional]
    must = ", ".join(wanted)
    head = names(rows[0]) if rows else []
    if not any(any(names(row)) for row in rows):
        return (
            f"it is empty. Write the names of the columns into the first row: {must}.",
            f"aucun contenu. Écrire les noms des colonnes dans la première ligne : {must}.",
        )
    if len(head) == 1 and _SEPARATORS.search(head[0]):
        return _ONE_COLUMN
    missing = [column for column in wanted if column not in head]
    other = [_shown(name, at) for at, name in enumerate(head) if name not in columns]
    twice = sorted({name for name in head if name in columns and head.count(name) > 1})
    if not (missing or other or twice):
        return None
    for line, row in enumerate(rows[1:_LOOKED_AT], 2):
        if set(wanted) <= set(names(row)):
            return (
                f"the names of the columns stand in row {line}. Delete the rows above it.",
                f"les noms des colonnes sont à la ligne {line}. Supprimer les lignes au-dessus.",
            )
    parts = (
        (missing, "missing: ", "manque : "),
        (other, "not of this table: ", "pas de cette table : "),
        (twice, "twice: ", "en double : "),
    )
    told = "; ".join(english + ", ".join(those) for those, english, _ in parts if those)
    dit = " ; ".join(french + ", ".join(those) for those, _, french in parts if those)
    return (
        f"columns: {told}. The first row must name these and no others: {must}.",
        f"colonnes : {dit}. La première ligne doit nommer celles-ci et aucune autre : {must}.",
    )


def _shown(name: str, at: int) -> str:
    """A name with its cell; what has none, by its cell alone."""
    cell = f"{letter(at)}1"
    return f"{name} ({cell})" if name else cell


def letter(index: int) -> str:
    """The name of a column in a spreadsheet."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
