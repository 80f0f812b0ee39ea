"""A transfer called back: nothing more leaves, and what the BUC allows is written."""

import json
from dataclasses import replace

import pytest
from lxml import etree

from gateway.core.by_person import objection, transfer
from gateway.core.case import fold
from gateway.core.decision import Refer
from gateway.core.events import Recalled, Referred
from gateway.core.matter import Situation
from gateway.core.outgoing import SendingKind, Standing
from gateway.core.recalling import IN_TIME, TOO_LATE, not_to_recall, recall
from gateway.core.states import CaseState, SendingState
from sed_schemas import COUNTERPARTY
from tests.core.test_by_person import matter

WRONG, RIGHT, SENDER = "FR:CPAM01", "FR:CPAM69", "DE:101320043"
DUE, WAITING, GONE = SendingState.DUE, SendingState.WAITING, SendingState.HANDED_OVER


@pytest.fixture
def forwarded(desk, person):
    """A case that went to the wrong institution, with what was written for it."""
    judgement = desk.take("one", document="d", inside=person("Bourg-en-Bresse", "01000"))
    assert desk.case.holder == WRONG
    return desk, judgement


def situation(desk):
    return Situation(desk.case, desk.tables, desk.policy)


def standing(judgement, *states):
    return [
        Standing(o.message_id, o.kind.value, o.object, o.receiver, judgement.message_id, state)
        for o, state in zip(judgement.outgoing, states, strict=True)
    ]


def recalled(desk, judgement, *states):
    sendings = standing(judgement, *states)
    assert not_to_recall(situation(desk), sendings) is None
    return recall(situation(desk), sendings, "claire", "wrong row", desk.now)


def test_in_time_all_of_it_is_withdrawn_and_the_case_is_with_us_again(forwarded):
    desk, judgement = forwarded
    done = recalled(desk, judgement, DUE, DUE, WAITING)
    assert done.withdrawals == tuple(o.message_id for o in judgement.outgoing)
    assert done.outgoing == ()
    assert done.referrals == ((judgement.message_id, Refer(IN_TIME)),)
    assert done.events == (
        Recalled(WRONG, "claire", "wrong row", in_time=True),
        Referred(judgement.message_id, IN_TIME),
    )
    case = fold(desk.case, done.events)
    assert (case.state, case.holder, case.x007) == (CaseState.REFERRED, None, None)
    assert (case.recalls, case.returned_by) == (1, {WRONG})
    assert WRONG not in case.participants


def test_what_was_only_observed_is_in_time(forwarded):
    desk, judgement = forwarded
    done = recalled(desk, judgement, *[SendingState.OBSERVED] * 3)
    assert (done.withdrawals, done.referrals[0][1].cause) == ((), IN_TIME)


def test_then_it_goes_to_the_right_institution_under_other_ids(forwarded, person):
    desk, judgement = forwarded
    desk.case = fold(desk.case, recalled(desk, judgement, DUE, DUE, WAITING).events)
    again = matter(desk, document="d", inside=person("Bourg-en-Bresse", "01000"))
    assert objection(again, WRONG) == "returned"
    assert objection(again, RIGHT) is None
    second = transfer(again, RIGHT, set())
    ids = [o.message_id for o in (*judgement.outgoing, *second.outgoing)]
    assert len(set(ids)) == len(ids)
    case = fold(desk.case, second.events)
    assert (case.state, case.holder) == (CaseState.FORWARDED, RIGHT)
    written = next(o for o in second.outgoing if o.kind is SendingKind.X007)
    assert case.x007_set_id in written.body.decode()


def test_too_late_the_institution_gets_a_notice_and_a_person_the_reason(forwarded):
    desk, judgement = forwarded
    done = recalled(desk, judgement, GONE, SendingState.DELIVERED, DUE)
    assert done.withdrawals == (judgement.outgoing[2].message_id,)
    assert done.referrals == ((judgement.message_id, Refer(TOO_LATE)),)
    (notice,) = done.outgoing
    assert (notice.kind, notice.receiver, notice.destination) == (
        SendingKind.RECALL,
        WRONG,
        WRONG,
    )
    assert (notice.media, notice.body) == ("none", None)
    said = json.loads(notice.sidecar)
    assert (said["decision"], said["institution"]) == ("recall", WRONG)
    assert said["x007_message_id"] == desk.case.x007
    assert said["hand_over_id"] == notice.message_id
    case = fold(desk.case, done.events)
    assert (case.state, case.holder, case.recalls) == (CaseState.REFERRED, WRONG, 1)
    assert not_to_recall(replace_case(desk, case), standing(judgement, GONE, GONE, GONE)) == (
        "recalled-already"
    )


def replace_case(desk, case):
    return Situation(case, desk.tables, desk.policy)


def test_who_has_not_had_it_is_not_told(forwarded):
    """Only the copy for the sender has left: the institution knows nothing of the case."""
    desk, judgement = forwarded
    assert [o.receiver for o in judgement.outgoing] == [SENDER, WRONG, WRONG]
    done = recalled(desk, judgement, GONE, DUE, WAITING)
    assert (done.outgoing, len(done.withdrawals)) == ((), 2)
    assert done.referrals[0][1].cause == TOO_LATE


def allowed(desk):
    """The same tables, in which a counterparty may withdraw its X007."""
    bucs = dict(desk.tables.catalogue.bucs)
    buc = bucs[desk.case.buc]
    x007 = replace(buc.seds["X007"], withdrawn_by=frozenset({COUNTERPARTY}))
    bucs[buc.code] = replace(buc, seds={**buc.seds, "X007": x007})
    return replace(desk.tables, catalogue=replace(desk.tables.catalogue, bucs=bucs))


def test_where_the_buc_lets_us_the_x007_is_withdrawn_by_x008(forwarded):
    desk, judgement = forwarded
    desk.confirm()
    desk.tables = allowed(desk)
    done = recalled(desk, judgement, GONE, GONE, GONE)
    assert [(o.kind, o.receiver) for o in done.outgoing] == [
        (SendingKind.X008, SENDER),
        (SendingKind.X008, WRONG),
        (SendingKind.RECALL, WRONG),
    ]
    assert done.referrals[0][1].cause == IN_TIME
    tree = etree.fromstring(done.outgoing[0].body)
    text = {etree.QName(e).localname: e.text for e in tree.iter() if e.text}
    assert text["RelatedSetId"] == desk.case.x007_set_id
    assert (text["SEDType"], text["dateIssued"]) == ("X007", "2026-03-02")


@pytest.mark.parametrize("lacking", ["confirmation", "person"])
def test_an_x008_that_cannot_be_written_is_not(forwarded, lacking):
    desk, judgement = forwarded
    desk.tables = allowed(desk)
    if lacking == "person":
        desk.confirm()
        documents = {k: replace(d, evidence=None) for k, d in desk.case.documents.items()}
        desk.case = replace(desk.case, documents=documents)
    done = recalled(desk, judgement, GONE, GONE, GONE)
    assert [o.kind for o in done.outgoing] == [SendingKind.RECALL]
    assert done.referrals[0][1].cause == TOO_LATE


def test_what_was_never_transferred_is_not_called_back(desk, person, forwarded):
    _, judgement = forwarded
    sendings = standing(judgement, GONE, GONE, GONE)
    assert not_to_recall(situation(desk), []) == "not-transferred"
    for case in (
        replace(desk.case, holder=None),
        replace(desk.case, state=CaseState.LEFT),
        replace(desk.case, contents={}),
        replace(desk.case, holder=RIGHT),
    ):
        assert not_to_recall(replace_case(desk, case), sendings) == "not-transferred"
