"""A French number is whole by its key; nothing else is read from it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.nir import is_whole, plain, without_key

KNOWN = ("253072B07300470", "253072A07300443", "295109912611193", "255081416802538")
"""Test values of the Cnam's own library: Corsica, abroad, metropolitan."""


@pytest.mark.parametrize("number", [*KNOWN, "2 95 10 99 126 111 93", "253072a07300443"])
def test_a_number_with_its_key_is_whole(number):
    assert is_whole(number)


@given(st.sampled_from(KNOWN), st.integers(0, 14), st.sampled_from("0123456789"))
def test_one_wrong_digit_is_seen(number, position, digit):
    other = number[:position] + digit + number[position + 1 :]
    assert is_whole(other) is (other == number)


@pytest.mark.parametrize(
    "number", ["", "2951099126111", "29510991261119", "x95109912611193", "DE123456", "٢" * 15]
)
def test_what_has_another_form_is_not(number):
    assert not is_whole(number)


@given(st.text(max_size=20))
def test_anything_may_be_asked(text):
    assert is_whole(text) in {True, False}


@pytest.mark.parametrize(
    ("written", "bare"),
    [
        ("2 95 10 99 126 111 93", "2951099126111"),
        ("295.1099126.111-00", "2951099126111"),  # a wrong key is left out, too
        ("2951099126111", "2951099126111"),
        ("253072b07300470", "253072B073004"),
        ("２９５1099126111\u202f93", "2951099126111"),
        ("840101/1234", "8401011234"),
        ("", ""),
    ],
)
def test_a_number_is_compared_without_its_key_however_it_is_written(written, bare):
    assert without_key(written) == bare
    assert plain(written).startswith(bare)


@given(st.text(max_size=20))
def test_what_is_plain_stays_plain(text):
    assert plain(plain(text)) == plain(text)
