"""One CSV sheet, read strictly: what a spreadsheet program broke is refused with its cell.

The files are `;`-separated, UTF-8 with or without BOM, with a header row of stable names. All
problems of a sheet are found before any of them is told, each in English and French, each with
what to do about it.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

DELIMITER: Final = ";"
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, where it is, and how it is mended."""

    file: str
    line: int
    """From 1, the header included; 0 when the whole file is meant."""
    column: str
    """Name of the column; empty when the whole line is meant."""
    english: str
    french: str


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a sheet: its cells by column name."""

    line: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column]


@dataclass(slots=True)
class Sheet:
    """A sheet being read; problems gather here."""

    path: Path
    name: str
    """The file as people know it, relative to the tables."""
    columns: Sequence[str]
    problems: list[Problem] = field(default_factory=list)

    def rows(self) -> Iterator[Row]:
        """The rows that have the right number of cells, in order."""
        text = self._text()
        if text is None:
            return
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=DELIMITER, strict=True)
        try:
            yield from self._read(reader)
        except csv.Error:
            self.wrong(
                reader.line_num,
                "",
                'a quotation mark (") is not closed. Close it, or double it inside a text.',
                "un guillemet (\") n'est pas fermé. Le fermer, ou le doubler dans un texte.",
            )

    def wrong(self, line: int, column: str, english: str, french: str) -> None:
        """Note a problem; both sentences follow `file, line, column:`."""
        self.problems.append(Problem(self.name, line, column, english, french))

    def day(self, row: Row, column: str) -> date | None:
        """The date in a cell; None when it is empty, or no date (then it is a problem)."""
        value = row[column]
        if not value:
            return None
        try:
            if _DAY.fullmatch(value) is None:
                raise ValueError(value)
            return date.fromisoformat(value)
        except ValueError:
            self.wrong(
                row.line,
                column,
                f"“{value}” is not a date. Write it as 2026-01-31 and keep the column as text.",
                f"« {value} » n'est pas une date. L'écrire 2026-01-31, colonne au format texte.",
            )
            return None

    def _text(self) -> str | None:
        try:
            return self.path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            self.wrong(
                0,
                "",
                "the file is not UTF-8. Save it as “CSV UTF-8 (separator ;)”.",
                "le fichier n'est pas en UTF-8. L'enregistrer en « CSV UTF-8 (séparateur ;) ».",
            )
        except OSError as error:
            self.wrong(
                0,
                "",
                f"the file cannot be read ({error.strerror}). Put it back or grant access to it.",
                f"le fichier est illisible ({error.strerror}). Le remettre ou y donner accès.",
            )
        return None

    def _read(self, reader: Iterator[list[str]]) -> Iterator[Row]:
        head = next(reader, [])
        if head != list(self.columns):
            wanted = DELIMITER.join(self.columns)
            self.wrong(
                1,
                "",
                f"the header is not the expected one. Restore this first line: {wanted}",
                f"l'en-tête n'est pas celui attendu. Rétablir cette première ligne : {wanted}",
            )
            return
        line = 1
        for cells in reader:
            line += 1
            if not any(cells):
                continue
            if len(cells) == len(self.columns):
                yield Row(line, dict(zip(self.columns, (c.strip() for c in cells), strict=True)))
                continue
            self.wrong(
                line,
                "",
                f"{len(cells)} cells instead of {len(self.columns)}. Check the `;` of this line.",
                f"{len(cells)} cellules au lieu de {len(self.columns)}. Vérifier les « ; ».",
            )
