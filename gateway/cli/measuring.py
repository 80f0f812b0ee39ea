"""The measurements: `bench` prints the figures with the machine and the versions."""

import asyncio
import json
import statistics
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import click

from gateway.bench import accuracy as held_against
from gateway.bench import daemon as measured
from gateway.bench import resolving
from gateway.bench import schemas as held_to
from gateway.bench import search as searched
from gateway.bench.private_broker import private_broker
from gateway.cli import Settings
from gateway.errors import Refused, Unreachable

_WITHOUT_POSTGRES: Final = {
    "asked": ("Without PostgreSQL, as asked.", "Sans PostgreSQL, comme demandé."),
    "no-psycopg": (
        "Without PostgreSQL: pip install 'eessi-gateway[postgres]'.",
        "Sans PostgreSQL : pip install 'eessi-gateway[postgres]'.",
    ),
    "no-postgres": (
        "Without PostgreSQL: it is not installed here (apt-get install postgresql).",
        "Sans PostgreSQL : il n'est pas installé ici (apt-get install postgresql).",
    ),
    "no-setpriv": (
        "Without PostgreSQL: it does not run as root, and there is no setpriv (util-linux).",
        "Sans PostgreSQL : il ne tourne pas en root, et setpriv (util-linux) manque.",
    ),
}
"""Why it is left out, in both languages."""
_AMQP = click.option(
    "--amqp", metavar="URL", help="A broker with nothing of ours on it; default: one of its own."
)
_JSON = click.option("--json", "as_json", is_flag=True, help="One object.")


@click.group(invoke_without_command=True)
@click.option("--count", type=click.IntRange(10), default=5000, show_default=True, help="Cases.")
@_JSON
@click.pass_context
def bench(ctx: click.Context, *, count: int, as_json: bool) -> None:
    """Measure the gateway on this machine; without a subcommand: start and throughput."""
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
    found = held_to.measure(count)
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
    found = resolving.measure()
    _show(
        {
            "us_700": round(found.us_700, 2),
            "us_100k": round(found.us_100k, 2),
            "load_s": round(found.load_s, 3),
            **measured.machine(),
        },
        as_json=as_json,
    )


@bench.command("relay")
@_AMQP
@click.option(
    "--messages", type=click.IntRange(100), default=5000, show_default=True, help="Each time."
)
@click.option("--runs", type=click.IntRange(1), default=5, show_default=True, help="Runs.")
@click.option("--no-postgres", is_flag=True, help="Leave PostgreSQL out.")
@click.option(
    "--attachment",
    "attachment_mb",
    type=click.IntRange(0, 1000),
    default=100,
    show_default=True,
    help="MB of the large message; 0: there is none.",
)
@_JSON
@click.pass_obj
def relay(
    settings: Settings,
    *,
    amqp: str | None,
    messages: int,
    runs: int,
    no_postgres: bool,
    attachment_mb: int,
    as_json: bool,
) -> None:
    """Time a bare relay, a plain handler and the gateway on one broker, side by side."""
    relaying = _at_broker("relay")
    found = []
    without = "asked" if no_postgres else _no_postgres()
    with _broker(amqp) as url, _cluster(without) as cluster:
        for number in range(runs):
            if not as_json:
                settings.say(f"Run {number + 1} of {runs}.", f"Passe {number + 1} sur {runs}.")
            measure = relaying.measure(url, messages, cluster=cluster, attachment_mb=attachment_mb)
            found.append(asyncio.run(measure))
    if without is not None and not as_json:
        settings.say(*_WITHOUT_POSTGRES[without])
    killed = sorted(name for run in found for name in run.killed)
    more = {"postgres_left_out": without, "killed": killed, "messages": messages, "runs": runs}
    _show({**relaying.medians(found), **more, **measured.machine()}, as_json=as_json)


