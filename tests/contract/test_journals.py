"""Every journal keeps the promises of its port (`gateway.journal`)."""

import asyncio
import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from gateway.core.case import Case, fold
from gateway.core.decision import Way
from gateway.core.events import Returned
from gateway.core.leaving import Mode
from gateway.core.outgoing import SendingKind
from gateway.core.states import CaseState, MessageState
from gateway.core.trace import Step
from gateway.errors import JournalConflict, JournalUnavailable
from gateway.journal import Closing, Contradiction, Duplicate, IdentityConflict, Recorded
from gateway.journal.pausing import Pause, Reach
from gateway.journal.rows import FirstDecision, SchemasInForce, Search, TableRelease
from tests.contract.conftest import (
    NOON,
    TABLES,
    TARGET,
    THEM,
    Made,
    at,
    drained,
    judged_again,
    sha256,
    turn,
)

LEASE = 60.0


async def states(journal, *names):
    return [(await journal.message(name)).state.value for name in names]


# -- record: all or nothing -----------------------------------------------------------------


async def test_a_message_is_found_with_its_decision(journal, made):
    entry = made.transfer()
    assert await journal.record(entry) == Recorded()
    row = await journal.message("m1")
    assert (row.decision, row.cause, row.institution) == ("transfer", None, TARGET)
    assert (row.buc, row.sed, row.sender, row.case_id) == ("P_BUC_01", "P2000", THEM, "case-1")
    assert (row.state, row.received_at, row.source) == (MessageState.RECORDED, NOON, "m1.xml")
    assert await journal.body(entry.judgement.digest) == entry.body
    assert await journal.message("m2") is None


async def test_the_case_is_the_fold_of_its_history(journal, made):
    asked, moved = made.ask(), made.transfer("m2", revision=3, waiting=[("m1", "d" * 64)])
    await journal.record(asked)
    first = await journal.case("case-1")
    assert first == fold(Case("case-1"), asked.judgement.events)
    await journal.record(moved)
    assert await journal.case("case-1") == fold(first, moved.judgement.events)
    assert await journal.case("never-seen") == Case("never-seen")


async def test_the_explanation_gives_every_reason(journal, made):
    await journal.record(made.transfer())
    (only,) = await journal.explanation("m1")
    assert only["trace"] == (
        {
            "code": "route-matched",
            "params": {"rule": "p-1", "buc": "P_BUC_01", "certainty": "solid"},
        },
    )
    assert only["rules"] == ("p-1", "dep:59")
    assert only["violations"] == ("cvc-pattern",)
    assert (only["release"], only["reference_date"]) == (TABLES.name, "2026-03-02")
    assert (only["decided_at"], only["who"], only["certainty"]) == (at(1), "gateway", "solid")
    assert only["digest"] == made.message("m1")[0].digest
    await journal.record(Made("case-2").ask("m2"))
    (asked,) = await journal.explanation("m2")
    assert (asked["way"], asked["missing"]) == ("h001", ("residence",))
    assert asked["candidates"] == (TARGET, "FR:0000000002")


async def test_the_same_bytes_again_are_a_duplicate(journal, made):
    await journal.record(made.transfer())
    before = await journal.counts()
    assert await journal.record(made.transfer()) == Duplicate()
    assert await journal.counts() == before


async def test_the_same_id_with_other_bytes_is_an_identity_conflict(journal, made):
    await journal.record(made.refer())
    other = judged_again(made.refer(), digest=sha256(b"other"), revision=2)
    assert await journal.record(other) == IdentityConflict()
    assert await journal.body(sha256(b"other")) is None


async def test_a_case_that_moved_on_is_a_conflict_and_leaves_nothing(journal, made):
    await journal.record(made.ask())
    with pytest.raises(JournalConflict):
        await journal.record(made.transfer("m2", revision=0))
    assert await journal.message("m2") is None
    assert (await journal.counts()).sendings == {"due": 1}
    assert (await journal.case("case-1")).revision == 3


@pytest.mark.parametrize("revision", [1, 2])
async def test_a_revision_that_never_was_is_a_conflict(journal, made, revision):
    with pytest.raises(JournalConflict):
        await journal.record(made.refer(revision=revision))


async def test_tables_no_longer_in_force_are_a_conflict(journal, made):
    await journal.activate(dataclasses.replace(TABLES, name="2026-04"))
    with pytest.raises(JournalConflict):
        await journal.record(made.transfer())
    with pytest.raises(JournalConflict):
        await journal.record(made.set_aside())
    assert await journal.record(Made(release="2026-04").transfer()) == Recorded()


async def test_messages_are_found_by_what_decided_them(journal, made, driver):
    first, second = made.transfer(), type(made)("case-2").transfer("m2")
    for entry, rules in ((first, ("S-GENERAL", "cpam:dep:67")), (second, ("S-GENERAL-2",))):
        judgement = dataclasses.replace(entry.judgement, rules=rules)
        await journal.record(dataclasses.replace(entry, judgement=judgement))
    ids = [first.judgement.message_id, second.judgement.message_id]

    async def found(**by):
        return [row.message_id for row in await journal.decided_by(**by)]

    assert await found(rule="S-GENERAL") == ids[:1]
    assert await found(rule="cpam:dep:67", release=TABLES.name) == ids[:1]
    assert await found(rule="S-GENERAL", release="other") == []
    assert await found(release=TABLES.name) == ids
    assert await found(release=TABLES.name, limit=1) == ids[:1]
    assert await found(release=TABLES.name, after=ids[0]) == ids[1:]


async def test_messages_are_searched_by_sed_institution_and_time(journal, made):
    """Each alone, all together, and page by page; protected cases are not told by institution."""
    other = "FR:0000000002"
    entries = [
        made.transfer("m1"),
        made.deliver("m2", revision=2, sed="P8000"),
        type(made)("case-2").transfer("m3", to=other),
        type(made)("case-3").transfer("m4"),
        type(made)("case-4").transfer("m5", protected=True),
        made.set_aside(),
    ]
    for hours, entry in enumerate(entries):
        then = NOON + timedelta(hours=hours)
        late = then + timedelta(minutes=hours % 2)
        await journal.record(dataclasses.replace(entry, received_at=then, decided_at=late))

    async def found(*, limit=1000, after=None, **wanted):
        rows = await journal.search(Search(**wanted), limit=limit, after=after)
        return [row.message_id for row in rows]

    third = NOON + timedelta(hours=2)
    aside = entries[-1].judgement.message_id
    assert await found(sed="P2000") == ["m1", "m3", "m4", "m5"]
    assert await found(sed="P2000", begin=third) == ["m3", "m4", "m5"]
    assert await found(sed="P2000", end=third) == ["m1"]
    assert await found(sed="P2000", limit=2, after="m1") == ["m3", "m4"]
    assert await found(sed="P2000", after="m1", begin=third + timedelta(hours=1)) == ["m4", "m5"]
    assert await found(sed="P2000", after="m4", begin=NOON) == ["m5"]
    assert await found(sed="X001") == []
    assert await found(begin=third, end=third + timedelta(hours=1)) == ["m3"]
    assert await found(begin=third) == ["m3", "m4", "m5", aside]
    assert await found(institution=TARGET) == ["m1", "m2", "m4"]
    assert await found(institution=other) == ["m3"]
    assert await found(institution=TARGET, sed="P2000") == ["m1", "m4"]
    assert await found(institution=TARGET, begin=NOON + timedelta(hours=1)) == ["m2", "m4"]
    assert await found(institution=TARGET, end=third) == ["m1", "m2"]
    decided = NOON + timedelta(hours=1, minutes=1)
    assert await found(institution=TARGET, begin=decided, end=third) == ["m2"]
    assert await found(institution=TARGET, end=decided) == ["m1"]
    assert await found(institution=TARGET, limit=1, after="m1") == ["m2"]
    assert await found(institution=TARGET, after="m4") == []
    protected = type(made)("case-3").deliver("m6", revision=2, protected=True)
    await journal.record(protected)
    assert await found(institution=TARGET) == ["m1", "m2"]  # all of the case is


