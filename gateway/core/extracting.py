"""A SED to Evidence: the walk that finds the facts.

The person sits at other paths in every sector, but the blocks are the same everywhere
(`EESSIPersonType`, `EESSIAddressWorldType`, `EESSILocalCaseNumberType`, `EESSIInstitutionType`;
CDM 4.4 common types). So one walk looks for the shapes, and two tables of element names say
whose block it is and what kind of address. Free text is never read.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import takewhile
from typing import Any, Final, TypeVar

from lxml import etree

from gateway.core.evidence import (
    OVERSEAS,
    About,
    Address,
    AddressKind,
    Claims,
    Evidence,
    Named,
    Organisation,
    Person,
    Pin,
    Stated,
    Where,
    identity,
)
from gateway.core.stating import MOST_STATED, stated

_Fact = TypeVar("_Fact")
_Counts = Callable[[Any], bool]
"""Whether what stands in an element counts."""

MOST_TOLD_APART: Final = 100
MOST_FACTS: Final = 2_000
"""Persons of one SED, and facts in it, that are kept apart; beyond, it is a crowd."""

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
    "HeirsOrWillExecutorsDetails": About.OTHER,
    "BankruptcyOrLiquidationDetails": About.OTHER,
    "RequestAddress": About.OTHER,
    "NotificationChangeInCircumstances": About.OTHER,
    "AdditionalInformationDecision": About.OTHER,
}
"""Element name -> whose block begins there; the innermost name wins."""

_KIN: Final = re.compile(r"Spouse|Partner(?!ship)|Child")
"""In the name of a block that is not known: a member of the family's, for all that one can tell.

Not all trees of P and F SEDs are public, and what is beside `InsuredPersonBenefitDetails` there is
not the insured person's.
"""
_CLAIMS: Final = re.compile(r"Claimant[A-Z]")
"""At its beginning: the claimant's."""

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
    r"|StateResidence|PlaceResidencePersonConcerned"
)
"""Containers whose address is where the person lives, in SEDs that have no type beside it."""

_TYPED: Final = frozenset({"AddressPerson", "AddressesPerson", "AddressesChild"})
"""Around an `AddressPerson`: its addresses have a type, and one without it tells nothing."""

_KINDS: Final = {
    "01": AddressKind.RESIDENCE,
    "02": AddressKind.STAY,
    "03": AddressKind.CONTACT,
}
_RECOVERY: Final = "05"
"""Code of the sector of a PIN: recovery (CDM 4.4 `EESSISectorsType`)."""
_COMPETENT: Final = re.compile(r"CompetentInstitution.*|DebtorInstitution|IDDebtorInstitution")
_PROSE: Final = frozenset(
    {
        "theFollowingInformation",
        "theFollowingDocument",
        "clarification",
        "reasons",
        "otherInformation",
    }
)
_POPULATIONS: Final = {
    **dict.fromkeys(
        (
            "Employer",
            "EmployerActivitiesForWhichMoreInfoRequiredInOther",
            "EmployerInMemberStateWhichLegislationApplies",
            "EmployerInOtherMSConcerned",
            "EmployerInOtherMemberStateConcerned",
            "EmployerInPostingState",
            "IdentificationEmployer",
            "IdentificationEmployers",
        ),
        "employee",
    ),
    **dict.fromkeys(
        (
            "IdentificationSelfEmployment",
            "SelfEmployerActivitiesForWhichMoreInfoRequiredIn",
            "SelfEmployment",
        ),
        "self-employed",
    ),
}
"""Blocks of A SEDs that list employers, or own businesses, of the person (CDM 4.4 trees).

In other sectors no block or code with a public meaning tells how somebody works: an employer in
H and R SEDs is whom the case is about, and the codes of an activity are not published.
"""
_COUNT: Final = re.compile(r"\d{1,9}", re.ASCII)
_IN_ANY_SED: Final = _POPULATIONS.keys() - {"Employer", "SelfEmployment"}
"""Without the names that other sectors have for other things."""
_CREW: Final = (
    "flagStatehomeBase",
    "flagStateHomeBase",
    "MoreInformationFor114115",
    "MoreInformationFor114Or115",
)
"""Of articles 11 (4), seafarers, and 11 (5), aircrew; nothing coded says which of them."""
_OF_LEGISLATION: Final = re.compile(r"A\d{3}")
"""SEDs in which those names, too, tell how the person works."""


