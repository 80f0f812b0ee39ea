"""Three workers on one database and one broker, of which one is killed each five seconds."""

import itertools
import json
from collections import Counter, defaultdict

import pytest

from tests.services.test_daemon import AIN, once, put

pytestmark = [pytest.mark.program, pytest.mark.long, pytest.mark.timeout(400)]
WORKERS = 3
KILLS = 8
EACH = 5.0
"""Seconds from one kill to the next."""
CASES_EACH = 30
"""Cases that come between two kills, each with two SEDs, one of which is delivered twice."""


@pytest.fixture
def everywhere(at_broker, on_postgres):
    """What makes a gateway a worker beside others; slow enough that a kill comes at work."""
    return {
        **at_broker,
        **on_postgres,
        "EESSI_GATEWAY_RABBITMQ__PREFETCH": "5",
        "EESSI_GATEWAY_RELAY__BATCH": "5",
    }


def pairs(a_message, count):
    """Cases of two SEDs."""
    return [
        [a_message(f"{n}-{part}", case=f"case {n}") for part in ("a", "b")] for n in range(count)
    ]


def test_one_of_three_workers_is_killed_each_five_seconds(
    daemon, everywhere, broker, a_message, command, recovered, tmp_path
):
    cases = iter(pairs(a_message, KILLS * CASES_EACH))
    states = [tmp_path / str(n) for n in range(WORKERS)]
    workers = [daemon(state=state, env=everywhere) for state in states]
    for worker in workers:
        worker.wait_for("started")
    sent = []
    for turn in range(KILLS):
        number = turn % WORKERS
        victim = workers[number]
        before = victim.actions.count("message-recorded")
        comes = list(itertools.islice(cases, CASES_EACH))
        put(broker, [body for one, other in comes for body in (one, other, one)])
        sent += [body for pair in comes for body in pair]
        victim.wait_for("message-recorded", times=before + 1)
        victim.kill()
        workers[number] = daemon(state=states[number], env=everywhere)
        workers[number].wait_for("started")
        workers[number].pause(EACH)
    with recovered():
        rows = at_rest(workers[0], command, states[0], everywhere)
    for worker in workers:
        assert worker.terminate() == 0
    assert len(rows) == len(sent)  # lost 0, none recorded twice
    by_case = defaultdict(list)
    for row in rows:
        by_case[row["case_id"]].append(row["decision"])
    decided = Counter(tuple(sorted(decisions)) for decisions in by_case.values())
    assert decided == {("deliver", "transfer"): KILLS * CASES_EACH}  # wrong 0
    assert {row["institution"] for row in rows} == {"FR:0101100000"}
    assert Counter(once(broker.take(AIN)).values()) == Counter(sent)  # double effects 0
    assert len(once(broker.take("eessi.rina"))) == 2 * KILLS * CASES_EACH
    assert broker.count("eessi.inbound") == broker.count("eessi.dead") == 0


def at_rest(worker, command, state, env):
    """All messages, once all are done: what a dead worker had in hand waits for its lease."""

    def listed(*words):
        done = command(state, *words, "--json", env=env)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def quiet():
        [status] = listed("status")
        return set(status["messages"]) == {"done"} and set(status["sendings"]) == {"handed-over"}

    for _ in range(60):
        if quiet():
            break
        worker.pause(1)
    assert quiet()
    return listed("journal", "list", "--limit", "100000")
