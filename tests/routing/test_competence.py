"""The baseline at work: one worked example a family of rules, the traps, and every switch.

Each example says what a SED tells and which institution is competent, with the reason in the
release's own words: the rules used. Ids are those of the baseline, which is an example.
"""

from dataclasses import dataclass
from datetime import date

import pytest
from lxml import etree

from gateway.core.evidence import About, Address, AddressKind, Evidence, Named, Where
from gateway.core.extracting import extract
from gateway.core.resolution import Resolved, Several, resolve
from gateway.core.subject import Subject
from gateway.core.tables import Tables
from ir_directory import Certainty
from ir_directory import load as directory_load
from routing_tables import Questions
from routing_tables import load as routes_load
from sed_schemas import Catalogue

TODAY = date(2026, 6, 1)
CPAM_AIN, CPAM_PARIS, CPAM_MELUN = "FR:0101100000", "FR:0175100000", "FR:0177100000"
CARSAT_LYON, CARSAT_NANTES, CARSAT_BORDEAUX = "FR:RG69R00000", "FR:RG44R00000", "FR:RG33R00000"
CRAMIF, CNSE, CCMSA = "FR:0175900000", "FR:0156200000", "FR:0200000000"
CNG, CLEISS_LA, FRANCE_TRAVAIL = "FR:01594UR000", "FR:CLEISS0001", "FR:PE10000001"
MSA_AIN, CAF_AIN, CPRPF, CNIEG = "FR:0201100000", "FR:01011PF000", "FR:0411000000", "FR:EG00000000"
CAMIEG, CANSSM, CAVIMAC = "FR:9993906030", "FR:RM00000000", "FR:9010000000"
CCAS, CRP, ENIM, ENIM_PENSIONS = "FR:0505100000", "FR:0505300000", "FR:MA00000000", "FR:MA00001000"
CNRACL, CARMF, MGEN_AIN = "FR:CL00000000", "FR:PL75M00000", "FR:9101105060"

BOURG, PARIS, MELUN = ("01000", "Bourg-en-Bresse"), ("75011", "Paris"), ("77000", "Melun")


@pytest.fixture(scope="module")
def tables():
    return Tables(
        "baseline", "0", directory_load.load(), routes_load.load(),
        Catalogue(frozenset(), {}, frozenset()), Questions(),
    )  # fmt: skip


@dataclass(frozen=True)
class Case:
    """What a SED tells, in the words of these tests."""

    buc: str
    lives: tuple = ()
    country: str = "FR"
    pin: tuple = ()
    number: tuple = ()
    name: tuple = ()
    population: tuple = ()
    about: About = About.INSURED
    family: tuple = ()
    employer: tuple = ()
    main: About = About.INSURED

    def evidence(self):
        living = [(self.about, AddressKind.RESIDENCE, self.country, self.lives)]
        living += [(About.FAMILY_MEMBER, AddressKind.RESIDENCE, "FR", self.family)]
        living += [(About.EMPLOYER, AddressKind.EMPLOYER, "FR", self.employer)]
        naming = [(Where.PIN, i, None) for i in self.pin]
        naming += [(Where.LOCAL_CASE_NUMBER, i, None) for i in self.number]
        naming += [(Where.PIN, None, n) for n in self.name]
        return Evidence(
            subject_about=self.main,
            addresses=tuple(Address(a, k, c, *p) for a, k, c, p in living if p),
            named=tuple(Named(self.about, w, "FR", i, n) for w, i, n in naming),
            populations=frozenset(self.population),
        )


def resolved(tables, case, on=TODAY, decided=None):
    subject = Subject(case.buc, "X", "Counterparty", case.evidence(), on, decided or on)
    return resolve(subject, tables)


DSS = "FR:1000000000"
PIN_OF = (
    "<PINPersonInEachInstitution><PersonalIdentificationNumber><country><value>FR</value></country>"
    "<personalIdentificationNumber>1</personalIdentificationNumber><Institution><institutionID>{}"
    "</institutionID></Institution></PersonalIdentificationNumber></PINPersonInEachInstitution>"
)
PERSON = (
    "<Person><PersonIdentification><familyName>{}</familyName><forename>Ada</forename>"
    "<dateBirth>1980-01-01</dateBirth><sex><value>02</value></sex>{}</PersonIdentification></Person>"
)

