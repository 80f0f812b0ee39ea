"""Two workers on one database tell of what both see once, whichever of them is there at the end."""

import socket

import pytest

from tests.e2e.test_notices import SETTINGS, hook

__all__ = ["hook"]

pytestmark = [pytest.mark.program, pytest.mark.long]


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return str(free.getsockname()[1])


def test_a_pause_is_told_of_once_by_two_workers_and_its_end_when_the_first_is_dead(
    daemon, command, on_postgres, hook, tmp_path
):
    url, said = hook
    shared = {**SETTINGS, **on_postgres, "EESSI_GATEWAY_NOTICES__WEBHOOK_URL": url}
    ports = [free_port(), free_port()]
    envs = [{**shared, "EESSI_GATEWAY_HTTP__PORT": port} for port in ports]
    workers = [
        daemon(state=tmp_path / port, env=env) for port, env in zip(ports, envs, strict=True)
    ]
    for worker in workers:
        worker.wait_for("started")
    words = ("pause", "--why", "ticket 1")
    assert command(workers[0].state, *words, env=envs[0]).returncode == 0
    workers[0].wait_until(lambda: said)
    workers[0].pause(3)
    assert [(one["cause"], one["event"], one["shared"]) for one in said] == [
        ("paused", "opened", True)
    ]
    teller = [one["worker"].endswith(port) for one, port in zip(said * 2, ports, strict=True)]
    dies, stays = (0, 1) if teller[0] else (1, 0)
    workers[dies].kill()
    words = ("resume", "--why", "done")
    assert command(workers[stays].state, *words, env=envs[stays]).returncode == 0
    workers[stays].wait_until(lambda: len(said) > 1)
    workers[stays].pause(2)
    assert workers[stays].terminate() == 0
    assert [one["event"] for one in said] == ["opened", "closed"]
    assert said[1]["worker"] == said[0]["worker"]
    assert sum(worker.actions.count("trouble") for worker in workers) == 1
