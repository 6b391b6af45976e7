"""Addresses that we must not write to: the list, and what happens to mail that already waits for them.

A scope `marketing` never stops an order mail. The transaction that suppresses also takes the person's waiting
messages out of the outbox, so that no dot is written whose mark came later (relay.md 11).
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.db.engine import among, insert_new
from gateway.db.tables.mail import outbound_message, suppression
from gateway.kernel.ids import Id
from gateway.mail.draft import Purpose
from gateway.outbox.message import (
    DeliveryStatus,
    Move,
    Scope,
    Suppress,
    Suppressed,
    SuppressionReason,
)
from gateway.outbox.row import end_waiting


async def suppress(
    tx: AsyncConnection,
    effect: Suppress,
    key: str,
    identifier: Id,
    now: datetime,
    *,
    until: datetime | None = None,
) -> tuple[Suppressed, ...]:
    """What changed: nothing if the address was on the list for this reason and nothing waited for it.

    `key` is the keyed hash of the address in its canonical form, `identifier` (prefix "spr") names the entry.
    """
    await _lift_expired(tx, key, now)
    row = {
        "id": identifier,
        "recipient_key": key,
        "address": effect.address,
        "scope": effect.scope,
        "reason": effect.reason,
        "source_id": effect.source,
        "since": now,
        "until": until,
    }
    added = (await tx.execute(insert_new(suppression, row))).first()
    which = outbound_message.c.recipient_key == key
    if effect.scope is Scope.MARKETING:
        which &= outbound_message.c.purpose == Purpose.MARKETING
    gone = await end_waiting(tx, which, Move.SUPPRESS, DeliveryStatus.SUPPRESSED, effect.reason, now)
    if added is None and not gone:
        return ()
    return (Suppressed(effect.address, effect.scope, effect.reason, effect.source, gone),)


async def lift_suppression(
    tx: AsyncConnection, key: str, *, now: datetime, reasons: Collection[SuppressionReason] = ()
) -> int:
    """How many entries were lifted; proof of life lifts a dead address (`reasons`), not a complaint."""
    lift = update(suppression).where(suppression.c.recipient_key == key, suppression.c.lifted_at.is_(None))
    if reasons:
        lift = lift.where(suppression.c.reason.in_(reasons))
    return (await tx.execute(lift.values(lifted_at=now))).rowcount


async def is_suppressed(tx: AsyncConnection, key: str, *, now: datetime, scope: Scope = Scope.ALL) -> bool:
    """Whether mail that `scope` reaches must not go there; ALL reaches marketing too."""
    found = (await suppressed_scopes(tx, [key], now)).get(key, frozenset())
    return Scope.ALL in found or scope in found


async def suppressed_scopes(
    tx: AsyncConnection, keys: Collection[str], now: datetime
) -> dict[str, frozenset[Scope]]:
    """What each of these people is suppressed for at `now`; absent: nothing."""
    rows = await tx.execute(_IN_FORCE, {"people": list(keys), "now": now})
    found: dict[str, frozenset[Scope]] = {}
    for key, scope in rows:
        found[key] = found.get(key, frozenset()) | {Scope(scope)}
    return found


async def in_force(
    tx: AsyncConnection, key: str, now: datetime
) -> frozenset[tuple[Scope, SuppressionReason]]:
    """How far mail to this person is stopped at `now`, and why."""
    rows = await tx.execute(_REASONS, {"people": [key], "now": now})
    return frozenset((Scope(row.scope), SuppressionReason(row.reason)) for row in rows)


_IN_FORCE = select(suppression.c.recipient_key, suppression.c.scope).where(
    among(suppression.c.recipient_key, bindparam("people")),
    suppression.c.channel == "mail",
    suppression.c.lifted_at.is_(None),
    or_(suppression.c.until.is_(None), suppression.c.until > bindparam("now")),
)
_REASONS = _IN_FORCE.add_columns(suppression.c.reason)


async def _lift_expired(tx: AsyncConnection, key: str, now: datetime) -> None:
    """Close entries whose time is over, so that a new one for the same reason can stand."""
    over = (
        (suppression.c.recipient_key == key)
        & suppression.c.lifted_at.is_(None)
        & (suppression.c.until <= now)
    )
    await tx.execute(update(suppression).where(over).values(lifted_at=suppression.c.until))
