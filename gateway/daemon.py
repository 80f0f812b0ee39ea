"""The composition root: builds everything, runs it, and ends it in order.

Order of the start: state lock and journal, tables and schemas, control socket, HTTP, relay,
timers, pipeline. Ready once the transport and the journal can be used.

Order of the end (SIGTERM, SIGINT, or idle with `--until-idle`); each step is logged and a test
reads the log:

1. `draining`: readiness goes red, so that nobody counts on us.
2. `intake-stopped`: no message is taken any more, and nothing becomes due.
3. `in-flight-settled`: what was taken is recorded and settled.
4. `outbox-drained`: what is due is sent, for at most `DRAIN_SECONDS`; the rest stays in the
   journal and goes out after the next start.
5. `closed`: control socket and HTTP stop, the journal finishes its last commit and closes.

A second signal ends the process at once; so does `kill -9` at any moment. Nothing is lost by
either: what was not recorded is still where it came from (the inbound folder, or the broker), what
was not sent is in the journal.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from gateway import __version__, opening
from gateway.availability.deeds import Monitors
from gateway.availability.probing import Prober
from gateway.availability.standing import Standing
from gateway.clock import Clock, Executors, SystemClock, ThreadExecutor
from gateway.config import Config, named
from gateway.config.certificates import expiries
from gateway.connecting import Doors, doors
from gateway.core.decision import CAUSES
from gateway.core.matter import PARIS
from gateway.core.reading import MALFORMED
from gateway.errors import GatewayError, JournalUnavailable, Unreachable
from gateway.examining import Examining
from gateway.intake import Intake
from gateway.journal import Journal
from gateway.journal.rows import Release
from gateway.loading import cdm_switches, desk, schemas, tables
from gateway.log import configure, logger
from gateway.metrics import Metrics
from gateway.notices import keeping
from gateway.notices.keeping import InFile, InJournal
from gateway.notices.lookout import Lookout
from gateway.notices.ways import ways as notice_ways
from gateway.people.control import NAME as SOCKET
from gateway.people.control import ControlServer
from gateway.people.operating import Operating
from gateway.people.pausing import Pausing
from gateway.people.retaining import Retaining, periods
from gateway.pipeline import Desk, Pipeline
from gateway.relay import Pace, Relay
from gateway.releasing import Releasing, put_in_force
from gateway.seen.endpoint import Endpoint
from gateway.seen.readiness import Readiness
from gateway.seen.status_page import StatusPage
from gateway.seen.watching import Watch
from gateway.statuses import Statuses
from gateway.systemd import READY, STOPPING, WATCHDOG, notify
from gateway.tables.drafts import PLACE
from gateway.tables.ending import next_end
from gateway.timers import Timers
from gateway.traces.spans import Spans
from gateway.traces.tracing import traced
from gateway.transport import Consumer

DRAIN_SECONDS: Final = 20.0
OBSERVE_SECONDS: Final = 1.0
"""Between two looks at what waits, for readiness and metrics."""
SWITCH_SECONDS: Final = 0.002
"""How long a thread may keep the others waiting for the interpreter. sqlite3 lets go of it at each
statement and waits longer to have it back with Python's default of 5 ms (ADR 0006); less than this
costs more changes of thread than it spares (medians: 947 messages a second, 891 with 0.5 ms)."""
RECYCLE_AFTER: Final = 1_000
"""Jobs of a parser thread, of one to 32 documents, before it is replaced (lxml keeps element
names until then)."""
CAUSES_SHOWN: Final = {**CAUSES, "set-aside": (*CAUSES["set-aside"], *MALFORMED)}


@dataclass(frozen=True, slots=True)
class Gateway:
    """All parts of a gateway, put together and not yet running."""

    config: Config
    clock: Clock
    journal: Journal
    consumer: Consumer
    pipeline: Pipeline
    intake: Intake
    relay: Relay
    timers: Timers
    statuses: Statuses
    metrics: Metrics
    readiness: Readiness
    operating: Operating
    releases: Releasing
    pausing: Pausing
    watch: Watch
    standing: Standing
    prober: Prober
    lookout: Lookout


def _metrics(config: Config) -> Metrics:
    return Metrics(
        instance=config.instance,
        environment=config.environment,
        sending=config.sending,
        exceptions=config.sends_otherwise,
        causes=CAUSES_SHOWN,
    )


@contextlib.asynccontextmanager
async def build(
    config: Config, clock: Clock, metrics: Metrics | None = None, spans: Spans | None = None
) -> AsyncIterator[Gateway]:
    """Put a gateway together; closes the journal and the threads on the way out.

    Raises:
        StateLocked: another gateway works in this state folder.
        Unreachable, TransportUnavailable: something at the broker is not as it must be.
        TablesInvalid, SchemasInvalid, JournalUnavailable: see their page.
    """
    make_state(config.state)
    metrics = metrics or _metrics(config)
    executors = Executors(
        parse=ThreadExecutor(  # one more: a large message must not take the last one
            config.workers.parse_threads + 1, recycle_after=RECYCLE_AFTER, name="parse"
        ),
        write=ThreadExecutor(3, name="files"),
    )
    async with AsyncExitStack() as stack:
        stack.callback(executors.close)
        journal = await opening.journal(config)
        stack.push_async_callback(journal.close)
        await put_in_force(journal, config.state, executors.write, clock)
        now = await journal.release(clock.now())
        judged_with = await executors.write.run(_desk, config, now)
        metrics.release(judged_with.tables.release)
        metrics.cdm_begins({cdm: _midnight(day) for cdm, day in config.cdm.activation.items()})
        metrics.certificates({use: at.timestamp() for use, at in expiries(config).items()})
        ways = await stack.enter_async_context(doors(config, clock, executors.write))
        gateway = _assemble(
            config,
            clock,
            ways,
            journal=journal,
            judged_with=judged_with,
            executors=executors,
            metrics=metrics,
            spans=spans,
        )
        await gateway.releases.refresh()
        yield gateway


def _desk(config: Config, now: Release | None) -> Desk:
    """What messages are judged with at the start: the release in force."""
    judged_with = desk(config)
    in_force = judged_with.tables
    if now is not None and now.digest != in_force.digest:
        in_force = tables(config.state, now.name, now.digest)
    named.in_force(config, in_force)
    return replace(judged_with, tables=in_force)


def make_state(state: Path) -> None:
    """The state folder and its parts, for their owner alone.

    Raises:
        Unreachable: it cannot be made.
    """
    try:
        drafts = state / PLACE
        for folder in (state, state / "inbound", state / "outbound", drafts.parent, drafts):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Unreachable(
            f"{state}: the state folder cannot be made ({error.strerror}); give another --state.",
            french=f"{state} : impossible de créer le dossier d'état ({error.strerror}) ;"
            " donner un autre --state.",
            code="state-unusable",
        ) from None


def _assemble(
    config: Config,
    clock: Clock,
    ways: Doors,
    *,
    journal: Journal,
    judged_with: Desk,
    executors: Executors,
    metrics: Metrics,
    spans: Spans | None,
) -> Gateway:
    status_after = timedelta(hours=config.policy.status_after_hours) or None
    relay = Relay(
        journal,
        ways.publisher,
        clock,
        metrics,
        Pace(
            config.relay.batch,
            config.relay.retry_first_seconds,
            config.relay.retry_cap_seconds,
            config.relay.breaker_failures,
            config.relay.breaker_seconds,
        ),
        status_after=status_after,
        spans=spans,
    )
    pipeline = Pipeline(
        journal,
        judged_with,
        clock,
        metrics,
        recorded=relay.wake,
        spans=spans,
    )
    examining = Examining(executors.parse, clock, metrics.took, jobs=config.workers.parse_threads)
    intake = Intake(pipeline, examining, clock, in_flight=config.workers.in_flight)
    releases = Releasing(
        journal,
        pipeline,
        clock,
        executors.write,
        metrics,
        config.state,
        partial(tables, config.state),
        four_eyes=config.tables.four_eyes,
        allowed_signers=config.tables.allowed_signers,
    )
    pipeline.tables_changed = releases.refresh
    pausing = Pausing(journal, pipeline, intake, relay, clock, metrics)
    timers = Timers(journal, pipeline, relay, clock, metrics)
    statuses = Statuses(
        journal,
        ways.statuses,
        clock,
        metrics,
        poll_seconds=config.inbound.poll_seconds,
        awaited=status_after is not None,
    )
    readiness = Readiness(
        journal,
        ways.consumer,
        intake,
        metrics,
        clock,
        oldest_waiting_seconds=config.inbound.oldest_waiting_seconds,
    )
    watch = Watch(
        readiness,
        metrics,
        clock,
        config.watch,
        lambda: pipeline.desk.tables.release,
        pausing.reaches,
        lambda: releases.unaccepted,
    )
    standing = Standing(journal, clock, config.availability)
    return Gateway(
        config=config,
        clock=clock,
        journal=journal,
        consumer=ways.consumer,
        pipeline=pipeline,
        intake=intake,
        relay=relay,
        timers=timers,
        statuses=statuses,
        metrics=metrics,
        readiness=readiness,
        operating=Operating(
            journal,
            pipeline,
            intake,
            relay,
            readiness,
            clock,
            lambda: schemas(config.state),
            releases,
            pausing,
            watch,
            Retaining(journal, clock, metrics, periods(config.retention)),
            Monitors(journal, clock, standing.anew),
            spans,
        ),
        releases=releases,
        pausing=pausing,
        watch=watch,
        standing=standing,
        prober=Prober(journal, clock, config.availability),
        lookout=Lookout(
            watch.see,
            notice_ways(config.notices, config.instance, config.environment),
            clock,
            metrics,
            config.notices,
            own=InFile(config.state / keeping.NAME),
            shared=InJournal(journal, config.notices.timeout_seconds),
            worker=f"{socket.gethostname()}:{config.http.port}",
        ),
    )


async def _notes(gateway: Gateway) -> Sequence[str]:
    """What `/readyz` says beside the reasons: what waits for a person, what is stuck."""
    waiting = [*gateway.pausing.notes(), *gateway.releases.notes()]
    return [*waiting, *(await gateway.watch.see()).stuck]


class Daemon:
    """A gateway at work."""

    def __init__(self, gateway: Gateway, *, until_idle: bool) -> None:
        self._gateway = gateway
        self._until_idle = until_idle
        self._announced: date | None = None
        self._end_of: tuple[date, str] | None = None
        self._unusable: str | None = None
        self._stop = asyncio.Event()

    async def run(self, started: Callable[[str], None] = lambda _address: None) -> None:
        """Work until told to stop, or until idle; then end in the documented order."""
        gateway, loop = self._gateway, asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._told, signal.Signals(number).name)
        endpoint = Endpoint(
            gateway.config.http,
            gateway.metrics,
            gateway.readiness.problems,
            partial(_notes, gateway),
            StatusPage(gateway.watch.see, lambda: gateway.standing.last, gateway.config),
        )
        control = ControlServer(gateway.config.state / SOCKET, gateway.operating)
        await control.start()
        try:
            await endpoint.start()
            await gateway.operating.do("reload", {}, "gateway")
            await gateway.releases.show_waiting()
            await gateway.pausing.look()
            await gateway.readiness.look()
            gateway.watch.note()
            address, port = endpoint.address
            logger().info("started", version=__version__, address=address, port=port)
            notify(READY, os.environ)
            started(endpoint.url)
            await self._work()
        finally:
            await control.stop()
            await endpoint.stop()

    def stop(self) -> None:
        """End in the documented order, as SIGTERM does."""
        self._stop.set()

    def _told(self, name: str) -> None:
        if self._stop.is_set():
            logger().error("ended-at-once", signal=name)
            os._exit(1)
        logger().info("told-to-stop", signal=name)
        self.stop()

    async def _work(self) -> None:
        gateway = self._gateway
        intake = asyncio.create_task(gateway.intake.run(gateway.consumer), name="intake")
        relay = asyncio.create_task(gateway.relay.run(), name="relay")
        timers = asyncio.create_task(gateway.timers.run(), name="timers")
        statuses = asyncio.create_task(gateway.statuses.run(), name="statuses")
        observing = asyncio.create_task(self._observe(), name="observing")
        drafts = asyncio.create_task(gateway.releases.watch_drafts(), name="drafts")
        probes = asyncio.create_task(gateway.prober.run(), name="probes")
        notices = asyncio.create_task(gateway.lookout.run(), name="notices")
        standing = asyncio.create_task(gateway.standing.run(), name="standing")
        stopping = asyncio.create_task(self._stop.wait(), name="stopping")
        tasks = {intake, relay, timers, statuses, observing, drafts, probes, notices, standing}
        done, _ = await asyncio.wait({*tasks, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        notify(STOPPING, os.environ)
        gateway.readiness.drain()
        logger().info("draining")
        await _cancelled(intake, timers, statuses, observing, drafts, probes, notices, standing)
        logger().info("intake-stopped")
        await gateway.intake.drain()
        logger().info("in-flight-settled")
        await self._drain_outbox(relay)
        logger().info("outbox-drained")
        for task in done & tasks:
            task.result()  # a side task that ended by itself is a bug: let it be seen

    async def _drain_outbox(self, relay: "asyncio.Task[None]") -> None:
        """Send what is due now, then stop; what is not due yet stays in the journal."""
        gateway = self._gateway
        gateway.relay.end()
        await asyncio.wait({relay})
        end = gateway.clock.monotonic() + DRAIN_SECONDS
        with contextlib.suppress(JournalUnavailable):
            while gateway.clock.monotonic() < end:
                if not await gateway.relay.turn():
                    break

    async def _observe(self) -> None:
        """Keep readiness, metrics and the watchdog up to date; notice when all is done."""
        while True:
            self._announce()
            await self._swap_tables()
            with contextlib.suppress(JournalUnavailable):  # readiness says so
                await self._gateway.pausing.look()  # another worker may have been told
            await self._gateway.clock.sleep(OBSERVE_SECONDS)
            idle = await self._gateway.readiness.look()
            self._gateway.watch.note()
            notify(WATCHDOG, os.environ)
            if idle and self._until_idle:
                self.stop()

    async def _swap_tables(self) -> None:
        """Decide by a release from its instant on; one that cannot be read is told of once."""
        try:
            await self._gateway.releases.refresh()
            self._unusable = None
        except GatewayError as error:
            if error.code != self._unusable:
                logger().error("tables-unusable", error_code=error.code)
            self._unusable = error.code

    def _announce(self) -> None:
        """Once a day: CDM versions that begin soon, or lately did; and when the tables run out."""
        today = self._gateway.clock.now().astimezone(PARIS).date()
        self._show_end(today)
        if today == self._announced:
            return
        self._announced = today
        for said in cdm_switches(self._gateway.config, today):
            cdm, day = said.params["cdm"], said.params["date"]
            logger().warning("cdm-switch", cause=said.code, cdm=cdm, day=day)

    def _show_end(self, today: date) -> None:
        """When the tables in force run out, once a day and for each release."""
        tables = self._gateway.pipeline.desk.tables
        if self._end_of == (today, tables.release):
            return
        self._end_of = today, tables.release
        day = next_end(tables.routes.routes, today)
        self._gateway.metrics.tables_end(tables.release, _midnight(day) if day else None)


def _midnight(day: date) -> float:
    """When a day begins in Paris, as Unix time."""
    return datetime.combine(day, time.min, PARIS).timestamp()


async def _cancelled(*tasks: "asyncio.Task[None]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def serve(
    config: Config,
    *,
    until_idle: bool = False,
    clock: Clock | None = None,
    beside: Callable[[Gateway, str], Coroutine[Any, Any, bool]] | None = None,
) -> None:
    """Run a gateway to its end; `beside` runs along, given the gateway and its address.

    When `beside` returns True or fails, the gateway ends; when the gateway ends first, `beside`
    is cancelled.

    Raises:
        GatewayError: it could not start; nothing was taken.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
    clock = clock or SystemClock()
    metrics = _metrics(config)
    configure(
        config.log.level,
        config.log.format,
        config.instance,
        config.environment,
        clock,
        dropped=metrics.log_dropped,
    )
    companions: list[asyncio.Task[bool]] = []
    async with (
        traced(config, os.environ) as spans,
        build(config, clock, metrics, spans) as gateway,
    ):
        daemon = Daemon(gateway, until_idle=until_idle)

        def finished(companion: "asyncio.Task[bool]") -> None:
            if not companion.cancelled() and (companion.exception() or companion.result()):
                daemon.stop()

        def started(address: str) -> None:
            if beside is not None:
                companions.append(asyncio.create_task(beside(gateway, address), name="beside"))
                companions[-1].add_done_callback(finished)

        try:
            await daemon.run(started)
        finally:
            for companion in companions:
                companion.cancel()
            ended = await asyncio.gather(*companions, return_exceptions=True)
    logger().info("closed")
    for outcome in ended:
        if isinstance(outcome, Exception):
            raise outcome
