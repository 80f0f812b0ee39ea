"""Commands on what waits to leave: look at it, say yes, say no."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import click

from gateway.cli import Settings
from gateway.cli.paris import clock
from gateway.cli.showing import JSON, LIMIT, PROTECTED, view_of_protected
from gateway.core.message import spelled
from gateway.core.states import SendingState
from gateway.journal.rows import SendingRow

_WHY: Final = click.option("--why", required=True, help="Reason, kept in the journal.")


_STAYS: Final = frozenset({SendingState.WAITING, SendingState.PROPOSED, SendingState.DUE})
"""What can be held back: it has not left, and is to leave."""
_KEPT_BACK: Final = {
    "held": ("held", "retenu"),
    "in-doubt": ("in doubt", "en doute"),
    "protected": ("protected", "protégé"),
}


@click.group()
def sending() -> None:
    """Look at what waits to leave; let it go, or withdraw it."""


@sending.command("list")
@JSON
@LIMIT
@click.option("--case", "case_id", default=None, help="Of this case alone.")
@click.option(
    "--only",
    "states",
    type=click.Choice([state.value for state in SendingState]),
    multiple=True,
    help="In this state alone (may be repeated); by default what waits for a yes.",
)
@click.pass_obj
def sending_list(
    settings: Settings, *, as_json: bool, limit: int, case_id: str | None, states: Sequence[str]
) -> None:
    """List what waits for a person's yes, the oldest first."""
    wanted = [SendingState(state) for state in states] or [SendingState.PROPOSED]
    if case_id is not None:
        view_of_protected(settings, spelled(case_id), spelled(case_id))
    for row in asyncio.run(_rows(settings, wanted, case_id, limit)):
        shown = sending_shown(row)
        if as_json:
            click.echo(json.dumps(shown, ensure_ascii=False))
            continue
        click.echo(
            f"{clock(shown['composed_at'])}  {row.message_id}  {row.kind} -> {shown['receiver']}"
            f"  {shown['case_id']}  [{row.state}]{why_it_stays(settings.lang, shown)}"
        )


def why_it_stays(lang: str, shown: Mapping[str, Any]) -> str:
    """What keeps a sending back, where that is more than its state says; else nothing."""
    codes = [code for code in (shown["error"], shown["held"] and "held") if code in _KEPT_BACK]
    words = ", ".join(_KEPT_BACK[code][lang == "fr"] for code in codes)
    return f" ({words})" if words else ""


async def _rows(
    settings: Settings, states: Sequence[SendingState], case_id: str | None, limit: int
) -> Sequence[SendingRow]:
    named = [spelled(case_id)] if case_id is not None else []
    async with settings.reader() as reader:
        return await reader.outgoing(states=states, named=named, limit=limit)


def sending_shown(row: SendingRow) -> dict[str, Any]:
    """Stable names; of a protected case nothing that would tell whose it is."""
    hidden = row.protected
    return {
        "sending": row.message_id,
        "composed_at": row.composed_at.isoformat(),
        "case_id": PROTECTED if hidden else row.case_id,
        "kind": row.kind,
        "object": PROTECTED if hidden else row.object,
        "receiver": PROTECTED if hidden else row.receiver,
        "destination": PROTECTED if hidden else row.destination,
        "message_id": row.about or None,
        "after": row.after,
        "state": row.state.value,
        "held": row.held and row.state in _STAYS,
        "attempts": row.attempts,
        "error": row.error,
    }


@sending.command("confirm")
@click.argument("ids", nargs=-1, required=True)
@_WHY
@click.option("--protected", is_flag=True, help="Even when the person is protected.")
@click.pass_obj
def sending_confirm(settings: Settings, ids: Sequence[str], *, why: str, protected: bool) -> None:
    """Let these leave: sendings, or all of a case that waits for a yes."""
    sendings = [spelled(ident) for ident in ids]
    params = {"sendings": sendings, "reason": why, "protected": protected}
    done = settings.ask("sending-confirm", params)["confirmed"]
    settings.say(f"Confirmed: {len(done)}.", f"Envois confirmés : {len(done)}.")


@sending.command("withdraw")
@click.argument("ident", metavar="ID")
@_WHY
@click.pass_obj
def sending_withdraw(settings: Settings, ident: str, why: str) -> None:
    """Never send this; the case goes to a person."""
    settings.ask("sending-withdraw", {"sending": ident, "reason": why})
    settings.say(f"{ident}: withdrawn.", f"{ident} : retiré, ne partira pas.")