def extract(sed: etree._Element) -> Evidence:
    """All facts of a SED, in document order. Total: what is not understood is left out."""
    names = {str(element.tag) for element in sed.iter("*")}
    family = any(_FAMILY.fullmatch(name) for name in names)
    main = About.FAMILY_MEMBER if family else About.INSURED
    name = etree.QName(sed).localname
    walk = _Walk(main, name)
    walk.crew = _is_of_legislation(name) and any(map(_says_something, sed.iter(*_CREW)))
    walk.visit(sed, _Context(main, None, (), other="OtherPerson" in names))
    return walk.evidence()


def words(sed: etree._Element) -> tuple[tuple[str, str], ...]:
    """What a SED says in words, for people alone: the path of each element, and its text."""
    texts = (
        (element, " ".join("".join(element.itertext()).split())) for element in sed.iter(*_PROSE)
    )
    return tuple((_path(element, sed), text) for element, text in texts if text)


def _path(element: etree._Element, sed: etree._Element) -> str:
    inside = (above for above in element.iterancestors() if sed in above.iterancestors())
    return "/".join([*reversed([str(above.tag) for above in inside]), str(element.tag)])


@dataclass(frozen=True, slots=True)
class _Context:
    """Where the walk stands."""

    about: About
    place: AddressKind | None
    """Employer or work, inside such a block."""
    path: tuple[str, ...]
    other: bool = False
    """The SED also has a person who is not the main one, beside addresses of either."""
    country: str | None = None
    """Of the places of work inside: A SEDs name it once, above them (`countryWork`)."""

    def inside(self, name: str) -> "_Context":
        place = self.place
        if name in _EMPLOYERS:
            place = AddressKind.EMPLOYER
        elif name in _WORK:
            place = AddressKind.WORK
        return _Context(self._about(name), place, (*self.path, name), self.other, self.country)

    def _about(self, name: str) -> About:
        """The debtor of an R SED keeps being the debtor, whatever he is called inside."""
        if self.about is About.DEBTOR and name != "OtherPersons":
            if name == "InsuredPersonDetails" and self.path[-1] != "InsuredPerson":
                return About.INSURED
            beside = name == "BeneficiaryDetails" and self.path[-1] != "Beneficiary"
            return About.OTHER if beside else About.DEBTOR
        if name == "CurrentAddressPerson" and self.other:
            return About.OTHER
        return _ABOUT.get(name) or self._by_its_name(name)

    def _by_its_name(self, name: str) -> About:
        if self.about is About.OTHER:
            return About.OTHER
        if _CLAIMS.match(name) is not None:
            return About.CLAIMANT
        return About.FAMILY_MEMBER if _KIN.search(name) is not None else self.about


