"""Bodies too large for the broker go by a folder that both sides share."""

import asyncio
import contextlib
import hashlib
import json

import pytest

from gateway.clock import InlineExecutor, ManualClock, SystemClock
from gateway.journal import LARGE
from gateway.transport import BEGINNING, Settlement
from gateway.transport.rabbitmq import RabbitConsumer, RabbitPublisher
from gateway.transport.rabbitmq.arriving import ABSENT_SECONDS
from gateway.transport.rabbitmq.bodies import keep
from gateway.transport.rabbitmq.topology import DELIVERY_LIMIT
from tests.contract.test_transports import sending, take

pytestmark = [pytest.mark.program, pytest.mark.long, pytest.mark.timeout(240)]
QUEUE = "eessi.institution.FR:0101100000"
BODY = b"<sed/>" * 100


@pytest.fixture
def shared(tmp_path):
    folder = tmp_path / "shared"
    folder.mkdir()
    return folder


@pytest.fixture
def checked(broker, shared):
    """The broker of who shares the folder."""
    return broker.config.model_copy(
        update={"claim_check_folder": shared, "claim_check_bytes": 1024}
    )


@pytest.fixture
async def consumer(checked, tmp_path):
    clock = ManualClock(SystemClock().now())
    made = RabbitConsumer(
        checked, "test", tmp_path / "oversize", clock, InlineExecutor(), most_bytes=1000
    )
    made.clock = clock
    yield made
    await made.close()


@pytest.fixture
async def large_consumer(checked, tmp_path):
    clock, aside = ManualClock(SystemClock().now()), tmp_path / "oversize"
    made = RabbitConsumer(checked, "test", aside, clock, InlineExecutor(), most_bytes=2 * LARGE)
    made.clock = clock
    yield made
    await made.close()


@pytest.fixture
async def publisher(checked):
    made = RabbitPublisher(checked, "test", InlineExecutor())
    yield made
    await made.close()


async def taken(consumer, seconds=1.0):
    """What comes within that time; what is given out is kept."""
    found = []
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds), contextlib.aclosing(consumer.receive()) as messages:
            async for received in messages:
                found.append(received)
    return found


# -- in -------------------------------------------------------------------------------------


async def test_a_body_of_the_folder_is_that_of_its_message(broker, consumer, shared):
    broker.put(b"", headers=keep(shared, BODY).headers, message_id="a-1")
    [received] = await take(consumer, 1)
    assert (received.body, received.source, received.oversize) == (BODY, "a-1", None)
    await received.settle(Settlement.ACCEPTED)
    assert (await consumer.inbound()).waiting == 0


async def test_a_body_that_is_not_there_yet_is_waited_for_and_holds_up_no_other(
    broker, consumer, shared
):
    claim = keep(shared, BODY)
    (shared / claim.digest).rename(shared / ".moved")
    broker.put(b"", headers=claim.headers)
    broker.put(b"other")
    assert [received.body for received in await taken(consumer)] == [b"other"]
    assert (await consumer.inbound()).waiting == 2
    for _ in range(DELIVERY_LIMIT + 10):
        await consumer.clock.advance(ABSENT_SECONDS)
        assert await taken(consumer, 0.02) == []
    assert broker.count("eessi.dead") == 0
    (shared / ".moved").rename(shared / claim.digest)
    await consumer.clock.advance(ABSENT_SECONDS)
    [received] = await taken(consumer)
    assert received.body == BODY


async def test_without_a_folder_no_body_is_there(broker, tmp_path, shared):
    clock, files = ManualClock(SystemClock().now()), InlineExecutor()
    one = RabbitConsumer(broker.config, "test", tmp_path, clock, files, most_bytes=1000)
    broker.put(b"", headers=keep(shared, BODY).headers)
    assert await taken(one) == []
    await one.close()
    assert broker.count("eessi.dead") == 0
    assert await _ready(broker) == 1


async def test_another_body_is_refused_and_goes_to_the_dead_letters(broker, consumer, shared):
    claim = keep(shared, BODY)
    (shared / claim.digest).write_bytes(BODY[:-1] + b"x")
    broker.put(b"", headers=claim.headers, message_id="a-1")
    broker.put(b"", headers={"eessi-body-sha256": "../../etc/passwd"}, message_id="a-2")
    assert await taken(consumer) == []
    assert (await consumer.inbound()).waiting == 0
    reports = {m.message_id: m.headers["eessi-report"] for m in broker.take("eessi.dead")}
    assert reports == {
        "a-1": "a-1: claim-check-digest\n",
        "a-2": "a-2: claim-check-headers\n",
    }
    await consumer.close()
    assert await _ready(broker) == 0


async def test_one_that_cannot_be_put_away_stays(broker, consumer, shared):
    async def delete(channel):
        await channel.queue_delete("eessi.dead")

    claim = keep(shared, BODY)
    (shared / claim.digest).write_bytes(BODY[:-1] + b"x")
    broker.put(b"first")
    await take(consumer, 1)
    broker.do(delete)
    broker.put(b"", headers=claim.headers)
    assert await taken(consumer) == []
    await consumer.close()
    assert await _ready(broker) == 2


