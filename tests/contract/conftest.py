"""What the suites of the ports share: small judgements made by hand, and the drivers to hold."""

import asyncio
import contextlib
import dataclasses
import hashlib
import json
import sqlite3
import threading
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest

from gateway.core.decision import Ask, Deliver, Hold, Refer, SetAside, Transfer, Way
from gateway.core.events import Asked, Forwarded, Referred, Waits, received
from gateway.core.evidence import (
    About,
    Address,
    AddressKind,
    Evidence,
    Person,
    Stated,
    StatedKind,
)
from gateway.core.judgement import Judgement
from gateway.core.message import BusinessMessage, CaseAction, Party, Role
from gateway.core.outgoing import RINA, Outgoing, SendingKind, new_id
from gateway.core.states import MessageState
from gateway.core.trace import step
from gateway.errors import StateLocked
from gateway.journal import Entry
from gateway.journal.postgres import PostgresJournal, PostgresReader
from gateway.journal.rows import Release
from gateway.journal.sqlite import SqliteJournal, SqliteReader
from ir_directory import Certainty

NOON = datetime(2026, 3, 2, 12, 0, 0, 123456, tzinfo=UTC)
TABLES = Release("2026-03", "ab" * 32, NOON, "claire", "denis")
US, THEM, TARGET = "FR:0000000001", "DE:101320043", "FR:0101100000"


def sha256(body):
    return hashlib.sha256(body).hexdigest()


def at(seconds):
    return NOON + timedelta(seconds=seconds)