class _Walk:
    """Collects facts while going down the tree, each with the element that it stands in."""

    def __init__(self, main: About, sed: str) -> None:
        self._main = main
        self.crew = False
        self._replies = sed == "H002"
        legislation = _is_of_legislation(sed)
        self._populating = _POPULATIONS.keys() if legislation else _IN_ANY_SED
        self._people: list[tuple[etree._Element, tuple[About, Person | None]]] = []
        self._employers: list[tuple[etree._Element, Organisation]] = []
        self._addresses: list[tuple[etree._Element, Address]] = []
        self._pins: list[tuple[etree._Element, Pin]] = []
        self._named: list[tuple[etree._Element, Named]] = []
        self._populations: list[tuple[etree._Element, str]] = []
        self._claims: Claims | None = None
        self._stated: dict[Stated, None] = {}
        self._prose = False

    def visit(self, element: etree._Element, context: _Context) -> None:
        children = [(str(child.tag), child) for child in element.iterchildren("*")]
        named = dict(children)
        if "countryWork" in named:
            context = replace(context, country=_value(named["countryWork"]))
        if "reimbursementRequestID" in named and "numberIndividualClaims" in named:
            self._claims = self._claims or _claims(named)
        self._look(element, named, context)
        if len(self._stated) < MOST_STATED:
            self._stated |= dict.fromkeys(stated(children, context.about, context.path))
        for name, child in children:
            if len(child):
                self.visit(child, context.inside(name))

    def _look(
        self, element: etree._Element, children: dict[str, etree._Element], context: _Context
    ) -> None:
        name = str(element.tag)
        self._prose = self._prose or not _PROSE.isdisjoint(children)
        if name in self._populating and len(element):
            self._populations.append((element, _POPULATIONS[name]))
        if "familyName" in children and "dateBirth" in children:
            self._people.append((element, (context.about, _person(children))))
        elif "town" in children and ("country" in children or context.country):
            self._address(element, children, context)
        elif "personalIdentificationNumber" in children:
            self._pin(element, children, context)
        elif "caseNumber" in children:
            self._case_number(children, context)
        elif "name" in children and name in _EMPLOYERS:
            self._organisation(element, context)
        elif "institutionID" in children and _COMPETENT.fullmatch(name):
            self._institution(element, Where.COMPETENT, "", context)

    def _address(
        self, element: etree._Element, children: dict[str, etree._Element], context: _Context
    ) -> None:
        country = _value(children.get("country")) or context.country
        if not country or not _NO_ADDRESS.isdisjoint(context.path):
            return
        address = Address(
            context.about,
            context.place or _kind(element, context.path),
            "FR" if country in OVERSEAS else country,
            _postcode(children, country),
            _value(children.get("town")),
            "/".join(context.path),
        )
        self._addresses.append((element, address))

    def _pin(
        self, element: etree._Element, children: dict[str, etree._Element], context: _Context
    ) -> None:
        country = _value(children.get("country")) or ""
        number = _value(children.get("personalIdentificationNumber"))
        if number:
            pin = Pin(context.about, country, number, "/".join(context.path))
            self._pins.append((element, pin))
        if "Institution" in children:
            recovery = self._replies and _value(children.get("sector")) == _RECOVERY
            where = Where.RECOVERY if recovery else Where.PIN
            self._institution(children["Institution"], where, country, context)

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
            path = "/".join(context.path)
            named = Named(context.about, where, country, ident, name, path)
            self._named.append((element, named))

    def _organisation(self, element: etree._Element, context: _Context) -> None:
        numbers = tuple(
            (_value(item.find("type")) or "", _value(item.find("number")) or "")
            for item in element.iterfind("IdentificationNumbers/IdentificationNumber")
        )
        name = _value(element.find("name")) or ""
        self._employers.append(
            (element, Organisation(context.about, name, numbers, "/".join(context.path)))
        )

    # -- whose facts they are ---------------------------------------------------------------

    def evidence(self) -> Evidence:
        about, people = self._main_people()
        subject = next(iter(people.values()))[1] if people else None
        whole = self._of(about, subject)
        if len(people) < 2:
            return replace(whole, claimed_apart=self._claimed_apart(about))
        blocks = [element for element, _ in people.values()]
        places = [place for facts in self._all() for place, _ in facts]
        crowd = len(blocks) > MOST_TOLD_APART or len(places) > MOST_FACTS
        each = [whole] if crowd else self._apart(about, subject, blocks, places)
        others = dict.fromkeys(replace(one, subject=None) for one in each[1:])
        return replace(each[0], several=True, others=tuple(others), stated=whole.stated)

    def _claimed_apart(self, about: About) -> bool:
        claim = {identity(one) for _, (theirs, one) in self._people if theirs is About.CLAIMANT}
        return about is not About.CLAIMANT and len(claim) > 1

    def _main_people(
        self,
    ) -> tuple[About, dict[tuple[str, ...], tuple[etree._Element, Person | None]]]:
        """What the main person is called, and all who are in that place, each once."""
        ranks = dict.fromkeys((*_SUBJECTS[:1], self._main, *_SUBJECTS))
        for about in ranks:
            found: dict[tuple[str, ...], tuple[etree._Element, Person | None]] = {}
            for element, (theirs, person) in self._people:
                if theirs is about:
                    found.setdefault(identity(person), (element, person))
            if found:
                return about, found
        return self._main, {}

    def _all(self) -> Iterator[Sequence[tuple[etree._Element, object]]]:
        yield from (self._people, self._employers, self._addresses, self._pins, self._named)
        yield self._populations

    def _apart(
        self,
        about: About,
        subject: Person | None,
        blocks: Sequence[etree._Element],
        places: Iterable[etree._Element],
    ) -> list[Evidence]:
        """What is known of each person: what stands in his entry of the list, or in none."""
        roots = _entries(blocks)
        known = frozenset(roots)
        entries = {place: _entry_of(place, known) for place in places}

        def counting(root: etree._Element) -> _Counts:
            return lambda place: entries[place] in {None, root}

        return [self._of(about, subject, counting(root)) for root in roots]

    def _of(
        self,
        about: About,
        subject: Person | None,
        counts: _Counts | None = None,
    ) -> Evidence:
        claimants = [
            person
            for theirs, person in _unique(self._people, counts)
            if theirs is About.CLAIMANT and about is not About.CLAIMANT
        ]
        return Evidence(
            subject=subject,
            subject_about=about,
            nameless=subject is None and any(a is not About.OTHER for _, (a, _) in self._people),
            claims=self._claims,
            claimant=claimants[0] if claimants else None,
            employers=_unique(self._employers, counts),
            addresses=_unique(self._addresses, counts),
            pins=_unique(self._pins, counts),
            named=_unique(self._named, counts),
            populations=frozenset(_unique(self._populations, counts)),
            crew=self.crew,
            stated=tuple(self._stated)[:MOST_STATED] if counts is None else (),
            prose=self._prose,
        )


