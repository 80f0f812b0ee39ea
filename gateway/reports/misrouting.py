"""Which messages came to the liaison body though the tables name the institution from the start.

A partner who reads the same tables could have sent these cases to the right institution; where a
question was needed, the field that was missing is what the partner can fill in next time. Counts
alone: never a case, never a person.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from gateway.journal.rows import FirstDecision


@dataclass(slots=True)
class Misrouted:
    """What came from one institution in one BUC."""

    country: str
    institution: str
    """The sender's id."""
    buc: str
    cases: int = 0
    """Cases whose first decision named the institution or a datum."""
    nameable: int = 0
    """Of these, the cases whose first SED was enough."""
    missing: Counter[str] = field(default_factory=Counter)
    """Datum that was asked for first -> cases."""


def misrouting(decisions: Iterable[FirstDecision]) -> tuple[Misrouted, ...]:
    """By sender and BUC, the ones with most nameable cases first."""
    found: dict[tuple[str, str], Misrouted] = {}
    for one in decisions:
        country = one.sender.partition(":")[0]
        row = found.setdefault((one.sender, one.buc), Misrouted(country, one.sender, one.buc))
        row.cases += 1
        row.nameable += not one.missing
        row.missing.update(one.missing)

    def order(row: Misrouted) -> tuple[str, int, int, str, str]:
        return row.country, -row.nameable, -row.cases, row.institution, row.buc

    return tuple(sorted(found.values(), key=order))
