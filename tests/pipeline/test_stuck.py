"""A message that cannot be recorded, or breaks the gateway, holds back no other case.

A thousand messages come in one run, and every one of them is the poison in one of ten: those
that are poison in the same run are of cases of their own, so each case has one poison at most.
"""

import asyncio

import pytest
from structlog.testing import capture_logs

from gateway.clock import ManualClock
from gateway.core.states import MessageState
from gateway.errors import JournalUnavailable
from gateway.journal.rows import Release
from gateway.journal.sqlite import SqliteJournal
from tests.conftest import make_message, name
from tests.pipeline.conftest import START, House

MESSAGES = 1000
CASES = 500
"""Each case has two messages, so far apart."""
RUNS = 10
IN_FLIGHT = 8
"""Places that no poison, and nothing that waits behind one, takes."""


def poisoned(run):
    """The positions of one run: a tenth of the first messages, and of the second ones of others."""
    first = range(run, CASES, RUNS)
    second = range(CASES + (run + RUNS // 2) % RUNS, MESSAGES, RUNS)
    return {*first, *second}


def a_house(journal, judged_with, clock, folder):
    room = IN_FLIGHT + 2 * MESSAGES // RUNS
    return House(journal, judged_with, clock, state=folder, in_flight=room)


def put_all(house):
    for number in range(MESSAGES):
        body = make_message(
            f"m{number}",
            case=f"c{number % CASES}",
            document=f"d{number}",
            action="Start" if number < CASES else "New",
        )
        house.transport.put(body, house.clock.now(), source=f"{number:04}")


async def became(house):
    """Of each case: what was decided and in which order, what it came to, and what leaves."""
    found = {name(f"c{case}"): ([], [], []) for case in range(CASES)}
    for row in await house.journal.messages(limit=2 * MESSAGES):
        if row.case_id is not None:
            said = (row.message_id, row.decision, row.institution, row.cause, row.state)
            found[row.case_id][0].append((*said, row.received_at))
    for row in await house.journal.outgoing(limit=4 * MESSAGES):
        said = (row.message_id, row.kind, row.receiver, row.after, row.state, row.digest)
        found[row.case_id][1].append(said)
    for source, _ in house.transport.settled:
        found[name(f"c{int(source) % CASES}")][2].append(source)
    return found


@pytest.fixture(scope="module")
def clean(judged_with, tmp_path_factory):
    """What became of each case in the run without a poison."""
    folder = tmp_path_factory.mktemp("clean")

    async def lived():
        journal = await SqliteJournal.open(folder / "j.db", instance="demo", environment="demo")
        tables = judged_with.tables
        await journal.activate(Release(tables.release, tables.digest, START, "test", "test"))
        house = a_house(journal, judged_with, ManualClock(START), folder)
        put_all(house)
        running = asyncio.ensure_future(house.intake.run(house.transport))
        await house.until_settled(MESSAGES)
        running.cancel()
        found = await became(house)
        await journal.close()
        return found

    found = asyncio.run(lived())
    decided = [said[1] for rows, _, _ in found.values() for said in rows]
    assert (decided.count("transfer"), decided.count("deliver")) == (CASES, CASES)
    return found


def test_every_position_is_the_poison_once():
    runs = [poisoned(run) for run in range(RUNS)]
    assert sorted(position for run in runs for position in run) == list(range(MESSAGES))
    for run in runs:
        assert len({position % CASES for position in run}) == len(run)


every_run = pytest.mark.parametrize(
    "run", [0, *(pytest.param(run, marks=pytest.mark.long) for run in range(1, RUNS))]
)


def poison(house, run, error):
    """These messages raise `error` whenever they are recorded, until the list is emptied."""
    bad = {name(f"m{position}") for position in poisoned(run)}
    record = house.pipeline._record

    async def failing(received, examined):
        if examined.message.message_id in bad:
            raise error
        return await record(received, examined)

    house.pipeline._record = failing
    return bad


@every_run
async def test_what_cannot_be_recorded_delays_and_changes_no_other_case(
    journal, judged_with, clock, tmp_path, clean, run
):
    house = a_house(journal, judged_with, clock, tmp_path)
    bad = poison(house, run, JournalUnavailable(code="stuck"))
    held = poisoned(run) | {p + CASES for p in poisoned(run) if p < CASES}
    put_all(house)
    running = asyncio.ensure_future(house.intake.run(house.transport))
    await house.until_settled(MESSAGES - len(held))  # the clock stands still
    settled = {int(source) for source, _ in house.transport.settled}
    assert settled == set(range(MESSAGES)) - held
    touched = {name(f"c{position % CASES}") for position in held}
    now = await became(house)
    assert [case for case in clean if case not in touched and now[case] != clean[case]] == []
    bad.clear()
    await house.clock.advance(2)
    await house.until_settled(MESSAGES)
    running.cancel()
    assert {row.state for row in await house.rows()} == {MessageState.RECORDED}
    then = await became(house)
    for case, (rows, leaving, turns) in clean.items():
        # what leaves of a case that was held says a later time
        assert then[case][0] == rows
        assert [said[:-1] for said in then[case][1]] == [said[:-1] for said in leaving]
        assert then[case][2] == turns


@every_run
async def test_what_breaks_the_gateway_is_set_aside_and_changes_no_other_case(
    journal, judged_with, clock, tmp_path, clean, run
):
    house = a_house(journal, judged_with, clock, tmp_path)
    poison(house, run, ValueError("a bug"))
    put_all(house)
    with capture_logs():  # a traceback drawn for the eye takes seconds
        running = asyncio.ensure_future(house.intake.run(house.transport))
        await house.until_settled(MESSAGES)  # the clock stands still
        running.cancel()
    aside = [r for r in await house.rows() if r.state is MessageState.QUARANTINED]
    assert {row.source for row in aside} == {f"{position:04}" for position in poisoned(run)}
    touched = {name(f"c{position % CASES}") for position in poisoned(run)}
    now = await became(house)
    assert [case for case in clean if case not in touched and now[case] != clean[case]] == []
