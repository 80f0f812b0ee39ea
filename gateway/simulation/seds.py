"""The SEDs: what each says about the facts of a case.

H, S, R and A SEDs follow the element trees of CDM 4.4, X001 to X013 too. P, U, F and DA SEDs, whose
trees are not public, follow what was seen of them: the shared blocks in the sector's places.
"""

from collections.abc import Callable
from typing import Final

from gateway.simulation import administrative
from gateway.simulation.blocks import (
    address,
    case_numbers,
    closed,
    day,
    employer,
    nationality,
    ongoing,
    person,
    remark,
    somebody,
    typed,
)
from gateway.simulation.facts import Facts, Home
from gateway.simulation.markup import coded, tag, text

Writer = Callable[[Facts], str]
YES: Final = "1"


def content(sed: str, facts: Facts) -> str:
    """The elements of a SED, without its root."""
    writer = WRITERS.get(sed)
    return writer(facts) if writer is not None else SECTORS[sed.rstrip("0123456789")](facts)


# -- sickness -----------------------------------------------------------------------------------


def _full(facts: Facts) -> str:
    more = tag("AdditionalInformationPerson", nationality(facts))
    return tag("Person", tag("PersonIdentification", person(facts)), more)


def _lives(name: str, facts: Facts) -> str:
    return tag(name, address("Address", facts.home))


def _status(facts: Facts) -> str:
    if "family" not in facts.extra:
        return tag("StatusPerson", coded("status", "01"))
    main = tag("PersonIdentification", somebody(facts.second, facts))
    return tag(
        "StatusFamilyMember",
        coded("status", "01"),
        tag("PleaseFillInDetailsMainInsuredPerson", main),
        address("AddressMainInsuredPerson", facts.of("main")),
    )


def _s071(facts: Facts) -> str:
    where = _lives("AddressOfPersonForWhomAnEntitlementDocument", facts)
    return _full(facts) + where + _status(facts) + ongoing("PeriodEntitlement", facts, -30)


def _s072(facts: Facts) -> str:
    period = ongoing("PeriodOfEntitlement", facts, -30)
    return (
        _full(facts)
        + _lives("PersonAddress", facts)
        + _status(facts)
        + tag("InformationAboutEntitlement", tag("EntitlementConfirmed", period))
    )


def _s073(facts: Facts) -> str:
    issued = text("issuedOn", day(facts, -60))
    registered = tag("DocumentHasBeenRegistered", ongoing("RegistrationPeriod", facts, -40))
    return (
        _full(facts)
        + _lives("AddressOfPersonForWhomInformationRegistrationSent", facts)
        + _status(facts)
        + tag("ConcernsDocument", coded("typeDocument", "01"), issued)
        + tag("Entitlement", coded("entitlementDocument", "01"), issued)
        + tag("InformationRegistration", registered)
    )


def _s016(facts: Facts) -> str:
    document = coded("entitlementDocument", "01") + text("issuedOn", day(facts, -400))
    period = ongoing("PeriodEntitlement", facts, -400)
    end = text("endDateEntitlement", day(facts, -10)) + coded("reason", "01")
    return (
        _full(facts)
        + _lives("AddressOfPersonForWhomEntitlementDocument", facts)
        + tag("InformationConcerningEntitlementDocumentCancelled", document, period)
        + tag("Cancellation", tag("WithEndDate", end))
    )


def _s018(facts: Facts) -> str:
    document = coded("document", "01") + text("issuedOn", day(facts, -400))
    period = ongoing("PeriodEntitlementDocument", facts, -400)
    end = text("endDateRegistration", day(facts, -10))
    why = coded("reason", "01")
    if "died" in facts.extra:
        died = tag("PleaseFillInFollowingIfReasonDiedOn", text("diedOn", day(facts, -12)))
        why = coded("reason", "03") + died
    return (
        _full(facts)
        + _lives("PersonAddress", facts)
        + tag("InformationConcerningEntitlementDocument", document, period)
        + tag("Cancellation", tag("WithEndDate", end, why))
    )


def _s044(facts: Facts) -> str:
    where = address("AddressOfPersonForWhomAnEntitlementDocument", facts.home)
    return _full(facts) + where + closed("RequestedPeriodEntitlement", facts, -12, -2)


