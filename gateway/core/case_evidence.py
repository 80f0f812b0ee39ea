"""The evidence of a case: that of all its documents together, each at its highest version.

The main person's facts stay the main person's, whatever a later SED calls him. An answer
outranks what was said before, for the datum asked and for no other.
"""

from collections.abc import Sequence
from dataclasses import replace

from gateway.core.added import additions, as_corrected
from gateway.core.case import Case
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
from gateway.core.matter import Matter


def evidence_of(matter: Matter, asked: frozenset[str]) -> tuple[Evidence, str | None]:
    """Everything known, and the datum of `asked` that this message answers, if any."""
    message = matter.message
    known = matter.case.documents.get(message.set_id)
    superseded = known is not None and known.version > message.version
    earlier = _facts(matter.case, None if superseded else message.set_id)
    silent = message.is_administrative or message.set_id in matter.case.withdrawn
    if silent or superseded:
        return merged(earlier), None
    own = as_corrected(matter.case, matter.received)
    parts = _one_main_person([*earlier, own])
    for data, datum, about in (
        (ADDRESS_DATA, "residence", parts[-1].subject_about),
        ({CLAIMANT_RESIDENCE}, CLAIMANT_RESIDENCE, About.CLAIMANT),
    ):
        if asked & data and any(_is_home(address, about) for address in parts[-1].addresses):
            before = [_without_homes(part, about) for part in parts[:-1]]
            return merged([*before, parts[-1]]), datum
    return merged(parts), None


def known_evidence(case: Case) -> Evidence:
    """Everything that the case holds already."""
    return merged(_facts(case, None))


def _facts(case: Case, but: str | None) -> list[Evidence]:
    """What each document says, and what persons added.

    X SEDs say nothing, nor does what its sender withdrew.
    """
    said = [
        as_corrected(case, document)
        for document in case.documents.values()
        if document.evidence is not None
        and not document.sed.startswith("X")
        and document.set_id not in case.withdrawn
        and document.set_id != but
    ]
    return [*said, *additions(case)]


def merged(parts: Sequence[Evidence]) -> Evidence:
    """All facts together; the subject is that of the first document that has one."""
    parts = _one_main_person(parts)
    first = next((e for e in parts if e.subject is not None), parts[0] if parts else Evidence())
    return Evidence(
        subject=first.subject,
        subject_about=first.subject_about,
        claimant=claimant_of(parts),
        several=any(e.several for e in parts),
        others=tuple(dict.fromkeys(other for e in parts for other in e.others)),
        employer=next((e.employer for e in parts if e.employer is not None), None),
        addresses=tuple(dict.fromkeys(a for e in parts for a in e.addresses)),
        pins=tuple(dict.fromkeys(p for e in parts for p in e.pins)),
        named=tuple(dict.fromkeys(n for e in parts for n in e.named)),
        populations=frozenset(p for e in parts for p in e.populations),
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
