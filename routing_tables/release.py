"""The release as one unit: which tables belong together, proved by the hash of each file.

`MANIFEST` is a text file that people can read and `sha256sum --check` understands below its
head. Its own SHA-256 is the digest that each decision keeps. After a change of a table:
`python -m routing_tables.release` writes it anew.
"""

import hashlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ir_directory.problems import Problem

ROOT: Final = Path(__file__).parent.parent
"""Where the packages of the tables stand side by side."""

PACKAGES: Final = ("ir_directory", "routing_tables")
MANIFEST: Final = "routing_tables/MANIFEST"
EXAMPLE: Final = "example"
"""Status of tables that nobody has said to be right."""
STATUSES: Final = frozenset({EXAMPLE, "draft", "approved"})
HEAD: Final = ("name", "base", "status")


@dataclass(frozen=True, slots=True)
class Release:
    """A release of the tables, verified file by file."""

    name: str
    base: str
    """The release it was made from; empty for a first one."""
    status: str
    """`example`, `draft` or `approved`."""
    digest: str
    """SHA-256 of the manifest, in hex: it stands for every byte of every table."""
    files: Mapping[str, str]
    """Path of each table, `/` between folders, to its SHA-256."""


@dataclass(frozen=True, slots=True)
class Head:
    """What a manifest says of itself, whatever became of the tables since it was written."""

    name: str
    base: str
    status: str


class ReleaseInvalid(Exception):
    """The manifest and the tables do not belong together; `problems` says where."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(f"{p.file}: {p.english}" for p in problems))
        self.problems: Final = tuple(problems)


def load(root: Path | None = None) -> Release:
    """The release under `root` (by default the baseline), after comparing every file.

    Raises:
        ReleaseInvalid: the manifest is missing or broken, or a table was changed, lost or added
            after it was written.
    """
    root = root or ROOT
    try:
        text = (root / MANIFEST).read_bytes()
    except OSError as error:
        raise ReleaseInvalid([_unreadable(error)]) from None
    head, files, problems = _parse(text)
    if not problems:
        problems = _compare(files, hashes(root))
    if problems:
        raise ReleaseInvalid(problems)
    digest = hashlib.sha256(text).hexdigest()
    return Release(head["name"], head["base"], head["status"], digest, files)


def head(root: Path) -> Head:
    """Name, base and status of the tables under `root`, which may have been edited since.

    Raises:
        ReleaseInvalid: the manifest is missing or broken.
    """
    try:
        said, _, problems = _parse((root / MANIFEST).read_bytes())
    except OSError as error:
        raise ReleaseInvalid([_unreadable(error)]) from None
    if problems:
        raise ReleaseInvalid(problems)
    return Head(said["name"], said["base"], said["status"])


def tables(root: Path) -> tuple[str, ...]:
    """Path of every table of a release, in order."""
    return tuple(
        sorted(
            path.relative_to(root).as_posix()
            for package in PACKAGES
            for path in (root / package).rglob("*.csv")
        )
    )


def hashes(root: Path) -> dict[str, str]:
    """Path of each table to its SHA-256, as it is on disk."""
    return {name: hashlib.sha256((root / name).read_bytes()).hexdigest() for name in tables(root)}


def write(name: str, base: str = "", status: str = "example", root: Path | None = None) -> Path:
    """Write the manifest of the tables as they are now, and return its path."""
    root = root or ROOT
    lines = [
        f"name: {name}",
        f"base: {base}".rstrip(),
        f"status: {status}",
        "",
        *(f"{digest}  {file}" for file, digest in hashes(root).items()),
    ]
    path = root / MANIFEST
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    return path


def rewrite(root: Path | None = None) -> Path:
    """Write the manifest anew under the name, base and status that it has."""
    root = root or ROOT
    head, _, _ = _parse((root / MANIFEST).read_bytes())
    return write(head["name"], head["base"], head["status"], root)


def _parse(text: bytes) -> tuple[dict[str, str], dict[str, str], list[Problem]]:
    lines = text.decode("utf-8", "replace").splitlines()
    head = dict.fromkeys(HEAD, "")
    files: dict[str, str] = {}
    problems: list[Problem] = []
    for number, line in enumerate(lines, start=1):
        key, colon, value = line.partition(":")
        digest, space, file = line.partition("  ")
        if colon and key in HEAD:
            head[key] = value.strip()
        elif space and _is_hash(digest) and file not in files:
            files[file] = digest
        elif line:
            problems.append(_broken(number))
    if not head["name"] or head["status"] not in STATUSES:
        problems.append(_broken(1))
    return head, files, problems


def _is_hash(text: str) -> bool:
    return len(text) == 64 and not set(text) - set("0123456789abcdef")


def _compare(said: Mapping[str, str], found: Mapping[str, str]) -> list[Problem]:
    problems = []
    for file in sorted({*said, *found}):
        if file not in found:
            problems.append(_differs(file, "is missing", "manque"))
        elif file not in said:
            problems.append(_differs(file, "is not in the manifest", "n'est pas au manifeste"))
        elif said[file] != found[file]:
            problems.append(
                _differs(file, "was changed after the release", "a changé depuis la version")
            )
    return problems


_MEND: Final = "python -m routing_tables.release"


def _differs(file: str, english: str, french: str) -> Problem:
    return Problem(
        file,
        0,
        "",
        f"the table {english}. Restore it, or, when the change is meant, run: {_MEND}",
        f"la table {french}. La rétablir ou, si c'est voulu, lancer : {_MEND}",
    )


def _broken(line: int) -> Problem:
    return Problem(
        MANIFEST,
        line,
        "",
        f"the manifest is broken here. Restore name and status, then run: {_MEND}",
        f"le manifeste est abîmé ici. Rétablir name et status, puis lancer : {_MEND}",
    )


def _unreadable(error: OSError) -> Problem:
    return Problem(
        MANIFEST,
        0,
        "",
        f"the manifest cannot be read ({error.strerror}). Put it back or grant access to it.",
        f"le manifeste est illisible ({error.strerror}). Le remettre ou y donner accès.",
    )


if __name__ == "__main__":
    sys.stdout.write(f"{rewrite()}\n")
