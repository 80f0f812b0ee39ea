"""The daemon at a cluster of three nodes, whose queues have three members: whoever of them dies."""

import asyncio
import json

import pytest

from gateway.clock import InlineExecutor
from gateway.transport.rabbitmq import RabbitPublisher
from tests.contract.test_transports import sending
from tests.services import node as nodes
from tests.services.test_daemon import AIN, put
from tests.services.test_line import all_there, messages

__all__ = ["messages"]

pytestmark = [pytest.mark.program, pytest.mark.long, pytest.mark.timeout(300)]
BEFORE = 40
"""Messages that are there before something dies; the others come after it."""


@pytest.fixture
def broker(three_nodes):
    """All three nodes, and everything that the gateway needs."""
    three_nodes.whole()
    one = nodes.Broker(*three_nodes.nodes)
    one.fresh("FR:0101100000")
    return one


@pytest.fixture
def leader(three_nodes, broker):
    """The node that leads the inbound queue."""
    return three_nodes.leader("eessi.inbound")


@pytest.fixture
def followers(three_nodes, leader):
    return [node for node in three_nodes.nodes if node is not leader]


@pytest.fixture
def at(at_broker):
    """`at(one, *others)`: what makes a gateway work there, slowly."""

    def env(one, *others):
        return {
            **at_broker,
            "EESSI_GATEWAY_RABBITMQ__HOST": one.address,
            "EESSI_GATEWAY_RABBITMQ__OTHER_HOSTS": json.dumps([node.address for node in others]),
            "EESSI_GATEWAY_RABBITMQ__PREFETCH": "3",
        }

    return env


def begun(daemon, env, broker, messages):
    """A gateway in the middle of the messages."""
    put(broker, messages[:BEFORE])
    gateway = daemon(env=env)
    gateway.wait_for("message-recorded", times=5)
    return gateway


def test_the_leader_of_the_inbound_queue_dies(
    daemon, at, leader, followers, broker, messages, listed, recovered
):
    env = at(*followers, leader)
    gateway = begun(daemon, env, broker, messages)
    leader.kill()
    assert gateway.actions.count("message-recorded") < BEFORE
    with recovered():
        put(broker, messages[BEFORE:])
        gateway.wait_for("message-recorded", times=len(messages))
        gateway.wait_until(lambda: gateway.get("/readyz")[0] == 200)
    all_there(gateway, daemon, env, broker, listed, messages)


def test_the_node_that_the_gateway_works_at_dies(
    daemon, at, leader, followers, broker, messages, listed, recovered
):
    env = at(leader, *followers)
    gateway = begun(daemon, env, broker, messages)
    leader.kill()
    assert gateway.actions.count("message-recorded") < BEFORE
    with recovered():
        gateway.wait_for("source-unavailable")
        put(broker, messages[BEFORE:])
        gateway.wait_for("message-recorded", times=len(messages))
        gateway.wait_until(lambda: gateway.get("/readyz")[0] == 200)
    all_there(gateway, daemon, env, broker, listed, messages)


def test_two_of_three_nodes_are_gone_for_a_while(
    daemon, at, leader, followers, broker, messages, listed, recovered
):
    near, far = followers
    env = at(near, far, leader)
    gateway = begun(daemon, env, broker, messages)
    leader.kill()
    far.kill()
    assert gateway.actions.count("message-recorded") < BEFORE
    gateway.wait_until(lambda: gateway.get("/readyz")[0] == 503)
    [reason] = json.loads(gateway.get("/readyz")[1])["reasons"]
    assert reason in {"consumer-gone", "broker-silent"}
    assert gateway.get("/livez")[0] == 200
    for node in (leader, far):
        node.begin()
    for node in (leader, far):
        node.wait()
    with recovered():
        put(broker, messages[BEFORE:])
        gateway.wait_for("message-recorded", times=len(messages))
        gateway.wait_until(lambda: gateway.get("/readyz")[0] == 200)
    all_there(gateway, daemon, env, broker, listed, messages)


def test_a_leader_falls_silent_and_returns_with_old_ideas(
    daemon, at, leader, followers, broker, messages, listed, recovered
):
    """It still thinks that it leads, and that what was settled meanwhile is out."""
    env = at(*followers, leader)
    gateway = begun(daemon, env, broker, messages)
    with leader.silent():
        assert gateway.actions.count("message-recorded") < BEFORE
        with recovered():
            put(nodes.Broker(*followers), messages[BEFORE:])
            gateway.pause(30)  # of the minute in which the others still hope for it
            gateway.wait_for("message-recorded", times=len(messages))
            gateway.wait_until(lambda: gateway.get("/readyz")[0] == 200)
    gateway.pause(5)  # it hears of what has become of its lead
    assert gateway.get("/readyz")[0] == 200
    all_there(gateway, daemon, env, broker, listed, messages)
    leader.kill()  # as its operators heal what has parted: it begins anew


async def test_a_queue_that_had_no_leader_is_published_to_once_it_has_one(three_nodes, broker):
    """It would decline for good all that comes over the channel that first met it so."""
    leader = three_nodes.leader(AIN)
    near, far = (node for node in three_nodes.nodes if node is not leader)
    publisher = RabbitPublisher(
        broker.config.model_copy(update={"host": near.address, "other_hosts": ()}),
        "test",
        InlineExecutor(),
    )
    leader.kill()
    far.kill()
    [declined] = await publisher.publish([sending()])
    assert declined.code == "broker-declines"
    far.start()
    for _ in range(60):
        [result] = await publisher.publish([sending()])
        if result is None:
            break
        await asyncio.sleep(0.5)
    await publisher.close()
    assert result is None
    assert [message.message_id for message in broker.take(AIN)] == [sending().message_id]
