"""Opening files so that no link leads astray, and making what was written durable."""

import contextlib
import ctypes
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

BLOCK: Final = 1024 * 1024
"""Bytes read or written at a time."""
FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_LIBC: Final = ctypes.CDLL(None, use_errno=True)


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[int]:
    """A folder by its descriptor, closed afterwards."""
    descriptor = os.open(folder, FOLDER)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def sync_file(name: str, folder: int) -> None:
    """Make the bytes of a file in this folder durable."""
    descriptor = os.open(name, FILE, dir_fd=folder)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    with opened(folder) as descriptor:
        os.fsync(descriptor)


def sync_file_system(folder: Path) -> bool:
    """Everything written below, in one go: for many files much cheaper than one by one.

    False when the system does not do it (then each file is synchronised by itself).
    """
    with opened(folder) as descriptor:
        try:
            return bool(_LIBC.syncfs(descriptor) == 0)
        except AttributeError:
            return False
