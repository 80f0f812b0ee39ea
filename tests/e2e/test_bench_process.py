"""A program that is measured: looked at, held still, and ended in any case."""

import os
import shutil
import time
from collections import namedtuple
from pathlib import Path

import pytest

from gateway.bench import process
from gateway.bench.process import has_room, started
from gateway.errors import Refused

SLEEPS = "time.sleep(100)\n"
DEAF = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
BUSY = "while True: pass\n"


@pytest.fixture
def program(tmp_path, monkeypatch):
    """`program(text)`: a module that does this, in a process of its own."""
    monkeypatch.setattr(process, "STOP_SECONDS", 0.5)

    def make(text):
        (tmp_path / "measured_one.py").write_text(text)
        return started("one", ["measured_one"], {"PYTHONPATH": str(tmp_path)})

    return make


def until(condition):
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def state(pid):
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_one_that_is_held_still_uses_no_cpu_and_ends_by_itself(program):
    with program(BUSY) as one:
        until(lambda: one.cpu_seconds() > 0.05)
        assert one.rss_mb() > 1
        assert one.open_files() >= 3
        one.check()
        one.hold()
        until(lambda: state(one.pid) == "T")
        used = one.cpu_seconds()
        time.sleep(0.2)
        assert one.cpu_seconds() == used
        one.go_on()
        until(lambda: one.cpu_seconds() > used)
        one.hold()
    assert gone(one.pid)
    assert not one.killed


def test_one_that_does_not_heed_sigterm_is_killed(program, tmp_path):
    with program(f"{DEAF}open(__file__ + '.deaf', 'w').close()\n{SLEEPS}") as one:
        until((tmp_path / "measured_one.py.deaf").exists)
        begun = time.monotonic()
    assert time.monotonic() - begun < 10
    assert one.killed
    assert gone(one.pid)


def test_one_that_has_ended_is_told(program):
    with program("") as one:
        one._process.wait(20)
        with pytest.raises(Refused) as refused:
            one.check()
    assert "one ended with 0" in str(refused.value)
    assert refused.value.code == "bench-ended"


def test_what_has_no_room_does_not_begin(monkeypatch, tmp_path):
    usage = namedtuple("Usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**10, 0, 10**9))
    has_room(str(tmp_path), 10**9)
    with pytest.raises(Refused) as refused:
        has_room(str(tmp_path), 10**9 + 1)
    assert refused.value.code == "no-room"
