"""Failures that do not prove an address dead are counted in points; enough of them end advertising to it.

One point for a failure that a good token or our own dialogue proves, a quarter for a report that anybody may
have written. Quarters of that kind are kept to be shown and never add up to a suppression (intake.md, 11.2).
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import bindparam, distinct, exists, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.db.engine import insert_new
from gateway.db.tables.mail import bounce, outbound_message, suppression
from gateway.kernel.ids import Id
from gateway.outbox.message import POINT, BouncesPiledUp, CountBounce, SuppressionReason

ENOUGH = 5 * POINT
DAYS = 3  # on so many different ones
WITHIN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Points:
    """What is proven against one address of late: quarters of points, and on how many days they came."""

    quarters: int
    days: int

    @property
    def are_enough(self) -> bool:
        return self.quarters >= ENOUGH and self.days >= DAYS


async def count(
    tx: AsyncConnection, effect: CountBounce, key: str, identifier: Id, now: datetime, today: date
) -> tuple[BouncesPiledUp, ...]:
    """What happened when the failure was counted: nothing, or it was one too many.

    A report without proof about somebody to whom we never wrote is not even kept.
    """
    if effect.seq is None and not await tx.scalar(_WRITTEN_TO, {"key": key}):
        return ()
    row = {
        "id": identifier,
        "recipient_key": key,
        "seq": effect.seq,
        "class": effect.bounce,
        "quarters": effect.quarters,
        "at": now,
        "day": today,
    }
    await tx.execute(insert_new(bounce, row))
    found = await points(tx, key, now)
    if effect.seq is None or not found.are_enough:
        return ()
    why = f"{found.quarters // POINT} mails came back on {found.days} days"
    return (BouncesPiledUp(effect.address, why),)


async def points(tx: AsyncConnection, key: str, now: datetime) -> Points:
    """What is proven against the address, since it last showed that it lives."""
    lifted = await tx.scalar(_LIFTED, {"key": key})
    since = max(now - WITHIN, lifted or now - WITHIN)
    row = (await tx.execute(_PROVEN, {"key": key, "since": since})).one()
    return Points(row.quarters or 0, row.days)


_WRITTEN_TO = select(exists().where(outbound_message.c.recipient_key == bindparam("key")))
_PROVEN = select(
    func.sum(bounce.c.quarters).label("quarters"), func.count(distinct(bounce.c.day)).label("days")
).where(
    bounce.c.recipient_key == bindparam("key"), bounce.c.seq.is_not(None), bounce.c.at > bindparam("since")
)
_LIFTED = select(func.max(suppression.c.lifted_at)).where(
    suppression.c.recipient_key == bindparam("key"), suppression.c.reason == SuppressionReason.BOUNCES
)
