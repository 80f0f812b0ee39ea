"""What is seen of the parts around the gateway: probed, imported, declared, and in the journal."""

import asyncio
import json
import os
import struct
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from gateway.availability.probing import Prober
from gateway.availability.reading import HEADER
from gateway.cli import cli
from gateway.config import Availability, Component
from gateway.errors import JournalUnavailable, Refused
from gateway.journal.observing import Run
from tests.pipeline.conftest import START

HOUR = timedelta(hours=1)
EVER = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


@asynccontextmanager
async def serving(answer):
    """A server on this machine that says one thing, or with None nothing at all."""

    async def say(reader, writer):
        await reader.readline()
        if answer is not None:
            writer.write(answer)
        else:
            await reader.read()
        writer.close()

    server = await asyncio.start_server(say, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def prober(house, **components):
    settings = Availability(
        interval_seconds=60, timeout_seconds=0.5, components=dict(components.items())
    )
    return Prober(house.journal, house.clock, settings)


@pytest.mark.parametrize(
    ("answer", "up"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", True),
        (b"HTTP/1.1 302 Found\r\n\r\n", True),
        (b"HTTP/1.1 503 No\r\n\r\n", False),
        (b"SSH-2.0-x\r\n", False),
        (b"", False),
        (None, False),
    ],
)
async def test_an_address_is_up_when_it_answers_well(house, answer, up):
    async with serving(answer) as port:
        target = f"http://127.0.0.1:{port}/health?x=1"
        assert await prober(house, rina=Component(probe="http", target=target)).turn() == 1
    (run,) = (await house.journal.seen(*EVER)).runs
    assert run == Run("rina", "gateway", START, START + timedelta(seconds=120), up)


async def test_a_port_is_up_when_it_accepts(house):
    async with serving(None) as port:
        open_port = Component(probe="tcp", target=f"127.0.0.1:{port}")
        await prober(house, vpn=open_port).turn()
        assert (await house.journal.seen(*EVER)).runs[0].up
    await house.clock.advance(60)
    await prober(house, vpn=open_port).turn()
    assert [run.up for run in (await house.journal.seen(*EVER)).runs] == [True, False]


def pg(kind, body):
    return kind + struct.pack("!I", len(body) + 4) + body


def error(state):
    return pg(b"E", b"SFATAL\x00C" + state + b"\x00Mno\x00\x00")


START_FRAME = b"\x01\x00\x00\x00\x00\x01\xf6" + b"\x00\x0a\x00\x0a" + b"\x00" * 20


@asynccontextmanager
async def scripted(*answers):
    """A server that waits for something before it says each of these; its port, what it heard."""
    heard = []

    async def say(reader, writer):
        for answer in answers:
            heard.append(await reader.read(200))
            writer.write(answer)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(say, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], heard
    finally:
        server.close()


@pytest.mark.parametrize(
    ("probe", "answers", "why"),
    [
        ("amqp", [START_FRAME], ""),
        ("amqp", [b"AMQP\x00\x00\x09\x01"], "no-amqp"),  # another version is all it speaks
        ("amqp", [b"HTTP/1.1 400 Bad Request\r\n\r\n"], "no-amqp"),
        ("amqp", [b""], "no-amqp"),
        ("sql", [b"N", pg(b"R", b"\x00\x00\x00\x0a")], ""),
        ("sql", [b"N", error(b"28000")], ""),  # it lives, and does not let us in
        ("sql", [b"N", error(b"57P03")], "sqlstate-57P03"),  # it is starting up
        ("sql", [b"N", error(b"53300")], "sqlstate-53300"),  # it has no room
        ("sql", [b"N", error(b"\xff;")], "no-sql"),
        ("sql", [b"N", pg(b"E", b"")], "no-sql"),
        ("sql", [b"N", b"x"], "no-sql"),
        ("sql", [b"N", pg(b"Z", b"I")], "no-sql"),
        ("sql", [b""], "no-sql"),
    ],
)
async def test_a_broker_and_a_database_are_up_when_they_would_begin(house, probe, answers, why):
    async with scripted(*answers) as (port, _):
        part = Component(probe=probe, target=f"127.0.0.1:{port}")
        assert await prober(house, part=part)._look(part) == why
    assert await prober(house, part=part)._look(part) == "connection-refused"


async def test_a_database_is_told_no_more_than_that_we_look(house):
    async with scripted(b"N", pg(b"R", b"\x00\x00\x00\x00")) as (port, heard):
        await prober(house, db=Component(probe="sql", target=f"127.0.0.1:{port}")).turn()
    asked, startup = heard
    assert asked == bytes.fromhex("0000000804d2162f")
    assert startup[4:8] == bytes.fromhex("00030000")
    assert startup[8:] == b"user\0eessi-gateway-probe\0database\0postgres\0\0"
    assert int.from_bytes(startup[:4]) == len(startup)


async def test_a_broker_that_says_nothing_has_timed_out(house):
    async with serving(None) as port:
        part = Component(probe="amqp", target=f"127.0.0.1:{port}")
        assert await prober(house, part=part)._look(part) in {"timed-out", "no-amqp"}


async def test_a_file_is_up_while_it_is_young(house, tmp_path):
    path = tmp_path / "done"
    of_file = Component(probe="file", target=str(path), max_age_seconds=3600)
    watching = prober(house, copy=of_file)
    for age in (None, 100, 4000):
        if age is not None:
            path.touch()
            written = house.clock.now().timestamp() - age
            os.utime(path, (written, written))
        await watching.turn()
        await house.clock.advance(60)
    assert [run.up for run in (await house.journal.seen(*EVER)).runs] == [False, True, False]


async def test_what_one_may_not_look_at_is_not_observed(house, monkeypatch):
    async def forbidden(*_args, **_more):
        raise PermissionError

    monkeypatch.setattr(asyncio, "open_connection", forbidden)
    assert await prober(house, vpn=Component(probe="tcp", target="vpn:1")).turn() == 1
    assert (await house.journal.seen(*EVER)).runs == ()


async def test_nothing_to_look_at_is_nothing_done(house):
    assert await prober(house, other=Component()).turn() == 0


async def test_a_journal_that_cannot_be_written_stops_no_looking(house, monkeypatch):
    async def broken(_observations):
        raise JournalUnavailable

    monkeypatch.setattr(house.journal, "probed", broken)
    one = Component(probe="file", target="/nowhere")
    assert await prober(house, copy=one).turn() == 1


async def test_the_prober_keeps_its_pace(house):
    running = asyncio.ensure_future(
        prober(house, copy=Component(probe="file", target="/nowhere")).run()
    )

    async def seen_until(seconds):
        while not (runs := (await house.journal.seen(*EVER)).runs) or (
            runs[0].end < START + timedelta(seconds=seconds)
        ):
            pass  # looking into the journal lets the prober work

    await seen_until(120)
    while house.clock.next_wake() is None:
        await house.journal.backlog(START)
    await house.clock.advance(60)
    await seen_until(180)
    running.cancel()


async def take_in(house, path):
    return await house.operating.do("availability-import", {"file": str(path)}, "claire")


async def test_a_file_is_taken_in_whole_or_not_at_all(house, tmp_path):
    path = tmp_path / "nagios.csv"
    good = "rina;2026-01-01T00:00:00Z;2026-02-01T00:00:00Z;up;nagios"
    path.write_text(f"{HEADER}\n{good}\n", encoding="utf-8")
    assert await take_in(house, path) == {"imported": 1, "known": 0, "faults": [], "more": 0}
    assert (await take_in(house, path))["known"] == 1
    clash = "rina;2026-01-31T00:00:00Z;2026-02-02T00:00:00Z;down;nagios"
    other = "vpn;2026-01-31T00:00:00Z;2026-02-02T00:00:00Z;down;nagios"
    path.write_text(f"{HEADER}\n{other}\n{clash}\n", encoding="utf-8")
    assert (await take_in(house, path))["faults"] == [{"line": 3, "code": "otherwise"}]
    path.write_text(f"{HEADER}\n{other}\nvpn\n", encoding="utf-8")
    assert (await take_in(house, path))["faults"] == [{"line": 3, "code": "columns"}]
    assert {run.component for run in (await house.journal.seen(*EVER)).runs} == {"rina"}
    with pytest.raises(Refused) as caught:
        await take_in(house, tmp_path / "none.csv")
    assert caught.value.code == "file-unreadable"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"until": "2026-03-01T00:00:00+01:00"}, "no-maintenance"),
        ({"from": "soon"}, "no-maintenance"),
        ({"from": "0001-01-01T00:00:00+00:00"}, "no-maintenance"),  # no report could be made of it
        ({"until": "9999-12-31T23:59:59+00:00"}, "no-maintenance"),
        ({"component": ""}, "no-maintenance"),
        ({"reason": " "}, "no-reason"),
    ],
)
async def test_maintenance_needs_a_part_a_time_and_a_reason(house, changes, code):
    params = {
        "component": "rina",
        "from": "2026-03-05T08:00:00+01:00",
        "until": "2026-03-05T09:00:00+01:00",
        "reason": "new version",
    }
    done = await house.operating.do("availability-maintenance", params, "claire")
    assert done == {"component": "rina", "declared_late": False}
    (one,) = (await house.journal.seen(*EVER)).maintenance
    assert (one.who, one.why, one.end - one.begin) == ("claire", "new version", HOUR)
    with pytest.raises(Refused) as caught:
        await house.operating.do("availability-maintenance", params | changes, "claire")
    assert caught.value.code == code
    again = params | {"reason": "a mistake"}
    assert await house.operating.do("availability-withdraw", again, "denis") == {
        "component": "rina"
    }
    assert (await house.journal.seen(*EVER)).maintenance == ()
    with pytest.raises(Refused) as caught:
        await house.operating.do("availability-withdraw", again, "denis")
    assert caught.value.code == "not-declared"


