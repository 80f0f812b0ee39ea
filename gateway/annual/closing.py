"""The deed `close-month`: the figures of a month that is over, frozen as they are now."""

import re
from collections.abc import Mapping
from typing import Any, Final

from gateway.annual import bounds, count
from gateway.clock import Clock
from gateway.errors import Refused
from gateway.journal import Journal
from gateway.journal.accounts import ClosedMonth

_MONTH: Final = re.compile(r"([1-9][0-9]{3})-(0[1-9]|1[0-2])")


class Months:
    """Closes months, on a running or a resting gateway."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock

    async def close(self, params: Mapping[str, Any], who: str) -> dict[str, Any]:
        """Freeze a month; how many cases it has.

        Raises:
            Refused: it is no month, is not over, or is closed already.
        """
        month, now = str(params.get("month", "")), self._clock.now()
        found = _MONTH.fullmatch(month)
        if found is None:
            raise Refused(
                f"{month[:40]}: not a month; write it as 2026-03.",
                french=f"{month[:40]} : pas un mois ; écrire par exemple 2026-03.",
                code="not-a-month",
            )
        begin, end = bounds(int(found[1]), int(found[2]))
        if end > now:
            raise Refused(
                f"{month}: not over yet; a month is closed after its last day (in Paris).",
                french=f"{month} : pas encore fini ; clôturer après son dernier jour (à Paris).",
                code="month-not-over",
            )
        figures = count(await self._journal.accounts(begin, end))
        if not await self._journal.close_month(ClosedMonth(month, now, who, dict(figures))):
            raise Refused(
                f"{month}: closed already; what has changed since is in `report annual`.",
                french=f"{month} : déjà clôturé ; les changements sont dans `report annual`.",
                code="closed-already",
            )
        received = sum(
            number
            for (table, _, measure), number in figures.items()
            if table in {"buc", "legislation"} and measure == "received"
        )
        return {"month": month, "cases": received}