@bench.command("backlog")
@_AMQP
@click.option(
    "--messages",
    type=click.IntRange(100),
    default=50_000,
    show_default=True,
    help="Messages in the queue.",
)
@click.option(
    "--size",
    type=click.IntRange(1024, 10_000_000),
    default=10_240,
    show_default=True,
    help="Bytes of each.",
)
@_JSON
@click.pass_obj
def backlog(
    _settings: Settings, *, amqp: str | None, messages: int, size: int, as_json: bool
) -> None:
    """Start a gateway before a full queue, and time it until everything has left."""
    drained = _at_broker("backlog")
    with _broker(amqp) as url:
        found = asyncio.run(drained.measure(url, messages, size))
    figures = {
        "drained_s": round(found.seconds, 1),
        "from_first_s": round(found.from_first_seconds, 1),
        "msg_s": round(found.msg_s),
        "cpu_ms": round(found.cpu_ms, 3),
        "rss_mb": round(found.rss_mb),
    }
    counts = {"messages": messages, "bytes": size}
    _show({**figures, **counts, **measured.machine()}, as_json=as_json)


@bench.command("soak")
@_AMQP
@click.option(
    "--messages",
    type=click.IntRange(400),
    default=1_000_000,
    show_default=True,
    help="How many messages.",
)
@_JSON
@click.pass_obj
def soak(_settings: Settings, *, amqp: str | None, messages: int, as_json: bool) -> None:
    """Run very many messages through, and compare memory and what is open, early and late."""
    soaked = _at_broker("soak")
    with _broker(amqp) as url:
        found = asyncio.run(soaked.measure(url, messages))
    early, late = found.early, found.late
    figures = {
        "rss_growth": round(late.rss_mb / early.rss_mb - 1, 4),
        "rss_early_mb": round(early.rss_mb, 1),
        "rss_late_mb": round(late.rss_mb, 1),
        "files": [early.files, late.files],
        "tasks": [early.tasks, late.tasks],
        "channels": [early.channels, late.channels],
        "rss_mb": [round(mb) for mb in found.rss_mb],
        "msg_s": round(found.msg_s),
        "early": min(soaked.EARLY, messages // 2),
        "messages": messages,
    }
    _show({**figures, **measured.machine()}, as_json=as_json)


@bench.command("search")
@click.option(
    "--messages",
    type=click.IntRange(100),
    default=10_000_000,
    show_default=True,
    help="In the journal.",
)
@_JSON
@click.pass_obj
def search(_settings: Settings, *, messages: int, as_json: bool) -> None:
    """Fill a journal, and time searches by case, SED, institution and date."""
    found = asyncio.run(searched.measure(messages))
    figures = {
        f"{kind}_{how}_ms": [round(took.median, 1), round(took.worst, 1)]
        for how, kinds in (("cold", found.cold), ("warm", found.warm))
        for kind, took in kinds.items()
    }
    counts = {
        "messages": found.messages,
        "gb": round(found.gb, 3),
        "filled_s": round(found.filled_s),
    }
    _show({**figures, **counts, **measured.machine()}, as_json=as_json)


def _at_broker(name: str) -> Any:
    """A measurement at a broker.

    Raises:
        Unreachable: the package was installed without what it needs.
    """
    try:
        import_module("aio_pika")
    except ImportError:
        raise Unreachable(
            "A measurement at a broker needs aio-pika: pip install 'eessi-gateway[bench]'.",
            french="Mesurer chez un courtier demande aio-pika :"
            " pip install 'eessi-gateway[bench]'.",
            code="no-aio-pika",
        ) from None
    return import_module(f"gateway.bench.{name}")


def _broker(amqp: str | None) -> AbstractContextManager[str]:
    return private_broker() if amqp is None else nullcontext(amqp)


def _no_postgres() -> str | None:
    """Why there can be no PostgreSQL here, as a code."""
    try:
        from gateway.bench import private_database
    except ImportError:
        return "no-psycopg"
    return private_database.absent()


def _cluster(without: str | None) -> AbstractContextManager[Any]:
    if without is not None:
        return nullcontext(None)
    from gateway.bench.private_database import private_database

    return private_database()


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
        click.echo(f"{name:<25} {shown}")


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
    if not (folder / "messages").is_dir() or not (folder / "truth.csv").is_file():
        raise Refused(
            f"{folder}: not written by `simulate year` (messages/ and truth.csv); name its --out.",
            french=f"{folder} : pas un dossier de `simulate year` (messages/ et truth.csv) ;"
            " donner son --out.",
            code="no-truth",
        )
    (found,) = held_against.measure(folder)
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
