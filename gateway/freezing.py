"""A draft becomes a release: nothing is wrong with it, and nothing of others is lost by it."""

from datetime import date
from pathlib import Path
from typing import Final

from gateway.core.tables import Tables
from gateway.errors import Refused
from gateway.loading import root
from gateway.tables import golden, shelf
from gateway.tables.checking import check
from gateway.tables.comparing import DATED, compare
from gateway.tables.merging import three_ways
from gateway.wording import sentence
from gateway.wording.numbers import counted
from routing_tables import release as tables_release

_SHOWN: Final = 3
"""Rows named in a refusal."""


def frozen(folder: Path, state: Path, in_force: Tables, today: date) -> tables_release.Release:
    """Put the draft on the shelf, once nothing is wrong with it.

    Raises:
        Refused: it is no draft, has errors, or loses what is kept for good.
        OSError: the state folder cannot be written.
    """
    if not (folder / "ir_directory").is_dir() or not (folder / "routing_tables").is_dir():
        raise refused("no-tables", folder.name)
    errors = [finding for finding in check(folder, today) if finding.error]
    if errors:
        first, where = errors[0], errors[0].place
        raise Refused(
            f"{folder.name}: {counted('en', len(errors), 'error', 'errors')}, the first one"
            f" {where}: {first.english} See them all with `tables check`.",
            french=f"{folder.name} : {counted('fr', len(errors), 'erreur', 'erreurs')}, la"
            f" première {where} :"
            f" {first.french} Les voir toutes avec `tables check`.",
            code="tables-invalid",
        )
    try:
        draft = tables_release.head(folder)
    except tables_release.ReleaseInvalid:
        raise refused("no-manifest", folder.name) from None
    _nothing_deleted(folder, root(state, draft.base or in_force.release))
    if draft.base != in_force.release:
        nothing_lost(folder, state, draft.base, in_force.release, in_force.digest)
    return shelf.keep(folder, state, draft.name, in_force.release)


def nothing_lost(folder: Path, state: Path, base: str, in_force: str, digest: str) -> None:
    """The draft undoes nothing of what came into force after what it was made from.

    Raises:
        Refused: it would; the draft is made anew from what is in force.
    """
    now = root(state, in_force, digest)
    lost = three_ways(root(state, base), now, folder).undone
    if not lost:
        return
    few = "; ".join(f"{change.file}: {change.key}" for change in lost[:_SHOWN])
    raise Refused(
        f"{folder.name}: made from {base}, but {in_force} is in force; it would undo"
        f" {len(lost)} of its changes ({few}). See and take them over with `tables merge`.",
        french=f"{folder.name} : issu de {base}, mais {in_force} est en vigueur ; il"
        f" annulerait {len(lost)} de ses changements ({few}). Les voir et les reprendre"
        " avec `tables merge`.",
        code="base-moved",
    )


def _nothing_deleted(folder: Path, base: Path) -> None:
    """A row that may have decided is ended, never deleted; golden cases do not vanish as a file."""
    gone = [c for c in compare(base, folder) if c.what == "gone" and c.file in DATED]
    if gone:
        few = "; ".join(f"{change.file}: {change.key}" for change in gone[:_SHOWN])
        deleted = counted("en", len(gone), "row was deleted", "rows were deleted")
        supprimees = counted("fr", len(gone), "ligne supprimée", "lignes supprimées")
        raise Refused(
            f"{folder.name}: {deleted} ({few}). Put back what was deleted and end it (valid_to).",
            french=f"{folder.name} : {supprimees} ({few}). Remettre ce qui fut supprimé et le"
            " clore (valid_to).",
            code="rows-deleted",
        )
    if golden.count(folder) == 0 < golden.count(base):
        raise refused("golden-lost", folder.name)


def refused(code: str, what: str) -> Refused:
    """Why this draft, or a release, stays as it is."""
    english, french = (
        sentence(lang, "release-objection", code, {"what": what}) for lang in ("en", "fr")
    )
    return Refused(english, french=french, code=code)
