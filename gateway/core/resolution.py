"""Evidence, tables and two days to the competent institution, with the trace.

Deterministic and total. Two answers are never the first one; what is not known is named as
missing, so that it can be asked for. A decision has the lowest certainty of all rows it used.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from gateway.core.evidence import About, Address, AddressKind, Evidence
from gateway.core.tables import Tables
from gateway.core.trace import Step, step
from ir_directory import Certainty, Institution
from routing_tables import ByPlace, Fixed, Match, Route, RouteQuery, ToPerson

NOT_COMPETENT: Final = frozenset({"liaison", "authority"})
"""Networks whose institutions, named in a SED, say nothing about who is competent."""

NO_SCHEME: Final = frozenset({"all", "other", ""})
"""Schemes of institutions that serve several: no sign of the person's own."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """Exactly one institution is competent."""

    institution: str
    certainty: Certainty
    trace: tuple[Step, ...]
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Undetermined:
    """None, or several; `missing` names what would tell them apart, if anything."""

    reason: str
    """`missing`, `conflict`, `no-route`, `rule-refers`, `several` or `institution-unusable`."""
    candidates: tuple[str, ...]
    missing: tuple[str, ...]
    trace: tuple[Step, ...]
    rules: tuple[str, ...]


Resolution = Resolved | Undetermined


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


def resolve(subject: Subject, tables: Tables) -> Resolution:
    """The competent institution, or why there is none."""
    return _Resolving(subject, tables).resolve()


