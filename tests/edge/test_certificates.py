"""Until when certificates are good, as openssl says it."""

import ssl
import subprocess
from datetime import UTC, datetime

import pytest

from gateway.config import load
from gateway.config.certificates import USES, expiries

CONFIG = """
transport = "rabbitmq"
journal = "postgres"
[http]
tls_certificate = "{0}"
tls_key = "key"
[rabbitmq]
user = "gateway"
tls = true
tls_authority = "{1}"
tls_certificate = "{0}"
tls_key = "key"
[postgres]
user = "gateway"
tls = "verify-full"
tls_authority = "{1}"
tls_certificate = "{0}"
tls_key = "key"
"""


def openssl(*words):
    return subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, text=True)


def end_of(path):
    """What openssl says."""
    said = openssl("x509", "-enddate", "-noout", "-in", path).stdout.strip().partition("=")[2]
    return datetime.strptime(said, "%b %d %H:%M:%S %Y GMT").replace(tzinfo=UTC)


@pytest.fixture(autouse=True)
def _password(tmp_path, monkeypatch):
    secret = tmp_path / "secrets" / "rabbitmq__password"
    secret.parent.mkdir()
    secret.write_text("secret")
    secret.chmod(0o600)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(secret.parent))


@pytest.fixture
def made(tmp_path):
    """`made("name", days)`: a certificate, good for so many days."""

    def make(name, days, *more):
        path = tmp_path / name
        openssl(
            *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x", "-days", days),
            *("-keyout", tmp_path / "key", "-out", path, *more),
        )
        return path

    return make


def configured(tmp_path, ours, theirs):
    path = tmp_path / "gateway.toml"
    path.write_text(CONFIG.format(ours, theirs))
    return load(path, tmp_path / "state")


@pytest.mark.parametrize("days", [1, 400, 20000])  # the last one is after 2049: another form
def test_each_use_has_its_end_as_openssl_says_it(made, tmp_path, days):
    ours, theirs = made("ours", days), made("theirs", 3)
    found = expiries(configured(tmp_path, ours, theirs))
    assert set(found) == set(USES)
    of_authority = {use: at for use, at in found.items() if use.endswith("authority")}
    assert set(of_authority.values()) == {end_of(theirs)}
    assert {at for use, at in found.items() if use not in of_authority} == {end_of(ours)}


def test_of_ours_the_first_counts_and_of_whom_we_trust_the_last_to_end(made, tmp_path):
    short, long, longest = made("a", 2), made("b", 30), made("c", 300)
    bundle = tmp_path / "bundle"
    bundle.write_text("a comment\n" + long.read_text() + short.read_text() + longest.read_text())
    found = expiries(configured(tmp_path, bundle, bundle))
    assert (found["http"], found["broker-authority"]) == (end_of(long), end_of(longest))


def test_a_year_of_two_digits_from_50_on_is_of_the_last_century(made, tmp_path):
    ours = made("ours", 1)
    der = ssl.PEM_cert_to_DER_cert(ours.read_text())
    end = der.index(b"\x17\x0d", der.index(b"\x17\x0d") + 1) + 2
    ours.write_text(ssl.DER_cert_to_PEM_cert(der[:end] + b"99" + der[end + 2 :]))
    assert expiries(configured(tmp_path, ours, ours))["http"] == end_of(ours)
    assert end_of(ours).year == 1999


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no certificate",
        "-----END CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nMIIBAAAA\n-----END CERTIFICATE-----\n",
        "\u00e9",
    ],
)
def test_what_cannot_be_read_has_no_end(tmp_path, text):
    path = tmp_path / "file"
    path.write_text(text, encoding="utf-8")
    assert expiries(configured(tmp_path, path, path)) == {}
    assert expiries(configured(tmp_path, tmp_path / "absent", tmp_path / "absent")) == {}


def test_what_is_not_in_use_is_not_looked_at(made, tmp_path):
    ours = made("ours", 5)
    text = CONFIG.format(ours, ours).replace('rabbitmq"', 'folder"').replace('postgres"', 'sqlite"')
    path = tmp_path / "gateway.toml"
    path.write_text(text)
    assert set(expiries(load(path, tmp_path / "state"))) == {"http"}
