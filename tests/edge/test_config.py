"""TOML, under secret files, under the environment; and what is refused, in plain words."""

import json
from datetime import date
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from gateway.config import Config, load
from gateway.config.sources import _PATHS
from gateway.errors import ConfigurationError
from gateway.tables.sourcing import deduced
from ir_directory import Certainty
from routing_tables import load as routes_load

PASSWORD = "correct-horse-battery"


@pytest.fixture
def write(tmp_path):
    def writer(text: str) -> Path:
        path = tmp_path / "gateway.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return writer


@pytest.fixture
def refused(write, tmp_path):
    """The lines with which a TOML text is refused."""

    def check(text: str, lang: str = "en") -> tuple[str, ...]:
        with pytest.raises(ConfigurationError) as caught:
            load(write(text), tmp_path)
        assert caught.value.exit_code == 1
        return caught.value.lines(lang)

    return check


@pytest.fixture
def secrets(tmp_path, monkeypatch):
    folder = tmp_path / "credentials"
    folder.mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    return folder


def test_the_demo_accepts_deduced_rules_by_name_and_nobody_else_does(write, tmp_path):
    rules = {route.rule: route for route in routes_load.load().routes}
    accepted = load(None, tmp_path).policy.accepted_rules
    assert accepted
    for name in accepted:
        assert rules[name].certainty is Certainty.INFERRED, name
        assert deduced(rules[name].basis), name
    text = 'environment = "acceptance"\nown_institutions = ["FR:CLEISS0000"]\n'
    assert load(write(text), tmp_path).policy.accepted_rules == ()
    more = '[policy]\naccepted_rules = ["R-FILE"]'
    assert load(write(text + more), tmp_path).policy.accepted_rules == ("R-FILE",)


def test_production_accepts_no_inferred_rule(refused):
    text = """environment = "production"
own_institutions = ["FR:CLEISS0000"]
[policy]
accepted_rules = ["R-FILE"]"""
    (line,) = refused(text)
    assert "policy.accepted_rules is not for production" in line
    (line,) = refused(text, "fr")
    assert "policy.accepted_rules n'est pas pour la production" in line


def test_without_a_file_it_is_the_demo(tmp_path):
    config = load(None, tmp_path)
    assert (config.environment, config.instance, config.sending) == ("demo", "demo", "automatic")
    assert config.own_institutions == ("FR:CLEISS0000", "FR:CLEISS0001")
    assert (config.policy.least_certainty, config.policy.ask_by_own_case) == ("likely", True)
    assert config.state == tmp_path


@pytest.mark.parametrize("environment", ["test", "acceptance", "production"])
def test_outside_the_demo_the_careful_defaults_hold(write, tmp_path, environment):
    text = f'environment = "{environment}"\nown_institutions = ["FR:CLEISS0000"]'
    config = load(write(text), tmp_path)
    assert (config.instance, config.sending) == (environment, "observe")
    assert (config.policy.least_certainty, config.policy.ask_by_own_case) == ("solid", False)


def test_a_demo_keeps_what_its_policy_says_beside_its_own_defaults(write, tmp_path):
    config = load(write('[policy]\nleast_certainty = "solid"'), tmp_path)
    assert (config.policy.least_certainty, config.policy.ask_by_own_case) == ("solid", True)


def test_secret_files_outrank_the_file_and_the_environment_outranks_both(
    write, tmp_path, secrets, monkeypatch
):
    path = write('[http]\nuser = "from-file"\nport = 1\n[log]\nlevel = "error"')
    (secrets / "http__password").write_text(PASSWORD + "\n")
    (secrets / "http__user").write_text("from-secret\n")
    (secrets / "somebody_elses").write_bytes(b"not ours")
    monkeypatch.setenv("EESSI_GATEWAY_HTTP__PORT", "2")
    config = load(path, tmp_path)
    assert (config.http.user, config.http.port, config.log.level) == ("from-secret", 2, "error")
    assert config.http.password is not None
    assert config.http.password.get_secret_value() == PASSWORD
    monkeypatch.setenv("EESSI_GATEWAY_HTTP__USER", "from-environment")
    assert load(path, tmp_path).http.user == "from-environment"


def test_the_folder_of_secrets_can_stand_in_the_file_and_counts_from_it(write, tmp_path):
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden" / "http__password").write_text(PASSWORD)
    config = load(write('secrets_dir = "hidden"\n[http]\nuser = "ops"'), tmp_path)
    assert config.http.password is not None


