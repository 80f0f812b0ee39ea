"""Releases of the tables as they are kept: in the state folder, whole, unchangeable, signed.

`STATE/releases/NAME/` holds the tables with their manifest (a hash each), and a signature by the
key of this host over the manifest. A release is there whole or not at all, and is never changed:
what a decision was made on can be read a year later.
"""

import hashlib
import hmac
import re
import secrets
import tempfile
from pathlib import Path
from typing import Final

from gateway import durable
from gateway.errors import Refused, TablesInvalid
from routing_tables import release

RELEASES: Final = "releases"
KEY: Final = "service.key"
SIGNATURE: Final = "SIGNATURE"
KEPT: Final = "approved"
"""Status in the manifest of what is on the shelf; who approved it stands in the journal."""
NAME: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,62}")


def keep(source: Path, state: Path, name: str, base: str) -> release.Release:
    """Copy the tables of a folder under a name of their own; nothing can change them from then on.

    Raises:
        Refused: the name is taken by other tables, or is none.
        OSError: the state folder cannot be written.
    """
    if NAME.fullmatch(name) is None:
        raise Refused(
            f"{name[:64]}: no name for a release; letters, digits, `.`, `_` and `-` only.",
            french=f"{name[:64]} : nom de version impossible ; lettres, chiffres, `.`, `_`, `-`.",
            code="bad-name",
        )
    made = _kept(source, state, name, name, base, KEPT)
    if made is None:
        raise Refused(
            f"{name}: another release has this name; choose a new one.",
            french=f"{name} : une autre version porte ce nom ; en choisir un nouveau.",
            code="name-taken",
        )
    return made


def keep_baseline(state: Path) -> release.Release:
    """Copy the tables of the package, so that what they decided outlives the package."""
    baseline = release.load()
    folders = (baseline.name, f"{baseline.name}.{baseline.digest[:12]}")
    for folder in folders:
        made = _kept(release.ROOT, state, folder, baseline.name, baseline.base, baseline.status)
        if made is not None:
            return made
    raise TablesInvalid(f"{state / RELEASES / folders[1]}: holds other tables; remove it.")


def find(state: Path, name: str, digest: str | None = None) -> Path:
    """Where a release is kept; its signature is right.

    Raises:
        Refused: there is no release of this name (and digest).
        TablesInvalid: it was changed by somebody else than this host.
    """
    folders = [state / RELEASES / name] if NAME.fullmatch(name) is not None else []
    if digest is not None:
        folders.append(state / RELEASES / f"{name}.{digest[:12]}")
    for folder in folders:
        if folder.is_dir() and digest in {None, _digest(folder)}:
            _verify(state, folder)
            return folder
    raise Refused(
        f"{name[:64]}: there is no such release here; see `eessi-gateway tables list`.",
        french=f"{name[:64]} : version inconnue ici ; voir `eessi-gateway tables list`.",
        code="no-such-release",
    )


def keep_signature(folder: Path, who: str, signature: str) -> None:
    """Keep a personal signature beside the release; one that is there already stays.

    Raises:
        Refused: the account has a name that no file can have.
    """
    if NAME.fullmatch(who) is None:
        raise Refused(
            f"{who[:64]}: no account that can sign.",
            french=f"{who[:64]} : compte qui ne peut pas signer.",
            code="bad-name",
        )
    path = folder / f"{who}.sig"
    if not path.exists():
        durable.write(path, signature.encode())


def _kept(
    source: Path, state: Path, folder: str, name: str, base: str, status: str
) -> release.Release | None:
    """The release in its folder; None when other tables have it."""
    shelf = state / RELEASES
    shelf.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = shelf / folder
    with tempfile.TemporaryDirectory(prefix=".new-", dir=shelf) as temporary:
        new = Path(temporary, "release")
        new.mkdir(mode=0o700)
        for table in release.tables(source):
            durable.write(new / table, (source / table).read_bytes())
        release.write(name, base, status, new).chmod(0o600)
        made = release.load(new)
        if target.exists():
            return made if _digest(target) == made.digest else None
        durable.write(new / SIGNATURE, _signature(state, new).encode())
        durable.flush(new / release.MANIFEST)
        new.rename(target)
        durable.flush(shelf)
    return made


def _digest(folder: Path) -> str | None:
    try:
        return hashlib.sha256((folder / release.MANIFEST).read_bytes()).hexdigest()
    except OSError:
        return None


def _verify(state: Path, folder: Path) -> None:
    try:
        said = (folder / SIGNATURE).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        said = ""
    if not hmac.compare_digest(said, _signature(state, folder)):
        raise TablesInvalid(
            f"{folder}: not signed by this host; restore it from a backup, or release it anew.",
            french=f"{folder} : non signé par cette machine ; le restaurer depuis une sauvegarde,"
            " ou refaire la version.",
        )


def _signature(state: Path, folder: Path) -> str:
    manifest = (folder / release.MANIFEST).read_bytes()
    return hmac.new(_key(state), manifest, hashlib.sha256).hexdigest()


def _key(state: Path) -> bytes:
    """The key of this host, made at first use; readable by its owner alone."""
    path = state / KEY
    try:
        return path.read_bytes()
    except FileNotFoundError:
        durable.write(path, secrets.token_bytes(32))
        return path.read_bytes()
