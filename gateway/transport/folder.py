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
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from gateway.clock import Clock, Executor
from gateway.errors import TransportUnavailable
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
_AGES: Final = 1000
"""Files in order of name whose ages are looked at: those that are taken next."""


class FolderConsumer:
    """Takes files from a folder, and removes each when the journal has it."""

    def __init__(
        self, folder: Path, aside: Path, clock: Clock, *, most_bytes: int, poll_seconds: float
    ) -> None:
        self._folder = folder
        self._aside = aside
        self._clock = clock
        self._most_bytes = most_bytes
        self._poll_seconds = poll_seconds
        self._out: set[str] = set()
        self._unreadable: set[str] = set()
        self._unremoved: set[str] = set()

    async def receive(self) -> AsyncIterator[Received]:
        """Files in order of name; looks again every `poll_seconds` when there is none.

        Raises:
            TransportUnavailable: the folder cannot be read.
        """
        while True:
            found = False
            self._remove_again()
            for name in self._look().names:
                if name in self._out or name in self._unremoved:
                    continue
                received = self._take(name)
                if received is not None:
                    found = True
                    self._out.add(name)
                    yield received
            if not found:
                await self._clock.sleep(self._poll_seconds)

    async def inbound(self) -> Inbound:
        """What waits in the folder, and what is wrong with it."""
        try:
            look = self._look()
        except TransportUnavailable as error:
            return Inbound(0, None, (error.code,))
        names = [name for name in look.names if name not in self._unremoved]
        times = (self._time(name) for name in names[:_AGES])
        strays = look.strays | (self._unreadable & set(names))
        problems = (
            *(("inbound-not-a-file",) if strays else ()),
            *(("inbound-unremovable",) if self._unremoved else ()),
        )
        oldest = min((time for time in times if time is not None), default=None)
        return Inbound(len(names) - len(strays & set(names)), oldest, problems, strays)

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
            raise TransportUnavailable(
                f"The inbound folder cannot be read ({error.strerror}): check it and its rights.",
                french=(
                    f"Le dossier d'arrivée est illisible ({error.strerror}) : "
                    "vérifiez-le ainsi que ses droits."
                ),
                code="inbound-unreadable",
            ) from None
        names.sort()
        return _Look(names, frozenset(strays))

    def _take(self, name: str) -> Received | None:
        path = self._folder / name
        try:
            body, oversize = self._read(path)
        except FileNotFoundError:
            return None  # gone meanwhile
        except OSError:
            self._unreadable.add(name)  # it stays and is told; the others go on
            return None
        self._unreadable.discard(name)
        meta = self._meta(path)
        received_at = _instant(meta.get("received_at")) or self._time(name) or self._clock.now()
        addressee = meta.get("addressee")

        async def settle(settlement: Settlement) -> None:
            if settlement is Settlement.ACCEPTED and not self._removed(path):
                self._unremoved.add(name)
            self._out.discard(name)

        return Received(
            body=body,
            source=name,
            addressee=addressee if isinstance(addressee, str) else None,
            received_at=received_at,
            settle=settle,
            oversize=oversize,
        )

    def _read(self, path: Path) -> tuple[bytes, str | None]:
        """The bytes; a body over the cap is never held in memory but hashed and put aside."""
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size <= self._most_bytes:
                return file.read(), None
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        self._aside.mkdir(mode=0o700, parents=True, exist_ok=True)
        kept = self._aside / digest
        if not kept.exists():
            os.link(path, kept)
            _sync_folder(self._aside)
        return b"", digest

    def _meta(self, path: Path) -> dict[str, Any]:
        """The optional sidecar; one that cannot be read counts as absent."""
        for sidecar in (path.with_name(path.name + META), path.with_suffix(META)):
            try:
                descriptor = os.open(sidecar, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            except OSError:
                continue
            with os.fdopen(descriptor, "rb") as file, contextlib.suppress(ValueError):
                meta = json.loads(file.read(_META_LIMIT))
                if isinstance(meta, dict):
                    return meta
        return {}

    def _time(self, name: str) -> datetime | None:
        try:
            return datetime.fromtimestamp((self._folder / name).lstat().st_mtime, UTC)
        except OSError:
            return None

    def _removed(self, path: Path) -> bool:
        """Remove a message and its sidecar; False when the folder does not let us.

        The message goes first: a sidecar left alone is nothing, a message left alone would differ.
        """
        try:
            path.unlink(missing_ok=True)
            for sidecar in (path.with_name(path.name + META), path.with_suffix(META)):
                sidecar.unlink(missing_ok=True)
        except OSError:
            return False
        return True

    def _remove_again(self) -> None:
        """Try once more to remove what the journal has had for a while."""
        self._unremoved = {
            name for name in self._unremoved if not self._removed(self._folder / name)
        }


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

        each(self._write)
        if len(batch) < _TOGETHER or not _sync_file_system(self._folder):
            each(self._sync)
        each(self._rename)
        durable: set[Path] = set()
        each(lambda sending: _sync_folder_once(self._place(sending), durable))
        return [
            _unavailable(errors[s.message_id]) if s.message_id in errors else None for s in batch
        ]

    def _place(self, sending: Claimed) -> Path:
        """The destination's folder; a path is never built from what is not checked."""
        known = _DESTINATION.fullmatch(sending.destination) and _ID.fullmatch(sending.message_id)
        if not known:
            raise OSError(0, "not a destination")
        return self._folder / sending.destination.replace(":", "-")

    def _write(self, sending: Claimed) -> None:
        folder = self._place(sending)
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _sync_folder(self._folder)
        for name, content in _files(sending):
            _write(folder / _passing(name), content)

    def _sync(self, sending: Claimed) -> None:
        for name, _ in _files(sending):
            _sync_file(self._place(sending) / _passing(name))

    def _rename(self, sending: Claimed) -> None:
        folder = self._place(sending)
        for name, _ in _files(sending):
            (folder / _passing(name)).rename(folder / name)


def _files(sending: Claimed) -> Iterator[tuple[str, bytes]]:
    """Sidecar first: whoever sees a message finds its sidecar beside it."""
    if sending.sidecar is not None:
        yield f"{sending.message_id}.json", sending.sidecar
    if sending.media != "none":
        yield f"{sending.message_id}.{sending.media}", sending.body


def _passing(name: str) -> str:
    """What a file is called until it is whole."""
    return f".{name}.tmp"


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(
        path,
        os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC,
        stat.S_IRUSR | stat.S_IWUSR,
    )
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(descriptor, view[:_BLOCK]) :]
    finally:
        os.close(descriptor)


def _sync_file(path: Path, flags: int = os.O_NOFOLLOW) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    _sync_file(folder, os.O_DIRECTORY)


def _sync_folder_once(folder: Path, durable: set[Path]) -> None:
    if folder not in durable:
        _sync_folder(folder)
        durable.add(folder)


def _sync_file_system(folder: Path) -> bool:
    """Everything written below, in one go: for many files much cheaper than one by one.

    False when the system does not do it (then each file is synchronised by itself).
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return bool(_LIBC.syncfs(descriptor) == 0)
    except AttributeError:
        return False
    finally:
        os.close(descriptor)


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
    if not isinstance(text, str):
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant.astimezone(UTC) if instant.tzinfo is not None else instant.replace(tzinfo=UTC)
