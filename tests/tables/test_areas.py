"""Areas that nobody serves on some day, and rows and networks that lead to nobody."""

from datetime import date

import pytest

from gateway.tables.areas import unserved
from gateway.tables.leading import looked_up
from gateway.tables.periods import FIRST
from gateway.tables.targets import without_target
from ir_directory import InstitutionRepository
from routing_tables import ByPlace, Fixed, RoutingTable
from tests.directory.conftest import a_catchment, a_commune, an_institution
from tests.routing.conftest import make_route

TODAY = date(2026, 6, 1)
PAST, SOON, LATER = date(2024, 1, 1), date(2026, 9, 1), date(2027, 1, 1)
AIN, LILLE, ROUBAIX = "FR:01", "FR:59", "FR:59R"
COMMUNES = (a_commune("01001", "Un"), a_commune("59350", "Lille"), a_commune("59512", "Roubaix"))
NORTH = (a_catchment("insee:59350", LILLE), a_catchment("insee:59512", ROUBAIX))
HOME = ByPlace("cpam", "residence")


def to(target=HOME, rule="r", **given):
    return make_route(rule, target=target, **{"valid_from": FIRST, **given})


def directory(*catchments, institutions=(), communes=COMMUNES):
    mine = {row.id for row in institutions}
    rest = [an_institution(i, i.lower()) for i in (AIN, LILLE, ROUBAIX) if i not in mine]
    return InstitutionRepository([*institutions, *rest], (), catchments, communes)


def found(repository, *routes, today=TODAY):
    lines = {
        (row.network, row.area, row.valid_from.isoformat()): number
        for number, row in enumerate(repository.catchments, 2)
    }
    return sorted(unserved(repository, RoutingTable(routes or [to()]), lines, today))


def told(repository, *routes):
    return [(f.line, f.column, f.error) for f in found(repository, *routes)]


def test_where_every_area_has_somebody_on_every_day_nothing_is_told():
    assert told(directory(a_catchment("dep:01", AIN), *NORTH)) == []
    assert told(directory(a_catchment("dep:01", AIN), a_catchment("dep:59", LILLE), NORTH[0])) == []


@pytest.mark.parametrize(
    ("end", "begin", "error"),
    [(SOON, None, True), (PAST, None, True), (PAST, LATER, True), (PAST, TODAY, False)],
)
def test_days_after_a_row_without_the_next_one(end, begin, error):
    rows = [a_catchment("dep:01", AIN, valid_to=end), *NORTH]
    rows += [a_catchment("dep:01", AIN, valid_from=begin)] if begin else []
    [one] = found(directory(*rows))
    assert (one.line, one.column, one.error) == (2, "valid_to", error)
    until = f"until {begin}" if begin else "on"
    assert f"cpam, dep:01: without an institution from {end} {until}" in one.english
    assert "cpam, dep:01 : sans institution" in one.french


@pytest.mark.parametrize(("begin", "error"), [(PAST, False), (LATER, True)])
def test_days_before_the_first_row_of_an_area(begin, error):
    repository = directory(*NORTH, a_catchment("dep:01", AIN, valid_from=begin))
    assert told(repository) == [(4, "valid_from", error)]


def test_departments_that_only_other_networks_serve_are_one_error():
    rows = [a_catchment(area, AIN, "caf") for area in ("dep:01", "dep:59")]
    [one] = found(directory(*rows))
    assert (one.line, one.column, one.error) == (0, "area", True)
    assert "cpam, dep:01, dep:59: without an institution from 2019-01-01 on" in one.english
    assert told(directory(*rows), to(ByPlace("caf", "home"))) == []


def test_departments_that_no_network_serves_are_one_warning():
    islands = [a_commune("97501", "Miquelon"), a_commune("98801", "Belep")]
    repository = directory(a_catchment("dep:01", AIN), *NORTH, communes=[*COMMUNES, *islands])
    [one] = found(repository)
    assert (one.line, one.column, one.error) == (0, "area", False)
    assert "the departments 975, 988;" in one.english
    assert told(repository, to(Fixed(AIN))) == []  # nobody asks


