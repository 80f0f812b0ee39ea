"""Commands for the maintainers of the tables: draft, check, compare."""

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click

from gateway.cli import Settings, exchanging, foreseeing, releasing
from gateway.errors import Refused, Unreachable
from gateway.loading import drafted
from gateway.loading import root as root_of
from gateway.tables import shelf
from gateway.tables.checking import check, page
from gateway.tables.comparing import compare, in_html
from gateway.tables.drafting import draft
from gateway.tables.notice import in_html as note_in_html
from gateway.tables.notice import in_markdown, notice
from routing_tables.release import ROOT

_JSON = click.option("--json", "as_json", is_flag=True, help="One object a line.")
BASELINE = "baseline"


@click.group()
def tables() -> None:
    """Draft, check and compare the tables: directory and routes."""


for _command in (*exchanging.COMMANDS, *foreseeing.COMMANDS, *releasing.COMMANDS):
    tables.add_command(_command)


@tables.command("draft")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--as", "name", required=True, help="Name of the draft, such as 2027-01.")
@click.pass_obj
def tables_draft(settings: Settings, folder: Path, name: str) -> None:
    """Copy the tables in force into a new folder to work in."""
    made = draft(folder, name, _in_force(settings))
    settings.say(
        f"{folder}: draft {made.name} of {made.base}, {len(made.files)} tables.",
        f"{folder} : brouillon {made.name} issu de {made.base}, {len(made.files)} tables.",
    )


@tables.command("check")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write a page, too.")
@_JSON
@click.pass_obj
def tables_check(settings: Settings, folder: Path, html: Path | None, *, as_json: bool) -> int:
    """Say everything that is wrong with the tables of a folder (exit 1: they cannot be used)."""
    root = _root(settings, folder)
    findings = check(root, settings.today())
    for finding in findings:
        if as_json:
            told = {"file": finding.file, "line": finding.line, "column": finding.column}
            level = "error" if finding.error else "warning"
            told |= {"level": level, "text": finding.text(settings.lang)}
            click.echo(json.dumps(told, ensure_ascii=False))
        else:
            mark = "" if finding.error else "(!) "
            where = f"{finding.file}:{finding.line}:{finding.column}"
            click.echo(f"{mark}{where}: {finding.text(settings.lang)}")
    if html is not None:
        _write(html, page(folder.name, findings, settings.lang))
    errors = sum(finding.error for finding in findings)
    if not as_json:
        settings.say(
            f"{errors} errors, {len(findings) - errors} warnings.",
            f"{errors} erreur(s), {len(findings) - errors} avertissement(s).",
        )
    return 1 if errors else 0


@tables.command("diff")
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write a page, too.")
@_JSON
@click.pass_obj
def tables_diff(
    settings: Settings, before: Path, after: Path, html: Path | None, *, as_json: bool
) -> None:
    """Say what was added, ended or changed from one folder to the other (or `baseline`)."""
    changes = compare(_root(settings, before), _root(settings, after))
    for change in changes:
        if as_json:
            told = {"file": change.file, "what": change.what, "key": change.key}
            columns = [
                {"column": column, "before": old, "after": new}
                for column, old, new in change.changes
            ]
            click.echo(json.dumps({**told, "changes": columns}, ensure_ascii=False))
        else:
            click.echo(change.text(settings.lang))
    if html is not None:
        _write(html, in_html(before.name, after.name, changes, settings.lang))
    if not as_json:
        settings.say(f"{len(changes)} changes.", f"{len(changes)} différence(s).")


@tables.command("notice")
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), required=True, help="Effect.")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write a page, too.")
@_JSON
@click.pass_obj
def tables_notice(
    settings: Settings,
    before: Path,
    after: Path,
    day: datetime,
    html: Path | None,
    *,
    as_json: bool,
) -> int:
    """Write the note on substantial changes that take effect on a day (exit 1: too late)."""
    noted = notice(
        drafted(_root(settings, before)).directory,
        drafted(_root(settings, after)).directory,
        day.date(),
        settings.today(),
        settings.config().tables.notice_months,
    )
    if html is not None:
        _write(html, note_in_html(noted, settings.lang))
    if as_json:
        for entry in noted.entries:
            click.echo(json.dumps(asdict(entry), ensure_ascii=False))
    else:
        click.echo(in_markdown(noted, settings.lang))
    return 1 if noted.late and noted.entries else 0


def _write(path: Path, text: str) -> None:
    """Write a page.

    Raises:
        Unreachable: it cannot be written.
    """
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Unreachable(
            f"{path}: cannot be written ({error.strerror}).",
            french=f"{path} : écriture impossible ({error.strerror}).",
            code="page-unwritable",
        ) from None


def _in_force(settings: Settings) -> Path:
    """Where the tables in force are; the baseline where nothing ever was."""
    now = settings.release_in_force()
    return root_of(settings.state, now.name, now.digest) if now is not None else ROOT


def _root(settings: Settings, folder: Path) -> Path:
    """The folder that holds the tables: one that is there, `baseline`, or a release by name.

    Raises:
        Refused: it is none.
    """
    root = ROOT if str(folder) == BASELINE else folder
    if not root.exists() and shelf.NAME.fullmatch(str(folder)) is not None:
        root = root_of(settings.state, str(folder))
    if not (root / "ir_directory").is_dir() or not (root / "routing_tables").is_dir():
        raise Refused(
            f"{folder}: no tables here (ir_directory/ and routing_tables/); make a draft first.",
            french=f"{folder} : pas de tables ici (ir_directory/ et routing_tables/) ;"
            " faire d'abord un brouillon (tables draft).",
            code="no-tables",
        )
    return root
