"""A table as it is kept: `;`, UTF-8 with BOM, one line a row; read as it stands and written.

A text that a spreadsheet would run has an apostrophe before it in the file alone
(`ir_directory.formula`).
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ir_directory.formula import meant, neutral


def header(path: Path) -> list[str]:
    """The names of its columns."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return next(csv.reader(lines, delimiter=";"), [])


def rows(path: Path) -> list[dict[str, str]]:
    """Its rows, none of them judged."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        read = csv.DictReader(lines, delimiter=";")
        return [
            {name: meant(cell or "") for name, cell in row.items() if name is not None}
            for row in read
        ]


def write(path: Path, columns: Sequence[str], table: Iterable[Mapping[str, str]]) -> None:
    """Write the table; what a row does not say stays empty.

    Raises:
        OSError: it cannot be written.
    """
    text = io.StringIO(newline="")
    writer = csv.DictWriter(
        text, columns, delimiter=";", lineterminator="\n", restval="", extrasaction="ignore"
    )
    writer.writeheader()
    writer.writerows({name: neutral(row[name]) for name in row} for row in table)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.getvalue(), encoding="utf-8-sig", newline="")
