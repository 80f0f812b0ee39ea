"""A workbook to work in: a sheet a table, text columns, drop-downs for what is a closed set."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import xlsxwriter
from xlsxwriter.exceptions import XlsxWriterException

from gateway.core.evidence import About
from gateway.tables import keeping
from gateway.tables.importing import TABLES, sheet_name
from gateway.workbook import unwritten
from ir_directory import Certainty
from ir_directory import load as directory_load
from ir_directory.formula import neutral
from routing_tables import load as routes_load

_YES_NO: Final = ("yes", "no")
_CERTAINTY: Final = tuple(certainty.code for certainty in Certainty)
CHOICES: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("institutions", "network"): tuple(sorted(directory_load.NETWORKS)),
    ("institutions", "scheme"): tuple(sorted(directory_load.SCHEMES)),
    ("institutions", "liaison_body"): _YES_NO,
    ("catchments", "network"): directory_load.SERVING,
    ("competences", "role"): directory_load.ROLES,
    ("competences", "eessi_ready"): _YES_NO,
    ("partners", "role"): directory_load.ROLES,
    ("partners", "eessi_ready"): _YES_NO,
    ("routes", "person"): ("*", *sorted(routes_load.PERSONS - {"*"})),
    ("golden", "person"): tuple(about.value for about in About),
    **{
        (table, "certainty"): _CERTAINTY
        for table in ("institutions", "competences", "catchments", "routes")
    },
}
"""(Sheet, column) -> what may stand there; where a cell can hold a list there is no drop-down."""
_ROWS: Final = 50_000
"""Rows that the formats reach."""
_WIDTH: Final = 22


def write(path: Path, root: Path | None = None) -> int:
    """Write the workbook, filled with the tables under `root`; how many rows it holds.

    Raises:
        OSError: it cannot be written.
    """
    try:
        return _written(path, root)
    except XlsxWriterException as error:
        raise unwritten(error) from error


def _written(path: Path, root: Path | None) -> int:
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    count = 0
    with xlsxwriter.Workbook(str(path), options) as book:
        text = book.add_format({"num_format": "@"})
        bold = book.add_format({"bold": True, "num_format": "@"})
        for table, columns in TABLES.items():
            sheet = book.add_worksheet(sheet_name(table))
            sheet.set_column(0, len(columns) - 1, _WIDTH, text)
            sheet.freeze_panes(1, 0)
            for index, column in enumerate(columns):
                sheet.write_string(0, index, column, bold)
                choices = CHOICES.get((sheet_name(table), column))
                if choices is not None:
                    allowed = {"validate": "list", "source": list(choices)}
                    sheet.data_validation(1, index, _ROWS, index, allowed)
            for line, row in enumerate(_kept(root, table), 1):
                count += 1
                for index, column in enumerate(columns):
                    sheet.write_string(line, index, neutral(row.get(column) or ""), text)
    return count


def _kept(root: Path | None, table: str) -> list[dict[str, str]]:
    if root is None or not (root / table).is_file():
        return []
    return keeping.rows(root / table)