# -- found --------------------------------------------------------------------------------------

MADRID, OSLO, BERLIN = ("28001", "Madrid"), ("0150", "Oslo"), ("10115", "Berlin")
LIKELY, SOLID, INFERRED = Certainty.LIKELY, Certainty.SOLID, Certainty.INFERRED

FOUND = [
    # S: CNSE alone for rates, whatever else is in the SED
    (Case("S_BUC_06"), CNSE, SOLID, ["S-RATES"]),
    (Case("S_BUC_06", BOURG, pin=(CPAM_AIN, MSA_AIN)), CNSE, SOLID, ["S-RATES"]),
    # S: the CPAM of residence; the assumption is a rule of its own
    (Case("S_BUC_24", BOURG), CPAM_AIN, LIKELY, ["S-ASSUMED", "cpam:dep:01"]),
    (Case("S_BUC_24", BOURG, pin=(CPAM_AIN,)), CPAM_AIN, LIKELY, ["S-GENERAL", "cpam:dep:01"]),
    (Case("S_BUC_05", BOURG), CPAM_AIN, LIKELY, ["S-ASSUMED", "cpam:dep:01"]),
    (Case("S_BUC_01a", BOURG), CPAM_AIN, LIKELY, ["S-RESIDENT-ASSUMED", "cpam:dep:01"]),
    (Case("S_BUC_03", BOURG), CPAM_AIN, LIKELY, ["S-RESIDENT-ASSUMED", "cpam:dep:01"]),
    (Case("S_BUC_24", BOURG, pin=(CARMF,)), CPAM_AIN, LIKELY, ["S-GENERAL", "cpam:dep:01"]),
    (Case("S_BUC_24", BOURG, pin=(MSA_AIN,)), MSA_AIN, INFERRED, ["S-AGRICULTURAL", "msa:dep:01"]),
    (Case("S_BUC_24", BOURG, pin=(CPRPF,)), CPRPF, LIKELY, ["S-RAIL"]),
    (Case("S_BUC_24", BOURG, pin=(CRP,)), CCAS, LIKELY, ["S-RATP"]),
    (Case("S_BUC_24", BOURG, pin=(CAVIMAC,)), CAVIMAC, LIKELY, ["S-CLERGY"]),
    (Case("S_BUC_24", MADRID, "ES", pin=(ENIM,)), ENIM, LIKELY, ["S-SEAFARERS"]),
    # S: insured here and living abroad: only who is named
    (Case("S_BUC_01", MADRID, "ES", pin=(CPAM_AIN,)), CPAM_AIN, LIKELY, ["S-INSURED-ABROAD"]),
    (Case("S_BUC_02", MADRID, "ES", pin=(CARSAT_LYON,)), CARSAT_LYON, LIKELY, ["S-INSURED-ABROAD"]),
    (Case("S_BUC_04", MADRID, "ES", pin=(MSA_AIN,)), MSA_AIN, INFERRED,
     ["S-INSURED-ABROAD-AGRICULTURAL"]),
    (Case("S_BUC_04", MADRID, "ES", name=("CPAM de l'Ain",)), CPAM_AIN, LIKELY,
     ["S-INSURED-ABROAD"]),
    (Case("S_BUC_05", MADRID, "ES", pin=(CPAM_AIN,)), CPAM_AIN, LIKELY, ["S-GENERAL"]),
    # AW
    (Case("AW_BUC_01b", BOURG), CPAM_AIN, LIKELY, ["AW-ASSUMED", "cpam:dep:01"]),
    (Case("AW_BUC_08", BOURG, pin=(MSA_AIN,)), MSA_AIN, INFERRED,
     ["AW-AGRICULTURAL", "msa:dep:01"]),
    (Case("AW_BUC_02", BOURG, pin=(CPRPF,)), CPRPF, SOLID, ["AW-RAIL"]),
    (Case("AW_BUC_12", MADRID, "ES", pin=(CPAM_AIN,)), CPAM_AIN, LIKELY, ["AW-GENERAL"]),
    # P: by department in France, by country abroad, the file first
    (Case("P_BUC_01", BOURG), CARSAT_LYON, LIKELY, ["P-OLD-AGE-ASSUMED", "carsat:dep:01"]),
    (Case("P_BUC_01", BOURG, pin=(CPAM_AIN,)), CARSAT_LYON, LIKELY, ["P-OLD-AGE", "carsat:dep:01"]),
    (Case("P_BUC_01", OSLO, "NO"), CARSAT_NANTES, LIKELY,
     ["P-OLD-AGE-ASSUMED", "carsat:country:NO"]),
    (Case("P_BUC_01", OSLO, "NO", number=(CARSAT_LYON,)), CARSAT_LYON, LIKELY, ["P-OLD-AGE"]),
    (Case("P_BUC_02", MADRID, "ES", about=About.CLAIMANT), CARSAT_BORDEAUX, LIKELY,
     ["P-SURVIVOR-ASSUMED", "carsat:country:ES"]),
    (Case("P_BUC_05", BOURG), CARSAT_LYON, INFERRED, ["P-FILE-ASSUMED", "carsat:dep:01"]),
    (Case("P_BUC_05", MADRID, "ES", number=(CARSAT_NANTES,)), CARSAT_NANTES, INFERRED, ["P-FILE"]),
    (Case("P_BUC_05", BOURG, number=(CARSAT_NANTES,)), CARSAT_NANTES, INFERRED, ["P-FILE"]),
    (Case("P_BUC_06", BOURG, number=(CPAM_AIN,)), CPAM_AIN, INFERRED, ["P-FILE"]),
    (Case("P_BUC_06", BOURG, pin=(CPAM_AIN,)), CARSAT_LYON, INFERRED, ["P-FILE", "carsat:dep:01"]),
    (Case("P_BUC_01", BOURG, pin=(MSA_AIN,)), CCMSA, LIKELY, ["P-AGRICULTURAL"]),
    (Case("P_BUC_05", BOURG, number=(MSA_AIN,)), MSA_AIN, LIKELY, ["P-AGRICULTURAL-FILE"]),
    (Case("P_BUC_05", BOURG, number=(CCMSA,)), CCMSA, LIKELY, ["P-AGRICULTURAL-FILE"]),
    (Case("P_BUC_07", BOURG, pin=(MSA_AIN,)), MSA_AIN, LIKELY,
     ["P-AGRICULTURAL-LOCAL", "msa:dep:01"]),
    (Case("P_BUC_01", BOURG, pin=(CCAS,)), CRP, LIKELY, ["P-RATP"]),
    (Case("P_BUC_01", BOURG, pin=(CAMIEG,)), CNIEG, LIKELY, ["P-IEG"]),
    (Case("P_BUC_01", BOURG, pin=(ENIM,)), ENIM_PENSIONS, LIKELY, ["P-SEAFARERS"]),
    (Case("P_BUC_01", number=("FR:0620004000",)), "FR:0620004000", INFERRED, ["P-SEAFARERS"]),
    (Case("S_BUC_05", BOURG, pin=(ENIM_PENSIONS,)), ENIM_PENSIONS, INFERRED, ["S-SEAFARERS"]),
    (Case("P_BUC_01", BOURG, pin=(CNRACL,)), CNRACL, LIKELY, ["P-LOCAL"]),
    (Case("P_BUC_01", BOURG, pin=(CARMF,)), CARMF, LIKELY, ["P-LIBERAL"]),
    # P: where invalidity is concerned
    (Case("P_BUC_03", PARIS, pin=(CPAM_PARIS,)), CRAMIF, LIKELY,
     ["P-INVALIDITY", "invalidity:dep:75"]),
    (Case("P_BUC_03", MELUN), CPAM_MELUN, LIKELY, ["P-INVALIDITY-ASSUMED", "invalidity:dep:77"]),
    (Case("P_BUC_03", MADRID, "ES", pin=(CPAM_AIN,)), CPAM_AIN, LIKELY, ["P-INVALIDITY"]),
    (Case("P_BUC_03", BOURG, pin=(CRP,)), CCAS, LIKELY, ["P-RATP-INVALIDITY"]),
    # FB
    (Case("FB_BUC_01", BOURG), CAF_AIN, LIKELY, ["FB-ASSUMED", "caf:dep:01"]),
    (Case("FB_BUC_04", BOURG, pin=(CPRPF,)), CAF_AIN, LIKELY, ["FB-CAF", "caf:dep:01"]),
    (Case("FB_BUC_01", BERLIN, "DE", family=BOURG), CAF_AIN, LIKELY, ["FB-ASSUMED", "caf:dep:01"]),
    (Case("FB_BUC_01", BERLIN, "DE", number=(CAF_AIN,)), CAF_AIN, LIKELY, ["FB-ASSUMED"]),
    (Case("FB_BUC_03", BOURG, pin=(MSA_AIN,)), MSA_AIN, LIKELY, ["FB-AGRICULTURAL", "msa:dep:01"]),
    # UB, R, H
    (Case("UB_BUC_01"), FRANCE_TRAVAIL, SOLID, ["UB"]),
    (Case("UB_BUC_04", BOURG, pin=(MSA_AIN, CPAM_AIN)), FRANCE_TRAVAIL, SOLID, ["UB"]),
    (Case("R_BUC_07", number=("FR:01691UR000",), pin=(CPAM_AIN,)), "FR:01691UR000", INFERRED,
     ["R-FILE"]),
    (Case("R_BUC_05", number=(CAF_AIN,)), CAF_AIN, INFERRED, ["R-FILE"]),
    (Case("H_BUC_01", BERLIN, "DE", pin=(CPAM_AIN,)), CPAM_AIN, INFERRED, ["H-NAMED"]),
    (Case("H_BUC_07", number=(CARSAT_LYON,)), CARSAT_LYON, INFERRED, ["H-NAMED"]),
    # LA: the id of the CNG is that of its Urssaf, and likely only
    (Case("LA_BUC_02", population=("employee",)), CNG, LIKELY, ["LA-ASSUMED"]),
    (Case("LA_BUC_02", pin=(CPAM_AIN,)), CNG, LIKELY, ["LA-GENERAL"]),
    (Case("LA_BUC_05", pin=(CANSSM,)), CNG, LIKELY, ["LA-MINES-IEG"]),
    (Case("LA_BUC_04", pin=(CAMIEG,)), CNG, LIKELY, ["LA-MINES-IEG"]),
    (Case("LA_BUC_03", pin=(MSA_AIN,), employer=BOURG), MSA_AIN, LIKELY,
     ["LA-AGRICULTURAL", "msa:dep:01"]),
    (Case("LA_BUC_06", pin=(CPRPF,)), CPRPF, SOLID, ["LA-RAIL"]),
    (Case("LA_BUC_02", pin=(CAVIMAC,)), CAVIMAC, LIKELY, ["LA-SPECIAL"]),
    (Case("LA_BUC_01", pin=(CPAM_AIN,)), CNG, LIKELY, ["LA-DEROGATION"]),
    (Case("LA_BUC_01"), CNG, LIKELY, ["LA-DEROGATION-ASSUMED"]),
    (Case("LA_BUC_01", pin=(MSA_AIN,)), CCMSA, SOLID, ["LA-DEROGATION-AGRICULTURAL"]),
    # found, and only proposed to a person
    (Case("S_BUC_07"), CNSE, INFERRED, ["S-PLANNED"]),
    (Case("S_BUC_24", pin=(CAMIEG,)), CAMIEG, INFERRED, ["S-IEG"]),
    (Case("S_BUC_15", BOURG), CPAM_AIN, INFERRED, ["S-LONG-TERM-CARE-ASSUMED", "cpam:dep:01"]),
    (Case("S_BUC_04", pin=(MGEN_AIN,)), MGEN_AIN, INFERRED, ["S-INSURED-ABROAD-OTHER"]),
    (Case("AW_BUC_05"), CNSE, INFERRED, ["AW-CLAIMS"]),
    (Case("LA_BUC_02", pin=(CRP,)), CRP, INFERRED, ["LA-RATP"]),
    (Case("H_BUC_03a"), CNG, INFERRED, ["H-LEGISLATION-ASSUMED"]),
]  # fmt: skip


