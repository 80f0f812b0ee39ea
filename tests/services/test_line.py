"""The daemon over a bad line to its broker: nothing lost, nothing decided twice, and it is said."""

from collections import Counter

import pytest

from tests.services.line import Line
from tests.services.test_daemon import AIN, once, put

pytestmark = [pytest.mark.program, pytest.mark.long, pytest.mark.timeout(300)]


@pytest.fixture
def line(broker):
    """A line to the broker."""
    one = Line(broker.node.port)
    yield one
    one.end()


@pytest.fixture
def over_line(at_broker, line):
    """What makes a gateway work over it."""
    return {
        **at_broker,
        "EESSI_GATEWAY_RABBITMQ__PORT": str(line.port),
        "EESSI_GATEWAY_RABBITMQ__HEARTBEAT_SECONDS": "2",
    }


@pytest.fixture
def messages(a_message):
    return [a_message(f"m{n}") for n in range(60)]


def all_there(gateway, daemon, env, broker, listed, messages):
    """Each message recorded once, handed over under one id, and gone from the queue."""
    assert gateway.terminate() == 0
    assert daemon("--until-idle", env=env).join() == 0
    assert len(listed(gateway.state, "journal", "list")) == len(messages)
    assert gateway.actions.count("message-recorded") == len(messages)
    assert Counter(once(broker.take(AIN)).values()) == Counter(messages)
    assert len(once(broker.take("eessi.rina"))) == 2 * len(messages)
    assert broker.count("eessi.inbound") == broker.count("eessi.dead") == 0


def test_a_line_that_is_reset_again_and_again(
    daemon, over_line, line, broker, messages, listed, recovered
):
    put(broker, messages)
    gateway = daemon(env=over_line)
    for times in (1, 10, 20, 30):
        gateway.wait_for("message-recorded", times=times)
        line.cut()
    with recovered():
        gateway.wait_for("message-recorded", times=len(messages))
    assert line.taken > 2
    all_there(gateway, daemon, over_line, broker, listed, messages)


def test_a_line_that_is_refused_for_a_while(
    daemon, over_line, line, broker, messages, listed, recovered
):
    put(broker, messages[:30])
    gateway = daemon(env=over_line)
    gateway.wait_for("message-recorded", times=5)
    line.refuse()
    gateway.wait_until(lambda: gateway.get("/readyz")[0] == 503)
    assert gateway.get("/livez")[0] == 200
    put(broker, messages[30:])
    line.accept()
    with recovered():
        gateway.wait_until(lambda: gateway.get("/readyz")[0] == 200)
    gateway.wait_for("message-recorded", times=len(messages))
    all_there(gateway, daemon, over_line, broker, listed, messages)


def test_a_line_that_swallows_everything(
    daemon, over_line, line, broker, messages, listed, recovered
):
    put(broker, messages[:30])
    gateway = daemon(env=over_line)
    gateway.wait_for("message-recorded", times=5)
    line.swallow(everything=True)
    gateway.wait_until(lambda: gateway.get("/readyz")[0] == 503)
    assert gateway.get("/livez")[0] == 200
    put(broker, messages[30:])
    line.swallow(everything=False)
    with recovered():
        gateway.wait_until(lambda: gateway.get("/readyz")[0] == 200)
    gateway.wait_for("message-recorded", times=len(messages))
    all_there(gateway, daemon, over_line, broker, listed, messages)