async def test_first_decisions_tell_what_was_sent_on_and_what_was_asked(journal, made):
    entry = made.transfer()
    await journal.record(entry)
    message = entry.judgement.message
    (first,) = await journal.first_decisions(None)
    assert first == FirstDecision(
        entry.judgement.case_id, message.sender.id, message.buc, entry.judgement.missing
    )
    assert await journal.first_decisions(entry.received_at) == (first,)
    assert await journal.first_decisions(entry.received_at + timedelta(seconds=1)) == ()


async def test_only_what_is_decided_first_in_a_case_tells_whether_its_first_sed_was_enough(
    journal, made
):
    named, odd = type(made)("case-2"), type(made)("case-3")
    await journal.record(named.refer("m2", cause="inferred"))
    await journal.record(odd.refer("m3", cause="several"))
    revision = (await journal.case("case-3")).revision
    await journal.record(odd.transfer("m4", revision=revision))
    await journal.record(made.transfer("m5"))
    await journal.record(made.deliver("m6", revision=(await journal.case("case-1")).revision))
    found = await journal.first_decisions(None)
    assert [(one.case_id, one.missing) for one in found] == [("case-1", ()), ("case-2", ())]


@pytest.mark.parametrize(
    ("code", "assumed"), [("assumed-general", True), ("assumed-general-off", False)]
)
async def test_a_transfer_tells_whether_a_scheme_was_assumed(journal, made, code, assumed):
    entry = made.transfer()
    trace = (*entry.judgement.trace, Step(code, {"rule": "p-1"}))
    await journal.record(judged_again(entry, trace=trace))
    (made_,) = await journal.transfers(None)
    assert (made_.institution, made_.rules) == (TARGET, ("p-1", "dep:59"))
    assert (made_.assumed, made_.returned, made_.recalled) == (assumed, False, False)
    assert await journal.transfers(entry.decided_at + timedelta(seconds=1)) == ()


async def test_the_schemas_in_force_are_noted_when_they_change(journal):
    assert await journal.schemas_in_force() == ()
    changes = [
        SchemasInForce("profile", at(1), "gateway"),
        SchemasInForce("abc", at(2), "ada"),
        SchemasInForce("profile", at(3), "ada"),
    ]
    for change in changes:
        await journal.note_schemas(change)
        await journal.note_schemas(dataclasses.replace(change, since=at(9), who="again"))
    assert await journal.schemas_in_force() == tuple(changes)


async def test_a_decision_keeps_the_schemas_it_was_held_against(journal, made):
    entry = made.transfer()
    judgement = dataclasses.replace(entry.judgement, schemas="abc+def")
    held = dataclasses.replace(entry, judgement=judgement)
    await journal.record(held)
    (explained,) = await journal.explanation(entry.judgement.message_id)
    assert explained["schemas"] == "abc+def"


async def test_without_tables_in_force_nothing_is_recorded(driver, made):
    async with driver.opened() as journal:
        assert await journal.release(at(0)) is None
        with pytest.raises(JournalConflict):
            await journal.record(made.transfer())


async def test_in_force_is_the_activation_that_began_last(journal):
    assert await journal.release(at(0)) == TABLES
    later = dataclasses.replace(TABLES, name="2026-05", since=at(100), at_once=False)
    soon = dataclasses.replace(TABLES, name="2026-04", since=at(50), at_once=False)
    for release in (later, soon):  # asked for in another order than they begin
        await journal.activate(release)
    in_force = [(await journal.release(at(second))).name for second in (49, 50, 99, 100, 999)]
    assert in_force == ["2026-03", "2026-04", "2026-04", "2026-05", "2026-05"]
    back = dataclasses.replace(
        TABLES, since=at(100), kind="rolled-back", asked_by="ada", reason="x"
    )
    await journal.activate(back)
    assert await journal.release(at(100)) == back
    assert await journal.releases() == (TABLES, later, soon, back)


async def test_a_clock_that_is_set_back_brings_nothing_back(journal):
    await journal.activate(dataclasses.replace(TABLES, name="2026-04", since=at(50)))
    back = dataclasses.replace(TABLES, since=at(60), kind="rolled-back")
    await journal.activate(back)
    for second in (999, 60, 55, 50, 0, -999):
        assert await journal.release(at(second)) == back


async def test_what_is_decided_after_the_instant_needs_the_new_tables(journal, made):
    await journal.activate(dataclasses.replace(TABLES, name="2026-04", since=at(50), at_once=False))
    before = dataclasses.replace(made.transfer(), decided_at=at(49))
    after = dataclasses.replace(made.transfer(), decided_at=at(50))
    with pytest.raises(JournalConflict) as raised:
        await journal.record(after)
    assert raised.value.code == "release-changed"
    assert await journal.record(before) == Recorded()


async def test_an_activation_that_has_not_begun_can_be_cancelled(journal):
    await journal.activate(dataclasses.replace(TABLES, name="2026-04", since=at(50), at_once=False))
    assert not await journal.cancel_activation("2026-04", "ada", at(50))
    assert not await journal.cancel_activation("2026-03", "ada", at(10))
    assert await journal.cancel_activation("2026-04", "ada", at(49))
    assert not await journal.cancel_activation("2026-04", "ada", at(49))
    assert await journal.release(at(60)) == TABLES
    assert [release.cancelled_by for release in await journal.releases()] == [None, "ada"]


async def test_a_rollback_is_confirmed_once(journal):
    assert not await journal.confirm_activation("ada")
    await journal.activate(dataclasses.replace(TABLES, since=at(5), kind="rolled-back"))
    assert await journal.confirm_activation("ada")
    assert not await journal.confirm_activation("eve")
    assert [release.confirmed_by for release in await journal.releases()] == [None, "ada"]


async def test_a_release_is_made_once_and_approved_once(journal):
    made = TableRelease("2026-04", "ef" * 32, "2026-03", "ada", at(1))
    assert await journal.add_table_release(made)
    assert not await journal.add_table_release(dataclasses.replace(made, digest="0" * 64))
    assert not await journal.approve_table_release("2026-05", "eve", at(2))
    assert await journal.approve_table_release("2026-04", "eve", at(2))
    assert not await journal.approve_table_release("2026-04", "bob", at(3))
    approved = dataclasses.replace(made, approver="eve", approved_at=at(2))
    assert await journal.table_releases() == (approved,)


