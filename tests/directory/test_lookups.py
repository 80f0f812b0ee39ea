"""Each look-up on a handful of rows: what it answers, and when it answers nothing."""

from datetime import date, timedelta

import pytest

from ir_directory import (
    Certainty,
    InstitutionRepository,
    Located,
    department_by_rule,
    department_of,
    normalised,
    normalised_town,
)
from tests.directory.conftest import (
    DAY,
    SINCE,
    a_catchment,
    a_commune,
    a_competence,
    an_institution,
)

AIN, SAVOY = "FR:0101100000", "FR:0174100000"
ENDED = date(2022, 1, 1)


def two_departments(**more):
    return InstitutionRepository(
        institutions=[an_institution(AIN, "cpam-011"), an_institution(SAVOY, "cpam-741")],
        catchments=[a_catchment("dep:01", AIN), a_catchment("dep:74", SAVOY)],
        communes=[
            a_commune("01053", "Bourg-en-Bresse", "01000"),
            a_commune("01033", "Billiat", "01200", former_names=("Vieux-Billiat",)),
            a_commune("74109", "Éloise", "01200"),
            a_commune("74010", "Annecy", "74000"),
        ],
        **more,
    )


# -- words --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "same"),
    [
        ("Caisse de l'Ain", "CAISSE DE L AIN"),
        ("Beauce Cœur de Loire", "beauce-coeur-de-loire"),
        ("Établissement", "etablissement"),
        ("CARSAT  ALSACE.", "Carsat Alsace"),
    ],
)
def test_names_are_compared_without_case_accents_and_punctuation(written, same):
    assert normalised(written) == normalised(same)


def test_different_names_stay_different():
    assert normalised("CPAM de l'Ain") != normalised("CPAM de l'Aisne")
    assert normalised_town("Saint-Denis") != normalised_town("Saint-Denis-lès-Bourg")


@pytest.mark.parametrize(
    ("written", "town"),
    [
        ("ST BRIEUC CEDEX 1", "Saint-Brieuc"),
        ("Ste-Foy", "Sainte-Foy"),
        ("BOURG EN BRESSE CEDEX", "Bourg-en-Bresse"),
        ("L’Haÿ-les-Roses", "L'Hay les Roses"),
    ],
)
def test_towns_are_written_in_many_ways(written, town):
    assert normalised_town(written) == normalised_town(town)


@pytest.mark.parametrize(
    ("insee", "department"),
    [("59350", "59"), ("2A004", "2A"), ("97105", "971"), ("98818", "988"), ("01053", "01")],
)
def test_a_municipality_tells_its_department(insee, department):
    assert department_of(insee) == department


@pytest.mark.parametrize(
    ("postcode", "department"),
    [
        ("01999", "01"),
        ("20090", "2A"),
        ("20137", "2A"),
        ("20200", "2B"),
        ("20620", "2B"),
        ("20999", "2B"),
        ("97133", "977"),
        ("97150", "978"),
        ("97110", "971"),
        ("98600", "986"),
    ],
)
def test_a_postcode_points_to_a_department(postcode, department):
    assert department_by_rule(postcode) == department


def test_certainties_are_ordered_and_have_codes():
    assert Certainty.INFERRED < Certainty.LIKELY < Certainty.SOLID < Certainty.CONFIRMED
    assert [Certainty.of(c.code) for c in Certainty] == list(Certainty)
    with pytest.raises(ValueError, match="sure"):
        Certainty.of("sure")


# -- institutions -------------------------------------------------------------------------------


def renamed():
    """One id under two names, a merged body, a body with two ids, and one without."""
    return InstitutionRepository(
        institutions=[
            an_institution("FR:PE", "france-travail", "Pôle emploi", valid_to=date(2024, 1, 1)),
            an_institution(
                "FR:PE", "france-travail", "France Travail", valid_from=date(2024, 1, 1)
            ),
            an_institution("FR:N1", "normandie", "Urssaf Normandie", valid_from=ENDED),
            an_institution(
                "FR:N2", "haute", "Haute-Normandie", valid_to=ENDED, successor="normandie"
            ),
            an_institution("FR:N0", "older", "Rouen", valid_to=date(2020, 1, 1), successor="haute"),
            an_institution("FR:M1", "msa", "MSA Poitou", network="msa"),
            an_institution("FR:M2", "msa", "MSA Poitou", network="msa"),
            an_institution("FR:M0", "vienne", "MSA Vienne", valid_to=ENDED, successor="msa"),
            an_institution("", "cnam", "Caisse nationale", acronym="CNAM|Cnam Paris"),
        ]
    )


