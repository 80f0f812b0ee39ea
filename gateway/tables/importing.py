"""Tables out of a workbook or a CSV that a spreadsheet has written: tolerant in, strict in store.

Read are `.xlsx`, `.ods` and `.csv` with `;`, `,` or tab, UTF-8 or (said aloud) cp1252, French
dates.
Refused is what has lost something on the way, cell by cell (`cells`) and as a whole.
"""

import codecs
import csv
import io
import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from gateway.tables import heading, keeping
from gateway.tables.cells import MERGED, Broken, kept
from gateway.tables.finding import Finding
from gateway.tables.golden import COLUMNS as GOLDEN
from gateway.tables.heading import letter
from gateway.wording.numbers import counted
from ir_directory import load as directory_load
from ir_directory.problems import problem
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
MOST_BYTES: Final = 20 * 1024 * 1024
MOST_UNPACKED: Final = 200 * 1024 * 1024
MOST_ROWS: Final = 200_000
MOST_MEGABYTES: Final = 1500
MOST_SECONDS: Final = 20
"""Of the processor, for the process that opens a workbook."""
_PATIENCE: Final = 9
"""So many times longer it may take on a machine that is busy with other things."""


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
    elif path.suffix.lower() in {".csv", ".tsv", ".txt"}:
        _csv(found, path, table)
    else:
        found.wrong(
            path.name,
            0,
            "",
            "this kind of file is not read; save it as .xlsx, .ods or .csv.",
            "ce format n'est pas lu ; enregistrer le fichier en .xlsx, .ods ou .csv.",
        )
    return found


def emptied(found: Imported, folder: Path) -> None:
    """Refuse a table without a row where the folder has rows of it: none is ever deleted.

    Raises:
        OSError: the folder cannot be read.
    """
    for table, rows in found.tables.items():
        if not rows and (folder / table).is_file() and keeping.rows(folder / table):
            found.wrong(
                sheet_name(table),
                0,
                "",
                "there is no row in it, and the tables have some; leave the sheet out, or fill it.",
                "aucune ligne, alors que les tables en ont ; retirer la feuille, ou la remplir.",
            )


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
    seen: dict[str, str] = {}
    for name, rows in read_sheets:
        known = _table(table if table and len(read_sheets) == 1 else name)
        if known is None:
            _unknown(found, name, rows)
        elif known in seen:
            found.wrong(
                name,
                0,
                "",
                f"the sheet `{seen[known]}` stands for the same table; delete one of the two.",
                f"la feuille « {seen[known]} » est de la même table ; supprimer l'une des deux.",
            )
        else:
            seen[known] = name
            _rows(found, known, name, rows)
    if read_sheets and not seen and found.usable:
        found.wrong(
            path.name,
            0,
            "",
            f"no sheet bears the name of a table: {_KNOWN}.",
            f"aucune feuille ne porte le nom d'une table : {_KNOWN}.",
        )


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


_TOO_LONG: Final = "takes too long; delete the empty rows and columns at its end"
_TOO_MUCH: Final = "takes too much memory; delete the empty rows and columns at its end"
_WHY: Final = {
    _TOO_LONG: "la lecture dure trop longtemps ; supprimer les lignes et colonnes vides à la fin",
    _TOO_MUCH: "il prend trop de mémoire ; supprimer les lignes et colonnes vides à la fin",
    "the file is too large": "il est trop grand",
}
"""Why a workbook cannot be read, of what is said otherwise than by the reader."""


def _unreadable(why: str) -> tuple[str, str]:
    if why in _WHY:
        return f"not a workbook that can be read ({why}).", f"classeur illisible ({_WHY[why]})."
    return (
        f"not a workbook that can be read ({why}): it is none, damaged, or has a password.",
        "classeur illisible : ce n'en est pas un, il est abîmé, ou un mot de passe le protège.",
    )


def _unpacked(path: Path) -> list[tuple[str, list[list[object]]]] | str:
    """The cells of each sheet, read in a process of its own; else why they cannot be."""
    script = Path(__file__).with_name("unpacking.py")
    limits = (MOST_MEGABYTES, MOST_UNPACKED, MOST_SECONDS)
    try:
        done = subprocess.run(  # noqa: S603 - our own script, no shell
            [sys.executable, "-I", str(script), str(path), *map(str, limits)],
            capture_output=True,
            timeout=MOST_SECONDS * _PATIENCE,
            check=False,
        )
        if done.returncode == -signal.SIGXCPU:
            return _TOO_LONG
        said = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        return _TOO_LONG
    except ValueError:  # it ended without a word: out of memory, or worse
        return _TOO_MUCH
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
    "merged": lambda _text: MERGED,
    "error": Broken,
    "text": str,
}


