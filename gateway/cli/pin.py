"""`journal find --pin`: the number is read where no history, process list or log keeps it."""

import asyncio
import json
import sys
from typing import Final

import click

from gateway.cli import Settings
from gateway.cli.showing import show_rows
from gateway.errors import Refused
from gateway.people.pin_search import Holding, Number, holding

_LONGEST: Final = 200
"""Bytes of a number, with whatever stands between its digits."""
SUMMARY: Final = ("cases", "messages", "erased_cases", "unread_messages")
"""The last object of `--json`: what was found, and what could not be looked through."""


def find_pin(settings: Settings, *, as_json: bool, limit: int) -> None:
    """Show every message that holds the number which is asked for, after it was written down.

    Raises:
        Refused: no message holds it, or nothing was typed.
        Unreachable: the look cannot be written down; nothing is shown.
    """
    number = _asked(settings)

    async def look() -> Holding:
        async with settings.reader() as reader:
            settings.viewing("*", protected=False)
            return await holding(reader, number)

    found = asyncio.run(look())
    for case_id, protected in found.cases.items():
        settings.viewing(case_id, protected=protected)
    show_rows(found.rows[:limit], as_json=as_json)
    _sum_up(settings, found, limit, as_json=as_json)
    if not found.rows:
        raise Refused(
            "No message that can be searched holds this number.",
            french="Aucun message consultable ne porte ce numéro.",
            code="not-found",
        )


def _asked(settings: Settings) -> Number:
    """The number, typed without echo at a terminal, else the first line of standard input."""
    if sys.stdin.isatty():
        text = "Numéro" if settings.lang == "fr" else "Number"
        typed = str(click.prompt(text, hide_input=True, err=True))
    else:
        typed = sys.stdin.buffer.readline(_LONGEST).decode(errors="replace")
    try:
        number = Number(typed)
    except ValueError:
        raise Refused(
            "No number was given on standard input.",
            french="Aucun numéro n'a été donné sur l'entrée standard.",
            code="no-number",
        ) from None
    if number.slipped:
        _warn(
            settings,
            "The key of this French number does not fit; its first 13 characters are looked for.",
            "La clé de ce numéro français ne convient pas ; la recherche porte sur ses 13 premiers"
            " caractères.",
        )
    return number


def _sum_up(settings: Settings, found: Holding, limit: int, *, as_json: bool) -> None:
    """What was found, and what could not be looked through: an answer to a person must say so."""
    if as_json:
        told = (len(found.cases), len(found.rows), found.erased, found.unread)
        click.echo(json.dumps(dict(zip(SUMMARY, told, strict=True))))
        return
    more = len(found.rows) - limit
    if more > 0:
        settings.say(
            f"{more} more messages are not shown; see --limit.",
            f"{more} autres messages ne sont pas montrés ; voir --limit.",
        )
    if found.erased:
        settings.say(
            f"{found.erased} cases whose evidence was erased cannot be searched, or not whole.",
            f"{found.erased} dossiers dont les données sont effacées échappent à la recherche, au"
            " moins en partie.",
        )
    if found.unread:
        settings.say(
            f"{found.unread} messages that were set aside cannot be searched.",
            f"{found.unread} messages mis de côté échappent à la recherche.",
        )


def _warn(settings: Settings, english: str, french: str) -> None:
    click.echo(french if settings.lang == "fr" else english, err=True)
