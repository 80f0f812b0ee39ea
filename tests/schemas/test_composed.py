"""Everything that can leave in our name keeps to the schemas."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core import composing
from gateway.core.events import MessageReceived
from gateway.core.evidence import About, Claims, Evidence, Organisation, Person
from gateway.core.letter import Letterhead
from gateway.core.validation import verdict
from routing_tables import QuestionText
from sed_schemas.schema_set import SchemaSet

ADA = Person("Probe", "Ada", date(1980, 5, 17), "02")
PERSON = Evidence(subject=ADA)
CLAIMS = Evidence(claims=Claims("U020 <7> & 8", 12), several=True)
EMPLOYER = Evidence(employers=(Organisation(About.EMPLOYER, "Essais & Fils <SA>", ()),))
THEM = "FR:0101100000"
SENDER = "DE:101320043"
ASKS = (
    QuestionText("Person", "Address", "Please give the address of residence."),
    QuestionText("S" * 80, "I" * 80, "Where did the person work? " * 8),
)
SCHEMAS = SchemaSet()
TEMPLATE = "<InsuredPerson><PersonIdentification>$person</PersonIdentification></InsuredPerson>"


def letterhead(cdm="4.4", **changes):
    said = {
        "cause": "2198283d-ad17-4b5a-8896-4a00031ecb47",
        "us": "FR:CLEISS0000",
        "us_name": "Cleiss",
        "our_role": "Counterparty",
        "case_id": "f35fc39b-3ad8-4905-ac39-51cb4ae26c50",
        "buc": "S_BUC_24",
        "cdm": cdm,
        "others": ((SENDER, "CaseOwner"), ("PL:PL002", "Counterparty")),
        "at": datetime(2026, 3, 2, 9, 15, tzinfo=UTC),
    }
    return Letterhead(**{**said, **changes})


def document():
    return MessageReceived(
        message_id="2198283d-ad17-4b5a-8896-4a00031ecb47",
        sed="U001",
        action="Start",
        set_id="0845106a-daa6-41d3-b455-c7795bd825ff",
        version=1,
        payload_digest="",
        related_set_id=None,
        buc="UB_BUC_01",
        cdm="4.4",
        us="FR:CLEISS0000",
        our_role="Counterparty",
        parties=(SENDER, "FR:CLEISS0000"),
        owner=SENDER,
        received_on="2026-03-02",
        body="",
        media="xml",
    )


def compose(kind, head, evidence):
    """All copies of one kind of message."""
    if kind == "X007":
        return composing.forward(head, evidence, THEM, "Caisse d'essai " * 20)
    if kind == "X011":
        details = "Another <person> & case. " * 10
        sent = composing.Rejected("m", "U001", document().set_id, SENDER, head.at.date())
        return (composing.reject(head, evidence, sent, "99", details),)
    if kind == "X050":
        return (composing.exception(head, document(), "02"),)
    if kind == "P8000":
        return (composing.pension_request(head, PERSON, ASKS, TEMPLATE, SENDER),)
    if kind == "free":
        own = "In 2019 & 2020? " * 15
        return (composing.clarification(head, evidence, ASKS, document(), SENDER, own),)
    if kind == "X012":
        return (composing.clarification(head, evidence, ASKS, document(), SENDER),)
    if kind == "X008":
        return composing.withdraw_forwarding(head, evidence, document().set_id, date(2026, 3, 2))
    reference = "f35fc39b-3ad8-4905-ac39-51cb4ae26c50 P_BUC_01:" if kind == "own" else ""
    missing = ("residence",) if kind == "address" else ("employer",)
    return (composing.request(head, evidence, ASKS, missing, SENDER, reference),)


SEDS = {
    **{kind: kind for kind in ("X007", "X008", "X011", "X012", "X050", "P8000")},
    "free": "X012",
    **dict.fromkeys(("address", "other", "own"), "H001"),
}
OWN = {
    "buc": composing.OWN_CASE_BUC,
    "our_role": "CaseOwner",
    "others": ((SENDER, "Counterparty"),),
}


def broken(outgoing, cdm, sed, header):
    xml = outgoing.body
    assert f"<sbdh:HeaderVersion>{header}<".encode() in xml
    return verdict(xml, header, cdm, sed, SCHEMAS)


@pytest.mark.parametrize("kind", SEDS)
@pytest.mark.parametrize(
    "evidence", [PERSON, EMPLOYER, CLAIMS], ids=["person", "employer", "claims"]
)
@pytest.mark.parametrize("flags", [{}, {"protected": True, "test": True}], ids=["", "flags"])
def test_what_is_composed_is_valid(kind, evidence, flags, check):
    head = letterhead(**(OWN if kind == "own" else {}), **flags)
    assert composing.speakable(evidence)
    copies = compose(kind, head, evidence)
    assert copies
    for outgoing in copies:
        assert check(outgoing.body, SEDS[kind])


@pytest.mark.parametrize(
    ("cdm", "header"), [("4.1", "1.1"), ("4.2", "1.1"), ("4.3", "1.2"), ("4.4", "1.2")]
)
@pytest.mark.parametrize("kind", SEDS)
def test_each_cdm_version_gets_its_header(kind, cdm, header):
    for outgoing in compose(kind, letterhead(cdm), PERSON):
        assert broken(outgoing, cdm, SEDS[kind], header).valid


@pytest.mark.parametrize("cdm", ["4.1", "4.2", "4.3"])
def test_what_is_known_to_be_new_in_4_4_is_not_sent_in_an_older_case(cdm):
    (outgoing,) = compose("address", letterhead(cdm), PERSON)
    assert b"RequestAddress" not in outgoing.body
    assert b"Please give the address of residence." in outgoing.body


def test_the_forward_reaches_everybody_and_the_new_one():
    copies = compose("X007", letterhead(), PERSON)
    assert {o.receiver for o in copies} == {SENDER, "PL:PL002", THEM}


@given(
    family=st.text(max_size=200),
    forename=st.text(max_size=200),
    born=st.dates(),
    sex=st.sampled_from(["01", "02", "98", "03", ""]),
    kind=st.sampled_from(sorted(SEDS)),
)
def test_whoever_can_be_spoken_of_is_spoken_of_validly(family, forename, born, sex, kind):
    evidence = Evidence(subject=Person(family, forename, born, sex))
    if composing.speakable(evidence):
        for outgoing in compose(kind, letterhead(), evidence):
            assert verdict(outgoing.body, "1.2", "4.4", SEDS[kind], SCHEMAS).valid


@given(name=st.text(max_size=200))
def test_whichever_employer_can_be_named_is_named_validly(name):
    evidence = Evidence(employers=(Organisation(About.EMPLOYER, name, ()),))
    if composing.speakable(evidence):
        for kind, sed in SEDS.items():
            for outgoing in compose(kind, letterhead(), evidence):
                assert verdict(outgoing.body, "1.2", "4.4", sed, SCHEMAS).valid
