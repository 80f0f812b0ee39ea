"""What came more than once is told with what came first and what left, digest by digest."""

import asyncio
import hashlib
import json
from datetime import UTC, date, datetime, timedelta

import pytest
from click.testing import CliRunner

from gateway.cli import cli
from gateway.reports.repeats import Kind, bounds, came_again, counted
from tests.pipeline.conftest import START, House
from tests.pipeline.test_retention import WEEK, apply
from tests.pipeline.test_timers import DAYS

PROTECTED = "<sbdh:PersonalProtectedCase>true</sbdh:PersonalProtectedCase>"


def sha256(body):
    return hashlib.sha256(body).hexdigest()


@pytest.fixture
def day(clock):
    return clock.now().date()


@pytest.fixture
def bodies(a_message, person):
    """The first of a document, and three ways in which something of it comes again."""
    again = {"case": "c", "document": "document of one"}
    other = person(town="Lyon", postcode="69001")
    return {
        "one": a_message("one", case="c"),
        "copy": a_message("copy", **again),
        "bytes": a_message("one", case="c").replace(b"Erika", b"Erica"),
        "version": a_message("version", inside=other, **again),
    }


async def told(house, day):
    return {one.kind: one for one in await came_again(house.journal, day)}


async def test_each_is_told_with_its_first_and_what_left_once(house, bodies, day, uid):
    await house.take(*bodies.values(), bodies["one"], bodies["bytes"])
    sent = await house.send()
    found = [one for one in await came_again(house.journal, day) if one.kind is not Kind.MESSAGE]
    assert [one.kind for one in found] == [Kind.CONTENT, Kind.IDENTITY, Kind.VERSION]
    names = ["copy", "bytes", "version"]
    assert [one.repeat.digest for one in found] == [sha256(bodies[name]) for name in names]
    for one in found:
        assert one.first.message_id == uid("one")
        assert (one.first.case_id, one.first.digest) == (uid("c"), sha256(bodies["one"]))
        assert [row.digest for row in one.handed_over] == [sha256(bodies["one"])]
    left = [s.body for s in sent if s.kind == "hand-over"]
    assert left == [bodies["one"]]
    assert all(one.times == (one.repeat.received_at,) for one in found)
    assert counted(found) == {
        (kind.value, "DE", "S_BUC_24"): 1 for kind in Kind if kind is not Kind.MESSAGE
    }
    assert await came_again(house.journal, day - timedelta(days=1)) == ()


async def test_the_very_same_message_is_told_once_with_each_time(house, bodies, day, uid):
    await house.take(bodies["one"], bodies["copy"])
    await house.send()
    for _ in range(3):
        await house.clock.advance(60)
        await house.take(bodies["one"])
    await house.take(bodies["one"])  # read twice in one instant: one delivery
    await house.clock.advance(DAYS)
    await house.take(bodies["one"], b"no XML")
    await house.clock.advance(1)
    await house.take(b"no XML")
    found = await told(house, day)
    same = found[Kind.MESSAGE]
    assert same.times == tuple(START + timedelta(minutes=n) for n in (1, 2, 3))
    assert same.repeat.digest == same.first.digest == sha256(bodies["one"])
    assert same.repeat.message_id == same.first.message_id == uid("one")
    assert [row.digest for row in same.handed_over] == [sha256(bodies["one"])]
    assert counted(tuple(found.values())) == {
        ("content", "DE", "S_BUC_24"): 1,
        ("message", "DE", "S_BUC_24"): 3,
    }
    later = await came_again(house.journal, day + timedelta(days=1))
    assert [(one.kind, one.repeat.digest) for one in later] == [
        (Kind.MESSAGE, sha256(bodies["one"])),
        (Kind.MESSAGE, sha256(b"no XML")),
    ]
    assert len(await house.rows()) == 3
    again = [h for h in await house.journal.timeline(uid("one")) if h.what == "delivered-again"]
    assert [(h.at, h.params["digest"]) for h in again] == [
        (at, sha256(bodies["one"])) for at in (*same.times, START + timedelta(days=1, minutes=3))
    ]


