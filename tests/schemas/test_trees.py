"""Nothing that a known tree allows is refused: one full message a SED, made from the reference."""

import csv
from collections import defaultdict

import pytest

from gateway.core.validation import verdict

VALUES = {
    "EESSIEHICType": "1" * 20,
    "EESSIIBANType": "FR7630006000011234567890189",
    "EESSIBICSWIFTType": "AGRIFRPP",
    "EESSIYearType": "2024",
    "EESSIPercentageType": "12.5",
    "EESSIAmountType": "1234.50",
    "EESSIEmailType": "probe@example.org",
    "EESSITelephoneNumberStringType": "+33 1 23456789",
    "EESSIInstitutionIDType": "FR:0101100000",
}
BASES = {"xsd:date": "2024-02-29", "xsd:int": "7", "xsd:double": "7", "xsd:boolean": "true"}
LONG_LISTS = {"(230 codes)": "PL", "(250 codes)": "PL", "(281 codes)": "PL"}
WHOLE = {
    "EESSIInstitutionType": (
        "<institutionID>FR:0101100000</institutionID><institutionName>x</institutionName>"
    ),
    "EESSIOtherBenefitsType": (
        "<otherBenefitDescription>x</otherBenefitDescription>"
        "<otherBenefitsAmount>1</otherBenefitsAmount>"
    ),
    "EESSIOffsettingReferencesType": (
        "<OriginalGlobalCLAReferenceCreditorLiaisonBody>x"
        "</OriginalGlobalCLAReferenceCreditorLiaisonBody>"
        "<GlobalPAYReferenceDebtorLiaisonBody>x</GlobalPAYReferenceDebtorLiaisonBody>"
    ),
    "RPreviousForenameType": "<previousForename>x</previousForename>",
}
"""Common types of which the trees of some SEDs lack a row."""
CONCERNS = ("PleaseFillInWhenCaseConcernsAPerson", "PleaseFillInWhenCaseConcernsAnEmployer")
STATUS = ("StatusPerson", "StatusFamilyMember")
ALTERNATIVES = {
    "NotificationRequestForInformation": ("Person", "Employer", "ReimbursementBulkSED"),
    "ReplyRequestForInformation": ("Person", "Employer", "ReimbursementBulkSED"),
    "AddressesPerson": ("NotificationAddress", "RequestAddress"),
    "Debtor": ("InsuredPerson", "Beneficiary", "ThirdParty"),
    "Concerns": CONCERNS,
    "DecisionLegislationApplicable/Decision": ("InitialDecision", "AmendingDecision"),
    "PurposeofSED": (
        "NotificationChangesInRelevantData",
        "InformationWorkingInTwoOrMoreMemberStates",
    ),
    "DetailsRequest": (
        "TheRequestConcernsIncapacityForWork",
        "TheRequestDoesNotConcernIncapacityForWork",
    ),
    "ThePersonMentionedAbove": (
        "IsEntitledContinuationTreatmentBasisArticle28",
        "IsNotEntitledContinuationTreatmentBasisArti281",
    ),
    "S010": (
        "AuthorisationForScheduledTreatmentGranted",
        "AuthorisationForScheduledTreatmentNotGranted",
    ),
    "Cancellation": ("WithEndDate", "InFull"),
    "ReplyCancellation/Cancellation": ("AcceptCancellation", "RejectCancellation"),
    "AuthorisationForExtensionEntitlementDocument": (
        "ExtensionEntitlementDocumentForGranted",
        "ExtensionEntitlementDocumentForScheduledTreatment",
    ),
    "InformationAboutEntitlement": ("EntitlementConfirmed", "EntitlementNotConfirmed"),
    "InformationRegistration": ("DocumentHasBeenRegistered", "RegistrationHasBeenRefused"),
    "S071": STATUS,
    "S072": STATUS,
    "S073": STATUS,
    "R028/Request": (
        "FinalRequestPleaseReimburseActualCostsLosses",
        "ProvisionalRequestStateIfAgreeReimburse",
    ),
}
"""End of a path, SED first -> the children of which one instance holds one."""


