"""What the tests with programs of the system share; and a gateway at a broker."""

from datetime import UTC, datetime

import pytest

from gateway.clock import ManualClock
from tests.e2e.conftest import command, daemon, listed, recovered
from tests.services import cluster as clusters
from tests.services.node import PASSWORD, USER

__all__ = ["command", "daemon", "listed", "recovered"]


@pytest.fixture
def clock():
    """A clock that stands."""
    return ManualClock(datetime(2026, 1, 5, 9, tzinfo=UTC))


@pytest.fixture
def at_broker(broker):
    """What makes a gateway work at the broker."""
    return {
        "EESSI_GATEWAY_TRANSPORT": "rabbitmq",
        "EESSI_GATEWAY_RABBITMQ__PORT": str(broker.node.port),
        "EESSI_GATEWAY_RABBITMQ__USER": USER,
        "EESSI_GATEWAY_RABBITMQ__PASSWORD": PASSWORD,
        "EESSI_GATEWAY_RABBITMQ__PUBLISH_TIMEOUT_SECONDS": "3",
    }


@pytest.fixture
def database(cluster):
    """A database with nothing in it."""
    return cluster.database()


@pytest.fixture
def on_postgres(database):
    """What makes a gateway, or a command, work on the database."""
    return {
        "EESSI_GATEWAY_JOURNAL": "postgres",
        "EESSI_GATEWAY_POSTGRES__PORT": str(database.port),
        "EESSI_GATEWAY_POSTGRES__DATABASE": database.database,
        "EESSI_GATEWAY_POSTGRES__USER": clusters.USER,
        "EESSI_GATEWAY_POSTGRES__PASSWORD": clusters.PASSWORD,
    }
