"""Cases that no row covers: told with the row to mend, and how."""

from datetime import date, timedelta
from itertools import product

import pytest

from gateway.tables.gaps import uncovered
from gateway.tables.periods import FIRST, OPEN, common, in_words, joined, without
from routing_tables import ABROAD, ASSUMED, Fixed, RouteQuery, RoutingTable
from routing_tables.load import SCHEMES, load
from sed_schemas import OWNER, BucRules, Catalogue, SedRules
from sed_schemas.load import catalogue
from tests.routing.conftest import make_route

TODAY = date(2026, 6, 1)
PAST, SOON, LATER = date(2024, 1, 1), date(2026, 9, 1), date(2027, 1, 1)
START = SedRules({OWNER: frozenset({"Start"})})
LISTED = {"general", "rail"}


def a_row(rule, **given):
    return make_route(rule, **{"valid_from": FIRST, **given})


def known(*bucs, seds=("P2000", "P2100")):
    rules = {buc: BucRules(buc, dict.fromkeys(seds, START)) for buc in bucs or ("P_BUC_01",)}
    return Catalogue(frozenset({"4.4"}), rules, frozenset(seds))


def found(*rows, bucs=(), today=TODAY):
    lines = {row.rule: number for number, row in enumerate(rows, 2)}
    return sorted(uncovered(RoutingTable(rows), lines, known(*bucs), today))


def told(*rows, **more):
    return [(f.line, f.column, f.error) for f in found(*rows, **more)]


def test_the_baseline_has_no_gap():
    assert list(uncovered(load(), {}, catalogue(), TODAY)) == []


def test_the_baseline_without_one_of_its_rows_has_one():
    """Unless a wider row takes its cases, or the scheme is asked for."""
    routes = [row for row in load().routes if row.buc != "AD_BUC_*"]  # none in the catalogue
    wider = {
        row.rule
        for row in routes
        for other in routes
        if row is not other and row.buc == other.buc and row.within(other)
    }
    assumed = {row.rule for row in routes if ASSUMED in row.population}
    needed = sorted({row.rule for row in routes} - wider - assumed)
    assert len(needed) > 80
    for rule in needed:
        left = RoutingTable(row for row in routes if row.rule != rule)
        assert [f.error for f in uncovered(left, {}, catalogue(), TODAY)] != [], rule


def test_a_buc_without_any_row_is_an_error():
    [one] = found(a_row("a"), bucs=("P_BUC_01", "P_BUC_02", "S_BUC_24"))
    assert (one.line, one.column, one.error) == (0, "buc", True)
    assert "P_BUC_02, S_BUC_24;" in one.english
    assert "P_BUC_02, S_BUC_24 ;" in one.french
    assert told(a_row("a", buc="P_BUC_*"), bucs=("P_BUC_01", "P_BUC_02")) == []


@pytest.mark.parametrize(
    ("end", "begin", "error"),
    [
        (SOON, LATER, True),
        (PAST, LATER, True),
        (PAST, TODAY + timedelta(days=1), True),
        (PAST, TODAY, False),  # over: it decides nothing any more
        (SOON, SOON, None),
        (LATER, SOON, None),
    ],
)
def test_days_between_a_row_and_the_next_one(end, begin, error):
    rows = (a_row("a", valid_to=end), a_row("b", valid_from=begin))
    assert told(*rows) == ([] if error is None else [(2, "valid_to", error)])
    for one in found(*rows):
        assert f"from {end} until {begin}" in one.english
        assert "let a go on, let b begin earlier" in one.english
        assert f"du {end} au {begin}" in one.french


@pytest.mark.parametrize("end", [PAST, SOON])
def test_a_row_that_ends_with_nothing_after_it_is_an_error(end):
    [one] = found(a_row("a", valid_to=end))
    assert (one.line, one.column, one.error) == (2, "valid_to", True)
    assert f"P_BUC_01: no row from {end} on" in one.english
    assert f"P_BUC_01 : aucune ligne à partir du {end}" in one.french


