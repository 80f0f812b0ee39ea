"""What is remembered of notices between two starts, in `STATE/notices.json`.

It keeps a restart from telling of a trouble twice, and from forgetting one that was told of.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from gateway.notices import Notice, kept, read

NAME: Final = "notices.json"


@dataclass(slots=True)
class Memory:
    """What is remembered.

    Attributes:
        told: cause -> since when, of the troubles that people were told of and that last.
        issued: when notices were made, of the last hour.
        untold: troubles that came and went, and of which nothing was said.
        waiting: way -> notices that it has not delivered yet, in order.
    """

    told: dict[str, datetime] = field(default_factory=dict)
    issued: list[datetime] = field(default_factory=list)
    untold: int = 0
    waiting: dict[str, list[Notice]] = field(default_factory=dict)

    def written(self) -> bytes:
        """As it stands in the file."""
        fields = {
            "told": {cause: since.isoformat() for cause, since in self.told.items()},
            "issued": [at.isoformat() for at in self.issued],
            "untold": self.untold,
            "waiting": {way: [kept(one) for one in ones] for way, ones in self.waiting.items()},
        }
        return json.dumps(fields, indent=1).encode()


def load(path: Path) -> Memory:
    """What the file says; nothing when there is none.

    Raises:
        OSError, ValueError: it cannot be read, or is not what was written.
    """
    try:
        fields = json.loads(path.read_bytes())
    except FileNotFoundError:
        return Memory()
    try:
        return _memory(fields)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("not what was written") from error


def save(path: Path, content: bytes) -> None:
    """Put a whole new file in its place, for its owner alone.

    Raises:
        OSError: it cannot be written; the old one stays.
    """
    new = path.with_suffix(".new")
    opened = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(opened, "wb") as file:
        file.write(content)
    new.replace(path)


def _memory(fields: Mapping[str, Any]) -> Memory:
    return Memory(
        told={str(k): datetime.fromisoformat(v) for k, v in fields["told"].items()},
        issued=[datetime.fromisoformat(at) for at in fields["issued"]],
        untold=int(fields["untold"]),
        waiting={str(k): [read(one) for one in ones] for k, ones in fields["waiting"].items()},
    )
