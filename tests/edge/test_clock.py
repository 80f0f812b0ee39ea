"""Time that is moved by hand, and work in threads that are replaced."""

import asyncio
import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.clock import Executors, InlineExecutor, ManualClock, SystemClock, ThreadExecutor

START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


async def sleep_then_note(clock, seconds, notes):
    await clock.sleep(seconds)
    notes.append((seconds, clock.monotonic()))


def test_the_system_clock_tells_utc_and_does_not_run_backwards():
    clock = SystemClock()
    assert clock.now().utcoffset() == timedelta(0)
    assert clock.monotonic() <= clock.monotonic()


async def test_the_system_clock_sleeps():
    await SystemClock().sleep(0)


def test_a_manual_clock_wants_an_aware_start_and_shows_it_in_utc():
    paris = timezone(timedelta(hours=1))
    assert ManualClock(START.astimezone(paris)).now().utcoffset() == timedelta(0)
    with pytest.raises(ValueError, match="aware"):
        ManualClock(START.replace(tzinfo=None))


async def test_a_sleeper_wakes_at_its_time_and_not_before():
    clock, notes = ManualClock(START), []
    task = asyncio.create_task(sleep_then_note(clock, 10, notes))
    await clock.advance(9.9)
    assert notes == []
    await clock.advance(0.1)
    assert notes == [(10, 10.0)]
    assert clock.now() == START + timedelta(seconds=10)
    await task


async def test_one_who_sleeps_again_and_again_wakes_at_each_time_on_the_way():
    clock, ticks = ManualClock(START), []

    async def tick():
        while True:
            await clock.sleep(60)
            ticks.append(clock.now())

    task = asyncio.create_task(tick())
    await clock.advance(300)
    task.cancel()
    assert ticks == [START + timedelta(minutes=m) for m in (1, 2, 3, 4, 5)]


async def test_a_cancelled_sleeper_is_forgotten():
    clock = ManualClock(START)
    task = asyncio.create_task(clock.sleep(5))
    await clock.advance(0)
    assert clock.next_wake() == 5
    task.cancel()
    await clock.advance(0)
    assert clock.next_wake() is None
    await clock.advance(10)


async def test_sleeping_for_nothing_lets_others_run_and_waits_for_no_time():
    clock, ran = ManualClock(START), []

    async def other():
        ran.append(True)

    task = asyncio.create_task(other())
    await clock.sleep(0)
    assert ran == [True]
    await task


async def test_time_does_not_run_backwards():
    with pytest.raises(ValueError, match="backwards"):
        await ManualClock(START).advance(-1)


@given(st.lists(st.integers(1, 1000), max_size=8))
def test_sleepers_wake_in_the_order_of_their_times_each_at_its_own(naps):
    async def play():
        clock, notes = ManualClock(START), []
        tasks = [asyncio.create_task(sleep_then_note(clock, nap, notes)) for nap in naps]
        await clock.advance(1000)
        await asyncio.gather(*tasks)
        return notes

    assert asyncio.run(play()) == [(nap, float(nap)) for nap in sorted(naps)]


async def test_the_inline_executor_works_on_the_calling_thread():
    executor = InlineExecutor()
    assert await executor.run(threading.get_ident) == threading.get_ident()
    executor.close()


async def test_the_thread_executor_works_elsewhere_and_passes_errors_on():
    executor = ThreadExecutor(1)
    assert await executor.run(threading.get_ident) != threading.get_ident()
    with pytest.raises(ZeroDivisionError):
        await executor.run(divmod, 1, 0)
    executor.close()


async def test_threads_are_replaced_after_so_many_jobs():
    executor = ThreadExecutor(1, recycle_after=3)
    threads = [await executor.run(threading.current_thread) for _ in range(9)]
    executor.close()
    assert [len({id(t) for t in threads[i : i + 3]}) for i in (0, 3, 6)] == [1, 1, 1]
    assert len({id(t) for t in threads}) == 3
    for thread in threads:
        thread.join(5)  # what had nothing left to do ends by itself, and `close` waits for no such
    assert not any(t.is_alive() for t in threads)


async def test_a_thread_that_was_replaced_ends_without_waiting_for_close():
    executor = ThreadExecutor(1, recycle_after=1)
    first = await executor.run(threading.current_thread)
    await executor.run(int)
    await asyncio.to_thread(first.join, 5)
    assert not first.is_alive()
    executor.close()


async def test_without_recycling_one_thread_does_all():
    executor = ThreadExecutor(1)
    assert len({await executor.run(threading.get_ident) for _ in range(50)}) == 1
    executor.close()


async def test_a_running_job_survives_that_its_threads_are_replaced():
    executor = ThreadExecutor(1, recycle_after=1)
    go_on = threading.Event()
    slow = asyncio.create_task(executor.run(go_on.wait, 10))
    await asyncio.sleep(0)  # noqa: TID251
    assert [await executor.run(pow, 2, n) for n in range(3)] == [1, 2, 4]
    assert not slow.done()
    go_on.set()
    assert await slow is True
    executor.close()


async def test_close_waits_for_a_job_of_replaced_threads():
    executor = ThreadExecutor(1, recycle_after=1)
    begun, go_on, done = threading.Event(), threading.Event(), []

    def slow():
        begun.set()
        go_on.wait(10)
        done.append(True)

    task = asyncio.create_task(executor.run(slow))
    await asyncio.to_thread(begun.wait, 10)
    await executor.run(int)
    closing = asyncio.create_task(asyncio.to_thread(executor.close))
    go_on.set()
    await closing
    assert done == [True]
    await task
    with pytest.raises(RuntimeError):
        await executor.run(int)


@pytest.mark.parametrize("wrong", [{"max_workers": 0}, {"max_workers": 1, "recycle_after": 0}])
def test_an_executor_of_nothing_is_refused(wrong):
    with pytest.raises(ValueError, match="from 1"):
        ThreadExecutor(**wrong)


async def test_both_executors_are_closed_together():
    executors = Executors(parse=ThreadExecutor(1), write=ThreadExecutor(1))
    executors.close()
    for executor in (executors.parse, executors.write):
        with pytest.raises(RuntimeError):
            await executor.run(int)
