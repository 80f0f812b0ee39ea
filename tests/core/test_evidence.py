"""The facts of a SED: whose they are, what kind of address it is, which institution is named."""

from dataclasses import replace
from datetime import date

import pytest
from lxml import etree

from gateway.core.evidence import (
    About,
    Address,
    AddressKind,
    Evidence,
    Named,
    Organisation,
    Person,
    Pin,
    Stated,
    StatedKind,
    Where,
    identity,
)
from gateway.core.extracting import extract, words
from gateway.core.stating import MOST_STATED

ADA = Person("Probe", "Ada", date(1980, 5, 17), "02")
BOB = Person("Essai", "Bob", date(1975, 1, 2), "01")
AIN = "<town>Bourg</town><postalCode>01000</postalCode><country><value>FR</value></country>"
ULM = "<town>Ulm</town><country><value>DE</value></country>"
HOME = AddressKind.RESIDENCE


def facts(inside, sed="S040"):
    return extract(etree.fromstring(f'<s:{sed} xmlns:s="urn:x">{inside}</s:{sed}>'))


def who(person=ADA, more=""):
    return (
        f"<PersonIdentification><familyName>{person.family_name}</familyName>"
        f"<forename>{person.forename}</forename>"
        f"<dateBirth>{person.date_birth}</dateBirth><sex><value>{person.sex}</value></sex>{more}"
        "</PersonIdentification>"
    )


def pin(number="1800599123456", institution="", country="FR"):
    return (
        "<PINPersonInEachInstitution><PersonalIdentificationNumber>"
        f"<country><value>{country}</value></country>"
        f"<personalIdentificationNumber>{number}</personalIdentificationNumber>{institution}"
        "</PersonalIdentificationNumber></PINPersonInEachInstitution>"
    )


def inst(ident="FR:0101100000", name=""):
    named = f"<institutionName>{name}</institutionName>" if name else ""
    known = f"<institutionID>{ident}</institutionID>" if ident else ""
    return f"<Institution>{known}{named}</Institution>"


def case_number(institution, country="FR"):
    return (
        f"<LocalCaseNumbers><LocalCaseNumber><country><value>{country}</value></country>"
        f"<caseNumber>7</caseNumber>{institution}</LocalCaseNumber></LocalCaseNumbers>"
    )


def places(evidence):
    return [(a.about, a.kind, a.country) for a in evidence.addresses]


@pytest.mark.parametrize(
    ("code", "country"),
    [(code, "FR") for code in ("BL", "GF", "GP", "MF", "MQ", "RE", "YT")]
    + [(code, code) for code in ("MC", "NC", "PF", "PM", "WF", "UK")],
)
def test_parts_of_france_overseas_are_france_by_whichever_code(code, country):
    place = (
        "<town>Saint-Denis</town><postalCode>97400</postalCode>"
        f"<country><value>{code}</value></country>"
    )
    found = facts(f"<PersonAddress><Address>{place}</Address></PersonAddress>")
    assert places(found) == [(About.INSURED, AddressKind.RESIDENCE, country)]


@pytest.mark.parametrize(
    ("code", "written", "read"),
    [
        ("RE", "97400", "97400"),
        ("RE", "F-97 400", "F-97 400"),
        ("RE", "93200", None),
        ("GP", "97150", "97150"),
        ("MF", "97150", "97150"),
        ("MF", "97133", None),
        ("RE", "", None),
        ("FR", "93200", "93200"),
        ("DE", "93200", "93200"),
    ],
)
def test_a_postcode_of_elsewhere_is_none_of_that_part_of_france(code, written, read):
    """There is a Saint-Denis on La Réunion, and one beside Paris."""
    place = (
        f"<town>Saint-Denis</town><postalCode>{written}</postalCode>"
        f"<country><value>{code}</value></country>"
    )
    found = facts(f"<PersonAddress><Address>{place}</Address></PersonAddress>")
    assert [a.postcode for a in found.addresses] == [read]


