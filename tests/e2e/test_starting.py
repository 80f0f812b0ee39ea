"""A process that the tests start is what `python -m gateway` is, but for the imports before it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e import starting
from tests.e2e.conftest import ENVIRONMENT


def begun(words, cwd, env):
    """`python -m gateway`, with nothing done before."""
    line = [sys.executable, "-m", "gateway", *words]
    return subprocess.run(line, cwd=cwd, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "words",
    [
        ("--version",),
        ("status",),
        ("status", "--lang", "fr", "--json"),
        ("journal", "list", "--limit", "none"),
        ("judge", "one.xml", "--json"),
        ("check", "--lang", "fr"),
        ("tables", "diff", "2026-baseline", "nowhere"),
    ],
)
def test_a_command_says_the_same_and_ends_the_same(command, a_message, tmp_path, words):
    (tmp_path / "one.xml").write_bytes(a_message())
    env = {**os.environ, **ENVIRONMENT}
    state = tmp_path / "var"
    anew = begun(("--state", str(state), *words), tmp_path, env)
    done = command(state, *words, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (
        anew.returncode,
        anew.stdout,
        anew.stderr,
    )


def test_a_daemon_decides_and_hands_over_the_same(daemon, a_message, outbound, tmp_path):
    forked = daemon("--until-idle", state=tmp_path / "forked")
    forked.put("1.xml", a_message())
    assert forked.join() == 0
    (tmp_path / "anew" / "inbound").mkdir(parents=True)
    (tmp_path / "anew" / "inbound" / "1.xml").write_bytes(a_message())
    words = ("--state", "anew", "run", "--until-idle")
    anew = begun(words, tmp_path, {**os.environ, **ENVIRONMENT})
    assert anew.returncode == 0, anew.stderr
    there = outbound(tmp_path / "anew")
    assert len(there) > 0
    assert outbound(tmp_path / "forked").keys() == there.keys()


def test_nothing_of_ours_is_in_it_but_what_it_was_given(tmp_path, monkeypatch):
    monkeypatch.setenv("EESSI_GATEWAY_HOLD", "no such key")
    env = {"LANG": "C.UTF-8", "EESSI_GATEWAY_HTTP__PORT": "0", "EESSI_GATEWAY_SENDING": "loud"}
    with Path(os.devnull).open("r+") as nothing, (tmp_path / "err").open("w+") as err:
        files = {"stdin": nothing, "stdout": nothing, "stderr": err}
        assert starting.run(["run"], env=env, cwd=tmp_path, timeout=60, **files) == 1
        err.seek(0)
        said = err.read()
        assert "EESSI_GATEWAY_SENDING" in said
        assert "EESSI_GATEWAY_HOLD" not in said
        env["EESSI_GATEWAY_SENDING"] = "observe"
        process = starting.start(["run"], env=env, cwd=tmp_path, **files)
        of_it = Path(f"/proc/{process.pid}")
        there = [str((of_it / "fd" / str(number)).readlink()) for number in range(3)]
        assert there == [os.devnull, os.devnull, str(tmp_path / "err")]
        assert (of_it / "cwd").readlink() == tmp_path
        process.kill()
        assert process.wait(60) == -9


def test_the_processes_share_nothing_with_each_other(tmp_path):
    """A child that outlives others holds no file of theirs: who reads to the end is not kept."""
    env = {"LANG": "C.UTF-8", "EESSI_GATEWAY_HTTP__PORT": "0"}
    reading, writing = os.pipe()
    with Path(os.devnull).open("r+") as nothing:
        files = {"stdin": nothing, "stderr": nothing}
        with os.fdopen(writing, "wb") as out:
            first = starting.start(["--version"], env=env, cwd=tmp_path, stdout=out, **files)
        second = starting.start(["run"], env=env, cwd=tmp_path, stdout=nothing, **files)
        with os.fdopen(reading, "rb") as said:
            assert said.read().startswith(b"eessi-gateway")
        assert first.wait(60) == 0
        assert second.poll() is None
        second.kill()
        assert second.wait(60) == -9


def test_nothing_is_left_when_nobody_can_ask_any_more(tmp_path):
    """A daemon that a test forgot does not outlive the tests."""
    code = (
        "import os, sys; from pathlib import Path; from tests.e2e import starting\n"
        "none = Path(os.devnull).open('r+')\n"
        "files = dict.fromkeys(('stdin', 'stdout', 'stderr'), none)\n"
        "env = {'EESSI_GATEWAY_HTTP__PORT': '0'}\n"
        "print(starting.start(['run'], env=env, cwd=sys.argv[1], **files).pid)\n"
    )
    line = [sys.executable, "-c", code, tmp_path]
    home = Path(__file__).parents[2]
    done = subprocess.run(line, cwd=home, capture_output=True, text=True, check=True)
    assert not Path(f"/proc/{int(done.stdout)}").exists()
