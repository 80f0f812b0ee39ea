"""The deed `import-cases`: open cases brought in before the first day, all of a list or none."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from gateway import lists
from gateway.clock import Clock
from gateway.core.open_cases import open_cases
from gateway.core.strict_lines import BadLine
from gateway.journal import Journal, Known
from gateway.pipeline import Pipeline

MOST_BYTES: Final = 32 * 1024 * 1024


class OpenCases:
    """Brings cases in, on a running or a resting gateway."""

    def __init__(self, journal: Journal, pipeline: Pipeline, clock: Clock) -> None:
        self._journal = journal
        self._pipeline = pipeline
        self._clock = clock

    async def bring_in(self, params: Mapping[str, Any], who: str) -> dict[str, Any]:
        """How many cases are new and known; or what is wrong, and then nothing was written.

        Raises:
            Refused: the file cannot be read.
        """
        body = await asyncio.to_thread(lists.content, Path(str(params.get("file", ""))), MOST_BYTES)
        if len(body) > MOST_BYTES:
            return lists.refused([BadLine(0, "too-big")])
        desk = self._pipeline.desk
        cases, bad = await asyncio.to_thread(open_cases, body, desk.tables, desk.policy, who)
        events = {case_id: event for _, case_id, event in cases}
        known = await self._journal.import_cases(events, self._clock.now(), look=bool(bad))
        otherwise = (
            BadLine(number, "otherwise")
            for number, case_id, _ in cases
            if known.get(case_id) is Known.OTHERWISE
        )
        wrong = sorted((*bad, *otherwise), key=lambda item: item.number)
        if wrong:
            return lists.refused(wrong)
        return lists.taken(len(cases) - len(known), len(known))
