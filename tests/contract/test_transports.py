"""Every transport keeps the promises of its port (`gateway.transport`)."""

import asyncio
import contextlib
import hashlib
import json
import os
from datetime import UTC, datetime

import pytest

from gateway.clock import InlineExecutor, ManualClock
from gateway.core.trace_context import TraceContext
from gateway.journal import LARGE, Claimed
from gateway.transport import BEGINNING, Settlement
from gateway.transport.folder import FolderConsumer, FolderPublisher
from gateway.transport.memory import MemoryTransport
from gateway.transport.rabbitmq import RabbitConsumer, RabbitPublisher

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


class FolderSide:
    """A folder transport, and the hands of whoever stands outside of it."""

    def __init__(self, path):
        self.inbound, self.outbound = path / "inbound", path / "outbound"
        self.inbound.mkdir()
        self.outbound.mkdir()
        self.clock = ManualClock(START)
        self.consumer = FolderConsumer(
            self.inbound,
            path / "oversize",
            self.clock,
            InlineExecutor(),
            most_bytes=1000,
            poll_seconds=1.0,
        )
        self.publisher = FolderPublisher(self.outbound, InlineExecutor())

    def arrive(self, name, body):
        (self.inbound / f".{name}.tmp").write_bytes(body)
        (self.inbound / f".{name}.tmp").rename(self.inbound / f"{name}.xml")

    def delivered(self, destination):
        folder = self.outbound / destination.replace(":", "-")
        return {p.stem: p.read_bytes() for p in sorted(folder.glob("*.xml"))}

    @contextlib.contextmanager
    def down(self, destination):
        """A file where the destination's folder should be."""
        (self.outbound / destination.replace(":", "-")).write_bytes(b"")
        yield
        (self.outbound / destination.replace(":", "-")).unlink()

    async def close(self):
        """Nothing is open."""


class MemorySide:
    """The memory transport."""

    def __init__(self, _path):
        self.consumer = self.publisher = MemoryTransport()

    def arrive(self, name, body):
        self.consumer.put(body, START, source=name)

    def delivered(self, destination):
        found = [c for c in self.publisher.published if c.destination == destination]
        return {c.message_id: c.body for c in found}

    @contextlib.contextmanager
    def down(self, destination):
        self.publisher.fail.add(destination)
        yield
        self.publisher.fail.remove(destination)

    async def close(self):
        """Nothing is open."""


class RabbitSide:
    """Queues of a real node."""

    def __init__(self, path, broker):
        self.broker, self.clock = broker, ManualClock(START)
        aside, files = path / "oversize", InlineExecutor()
        self.consumer = RabbitConsumer(
            broker.config, "test", aside, self.clock, files, most_bytes=1000
        )
        self.publisher = RabbitPublisher(broker.config, "test", files)

    def arrive(self, name, body):
        self.broker.put(body, message_id=name)

    def delivered(self, destination):
        queue = "eessi.rina" if destination == "rina" else f"eessi.institution.{destination}"
        return {m.message_id: m.body for m in self.broker.take(queue)}

    @contextlib.contextmanager
    def down(self, destination):
        """Nobody made a queue for it."""
        assert destination != "FR:0101100000"
        yield

    async def close(self):
        await self.consumer.close()
        await self.publisher.close()


@pytest.fixture(
    params=["folder", "memory", pytest.param("rabbitmq", marks=pytest.mark.program)],
)
async def side(request, tmp_path):
    if request.param == "rabbitmq":
        made = RabbitSide(tmp_path, request.getfixturevalue("broker"))
    else:
        made = {"folder": FolderSide, "memory": MemorySide}[request.param](tmp_path)
    yield made
    await made.close()


def sending(number=1, destination="FR:0101100000", **changes):
    body = changes.pop("body", b"<sed/>")
    return Claimed(
        **{
            "message_id": f"00000000-0000-5000-8000-{number:012}",
            "case_id": "c",
            "kind": "hand-over",
            "object": "o",
            "receiver": destination,
            "destination": destination,
            "media": "xml",
            "digest": hashlib.sha256(body).hexdigest(),
            "body": body,
            "sidecar": b"{}",
            "attempts": 0,
            "token": "t",
            **changes,
        }
    )


async def take(consumer, number):
    taken = []
    async with contextlib.aclosing(consumer.receive()) as messages:
        async for received in messages:
            taken.append(received)
            if len(taken) == number:
                return taken
    return taken


