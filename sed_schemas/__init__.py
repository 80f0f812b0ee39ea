"""What EESSI lets us send and receive: BUCs, their SEDs, and how one speaks in each of them.

Values only. `sed_schemas.load` fills them from the tables and compiles the schemas beside them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

OWNER: Final = "owner"
COUNTERPARTY: Final = "counterparty"
"""Who may do something in a case, as the tables write it."""
ACTIONS: Final = ("Start", "New", "Update")
"""What a message does to its case; `StartForward` and `NewForward` count as `Start` and `New`."""
EVERYWHERE: Final = frozenset({"X003", "X004", "X008", "X011", "X012", "X013", "X050", "X100"})
"""X SEDs that no BUC lists: about another SED, answers to another X SED, exceptions, routing."""


@dataclass(frozen=True, slots=True)
class SedRules:
    """What may be done with a SED in a BUC."""

    sent: Mapping[str, frozenset[str]]
    """Role -> the actions as which it may send the SED; a role that may not is not there."""
    withdrawn_by: frozenset[str] = frozenset()
    """Roles that may withdraw theirs (X008)."""
    rejected_by: frozenset[str] = frozenset()
    """Roles that may reject one they received (X011)."""
    clarified_by: frozenset[str] = frozenset()
    """Roles that may ask for clarification of one they received (X012)."""


@dataclass(frozen=True, slots=True)
class BucRules:
    """What a BUC allows its participants, and us: its counterparty, to whom cases come."""

    code: str
    """Such as `P_BUC_01`."""
    seds: Mapping[str, SedRules]
    """The SEDs that may appear in the BUC, horizontal ones and most X SEDs included."""
    multilateral: bool = False
    """More than two participants are possible, so one can be added or leave."""
    bulk: bool = False
    """Its SEDs can be about many persons at once."""

    def we_may_send(self, sed: str) -> bool:
        """Whether a counterparty may send the SED: X007, H001, P8000, X009, X006 (itself) ..."""
        return sed in self.seds and COUNTERPARTY in self.seds[sed].sent

    def we_may_reject(self, sed: str) -> bool:
        """Whether a counterparty may reject by X011 the SED that it received."""
        return sed in self.seds and COUNTERPARTY in self.seds[sed].rejected_by

    def we_may_clarify(self, sed: str) -> bool:
        """Whether a counterparty may ask by X012 about the SED."""
        return sed in self.seds and COUNTERPARTY in self.seds[sed].clarified_by

    def we_may_withdraw(self, sed: str) -> bool:
        """Whether a counterparty may withdraw a SED of its own (X008)."""
        return sed in self.seds and COUNTERPARTY in self.seds[sed].withdrawn_by

    @property
    def starters(self) -> frozenset[str]:
        """SEDs that open a case of this BUC."""
        return frozenset(
            sed for sed, rules in self.seds.items() if "Start" in rules.sent.get(OWNER, ())
        )


@dataclass(frozen=True, slots=True)
class Transaction:
    """A kind of message, as the file names of official transaction schemas tell them apart."""

    buc: str
    cdm: str
    """Of the case."""
    sender: str
    """Role in the case, as SBDH names it; so is `receiver`."""
    receiver: str
    action: str
    sed: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every CDM version, BUC and SED that is known; what is not here is for a person."""

    cdm_versions: frozenset[str]
    bucs: Mapping[str, BucRules]
    seds: frozenset[str]
