"""The gateway's ports in a simulation: the real journal, and a door to the outside, with gates.

A write has a gate before and one behind it, so that a crash can come between the commit and the
moment in which the process hears of it.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Final

from gateway.chaos.gates import Gates, Time
from gateway.chaos.outside import Copy, Names, Outside
from gateway.chaos.rules import Rules
from gateway.core.case import Case
from gateway.core.deadlines import Development
from gateway.errors import JournalUnavailable, TransportUnavailable
from gateway.journal import Claimed, Entry, Outcome, Recorded
from gateway.journal.rows import Release
from gateway.journal.sqlite import SqliteJournal
from gateway.transport import Inbound, Received, Settlement

FULL: Final = "disk-full"
"""Word to a call of the journal: it fails, and nothing is written."""
REFUSED: Final = "refused"
"""Word to a publish: it does not arrive, and that is said."""
UNHEARD: Final = "unheard"
"""Word to a publish: it arrives, and nobody hears of it."""
LOST: Final = "lost"
"""Word to a publish: it does not arrive, and nobody hears of that."""


class SteppedJournal(SqliteJournal):
    """The real journal behind gates."""

    _gates: Gates
    _names: Names
    _rules: Rules

    def attend(self, gates: Gates, names: Names, rules: Rules) -> None:
        """From now on calls wait at these gates, and what they do is looked at."""
        self._gates, self._names, self._rules = gates, names, rules

    async def _ask(self, what: str, about: str = "") -> None:
        if await self._gates.through(what, about) == FULL:
            raise JournalUnavailable

    async def case(self, case_id: str) -> Case:
        """See `JournalReader`."""
        await self._ask("case", self._names.of(case_id))
        return await super().case(case_id)

    async def seen_case(self, case_id: str) -> Case:
        """The case as the gateway sees it, without a gate."""
        return await super().case(case_id)

    async def due_cases(self, now: datetime, limit: int) -> Sequence[str]:
        """See `JournalReader`."""
        await self._ask("due-cases")
        return await super().due_cases(now, limit)

    async def release(self, at: datetime) -> Release | None:
        """See `JournalReader`."""
        await self._ask("release")
        return await super().release(at)

    async def record(self, entry: Entry) -> Outcome:
        """See `Journal`."""
        about = self._names.of(entry.judgement.message_id)
        await self._ask("record", about)
        outcome = await self.write_down(entry)
        if isinstance(outcome, Recorded):
            self._rules.recorded(entry)
        await self._gates.through("recorded", f"{about} {type(outcome).__name__.lower()}")
        return outcome

    async def write_down(self, entry: Entry) -> Outcome:
        """The record itself."""
        return await super().record(entry)

    async def develop(
        self, development: Development, at: datetime, *, who: str = "gateway"
    ) -> None:
        """See `Journal`."""
        about = self._names.of(development.case_id)
        await self._ask("develop", about)
        await super().develop(development, at, who=who)
        self._rules.developed(development)
        await self._gates.through("developed", about)

    async def claim(self, limit: int, now: datetime, lease_seconds: float) -> Sequence[Claimed]:
        """See `Journal`."""
        await self._ask("claim")
        claims = await super().claim(limit, now, lease_seconds)
        self._rules.claimed(claims)
        await self._gates.through("claimed", str(len(claims)))
        return claims

    async def handed_over(
        self, claims: Sequence[Claimed], at: datetime, status_due: datetime | None = None
    ) -> int:
        """See `Journal`."""
        await self._ask("hand-over", str(len(claims)))
        counted = await super().handed_over(claims, at, status_due)
        await self._gates.through("handed-over", str(counted))
        return counted

    async def defer(self, claim: Claimed, due: datetime, error: str) -> bool:
        """See `Journal`."""
        about = self._names.of(claim.message_id)
        await self._ask("defer", about)
        counted = await super().defer(claim, due, error)
        await self._gates.through("deferred", about)
        return counted


class Door:
    """Consumer and publisher of one process."""

    def __init__(self, outside: Outside, gates: Gates, time: Time, rules: Rules) -> None:
        self._outside = outside
        self._gates = gates
        self._time = time
        self._rules = rules

    async def receive(self) -> AsyncIterator[Received]:
        """What the simulation gives out."""
        line = self._outside.source.line
        while True:
            copy = await self._gates.through("take")
            if copy is None or line != self._outside.source.line:
                raise TransportUnavailable(code="consumer-gone")
            yield self._received(copy, line)

    async def inbound(self) -> Inbound:
        """How many wait."""
        return Inbound(len(self._outside.source.waiting), None)

    def _received(self, copy: Copy, line: int) -> Received:
        async def settle(settlement: Settlement) -> None:
            await self._gates.through("settle", f"{copy.post.label} {settlement}")
            source = self._outside.source
            if line != source.line:
                return  # it comes again over the next line
            if settlement is Settlement.RETRY:
                source.back(copy)
                return
            self._rules.settled(copy.post)
            source.done(copy)

        post = copy.post
        return Received(post.body, post.label, post.addressee, self._time.wall, settle)

    async def publish(self, batch: Sequence[Claimed]) -> Sequence[TransportUnavailable | None]:
        """One after another; a word at the gate says how it ends."""
        return [await self._publish(sending) for sending in batch]

    async def _publish(self, sending: Claimed) -> TransportUnavailable | None:
        about = self._outside.names.of(sending.message_id)
        told = f"{about} {sending.kind} {self._outside.names.of(sending.case_id)}"
        word = await self._gates.through("publish", told)
        if word not in {REFUSED, LOST} and self._rules.arrived(sending):
            self._outside.got(sending, self._time.true, self._time.elapsed)
        await self._gates.through("published", about)
        return TransportUnavailable(code=word) if word is not None else None
