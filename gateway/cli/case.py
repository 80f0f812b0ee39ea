"""Commands on a whole case: take it, give it back, look at its facts."""

import asyncio
import json
from typing import Any, Final

import click

from gateway.cli import Settings, facts
from gateway.cli.showing import JSON, unknown, view_of_protected
from gateway.core.case import Case
from gateway.core.case_evidence import known_evidence
from gateway.core.message import spelled
from gateway.errors import Refused
from gateway.wording import sentence

_WHY: Final = click.option("--why", required=True, help="Reason, kept in the journal.")


@click.group()
def case() -> None:
    """Take a case for yourself, and give it back."""


@case.command("take")
@click.argument("case_id")
@_WHY
@click.pass_obj
def case_take(settings: Settings, case_id: str, why: str) -> None:
    """Nothing of it leaves or falls due any more; what comes is recorded and on the worklist."""
    view_of_protected(settings, spelled(case_id), spelled(case_id))
    settings.ask("case-take", {"case_id": spelled(case_id), "reason": why})
    settings.say(f"{case_id}: taken.", f"{case_id} : pris en charge.")


@case.command("give-back")
@click.argument("case_id")
@_WHY
@click.pass_obj
def case_give_back(settings: Settings, case_id: str, why: str) -> None:
    """The case is judged again, with all its valid SEDs in order, and goes on by itself."""
    view_of_protected(settings, spelled(case_id), spelled(case_id))
    done = settings.ask("case-give-back", {"case_id": spelled(case_id), "reason": why})
    told(settings, case_id, done)


@case.command("facts")
@click.argument("case_id")
@JSON
@click.pass_obj
def case_facts(settings: Settings, case_id: str, *, as_json: bool) -> None:
    """Show what the SEDs of a case say, in words: a person's data, to be read and not kept."""

    known, said = asyncio.run(_said(settings, spelled(case_id)))
    if not known.revision:
        raise unknown(case_id)
    settings.viewing(spelled(case_id), protected=known.protected, shown=not known.protected)
    if known.protected:
        raise Refused(
            f"{case_id[:64]}: the person is protected; look in RINA.",
            french=f"{case_id[:64]} : la personne est protégée ; consulter RINA.",
            code="protected",
        )
    if known.erased and not as_json:
        settings.say(
            "What its SEDs said until then is erased; see `eessi-gateway journal show`.",
            "Ce que ses SED disaient jusque-là est effacé ; voir `eessi-gateway journal show`.",
        )
    gone = [facts.ERASED] if known.erased and as_json else []
    for fact in (*gone, *facts.facts(known_evidence(known)), *said):
        if as_json:
            click.echo(json.dumps(fact, ensure_ascii=False))
        else:
            facts.show(fact)


async def _said(settings: Settings, case_id: str) -> tuple[Case, list[facts.Fact]]:
    """The case, and what its valid SEDs say in words; of a protected one none of that is read."""
    async with settings.reader() as reader:
        case = await reader.case(case_id)
        wordy = [
            document
            for document in case.documents.values()
            if document.evidence is not None
            and document.evidence.prose
            and document.set_id not in case.withdrawn
            and not case.protected
        ]
        bodies = [await reader.body(document.body) for document in wordy]
    return case, [fact for body in bodies if body is not None for fact in facts.in_words(body)]


def told(settings: Settings, what: str, done: dict[str, Any]) -> None:
    """What became of a case that was judged again."""
    state = sentence(settings.lang, "case-state", done["state"])
    settings.say(f"{what}: {state}", f"{what} : {state}")
    for judged in done["decisions"]:
        how = " ".join(judged[key] for key in ("decision", "cause") if judged[key])
        click.echo(f"    {judged['message_id']}  {how} [{judged['state']}]")
