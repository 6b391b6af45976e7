"""Who holds which rows: workers are leased, rows are claimed and marked.

A row is not leased by itself, its worker is (relay.md 3): what no living worker and epoch holds is reaped,
and a worker that was given up for dead touches no row any more. The mark before the dot is durable, so that
a crash leaves few doubts and names them exactly.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    and_,
    bindparam,
    case,
    delete,
    exists,
    insert,
    literal,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.db.engine import Database, Step, among, commit, greatest, upsert
from gateway.db.tables.mail import outbox, throttle, worker
from gateway.mail.envelope import Address
from gateway.outbox.message import DeliveryDoubted, DeliveryStatus, Lane
from gateway.outbox.retry import doubt_wait
from gateway.outbox.row import by_seq, status_is

_CLAIM = 64  # rows of one claim


@dataclass(frozen=True, slots=True)
class Worker:
    """Who holds rows: the fencing token."""

    id: int
    epoch: int


async def enlist(tx: AsyncConnection, host: str, pid: int, now: datetime) -> Worker:
    """A new worker; its number is never used again."""
    row = {"host": host, "pid": pid, "started_at": now, "beat_at": now, "epoch": 1}
    made = await tx.execute(insert(worker).returning(worker.c.id), row)
    return Worker(made.scalar_one(), 1)


async def beat(tx: AsyncConnection, me: Worker, now: datetime) -> bool:
    """Whether this worker is still counted among the living."""
    mine = update(worker).where(worker.c.id == me.id, worker.c.epoch == me.epoch)
    return (await tx.execute(mine.values(beat_at=now))).rowcount == 1


async def dismiss(tx: AsyncConnection, me: Worker, now: datetime) -> int:
    """How many rows were put back unmarked because this worker ends in good order.

    What it marked and never heard about stays in `committing`; without its worker it is reaped as a doubt.
    """
    back = update(outbox).where(_held_by(me), status_is(DeliveryStatus.LEASED))
    freed = await tx.execute(
        back.values(status=DeliveryStatus.QUEUED, attempts=outbox.c.attempts - 1, **NOBODYS)
    )
    await tx.execute(delete(worker).where(worker.c.id == me.id, worker.c.epoch == me.epoch))
    return freed.rowcount


async def bury(tx: AsyncConnection, me: Worker, silent_since: datetime | None) -> int:
    """How many other workers were struck off: those that last beat before `silent_since`, None: all."""
    others = delete(worker).where(worker.c.id != me.id)
    if silent_since is not None:
        others = others.where(worker.c.beat_at < silent_since)
    return (await tx.execute(others)).rowcount


async def reap(
    tx: AsyncConnection, me: Worker, in_hand: Collection[int], now: datetime
) -> tuple[DeliveryDoubted, ...]:
    """The doubts among what nobody holds: no living worker, or `me` without having it `in_hand`.

    What was marked is uncertain now, everything else is queued as if it had not been claimed.
    """
    living = exists().where(worker.c.id == outbox.c.worker_id, worker.c.epoch == outbox.c.epoch)
    forgotten = and_(_held_by(me), not_(among(outbox.c.seq, in_hand)))
    marked = status_is(DeliveryStatus.COMMITTING)
    reaped = await tx.execute(
        update(outbox)
        .where(status_is(DeliveryStatus.LEASED, DeliveryStatus.COMMITTING), or_(not_(living), forgotten))
        .values(
            status=case((marked, DeliveryStatus.UNCERTAIN), else_=DeliveryStatus.QUEUED),
            due_at=case((marked, after_doubt(now)), else_=outbox.c.due_at),
            worker_id=None,
            epoch=None,
        )
        .returning(outbox.c.seq, outbox.c.status)
    )
    doubted = [row.seq for row in reaped if row.status == DeliveryStatus.UNCERTAIN]
    return tuple(
        DeliveryDoubted(
            seq,
            message.recipient or Address(""),
            message.about,
            message.customer_id,
            message.on_doubt,
            closed=False,
        )
        for seq, message in (await by_seq(tx, doubted)).items()
    )


async def ready(tx: AsyncConnection, route_id: int) -> dict[Lane, datetime]:
    """Since or from when each lane of a route has something due; a lane without rows is absent."""
    row = (await tx.execute(_FIRST, {"route": route_id})).one()
    return {lane: due_at for lane, due_at in zip(Lane, row, strict=True) if due_at is not None}


async def claim(
    db: Database, me: Worker, route_id: int, lane: Lane, n: int, now: datetime
) -> Mapping[int, tuple[int, datetime]]:
    """Up to `n` due messages of one route and lane, the longest due first: seq -> (attempts, due_at).

    The worker is leased, not the row: a row held by no living worker and epoch is put back by `reap`, so a
    crash loses nothing. One statement, safe on both databases: PostgreSQL skips locked rows, SQLite has one
    writer.
    """
    values = {"me": me.id, "my_epoch": me.epoch, "route": route_id, "of_lane": int(lane), "now": now}
    (rows,) = await commit(db, [(_CLAIMS, values | {"n": min(n, _CLAIM)})])
    return {
        row.seq: (row.attempts, row.due_at) for row in sorted(rows, key=lambda row: (row.due_at, row.seq))
    }


async def mark(db: Database, me: Worker, seq: int, now: datetime, buckets: Mapping[str, datetime]) -> bool:
    """Whether the dot may be written: the row was still ours, and the mark is durable now.

    This is the fencing check too. The throttle's numbers are stored with it, so that a message which may have
    been accepted has its token on disk.
    """
    unit: list[Step] = [(_MARKS, {"me": me.id, "my_epoch": me.epoch, "one": seq, "now": now})]
    if buckets:
        unit.append((_REMEMBERS, [{"key": key, "due_at": due_at} for key, due_at in buckets.items()]))
    marked, *_ = await commit(db, unit)
    return bool(marked)


async def throttled(tx: AsyncConnection) -> dict[str, datetime]:
    """The throttle's numbers as they were stored last."""
    return {row.key: row.due_at for row in await tx.execute(select(throttle))}


