"""Commands on files, without a journal: validate and judge."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import click

from gateway.cli import Settings, facts
from gateway.cli.paris import DATE
from gateway.clock import SystemClock
from gateway.core.case import Case
from gateway.core.decision import Decision, Transfer, cause, institution, name
from gateway.core.judging import Arrival, Examined, examine
from gateway.core.judging import judge as judged
from gateway.core.message import Malformed
from gateway.errors import Refused
from gateway.loading import catalogue, desk, limits, schemas
from gateway.pipeline import Desk
from gateway.validating import validated
from gateway.wording import sentence, told

_FILES = click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False)
)


def _bytes(path: Path, most: int) -> bytes:
    """The file's bytes, no more of them than the cap and one."""
    try:
        with path.open("rb") as file:
            return file.read(most + 1)
    except OSError as error:
        raise Refused(
            f"{path}: cannot be read ({error.strerror}).",
            french=f"{path} : illisible ({error.strerror}).",
            code="file-unreadable",
        ) from None


@click.command()
@_FILES
@click.option("--json", "as_json", is_flag=True, help="One object a line.")
@click.pass_obj
def validate(settings: Settings, files: Sequence[Path], *, as_json: bool) -> int:
    """Check business messages against their schemas and say what is wrong where."""
    config = settings.config()
    in_force, known = schemas(config.state), catalogue()
    invalid = 0
    for path in files:
        body = _bytes(path, config.inbound.max_bytes)
        told_of = validated(body, limits(config), in_force, known, settings.lang)
        result = {"file": str(path), **told_of}
        invalid += not result["valid"]
        if as_json:
            click.echo(json.dumps(result, ensure_ascii=False))
            continue
        mark = "valid  " if result["valid"] else "INVALID"
        click.echo(f"{mark} {path}: {result['sed'] or '-'} {result['cdm'] or ''}")
        for violation in result["violations"]:
            click.echo(f"        {violation['path']}: {violation['text']}")
        for warning in result["warnings"]:
            click.echo(f"        {warning['text']}")
    return 1 if invalid else 0


@click.command()
@_FILES
@click.option("--on", "day", type=DATE, help="Day of receipt and decision.")
@click.option("--release", default=None, help="Release of the tables (default: the baseline).")
@click.option("--json", "as_json", is_flag=True, help="One object a line.")
@click.pass_obj
def judge(
    settings: Settings,
    files: Sequence[Path],
    day: datetime | None,
    release: str | None,
    *,
    as_json: bool,
) -> int:
    """Decide messages as the gateway would, each alone and with its reasons; nothing is sent."""
    config = settings.config()
    at = _at(day.date()) if day is not None else SystemClock().now()
    judged_with = desk(config, release)
    for path in files:
        result = _judged(path, judged_with, at, settings.lang)
        if as_json:
            click.echo(json.dumps(result, ensure_ascii=False))
        else:
            _show(result)
    return 0


def _judged(path: Path, judged_with: Desk, at: datetime, lang: str) -> dict[str, Any]:
    examined = examine(
        _bytes(path, judged_with.limits.message), judged_with.limits, judged_with.schemas
    )
    case = None if isinstance(examined, Malformed) else Case(examined.message.case_id)
    judgement = judged(examined, case, judged_with.tables, judged_with.policy, Arrival(at, at))
    message, decision = judgement.message, judgement.decision
    return {
        "file": str(path),
        "message_id": judgement.message_id,
        "case_id": message.case_id if message else None,
        "buc": message.buc if message else None,
        "sed": message.sed if message else None,
        "decision": name(decision) if decision else None,
        "cause": cause(decision) if decision else None,
        "text": _sentence(lang, decision),
        "institution": institution(decision) if decision else None,
        "certainty": judgement.certainty.code if judgement.certainty is not None else None,
        "accepted": decision.accepted if isinstance(decision, Transfer) else "",
        "candidates": list(judgement.candidates),
        "missing": [
            {"code": datum, "params": {}, "text": sentence(lang, "missing", datum)}
            for datum in judgement.missing
        ],
        "trace": told(lang, judgement.trace),
        "evidence": _read_from(examined),
        "releases": {"tables": judgement.release, "schemas": judgement.schemas},
    }


def _read_from(examined: Examined | Malformed) -> list[facts.Fact]:
    """Which facts were found, whose they are and where; never what they say."""
    if isinstance(examined, Malformed):
        return []
    return facts.without_values(facts.facts(examined.evidence))


def _sentence(lang: str, decision: Decision | None) -> str:
    if decision is None:
        return ""
    why = cause(decision)
    text = sentence(lang, "decision", name(decision))
    return f"{text} {sentence(lang, 'cause', why)}" if why else text


def _at(day: date) -> datetime:
    """Noon in UTC: the same day in Europe/Paris, summer and winter."""
    return datetime.combine(day, time(12), UTC)


def _show(result: dict[str, Any]) -> None:
    target = f" -> {result['institution']}" if result["institution"] else ""
    click.echo(f"{result['file']}: {result['decision']}{target}")
    click.echo(f"    {result['text']}")
    for step in result["trace"]:
        click.echo(f"    - {step['text']}")
    for fact in result["evidence"]:
        facts.show(fact)
    for datum in result["missing"]:
        click.echo(f"    ? {datum['text']}")
    if result["candidates"]:
        click.echo(f"    = {', '.join(result['candidates'])}")