async def test_one_conflict_in_a_group_fails_alone(driver, journal):
    good = [Made(f"case-{n}").transfer(f"m{n}") for n in range(60)]
    bad = [Made(f"case-{n}").refer(f"bad{n}", revision=9) for n in range(60)]
    broken = [broken_entry(Made(f"broken-{n}"), f"worse{n}") for n in range(60)]
    entries = [e for three in zip(good, bad, broken, strict=True) for e in three]
    outcomes = await driver.together(journal, map(journal.record, entries))
    assert [type(o) for o in outcomes] == [Recorded, JournalConflict, Contradiction] * 60
    counts = await journal.counts()
    assert counts.messages == {"recorded": 60}
    assert counts.sendings == {"due": 120, "waiting": 60}
    assert (await journal.case("broken-1")).revision == 0


def broken_entry(made, name):
    """Two X007 of one case to one institution and receiver."""
    entry = made.transfer(name)
    first = entry.judgement.outgoing[0]
    twin = dataclasses.replace(first, message_id="another-id")
    return judged_again(entry, outgoing=(*entry.judgement.outgoing, twin))


async def test_of_many_judged_on_one_revision_one_is_recorded(driver, journal):
    rivals = [Made().refer(f"m{n}") for n in range(30)]
    outcomes = await driver.together(journal, map(journal.record, rivals))
    assert sorted(type(o).__name__ for o in outcomes) == ["JournalConflict"] * 29 + ["Recorded"]
    assert (await journal.case("case-1")).revision == 2


async def test_a_group_sees_what_its_earlier_members_wrote(driver, journal):
    made = Made()
    first, second = made.refer("m0"), made.refer("m1", revision=2)
    chain = [first, second, first, made.hold("m2", revision=4)]
    outcomes = await driver.together(journal, map(journal.record, chain))
    assert outcomes == [Recorded(), Recorded(), Duplicate(), Recorded()]
    assert (await journal.case("case-1")).revision == 6


async def test_one_forwarding_a_case_and_institution(journal, made):
    await journal.record(made.transfer())
    again = made.transfer("m2", revision=2)
    with pytest.raises(Contradiction):
        await journal.record(again)
    assert await journal.message("m2") is None
    assert (await journal.case("case-1")).revision == 2


async def test_a_case_goes_on_within_a_group(driver, journal, made):
    chain = [made.refer("m0"), made.refer("m1", revision=2), made.hold("m2", revision=4)]
    outcomes = await driver.together(journal, map(journal.record, chain))
    assert outcomes == [Recorded()] * 3


async def test_a_group_of_all_kinds_keeps_its_order(driver, journal, made):
    works = [
        journal.record(made.ask()),
        journal.claim(10, at(10), LEASE),
        journal.activate(dataclasses.replace(TABLES, name="2026-04")),
        journal.record(Made("case-2").refer("m2")),
        journal.record(Made("case-3", release="2026-04").transfer("m3")),
        journal.claim(10, at(10), LEASE),
    ]
    outcomes = await driver.together(journal, works)
    assert outcomes[0] == outcomes[4] == Recorded()
    assert isinstance(outcomes[3], JournalConflict)
    assert [[c.kind for c in outcomes[n]] for n in (1, 5)] == [["h001"], ["x007"]]
    assert await journal.handed_over([*outcomes[1], *outcomes[5]], at(11)) == 2


async def test_what_never_follows_is_refused(journal, made):
    await journal.record(made.transfer())
    await drained(journal)
    moves = (("m1", MessageState.RECORDED),)
    unseen = (("never-seen", MessageState.RECORDED),)
    with pytest.raises(Contradiction):
        await journal.record(judged_again(made.refer("m2", revision=3), moves=moves))
    with pytest.raises(Contradiction):
        await journal.record(judged_again(made.refer("m2", revision=3), moves=unseen))
    assert await states(journal, "m1") == ["done"]
    assert await journal.message("m2") is None


async def test_malformed_bytes_are_kept_under_their_digest(journal, made):
    entry = made.set_aside()
    await journal.record(entry)
    row = await journal.message(sha256(b"<!DOCTYPE"))
    assert (row.state, row.decision, row.cause) == (
        MessageState.QUARANTINED,
        "set-aside",
        "doctype",
    )
    assert (row.case_id, row.buc, row.sender) == (None, None, None)
    assert await journal.body(row.message_id) == b"<!DOCTYPE"
    await journal.record(made.set_aside(b"", "empty"))
    assert await journal.body(sha256(b"")) == b""


async def test_bytes_that_are_elsewhere_are_not_made_up(journal, made):
    entry = made.set_aside(b"very big", "too-big")
    await journal.record(dataclasses.replace(entry, body=b""))
    assert await journal.body(sha256(b"very big")) is None


async def test_known_content_is_linked_to_the_first(journal, made):
    await journal.record(made.refer())
    await journal.record(made.absorb("m2", "m1", revision=2))
    row = await journal.message("m2")
    assert (row.state, row.decision) == (MessageState.ABSORBED, None)
    assert (await journal.explanation("m2"))[0]["same_as"] == "m1"


async def test_our_own_case_leads_to_the_case_it_asks_about(journal, made):
    await journal.record(made.ask(way=Way.OWN_CASE))
    asked = await journal.case("own-case-1")
    assert (asked.case_id, asked.state) == ("case-1", CaseState.ASKED)
    assert asked == await journal.case("case-1")


async def test_a_case_seen_before_is_seen_again_as_it_is(journal, made):
    await journal.record(made.refer())
    assert (await journal.case("case-1")).revision == 2
    await journal.record(made.refer("m2", revision=2))
    assert (await journal.case("case-1")).revision == 4
    assert (await journal.case("case-1")).received("m2") is not None


# -- decided again --------------------------------------------------------------------------


def again(entry, attempt, **others):
    return dataclasses.replace(entry, attempt=attempt, who="claire", decided_at=at(60), **others)


async def quarantined(journal, made):
    """A message that was set aside under its own id."""
    entry = made.transfer()
    aside = judged_again(
        entry,
        decision=made.set_aside(cause="not-ours").judgement.decision,
        state=MessageState.QUARANTINED,
        case_id=None,
        events=(),
        outgoing=(),
    )
    await journal.record(aside)
    return entry


async def test_a_message_decided_again_keeps_its_first_decision(journal, made):
    entry = await quarantined(journal, made)
    assert await journal.record(again(entry, 1)) == Recorded()
    first, second = await journal.explanation("m1")
    assert (first["decision"], first["attempt"]) == ("set-aside", 0)
    assert (second["decision"], second["attempt"], second["who"]) == ("transfer", 1, "claire")
    row = await journal.message("m1")
    assert (row.decision, row.case_id, row.state) == ("transfer", "case-1", MessageState.RECORDED)
    assert [h.what for h in await journal.timeline("m1") if h.origin == "operator"] == ["transfer"]


