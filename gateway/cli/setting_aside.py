"""Commands on the quarantine: what was set aside, decided again or discarded for good.

Many messages go one after another at a pace, each in a transaction of its own: Ctrl-C ends it
between two of them, and what was done stays done.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import click

from gateway.cli import Settings
from gateway.cli.misuse import Misuse
from gateway.cli.showing import (
    JSON,
    LIMIT,
    a_cause,
    explained,
    reasons,
    row_shown,
    show_message,
    show_rows,
    unknown,
    view_of_protected,
)
from gateway.clock import SystemClock
from gateway.core.states import MessageState
from gateway.errors import GatewayError, JournalConflict, Refused
from gateway.journal.rows import Row
from gateway.wording import sentence

EVERY: Final = 1_000_000
_CAUSE: Final = click.option("--cause", callback=a_cause, help="Every message of this cause.")
_AT_MOST: Final = click.option(
    "--at-most", type=click.IntRange(1), default=100, show_default=True, help="So many, no more."
)
_PACE: Final = click.option(
    "--pace",
    type=click.FloatRange(0.01, 1000),
    default=10.0,
    show_default=True,
    help="Messages a second, at most.",
)
_DRY: Final = click.option("--dry-run", is_flag=True, help="Say what would happen, do nothing.")

TOLD: Final = ("decision", "cause", "institution", "state", "error")
"""What is told of each message, in this order."""
_NOTHING: Final[Mapping[str, Any]] = dict.fromkeys(TOLD)


@click.group()
def quarantine() -> None:
    """Look at what was set aside; decide it again, or discard it for good."""


@quarantine.command("list")
@click.option("--cause", callback=a_cause, help="Messages of this cause alone.")
@LIMIT
@JSON
@click.pass_obj
def quarantine_list(settings: Settings, cause: str | None, limit: int, *, as_json: bool) -> None:
    """List the messages set aside, by cause; in each the oldest first."""
    by_cause: dict[str, list[Row]] = {}
    for row in _set_aside(settings, cause)[:limit]:
        by_cause.setdefault(row.cause or "", []).append(row)
    for named, rows in by_cause.items():
        if not as_json:
            click.echo(f"{named} ({len(rows)}): {sentence(settings.lang, 'cause', named)}")
        show_rows(rows, as_json=as_json)


@quarantine.command("show")
@click.argument("message_id")
@JSON
@click.pass_obj
def quarantine_show(settings: Settings, message_id: str, *, as_json: bool) -> None:
    """Show why a message was set aside."""
    row, decisions = explained(settings, message_id)
    if row is None or row.state is not MessageState.QUARANTINED:
        raise unknown(message_id)
    view_of_protected(settings, row.message_id, row.case_id, protected=row.protected)
    shown = {**row_shown(row), **reasons(decisions[-1], settings.lang)}
    if as_json:
        click.echo(json.dumps(shown, ensure_ascii=False, default=str))
    else:
        show_message(shown, settings.lang)


@quarantine.command("release")
@click.argument("message_id", required=False)
@_CAUSE
@click.option("--all", "every", is_flag=True, help="Every message in quarantine.")
@_AT_MOST
@_PACE
@_DRY
@JSON
@click.pass_obj
def quarantine_release(
    settings: Settings,
    message_id: str | None,
    cause: str | None,
    *,
    every: bool,
    at_most: int,
    pace: float,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Decide one message, a group or all of them again, from the bytes that the journal kept."""
    if (message_id is not None) + (cause is not None) + every != 1:
        raise Misuse(
            "one of MESSAGE_ID, --cause CAUSE, --all", "au choix : MESSAGE_ID, --cause CAUSE, --all"
        )
    triage = _Triage(settings, as_json=as_json, single=message_id is not None, dry_run=dry_run)
    found = [message_id] if message_id else [r.message_id for r in _set_aside(settings, cause)]
    return triage.run("release", found[:at_most], len(found), pace, {"try": dry_run})


