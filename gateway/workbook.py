"""One sheet of text as a workbook, `.xlsx` or `.ods`: text columns, drop-downs, nothing calculated.

XlsxWriter writes the one. No maintained library writes the other, and what is needed of it is
small: three files in an archive (OpenDocument 1.3, part 2 and part 3), composed with lxml.
Cells are texts, and would be formulas once the sheet is saved as CSV: `ir_directory.formula`.
"""

import errno
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import xlsxwriter
from lxml import etree
from lxml.builder import ElementMaker
from xlsxwriter.exceptions import XlsxWriterException

from gateway.tables.heading import letter
from ir_directory.formula import neutral

KINDS: Final = (".xlsx", ".ods")
_MIME: Final = "application/vnd.oasis.opendocument.spreadsheet"
_NS: Final = {
    name: f"urn:oasis:names:tc:opendocument:xmlns:{urn}:1.0"
    for name, urn in (
        ("office", "office"),
        ("style", "style"),
        ("table", "table"),
        ("text", "text"),
        ("number", "datastyle"),
        ("fo", "xsl-fo-compatible"),
        ("manifest", "manifest"),
    )
} | {"of": "urn:oasis:names:tc:opendocument:xmlns:of:1.2"}
_CELL_CM: Final = 0.2
"""Width of a letter."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of text."""

    title: str
    choices: tuple[str, ...] = ()
    """What may stand in it; empty: anything."""
    width: int = 20
    """In letters."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A heading, and rows of text."""

    name: str
    columns: tuple[Column, ...]
    rows: Sequence[Sequence[str]]


def write(path: Path, sheet: Sheet) -> None:
    """Write the workbook; its ending, one of `KINDS`, says which.

    Raises:
        OSError: it cannot be written.
    """
    if path.suffix.lower() == ".ods":
        _write_ods(path, sheet)
        return
    try:
        _write_xlsx(path, sheet)
    except XlsxWriterException as error:
        raise unwritten(error) from error


def unwritten(error: XlsxWriterException) -> OSError:
    """What the system said, when it was the system; else what the library says."""
    why = error.args[0] if error.args else None
    return why if isinstance(why, OSError) else OSError(errno.EIO, str(error))


def _write_xlsx(path: Path, sheet: Sheet) -> None:
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    last = max(len(sheet.rows), 1)
    with xlsxwriter.Workbook(str(path), options) as book:
        text = book.add_format({"num_format": "@"})
        bold = book.add_format({"bold": True, "num_format": "@"})
        page = book.add_worksheet(sheet.name)
        page.freeze_panes(1, 1)
        page.autofilter(0, 0, last, len(sheet.columns) - 1)
        for index, column in enumerate(sheet.columns):
            page.set_column(index, index, column.width, text)
            page.write_string(0, index, column.title, bold)
            if column.choices:
                allowed = {"validate": "list", "source": list(column.choices)}
                page.data_validation(1, index, last, index, allowed)
        for line, row in enumerate(sheet.rows, 1):
            for index, cell in enumerate(row):
                page.write_string(line, index, neutral(cell), text)


# -- OpenDocument ---------------------------------------------------------------------------


def _write_ods(path: Path, sheet: Sheet) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        # its type comes first and plain, for those who look no further (part 2, 3.3)
        archive.writestr(zipfile.ZipInfo("mimetype"), _MIME, zipfile.ZIP_STORED)
        for name, root in (
            ("META-INF/manifest.xml", _manifest()),
            ("content.xml", _content(sheet)),
        ):
            xml = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
            archive.writestr(zipfile.ZipInfo(name), xml, zipfile.ZIP_DEFLATED)


def _maker(prefix: str) -> ElementMaker:
    return ElementMaker(namespace=_NS[prefix], nsmap=_NS)


_OFFICE, _STYLE, _TABLE, _TEXT = (_maker(name) for name in ("office", "style", "table", "text"))


def _said(prefix: str, **attributes: str) -> dict[str, str]:
    """Attributes in a namespace; `_` stands for `-`."""
    return {f"{{{_NS[prefix]}}}{key.replace('_', '-')}": v for key, v in attributes.items()}


def _manifest() -> etree._Element:
    entry = _maker("manifest")
    return entry(
        "manifest",
        *(
            entry("file-entry", _said("manifest", full_path=path, media_type=kind))
            for path, kind in (("/", _MIME), ("content.xml", "text/xml"))
        ),
        _said("manifest", version="1.3"),
    )


def _content(sheet: Sheet) -> etree._Element:
    validations = [
        _validation(sheet, index) for index, column in enumerate(sheet.columns) if column.choices
    ]
    table = _TABLE("table", _said("table", name=sheet.name))
    for index in range(len(sheet.columns)):
        look = _said("table", style_name=f"co{index}", default_cell_style_name="plain")
        table.append(_TABLE("table-column", look))
    titles = [column.title for column in sheet.columns]
    table.append(_TABLE("table-row", *(_cell(title, "bold", "") for title in titles)))
    for row in sheet.rows:
        cells = (
            _cell(text, "plain", f"list{index}" if column.choices else "")
            for index, (column, text) in enumerate(zip(sheet.columns, row, strict=True))
        )
        table.append(_TABLE("table-row", *cells))
    return _OFFICE(
        "document-content",
        _said("office", version="1.3"),
        _OFFICE("automatic-styles", *_styles(sheet)),
        _OFFICE("body", _OFFICE("spreadsheet", _TABLE("content-validations", *validations), table)),
    )


def _styles(sheet: Sheet) -> list[etree._Element]:
    """Text cells, the heading in bold, and the widths."""
    number = _maker("number")
    text = number("text-style", number("text-content"), _said("style", name="N-text"))
    as_text = {"family": "table-cell", "data_style_name": "N-text"}
    bold = _STYLE("text-properties", _said("fo", font_weight="bold"))
    widths = [
        _STYLE(
            "style",
            _STYLE(
                "table-column-properties",
                _said("style", column_width=f"{column.width * _CELL_CM:.1f}cm"),
            ),
            _said("style", name=f"co{index}", family="table-column"),
        )
        for index, column in enumerate(sheet.columns)
    ]
    plain = _STYLE("style", _said("style", name="plain", **as_text))
    return [text, plain, _STYLE("style", bold, _said("style", name="bold", **as_text)), *widths]


def _validation(sheet: Sheet, index: int) -> etree._Element:
    listed = ";".join(f'"{choice}"' for choice in sheet.columns[index].choices)
    said = _said(
        "table",
        name=f"list{index}",
        condition=f"of:cell-content-is-in-list({listed})",
        allow_empty_cell="true",
        base_cell_address=f"$'{sheet.name}'.{letter(index)}2",
    )
    return _TABLE("content-validation", said)


def _cell(text: str, style: str, validation: str) -> etree._Element:
    said = _said("table", style_name=style)
    if validation:
        said |= _said("table", content_validation_name=validation)
    if not text:
        return _TABLE("table-cell", said)
    clean = neutral("".join(c for c in text if c.isprintable()))
    return _TABLE("table-cell", _TEXT("p", clean), said | _said("office", value_type="string"))
