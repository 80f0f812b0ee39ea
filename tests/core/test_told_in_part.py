"""A question on several data, answered in part: what was told is neither asked nor reminded of."""

from dataclasses import replace
from datetime import timedelta
from xml.etree import ElementTree as ET

import pytest

from gateway.core.by_person import add
from gateway.core.case import fold
from gateway.core.case_evidence import Heard
from gateway.core.decision import Ask, Hold, Refer, Transfer
from gateway.core.events import Answered, GivenBack, Taken
from gateway.core.evidence import About, Address, AddressKind, Evidence, Named, Where
from gateway.core.judging import Arrival, examine
from gateway.core.matter import Matter
from gateway.core.outgoing import SendingKind
from gateway.core.reading import Limits
from gateway.core.states import CaseState, QuestionState
from ir_directory import Certainty
from routing_tables import ByPlace, Fixed, Questions, QuestionText, Route, RoutingTable
from tests.core.conftest import NOON, SINCE, NoSchemas

HERE, NATIONAL, THEM = "FR:CPAM69", "FR:CNSE", "FR:CPAM01"
BOTH = ("population", "residence")
EMPLOYEE = "<IdentificationEmployer><x>y</x></IdentificationEmployer>"
WORDS = {
    datum: QuestionText("Section", datum.title(), f"What is the {datum}?")
    for datum in ("residence", "town", "population", "institution")
}


def _row(rule, population, residence, target):
    return Route(
        rule=rule,
        buc="S_BUC_24",
        sed=frozenset("*"),
        scheme=frozenset("*"),
        population=frozenset({population}),
        residence=frozenset({residence}),
        role=frozenset("*"),
        person="*",
        target=target,
        certainty=Certainty.SOLID,
        valid_from=SINCE,
        valid_to=None,
        basis="",
        note="",
    )


ROUTES = RoutingTable(
    [
        _row("E-FR", "employee", "FR", ByPlace("cpam", "residence")),
        _row("E-ABROAD", "employee", "abroad", Fixed(HERE)),
        _row("S-FR", "self-employed", "FR", Fixed(NATIONAL)),
        _row("S-ABROAD", "self-employed", "abroad", ByPlace("cpam", "named")),
    ]
)


@pytest.fixture
def asked(desk, person):
    """A case in which residence and population were asked for, by one question."""
    desk.tables = replace(desk.tables, routes=ROUTES, questions=Questions({"en": WORDS}))
    judgement = desk.take("one", document="d", inside=person(town=None))
    assert isinstance(judgement.decision, Ask)
    assert judgement.decision.missing == BOTH
    return desk


def update(desk, inside, message="two", version=2, **more):
    """The SED again, in a new version."""
    written = {"document": "d", "version": version, "action": "Update", "inside": inside, **more}
    return desk.take(message, **written)


def reply(desk, inside, message="h", **more):
    """An H002 in the case."""
    return desk.take(message, sed="H002", action="New", document=message, inside=inside, **more)


def words(outgoing, name):
    root = ET.fromstring(outgoing.body)
    return [e.text for e in root.iter() if e.tag.rpartition("}")[2] == name]


def added(desk, facts, message="one", **written):
    """What a person knows beside a message of the case."""
    body = desk.a_message(message, **{"case": "c", "document": "d", **written})
    arrival = Arrival(desk.now, desk.now, None, 1)
    examined = examine(body, Limits(), NoSchemas())
    judgement = add(Matter(desk.case, desk.tables, desk.policy, examined, arrival), facts, ())
    desk.case = fold(desk.case, judgement.events)
    return judgement


def states(desk):
    return [(question.missing, question.state.value) for question in desk.case.questions]


# -- an update of the SED -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "more", "rest"),
    [
        ({"town": "Bourg-en-Bresse", "postcode": "01000"}, "", "population"),
        ({"town": None}, EMPLOYEE, "residence"),
    ],
)
def test_a_new_question_asks_for_the_rest_alone(asked, person, place, more, rest):
    told = update(asked, person(**place) + more)
    assert told.decision.missing == (rest,)
    assert states(asked) == [(BOTH, "answered"), ((rest,), "open")]
    [first, second] = asked.case.questions
    assert Answered(first.id, asked.uid("two")) in told.events
    [written] = told.outgoing
    assert (written.kind, written.message_id) == (SendingKind.H001, second.id)
    assert words(written, "information") == [WORDS[rest].text]
    assert [s.params["datum"] for s in told.trace if s.code == "answer-used"] == [
        datum for datum in BOTH if datum != rest
    ]


def test_the_rest_has_reminders_of_its_own(asked, person):
    asked.later(days=20)
    told = update(asked, person())
    assert told.due == NOON + timedelta(days=20 + 22)  # 20 days on is a Saturday
    [reminder] = asked.later(days=22).come_due().outgoing
    assert words(reminder, "information") == [WORDS["population"].text]
    assert [q.reminders for q in asked.case.questions] == [0, 1]