@dataclass(slots=True)
class _Resolving:
    """One resolution under way: the trace grows with each row used."""

    subject: Subject
    tables: Tables
    trace: list[Step] = field(default_factory=list)
    rules: list[str] = field(default_factory=list)

    def resolve(self) -> Resolution:
        named = self._named()
        schemes = {i.scheme for i in named} - NO_SCHEME
        if len(schemes) > 1:
            return self._undetermined("conflict", (i.id for i in named))
        scheme = schemes.pop() if schemes else None
        if scheme is not None:
            self._note("scheme-known", scheme=scheme)
        match = self._match(scheme)
        if match.route is None:
            return self._no_route(match)
        return self._follow(match.route, named, scheme)

    # -- what the SED says ------------------------------------------------------------------

    def _named(self) -> tuple[Institution, ...]:
        """French institutions that the SED names, each as the one in force, in order."""
        found: dict[str, Institution] = {}
        for named in self.subject.evidence.named:
            if named.country != "FR" or named.about is About.OTHER:
                continue
            for institution in self._identify(named.id, named.name, named.where.value):
                found.setdefault(institution.id, institution)
        return tuple(found.values())

    def _identify(self, ident: str | None, name: str | None, where: str) -> list[Institution]:
        directory, day = self.tables.directory, self.subject.received_on
        known = directory.institution(ident) if ident else None
        if known is None and name and not ident:
            hits = directory.named(name, day)
            known = hits[0] if len(hits) == 1 else None
        if known is None:
            self._note("institution-named-unknown", place=where)
            return []
        if known.network in NOT_COMPETENT:
            return []
        if known.test and not self.subject.test_ids:
            self._note("institution-named-test", institution=known.id)
            return []
        current = directory.successor_on(known.id, day)
        if current is None or not current.id:
            self._note("institution-named-ended", institution=known.id, successor="")
            return []
        if current.id != known.id:
            self._note(
                "institution-named-ended", institution=known.id, successor=current.id
            )
        self._note("institution-named", institution=current.id, place=where)
        return [current]

    def _addresses(self, person: str, kinds: set[AddressKind]) -> tuple[Address, ...]:
        about = self.subject.evidence.subject_about.value if person == "*" else person
        every = kinds != {AddressKind.RESIDENCE}
        return tuple(
            address
            for address in self.subject.evidence.addresses
            if address.kind in kinds and (every or address.about.value == about)
        )

    def _residence_country(self, person: str) -> str | None:
        countries = {a.country for a in self._addresses(person, {AddressKind.RESIDENCE})}
        return countries.pop() if len(countries) == 1 else None

    # -- which row --------------------------------------------------------------------------

    def _match(self, scheme: str | None) -> Match:
        """Ask the table; a row that looks at another person is asked with that residence."""
        match = self._ask(scheme, None)
        rows = (match.route,) if match.route is not None else match.possible
        persons = {row.person for row in rows}
        person = persons.pop() if len(persons) == 1 else "*"
        country = self._residence_country(person)
        if country is None:
            return match
        self._note("residence-known", country=country, person=person)
        return self._ask(scheme, country)

    def _ask(self, scheme: str | None, country: str | None) -> Match:
        populations = self.subject.evidence.populations
        return self.tables.routes.match(
            RouteQuery(
                buc=self.subject.buc,
                sed=self.subject.sed,
                scheme=scheme,
                population=next(iter(populations)) if len(populations) == 1 else None,
                residence=country,
                role=self.subject.role,
            ),
            self.subject.received_on,
        )

    def _no_route(self, match: Match) -> Resolution:
        self._note("route-missing", buc=self.subject.buc)
        targets = (
            row.target.institution_id for row in match.possible if isinstance(row.target, Fixed)
        )
        missing = tuple(sorted(match.missing))
        return self._undetermined("missing" if missing else "no-route", targets, missing)

    def _follow(
        self, route: Route, named: tuple[Institution, ...], scheme: str | None
    ) -> Resolution:
        self.rules.append(route.rule)
        if scheme is None and "assumed-general" in route.population:
            self._note("assumed-general", rule=route.rule)
        self._note(
            "route-matched",
            rule=route.rule,
            buc=self.subject.buc,
            certainty=route.certainty.code,
        )
        match route.target:
            case ToPerson():
                return self._undetermined("rule-refers", ())
            case Fixed(institution_id):
                return self._resolved(institution_id, route.certainty)
            case ByPlace():
                return self._by_place(route, route.target, named)

    # -- which institution ------------------------------------------------------------------

    def _by_place(
        self, route: Route, target: ByPlace, named: tuple[Institution, ...]
    ) -> Resolution:
        """The institution of the place, held against the one that the SED names."""
        members = self.tables.directory.members(target.network)
        holders = tuple(i for i in named if i.body in members)
        if len({i.body for i in holders}) > 1:
            return self._undetermined("conflict", (i.id for i in holders))
        holder = holders[0] if holders else None
        placed, certainty, missing = self._place(route, target)
        certainty = min(certainty, route.certainty)
        if holder is None:
            if len(placed) == 1:
                return self._resolved(placed[0], certainty)
            return self._undetermined("several" if placed else "missing", placed, missing)
        if not placed:
            return self._resolved(holder.id, route.certainty)
        return self._agree(holder, placed, certainty, route.certainty)

    def _agree(
        self, holder: Institution, placed: tuple[str, ...], certainty: Certainty, of_route: Certainty
    ) -> Resolution:
        """Place and name together: equal is stronger, several is settled, else a conflict."""
        directory = self.tables.directory
        bodies = {i.body: ident for ident in placed if (i := directory.institution(ident))}
        if holder.body not in bodies:
            self._note("contradicted-by-name", institution=placed[0], named=holder.id)
            return self._undetermined("conflict", (*placed, holder.id))
        self._note("confirmed-by-name", institution=bodies[holder.body])
        return self._resolved(
            bodies[holder.body], of_route if len(placed) == 1 else min(certainty, of_route)
        )

    def _place(
        self, route: Route, target: ByPlace
    ) -> tuple[tuple[str, ...], Certainty, tuple[str, ...]]:
        """Institutions of the place that the row names, and what is missing to know one."""
        match target.place:
            case "named":
                return (), Certainty.CONFIRMED, ("institution",)
            case "country":
                return self._by_country(route, target.network)
            case "work":
                kinds = {AddressKind.WORK}
            case "employer":
                kinds = {AddressKind.EMPLOYER}
            case _:
                kinds = {AddressKind.RESIDENCE}
        french = [a for a in self._addresses(route.person, kinds) if a.country == "FR"]
        if not french:
            self._note("datum-missing", datum=target.place)
            return (), Certainty.CONFIRMED, (target.place,)
        return self._located(french, target)

    def _located(
        self, addresses: list[Address], target: ByPlace
    ) -> tuple[tuple[str, ...], Certainty, tuple[str, ...]]:
        found: set[str] = set()
        certainty = Certainty.CONFIRMED
        for address in addresses:
            located = self.tables.directory.area_candidates(
                target.network, address.postcode or "", address.town, self.subject.received_on
            )
            found |= set(located.candidates)
            certainty = min(certainty, located.certainty)
            area = " ".join(located.areas[:3])
            if len(located.candidates) == 1:
                self._note(
                    "area-matched",
                    network=target.network,
                    area=area,
                    institution=located.candidates[0],
                    certainty=located.certainty.code,
                )
                self.rules.extend(f"{target.network}:{a}" for a in located.areas[:3])
            elif located.candidates:
                count = str(len(located.candidates))
                self._note("area-ambiguous", network=target.network, area=area, count=count)
            else:
                self._note("area-unknown", network=target.network)
        missing = () if len(found) == 1 else (target.place,)
        return tuple(sorted(found)), certainty, missing

    def _by_country(
        self, route: Route, network: str
    ) -> tuple[tuple[str, ...], Certainty, tuple[str, ...]]:
        country = self._residence_country(route.person)
        if country is None:
            self._note("datum-missing", datum="residence")
            return (), Certainty.CONFIRMED, ("residence",)
        row = self.tables.directory.catchment(
            network, insee=None, department=None, country=country, on=self.subject.received_on
        )
        if row is None:
            self._note("area-unknown", network=network)
            return (), Certainty.CONFIRMED, ("institution",)
        self._note(
            "area-matched",
            network=network,
            area=row.area,
            institution=row.institution,
            certainty=row.certainty.code,
        )
        self.rules.append(f"{network}:{row.area}")
        return (row.institution,), row.certainty, ()

    # -- the result -------------------------------------------------------------------------

    def _resolved(self, ident: str, certainty: Certainty) -> Resolution:
        """Existing on both days, its own row counted in; a merged one leads to its successor."""
        directory = self.tables.directory
        on_receipt = directory.successor_on(ident, self.subject.received_on)
        current = directory.successor_on(ident, self.subject.decided_on)
        if on_receipt is None or current is None or not current.id:
            self._note("institution-ended", institution=ident)
            return self._undetermined("institution-unusable", (ident,))
        if current.id != ident:
            self._note("successor", institution=ident, successor=current.id)
        if current.test != self.subject.test_ids:
            self._note("institution-named-test", institution=current.id)
            return self._undetermined("institution-unusable", (current.id,))
        self._note(
            "institution-certainty", institution=current.id, certainty=current.certainty.code
        )
        self._competence(current.id)
        return Resolved(
            current.id,
            min(certainty, current.certainty),
            tuple(self.trace),
            tuple(dict.fromkeys(self.rules)),
        )

    def _competence(self, ident: str) -> None:
        """A missing competence row is a warning until a SYN001 was imported (design 5)."""
        row = self.tables.directory.competence(
            ident, self.subject.buc, self.subject.role, self.subject.received_on
        )
        if row is None:
            self._note("competence-unlisted", institution=ident, buc=self.subject.buc)

    def _undetermined(
        self, reason: str, candidates: Iterable[str], missing: tuple[str, ...] = ()
    ) -> Undetermined:
        return Undetermined(
            reason,
            tuple(sorted(set(candidates))),
            missing,
            tuple(self.trace),
            tuple(dict.fromkeys(self.rules)),
        )

    def _note(self, code: str, **params: str) -> None:
        self.trace.append(step(code, **params))
