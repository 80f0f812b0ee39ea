"""A copy of what a gateway remembers, taken beside its work, and put back where there is none.

The copy holds the journal as of one instant, what its decisions were made on (releases of the
tables with the key that signs them, official schemas), and who looked at what (`audit`). What has
happened since the copy the restored journal does not know, so nothing leaves until a person has
looked (`cli/saving.py`).
"""

import hashlib
import json
import shutil
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Final

from gateway import durable
from gateway.audit import NAME as AUDIT
from gateway.errors import Refused, Unreachable

JOURNAL: Final = "journal.db"
BESIDE: Final = ("releases", "schemas", "service.key", AUDIT)
"""Parts of the state folder that travel with the journal, where they are."""
MANIFEST: Final = "BACKUP.json"
RESTORING: Final = ".restoring"
_LEFT_OVERS: Final = ("journal.db-wal", "journal.db-shm")


def backup(state: Path, folder: Path, at: datetime) -> dict[str, str]:
    """Copy into a new folder, beside a running gateway or without one; file -> SHA-256.

    Raises:
        Refused: there is no journal, or the folder is there already.
        Unreachable: the folder cannot be written, or the copy is not sound.
    """
    if not (state / JOURNAL).is_file():
        raise Refused(
            f"{state}: no journal here; give the state folder (--state).",
            french=f"{state} : pas de journal ici ; donner le dossier d'état (--state).",
            code="no-journal",
        )
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        raise Refused(
            f"{folder}: is there already; give the name of a new folder.",
            french=f"{folder} : existe déjà ; donner le nom d'un nouveau dossier.",
            code="folder-exists",
        ) from None
    except OSError as error:
        raise _unwritable(folder, error) from None
    try:
        _copy_journal(state / JOURNAL, folder / JOURNAL)
        _copy_beside(state, folder)
        files = _hashes(folder)
        said = {"taken_at": at.isoformat(), "files": files}
        durable.write(folder / MANIFEST, json.dumps(said, indent=1).encode())
    except (OSError, sqlite3.Error) as error:
        raise _unwritable(folder, error) from None
    return files


def unpack(folder: Path, state: Path) -> tuple[Path, datetime]:
    """A copy as a state folder of its own inside one without a journal; when it was taken.

    It is paused there before `settle` puts it in place, so nothing can leave in between.

    Raises:
        Refused: it is no copy, was changed since, or the state folder has a journal.
        Unreachable: the state folder cannot be written.
    """
    taken_at = _verified(folder)
    present = [name for name in (JOURNAL, *_LEFT_OVERS, *BESIDE) if (state / name).exists()]
    if present:
        raise Refused(
            f"{state}: holds {', '.join(present)}; stop the gateway and move the old state away.",
            french=f"{state} : contient {', '.join(present)} ; arrêter la passerelle et écarter"
            " l'ancien état.",
            code="state-in-use",
        )
    inside = state / RESTORING
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.rmtree(inside, ignore_errors=True)
        inside.mkdir(mode=0o700)
        _copy_beside(folder, inside)
        shutil.copyfile(folder / JOURNAL, inside / JOURNAL)
        (inside / JOURNAL).chmod(0o600)
    except OSError as error:
        raise _unwritable(state, error) from None
    return inside, taken_at


def settle(inside: Path, state: Path) -> None:
    """Put what was unpacked in place, the journal last.

    Raises:
        Unreachable: the state folder cannot be written.
    """
    try:
        with closing(sqlite3.connect(inside / JOURNAL)) as journal:  # all of it in one file
            journal.execute("PRAGMA auto_vacuum = INCREMENTAL")  # from now on it can shrink
            journal.execute("VACUUM")
            busy, _, _ = journal.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise sqlite3.OperationalError("the journal is in use")
        for name in (*BESIDE, JOURNAL):
            if (inside / name).exists():
                durable.flush(inside / name)
                (inside / name).rename(state / name)
        shutil.rmtree(inside)
        durable.flush(state)
    except (OSError, sqlite3.Error) as error:
        raise _unwritable(state, error) from None


def _copy_journal(source: Path, target: Path) -> None:
    """SQLite's own online backup: one state of the whole journal, whatever is written meanwhile."""
    target.touch(mode=0o600)
    with (
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as journal,
        closing(sqlite3.connect(target)) as copy,
    ):
        journal.backup(copy)
        (sound,) = copy.execute("PRAGMA integrity_check").fetchone()
        copy.execute("PRAGMA journal_mode = DELETE")
    if sound != "ok":
        raise sqlite3.DatabaseError(sound)
    durable.flush(target)


def _copy_beside(source: Path, target: Path) -> None:
    for name in BESIDE:
        if (source / name).is_dir():
            shutil.copytree(source / name, target / name)
        elif (source / name).is_file():
            shutil.copy2(source / name, target / name)


def _verified(folder: Path) -> datetime:
    try:
        said = json.loads((folder / MANIFEST).read_bytes())
        taken_at, files = datetime.fromisoformat(said["taken_at"]), dict(said["files"])
        changed = _hashes(folder) != files or JOURNAL not in files
    except (OSError, ValueError, KeyError, TypeError):
        raise Refused(
            f"{folder}: no backup (no {MANIFEST}); `eessi-gateway backup` makes one.",
            french=f"{folder} : pas une sauvegarde (sans {MANIFEST}) ; en faire une avec"
            " `eessi-gateway backup`.",
            code="no-backup",
        ) from None
    if changed:
        raise Refused(
            f"{folder}: was changed since it was made; use another backup.",
            french=f"{folder} : modifiée depuis ; utiliser une autre sauvegarde.",
            code="backup-changed",
        )
    return taken_at


def _hashes(folder: Path) -> dict[str, str]:
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != MANIFEST)
    found = {}
    for path in files:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        found[path.relative_to(folder).as_posix()] = digest
    return found


def _unwritable(folder: Path, error: Exception) -> Unreachable:
    why = error.strerror if isinstance(error, OSError) else str(error)
    return Unreachable(
        f"{folder}: the copy cannot be made ({why}).",
        french=f"{folder} : copie impossible ({why}).",
        code="folder-unusable",
    )
