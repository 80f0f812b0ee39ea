"""Evidence, tables and two days to the competent institution, with the trace.

Deterministic and total. Two answers are never the first one; what is not known is named as
missing, so that it can be asked for. A decision has the lowest certainty of all rows it used.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from gateway.core.evidence import Evidence
from gateway.core.naming import Naming, Said, ids_of
from gateway.core.placing import Placed, Placing
from gateway.core.subject import Subject
from gateway.core.tables import Tables
from gateway.core.trace import Step
from ir_directory import Certainty, Institution
from routing_tables import ANY, EVERY, ByPlace, Fixed, Match, Route, RouteQuery, ToPerson


@dataclass(frozen=True, slots=True)
class Resolved:
    """Exactly one institution is competent."""

    institution: str
    certainty: Certainty
    trace: tuple[Step, ...]
    rules: tuple[str, ...]
    accepted: str = ""
    """The rule that counts as likely because the operator accepts it; else empty."""


@dataclass(frozen=True, slots=True)
class Several:
    """More than one is competent, each for somebody in the SED: no case goes to two."""

    candidates: tuple[str, ...]
    trace: tuple[Step, ...]
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Own:
    """We are competent ourselves: nothing to pass on."""

    institution: str
    certainty: Certainty
    trace: tuple[Step, ...]
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Undetermined:
    """None, or several; `missing` names what would tell them apart, if anything."""

    reason: str
    """`missing`, `conflict`, `no-route`, `rule-refers`, `several`, `institution-unusable`, or
    `inferred`: one candidate, of an address in doubt."""
    candidates: tuple[str, ...]
    missing: tuple[str, ...]
    trace: tuple[Step, ...]
    rules: tuple[str, ...]


Resolution = Resolved | Several | Own | Undetermined

_NOBODY: Final = Evidence()


def resolve(subject: Subject, tables: Tables) -> Resolution:
    """The competent institution, or why there is none."""
    if not subject.evidence.several:
        return _Resolving(subject, tables).resolve()
    return _of_several(subject, tables)


def _of_several(subject: Subject, tables: Tables) -> Resolution:
    """One answer for a SED about several persons: by a row about many, or the same for each.

    Of a crowd too large to be told apart only that is known which asks nothing of a person.
    """
    whole = _Resolving(subject, tables).of_many()
    if whole is not None:
        return whole
    first = replace(subject.evidence, several=False, others=())
    each = (first, *subject.evidence.others) if subject.evidence.others else (_NOBODY,)
    found = [_Resolving(replace(subject, evidence=one), tables).resolve() for one in each]
    decided = [one for one in found if isinstance(one, Resolved | Own)]
    candidates = sorted({ident for one in found for ident in candidates_of(one)})
    if len(candidates) > 1:
        rules = dict.fromkeys(rule for one in found for rule in one.rules)
        return Several(tuple(candidates), _why_each(found), tuple(rules))
    if len(decided) == len(found):
        return min(decided, key=lambda one: one.certainty)
    return next(one for one in found if isinstance(one, Several | Undetermined))


def _why_each(found: Sequence[Resolution]) -> tuple[Step, ...]:
    """What led to each candidate: the steps of the first person that it is for, none twice."""
    steps: list[Step] = []
    told: set[str] = set()
    for one in found:
        if not told.issuperset(candidates_of(one)):
            told.update(candidates_of(one))
            steps += [done for done in one.trace if done not in steps]
    return tuple(steps)


def candidates_of(resolution: Resolution) -> tuple[str, ...]:
    """All that it leaves possible; the one institution where it is one."""
    if isinstance(resolution, Resolved | Own):
        return (resolution.institution,)
    return resolution.candidates


class _Resolving(Naming, Placing):
    """One resolution under way: the trace grows with each row used."""

    __slots__ = ()

    def resolve(self) -> Resolution:
        open_match = self._ask(None, None)
        said = self.said(_person(open_match))
        contradictory = len(self.schemes) > 1 or self.contradicted
        scheme = next(iter(self.schemes)) if len(self.schemes) == 1 else None
        if scheme is not None:
            self.note("scheme-known", scheme=scheme)
            open_match = self._ask(scheme, None)
        match = self._match(scheme, open_match)
        if contradictory and not _whatever_the_scheme(match.route):
            return self._undetermined("conflict", ids_of(said))
        if match.route is None:
            return self._no_route(match)
        elsewhere = self._leads_a_relative_elsewhere(match.route, said)
        if elsewhere and scheme is not None:
            return self._undetermined("conflict", ids_of(said))
        if elsewhere or (self.strange and match.route.assumed):
            self.note("datum-missing", datum="institution")
            return self._undetermined("missing", ids_of(said), ("institution",))
        if match.route.assumed and self._is_not_to_assume(match.route.rule):
            return self._unassumed(match.route)
        return self._follow(match.route, said, scheme)

    def of_many(self) -> Resolution | None:
        """What a row about many persons at once says; None where none applies."""
        query = self._query(None, None)._replace(collective=True)
        route = self.tables.routes.match(query, self.subject.received_on).route
        return None if route is None else self._follow(route, (), None)

    # -- which row --------------------------------------------------------------------------

    def _match(self, scheme: str | None, match: Match) -> Match:
        """What the table says without a residence, or with that of the person of its rows.

        A row found without the residence stays the right one: an open row would have stood
        in its way.
        """
        person = _person(match)
        country = self.residence_country(person)
        if country is None:
            return match
        self.note("residence-known", country=country, person=person)
        return match if match.route is not None else self._ask(scheme, country)

    def _ask(self, scheme: str | None, country: str | None) -> Match:
        return self.tables.routes.match(self._query(scheme, country), self.subject.received_on)

    def _query(self, scheme: str | None, country: str | None) -> RouteQuery:
        subject, populations = self.subject, self.subject.evidence.populations
        population = next(iter(populations)) if len(populations) == 1 else None
        return RouteQuery(subject.buc, subject.sed, scheme, population, country, subject.role)

    def _is_not_to_assume(self, rule: str) -> bool:
        """Whether a row must not assume the scheme here, and why."""
        crew = self.subject.evidence.crew
        if crew:
            self.note("crew")
        elif not self.subject.assumes:
            self.note("assumed-general-off", rule=rule, buc=self.subject.buc)
        return crew or not self.subject.assumes

    def _leads_a_relative_elsewhere(self, route: Route, said: Sequence[Said]) -> bool:
        """Whether a row for the scheme of a relative does, by whom the case may go.

        Not where the main person has a number of the network that the row leads to.
        """
        if not self.of_kin:
            return False
        own = [s for s in said if not s.kin]
        if isinstance(route.target, ByPlace) and self._inside(route.target.networks, own):
            return False
        country = self.residence_country(route.person)
        rows = (self._ask(scheme, country).route for scheme in self.of_kin)
        return any(row is None or row.target != route.target for row in rows)

    def _unassumed(self, route: Route) -> Resolution:
        """What is missing where a row would assume the scheme, and nobody is to."""
        query = self._query(None, self.residence_country(route.person))._replace(assumes=False)
        return self._no_route(self.tables.routes.match(query, self.subject.received_on))

    def _no_route(self, match: Match) -> Resolution:
        self.note("route-missing", buc=self.subject.buc)
        targets = (
            row.target.institution_id for row in match.possible if isinstance(row.target, Fixed)
        )
        person = _person(match)
        missing = tuple(sorted(self.datum(datum, person) for datum in match.missing))
        return self._undetermined("missing" if missing else "no-route", targets, missing)

    def _follow(self, route: Route, said: tuple[Said, ...], scheme: str | None) -> Resolution:
        self.rules.append(route.rule)
        self.applied = (route.rule, route.since)
        if scheme is None and route.assumed:
            self.note("assumed-general", rule=route.rule)
        self.note(
            "route-matched",
            rule=route.rule,
            buc=self.subject.buc,
            certainty=route.certainty.code,
        )
        route = self._accepted(route)
        if isinstance(route.target, ToPerson):
            return self._undetermined("rule-refers", route.target.candidates)
        if isinstance(route.target, Fixed):
            ident = self._as_named(route.target.institution_id, said)
            return self._resolved(ident, route.certainty)
        if self.contradicted:
            return self._undetermined("conflict", ids_of(said))
        named_alone = route.target.file_first or route.target.place == "named"
        if self.strange and named_alone:
            self.note("datum-missing", datum="institution")
            return self._undetermined("missing", ids_of(said), ("institution",))
        if not said:
            return self._of_place(self.place(route, route.target), route, [])
        return self._by_place(route, route.target, said)

    def _accepted(self, route: Route) -> Route:
        """The row as it counts here: an inferred one that the operator accepts is likely."""
        if route.rule not in self.subject.accepted or route.certainty is not Certainty.INFERRED:
            return route
        self.accepted = route.rule
        self.note("rule-accepted", rule=route.rule)
        return replace(route, certainty=Certainty.LIKELY)

    def _as_named(self, ident: str, said: tuple[Said, ...]) -> str:
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

    def _by_place(self, route: Route, target: ByPlace, said: tuple[Said, ...]) -> Resolution:
        """The institution of the place, held against the one that the SED names."""
        inside = self._inside(target.networks, said)
        files = [s for s in said if s.file]
        if target.file_first and any(s not in inside for s in files):
            return self._undetermined("conflict", ids_of(said))
        holders = self._holders(target, inside)
        if len(holders) > 1 and len({s.institution.body for s in holders}) > 1:
            return self._undetermined("conflict", ids_of(holders))
        files_decide = target.file_first or self.lives_abroad(route, target)
        if files_decide and any(s.file for s in holders):
            return self._of_file(holders, route)
        placed = self.place(route, target)
        if not holders:
            return self._of_place(placed, route, inside)
        if not placed.candidates:
            return self._of_file(holders, route)
        return self._agree(holders[0], placed, route.certainty)

    def _inside(self, networks: Sequence[str], said: Sequence[Said]) -> list[Said]:
        """Those named that are of the networks."""
        if ANY in networks:
            return list(said)
        belongs, on = self.tables.directory.belongs, self.subject.received_on
        return [s for s in said if any(belongs(s.institution.body, one, on) for one in networks)]

    def _holders(self, target: ByPlace, inside: list[Said]) -> list[Said]:
        """Those that may hold the file: where it decides, a case number outweighs a PIN."""
        files = [s for s in inside if s.file]
        if target.file_first and target.place == "named":
            return files
        if files and (target.file_first or target.network == ANY):
            return files
        return self._inside(target.networks[:1], inside) if target.file_first else inside

    def _of_place(self, placed: Placed, route: Route, inside: list[Said]) -> Resolution:
        if len(placed.candidates) == 1:
            return self._of_one_place(placed.candidates[0], placed, route.certainty)
        if placed.each:
            return Several(placed.candidates, tuple(self.trace), tuple(self.rules))
        if placed.candidates:
            return self._undetermined("several", placed.candidates, placed.missing)
        return self._undetermined("missing", ids_of(inside), placed.missing)

    def _of_one_place(self, ident: str, placed: Placed, of_route: Certainty) -> Resolution:
        """The institution of a place; where the address is in doubt it is asked for.

        Unless the rows would not decide even then: a question leads no further than they do.
        """
        if placed.if_sure is None:
            return self._resolved(ident, min(placed.certainty, of_route))
        found = self._resolved(ident, min(placed.if_sure, of_route))
        if not isinstance(found, Resolved | Own):
            return found
        certainty = min(found.certainty, placed.certainty)
        least = self.subject.least
        if isinstance(found, Own) or certainty >= least or found.certainty < least:
            return replace(found, certainty=certainty)
        del self.trace[-1]  # the whole reason of what is not decided
        self.note("datum-missing", datum=placed.missing[0])
        return self._undetermined("inferred", (found.institution,), placed.missing)

    def _of_file(self, holders: list[Said], route: Route) -> Resolution:
        ids = ids_of([s for s in holders if len(s.ids) == 1] or holders)
        if len(ids) > 1:
            return self._undetermined("several", ids, ("institution",))
        return self._resolved(ids[0], route.certainty)

    def _agree(self, said: Said, placed: Placed, of_route: Certainty) -> Resolution:
        """Place and name together: several is settled, and what they contradict is a conflict.

        Where the SED names the very id the name decides, as it does without any place, and rows
        of the place that are less sure count as not used. Else the place picks the body's id.
        Where the address is in doubt it is asked for, since it may be what is wrong.
        """
        directory, holder = self.tables.directory, said.institution
        bodies = {
            i.body: ident for ident in placed.candidates if (i := directory.institution(ident))
        }
        if holder.body not in bodies:
            self.note("contradicted-by-name", institution=placed.candidates[0], named=holder.id)
            candidates = (*placed.candidates, holder.id)
            if placed.if_sure is None or min(placed.if_sure, of_route) < self.subject.least:
                return self._undetermined("conflict", candidates)
            self.note("datum-missing", datum=placed.missing[0])
            return self._undetermined("conflict", candidates, placed.missing)
        self.note("confirmed-by-name", institution=bodies[holder.body])
        if said.ids != (bodies[holder.body],):
            return self._of_one_place(bodies[holder.body], placed, of_route)
        if placed.certainty < of_route:
            del self.rules[1:]
            self.where = None
        return self._resolved(bodies[holder.body], of_route)

    # -- the result -------------------------------------------------------------------------

    def _resolved(self, ident: str, certainty: Certainty) -> Resolution:
        """Existing on both days, its own row counted in; a merged one leads to its successor."""
        directory = self.tables.directory
        received_on, decided_on = self.subject.received_on, self.subject.decided_on
        current = on_receipt = directory.successor_on(ident, received_on)
        if decided_on != received_on:
            current = directory.successor_on(ident, decided_on)
        if on_receipt is None or current is None or not current.id:
            self.note("institution-ended", institution=ident)
            return self._undetermined("institution-unusable", (ident,))
        if current.id != ident:
            self.note("successor", institution=ident, successor=current.id)
        if current.test != self.subject.test_ids:
            self.note("institution-named-test", institution=current.id)
            return self._undetermined("institution-unusable", (current.id,))
        self.note("institution-certainty", institution=current.id, certainty=current.certainty.code)
        certainty = min(certainty, current.certainty, self._competence(current.id))
        self._because(current)
        why = (tuple(self.trace), tuple(dict.fromkeys(self.rules)))
        if self._is_ours(current):
            return Own(current.id, certainty, *why)
        return Resolved(current.id, certainty, *why, self.accepted)

    def _is_ours(self, institution: Institution) -> bool:
        """Compared by body: an institution may have several ids."""
        for ident in self.subject.own:
            known = self.tables.directory.institution(ident)
            if ident == institution.id or (known is not None and known.body == institution.body):
                return True
        return False

    def _because(self, institution: Institution) -> None:
        """The whole reason as one step: what led where, by which row since when."""
        rule, since = self.applied
        place = {}
        if self.where is not None:
            place["datum"], place["area"] = self.where
        self.note(
            "resolved-by-place" if place else "resolved-by-rule",
            rule=rule,
            since=since,
            buc=self.subject.buc,
            institution=institution.id,
            label=institution.name,
            **place,
        )

    def _competence(self, ident: str) -> Certainty:
        """What the directory says of the BUC. A missing row is a remark; a "no" is for a person.

        So is a missing row once the IR has told what the institution handles.
        """
        row = self.tables.directory.competence(
            ident, self.subject.buc, self.subject.role, self.subject.received_on
        )
        if row is None and self.tables.directory.synchronised(ident, self.subject.received_on):
            self.note("competence-not-told", institution=ident, buc=self.subject.buc)
            return Certainty.INFERRED
        if row is None:
            self.note("competence-unlisted", institution=ident, buc=self.subject.buc)
            return Certainty.CONFIRMED
        if not row.eessi_ready:
            self.note("competence-denied", institution=ident, buc=self.subject.buc)
            return Certainty.INFERRED
        self.note(
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


def _person(match: Match) -> str:
    """Whom the rows that apply or may apply look at; the main person when they differ."""
    if match.route is not None:
        return match.route.person
    persons = {row.person for row in match.possible}
    return persons.pop() if len(persons) == 1 else ANY


def _whatever_the_scheme(route: Route | None) -> bool:
    """True for a row that asks nothing of the scheme: two schemes are no conflict for it."""
    return route is not None and route.scheme == EVERY and not route.assumed
