"""The folder for drafts: what is put there is checked, and a French report appears beside it.

`STATE/tables/drafts/NAME/` (a draft) or `NAME.xlsx`, `NAME.ods`, `NAME.csv` (looked at as if it
were imported into the tables in force) gets `NAME.controle.html`. Nothing of it decides anything.
The report bears the time of the change that it is about: what is saved while a draft is looked at,
or comes from a machine whose clock is wrong, is not taken for looked at.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from gateway.core.matter import PARIS
from gateway.tables import importing
from gateway.tables.checking import check
from gateway.tables.finding import Finding, page
from routing_tables import release

PLACE: Final = Path("tables", "drafts")
"""In the state folder."""
REPORT: Final = ".controle.html"
WORKBOOKS: Final = frozenset({".xlsx", ".ods", ".csv", ".xls", ".xlsm", ".xlsb", ".tsv"})
"""Looked at; of some of them the report says in which format to save them."""
SETTLED: Final = 2_000_000_000
"""Nanoseconds. A file that was written since is left alone: somebody may be copying."""


def reports(state: Path, root: Path, now: datetime) -> tuple[str, ...]:
    """Look at what is new or was changed since its report; names of the reports written.

    `root` holds the tables in force.

    Raises:
        OSError: the folder cannot be read or written.
    """
    place = state / PLACE
    for folder in (place.parent, place):
        folder.mkdir(mode=0o700, exist_ok=True)
    written = []
    for draft in sorted(place.iterdir()):
        report = place / f"{draft.name}{REPORT}"
        changed = _changed(draft) if _is_draft(draft) else None
        if changed is not None and _is_due(changed, report, now):
            findings = _looked_at(draft, root, now)
            beside = report.with_name(f".{report.name}")
            beside.write_text(page(draft.name, findings, "fr"), encoding="utf-8")
            beside.chmod(0o600)
            os.utime(beside, ns=(changed, changed))
            beside.rename(report)
            written.append(report.name)
    return tuple(written)


def _is_draft(path: Path) -> bool:
    if path.is_symlink() or path.name.startswith((".", "~$")):
        return False
    return path.is_dir() or (path.is_file() and path.suffix.lower() in WORKBOOKS)


def _changed(draft: Path) -> int:
    try:
        return max(path.lstat().st_mtime_ns for path in _files(draft))
    except OSError:  # a folder that is not ours to read: told of once, by its own time
        return draft.lstat().st_mtime_ns


def _is_due(changed: int, report: Path, now: datetime) -> bool:
    """Once it is whole; a time to come says nothing of that."""
    if 0 <= int(now.timestamp() * 1e9) - changed < SETTLED:
        return False
    return not report.exists() or report.stat().st_mtime_ns != changed


def _files(draft: Path) -> Iterator[Path]:
    yield draft
    if draft.is_dir():
        yield from draft.rglob("*")


def _looked_at(draft: Path, root: Path, now: datetime) -> tuple[Finding, ...]:
    """What is found, or that one draft cannot be read: the others get their reports."""
    try:
        return _findings(draft, root, now)
    except OSError as error:
        return (
            Finding(
                draft.name,
                0,
                "",
                f"cannot be read by the gateway ({error.strerror}); grant its account access.",
                f"illisible pour la passerelle ({error.strerror}) ; donner accès à son compte.",
            ),
        )


def _findings(draft: Path, root: Path, now: datetime) -> tuple[Finding, ...]:
    today = now.astimezone(PARIS).date()
    if draft.is_dir():
        return check(draft, today, root)
    found = importing.read(draft)
    importing.emptied(found, root)
    if not found.usable:
        return tuple(found.findings)
    with tempfile.TemporaryDirectory(prefix="eessi-draft-") as temporary:
        folder = Path(temporary)
        for table in release.tables(root):
            (folder / table).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / table, folder / table)
        importing.store(found, folder)
        return (*found.findings, *check(folder, today, root))
