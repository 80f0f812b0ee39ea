"""Messages as files: one message, one file, moved by rename, durable by fsync.

In: `*.xml` or `*.mime` in `inbound/`, taken in order of name. Writers rename a finished file into
place; names that begin with a dot or end in `.tmp` or `.part` are theirs. Beside it may stand
`NAME.meta.json`: `{"received_at": ..., "addressee": ...}`.

Out: `outbound/<FR-0101100000>/<message id>.xml|.mime`, its sidecar `.json` written first, and
`outbound/rina/` for what goes abroad. Each file is written beside its place, fsynced, renamed,
and its folder fsynced before a sending counts as confirmed. The same name on a retry.
"""

import contextlib
import ctypes
import hashlib
import json
import os
import re
import stat
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from gateway.clock import Clock, Executor
from gateway.errors import TransportUnavailable
from gateway.gathering import Gathering
from gateway.journal import Claimed
from gateway.transport import Inbound, Received, Settlement

ENDINGS: Final = (".xml", ".mime")
META: Final = ".meta.json"
_META_LIMIT: Final = 64 * 1024
_DESTINATION: Final = re.compile(r"rina|[A-Z]{2}:[A-Za-z0-9]{1,30}")
_ID: Final = re.compile(r"[0-9a-f-]{36}")
_BLOCK: Final = 1024 * 1024
_TOGETHER: Final = 8
"""From so many sendings on they are made durable together (syncfs(2), Linux 5.8 and up)."""
_LIBC: Final = ctypes.CDLL(None, use_errno=True)
_AT_ONCE: Final = 32
"""Files read or removed in one job."""
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_ADDRESSEE: Final = re.compile(r"[A-Z]{2}:[A-Za-z0-9]{1,30}")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_AHEAD: Final = timedelta(days=1)
"""Receipt times outside of these bounds are mistakes: the time of the file counts instead."""
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
            for start in range(0, len(ahead), _AT_ONCE):
                names = ahead[start : start + _AT_ONCE]
                for file in await self._read(names):
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
        addressee = file.meta.get("addressee")
        known = isinstance(addressee, str) and _ADDRESSEE.fullmatch(addressee)

        async def settle(settlement: Settlement) -> None:
            if settlement is Settlement.ACCEPTED:
                await self._remove(file)
            self._out.discard(file.name)

        return Received(
            body=file.body,
            source=_printable(file.name),
            addressee=addressee if known else None,
            received_at=self._receipt(file),
            settle=settle,
            oversize=file.oversize,
        )

    def _receipt(self, file: "_File") -> datetime:
        """The receipt time that was given, else that of the file; now, when neither can be."""
        now = self._clock.now()
        given = (_instant(file.meta.get("received_at")), file.since)
        return next((t for t in given if t and _EARLIEST <= t <= now + _AHEAD), now)

    # -- reading ----------------------------------------------------------------------------

    async def _read(self, names: Sequence[str]) -> "list[_File | None]":
        """These files; None for one that is gone meanwhile, or stays because it is unreadable."""
        files, unreadable = await self._executor.run(self._read_all, names)
        self._unreadable.difference_update(names)
        self._unreadable |= unreadable
        return files

    def _read_all(self, names: Sequence[str]) -> "tuple[list[_File | None], set[str]]":
        unreadable: set[str] = set()
        try:
            with _opened_folder(self._folder) as folder:
                files = [self._read_if_there(folder, name, unreadable) for name in names]
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
        body, oversize = b"", None
        descriptor = os.open(name, _FILE, dir_fd=folder)
        try:
            found = os.fstat(descriptor)
            if found.st_size <= self._most_bytes:
                body = _whole(descriptor, found.st_size)
            else:
                oversize = self._put_aside(folder, name, descriptor)
        finally:
            os.close(descriptor)
        meta, sidecars = _meta(folder, name)
        since = _EPOCH + timedelta(seconds=min(max(found.st_mtime, 0), 2**33))
        return _File(name, body, oversize, since, meta, sidecars)

    def _put_aside(self, folder: int, name: str, descriptor: int) -> str:
        """Keep a body over the cap under its digest; it is never held in memory."""
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        self._aside.mkdir(mode=0o700, parents=True, exist_ok=True)
        kept = self._aside / digest
        if not kept.exists():
            os.link(name, kept, src_dir_fd=folder)
            _sync_folder(self._aside)
        return digest

    # -- removing ---------------------------------------------------------------------------

    async def _remove(self, file: "_File") -> None:
        if await self._removing.do(file):
            self._unremoved.pop(file.name, None)
        else:
            self._unremoved[file.name] = replace(file, body=b"")

    def _remove_all(self, files: "Sequence[_File]") -> list[bool | Exception]:
        """Remove messages and their sidecars; False for one that the folder does not let us."""
        try:
            with _opened_folder(self._folder) as folder:
                return [_removed(folder, file) for file in files]
        except OSError:
            return [False] * len(files)


@dataclass(frozen=True, slots=True, eq=False)
class _File:
    """One message as it stands in the folder."""

    name: str
    body: bytes
    oversize: str | None
    since: datetime
    """When it was last written."""
    meta: dict[str, Any]
    sidecars: tuple[str, ...]
    """Names of the sidecars that stand beside it."""


@dataclass(frozen=True, slots=True)
class _Look:
    """One look into the folder."""

    names: list[str]
    strays: frozenset[str]


