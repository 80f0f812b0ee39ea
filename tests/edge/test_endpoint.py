"""The endpoint answers real requests, says why it is not ready, and lets only the known in."""

import asyncio
import signal
import socket
import ssl
import subprocess
import sys

import httpx2
import pytest

from gateway.config import Http
from gateway.errors import ConfigurationError, JournalUnavailable, Unreachable
from gateway.seen.endpoint import Endpoint

PASSWORD = "correct-horse-battery"


class Health:
    """A readiness that a test can change."""

    def __init__(self) -> None:
        self.reasons: list[str] = []
        self.error: Exception | None = None
        self.hangs = False

    async def __call__(self) -> list[str]:
        if self.hangs:
            await asyncio.Event().wait()
        if self.error:
            raise self.error
        return self.reasons


@pytest.fixture
def health():
    return Health()


async def no_notes():
    return ()


async def a_page(lang, *, refresh):
    """Stands for the status page, and says what it was asked for."""
    return f"<!DOCTYPE html><title>{lang} {refresh}</title>"


@pytest.fixture
async def serve(metrics, health):
    """Starts an endpoint on a free port, and stops it after the test."""
    started = []

    async def starter(**keys) -> Endpoint:
        endpoint = Endpoint(Http(**{"port": 0, **keys}), metrics, health, no_notes, a_page)
        await endpoint.start()
        started.append(endpoint)
        return endpoint

    yield starter
    for endpoint in started:
        await endpoint.stop()


@pytest.fixture
async def ask():
    """Asks an endpoint over real HTTP."""

    async def asker(endpoint, path, method="GET", *, verify=True, **keys) -> httpx2.Response:
        async with httpx2.AsyncClient(verify=verify, trust_env=False) as client:
            return await client.request(method, endpoint.url + path, **keys)

    return asker


async def test_port_0_takes_a_free_port_and_tells_it(serve):
    endpoint = await serve()
    host, port = endpoint.address
    assert host == "127.0.0.1"
    assert port > 0
    assert endpoint.url == f"http://127.0.0.1:{port}"


async def test_livez_says_that_the_loop_turns_even_when_nothing_else_does(serve, ask, health):
    endpoint = await serve()
    health.hangs = True
    answer = await ask(endpoint, "/livez")
    assert (answer.status_code, answer.json()) == (200, {"alive": True})


async def test_readyz_is_200_when_ready(serve, ask):
    answer = await ask(await serve(), "/readyz")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "reasons": [], "notes": []})


async def test_readyz_is_503_with_the_reasons_when_not(serve, ask, health):
    health.reasons = ["inbound-unreadable", "oldest-waiting"]
    answer = await ask(await serve(), "/readyz")
    assert answer.status_code == 503
    assert answer.json() == {
        "ready": False,
        "reasons": ["inbound-unreadable", "oldest-waiting"],
        "notes": [],
    }


async def test_a_readiness_that_fails_is_a_reason(serve, ask, health):
    health.error = JournalUnavailable()
    answer = await ask(await serve(), "/readyz")
    assert (answer.status_code, answer.json()["reasons"]) == (503, ["journal-unavailable"])


async def test_a_readiness_that_hangs_is_a_reason(serve, ask, health, monkeypatch):
    monkeypatch.setattr("gateway.seen.endpoint.READINESS_SECONDS", 0.05)
    health.hangs = True
    answer = await ask(await serve(), "/readyz")
    assert (answer.status_code, answer.json()["reasons"]) == (503, ["readiness-timeout"])


