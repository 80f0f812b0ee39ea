"""Each gauge tells what really stands in the journal or before the door; counters count events."""

import os
from datetime import date
from types import SimpleNamespace

from prometheus_client.parser import text_string_to_metric_families

from gateway import daemon
from gateway.clock import InlineExecutor
from gateway.config import load
from gateway.daemon import CAUSES_SHOWN, Daemon
from gateway.errors import JournalConflict, JournalUnavailable
from gateway.metrics import Metrics
from gateway.seen.readiness import Readiness
from gateway.transport.folder import FolderConsumer
from gateway.transport.memory import MemoryTransport
from tests.architecture.test_dashboards import SHARED
from tests.pipeline.test_confirming import CONFIRM, confirm, says
from tests.pipeline.test_timers import DAYS, UNKNOWN, let_go

LOOK = 16
"""Seconds after which the whole journal is counted again."""
OF_GATEWAY = {"gateway_instance", "environment"}


def series(metrics, name):
    """Values of the labels -> value of one metric, what is at 0 left out; a number without any."""
    text = metrics.exposition()[0].decode()
    found = {
        tuple(value for label, value in sample.labels.items() if label not in OF_GATEWAY): sample
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name
    }
    if () in found:
        return found[()].value
    return {labels: sample.value for labels, sample in found.items() if sample.value}


async def seen(house, *names):
    """Some metrics after a fresh look."""
    await house.clock.advance(LOOK)
    await house.readiness.look()
    shown = [series(house.metrics, name) for name in names]
    return shown if len(shown) > 1 else shown[0]


def shown(metrics):
    """Name of each metric of ours -> its series that are not at 0."""
    found = {}
    for family in text_string_to_metric_families(metrics.exposition()[0].decode()):
        for sample in family.samples:
            if sample.value and family.name.startswith("gateway_"):
                name = family.name + "_total" * (family.type == "counter")
                found.setdefault(name, []).append((sample.name, sample.labels, sample.value))
    return found


async def test_two_workers_show_the_same_of_the_journal_that_they_share_and_no_more(
    house, a_message, person
):
    """`ops/metrics.md` names what each of them shows, so that nobody adds it up."""
    other = Metrics(instance="demo", environment="demo", sending="automatic", causes=CAUSES_SHOWN)
    beside = Readiness(
        *(house.journal, MemoryTransport(), house.intake, other, house.clock),
        oldest_waiting_seconds=300.0,
    )
    both = (house.readiness, beside)
    for look in both:
        await look.look()
    before = shown(other)
    await house.take(a_message("one", case="one"))
    await house.take(a_message("two", case="two", inside=person(town=None), **UNKNOWN))
    await house.clock.advance(LOOK)
    for look in both:
        await look.look()
    after = shown(other)
    told = {name for name in after if after[name] != before.get(name)}
    assert {"gateway_outbox_depth", "gateway_questions_open", "gateway_questions_total"} <= told
    assert told <= set(SHARED)
    assert {name: after[name] for name in told} == {
        name: series for name, series in shown(house.metrics).items() if name in SHARED
    }


# -- what waits in the journal --------------------------------------------------------------


async def test_open_questions_are_those_without_an_answer_by_the_country_asked(
    house, a_message, person
):
    name = "gateway_questions_open"
    await house.take(a_message("one", case="one", inside=person(town=None), **UNKNOWN))
    await house.take(a_message("two", case="two", inside=person(town=None), **UNKNOWN))
    polish = {"sender": ("PL:PL0001", "CaseOwner"), **UNKNOWN}
    await house.take(a_message("three", case="three", inside=person(town=None), **polish))
    assert await seen(house, name) == {("DE",): 2, ("PL",): 1}
    first = (await house.rows())[0].case_id
    asked = await house.journal.questions(every=False)
    [question] = [row.question for row in asked if row.case_id == first]
    closed = {"question": question, "reason": "by telephone"}
    await house.operating.do("question-answered", closed, "claire")
    assert await seen(house, name) == {("DE",): 1, ("PL",): 1}


