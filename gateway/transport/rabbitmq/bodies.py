"""Bodies in a folder, each under its SHA-256: those too large for the broker, and for us.

A message whose body is in the folder that all share (claim check) names it by digest and size. The
name of a file is a digest and nothing else: one that we have worked out, or of its exact form.

The shared folder is never made: it may be a file system that is not mounted just now. Nothing is
removed from it: two messages may name one body, and we do not know who still needs it (ADR 0020).
"""

import hashlib
import os
import re
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO, Final

from gateway.transport import BEGINNING

DIGEST_HEADER: Final = "eessi-body-sha256"
SIZE_HEADER: Final = "eessi-body-bytes"
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_BLOCK: Final = 2 * 1024 * 1024
"""Bytes that are made durable at a time."""
_LARGEST: Final = 2**40
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class NotThere(Exception):
    """The body is not there, or cannot be read now; it may be in a while."""


class NotTheBody(Exception):
    """What is named, or what stands under the name, is not the body; trying again cannot help."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a message says of its body, which is elsewhere."""

    digest: str
    size: int
    """Bytes."""

    @property
    def headers(self) -> dict[str, Any]:
        """The claim as headers of a message."""
        return {DIGEST_HEADER: self.digest, SIZE_HEADER: self.size}


def claim_of(headers: Mapping[str, Any]) -> Claim | None:
    """The claim in these headers; None for a message that has its body itself.

    Raises:
        NotTheBody: they claim something, and not in the form of a claim.
    """
    digest, size = headers.get(DIGEST_HEADER), headers.get(SIZE_HEADER)
    if digest is None and size is None:
        return None
    if not isinstance(digest, str) or _DIGEST.fullmatch(digest) is None:
        raise NotTheBody("claim-check-headers")
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= _LARGEST:
        raise NotTheBody("claim-check-headers")
    return Claim(digest, size)


def keep(folder: Path, body: bytes) -> Claim:
    """Write a body under its digest, durably; written again it is the same.

    Raises:
        OSError: the folder is not there, or cannot be written to.
    """
    claim = Claim(hashlib.sha256(body).hexdigest(), len(body))
    with _new(folder, claim.digest) as file:
        _write(file, memoryview(body))
    return claim


def fetch(folder: Path, claim: Claim) -> bytes:
    """The body that is claimed.

    Raises:
        NotTheBody: it is another one.
        OSError: it is not there, or cannot be read now.
    """
    with _claimed(folder, claim) as file:
        body = file.read(claim.size)
    if hashlib.sha256(body).hexdigest() != claim.digest:
        raise NotTheBody("claim-check-digest")
    return body


def head(folder: Path, claim: Claim) -> bytes:
    """How the body that is claimed begins.

    Raises:
        NotTheBody: it is of another size.
        OSError: it is not there, or cannot be read now.
    """
    with _claimed(folder, claim) as file:
        return file.read(BEGINNING)


def copy(folder: Path, claim: Claim, into: Path) -> None:
    """Copy the body that is claimed into another folder; it is never held in memory.

    Raises:
        NotTheBody, OSError: as with `fetch`.
    """
    with _claimed(folder, claim) as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != claim.digest:
            raise NotTheBody("claim-check-digest")
        file.seek(0)
        with _new(into, claim.digest) as kept:
            while block := file.read(_BLOCK):
                _write(kept, memoryview(block))


def _write(file: BinaryIO, body: memoryview) -> None:
    """Write it and make it durable, little by little.

    All at once, what others make durable meanwhile would wait for it.
    """
    for begin in range(0, len(body), _BLOCK):
        file.write(body[begin : begin + _BLOCK])
        file.flush()
        os.fdatasync(file.fileno())


@contextmanager
def _claimed(folder: Path, claim: Claim) -> Iterator[BufferedReader]:
    with os.fdopen(os.open(folder / claim.digest, _READ), "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_size != claim.size:
            raise NotTheBody("claim-check-size")
        yield file


@contextmanager
def _new(folder: Path, name: str) -> Iterator[BinaryIO]:
    """A file that has its name once it is whole and durable; for its owner alone."""
    descriptor, passing = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(passing).rename(folder / name)
    except BaseException:
        Path(passing).unlink()
        raise
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
