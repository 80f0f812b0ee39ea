"""The baseline held against the facts it was made from: nothing lost, nothing surer."""

import re

import pytest

from ir_directory import Certainty, department_by_rule, department_of
from tests.directory.conftest import DAY

pytestmark = pytest.mark.reference

SERVED_BY = {
    "cpam": "cpam",
    "caf": "caf",
    "carsat": "carsat_retirement",
    "msa": "msa",
    "urssaf": "urssaf",
    "invalidity": "invalidity_body",
}
PARTS = {"cng": "urssaf-nord-pas-de-calais", "cnfe": "urssaf-alsace", "cnarefe": "cpam-771"}
"""Services of a body, under that body's id."""


def at_most(label):
    """The certainty that a label of the facts allows."""
    word = re.split(r"[ (/]", label)[0]
    return Certainty.of(word.lower())


def test_every_id_of_the_list_is_there_under_its_body(baseline, reference):
    listed = {
        row["eessi_id"]: row["institution_id"] for row in reference("ir-directory-fr-2021-05")
    }
    assert len(listed) == 703
    for ident, body in listed.items():
        found = baseline.institution(ident)
        assert found is not None, ident
        merged = {"FR:01763UR000": "urssaf-haute-normandie"}
        assert found.body == merged.get(ident, body)
    ours = {i.id for i in baseline.institutions if i.id}
    assert ours - set(listed) == {"FR:CLEISS0002", "FR:CIN0000001", "FR:CIN0000002"}


def test_every_institution_is_there_by_id_or_without_one(baseline, reference):
    bodies = {i.body for i in baseline.institutions}
    for row in reference("institutions"):
        assert PARTS.get(row["id"], row["id"]) in bodies, row["id"]
        ident = row["eessi_ir_id_2021"]
        if ident:
            assert baseline.institution(f"FR:{ident}") is not None


def test_no_institution_is_surer_than_its_source(baseline, reference):
    allowed = {row["id"]: at_most(row["certainty"]) for row in reference("institutions")}
    for row in baseline.institutions:
        if row.body in allowed:
            assert row.certainty <= allowed[row.body], row
        assert row.certainty < Certainty.CONFIRMED


def test_names_of_the_list_are_recognised(baseline, reference):
    for row in reference("ir-directory-fr-2021-05"):
        if row["label"] in {"CGSS GUADELOUPE", "URSSAF"}:
            continue
        found = baseline.named(row["label"], DAY)
        assert row["eessi_id"] in {i.id for i in found}, row


@pytest.mark.parametrize("network", SERVED_BY)
def test_departments_are_served_as_the_facts_say(baseline, reference, network):
    compared = 0
    for row in reference("departments"):
        served = baseline.catchment(network, department=row["code"], on=DAY)
        if served is None:
            continue
        body = baseline.institution(served.institution).body
        assert body == row[SERVED_BY[network]], row["code"]
        assert served.certainty <= at_most(row["cpam_certainty"])
        if network == "msa" and row["msa_ir_id_2021"]:
            assert served.institution[3:] in row["msa_ir_id_2021"].split(",")
        compared += 1
    assert compared > 95


@pytest.mark.parametrize("network", ["cpam", "invalidity"])
def test_municipalities_are_served_as_the_facts_say(baseline, reference, network):
    rows = reference("cpam-multi-communes")
    assert len(rows) == 2786
    for row in rows:
        served = baseline.catchment(network, insee=row["insee"], on=DAY)
        assert baseline.institution(served.institution).body == row["cpam_id"], row
        assert served.certainty <= at_most(row["certainty"])


def test_postcodes_that_break_the_rule_lie_where_the_facts_say(baseline, reference):
    rows = reference("postcode-exceptions")
    exceptions = {row["postcode"]: set(row["actual_departments"].split(",")) for row in rows}
    found = {}
    for row in baseline.communes:
        for postcode in row.postcodes:
            found.setdefault(postcode, set()).add(department_of(row.insee))
    breaking = {p: d for p, d in found.items() if d != {department_by_rule(p)}}
    assert breaking == exceptions
    assert len(found) == 6310


def test_competences_are_those_of_the_acceptance_list(baseline, reference):
    roles = {"CaseOwner": "CaseOwner", "CounterParty": "Counterparty"}
    listed = {
        (row["institution_id"], buc, roles[row["role"]])
        for row in reference("competences-acceptance-2020")
        for buc in row["bucs"].split()
    }
    accepted = [c for c in baseline.competences if c.source == "IR acceptance 2020"]
    assert {(c.institution, c.buc, c.role) for c in accepted} == listed
    assert max(c.certainty for c in accepted) is Certainty.LIKELY
    others = [c for c in baseline.competences if c not in accepted]
    reported = {c.institution: c.certainty for c in others if "annual report" in c.source}
    assert reported == {"FR:0411000000": Certainty.SOLID, "FR:PL00000000": Certainty.INFERRED}
    deduced = [c for c in others if c.institution not in reported]
    assert {(c.institution, c.certainty, c.eessi_ready) for c in deduced} == {
        (enim, Certainty.INFERRED, False)
        for enim in ("FR:MA00001000", "FR:0620004000", "FR:0620008000")
    }
