"""What was set aside: decided again from the bytes that the journal kept, or discarded for good.

One message at a time and each in a transaction of its own, so a long list may be stopped anywhere.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from gateway.clock import Clock
from gateway.core.decision import SetAside, cause, institution, name
from gateway.core.judgement import Judgement
from gateway.core.judging import Arrival, examine, judge
from gateway.core.message import Malformed
from gateway.core.states import MessageState
from gateway.errors import JournalConflict, Refused
from gateway.journal import Entry, IdentityConflict, Journal
from gateway.journal.rows import Row
from gateway.pipeline import Pipeline
from gateway.relay import Relay

DEEDS: Final = ("release", "discard")


class Quarantine:
    """The two ways out of the quarantine, on a running or a resting gateway."""

    def __init__(self, journal: Journal, pipeline: Pipeline, relay: Relay, clock: Clock) -> None:
        self._journal = journal
        self._pipeline = pipeline
        self._relay = relay
        self._clock = clock

    async def do(self, deed: str, params: Mapping[str, Any], who: str) -> dict[str, Any]:
        """One of `DEEDS`.

        Raises:
            Refused: it is not in quarantine (any more), or would come back there.
        """
        row = await self._quarantined(str(params.get("message_id", "")))
        if deed == "discard":
            return await self._discard(row, str(params.get("reason", "")), who)
        return await self._release(row, who, looking=bool(params.get("try")))

    async def _release(self, row: Row, who: str, *, looking: bool) -> dict[str, Any]:
        """Decide it again; `looking` says what would happen now, and records nothing."""
        explained = await self._journal.explanation(row.message_id)
        body = await self._journal.body(str(explained[-1]["digest"]))
        if body is None:
            raise _no_bytes(row)
        judgement = await self._judgement(row, body, explained)
        if isinstance(judgement.decision, SetAside):
            raise _again(row.message_id, judgement.decision.cause)
        if not looking:
            await self._record(row, body, judgement, len(explained), who)
        decision = judgement.decision
        return {
            "message_id": judgement.message_id,
            "decision": name(decision) if decision is not None else None,
            "cause": cause(decision) if decision is not None else None,
            "institution": institution(decision) if decision is not None else None,
            "state": judgement.state.value,
        }

    async def _judgement(
        self, row: Row, body: bytes, explained: Sequence[Mapping[str, Any]]
    ) -> Judgement:
        """As it would be judged now, in its case as it stands."""
        desk = self._pipeline.desk
        examined, case = examine(body, desk.limits, desk.schemas), None
        if not isinstance(examined, Malformed):
            case = await self._journal.case(examined.message.case_id)
        ours = explained[-1]["cause"] == "wrong-direction"
        attempt, now = len(explained), self._clock.now()
        arrival = Arrival(row.received_at, now, None, attempt, by_hand=ours)
        return judge(examined, case, desk.tables, desk.policy, arrival)

    async def _record(
        self, row: Row, body: bytes, judgement: Judgement, attempt: int, who: str
    ) -> None:
        own = judgement.message_id == row.message_id
        entry = Entry(
            judgement,
            body,
            row.source,
            None,
            row.received_at,
            self._clock.now(),
            attempt=attempt if own else 0,
            who=who,
            rina_number=row.rina_number,
            traceparent=row.traceparent,
        )
        if isinstance(await self._journal.record(entry), IdentityConflict):
            raise _again(row.message_id, "identity-conflict")
        if not own:  # it was kept under the digest of its bytes; from now on it has its own name
            await self._journal.discard(row.message_id, who, "released", self._clock.now())
        self._relay.wake()

    async def _discard(self, row: Row, reason: str, who: str) -> dict[str, Any]:
        if not reason.strip():
            raise Refused(
                "Say why (--why): the reason stays in the journal.",
                french="Dire pourquoi (--why) : le motif reste au journal.",
                code="no-reason",
            )
        if not await self._journal.discard(row.message_id, who, reason, self._clock.now()):
            raise JournalConflict
        return {"message_id": row.message_id, "state": MessageState.DISCARDED.value}

    async def _quarantined(self, message_id: str) -> Row:
        row = await self._journal.message(message_id)
        if row is None or row.state is not MessageState.QUARANTINED:
            raise Refused(
                f"{message_id[:64]}: not in quarantine; see `eessi-gateway quarantine list`.",
                french=(
                    f"{message_id[:64]} : pas en quarantaine ; "
                    "voir `eessi-gateway quarantine list`."
                ),
                code="not-in-quarantine",
            )
        return row


def _no_bytes(row: Row) -> Refused:
    """Those of one over the cap were put aside, and come in again as a file."""
    if row.cause == "too-big":
        return Refused(
            f"{row.message_id}: its bytes are in oversize/ under this name; raise"
            " inbound.max_bytes, restart, and put that file into inbound/ (.xml, or .mime with"
            " attachments). Nothing was changed.",
            french=f"{row.message_id} : ses octets sont dans oversize/ sous ce nom ; relever"
            " inbound.max_bytes, relancer, et mettre ce fichier dans inbound/ (.xml, ou .mime avec"
            " des pièces jointes). Rien n'a changé.",
            code="no-body",
        )
    return Refused(
        f"{row.message_id}: its bytes are not in the journal; nothing was changed.",
        french=f"{row.message_id} : ses octets ne sont pas au journal ; rien n'a changé.",
        code="no-body",
    )


def _again(message_id: str, why: str) -> Refused:
    return Refused(
        f"{message_id}: it would be set aside again ({why}); nothing was changed.",
        french=f"{message_id} : il serait de nouveau mis de côté ({why}) ; rien n'a changé.",
        code="set-aside-again",
    )
