"""Reports from the journal: counts, never a case or a person."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime

import click

from gateway.cli import Settings
from gateway.journal import FirstDecision
from gateway.misrouting import misrouting
from gateway.wording import sentence


@click.group()
def report() -> None:
    """Account for what happened."""


@report.command("misrouting")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Received on this day or later.")
@click.option("--country", default=None, help="Senders of this country alone, such as DE.")
@click.option("--json", "as_json", is_flag=True, help="One object a line.")
@click.pass_obj
def report_misrouting(
    settings: Settings, since: datetime | None, country: str | None, *, as_json: bool
) -> None:
    """Say which senders could have named the institution, and which field they left out."""
    begin = since.replace(tzinfo=UTC) if since is not None else None
    for row in misrouting(asyncio.run(_decided(settings, begin))):
        if country is not None and row.country != country:
            continue
        missing = dict(sorted(row.missing.items(), key=lambda item: (-item[1], item[0])))
        if as_json:
            click.echo(json.dumps({**asdict(row), "missing": missing}))
            continue
        asked = "; ".join(
            f"{sentence(settings.lang, 'missing', datum)} {number}"
            for datum, number in missing.items()
        )
        head = f"{row.country}  {row.institution:<14}{row.buc:<12}"
        settings.say(
            f"{head}{row.nameable} of {row.cases} nameable at once. {asked}".rstrip(),
            f"{head}{row.nameable} sur {row.cases} désignables d'emblée. {asked}".rstrip(),
        )


async def _decided(settings: Settings, since: datetime | None) -> Sequence[FirstDecision]:
    async with settings.reader() as reader:
        return await reader.first_decisions(since)
