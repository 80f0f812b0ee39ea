"""What the tests of the edges share: a clean environment, a certificate, a Metrics."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from gateway.metrics import Metrics


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch):
    for name in list(os.environ):
        if name.startswith("EESSI_GATEWAY_") or name == "CREDENTIALS_DIRECTORY":
            monkeypatch.delenv(name)


@pytest.fixture
def metrics():
    return Metrics(
        instance="rina-1",
        environment="test",
        sending="observe",
        causes={
            "hold": ("question-open",),
            "refer": ("several", "own"),
            "set-aside": ("empty", "doctype"),
        },
    )


@pytest.fixture(scope="session")
def certificate(tmp_path_factory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 and its key, made now."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.fail("openssl is needed to make a certificate: apt-get install openssl")
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "gateway.crt", folder / "gateway.key"
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=gateway", "-keyout", key, "-out", certificate),
            *("-addext", "subjectAltName=IP:127.0.0.1"),
        ],
        check=True,
        capture_output=True,
    )
    return certificate, key
