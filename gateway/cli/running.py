"""Commands around the daemon: run, check, status, pause, resume."""

import asyncio
import json
from typing import Any

import click

from gateway.cli import Settings
from gateway.clock import SystemClock
from gateway.control import NAME, ask
from gateway.daemon import serve
from gateway.errors import Unreachable
from gateway.loading import cdm_switches, checked
from gateway.wording import told


@click.command()
@click.option("--until-idle", is_flag=True, help="End when nothing waits and nothing is due.")
@click.pass_obj
def run(settings: Settings, *, until_idle: bool) -> None:
    """Run the gateway until it is told to stop (SIGTERM, Ctrl-C)."""
    asyncio.run(serve(settings.config(), until_idle=until_idle))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One object a line.")
@click.pass_obj
def check(settings: Settings, *, as_json: bool) -> int:
    """Check configuration, tables and schemas without starting anything."""
    problems = 0
    for looked in checked(settings.config_file, settings.state, settings.today()):
        problems += len(looked.problems)
        texts = [problem.text(settings.lang) for problem in looked.problems]
        warnings = [warning["text"] for warning in told(settings.lang, looked.warnings)]
        if as_json:
            line = {
                "part": looked.part,
                "detail": looked.detail,
                "ok": not texts,
                "problems": texts,
                "warnings": warnings,
            }
            click.echo(json.dumps(line, ensure_ascii=False))
            continue
        click.echo(f"{'FAIL ' if texts else 'ok   '} {looked.part}: {looked.detail}")
        for text in (*texts, *warnings):
            click.echo(f"      {text}", err=True)
    return 1 if problems else 0


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One object.")
@click.pass_obj
def status(settings: Settings, *, as_json: bool) -> int:
    """Say whether the gateway runs, and how much waits for what (exit 3: it does not run)."""
    shown = asyncio.run(_status(settings))
    if as_json:
        click.echo(json.dumps(shown, ensure_ascii=False))
    else:
        for key, value in shown.items():
            click.echo(f"{key:<16} {_told(value)}")
    return 0 if shown["running"] else 3


def _told(value: object) -> str:
    if isinstance(value, dict):
        return " ".join(f"{k}={v}" for k, v in value.items()) or "-"
    return "-" if value is None else str(value)


async def _status(settings: Settings) -> dict[str, Any]:
    shown: dict[str, Any] = {"running": True, "paused": False, "in_flight": 0, "not_ready": []}
    try:
        shown |= ask(settings.state / NAME, "ping", {})
    except Unreachable:
        shown["running"] = False
    async with settings.reader() as journal:
        counts = await journal.counts()
        now = SystemClock().now()
        release = await journal.release(now)
        activations = await journal.releases()
    shown["cdm_switches"] = {
        step.params["cdm"]: step.params["date"]
        for step in cdm_switches(settings.config(), settings.today())
    }
    shown["release"] = release.name if release is not None else None
    coming = [a for a in activations if not a.begun(now) and a.cancelled_by is None]
    shown["next_releases"] = {a.name: a.since.isoformat() for a in coming}
    shown["unconfirmed_rollback"] = any(a.waits for a in activations)
    shown["messages"] = dict(counts.messages)
    shown["sendings"] = dict(counts.sendings)
    shown["worklist"] = dict(counts.worklist)
    shown["quarantine"] = dict(counts.quarantine)
    shown["questions_open"] = counts.questions_open
    return shown


@click.command()
@click.pass_obj
def pause(settings: Settings) -> None:
    """Take nothing in and send nothing; what is under way is finished."""
    ask(settings.state / NAME, "pause", {})
    settings.say("Paused.", "En pause.")


@click.command()
@click.pass_obj
def resume(settings: Settings) -> None:
    """Go on after a pause."""
    ask(settings.state / NAME, "resume", {})
    settings.say("Resumed.", "Reprise.")
