"""The outbox's rows as values, and the guards that keep every statement within the table of `DELIVERY`.

A closed doubt is stored as `uncertain` in `outbound_message` and has no row in `outbox`; while its end is
open it has one, and the message is `open`.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, bindparam, delete, literal_column, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.db.engine import among
from gateway.db.tables.mail import outbound_message, outbox
from gateway.kernel.errors import SmtpReply
from gateway.kernel.ids import Id
from gateway.mail.draft import Purpose
from gateway.mail.envelope import Address
from gateway.mail.parsed import BounceClass
from gateway.outbox.message import DELIVERY, DeliveryStatus, Lane, Move, OnDoubt, OutboundMessage

OPEN = "open"
WAITING = (DeliveryStatus.QUEUED, DeliveryStatus.HELD, DeliveryStatus.LEASED)

_MESSAGE = [column for column in outbound_message.c if column.name != "status"]


def status_is(*statuses: str) -> ColumnElement[bool]:
    """Whether an outbox row stands so; written out, for a partial index is not found by a bound value."""
    return or_(*(outbox.c.status == literal_column(f"'{status}'") for status in statuses))


def may(move: Move) -> ColumnElement[bool]:
    """Whether an outbox row may make this move."""
    return status_is(
        *sorted(status for status, possible in DELIVERY.table if possible is move and status in ROWS)
    )


ROWS = frozenset(
    {
        DeliveryStatus.QUEUED,
        DeliveryStatus.HELD,
        DeliveryStatus.LEASED,
        DeliveryStatus.COMMITTING,
        DeliveryStatus.UNCERTAIN,
    }
)


def messages() -> Select[Any]:
    """A select of whole messages, each with its row of the outbox if it still has one."""
    return select(
        *_MESSAGE,
        outbound_message.c.status.label("final"),
        *(column.label(f"row_{column.name}") for column in outbox.c),
    ).select_from(outbound_message.outerjoin(outbox, outbox.c.seq == outbound_message.c.seq))


def message_of(row: Row[Any]) -> OutboundMessage:
    """The value of a row of `messages()`."""
    return OutboundMessage(
        seq=row.seq,
        id=Id(row.id),
        purpose=Purpose(row.purpose),
        lane=Lane(row.lane),
        template=row.template,
        recipient=None if row.recipient is None else Address(row.recipient),
        recipient_key=row.recipient_key,
        status=stands(row.final, row.row_status),
        created_at=row.created_at,
        expires_at=row.expires_at,
        on_doubt=OnDoubt(row.on_doubt),
        about=_id(row.about_id),
        customer_id=_id(row.customer_id),
        source_id=_id(row.source_id),
        cause=_id(row.cause_id),
        once_since=row.once_since,
        subject=row.subject or "",
        size=row.size or 0,
        why=row.why or "",
        settled_at=row.settled_at,
        bounced_at=row.bounced_at,
        bounce=None if row.bounce_class is None else BounceClass(row.bounce_class),
        heard_at=row.heard_at,
        heard=row.heard or "",
        used_at=row.used_at,
    )


def stands(final: str, in_outbox: str | None) -> DeliveryStatus:
    """Where a message stands by its two rows."""
    if in_outbox is not None:
        return DeliveryStatus(in_outbox)
    return DeliveryStatus.CLOSED if final == DeliveryStatus.UNCERTAIN else DeliveryStatus(final)


def stored(status: DeliveryStatus) -> str:
    """The word of a final status in `outbound_message`."""
    return DeliveryStatus.UNCERTAIN if status is DeliveryStatus.CLOSED else status


async def end_waiting(
    tx: AsyncConnection,
    which: ColumnElement[bool],
    move: Move,
    status: DeliveryStatus,
    why: str,
    now: datetime,
) -> tuple[int, ...]:
    """The waiting messages that `which` names, ended by `move`; no dot is written for them any more."""
    chosen = select(outbound_message.c.seq).where(which, outbound_message.c.status == OPEN)
    gone = await tx.execute(delete(outbox).where(may(move), outbox.c.seq.in_(chosen)).returning(outbox.c.seq))
    seqs = tuple(sorted(gone.scalars()))
    await finish(tx, seqs, status, why, now)
    return seqs


async def finish(
    tx: AsyncConnection,
    seqs: Iterable[int],
    status: DeliveryStatus,
    why: str,
    now: datetime,
    reply: SmtpReply | None = None,
) -> None:
    """Write the final status of messages whose outbox rows are gone."""
    seqs = list(seqs)
    if seqs:
        ended = {"ended": seqs, "final": stored(status), "because": why, "now": now}
        said = {"said": reply.code, "said_enhanced": reply.enhanced} if reply else {}
        await tx.execute(_FINISHED_SAYING if reply else _FINISHED, ended | said)


async def by_seq(tx: AsyncConnection, seqs: Sequence[int]) -> dict[int, OutboundMessage]:
    """The messages with these numbers."""
    if not seqs:
        return {}
    rows = await tx.execute(_BY_SEQ, {"seqs": seqs})
    return {row.seq: message_of(row) for row in rows}


# Built once: making these anew for every message would cost more than executing them.
_BY_SEQ = messages().where(among(outbound_message.c.seq, bindparam("seqs")))
_FINISHED = (
    update(outbound_message)
    .where(among(outbound_message.c.seq, bindparam("ended")))
    .values(status=bindparam("final"), why=bindparam("because"), settled_at=bindparam("now"))
)
_FINISHED_SAYING = _FINISHED.values(code=bindparam("said"), enhanced=bindparam("said_enhanced"))


def _id(value: str | None) -> Id | None:
    return None if value is None else Id(value)
