"""A message enters the outbox: in the transaction of its cause, once for each cause."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import Text, bindparam, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.db.engine import insert_new
from gateway.db.tables.mail import outbound_message, outbound_octets, outbox
from gateway.kernel.ids import Id
from gateway.mail.draft import Purpose
from gateway.mail.envelope import Address
from gateway.outbox.message import LANE, ON_DOUBT, Lane, OnDoubt
from gateway.outbox.retry import expires_at
from gateway.outbox.routes import default_route

_COMPOSED = (
    update(outbound_message)
    .where(outbound_message.c.seq == bindparam("this"))
    .values(
        sha256=bindparam("digest"),
        size=bindparam("length"),
        subject=func.coalesce(bindparam("words", type_=Text), outbound_message.c.subject),
    )
)
_NEW, _PLACE, _OCTETS = insert_new(outbound_message), insert(outbox), insert(outbound_octets)


@dataclass(frozen=True, slots=True)
class Enqueued:
    """A message to be sent, before its octets exist; they carry the number that `reserve` returns."""

    id: Id  # prefix "msg", derived: the same cause enqueues once
    purpose: Purpose
    template: str
    recipient: Address
    recipient_key: str  # the keyed hash of its canonical form
    created_at: datetime
    subject: str = ""
    about: Id | None = None
    customer_id: Id | None = None
    source_id: Id | None = None
    cause: Id | None = None  # the stimulus; of a mail: its row in the journal
    once_since: datetime | None = None  # not if the same words went there later than this
    on_doubt: OnDoubt | None = None  # None: as its purpose says
    not_before: datetime | None = None
    expires_in: timedelta | None = None  # None: as its lane says

    @property
    def lane(self) -> Lane:
        return LANE[self.purpose]


@dataclass(frozen=True, slots=True)
class Reserved:
    """The number of a message; not `fresh`: the same cause had enqueued it before."""

    seq: int
    fresh: bool


async def enqueue(tx: AsyncConnection, new: Enqueued, compose: Callable[[int], bytes]) -> int:
    """The number of the message; `compose` makes its octets from it, unless it was there already."""
    reserved = await reserve(tx, new)
    if reserved.fresh:
        await put_octets(tx, reserved.seq, compose(reserved.seq))
    return reserved.seq


async def reserve(tx: AsyncConnection, new: Enqueued, route_id: int | None = None) -> Reserved:
    """A number for the message and its place in the outbox; `put_octets` must follow in this transaction."""
    row = {
        "id": new.id,
        "purpose": new.purpose,
        "lane": new.lane,
        "template": new.template,
        "recipient": new.recipient,
        "recipient_key": new.recipient_key,
        "subject": new.subject,
        "about_id": new.about,
        "customer_id": new.customer_id,
        "source_id": new.source_id,
        "cause_id": new.cause,
        "once_since": new.once_since,
        "on_doubt": new.on_doubt or ON_DOUBT[new.purpose],
        "created_at": new.created_at,
        "expires_at": expires_at(new.lane, new.created_at, new.expires_in),
    }
    made = (await tx.execute(_NEW, row)).first()
    if made is None:
        seq = await tx.scalar(select(outbound_message.c.seq).where(outbound_message.c.id == new.id))
        return Reserved(int(seq or 0), fresh=False)
    place = {
        "seq": made.seq,
        "route_id": route_id or (await default_route(tx)).id,
        "lane": new.lane,
        "due_at": max(new.not_before or new.created_at, new.created_at),
    }
    await tx.execute(_PLACE, place)
    return Reserved(made.seq, fresh=True)


async def put_octets(tx: AsyncConnection, seq: int, octets: bytes, *, subject: str | None = None) -> None:
    """Store the composed octets, without signature, of a reserved message."""
    await tx.execute(_OCTETS, {"seq": seq, "octets": octets})
    composed = {"this": seq, "digest": sha256(octets).hexdigest(), "length": len(octets), "words": subject}
    await tx.execute(_COMPOSED, composed)
