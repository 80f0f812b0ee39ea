"""Metrics and health over HTTP, served inside the gateway's own loop.

`/livez` says that the loop turns; `/readyz` whether the gateway can do its work, and why not;
`/metrics` is for Prometheus, `/` for people. The daemon orders the shutdown: this server never
sees a signal.
"""

import asyncio
import base64
import contextlib
import errno
import hashlib
import hmac
import os
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.config import Http
from gateway.errors import ConfigurationError, GatewayError, Unreachable
from gateway.metrics import Metrics
from gateway.seen.status_page import STYLE_HASH

Page = Callable[..., Awaitable[str]]
"""Language (`fr`, `en`) and `refresh`, to the HTML of the status page."""
Codes = Callable[[], Awaitable[Sequence[str]]]
"""Codes: why the gateway is not ready, such as `inbound-unreadable`, empty when it is; or notes."""

READINESS_SECONDS: Final = 3.0
"""A readiness that takes longer is itself the reason."""
CLOSING_SECONDS: Final = 2
_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
_HEADERS: Final = [
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Content-Security-Policy", _POLICY),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),
]


class Endpoint:
    """The HTTP side of one gateway.

    Args:
        config: where to listen and who may ask.
        metrics: what `/metrics` shows; each look at it or at `/readyz` renews `gateway_ready`.
        readiness: asked at each look.
        notes: what `/readyz` says beside the reasons.
        page: makes the status page.
    """

    def __init__(
        self,
        config: Http,
        metrics: Metrics,
        readiness: Codes,
        notes: Codes,
        page: Page,
    ) -> None:
        self._config = config
        self._metrics = metrics
        self._readiness = readiness
        self._notes = notes
        self._page = page
        self._server: _Server | None = None
        self._serving: asyncio.Task[None] | None = None
        self._address = (config.address, config.port)

    @property
    def address(self) -> tuple[str, int]:
        """IP address and port; after `start` the port that was really taken."""
        return self._address

    @property
    def url(self) -> str:
        """The address as one types it into a browser."""
        host, port = self._address
        scheme = "https" if self._config.tls_key else "http"
        return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"

    async def start(self) -> None:
        """Listen; return when requests are answered.

        Raises:
            ConfigurationError: the address, the certificate or the key cannot be used.
            Unreachable: another program has the port.
        """
        tls = _tls(self._config)
        listening = _listen(self._config)
        self._address = listening.getsockname()[:2]
        self._server = _Server(_server_config(self._application(), tls))
        self._serving = asyncio.create_task(self._server.serve([listening]), name="endpoint")
        started = asyncio.create_task(self._server.begun.wait())
        await asyncio.wait({started, self._serving}, return_when=asyncio.FIRST_COMPLETED)
        if self._serving.done():
            started.cancel()
            self._serving.result()  # raises what stopped it

    async def stop(self) -> None:
        """Stop listening, finish what is being answered; without `start`, nothing."""
        if self._server is None or self._serving is None:
            return
        self._server.should_exit = True
        await self._serving
        self._server = self._serving = None

    def _application(self) -> ASGIApp:
        application = Starlette(
            routes=[
                Route("/", self._status),
                Route("/livez", _alive),
                Route("/readyz", self._ready),
                Route("/metrics", self._measures),
            ]
        )
        user, password = self._config.user, self._config.password
        if user is None or password is None:
            return application
        return _BasicAuth(application, user, password.get_secret_value())

    async def _reasons(self) -> list[str]:
        try:
            async with asyncio.timeout(READINESS_SECONDS):
                reasons = list(await self._readiness())
        except TimeoutError:
            reasons = ["readiness-timeout"]
        except GatewayError as error:
            reasons = [error.code]
        self._metrics.not_ready(reasons)
        return reasons

    async def _ready(self, _request: Request) -> Response:
        reasons = await self._reasons()
        body = {"ready": not reasons, "reasons": reasons, "notes": list(await self._notes())}
        return JSONResponse(body, status_code=503 if reasons else 200)

    async def _status(self, request: Request) -> Response:
        lang = _language(request)
        page = await self._page(lang, refresh="refresh" in request.query_params)
        return HTMLResponse(page, headers={"Content-Language": lang, "Vary": "Accept-Language"})

    async def _measures(self, request: Request) -> Response:
        await self._reasons()
        body, content_type = self._metrics.exposition(request.headers.get("accept", ""))
        return Response(body, headers={"content-type": content_type})