def test_a_commune_that_a_shared_department_leaves_out():
    both = a_catchment("dep:01", AIN), NORTH[0]
    [one] = found(directory(*both))
    assert (one.line, one.column, one.error) == (0, "area", True)
    assert "cpam, dep:59, 1 commune (59512): without an institution" in one.english
    split = a_catchment("dep:59", LILLE, valid_to=SOON)
    after = a_catchment("insee:59350", LILLE, valid_from=SOON)
    assert told(directory(both[0], split, after)) == [(3, "valid_to", True)]
    ended = a_catchment("insee:59512", ROUBAIX, valid_to=SOON)
    assert told(directory(*both, ended)) == [(4, "valid_to", True)]


def test_a_commune_counts_on_its_own_days():
    gone = a_commune("59999", "Ancienne", valid_to=PAST)
    new = a_commune("59998", "Nouvelle", valid_from=SOON)
    repository = directory(a_catchment("dep:01", AIN), *NORTH, communes=[*COMMUNES, gone, new])
    [coming, old] = found(repository)
    assert f"(59998): without an institution from {SOON} on" in coming.english
    assert f"(59999): without an institution from 2019-01-01 until {PAST}" in old.english
    assert (coming.error, old.error) == (True, False)


@pytest.mark.parametrize(
    ("target", "given", "error"),
    [
        (HOME, {}, True),
        (ByPlace("cpam+carsat", "home", file_first=True), {}, True),
        (ByPlace("cpam", "work"), {}, True),
        (ByPlace("cpam", "employer"), {}, True),
        (ByPlace("carsat+cpam", "home", file_first=True), {}, False),  # looked up in the first
        (ByPlace("cpam", "named"), {}, False),
        (ByPlace("*", "named"), {}, False),
        (ByPlace("cpam", "country"), {}, False),
        (Fixed(AIN), {}, False),
        (HOME, {"valid_to": SOON}, False),  # ends with the area
        (HOME, {"valid_to": LATER}, True),
        (HOME, {"valid_from": LATER}, True),
    ],
)
def test_an_area_that_ends_for_ever_matters_while_a_route_leads_there(target, given, error):
    ended = [a_catchment(area, AIN, valid_to=SOON) for area in ("dep:01", "dep:59")]
    others = [a_catchment(area, AIN, "carsat") for area in ("dep:01", "dep:59")]
    told = found(directory(*ended, *others), to(target, **given))
    assert [f.error for f in told] == ([True, True] if error else [False])
    if not error:
        assert told[0].line == 2
        assert (
            f"2 areas without an institution from {SOON} on, and no row of routes.csv"
            in told[0].english
        )


def test_an_area_that_no_route_leads_to_is_silent_but_for_its_end():
    repository = directory(NORTH[0], a_catchment("dep:01", AIN, valid_from=SOON))
    assert told(repository, to(Fixed(AIN))) == []


def test_the_pole_of_a_country():
    rows = [a_catchment(area, AIN) for area in ("dep:01", "dep:59", "country:DE")]
    assert told(directory(*rows)) == []
    rows[2] = a_catchment("country:DE", AIN, valid_to=SOON)
    assert told(directory(*rows)) == [(4, "valid_to", True)]
    assert told(directory(*rows), to(ByPlace("cpam", "country"))) == [(4, "valid_to", True)]
    assert told(directory(*rows), to(ByPlace("cpam", "home"))) == [(4, "valid_to", False)]
    late = a_catchment("country:DE", AIN, valid_from=PAST)
    assert told(directory(*rows[:2], late)) == []  # abroad there need be none


# -- whoever does not exist -----------------------------------------------------------------


