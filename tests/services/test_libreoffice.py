"""LibreOffice itself opens what we write, and what it saves is taken back without a change."""

import os
import shutil
import subprocess
import zipfile

import pytest
import xlsxwriter

from gateway.tables import keeping
from gateway.tables.importing import TABLES, read
from tests.e2e.conftest import command, daemon, listed

__all__ = ["command", "daemon", "listed"]

pytestmark = [pytest.mark.program, pytest.mark.long]
SOFFICE = shutil.which("soffice")
SEMICOLONS = "--infilter=CSV:59,34,76"
"""How to open a CSV: `;`, quotation marks, UTF-8; each cell as LibreOffice takes it."""
LIBRARY = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE library:library PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "library.dtd">
<library:library xmlns:library="http://openoffice.org/2000/library" library:name="Standard"
 library:readonly="false" library:passwordprotected="false">
<library:element library:name="Typing"/></library:library>
"""
TYPING = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE script:module PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "module.dtd">
<script:module xmlns:script="http://openoffice.org/2000/script" script:name="Typing"
 script:language="StarBasic">
Sub Add(url As String, sheet As String, said As String)
  Dim hidden(0) As New com.sun.star.beans.PropertyValue
  Dim kind(0) As New com.sun.star.beans.PropertyValue
  hidden(0).Name = "Hidden" : hidden(0).Value = True
  kind(0).Name = "FilterName" : kind(0).Value = "Calc MS Excel 2007 XML"
  doc = StarDesktop.loadComponentFromURL(url, "_blank", 0, hidden())
  page = doc.Sheets.getByName(sheet)
  row = 0
  Do While page.getCellByPosition(0, row).String &lt;&gt; ""
    row = row + 1
  Loop
  texts = Split(said, "|")
  For column = 0 To UBound(texts)
    page.getCellByPosition(column, row).FormulaLocal = texts(column)
  Next
  doc.storeToURL(url, kind())
  doc.close(True)
End Sub
</script:module>
"""
"""A macro that types a row below the last one of a sheet, and saves."""


@pytest.fixture
def saved(tmp_path):
    """What LibreOffice makes of a workbook: opened, and saved in another format."""
    if SOFFICE is None and os.environ.get("CI"):
        pytest.fail("LibreOffice is not installed: `make setup-services` installs it")
    if SOFFICE is None:
        pytest.skip("LibreOffice is not installed: `make setup-services` installs it")

    def convert(path, kind, *more):
        home = f"-env:UserInstallation=file://{tmp_path}/libreoffice"
        words = [
            SOFFICE,
            home,
            "--headless",
            *more,
            "--convert-to",
            kind,
            "--outdir",
            tmp_path / "saved",
        ]
        subprocess.run([*words, path], check=True, capture_output=True, timeout=110)
        return tmp_path / "saved" / f"{path.stem}.{kind}"

    return convert


def test_a_template_saved_by_libreoffice_changes_nothing(command, tmp_path, saved):
    draft, workbook = tmp_path / "draft", tmp_path / "tables.xlsx"
    state = tmp_path / "state"
    assert command(state, "tables", "draft", draft, "--as", "2027-01").returncode == 0
    assert command(state, "tables", "template", workbook, "--from", draft).returncode == 0
    for kind in ("ods", "xlsx"):
        taken = command(state, "tables", "import", saved(workbook, kind), "--into", draft)
        assert taken.returncode == 0, taken.stdout
        told = command(state, "tables", "diff", "baseline", draft)
        assert told.stdout.strip() == "0 changes."


@pytest.mark.parametrize("kind", ["ods", "xlsx"])
def test_a_cell_in_error_and_a_covered_one_are_refused_after_libreoffice(tmp_path, saved, kind):
    columns = TABLES["routing_tables/reminders.csv"]
    with xlsxwriter.Workbook(str(tmp_path / "x.xlsx")) as made:
        sheet = made.add_worksheet("reminders")
        for line, row in enumerate([columns, ["DE", "*", "1", "30"], ["DE", "*", "2", "30"]]):
            sheet.write_row(line, 0, row)
        sheet.write_formula(1, 3, "=1/0", None, "#DIV/0!")
        sheet.merge_range(1, 0, 2, 0, "DE")
    found = read(saved(tmp_path / "x.xlsx", kind))
    assert [finding.file for finding in found.findings] == ["reminders!D2", "reminders!A3"]