@pytest.mark.parametrize(
    ("block", "about"),
    [
        ("InsuredPersonBenefitDetails", About.INSURED),
        ("SpouseBenefitDetails", About.FAMILY_MEMBER),
        ("PensionsOfPartner", About.FAMILY_MEMBER),
        ("ChildrenBenefitDetails", About.FAMILY_MEMBER),
        ("ClaimantPensionDetails", About.CLAIMANT),
        ("RegisteredPartnershipDetails", About.INSURED),
        ("Representative/SpouseDetails", About.OTHER),
    ],
)
def test_a_block_that_is_not_known_is_whose_name_it_bears(block, about):
    fund = (
        "<Institution><caseNumber>9</caseNumber>" + inst(ident="FR:RG44R00000") + "</Institution>"
    )
    names = block.split("/")
    inside = "".join(f"<{n}>" for n in names) + fund + "".join(f"</{n}>" for n in reversed(names))
    (named,) = facts(f"<InsuredPerson>{who()}</InsuredPerson>{inside}", sed="P2000").named
    assert named.about is about


def test_a_sickness_sed_with_all_its_facts():
    found = facts(
        f"<Person>{who(more=pin(institution=inst(name='CPAM de l&apos;Ain')))}</Person>"
        f"<AddressPerson><Address>{AIN}</Address></AddressPerson>"
    )
    assert found == Evidence(
        subject=ADA,
        addresses=(Address(About.INSURED, HOME, "FR", "01000", "Bourg"),),
        pins=(Pin(About.INSURED, "FR", "1800599123456"),),
        named=(Named(About.INSURED, Where.PIN, "FR", "FR:0101100000", "CPAM de l'Ain"),),
    )


def test_nothing_gives_nothing():
    assert facts("") == Evidence()
    assert facts("<Person><!-- empty --></Person>text") == Evidence()


@pytest.mark.parametrize(
    "block",
    [
        "<PlaceBirth>{}</PlaceBirth>",
        "<IfPINNotProvided><PlaceBirth><Address>{}</Address></PlaceBirth></IfPINNotProvided>",
        "<PlaceDeath>{}</PlaceDeath>",
        "<BankDetails><ReceivingBankAddress>{}</ReceivingBankAddress></BankDetails>",
        "<TreatmentSpecification><Provider><Address>{}</Address></Provider></TreatmentSpecification>",
    ],
)
def test_a_place_that_is_nobodys_address_is_none(block):
    assert facts(block.format(AIN)).addresses == ()


@pytest.mark.parametrize(
    "container",
    [
        "PersonAddress",
        "AddressOfPersonForWhomAnEntitlementDocument",
        "AddressOfPersonForWhomInformationRegistrationSent",
        "AddressPersonForWhomEntitlementCancelled",
        "AdditionalInformationPerson",
        "InsuredPerson",
        "StateResidence",
        "CurrentAddressPerson",
    ],
)
def test_an_untyped_address_in_a_persons_own_container_is_the_home(container):
    inner = facts(f"<{container}><Address>{AIN}</Address></{container}>")
    assert places(inner) == [(About.INSURED, HOME, "FR")]
    assert facts(f"<{container}>{AIN}</{container}>").addresses == inner.addresses


@pytest.mark.parametrize(
    "path",
    [
        "HeirsOrWillExecutorDetails/AddressHeirOrWillExecutor",
        "PropertyOwnedByPersonOrEmployerConcerned/AddressProperty",
        "BankruptcyOrLiquidationDetails/AddressTrusteeOrLiquidator",
        "NotificationChangesInRelevantData/Address",
        "ContactInformationPerson/AddressForCorrespondence/Address",
        "EmploymentSelfEmployment/AddressEmployerCompany",
        "InformationRightAReview/WhereAddressReview/Address",
        "Address",
    ],
)
def test_any_other_untyped_address_tells_no_home(path):
    names = path.split("/")
    inside = AIN
    for name in reversed(names):
        inside = f"<{name}>{inside}</{name}>"
    assert [(a.kind, a.country) for a in facts(inside).addresses] == [(AddressKind.UNKNOWN, "FR")]


