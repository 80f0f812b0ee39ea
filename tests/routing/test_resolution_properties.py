"""What holds for any case on the baseline: order is nothing, nor are other days; no dead end."""

import random
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.core.evidence import About
from gateway.core.resolution import Own, Resolved
from ir_directory import Catchment, Certainty, Competence, InstitutionRepository, department_of
from routing_tables import Fixed, RoutingTable
from sed_schemas import load as schemas_load
from tests.routing.test_competence import Case, resolved, tables  # noqa: F401 - the fixture

FIRST, LAST = date(2019, 1, 1), date(2030, 12, 31)
BUCS = sorted(schemas_load.catalogue().bucs)
NAMED = (
    "FR:0101100000", "FR:0201100000", "FR:01011PF000", "FR:RG69R00000", "FR:0411000000",
    "FR:9010000000", "FR:PL00000000", "FR:PL75M00000", "FR:RM00000000", "FR:9993906030",
    "FR:CL00000000", "FR:0200000000", "FR:01594UR000", "FR:MA00000000", "FR:0279100000",
)  # fmt: skip
TOWNS = (
    ("01000", "Bourg-en-Bresse"), ("59000", "Lille"), ("75012", "Paris 12"), ("86000", "Poitiers"),
    ("97400", "Saint-Denis"), ("01200", None), ("01000", "Berlin"), ("75900", "Paris Cedex"),
    ("59999", "Nord Cedex"), ("97500", "Saint-Pierre"), ("20200", "Bastia"), (None, "Lyon"),
)  # fmt: skip

TO_COME = "FR:0199999999"
"""An id that a row gives to somebody from the day after the last one on."""
NAMES = ("CPAM de l'Ain", "CNIEG", "Caf de l'Ain", "MSA Ain-Rhône", "Caisse de nulle part")
AROUND = ((date(1990, 1, 1), FIRST), (LAST + timedelta(1), None))
"""Two stretches of time, before and after all days of these tests, each without a gap."""

days = st.dates(FIRST, LAST)
some = st.sampled_from
naming = st.just(()) | some((*NAMED, TO_COME)).map(lambda one: (one,))
cases = st.builds(
    Case,
    buc=some(BUCS),
    lives=some(TOWNS) | st.just(()),
    country=some(("FR", "FR", "DE", "XX")),
    pin=naming,
    number=naming,
    name=st.just(()) | some(NAMES).map(lambda one: (one,)),
    population=some(((), ("employee",), ("self-employed",), ("employee", "self-employed"))),
    about=some((About.INSURED, About.CLAIMANT, About.FAMILY_MEMBER, About.DECEASED, About.DEBTOR)),
    employer=some(TOWNS) | st.just(()),
)


@given(cases, days, st.integers(0), st.integers(0, 900), st.booleans())
def test_a_row_that_is_not_valid_on_the_day_changes_no_decision(
    tables,  # noqa: F811
    case,
    day,
    number,
    gap,
    later,
):
    alike = [row for row in tables.routes.routes if row.buc == case.buc] or tables.routes.routes
    row = alike[number % len(alike)]
    since = day + timedelta(1 + gap) if later else date(2000, 1, 1)
    other = replace(
        row,
        rule="OTHER",
        buc=case.buc,
        target=Fixed("FR:0175100000"),
        certainty=Certainty.CONFIRMED,
        valid_from=since,
        valid_to=None if later else day - timedelta(gap),
    )
    more = replace(tables, routes=RoutingTable([*tables.routes.routes, other]))
    assert resolved(more, case, day) == resolved(tables, case, day)


