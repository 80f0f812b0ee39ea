"""Which institution a place points to: the residence, the employer, the place of work."""

from dataclasses import dataclass
from typing import Final

from gateway.core.evidence import About, Address, AddressKind
from gateway.core.subject import FAMILY, HOUSEHOLD, Underway
from ir_directory import Certainty
from routing_tables import ANY, ByPlace, Route

_KINDS: Final = {"work": AddressKind.WORK, "employer": AddressKind.EMPLOYER}
"""Place of a target -> addresses that tell it; any other place is where the person lives."""


@dataclass(frozen=True, slots=True)
class Placed:
    """What a place tells."""

    candidates: tuple[str, ...] = ()
    certainty: Certainty = Certainty.CONFIRMED
    missing: tuple[str, ...] = ()
    """What would tell, when it is not one institution."""


class Placing(Underway):
    """The part of a resolution that looks at addresses."""

    __slots__ = ()

    def abouts(self, person: str) -> frozenset[About]:
        """Whose addresses count for a row that looks at this person."""
        main = self.subject.evidence.subject_about
        if person == HOUSEHOLD:
            return FAMILY | {main}
        return frozenset({main if person == ANY else About(person)})

    def residences(self, person: str) -> list[Address]:
        """Where the person of a row lives; several when the SED says several."""
        abouts = self.abouts(person)
        return [
            address
            for address in self.subject.evidence.addresses
            if address.kind is AddressKind.RESIDENCE and address.about in abouts
        ]

    def residence_country(self, person: str) -> str | None:
        """The country of residence, when it is one."""
        countries = {a.country for a in self.residences(person)}
        return countries.pop() if len(countries) == 1 else None

    def lives_abroad(self, route: Route, target: ByPlace) -> bool:
        """Then a file held in France stays where it is, whatever the pole of the country."""
        countries = {a.country for a in self.residences(route.person)}
        of_person = target.place in {"residence", "country"}
        return of_person and bool(countries) and "FR" not in countries

    def place(self, route: Route, target: ByPlace) -> Placed:
        """Institutions of the place that the row names, and what is missing to know one."""
        match target.place:
            case "named":
                return Placed(missing=("institution",))
            case "country":
                return self._by_country(route, target.networks[0])
            case "home" if not self._lives_in_france(route):
                self.note("datum-missing", datum="institution")
                return Placed(missing=("institution",))
            case "work" | "employer":
                kind = _KINDS[target.place]
                addresses = [a for a in self.subject.evidence.addresses if a.kind is kind]
            case _:
                elsewhere = self._abroad(route, target)
                if elsewhere is not None:
                    return elsewhere
                addresses = self.residences(route.person)
        french = [a for a in addresses if a.country == "FR"]
        if not french:
            self.note("datum-missing", datum=target.place)
            return Placed(missing=(target.place,))
        return self._located(french, target)

    def _lives_in_france(self, route: Route) -> bool:
        return self.residence_country(route.person) == "FR"

    def _abroad(self, route: Route, target: ByPlace) -> Placed | None:
        """What a residence abroad tells; None when the person lives in France or it is unknown."""
        countries = {a.country for a in self.residences(route.person)}
        if len(countries) > 1 and route.person != HOUSEHOLD:
            self.note("datum-missing", datum="residence")
            return Placed(missing=("residence",))
        if not countries or "FR" in countries:
            return None
        if len(countries) > 1:
            self.note("datum-missing", datum="institution")
            return Placed(missing=("institution",))
        return self._by_country(route, target.networks[0])

    def _located(self, addresses: list[Address], target: ByPlace) -> Placed:
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
        if len(found) == 1:
            return Placed(tuple(found), certainty)
        lives = target.place in {"residence", "home"}
        town = lives and len(addresses) == 1 and bool(found)
        datum = "town" if town else "residence" if lives else target.place
        return Placed(tuple(sorted(found)), certainty, (datum,))

    def _by_country(self, route: Route, network: str) -> Placed:
        country = self.residence_country(route.person)
        if country is None:
            self.note("datum-missing", datum="residence")
            return Placed(missing=("residence",))
        row = self.tables.directory.catchment(
            network, insee=None, department=None, country=country, on=self.subject.received_on
        )
        if row is None:
            self.note("datum-missing", datum="institution")
            return Placed(missing=("institution",))
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


def _place_of(target: ByPlace) -> str:
    """The datum that the place of a target is: a home is a residence."""
    return "residence" if target.place == "home" else target.place