async def test_the_outbox_is_as_deep_as_what_has_not_left_and_as_old_as_its_first(house, a_message):
    names = ("gateway_outbox_depth", "gateway_outbox_oldest_seconds", "gateway_outbox_held")
    assert await seen(house, *names) == [0, 0, 0]
    await house.take(a_message("one", case="one"))
    await house.clock.advance(100)
    await house.take(a_message("two", case="two"))
    assert await seen(house, *names) == [6, 100 + LOOK, 0]
    await house.operating.do("pause", {"reason": "x", "reach": "buc", "value": "S_BUC_01"}, "me")
    assert await seen(house, *names) == [6, 100 + 2 * LOOK, 0]
    buc = (await house.rows())[0].buc
    await house.operating.do("pause", {"reason": "x", "reach": "buc", "value": buc}, "me")
    assert await seen(house, *names) == [6, 0, 6]
    await house.operating.do("resume", {"reason": "x", "reach": "buc", "value": buc}, "me")
    await house.send()
    assert await seen(house, *names) == [0, 0, 0]


async def test_what_a_destination_does_not_take_grows_older_with_each_attempt(
    house, a_message, person
):
    """It is what tells people of a destination that is gone, however slowly it is tried."""
    house.transport.fail.add("rina")
    await house.take(a_message("one", case="one", inside=person(town=None), **UNKNOWN))
    for quarter in range(1, 5):
        await house.clock.advance(900 - LOOK)
        await house.relay.turn()
        names = ("gateway_outbox_depth", "gateway_outbox_oldest_seconds")
        assert await seen(house, *names) == [1, 900 * quarter]
    house.transport.fail.clear()
    await house.clock.advance(900)
    await house.send()
    assert await seen(house, "gateway_outbox_oldest_seconds") == 0


async def test_what_waits_for_a_yes_is_counted_beside_the_outbox_with_its_age(house, a_message):
    names = ("gateway_outbox_proposed", "gateway_outbox_proposed_oldest_seconds")
    says(house, CONFIRM)
    await house.take(a_message("one", case="one"))
    await house.clock.advance(50)
    await house.take(a_message("two", case="two"))
    assert await seen(house, *names, "gateway_outbox_depth") == [6, 50 + LOOK, 0]
    first, second = (row.case_id for row in await house.rows())
    await confirm(house, first)
    assert await seen(house, *names, "gateway_outbox_depth") == [3, 2 * LOOK, 3]
    await confirm(house, second)
    assert await seen(house, *names) == [0, 0]


async def test_a_case_in_which_something_is_due_is_overdue_until_it_is_done(
    house, a_message, person
):
    name = "gateway_timers_overdue"
    await house.take(a_message("one", inside=person(town=None), **UNKNOWN))
    await house.send()
    assert await seen(house, name) == 0
    await house.clock.advance(34 * DAYS)
    assert await seen(house, name) == 1
    await let_go(house, 0)
    assert await seen(house, name) == 0


async def test_what_time_decides_is_on_the_worklist_and_no_decision_on_what_came(
    house, a_message, person
):
    await house.take(a_message("one", inside=person(town=None), **UNKNOWN))
    for days in (0, 34, 34, 34, 20):
        await house.send()
        await let_go(house, days)
    assert await seen(house, "gateway_worklist") == {("expired",): 1}
    assert series(house.metrics, "gateway_decisions_total") == {("none", "ask"): 1}


async def test_the_worklist_and_the_quarantine_are_counted_by_cause(house, a_message):
    names = ("gateway_worklist", "gateway_worklist_oldest_seconds", "gateway_quarantine")
    assert await seen(house, *names) == [{}, 0, {}]
    await house.take(a_message("one", case="one", buc="S_BUC_99"), b"no XML", b"")
    await house.clock.advance(30)
    await house.take(a_message("two", case="two", buc="S_BUC_99"))
    quarantined = {("not-xml",): 1, ("empty",): 1}
    assert await seen(house, *names) == [{("unknown-buc",): 2}, 30 + LOOK, quarantined]


# -- what waits before the door -------------------------------------------------------------


