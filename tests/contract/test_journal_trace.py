"""The trace that a message came with stays with it, and with what leaves for it."""

import dataclasses

from gateway.core.trace_context import caused, trace_of
from tests.contract.conftest import drained

CAME_WITH = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


async def test_what_leaves_is_in_the_trace_of_the_message_it_leaves_for(journal, made):
    entry = dataclasses.replace(made.transfer(), traceparent=CAME_WITH)
    await journal.record(entry)
    assert (await journal.message("m1")).traceparent == CAME_WITH
    sent = await drained(journal)
    trace = trace_of(CAME_WITH, "m1")
    assert len(sent) == 3
    assert [c.trace for c in sent] == [caused(trace, c.message_id) for c in sent]
    assert {c.cause for c in sent} == {caused(trace, "m1")}


async def test_a_later_sed_of_the_case_has_a_trace_of_its_own(journal, made):
    await journal.record(dataclasses.replace(made.transfer(), traceparent=CAME_WITH))
    await drained(journal)
    revision = (await journal.case("case-1")).revision
    await journal.record(made.deliver("m2", revision=revision))
    assert (await journal.message("m2")).traceparent is None
    [handed] = await drained(journal)
    assert handed.trace == caused(trace_of(None, "m2"), handed.message_id)


async def test_it_is_shown_to_whoever_works_on_it(journal, made):
    await journal.record(dataclasses.replace(made.refer("m1"), traceparent=CAME_WITH))
    [task] = await journal.tasks()
    assert task.row.traceparent == CAME_WITH