async def test_two_people_cannot_decide_one_message_at_once(journal, made):
    entry = await quarantined(journal, made)
    outcomes = await asyncio.gather(
        journal.record(again(entry, 1)), journal.record(again(entry, 1)), return_exceptions=True
    )
    assert [type(o) for o in outcomes] == [Recorded, JournalConflict]
    with pytest.raises(JournalConflict):
        await journal.record(again(entry, 3))


@pytest.mark.parametrize("attempt", [2, 3])
async def test_a_decision_never_skips_one(journal, made, attempt):
    entry = await quarantined(journal, made)
    with pytest.raises(JournalConflict):
        await journal.record(again(entry, attempt))
    assert len(await journal.explanation("m1")) == 1


async def test_deciding_again_what_is_not_here_is_a_bug(journal, made):
    with pytest.raises(Contradiction):
        await journal.record(again(made.transfer(), 1))


async def test_discarding_keeps_bytes_and_reason(journal, made):
    await journal.record(made.set_aside())
    name = sha256(b"<!DOCTYPE")
    assert await journal.discard(name, "claire", "not XML at all", at(5))
    assert not await journal.discard(name, "claire", "again", at(6))
    assert not await journal.discard("never-seen", "claire", "again", at(6))
    assert await states(journal, name) == ["discarded"]
    assert await journal.body(name) == b"<!DOCTYPE"
    last = (await journal.timeline(name))[-1]
    assert (last.origin, last.what, last.who, last.at) == ("operator", "discard", "claire", at(5))
    assert last.params["reason"] == "not XML at all"


async def test_only_what_is_in_quarantine_can_be_discarded(journal, made):
    await journal.record(made.refer())
    assert not await journal.discard("m1", "claire", "no", at(5))
    assert await states(journal, "m1") == ["referred"]


# -- looking for a case ---------------------------------------------------------------------


async def test_a_case_is_found_by_whatever_one_has(journal):
    dashed = "f35fc39b-3ad8-4905-ac39-51cb4ae26c50"
    made, other = Made(dashed), Made("case-2")
    first = dataclasses.replace(made.ask("m1", way=Way.OWN_CASE), rina_number="171934")
    await journal.record(first)
    await journal.record(made.hold("m2", revision=3))
    await journal.record(other.refer("m3"))
    aside = dataclasses.replace(other.set_aside(b"no XML"), rina_number="99")
    await journal.record(aside)
    [sending] = first.judgement.outgoing
    for text in (
        *(dashed, dashed.upper(), f" {dashed.replace('-', '')} ", "171934"),
        *("m1", "m2", sending.message_id, f"own-{dashed}"),
    ):
        assert [row.message_id for row in await journal.find(text)] == ["m1", "m2"], text
    assert [row.rina_number for row in await journal.find("171934")] == ["171934", None]
    assert [row.message_id for row in await journal.find("171934", limit=1)] == ["m1"]
    assert [row.message_id for row in await journal.find("99")] == [sha256(b"no XML")]
    for nothing in ("", "17193", "case", "%"):
        assert list(await journal.find(nothing)) == []


# -- what came more than once ------------------------------------------------------------------


async def test_what_came_more_than_once_is_told_by_when_it_came(journal, made):
    await journal.record(made.ask("m1"))
    again = dataclasses.replace(made.absorb("m2", "m1", revision=3), received_at=at(5))
    await journal.record(again)
    assert isinstance(await journal.record(again), Duplicate)
    aside = made.set_aside(b"same id", cause="identity-conflict")
    await journal.record(dataclasses.replace(aside, received_at=at(6)))
    other = made.refer("m4", revision=3, cause="other-content")
    await journal.record(dataclasses.replace(other, received_at=at(7)))
    await journal.record(made.set_aside(b"no XML"))
    for minute in (5, 7, 8):  # the first is the receipt itself, read twice
        same = dataclasses.replace(again, received_at=at(minute))
        assert await journal.record(same) == Duplicate()
        assert await journal.record(same) == Duplicate()
    found = await journal.repeats(at(5), at(8))
    assert [(r.message_id, r.same_as, r.cause, r.received_at) for r in found] == [
        ("m2", "m1", None, at(5)),
        (sha256(b"same id"), None, "identity-conflict", at(6)),
        ("m4", None, "other-content", at(7)),
        ("m2", "m2", None, at(7)),
    ]
    told = [h.at for h in await journal.timeline("case-1") if h.what == "delivered-again"]
    assert told == [at(7), at(8)]
    first = found[0]
    assert (first.case_id, first.sender, first.buc, first.sed, first.protected, first.digest) == (
        *("case-1", THEM, "P_BUC_01", "P2000", False),
        sha256(again.body),
    )
    assert [r.message_id for r in await journal.repeats(at(6), at(7))] == [sha256(b"same id")]


# -- looking for a person ---------------------------------------------------------------------


async def test_what_was_said_about_persons_comes_page_by_page(journal, made):
    other = Made("case-2")
    for entry in (made.ask("m1"), made.hold("m2", revision=3), other.refer("m3")):
        await journal.record(entry)
    await journal.record(made.absorb("m4", "m1", revision=5))
    await journal.record(other.set_aside(b"no XML"))
    whole = await journal.facts(("", 0), 100)
    assert [(f.case_id, f.message_id) for f in whole] == [
        ("case-1", "m1"),
        ("case-1", "m2"),
        ("case-2", "m3"),
    ]
    assert {f.evidence for f in whole} == {made.ask("m1").judgement.events[0].evidence}
    paged, after = [], ("", 0)
    while page := await journal.facts(after, 1):
        paged += page
        after = (page[-1].case_id, page[-1].seq)
    assert paged == list(whole)


# -- the worklist ---------------------------------------------------------------------------


async def test_an_entry_is_given_to_one_person_at_a_time(journal, made):
    await journal.record(made.refer())
    [bare] = await journal.tasks()
    assert (bare.row, bare.assignee, bare.assigned_by, bare.assigned_at) == (
        *(await journal.message("m1"),),
        *(None, None, None),
    )
    assert await journal.assign("m1", "denis", who="claire", at=at(5))
    assert await journal.assign("m1", "emma", who="denis", at=at(6))
    [task] = await journal.tasks(message_id="m1")
    assert (task.assignee, task.assigned_by, task.assigned_at) == ("emma", "denis", at(6))
    told = [h for h in await journal.timeline("m1") if h.what == "assign"]
    assert [(h.who, h.params["assignee"]) for h in told] == [("claire", "denis"), ("denis", "emma")]
    assert await journal.assign("m1", None, who="emma", at=at(7))
    [task] = await journal.tasks()
    assert (task.assignee, task.assigned_by, task.assigned_at) == (None, None, None)


async def test_only_what_waits_for_a_person_is_given_to_one(journal, made):
    await journal.record(made.transfer())
    await journal.record(made.set_aside())
    assert not await journal.assign("m1", "denis", who="claire", at=at(5))
    assert not await journal.assign("never-seen", "denis", who="claire", at=at(5))
    assert list(await journal.tasks()) == []


