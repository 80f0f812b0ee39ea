"""Commands that make traffic up."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import click

from gateway import chaos as rough
from gateway import life as lived
from gateway.cli import Settings
from gateway.cli.paris import DATE
from gateway.simulation import year as write


@click.group()
def simulate() -> None:
    """Make traffic up, with the truth about it."""


@simulate.command()
@click.option("--seed", type=int, required=True, help="What everything is drawn from.")
@click.option("--count", type=click.IntRange(1), required=True, help="Cases.")
@click.option(
    "--out",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder to write: messages/ and truth.csv.",
)
@click.option(
    "--missing",
    type=click.FloatRange(0, 1),
    default=0.25,
    show_default=True,
    help="Share of cases that lack what is needed.",
)
@click.option(
    "--silent-schemes",
    "silent",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="Share of persons of another scheme than the general one without any sign of it.",
)
@click.option(
    "--from", "begin", type=DATE, default="2026-01-01", show_default=True, help="First day."
)
@click.option("--to", "end", type=DATE, default="2027-01-01", show_default=True, help="Day after.")
@click.pass_obj
def year(
    settings: Settings,
    *,
    seed: int,
    count: int,
    folder: Path,
    missing: float,
    silent: float,
    begin: datetime,
    end: datetime,
) -> None:
    """Write a made-up year of messages in order of receipt, and the truth beside it."""
    made = write(
        folder,
        seed=seed,
        count=count,
        missing=missing,
        silent=silent,
        begin=begin.replace(tzinfo=UTC),
        end=end.replace(tzinfo=UTC),
    )
    settings.say(
        f"{folder}: {made.cases} cases ({made.lacking} lack something), {made.files} files,"
        f" {made.messages} messages in truth.csv.",
        f"{folder} : {made.cases} dossiers ({made.lacking} incomplets), {made.files} fichiers,"
        f" {made.messages} messages dans truth.csv.",
    )


@simulate.command("life")
@click.option("--seed", type=int, required=True, help="What everything is drawn from.")
@click.option("--count", type=click.IntRange(1), default=1000, show_default=True, help="Cases.")
@click.option(
    "--policy",
    type=click.Choice(lived.POLICIES),
    default="default",
    show_default=True,
    help="The tables as shipped, or with every row confirmed.",
)
@click.option("--json", "as_json", is_flag=True, help="One object.")
@click.pass_obj
def life(settings: Settings, *, seed: int, count: int, policy: str, as_json: bool) -> int:
    """Live a virtual year of cases, with partners who answer as people do (exit 1: a wrong one)."""
    found = asyncio.run(lived.live(seed, count, policy))
    if as_json:
        click.echo(json.dumps(_told(found), ensure_ascii=False))
    else:
        _report(settings, found)
    return 1 if found.wrong or found.lost or found.invalid else 0


@simulate.command("chaos")
@click.option("--seed", type=int, required=True, help="What everything is drawn from.")
@click.option(
    "--seeds",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="How many seeds, one after another.",
)
@click.option(
    "--messages",
    type=click.IntRange(1),
    default=rough.MESSAGES,
    show_default=True,
    help="Distinct messages that come of themselves.",
)
@click.option("--json", "as_json", is_flag=True, help="One object a line.")
@click.pass_obj
def chaos(settings: Settings, *, seed: int, seeds: int, messages: int, as_json: bool) -> int:
    """Try the rules of the gateway where all that can go wrong does (exit 1: one is broken)."""
    broken = False
    for outcome in rough.runs(range(seed, seed + seeds), messages):
        broken = bool(outcome.broken)
        if as_json:
            click.echo(json.dumps(_in_codes(outcome)))
        else:
            _show(settings, outcome)
    return 1 if broken else 0


def _in_codes(outcome: rough.Outcome) -> dict[str, object]:
    """The figures under stable names; the steps of a seed that failed."""
    return {
        "seed": outcome.seed,
        "broken": list(outcome.broken),
        "steps": len(outcome.steps),
        "messages": outcome.messages,
        "kills": outcome.kills,
        "arrived": outcome.arrived,
        "digest": outcome.digest,
        "trace": list(outcome.steps) if outcome.broken else [],
    }


def _show(settings: Settings, outcome: rough.Outcome) -> None:
    """A line a seed; all steps of one that failed."""
    seed, steps, kills = outcome.seed, len(outcome.steps), outcome.kills
    if not outcome.broken:
        settings.say(
            f"seed {seed}: {steps} steps, {outcome.messages} messages, {kills} kills,"
            f" {outcome.arrived} arrived; every rule holds.",
            f"graine {seed} : {steps} pas, {outcome.messages} messages, {kills} arrêts brutaux,"
            f" {outcome.arrived} arrivés ; toutes les règles tiennent.",
        )
        return
    click.echo("\n".join(outcome.steps))
    told = ", ".join(outcome.broken)
    settings.say(
        f"seed {seed}: after {steps} steps and {kills} kills a rule is broken: {told}.",
        f"graine {seed} : après {steps} pas et {kills} arrêts brutaux, règle enfreinte : {told}.",
    )


def _told(found: lived.Life) -> dict[str, object]:
    """The figures under stable names."""
    return {
        "cases": found.cases,
        "determinable": found.determinable,
        "answerable": found.answerable,
        "unwritten": found.unwritten,
        "answered": found.answered,
        "settled": found.settled,
        "settled_rate": round(found.settled_rate, 4),
        "settled_then_by_person": found.settled_then_by_person,
        "cleanly_settled": found.cleanly_settled,
        "transferred": found.transferred,
        "by_person": found.by_person,
        "wrong": len(found.wrong),
        "lost": len(found.lost),
        "invalid": len(found.invalid),
        "worklist": dict(found.worklist.most_common()),
        "questions": found.questions,
        "data_per_asked_case": round(found.data_per_asked_case, 3),
        "unclean": found.unclean,
        "reminders": found.reminders,
        "returned": found.returned,
        "by_buc": {buc: dict(numbers) for buc, numbers in sorted(found.by_buc.items())},
    }


def _report(settings: Settings, found: lived.Life) -> None:
    """By BUC, then what the year comes to beside what people did by hand."""
    head = ("BUC", "cases", "transferred", "expected", "settled")
    if settings.lang == "fr":
        head = ("BUC", "dossiers", "transférés", "attendus", "réglés")
    click.echo("{:<12}{:>10}{:>13}{:>10}{:>10}".format(*head))
    for buc, seen in sorted(found.by_buc.items(), key=lambda item: -item[1]["cases"]):
        numbers = [seen[key] for key in ("cases", "transferred", "expected", "settled")]
        click.echo("{:<12}{:>10}{:>13}{:>10}{:>10}".format(buc, *numbers))
    share = found.transferred / found.cases if found.cases else 1.0
    asked, unclean = found.asked_cases, found.unclean
    settings.say(
        f"Transferred: {share:.1%} of all cases (by hand: 75.6 % in 2023, 98 % in 2022).\n"
        f"Settled without a person: {found.settled} of the {found.expected} cases that tell or"
        f" were cleanly answered ({found.settled_rate:.1%}); of the cleanly answered alone"
        f" {found.cleanly_settled} of {found.answered}. {found.by_person} cases are with a person"
        f" in the end, {found.settled_then_by_person} of them settled before.\n"
        f"Wrong {len(found.wrong)}, lost {len(found.lost)}, invalid SEDs sent"
        f" {len(found.invalid)}. Questions {found.questions} in {asked} cases ({unclean} not"
        f" answered cleanly and in time), {found.data_per_asked_case:.2f} data a case asked,"
        f" {found.reminders} reminders, {found.returned} cases given back.",
        f"Transférés : {share:.1%} des dossiers (à la main : 75,6 % en 2023, 98 % en 2022).\n"
        f"Réglés sans personne : {found.settled} des {found.expected} dossiers déterminables ou"
        f" bien répondus ({found.settled_rate:.1%}) ; des seuls bien répondus"
        f" {found.cleanly_settled} sur {found.answered}. {found.by_person} dossiers sont à la fin"
        f" chez une personne, dont {found.settled_then_by_person} réglés auparavant.\n"
        f"Erreurs {len(found.wrong)}, pertes {len(found.lost)}, SED invalides envoyés"
        f" {len(found.invalid)}. Questions {found.questions} dans {asked} dossiers ({unclean} sans"
        f" réponse nette à temps), {found.data_per_asked_case:.2f} données par dossier interrogé,"
        f" {found.reminders} rappels, {found.returned} dossiers rendus.",
    )
    for cause, number in found.worklist.most_common():
        click.echo(f"  {number:>6}  {cause}")