def test_the_latest_row_of_an_id_is_the_institution():
    assert renamed().institution("FR:PE").name == "France Travail"
    assert renamed().institution("FR:XX") is None
    assert renamed().institution("") is None


def test_an_id_under_a_new_name_goes_on_as_itself():
    repository = renamed()
    assert repository.successor_on("FR:PE", DAY).name == "Pôle emploi"
    assert repository.successor_on("FR:PE", date(2024, 1, 1)).name == "France Travail"
    (old,) = repository.named("POLE EMPLOI", date(2024, 6, 1))
    assert repository.successor_on(old.id, date(2024, 6, 1)).id == "FR:PE"


def test_a_new_name_is_unknown_before_its_day():
    assert renamed().named("France Travail", DAY) == ()


def test_a_merged_institution_leads_to_the_one_in_force():
    repository = renamed()
    assert repository.successor_on("FR:N2", date(2021, 12, 31)).id == "FR:N2"
    assert repository.successor_on("FR:N2", ENDED).id == "FR:N1"
    assert repository.successor_on("FR:N0", DAY).id == "FR:N1"


def test_a_successor_with_two_ids_is_none_of_them():
    assert renamed().successor_on("FR:M0", DAY) is None


@pytest.mark.parametrize("ident", ["FR:XX", "", "FR:N1"])
def test_nobody_succeeds_the_unknown_and_the_not_yet(ident):
    assert renamed().successor_on(ident, date(2020, 6, 1)) is None


def test_who_does_not_exist_yet_has_no_successor_yet():
    later = {"valid_from": date(2025, 1, 1), "valid_to": date(2026, 1, 1), "successor": "b"}
    repository = InstitutionRepository(
        institutions=[an_institution("FR:A", "a", **later), an_institution("FR:B", "b")]
    )
    assert repository.successor_on("FR:A", DAY) is None
    assert repository.successor_on("FR:A", date(2026, 1, 1)).id == "FR:B"


def test_successors_in_a_circle_end_with_nobody():
    repository = InstitutionRepository(
        institutions=[
            an_institution("FR:A", "a", valid_to=ENDED, successor="b"),
            an_institution("FR:B", "b", valid_to=ENDED, successor="a"),
        ]
    )
    assert repository.successor_on("FR:A", DAY) is None


def test_a_name_may_be_that_of_several():
    repository = renamed()
    assert [i.id for i in repository.named("msa poitou", DAY)] == ["FR:M1", "FR:M2"]
    assert [i.body for i in repository.named("Cnam", DAY)] == ["cnam"]
    assert [i.body for i in repository.named("cnam-paris", DAY)] == ["cnam"]
    assert repository.named("MSA", DAY) == ()
    assert repository.named("", DAY) == ()


def test_two_bodies_with_one_name_are_both_named():
    rows = [an_institution("FR:B", "b", "Caisse"), an_institution("FR:A", "a", "CAISSE")]
    assert [i.body for i in InstitutionRepository(rows).named("caisse", DAY)] == ["a", "b"]


def test_members_are_the_networks_own_and_those_that_serve_for_it():
    repository = InstitutionRepository(
        institutions=[an_institution(AIN, "cpam-011"), an_institution("FR:G", "cgss", network="x")],
        catchments=[a_catchment("dep:971", "FR:G"), a_catchment("dep:971", "FR:none")],
    )
    assert repository.members("cpam") == {"cpam-011", "cgss"}
    assert repository.members("x") == {"cgss"}
    assert repository.members("nobody") == frozenset()