def test_the_rest_told_the_case_goes_with_all_its_seds(asked, person):
    update(asked, person())
    done = update(asked, person() + EMPLOYEE, "three", 3)
    assert done.decision == Transfer(THEM, Certainty.SOLID)
    assert states(asked) == [(BOTH, "answered"), (("population",), "answered")]
    handed = [o.object for o in done.outgoing if o.kind is SendingKind.HAND_OVER]
    assert handed == [asked.uid(m) for m in ("one", "two", "three")]


def test_told_at_once_the_question_is_answered(asked, person):
    done = update(asked, person() + EMPLOYEE)
    assert done.decision == Transfer(THEM, Certainty.SOLID)
    assert states(asked) == [(BOTH, "answered")]


def test_what_was_told_may_lead_to_another_datum(asked, person):
    told = update(asked, person("Nowhere", "38000") + EMPLOYEE)
    assert told.decision.missing == ("town",)
    assert states(asked) == [(BOTH, "answered"), (("town",), "open")]


def test_what_was_told_may_lead_to_a_person(asked, person):
    """What would tell now is nothing that we can ask for."""
    asked.tables = replace(asked.tables, questions=Questions({"en": {k: WORDS[k] for k in BOTH}}))
    told = update(asked, person("Nowhere", "38000") + EMPLOYEE)
    assert told.decision == Refer("still-missing", (THEM, HERE), ("town",))
    assert asked.case.open_questions == ()


def test_another_document_tells_as_well(asked, person):
    told = update(asked, person(), document="e", sed="S041", action="New", version=1)
    assert told.decision.missing == ("population",)


@pytest.mark.parametrize("inside", ["nothing-new", "somebody-else"])
def test_what_tells_nothing_leaves_the_question(asked, person, inside):
    other = "<Spouse>" + person(family="Other") + "</Spouse>"
    told = update(asked, person(town=None) + (other if inside == "somebody-else" else ""))
    assert told.decision in {Hold("question-open"), Refer("other-person")}
    assert states(asked) == [(BOTH, "open")]


def test_an_older_version_tells_nothing(asked, person):
    update(asked, person(town=None), "three", 3)
    late = update(asked, person(), "two", 2)
    assert late.decision == Hold("question-open")
    assert states(asked) == [(BOTH, "open")]


def test_a_withdrawn_document_tells_nothing(asked, person):
    asked.take("x", sed="X008", action="New", related="e", inside=person(town=None))
    told = update(asked, person(), document="e", sed="S041", action="New", version=1)
    assert told.decision == Hold("question-open")


def test_two_documents_that_disagree_tell_nothing(asked, person):
    reply(asked, person(country="DE"), related="something else")
    against = update(asked, person(country="PL"))
    assert against.decision == Hold("question-open")
    assert states(asked) == [(BOTH, "open")]


def test_what_was_told_and_is_contradicted_is_for_a_person(asked, person):
    """The residence was asked for, and told: it is not asked for again."""
    update(asked, person(country="DE"), document="e", sed="S041", action="New", version=1)
    assert states(asked)[-1] == (("population",), "open")
    against = update(asked, person(country="PL") + EMPLOYEE, "three", 2)
    assert against.decision == Refer("still-missing", (HERE,), ("residence",))
    assert asked.case.open_questions == ()


def test_a_fact_that_was_known_when_it_was_asked_for_tells_nothing(asked, person):
    """The town was asked for because the one known is nowhere: said once more it is not told."""
    update(asked, person("Nowhere", "38000") + EMPLOYEE)
    again = update(asked, person("Nowhere", "38000") + EMPLOYEE, "three", 3)
    assert again.decision == Hold("question-open")
    assert states(asked)[-1] == (("town",), "open")
    better = update(asked, person("Un", "38000") + EMPLOYEE, "four", 4)
    assert better.decision == Transfer(THEM, Certainty.SOLID)


def test_a_message_that_was_there_when_it_was_asked_tells_nothing(asked, person):
    inside = person("Nowhere", "38000") + EMPLOYEE
    update(asked, inside)
    written = {"version": 2, "action": "Update", "inside": inside}
    done = added(asked, {"institution": HERE}, "two", **written)
    assert done.decision.institution == HERE
    assert states(asked)[-1] == (("town",), "overtaken")


def test_each_datum_is_told_by_facts_of_its_own():
    about = About.INSURED
    place = {kind: Address(about, kind, "FR", "69001", "Lyon") for kind in AddressKind}
    survivor = Address(About.CLAIMANT, AddressKind.RESIDENCE, "DE", None, None)
    facts = {
        "residence": Evidence(addresses=(place[AddressKind.RESIDENCE],)),
        "claimant-residence": Evidence(addresses=(survivor,)),
        "work": Evidence(addresses=(place[AddressKind.WORK],)),
        "employer": Evidence(addresses=(place[AddressKind.EMPLOYER],)),
        "population": Evidence(populations=frozenset({"employee"})),
        "institution": Evidence(named=(Named(about, Where.PIN, "FR", HERE, None),)),
    }
    for datum, says in facts.items():
        assert Heard(says, says).told(facts) == {datum}
        assert Heard(says, says, before=says).told(facts) == set()  # it is not new
        assert Heard(Evidence(), Evidence()).told(facts) == set()
    both = Evidence(addresses=(place[AddressKind.WORK], replace(survivor, kind=AddressKind.WORK)))
    assert Heard(both, facts["work"]).told({"work"}) == set()  # another one says otherwise


