"""A clock that somebody turns."""

import asyncio
import heapq
from datetime import datetime, timedelta
from itertools import count


class ManualClock:
    """Stands still until `advance` or `set`; whoever sleeps wakes in order of their instants."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._order = count()
        self._sleepers: list[tuple[datetime, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return self._now

    async def sleep_until(self, instant: datetime) -> None:
        if instant > self._now:
            woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            heapq.heappush(self._sleepers, (instant, next(self._order), woken))
            await woken

    def set(self, instant: datetime) -> None:
        """Turn the clock forward to `instant` and wake everybody whose time has come."""
        self._now = max(self._now, instant)
        while self._sleepers and self._sleepers[0][0] <= self._now:
            _, _, woken = heapq.heappop(self._sleepers)
            if not woken.done():
                woken.set_result(None)

    def advance(self, by: timedelta) -> None:
        self.set(self._now + by)
