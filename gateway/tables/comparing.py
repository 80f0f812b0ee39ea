"""Two folders of tables compared by business key: what was added, ended, changed, or is gone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.errors import Refused
from gateway.tables import keeping
from gateway.tables.pages import page
from gateway.wording.numbers import counted
from ir_directory.formula import meant

KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "ir_directory/institutions.csv": ("id", "body", "valid_from"),
    "ir_directory/competences.csv": ("institution", "buc", "role", "valid_from"),
    "ir_directory/catchments.csv": ("network", "area", "valid_from"),
    "ir_directory/communes.csv": ("insee", "valid_from"),
    "ir_directory/partners.csv": (),
    "routing_tables/routes.csv": ("rule", "valid_from"),
    "routing_tables/golden.csv": ("case",),
    "routing_tables/reminders.csv": ("country", "buc", "number"),
    "routing_tables/languages.csv": ("country",),
    "routing_tables/sections.csv": ("datum", "sed"),
}
"""Table -> the columns that name a row; none: the whole row. Texts of questions: `datum`."""
DATED: Final = tuple(table for table, key in KEYS.items() if "valid_from" in key)
"""Tables of which a row ends and is never deleted."""
TEXTS: Final = ("datum",)
_END: Final = "valid_to"


@dataclass(frozen=True, slots=True)
class Change:
    """One row that is not the same in both."""

    file: str
    what: str
    """`added`, `ended`, `changed`, or `gone` (no row should ever be)."""
    key: str
    changes: tuple[tuple[str, str, str], ...] = ()
    """(column, before, after) of what changed."""

    def text(self, lang: str) -> str:
        """The change in words."""
        words = _WORDS["fr" if lang == "fr" else "en"]
        told = "; ".join(f"{name}: {old or '-'} -> {new or '-'}" for name, old, new in self.changes)
        return f"{self.file}: {self.key}: {words[self.what]}" + (f" ({told})" if told else "")


_WORDS: Final = {
    "en": {
        "added": "added",
        "ended": "ended",
        "changed": "changed",
        "gone": "GONE: no row is ever deleted, end it by valid_to",
    },
    "fr": {
        "added": "ajoutée",
        "ended": "close",
        "changed": "modifiée",
        "gone": "DISPARUE : aucune ligne n'est jamais supprimée, la clore par valid_to",
    },
}


def compare(before: Path, after: Path) -> tuple[Change, ...]:
    """All changes, table by table, by key.

    Raises:
        Refused: a table lacks the columns that name its rows.
    """
    files = {
        path.relative_to(root).as_posix()
        for root in (before, after)
        for package in ("ir_directory", "routing_tables")
        for path in (root / package).rglob("*.csv")
    }
    return tuple(change for file in sorted(files) for change in _table(file, before, after))


def _table(file: str, before: Path, after: Path) -> Iterator[Change]:
    if _same(before / file, after / file):
        return
    old, new = (_rows(root / file, KEYS.get(file, TEXTS)) for root in (before, after))
    for key in sorted(old.keys() | new.keys()):
        name = " ".join(filter(None, key))
        if key not in old:
            yield Change(file, "added", name)
        elif key not in new:
            yield Change(file, "gone", name)
        elif old[key] != new[key]:
            columns = dict.fromkeys((*old[key], *new[key]))
            changes = tuple(
                (column, old[key].get(column, ""), new[key].get(column, ""))
                for column in columns
                if old[key].get(column, "") != new[key].get(column, "")
            )
            ended = [column for column, was, _ in changes if column == _END and not was]
            yield Change(file, "ended" if len(ended) == len(changes) else "changed", name, changes)


def _same(one: Path, other: Path) -> bool:
    """Byte for byte; most tables of two releases are."""
    try:
        return one.read_bytes() == other.read_bytes()
    except FileNotFoundError:
        return False


def _rows(path: Path, key: tuple[str, ...]) -> dict[tuple[str, ...], dict[str, str]]:
    """Key -> row; a table that is not there is empty."""
    try:
        columns, rows = keeping.table(path, newline=None)
    except FileNotFoundError:
        return {}
    lost = ", ".join(sorted(set(key) - set(columns)))
    if lost:
        raise Refused(
            f"{path.name}: no column {lost}; see `tables check`.",
            french=f"{path.name} : colonne {lost} absente ; voir `tables check`.",
            code="tables-invalid",
        )
    return {
        tuple(row.get(column) or "" for column in key or tuple(row)): {
            column: meant(value or "") for column, value in row.items() if column
        }
        for row in rows
    }


def summary(changes: Sequence[Change], lang: str) -> str:
    """How many there are, in a sentence."""
    words = ("différence", "différences") if lang == "fr" else ("change", "changes")
    return f"{counted(lang, len(changes), *words)}."


def in_html(before: str, after: str, changes: Sequence[Change], lang: str) -> str:
    """The changes as a page that can be mailed; rows that are gone stand out."""
    french = lang == "fr"
    words = _WORDS["fr" if french else "en"]
    title = f"{before} → {after}"
    heads = ("table", "clé", "quoi", "colonne", "avant", "après") if french else (
        "table", "key", "what", "column", "before", "after",
    )  # fmt: skip
    rows = (
        ((change.file, change.key, words[change.what], *cells), change.what == "gone")
        for change in changes
        for cells in change.changes or (("", "", ""),)
    )
    return page(lang, title, [summary(changes, lang)], heads, rows)