async def test_messages_come_in_order_of_arrival(side):
    for name in ("01", "02", "03"):
        side.arrive(name, name.encode())
    assert [r.body for r in await take(side.consumer, 3)] == [b"01", b"02", b"03"]


async def test_a_message_comes_again_until_it_was_accepted(side):
    side.arrive("01", b"one")
    [first] = await take(side.consumer, 1)
    await first.settle(Settlement.RETRY)
    [again] = await take(side.consumer, 1)
    assert again.body == b"one"
    await again.settle(Settlement.ACCEPTED)
    assert (await side.consumer.inbound()).waiting == 0


async def test_an_accepted_message_does_not_come_again(side):
    side.arrive("01", b"one")
    side.arrive("02", b"two")
    first, _ = await take(side.consumer, 2)
    await first.settle(Settlement.ACCEPTED)
    side.arrive("03", b"three")
    assert [r.body for r in await take(side.consumer, 1)] == [b"three"]


async def test_what_is_confirmed_is_there_with_its_bytes(side):
    assert await side.publisher.publish([sending(body=b"<sed>\xc3\xa9</sed>")]) == [None]
    assert side.delivered("FR:0101100000") == {sending().message_id: b"<sed>\xc3\xa9</sed>"}


async def test_the_same_sending_again_has_the_same_name(side):
    await side.publisher.publish([sending()])
    assert await side.publisher.publish([sending()]) == [None]
    assert len(side.delivered("FR:0101100000")) == 1


async def test_one_that_fails_does_not_fail_the_others(side):
    with side.down("FR:0201100000"):
        results = await side.publisher.publish(
            [sending(1), sending(2, "FR:0201100000"), sending(3, "rina")]
        )
    assert [r is None for r in results] == [True, False, True]
    assert results[1].temporary
    assert len(side.delivered("rina")) == 1


async def test_a_large_batch_is_as_good_as_single_sendings(side):
    with side.down("FR:0201100000"):
        batch = [sending(n, "FR:0201100000" if n % 3 == 0 else "rina") for n in range(30)]
        results = await side.publisher.publish(batch)
    assert [r is None for r in results] == [n % 3 != 0 for n in range(30)]
    assert len(side.delivered("rina")) == 20


# -- the folder -----------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    return FolderSide(tmp_path)


async def test_a_sidecar_tells_receipt_time_and_addressee(folder):
    (folder.inbound / "01.xml.meta.json").write_text(
        '{"received_at": "2026-03-01T10:00:00+01:00", "addressee": "FR:CLEISS0000"}'
    )
    folder.arrive("01", b"x")
    [received] = await take(folder.consumer, 1)
    assert received.received_at == datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert received.addressee == "FR:CLEISS0000"
    await received.settle(Settlement.ACCEPTED)
    assert list(folder.inbound.iterdir()) == []


@pytest.mark.parametrize("said", ["true", "false", "null", "[1]", '"a b"', '""'])
async def test_a_sidecar_says_no_number_of_the_case_by_what_is_none(folder, said):
    (folder.inbound / "01.xml.meta.json").write_text(f'{{"rina_number": {said}}}')
    folder.arrive("01", b"x")
    [received] = await take(folder.consumer, 1)
    assert received.rina_number is None


TRACE = TraceContext("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7")


async def test_a_sidecar_tells_the_trace_and_one_of_another_form_counts_as_absent(folder):
    for name, trace in (("01", str(TRACE)), ("02", "00-0-0-01"), ("03", [str(TRACE)])):
        (folder.inbound / f"{name}.meta.json").write_text(json.dumps({"traceparent": trace}))
        folder.arrive(name, b"x")
    taken = await take(folder.consumer, 3)
    assert [received.traceparent for received in taken] == [str(TRACE), None, None]


async def test_the_sidecar_of_a_sending_tells_its_trace(folder):
    batch = [sending(1, trace=TRACE, sidecar='{"a":"é"}'.encode()), sending(2, sidecar=b"{ }")]
    await folder.publisher.publish([*batch, sending(3, "rina", trace=TRACE, sidecar=None)])
    written = {p.stem[-1]: p.read_text() for p in folder.outbound.rglob("*.json")}
    assert written == {"1": f'{{"a":"é","traceparent":"{TRACE}"}}', "2": "{ }"}


