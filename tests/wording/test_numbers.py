"""Numbers and stretches of time are written as people of each language write them."""

import pytest

from gateway.wording.numbers import duration, number


@pytest.mark.parametrize(
    ("seconds", "english", "french"),
    [
        (0.9, "0 s", "0 s"),
        (75, "1 min 15 s", "1 min 15 s"),
        (7_199, "1 h 59 min", "1 h 59 min"),
        (266_400, "3 d 2 h", "3 j 2 h"),
    ],
)
def test_a_stretch_of_time_is_told_by_its_two_greatest_parts(seconds, english, french):
    assert (duration("en", seconds), duration("fr", seconds)) == (english, french)


def test_thousands_and_decimals():
    assert (number("en", 1234.56, 1), number("fr", 1234.56, 1)) == ("1,234.6", "1\u202f234,6")