def _s067(facts: Facts) -> str:
    town = text("treatmentHasBeenProvidedInTown", facts.extra.get("treatment", ""))
    return _full(facts) + tag("InformationTreatment", town, coded("typeTreatment", "01"))


def _s014(facts: Facts) -> str:
    clinic = Home("", "Rue du Moulin 3", "Namur", "5000", "BE")
    treatment = (
        text("description", "Planned treatment of a knee")
        + text("dateRequestByPerson", day(facts, -20))
        + tag("Provider", text("name", "Model clinic"), address("Address", clinic))
    )
    return (
        _full(facts)
        + address("PersonAddress", facts.home)
        + tag("RequestForInformation", tag("Requests", coded("request", "01")))
        + tag("TreatmentSpecification", treatment)
    )


def _s055(facts: Facts) -> str:
    certificate = (
        text("thePersonMentionedAboveAppliedForCashBenefitsOn", day(facts, -3))
        + coded("typeBenefit", "01")
        + coded("pleaseFindAttached", "01")
        + ongoing("AccordingDocumentMentionedAbovePersonIncapable", facts, -4, 10)
    )
    return (
        _full(facts)
        + address("PersonAddress", facts.home)
        + tag("CertificateIncapacityWork", certificate)
        + employer("Employer", facts)
        + remark(facts)
    )


def _s046(facts: Facts) -> str:
    decision = coded("weNotifiedInsuredPersonOurDecisionTo", "01")
    return (
        _full(facts)
        + address("PersonAddress", facts.home)
        + tag("TypeBenefitsConcerned", coded("typeBenefitConcerned", "01"))
        + tag("Decision", decision, ongoing("PeriodConcerned", facts, -30, -2))
        + remark(facts)
    )


def _s056(facts: Facts) -> str:
    applied = text("dateApplication", day(facts, -15))
    claim = tag("NotificationApplicationForCashBenefitsLongTerm", applied)
    return _full(facts) + _lives("PersonAddress", facts) + claim


def _s001(facts: Facts) -> str:
    period = ongoing("PeriodEntitlementCashBenefitsLongTermCare", facts, -90)
    return _full(facts) + _lives("PersonAddress", facts) + period


def _s040(facts: Facts) -> str:
    request = coded("typeBenefitConcerned", "01") + coded("natureBenefitConcerned", "01")
    return (
        _full(facts)
        + _lives("AddressPerson", facts)
        + tag("Request", request, ongoing("PeriodConcerned", facts, -900, -400))
        + remark(facts)
    )


# -- horizontal ---------------------------------------------------------------------------------


def _h001(facts: Facts) -> str:
    notified = typed("NotificationAddress", "typeAddress", "Address", facts)
    where = tag("AddressPerson", tag("AddressesPerson", tag("NotificationAddress", notified)))
    wanted = tag("PleaseProvide", text("information", "Insurance status of the person"))
    asked = tag("RequestForInformation", text("dateRequest", day(facts, 0)), wanted)
    subject = tag("Person", _identified(facts), where, asked)
    if "employer" in facts.extra:
        subject = tag("Employer", employer("Employer", facts), asked)
    return tag("NotificationRequestForInformation", subject)


def _identified(facts: Facts) -> str:
    more = tag("AdditionalInformationPerson", nationality(facts))
    return tag("PersonIdentification", tag("PersonIdentification", person(facts)), more)


def _h002(facts: Facts) -> str:
    known = typed("AddressPerson", "typeAddress", "Address", facts)
    told = text("theFollowingInformation", facts.extra.get("prose", ""))
    reply = tag("PositiveReplyRequestedInformation", tag("WeAreEnclosing", told))
    subject = tag("Person", _identified(facts), tag("AddressPerson", known), reply)
    return tag("ReplyRequestForInformation", subject)


def _addresses(facts: Facts) -> str:
    return tag("AddressPerson", typed("AddressPerson", "typeAddress", "Address", facts))


def _h005(facts: Facts) -> str:
    details = text("detailsRequest", "Please state where the person lives.")
    known = typed("Addresses", "typeAddress", "Address", facts)
    return (
        _full(facts)
        + tag("RequestForInformation", details)
        + tag("ElementsDetermineResidence", known)
    )


def _h061(facts: Facts) -> str:
    return tag("PurposeSED", coded("purposeSED", "02")) + _full(facts) + _addresses(facts)


