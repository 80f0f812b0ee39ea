"""Commands that say, and make, what must be at the broker."""

import asyncio
import json
import logging
from collections.abc import Sequence

import click

from gateway.cli import Settings
from gateway.cli.showing import JSON
from gateway.connecting import Standing, topology
from gateway.core.message import INSTITUTION_ID
from gateway.errors import ConfigurationError, Refused

_INSTITUTION = click.option(
    "--institution",
    "institutions",
    multiple=True,
    help="With the queue of this institution (may be repeated).",
)
_STANDS = {
    "ok": ("is as it must be", "est comme il faut"),
    "there": ("is there; we may not compare it", "existe ; comparaison non autorisée"),
    "missing": ("is missing", "manque"),
    "differs": ("has other properties than it must", "n'a pas les propriétés voulues"),
}


@click.group()
def broker() -> None:
    """Say and make what must be at RabbitMQ, with `transport = "rabbitmq"`."""


@broker.command("plan")
@JSON
@_INSTITUTION
@click.pass_obj
def broker_plan(settings: Settings, *, as_json: bool, institutions: Sequence[str]) -> int:
    """Say what must be there, and how it stands; make nothing."""
    things = _asked(settings, institutions, make=False)
    for thing in things:
        if as_json:
            click.echo(json.dumps(thing.shown(), ensure_ascii=False))
            continue
        english, french = _STANDS[thing.state]
        settings.say(
            f"{thing.kind} {thing.name}: {english}", f"{thing.kind} {thing.name} : {french}"
        )
        for name, value in thing.arguments.items():
            click.echo(f"      {name} = {value}")
        for exchange, key in thing.bindings:
            click.echo(f"      <- {exchange} {key}".rstrip())
    return 1 if any(thing.state in {"missing", "differs"} for thing in things) else 0


@broker.command("apply")
@_INSTITUTION
@click.pass_obj
def broker_apply(settings: Settings, *, institutions: Sequence[str]) -> None:
    """Make what is missing, and the bindings; refused where something there differs."""
    things = _asked(settings, institutions, make=True)
    made = [thing for thing in things if thing.state == "missing"]
    for thing in made:
        settings.say(f"made: {thing.kind} {thing.name}", f"créé : {thing.kind} {thing.name}")
    settings.say(
        f"{len(made)} made, {len(things) - len(made)} were there.",
        f"{len(made)} créés, {len(things) - len(made)} existaient.",
    )


def _asked(settings: Settings, institutions: Sequence[str], *, make: bool) -> Sequence[Standing]:
    config = settings.config()
    if config.transport != "rabbitmq":
        raise ConfigurationError(
            'The configuration names no broker: transport = "rabbitmq" does.',
            french='La configuration ne nomme aucun courtier : transport = "rabbitmq" le fait.',
            code="no-broker",
        )
    for institution in institutions:
        if not institution.startswith("FR:") or INSTITUTION_ID.fullmatch(institution) is None:
            raise Refused(
                f"{institution[:40]}: no id of a French institution, such as FR:0101100000.",
                french=f"{institution[:40]} : pas un id d'institution française, tel que"
                " FR:0101100000.",
                code="not-a-destination",
            )
    logging.getLogger("aiormq").addHandler(logging.NullHandler())  # the error itself says it all
    return asyncio.run(topology(config.rabbitmq, institutions, make=make))
