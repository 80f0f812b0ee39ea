"""What the gateway writes to its log: ECS lines through an allow-list, so that no person is in it.

A line is a code (`event.action`) with ids and codes beside it. Keys that are not in `KEYS` and
values that are not shaped like an id or a code are dropped and counted. Tracebacks show where,
never with which values: no local variables, and the text of an exception only where this package
wrote it. What libraries log is reduced to who, where and how bad.

structlog is imported where a line is written: it brings half of rich along, and a command that logs
nothing does not wait for that.
"""

import hashlib
import json
import logging
import re
import sys
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from contextlib import AbstractContextManager
from pathlib import PurePath
from types import TracebackType
from typing import Any, Final, Protocol, TextIO

from gateway.clock import Clock
from gateway.errors import GatewayError

KEYS: Final[Mapping[str, str]] = {
    "message_id": "eessi.message_id",
    "case_id": "eessi.case_id",
    "buc": "eessi.buc",
    "sed": "eessi.sed",
    "country": "eessi.country",
    "decision": "eessi.decision",
    "cause": "eessi.cause",
    "institution": "eessi.institution",
    "release": "eessi.release",
    "by": "eessi.by",
    "deed": "eessi.deed",
    "cdm": "eessi.cdm",
    "day": "eessi.day",
    "state": "eessi.state",
    "attempt": "eessi.attempt",
    "destination": "eessi.destination",
    "component": "eessi.component",
    "stage": "eessi.stage",
    "duration_ms": "eessi.duration_ms",
    "error_code": "error.code",
    "count": "eessi.count",
    "trace_id": "trace.id",
    "span_id": "span.id",
    "path": "file.name",
    "line": "eessi.line",
    "signal": "process.signal",
    "version": "service.version",
    "address": "server.address",
    "port": "server.port",
}
"""Each key that a call may use, and its ECS name (`eessi.` where ECS has none)."""

MASKED: Final = "?"
"""Stands where a value was not let through."""

# Ids and codes have no spaces and are short; sentences and names of people do not fit.
_VALUE: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._:/+#@-]{0,127}", re.ASCII)
# A French PIN has the shape of an id: 13 digits, 15 with its key, 2A or 2B for Corsica.
_PIN: Final = re.compile(
    r"(?<![0-9A-Za-z])[1-8][0-9]{4}(?:[0-9]{2}|2[AB])[0-9]{6}(?:[0-9]{2})?(?![0-9A-Za-z])"
)
# A name of a file is let through when each of its words is a code or a number: whoever puts a file
# there by hand may call it after a person.
_FILE_WORD: Final = re.compile(
    r"[0-9]{1,12}|(?=[a-f]*[0-9])[0-9a-f]{4,64}|[a-z]|[A-Z]{1,2}_BUC_[0-9]{2}[a-z]?"
    r"|[A-Z]{1,2}[0-9]{3,4}|xml|mime|txt|csv|json|eessi|inbound|status",
    re.ASCII,
)
_UUID: Final = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.ASCII)
_ACTION: Final = re.compile(r"[a-z][a-z0-9-]{0,63}", re.ASCII)
_MOST_FRAMES: Final = 50

Dropped = Callable[[], None]
_Event = MutableMapping[str, Any]


class Logger(Protocol):
    """What the package logs with: `log.info("message-recorded", message_id=..., cause=...)`."""

    def debug(self, action: str, **keys: object) -> None:
        """For who develops."""

    def info(self, action: str, **keys: object) -> None:
        """What happened."""

    def warning(self, action: str, **keys: object) -> None:
        """Somebody should look when there is time."""

    def error(self, action: str, **keys: object) -> None:
        """Somebody must act. `exc_info=error` adds where it came from."""


class _Log:
    """Finds the log when a line is written."""

    def debug(self, action: str, **keys: object) -> None:
        self._write("debug", action, keys)

    def info(self, action: str, **keys: object) -> None:
        self._write("info", action, keys)

    def warning(self, action: str, **keys: object) -> None:
        self._write("warning", action, keys)

    def error(self, action: str, **keys: object) -> None:
        self._write("error", action, keys)

    def _write(self, level: str, action: str, keys: Mapping[str, object]) -> None:
        import structlog

        getattr(structlog.get_logger(), level)(action, **keys)


def logger() -> Logger:
    """The log of the gateway, as `configure` set it up."""
    return _Log()


def about(**keys: str) -> AbstractContextManager[None]:
    """Each line that is written meanwhile, by this task, has these keys as well."""
    import structlog

    return structlog.contextvars.bound_contextvars(**keys)


def configure(
    level: str,
    format: str,  # noqa: A002 - the name of the configuration's key
    instance: str,
    environment: str,
    clock: Clock,
    *,
    dropped: Dropped = lambda: None,
    stream: TextIO | None = None,
) -> None:
    """Set up the log of this process, for libraries too.

    Args:
        level: least level written: `debug`, `info`, `warning` or `error`.
        format: `json`, one ECS object a line, or `console`, for people.
        instance: stands in each line.
        environment: stands in each line.
        clock: tells the time of each line.
        dropped: called once for each key or value not let through.
        stream: where to write; standard error by default.
    """
    import structlog

    least = getattr(logging, level.upper())
    allow = _AllowList(instance, environment, clock, dropped)
    render = _as_json if format == "json" else _for_people
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            allow,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.WriteLoggerFactory(file=stream or sys.stderr),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers = [h for h in root.handlers if not isinstance(h, _FromLibraries)]
    root.addHandler(_FromLibraries(level=max(least, logging.WARNING)))
    logging.captureWarnings(capture=True)


