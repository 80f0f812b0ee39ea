"""A virtual year of cases through the real pipeline, with partners who answer as people do.

Everything is real but time, transport and the partners: journal, relay, timers and the core are
those of the daemon. Expectations come from the traffic maker, drawn before anything runs.
"""

import heapq
import itertools
import re
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Final

from gateway.clock import ManualClock
from gateway.config import load
from gateway.core.case import Case as Standing
from gateway.core.judging import Examined, examine
from gateway.core.outgoing import RINA
from gateway.core.states import CaseState, MessageState
from gateway.core.tables import Tables
from gateway.daemon import CAUSES_SHOWN
from gateway.journal import Claimed
from gateway.journal.rows import Release, Row, worklist_cause
from gateway.journal.sqlite import SqliteJournal
from gateway.loading import desk
from gateway.log import configure
from gateway.metrics import Metrics
from gateway.pipeline import Desk, Pipeline
from gateway.relay import Pace, Relay
from gateway.simulation.cases import Case, Drawing
from gateway.simulation.envelope import Envelope
from gateway.simulation.partners import Partner
from gateway.simulation.profiles import witness
from gateway.simulation.traffic import BEGIN, END, starts
from gateway.timers import Timers
from gateway.transport import Received, Settlement
from gateway.transport.memory import MemoryTransport
from ir_directory import load as directory_load
from routing_tables import load as routes_load

POLICIES: Final = ("default", "confirmed")
"""As shipped; with every `likely` and `inferred` row confirmed."""
ANSWERS: Final = frozenset({"updated", "coded", "prose", "reminder"})
"""Steps of the traffic maker that our partners take the place of."""
_UNSURE: Final = re.compile(";(?:solid|likely|inferred);")
WORKING_HOUR: Final = timedelta(hours=8)
PATIENCE: Final = timedelta(days=300)
"""How long after the last case its questions are followed."""


@dataclass(slots=True)
class Told:
    """What is true of a case, and what became of it."""

    case: Case
    partner: Partner
    handed_to: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Life:
    """The result, in counts."""

    cases: int = 0
    determinable: int = 0
    """Cases whose first SED tells."""
    answerable: int = 0
    """Other cases that a clean answer settles."""
    unwritten: int = 0
    """Of these: for which the traffic maker has no answer that anybody could give."""
    answered: int = 0
    """Of these: whose partner answers cleanly."""
    settled: int = 0
    """Of the determinable and the cleanly answered: transferred or left, without a person."""
    settled_then_by_person: int = 0
    """Of the settled: a person has the case since, for what came after the transfer."""
    transferred: int = 0
    """Of all cases: transferred, whoever answered and however."""
    by_person: int = 0
    """Cases that a person has in the end."""
    wrong: list[str] = field(default_factory=list)
    """Cases handed over to an institution that the truth does not name."""
    lost: list[str] = field(default_factory=list)
    """Messages without a row in the journal, or that wait though nothing is due."""
    invalid: list[str] = field(default_factory=list)
    """SEDs sent abroad that break the schemas in force, or for which there is none."""
    worklist: Counter[str] = field(default_factory=Counter)
    """Cause -> messages."""
    questions: int = 0
    asked_cases: int = 0
    data: int = 0
    reminders: int = 0
    returned: int = 0
    """Cases that the institution gave back."""
    unclean: int = 0
    """Questions answered in prose, in part, in the wrong field, never, or after a reminder."""
    cleanly_settled: int = 0
    """Of the cleanly answered: settled."""
    by_buc: dict[str, Counter[str]] = field(default_factory=dict)
    """BUC -> `cases`, `transferred`, `expected`, `settled`."""

    @property
    def expected(self) -> int:
        """Cases that should need no person."""
        return self.determinable + self.answered

    @property
    def settled_rate(self) -> float:
        """Share of the expected cases that needed none."""
        return self.settled / self.expected if self.expected else 1.0

    @property
    def data_per_asked_case(self) -> float:
        """Data asked for in a case that asked anything."""
        return self.data / self.asked_cases if self.asked_cases else 0.0


async def live(seed: int, count: int, policy: str) -> Life:
    """Run `count` cases through a virtual year; the same seed gives the same result."""
    with tempfile.TemporaryDirectory(prefix="eessi-life-") as folder:
        async with _opened(Path(folder), policy) as world:
            world.draw(seed, count)
            await world.run()
            return await world.result()


