"""Errors say one thing to code, can trying again help, and one line to people."""

import inspect

import pytest

from gateway import errors
from gateway.errors import ConfigurationError, GatewayError

ALL = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, GatewayError) and kind is not GatewayError
]


@pytest.mark.parametrize("kind", ALL)
def test_an_error_without_a_text_says_its_docstring(kind):
    assert str(kind()) == inspect.getdoc(kind).partition("\n")[0]


@pytest.mark.parametrize("kind", ALL)
def test_each_error_has_a_code_of_its_own_and_an_exit_code(kind):
    assert kind.code != GatewayError.code
    assert kind.exit_code in (1, 2, 3)


def test_an_error_is_one_line_whatever_it_was_given():
    assert str(ConfigurationError("first\n  second\tthird")) == "first second third"


def test_an_error_speaks_french_when_it_can_and_english_otherwise():
    both = ConfigurationError("wrong", french="faux")
    assert (both.text("fr"), both.text("en"), both.text("de")) == ("faux", "wrong", "wrong")
    assert ConfigurationError("wrong").text("fr") == "wrong"


def test_what_the_system_says_of_a_file_is_french_in_a_french_text(tmp_path):
    with pytest.raises(OSError, match="none") as error:
        (tmp_path / "none").read_bytes()
    why = error.value.strerror
    both = ConfigurationError(f"x: cannot be read ({why}).", french=f"x : illisible ({why}).")
    assert both.text("fr") == "x : illisible (fichier ou dossier introuvable)."
    assert why in both.text("en")


def test_an_error_lists_everything_that_is_wrong_one_line_each():
    error = ConfigurationError("a", french="un", more=[ConfigurationError("b", french="deux")])
    assert error.lines() == ("a", "b")
    assert error.lines("fr") == ("un", "deux")


def test_what_can_be_tried_again_says_so():
    temporary = {kind.__name__ for kind in ALL if kind.temporary}
    assert temporary == {"TransportUnavailable", "JournalUnavailable", "JournalConflict"}