def test_a_body_is_of_a_network_on_the_days_of_the_rows_that_say_so():
    repository = InstitutionRepository(
        institutions=[
            an_institution(AIN, "cpam-011", valid_to=ENDED),
            an_institution(AIN, "cpam-011", network="x", valid_from=ENDED),
        ],
        catchments=[a_catchment("dep:971", AIN, network="y", valid_from=ENDED)],
    )
    before = ENDED - timedelta(days=1)
    found = {n: [repository.belongs("cpam-011", n, on) for on in (before, ENDED)]
             for n in ("cpam", "x", "y", "z")}  # fmt: skip
    assert found == {
        "cpam": [True, False],
        "x": [False, True],
        "y": [False, True],
        "z": [False, False],
    }


def test_an_institution_is_known_from_its_first_day_on_whether_it_has_ended_or_not():
    directory = renamed()
    assert directory.known("FR:PE", date(2023, 12, 31)).name != "France Travail"
    assert directory.known("FR:PE", date(2024, 1, 1)).name == "France Travail"
    assert directory.known("FR:N2", date(2030, 1, 1)).successor == "normandie"
    assert directory.known("FR:N1", ENDED - timedelta(days=1)) is None
    assert directory.known("FR:XX", DAY) is None


def test_a_competence_for_the_buc_goes_before_that_for_its_sector():
    repository = InstitutionRepository(
        competences=[
            a_competence(AIN, "S_BUC_*", source="sector"),
            a_competence(AIN, "S_BUC_01", source="exact", valid_to=ENDED),
        ]
    )

    def found(buc, day=DAY, role="Counterparty"):
        row = repository.competence(AIN, buc, role, day)
        return row.source if row is not None else None

    assert found("S_BUC_01", SINCE) == "exact"
    assert found("S_BUC_01") == "sector"
    assert found("S_BUC_24") == "sector"
    assert found("P_BUC_01") is None
    assert found("S_BUC_01", role="CaseOwner") is None


# -- places -------------------------------------------------------------------------------------


def test_the_narrowest_area_given_decides():
    repository = InstitutionRepository(
        catchments=[
            a_catchment("dep:59", "FR:D"),
            a_catchment("insee:59350", "FR:I", valid_from=ENDED),
            a_catchment("country:BE", "FR:C"),
        ]
    )

    def found(day=DAY, **area):
        row = repository.catchment("cpam", **area, on=day)
        return row.institution if row is not None else None

    assert found(insee="59350", department="59", country="BE") == "FR:I"
    assert found(insee="59350", department="59", day=SINCE) == "FR:D"
    assert found(insee="59001", department="59") == "FR:D"
    assert found(country="BE") == "FR:C"
    assert found(insee="59001") is None
    assert found() is None


@pytest.mark.parametrize(
    "written", ["01000", " 01000 ", "01 000", "F-01000", "FR-01000", "F 01000"]
)
def test_a_postcode_and_its_town_decide(written):
    located = two_departments().area_candidates("cpam", written, "BOURG-EN-BRESSE", DAY)
    assert located == Located((AIN,), ("dep:01",), Certainty.SOLID)


@pytest.mark.parametrize("town", [None, "", " ", "Berlin", "Somewhere", "Annecy-les-Prés"])
def test_a_postcode_without_a_town_of_its_own_is_a_proposal(town):
    """A place abroad under the code FR has a postcode that exists here: Berlin is not in Ain."""
    located = two_departments().area_candidates("cpam", "01000", town, DAY)
    alone = not (town or "").strip()
    if_sure = Certainty.SOLID if alone else Certainty.CONFIRMED
    assert located == Located((AIN,), ("dep:01",), Certainty.INFERRED, if_sure)