@pytest.mark.parametrize(
    "meta",
    [
        *("", "[]", "{", '{"received_at": 3, "addressee": []}', "\xff"),
        '{"received_at": "0001-01-01T00:00:00+05:00"}',
        '{"received_at": "9999-12-31T23:59:59Z"}',
        '{"addressee": "\\ud800"}',
        "[" * 50_000,
    ],
)
async def test_a_broken_sidecar_counts_as_absent(folder, meta):
    (folder.inbound / "01.xml.meta.json").write_bytes(meta.encode("latin-1"))
    folder.arrive("01", b"x")
    [received] = await take(folder.consumer, 1)
    assert received.addressee is None
    assert abs(received.received_at - folder.clock.now()).days < 4000  # of the file, or now


async def test_folders_and_links_stay_where_they_are_and_are_told(folder):
    (folder.inbound / "00.xml").mkdir()
    (folder.inbound / "01.xml").symlink_to("/etc/passwd")
    os.mkfifo(folder.inbound / "02.xml")
    folder.arrive("03", b"x")
    assert [r.source for r in await take(folder.consumer, 1)] == ["03.xml"]
    seen = await folder.consumer.inbound()
    assert seen.strays == {"00.xml", "01.xml", "02.xml"}
    assert seen.problems == ("inbound-not-a-file",)
    assert seen.waiting == 1


async def test_unfinished_and_foreign_files_are_not_taken(folder):
    for name in (".01.xml", "02.xml.tmp", "03.part", "notes.txt", "04.meta.json"):
        (folder.inbound / name).write_bytes(b"x")
    assert (await folder.consumer.inbound()).waiting == 0


async def test_a_body_over_the_cap_is_put_aside_under_its_digest(folder):
    body = b"x" * 1001
    folder.arrive("01", body)
    [received] = await take(folder.consumer, 1)
    digest = hashlib.sha256(body).hexdigest()
    assert (received.body, received.oversize, received.large) == (body, digest, False)
    await received.settle(Settlement.ACCEPTED)
    assert (folder.inbound.parent / "oversize" / digest).read_bytes() == body


async def test_a_missing_folder_is_said(folder):
    folder.inbound.rmdir()
    assert (await folder.consumer.inbound()).problems == ("inbound-unreadable",)


async def test_a_message_that_cannot_be_removed_is_not_given_out_again(folder, monkeypatch):
    folder.arrive("01", b"one")
    [received] = await take(folder.consumer, 1)
    with monkeypatch.context() as patched:
        patched.setattr("os.unlink", _read_only)
        await received.settle(Settlement.ACCEPTED)
        folder.arrive("02", b"two")
        assert [r.body for r in await take(folder.consumer, 1)] == [b"two"]
        seen = await folder.consumer.inbound()
        assert seen.problems == ("inbound-unremovable",)
        assert seen.waiting == 1
    folder.arrive("03", b"three")
    await take(folder.consumer, 1)
    assert (await folder.consumer.inbound()).problems == ()
    assert not (folder.inbound / "01.xml").exists()


def _read_only(*_args, **_options):
    raise PermissionError(13, "Permission denied")


async def test_it_waits_for_the_clock_when_there_is_nothing(folder):
    taking = asyncio.ensure_future(take(folder.consumer, 1))
    await folder.clock.advance(0.5)
    folder.arrive("01", b"x")
    assert not taking.done()
    await folder.clock.advance(1.0)
    assert len(await taking) == 1


async def test_the_sidecar_stands_before_the_message_does(folder, monkeypatch):
    names = []
    rename = os.rename
    monkeypatch.setattr(
        "os.rename", lambda old, new, **at: names.append(new[36:]) or rename(old, new, **at)
    )
    await folder.publisher.publish([sending()])
    assert names == [".json", ".xml"]


async def test_a_notice_is_its_sidecar_alone(folder):
    await folder.publisher.publish([sending(media="none")])
    assert [p.suffix for p in (folder.outbound / "FR-0101100000").iterdir()] == [".json"]


@pytest.mark.parametrize(
    "changes",
    [
        {"destination": "../FR:1"},
        {"destination": "FR:1/../.."},
        {"destination": ""},
        {"message_id": "../../etc/passwd"},
    ],
)
async def test_no_path_is_made_from_what_is_not_checked(folder, changes):
    [result] = await folder.publisher.publish([sending(**changes)])
    assert result is not None
    assert list(folder.outbound.rglob("*")) == []


