"""Evidence: the facts of a SED that can tell which institution is competent, and whose they are.

How they are found in a SED is in `extracting`.
"""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

CLAIMANT_RESIDENCE: Final = "claimant-residence"
"""Where the claimant lives, as a datum, in a case about somebody else: a survivor's pension."""

ADDRESS_DATA: Final = frozenset({"residence", "town"})
"""Data about the main person that come back in an address field of H002."""


OVERSEAS: Final = {
    "BL": "97133",
    "GF": "973",
    "GP": "971",
    "MF": "97150",
    "MQ": "972",
    "RE": "974",
    "YT": "976",
}
"""Parts of France that the list of countries has codes of their own for (CDM 4.4
`EESSIWorldCountryType`), and how their postcodes begin; those outside the Regulations are not among
them.
"""


class About(StrEnum):
    """Whose fact it is."""

    INSURED = "insured"
    CLAIMANT = "claimant"
    FAMILY_MEMBER = "family-member"
    DECEASED = "deceased"
    DEBTOR = "debtor"
    EMPLOYER = "employer"
    OTHER = "other"
    """A representative, a third party, a bank: says nothing about competence."""


class AddressKind(StrEnum):
    """What an address is; the codes are those of `EESSIAddressType` (01, 02, 03)."""

    RESIDENCE = "residence"
    STAY = "stay"
    CONTACT = "contact"
    WORK = "work"
    EMPLOYER = "employer"
    UNKNOWN = "unknown"


class Where(StrEnum):
    """In which kind of field an institution was named."""

    LOCAL_CASE_NUMBER = "local-case-number"
    PIN = "pin"
    RECOVERY = "recovery-number"
    """Issuer of a number of the sector recovery, in a reply: an H002 has no case number."""
    COMPETENT = "competent-institution"


@dataclass(frozen=True, slots=True)
class Person:
    """Who a SED is about, as far as an X SED repeats it (CDM 4.4 `EESSIPersonValidationType`)."""

    family_name: str
    forename: str
    date_birth: date
    sex: str


@dataclass(frozen=True, slots=True)
class Address:
    """An address of somebody."""

    about: About
    kind: AddressKind
    country: str
    postcode: str | None
    town: str | None
    element: str = field(default="", compare=False)
    """Path of the element that it was read from; empty when nobody noted it."""


@dataclass(frozen=True, slots=True)
class Pin:
    """A personal identification number given by a country's institution."""

    about: About
    country: str
    number: str
    element: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Named:
    """An institution that the SED itself names."""

    about: About
    where: Where
    country: str
    """Country of the number beside it, else the one in the id, else empty."""
    id: str | None
    name: str | None
    element: str = field(default="", compare=False)


class StatedKind(StrEnum):
    """What is stated beside the facts that decide."""

    BENEFIT = "benefit"
    """The code of a kind of benefit, pension or claim."""
    ACTIVITY = "activity"
    DATE = "date"
    """A day other than one of birth: of a period, a request, a death."""
    CASE_NUMBER = "case-number"
    """The number that a French institution has given the matter."""


@dataclass(frozen=True, slots=True)
class Stated:
    """What a SED states and no row looks at: for a person to read."""

    kind: StatedKind
    about: About
    value: str
    element: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Organisation:
    """An employer or debtor that is no person (CDM 4.4 `EESSIOrganisationType`)."""

    about: About
    name: str
    numbers: tuple[tuple[str, str], ...]
    """(code of `EESSIOrganisationIdentificationNumberType`, number)."""
    element: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Claims:
    """A request for reimbursement: claims of many persons (CDM 4.4 `ReimbursementContext`)."""

    request: str
    number: int
    """How many claims there are."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """All facts of one SED. Everything here is personal data: bodies and evidence only."""

    subject: Person | None = None
    """The SED's main person; None when it has none, or says too little about that one."""
    subject_about: About = About.INSURED
    nameless: bool = False
    """It is about somebody all the same, of whom it says too little."""
    claims: Claims | None = None
    """What a bulk SED is about."""
    claimant: Person | None = None
    """Who claims, when the SED is about somebody else: the survivor in a survivor's pension."""
    claimed_apart: bool = False
    """Several claim, beside the main person: what one of them says is not the others'."""
    several: bool = False
    """More than one person in the main person's place, as in bulk SEDs."""
    others: tuple["Evidence", ...] = ()
    """What is known of the others, each once; empty where they are too many to be told apart."""
    employers: tuple[Organisation, ...] = ()
    """Every employer named, in document order; the case is about the first one when it is about
    no person."""
    addresses: tuple[Address, ...] = ()
    pins: tuple[Pin, ...] = ()
    named: tuple[Named, ...] = ()
    populations: frozenset[str] = frozenset()
    """`employee`, `self-employed`: from coded blocks of A SEDs only."""
    crew: bool = False
    """An A SED that gives a flag state or home base: of a ship, or of an aircraft."""
    stated: tuple[Stated, ...] = ()
    """Benefit, activity, dates, French case numbers; decided on by nobody (see `stating`)."""
    prose: bool = False
    """An answer that holds free text (H002, X013): a person must read it."""

    @property
    def employer(self) -> Organisation | None:
        """The organisation that the case is about, when it is about no person."""
        return self.employers[0] if self.employers and not self.nameless else None


def identity(person: Person | None) -> tuple[str, ...]:
    """By what the same person is known when named twice; nobody is like nobody."""
    if person is None:
        return ()
    names = (person.family_name.casefold(), person.forename.casefold())
    return (*names, person.date_birth.isoformat())
