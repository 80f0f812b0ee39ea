"""What EESSI lets us send and receive: BUCs, their SEDs, and how one speaks in each of them.

Values only. `sed_schemas.load` fills them from the tables and compiles the schemas beside them.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BucRules:
    """What a BUC allows us as its counterparty, the role in which cases reach us."""

    code: str
    """Such as `P_BUC_01`."""
    seds: frozenset[str]
    """All SED types that may appear in the BUC, horizontal ones included; the X SEDs are not
    listed: any of them may come in any case."""
    may_forward: bool
    """We may send X007."""
    x012_on: frozenset[str]
    """SEDs of the sender on which we may ask for clarification (X012)."""
    may_ask_by_h001: bool
    """We may send H001 inside the case."""
    asks_by_p8000: bool
    """The BUC's own question is P8000."""
    starters: frozenset[str] = frozenset()
    """SEDs that open a case of this BUC."""
    x011_on: frozenset[str] = frozenset()
    """SEDs of the sender that we may reject (X011)."""
    may_remind: bool = False
    """We may send X009."""
    may_leave: bool = False
    """We may remove ourselves by X006."""
    multilateral: bool = False
    """More than two participants are possible, so one can be added or leave."""
    bulk: bool = False
    """Its SEDs can be about many persons at once."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every CDM version, BUC and SED that is known; what is not here is for a person."""

    cdm_versions: frozenset[str]
    bucs: Mapping[str, BucRules]
    seds: frozenset[str]
