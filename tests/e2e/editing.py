"""A workbook changed cell by cell, as a spreadsheet program does; everything else in it stays.

Only what `tables template` writes is understood: texts in a table of shared strings, one heading.
Source: ECMA-376, part 1, 18.3 (worksheets) and 18.4 (shared strings).
"""

import re
import zipfile

from lxml import etree

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINK = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
NS = {"m": MAIN}


class Workbook:
    """The workbook in a file; `save` writes what was changed."""

    def __init__(self, path):
        self._path = path
        with zipfile.ZipFile(path) as archive:
            self._parts = {info.filename: archive.read(info) for info in archive.infolist()}
        shared = etree.fromstring(self._parts["xl/sharedStrings.xml"])
        self._texts = ["".join(one.itertext()) for one in shared.iterfind("m:si", NS)]
        self._sheets = {}

    def rows(self, sheet):
        """(Line, column -> text) of each row under the heading."""
        head, *rows = self._sheet(sheet).iterfind("m:sheetData/m:row", NS)
        names = self._cells(head)
        for row in rows:
            cells = self._cells(row)
            yield int(row.get("r")), {name: cells.get(at, "") for at, name in names.items()}

    def put(self, sheet, line, column, text):
        """Type a text into a cell."""
        row = self._sheet(sheet).find(f"m:sheetData/m:row[@r='{line}']", NS)
        at = f"{self._letters(sheet)[column]}{line}"
        cell = row.find(f"m:c[@r='{at}']", NS)
        self._type(cell, text)

    def add(self, sheet, texts):
        """Type a row below the last one; which line it is."""
        rows = self._sheet(sheet).find("m:sheetData", NS)
        last = rows[-1]
        line = int(last.get("r")) + 1
        row = etree.SubElement(rows, f"{{{MAIN}}}row", r=str(line))
        for at, text in zip(self._letters(sheet).values(), texts, strict=True):
            self._type(etree.SubElement(row, f"{{{MAIN}}}c", r=f"{at}{line}"), text)
        return line

    def save(self):
        """Write the file anew."""
        for part, root in self._sheets.values():
            self._parts[part] = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
        with zipfile.ZipFile(self._path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in self._parts.items():
                archive.writestr(name, content)

    def _sheet(self, name):
        if name not in self._sheets:
            book = etree.fromstring(self._parts["xl/workbook.xml"])
            links = etree.fromstring(self._parts["xl/_rels/workbook.xml.rels"])
            ident = book.find(f"m:sheets/m:sheet[@name='{name}']", NS).get(f"{{{LINK}}}id")
            part = next(f"xl/{one.get('Target')}" for one in links if one.get("Id") == ident)
            self._sheets[name] = part, etree.fromstring(self._parts[part])
        return self._sheets[name][1]

    def _letters(self, sheet):
        """Name of each column -> its letters."""
        head = self._sheet(sheet).find("m:sheetData/m:row", NS)
        return {name: at for at, name in self._cells(head).items()}

    def _cells(self, row):
        """Letters of each cell -> its text."""
        found = {}
        for cell in row.iterfind("m:c", NS):
            value = cell.findtext("m:v", "", NS)
            text = self._texts[int(value)] if cell.get("t") == "s" else value
            found[re.sub(r"\d", "", cell.get("r"))] = text or cell.findtext("m:is/m:t", "", NS)
        return found

    def _type(self, cell, text):
        for old in list(cell):
            cell.remove(old)
        cell.set("t", "inlineStr")
        etree.SubElement(etree.SubElement(cell, f"{{{MAIN}}}is"), f"{{{MAIN}}}t").text = text
