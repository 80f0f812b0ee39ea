"""Small hand-made routes; everything that a test does not name is wide open."""

from datetime import date

import pytest

from ir_directory import Certainty
from routing_tables import Fixed, Route

TODAY = date(2026, 6, 1)
CONDITIONS = ("sed", "scheme", "population", "residence", "role")


def make_route(rule="r", buc="P_BUC_01", **given):
    """A route valid since 2020; conditions are written as in the file (`a,b` or `*`)."""
    conditions = {c: frozenset(given.pop(c, "*").split(",")) for c in CONDITIONS}
    rest = {
        "person": "*",
        "target": Fixed(f"FR:{rule.upper()}"),
        "certainty": Certainty.LIKELY,
        "valid_from": date(2020, 1, 1),
        "valid_to": None,
        "basis": "",
        "note": "",
        **given,
    }
    return Route(rule=rule, buc=buc, **conditions, **rest)


@pytest.fixture
def route():
    return make_route


@pytest.fixture(scope="session")
def make_row():
    """The same for the tests that make their own many times."""
    return make_route
