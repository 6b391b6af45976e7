"""What time does to the outbox: messages outlive their worth, and doubts come to their end."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.db.engine import among
from gateway.db.tables.mail import outbound_message, outbox
from gateway.mail.envelope import Address
from gateway.outbox.message import (
    DeliveryDoubted,
    DeliveryExpired,
    DeliveryHeld,
    DeliveryStatus,
    Move,
    OnDoubt,
    OutboundMessage,
)
from gateway.outbox.row import by_seq, finish, may, status_is

_SWEEP = 500  # rows of one step, so that other writers wait no longer


async def expire(tx: AsyncConnection, now: datetime) -> tuple[DeliveryExpired, ...]:
    """What has outlived its worth, in chunks; asks only `expires_at`, never how often it was tried.

    What is committing is left to its worker.
    """
    late = await tx.scalars(
        select(outbound_message.c.seq)
        .join(outbox, outbox.c.seq == outbound_message.c.seq)
        .where(outbound_message.c.status == literal_column("'open'"), outbound_message.c.expires_at <= now)
        .where(may(Move.EXPIRE))
        .order_by(outbound_message.c.expires_at)
        .limit(_SWEEP)
    )
    found = await by_seq(tx, list(late))
    gone = await tx.scalars(
        delete(outbox).where(among(outbox.c.seq, found), may(Move.EXPIRE)).returning(outbox.c.seq)
    )
    ended = sorted(gone)
    await finish(tx, ended, DeliveryStatus.EXPIRED, "its time was over", now)
    return tuple(_expired(found[seq]) for seq in ended)


def _expired(message: OutboundMessage) -> DeliveryExpired:
    recipient = message.recipient or Address("")
    return DeliveryExpired(message.seq, recipient, message.about, message.customer_id, message.why)


async def next_doubt(tx: AsyncConnection) -> datetime | None:
    """When the next open doubt wants its end; None: there is none."""
    return await tx.scalar(select(func.min(outbox.c.due_at)).where(status_is(DeliveryStatus.UNCERTAIN)))


async def resolve_doubts(
    tx: AsyncConnection, now: datetime, resends: int
) -> tuple[DeliveryDoubted | DeliveryHeld, ...]:
    """What became of the doubts whose wait is over: once more, held for the owner, or closed and listed."""
    due = await tx.execute(
        select(outbox.c.seq, outbox.c.resent)
        .where(status_is(DeliveryStatus.UNCERTAIN), outbox.c.due_at <= now)
        .order_by(outbox.c.due_at)
        .limit(_SWEEP)
    )
    resent: dict[int, int] = {row.seq: row.resent for row in due}
    events: list[DeliveryDoubted | DeliveryHeld] = []
    for seq, message in (await by_seq(tx, list(resent))).items():
        events.extend(await _resolve(tx, message, resent[seq] < resends, now))
    return tuple(events)


async def _resolve(
    tx: AsyncConnection, message: OutboundMessage, may_resend: bool, now: datetime
) -> Sequence[DeliveryDoubted | DeliveryHeld]:
    seq, about, customer_id = message.seq, message.about, message.customer_id
    recipient = message.recipient or Address("")
    if message.on_doubt is OnDoubt.HOLD:
        why = "nobody knows whether it was taken"
        await tx.execute(update(outbox).where(outbox.c.seq == seq).values(status=DeliveryStatus.HELD))
        await tx.execute(update(outbound_message).where(outbound_message.c.seq == seq).values(why=why))
        return [DeliveryHeld(seq, recipient, about, customer_id, why)]
    if message.on_doubt is OnDoubt.RESEND and may_resend and message.expires_at > now:
        again = update(outbox).where(outbox.c.seq == seq)
        await tx.execute(again.values(status=DeliveryStatus.QUEUED, due_at=now, resent=outbox.c.resent + 1))
        return []
    await tx.execute(delete(outbox).where(outbox.c.seq == seq))
    await finish(tx, [seq], DeliveryStatus.CLOSED, "no reply to the dot", now)
    return [DeliveryDoubted(seq, recipient, about, customer_id, message.on_doubt, closed=True)]
