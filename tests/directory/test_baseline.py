"""The baseline as it travels with the package: addresses to institutions, and its gaps."""

from datetime import date

import pytest

from ir_directory import Certainty, department_of
from ir_directory.load import SERVING
from tests.directory.conftest import DAY

DIVIDED = {"59", "62", "64", "76"}
"""Departments with several CPAMs: served by municipality."""

OUTSIDE = {"975", "984", "986", "987", "988", "989"}
"""Territories that no institution of the directory serves."""

MEMBERS = """
AT BE BG CH CY CZ DE DK EE EL ES FI HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK UK
"""
"""The 31 other countries that exchange."""


def gaps(network):
    if network in {"cpam", "invalidity"}:
        return OUTSIDE | DIVIDED
    return OUTSIDE | {"48"} if network == "urssaf" else OUTSIDE


def where(baseline, network, postcode, town=None, on=DAY):
    located = baseline.area_candidates(network, postcode, town, on)
    return located.candidates, located.certainty.code


@pytest.mark.parametrize(
    ("network", "postcode", "town", "institutions", "certainty"),
    [
        ("cpam", "01000", "Bourg-en-Bresse", ("FR:0101100000",), "solid"),
        ("cpam", "01000", None, ("FR:0101100000",), "inferred"),
        ("cpam", "75012", "Paris", ("FR:0175100000",), "solid"),
        ("cpam", "75116", "PARIS", ("FR:0175100000",), "solid"),
        ("cpam", "75012", "Paris 12e Arrondissement", ("FR:0175100000",), "solid"),
        ("cpam", "69003", "LYON 03", ("FR:0169100000",), "solid"),
        ("cpam", "22000", "ST BRIEUC", ("FR:0122100000",), "solid"),
        ("cpam", "01000", "BOURG EN BRESSE CEDEX", ("FR:0101100000",), "solid"),
        ("cpam", "01000", "Berlin", ("FR:0101100000",), "inferred"),
        ("cpam", "01999", None, ("FR:0101100000",), "inferred"),
        ("cpam", "67294", "Bischheim", ("FR:0167300000",), "inferred"),
        ("invalidity", "75012", "Paris", ("FR:0175900000",), "solid"),
        ("invalidity", "77000", "Melun", ("FR:0177100000",), "solid"),
        ("carsat", "75012", "Paris", ("FR:RG75V00000",), "solid"),
        ("carsat", "57000", "Metz", ("FR:RG67V00000",), "solid"),
        ("carsat", "54000", "Nancy", ("FR:RG54R00000",), "solid"),
        ("caf", "2A004", None, (), "inferred"),
        ("cpam", "20000", "Ajaccio", ("FR:0120100000",), "solid"),
        ("cpam", "20200", "Bastia", ("FR:0120200000",), "solid"),
        ("caf", "20600", "Bastia", ("FR:01202PF000",), "solid"),
        ("msa", "20200", None, ("FR:0220100000",), "inferred"),
        ("msa", "20200", "Bastia", ("FR:0220100000",), "solid"),
        ("cpam", "97133", "Saint-Barthélemy", ("FR:0277100000",), "likely"),
        ("cpam", "97150", "Saint-Martin", ("FR:0197100000",), "likely"),
        ("caf", "97150", None, ("FR:01971PF000",), "inferred"),
        ("cpam", "97400", "Saint-Denis", ("FR:0197400000",), "solid"),
        ("caf", "97600", "Mamoudzou", ("FR:01976PF000",), "likely"),
        ("cpam", "97500", None, (), "inferred"),
        ("cpam", "98714", "Papeete", (), "inferred"),
        ("cpam", "94390", None, ("FR:0191100000",), "inferred"),
        ("cpam", "01200", None, ("FR:0101100000", "FR:0174100000"), "inferred"),
        ("cpam", "01200", "ELOISE", ("FR:0174100000",), "solid"),
        ("carsat", "01200", None, ("FR:RG69R00000",), "inferred"),
        ("cpam", "75900", "PARIS CEDEX 15", ("FR:0175100000",), "likely"),
        ("cpam", "59000", "Lille", ("FR:0159500000",), "inferred"),
        ("cpam", "59100", "Roubaix", ("FR:0159700000",), "inferred"),
        ("cpam", "64000", "Pau", ("FR:0164200000",), "inferred"),
        ("invalidity", "76600", "Le Havre", ("FR:0176300000",), "inferred"),
        ("caf", "59000", "Lille", ("FR:01598PF000",), "solid"),
        ("msa", "04000", "Digne-les-Bains", ("FR:0284100000",), "inferred"),
        ("msa", "78000", "Versailles", ("FR:0275100000",), "likely"),
        ("urssaf", "48000", "Mende", (), "inferred"),
        ("urssaf", "59000", "Lille", ("FR:01594UR000",), "likely"),
        ("cpam", "01300", "Arbignieu", ("FR:0101100000",), "solid"),
        ("cpam", "69001", "Marseille", ("FR:0113100000", "FR:0169100000"), "inferred"),
    ],
)
def test_an_address_leads_to(baseline, network, postcode, town, institutions, certainty):
    assert where(baseline, network, postcode, town) == (institutions, certainty)


