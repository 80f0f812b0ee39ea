"""A person's number goes in by standard input and comes out nowhere."""

import json
import os
import pty
import subprocess
import sys

import pytest

from tests.e2e.conftest import ENVIRONMENT, PATIENCE
from tests.pipeline.test_pin_search import NIR, PROTECTED, with_pin

TYPED = f"{NIR}\n".encode()


@pytest.fixture
def state(daemon, a_message, person):
    """The state of a gateway with three cases about one person, one of them protected."""
    gateway = daemon("--until-idle")
    gateway.put("01.xml", a_message("one", case="c", inside=with_pin(person())))
    gateway.put("02.xml", a_message("two", case="d", inside=with_pin(person(), NIR[:13])))
    gateway.put("03.xml", a_message("three", case="n", inside=person()))
    hidden = with_pin(person())
    gateway.put("04.xml", a_message("four", case="p", inside=hidden, flags=PROTECTED))
    gateway.put("05.xml", b"no message")
    assert gateway.join() == 0
    return gateway.state


def find(state, *words, typed=TYPED):
    return subprocess.run(
        [sys.executable, "-m", "gateway", "--state", str(state), "journal", "find", *words],
        input=typed,
        capture_output=True,
        env={**os.environ, **ENVIRONMENT},
        timeout=PATIENCE,
        check=False,
    )


def audited(state):
    path = state / "audit.log"
    lines = path.read_text().splitlines() if path.exists() else []
    return [(s["command"], s["id"], s["protected"]) for s in map(json.loads, lines)]


def test_it_is_found_masked_where_protected_and_written_down_without_the_number(state, uid):
    done = find(state, "--pin", "--json")
    assert done.returncode == 0, done.stderr
    *rows, summary = map(json.loads, done.stdout.splitlines())
    assert {row["message_id"] for row in rows} == {uid("one"), uid("two"), uid("four")}
    masked = {row["message_id"]: row["case_id"] for row in rows}
    assert (masked[uid("one")], masked[uid("four")]) == (uid("c"), "protected")
    told = {"cases": 3, "messages": 3, "erased_cases": 0, "unread_messages": 1}
    assert summary == told
    seen = audited(state)
    assert seen[0] == ("journal find", "*", False)
    assert set(seen[1:]) == {
        ("journal find", uid("c"), False),
        ("journal find", uid("d"), False),
        ("journal find", uid("p"), True),
    }
    assert NIR[:13] not in (state / "audit.log").read_text() + (done.stdout + done.stderr).decode()

    lines = find(state, "--pin", "--limit", "1").stdout.decode().splitlines()
    assert len(lines) == 3
    assert lines[1] == "2 more messages are not shown; see --limit."
    assert lines[2] == "1 messages that were set aside cannot be searched."


def test_nobody_s_number_and_no_number_are_refused_without_repeating_it(state):
    for typed, code in (
        (b"255 081 416 802 538", 1),
        (b"", 1),
        (b" - ", 1),
        (b"\xff2550814\xe9", 1),
    ):
        done = find(state, "--pin", "--lang", "fr", typed=typed)
        assert done.returncode == code, done.stderr
        assert b"25508" not in done.stdout + done.stderr
        assert b"Traceback" not in done.stderr
    done = find(state, "--pin", typed=NIR[:14].encode() + b"4")
    assert done.returncode == 0
    assert b"The key of this French number does not fit" in done.stderr


def test_it_is_no_word_of_the_command_line(state):
    for words in (["--pin", NIR], [NIR, "--pin"], [f"--pin={NIR}"], []):
        done = find(state, *words)
        assert (done.returncode, done.stdout) == (2, b"")
        assert NIR.encode() not in done.stderr
    assert audited(state) == []


def test_what_cannot_be_written_down_is_not_searched(state):
    (state / "audit.log").mkdir()
    done = find(state, "--pin")
    assert (done.returncode, done.stdout) == (3, b"")


def test_at_a_terminal_it_is_asked_for_without_echo(state, uid):
    ours, theirs = pty.openpty()
    words = ["--state", str(state), "journal", "find", "--pin"]
    with subprocess.Popen(
        [sys.executable, "-m", "gateway", *words],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **ENVIRONMENT},
        start_new_session=True,
    ) as asked:
        prompt = b""
        while b"Number" not in prompt:  # only then its echo is off
            prompt += os.read(asked.stderr.fileno(), 100)
        os.write(ours, f"{NIR}\n".encode())
        shown, said = asked.communicate(timeout=PATIENCE)
        os.set_blocking(ours, False)
        try:
            echoed = os.read(ours, 1000)
        except BlockingIOError:
            echoed = b""
        finally:
            os.close(ours)
            os.close(theirs)
    assert asked.returncode == 0
    assert uid("one").encode() in shown
    assert NIR.encode() not in prompt + shown + said + echoed