@pytest.mark.parametrize(
    ("postcode", "town", "if_sure"),
    [
        ("01000", None, Certainty.LIKELY),
        ("01999", None, Certainty.LIKELY),
        ("01059", "BOURG CEDEX 9", Certainty.LIKELY),
        ("01000", "Berlin", Certainty.CONFIRMED),
        ("01000", "Annecy", Certainty.CONFIRMED),
        ("01059", "ANNECY CEDEX", Certainty.CONFIRMED),
        ("01000", "Bourg", None),
        ("01067", "Dresden", None),
        ("05000", None, None),
    ],
)
def test_an_address_in_doubt_says_what_its_rows_would_be_worth(postcode, town, if_sure):
    """Beside another town they may be those of any place; of no address, or a sure one, nothing."""
    repository = InstitutionRepository(
        catchments=[
            a_catchment("dep:01", AIN, certainty=Certainty.LIKELY),
            a_catchment("dep:74", SAVOY),
        ],
        communes=[
            a_commune("01053", "Bourg", "01000"),
            a_commune("74010", "Annecy", "74000"),
            a_commune("05061", "Gap", "05000"),
        ],
    )
    assert repository.area_candidates("cpam", postcode, town, DAY).if_sure is if_sure


@pytest.mark.parametrize("written", ["", "1000", "010000", "L-1000", "2A000", "abcde", "01000-2"])
def test_what_is_no_french_postcode_leads_nowhere(written):
    located = two_departments().area_candidates("cpam", written, "Bourg-en-Bresse", DAY)
    assert located == Located((), (), Certainty.INFERRED)


@pytest.mark.parametrize(
    ("town", "candidates"),
    [
        (None, (AIN, SAVOY)),
        ("", (AIN, SAVOY)),
        ("Somewhere", (AIN, SAVOY)),
        ("Annecy", (AIN, SAVOY)),
        ("ELOISE", (SAVOY,)),
        ("Billiat", (AIN,)),
        ("vieux billiat", (AIN,)),
    ],
)
def test_a_postcode_over_two_departments_needs_its_town(town, candidates):
    assert two_departments().area_candidates("cpam", "01200", town, DAY).candidates == candidates


@pytest.mark.parametrize("postcode", ["01999", "01000"])
def test_a_town_that_lies_elsewhere_takes_the_decision_away(postcode):
    located = two_departments().area_candidates("cpam", postcode, "Annecy", DAY)
    assert located.candidates == (AIN, SAVOY)
    assert located.certainty is Certainty.INFERRED


def test_a_town_of_the_same_institution_adds_no_candidate_but_proves_nothing():
    located = two_departments().area_candidates("cpam", "01000", "Billiat", DAY)
    assert located == Located((AIN,), ("dep:01",), Certainty.INFERRED, Certainty.CONFIRMED)


@pytest.mark.parametrize("postcode", ["01000", "01999"])
def test_a_town_of_many_places_contradicts_only_when_it_can_be_none_of_them(postcode):
    repository = InstitutionRepository(
        catchments=[a_catchment("dep:01", AIN), a_catchment("dep:74", SAVOY)],
        communes=[
            a_commune("01053", "Bourg-en-Bresse", "01000"),
            a_commune("01001", "Aix", "01400"),
            a_commune("74001", "Aix", "74400"),
        ],
    )
    assert repository.area_candidates("cpam", postcode, "Aix", DAY).candidates == (AIN,)


def test_candidates_are_sorted_whatever_the_order_of_their_towns():
    repository = InstitutionRepository(
        catchments=[a_catchment("insee:01001", "FR:2"), a_catchment("insee:01002", "FR:1")],
        communes=[a_commune("01001", "Aix", "01000"), a_commune("01002", "Bourg", "01000")],
    )
    located = repository.area_candidates("cpam", "01000", None, DAY)
    assert located.candidates == ("FR:1", "FR:2")
    assert located.areas == ("insee:01001", "insee:01002")


def test_a_business_postcode_with_a_town_of_its_department_is_likely():
    located = two_departments().area_candidates("cpam", "01059", "BOURG EN BRESSE CEDEX 9", DAY)
    assert located == Located((AIN,), ("dep:01",), Certainty.LIKELY, Certainty.SOLID)


