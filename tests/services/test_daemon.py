"""The daemon at a broker: from one queue to the other, through kills and restarts of either."""

import json
from collections import Counter

import pytest

pytestmark = [pytest.mark.program, pytest.mark.long, pytest.mark.timeout(240)]
AIN = "eessi.institution.FR:0101100000"


def put(broker, bodies):
    broker.put(*bodies, headers={"eessi-addressee": "FR:CLEISS0000"})


def once(messages):
    """Message id -> bytes; what came twice came with the same bytes."""
    found = {m.message_id: m.body for m in messages}
    assert all(found[m.message_id] == m.body for m in messages)
    return found


def test_a_message_goes_from_queue_to_queue(daemon, at_broker, broker, a_message, listed, uid):
    body = a_message()
    put(broker, [body])
    gateway = daemon("--until-idle", env=at_broker)
    assert gateway.join() == 0
    [handed] = broker.take(AIN)
    assert handed.body == body
    sidecar = json.loads(handed.headers["eessi-sidecar"])
    assert (sidecar["message_id"], sidecar["decision"]) == (uid("one"), "transfer")
    assert handed.message_id == sidecar["hand_over_id"]
    x007 = broker.take("eessi.rina")
    assert len(x007) == 2
    assert all(b"X007" in message.body for message in x007)
    assert broker.count("eessi.inbound") == 0
    assert [row["state"] for row in listed(gateway.state, "journal", "list")] == ["done"]


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_kill_loses_nothing_and_decides_nothing_twice(
    daemon, at_broker, broker, a_message, listed, recovered, loop
):
    at_broker = {**at_broker, "EESSI_GATEWAY_WORKERS__EVENT_LOOP": loop}
    bodies = {f"m{n}": a_message(f"m{n}") for n in range(60)}
    put(broker, bodies.values())
    gateway = daemon(env=at_broker)
    gateway.wait_for("message-recorded", times=5)
    gateway.kill()
    with recovered():
        again = daemon("--until-idle", env=at_broker)
        again.wait_for("message-recorded")
    assert again.join() == 0
    assert len(listed(gateway.state, "journal", "list")) == 60
    assert Counter(once(broker.take(AIN)).values()) == Counter(bodies.values())
    assert len(once(broker.take("eessi.rina"))) == 120
    assert broker.count("eessi.inbound") == broker.count("eessi.dead") == 0


@pytest.mark.kills_node
def test_a_restart_of_the_broker_loses_nothing_and_doubles_nothing_inside(
    daemon, at_broker, broker, a_message, listed, recovered
):
    bodies = {f"m{n}": a_message(f"m{n}") for n in range(80)}
    before, after = list(bodies.values())[:60], list(bodies.values())[60:]
    put(broker, before)
    gateway = daemon(env=at_broker)
    gateway.wait_for("message-recorded", times=5)
    broker.node.keep()
    broker.node.kill()
    gateway.wait_for("source-unavailable")
    gateway.wait_until(lambda: gateway.get("/readyz")[0] == 503)
    broker.node.start()
    with recovered():
        put(broker, after)
        gateway.wait_for("message-recorded", times=80)
        gateway.wait_until(lambda: gateway.get("/readyz")[0] == 200)
    assert gateway.terminate() == 0
    assert daemon("--until-idle", env=at_broker).join() == 0
    assert len(listed(gateway.state, "journal", "list")) == 80
    assert gateway.actions.count("message-recorded") == 80
    assert Counter(once(broker.take(AIN)).values()) == Counter(bodies.values())
    assert len(once(broker.take("eessi.rina"))) == 160
    assert broker.count("eessi.inbound") == broker.count("eessi.dead") == 0


def test_what_no_queue_takes_is_deferred_until_one_does(
    daemon, at_broker, broker, a_message, command
):
    broker.fresh()
    put(broker, [a_message()])
    gateway = daemon(env=at_broker)
    deferred = gateway.wait_for("sending-deferred")
    assert deferred["error.code"] == "unroutable"
    [copy] = broker.take("eessi.unroutable")
    assert copy.message_id == deferred["eessi.message_id"]
    ids = ("--institution", "FR:0101100000")
    made = command(gateway.state, "broker", "apply", *ids, env=at_broker)
    assert made.returncode == 0, made.stderr
    assert "1 made" in made.stdout
    gateway.wait_until(lambda: broker.count(AIN))
    assert gateway.terminate() == 0
    assert list(once(broker.take(AIN))) == [copy.message_id]


@pytest.mark.kills_node
def test_it_starts_before_the_broker_and_says_that_it_is_not_ready(
    daemon, at_broker, broker, a_message, recovered
):
    put(broker, [a_message()])
    broker.node.keep()
    broker.node.kill()
    gateway = daemon(env=at_broker)
    gateway.wait_for("source-unavailable")
    gateway.wait_until(lambda: "broker-unreachable" in gateway.get("/readyz")[1])
    broker.node.start()
    with recovered():
        gateway.wait_for("message-recorded")
        gateway.wait_until(lambda: gateway.get("/readyz")[0] == 200)
    assert gateway.terminate() == 0


def test_it_does_not_start_where_something_is_missing(command, at_broker, broker, tmp_path):
    async def delete(channel):
        await channel.queue_delete("eessi.inbound")

    broker.do(delete)
    refused = command(tmp_path / "state", "run", env=at_broker)
    assert refused.returncode == 3
    [line] = refused.stderr.splitlines()
    assert "queue eessi.inbound is missing" in line
    assert "broker plan" in line
    plan = command(tmp_path / "state", "broker", "plan", "--json", env=at_broker)
    assert plan.returncode == 1
    stands = {(p["kind"], p["name"]): p["state"] for p in map(json.loads, plan.stdout.splitlines())}
    assert stands.pop(("queue", "eessi.inbound")) == "missing"
    assert set(stands.values()) == {"ok"}
    assert command(tmp_path / "state", "broker", "apply", env=at_broker).returncode == 0
    again = command(tmp_path / "state", "run", "--until-idle", env=at_broker)
    assert again.returncode == 0, again.stderr


def test_a_broker_that_does_not_answer_is_one_line(command, tmp_path):
    nowhere = {"TRANSPORT": "rabbitmq"} | {
        f"RABBITMQ__{key}": value
        for key, value in (("PORT", "1"), ("USER", "u"), ("PASSWORD", "p"))
    }
    env = {f"EESSI_GATEWAY_{key}": value for key, value in nowhere.items()}
    done = command(tmp_path / "state", "broker", "plan", env=env)
    [line] = done.stderr.splitlines()
    assert (done.returncode, "does not answer" in line) == (3, True)
    for name in ("nonsense", "DE:101320043", "FR:01_01"):
        made = command(tmp_path / "state", "broker", "apply", "--institution", name, env=env)
        assert (made.returncode, "no id of a French institution" in made.stderr) == (1, True)


def test_without_a_broker_in_the_configuration_there_is_nothing_to_plan(command, tmp_path):
    refused = command(tmp_path / "state", "--lang", "fr", "broker", "plan")
    assert refused.returncode == 1
    assert "aucun courtier" in refused.stderr