def test_a_business_postcode_of_the_north_leaves_its_four_funds(baseline):
    found, certainty = where(baseline, "cpam", "59999", "NORD CEDEX")
    assert len(found) == 4
    assert certainty == "inferred"
    assert where(baseline, "cpam", "59999", "LILLE CEDEX") == (("FR:0159500000",), "inferred")


def test_two_towns_of_one_postcode_under_two_funds(baseline):
    """Somewhere in the north a postcode is not enough: then only its town tells."""
    asked = {
        postcode
        for row in baseline.communes
        if department_of(row.insee) in DIVIDED
        for postcode in row.postcodes
        if len(where(baseline, "cpam", postcode)[0]) > 1
    }
    assert asked
    for postcode in asked:
        assert where(baseline, "cpam", postcode)[1] == "inferred"


@pytest.mark.parametrize("network", SERVING)
def test_every_department_has_one_institution_or_is_a_known_gap(baseline, network):
    departments = {department_of(row.insee) for row in baseline.communes}
    unserved = {d for d in departments if baseline.catchment(network, department=d, on=DAY) is None}
    assert len(departments) == 109
    assert unserved == gaps(network)


@pytest.mark.parametrize("network", ["cpam", "invalidity"])
def test_every_municipality_of_a_divided_department_has_its_own_row(baseline, network):
    for row in baseline.communes:
        if department_of(row.insee) in DIVIDED:
            found = baseline.catchment(network, insee=row.insee, on=DAY)
            assert found is not None, row
            assert found.certainty is Certainty.INFERRED


@pytest.mark.parametrize("network", SERVING)
def test_a_municipality_with_its_postcode_leads_to_its_own_institution(baseline, network):
    for row in baseline.communes:
        own = baseline.catchment(
            network, insee=row.insee, department=department_of(row.insee), on=DAY
        )
        expected = (own.institution,) if own is not None else ()
        for postcode in row.postcodes:
            found = baseline.area_candidates(network, postcode, row.name, DAY).candidates
            assert found == expected, (row, postcode)


@pytest.mark.parametrize("network", SERVING)
def test_a_postcode_alone_never_leads_to_another_institution(baseline, network):
    alone = {}
    for row in baseline.communes:
        own = baseline.catchment(
            network, insee=row.insee, department=department_of(row.insee), on=DAY
        )
        for postcode in row.postcodes:
            if postcode not in alone:
                alone[postcode] = where(baseline, network, postcode)[0]
            decided = alone[postcode]
            assert len(decided) != 1 or (own and decided == (own.institution,)), (row, postcode)


@pytest.mark.parametrize("network", SERVING)
def test_a_former_town_is_never_served_by_another_institution(baseline, network):
    for row in baseline.communes:
        own = baseline.catchment(
            network, insee=row.insee, department=department_of(row.insee), on=DAY
        )
        for name in row.former_names:
            for postcode in row.postcodes:
                found = baseline.area_candidates(network, postcode, name, DAY).candidates
                assert len(found) != 1 or (own and found == (own.institution,)), (row, name)


def test_claimants_of_every_member_state_abroad_have_a_pension_fund(baseline):
    for state in MEMBERS.split():
        row = baseline.catchment("carsat", country=state, on=DAY)
        assert row is not None, state
        assert row.certainty is Certainty.LIKELY
    assert baseline.catchment("carsat", country="DE", on=DAY).institution == "FR:RG67V00000"
    assert baseline.catchment("carsat", country="FR", on=DAY) is None


def test_every_institution_that_serves_is_in_force_and_of_production(baseline):
    for row in baseline.catchments:
        on = max(row.valid_from, DAY) if row.valid_to is None else row.valid_from
        current = baseline.successor_on(row.institution, on)
        assert current is not None, row
        assert current.id == row.institution, row
        assert not current.test
        assert not current.liaison_body