def let_through(keys: Mapping[str, object]) -> dict[str, str | int | float]:
    """Of these keys, under their ECS names, what a line might say; the rest is left out."""
    return {
        KEYS[key]: str(value) if isinstance(value, str) else value
        for key, value in keys.items()
        if key in KEYS and isinstance(value, str | int | float) and _harmless(value, _VALUE)
    }


def _file_name(name: str) -> str:
    """The name, or what tells it to who has it: the beginning of its SHA-256."""
    words = re.split(r"[-.]", _UUID.sub("0", name))
    if not _PIN.search(name) and all(_FILE_WORD.fullmatch(word) for word in words):
        return name
    return f"sha256:{hashlib.sha256(name.encode(errors='surrogateescape')).hexdigest()[:16]}"


def _harmless(value: object, allowed: re.Pattern[str]) -> bool:
    """A number, or shaped like an id or a code."""
    if isinstance(value, int | float):
        return True
    return isinstance(value, str) and bool(allowed.fullmatch(value)) and not _PIN.search(value)


class _AllowList:
    """Makes the line: only what is known to be harmless gets into it."""

    def __init__(self, instance: str, environment: str, clock: Clock, dropped: Dropped) -> None:
        self._service = {
            "service.name": "eessi-gateway",
            "service.instance": instance,
            "service.environment": environment,
        }
        self._clock = clock
        self._dropped = dropped

    def __call__(self, _logger: object, _method: str, event: _Event) -> _Event:
        now = self._clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        action = self._checked(event.pop("event", None), _ACTION)
        line: dict[str, Any] = {
            "@timestamp": now,
            "log.level": event.pop("level", "info"),
            "message": str(action).replace("-", " "),
            "event.action": action,
            **self._service,
            **_where_from(event.pop("exc_info", None)),
            **_origin(event.pop("_record", None)),
        }
        for key, value in event.items():
            name = KEYS.get(key)
            if name is None:
                self._dropped()
            elif value is not None:
                shown = _file_name(PurePath(str(value)).name) if key == "path" else value
                line[name] = self._checked(shown, _VALUE)
        return line

    def _checked(self, value: object, allowed: re.Pattern[str]) -> object:
        if _harmless(value, allowed):
            return str(value) if isinstance(value, str) else value
        self._dropped()
        return MASKED


class _FromLibraries(logging.Handler):
    """Takes what libraries log, without their sentences: those may quote anything."""

    def emit(self, record: logging.LogRecord) -> None:
        level = "error" if record.levelno >= logging.ERROR else "warning"
        getattr(logger(), level)("library", _record=record, exc_info=record.exc_info)


def _origin(record: logging.LogRecord | None) -> dict[str, Any]:
    if record is None:
        return {}
    return {
        "log.logger": record.name,
        "log.origin.file.name": record.filename,
        "log.origin.file.line": record.lineno,
        "log.origin.function": record.funcName,
    }


def _where_from(exc_info: object) -> dict[str, Any]:
    error = sys.exception() if exc_info is True else exc_info
    if isinstance(error, tuple):
        error = error[1]
    if not isinstance(error, BaseException):
        return {}
    fields: dict[str, Any] = {
        "error.type": _type(error),
        "error.stack_trace": "\n".join(_stack(error, set())),
    }
    if isinstance(error, GatewayError):
        fields |= {"error.code": error.code, "error.message": error.english}
    elif isinstance(error, OSError) and error.errno is not None:
        fields["error.code"] = f"errno-{error.errno}"
    return fields


def _stack(error: BaseException, seen: set[int]) -> Iterator[str]:
    """The error, where it was raised, then what it came from and what it holds."""
    seen.add(id(error))
    yield _type(error)
    yield from _frames(error.__traceback__)
    inside = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    for relation, other in [*(("holds", e) for e in inside), ("from", before)]:
        if other is not None and id(other) not in seen:
            yield f"{relation}:"
            yield from _stack(other, seen)


def _frames(traceback: TracebackType | None) -> list[str]:
    frames = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        file = "/".join(PurePath(code.co_filename).parts[-2:])
        frames.append(f"  {file}:{traceback.tb_lineno} in {code.co_name}")
        traceback = traceback.tb_next
    return frames[-_MOST_FRAMES:]


def _type(error: BaseException) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}"


def _as_json(_logger: object, _method: str, line: _Event) -> str:
    return json.dumps(dict(line))


def _for_people(_logger: object, _method: str, line: _Event) -> str:
    beside = [
        f"{name.rpartition('.')[2] if name.startswith('eessi.') else name}={value}"
        for name, value in line.items()
        if name not in _SAID and name != "error.stack_trace"
    ]
    stack = f"\n{line['error.stack_trace']}" if "error.stack_trace" in line else ""
    head = f"{line['@timestamp'][11:19]} {line['log.level']:<7} {line['event.action']}"
    return " ".join([head, *beside]) + stack


_SAID: Final = frozenset(
    {
        *("@timestamp", "log.level", "message", "event.action"),
        *("service.name", "service.instance", "service.environment"),
    }
)
