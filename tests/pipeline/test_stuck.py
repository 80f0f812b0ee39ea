"""A message that cannot be recorded holds back its own case, and nothing else."""

import asyncio

import pytest

from gateway.core.states import MessageState
from gateway.errors import JournalUnavailable

MESSAGES = 1000
CASES = 500
"""Each case has two messages, so far apart."""
FEW = (0, 499, 999)
MANY = (1, 7, 250, 498, 500, 501, 777, 998)


@pytest.mark.parametrize(
    "position", [*FEW, *(pytest.param(p, marks=pytest.mark.long) for p in MANY)]
)
async def test_wherever_it_stands_no_other_case_is_delayed(house, a_message, uid, position):
    stuck, record, open_ = uid(f"m{position}"), house.pipeline._record, False

    async def failing(received, examined):
        if examined.message.message_id == stuck and not open_:
            raise JournalUnavailable(code="stuck")
        return await record(received, examined)

    house.pipeline._record = failing
    for number in range(MESSAGES):
        body = a_message(
            f"m{number}",
            case=f"c{number % CASES}",
            document=f"d{number}",
            action="Start" if number < CASES else "New",
        )
        house.transport.put(body, house.clock.now(), source=f"{number:04}")
    held = {f"{position:04}"} | {f"{position + CASES:04}" for _ in range(position < CASES)}
    running = asyncio.ensure_future(house.intake.run(house.transport))
    await house.until_settled(MESSAGES - len(held))
    settled = {source for source, _ in house.transport.settled}
    assert settled == {f"{n:04}" for n in range(MESSAGES)} - held
    open_ = True
    await house.clock.advance(2)
    await house.until_settled(MESSAGES)
    running.cancel()
    rows = await house.rows()
    assert len(rows) == MESSAGES
    assert {row.state for row in rows} == {MessageState.RECORDED}
    assert [r.decision for r in rows].count("transfer") == CASES
