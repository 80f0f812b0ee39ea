"""The deeds on availability: what other monitors saw is taken in, and maintenance is declared."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from gateway import lists
from gateway.availability.reading import NAME, observations, when
from gateway.clock import Clock
from gateway.core.strict_lines import BadLine
from gateway.errors import Refused
from gateway.journal import Journal
from gateway.journal.observing import Fits, Maintenance

DEEDS: Final = (
    "availability-import",
    "availability-maintenance",
    "availability-withdraw",
)
MOST_BYTES: Final = 64 * 1024 * 1024


class Monitors:
    """Writes down what others say of the parts around the gateway.

    Args:
        taken_in: told when something new of the past has come into the journal.
    """

    def __init__(self, journal: Journal, clock: Clock, taken_in: Callable[[], None]) -> None:
        self._journal = journal
        self._clock = clock
        self._taken_in = taken_in

    async def do(self, deed: str, params: Mapping[str, Any], who: str) -> dict[str, Any]:
        """Take in a file, declare maintenance, or take it back.

        Raises:
            Refused: it cannot be read, or what is declared is none.
        """
        if deed == "availability-import":
            return await self._take_in(Path(str(params.get("file", ""))))
        one = self._maintenance(params, who)
        if deed == "availability-withdraw":
            return await self._withdraw(one)
        await self._journal.maintain(one)
        return {"component": one.component, "declared_late": one.begin < one.declared_at}

    async def _take_in(self, path: Path) -> dict[str, Any]:
        """How many lines are new and known; or what is wrong, and then nothing was written."""
        body = await asyncio.to_thread(lists.content, path, MOST_BYTES)
        if len(body) > MOST_BYTES:
            return lists.refused([BadLine(0, "too-big")])
        found, bad = await asyncio.to_thread(observations, body, self._clock.now())
        said = [one for _, one in found]
        fits = await self._journal.observe(said, look=bool(bad))
        otherwise = (
            BadLine(number, "otherwise")
            for (number, _), how in zip(found, fits, strict=True)
            if how is Fits.OVERLAPS
        )
        wrong = sorted({*bad, *otherwise}, key=lambda item: (item.number, item.code))
        if wrong:
            return lists.refused(wrong)
        known = sum(how is Fits.KNOWN for how in fits)
        if known < len(found):
            self._taken_in()
        return lists.taken(len(found) - known, known)

    async def _withdraw(self, one: Maintenance) -> dict[str, Any]:
        if not await self._journal.withdraw_maintenance(one):
            raise Refused(
                f"{one.component}: no maintenance was declared for exactly that time.",
                french=f"{one.component} : aucune maintenance déclarée pour exactement ce temps.",
                code="not-declared",
            )
        return {"component": one.component}

    def _maintenance(self, params: Mapping[str, Any], who: str) -> Maintenance:
        component, why = str(params.get("component", "")), str(params.get("reason", "")).strip()
        begin, end = when(str(params.get("from", ""))), when(str(params.get("until", "")))
        if NAME.fullmatch(component) is None or begin is None or end is None or begin >= end:
            raise Refused(
                f"{component[:40]}: a name, and an end after the beginning are needed.",
                french=f"{component[:40]} : il faut un nom, et une fin après le début.",
                code="no-maintenance",
            )
        if not why:
            raise Refused(
                "Say why (--why): the reason is kept with the maintenance.",
                french="Dire pourquoi (--why) : le motif est gardé avec la maintenance.",
                code="no-reason",
            )
        return Maintenance(component, begin, end, who, why, self._clock.now())
