"""LibreOffice itself opens what we write, and what it saves is taken back without a change."""

import os
import shutil
import subprocess
import zipfile

import pytest

from tests.e2e.conftest import command, daemon, listed

__all__ = ["command", "daemon", "listed"]

pytestmark = [pytest.mark.program, pytest.mark.long]
SOFFICE = shutil.which("soffice")


@pytest.fixture
def saved(tmp_path):
    """What LibreOffice makes of a workbook: opened, and saved in another format."""
    if SOFFICE is None and os.environ.get("CI"):
        pytest.fail("LibreOffice is not installed: `make setup-services` installs it")
    if SOFFICE is None:
        pytest.skip("LibreOffice is not installed: `make setup-services` installs it")

    def convert(path, kind):
        home = f"-env:UserInstallation=file://{tmp_path}/libreoffice"
        words = [SOFFICE, home, "--headless", "--convert-to", kind, "--outdir", tmp_path / "saved"]
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
