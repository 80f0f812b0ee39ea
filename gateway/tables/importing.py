"""Tables out of a workbook or a CSV that a spreadsheet has written: tolerant in, strict in store.

Read are `.xlsx`, `.ods` and `.csv` with `;`, `,` or tab, UTF-8 or (said aloud) cp1252, French
dates.
Refused is what has lost something on the way: a number where an identifier is expected has lost
its zeros, and a cell that would be calculated when it is opened again is no text.
"""

import csv
import io
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Final

from gateway.tables import keeping
from gateway.tables.finding import Finding
from gateway.tables.golden import COLUMNS as GOLDEN
from gateway.wording.numbers import counted
from ir_directory import load as directory_load
from ir_directory.formula import is_run, meant
from routing_tables import load as routes_load

TABLES: Final[Mapping[str, tuple[str, ...]]] = {
    **{
        f"ir_directory/{name}": (*columns, *directory_load.OPTIONAL.get(name, ()))
        for name, columns in directory_load.COLUMNS.items()
    },
    "routing_tables/routes.csv": routes_load.ROUTE_COLUMNS,
    "routing_tables/reminders.csv": routes_load.REMINDER_COLUMNS,
    "routing_tables/golden.csv": GOLDEN,
    "routing_tables/languages.csv": routes_load.LANGUAGE_COLUMNS,
    "routing_tables/sections.csv": routes_load.SECTION_COLUMNS,
    **{
        f"routing_tables/questions/{lang}.csv": routes_load.QUESTION_COLUMNS
        for lang in ("en", "fr", "de", "es", "it", "nl", "pl", "pt", "ro")
    },
}
"""Every table of a release -> its columns."""
OPTIONAL: Final[Mapping[str, tuple[str, ...]]] = {
    f"ir_directory/{name}": columns for name, columns in directory_load.OPTIONAL.items()
}
"""Table -> the columns that may be missing, and are left out where no row fills them."""
DAYS: Final = frozenset({"valid_from", "valid_to", "on"})
NUMBERS: Final = frozenset({"number", "days"})
"""Columns in which a number is a number."""
MOST_BYTES: Final = 20 * 1024 * 1024
MOST_UNPACKED: Final = 200 * 1024 * 1024
MOST_ROWS: Final = 200_000
MOST_MEGABYTES: Final = 1500
MOST_SECONDS: Final = 20
"""Of the process that opens a workbook."""

_FRENCH_DAY: Final = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")


@dataclass(slots=True)
class Imported:
    """What was read, and all that is wrong with it."""

    tables: dict[str, list[list[str]]] = field(default_factory=dict)
    """Table -> its rows, in the order of its columns; without the header."""
    findings: list[Finding] = field(default_factory=list)

    @property
    def usable(self) -> bool:
        """False when a finding keeps it from being stored."""
        return not any(finding.error for finding in self.findings)

    def wrong(self, place: str, line: int, column: str, english: str, french: str) -> None:
        """One thing to mend before it can be stored."""
        self.findings.append(Finding(place, line, column, english, french))


def sheet_name(table: str) -> str:
    """How the sheet of a table is called in a workbook: `routes`, `questions-en`."""
    path = Path(table)
    return path.stem if path.parent.name != "questions" else f"questions-{path.stem}"


def read(path: Path, table: str | None = None) -> Imported:
    """Every table in a file; `table` says which one a CSV is when its name does not.

    Raises:
        OSError: it cannot be read.
    """
    found = Imported()
    if path.stat().st_size > MOST_BYTES:
        found.wrong(path.name, 0, "", "the file is too large.", "le fichier est trop grand.")
    elif path.suffix.lower() in {".xlsx", ".ods"}:
        _workbook(found, path, table)
    else:
        _csv(found, path, table)
    return found


