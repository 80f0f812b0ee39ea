"""What `sending list` says of a sending beside its state."""

import pytest

from gateway.cli.sending import why_it_stays


@pytest.mark.parametrize(
    ("error", "held", "english", "french"),
    [
        (None, False, "", ""),
        (None, True, " (held)", " (retenu)"),
        ("in-doubt", False, " (in doubt)", " (en doute)"),
        ("protected", True, " (protected, held)", " (protégé, retenu)"),
        ("destination-down", False, "", ""),  # of what is due: it is tried again
    ],
)
def test_why_a_sending_stays_is_said_in_both_languages(error, held, english, french):
    shown = {"error": error, "held": held}
    assert (why_it_stays("en", shown), why_it_stays("fr", shown)) == (english, french)
