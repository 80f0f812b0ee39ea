"""`bench relay` on a real broker: every figure is measured, and nothing stays behind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gateway.transport.rabbitmq import topology
from tests.e2e.conftest import command
from tests.services.node import PASSWORD, USER

__all__ = ["command"]

pytestmark = [pytest.mark.program, pytest.mark.long, pytest.mark.timeout(300)]


def looks_right(found):
    """Every figure is there, and the ratios are those of the rates."""
    rates = [found[key] for key in ("ceiling_msg_s", "naive_msg_s", "gateway_msg_s")]
    assert min(rates) > 0
    assert min(found[key] for key in ("ceiling_cpu_ms", "naive_cpu_ms", "gateway_cpu_ms")) > 0
    assert 0 < found["p50_ms"] <= found["p99_ms"]
    assert found["ratio_ceiling"] == pytest.approx(rates[2] / rates[0], abs=0.001)
    assert found["ratio_naive"] == pytest.approx(rates[2] / rates[1], abs=0.001)
    assert "gateway" not in found["killed"]


@pytest.mark.kills_node  # a node to itself: what is measured must be the only thing there
def test_all_are_measured_side_by_side_and_tidied_away(need_postgres, broker, command, tmp_path):
    url = f"amqp://{USER}:{PASSWORD}@127.0.0.1:{broker.node.port}/"
    at = ("bench", "relay", "--amqp", url, "--messages")
    words = (*at, "400", "--runs", "1", "--attachment", "3", "--json")
    refused = command(tmp_path, *words)
    assert refused.returncode == 1
    assert "is at this broker already" in refused.stderr
    assert PASSWORD not in refused.stderr

    async def empty(channel):
        for thing in topology.wanted(("FR:0101100000",)):
            delete = channel.queue_delete if thing.kind == "queue" else channel.exchange_delete
            await delete(thing.name)

    broker.do(empty)
    done = command(tmp_path, *words, timeout=200)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    looks_right(found)
    on_postgres = found["postgres_msg_s"] / found["gateway_msg_s"]
    assert found["ratio_postgres"] == pytest.approx(on_postgres, abs=0.001)
    assert min(found["postgres_cpu_ms"], found["database_cpu_ms"]) > 0
    assert 0 < found["p50_large_ms"] <= found["p99_large_ms"]
    assert found["large_ms"] > found["p50_ms"]
    few = ("100", "--runs", "1", "--attachment", "0", "--no-postgres")
    again = command(tmp_path, "--lang", "fr", *at, *few, timeout=100)
    assert again.returncode == 0, again.stderr  # nothing was left at the broker
    assert "Sans PostgreSQL, comme demandé." in again.stdout.splitlines()


# -- a node of its own ----------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path, need_rabbitmq):
    """Where its temporary folders are."""
    made = tmp_path / "temporary"
    made.mkdir()
    return made


def processes(folder):
    """Those whose home is below the folder: the node, its port mapper, and what they started."""
    mark, found = f"HOME={folder}/".encode(), []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            said = entry.read_bytes().split(b"\0")
        except OSError:
            continue
        found += [entry.parent.name] if any(word.startswith(mark) for word in said) else []
    return found


def test_without_a_broker_it_has_one_of_its_own_which_ends_with_it(command, folder):
    few = ("--messages", "100", "--runs", "1", "--attachment", "0")
    words = ("bench", "relay", *few, "--no-postgres", "--json")
    done = command(folder, *words, env={"TMPDIR": str(folder)}, timeout=200)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    looks_right(found)
    assert (found["postgres_left_out"], found["postgres_msg_s"]) == ("asked", None)
    assert found["large_ms"] is None
    assert processes(folder) == list(folder.iterdir()) == []


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_its_own_node_ends_with_it_also_when_it_is_told_to_stop(folder, told):
    bench = subprocess.Popen(
        [sys.executable, "-m", "gateway", "bench", "relay"],
        env={**os.environ, "TMPDIR": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    end = time.monotonic() + 60
    while not list(folder.glob("*/pid")):
        assert time.monotonic() < end
        time.sleep(0.05)
    assert len(processes(folder)) > 2
    bench.send_signal(told)
    assert bench.wait(60) != 0
    assert processes(folder) == list(folder.iterdir()) == []


def test_where_rabbitmq_is_not_installed_one_line_says_what_to_do(command, tmp_path):
    for lang, said in (("en", "give --amqp URL, or install"), ("fr", "donner --amqp URL, ou")):
        refused = command(tmp_path, "--lang", lang, "bench", "relay", env={"PATH": ""})
        assert refused.returncode == 3
        [line] = refused.stderr.splitlines()
        assert said in line