def _language(request: Request) -> str:
    """`?lang=`, else what the browser would rather have (RFC 9110, 12.5.4), else English."""
    asked = request.query_params.get("lang", "")
    if asked in {"fr", "en"}:
        return asked
    wishes: dict[str, float] = {}
    for wish in request.headers.get("accept-language", "")[:200].split(","):
        name, _, weight = wish.strip().lower().partition(";q=")
        with contextlib.suppress(ValueError):
            wishes.setdefault(name[:2], float(weight or 1))
    return "fr" if wishes.get("fr", 0.0) > wishes.get("en", 0.0) else "en"


async def _alive(_request: Request) -> Response:
    return JSONResponse({"alive": True})


class _BasicAuth:
    """Lets only the one user through, to every path (RFC 7617)."""

    def __init__(self, application: ASGIApp, user: str, password: str) -> None:
        self._application = application
        self._expected = _digest(f"{user}:{password}".encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer: ASGIApp = self._application
        if not self._knows(Headers(scope=scope).get("authorization", "")):
            answer = PlainTextResponse(
                "Authentification requise - authentication required\n",
                status_code=401,
                headers={"WWW-Authenticate": 'Basic realm="eessi-gateway", charset="UTF-8"'},
            )
        await answer(scope, receive, send)

    def _knows(self, authorization: str) -> bool:
        scheme, _, given = authorization.partition(" ")
        try:
            login = base64.b64decode(given, validate=True)
        except ValueError:
            login = b""
        # Digests have one length: the comparison takes the same time for every guess.
        same = hmac.compare_digest(_digest(login), self._expected)
        return same and scheme.lower() == "basic"


class _Server(uvicorn.Server):
    """uvicorn without its hands on our signals, which says when it has begun."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.begun = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave SIGTERM and SIGINT to the daemon."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, and say so."""
        await super().startup(sockets)
        self.begun.set()


def _server_config(application: ASGIApp, tls: ssl.SSLContext | None) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        http="h11",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        headers=_HEADERS,
        limit_concurrency=64,
        timeout_graceful_shutdown=CLOSING_SECONDS,
        ssl_context_factory=(lambda _config, _default: tls) if tls else None,
    )


def _listen(config: Http) -> socket.socket:
    host, port = config.address, config.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else "unknown address"
        if error.errno == errno.EADDRINUSE:
            raise Unreachable(
                f"http.port: {port} is taken by another program; stop it or change http.port",
                french=f"http.port : {port} est pris par un autre programme ; l'arrêter ou"
                " changer http.port",
            ) from error
        raise ConfigurationError(
            f"http.address: cannot listen on {host}, port {port} ({reason}); change it",
            french=f"http.address : impossible d'écouter sur {host}, port {port} ({reason}) ;"
            " changer cette clé",
        ) from error


def _tls(config: Http) -> ssl.SSLContext | None:
    certificate, key = config.tls_certificate, config.tls_key
    if certificate is None or key is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)  # TLS 1.2 and up
    try:
        context.load_cert_chain(certificate, key, password="")  # never ask on the terminal
    except OSError as error:  # SSLError is one
        reason = error.strerror or "unreadable"
        names = f"{certificate.name}, {key.name}"
        raise ConfigurationError(
            f"http.tls_certificate, http.tls_key: {names}: {reason}; give a PEM certificate and"
            " its unencrypted key",
            french=f"http.tls_certificate, http.tls_key : {names} : {reason} ; donner un"
            " certificat PEM et sa clé non chiffrée",
        ) from error
    return context


def _digest(login: bytes) -> bytes:
    return hashlib.sha256(login).digest()
