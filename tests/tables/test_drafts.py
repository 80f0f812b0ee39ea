"""The folder for drafts: a report beside what is put there, once, and again when it changes."""

import os
import shutil
from datetime import UTC, datetime, timedelta

import pytest

from gateway.tables import drafts, template
from gateway.tables.drafting import draft
from gateway.tables.drafts import PLACE, reports
from routing_tables.release import ROOT

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.fixture
def place(tmp_path):
    assert reports(tmp_path, ROOT, NOW) == ()
    return tmp_path / PLACE


def at(path, seconds):
    """The file and all in it were written so many seconds after noon."""
    when = (NOW + timedelta(seconds=seconds)).timestamp()
    for file in (path, *path.rglob("*")):
        os.utime(file, (when, when))


def look(place, seconds):
    return reports(place.parents[1], ROOT, NOW + timedelta(seconds=seconds))


def test_a_draft_gets_its_report_in_french_once_it_is_whole(place):
    draft(place / "2027-01", "2027-01")
    at(place / "2027-01", 0)
    assert look(place, 1) == ()
    assert look(place, 3) == ("2027-01.controle.html",)
    report = place / "2027-01.controle.html"
    assert "<p>0 erreur," in report.read_text(encoding="utf-8")
    assert report.stat().st_mode & 0o077 == 0
    assert look(place, 4) == ()


def test_a_changed_draft_is_looked_at_again(place):
    draft(place / "2027-01", "2027-01")
    at(place / "2027-01", 0)
    look(place, 3)
    routes = place / "2027-01" / "routing_tables" / "routes.csv"
    routes.write_text(routes.read_text(encoding="utf-8") + "x\n", encoding="utf-8")
    at(routes, 10)
    assert look(place, 13) == ("2027-01.controle.html",)
    text = (place / "2027-01.controle.html").read_text(encoding="utf-8")
    assert "routes.csv" in text
    assert "<p>0 erreur," not in text


def test_a_workbook_is_looked_at_as_if_it_were_imported(place):
    template.write(place / "tables.xlsx", ROOT)
    at(place / "tables.xlsx", 0)
    assert look(place, 3) == ("tables.xlsx.controle.html",)
    assert "<p>0 erreur," in (place / "tables.xlsx.controle.html").read_text(encoding="utf-8")
    (place / "bad.xlsx").write_bytes(b"no workbook")
    at(place / "bad.xlsx", 0)
    look(place, 3)
    assert "illisible" in (place / "bad.xlsx.controle.html").read_text(encoding="utf-8")


def test_what_is_saved_while_it_is_looked_at_is_looked_at_again(place, monkeypatch):
    draft(place / "2027-01", "2027-01")
    at(place / "2027-01", 0)
    checked = drafts.check

    def saved_meanwhile(folder, *args):
        found = checked(folder, *args)
        at(folder / "routing_tables" / "routes.csv", 4)
        return found

    monkeypatch.setattr(drafts, "check", saved_meanwhile)
    assert look(place, 3) == ("2027-01.controle.html",)
    assert look(place, 7) == ("2027-01.controle.html",)
    assert look(place, 9) == ()


@pytest.mark.parametrize("seconds", [-3600, 3600])
def test_what_comes_from_a_machine_whose_clock_is_wrong_is_looked_at(place, seconds):
    routes = place / "routes.csv"
    shutil.copyfile(ROOT / "routing_tables" / "routes.csv", routes)
    at(routes, 0)
    assert look(place, 3) == ("routes.csv.controle.html",)
    assert "<p>0 erreur," in (place / "routes.csv.controle.html").read_text(encoding="utf-8")
    routes.write_text(routes.read_text(encoding="utf-8") + "x\n", encoding="utf-8")
    at(routes, seconds)
    assert look(place, 9) == ("routes.csv.controle.html",)
    assert "<p>0 erreur," not in (place / "routes.csv.controle.html").read_text(encoding="utf-8")
    assert look(place, 12) == ()


def test_what_is_no_draft_is_left_alone(place, tmp_path):
    (place / "note.txt").write_text("x")
    (place / ".hidden").mkdir()
    (place / "link").symlink_to(ROOT)
    (place / "empty").mkdir()
    for name in ("note.txt", ".hidden", "empty"):
        at(place / name, 0)
    assert look(place, 3) == ("empty.controle.html",)
    shutil.rmtree(place / "empty")
    assert look(place, 4) == ()


def test_what_is_no_file_is_left_alone_and_what_is_no_workbook_is_said(place):
    os.mkfifo(place / "pipe.xlsx")  # opening it would wait for ever
    (place / "words.xlsx").write_text("no workbook", encoding="utf-8")
    draft(place / "2027-01", "2027-01")
    for one in (place / "words.xlsx", place / "2027-01"):
        at(one, 0)
    assert look(place, 3) == ("2027-01.controle.html", "words.xlsx.controle.html")
    told = (place / "words.xlsx.controle.html").read_text(encoding="utf-8")
    assert "classeur illisible" in told
