"""What leaves in our name, read back with the reader that receives."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from lxml import etree

from gateway.core import composing
from gateway.core.events import MessageReceived
from gateway.core.evidence import About, Claims, Evidence, Organisation, Person
from gateway.core.letter import Letterhead
from gateway.core.message import CaseAction
from gateway.core.outgoing import RINA, SendingKind
from gateway.core.reading import Limits, read
from routing_tables import QuestionText

ADA = Person("Probe", "Ada", date(1980, 5, 17), "02")
PERSON = Evidence(subject=ADA)
FIRM = Evidence(employers=(Organisation(About.EMPLOYER, "Essais & Fils", ()),))
SENDER, OTHER, THEM, US = "DE:101320043", "PL:PL002", "FR:0101100000", "FR:CLEISS0000"
CAUSE = "2198283d-ad17-4b5a-8896-4a00031ecb47"
CASE = "f35fc39b-3ad8-4905-ac39-51cb4ae26c50"
HOME = QuestionText("Person", "Address", "Where does the person live?")
WORK = QuestionText("Activity", "Place", "Where did the person work?")


def head(**changes):
    return Letterhead(
        **{
            "cause": CAUSE,
            "us": US,
            "us_name": "Cleiss",
            "our_role": "Counterparty",
            "case_id": CASE,
            "buc": "S_BUC_24",
            "cdm": "4.4",
            "others": ((SENDER, "CaseOwner"), (OTHER, "Counterparty")),
            "at": datetime(2026, 3, 2, 9, 15, 1, 250_000, UTC),
            **changes,
        }
    )


def about(**changes):
    return MessageReceived(
        **{
            "message_id": CAUSE,
            "sed": "U001",
            "action": "Start",
            "set_id": "0845106a-daa6-41d3-b455-c7795bd825ff",
            "version": 1,
            "payload_digest": "",
            "related_set_id": None,
            "buc": "UB_BUC_01",
            "cdm": "4.4",
            "us": US,
            "our_role": "Counterparty",
            "parties": (SENDER, US),
            "owner": SENDER,
            "received_on": "2026-03-02",
            "body": "digest",
            "media": "mime",
            **changes,
        }
    )


def message(outgoing):
    return read(outgoing.body, Limits()).message


def parties(outgoing):
    return [(p.id, p.role.value) for p in message(outgoing).parties]


# -- X007 -----------------------------------------------------------------------------------


def test_everybody_gets_a_copy_that_names_everybody():
    copies = composing.forward(head(), PERSON, THEM, "CPAM")
    assert [c.receiver for c in copies] == [SENDER, OTHER, THEM]
    for copy in copies:
        assert parties(copy) == [
            (US, "Counterparty"),
            (SENDER, "CaseOwner"),
            (OTHER, "Counterparty"),
            (THEM, "Counterparty"),
        ]
        assert (copy.kind, copy.object, copy.destination) == (SendingKind.X007, THEM, RINA)
        assert message(copy).message_id == copy.message_id
        assert message(copy).action is CaseAction.NEW
    assert len({c.message_id for c in copies}) == 3
    assert len({message(c).set_id for c in copies}) == 1
    assert copies == composing.forward(head(), PERSON, THEM, "CPAM")


def test_who_comes_and_who_goes():
    body = composing.forward(head(), PERSON, THEM, "CPAM <01>")[0].body.decode()
    added = "<AddedParticipant><institutionID>FR:0101100000</institutionID>"
    assert f"{added}<institutionName>CPAM &lt;01&gt;</institutionName></AddedParticipant>" in body
    assert "<RemovedParticipant><institutionID>FR:CLEISS0000</institutionID>" in body
    assert "<reason><value>01</value></reason>" in body


def test_who_takes_part_already_gets_one_copy():
    others = ((SENDER, "CaseOwner"), (THEM, "Counterparty"))
    copies = composing.forward(head(others=others), PERSON, THEM, "CPAM")
    assert [c.receiver for c in copies] == [SENDER, THEM]


def test_an_owner_hands_the_ownership_on():
    copy = composing.forward(head(our_role="CaseOwner", others=()), PERSON, THEM, "CPAM")[0]
    assert parties(copy) == [(US, "CaseOwner"), (THEM, "CaseOwner")]


def test_the_case_keeps_its_version_and_its_flags():
    one = message(composing.forward(head(cdm="4.2", test=True, protected=True), FIRM, THEM, "C")[0])
    assert (one.cdm, one.case_cdm, one.header_version) == ("4.2", "4.2", "1.1")
    assert one.root == "{http://ec.europa.eu/eessi/ns/4_2/X007}X007"
    assert one.test
    assert one.protected
    assert one.case_id == CASE
    assert one.created_at == head().at


def test_an_employer_has_its_own_context():
    body = composing.forward(head(), FIRM, THEM, "C")[0].body.decode()
    assert "<EmployerContext><name>Essais &amp; Fils</name></EmployerContext>" in body
    assert "PersonContext" not in body


# -- questions ------------------------------------------------------------------------------


def test_a_clarification_names_its_sed_and_goes_to_its_author_alone():
    asked = composing.clarification(head(), PERSON, [HOME, WORK], about(), SENDER)
    one = message(asked)
    assert (one.sed, one.related_set_id) == ("X012", about().set_id)
    assert parties(asked) == [(US, "Counterparty"), (SENDER, "CaseOwner")]
    assert asked.body.count(b"<Clarification>") == 2
    assert b"<section>Person</section><item>Address</item>" in asked.body


def test_what_is_too_long_for_a_field_is_cut():
    long = QuestionText("S" * 80, "I" * 80, "?")
    body = composing.clarification(head(), PERSON, [long], about(), SENDER).body.decode()
    assert f"<section>{'S' * 65}</section><item>{'I' * 65}</item>" in body


def test_a_question_in_the_case():
    asked = composing.request(head(), PERSON, [HOME], ["residence"], SENDER)
    one = message(asked)
    assert (one.sed, one.buc, one.case_id, one.action) == ("H001", "S_BUC_24", CASE, CaseAction.NEW)
    assert parties(asked) == [(US, "Counterparty"), (SENDER, "CaseOwner")]
    body = asked.body.decode()
    assert "<RequestAddress><typeAddress><value>01</value></typeAddress></RequestAddress>" in body
    assert f"<information>{HOME.text}</information>" in body
    assert asked.object == asked.message_id


def test_a_question_bears_the_day_in_paris():
    late = head(at=datetime(2026, 3, 2, 23, 30, tzinfo=UTC))
    assert b"<dateRequest>2026-03-03<" in composing.request(late, PERSON, [WORK], [], SENDER).body
    assert (
        b"2026-03-03"
        in composing.pension_request(late, PERSON, [WORK], "<d>$date</d>", SENDER).body
    )


def test_only_an_address_is_asked_for_by_its_field():
    assert b"RequestAddress" not in composing.request(head(), PERSON, [WORK], ["work"], SENDER).body
    assert b"RequestAddress" in composing.request(head(), PERSON, [HOME], ["town"], SENDER).body


def test_a_question_about_an_employer():
    body = composing.request(head(), FIRM, [WORK], ["work"], SENDER).body.decode()
    assert "<Employer><Employer><name>Essais &amp; Fils</name></Employer>" in body
    assert "<Person>" not in body


def test_an_own_case_starts_with_its_question():
    own = head(buc="H_BUC_01", our_role="CaseOwner", others=((SENDER, "Counterparty"),))
    naming = composing.case_reference(CASE, "P_BUC_01")
    asked = composing.request(own, PERSON, [HOME], ["residence"], SENDER, naming)
    one = message(asked)
    assert (one.action, one.buc) == (CaseAction.START, "H_BUC_01")
    assert f"<information>{CASE} P_BUC_01: {HOME.text}<".encode() in asked.body


def test_within_an_own_buc_of_somebody_else_the_question_is_new():
    asked = composing.request(head(buc="H_BUC_01"), PERSON, [HOME], [], SENDER)
    assert message(asked).action is CaseAction.NEW


def test_a_case_is_named_only_from_outside_it():
    assert composing.case_reference("", "P_BUC_01") == ""


@pytest.mark.parametrize(
    ("lengths", "reference", "fit"),
    [((100, 100, 60), "", 2), ((255,), "", 1), ((256,), "", 0), ((205,), "r" * 50, 0), ((), "", 0)],
)
def test_there_is_room_for_whole_questions_only(lengths, reference, fit):
    asks = [QuestionText("s", "i", "x" * length) for length in lengths]
    assert composing.room(asks, reference) == fit
    body = composing.request(head(), PERSON, asks, [], SENDER, reference).body.decode()
    assert body.count("x" * 60) <= sum(length // 60 for length in lengths[:fit])
    text = body.partition("<information>")[2].partition("<")[0]
    assert len(text) <= 255


# -- the hand-over --------------------------------------------------------------------------


def test_a_hand_over_is_the_bytes_received_with_a_sidecar():
    sent = composing.hand_over(about(), THEM, {"why": "é"}, after="x007")
    assert (sent.body, sent.digest, sent.media) == (None, "digest", "mime")
    assert (sent.object, sent.receiver, sent.destination, sent.after) == (CAUSE, THEM, THEM, "x007")
    assert json.loads(sent.sidecar) == {"hand_over_id": sent.message_id, "why": "é"}


def test_a_notice_is_the_sidecar_alone():
    sent = composing.hand_over(about(), THEM, {}, after=None, notice=True)
    assert (sent.media, sent.after) == ("none", None)


# -- whom we can speak of -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("evidence", "can"),
    [
        (PERSON, True),
        (FIRM, True),
        (Evidence(), False),
        (Evidence(subject=Person("", "Ada", ADA.date_birth, "02")), False),
        (Evidence(subject=Person("x" * 156, "Ada", ADA.date_birth, "02")), False),
        (Evidence(subject=Person("x\x07", "Ada", ADA.date_birth, "02")), False),
        (Evidence(subject=Person("Probe", " ", ADA.date_birth, "02")), False),
        (Evidence(subject=Person("Probe", "Ada", ADA.date_birth, "03")), False),
        (Evidence(employers=(Organisation(About.EMPLOYER, "", ()),)), False),
        (Evidence(employers=(Organisation(About.EMPLOYER, "x" * 156, ()),)), False),
        (Evidence(employers=(Organisation(About.EMPLOYER, "\x00", ()),)), False),
    ],
)
def test_only_who_fits_into_an_x_sed_is_spoken_of(evidence, can):
    assert composing.speakable(evidence) is can


def test_markup_and_control_characters_do_no_harm():
    name = "CPAM \x07& <Fils>"
    body = composing.forward(head(us_name=name), PERSON, THEM, name)[0].body
    assert read(body, Limits()).message.sed == "X007"
    assert b"CPAM &amp; &lt;Fils&gt;" in body


def test_what_is_asked_of_a_request_for_reimbursement_names_it_and_nobody():
    bulk = replace(PERSON, claims=Claims("R & 7", 3), several=True)
    assert composing.speakable(bulk)
    asked = composing.request(head(), bulk, (HOME,), ("residence",), SENDER)
    (block,) = etree.fromstring(asked.body).iter("NotificationRequestForInformation")
    assert [child.tag for child in block] == ["ReimbursementBulkSED"]
    assert block.findtext(".//reimbursementRequestID") == "R & 7"
    assert (block.find(".//RequestAddress"), block.find(".//familyName")) == (None, None)