@pytest.fixture(scope="module")
def trees(reference):
    """SED -> path -> row, in the order of the reference."""
    found = defaultdict(dict)
    with (reference / "cdm-4.4" / "sed-trees.tsv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            found[row["sed"]][row["path"]] = row
    return found


@pytest.fixture(scope="module")
def choices(reference):
    """Type -> names of which one instance holds one."""
    found = {}
    with (reference / "cdm-4.4" / "complex-types.tsv").open(encoding="utf-8") as file:
        for line in file:
            _, name, _, content = line.rstrip("\n").split("\t")
            parts = [p for p in content.split(" ; ") if "|choice" in p]
            found[name] = tuple(p.partition("[")[0] for p in parts)
    return found


def children(tree, path):
    """Paths one level below, in order."""
    start = f"{path}/" if path else ""
    return [p for p in tree if p.startswith(start) and "/" not in p[len(start) :]]


def value(row):
    if row["xsd_type"] in VALUES:
        return VALUES[row["xsd_type"]]
    if row["base"] in BASES:
        return BASES[row["base"]]
    if row["base"] == "xsd:string":
        longest = row["len"].rpartition("..")[2]
        return "x" * int(longest) if longest else "x"
    return {"int": "7", "double": "7"}.get(row["xsd_type"], "x")


def coded(row):
    if row["xsd_type"].endswith("CurrencyType"):
        codes = ["EUR"]
    elif row["codes"].startswith("("):
        codes = [LONG_LISTS[row["codes"]]]
    else:
        codes = row["codes"].split() or ["01"]
    return "".join(
        f"<value>{code}</value>" for code in (codes if row["max"] == "*" else codes[-1:])
    )


def alternatives(sed, path):
    """The longest known end of the path decides."""
    steps = [sed, *path.split("/")] if path else [sed]
    ends = ("/".join(steps[start:]) for start in range(len(steps)))
    return next((ALTERNATIVES[end] for end in ends if end in ALTERNATIVES), ())


def everything(_path, _row):
    return True


def what_must_be(_path, row):
    return row["min"] == "1"


def written(sed, tree, path, choices, turn, wanted=everything, instead=None):
    """The children of a path as XML, once or (lists) twice; of a choice the `turn`th.

    `wanted` says of an element (path and row) whether it is there, `instead` what stands in it.
    """
    kind = tree[path]["xsd_type"] if path else ""
    if kind in WHOLE:
        return WHOLE[kind]
    options = choices.get(kind) or alternatives(sed, path)
    text = ""
    for child in children(tree, path):
        name, row = child.rpartition("/")[2], tree[child]
        if name == "value":  # three coded fields are in the reference with their value
            return coded(row)
        if (name in options and name != options[turn % len(options)]) or not wanted(child, row):
            continue
        if instead and child in instead:
            inside = instead[child]
        elif children(tree, child) or row["xsd_type"] in WHOLE:
            inside = written(sed, tree, child, choices, turn, wanted, instead)
        else:
            inside = coded(row) if row["base"] == "code" else value(row)
        many = row["max"] == "*" and row["base"] != "code" and wanted is everything
        text += f"<{name}>{inside}</{name}>" * (1 + many)
    return text


@pytest.mark.reference
@pytest.mark.parametrize("turn", range(3))
def test_a_full_message_of_every_known_tree_passes(trees, choices, schemas, message, turn):
    assert len(trees) == 148
    refused = {}
    for sed, tree in trees.items():
        xml = message(sed, written(sed, tree, "", choices, turn))
        found = verdict(xml.encode(), "1.2", "4.4", sed, schemas)
        if not found.valid:
            refused[sed] = found.rules
    assert refused == {}


@pytest.mark.reference
def test_the_trees_are_those_of_the_files(trees, schemas, choices, message):
    """A strange element anywhere in a known tree is refused, so the files do hold the trees."""
    for sed, tree in trees.items():
        body = written(sed, tree, "", choices, 0)
        for strange in (f"<strange/>{body}", f"{body}<strange/>"):
            xml = message(sed, strange).encode()
            assert not verdict(xml, "1.2", "4.4", sed, schemas).valid, sed


EITHER = "InformationStatusFormerFrontierWorkerOrFamily/"
"""The one place (S007) where one of two elements that look mandatory is enough."""


@pytest.mark.reference
@pytest.mark.parametrize("turn", range(3))
def test_what_must_be_there_is_enough_and_all_of_it_is_asked_for(
    trees, choices, schemas, message, turn
):
    wrong, asked = [], 0
    for sed, tree in trees.items():

        def valid(wanted, sed=sed, tree=tree):
            body = written(sed, tree, "", choices, turn, wanted)
            return verdict(message(sed, body).encode(), "1.2", "4.4", sed, schemas).valid

        used = set()
        if not valid(lambda path, row, used=used: what_must_be(path, row) and not used.add(path)):
            wrong.append((sed, "refused"))
        for one in used:
            if one.rpartition("/")[0] + "/" == EITHER:
                continue
            asked += 1
            if valid(lambda path, row, one=one: what_must_be(path, row) and path != one):
                wrong.append((sed, f"not asked for: {one}"))
    assert wrong == []
    assert asked > 2000


def beyond(row):
    """A value that the row forbids, or None."""
    if row["base"] == "code":
        return "<value>7x</value>"
    longest = row["len"].rpartition("..")[2]
    if row["base"] == "xsd:string" and longest:
        return "x" * (int(longest) + 1)
    return "x" if row["base"] in BASES else None


@pytest.mark.reference
def test_a_value_beyond_its_type_is_refused(trees, choices, schemas, message):
    """Once for each type and kind of value, in the first SED that has it."""
    tried, passed = set(), []
    for sed, tree in trees.items():
        for path, row in tree.items():
            kind = (row["xsd_type"], row["base"], row["len"], row["codes"])
            said = beyond(row)
            parts = path.split("/")
            if said is None or kind in tried or children(tree, path) or parts[-1] == "value":
                continue
            for turn in range(3):
                plain = written(sed, tree, "", choices, turn)
                body = written(sed, tree, "", choices, turn, instead={path: said})
                if body != plain:
                    tried.add(kind)
                    found = verdict(message(sed, body).encode(), "1.2", "4.4", sed, schemas)
                    if found.valid:
                        passed.append((sed, path))
                    break
    assert passed == []
    assert len(tried) > 150
