"""Commands that hold back what leaves, and let it go again."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import click

from gateway.cli import Settings
from gateway.cli.misuse import Misuse
from gateway.cli.paris import clock
from gateway.journal.pausing import Pause, Reach
from gateway.wording import sentence

_BUC = click.option("--buc", default=None, help="Cases of this BUC alone.")
_INSTITUTION = click.option("--institution", default=None, help="What concerns this one alone.")
_COUNTRY = click.option("--country", default=None, help="The same for a country: two capitals.")
_WHY = click.option("--why", required=True, help="Reason, kept in the journal.")


@click.command()
@_BUC
@_INSTITUTION
@_COUNTRY
@_WHY
@click.pass_obj
def pause(
    settings: Settings, buc: str | None, institution: str | None, country: str | None, why: str
) -> None:
    """Let nothing leave and nothing fall due until `resume`; alone, take nothing in either."""
    params = _reach(buc, institution, country)
    settings.ask("pause", {**params, "reason": why})
    said = params["value"] or _everything(settings)
    settings.say(f"Paused: {said}.", f"En pause : {said}.")


@click.command()
@_BUC
@_INSTITUTION
@_COUNTRY
@_WHY
@click.pass_obj
def resume(
    settings: Settings, buc: str | None, institution: str | None, country: str | None, why: str
) -> None:
    """End the pause of the same reach; what was held back goes on."""
    params = _reach(buc, institution, country)
    left = settings.ask("resume", {**params, "reason": why})["pauses"]
    said = params["value"] or _everything(settings)
    settings.say(
        f"Resumed: {said}; pauses that still hold: {left}.",
        f"Reprise : {said} ; pauses encore en vigueur : {left}.",
    )


def _everything(settings: Settings) -> str:
    return sentence(settings.lang, "page", f"reach:{Reach.ALL}")


def _reach(buc: str | None, institution: str | None, country: str | None) -> dict[str, str]:
    said = {Reach.BUC: buc, Reach.INSTITUTION: institution, Reach.COUNTRY: country}
    given = [(reach, value) for reach, value in said.items() if value is not None]
    if len(given) > 1:
        raise Misuse(
            "at most one of --buc, --institution, --country",
            "un seul au plus de --buc, --institution, --country",
        )
    reach, value = given[0] if given else (Reach.ALL, "")
    return {"reach": reach.value, "value": value}


def show_all(settings: Settings, *, as_json: bool) -> int:
    """Every pause there was, in the order in which they began."""
    for pause in asyncio.run(_every(settings)):
        shown = listed(pause) | {
            "until": pause.until.isoformat() if pause.until is not None else None,
            "resumed_by": pause.resumed_by,
            "resumed_why": pause.resumed_why,
        }
        if as_json:
            click.echo(json.dumps(shown, ensure_ascii=False))
            continue
        until = shown["until"]
        over = f" -> {clock(until)}, {pause.resumed_by}: {pause.resumed_why}" if until else ""
        click.echo(f"{told(shown, settings.lang)}{over}")
    return 0


async def _every(settings: Settings) -> Sequence[Pause]:
    async with settings.reader() as reader:
        return await reader.pauses(every=True)


def listed(pause: Pause) -> dict[str, Any]:
    """A pause as `status --json` shows it."""
    return {
        "reach": pause.reach.value,
        "value": pause.value or None,
        "since": pause.since.isoformat(),
        "who": pause.who,
        "why": pause.why,
    }


def told(pause: dict[str, Any], lang: str) -> str:
    """A pause in one line."""
    reach = sentence(lang, "page", f"reach:{pause['reach']}")
    what = f"{reach} {pause['value'] or ''}".strip()
    return f"{what}, {clock(pause['since'])}, {pause['who']}: {pause['why']}"
