"""Each row says where it comes from, so that whoever doubts it can look it up."""

from datetime import date

import pytest

from gateway.tables.checking import check
from gateway.tables.sourcing import COLUMNS, generic, unsourced
from routing_tables.release import ROOT
from tests.tables.conftest import edit

TODAY = date(2026, 11, 25)
ROUTES = "routing_tables/routes.csv"
CATCHMENTS = "ir_directory/catchments.csv"


def test_it_is_told_whatever_else_is_wrong_with_the_tables(folder):
    edit(folder, CATCHMENTS, "public CAF list", "source publique ?")
    line = edit(folder, ROUTES, ";likely;", ";sure;")
    found = errors(folder)
    assert (ROUTES, line, "certainty") in {(f.file, f.line, f.column) for f in found}
    assert (CATCHMENTS, "source") in {(f.file, f.column) for f in found}


def errors(folder):
    return [f for f in check(folder, TODAY) if f.error]


@pytest.mark.parametrize(
    "said",
    [
        "", " ", "?", "-", "n/a", "N.A.", "various", "public sources", "Public source.", "idem",
        "source publique", "Sources publiques", "diverses sources", "à compléter", "see above",
        "deduced:", "Déduit :", "web, public pages",
    ],
)  # fmt: skip
def test_what_nobody_can_look_up_is_no_source(said):
    assert generic(said)


@pytest.mark.parametrize(
    "said",
    [
        "CSS R.312-1", "Cleiss annual report 2023 l.504", 'CLEISS page "Applicable legislation"',
        "IR 2021-05", "public CAF list", "SYN001 2026-11-02", "worklist 0f3a",
        "deduced: as S-GENERAL, for the agricultural scheme", "courrier de la CNG du 2026-03-01",
    ],
)  # fmt: skip
def test_what_names_something_is_one(said):
    assert not generic(said)


def test_every_row_that_travels_with_the_program_has_a_source():
    assert {ROUTES, CATCHMENTS} < set(COLUMNS)
    assert list(unsourced(ROOT)) == []


@pytest.mark.parametrize("said", ["", "public sources"])
def test_a_draft_with_a_route_without_a_source_is_refused(folder, said):
    line = edit(folder, ROUTES, "CSS R.312-1 (CPAM of habitual residence)", said)
    (found,) = errors(folder)
    assert (found.file, found.line, found.column) == (ROUTES, line, "basis")
    assert said in found.english
    assert said in found.french
    assert "CSS R.312-1" in found.text("fr")


def test_what_is_deduced_is_not_more_than_inferred(folder):
    line = edit(
        folder, ROUTES, "inferred;2019-01-01;;deduced: as ", "likely;2019-01-01;;deduced: as "
    )
    (found,) = errors(folder)
    assert (found.file, found.line, found.column) == (ROUTES, line, "certainty")
    assert "likely" in found.english
    assert "likely" in found.french


def test_what_was_confirmed_says_by_whom(folder):
    edit(folder, ROUTES, "inferred;2019-01-01;;deduced: as ", "confirmed;2019-01-01;;letter 12 of ")
    assert errors(folder) == []


def test_so_is_one_with_a_row_of_the_directory_without(folder):
    line = edit(folder, CATCHMENTS, "public CAF list", "source publique ?")
    (found,) = errors(folder)
    assert (found.file, found.line, found.column) == (CATCHMENTS, line, "source")
