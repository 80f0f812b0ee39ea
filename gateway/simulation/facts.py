"""What one made-up SED says: the person, the addresses, the employer, the institutions named.

All persons are invented. A French number (NIR) made here has the department of birth `00`, which
does not exist, and a valid key: no person can carry it. A foreign number says that it is one of a
simulation.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from typing import Final

from gateway.simulation.profiles import Country, Place, Profile, Witness

STREETS: Final = ("rue du Lavoir", "chemin des Tilleuls", "rue Neuve", "impasse du Puits")
ROADS: Final = ("Lindenallee", "Main Road", "Calle Nueva", "Via Nuova", "Kerkweg")
CHILD: Final = (3, 17)
ADULT: Final = (22, 58)
RETIRED: Final = (61, 84)


@dataclass(frozen=True, slots=True)
class Person:
    """An invented person."""

    family_name: str
    forename: str
    born: date
    sex: str
    """Code of `EESSISexType`."""
    nationality: str
    numbers: tuple[str, str]
    """The foreign number and the NIR, of which a SED shows what its profile says."""


@dataclass(frozen=True, slots=True)
class Home:
    """An address, and whose or of what kind: empty, `contact`, `spouse`, `main`, `deceased`."""

    role: str
    street: str
    town: str
    postcode: str
    country: str


@dataclass(frozen=True, slots=True)
class Named:
    """An institution in France that the SED names."""

    field: str
    """`file` or `pin`."""
    id: str
    name: str
    number: str


@dataclass(frozen=True, slots=True)
class Employer:
    """A firm with its number; the invented ones begin with 000, which no SIREN does."""

    name: str
    number: str
    home: Home


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that the SED writers need."""

    person: Person
    second: Person
    """Spouse, survivor or main insured person, where the SED has one."""
    homes: tuple[Home, ...]
    employer: Employer | None
    named: tuple[Named, ...]
    extra: dict[str, str]
    sender: str
    sender_id: str
    sender_number: str
    sector: str
    day: date

    @property
    def home(self) -> Home | None:
        """Where the person of the case lives."""
        return next((home for home in self.homes if not home.role), None)

    def of(self, role: str) -> Home | None:
        """The address of somebody else."""
        return next((home for home in self.homes if home.role == role), None)

    def said(self, field: str) -> tuple[Named, ...]:
        """Institutions named in a kind of field."""
        return tuple(named for named in self.named if named.field == field)


