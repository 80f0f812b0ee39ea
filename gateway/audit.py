"""Who looked at what: a log that only grows, written before anything is shown.

Each view of what the SEDs of a case say, or of their bytes, each search by a person's number, and
each view of a protected case is a line of JSON in `STATE/audit.log`: when, who, by which command,
at which case or message; nothing of what was seen. What cannot be written down is not shown.
"""

import json
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from gateway.errors import Unreachable

NAME: Final = "audit.log"
_FLAGS: Final = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


def entry(
    at: datetime, *, who: str, account: str, command: str, ident: str, protected: bool, shown: bool
) -> dict[str, Any]:
    """A line of the log in stable names.

    Args:
        at: when, an aware time in UTC.
        who: the account that logged in, as the kernel keeps it: behind `sudo`, the person's.
        account: the account that the command runs as.
        ident: of the case, message or question; `*` where all were searched.
        protected: its person is protected.
        shown: False when the view was refused.
    """
    return {
        "at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "who": who,
        "account": account,
        "command": command,
        "id": ident,
        "protected": protected,
        "shown": shown,
    }


def note(state: Path, line: Mapping[str, Any]) -> None:
    """Put one line at the end of the log, durably.

    Raises:
        Unreachable: it could not be written; then nothing may be shown.
    """
    try:
        opened = os.open(state / NAME, _FLAGS, 0o600)
        try:
            _append(opened, state, json.dumps(line).encode() + b"\n")
        finally:
            os.close(opened)
    except OSError as error:
        why = error.strerror or "short write"
        raise Unreachable(
            f"{state / NAME}: cannot be written ({why}), so nothing is shown; see the runbook.",
            french=f"{state / NAME} : écriture impossible ({why}), donc rien n'est montré ; voir"
            " le guide d'exploitation.",
            code="audit-unwritable",
        ) from None


def _append(opened: int, state: Path, line: bytes) -> None:
    size = os.fstat(opened).st_size
    if size == 0 and os.geteuid() == 0:  # it belongs to whom the state belongs to
        owner = state.stat()
        os.fchown(opened, owner.st_uid, owner.st_gid)
    if size and os.pread(opened, 1, size - 1) != b"\n":  # a disk was full in the middle of a line
        line = b"\n" + line
    if os.write(opened, line) != len(line):
        raise OSError
    os.fsync(opened)