def _h065(facts: Facts) -> str:
    to = "".join(
        tag(
            "TransferClaimDocumentInformationTo",
            coded("transferClaimDocumentInformationTo", "01"),
            text("institutionCode", one.id),
            text("institutionName", one.name),
        )
        for one in facts.said("pin")
    )
    received = text("dateReceiptClaimDocumentInformation", day(facts, -8))
    claimant = coded("thePersonClaimantIndicator", YES)
    about = tag("AdditionalInformationConcerning", to, received, claimant)
    return _full(facts) + _addresses(facts) + about


def _h070(facts: Facts) -> str:
    died = tag("NotificationDeath", text("dateDeath", day(facts, -9)))
    return _full(facts) + died


def _h120(facts: Facts) -> str:
    more = tag("AdditionalInformationPerson", nationality(facts), address("Address", facts.home))
    benefit = coded("typeBenefitInReferWhichMedicalInformationRequested", "01")
    period = closed("TheRequestedMedicalEvidenceExaminationConcern", facts, -60, -1)
    return (
        tag("Person", tag("PersonIdentification", person(facts)), more)
        + tag("TheBenefitConcerned", benefit)
        + tag("NatureRequest", coded("weAskTo", "01"), coded("pleaseProvide", "01"))
        + tag("DetailsRequest", tag("TheRequestConcernsIncapacityForWork", period))
    )


def _h130(facts: Facts) -> str:
    where = typed("AddressInsuredPerson", "typeAddress", "Address", facts)
    period = tag("TheAdministrativeCheckConcernsPeriodIncapacity", closed("Period", facts, -20, 10))
    return (
        _full(facts)
        + tag("AddressesInsuredPerson", where)
        + tag("PeriodConcerned", period)
        + tag("NatureRequest", coded("weAskTo", "01"))
        + coded("weAgreeCoverCostsAdministrativeChecks", YES)
    )


# -- recovery -----------------------------------------------------------------------------------


def _debtor(facts: Facts) -> str:
    known = typed("PersonLastKnownAddressDetails", "typeAddress", "AddressDetail", facts)
    details = tag(
        "InsuredPersonDetails",
        tag("PersonIdentification", person(facts)),
        tag("AdditionalInformationAboutPerson", nationality(facts)),
        tag("PersonLastKnownAddresses", known),
    )
    return tag("Persons", tag("Debtor", tag("InsuredPerson", details)))


def _claim(facts: Facts) -> str:
    """What is owed: contributions (01) or overpaid benefits (02)."""
    code = "02" if "overpaid" in facts.extra else "01"
    return tag("TypeClaim", coded("typeClaim", code), coded("OriginOfClaim", "01"))


def _concerns(facts: Facts) -> str:
    if "employer" in facts.extra:
        firm = employer("Employer", facts)
        return tag("Concerns", tag("PleaseFillInWhenCaseConcernsAnEmployer", firm))
    return tag("Concerns", tag("PleaseFillInWhenCaseConcernsAPerson", _debtor(facts)))


def _euro(name: str) -> str:
    return tag(name, text("amount", "1840.50"), coded("currency", "EUR"))


def _declared() -> str:
    return tag(
        "Declaration",
        coded("declaration", "01"),
        coded("totalAmountInclusiveInterestFinesPenaltiesAndOrCostsIs", "01"),
        _euro("TotalAmount"),
    )


def _r001(facts: Facts) -> str:
    return (
        case_numbers(facts)
        + _debtor(facts)
        + tag("TypeRequest", coded("typeRequest", "01"))
        + tag("BenefitsReceivedUnduly", coded("typeBenefit", "01"))
    )


def _r005(facts: Facts) -> str:
    overpaid = coded("typeBenefitWhichHasBeenOverpaid", "01")
    return (
        case_numbers(facts)
        + _debtor(facts)
        + tag("TypeRequest", coded("typeRequest", "01"))
        + tag("TypeBenefitWhichHasBeenOverpaid", overpaid)
    )


def _r012(facts: Facts) -> str:
    wanted = tag("InformationRequested", coded("pleaseProvideInformationAbout", "01"))
    return case_numbers(facts) + _claim(facts) + _concerns(facts) + _declared() + wanted