class Made:
    """Judgements of one case after another, each as the core would make it."""

    def __init__(self, case_id="case-1", release=TABLES.name):
        self.case_id = case_id
        self.release = release

    def message(self, name="m1", *, sed="P2000", buc="P_BUC_01", version=1, protected=False):
        body = f"<sed of='{name}' version='{version}'>é</sed>".encode()
        message = BusinessMessage(
            message_id=name,
            header_version="1.2",
            sender=Party(THEM, Role.CASE_OWNER),
            receivers=(Party(US, Role.COUNTERPARTY),),
            cdm="4.4",
            sed=sed,
            action=CaseAction.START,
            created_at=NOON,
            case_id=self.case_id,
            buc=buc,
            case_cdm="4.4",
            set_id=f"set-{name}",
            version=version,
            related_set_id=None,
            protected=protected,
            test=False,
            attachments=(),
            root=f"{{http://ec.europa.eu/eessi/ns/4_4/{sed}}}{sed}",
            digest=sha256(body),
            payload_digest=sha256(body + b"payload"),
        )
        return message, body

    def judgement(self, message, decision, state, *, revision=0, events=(), **others):
        evidence = Evidence(
            subject=Person("Muster", "Erika", date(1980, 2, 29), "02"),
            addresses=(Address(About.INSURED, AddressKind.RESIDENCE, "FR", "59000", "Lille"),),
            stated=(Stated(StatedKind.DATE, About.INSURED, "2024-01-01", "Period/startDate"),),
        )
        seen = received(message, US, "Counterparty", "xml", NOON.date(), evidence)
        return Judgement(
            message_id=message.message_id,
            digest=message.digest,
            message=message,
            decision=decision,
            state=state,
            case_id=self.case_id,
            revision=revision,
            release=self.release,
            reference_date=NOON.date(),
            candidates=getattr(decision, "candidates", ()),
            missing=getattr(decision, "missing", ()),
            events=(seen, *events),
            **others,
        )

    def transfer(self, name="m1", *, revision=0, waiting=(), to=TARGET, **of_message):
        """X007 to the sender and to the new participant, hand-overs of all that waited."""
        message, body = self.message(name, **of_message)
        copies = [self.sending(name, SendingKind.X007, to, receiver) for receiver in (THEM, to)]
        handed = [*waiting, (name, message.digest)]
        hand_overs = [self.hand_over(n, digest, to, copies[1].message_id) for n, digest in handed]
        judgement = self.judgement(
            message,
            Transfer(to, Certainty.SOLID),
            MessageState.RECORDED,
            revision=revision,
            events=(Forwarded(to, copies[1].message_id, f"set-x007-{name}"),),
            outgoing=(*copies, *hand_overs),
            moves=tuple((n, MessageState.RECORDED) for n, _ in waiting),
            certainty=Certainty.SOLID,
            trace=(step("route-matched", rule="p-1", buc="P_BUC_01", certainty="solid"),),
            rules=("p-1", "dep:59"),
            violations=("cvc-pattern",),
        )
        return self.entry(judgement, body)

    def deliver(self, name, *, revision, to=TARGET, **of_message):
        message, body = self.message(name, **of_message)
        hand_over = self.hand_over(name, message.digest, to, None)
        judgement = self.judgement(
            message, Deliver(to), MessageState.RECORDED, revision=revision, outgoing=(hand_over,)
        )
        return self.entry(judgement, body)

    def ask(self, name="m1", *, revision=0, way=Way.H001, **of_message):
        message, body = self.message(name, **of_message)
        question = self.sending(name, SendingKind.H001, "", THEM)
        own_case = f"own-{self.case_id}" if way is Way.OWN_CASE else None
        asked = Asked(
            question.message_id, way.value, ("residence",), "set-q", f"set-{name}", own_case, THEM
        )
        judgement = self.judgement(
            message,
            Ask(("residence",), way, (TARGET, "FR:0000000002")),
            MessageState.WAITING,
            revision=revision,
            events=(Waits(name), asked),
            outgoing=(question,),
            own_case=own_case,
        )
        return self.entry(judgement, body)

    def hold(self, name, *, revision):
        message, body = self.message(name)
        judgement = self.judgement(
            message,
            Hold("question-open"),
            MessageState.WAITING,
            revision=revision,
            events=(Waits(name),),
        )
        return self.entry(judgement, body)

    def refer(self, name="m1", *, revision=0, cause="several", **of_message):
        message, body = self.message(name, **of_message)
        judgement = self.judgement(
            message,
            Refer(cause, (TARGET, "FR:0000000002"), ("town",)),
            MessageState.REFERRED,
            revision=revision,
            events=(Referred(name, cause),),
        )
        return self.entry(judgement, body)

    def absorb(self, name, first, *, revision):
        message, body = self.message(name)
        judgement = self.judgement(
            message, None, MessageState.ABSORBED, revision=revision, same_as=first
        )
        return self.entry(dataclasses.replace(judgement, events=()), body)

    def set_aside(self, body=b"<!DOCTYPE", cause="doctype"):
        digest = sha256(body)
        judgement = Judgement(
            message_id=digest,
            digest=digest,
            message=None,
            decision=SetAside(cause),
            state=MessageState.QUARANTINED,
            case_id=None,
            revision=0,
            release=self.release,
            reference_date=NOON.date(),
        )
        return self.entry(judgement, body)

    def sending(self, name, kind, obj, receiver):
        message_id = new_id(f"{self.case_id}/{name}", receiver, kind.value)
        body = f"<{kind.value} to='{receiver}' of='{self.case_id}/{name}'/>".encode()
        return Outgoing(message_id, kind, obj or message_id, receiver, RINA, body, sha256(body))

    def hand_over(self, name, digest, to, after):
        message_id = new_id(f"{self.case_id}/{name}", to, "hand-over")
        sidecar = json.dumps({"hand_over_id": message_id}).encode()
        return Outgoing(
            message_id, SendingKind.HAND_OVER, name, to, to, None, digest, "xml", sidecar, after
        )

    def entry(self, judgement, body, **others):
        values = {"source": f"{judgement.message_id}.xml", "addressee": US}
        values |= {"received_at": NOON, "decided_at": at(1)}
        return Entry(judgement, body, **(values | others))


def judged_again(entry, **changes):
    """The same entry with another judgement."""
    return dataclasses.replace(entry, judgement=dataclasses.replace(entry.judgement, **changes))