async def test_a_case_is_protected_whichever_of_the_two_says_so(house, a_message, bodies, day):
    update = {"document": "document of late", "action": "New"}
    await house.take(
        bodies["one"],
        a_message("late", case="c", flags=PROTECTED, **update),
        bodies["bytes"],
        bodies["copy"],
    )
    found = await came_again(house.journal, day)
    assert [one.protected for one in found] == [True, True]
    assert counted(found) == {
        (kind.value, "protected", "S_BUC_24"): 1 for kind in (Kind.CONTENT, Kind.IDENTITY)
    }


async def test_what_was_erased_has_no_first_to_be_told(
    journal, judged_with, clock, tmp_path, bodies, day
):
    house = House(journal, judged_with, clock, state=tmp_path, days=WEEK)
    await house.take(bodies["one"], bodies["bytes"], bodies["copy"])
    await house.send()
    [aside] = [row for row in await house.rows() if row.state == "quarantined"]
    params = {"message_id": aside.message_id, "reason": "ours is right"}
    await house.operating.do("discard", params, "claire")
    await clock.advance(8 * DAYS)
    assert (await apply(house))[0]["quarantine"] == 1
    found = await told(house, day)
    assert found[Kind.IDENTITY].first is None
    assert found[Kind.CONTENT].first.digest == sha256(bodies["one"])


@pytest.mark.parametrize(("day", "hours"), [((3, 28), 24), ((3, 29), 23), ((10, 25), 25)])
def test_a_day_is_one_of_paris(day, hours):
    begin, end = bounds(date(2026, *day))
    assert end - begin == timedelta(hours=hours)
    assert begin.tzinfo is UTC
    assert bounds(date(2026, 1, 5))[0] == datetime(2026, 1, 4, 23, tzinfo=UTC)


def run(state, *words):
    done = CliRunner().invoke(cli, ["--state", str(state), "report", "duplicates", *words])
    assert done.exit_code == 0, done.output
    return done.output


async def test_the_command_tells_people_and_programs(house, bodies, day, uid, tmp_path):
    await house.take(*bodies.values())
    await house.send()
    await house.clock.advance(3600)
    await house.take(bodies["one"])
    await house.clock.advance(3600)
    await house.take(bodies["one"])
    await house.journal.close()
    words = ("--day", day.isoformat())
    lines = await asyncio.to_thread(run, tmp_path, *words, "--json")
    shown = [json.loads(line) for line in lines.splitlines()]
    assert shown[0] == {"kind": "content", "country": "DE", "buc": "S_BUC_24", "messages": 1}
    assert shown[2] == {"kind": "message", "country": "DE", "buc": "S_BUC_24", "messages": 2}
    *_, content, _, _, same = shown
    assert [one["kind"] for one in shown[4:]] == [
        *("content", "identity-conflict", "other-content", "message")
    ]
    assert [at[:16] for at in same["times"]] == [f"{day}T11:00", f"{day}T12:00"]
    assert (content["case_id"], content["first_message_id"]) == (uid("c"), uid("one"))
    [handed] = content["handed_over"]
    assert handed["state"] == "handed-over"
    assert handed["digest"] == content["first_digest"] == sha256(bodies["one"])

    english = await asyncio.to_thread(run, tmp_path, *words)
    assert "ALARM, the same id with other bytes: S_BUC_24 S040 DE:101320043" in english
    assert f"{day} 12:00:00  {day} 13:00:00" in english  # in Paris
    for name in ("one", "copy", "bytes", "version"):
        assert sha256(bodies[name]) in english
    for lang, alone in (("en", ("--counts",)), ("fr", ("--counts", "--json"))):
        counts = await asyncio.to_thread(run, tmp_path, *words, *alone, "--lang", lang)
        assert len(counts.splitlines()) == 5 - ("--json" in alone)
        assert not any(uid(name) in counts for name in bodies)
    french = await asyncio.to_thread(run, tmp_path, *words, "--lang", "fr")
    assert "ALARME" in french
    assert START.date() == day
    yesterday = await asyncio.to_thread(run, tmp_path, "--json")  # of the real clock
    assert yesterday == ""


async def test_a_protected_case_is_masked(house, a_message, bodies, day, tmp_path):
    protected = [
        a_message(name, case="p", document="d", flags=PROTECTED) for name in ("three", "four")
    ]
    await house.take(*protected)
    await house.journal.close()
    for words in (("--json",), ()):
        said = await asyncio.to_thread(run, tmp_path, "--day", day.isoformat(), *words)
        assert "protected" in said
        assert "DE" not in said
    assert said.splitlines()[-1] == f"{day}: 1 message."
