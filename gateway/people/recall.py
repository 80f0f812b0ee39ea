"""A person calls a wrong transfer back: once, with who and why, whether the gateway runs or not."""

from collections.abc import Mapping
from typing import Any, Final

from gateway.clock import Clock
from gateway.core.matter import Situation
from gateway.core.message import spelled
from gateway.core.recalling import not_to_recall, recall
from gateway.errors import JournalConflict, Refused
from gateway.journal import Journal
from gateway.pipeline import Pipeline
from gateway.relay import Relay
from gateway.wording import sentence

ATTEMPTS: Final = 3


class Recalls:
    """The deed `recall`."""

    def __init__(self, journal: Journal, pipeline: Pipeline, relay: Relay, clock: Clock) -> None:
        self._journal = journal
        self._pipeline = pipeline
        self._relay = relay
        self._clock = clock

    async def recall(self, params: Mapping[str, Any], who: str) -> dict[str, Any]:
        """Call the transfer of a case back.

        Raises:
            Refused: the case was not transferred, or called back before, there is no reason, or
                something of it is on its way out just now.
        """
        case_id, why = (
            spelled(str(params.get("case_id", ""))),
            str(params.get("reason", "")).strip(),
        )
        if not why:
            raise _refused(case_id, "no-reason")
        for _ in range(ATTEMPTS):
            try:
                return await self._recall(case_id, who, why)
            except JournalConflict as conflict:  # it moved on: look again
                if conflict.code == "release-changed":
                    await self._pipeline.tables_changed()
        raise _refused(case_id, "sending-under-way")

    async def _recall(self, case_id: str, who: str, why: str) -> dict[str, Any]:
        desk, now = self._pipeline.desk, self._clock.now()
        situation = Situation(await self._journal.case(case_id), desk.tables, desk.policy)
        sendings = await self._journal.sendings(situation.case.case_id)
        hindered = not_to_recall(situation, sendings)
        if hindered is not None:
            raise _refused(case_id, hindered)
        done = recall(situation, sendings, who, why, now)
        await self._journal.develop(done, now, who=who)
        self._relay.wake()
        return {
            "case_id": situation.case.case_id,
            "institution": situation.case.holder,
            "cause": done.referrals[0][1].cause,
            "withdrawn": len(done.withdrawals),
            "sent": sorted({out.kind.value for out in done.outgoing}),
        }


def _refused(case_id: str, code: str) -> Refused:
    english, french = (sentence(lang, "recall", code) for lang in ("en", "fr"))
    return Refused(f"{case_id[:64]}: {english}", french=f"{case_id[:64]} : {french}", code=code)
