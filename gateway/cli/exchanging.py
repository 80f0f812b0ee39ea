"""Tables to a spreadsheet and back: `tables template`, `tables import`."""

import json
from pathlib import Path

import click

from gateway.cli import Settings
from gateway.errors import Refused, Unreachable
from gateway.tables import importing, template


@click.command("template")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--from", "folder", type=click.Path(path_type=Path), help="Fill in these tables.")
@click.pass_obj
def tables_template(settings: Settings, file: Path, folder: Path | None) -> None:
    """Write a workbook to work in: text columns, drop-downs, a sheet a table."""
    if folder is not None and not folder.is_dir():
        raise Refused(
            f"{folder}: no such folder; make a draft first (`tables draft`).",
            french=f"{folder} : dossier introuvable ; faire d'abord un brouillon (`tables draft`).",
            code="no-tables",
        )
    try:
        rows = template.write(file, folder)
    except OSError as error:
        raise _unusable(file, error) from None
    settings.say(f"{file}: {rows} rows.", f"{file} : {rows} lignes.")


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--into", "folder", type=click.Path(path_type=Path), required=True, help="A draft.")
@click.option("--table", default=None, help="Which table a CSV is, such as routes.")
@click.option("--json", "as_json", is_flag=True, help="One object a finding.")
@click.pass_obj
def tables_import(
    settings: Settings, file: Path, folder: Path, table: str | None, *, as_json: bool
) -> int:
    """Take tables out of a workbook or a CSV into a draft (exit 1: nothing was stored)."""
    if not (folder / "routing_tables").is_dir():
        raise Refused(
            f"{folder}: no draft; make one first (`tables draft`).",
            french=f"{folder} : pas un brouillon ; en faire un d'abord (`tables draft`).",
            code="no-tables",
        )
    try:
        found = importing.read(file, table)
        if found.usable:
            importing.store(found, folder)
    except OSError as error:
        raise _unusable(file, error) from None
    for finding in found.findings:
        if as_json:
            told = {"cell": finding.file, "line": finding.line, "column": finding.column}
            level = "error" if finding.error else "warning"
            told |= {"level": level, "text": finding.text(settings.lang)}
            click.echo(json.dumps(told, ensure_ascii=False))
        else:
            mark = "" if finding.error else "(!) "
            click.echo(f"{mark}{finding.file}: {finding.text(settings.lang)}")
    if not as_json:
        rows = sum(map(len, found.tables.values()))
        names = ", ".join(map(importing.sheet_name, found.tables)) or "-"
        stored = found.usable
        settings.say(
            f"{names}: {rows} rows{' stored' if stored else ', NOTHING stored'}.",
            f"{names} : {rows} lignes{' enregistrées' if stored else ', RIEN enregistré'}.",
        )
    return 0 if found.usable else 1


def _unusable(file: Path, error: OSError) -> Unreachable:
    why = error.strerror
    return Unreachable(
        f"{file}: cannot be used ({why}).",
        french=f"{file} : inutilisable ({why}).",
        code="file-unusable",
    )


COMMANDS = (tables_template, tables_import)
"""Of the group `tables`."""
