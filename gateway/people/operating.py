"""What a person may do to the gateway, whether it runs (control socket) or not (state lock).

Each deed is a name with parameters and answers with a code; the wording is the caller's.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from gateway import releasing
from gateway.annual.closing import Months
from gateway.availability import deeds as availability
from gateway.availability.deeds import Monitors
from gateway.clock import Clock
from gateway.core.validation import Schemas
from gateway.errors import Refused
from gateway.intake import Intake
from gateway.journal import Journal
from gateway.journal.rows import SchemasInForce
from gateway.people import confirming, pausing, quarantine, retaining, taking, working
from gateway.people.confirming import Confirming
from gateway.people.open_cases import OpenCases
from gateway.people.pausing import Pausing
from gateway.people.person_spans import PersonSpans
from gateway.people.quarantine import Quarantine
from gateway.people.recall import Recalls
from gateway.people.retaining import Retaining
from gateway.people.taking import Taking
from gateway.people.working import Worklist
from gateway.pipeline import Pipeline
from gateway.relay import Relay
from gateway.releasing import Releasing
from gateway.seen.readiness import Readiness
from gateway.seen.watching import Watch
from gateway.traces.spans import Spans, Untraced

DEEDS: Final = (
    *("ping", "recall", "import-cases", "wake", "reload", "watch", "close-month"),
    *working.DEEDS,
    *quarantine.DEEDS,
    *pausing.DEEDS,
    *confirming.DEEDS,
    *taking.DEEDS,
    *retaining.DEEDS,
    *releasing.DEEDS,
    *availability.DEEDS,
)
"""Names of all deeds; `ops/interfaces.md` explains each."""


_Do = Callable[[str, Mapping[str, Any], str], Awaitable[dict[str, Any]]]
"""Deed, parameters and who asks, to the answer."""
_Deed = Callable[[Mapping[str, Any], str], Awaitable[dict[str, Any]]]
"""What is done with parameters, by whom."""


class Operating:
    """The deeds, on a running or a resting gateway."""

    def __init__(
        self,
        journal: Journal,
        pipeline: Pipeline,
        intake: Intake,
        relay: Relay,
        readiness: Readiness,
        clock: Clock,
        schemas: Callable[[], Schemas],
        releases: Releasing,
        pauses: Pausing,
        watch: Watch,
        retains: Retaining,
        monitors: Monitors,
        spans: Spans | None = None,
    ) -> None:
        self._journal = journal
        self._pipeline = pipeline
        self._intake = intake
        self._relay = relay
        self._readiness = readiness
        self._clock = clock
        self._schemas = schemas
        self._watch = watch
        self._told = PersonSpans(journal, clock, spans or Untraced()).told
        recalls = Recalls(journal, pipeline, relay, clock)
        confirms = Confirming(journal, pipeline, relay, clock, recalls)
        takes = Taking(journal, pipeline, relay, clock)
        self._others: Mapping[str, _Do] = {
            **dict.fromkeys(releasing.DEEDS, releases.do),
            **dict.fromkeys(working.DEEDS, Worklist(journal, pipeline, relay, clock).do),
            **dict.fromkeys(quarantine.DEEDS, Quarantine(journal, pipeline, relay, clock).do),
            **dict.fromkeys(pausing.DEEDS, pauses.do),
            **dict.fromkeys(confirming.DEEDS, confirms.do),
            **dict.fromkeys(taking.DEEDS, takes.do),
            **dict.fromkeys(retaining.DEEDS, retains.do),
            **dict.fromkeys(availability.DEEDS, monitors.do),
        }
        self._persons: Mapping[str, _Deed] = {
            "recall": recalls.recall,
            "import-cases": OpenCases(journal, pipeline, clock).bring_in,
            "close-month": Months(journal, clock).close,
        }

    async def do(self, deed: str, params: Mapping[str, Any], who: str) -> dict[str, Any]:
        """Do it and say so.

        Raises:
            Refused: not allowed now, not known, or nothing is there to do it to.
        """
        began = self._clock.now()
        answer = await self._done(deed, params, who)
        await self._told(deed, params, answer, began)
        return answer

    async def _done(self, deed: str, params: Mapping[str, Any], who: str) -> dict[str, Any]:
        if deed in self._others:
            return await self._others[deed](deed, params, who)
        if deed in self._persons:
            return await self._persons[deed](params, who)
        match deed:
            case "ping":
                return await self._state()
            case "watch":
                return (await self._watch.see()).shown()
            case "reload":
                return await self._reload(who)
            case "wake":
                self._relay.wake()
                return {}
            case _:
                raise Refused(
                    f"{deed[:40]}: no such deed; see `eessi-gateway --help`.", code="unknown-deed"
                )

    async def _state(self) -> dict[str, Any]:
        return {
            "paused": self._intake.paused,
            "in_flight": self._intake.in_flight,
            "not_ready": list(await self._readiness.problems()),
        }

    async def _reload(self, who: str) -> dict[str, Any]:
        """Decide by the schemas that are installed now, and write down since when and by whom."""
        schemas = self._schemas()
        await self._journal.note_schemas(SchemasInForce(schemas.name, self._clock.now(), who))
        self._pipeline.desk = replace(self._pipeline.desk, schemas=schemas)
        return {"schemas": schemas.name}