@pytest.mark.parametrize(("case", "expected", "certainty", "rules"), FOUND)
def test_the_competent_institution_is_found(tables, case, expected, certainty, rules):
    result = resolved(tables, case)
    assert isinstance(result, Resolved), result
    assert (result.institution, result.certainty) == (expected, certainty)
    assert list(result.rules) == rules


def test_the_assumption_is_said_in_the_trace(tables):
    codes = [step.code for step in resolved(tables, Case("S_BUC_24", BOURG)).trace]
    assert codes == [
        "residence-known", "assumed-general", "route-matched", "area-matched",
        "institution-certainty", "competence-unlisted", "resolved-by-place",
    ]  # fmt: skip


# -- not found: the traps, and what is asked for ------------------------------------------------

OPEN = [
    # insured here, living abroad, nobody named: the foreign address says nothing
    (Case("S_BUC_01", MADRID, "ES"), "missing", ("institution",)),
    (Case("S_BUC_02", MADRID, "ES"), "missing", ("institution",)),
    (Case("S_BUC_04", MADRID, "ES"), "missing", ("institution",)),
    (Case("S_BUC_04", BOURG), "missing", ("institution",)),
    (Case("S_BUC_05", MADRID, "ES"), "missing", ("institution",)),
    (Case("S_BUC_24", MADRID, "ES"), "missing", ("institution",)),
    (Case("P_BUC_03", MADRID, "ES"), "missing", ("institution",)),
    (Case("FB_BUC_01", BERLIN, "DE"), "missing", ("institution",)),
    # a French-looking postcode abroad
    (Case("S_BUC_24", ("01000", "Bourg-en-Bresse"), "DE"), "missing", ("institution",)),
    # several CPAMs in a department, without a commune
    (Case("S_BUC_24", ("59999", "Nord Cedex")), "several", ("town",)),
    (Case("S_BUC_24", ("62999", "Pas-de-Calais Cedex")), "several", ("town",)),
    (Case("S_BUC_24", ("64999", "Pyrénées Cedex")), "several", ("town",)),
    (Case("S_BUC_24", ("76999", "Seine Cedex")), "several", ("town",)),
    # a town without a postcode
    (Case("S_BUC_24", (None, "Bourg-en-Bresse")), "missing", ("town",)),
    # nothing at all
    (Case("S_BUC_24"), "missing", ("residence",)),
    (Case("P_BUC_01"), "missing", ("residence",)),
    (Case("P_BUC_02", BOURG), "missing", ("claimant-residence",)),
    (Case("FB_BUC_04"), "missing", ("residence",)),
    (Case("R_BUC_07", BOURG, about=About.DEBTOR), "missing", ("institution",)),
    (Case("H_BUC_01", BOURG), "missing", ("institution",)),
    # a debtor's PIN is not a debt
    (Case("R_BUC_07", pin=(CPAM_AIN,)), "missing", ("institution",)),
    # an institution by a name that is not exactly one
    (Case("S_BUC_04", MADRID, "ES", name=("CPAM",)), "missing", ("institution",)),
    (Case("S_BUC_04", MADRID, "ES", name=("CNAM",)), "missing", ("institution",)),
    # an institution of the wrong branch
    (Case("S_BUC_04", MADRID, "ES", pin=(CAF_AIN,)), "missing", ("institution",)),
    # contradictions
    (Case("S_BUC_24", PARIS, pin=(CPAM_AIN,)), "conflict", ()),
    (Case("P_BUC_01", BOURG, pin=(CARSAT_NANTES,)), "conflict", ()),
    (Case("P_BUC_05", BOURG, number=(CARSAT_LYON, CAF_AIN)), "conflict", ()),
    (Case("P_BUC_05", BOURG, number=(CARSAT_LYON, CPAM_AIN)), "conflict", ()),
    (Case("S_BUC_24", BOURG, pin=(CPAM_AIN, MSA_AIN)), "conflict", ()),
    (Case("S_BUC_01", MADRID, "ES", pin=(CPAM_AIN, CARSAT_LYON)), "conflict", ()),
    (Case("H_BUC_01", pin=(CPAM_AIN, CAF_AIN)), "conflict", ()),
    # left to a person
    (Case("H_BUC_05", BOURG, pin=(CPAM_AIN,)), "rule-refers", ()),
    (Case("S_BUC_24", BOURG, pin=(CANSSM,)), "rule-refers", ()),
    (Case("AW_BUC_01b", BOURG, pin=(CNRACL,)), "rule-refers", ()),
    (Case("LA_BUC_02", pin=(CNRACL,)), "rule-refers", ()),
    (Case("X_BUC_99", BOURG), "no-route", ()),
]


