"""A SED to Evidence: the facts in it that can tell which institution is competent.

The person sits at other paths in every sector, but the blocks are the same everywhere
(`EESSIPersonType`, `EESSIAddressWorldType`, `EESSILocalCaseNumberType`, `EESSIInstitutionType`;
CDM 4.4 common types). So one walk looks for the shapes, and two tables of element names say
whose block it is and what kind of address. Free text is never read.
"""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, TypeVar

from lxml import etree

_Fact = TypeVar("_Fact")


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


@dataclass(frozen=True, slots=True)
class Pin:
    """A personal identification number given by a country's institution."""

    about: About
    country: str
    number: str


@dataclass(frozen=True, slots=True)
class Named:
    """An institution that the SED itself names."""

    about: About
    where: Where
    country: str
    """Country of the number beside it, else the one in the id, else empty."""
    id: str | None
    name: str | None


@dataclass(frozen=True, slots=True)
class Organisation:
    """An employer or debtor that is no person (CDM 4.4 `EESSIOrganisationType`)."""

    about: About
    name: str
    numbers: tuple[tuple[str, str], ...]
    """(code of `EESSIOrganisationIdentificationNumberType`, number)."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """All facts of one SED. Everything here is personal data: bodies and evidence only."""

    subject: Person | None = None
    """The SED's main person; None when it has none, or says too little about that one."""
    subject_about: About = About.INSURED
    several: bool = False
    """More than one person in the main person's place, as in bulk SEDs."""
    employer: Organisation | None = None
    """The organisation that the case is about, when it is about no person."""
    addresses: tuple[Address, ...] = ()
    pins: tuple[Pin, ...] = ()
    named: tuple[Named, ...] = ()
    populations: frozenset[str] = frozenset()
    """`employee`, `self-employed`: from coded blocks of A SEDs only."""
    prose: bool = False
    """An answer that holds free text (H002, X013): a person must read it."""


_ABOUT: Final[dict[str, About]] = {
    "InsuredPerson": About.INSURED,
    "PleaseFillInDetailsMainInsuredPerson": About.INSURED,
    "AddressMainInsuredPerson": About.INSURED,
    "InsuredPersonDetails": About.INSURED,
    "Claimant": About.CLAIMANT,
    "ClaimantSurvivorPension": About.CLAIMANT,
    "ClaimantBenefitDetails": About.CLAIMANT,
    "Spouse": About.FAMILY_MEMBER,
    "Children": About.FAMILY_MEMBER,
    "Child": About.FAMILY_MEMBER,
    "ClaimantChildren": About.FAMILY_MEMBER,
    "FamilyMember": About.FAMILY_MEMBER,
    "FamilyMembers": About.FAMILY_MEMBER,
    "InformationSpouseOrPartner": About.FAMILY_MEMBER,
    "InformationChildren": About.FAMILY_MEMBER,
    "InformationChild": About.FAMILY_MEMBER,
    "ChildForWhomThisDecisionApplies": About.FAMILY_MEMBER,
    "Debtor": About.DEBTOR,
    "Beneficiary": About.DEBTOR,
    "DeceasedPerson": About.DECEASED,
    "InsuredPersonDeathDetails": About.DECEASED,
    "ThirdParty": About.OTHER,
    "OtherPerson": About.OTHER,
    "OtherPersons": About.OTHER,
    "InformationOtherPersons": About.OTHER,
    "PleaseFillInWhenCaseConcernsAnEmployer": About.OTHER,
    "InformationRepresentativeLegalGuardian": About.OTHER,
    "Representative": About.OTHER,
    "BankInformation": About.OTHER,
    "InformationPayment": About.OTHER,
    "RequestAddress": About.OTHER,
    "NotificationChangeInCircumstances": About.OTHER,
    "AdditionalInformationDecision": About.OTHER,
}
"""Element name -> whose block begins there; the innermost name wins."""

_FAMILY: Final = re.compile(r"StatusFamilyMember|PleaseFillIn.*ConcernsFamily.*")
"""Blocks with the insured person; the person outside of them is a member of the family."""

_SUBJECTS: Final = (About.DEBTOR, About.INSURED, About.CLAIMANT, About.DECEASED)
"""Who can be the main person beside the one without a block, best first."""

