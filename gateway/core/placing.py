"""Which institution a place points to: the residence, the employer, the place of work."""

from typing import Final, NamedTuple

from gateway.core.evidence import About, Address, AddressKind
from gateway.core.subject import FAMILY, HOUSEHOLD, Underway
from ir_directory import Certainty, Located, is_business
from routing_tables import ANY, ByPlace, Route

_KINDS: Final = {"work": AddressKind.WORK, "employer": AddressKind.EMPLOYER}
"""Place of a target -> addresses that tell it; any other place is where the person lives."""

_TYPE_OF_PENSION: Final = "/typePension"
_OLD_AGE: Final = "01"
"""Its code for old age; 02 is invalidity, 03 to 05 are of survivors (ADR 0018)."""

_ONE: Final = {about: frozenset({about}) for about in About}
_DECEASED: Final = frozenset({About.DECEASED, About.INSURED})
"""A SED about a death calls the deceased the insured person, too."""


class Placed(NamedTuple):
    """What a place tells."""

    candidates: tuple[str, ...] = ()
    certainty: Certainty = Certainty.CONFIRMED
    missing: tuple[str, ...] = ()
    """What would tell, when it is not one institution, or an address is in doubt."""
    if_sure: Certainty | None = None
    """Where an address is in doubt, and can be asked for: what its rows would be worth if it were
    right."""
    each: bool = False
    """Each candidate is the one of another person."""