def test_a_scheme_that_no_row_names_is_an_error_of_its_column():
    named = ",".join(sorted(SCHEMES - {"ratp"}))
    [one] = found(a_row("a", scheme=named))
    assert (one.line, one.column, one.error) == (0, "scheme", True)
    assert "P_BUC_01, scheme ratp: no row from 2019-01-01 on" in one.english
    assert told(a_row("a", scheme=named), a_row("b", scheme="ratp")) == []
    late = a_row("b", scheme="ratp", valid_from=LATER)
    assert told(a_row("a", scheme=named), late) == [(3, "valid_from", True)]
    begun = a_row("b", scheme="ratp", valid_from=PAST)
    assert told(a_row("a", scheme=named), begun) == [(3, "valid_from", False)]


@pytest.mark.parametrize(
    ("column", "value", "other", "error"),
    [
        ("population", "employee", "self-employed", True),
        ("residence", "FR", "ZZ", True),
        ("residence", ABROAD, "FR", True),
        ("residence", "FR,DE", "ZZ", True),
        ("sed", "P2000", "P2100", True),
        ("role", "CaseOwner", "Counterparty", True),
        ("role", "Counterparty", "CaseOwner", False),  # no case starts with us in that role
    ],
)
def test_what_a_row_does_not_ask_for_is_left(column, value, other, error):
    rows = [a_row("a", **{column: value})]
    [one] = found(*rows)
    assert (one.line, one.column, one.error) == (0, column, error)
    assert f"P_BUC_01, {column} {other}: no row" in one.english
    assert told(*rows, a_row("b", **{column: other.replace("ZZ", "*")})) == []


def test_a_row_that_asks_for_a_sed_is_held_against_the_seds_that_start_each_buc():
    rules = {
        "P_BUC_01": BucRules("P_BUC_01", {"P2000": START}),
        "P_BUC_02": BucRules("P_BUC_02", {"P2000": START, "P2100": START, "P6000": SedRules({})}),
    }
    both = Catalogue(frozenset({"4.4"}), rules, frozenset({"P2000", "P2100", "P6000"}))
    rows = RoutingTable([a_row("a", buc="P_BUC_*", sed="P2000")])
    [one] = uncovered(rows, {"a": 2}, both, TODAY)
    assert "P_BUC_02, sed P2100: no row" in one.english


def test_bucs_and_cases_with_the_same_gap_are_one_finding():
    rows = (
        a_row("a", buc="P_BUC_01", scheme="rail,ratp", population="employee", valid_to=SOON),
        a_row("a", buc="P_BUC_02", scheme="rail,ratp", population="employee", valid_to=SOON),
        a_row("b", buc="P_BUC_*", scheme=",".join(SCHEMES - {"rail", "ratp"})),
        a_row("c", buc="P_BUC_*", scheme="rail,ratp", population="self-employed"),
    )
    [one] = found(*rows, bucs=("P_BUC_01", "P_BUC_02"))
    assert "P_BUC_01, P_BUC_02, scheme rail, ratp, population employee: no row" in one.english


def test_cases_of_a_gap_are_said_exactly():
    """Not the product of all that occurs: general employees and self-employed of the railways."""
    others = ",".join(SCHEMES - LISTED)
    rows = (
        a_row("a", scheme="general", population="self-employed"),
        a_row("b", scheme="rail", population="employee"),
        a_row("c", scheme=others),
    )
    texts = {f.english.partition(": no row")[0] for f in found(*rows)}
    assert texts == {
        "P_BUC_01, scheme general, population employee",
        "P_BUC_01, scheme rail, population self-employed",
    }


def test_without_the_assumption_the_scheme_is_asked_for_and_nothing_is_missing():
    """Who ends the row switches it off (README): no gap. Days between two of them are looked at."""
    one = a_row("a", scheme="*", population=ASSUMED, valid_to=PAST)
    rest = a_row("b", scheme=",".join(SCHEMES))
    assert told(one, rest) == []
    again = a_row("c", scheme="*", population=ASSUMED, valid_from=SOON)
    [lapse] = found(one, rest, again)
    assert (lapse.line, lapse.column, lapse.error) == (2, "valid_to", False)
    assert f"between a and c the scheme is asked for, from {PAST} until {SOON}" in lapse.english
    [bare] = found(a_row("a", scheme="*", population=ASSUMED))
    assert "no sign of a scheme" not in bare.english


