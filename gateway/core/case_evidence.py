"""The evidence of a case: that of all its documents together, each at its highest version.

The main person's facts stay the main person's, whatever a later SED calls him. An answer
outranks what was said before, for the datum asked and for no other.
"""

from collections.abc import Sequence
from dataclasses import replace

from gateway.core.case import Case
from gateway.core.composing import ADDRESS_DATA
from gateway.core.evidence import About, Address, AddressKind, Evidence, identity
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
    own = matter.examined.evidence
    parts = _one_main_person([*earlier, own])
    if asked & ADDRESS_DATA and _homes(parts[-1]):
        before = [_without_homes(part) for part in parts[:-1]]
        return merged([*before, parts[-1]]), "residence"
    return merged(parts), None


def known_evidence(case: Case) -> Evidence:
    """Everything that the case holds already."""
    return merged(_facts(case, None))


def _facts(case: Case, but: str | None) -> list[Evidence]:
    """What each document says; X SEDs say nothing, nor does what its sender withdrew."""
    return [
        document.evidence
        for document in case.documents.values()
        if document.evidence is not None
        and not document.sed.startswith("X")
        and document.set_id not in case.withdrawn
        and document.set_id != but
    ]


def merged(parts: Sequence[Evidence]) -> Evidence:
    """All facts together; the subject is that of the first document that has one."""
    parts = _one_main_person(parts)
    first = next((e for e in parts if e.subject is not None), parts[0] if parts else Evidence())
    return Evidence(
        subject=first.subject,
        subject_about=first.subject_about,
        several=any(e.several for e in parts),
        employer=next((e.employer for e in parts if e.employer is not None), None),
        addresses=tuple(dict.fromkeys(a for e in parts for a in e.addresses)),
        pins=tuple(dict.fromkeys(p for e in parts for p in e.pins)),
        named=tuple(dict.fromkeys(n for e in parts for n in e.named)),
        populations=frozenset(p for e in parts for p in e.populations),
        prose=any(e.prose for e in parts),
    )


def _one_main_person(parts: Sequence[Evidence]) -> list[Evidence]:
    """The same person under one name: the insured person of an answer is the case's claimant."""
    first = next((e for e in parts if e.subject is not None), None)
    if first is None:
        return list(parts)
    return [
        _renamed(part, first.subject_about)
        if part.subject_about is not first.subject_about
        and identity(part.subject) == identity(first.subject)
        else part
        for part in parts
    ]


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
    )


def _is_home(address: Address, evidence: Evidence) -> bool:
    return address.kind is AddressKind.RESIDENCE and address.about is evidence.subject_about


def _homes(evidence: Evidence) -> bool:
    return any(_is_home(address, evidence) for address in evidence.addresses)


def _without_homes(evidence: Evidence) -> Evidence:
    kept = tuple(a for a in evidence.addresses if not _is_home(a, evidence))
    return replace(evidence, addresses=kept)
