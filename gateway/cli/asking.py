"""Commands on questions abroad: look at them, and close one that was answered elsewhere."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import click

from gateway.cli import Settings
from gateway.cli.case import told
from gateway.cli.paris import clock, date_of
from gateway.cli.showing import (
    JSON,
    LIMIT,
    PROTECTED,
    happening_line,
    happening_shown,
    view_of_protected,
)
from gateway.clock import SystemClock
from gateway.core.states import QuestionState
from gateway.errors import Refused
from gateway.journal.rows import Happening, QuestionRow
from gateway.wording import sentence

_INSTANTS: Final = frozenset({"asked_at", "due"})


@click.group()
def questions() -> None:
    """Look at the questions asked abroad; close one that was answered by telephone or post."""


@questions.command("list")
@click.option("--all", "every", is_flag=True, help="Those that are settled, too.")
@LIMIT
@JSON
@click.pass_obj
def questions_list(settings: Settings, *, every: bool, limit: int, as_json: bool) -> None:
    """List the open questions: asked when and whom, how old, how often reminded, due when."""
    now = SystemClock().now()
    for row in asyncio.run(_questions(settings, every=every, limit=limit)):
        shown = question_shown(row, now)
        if as_json:
            click.echo(json.dumps(shown))
            continue
        data = " ".join(sentence(settings.lang, "missing", datum) for datum in row.missing)
        asked = clock(shown["asked_at"], minutes=True)
        due = date_of(shown["due"]) if shown["due"] else "-"
        click.echo(
            f"{asked}  {row.question}  {shown['asked']:<16} {shown['case_id']}"
            f"  {_standing(settings.lang, shown)}  {due}  {data}"
        )


def _standing(lang: str, shown: Mapping[str, Any]) -> str:
    """State, age and reminders of a question, each with what it is."""
    day, reminded = ("j", "relances") if lang == "fr" else ("d", "reminders")
    return f"{shown['state']}  {shown['age_days']} {day}  {reminded} {shown['reminders']}"


def question_shown(row: QuestionRow, now: datetime) -> dict[str, Any]:
    """A question in stable names; of a protected case nothing that would tell whose it is."""
    return {
        "question": row.question,
        "case_id": PROTECTED if row.protected else row.case_id,
        "asked": PROTECTED if row.protected else row.asked,
        "way": row.way,
        "missing": list(row.missing),
        "asked_at": row.asked_at.isoformat(),
        "age_days": (now - row.asked_at).days,
        "state": row.state.value,
        "sending": row.sending.value if row.sending is not None else None,
        "reminders": row.reminders,
        "due": row.due.isoformat() if row.due is not None else None,
    }


@questions.command("show")
@click.argument("question")
@JSON
@click.pass_obj
def questions_show(settings: Settings, question: str, *, as_json: bool) -> None:
    """Show one question: how it stands, and all that happened to it."""
    row, happenings = asyncio.run(_question(settings, question))
    view_of_protected(settings, row.question, row.case_id)
    shown = question_shown(row, SystemClock().now())
    if as_json:
        listed = [happening_shown(happening) for happening in happenings]
        click.echo(json.dumps({**shown, "happenings": listed}, ensure_ascii=False, default=str))
        return
    for key, value in shown.items():
        text = " ".join(value) if isinstance(value, list) else value
        text = clock(text) if text and key in _INSTANTS else text
        click.echo(
            f"{sentence(settings.lang, 'label', key):<18} {'-' if text in {None, ''} else text}"
        )
    click.echo(sentence(settings.lang, "question-state", row.state.value))
    if row.protected and row.state is QuestionState.OPEN:
        settings.say(
            "The person is protected: no reminder leaves; remind in RINA, or close it with"
            " `questions answered`.",
            "Personne protégée : aucun rappel ne part ; relancer dans RINA, ou clore par"
            " `questions answered`.",
        )
    for datum in row.missing:
        click.echo(f"    ? {sentence(settings.lang, 'missing', datum)}")
    for happening in happenings:
        click.echo(happening_line(happening))


@questions.command("answered")
@click.argument("question")
@click.option("--why", required=True, help="Who answered, and how; no person's data.")
@click.pass_obj
def questions_answered(settings: Settings, question: str, why: str) -> None:
    """Close a question that was answered by telephone or post; its case is judged again."""
    done = settings.ask("question-answered", {"question": question, "reason": why})
    told(settings, question, done)


async def _questions(settings: Settings, *, every: bool, limit: int) -> Sequence[QuestionRow]:
    async with settings.reader() as reader:
        return await reader.questions(every=every, limit=limit)


async def _question(settings: Settings, question: str) -> tuple[QuestionRow, Sequence[Happening]]:
    async with settings.reader() as reader:
        rows = await reader.questions(every=True, question=question, limit=1)
        if not rows:
            raise Refused(
                f"{question[:64]}: no such question; see `eessi-gateway questions list --all`.",
                french=f"{question[:64]} : question inconnue ; voir"
                " `eessi-gateway questions list --all`.",
                code="no-question",
            )
        happenings = await reader.timeline(rows[0].case_id)
    return rows[0], [h for h in happenings if _is_about(h, question)]


def _is_about(happening: Happening, question: str) -> bool:
    """It, a reminder of it, or what was said of it."""
    named = (str(happening.params.get(key, "")) for key in ("question", "object", "message_id"))
    return question in {name.partition("/")[0] for name in named}