@pytest.mark.parametrize("block", ["HeirsOrWillExecutorsDetails", "BankruptcyOrLiquidationDetails"])
def test_where_an_heir_or_a_trustee_lives_is_nothing_about_the_person(block):
    typed = f"<typeAddress><value>01</value></typeAddress><Address>{AIN}</Address>"
    assert places(facts(f"<{block}><Detail>{typed}</Detail></{block}>")) == [
        (About.OTHER, HOME, "FR")
    ]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("01", HOME),
        ("02", AddressKind.STAY),
        ("03", AddressKind.CONTACT),
        ("99", AddressKind.UNKNOWN),
    ],
)
@pytest.mark.parametrize(
    "block",
    [
        (
            "<AddressPerson><AddressPerson><typeAddress><value>{}</value></typeAddress>"
            "<Address>{}</Address></AddressPerson></AddressPerson>"
        ),
        "<Addresses><Address><type><value>{}</value></type><Address>{}</Address></Address></Addresses>",
        (
            "<AddressPerson><AddressPerson><typeAddress><value>{}</value></typeAddress>{}"
            "</AddressPerson></AddressPerson>"
        ),
    ],
)
def test_the_coded_type_says_what_an_address_is(block, code, kind):
    assert places(facts(block.format(code, AIN))) == [(About.INSURED, kind, "FR")]


def test_a_type_that_is_left_out_leaves_the_kind_open():
    block = (
        f"<AddressPerson><AddressPerson><Address>{AIN}</Address></AddressPerson></AddressPerson>"
    )
    assert places(facts(block)) == [(About.INSURED, AddressKind.UNKNOWN, "FR")]


def test_an_address_that_stands_in_the_sed_itself_tells_no_home():
    assert places(facts(AIN)) == [(About.INSURED, AddressKind.UNKNOWN, "FR")]


def test_an_address_without_country_is_left_out():
    assert facts("<PersonAddress><town>Bourg</town><country/></PersonAddress>").addresses == ()


@pytest.mark.parametrize(
    ("block", "kind"),
    [
        ("Employer", AddressKind.EMPLOYER),
        ("EmployerPostingUndertaking", AddressKind.EMPLOYER),
        ("EmployedActivity", AddressKind.EMPLOYER),
        ("SelfEmployedActivity", AddressKind.EMPLOYER),
        ("SelfEmployment", AddressKind.EMPLOYER),
        ("PlaceWork", AddressKind.WORK),
        ("PlaceWorkInHostCountry", AddressKind.WORK),
    ],
)
def test_addresses_of_work_are_nobodys_home(block, kind):
    found = facts(f"<{block}><name>N</name><Address>{AIN}</Address></{block}>")
    assert places(found) == [(About.INSURED, kind, "FR")]


# -- whose ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("block", "about"),
    [
        ("Claimant", About.CLAIMANT),
        ("ClaimantSurvivorPension", About.CLAIMANT),
        ("Spouse", About.FAMILY_MEMBER),
        ("ClaimantChildren", About.FAMILY_MEMBER),
        ("InformationSpouseOrPartner", About.FAMILY_MEMBER),
        ("InformationChildren", About.FAMILY_MEMBER),
        ("DeceasedPerson", About.DECEASED),
        ("Debtor", About.DEBTOR),
        ("OtherPerson", About.OTHER),
        ("InformationOtherPersons", About.OTHER),
        ("InformationRepresentativeLegalGuardian", About.OTHER),
    ],
)
def test_each_block_has_its_person(block, about):
    found = facts(
        f"<InsuredPerson>{who()}</InsuredPerson><{block}>{who(BOB, pin(institution=inst()))}"
        f"<PersonAddress>{AIN}</PersonAddress></{block}>"
    )
    assert places(found) == [(about, HOME, "FR")]
    assert found.pins[0].about is about
    assert found.named[0].about is about
    assert found.subject == (BOB if about is About.DEBTOR else ADA)


