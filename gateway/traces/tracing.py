"""Whether spans are exported, and where to: by the standard variables of OpenTelemetry.

Off unless they say so and the extra `tracing` is installed. What cannot be done is told in the
log, and the gateway works without: nothing of it is worth a message.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from gateway.config import Config
from gateway.log import logger
from gateway.traces.spans import Spans, Untraced

if TYPE_CHECKING:
    from gateway.traces.exporting import Exporting

FLUSH_SECONDS: Final = 5.0
"""How long the end waits for spans that are still to be given out."""
_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_HTTP: Final = "http/protobuf"


def wanted(variables: Mapping[str, str]) -> str | None:
    """The exporter that the environment asks for, such as `otlp`; None: traces are off."""
    if variables.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return None
    by_endpoint = "otlp" if any(variables.get(name) for name in _ENDPOINTS) else "none"
    named = variables.get("OTEL_TRACES_EXPORTER") or by_endpoint
    return named if named != "none" else None


@asynccontextmanager
async def traced(config: Config, variables: Mapping[str, str]) -> AsyncIterator[Spans]:
    """Where spans go; what is still queued is given out on the way out."""
    named = wanted(variables)
    if named is None:
        yield Untraced()
        return
    try:
        exporting = _exporting(config, named, variables)
    except _Off as off:
        logger().warning("traces-off", error_code=off.code)
        yield Untraced()
        return
    try:
        yield exporting
    finally:
        await exporting.close(FLUSH_SECONDS)


class _Off(Exception):
    """Traces are asked for, and cannot be."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def _exporting(config: Config, named: str, variables: Mapping[str, str]) -> "Exporting":
    """The exporter of that name.

    Raises:
        _Off: there can be none.
    """
    protocol = next((variables[name] for name in _PROTOCOLS if variables.get(name)), _HTTP)
    try:
        from gateway.traces.exporting import EXPORTERS, Exporting
    except ModuleNotFoundError:
        raise _Off("extra-missing") from None
    if named not in EXPORTERS:
        raise _Off("unknown-exporter")
    if named == "otlp" and protocol != _HTTP:
        raise _Off("unknown-protocol")
    try:
        return Exporting(EXPORTERS[named](), config.instance, config.environment)
    except (OSError, ValueError):
        raise _Off("settings-invalid") from None
