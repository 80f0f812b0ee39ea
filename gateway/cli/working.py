"""Commands on the worklist: what waits for a person, who has it, and what a person makes of it."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import click

from gateway.cli import Settings, filling
from gateway.cli.misuse import Misuse
from gateway.cli.paris import date_of
from gateway.cli.showing import (
    JSON,
    LIMIT,
    PROTECTED,
    a_cause,
    explained,
    reasons,
    row_shown,
    show_message,
    unknown,
    view_of_protected,
)
from gateway.core.added import FIELDS
from gateway.core.message import spelled
from gateway.journal.rows import Task
from gateway.loading import tables
from gateway.people import agenda, route_row
from gateway.people.agenda import Item
from gateway.wording import sentence

_CAME_BACK: Final = frozenset({"returned", "recalled", "recalled-too-late"})
"""Causes of entries about a transfer that was undone."""
_IN_WORDS: Final = "answer-in-prose"
_OF_TRANSFER: Final = ("message_id", "institution", "rules", "release", "decided_at", "who")
_MOST: Final = 10_000


@click.group()
def worklist() -> None:
    """Look at what waits for a person, and say what becomes of it."""


@worklist.command("list")
@click.option("--cause", callback=a_cause, help="Entries of this cause alone.")
@click.option("--assignee", default=None, help="Entries that this person has in hand.")
@LIMIT
@JSON
@click.pass_obj
def worklist_list(
    settings: Settings, cause: str | None, assignee: str | None, limit: int, *, as_json: bool
) -> None:
    """List the messages that a person must decide, by cause; in each the oldest first."""
    wanted = _chosen(settings, cause, assignee, limit)
    if as_json:
        for item in wanted:
            click.echo(json.dumps(item_shown(item, settings.lang), ensure_ascii=False))
        return
    for group in agenda.groups(wanted):
        reason = sentence(settings.lang, "cause", group.cause)
        click.echo(f"{group.cause} ({group.count}): {reason}")
        for item in wanted:
            if item.cause == group.cause:
                click.echo(_line(settings.lang, item))


@worklist.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--cause", callback=a_cause, help="Entries of this cause alone.")
@click.option("--assignee", default=None, help="Entries that this person has in hand.")
@LIMIT
@click.pass_obj
def worklist_export(
    settings: Settings, file: Path, cause: str | None, assignee: str | None, limit: int
) -> None:
    """Write entries to a workbook (.xlsx or .ods), to decide them there."""
    chosen = _chosen(settings, cause, assignee, limit)
    filling.write(settings, file, [item_shown(item, "fr") for item in chosen])


worklist.add_command(filling.worklist_import)


@worklist.command("show")
@click.argument("message_id")
@JSON
@click.pass_obj
def worklist_show(settings: Settings, message_id: str, *, as_json: bool) -> None:
    """Show one entry with its reasons, candidates and what is missing."""
    wanted = spelled(message_id)
    found = [i for i in _items(settings, wanted) if i.task.row.message_id == wanted]
    if not found:
        raise unknown(message_id)
    row = found[0].task.row
    view_of_protected(settings, row.message_id, row.case_id, protected=row.protected)
    shown = entry_shown(settings, found[0])
    if as_json:
        click.echo(json.dumps(shown, ensure_ascii=False, default=str))
        return
    show_message(shown, settings.lang)
    for candidate in shown["candidates"]:
        click.echo(f"    = {candidate} {shown['candidate_names'].get(candidate, '')}".rstrip())
    for route in shown["routes"]:
        click.echo(f"    routes.csv: {route}")
    if shown["transfer"] is not None:
        _show_transfer(settings, shown["transfer"])
    if row.cause == _IN_WORDS and not row.protected:
        settings.say(
            f"    its words: `eessi-gateway case facts {row.case_id}`",
            f"    ses termes : `eessi-gateway case facts {row.case_id}`",
        )
    click.echo(_line(settings.lang, found[0]))


@worklist.command("digest")
@JSON
@click.pass_obj
def worklist_digest(settings: Settings, *, as_json: bool) -> None:
    """Count what waits, by cause, with the age of the oldest: to be mailed each morning."""
    groups = agenda.groups(_items(settings))
    if as_json:
        for group in groups:
            click.echo(json.dumps(asdict(group)))
        return
    count, late = sum(g.count for g in groups), sum(g.overdue for g in groups)
    settings.say(
        f"{settings.today()}: {count} wait for a person, {late} overdue.",
        f"{settings.today()} : {count} en attente d'une personne, dont {late} en retard.",
    )
    for group in groups:
        settings.say(
            f"{group.count:>5}  {group.cause:<22} oldest {group.oldest_days} d,"
            f" overdue {group.overdue}, in nobody's hand {group.unassigned}",
            f"{group.count:>5}  {group.cause:<22} le plus ancien {group.oldest_days} j,"
            f" en retard {group.overdue}, sans responsable {group.unassigned}",
        )
        click.echo(f"       {sentence(settings.lang, 'cause', group.cause)}")


@worklist.command("assign")
@click.argument("message_id")
@click.option("--to", "assignee", help="Account or short name of the person.")
@click.option("--to-nobody", is_flag=True, help="Nobody has it in hand any more.")
@click.pass_obj
def worklist_assign(
    settings: Settings, message_id: str, assignee: str | None, *, to_nobody: bool
) -> None:
    """Give one entry to somebody; who did it and when stays."""
    if (assignee is None) != to_nobody:
        raise Misuse("one of --to NAME, --to-nobody", "au choix : --to NOM, --to-nobody")
    done = settings.ask("assign", {"message_id": spelled(message_id), "assignee": assignee or ""})
    settings.say(
        f"{message_id}: {done['assignee'] or 'nobody'}.",
        f"{message_id} : {done['assignee'] or 'personne'}.",
    )


@worklist.command("resolve")
@click.argument("message_id")
@click.option("--transfer", "institution", help="Transfer the case to this institution (its id).")
@click.option("--ask", "data", multiple=True, help="Ask abroad for this datum (may be repeated).")
@click.option("--reject", "ground", help="X011 to the sender: 01, 02, 03, or 99 with --text.")
@click.option(
    "--add",
    "facts",
    multiple=True,
    metavar="FACT=VALUE",
    help="Judge again with what you know: " + ", ".join(FIELDS) + " (may be repeated).",
)
@click.option("--keep", "outcome", flag_value="keep", help="It is ours.")
@click.option("--handled", "outcome", flag_value="handled", help="It was dealt with in RINA.")
@click.option("--duplicate", "outcome", flag_value="duplicate", help="It is there twice.")
@click.option("--text", default="", help="Your own words in a question or an X011.")
@click.option("--why", required=True, help="Reason, kept in the journal; no person's data.")
@click.pass_obj
def worklist_resolve(
    settings: Settings,
    message_id: str,
    institution: str | None,
    data: Sequence[str],
    ground: str | None,
    facts: Sequence[str],
    outcome: str | None,
    text: str,
    why: str,
) -> None:
    """Close one entry: transfer its case, ask, reject, add what you know, or say what was done."""
    filling.askable(settings, data)
    given = {
        "transfer": institution,
        "ask": data,
        "reject": ground,
        "evidence": facts,
        outcome or "": outcome,
    }
    outcomes = [name for name, value in given.items() if value]
    if len(outcomes) != 1 or (text and outcomes[0] not in {"ask", "reject"}):
        raise Misuse(
            "one of --transfer ID, --ask DATUM, --reject CODE, --add FACT=VALUE, --keep,"
            " --handled, --duplicate; --text goes with --ask and --reject",
            "un seul de --transfer ID, --ask ÉLÉMENT, --reject CODE, --add ÉLÉMENT=VALEUR, --keep,"
            " --handled, --duplicate ; --text va avec --ask et --reject",
        )
    asked_for = {
        "message_id": spelled(message_id),
        "outcome": outcomes[0],
        "institution": institution or "",
        "data": list(data),
        "ground": ground or "",
        "facts": dict(_fact(fact) for fact in facts),
        "text": text,
        "reason": why,
    }
    done = settings.ask("resolve", asked_for)
    said = done.get("decision") or done["outcome"]
    target = f" -> {done['institution']}" if done.get("institution") else ""
    settings.say(
        f"{message_id}: {said}{target} ({done['state']}).",
        f"{message_id} : {said}{target} ({done['state']}).",
    )


def _fact(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise Misuse(
            f"--add FACT=VALUE, such as residence='01000 Bourg': {text[:20]}",
            f"--add ÉLÉMENT=VALEUR, tel que residence='01000 Bourg' : {text[:20]}",
        )
    return name.strip(), value


@worklist.command("recall")
@click.argument("case_id")
@click.option("--why", required=True, help="Reason, kept in the journal; no person's data.")
@click.pass_obj
def worklist_recall(settings: Settings, case_id: str, why: str) -> None:
    """Call a wrong transfer back: stop what has not left, take back what the BUC allows."""
    done = settings.ask("recall", {"case_id": case_id, "reason": why})
    sent = ", ".join(done["sent"])
    settings.say(
        f"{case_id}: recalled from {done['institution']}; {done['withdrawn']} not sent any more,"
        f" sent now: {sent or 'nothing'}. {sentence('en', 'cause', done['cause'])}",
        f"{case_id} : rappelé de {done['institution']} ; {done['withdrawn']} envois arrêtés,"
        f" envoyé maintenant : {sent or 'rien'}. {sentence('fr', 'cause', done['cause'])}",
    )


# -- entries --------------------------------------------------------------------------------


def item_shown(item: Item, lang: str) -> dict[str, Any]:
    """An entry in stable names."""
    task = item.task
    return {
        **row_shown(task.row),
        "group": item.cause,
        "text": sentence(lang, "cause", item.cause),
        "age_days": item.age_days,
        "due": item.due.isoformat(),
        "overdue": item.overdue,
        "assignee": task.assignee,
        "assigned_by": task.assigned_by,
        "assigned_at": task.assigned_at.isoformat() if task.assigned_at is not None else None,
    }


def entry_shown(settings: Settings, item: Item) -> dict[str, Any]:
    """An entry with its reasons; of a protected case nothing that was read in it."""
    row = item.task.row
    _, decisions = explained(settings, row.message_id)
    shown = {**item_shown(item, settings.lang), **reasons(decisions[-1], settings.lang)}
    if row.protected:
        shown["trace"], shown["rules"], shown["routes"] = [], [], []
        shown["transfer"] = None
    else:
        today = settings.today()
        shown["routes"] = route_row.rows(shown, item.cause, shown["trace"], today)
        undone = row.case_id is not None and item.cause in _CAME_BACK
        shown["transfer"] = _transfer(settings, row.case_id or "") if undone else None
    return shown | {"candidate_names": _names(settings, shown["candidates"])}


def _transfer(settings: Settings, case_id: str) -> dict[str, Any] | None:
    """The last transfer of a case, with the rows that decided; None when none was ours."""

    async def read() -> list[Mapping[str, Any]]:
        async with settings.reader() as reader:
            return [
                {**one, "message_id": row.message_id}
                for row in await reader.messages(case_id=case_id, limit=_MOST)
                for one in await reader.explanation(row.message_id)
            ]

    made = [one for one in asyncio.run(read()) if one["decision"] == "transfer"]
    if not made:
        return None
    last = max(made, key=lambda one: str(one["decided_at"]))
    told = {key: last[key] for key in _OF_TRANSFER}
    return told | {"decided_at": last["decided_at"].isoformat()}


def _show_transfer(settings: Settings, made: Mapping[str, Any]) -> None:
    rules, day = ", ".join(made["rules"]) or "-", date_of(made["decided_at"])
    settings.say(
        f"    transferred {day} by: {rules} ({made['release']})",
        f"    transféré le {day} par : {rules} ({made['release']})",
    )


def _names(settings: Settings, institutions: Sequence[str]) -> dict[str, str]:
    """What institutions are called today."""
    wanted = [i for i in institutions if i != PROTECTED]
    release = settings.release_in_force() if wanted else None
    if release is None:
        return {}
    directory = tables(settings.state, release.name, release.digest).directory
    found = {ident: directory.institution(ident) for ident in wanted}
    return {ident: known.name for ident, known in found.items() if known is not None}


def _items(settings: Settings, message_id: str | None = None) -> list[Item]:
    async def read() -> Sequence[Task]:
        async with settings.reader() as reader:
            return await reader.tasks(message_id=message_id)

    due_days = settings.config().worklist.due_days
    return agenda.items(asyncio.run(read()), settings.today(), due_days)


def _chosen(settings: Settings, cause: str | None, assignee: str | None, limit: int) -> list[Item]:
    return [
        item
        for item in _items(settings)
        if cause in {None, item.cause} and assignee in {None, item.task.assignee}
    ][:limit]


def _line(lang: str, item: Item) -> str:
    """One entry in one line: how old, due when, what, whose candidates, in whose hand."""
    row = row_shown(item.task.row)
    day, due, late = ("j", "échéance", " EN RETARD") if lang == "fr" else ("d", "due", " OVERDUE")
    what = " ".join(str(row[key]) for key in ("buc", "sed", "sender") if row[key])
    candidates = f" -> {', '.join(row['candidates'])}" if row["candidates"] else ""
    hand = f" ({item.task.assignee})" if item.task.assignee else ""
    when = f"{item.age_days:>4} {day}  {due} {item.due}{late if item.overdue else ''}"
    return f"{when}  {row['message_id']}  {what}{candidates}{hand}"
