"""What is seen of the parts around the gateway is kept, and read by period, on each engine."""

from datetime import UTC, datetime, timedelta

from gateway.journal.observing import Fits, Maintenance, Observation

START = datetime(2026, 3, 2, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
EVER = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


def seen_up(hours, length=1.0, *, up=True, source="nagios"):
    begin = START + hours * HOUR
    return Observation("rina", source, begin, begin + length * HOUR, up)


async def test_observations_are_written_once_and_never_two_of_one_time(journal):
    first = [seen_up(0), seen_up(1, up=False), seen_up(5)]
    assert await journal.observe(first, look=True) == [Fits.NEW] * 3
    assert (await journal.seen(*EVER)).runs == ()
    assert await journal.observe(first) == [Fits.NEW] * 3
    assert await journal.observe([seen_up(0), seen_up(7)]) == [Fits.KNOWN, Fits.NEW]
    fits = await journal.observe([seen_up(10), seen_up(5.5)])
    assert fits == [Fits.NEW, Fits.OVERLAPS]
    assert await journal.observe([seen_up(0, up=False)]) == [Fits.OVERLAPS]
    assert await journal.observe([seen_up(5.5, source="zabbix")]) == [Fits.NEW]
    runs = (await journal.seen(*EVER)).runs
    assert [(r.source, (r.begin - START) / HOUR, (r.end - START) / HOUR, r.up) for r in runs] == [
        ("nagios", 0, 1, True),
        ("nagios", 1, 2, False),
        ("nagios", 5, 6, True),
        ("nagios", 7, 8, True),
        ("zabbix", 5.5, 6.5, True),
    ]


async def test_a_look_ends_the_one_before_and_looks_alike_are_one_run(journal):
    def look(minute, *, up):
        begin = START + timedelta(minutes=minute)
        return Observation("rina", "gateway", begin, begin + timedelta(minutes=2), up)

    for minute, up in ((0, True), (1, True), (2, False), (3, True), (9, True)):
        await journal.probed([look(minute, up=up)])
    runs = (await journal.seen(*EVER)).runs
    minutes = timedelta(minutes=1)
    assert [((r.begin - START) / minutes, (r.end - START) / minutes, r.up) for r in runs] == [
        *((0, 2, True), (2, 3, False), (3, 5, True), (9, 11, True)),
    ]


async def test_the_pulse_is_kept_with_its_pauses(journal):
    for second in (0, 1, 20, 100, 101):
        await journal.beat(START + timedelta(seconds=second))
    await journal.beat(START + timedelta(seconds=90))  # the clock was set back
    first, second = (await journal.seen(*EVER)).alive
    assert first == (START, START + timedelta(seconds=20))
    assert second == (START + timedelta(seconds=100), START + timedelta(seconds=101))
    later = await journal.seen(START + HOUR, START + 2 * HOUR)
    assert later.alive == (second,), "what began before reaches into the period as a pause"


def minutes_of(runs):
    return [
        (r.component, r.source, (r.begin - START) / MINUTE, (r.end - START) / MINUTE, r.up)
        for r in runs
    ]


async def test_a_period_is_answered_from_the_last_look_before_it_on_for_each_source(journal):
    def look(component, minute, length, *, up, source="gateway"):
        begin = START + minute * MINUTE
        return Observation(component, source, begin, begin + length * MINUTE, up)

    for one in (
        look("a", 0, 20, up=False),  # looks were far apart then
        look("a", 5, 2, up=True),
        look("a", 60, 2, up=True),
        look("b", 1, 100, up=True, source="zabbix"),
        look("b", 3, 100, up=False, source="nagios"),
        look("c", 200, 2, up=True),
    ):
        await journal.probed([one])
    seen = await journal.seen(START + 10 * MINUTE, START + 61 * MINUTE)
    assert minutes_of(seen.runs) == [
        ("a", "gateway", 60, 62, True),
        ("b", "nagios", 3, 103, False),
        ("b", "zabbix", 1, 101, True),
    ], "the look of minute 0 was ended by that of minute 5"
    assert minutes_of((await journal.seen(START, START + MINUTE)).runs) == [
        ("a", "gateway", 0, 20, False)
    ]
    assert (await journal.seen(START + 300 * MINUTE, EVER[1])).runs == ()


async def test_looks_from_an_instant_on_beside_pulse_and_maintenance_of_a_longer_time(journal):
    await journal.beat(START)
    of_it = Maintenance("rina", START, START + HOUR, "me", "why", START)
    await journal.maintain(of_it)
    await journal.observe([seen_up(0), seen_up(2)])
    seen = await journal.seen(START, START + 4 * HOUR, START + 2 * HOUR)
    assert [run.begin for run in seen.runs] == [START + 2 * HOUR]
    assert seen.maintenance == (of_it,)
    assert seen.alive == ((START, START),)
