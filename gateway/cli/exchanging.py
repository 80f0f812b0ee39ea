"""Tables to a spreadsheet and back, and from the IR: `tables template`, `import`, `sync`."""

import json
from collections.abc import Iterator
from dataclasses import asdict, fields
from datetime import datetime
from pathlib import Path
from typing import Final

import click

from gateway.cli import Settings
from gateway.cli.paris import DATE
from gateway.cli.showing import already_there
from gateway.errors import Refused, Unreachable
from gateway.tables import importing, synchronising, template
from gateway.tables.drafting import draft
from gateway.wording import sentence
from gateway.wording.numbers import counted

_BY_HAND: Final = ("new", "gone")
"""What a synchronisation leaves to a person: no table holds it, so all of it is listed."""
_REOPENED: Final = "reopened"


@click.command("template")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--from", "folder", type=click.Path(path_type=Path), help="Fill in these tables.")
@click.pass_obj
def tables_template(settings: Settings, file: Path, folder: Path | None) -> None:
    """Write a workbook to work in: text columns, drop-downs, a sheet a table."""
    if file.suffix.lower() != ".xlsx":
        raise Refused(
            f"{file}: a template is an .xlsx file; LibreOffice and Excel open it.",
            french=f"{file} : un modèle est un fichier .xlsx ; LibreOffice et Excel l'ouvrent.",
            code="not-xlsx",
        )
    if file.exists():
        raise already_there(file)
    try:
        rows = template.write(file, settings.tables_of(folder) if folder is not None else None)
    except OSError as error:
        raise _unusable(file, error) from None
    settings.say(
        f"{file}: {counted('en', rows, 'row', 'rows')}.",
        f"{file} : {counted('fr', rows, 'ligne', 'lignes')}.",
    )


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
    _is_draft(folder)
    try:
        found = importing.read(file, table)
        importing.emptied(found, folder)
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
        settings.say(*_outcome(found))
    return 0 if found.usable else 1


def _outcome(found: importing.Imported) -> tuple[str, str]:
    """What was read and whether it was stored, in English and in French."""
    rows = sum(map(len, found.tables.values()))
    names = ", ".join(map(importing.sheet_name, found.tables))
    if found.usable:
        return (
            f"{names}: {counted('en', rows, 'row', 'rows')} stored.",
            f"{names} : {counted('fr', rows, 'ligne enregistrée', 'lignes enregistrées')}.",
        )
    read, lues = f"{names}: " if names else "", f"{names} : " if names else ""
    return (
        f"{read}{counted('en', rows, 'row', 'rows')} read, NOTHING stored.",
        f"{lues}{counted('fr', rows, 'ligne lue', 'lignes lues')}, RIEN n'est enregistré.",
    )


@click.command("sync")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--into",
    "folder",
    type=click.Path(path_type=Path),
    required=True,
    help="A draft, or a new one.",
)
@click.option("--date", "day", type=DATE, help="From when on (today).")
@click.option("--json", "as_json", is_flag=True, help="One object.")
@click.pass_obj
def tables_sync(
    settings: Settings, file: Path, folder: Path, day: datetime | None, *, as_json: bool
) -> None:
    """Bring a draft up to an IR synchronisation message (SYN001)."""
    on = day.date() if day is not None else settings.today()
    try:
        with file.open("rb") as opened:
            body = opened.read(synchronising.MOST_BYTES + 1)
        said = synchronising.repository(body, str(file))
        if not folder.exists():
            draft(folder, folder.name, settings.tables_in_force())
        _is_draft(folder)
        done = synchronising.synchronise(said, folder, on)
    except OSError as error:
        raise _unusable(file, error) from None
    if as_json:
        click.echo(json.dumps(asdict(done)))
        return
    for line in _synchronised(done, settings.lang):
        click.echo(line)
    settings.say(
        "`tables diff` shows it row by row; what is new or gone is for you to decide.",
        "`tables diff` le montre ligne à ligne ; nouvelles et disparues sont à décider à la main.",
    )


def _synchronised(done: synchronising.Synchronised, lang: str) -> Iterator[str]:
    """A line a list: how many, and the first of them; what a person must decide, in full."""
    for one in fields(done):
        found = getattr(done, one.name)
        number = found if isinstance(found, int) else len(found)
        names = [] if isinstance(found, int) or one.name == _REOPENED else found
        shown = names if one.name in _BY_HAND else names[:5]
        few = ": " + ", ".join(shown) if shown else ""
        more = " ..." if len(shown) < len(names) else ""
        yield f"{sentence(lang, 'label', one.name):<14}{number}{few}{more}"
        if one.name == _REOPENED:
            yield from (f"  {_reopened(end, lang)}" for end in found)


def _reopened(end: synchronising.Reopened, lang: str) -> str:
    colon, stop = (" : ", " ; ") if lang == "fr" else (": ", "; ")
    days = f"{end.ours} -> {end.theirs}" if end.theirs else end.ours
    said = f"{end.key}{colon}{sentence(lang, 'label', end.what)} ({days})"
    return said if end.drafted else said + stop + sentence(lang, "label", "not-drafted")


def _is_draft(folder: Path) -> None:
    if not (folder / "routing_tables").is_dir():
        raise Refused(
            f"{folder}: no draft; make one first (`tables draft`).",
            french=f"{folder} : pas un brouillon ; en faire un d'abord (`tables draft`).",
            code="no-tables",
        )


def _unusable(file: Path, error: OSError) -> Unreachable:
    why = error.strerror
    return Unreachable(
        f"{file}: cannot be used ({why}).",
        french=f"{file} : inutilisable ({why}).",
        code="file-unusable",
    )


COMMANDS = (tables_template, tables_import, tables_sync)
"""Of the group `tables`."""
