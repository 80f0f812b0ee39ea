"""The daemon on uvloop: the same messages, control socket, end and doors."""

import sys

import pytest

from gateway import event_loop
from gateway.errors import Unreachable

UVLOOP = {"EESSI_GATEWAY_WORKERS__EVENT_LOOP": "uvloop"}


def test_it_takes_messages_hears_commands_and_ends_in_order(
    daemon, command, a_message, listed, outbound
):
    gateway = daemon(env=UVLOOP)
    gateway.wait_for("started")
    assert command(gateway.state, "pause", "--why", "a look").returncode == 0
    gateway.put("01.xml", a_message())
    gateway.wait_until(lambda: "paused" in gateway.get("/readyz")[1])
    assert listed(gateway.state, "journal", "list") == []
    assert command(gateway.state, "resume", "--why", "looked").returncode == 0
    gateway.wait_until(lambda: outbound(gateway.state))
    assert gateway.terminate() == 0
    assert gateway.actions[-1] == "closed"
    assert [row["state"] for row in listed(gateway.state, "journal", "list")] == ["done"]


def test_it_is_uvloop_that_it_runs_on():
    with event_loop.runner("uvloop") as runner:
        assert type(runner.get_loop()).__module__.startswith("uvloop")
    with event_loop.runner("asyncio") as runner:
        assert not type(runner.get_loop()).__module__.startswith("uvloop")


def test_without_the_extra_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "uvloop", None)
    with pytest.raises(Unreachable) as refused:
        event_loop.runner("uvloop")
    assert "eessi-gateway[uvloop]" in refused.value.english
    assert "eessi-gateway[uvloop]" in refused.value.french


def test_check_looks_whether_it_is_there(command, tmp_path):
    checked = command(tmp_path, "check", env=UVLOOP)
    assert checked.returncode == 0
    assert "ok    event loop: uvloop" in checked.stdout
