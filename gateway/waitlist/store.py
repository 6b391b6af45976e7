"""Where the waitlist is kept: one open row per product and address."""

from collections.abc import Sequence

from sqlalchemy import RowMapping, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.db.engine import among, insert_new
from gateway.db.tables.shop import customer, waitlist_entry
from gateway.kernel.decision import Cause, Event
from gateway.kernel.ids import Id, derived_id
from gateway.waitlist.model import JoinWaitlist, LeaveWaitlist, MarkNotified, WaitlistEntry, WaitlistJoined

_OPEN = waitlist_entry.c.notified_at.is_(None) & waitlist_entry.c.left_at.is_(None)


async def waiting_for(tx: AsyncConnection, product_id: Id) -> tuple[WaitlistEntry, ...]:
    """Who waits for this product, the longest waiting first."""
    found = await tx.execute(
        select(waitlist_entry)
        .where(waitlist_entry.c.product_id == product_id, waitlist_entry.c.address.is_not(None), _OPEN)
        .order_by(waitlist_entry.c.joined_at, waitlist_entry.c.id)
    )
    return tuple(_entry(row) for row in found.mappings())


async def entry_by_id(tx: AsyncConnection, entry_id: Id) -> WaitlistEntry | None:
    found = await tx.execute(select(waitlist_entry).where(waitlist_entry.c.id == entry_id))
    row = found.mappings().first()
    return _entry(row) if row else None


async def join(tx: AsyncConnection, effect: JoinWaitlist, cause: Cause) -> Sequence[Event]:
    """A place in the line; who waits already keeps it."""
    key = cause.key(effect.address)
    person = await tx.execute(
        select(customer.c.id).where(customer.c.email_key == key, customer.c.erased_at.is_(None))
    )
    entry_id = derived_id("wte", cause.id)
    row = {
        "id": entry_id,
        "product_id": effect.product_id,
        "address_key": key,
        "address": effect.address,
        "customer_id": person.scalar_one_or_none(),
        "joined_at": cause.now,
    }
    made = (await tx.execute(insert_new(waitlist_entry, row))).first()
    return (WaitlistJoined(entry_id, effect.product_id, effect.address),) if made else ()


async def leave(tx: AsyncConnection, effect: LeaveWaitlist, cause: Cause) -> Sequence[Event]:
    """The customer waits no longer for these products."""
    await tx.execute(
        update(waitlist_entry)
        .where(
            among(waitlist_entry.c.product_id, effect.product_ids),
            waitlist_entry.c.customer_id == effect.customer_id,
            _OPEN,
        )
        .values(left_at=cause.now)
    )
    return ()


async def mark_notified(tx: AsyncConnection, effect: MarkNotified, cause: Cause) -> Sequence[Event]:
    await tx.execute(
        update(waitlist_entry)
        .where(waitlist_entry.c.id == effect.entry_id, waitlist_entry.c.notified_at.is_(None))
        .values(notified_at=cause.now)
    )
    return ()


def _entry(row: RowMapping) -> WaitlistEntry:
    return WaitlistEntry(
        id=row["id"],
        product_id=row["product_id"],
        address=row["address"],
        customer_id=row["customer_id"],
        joined_at=row["joined_at"],
        notified_at=row["notified_at"],
    )