# -- names --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "ident"),
    [
        ("CPAM de l'Ain", "FR:0101100000"),
        ("Caisse primaire d'assurance maladie de l'Ain", "FR:0101100000"),
        ("CPAM MELUN", "FR:0177100000"),
        ("CAF 59", "FR:01598PF000"),
        ("carsat alsace-moselle", "FR:RG67V00000"),
        ("CNSE", "FR:0156200000"),
        ("CNG", "FR:01594UR000"),
        ("Pôle emploi services", "FR:PE10000001"),
        ("France Travail Services", "FR:PE10000001"),
        ("ACOSS", "FR:RG93UR0000"),
        ("Urssaf Caisse nationale", "FR:RG93UR0000"),
        ("CPRPSNCF", "FR:0411000000"),
        ("CPRPF", "FR:0411000000"),
        ("MSA Gironde", "FR:0233100000"),
        ("ENIM", "FR:MA00000000"),
    ],
)
def test_a_name_old_or_new_leads_to_the_id_that_goes_on(baseline, name, ident):
    day = date(2024, 6, 1)
    (found,) = baseline.named(name, day)
    assert baseline.successor_on(found.id, day).id == ident


def test_merged_institutions_lead_to_their_successor(baseline):
    (old,) = baseline.named("Urssaf Haute-Normandie", DAY)
    assert baseline.successor_on(old.id, DAY).id == "FR:01141UR000"
    assert baseline.successor_on(old.id, date(2021, 12, 31)).id == old.id


def test_an_agricultural_fund_is_one_body_with_an_id_a_department(baseline):
    found = baseline.named("MSA Sèvres-Vienne", DAY)
    assert [i.id for i in found] == ["FR:0279100000", "FR:0286100000"]
    assert {i.body for i in found} == {"msa-poitou"}
    assert [baseline.successor_on(i.id, DAY).id for i in found] == [i.id for i in found]


def test_the_dissolved_scheme_of_independents_is_nobody_today(baseline):
    ended = [i for i in baseline.institutions if i.network == "rsi"]
    assert len(ended) == 155
    assert all(baseline.successor_on(i.id, DAY) is None for i in ended)


@pytest.mark.parametrize(
    ("name", "scheme"),
    [
        ("CPAM AIN", "general"),
        ("CAF 01", "all"),
        ("CARSAT BRETAGNE", "general"),
        ("MSA Alsace", "agricultural"),
        ("Urssaf Alsace", "all"),
        ("MGEN", "civil-service-state"),
        ("MNH", "civil-service-local"),
        ("CNRACL", "civil-service-local"),
        ("CAVIMAC", "clergy"),
        ("CNBF", "lawyers"),
        ("CIPAV", "liberal"),
        ("CCMSA", "agricultural"),
    ],
)
def test_naming_an_institution_tells_a_scheme_or_nothing(baseline, name, scheme):
    assert {i.scheme for i in baseline.named(name, DAY)} == {scheme}


def test_liaison_bodies_and_test_entries_are_marked(baseline):
    liaison = {i.id for i in baseline.institutions if i.liaison_body}
    assert liaison == {"FR:CLEISS0000", "FR:CLEISS0001", "FR:CLEISS0002"}
    assert {i.network for i in baseline.institutions if i.liaison_body} == {"liaison"}
    test = {i.id for i in baseline.institutions if i.test}
    assert test == {"FR:CLEISS0002", "FR:CIN0000001", "FR:CIN0000002"}


def test_an_official_name_is_one_body(baseline):
    """But for the joint fund of Lozère, whose name three bodies answer to."""
    for row in baseline.institutions:
        if row.network == "rsi":
            continue
        day = max(DAY, row.valid_from)
        assert {i.body for i in baseline.named(row.name, day)} == {row.body}, row.name


def test_competences_of_2020_are_there_by_role(baseline):
    ccmsa = "FR:0200000000"
    assert baseline.competence(ccmsa, "P_BUC_01", "Counterparty", DAY) is not None
    assert baseline.competence(ccmsa, "P_BUC_01", "CaseOwner", DAY) is None
    assert baseline.competence(ccmsa, "P_BUC_01", "Counterparty", date(2020, 1, 31)) is None


def test_files_are_sorted_so_that_changes_can_be_read(baseline):
    keys = [(i.network, i.body, i.id, i.valid_from) for i in baseline.institutions]
    assert keys == sorted(keys)
    assert [c.insee for c in baseline.communes] == sorted(c.insee for c in baseline.communes)
