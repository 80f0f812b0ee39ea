"""An official package as delivered, folder or ZIP: read as hostile input, and checked whole.

Sizes are capped, no link is followed, nothing outside the package is loaded, and everything is
compiled in a process of its own. A SED's schema is known by its namespace, a transaction's by its
file name (`P_BUC_01-4.2-CaseOwner-Counterparty-Start-P2000-4.2.xsd`).
"""

import json
import os
import re
import stat
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
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


# -- reading what was delivered -------------------------------------------------------------


def files(source: Path) -> Iterator[tuple[str, bytes]]:
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


def checked(source: str, folder: Path, names: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """File -> (CDM version, SED) of the files written to a folder, once all of them compile.

    Raises:
        PackageInvalid: one is not usable.
    """
    if not names:
        raise PackageInvalid(source, "there is no XSD file in it", "ne contient aucun fichier XSD")
    roots = {name: _root(folder, name) for name in names}
    for name, root in roots.items():
        _stays_inside(name, root, names)
    seds = _seds(roots)
    if not seds:
        raise PackageInvalid(
            source, "no schema of a SED is in it", "ne contient aucun schéma de SED"
        )
    _compile(folder, (*seds, *(name for name in names if _transaction(name) is not None)))
    return seds


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


def transactions(folder: Path, names: Iterable[str]) -> Mapping[Transaction, tuple[Path, ...]]:
    """The transaction schemas among files; one kind of message may have been delivered twice."""
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
