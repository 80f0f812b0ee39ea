"""Each question of the judging in its order, on a small world of tables."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from gateway.core.case import Case, fold
from gateway.core.case_evidence import known_evidence, merged
from gateway.core.decision import CAUSES, Refer, SetAside, Transfer, Way, name
from gateway.core.events import (
    Answered,
    Erased,
    ForwardConfirmed,
    QuestionFailed,
    Returned,
    Waits,
)
from gateway.core.evidence import Evidence
from gateway.core.judging import Arrival, decide, examine, judge
from gateway.core.message import Malformed
from gateway.core.outgoing import SendingKind
from gateway.core.reading import Limits, read
from gateway.core.states import CaseState, MessageState
from ir_directory import Certainty, InstitutionRepository, Partner
from routing_tables import Questions, QuestionText, RoutingTable, SectionRow
from sed_schemas import EVERYWHERE, OWNER

US, THEM, SENDER = "FR:CLEISS0000", "FR:CPAM01", "DE:101320043"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CONTEXT = (
    "<CaseContext><PersonContext><familyName>Muster</familyName><forename>Erika</forename>"
    "<dateBirth>1985-07-15</dateBirth><sex><value>02</value></sex></PersonContext></CaseContext>"
)


def person_block(family="Muster"):
    return (
        f"<PersonIdentification><familyName>{family}</familyName><forename>Erika</forename>"
        "<dateBirth>1985-07-15</dateBirth><sex><value>02</value></sex></PersonIdentification>"
    )


def home(town, postcode, typed=True):
    kind = "<typeAddress><value>01</value></typeAddress>" if typed else ""
    return (
        f"<AddressPerson><AddressPerson>{kind}<Address><town>{town}</town>"
        f"<postalCode>{postcode}</postalCode><country><value>FR</value></country></Address>"
        "</AddressPerson></AddressPerson>"
    )


def h002(address="", prose=False):
    words = "<WeAreEnclosing><theFollowingInformation>x</theFollowingInformation></WeAreEnclosing>"
    return (
        f"<ReplyRequestForInformation><Person><PersonIdentification>{person_block()}"
        f"</PersonIdentification>{address}{words if prose else ''}</Person>"
        "</ReplyRequestForInformation>"
    )


def ask(desk, person, **more):
    """Bring the case to an open question."""
    judgement = desk.take("one", inside=person(town=None), document="d", **more)
    assert desk.case.state is CaseState.ASKED
    return judgement


def forwarded(desk):
    desk.take("one", document="d")
    assert desk.case.holder == THEM
    return desk


def sent(judgement, kind):
    return [o for o in judgement.outgoing if o.kind is kind]


# -- bytes that are no message, and messages that are not for us ----------------------------


def test_malformed_bytes_are_set_aside_under_their_digest(desk):
    arrival = Arrival(NOON, NOON)
    judgement = judge(Malformed("d" * 64, "not-xml"), None, desk.tables, desk.policy, arrival)
    assert (judgement.message_id, judgement.decision) == ("d" * 64, SetAside("not-xml"))
    assert (judgement.state, judgement.case_id) == (MessageState.QUARANTINED, None)


def test_examining_malformed_bytes_says_so():
    assert examine(b"", Limits(), None).code == "empty"


def test_each_stage_of_an_examination_is_told_once_and_validation_where_there_was_one(a_message):
    class Nothing:
        name = "none"
        source = for_message = lambda *_: None
        of_transaction = lambda *_: ()  # noqa: E731

    def stages(body, schemas):
        passed = []
        examine(body, Limits(), schemas, passed.append)
        return passed

    assert stages(a_message(), Nothing()) == ["read", "validate"]
    assert stages(a_message(), None) == stages(b"", Nothing()) == ["read"]


def test_a_message_without_its_case_is_a_bug_and_set_aside(desk, a_message):
    class Nothing:
        name = "none"
        source = for_message = lambda *_: None
        of_transaction = lambda *_: ()  # noqa: E731

    examined = examine(a_message(), Limits(), Nothing())
    judgement = judge(examined, None, desk.tables, desk.policy, Arrival(NOON, NOON))
    assert judgement.decision == SetAside("internal-error")
    assert judgement.message_id == examined.message.digest


def test_a_multipart_message_is_handed_over_as_such(desk, a_message):
    class Nothing:
        name = "none"
        source = for_message = lambda *_: None
        of_transaction = lambda *_: ()  # noqa: E731

    body = (
        b'Content-Type: multipart/related; boundary="b"\r\n\r\n--b\r\n\r\n'
        + a_message()
        + b"\r\n--b\r\n\r\npdf\r\n--b--\r\n"
    )
    examined = examine(body, Limits(), Nothing())
    assert examined.media == "mime"


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ({"buc": "SYNC_SUC_01"}, "system-message"),
        ({"receivers": [("FR:CPAM01", "Counterparty")]}, "not-ours"),
        ({"flags": "<sbdh:TestCase>true</sbdh:TestCase>"}, "wrong-environment"),
    ],
)
def test_what_is_not_for_us_is_set_aside_outside_the_case(desk, said, written, why):
    desk.policy_of(environment="production")
    judgement = desk.take(**written)
    assert said(judgement) == ("set-aside", why)
    assert (judgement.case_id, judgement.events) == (None, ())


def test_a_test_case_is_welcome_outside_production(desk, said):
    judgement = desk.take(flags="<sbdh:TestCase>true</sbdh:TestCase>")
    assert said(judgement) == ("transfer", THEM)
    x007 = sent(judgement, SendingKind.X007)
    assert all(read(o.body, Limits()).message.test for o in x007)


@pytest.mark.parametrize(
    ("addressee", "us"),
    [(None, "FR:CLEISS0001"), ("FR:CLEISS0000", "FR:CLEISS0000"), ("FR:CPAM69", "FR:CLEISS0001")],
)
def test_the_addressee_is_us_else_the_first_of_ours(desk, addressee, us):
    desk.addressee = addressee
    receivers = [
        (ident, "Counterparty") for ident in ("FR:CLEISS0001", "FR:CLEISS0000", "FR:CPAM69")
    ]
    judgement = desk.take(receivers=receivers)
    assert judgement.events[0].us == us
    for copy in sent(judgement, SendingKind.X007):
        assert copy.receiver not in {"FR:CLEISS0000", "FR:CLEISS0001"}


# -- the same content -----------------------------------------------------------------------


def test_the_same_content_under_another_id_is_linked_and_goes_no_further(desk, said, uid):
    first = desk.take("one", document="d")
    again = desk.take("two", document="d")
    assert said(again) == ("absorbed", None)
    assert (again.state, again.same_as) == (MessageState.ABSORBED, first.message_id)
    assert (again.events, again.outgoing) == ((), ())
    assert [s.code for s in again.trace] == ["content-known"]


def test_the_same_message_is_judged_again_not_absorbed(desk, said):
    desk.take("one", document="d", inside="<Person/>")
    assert said(desk.judge("one", document="d", inside="<Person/>"))[0] != "absorbed"


def test_another_content_under_the_same_version_is_referred(desk, said, person):
    desk.take("one", document="d")
    other = desk.take("two", document="d", inside=person("Lyon", "69001"))
    assert said(other) == ("refer", "other-content")


# -- facts of the message -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ({"root": "S041"}, "type-mismatch"),
        ({"sed": "S041", "root": "S041", "cdm": "4.3"}, None),
    ],
)
def test_the_root_is_the_sed_announced(desk, said, written, why):
    assert (said(desk.take(**written))[1] == why) is (why is not None)


def test_the_namespace_is_that_of_the_sed_and_its_version(desk, said, a_message):
    class Nothing:
        name = "none"
        source = for_message = lambda *_: None
        of_transaction = lambda *_: ()  # noqa: E731

    for old, new, why in (
        (b"/ns/4_4/", b"/ns/4_3/", "namespace-mismatch"),
        (b"S_BUC_24:4.4", b"S_BUC_24:4.3", "cdm-mismatch"),
    ):
        examined = examine(a_message(case="c").replace(old, new), Limits(), Nothing())
        arrival = Arrival(NOON, NOON)
        judgement = judge(examined, desk.case, desk.tables, desk.policy, arrival)
        assert said(judgement) == ("refuse", why)


def test_a_case_keeps_its_version(desk, said):
    desk.take("one", document="d")
    assert said(desk.take("two", document="d", version=2, cdm="4.3")) == ("refuse", "cdm-mismatch")


def test_a_refused_message_leaves_no_trace_in_its_case(desk, said):
    refused = desk.take("one", root="S041")
    assert refused.state is MessageState.REFUSED
    assert (refused.events, refused.outgoing) == ((), ())
    assert desk.case == Case(desk.case.case_id)


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ({"cdm": "4.1"}, "unknown-cdm"),
        ({"buc": "S_BUC_99"}, "unknown-buc"),
        ({"sed": "S999"}, "unknown-sed"),
        ({"sed": "U001"}, "sed-not-in-buc"),
    ],
)
def test_what_is_unknown_goes_to_a_person(desk, said, written, why):
    judgement = desk.take(**written)
    assert said(judgement) == ("refer", why)
    assert judgement.state is MessageState.REFERRED
    assert desk.case.state is CaseState.REFERRED


def test_a_broken_schema(desks, said):
    assert said(desks().schema().take()) == ("refer", "profile-violation")
    assert said(desks().schema("official").take()) == ("refuse", "schema-violation")
    warned = desks().schema().policy_of(profile_violation="warn").take()
    assert said(warned) == ("transfer", THEM)
    assert warned.trace[0].code == "profile-warning"
    assert warned.violations == ("SCHEMAV_ELEMENT_CONTENT",)


@pytest.mark.parametrize("policy", ["refer", "warn"])
@pytest.mark.parametrize("source", [None, "profile", "official"])
def test_only_the_official_schema_refuses_and_no_schema_sends_anything(desks, source, policy):
    judgement = desks().schema(source).policy_of(profile_violation=policy).take()
    refused = name(judgement.decision) == "refuse"
    assert refused == (source == "official")
    told = [step.params for step in judgement.trace if step.code == "schema-broken"]
    if source == "official" or policy == "refer":
        assert judgement.outgoing == ()
        rule = "SCHEMAV_ELEMENT_CONTENT"
        assert told == [{"source": source or "profile", "rule": rule}]
    else:
        assert told == []


# -- the case -------------------------------------------------------------------------------


def test_a_protected_case_is_never_transferred(desk, said):
    flags = "<sbdh:PersonalProtectedCase>true</sbdh:PersonalProtectedCase>"
    assert said(desk.take(flags=flags)) == ("refer", "protected")
    assert said(desk.take("two")) == ("refer", "protected")


def test_what_we_sent_ourselves_is_ours(desk, said):
    assert said(desk.take(sender=("FR:CLEISS0001", "CaseOwner"))) == ("refer", "own")


def test_a_case_has_one_buc(desk, said):
    desk.take("one")
    assert said(desk.take("two", buc="UB_BUC_01", sed="U001")) == ("refer", "conflict")


STRANGER = ("PL:STRANGER", "Counterparty")


def test_whoever_is_in_no_header_of_the_case_is_not_believed(desk, said, person):
    """Neither with an address for a case that waits for one, nor with a SED for the holder."""
    desk.take("one", document="d", inside=person(town=None))
    update = {"document": "d", "version": 2, "action": "Update", "sender": STRANGER}
    assert said(desk.judge("two", **update)) == ("refer", "stranger")
    assert said(desk.judge("three", sed="H002", action="New", sender=STRANGER)) == (
        "refer",
        "stranger",
    )
    desk.take("four", document="d", version=2, action="Update")
    judgement = desk.take("five", action="New", sender=STRANGER)
    assert said(judgement) == ("refer", "stranger")
    assert STRANGER[0] not in desk.case.participants
    assert desk.case.received(desk.uid("five")) is None


def test_a_document_is_changed_by_its_author_alone(desk, said, person):
    both = [(US, "Counterparty"), ("PL:PL002", "Counterparty")]
    desk.take("one", document="d", inside=person(town=None), receivers=both)
    update = {"document": "d", "version": 2, "action": "Update"}
    other = {"sender": ("PL:PL002", "Counterparty"), "receivers": [both[0], (SENDER, "CaseOwner")]}
    assert said(desk.judge("two", **update, **other)) == ("refer", "stranger")
    assert said(desk.judge("two", **update, receivers=both))[0] == "transfer"


def test_another_person_is_not_this_case(desk, said, person):
    desk.take("zero", sed="S041", action="New", inside="<Person/>")
    desk.take("one", document="d")
    other = desk.take("two", action="New", inside=person(family="Autre"))
    assert said(other) == ("refer", "other-person")
    assert said(desk.take("three", action="New", inside=person(family="MUSTER")))[0] != "transfer"


def test_erased_evidence_contradicts_nothing(desk, said, person):
    desk.take("one", document="d")
    event = replace(desk.case.documents[desk.uid("d")], evidence=None)
    desk.case = replace(desk.case, documents={event.set_id: event})
    assert said(desk.take("two", action="New", inside=person(family="Autre")))[0] == "deliver"


# -- X SEDs ---------------------------------------------------------------------------------


def x_sed(desk, sed, message="x", **more):
    return desk.take(message, sed=sed, action="New", inside=CONTEXT, **more)


@pytest.mark.parametrize("sed", ["X050", "X011"])
def test_an_exception_closes_the_question_and_refers_the_case(desk, said, person, sed):
    ask(desk, person)
    [question] = desk.case.open_questions
    judgement = x_sed(desk, sed)
    assert said(judgement) == ("refer", "exception-received")
    assert QuestionFailed(question.id) in judgement.events
    assert desk.case.open_questions == ()
    assert judgement.moves == ((desk.uid("one"), MessageState.REFERRED),)


def test_an_exception_about_something_else_leaves_the_question_open(desk, person):
    ask(desk, person)
    x_sed(desk, "X050", related="something else")
    assert len(desk.case.open_questions) == 1


@pytest.mark.parametrize("sender", ["FR:CPAM01", "FR:CPAM01B"])
@pytest.mark.parametrize("sed", ["X006", "X007", "X011", "X050", "X100"])
def test_whoever_gave_the_case_back_does_not_get_it_again(desk, said, sed, sender):
    forwarded(desk)
    judgement = x_sed(desk, sed, sender=(sender, "Counterparty"))
    assert said(judgement) == ("refer", "returned")
    assert Returned(THEM) in judgement.events
    assert said(desk.take("two", action="New"))[1] == "case-referred"


# -- a case that we forwarded ---------------------------------------------------------------


def test_a_later_sed_waits_for_the_x007_that_is_not_confirmed(desk, said):
    forwarded(desk)
    later = desk.take("two", document="d", version=2, action="Update")
    assert said(later) == ("deliver", THEM)
    [hand_over] = later.outgoing
    assert hand_over.after == desk.case.x007
    assert json.loads(hand_over.sidecar)["x007_message_id"] == desk.case.x007


def test_a_later_sed_goes_at_once_after_the_x007(desk, said):
    forwarded(desk).confirm()
    later = desk.take("two", action="New", created="2026-03-03T11:59:00Z")
    assert said(later) == ("deliver", THEM)
    assert later.outgoing[0].after is None
    assert later.state is MessageState.RECORDED


def test_after_the_grace_a_person_looks(desk, said):
    forwarded(desk).confirm()
    late = desk.take("two", action="New", created="2026-03-03T12:00:01Z")
    assert said(late) == ("refer", "forwarded-late")


def test_an_x_sed_of_a_forwarded_case_follows_it(desk, said):
    assert said(x_sed(forwarded(desk), "X009")) == ("deliver", THEM)


def test_the_holder_of_today_gets_what_comes_later(desk, said, person):
    desk.take("one", inside=person("Arras", "62000"))
    assert desk.case.holder == "FR:ENDS"
    desk.later(days=5)
    assert said(desk.take("two", action="New", inside="<Person/>")) == ("deliver", "FR:CPAM69")


def test_a_holder_that_is_gone_has_no_mail(desk, said, person):
    desk.take("one", inside=person("Lille", "59000"))
    desk.later(days=5)
    assert said(desk.take("two", action="New", inside="<Person/>")) == ("refer", "no-holder")


# -- order ----------------------------------------------------------------------------------


def test_nothing_is_decided_before_the_sed_that_starts_the_case(desk, said):
    for message in ("one", "two"):
        early = desk.take(message, action="New")
        assert said(early) == ("hold", "out-of-order")
        assert early.state is MessageState.WAITING
    assert desk.case.state is CaseState.OPEN
    start = desk.take("three", document="start")
    assert said(start) == ("transfer", THEM)
    handed = [o.object for o in sent(start, SendingKind.HAND_OVER)]
    assert handed == [desk.uid("one"), desk.uid("two"), desk.uid("three")]
    assert start.moves == (
        (desk.uid("one"), MessageState.RECORDED),
        (desk.uid("two"), MessageState.RECORDED),
    )


# -- the transfer ---------------------------------------------------------------------------


def test_a_transfer_with_all_that_leaves(desk):
    others = [("FR:CLEISS0000", "Counterparty"), ("PL:PL002", "Counterparty")]
    judgement = desk.take("one", document="d", receivers=others)
    copies = sent(judgement, SendingKind.X007)
    assert [c.receiver for c in copies] == [SENDER, "PL:PL002", THEM]
    everybody = [US, SENDER, "PL:PL002", THEM]
    for copy in copies:
        message = read(copy.body, Limits()).message
        assert [p.id for p in message.parties] == everybody
        assert message.case_id == desk.case.case_id
    [hand_over] = sent(judgement, SendingKind.HAND_OVER)
    assert hand_over.after == copies[-1].message_id == desk.case.x007
    sidecar = json.loads(hand_over.sidecar)
    assert sidecar["certainty"] == "solid"
    assert sidecar["x007_message_id"] == copies[-1].message_id
    assert sidecar["rules"][0] == "S"
    assert judgement.certainty is Certainty.SOLID
    assert (judgement.state, judgement.release) == (MessageState.RECORDED, "r1")
    assert read(copies[0].body, Limits()).message.set_id == desk.case.x007_set_id


def test_the_same_judgement_gives_the_same_bytes(desk):
    assert desk.judge() == desk.judge()


def test_who_wants_a_notice_gets_the_sidecar_alone(desk):
    judgement = desk.policy_of(hand_over_by_institution={THEM: "notice"}).take()
    assert sent(judgement, SendingKind.HAND_OVER)[0].media == "none"


@pytest.mark.parametrize(("single", "media"), [({}, "none"), ({THEM: "copy"}, "xml")])
def test_a_notice_for_all_gives_way_to_what_one_institution_wants(desk, single, media):
    desk.policy_of(hand_over="notice", hand_over_by_institution=single)
    assert sent(desk.take(), SendingKind.HAND_OVER)[0].media == media


def test_an_institution_of_ours_unknown_to_the_directory_goes_by_its_id(desk):
    desk.policy_of(own_institutions=("FR:OURS",))
    judgement = desk.take(receivers=[("FR:OURS", "Counterparty")])
    assert b"<institutionName>FR:OURS</institutionName>" in judgement.outgoing[0].body


def test_whoever_is_named_abroad_bears_his_name_of_that_day(desk):
    directory = desk.tables.directory
    renamed = tuple(
        change
        for row in directory.institutions
        for change in (
            (
                replace(row, valid_to=date(2026, 3, 5)),
                replace(row, name=f"New {row.id[3:]}", valid_from=date(2026, 3, 5)),
            )
            if row.id in {US, THEM}
            else (row,)
        )
    )
    rows = InstitutionRepository(renamed, (), directory.catchments, directory.communes)
    desk.tables = replace(desk.tables, directory=rows)
    for days, word in ((0, "Institution"), (3, "New")):
        body = sent(desk.later(days=days).judge(), SendingKind.X007)[0].body.decode()
        for ident in (US, THEM):
            assert f"<institutionName>{word} {ident[3:]}</institutionName>" in body


def two_people():
    return f"<List><Person>{person_block()}</Person><Person>{person_block('Autre')}</Person></List>"


@pytest.mark.parametrize(
    ("written", "policy", "why", "target"),
    [
        ({"inside": ("Marseille", "13001")}, {}, "own", "FR:CLEISS0001"),
        (
            {"inside": ("Marseille", "13001")},
            {"own_institutions": (US,)},
            "own",
            "FR:CLEISS0001",
        ),
        ({"receivers": [(US, "CaseOwner")]}, {}, "own", THEM),
        (
            {"receivers": [(US, "Counterparty"), ("FR:CPAM01B", "Counterparty")]},
            {},
            "already-participant",
            THEM,
        ),
        ({"sender": (THEM, "CaseOwner")}, {}, "already-participant", THEM),
        (
            {"inside": ("Lyon", "69001")},
            {"least_certainty": Certainty.SOLID},
            "inferred",
            "FR:CPAM69",
        ),
        ({"buc": "S_BUC_19", "sed": "S080"}, {}, "cannot-forward", "FR:CNSE"),
        ({"buc": "UB_BUC_04", "sed": "U020", "inside": "<x/>"}, {}, "no-context", "FR:CNSE"),
    ],
)  # fmt: skip
def test_what_stands_in_the_way_of_a_transfer(desk, said, person, written, policy, why, target):
    if isinstance(written.get("inside"), tuple):
        written = {**written, "inside": person(*written["inside"])}
    judgement = desk.policy_of(**policy).take(**written)
    assert said(judgement) == ("refer", why)
    assert judgement.candidates == (target,)
    assert judgement.outgoing == ()


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({}, ("refer", "inferred")),
        ({"accepted_rules": frozenset({"S72"})}, ("refer", "inferred")),
        ({"accepted_rules": frozenset({"S"})}, ("transfer", THEM)),
        (
            {"accepted_rules": frozenset({"S"}), "least_certainty": Certainty.SOLID},
            ("refer", "inferred"),
        ),
    ],
)
def test_an_accepted_rule_decides_and_the_decision_names_it(desk, said, policy, expected):
    rows = (replace(row, certainty=Certainty.INFERRED) for row in desk.tables.routes.routes)
    desk.tables = replace(desk.tables, routes=RoutingTable(rows))
    judgement = desk.policy_of(**policy).take()
    assert said(judgement) == expected
    if expected[0] == "transfer":
        assert judgement.decision == Transfer(THEM, Certainty.LIKELY, accepted="S")
    told = "rule-accepted" in {step.code for step in judgement.trace}
    assert told is ("S" in policy.get("accepted_rules", ()))


def test_a_participant_unknown_to_the_directory_is_known_by_its_id(desk, said):
    receivers = [(US, "Counterparty"), ("FR:NEWONE", "Counterparty")]
    assert said(desk.take(receivers=receivers)) == ("transfer", THEM)


def test_a_french_participant_is_no_obstacle_for_another_institution(desk, said):
    receivers = [(US, "Counterparty"), ("FR:CPAM69", "Counterparty")]
    assert said(desk.take(receivers=receivers)) == ("transfer", THEM)


def test_who_returned_the_case_by_another_id_does_not_get_it(desk, said):
    desk.case = fold(desk.case, [Returned("FR:CPAM01B")])
    assert said(desk.take()) == ("refer", "returned")


def merged_the_day_before_yesterday(desk):
    """Arras is served by Lyon since its own institution has ended."""
    desk.later(days=3)
    assert desk.tables.directory.successor_on("FR:ENDS", desk.now.date()).id == "FR:CPAM69"


def test_who_returned_the_case_before_a_merger_does_not_get_it_after(desk, said, person):
    merged_the_day_before_yesterday(desk)
    desk.case = fold(desk.case, [Returned("FR:ENDS")])
    assert said(desk.take(inside=person("Lyon", "69001"))) == ("refer", "returned")


def test_who_takes_part_under_a_name_from_before_a_merger_is_for_a_person(desk, said, person):
    """We step back from nothing: what is sent to an id that has ended may reach nobody."""
    merged_the_day_before_yesterday(desk)
    judgement = desk.take(
        buc="P_BUC_01",
        sed="P2000",
        inside=person("Lyon", "69001"),
        receivers=[(US, "Counterparty"), ("FR:ENDS", "Counterparty")],
    )
    assert said(judgement) == ("refer", "already-participant")
    assert judgement.candidates == ("FR:CPAM69",)
    assert judgement.outgoing == ()


def test_several_persons_are_never_the_first_one(desk, said):
    address = home("Bourg-en-Bresse", "01000")
    judgement = desk.take(inside=two_people() + address)
    assert said(judgement) == ("refer", "several")
    assert judgement.candidates == (THEM,)
    assert said(desk.judge("two", inside=two_people()))[0] == "refer"


def test_persons_with_different_answers_have_several(desk, said):
    each = ((person_block("Un"), "Bourg-en-Bresse", "01000"), (person_block(), "Lyon", "69001"))
    inside = "".join(f"<Claim>{who}{home(town, code)}</Claim>" for who, town, code in each)
    judgement = desk.take(inside=inside)
    assert said(judgement) == ("refer", "several")
    assert judgement.candidates == (THEM, "FR:CPAM69")


def test_several_persons_are_not_asked_about(desk, said):
    assert said(desk.take(inside=two_people())) == ("refer", "several")


def test_several_persons_are_usual_in_a_bulk_buc(desk, said):
    request = (
        "<GeneralInformation><reimbursementRequestID>R7</reimbursementRequestID>"
        "<numberIndividualClaims>2</numberIndividualClaims></GeneralInformation>"
    )
    judgement = desk.take(buc="UB_BUC_04", sed="U020", inside=request + two_people())
    assert said(judgement) == ("transfer", "FR:CNSE")


@pytest.mark.parametrize(
    ("environment", "place", "result"),
    [
        ("production", ("Paris", "75001"), ("refer", "institution-unusable")),
        ("test", ("Bourg-en-Bresse", "01000"), ("refer", "institution-unusable")),
        ("acceptance", ("Paris", "75001"), ("transfer", "FR:TEST1")),
    ],
)
def test_test_and_production_never_meet(desk, said, person, environment, place, result):
    desk.policy_of(environment=environment)
    assert said(desk.take(inside=person(*place))) == result


# -- the question ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("buc", "sed", "way", "kind"),
    [
        ("S_BUC_24", "S040", Way.H001, SendingKind.H001),
        ("UB_BUC_01", "U001", Way.X012, SendingKind.X012),
        ("UB_BUC_01", "U002", Way.H001, SendingKind.H001),
        ("P_BUC_01", "P2000", Way.OWN_CASE, SendingKind.H001),
    ],
)
def test_the_buc_decides_how_one_asks(desk, person, buc, sed, way, kind):
    judgement = ask(desk, person, buc=buc, sed=sed)
    assert judgement.decision.way is way
    assert (judgement.decision.missing, judgement.missing) == (("residence",), ("residence",))
    assert judgement.state is MessageState.WAITING
    [question] = judgement.outgoing
    assert (question.kind, question.receiver) == (kind, SENDER)
    [open_] = desk.case.open_questions
    message = read(question.body, Limits()).message
    assert (open_.id, open_.set_id) == (question.message_id, message.set_id)
    assert (open_.about_set_id, open_.way) == (desk.uid("d"), way.value)
    assert message.related_set_id == (desk.uid("d") if way is Way.X012 else None)
    own = way is Way.OWN_CASE
    assert judgement.own_case == open_.own_case == (message.case_id if own else None)
    assert (message.case_id == desk.case.case_id) is not own
    assert message.buc == ("H_BUC_01" if own else buc)
    assert desk.case.waiting == (desk.uid("one"),)


def test_an_own_case_elsewhere_is_policy(desks, said, person):
    written = {"buc": "LA_BUC_04", "sed": "A009", "inside": person(town=None)}
    assert said(desks().take(**written)) == ("refer", "nothing-to-ask-with")
    asking = desks().policy_of(ask_by_own_case=True)
    assert asking.take(**written).decision.way is Way.OWN_CASE


@pytest.mark.parametrize(
    ("row", "asks"),
    [
        (("H_BUC_01", "Counterparty", True), True),
        (("H_BUC_*", "Counterparty", True), True),
        (("H_BUC_01", "Counterparty", False), False),
        (("H_BUC_01", "CaseOwner", True), False),
        (("P_BUC_*", "Counterparty", True), False),
    ],
)
def test_no_own_case_for_whom_the_directory_says_cannot_receive_it(desk, said, person, row, asks):
    known = Partner(SENDER, "DE", "Kasse", *row, date(2019, 1, 1))
    directory = InstitutionRepository(
        desk.tables.directory.institutions, (), desk.tables.directory.catchments, (), (known,)
    )
    desk.tables = replace(desk.tables, directory=directory)
    judgement = desk.take(buc="P_BUC_01", sed="P2000", inside=person(town=None))
    assert said(judgement) == (("ask", None) if asks else ("refer", "nothing-to-ask-with"))


def test_the_author_of_the_sed_is_asked_not_whoever_wrote_last(desk, person):
    desk.take(
        "early",
        action="New",
        sender=("PL:PL002", "Counterparty"),
        receivers=[(US, "Counterparty"), (SENDER, "CaseOwner")],
        inside=person(town=None),
    )
    judgement = desk.take("one", inside=person(town=None))
    assert [o.receiver for o in judgement.outgoing] == [SENDER]


@pytest.mark.parametrize(
    "written",
    [{"sender": ("FR:CPAM69", "CaseOwner")}, {"receivers": [(US, "CaseOwner")]}],
)
def test_nobody_in_france_is_asked_nor_anybody_in_our_own_case(desk, said, person, written):
    judgement = desk.take(inside=person(town=None), **written)
    assert said(judgement) == ("refer", "nothing-to-ask-with")


@pytest.mark.parametrize(
    ("number", "country", "cause"),
    [
        ("255081416802538", "FR", "look-up"),
        ("255081416802539", "FR", None),
        ("255081416802538", "DE", None),
    ],
)
def test_with_a_whole_nir_a_person_may_look_first(desk, said, number, country, cause):
    pin = (
        "<PINPersonInEachInstitution><PersonalIdentificationNumber>"
        f"<country><value>{country}</value></country><personalIdentificationNumber>{number}"
        "</personalIdentificationNumber></PersonalIdentificationNumber>"
        "</PINPersonInEachInstitution>"
    )
    inside = f"<Person>{person_block().replace('</PersonI', pin + '</PersonI')}</Person>"
    asked = desk.judge("asked", inside=inside)
    assert said(asked)[0] == "ask"
    judgement = desk.policy_of(valid_nir="refer").take(inside=inside)
    assert said(judgement) == (("refer", cause) if cause else ("ask", None))


def test_without_a_person_to_name_nobody_is_asked(desk, said):
    assert said(desk.take(inside="<Person/>")) == ("refer", "no-context")


def test_what_cannot_be_asked_is_referred(desk, said, person):
    desk.tables = replace(desk.tables, questions=Questions())
    judgement = desk.take(inside=person(town=None))
    assert said(judgement) == ("refer", "undetermined")
    assert judgement.missing == ("residence",)


def test_several_candidates_that_nothing_asked_tells_apart(desk, said, person):
    desk.tables = replace(desk.tables, questions=Questions())
    judgement = desk.take(inside=person("Grenoble", "38000"))
    assert said(judgement) == ("refer", "several")
    assert judgement.candidates == ("FR:CPAM01", "FR:CPAM69")


def test_a_question_too_long_for_the_field_is_not_sent(desk, said, person):
    known = desk.tables.questions.to(SENDER)
    texts = {datum: replace(text, text="x" * 256) for datum, text in known.items()}
    desk.tables = replace(desk.tables, questions=Questions({"en": texts}))
    judgement = desk.take(inside=person(town=None))
    assert said(judgement) == ("refer", "nothing-to-ask-with")


def test_one_is_asked_in_the_language_of_ones_country(desk, person):
    german = {"residence": QuestionText("Anschrift", "Wohnort", "Wo wohnt die Person?")}
    english = desk.tables.questions.to("")
    texts = Questions({"en": english, "de": german}, {"DE": "de"})
    desk.tables = replace(desk.tables, questions=texts)
    (sent,) = desk.take(inside=person(town=None)).outgoing
    assert b"Wo wohnt die Person?" in sent.body
    desk.later(days=60)
    (reminded,) = desk.come_due().outgoing
    assert b"Wo wohnt die Person?" in reminded.body


def test_what_has_no_text_in_ones_language_is_asked_in_english(desk, person):
    german = {"town": QuestionText("Anschrift", "Wohnort", "In welchem Ort?")}
    texts = Questions({"en": desk.tables.questions.to(""), "de": german}, {"DE": "de"})
    desk.tables = replace(desk.tables, questions=texts)
    (sent,) = desk.take(inside=person(town=None)).outgoing
    assert b"Where does the person live?" in sent.body


def test_one_is_asked_in_the_terms_of_the_sed(desk, person):
    """Where the SED asked about has a section of its own; the reminder points there, too."""
    english = desk.tables.questions.to("")
    own = {("residence", "U001"): SectionRow("AddressPerson", "")}
    desk.tables = replace(desk.tables, questions=Questions({"en": english}, sections=own))
    (sent,) = desk.take(buc="UB_BUC_01", sed="U001", inside=person(town=None)).outgoing
    desk.later(days=60)
    (reminded,) = desk.come_due().outgoing
    for written in (sent, reminded):
        assert b"<section>AddressPerson</section><item>Residence</item>" in written.body


def test_without_one_the_general_section_is_named(desk, person):
    own = {("residence", "U999"): SectionRow("Nowhere", "")}
    english = desk.tables.questions.to("")
    desk.tables = replace(desk.tables, questions=Questions({"en": english}, sections=own))
    (sent,) = desk.take(buc="UB_BUC_01", sed="U001", inside=person(town=None)).outgoing
    assert b"<section>Address</section><item>Residence</item>" in sent.body


# -- the answer -----------------------------------------------------------------------------


def answer(desk, message="answer", **written):
    return desk.take(message, **{"sed": "H002", "action": "New", **written})


def test_an_answer_in_its_field_lets_the_case_go(desk, said, person):
    ask(desk, person)
    [question] = desk.case.open_questions
    judgement = answer(desk, inside=h002(home("Bourg-en-Bresse", "01000")))
    assert said(judgement) == ("transfer", THEM)
    assert Answered(question.id, desk.uid("answer")) in judgement.events
    assert judgement.moves == ((desk.uid("one"), MessageState.RECORDED),)
    handed = [o.object for o in sent(judgement, SendingKind.HAND_OVER)]
    assert handed == [desk.uid("one"), desk.uid("answer")]
    assert judgement.trace[0].code == "answer-used"


def test_an_answer_outranks_what_was_said_for_the_datum_asked(desk, said, person):
    desk.take("one", document="d", inside=person("Grenoble", "38000"))
    assert desk.case.state is CaseState.ASKED
    assert said(answer(desk, inside=h002(home("Lyon", "69001")))) == ("transfer", "FR:CPAM69")


def test_an_answer_about_the_same_person_under_another_name(desk, said):
    family = (
        f"<Person>{person_block()}</Person><StatusFamilyMember>"
        f"<PleaseFillInDetailsMainInsuredPerson>{person_block('Autre')}"
        "</PleaseFillInDetailsMainInsuredPerson></StatusFamilyMember>"
    )
    desk.take("one", buc="S_BUC_01a", sed="S072", inside=family)
    judgement = answer(desk, buc="S_BUC_01a", inside=h002(home("Lyon", "69001")))
    assert said(judgement) == ("transfer", "FR:CPAM69")


@pytest.mark.parametrize(
    ("inside", "why"),
    [
        (h002(prose=True), "answer-in-prose"),
        (h002(), "still-missing"),
        (h002(home("Lyon", "69001", typed=False)), "still-missing"),
    ],
)
def test_an_answer_that_does_not_tell_goes_to_a_person(desk, said, person, inside, why):
    ask(desk, person)
    judgement = answer(desk, inside=inside)
    assert said(judgement) == ("refer", why)
    assert judgement.missing == ("residence",)
    assert judgement.moves == ((desk.uid("one"), MessageState.REFERRED),)
    assert desk.case.open_questions == ()


@pytest.mark.parametrize("sed", ["X013", "X010"])
def test_an_answer_by_x_sed(desk, said, person, sed):
    ask(desk, person, buc="UB_BUC_01", sed="U001")
    words = "<Provided><clarification>x</clarification></Provided>" if sed == "X013" else ""
    judgement = desk.take("x", sed=sed, action="New", buc="UB_BUC_01", inside=CONTEXT + words)
    assert said(judgement) == ("refer", "answer-in-prose" if words else "still-missing")


def in_our_own_case(desk, question, *, inside):
    """Judge an H002 in the H_BUC_01 that we started to ask."""
    body = desk.a_message(
        "answer",
        buc="H_BUC_01",
        sed="H002",
        action="New",
        inside=inside,
        receivers=[(US, "CaseOwner")],
        related="something else",
    ).replace(desk.uid("case of answer").encode(), question.own_case.encode())

    class Nothing:
        name = "none"
        source = for_message = lambda *_: None
        of_transaction = lambda *_: ()  # noqa: E731

    examined = examine(body, Limits(), Nothing())
    return judge(examined, desk.case, desk.tables, desk.policy, Arrival(NOON, NOON))


def test_an_answer_in_our_own_case(desk, said, person):
    ask(desk, person, buc="P_BUC_01", sed="P2000")
    [question] = desk.case.open_questions
    judgement = in_our_own_case(desk, question, inside=h002(home("Lyon", "69001")))
    assert said(judgement) == ("transfer", "FR:CPAM69")
    assert judgement.case_id == desk.case.case_id
    x007 = read(sent(judgement, SendingKind.X007)[0].body, Limits()).message
    assert (x007.case_id, x007.buc) == (desk.case.case_id, "P_BUC_01")


def test_a_reply_to_nothing_is_no_answer(desk, said, person):
    ask(desk, person)
    judgement = answer(desk, inside=h002(prose=True), related="something else")
    assert said(judgement) == ("hold", "question-open")
    assert desk.case.waiting == (desk.uid("one"), desk.uid("answer"))
    x013 = desk.take("x", sed="X013", action="New", inside=CONTEXT, related="something else")
    assert said(x013) == ("hold", "question-open")


def test_an_answer_to_a_forwarded_case_follows_it(desk, said, person):
    ask(desk, person)
    desk.take("two", document="d", version=2, action="Update")
    assert desk.case.open_questions == ()
    assert said(answer(desk, inside=h002())) == ("deliver", THEM)


def test_an_answer_in_our_own_case_reaches_the_holder_however_late(desk, said, person):
    """Nobody else is in that case: the partner sends it to no other."""
    ask(desk, person, buc="P_BUC_01", sed="P2000")
    [question] = desk.case.open_questions
    desk.take("two", document="d", version=2, action="Update", buc="P_BUC_01", sed="P2000")
    long_ago = NOON - timedelta(days=30)
    desk.case = fold(desk.case, [ForwardConfirmed(desk.case.holder, long_ago)])
    late = desk.judge("x", action="New", buc="P_BUC_01", sed="P2000")
    assert said(late) == ("refer", "forwarded-late")
    judgement = in_our_own_case(desk, question, inside=h002(prose=True))
    assert said(judgement) == ("deliver", desk.case.holder)


# -- while a question is open ---------------------------------------------------------------


def test_an_update_that_tells_lets_the_case_go(desk, said, person):
    ask(desk, person)
    judgement = desk.take("two", document="d", version=4, action="Update")
    assert said(judgement) == ("transfer", THEM)
    assert len(sent(judgement, SendingKind.HAND_OVER)) == 2


def test_an_update_replaces_what_the_document_said(desk, said, person):
    desk.take("one", document="d", inside=person("Grenoble", "38000"))
    judgement = desk.take(
        "two", document="d", version=2, action="Update", inside=person("Lyon", "69001")
    )
    assert said(judgement) == ("transfer", "FR:CPAM69")


def test_an_older_version_that_comes_later_tells_nothing(desk, said, person):
    desk.take("two", document="d", version=3, inside=person(town=None))
    judgement = desk.take("one", document="d", version=2)
    assert said(judgement) == ("hold", "question-open")


def test_what_does_not_tell_waits_and_nothing_is_asked_twice(desk, said, person):
    ask(desk, person)
    judgement = desk.take("two", action="New", inside=person(town=None))
    assert said(judgement) == ("hold", "question-open")
    assert judgement.outgoing == ()
    assert Waits(desk.uid("two"), NOON) in judgement.events


def test_two_documents_that_disagree_give_both_candidates(desk, said, person):
    desk.take("early", action="New", inside=person("Lyon", "69001"))
    judgement = desk.take("one")
    assert judgement.candidates == ("FR:CPAM01", "FR:CPAM69")
    assert said(judgement)[0] in {"ask", "refer"}


def test_evidence_that_was_erased_is_not_used(desk, said, person):
    desk.take("one", document="d", inside=person(town=None))
    event = replace(desk.case.documents[desk.uid("d")], evidence=None)
    desk.case = replace(desk.case, documents={event.set_id: event})
    assert said(answer(desk, inside=h002(home("Lyon", "69001"))))[0] == "transfer"


# -- what was erased ------------------------------------------------------------------------


def erased(desk, what="evidence"):
    desk.case = fold(desk.case, [Erased((what,), "claire", "old")])
    return desk


def test_erasing_takes_away_what_was_said_and_nothing_else(desk):
    forwarded(desk)
    before = desk.case
    assert erased(desk, "bodies").case == replace(before, revision=before.revision + 1)
    after = erased(desk).case
    assert {d.evidence for d in (*after.documents.values(), *after.contents.values())} == {None}
    assert after.erased
    assert replace(after, documents={}, contents={}, revision=0, erased=False) == replace(
        before, documents={}, contents={}, revision=0
    )
    assert known_evidence(after) == Evidence()


def test_a_later_sed_of_an_erased_case_is_not_delivered_unseen(desk, said, person):
    erased(forwarded(desk)).confirm()
    later = desk.take("two", action="New", created="2026-03-03T11:59:00Z")
    assert said(later) == ("refer", "erased")
    assert (later.candidates, later.outgoing) == ((THEM,), ())


def test_after_the_grace_it_is_late_whether_erased_or_not(desk, said):
    erased(forwarded(desk)).confirm()
    late = desk.take("two", action="New", created="2026-03-03T12:00:01Z")
    assert said(late) == ("refer", "forwarded-late")


@pytest.mark.parametrize("town", [None, "Lyon"])
def test_half_of_a_case_decides_nothing(desk, said, person, town):
    """Before, both places were candidates; without the first the second would get the case."""
    desk.take("early", action="New", inside=person("Bourg-en-Bresse", "01000"))
    erased(desk)
    judged = desk.take("one", inside=person(town, "69001"))
    assert said(judged) == ("refer", "erased")
    assert judged.outgoing == ()


# -- the rest -------------------------------------------------------------------------------


def test_the_day_of_receipt_is_the_day_in_paris():
    late = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
    arrival = Arrival(late, late + timedelta(days=1))
    assert arrival.reference_date.isoformat() == "2026-03-02"
    assert arrival.today.isoformat() == "2026-03-03"


def test_the_evidence_of_nothing_is_nothing():
    assert merged([]) == Evidence()


OUTSIDE = {
    "before-go-live", "wrong-direction",
    "sending-failed", "not-delivered", "no-status", "recalled", "recalled-too-late",
    "identity-conflict", "rule-refers", "no-route",
}  # fmt: skip
"""Said by the journal, the pipeline, or seen in the tests of resolution and open cases."""


def test_every_cause_is_seen_here():
    names = ("test_judging.py", "test_life.py", "test_again.py", "test_recovery.py")
    files = [Path(__file__).with_name(name) for name in names]
    text = "".join(path.read_text(encoding="utf-8") for path in files)
    causes = {cause for causes in CAUSES.values() for cause in causes}
    assert {cause for cause in causes if f'"{cause}"' not in text} == set()
    assert causes >= OUTSIDE


def test_what_is_unusual_is_a_warning_and_decides_nothing(desk, said):
    desk.policy_of(activation={"4.4": date(2026, 3, 3)})
    receivers = (("FR:CLEISS0000", "Counterparty"), ("SE:6", "Counterparty"))
    odd = desk.take("one", header="1.1", receivers=receivers)
    assert said(odd) == ("transfer", "FR:CPAM01")
    assert [step.code for step in odd.trace][:3] == [
        "header-unusual",
        "party-id-unusual",
        "cdm-before-its-time",
    ]
    later = desk.take("two", action="New", document="x", receivers=receivers)
    assert "cdm-before-its-time" not in [step.code for step in later.trace]


@pytest.mark.parametrize(
    ("written", "code", "decided"),
    [
        ({"sed": "S072", "root": "S072"}, "sed-outside-buc", ("refer", "sed-not-in-buc")),
        ({"sender": ("DE:101320043", "Counterparty")}, "sender-outside-buc", None),
        ({"action": "New"}, "action-outside-buc", None),
    ],
)
def test_what_a_buc_does_not_allow_is_named(desk, said, written, code, decided):
    desk.buc("S_BUC_24", S040={OWNER: frozenset({"Start"})})
    judged = desk.take("one", **written)
    (named,) = [step for step in judged.trace if step.code == code]
    assert named.params["buc"] == "S_BUC_24"
    if decided is not None:
        assert said(judged) == decided


@pytest.mark.parametrize("sed", sorted(EVERYWHERE))
def test_some_x_seds_may_come_in_every_buc(desk, sed):
    judged = desk.take("one", sed=sed, root=sed, action="New", inside="")
    assert not [step for step in judged.trace if step.code.endswith("-outside-buc")]


def test_an_x_sed_that_the_buc_does_not_list_is_named_and_believed(desk):
    judged = desk.take("one", sed="X001", root="X001", action="New", inside="")
    assert "sed-outside-buc" in [step.code for step in judged.trace]
    assert judged.decision != Refer("sed-not-in-buc")


@pytest.mark.parametrize("action", ["StartForward", "NewForward"])
def test_what_is_sent_again_to_the_new_one_counts_as_what_it_was(desk, action):
    desk.buc("S_BUC_24", S040={OWNER: frozenset({"Start", "New"})})
    judged = desk.take("one", action=action)
    assert not [step for step in judged.trace if step.code.endswith("-outside-buc")]


def test_a_role_that_the_rules_do_not_speak_of_is_not_judged(desk):
    judged = desk.take("one", sender=("DE:101320043", "IntelligentRA"))
    assert not [step for step in judged.trace if step.code.endswith("-outside-buc")]


class Unheld:
    """Every SED is valid, by nobody's schema."""

    name = "none"
    source = for_message = lambda *_: None
    of_transaction = lambda *_: ()  # noqa: E731


def test_the_decision_alone_is_that_of_the_whole_judgement(desk):
    def alone(body):
        examined = examine(body, Limits(), Unheld())
        arrival = Arrival(desk.now, desk.now)
        return decide(examined, desk.case, desk.tables, desk.policy, arrival)

    for message, written in (
        ("one", {}),
        ("aside", {"receivers": (("FR:CPAM01", "Counterparty"),)}),
        ("later", {"sed": "S041", "root": "S041", "action": "New"}),
    ):
        body = desk.a_message(message, case="c", **written)
        judged = desk.judge_body(body)
        assert alone(body) == (judged.decision, judged.rules), message
        desk.take(message, **written)
    again = desk.a_message("again", case="c", document="document of one")
    assert alone(again) == (None, ())
    assert desk.judge_body(again).decision is None
