"""A draft: a copy of the tables in force to work in, which names what it was made from."""

import shutil
from pathlib import Path

from gateway.errors import Refused, Unreachable
from gateway.tables import shelf
from routing_tables import release

DRAFT = "draft"


def draft(folder: Path, name: str, root: Path = release.ROOT) -> release.Release:
    """Copy the tables of a release (by default the baseline) into a new folder, as a draft.

    Raises:
        Refused: the folder is there already.
        Unreachable: it cannot be written.
    """
    if shelf.NAME.fullmatch(name) is None:
        raise Refused(
            f"{name[:64]}: no name for a release; letters, digits, `.`, `_` and `-` only.",
            french=f"{name[:64]} : nom de version impossible ; lettres, chiffres, `.`, `_`, `-`.",
            code="bad-name",
        )
    base = release.load(root)
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise Refused(
            f"{folder}: is there already; give the name of a new folder.",
            french=f"{folder} : existe déjà ; donner le nom d'un nouveau dossier.",
            code="folder-exists",
        ) from None
    except OSError as error:
        raise _unwritable(folder, error) from None
    try:
        for table in release.tables(root):
            target = folder / table
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / table, target)
        release.write(name, base.name, DRAFT, folder)
    except OSError as error:
        raise _unwritable(folder, error) from None
    return release.load(folder)


def _unwritable(folder: Path, error: OSError) -> Unreachable:
    return Unreachable(
        f"{folder}: cannot be written ({error.strerror}).",
        french=f"{folder} : écriture impossible ({error.strerror}).",
        code="folder-unusable",
    )
