"""The official schema package: the Commission's files as delivered, kept beside the profile.

A package is a folder or a ZIP of XSD files: schemas of SEDs with what they import, and transaction
schemas (`P_BUC_01-4.2-CaseOwner-Counterparty-Start-P2000-4.2.xsd`), which narrow them by
`xs:redefine`. A SED's schema is known by its namespace. Nothing outside the package is read, sizes
are capped, and a package is there whole or not at all.
"""

import fcntl
import hashlib
import json
import os
import re
import stat
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from lxml import etree

MOST_FILES: Final = 5_000
MOST_BYTES: Final = 8 * 1024 * 1024
"""Of one file."""
MOST_IN_ALL: Final = 200 * 1024 * 1024
MOST_SECONDS: Final = 120.0
"""For compiling a whole package."""
MOST_MEGABYTES: Final = 1_024
"""Of memory, for the same."""
MANIFEST: Final = "MANIFEST.json"
IN_FORCE: Final = "IN_FORCE"
"""Names of the packages in force, the last one first to be asked."""
_XS: Final = "{http://www.w3.org/2001/XMLSchema}"
_NAMESPACE: Final = re.compile(
    r"http://ec\.europa\.eu/eessi/ns/(\d{1,2})_(\d{1,2})/([A-Z]{1,2}\d{3}[A-Z]?)"
)
_TRANSACTION: Final = re.compile(
    r"[A-Z]+_[BS]UC_\d\d[a-z]?-\d+\.\d+-\w+-\w+-\w+-[A-Z]{1,2}\d{3}[A-Z]?-.+\.xsd"
)
_LOADING: Final = ("import", "include", "redefine", "override")


class PackageInvalid(Exception):
    """A package cannot be used; says which file, and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Official:
    """The schema of one SED in an installed package."""

    cdm: str
    sed: str
    file: Path
    sha256: str
    package: str


@dataclass(frozen=True, slots=True)
class Package:
    """An installed package."""

    name: str
    """The first twelve digits of its sum."""
    sha256: str
    """Over the names and sums of all its files."""
    files: int
    transactions: int
    seds: tuple[Official, ...]


def installed(state: Path) -> tuple[Package, ...]:
    """The packages in force under `STATE/schemas`, the first one to be asked first.

    Raises:
        PackageInvalid: what was installed is damaged.
    """
    return tuple(_package(state / name) for name in _names(state))


def in_force(state: Path) -> Mapping[tuple[str, str], Official]:
    """(CDM version, SED) -> the official schema that decides."""
    found: dict[tuple[str, str], Official] = {}
    for package in installed(state):
        for official in package.seds:
            found.setdefault((official.cdm, official.sed), official)
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
    for name, content in _files(source):
        path = folder / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(path, content)
        sums[name] = hashlib.sha256(content).hexdigest()
    if not sums:
        raise PackageInvalid(f"{source.name}: there is no XSD file in it")
    roots = {name: _root(folder, name) for name in sums}
    for name, root in roots.items():
        _stays_inside(name, root, sums)
    seds = _seds(roots)
    if not seds:
        raise PackageInvalid(f"{source.name}: no schema of a SED is in it")
    transactions = [name for name in sums if _TRANSACTION.fullmatch(PurePosixPath(name).name)]
    _compile(folder, (*seds, *transactions))
    whole = _sum(sums)
    manifest = {
        "sha256": whole,
        "files": dict(sorted(sums.items())),
        "transactions": len(transactions),
        "seds": [{"cdm": cdm, "sed": sed, "file": name} for name, (cdm, sed) in seds.items()],
    }
    _write(folder / MANIFEST, json.dumps(manifest, indent=1).encode())
    return Package(whole[:12], whole, len(sums), len(transactions), ())


# -- reading what was delivered -------------------------------------------------------------


def _files(source: Path) -> Iterator[tuple[str, bytes]]:
    """Every XSD with its path inside the package."""
    try:
        if source.is_dir():
            yield from _of_folder(source)
        else:
            yield from _of_zip(source)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError) as error:
        raise PackageInvalid(f"{source.name}: not a ZIP that can be read ({error})") from None
    except OSError as error:
        raise PackageInvalid(f"{source.name}: cannot be read ({error.strerror})") from None


def _of_folder(source: Path) -> Iterator[tuple[str, bytes]]:
    room = _Room(source.name)
    for path in sorted(source.rglob("*")):
        if path.suffix.lower() != ".xsd":
            continue
        name = path.relative_to(source).as_posix()
        if not stat.S_ISREG(path.lstat().st_mode):
            raise PackageInvalid(f"{name}: a link or a folder where a file is expected")
        room.take(name, path.lstat().st_size)
        yield name, path.read_bytes()


def _of_zip(source: Path) -> Iterator[tuple[str, bytes]]:
    room = _Room(source.name)
    with zipfile.ZipFile(source) as archive:
        for member in archive.infolist():
            if member.is_dir() or not member.filename.lower().endswith(".xsd"):
                continue
            name = PurePosixPath(member.filename)
            if name.is_absolute() or ".." in name.parts or "\\" in member.filename:
                raise PackageInvalid(f"{member.filename[:100]}: leads out of the package")
            if stat.S_ISLNK(member.external_attr >> 16):
                raise PackageInvalid(f"{name}: a link where a file is expected")
            room.take(str(name), member.file_size)
            with archive.open(member) as file:
                content = file.read(MOST_BYTES + 1)
            if len(content) > MOST_BYTES:
                raise PackageInvalid(f"{name}: larger than it says")
            yield str(name), content


class _Room:
    """What a package may hold."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._seen: set[str] = set()
        self._bytes = 0

    def take(self, name: str, size: int) -> None:
        self._bytes += size
        if name in self._seen:
            raise PackageInvalid(f"{name}: twice in the package")
        self._seen.add(name)
        if size > MOST_BYTES:
            raise PackageInvalid(f"{name}: larger than {MOST_BYTES // 1024 // 1024} MB")
        if len(self._seen) > MOST_FILES or self._bytes > MOST_IN_ALL:
            raise PackageInvalid(f"{self._source}: too many files, or too large in all")


