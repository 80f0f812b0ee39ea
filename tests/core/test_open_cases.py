"""Cases from before the gateway: a strict list, and what becomes of their later SEDs."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from gateway.core.case import BEFORE_GO_LIVE, Case, fold
from gateway.core.events import Imported
from gateway.core.open_cases import HEADER, open_cases
from gateway.core.states import CaseState
from gateway.core.strict_lines import BadLine
from tests.core.conftest import POLICY, TABLES

US, HOLDER, SENDER = "FR:CLEISS0000", "FR:CPAM01", "DE:101320043"
CASE = "0a8f5f1e-5f4d-5b0a-9d1f-0123456789ab"
GOOD = (CASE, "S_BUC_24", "Counterparty", f"{SENDER},{US}", HOLDER)


def file(*lines):
    return "\n".join((HEADER, *(";".join(line) for line in lines))).encode()


def read(*lines, policy=POLICY):
    return open_cases(file(*lines), TABLES, policy, "claire")


def changed(position, value):
    return tuple(value if n == position else cell for n, cell in enumerate(GOOD))


def test_each_line_is_one_case():
    with_us = (CASE.replace("0a8f", "ffff"), *GOOD[1:4], "")
    (first, second), bad = read(GOOD, with_us)
    assert bad == ()
    assert first == (
        2,
        CASE,
        Imported("S_BUC_24", "Counterparty", (SENDER, US), HOLDER, "claire"),
    )
    assert (second[0], second[2].holder) == (3, None)


def test_blanks_beside_the_commas_are_nothing():
    [(_, _, taken)], bad = read(changed(3, f"{SENDER}, {US} "))
    assert (taken.participants, bad) == ((SENDER, US), ())


def test_an_id_may_be_spelled_as_rina_does_and_is_the_same_case():
    bare = changed(0, CASE.replace("-", "").upper())
    ((_, case_id, _),), bad = read(bare, GOOD)
    assert (case_id, bad) == (CASE, (BadLine(3, "twice"),))


@pytest.mark.parametrize(
    ("position", "value", "code"),
    [
        (0, CASE[:-1], "case-id"),
        (1, "S_BUC_99", "buc"),
        (2, "Owner", "our-role"),
        (3, f"{SENDER} {US}", "participants"),
        (3, "", "participants"),
        (3, SENDER, "not-ours"),
        (4, "FR:NOBODY", "holder"),
        (4, SENDER, "holder"),
        (4, US, "holder-own"),
        (4, "FR:TEST1", "holder-elsewhere"),
        (0, "x;y", "columns"),
    ],
)
def test_one_bad_line_is_named(position, value, code):
    other = (CASE.replace("0a8f", "ffff"), *GOOD[1:])
    cases, bad = read(other, changed(position, value))
    assert (len(cases), bad) == (1, (BadLine(3, code),))


def test_every_fault_is_told():
    _, faults = read(GOOD, GOOD, ("a", "b"), changed(1, "?"))
    assert set(faults) == {BadLine(3, "twice"), BadLine(4, "columns"), BadLine(5, "twice")}


def test_test_institutions_belong_to_the_environments_of_tests():
    policy = replace(POLICY, environment="test")
    assert read(changed(4, "FR:TEST1"), policy=policy)[0][0][2].holder == "FR:TEST1"
    assert read(GOOD, policy=policy) == ((), (BadLine(2, "holder-elsewhere"),))


# -- what comes of them ---------------------------------------------------------------------


def imported(desk, holder=None, **changes):
    event = Imported("S_BUC_24", "Counterparty", (SENDER, US), holder, "claire")
    desk.case = fold(desk.case, [replace(event, **changes)])
    return desk


def test_an_imported_case_is_with_us_or_with_its_holder():
    event = Imported("S_BUC_24", "Counterparty", (SENDER, US), None, "claire")
    case = fold(Case("c"), [event])
    assert (case.state, case.holder, case.imported, case.revision) == (
        CaseState.OPEN,
        None,
        True,
        1,
    )
    case = fold(Case("c"), [replace(event, holder=HOLDER)])
    assert (case.state, case.holder) == (CaseState.FORWARDED, HOLDER)
    assert case.participants == {SENDER, US, HOLDER}


def test_a_later_sed_goes_to_the_holder_however_late(desk, said):
    imported(desk, HOLDER)
    desk.now += timedelta(days=400)
    assert said(desk.take("two", sed="S041", action="New")) == ("deliver", HOLDER)
    (handed,) = desk.judged[-1].outgoing
    assert (handed.receiver, handed.after) == (HOLDER, None)


@pytest.mark.parametrize(("sed", "action"), [("S041", "New"), ("S040", "Start"), ("X001", "New")])
def test_what_comes_in_a_case_that_is_with_us_goes_to_a_person(desk, said, sed, action):
    imported(desk)
    assert said(desk.take("two", sed=sed, action=action)) == ("refer", BEFORE_GO_LIVE)
    assert desk.judged[-1].outgoing == ()
    assert said(desk.take("three", sed="S041", action="New")) == ("refer", BEFORE_GO_LIVE)
    assert desk.case.state is CaseState.OPEN


def test_who_takes_no_part_in_it_is_a_stranger_and_another_buc_a_conflict(desk, said):
    imported(desk, HOLDER)
    stranger = desk.judge("two", sed="S041", action="New", sender=("PL:1", "CaseOwner"))
    assert said(stranger) == ("refer", "stranger")
    imported(desk, HOLDER, buc="S_BUC_01a")
    assert said(desk.judge("two", sed="S041", action="New")) == ("refer", "conflict")


@pytest.mark.parametrize(
    ("go_live", "expected"),
    [
        (date(2026, 3, 3), ("refer", "before-go-live")),
        (date(2026, 3, 2), ("hold", "out-of-order")),
        (None, ("hold", "out-of-order")),
    ],
)
def test_a_follow_up_written_before_the_first_day_is_for_a_person(desk, said, go_live, expected):
    desk.policy_of(go_live=go_live)
    assert said(desk.take("two", sed="S041", action="New")) == expected


def test_a_case_that_starts_with_us_is_ours_whenever_it_was_written(desk, said, person):
    desk.policy_of(go_live=date(2026, 3, 3))
    desk.take("two", sed="S041", action="New")
    first = desk.take("one", document="d", inside=person("Bourg-en-Bresse", "01000"))
    assert said(first) == ("transfer", HOLDER)


@pytest.mark.parametrize(
    ("go_live", "cause"), [(date(2026, 1, 1), "before-go-live"), (None, "out-of-order")]
)
def test_what_was_held_in_vain_most_likely_began_before_us(desk, go_live, cause):
    desk.policy_of(go_live=go_live)
    desk.take("two", sed="S041", action="New")
    desk.now += timedelta(hours=24)
    development = desk.come_due()
    assert [referral.cause for _, referral in development.referrals] == [cause]
    assert desk.case.state is CaseState.OPEN


def test_an_exception_about_something_older_goes_to_a_person(desk, said):
    imported(desk)
    assert said(desk.take("x", sed="X050", action="New")) == ("refer", BEFORE_GO_LIVE)
    assert desk.judged[-1].outgoing == ()


def test_nobody_withdraws_the_document_of_another_one(desk, said):
    imported(desk)
    desk.take("two", sed="S041", action="New", document="e")
    other = ("FR:CPAM69", "Counterparty")
    desk.case = replace(desk.case, participants=desk.case.participants | {other[0]})
    desk.take("x", sed="X008", action="New", related="e", sender=other)
    assert said(desk.judged[-1]) == ("refer", BEFORE_GO_LIVE)
    assert desk.uid("e") not in desk.case.withdrawn