async def test_metrics_are_what_prometheus_reads_and_ready_is_renewed(serve, ask, health):
    endpoint = await serve()
    answer = await ask(endpoint, "/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert 'gateway_ready{environment="test",gateway_instance="rina-1"} 1.0' in answer.text
    health.reasons = ["journal-unavailable"]
    answer = await ask(endpoint, "/metrics", headers={"Accept": "application/openmetrics-text"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert 'gateway_ready{environment="test",gateway_instance="rina-1"} 0.0' in answer.text


@pytest.mark.parametrize(
    ("path", "wishes", "said"),
    [
        ("/", None, "en False"),
        ("/", "fr-FR,fr;q=0.9,en;q=0.8", "fr False"),
        ("/", "en;q=0.9,fr;q=0.8", "en False"),
        ("/", "de, fr;q=0.5", "fr False"),
        ("/", "fr;q=much", "en False"),
        ("/?lang=fr", "en", "fr False"),
        ("/?lang=xx&refresh=1", "fr", "fr True"),
    ],
)
async def test_the_status_page_comes_in_the_language_asked_for(serve, ask, path, wishes, said):
    headers = {"Accept-Language": wishes} if wishes else {}
    answer = await ask(await serve(), path, headers=headers)
    assert answer.text == f"<!DOCTYPE html><title>{said}</title>"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-language"] == said[:2]


async def test_the_policy_lets_no_script_and_no_form_through(serve, ask):
    [policy] = (await ask(await serve(), "/")).headers.get_list("content-security-policy")
    assert "script" not in policy
    assert "unsafe" not in policy
    for rule in ("default-src 'none'", "form-action 'none'", "base-uri 'none'"):
        assert rule in policy


@pytest.mark.parametrize(("path", "status"), [("/", 200), ("/absent", 404), ("/readyz", 200)])
async def test_each_answer_has_the_headers_that_protect_a_browser(serve, ask, path, status):
    answer = await ask(await serve(), path)
    assert answer.status_code == status
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["cache-control"] == "no-store"
    assert "server" not in answer.headers


async def test_nothing_can_be_posted(serve, ask):
    assert (await ask(await serve(), "/readyz", "POST")).status_code == 405


async def test_with_a_password_only_the_known_get_in(serve, ask):
    endpoint = await serve(user="ops", password=PASSWORD)
    for path in ("/", "/livez", "/readyz", "/metrics", "/absent"):
        answer = await ask(endpoint, path)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Basic ")
        assert "gateway_" not in answer.text
    assert (await ask(endpoint, "/metrics", auth=("ops", PASSWORD))).status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        *("", "Basic", "Basic !!!", "Basic b3Bz", "Bearer b3BzOmNvcnJlY3QtaG9yc2UtYmF0dGVyeQ=="),
        "Basic b3BzOndyb25nLWhvcnNlLWJhdHRlcnk=",
    ],
)
async def test_a_wrong_login_is_refused(serve, ask, header):
    endpoint = await serve(user="ops", password=PASSWORD)
    answer = await ask(endpoint, "/metrics", headers={"Authorization": header})
    assert answer.status_code == 401


async def test_tls_serves_the_configured_certificate(serve, ask, certificate):
    endpoint = await serve(tls_certificate=certificate[0], tls_key=certificate[1])
    assert endpoint.url.startswith("https://")
    trusted = ssl.create_default_context(cafile=certificate[0])
    assert (await ask(endpoint, "/livez", verify=trusted)).status_code == 200
    with pytest.raises(httpx2.ConnectError):
        await ask(endpoint, "/livez")  # nobody else vouches for it


async def test_a_certificate_that_cannot_be_read_is_refused_before_listening(serve, tmp_path):
    bad = tmp_path / "bad.pem"
    bad.write_text("no certificate")
    for certificate, reason in ((tmp_path / "absent.crt", "No such file"), (bad, "bad.pem")):
        with pytest.raises(ConfigurationError, match=r"http\.tls_certificate, http\.tls_key: .*"):
            await serve(tls_certificate=certificate, tls_key=certificate)
        with pytest.raises(ConfigurationError, match=reason):
            await serve(tls_certificate=certificate, tls_key=certificate)


async def test_a_port_that_is_taken_is_one_line_with_exit_3(serve):
    taken = await serve()
    with pytest.raises(Unreachable, match=r"http\.port: \d+ is taken") as caught:
        await serve(port=taken.address[1])
    assert caught.value.exit_code == 3
    assert "est pris par un autre programme" in caught.value.text("fr")


@pytest.mark.parametrize("address", ["192.0.2.1", "no.such.host.invalid"])
async def test_an_address_that_is_not_ours_is_one_line(metrics, health, certificate, address):
    config = Http(
        address=address,
        port=0,
        tls_certificate=certificate[0],
        tls_key=certificate[1],
        user="ops",
        password=PASSWORD,
    )
    with pytest.raises(ConfigurationError, match=r"http\.address: cannot listen on"):
        await Endpoint(config, metrics, health, no_notes, a_page).start()


async def test_ipv6_is_served_where_the_machine_has_it(serve, ask):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no ::1")
    endpoint = await serve(address="::1")
    assert endpoint.url.startswith("http://[::1]:")
    assert (await ask(endpoint, "/livez")).status_code == 200


async def test_after_stop_nobody_listens_and_stopping_twice_is_no_harm(serve):
    endpoint = await serve()
    await endpoint.stop()
    await endpoint.stop()
    with pytest.raises(OSError, match=r"Connect call failed"):
        await asyncio.open_connection(*endpoint.address)


async def test_stop_does_not_wait_for_a_browser_that_keeps_its_connection(serve):
    endpoint = await serve()
    async with httpx2.AsyncClient(trust_env=False) as client:
        await client.get(endpoint.url + "/livez")
        async with asyncio.timeout(5):
            await endpoint.stop()


async def test_the_same_port_can_be_taken_again_at_once(serve):
    first = await serve()
    await first.stop()
    assert (await serve(port=first.address[1])).address == first.address


async def test_signals_stay_with_the_daemon(serve):
    before = {s: signal.getsignal(s) for s in (signal.SIGTERM, signal.SIGINT)}
    endpoint = await serve()
    assert {s: signal.getsignal(s) for s in before} == before
    await endpoint.stop()
    assert {s: signal.getsignal(s) for s in before} == before


def test_only_the_endpoint_loads_the_web_server():
    code = (
        "import sys, gateway.config, gateway.metrics, gateway.log, gateway.clock\n"
        "print([m for m in ('uvicorn', 'starlette') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
