"""The command `status`: how the gateway is doing, for a person, a program, or monitoring."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any, Final

import click

from gateway.cli import Settings, pausing
from gateway.cli.misuse import Misuse
from gateway.cli.paris import clock
from gateway.clock import SystemClock
from gateway.errors import GatewayError, Unreachable
from gateway.journal.pausing import Reach
from gateway.journal.rows import Release
from gateway.loading import cdm_switches, is_example
from gateway.people.control import NAME, ask
from gateway.releasing import accepted
from gateway.seen.verdict import unknown, verdict
from gateway.seen.watching import shown as part_shown
from gateway.seen.watching import stopped
from gateway.transport.folder.statuses import rejected
from gateway.wording import sentence
from gateway.wording.numbers import duration, number

LINES: Final = (
    *("running", "paused", "in_flight", "not_ready", "release", "next_releases"),
    *(
        "unaccepted_tables",
        "unconfirmed_rollback",
        "cdm_switches",
        "messages",
        "sendings",
        "proposed",
        "worklist",
    ),
    *("worklist_oldest", "quarantine", "questions_open", "status_files_rejected"),
)
"""Of `status --json`: what a person sees in a line each."""
WATCH_SECONDS: Final = 2.0
"""Between two looks of `--watch`."""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One object.")
@click.option("--watch", is_flag=True, help="Again every two seconds, until Ctrl-C.")
@click.option("--check", is_flag=True, help="One line and 0, 1, 2 or 3, for monitoring.")
@click.option("--pauses", "every_pause", is_flag=True, help="Every pause there was, instead.")
@click.pass_obj
def status(
    settings: Settings, *, as_json: bool, watch: bool, check: bool, every_pause: bool
) -> int:
    """Say how the gateway is doing, and how much waits for what (exit 3: it does not run)."""
    if (check and (as_json or watch or every_pause)) or (every_pause and watch):
        raise Misuse(
            "--check stands alone, and --pauses without --watch",
            "--check va seul, et --pauses sans --watch",
        )
    if every_pause:
        return pausing.show_all(settings, as_json=as_json)
    if check:
        level, line = _checked(settings)
        click.echo(line)
        return level
    if watch:
        return _watched(settings, as_json=as_json)
    return _show(settings, as_json=as_json)


def _checked(settings: Settings) -> tuple[int, str]:
    try:
        return verdict(asyncio.run(gathered(settings)), settings.config().watch)
    except GatewayError as error:
        return unknown(error.code)


def _watched(settings: Settings, *, as_json: bool) -> int:
    try:
        while True:
            if not as_json:
                click.clear()
            _show(settings, as_json=as_json)
            asyncio.run(SystemClock().sleep(WATCH_SECONDS))
    except KeyboardInterrupt:
        return 0


def _show(settings: Settings, *, as_json: bool) -> int:
    seen = asyncio.run(gathered(settings))
    code = 0 if seen["running"] else 3
    if as_json:
        click.echo(json.dumps(seen, ensure_ascii=False))
        return code
    parts, rates, pauses = (seen.pop(key) for key in ("parts", "rates", "pauses"))
    if seen["worklist_oldest"] is not None:
        seen["worklist_oldest"] = clock(seen["worklist_oldest"], minutes=True)
    seen["next_releases"] = {n: clock(at, minutes=True) for n, at in seen["next_releases"].items()}
    for part in parts:
        click.echo(_part(part, settings.lang))
    if rates is not None:
        click.echo(_rates(rates, settings.lang))
    for key in LINES:
        click.echo(f"{_label(settings, key)} {_told(seen[key], settings.lang)}")
    for pause in pauses:
        click.echo(f"{_label(settings, 'pause')} {pausing.told(pause, settings.lang)}")
    return code


def _label(settings: Settings, key: str) -> str:
    return f"{sentence(settings.lang, 'label', key):<23}"


def _part(part: dict[str, Any], lang: str) -> str:
    """`Outbox   lag   12   1 min 15 s   Something has waited longer than agreed.`"""
    waits = "-" if part["waiting"] is None else number(lang, part["waiting"])
    age = "-" if not part["oldest_seconds"] else duration(lang, part["oldest_seconds"])
    meaning = sentence(lang, "part-state", part["state"])
    name = sentence(lang, "page", f"part:{part['part']}")
    return f"{name:<20} {part['state']:<7} {waits:>7} {age:>12}  {meaning}"


def _rates(rates: dict[str, Any], lang: str) -> str:
    """`Received 12.0/min, Handed over 30.0/min ...` over the last minutes."""

    def say(code: str) -> str:
        return sentence(lang, "page", code)

    mean = rates["mean_seconds"]
    shown = "-" if mean is None else number(lang, 1000 * mean, 1)
    return (
        f"{say('received')} {number(lang, rates['received_per_minute'], 1)}/min,"
        f" {say('sent')} {number(lang, rates['sent_per_minute'], 1)}/min,"
        f" {say('failed')} {number(lang, rates['send_failures'])}, {say('mean')} {shown}"
        f" ({duration(lang, rates['window_seconds'])})"
    )


def _told(value: object, lang: str) -> str:
    if isinstance(value, bool):
        return sentence(lang, "label", str(value))
    if isinstance(value, dict):
        return " ".join(f"{k}={v}" for k, v in value.items()) or "-"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "-"
    return "-" if value is None else str(value)


def _unaccepted(settings: Settings, release: Release, activations: Sequence[Release]) -> bool:
    """Whether the tables in force are an example that nobody has accepted, in production."""
    if settings.config().environment != "production" or release.digest in accepted(activations):
        return False
    return is_example(settings.state, release.name, release.digest)


async def gathered(settings: Settings) -> dict[str, Any]:
    """Everything that `status --json` shows."""
    seen: dict[str, Any] = {"running": True, "paused": False, "in_flight": 0, "not_ready": []}
    watched: dict[str, Any] = {"rates": None}
    try:
        seen |= ask(settings.state / NAME, "ping", {})
        watched = ask(settings.state / NAME, "watch", {})
    except Unreachable:
        seen["running"] = False
    async with settings.reader() as journal:
        counts = await journal.counts()
        now = SystemClock().now()
        release = await journal.release(now)
        activations = await journal.releases()
        pauses = [pausing.listed(pause) for pause in await journal.pauses()]
        backlog = await journal.backlog(now)
    seen["paused"] = any(pause["reach"] == Reach.ALL for pause in pauses)
    seen["pauses"] = pauses
    seen["cdm_switches"] = {
        step.params["cdm"]: step.params["date"]
        for step in cdm_switches(settings.config(), settings.today())
    }
    seen["release"] = release.name if release is not None else None
    coming = [a for a in activations if not a.begun(now) and a.cancelled_by is None]
    seen["next_releases"] = {a.name: a.since.isoformat() for a in coming}
    seen["unaccepted_tables"] = release is not None and _unaccepted(settings, release, activations)
    seen["unconfirmed_rollback"] = any(a.waits for a in activations)
    seen |= {
        "messages": dict(counts.messages),
        "sendings": dict(counts.sendings),
        "status_files_rejected": rejected(settings.state / "inbound"),
        "worklist": dict(counts.worklist),
        "worklist_oldest": counts.worklist_oldest and counts.worklist_oldest.isoformat(),
        "quarantine": dict(counts.quarantine),
        "questions_open": counts.questions_open,
        "proposed": backlog.proposed,
        "parts": watched.get("parts") or [part_shown(part) for part in stopped(backlog, now)],
        "rates": watched["rates"],
    }
    return seen
