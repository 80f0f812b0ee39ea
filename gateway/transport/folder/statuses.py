"""The half that takes statuses in: read, removed when recorded, else kept aside with a report."""

import contextlib
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from gateway.clock import Executor
from gateway.errors import TransportUnavailable
from gateway.transport import STATUS_BYTES, StatusFile
from gateway.transport.folder.files import FILE, opened, sync_folder

PLACE: Final = "status"
"""The folder of the statuses, inside the inbound folder."""
REJECTED: Final = "rejected"
ENDING: Final = ".csv"
_LONGEST: Final = 200
"""Bytes of a name to which the name of a report can still be added."""
_AT_ONCE: Final = 16
"""Files read in one look."""


class FolderStatuses:
    """Takes status files from a folder."""

    def __init__(self, folder: Path, executor: Executor) -> None:
        self._folder = folder
        self._executor = executor
        self._unremovable: set[str] = set()

    async def status_files(self) -> Sequence[StatusFile]:
        """The first files in order of name; no folder, no files.

        Raises:
            TransportUnavailable: the folder cannot be read.
        """
        return await self._executor.run(self._files)

    async def done(self, name: str) -> None:
        """Remove it; one that the folder does not let us remove is not given out again."""
        try:
            await self._executor.run((self._folder / name).unlink, True)
        except OSError:
            self._unremovable.add(name)

    async def reject(self, name: str, report: str) -> None:
        """Move it to `rejected/`, its report first.

        Raises:
            TransportUnavailable: it cannot be moved; it is given out again.
        """
        try:
            await self._executor.run(self._reject, name, report)
        except OSError as error:
            raise _unusable(error) from None

    def _files(self) -> list[StatusFile]:
        try:
            with opened(self._folder) as folder, os.scandir(folder) as entries:
                names = sorted(e.name for e in entries if self._is_ours(e))[:_AT_ONCE]
                files = [_read(folder, name) for name in names]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _unusable(error) from None
        return [file for file in files if file is not None]

    def _is_ours(self, entry: "os.DirEntry[str]") -> bool:
        name = entry.name
        named = name.endswith(ENDING) and not name.startswith(".")
        return named and name not in self._unremovable and entry.is_file(follow_symlinks=False)

    def _reject(self, name: str, report: str) -> None:
        aside = self._folder / REJECTED
        aside.mkdir(mode=0o700, exist_ok=True)
        kept = aside / _short(name)
        if kept.exists():  # another one of that name was rejected before, and stays
            changed = (self._folder / name).stat().st_mtime_ns
            kept = aside / f"{kept.stem}.{changed}{ENDING}"
        beside = kept.with_suffix(".report.txt")
        beside.touch(mode=0o600)
        beside.write_text(report, encoding="utf-8")
        (self._folder / name).rename(kept)
        sync_folder(aside)


def rejected(inbound: Path) -> int:
    """How many status files stand aside and wait for somebody to mend them."""
    try:
        return sum(kept.suffix == ENDING for kept in (inbound / PLACE / REJECTED).iterdir())
    except OSError:
        return 0


def _short(name: str) -> str:
    """The same name, unless it is too long to add to, or is no text: then one made of it."""
    raw = os.fsencode(name)
    fits = len(raw) <= _LONGEST and "\\" not in printable(name)
    return name if fits else f"{hashlib.sha256(raw).hexdigest()[:32]}{ENDING}"


def printable(name: str) -> str:
    """A file's name as a text that can be written: what is no UTF-8 is escaped."""
    return name.encode("utf-8", "backslashreplace").decode()


def _read(folder: int, name: str) -> StatusFile | None:
    """The file; None for one that is gone meanwhile, or must not be read."""
    with contextlib.suppress(OSError):
        with os.fdopen(os.open(name, FILE, dir_fd=folder), "rb") as file:
            body = file.read(STATUS_BYTES + 1)
        return StatusFile(name, body if len(body) <= STATUS_BYTES else None, printable(name))
    return None


def _unusable(error: OSError) -> TransportUnavailable:
    return TransportUnavailable(
        f"The folder of the statuses cannot be used ({error.strerror}): check it and its rights.",
        french=(
            f"Le dossier des statuts est inutilisable ({error.strerror}) : "
            "le vérifier, ainsi que ses droits."
        ),
        code="statuses-unusable",
    )
