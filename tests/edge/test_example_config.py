"""The example configuration holds every key with its default, and no key that nobody reads."""

import re
import tomllib
from pathlib import Path

import pytest

from gateway.config import Config, known_keys, load

EXAMPLE = Path(__file__).parents[2] / "ops" / "gateway.example.toml"
WITHOUT_DEFAULT = {
    "environment",
    "instance",
    "own_institutions",
    "secrets_dir",
    "sending_by_decision",
    "sending_by_buc",
    "sending_by_country",
    "go_live",
    "tables.allowed_signers",
    "policy.pension_template",
    "policy.accepted_rules",
    "rabbitmq.other_hosts",
    "rabbitmq.user",
    "rabbitmq.password",
    "rabbitmq.tls_authority",
    "rabbitmq.tls_certificate",
    "rabbitmq.tls_key",
    "rabbitmq.claim_check_folder",
    "postgres.other_hosts",
    "postgres.user",
    "postgres.password",
    "postgres.tls_authority",
    "postgres.tls_certificate",
    "postgres.tls_key",
    "http.tls_certificate",
    "http.tls_key",
    "http.user",
    "http.password",
    "policy.hand_over_by_institution",
    "policy.assumed_general_by_buc",
    "policy.already_participant_by_buc",
    "cdm.activation",
    "availability.components",
    "retention.bodies_days",
    "retention.evidence_days",
    "retention.outbound_days",
    "retention.quarantine_days",
    "notices.webhook_url",
    "notices.webhook_secret",
    "notices.mail_to",
    "notices.mail_from",
    "notices.smtp_user",
    "notices.smtp_password",
}
CARELESS_IN_DEMO = {"sending", "policy.least_certainty", "policy.ask_by_own_case"}


def example_keys() -> dict[str, str]:
    """Each key of the example, commented out or not, with its value as written."""
    found, section = {}, ""
    for line in EXAMPLE.read_text(encoding="utf-8").splitlines():
        if table := re.fullmatch(r"\[([a-z_.]+)\]", line):
            section = f"{table[1]}."
            if "_by_" in table[1] or table[1] in {"cdm.activation", "availability.components"}:
                found[table[1]] = "{}"
        elif pair := re.fullmatch(r"(?:# )?([a-z_]+) = (.+)", line):
            found[section + pair[1]] = pair[2]
    return found


def test_every_key_is_in_the_example():
    assert set(known_keys()) - set(example_keys()) == set()


def test_every_key_of_the_example_is_known():
    assert set(example_keys()) - set(known_keys()) == set()


def test_the_example_as_it_stands_is_accepted(tmp_path):
    config = load(EXAMPLE, tmp_path)
    assert (config.environment, config.sending) == ("production", "observe")


def test_the_example_names_the_rules_that_the_demo_accepts():
    text = EXAMPLE.read_text(encoding="utf-8")
    lines = text.partition("none; demo: ")[2].partition("# accepted_rules")[0]
    assert set(re.findall(r"[A-Z][A-Z-]+[A-Z]", lines)) == set(Config().policy.accepted_rules)


@pytest.mark.parametrize("key", sorted(set(known_keys()) - WITHOUT_DEFAULT))
def test_the_default_that_the_example_shows_is_the_default(key):
    config = Config(environment="production", own_institutions=("FR:CLEISS0000",))
    value = config
    for name in key.split("."):
        value = getattr(value, name)
    assert tomllib.loads(f"x = {example_keys()[key]}")["x"] == value
    if key in CARELESS_IN_DEMO:
        line = next(
            text
            for text in EXAMPLE.read_text(encoding="utf-8").split("\n\n")[0:]
            if f"# {key.rpartition('.')[2]} = " in text
        )
        demo = Config()
        for name in key.split("."):
            demo = getattr(demo, name)
        assert f"demo: {str(demo).lower()}" in line
