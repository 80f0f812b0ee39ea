"""The control socket: one line asked, one line answered, and who asks is what the kernel says."""

import asyncio
import getpass
import json
import stat

import pytest

from gateway.errors import Refused, Unreachable
from gateway.people import control
from gateway.people.control import ControlServer, ask, running


@pytest.fixture
async def socket(house, tmp_path, monkeypatch):
    monkeypatch.setattr(control, "_LONGEST", 64 * 1024)
    path = tmp_path / "control.sock"
    server = ControlServer(path, house.operating)
    await server.start()
    yield path
    await server.stop()


async def asked(path, deed, **params):
    return await asyncio.to_thread(ask, path, deed, params)


async def test_a_ping_is_answered(socket):
    answer = await asked(socket, "ping")
    assert answer == {"paused": False, "in_flight": 0, "not_ready": ["starting"]}
    assert await asyncio.to_thread(running, socket)


async def test_the_socket_is_for_its_owner_alone(socket):
    assert stat.S_IMODE(socket.stat().st_mode) == 0o600


async def test_it_answers_below_a_folder_whose_name_is_too_long_for_the_kernel(house, tmp_path):
    folder = tmp_path / ("long " * 20) / ("longer " * 20)
    folder.mkdir(parents=True)
    server = ControlServer(folder / "control.sock", house.operating)
    await server.start()
    assert await asyncio.to_thread(running, folder / "control.sock")
    await server.stop()
    assert list(folder.iterdir()) == []


async def test_an_unknown_deed_is_refused_in_both_languages(socket):
    with pytest.raises(Refused) as refused:
        await asked(socket, "dance")
    assert refused.value.code == "unknown-deed"


@pytest.mark.parametrize("line", [b"", b"no json", b"[]", b'{"deed": {}}', b'{"params": {}}'])
async def test_nonsense_is_answered_and_the_line_stays_open(socket, line):
    reader, writer = await asyncio.open_unix_connection(socket)
    writer.write(line + b"\n" + b'{"deed": "ping"}\n')
    await writer.drain()
    assert json.loads(await reader.readline())["ok"] is False
    assert json.loads(await reader.readline())["ok"] is True
    writer.close()


async def test_a_line_without_end_is_cut_off(socket):
    reader, writer = await asyncio.open_unix_connection(socket)
    writer.write(b"x" * 200_000)
    writer.write_eof()
    assert await reader.read() == b""
    writer.close()
    assert (await asked(socket, "ping"))["paused"] is False


async def test_who_asked_stands_in_the_journal(socket, house):
    await house.take(b"no XML")
    [row] = await house.rows()
    await asked(socket, "discard", message_id=row.message_id, reason="a fax")
    told = await house.journal.timeline(row.message_id)
    assert told[-1].who == getpass.getuser()
    assert told[-1].origin == "operator"


async def test_nobody_answers_without_a_daemon(tmp_path):
    with pytest.raises(Unreachable):
        ask(tmp_path / "control.sock", "ping", {})
    assert not running(tmp_path / "control.sock")
