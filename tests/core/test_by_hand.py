"""What we sent by hand in RINA changes the case as the gateway would, and nothing leaves."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.core.case import fold
from gateway.core.events import Forwarded, GivenBack, Taken
from gateway.core.outgoing import new_id
from gateway.core.states import CaseState, MessageState, QuestionState

US, HOLDER, OTHER, SENDER = "FR:CLEISS0000", "FR:CPAM01", "FR:CPAM69", "DE:101320043"
WRITTEN = datetime(2026, 3, 2, 9, 15, tzinfo=UTC)
OURS = {"sender": (US, "Counterparty"), "receivers": ((SENDER, "CaseOwner"),)}


def added(institution):
    return (
        "<ForwardInformation><AddedParticipant>"
        f"<institutionID>{institution}</institutionID></AddedParticipant><RemovedParticipant>"
        f"<institutionID>{US}</institutionID></RemovedParticipant></ForwardInformation>"
    )


def removed(institution):
    return (
        "<RemovedParticipant><Institution>"
        f"<institutionID>{institution}</institutionID></Institution></RemovedParticipant>"
    )


def send(desk, message, sed, **written):
    """Feed in what we sent; its judgement. Nothing ever leaves for it."""
    desk.by_hand = True
    judgement = desk.take(message, sed=sed, **{"action": "New", **OURS, **written})
    desk.by_hand = False
    assert judgement.outgoing == ()
    return judgement


@pytest.fixture
def asked(desk, person, said):
    """A case in which the gateway has asked, and one SED waits."""
    assert said(desk.take("one", document="d", inside=person(town=None)))[0] == "ask"
    return desk


@pytest.fixture
def referred(desk, person, said):
    """A case that a person has."""
    assert said(desk.take("one", document="d", inside=person("Paris", "75001")))[0] == "refer"
    assert desk.case.state is CaseState.REFERRED
    return desk


# -- who has the case -----------------------------------------------------------------------


def test_an_x007_names_the_holder_and_what_waited_is_done(asked, said):
    desk = asked
    judgement = send(desk, "x7", "X007", document="f", inside=added(HOLDER))
    assert said(judgement) == ("note", None)
    assert judgement.state is MessageState.DONE
    assert judgement.moves == ((desk.uid("one"), MessageState.RECORDED),)
    assert (judgement.due, judgement.times) == (None, True)
    case = desk.case
    assert (case.state, case.holder, case.x007) == (CaseState.FORWARDED, HOLDER, desk.uid("x7"))
    assert (case.forwarded_at, case.waiting) == (WRITTEN, ())
    assert case.questions[0].state is QuestionState.OVERTAKEN


def test_a_later_sed_is_delivered_within_the_grace_and_for_a_person_after_it(referred, said):
    desk = referred
    send(desk, "x7", "X007", document="f", inside=added(HOLDER))
    assert said(desk.take("two", sed="S041", action="New")) == ("deliver", HOLDER)
    (handed,) = desk.judged[-1].outgoing
    assert (handed.receiver, handed.after) == (HOLDER, None)
    late = "2026-03-03T09:15:01.000Z"
    assert said(desk.take("three", sed="S041", action="New", created=late)) == (
        "refer",
        "forwarded-late",
    )


def test_each_copy_of_it_counts_once(referred, said):
    desk = referred
    send(desk, "x7", "X007", document="f", inside=added(HOLDER))
    again = send(desk, "x7 too", "X007", document="f", inside=added(HOLDER))
    assert said(again) == ("absorbed", None)


def test_the_gateways_own_x007_fed_in_changes_nothing(desk, person, said):
    desk.take("one", document="d", inside=person("Bourg-en-Bresse", "01000"))
    before = desk.case
    assert before.holder == HOLDER
    own = next(o for o in desk.judged[-1].outgoing if o.receiver == HOLDER)
    desk.by_hand = True
    judgement = desk.judge_body(own.body)
    assert (said(judgement), judgement.outgoing) == (("note", None), ())
    after = fold(before, judgement.events)
    assert (after.x007, after.forwarded_at) == (before.x007, None)


def test_an_x007_by_hand_stands_for_ours_that_has_not_left(desk, person, said):
    desk.take("one", document="d", inside=person("Bourg-en-Bresse", "01000"))
    assert said(send(desk, "x7", "X007", document="f", inside=added(HOLDER))) == ("note", None)
    case = desk.case
    assert (case.holder, case.x007, case.forwarded_at) == (HOLDER, desk.uid("x7"), WRITTEN)


def test_where_ours_has_left_one_by_hand_changes_nothing(desk, person, said):
    desk.take("one", document="d", inside=person("Bourg-en-Bresse", "01000"))
    desk.confirm()
    before = desk.case
    assert said(send(desk, "x7", "X007", document="f", inside=added(HOLDER))) == ("note", None)
    assert (desk.case.x007, desk.case.forwarded_at) == (before.x007, before.forwarded_at)


def test_another_holder_than_the_known_one_is_for_a_person(desk, person, said):
    desk.take("one", document="d", inside=person("Bourg-en-Bresse", "01000"))
    judgement = send(desk, "x7", "X007", document="f", inside=added(OTHER))
    assert said(judgement) == ("refer", "conflict")
    assert judgement.candidates == (OTHER, HOLDER)
    assert (desk.case.holder, desk.case.state) == (HOLDER, CaseState.REFERRED)


def test_an_x007_that_names_nobody_of_france_says_what_it_says(referred, said):
    desk = referred
    assert said(send(desk, "x7", "X007", inside=added("DE:1"))) == ("note", None)
    assert (desk.case.holder, "DE:1" in desk.case.participants) == (None, True)


# -- that we left ---------------------------------------------------------------------------


def test_an_x006_on_ourselves_leaves_the_case_to_who_takes_part(desk, person, said):
    receivers = ((US, "Counterparty"), (OTHER, "Counterparty"))
    desk.take("one", document="d", receivers=receivers, inside=person("Paris", "75001"))
    send(desk, "x6", "X006", inside=removed(US))
    assert (desk.case.state, desk.case.holder) == (CaseState.LEFT, OTHER)
    later = {"sed": "S041", "action": "New"}
    assert said(desk.take("two", receivers=receivers, **later)) == ("leave", OTHER)
    assert desk.judged[-1].outgoing == ()
    alone = desk.take("three", document="e", **later)  # the other one has not got it
    assert said(alone) == ("refer", "already-participant")
    assert (alone.candidates, alone.outgoing) == ((OTHER,), ())
    assert said(send(desk, "x6 too", "X006", document="g", inside=removed(US))) == ("note", None)
    assert desk.case.holder == OTHER


def test_who_has_the_case_then_may_not_be_known(asked):
    send(asked, "x6", "X006", inside=removed(US))
    assert (asked.case.state, asked.case.holder, asked.case.waiting) == (CaseState.LEFT, "", ())


def test_an_x006_on_somebody_else_removes_that_one(referred):
    desk = referred
    send(desk, "x6", "X006", inside=removed(SENDER))
    assert desk.case.state is CaseState.REFERRED
    assert SENDER in desk.case.left


@pytest.mark.parametrize(
    ("sed", "inside", "then"),
    [
        ("X007", added(HOLDER), CaseState.FORWARDED),
        ("X006", removed(US), CaseState.LEFT),
        ("H001", None, CaseState.ASKED),
    ],
)
def test_a_case_that_a_person_took_is_his_until_he_gives_it_back(asked, sed, inside, then):
    desk = asked
    desk.case = fold(desk.case, [Taken("claire", "mine")])
    written = {"inside": inside} if inside is not None else {}
    send(desk, "x", sed, document="f", **written)
    assert desk.case.state is CaseState.TAKEN
    assert fold(desk.case, [GivenBack("claire", "done")]).state is then


# -- questions and reminders ----------------------------------------------------------------


def test_a_question_is_open_and_the_answer_closes_it(desk, person, said):
    desk.buc("S_BUC_24", H002={"owner": {"New"}})
    desk.take("two", sed="S041", action="New", document="e")
    send(desk, "h1", "H001", document="q")
    (question,) = desk.case.open_questions
    assert (question.id, question.way, question.asked) == (desk.uid("h1"), "h001", SENDER)
    assert (question.missing, question.spoken_at) == ((), WRITTEN)
    assert desk.case.state is CaseState.ASKED
    desk.take("answer", sed="H002", action="New", document="r", related="q")
    assert desk.case.questions[0].state is QuestionState.ANSWERED


def test_a_case_that_a_person_has_stays_with_him(referred, said):
    desk = referred
    send(desk, "x12", "X012", document="q", related="d")
    (question,) = desk.case.open_questions
    assert (question.way, question.about_set_id) == ("x012", desk.uid("d"))
    assert desk.case.state is CaseState.REFERRED
    answer = desk.take("answer", sed="H002", action="New", document="r", related="q")
    assert said(answer) == ("refer", "case-referred")
    assert desk.case.questions[0].state is QuestionState.ANSWERED


def test_the_gateways_own_question_fed_in_is_no_second_one(asked):
    (question,) = asked.case.questions
    event = asked.judged[0].events[-1]
    assert event.set_id == question.set_id
    asked.by_hand = True
    body = asked.a_message("copy", case="c", sed="H001", action="New", document="q", **OURS)
    body = body.replace(asked.uid("q").encode(), question.set_id.encode())
    judgement = asked.judge_body(body)
    assert fold(asked.case, judgement.events).questions == asked.case.questions


def test_the_gateway_does_not_remind_of_what_a_person_asked(desk):
    desk.take("two", sed="S041", action="New", document="e")
    judgement = send(desk, "h1", "H001", document="q")
    assert judgement.due is not None
    desk.now = judgement.due
    development = desk.come_due()
    assert development.outgoing == ()
    assert [(m, r.cause) for m, r in development.referrals] == [(desk.uid("two"), "expired")]


def test_a_reminder_by_hand_puts_the_next_one_off(asked):
    (question,) = asked.case.questions
    asked.by_hand = True
    body = asked.a_message("x9", case="c", sed="X009", action="New", related="q", **OURS)
    body = body.replace(asked.uid("q").encode(), question.set_id.encode())
    judgement = asked.judge_body(body)
    case = fold(asked.case, judgement.events)
    assert (case.questions[0].reminders, case.questions[0].spoken_at) == (1, WRITTEN)
    assert judgement.due > asked.now + timedelta(days=10)


def test_the_gateways_own_reminder_fed_in_is_no_second_one(asked):
    asked.now += timedelta(days=60)
    assert [e.number for e in asked.come_due().events] == [1]
    (question,) = asked.case.questions
    own = new_id(f"{question.id}/1", question.asked, "x009-document")
    asked.by_hand = True
    body = asked.a_message("x9", case="c", sed="X009", action="New", document="r", **OURS)
    judgement = asked.judge_body(body.replace(asked.uid("r").encode(), own.encode()))
    assert fold(asked.case, judgement.events).questions[0].reminders == 1


# -- what is not ours, and what is no statement of the sender's -----------------------------


def test_what_is_not_sent_by_us_is_set_aside(desk, said):
    desk.by_hand = True
    assert said(desk.judge("one")) == ("set-aside", "wrong-direction")


def test_without_the_word_of_the_sidecar_it_is_for_a_person(desk, said):
    receivers = ((SENDER, "CaseOwner"), (US, "Counterparty"))
    judgement = desk.judge("one", sed="X007", sender=(US, "Counterparty"), receivers=receivers)
    assert said(judgement) == ("refer", "own")


def test_another_buc_than_the_cases_is_for_a_person(asked, said):
    assert said(send(asked, "x7", "X007", buc="P_BUC_01", inside=added(HOLDER))) == (
        "refer",
        "conflict",
    )
    assert asked.case.holder is None


def test_what_we_say_ourselves_is_no_evidence(asked, person):
    send(asked, "h1", "H001", document="q", inside=person("Lyon", "69001"))
    assert asked.case.documents[asked.uid("q")].evidence is None


def test_a_case_that_we_started_is_ours(desk, person, said):
    owner = {"sender": (US, "CaseOwner"), "receivers": ((SENDER, "Counterparty"),)}
    send(desk, "one", "S040", action="Start", document="d", **owner)
    assert (desk.case.us, desk.case.our_role) == (US, "CaseOwner")
    reply = {"sender": (SENDER, "Counterparty"), "receivers": ((US, "CaseOwner"),)}
    inside = person("Bourg-en-Bresse", "01000")
    answered = desk.take("two", sed="S041", action="New", document="e", inside=inside, **reply)
    assert said(answered)[0] == "refer"
    assert not [e for e in desk.judged[-1].events if isinstance(e, Forwarded)]


@pytest.mark.parametrize("sed", ["X001", "X004", "X008", "X010"])
def test_any_other_x_sed_says_what_it_says(asked, said, sed):
    assert said(send(asked, "x", sed, related="d")) == ("note", None)
    assert asked.case.closed == (sed == "X001")


def test_an_unknown_buc_or_sed_is_noted_all_the_same(desk, said):
    assert said(send(desk, "x", "S999", buc="S_BUC_99")) == ("note", None)
    assert desk.case.buc == "S_BUC_99"