def test_a_family_sed_is_about_the_member_and_the_insured_person_stands_beside():
    found = facts(
        f"<Person>{who()}</Person><PersonAddress><Address>{AIN}</Address></PersonAddress>"
        f"<StatusFamilyMember><PleaseFillInDetailsMainInsuredPerson>{who(BOB)}"
        "</PleaseFillInDetailsMainInsuredPerson>"
        f"<AddressMainInsuredPerson>{ULM}</AddressMainInsuredPerson></StatusFamilyMember>",
        "S072",
    )
    assert (found.subject, found.subject_about) == (ADA, About.FAMILY_MEMBER)
    assert places(found) == [(About.FAMILY_MEMBER, HOME, "FR"), (About.INSURED, HOME, "DE")]
    assert not found.several


@pytest.mark.parametrize(
    "block",
    [
        "PleaseFillInFollowingIfThisDocumentConcernsFamily",
        "PleaseFillInIfThisDocumentConcernsFamilyMember",
    ],
)
def test_a_cancelled_document_of_a_family_member_is_about_the_member(block):
    insured = "<InsuredPerson><familyName>E</familyName><forename>B</forename>"
    insured += "<dateBirth>1975-01-02</dateBirth></InsuredPerson>"
    found = facts(f"<Person>{who()}</Person><{block}>{insured}</{block}>", "S016")
    assert (found.subject, found.subject_about) == (ADA, About.FAMILY_MEMBER)


def test_a_survivors_claim_is_about_the_insured_person_whatever_comes_first():
    found = facts(
        f"<ClaimantChildren><Child>{who(BOB)}</Child></ClaimantChildren>"
        f"<Claimant>{who(BOB)}<AdditionalInformationPerson><Address>{AIN}</Address>"
        "</AdditionalInformationPerson></Claimant>"
        f"<InsuredPerson>{who()}</InsuredPerson>",
        "P2100",
    )
    assert (found.subject, found.subject_about) == (ADA, About.INSURED)
    assert places(found) == [(About.CLAIMANT, HOME, "FR")]


def test_a_family_benefit_is_about_the_claimant_not_the_child_named_first():
    found = facts(
        "<Decision><ChildForWhomThisDecisionApplies><familyName>P</familyName>"
        "<forename>Kid</forename><dateBirth>2015-01-01</dateBirth>"
        f"</ChildForWhomThisDecisionApplies></Decision><Claimant>{who()}</Claimant>",
        "F001",
    )
    assert (found.subject, found.subject_about) == (ADA, About.CLAIMANT)


def test_of_whom_too_little_is_said_nobody_else_takes_the_place():
    vague = who(BOB).replace("1975-01-02", "1975-00-00")
    found = facts(f"<InsuredPerson>{vague}</InsuredPerson><Claimant>{who()}</Claimant>", "P2100")
    assert (found.subject, found.subject_about) == (None, About.INSURED)
    nameless = who(BOB).replace("Bob", "")
    assert facts(f"<Person>{nameless}</Person>").subject is None


def test_only_others_are_nobody_to_speak_about():
    found = facts(f"<OtherPerson>{who()}</OtherPerson>", "P9000")
    assert found.subject is None
    assert facts(f"<Spouse>{who()}</Spouse>").subject is None


def test_the_current_address_may_be_the_other_persons():
    address = f"<CurrentAddressPerson><Address>{AIN}</Address></CurrentAddressPerson>"
    found = facts(f"<OtherPerson>{who(BOB)}</OtherPerson>{address}", "P10000")
    assert places(found) == [(About.OTHER, HOME, "FR")]


def test_an_unknown_sex_is_said_as_unknown():
    assert (
        facts(f"<Person>{who().replace('<sex><value>02</value></sex>', '')}</Person>").subject.sex
        == "98"
    )


