"""The evidence of a case: that of all its documents together, each at its highest version.

The main person's facts stay the main person's, whatever a later SED calls him. An answer
outranks what was said before, for the datum asked and for no other.
"""

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from gateway.core.added import additions, as_corrected
from gateway.core.case import Case
from gateway.core.events import MessageReceived
from gateway.core.evidence import (
    ADDRESS_DATA,
    CLAIMANT_RESIDENCE,
    About,
    Address,
    AddressKind,
    Evidence,
    Person,
    identity,
)
from gateway.core.matter import STARTS, Matter

_TELL: Final = {"work": AddressKind.WORK, "employer": AddressKind.EMPLOYER}
"""Datum -> addresses that tell it, whosever they are."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a case is resolved on when a message comes, and the message's own part in it."""

    evidence: Evidence
    """Everything known."""
    own: Evidence = field(default_factory=Evidence)
    """What the message says itself; nothing for an X SED, or a version that is not the last."""
    before: Evidence = field(default_factory=Evidence)
    """What the version before it said."""
    used: str | None = None
    """The datum asked for that it answers in a coded field of its own."""

    def told(self, asked: Collection[str]) -> frozenset[str]:
        """Those of the data that the message tells: it brings a fact that is new, and nothing
        else that is known of the case says otherwise.
        """
        return frozenset(datum for datum in asked if self._tells(datum))

    def _tells(self, datum: str) -> bool:
        own = _facts_of(self.own, datum)
        return not own <= _facts_of(self.before, datum) and own == _facts_of(self.evidence, datum)


def evidence_of(matter: Matter, asked: frozenset[str]) -> Heard:
    """Everything known; of the data `asked` for this message may answer one."""
    message = matter.message
    known = matter.case.documents.get(message.set_id)
    superseded = known is not None and known.version > message.version
    earlier = _facts(matter.case, None if superseded else message.set_id)
    silent = message.is_administrative or message.set_id in matter.case.withdrawn
    if silent or superseded:
        return Heard(merged(earlier))
    own = as_corrected(matter.case, matter.received)
    before = _one_main_person([*earlier, _version_before(matter)])[-1]
    *others, own = _one_main_person([*earlier, own])
    for data, datum, about in (
        (ADDRESS_DATA, "residence", own.subject_about),
        ({CLAIMANT_RESIDENCE}, CLAIMANT_RESIDENCE, About.CLAIMANT),
    ):
        if asked & data and any(_is_home(address, about) for address in own.addresses):
            others = [_without_homes(part, about) for part in others]
            return Heard(merged([*others, own]), own, before, datum)
    return Heard(merged([*others, own]), own, before)


def _version_before(matter: Matter) -> Evidence:
    """What the document said in the version before this one."""
    message = matter.message
    versions = [
        said
        for (set_id, version), said in matter.case.contents.items()
        if set_id == message.set_id and version < message.version and said.evidence is not None
    ]
    if not versions:
        return Evidence()
    return as_corrected(matter.case, max(versions, key=lambda said: said.version))


def _facts_of(evidence: Evidence, datum: str) -> frozenset[Hashable]:
    """The facts that tell a datum; none for a datum that no fact of its own tells."""
    match datum:
        case "institution" | "scheme":
            return frozenset(evidence.named)
        case "population":
            return frozenset(evidence.populations)
        case "work" | "employer":
            return frozenset(a for a in evidence.addresses if a.kind is _TELL[datum])
        case _:
            main = evidence.subject_about
            about = About.CLAIMANT if datum == CLAIMANT_RESIDENCE else main
            return frozenset(a for a in evidence.addresses if _is_home(a, about))


def known_evidence(case: Case) -> Evidence:
    """Everything that the case holds already."""
    return merged(_facts(case, None))


def _facts(case: Case, but: str | None) -> list[Evidence]:
    """What each document says, and what persons added.

    X SEDs say nothing, nor does what its sender withdrew or what is about somebody else.
    """
    persons = _persons(case)
    said = [
        as_corrected(case, document)
        for document in _speaking(case)
        if document.set_id != but and not _is_of_another(document, persons)
    ]
    return [*said, *additions(case)]


def of_another(case: Case, document: MessageReceived) -> bool:
    """Whether a document is about somebody else than the case: it has no part in it."""
    return _is_of_another(document, _persons(case))


