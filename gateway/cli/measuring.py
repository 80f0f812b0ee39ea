"""The measurements: `bench` prints the figures with the machine and the versions."""

import json
import statistics
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from gateway import accuracy as held_against
from gateway import bench as measured
from gateway import resolving_bench, schemas_bench
from gateway.cli import Settings

_JSON = click.option("--json", "as_json", is_flag=True, help="One object.")


@click.group(invoke_without_command=True)
@click.option("--count", type=click.IntRange(10), default=5000, show_default=True, help="Cases.")
@_JSON
@click.pass_context
def bench(ctx: click.Context, *, count: int, as_json: bool) -> None:
    """Measure the gateway on this machine; without a subcommand: everything."""
    if ctx.invoked_subcommand is not None:
        return
    _show({**_startup(), **_throughput(count), **measured.machine()}, as_json=as_json)


@bench.command("start")
@_JSON
@click.pass_obj
def start(_settings: Settings, *, as_json: bool) -> None:
    """Time `--version`, and a start until ready."""
    _show({**_startup(), **measured.machine()}, as_json=as_json)


@bench.command("throughput")
@click.option("--count", type=click.IntRange(10), default=5000, show_default=True, help="Cases.")
@_JSON
@click.pass_obj
def throughput(_settings: Settings, *, count: int, as_json: bool) -> None:
    """Run made-up cases through the whole path; messages a second, and memory on the way."""
    _show({**_throughput(count), **measured.machine()}, as_json=as_json)


@bench.command("schemas")
@click.option(
    "--count",
    type=click.IntRange(1_000),
    default=20_000,
    show_default=True,
    help="Documents with names never seen before.",
)
@_JSON
@click.pass_obj
def schemas(_settings: Settings, *, count: int, as_json: bool) -> None:
    """Time schemas: first use, a verdict, two threads, the worst document; and memory."""
    found = schemas_bench.measure(count)
    _show(
        {
            "catalogue_s": round(found.catalogue_s, 3),
            "compile_ms": round(found.compile_ms, 2),
            "compile_all_s": round(found.compile_all_s, 2),
            "bytes": found.bytes,
            "verdict_ms": round(found.verdict_ms, 3),
            "two_threads": round(found.two_threads, 2),
            "violations_s": round(found.violations_s, 2),
            "violations_mb": round(found.violations_mb),
            "documents": found.documents,
            "rss_mb": [round(mb) for mb in found.rss_mb],
            **measured.machine(),
        },
        as_json=as_json,
    )


@bench.command("resolve")
@_JSON
@click.pass_obj
def resolve(_settings: Settings, *, as_json: bool) -> None:
    """Time a resolution on the release and on 100,000 institutions, and the loading."""
    found = resolving_bench.measure()
    _show(
        {
            "us_700": round(found.us_700, 2),
            "us_100k": round(found.us_100k, 2),
            "load_s": round(found.load_s, 3),
            **measured.machine(),
        },
        as_json=as_json,
    )


def _startup() -> dict[str, Any]:
    return {
        "version_s": _median(measured.version()),
        "ready_s": _median(measured.startup()),
    }


def _throughput(count: int) -> dict[str, Any]:
    figures = measured.throughput(count)
    return {
        "messages": figures.messages,
        "bytes_median": figures.bytes_median,
        "recorded_msg_s": round(figures.rate),
        "drained_msg_s": round(figures.drained_rate),
        "files_out": figures.sent,
        "cpu_ms_per_message": round(1000 * figures.cpu_seconds / figures.messages, 3),
        "rss_mb": [round(mb, 1) for mb in figures.rss_mb],
    }


def _median(seconds: Sequence[float]) -> float:
    return round(statistics.median(seconds), 3)


def _show(figures: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(figures, ensure_ascii=False))
        return
    for name, value in figures.items():
        shown = " ".join(map(str, value)) if isinstance(value, list) else value
        click.echo(f"{name:<20} {shown}")


@bench.command("accuracy")
@click.option(
    "--truth",
    "folder",
    required=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder that `simulate year` wrote.",
)
@_JSON
@click.pass_obj
def accuracy(_settings: Settings, *, folder: Path, as_json: bool) -> int:
    """Run made-up cases and hold every decision against the truth (exit 1: a wrong transfer)."""
    found = held_against.measure(folder)
    _show(
        {
            "messages": found.messages,
            "cases": found.cases,
            "determinable": found.determinable,
            "transferred": found.transferred,
            "transfer_rate": round(found.rate, 4),
            "wrong": len(found.wrong),
            "wrong_by_rule": len(found.wrong) - found.wrong_by_assumption,
            "wrong_by_assumption": found.wrong_by_assumption,
            "lost": len(found.lost),
            "undecided": len(found.undecided),
            "unexpected": len(found.unexpected),
            "questions": found.questions,
            "asked_cases": found.asked_cases,
            "items_per_asked_case": round(found.items_per_asked_case, 3),
            "settled_cases": found.settled_cases,
            "rounds_per_settled_case": round(found.rounds_per_settled_case, 3),
            **{f"decided_{name}": count for name, count in sorted(found.decisions.items())},
            **({"by_buc": dict(sorted(found.by_buc.items()))} if as_json else {}),
        },
        as_json=as_json,
    )
    if not as_json:
        _confusion(found)
        _misses("WRONG", found.wrong)
        _misses("unexpected", found.unexpected)
    return 1 if found.wrong or found.lost else 0


def _confusion(found: held_against.Accuracy) -> None:
    """What was expected and what was decided, by BUC."""
    for buc, seen in sorted(found.by_buc.items()):
        click.echo(buc)
        for what, count in seen.most_common():
            click.echo(f"  {count:>6}  {what}")


def _misses(title: str, misses: Sequence[held_against.Miss]) -> None:
    """Misses grouped by profile and what became of it, most frequent first."""
    groups = Counter((m.profile, m.expected, m.decision, m.cause, m.institution) for m in misses)
    for (profile, expected, decision, cause, institution), count in groups.most_common(50):
        told = " ".join(filter(None, (decision, cause, institution)))
        click.echo(f"{title} {count:>5}  {profile}: expected {expected}, was {told}")
