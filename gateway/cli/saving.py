"""A copy of the journal and back: `backup`, `restore`."""

import asyncio
from pathlib import Path

import click

from gateway.cli import Settings
from gateway.clock import SystemClock
from gateway.errors import Refused
from gateway.journal.pausing import Reach
from gateway.journal.saving import backup as saved
from gateway.journal.saving import settle, unpack
from gateway.people.control import NAME, running

_FOLDER = click.argument("folder", type=click.Path(path_type=Path, file_okay=False))


@click.command()
@_FOLDER
@click.pass_obj
def backup(settings: Settings, folder: Path) -> None:
    """Copy the journal, releases and schemas into a new folder; the gateway may go on working."""
    _in_a_file(settings)
    files = saved(settings.state, folder, SystemClock().now())
    settings.say(
        f"{folder}: {len(files)} files; they hold personal data: guard them like the original.",
        f"{folder} : {len(files)} fichiers ; ils contiennent des données personnelles : les"
        " protéger comme l'original.",
    )


@click.command()
@_FOLDER
@click.pass_obj
def restore(settings: Settings, folder: Path) -> None:
    """Put a backup into an empty state folder; nothing leaves until a person resumes it."""
    _in_a_file(settings)
    if running(settings.state / NAME):
        raise Refused(
            "The gateway is running; stop it first.",
            french="La passerelle fonctionne ; l'arrêter d'abord.",
            code="running",
        )
    inside, taken_at = unpack(folder, settings.state)
    why = f"restored from a backup of {taken_at:%Y-%m-%d %H:%M} UTC"
    unpacked = Settings(inside, settings.config_file, settings.lang)
    if not asyncio.run(_is_paused(unpacked)):
        unpacked.ask("pause", {"reason": why})
    settle(inside, settings.state)
    settings.say(
        f"{settings.state}: as of {taken_at:%Y-%m-%d %H:%M} UTC. Everything is paused: see what was"
        " sent since (RINA, outbound), then `eessi-gateway resume --why ...`.",
        f"{settings.state} : état du {taken_at:%Y-%m-%d %H:%M} UTC. Tout est en pause : voir ce qui"
        " est parti depuis (RINA, outbound), puis `eessi-gateway resume --why ...`.",
    )


def _in_a_file(settings: Settings) -> None:
    """Return when the journal is a file of the state folder."""
    if settings.database() is not None:
        raise Refused(
            "The journal is in a database: save it with pg_dump, with releases/, schemas/ and"
            " service.key of the state folder.",
            french="Le journal est dans une base de données : la sauvegarder avec pg_dump, avec"
            " releases/, schemas/ et service.key du dossier d'état.",
            code="journal-in-database",
        )


async def _is_paused(settings: Settings) -> bool:
    """Whether everything was paused already when the copy was taken."""
    async with settings.reader() as reader:
        return any(pause.reach is Reach.ALL for pause in await reader.pauses())