async def test_the_commands_and_the_report(restarted, house, tmp_path):
    for minute in range(0, 60, 20):
        await house.journal.beat(START + timedelta(seconds=minute))
    await house.journal.close()
    config = tmp_path / "gateway.toml"
    config.write_text(
        "[availability.components]\n"
        '"rina-1" = { service = "RINA" }\n"rina-2" = { service = "RINA" }\n',
        encoding="utf-8",
    )
    path = tmp_path / "nagios.csv"
    path.write_text(
        f"{HEADER}\nrina-1;2025-01-01T00:00:00+01:00;2025-07-02T00:00:00+02:00;up;nagios\n"
        "rina-2;2025-07-01T00:00:00+02:00;2026-01-01T00:00:00+01:00;up;nagios\n",
        encoding="utf-8",
    )

    def run(*words, status=0):
        start = ["--state", str(house.state), "--config", str(config)]
        done = CliRunner().invoke(cli, [*start, *map(str, words)], standalone_mode=False)
        assert done.return_value in {status, None}, done.output
        assert done.exception is None, done.exception
        return done.output

    assert "Lines taken in: 2;" in await asyncio.to_thread(run, "availability", "import", path)
    late = await asyncio.to_thread(
        run, "--lang", "fr", "availability", "maintenance", "rina-1",
        "--from", "2025-08-01T00:00", "--until", "2025-08-02T00:00", "--why", "test",
    )  # fmt: skip
    assert "déjà commencé" in late
    assert "configurée" not in late
    wrong = ("--from", "2025-09-01T00:00", "--until", "2025-09-02T00:00", "--why", "a slip")
    words = ("--lang", "fr", "availability", "maintenance", "rinna-1", *wrong)
    assert "Aucune part rinna-1 n'est configurée" in await asyncio.to_thread(run, *words)
    said = await asyncio.to_thread(run, "report", "availability", "--year", 2025, "--json")
    rows = {(r["name"], r["hours"]): r for r in map(json.loads, said.splitlines())}
    assert rows["RINA", "24x7"]["availability"] == 100.0
    assert rows["RINA", "24x7"]["denominator_minutes"] == 525_600
    assert rows["rina-1", "24x7"]["maintenance_minutes"] == 1440
    assert rows["rina-1", "24x7"]["meets_mark"] is False
    assert ("gateway", "24x7") not in rows
    html = tmp_path / "pages" / "a.html"
    words = ("--lang", "fr", "report", "availability", "--year", 2025, "--html", html)
    page = await asyncio.to_thread(run, *words)
    assert "<td>100,00 %</td>" in html.read_text("utf-8")
    assert "| RINA (service : rina-1, rina-2) | 100,00 % | atteint |" in page
    back = await asyncio.to_thread(
        run, "availability", "maintenance", "rina-1", "--withdraw",
        "--from", "2025-08-01T00:00", "--until", "2025-08-02T00:00", "--why", "test",
    )  # fmt: skip
    assert "Taken back" in back
    path.write_text(f"{HEADER}\nrina-1;x;y;up;nagios\n", encoding="utf-8")
    await asyncio.to_thread(run, "availability", "import", path, status=1)
