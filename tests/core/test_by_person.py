"""A person's transfer is held to the promises of the gateway's own."""

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.core.by_person import OBJECTIONS, objection, transfer
from gateway.core.case import fold
from gateway.core.decision import Transfer
from gateway.core.events import Forwarded, Returned
from gateway.core.judging import Arrival, examine
from gateway.core.matter import Matter
from gateway.core.outgoing import SendingKind
from gateway.core.reading import Limits
from gateway.core.states import CaseState, MessageState
from ir_directory import Certainty

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


def test_every_objection_is_seen_here():
    text = Path(__file__).read_text(encoding="utf-8")
    assert {code for code in OBJECTIONS if f'"{code}"' not in text} == set()
