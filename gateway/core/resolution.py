"""Evidence, tables and two days to the competent institution, with the trace.

Deterministic and total. Two answers are never the first one; what is not known is named as
missing, so that it can be asked for. A decision has the lowest certainty of all rows it used.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from gateway.core.evidence import About, Address, AddressKind, Evidence, Named, Where
from gateway.core.tables import Tables
from gateway.core.trace import Step, step
from ir_directory import Certainty, Institution
from routing_tables import ANY, EVERY, ByPlace, Fixed, Match, Route, RouteQuery, ToPerson

NOT_COMPETENT: Final = frozenset({"liaison", "authority"})
"""Networks whose institutions, named in a SED, say nothing about who is competent."""

NO_SCHEME: Final = frozenset({"all", "other", ""})
"""Schemes of institutions that serve several: no sign of the person's own."""

HOUSEHOLD: Final = "household"
"""As the person of a route: the main person, the insured, the claimant and their family."""

_MAIN: Final = frozenset({About.INSURED, About.DECEASED, About.DEBTOR})
"""Whose institutions tell the competent one, beside those of the main person."""

_HOUSEHOLD: Final = frozenset({About.INSURED, About.CLAIMANT, About.FAMILY_MEMBER})
_FILES: Final = frozenset({Where.LOCAL_CASE_NUMBER, Where.COMPETENT})
_KINDS: Final = {"work": AddressKind.WORK, "employer": AddressKind.EMPLOYER}
"""Place of a target -> addresses that tell it; any other place is where the person lives."""


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


@dataclass(frozen=True, slots=True)
class _Said:
    """An institution that the SED names, as it is on the day of receipt."""

    institution: Institution
    ids: tuple[str, ...]
    """Its ids that may be meant: several when a body with several was named by name."""
    file: bool
    """It has a case number here or is named as competent: more than having issued a PIN."""


@dataclass(frozen=True, slots=True)
class _Placed:
    """What a place tells."""

    candidates: tuple[str, ...] = ()
    certainty: Certainty = Certainty.CONFIRMED
    missing: tuple[str, ...] = ()
    """What would tell, when it is not one institution."""