def test_lists_and_maps_come_from_the_environment_as_json(tmp_path, monkeypatch):
    monkeypatch.setenv("EESSI_GATEWAY_OWN_INSTITUTIONS", '["FR:A1", "FR:B2"]')
    monkeypatch.setenv("EESSI_GATEWAY_POLICY__HAND_OVER_BY_INSTITUTION", '{"FR:X1": "notice"}')
    config = load(None, tmp_path)
    assert config.own_institutions == ("FR:A1", "FR:B2")
    assert config.policy.hand_over_by_institution == {"FR:X1": "notice"}


def test_cdm_versions_begin_on_days(write, tmp_path):
    config = load(write('[cdm.activation]\n"4.10" = 2030-01-01\n"4.4" = 2026-02-23'), tmp_path)
    assert config.cdm.activation == {"4.10": date(2030, 1, 1), "4.4": date(2026, 2, 23)}


def test_relative_tls_files_count_from_the_configuration_file(write, tmp_path):
    config = load(write('[http]\ntls_certificate = "a.crt"\ntls_key = "/etc/b.key"'), tmp_path)
    assert config.http.tls_certificate == tmp_path / "a.crt"
    assert config.http.tls_key == Path("/etc/b.key")


def _paths(model, before=""):
    """Dotted keys of a model that hold a path."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _paths(field.annotation, f"{before}{name}.")
        elif field.annotation in {Path, Path | None}:
            yield f"{before}{name}"


def test_every_relative_path_counts_from_the_configuration_file():
    keys = set(_paths(Config))
    assert "policy.pension_template" in keys
    assert keys == set(_PATHS)


def test_a_file_saved_with_a_byte_order_mark_is_read(tmp_path):
    path = tmp_path / "gateway.toml"
    path.write_bytes(b'\xef\xbb\xbfinstance = "windows"')
    assert load(path, tmp_path).instance == "windows"


def test_no_secret_shows_in_the_text_or_in_the_dump_of_a_configuration(tmp_path, secrets, write):
    (secrets / "http__password").write_text(PASSWORD)
    config = load(write('[http]\nuser = "ops"'), tmp_path)
    assert PASSWORD not in repr(config) + str(config) + json.dumps(config.model_dump(mode="json"))
    assert "*****" in repr(config)


def test_a_configuration_is_frozen_through_and_through(tmp_path):
    config = load(None, tmp_path)
    with pytest.raises(ValidationError):
        config.instance = "other"
    with pytest.raises(ValidationError):
        config.http.port = 1


# What is refused. Each line names the file (or variable) and the key, and says what to do.


def test_an_unknown_key_names_the_nearest_known_one(refused):
    assert refused("[policy]\ntransfer_grace_hour = 3") == (
        (
            "gateway.toml: policy.transfer_grace_hour: unknown key;"
            " did you mean `policy.transfer_grace_hours`?"
        ),
    )
    assert refused("[policy]\ntransfer_grace_hour = 3", "fr") == (
        (
            "gateway.toml : policy.transfer_grace_hour : clé inconnue ;"
            " vouliez-vous « policy.transfer_grace_hours » ?"
        ),
    )


def test_a_known_key_in_the_wrong_section_is_shown_its_place(refused):
    assert refused("max_bytes = 2000") == (
        "gateway.toml: max_bytes: unknown key; did you mean `inbound.max_bytes`?",
    )


def test_a_key_like_no_other_is_shown_what_is_known_there(refused):
    assert refused("[log]\nzzzzz = 1") == (
        "gateway.toml: log.zzzzz: unknown key; known here: format, level",
    )


def test_the_state_folder_is_no_key(refused):
    assert "state: unknown key" in refused('state = "x"')[0]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('[sending_by_buc]\n"P_BUC_1" = "confirm"', "sending_by_buc.P_BUC_1: has the wrong form"),
        (
            '[policy]\nalready_participant = "stay"',
            "policy.already_participant: must be 'leave'",
        ),
        ('[policy]\nhand_over = "x100"', "policy.hand_over: `x100` comes in a later version"),
        ('sending = "auto"', "sending: must be 'observe', 'confirm' or 'automatic'"),
        ('environment = "prod"', "environment: must be 'demo', 'test', 'acceptance' or 'product"),
        ('[policy]\nleast_certainty = "inferred"', "policy.least_certainty: must be 'confirmed',"),
        ('environment = "production"', "own_institutions: is required outside the demo"),
        ("own_institutions = []", "own_institutions: is too short: at least 1"),
        ('own_institutions = "FR:A1"', "own_institutions: must be a list"),
        ('own_institutions = ["CLEISS"]', "own_institutions.0: has the wrong form"),
        ('own_institutions = ["FR:CLEISS-0000"]', "own_institutions.0: has the wrong form"),
        ('instance = "a b"', "instance: has the wrong form"),
        ("[http]\nport = 70000", "http.port: must be 65535 or less"),
        ('[http]\nport = "web"', "http.port: must be a whole number"),
        ("[workers]\nparse_threads = 0", "workers.parse_threads: must be 1 or more"),
        ("[relay]\nbreaker_seconds = inf", "relay.breaker_seconds: must be"),
        ('[cdm.activation]\n"4.4" = "soon"', "cdm.activation.4.4: must be a day: 2026-02-23"),
        ('[cdm.activation]\n"4" = 2026-02-23', "cdm.activation.4: has the wrong form"),
        (
            '[cdm.activation]\n"4.4" = 2024-09-01\n"4.3" = 2026-02-23',
            "cdm: a later version begins before an earlier one",
        ),
        ("[relay]\nretry_first_seconds = 1000", "relay: retry_first_seconds is larger than"),
        ("[inbound]\nmax_bytes = 2000", "inbound: max_xml_bytes is larger than max_bytes"),
        ("[policy]\nask_by_own_case = 3", "policy.ask_by_own_case: must be true or false"),
        ('[policy.hand_over_by_institution]\n"FR:A" = "x"', "hand_over_by_institution.FR:A: must"),
        ("http = 3", "http: must be a section of keys"),
        ('[http]\ntls_key = "k"', "http: tls_certificate and tls_key go together"),
        (
            '[rabbitmq]\ntls = true\ntls_key = "k"',
            "rabbitmq: tls_certificate and tls_key go together",
        ),
        (
            '[rabbitmq]\ntls_authority = "a"',
            "rabbitmq: tls_authority, tls_certificate and tls_key need tls = true",
        ),
        (
            'journal = "postgres"',
            "journal = postgres needs postgres.user (and the secret file postgres__password)",
        ),
        (
            '[postgres]\ntls_authority = "a"',
            "postgres: tls_authority, tls_certificate and tls_key need tls = require or",
        ),
        (
            'transport = "rabbitmq"',
            "transport = rabbitmq needs rabbitmq.user and the secret file rabbitmq__password",
        ),
        (f"[rabbitmq]\nother_hosts = {['b'] * 7}", "rabbitmq.other_hosts: is too long: at most 6"),
        ('[http]\nuser = "ops"', "http: user and password (in a secret file) go together"),
    ],
)
def test_a_wrong_value_is_refused_in_one_line(refused, text, line):
    lines = refused(text)
    assert len(lines) == 1
    assert lines[0].startswith("gateway.toml: ")
    assert line in lines[0]
    assert refused(text, "fr")[0] != lines[0]


@pytest.mark.parametrize(
    ("host", "others", "tls", "lines"),
    [
        ("192.0.2.1", [], "false", 1),
        ("localhost", ["b"], "false", 1),
        ("localhost", ["127.0.0.2"], "false", 0),
        ("b", ["c", "d"], "true", 0),
    ],
)
def test_in_production_another_machine_is_spoken_to_by_tls_alone(
    write, secrets, tmp_path, host, others, tls, lines
):
    (secrets / "rabbitmq__password").write_text(PASSWORD)
    path = write(
        f'environment = "production"\nown_institutions = ["FR:CLEISS0000"]\n'
        f'secrets_dir = "{secrets}"\ntransport = "rabbitmq"\n'
        f'[rabbitmq]\nuser = "gateway"\nhost = "{host}"\ntls = {tls}\nother_hosts = {others}'
    )
    if not lines:
        broker = load(path, tmp_path).rabbitmq
        assert broker.password is not None
        assert PASSWORD not in repr(broker)
        assert broker.other_hosts == tuple(others)
        return
    with pytest.raises(ConfigurationError, match=r"give rabbitmq\.tls = true"):
        load(path, tmp_path)


@pytest.mark.parametrize(
    ("host", "others", "tls", "fine"),
    [
        ("192.0.2.1", [], "disable", False),
        ("192.0.2.1", [], "require", False),
        ("192.0.2.1", [], "verify-full", True),
        ("/run/postgresql", [], "disable", True),
        ("/run/postgresql", ["192.0.2.1"], "disable", False),
        ("localhost", ["127.0.0.2"], "disable", True),
    ],
)
def test_in_production_a_database_elsewhere_must_prove_who_it_is(
    write, secrets, tmp_path, host, others, tls, fine
):
    (secrets / "postgres__password").write_text(PASSWORD)
    path = write(
        f'environment = "production"\nown_institutions = ["FR:CLEISS0000"]\n'
        f'secrets_dir = "{secrets}"\njournal = "postgres"\n'
        f'[postgres]\nuser = "gateway"\nhost = "{host}"\ntls = "{tls}"\nother_hosts = {others}'
    )
    if fine:
        server = load(path, tmp_path).postgres
        assert PASSWORD not in repr(server)
        assert server.hosts == (host, *others)
        return
    with pytest.raises(ConfigurationError, match=r"give postgres\.tls = verify-full"):
        load(path, tmp_path)


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.0.2.1", "gateway.example"])
def test_an_open_address_is_refused_without_tls_and_password(refused, secrets, address):
    expected = ("gateway.toml: http: others can reach this address",)
    text = f'[http]\naddress = "{address}"\n'
    tls = 'tls_certificate = "c"\ntls_key = "k"\n'
    assert refused(text)[0].startswith(expected)
    assert refused(text + tls)[0].startswith(expected)
    (secrets / "http__password").write_text(PASSWORD)
    assert refused(text + 'user = "ops"')[0].startswith(expected)


@pytest.mark.parametrize("address", ["0.0.0.0", "192.0.2.1"])
def test_an_open_address_is_taken_with_tls_and_password(write, secrets, tmp_path, address):
    (secrets / "http__password").write_text(PASSWORD)
    text = f'[http]\naddress = "{address}"\ntls_certificate = "c"\ntls_key = "k"\nuser = "ops"'
    assert load(write(text), tmp_path).http.address == address


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.9", "::1", "localhost"])
def test_addresses_of_this_machine_need_neither(write, tmp_path, address):
    assert load(write(f'[http]\naddress = "{address}"'), tmp_path).http.loopback


def test_a_password_in_the_file_is_refused_and_not_repeated(refused):
    lines = refused(f'[http]\nuser = "ops"\npassword = "{PASSWORD}"')
    assert len(lines) == 1
    assert "http.password: a secret does not stand here; put it into the file" in lines[0]
    assert PASSWORD not in lines[0]


def test_a_refused_secret_is_not_repeated(write, secrets, tmp_path):
    (secrets / "http__password").write_text("hunter2")
    with pytest.raises(ConfigurationError) as caught:
        load(write('[http]\nuser = "ops"'), tmp_path)
    assert caught.value.lines() == ("http__password: is too short: at least 8",)


def test_everything_that_is_wrong_is_said_at_once(refused):
    assert len(refused('sending = "x"\nzzz = 1\n[log]\nlevel = "loud"\n[http]\nport = -1')) == 4


def test_an_unknown_variable_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("EESSI_GATEWAY_HTTP__PROT", "1")
    monkeypatch.setenv("EESSI_GATEWAY_HTPP__PORT", "1")
    with pytest.raises(ConfigurationError) as caught:
        load(None, tmp_path)
    assert caught.value.lines() == (
        "EESSI_GATEWAY_HTPP__PORT: unknown key; did you mean `http.port`?",
        "EESSI_GATEWAY_HTTP__PROT: unknown key; did you mean `http.port`?",
    )


def test_an_unknown_key_inside_json_of_a_variable_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("EESSI_GATEWAY_LOG", '{"zzzzz": 1}')
    with pytest.raises(ConfigurationError, match="EESSI_GATEWAY_LOG__ZZZZZ: unknown key"):
        load(None, tmp_path)


def test_a_wrong_variable_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("EESSI_GATEWAY_HTTP__PORT", "70000")
    monkeypatch.setenv("EESSI_GATEWAY_LOG__LEVEL", "info")
    with pytest.raises(ConfigurationError) as caught:
        load(None, tmp_path)
    assert caught.value.lines() == ("EESSI_GATEWAY_HTTP__PORT: must be 65535 or less",)


@pytest.mark.parametrize("value", ["FR:A1", "[", '{"a": 1}', "3"])
def test_a_list_in_a_variable_that_is_no_json_list_is_refused(tmp_path, monkeypatch, value):
    monkeypatch.setenv("EESSI_GATEWAY_OWN_INSTITUTIONS", value)
    with pytest.raises(ConfigurationError, match=r"^EESSI_GATEWAY_OWN_INSTITUTIONS"):
        load(None, tmp_path)


def test_an_unknown_secret_file_of_our_form_is_refused_and_others_are_left_alone(tmp_path, secrets):
    (secrets / "http__passwort").write_text("x")
    (secrets / "broker").write_text("x")
    with pytest.raises(ConfigurationError) as caught:
        load(None, tmp_path)
    assert caught.value.lines() == ("http__passwort: unknown key; did you mean `http.password`?",)


def test_a_file_that_is_not_there_or_not_toml_is_one_line(tmp_path):
    with pytest.raises(ConfigurationError, match=r"absent.toml: No such file or directory; give"):
        load(tmp_path / "absent.toml", tmp_path)
    with pytest.raises(ConfigurationError, match="Is a directory"):
        load(tmp_path, tmp_path)
    for content in (b"a = ", b"\xff\xfe", b"a = 1\na = 2", b"[http]\nport = 1\n[http]"):
        (tmp_path / "bad.toml").write_bytes(content)
        with pytest.raises(ConfigurationError, match=r"bad.toml: not TOML: "):
            load(tmp_path / "bad.toml", tmp_path)


def test_a_secret_that_is_no_text_is_refused_without_showing_it(tmp_path, secrets):
    (secrets / "http__password").write_bytes(b"\xff\xfesecret")
    with pytest.raises(ConfigurationError, match="small UTF-8 files") as caught:
        load(None, tmp_path)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_folder_of_secrets_that_is_not_there_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("EESSI_GATEWAY_SECRETS_DIR", str(tmp_path / "absent"))
    with pytest.raises(ConfigurationError, match=r"secrets_dir: .*absent cannot be read"):
        load(None, tmp_path)


def test_the_values_can_be_made_without_any_source(monkeypatch):
    monkeypatch.setenv("EESSI_GATEWAY_INSTANCE", "elsewhere")
    assert Config().instance == "demo"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('mail_to = ["a@example.org"]', "notices: mail_to and mail_from go together"),
        ('mail_from = "a@example.org"', "notices: mail_to and mail_from go together"),
        (
            'mail_to = ["a@example.org\\nBcc: b@example.org"]\nmail_from = "a@b"',
            "has the wrong form",
        ),
        ('mail_to = ["a@example.org, b@example.org"]\nmail_from = "a@b"', "has the wrong form"),
        ('webhook_url = "file:///etc/passwd"', "notices.webhook_url: has the wrong form"),
        ('webhook_url = "https://user:word@example.org/"', "has the wrong form"),
        ('webhook_secret = "in the wrong place"', "a secret does not stand here"),
        ("per_hour = 0", "must be 1 or more"),
    ],
)
def test_notices_that_could_not_be_sent_as_meant_are_refused(refused, text, said):
    assert said in refused(f"[notices]\n{text}\n")[0]


def test_a_mail_server_elsewhere_gets_no_password_in_the_clear(refused, secrets, write, tmp_path):
    (secrets / "notices__smtp_password").write_text(PASSWORD)
    text = '[notices]\nsmtp_user = "eessi"\nsmtp_host = "mail.example"\n'
    assert refused(text)[0].startswith("gateway.toml: notices: smtp_host is another machine")
    config = load(write(f"{text}smtp_starttls = true\n"), tmp_path)
    assert PASSWORD not in repr(config)


def test_the_address_of_a_webhook_may_come_from_a_secret_file(secrets, tmp_path):
    (secrets / "notices__webhook_url").write_text("https://alerts.example/token")
    (secrets / "notices__webhook_secret").write_text("sixteen characters")
    config = load(None, tmp_path)
    assert config.notices.webhook_url == "https://alerts.example/token"
    assert "sixteen" not in repr(config)