@pytest.mark.parametrize("number", [1, 20])
async def test_nothing_has_its_name_before_its_bytes_are_durable(folder, monkeypatch, number):
    """What cannot be made durable is not confirmed, and nobody sees it under its name."""

    def broken(*_args):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("gateway.transport.folder.leaving.sync_file_system", lambda _folder: False)
    monkeypatch.setattr("gateway.transport.folder.files.os.fsync", broken)
    (folder.outbound / "rina").mkdir()
    results = await folder.publisher.publish([sending(n, "rina") for n in range(number)])
    assert all(result is not None for result in results)
    assert [p.name for p in (folder.outbound / "rina").iterdir() if p.suffix != ".tmp"] == []


async def test_large_files_are_not_all_read_at_once(folder, monkeypatch):
    """What is read ahead is bounded in bytes, and the order stays that of the names."""
    monkeypatch.setattr("gateway.transport.folder.arriving._BYTES_AT_ONCE", 10)
    for number in range(5):
        (folder.inbound / f"{number}.xml").write_bytes(b"<six/>")
    read = folder.consumer._read_all([f"{number}.xml" for number in range(5)])
    assert [file.name for file in read[0]] == ["0.xml", "1.xml"]
    assert [received.source for received in await take(folder.consumer, 5)] == [
        f"{number}.xml" for number in range(5)
    ]


@pytest.fixture
def spacious(folder):
    """The folder with room for large messages."""
    folder.consumer._most_bytes = 2 * LARGE
    return folder


async def test_a_large_file_is_read_when_its_turn_comes(spacious):
    body = b"<sed/>".ljust(LARGE, b" ")
    spacious.arrive("01", body)
    spacious.arrive("02", b"small")
    first, second = await take(spacious.consumer, 2)
    assert (first.body, first.large, second.large) == (body[:BEGINNING], True, False)
    assert (second.body, second.whole) == (b"small", None)
    assert await first.whole() == body
    await first.settle(Settlement.ACCEPTED)
    assert not (spacious.inbound / "01.xml").exists()


async def test_a_large_file_that_is_gone_when_its_turn_comes_may_come_again(spacious):
    spacious.arrive("01", b"a" * LARGE)
    [received] = await take(spacious.consumer, 1)
    (spacious.inbound / "01.xml").unlink()
    assert await received.whole() is None
    spacious.arrive("01", b"b" * LARGE)
    [received] = await take(spacious.consumer, 1)
    assert await received.whole() == b"b" * LARGE


async def test_a_large_file_that_still_grows_is_never_loaded_over_the_cap(spacious):
    spacious.arrive("01", b"a" * LARGE)
    [received] = await take(spacious.consumer, 1)
    with (spacious.inbound / "01.xml").open("ab") as file:
        file.write(b"a" * (LARGE + 1))
    assert await received.whole() is None
    [received] = await take(spacious.consumer, 1)
    assert received.oversize == hashlib.sha256(b"a" * (2 * LARGE + 1)).hexdigest()
    assert (received.body, received.whole) == (b"a" * BEGINNING, None)


async def test_a_large_file_that_cannot_be_read_stays_and_is_told(spacious):
    spacious.arrive("01", b"a" * LARGE)
    [received] = await take(spacious.consumer, 1)
    (spacious.inbound / "01.xml").rename(spacious.inbound / "kept")
    (spacious.inbound / "01.xml").symlink_to("kept")
    assert await received.whole() is None
    assert (await spacious.consumer.inbound()).problems == ("inbound-not-a-file",)


async def test_a_name_of_any_bytes_is_taken_and_told(folder):
    name = b"d\xff\n.xml"
    (folder.inbound / os.fsdecode(name)).write_bytes(b"x")
    [received] = await take(folder.consumer, 1)
    assert received.source.encode() == b"d\\udcff\n.xml"
    await received.settle(Settlement.ACCEPTED)
    assert list(folder.inbound.iterdir()) == []


async def test_the_longest_name_has_no_room_for_a_sidecar(folder):
    (folder.inbound / ("x" * 251 + ".xml")).write_bytes(b"x")
    [received] = await take(folder.consumer, 1)
    await received.settle(Settlement.ACCEPTED)
    assert list(folder.inbound.iterdir()) == []
    assert (await folder.consumer.inbound()).problems == ()


@pytest.mark.parametrize("when", [-(2**40), 2**40])
async def test_a_file_of_an_impossible_time_counts_as_received_now(folder, when):
    folder.arrive("01", b"x")
    os.utime(folder.inbound / "01.xml", (when, when))
    [received] = await take(folder.consumer, 1)
    assert received.received_at == folder.clock.now()
    assert (await folder.consumer.inbound()).waiting == 1
