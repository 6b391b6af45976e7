"""What is done now and then, whatever arrives: files and rows whose time is over go, the disk is watched.

A chore that fails is for the log and is tried again later; it never stops the service. Each says when it
wants to be done next; all are done at the start, for the machine may have been off at night.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.db import retention
from gateway.db.engine import Database, reading, upsert, writing
from gateway.db.retention import Retention
from gateway.db.tables.mail import setting
from gateway.edges.spool import Spool
from gateway.edges.watermark import Watermark
from gateway.kernel.calendar import ShopCalendar
from gateway.kernel.clock import Clock
from gateway.kernel.decision import Event
from gateway.kernel.errors import DatabaseUnavailable
from gateway.pipeline import journal
from gateway.pipeline.alarm import DiskNearlyFull, HoldsWillGo
from gateway.pipeline.intake import Worker

SWEPT_EVERY = timedelta(hours=6)
FORGETS_AT = time(3, 30)  # shop time
LOOKED_EVERY = timedelta(minutes=1)
AGAIN_AFTER = timedelta(hours=1)  # when a chore failed
_DISK = "disk"  # the row in `setting` that says whether the owner was told

Chore = Callable[[datetime], Awaitable[datetime]]  # does it; when it wants to be done again
Happened = Callable[[AsyncConnection, Sequence[Event]], Awaitable[None]]

log = structlog.get_logger()


def upkeep(chores: Sequence[Chore], clock: Clock) -> Worker:
    """The worker that does each chore when its time has come, all of them at the start."""
    due: dict[Chore, datetime] = {}

    async def work() -> datetime | None:
        for chore in chores:
            now = clock.now()
            if due.get(chore, now) <= now:
                due[chore] = await _done(chore, now)
        return min(due.values(), default=None)

    return Worker(work, clock)


async def _done(chore: Chore, now: datetime) -> datetime:
    try:
        return await chore(now)
    except DatabaseUnavailable:
        raise
    except Exception:  # whatever it is, mail goes on
        log.exception("upkeep.failed")
        return now + AGAIN_AFTER


def sweeping(db: Database, spool: Spool) -> Chore:
    """Files that no mail needs: a crash between the file and its row left them, or retention did."""

    async def needed(hashes: Sequence[str]) -> Collection[str]:
        async with reading(db) as tx:
            return await journal.spooled(tx, hashes)

    async def sweep(now: datetime) -> datetime:
        try:
            await spool.sweep(now, needed)
        except OSError as error:
            log.warning("spool.not_swept", error=str(error))
        return now + SWEPT_EVERY

    return sweep


def forgetting(db: Database, keep: Retention, calendar: ShopCalendar, happened: Happened) -> Chore:
    """Every night what is older than `keep` says, in small batches; held mails are announced before."""

    async def forget(now: datetime) -> datetime:
        async with writing(db) as tx:
            numbers = await retention.warn(tx, keep, now)
            if numbers:
                await happened(tx, [HoldsWillGo(numbers, retention.WARNED)])
        gone = {name: taken for name, step in retention.STEPS if (taken := await _all(db, step, keep, now))}
        if gone or numbers:
            log.info("retention.done", announced=len(numbers), **gone)
        today = calendar.at(calendar.today(now), FORGETS_AT)
        return today if today > now else calendar.at(calendar.today(now) + timedelta(days=1), FORGETS_AT)

    return forget


async def _all(db: Database, step: retention.Step, keep: Retention, now: datetime) -> int:
    """How much went in all, batch after batch."""
    taken = 0
    while True:
        async with writing(db) as tx:
            some = await step(tx, keep, now)
        taken += some
        if some < retention.CHUNK:
            return taken


def watching(db: Database, watermark: Watermark, happened: Happened) -> Chore:
    """The owner is told when the disk is nearly full, once until there was room again; a restart knows it."""

    async def watch(now: datetime) -> datetime:
        nearly_full, has_room = watermark.nearly_full, watermark.has_room
        if nearly_full or has_room:
            async with reading(db) as tx:
                told = await _told(tx)
            if told != nearly_full:
                async with writing(db) as tx:
                    await _remember(tx, nearly_full, now)
                    if nearly_full:
                        await happened(tx, [DiskNearlyFull(str(watermark.folder), watermark.free_mib)])
        return now + LOOKED_EVERY

    return watch


async def _told(tx: AsyncConnection) -> bool:
    value: Mapping[str, Any] | None = await tx.scalar(select(setting.c.value).where(setting.c.key == _DISK))
    return bool(value and value.get("told"))


async def _remember(tx: AsyncConnection, told: bool, now: datetime) -> None:
    row = {"key": _DISK, "value": {"told": told}, "changed_at": now, "by": "watermark"}
    await tx.execute(upsert(setting, row, ("key",), ("value", "changed_at", "by")))
