"""The RabbitMQ transport against a real node: what the port cannot say."""

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from gateway.clock import InlineExecutor, SystemClock
from gateway.errors import TransportUnavailable
from gateway.transport import Settlement
from gateway.transport.rabbitmq import (
    RabbitConsumer,
    RabbitPublisher,
    RabbitStatuses,
    check,
    opened,
)
from gateway.transport.rabbitmq.topology import DELIVERY_LIMIT, Found, apply, compared, wanted
from tests.contract.test_transports import TRACE, sending, take
from tests.services.test_statuses import come

pytestmark = [pytest.mark.program, pytest.mark.long]
AIN, LAON = "FR:0101100000", "FR:0201100000"
QUEUE = f"eessi.institution.{AIN}"
NOWHERE = "127.0.0.9"
"""An address of loopback at which nobody listens."""


@pytest.fixture
async def consumers(broker, tmp_path):
    """Makes consumers, and ends them."""
    made = []

    def one():
        made.append(
            RabbitConsumer(
                broker.config,
                "test",
                tmp_path / "oversize",
                SystemClock(),
                InlineExecutor(),
                most_bytes=1000,
            )
        )
        return made[-1]

    yield one
    for consumer in made:
        await consumer.close()


@pytest.fixture
async def publisher(broker):
    made = RabbitPublisher(
        broker.config.model_copy(update={"publish_timeout_seconds": 1.5}),
        "test",
        InlineExecutor(),
    )
    yield made
    await made.close()


# -- in -------------------------------------------------------------------------------------


async def test_what_a_lost_consumer_had_not_settled_comes_to_the_next(broker, consumers):
    broker.put(b"one", b"two")
    lost = consumers()
    first, _ = await take(lost, 2)
    await first.settle(Settlement.ACCEPTED)
    await lost.close()
    [again] = await take(consumers(), 1)
    assert again.body == b"two"
    await again.settle(Settlement.ACCEPTED)
    assert broker.count("eessi.inbound") == 0


@pytest.mark.parametrize("accepted", [(0,), (1,), (0, 1, 3), (3, 0), (1, 2, 4), (4, 3, 2, 1, 0)])
async def test_what_is_accepted_out_of_order_is_done_with_and_nothing_else(
    broker, consumers, accepted
):
    broker.put(b"0", b"1", b"2", b"3", b"4", b"5")
    lost = consumers()
    taken = await take(lost, 6)
    for place in accepted:
        await taken[place].settle(Settlement.ACCEPTED)
    await lost.close()
    left = [str(place).encode() for place in range(6) if place not in accepted]
    again = await take(consumers(), len(left))
    assert sorted(received.body for received in again) == left
    for received in again:
        await received.settle(Settlement.ACCEPTED)


async def test_what_is_accepted_while_an_earlier_one_stays_does_not_fill_the_line(
    broker, consumers
):
    """More come than the line holds at a time, and the first is never done with."""
    consumer = consumers()
    broker.put(b"first")
    [first] = await take(consumer, 1)
    for number in range(60):
        broker.put(b"%d" % number)
        [later] = await take(consumer, 1)
        await later.settle(Settlement.ACCEPTED)
    assert first.body == b"first"
    assert broker.count("eessi.inbound") == 0


async def test_settling_over_a_lost_line_harms_nothing(broker, consumers):
    broker.put(b"one")
    lost = consumers()
    [first] = await take(lost, 1)
    await lost.close()
    await first.settle(Settlement.ACCEPTED)
    [again] = await take(consumers(), 1)
    assert again.body == b"one"


async def test_trying_again_is_no_delivery(broker, consumers):
    """The broker counts deliveries, and puts away what it delivered too often."""
    broker.put(b"one")
    consumer = consumers()
    for _ in range(DELIVERY_LIMIT + 20):
        [received] = await take(consumer, 1)
        await received.settle(Settlement.RETRY)
    assert (await consumer.inbound()).waiting == 1
    assert broker.count("eessi.dead") == 0


async def test_no_more_than_the_prefetch_is_taken_ahead(broker, consumers):
    broker.put(*(b"x" for _ in range(60)))
    consumer = consumers()
    await take(consumer, 1)
    seen = await consumer.inbound()
    assert seen.waiting == 60
    assert broker.count("eessi.inbound") == 60 - broker.config.prefetch
    assert abs((seen.oldest - datetime.now(UTC)).total_seconds()) < 30


