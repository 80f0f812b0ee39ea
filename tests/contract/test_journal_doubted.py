"""A transfer whose reason a later SED takes away: what has not left of it waits for a person."""

import dataclasses

import pytest

from gateway.core.leaving import IN_DOUBT
from gateway.core.states import SendingState
from tests.contract.conftest import at
from tests.contract.test_journal_protected import LEASE, claims_of, send_all, states, worklist

LATE = 1000
"""When it has been held up for longer than `leaving.STANDSTILL`."""
HELD = [("x007", "proposed"), ("x007", "proposed"), ("hand-over", "proposed")]


async def referred(journal, made, cause="conflict", *, name="m2", seconds=LATE):
    """A SED of the case that comes then, and is for a person."""
    revision = (await journal.case("case-1")).revision
    entry = made.refer(name, revision=revision, cause=cause)
    await journal.record(dataclasses.replace(entry, decided_at=at(seconds)))


@pytest.mark.parametrize("cause", sorted(IN_DOUBT))
async def test_an_x007_that_has_not_left_waits_and_the_hand_over_behind_it(journal, made, cause):
    await journal.record(made.transfer("m1"))
    await referred(journal, made, cause)
    assert await states(journal) == HELD
    assert await claims_of(journal, 10_000) == []
    assert await worklist(journal) == {"m2": cause}


@pytest.mark.parametrize("cause", ["stranger", "taken", "case-referred"])
async def test_what_says_nothing_against_the_transfer_holds_nothing(journal, made, cause):
    await journal.record(made.transfer("m1"))
    await referred(journal, made, cause)
    assert await send_all(journal, LATE + 1) == ["x007", "x007", "hand-over"]


async def test_one_that_is_about_to_leave_does(journal, made):
    await journal.record(made.transfer("m1"))
    await referred(journal, made, seconds=5)
    assert await send_all(journal, 10) == ["x007", "x007", "hand-over"]


async def first_copy(journal, seconds=LATE):
    """The copy for the sender of the case, which is claimed before that of the institution."""
    [claim] = await journal.claim(9, at(seconds), LEASE)
    assert (claim.kind, claim.receiver != claim.object) == ("x007", True)
    return claim


async def test_once_a_copy_has_left_all_of_it_does(journal, made):
    await journal.record(made.transfer("m1"))
    await journal.handed_over([await first_copy(journal)], at(LATE))
    await referred(journal, made)
    assert await send_all(journal, LATE + 1) == ["x007", "hand-over"]


async def test_one_that_is_on_its_way_and_leaves_takes_the_others_along(journal, made):
    await journal.record(made.transfer("m1"))
    claim = await first_copy(journal)
    await referred(journal, made)
    await journal.handed_over([claim], at(LATE))
    assert await send_all(journal, LATE + 1) == ["x007", "hand-over"]
    assert {state for _, state in await states(journal)} == {"handed-over"}
    assert {row.error for row in await journal.outgoing()} == {None}


@pytest.mark.parametrize("ends", ["deferred", "given back", "lease"])
async def test_one_that_is_on_its_way_and_does_not_leave_waits(journal, made, ends):
    """Whether the sender says that it failed, gives it back, or dies."""
    await journal.record(made.transfer("m1"))
    claim = await first_copy(journal)
    await referred(journal, made)
    if ends == "deferred":
        await journal.defer(claim, at(9000), "destination-down")
    if ends == "given back":
        assert not await journal.renew(claim, at(9000))
    late = LATE + 1 + (LEASE if ends == "lease" else 0)
    assert (await claims_of(journal, late), await claims_of(journal, late)) == ([], [])
    assert await states(journal) == HELD
    assert await worklist(journal) == {"m2": "conflict"}
    held = await journal.outgoing(states=[SendingState.PROPOSED])
    assert {row.error for row in held} == {"in-doubt"}


async def test_protection_outweighs_doubt(journal, made):
    await journal.record(made.transfer("m1"))
    claim = await first_copy(journal)
    revision = (await journal.case("case-1")).revision
    entry = made.refer("m2", revision=revision, cause="protected", protected=True)
    await journal.record(dataclasses.replace(entry, decided_at=at(LATE)))
    await referred(journal, made, name="m3")
    await journal.defer(claim, at(9000), "destination-down")
    assert await claims_of(journal, LATE + 1) == []
    assert (await worklist(journal))["m1"] == "protected"
