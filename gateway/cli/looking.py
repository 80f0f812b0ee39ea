"""Commands that look into the journal, and the two that empty the quarantine."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import click

from gateway.cli import Settings
from gateway.core.states import MessageState
from gateway.errors import Refused
from gateway.journal import Happening, Row
from gateway.wording import sentence

PROTECTED: Final = "protected"
"""Stands in lists instead of what would tell a protected case."""
WORKLIST: Final = (MessageState.REFERRED, MessageState.REFUSED)
_JSON = click.option("--json", "as_json", is_flag=True, help="One object a line.")
_LIMIT = click.option("--limit", type=click.IntRange(1), default=1000, show_default=True)


@click.group()
def journal() -> None:
    """Look at what happened."""


@journal.command("list")
@_JSON
@_LIMIT
@click.option("--case", "case_id", default=None, help="Messages of this case alone.")
@click.option(
    "--only",
    "states",
    type=click.Choice([state.value for state in MessageState]),
    multiple=True,
    help="Messages in this state alone (may be repeated).",
)
@click.option("--release", default=None, help="Decided on this release of the tables.")
@click.option("--rule", default=None, help="Decided by this row (a rule, or an area).")
@click.option("--after", default=None, help="Go on after this message id.")
@click.pass_obj
def journal_list(
    settings: Settings,
    *,
    as_json: bool,
    limit: int,
    case_id: str | None,
    states: Sequence[str],
    release: str | None,
    rule: str | None,
    after: str | None,
) -> None:
    """List messages with their latest decision, in order of receipt."""
    wanted = [MessageState(state) for state in states]
    if release is None and rule is None:
        _list(settings, wanted, as_json=as_json, limit=limit, case_id=case_id, after=after)
        return
    if case_id is not None or wanted:
        raise click.UsageError("--release and --rule go with neither --case nor --only.")
    decided = asyncio.run(_decided_by(settings, release, rule, limit, after))
    _show_rows(decided, as_json=as_json)


async def _decided_by(
    settings: Settings, release: str | None, rule: str | None, limit: int, after: str | None
) -> Sequence[Row]:
    async with settings.reader() as reader:
        return await reader.decided_by(release=release, rule=rule, limit=limit, after=after)


@journal.command("show")
@click.argument("ident")
@_JSON
@click.pass_obj
def journal_show(settings: Settings, ident: str, *, as_json: bool) -> None:
    """Show all that happened to a message, or to a case, in order of time."""
    for happening in asyncio.run(_timeline(settings, ident)):
        if as_json:
            click.echo(json.dumps(_happening(happening), ensure_ascii=False, default=str))
        else:
            click.echo(_line(happening))


@click.group()
def worklist() -> None:
    """Look at what waits for a person."""


@worklist.command("list")
@_JSON
@_LIMIT
@click.pass_obj
def worklist_list(settings: Settings, *, as_json: bool, limit: int) -> None:
    """List the messages that a person must decide, oldest first."""
    _list(settings, WORKLIST, as_json=as_json, limit=limit)


@worklist.command("show")
@click.argument("message_id")
@_JSON
@click.pass_obj
def worklist_show(settings: Settings, message_id: str, *, as_json: bool) -> None:
    """Show one entry with its reasons, candidates and what is missing."""
    _show(settings, message_id, WORKLIST, as_json=as_json)


@worklist.command("resolve")
@click.argument("message_id")
@click.option("--transfer", "institution", help="Transfer the case to this institution (its id).")
@click.option("--keep", "outcome", flag_value="keep", help="It is ours.")
@click.option("--handled", "outcome", flag_value="handled", help="It was dealt with in RINA.")
@click.option("--duplicate", "outcome", flag_value="duplicate", help="It is there twice.")
@click.option("--why", required=True, help="Reason, kept in the journal; no person's data.")
@click.pass_obj
def worklist_resolve(
    settings: Settings, message_id: str, institution: str | None, outcome: str | None, why: str
) -> None:
    """Close one entry: transfer its case, or say what was made of it."""
    if (institution is None) == (outcome is None):
        raise click.UsageError("one of --transfer ID, --keep, --handled, --duplicate")
    done = settings.ask(
        "resolve",
        {
            "message_id": message_id,
            "outcome": outcome or "transfer",
            "institution": institution or "",
            "reason": why,
        },
    )
    target = f" -> {institution}" if institution else ""
    settings.say(
        f"{message_id}: {done['outcome']}{target} ({done['state']}).",
        f"{message_id} : {done['outcome']}{target} ({done['state']}).",
    )


@click.group()
def quarantine() -> None:
    """Look at what was set aside; decide it again, or discard it for good."""


@quarantine.command("list")
@_JSON
@_LIMIT
@click.pass_obj
def quarantine_list(settings: Settings, *, as_json: bool, limit: int) -> None:
    """List the messages set aside, oldest first."""
    _list(settings, (MessageState.QUARANTINED,), as_json=as_json, limit=limit)


@quarantine.command("show")
@click.argument("message_id")
@_JSON
@click.pass_obj
def quarantine_show(settings: Settings, message_id: str, *, as_json: bool) -> None:
    """Show why a message was set aside."""
    _show(settings, message_id, (MessageState.QUARANTINED,), as_json=as_json)


@quarantine.command("release")
@click.argument("message_id")
@click.pass_obj
def quarantine_release(settings: Settings, message_id: str) -> None:
    """Decide a message again, from the bytes that the journal kept."""
    done = settings.ask("release", {"message_id": message_id})
    settings.say(
        f"{done['message_id']}: {done['decision']} ({done['state']}).",
        f"{done['message_id']} : {done['decision']} ({done['state']}).",
    )


@quarantine.command("discard")
@click.argument("message_id")
@click.option("--why", required=True, help="Reason, kept in the journal.")
@click.pass_obj
def quarantine_discard(settings: Settings, message_id: str, why: str) -> None:
    """Take a message out of quarantine for good; its bytes and the reason stay in the journal."""
    settings.ask("discard", {"message_id": message_id, "reason": why})
    settings.say(f"{message_id}: discarded.", f"{message_id} : écarté définitivement.")


# -- lists ----------------------------------------------------------------------------------


def _list(
    settings: Settings,
    states: Sequence[MessageState],
    *,
    as_json: bool,
    limit: int,
    case_id: str | None = None,
    after: str | None = None,
) -> None:
    found = asyncio.run(_rows(settings, states, limit, case_id, after))
    _show_rows(found, as_json=as_json)


def _show_rows(rows: Sequence[Row], *, as_json: bool) -> None:
    for row in rows:
        listed = _row(row)
        if as_json:
            click.echo(json.dumps(listed, ensure_ascii=False))
            continue
        what = " ".join(str(listed[k]) for k in ("buc", "sed", "decision", "cause") if listed[k])
        target = f" -> {listed['institution']}" if listed["institution"] else ""
        click.echo(f"{listed['received_at'][:19]}  {row.message_id}  {what}{target} [{row.state}]")


async def _rows(
    settings: Settings,
    states: Sequence[MessageState],
    limit: int,
    case_id: str | None,
    after: str | None,
) -> Sequence[Row]:
    async with settings.reader() as reader:
        return await reader.messages(states=states, case_id=case_id, limit=limit, after=after)


def _row(row: Row) -> dict[str, Any]:
    """Stable names; of a protected case nothing that would tell whose it is."""
    return {
        "message_id": row.message_id,
        "received_at": row.received_at.isoformat(),
        "case_id": PROTECTED if row.protected else row.case_id,
        "buc": row.buc,
        "sed": row.sed,
        "sender": PROTECTED if row.protected else row.sender,
        "decision": row.decision,
        "cause": row.cause,
        "institution": row.institution,
        "state": row.state.value,
        "candidates": list(row.candidates),
        "missing": list(row.missing),
        "source": PROTECTED if row.protected else row.source,
    }


# -- one message ----------------------------------------------------------------------------


async def _timeline(settings: Settings, ident: str) -> Sequence[Happening]:
    async with settings.reader() as reader:
        happenings = await reader.timeline(ident)
    if not happenings:
        raise _unknown(ident)
    return happenings


def _happening(happening: Happening) -> dict[str, Any]:
    return {
        "time": happening.at.isoformat(),
        "origin": happening.origin,
        "what": happening.what,
        "state": happening.state,
        "who": happening.who,
        "params": dict(happening.params),
    }


def _line(happening: Happening) -> str:
    """One happening in one line: when, where from, what, what it led to, and the ids beside it."""
    told = " ".join(f"{key}={_told(value)}" for key, value in happening.params.items() if value)
    who = f" ({happening.who})" if happening.origin == "operator" else ""
    when = happening.at.isoformat(timespec="milliseconds")
    what = f"{happening.origin:<8}  {happening.what}{who} [{happening.state}]"
    return f"{when}  {what} {told}".rstrip()


def _told(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _show(
    settings: Settings, message_id: str, states: Sequence[MessageState], *, as_json: bool
) -> None:
    row, explained = asyncio.run(_explained(settings, message_id))
    if row is None or row.state not in states:
        raise _unknown(message_id)
    shown = {**_row(row), **_reasons(explained[-1] if explained else {}, settings.lang)}
    if as_json:
        click.echo(json.dumps(shown, ensure_ascii=False, default=str))
        return
    for key in ("message_id", "received_at", "case_id", "buc", "sed", "sender", "state", "source"):
        click.echo(f"{key:<14} {shown[key] or '-'}")
    click.echo(shown["text"])
    for step in shown["trace"]:
        click.echo(f"    - {step['text']}")
    for datum in shown["missing"]:
        click.echo(f"    ? {datum['text']}")
    if shown["candidates"]:
        click.echo(f"    = {', '.join(shown['candidates'])}")


async def _explained(
    settings: Settings, message_id: str
) -> tuple[Row | None, Sequence[Mapping[str, Any]]]:
    async with settings.reader() as reader:
        return await reader.message(message_id), await reader.explanation(message_id)


def _reasons(explained: Mapping[str, Any], lang: str) -> dict[str, Any]:
    """The reasons of the latest decision, in codes and in words."""
    decision, cause = explained.get("decision"), explained.get("cause")
    texts = [sentence(lang, "decision", decision)] if decision else []
    if cause:
        texts.append(sentence(lang, "cause", cause))
    return {
        "text": " ".join(texts),
        "release": explained.get("release"),
        "schemas": explained.get("schemas"),
        "rules": list(explained.get("rules", ())),
        "trace": [
            {
                "code": step["code"],
                "params": step["params"],
                "text": sentence(lang, "trace", step["code"], step["params"]),
            }
            for step in explained.get("trace", ())
        ],
        "missing": [
            {"code": datum, "params": {}, "text": sentence(lang, "missing", datum)}
            for datum in explained.get("missing", ())
        ],
    }


def _unknown(ident: str) -> Refused:
    return Refused(
        f"{ident[:64]}: not found here; see the list command.",
        french=f"{ident[:64]} : introuvable ici ; voir la commande list.",
        code="not-found",
    )