def _r015(facts: Facts) -> str:
    return (
        case_numbers(facts)
        + _claim(facts)
        + _concerns(facts)
        + _declared()
        + tag("DocumentNotified", coded("typeDocumentNotified", "01"))
        + tag("NotificationForm", coded("notificationForm", "01"))
        + tag("Timescale", text("notificationDeadline", day(facts, 60)))
    )


def _r017(facts: Facts) -> str:
    declared = tag(
        "Declaration",
        coded("claimOrInstrumentPermittingEnforcementIs", "01"),
        coded("recoveryProceduresWillNotFullyPaidLimitationPeriodIndicator", YES),
        coded("claimUnder5YearsOldArt821bRegulation9872009Indicator", YES),
    )
    total = coded("totalAmountInclusiveInterestFinesPenaltiesAndOrCostsIs", "01")
    return (
        case_numbers(facts)
        + tag("TypeRequest", coded("typeRequest", "01"))
        + tag("Declaration", declared, total)
        + _claim(facts)
        + _concerns(facts)
        + tag("TheClaim", tag("ClaimDetails", _owed(facts), _instrument(facts)))
        + tag("OverallAmount", coded("thisRequestConcerns", "01"))
    )


def _owed(facts: Facts) -> str:
    currencies = coded("currencySendingInstitution", "EUR")
    currencies += coded("currencyReceivingInstitution", "EUR")
    amounts = text("principalAmount", "1700.00") + text("totalAmount", "1840.50")
    return tag(
        "ClaimInformation",
        tag("Currency", currencies),
        closed("Period", facts, -800, -500),
        tag("AmountInCurrencySendingInstitution", amounts),
        tag("AmountInTheCurrencyOfTheReceivingInstitution", amounts),
    )


def _instrument(facts: Facts) -> str:
    return tag(
        "IdentificationClaim",
        text("dateInstrumentPermittingEnforcement", day(facts, -200)),
        text("dateNotification", day(facts, -190)),
        text("dateWhichEnforcementBecomesPossible", day(facts, -100)),
        text("lastDayPeriodLimitation", day(facts, 900)),
        text("referenceIdentifyInstrumentPermittingEnforcement", facts.sender_number),
    )


# -- applicable legislation ---------------------------------------------------------------------


def _lives_at(facts: Facts) -> str:
    return tag("Addresses", typed("Address", "type", "Address", facts))


def _employed(name: str, facts: Facts) -> str:
    return tag(name, employer("Employer", facts))


def _a001(facts: Facts) -> str:
    if "self-employed" in facts.extra:
        business = tag("SelfEmployment", text("name", "Own business"))
        occupied = tag("IdentificationSelfEmployment", business)
    else:
        occupied = _employed("IdentificationEmployer", facts)
    situation = coded("regulationArticlesSituationAgreementExceptionProposed", "01")
    laws = coded("applicableLegislationCurrentSituation", facts.sender)
    laws += coded("applicableLegislationRequestedSituation", "FR")
    return (
        _full(facts)
        + _lives_at(facts)
        + occupied
        + closed("RequestedPeriod", facts, 10, 375)
        + tag("RequestedForSituationsCoveredByArti8832004", situation)
        + tag("ApplicableLegislation", laws)
    )


def _decided(facts: Facts, state: str) -> str:
    return tag(
        "DecisionLegislationApplicable",
        tag("Decision", coded("InitialDecision", YES)),
        coded("memberStateWhichLegislationApplies", state),
        coded("theDecisionAppliesForDurationActivityIndicator", "0"),
        ongoing("PeriodForWhichDecisionApplies", facts, -10, 355),
    )


def _a003(facts: Facts) -> str:
    article = coded("articleRegulationECNo8832004Or9872009", "01")
    return (
        _full(facts)
        + _lives_at(facts)
        + _employed("EmployerInMemberStateWhichLegislationApplies", facts)
        + _decided(facts, "FR")
        + tag("ArticleRegulationECNo8832004Or9872009", article)
    )


def _a008(facts: Facts) -> str:
    home = facts.home
    country = home.country if home is not None else facts.sender
    state = coded("stateResidence", country) + address("Address", home)
    business = tag("SelfEmployment", text("name", "Own business"))
    working = tag(
        "InformationWorkingInTwoOrMoreMemberStates",
        tag("StatesResidence", tag("StateResidence", state)),
        tag("IdentificationSelfEmployment", business),
    )
    return _full(facts) + tag("PurposeofSED", working)


