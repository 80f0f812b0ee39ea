"""What is kept for a time only: what of it is old by now, and its erasure, piece by piece.

Nothing goes unless a period is configured for its class. Each piece is a short transaction of its
own between those of the traffic; what was done stays done, and who begins anew goes on there.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from gateway.clock import Clock
from gateway.config import Retention
from gateway.errors import Refused
from gateway.journal import Journal, JournalReader
from gateway.journal.retention import Amount, Amounts, Before, Erasing, Found, Kept, Old, added
from gateway.metrics import Metrics

DEEDS: Final = ("retention-erase",)
LOOKED_AT: Final = 100
"""Cases or messages that one deed looks at."""
_CASES_AT_ONCE: Final = 20
_BYTES_AT_ONCE: Final = 16 * 1024 * 1024
"""Of what is erased in one transaction, unless a single case is larger."""
_PAGES: Final = 256
"""Pages given back to the disk in one transaction (4 KiB each)."""
STEPS: Final = ("cases", "quarantine", "space")

Days = Mapping[Kept, int]
"""Class -> its period; a class without one is kept."""


def periods(config: Retention) -> Days:
    """The periods that are configured."""
    given = {
        Kept.BODIES: config.bodies_days,
        Kept.EVIDENCE: config.evidence_days,
        Kept.OUTBOUND: config.outbound_days,
        Kept.QUARANTINE: config.quarantine_days,
    }
    return {kind: days for kind, days in given.items() if days is not None}


def before(days: Days, now: datetime) -> Before:
    """Since before when a thing must have been at rest to be old."""
    return {kind: now - timedelta(days=count) for kind, count in days.items()}


# -- what would go --------------------------------------------------------------------------


@dataclass(slots=True)
class Plan:
    """What is old by now."""

    amounts: dict[Kept, Amount] = field(default_factory=dict)
    oldest: dict[Kept, datetime] = field(default_factory=dict)
    """When the last thing happened to the oldest of it."""
    unfinished: dict[str, int] = field(default_factory=dict)
    """Why cases that are as old are not touched -> how many."""

    def add(self, found: Found) -> None:
        """Count what one look found."""
        for old in found.old:
            self.amounts = added(self.amounts, old.holds)
            for kind in old.holds:
                self.oldest[kind] = min(old.last, self.oldest.get(kind, old.last))
        for why, cases in found.unfinished.items():
            self.unfinished[why] = self.unfinished.get(why, 0) + cases


async def plan(journal: JournalReader, old: Before) -> Plan:
    """Look at the whole journal; nothing is written."""
    found = Plan()
    for looks in (journal.old_cases, journal.old_messages):
        after: str | None = ""
        while after is not None:
            page = await looks(old, after, LOOKED_AT)
            found.add(page)
            after = page.next
    return found


# -- letting it go --------------------------------------------------------------------------


class Retaining:
    """The deed that erases what is old, on a running or a resting gateway."""

    def __init__(self, journal: Journal, clock: Clock, metrics: Metrics, days: Days) -> None:
        self._journal = journal
        self._clock = clock
        self._metrics = metrics
        self._days = days

    async def do(self, deed: str, params: Mapping[str, Any], who: str) -> dict[str, Any]:
        """One piece of the work; `next` are the params of the next one, None at the end.

        Raises:
            Refused: there is no reason, no period, or other periods are in force here.
        """
        del deed
        step, why = str(params.get("step", STEPS[0])), str(params.get("reason", "")).strip()
        self._unless_as_agreed(params.get("periods"), step, why)
        after, run = str(params.get("after", "")), params.get("run")
        old = before(self._days, self._clock.now())
        found, gone = Found(), dict[Kept, Amount]()
        match step:
            case "cases":
                found = await self._journal.old_cases(old, after, LOOKED_AT)
            case "quarantine":
                found = await self._journal.old_messages(old, after, LOOKED_AT)
            case _:
                more = await self._journal.reclaim(_PAGES)
                return self._answer({}, {}, {**params} if more else None)
        for batch in _batches(found.old):
            ids = tuple(one.ident for one in batch)
            of = {"cases": ids} if step == "cases" else {"messages": ids}
            now = self._clock.now()
            erased = await self._journal.erase(Erasing(old, who, why, now, run=run, **of))
            run, gone = erased.run, added(gone, erased.amounts)
        self._tell(gone)
        further = {"step": step, "after": found.next}
        if found.next is None:
            further = {"step": STEPS[STEPS.index(step) + 1], "after": ""}
        return self._answer(gone, found.unfinished, {**params, **further, "run": run})

    def _unless_as_agreed(self, agreed: object, step: str, why: str) -> None:
        here = {kind.value: days for kind, days in self._days.items()}
        if not why:
            raise Refused(
                "Say why (--why): the reason stays in the journal.",
                french="Dire pourquoi (--why) : le motif reste au journal.",
                code="no-reason",
            )
        if not here:
            raise Refused(
                "No period is configured ([retention]): nothing is erased.",
                french="Aucune durée n'est configurée ([retention]) : rien n'est effacé.",
                code="no-period",
            )
        if agreed != here or step not in STEPS:
            raise Refused(
                "The gateway runs with other periods than this configuration: restart it first.",
                french="La passerelle a d'autres durées que cette configuration : la redémarrer"
                " d'abord.",
                code="other-periods",
            )

    def _tell(self, gone: Amounts) -> None:
        for kind, amount in gone.items():
            self._metrics.erased(kind.value, amount.items)

    def _answer(
        self, gone: Amounts, unfinished: Mapping[str, int], further: dict[str, Any] | None
    ) -> dict[str, Any]:
        told = {k.value: {"items": a.items, "bytes": a.bytes} for k, a in gone.items()}
        return {"erased": told, "unfinished": dict(unfinished), "next": further}


def _batches(old: Sequence[Old]) -> Iterator[Sequence[Old]]:
    """Parts small enough for one transaction, in order."""
    batch: list[Old] = []
    size = 0
    for one in old:
        more = sum(amount.bytes for amount in one.holds.values())
        if batch and (len(batch) == _CASES_AT_ONCE or size + more > _BYTES_AT_ONCE):
            yield batch
            batch, size = [], 0
        batch.append(one)
        size += more
    if batch:
        yield batch