@pytest.mark.parametrize(("case", "reason", "missing"), OPEN)
def test_what_cannot_be_known_is_asked_for_or_left_to_a_person(tables, case, reason, missing):
    result = resolved(tables, case)
    assert not isinstance(result, Resolved), result
    assert (result.reason, result.missing) == (reason, missing)


def test_a_household_in_two_areas_has_two_institutions(tables):
    result = resolved(tables, Case("S_BUC_03", BOURG, family=PARIS))
    assert isinstance(result, Several)
    assert len(result.candidates) == 2


RENNES = ("35000", "Rennes")


def employed(tables, *places):
    """A farm hand without a fund of his own, with these employers."""
    firms = [("FR", *place) for place in places]
    evidence = Evidence(
        addresses=tuple(Address(About.INSURED, AddressKind.EMPLOYER, *firm) for firm in firms),
        named=(Named(About.INSURED, Where.PIN, "FR", None, "MSA"),),
    )
    return resolve(Subject("LA_BUC_04", "A009", "Counterparty", evidence, TODAY, TODAY), tables)


def test_two_employers_of_two_institutions_are_candidates_and_no_guess(tables):
    for places in ((BOURG, RENNES), (RENNES, BOURG)):
        result = employed(tables, *places)
        assert (result.reason, result.missing) == ("several", ("employer",))
        assert result.candidates == (MSA_AIN, "FR:0235100000")
    assert employed(tables, BOURG, ("01500", "Ambérieu-en-Bugey")).institution == MSA_AIN