def test_without_any_row_for_it_not_even_the_scheme_is_asked_for():
    row = a_row("a", scheme="*", population=f"{ASSUMED},employee", residence="FR")
    rest = a_row("b", scheme=",".join(SCHEMES), residence="FR")
    [one] = found(row, rest)
    assert one.column == "residence"
    assert "P_BUC_01, residence ZZ: no row" in one.english  # of every scheme, and of none


def test_a_wider_row_between_two_of_the_same_cases_is_a_warning():
    wide = a_row("wide")
    rows = (
        a_row("a", scheme="rail", valid_to=SOON),
        a_row("b", scheme="rail", valid_from=LATER),
    )
    [one] = found(*rows, wide)
    assert (one.line, one.column, one.error) == (2, "valid_to", False)
    assert f"between a and b wide decides, from {SOON} until {LATER}" in one.english
    assert "wide décide" in one.french
    narrow = [
        a_row(p, scheme="rail", population=p, valid_from=SOON, valid_to=LATER)
        for p in ("employee", "self-employed")
    ]
    assert told(*rows, wide, *narrow) == []  # whoever split the row has thought of them
    assert told(rows[0], wide) == []
    assert told(rows[0], a_row("b", scheme="rail,ratp", valid_from=LATER), wide) == []


@pytest.mark.parametrize(("begin", "error"), [(PAST, False), (LATER, True)])
def test_days_before_the_first_row_of_a_buc_are_a_gap(begin, error):
    [one] = found(a_row("a", valid_from=begin))
    assert (one.line, one.column, one.error) == (2, "valid_from", error)
    assert f"from 2019-01-01 until {begin}" in one.english
    assert "let a begin earlier" in one.english
    assert told(a_row("a", valid_from=date(2000, 1, 1))) == []


@pytest.mark.parametrize("seed", range(8))
def test_a_case_is_told_of_when_the_routes_have_no_row_for_it(seed):
    """Held against the routes themselves, case by case and day by day."""
    rows = _some_rows(seed)
    routes = RoutingTable(rows)
    texts = [f.english for f in uncovered(routes, {}, known(), TODAY)]
    days = [date(2020, 1, 1), PAST, SOON, LATER]
    for scheme, population, day in product(sorted(SCHEMES), ("employee", "self-employed"), days):
        query = RouteQuery("P_BUC_01", "P2000", scheme, population, "FR", "Counterparty")
        none = routes.match(query, day).route is None
        assert none == any(_tells(text, scheme, population, day) for text in texts)


def _some_rows(seed):
    """Rows by the bits of the seed; none crosses another."""
    yields = [
        a_row("a", scheme=",".join(SCHEMES - LISTED), target=Fixed("FR:1")),
        a_row("b", scheme="general", valid_to=SOON if seed & 1 else None),
        a_row("c", scheme="rail", population="employee" if seed & 2 else "*"),
    ]
    if seed & 4:
        yields.append(a_row("d", scheme="general", population="employee", valid_from=PAST))
    return yields


def _tells(text, scheme, population, day):
    cases, _, rest = text.partition(": no row ")
    schemes = cases.partition("scheme ")[2].partition(", population")[0].split(", ")
    populations = cases.partition("population ")[2].split(", ")
    start, _, end = rest.removeprefix("from ").partition(", such")[0].partition(" until ")
    first = date.fromisoformat(start[:10])
    last = date.fromisoformat(end[:10]) if end else OPEN
    return (
        (scheme in schemes or schemes == [""])
        and (population in populations or populations == [""])
        and first <= day < last
    )


# -- days -----------------------------------------------------------------------------------


def test_what_is_left_of_days():
    a, b, c, d = FIRST, PAST, SOON, LATER
    assert without([(a, d)], [(b, c)]) == [(a, b), (c, d)]
    assert without([(a, d)], [(a, c), (b, OPEN)]) == []
    assert without([(b, c)], [(a, b), (c, d)]) == [(b, c)]
    assert common([(a, c)], [(b, d), (c, d)]) == [(b, c)]
    assert joined([(b, c), (a, b), (d, OPEN)]) == [(a, c), (d, OPEN)]
    assert joined([(a, d), (b, c)]) == [(a, d)]
    assert in_words((a, OPEN)) == ("from 2019-01-01 on", "à partir du 2019-01-01")
