"""A person's transfer is held to the promises of the gateway's own."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.core.added import evidence, outranked
from gateway.core.by_person import (
    OBJECTIONS,
    add,
    ask,
    objection,
    objection_to_adding,
    objection_to_asking,
    objection_to_rejecting,
    reject,
    transfer,
)
from gateway.core.case import NOT_STARTED, fold
from gateway.core.case_evidence import known_evidence
from gateway.core.decision import Ask, Hold, Reject, Transfer, Way
from gateway.core.events import (
    DealtWith,
    EvidenceAdded,
    Expired,
    Forwarded,
    ParticipantsChanged,
    Referred,
    Returned,
    Waits,
)
from gateway.core.evidence import About, Address, AddressKind, Evidence, Named, Where
from gateway.core.judging import Arrival, examine
from gateway.core.leaving import Leaving, Mode
from gateway.core.matter import Matter
from gateway.core.outgoing import SendingKind
from gateway.core.reading import Limits
from gateway.core.states import CaseState, MessageState
from ir_directory import Certainty
from routing_tables import Questions, QuestionText
from sed_schemas import COUNTERPARTY

US, THEM, OTHER, SENDER = "FR:CLEISS0000", "FR:CPAM01", "FR:CPAM69", "DE:101320043"
PROTECTED = "<sbdh:PersonalProtectedCase>true</sbdh:PersonalProtectedCase>"


class NoSchemas:
    name = "none"
    source = for_message = lambda *_: None
    of_transaction = lambda *_: ()  # noqa: E731


def matter(desk, message="one", *, flags="", **written):
    """The message as it lies on the desk of a person, in the case as it stands."""
    body = desk.a_message(message, **{"case": "c", **written}, flags=flags)
    examined = examine(body, Limits(), NoSchemas())
    arrival = Arrival(desk.now, desk.now, None, 1)
    return Matter(desk.case, desk.tables, desk.policy, examined, arrival)


@pytest.fixture
def referred(desk, person):
    """A case of two messages on the worklist: its place leads to a test institution."""
    written = {"document": "d", "inside": person("Paris", "75001")}
    assert desk.take("one", **written).state is MessageState.REFERRED
    desk.take("two", sed="S041", action="New", document="e", inside=person(town=None))
    assert desk.case.state is CaseState.REFERRED
    return desk, written


def test_the_case_goes_where_the_person_says_with_all_that_waits(referred):
    desk, written = referred
    on_the_desk = matter(desk, **written)
    assert objection(on_the_desk, OTHER) is None
    judgement = transfer(on_the_desk, OTHER, {desk.uid("two")})
    assert judgement.decision == Transfer(OTHER, Certainty.CONFIRMED)
    assert judgement.revision == desk.case.revision
    assert judgement.moves == ((desk.uid("two"), MessageState.RECORDED),)
    handed = [o for o in judgement.outgoing if o.kind is SendingKind.HAND_OVER]
    assert [o.object for o in handed] == [desk.uid("one"), desk.uid("two")]
    assert {o.receiver for o in handed} == {OTHER}
    x007 = [o.receiver for o in judgement.outgoing if o.kind is SendingKind.X007]
    assert sorted(x007) == [SENDER, OTHER]
    assert [s.code for s in judgement.trace] == ["chosen-by-person"]
    after = fold(desk.case, judgement.events)
    assert (after.state, after.holder) == (CaseState.FORWARDED, OTHER)


def test_what_is_not_on_the_worklist_stays_where_it_is(referred):
    desk, written = referred
    judgement = transfer(matter(desk, **written), OTHER, set())
    handed = [o.object for o in judgement.outgoing if o.kind is SendingKind.HAND_OVER]
    assert (handed, judgement.moves) == ([desk.uid("one")], ())


@pytest.mark.parametrize(
    ("institution", "why"),
    [
        (US, "own"),
        ("FR:NOBODY", "institution-unusable"),
        ("FR:TEST1", "institution-unusable"),
        (SENDER, "institution-unusable"),
    ],
)
def test_no_case_goes_where_none_may(referred, institution, why):
    desk, written = referred
    assert objection(matter(desk, **written), institution) == why


def test_an_institution_that_ended_is_no_target(referred):
    desk, written = referred
    assert objection(matter(desk, **written), "FR:ENDS") is None
    desk.later(days=3)
    assert objection(matter(desk, **written), "FR:ENDS") == "institution-unusable"


def test_never_back_and_never_twice(referred):
    desk, written = referred
    before = desk.case
    desk.case = fold(before, [Returned("FR:CPAM01B")])
    assert objection(matter(desk, **written), THEM) == "returned"
    desk.case = fold(before, [Forwarded(OTHER, "x", "s")])
    assert objection(matter(desk, **written), THEM) == "forwarded-already"


def test_a_persons_word_needs_no_second_yes(referred):
    desk, written = referred
    desk.policy_of(leaving=Leaving(Mode.CONFIRM))
    assert transfer(matter(desk, **written), OTHER, set()).mode is Mode.AUTOMATIC
    desk.policy_of(leaving=Leaving(Mode.OBSERVE))
    assert transfer(matter(desk, **written), OTHER, set()).mode is Mode.OBSERVE


def test_who_takes_part_gets_no_x007(referred):
    desk, written = referred
    desk.case = replace(desk.case, participants=desk.case.participants | {"FR:CPAM01B"})
    assert objection(matter(desk, **written), THEM) == "already-participant"


def test_a_message_outside_its_case_is_handled_elsewhere(referred, person):
    desk, _ = referred
    desk.take("x", sed="S041", action="New", sender=("PL:PL002", "Counterparty"), document="f")
    stranger = matter(desk, "x", sed="S041", action="New", document="f")
    assert objection(stranger, THEM) == "not-in-case"


def test_a_case_without_its_first_sed_cannot_be_transferred(desk, person):
    written = {"action": "New", "document": "d", "inside": person()}
    desk.take("one", **written)
    assert objection(matter(desk, **written), THEM) == "not-started"


def test_a_protected_case_is_not_for_this_command(desk):
    desk.take("one", flags=PROTECTED)
    assert objection(matter(desk, flags=PROTECTED), THEM) == "protected"


def test_where_x007_is_not_ours_a_person_cannot_send_it_either(desk):
    written = {"buc": "S_BUC_19", "sed": "S080"}
    desk.take("one", **written)
    assert objection(matter(desk, **written), THEM) == "cannot-forward"


@pytest.mark.parametrize("written", [{"buc": "S_BUC_99"}, {"cdm": "4.9"}])
def test_in_a_buc_or_cdm_that_is_unknown_no_x007_is_written(desk, written):
    assert desk.take("one", **written).state is MessageState.REFERRED
    assert objection(matter(desk, **written), THEM) == "cannot-forward"


def test_an_x007_needs_somebody_it_is_about(desk):
    written = {"inside": "<Person/>"}
    desk.take("one", **written)
    assert objection(matter(desk, **written), THEM) == "no-context"


# -- a question abroad ----------------------------------------------------------------------


def recorded(desk, judgement):
    """The judgement, once it is in the case."""
    desk.case = fold(desk.case, judgement.events)
    return judgement


def asked(desk, written, data=("residence",), text="", along=("two",)):
    lying = matter(desk, **written)
    assert objection_to_asking(lying, data, text) is None
    return ask(lying, data, text, (OTHER,), {desk.uid(m) for m in along})


def test_a_persons_question_leaves_and_the_case_goes_on_with_the_answer(referred, person):
    desk, written = referred
    judgement = recorded(desk, asked(desk, written, text="Please give the address of 2019."))
    assert judgement.decision == Ask(("residence",), Way.H001, (OTHER,))
    assert (judgement.state, judgement.moves) == (
        MessageState.WAITING,
        ((desk.uid("two"), MessageState.WAITING),),
    )
    [question] = judgement.outgoing
    assert question.receiver == SENDER
    assert b"<information>Please give the address of 2019.</information>" in question.body
    assert judgement.due is not None
    assert [s.code for s in judgement.trace] == ["asked-by-person"]
    assert desk.case.state is CaseState.ASKED
    answer = desk.take("three", sed="H002", action="New", document="f", inside=person())
    assert (answer.state, answer.decision.institution) == (MessageState.RECORDED, THEM)
    handed = [o.object for o in answer.outgoing if o.kind is SendingKind.HAND_OVER]
    assert handed == [desk.uid("one"), desk.uid("two"), desk.uid("three")]


def test_the_words_of_the_tables_are_used_where_a_person_gives_none(referred):
    desk, written = referred
    [question] = asked(desk, written).outgoing
    assert b"Where does the person live?" in question.body


def test_in_an_x012_a_persons_words_stand_beside_the_data(desk, person):
    written = {"buc": "UB_BUC_01", "sed": "U001", "inside": person("Paris", "75001")}
    assert desk.take("one", **written).state is MessageState.REFERRED
    [question] = asked(desk, written, ("residence", "town"), "In 2019 & 2020?", ()).outgoing
    assert question.kind is SendingKind.X012
    assert question.body.count(b"<Clarification>") == 3
    assert b"<value>99</value></reason>" in question.body
    assert b">In 2019 &amp; 2020?</pleaseProvideMoreDetailsIf99OtherSelected>" in question.body


def test_a_person_may_ask_again_what_was_asked_before(desk, person):
    written = {"inside": person(town=None)}
    first = desk.take("one", **written)
    assert first.state is MessageState.WAITING
    desk.case = fold(desk.case, [Expired(desk.case.questions[0].id), Referred(desk.uid("one"), "")])
    again = asked(desk, written, along=())
    assert again.outgoing[0].message_id != first.outgoing[0].message_id
    recorded(desk, again)
    assert [q.state.value for q in desk.case.questions] == ["expired", "open"]
    assert desk.case.waiting == (desk.uid("one"),)


@pytest.mark.parametrize(
    ("data", "text", "why"),
    [
        ((), "", "unknown-datum"),
        (("blood group",), "", "unknown-datum"),
        (("residence",), "x" * 256, "unsayable"),
        (("residence",), "\0", "unsayable"),
    ],
)
def test_what_cannot_be_asked_is_not(referred, data, text, why):
    desk, written = referred
    assert objection_to_asking(matter(desk, **written), data, text) == why


def test_a_question_of_the_tables_that_has_no_room_is_not_cut_short(referred):
    desk, written = referred
    long = QuestionText("Address", "Residence", "Where? " * 40)
    desk.tables = replace(desk.tables, questions=Questions({"en": {"residence": long}}))
    assert objection_to_asking(matter(desk, **written), ("residence",), "") == "unsayable"


def test_where_there_is_no_way_to_ask_a_person_has_none_either(desk):
    written = {"buc": "LA_BUC_04", "sed": "A009"}
    desk.policy_of(least_certainty=Certainty.CONFIRMED).take("one", **written)
    assert objection_to_asking(matter(desk, **written), ("residence",), "") == "nothing-to-ask-with"
    desk.policy_of(ask_by_own_case=True)
    judgement = asked(desk, written, along=())
    assert (judgement.decision.way, judgement.own_case is not None) == (Way.OWN_CASE, True)


def test_whom_the_case_is_about_tells_the_way_of_asking_though_the_message_does_not(desk, person):
    """No room for these words in an own case; in a P8000 there is."""
    desk.policy_of(
        least_certainty=Certainty.CONFIRMED, pension_template="<A>$person</A><B>$questions</B>"
    )
    desk.take("one", buc="P_BUC_01", sed="P2000", inside=person())
    silent = {"buc": "P_BUC_01", "sed": "P9000", "action": "New", "document": "f", "inside": ""}
    assert desk.take("two", **silent).state is MessageState.REFERRED
    lying, words = matter(desk, "two", **silent), "x" * 255
    assert objection_to_asking(lying, ("residence",), words) is None
    assert ask(lying, ("residence",), words, (), ()).decision.way is Way.P8000


def test_nothing_is_asked_or_added_in_a_case_that_is_not_for_the_gateway(desk, person):
    written = {"action": "New", "document": "d", "inside": person()}
    desk.take("one", **written)
    fact = {"residence": "01000 Bourg-en-Bresse"}
    assert objection_to_asking(matter(desk, **written), ("residence",), "") == "not-started"
    assert objection_to_adding(matter(desk, **written), fact) == "not-started"
    assert objection_to_adding(matter(desk, "nobody"), fact) == "not-in-case"


def test_what_is_unknown_to_the_catalogue_is_neither_asked_about_nor_rejected(desk):
    written = {"buc": "S_BUC_99"}
    desk.take("one", **written)
    lying = matter(desk, **written)
    assert objection_to_asking(lying, ("residence",), "") == "cannot-forward"
    assert objection_to_rejecting(lying, "02", "") == "cannot-reject"


# -- back to the sender ---------------------------------------------------------------------


def rejectable(desk, buc="S_BUC_24", sed="S040"):
    """From now on we may reject this SED."""
    known = desk.tables.catalogue
    rules = known.bucs[buc]
    may = replace(rules.seds[sed], rejected_by=frozenset({COUNTERPARTY}))
    bucs = {**known.bucs, buc: replace(rules, seds={**rules.seds, sed: may})}
    desk.tables = replace(desk.tables, catalogue=replace(known, bucs=bucs))


def test_an_x011_goes_to_the_sender_and_the_case_stays_as_it_is(referred):
    desk, written = referred
    rejectable(desk)
    lying = matter(desk, **written)
    assert objection_to_rejecting(lying, "02", "") is None
    judgement = reject(lying, "02", "")
    assert (judgement.decision, judgement.state) == (Reject("02"), MessageState.RECORDED)
    assert (judgement.events, judgement.moves) == ((), ())
    [x011] = judgement.outgoing
    assert (x011.kind, x011.receiver, x011.object) == (
        SendingKind.X011,
        SENDER,
        desk.uid("one"),
    )
    assert f"<sbdh:RelatedSetId>{desk.uid('d')}<".encode() in x011.body
    assert b"<dateIssued>2026-03-02</dateIssued>" in x011.body
    assert b"Selected" not in x011.body


def test_an_x011_names_the_sed_by_its_day_in_paris(referred):
    desk, written = referred
    rejectable(desk)
    lying = matter(desk, **written)
    late = replace(lying.message, created_at=datetime(2026, 3, 2, 23, 30, tzinfo=UTC))
    lying = replace(lying, examined=replace(lying.examined, message=late))
    [x011] = reject(lying, "02", "").outgoing
    assert b"<dateIssued>2026-03-03</dateIssued>" in x011.body


def test_a_refused_message_can_be_rejected_though_its_case_does_not_hold_it(desk):
    rejectable(desk)
    assert desk.take("one", root="S041").state is MessageState.REFUSED
    lying = matter(desk, root="S041")
    assert objection_to_rejecting(lying, "99", "The SED is no S040.") is None
    [x011] = reject(lying, "99", "The SED is no S040.").outgoing
    assert b">The SED is no S040.</pleaseProvideMoreDetailsIf99OtherSelected>" in x011.body


@pytest.mark.parametrize(
    ("ground", "details", "why"),
    [
        ("04", "", "unknown-ground"),
        ("99", "", "unsayable"),
        ("02", "because", "unsayable"),
        ("99", "x" * 256, "unsayable"),
        ("02", "", "cannot-reject"),
    ],
)
def test_what_cannot_be_rejected_is_not(referred, ground, details, why):
    desk, written = referred
    assert objection_to_rejecting(matter(desk, **written), ground, details) == why


def test_nobody_is_rejected_who_is_gone(referred):
    desk, written = referred
    rejectable(desk)
    desk.case = replace(desk.case, left=frozenset({SENDER}))
    assert objection_to_rejecting(matter(desk, **written), "02", "") == "sender-left"


def test_nobody_is_asked_who_is_gone(referred):
    desk, written = referred
    assert objection_to_asking(matter(desk, **written), ["town"], "") != "sender-left"
    desk.case = replace(desk.case, left=frozenset({SENDER}))
    assert objection_to_asking(matter(desk, **written), ["town"], "") == "sender-left"


# -- what a person knows --------------------------------------------------------------------

BOURG = {"residence": "01000 Bourg-en-Bresse"}


def added(desk, written, facts, along=("two",)):
    lying = matter(desk, **written)
    assert objection_to_adding(lying, facts) is None
    return add(lying, facts, {desk.uid(m) for m in along})


def test_a_case_is_judged_again_with_what_a_person_knows(referred):
    desk, written = referred
    judgement = recorded(desk, added(desk, written, BOURG))
    assert judgement.decision.institution == THEM
    assert [s.code for s in judgement.trace][:2] == ["added-by-person", "residence-known"]
    assert judgement.moves == ((desk.uid("two"), MessageState.RECORDED),)
    handed = [o for o in judgement.outgoing if o.kind is SendingKind.HAND_OVER]
    assert [(o.object, o.body) for o in handed] == [
        (desk.uid("one"), None),
        (desk.uid("two"), None),
    ]
    assert (desk.case.state, desk.case.holder) == (CaseState.FORWARDED, THEM)


def test_what_does_not_suffice_is_still_for_a_person(referred):
    desk, written = referred
    judgement = added(desk, written, {"residence": "75001 Paris"})
    assert judgement.decision.cause == "institution-unusable"


def test_what_is_still_missing_is_asked_for(referred):
    desk, written = referred
    judgement = recorded(desk, added(desk, written, {"residence": "38000 Nowhere"}))
    assert (judgement.decision.missing, judgement.state) == (("town",), MessageState.WAITING)
    assert judgement.moves == ((desk.uid("two"), MessageState.WAITING),)
    assert desk.case.waiting == (desk.uid("two"), desk.uid("one"))


def test_a_document_that_comes_later_speaks_for_itself_again(referred, person):
    desk, written = referred
    recorded(desk, added(desk, written, {"residence": "38000 Nowhere"}))
    later = desk.take("three", version=2, action="Update", **{**written, "inside": person()})
    assert later.decision == Hold("question-open")
    homes = {a.postcode for a in known_evidence(fold(desk.case, later.events)).addresses}
    assert homes == {"01000", "38000"}  # they disagree: no transfer


def test_the_latest_word_of_a_person_counts(referred):
    desk, written = referred
    recorded(desk, added(desk, written, {"residence": "38000 Nowhere"}))
    desk.case = fold(desk.case, [Referred(desk.uid("one"), "expired")])
    assert added(desk, written, BOURG).decision.institution == THEM


def test_an_answer_outranks_what_a_person_said_before(referred, person):
    desk, written = referred
    recorded(desk, added(desk, written, {"residence": "38000 Nowhere"}))
    answer = desk.take("three", sed="H002", action="New", document="f", inside=person())
    assert answer.decision.institution == THEM


def test_what_an_x_sed_said_is_not_believed_twice(referred):
    desk, _ = referred
    gone = "<RemovedParticipant><Institution><institutionID>PL:1</institutionID></Institution>"
    x006 = {
        "sed": "X006",
        "action": "New",
        "document": "x",
        "inside": f"{gone}</RemovedParticipant>",
    }
    desk.take("x", **x006)
    desk.case = fold(desk.case, [ParticipantsChanged(joined=("PL:1",))])
    judgement = added(desk, {"message": "x", **x006}, BOURG, along=("one", "two"))
    assert judgement.decision.institution == THEM
    assert "PL:1" in fold(desk.case, judgement.events).participants


def test_each_fact_takes_the_place_of_its_own_kind_alone():
    about = About.CLAIMANT
    home = Address(about, AddressKind.RESIDENCE, "DE", None, None)
    work = Address(about, AddressKind.WORK, "FR", "69001", "Lyon")
    spouse = Address(About.FAMILY_MEMBER, AddressKind.RESIDENCE, "FR", "75001", "Paris")
    named = Named(about, Where.PIN, "FR", "FR:1", None)
    said = Evidence(
        subject_about=about,
        addresses=(home, work, spouse),
        named=(named,),
        populations=frozenset({"employee"}),
    )
    facts = {
        "residence": "01000 Bourg-en-Bresse",
        "work": "69002  Lyon 2e",
        "employer": "13001 Marseille",
        "population": "self-employed",
        "institution": "FR:0101100000",
    }
    better = evidence(facts, about)
    assert [(a.kind.value, a.postcode, a.town) for a in better.addresses] == [
        ("residence", "01000", "Bourg-en-Bresse"),
        ("work", "69002", "Lyon 2e"),
        ("employer", "13001", "Marseille"),
    ]
    assert outranked(said, better) == Evidence(subject_about=about, addresses=(spouse,))
    abroad = evidence({"country": "DE"}, about)
    assert outranked(said, abroad).addresses == (work, spouse)
    survivor = replace(said, subject_about=About.DECEASED)
    theirs = evidence({"claimant-residence": "01000 Bourg"}, About.DECEASED)
    assert outranked(survivor, theirs).addresses == (work, spouse)
    assert outranked(said, evidence({"population": "employee"}, about)).named == (named,)


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"blood group": "A"},
        {"residence": "Bourg-en-Bresse"},
        {"residence": "01000 "},
        {"country": "FR"},
        {"country": "RE"},
        {"country": "01000 Bourg"},
        {"population": "astronaut"},
        {"institution": "DE:1"},
        {"residence": "01000 Bourg", "population": "astronaut"},
    ],
)
def test_a_fact_that_cannot_be_read_is_refused(referred, facts):
    desk, written = referred
    assert objection_to_adding(matter(desk, **written), facts) == "unknown-fact"


def test_what_a_person_added_may_be_erased(referred):
    desk, _ = referred
    desk.case = fold(desk.case, [EvidenceAdded(desk.uid("one"), None)])
    assert desk.case.added == ()


def test_what_was_dealt_with_waits_no_more(desk):
    desk.case = fold(
        desk.case, [Waits("a"), Waits("b"), Referred("b", NOT_STARTED), DealtWith("b")]
    )
    assert (desk.case.waiting, desk.case.told) == (("a",), frozenset())


def test_every_objection_is_seen_here():
    text = Path(__file__).read_text(encoding="utf-8")
    assert {code for code in OBJECTIONS if f'"{code}"' not in text} == set()
