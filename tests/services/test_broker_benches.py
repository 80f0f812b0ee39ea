"""`bench backlog` and `bench soak` on a node of their own, with few messages."""

import asyncio
import json

import pytest

from gateway.bench import soak
from gateway.bench.soak_probe import counted
from tests.e2e.conftest import command

__all__ = ["command"]

pytestmark = [pytest.mark.program, pytest.mark.long, pytest.mark.timeout(240)]


@pytest.fixture
def bench(need_rabbitmq, command, tmp_path):
    """`bench("soak", ...)`: its figures."""

    def measured(*words):
        done = command(tmp_path, "bench", *words, "--json", timeout=200)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return measured


def test_a_backlog_is_drained_to_the_last_message(bench):
    found = bench("backlog", "--messages", "150", "--size", "6000")
    assert (found["messages"], found["bytes"]) == (150, 6000)
    assert 0 < found["from_first_s"] < found["drained_s"]
    assert min(found[key] for key in ("msg_s", "cpu_ms", "rss_mb")) > 0


def test_a_soak_compares_what_is_open_early_and_late(bench):
    found = bench("soak", "--messages", "1000")
    assert (found["messages"], found["early"]) == (1000, 500)
    assert len(found["rss_mb"]) >= 5
    for kind in ("files", "tasks", "channels"):
        early, late = found[kind]
        assert 0 < late <= early + 2, kind
    growth = found["rss_late_mb"] / found["rss_early_mb"] - 1
    assert found["rss_growth"] == pytest.approx(growth, abs=0.01)


def test_a_soak_knows_what_its_messages_have_leave():
    firsts = 0
    for number in range(4500):
        firsts += b"<sbdh:CaseAction>Start<" in soak._message(number)
        assert soak._caused(number + 1) == number + 1 + 2 * firsts
    assert firsts == 600


async def test_a_task_that_does_not_end_is_counted():
    before = counted()["tasks"]
    leak = asyncio.ensure_future(asyncio.Event().wait())
    assert counted()["tasks"] == before + 1
    leak.cancel()
    await asyncio.gather(leak, return_exceptions=True)
    assert counted()["tasks"] == before
