"""Commands that make traffic up."""

from datetime import UTC, datetime
from pathlib import Path

import click

from gateway.cli import Settings
from gateway.simulation import year as write

_DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def simulate() -> None:
    """Make traffic up, with the truth about it."""


@simulate.command()
@click.option("--seed", type=int, required=True, help="What everything is drawn from.")
@click.option("--count", type=click.IntRange(1), required=True, help="Cases.")
@click.option(
    "--out",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder to write: messages/ and truth.csv.",
)
@click.option(
    "--missing",
    type=click.FloatRange(0, 1),
    default=0.25,
    show_default=True,
    help="Share of cases that lack what is needed.",
)
@click.option(
    "--silent-schemes",
    "silent",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="Share of persons of the agricultural scheme without any sign of it.",
)
@click.option(
    "--from", "begin", type=_DAY, default="2026-01-01", show_default=True, help="First day."
)
@click.option("--to", "end", type=_DAY, default="2027-01-01", show_default=True, help="Day after.")
@click.pass_obj
def year(
    settings: Settings,
    *,
    seed: int,
    count: int,
    folder: Path,
    missing: float,
    silent: float,
    begin: datetime,
    end: datetime,
) -> None:
    """Write a made-up year of messages in order of receipt, and the truth beside it."""
    made = write(
        folder,
        seed=seed,
        count=count,
        missing=missing,
        silent=silent,
        begin=begin.replace(tzinfo=UTC),
        end=end.replace(tzinfo=UTC),
    )
    settings.say(
        f"{folder}: {made.cases} cases ({made.lacking} lack something), {made.files} files,"
        f" {made.messages} messages in truth.csv.",
        f"{folder} : {made.cases} dossiers ({made.lacking} incomplets), {made.files} fichiers,"
        f" {made.messages} messages dans truth.csv.",
    )
