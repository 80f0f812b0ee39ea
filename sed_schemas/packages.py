"""Official schema packages, kept in the state folder beside the profile: installed, in force, gone.

A package is there whole or not at all; which are in force is one small file, replaced by a rename
(ADR 0012).
"""

import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sed_schemas import Transaction, delivery
from sed_schemas.delivery import PackageInvalid

MANIFEST: Final = "MANIFEST.json"
IN_FORCE: Final = "IN_FORCE"
"""Names of the packages in force, the last one first to be asked."""


@dataclass(frozen=True, slots=True)
class Official:
    """The schema of one SED in an installed package."""

    cdm: str
    sed: str
    file: Path
    sha256: str
    package: str


@dataclass(frozen=True, slots=True)
class InForce:
    """What the installed packages decide, the one installed last before the others."""

    names: tuple[str, ...] = ()
    seds: Mapping[tuple[str, str], Official] = field(default_factory=dict)
    """(CDM version, SED) -> its schema."""
    transactions: Mapping[Transaction, tuple[Path, ...]] = field(default_factory=dict)
    """The schemas of whole messages; one that keeps to any of its own is right."""

    def before(self, other: "InForce") -> "InForce":
        """Both, these first."""
        return InForce(
            (*self.names, *other.names),
            {**other.seds, **self.seds},
            {**other.transactions, **self.transactions},
        )


@dataclass(frozen=True, slots=True)
class Package:
    """An installed package."""

    name: str
    """The first twelve digits of its sum."""
    sha256: str
    """Over the names and sums of all its files."""
    files: int
    transactions: Mapping[Transaction, tuple[Path, ...]]
    seds: tuple[Official, ...]


def installed(state: Path) -> tuple[Package, ...]:
    """The packages in force under `STATE/schemas`, the first one to be asked first.

    Raises:
        PackageInvalid: what was installed is damaged.
    """
    return tuple(_package(state / name) for name in _names(state))


def in_force(state: Path) -> InForce:
    """What the packages under `STATE/schemas` decide.

    Raises:
        PackageInvalid: what was installed is damaged.
    """
    found = InForce()
    for package in reversed(installed(state)):
        seds = {(official.cdm, official.sed): official for official in package.seds}
        found = InForce((package.name,), seds, package.transactions).before(found)
    return found


def install(source: Path, state: Path) -> Package:
    """Check a package and put it in force; it is there whole, or nothing has changed.

    Raises:
        PackageInvalid: it cannot be read, or a file of it does not compile.
        OSError: the state folder cannot be written.
    """
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(state), tempfile.TemporaryDirectory(prefix=".new-", dir=state) as temporary:
        folder = Path(temporary, "package")
        package = unpack(source, folder)
        target = state / package.name
        if not _whole(target):
            if target.exists():
                target.rename(Path(temporary, "damaged"))
            folder.rename(target)
        _put_in_force(state, [package.name, *(n for n in _names(state) if n != package.name)])
        return _package(target)


def rollback(state: Path) -> str | None:
    """Take the package that was put in force last out of force; its name, None if there is none.

    The files stay: installing them again puts them back.
    """
    if not state.is_dir():
        return None
    with _alone(state):
        names = _names(state)
        if not names:
            return None
        _put_in_force(state, names[1:])
        return names[0]


def unpack(source: Path, folder: Path) -> Package:
    """Copy the schemas of a package into a new folder, check them all, and write the manifest.

    Raises:
        PackageInvalid: it cannot be read, or a file of it does not compile.
    """
    folder.mkdir(mode=0o700)
    sums: dict[str, str] = {}
    for name, content in delivery.files(source):
        path = folder / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(path, content)
        sums[name] = hashlib.sha256(content).hexdigest()
    seds = delivery.checked(source.name, folder, sums)
    whole = _sum(sums)
    manifest = {
        "sha256": whole,
        "files": dict(sorted(sums.items())),
        "seds": [{"cdm": cdm, "sed": sed, "file": name} for name, (cdm, sed) in seds.items()],
    }
    _write(folder / MANIFEST, json.dumps(manifest, indent=1).encode())
    return Package(whole[:12], whole, len(sums), delivery.transactions(folder, sums), ())


# -- in the state folder --------------------------------------------------------------------


def _package(folder: Path) -> Package:
    try:
        said = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        sums: dict[str, str] = said["files"]
        seds = tuple(
            Official(one["cdm"], one["sed"], folder / one["file"], sums[one["file"]], folder.name)
            for one in said["seds"]
        )
        transactions = delivery.transactions(folder, sums)
        package = Package(folder.name, said["sha256"], len(sums), transactions, seds)
        damaged = _damaged(folder, package, sums)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PackageInvalid(
            f"{folder.name}/{MANIFEST}", f"damaged ({error})", f"endommagé ({error})"
        ) from None
    if damaged is not None:
        raise PackageInvalid(
            f"{folder.name}/{damaged}",
            "damaged (not what was installed)",
            "endommagé (ce n'est pas ce qui fut installé)",
        )
    return package


def _damaged(folder: Path, package: Package, sums: Mapping[str, str]) -> str | None:
    """The first file that is not what was installed."""
    if package.sha256 != _sum(sums) or package.name != package.sha256[:12]:
        return MANIFEST
    for name, digest in sums.items():
        try:
            content = (folder / name).read_bytes()
        except OSError:
            return name
        if hashlib.sha256(content).hexdigest() != digest:
            return name
    return None


def _whole(folder: Path) -> bool:
    try:
        _package(folder)
    except PackageInvalid:
        return False
    return True


def _sum(sums: Mapping[str, str]) -> str:
    """Over the names and sums of all files."""
    return hashlib.sha256(json.dumps(sorted(sums.items())).encode()).hexdigest()


def _names(state: Path) -> list[str]:
    try:
        return (state / IN_FORCE).read_text(encoding="utf-8").split()
    except FileNotFoundError:
        return []


def _put_in_force(state: Path, names: Sequence[str]) -> None:
    """Written beside, then renamed: whoever reads sees the old list or the new one."""
    beside = state / f".{IN_FORCE}"
    beside.unlink(missing_ok=True)
    _write(beside, "\n".join(names).encode())
    beside.rename(state / IN_FORCE)
    _flush(state)


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _flush(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


@contextmanager
def _alone(state: Path) -> Iterator[None]:
    """One who installs at a time."""
    with (state / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
