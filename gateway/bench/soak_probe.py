"""A gateway that can be asked what it has open: on SIGUSR1 it writes that into a file.

For `bench soak`: `python -m gateway.bench.soak_probe FILE WORDS...` runs `eessi-gateway WORDS...`;
the gateway itself knows nothing of it.
"""

import asyncio
import gc
import json
import signal
import sys
from pathlib import Path
from typing import Any

import aiormq

from gateway.cli import main


def watched(file: Path) -> None:
    """From now on SIGUSR1 has the tasks and channels of the running loop written to that file."""

    def write(_number: int, _frame: Any) -> None:
        new = file.with_suffix(".new")
        new.write_text(json.dumps(counted()), encoding="ascii")
        new.rename(file)

    signal.signal(signal.SIGUSR1, write)


def counted() -> dict[str, int]:
    """Tasks that have not ended, and channels to the broker that are open."""
    channels = [one for one in gc.get_objects() if issubclass(type(one), aiormq.Channel)]
    return {
        "tasks": len(asyncio.all_tasks()),
        "channels": sum(not one.is_closed for one in channels),
    }


if __name__ == "__main__":
    watched(Path(sys.argv[1]))
    del sys.argv[1]
    main()
