"""The official schema package: the Commission's files as delivered, kept beside the profile.

A package is a folder or a ZIP of XSD files: schemas of SEDs with what they import, and transaction
schemas (`P_BUC_01-4.2-CaseOwner-Counterparty-Start-P2000-4.2.xsd`), each for the whole of one kind
of message, which narrow them by `xs:redefine`. A SED's schema is known by its namespace, a
transaction's by its file name. Nothing outside the package is read, sizes are capped, and a package
is there whole or not at all.
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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from lxml import etree

from sed_schemas import Transaction

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
    r"([A-Z]+_[BS]UC_\d\d[a-z]?)-(\d+\.\d+)-(\w+)-(\w+)-(\w+)-([A-Z]{1,2}\d{3}[A-Z]?)-.+\.xsd"
)
_LOADING: Final = ("import", "include", "redefine", "override")


_LINK: Final = (
    "a link or a folder where a file is expected",
    "un lien ou un dossier au lieu d'un fichier",
)


class PackageInvalid(Exception):
    """A package cannot be used; says which file (and line), and what is wrong with it."""

    def __init__(self, where: str, english: str, french: str) -> None:
        super().__init__(f"{where}: {english}")
        self.french = f"{where} : {french}"


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
    for name, content in _files(source):
        path = folder / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(path, content)
        sums[name] = hashlib.sha256(content).hexdigest()
    if not sums:
        raise PackageInvalid(
            source.name, "there is no XSD file in it", "ne contient aucun fichier XSD"
        )
    roots = {name: _root(folder, name) for name in sums}
    for name, root in roots.items():
        _stays_inside(name, root, sums)
    seds = _seds(roots)
    if not seds:
        raise PackageInvalid(
            source.name, "no schema of a SED is in it", "ne contient aucun schéma de SED"
        )
    transactions = _transactions(folder, sums)
    _compile(folder, (*seds, *(name for name in sums if _transaction(name) is not None)))
    whole = _sum(sums)
    manifest = {
        "sha256": whole,
        "files": dict(sorted(sums.items())),
        "seds": [{"cdm": cdm, "sed": sed, "file": name} for name, (cdm, sed) in seds.items()],
    }
    _write(folder / MANIFEST, json.dumps(manifest, indent=1).encode())
    return Package(whole[:12], whole, len(sums), transactions, ())


# -- reading what was delivered -------------------------------------------------------------


def _files(source: Path) -> Iterator[tuple[str, bytes]]:
    """Every XSD with its path inside the package."""
    try:
        if source.is_dir():
            yield from _of_folder(source)
        else:
            yield from _of_zip(source)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError) as error:
        raise PackageInvalid(
            source.name, f"not a ZIP that can be read ({error})", f"ZIP illisible ({error})"
        ) from None
    except OSError as error:
        raise PackageInvalid(
            source.name, f"cannot be read ({error.strerror})", f"illisible ({error.strerror})"
        ) from None


def _of_folder(source: Path) -> Iterator[tuple[str, bytes]]:
    room = _Room(source.name)
    for path in sorted(source.rglob("*")):
        if path.suffix.lower() != ".xsd":
            continue
        name = path.relative_to(source).as_posix()
        if not stat.S_ISREG(path.lstat().st_mode):
            raise PackageInvalid(name, *_LINK)
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
                raise PackageInvalid(
                    member.filename[:100], "leads out of the package", "mène hors du paquet"
                )
            if stat.S_ISLNK(member.external_attr >> 16):
                raise PackageInvalid(str(name), *_LINK)
            room.take(str(name), member.file_size)
            with archive.open(member) as file:
                content = file.read(MOST_BYTES + 1)
            if len(content) > MOST_BYTES:
                raise PackageInvalid(str(name), "larger than it says", "plus grand qu'annoncé")
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
            raise PackageInvalid(name, "twice in the package", "présent deux fois dans le paquet")
        self._seen.add(name)
        if size > MOST_BYTES:
            most = MOST_BYTES // 1024 // 1024
            raise PackageInvalid(name, f"larger than {most} MB", f"dépasse {most} Mo")
        if len(self._seen) > MOST_FILES or self._bytes > MOST_IN_ALL:
            raise PackageInvalid(
                self._source,
                "too many files, or too large in all",
                "trop de fichiers, ou trop grand en tout",
            )


# -- checking -------------------------------------------------------------------------------


def _parser() -> etree.XMLParser:
    return etree.XMLParser(no_network=True, resolve_entities=False, load_dtd=False, huge_tree=False)


def _root(folder: Path, name: str) -> etree._Element:
    try:
        tree = etree.parse(folder / name, _parser())
    except etree.XMLSyntaxError as error:
        raise PackageInvalid(
            f"{name}:{error.lineno}", f"not XML ({error.msg})", f"pas du XML ({error.msg})"
        ) from None
    root: etree._Element = tree.getroot()
    if tree.docinfo.internalDTD is not None:
        raise PackageInvalid(
            name,
            "has a DOCTYPE, which no schema needs",
            "contient un DOCTYPE, dont aucun schéma n'a besoin",
        )
    if root.tag != f"{_XS}schema":
        raise PackageInvalid(name, "not an XML schema", "n'est pas un schéma XML")
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
                    f"{name}:{element.sourceline}",
                    f"{place[:100]} is not in the package",
                    f"{place[:100]} n'est pas dans le paquet",
                )


def _seds(roots: Mapping[str, etree._Element]) -> dict[str, tuple[str, str]]:
    """File -> (CDM version, SED), for the file that declares the SED's root."""
    found: dict[str, tuple[str, str]] = {}
    for name, root in roots.items():
        if _transaction(name) is not None:
            continue
        named = _NAMESPACE.fullmatch(root.get("targetNamespace") or "")
        declared = {element.get("name") for element in root.iterfind(f"{_XS}element")}
        if named is None or named[3] not in declared:
            continue
        sed = (f"{named[1]}.{named[2]}", named[3])
        if sed in found.values():
            cdm, code = sed
            raise PackageInvalid(
                name, f"{code} of CDM {cdm} is there twice", f"{code} du CDM {cdm} figure deux fois"
            )
        found[name] = sed
    return found


def _transaction(name: str) -> Transaction | None:
    found = _TRANSACTION.fullmatch(PurePosixPath(name).name)
    return Transaction(*found.groups()) if found is not None else None


def _transactions(folder: Path, names: Iterable[str]) -> Mapping[Transaction, tuple[Path, ...]]:
    found: dict[Transaction, tuple[Path, ...]] = {}
    for name in sorted(names):
        transaction = _transaction(name)
        if transaction is not None:
            found[transaction] = (*found.get(transaction, ()), folder / name)
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
        raise PackageInvalid(
            str(name),
            "takes too much time or memory to compile",
            "demande trop de temps ou de mémoire à la compilation",
        )
    name, problem = lines[-2], lines[-1]
    line = f":{problem['line']}" if problem["line"] else ""
    why = " ".join(problem["why"].split())
    raise PackageInvalid(f"{name}{line}", f"does not compile ({why})", f"ne compile pas ({why})")


# -- in the state folder --------------------------------------------------------------------


def _package(folder: Path) -> Package:
    try:
        said = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        sums: dict[str, str] = said["files"]
        seds = tuple(
            Official(one["cdm"], one["sed"], folder / one["file"], sums[one["file"]], folder.name)
            for one in said["seds"]
        )
        transactions = _transactions(folder, sums)
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
