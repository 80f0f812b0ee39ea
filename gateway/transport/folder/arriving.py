"""The half that takes messages in: looked for, read, and removed once the journal has them."""

import contextlib
import hashlib
import json
import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from gateway.clock import Clock, Executor
from gateway.core.trace_context import read
from gateway.errors import TransportUnavailable
from gateway.gathering import Gathering
from gateway.journal import LARGE
from gateway.transport import BEGINNING, Inbound, Received, Settlement, beside
from gateway.transport.folder.files import BLOCK, FILE, opened, sync_folder

ENDINGS: Final = (".xml", ".mime")
META: Final = ".meta.json"
_META_LIMIT: Final = 64 * 1024
_AT_ONCE: Final = 32
"""Files read or removed in one job."""
_BYTES_AT_ONCE: Final = 32 * 1024 * 1024
"""From so many bytes on no more files are read in one job."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_AGES: Final = 1000
"""Files in order of name whose ages are looked at: those that are taken next."""


class FolderConsumer:
    """Takes files from a folder, and removes each when the journal has it.

    Files are read and removed many in one job of the executor: each system call gives the
    interpreter away, and a loop that is busy waits long to have it back.
    """

    def __init__(
        self,
        folder: Path,
        aside: Path,
        clock: Clock,
        executor: Executor,
        *,
        most_bytes: int,
        poll_seconds: float,
    ) -> None:
        self._folder = folder
        self._aside = aside
        self._clock = clock
        self._executor = executor
        self._most_bytes = most_bytes
        self._poll_seconds = poll_seconds
        self._out: set[str] = set()
        self._unreadable: set[str] = set()
        self._unremoved: dict[str, _File] = {}
        self._removing = Gathering(executor, self._remove_all, most=_AT_ONCE)

    async def receive(self) -> AsyncIterator[Received]:
        """Files in order of name; looks again every `poll_seconds` when there is none.

        Raises:
            TransportUnavailable: the folder cannot be read.
        """
        while True:
            found = False
            for unremoved in tuple(self._unremoved.values()):
                await self._remove(unremoved)
            look = await self._executor.run(self._look)
            ahead = [n for n in look.names if n not in self._out and n not in self._unremoved]
            while ahead:
                files = await self._read(ahead[:_AT_ONCE])
                del ahead[: len(files)]
                for file in files:
                    if file is not None:
                        found = True
                        self._out.add(file.name)
                        yield self._received(file)
            if not found:
                await self._clock.sleep(self._poll_seconds)

    async def inbound(self) -> Inbound:
        """What waits in the folder, and what is wrong with it."""
        try:
            look, oldest = await self._executor.run(self._look_with_age, frozenset(self._unremoved))
        except TransportUnavailable as error:
            return Inbound(0, None, (error.code,))
        names = set(look.names) - self._unremoved.keys()
        unreadable = self._unreadable & names
        strays = look.strays | unreadable
        problems = (
            *(("inbound-not-a-file",) if strays else ()),
            *(("inbound-unremovable",) if self._unremoved else ()),
        )
        return Inbound(len(names) - len(unreadable), oldest, problems, strays)

    def _look(self) -> "_Look":
        """Names of message files in order, and of entries that only look like them."""
        names: list[str] = []
        strays: set[str] = set()
        try:
            with os.scandir(self._folder) as entries:
                for entry in entries:
                    if entry.name.startswith(".") or not entry.name.endswith(ENDINGS):
                        continue
                    if entry.is_file(follow_symlinks=False):
                        names.append(entry.name)
                    else:
                        strays.add(entry.name)
        except OSError as error:
            raise _unreadable(error) from None
        names.sort()
        return _Look(names, frozenset(strays))

    def _look_with_age(self, without: frozenset[str]) -> tuple["_Look", datetime | None]:
        """A look, and since when the oldest of the files that are taken next has been there."""
        look = self._look()
        times = []
        for name in [n for n in look.names if n not in without][:_AGES]:
            with contextlib.suppress(OSError):
                times.append((self._folder / name).lstat().st_mtime)
        oldest = min(max(min(times, default=0), 0), 2**33)
        return look, _EPOCH + timedelta(seconds=oldest) if times else None

    def _received(self, file: "_File") -> Received:
        async def settle(settlement: Settlement) -> None:
            if settlement is Settlement.ACCEPTED:
                await self._remove(file)
            self._out.discard(file.name)

        trace = read(file.meta.get("traceparent"))
        return Received(
            body=file.body,
            source=_printable(file.name),
            addressee=beside.addressee(file.meta.get("addressee")),
            received_at=beside.received_at(
                file.meta.get("received_at"), file.since, self._clock.now()
            ),
            settle=settle,
            by_hand=file.meta.get("direction") == "out",
            oversize=file.oversize,
            rina_number=beside.rina_number(file.meta.get("rina_number")),
            traceparent=str(trace) if trace is not None else None,
            whole=partial(self._fetched, file.name) if file.large else None,
        )

    # -- reading ----------------------------------------------------------------------------

    async def _read(self, names: Sequence[str]) -> "list[_File | None]":
        """The first of these files, as many as are read at once, but at least one.

        None for one that is gone meanwhile, or stays because it is unreadable.
        """
        files, unreadable = await self._executor.run(self._read_all, names)
        self._unreadable.difference_update(names[: len(files)])
        self._unreadable |= unreadable
        return files

    def _read_all(self, names: Sequence[str]) -> "tuple[list[_File | None], set[str]]":
        unreadable: set[str] = set()
        files: list[_File | None] = []
        size = 0
        try:
            with opened(self._folder) as folder:
                for name in names:
                    file = self._read_if_there(folder, name, unreadable)
                    files.append(file)
                    size += len(file.body) if file is not None else 0
                    if size >= _BYTES_AT_ONCE:
                        break
        except OSError as error:
            raise _unreadable(error) from None
        return files, unreadable

    def _read_if_there(self, folder: int, name: str, unreadable: set[str]) -> "_File | None":
        try:
            return self._read_one(folder, name)
        except FileNotFoundError:
            return None
        except OSError:
            unreadable.add(name)  # it stays and is told; the others go on
            return None

    def _read_one(self, folder: int, name: str) -> "_File":
        oversize = None
        descriptor = os.open(name, FILE, dir_fd=folder)
        try:
            found = os.fstat(descriptor)
            over = found.st_size > self._most_bytes
            large = not over and found.st_size >= LARGE
            begins = over or large
            body = os.read(descriptor, BEGINNING) if begins else _whole(descriptor, found.st_size)
            if over:
                oversize = self._put_aside(folder, name, descriptor)
        finally:
            os.close(descriptor)
        meta, sidecars = _meta(folder, name)
        since = _EPOCH + timedelta(seconds=min(max(found.st_mtime, 0), 2**33))
        return _File(name, body, oversize, since, meta, sidecars, large)

    def _put_aside(self, folder: int, name: str, descriptor: int) -> str:
        """Keep a body over the cap under its digest; it is never held in memory."""
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        self._aside.mkdir(mode=0o700, parents=True, exist_ok=True)
        kept = self._aside / digest
        if not kept.exists():
            os.link(name, kept, src_dir_fd=folder)
            sync_folder(self._aside)
        return digest

    async def _fetched(self, name: str) -> bytes | None:
        """All bytes of a large file; None when they cannot be read now: then it comes again."""
        try:
            return await self._executor.run(self._read_large, name)
        except FileNotFoundError:
            self._out.discard(name)
        except OSError:
            self._out.discard(name)
            self._unreadable.add(name)
        return None

    def _read_large(self, name: str) -> bytes:
        with opened(self._folder) as folder:
            descriptor = os.open(name, FILE, dir_fd=folder)
        try:
            size = os.fstat(descriptor).st_size
            if size > self._most_bytes:  # somebody writes it still: it is too large next time
                raise FileNotFoundError
            return _whole(descriptor, size)
        finally:
            os.close(descriptor)

    # -- removing ---------------------------------------------------------------------------

    async def _remove(self, file: "_File") -> None:
        if await self._removing.do(file):
            self._unremoved.pop(file.name, None)
        else:
            self._unremoved[file.name] = replace(file, body=b"")

    def _remove_all(self, files: "Sequence[_File]") -> list[bool | Exception]:
        """Remove messages and their sidecars; False for one that the folder does not let us."""
        try:
            with opened(self._folder) as folder:
                return [_removed(folder, file) for file in files]
        except OSError:
            return [False] * len(files)


@dataclass(frozen=True, slots=True, eq=False)
class _File:
    """One message as it stands in the folder."""

    name: str
    body: bytes
    oversize: str | None
    """Digest of one over the cap: `body` is its beginning, and no more of it is read."""
    since: datetime
    """When it was last written."""
    meta: dict[str, Any]
    sidecars: tuple[str, ...]
    """Names of the sidecars that stand beside it."""
    large: bool
    """`body` is its beginning; all of it is read when its turn comes."""


@dataclass(frozen=True, slots=True)
class _Look:
    """One look into the folder."""

    names: list[str]
    strays: frozenset[str]


def _whole(descriptor: int, size: int) -> bytes:
    """All bytes of a file, which nearly always come in one piece."""
    body = os.read(descriptor, size + 1)
    if len(body) == size:
        return body
    parts = [body]
    while part := os.read(descriptor, BLOCK):
        parts.append(part)
    return b"".join(parts)


def _meta(folder: int, name: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What the sidecars say, and their names; one that cannot be read says nothing."""
    said: dict[str, Any] = {}
    names = []
    for sidecar in (name + META, name.rpartition(".")[0] + META):
        try:
            with os.fdopen(os.open(sidecar, FILE, dir_fd=folder), "rb") as file:
                meta = json.loads(file.read(_META_LIMIT))
        except OSError:
            continue  # not there, or not to be opened
        except (ValueError, RecursionError):
            meta = None
        names.append(sidecar)
        if not said and isinstance(meta, dict):
            said = meta
    return said, tuple(names)


def _removed(folder: int, file: _File) -> bool:
    """Remove a message and its sidecars; False when the folder does not let us.

    The message goes first: a sidecar left alone is nothing, a message left alone would differ.
    """
    try:
        for name in (file.name, *file.sidecars):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name, dir_fd=folder)
    except OSError:
        return False
    return True


def _unreadable(error: OSError) -> TransportUnavailable:
    return TransportUnavailable(
        f"The inbound folder cannot be read ({error.strerror}): check it and its rights.",
        french=(
            f"Le dossier d'arrivée est illisible ({error.strerror}) : "
            "vérifiez-le ainsi que ses droits."
        ),
        code="inbound-unreadable",
    )


def _printable(name: str) -> str:
    """A file name as text that can be written anywhere, whatever its bytes are."""
    return name.encode("utf-8", "backslashreplace").decode()