def test_an_employer_whose_place_is_not_known_leaves_the_other_a_proposal(tables):
    result = employed(tables, BOURG, ("99999", "Nowhere"))
    assert (result.institution, result.certainty) == (MSA_AIN, INFERRED)


@pytest.mark.parametrize("on", [date(2021, 6, 1), TODAY, date(2027, 6, 1)])
@pytest.mark.parametrize("pins", ["", PIN_OF.format(CAVIMAC), PIN_OF.format(MSA_AIN)])
def test_a_derogation_for_many_is_a_persons_and_belongs_to_the_dss(tables, on, pins):
    """Many persons in one A001, in coded fields; one person alone is nobody's but his scheme's."""
    people = [PERSON.format(name, pins) for name in ("Un", "Deux")]
    for inside, many in (("".join(people), True), (people[0], False)):
        evidence = extract(etree.fromstring(f"<A001>{inside}</A001>"))
        subject = Subject("LA_BUC_01", "A001", "Counterparty", evidence, on, on)
        result = resolve(subject, tables)
        assert (result.rules[0] == "LA-DEROGATION-COLLECTIVE") is many
        if many:
            assert (result.reason, result.candidates) == ("rule-refers", (DSS,))


@pytest.mark.parametrize("test_id", ["FR:CIN0000001", "FR:CLEISS0002"])
def test_a_test_institution_is_never_a_target_in_production(tables, test_id):
    result = resolved(tables, Case("H_BUC_01", number=(test_id,)))
    assert (result.reason, result.candidates) == ("missing", ())