def test_a_question_asked_by_hand_stays_with_who_asked_it(asked, person):
    """He knows what for: what tells the gateway's data need not tell his."""
    asked.by_hand = True
    asked.take(
        "ours",
        sed="H001",
        action="New",
        sender=("FR:CLEISS0000", "Counterparty"),
        receivers=(("DE:101320043", "CaseOwner"),),
    )
    asked.by_hand = False
    told = update(asked, person())
    assert told.decision == Hold("question-open")
    assert [q.missing for q in asked.case.open_questions] == [()]


def test_what_came_while_a_person_had_the_case_tells_when_he_gives_it_back(asked, person):
    asked.case = fold(asked.case, [Taken("claire", "mine")])
    kept = update(asked, person())
    assert kept.decision == Refer("taken")
    assert states(asked) == [(BOTH, "open")]
    asked.case = fold(asked.case, [GivenBack("claire", "yours")])
    again = update(asked, person())
    assert again.decision.missing == ("population",)


# -- a reply --------------------------------------------------------------------------------


def test_what_a_reply_leaves_out_is_asked_for_once_more(asked, person):
    told = reply(asked, person())
    assert told.decision.missing == ("population",)
    assert states(asked) == [(BOTH, "answered"), (("population",), "open")]


@pytest.mark.parametrize("sed", ["H002", "X010"])
def test_a_reply_that_tells_nothing_is_for_a_person(asked, person, sed):
    told = (
        reply(asked, person(town=None))
        if sed == "H002"
        else asked.take("x", sed="X010", action="New", inside=person(town=None))
    )
    assert told.decision == Refer("still-missing", told.candidates, BOTH)
    assert asked.case.state is CaseState.REFERRED


def test_what_another_question_asks_for_is_not_asked_for_once_more(asked, person):
    [first] = asked.case.questions
    other = replace(asked.judged[0].events[-1], question="other", missing=("population",))
    asked.case = fold(asked.case, [replace(other, set_id="set of other")])
    written = {"case": "c", "sed": "H002", "action": "New", "related": "named"}
    body = asked.a_message("h", inside=person(), **written)
    told = asked.judge_body(body.replace(asked.uid("named").encode(), first.set_id.encode()))
    assert told.decision == Refer("still-missing", told.candidates, ("population",))


def test_nobody_is_asked_for_ever(asked, person):
    """Each question is for less than the one before it, or a person has the case."""
    reply(asked, person())
    told = reply(asked, person(), "i")
    assert told.decision == Refer("still-missing", told.candidates, ("population",))


def test_a_reply_in_prose_is_for_a_person_whatever_else_it_tells(asked, person):
    prose = "<x><theFollowingInformation>y</theFollowingInformation></x>"
    assert reply(asked, person() + prose).decision.cause == "answer-in-prose"


def test_a_reply_to_something_else_answers_nothing(asked, person):
    told = reply(asked, person(), related="something else")
    assert told.decision == Hold("question-open")
    assert states(asked) == [(BOTH, "open")]
    # it told all the same: the reminder asks for what is missing
    [reminder] = asked.later(days=40).come_due().outgoing
    assert words(reminder, "information") == [WORDS["population"].text]


# -- reminders ------------------------------------------------------------------------------


def test_a_reminder_names_what_a_person_has_not_told_either(asked, person):
    added(asked, {"residence": "01000 Bourg-en-Bresse"}, inside=person(town=None))
    assert states(asked) == [(BOTH, "open")]
    [reminder] = asked.later(days=40).come_due().outgoing
    assert words(reminder, "information") == [WORDS["population"].text]


def test_what_expires_names_what_is_still_missing(asked, person):
    reply(asked, person(), related="something else")
    for days in (40, 20, 20):
        told = asked.later(days=days).come_due()
    assert {referral.missing for _, referral in told.referrals} == {("population",)}
    assert [q.state for q in asked.case.questions] == [QuestionState.EXPIRED]


def test_where_nothing_of_it_is_missing_any_more_the_reminder_is_as_the_question(asked, person):
    """Two homes that disagree: who was asked can still tell which one is right."""
    reply(asked, person("Nowhere", "38000") + EMPLOYEE, related="something else")
    [reminder] = asked.later(days=40).come_due().outgoing
    assert words(reminder, "information") == [
        f"{WORDS['population'].text} {WORDS['residence'].text}"
    ]