def test_each_fact_says_where_it_was_read():
    found = facts(
        f"{case_number(inst())}<Person>{who(more=pin())}"
        f"<AdditionalInformationPerson><Address>{AIN}</Address></AdditionalInformationPerson>"
        "</Person>"
    )
    assert [fact.element for fact in (*found.named, *found.pins, *found.addresses)] == [
        "LocalCaseNumbers/LocalCaseNumber",
        "Person/PersonIdentification/PINPersonInEachInstitution/PersonalIdentificationNumber",
        "Person/AdditionalInformationPerson/Address",
    ]


def test_a_place_of_work_is_in_the_country_named_above_it():
    place = "<PlaceWork><PlaceWork><Address><town>Lyon</town></Address></PlaceWork></PlaceWork>"
    found = facts(
        f"<PlaceWork><CountriesWork><countryWork><value>FR</value></countryWork>{place}"
        "</CountriesWork></PlaceWork>",
        "A001",
    )
    assert places(found) == [(About.INSURED, AddressKind.WORK, "FR")]
    assert facts(f"<PlaceWork><CountriesWork>{place}</CountriesWork></PlaceWork>").addresses == ()


def test_a_bulk_sed_is_about_several():
    claim = "<IndividualCLA><PersonReceivingBenefits>{}</PersonReceivingBenefits></IndividualCLA>"
    both = facts(f"<IndividualCLAs>{claim.format(who())}{claim.format(who(BOB))}</IndividualCLAs>")
    assert both.several
    assert both.subject == ADA
    again = facts(f"<IndividualCLAs>{claim.format(who())}{claim.format(who())}</IndividualCLAs>")
    assert not again.several
    assert not again.others


CLAIM = (
    "<IndividualCLA><IDDebtorInstitution>{}</IDDebtorInstitution>"
    "<PersonReceivingBenefits>{}</PersonReceivingBenefits></IndividualCLA>"
)


def claim(person, ident):
    return CLAIM.format(f"<institutionID>{ident}</institutionID>", who(person))


def test_what_is_said_of_each_person_of_a_bulk_sed_is_kept_apart():
    numbers = case_number(inst("FR:ALL"))
    found = facts(
        f"{numbers}<IndividualCLAs>{claim(ADA, 'FR:ONE')}{claim(BOB, 'FR:TWO')}</IndividualCLAs>"
    )
    assert [named.id for named in found.named] == ["FR:ALL", "FR:ONE"]
    assert [[n.id for n in other.named] for other in found.others] == [["FR:ALL", "FR:TWO"]]
    assert found.others[0].subject is None
    assert (found.subject, found.several) == (ADA, True)


def test_persons_of_whom_the_same_is_known_are_kept_once():
    people = [Person("Probe", f"N{n}", date(1980, 1, 1), "98") for n in range(5)]
    found = facts("".join(claim(person, "FR:ONE") for person in people))
    assert len(found.others) == 1


def test_a_crowd_is_not_told_apart():
    people = [Person("Probe", f"N{n}", date(1980, 1, 1), "98") for n in range(101)]
    found = facts("".join(claim(p, f"FR:{n}") for n, p in enumerate(people)))
    assert (found.several, found.others) == (True, ())
    assert len(found.named) == 101


def test_two_persons_among_thousands_of_facts_are_a_crowd():
    """Telling each fact's owner for each person would take minutes, with the line waiting."""
    many = "".join(
        f"<AddressPerson><Address><town>T{n}</town><country><value>FR</value></country></Address>"
        "</AddressPerson>"
        for n in range(2_000)
    )
    found = facts(f"{claim(ADA, 'FR:ONE')}{claim(BOB, 'FR:TWO')}{many}")
    assert (found.several, found.others) == (True, ())


def test_who_claims_a_survivors_pension_is_known_beside_the_deceased():
    found = facts(f"<InsuredPerson>{who()}</InsuredPerson><Claimant>{who(BOB)}</Claimant>", "P2100")
    assert (found.subject, found.claimant) == (ADA, BOB)
    assert facts(f"<Claimant>{who(BOB)}</Claimant>", "F001").claimant is None


