"""The dates of the annual report are rows: each one named on the day before, the day, and after."""

from datetime import date, timedelta

import pytest

from gateway.core.resolution import Resolved
from ir_directory import Certainty
from tests.routing.test_competence import (
    CAVIMAC,
    CCMSA,
    CLEISS_LA,
    CNG,
    CNSE,
    CPAM_AIN,
    CPRPF,
    MSA_AIN,
    Case,
    resolved,
    tables,  # noqa: F401 - the fixture
)

LAST = date(2030, 12, 31)
SELF_EMPLOYED, EMPLOYEE = ("self-employed",), ("employee",)
CAMIEG, CANSSM, CNAVPL = "FR:9993906030", "FR:RM00000000", "FR:PL00000000"
LA = [f"LA_BUC_0{n}" for n in range(2, 7)]


def told(tables, case, on):  # noqa: F811
    """The institution, or the candidates that a person sees."""
    result = resolved(tables, case, on)
    if isinstance(result, Resolved):
        return result.institution, result.certainty.code
    return result.reason, result.candidates


def around(day):
    return day - timedelta(1), day, LAST


NOBODY = ("rule-refers", ())
BOTH = ("rule-refers", (CNG, CLEISS_LA))

SWITCHES = [
    # the CNG, whose id is likely: self-employed, then employers and mines and energy
    *((Case(buc, population=SELF_EMPLOYED, pin=(CPAM_AIN,)), date(2020, 1, 1), NOBODY,
       (CNG, "likely"), (CNG, "likely")) for buc in LA),
    *((Case(buc, population=EMPLOYEE, pin=(CPAM_AIN,)), date(2022, 1, 1), NOBODY,
       (CNG, "likely"), (CNG, "likely")) for buc in LA),
    *((Case(buc, pin=(fund,)), date(2022, 1, 1), NOBODY, (CNG, "likely"), (CNG, "likely"))
      for buc in LA for fund in (CAMIEG, CANSSM)),
    # no sign of a scheme: assumed, hence never more than likely
    (Case("LA_BUC_02", population=SELF_EMPLOYED), date(2020, 1, 1), NOBODY,
     (CNG, "likely"), (CNG, "likely")),
    (Case("LA_BUC_02", population=EMPLOYEE), date(2022, 1, 1), NOBODY,
     (CNG, "likely"), (CNG, "likely")),
    # individual derogations
    (Case("LA_BUC_01", pin=(CPAM_AIN,)), date(2022, 7, 1), (CLEISS_LA, "solid"),
     (CNG, "likely"), (CNG, "likely")),
    (Case("LA_BUC_01", pin=(MSA_AIN,)), date(2022, 7, 1), (CLEISS_LA, "solid"),
     (CCMSA, "solid"), (CCMSA, "solid")),
    (Case("LA_BUC_01", pin=(CAVIMAC,)), date(2022, 7, 1), (CLEISS_LA, "solid"),
     (CLEISS_LA, "solid"), (CNG, "likely")),
    # special schemes: Cleiss, in 2026 one of the two, then the CNG
    (Case("LA_BUC_01", pin=(CAVIMAC,)), date(2026, 1, 1), (CLEISS_LA, "solid"), BOTH,
     (CNG, "likely")),
    (Case("LA_BUC_01", pin=(CPRPF,)), date(2027, 1, 1), BOTH, (CNG, "likely"), (CNG, "likely")),
    # the fund of the railways: registered in 2023
    *((Case(buc, pin=(CPRPF,)), date(2023, 1, 1), NOBODY, (CPRPF, "solid"), (CPRPF, "solid"))
      for buc in LA),
    (Case("AW_BUC_01b", pin=(CPRPF,)), date(2023, 1, 1), (CPRPF, "inferred"), (CPRPF, "solid"),
     (CPRPF, "solid")),
]  # fmt: skip


@pytest.mark.parametrize(("case", "day", "before", "on", "after"), SWITCHES)
def test_a_competence_changes_on_its_day(tables, case, day, before, on, after):  # noqa: F811
    assert [told(tables, case, when) for when in around(day)] == [before, on, after]


@pytest.mark.parametrize("day", [date(2019, 1, 1), date(2023, 6, 1), LAST])
def test_reimbursement_rates_are_always_those_of_the_cnse(tables, day):  # noqa: F811
    assert told(tables, Case("S_BUC_06"), day) == (CNSE, "solid")


@pytest.mark.parametrize("buc", ["S_BUC_07", "S_BUC_08", "S_BUC_09", "S_BUC_11"])
@pytest.mark.parametrize("pin", [(), (CPAM_AIN,), (CPRPF,)])
def test_planned_care_is_a_proposal_until_it_is_confirmed(tables, buc, pin):  # noqa: F811
    assert told(tables, Case(buc, pin=pin), date(2026, 6, 1)) == (CNSE, "inferred")


@pytest.mark.parametrize(
    ("day", "certainty"), [(date(2022, 12, 31), "likely"), (date(2023, 1, 1), "inferred")]
)
def test_the_new_competences_of_the_cnavpl_are_a_proposal(tables, day, certainty):  # noqa: F811
    case = Case("P_BUC_01", pin=(CNAVPL,))
    assert told(tables, case, day) == (CNAVPL, certainty)


@pytest.mark.parametrize("sector", ["AW_BUC_01b", "LA_BUC_02", "R_BUC_05", "S_BUC_24"])
def test_the_directory_lists_what_the_railways_registered_in_2023(tables, sector):  # noqa: F811
    listed = tables.directory.competence
    assert listed(CPRPF, sector, "Counterparty", date(2022, 12, 31)) is None
    row = listed(CPRPF, sector, "Counterparty", date(2023, 1, 1))
    assert row.certainty is Certainty.SOLID


def test_the_whole_reason_is_one_step(tables):  # noqa: F811
    result = resolved(tables, Case("P_BUC_01", ("31000", "Toulouse")))
    (reason,) = [s.params for s in result.trace if s.code == "resolved-by-place"]
    assert reason == {
        "buc": "P_BUC_01", "datum": "residence", "institution": "FR:RG31R00000",
        "label": "Caisse d'assurance retraite et de la santé au travail Midi-Pyrénées",
        "rule": "P-OLD-AGE-ASSUMED", "since": "2019-01-01", "area": "dep:31",
    }  # fmt: skip


def test_a_merged_institution_leads_to_its_successor_from_the_day_and_says_so(tables):  # noqa: F811
    old = tables.directory.named("Urssaf Haute-Normandie", LAST)[0]
    case, day = Case("R_BUC_05", number=(old.id,)), old.valid_to
    before = resolved(tables, case, day - timedelta(1))
    assert before.institution == old.id
    assert "institution-named-ended" not in {step.code for step in before.trace}
    for on in (day, LAST):
        after = resolved(tables, case, on)
        (told,) = [s.params for s in after.trace if s.code == "institution-named-ended"]
        assert after.institution == "FR:01141UR000"
        assert told == {"institution": old.id, "successor": "FR:01141UR000"}


def test_an_institution_that_ends_before_the_decision_is_replaced_by_its_successor(tables):  # noqa: F811
    old = tables.directory.named("Urssaf Haute-Normandie", LAST)[0]
    case, day = Case("R_BUC_05", number=(old.id,)), old.valid_to
    result = resolved(tables, case, day - timedelta(1), decided=day)
    (told,) = [s.params for s in result.trace if s.code == "successor"]
    assert result.institution == told["successor"] == "FR:01141UR000"
    assert told["institution"] == old.id