class Placing(Underway):
    """The part of a resolution that looks at addresses."""

    __slots__ = ()

    def abouts(self, person: str) -> frozenset[About]:
        """Whose addresses count for a row that looks at this person."""
        main = self.subject.evidence.subject_about
        if person == ANY:
            return _ONE[main]
        if person == HOUSEHOLD:
            return FAMILY | {main}
        return _DECEASED if person == About.DECEASED else _ONE[About(person)]

    def residences(self, person: str) -> tuple[list[Address], frozenset[str]]:
        """Where the person of a row lives, and in which countries."""
        known = self.homes.get(person)
        if known is None:
            abouts = self.abouts(person)
            found = [
                address
                for address in self.subject.evidence.addresses
                if address.kind is AddressKind.RESIDENCE and address.about in abouts
            ]
            known = self.homes[person] = (found, frozenset([a.country for a in found]))
        return known

    def residence_country(self, person: str) -> str | None:
        """The country of residence, when it is one."""
        _, countries = self.residences(person)
        return next(iter(countries)) if len(countries) == 1 else None

    def _unsettled(self, route: Route) -> bool:
        """Whether one and the same person is said to live in more than one country.

        A household may: but not its main person, whose address is the one that can be asked for.
        """
        homes, countries = self.residences(route.person)
        if route.person != HOUSEHOLD:
            return len(countries) > 1
        main = self.subject.evidence.subject_about
        return len({a.country for a in homes if a.about is main}) > 1

    def lives_abroad(self, route: Route, target: ByPlace) -> bool:
        """Then a file held in France stays where it is, whatever the pole of the country."""
        _, countries = self.residences(route.person)
        of_person = target.place in {"residence", "country"}
        return of_person and bool(countries) and "FR" not in countries

    def place(self, route: Route, target: ByPlace) -> Placed:
        """Institutions of the place that the row names, and what is missing to know one."""
        match target.place:
            case "named":
                return Placed(missing=("institution",))
            case "country":
                return self._by_country(route, target.networks[0])
            case "home" | "residence" if self._only_the_file_tells(route, target):
                return self._lacking("institution", route)
            case "work" | "employer":
                kind = _KINDS[target.place]
                addresses = [a for a in self.subject.evidence.addresses if a.kind is kind]
            case _:
                elsewhere = self._abroad(route, target)
                if elsewhere is not None:
                    return elsewhere
                addresses, _ = self.residences(route.person)
        french = [a for a in addresses if a.country == "FR"]
        if not french:
            return self._lacking(target.place, route)
        return self._located(french, route, target)

    def _lacking(self, datum: str, route: Route) -> Placed:
        datum = self.datum(datum, route.person)
        self.note("datum-missing", datum=datum)
        return Placed(missing=(datum,))

    def _only_the_file_tells(self, route: Route, target: ByPlace) -> bool:
        """Of whoever lives abroad, where the row says so, or has another pension than of old age:
        that is not paid by whom the row looks up. And of one of whom a survivor claims: where the
        deceased lived is no longer anybody's residence.
        """
        home = target.place == "home"
        elsewhere = home and (not self._lives_in_france(route) or self._is_of_another_pension())
        return elsewhere or self._is_the_deceaseds(route)

    def _is_of_another_pension(self) -> bool:
        """Whether an invalidity or a survivor's pension, or one without a code, is stated."""
        return any(
            said.element.endswith(_TYPE_OF_PENSION) and said.value != _OLD_AGE
            for said in self.subject.evidence.stated
        )

    def _is_the_deceaseds(self, route: Route) -> bool:
        """Whether a survivor claims, and the row looks at where the main person lived."""
        evidence = self.subject.evidence
        if route.person != ANY:
            return False
        if evidence.claimant is not None:
            return True
        claims = evidence.subject_about is not About.CLAIMANT
        return claims and About.CLAIMANT in [a.about for a in evidence.addresses]

    def _lives_in_france(self, route: Route) -> bool:
        return self.residence_country(route.person) == "FR"

    def _abroad(self, route: Route, target: ByPlace) -> Placed | None:
        """What a residence abroad tells; None when the person lives in France or it is unknown."""
        _, countries = self.residences(route.person)
        if self._unsettled(route):
            return self._lacking("residence", route)
        if not countries or "FR" in countries:
            return None
        if len(countries) > 1:
            return self._lacking("institution", route)
        return self._by_country(route, target.networks[0])

    def _located(self, addresses: list[Address], route: Route, target: ByPlace) -> Placed:
        found: set[str] = set()
        of_person: dict[About, set[str]] = {}
        certainty = if_sure = Certainty.CONFIRMED
        doubted: set[About] = set()
        for address in addresses:
            located = self._locate(address, target)
            found |= set(located.candidates)
            of_person.setdefault(address.about, set()).update(located.candidates)
            certainty = min(certainty, located.certainty)
            sure = located.if_sure
            if sure is not None:
                doubted.add(address.about)
            if_sure = min(if_sure, located.certainty if sure is None else sure)
        datum = self._of_address(addresses, route, target, known=bool(found))
        if len(found) > 1 and all(len(theirs) == 1 for theirs in of_person.values()):
            return Placed(tuple(sorted(found)), certainty, each=True)
        if doubted and self._can_tell(doubted, route):
            return Placed(tuple(sorted(found)), certainty, (datum,), if_sure)
        missing = (datum,) if len(found) != 1 else ()
        return Placed(tuple(sorted(found)), certainty, missing)

    def _locate(self, address: Address, target: ByPlace) -> Located:
        """The institutions of one address, and what is to be said about it."""
        network = target.networks[0]
        located = self.tables.directory.area_candidates(
            network, address.postcode or "", address.town, self.subject.received_on
        )
        area = " ".join(located.areas[:3])
        if len(located.candidates) == 1:
            self.note(
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
            self.note("area-ambiguous", network=network, area=area, count=count)
        else:
            self.note("area-unknown", network=network)
        if _place_of(target) == "residence" and is_business(address.town):
            located = _of_an_office(located)
        if located.if_sure is not None:
            self.note("address-in-doubt")
        return located

    def _of_address(
        self, addresses: list[Address], route: Route, target: ByPlace, *, known: bool
    ) -> str:
        """What is asked for where addresses do not tell: of a home half known its town, with its
        postcode. Where the main person lives abroad, as is known, only who has the file can.
        """
        if target.place not in {"residence", "home"}:
            return self.datum(target.place, route.person)
        if route.person == HOUSEHOLD and self._main_person_is_not_among(addresses):
            return self.datum("institution", route.person)
        half = known or bool(addresses[0].town and not addresses[0].postcode)
        town = half and len(addresses) == 1
        return self.datum("town" if town else "residence", route.person)

    def _main_person_is_not_among(self, french: list[Address]) -> bool:
        """Whether the main person's residence is known, and is none of these."""
        main = self.subject.evidence.subject_about
        homes, _ = self.residences(HOUSEHOLD)
        return any(a.about is main for a in homes) and all(a.about is not main for a in french)

    def _can_tell(self, doubted: set[About], route: Route) -> bool:
        """Whether the answer to a question is about those whose addresses are in doubt.

        Of a household the main person's address is what is asked for.
        """
        return route.person != HOUSEHOLD or doubted == {self.subject.evidence.subject_about}

    def _by_country(self, route: Route, network: str) -> Placed:
        country = self.residence_country(route.person)
        if country is None:
            return self._lacking("residence", route)
        row = self.tables.directory.catchment(
            network, insee=None, department=None, country=country, on=self.subject.received_on
        )
        if row is None:
            return self._lacking("institution", route)
        self.note(
            "area-matched",
            network=network,
            area=row.area,
            institution=row.institution,
            certainty=row.certainty.code,
        )
        self.rules.append(f"{network}:{row.area}")
        self.where = ("residence", row.area)
        return Placed((row.institution,), row.certainty)


def _of_an_office(located: Located) -> Located:
    """A residence with a business postcode: somebody's office, who lives there or elsewhere."""
    sure = located.certainty if located.if_sure is None else located.if_sure
    return located._replace(certainty=Certainty.INFERRED, if_sure=sure)


def _place_of(target: ByPlace) -> str:
    """The datum that the place of a target is: a home is a residence."""
    return "residence" if target.place == "home" else target.place
