"""What was written stays written: whole files, for their owner alone, durable."""

import os
from pathlib import Path


def write(path: Path, content: bytes) -> None:
    """Write a new file, and the folders that it needs.

    Raises:
        OSError: it is there already, or cannot be written.
    """
    for folder in reversed(path.parents):
        folder.mkdir(mode=0o700, exist_ok=True)
    with path.open("xb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def flush(path: Path) -> None:
    """Make a file, or the names in a folder, durable."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