@dataclass(slots=True)
class Making:
    """Facts under way, and what they resolve: the one place where `{cpam}` gets its meaning."""

    rng: Random
    witness: Witness
    country: Country
    day: date
    place: Place | None = None
    residence: str = ""
    named_id: str = ""

    def facts(self, profile: Profile, sender_id: str) -> Facts:
        """What the profile tells, with an invented person in it."""
        person = self.person(profile)
        homes = tuple(self.home(told) for told in profile.homes)
        return Facts(
            person=person,
            second=self.relative(person),
            homes=homes,
            employer=self.employer(profile.work) if profile.work else None,
            named=tuple(self.named(told) for told in profile.named),
            extra=profile.extra,
            sender=self.country.code,
            sender_id=sender_id,
            sender_number=f"SIM-{self.rng.randrange(10**7):07d}",
            sector=SECTORS.get(profile.buc.partition("_")[0], "03"),
            day=self.day,
        )

    def answered(self, facts: Facts, answer: str) -> Facts:
        """The same facts with what was missing."""
        told = answer.partition(">")[0]
        if told.startswith("home:"):
            homes = (*(h for h in facts.homes if h.role), self.home(told.removeprefix("home:")))
            return replace(facts, homes=homes)
        return replace(facts, named=(self.named(told),))

    def institution(self, told: str) -> str:
        """The ids that the column means, separated by a bar."""
        return "|".join(filter(None, (self._meant(one) for one in told.split("|"))))

    def _meant(self, told: str) -> str:
        if not told.startswith("{"):
            return told
        name = told.strip("{}")
        if name == "named":
            return self.named_id
        if name == "pole":
            return self.witness.countries[self.residence or self.country.code].pole
        institutions = self.place.institutions if self.place is not None else {}
        return institutions.get(name, "").replace("-", "")

    # -- people -----------------------------------------------------------------------------

    def person(self, profile: Profile) -> Person:
        """Somebody of the age that the BUC is about."""
        ages = CHILD if "child" in profile.extra else ADULT
        if profile.buc in RETIREMENT:
            ages = RETIRED
        return self._somebody(self.country, ages)

    def relative(self, person: Person) -> Person:
        """Somebody with the same family name."""
        other = self._somebody(self.country, ADULT)
        return replace(other, family_name=person.family_name)

    def _somebody(self, country: Country, ages: tuple[int, int]) -> Person:
        rng = self.rng
        woman = rng.random() < 0.5
        born = date(self.day.year - rng.randint(*ages), 1, 1) + timedelta(days=rng.randrange(365))
        return Person(
            family_name=rng.choice(country.families),
            forename=rng.choice(country.women if woman else country.men),
            born=born,
            sex="02" if woman else "01",
            nationality=country.code,
            numbers=(f"SIM{country.code}{rng.randrange(10**9):09d}", nir(rng, born, woman=woman)),
        )

    # -- places -----------------------------------------------------------------------------

    def home(self, told: str) -> Home:
        """An address as the profile tells it; the first in France is the place that counts."""
        role, _, where = ("", "", told) if told.startswith("abroad") else told.rpartition(":")
        return self._abroad(role, where) if where.startswith("abroad") else self._here(role, where)

    def _abroad(self, role: str, where: str) -> Home:
        code = where.partition(":")[2] or self.country.code
        if not role:
            self.residence = code
        town, postcode = self.rng.choice(self.witness.countries[code].towns)
        street = f"{self.rng.choice(ROADS)} {self.rng.randint(1, 120)}"
        return Home(role, street, town, postcode, code)

    def _here(self, role: str, where: str) -> Home:
        place = self.somewhere(where)
        if self.place is None:
            self.place = place
        street = f"{self.rng.randint(1, 120)} {self.rng.choice(STREETS)}"
        return Home(role, street, place.town, place.postcode, "FR")

    def somewhere(self, where: str) -> Place:
        """A place by its name, or any of a kind."""
        one = self.witness.places.get(where)
        return one if one is not None else self.rng.choice(self.witness.kinds[where])

    # -- institutions and employers ---------------------------------------------------------

    def named(self, told: str) -> Named:
        """An institution in a field, by its id and name or by its name alone."""
        field, _, rest = told.partition(":")
        rest, _, where = rest.partition("@")
        ident, _, name = rest.rpartition("/")
        if ident.startswith("{"):
            ids = self.somewhere(where).institutions[ident.strip("{}")]
            ident = ids.partition("|")[0]
        self.named_id = ident
        return Named(field, ident, name, f"{self.rng.randrange(10**10):010d}")

    def employer(self, told: str) -> Employer:
        """A firm at a place."""
        name, _, where = told.partition("@")
        return Employer(name, f"000{self.rng.randrange(10**6):06d}", self.home(f"work:{where}"))


RETIREMENT: Final = frozenset({"P_BUC_01", "P_BUC_02", "P_BUC_06", "P_BUC_07", "P_BUC_10"})
SECTORS: Final = {
    "AW": "01",
    "FB": "02",
    "P": "04",
    "R": "05",
    "S": "06",
    "UB": "07",
}
"""Sector of a BUC to the code of `EESSISectorsType`; all others: 03, all sectors."""


def seeded(key: str) -> Random:
    """A generator of its own for a key: the same key, the same draws."""
    return Random(key)  # noqa: S311 - made-up traffic, repeatable on purpose


def nir(rng: Random, born: date, *, woman: bool) -> str:
    """A French number with a valid key and a department that does not exist."""
    head = f"{2 if woman else 1}{born:%y%m}00{rng.randint(1, 990):03d}{rng.randint(1, 999):03d}"
    return f"{head}{97 - int(head) % 97:02d}"
