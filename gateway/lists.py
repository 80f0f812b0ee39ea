"""A list of others that a deed brings in: read whole, and refused whole where a line is wrong."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from gateway.core.strict_lines import BadLine
from gateway.errors import Refused

MOST_TOLD: Final = 200
"""Faults that one answer tells."""


def content(path: Path, most: int) -> bytes:
    """The bytes of a file, no more than `most` and one.

    Raises:
        Refused: the gateway's account cannot read it, or it is no file.
    """
    try:
        if path.exists() and not path.is_file():
            raise OSError(0, "no file")  # a pipe would be waited for
        with path.open("rb") as file:
            return file.read(most + 1)
    except OSError as error:
        raise Refused(
            f"{path}: the gateway cannot read it ({error.strerror}); mind its rights.",
            french=f"{path} : la passerelle ne peut le lire ({error.strerror}) ; voir les droits.",
            code="file-unreadable",
        ) from None


def taken(imported: int, known: int) -> dict[str, Any]:
    """The answer to a list of which all was taken in, or was there."""
    return {"imported": imported, "known": known, "faults": [], "more": 0}


def refused(lines: Sequence[BadLine]) -> dict[str, Any]:
    """The answer to a list of which nothing was taken in, because of these lines."""
    faults = [{"line": bad.number, "code": bad.code} for bad in lines[:MOST_TOLD]]
    return {"imported": 0, "known": 0, "faults": faults, "more": max(len(lines) - MOST_TOLD, 0)}