class FolderPublisher:
    """Hands over by writing files; durable before it is confirmed."""

    def __init__(self, folder: Path, executor: Executor) -> None:
        self._folder = folder
        self._executor = executor

    async def publish(self, batch: Sequence[Claimed]) -> Sequence[TransportUnavailable | None]:
        """One result a sending: None when its files and their folder are on disk."""
        return await self._executor.run(self._publish, batch)

    def _publish(self, batch: Sequence[Claimed]) -> list[TransportUnavailable | None]:
        """Write the bytes, make them durable, give them their names, make those durable."""
        errors: dict[str, OSError] = {}

        def each(step: Callable[[Claimed], None]) -> None:
            for sending in batch:
                if sending.message_id not in errors:
                    try:
                        step(sending)
                    except OSError as error:
                        errors[sending.message_id] = error

        with _Places(self._folder) as places:
            each(places.write)
            if len(batch) < _TOGETHER or not _sync_file_system(self._folder):
                each(places.sync)
            each(places.rename)
            each(places.sync_names)
        return [
            _unavailable(errors[s.message_id]) if s.message_id in errors else None for s in batch
        ]


@dataclass(frozen=True, slots=True)
class _Outbound:
    """The files of one sending: the sidecar first, who sees a message finds it beside it."""

    place: int
    """The destination's folder, open."""
    files: tuple[tuple[str, str, bytes], ...]
    """What each is called until it is whole, and from then on; its bytes."""


class _Places:
    """The folders of the destinations of one batch, each opened once and named by descriptor."""

    def __init__(self, outbound: Path) -> None:
        self._outbound = outbound
        self._opened: dict[str, int] = {}
        self._written: dict[str, _Outbound] = {}
        self._durable: set[int] = set()

    def __enter__(self) -> "_Places":
        return self

    def __exit__(self, *_error: object) -> None:
        for descriptor in self._opened.values():
            os.close(descriptor)

    def write(self, sending: Claimed) -> None:
        """Write its files under passing names."""
        out = self._written[sending.message_id] = self._outbound_of(sending)
        for passing, _, content in out.files:
            _write(out.place, passing, content)

    def sync(self, sending: Claimed) -> None:
        """Make the bytes of its files durable."""
        out = self._written[sending.message_id]
        for passing, _, _ in out.files:
            _sync_file(passing, out.place)

    def rename(self, sending: Claimed) -> None:
        """Give its files their names."""
        out = self._written[sending.message_id]
        for passing, name, _ in out.files:
            os.rename(passing, name, src_dir_fd=out.place, dst_dir_fd=out.place)

    def sync_names(self, sending: Claimed) -> None:
        """Make the names in its folder durable, once for the batch."""
        place = self._written[sending.message_id].place
        if place not in self._durable:
            os.fsync(place)
            self._durable.add(place)

    def _outbound_of(self, sending: Claimed) -> _Outbound:
        """Where it goes; a path is never built from what is not checked."""
        ident = sending.message_id
        if _ID.fullmatch(ident) is None:
            raise OSError(0, "not a message id")
        place = self._opened.get(sending.destination)
        if place is None:
            place = self._opened[sending.destination] = self._open(sending.destination)
        files = []
        if sending.sidecar is not None:
            files.append((_passing(f"{ident}.json"), f"{ident}.json", sending.sidecar))
        if sending.media != "none":
            name = f"{ident}.{sending.media}"
            files.append((_passing(name), name, sending.body))
        return _Outbound(place, tuple(files))

    def _open(self, destination: str) -> int:
        if _DESTINATION.fullmatch(destination) is None:
            raise OSError(0, "not a destination")
        folder = self._outbound / destination.replace(":", "-")
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _sync_folder(self._outbound)
        return os.open(folder, _FOLDER)


def _passing(name: str) -> str:
    """What a file is called until it is whole."""
    return f".{name}.tmp"


def _write(folder: int, name: str, content: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(name, flags, stat.S_IRUSR | stat.S_IWUSR, dir_fd=folder)
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(descriptor, view[:_BLOCK]) :]
    finally:
        os.close(descriptor)


def _sync_file(name: str, folder: int) -> None:
    descriptor = os.open(name, _FILE, dir_fd=folder)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    with _opened_folder(folder) as descriptor:
        os.fsync(descriptor)


def _sync_file_system(folder: Path) -> bool:
    """Everything written below, in one go: for many files much cheaper than one by one.

    False when the system does not do it (then each file is synchronised by itself).
    """
    with _opened_folder(folder) as descriptor:
        try:
            return bool(_LIBC.syncfs(descriptor) == 0)
        except AttributeError:
            return False


@contextlib.contextmanager
def _opened_folder(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, _FOLDER)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _whole(descriptor: int, size: int) -> bytes:
    """All bytes of a file, which nearly always come in one piece."""
    body = os.read(descriptor, size + 1)
    if len(body) == size:
        return body
    parts = [body]
    while part := os.read(descriptor, _BLOCK):
        parts.append(part)
    return b"".join(parts)


def _meta(folder: int, name: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What the sidecars say, and their names; one that cannot be read says nothing."""
    said: dict[str, Any] = {}
    names = []
    for sidecar in (name + META, name.rpartition(".")[0] + META):
        try:
            with os.fdopen(os.open(sidecar, _FILE, dir_fd=folder), "rb") as file:
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


def _unavailable(error: OSError) -> TransportUnavailable:
    return TransportUnavailable(
        f"The outbound folder cannot be written ({error.strerror}): check space and rights.",
        french=(
            f"Le dossier de départ ne peut être écrit ({error.strerror}) : "
            "vérifiez l'espace et les droits."
        ),
        code="outbound-unwritable",
    )


def _instant(text: object) -> datetime | None:
    """The instant that a sidecar names; None when it names none."""
    if not isinstance(text, str):
        return None
    try:
        instant = datetime.fromisoformat(text)
        return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _printable(name: str) -> str:
    """A file name as text that can be written anywhere, whatever its bytes are."""
    return name.encode("utf-8", "backslashreplace").decode()
