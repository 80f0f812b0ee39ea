"""A gateway in trouble says so itself, and nobody who does not listen keeps it from its work."""

import json
import socket
import sqlite3
import threading
import time
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

SETTINGS = {
    "EESSI_GATEWAY_NOTICES__AFTER_SECONDS": "0.3",
    "EESSI_GATEWAY_NOTICES__TIMEOUT_SECONDS": "30",
    "no_proxy": "127.0.0.1",
}


@pytest.fixture
def hook():
    """An address that takes notices, and those that came."""
    said = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            said.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_words):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/", said
        server.shutdown()
        thread.join()


def remembered(state):
    """The ledger in the journal."""
    with closing(sqlite3.connect(state / "journal.db")) as db:
        return json.loads(db.execute("SELECT content FROM notices").fetchone()[0])


def test_a_pause_that_lasts_is_told_of_once_through_a_restart_and_so_is_its_end(
    daemon, command, hook
):
    url, said = hook
    env = {**SETTINGS, "EESSI_GATEWAY_NOTICES__WEBHOOK_URL": url}
    first = daemon(env=env)
    first.wait_for("started")
    assert command(first.state, "pause", "--why", "ticket 1").returncode == 0
    first.wait_until(lambda: said)
    # killed between telling and noting it, it would tell again
    first.wait_until(lambda: not any(remembered(first.state)["waiting"].values()))
    first.kill()
    second = daemon(env=env)
    second.wait_for("started")
    second.pause(2)
    assert command(second.state, "resume", "--why", "done").returncode == 0
    second.wait_until(lambda: len(said) > 1)
    assert second.terminate() == 0
    assert [(one["cause"], one["event"]) for one in said] == [
        ("paused", "opened"),
        ("paused", "closed"),
    ]
    assert "ticket" not in json.dumps(said)
    assert second.actions.count("trouble-over") == 1
    assert not (first.state / "notices.json").exists()


def test_a_server_that_never_answers_delays_neither_the_work_nor_the_end(
    daemon, command, a_message, listed
):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        gateway = daemon(env={**SETTINGS, "EESSI_GATEWAY_NOTICES__WEBHOOK_URL": url})
        gateway.wait_for("started")
        assert command(gateway.state, "pause", "--why", "ticket 1").returncode == 0
        gateway.wait_for("trouble")
        attempt, _ = silent.accept()  # it is under way, and stays so
        assert command(gateway.state, "resume", "--why", "done").returncode == 0
        gateway.put("one.xml", a_message())
        gateway.wait_for("message-recorded")
        assert listed(gateway.state, "journal", "list")
        with attempt:
            begun = time.monotonic()
            assert gateway.terminate() == 0
            assert time.monotonic() - begun < 15  # well before its time-out
    assert gateway.actions[-1] == "closed"
