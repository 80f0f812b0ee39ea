"""The choice of a person as a row for routes.csv, where a route is what is missing."""

import csv
from datetime import date

import pytest

from gateway.people.route_row import rows
from routing_tables.load import ROUTE_COLUMNS

TODAY = date(2026, 4, 3)
ENTRY = {"message_id": "2198283d-ad17", "buc": "P_BUC_01", "sed": "P2000", "candidates": []}
TRACE = [
    {"code": "scheme-known", "params": {"scheme": "rail"}},
    {"code": "residence-known", "params": {"country": "DE", "person": "insured"}},
]


def read(text):
    [cells] = csv.reader([text], delimiter=";")
    return dict(zip(ROUTE_COLUMNS, cells, strict=True))


def test_what_is_known_stands_in_the_row_and_a_candidate_a_row():
    two = rows({**ENTRY, "candidates": ["FR:1", "FR:2"]}, "rule-refers", TRACE, TODAY)
    assert [read(row)["target"] for row in two] == ["FR:1", "FR:2"]
    row = read(two[0])
    assert (row["rule"], row["buc"], row["sed"]) == ("W-P-BUC-01-2198283d", "P_BUC_01", "P2000")
    assert (row["scheme"], row["residence"], row["population"]) == ("rail", "DE", "*")
    assert (row["valid_from"], row["valid_to"], row["certainty"]) == ("2026-04-03", "", "likely")


def test_without_a_candidate_the_target_is_left_to_the_person():
    [row] = rows(ENTRY, "no-route", [], TODAY)
    assert (read(row)["target"], read(row)["scheme"]) == ("", "*")


@pytest.mark.parametrize("cause", ["several", "undetermined", "protected", "with-its-case"])
def test_where_a_place_decides_no_row_is_offered(cause):
    assert rows({**ENTRY, "candidates": ["FR:1"]}, cause, TRACE, TODAY) == []
    assert rows({**ENTRY, "buc": None}, "no-route", TRACE, TODAY) == []


def test_a_row_to_paste_holds_no_formula():
    [row] = rows({**ENTRY, "sed": "=1+1"}, "no-route", [], TODAY)
    assert read(row)["sed"] == "'=1+1"
