"""What a person holds back stays where it is, untouched, until he lets it go; the rest goes on."""

import pytest

from gateway.errors import Refused
from gateway.journal.pausing import Pause, Reach
from tests.pipeline.test_taking import BY_HAND, LATER, US
from tests.pipeline.test_timers import UNKNOWN, let_go

CPAM_AIN = "FR:0101100000"
EVERY_REACH = [
    {},
    {"reach": "buc", "value": "S_BUC_24"},
    {"reach": "country", "value": "DE"},
    {"reach": "institution", "value": "DE:100001"},
]


async def pause(house, **reach):
    return await house.operating.do("pause", {"reason": "a row is wrong", **reach}, "claire")


async def resume(house, **reach):
    return await house.operating.do("resume", {"reason": "mended", **reach}, "denis")


async def refused(deed):
    with pytest.raises(Refused) as caught:
        await deed
    return caught.value.code


def shown(house, start):
    text = house.metrics.exposition()[0].decode()
    [line] = [line for line in text.splitlines() if line.startswith(start)]
    return float(line.rpartition(" ")[2])


@pytest.fixture
async def a_case(house, a_message):
    """A transfer whose three sendings are still in the outbox."""
    await house.take(a_message())
    [row] = await house.rows()
    return row


@pytest.mark.parametrize("of", ["", "buc", "country", "institution", "target"])
async def test_what_a_pause_reaches_stays_untouched(house, a_case, of):
    values = {
        "": None,
        "buc": a_case.buc,
        "country": a_case.sender[:2],
        "institution": a_case.sender,
        "target": a_case.institution,
    }
    reach = {"reach": "institution" if of == "target" else of, "value": values[of]} if of else {}
    await pause(house, **reach)
    left = await house.send()
    await house.clock.advance(7200)
    assert left + await house.send() == []
    assert (await house.journal.counts()).sendings == {"due": 2, "waiting": 1}
    await resume(house, **reach)
    sent = await house.send()
    assert [s.kind for s in sent] == ["x007", "x007", "hand-over"]
    assert [s.attempts for s in sent] == [0, 0, 0]


@pytest.mark.parametrize("of", ["country", "institution", "target"])
async def test_what_it_does_not_reach_goes_on(house, a_case, a_message, person, of):
    other = a_message(
        "two", sender=("PL:PL0001", "CaseOwner"), inside=person("Lyon", "69001"), **UNKNOWN
    )
    await house.take(other)
    values = {"country": "DE", "institution": a_case.sender, "target": a_case.institution}
    await pause(house, reach="institution" if of == "target" else of, value=values[of])
    sent = await house.send()
    assert [s.kind for s in sent] == ["x007", "x007", "hand-over"]
    assert a_case.case_id not in {s.case_id for s in sent}


async def test_a_case_that_begins_with_what_we_sent_by_hand_is_reached(house, a_message):
    ours = {"sender": (US, "Counterparty"), "receivers": (("DE:101320043", "CaseOwner"),)}
    x007 = {"case": "c", "sed": "X007", "action": "New", "document": "f", "inside": BY_HAND}
    await house.take(a_message("x7", **x007, **ours), by_hand=True)
    await house.take(a_message("two", document="e", **LATER))
    assert [row.decision for row in await house.rows()] == ["note", "deliver"]
    await pause(house, reach="country", value="DE")
    assert await house.send() == []
    await resume(house, reach="country", value="DE")
    assert [s.kind for s in await house.send()] == ["hand-over"]


async def test_a_pause_of_another_buc_reaches_nothing(house, a_case):
    await pause(house, reach="buc", value="P_BUC_01")
    assert len(await house.send()) == 3


async def test_several_pauses_end_one_by_one(house, a_case):
    buc, country = (
        {"reach": "buc", "value": a_case.buc},
        {"reach": "country", "value": a_case.sender[:2]},
    )
    await pause(house, **buc)
    await pause(house, **country)
    assert (await resume(house, **buc))["pauses"] == 1
    assert await house.send() == []
    assert (await resume(house, **country))["pauses"] == 0
    assert len(await house.send()) == 3
    told = [(p.reach, p.who, p.why, p.resumed_by) for p in await house.journal.pauses(every=True)]
    assert told == [
        ("buc", "claire", "a row is wrong", "denis"),
        ("country", "claire", "a row is wrong", "denis"),
    ]


