"""What is due when nothing comes: reminders abroad, questions that expire, waits that end.

When a case is due stands in the journal, written with what it follows from; what is done about it
is decided by `core.deadlines` and recorded against the case, so nothing fires twice, whoever
looks (ADR 0011). After an outage or a pause what has become due goes out at a steady pace, not at
once.
"""

import asyncio
from typing import Final

from gateway.clock import Clock
from gateway.core.deadlines import come_due
from gateway.core.matter import Situation
from gateway.errors import GatewayError, JournalConflict, JournalUnavailable
from gateway.journal import Journal
from gateway.log import logger
from gateway.metrics import Metrics
from gateway.pipeline import Pipeline
from gateway.relay import Relay

TURN_SECONDS: Final = 1.0
"""Between two looks."""
AT_ONCE: Final = 20
"""Cases that are dealt with in one turn."""


class Timers:
    """Deals with the cases in which something is due."""

    def __init__(
        self, journal: Journal, pipeline: Pipeline, relay: Relay, clock: Clock, metrics: Metrics
    ) -> None:
        self._journal = journal
        self._pipeline = pipeline
        self._relay = relay
        self._clock = clock
        self._metrics = metrics
        self._broken: set[str] = set()
        """Cases that broke us: left alone until the next start, so that the others go on."""

    async def run(self) -> None:
        """Look for what is due until cancelled."""
        while True:
            await self._clock.sleep(TURN_SECONDS)
            try:
                await self.turn()
            except JournalUnavailable as error:
                logger().warning("timers-stopped", error_code=error.code)

    async def turn(self) -> int:
        """One look; how many cases were dealt with."""
        broken = len(self._broken)
        due = await self._journal.due_cases(self._clock.now(), AT_ONCE + broken)
        cases = [case_id for case_id in due if case_id not in self._broken][:AT_ONCE]
        for case_id in cases:
            [error] = await asyncio.gather(self._deal_with(case_id), return_exceptions=True)
            if isinstance(error, GatewayError):
                raise error
            if isinstance(error, Exception):
                self._broken.add(case_id)
                logger().error("message-broke-the-gateway", case_id=case_id, exc_info=error)
        return len(cases)

    async def _deal_with(self, case_id: str) -> None:
        """What is due in one case; when it has moved on meanwhile, the next look finds it."""
        desk, now = self._pipeline.desk, self._clock.now()
        case = await self._journal.case(case_id)
        development = come_due(Situation(case, desk.tables, desk.policy), now)
        try:
            await self._journal.develop(development, now)
        except JournalConflict:
            self._metrics.journal_conflict()
            return
        if development.referrals:
            cause = development.referrals[0][1].cause
            logger().warning("waited-in-vain", case_id=case_id, cause=cause)
        if development.outgoing:
            logger().info("question-reminded", case_id=case_id)
            self._relay.wake()
