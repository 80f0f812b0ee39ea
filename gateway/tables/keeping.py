"""A table as it is kept: `;`, UTF-8 with BOM, one line a row; read as it stands and written.

A text that a spreadsheet would run has an apostrophe before it in the file alone
(`ir_directory.formula`).
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from gateway.errors import Refused
from ir_directory.formula import meant, neutral
from ir_directory.problems import problem


def header(path: Path) -> list[str]:
    """The names of its columns.

    Raises:
        OSError: it cannot be read.
        Refused: it is no table.
    """
    return list(table(path)[0])


def rows(path: Path) -> list[dict[str, str]]:
    """Its rows, none of them judged.

    Raises:
        OSError: it cannot be read.
        Refused: it is no table.
    """
    return [
        {name: meant(cell or "") for name, cell in row.items() if name is not None}
        for row in table(path)[1]
    ]


def table(path: Path, newline: str | None = "") -> tuple[Sequence[str], list[dict[Any, Any]]]:
    """The names of the columns, and the rows as the reader of CSV gives them.

    `newline`: as for a file; None makes every end of a line within a cell the same.

    Raises:
        OSError: it cannot be read.
        Refused: it is not UTF-8 (a spreadsheet has saved it otherwise), or has an open quote.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _refused(path, "encoding", 0) from None
    read = csv.DictReader(io.StringIO(text, newline=newline), delimiter=";")
    try:
        found = list(read)
    except csv.Error:
        raise _refused(path, "quotes", read.line_num) from None
    return read.fieldnames or (), found


def _refused(path: Path, code: str, line: int) -> Refused:
    told = problem(code, path.name, line)
    return Refused(
        f"{told.place}: {told.english}.",
        french=f"{told.place} : {told.french}.",
        code="tables-invalid",
    )


def write(path: Path, columns: Sequence[str], lines: Iterable[Mapping[str, str]]) -> None:
    """Write the table; what a row does not say stays empty.

    Raises:
        OSError: it cannot be written.
    """
    text = io.StringIO(newline="")
    writer = csv.DictWriter(
        text, columns, delimiter=";", lineterminator="\n", restval="", extrasaction="ignore"
    )
    writer.writeheader()
    writer.writerows({name: neutral(row[name]) for name in row} for row in lines)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.getvalue(), encoding="utf-8-sig", newline="")