async def test_headers_tell_receipt_time_addressee_and_number(broker, consumers):
    headers = {
        "eessi-received-at": "2026-03-01T10:00:00+01:00",
        "eessi-addressee": "FR:CLEISS0000",
        "eessi-rina-number": 171934,
        "eessi-direction": "out",
        "traceparent": f"cc-{str(TRACE)[3:]}-later",
    }
    broker.put(b"x", headers=headers, message_id="a-1")
    [received] = await take(consumers(), 1)
    assert received.received_at == datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert received.addressee == "FR:CLEISS0000"
    assert received.rina_number == "171934"
    assert received.by_hand
    assert received.source == "a-1"
    assert received.traceparent == str(TRACE)


async def test_without_a_header_the_time_of_the_message_is_that_of_its_receipt(broker, consumers):
    sent = datetime(2026, 3, 1, 9, tzinfo=UTC)
    broker.put(b"x", timestamp=sent)
    [received] = await take(consumers(), 1)
    assert received.received_at == sent


@pytest.mark.parametrize(
    "headers",
    [
        {"eessi-received-at": 3, "eessi-addressee": ["x"], "eessi-rina-number": True},
        {"eessi-received-at": "9999-12-31T23:59:59Z", "eessi-addressee": "Mr Muster"},
        {"traceparent": str(TRACE).upper()},
        {"traceparent": [str(TRACE)]},
        {"eessi-received-at": "0001-01-01T00:00:00+05:00", "eessi-rina-number": "../.."},
    ],
)
async def test_a_broken_header_counts_as_absent(broker, consumers, headers):
    broker.put(b"x", headers=headers, message_id="Erika Muster, 1985")
    [received] = await take(consumers(), 1)
    assert (received.addressee, received.rina_number, received.by_hand) == (None, None, False)
    assert received.traceparent is None
    assert abs(received.received_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert received.source == "eessi.inbound"


async def test_a_body_over_the_cap_is_put_aside_under_its_digest(broker, consumers, tmp_path):
    body = b"x" * 1001
    broker.put(body)
    [received] = await take(consumers(), 1)
    digest = hashlib.sha256(body).hexdigest()
    assert (received.body, received.oversize) == (body, digest)
    kept = tmp_path / "oversize" / digest
    assert kept.read_bytes() == body
    assert kept.stat().st_mode & 0o777 == 0o600


async def test_a_consumer_that_is_gone_is_said_and_comes_back(broker, consumers):
    consumer = consumers()
    broker.put(b"one")
    [received] = await take(consumer, 1)
    assert (await consumer.inbound()).problems == ()

    async def delete(channel):
        await channel.queue_delete("eessi.inbound")

    broker.do(delete)
    with pytest.raises(TransportUnavailable) as gone:
        await take(consumer, 1)
    assert gone.value.code == "consumer-gone"
    assert (await consumer.inbound()).problems == ("consumer-gone",)
    with pytest.raises(TransportUnavailable) as missing:
        await take(consumer, 1)
    assert missing.value.code == "topology-missing"
    assert (await consumer.inbound()).problems == ("topology-missing",)
    await apply(broker.config, wanted())
    broker.put(b"two")
    [again] = await take(consumer, 1)
    assert again.body == b"two"
    assert (await consumer.inbound()).problems == ()
    await received.settle(Settlement.ACCEPTED)  # over the line that is lost


# -- out ------------------------------------------------------------------------------------


async def test_a_hand_over_carries_its_sidecar_and_survives_the_broker(broker, publisher):
    await publisher.publish([sending(sidecar=b'{"decision": "transfer"}', trace=TRACE)])
    [message] = broker.take(QUEUE)
    assert message.body == b"<sed/>"
    assert message.message_id == sending().message_id
    assert message.delivery_mode == 2
    assert message.content_type == "application/xml"
    assert {k: v for k, v in message.headers.items() if not k.startswith("x-")} == {
        "eessi-case-id": "c",
        "eessi-kind": "hand-over",
        "eessi-media": "xml",
        "eessi-receiver": AIN,
        "eessi-sha256": sending().digest,
        "eessi-sidecar": '{"decision": "transfer"}',
        "traceparent": str(TRACE),
    }


async def test_a_notice_is_its_sidecar_alone(broker, publisher):
    await publisher.publish([sending(media="none", body=b"", sidecar=b"{}")])
    [message] = broker.take(QUEUE)
    assert (message.body, message.content_type) == (b"{}", "application/json")


async def test_what_no_queue_takes_is_not_handed_over_and_its_copy_is_shown(broker, publisher):
    [result] = await publisher.publish([sending(destination=LAON)])
    assert result.code == "unroutable"
    [again] = await publisher.publish([sending(destination=LAON, attempts=1)])
    assert again.code == "unroutable"
    [copy] = broker.take("eessi.unroutable")  # once, not at each attempt
    assert copy.message_id == sending().message_id
    await apply(broker.config, wanted([LAON]))
    assert await publisher.publish([sending(destination=LAON, attempts=2)]) == [None]
    assert [m.body for m in broker.take(f"eessi.institution.{LAON}")] == [b"<sed/>"]


async def test_an_alternate_exchange_of_the_broker_would_hide_what_no_queue_takes(
    broker, publisher
):
    """Why there is none: with one, the broker confirms what the institution never gets."""
    policy = '{"alternate-exchange": "eessi.unroutable"}'
    broker.node.control("set_policy", "--apply-to", "exchanges", "ae", "^eessi.outbound$", policy)
    try:
        assert await publisher.publish([sending(destination=LAON)]) == [None]
    finally:
        broker.node.control("clear_policy", "ae")
    assert len(broker.take("eessi.unroutable")) == 1


async def test_a_full_queue_defers_and_loses_nothing(broker, publisher):
    broker.node.control("set_policy", "--apply-to", "queues", "full", QUEUE, '{"max-length": 1}')
    try:
        results = [(await publisher.publish([sending(n)]))[0] for n in range(1, 12)]
    finally:
        broker.node.control("clear_policy", "full")
    refused = [n for n, result in enumerate(results, 1) if result is not None]
    assert {results[n - 1].code for n in refused} == {"broker-declines"}
    assert len(broker.take(QUEUE)) == 11 - len(refused)


@pytest.mark.parametrize("destination", ["", "FR:1.#", "eessi", "FR:1/..", "x" * 300])
async def test_nothing_is_published_to_what_is_no_destination(broker, publisher, destination):
    [result] = await publisher.publish([sending(destination=destination)])
    assert result.code == "not-a-destination"


async def test_a_sidecar_that_no_frame_holds_breaks_no_line(broker, publisher):
    results = await publisher.publish([sending(1, sidecar=b"x" * 100_001), sending(2)])
    assert [r and r.code for r in results] == ["sidecar-too-big", None]


async def test_a_publish_that_is_not_heard_of_is_sent_again_under_the_same_id(broker, publisher):
    assert await publisher.publish([sending(1)]) == [None]
    lines = set(broker.node.control("list_connections", "pid").split())
    broker.node.control("set_vm_memory_high_watermark", "absolute", "1")
    try:
        await SystemClock().sleep(1.0)
        began = SystemClock().monotonic()
        [unknown] = await publisher.publish([sending(2)])
        assert SystemClock().monotonic() - began < 10
        assert unknown.code == "broker-silent"
        assert unknown.temporary
    finally:
        broker.node.control("set_vm_memory_high_watermark", "absolute", "1GB")
    await SystemClock().sleep(1.0)
    # the line on which nobody heard us was given up: what waits on one would pile up in memory
    assert not lines <= set(broker.node.control("list_connections", "pid").split())
    assert await publisher.publish([sending(2)]) == [None]
    messages = broker.take(QUEUE)
    assert {(m.message_id, m.body) for m in messages} == {
        (sending(n).message_id, b"<sed/>") for n in (1, 2)
    }
    assert 2 <= len(messages) <= 3  # the one that was not heard of may be there, too


async def test_a_lost_line_is_replaced_at_the_next_attempt(broker, publisher):
    assert await publisher.publish([sending(1)]) == [None]
    broker.node.control("close_all_connections", "test")
    results = [await publisher.publish([sending(2)]) for _ in range(2)]
    assert results[-1] == [None]


# -- the broker as it stands ----------------------------------------------------------------


async def test_everything_as_it_must_be_is_accepted(broker):
    await check(broker.config)


async def test_what_is_missing_is_named(broker):
    async def delete(channel):
        await channel.exchange_delete("eessi.outbound")

    broker.do(delete)
    with pytest.raises(TransportUnavailable, match=r"exchange eessi\.outbound is missing") as said:
        await check(broker.config)
    assert said.value.code == "topology-missing"


async def test_what_differs_is_named_and_not_replaced(broker):
    async def replace(channel):
        await channel.queue_delete("eessi.inbound")
        await channel.declare_queue("eessi.inbound", durable=True)

    broker.do(replace)
    with pytest.raises(TransportUnavailable, match=r"queue eessi\.inbound has other") as said:
        await check(broker.config)
    assert said.value.code == "topology-differs"
    with pytest.raises(TransportUnavailable):
        await apply(broker.config, wanted())


async def test_who_may_make_nothing_still_sees_what_is_missing(broker):
    """In production the gateway has no right to configure: it cannot compare, and starts."""
    for words in (
        ("add_user", "modest", "only-on-loopback"),
        (
            *("set_permissions", "modest", "^$"),
            *("^eessi[.](outbound|unroutable|dead)$", "^eessi[.](inbound|status)$"),
        ),
    ):
        broker.node.control(*words)
    modest = broker.config.model_copy(update={"user": "modest"})
    try:
        await check(modest)
        async with opened(modest, "test") as connection:
            stood = await compared(connection, wanted())
        assert {found for _, found in stood} == {Found.THERE}
        consumer = RabbitConsumer(
            modest, "test", Path(), SystemClock(), InlineExecutor(), most_bytes=1000
        )
        broker.put(b"one")
        [received] = await take(consumer, 1)
        await received.settle(Settlement.ACCEPTED)
        assert (await consumer.inbound()).problems == ()
        await consumer.close()
        modestly = RabbitPublisher(modest, "test", InlineExecutor())
        assert await modestly.publish([sending()]) == [None]
        await modestly.close()
        statuses = RabbitStatuses(modest, "test", SystemClock())
        broker.put(b"x", queue="eessi.status")
        [file] = await statuses.status_files() or await come(statuses)
        await statuses.reject(file.name, "x:1: no\n")
        await statuses.close()
        assert broker.count("eessi.dead") == 1
    finally:
        broker.node.control("delete_user", "modest")


async def test_a_wrong_password_is_said_and_not_repeated(broker):
    wrong = broker.config.model_copy(update={"password": SecretStr("hunter2")})
    with pytest.raises(TransportUnavailable) as said:
        await check(wrong)
    assert said.value.code == "broker-refuses-us"
    assert "hunter2" not in said.value.english + said.value.french + repr(wrong)


async def test_a_node_that_refuses_us_is_not_passed_over(broker):
    update = {"password": SecretStr("hunter2"), "other_hosts": (NOWHERE,)}
    with pytest.raises(TransportUnavailable) as said:
        await check(broker.config.model_copy(update=update))
    assert said.value.code == "broker-refuses-us"
    assert NOWHERE not in said.value.english


async def test_a_broker_that_is_not_there_is_said(broker):
    with pytest.raises(TransportUnavailable, match="does not answer") as said:
        await check(broker.config.model_copy(update={"port": 1, "other_hosts": (NOWHERE,)}))
    assert said.value.code == "broker-unreachable"
    assert f"127.0.0.1:1, {NOWHERE}:1" in said.value.english


async def test_a_node_that_is_not_there_is_passed_over(broker):
    update = {"host": NOWHERE, "other_hosts": (NOWHERE, "127.0.0.1")}
    await check(broker.config.model_copy(update=update))


async def test_tls_is_spoken_with_whom_we_trust_and_with_nobody_else(broker):
    by_tls = {"port": broker.node.tls_port, "tls": True}
    known = {**by_tls, "tls_authority": broker.node.certificate}
    await check(broker.config.model_copy(update=known))
    with pytest.raises(TransportUnavailable) as said:
        await check(broker.config.model_copy(update=by_tls))
    assert said.value.code == "broker-not-trusted"