# -- checking -------------------------------------------------------------------------------


def _parser() -> etree.XMLParser:
    return etree.XMLParser(no_network=True, resolve_entities=False, load_dtd=False, huge_tree=False)


def _root(folder: Path, name: str) -> etree._Element:
    try:
        tree = etree.parse(folder / name, _parser())
    except etree.XMLSyntaxError as error:
        raise PackageInvalid(f"{name}, line {error.lineno}: not XML ({error.msg})") from None
    root: etree._Element = tree.getroot()
    if tree.docinfo.internalDTD is not None:
        raise PackageInvalid(f"{name}: has a DOCTYPE, which no schema needs")
    if root.tag != f"{_XS}schema":
        raise PackageInvalid(f"{name}: not an XML schema")
    return root


def _stays_inside(name: str, root: etree._Element, known: Mapping[str, str]) -> None:
    """Everything that is loaded is in the package."""
    for kind in _LOADING:
        for element in root.iterfind(f"{_XS}{kind}"):
            place = element.get("schemaLocation")
            if place is None:
                continue
            target = os.path.normpath(PurePosixPath(name).parent / place)
            if "://" in place or target not in known:
                raise PackageInvalid(
                    f"{name}, line {element.sourceline}: {place[:100]} is not in the package"
                )


def _seds(roots: Mapping[str, etree._Element]) -> dict[str, tuple[str, str]]:
    """File -> (CDM version, SED), for the file that declares the SED's root."""
    found: dict[str, tuple[str, str]] = {}
    for name, root in roots.items():
        if _TRANSACTION.fullmatch(PurePosixPath(name).name):
            continue
        named = _NAMESPACE.fullmatch(root.get("targetNamespace") or "")
        declared = {element.get("name") for element in root.iterfind(f"{_XS}element")}
        if named is None or named[3] not in declared:
            continue
        sed = (f"{named[1]}.{named[2]}", named[3])
        if sed in found.values():
            raise PackageInvalid(f"{name}: {sed[1]} of CDM {sed[0]} is there twice")
        found[name] = sed
    return found


def _compile(folder: Path, names: Sequence[str]) -> None:
    """Compile each in a process of its own, which may take so much time and memory."""
    script = Path(__file__).with_name("compiling.py")
    command = [sys.executable, "-I", str(script), str(folder), str(MOST_MEGABYTES)]
    asked = "".join(f"{name}\n" for name in names).encode()
    try:
        done = subprocess.run(  # noqa: S603 - our own script, no shell
            command, input=asked, capture_output=True, timeout=MOST_SECONDS, check=False, env={}
        )
        code, said = done.returncode, done.stdout
    except subprocess.TimeoutExpired as error:
        code, said = -1, error.stdout or b""
    if code == 0:
        return
    lines = [json.loads(line) for line in said.splitlines()]
    if not lines or not isinstance(lines[-1], dict):
        name = lines[-1] if lines else folder.name
        raise PackageInvalid(f"{name}: takes too much time or memory to compile")
    name, problem = lines[-2], lines[-1]
    line = f", line {problem['line']}" if problem["line"] else ""
    raise PackageInvalid(f"{name}{line}: does not compile ({' '.join(problem['why'].split())})")


# -- in the state folder --------------------------------------------------------------------


def _package(folder: Path) -> Package:
    try:
        said = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        sums: dict[str, str] = said["files"]
        seds = tuple(
            Official(one["cdm"], one["sed"], folder / one["file"], sums[one["file"]], folder.name)
            for one in said["seds"]
        )
        package = Package(folder.name, said["sha256"], len(sums), said["transactions"], seds)
        damaged = _damaged(folder, package, sums)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PackageInvalid(f"{folder.name}/{MANIFEST}: damaged ({error})") from None
    if damaged is not None:
        raise PackageInvalid(f"{folder.name}/{damaged}: damaged (not what was installed)")
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
