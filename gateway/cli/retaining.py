"""Commands on what is kept for a time only: what is old by now, its erasure, what was erased."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import click

from gateway.cli import Settings
from gateway.cli.paris import clock, date_of
from gateway.cli.showing import JSON
from gateway.clock import SystemClock
from gateway.errors import Refused
from gateway.journal.retention import Amount, Erasure, Kept, added
from gateway.people.retaining import Plan, before, periods, plan
from gateway.wording import sentence

OLD: Final = ("kind", "class", "days", "before", "items", "bytes", "oldest")
UNFINISHED: Final = ("kind", "reason", "cases")
ERASED: Final = ("run", "class", "began_at", "until", "before", "who", "why", "items", "bytes")
_MIB: Final = 1024 * 1024


@click.group()
def retention() -> None:
    """Erase what is older than its period; nothing has one unless it is configured."""


@retention.command("plan")
@JSON
@click.pass_obj
def retention_plan(settings: Settings, *, as_json: bool) -> None:
    """Say of each class how much is older than its period, and erase nothing."""
    days, now = periods(settings.config().retention), SystemClock().now()
    old = before(days, now)

    async def look() -> Plan:
        async with settings.reader() as reader:
            return await plan(reader, old)

    found = asyncio.run(look()) if days else Plan()
    for kind in Kept:
        amount, oldest = found.amounts.get(kind, Amount()), found.oldest.get(kind)
        when = old[kind].isoformat() if kind in old else None
        last = oldest.isoformat() if oldest is not None else None
        told = ("old", kind.value, days.get(kind), when, amount.items, amount.bytes, last)
        _show(settings, dict(zip(OLD, told, strict=True)), _old, as_json=as_json)
    for why, cases in sorted(found.unfinished.items()):
        shown = dict(zip(UNFINISHED, ("unfinished", why, cases), strict=True))
        _show(settings, shown, _unfinished, as_json=as_json)


@retention.command("apply")
@click.option("--why", required=True, help="Reason, kept in the journal.")
@JSON
@click.pass_obj
def retention_apply(settings: Settings, why: str, *, as_json: bool) -> None:
    """Erase what is older than its period, piece by piece beside the traffic; Ctrl-C ends it."""
    days = periods(settings.config().retention)
    params = {"reason": why, "periods": {kind.value: count for kind, count in days.items()}}
    gone: dict[Kept, Amount] = {}
    try:
        asyncio.run(_apply(settings, params, gone))
    finally:
        for kind, amount in gone.items():
            told = {"class": kind.value, "items": amount.items, "bytes": amount.bytes}
            _show(settings, told, _erased, as_json=as_json)
    if not gone and not as_json:
        settings.say("Nothing is older than its period.", "Rien ne dépasse sa durée.")


async def _apply(settings: Settings, params: dict[str, Any], gone: dict[Kept, Amount]) -> None:
    """Have one piece after the other done; what was erased is added to `gone`."""
    if not params["periods"]:
        raise Refused(
            "No period is configured ([retention]): nothing is erased.",
            french="Aucune durée n'est configurée ([retention]) : rien n'est effacé.",
            code="no-period",
        )
    left: dict[str, Any] | None = params
    async with settings.asking() as ask:
        while left is not None:
            done = await ask("retention-erase", left)
            gone.update(added(gone, {Kept(k): Amount(**a) for k, a in done["erased"].items()}))
            left = done["next"]


@retention.command("list")
@JSON
@click.pass_obj
def retention_list(settings: Settings, *, as_json: bool) -> None:
    """List what was erased: when, by whom, why, and how much; the first run first."""

    async def read() -> Sequence[Erasure]:
        async with settings.reader() as reader:
            return await reader.erasures()

    for erasure in asyncio.run(read()):
        _show(settings, erasure_shown(erasure), _line, as_json=as_json)


def erasure_shown(erasure: Erasure) -> dict[str, Any]:
    """What one run erased of one class, in stable names."""
    times = (erasure.began_at, erasure.until, erasure.before)
    told = (
        *(erasure.run, erasure.kind.value, *(at.isoformat() for at in times)),
        *(erasure.who, erasure.why, erasure.amount.items, erasure.amount.bytes),
    )
    return dict(zip(ERASED, told, strict=True))


# -- in one line ----------------------------------------------------------------------------


def _show(settings: Settings, told: Mapping[str, Any], line: Any, *, as_json: bool) -> None:
    click.echo(json.dumps(told, ensure_ascii=False) if as_json else line(told, settings.lang))


def _old(told: Mapping[str, Any], lang: str) -> str:
    named = _label(lang, f"kept:{told['class']}")
    if told["days"] is None:
        return f"{named}: {_label(lang, 'no-period')}"
    shown = f"{named} ({told['days']} {_label(lang, 'days')}): {_amount(told)}"
    if told["oldest"] is None:
        return shown
    return f"{shown}, {_label(lang, 'at-rest-since')} {date_of(told['oldest'])}"


def _unfinished(told: Mapping[str, Any], lang: str) -> str:
    why = sentence(lang, "unfinished", told["reason"])
    return f"{_label(lang, 'untouched')} {told['cases']}: {why}"


def _erased(told: Mapping[str, Any], lang: str) -> str:
    named = _label(lang, f"kept:{told['class']}")
    return f"{_label(lang, 'erased')}, {named}: {_amount(told)}"


def _line(told: Mapping[str, Any], lang: str) -> str:
    named = _label(lang, f"kept:{told['class']}")
    said = f"{told['who']}: {told['why']}"
    return f"{told['run']}  {clock(told['until'])}  {named}: {_amount(told)}  {said}"


def _amount(told: Mapping[str, Any]) -> str:
    return f"{told['items']} ({told['bytes'] / _MIB:.1f} MiB)"


def _label(lang: str, code: str) -> str:
    return sentence(lang, "label", code)
