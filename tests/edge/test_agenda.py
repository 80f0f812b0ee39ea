"""What waits for a person: grouped by cause, with its age and the working day it is due."""

from datetime import UTC, date, datetime

from gateway.core.states import MessageState
from gateway.journal.rows import ALONG, Row, Task
from gateway.people.agenda import groups, items

FRIDAY = date(2026, 4, 3)


def task(name, received, decision="refer", cause="several", assignee=None):
    at = datetime.fromisoformat(received).replace(tzinfo=UTC)
    row = Row(name, at, "c", "P_BUC_01", "P2000", "DE:1", decision, cause, None,
              MessageState.REFERRED)  # fmt: skip
    return Task(row, assignee)


def test_the_cause_with_the_oldest_entry_comes_first_and_in_each_the_oldest():
    tasks = [
        task("a", "2026-03-23T10:00"),
        task("b", "2026-03-24T10:00", cause="expired"),
        task("c", "2026-03-25T10:00", assignee="claire"),
    ]
    listed = items(tasks, FRIDAY, 5)
    assert [item.task.row.message_id for item in listed] == ["a", "c", "b"]
    assert [(g.cause, g.count, g.oldest_days, g.unassigned) for g in groups(listed)] == [
        ("several", 2, 11, 1),
        ("expired", 1, 10, 1),
    ]


def test_it_is_due_on_a_working_day_and_late_the_day_after():
    [item] = items([task("a", "2026-04-02T23:30")], FRIDAY, 1)  # in Paris it is Friday already
    assert (item.age_days, item.due, item.overdue) == (0, date(2026, 4, 7), False)  # after Easter
    [late] = items([task("a", "2026-04-02T23:30")], date(2026, 4, 8), 1)
    assert late.overdue
    assert [g.overdue for g in groups([item, late])] == [1]


def test_what_waited_and_came_with_its_case_is_told_apart():
    waited = [
        task("a", "2026-03-23T10:00", decision="ask", cause=None),
        task("b", "2026-03-23T10:00", decision="hold", cause="question-open"),
        task("c", "2026-03-23T10:00", decision="refuse", cause="cdm-mismatch"),
    ]
    assert [i.cause for i in items(waited, FRIDAY, 5)] == [ALONG, ALONG, "cdm-mismatch"]


def test_a_clock_that_was_set_back_makes_nobody_younger_than_today():
    [item] = items([task("a", "2026-05-01T10:00")], FRIDAY, 5)
    assert item.age_days == 0
    assert groups([]) == []
