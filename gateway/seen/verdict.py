"""One line and one number for a monitoring system that asks by command (Nagios and its kin).

0 well, 1 warning, 2 critical, 3 unknown; after the bar the figures, with their thresholds. The
line holds codes and numbers alone, the same in every language.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from gateway.config import Watching
from gateway.seen.watching import LEVELS, State

WORDS: Final = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
OK, WARNING, CRITICAL, UNKNOWN = range(4)


def verdict(status: Mapping[str, Any], limits: Watching) -> tuple[int, str]:
    """What `status --json` shows, as level and line."""
    found = sorted(_findings(status), reverse=True, key=lambda finding: finding[0])
    level = max((level for level, _ in found), default=OK)
    said = ", ".join(what for _, what in found) or "all parts run or are idle"
    return level, f"EESSI-GATEWAY {WORDS[level]} - {said} | {_figures(status, limits)}"


def unknown(code: str) -> tuple[int, str]:
    """Nothing could be found out; `code` is that of the error."""
    return UNKNOWN, f"EESSI-GATEWAY {WORDS[UNKNOWN]} - {code}"


def _findings(status: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    """Everything that is not well, with its level."""
    if not status["running"]:
        yield CRITICAL, "not running"
        return
    for part in status["parts"]:
        level = LEVELS[State(part["state"])]
        if level:
            yield level, f"{part['part']} {part['state']}"
    reasons = [reason for reason in status["not_ready"] if reason != "paused"]
    if reasons:
        yield CRITICAL, f"not ready ({' '.join(reasons)})"
    if status["unaccepted_tables"]:
        yield WARNING, "example tables not accepted"
    if status["unconfirmed_rollback"]:
        yield WARNING, "roll-back of the tables not confirmed"
    if status["status_files_rejected"]:
        yield WARNING, f"status files rejected ({status['status_files_rejected']})"


def _figures(status: Mapping[str, Any], limits: Watching) -> str:
    """Performance data: `name=value[unit];warning;critical`."""
    figures = []
    for part in status["parts"]:
        if part["waiting"] is not None:
            figures.append(f"{part['part']}={part['waiting']}")
        if part["oldest_seconds"] is not None:
            bounds = f"{limits.lag_seconds:g};{limits.stuck_seconds:g}"
            figures.append(f"{part['part']}_age={part['oldest_seconds']:g}s;{bounds}")
    counted = [f"{name}={sum(status[name].values())}" for name in ("worklist", "quarantine")]
    return " ".join([*figures, *counted, f"questions={status['questions_open']}"])
