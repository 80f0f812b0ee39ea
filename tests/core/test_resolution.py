"""Resolution on small hand-made tables: every way an institution is found, or is not."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.evidence import (
    About,
    Address,
    AddressKind,
    Evidence,
    Named,
    Person,
    Stated,
    StatedKind,
    Where,
)
from gateway.core.resolution import Own, Resolved, Several, Undetermined, resolve
from gateway.core.subject import Subject, Underway
from gateway.core.tables import Tables
from ir_directory import (
    Catchment,
    Certainty,
    Commune,
    Competence,
    Institution,
    InstitutionRepository,
)
from routing_tables import EVERY, ByPlace, Fixed, Questions, Route, RoutingTable, ToPerson
from sed_schemas import Catalogue

TODAY = date(2026, 6, 1)
SINCE = date(2019, 1, 1)
BOURG, LYON, LILLE = ("01000", "Bourg"), ("69001", "Lyon"), ("59000", "Lille")


def institution(ident, body=None, network="cpam", scheme="general", **more):
    given = {
        "name": body or ident,
        "acronym": "",
        "liaison_body": False,
        "test": False,
        "certainty": Certainty.SOLID,
        "valid_from": SINCE,
        **more,
    }
    return Institution(
        id=f"FR:{ident}" if ident else "",
        body=body or ident.lower(),
        network=network,
        scheme=scheme,
        **given,
    )


INSTITUTIONS = (
    institution("CPAM01", name="CPAM Ain"),
    institution("CPAM69", name="CPAM Rhône", certainty=Certainty.LIKELY),
    institution("CPAM59A", name="CPAM Nord A"),
    institution("CPAM59B", name="CPAM Nord B"),
    institution("CARSAT69", network="carsat"),
    institution("CARSAT33", network="carsat"),
    institution("MSA01", "msa-ain-rhone", network="msa", scheme="agricultural", name="MSA x"),
    institution("MSA69", "msa-ain-rhone", network="msa", scheme="agricultural", name="MSA x"),
    institution("RAIL", network="special", scheme="rail"),
    institution("RAIL2", "rail", network="special", scheme="rail"),
    institution("CAF01", network="caf", scheme="all"),
    institution("CLEISS", network="liaison", scheme="all", liaison_body=True),
    institution("TEST1", test=True),
    institution("OLD", valid_to=date(2024, 1, 1), successor="cpam01"),
    institution("GONE", valid_to=date(2024, 1, 1)),
    institution("ENDS", valid_to=date(2026, 6, 2)),
    institution("MERGES", valid_to=date(2026, 6, 2), successor="cpam69"),
    institution("", "cnam", network="national", name="CNAM"),
    institution("TWIN1", name="Twin"),
    institution("TWIN2", name="Twin"),
)
CATCHMENTS = tuple(
    Catchment(network, area, f"FR:{ident}", certainty, SINCE)
    for network, area, ident, certainty in (
        ("cpam", "dep:01", "CPAM01", Certainty.SOLID),
        ("cpam", "dep:69", "CPAM69", Certainty.SOLID),
        ("cpam", "insee:59350", "CPAM59A", Certainty.LIKELY),
        ("cpam", "insee:59009", "CPAM59B", Certainty.LIKELY),
        ("carsat", "dep:01", "CARSAT69", Certainty.SOLID),
        ("carsat", "dep:69", "CARSAT69", Certainty.SOLID),
        ("carsat", "country:ES", "CARSAT33", Certainty.LIKELY),
        ("invalidity", "dep:01", "CPAM01", Certainty.SOLID),
        ("msa", "dep:01", "MSA01", Certainty.SOLID),
        ("msa", "dep:69", "MSA69", Certainty.SOLID),
        ("caf", "dep:01", "CAF01", Certainty.SOLID),
    )
)
COMMUNES = (
    Commune("01053", "Bourg", ("01000",), SINCE),
    Commune("69381", "Lyon", ("69001",), SINCE),
    Commune("59350", "Lille", ("59000",), SINCE),
    Commune("59009", "Ascq", ("59000",), SINCE),
)
NOTHING, UNASKED = Catalogue(frozenset(), {}, frozenset()), Questions()
DIRECTORY = InstitutionRepository(INSTITUTIONS, (), CATCHMENTS, COMMUNES)


def route(target, rule="R", **given):
    conditions = {
        name: frozenset(given.pop(name).split(",")) if name in given else EVERY
        for name in ("sed", "scheme", "population", "residence", "role")
    }
    rest = {"buc": "S_BUC_24", "person": "*", "certainty": Certainty.SOLID, **given}
    return Route(
        rule=rule, target=target, valid_from=SINCE, valid_to=None, basis="", note="",
        **conditions, **rest,
    )  # fmt: skip


CPAM = ByPlace("cpam", "residence")


def home(place=BOURG, country="FR", about=About.INSURED, kind=AddressKind.RESIDENCE):
    return Address(about, kind, country, *place)


def named(ident=None, name=None, where=Where.PIN, country="FR", about=About.INSURED):
    return Named(about, where, country, f"FR:{ident}" if ident else None, name)


def case_number(ident):
    return named(ident, where=Where.LOCAL_CASE_NUMBER)


def outcome(
    *routes,
    addresses=(),
    naming=(),
    on=TODAY,
    decided=None,
    test_ids=False,
    assumes=True,
    accepted=(),
    least=Certainty.LIKELY,
    own=(),
    **more,
):
    """What is resolved for an insured person, with these facts, under these routes."""
    evidence = Evidence(addresses=tuple(addresses), named=tuple(naming), **more)
    tables = Tables("r", "0", DIRECTORY, RoutingTable(routes), NOTHING, UNASKED)
    subject = Subject(
        "S_BUC_24",
        "S040",
        "Counterparty",
        evidence,
        on,
        decided or on,
        test_ids,
        assumes=assumes,
        accepted=frozenset(accepted),
        least=least,
        own=own,
    )
    return resolve(subject, tables)


def codes(result):
    return [step.code for step in result.trace]


def params(result, code):
    return next(dict(step.params) for step in result.trace if step.code == code)


# -- rows ---------------------------------------------------------------------------------------


def test_without_a_row_there_is_no_route():
    result = outcome()
    assert (result.reason, result.candidates, result.missing) == ("no-route", (), ())
    assert codes(result) == ["route-missing"]


def test_a_row_that_is_open_says_what_is_missing_and_whom_it_would_name():
    result = outcome(route(Fixed("FR:RAIL"), scheme="rail"), route(CPAM, "C"))
    assert (result.reason, result.candidates, result.missing) == (
        "missing", ("FR:RAIL",), ("scheme",),
    )  # fmt: skip


def test_a_row_can_leave_the_case_to_a_person():
    result = outcome(route(ToPerson()))
    assert (result.reason, result.rules) == ("rule-refers", ("R",))


def test_a_fixed_institution_with_the_lowest_certainty_of_the_rows_used():
    result = outcome(route(Fixed("FR:CPAM69")))
    assert isinstance(result, Resolved)
    assert (result.institution, result.certainty) == ("FR:CPAM69", Certainty.LIKELY)
    assert codes(result) == [
        "route-matched", "institution-certainty", "competence-unlisted", "resolved-by-rule",
    ]  # fmt: skip


def test_assuming_the_general_scheme_is_said_in_the_trace():
    row = route(Fixed("FR:CPAM01"), population="assumed-general")
    assert "assumed-general" in codes(outcome(row))
    result = outcome(row, naming=[named("RAIL")])
    assert result.reason == "no-route"


@pytest.mark.parametrize(
    ("populations", "found"),
    [({"employee"}, True), ({"self-employed"}, False), (set(), False),
     ({"employee", "self-employed"}, False)],
)  # fmt: skip
def test_the_population_counts_when_there_is_exactly_one(populations, found):
    result = outcome(
        route(Fixed("FR:CPAM01"), population="employee"), populations=frozenset(populations)
    )
    assert isinstance(result, Resolved) is found


def test_the_country_of_residence_selects_the_row():
    rows = route(CPAM, "HERE", residence="FR"), route(ToPerson(), "ABROAD", residence="abroad")
    assert outcome(*rows, addresses=[home()]).rules[0] == "HERE"
    assert outcome(*rows, addresses=[home(country="DE")]).rules == ("ABROAD",)
    result = outcome(*rows, addresses=[home(), home(country="DE")])
    assert (result.reason, result.missing) == ("missing", ("residence",))


# -- the place ----------------------------------------------------------------------------------


def test_the_place_of_residence_decides():
    result = outcome(route(CPAM), addresses=[home()])
    assert isinstance(result, Resolved)
    assert (result.institution, result.certainty) == ("FR:CPAM01", Certainty.SOLID)
    assert result.rules == ("R", "cpam:dep:01")
    assert params(result, "area-matched") == {
        "network": "cpam", "area": "dep:01", "institution": "FR:CPAM01", "certainty": "solid",
    }  # fmt: skip


def test_the_certainty_is_that_of_the_weakest_of_route_area_and_institution():
    weak = route(CPAM, certainty=Certainty.INFERRED)
    assert outcome(weak, addresses=[home()]).certainty is Certainty.INFERRED
    assert outcome(route(CPAM), addresses=[home(LYON)]).certainty is Certainty.LIKELY
    assert outcome(route(CPAM), addresses=[home(LILLE)]).certainty is Certainty.LIKELY


def test_without_an_address_the_residence_is_missing():
    result = outcome(route(CPAM))
    assert (result.reason, result.missing) == ("missing", ("residence",))
    assert params(result, "datum-missing") == {"datum": "residence"}


@pytest.mark.parametrize("kind", [k for k in AddressKind if k is not AddressKind.RESIDENCE])
def test_only_an_address_of_residence_is_a_residence(kind):
    assert outcome(route(CPAM), addresses=[home(kind=kind)]).missing == ("residence",)


def test_an_address_of_somebody_else_does_not_count():
    result = outcome(route(CPAM), addresses=[home(about=About.FAMILY_MEMBER)])
    assert result.missing == ("residence",)


def test_a_row_can_look_at_another_person():
    row = route(CPAM, person="claimant", residence="FR")
    result = outcome(row, addresses=[home(country="DE"), home(about=About.CLAIMANT)])
    assert result.institution == "FR:CPAM01"
    assert params(result, "residence-known") == {"country": "FR", "person": "claimant"}


def test_a_postcode_of_several_institutions_without_its_town_is_asked_for():
    result = outcome(route(CPAM), addresses=[home(("59000", "Nowhere"))])
    assert (result.reason, result.missing) == ("several", ("town",))
    assert result.candidates == ("FR:CPAM59A", "FR:CPAM59B")
    assert params(result, "area-ambiguous")["count"] == "2"


@pytest.mark.parametrize(
    ("place", "datum"),
    [
        ((None, "Bourg"), "town"),
        ((None, None), "residence"),
        (("99999", None), "residence"),
        (("?", "Bourg"), "residence"),
    ],
)
def test_a_french_address_that_is_nowhere_is_asked_for(place, datum):
    """Of one that lacks its postcode alone no more is asked for than the town with it."""
    result = outcome(route(CPAM), addresses=[home(place)])
    assert (result.reason, result.missing) == ("missing", (datum,))
    assert "area-unknown" in codes(result)


# -- an address in doubt ------------------------------------------------------------------------

ALONE, BESIDE = ("01000", None), ("01000", "Berlin")
CEDEX = ("01059", "Bourg Cedex")


@pytest.mark.parametrize("place", [ALONE, BESIDE])
def test_a_postcode_without_a_town_of_its_own_is_asked_for(place):
    result = outcome(route(CPAM), addresses=[home(place)])
    assert isinstance(result, Undetermined)
    assert (result.reason, result.candidates, result.missing) == (
        "inferred", ("FR:CPAM01",), ("town",),
    )  # fmt: skip
    assert params(result, "datum-missing") == {"datum": "town"}
    assert "address-in-doubt" in codes(result)
    assert "resolved-by-place" not in codes(result)
    assert result.rules == ("R", "cpam:dep:01")


@pytest.mark.parametrize(
    ("rows", "place", "asked"),
    [
        ({"certainty": Certainty.INFERRED}, ALONE, False),
        ({"certainty": Certainty.INFERRED}, BESIDE, False),
        ({"certainty": Certainty.LIKELY}, BESIDE, True),
        ({}, ("69001", None), True),
    ],
)
def test_a_question_is_asked_where_its_answer_can_decide(rows, place, asked):
    """Else a person sees the institution, as sure as it is: not at all."""
    result = outcome(route(CPAM, **rows), addresses=[home(place)])
    assert isinstance(result, Undetermined) is asked
    assert asked or result.certainty is Certainty.INFERRED


def test_what_a_question_can_lead_to_is_held_against_what_the_operator_wants():
    """The fund of Lyon is likely: its postcode alone is asked about where likely rows decide."""
    lyon = {"addresses": [home(("69001", None))], "least": Certainty.SOLID}
    result = outcome(route(CPAM), **lyon)
    assert (result.institution, result.certainty) == ("FR:CPAM69", Certainty.INFERRED)


def test_a_town_of_elsewhere_may_have_surer_rows_than_those_of_the_postcode():
    """A postcode alone has its town there; beside another town it may be any place at all."""
    rows = [replace(c, certainty=Certainty.INFERRED) for c in CATCHMENTS]
    directory = InstitutionRepository(INSTITUTIONS, (), rows, COMMUNES)
    tables = Tables("r", "0", directory, RoutingTable([route(CPAM)]), NOTHING, UNASKED)

    def of(place):
        evidence = Evidence(addresses=(home(place),))
        subject = Subject("S_BUC_24", "S040", "Counterparty", evidence, TODAY, TODAY)
        return resolve(subject, tables)

    assert of(ALONE).certainty is Certainty.INFERRED
    assert of(BESIDE).missing == ("town",)


@pytest.mark.parametrize("place", [CEDEX, ("01000", "BOURG CEDEX 9")])
@pytest.mark.parametrize("least", [Certainty.LIKELY, Certainty.SOLID])
def test_a_residence_with_a_business_postcode_is_in_doubt(place, least):
    """It is the address of an office: whoever receives post there may live anywhere."""
    result = outcome(route(CPAM), addresses=[home(place)], least=least)
    assert (result.reason, result.candidates, result.missing) == (
        "inferred", ("FR:CPAM01",), ("town",),
    )  # fmt: skip
    assert "address-in-doubt" in codes(result)


@pytest.mark.parametrize("person", ["household", "claimant"])
def test_a_business_postcode_is_in_doubt_whosever_residence_it_is(person):
    main = About(person) if person == "claimant" else About.INSURED
    row = route(CPAM, person=person)
    result = outcome(row, addresses=[home(CEDEX, about=main)], subject_about=main)
    assert result.missing == ("town",)


def test_a_place_of_work_with_a_business_postcode_is_one():
    row = route(ByPlace("cpam", "work"))
    found = outcome(row, addresses=[home(CEDEX, kind=AddressKind.WORK)])
    assert (found.institution, found.certainty) == ("FR:CPAM01", Certainty.LIKELY)


def test_one_residence_in_doubt_beside_another_is_asked_for_whole():
    row = route(ByPlace("carsat", "residence"))
    result = outcome(row, addresses=[home(ALONE), home(LYON)])
    assert (result.reason, result.candidates, result.missing) == (
        "inferred", ("FR:CARSAT69",), ("residence",),
    )  # fmt: skip


def test_a_survivors_address_in_doubt_is_asked_for_as_the_survivors():
    row = route(CPAM, person="claimant")
    result = outcome(row, addresses=[home(ALONE, about=About.CLAIMANT)])
    assert result.missing == ("claimant-residence",)


def test_a_place_of_work_in_doubt_is_asked_for_as_such():
    row = route(ByPlace("cpam", "work"))
    assert outcome(row, addresses=[home(ALONE, kind=AddressKind.WORK)]).missing == ("work",)


@pytest.mark.parametrize(("about", "asked"), [(About.INSURED, True), (About.FAMILY_MEMBER, False)])
def test_of_a_household_the_main_persons_address_can_be_asked_for(about, asked):
    """What is asked about the main person does not tell where a relative lives."""
    result = outcome(route(CPAM, person="household"), addresses=[home(ALONE, about=about)])
    assert isinstance(result, Undetermined) is asked
    assert asked or result.certainty is Certainty.INFERRED


def test_our_own_institution_is_ours_though_the_address_is_in_doubt():
    result = outcome(route(CPAM), addresses=[home(ALONE)], own=("FR:CPAM01",))
    assert isinstance(result, Own)
    assert result.certainty is Certainty.INFERRED


def test_an_institution_that_cannot_be_used_is_not_asked_about():
    rows = (Catchment("cpam", "dep:01", "FR:GONE", Certainty.SOLID, SINCE),)
    directory = InstitutionRepository(INSTITUTIONS, (), rows, COMMUNES)
    tables = Tables("r", "0", directory, RoutingTable([route(CPAM)]), NOTHING, UNASKED)
    evidence = Evidence(addresses=(home(ALONE),))
    result = resolve(Subject("S_BUC_24", "S040", "Counterparty", evidence, TODAY, TODAY), tables)
    assert (result.reason, result.missing) == ("institution-unusable", ())


def test_the_institution_that_the_sed_names_itself_needs_no_sure_address():
    result = outcome(route(CPAM), addresses=[home(ALONE)], naming=[named("CPAM01")])
    assert (result.institution, result.certainty) == ("FR:CPAM01", Certainty.SOLID)


def test_an_address_in_doubt_does_not_choose_among_the_ids_of_a_body():
    row = route(ByPlace("msa", "residence"))
    naming = [named(name="MSA x")]
    result = outcome(row, addresses=[home(ALONE)], naming=naming)
    assert (result.reason, result.candidates, result.missing) == (
        "inferred", ("FR:MSA01",), ("town",),
    )  # fmt: skip
    assert outcome(row, addresses=[home()], naming=naming).institution == "FR:MSA01"


@pytest.mark.parametrize(
    ("place", "rows", "missing"),
    [
        (ALONE, {}, ("town",)),
        (BESIDE, {}, ("town",)),
        (BOURG, {}, ()),
        (ALONE, {"certainty": Certainty.INFERRED}, ()),
    ],
)
def test_what_an_address_in_doubt_contradicts_is_asked_about(place, rows, missing):
    """The address may be what is wrong; a sure one that says otherwise is for a person."""
    naming = [named("CPAM69")]
    result = outcome(route(CPAM, **rows), addresses=[home(place)], naming=naming)
    assert (result.reason, result.candidates) == ("conflict", ("FR:CPAM01", "FR:CPAM69"))
    assert result.missing == missing
    assert ("datum-missing" in codes(result)) is bool(missing)


def test_two_residences_in_france_with_two_institutions_are_asked_for():
    result = outcome(route(CPAM), addresses=[home(), home(LYON)])
    assert (result.reason, result.missing) == ("several", ("residence",))


def test_two_residences_with_one_institution_decide():
    row = route(ByPlace("carsat", "residence"))
    assert outcome(row, addresses=[home(), home(LYON)]).institution == "FR:CARSAT69"


def test_a_residence_in_two_countries_is_asked_for():
    result = outcome(route(CPAM), addresses=[home(), home(country="DE")])
    assert (result.reason, result.missing) == ("missing", ("residence",))


def test_whoever_lives_abroad_has_no_institution_of_a_place_in_france():
    """A French-looking postcode abroad is not a French address."""
    result = outcome(route(CPAM), addresses=[home(country="DE")])
    assert (result.reason, result.missing) == ("missing", ("institution",))


def test_a_network_with_country_poles_is_found_from_abroad_too():
    row = route(ByPlace("carsat", "residence"))
    result = outcome(row, addresses=[home(("28001", "Madrid"), "ES")])
    assert (result.institution, result.certainty) == ("FR:CARSAT33", Certainty.LIKELY)
    assert result.rules == ("R", "carsat:country:ES")


def test_the_place_can_be_the_country_alone():
    row = route(ByPlace("carsat", "country"))
    assert outcome(row, addresses=[home(country="ES")]).institution == "FR:CARSAT33"
    assert outcome(row).missing == ("residence",)
    assert outcome(row, addresses=[home(country="DE")]).missing == ("institution",)


@pytest.mark.parametrize("place", ["work", "employer"])
def test_the_place_can_be_that_of_work_or_of_the_employer(place):
    row = route(ByPlace("cpam", place))
    kind = AddressKind(place)
    assert outcome(row, addresses=[home(LYON)]).missing == (place,)
    there = home(LYON, about=About.EMPLOYER, kind=kind)
    assert outcome(row, addresses=[home(), there]).institution == "FR:CPAM69"
    foreign = home(about=About.EMPLOYER, kind=kind, country="DE")
    assert outcome(row, addresses=[foreign]).missing == (place,)
    both = [there, home(about=About.EMPLOYER, kind=kind)]
    assert outcome(row, addresses=both).missing == (place,)


def test_a_household_is_where_one_of_the_family_lives_in_france():
    row = route(ByPlace("caf", "residence"), person="household")
    child = home(about=About.FAMILY_MEMBER)
    assert outcome(row, addresses=[home(country="DE"), child]).institution == "FR:CAF01"
    claimant = {"subject_about": About.CLAIMANT}
    assert outcome(row, addresses=[child], **claimant).institution == "FR:CAF01"
    other = home(about=About.OTHER)
    assert outcome(row, addresses=[other]).missing == ("residence",)


def test_a_household_with_nobody_in_france_can_only_be_told_by_its_institution():
    row = route(ByPlace("caf", "residence"), person="household")
    spread = [home(country="DE"), home(country="LU", about=About.FAMILY_MEMBER)]
    assert outcome(row, addresses=spread).missing == ("institution",)
    assert outcome(row, addresses=spread[:1]).missing == ("institution",)


def test_a_household_in_two_areas_is_not_decided():
    row = route(CPAM, person="household")
    result = outcome(row, addresses=[home(), home(LYON, about=About.FAMILY_MEMBER)])
    assert isinstance(result, Several)
    assert result.candidates == ("FR:CPAM01", "FR:CPAM69")
    assert "area-matched" in codes(result)


def test_a_member_of_the_household_who_lives_in_two_areas_is_asked_about():
    row = route(CPAM, person="household")
    result = outcome(row, addresses=[home(), home(LYON), home(about=About.FAMILY_MEMBER)])
    assert (result.reason, result.missing) == ("several", ("residence",))


@pytest.mark.parametrize("about", [About.INSURED, About.CLAIMANT])
def test_a_main_person_of_a_household_who_lives_in_two_countries_is_asked_about(about):
    """Two addresses that contradict each other: that one of them is in France decides nothing."""
    row = route(ByPlace("caf", "residence"), person="household")
    both = [home(about=about), home(country="DE", about=about)]
    relatives = [home(about=About.FAMILY_MEMBER), home(country="LU", about=About.FAMILY_MEMBER)]
    for addresses in (both, both + relatives):
        result = outcome(row, addresses=addresses, subject_about=about)
        assert (result.reason, result.missing) == ("missing", ("residence",))
    [one, _] = both
    assert outcome(row, addresses=[one, *relatives], subject_about=about).institution == "FR:CAF01"


@pytest.mark.parametrize("places", [(BOURG, LYON), (ALONE, LYON), (("99999", None),)])
def test_a_residence_abroad_that_is_known_is_not_asked_for_again(places):
    """Of a relative who lives in several places of France, or in none that is known."""
    row = route(CPAM, person="household")
    relatives = [home(place, about=About.FAMILY_MEMBER) for place in places]
    result = outcome(row, addresses=[home(country="DE"), *relatives])
    assert result.missing == ("institution",)


# -- several persons, and ourselves ------------------------------------------------------------


def lives(*places):
    return Evidence(addresses=tuple(home(place) for place in places))


def of_persons(first, *others, asks=()):
    return outcome(
        *(asks or (route(CPAM),)),
        addresses=first.addresses,
        naming=first.named,
        several=True,
        others=tuple(others),
    )


def test_several_persons_with_one_answer_are_one_case():
    result = of_persons(lives(BOURG), lives(BOURG), lives(BOURG, BOURG))
    assert isinstance(result, Resolved)
    assert result.institution == "FR:CPAM01"


def test_several_persons_with_different_answers_are_several():
    result = of_persons(lives(BOURG), lives(LYON))
    assert isinstance(result, Several)
    assert result.candidates == ("FR:CPAM01", "FR:CPAM69")
    assert result.rules[0] == "R"
    ends = [s.params["institution"] for s in result.trace if s.code == "resolved-by-place"]
    assert ends == ["FR:CPAM01", "FR:CPAM69"]
    assert codes(result).count("route-matched") == 1
    again = of_persons(lives(BOURG), lives(LYON), lives(BOURG))
    assert again.trace == result.trace


def test_the_least_certain_of_several_persons_counts():
    likely = outcome(route(CPAM), addresses=[home(LYON)]).certainty
    rail = route(Fixed("FR:CPAM69"), "RAIL", scheme="rail", certainty=Certainty.CONFIRMED)
    other = route(CPAM, "OTHER", population="assumed-general")
    working = Evidence(named=(named("RAIL"),))
    result = of_persons(working, lives(LYON), asks=(rail, other))
    assert outcome(rail, other, naming=[named("RAIL")]).institution == "FR:CPAM69"
    assert result.certainty <= likely


def test_of_several_persons_one_who_is_not_known_leaves_it_open():
    result = of_persons(lives(BOURG), Evidence())
    assert (result.reason, result.missing) == ("missing", ("residence",))
    assert of_persons(Evidence(), lives(("59000", "Nowhere"))).candidates == (
        "FR:CPAM59A", "FR:CPAM59B",
    )  # fmt: skip


def test_of_a_crowd_only_what_asks_nothing_of_a_person_is_known():
    assert of_persons(lives(BOURG)).missing == ("residence",)
    result = of_persons(lives(BOURG), asks=(route(Fixed("FR:RAIL")),))
    assert result.institution == "FR:RAIL"


MANY = route(ToPerson(("FR:CAF01",)), "MANY", population="collective")


@pytest.mark.parametrize("others", [(lives(BOURG),), (lives(LYON),), ()])
def test_a_row_about_many_persons_is_for_them_whatever_each_would_get(others):
    result = of_persons(lives(BOURG), *others, asks=(route(CPAM), MANY))
    assert (result.reason, result.candidates) == ("rule-refers", ("FR:CAF01",))
    assert result.rules == ("MANY",)


def test_a_row_about_many_persons_is_for_nobody_alone():
    rows = route(CPAM), MANY
    assert outcome(*rows, addresses=[home()]).rules[0] == "R"
    assert outcome(MANY, addresses=[home()]).reason == "no-route"


@pytest.mark.parametrize("own", ["FR:MSA01", "FR:MSA69"])
def test_what_is_ours_by_any_id_of_the_body_is_own(own):
    subject = Subject(
        "S_BUC_24", "S040", "Counterparty", lives(BOURG), TODAY, TODAY, own=("FR:NOBODY", own)
    )
    row = route(ByPlace("msa", "residence"))
    result = resolve(subject, Tables("r", "0", DIRECTORY, RoutingTable([row]), NOTHING, UNASKED))
    assert isinstance(result, Own)
    assert result.institution == "FR:MSA01"
    assert result.trace
    assert result.rules[0] == "R"


# -- what is asked of a survivor ---------------------------------------------------------------


def test_the_address_of_the_survivor_is_another_datum_than_that_of_the_deceased():
    row = route(CPAM, person="claimant")
    assert outcome(row, addresses=[home()]).missing == ("claimant-residence",)
    abroad = route(ByPlace("carsat", "country"), person="claimant")
    assert outcome(abroad, addresses=[home()]).missing == ("claimant-residence",)
    town = outcome(row, addresses=[home(("59000", "Nowhere"), about=About.CLAIMANT)])
    assert town.missing == ("claimant-residence",)
    asks = route(CPAM, person="claimant", residence="FR")
    assert outcome(asks).missing == ("claimant-residence",)


def a_pension(*types):
    return tuple(
        Stated(
            StatedKind.BENEFIT, About.INSURED, code, "InsuredPerson/Decisions/Decision/typePension"
        )
        for code in types
    )


@pytest.mark.parametrize(
    ("types", "decides"),
    [((), True), (("01",), True), (("02",), False), (("01", "02"), False), (("04",), False)],
)
def test_a_pension_that_is_not_of_old_age_is_where_its_file_is(types, decides):
    """A decision on invalidity is for whoever pays that pension, no Carsat by the address."""
    row = route(ByPlace("carsat", "home", file_first=True))
    result = outcome(row, addresses=[home()], stated=a_pension(*types))
    if decides:
        assert result.institution == "FR:CARSAT69"
    else:
        assert (result.candidates, result.missing) == ((), ("institution",))
    claimed = route(ByPlace("carsat", "residence"))
    assert outcome(claimed, addresses=[home()], stated=a_pension(*types)).institution
    naming = [case_number("CARSAT33")]
    told = outcome(row, addresses=[home()], naming=naming, stated=a_pension(*types))
    assert told.institution == "FR:CARSAT33"


@pytest.mark.parametrize("place", ["residence", "home"])
@pytest.mark.parametrize(
    "survivor",
    [
        {"claimant": Person("Muster", "Eva", date(1950, 1, 1), "02")},
        {"addresses": (home(LYON, about=About.CLAIMANT),)},
    ],
)
def test_where_the_deceased_lived_tells_nothing_where_a_survivor_claims(place, survivor):
    """Of a row about the main person: who has the file is asked for, or named."""
    row = route(ByPlace("cpam", place))
    addresses = (home(), *survivor.get("addresses", ()))
    result = outcome(row, **{**survivor, "addresses": addresses})
    assert (result.candidates, result.missing) == ((), ("institution",))
    told = outcome(row, **{**survivor, "addresses": addresses}, naming=[named("CPAM69")])
    assert told.institution == "FR:CPAM69"


def test_the_address_of_a_claimant_who_is_the_main_person_is_a_residence():
    row = route(CPAM, person="claimant")
    assert outcome(row, subject_about=About.CLAIMANT).missing == ("residence",)


@pytest.mark.parametrize("about", [About.INSURED, About.DECEASED])
def test_a_death_is_about_the_insured_person(about):
    row = route(CPAM, person="deceased")
    assert outcome(row, addresses=[home(about=about)]).institution == "FR:CPAM01"
    assert outcome(row, addresses=[home(about=About.FAMILY_MEMBER)]).missing == ("residence",)


# -- what the SED names -------------------------------------------------------------------------


def test_an_institution_named_by_id_decides_where_there_is_no_place():
    result = outcome(route(CPAM), naming=[named("CPAM01")])
    assert (result.institution, result.certainty) == ("FR:CPAM01", Certainty.SOLID)
    assert codes(result)[:2] == ["institution-named", "scheme-known"]


def test_by_name_only_when_the_name_is_exactly_one():
    assert outcome(route(CPAM), naming=[named(name="cpam AIN")]).institution == "FR:CPAM01"
    result = outcome(route(CPAM), naming=[named(name="Twin")])
    assert result.missing == ("residence",)
    assert codes(result)[0] == "institution-named-unknown"


@pytest.mark.parametrize(
    "naming",
    [named("CPAM99"), named("CPAM99", "CPAM Ain"), named(name="CPAM"), named(name="")],
)
def test_an_unknown_institution_names_nobody(naming):
    result = outcome(route(CPAM), naming=[naming])
    assert result.missing == ("residence",)
    assert codes(result)[0] == "institution-named-unknown"


ASSUMED = {"population": "assumed-general"}


@pytest.mark.parametrize(
    "naming",
    [named("NOBODY"), named("NOBODY", "MSA x"), named(name="MSA of somewhere"), named("TEST1")],
)
def test_the_general_scheme_is_not_assumed_beside_a_strange_institution(naming):
    """Whoever is named and not known may be of any scheme: asked, never assumed away."""
    result = outcome(route(CPAM, **ASSUMED), addresses=[home()], naming=[naming])
    assert (result.reason, result.missing) == ("missing", ("institution",))
    # a row that asks nothing of the scheme needs no assumption
    assert outcome(route(CPAM), addresses=[home()], naming=[naming]).institution == "FR:CPAM01"


def test_where_nothing_is_assumed_the_scheme_is_asked_for():
    rows = (route(CPAM, "A", **ASSUMED), route(CPAM, "G", scheme="general"))
    known = {"addresses": [home()]}
    assert outcome(*rows, **known).institution == "FR:CPAM01"
    result = outcome(*rows, **known, assumes=False)
    assert (result.reason, result.missing) == ("missing", ("scheme",))
    assert codes(result)[-2:] == ["assumed-general-off", "route-missing"]
    named_ = outcome(*rows, **known, naming=[named("CPAM01")], assumes=False)
    assert (named_.institution, named_.rules[0]) == ("FR:CPAM01", "G")


def test_the_scheme_of_a_crew_is_asked_for():
    """A seafarer has a fund of his own, a stewardess has not: nothing coded tells which it is."""
    rows = (route(CPAM, "A", **ASSUMED), route(CPAM, "G", scheme="general"))
    known = {"addresses": [home()], "crew": True}
    result = outcome(*rows, **known)
    assert (result.reason, result.missing) == ("missing", ("scheme",))
    assert codes(result)[-2:] == ["crew", "route-missing"]
    assert outcome(*rows, **known, naming=[named("CPAM01")]).rules[0] == "G"
    assert outcome(route(CPAM), **known).institution == "FR:CPAM01"


def test_where_nothing_is_assumed_and_nothing_would_tell_a_person_decides():
    result = outcome(route(CPAM, **ASSUMED), addresses=[home()], assumes=False)
    assert (result.reason, result.missing) == ("no-route", ())
    assert "assumed-general-off" in codes(result)


def test_a_name_of_several_bodies_of_one_scheme_tells_the_scheme():
    rows = (route(CPAM, "A", **ASSUMED), route(CPAM, "G", scheme="general"))
    result = outcome(*rows, addresses=[home()], naming=[named(name="Twin")])
    assert result.rules[0] == "G"
    result = outcome(*rows, addresses=[home()], naming=[named(name="Twin"), named("RAIL")])
    assert result.reason == "conflict"


def test_a_name_of_bodies_of_several_schemes_tells_nothing():
    strangers = (*INSTITUTIONS, institution("RAIL9", network="special", scheme="rail", name="Twin"))
    directory = InstitutionRepository(strangers, (), CATCHMENTS, COMMUNES)
    tables = Tables(
        "r", "0", directory, RoutingTable([route(CPAM, **ASSUMED)]), NOTHING, Questions()
    )
    evidence = Evidence(addresses=(home(),), named=(named(name="Twin"),))
    result = resolve(Subject("S_BUC_24", "S040", "Counterparty", evidence, TODAY, TODAY), tables)
    assert result.missing == ("institution",)


def test_an_institution_that_is_no_more_still_tells_the_scheme():
    rows = (route(CPAM, "A", **ASSUMED), route(CPAM, "G", scheme="general"))
    assert outcome(*rows, addresses=[home()], naming=[named("GONE")]).rules[0] == "G"


@pytest.mark.parametrize(
    "target",
    [ByPlace("*", "named"), ByPlace("*", "named", file_first=True),
     ByPlace("carsat+cpam", "home", file_first=True)],
)  # fmt: skip
def test_a_second_file_that_nobody_knows_is_asked_for_where_the_file_decides(target):
    naming = [case_number("CPAM01"), named(name="Caisse du bonheur", where=Where.PIN)]
    result = outcome(route(target), addresses=[home()], naming=naming)
    assert (result.reason, result.missing) == ("missing", ("institution",))
    assert result.candidates == ("FR:CPAM01",)


def test_a_name_without_a_country_counts_when_it_is_french():
    rows = (
        route(CPAM, "A", **ASSUMED),
        route(ByPlace("msa", "residence"), "M", scheme="agricultural"),
    )
    known = outcome(*rows, addresses=[home()], naming=[named(name="MSA x", country="")])
    assert known.institution == "FR:MSA01"
    other = outcome(*rows, addresses=[home()], naming=[named(name="Krankenkasse", country="")])
    assert other.rules[0] == "A"


def test_an_id_beside_the_name_of_another_body_is_not_believed():
    file = route(ByPlace("*", "named", file_first=True))
    where = Where.LOCAL_CASE_NUMBER
    result = outcome(file, naming=[named("CPAM01", "CPAM Rhône", where=where)])
    assert (result.reason, result.missing) == ("missing", ("institution",))
    home_too = outcome(
        route(CPAM, **ASSUMED), addresses=[home()], naming=[named("CPAM01", "CPAM Rhône")]
    )
    assert home_too.missing == ("institution",)
    for name in ("CPAM Ain", "old", "written otherwise"):  # its own, a former one, an unknown one
        result = outcome(file, naming=[named("CPAM01", name, where=where)])
        assert result.institution == "FR:CPAM01"


def test_a_liaison_body_is_no_stranger():
    result = outcome(route(CPAM, **ASSUMED), addresses=[home()], naming=[named("CLEISS")])
    assert result.institution == "FR:CPAM01"


@pytest.mark.parametrize(
    "naming",
    [
        named(name="CPAM Ain", country="DE"),
        named("CPAM01", about=About.OTHER),
        named("CLEISS"),
        named("CLEISS", country="DE"),
    ],
)
def test_foreign_and_third_party_and_liaison_names_say_nothing(naming):
    result = outcome(route(CPAM), naming=[naming])
    assert result.missing == ("residence",)
    assert codes(result)[0] == "route-matched"


@pytest.mark.parametrize("where", [Where.PIN, Where.LOCAL_CASE_NUMBER])
@pytest.mark.parametrize(
    "row",
    [
        route(CPAM),
        route(CPAM, **ASSUMED),
        route(ByPlace("*", "named")),
        route(ByPlace("*", "named", file_first=True)),
        route(Fixed("FR:RAIL"), scheme="general"),
    ],
    ids=str,
)
def test_a_number_of_another_country_from_an_institution_of_ours_is_for_a_person(row, where):
    naming = [named("CPAM01", where=where, country="DE")]
    result = outcome(row, addresses=[home()], naming=naming)
    assert (result.reason, result.candidates) == ("conflict", ("FR:CPAM01",))
    assert "named-with-other-country" in codes(result)


def test_where_nothing_hangs_on_it_its_country_does_not_matter():
    row = route(Fixed("FR:RAIL"))
    naming = [named("CPAM01", where=Where.LOCAL_CASE_NUMBER, country="DE")]
    assert outcome(row, naming=naming).institution == "FR:RAIL"


def test_place_and_name_that_agree_confirm_each_other():
    weak = route(CPAM, certainty=Certainty.SOLID)
    result = outcome(weak, addresses=[home(LILLE)], naming=[named("CPAM59A")])
    assert (result.institution, result.certainty) == ("FR:CPAM59A", Certainty.SOLID)
    assert "confirmed-by-name" in codes(result)
    weaker = route(CPAM, certainty=Certainty.INFERRED)
    result = outcome(weaker, addresses=[home(LILLE)], naming=[named("CPAM59A")])
    assert len(result.rules) == 2, "the row of the place was used, too"


def test_place_and_name_that_disagree_are_a_conflict():
    result = outcome(route(CPAM), addresses=[home()], naming=[named("CPAM69")])
    assert (result.reason, result.candidates) == ("conflict", ("FR:CPAM01", "FR:CPAM69"))
    assert "contradicted-by-name" in codes(result)


def test_the_name_settles_an_ambiguous_place():
    place = [home(("59000", "Nowhere"))]
    result = outcome(route(CPAM), addresses=place, naming=[named("CPAM59B")])
    assert (result.institution, result.certainty) == ("FR:CPAM59B", Certainty.SOLID)
    assert result.rules == ("R",)
    result = outcome(route(CPAM), addresses=place, naming=[named("CPAM01")])
    assert result.reason == "conflict"


INFERRED = {"certainty": Certainty.INFERRED}


@pytest.mark.parametrize(
    ("row", "found"),
    [
        (route(CPAM, **INFERRED), Certainty.LIKELY),
        (route(Fixed("FR:CPAM01"), **INFERRED), Certainty.LIKELY),
        (route(CPAM, rule="S", **INFERRED), Certainty.INFERRED),
        (route(CPAM, certainty=Certainty.SOLID), Certainty.SOLID),
    ],
)
def test_an_inferred_rule_that_the_operator_accepts_is_likely_and_says_so(row, found):
    result = outcome(row, addresses=[home()], accepted=("R",))
    uses = found is Certainty.LIKELY
    assert (result.institution, result.certainty) == ("FR:CPAM01", found)
    assert result.accepted == ("R" if uses else "")
    assert [s.params for s in result.trace if s.code == "rule-accepted"] == [{"rule": "R"}] * uses
    (matched,) = (s for s in result.trace if s.code == "route-matched")
    assert matched.params["certainty"] == row.certainty.code


def test_what_is_accepted_is_the_rule_and_no_other_row_that_was_used():
    unsure = {"addresses": [home(ALONE)], "least": Certainty.CONFIRMED}
    result = outcome(route(CPAM, **INFERRED), **unsure, accepted=("R",))
    assert (result.institution, result.accepted) == ("FR:CPAM01", "R")
    assert result.certainty is Certainty.INFERRED


def test_two_institutions_named_of_the_network_are_a_conflict():
    result = outcome(route(CPAM), naming=[named("CPAM01"), named("CPAM69")])
    assert (result.reason, result.candidates) == ("conflict", ("FR:CPAM01", "FR:CPAM69"))


def test_an_institution_of_another_network_is_no_candidate():
    result = outcome(route(CPAM), naming=[named("CAF01")], addresses=[home(LYON)])
    assert result.institution == "FR:CPAM69"


def test_the_scheme_is_that_of_the_institution_named():
    rows = (
        route(Fixed("FR:RAIL"), "RAIL", scheme="rail"),
        route(CPAM, "GENERAL", population="assumed-general"),
    )
    assert outcome(*rows, naming=[named("RAIL")], addresses=[home()]).institution == "FR:RAIL"
    assert outcome(*rows, naming=[named("CAF01")], addresses=[home()]).rules[0] == "GENERAL"


def test_two_schemes_are_a_conflict_unless_the_row_asks_nothing_of_the_scheme():
    both = [named("RAIL"), named("CPAM01")]
    rows = route(CPAM, scheme="general"), route(Fixed("FR:RAIL"), "X", scheme="rail")
    result = outcome(*rows, naming=both)
    assert (result.reason, result.candidates) == ("conflict", ("FR:CPAM01", "FR:RAIL"))
    assumed = route(CPAM, population="assumed-general")
    assert outcome(assumed, naming=both, addresses=[home()]).reason == "conflict"
    assert outcome(route(Fixed("FR:CPAM69")), naming=both).institution == "FR:CPAM69"


def test_the_institution_of_a_family_member_says_nothing_about_the_person():
    rows = (
        route(Fixed("FR:RAIL"), "RAIL", scheme="rail"),
        route(CPAM, "GENERAL", population="assumed-general"),
    )
    spouse = named("RAIL", about=About.FAMILY_MEMBER)
    result = outcome(*rows, naming=[spouse], addresses=[home()])
    assert (result.institution, result.rules[0]) == ("FR:CPAM01", "GENERAL")


def test_for_a_household_the_institution_of_any_of_the_family_counts():
    row = route(ByPlace("caf", "residence"), person="household")
    result = outcome(row, naming=[named("CAF01", about=About.FAMILY_MEMBER)])
    assert result.institution == "FR:CAF01"


@pytest.mark.parametrize(
    ("relative", "own", "expected"),
    [
        (named("RAIL"), None, ("missing", ("institution",))),
        (named("RAIL"), named("CPAM01"), "FR:CPAM01"),
        (named("RAIL"), named("CARSAT69"), ("conflict", ())),
        (named("RAIL"), named("CAF01"), ("missing", ("institution",))),
        (named("MSA01"), None, "FR:CPAM01"),
        (named("MSA01"), named("CPAM01"), "FR:CPAM01"),
        (named("CAF01"), None, "FR:CPAM01"),
        (named("RAIL"), named("RAIL"), "FR:RAIL"),
        (named("CPAM01"), named("RAIL"), ("conflict", ())),
        (named(name="MSA x"), None, "FR:CPAM01"),
        (named(name="Twin"), named("RAIL"), ("conflict", ())),
    ],
)
@pytest.mark.parametrize("last", [False, True])
def test_the_scheme_of_a_relative_decides_for_no_household(relative, own, expected, last):
    """Who lives here goes by his own scheme, or by that of the relative: where they lead apart,
    nobody can tell.
    """
    rows = (
        route(Fixed("FR:RAIL"), "RAIL", scheme="rail"),
        route(CPAM, "GENERAL", scheme="general,agricultural", person="household"),
        route(CPAM, "ASSUMED", population="assumed-general", person="household"),
    )
    told = [replace(relative, about=About.FAMILY_MEMBER), *([own] if own else [])]
    result = outcome(*rows, naming=told[::-1] if last else told, addresses=[home()])
    if isinstance(expected, str):
        assert result.institution == expected
    else:
        assert (result.reason, result.missing) == expected


@pytest.mark.parametrize(
    ("about", "counts"),
    [(About.INSURED, True), (About.DECEASED, True), (About.CLAIMANT, False)],
)
def test_a_survivor_has_another_scheme_than_the_deceased(about, counts):
    """Also when the claimant stands first in the SED."""
    rows = (
        route(Fixed("FR:RAIL"), "RAIL", scheme="rail"),
        route(CPAM, "GENERAL", population="assumed-general", person="claimant"),
    )
    lives = [home(about=About.CLAIMANT)]
    for main in (About.INSURED, About.CLAIMANT):
        result = outcome(
            *rows, naming=[named("RAIL", about=about)], addresses=lives, subject_about=main
        )
        assert (result.institution == "FR:RAIL") is counts


def test_the_main_person_counts_whoever_it_is():
    result = outcome(
        route(CPAM), naming=[named("CPAM01", about=About.CLAIMANT)], subject_about=About.CLAIMANT
    )
    assert result.institution == "FR:CPAM01"


def test_a_named_target_can_only_be_named():
    row = route(ByPlace("cpam+carsat", "named"))
    assert outcome(row, addresses=[home()]).missing == ("institution",)
    assert outcome(row, naming=[named("CARSAT33")]).institution == "FR:CARSAT33"
    assert outcome(row, naming=[named("CPAM01")]).institution == "FR:CPAM01"
    both = outcome(row, naming=[named("CPAM01"), named("CARSAT33")])
    assert both.reason == "conflict"


def test_any_institution_named_will_do_and_a_case_number_outweighs_a_pin():
    row = route(ByPlace("*", "named"))
    assert outcome(row, naming=[named("CAF01")]).institution == "FR:CAF01"
    result = outcome(row, naming=[named("CPAM01"), case_number("CAF01")])
    assert result.institution == "FR:CAF01"
    assert outcome(row, naming=[named("CPAM01"), named("CAF01")]).reason == "conflict"


def test_a_row_can_ask_for_a_file_here():
    row = route(ByPlace("*", "named", file_first=True))
    assert outcome(row, naming=[case_number("CAF01")]).institution == "FR:CAF01"
    competent = named("CAF01", where=Where.COMPETENT)
    assert outcome(row, naming=[competent]).institution == "FR:CAF01"
    result = outcome(row, naming=[named("CAF01")])
    assert (result.reason, result.missing) == ("missing", ("institution",))
    assert result.candidates == ("FR:CAF01",)


def test_a_home_is_a_residence_in_france_and_nothing_else_tells_where_the_file_is():
    row = route(ByPlace("carsat+cpam", "home", file_first=True))
    assert outcome(row, addresses=[home()]).institution == "FR:CARSAT69"
    assert outcome(row, addresses=[home(country="ES")]).missing == ("institution",)
    assert outcome(row).missing == ("institution",)
    abroad = outcome(row, addresses=[home(country="ES")], naming=[case_number("CARSAT33")])
    assert abroad.institution == "FR:CARSAT33"
    nowhere = outcome(row, addresses=[home(("99999", "Nowhere"))])
    assert nowhere.missing == ("residence",)


FILE = route(ByPlace("carsat+invalidity", "residence", file_first=True))


def test_where_the_file_is_outweighs_the_place():
    assert outcome(FILE, addresses=[home()]).institution == "FR:CARSAT69"
    result = outcome(FILE, addresses=[home()], naming=[case_number("CARSAT33")])
    assert result.institution == "FR:CARSAT33"
    result = outcome(FILE, addresses=[home()], naming=[case_number("CPAM01")])
    assert result.institution == "FR:CPAM01"


def test_a_pin_alone_does_not_outweigh_the_place_even_where_the_file_would():
    result = outcome(FILE, addresses=[home()], naming=[named("CPAM01")])
    assert result.institution == "FR:CARSAT69"
    result = outcome(FILE, addresses=[home()], naming=[named("CARSAT33")])
    assert result.reason == "conflict"


def test_a_file_outside_the_networks_of_the_row_is_a_conflict():
    result = outcome(FILE, addresses=[home()], naming=[case_number("CAF01")])
    assert (result.reason, result.candidates) == ("conflict", ("FR:CAF01",))


def test_abroad_a_file_here_outweighs_the_country_pole_and_a_pin_does_not():
    row, madrid = route(ByPlace("carsat", "residence")), [home(("28001", "Madrid"), "ES")]
    result = outcome(row, addresses=madrid, naming=[case_number("CARSAT69")])
    assert result.institution == "FR:CARSAT69"
    assert outcome(row, addresses=madrid, naming=[named("CARSAT69")]).reason == "conflict"


def test_a_body_with_several_ids_named_by_name_is_told_by_the_place():
    row, by_name = route(ByPlace("msa", "residence")), named(name="MSA x")
    assert outcome(row, addresses=[home(LYON)], naming=[by_name]).institution == "FR:MSA69"
    result = outcome(row, naming=[by_name])
    assert (result.reason, result.missing) == ("several", ("institution",))
    assert result.candidates == ("FR:MSA01", "FR:MSA69")
    result = outcome(row, naming=[by_name, named("MSA69")])
    assert result.institution == "FR:MSA69"


def test_another_id_of_the_body_that_the_place_gives_agrees_with_it():
    row = route(ByPlace("msa", "residence"))
    result = outcome(row, addresses=[home(LYON)], naming=[named("MSA01")])
    assert result.institution == "FR:MSA69"


def test_naming_an_institution_twice_counts_once_and_remembers_the_file():
    row = route(ByPlace("*", "named", file_first=True))
    for naming in ([named("CAF01"), case_number("CAF01")], [case_number("CAF01"), named("CAF01")]):
        assert outcome(row, naming=naming).institution == "FR:CAF01"


def test_a_fixed_body_is_written_to_under_the_id_that_has_a_case_number():
    row = route(Fixed("FR:RAIL"))
    assert outcome(row, naming=[case_number("RAIL2")]).institution == "FR:RAIL2"
    assert outcome(row, naming=[named("RAIL2")]).institution == "FR:RAIL"
    both = [case_number("RAIL2"), case_number("RAIL")]
    assert outcome(row, naming=both).institution == "FR:RAIL"
    assert outcome(row, naming=[case_number("CPAM01")]).institution == "FR:RAIL"


# -- days, ids and environments -----------------------------------------------------------------


def test_an_old_name_leads_to_the_successor():
    result = outcome(route(CPAM), naming=[named("OLD")])
    assert result.institution == "FR:CPAM01"
    assert params(result, "institution-named-ended") == {
        "institution": "FR:OLD", "successor": "FR:CPAM01",
    }  # fmt: skip
    before = outcome(route(CPAM), naming=[named("OLD")], on=date(2023, 12, 31))
    assert before.institution == "FR:OLD"


def test_an_institution_that_ended_without_successor_names_nobody():
    result = outcome(route(CPAM), naming=[named("GONE")])
    assert result.missing == ("residence",)
    assert params(result, "institution-named-ended")["successor"] == ""


def test_an_institution_without_id_can_be_named_and_is_no_target():
    result = outcome(route(CPAM), naming=[named(name="CNAM")])
    assert result.missing == ("residence",)
    assert "institution-named-ended" in codes(result)


def test_the_target_must_exist_on_the_day_of_the_decision_too():
    row = route(Fixed("FR:ENDS"))
    assert outcome(row).institution == "FR:ENDS"
    result = outcome(row, decided=date(2026, 6, 2))
    assert (result.reason, result.candidates) == ("institution-unusable", ("FR:ENDS",))
    assert "institution-ended" in codes(result)


def test_the_successor_on_the_day_of_the_decision_is_the_target():
    result = outcome(route(Fixed("FR:MERGES")), decided=date(2026, 6, 2))
    assert result.institution == "FR:CPAM69"
    assert params(result, "successor") == {"institution": "FR:MERGES", "successor": "FR:CPAM69"}


def test_a_target_not_yet_there_on_the_day_of_receipt_is_unusable():
    result = outcome(route(Fixed("FR:CPAM01")), on=date(2019, 1, 1), decided=TODAY)
    assert isinstance(result, Resolved)
    late = replace(route(Fixed("FR:CPAM01")), valid_from=date(2018, 1, 1))
    result = outcome(late, on=date(2018, 12, 31), decided=TODAY)
    assert result.reason == "institution-unusable"


def test_an_unknown_target_is_unusable():
    assert outcome(route(Fixed("FR:NOBODY"))).reason == "institution-unusable"


def test_test_institutions_are_used_in_test_environments_and_nowhere_else():
    row = route(Fixed("FR:TEST1"))
    assert outcome(row).reason == "institution-unusable"
    assert outcome(row, test_ids=True).institution == "FR:TEST1"
    assert outcome(route(Fixed("FR:CPAM01")), test_ids=True).reason == "institution-unusable"


def test_a_test_institution_named_in_production_names_nobody():
    result = outcome(route(CPAM), naming=[named("TEST1")])
    assert result.missing == ("residence",)
    assert codes(result)[0] == "institution-named-test"
    result = outcome(route(CPAM), naming=[named("TEST1")], test_ids=True)
    assert result.institution == "FR:TEST1"


def test_a_listed_competence_gives_no_warning():
    listed = Competence("FR:CPAM01", "S_BUC_*", "Counterparty", True, Certainty.SOLID, SINCE)
    directory = InstitutionRepository(INSTITUTIONS, (listed,), CATCHMENTS, COMMUNES)
    tables = Tables("r", "0", directory, RoutingTable([route(CPAM)]), NOTHING, UNASKED)
    evidence = Evidence(addresses=(home(),))
    result = resolve(Subject("S_BUC_24", "S040", "Counterparty", evidence, TODAY, TODAY), tables)
    assert "competence-unlisted" not in codes(result)


@pytest.mark.parametrize(
    ("source", "until", "certainty", "code"),
    [
        ("list; SYN001 2026-01-01", None, Certainty.INFERRED, "competence-not-told"),
        ("list", None, Certainty.SOLID, "competence-unlisted"),
        ("SYN001 2026-01-01", TODAY, Certainty.SOLID, "competence-unlisted"),
    ],
)
def test_a_competence_that_the_ir_leaves_out_is_for_a_person(source, until, certainty, code):
    """It tells all that an institution handles; another list, or what is over, does not."""
    other = Competence(
        "FR:CPAM01", "S_BUC_05", "Counterparty", True, Certainty.CONFIRMED, SINCE, until, source
    )
    directory = InstitutionRepository(INSTITUTIONS, (other,), CATCHMENTS, COMMUNES)
    tables = Tables("r", "0", directory, RoutingTable([route(CPAM)]), NOTHING, UNASKED)
    evidence = Evidence(addresses=(home(),))
    result = resolve(Subject("S_BUC_24", "S040", "Counterparty", evidence, TODAY, TODAY), tables)
    assert (result.institution, result.certainty) == ("FR:CPAM01", certainty)
    assert code in codes(result)


def test_a_competence_that_the_directory_denies_is_for_a_person():
    """Whatever the certainty of the row that says so: it is the answer that is certain."""
    denied = Competence("FR:CPAM01", "S_BUC_24", "Counterparty", False, Certainty.CONFIRMED, SINCE)
    directory = InstitutionRepository(INSTITUTIONS, (denied,), CATCHMENTS, COMMUNES)
    tables = Tables("r", "0", directory, RoutingTable([route(CPAM)]), NOTHING, UNASKED)
    evidence = Evidence(addresses=(home(),))
    result = resolve(Subject("S_BUC_24", "S040", "Counterparty", evidence, TODAY, TODAY), tables)
    assert (result.institution, result.certainty) == ("FR:CPAM01", Certainty.INFERRED)
    assert "competence-denied" in codes(result)


TARGETS = (
    Fixed("FR:RAIL"), Fixed("FR:NOBODY"), ToPerson(), CPAM, ByPlace("carsat", "residence"),
    ByPlace("carsat", "country"), ByPlace("cpam", "work"), ByPlace("msa", "residence"),
    ByPlace("cpam+carsat", "named"), ByPlace("*", "named"), ByPlace("*", "named", file_first=True),
    ByPlace("carsat+invalidity", "residence", file_first=True),
)  # fmt: skip
ABOUTS = st.sampled_from([About.INSURED, About.CLAIMANT, About.FAMILY_MEMBER, About.OTHER])
facts = st.builds(
    Named,
    about=ABOUTS,
    where=st.sampled_from(Where),
    country=st.sampled_from(["FR", "FR", "DE", ""]),
    id=st.sampled_from([None, *(i.id for i in INSTITUTIONS if i.id), "FR:UNKNOWN"]),
    name=st.sampled_from([None, "MSA x", "Twin", "CNAM", "CPAM Ain", "?"]),
)
places = st.builds(
    Address,
    about=ABOUTS,
    kind=st.sampled_from([AddressKind.RESIDENCE, AddressKind.RESIDENCE, AddressKind.WORK]),
    country=st.sampled_from(["FR", "FR", "DE", "ES"]),
    postcode=st.sampled_from([None, "01000", "69001", "59000", "99999"]),
    town=st.sampled_from([None, "Bourg", "Lille"]),
)


@settings(max_examples=300)
@given(
    st.lists(facts, max_size=4),
    st.lists(places, max_size=3),
    st.sampled_from(TARGETS),
    st.sampled_from(["*", "claimant", "household"]),
    st.sampled_from([{}, {"scheme": "general"}, {"population": "assumed-general"}]),
    st.randoms(),
)
def test_whatever_is_said_gives_one_answer_in_any_order(
    naming, addresses, target, person, asks, random
):
    """Total, deterministic; an institution found is in force, real, and was led to by a fact."""
    row = route(target, person=person, **asks)
    result = outcome(row, naming=naming, addresses=addresses)
    random.shuffle(naming)
    random.shuffle(addresses)
    again = outcome(row, naming=naming, addresses=addresses)
    if isinstance(result, Resolved):
        assert (again.institution, again.certainty) == (result.institution, result.certainty)
        found = DIRECTORY.successor_on(result.institution, TODAY)
        assert found.id == result.institution
        assert not found.test
        assert found.network not in {"liaison", "authority"}
        assert target == Fixed("FR:RAIL") or naming or addresses
    else:
        open_ends = ("reason", "candidates", "missing")
        assert [getattr(again, n, None) for n in open_ends] == [
            getattr(result, n, None) for n in open_ends
        ]


def test_every_reason_is_a_known_one():
    reasons = {
        outcome().reason,
        outcome(route(ToPerson())).reason,
        outcome(route(CPAM)).reason,
        outcome(route(Fixed("FR:NOBODY"))).reason,
        outcome(route(CPAM), naming=[named("CPAM01"), named("CPAM69")]).reason,
        outcome(route(CPAM), addresses=[home(), home(LYON)]).reason,
        outcome(route(CPAM), addresses=[home(ALONE)]).reason,
    }
    assert reasons == {
        "no-route", "rule-refers", "missing", "institution-unusable", "conflict", "several",
        "inferred",
    }  # fmt: skip
    assert isinstance(outcome(), Undetermined)


def test_a_step_with_other_parameters_than_its_own_is_a_bug():
    subject = Subject("S_BUC_24", "S040", "Counterparty", Evidence(), TODAY, TODAY)
    underway = Underway(subject, Tables("r", "0", DIRECTORY, RoutingTable([]), NOTHING, UNASKED))
    with pytest.raises(KeyError, match="route-missing"):
        underway.note("route-missing", rule="R")
    assert underway.trace == []
