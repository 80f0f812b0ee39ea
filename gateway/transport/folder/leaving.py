"""The half that hands over: files written, made durable, named, and only then confirmed."""

import json
import os
import re
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.clock import Executor
from gateway.core.message import INSTITUTION_ID
from gateway.errors import TransportUnavailable
from gateway.journal import Claimed
from gateway.transport.folder.files import BLOCK, FOLDER, sync_file, sync_file_system, sync_folder

_DESTINATION: Final = re.compile(rf"rina|{INSTITUTION_ID.pattern}")
_ID: Final = re.compile(r"[0-9a-f-]{36}")
_TOGETHER: Final = 8
"""From so many sendings on they are made durable together (syncfs(2), Linux 5.8 and up)."""


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
            if len(batch) < _TOGETHER or not sync_file_system(self._folder):
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
            sync_file(passing, out.place)

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
        sidecar = _sidecar_of(sending)
        if sidecar is not None:
            files.append((_passing(f"{ident}.json"), f"{ident}.json", sidecar))
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
            sync_folder(self._outbound)
        return os.open(folder, FOLDER)


def _sidecar_of(sending: Claimed) -> bytes | None:
    """The sidecar with the place of the sending in its trace, as a header is with a broker."""
    if sending.sidecar is None or sending.trace is None:
        return sending.sidecar
    said = {**json.loads(sending.sidecar), "traceparent": str(sending.trace)}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def _passing(name: str) -> str:
    """What a file is called until it is whole."""
    return f".{name}.tmp"


def _write(folder: int, name: str, content: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(name, flags, stat.S_IRUSR | stat.S_IWUSR, dir_fd=folder)
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(descriptor, view[:BLOCK]) :]
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
