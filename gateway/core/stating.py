"""What a SED states beside the facts that rows of the tables look at: shown, never decided on.

Benefit, activity, dates and the French case number help a person, and tell a year later what was
known. No row can ask for them: what the codes of benefits and activities stand for is not public,
and a case number is the institution's own (ADR 0018).
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from lxml import etree

from gateway.core.evidence import About, Stated, StatedKind

MOST_STATED: Final = 100
"""Statements of one SED that are kept: a bulk SED has one date after the other."""

_CODED: Final = {
    **dict.fromkeys(
        (
            "typeBenefit",
            "typeBenefitConcerned",
            "typeBenefitWhichHasBeenOverpaid",
            "typeBenefitInReferWhichMedicalInformationRequested",
            "natureBenefits",
            "natureBenefitConcerned",
            "typePension",
            "thePensionReceivedBasedOn",
            "typeClaim",
            "OriginOfClaim",
        ),
        StatedKind.BENEFIT,
    ),
    **dict.fromkeys(
        ("typeActivity", "thePersonIsWasRunningActivityAs", "occupation"), StatedKind.ACTIVITY
    ),
}
"""Names of coded fields (CDM 4.4, all public SED trees) -> what they state."""

_BIRTH: Final = frozenset({"dateBirth", "birthDate", "dateChildBirth"})
"""Dates that belong to a person, not to the matter."""
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_DAY_LENGTH: Final = 10


def stated(
    children: Sequence[tuple[str, etree._Element]], about: About, path: tuple[str, ...]
) -> Iterator[Stated]:
    """What the fields directly inside an element state."""
    for name, child in children:
        text = _text(child)
        kind = _CODED.get(name)
        if kind is None and len(text) == _DAY_LENGTH and _DAY.fullmatch(text):
            kind = None if name in _BIRTH else StatedKind.DATE
        elif name == "caseNumber" and ("country", "FR") in _values(children):
            kind = StatedKind.CASE_NUMBER
        if kind is not None and text:
            yield Stated(kind, about, text, "/".join((*path, name)))


def _values(children: Sequence[tuple[str, etree._Element]]) -> list[tuple[str, str]]:
    return [(name, _text(child)) for name, child in children]


def _text(child: etree._Element) -> str:
    return ((child.findtext("value") if len(child) else child.text) or "").strip()