# --- statements -----------------------------------------------------------------------------------


NOBODYS: Mapping[str, Any] = {"worker_id": None, "epoch": None, "marked_at": None}

_I_LIVE = exists().where(worker.c.id == bindparam("me"), worker.c.epoch == bindparam("my_epoch"))

# A row is this message and in this worker's hands: the fencing check of every statement after a claim.
MINE = and_(
    outbox.c.seq == bindparam("one"),
    outbox.c.worker_id == bindparam("me"),
    outbox.c.epoch == bindparam("my_epoch"),
    status_is(DeliveryStatus.LEASED, DeliveryStatus.COMMITTING),
)

_FIRST = select(
    *(
        select(outbox.c.due_at)
        .where(
            status_is(DeliveryStatus.QUEUED),
            outbox.c.route_id == bindparam("route"),
            outbox.c.lane == lane.value,
        )
        .order_by(outbox.c.due_at, outbox.c.seq)
        .limit(1)
        .scalar_subquery()
        .label(lane.name)
        for lane in Lane
    )
)

_DUE = (
    select(outbox.c.seq)
    .where(
        status_is(DeliveryStatus.QUEUED),
        outbox.c.route_id == bindparam("route"),
        outbox.c.lane == bindparam("of_lane"),
        outbox.c.due_at <= bindparam("now"),
    )
    .order_by(outbox.c.due_at, outbox.c.seq)
    .limit(bindparam("n", type_=Integer, literal_execute=True))  # a generic plan would scan the table
    .with_for_update(skip_locked=True)
    .cte("due")
    .prefix_with("MATERIALIZED")
)

_CLAIMS = (
    update(outbox)
    .where(outbox.c.seq.in_(select(_DUE.c.seq)), _I_LIVE)
    .values(
        status=DeliveryStatus.LEASED,
        worker_id=bindparam("me"),
        epoch=bindparam("my_epoch"),
        attempts=outbox.c.attempts + 1,
    )
    .returning(outbox.c.seq, outbox.c.attempts, outbox.c.due_at)
)

_MARKS = (
    update(outbox)
    .where(
        outbox.c.seq == bindparam("one"),
        status_is(DeliveryStatus.LEASED),
        outbox.c.worker_id == bindparam("me"),
        outbox.c.epoch == bindparam("my_epoch"),
        _I_LIVE,
    )
    .values(status=DeliveryStatus.COMMITTING, marked_at=bindparam("now"))
    .returning(outbox.c.seq)
)

_REMEMBERS = upsert(throttle, None, ["key"], lambda new: {"due_at": greatest(throttle.c.due_at, new.due_at)})


def _held_by(me: Worker) -> ColumnElement[bool]:
    return and_(outbox.c.worker_id == me.id, outbox.c.epoch == me.epoch)


def mine(me: Worker, seq: int) -> dict[str, int]:
    """The values of `MINE`."""
    return {"me": me.id, "my_epoch": me.epoch, "one": seq}


def after_doubt(now: datetime) -> ColumnElement[datetime]:
    """When a doubt of this row's lane wants its end."""
    due = {lane.value: literal(now + doubt_wait(lane), outbox.c.due_at.type) for lane in Lane}
    return case(due, value=outbox.c.lane)