async def test_other_deeds_leave_the_assignment_alone(journal, made):
    await journal.record(made.refer())
    await journal.assign("m1", "denis", who="claire", at=at(5))
    await journal.settle([Closing("m1", "handled", "emma", "phone", at(6))])
    assert list(await journal.tasks()) == []
    last = (await journal.timeline("m1"))[-1]
    assert (last.what, "assignee" in last.params) == ("handled", False)


async def test_what_a_person_decided_together_is_written_together_or_not_at_all(journal, made):
    other, third = Made("case-2"), Made("case-3")
    for makes, name in ((made, "m1"), (other, "m2"), (third, "m3")):
        await journal.record(makes.refer(name))
    transfer = again(made.transfer("m1", revision=2), 1)
    late = again(other.transfer("m2", revision=1), 1)  # the case has moved on
    closing = Closing("m3", "handled", "claire", "phone", at(60))
    gone = Closing("m4", "handled", "claire", "phone", at(60))
    for bad in (late, gone):
        with pytest.raises(JournalConflict):
            await journal.settle([transfer, closing, bad])
        assert {row.state for row in await journal.messages()} == {MessageState.REFERRED}
        assert list(await journal.claim(10, at(70), LEASE)) == []
    await journal.settle([transfer, closing])
    assert await states(journal, "m1", "m2", "m3") == ["recorded", "referred", "done"]
    assert len(await journal.claim(10, at(70), LEASE)) > 0


async def test_a_case_is_protected_as_soon_as_one_message_is(journal, made):
    await journal.record(made.refer("m1"))
    await journal.record(made.refer("m2", revision=2, cause="protected", protected=True))
    assert [task.row.protected for task in await journal.tasks()] == [True, True]
    assert [row.protected for row in await journal.messages()] == [True, True]


# -- the outbox -----------------------------------------------------------------------------


async def test_the_hand_over_waits_for_its_forwarding(journal, made):
    entry = made.transfer()
    await journal.record(entry)
    first = await journal.claim(10, at(10), LEASE)
    assert [(c.kind, c.receiver) for c in first] == [("x007", THEM)]
    assert first[0].body == entry.judgement.outgoing[0].body
    await journal.handed_over(first, at(11))
    second = await journal.claim(10, at(12), LEASE)
    assert [(c.kind, c.receiver) for c in second] == [("x007", TARGET)]
    assert await journal.claim(10, at(12), LEASE) == []
    assert await states(journal, "m1") == ["recorded"]
    await journal.handed_over(second, at(13))
    (third,) = await journal.claim(10, at(14), LEASE)
    assert (third.kind, third.destination, third.body) == ("hand-over", TARGET, entry.body)
    assert third.sidecar == entry.judgement.outgoing[2].sidecar
    await journal.handed_over([third], at(15))
    assert await states(journal, "m1") == ["done"]


async def test_the_confirmed_forwarding_enters_the_history_once(journal, made):
    await journal.record(made.transfer())
    assert (await journal.case("case-1")).forwarded_at is None
    await drained(journal)
    case = await journal.case("case-1")
    assert (case.holder, case.forwarded_at, case.revision) == (TARGET, at(11), 3)


async def test_waiting_messages_go_along_with_the_case(journal, made):
    asked = made.ask()
    await journal.record(asked)
    await journal.record(made.hold("m2", revision=3))
    waiting = [("m1", asked.judgement.digest), ("m2", made.message("m2")[0].digest)]
    assert await states(journal, "m1", "m2") == ["waiting", "waiting"]
    await journal.record(made.transfer("m3", revision=5, waiting=waiting))
    assert await states(journal, "m1", "m2", "m3") == ["recorded"] * 3
    sent = await drained(journal)
    assert [c.object for c in sent if c.kind == "hand-over"] == ["m1", "m2", "m3"]
    assert await states(journal, "m1", "m2", "m3") == ["done"] * 3


async def test_an_answered_question_changes_no_message_when_sent(journal, made):
    await journal.record(made.ask())
    (question,) = await drained(journal)
    assert question.kind == "h001"
    assert await states(journal, "m1") == ["waiting"]


async def test_a_decision_without_anything_to_send_is_done(journal, made):
    await journal.record(judged_again(made.deliver("m1", revision=0), outgoing=()))
    assert await states(journal, "m1") == ["done"]


async def test_a_notice_goes_without_the_bytes(journal, made):
    entry = made.deliver("m1", revision=0)
    (hand_over,) = entry.judgement.outgoing
    notice = dataclasses.replace(hand_over, media="none")
    await journal.record(judged_again(entry, outgoing=(notice,)))
    (claim,) = await journal.claim(1, at(10), LEASE)
    assert (claim.media, claim.body, claim.sidecar) == ("none", b"", hand_over.sidecar)


async def test_observing_sends_nothing(journal, made):
    await journal.record(judged_again(made.transfer(), mode=Mode.OBSERVE))
    assert (await journal.counts()).sendings == {"observed": 3}
    assert await journal.claim(10, at(99), LEASE) == []
    assert await states(journal, "m1") == ["done"]


async def test_observing_leaves_no_earlier_message_half_way(journal, made):
    await journal.record(made.ask())
    await drained(journal)
    waiting = [("m1", made.message("m1")[0].digest)]
    moved = made.transfer("m2", revision=3, waiting=waiting)
    await journal.record(judged_again(moved, mode=Mode.OBSERVE))
    assert await states(journal, "m1", "m2") == ["done", "done"]


async def test_after_observing_a_case_nothing_of_it_is_handed_over(journal, made):
    """Its holder never got our X007, so it does not take part through us."""
    await journal.record(judged_again(made.transfer(), mode=Mode.OBSERVE))
    await journal.record(made.deliver("m2", revision=2))
    assert await journal.claim(10, at(99), LEASE) == []
    assert (await journal.counts()).sendings == {"observed": 4}


async def test_a_later_delivery_waits_for_the_forwarding(journal, made):
    await journal.record(made.transfer())
    await journal.record(made.deliver("m2", revision=2))
    assert (await journal.counts()).sendings == {"due": 2, "waiting": 2}
    sent = await drained(journal)
    assert [(c.kind, c.object) for c in sent][2:] == [("hand-over", "m1"), ("hand-over", "m2")]
    await journal.record(made.deliver("m3", revision=4))
    (last,) = await drained(journal, 100.0)
    assert last.object == "m3"


async def test_a_sending_has_one_worker_at_a_time(journal):
    for n in range(50):
        await journal.record(Made(f"case-{n}").ask(f"m{n}"))
    claims = await asyncio.gather(*(journal.claim(7, at(10), LEASE) for _ in range(20)))
    ids = [c.message_id for some in claims for c in some]
    assert len(ids) == len(set(ids)) == 50


