"""What is to be resolved, and what is noted while it is: shared by naming, placing, resolution."""

from dataclasses import dataclass, field
from datetime import date
from typing import Final

from gateway.core.evidence import About, Evidence
from gateway.core.tables import Tables
from gateway.core.trace import Step, step

HOUSEHOLD: Final = "household"
"""As the person of a route: the main person, the insured, the claimant and their family."""

FAMILY: Final = frozenset({About.INSURED, About.CLAIMANT, About.FAMILY_MEMBER})


@dataclass(frozen=True, slots=True)
class Subject:
    """What is to be resolved: evidence in a BUC, on its two days."""

    buc: str
    sed: str
    role: str
    """Our role in the case, as the header says it."""
    evidence: Evidence
    received_on: date
    """The reference date: the day of receipt in Europe/Paris."""
    decided_on: date
    """The target must exist on this day, too."""
    test_ids: bool = False
    """True in test and acceptance: there only ids of test institutions may be targets."""


@dataclass(slots=True)
class Underway:
    """One resolution under way: the trace grows with each row used."""

    subject: Subject
    tables: Tables
    trace: list[Step] = field(default_factory=list)
    rules: list[str] = field(default_factory=list)
    hinted: set[str] = field(default_factory=set)
    """Schemes of institutions that are named and cannot be told apart, or are no more."""
    applied: dict[str, str] = field(default_factory=dict)
    """The row that applied, and since when it is valid, as parameters of the trace."""
    where: tuple[str, str] | None = None
    """The place that decided and the area of its catchment; None: no place did."""
    strange: bool = False
    """A French institution is named that says nothing to us: the scheme is not to be assumed."""

    def note(self, code: str, **params: str) -> None:
        """One more step of the trace.

        Raises:
            KeyError: the step is not on the page of the trace (a bug).
        """
        self.trace.append(step(code, **params))
