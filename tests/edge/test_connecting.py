"""Which transport: what is said where the package was installed without what one needs."""

import sys

import pytest
from pydantic import SecretStr

from gateway.clock import InlineExecutor, SystemClock
from gateway.config import Config, RabbitMq
from gateway.connecting import doors, topology
from gateway.errors import Unreachable

BROKER = RabbitMq(user="gateway", password=SecretStr("secret"))


@pytest.fixture
def without_extra(monkeypatch):
    """As installed without the extra."""
    for name in [n for n in sys.modules if n.startswith(("gateway.transport.rabbitmq", "aio_"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr("gateway.transport.rabbitmq", raising=False)
    monkeypatch.setitem(sys.modules, "aio_pika", None)


@pytest.mark.usefixtures("without_extra")
async def test_a_broker_without_the_extra_is_told_how_to_have_it():
    config = Config(
        environment="test",
        own_institutions=("FR:CLEISS0000",),
        transport="rabbitmq",
        rabbitmq=BROKER,
    )
    with pytest.raises(Unreachable, match=r"eessi-gateway\[rabbitmq\]"):
        async with doors(config, SystemClock(), InlineExecutor()):
            pass
    with pytest.raises(Unreachable, match=r"eessi-gateway\[rabbitmq\]"):
        await topology(BROKER, (), make=False)