async def test_what_waits_in_the_folder_is_counted_and_as_old_as_its_oldest(
    house, a_message, tmp_path
):
    inbound = tmp_path / "inbound"
    inbound.mkdir()
    consumer = FolderConsumer(
        inbound, tmp_path, house.clock, InlineExecutor(), most_bytes=10**6, poll_seconds=1.0
    )
    house.readiness = Readiness(
        house.journal,
        consumer,
        house.intake,
        house.metrics,
        house.clock,
        oldest_waiting_seconds=300.0,
    )
    names = ("gateway_inbound_waiting", "gateway_oldest_unprocessed_seconds")
    assert await seen(house, *names) == [0, 0]
    now = house.clock.now().timestamp()
    for name, age in (("b.xml", 90), ("a.xml", 20)):
        (inbound / name).write_bytes(a_message(name))
        os.utime(inbound / name, (now - age, now - age))
    assert await seen(house, *names) == [2, 90 + LOOK]
    (inbound / "b.xml").unlink()
    assert await seen(house, *names) == [1, 20 + 2 * LOOK]
    (inbound / "a.xml").unlink()
    assert await seen(house, *names) == [0, 0]


# -- what the daemon shows at its start -----------------------------------------------------


async def test_dates_to_come_are_shown_as_midnight_in_paris(tmp_path, clock, monkeypatch):
    config = load(None, tmp_path)
    config = config.model_copy(
        update={"cdm": config.cdm.model_copy(update={"activation": {"4.4": date(2026, 3, 29)}})}
    )
    ends = SimpleNamespace(timestamp=lambda: 7.0)
    monkeypatch.setattr(daemon, "expiries", lambda _config: {"broker": ends})
    monkeypatch.setattr(daemon, "next_end", lambda _routes, _today: date(2026, 3, 30))
    async with daemon.build(config, clock) as gateway:
        Daemon(gateway, until_idle=True)._announce()
        release = gateway.pipeline.desk.tables.release
        for name, expected in {
            "cdm_activation_timestamp_seconds": {("4.4",): 1774738800.0},
            "certificate_expiry_timestamp_seconds": {("broker",): 7.0},
            "tables_expiry_timestamp_seconds": {(release,): 1774821600.0},
            "tables_info": {(release,): 1.0},
        }.items():
            assert series(gateway.metrics, f"gateway_{name}") == expected


# -- what happens ---------------------------------------------------------------------------


async def test_what_becomes_of_a_message_is_counted_once(house, a_message, person):
    names = (
        "gateway_messages_received_total",
        "gateway_duplicates_total",
        "gateway_decisions_total",
    )
    one, same = a_message("one"), {"case": "case of one", "document": "document of one"}
    await house.take(one)
    await house.take(one)
    await house.take(a_message("one", inside=person("Lyon", "69001")))
    await house.take(a_message("again", **same))
    assert await seen(house, *names) == [
        {("recorded",): 2, ("duplicate",): 1, ("identity-conflict",): 1},
        {("message",): 1, ("content",): 1},
        {("none", "transfer"): 1, ("identity-conflict", "set-aside"): 1},
    ]


async def test_a_message_that_cannot_be_recorded_is_counted_as_often_as_it_was_tried(
    house, a_message
):
    written, errors = house.journal.record, [JournalUnavailable(), JournalConflict(code="case")]

    async def record(entry):
        if errors:
            raise errors.pop(0)
        return await written(entry)

    async def at_once(_seconds):
        pass

    house.journal.record, house.clock.sleep = record, at_once
    await house.take(a_message())
    assert series(house.metrics, "gateway_messages_received_total") == {
        ("failed",): 1,
        ("recorded",): 1,
    }
    assert series(house.metrics, "gateway_journal_conflicts_total") == 1


async def test_what_leaves_and_what_fails_to_is_counted_by_kind(house, a_message):
    names = ("gateway_sendings_total", "gateway_send_failures_total")
    await house.take(a_message())
    house.transport.fail.add("rina")
    await house.send()
    assert await seen(house, *names) == [{}, {("x007",): 1}]
    house.transport.fail.clear()
    await house.clock.advance(60)
    await house.send()
    assert await seen(house, *names) == [
        {("x007", "handed-over"): 2, ("hand-over", "handed-over"): 1},
        {("x007",): 1},
    ]
