"""Statuses by a queue: each message as a file of the folder, and nothing lost or noted twice."""

import json

import pytest

from gateway.clock import ManualClock, SystemClock
from gateway.errors import TransportUnavailable
from gateway.transport.rabbitmq import RabbitStatuses
from gateway.transport.rabbitmq.dead import REPORT_BYTES
from gateway.transport.rabbitmq.topology import DELIVERY_LIMIT, STATUS

pytestmark = [pytest.mark.program, pytest.mark.long, pytest.mark.timeout(240)]
HEADER = "message_id;receiver;status;time;reason"
AIN = "eessi.institution.FR:0101100000"


async def come(source, number=1, seconds=10.0):
    """The files of a source, once there are so many."""
    end = SystemClock().monotonic() + seconds
    while len(files := await source.status_files()) < number:
        assert SystemClock().monotonic() < end, files
        await SystemClock().sleep(0.02)
    return files


@pytest.fixture
async def sources(broker):
    """Makes sources of statuses, and ends them."""
    made = []

    def one(clock=None):
        made.append(RabbitStatuses(broker.config, "test", clock or SystemClock()))
        return made[-1]

    yield one
    for source in made:
        await source.close()


async def test_a_message_is_a_file_until_it_is_done(broker, sources):
    broker.put(b"one", queue=STATUS, message_id="s-1")
    broker.put(b"two", queue=STATUS, message_id="Erika Muster, 1985")
    source = sources()
    first, second = await come(source, 2)
    assert (first.body, first.source) == (b"one", "s-1")
    assert (second.body, second.source) == (b"two", STATUS)
    assert await source.status_files() == [first, second]
    await source.done(first.name)
    assert await source.status_files() == [second]
    await source.close()
    [again] = await come(sources())
    assert again.body == b"two"


async def test_what_comes_too_early_stays_and_is_no_delivery(broker, sources):
    broker.put(b"one", queue=STATUS)
    source = sources()
    for _ in range(DELIVERY_LIMIT + 20):
        assert len(await come(source)) == 1
    assert broker.count("eessi.dead") == 0
    broker.put(b"two", queue=STATUS)
    assert [file.body for file in await come(source, 2)] == [b"one", b"two"]


async def test_no_more_than_the_prefetch_is_taken_ahead(broker, sources):
    most = broker.config.prefetch
    broker.put(*(b"x" for _ in range(most + 10)), queue=STATUS)
    assert len(await come(sources(), most)) == most
    assert broker.count(STATUS) == 10


async def test_one_that_cannot_be_used_goes_to_the_dead_letters_with_its_report(broker, sources):
    broker.put(b"bad", queue=STATUS, message_id="s-1", content_type="text/csv")
    source = sources()
    [file] = await come(source)
    await source.reject(file.name, "s-1:1: not so\n")
    assert await source.status_files() == []
    [kept] = broker.take("eessi.dead")
    assert (kept.body, kept.message_id, kept.content_type) == (b"bad", "s-1", "text/csv")
    assert kept.delivery_mode == 2
    assert kept.headers["eessi-queue"] == STATUS
    assert kept.headers["eessi-report"] == "s-1:1: not so\n"
    await source.close()
    assert broker.count(STATUS) == 0