async def test_a_large_body_is_fetched_when_it_is_asked_for(broker, large_consumer, shared):
    body = BODY.ljust(LARGE, b"x")
    broker.put(b"", headers=keep(shared, body).headers, message_id="a-1")
    broker.put(b"other", message_id="a-2")
    received, other = await take(large_consumer, 2)
    assert (received.body, received.large, other.large) == (body[:BEGINNING], True, False)
    assert await received.whole() == body
    await received.settle(Settlement.ACCEPTED)
    await other.settle(Settlement.ACCEPTED)
    assert (await large_consumer.inbound()).waiting == 0


async def test_a_large_body_that_is_gone_or_another_when_it_is_asked_for(
    broker, large_consumer, shared
):
    claims = [keep(shared, BODY.ljust(LARGE + n, b"x")) for n in range(2)]
    for number, claim in enumerate(claims):
        broker.put(b"", headers=claim.headers, message_id=f"a-{number}")
    gone, other = await take(large_consumer, 2)
    (shared / claims[0].digest).rename(shared / ".moved")
    (shared / claims[1].digest).write_bytes(b"y" * claims[1].size)
    assert await gone.whole() is None
    assert await other.whole() is None
    assert [m.message_id for m in broker.take("eessi.dead")] == ["a-1"]
    (shared / ".moved").rename(shared / claims[0].digest)
    await large_consumer.clock.advance(ABSENT_SECONDS)
    [again] = await taken(large_consumer)
    assert (again.source, len(await again.whole())) == ("a-0", LARGE)


async def test_a_body_over_the_cap_is_put_aside_unread(broker, consumer, shared, tmp_path):
    claim = keep(shared, b"x" * 1001)
    broker.put(b"", headers=claim.headers)
    [received] = await take(consumer, 1)
    assert (received.body, received.oversize) == (b"x" * 1001, claim.digest)
    assert (tmp_path / "oversize" / claim.digest).read_bytes() == b"x" * 1001


async def _ready(broker):
    """Messages of the inbound queue, once nobody consumes it."""
    await SystemClock().sleep(0.5)
    return broker.count("eessi.inbound")


# -- out ------------------------------------------------------------------------------------


async def test_a_large_body_is_left_in_the_folder_and_named(broker, publisher, shared):
    body = b"x" * 1025
    large = sending(1, body=body, sidecar=b'{"a":1}')
    assert await publisher.publish([large, sending(2, body=body[:-1])]) == [None, None]
    assert await publisher.publish([large]) == [None]
    by_id = {m.message_id: m for m in broker.take(QUEUE)}
    first, second = by_id[sending(1).message_id], by_id[sending(2).message_id]
    digest = hashlib.sha256(body).hexdigest()
    assert (first.body, second.body) == (b"", body[:-1])
    assert first.headers["eessi-body-sha256"] == first.headers["eessi-sha256"] == digest
    assert first.headers["eessi-body-bytes"] == 1025
    assert first.headers["eessi-sidecar"] == '{"a":1}'
    assert "eessi-body-sha256" not in second.headers
    assert [(p.name, p.read_bytes()) for p in shared.iterdir()] == [(digest, body)]


async def test_without_a_folder_a_large_body_goes_through_the_broker(broker):
    one = RabbitPublisher(
        broker.config.model_copy(update={"claim_check_bytes": 1024}), "test", InlineExecutor()
    )
    assert await one.publish([sending(body=b"x" * 2000)]) == [None]
    await one.close()
    assert [m.body for m in broker.take(QUEUE)] == [b"x" * 2000]


async def test_a_folder_that_cannot_be_used_defers_large_bodies_alone(broker, publisher, shared):
    shared.rmdir()
    results = await publisher.publish([sending(1, body=b"x" * 2000), sending(2)])
    assert [result and result.code for result in results] == ["claim-check-unusable", None]
    assert not shared.exists()
    assert len(broker.take(QUEUE)) == 1


def test_a_gateway_takes_and_hands_over_by_the_folder(
    daemon, at_broker, broker, a_message, listed, shared
):
    body = a_message()
    assert len(body) > 1024
    broker.put(b"", headers={**keep(shared, body).headers, "eessi-addressee": "FR:CLEISS0000"})
    env = {
        "EESSI_GATEWAY_RABBITMQ__CLAIM_CHECK_FOLDER": str(shared),
        "EESSI_GATEWAY_RABBITMQ__CLAIM_CHECK_BYTES": "1024",
    }
    gateway = daemon("--until-idle", env={**at_broker, **env})
    assert gateway.join() == 0
    [handed] = broker.take(QUEUE)
    assert handed.body == b""
    assert (shared / handed.headers["eessi-body-sha256"]).read_bytes() == body
    assert json.loads(handed.headers["eessi-sidecar"])["sha256"] == hashlib.sha256(body).hexdigest()
    assert [row["state"] for row in listed(gateway.state, "journal", "list")] == ["done"]
