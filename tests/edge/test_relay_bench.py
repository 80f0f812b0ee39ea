"""What `bench relay` is told about a broker, before anything is measured."""

import asyncio

import pytest

from gateway.bench.relay import measure
from gateway.errors import Refused


@pytest.mark.parametrize(
    "url",
    [
        "",
        "broker",
        "http://broker/",
        "amqp://",
        "amqp://user:only-here@broker:port/",
        "amqp://[::1/",
    ],
)
def test_what_is_no_address_is_refused_in_one_line_that_repeats_nothing(url):
    with pytest.raises(Refused) as refused:
        asyncio.run(measure(url, 1, cluster=None, attachment_mb=0))
    assert refused.value.code == "bad-address"
    assert "only-here" not in refused.value.english + refused.value.french