@asynccontextmanager
async def _opened(folder: Path, policy: str) -> AsyncIterator["_World"]:
    judged_with = desk(load(None, folder))
    if policy == "confirmed":
        judged_with = replace(judged_with, tables=_confirmed(judged_with.tables, folder))
    clock = ManualClock(BEGIN, turns=0)
    configure("error", "json", "life", "demo", clock)
    async with AsyncExitStack() as stack:
        journal = await SqliteJournal.open(
            folder / "journal.db", instance="life", environment="demo"
        )
        stack.push_async_callback(journal.close)
        tables = judged_with.tables
        release = Release(tables.release, tables.digest, BEGIN, "gateway", "gateway")
        await journal.activate(release)
        yield _World(journal, judged_with, clock)


def _confirmed(tables: Tables, folder: Path) -> Tables:
    """The tables as their maintainers would leave them, had they confirmed every row.

    What the resolution itself holds uncertain, such as a postcode without its town, stays so.
    """
    for package in ("ir_directory", "routing_tables"):
        for table in resources.files(package).iterdir():
            if table.name.endswith(".csv"):
                text = _UNSURE.sub(";confirmed;", table.read_text(encoding="utf-8"))
                (folder / table.name).write_text(text, encoding="utf-8")
    return replace(tables, directory=directory_load.load(folder), routes=routes_load.load(folder))