async def test_a_pause_outlives_the_process(house, restarted, a_case):
    await pause(house)
    await pause(house, reach="buc", value=a_case.buc)
    async with restarted(house) as again:
        await again.pausing.look()
        assert again.intake.paused
        assert await again.send() == []
        await resume(again)
        assert not again.intake.paused
        assert await again.send() == []
        await resume(again, reach="buc", value=a_case.buc)
        assert len(await again.send()) == 3


@pytest.mark.parametrize("reach", EVERY_REACH)
async def test_timers_are_held_back_too(house, a_message, person, reach):
    await house.take(a_message("one", inside=person(town=None), **UNKNOWN))
    [row] = await house.rows()
    if reach.get("reach") == "institution":
        reach = {**reach, "value": row.sender}
    await house.send()
    await pause(house, **reach)
    assert await let_go(house, 40) == 0
    assert await house.readiness.look() is bool(reach)
    assert shown(house, "gateway_timers_overdue") == 0
    await resume(house, **reach)
    assert await let_go(house, 0) == 1


async def test_only_a_pause_of_everything_is_red(house, a_case):
    await pause(house, reach="buc", value=a_case.buc)
    assert await house.readiness.look()  # it waits for a person, who knows
    assert await house.readiness.problems() == ()
    assert list(house.pausing.notes()) == ["paused-in-part"]
    assert shown(house, "gateway_outbox_held") == 3
    assert shown(house, "gateway_outbox_oldest_seconds") == 0
    await pause(house)
    assert not await house.readiness.look()
    assert await house.readiness.problems() == ("paused",)
    await resume(house, reach="buc", value=a_case.buc)
    assert list(house.pausing.notes()) == []


async def test_the_metric_counts_by_reach_alone(house, a_case):
    await pause(house, reach="institution", value=CPAM_AIN)
    lines = [
        line
        for line in house.metrics.exposition()[0].decode().splitlines()
        if line.startswith("gateway_pauses{")
    ]
    assert CPAM_AIN not in "".join(lines)
    assert sorted(line.rpartition(" ")[2] for line in lines) == ["0.0", "0.0", "0.0", "1.0"]


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"reach": "buc", "value": "P_BUC_77"}, "unknown-reach"),
        ({"reach": "institution", "value": "FR:NOBODY"}, "unknown-reach"),
        ({"reach": "institution", "value": "DE:100_001"}, "unknown-reach"),
        ({"reach": "country", "value": "de"}, "unknown-reach"),
        ({"reach": "country", "value": "GR"}, "unknown-reach"),
        ({"reach": "country", "value": "ZZ"}, "unknown-reach"),
        ({"reach": "institution", "value": "GB:100001"}, "unknown-reach"),
        ({"reach": "buc", "value": ""}, "unknown-reach"),
        ({"reach": "buc", "value": "DE"}, "unknown-reach"),
        ({"reason": " "}, "no-reason"),
    ],
)
async def test_a_slip_of_the_pen_pauses_nothing(house, params, code):
    assert await refused(pause(house, **params)) == code
    assert await house.journal.pauses() == ()


async def test_a_pause_begins_and_ends_once(house):
    await pause(house, reach="country", value="DE")
    assert await refused(pause(house, reach="country", value="DE")) == "paused-already"
    assert await refused(resume(house, reach="country", value="PL")) == "not-paused"
    assert await refused(resume(house)) == "not-paused"
    await resume(house, reach="country", value="DE")
    assert await refused(resume(house, reach="country", value="DE")) == "not-paused"
    await pause(house, reach="country", value="DE")


async def test_what_an_older_version_paused_is_resumed(house):
    await house.journal.pause(Pause(Reach.COUNTRY, "GR", house.clock.now(), "claire", "why"))
    await resume(house, reach="country", value="GR")
    assert await house.journal.pauses() == ()
