"""Three folders of tables: base, what is in force now, and a draft made from the base.

Somebody else's release came into force while the draft was being made. What they changed must not
be undone by it: what only they changed is taken over, what both changed a person decides.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.tables import keeping
from gateway.tables.comparing import KEYS, TEXTS, Change, compare


@dataclass(frozen=True, slots=True)
class Merge:
    """Who changed what since the base."""

    ours: tuple[Change, ...]
    """By the draft alone."""
    theirs: tuple[Change, ...]
    """By what is in force alone: the draft would undo it."""
    both: tuple[tuple[Change, Change], ...]
    """(Theirs, ours) on the same row, with different results."""

    @property
    def undone(self) -> tuple[Change, ...]:
        """What the draft, as it is, would undo of what is in force."""
        return (*self.theirs, *(theirs for theirs, _ in self.both))


def three_ways(base: Path, in_force: Path, draft: Path) -> Merge:
    """Compare the three; what both did alike is no difference.

    Raises:
        Refused: a table lacks the columns that name its rows.
    """
    by_them = _by_row(compare(base, in_force))
    by_us = _by_row(compare(base, draft))
    differs = _by_row(compare(in_force, draft))
    return Merge(
        ours=tuple(c for row, c in by_us.items() if row in differs and row not in by_them),
        theirs=tuple(c for row, c in by_them.items() if row in differs and row not in by_us),
        both=tuple((by_them[row], by_us[row]) for row in differs if row in by_them.keys() & by_us),
    )


def take_over(merge: Merge, in_force: Path, draft: Path) -> None:
    """Write into the draft what they alone changed; its own rows stay as they are.

    Raises:
        OSError: the draft cannot be written.
    """
    for file in {change.file: None for change in merge.theirs}:
        keys = {change.key for change in merge.theirs if change.file == file}
        now = {name: row for name, row in _named(file, in_force).items() if name in keys}
        kept = _named(file, draft)
        gone = keys - now.keys()
        rows = [now.get(name, row) for name, row in kept.items() if name not in gone]
        rows += [row for name, row in now.items() if name not in kept]
        there = [root / file for root in (draft, in_force) if (root / file).is_file()]
        columns = list(dict.fromkeys(column for path in there for column in keeping.header(path)))
        keeping.write(draft / file, columns, rows)


def _by_row(changes: tuple[Change, ...]) -> Mapping[tuple[str, str], Change]:
    return {(change.file, change.key): change for change in changes}


def _named(file: str, root: Path) -> dict[str, dict[str, str]]:
    """Name of each row, as a change gives it, to the row."""
    if not (root / file).is_file():
        return {}
    rows = keeping.rows(root / file)
    columns = KEYS.get(file, TEXTS)
    return {
        " ".join(filter(None, (row.get(column) for column in columns or row))): row for row in rows
    }
