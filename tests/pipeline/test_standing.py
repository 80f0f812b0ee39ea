"""The availability at hand is that of the report, whichever way it was put together."""

import asyncio
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.annual import bounds
from gateway.availability import Kind, Period, State, lines, tracks
from gateway.availability.standing import ROLLING, Standing
from gateway.clock import ManualClock
from gateway.config import Availability, Component
from gateway.errors import JournalUnavailable
from gateway.journal.observing import Maintenance, Observation
from gateway.journal.sqlite import SqliteJournal
from tests.pipeline.conftest import START

MINUTE = timedelta(minutes=1)
SETTINGS = Availability(components={"rina": Component(service="RINA"), "file": Component()})


async def reported(journal, now):
    """What the report says of the same two periods, read at once."""
    found = []
    for begin in (now - ROLLING, bounds(now.year)[0]):
        seen = await journal.seen(begin, now)
        known = tracks(seen, now, SETTINGS.components)
        found.append(lines(known, SETTINGS.services, Period(begin, now, ())))
    return found


def look_at(at, *, up, source="gateway", length=2 * MINUTE, component="rina"):
    return Observation(component, source, at, at + length, up)


@pytest.fixture
def standing(journal, clock):
    return Standing(journal, clock, SETTINGS)


async def test_nothing_is_known_until_it_was_counted(standing):
    assert standing.last is None
    await standing.look()
    [service, of_file, rina, whole] = standing.last.rolling
    assert [service.kind, of_file.name, rina.name, whole.kind] == [
        *(Kind.SERVICE, "file", "rina", Kind.COMPOSITE),
    ]
    assert {line.now for line in standing.last.year} == {State.NOT_OBSERVED}
    assert standing.last.rolling[0].whole.not_observed == ROLLING


async def test_it_follows_what_is_seen_minute_by_minute_and_day_by_day(standing, journal, clock):
    words = [True] * 5 + [False, False, True, None, None, None, True, False]
    for n, up in enumerate(words * 5):
        await journal.beat(clock.now())
        if up is not None:
            await journal.probed([look_at(clock.now(), up=up)])
        await standing.look()
        assert [standing.last.rolling, standing.last.year] == await reported(journal, clock.now())
        await clock.advance(60 if n % 20 else 86_400 * 3 + 7)
    (rina,) = [line for line in standing.last.year if line.name == "rina"]
    assert rina.whole.up
    assert rina.whole.down
    assert rina.whole.total == clock.now() - timedelta(seconds=60) - bounds(2026)[0]


async def test_what_others_saw_of_the_past_counts_once_it_was_taken_in(
    house, clock, tmp_path, journal
):
    for _ in range(10):
        await house.standing.look()
        await clock.advance(60)
    begin, end = START - timedelta(days=3), START - timedelta(days=2)
    file = tmp_path / "nagios.csv"
    file.write_text(
        f"component;from;until;state;monitor\nvpn;{begin.isoformat()};{end.isoformat()};up;nagios\n"
    )
    deed = "availability-import", {"file": str(file)}, "me"
    await house.operating.do(*deed)
    await house.standing.look()
    (vpn,) = [line for line in house.standing.last.rolling if line.name == "vpn"]
    assert vpn.whole.up == timedelta(days=1)
    reads = counted_reads(journal)
    await house.operating.do(*deed)  # known already: nothing to read anew
    await house.standing.look()
    assert len(reads) == 1


async def test_what_another_worker_took_in_counts_from_the_next_day_on(standing, journal, clock):
    await standing.look()
    await journal.observe(
        [look_at(START - timedelta(days=5), up=True, source="n", length=60 * MINUTE)]
    )
    await standing.look()
    assert not standing.last.rolling[0].whole.up
    await clock.advance(86_400)
    await standing.look()
    assert standing.last.rolling[0].whole.up == 60 * MINUTE


async def test_maintenance_of_the_past_counts_at_once_and_so_does_taking_it_back(
    standing, journal, clock
):
    await standing.look()
    of_it = Maintenance("rina", START - 90 * MINUTE, START - 30 * MINUTE, "me", "why", START)
    await journal.maintain(of_it)
    await standing.look()
    assert standing.last.rolling[0].whole.maintenance == 60 * MINUTE
    await journal.withdraw_maintenance(of_it)
    await standing.look()
    assert not standing.last.rolling[0].whole.maintenance