@pytest.mark.parametrize("town", ["Berlin", None])
def test_a_postcode_beside_no_town_of_its_own_is_never_more_than_a_proposal(tables, town):
    """Of a place abroad miscoded FR: 01000 without Bourg-en-Bresse may be anywhere."""
    for buc in ("S_BUC_24", "P_BUC_01", "FB_BUC_01", "AW_BUC_01b"):
        result = resolved(tables, Case(buc, ("01000", town)))
        assert (result.reason, len(result.candidates)) == ("inferred", 1)
        assert result.missing == ("town",)


@pytest.mark.parametrize(
    ("town", "candidates", "reason"),
    [
        (None, ("FR:0159500000",), None),  # Lille's alone, by a deduced border
        ("Nord", ("FR:0159500000",), "inferred"),  # the department: what is meant may be elsewhere
        ("Quimper", ("FR:0129100000", "FR:0159500000"), "several"),
    ],
)
def test_a_question_is_worth_it_where_the_town_may_lie_in_a_surer_area(
    tables, town, candidates, reason
):
    result = resolved(tables, Case("S_BUC_24", ("59000", town)))
    if reason is None:
        assert ((result.institution,), result.certainty) == (candidates, INFERRED)
    else:
        assert (result.reason, result.candidates) == (reason, candidates)
        assert result.missing == ("town",)