@pytest.fixture(scope="module")
def surrounded(tables):  # noqa: F811
    """The release with a row before and one after each of its own that says something else.

    An institution keeps its name in them: whoever bore a name before is still called by it, on
    purpose. Nobody was called by what it is called later, though.
    """
    old = tables.directory
    first = {row.network: row.institution for row in reversed(old.catchments)}
    stranger = old.institution("FR:PE10000001")

    def around(rows, otherwise):
        return [
            replace(otherwise(row), valid_from=since, valid_to=until)
            for row in rows
            for since, until in AROUND
        ]

    directory = InstitutionRepository(
        [
            *old.institutions,
            *around(
                old.institutions,
                lambda r: replace(
                    r, network="liaison", scheme="farmers", test=not r.test, successor=""
                ),
            ),
            replace(stranger, id=TO_COME, name=NAMES[0], scheme="farmers", valid_from=AROUND[1][0]),
        ],
        [
            *old.competences,
            *around(old.competences, lambda r: replace(r, eessi_ready=not r.eessi_ready)),
            *around(
                [
                    Competence(ident, f"{sector}_BUC_*", "Counterparty", False, Certainty.INFERRED,
                               FIRST)
                    for ident in {row.id for row in old.institutions if row.id}
                    for sector in ("S", "P", "FB", "AW", "LA", "UB")
                ],
                lambda r: r,
            ),
        ],
        [
            *old.catchments,
            *around(
                old.catchments,
                lambda r: replace(
                    r,
                    institution=first["caf" if r.network == "cpam" else "cpam"],
                    certainty=Certainty.CONFIRMED,
                ),
            ),
            *around(
                [
                    Catchment(network, f"country:{country}", ident, Certainty.CONFIRMED, FIRST)
                    for network, ident in first.items()
                    for country in ("DE", "XX")
                ],
                lambda r: r,
            ),
        ],
        [
            *old.communes,
            *around(old.communes, lambda r: replace(r, insee="59350")),
        ],
        old.partners,
    )  # fmt: skip
    routes = around(
        tables.routes.routes,
        lambda r: replace(
            r, rule="OTHER", target=Fixed("FR:0175100000"), certainty=Certainty.CONFIRMED
        ),
    )
    return replace(
        tables, directory=directory, routes=RoutingTable([*tables.routes.routes, *routes])
    )


@pytest.fixture(scope="module")
def shuffled(surrounded):
    """The release with several rows for everything, every table in another order."""
    rng, old = random.Random(4), surrounded.directory
    rows = (old.institutions, old.competences, old.catchments, old.communes, old.partners)
    routes = surrounded.routes.routes
    return replace(
        surrounded,
        directory=InstitutionRepository(*(rng.sample(table, len(table)) for table in rows)),
        routes=RoutingTable(rng.sample(routes, len(routes))),
    )


@given(cases, days)
@example(Case("P_BUC_01", TOWNS[0], number=("FR:0201100000",)), date(2026, 6, 1))
def test_the_order_of_rows_changes_no_decision(tables, shuffled, case, day):  # noqa: F811
    assert resolved(shuffled, case, day) == resolved(tables, case, day)


@given(cases, days)
@example(Case("S_BUC_24", TOWNS[0]), FIRST)
@example(Case("S_BUC_24", TOWNS[0]), LAST)
@example(Case("P_BUC_01", TOWNS[0], number=(TO_COME,)), LAST)
@example(Case("P_BUC_04", TOWNS[0], number=("FR:0101100000",)), LAST)
@settings(max_examples=300)
def test_rows_of_other_days_change_no_decision_whatever_table_they_are_of(
    tables,  # noqa: F811
    surrounded,
    case,
    day,
):
    """Routes, competences, catchments, communes and institutions, all at once."""
    assert resolved(surrounded, case, day) == resolved(tables, case, day)


def rows_used(tables, case, day, result):  # noqa: F811
    """Kind, row and certainty: the institution, its competence, and each rule of the result."""
    directory, ident = tables.directory, result.institution
    used = [("institution", directory.successor_on(ident, day))]
    listed = directory.competence(ident, case.buc, "Counterparty", day)
    used += [("competence", listed)] if listed is not None else []
    for rule in result.rules:
        network, colon, area = rule.partition(":")
        if colon:
            kind, _, code = area.partition(":")
            place = {"insee": "insee", "dep": "department", "country": "country"}[kind]
            used.append(("catchment", directory.catchment(network, **{place: code}, on=day)))
        else:
            used += [
                ("route", row)
                for row in tables.routes.routes
                if row.rule == rule
                and row.valid(day)
                and row.buc in (case.buc, f"{case.buc.split('_')[0]}_BUC_*")
            ]
    return used


