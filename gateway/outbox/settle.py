"""What becomes of a message after its hand-over; guarded, so that only the worker that holds it decides."""

from datetime import datetime

from sqlalchemy import delete, exists, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.db.engine import insert_new
from gateway.db.tables.mail import attempt, outbound_message, outbox
from gateway.kernel.errors import SmtpReply
from gateway.outbox.lease import MINE, NOBODYS, Worker, after_doubt, mine
from gateway.outbox.message import Attempt, DeliveryStatus, Move
from gateway.outbox.row import finish, may

_GONE = delete(outbox).where(MINE).returning(outbox.c.seq)
_ATTEMPT = insert_new(attempt)


async def settle(
    tx: AsyncConnection,
    me: Worker,
    seq: int,
    status: DeliveryStatus,
    *,
    why: str,
    now: datetime,
    tried: Attempt | None = None,
) -> bool:
    """Whether the message was ours to end; if it was, its row is gone and its status final.

    A worker that was given up for dead touches nothing, except that its 250 is evidence: a message whose
    doubt is still open is proved by it.
    """
    gone = (await tx.execute(_GONE, mine(me, seq))).first()
    if gone is None:
        return status is DeliveryStatus.ACCEPTED and await prove(tx, seq, why=why, now=now)
    if tried is not None:
        await _append(tx, tried)
    await finish(tx, [seq], status, why, now, tried.reply if tried else None)
    return True


async def put_back(
    tx: AsyncConnection,
    me: Worker,
    seq: int,
    due_at: datetime,
    *,
    tried: Attempt | None = None,
) -> bool:
    """Whether the message was ours to put back; without a row of its attempt the claim is not counted."""
    back = update(outbox).where(MINE).values(status=DeliveryStatus.QUEUED, due_at=due_at, **NOBODYS)
    if tried is None:
        back = back.values(attempts=outbox.c.attempts - 1)
    if (await tx.execute(back, mine(me, seq))).rowcount != 1:
        return False
    if tried is not None:
        await _append(tx, tried)
    return True


async def doubt(tx: AsyncConnection, me: Worker, seq: int, tried: Attempt, now: datetime) -> bool:
    """Whether the message was ours; it waits as `uncertain` now, and `resolve_doubts` ends that."""
    uncertain = (
        update(outbox)
        .where(MINE, may(Move.DOUBT))
        .values(status=DeliveryStatus.UNCERTAIN, due_at=after_doubt(now), **NOBODYS)
    )
    if (await tx.execute(uncertain, mine(me, seq))).rowcount != 1:
        return False
    await _append(tx, tried)
    return True


async def park(tx: AsyncConnection, me: Worker, seq: int, why: str, *, tried: Attempt | None = None) -> bool:
    """Whether the message was ours; it is held now and waits for the owner's word."""
    parked = update(outbox).where(MINE, may(Move.HOLD)).values(status=DeliveryStatus.HELD, **NOBODYS)
    if (await tx.execute(parked, mine(me, seq))).rowcount != 1:
        return False
    await tx.execute(update(outbound_message).where(outbound_message.c.seq == seq).values(why=why))
    if tried is not None:
        await _append(tx, tried)
    return True


async def prove(tx: AsyncConnection, seq: int, *, why: str, now: datetime) -> bool:
    """Whether the message was in doubt, open or closed; it counts as accepted now."""
    await tx.execute(delete(outbox).where(outbox.c.seq == seq, may(Move.PROVE)))
    still = exists().where(outbox.c.seq == outbound_message.c.seq)
    doubted = outbound_message.c.status.in_([DeliveryStatus.UNCERTAIN, "open"])
    proved = update(outbound_message).where(outbound_message.c.seq == seq, doubted, ~still)
    changed = await tx.execute(proved.values(status=DeliveryStatus.ACCEPTED, why=why, settled_at=now))
    return changed.rowcount == 1


async def _append(tx: AsyncConnection, tried: Attempt) -> None:
    """Write down an attempt, once."""
    reply = tried.reply or SmtpReply(0, "", "")
    row = {
        "seq": tried.seq,
        "number": tried.number,
        "at": tried.at,
        "route_id": tried.route_id,
        "host": tried.host,
        "tls": tried.tls,
        "phase": tried.phase,
        "outcome": tried.outcome,
        "code": reply.code or None,
        "enhanced": reply.enhanced or None,
        "text": (reply.text or tried.text)[:512],
        "took_ms": tried.took_ms,
    }
    await tx.execute(_ATTEMPT, row)