async def test_a_claim_that_ran_out_is_void(journal, made):
    await journal.record(made.ask())
    (late,) = await journal.claim(10, at(10), LEASE)
    assert await journal.claim(10, at(69), LEASE) == []
    (new,) = await journal.claim(10, at(70), LEASE)
    assert new.message_id == late.message_id
    assert new.token != late.token
    assert await journal.handed_over([late], at(71)) == 0
    assert not await journal.defer(late, at(80), "x")
    assert not await journal.withdraw(late, at(80), "x")
    assert await journal.claim(10, at(72), LEASE) == []
    assert await journal.handed_over([new], at(73)) == 1
    assert await journal.handed_over([new], at(74)) == 0
    assert not await journal.withdraw(new, at(80), "x")


async def test_a_claim_that_is_renewed_is_ours_until_then(journal, made):
    await journal.record(made.transfer())
    (claim, *_) = await journal.claim(1, at(10), LEASE)
    assert await journal.renew(claim, at(10 + 3 * LEASE))
    others = await journal.claim(10, at(10 + 2 * LEASE), LEASE)
    assert claim.message_id not in {other.message_id for other in others}
    assert await journal.handed_over([claim], at(11 + 2 * LEASE)) == 1
    assert not await journal.renew(claim, at(500))


async def test_a_claim_that_ran_out_is_not_renewed(journal, made):
    await journal.record(made.transfer())
    (late, *_) = await journal.claim(1, at(10), LEASE)
    again = await journal.claim(10, at(10 + 2 * LEASE), LEASE)
    (ours,) = [claim for claim in again if claim.message_id == late.message_id]
    assert not await journal.renew(late, at(500))
    assert await journal.renew(ours, at(500))


async def test_a_claim_that_is_given_back_is_due_as_if_it_had_never_been_one(journal, made):
    await journal.record(made.transfer())
    (claim, *_) = await journal.claim(1, at(10), LEASE)
    assert not await journal.renew(claim, None)
    (again, *_) = await journal.claim(1, at(10), LEASE)
    assert (again.message_id, again.attempts) == (claim.message_id, claim.attempts)


async def test_what_a_person_holds_back_meanwhile_is_not_renewed(journal, made):
    await journal.record(made.transfer())
    (claim, *_) = await journal.claim(1, at(10), LEASE)
    await journal.pause(Pause(Reach.ALL, "", at(11), "claire", "why not"))
    assert not await journal.renew(claim, at(500))
    await journal.resume(Reach.ALL, "", who="claire", why="now", at=at(12))
    (again, *_) = await journal.claim(1, at(12), LEASE)
    assert again.message_id == claim.message_id


async def test_a_deferred_sending_is_due_again_later(journal, made):
    await journal.record(made.ask())
    (claim,) = await journal.claim(10, at(10), LEASE)
    assert claim.attempts == 0
    assert await journal.defer(claim, at(30), "broker-down")
    assert not await journal.defer(claim, at(40), "twice")
    assert await journal.claim(10, at(29), LEASE) == []
    (claim,) = await journal.claim(10, at(30), LEASE)
    assert claim.attempts == 1


async def test_what_is_deferred_holds_back_what_follows_it_and_nothing_else(journal):
    made, other = Made(), Made("case-2")
    await journal.record(made.deliver("m1", revision=0))
    await journal.record(made.deliver("m2", revision=1))
    await journal.record(made.deliver("m3", revision=2, to="FR:0000000009"))
    await journal.record(other.deliver("o1", revision=0))
    claims = await journal.claim(10, at(10), LEASE)
    assert sorted(c.object for c in claims) == ["m1", "m3", "o1"]
    first = next(c for c in claims if c.object == "m1")
    await journal.defer(first, at(100), "closed")
    await journal.handed_over([c for c in claims if c is not first], at(11))
    assert await journal.claim(10, at(99), LEASE) == []
    assert [c.object for c in await drained(journal, 100.0)] == ["m1", "m2"]


async def test_the_oldest_go_first_and_no_more_than_asked_for(journal):
    for n in (3, 1, 2):
        entry = Made(f"case-{n}").ask(f"m{n}")
        await journal.record(dataclasses.replace(entry, decided_at=at(n)))
    assert [c.case_id for c in await journal.claim(2, at(10), LEASE)] == ["case-1", "case-2"]
    assert [c.case_id for c in await journal.claim(2, at(10), LEASE)] == ["case-3"]


async def test_claims_come_oldest_first(journal):
    order = [7, 3, 19, 0, 11, 5, 2, 17, 13, 1]
    for n in order:
        entry = Made(f"case-{n}").ask(f"m{n}")
        await journal.record(dataclasses.replace(entry, decided_at=at(n)))
    claims = await journal.claim(100, at(50), LEASE)
    assert [c.case_id for c in claims] == [f"case-{n}" for n in sorted(order)]


async def test_what_waits_holds_back_what_follows_it_to_the_same_destination(journal, made):
    entry = made.deliver("m1", revision=0)
    (first,) = entry.judgement.outgoing
    second = made.sending("m1", SendingKind.X012, "", THEM)
    second = dataclasses.replace(second, after=first.message_id)
    third = made.sending("m1", SendingKind.H001, "", THEM)
    await journal.record(judged_again(entry, outgoing=(first, second, third)))
    claims = await journal.claim(10, at(10), LEASE)
    assert [c.message_id for c in claims] == [first.message_id]
    await journal.handed_over(claims, at(11))
    rest = await drained(journal, 12.0)
    assert [c.message_id for c in rest] == [second.message_id, third.message_id]


async def test_nothing_is_claimed_before_it_is_due(journal, made):
    await journal.record(dataclasses.replace(made.ask(), decided_at=at(50)))
    assert await journal.claim(10, at(49.999999), LEASE) == []
    assert len(await journal.claim(10, at(50), LEASE)) == 1


async def test_a_withdrawn_forwarding_takes_the_hand_overs_along(journal, made):
    await journal.record(made.ask())
    waiting = [("m1", made.message("m1")[0].digest)]
    await drained(journal)
    await journal.record(made.transfer("m2", revision=3, waiting=waiting))
    await journal.record(made.deliver("m3", revision=5))
    (to_sender,) = await journal.claim(10, at(100), LEASE)
    await journal.handed_over([to_sender], at(101))
    (forwarding,) = await journal.claim(10, at(102), LEASE)
    assert forwarding.receiver == TARGET
    assert await journal.withdraw(forwarding, at(103), "unroutable")
    assert await journal.claim(10, at(999), LEASE) == []
    assert await states(journal, "m1", "m2", "m3") == ["referred"] * 3
    case = await journal.case("case-1")
    assert (case.state, case.revision, case.forwarded_at) == (CaseState.REFERRED, 9, None)
    row = await journal.message("m2")
    assert (row.decision, row.cause, row.candidates) == ("refer", "sending-failed", (TARGET,))
    assert [e["decision"] for e in await journal.explanation("m2")] == ["transfer", "refer"]
    counts = await journal.counts()
    assert counts.worklist == {"sending-failed": 3}
    assert counts.sendings == {"handed-over": 2, "withdrawn": 4}