def _is_of_another(document: MessageReceived, persons: frozenset[tuple[str, ...]]) -> bool:
    evidence = document.evidence
    if evidence is None or evidence.subject is None or evidence.several:
        return False
    return bool(persons) and identity(evidence.subject) not in persons


def _persons(case: Case) -> frozenset[tuple[str, ...]]:
    """The person of the SED that starts the case, else of the first one, and who claims there."""
    parts = [document.evidence for document in _speaking(case) if document.evidence is not None]
    main = next((identity(part.subject) for part in parts if part.subject is not None), None)
    if main is None:
        return frozenset()
    claim = (part.claimant for part in parts if identity(part.subject) == main)
    return frozenset({main, *(identity(one) for one in claim if one is not None)})


def _speaking(case: Case) -> list[MessageReceived]:
    """The documents that say something about the matter, what starts the case before the rest."""
    said = [
        document
        for document in case.documents.values()
        if document.evidence is not None
        and not document.sed.startswith("X")
        and document.set_id not in case.withdrawn
    ]
    starts = {event.set_id for event in case.contents.values() if event.action in STARTS}
    return sorted(said, key=lambda document: document.set_id not in starts)


def merged(parts: Sequence[Evidence]) -> Evidence:
    """All facts together; the subject is that of the first document that has one."""
    parts = _one_main_person(parts)
    first = next((e for e in parts if e.subject is not None), parts[0] if parts else Evidence())
    return Evidence(
        subject=first.subject,
        subject_about=first.subject_about,
        nameless=first.subject is None and any(e.nameless for e in parts),
        claims=next((e.claims for e in parts if e.claims is not None), None),
        claimant=claimant_of(parts),
        claimed_apart=any(e.claimed_apart for e in parts) or _claimed_by_several(parts),
        several=any(e.several for e in parts),
        others=tuple(dict.fromkeys(other for e in parts for other in e.others)),
        employers=tuple(dict.fromkeys(o for e in parts for o in e.employers)),
        addresses=tuple(dict.fromkeys(a for e in parts for a in e.addresses)),
        pins=tuple(dict.fromkeys(p for e in parts for p in e.pins)),
        named=tuple(dict.fromkeys(n for e in parts for n in e.named)),
        populations=frozenset(p for e in parts for p in e.populations),
        crew=any(e.crew for e in parts),
        stated=tuple(dict.fromkeys(s for e in parts for s in e.stated)),
        prose=any(e.prose for e in parts),
    )


def _one_main_person(parts: Sequence[Evidence]) -> list[Evidence]:
    """The same person under one name: the insured person of an answer is the case's claimant."""
    first = next((e for e in parts if e.subject is not None), None)
    if first is None:
        return list(parts)
    main, claimant = identity(first.subject), identity(claimant_of(parts))
    told = []
    for part in parts:
        who = identity(part.subject)
        if who == main and part.subject_about is not first.subject_about:
            told.append(_renamed(part, first.subject_about))
        elif who and who == claimant and who != main:
            told.append(replace(_renamed(part, About.CLAIMANT), subject=None))
        else:
            told.append(part)
    return told


def claimant_of(parts: Sequence[Evidence]) -> Person | None:
    """Who claims in the case, when it is about somebody else."""
    return next((e.claimant for e in parts if e.claimant is not None), None)


def _claimed_by_several(parts: Sequence[Evidence]) -> bool:
    claimants = {identity(e.claimant) for e in parts if e.claimant is not None}
    return len(claimants) > 1


def _renamed(evidence: Evidence, about: About) -> Evidence:
    old = evidence.subject_about
    return replace(
        evidence,
        subject_about=about,
        addresses=tuple(
            replace(a, about=about) if a.about is old else a for a in evidence.addresses
        ),
        pins=tuple(replace(p, about=about) if p.about is old else p for p in evidence.pins),
        named=tuple(replace(n, about=about) if n.about is old else n for n in evidence.named),
        stated=tuple(replace(s, about=about) if s.about is old else s for s in evidence.stated),
    )


def _is_home(address: Address, about: About) -> bool:
    return address.kind is AddressKind.RESIDENCE and address.about is about


def _without_homes(evidence: Evidence, about: About) -> Evidence:
    kept = tuple(a for a in evidence.addresses if not _is_home(a, about))
    return replace(evidence, addresses=kept)