def store(found: Imported, folder: Path) -> None:
    """Write the tables as they are kept: `;`, UTF-8 with BOM, one line a row.

    Raises:
        OSError: the folder cannot be written.
    """
    for table, rows in found.tables.items():
        named = [dict(zip(TABLES[table], row, strict=True)) for row in rows]
        unfilled = {c for c in OPTIONAL.get(table, ()) if not any(row[c] for row in named)}
        columns = [column for column in TABLES[table] if column not in unfilled]
        keeping.write(folder / table, columns, named)


# -- workbooks ------------------------------------------------------------------------------


def _workbook(found: Imported, path: Path, table: str | None) -> None:
    read_sheets = sheets(found, path)
    for name, rows in read_sheets:
        known = _table(name, table if len(read_sheets) == 1 else None)
        if known is None:
            _unknown(found, name)
        else:
            _rows(found, known, name, rows)


def sheets(found: Imported, path: Path) -> Sequence[tuple[str, Sequence[Sequence[object]]]]:
    """The sheets of a workbook with their rows; none, and a finding, when it cannot be read.

    Raises:
        OSError: the file cannot be read.
    """
    if path.stat().st_size > MOST_BYTES:
        found.wrong(path.name, 0, "", "the file is too large.", "le fichier est trop grand.")
        return []
    read = _unpacked(path)
    if isinstance(read, str):
        found.wrong(path.name, 0, "", *_unreadable(read))
        return []
    return read


def _unreadable(why: str) -> tuple[str, str]:
    return f"not a workbook that can be read ({why}).", f"classeur illisible ({why})."


def _unpacked(path: Path) -> list[tuple[str, list[list[object]]]] | str:
    """The cells of each sheet, read in a process of its own; else why they cannot be."""
    script = Path(__file__).with_name("unpacking.py")
    try:
        done = subprocess.run(  # noqa: S603 - our own script, no shell
            [sys.executable, "-I", str(script), str(path), str(MOST_MEGABYTES), str(MOST_UNPACKED)],
            capture_output=True,
            timeout=MOST_SECONDS,
            check=False,
        )
        said = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        return "takes too long"
    except ValueError:  # it ended without a word: out of memory, or worse
        return "takes too much memory; delete the empty rows and columns at its end"
    if "why" in said:
        return str(said["why"])
    return [
        (name, [[_CELLS[kind](text) for kind, text in row] for row in rows])
        for name, rows in said["sheets"]
    ]


_CELLS: Final[Mapping[str, Callable[[str], object]]] = {
    "day": datetime.fromisoformat,
    "bool": "True".__eq__,
    "number": float,
    "text": str,
}


def _unknown(found: Imported, name: str) -> None:
    known = ", ".join(map(sheet_name, TABLES))
    found.findings.append(
        Finding(
            name,
            0,
            "",
            f"no table has this name, so the sheet is left out; tables: {known}.",
            f"aucune table ne porte ce nom, la feuille est ignorée ; tables : {known}.",
            error=False,
        )
    )


def _table(name: str, said: str | None) -> str | None:
    """The table that a sheet or file stands for."""
    names = {sheet_name(table): table for table in TABLES}
    return names.get(said or name) or names.get(name.lower())


# -- CSV ------------------------------------------------------------------------------------


