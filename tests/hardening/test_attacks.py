"""Every attack ends in an outcome, in bounded time and memory, and nothing of it is shown.

The bounds are those of a catastrophe, not of speed: machines are shared. Each runs in a process
of its own, whose memory is limited, so that one that gets through cannot take the tests along.
"""

import contextlib
import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hardening.attacks import ATTACKS, SECRET

SCRIPT = Path(__file__).with_name("attacks.py")
SECONDS = 20
"""Of CPU time: what else the machine does is no attack."""
MEGABYTES = 400
LIMIT = 4 * 1024**3
OUTCOMES = {
    "billion laughs": "doctype",
    "quadratic blow-up": "doctype",
    "external entity, file": "doctype",
    "external entity, http": "doctype",
    "external DTD": "doctype",
    "parameter entity": "doctype",
    "DOCTYPE in UTF-16": "doctype",
    "300 levels": "not-xml",
    "text of 11 MB": "too-big",
    "text of 9 MB": "invalid",
    "100,000 attributes": "too-many-attributes",
    "gzip": "not-xml",
    "schema hint": "valid",
    "XInclude": "invalid",
    "comments everywhere": "valid",
    "comment inside a value": "valid",
    "instructions everywhere": "valid",
    "mixed namespaces": "invalid",
    "BOM": "valid",
    "UTF-16": "valid",
    "UTF-16 that says UTF-8": "valid",
    "null bytes": "not-xml",
    "a million elements": "invalid",
    "100,000 violations": "invalid",
    "20,000 names": "invalid",
}


@contextlib.contextmanager
def forking(seconds):
    """`of(name)`: what a process of its own, which is limited, says of that document."""
    line = [sys.executable, SCRIPT, str(LIMIT), str(seconds)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(line, text=True, bufsize=1, **pipes) as process:

        def of(name):
            process.stdin.write(f"{name}\n")
            return json.loads(process.stdout.readline())

        yield of


@pytest.fixture(scope="module")
def attacked():
    with forking(100) as of:
        yield of


def test_what_gets_through_is_stopped_and_the_next_one_is_examined():
    with forking(3) as of:
        assert of("endless")["code"] == -signal.SIGALRM
        greedy = of("5 GB")
        assert greedy["code"] == 1
        assert "MemoryError" in greedy["err"]
        assert of("BOM")["code"] == 0


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_ends_in_its_outcome_within_bounds(name, attacked):
    done = attacked(name)
    assert done["code"] == 0, done["err"][-2000:]
    told = json.loads(done["out"])
    assert told["outcome"] == OUTCOMES[name], told["explained"]
    assert told["seconds"] < SECONDS
    assert told["mb"] < MEGABYTES
    hostname = socket.gethostname()
    shown = json.dumps(told["explained"])
    assert SECRET not in shown
    assert hostname not in shown or len(hostname) < 3
    assert "Muster" not in shown
    assert len(told["explained"]["violations"]) <= 20
    if name == "100,000 violations":
        assert told["explained"]["count"] == 100_000


def test_every_attack_has_its_outcome():
    assert OUTCOMES.keys() == ATTACKS.keys()
