"""Availability: what other monitors saw, declared maintenance, and the report of a year."""

import asyncio
import json
from datetime import datetime
from pathlib import Path

import click

from gateway.annual import bounds
from gateway.annual.published import annex4
from gateway.annual.writing import html, markdown
from gateway.availability import GATEWAY, Period, lines, service_hours, tracks
from gateway.availability.showing import as_published, document, published_rows, rows
from gateway.cli import Settings
from gateway.cli.annual import write
from gateway.cli.misuse import Misuse
from gateway.cli.paris import InParis
from gateway.cli.showing import nothing_taken
from gateway.clock import YEARS, SystemClock
from gateway.journal.observing import Seen
from gateway.wording.availability import said

_TIME = InParis(["%Y-%m-%dT%H:%M"])


@click.group()
def availability() -> None:
    """Tell how available the parts around the gateway are."""


@availability.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def availability_import(settings: Settings, file: Path) -> int:
    """Take in what another monitor saw: all of the file, or none."""
    done = settings.ask("availability-import", {"file": str(file.absolute())})
    for fault in done["faults"]:
        text = said(settings.lang, f"line-{fault['code']}")
        click.echo(f"{file}:{fault['line']}: {text}", err=True)
    if done["faults"]:
        settings.say(*nothing_taken(done["more"]))
        return 1
    settings.say(
        f"Lines taken in: {done['imported']}; known already: {done['known']}.",
        f"Lignes reprises : {done['imported']} ; déjà connues : {done['known']}.",
    )
    return 0


@availability.command("maintenance")
@click.argument("component")
@click.option("--from", "begin", type=_TIME, required=True, help="When it begins, in Paris.")
@click.option("--until", "end", type=_TIME, required=True, help="When it ends, in Paris.")
@click.option("--why", required=True, help="Reason, kept in the journal.")
@click.option("--withdraw", is_flag=True, help="Take back what was declared for that time.")
@click.pass_obj
def availability_maintenance(
    settings: Settings,
    component: str,
    begin: datetime,
    end: datetime,
    why: str,
    *,
    withdraw: bool,
) -> None:
    """Declare that a part is, or will be, under maintenance."""
    times = {"from": begin.isoformat(), "until": end.isoformat()}
    params = {**times, "component": component, "reason": why}
    if withdraw:
        settings.ask("availability-withdraw", params)
        settings.say(f"Taken back: {component}.", f"Déclaration retirée : {component}.")
        return
    done = settings.ask("availability-maintenance", params)
    settings.say(f"Maintenance declared: {component}.", f"Maintenance déclarée : {component}.")
    configured = settings.config().availability.components
    if component not in {GATEWAY, *configured}:
        settings.say(
            f"No part {component} is configured: this counts once others' observations of it are"
            " taken in. A mistake is taken back by the same command with --withdraw.",
            f"Aucune part {component} n'est configurée : ceci comptera quand on aura repris des"
            " observations d'elle. Une erreur se retire par la même commande avec --withdraw.",
        )
    if done["declared_late"]:
        settings.say(
            "It had begun before: the report says so.",
            "Elle avait déjà commencé : le rapport le dira.",
        )


@click.command("availability")
@click.option("--year", type=click.IntRange(*YEARS), help="Year, in Paris.")
@click.option(
    "--from",
    "published",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A published table (Annex 4) instead.",
)
@click.option(
    "--html", "page", type=click.Path(path_type=Path, dir_okay=False), help="Write a page, too."
)
@click.option("--json", "as_json", is_flag=True, help="One object a line and kind of hours.")
@click.pass_obj
def report_availability(
    settings: Settings,
    year: int | None,
    published: Path | None,
    page: Path | None,
    *,
    as_json: bool,
) -> None:
    """Say how available each part and each service was in a year."""
    if (year is None) == (published is None):
        raise Misuse("give --year or --from", "donner --year ou --from")
    if published is not None:
        table = annex4(published)
        shown, found = as_published(table, settings.lang), published_rows(table)
    else:
        config = settings.config().availability
        begin, end = bounds(year or 0)
        end = max(begin, min(end, SystemClock().now()))
        seen = asyncio.run(_seen(settings, begin, end))
        hours = config.service_hours
        period = Period(begin, end, service_hours(hours, begin, end))
        known = tracks(seen, end, config.components)
        counted = lines(known, config.services, period)
        found = rows(counted)
        shown = document(year or 0, counted, period, hours, seen.maintenance, settings.lang)
    if page is not None:
        write(page, html(shown, settings.lang))
    if as_json:
        for row in found:
            click.echo(json.dumps(row, ensure_ascii=False))
    else:
        click.echo(markdown(shown))


async def _seen(settings: Settings, begin: datetime, end: datetime) -> Seen:
    async with settings.reader() as reader:
        return await reader.seen(begin, end)
