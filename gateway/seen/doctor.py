"""A report on one installation that can be sent to support as it stands.

It holds versions, names of settings, codes, sizes and numbers. It never holds the value of a
setting (one may be a secret), a path, an id of a case, a message or an institution, nor what
people wrote: what is shown is taken from lists of what may be, not filtered from all there is.
"""

import os
import platform
import re
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from gateway.config import Config, changed_keys
from gateway.loading import Checked
from gateway.metrics import versions
from gateway.seen.watching import LEVELS, State

WARNINGS: Final = (
    *("sqlite-old", "root", "state-open", "disk-low", "no-journal", "not-running"),
    *("part-not-well", "not-ready", "check-failed", "tables-example"),
    *("rollback-unconfirmed", "status-files-rejected", "one-person", "log-debug"),
)
SQLITE: Final = (3, 51, 3)
"""Before it two writers could spoil a journal that is being reset; we write with one alone."""
DISK_BYTES: Final = 1 << 30
SHOWN: Final = (
    *("running", "paused", "in_flight", "not_ready", "cdm_switches", "release", "next_releases"),
    *(
        "unaccepted_tables",
        "unconfirmed_rollback",
        "messages",
        "sendings",
        "status_files_rejected",
        "worklist",
    ),
    *("quarantine", "questions_open", "proposed", "parts", "rates"),
)
"""Of `status --json`: what holds neither ids nor what people wrote."""
_FILES: Final = ("journal.db", "journal.db-wal", "control.sock", "service.key", "audit.log")
_PLACES: Final = ("inbound", "outbound", "oversize", "schemas", "releases")


def examined(
    at: datetime,
    state: Path,
    *,
    config: Config | None,
    checks: Sequence[Checked],
    status: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """The report.

    Args:
        at: when it is made.
        state: the state folder; nothing is written there.
        config: None when it is not valid; then `checks` says so.
        checks: what `check` found.
        status: what `status --json` shows; None when there is no journal to read.
    """
    report = {
        "at": at.isoformat(timespec="seconds"),
        "versions": {**versions(), "system": platform.platform(), **_libraries()},
        "settings": None if config is None else list(changed_keys(config)),
        "checks": [_check(one) for one in checks],
        "state": _state(state),
        "status": None if status is None else _status(status),
    }
    return {**report, "warnings": list(_warnings(report, config))}


def _libraries() -> dict[str, str]:
    """The libraries that the package asks for, as they are installed."""
    try:
        asked = metadata.requires("eessi-gateway") or ()
    except metadata.PackageNotFoundError:
        return {}
    names = (re.match(r"[A-Za-z0-9._-]+", line) for line in asked if "extra ==" not in line)
    return {name[0]: metadata.version(name[0]) for name in names if name is not None}


def _check(one: Checked) -> dict[str, Any]:
    return {
        "part": one.part,
        "problems": [problem.code for problem in one.problems],
        "warnings": [warning.code for warning in one.warnings],
    }


def _state(state: Path) -> dict[str, Any]:
    """Rights, room and sizes; never a name that somebody else gave."""
    if not state.is_dir():
        return {}
    mode = state.stat().st_mode & 0o777
    files = {name: state / name for name in _FILES}
    places = {name: state / name for name in _PLACES}
    return {
        "mode": f"{mode:04o}",
        "own": state.stat().st_uid == os.getuid(),
        "free_bytes": shutil.disk_usage(state).free,
        "bytes": {name: path.stat().st_size for name, path in files.items() if path.exists()},
        "entries": {name: _entries(path) for name, path in places.items() if path.is_dir()},
    }


def _entries(folder: Path) -> int | None:
    """How many stand in it; None when it cannot be listed."""
    try:
        return sum(1 for _ in folder.iterdir())
    except OSError:
        return None


def _status(status: Mapping[str, Any]) -> dict[str, Any]:
    reaches = [pause["reach"] for pause in status["pauses"]]
    return {
        **{key: status[key] for key in SHOWN},
        "pauses": {reach: reaches.count(reach) for reach in sorted(set(reaches))},
    }


def _warnings(report: Mapping[str, Any], config: Config | None) -> Iterator[str]:
    """What deserves a look, as codes of `WARNINGS`."""
    state, status = report["state"], report["status"]
    found = {
        "sqlite-old": sqlite3.sqlite_version_info < SQLITE,
        "root": os.geteuid() == 0,
        "state-open": bool(int(state.get("mode", "0"), 8) & 0o077),
        "disk-low": state.get("free_bytes", DISK_BYTES) < DISK_BYTES,
        "no-journal": status is None and config is not None,
        "check-failed": any(check["problems"] for check in report["checks"]),
        "one-person": config is not None and not config.tables.four_eyes,
        "log-debug": config is not None and config.log.level == "debug",
        **({} if status is None else _of_status(status)),
    }
    return (code for code in WARNINGS if found.get(code))


def _of_status(status: Mapping[str, Any]) -> dict[str, bool]:
    running = bool(status["running"])
    return {
        "not-running": not running,
        "part-not-well": running and _unwell(status["parts"]),
        "not-ready": bool(status["not_ready"]),
        "tables-example": bool(status["unaccepted_tables"]),
        "rollback-unconfirmed": bool(status["unconfirmed_rollback"]),
        "status-files-rejected": status["status_files_rejected"] > 0,
    }


def _unwell(parts: Iterable[Mapping[str, Any]]) -> bool:
    return any(LEVELS[State(part["state"])] for part in parts)