def _unknown(found: Imported, name: str, rows: Sequence[Sequence[object]]) -> None:
    """A sheet that no table is called like: left out, unless it looks like one."""
    head = set(heading.names(rows[0])) if rows else set()
    alike = [sheet_name(table) for table, columns in TABLES.items() if _needed(table) <= head]
    if alike:
        these = ", ".join(alike)
        found.wrong(
            name,
            0,
            "",
            f"its columns are those of {these}: call the sheet so, or delete it.",
            f"ses colonnes sont celles de {these} : nommer ainsi la feuille, ou la supprimer.",
        )
        return
    found.findings.append(
        Finding(
            name,
            0,
            "",
            f"no table has this name, so the sheet is left out; tables: {_KNOWN}.",
            f"aucune table ne porte ce nom, la feuille est ignorée ; tables : {_KNOWN}.",
            error=False,
        )
    )


def _needed(table: str) -> set[str]:
    """The columns that a table must have."""
    return {column for column in TABLES[table] if column not in OPTIONAL.get(table, ())}


def _table(name: str) -> str | None:
    """The table that a sheet, a file or an option stands for."""
    return _NAMES.get(name.strip().lower().removesuffix(".csv"))


_NAMES: Final = {sheet_name(table): table for table in TABLES}
_KNOWN: Final = ", ".join(_NAMES)


# -- CSV ------------------------------------------------------------------------------------


def _csv(found: Imported, path: Path, table: str | None) -> None:
    known = _table(table or path.stem)
    if known is None:
        found.wrong(path.name, 0, "", *_nameless(table))
        return
    text = _SEPARATOR.sub("", _decoded(found, path), count=1)
    head = text.partition("\n")[0]
    delimiter = max(";,\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        rows = list(reader)
    except csv.Error:
        told = problem("quotes", path.name, reader.line_num)
        found.wrong(path.name, told.line, "", f"{told.english}.", f"{told.french}.")
        return
    _rows(found, known, path.name, rows)


_SEPARATOR: Final = re.compile(r"\Asep=.\r?\n", re.IGNORECASE)
"""A line that Excel writes and takes away again by itself."""


def _nameless(table: str | None) -> tuple[str, str]:
    if table is not None:
        return (
            f"--table {table}: no table has this name; tables: {_KNOWN}.",
            f"--table {table} : aucune table ne porte ce nom ; tables : {_KNOWN}.",
        )
    english = "no table has the name of this file; rename it (such as routes.csv), or say --table."
    french = "aucune table ne porte le nom de ce fichier ; le renommer (routes.csv par exemple), ou"
    return f"{english} Tables: {_KNOWN}.", f"{french} préciser --table. Tables : {_KNOWN}."


def _decoded(found: Imported, path: Path) -> str:
    """The text of a file, in whatever encoding a spreadsheet wrote it."""
    raw = path.read_bytes()
    try:
        if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return raw.decode("utf-16")
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
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
        return raw.decode("cp1252", "replace")


# -- rows -----------------------------------------------------------------------------------


def _rows(found: Imported, table: str, place: str, rows: Sequence[Sequence[object]]) -> None:
    if len(rows) > MOST_ROWS:
        found.wrong(place, 0, "", "too many rows.", "trop de lignes.")
        return
    columns, optional = TABLES[table], OPTIONAL.get(table, ())
    told = heading.wrong(rows, columns, optional)
    if told is not None:
        found.wrong(place, 1, "", *told)
        return
    head = heading.names(rows[0])
    lacking = [column for column in optional if column not in head]
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
            found.wrong(f"{place}!{line}", line, "", *_not_whole(cells, len(head)))
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


def _not_whole(cells: Sequence[object], width: int) -> tuple[str, str]:
    """How many cells a row has, and the first that stands beside the table."""
    beside = next(((at, cell) for at, cell in enumerate(cells) if at >= width and cell != ""), None)
    english, french = "some are lost or too many", "il en manque ou il y en a trop"
    if beside is not None:
        where = letter(beside[0])
        english = f"“{beside[1]}” stands beside the table (column {where}); delete it"
        french = f"« {beside[1]} » est à côté du tableau (colonne {where}) ; l'effacer"
    return (
        f"{counted('en', len(cells), 'cell', 'cells')} instead of {width}: {english}.",
        f"{counted('fr', len(cells), 'cellule', 'cellules')} au lieu de {width} : {french}.",
    )
