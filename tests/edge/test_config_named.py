"""A BUC, a country or a rule that does not exist holds nothing back: it is refused by name."""

import pytest

from gateway.config import Config, named
from gateway.errors import ConfigurationError
from gateway.loading import checked, tables

WRONG = [
    ("sending_by_buc", {"S_BUC_99": "confirm"}, "S_BUC_99"),
    ("sending_by_country", {"GB": "confirm", "DE": "confirm"}, "GB"),
    ("assumed_general_by_buc", {"P_BUC_99": False, "P_BUC_01": False}, "P_BUC_99"),
    ("already_participant_by_buc", {"UB_BUC_99": "refer"}, "UB_BUC_99"),
]


def config(key="", value=None):
    return Config.model_validate(
        {key: value} if key in Config.model_fields else {"policy": {key: value}}
    )


@pytest.mark.parametrize(("key", "value", "strange"), WRONG)
def test_what_is_not_in_the_catalogue_is_named_with_its_key_and_nothing_else(key, value, strange):
    with pytest.raises(ConfigurationError) as caught:
        named.in_catalogue(config(key, value))
    for lang in ("en", "fr"):
        (line,) = caught.value.lines(lang)
        before, _, rest = line.partition(key)
        assert before in {"", "policy."}
        assert rest.endswith(f": {strange}; correct it, or take it out.") or lang == "fr"
        assert strange in rest


def test_all_of_it_is_said_at_once_and_the_rules_too():
    wrong = Config.model_validate(
        {
            "sending_by_country": {"GB": "confirm"},
            "policy": {"assumed_general_by_buc": {"S_BUC_99": False}, "accepted_rules": ["NOPE"]},
        }
    )
    with pytest.raises(ConfigurationError) as caught:
        named.in_force(wrong, tables())
    assert [line.partition(":")[0] for line in caught.value.lines("en")] == [
        "sending_by_country",
        "policy.assumed_general_by_buc",
        "policy.accepted_rules",
    ]


def test_the_demo_names_only_what_there_is():
    named.in_force(Config(), tables())


def test_check_says_it_before_anything_is_started(tmp_path):
    path = tmp_path / "gateway.toml"
    path.write_text('sending_by_country = { GB = "confirm" }\n')
    first = next(checked(path, tmp_path, None))
    assert (first.part, len(first.problems)) == ("configuration", 1)
    assert "GB" in first.problems[0].english