@dataclass(slots=True)
class _Resolving:
    """One resolution under way: the trace grows with each row used."""

    subject: Subject
    tables: Tables
    trace: list[Step] = field(default_factory=list)
    rules: list[str] = field(default_factory=list)
    hinted: set[str] = field(default_factory=set)
    """Schemes of institutions that are named and cannot be told apart, or are no more."""
    applied: dict[str, str] = field(default_factory=dict)
    """The row that applied, and since when it is valid, as parameters of the trace."""
    where: tuple[str, str] | None = None
    """The place that decided and the area of its catchment; None: no place did."""
    strange: bool = False
    """A French institution is named that says nothing to us: the scheme is not to be assumed."""

    def resolve(self) -> Resolution:
        said = self._said(_person(self._ask(None, None)))
        schemes = ({s.institution.scheme for s in said} | self.hinted) - NO_SCHEME
        contradictory = len(schemes) > 1
        scheme = next(iter(schemes)) if len(schemes) == 1 else None
        if scheme is not None:
            self._note("scheme-known", scheme=scheme)
        match = self._match(scheme)
        if contradictory and not _whatever_the_scheme(match.route):
            return self._undetermined("conflict", _ids(said))
        if match.route is None:
            return self._no_route(match)
        if self.strange and match.route.assumed:
            self._note("datum-missing", datum="institution")
            return self._undetermined("missing", _ids(said), ("institution",))
        return self._follow(match.route, said, scheme)

    # -- what the SED says ------------------------------------------------------------------

    def _said(self, person: str) -> tuple[_Said, ...]:
        """French institutions that the SED names, each as the one in force, in order.

        Those of somebody else than the case is about say nothing: a spouse's fund is not the
        insured person's, and a survivor's is not the deceased's.
        """
        abouts = _MAIN | {self.subject.evidence.subject_about}
        if person == HOUSEHOLD:
            abouts |= _HOUSEHOLD
        elif person == About.CLAIMANT.value:
            abouts -= {About.CLAIMANT}
        found: dict[str, _Said] = {}
        for named in self.subject.evidence.named:
            if named.about not in abouts or not self._is_french(named):
                continue
            said = self._identify(named)
            if said is not None:
                earlier = found.get(said.institution.id, said)
                found[said.institution.id] = replace(
                    said,
                    file=said.file or earlier.file,
                    ids=min(said.ids, earlier.ids, key=len),
                )
        return tuple(found.values())

    def _is_french(self, named: Named) -> bool:
        """By its country; without any, when the directory knows the name."""
        if named.country or named.id:
            return named.country == "FR"
        return bool(self.tables.directory.named(named.name or "", self.subject.received_on))

    def _identify(self, named: Named) -> _Said | None:
        """The one institution named, by its id, else by a name that is exactly one body's."""
        place = named.where.value
        known = [i for i in self._known(named) if i.network not in NOT_COMPETENT]
        usable = [i for i in known if self.subject.test_ids or not i.test]
        if known and not usable:
            self._note("institution-named-test", institution=known[0].id)
            self.strange = True
        current = [c for i in usable if (c := self._current(i)) is not None]
        if not current:
            self._hint(usable)
            return None
        self._note("institution-named", institution=current[0].id, place=place)
        ids = tuple(dict.fromkeys(i.id for i in current))
        return _Said(current[0], ids, named.where in _FILES)

    def _known(self, named: Named) -> Sequence[Institution]:
        """Every id of one body that the naming may mean; nothing when it may mean two bodies."""
        directory, day = self.tables.directory, self.subject.received_on
        if named.id:
            one = directory.institution(named.id)
            if one is not None and self._contradicts(named.name or "", one):
                self._note("institution-named-unknown", place=named.where.value)
                self.strange = True
                return []
            hits = [one] if one is not None else []
        else:
            hits = list(directory.named(named.name or "", day))
        if len({i.body for i in hits}) != 1:
            self._note("institution-named-unknown", place=named.where.value)
            self._hint(hits)
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

    def _hint(self, named: Sequence[Institution]) -> None:
        """Institutions that cannot be meant one by one may still tell the scheme together."""
        schemes = {i.scheme for i in named}
        if len(schemes) == 1 and schemes.isdisjoint(NO_SCHEME):
            self.hinted |= schemes
        elif named:
            self.strange = True

    def _current(self, known: Institution) -> Institution | None:
        """Itself or its successor, on the day of receipt."""
        day = self.subject.received_on
        current = self.tables.directory.successor_on(known.id, day) if known.id else None
        if current is None or current.id != known.id:
            self._note(
                "institution-named-ended",
                institution=known.id,
                successor=current.id if current is not None else "",
            )
        return current

    def _abouts(self, person: str) -> frozenset[About]:
        """Whose addresses count for a row that looks at this person."""
        main = self.subject.evidence.subject_about
        if person == HOUSEHOLD:
            return _HOUSEHOLD | {main}
        return frozenset({main if person == ANY else About(person)})

    def _residences(self, person: str) -> list[Address]:
        abouts = self._abouts(person)
        return [
            address
            for address in self.subject.evidence.addresses
            if address.kind is AddressKind.RESIDENCE and address.about in abouts
        ]

    def _residence_country(self, person: str) -> str | None:
        countries = {a.country for a in self._residences(person)}
        return countries.pop() if len(countries) == 1 else None

    # -- which row --------------------------------------------------------------------------

    def _match(self, scheme: str | None) -> Match:
        """Ask the table; a row that looks at another person is asked with that residence.

        A row found without the residence stays the right one: an open row would have stood
        in its way.
        """
        match = self._ask(scheme, None)
        person = _person(match)
        country = self._residence_country(person)
        if country is None:
            return match
        self._note("residence-known", country=country, person=person)
        return match if match.route is not None else self._ask(scheme, country)

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

    def _follow(self, route: Route, said: tuple[_Said, ...], scheme: str | None) -> Resolution:
        self.rules.append(route.rule)
        self.applied = {"rule": route.rule, "since": route.valid_from.isoformat()}
        if scheme is None and route.assumed:
            self._note("assumed-general", rule=route.rule)
        self._note(
            "route-matched",
            rule=route.rule,
            buc=self.subject.buc,
            certainty=route.certainty.code,
        )
        if isinstance(route.target, ToPerson):
            return self._undetermined("rule-refers", route.target.candidates)
        if isinstance(route.target, Fixed):
            ident = self._as_named(route.target.institution_id, said)
            return self._resolved(ident, route.certainty)
        named_alone = route.target.file_first or route.target.place == "named"
        if self.strange and named_alone:
            self._note("datum-missing", datum="institution")
            return self._undetermined("missing", _ids(said), ("institution",))
        return self._by_place(route, route.target, said)

    def _as_named(self, ident: str, said: tuple[_Said, ...]) -> str:
        """The id of the same body that has a case number here, when there is exactly one."""
        known = self.tables.directory.institution(ident)
        ids = {
            ident
            for s in said
            if s.file and known is not None and s.institution.body == known.body
            for ident in s.ids
        }
        return ids.pop() if len(ids) == 1 else ident

    # -- which institution ------------------------------------------------------------------

    def _by_place(self, route: Route, target: ByPlace, said: tuple[_Said, ...]) -> Resolution:
        """The institution of the place, held against the one that the SED names."""
        inside = self._inside(target.networks, said)
        files = [s for s in said if s.file]
        if target.file_first and any(s not in inside for s in files):
            return self._undetermined("conflict", _ids(said))
        holders = self._holders(target, inside)
        if len({s.institution.body for s in holders}) > 1:
            return self._undetermined("conflict", _ids(holders))
        files_decide = target.file_first or self._lives_abroad(route, target)
        if files_decide and any(s.file for s in holders):
            return self._of_file(holders, route)
        placed = self._place(route, target)
        if not holders:
            return self._of_place(placed, route, inside)
        if not placed.candidates:
            return self._of_file(holders, route)
        return self._agree(holders[0], placed, route.certainty)

    def _lives_abroad(self, route: Route, target: ByPlace) -> bool:
        """Then a file held in France stays where it is, whatever the pole of the country."""
        countries = {a.country for a in self._residences(route.person)}
        of_person = target.place in {"residence", "country"}
        return of_person and bool(countries) and "FR" not in countries

    def _inside(self, networks: Sequence[str], said: Sequence[_Said]) -> list[_Said]:
        """Those named that are of the networks."""
        if ANY in networks:
            return list(said)
        members: frozenset[str] = frozenset().union(
            *(self.tables.directory.members(network) for network in networks)
        )
        return [s for s in said if s.institution.body in members]

    def _holders(self, target: ByPlace, inside: list[_Said]) -> list[_Said]:
        """Those that may hold the file: where it decides, a case number outweighs a PIN."""
        files = [s for s in inside if s.file]
        if target.file_first and target.place == "named":
            return files
        if files and (target.file_first or target.network == ANY):
            return files
        return self._inside(target.networks[:1], inside) if target.file_first else inside

    def _of_place(self, placed: _Placed, route: Route, inside: list[_Said]) -> Resolution:
        if len(placed.candidates) == 1:
            return self._resolved(placed.candidates[0], min(placed.certainty, route.certainty))
        if placed.candidates:
            return self._undetermined("several", placed.candidates, placed.missing)
        return self._undetermined("missing", _ids(inside), placed.missing)

    def _of_file(self, holders: list[_Said], route: Route) -> Resolution:
        ids = _ids([s for s in holders if len(s.ids) == 1] or holders)
        if len(ids) > 1:
            return self._undetermined("several", ids, ("institution",))
        return self._resolved(ids[0], route.certainty)

    def _agree(self, said: _Said, placed: _Placed, of_route: Certainty) -> Resolution:
        """Place and name together: several is settled, and what they contradict is a conflict.

        Where the SED names the very id the name decides, as it does without any place, and rows
        of the place that are less sure count as not used. Else the place picks the body's id.
        """
        directory, holder = self.tables.directory, said.institution
        bodies = {
            i.body: ident for ident in placed.candidates if (i := directory.institution(ident))
        }
        if holder.body not in bodies:
            self._note("contradicted-by-name", institution=placed.candidates[0], named=holder.id)
            return self._undetermined("conflict", (*placed.candidates, holder.id))
        self._note("confirmed-by-name", institution=bodies[holder.body])
        if said.ids != (bodies[holder.body],):
            return self._resolved(bodies[holder.body], min(placed.certainty, of_route))
        if placed.certainty < of_route:
            del self.rules[1:]
            self.where = None
        return self._resolved(bodies[holder.body], of_route)

    def _place(self, route: Route, target: ByPlace) -> _Placed:
        """Institutions of the place that the row names, and what is missing to know one."""
        match target.place:
            case "named":
                return _Placed(missing=("institution",))
            case "country":
                return self._by_country(route, target.networks[0])
            case "home" if not self._lives_in_france(route):
                self._note("datum-missing", datum="institution")
                return _Placed(missing=("institution",))
            case "work" | "employer":
                kind = _KINDS[target.place]
                addresses = [a for a in self.subject.evidence.addresses if a.kind is kind]
            case _:
                elsewhere = self._abroad(route, target)
                if elsewhere is not None:
                    return elsewhere
                addresses = self._residences(route.person)
        french = [a for a in addresses if a.country == "FR"]
        if not french:
            self._note("datum-missing", datum=target.place)
            return _Placed(missing=(target.place,))
        return self._located(french, target)

    def _lives_in_france(self, route: Route) -> bool:
        return self._residence_country(route.person) == "FR"

    def _abroad(self, route: Route, target: ByPlace) -> _Placed | None:
        """What a residence abroad tells; None when the person lives in France or it is unknown."""
        countries = {a.country for a in self._residences(route.person)}
        if len(countries) > 1 and route.person != HOUSEHOLD:
            self._note("datum-missing", datum="residence")
            return _Placed(missing=("residence",))
        if not countries or "FR" in countries:
            return None
        if len(countries) > 1:
            self._note("datum-missing", datum="institution")
            return _Placed(missing=("institution",))
        return self._by_country(route, target.networks[0])

    def _located(self, addresses: list[Address], target: ByPlace) -> _Placed:
        network = target.networks[0]
        found: set[str] = set()
        certainty = Certainty.CONFIRMED
        for address in addresses:
            located = self.tables.directory.area_candidates(
                network, address.postcode or "", address.town, self.subject.received_on
            )
            found |= set(located.candidates)
            certainty = min(certainty, located.certainty)
            area = " ".join(located.areas[:3])
            if len(located.candidates) == 1:
                self._note(
                    "area-matched",
                    network=network,
                    area=area,
                    institution=located.candidates[0],
                    certainty=located.certainty.code,
                )
                self.rules.extend(f"{network}:{a}" for a in located.areas[:3])
                self.where = (_place_of(target), area)
            elif located.candidates:
                count = str(len(located.candidates))
                self._note("area-ambiguous", network=network, area=area, count=count)
            else:
                self._note("area-unknown", network=network)
        if len(found) == 1:
            return _Placed(tuple(found), certainty)
        lives = target.place in {"residence", "home"}
        town = lives and len(addresses) == 1 and bool(found)
        datum = "town" if town else "residence" if lives else target.place
        return _Placed(tuple(sorted(found)), certainty, (datum,))

    def _by_country(self, route: Route, network: str) -> _Placed:
        country = self._residence_country(route.person)
        if country is None:
            self._note("datum-missing", datum="residence")
            return _Placed(missing=("residence",))
        row = self.tables.directory.catchment(
            network, insee=None, department=None, country=country, on=self.subject.received_on
        )
        if row is None:
            self._note("datum-missing", datum="institution")
            return _Placed(missing=("institution",))
        self._note(
            "area-matched",
            network=network,
            area=row.area,
            institution=row.institution,
            certainty=row.certainty.code,
        )
        self.rules.append(f"{network}:{row.area}")
        self.where = ("residence", row.area)
        return _Placed((row.institution,), row.certainty)

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
        certainty = min(certainty, current.certainty, self._competence(current.id))
        self._because(current)
        return Resolved(
            current.id,
            certainty,
            tuple(self.trace),
            tuple(dict.fromkeys(self.rules)),
        )

    def _because(self, institution: Institution) -> None:
        """The whole reason as one step: what led where, by which row since when."""
        reason = {
            **self.applied,
            "buc": self.subject.buc,
            "institution": institution.id,
            "label": institution.name,
        }
        if self.where is None:
            self._note("resolved-by-rule", **reason)
        else:
            self._note("resolved-by-place", datum=self.where[0], area=self.where[1], **reason)

    def _competence(self, ident: str) -> Certainty:
        """A missing competence row is a warning until a SYN001 was imported (design 5)."""
        row = self.tables.directory.competence(
            ident, self.subject.buc, self.subject.role, self.subject.received_on
        )
        if row is None:
            self._note("competence-unlisted", institution=ident, buc=self.subject.buc)
            return Certainty.CONFIRMED
        self._note(
            "competence-listed",
            institution=ident,
            buc=self.subject.buc,
            certainty=row.certainty.code,
        )
        return row.certainty

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


def _person(match: Match) -> str:
    """Whom the rows that apply or may apply look at; the main person when they differ."""
    rows = (match.route,) if match.route is not None else match.possible
    persons = {row.person for row in rows}
    return persons.pop() if len(persons) == 1 else ANY


def _place_of(target: ByPlace) -> str:
    """The datum that the place of a target is: a home is a residence."""
    return "residence" if target.place == "home" else target.place


def _whatever_the_scheme(route: Route | None) -> bool:
    """True for a row that asks nothing of the scheme: two schemes are no conflict for it."""
    return route is not None and route.scheme == EVERY and not route.assumed


def _ids(said: Iterable[_Said]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(ident for s in said for ident in s.ids))