DEBTOR = (
    "<Persons><Debtor>{}</Debtor><OtherPersons><ThirdPartyDetails>{}</ThirdPartyDetails>"
    "</OtherPersons></Persons>"
)


def test_the_debtor_is_the_one_whatever_he_is_called():
    other = who(Person("Un", "Autre", date(1960, 1, 1), "98"))
    home = (
        f"<PersonLastKnownAddresses><PersonAddress>{AIN}</PersonAddress></PersonLastKnownAddresses>"
    )
    insured = (
        f"<InsuredPerson><InsuredPersonDetails>{who()}{home}</InsuredPersonDetails></InsuredPerson>"
    )
    third = (
        f"<ThirdParty><ThirdPartyDetails>{who()}{home}</ThirdPartyDetails>"
        f"<InsuredPersonDetails>{who(BOB)}</InsuredPersonDetails>"
        f"<BeneficiaryDetails>{who(BOB)}</BeneficiaryDetails></ThirdParty>"
    )
    beneficiary = (
        f"<Beneficiary><BeneficiaryDetails>{who()}{home}</BeneficiaryDetails></Beneficiary>"
    )
    for debtor in (insured, third, beneficiary):
        found = facts(DEBTOR.format(debtor, other), "R012")
        assert (found.subject, found.subject_about) == (ADA, About.DEBTOR)
        assert places(found) == [(About.DEBTOR, HOME, "FR")]
        assert not found.several


def test_a_recovery_from_an_employer_is_about_the_employer():
    found = facts(
        "<Concerns><PleaseFillInWhenCaseConcernsAnEmployer><Employer><name>Essais SA</name>"
        "<IdentificationNumbers><IdentificationNumber><number>123</number><type><value>01</value>"
        "</type></IdentificationNumber><IdentificationNumber/></IdentificationNumbers></Employer>"
        f"<Persons><Person>{who()}</Person></Persons></PleaseFillInWhenCaseConcernsAnEmployer></Concerns>",
        "R017",
    )
    assert found.subject is None
    assert found.employer == Organisation(About.OTHER, "Essais SA", (("01", "123"), ("", "")))


# -- institutions ---------------------------------------------------------------------------


def test_a_case_number_names_an_institution():
    found = facts(case_number(inst(name="CPAM")), "P2000")
    assert found.named == (
        Named(About.INSURED, Where.LOCAL_CASE_NUMBER, "FR", "FR:0101100000", "CPAM"),
    )
    assert facts(case_number("")).named == ()
    assert facts(case_number(inst(ident=""))).named == ()


def test_a_country_unsaid_is_that_of_the_id():
    found = facts(case_number(inst()).replace("<value>FR</value>", ""))
    assert found.named[0].country == "FR"
    assert facts(case_number(inst("", "X"), country="")).named[0].country == ""


def test_a_competent_institution_is_named_as_such():
    name = "CompetentInstitutionIfDiffersFromSending"
    block = f"<{name}><institutionID>FR:1</institutionID></{name}>"
    assert facts(block, "A003").named == (
        Named(About.INSURED, Where.COMPETENT, "FR", "FR:1", None),
    )
    assert facts(block.replace("Competent", "Sending"), "A003").named == ()


def test_who_decided_a_pension_abroad_is_no_sign():
    block = (
        "<InsuredPerson><AdditionalInformationDecision>"
        f"<InstitutionGivingDecision><caseNumber>1</caseNumber>{inst()}</InstitutionGivingDecision>"
        "</AdditionalInformationDecision></InsuredPerson>"
    )
    assert facts(block, "P6000").named[0].about is About.OTHER


def test_a_pin_without_number_still_names_its_institution():
    found = facts(pin(number="", institution=inst()))
    assert found.pins == ()
    assert found.named[0].where is Where.PIN
    assert facts(pin()).named == ()


def test_the_same_fact_twice_is_one():
    assert len(facts(case_number(inst()) * 2).named) == 1


# -- the rest -------------------------------------------------------------------------------


