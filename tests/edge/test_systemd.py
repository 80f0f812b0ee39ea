"""systemd hears what it is told, over a real socket; the unit asks for what the code gives."""

import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from gateway.daemon import OBSERVE_SECONDS
from gateway.systemd import READY, notify

UNIT = Path(__file__).parents[2] / "ops" / "eessi-gateway.service"


@pytest.fixture(params=["file", "abstract"])
def listening(request, tmp_path):
    """A socket as systemd opens it, and the environment that names it."""
    name = str(tmp_path / "notify")
    address = name if request.param == "file" else "\0eessi-gateway-test" + name
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(address)
        receiver.settimeout(5)
        yield receiver, {"NOTIFY_SOCKET": address.replace("\0", "@")}


def test_systemd_hears_it(listening):
    receiver, environment = listening
    assert notify(READY, environment)
    assert receiver.recv(100) == b"READY=1"


@pytest.mark.parametrize("path", ["", "relative", "/no/such/socket", "@eessi-nobody-listens"])
def test_without_a_listener_nothing_happens(path):
    assert not notify(READY, {"NOTIFY_SOCKET": path})
    assert not notify(READY, {})


def test_the_unit_waits_for_ready_and_watches():
    text = UNIT.read_text()
    assert re.search(r"^Type=notify$", text, re.MULTILINE)
    [allowed] = re.findall(r"^WatchdogSec=(\d+)$", text, re.MULTILINE)
    assert int(allowed) >= OBSERVE_SECONDS * 10  # it is told at each look, which may take a while


def test_the_unit_is_closed():
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed")
    done = subprocess.run(
        [analyze, "security", "--offline=true", "--threshold=15", "--no-pager", str(UNIT)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout.splitlines()[-1:] + done.stderr.splitlines()
