"""A timer fires at its moment, whoever set it."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from gateway.db.engine import Database, writing
from gateway.kernel.decision import Cause, SetTimer
from gateway.kernel.ids import Id
from gateway.pipeline import timers
from gateway.pipeline.intake import LOOKS_EVERY, Timers
from gateway.pipeline.stimulus import TimerDue
from gateway.testing.clock import ManualClock

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Fired:
    """A pipe that only notes what it is given."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.kinds: asyncio.Queue[str] = asyncio.Queue()

    async def timer(self, due: TimerDue) -> None:
        async with writing(self._db) as tx:
            await timers.mark_fired(tx, due.id, due.due_at)
        self.kinds.put_nowait(due.kind)


async def test_one_that_nobody_rang_for_is_found_within_a_minute(database: Database):
    """What follows from a delivery is decided by the relay, which knows nothing of timers."""
    clock, pipe = ManualClock(NOW), Fired(database)
    timing = Timers(database, cast("Any", pipe), clock)
    running = asyncio.create_task(timing.worker.run())
    await timing.worker.rest()
    async with writing(database) as tx:
        effect = SetTimer("ask", Id("ord1"), NOW + timedelta(seconds=20))
        await timers.set_timer(tx, effect, Cause(Id("eff1"), Id("set1"), NOW, str))
    clock.advance(LOOKS_EVERY)
    async with asyncio.timeout(60):
        assert await pipe.kinds.get() == "ask"
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