async def test_a_report_that_no_header_holds_is_cut_after_a_line(broker, sources):
    broker.put(b"bad", queue=STATUS)
    source = sources()
    [file] = await come(source)
    line = "s-1:1: é\n"
    await source.reject(file.name, line * 20_000)
    said = broker.take("eessi.dead")[0].headers["eessi-report"]
    assert said == line * (REPORT_BYTES // len(line.encode()))


async def test_one_whose_copy_is_not_confirmed_stays(broker, sources):
    async def delete(channel):
        await channel.queue_delete("eessi.dead")

    broker.put(b"bad", queue=STATUS)
    source = sources()
    [file] = await come(source)
    broker.do(delete)
    with pytest.raises(TransportUnavailable) as said:
        await source.reject(file.name, "x:1: not so\n")
    assert said.value.code == "unroutable"
    assert await source.status_files() == [file]


async def test_a_body_over_the_cap_is_none_that_is_read(broker, sources):
    broker.put(b"x" * (2 * 1024 * 1024 + 1), queue=STATUS)
    [file] = await come(sources())
    assert file.body is None


async def test_a_queue_that_is_gone_is_said_at_once_and_asked_for_after_a_pause(broker, sources):
    clock = ManualClock(SystemClock().now())
    source = sources(clock)
    broker.put(b"one", queue=STATUS)
    [held] = await come(source)

    async def delete(channel):
        await channel.queue_delete(STATUS)

    broker.do(delete)
    codes = [await _code(source) for _ in range(3)]
    assert codes == ["consumer-gone", "topology-missing", "topology-missing"]
    await source.done(held.name)  # over the line that is lost
    broker.fresh()
    assert await _code(source) == "topology-missing"  # it is not time yet
    await clock.advance(1.0)
    broker.put(b"two", queue=STATUS)
    assert [file.body for file in await come(source)] == [b"two"]


async def _code(source):
    with pytest.raises(TransportUnavailable) as said:
        await source.status_files()
    return said.value.code


# -- with a gateway -------------------------------------------------------------------------


def handed_over(broker):
    """What left: (id, receiver) of each."""
    messages = [*broker.take(AIN), *broker.take("eessi.rina")]
    return {m.message_id: m.headers["eessi-receiver"] for m in messages}


def tell(broker, sendings, status, reason="", ident=None):
    lines = (f"{i};{r};{status};2026-01-05T10:00:00+01:00;{reason}" for i, r in sendings)
    broker.put("\n".join((HEADER, *lines, "")).encode(), queue=STATUS, message_id=ident)


def counted(command, gateway):
    return json.loads(command(gateway.state, "status", "--json").stdout)["sendings"]


def test_statuses_come_by_the_queue_and_by_the_folder(
    daemon, at_broker, broker, a_message, command
):
    broker.put(a_message(), headers={"eessi-addressee": "FR:CLEISS0000"})
    gateway = daemon(env=at_broker)
    gateway.wait_until(lambda: broker.count(AIN) + broker.count("eessi.rina") == 3)
    first, second, third = handed_over(broker).items()
    tell(broker, [first, second], "ARRIVED", ident="s-1")
    rejected = gateway.wait_for("status-file-rejected")
    assert (rejected["file.name"], rejected["eessi.count"]) == ("s-1", 2)
    line = gateway.wait_for("status-line-rejected", 2)  # the first of the two
    assert (line["file.name"], line["eessi.line"], line["error.code"]) == ("s-1", 2, "status")
    [dead] = broker.take("eessi.dead")
    assert "s-1:2: " in dead.headers["eessi-report"]
    tell(broker, [first], "SENT")
    tell(broker, [first, second], "DELIVERED")
    gateway.wait_for("status-file-recorded", 2)
    folder = gateway.state / "inbound" / "status"
    folder.mkdir()
    told = f"{HEADER}\n{third[0]};{third[1]};ERROR;2026-01-05T10:00:00+01:00;FULL\n"
    (folder / ".a.csv").write_text(told)
    (folder / ".a.csv").rename(folder / "a.csv")
    gateway.wait_for("status-file-recorded", 3)
    assert counted(command, gateway) == {"delivered": 2, "failed": 1}
    assert gateway.terminate() == 0
    assert broker.count(STATUS) == broker.count("eessi.dead") == 0


def test_a_kill_of_the_gateway_loses_no_status_and_notes_none_twice(
    daemon, at_broker, broker, a_message, command, listed
):
    broker.put(*(a_message(f"m{n}") for n in range(30)))
    gateway = daemon(env=at_broker)
    gateway.wait_until(lambda: broker.count(AIN) + broker.count("eessi.rina") == 90)
    sendings = handed_over(broker)
    for sending in sendings.items():
        tell(broker, [sending], "SENT")
        tell(broker, [sending], "DELIVERED")
    gateway.wait_for("status-file-recorded", 10)
    gateway.kill()
    again = daemon(env=at_broker)
    again.wait_until(lambda: counted(command, again) == {"delivered": 90})
    again.wait_until(lambda: broker.count(STATUS) == 0)  # what the dead one had noted comes again
    assert again.terminate() == 0
    assert broker.count(STATUS) == broker.count("eessi.dead") == 0
    steps = [
        (h["params"]["message_id"], h["state"])
        for case in {m["case_id"] for m in listed(again.state, "journal", "list")}
        for h in listed(again.state, "journal", "show", case)
        if h["params"].get("message_id") in sendings
    ]
    assert len(steps) == len(set(steps)) == 270


@pytest.mark.kills_node
def test_a_restart_of_the_broker_loses_no_status(daemon, at_broker, broker, a_message, command):
    broker.put(*(a_message(f"m{n}") for n in range(20)))
    gateway = daemon(env=at_broker)
    gateway.wait_until(lambda: broker.count(AIN) + broker.count("eessi.rina") == 60)
    sendings = list(handed_over(broker).items())
    for sending in sendings[:50]:
        tell(broker, [sending], "DELIVERED")
    gateway.wait_for("status-file-recorded", 5)
    broker.node.keep()
    broker.node.kill()
    gateway.wait_for("statuses-stopped")
    broker.node.start()
    tell(broker, sendings[50:], "DELIVERED")
    gateway.wait_until(lambda: counted(command, gateway) == {"delivered": 60})
    assert gateway.terminate() == 0
    assert broker.count(STATUS) == broker.count("eessi.dead") == 0
