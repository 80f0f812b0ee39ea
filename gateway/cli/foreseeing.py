"""What a draft of the tables would have changed: `tables impact`."""

import asyncio
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Final

import click

from gateway.cli import Settings
from gateway.cli.paris import DATE
from gateway.loading import drafted, limits, policy, schemas, tables
from gateway.tables.impact import WHAT, Bench, Effect, Impact, impact
from gateway.wording import sentence


@click.command("impact")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--since", type=DATE, help="Leave out what was received before this day.")
@click.option("--on", "day", type=DATE, help="Judge as if everything had come on this day.")
@click.option("--json", "as_json", is_flag=True, help="One object a line.")
@click.pass_obj
def tables_impact(
    settings: Settings,
    folder: Path,
    since: datetime | None,
    day: datetime | None,
    *,
    as_json: bool,
) -> None:
    """Judge the journal's past again on a draft, and say what would be decided otherwise."""
    bench = _bench(settings, folder)
    bench = replace(
        bench,
        since=since.date() if since is not None else None,
        on=day.date() if day is not None else None,
    )
    found = asyncio.run(_looked(settings, bench))
    counts = found.counts()
    told = {"messages": found.messages, "erased": found.erased}
    told |= {what: counts[what] for what in WHAT}
    if as_json:
        click.echo(json.dumps({"kind": "counts", **told}))
        for effect in found.effects:
            click.echo(json.dumps({"kind": "effect", **asdict(effect)}))
        return
    for name, number in told.items():
        click.echo(f"{_said(settings, name):<20}{number:>8}")
    for effect in found.effects:
        rows = f"{', '.join(effect.rows_before) or '-'} -> {', '.join(effect.rows_after) or '-'}"
        click.echo(
            f"{effect.case_id}  {effect.buc}  {effect.country}  {_said(settings, effect.what)}:"
            f" {effect.before} -> {effect.after} ({rows})"
        )
    for code, meaning in _meanings(settings.lang, found.effects):
        settings.say(f"{code}: {meaning}", f"{code} : {meaning}")


_WORDS: Final = (("decision", ""), ("cause", ""), ("message-state", ""), ("value", "datum:"))
"""What a code in `before` or `after` may be: kind of its sentence, and what stands before it."""


def _meanings(lang: str, effects: Iterable[Effect]) -> Iterator[tuple[str, str]]:
    """Each code that the list shows, once, with what it means; an id is none."""
    shown = {code for one in effects for text in (one.before, one.after) for code in text.split()}
    for code in sorted(code for code in shown if ":" not in code):
        told = [sentence(lang, kind, f"{begin}{code}") for kind, begin in _WORDS]
        yield from ((code, said) for said in told if not said.startswith("["))


def _said(settings: Settings, what: str) -> str:
    return sentence(settings.lang, "label", "asked-newly" if what == "asked" else what)


def _bench(settings: Settings, folder: Path) -> Bench:
    """The draft beside the tables in force."""
    config = settings.config()
    now = settings.release_in_force()
    in_force = tables(config.state, now.name, now.digest) if now is not None else tables()
    return Bench(
        limits(config),
        schemas(config.state),
        policy(config),
        in_force,
        drafted(settings.tables_of(folder)),
    )


async def _looked(settings: Settings, bench: Bench) -> Impact:
    async with settings.reader() as reader:
        messages = sum((await reader.counts()).messages.values())
        with click.progressbar(length=messages, file=sys.stderr) as bar:

            def told(count: int) -> None:
                bar.update(count)

            return await impact(reader, bench, told)


COMMANDS = (tables_impact,)
"""Of the group `tables`."""