def ended(ident=AIN, day=SOON, **more):
    return an_institution(ident, ident.lower(), valid_to=day, **more)


@pytest.mark.parametrize(
    ("routes", "error"),
    [
        ([to()], True),
        ([to(valid_to=SOON)], False),
        ([to(ByPlace("*", "named"))], False),
        ([to(Fixed(LILLE))], False),
        ([to(valid_to=SOON), to(rule="s", valid_from=LATER)], True),
    ],
)
def test_a_row_whose_institution_ends_matters_while_a_route_leads_there(routes, error):
    repository = directory(a_catchment("dep:01", AIN), *NORTH, institutions=[ended()])
    [one] = found(repository, *routes)
    assert (one.line, one.column, one.error) == (2, "institution", error)
    assert f"FR:01 is nobody on {SOON}" in one.english


def test_a_successor_is_followed_to_its_own_end():
    after = an_institution("FR:02", "two", valid_from=SOON, valid_to=LATER)
    chain = [ended(successor="two"), after]
    repository = directory(a_catchment("dep:01", AIN), *NORTH, institutions=chain)
    [one] = found(repository)
    assert f"FR:01 is nobody on {LATER}" in one.english
    chain[1] = an_institution("FR:02", "two", valid_from=SOON)
    assert told(directory(a_catchment("dep:01", AIN), *NORTH, institutions=chain)) == []


def test_an_institution_that_began_after_its_row_is_a_warning_once_it_is_there():
    late = an_institution(AIN, "fr:01", valid_from=PAST)
    repository = directory(a_catchment("dep:01", AIN), *NORTH, institutions=[late])
    assert told(repository) == [(2, "institution", False)]
    assert told(repository, to(valid_from=PAST)) == []


def targets(repository, *routes):
    lines = {row.rule: number for number, row in enumerate(routes, 2)}
    return sorted(without_target(repository, RoutingTable(routes), lines, TODAY))


@pytest.mark.parametrize(
    ("target", "given", "error"),
    [
        (ByPlace("special", "named"), {}, True),
        (ByPlace("special", "residence"), {}, True),
        (ByPlace("special+cpam", "named"), {}, False),
        (ByPlace("special+cpam", "home", file_first=True), {}, True),  # the place is its
        (ByPlace("cpam+special", "home", file_first=True), {}, False),
        (ByPlace("special", "named"), {"valid_to": SOON}, None),
        (ByPlace("cpam", "named"), {}, None),
        (ByPlace("*", "named"), {}, None),
        (Fixed("FR:S"), {}, True),
        (Fixed("FR:S"), {"valid_to": SOON}, None),
        (Fixed(AIN), {}, None),
    ],
)
def test_a_network_that_ends_matters_while_a_row_needs_it(target, given, error):
    gone = an_institution("FR:S", "s", network="special", valid_to=SOON)
    found = targets(directory(institutions=[gone]), to(target, **given))
    assert [(f.line, f.column, f.error) for f in found] == (
        [] if error is None else [(2, "target", error)]
    )
    assert all(str(SOON) in f.english and str(SOON) in f.french for f in found)


def test_a_network_goes_on_as_long_as_one_of_it_does():
    rows = [
        an_institution("FR:S", "s", network="special", valid_to=SOON),
        an_institution("FR:T", "t", network="special", valid_to=LATER),
    ]
    [one] = targets(directory(institutions=rows), to(ByPlace("special", "named")))
    assert f"on {LATER} no institution of the network `special`" in one.english
    rows[1] = an_institution("FR:T", "t", network="special")
    assert targets(directory(institutions=rows), to(ByPlace("special", "named"))) == []


def test_only_the_first_network_is_looked_up_and_by_place_only():
    assert looked_up(to(ByPlace("carsat+cpam", "home", file_first=True))) == "carsat"
    assert looked_up(to(ByPlace("*", "named"))) is None
    assert looked_up(to(Fixed(AIN))) is None
