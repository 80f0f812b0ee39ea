"""Any order of events leaves the journal as a simple model of it says (hypothesis)."""

import asyncio
import shutil
import tempfile
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.core.case import Case, fold
from gateway.core.events import ForwardConfirmed, QuestionFailed, Referred
from gateway.core.states import CaseState
from gateway.errors import JournalConflict
from gateway.journal import Recorded
from tests.contract.conftest import DRIVERS, TABLES, TARGET, Made, at

LEASE = 60.0
STEP = st.one_of(
    st.tuples(st.just("record"), st.integers(0, 2), st.booleans()),
    st.tuples(st.just("claim"), st.integers(1, 4), st.just(0)),
    st.tuples(st.sampled_from(["sent", "defer", "withdraw"]), st.integers(0, 20), st.just(0)),
    st.tuples(st.just("wait"), st.integers(1, 90), st.just(0)),
)


class Model:
    """What the journal must say, in memory; nothing of it is read from the journal."""

    def __init__(self, journal):
        self.journal = journal
        self.cases = defaultdict(lambda: Case(""))
        self.now = 10
        self.messages = 0
        self.claims = []
        """Every claim ever given, with the time its lease ends."""
        self.ended = set()
        """Sendings that are sent or withdrawn."""
        self.token = {}
        """Sending -> claim that holds."""

    async def record(self, n, stale):
        case_id, name = f"case-{n}", f"m{self.messages}"
        case = await self.journal.case(case_id)
        made, revision = Made(case_id), case.revision - (stale and case.revision > 0)
        if case.state is CaseState.OPEN and not case.revision:
            entry = made.ask(name, revision=revision)
        elif case.state is CaseState.ASKED:
            waiting = [(w, case.received(w).body) for w in case.waiting]
            entry = made.transfer(name, revision=revision, waiting=waiting)
        elif case.state is CaseState.FORWARDED:
            entry = made.deliver(name, revision=revision)
        else:
            entry = made.refer(name, revision=revision, cause="case-referred")
        if revision != case.revision:
            with pytest.raises(JournalConflict):
                await self.journal.record(entry)
            return
        self.messages += 1
        assert await self.journal.record(entry) == Recorded()
        self.add(case_id, entry.judgement.events)

    def add(self, case_id, events):
        before = self.cases.get(case_id, Case(case_id))
        self.cases[case_id] = fold(before, events)

    async def claim(self, limit, _):
        claims = await self.journal.claim(limit, at(self.now), LEASE)
        assert len(claims) <= limit
        for claim in claims:
            assert claim.message_id not in self.ended
            held = self.token.get(claim.message_id)
            assert held is None or held[1] <= self.now, "claimed twice at a time"
            self.token[claim.message_id] = (claim, self.now + LEASE)
            self.claims.append(claim)
        under_way = [
            (c.case_id, c.destination) for c, until in self.token.values() if until > self.now
        ]
        assert len(under_way) == len(set(under_way)), "two of one case and destination"

    def chosen(self, n):
        claim = self.claims[n % len(self.claims)] if self.claims else None
        if claim is None:
            return None, False
        held = self.token.get(claim.message_id)
        return claim, held is not None and held[0] is claim

    async def sent(self, n, _):
        claim, holds = self.chosen(n)
        if claim is None:
            return
        assert await self.journal.sent([claim], at(self.now)) == holds
        if holds:
            self.end(claim)
            if claim.kind == "x007" and claim.receiver == claim.object:
                self.add(claim.case_id, [ForwardConfirmed(TARGET, at(self.now))])

    async def defer(self, n, _):
        claim, holds = self.chosen(n)
        if claim is None:
            return
        assert await self.journal.defer(claim, at(self.now + 5), "later") == holds
        if holds:
            del self.token[claim.message_id]

    async def withdraw(self, n, _):
        claim, holds = self.chosen(n)
        if claim is None:
            return
        referred = {row.message_id for row in await self.referred(claim.case_id)}
        assert await self.journal.withdraw(claim, at(self.now), "never") == holds
        if not holds:
            return
        self.end(claim)
        case = await self.journal.case(claim.case_id)
        now = {row.message_id for row in await self.referred(claim.case_id)}
        failed = [QuestionFailed(claim.message_id)] if claim.kind == "h001" else []
        added = case.revision - self.cases[claim.case_id].revision - len(failed)
        assert added >= max(len(now - referred), 1)
        self.add(claim.case_id, [*failed, *[Referred("any", "sending-failed")] * added])

    async def referred(self, case_id):
        rows = await self.journal.messages(case_id=case_id)
        return [row for row in rows if row.state == "referred"]

    def end(self, claim):
        self.ended.add(claim.message_id)
        del self.token[claim.message_id]

    async def wait(self, seconds, _):
        self.now += seconds

    async def check(self):
        for case_id, case in self.cases.items():
            assert await self.journal.case(case_id) == case
        counts = await self.journal.counts()
        assert sum(counts.messages.values()) == self.messages
        ended = counts.sendings.get("sent", 0) + counts.sendings.get("withdrawn", 0)
        assert ended >= len(self.ended)


async def play(driver_class, steps):
    folder = Path(tempfile.mkdtemp())
    try:
        driver = driver_class(folder)
        async with driver.opened() as journal:
            await journal.activate(TABLES)
            model = Model(journal)
            for what, *arguments in steps:
                await getattr(model, what)(*arguments)
            await model.check()
        async with driver.opened() as journal:  # nothing of it was in memory only
            model.journal = journal
            await model.check()
            await settled(model)
    finally:
        shutil.rmtree(folder)


async def settled(model):
    """Sent to the end, nothing is left open and no message is left half way."""
    model.now += 10_000
    for _ in range(200):
        claims = await model.journal.claim(100, at(model.now), LEASE)
        if not claims:
            break
        await model.journal.sent(claims, at(model.now))
    counts = await model.journal.counts()
    assert set(counts.sendings) <= {"sent", "withdrawn"}
    assert set(counts.messages) <= {"done", "waiting", "referred"}


@pytest.mark.parametrize("driver_class", DRIVERS.values(), ids=DRIVERS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=st.lists(STEP, max_size=40))
def test_the_journal_is_as_the_model_says(driver_class, steps):
    asyncio.run(play(driver_class, steps))
