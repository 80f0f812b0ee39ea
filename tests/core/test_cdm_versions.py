"""Headers by version, and the days on which versions begin."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.cdm_versions import header_version, out_of_its_time, switches

BEGIN = {"4.3": date(2024, 9, 1), "4.4": date(2026, 2, 23)}
KNOWN = {"4.1", "4.2", "4.3", "4.4"}


@pytest.mark.parametrize(
    ("cdm", "header"),
    [
        ("3.9", "1.1"),
        ("4.0", "1.1"),
        ("4.2", "1.1"),
        ("4.3", "1.2"),
        ("4.10", "1.2"),
        ("5.0", "1.2"),
    ],
)
def test_the_header_goes_with_the_version(cdm, header):
    assert header_version(cdm) == header


@pytest.mark.parametrize(
    ("cdm", "day", "said"),
    [
        ("4.2", date(2024, 8, 31), None),
        ("4.2", date(2024, 9, 1), "cdm-after-its-time"),
        ("4.3", date(2024, 8, 31), "cdm-before-its-time"),
        ("4.3", date(2024, 9, 1), None),
        ("4.3", date(2026, 2, 22), None),
        ("4.3", date(2026, 2, 23), "cdm-after-its-time"),
        ("4.4", date(2026, 2, 22), "cdm-before-its-time"),
        ("4.4", date(2026, 2, 23), None),
        ("4.10", date(2026, 2, 23), None),
    ],
)
def test_a_case_begins_in_the_version_of_its_day(cdm, day, said):
    found = out_of_its_time(BEGIN, cdm, day)
    assert (found.code if found else None) == said


def test_the_warning_names_the_version_in_which_cases_begin_now():
    found = out_of_its_time(BEGIN, "4.1", date(2026, 3, 1))
    assert found.params == {"cdm": "4.1", "now": "4.4", "date": "2026-02-23"}


@given(cdm=st.sampled_from(sorted(KNOWN)), day=st.dates())
def test_nobody_is_warned_where_no_days_are_configured(cdm, day):
    assert out_of_its_time({}, cdm, day) is None
    assert switches({}, KNOWN, day, 30) == ()


@pytest.mark.parametrize(
    ("today", "said"),
    [
        (date(2026, 1, 23), []),
        (date(2026, 1, 24), [("cdm-switch-ahead", "30")]),
        (date(2026, 2, 22), [("cdm-switch-ahead", "1")]),
        (date(2026, 2, 23), [("cdm-switch-done", None)]),
        (date(2026, 3, 25), [("cdm-switch-done", None)]),
        (date(2026, 3, 26), []),
    ],
)
def test_a_switch_is_warned_of_before_and_after(today, said):
    found = switches(BEGIN, KNOWN, today, 30)
    assert [(step.code, step.params.get("days")) for step in found] == said


def test_a_version_that_is_not_known_is_warned_of_until_it_is():
    begin = {**BEGIN, "4.5": date(2027, 2, 1)}
    assert switches(begin, KNOWN, date(2027, 1, 1), 30) == ()
    for today in (date(2027, 1, 2), date(2027, 2, 1), date(2031, 1, 1)):
        (found,) = switches(begin, KNOWN, today, 30)
        assert (found.code, found.params["cdm"]) == ("cdm-switch-unprepared", "4.5")
    (found,) = switches(begin, {*KNOWN, "4.5"}, date(2027, 1, 2), 30)
    assert found.code == "cdm-switch-ahead"
