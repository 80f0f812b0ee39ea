"""How a sentence is made from a code, and in which language."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.wording import language, sentence

ROUTE = {"rule": "P-01-FR", "buc": "P_BUC_01", "certainty": "likely"}


def test_a_trace_step_is_told_in_english_and_in_french():
    assert sentence("en", "trace", "route-matched", ROUTE) == (
        "Route P-01-FR applies to P_BUC_01 (certainty likely)."
    )
    assert sentence("fr", "trace", "route-matched", ROUTE) == (
        "La règle P-01-FR s'applique à P_BUC_01 (certitude probable)."
    )


def test_a_parameter_that_is_a_code_is_put_in_words():
    params = {"network": "carsat", "area": "dep:59", "count": "2"}
    assert sentence("fr", "trace", "area-ambiguous", params) == (
        "Carsat (retraite) : 2 institutions possibles pour l'adresse (zone dep:59)."
    )


def test_the_same_word_means_something_else_in_another_parameter():
    missing = sentence("en", "trace", "datum-missing", {"datum": "employer"})
    person = sentence("en", "trace", "residence-known", {"person": "employer", "country": "BE"})
    assert missing == "Missing: the French employer and its address."
    assert person == "Country of residence (the employer): BE."


def test_an_institution_that_ended_without_successor_says_so():
    params = {"institution": "FR:0101100000", "successor": ""}
    assert sentence("en", "trace", "institution-named-ended", params).endswith("successor: none.")


def test_a_value_can_be_asked_for_by_itself():
    assert sentence("fr", "value", "certainty:solid") == "solide"


def test_states_of_different_machines_have_words_of_their_own():
    assert sentence("en", "message-state", "waiting") != sentence("en", "sending-state", "waiting")


@pytest.mark.parametrize("lang", ["en", "fr", "de", ""])
def test_an_unknown_code_is_shown_in_brackets(lang):
    assert sentence(lang, "cause", "never-heard-of") == "[never-heard-of]"
    assert sentence(lang, "no-such-kind", "several") == "[several]"


def test_any_language_but_french_is_english():
    assert sentence("de", "missing", "residence") == "The place of residence."


def test_a_missing_parameter_is_a_question_mark_and_an_extra_one_is_ignored():
    assert sentence("en", "trace", "datum-missing") == "Missing: ?."
    assert sentence("en", "missing", "town", {"x": "y"}) == "The town of residence."


def test_braces_in_a_parameter_are_text():
    text = sentence("en", "trace", "content-known", {"message": "{0.__class__}{rule}"})
    assert text == "Same content as message {0.__class__}{rule}."


@given(st.text(), st.text(), st.text(), st.dictionaries(st.text(), st.text()))
def test_a_sentence_is_made_of_anything(lang, kind, code, params):
    assert isinstance(sentence(lang, kind, code, params), str)


@pytest.mark.parametrize(
    ("explicit", "environ", "expected"),
    [
        (None, {}, "en"),
        (None, {"LANG": "fr_FR.UTF-8"}, "fr"),
        (None, {"LANG": "FR"}, "fr"),
        (None, {"LANG": "C"}, "en"),
        (None, {"LANG": "de_DE.UTF-8"}, "en"),
        (None, {"LANG": "en_GB.UTF-8", "LC_MESSAGES": "fr_BE"}, "fr"),
        (None, {"LC_ALL": "C", "LC_MESSAGES": "fr_FR", "LANG": "fr_FR"}, "en"),
        (None, {"LC_ALL": "", "LC_MESSAGES": "", "LANG": "fr_FR"}, "fr"),
        ("en", {"LC_ALL": "fr_FR"}, "en"),
        ("fr", {"LC_ALL": "en_GB"}, "fr"),
        ("", {"LANG": "fr_FR"}, "fr"),
    ],
)
def test_the_language_is_what_was_asked_for_else_that_of_the_environment(
    explicit, environ, expected
):
    assert language(explicit, environ) == expected
