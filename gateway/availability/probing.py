"""The gateway looks itself: at addresses, ports, brokers, databases, files, at a steady pace.

Every look is written down, good or bad. It says nothing of the time after the next one was due
twice: a gateway that does not run observes nothing. A look that takes longer than its time-out is
a bad one; one that this machine does not permit saw nothing.
"""

import asyncio
import ssl
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from gateway.availability import greeting
from gateway.availability.reading import PROBES
from gateway.clock import Clock
from gateway.config import Availability, Component
from gateway.errors import JournalUnavailable
from gateway.journal import Journal
from gateway.journal.observing import Observation
from gateway.log import logger

_BAD_STATUS: Final = 400
_PORTS: Final = {"http": 80, "https": 443}
_LINE: Final = 8192
_NOT_PERMITTED: Final = "not-permitted"
_WRONG: Final[tuple[tuple[type[Exception], str], ...]] = (
    (TimeoutError, "timed-out"),
    (ssl.SSLError, "tls"),
    (PermissionError, _NOT_PERMITTED),
    (ConnectionRefusedError, "connection-refused"),
    (FileNotFoundError, "no-such-file"),
    (Exception, "unreachable"),
)
"""What went wrong with a look, the first that fits -> its code."""


class Prober:
    """Looks at the components of the configuration."""

    def __init__(self, journal: Journal, clock: Clock, settings: Availability) -> None:
        self._journal = journal
        self._clock = clock
        self._settings = settings
        self._probed = {k: c for k, c in settings.components.items() if c.probe != "none"}
        self._last: Mapping[str, str] = {}
        self._trouble: str | None = None

    async def run(self) -> None:
        """Look until cancelled, each round begun a fixed time after the one before."""
        while True:
            begun = self._clock.monotonic()
            await self.turn()
            left = self._settings.interval_seconds - (self._clock.monotonic() - begun)
            await self._clock.sleep(max(left, 0.0))

    async def turn(self) -> int:
        """Look at everything once; how many were looked at. What cannot be written is said once."""
        if not self._probed:
            return 0
        now = self._clock.now()
        reasons = await asyncio.gather(*(self._look(one) for one in self._probed.values()))
        until = now + timedelta(seconds=2 * self._settings.interval_seconds)
        said = dict(zip(self._probed, reasons, strict=True))
        try:
            await self._journal.probed(
                [
                    Observation(name, PROBES, now, until, not why, why)
                    for name, why in said.items()
                    if why != _NOT_PERMITTED
                ]
            )
            self._trouble = None
        except JournalUnavailable as error:
            if error.code != self._trouble:
                logger().warning("probes-not-recorded", error_code=error.code)
            self._trouble = error.code
        self._tell(said)
        return len(said)

    def _tell(self, said: Mapping[str, str]) -> None:
        """Say of what has changed since the last round."""
        for name, why in said.items():
            before = self._last.get(name, "")
            if why == _NOT_PERMITTED and why != before:
                logger().error("component-not-seen", component=name, cause=why)
            elif why and before in {"", _NOT_PERMITTED} and why != before:
                logger().warning("component-down", component=name, cause=why)
            elif not why and before:
                logger().info("component-up", component=name)
        self._last = said

    async def _look(self, component: Component) -> str:
        """Empty when it is up, else why not, as a code."""
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                return await self._answer(component)
        except (OSError, UnicodeError, ValueError) as error:
            return next(code for kind, code in _WRONG if isinstance(error, kind))

    async def _answer(self, component: Component) -> str:
        match component.probe:
            case "http":
                return await _http(component.target)
            case "tcp":
                return await _tcp(*_address(component.target))
            case "amqp":
                return await greeting.amqp(*_address(component.target))
            case "sql":
                return await greeting.sql(*_address(component.target))
            case _:
                return await self._file(component)

    async def _file(self, component: Component) -> str:
        written = (await asyncio.to_thread(Path(component.target).stat)).st_mtime
        age = self._clock.now().timestamp() - written
        return "too-old" if age > component.max_age_seconds else ""


def _address(target: str) -> tuple[str, int]:
    host, _, port = target.rpartition(":")
    return host.strip("[]"), int(port)


async def _tcp(host: str, port: int) -> str:
    _, writer = await asyncio.open_connection(host, port)
    writer.close()
    return ""


async def _http(target: str) -> str:
    """What the first line of the answer says; nothing is followed, nothing more is read."""
    url = urlsplit(target)
    secure = ssl.create_default_context() if url.scheme == "https" else None
    port = url.port or _PORTS[url.scheme]
    reader, writer = await asyncio.open_connection(
        url.hostname or "", port, ssl=secure, limit=_LINE
    )
    try:
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        host = url.netloc.rpartition("@")[2]
        asked = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        writer.write(asked.encode("ascii"))
        await writer.drain()
        words = (await reader.readline()).decode("latin-1").split()
    finally:
        writer.close()
    if len(words) < 2 or not words[0].startswith("HTTP/") or not words[1].isdigit():
        return "no-http"
    return f"status-{words[1]}" if int(words[1]) >= _BAD_STATUS else ""
