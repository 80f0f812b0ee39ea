"""The match: the narrowest row, and none while a narrower one may still apply."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ir_directory import Certainty
from routing_tables import (
    ByPlace,
    Fixed,
    Match,
    Route,
    RouteQuery,
    RoutingTable,
    sector,
)

TODAY = date(2026, 6, 1)


def query(**known):
    facts = {"scheme": None, "population": None, "residence": None, **known}
    return RouteQuery(
        buc=facts.pop("buc", "P_BUC_01"),
        sed=facts.pop("sed", "P2000"),
        role=facts.pop("role", "Counterparty"),
        **facts,
    )


def match(*routes, on=TODAY, **known):
    return RoutingTable(routes).match(query(**known), on)


# -- one row ------------------------------------------------------------------------------------


def test_no_row_is_no_match_and_nothing_missing():
    assert match() == Match(None, (), frozenset())


def test_a_row_of_another_buc_says_nothing(route):
    assert match(route(buc="P_BUC_02")) == Match(None)


def test_a_row_of_the_sector_applies_to_every_buc_of_it(route):
    row = route(buc="UB_BUC_*")
    assert match(row, buc="UB_BUC_02").route == row
    assert match(row, buc="S_BUC_01").route is None


def test_sector():
    assert sector("AW_BUC_01a") == "AW_BUC_*"
    assert sector("P_BUC_*") == "P_BUC_*"


@pytest.mark.parametrize(
    ("on", "applies"),
    [
        (date(2021, 12, 31), False),
        (date(2022, 1, 1), True),
        (date(2023, 12, 31), True),
        (date(2024, 1, 1), False),
    ],
)
def test_valid_from_is_the_first_day_and_valid_to_the_first_day_after(route, on, applies):
    row = route(valid_from=date(2022, 1, 1), valid_to=date(2024, 1, 1))
    assert (match(row, on=on).route == row) is applies


@pytest.mark.parametrize("column", ["scheme", "population", "residence"])
def test_a_condition_on_something_unknown_is_missing(route, column):
    row = route(**{column: "X"})
    assert match(row) == Match(None, (row,), frozenset({column}))


@pytest.mark.parametrize("column", ["sed", "scheme", "population", "residence", "role"])
def test_a_condition_holds_one_code_a_list_or_any(route, column):
    row = route(**{column: "X,Y"})
    assert match(row, **{column: "Y"}).route == row
    assert match(row, **{column: "Z"}) == Match(None)


@pytest.mark.parametrize(("country", "applies"), [("FR", False), ("DE", True), ("JP", True)])
def test_abroad_is_any_country_but_france(route, country, applies):
    assert (match(route(residence="abroad"), residence=country).route is not None) is applies


# -- which row wins -----------------------------------------------------------------------------


def test_the_narrower_row_wins(route):
    wide, narrow = route("wide"), route("narrow", scheme="rail")
    assert match(wide, narrow, scheme="rail").route == narrow
    assert match(wide, narrow, scheme="mines").route == wide


def test_one_buc_is_narrower_than_its_sector(route):
    wide, narrow = route("wide", buc="P_BUC_*"), route("narrow")
    assert match(wide, narrow).route == narrow


def test_a_country_is_narrower_than_abroad_and_abroad_than_any(route):
    rows = route("any"), route("abroad", residence="abroad"), route("de", residence="DE")
    assert match(*rows, residence="DE").route == rows[2]
    assert match(*rows, residence="ES").route == rows[1]
    assert match(*rows, residence="FR").route == rows[0]


def test_nothing_is_decided_while_a_narrower_row_is_open(route):
    wide, narrow = route("wide"), route("narrow", scheme="rail")
    found = match(wide, narrow)
    assert found == Match(None, (wide, narrow), frozenset({"scheme"}))


def test_an_open_row_waits_even_when_it_is_not_ordered_with_the_one_that_applies(route):
    applies, waits = route("a", population="employee"), route("b", scheme="rail")
    assert match(applies, waits, population="employee").missing == {"scheme"}


def test_rows_that_are_not_ordered_decide_nothing(route):
    rows = route("a", scheme="rail"), route("b", population="employee")
    found = match(*rows, scheme="rail", population="employee")
    assert found == Match(None, rows, frozenset())


# -- the assumed general scheme -----------------------------------------------------------------


def test_the_assumed_row_applies_only_while_the_scheme_is_unknown(route):
    row = route(population="assumed-general")
    assert match(row).route == row
    assert match(row, scheme="general") == Match(None)


def test_the_assumed_row_stands_for_the_scheme_so_that_no_other_waits_for_it(route):
    assumed = route("assumed", population="assumed-general")
    rail, wide = route("rail", scheme="rail"), route("wide")
    assert match(assumed, rail, wide).route == assumed
    assert match(assumed, rail, wide, scheme="rail").route == rail
    assert match(rail, wide).missing == {"scheme"}  # switched off: the scheme must be known


def test_the_assumed_row_does_not_hide_other_things_that_are_unknown(route):
    assumed = route("assumed", population="assumed-general")
    abroad = route("abroad", residence="abroad")
    narrower = route("narrower", population="assumed-general", residence="abroad")
    found = match(assumed, abroad, narrower)
    assert found.route is None
    assert found.missing == {"residence"}


def test_the_assumed_row_can_ask_for_a_population_as_well(route):
    row = route(population="assumed-general,self-employed")
    assert match(row).missing == {"population"}
    assert match(row, population="self-employed").route == row
    assert match(row, population="employee") == Match(None)
    assert match(row, population="self-employed", scheme="general") == Match(None)


def test_a_row_about_many_persons_and_one_about_each_never_meet(route):
    """So one row can stand beside all schemes, and no case waits for it."""
    many, rail = route("MANY", population="collective"), route("RAIL", scheme="rail")
    assert not many.overlaps(rail)
    assert not rail.overlaps(many)
    assert match(many, rail) == Match(None, (rail,), frozenset({"scheme"}))
    assert match(many, rail, scheme="rail").route == rail
    assert match(many, rail, collective=True).route == many
    assert match(rail, collective=True) == Match(None)


def test_only_the_missing_data_of_rows_that_can_still_apply_are_named(route):
    assumed = route("assumed", population="assumed-general", residence="FR")
    rail = route("rail", scheme="rail", population="employee")
    assert match(assumed, rail).missing == {"residence"}
    assert match(assumed, rail, residence="DE").missing == {"scheme", "population"}


# -- properties, on tables whose rows are ordered -----------------------------------------------

DOMAIN = {
    "scheme": ("general", "rail", "mines"),
    "population": ("employee", "self-employed"),
    "residence": ("FR", "DE", "JP"),
}
CELLS = {
    "scheme": ("*", "general", "rail", "general,rail"),
    "population": ("*", "employee", "employee,self-employed"),
    "residence": ("*", "FR", "abroad", "DE", "DE,FR", "FR,abroad"),
}


@st.composite
def rows(draw, number):
    cells = {column: draw(st.sampled_from(values)) for column, values in CELLS.items()}
    if draw(st.booleans()):
        cells["scheme"] = "*"
        cells["population"] = draw(st.sampled_from(["assumed-general", "assumed-general,employee"]))
    since = TODAY + timedelta(days=draw(st.sampled_from([-2, -1, 0, 1])))
    length = draw(st.sampled_from([None, 1, 2]))
    return Route(
        rule=f"R{number}",
        buc=draw(st.sampled_from(["P_BUC_01", "P_BUC_*"])),
        sed=frozenset({"*"}),
        role=frozenset({"*"}),
        person="*",
        target=Fixed(f"FR:{number:04}"),
        certainty=Certainty.LIKELY,
        valid_from=since,
        valid_to=None if length is None else since + timedelta(days=length),
        basis="",
        note="",
        **{column: frozenset(cell.split(",")) for column, cell in cells.items()},
    )


@st.composite
def tables(draw):
    """Rows as the loader lets them pass: those that overlap are ordered, and never equal."""
    kept = []
    for number in range(draw(st.integers(1, 7))):
        row = draw(rows(number))
        if all(not row.overlaps(o) or row.within(o) != o.within(row) for o in kept):
            kept.append(row)
    return kept


queries = st.builds(
    query, **{column: st.sampled_from([None, *values]) for column, values in DOMAIN.items()}
)


def holds(cell, value):
    return "*" in cell or value in cell or ("abroad" in cell and value != "FR")


def applies(row, case, *, scheme_known):
    """The definition in plain words, for a case of which everything is known but the scheme."""
    population = row.population - {"assumed-general"} or {"*"}
    if row.valid_from > TODAY or (row.valid_to is not None and row.valid_to <= TODAY):
        return False
    if "assumed-general" in row.population:
        scheme = not scheme_known
    else:
        scheme = "*" in row.scheme or (scheme_known and case["scheme"] in row.scheme)
    return (
        scheme and holds(population, case["population"]) and holds(row.residence, case["residence"])
    )


def winners(table, asked, *, scheme_known):
    """The row that wins in each case that the query leaves open."""
    known = {column: getattr(asked, column) for column in DOMAIN}
    domain = [(v,) if v is not None else DOMAIN[column] for column, v in known.items()]
    for values in product(*domain):
        case = dict(zip(DOMAIN, values, strict=True))
        full = [row for row in table if applies(row, case, scheme_known=scheme_known)]
        yield next((row for row in full if all(row.within(other) for other in full)), None)


@settings(max_examples=400)
@given(tables(), queries)
def test_what_is_decided_is_right_whatever_the_unknown_turns_out_to_be(table, asked):
    found = RoutingTable(table).match(asked, TODAY)
    if found.route is not None:
        known = asked.scheme is not None or not found.route.assumed
        assert set(winners(table, asked, scheme_known=known)) == {found.route}


@settings(max_examples=200)
@given(tables(), queries)
def test_when_everything_is_known_the_narrowest_row_is_found(table, asked):
    asked = asked._replace(
        scheme=asked.scheme or "rail",
        population=asked.population or "employee",
        residence=asked.residence or "JP",
    )
    found = RoutingTable(table).match(asked, TODAY)
    assert [found.route] == list(winners(table, asked, scheme_known=True))
    assert found.missing == frozenset()


@given(tables(), queries, st.randoms())
def test_the_order_of_the_rows_changes_nothing(table, asked, random):
    shuffled = list(table)
    random.shuffle(shuffled)
    assert RoutingTable(shuffled).match(asked, TODAY) == RoutingTable(table).match(asked, TODAY)


@given(tables(), queries, rows(99), st.booleans())
def test_a_row_that_is_not_valid_on_the_day_changes_nothing(table, asked, row, future):
    late, over = {"valid_from": TODAY + timedelta(days=1)}, {"valid_to": TODAY}
    row = replace(row, valid_from=TODAY - timedelta(days=9), valid_to=None)
    row = replace(row, **(late if future else over))
    before = RoutingTable(table).match(asked, TODAY)
    assert RoutingTable([*table, row]).match(asked, TODAY) == before


@given(tables(), queries)
def test_what_is_missing_belongs_to_rows_that_may_apply(table, asked):
    found = RoutingTable(table).match(asked, TODAY)
    assert (found.route is None) or not (found.possible or found.missing)
    assert all(getattr(asked, datum) is None for datum in found.missing)
    assert not found.missing or found.possible


@given(rows(1), rows(2))
def test_within_and_overlaps_mean_what_they_say(one, other):
    cases = [
        (applies(one, case, scheme_known=known), applies(other, case, scheme_known=known))
        for values in product(*DOMAIN.values())
        for known in (True, False)
        for case in [dict(zip(DOMAIN, values, strict=True))]
    ]
    if one.valid(TODAY) and other.valid(TODAY):
        same_buc = one.buc == other.buc or "P_BUC_*" in {one.buc, other.buc}
        assert one.overlaps(other) == (same_buc and any(a and b for a, b in cases))
        assert one.overlaps(other) == other.overlaps(one)
        if one.within(other):
            assert all(b for a, b in cases if a)


def test_days_that_only_touch_do_not_overlap(route):
    early = route("early", valid_to=date(2022, 1, 1))
    late = route("late", valid_from=date(2022, 1, 1))
    assert not early.overlaps(late)
    assert early.overlaps(replace(late, valid_from=date(2021, 12, 31)))


def test_the_table_tells_its_rows_in_a_fixed_order(route):
    rows = route("b"), route("a"), route("c", buc="P_BUC_*")
    assert [r.rule for r in RoutingTable(rows).routes] == ["c", "a", "b"]


def test_networks_of_a_target():
    assert ByPlace("carsat+invalidity", "residence").networks == ("carsat", "invalidity")


# -- what is asked for --------------------------------------------------------------------------

ANSWERS = {
    "residence": ("FR", "DE", "CH", "ZZ"),
    "population": ("employee", "self-employed", "ZZ"),
    "scheme": ("general", "rail", "ZZ"),
}


def decides(table, known, data):
    """By trying: whether nothing is open any more, whatever the answers."""
    return all(
        not table.open_rows(query(**known, **dict(zip(data, answers, strict=True))), TODAY).missing
        for answers in product(*(ANSWERS[datum] for datum in data))
    )


def test_only_what_decides_is_asked_for(route):
    """Each row waits for both, and the residence alone would tell which one it is."""
    rows = (
        route("A", residence="FR", population="employee,self-employed,*"),
        route("B", residence="abroad", population="*"),
        route("C", residence="FR", population="*", scheme="general"),
    )
    assert match(*rows, scheme="general").missing == {"residence"}


def test_both_are_asked_for_where_neither_is_enough(route):
    rows = (
        route("A", residence="FR", population="employee"),
        route("B", residence="FR", population="self-employed"),
        route("C", residence="abroad", population="employee"),
    )
    assert match(*rows).missing == {"residence", "population"}


conditions = {
    "residence": st.sampled_from(["*", "FR", "abroad", "DE", "DE,CH"]),
    "population": st.sampled_from(["*", "employee", "self-employed"]),
    "scheme": st.sampled_from(["*", "general", "rail"]),
}


@settings(max_examples=300)
@given(st.lists(st.fixed_dictionaries(conditions), min_size=2, max_size=5), st.booleans())
def test_no_smaller_question_would_do(make_row, written, rail):
    """Held against all others by trying every answer."""
    table = RoutingTable(make_row(f"R{n}", **row) for n, row in enumerate(written))
    known = {"scheme": "rail"} if rail else {}
    unknown = [datum for datum in ANSWERS if datum not in known]
    missing = table.match(query(**known), TODAY).missing
    waited = table.open_rows(query(**known), TODAY).missing
    if not missing:
        assert not waited
        return
    assert missing <= waited
    if missing != waited:
        assert decides(table, known, sorted(missing))
    smaller = (
        asked
        for count in range(1, len(missing))
        for asked in combinations([d for d in unknown if d in waited], count)
    )
    assert not any(decides(table, known, asked) for asked in smaller)
