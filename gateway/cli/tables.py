"""Commands for the maintainers of the tables: draft, check, compare, note."""

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import click

from gateway.cli import Settings, exchanging, foreseeing, merging, releasing
from gateway.cli.paris import DATE
from gateway.errors import Unreachable
from gateway.loading import drafted
from gateway.tables.checking import check
from gateway.tables.comparing import compare, in_html
from gateway.tables.comparing import summary as differences
from gateway.tables.drafting import draft
from gateway.tables.finding import page, summary
from gateway.tables.notice import in_html as note_in_html
from gateway.tables.notice import in_markdown, notice

_JSON = click.option("--json", "as_json", is_flag=True, help="One object a line.")


@click.group()
def tables() -> None:
    """Draft, check and compare the tables: directory and routes."""


for _module in (exchanging, foreseeing, merging, releasing):
    for _command in _module.COMMANDS:
        tables.add_command(_command)


@tables.command("draft")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--as", "name", required=True, help="Name of the draft, such as 2027-01.")
@click.pass_obj
def tables_draft(settings: Settings, folder: Path, name: str) -> None:
    """Copy the tables in force into a new folder to work in."""
    made = draft(folder, name, settings.tables_in_force())
    settings.say(
        f"{folder}: draft {made.name} of {made.base}, {len(made.files)} tables.",
        f"{folder} : brouillon {made.name} issu de {made.base}, {len(made.files)} tables.",
    )


@tables.command("check")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write a page, too.")
@click.option("--all", "every", is_flag=True, help="Warnings of the tables in force, too.")
@_JSON
@click.pass_obj
def tables_check(
    settings: Settings, folder: Path, html: Path | None, *, every: bool, as_json: bool
) -> int:
    """Say everything that is wrong with the tables of a folder (exit 1: they cannot be used)."""
    root, in_force = settings.tables_of(folder), settings.tables_in_force()
    findings = check(root, settings.today(), in_force if in_force != root else None)
    for finding in findings:
        if finding.known and not (every or as_json):
            continue
        if as_json:
            told = {"file": finding.file, "line": finding.line, "column": finding.column}
            level = "error" if finding.error else "warning"
            told |= {"level": level, "known": finding.known, "text": finding.text(settings.lang)}
            click.echo(json.dumps(told, ensure_ascii=False))
        else:
            mark = "" if finding.error else "(!) "
            click.echo(f"{mark}{finding.place}: {finding.text(settings.lang)}")
    if html is not None:
        _write(html, page(folder.name, findings, settings.lang))
    errors = sum(finding.error for finding in findings)
    if not as_json:
        click.echo(summary(findings, settings.lang))
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
    try:
        changes = compare(settings.tables_of(before), settings.tables_of(after))
    except OSError as error:
        raise Unreachable(
            f"{error.filename}: cannot be read ({error.strerror}); mind its rights.",
            french=f"{error.filename} : illisible ({error.strerror}) ; voir les droits.",
            code="tables-unreadable",
        ) from None
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
        click.echo(differences(changes, settings.lang))


@tables.command("notice")
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@click.option("--date", "day", type=DATE, required=True, help="Effect.")
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
        drafted(settings.tables_of(before)).directory,
        drafted(settings.tables_of(after)).directory,
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