@quarantine.command("discard")
@click.argument("message_id", required=False)
@_CAUSE
@_AT_MOST
@_PACE
@_DRY
@JSON
@click.option("--why", required=True, help="Reason, kept in the journal; no person's data.")
@click.pass_obj
def quarantine_discard(
    settings: Settings,
    message_id: str | None,
    cause: str | None,
    *,
    at_most: int,
    pace: float,
    dry_run: bool,
    as_json: bool,
    why: str,
) -> int:
    """Take one message or a group out of quarantine for good; bytes and reason stay."""
    if (message_id is None) == (cause is None):
        raise Misuse("one of MESSAGE_ID, --cause CAUSE", "au choix : MESSAGE_ID, --cause CAUSE")
    found = [message_id] if message_id else [r.message_id for r in _set_aside(settings, cause)]
    triage = _Triage(settings, as_json=as_json, single=message_id is not None, dry_run=dry_run)
    if dry_run:
        triage.foretell(found[:at_most], MessageState.DISCARDED)
        return triage.conclude(len(found))
    return triage.run("discard", found[:at_most], len(found), pace, {"reason": why})


def _set_aside(settings: Settings, cause: str | None) -> list[Row]:
    async def read() -> Sequence[Row]:
        async with settings.reader() as reader:
            return await reader.messages(states=(MessageState.QUARANTINED,), limit=EVERY)

    return [row for row in asyncio.run(read()) if cause in {None, row.cause}]


class _Triage:
    """One deed on many messages, told one by one and summed up at the end."""

    def __init__(self, settings: Settings, *, as_json: bool, single: bool, dry_run: bool) -> None:
        self._settings = settings
        self._as_json = as_json
        self._single = single
        self._dry_run = dry_run
        self._tally: Counter[str] = Counter()

    def run(
        self, deed: str, ids: Sequence[str], found: int, pace: float, more: Mapping[str, Any]
    ) -> int:
        """Do it to each; the exit code. Ctrl-C ends it between two messages."""
        try:
            asyncio.run(self._each(deed, ids, pace, more))
        finally:
            code = self.conclude(found)
        return code

    async def _each(
        self, deed: str, ids: Sequence[str], pace: float, more: Mapping[str, Any]
    ) -> None:
        clock = SystemClock()
        async with self._settings.asking() as ask:
            for number, message_id in enumerate(ids):
                if number:
                    await clock.sleep(1 / pace)
                try:
                    done = await ask(deed, {"message_id": message_id, **more})
                except (Refused, JournalConflict) as error:
                    self._stays(message_id, error)
                else:
                    self._tell({"message_id": message_id, **_NOTHING, **done})

    def foretell(self, ids: Sequence[str], state: MessageState) -> None:
        """What would become of each."""
        for message_id in ids:
            self._tell({"message_id": message_id, **_NOTHING, "state": state.value})

    def conclude(self, found: int) -> int:
        """The sum of it, and the exit code."""
        stayed = self._tally["stays"]
        if not self._single and not self._as_json:
            done = self._tally.total() - stayed
            left = found - self._tally.total()
            tried = (" (nothing was done)", " (rien n'a été fait)") if self._dry_run else ("", "")
            self._settings.say(
                f"Out of quarantine: {done}, staying: {stayed}, not looked at: {left}{tried[0]}.",
                f"Sortis : {done}, restent : {stayed}, non examinés : {left}{tried[1]}.",
            )
        return 1 if stayed else 0

    def _stays(self, message_id: str, error: GatewayError) -> None:
        self._tally["stays"] += 1
        if self._single and not self._as_json:
            raise error
        if self._as_json:
            _echo({"message_id": message_id, **_NOTHING, "error": error.code})
        else:
            click.echo(error.text(self._settings.lang))

    def _tell(self, done: Mapping[str, Any]) -> None:
        self._tally["done"] += 1
        if self._as_json:
            _echo(done)
            return
        target = f" -> {done['institution']}" if done["institution"] else ""
        why = f" {done['cause']}" if done["cause"] else ""
        said = f"{done['decision']}{why}{target} ({done['state']})."
        if done["decision"] is None:
            said = sentence(self._settings.lang, "message-state", done["state"])
        self._settings.say(f"{done['message_id']}: {said}", f"{done['message_id']} : {said}")


def _echo(told: Mapping[str, Any]) -> None:
    click.echo(json.dumps(told, ensure_ascii=False))
