"""One table in a file, read strictly: what a spreadsheet program broke is refused with its cell.

`;`-separated, UTF-8 with or without BOM, a header row of stable names in any order. Everything
that is wrong is found before any of it is told, each in English and French, with its mend.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Final, Protocol

from ir_directory.formula import is_run, meant, might_hold
from ir_directory.problems import Problem, problem

DELIMITER: Final = ";"

_REWRITTEN: Final = re.compile(
    r"\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}|\d{1,2}[- ]\w+\.?[- ]\d{2,4}|\d{4}/\d\d?/\d\d?|\d{5}"
)
_SHOWN: Final = 40
"""Characters of a formula that are told."""
_ISO: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_BROKEN: Final = re.compile("Ã[\u0080-\u00bf\u0152-\u2122]|â€|\ufffd")


class _Reader(Protocol):
    """What the csv module reads with; its class has no name there."""

    @property
    def line_num(self) -> int: ...
    def __iter__(self) -> Iterator[list[str]]: ...
    def __next__(self) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a sheet: its cells by column name."""

    line: int
    """Where it ends in the file, counted from 1, the header."""
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
    optional: Sequence[str] = ()
    """Columns that tables made before there were any do not have; empty then."""

    def rows(self) -> Iterator[Row]:
        """The rows with cells, in order; one that has too few or too many leaves a problem."""
        text = self._text()
        if text is None:
            return
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=DELIMITER, strict=True)
        try:
            yield from self._rows(reader, formulas=might_hold(text))
        except csv.Error:
            self.note("quotes", reader.line_num)

    def wrong(self, line: int, column: str, english: str, french: str) -> None:
        """Note a problem in words of its own."""
        self.problems.append(Problem(self.name, line, column, english, french))

    def note(
        self, code: str, line: int, column: str = "", value: object = "", expected: object = ""
    ) -> None:
        """Note a problem by its code in `problems`."""
        self.problems.append(problem(code, self.name, line, column, value=value, expected=expected))

    def day(self, row: Row, column: str) -> date | None:
        """The date in a cell; None when it is empty, or no date (then it is a problem)."""
        value = row[column]
        day = iso_day(value)
        if day is None and value:
            rewritten = _REWRITTEN.fullmatch(value) is not None
            self.note("spreadsheet-date" if rewritten else "date", row.line, column, value)
        return day

    def _text(self) -> str | None:
        try:
            text = self.path.read_bytes().decode("utf-8-sig")
        except OSError as error:
            self.note("file", 0, value=error.strerror or type(error).__name__)
            return None
        except UnicodeDecodeError:
            self.note("encoding", 0)
            return None
        broken = _BROKEN.search(text)
        if broken is not None:
            self.note("accents", text.count("\n", 0, broken.start()) + 1, value=broken[0])
        return text

    def _rows(self, reader: _Reader, *, formulas: bool) -> Iterator[Row]:
        header = [cell.strip() for cell in next(reader, [])]
        if not self._header(header):
            return
        lacking = dict.fromkeys(set(self.optional) - set(header), "")
        for cells in reader:
            if not any(cells):
                continue
            if len(cells) == len(header):
                told = self._meant(reader.line_num, header, cells) if formulas else cells
                texts = dict(zip(header, map(str.strip, told), strict=True))
                yield Row(reader.line_num, lacking | texts if lacking else texts)
            else:
                self.note("cells", reader.line_num, value=len(cells), expected=len(header))

    def _meant(self, line: int, header: Sequence[str], cells: Sequence[str]) -> list[str]:
        for column, cell in zip(header, cells, strict=True):
            if is_run(cell):
                self.note("formula", line, column, cell.strip()[:_SHOWN])
        return [meant(cell) for cell in cells]

    def _header(self, header: Sequence[str]) -> bool:
        if not any(header):
            self.note("empty", 1, expected=DELIMITER.join(self.columns))
            return False
        if len(header) == 1:
            self.note("separator", 1)
            return False
        before = len(self.problems)
        for column in self.columns:
            if column not in header:
                self.note("column-missing", 1, value=column)
        for column in header:
            if column not in self.columns and column not in self.optional:
                self.note("column-extra", 1, value=column)
        for column in sorted({name for name in header if header.count(name) > 1}):
            self.note("column-twice", 1, value=column)
        return len(self.problems) == before


@lru_cache(maxsize=4096)
def iso_day(text: str) -> date | None:
    """The day written as 2024-01-31; None when it is none."""
    if not _ISO.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
