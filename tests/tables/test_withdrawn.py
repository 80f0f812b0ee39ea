"""A competence that ends while routes lead to the institution: an error with both rows."""

from datetime import date

import pytest

from gateway.tables.checking import check
from gateway.tables.withdrawn import withdrawn
from ir_directory import InstitutionRepository
from routing_tables import ByPlace, Fixed, RoutingTable
from routing_tables.release import ROOT
from sed_schemas.load import catalogue
from tests.directory.conftest import a_catchment, a_competence, an_institution
from tests.routing.conftest import make_route
from tests.tables.conftest import add

TODAY = date(2026, 6, 1)
PAST, SOON, LATER = date(2024, 1, 1), date(2026, 9, 1), date(2027, 1, 1)
ONE, TWO = "FR:1", "FR:2"
HERE = (a_catchment("dep:01", ONE), a_catchment("country:DE", ONE), a_catchment("dep:02", TWO))


def to(target, rule="r", **given):
    return make_route(rule, target=target, **given)


def found(competences, routes, catchments=HERE, institutions=()):
    known = {row.id for row in institutions}
    rest = [an_institution(ident, ident[-1]) for ident in (ONE, TWO) if ident not in known]
    directory = InstitutionRepository([*institutions, *rest], competences, catchments)
    return withdrawn(directory, RoutingTable(routes), catalogue(), TODAY)


def ways(*args, **more):
    return [
        (row.row.buc, buc, way.rule, way.place)
        for row in found(*args, **more)
        for buc, those in row.bucs.items()
        for way in those
    ]


def ended(institution=ONE, buc="P_BUC_01", role="Counterparty", day=PAST, **more):
    return a_competence(institution, buc, role, valid_to=day, **more)


@pytest.mark.parametrize(
    ("target", "place"),
    [
        (Fixed(ONE), ""),
        (Fixed(TWO), None),
        (ByPlace("cpam", "residence"), "cpam country:DE (+1)"),
        (ByPlace("cpam", "home"), "cpam dep:01"),
        (ByPlace("cpam", "work"), "cpam dep:01"),
        (ByPlace("cpam", "country"), "cpam country:DE"),
        (ByPlace("cpam+carsat", "home", file_first=True), "cpam dep:01"),
        (ByPlace("carsat+cpam", "home", file_first=True), None),
        (ByPlace("msa", "residence"), None),
        (ByPlace("cpam", "named"), None),
        (ByPlace("*", "named"), None),
    ],
)
def test_a_row_that_leads_to_the_institution_directly_or_by_place(target, place):
    told = ways([ended()], [to(target), to(target, "other", buc="P_BUC_02")])
    assert told == ([] if place is None else [("P_BUC_01", "P_BUC_01", "r", place)])


@pytest.mark.parametrize("buc", ["P_BUC_01", "P_BUC_*"])
@pytest.mark.parametrize("row", ["P_BUC_01", "P_BUC_*"])
def test_one_buc_or_its_whole_sector(buc, row):
    told = {buc for _, buc, _, _ in ways([ended(buc=buc)], [to(Fixed(ONE), buc=row)])}
    every = {f"P_BUC_{number:02}" for number in range(1, 11)}
    assert told == (every if (buc, row) == ("P_BUC_*", "P_BUC_*") else {"P_BUC_01"})


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ([], True),
        ([a_competence(ONE, "P_BUC_01", valid_from=PAST)], False),
        ([a_competence(ONE, "P_BUC_*", valid_from=PAST)], False),
        ([a_competence(ONE, "P_BUC_01", valid_from=SOON)], True),  # days between
        ([a_competence(ONE, "P_BUC_02")], True),
        ([a_competence(TWO, "P_BUC_01")], True),
        ([a_competence(ONE, "P_BUC_01", "CaseOwner")], True),
    ],
)
def test_what_the_institution_takes_all_the_same(more, told):
    assert bool(found([ended(), *more], [to(Fixed(ONE))])) == told


def test_the_row_that_ended_last_is_the_one_to_mend():
    rows = [
        a_competence(ONE, "P_BUC_01", valid_to=date(2022, 1, 1)),
        a_competence(ONE, "P_BUC_01", valid_from=date(2022, 1, 1), valid_to=PAST),
        a_competence(ONE, "P_BUC_*", valid_to=date(2023, 1, 1)),
    ]
    [one] = found(rows, [to(Fixed(ONE))])
    assert one.row is rows[1]


