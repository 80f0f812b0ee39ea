"""Processes of the gateway, forked from one that has imported it: a second saved at each start.

What a test gets is a process of its own, as `python -m gateway` is: its words, environment, folder,
files, signals and exit code. Only the imports were done before, and once, by a process that does
nothing else. `tests/e2e/test_starting.py` holds the two ways against each other.
"""

import atexit
import contextlib
import faulthandler
import gc
import json
import os
import runpy
import select
import selectors
import signal
import socket
import subprocess
import sys
from importlib import import_module
from pathlib import Path

_LATER = ("gateway.daemon", "structlog", "uvicorn.lifespan.off", "uvicorn.protocols.http.h11_impl")
"""What a gateway imports only when it works."""
_LARGEST = 1 << 17
"""Bytes of a request: the words and the environment."""


class Started:
    """A process, with what the tests use of `subprocess.Popen`."""

    def __init__(self, pid, report):
        self.pid = pid
        self.returncode = None
        self._report = report

    def poll(self):
        """The exit code; None while it runs."""
        return self._waited(0)

    def wait(self, timeout=None):
        """Its exit code, once it has ended.

        Raises:
            subprocess.TimeoutExpired: it has not, within this many seconds.
        """
        if self._waited(timeout) is None:
            raise subprocess.TimeoutExpired(f"gateway {self.pid}", timeout)
        return self.returncode

    def send_signal(self, number):
        """To one that has ended, nothing is sent."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self):
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def _waited(self, timeout):
        if self.returncode is None and select.select([self._report], [], [], timeout)[0]:
            said = self._report.readline()
            assert said, "the process that starts the others has ended"
            self.returncode = int(said)
            self._report.close()
        return self.returncode


class _Starter:
    """The process with the imports, and our way to it."""

    def __init__(self):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.e2e.starting", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                cwd=Path(__file__).parents[2],
                stdin=subprocess.DEVNULL,
            )
        self._door = ours

    def start(self, words, env, cwd, files):
        """Ask for a process; when it is there."""
        reading, writing = os.pipe()
        request = json.dumps({"words": words, "env": env, "cwd": str(cwd)}).encode()
        socket.send_fds(self._door, [request], [*(file.fileno() for file in files), writing])
        os.close(writing)
        report = os.fdopen(reading, "rb", buffering=0)
        return Started(int(report.readline()), report)

    def end(self):
        """It ends when nobody can ask any more."""
        self._door.close()
        self._process.wait()


_starters = []


def start(words, *, env, cwd=None, stdin, stdout, stderr):
    """`python -m gateway` with these words, in this environment, on these open files."""
    if not _starters:
        _starters.append(_Starter())
        atexit.register(_starters[0].end)
    return _starters[0].start(words, env, cwd or Path.cwd(), (stdin, stdout, stderr))


def run(words, *, env, cwd=None, timeout, stdin, stdout, stderr):
    """The same to its end; its exit code. It is killed when it takes longer than `timeout`."""
    process = start(words, env=env, cwd=cwd, stdin=stdin, stdout=stdout, stderr=stderr)
    try:
        return process.wait(timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        raise


def _imported():
    """What the commands import, and the directory of the package as its files say it."""
    # only the process that starts others needs them
    from gateway.cli import cli  # noqa: PLC0415
    from ir_directory import load as directory  # noqa: PLC0415
    from tests import reading_once  # noqa: PLC0415

    for module in (*(f"gateway.cli.{name}" for name in set(cli.modules.values())), *_LATER):
        import_module(module)
    directory.load = reading_once.once(directory.load)
    directory.load()


def _serve(door):
    """Start what is asked for, and tell how each ended.

    Returns in each new process, with its request; in this one when nobody can ask any more, with
    None. What then still runs is killed.
    """
    reports = {}
    with selectors.DefaultSelector() as ready:
        ready.register(door, selectors.EVENT_READ)
        while True:
            for key, _ in ready.select():
                if key.fileobj is not door:
                    ready.unregister(key.fd)
                    os.close(key.fd)
                    pid, report = reports.pop(key.fd)
                    _tell(report, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
                    os.close(report)
                    continue
                request, files, _, _ = socket.recv_fds(door, _LARGEST, 4)
                if not request:
                    for pid, _ in reports.values():
                        os.kill(pid, signal.SIGKILL)
                        os.waitpid(pid, 0)
                    return None
                pid = os.fork()
                if pid == 0:
                    for at, file in enumerate(files[:3]):
                        os.dup2(file, at)
                    wanted = json.loads(request)
                    os.chdir(wanted["cwd"])
                    _tell(files[3], os.getpid())
                    door.close()
                    for file in (*files, *reports, *(report for _, report in reports.values())):
                        os.close(file)
                    return wanted
                for file in files[:3]:
                    os.close(file)
                watched = os.pidfd_open(pid)
                reports[watched] = (pid, files[3])
                ready.register(watched, selectors.EVENT_READ)


def _tell(report, number):
    with contextlib.suppress(BrokenPipeError):  # the test has ended
        os.write(report, b"%d\n" % number)


def _become(request):
    """Be the process that was asked for, as if started anew."""
    os.environ.clear()
    os.environ.update(request["env"])
    for name, at, mode in (("stdin", 0, "r"), ("stdout", 1, "w"), ("stderr", 2, "w")):
        errors = "backslashreplace" if name == "stderr" else None
        stream = open(at, mode, errors=errors, closefd=False)  # noqa: SIM115 - stays open
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    sys.stderr.reconfigure(line_buffering=True)
    if request["env"].get("PYTHONFAULTHANDLER"):
        faulthandler.enable()
    sys.argv[1:] = request["words"]
    runpy.run_module("gateway", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _imported()
    gc.freeze()  # what all share is looked through by none of them
    _request = _serve(socket.socket(fileno=int(sys.argv[1])))
    if _request is not None:
        _become(_request)
