"""What is remembered of notices is one text for all workers, and none writes over another one."""

import asyncio

from gateway.journal.noticing import Remembered


async def test_what_is_remembered_outlives_the_journal(driver):
    async with driver.opened() as journal:
        assert await journal.notices() == Remembered(0, "")
        assert await journal.remember_notices(Remembered(0, "one"))
        assert await journal.notices() == Remembered(1, "one")
    async with driver.opened() as journal, driver.reading() as reader:
        assert await journal.remember_notices(Remembered(1, "two é"))
        assert await reader.notices() == Remembered(2, "two é")


async def test_what_follows_on_what_is_no_more_is_not_written(journal):
    assert await journal.remember_notices(Remembered(0, "one"))
    for revision in (0, 2, 7):
        assert not await journal.remember_notices(Remembered(revision, "another"))
    assert await journal.notices() == Remembered(1, "one")


async def test_of_many_at_once_one_is_written(driver, journal):
    for revision in range(3):
        news = [Remembered(revision, f"{revision} {n}") for n in range(5)]
        done = await driver.together(journal, [journal.remember_notices(one) for one in news])
        assert sorted(done) == [False] * 4 + [True]
        told = await journal.notices()
        assert told == Remembered(revision + 1, news[done.index(True)].content)


async def test_of_several_workers_one_writes(driver):
    async with driver.opened() as one:
        if driver.alone:
            return
        async with driver.opened() as two:
            for revision in range(5):
                done = await asyncio.gather(
                    one.remember_notices(Remembered(revision, "one")),
                    two.remember_notices(Remembered(revision, "two")),
                )
                assert sorted(done) == [False, True]
                assert await one.notices() == await two.notices()
