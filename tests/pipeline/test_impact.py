"""What a draft would have decided otherwise, on a journal that really happened."""

import dataclasses
import json
from datetime import date

import pytest

from gateway.core.decision import name
from gateway.core.judging import Arrival, decide, examine
from gateway.loading import drafted
from gateway.simulation.traffic import year
from gateway.tables.drafting import draft
from gateway.tables.impact import WHAT, Bench, cases, impact
from tests.pipeline.test_releasing import REFERS, add

HOME = "<sbdh:PersonalProtectedCase>true</sbdh:PersonalProtectedCase>"


@pytest.fixture
def folder(tmp_path):
    draft(tmp_path / "draft", "2026-04")
    return tmp_path / "draft"


@pytest.fixture
def bench(house, folder):
    """The desk of the house beside the draft as it is now."""

    def _bench(**more):
        desk = house.pipeline.desk
        now, other = desk.tables, drafted(folder)
        return Bench(desk.limits, desk.schemas, desk.policy, now, other, **more)

    return _bench


async def test_the_same_tables_change_nothing(house, bench, a_message):
    await house.take(
        a_message("one"),
        a_message("two", case="case of one", sed="S041", root="S041", action="New"),
        b"no message",
    )
    found = await impact(house.journal, bench())
    assert (found.messages, found.erased, found.effects) == (2, 0, [])


async def test_a_row_shows_whom_it_would_have_sent_elsewhere(house, bench, folder, a_message):
    await house.take(a_message("one"), a_message("hidden", flags=HOME))
    await house.send()
    await house.take(a_message("later", case="case of one", document="x", action="New"))
    add(folder, REFERS)
    found = await impact(house.journal, bench())
    assert [(e.what, e.after) for e in found.effects] == [("referred", "refer rule-refers")]
    (effect,) = found.effects
    assert effect.before.startswith("transfer FR:")
    assert (effect.buc, effect.country) == ("S_BUC_24", "DE")
    assert effect.rows_after == ("S-TEST",)
    assert found.counts()["referred"] == 1
    said = json.dumps(dataclasses.asdict(effect))
    assert "Muster" not in said


async def test_days_choose_what_is_looked_at(house, bench, folder, a_message):
    await house.take(a_message("one"))
    add(folder, REFERS.replace("2019-01-01", "2030-01-01"))
    assert (await impact(house.journal, bench())).effects == []
    (effect,) = (await impact(house.journal, bench(on=date(2030, 1, 2)))).effects
    assert effect.what == "referred"
    assert (await impact(house.journal, bench(since=date(2026, 3, 2)))).messages == 1
    assert (await impact(house.journal, bench(since=date(2026, 3, 3)))).messages == 0


async def test_a_day_begins_at_midnight_in_paris(house, bench, a_message):
    await house.clock.advance(13 * 3600 + 1800)
    assert house.clock.now().isoformat() == "2026-03-02T23:30:00+00:00"
    await house.take(a_message("one"))
    assert (await impact(house.journal, bench(since=date(2026, 3, 3)))).messages == 1


async def test_what_is_judged_again_is_what_was_decided(house, tmp_path):
    """On the tables of the day each first decision comes out again, whatever came in between."""
    year(tmp_path / "year", seed=11, count=120)
    for file in sorted((tmp_path / "year" / "messages").iterdir()):
        if file.suffix in {".xml", ".mime"}:
            await house.take(file.read_bytes())
            await house.send()
    again = {}
    desk = house.pipeline.desk
    page = await house.journal.past(None, 10_000)
    for past in page:
        for message, case in cases(past):
            arrival = Arrival(message.received_at, message.received_at, message.addressee)
            examined = examine(message.body, desk.limits, desk.schemas)
            decision, rules = decide(examined, case, desk.tables, desk.policy, arrival)
            again[message.message_id] = (name(decision), rules)
    assert len(again) > 80
    for message_id, (decision, rules) in again.items():
        first = (await house.journal.explanation(message_id))[0]
        assert (decision, rules) == (first["decision"], first["rules"]), message_id


def test_every_effect_has_a_name(bench):
    assert len(set(WHAT)) == len(WHAT)
