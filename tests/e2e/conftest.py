"""The whole gateway as users start it: a process of its own, files in, files out."""

import contextlib
import functools
import json
import os
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from tempfile import TemporaryFile

import pytest

from tests.e2e import starting

PATIENCE = 60.0
"""Seconds until a test gives up on the process."""
# What failed is tried again within a second: with the minute that a destination is left alone, a
# test would lose its patience first.
ENVIRONMENT = {
    "EESSI_GATEWAY_HTTP__PORT": "0",
    "EESSI_GATEWAY_INBOUND__POLL_SECONDS": "0.05",
    "EESSI_GATEWAY_RELAY__RETRY_FIRST_SECONDS": "0.2",
    "EESSI_GATEWAY_RELAY__RETRY_CAP_SECONDS": "1",
    "EESSI_GATEWAY_RELAY__BREAKER_SECONDS": "0.5",
    "LANG": "C.UTF-8",
    "PYTHONFAULTHANDLER": "1",
}


def _command(state, *words, cwd=None, env=None, timeout=PATIENCE):
    """Run one command to its end."""
    line = ["--state", str(state), *map(str, words)]
    env = {**os.environ, **ENVIRONMENT, **(env or {})}
    with TemporaryFile("w+") as out, TemporaryFile("w+") as err, Path(os.devnull).open() as nothing:
        files = {"stdin": nothing, "stdout": out, "stderr": err}
        code = starting.run(line, env=env, cwd=cwd, timeout=timeout, **files)
        for file in (out, err):
            file.seek(0)
        return subprocess.CompletedProcess(line, code, out.read(), err.read())


class Daemon:
    """A running gateway, and its log as it grows.

    One that runs until it is idle begins when a test first waits for it: what was put before is
    there then, and is not raced against.
    """

    def __init__(self, state, *words, env=None):
        self.state = Path(state)
        self.lines = []
        self._grown = threading.Condition()
        self._line = ["--state", str(state), "run", *map(str, words)]
        self._env = {**os.environ, **ENVIRONMENT, **(env or {})}
        if "--until-idle" not in words:
            self.begin()

    def begin(self):
        """Start it, unless that was done."""
        return self._process

    @functools.cached_property
    def _process(self):
        """Started when it is first asked for."""
        log, said = os.pipe()
        with Path(os.devnull).open("r+") as nothing, os.fdopen(said, "wb") as stderr:
            files = {"stdin": nothing, "stdout": nothing, "stderr": stderr}
            process = starting.start(self._line, env=self._env, **files)
        self._log = os.fdopen(log, "rb")
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()
        return process

    def _read(self):
        with self._log as log:
            for raw in log:
                try:
                    line = json.loads(raw)
                except ValueError:
                    line = {"event.action": "not-json", "text": raw.decode(errors="replace")}
                with self._grown:
                    self.lines.append(line)
                    self._grown.notify_all()
        with self._grown:
            self._grown.notify_all()

    @property
    def actions(self):
        return [line["event.action"] for line in self.lines]

    def wait_for(self, action, times=1):
        """Return when the log has said `action` so often."""
        with self._grown:
            there = self._grown.wait_for(
                lambda: self.actions.count(action) >= times or self._process.poll() is not None,
                PATIENCE,
            )
        assert there, f"{action} was not said {times} times: {self.actions[-20:]}"
        assert self.actions.count(action) >= times, self.lines[-5:]
        return next(line for line in self.lines if line["event.action"] == action)

    @property
    def url(self):
        started = self.wait_for("started")
        return f"http://{started['server.address']}:{started['server.port']}"

    def get(self, path):
        """Status and body of a page."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def wait_until(self, condition):
        """Return when `condition()` is true."""
        end = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < end, f"still not so: {self.actions[-20:]}"
            assert self._process.poll() is None, self.lines[-5:]
            time.sleep(0.05)

    def pause(self, seconds):
        """Let it work on for a moment."""
        time.sleep(seconds)

    def put(self, name, body, meta=None):
        """Let a message arrive, as RINA's side writes it."""
        inbound = self.state / "inbound"
        inbound.mkdir(parents=True, exist_ok=True)
        if meta is not None:
            (inbound / f"{name}.meta.json").write_text(json.dumps(meta))
        (inbound / f".{name}.tmp").write_bytes(body)
        (inbound / f".{name}.tmp").rename(inbound / name)

    def terminate(self):
        """SIGTERM, once it listens to that, and the exit code."""
        self.wait_for("started")
        self._process.send_signal(signal.SIGTERM)
        return self.join()

    def kill(self):
        """SIGKILL: no word of farewell."""
        if "_process" not in vars(self):  # it never began
            return
        self._process.kill()
        self._process.wait()
        self._reading.join()

    def join(self, patience=PATIENCE):
        """Wait for the end, so many seconds at most; the exit code."""
        code = self._process.wait(patience)
        self._reading.join()
        crash = [line["text"] for line in self.lines if line["event.action"] == "not-json"]
        assert code >= 0, f"killed by signal {-code}: {''.join(crash)}"
        return code


@pytest.fixture
def daemon(tmp_path):
    """Starts gateways, and ends those still running."""
    running = []

    def start(*words, state=None, env=None):
        running.append(Daemon(state or tmp_path / "state", *words, env=env))
        return running[-1]

    yield start
    for one in running:
        one.kill()


@pytest.fixture
def recovered(request):
    """`with recovered():` around the wait until all is as before; how long it took is no promise.

    Where `EESSI_RECOVERED` names a file, the test and its seconds are added to it, one JSON object
    a line: the figures of ops/faults.md.
    """

    @contextlib.contextmanager
    def measured():
        began = time.monotonic()
        yield
        seconds = round(time.monotonic() - began, 1)
        if "EESSI_RECOVERED" in os.environ:
            with Path(os.environ["EESSI_RECOVERED"]).open("a", encoding="utf-8") as file:
                print(json.dumps({"test": request.node.nodeid, "seconds": seconds}), file=file)

    return measured


@pytest.fixture
def command():
    """`command(state, "journal", "list")`: one command, run to its end."""
    return _command


@pytest.fixture
def listed():
    """`listed(state, "journal", "list")`: the objects that a command prints with `--json`."""

    def objects(state, *words):
        done = _command(state, *words, "--json")
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return objects


@pytest.fixture
def outbound():
    """`outbound(state)`: path below `outbound/` -> bytes, of everything handed over."""

    def files(state):
        folder = Path(state) / "outbound"
        return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*.*")}

    return files
