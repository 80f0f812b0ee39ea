"""Reads a workbook in a process of its own, and says what stands in it.

A workbook can be written so that opening it takes all memory, or ends the process that tries: a
spreadsheet must not end a gateway. Run as a script with the file, the megabytes of memory that it
may use, the bytes that it may unpack to, and its seconds of the processor: a machine that is busy
with other things makes no workbook unreadable. Out comes one JSON object: sheet -> rows of
[kind, text], or `why` when it cannot be read.

The library gives an empty text for a cell that shows an error (`#DIV/0!`), and in an `.ods` for
one that lies under another: both are looked up in the file itself, where a quick look says that
there are any. A `valid_to` that is an error is not one that is empty.
"""

import json
import posixpath
import re
import resource
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from lxml import etree
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

_BOOK: Final = "xl/workbook.xml"
_TARGETS: Final = "xl/_rels/workbook.xml.rels"
_CONTENT: Final = "content.xml"
_OF_XLSX: Final = re.compile(rb"""\bt\s*=\s*["']e["']""")
_OF_ODS: Final = re.compile(rb"""covered-table-cell|value-type\s*=\s*["']error["']""")
"""What a part says that has something to look up."""
_TABLE: Final = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_TEXT: Final = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_LIBREOFFICE: Final = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"


@dataclass(frozen=True, slots=True)
class _Mark:
    """Cells whose kind the library does not tell: from a line and a column on, so many."""

    line: int
    column: int
    kind: str
    text: str
    lines: int = 1
    columns: int = 1


def main(path: str, megabytes: int, unpacked: int, seconds: int) -> int:
    """0 when it was read, 1 when it cannot be."""
    resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > unpacked:
                raise ValueError("the file is too large")
            marks = _marks(archive)
        with CalamineWorkbook.from_path(path) as workbook:
            sheets = [(name, workbook.get_sheet_by_name(name)) for name in workbook.sheet_names]
            told = [(name, _told(sheet, marks.get(name, []))) for name, sheet in sheets]
    except (
        *(CalamineError, MemoryError, OSError, ValueError, zipfile.BadZipFile),
        *(etree.LxmlError, KeyError),
    ) as error:
        json.dump({"why": str(error) or type(error).__name__}, sys.stdout)
        return 1
    json.dump({"sheets": told}, sys.stdout)
    return 0


def _told(sheet: CalamineSheet, marks: list[_Mark]) -> list[list[list[str]]]:
    """The cells of a sheet; one that lies under another, where several are merged, says so."""
    told = [[_cell(value) for value in row] for row in sheet.to_python(skip_empty_area=False)]
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        for line, row in enumerate(told[top : bottom + 1], top):
            first = left + (line == top)
            row[first : right + 1] = [["merged", ""] for _ in row[first : right + 1]]
    for mark in marks:
        for row in told[mark.line : mark.line + mark.lines]:
            cells = row[mark.column : mark.column + mark.columns]
            row[mark.column : mark.column + len(cells)] = [[mark.kind, mark.text] for _ in cells]
    return told


def _cell(value: object) -> list[str]:
    """The kind of a cell and its text."""
    if isinstance(value, datetime | date):
        return ["day", value.isoformat()]
    if isinstance(value, bool):
        return ["bool", str(value)]
    if isinstance(value, int | float):
        return ["number", repr(value)]
    return ["text", str(value)]


# -- what the library does not tell ---------------------------------------------------------


def _marks(archive: zipfile.ZipFile) -> dict[str, list[_Mark]]:
    """Sheet -> its cells that the library takes for empty, and are not."""
    found: dict[str, list[_Mark]] = {}
    names = set(archive.namelist())
    if _CONTENT in names and _OF_ODS.search(archive.read(_CONTENT)):
        for name, mark in _of_ods(archive):
            found.setdefault(name, []).append(mark)
    if {_BOOK, _TARGETS} <= names:
        for name, part in _parts(archive):
            if part in names and _OF_XLSX.search(archive.read(part)):
                found[name] = list(_of_xlsx(archive, part))
    return found


def _parts(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """Each sheet of an `.xlsx`, and the part of the archive that holds it."""
    targets = {one.get("Id"): one.get("Target", "") for one in _ended(archive, _TARGETS, "*")}
    for sheet in _ended(archive, _BOOK, "{*}sheet"):
        link = next((sheet.get(key) for key in sheet.attrib if str(key).endswith("}id")), None)
        part = posixpath.join("/xl", targets.get(link, ""))
        yield sheet.get("name", ""), posixpath.normpath(part).lstrip("/")


def _of_xlsx(archive: zipfile.ZipFile, part: str) -> Iterator[_Mark]:
    line = -1
    for row in _ended(archive, part, "{*}row"):
        line, column = int(row.get("r", line + 2)) - 1, -1
        for cell in row.iterchildren("{*}c"):
            named = cell.get("r")
            column = column + 1 if named is None else _column(named)
            if cell.get("t") == "e":
                yield _Mark(line, column, "error", cell.findtext("{*}v") or "#")
        row.clear()


def _column(cell: str) -> int:
    """The column of a cell by its name: 12 of `M2`."""
    column = 0
    for letter in cell.upper().rstrip("0123456789"):
        column = column * 26 + ord(letter) - ord("A") + 1
    return column - 1


def _of_ods(archive: zipfile.ZipFile) -> Iterator[tuple[str, _Mark]]:
    name, line = "", 0
    for event, one in _elements(archive, _CONTENT, f"{_TABLE}table", f"{_TABLE}table-row"):
        if one.tag == f"{_TABLE}table":
            if event == "start":
                name, line = one.get(f"{_TABLE}name", ""), 0
        elif event == "end":
            lines = int(one.get(f"{_TABLE}number-rows-repeated", "1"))
            for mark in _of_row(one, line, lines):
                yield name, mark
            line += lines
            one.clear()


def _of_row(row: etree._Element, line: int, lines: int) -> Iterator[_Mark]:
    column = 0
    for cell in row.iterchildren(f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
        columns = int(cell.get(f"{_TABLE}number-columns-repeated", "1"))
        if cell.tag == f"{_TABLE}covered-table-cell":
            yield _Mark(line, column, "merged", "", lines, columns)
        elif cell.get(f"{_LIBREOFFICE}value-type") == "error":
            shown = cell.findtext(f"{_TEXT}p") or "#"
            yield _Mark(line, column, "error", shown, lines, columns)
        column += columns


def _ended(archive: zipfile.ZipFile, part: str, tag: str) -> Iterator[etree._Element]:
    return (one for event, one in _elements(archive, part, tag) if event == "end")


def _elements(
    archive: zipfile.ZipFile, part: str, *tags: str
) -> Iterator[tuple[str, etree._Element]]:
    """The elements of a part by name, where each begins and ends, without holding the whole."""
    with archive.open(part) as opened:
        yield from etree.iterparse(
            opened,
            ("start", "end"),
            tag=tags,
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], *map(int, sys.argv[2:])))
