"""What it costs to hold a message against its schema: the first time, each time, at the worst.

Made-up documents and the schemas in the package; no daemon is needed.
"""

import asyncio
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from gateway.clock import ThreadExecutor
from gateway.core.validation import verdict
from gateway.daemon import RECYCLE_AFTER
from gateway.simulation.cases import Drawing
from gateway.simulation.profiles import witness
from sed_schemas.load import catalogue
from sed_schemas.schema_set import SchemaSet

BATCH: Final = 32
"""Documents of one job, as the pipeline gathers them."""
DOCUMENTS: Final = 200
TURNS: Final = 9
VIOLATIONS: Final = 100_000
_WHEN: Final = datetime(2026, 3, 2, 9, tzinfo=UTC)
LINES: Final = 36
"""Of an X009 of 5 KB."""
_LINE: Final = (
    "<ReminderSendUs><type><value>02</value></type><details>The address.</details></ReminderSendUs>"
)


@dataclass(frozen=True, slots=True)
class Holding:
    """The figures."""

    catalogue_s: float
    """Reading the catalogue and finding all schemas; none is compiled."""
    compile_ms: float
    """First use of a SED in a thread, median over all of CDM 4.4."""
    compile_all_s: float
    bytes: int
    """Size of the document that is timed."""
    verdict_ms: float
    """Median a document, one thread."""
    two_threads: float
    """Documents a second with two threads, as a multiple of one."""
    violations_s: float
    """One document with 100,000 violations."""
    violations_mb: float
    """Resident memory that it added at most."""
    rss_mb: tuple[float, ...]
    """After each tenth of the documents with names never seen before."""
    documents: int


def measure(documents: int) -> Holding:
    """Run everything; `documents` is the number of those with changing names."""
    began = time.perf_counter()
    catalogue()
    schemas = SchemaSet()
    catalogue_s = time.perf_counter() - began
    times = [_seconds(partial(schemas.for_message, "1.2", "4.4", sed)) for sed in _seds(schemas)]
    bodies = [_reminder(LINES)] * DOCUMENTS
    spoilt = _reminder(VIOLATIONS, _LINE.replace("02", "no"))
    before = _resident()
    violations_s = _seconds(partial(_verdict, spoilt, schemas))
    violations_mb = _highest() - before
    return Holding(
        catalogue_s=catalogue_s,
        compile_ms=statistics.median(times) * 1e3,
        compile_all_s=sum(times),
        bytes=int(statistics.median(len(body) for _, body in bodies)),
        verdict_ms=_one_thread(bodies, schemas) * 1e3,
        two_threads=_two_threads(bodies, schemas),
        violations_s=violations_s,
        violations_mb=violations_mb,
        rss_mb=tuple(asyncio.run(_names(schemas, documents))),
        documents=documents,
    )


def _seds(schemas: SchemaSet) -> list[str]:
    return [sed for cdm, sed, _, _ in schemas.listed() if cdm == "4.4"]


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _verdict(document: tuple[str, bytes], schemas: SchemaSet) -> None:
    sed, body = document
    verdict(body, "1.2", "4.4", sed, schemas)


def _reminder(lines: int, line: str = _LINE) -> tuple[str, bytes]:
    """An X009 with so many things that one is reminded of."""
    case = Drawing(witness(), 1, 0.25).case(1, _WHEN)
    letter = replace(case.beside("reminder", 1, _WHEN), cdm="4.4")
    begin, _, rest = letter.content.partition("<ReminderSendUs>")
    end = rest.rpartition("</ReminderSendUs>")[2]
    return "X009", replace(letter, content=begin + line * lines + end).body()


def _one_thread(bodies: Sequence[tuple[str, bytes]], schemas: SchemaSet) -> float:
    """Median seconds a document, once its schema is compiled."""
    for document in bodies:
        _verdict(document, schemas)
    return statistics.median(
        _seconds(partial(_verdict, document, schemas)) for _ in range(TURNS) for document in bodies
    )


def _two_threads(bodies: Sequence[tuple[str, bytes]], schemas: SchemaSet) -> float:
    """How many times one thread's work two threads do; median of alternating turns."""

    def work() -> None:
        for document in bodies:
            _verdict(document, schemas)

    ratios = []
    with ThreadPoolExecutor(2) as two, ThreadPoolExecutor(1) as one:
        for pool, threads in ((one, 1), (two, 2), (two, 2)):  # compile before
            list(pool.map(lambda _: work(), range(threads)))
        for _ in range(TURNS):
            alone = _seconds(lambda: list(one.map(lambda _: work(), range(2))))
            together = _seconds(lambda: list(two.map(lambda _: work(), range(2))))
            ratios.append(alone / together)
    return statistics.median(ratios)


async def _names(schemas: SchemaSet, documents: int) -> list[float]:
    """Memory while names come that never came before, in threads that are replaced."""
    sed, body = _reminder(LINES)
    executor = ThreadExecutor(2, recycle_after=RECYCLE_AFTER, name="bench")
    cut, shown = body.rindex(b"</"), []
    cut = body.rindex(b"</", 0, cut)

    def job(first: int) -> None:
        for number in range(first, first + BATCH):
            name = f"name{number}".encode()
            _verdict((sed, body[:cut] + b"<" + name + b"/>" + body[cut:]), schemas)

    jobs = documents // BATCH
    for number in range(jobs):
        await executor.run(job, number * BATCH)
        if (number + 1) % max(1, jobs // 10) == 0:
            shown.append(_resident())
    executor.close()
    return shown


def _resident() -> float:
    return _status("VmRSS")


def _highest() -> float:
    return _status("VmHWM")


def _status(name: str) -> float:
    """A figure of this process, in MB."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    return 0.0