async def test_after_a_withdrawn_forwarding_nothing_is_delivered(journal, made):
    """Whoever judges so has a bug; the journal does not hand it over."""
    await journal.record(made.transfer())
    (to_sender,) = await journal.claim(10, at(10), LEASE)
    await journal.handed_over([to_sender], at(11))
    (forwarding,) = await journal.claim(10, at(12), LEASE)
    await journal.withdraw(forwarding, at(13), "unroutable")
    with pytest.raises(Contradiction):
        await journal.record(made.deliver("m2", revision=3))


async def test_a_question_that_cannot_be_sent_has_failed(journal, made):
    await journal.record(made.ask())
    (question,) = await journal.claim(10, at(10), LEASE)
    assert (await journal.counts()).questions == {question.receiver[:2]: 1}
    await journal.withdraw(question, at(11), "unroutable")
    case = await journal.case("case-1")
    assert (case.open_questions, case.state) == ((), CaseState.REFERRED)
    assert await states(journal, "m1") == ["referred"]
    assert (await journal.counts()).questions_open == 0


async def test_a_question_of_a_forwarded_case_is_open_no_more(journal, made):
    await journal.record(made.ask())
    waited = [("m1", made.message("m1")[0].digest)]
    await journal.record(made.transfer("m2", revision=3, waiting=waited))
    assert (await journal.case("case-1")).state is CaseState.FORWARDED
    assert (await journal.counts()).questions_open == 0


async def test_with_a_failed_question_all_that_waits_for_it_is_referred(journal, made):
    """A message that waits with no question open would wait for ever."""
    await journal.record(made.ask())
    await journal.record(made.hold("m2", revision=3))
    await journal.record(made.hold("m3", revision=5))
    await journal.record(Made("case-2").ask("m4"))
    (question, _) = await journal.claim(10, at(10), LEASE)
    assert await journal.withdraw(question, at(11), "unroutable")
    assert await states(journal, "m1", "m2", "m3", "m4") == ["referred"] * 3 + ["waiting"]
    case = await journal.case("case-1")
    assert (case.open_questions, case.state, case.revision) == ((), CaseState.REFERRED, 11)
    assert (await journal.counts()).worklist == {"sending-failed": 3}


async def test_what_another_question_may_still_answer_goes_on_waiting(journal, made):
    await journal.record(made.ask())
    await journal.record(made.hold("m2", revision=3))
    await journal.record(made.ask("m3", revision=5))
    (first,) = await journal.claim(10, at(10), LEASE)
    assert await journal.withdraw(first, at(11), "unroutable")
    assert await states(journal, "m1", "m2", "m3") == ["referred", "waiting", "waiting"]
    (second,) = await journal.claim(10, at(12), LEASE)
    assert await journal.withdraw(second, at(13), "unroutable")
    assert await states(journal, "m1", "m2", "m3") == ["referred"] * 3


async def test_a_hand_over_whose_bytes_are_gone_is_referred_not_sent_empty(journal, made):
    entry = made.deliver("m1", revision=0)
    await journal.record(dataclasses.replace(entry, body=b""))
    assert await journal.claim(10, at(10), LEASE) == []
    assert await states(journal, "m1") == ["referred"]


# -- looking --------------------------------------------------------------------------------


async def test_messages_come_in_order_of_receipt_and_in_pages(journal):
    for n in (4, 1, 3, 0, 2):
        entry = Made(f"case-{n % 2}-{n}").refer(f"m{n}")
        await journal.record(dataclasses.replace(entry, received_at=at(n)))
    await journal.record(dataclasses.replace(Made().set_aside(), received_at=at(2)))
    everything = await journal.messages()
    assert [r.received_at for r in everything] == sorted(r.received_at for r in everything)
    assert len(everything) == 6
    paged, after = [], None
    while page := await journal.messages(limit=2, after=after):
        paged.extend(page)
        after = page[-1].message_id
    assert paged == list(everything)
    (aside,) = await journal.messages(states=[MessageState.QUARANTINED])
    assert aside.cause == "doctype"
    referred = await journal.messages(states=[MessageState.REFERRED, MessageState.DONE])
    assert [r.message_id for r in referred] == ["m0", "m1", "m2", "m3", "m4"]
    (one,) = await journal.messages(case_id="case-1-3")
    assert one.message_id == "m3"
    assert await journal.messages(case_id="case-1-3", states=[MessageState.DONE]) == []


async def test_messages_received_at_one_time_come_in_order_of_recording(driver, journal):
    names = [f"m{n}" for n in (5, 1, 9, 3, 7, 0)]
    works = [journal.record(Made(f"case-{name}").refer(name)) for name in names]
    await driver.together(journal, works)
    assert [row.message_id for row in await journal.messages()] == names
    assert [row.message_id for row in await journal.messages(after="m9")] == names[3:]


async def test_a_protected_case_is_marked(journal, made):
    await journal.record(made.refer(cause="protected", protected=True))
    assert (await journal.message("m1")).protected
    await journal.record(Made("case-2").refer("m2"))
    assert not (await journal.message("m2")).protected


async def test_the_timeline_tells_it_all_in_order(journal, made):
    await journal.record(made.ask())
    await drained(journal)
    waiting = [("m1", made.message("m1")[0].digest)]
    later = dataclasses.replace(
        made.transfer("m2", revision=3, waiting=waiting), received_at=at(50), decided_at=at(51)
    )
    await journal.record(later)
    await drained(journal, 60.0)
    told = await journal.timeline("m1")
    assert [(h.origin, h.what, h.state) for h in told] == [
        ("inbound", "message-received", "received"),
        ("gateway", "ask", "waiting"),
        ("gateway", "asked", "asked"),
        ("outbound", "h001", "handed-over"),
        ("inbound", "message-received", "received"),
        ("gateway", "transfer", "recorded"),
        ("gateway", "forwarded", "forwarded"),
        ("outbound", "x007", "handed-over"),
        ("gateway", "forward-confirmed", "forwarded"),
        ("outbound", "x007", "handed-over"),
        ("outbound", "hand-over", "handed-over"),
        ("outbound", "hand-over", "handed-over"),
    ]
    assert [h.at for h in told] == sorted(h.at for h in told)
    assert await journal.timeline("case-1") == told
    assert await journal.timeline("never-seen") == []
    assert "Muster" not in repr(told)


async def test_what_waited_and_came_to_a_person_with_its_case_is_counted_as_that(journal):
    made = Made("b")
    await journal.record(made.ask("b1"))
    revision = (await journal.case("b")).revision
    await journal.record(made.hold("b2", revision=revision))
    revision = (await journal.case("b")).revision
    moves = (("b1", MessageState.REFERRED), ("b2", MessageState.REFERRED))
    await journal.record(judged_again(made.refer("b3", revision=revision), moves=moves))
    assert (await journal.counts()).worklist == {"several": 1, "with-its-case": 2}


