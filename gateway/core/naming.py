"""Which French institutions a SED names, each as the one in force on the day of receipt."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from gateway.core.evidence import About, Named, Where
from gateway.core.subject import FAMILY, HOUSEHOLD, Underway
from ir_directory import Institution

NOT_COMPETENT: Final = frozenset({"liaison", "authority"})
"""Networks whose institutions, named in a SED, say nothing about who is competent."""

NO_SCHEME: Final = frozenset({"all", "other", ""})
"""Schemes of institutions that serve several: no sign of the person's own."""

_MAIN: Final = frozenset({About.INSURED, About.DECEASED, About.DEBTOR})
"""Whose institutions tell the competent one, beside those of the main person."""

_FILES: Final = frozenset({Where.LOCAL_CASE_NUMBER, Where.COMPETENT})
_RECOVERY: Final = "R_"
"""Of BUCs: in them a number of the sector recovery, in a reply, tells who has the claim."""


@dataclass(frozen=True, slots=True)
class Said:
    """An institution that the SED names, as it is on the day of receipt."""

    institution: Institution
    ids: tuple[str, ...]
    """Its ids that may be meant: several when a body with several was named by name."""
    file: bool
    """It has a case number here or is named as competent: more than having issued a PIN.

    In recovery a reply tells it by a number of that sector: it has no field for a case number.
    """
    kin: bool = False
    """Named for relatives of the main person alone."""


def ids_of(said: Iterable[Said]) -> tuple[str, ...]:
    """All ids that may be meant, in order."""
    return tuple(dict.fromkeys(ident for s in said for ident in s.ids))


def _both(earlier: Said, later: Said) -> Said:
    """Named twice: what either says."""
    ids = min(later.ids, earlier.ids, key=len)
    kin = later.kin and earlier.kin
    return replace(later, file=later.file or earlier.file, ids=ids, kin=kin)


class Naming(Underway):
    """The part of a resolution that looks at the institutions named."""

    __slots__ = ()

    def said(self, person: str) -> tuple[Said, ...]:
        """French institutions that the SED names, each as the one in force, in order.

        Those of somebody else than the case is about say nothing: a spouse's fund is not the
        insured person's, and a survivor's is not the deceased's.
        """
        if not self.subject.evidence.named:
            return ()
        main = abouts = _MAIN | {self.subject.evidence.subject_about}
        if person == HOUSEHOLD:
            abouts |= FAMILY
        elif person == About.CLAIMANT:
            abouts -= {About.CLAIMANT}
        found: dict[str, Said] = {}
        for named in self.subject.evidence.named:
            if named.about not in abouts or not self._is_french(named):
                continue
            before = self.schemes
            said = self._identify(named)
            kin = named.about not in main
            if kin:
                self.of_kin, self.schemes = self.of_kin | (self.schemes - before), before
            if said is not None:
                said = replace(said, kin=True) if kin else said
                self._held_against_its_country(named, said)
                earlier = found.get(said.institution.id)
                found[said.institution.id] = said if earlier is None else _both(earlier, said)
        return tuple(found.values())

    def _is_french(self, named: Named) -> bool:
        """By its country or its id; without either, when the directory knows the name."""
        if named.country or named.id:
            return named.country == "FR" or (named.id or "").startswith("FR:")
        return bool(self.tables.directory.named(named.name or "", self.subject.received_on))

    def _held_against_its_country(self, named: Named, said: Said) -> None:
        """A number of another country from an institution of ours: one of them is a slip."""
        if named.country != "FR" and named.country:
            institution = said.institution.id
            self.note("named-with-other-country", institution=institution, country=named.country)
            self.contradicted = True

    def _identify(self, named: Named) -> Said | None:
        """The one institution named, by its id, else by a name that is exactly one body's."""
        place = named.where.value
        known = [i for i in self._known(named) if i.network not in NOT_COMPETENT]
        usable = [i for i in known if self.subject.test_ids or not i.test]
        if known and not usable:
            self.note("institution-named-test", institution=known[0].id)
            self.strange = True
        current = [c for i in usable if (c := self._current(i)) is not None]
        if not current:
            self.hint(usable)
            return None
        self.note("institution-named", institution=current[0].id, place=place)
        self.schemes |= {current[0].scheme} - NO_SCHEME
        ids = tuple(dict.fromkeys(i.id for i in current))
        return Said(current[0], ids, self._has_file(named.where))

    def _has_file(self, where: Where) -> bool:
        claims = where is Where.RECOVERY and self.subject.buc.startswith(_RECOVERY)
        return claims or where in _FILES

    def _known(self, named: Named) -> Sequence[Institution]:
        """Every id of one body that the naming may mean; nothing when it may mean two bodies."""
        directory, day = self.tables.directory, self.subject.received_on
        if named.id:
            one = directory.known(named.id, day)
            if one is not None and named.name and self._contradicts(named.name, one):
                self.note("institution-named-unknown", place=named.where.value)
                self.strange = True
                return []
            hits = [one] if one is not None else []
        else:
            hits = list(directory.named(named.name or "", day))
        if len({i.body for i in hits}) != 1:
            self.note("institution-named-unknown", place=named.where.value)
            self.hint(hits)
            self.strange = self.strange or not hits
            return []
        return hits

    def _contradicts(self, name: str, known: Institution) -> bool:
        """True when the name beside an id is exactly that of another body, now or before."""
        directory, day = self.tables.directory, self.subject.received_on
        hits = directory.named(name, day)
        now = {c.body for i in hits if (c := directory.successor_on(i.id, day)) is not None}
        bodies = {i.body for i in hits}
        return len(bodies) == 1 and known.body not in bodies | now

    def hint(self, named: Sequence[Institution]) -> None:
        """Institutions that cannot be meant one by one may still tell the scheme together."""
        schemes = {i.scheme for i in named}
        if len(schemes) == 1 and schemes.isdisjoint(NO_SCHEME):
            self.schemes |= schemes
        elif named:
            self.strange = True

    def _current(self, known: Institution) -> Institution | None:
        """Itself or its successor, on the day of receipt."""
        day = self.subject.received_on
        current = self.tables.directory.successor_on(known.id, day) if known.id else None
        if current is None or current.id != known.id:
            self.note(
                "institution-named-ended",
                institution=known.id,
                successor=current.id if current is not None else "",
            )
        return current
