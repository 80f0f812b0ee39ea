"""What a person says to a whole case: it is mine, it is yours again, they have answered me.

While he has it nothing of it leaves and nothing falls due; what comes is recorded and on his list.
What was in the outbox stays there, and leaves when he gives the case back, unless he withdraws it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from gateway.clock import Clock
from gateway.core.again import alone, answered, judge_again, take
from gateway.core.case import Case
from gateway.core.decision import cause, name
from gateway.core.events import Answered, Event, GivenBack
from gateway.core.judgement import Judgement
from gateway.core.judging import Arrival, Examined, examine
from gateway.core.matter import Situation
from gateway.core.message import Malformed
from gateway.core.states import CaseState, MessageState, QuestionState
from gateway.errors import JournalConflict, Refused
from gateway.journal import Entry, Journal
from gateway.journal.rows import Row
from gateway.log import logger
from gateway.pipeline import Pipeline
from gateway.relay import Relay
from gateway.wording import sentence

DEEDS: Final = ("case-take", "case-give-back", "question-answered")
ATTEMPTS: Final = 3
_Again = tuple[Row, Examined, Arrival]
"""A message that is judged again."""


class Taking:
    """The deeds on a whole case."""

    def __init__(self, journal: Journal, pipeline: Pipeline, relay: Relay, clock: Clock) -> None:
        self._journal = journal
        self._pipeline = pipeline
        self._relay = relay
        self._clock = clock

    async def do(self, deed: str, params: Mapping[str, Any], who: str) -> dict[str, Any]:
        """Take a case, give it back, or close a question of it.

        Raises:
            Refused: there is no such case or question, it is so already, or there is no reason.
        """
        named = params.get("question" if deed == "question-answered" else "case_id", "")
        what, why = str(named), str(params.get("reason", "")).strip()
        if not why:
            raise refused(what, "no-reason")
        said = {
            "case-take": self._take,
            "case-give-back": self._give_back,
            "question-answered": self._answered,
        }[deed]
        for _ in range(ATTEMPTS):
            try:
                return await said(what, who, why)
            except JournalConflict as conflict:  # it moved on: look again
                if conflict.code == "release-changed":
                    await self._pipeline.tables_changed()
        raise JournalConflict

    async def _take(self, case_id: str, who: str, why: str) -> dict[str, Any]:
        case = await self._known(case_id)
        if case.state is CaseState.TAKEN:
            raise refused(case_id, "taken-already")
        development = take(self._situation(case), who, why)
        await self._journal.develop(development, self._clock.now(), who=who)
        logger().warning("case-taken", case_id=case.case_id)
        return {"case_id": case.case_id, "state": CaseState.TAKEN.value}

    async def _known(self, case_id: str) -> Case:
        case = await self._journal.case(case_id)
        if not case.revision:
            raise refused(case_id, "no-case")
        return case

    async def _give_back(self, case_id: str, who: str, why: str) -> dict[str, Any]:
        case = await self._known(case_id)
        if case.state is not CaseState.TAKEN:
            raise refused(case_id, "not-taken")
        situation, first = self._situation(case), (GivenBack(who, why),)
        again = await self._again(case, MessageState.REFERRED)
        judged = judge_again(situation, first, [(seen, at) for _, seen, at in again])
        await self._record(situation, first, judged, again, who, why)
        logger().info("case-given-back", case_id=case.case_id)
        return {"case_id": case.case_id, **await self._state(case.case_id, judged)}

    async def _answered(self, question: str, who: str, why: str) -> dict[str, Any]:
        """The question is closed; what waits for nothing else now is judged again."""
        rows = await self._journal.questions(every=True, question=question)
        case = await self._journal.case(rows[0].case_id) if rows else Case("")
        asked = next((q for q in case.questions if q.id == question), None)
        if asked is None:
            raise refused(question, "no-question")
        if asked.state is not QuestionState.OPEN:
            raise refused(question, "settled-already")
        situation, answer = self._situation(case), Answered(question, "", who, why)
        again: Sequence[_Again] = ()
        if case.state is CaseState.ASKED and case.open_questions == (asked,):
            again = await self._again(case, MessageState.WAITING)
        judged = answered(situation, answer, [(seen, at) for _, seen, at in again])
        await self._record(situation, (answer,), judged, again, who, why)
        logger().info("question-closed", case_id=case.case_id)
        return {"question": question, **await self._state(case.case_id, judged)}

    async def _record(
        self,
        situation: Situation,
        first: Sequence[Event],
        judged: Sequence[Judgement],
        again: Sequence[_Again],
        who: str,
        why: str,
    ) -> None:
        """All of it, or nothing; the events alone when nothing was judged.

        Raises:
            JournalConflict: the case moved on meanwhile.
        """
        rows = {row.message_id: (row, at) for row, _, at in again}
        entries = [_entry(j, *rows[j.message_id], who, why) for j in judged]
        if entries:
            await self._journal.settle(entries)
        else:
            await self._journal.develop(alone(situation, first), self._clock.now(), who=who)
        self._relay.wake()

    async def _state(self, case_id: str, judged: Sequence[Judgement]) -> dict[str, Any]:
        case = await self._journal.case(case_id)
        return {"state": case.state.value, "decisions": [_told(j) for j in judged]}

    def _situation(self, case: Case) -> Situation:
        desk = self._pipeline.desk
        return Situation(case, desk.tables, desk.policy)

    async def _again(self, case: Case, state: MessageState) -> Sequence[_Again]:
        """The messages of the case in this state, in order, but for those without bytes."""
        desk, again = self._pipeline.desk, []
        for row in await self._journal.messages(states=(state,), case_id=case.case_id):
            explained = await self._journal.explanation(row.message_id)
            body = await self._journal.body(str(explained[-1]["digest"]))
            examined = examine(body, desk.limits, desk.schemas) if body is not None else None
            if examined is not None and not isinstance(examined, Malformed):
                arrival = Arrival(row.received_at, self._clock.now(), None, len(explained))
                again.append((row, examined, arrival))
        return again


def _entry(judgement: Judgement, row: Row, arrival: Arrival, who: str, why: str) -> Entry:
    return Entry(
        judgement,
        b"",
        row.source,
        None,
        row.received_at,
        arrival.decided_at,
        attempt=arrival.attempt,
        who=who,
        reason=why,
    )


def _told(judgement: Judgement) -> dict[str, Any]:
    decision = judgement.decision
    return {
        "message_id": judgement.message_id,
        "decision": name(decision) if decision is not None else None,
        "cause": cause(decision) if decision is not None else None,
        "state": judgement.state.value,
    }


def refused(what: str, code: str) -> Refused:
    """Why a case or a question stays as it is."""
    english, french = (sentence(lang, "case-objection", code) for lang in ("en", "fr"))
    return Refused(f"{what[:64]}: {english}", french=f"{what[:64]} : {french}", code=code)
