"""The worklist to a workbook and back: `worklist export`, `import`."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from gateway import workbook
from gateway.cli import Settings
from gateway.cli.showing import already_there
from gateway.errors import Refused, Unreachable
from gateway.loading import tables
from gateway.people import worksheet


def write(settings: Settings, file: Path, entries: Sequence[dict[str, Any]]) -> None:
    """Write these entries, with room for a decision each; never over what somebody filled in."""
    _is_workbook(file)
    if file.exists():
        raise already_there(file)
    sheet = worksheet.sheet(entries, _askable(settings))
    try:
        workbook.write(file, sheet)
    except OSError as error:
        raise _unusable(file, error) from None
    settings.say(f"{file}: {len(entries)} entries.", f"{file} : {len(entries)} entrées.")


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--dry-run", is_flag=True, help="Check everything, decide nothing.")
@click.option("--json", "as_json", is_flag=True, help="One object a finding.")
@click.pass_obj
def worklist_import(settings: Settings, file: Path, *, dry_run: bool, as_json: bool) -> int:
    """Take the decisions out of a filled-in workbook: all of them, or none (exit 1)."""
    _is_workbook(file)
    done: Sequence[Any] = ()
    try:
        wishes, found = worksheet.read(file, _askable(settings))
        if found.usable and wishes:
            entries = [dict(wish.entry) for wish in wishes]
            answer = settings.ask("resolve-all", {"entries": entries, "try": dry_run})
            worksheet.refused(found, wishes, file, answer["refused"])
            done = answer["done"]
    except OSError as error:
        raise _unusable(file, error) from None
    for finding in found.findings:
        if as_json:
            told = {"cell": finding.file, "line": finding.line, "column": finding.column}
            click.echo(json.dumps(told | {"text": finding.text(settings.lang)}, ensure_ascii=False))
        else:
            click.echo(f"{finding.file}: {finding.text(settings.lang)}")
    if not as_json:
        _tell(settings, len(done), decided=found.usable and not dry_run)
    return 0 if found.usable else 1


def _tell(settings: Settings, number: int, *, decided: bool) -> None:
    settings.say(
        f"Decisions {'made' if decided else 'possible, NOTHING done'}: {number}.",
        f"Décisions {'prises' if decided else 'possibles, RIEN fait'} : {number}.",
    )


def askable(settings: Settings, data: Sequence[str]) -> None:
    """Return when the tables in force have a question for each of these.

    Raises:
        Refused: for one of them they have none.
    """
    for datum in data:
        if datum not in (known := _askable(settings)):
            listed = ", ".join(known)
            raise Refused(
                f"--ask {datum[:40]}: the tables have no question for it; one of: {listed}.",
                french=f"--ask {datum[:40]} : aucune question dans les tables ; au choix :"
                f" {listed}.",
                code="unknown-datum",
            )


def _askable(settings: Settings) -> Sequence[str]:
    """What can be asked for by the tables in force."""
    release = settings.release_in_force()
    name, digest = (release.name, release.digest) if release is not None else (None, None)
    return sorted(tables(settings.state, name, digest).questions.askable)


def _is_workbook(file: Path) -> None:
    if file.suffix.lower() not in workbook.KINDS:
        kinds = ", ".join(workbook.KINDS)
        raise Refused(
            f"{file}: not a workbook; end its name with one of {kinds}.",
            french=f"{file} : pas un classeur ; terminer son nom par l'un de {kinds}.",
            code="no-workbook",
        )


def _unusable(file: Path, error: OSError) -> Unreachable:
    return Unreachable(
        f"{file}: cannot be used ({error.strerror}).",
        french=f"{file} : inutilisable ({error.strerror}).",
        code="file-unusable",
    )
