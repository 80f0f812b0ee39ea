"""Bodies in a shared folder: named by digest alone, whole or not there, and checked when read."""

import hashlib
import os

import pytest

from gateway.transport import BEGINNING
from gateway.transport.rabbitmq.bodies import (
    Claim,
    NotTheBody,
    claim_of,
    copy,
    fetch,
    head,
    keep,
)

BODY = b"<sed>\xc3\xa9</sed>" * 100
DIGEST = hashlib.sha256(BODY).hexdigest()
CLAIM = Claim(DIGEST, len(BODY))


def test_a_body_is_kept_under_its_digest_for_its_owner_alone(tmp_path):
    assert keep(tmp_path, BODY) == keep(tmp_path, BODY) == CLAIM
    [kept] = tmp_path.iterdir()
    assert (kept.name, kept.stat().st_mode & 0o777) == (DIGEST, 0o600)
    assert fetch(tmp_path, CLAIM) == BODY
    assert claim_of(CLAIM.headers) == CLAIM


def test_the_beginning_of_a_large_body_is_read_without_the_rest(tmp_path):
    body = b"a" * BEGINNING + b"b"
    claim = keep(tmp_path, body)
    assert head(tmp_path, claim) == b"a" * BEGINNING
    assert head(tmp_path, keep(tmp_path, BODY)) == BODY
    with pytest.raises(NotTheBody):
        head(tmp_path, Claim(claim.digest, 5))


def test_what_cannot_be_made_durable_has_no_name_and_leaves_nothing(tmp_path, monkeypatch):
    def broken(_descriptor):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("os.fsync", broken)
    with pytest.raises(OSError, match="Input"):
        keep(tmp_path, BODY)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_not_made(tmp_path):
    """It may be a file system that is not mounted just now."""
    with pytest.raises(FileNotFoundError):
        keep(tmp_path / "shared", BODY)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "headers",
    [
        {"eessi-body-sha256": DIGEST},
        {"eessi-body-bytes": 5},
        {"eessi-body-sha256": "../../etc/passwd", "eessi-body-bytes": 5},
        {"eessi-body-sha256": DIGEST.upper(), "eessi-body-bytes": 5},
        {"eessi-body-sha256": f"{DIGEST}\n", "eessi-body-bytes": 5},
        {"eessi-body-sha256": [DIGEST], "eessi-body-bytes": 5},
        {"eessi-body-sha256": DIGEST, "eessi-body-bytes": "5"},
        {"eessi-body-sha256": DIGEST, "eessi-body-bytes": True},
        {"eessi-body-sha256": DIGEST, "eessi-body-bytes": -1},
        {"eessi-body-sha256": DIGEST, "eessi-body-bytes": 2**60},
    ],
)
def test_a_claim_of_another_form_is_none(headers):
    with pytest.raises(NotTheBody) as said:
        claim_of(headers)
    assert said.value.code == "claim-check-headers"


def test_without_its_headers_a_message_claims_nothing():
    assert claim_of({"eessi-sha256": DIGEST}) is None


@pytest.mark.parametrize("taking", [fetch, copy])
@pytest.mark.parametrize(
    ("there", "code"),
    [(BODY[:-1] + b"x", "claim-check-digest"), (BODY + b"x", "claim-check-size")],
)
def test_another_body_under_that_name_is_refused(tmp_path, taking, there, code):
    (tmp_path / DIGEST).write_bytes(there)
    (tmp_path / "aside").mkdir()
    more = () if taking is fetch else (tmp_path / "aside",)
    with pytest.raises(NotTheBody) as said:
        taking(tmp_path, CLAIM, *more)
    assert said.value.code == code
    assert list((tmp_path / "aside").iterdir()) == []


def test_no_link_and_no_pipe_is_read(tmp_path):
    (tmp_path / "elsewhere").write_bytes(BODY)
    (tmp_path / DIGEST).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        fetch(tmp_path, CLAIM)
    (tmp_path / DIGEST).unlink()
    os.mkfifo(tmp_path / DIGEST)
    with pytest.raises(NotTheBody):
        fetch(tmp_path, Claim(DIGEST, 0))


def test_a_copy_is_the_same_body(tmp_path):
    shared, aside = tmp_path / "shared", tmp_path / "aside"
    shared.mkdir()
    aside.mkdir()
    keep(shared, BODY)
    copy(shared, CLAIM, aside)
    assert (aside / DIGEST).read_bytes() == BODY
    assert (aside / DIGEST).stat().st_mode & 0o777 == 0o600