class _World:
    """The gateway, its partners, and the messages under way between them."""

    def __init__(self, journal: SqliteJournal, judged_with: Desk, clock: ManualClock) -> None:
        self.clock = clock
        self.journal = journal
        self.desk = judged_with
        self.told: dict[str, Told] = {}
        self.life = Life()
        self._post: list[tuple[datetime, int, bytes, str]] = []
        self._order = itertools.count()
        self._sent: set[str] = set()
        self._transport = MemoryTransport()
        metrics = Metrics(
            instance="life", environment="demo", sending="automatic", causes=CAUSES_SHOWN
        )
        self._relay = Relay(journal, self._transport, self.clock, metrics, Pace())
        self._pipeline = Pipeline(
            journal,
            judged_with,
            self.clock,
            metrics,
            recorded=lambda: None,
        )
        self._timers = Timers(journal, self._pipeline, self._relay, self.clock, metrics)

    def draw(self, seed: int, count: int) -> None:
        """Draw all cases with their truth, and post what comes of itself."""
        known = witness()
        drawing = Drawing(known, seed, 0.25)
        for number, start in enumerate(starts(seed, count, (BEGIN, END))):
            case = drawing.case(number, start)
            partner = Partner(case, known.mix["partners"])
            self.told[case.case_id] = Told(case, partner)
            for position, step in enumerate(case.steps):
                if position == 0 or step.kind not in ANSWERS or step.expected == "deliver":
                    made = case.made(position)
                    at = start + timedelta(minutes=step.minutes)
                    self._mail(at, made.body, made.addressee)

    def _mail(self, at: datetime, body: bytes, addressee: str) -> None:
        heapq.heappush(self._post, (at, next(self._order), body, addressee))

    async def run(self) -> None:
        """Let the year pass, each morning what is due, each message at its time."""
        morning, end = BEGIN + WORKING_HOUR, END + PATIENCE
        while morning < end:
            while self._post and self._post[0][0] <= morning:
                at, _, body, addressee = heapq.heappop(self._post)
                await self._until(at)
                await self._arrive(body, addressee)
            await self._until(morning)
            while await self._timers.turn():
                await self._deliver()
            morning += timedelta(days=1)

    async def _until(self, at: datetime) -> None:
        seconds = (at - self.clock.now()).total_seconds()
        if seconds > 0:
            await self.clock.advance(seconds)

    async def _arrive(self, body: bytes, addressee: str) -> None:
        examined = examine(body, self.desk.limits, self.desk.schemas)
        received = Received(body, "life", addressee, self.clock.now(), _settled)
        settlement = await self._pipeline.handle(received, examined)
        ident = examined.message.message_id if isinstance(examined, Examined) else examined.digest
        if settlement is not Settlement.ACCEPTED:
            self.life.lost.append(ident)
        self._sent.add(ident)
        await self._deliver()

    async def _deliver(self) -> None:
        """Send what is due; whoever gets it may answer."""
        while await self._relay.turn():
            pass
        published, self._transport.published = self._transport.published, []
        for sending in published:
            self._got(sending)

    def _got(self, sending: Claimed) -> None:
        told, at = self.told.get(sending.case_id), self.clock.now()
        if sending.destination == RINA:
            self._check(sending)
        if told is None:
            return
        match sending.kind:
            case "hand-over":
                self._handed_over(told, sending.receiver, at)
            case "h001" | "p8000" | "x012":
                self._answers(told, told.partner.asked(sending.body, at))
            case "reminder":
                self.life.reminders += 1
                self._answers(told, told.partner.reminded(at))

    def _check(self, sending: Claimed) -> None:
        if not keeps_to_its_schema(sending.body, self.desk):
            self.life.invalid.append(sending.message_id)

    def _handed_over(self, told: Told, institution: str, at: datetime) -> None:
        if not told.handed_to:
            for when, given in told.partner.returned(institution, at):
                self.life.returned += 1
                self._mail(when, given.body(), told.case.receivers[0])
        told.handed_to.add(institution)

    def _answers(self, told: Told, answers: Iterator[tuple[datetime, Envelope]]) -> None:
        for when, envelope in answers:
            self._mail(when, envelope.body(), told.case.receivers[0])

    # -- afterwards -------------------------------------------------------------------------

    async def result(self) -> Life:
        """What became of everything, held against the truth."""
        rows: dict[str, Row] = {}
        page = await self.journal.messages(limit=10_000)
        while page:
            rows.update((row.message_id, row) for row in page)
            page = await self.journal.messages(limit=10_000, after=page[-1].message_id)
        self.life.lost.extend(sorted(self._sent - rows.keys()))
        for row in rows.values():
            if row.state in {MessageState.REFERRED, MessageState.REFUSED}:
                self.life.worklist[worklist_cause(row.decision, row.cause)] += 1
            elif row.state in {MessageState.WAITING, MessageState.RECORDED}:
                self.life.lost.append(row.message_id)
        for told in self.told.values():
            await self._judge(told)
        return self.life

    async def _judge(self, told: Told) -> None:
        """One case against its truth."""
        life, case = self.life, told.case
        now = await self.journal.case(case.case_id)
        buc = life.by_buc.setdefault(case.profile.buc, Counter())
        life.cases += 1
        buc["cases"] += 1
        determinable = case.profile.determinable == "yes"
        answerable = case.profile.answerable == "yes" and not determinable
        clean = answerable and told.partner.clean
        life.determinable += determinable
        life.answerable += answerable
        life.unwritten += answerable and case.answered is None
        life.answered += clean
        life.by_person += now.state is CaseState.REFERRED
        life.questions += len(now.questions)
        life.asked_cases += bool(now.questions)
        life.data += sum(len(q.missing) for q in now.questions)
        late = any(question.reminders for question in now.questions)
        life.unclean += bool(now.questions) and (late or not told.partner.clean)
        if (told.handed_to | _left_to(now)) - case.competent:
            life.wrong.append(case.case_id)
        life.transferred += bool(told.handed_to)
        buc["transferred"] += bool(told.handed_to)
        if determinable or clean:
            self._share(told, now, buc)

    def _share(self, told: Told, now: Standing, buc: Counter[str]) -> None:
        """One of the cases that should need no person."""
        life, case = self.life, told.case
        gone = bool(told.handed_to) or now.state is CaseState.LEFT
        settled = gone and case.case_id not in life.wrong
        buc["expected"] += 1
        buc["settled"] += settled
        life.settled += settled
        life.settled_then_by_person += settled and now.state is CaseState.REFERRED
        life.cleanly_settled += settled and case.profile.determinable != "yes"


def keeps_to_its_schema(body: bytes, judged_with: Desk) -> bool:
    """Whether a message of ours is valid; one for which there is no schema is not."""
    examined = examine(body, judged_with.limits, judged_with.schemas)
    if not isinstance(examined, Examined) or examined.verdict.source is None:
        return False
    return examined.verdict.valid


def _left_to(case: Standing) -> set[str]:
    """Whom we left the case to, since it takes part."""
    return {case.holder} if case.state is CaseState.LEFT and case.holder is not None else set()


async def _settled(_settlement: Settlement) -> None:
    """Nobody waits for it."""
