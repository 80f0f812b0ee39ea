"""What a person may do to the gateway, whether it runs (control socket) or not (state lock).

Each deed is a name with parameters and answers with a code; the wording is the caller's.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from gateway import releasing
from gateway.clock import Clock
from gateway.core.decision import SetAside, name
from gateway.core.judging import Arrival, examine, judge
from gateway.core.message import Malformed
from gateway.core.states import MessageState
from gateway.core.validation import Schemas
from gateway.errors import JournalConflict, Refused
from gateway.journal import Entry, IdentityConflict, Journal, SchemasInForce
from gateway.pipeline import Pipeline
from gateway.readiness import Readiness
from gateway.relay import Relay
from gateway.releasing import Releasing
from gateway.timers import Timers
from gateway.working import Worklist

DEEDS: Final = (
    *("ping", "pause", "resume", "release", "discard", "resolve", "wake", "reload"),
    *releasing.DEEDS,
)
"""Names of all deeds; `ops/interfaces.md` explains each."""


class Operating:
    """The deeds, on a running or a resting gateway."""

    def __init__(
        self,
        journal: Journal,
        pipeline: Pipeline,
        relay: Relay,
        timers: Timers,
        readiness: Readiness,
        clock: Clock,
        schemas: Callable[[], Schemas],
        releases: Releasing,
    ) -> None:
        self._journal = journal
        self._pipeline = pipeline
        self._relay = relay
        self._timers = timers
        self._readiness = readiness
        self._clock = clock
        self._schemas = schemas
        self._releases = releases
        self._worklist = Worklist(journal, pipeline, relay, clock)

    async def do(self, deed: str, params: Mapping[str, Any], who: str) -> dict[str, Any]:
        """Do it and say so.

        Raises:
            Refused: not allowed now, not known, or nothing is there to do it to.
        """
        if deed in releasing.DEEDS:
            return await self._releases.do(deed, params, who)
        match deed:
            case "ping":
                return await self._state()
            case "pause" | "resume":
                return self._paused(deed == "pause")
            case "reload":
                return await self._reload(who)
            case "wake":
                self._relay.wake()
                return {}
            case "release" | "discard" | "resolve":
                return await self._with_message(deed, params, who)
            case _:
                raise Refused(
                    f"{deed[:40]}: no such deed; see `eessi-gateway --help`.", code="unknown-deed"
                )

    async def _state(self) -> dict[str, Any]:
        return {
            "paused": self._pipeline.paused,
            "in_flight": self._pipeline.in_flight,
            "not_ready": list(await self._readiness.problems()),
        }

    def _paused(self, pause: bool) -> dict[str, Any]:
        for part in (self._pipeline, self._relay, self._timers):
            if pause:
                part.pause()
            else:
                part.resume()
        return {"paused": pause}

    async def _reload(self, who: str) -> dict[str, Any]:
        """Decide by the schemas that are installed now, and write down since when and by whom."""
        schemas = self._schemas()
        await self._journal.note_schemas(SchemasInForce(schemas.name, self._clock.now(), who))
        self._pipeline.desk = replace(self._pipeline.desk, schemas=schemas)
        return {"schemas": schemas.name}

    async def _with_message(self, deed: str, params: Mapping[str, Any], who: str) -> dict[str, Any]:
        if deed == "resolve":
            return await self._worklist.resolve(params, who)
        if deed == "release":
            return await self._release(str(params.get("message_id", "")), who)
        return await self._discard(params, who)

    async def _release(self, message_id: str, who: str) -> dict[str, Any]:
        """Decide a quarantined message again, from the bytes that the journal kept."""
        row = await self._quarantined(message_id)
        explained = await self._journal.explanation(message_id)
        body = await self._journal.body(str(explained[-1]["digest"]))
        if body is None:
            raise Refused(
                f"{message_id}: its bytes are not in the journal; nothing was changed.",
                french=f"{message_id} : ses octets ne sont pas au journal ; rien n'a changé.",
                code="no-body",
            )
        desk = self._pipeline.desk
        examined = examine(body, desk.limits, desk.schemas)
        case = None
        if not isinstance(examined, Malformed):
            case = await self._journal.case(examined.message.case_id)
        attempt = len(explained)
        arrival = Arrival(row.received_at, self._clock.now(), None, attempt)
        judgement = judge(examined, case, desk.tables, desk.policy, arrival)
        if isinstance(judgement.decision, SetAside):
            raise _again(message_id, judgement.decision.cause)
        own = judgement.message_id == message_id
        entry = Entry(
            judgement,
            body,
            row.source,
            None,
            row.received_at,
            self._clock.now(),
            attempt=attempt if own else 0,
            observed=self._pipeline.observes,
            who=who,
        )
        if isinstance(await self._journal.record(entry), IdentityConflict):
            raise _again(message_id, "identity-conflict")
        if not own:  # it was kept under the digest of its bytes; from now on it has its own name
            await self._journal.discard(message_id, who, "released", self._clock.now())
        self._relay.wake()
        return {
            "message_id": judgement.message_id,
            "decision": name(judgement.decision) if judgement.decision is not None else None,
            "state": judgement.state.value,
        }

    async def _discard(self, params: Mapping[str, Any], who: str) -> dict[str, Any]:
        message_id, reason = str(params.get("message_id", "")), str(params.get("reason", ""))
        await self._quarantined(message_id)
        if not await self._journal.discard(message_id, who, reason, self._clock.now()):
            raise JournalConflict
        return {"message_id": message_id, "state": MessageState.DISCARDED.value}

    async def _quarantined(self, message_id: str) -> Any:
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


def _again(message_id: str, why: str) -> Refused:
    return Refused(
        f"{message_id}: it would be set aside again ({why}); nothing was changed.",
        french=f"{message_id} : il serait de nouveau mis de côté ({why}) ; rien n'a changé.",
        code="set-aside-again",
    )