@pytest.mark.parametrize("town", [None, "BOURG CEDEX 9", "CEDEX", "Billiat"])
def test_an_unknown_postcode_is_a_proposal_for_its_department(town):
    """Without CEDEX it may be abroad: 67294 is a Bischheim in Germany, 67800 the one in France."""
    located = two_departments().area_candidates("cpam", "01059", town, DAY)
    assert (located.candidates, located.certainty) == ((AIN,), Certainty.INFERRED)


def test_a_business_postcode_of_another_department_than_its_town_is_a_proposal():
    located = two_departments().area_candidates("cpam", "01059", "ANNECY CEDEX", DAY)
    areas, sure = ("dep:01", "dep:74"), Certainty.CONFIRMED
    assert located == Located((AIN, SAVOY), areas, Certainty.INFERRED, sure)


@pytest.mark.parametrize("town", ["Dresden", "Milano", " "])
def test_neither_postcode_nor_town_of_here_is_no_french_address(town):
    """Another country's address under the code FR: 01067 is Dresden."""
    located = two_departments().area_candidates("cpam", "01067", town, DAY)
    assert located.candidates == (() if town.strip() else (AIN,))


def test_a_business_postcode_of_a_divided_department_leaves_all_its_institutions():
    repository = InstitutionRepository(
        catchments=[
            a_catchment("insee:59001", "FR:1", certainty=Certainty.INFERRED),
            a_catchment("insee:59002", "FR:2", certainty=Certainty.INFERRED),
            a_catchment("insee:59003", "FR:3", valid_to=ENDED),
        ],
        communes=[a_commune("59001", "Abancourt", "59268")],
    )
    located = repository.area_candidates("cpam", "59999", "Abancourt", DAY)
    sure = Certainty.CONFIRMED
    assert located == Located(("FR:1", "FR:2"), ("dep:59",), Certainty.INFERRED, sure)


def test_a_neighbour_does_not_decide_for_a_town_that_nobody_serves():
    repository = InstitutionRepository(
        catchments=[a_catchment("dep:07", "FR:1")],
        communes=[a_commune("07128", "Laveyrune", "48250"), a_commune("48080", "Luc", "48250")],
    )
    assert repository.area_candidates("cpam", "48250", None, DAY).candidates == ()
    assert repository.area_candidates("cpam", "48250", "Luc", DAY).candidates == ()
    assert repository.area_candidates("cpam", "48250", "Laveyrune", DAY).candidates == ("FR:1",)


def test_the_certainty_is_the_lowest_of_the_rows_used():
    repository = InstitutionRepository(
        catchments=[
            a_catchment("dep:01", AIN),
            a_catchment("insee:01033", AIN, certainty=Certainty.INFERRED),
        ],
        communes=[a_commune("01053", "Bourg", "01000"), a_commune("01033", "Billiat", "01000")],
    )

    def certainty(town):
        return repository.area_candidates("cpam", "01000", town, DAY).certainty

    assert certainty("Billiat") is Certainty.INFERRED
    assert certainty("Bourg") is Certainty.SOLID


def test_a_network_without_rows_has_nobody_anywhere():
    assert two_departments().area_candidates("caf", "01000", None, DAY).candidates == ()


# -- what it is ---------------------------------------------------------------------------------


class _Untouchable:
    def __iter__(self):
        raise AssertionError("a look-up scanned the rows")

    __len__ = __getitem__ = __contains__ = __iter__


def test_no_lookup_goes_through_the_rows():
    repository = two_departments(competences=[a_competence(AIN, "S_BUC_01")])
    for rows in ("institutions", "competences", "catchments", "communes", "partners"):
        object.__setattr__(repository, rows, _Untouchable())
    assert repository.institution(AIN)
    assert repository.named("cpam-011", DAY)
    assert repository.successor_on(AIN, DAY)
    assert repository.members("cpam")
    assert repository.competence(AIN, "S_BUC_01", "Counterparty", DAY)
    assert repository.catchment("cpam", department="01", on=DAY)
    for postcode, town in (("01000", None), ("01200", "Eloise"), ("01999", "Annecy")):
        assert repository.area_candidates("cpam", postcode, town, DAY).candidates


def test_it_cannot_be_changed():
    with pytest.raises(AttributeError):
        two_departments().institutions = ()