def with_less(tables, kind, row):  # noqa: F811
    """The release with one row of it inferred."""
    less, old = replace(row, certainty=Certainty.INFERRED), tables.directory
    if kind == "route":
        rows = [less if one is row else one for one in tables.routes.routes]
        return replace(tables, routes=RoutingTable(rows))
    name = f"{kind}s"
    rows = [less if one is row else one for one in getattr(old, name)]
    names = ("institutions", "competences", "catchments", "communes", "partners")
    directory = {one: getattr(old, one) for one in names} | {name: rows}
    return replace(tables, directory=InstitutionRepository(**directory))


@given(cases, days)
@example(Case("S_BUC_24", ("59000", "Lille"), pin=("FR:0159500000",)), date(2026, 6, 1))
@example(Case("S_BUC_01", country="DE", number=("FR:0411000000",)), date(2026, 6, 1))
@settings(max_examples=400)
def test_a_decision_is_never_surer_than_a_row_it_used(tables, case, day):  # noqa: F811
    result = resolved(tables, case, day)
    if not isinstance(result, Resolved | Own):
        return
    used = rows_used(tables, case, day, result)
    assert len(used) > len(result.rules)
    assert result.certainty <= min(row.certainty for _, row in used)


@pytest.mark.parametrize(
    ("case", "kinds"),
    [
        (Case("S_BUC_24", TOWNS[0]), {"institution", "route", "catchment"}),
        (Case("S_BUC_01", country="DE", lives=TOWNS[6], number=("FR:0411000000",)),
         {"institution", "route", "competence"}),
        (Case("FB_BUC_01", TOWNS[0], population=("employee",)),
         {"institution", "route", "catchment"}),
    ],
)  # fmt: skip
def test_one_row_that_is_only_inferred_makes_the_decision_so(tables, case, kinds):  # noqa: F811
    """Whichever of the rows it is, of whichever table."""
    day = date(2026, 6, 1)
    before = resolved(tables, case, day)
    used = rows_used(tables, case, day, before)
    assert {kind for kind, _ in used} == kinds
    assert before.certainty > Certainty.INFERRED
    for kind, row in used:
        after = resolved(with_less(tables, kind, row), case, day)
        assert (after.institution, after.certainty) == (before.institution, Certainty.INFERRED)


def ends(result):
    """It resolves, asks, or gives a person a reason of a row: never nothing at all."""
    if isinstance(result, Resolved):
        return True
    if result.reason in {"missing", "inferred"}:
        return bool(result.missing)
    return result.reason in {"several", "conflict", "rule-refers"}


@pytest.mark.long
def test_every_municipality_resolves_or_asks(tables):  # noqa: F811
    """Each with all BUCs over the years: every commune several BUCs, every BUC many communes."""
    span = (LAST - FIRST).days
    rows = [row for row in tables.directory.communes if row.postcodes]
    assert len(rows) > 34_000
    for number, row in enumerate(rows):
        for turn in range(3):
            buc = BUCS[(number * 3 + turn) % len(BUCS)]
            on = FIRST + timedelta((number * 7919 + turn * 104729) % span)
            result = resolved(tables, Case(buc, (row.postcodes[0], row.name)), on)
            assert ends(result), (row.insee, buc, on, result)


@pytest.mark.parametrize("buc", BUCS)
def test_every_buc_resolves_or_asks_in_every_department_on_every_date_of_a_row(tables, buc):  # noqa: F811
    cuts = {d for r in tables.routes.routes for d in (r.valid_from, r.valid_to) if d} | {LAST}
    places = {department_of(row.insee): (row.postcodes[0], row.name)
              for row in tables.directory.communes if row.postcodes}  # fmt: skip
    for cut in cuts:
        for on in (max(FIRST, cut - timedelta(1)), cut):
            for population in ((), ("self-employed",)):
                for place in places.values():
                    case = Case(buc, place, population=population)
                    assert ends(resolved(tables, case, on)), (place, on)
                for ident in NAMED:
                    case = Case(buc, pin=(ident,), population=population)
                    assert ends(resolved(tables, case, on)), (ident, on)