class Driver:
    """What the suite does with a journal beside its port.

    Attributes:
        alone: nobody else can open the journal at the same time.
    """

    alone = False

    async def opened_and_closed(self):
        """What a worker does that comes and goes."""
        with contextlib.suppress(StateLocked):
            async with self.opened():
                pass

    async def together(self, journal, works):
        """What becomes of all these when they share one transaction."""
        busy, gate = threading.Event(), threading.Event()

        def hold(_page):
            busy.set()
            gate.wait(10)

        held = asyncio.ensure_future(journal._writer.write(hold))
        await asyncio.to_thread(busy.wait, 10)
        tasks = [asyncio.ensure_future(work) for work in works]
        await turn()
        gate.set()
        await held
        return await asyncio.gather(*tasks, return_exceptions=True)


class SqliteDriver(Driver):
    """SQLite on a file."""

    alone = True

    def __init__(self, folder):
        self.path = folder / "journal.db"

    @asynccontextmanager
    async def opened(self, instance="rina-1"):
        journal = await SqliteJournal.open(self.path, instance=instance, environment="test")
        try:
            yield journal
        finally:
            await journal.close()

    def reading(self):
        return SqliteReader.opened(self.path)

    async def aged(self, journal):
        """What is left behind is dropped at once: nobody else can be about to use it."""

    def as_of_old(self, version, *statements):
        """What a program that knows no later steps left; statements undo what these have made."""
        with contextlib.closing(sqlite3.connect(self.path)) as db, db:
            for sql in (f"DELETE FROM migration WHERE version > {version}", *statements):
                db.execute(sql)


class PostgresDriver(Driver):
    """A database of its own; each worker has a state folder."""

    EARLIER = 17
    """Steps of SQLite that were one of PostgreSQL."""

    def __init__(self, folder, cluster):
        self.folder = folder
        self.cluster = cluster
        self.server = cluster.database()
        self.workers = 0

    @asynccontextmanager
    async def opened(self, instance="rina-1"):
        self.workers += 1
        lock = self.folder / f"{self.workers}.lock"
        journal = await PostgresJournal.open(
            self.server, lock, instance=instance, environment="test"
        )
        try:
            yield journal
        finally:
            await journal.close()

    def reading(self):
        return PostgresReader.opened(self.server)

    async def aged(self, journal):
        """What is left behind is so old that no other worker can be about to use it."""
        sql = "UPDATE piece SET written_at = written_at - interval '2 days'"
        await journal._writer.write(lambda page: page.db.execute(sql) and None)

    def as_of_old(self, version, *statements):
        """The same; PostgreSQL has `EARLIER` steps less."""
        with self.cluster.connected(self.server.database) as db:
            earlier = version - self.EARLIER
            for sql in (f"DELETE FROM migration WHERE version > {earlier}", *statements):
                db.execute(sql)


@pytest.fixture(
    params=[
        pytest.param("postgres", marks=[pytest.mark.program, pytest.mark.long]),
        "sqlite",
    ]
)
def engine(request):
    """`engine(folder)`: a driver with an empty journal; every engine holds the same guarantees."""
    if request.param == "sqlite":
        return SqliteDriver
    return partial(PostgresDriver, cluster=request.getfixturevalue("cluster"))


@pytest.fixture
def driver(engine, tmp_path):
    """The driver of a journal with nothing in it."""
    return engine(tmp_path)


@pytest.fixture
async def journal(driver):
    """A journal with tables in force."""
    async with driver.opened() as opened:
        await opened.activate(TABLES)
        yield opened


@pytest.fixture
def made():
    return Made()


async def drained(journal, seconds=10.0, most=50):
    """Send all that is due, one turn after another; the sendings in order."""
    sent = []
    for turn in range(most):
        now = at(seconds + turn)
        claims = await journal.claim(100, now, 60.0)
        if not claims:
            return sent
        assert await journal.handed_over(claims, now) == len(claims)
        sent.extend(claims)
    raise AssertionError("the outbox never empties")


async def turn():
    """Let the tasks that were just made begin."""
    await asyncio.sleep(0)  # noqa: TID251 - yields, waits for no time
