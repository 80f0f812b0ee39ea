"""The assumed general scheme, switched off for a BUC: its cases ask, and no other changes."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.config import load
from gateway.core.case import Case
from gateway.core.decision import Ask, Refer
from gateway.core.judging import Arrival, examine, judge
from gateway.core.message import Malformed
from gateway.core.reading import Limits
from gateway.core.resolution import Undetermined, resolve
from gateway.core.subject import Subject
from gateway.loading import desk, policy, tables
from gateway.simulation import year
from routing_tables import RouteQuery
from tests.routing.test_resolution_properties import cases, days

AT = datetime(2026, 6, 1, 9, tzinfo=UTC)
ASSUMED, OFF = "assumed-general", "assumed-general-off"


@pytest.fixture(scope="module")
def baseline():
    return tables()


def codes(trace):
    return {step.code for step in trace}


@given(cases, days)
@settings(max_examples=400)
def test_what_an_assumption_decided_is_asked_for_and_nothing_else_changes(baseline, case, day):
    subject = Subject(case.buc, "X", "Counterparty", case.evidence(), day, day)
    on, off = (resolve(replace(subject, assumes=assumes), baseline) for assumes in (True, False))
    if ASSUMED not in codes(on.trace):
        assert off == on
        return
    assert isinstance(off, Undetermined)
    assert (off.reason, "scheme" in off.missing) == ("missing", True)
    assert OFF in codes(off.trace)
    assert ASSUMED not in codes(off.trace)


@pytest.mark.parametrize("residence", ["FR", "DE", None])
@given(st.data())
@settings(max_examples=50)
def test_without_the_assumption_the_table_is_as_if_its_rows_were_not_there(
    baseline, residence, data
):
    routes = baseline.routes
    without = type(routes)([row for row in routes.routes if not row.assumed])
    buc = data.draw(st.sampled_from(sorted(baseline.catalogue.bucs)))
    scheme = data.draw(st.sampled_from([None, "general", "rail", "agricultural"]))
    population = data.draw(st.sampled_from([None, "employee", "self-employed"]))
    query = RouteQuery(buc, "X", scheme, population, residence, "Counterparty")
    day = data.draw(days)
    assert routes.match(query._replace(assumes=False), day) == without.match(query, day)


def test_one_buc_of_a_made_up_year_asks_and_the_others_go_on(tmp_path):
    year(tmp_path / "year", seed=1, count=300)
    config = load(None, tmp_path / "state")
    judged_with, schemas = desk(config), None
    off = replace(judged_with.policy, assumed_general_by_buc={"S_BUC_24": False})
    seen = Counter()
    for path in sorted((tmp_path / "year" / "messages").glob("*.xml")):
        examined = examine(path.read_bytes(), Limits(10**7, 10**7), schemas)
        if isinstance(examined, Malformed):
            continue
        before, after = (
            judge(examined, Case(examined.message.case_id), judged_with.tables, by, Arrival(AT, AT))
            for by in (judged_with.policy, off)
        )
        assumed, here = ASSUMED in codes(before.trace), examined.message.buc == "S_BUC_24"
        seen[assumed, here] += 1
        if not (assumed and here):
            assert after == before
            continue
        assert isinstance(after.decision, Ask | Refer)
        assert "scheme" in after.missing
        assert OFF in codes(after.trace)
    assert min(seen[key] for key in ((True, True), (True, False), (False, True))) > 0, seen


def test_the_configuration_says_it_for_all_bucs_or_for_one(tmp_path):
    def said(text):
        path = tmp_path / "gateway.toml"
        path.write_text(text, encoding="utf-8")
        known = policy(load(path, tmp_path))
        return [known.assumes(buc) for buc in ("P_BUC_01", "S_BUC_24")]

    assert said("") == [True, True]
    assert said("[policy]\nassumed_general = false\n") == [False, False]
    assert said('[policy.assumed_general_by_buc]\n"P_BUC_01" = false\n') == [False, True]
    one = '[policy]\nassumed_general = false\n[policy.assumed_general_by_buc]\n"P_BUC_01" = true\n'
    assert said(one) == [True, False]
