"""Reads a workbook in a process of its own, and says what stands in it.

A workbook can be written so that opening it takes all memory, or ends the process that tries: a
spreadsheet must not end a gateway. Run as a script with the file, the megabytes of memory that it
may use, the bytes that it may unpack to, and its seconds of the processor: a machine that is busy
with other things makes no workbook unreadable. Out comes one JSON object: sheet -> rows of
[kind, text], or `why` when it cannot be read.
"""

import json
import resource
import sys
import zipfile
from datetime import date, datetime

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook


def main(path: str, megabytes: int, unpacked: int, seconds: int) -> int:
    """0 when it was read, 1 when it cannot be."""
    resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > unpacked:
                raise ValueError("the file is too large")
        with CalamineWorkbook.from_path(path) as workbook:
            sheets = [(name, workbook.get_sheet_by_name(name)) for name in workbook.sheet_names]
            told = [(name, _told(sheet)) for name, sheet in sheets]
    except (CalamineError, MemoryError, OSError, ValueError, zipfile.BadZipFile) as error:
        json.dump({"why": str(error) or type(error).__name__}, sys.stdout)
        return 1
    json.dump({"sheets": told}, sys.stdout)
    return 0


def _told(sheet: CalamineSheet) -> list[list[list[str]]]:
    """The cells of a sheet; one that lies under another, where several are merged, says so."""
    told = [[_cell(value) for value in row] for row in sheet.to_python(skip_empty_area=False)]
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        for line, row in enumerate(told[top : bottom + 1], top):
            first = left + (line == top)
            row[first : right + 1] = [["merged", ""] for _ in row[first : right + 1]]
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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], *map(int, sys.argv[2:])))
