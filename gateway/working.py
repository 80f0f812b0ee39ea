"""What a person makes of an entry of the worklist, once, with who and why.

`transfer` is judged and recorded like a decision of the gateway; the other outcomes say that
nothing is to leave from here, and close the entry.
"""

from collections.abc import Mapping
from typing import Any, Final

from gateway.clock import Clock
from gateway.core import by_person
from gateway.core.judging import Arrival, examine
from gateway.core.matter import Matter
from gateway.core.message import Malformed
from gateway.core.states import MessageState
from gateway.errors import JournalConflict, Refused
from gateway.journal import Entry, Journal, Recorded, Row
from gateway.pipeline import Pipeline
from gateway.relay import Relay
from gateway.wording import sentence

OUTCOMES: Final = ("transfer", "keep", "handled", "duplicate")
"""To an institution; it is ours; done in RINA; the same as another one."""
ON_IT: Final = (MessageState.REFERRED, MessageState.REFUSED)
"""States of the messages on the worklist."""


class Worklist:
    """The outcomes of entries, on a running or a resting gateway."""

    def __init__(self, journal: Journal, pipeline: Pipeline, relay: Relay, clock: Clock) -> None:
        self._journal = journal
        self._pipeline = pipeline
        self._relay = relay
        self._clock = clock

    async def resolve(self, params: Mapping[str, Any], who: str) -> dict[str, Any]:
        """Close an entry.

        Raises:
            Refused: it is not on the worklist (any more), there is no reason, or what was asked
                for would break a promise; nothing was changed.
        """
        message_id, outcome = str(params.get("message_id", "")), str(params.get("outcome", ""))
        reason = str(params.get("reason", "")).strip()
        if outcome not in OUTCOMES:
            raise Refused(f"{outcome[:40]}: no such outcome.", code="unknown-outcome")
        if not reason:
            raise Refused(
                "Say why (--why): the reason is kept with the decision.",
                french="Dire pourquoi (--why) : le motif est gardé avec la décision.",
                code="no-reason",
            )
        row = await self._journal.message(message_id)
        if row is None or row.state not in ON_IT:
            raise _not_there(message_id)
        if outcome == "transfer":
            return await self._transfer(row, str(params.get("institution", "")), who, reason)
        at = self._clock.now()
        if not await self._journal.deal_with(message_id, outcome, who=who, reason=reason, at=at):
            raise _not_there(message_id)
        return {"message_id": message_id, "outcome": outcome, "state": MessageState.DONE.value}

    async def _transfer(self, row: Row, institution: str, who: str, reason: str) -> dict[str, Any]:
        """Judge the case as the person says, against what the journal holds now."""
        explained = await self._journal.explanation(row.message_id)
        matter = await self._matter(row, len(explained), str(explained[-1]["digest"]))
        why = by_person.objection(matter, institution)
        if why is not None:
            raise _objected(row.message_id, institution, why)
        others = await self._journal.messages(states=ON_IT[:1], case_id=row.case_id)
        along = {other.message_id for other in others} - {row.message_id}
        judgement = by_person.transfer(matter, institution, along)
        entry = Entry(
            judgement,
            b"",
            row.source,
            None,
            row.received_at,
            matter.arrival.decided_at,
            attempt=matter.arrival.attempt,
            observed=self._pipeline.observes,
            who=who,
            reason=reason,
        )
        if not isinstance(await self._journal.record(entry), Recorded):
            raise JournalConflict
        self._relay.wake()
        return {
            "message_id": row.message_id,
            "outcome": "transfer",
            "institution": institution,
            "state": judgement.state.value,
        }

    async def _matter(self, row: Row, attempt: int, digest: str) -> Matter:
        """The message in its case, read from the bytes that the journal kept."""
        body, desk = await self._journal.body(digest), self._pipeline.desk
        examined = examine(body, desk.limits, desk.schemas) if body is not None else None
        if examined is None or isinstance(examined, Malformed):
            raise Refused(
                f"{row.message_id}: its bytes are not in the journal; handle it in RINA.",
                french=f"{row.message_id} : ses octets ne sont pas au journal ; traiter dans RINA.",
                code="no-body",
            )
        case = await self._journal.case(examined.message.case_id)
        arrival = Arrival(row.received_at, self._clock.now(), None, attempt)
        return Matter(case, desk.tables, desk.policy, examined, arrival)


def _not_there(message_id: str) -> Refused:
    return Refused(
        f"{message_id[:64]}: not on the worklist (any more); see `eessi-gateway worklist list`.",
        french=(
            f"{message_id[:64]} : pas (ou plus) sur la liste de travail ; "
            "voir `eessi-gateway worklist list`."
        ),
        code="not-on-worklist",
    )


def _objected(message_id: str, institution: str, why: str) -> Refused:
    english, french = (sentence(lang, "objection", why) for lang in ("en", "fr"))
    return Refused(
        f"{message_id}: not transferred to {institution[:40]}. {english}",
        french=f"{message_id} : pas de transfert à {institution[:40]}. {french}",
        code=why,
    )
