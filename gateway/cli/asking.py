"""Commands on questions abroad."""

import asyncio
import json
from collections.abc import Sequence

import click

from gateway.cli import Settings
from gateway.journal import QuestionRow
from gateway.wording import sentence


@click.group()
def questions() -> None:
    """Look at the questions asked abroad."""


@questions.command("list")
@click.option("--all", "every", is_flag=True, help="Those that are settled, too.")
@click.option("--limit", type=click.IntRange(1), default=1000, show_default=True, help="At most.")
@click.option("--json", "as_json", is_flag=True, help="One object a line.")
@click.pass_obj
def questions_list(settings: Settings, *, every: bool, limit: int, as_json: bool) -> None:
    """List the open questions: asked when and whom, how often reminded, due when."""
    for row in asyncio.run(_questions(settings, every=every, limit=limit)):
        due = row.due.isoformat() if row.due is not None else None
        if as_json:
            listed = {
                "question": row.question,
                "case_id": row.case_id,
                "asked": row.asked,
                "way": row.way,
                "missing": list(row.missing),
                "asked_at": row.asked_at.isoformat(),
                "state": row.state.value,
                "reminders": row.reminders,
                "due": due,
            }
            click.echo(json.dumps(listed))
            continue
        told = " ".join(sentence(settings.lang, "missing", datum) for datum in row.missing)
        click.echo(
            f"{row.asked_at.isoformat()[:16]}  {row.asked:<16} {row.case_id}  {row.state}"
            f"  {row.reminders}  {(due or '-')[:10]}  {told}"
        )


async def _questions(settings: Settings, *, every: bool, limit: int) -> Sequence[QuestionRow]:
    async with settings.reader() as reader:
        return await reader.questions(every=every, limit=limit)