def _is_of_legislation(sed: str) -> bool:
    return _OF_LEGISLATION.fullmatch(sed) is not None


def _says_something(element: etree._Element) -> bool:
    return any(text.strip() for text in element.itertext("*"))


def _entries(blocks: Sequence[etree._Element]) -> list[etree._Element]:
    """Block of a person -> all around it that holds nobody else of them."""
    holds: Counter[etree._Element] = Counter()
    for block in blocks:
        holds.update([block, *block.iterancestors()])
    roots = []
    for block in blocks:
        around = takewhile(lambda e: holds[e] == 1, [block, *block.iterancestors()])
        roots.append(list(around)[-1])
    return roots


def _entry_of(element: etree._Element, roots: frozenset[etree._Element]) -> etree._Element | None:
    """The entry of the list that the element stands in; None beside them all."""
    return next((e for e in (element, *element.iterancestors()) if e in roots), None)


def _person(children: dict[str, etree._Element]) -> Person | None:
    """Somebody; None where the block says too little to name the person abroad."""
    try:
        born = date.fromisoformat(_value(children.get("dateBirth")) or "")
    except ValueError:
        return None
    family, given = _value(children.get("familyName")), _value(children.get("forename"))
    sex = _value(children.get("sex")) or "98"
    return Person(family, given, born, sex) if family and given else None


def _claims(children: dict[str, etree._Element]) -> Claims | None:
    """What a request for reimbursement is called, and how many claims it has."""
    request, number = (
        _value(children[name]) for name in ("reimbursementRequestID", "numberIndividualClaims")
    )
    if request is None or number is None or _COUNT.fullmatch(number) is None:
        return None
    return Claims(request, int(number))


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


def _postcode(children: dict[str, etree._Element], country: str) -> str | None:
    """The postcode; none for one of another part of France than the code of the country says."""
    written = _value(children.get("postalCode"))
    digits = "".join(filter(str.isdigit, written or ""))
    return written if digits.startswith(OVERSEAS.get(country, "")) else None


def _value(element: etree._Element | None) -> str | None:
    """The text of a plain field, or the first `value` of a coded one."""
    if element is None:
        return None
    text = element.findtext("value") if len(element) else element.text
    return text.strip() or None if text else None


def _unique(facts: list[tuple[etree._Element, _Fact]], counts: _Counts | None) -> tuple[_Fact, ...]:
    return tuple(
        dict.fromkeys(fact for element, fact in facts if counts is None or counts(element))
    )