FIRM = "<{0}><name>{1}</name></{0}>"


@pytest.mark.parametrize(
    ("sed", "block", "entry", "populations"),
    [
        ("A001", "IdentificationEmployer", "Employer", {"employee"}),
        ("A001", "IdentificationSelfEmployment", "SelfEmployment", {"self-employed"}),
        ("A003", "EmployerInMemberStateWhichLegislationApplies", "Employer", {"employee"}),
        ("A003", "EmployerInOtherMemberStateConcerned", "Employer", {"employee"}),
        ("A003", "SelfEmployment", "SelfEmployment", {"self-employed"}),
        (
            "A005",
            "EmployerActivitiesForWhichMoreInfoRequiredInOther",
            "EmployedActivity",
            {"employee"},
        ),
        (
            "A005",
            "SelfEmployerActivitiesForWhichMoreInfoRequiredIn",
            "SelfEmployedActivity",
            {"self-employed"},
        ),
        ("A007", "Employer", "Employer", {"employee"}),
        ("A008", "IdentificationEmployers", "Employer", {"employee"}),
        ("A009", "EmployerInPostingState", "Employer", {"employee"}),
        ("A010", "EmployerInOtherMSConcerned", "Employer", {"employee"}),
        ("A010", "SelfEmployment", "SelfEmployment", {"self-employed"}),
        ("A001", "EmployerInHostCountryIfRelevant", "IdentificationNumbers", set()),
        # whom the case is about, or an income: no sign of how the person works
        ("H001", "Employer", "Employer", set()),
        ("R017", "PleaseFillInWhenCaseConcernsAnEmployer", "Employer", set()),
        ("R014", "SelfEmployment", "SelfEmploymentInformation", set()),
    ],
)
def test_the_population_comes_from_coded_blocks_of_legislation(sed, block, entry, populations):
    inside = f"<{block}>{FIRM.format(entry, 'N')}</{block}>"
    assert facts(inside, sed).populations == populations
    assert facts(f"<{block}/>", sed).populations == set()


FLAG = "<PlaceWork><PlaceWork><flagStatehomeBase>{}</flagStatehomeBase></PlaceWork></PlaceWork>"
ARTICLE = (
    "<MoreInformationFor114Or115><moreInformation>{}</moreInformation></MoreInformationFor114Or115>"
)


@pytest.mark.parametrize(
    ("sed", "inside", "crew"),
    [
        ("A009", FLAG.format("FR"), True),
        ("A009", FLAG.format(" "), False),
        ("A009", FLAG.format("<!-- none -->"), False),
        ("A005", ARTICLE.format("<value>01</value>"), True),
        ("A005", ARTICLE.format(""), False),
        ("A009", "", False),
        ("S040", FLAG.format("FR"), False),
    ],
)
def test_a_flag_state_or_home_base_is_that_of_a_crew(sed, inside, crew):
    assert facts(inside, sed).crew is crew
    of_many = "".join(f"<One>{who(one)}</One>" for one in (ADA, replace(ADA, forename="Eva")))
    many = facts(of_many + inside, sed)
    assert [one.crew for one in (many, *many.others)] == [crew, crew]


def test_who_works_both_ways_is_of_both_populations():
    employer = f"<IdentificationEmployers>{FIRM.format('Employer', 'N')}</IdentificationEmployers>"
    own = FIRM.format("SelfEmployment", "N")
    both = f"{employer}<IdentificationSelfEmployment>{own}</IdentificationSelfEmployment>"
    assert facts(both, "A008").populations == {"employee", "self-employed"}


def test_every_employer_is_kept_in_the_order_of_the_sed():
    firms = FIRM.format("Employer", "Un") + FIRM.format("Employer", "Deux")
    found = facts(f"<EmployerInPostingState>{firms}</EmployerInPostingState>", "A009")
    assert [firm.name for firm in found.employers] == ["Un", "Deux"]
    assert found.employer == found.employers[0]
    assert found.employers[1].element.endswith("EmployerInPostingState/Employer")
    assert facts(who()).employer is None