def counted_reads(journal):
    """The periods of looks that are read from now on."""
    reads = []
    seen = journal.seen

    async def noted(begin, end, looks_from=None):
        reads.append((looks_from or begin, end))
        return await seen(begin, end, looks_from)

    journal.seen = noted
    return reads


async def test_of_the_time_before_the_first_heartbeat_months_are_read_at_once(journal, clock):
    """The year of a gateway that is new is empty: it was read in 300 pieces at each start."""
    await journal.observe(
        [look_at(START - timedelta(days=50), up=True, source="n", length=60 * MINUTE)]
    )
    standing, reads = Standing(journal, clock, SETTINGS), counted_reads(journal)
    await standing.look()
    assert len(reads) < 12
    await journal.beat(START - timedelta(days=3))
    standing, reads[:] = Standing(journal, clock, SETTINGS), []
    await standing.look()
    assert len(reads) < 16
    own = [end - begin for begin, end in reads if end > START - timedelta(days=3)]
    assert max(own) <= timedelta(days=1)
    assert [standing.last.rolling, standing.last.year] == await reported(journal, clock.now())
    assert standing.last.year[0].whole.up == 60 * MINUTE


async def test_a_look_reads_no_more_than_what_is_new(standing, journal, clock):
    await journal.beat(bounds(START.year)[0])
    reads = counted_reads(journal)
    await standing.look()
    assert max(end - begin for begin, end in reads) <= timedelta(days=1)
    reads.clear()
    for _ in range(5):
        await clock.advance(60)
        await standing.look()
    assert max(end - begin for begin, end in reads) <= 3 * MINUTE
    assert len(reads) == 10


async def test_a_new_year_begins_anew_and_the_last_30_days_reach_into_the_old(journal, clock):
    await clock.advance((datetime(2026, 12, 31, 22, 30, tzinfo=UTC) - START).total_seconds())
    standing = Standing(journal, clock, SETTINGS)
    await journal.probed([look_at(clock.now(), up=True, length=20 * MINUTE)])
    await clock.advance(1500)
    await standing.look()
    assert standing.last.year[0].whole.up == 20 * MINUTE
    await clock.advance(3600)
    await standing.look()
    assert standing.last.year[0].whole.total == 55 * MINUTE
    assert not standing.last.year[0].whole.up
    assert standing.last.rolling[0].whole.up == 20 * MINUTE


async def test_a_journal_that_cannot_be_read_leaves_the_figures_as_they_were(
    standing, journal, clock, monkeypatch
):
    calls = []

    async def broken(*_args):
        calls.append(clock.now())
        raise JournalUnavailable

    await standing.look()
    first = standing.last
    monkeypatch.setattr(journal, "seen", broken)
    running = asyncio.ensure_future(standing.run())
    await clock.advance(120)
    running.cancel()
    assert len(calls) >= 2, "it is tried again"
    assert standing.last is first


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["rina", "file"]),
            st.sampled_from(["gateway", "nagios"]),
            st.booleans(),
            st.integers(1, 3000),
        ),
        max_size=12,
    ),
    st.lists(st.integers(1, 4000), min_size=1, max_size=6),
)
@settings(max_examples=25)
def test_in_whichever_pieces_it_is_read_it_says_what_the_report_says(looks, steps):
    async def compared(journal):
        clock = ManualClock(START)
        standing = Standing(journal, clock, SETTINGS)
        at = {}
        for component, source, up, minutes in looks:
            begin = at.get((component, source), START)
            at[component, source] = begin + minutes * MINUTE
            one = look_at(begin, up=up, source=source, component=component, length=minutes * MINUTE)
            await journal.probed([one])
        for step in steps:
            await clock.advance(60 * step)
            await standing.look()
            now = clock.now()
            assert [standing.last.rolling, standing.last.year] == await reported(journal, now)

    async def alone():
        with tempfile.TemporaryDirectory() as folder:
            journal = await SqliteJournal.open(
                Path(folder) / "journal.db", instance="d", environment="demo", inline=True
            )
            try:
                await compared(journal)
            finally:
                await journal.close()

    asyncio.run(alone())
