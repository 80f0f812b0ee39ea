"""How commands show messages: in stable names for programs, in one line for people.

Of a protected case nothing stands in a list that would tell whose it is.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click

from gateway.cli import Settings
from gateway.cli.misuse import Misuse
from gateway.cli.paris import clock
from gateway.core.matter import PARIS
from gateway.core.states import MessageState
from gateway.core.trace_context import trace_of
from gateway.errors import Refused
from gateway.journal.rows import Happening, Row
from gateway.wording import known, sentence
from gateway.wording.numbers import counted

PROTECTED: Final = "protected"
"""Stands in lists instead of what would tell a protected case."""
SHOWN: Final = (
    *("message_id", "received_at", "case_id", "rina_number", "buc", "sed", "sender"),
    *("state", "source"),
)
"""Of a message: what a person sees in a line each."""
JSON: Final = click.option("--json", "as_json", is_flag=True, help="One object a line.")
LIMIT: Final = click.option(
    "--limit", type=click.IntRange(1), default=1000, show_default=True, help="At most."
)


def a_cause(_context: click.Context, _param: click.Parameter, said: str | None) -> str | None:
    """What `--cause` names: with a slip of the pen a list would be empty, as if nothing waited."""
    if said is not None and not known("cause", said):
        raise Misuse(
            f"--cause {said[:40]}: no such cause, look at the list without --cause",
            f"--cause {said[:40]} : cause inconnue, regarder la liste sans --cause",
        )
    return said


def row_shown(row: Row) -> dict[str, Any]:
    """Stable names; of a protected case nothing that would tell whose it is."""
    hidden = row.protected
    return {
        "message_id": row.message_id,
        "received_at": row.received_at.isoformat(),
        "case_id": PROTECTED if hidden else row.case_id,
        "buc": row.buc,
        "sed": row.sed,
        "sender": PROTECTED if hidden else row.sender,
        "decision": row.decision,
        "cause": row.cause,
        "institution": PROTECTED if hidden and row.institution else row.institution,
        "state": row.state.value,
        "candidates": [PROTECTED for _ in row.candidates[:1]] if hidden else list(row.candidates),
        "missing": list(row.missing),
        "source": PROTECTED if hidden else row.source,
        "rina_number": PROTECTED if hidden and row.rina_number else row.rina_number,
        "trace_id": trace_of(row.traceparent, row.message_id).trace_id,
    }


def show_rows(rows: Sequence[Row], *, as_json: bool) -> None:
    """One line a message."""
    for row in rows:
        listed = row_shown(row)
        if as_json:
            click.echo(json.dumps(listed, ensure_ascii=False))
            continue
        what = " ".join(str(listed[k]) for k in ("buc", "sed", "decision", "cause") if listed[k])
        target = f" -> {listed['institution']}" if listed["institution"] else ""
        click.echo(
            f"{clock(listed['received_at'])}  {row.message_id}  {what}{target} [{row.state}]"
        )


def list_messages(
    settings: Settings,
    states: Sequence[MessageState],
    *,
    as_json: bool,
    limit: int,
    case_id: str | None = None,
    after: str | None = None,
) -> None:
    """Show a page of messages."""

    async def rows() -> Sequence[Row]:
        async with settings.reader() as reader:
            return await reader.messages(states=states, case_id=case_id, limit=limit, after=after)

    show_rows(asyncio.run(rows()), as_json=as_json)


# -- one message ----------------------------------------------------------------------------


def explained(
    settings: Settings, message_id: str
) -> tuple[Row | None, Sequence[Mapping[str, Any]]]:
    """A message, and every decision of it."""

    async def read() -> tuple[Row | None, Sequence[Mapping[str, Any]]]:
        async with settings.reader() as reader:
            return await reader.message(message_id), await reader.explanation(message_id)

    return asyncio.run(read())


def view_of_protected(
    settings: Settings, ident: str, case_id: str | None, *, protected: bool = False
) -> None:
    """Have it written down that somebody is about to see this, where the case is protected.

    Args:
        ident: what is shown, a message, a case or a question.
        protected: it says so itself, whatever its case says.

    Raises:
        Unreachable: it cannot be written down; nothing may be shown.
    """

    async def said() -> bool:
        async with settings.reader() as reader:
            return case_id is not None and (await reader.case(case_id)).protected

    if protected or asyncio.run(said()):
        settings.viewing(ident, protected=True)


def reasons(latest: Mapping[str, Any], lang: str) -> dict[str, Any]:
    """The reasons of the latest decision, in codes and in words."""
    decision, cause = latest.get("decision"), latest.get("cause")
    texts = [sentence(lang, "decision", decision)] if decision else []
    if cause:
        texts.append(sentence(lang, "cause", cause))
    return {
        "text": " ".join(texts),
        "release": latest.get("release"),
        "schemas": latest.get("schemas"),
        "rules": list(latest.get("rules", ())),
        "trace": [
            {
                "code": step["code"],
                "params": step["params"],
                "text": sentence(lang, "trace", step["code"], step["params"]),
            }
            for step in latest.get("trace", ())
        ],
        "missing": [
            {"code": datum, "params": {}, "text": sentence(lang, "missing", datum)}
            for datum in latest.get("missing", ())
        ],
    }


def show_message(shown: Mapping[str, Any], lang: str) -> None:
    """One message with its reasons, for people."""
    for key in SHOWN:
        value = clock(shown[key]) if key == "received_at" else shown[key]
        click.echo(f"{sentence(lang, 'label', key):<18} {value or '-'}")
    click.echo(shown["text"])
    for step in shown["trace"]:
        click.echo(f"    - {step['text']}")
    for datum in shown["missing"]:
        click.echo(f"    ? {datum['text']}")


def nothing_taken(more: int) -> tuple[str, str]:
    """Nothing of a list with faults was taken, in English and in French; how many are not shown."""
    if not more:
        return "Nothing was taken in.", "Rien n'a été repris."
    english = counted("en", more, "more fault is", "more faults are")
    one, others = "autre faute n'est pas montrée", "autres fautes ne sont pas montrées"
    french = counted("fr", more, one, others)
    return f"Nothing was taken in; {english} not shown.", f"Rien n'a été repris ; {french}."


def already_there(file: Path) -> Refused:
    """A file that is to be written is there: somebody may need it."""
    return Refused(
        f"{file}: is there already; give the name of a new file.",
        french=f"{file} : existe déjà ; donner le nom d'un nouveau fichier.",
        code="file-exists",
    )


def unknown(ident: str) -> Refused:
    """There is no such message or case, or not in this list."""
    return Refused(
        f"{ident[:64]}: not found here; see the list command.",
        french=f"{ident[:64]} : introuvable ici ; voir la commande list.",
        code="not-found",
    )


# -- what happened ---------------------------------------------------------------------------


def happening_shown(happening: Happening) -> dict[str, Any]:
    """One line of a timeline in stable names."""
    return {
        "time": happening.at.isoformat(),
        "origin": happening.origin,
        "what": happening.what,
        "state": happening.state,
        "who": happening.who,
        "params": dict(happening.params),
    }


def happening_line(happening: Happening) -> str:
    """One happening in one line: when, where from, what, what it led to, and the ids beside it."""
    told = " ".join(f"{key}={_param(value)}" for key, value in happening.params.items() if value)
    who = f" ({happening.who})" if happening.origin == "operator" else ""
    when = happening.at.astimezone(PARIS).isoformat(timespec="milliseconds")
    what = f"{happening.origin:<8}  {happening.what}{who} [{happening.state}]"
    return f"{when}  {what} {told}".rstrip()


def _param(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