@pytest.mark.parametrize(
    ("given", "day", "told"),
    [
        ({}, PAST, True),
        ({}, SOON, True),
        ({"valid_to": SOON}, SOON, False),
        ({"valid_to": LATER}, SOON, True),
        ({"valid_to": TODAY}, PAST, False),
        ({"valid_from": LATER}, SOON, True),
    ],
)
def test_only_while_the_route_is_in_force(given, day, told):
    assert bool(found([ended(day=day)], [to(Fixed(ONE), **given)])) == told


@pytest.mark.parametrize(
    ("role", "of_route", "told"),
    [
        ("Counterparty", "*", True),
        ("Counterparty", "Counterparty", True),
        ("Counterparty", "CaseOwner", False),
        ("CaseOwner", "CaseOwner", True),
        ("CaseOwner", "Counterparty", False),
        ("CaseOwner", "*", False),  # we are the counterparty, and that it takes
        ("DataSource", "*", False),
    ],
)
def test_in_the_role_that_the_row_needs(role, of_route, told):
    other = a_competence(ONE, "P_BUC_01", "Counterparty") if role == "CaseOwner" else None
    rows = [ended(role=role), *([other] if other else [])]
    assert bool(found(rows, [to(Fixed(ONE), role=of_route)])) == told


def test_no_role_that_is_left_is_one_that_was_needed():
    rows = [ended(role="CaseOwner"), ended(role="Counterparty")]
    assert [one.row for one in found(rows, [to(Fixed(ONE))])] == rows


def test_where_another_institution_has_taken_over_the_rows_lead_there():
    gone = an_institution(ONE, "1", valid_to=PAST, successor="2")
    assert found([ended()], [to(Fixed(ONE))], institutions=[gone]) == []
    assert found([ended()], [to(ByPlace("cpam", "home"))], institutions=[gone]) == []
    assert ways([ended(TWO)], [to(Fixed(ONE))], institutions=[gone])[0][2] == "r"
    [way] = ways([ended(TWO)], [to(ByPlace("cpam", "home"))], institutions=[gone])
    assert way[3] == "cpam dep:01 (+1)"


def test_a_catchment_counts_on_its_own_days():
    by_place = [to(ByPlace("cpam", "home"))]
    over = [a_catchment("dep:01", ONE, valid_to=SOON), a_catchment("dep:01", TWO, valid_from=SOON)]
    assert found([ended(day=SOON)], by_place, over) == []
    assert len(found([ended(day=PAST)], by_place, over)) == 1
    coming = [a_catchment("dep:01", TWO), a_catchment("dep:02", ONE, valid_from=LATER)]
    assert len(found([ended()], by_place, coming)) == 1
    assert found([ended()], [to(ByPlace("cpam", "home"), valid_to=SOON)], coming) == []


# -- in a folder ----------------------------------------------------------------------------

COMPETENCES = "ir_directory/competences.csv"
AIN = "FR:0101100000"


def line_of(rule):
    rows = (ROOT / "routing_tables/routes.csv").read_text(encoding="utf-8-sig").splitlines()
    return next(number for number, row in enumerate(rows, 1) if row.startswith(f"{rule};"))


def new(folder):
    return [f for f in check(folder, TODAY, ROOT) if not f.known]


def test_both_rows_are_named_with_their_lines(folder):
    line = add(
        folder, COMPETENCES, f"{AIN};S_BUC_24;Counterparty;yes;confirmed;2019-07-01;2026-01-01;t"
    )
    [told] = new(folder)
    assert (told.file, told.line, told.column, told.error) == (COMPETENCES, line, "valid_to", True)
    for text, word in ((told.english, "line"), (told.french, "ligne")):
        assert f"{AIN}" in text
        assert f"S-ASSUMED ({word} {line_of('S-ASSUMED')}" in text
        assert f"S-GENERAL ({word} {line_of('S-GENERAL')}" in text
        assert "cpam dep:01" in text
        assert "2026-01-01" in text
    add(folder, COMPETENCES, f"{AIN};S_BUC_24;Counterparty;no;confirmed;2026-01-01;;t")
    assert new(folder) == []


def test_an_institution_that_a_row_names_is_not_told_of_twice(folder):
    """Not as one that no row of the competences names, too."""
    line = add(
        folder,
        COMPETENCES,
        "FR:0156200000;S_BUC_06;Counterparty;yes;likely;2019-07-01;2026-01-01;t",
    )
    told = [f for f in check(folder, TODAY) if "S_BUC_06" in f.english]
    assert [(f.file, f.line, f.error) for f in told] == [(COMPETENCES, line, True)]
    assert f"S-RATES (line {line_of('S-RATES')})" in told[0].english