def _posted(facts: Facts) -> str:
    return (
        _full(facts)
        + _lives_at(facts)
        + _employed("EmployerInPostingState", facts)
        + _decided(facts, facts.sender)
        + coded("articleRegulationECNo8832004", "01")
    )


# -- pensions -----------------------------------------------------------------------------------


def _insured(facts: Facts, home: Home | None) -> str:
    """The insured person with an address, as P2000, P2200 and P5000 have it."""
    more = tag("AdditionalInformationPerson", nationality(facts))
    return tag(
        "InsuredPerson",
        tag("PersonIdentification", person(facts)),
        tag("AdditionalInformationPerson", more, address("Address", home)),
    )


def _pension(facts: Facts) -> str:
    prose = text("additionalInformation", facts.extra.get("prose", ""))
    return case_numbers(facts) + _insured(facts, facts.home) + tag("Miscellaneous", prose)


def _p2100(facts: Facts) -> str:
    more = tag("AdditionalInformationPerson", nationality(facts))
    survivor = tag(
        "Claimant",
        tag("PersonIdentification", somebody(facts.second, facts)),
        tag("AdditionalInformationPerson", more, address("Address", facts.home)),
    )
    died = tag("InsuredPersonDeathDetails", text("dateDeath", day(facts, -80)))
    return case_numbers(facts) + _insured(facts, facts.of("deceased")) + died + survivor


def _p6000(facts: Facts) -> str:
    insured = tag(
        "InsuredPerson",
        tag("PersonIdentification", person(facts)),
        tag("AdditionalInformationPerson", nationality(facts)),
        address("Address", facts.home),
    )
    return case_numbers(facts) + insured


# -- family, unemployment, accidents ------------------------------------------------------------


def _family(facts: Facts) -> str:
    claimant = tag(
        "Claimant",
        tag("PersonIdentification", person(facts)),
        tag("AddressesPerson", typed("AddressPerson", "typeAddress", "Address", facts)),
    )
    home = facts.of("spouse")
    lives = coded("typeAddress", "01") + address("Address", home)
    spouse = tag(
        "InformationSpouseOrPartner",
        tag("PersonIdentification", somebody(facts.second, facts)),
        tag("AddressesPerson", tag("AddressPerson", lives)),
    )
    purpose = tag("PurposeThisSED", coded("purposeThisSED", "01"))
    return purpose + claimant + (spouse if home is not None else "")


def _unemployed(facts: Facts) -> str:
    return (
        case_numbers(facts)
        + _full(facts)
        + _lives("AddressPerson", facts)
        + tag("ReferencePeriod", closed("FixedPeriod", facts, -400, -30))
    )


def _u020(facts: Facts) -> str:
    bank = tag("SEPABankDetails", text("IBAN", "XX00SIMU0000000000"))
    claims = (
        text("reimbursementRequestID", facts.sender_number)
        + text("numberIndividualClaims", "3")
        + _euro("TotalAmountRequested")
        + tag("BankInformation", bank)
    )
    return case_numbers(facts) + tag("GeneralInformation", claims)


def _accident(facts: Facts) -> str:
    return case_numbers(facts) + _full(facts) + _lives("PersonAddress", facts)


# -- administrative -----------------------------------------------------------------------------


WRITERS: Final[dict[str, Writer]] = {
    "S071": _s071, "S072": _s072, "S073": _s073, "S016": _s016, "S018": _s018, "S044": _s044,
    "S067": _s067, "S014": _s014, "S055": _s055, "S046": _s046, "S056": _s056, "S001": _s001,
    "S040": _s040, "H001": _h001, "H002": _h002, "H005": _h005, "H061": _h061, "H065": _h065,
    "H070": _h070, "H120": _h120, "H130": _h130, "R001": _r001, "R005": _r005, "R012": _r012,
    "R015": _r015, "R017": _r017, "A001": _a001, "A003": _a003, "A008": _a008, "A009": _posted,
    "A010": _posted, "P2100": _p2100, "P6000": _p6000, "U020": _u020,
    **administrative.WRITERS,
}  # fmt: skip
SECTORS: Final[dict[str, Writer]] = {
    "P": _pension,
    "F": _family,
    "U": _unemployed,
    "DA": _accident,
}
"""What a SED of a sector is when its tree is not public."""