def _csv(found: Imported, path: Path, table: str | None) -> None:
    known = _table(path.stem, table)
    if known is None:
        _unknown(found, path.stem)
        found.wrong(
            path.name,
            0,
            "",
            "name the file after its table, or say which it is: --table.",
            "donner au fichier le nom de sa table, ou préciser --table.",
        )
        return
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", "replace")
        found.findings.append(
            Finding(
                path.name,
                0,
                "",
                "the file is not UTF-8, and was read as cp1252: look at the accents.",
                "le fichier n'est pas en UTF-8, il a été lu en cp1252 : vérifier les accents.",
                error=False,
            )
        )
    head = text.partition("\n")[0]
    delimiter = max(";,\t", key=head.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        found.wrong(path.name, 0, "", f"not a CSV ({error}).", f"pas un CSV ({error}).")
        return
    _rows(found, known, path.name, rows)


# -- rows -----------------------------------------------------------------------------------


def _rows(found: Imported, table: str, place: str, rows: Sequence[Sequence[object]]) -> None:
    if len(rows) > MOST_ROWS:
        found.wrong(place, 0, "", "too many rows.", "trop de lignes.")
        return
    head = [str(cell).strip() for cell in rows[0]] if rows else []
    while head and not head[-1]:
        head.pop()
    columns = TABLES[table]
    lacking = [column for column in OPTIONAL.get(table, ()) if column not in head]
    if sorted((*head, *lacking)) != sorted(columns):
        wanted = ", ".join(column for column in columns if column not in OPTIONAL.get(table, ()))
        found.wrong(
            place,
            1,
            "",
            f"the first row must name these columns: {wanted}.",
            f"la première ligne doit nommer ces colonnes : {wanted}.",
        )
        return
    _empty_for_want(found, place, lacking)
    found.tables[table] = list(_texts(found, place, head, columns, rows[1:]))


def _empty_for_want(found: Imported, place: str, lacking: Sequence[str]) -> None:
    """Say that a column which may be missing is, so that what a draft has in it goes."""
    for column in lacking:
        found.findings.append(
            Finding(
                place,
                1,
                column,
                f"there is no column {column}: it is empty after this.",
                f"pas de colonne {column} : elle sera vide.",
                error=False,
            )
        )


def _texts(
    found: Imported,
    place: str,
    head: Sequence[str],
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
) -> Iterator[list[str]]:
    for line, cells in enumerate(rows, 2):
        if not _whole(cells, len(head)):
            found.wrong(
                f"{place}!{line}",
                line,
                "",
                f"{counted('en', len(cells), 'cell', 'cells')} instead of {len(head)}: some are"
                " lost or too many.",
                f"{counted('fr', len(cells), 'cellule', 'cellules')} au lieu de {len(head)} : il en"
                " manque ou il y en a trop.",
            )
            continue
        texts = {}
        for index, (column, cell) in enumerate(zip(head, cells, strict=False)):
            texts[column], problem = kept(column, cell)
            if problem is not None:
                found.wrong(f"{place}!{letter(index)}{line}", line, column, *problem)
        if any(texts.values()):
            yield [texts.get(column, "") for column in columns]


def _whole(cells: Sequence[object], width: int) -> bool:
    """Whether no cell is lost or too many; spreadsheets leave empty ones beside and below."""
    empty = all(cell == "" for cell in cells)
    return empty or (len(cells) >= width and all(cell == "" for cell in cells[width:]))


def kept(column: str, value: object) -> tuple[str, tuple[str, str] | None]:
    """The text of a cell, or what is wrong with it in English and in French."""
    if isinstance(value, datetime | date):
        return (value.isoformat()[:10], None) if column in DAYS else ("", _NO_DAY)
    if isinstance(value, bool | int | float):
        whole = column in NUMBERS and float(value).is_integer()
        return (str(int(value)), None) if whole else ("", _NO_NUMBER)
    if is_run(str(value)):
        return "", _NO_FORMULA
    text = meant(str(value)).strip()
    french = _FRENCH_DAY.fullmatch(text) if column in DAYS else None
    if french is not None:
        text = f"{french[3]}-{int(french[2]):02}-{int(french[1]):02}"
    return text, None


_NO_NUMBER: Final = (
    "a number where a text is expected: leading zeros are lost. Use a text column, type it again.",
    "un nombre au lieu d'un texte : zéros de tête perdus. Colonne au format texte, puis ressaisir.",
)
_NO_DAY: Final = (
    "a date where a text is expected. Make the column a text column and type it again.",
    "une date au lieu d'un texte. Mettre la colonne au format texte et ressaisir.",
)
_NO_FORMULA: Final = (
    "the cell begins like a formula. Begin it with a letter or a digit.",
    "la cellule commence comme une formule. La commencer par une lettre ou un chiffre.",
)


def letter(index: int) -> str:
    """The name of a column in a spreadsheet."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