def test_a_proposed_place_does_not_choose_among_the_ids_of_a_body_named(tables):
    msa = Case("P_BUC_04", ("86000", "Poitiers"), name=("MSA Sèvres-Vienne",))
    assert resolved(tables, msa).institution == "FR:0286100000"
    assert resolved(tables, msa).certainty is LIKELY
    nowhere = Case("P_BUC_04", ("86000", "Berlin"), name=("MSA Sèvres-Vienne",))
    assert resolved(tables, nowhere).reason == "inferred"


def test_the_place_of_birth_in_a_french_number_says_nothing(tables):
    """A PIN without its institution is no evidence of competence."""
    assert resolved(tables, Case("S_BUC_24")).candidates == ()


# -- since when ---------------------------------------------------------------------------------

SELF, EMPLOYEE = ("self-employed",), ("employee",)
SWITCHES = [
    (Case("LA_BUC_02", population=SELF), date(2020, 1, 1), None, CNG),
    (Case("LA_BUC_02", population=SELF, pin=(CPAM_AIN,)), date(2020, 1, 1), None, CNG),
    (Case("LA_BUC_02", population=EMPLOYEE), date(2022, 1, 1), None, CNG),
    (Case("LA_BUC_02", population=EMPLOYEE, pin=(CPAM_AIN,)), date(2022, 1, 1), None, CNG),
    (Case("LA_BUC_02", pin=(CANSSM,)), date(2022, 1, 1), None, CNG),
    (Case("LA_BUC_02", pin=(CAMIEG,)), date(2022, 1, 1), None, CNG),
    (Case("LA_BUC_02", pin=(CPRPF,)), date(2023, 1, 1), None, CPRPF),
    (Case("LA_BUC_01", pin=(CPAM_AIN,)), date(2022, 7, 1), CLEISS_LA, CNG),
    (Case("LA_BUC_01"), date(2022, 7, 1), CLEISS_LA, CNG),
    (Case("LA_BUC_01", pin=(MSA_AIN,)), date(2022, 7, 1), CLEISS_LA, CCMSA),
    (Case("LA_BUC_01", pin=(CAVIMAC,)), date(2022, 7, 1), CLEISS_LA, CLEISS_LA),
    (Case("LA_BUC_01", pin=(CAVIMAC,)), date(2026, 1, 1), CLEISS_LA, None),
    (Case("LA_BUC_01", pin=(CAVIMAC,)), date(2027, 1, 1), None, CNG),
]  # fmt: skip


@pytest.mark.parametrize(("case", "day", "before", "since"), SWITCHES)
def test_the_day_before_and_the_day_of_each_switch(tables, case, day, before, since):
    eve = date.fromordinal(day.toordinal() - 1)
    assert getattr(resolved(tables, case, on=eve), "institution", None) == before
    assert getattr(resolved(tables, case, on=day), "institution", None) == since


def test_a_self_employed_person_of_2021_is_told_from_an_employee_by_asking(tables):
    result = resolved(tables, Case("LA_BUC_02"), on=date(2021, 6, 1))
    assert (result.reason, result.missing) == ("missing", ("population",))


def test_before_the_first_day_of_the_tables_nothing_is_decided(tables):
    assert resolved(tables, Case("UB_BUC_01"), on=date(2018, 12, 31)).reason == "no-route"


def test_the_far_future_is_decided_like_the_last_known_day(tables):
    assert resolved(tables, Case("S_BUC_06"), on=date(2100, 1, 1)).institution == CNSE


def test_the_old_name_of_an_institution_leads_to_the_one_in_force(tables):
    for name in ("Pôle emploi", "France Travail"):
        result = resolved(tables, Case("H_BUC_01", name=(name,)))
        assert result.institution == FRANCE_TRAVAIL
