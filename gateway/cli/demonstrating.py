"""The demo: a gateway at work on a made-up month, with a progress bar and a table by BUC."""

import asyncio
import contextlib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final

import click
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from gateway.bench.accuracy import compare, read, rows_of
from gateway.cli import Settings
from gateway.clock import SystemClock
from gateway.config import Config, Log
from gateway.connecting import inbound_folder
from gateway.daemon import Gateway, serve
from gateway.errors import Refused
from gateway.simulation import year
from gateway.transport.folder import META

MONTH: Final = 909
"""Cases in a month: 10,909 were received in 2023 (Cleiss, annual report)."""
WATCH_SECONDS: Final = 0.2
FEED_AHEAD: Final = 500
"""Messages put into the inbound folder before some are taken."""
COLUMNS: Final = (
    ("received", "received", "reçus"),
    ("transferred", "transferred", "transférés"),
    ("asked", "asked", "interrogés"),
    ("referred", "referred", "à traiter"),
    ("set_aside", "aside", "de côté"),
)


@click.command()
@click.option("--count", type=click.IntRange(1), default=MONTH, show_default=True, help="Cases.")
@click.option("--seed", type=int, default=None, help="Of the made-up traffic; default: a new one.")
@click.option("--until-idle", is_flag=True, help="End when all is done.")
@click.pass_obj
def demo(settings: Settings, *, count: int, seed: int | None, until_idle: bool) -> None:
    """Run the gateway on a made-up month of traffic, and show what became of it."""
    config = settings.config()
    if config.environment != "demo":
        raise Refused(
            f"demo: this configuration is for {config.environment}; made-up cases never go there.",
            french=f"demo : cette configuration est celle de {config.environment} ;"
            " jamais de dossiers inventés là.",
            code="not-a-demo",
        )
    if config.transport != "folder":
        raise Refused(
            f"demo: made-up cases come as files, not by {config.transport}; leave `transport` out.",
            french="demo : les dossiers inventés arrivent en fichiers, pas par"
            f" {config.transport} ; retirer `transport`.",
            code="not-a-demo",
        )
    quiet = config.model_copy(update={"log": Log(level="error", format=config.log.format)})
    show = _Show(settings, config, seed, count, until_idle=until_idle)
    asyncio.run(serve(quiet, beside=show.run))


class _Show:
    """What the person sees while the gateway works."""

    def __init__(
        self, settings: Settings, config: Config, seed: int | None, count: int, *, until_idle: bool
    ) -> None:
        self._settings = settings
        self._config = config
        self._seed = seed
        self._count = count
        self._until_idle = until_idle
        self._console = Console()

    async def run(self, gateway: Gateway, address: str) -> bool:
        """Make the traffic, feed it, watch it, and show the table; True: the gateway may end."""
        before = sum((await gateway.journal.counts()).messages.values())
        seed = self._seed if self._seed is not None else before + 1
        folder = self._config.state / "demo" / f"seed-{seed}"
        self._settings.say(
            f"Making {self._count} cases up (seed {seed}) ...",
            f"Invention de {self._count} dossiers (graine {seed}) ...",
        )
        total = await asyncio.to_thread(self._make, folder, seed)
        await self._watch(gateway, folder / "messages", total)
        await self._report(gateway, address, folder / "truth.csv")
        if not self._until_idle:
            self._settings.say("Ctrl-C ends the gateway.", "Ctrl-C arrête la passerelle.")
        return self._until_idle

    def _make(self, folder: Path, seed: int) -> int:
        """A month of traffic up to today; how many messages."""
        end = SystemClock().now().replace(hour=0, minute=0, second=0, microsecond=0)
        year(folder, seed=seed, count=self._count, begin=end - timedelta(days=30), end=end)
        return sum(1 for _ in _messages(folder / "messages"))

    async def _watch(self, gateway: Gateway, messages: Path, total: int) -> None:
        """Feed the messages as they would arrive, in order, never far ahead of the gateway."""
        inbound = inbound_folder(self._config)
        feed = _messages(messages)
        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
        )
        fed = 0
        with bar:
            task = bar.add_task("messages", total=total)
            while True:
                waiting = (await gateway.consumer.inbound()).waiting
                bar.update(task, completed=fed - waiting)
                if fed == total and not waiting and await gateway.readiness.look():
                    return
                for path in _some(feed, FEED_AHEAD - waiting):
                    _put(path, inbound)
                    fed += 1
                await gateway.clock.sleep(WATCH_SECONDS)

    async def _report(self, gateway: Gateway, address: str, truth: Path) -> None:
        """The table by BUC, the truth beside it, then where to look further."""
        fr = self._settings.lang == "fr"
        table = Table(
            title="Devenir des dossiers, par BUC" if fr else "What became of the cases, by BUC",
            box=box.SIMPLE_HEAD,
        )
        table.add_column("BUC", no_wrap=True)
        for _, english, french in COLUMNS:
            table.add_column(french if fr else english, justify="right")
        table.add_column("taux" if fr else "rate", justify="right")
        by_buc = await gateway.journal.by_buc()
        for buc, numbers in sorted(by_buc.items(), key=lambda item: -item[1].get("received", 0)):
            table.add_row(buc, *_cells(numbers))
        total = {
            key: sum(numbers.get(key, 0) for numbers in by_buc.values()) for key, _, _ in COLUMNS
        }
        table.add_section()
        table.add_row("total", *_cells(total), style="bold")
        self._console.print(table)
        held = compare(read(truth), await rows_of(gateway.journal))
        self._settings.say(
            f"Held against the truth of the made-up traffic: {held.transferred} of the"
            f" {held.determinable} determinable cases transferred ({held.rate:.1%}),"
            f" {len(held.wrong)} to a wrong institution.",
            f"Au regard de la vérité du trafic inventé : {held.transferred} des"
            f" {held.determinable} dossiers déterminables transférés ({held.rate:.1%}),"
            f" {len(held.wrong)} à une mauvaise institution.",
        )
        state = self._config.state
        self._settings.say(
            f"Status page: {address}/   metrics: {address}/metrics   health: {address}/readyz\n"
            f"Handed over: {state}/outbound/   journal: eessi-gateway --state {state} journal list",
            f"Page d'état : {address}/   mesures : {address}/metrics   santé : {address}/readyz\n"
            f"Remis : {state}/outbound/   journal : eessi-gateway --state {state} journal list",
        )


def _cells(numbers: Mapping[str, int]) -> Iterator[str]:
    for key, _, _ in COLUMNS:
        yield str(numbers.get(key, 0))
    received = numbers.get("received", 0)
    yield f"{100 * numbers.get('transferred', 0) / received:.1f} %" if received else "-"


def _messages(folder: Path) -> Iterator[Path]:
    """Message files in order of name, without their sidecars."""
    return (p for p in sorted(folder.iterdir()) if p.suffix in {".xml", ".mime"})


def _some(feed: Iterator[Path], most: int) -> Iterator[Path]:
    for _ in range(most):
        path = next(feed, None)
        if path is None:
            return
        yield path


def _put(path: Path, inbound: Path) -> None:
    """Move a message to where the gateway takes it, its sidecar first."""
    sidecar = path.with_name(path.name + META)
    with contextlib.suppress(FileNotFoundError):
        sidecar.rename(inbound / sidecar.name)
    path.rename(inbound / path.name)
