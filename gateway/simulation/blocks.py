"""The blocks that SEDs of all sectors share, in the order of CDM 4.4: person, address, periods."""

from datetime import date, timedelta

from gateway.simulation.facts import Facts, Home, Named, Person
from gateway.simulation.markup import coded, tag, text

RESIDENCE, CONTACT = "01", "03"
"""Codes of `EESSIAddressType`."""


def address(name: str, home: Home | None) -> str:
    """An `EESSIAddressWorldType`, or nothing when there is no address to give."""
    if home is None:
        return ""
    return tag(
        name,
        text("street", home.street),
        text("town", home.town),
        text("postalCode", home.postcode),
        coded("country", home.country),
    )


def typed(holder: str, kind: str, inner: str, facts: Facts) -> str:
    """Addresses with their coded type: where the person lives, and where letters go."""
    found = ((home, CONTACT if home.role == "contact" else RESIDENCE) for home in facts.homes)
    return "".join(
        tag(holder, coded(kind, code), address(inner, home))
        for home, code in found
        if home.role in {"", "contact"}
    )


def institution(name: str, ident: str, title: str) -> str:
    """An `EESSIInstitutionType`; old models may carry the name alone."""
    return tag(name, text("institutionID", ident), text("institutionName", title))


def person(facts: Facts) -> str:
    """The content of an `EESSIPersonType`: the person of the case with their numbers."""
    return _identity(facts.person) + tag("PINPersonInEachInstitution", *_numbers(facts))


def somebody(who: Person, facts: Facts) -> str:
    """Another person, with a foreign number."""
    number = _number(who.nationality, who.numbers[0], facts.sector, None)
    return _identity(who) + tag("PINPersonInEachInstitution", number)


def _identity(who: Person) -> str:
    return (
        text("familyName", who.family_name)
        + text("forename", who.forename)
        + text("dateBirth", who.born.isoformat())
        + coded("sex", who.sex)
    )


def context(facts: Facts) -> str:
    """The `CaseContext` of an X SED: the same person, or the same employer."""
    if "employer" in facts.extra:
        return tag("CaseContext", employer("EmployerContext", facts))
    return tag("CaseContext", tag("PersonContext", _identity(facts.person)))


def _numbers(facts: Facts) -> tuple[str, ...]:
    foreign, french = facts.person.numbers
    numbers = [_number(facts.sender, foreign, facts.sector, None)]
    named = facts.said("pin")
    if named:
        numbers += [_number("FR", french, facts.sector, one) for one in named]
    elif "nir" in facts.extra or facts.named:
        numbers.append(_number("FR", french, facts.sector, None))
    return tuple(numbers)


def _number(country: str, number: str, sector: str, named: Named | None) -> str:
    return tag(
        "PersonalIdentificationNumber",
        coded("country", country),
        text("personalIdentificationNumber", number),
        coded("sector", sector),
        institution("Institution", named.id, named.name) if named else "",
    )


def case_numbers(facts: Facts) -> str:
    """`LocalCaseNumbers`: the sender's own, and those of the French institutions named."""
    return tag(
        "LocalCaseNumbers",
        _case_number(facts.sender, facts.sender_number, facts.sender_id, "Sending institution"),
        *(_case_number("FR", one.number, one.id, one.name) for one in facts.said("file")),
    )


def _case_number(country: str, number: str, ident: str, title: str) -> str:
    return tag(
        "LocalCaseNumber",
        coded("country", country),
        text("caseNumber", number),
        institution("Institution", ident, title),
    )


def employer(name: str, facts: Facts) -> str:
    """An `EESSIOrganisationType`: the firm, its number and where it is."""
    firm = facts.employer
    if firm is None:
        return ""
    number = tag("IdentificationNumber", text("number", firm.number), coded("type", "01"))
    return tag(
        name,
        text("name", firm.name),
        tag("IdentificationNumbers", number),
        address("Address", firm.home),
    )


def nationality(facts: Facts) -> str:
    """A nationality, as the blocks about a person want it."""
    return coded("nationality", facts.person.nationality)


def day(facts: Facts, offset: int) -> str:
    """A date so many days from the one on which the SED was made."""
    moved: date = facts.day + timedelta(days=offset)
    return moved.isoformat()


def closed(name: str, facts: Facts, begin: int, end: int) -> str:
    """A period with two ends."""
    return tag(name, text("startDate", day(facts, begin)), text("endDate", day(facts, end)))


def ongoing(name: str, facts: Facts, begin: int, end: int | None = None) -> str:
    """An `EESSIOngoingPeriodType`: closed, or open to an end that is not known."""
    if end is not None:
        return tag(name, closed("FixedPeriod", facts, begin, end))
    start = text("startDate", day(facts, begin))
    return tag(name, tag("OpenPeriod", coded("typeOpenPeriod", "98"), start))


def remark(facts: Facts) -> str:
    """Free text: what the profile puts there, else nothing."""
    prose = facts.extra.get("prose", "")
    return tag("AdditionalInformation", text("additionalInformation", prose))
