"""What people do to messages that wait (hold, release, retry, withdraw), and what is learned later."""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import ColumnElement, delete, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.db.engine import among
from gateway.db.tables.mail import outbound_message, outbound_octets, outbox
from gateway.kernel.ids import Id
from gateway.mail.parsed import BounceClass
from gateway.outbox import breaker
from gateway.outbox.facts import RELEASED
from gateway.outbox.gate import BREAKER
from gateway.outbox.lease import NOBODYS
from gateway.outbox.message import DeliveryStatus, Lane, Move
from gateway.outbox.retry import expires_at
from gateway.outbox.routes import default_route
from gateway.outbox.row import OPEN, end_waiting, may, status_is


async def hold(tx: AsyncConnection, seqs: Collection[int], why: str) -> tuple[int, ...]:
    """Which of the messages are held now; one whose dot may have been written is none of them."""
    return await _move(tx, seqs, Move.HOLD, DeliveryStatus.HELD, why)


async def release(tx: AsyncConnection, seqs: Collection[int], now: datetime) -> tuple[int, ...]:
    """Which of the messages were held and are due now; the breaker asks about them no more."""
    return await _move(tx, seqs, Move.RELEASE, DeliveryStatus.QUEUED, RELEASED, now)


async def resume_sending(tx: AsyncConnection, now: datetime) -> tuple[int, ...]:
    """Which messages the breaker held, for one address or for all; they are due now, and it counts anew."""
    await breaker.start(tx, now)
    held = await tx.scalars(
        select(outbox.c.seq)
        .join(outbound_message, outbound_message.c.seq == outbox.c.seq)
        .where(status_is(DeliveryStatus.HELD), outbound_message.c.why.startswith(f"{BREAKER}:"))
    )
    return await release(tx, list(held), now)


async def note_news(tx: AsyncConnection, seq: int, heard: str, back_on: date | None, at: datetime) -> bool:
    """Whether there is such a message; what was learned last stands there."""
    noted = update(outbound_message).where(outbound_message.c.seq == seq)
    return (await tx.execute(noted.values(heard_at=at, heard=heard, back_on=back_on))).rowcount == 1


async def retry_now(tx: AsyncConnection, seqs: Collection[int], now: datetime) -> tuple[int, ...]:
    """Which of the messages are due now: waiting ones at once, doubted ones once more."""
    due = update(outbox).where(among(outbox.c.seq, seqs), may(Move.RETRY))
    moved = await tx.execute(
        due.values(status=DeliveryStatus.QUEUED, due_at=now, **NOBODYS).returning(outbox.c.seq)
    )
    return tuple(sorted({*moved.scalars(), *await _reopen(tx, seqs, now)}))


async def withdraw(
    tx: AsyncConnection,
    about: Id | None,
    why: str,
    now: datetime,
    *,
    recipient_key: str | None = None,
    seqs: Collection[int] | None = None,
) -> tuple[int, ...]:
    """Which waiting messages were taken back: those about one object, to one person, or of these numbers."""
    named: list[ColumnElement[bool]] = []
    if about is not None:
        named.append(outbound_message.c.about_id == about)
    if recipient_key is not None:
        named.append(outbound_message.c.recipient_key == recipient_key)
    if seqs is not None:
        named.append(among(outbound_message.c.seq, seqs))
    if not named:
        raise ValueError("withdraw needs an object, a person or numbers; it never takes back everything")
    which = named[0]
    for condition in named[1:]:
        which &= condition
    return await end_waiting(tx, which, Move.WITHDRAW, DeliveryStatus.WITHDRAWN, why, now)


async def note_bounce(tx: AsyncConnection, seq: int, bounce: BounceClass, at: datetime) -> bool:
    """Whether there is such a message; it stays accepted, the bounce is a fact learned later."""
    noted = update(outbound_message).where(outbound_message.c.seq == seq)
    return (await tx.execute(noted.values(bounced_at=at, bounce_class=bounce))).rowcount == 1


async def _move(
    tx: AsyncConnection,
    seqs: Collection[int],
    move: Move,
    status: DeliveryStatus,
    why: str,
    due_at: datetime | None = None,
) -> tuple[int, ...]:
    change = update(outbox).where(among(outbox.c.seq, seqs), may(move)).values(status=status, **NOBODYS)
    if due_at is not None:
        change = change.values(due_at=due_at)
    moved = tuple(sorted((await tx.execute(change.returning(outbox.c.seq))).scalars()))
    await tx.execute(update(outbound_message).where(among(outbound_message.c.seq, moved)).values(why=why))
    return moved


async def _reopen(tx: AsyncConnection, seqs: Collection[int], now: datetime) -> tuple[int, ...]:
    """Closed doubts that are in the outbox again; not those whose words have been dropped since."""
    has_octets = exists().where(outbound_octets.c.seq == outbound_message.c.seq)
    closed = await tx.execute(
        select(outbound_message.c.seq, outbound_message.c.lane).where(
            among(outbound_message.c.seq, seqs),
            outbound_message.c.status == DeliveryStatus.UNCERTAIN,
            has_octets,
        )
    )
    lanes: dict[int, Lane] = {seq: Lane(lane) for seq, lane in closed}
    route = await default_route(tx) if lanes else None
    for seq, lane in lanes.items():
        again = {"status": OPEN, "settled_at": None, "why": None, "expires_at": expires_at(lane, now)}
        await tx.execute(update(outbound_message).where(outbound_message.c.seq == seq).values(again))
        await tx.execute(delete(outbox).where(outbox.c.seq == seq))
        place = {
            "seq": seq,
            "route_id": route.id if route else 0,
            "lane": lane.value,
            "due_at": now,
            "resent": 1,
        }
        await tx.execute(insert(outbox), place)
    return tuple(lanes)
