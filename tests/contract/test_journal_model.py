"""Any order of events leaves the journal as a simple model of it says (hypothesis)."""

import asyncio
import shutil
import tempfile
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gateway.core.case import Case, fold
from gateway.core.events import ForwardConfirmed, QuestionFailed, Referred, Spoken
from gateway.core.leaving import Mode
from gateway.core.states import CaseState
from gateway.errors import JournalConflict
from gateway.journal import Choice, Recorded, Word
from gateway.journal.pausing import Pause, Reach
from tests.contract.conftest import TABLES, TARGET, Made, at, judged_again

LEASE = 60.0
STEP = st.one_of(
    st.tuples(st.just("record"), st.integers(0, 2), st.booleans()),
    st.tuples(st.just("claim"), st.integers(1, 4), st.just(0)),
    st.tuples(st.sampled_from(["sent", "defer", "withdraw"]), st.integers(0, 20), st.just(0)),
    st.tuples(st.just("wait"), st.integers(1, 90), st.just(0)),
    st.tuples(st.sampled_from(["propose", "confirm"]), st.integers(0, 2), st.booleans()),
    st.tuples(st.just("take_back"), st.integers(0, 20), st.booleans()),
    st.tuples(st.sampled_from(["pause", "resume"]), st.just(0), st.just(0)),
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
        self.proposed = {}
        """Sending that waits for a yes -> its case."""
        self.paused = False

    async def propose(self, n, stale):
        """What is recorded waits for a person's yes."""
        known = {s.message_id for s in await self.journal.sendings(f"case-{n}")}
        await self.record(n, stale, mode=Mode.CONFIRM)
        for sending in await self.journal.sendings(f"case-{n}"):
            if sending.message_id not in known:
                assert sending.state == "proposed"
                self.proposed[sending.message_id] = f"case-{n}"

    async def confirm(self, n, stale):
        """Yes to all that waits for it in a case; a case that moved on changes nothing."""
        case_id = f"case-{n}"
        ids = tuple(name for name, of in self.proposed.items() if of == case_id)
        revision = (await self.journal.case(case_id)).revision
        choice = Choice(case_id, revision - stale, ids)
        if stale:
            with pytest.raises(JournalConflict):
                await self.journal.confirm([choice], self.word)
            return
        if not ids:
            return
        asks = [
            s.message_id
            for s in await self.journal.sendings(case_id)
            if s.message_id in ids and s.kind == "h001"
        ]
        await self.journal.confirm([choice], self.word)
        for name in ids:
            del self.proposed[name]
        self.add(case_id, [Spoken(question, at(self.now)) for question in asks])

    async def take_back(self, n, stale):
        """No: to one that has not left; never to one that has, or that is on its way out."""
        found = [
            (f"case-{k}", s) for k in range(3) for s in await self.journal.sendings(f"case-{k}")
        ]
        if not found:
            return
        case_id, sending = found[n % len(found)]
        case = await self.journal.case(case_id)
        choice = Choice(case_id, case.revision - stale, (sending.message_id,))
        held = self.token.get(sending.message_id)
        under_way = held is not None and held[1] > self.now
        if stale or under_way or not sending.unsent:
            with pytest.raises(JournalConflict):
                await self.journal.take_back(choice, self.word)
            return
        await self.journal.take_back(choice, self.word)
        after = {s.message_id: s for s in await self.journal.sendings(case_id)}
        assert after[sending.message_id].state == "withdrawn"
        assert not [o for o in after.values() if o.unsent and o.kind == "hand-over"] or (
            sending.kind != "x007" or sending.receiver != sending.object
        )
        gone = {name for name, s in after.items() if s.state == "withdrawn"}
        await self.forget_withdrawn(case_id)
        self.ended |= gone
        self.token = {name: claim for name, claim in self.token.items() if name not in gone}
        failed = [QuestionFailed(sending.message_id)] if sending.kind == "h001" else []
        added = (await self.journal.case(case_id)).revision - case.revision - len(failed)
        self.add(case_id, [*failed, *[Referred("any", "recalled")] * added])

    @property
    def word(self):
        return Word("claire", "why", at(self.now))

    async def pause(self, *_):
        assert await self.journal.pause(Pause(Reach.ALL, "", at(self.now), "claire", "w")) != (
            self.paused
        )
        self.paused = True

    async def resume(self, *_):
        of = {"who": "claire", "why": "over", "at": at(self.now)}
        assert await self.journal.resume(Reach.ALL, "", **of) == self.paused
        self.paused = False

    async def record(self, n, stale, mode=Mode.AUTOMATIC):
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
        entry = judged_again(entry, mode=mode)
        if revision != case.revision:
            with pytest.raises(JournalConflict):
                await self.journal.record(entry)
            return
        self.messages += 1
        assert await self.journal.record(entry) == Recorded()
        self.add(case_id, entry.judgement.events)
        await self.forget_withdrawn(case_id)  # a transfer overtakes a question that has not left

    def add(self, case_id, events):
        before = self.cases.get(case_id, Case(case_id))
        self.cases[case_id] = fold(before, events)

    async def claim(self, limit, _):
        claims = await self.journal.claim(limit, at(self.now), LEASE)
        assert len(claims) <= (0 if self.paused else limit)
        assert self.proposed.keys().isdisjoint(claim.message_id for claim in claims)
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
        assert await self.journal.handed_over([claim], at(self.now)) == holds
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
        await self.forget_withdrawn(claim.case_id)

    async def forget_withdrawn(self, case_id):
        """What came after it is withdrawn with it, also where it waited for a yes."""
        for sending in await self.journal.sendings(case_id):
            if sending.state == "withdrawn":
                self.proposed.pop(sending.message_id, None)

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
        ended = counts.sendings.get("handed-over", 0) + counts.sendings.get("withdrawn", 0)
        assert ended >= len(self.ended)


async def play(engine, steps):
    folder = Path(tempfile.mkdtemp())
    try:
        driver = engine(folder)
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
    await model.resume()
    for n in range(3):
        await model.confirm(n, stale=False)
    counts = before = await model.journal.counts()
    for _ in range(200):
        claims = await model.journal.claim(100, at(model.now), LEASE)
        await model.journal.handed_over(claims, at(model.now))
        counts, before = await model.journal.counts(), counts
        if not claims and counts == before:  # a claim may also withdraw what nobody needs now
            break
    assert set(counts.sendings) <= {"handed-over", "withdrawn"}
    assert set(counts.messages) <= {"done", "waiting", "referred"}


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(steps=st.lists(STEP, max_size=40))
@example(steps=[("record", 0, False), ("propose", 0, False), ("take_back", 2, False)])
@example(steps=[("record", 0, False), ("claim", 1, 0), ("record", 0, False)])
def test_the_journal_is_as_the_model_says(engine, steps):
    asyncio.run(play(engine, steps))
