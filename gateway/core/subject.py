"""What is to be resolved, and what is noted while it is: shared by naming, placing, resolution."""

from dataclasses import dataclass, field
from datetime import date
from typing import Final

from gateway.core.evidence import ADDRESS_DATA, CLAIMANT_RESIDENCE, About, Address, Evidence
from gateway.core.tables import Tables
from gateway.core.trace import CODES, Step
from ir_directory import Certainty

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
    own: tuple[str, ...] = ()
    """Our own institutions."""
    assumes: bool = True
    """A row that assumes the general scheme decides where nothing tells another one."""
    accepted: frozenset[str] = frozenset()
    """Rules that the operator takes for likely where the table says inferred."""
    least: Certainty = Certainty.LIKELY
    """What is less certain goes to a person: a question that cannot lead higher is not worth it."""


@dataclass(slots=True)
class Underway:
    """One resolution under way: the trace grows with each row used."""

    subject: Subject
    tables: Tables
    trace: list[Step] = field(default_factory=list)
    rules: list[str] = field(default_factory=list)
    schemes: frozenset[str] = frozenset()
    """Those of the institutions named, of some that cannot be told apart or are no more, too."""
    of_kin: frozenset[str] = frozenset()
    """Those that only relatives of the main person have, where a row looks at the household."""
    applied: tuple[str, str] = ("", "")
    """The row that applied, and since when it is valid."""
    where: tuple[str, str] | None = None
    """The place that decided and the area of its catchment; None: no place did."""
    homes: dict[str, tuple[list[Address], frozenset[str]]] = field(default_factory=dict)
    """Person of a row -> the residences, and their countries: looked for once."""
    accepted: str = ""
    """The rule that applied, where it counts as likely because the operator accepts it."""
    strange: bool = False
    """A French institution is named that says nothing to us: the scheme is not to be assumed."""

    contradicted: bool = False
    """A number of another country is said to be from a French institution."""

    def datum(self, datum: str, person: str) -> str:
        """What a datum is called when it is asked for: of somebody else than the main person."""
        claimed = person == About.CLAIMANT
        other = claimed and self.subject.evidence.subject_about is not About.CLAIMANT
        return CLAIMANT_RESIDENCE if other and datum in ADDRESS_DATA else datum

    def note(self, code: str, **params: str) -> None:
        """One more step of the trace.

        Raises:
            KeyError: the step is not on the page of the trace (a bug).
        """
        if params.keys() != CODES[code]:
            raise KeyError(code)
        self.trace.append(tuple.__new__(Step, (code, params)))  # `Step(...)` takes twice as long
