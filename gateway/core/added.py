"""What a person adds to the evidence of a case: a fact of its own, beside what SEDs say.

The bytes of a message stay the sender's. A fact that a person adds outranks, for its own datum,
what was known when it was added; a document that comes later speaks for itself again, and two
that disagree are a conflict as ever.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from gateway.core.case import Case
from gateway.core.events import MessageReceived
from gateway.core.evidence import (
    CLAIMANT_RESIDENCE,
    OVERSEAS,
    About,
    Address,
    AddressKind,
    Evidence,
    Named,
    Where,
)

_PLACES: Final = {
    "residence": AddressKind.RESIDENCE,
    CLAIMANT_RESIDENCE: AddressKind.RESIDENCE,
    "country": AddressKind.RESIDENCE,
    "work": AddressKind.WORK,
    "employer": AddressKind.EMPLOYER,
}
_POPULATIONS: Final = frozenset({"employee", "self-employed"})
FIELDS: Final = (*_PLACES, "population", "institution")
"""What can be added; each is also the datum that it answers."""
_PLACE: Final = re.compile(r"(\d{5}) +(\S.{0,99})")
_COUNTRY: Final = re.compile(r"(?!FR)[A-Z]{2}")
_INSTITUTION: Final = re.compile(r"FR:[0-9A-Za-z._-]{1,30}")


def evidence(fields: Mapping[str, str], about: About) -> Evidence | None:
    """The facts in these fields; None when one of them cannot be read.

    `residence`, `claimant-residence`, `work` and `employer` are a French postcode and a town,
    `country` is one abroad where the person lives, `population` is `employee` or
    `self-employed`, `institution` a French id that has a file of the person.
    """
    parts = [_fact(field, value.strip(), about) for field, value in fields.items()]
    known = [part for part in parts if part is not None]
    if not known or len(known) < len(parts):
        return None
    return Evidence(
        subject_about=about,
        addresses=tuple(a for part in known for a in part.addresses),
        named=tuple(n for part in known for n in part.named),
        populations=frozenset(p for part in known for p in part.populations),
    )


def _fact(field: str, value: str, about: About) -> Evidence | None:
    if field == "country" and _COUNTRY.fullmatch(value) and value not in OVERSEAS:
        abroad = Address(about, AddressKind.RESIDENCE, value, None, None)
        return Evidence(addresses=(abroad,))
    place = _PLACE.fullmatch(value) if field != "country" else None
    if field == CLAIMANT_RESIDENCE:
        about = About.CLAIMANT
    if field in _PLACES and place is not None:
        return Evidence(addresses=(Address(about, _PLACES[field], "FR", place[1], place[2]),))
    if field == "population" and value in _POPULATIONS:
        return Evidence(populations=frozenset({value}))
    if field == "institution" and _INSTITUTION.fullmatch(value):
        named = Named(about, Where.COMPETENT, "FR", value, None)
        return Evidence(named=(named,))
    return None


def as_corrected(case: Case, document: MessageReceived) -> Evidence:
    """What a document says, but for what a person has said better since."""
    said = document.evidence or Evidence()
    for added in case.added:
        if document.message_id in added.known:
            said = outranked(said, added.evidence)
    return said


def additions(case: Case) -> list[Evidence]:
    """What persons added, the latest word of each datum."""
    words: list[Evidence] = []
    for added in case.added:
        words = [*(outranked(word, added.evidence) for word in words), added.evidence]
    return words


def outranked(said: Evidence, better: Evidence) -> Evidence:
    """Evidence without the data that a better source has; whose home it is counts."""
    main = (said.subject_about, better.subject_about)
    told = {_place(a.kind, main[0] if a.about is main[1] else a.about) for a in better.addresses}
    return replace(
        said,
        addresses=tuple(a for a in said.addresses if _place(a.kind, a.about) not in told),
        named=() if better.named else said.named,
        populations=frozenset() if better.populations else said.populations,
    )


def _place(kind: AddressKind, about: About) -> tuple[AddressKind, About | None]:
    return kind, about if kind is AddressKind.RESIDENCE else None