_EMPLOYERS: Final = frozenset(
    {
        "Employer",
        "IdentificationEmployer",
        "EmployerContext",
        "EmployerInHostCountryIfRelevant",
        "EmployerPostingUndertaking",
        "EmployedActivity",
        "SelfEmployedActivity",
        "SelfEmployment",
        "IdentificationSelfEmployment",
    }
)
_WORK: Final = frozenset(
    {"PlaceWork", "PlacesWork", "LastPlaceWork", "CountriesWork", "PlaceWorkInHostCountry"}
)
_NO_ADDRESS: Final = frozenset(
    {"PlaceBirth", "PlaceDeath", "BankAddress", "CompetentInstitution", "BankDetails", "Provider"}
)
_UNTOLD: Final = frozenset({"Address", "AddressDetail"})
"""Names that do not tell what an address is; those around them may."""

_HOME: Final = re.compile(
    r"AddressPerson|PersonAddress|AddressOfPerson.*|AddressPersonForWhom.*"
    r"|AddressMainInsuredPerson|AdditionalInformationPerson|InsuredPerson|CurrentAddressPerson"
    r"|StateResidence"
)
"""Containers whose address is where the person lives, in SEDs that have no type beside it."""

_TYPED: Final = frozenset({"AddressPerson", "AddressesPerson", "AddressesChild"})
"""Around an `AddressPerson`: its addresses have a type, and one without it tells nothing."""

_KINDS: Final = {
    "01": AddressKind.RESIDENCE,
    "02": AddressKind.STAY,
    "03": AddressKind.CONTACT,
}
_COMPETENT: Final = re.compile(r"CompetentInstitution.*|DebtorInstitution|IDDebtorInstitution")
_PROSE: Final = frozenset(
    {"theFollowingInformation", "theFollowingDocument", "clarification", "reasons"}
)
_POPULATIONS: Final = {
    "IdentificationEmployer": "employee",
    "IdentificationEmployers": "employee",
    "IdentificationSelfEmployment": "self-employed",
}


def identity(person: Person | None) -> tuple[str, ...]:
    """By what the same person is known when named twice; nobody is like nobody."""
    if person is None:
        return ()
    names = (person.family_name.casefold(), person.forename.casefold())
    return (*names, person.date_birth.isoformat())


def extract(sed: etree._Element) -> Evidence:
    """All facts of a SED, in document order. Total: what is not understood is left out."""
    names = {str(element.tag) for element in sed.iter("*")}
    family = any(_FAMILY.fullmatch(name) for name in names)
    main = About.FAMILY_MEMBER if family else About.INSURED
    walk = _Walk(main)
    walk.visit(sed, _Context(main, None, (), other="OtherPerson" in names))
    return walk.evidence()


@dataclass(frozen=True, slots=True)
class _Context:
    """Where the walk stands."""

    about: About
    place: AddressKind | None
    """Employer or work, inside such a block."""
    path: tuple[str, ...]
    other: bool = False
    """The SED also has a person who is not the main one, beside addresses of either."""

    def inside(self, name: str) -> "_Context":
        place = self.place
        if name in _EMPLOYERS:
            place = AddressKind.EMPLOYER
        elif name in _WORK:
            place = AddressKind.WORK
        return _Context(self._about(name), place, (*self.path, name), self.other)

    def _about(self, name: str) -> About:
        """The debtor of an R SED keeps being the debtor, whatever he is called inside."""
        if self.about is About.DEBTOR and name != "OtherPersons":
            if name == "InsuredPersonDetails" and self.path[-1] != "InsuredPerson":
                return About.INSURED
            beside = name == "BeneficiaryDetails" and self.path[-1] != "Beneficiary"
            return About.OTHER if beside else About.DEBTOR
        if name == "CurrentAddressPerson" and self.other:
            return About.OTHER
        return _ABOUT.get(name, self.about)


