"""A real broker and a real database are seen to be up, and seen to be down, without a login."""

import pytest

from gateway.availability.probing import Prober
from gateway.config import Availability, Component
from tests.services.cluster import Cluster, absent

pytestmark = [pytest.mark.program, pytest.mark.long]


async def seen(clock, probe, port):
    """Empty when it is up, else why not."""
    part = Component(probe=probe, target=f"127.0.0.1:{port}")
    settings = Availability(timeout_seconds=5, components={"part": part})
    return await Prober(None, clock, settings)._look(part)


async def test_a_broker_is_up_and_a_database_is_no_broker(broker, cluster, clock):
    assert await seen(clock, "amqp", broker.node.port) == ""
    assert await seen(clock, "amqp", cluster.port) == "no-amqp"


async def test_a_database_is_up_over_tls_and_a_broker_is_no_database(broker, cluster, clock):
    assert await seen(clock, "sql", cluster.port) == ""
    assert await seen(clock, "sql", broker.node.port) in {"no-sql", "unreachable"}


@pytest.mark.skipif(absent() is not None, reason=str(absent()))
async def test_a_database_that_was_killed_is_down_and_up_again_once_it_is_back(clock):
    one = Cluster()
    try:
        one.start()
        assert await seen(clock, "sql", one.port) == ""
        one.kill()
        assert await seen(clock, "sql", one.port) == "connection-refused"
        one.start()
        assert await seen(clock, "sql", one.port) == ""
    finally:
        one.end()
