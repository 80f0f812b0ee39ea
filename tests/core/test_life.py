"""The life of a case: what X SEDs change in it, what waits, what is due when nothing comes."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core import correspondence
from gateway.core.case import Case, fold
from gateway.core.deadlines import WITHOUT_ROW, next_due
from gateway.core.decision import Leave, Refer
from gateway.core.events import (
    Answered,
    Asked,
    Closed,
    DealtWith,
    Expired,
    GivenBack,
    ParticipantsChanged,
    Promised,
    Referred,
    Reminded,
    Reopened,
    SteppedBack,
    Taken,
    Waits,
    Withdrawn,
)
from gateway.core.matter import Situation
from gateway.core.outgoing import SendingKind
from gateway.core.states import CaseState, MessageState, QuestionState
from gateway.core.working_days import (
    days_to_working_day,
    easter,
    holidays,
    is_working_day,
    working_days_after,
)
from routing_tables import Questions, QuestionText, Reminders
from sed_schemas import COUNTERPARTY, OWNER

US, THEM, SENDER = "FR:CLEISS0000", "FR:CPAM01", "DE:101320043"
OTHER, THIRD = "PL:PL002", "FR:CPAM69"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CONTEXT = (
    "<CaseContext><PersonContext><familyName>Muster</familyName><forename>Erika</forename>"
    "<dateBirth>1985-07-15</dateBirth><sex><value>02</value></sex></PersonContext></CaseContext>"
)
PAIR = ((US, "Counterparty"), (THEM, "Counterparty"))


def institution(element, ident):
    return f"<{element}><institutionID>{ident}</institutionID></{element}>"


def x_sed(desk, sed, inside="", *, message="x", sender=SENDER, **more):
    role = "CaseOwner" if sender == SENDER else "Counterparty"
    return desk.take(
        message, sed=sed, action="New", inside=CONTEXT + inside, sender=(sender, role), **more
    )


def x005(desk, ident, **more):
    inside = f"<AddedParticipant>{institution('AddParticipant', ident)}</AddedParticipant>"
    return x_sed(desk, "X005", inside, **more)


def x006(desk, ident, **more):
    inside = f"<RemovedParticipant>{institution('Institution', ident)}</RemovedParticipant>"
    return x_sed(desk, "X006", inside, **more)


def x007(desk, new, old, **more):
    both = institution("AddedParticipant", new) + institution("RemovedParticipant", old)
    return x_sed(desk, "X007", f"<ForwardInformation>{both}</ForwardInformation>", **more)


def x010(desk, *, follows=(), lacks=0, **more):
    lines = "".join(
        "<TheFollowingRequestedInformationWillFollow><details>x</details>"
        + (f"<expectedDateRequestCanFulfilled>{day}</expectedDateRequestCanFulfilled>" * bool(day))
        + "</TheFollowingRequestedInformationWillFollow>"
        for day in follows
    )
    lines += (
        "<TheFollowingRequestedInformationNotAvailable><details>x</details>"
        "</TheFollowingRequestedInformationNotAvailable>"
    ) * lacks
    return x_sed(desk, "X010", f"<RepliesReminder>{lines}</RepliesReminder>", **more)


def h002(town, postcode):
    return (
        "<ReplyRequestForInformation><Person><PersonIdentification><PersonIdentification>"
        "<familyName>Muster</familyName><forename>Erika</forename>"
        "<dateBirth>1985-07-15</dateBirth><sex><value>02</value></sex></PersonIdentification>"
        "</PersonIdentification><AddressPerson><AddressPerson><typeAddress><value>01</value>"
        f"</typeAddress><Address><town>{town}</town><postalCode>{postcode}</postalCode>"
        "<country><value>FR</value></country></Address></AddressPerson></AddressPerson></Person>"
        "</ReplyRequestForInformation>"
    )


def ask(desk, person, **more):
    judgement = desk.take("one", inside=person(town=None), document="d", **more)
    assert desk.case.state is CaseState.ASKED
    return judgement


def forwarded(desk):
    desk.take("one", document="d")
    assert desk.case.holder == THEM
    return desk


def sent(made, kind):
    return [o for o in made.outgoing if o.kind is kind]


def texts(outgoing, name):
    root = ET.fromstring(outgoing.body)
    return [e.text for e in root.iter() if e.tag.rpartition("}")[2] == name]


# -- who takes part -------------------------------------------------------------------------


def test_an_x_sed_in_a_case_that_waits_waits_with_it(desk, said, person):
    ask(desk, person)
    for sed in ("X009", "X012", "X002"):
        assert said(x_sed(desk, sed, message=sed)) == ("hold", "question-open")
    answer = desk.take("h", sed="H002", action="New", inside=h002("Bourg-en-Bresse", "01000"))
    assert said(answer) == ("transfer", THEM)
    assert len(sent(answer, SendingKind.HAND_OVER)) == 5


def test_who_is_added_takes_part(desk, said, person):
    ask(desk, person)
    assert said(x005(desk, OTHER)) == ("hold", "question-open")
    assert OTHER in desk.case.participants
    answer = desk.take("h", sed="H002", action="New", inside=h002("Bourg-en-Bresse", "01000"))
    assert {o.receiver for o in sent(answer, SendingKind.X007)} == {SENDER, OTHER, THEM}


def test_who_left_gets_nothing_and_whoever_comes_first(desk, said, person):
    ask(desk, person)
    x005(desk, OTHER, message="added")
    assert said(x006(desk, OTHER)) == ("hold", "question-open")
    assert OTHER not in desk.case.participants
    assert OTHER in desk.case.left
    answer = desk.take("h", sed="H002", action="New", inside=h002("Bourg-en-Bresse", "01000"))
    assert {o.receiver for o in sent(answer, SendingKind.X007)} == {SENDER, THEM}


def test_who_left_before_his_name_came_is_out_all_the_same(desk):
    x006(desk, OTHER)
    desk.take("one", document="d", receivers=((US, "Counterparty"), (OTHER, "Counterparty")))
    assert OTHER not in desk.case.participants


def test_a_french_institution_that_left_never_gets_the_case(desk, said, person):
    ask(desk, person, receivers=PAIR)
    assert said(x006(desk, THEM)) == ("hold", "question-open")
    answer = desk.take("h", sed="H002", action="New", inside=h002("Bourg-en-Bresse", "01000"))
    assert said(answer) == ("refer", "returned")


def test_nobody_is_asked_any_more_about_a_sed_that_its_sender_withdraws(desk, said, person):
    ask(desk, person)
    assert said(x_sed(desk, "X008", related="e")) == ("hold", "question-open")
    [question] = desk.case.open_questions
    judgement = x_sed(desk, "X008", message="y", related="d")
    assert said(judgement) == ("refer", "withdrawn")
    assert Answered(question.id, desk.uid("y")) in judgement.events
    assert desk.case.open_questions == ()
    assert desk.later(days=400).come_due().outgoing == ()


def test_the_same_is_not_asked_again_when_the_sed_asked_about_is_withdrawn(desk, said, person):
    ask(desk, person)
    assert said(desk.take("two", document="e", inside=person(town=None)))[0] == "hold"
    assert said(x_sed(desk, "X008", related="d")) == ("refer", "still-missing")
    assert desk.case.open_questions == ()


def test_the_question_of_a_sender_who_left_goes_to_a_person(desk, said, person):
    ask(desk, person)
    judgement = x007(desk, "DE:101320044", SENDER)
    assert said(judgement) == ("refer", "sender-left")
    assert judgement.moves == ((desk.uid("one"), MessageState.REFERRED),)
    assert "DE:101320044" in desk.case.participants


def test_when_we_are_removed_a_person_looks(desk, said, person):
    ask(desk, person)
    assert said(x006(desk, US)) == ("refer", "removed")


def x100(desk, new, old):
    both = institution("AddParticipant", new) + institution("RemoveParticipant", old)
    return x_sed(desk, "X100", f"<ChangeParticipant>{both}</ChangeParticipant>")


def test_x100_changes_participants_too(desk, said, person):
    ask(desk, person)
    judgement = x100(desk, OTHER, THIRD)
    assert ParticipantsChanged((OTHER,), (THIRD,)) in judgement.events


def test_an_id_that_is_none_is_not_believed(desk, person):
    ask(desk, person)
    assert x005(desk, "../etc").events[-1] == Waits(desk.uid("x"), NOON)


@pytest.mark.parametrize("days", [1, 100])
def test_a_holder_that_passes_the_case_on_leaves_it_to_the_other(desk, said, days):
    forwarded(desk)
    desk.confirm()
    created = (NOON + timedelta(days=days)).isoformat().replace("+00:00", "Z")
    judgement = x007(desk, THIRD, THEM, sender=THEM, created=created)
    assert said(judgement) == ("deliver", THIRD)
    assert (desk.case.holder, desk.case.state) == (THIRD, CaseState.FORWARDED)
    assert THEM in desk.case.returned_by
    assert said(desk.take("later", document="d", version=2, action="Update")) == ("deliver", THIRD)


@pytest.mark.parametrize("new", [US, "DE:101320044", "FR:NOBODY", "FR:TEST1"])
def test_a_holder_that_passes_the_case_to_us_or_abroad_gives_it_back(desk, said, new):
    forwarded(desk)
    assert said(x007(desk, new, THEM, sender=THEM)) == ("refer", "returned")


def test_others_who_leave_a_forwarded_case_are_told_to_the_holder(desk, said):
    assert said(x006(forwarded(desk), OTHER)) == ("deliver", THEM)


def test_in_a_case_of_our_own_an_x_sed_says_nothing_about_this_one(desk, said, person):
    desk.policy_of(ask_by_own_case=True)
    ask(desk, person, buc="P_BUC_01", sed="P2000")
    own = desk.case.questions[0].own_case
    assert own
    body = desk.a_message(
        "x", case="own", buc="H_BUC_01", sed="X001", action="New", inside=CONTEXT
    ).replace(desk.uid("own").encode(), own.encode())
    judgement = desk.judge_body(body)
    assert said(judgement) == ("hold", "question-open")
    assert Closed() not in judgement.events


# -- closed, reopened, withdrawn ------------------------------------------------------------


def test_a_case_that_is_closed_before_we_knew_whose_it_is(desk, said, person):
    ask(desk, person)
    assert said(x_sed(desk, "X001")) == ("refer", "closed")
    assert desk.case.closed
    answer = "<DecisionReopenCase><decisionReopenCaseIndicator><value>1</value>"
    answer += "</decisionReopenCaseIndicator></DecisionReopenCase>"
    reopened = x_sed(desk, "X004", answer, message="y")
    assert said(reopened) == ("refer", "case-referred")
    assert Reopened() in reopened.events
    assert not desk.case.closed


def test_a_refusal_to_reopen_opens_nothing(desk, person):
    ask(desk, person)
    no = "<DecisionReopenCase><decisionReopenCaseIndicator><value>0</value>"
    no += "</decisionReopenCaseIndicator></DecisionReopenCase>"
    assert Reopened() not in x_sed(desk, "X004", no).events


def test_the_holder_learns_that_a_forwarded_case_is_closed(desk, said):
    assert said(x_sed(forwarded(desk), "X001")) == ("deliver", THEM)
    assert desk.case.closed


def test_what_its_sender_withdrew_says_nothing_any_more(desk, said, person):
    ask(desk, person)
    desk.take("two", sed="S041", action="New", document="e", inside=person("Lyon", "69001"))
    assert desk.case.holder == THIRD
    again = desk.__class__(desk.a_message, desk.uid)
    again.take("x", sed="X008", action="New", related="e", inside=CONTEXT)
    ask(again, person)
    withdrawn = again.take(
        "two", sed="S041", action="New", document="e", inside=person("Lyon", "69001")
    )
    assert said(withdrawn) == ("hold", "question-open")


def test_a_withdrawn_document_is_not_handed_over(desk, said, person):
    ask(desk, person)
    desk.take("two", sed="S041", action="New", document="e", inside=person(town=None))
    assert said(x_sed(desk, "X008", related="e")) == ("hold", "question-open")
    answer = desk.take("h", sed="H002", action="New", inside=h002("Bourg-en-Bresse", "01000"))
    handed = [o.object for o in sent(answer, SendingKind.HAND_OVER)]
    assert handed == [desk.uid(m) for m in ("one", "x", "h")]
    assert (desk.uid("two"), MessageState.RECORDED) in answer.moves


def test_a_case_whose_first_sed_is_withdrawn_goes_to_a_person(desk, said, person):
    ask(desk, person)
    judgement = x_sed(desk, "X008", related="d")
    assert said(judgement) == ("refer", "withdrawn")
    assert Withdrawn(desk.uid("d"), SENDER) in judgement.events


def test_a_first_sed_that_was_withdrawn_before_it_came_starts_nothing(desk, said):
    assert said(x_sed(desk, "X008", related="d")) == ("hold", "out-of-order")
    assert said(desk.take("one", document="d")) == ("refer", "withdrawn")


def test_another_first_sed_stands_in_for_the_withdrawn_one(desk, said, person):
    x_sed(desk, "X008", related="d")
    desk.take("two", document="e", inside=person(town=None))
    assert said(desk.take("one", document="d")) == ("hold", "question-open")
    assert desk.case.questions[0].about_set_id == desk.uid("e")


def test_nobody_withdraws_what_another_one_sent(desk, said, person):
    ask(desk, person, receivers=((US, "Counterparty"), (OTHER, "Counterparty")))
    assert said(x_sed(desk, "X008", related="d", sender=OTHER)) == ("refer", "stranger")
    assert desk.case.withdrawn == {}


def test_nobody_withdraws_beforehand_what_another_one_sends_later(desk, said):
    both = ((US, "Counterparty"), (SENDER, "CaseOwner"))
    x_sed(desk, "X008", related="e", sender=OTHER, receivers=both)
    assert desk.case.withdrawn == {desk.uid("e"): OTHER}
    other = ((US, "Counterparty"), (OTHER, "Counterparty"))
    start = desk.take("one", document="e", receivers=other)
    assert said(start) == ("transfer", THEM)
    assert desk.uid("one") in {o.object for o in sent(start, SendingKind.HAND_OVER)}
    assert desk.case.withdrawn == {}


def test_an_x008_without_a_document_withdraws_none(desk, person):
    ask(desk, person)
    x_sed(desk, "X008")
    assert desk.case.withdrawn == {}


# -- leaving a case to who takes part -------------------------------------------------------


def test_we_step_back_where_the_competent_institution_takes_part(desk, said, person):
    judgement = desk.take("one", buc="P_BUC_01", sed="P2000", receivers=PAIR)
    assert judgement.decision == Leave(THEM)
    assert judgement.state is MessageState.RECORDED
    assert {o.receiver for o in sent(judgement, SendingKind.X006)} == {SENDER, THEM}
    copy = sent(judgement, SendingKind.X006)[0]
    assert texts(copy, "institutionID") == [US]
    assert SteppedBack(THEM) in judgement.events
    assert desk.case.state is CaseState.LEFT
    later = desk.take("two", buc="P_BUC_01", sed="P4000", action="New", receivers=PAIR)
    assert (later.decision, later.outgoing) == (Leave(THEM), ())
    assert said(x_sed(desk, "X050", buc="P_BUC_01")) == ("refer", "exception-received")


def test_what_waited_is_done_when_we_step_back(desk, person):
    desk.policy_of(ask_by_own_case=True)
    ask(desk, person, buc="P_BUC_01", sed="P2000", receivers=PAIR)
    judgement = desk.take(
        "two", buc="P_BUC_01", sed="P4000", action="New", receivers=PAIR, inside=person()
    )
    assert judgement.decision == Leave(THEM)
    assert judgement.moves == ((desk.uid("one"), MessageState.RECORDED),)
    assert (judgement.due, judgement.times) == (None, True)
    assert desk.case.questions[0].state is QuestionState.ANSWERED


@pytest.mark.parametrize(
    "policy",
    [{"already_participant": "refer"}, {"already_participant_by_buc": {"P_BUC_01": "refer"}}],
)
def test_stepping_back_is_a_matter_of_policy(desk, said, policy):
    desk.policy_of(**policy)
    judgement = desk.take("one", buc="P_BUC_01", sed="P2000", receivers=PAIR)
    assert said(judgement) == ("refer", "already-participant")


def with_a_note(desk, text="Competent: {institution}."):
    """The tables with the note that the competent institution takes part."""
    texts = dict(desk.tables.questions.to("SE:1"))
    texts["takes-part"] = QuestionText("Case", "Competent institution", text)
    desk.tables = replace(desk.tables, questions=Questions({"en": texts}))


def test_where_no_x006_is_ours_to_send_the_sender_alone_is_told_by_h001(desk, said):
    with_a_note(desk)
    judgement = desk.take("one", receivers=PAIR)
    assert judgement.decision == Leave(THEM)
    assert desk.case.state is CaseState.LEFT
    [note] = judgement.outgoing
    assert (note.kind, note.receiver, note.object) == (SendingKind.NOTE, SENDER, THEM)
    [said_so] = texts(note, "additionalInformationChangeInCircumstances")
    name = desk.tables.directory.institution(THEM).name
    assert said_so == f"Competent: {name} ({THEM})."
    assert texts(note, "information") == []  # nothing is asked
    assert not desk.case.open_questions
    later = desk.take("two", sed="S041", action="New", receivers=PAIR)
    assert (later.decision, later.outgoing) == (Leave(THEM), ())


def test_a_note_about_an_employer_says_the_same(desk):
    with_a_note(desk)
    firm = "<Employer><name>Firm</name></Employer>"
    place = (
        "<AddressPerson><Address><town>Bourg-en-Bresse</town><postalCode>01000</postalCode>"
        "<country><value>FR</value></country></Address></AddressPerson>"
    )
    judgement = desk.take("one", receivers=PAIR, inside=firm + place)
    [note] = judgement.outgoing
    assert note.kind is SendingKind.NOTE
    assert b"<Employer><Employer><name>Firm</name></Employer>" in note.body


@pytest.mark.parametrize(
    ("noted", "more"),
    [
        (False, {}),
        (True, {"sender": ("FR:CPAM69", "CaseOwner")}),
        (True, {"buc": "LA_BUC_04", "sed": "A009"}),
    ],
)
def test_where_there_is_no_way_to_tell_a_person_finds_one(desk, said, noted, more):
    """No text in the release; nobody abroad to tell; no H001 in the BUC."""
    if noted:
        with_a_note(desk)
    desk.buc("LA_BUC_04", A009={OWNER: {"Start"}}, X007={COUNTERPARTY: {"New"}})
    judgement = desk.take("one", receivers=PAIR, **more)
    assert said(judgement) == ("refer", "already-participant")


def test_we_step_back_from_nothing_that_is_not_certain(desk, said):
    desk.policy_of(least_certainty=max(type(desk.policy.least_certainty)))
    judgement = desk.take("one", buc="P_BUC_01", sed="P2000", receivers=PAIR)
    assert said(judgement) == ("refer", "inferred")


# -- waiting for the SED that starts the case -----------------------------------------------


def test_what_comes_too_early_waits_a_day_then_a_person_is_told(desk, said):
    early = desk.take("early", action="New")
    assert (said(early), early.due) == (("hold", "out-of-order"), NOON + timedelta(hours=24))
    assert desk.come_due().events == ()
    desk.later(hours=24)
    told = desk.come_due()
    assert told.referrals == ((desk.uid("early"), Refer("out-of-order")),)
    assert told.events == (Referred(desk.uid("early"), "out-of-order"),)
    assert told.due is None
    assert desk.come_due().events == ()
    assert desk.case.state is CaseState.OPEN


@pytest.mark.parametrize(("action", "code"), [("New", "01"), ("Update", "02")])
def test_where_x050_is_ours_the_sender_is_told_instead(desk, said, action, code):
    desk.policy_of(excepts=True).take("early", action=action, version=3)
    desk.later(hours=24)
    told = desk.come_due()
    assert (told.referrals, told.answered) == ((), (desk.uid("early"),))
    (sent,) = told.outgoing
    root = ET.fromstring(sent.body)
    assert (sent.kind, sent.receiver) == (SendingKind.X050, SENDER)
    assert root.findtext(".//businessException/value") == code
    assert (root.findtext(".//SEDCode"), root.findtext(".//SEDVersion")) == ("S040", "3")
    assert (desk.case.waiting, told.due) == ((), None)
    assert desk.come_due().outgoing == ()
    start = desk.take("one", document="d")
    assert (said(start), start.moves) == (("transfer", THEM), ())


def test_what_a_person_has_dealt_with_waits_no_more(desk):
    desk.take("early", action="New")
    desk.take("later", sed="S041", action="New")
    desk.case = fold(desk.case, [DealtWith(desk.uid("early"))])
    assert next_due(desk.situation) == NOON + timedelta(hours=24)
    desk.case = fold(desk.case, [DealtWith(desk.uid("later"))])
    assert next_due(desk.situation) is None


def test_before_the_first_day_nobody_abroad_is_told(desk):
    desk.policy_of(excepts=True, go_live=date(2026, 1, 1)).take("early", action="New")
    desk.later(hours=24)
    told = desk.come_due()
    assert told.outgoing == ()
    assert told.referrals


def test_the_case_goes_on_when_its_first_sed_comes_after_all(desk, said):
    desk.take("early", action="New")
    desk.later(hours=30).come_due()
    start = desk.take("one", document="d")
    assert said(start) == ("transfer", THEM)
    assert start.moves == ((desk.uid("early"), MessageState.RECORDED),)


def test_what_a_person_was_told_of_is_not_told_twice(desk, said, person):
    desk.take("early", action="New", inside="<Person/>")
    desk.later(hours=24).come_due()
    desk.take("later", sed="S041", action="New", inside="<Person/>")
    start = desk.take("one", buc="S_BUC_24", sed="S999")
    assert said(start) == ("refer", "unknown-sed")
    assert start.moves == ((desk.uid("later"), MessageState.REFERRED),)


# -- reminders ------------------------------------------------------------------------------


def ask_in(desk, person, buc, sed):
    ask(desk, person, buc=buc, sed=sed)
    return desk.case.questions[0]


def test_a_question_is_reminded_of_then_given_up(desk, person):
    question = ask_in(desk, person, "UB_BUC_02", "U002")
    assert question.asked == SENDER
    assert desk.judged[-1].due == NOON + timedelta(days=21)  # 20 days on is a Sunday
    desk.later(days=20)
    assert desk.come_due().events == ()
    first = desk.later(days=1).come_due()
    assert first.events == (Reminded(question.id, 1, desk.now),)
    [x009] = first.outgoing
    assert (x009.kind, x009.receiver, x009.destination) == (SendingKind.REMINDER, SENDER, "rina")
    assert x009.after == question.id
    assert texts(x009, "RelatedSetId") == [question.set_id]
    assert texts(x009, "details") == ["Residence"]
    second = desk.later(days=15).come_due()
    assert second.events == (Reminded(question.id, 2, desk.now),)
    assert second.outgoing[0].message_id != x009.message_id
    assert desk.come_due().events == ()
    last = desk.later(days=17).come_due()
    assert last.events == (Expired(question.id), Referred(desk.uid("one"), "expired"))
    assert last.referrals == ((desk.uid("one"), Refer("expired", missing=question.missing)),)
    assert (last.outgoing, last.due) == ((), None)
    assert desk.case.questions[0].state is QuestionState.EXPIRED
    assert desk.case.state is CaseState.REFERRED


@pytest.mark.parametrize(
    ("buc", "sed", "name"), [("S_BUC_24", "S040", "H001"), ("UB_BUC_01", "U001", "X012")]
)
def test_where_there_is_no_x009_the_question_goes_out_once_more(desk, person, buc, sed, name):
    question = ask_in(desk, person, buc, sed)
    [again] = desk.later(days=40).come_due().outgoing
    assert again.kind is SendingKind.REMINDER
    assert again.message_id != question.id
    assert texts(again, "Type") == [name]


def test_the_owner_of_an_own_case_reminds_by_x009(desk, person):
    desk.policy_of(ask_by_own_case=True)
    question = ask_in(desk, person, "P_BUC_01", "P2000")
    assert desk.judged[-1].due == NOON + timedelta(days=10)
    [x009] = desk.later(days=10).come_due().outgoing
    assert texts(x009, "Type") == ["X009"]
    assert question.own_case in texts(x009, "InstanceIdentifier")


def test_an_answer_ends_the_reminders(desk, person):
    ask(desk, person)
    answer = desk.take("h", sed="H002", action="New", inside=h002("Bourg-en-Bresse", "01000"))
    assert (answer.due, answer.times) == (None, True)
    assert desk.later(days=400).come_due().events == ()


def test_an_answer_that_is_promised_is_waited_for(desk, said, person):
    ask(desk, person)
    question = desk.case.questions[0]
    promise = x010(desk, follows=["2026-05-01", None])
    assert said(promise) == ("hold", "question-open")
    assert Promised(question.id, desk.uid("x"), "2026-05-01") in promise.events
    assert promise.due == datetime(2026, 5, 4, 12, tzinfo=UTC)  # 1 May, then a week-end
    assert desk.case.questions[0].state is QuestionState.OPEN


@pytest.mark.parametrize("day", ["2062-05-01", "9999-12-31"])
def test_a_promise_for_a_far_day_puts_a_reminder_off_by_three_months_at_most(desk, person, day):
    before = ask(desk, person).due
    due = x010(desk, follows=[day]).due
    assert timedelta(days=90) <= due - before <= timedelta(days=94)  # a week-end, a holiday
    reminded = desk.later(days=(due - NOON).days).come_due()
    assert [out.kind for out in reminded.outgoing] == [SendingKind.REMINDER]
    assert reminded.due - due <= timedelta(days=44)  # the promise is not believed again


H001 = (
    "<NotificationRequestForInformation><Person><PersonIdentification><PersonIdentification>"
    "<familyName>Muster</familyName><forename>Erika</forename><dateBirth>1985-07-15</dateBirth>"
    "<sex><value>02</value></sex></PersonIdentification></PersonIdentification></Person>"
    "</NotificationRequestForInformation>"
)


def asks_back(desk, sed="X012", related=None, own_case=None, message="back"):
    """A message about our question, or in the case that we asked it in."""
    inside = CONTEXT if sed == "X012" else H001
    body = desk.a_message(
        message, case="c", sed=sed, action="New", inside=inside, related=related and "named",
        buc="H_BUC_01" if own_case else "S_BUC_24",
    )  # fmt: skip
    for name, real in (("named", related), ("c", own_case)):
        body = body.replace(desk.uid(name).encode(), (real or desk.uid(name)).encode())
    judgement = desk.judge_body(body)
    desk.case = fold(desk.case, judgement.events)
    return judgement, body


def test_whoever_wants_to_know_what_we_mean_is_for_a_person_at_once(desk, said, person):
    ask(desk, person)
    judgement, _ = asks_back(desk, related=desk.case.questions[0].set_id)
    assert judgement.decision == Refer("asked-back", (), ("residence",))
    assert (desk.uid("one"), MessageState.REFERRED) in judgement.moves
    assert desk.case.questions[0].state is QuestionState.OPEN
    assert judgement.due is None
    assert desk.later(days=400).come_due().events == ()


def handed_on(desk, person, **more):
    """A case that was asked about, whose owner handed it on abroad, and that a person gave back."""
    ask(desk, person, **more)
    new = "DE:NEW1"
    parties = ((US, "Counterparty"), (new, "CaseOwner"))
    handing = {"message": "away", "receivers": parties, **{k: more[k] for k in more if k == "buc"}}
    assert x007(desk, new, SENDER, **handing).decision == Refer("sender-left", (), ())
    desk.case = fold(desk.case, [Taken("claire", "mine"), GivenBack("claire", "yours")])
    assert desk.case.state is CaseState.ASKED
    return {"sender": (new, "CaseOwner"), **{k: more[k] for k in more if k == "buc"}}


def test_who_has_left_is_reminded_of_nothing(desk, person):
    """Nothing that is sent in the case reaches it: a person sees that there is nobody to ask."""
    handed_on(desk, person)
    again = desk.judge("one", inside=person(town=None), document="d")
    desk.case = fold(desk.case, again.events)
    due = desk.later(days=60).come_due()
    assert due.outgoing == ()
    missing = desk.case.questions[0].missing
    assert due.referrals == ((desk.uid("one"), Refer("sender-left", missing=missing)),)
    assert desk.case.questions[0].state is QuestionState.EXPIRED


def test_who_has_left_is_reminded_where_it_was_asked_in_a_case_of_our_own(desk, person):
    desk.policy_of(ask_by_own_case=True)
    handed_on(desk, person, buc="P_BUC_01", sed="P2000")
    [reminder] = desk.later(days=60).come_due().outgoing
    assert SENDER in texts(reminder, "Identifier")


def test_who_has_left_is_asked_for_nothing_more(desk, said, person):
    new = handed_on(desk, person)
    desk.case = replace(desk.case, questions=())
    judgement = desk.take("n", sed="H001", action="New", inside=H001, **new)
    assert said(judgement) == ("refer", "sender-left")
    assert judgement.missing == ("residence",)
    assert judgement.outgoing == ()


def test_whose_message_is_judged_again_after_he_left_was_no_stranger(desk, said, person):
    handed_on(desk, person)
    again = desk.judge("one", inside=person(town=None), document="d")
    assert said(again) == ("hold", "question-open")
    assert said(desk.judge("other", inside=person(town=None))) == ("refer", "stranger")


def test_so_is_whoever_asks_in_the_case_that_we_asked_in(desk, said, person):
    desk.policy_of(ask_by_own_case=True).buc("S_BUC_24", H001={})
    ask(desk, person)
    own = desk.case.questions[0].own_case
    assert said(asks_back(desk, "H001", own_case=own)[0]) == ("refer", "asked-back")


def test_given_back_the_case_waits_for_the_answer_again(desk, said, person):
    ask(desk, person)
    _, body = asks_back(desk, related=desk.case.questions[0].set_id)
    desk.case = fold(desk.case, [Taken("claire", "mine"), GivenBack("claire", "told them")])
    assert desk.case.state is CaseState.ASKED
    assert said(desk.judge_body(body)) == ("hold", "question-open")
    answer = desk.take("h", sed="H002", action="New", inside=h002("Bourg-en-Bresse", "01000"))
    assert said(answer) == ("transfer", THEM)


@pytest.mark.parametrize(("sed", "related"), [("X012", "d"), ("X012", None), ("H001", None)])
def test_a_question_about_anything_else_waits(desk, said, person, sed, related):
    ask(desk, person)
    about = related and desk.uid(related)
    assert said(asks_back(desk, sed, related=about)[0]) == ("hold", "question-open")


def test_a_promise_without_a_day_changes_no_reminder(desk, person):
    before = ask(desk, person).due
    assert x010(desk, follows=[None]).due == before
    assert x010(desk, follows=["soon"], message="y").due == before


def test_a_datum_that_is_not_to_be_had_ends_the_question(desk, said, person):
    ask(desk, person)
    assert said(x010(desk, follows=[None], lacks=1)) == ("refer", "still-missing")
    assert desk.case.questions[0].state is QuestionState.ANSWERED


def test_what_is_still_missing_is_asked_for_and_nothing_twice(desk, said, person):
    ask(desk, person)
    assert desk.case.asked_for == {"residence"}
    town = desk.take("h", sed="H002", action="New", inside=h002("Nowhere", "38000"))
    assert said(town) == ("ask", None)
    assert desk.case.asked_for == {"residence", "town"}
    assert len({o.message_id for j in desk.judged for o in j.outgoing}) == 2
    again = desk.take("i", sed="H002", action="New", inside=h002("Nowhere", "38000"))
    assert said(again) == ("refer", "still-missing")


def test_each_further_question_opens_a_case_of_its_own(desk, said, person):
    desk.policy_of(ask_by_own_case=True)
    first = ask(desk, person, buc="P_BUC_01", sed="P2000").own_case
    reply = desk.a_message(
        "h",
        case="own",
        buc="H_BUC_01",
        sed="H002",
        action="New",
        inside=h002("Nowhere", "38000"),
    )
    second = desk.judge_body(reply.replace(desk.uid("own").encode(), first.encode()))
    assert said(second) == ("ask", None)
    assert second.own_case not in {None, first}


def test_a_question_whose_evidence_was_erased_goes_to_a_person(desk, person):
    ask(desk, person)
    documents = {k: replace(d, evidence=None) for k, d in desk.case.documents.items()}
    desk.case = replace(desk.case, documents=documents)
    assert desk.later(days=40).come_due().referrals == (
        (desk.uid("one"), Refer("expired", missing=("residence",))),
    )


def test_a_question_of_an_older_version_is_never_due(desk):
    old = Asked("q", "h001", ("residence",), "set", "about")
    case = fold(Case("c", buc="S_BUC_24"), [old])
    assert next_due(Situation(case, desk.tables, desk.policy)) is None
    both = fold(case, [replace(old, question="r", at=NOON, asked=SENDER)])
    desk.case = both
    development = desk.later(days=40).come_due()
    assert [e.question for e in development.events] == ["r"]


def test_without_rows_a_question_waits_a_month(desk, person):
    desk.tables = replace(desk.tables, reminders=Reminders())
    assert ask(desk, person).due == NOON + timedelta(days=WITHOUT_ROW)
    assert desk.later(days=WITHOUT_ROW).come_due().referrals


# -- French working days --------------------------------------------------------------------


def test_easter_is_where_the_church_has_it():
    assert [easter(year) for year in (2019, 2024, 2025, 2026, 2038)] == [
        date(2019, 4, 21),
        date(2024, 3, 31),
        date(2025, 4, 20),
        date(2026, 4, 5),
        date(2038, 4, 25),
    ]


def test_the_holidays_of_2026():
    days = "01-01 04-06 05-01 05-08 05-14 05-25 07-14 08-15 11-01 11-11 12-25"
    assert " ".join(sorted(day.isoformat()[5:] for day in holidays(2026))) == days


@given(st.dates(date(2019, 1, 1), date(2040, 12, 31)))
def test_the_next_working_day_is_one_and_the_first(day):
    on = days_to_working_day(day)
    assert is_working_day(day + timedelta(days=on))
    assert not any(is_working_day(day + timedelta(days=n)) for n in range(on))
    assert on <= 4


def test_working_days_after_a_day_leave_out_weekends_and_holidays():
    thursday = date(2026, 4, 2)
    assert working_days_after(thursday, 0) == thursday
    assert working_days_after(thursday, 1) == date(2026, 4, 3)
    assert working_days_after(thursday, 2) == date(2026, 4, 7)


# -- who has left the case ---------------------------------------------------------------------


@pytest.mark.parametrize("by", ["x006", "x100"])
def test_nothing_is_handed_over_to_an_institution_that_left_the_case(desk, said, by):
    """The owner removes it, or puts another one in its place: a person sees who has the case."""
    forwarded(desk)
    gone = x006(desk, THEM) if by == "x006" else x100(desk, OTHER, THEM)
    assert said(gone) == ("refer", "no-holder")
    later = desk.take("two", sed="S041", action="New")
    assert (said(later), later.outgoing) == (("refer", "case-referred"), ())


def test_what_we_alone_get_of_a_case_that_we_left_is_for_a_person(desk, said):
    with_a_note(desk)
    desk.take("one", receivers=PAIR)
    alone = desk.take("two", sed="S041", action="New")
    assert (said(alone), alone.candidates) == (("refer", "already-participant"), (THEM,))


def test_who_left_after_us_gets_nothing_either(desk, said):
    with_a_note(desk)
    desk.take("one", receivers=PAIR)
    assert said(x006(desk, THEM)) == ("refer", "no-holder")


def test_nobody_is_told_by_x050_who_has_left(desk):
    desk.policy_of(excepts=True)
    both = ((US, "Counterparty"), (OTHER, "Counterparty"))
    desk.take("early", sed="S041", action="New", receivers=both)
    x006(desk, SENDER, sender=OTHER)
    told = desk.later(hours=48).come_due()
    assert told.outgoing == ()
    assert {referral.cause for _, referral in told.referrals} == {"sender-left"}


# -- answers to reminders ----------------------------------------------------------------------


def answers(desk, set_id):
    """An H002 that names that document, with an address."""
    written = {"case": "c", "sed": "H002", "action": "New", "related": "named"}
    body = desk.a_message("two", inside=h002("Lyon", "69001"), **written)
    return desk.judge_body(body.replace(desk.uid("named").encode(), set_id.encode()))


def test_an_answer_may_name_the_reminder(desk, person, said):
    ask(desk, person)
    [reminder] = desk.later(days=40).come_due().outgoing
    [set_id] = texts(reminder, "SetId")
    [question] = desk.case.questions
    assert set_id in correspondence.reminded_by(question)
    assert set_id != question.set_id
    answer = answers(desk, set_id)
    assert said(answer) == ("transfer", "FR:CPAM69")
    assert Answered(question.id, desk.uid("two")) in answer.events


def test_an_answer_that_names_another_document_is_none(desk, person):
    ask(desk, person)
    desk.later(days=40).come_due()
    answer = answers(desk, desk.uid("x"))
    assert not [event for event in answer.events if isinstance(event, Answered)]


def test_where_the_tables_have_no_words_any_more_a_person_is_told(desk, person):
    ask(desk, person)
    desk.tables = replace(desk.tables, questions=Questions({"en": {}}))
    told = desk.later(days=40).come_due()
    assert told.outgoing == ()
    assert [referral.cause for _, referral in told.referrals] == ["expired"]
