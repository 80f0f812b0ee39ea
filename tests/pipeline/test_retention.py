"""What is old goes piece by piece, and whatever comes later of such a case is safe."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.core.states import MessageState
from gateway.errors import Refused
from gateway.journal.retention import Amount, Kept
from gateway.loading import drafted
from gateway.people import retaining
from gateway.people.retaining import before, plan
from gateway.rehearsing import rehearse
from gateway.tables.drafting import draft
from gateway.tables.impact import Bench, impact
from tests.pipeline.conftest import House
from tests.pipeline.test_taking import give_back, take
from tests.pipeline.test_timers import DAYS, UNKNOWN
from tests.pipeline.test_worklist import CPAM_AIN, on_the_list, refused, resolve

WEEK = dict.fromkeys(Kept, 7)
PERIODS = {kind.value: 7 for kind in Kept}
NEW = {"case": "c", "action": "New", **UNKNOWN}


@pytest.fixture
def keeping(journal, judged_with, clock, tmp_path):
    """A house that keeps everything for a week."""
    return House(journal, judged_with, clock, state=tmp_path, days=WEEK)


async def apply(house, why="its time is over", periods=PERIODS, who="claire"):
    """Have one piece after the other done; class -> how many, and the number of pieces."""
    gone, pieces = {}, 0
    left = {"reason": why, "periods": periods}
    while left is not None:
        done = await house.operating.do("retention-erase", left, who)
        for kind, amount in done["erased"].items():
            gone[kind] = gone.get(kind, 0) + amount["items"]
        left, pieces = done["next"], pieces + 1
    return gone, pieces


async def transferred(house, a_message, name="one", case="c"):
    """A case that is with its institution, and nothing happened in it for eight days."""
    await house.take(a_message(name, case=case))
    sent = await house.send()
    assert [s.kind for s in sent] == ["x007", "x007", "hand-over"]
    await house.clock.advance(8 * DAYS)
    return sent[-1].destination


async def said_of(house, name, uid):
    row = await house.journal.message(uid(name))
    return row.decision, row.cause, row.institution


# -- the deed -------------------------------------------------------------------------------


async def test_what_is_old_goes_and_the_rest_stays(keeping, a_message):
    await transferred(keeping, a_message)
    await keeping.take(a_message("young"))
    await keeping.send()
    old = before(WEEK, keeping.clock.now())
    planned = await plan(keeping.journal, old)
    assert {k.value: a.items for k, a in planned.amounts.items()} == {
        "bodies": 1,
        "evidence": 1,
        "outbound": 3,
    }
    assert set(planned.oldest.values()) == {keeping.clock.now() - timedelta(days=8)}
    gone, _ = await apply(keeping)
    assert gone == {"bodies": 1, "evidence": 1, "outbound": 3}
    assert (await plan(keeping.journal, old)).amounts == {}
    assert await apply(keeping) == ({}, 3)
    shown = keeping.metrics.exposition()[0].decode()
    assert 'kept="outbound"} 3.0' in shown
    told = await keeping.journal.erasures()
    assert {(e.kind, e.who, e.why, e.amount.items) for e in told} == {
        (Kept.BODIES, "claire", "its time is over", 1),
        (Kept.EVIDENCE, "claire", "its time is over", 1),
        (Kept.OUTBOUND, "claire", "its time is over", 3),
    }


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"reason": " ", "periods": PERIODS}, "no-reason"),
        ({"reason": "old"}, "other-periods"),
        ({"reason": "old", "periods": PERIODS | {"bodies": 1}}, "other-periods"),
        ({"reason": "old", "periods": PERIODS, "step": "everything"}, "other-periods"),
    ],
)
async def test_what_was_not_agreed_on_is_refused(keeping, a_message, asked, code):
    await transferred(keeping, a_message)
    with pytest.raises(Refused) as caught:
        await keeping.operating.do("retention-erase", asked, "claire")
    assert caught.value.code == code
    assert await keeping.journal.erasures() == ()


async def test_without_a_period_nothing_is_ever_erased(house, a_message):
    await transferred(house, a_message)
    with pytest.raises(Refused) as caught:
        await apply(house, periods={})
    assert caught.value.code == "no-period"


async def test_many_go_in_pieces_and_one_run(keeping, a_message, monkeypatch):
    monkeypatch.setattr(retaining, "LOOKED_AT", 2)
    monkeypatch.setattr(retaining, "_CASES_AT_ONCE", 1)
    await keeping.take(*(a_message(f"m{n}") for n in range(5)))
    await keeping.take(b"no message", b"none either", b"nor this")
    await keeping.send()
    for row in await keeping.journal.messages(states=(MessageState.QUARANTINED,)):
        params = {"message_id": row.message_id, "reason": "junk"}
        await keeping.operating.do("discard", params, "claire")
    await keeping.clock.advance(8 * DAYS)
    gone, pieces = await apply(keeping)
    assert gone == {"bodies": 5, "evidence": 5, "outbound": 15, "quarantine": 3}
    assert pieces >= 3 + 2 + 1
    told = await keeping.journal.erasures()
    assert {e.run for e in told} == {1}
    assert {e.kind: e.amount.items for e in told} == {Kept(k): n for k, n in gone.items()}


async def test_who_begins_anew_goes_on_where_it_ended(keeping, restarted, a_message, monkeypatch):
    monkeypatch.setattr(retaining, "LOOKED_AT", 1)
    await keeping.take(*(a_message(f"m{n}") for n in range(3)))
    await keeping.send()
    await keeping.clock.advance(8 * DAYS)
    first = {"reason": "old", "periods": PERIODS}
    await keeping.operating.do("retention-erase", first, "claire")
    async with restarted(keeping) as again:
        other = House(again.journal, again.pipeline.desk, again.clock, days=WEEK)
        gone, _ = await apply(other)
        assert gone == {"bodies": 2, "evidence": 2, "outbound": 6}
        told = await other.journal.erasures()
        assert [(e.run, e.amount.items) for e in told if e.kind is Kept.BODIES] == [(1, 1), (2, 2)]


async def test_messages_come_in_between(keeping, a_message, uid, monkeypatch):
    """Each piece is short; what comes between two of them is decided and not lost."""
    monkeypatch.setattr(retaining, "LOOKED_AT", 1)
    await keeping.take(*(a_message(f"m{n}", case=f"c{n}") for n in range(3)))
    await keeping.send()
    await keeping.clock.advance(8 * DAYS)
    left = {"reason": "old", "periods": PERIODS}
    number = 0
    while left is not None:
        left = (await keeping.operating.do("retention-erase", left, "claire"))["next"]
        new = {**NEW, "case": "c2", "document": f"d{number}"}
        await keeping.take(a_message(f"late{number}", **new))
        assert (await said_of(keeping, f"late{number}", uid))[0] in {"deliver", "refer"}
        number += 1


# -- what comes later -----------------------------------------------------------------------


@pytest.mark.parametrize("created", ["2026-03-02T11:00:00Z", "2026-03-10T09:00:00Z"])
@pytest.mark.parametrize("place", [("Bourg-en-Bresse", "01000"), ("Lyon", "69001"), (None, "")])
async def test_a_late_sed_of_an_erased_case_goes_to_the_holder_or_a_person(
    keeping, a_message, uid, person, created, place
):
    holder = await transferred(keeping, a_message)
    await apply(keeping)
    assert (await keeping.journal.case(uid("c"))).erased
    for family in ("Muster", "Autre"):
        late = a_message(family, inside=person(*place, family=family), created=created, **NEW)
        await keeping.take(late)
        decision, cause, institution = await said_of(keeping, family, uid)
        assert (decision, cause) in {
            ("refer", "erased"),
            ("refer", "forwarded-late"),
            ("refer", "case-referred"),
            ("refer", "other-person"),  # than the late SED before it is about
        }
        assert institution in {None, holder}
        assert await keeping.journal.body((await latest(keeping, uid(family)))["digest"]) == late
    assert {s.destination for s in await keeping.send()} <= {holder}
    assert (await keeping.journal.case(uid("c"))).holder == holder


async def latest(house, message_id):
    return (await house.journal.explanation(message_id))[-1]


async def test_while_its_bytes_alone_are_gone_it_is_delivered_as_ever(
    journal, judged_with, clock, a_message, uid
):
    desk = replace(
        judged_with, policy=replace(judged_with.policy, transfer_grace=timedelta(days=300))
    )
    house = House(journal, desk, clock, days={Kept.BODIES: 7, Kept.OUTBOUND: 7})
    holder = await transferred(house, a_message)
    await apply(house, periods={"bodies": 7, "outbound": 7})
    await house.take(a_message("two", document="e", **NEW))
    assert await said_of(house, "two", uid) == ("deliver", None, holder)
    assert [(s.kind, s.destination) for s in await house.send()] == [("hand-over", holder)]


async def test_the_same_message_again_is_absorbed_and_not_kept_again(keeping, a_message, uid):
    await transferred(keeping, a_message)
    await apply(keeping)
    body = a_message("one", case="c")
    await keeping.take(body)
    assert len(await keeping.rows()) == 1
    await keeping.take(a_message("copy", case="c", document="document of one"))
    assert (await keeping.journal.message(uid("copy"))).state is MessageState.ABSORBED


@pytest.fixture
async def dealt_with(keeping, strict, a_message, person):
    """A case that was referred and handled by a person, and erased a week later; its id."""
    first, second = await on_the_list(keeping, strict, a_message, person)
    for message_id in (first, second):
        await resolve(keeping, message_id, "handled")
    await keeping.clock.advance(8 * DAYS)
    gone, _ = await apply(keeping)
    assert gone == {"bodies": 2, "evidence": 2}
    return (await keeping.journal.message(first)).case_id


async def test_in_an_erased_case_a_person_alone_decides(
    keeping, dealt_with, judged_with, a_message, uid, person
):
    """On the tables of now the new SED alone would lead to a transfer."""
    keeping.pipeline.desk = judged_with
    await keeping.take(a_message("three", document="f", inside=person("Lyon", "69001"), **NEW))
    assert await said_of(keeping, "three", uid) == ("refer", "case-referred", None)
    facts = {"facts": {"residence": "69001 Lyon"}}
    assert await refused(keeping, uid("three"), "evidence", **facts) == "still-undecided"
    await take(keeping, dealt_with)
    done = await give_back(keeping, dealt_with)
    assert [(d["decision"], d["cause"]) for d in done["decisions"]] == [("refer", "erased")]
    assert await keeping.send() == []
    await resolve(keeping, uid("three"), "transfer", institution=CPAM_AIN)
    sent = await keeping.send()
    assert {s.destination for s in sent if s.kind == "hand-over"} == {CPAM_AIN}
    assert [s.object for s in sent if s.kind == "hand-over"] == [uid("three")]


async def test_what_waits_for_anybody_is_counted_and_kept(
    keeping, a_message, b_messages, uid, person
):
    await keeping.take(*b_messages)
    await keeping.send()
    await keeping.take(a_message("unsent"), a_message("mine", case="taken"))
    await take(keeping, uid("taken"))
    bodies = {row.message_id: await body_of(keeping, row) for row in await keeping.rows()}
    cases = {row.case_id: await keeping.journal.case(row.case_id) for row in await keeping.rows()}
    await keeping.clock.advance(8 * DAYS)
    found = await plan(keeping.journal, before(WEEK, keeping.clock.now()))
    assert (found.amounts, sum(found.unfinished.values())) == ({}, 5)
    assert await apply(keeping) == ({}, 3)
    assert {r.message_id: await body_of(keeping, r) for r in await keeping.rows()} == bodies
    assert None not in bodies.values()
    for case_id, case in cases.items():
        if case_id is not None:
            assert await keeping.journal.case(case_id) == case


async def body_of(house, row):
    return await house.journal.body((await latest(house, row.message_id))["digest"])


@pytest.fixture
def b_messages(a_message, person):
    """One that is asked about, one out of order, one referred, and one set aside."""
    twice = "<sbdh:PersonalProtectedCase>true</sbdh:PersonalProtectedCase>"
    return (
        a_message("asked", inside=person(town=None), **UNKNOWN),
        a_message("held", action="Update", version=2),
        a_message("referred", flags=twice),
        b"no message",
    )


# -- who looks back -------------------------------------------------------------------------


async def test_who_judges_the_past_again_says_what_is_erased(keeping, a_message, tmp_path):
    await transferred(keeping, a_message)
    await apply(keeping, periods=PERIODS)
    await keeping.take(a_message("young"))
    draft(tmp_path / "draft", "2026-04")
    desk, other = keeping.pipeline.desk, drafted(tmp_path / "draft")
    bench = Bench(desk.limits, desk.schemas, desk.policy, desk.tables, other)
    found = await impact(keeping.journal, bench)
    assert (found.messages, found.erased, found.effects) == (1, 1, [])
    rehearsed = await rehearse(
        keeping.journal, desk.limits, desk.schemas, desk.schemas, (), desk.policy.pension_template
    )
    assert (rehearsed.messages, rehearsed.erased) == (1, 1)


async def test_the_past_is_not_judged_on_half_of_a_case(
    journal, judged_with, clock, a_message, tmp_path
):
    """Its bytes are there, and what the case said before is not."""
    house = House(journal, judged_with, clock, days={Kept.EVIDENCE: 7})
    await transferred(house, a_message)
    await apply(house, periods={"evidence": 7})
    draft(tmp_path / "draft", "2026-04")
    desk, other = house.pipeline.desk, drafted(tmp_path / "draft")
    bench = Bench(desk.limits, desk.schemas, desk.policy, desk.tables, other)
    assert (await impact(house.journal, bench)).erased == 1


async def test_a_wrong_transfer_is_called_back_when_its_bytes_are_gone(keeping, a_message, uid):
    holder = await transferred(keeping, a_message)
    await apply(keeping)
    done = await keeping.operating.do("recall", {"case_id": uid("c"), "reason": "wrong"}, "claire")
    assert done["institution"] == holder
    assert [s.kind for s in await keeping.send()] == ["recall"]


def test_the_amounts_add_up():
    assert Amount(1, 2) + Amount(3, 4) == Amount(4, 6)
