"""The facts of a SED: whose they are, what kind of address it is, which institution is named."""

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
    Where,
    extract,
    identity,
)

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
    assert places(facts(inside)) == [(About.INSURED, AddressKind.UNKNOWN, "FR")]


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


def test_a_bulk_sed_is_about_several():
    claim = "<IndividualCLA><PersonReceivingBenefits>{}</PersonReceivingBenefits></IndividualCLA>"
    both = facts(f"<IndividualCLAs>{claim.format(who())}{claim.format(who(BOB))}</IndividualCLAs>")
    assert both.several
    assert both.subject == ADA
    again = facts(f"<IndividualCLAs>{claim.format(who())}{claim.format(who())}</IndividualCLAs>")
    assert not again.several


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


@pytest.mark.parametrize(
    ("blocks", "populations"),
    [
        (("IdentificationEmployer",), {"employee"}),
        (("IdentificationSelfEmployment",), {"self-employed"}),
        (
            ("IdentificationEmployers", "IdentificationSelfEmployment"),
            {"employee", "self-employed"},
        ),
        (("Employer",), set()),
    ],
)
def test_the_population_comes_from_coded_blocks(blocks, populations):
    inside = "".join(f"<{b}><Employer><name>N</name></Employer></{b}>" for b in blocks)
    assert facts(inside, "A001").populations == populations


@pytest.mark.parametrize(
    "field", ["theFollowingInformation", "theFollowingDocument", "clarification", "reasons"]
)
def test_an_answer_in_words_is_noticed(field):
    assert facts(f"<WeAreEnclosing><{field}>text</{field}></WeAreEnclosing>", "H002").prose
    assert not facts("<WeAreEnclosing><other>text</other></WeAreEnclosing>", "H002").prose


def test_somebody_is_known_by_name_and_birth():
    assert identity(ADA) == identity(Person("PROBE", "ada", ADA.date_birth, "98"))
    assert identity(ADA) != identity(BOB)
    assert identity(None) == ()