class _Walk:
    """Collects facts while going down the tree."""

    def __init__(self, main: About) -> None:
        self._main = main
        self._people: list[tuple[About, Person | None]] = []
        self._employers: list[Organisation] = []
        self._addresses: list[Address] = []
        self._pins: list[Pin] = []
        self._named: list[Named] = []
        self._populations: set[str] = set()
        self._prose = False

    def visit(self, element: etree._Element, context: _Context) -> None:
        children = [(str(child.tag), child) for child in element.iterchildren("*")]
        self._look(element, dict(children), context)
        for name, child in children:
            if len(child):
                self.visit(child, context.inside(name))

    def _look(
        self, element: etree._Element, children: dict[str, etree._Element], context: _Context
    ) -> None:
        name = str(element.tag)
        self._prose = self._prose or not _PROSE.isdisjoint(children)
        if name in _POPULATIONS:
            self._populations.add(_POPULATIONS[name])
        if "familyName" in children and "dateBirth" in children:
            self._person(children, context)
        elif "town" in children and "country" in children:
            self._address(element, children, context)
        elif "personalIdentificationNumber" in children:
            self._pin(children, context)
        elif "caseNumber" in children:
            self._case_number(children, context)
        elif "name" in children and name in _EMPLOYERS:
            self._organisation(element, context)
        elif "institutionID" in children and _COMPETENT.fullmatch(name):
            self._institution(element, Where.COMPETENT, "", context)

    def _person(self, children: dict[str, etree._Element], context: _Context) -> None:
        """Somebody; None where the block says too little to name the person abroad."""
        try:
            born = date.fromisoformat(_value(children.get("dateBirth")) or "")
        except ValueError:
            self._people.append((context.about, None))
            return
        family, given = _value(children.get("familyName")), _value(children.get("forename"))
        sex = _value(children.get("sex")) or "98"
        person = Person(family, given, born, sex) if family and given else None
        self._people.append((context.about, person))

    def _address(
        self, element: etree._Element, children: dict[str, etree._Element], context: _Context
    ) -> None:
        country = _value(children.get("country"))
        if not country or not _NO_ADDRESS.isdisjoint(context.path):
            return
        self._addresses.append(
            Address(
                context.about,
                context.place or _kind(element, context.path),
                country,
                _value(children.get("postalCode")),
                _value(children.get("town")),
            )
        )

    def _pin(self, children: dict[str, etree._Element], context: _Context) -> None:
        country = _value(children.get("country")) or ""
        number = _value(children.get("personalIdentificationNumber"))
        if number:
            self._pins.append(Pin(context.about, country, number))
        if "Institution" in children:
            self._institution(children["Institution"], Where.PIN, country, context)

    def _case_number(self, children: dict[str, etree._Element], context: _Context) -> None:
        if "Institution" in children:
            country = _value(children.get("country")) or ""
            self._institution(children["Institution"], Where.LOCAL_CASE_NUMBER, country, context)

    def _institution(
        self, element: etree._Element, where: Where, country: str, context: _Context
    ) -> None:
        ident = _value(element.find("institutionID"))
        name = _value(element.find("institutionName"))
        if ident or name:
            country = country or (ident or "").partition(":")[0]
            self._named.append(Named(context.about, where, country, ident, name))

    def _organisation(self, element: etree._Element, context: _Context) -> None:
        numbers = tuple(
            (_value(item.find("type")) or "", _value(item.find("number")) or "")
            for item in element.iterfind("IdentificationNumbers/IdentificationNumber")
        )
        self._employers.append(
            Organisation(context.about, _value(element.find("name")) or "", numbers)
        )

    def evidence(self) -> Evidence:
        about, subject, several = self._subject()
        return Evidence(
            subject=subject,
            subject_about=about,
            several=several,
            employer=self._employers[0] if self._employers else None,
            addresses=_unique(self._addresses),
            pins=_unique(self._pins),
            named=_unique(self._named),
            populations=frozenset(self._populations),
            prose=self._prose,
        )

    def _subject(self) -> tuple[About, Person | None, bool]:
        """Whom the SED is about, the first one of them, and whether there are others."""
        ranks = dict.fromkeys((*_SUBJECTS[:1], self._main, *_SUBJECTS))
        for about in ranks:
            people = [person for theirs, person in self._people if theirs is about]
            if people:
                return about, people[0], len({identity(p) for p in people}) > 1
        return self._main, None, False


def _kind(element: etree._Element, path: tuple[str, ...]) -> AddressKind:
    """The coded type beside the address, else what the names of its containers say."""
    for holder in (element, element.getparent()):
        if holder is not None:
            for name in ("type", "typeAddress"):
                code = _value(holder.find(name))
                if code is not None:
                    return _KINDS.get(code, AddressKind.UNKNOWN)
    around = [name for name in path if name not in _UNTOLD] or [""]
    if around[-1] == "AddressPerson" and not _TYPED.isdisjoint(around[-2:-1]):
        return AddressKind.UNKNOWN
    return AddressKind.RESIDENCE if _HOME.fullmatch(around[-1]) else AddressKind.UNKNOWN


def _value(element: etree._Element | None) -> str | None:
    """The text of a plain field, or the first `value` of a coded one."""
    if element is None:
        return None
    text = element.findtext("value") if len(element) else element.text
    return text.strip() or None if text else None


def _unique(facts: list[_Fact]) -> tuple[_Fact, ...]:
    return tuple(dict.fromkeys(facts))
