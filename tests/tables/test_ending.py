"""When the tables run out: a route ends, and nothing decides its cases from then on."""

from datetime import date, timedelta

import pytest

from gateway.tables.ending import next_end
from routing_tables.load import load
from tests.routing.conftest import make_route

TODAY = date(2026, 6, 1)
END, LATER = date(2026, 9, 1), date(2027, 1, 1)
DAY = timedelta(days=1)


def test_a_row_that_ends_with_nothing_after_it():
    rows = [make_route("a", valid_to=END), make_route("b", buc="P_BUC_02", valid_to=LATER)]
    assert next_end(rows, TODAY) == END
    assert next_end(rows, END) == LATER
    assert next_end(rows, LATER) is None
    assert next_end([], TODAY) is None


@pytest.mark.parametrize(
    ("after", "followed"),
    [
        (make_route("n", valid_from=END), True),
        (make_route("n", buc="P_BUC_*", valid_from=date(2020, 1, 1)), True),
        (make_route("n", valid_from=END + DAY), False),
        (make_route("n", valid_from=date(2020, 1, 1), valid_to=END), False),
        (make_route("n", buc="P_BUC_02", valid_from=END), False),
        (make_route("n", scheme="rail", valid_from=END), True),  # who split it thought of it
        (make_route("n", scheme="rail", valid_from=END - DAY), False),  # that was there before
    ],
)
def test_a_row_that_another_one_follows(after, followed):
    assert next_end([make_route("a", valid_to=END), after], TODAY) == (None if followed else END)


def test_the_baseline_does_not_run_out():
    assert next_end(load().routes, TODAY) is None
