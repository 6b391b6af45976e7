"""Timers: one row per cause, fired within seconds of its moment, through the same pipe as a mail."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.db.engine import insert_new
from gateway.db.tables.mail import timer
from gateway.kernel.decision import Cause, ClearTimers, Event, SetTimer
from gateway.kernel.ids import Id, derived_id
from gateway.pipeline.stimulus import TimerDue


async def set_timer(tx: AsyncConnection, effect: SetTimer, cause: Cause) -> Sequence[Event]:
    """A timer; applying the same effect again makes no second one."""
    row = {
        "id": derived_id("tmr", effect.about, effect.kind, effect.part, cause.id),
        "kind": effect.kind,
        "about_id": effect.about,
        "due_at": effect.due_at,
        "attempts": 0,
    }
    await tx.execute(insert_new(timer, row))
    return ()


async def clear_timers(tx: AsyncConnection, effect: ClearTimers, cause: Cause) -> Sequence[Event]:
    """What has not fired yet never will."""
    await tx.execute(
        delete(timer).where(
            timer.c.kind == effect.kind, timer.c.about_id == effect.about, timer.c.fired_at.is_(None)
        )
    )
    return ()


async def due(tx: AsyncConnection, now: datetime, most: int = 50) -> tuple[TimerDue, ...]:
    """Timers whose moment has come, the longest due first."""
    found = await tx.execute(
        select(timer)
        .where(timer.c.fired_at.is_(None), timer.c.due_at <= now)
        .order_by(timer.c.due_at, timer.c.id)
        .limit(most)
    )
    return tuple(TimerDue(row["id"], row["kind"], row["about_id"], row["due_at"]) for row in found.mappings())


async def next_due(tx: AsyncConnection) -> datetime | None:
    """When the next timer is due; None if none is set."""
    return (await tx.execute(_NEXT)).scalar_one_or_none()


_NEXT = select(timer.c.due_at).where(timer.c.fired_at.is_(None)).order_by(timer.c.due_at).limit(1)


async def mark_fired(tx: AsyncConnection, timer_id: Id, now: datetime) -> None:
    await tx.execute(update(timer).where(timer.c.id == timer_id).values(fired_at=now))


async def wake(tx: AsyncConnection, timer_id: Id, now: datetime) -> None:
    """It fires once more, with all its tries."""
    await tx.execute(
        update(timer).where(timer.c.id == timer_id).values(fired_at=None, due_at=now, attempts=0)
    )


async def count_attempt(tx: AsyncConnection, timer_id: Id) -> int:
    """The number of tries so far, this one included."""
    counted = await tx.execute(
        update(timer)
        .where(timer.c.id == timer_id)
        .values(attempts=timer.c.attempts + 1)
        .returning(timer.c.attempts)
    )
    return counted.scalar_one()
