"""Reports from the journal: counts, never a case or a person, but for `report duplicates`."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

import click

from gateway.cli import Settings
from gateway.cli.annual import report_annual, report_close
from gateway.cli.availability import report_availability
from gateway.cli.duplicates import report_duplicates
from gateway.cli.paris import DAY
from gateway.clock import SystemClock
from gateway.errors import Refused
from gateway.journal.rows import FirstDecision, ServiceKind, ServiceStep, TransferMade
from gateway.reports.misrouting import misrouting
from gateway.reports.returned import returned
from gateway.reports.service_levels import TIMED, levels
from gateway.wording import sentence
from gateway.wording.numbers import duration, number
from sed_schemas.load import countries


@click.group()
def report() -> None:
    """Account for what happened."""


report.add_command(report_annual)
report.add_command(report_close)
report.add_command(report_availability)
report.add_command(report_duplicates)

_SINCE = click.option("--since", type=DAY, help="What happened on this day or later.")
_JSON = click.option("--json", "as_json", is_flag=True, help="One object a line.")
_NAMES: Final = {
    "en": {
        ServiceKind.TRANSFER: "transfers",
        ServiceKind.QUESTION: "questions",
        ServiceKind.ANSWER: "answers",
        ServiceKind.REMINDER: "reminders (a question)",
    },
    "fr": {
        ServiceKind.TRANSFER: "transferts",
        ServiceKind.QUESTION: "questions",
        ServiceKind.ANSWER: "réponses",
        ServiceKind.REMINDER: "rappels (par question)",
    },
}
_BY: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {"buc": "BUC"},
    "fr": {"row": "ligne", "assumed": "supposé", "buc": "BUC"},
}


@report.command("misrouting")
@click.option("--since", type=DAY, help="Received on this day or later.")
@click.option("--country", default=None, help="Senders of this country alone, such as DE.")
@_JSON
@click.pass_obj
def report_misrouting(
    settings: Settings, since: datetime | None, country: str | None, *, as_json: bool
) -> None:
    """Say which senders could have named the institution, and which field they left out."""
    wanted = country.strip().upper() if country is not None else None
    if wanted is not None and wanted not in countries():
        raise _no_country(wanted)
    for row in misrouting(asyncio.run(_decided(settings, since))):
        if wanted is not None and row.country != wanted:
            continue
        missing = dict(sorted(row.missing.items(), key=lambda item: (-item[1], item[0])))
        if as_json:
            click.echo(json.dumps({**asdict(row), "missing": missing}))
            continue
        space = " " if settings.lang == "fr" else ""
        lacked = "".join(
            f"{space}; {sentence(settings.lang, 'value', f'datum:{datum}')}{space}: {number}"
            for datum, number in missing.items()
        )
        head = f"{row.country}  {row.institution:<14}{row.buc:<12}"
        settings.say(
            f"{head}{row.nameable} of {row.cases} nameable at once{lacked}",
            f"{head}{row.nameable} sur {row.cases} désignables d'emblée{lacked}",
        )


def _no_country(code: str) -> Refused:
    """An empty list of it would look as if nobody there had sent us anything."""
    return Refused(
        f"{code[:40]}: no country of EESSI (Greece is EL, the United Kingdom UK); correct it.",
        french=f"{code[:40]} : pas un pays d'EESSI (la Grèce est EL, le Royaume-Uni UK) ;"
        " corriger.",
        code="unknown-country",
    )


@report.command("returned")
@_SINCE
@_JSON
@click.pass_obj
def report_returned(settings: Settings, since: datetime | None, *, as_json: bool) -> None:
    """Say which rows, BUCs and institutions transfers came back from, and how often."""
    for row in returned(asyncio.run(_transfers(settings, since))):
        if as_json:
            click.echo(json.dumps({**asdict(row), "rate": round(row.rate, 4)}))
            continue
        by = _BY[settings.lang].get(row.by, row.by)
        rate = f"{number(settings.lang, 100 * row.rate, 2)} %"
        head = f"{by:<12} {row.value:<27}{row.came_back:>6} / {row.transfers:<6} {rate:>8}"
        settings.say(
            f"{head}  returned {row.returned}, recalled {row.recalled}",
            f"{head}  rendus {row.returned}, rappelés {row.recalled}",
        )


@report.command("partners")
@_SINCE
@_JSON
@click.pass_obj
def report_partners(settings: Settings, since: datetime | None, *, as_json: bool) -> None:
    """Say by country how long partners wait for us and we for them."""
    rows = [one.shown() for one in levels(asyncio.run(_steps(settings, since)))]
    if as_json:
        for row in rows:
            click.echo(json.dumps(row))
        return
    settings.say(
        "median / 90th percentile since the receipt of the case; answers since the question",
        "médiane / 90e centile depuis la réception du dossier ; réponses depuis la question",
    )
    for row in rows:
        click.echo(_levels_line(settings.lang, row))


def _levels_line(lang: str, row: Mapping[str, Any]) -> str:
    names = _NAMES[lang]
    parts = [
        f"{names[kind]} {row[f'{kind}s']} ({_took(lang, row[f'{kind}_median_seconds'])} /"
        f" {_took(lang, row[f'{kind}_p90_seconds'])})"
        for kind in TIMED
    ]
    each = row["reminders_per_question"]
    mean = "-" if each is None else number(lang, each, 2)
    reminders = f"{names[ServiceKind.REMINDER]} {row['reminders']} ({mean})"
    return f"{row['country']:<3} {'  '.join((*parts, reminders))}"


def _took(lang: str, seconds: float | None) -> str:
    return "-" if seconds is None else duration(lang, seconds)


async def _transfers(settings: Settings, since: datetime | None) -> Sequence[TransferMade]:
    async with settings.reader() as reader:
        return await reader.transfers(since)


async def _steps(settings: Settings, since: datetime | None) -> Sequence[ServiceStep]:
    async with settings.reader() as reader:
        return await reader.service_steps(since, SystemClock().now())


async def _decided(settings: Settings, since: datetime | None) -> Sequence[FirstDecision]:
    async with settings.reader() as reader:
        return await reader.first_decisions(since)