@pytest.fixture
def typed(tmp_path):
    """Types a row into a workbook, as a person does; LibreOffice must have run once (`saved`)."""

    def type_into(path, sheet, *texts):
        macros = tmp_path / "libreoffice" / "user" / "basic" / "Standard"
        (macros / "script.xlb").write_text(LIBRARY, encoding="utf-8")
        (macros / "Typing.xba").write_text(TYPING, encoding="utf-8")
        said = ",".join(f'"{one}"' for one in (path.as_uri(), sheet, "|".join(texts)))
        home = f"-env:UserInstallation=file://{tmp_path}/libreoffice"
        words = [SOFFICE, home, "--headless", f"macro:///Standard.Typing.Add({said})"]
        subprocess.run(words, check=True, capture_output=True, timeout=110)

    return type_into


def test_a_row_typed_in_libreoffice_is_the_row_of_the_draft(command, tmp_path, saved, typed):
    state, draft, workbook = tmp_path / "state", tmp_path / "draft", tmp_path / "tables.xlsx"
    assert command(state, "tables", "draft", draft, "--as", "2027-01").returncode == 0
    assert command(state, "tables", "template", workbook, "--from", draft).returncode == 0
    workbook = saved(workbook, "xlsx")
    row = ["S-TYPED", "S_BUC_24", "S040", *"*****", "refer", "solid", "2027-01-01", "", "0012", "-"]
    typed(workbook, "routes", *row)
    taken = command(state, "tables", "import", workbook, "--into", draft)
    assert taken.returncode == 0, taken.stdout
    routes = draft / "routing_tables" / "routes.csv"
    assert routes.read_text(encoding="utf-8").splitlines()[-1] == ";".join(row)
    told = command(state, "tables", "diff", "baseline", draft).stdout.splitlines()
    assert told[1:] == ["1 change."], told


def test_what_is_kept_with_an_apostrophe_libreoffice_neither_runs_nor_loses(
    command, tmp_path, saved
):
    state, draft = tmp_path / "state", tmp_path / "draft"
    assert command(state, "tables", "draft", draft, "--as", "2027-01").returncode == 0
    table = draft / "ir_directory" / "institutions.csv"
    rows = [row | {"name": f"=1+{at}"} for at, row in enumerate(keeping.rows(table))]
    keeping.write(table, keeping.header(table), rows)
    before = table.read_bytes()
    taken = command(state, "tables", "import", saved(table, "ods", SEMICOLONS), "--into", draft)
    assert taken.returncode == 0, taken.stdout
    assert table.read_bytes() == before


def test_a_worklist_saved_by_libreoffice_keeps_its_lists_and_is_read(
    daemon, command, listed, a_message, tmp_path, saved
):
    gateway = daemon("--until-idle", env={"EESSI_GATEWAY_POLICY__LEAST_CERTAINTY": "confirmed"})
    gateway.put("01.xml", a_message())
    assert gateway.join() == 0
    [entry] = listed(gateway.state, "worklist", "list")
    workbook = tmp_path / "worklist.ods"
    assert command(gateway.state, "worklist", "export", workbook).returncode == 0
    with zipfile.ZipFile(workbook) as before, zipfile.ZipFile(saved(workbook, "ods")) as after:
        lists = [
            z.read("content.xml").count(b"<table:content-validation ") for z in (before, after)
        ]
    assert lists[0] == lists[1] > 0
    taken = command(gateway.state, "worklist", "import", tmp_path / "saved/worklist.ods")
    assert (taken.returncode, taken.stderr) == (0, "")
    assert "Decisions made: 0." in taken.stdout
    assert listed(gateway.state, "worklist", "list") == [entry]
