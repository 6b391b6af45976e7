"""Clocks agree on what they promise."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from gateway.kernel.clock import SystemClock
from gateway.testing.clock import ManualClock

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def test_the_system_clock_is_aware_and_in_utc() -> None:
    assert SystemClock().now().tzinfo is UTC


async def test_the_system_clock_sleeps_until_the_instant_and_not_at_all_for_a_past_one() -> None:
    clock = SystemClock()
    instant = clock.now() + timedelta(milliseconds=20)

    await clock.sleep_until(instant)
    assert clock.now() >= instant
    await asyncio.wait_for(clock.sleep_until(instant - timedelta(days=1)), timeout=5)


async def test_sleepers_wake_in_the_order_of_their_instants() -> None:
    clock, woken = ManualClock(NOW), list[int]()

    async def sleep(minutes: int) -> None:
        await clock.sleep_until(NOW + timedelta(minutes=minutes))
        woken.append(minutes)

    tasks = [asyncio.create_task(sleep(minutes)) for minutes in (3, 1, 2)]
    for _ in range(3):
        await asyncio.sleep(0)
    clock.advance(timedelta(minutes=2))
    for _ in range(3):
        await asyncio.sleep(0)
    assert woken == [1, 2]

    clock.advance(timedelta(minutes=1))
    await asyncio.gather(*tasks)
    assert woken == [1, 2, 3]


def test_a_manual_clock_never_goes_back() -> None:
    clock = ManualClock(NOW)
    clock.set(NOW - timedelta(days=1))

    assert clock.now() == NOW


async def test_a_cancelled_sleeper_does_no_harm() -> None:
    clock = ManualClock(NOW)
    task = asyncio.create_task(clock.sleep_until(NOW + timedelta(minutes=1)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    clock.advance(timedelta(minutes=2))
