"""Holding back: everything, or one BUC, institution or country, until a person lets it go again.

The pause stands in the journal, which then neither gives out what is to be sent nor what is due;
it holds through a restart. Only a pause of everything stops intake, too: nothing is decided then
that would leave, unseen, with the resume.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, assert_never

from gateway.clock import Clock
from gateway.core.message import INSTITUTION_ID
from gateway.errors import Refused
from gateway.intake import Intake
from gateway.journal import Journal
from gateway.journal.pausing import Pause, Reach
from gateway.log import logger
from gateway.metrics import Metrics
from gateway.pipeline import Pipeline
from gateway.relay import Relay
from sed_schemas.load import countries

DEEDS: Final = ("pause", "resume")
IN_PART: Final = "paused-in-part"
"""Note of `/readyz`: something is held back, and the rest goes on."""
_ABROAD: Final = re.compile(rf"(?!FR:){INSTITUTION_ID.pattern}")


class Pausing:
    """The pauses of a gateway: begun, ended, shown."""

    def __init__(
        self,
        journal: Journal,
        pipeline: Pipeline,
        intake: Intake,
        relay: Relay,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._journal = journal
        self._pipeline = pipeline
        self._intake = intake
        self._relay = relay
        self._clock = clock
        self._metrics = metrics
        self._reaches: Mapping[str, int] = {}

    def notes(self) -> Sequence[str]:
        """What `/readyz` says beside the reasons, as codes."""
        in_part = any(self._reaches.get(reach) for reach in Reach if reach is not Reach.ALL)
        return (IN_PART,) if in_part else ()

    def reaches(self) -> Mapping[str, int]:
        """How many pauses hold now, by reach."""
        return self._reaches

    async def look(self) -> None:
        """Be as the journal says: at the start, after each deed, and as other workers are told."""
        reaches = [pause.reach for pause in await self._journal.pauses()]
        self._reaches = {reach.value: reaches.count(reach) for reach in Reach}
        self._metrics.pauses(self._reaches)
        if Reach.ALL in reaches:
            self._intake.pause()
        else:
            self._intake.resume()

    async def do(self, deed: str, params: Mapping[str, Any], who: str) -> dict[str, Any]:
        """Pause or resume.

        Raises:
            Refused: nobody knows what it is about, there is no reason, or it is so already.
        """
        reach, value = await self._reach(deed, params)
        why = str(params.get("reason", "")).strip()
        if not why:
            raise Refused(
                "Say why (--why): the reason is kept with the pause.",
                french="Dire pourquoi (--why) : le motif est gardé avec la pause.",
                code="no-reason",
            )
        now = self._clock.now()
        if deed == "pause":
            if not await self._journal.pause(Pause(reach, value, now, who, why)):
                raise _already(reach, value)
            logger().warning("paused", state=reach.value)
        else:
            if not await self._journal.resume(reach, value, who=who, why=why, at=now):
                raise _not_paused(reach, value)
            logger().warning("resumed", state=reach.value)
        await self.look()
        self._relay.wake()
        left = await self._journal.pauses()
        return {
            "reach": reach.value,
            "value": value,
            "paused": self._intake.paused,
            "pauses": len(left),
        }

    async def _reach(self, deed: str, params: Mapping[str, Any]) -> tuple[Reach, str]:
        """What is meant, held against what is known: a slip of the pen would pause nothing.

        What is paused may be resumed, whatever is known of it by now.
        """
        name, value = str(params.get("reach", Reach.ALL)), str(params.get("value", ""))
        pauses = await self._journal.pauses() if deed == "resume" else ()
        paused = {(pause.reach, pause.value) for pause in pauses}
        for reach in Reach:
            if reach == name and ((reach, value) in paused or self._is_known(reach, value)):
                return reach, value
        raise Refused(
            f"{value[:40]}: no such BUC, institution or country (two capitals; Greece is EL, the"
            " United Kingdom UK); nothing was changed.",
            french=f"{value[:40]} : BUC, institution ou pays inconnu (deux majuscules ; la Grèce"
            " est EL, le Royaume-Uni UK) ; rien n'a changé.",
            code="unknown-reach",
        )

    def _is_known(self, reach: Reach, value: str) -> bool:
        tables = self._pipeline.desk.tables
        match reach:
            case Reach.ALL:
                return not value
            case Reach.BUC:
                return value in tables.catalogue.bucs
            case Reach.INSTITUTION:
                abroad = _ABROAD.fullmatch(value) is not None and value[:2] in countries()
                return abroad or tables.directory.institution(value) is not None
            case Reach.COUNTRY:
                return value in countries()
            case _:
                assert_never(reach)


def _already(reach: Reach, value: str) -> Refused:
    said = value or reach.value
    return Refused(
        f"{said}: paused already; see `eessi-gateway status`.",
        french=f"{said} : déjà en pause ; voir `eessi-gateway status`.",
        code="paused-already",
    )


def _not_paused(reach: Reach, value: str) -> Refused:
    said = value or reach.value
    return Refused(
        f"{said}: not paused; a pause ends with a resume of the same reach,"
        " see `eessi-gateway status`.",
        french=f"{said} : pas en pause ; une pause prend fin par une reprise de même portée,"
        " voir `eessi-gateway status`.",
        code="not-paused",
    )
