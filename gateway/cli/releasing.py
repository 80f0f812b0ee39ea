"""Commands for the life of a release of the tables: release, approve, activate, roll back, list."""

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import click

from gateway.cli import Settings
from gateway.cli.paris import DATE
from gateway.clock import SystemClock
from gateway.core.matter import PARIS
from gateway.journal.rows import Release, TableRelease
from gateway.tables import shelf
from gateway.tables.signing import LONGEST
from gateway.wording import sentence
from routing_tables import release


@click.command("release")
@click.argument("folder", type=click.Path(path_type=Path))
@click.pass_obj
def tables_release(settings: Settings, folder: Path) -> None:
    """Freeze a draft under its name, once nothing is wrong with it."""
    done = settings.ask("tables-release", {"folder": str(folder.resolve())})
    settings.say(
        f"{done['name']}: released by {done['author']}; another person approves it.",
        f"{done['name']} : version faite par {done['author']} ; une autre personne l'approuve.",
    )


@click.command("approve")
@click.argument("name")
@click.option(
    "--signature",
    type=click.File("rb"),
    help="Made by `ssh-keygen -Y sign -n eessi-tables` over what `tables manifest` prints.",
)
@click.pass_obj
def tables_approve(settings: Settings, name: str, signature: BinaryIO | None) -> None:
    """Approve a release that somebody else made."""
    # what is no text is no signature, and is refused as one that is wrong
    signed = signature.read(LONGEST).decode("utf-8", "replace") if signature is not None else None
    done = settings.ask("tables-approve", {"name": name, "signature": signed})
    settings.say(
        f"{name}: approved by {done['approver']}.", f"{name} : approuvée par {done['approver']}."
    )


@click.command("manifest")
@click.argument("name")
@click.pass_obj
def tables_manifest(settings: Settings, name: str) -> None:
    """Print the manifest of a release as it is kept: what a personal signature is made over."""
    folder = shelf.find(settings.state, name)
    click.echo((folder / release.MANIFEST).read_text(encoding="utf-8"), nl=False)


@click.command("activate")
@click.argument("name")
@click.option("--on", "day", type=DATE, help="From midnight in Paris on.")
@click.pass_obj
def tables_activate(settings: Settings, name: str, day: datetime | None) -> None:
    """Put an approved release in force, at once or on a day to come; no restart is needed."""
    on = day.date().isoformat() if day is not None else None
    done = settings.ask("tables-activate", {"name": name, "on": on})
    since = _in_paris(done["since"])
    settings.say(f"{name}: in force from {since} on.", f"{name} : en vigueur dès le {since}.")


@click.command("cancel")
@click.argument("name")
@click.pass_obj
def tables_cancel(settings: Settings, name: str) -> None:
    """Take back an activation that has not begun."""
    settings.ask("tables-cancel", {"name": name})
    settings.say(f"{name}: will not begin.", f"{name} : n'entrera pas en vigueur.")


@click.command("rollback")
@click.option("--why", "reason", required=True, help="Stays in the journal; no person's data.")
@click.pass_obj
def tables_rollback(settings: Settings, reason: str) -> None:
    """Go back at once to the release that was in force before; a second person confirms."""
    done = settings.ask("tables-rollback", {"reason": reason})
    for name in done["to_come"]:
        settings.say(
            f"Mind: {name} is still to begin; `tables cancel {name}` takes that back.",
            f"Attention : {name} doit encore entrer en vigueur ; `tables cancel {name}` y renonce.",
        )
    settings.say(
        f"{done['name']}: in force again; a second person confirms it (`tables confirm`).",
        f"{done['name']} : de nouveau en vigueur ; à confirmer par une seconde personne"
        " (`tables confirm`).",
    )


@click.command("confirm")
@click.pass_obj
def tables_confirm(settings: Settings) -> None:
    """Confirm the roll-back of somebody else."""
    done = settings.ask("tables-confirm", {})
    settings.say(
        f"{done['name']}: confirmed by {done['confirmed_by']}.",
        f"{done['name']} : confirmé par {done['confirmed_by']}.",
    )


@click.command("accept")
@click.argument("name")
@click.option("--why", "reason", required=True, help="Stays in the journal; no person's data.")
@click.pass_obj
def tables_accept(settings: Settings, name: str, reason: str) -> None:
    """Say once that the example in force may decide in production."""
    done = settings.ask("tables-accept", {"name": name, "reason": reason})
    settings.say(
        f"{name}: accepted by {done['accepted_by']}. What waits leaves by `sending confirm`.",
        f"{name} : acceptée par {done['accepted_by']}. Ce qui attend part par `sending confirm`.",
    )


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="One object a line.")
@click.pass_obj
def tables_list(settings: Settings, *, as_json: bool) -> None:
    """List the releases: who made and approved them, and since when they decide."""
    made, activations, now = asyncio.run(_known(settings))
    for row in _rows(made, activations, now):
        if as_json:
            click.echo(json.dumps(row))
        else:
            since = f" {_in_paris(row['since'])}" if row["since"] else ""
            by = f"{row['author']}, {row['approver'] or '-'}"
            state = sentence(settings.lang, "label", row["state"])
            click.echo(f"{state:<14}{row['name']:<24}{by}{since}")


def _in_paris(since: str) -> str:
    """An instant as maintainers say it: an activation begins at midnight in Paris."""
    return datetime.fromisoformat(since).astimezone(PARIS).strftime("%Y-%m-%d %H:%M")


async def _known(
    settings: Settings,
) -> tuple[Sequence[TableRelease], Sequence[Release], datetime]:
    async with settings.reader() as reader:
        made, activations = await reader.table_releases(), await reader.releases()
    return made, activations, SystemClock().now()


def _rows(
    made: Sequence[TableRelease], activations: Sequence[Release], now: datetime
) -> list[dict[str, Any]]:
    """A row an activation, in the order of their instants; then what was never activated."""
    standing = [a for a in activations if a.cancelled_by is None]
    begun = [a for a in standing if a.begun(now)]
    current = max(begun, key=lambda a: (a.since, standing.index(a)), default=None)
    rows = [
        {
            "name": a.name,
            "digest": a.digest,
            "state": "in-force" if a is current else "was" if a in begun else "to-come",
            "kind": a.kind,
            "since": a.since.isoformat(timespec="seconds"),
            "author": a.author,
            "approver": a.approver,
            "asked_by": a.asked_by,
            "reason": a.reason,
            "confirmed_by": a.confirmed_by,
        }
        for a in sorted(standing, key=lambda a: a.since)
    ]
    activated = {a.name for a in standing}
    return rows + [
        {
            "name": m.name,
            "digest": m.digest,
            "state": "approved" if m.approver is not None else "released",
            "kind": None,
            "since": None,
            "author": m.author,
            "approver": m.approver,
            "asked_by": None,
            "reason": None,
            "confirmed_by": None,
        }
        for m in made
        if m.name not in activated
    ]


COMMANDS = (
    tables_release,
    tables_manifest,
    tables_approve,
    tables_activate,
    tables_cancel,
    tables_rollback,
    tables_confirm,
    tables_accept,
    tables_list,
)
"""Of the group `tables`."""