async def test_counts_tell_what_there_is(journal):
    await journal.record(Made("a").transfer("a1"))
    await journal.record(Made("b").ask("b1"))
    await journal.record(Made("c").refer("c1"))
    await journal.record(Made("c").refer("c2", revision=2, cause="case-referred"))
    await journal.record(Made("d").set_aside())
    counts = await journal.counts()
    assert counts.messages == {"recorded": 1, "waiting": 1, "referred": 2, "quarantined": 1}
    assert counts.sendings == {"due": 3, "waiting": 1}
    assert counts.worklist == {"several": 1, "case-referred": 1}
    assert counts.worklist_oldest == NOON
    assert counts.quarantine == {"doctype": 1}
    assert counts.questions_open == 1
    assert (await journal.backlog(at(10))).oldest_due == at(1)
    assert (await journal.backlog(at(0))).oldest_due is None


async def test_what_is_put_off_again_and_again_has_been_due_since_the_first_time(journal):
    await journal.record(Made("a").ask("a1"))
    for hour in (1, 2):
        [claim] = await journal.claim(9, at(3600 * hour), 60.0)
        assert await journal.defer(claim, at(3600 * hour + 3600), "destination-unreachable")
        backlog = await journal.backlog(at(3600 * hour + 1))
        assert (backlog.unsent, backlog.oldest_due) == (1, at(1))
    await journal.record(Made("b").ask("b1"))
    assert (await journal.backlog(at(3 * 3600))).oldest_due == at(1)
    claims = await journal.claim(9, at(3 * 3600), 60.0)
    first = next(claim for claim in claims if claim.attempts)
    await journal.handed_over([first], at(3 * 3600))
    assert (await journal.backlog(at(3 * 3600))).oldest_due == at(1)  # of the other
    await journal.handed_over([claim for claim in claims if claim != first], at(3 * 3600))
    assert (await journal.backlog(at(3 * 3600))).oldest_due is None


async def test_cases_are_counted_by_buc_as_they_stand(journal):
    await journal.record(Made("a").transfer("a1"))
    await journal.record(Made("b").ask("b1"))
    await journal.record(Made("c").refer("c1"))
    await journal.record(Made("c").refer("c2", revision=2))
    await journal.record(Made("d").hold("d1", revision=0))
    await journal.record(Made("e").transfer("e1", buc="S_BUC_24"))
    back = Made("e").refer("e2", revision=2, cause="returned", buc="S_BUC_24")
    events = (*back.judgement.events, Returned(TARGET))
    await journal.record(judged_again(back, events=events))
    await journal.record(Made("f").transfer("f1", buc="S_BUC_24"))
    await journal.record(Made("f").refer("f2", revision=2, cause="forwarded-late"))
    await journal.record(Made("g").set_aside())
    assert await journal.by_buc() == {
        "P_BUC_01": {"received": 4, "transferred": 1, "asked": 1, "referred": 1, "other": 1},
        "S_BUC_24": {"received": 2, "transferred": 1, "referred": 1},
        "-": {"received": 0, "set_aside": 1},
    }


async def test_a_reader_looks_beside_the_writer_and_cannot_write(driver, journal, made):
    await journal.record(made.ask())
    async with driver.reading() as reader:
        assert (await reader.case("case-1")).revision == 3
        await journal.record(made.hold("m2", revision=3))
        assert (await reader.case("case-1")).revision == 5
        assert (await reader.release(at(0))) == TABLES
        assert len(await reader.messages()) == 2
        assert not hasattr(reader, "record")


async def test_times_keep_their_microseconds(journal, made):
    odd = datetime(2031, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    paris = odd.astimezone(tz=None)
    await journal.record(dataclasses.replace(made.refer(), received_at=paris))
    assert (await journal.message("m1")).received_at == odd


# -- life and death -------------------------------------------------------------------------


async def test_what_is_recorded_is_there_after_a_restart(driver, made):
    async with driver.opened() as journal:
        await journal.activate(TABLES)
        await journal.record(made.transfer())
        case = await journal.case("case-1")
    async with driver.opened() as journal:
        assert await journal.case("case-1") == case
        assert await journal.release(at(0)) == TABLES
        assert len(await drained(journal)) == 3


async def test_closing_finishes_what_was_accepted(driver):
    async with driver.opened() as journal:
        await journal.activate(TABLES)
        entries = [Made(f"case-{n}").transfer(f"m{n}") for n in range(500)]
        recording = [asyncio.ensure_future(journal.record(entry)) for entry in entries]
        await turn()
        await journal.close()
        assert await asyncio.gather(*recording) == [Recorded()] * 500
        with pytest.raises(JournalUnavailable):
            await journal.record(Made().transfer())
    async with driver.opened() as journal:
        assert (await journal.counts()).messages == {"recorded": 500}


async def test_who_no_longer_waits_does_not_stop_the_writer(journal):
    waiting = [
        asyncio.ensure_future(journal.record(Made(f"c{n}").refer(f"m{n}"))) for n in range(50)
    ]
    await turn()
    for task in waiting[::2]:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert await journal.record(Made().refer("last")) == Recorded()
    assert (await journal.counts()).messages == {"referred": 51}


async def test_bytes_that_two_of_a_group_compose_are_kept_once(driver, journal):
    entries = []
    for case in ("case-1", "case-2"):
        entry = Made(case).ask(f"{case}-m")
        (question,) = entry.judgement.outgoing
        same = dataclasses.replace(question, body=b"<same/>", digest=sha256(b"<same/>"))
        entries.append(judged_again(entry, outgoing=(same,)))
    outcomes = await driver.together(journal, [journal.record(entry) for entry in entries])
    assert outcomes == [Recorded(), Recorded()]
    assert [c.body for c in await journal.claim(9, at(10), LEASE)] == [b"<same/>"] * 2


async def test_a_write_that_cannot_be_written_falls_on_itself_alone(journal, made):
    """Text that is no UTF-8 breaks the row it is in, never the thread that writes."""
    broken = dataclasses.replace(made.refer("m1"), source="d\udcff.xml")
    results = await asyncio.gather(
        journal.record(broken), journal.record(made.refer("m2")), return_exceptions=True
    )
    assert isinstance(results[0], UnicodeEncodeError)
    assert results[1] == Recorded()
    assert await journal.record(made.refer("m3", revision=2)) == Recorded()


async def test_a_sending_tells_what_left_and_when(journal, made):
    entry = made.transfer()
    await journal.record(entry)
    before = await journal.outgoing(named=["case-1"])
    assert [(s.digest, s.settled_at) for s in before] == [
        (out.digest, None) for out in entry.judgement.outgoing
    ]
    await drained(journal)
    assert {s.settled_at for s in await journal.outgoing(named=["case-1"])} == {
        at(10),
        at(11),
        at(12),
    }


async def test_only_so_much_of_the_cases_is_kept_in_memory(journal, monkeypatch):
    monkeypatch.setattr("gateway.journal.reading.EVENTS_KEPT", 5)
    entries = {f"case-{n}": Made(f"case-{n}").transfer(f"m{n}") for n in range(6)}
    for entry in entries.values():
        await journal.record(entry)
    for _ in range(2):
        for case_id, entry in entries.items():
            expected = fold(Case(case_id), entry.judgement.events)
            assert await journal.case(case_id) == expected
            kept = journal._cases._cases
            assert journal._cases._events_kept == sum(case.revision for case in kept.values())
            assert list(kept)[-1] == case_id
            assert journal._cases._events_kept <= 5
