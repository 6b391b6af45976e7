"""Addresses that work once: the undo of a receipt, the confirmation of a question (intake.md, 14)."""

from collections.abc import Sequence

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.db.tables.mail import outbound_message
from gateway.kernel.decision import Cause, Event
from gateway.kernel.errors import Stale
from gateway.outbox.message import UseToken


async def use_token(tx: AsyncConnection, effect: UseToken, cause: Cause) -> Sequence[Event]:
    """Mark the message's token as used; raises Stale if another mail was faster."""
    unused = (outbound_message.c.seq == effect.seq, outbound_message.c.used_at.is_(None))
    used = await tx.execute(update(outbound_message).where(*unused).values(used_at=cause.now))
    if not used.rowcount:
        raise Stale(f"the token of message {effect.seq} was used before")
    return ()