@pytest.mark.parametrize(
    "field", ["theFollowingInformation", "theFollowingDocument", "clarification", "reasons"]
)
def test_an_answer_in_words_is_noticed(field):
    assert facts(f"<WeAreEnclosing><{field}>text</{field}></WeAreEnclosing>", "H002").prose
    assert not facts("<WeAreEnclosing><other>text</other></WeAreEnclosing>", "H002").prose


def test_words_are_shown_as_they_are_with_the_element_they_stand_in():
    said = (
        "<A><reasons> He lives \n in <b>Lyon</b> </reasons><other>no</other></A>"
        "<B><C><clarification>since May</clarification><reasons/></C></B>"
    )
    message = f'<m><s:H002 xmlns:s="urn:x">{said}</s:H002><reasons>not of it</reasons></m>'
    assert words(etree.fromstring(message)[0]) == (
        ("A/reasons", "He lives in Lyon"),
        ("B/C/clarification", "since May"),
    )


def test_somebody_is_known_by_name_and_birth():
    assert identity(ADA) == identity(Person("PROBE", "ada", ADA.date_birth, "98"))
    assert identity(ADA) != identity(BOB)
    assert identity(None) == ()


# -- what is stated beside -------------------------------------------------------------------------


def test_benefit_activity_dates_and_case_number_are_kept_with_their_place():
    inside = (
        who() + case_number(inst()) + "<TypeClaim><typeClaim><value>01</value></typeClaim>"
        "<OriginOfClaim><value>02</value></OriginOfClaim>"
        "<OriginOfClaim><value>03</value></OriginOfClaim></TypeClaim>"
        "<Nature><typeActivity><value>01</value></typeActivity></Nature>"
        "<Request><Period><startDate>2024-01-01</startDate></Period></Request>"
    )
    assert [(s.kind, s.value, s.element) for s in facts(inside, "R017").stated] == [
        (StatedKind.CASE_NUMBER, "7", "LocalCaseNumbers/LocalCaseNumber/caseNumber"),
        (StatedKind.BENEFIT, "01", "TypeClaim/typeClaim"),
        (StatedKind.BENEFIT, "02", "TypeClaim/OriginOfClaim"),
        (StatedKind.BENEFIT, "03", "TypeClaim/OriginOfClaim"),
        (StatedKind.ACTIVITY, "01", "Nature/typeActivity"),
        (StatedKind.DATE, "2024-01-01", "Request/Period/startDate"),
    ]


@pytest.mark.parametrize(
    "inside",
    [
        who(),
        case_number(inst("DE:1"), country="DE"),
        "<A><dateDeath>soon-ish!!</dateDeath><typeBenefit><value/></typeBenefit></A>",
        "<A><words>from 2024-01-01 on</words><caseNumber>7</caseNumber></A>",
    ],
)
def test_nothing_else_is_stated(inside):
    assert facts(inside).stated == ()


def test_a_bulk_sed_states_so_much_and_no_more():
    entries = "".join(
        f"<Entry>{who(replace(ADA, forename=f'Ada {n}'))}"
        f"<Period><startDate>{2000 + n // 28}-01-{n % 28 + 1:02}</startDate></Period></Entry>"
        for n in range(MOST_STATED + 20)
    )
    found = facts(entries, "S080")
    assert found.several
    assert len(found.stated) == MOST_STATED
    few = facts(entries[: entries.index("Ada 3")].rpartition("<Entry>")[0], "S080")
    assert [s.value for s in few.stated] == ["2000-01-01", "2000-01-02", "2000-01-03"]
    assert [other.stated for other in few.others] == [()]  # alike, but for what decides nothing


def test_what_is_stated_decides_nothing():
    """The same facts, other statements: only a person reads them."""
    told = facts(who() + "<A><typeBenefit><value>01</value></typeBenefit></A>")
    assert told == replace(
        facts(who()), stated=(Stated(StatedKind.BENEFIT, About.INSURED, "01", ""),)
    )
