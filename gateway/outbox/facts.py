"""What is known about claimed messages, read for a whole claim at once: octets, and the gate's facts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.db.engine import among
from gateway.db.tables.mail import attempt, outbound_message, outbound_octets
from gateway.db.tables.shop import standing
from gateway.mail.draft import Purpose
from gateway.outbox.gate import BREAKER_WINDOW, GateFacts
from gateway.outbox.message import DeliveryStatus, OutboundMessage
from gateway.outbox.row import by_seq
from gateway.outbox.suppression import suppressed_scopes

RELEASED = "released"  # `why` of a message that the owner has let go: the breaker asks about it no more


@dataclass(frozen=True, slots=True)
class Claimed:
    """One message in hand, with everything that the gate and the hand-over need."""

    message: OutboundMessage
    octets: bytes | None  # None: it was enqueued without, which is a defect of ours
    facts: GateFacts
    attempts: int  # claims so far, this one included
    tried: int  # hand-overs that left a row; far fewer than `attempts` means that it kills its worker
    due_at: datetime


async def in_hand(
    tx: AsyncConnection, claims: Mapping[int, tuple[int, datetime]], now: datetime
) -> list[Claimed]:
    """The claimed messages with their octets and the gate's facts, in the order they were claimed."""
    found = await by_seq(tx, list(claims))
    stored = await tx.execute(
        select(outbound_octets.c.seq, outbound_octets.c.octets).where(among(outbound_octets.c.seq, claims))
    )
    octets: dict[int, bytes] = {row.seq: row.octets for row in stored}
    counted = await tx.execute(
        select(attempt.c.seq, func.count().label("n"))
        .where(among(attempt.c.seq, claims))
        .group_by(attempt.c.seq)
    )
    tried: dict[int, int] = {row.seq: row.n for row in counted}
    due = {seq: due_at for seq, (_, due_at) in claims.items()}
    facts = await gate_facts(tx, list(found.values()), now, due)
    return [
        Claimed(found[seq], octets.get(seq), facts[seq], attempts, tried.get(seq, 0), due_at)
        for seq, (attempts, due_at) in claims.items()
        if seq in found
    ]


async def gate_facts(
    tx: AsyncConnection, of: Sequence[OutboundMessage], now: datetime, due: Mapping[int, datetime]
) -> dict[int, GateFacts]:
    """What the gate wants to know about each message, in three reads for all of them."""
    keys = {message.recipient_key for message in of}
    suppressed = await suppressed_scopes(tx, keys, now)
    consents = await tx.execute(
        select(standing.c.address_key, standing.c.granted, standing.c.expires_at).where(
            among(standing.c.address_key, keys),
            standing.c.channel == "mail",
            standing.c.purpose == Purpose.MARKETING,
        )
    )
    consent = {key: granted and (until is None or until > now) for key, granted, until in consents}
    same = await _same_words(tx, [message.seq for message in of], now - BREAKER_WINDOW)
    return {
        message.seq: GateFacts(
            suppressed=suppressed.get(message.recipient_key, frozenset()),
            consent=consent.get(message.recipient_key),
            same_words=same.get(message.seq, 0),
            released=message.why == RELEASED,
            due_at=due.get(message.seq),
        )
        for message in of
    }


async def _same_words(tx: AsyncConnection, seqs: Sequence[int], since: datetime) -> dict[int, int]:
    """How often each message's template went to its recipient before it, since then."""
    this, earlier = outbound_message.alias("this"), outbound_message.alias("earlier")
    undone = (DeliveryStatus.WITHDRAWN, DeliveryStatus.SUPPRESSED)
    rows = await tx.execute(
        select(this.c.seq, func.count().label("n"))
        .join(
            earlier,
            and_(
                earlier.c.recipient_key == this.c.recipient_key,
                earlier.c.template == this.c.template,
                earlier.c.created_at > since,
                earlier.c.seq < this.c.seq,
                earlier.c.status.not_in(undone),
            ),
        )
        .where(among(this.c.seq, seqs))
        .group_by(this.c.seq)
    )
    return {row.seq: row.n for row in rows}
