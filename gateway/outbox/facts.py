"""What is known about claimed messages, read for a whole claim at once: octets, and the gate's facts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import bindparam, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.db.engine import among
from gateway.db.tables.mail import attempt, outbound_message, outbound_octets
from gateway.db.tables.shop import standing
from gateway.mail.draft import Purpose
from gateway.outbox.allowance import NEVER_SAID, answers_before
from gateway.outbox.breaker import sending
from gateway.outbox.gate import BREAKER_WINDOW, GateFacts
from gateway.outbox.message import OutboundMessage
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
    words = {row.seq: row for row in await tx.execute(_WORDS, {"seqs": list(claims)})}
    due = {seq: due_at for seq, (_, due_at) in claims.items()}
    facts = await gate_facts(tx, list(found.values()), now, due)
    return [
        Claimed(
            message=found[seq],
            octets=words[seq].octets if seq in words else None,
            facts=facts[seq],
            attempts=attempts,
            tried=words[seq].tried if seq in words else 0,
            due_at=due_at,
        )
        for seq, (attempts, due_at) in claims.items()
    ]


async def gate_facts(
    tx: AsyncConnection, of: Sequence[OutboundMessage], now: datetime, due: Mapping[int, datetime]
) -> dict[int, GateFacts]:
    """What the gate wants to know about each message, in a few reads for all of them."""
    suppressed = await suppressed_scopes(tx, {message.recipient_key for message in of}, now)
    people = [message.recipient_key for message in of if message.purpose is Purpose.MARKETING]
    standings = await tx.execute(_STANDING, {"people": people}) if people else ()
    consent = {row.address_key: row.granted and (row.expires_at or _NEVER) > now for row in standings}
    asked = {"seqs": [message.seq for message in of], "since": now - BREAKER_WINDOW}
    same = {row.seq: row.n for row in await tx.execute(_SAME_WORDS, asked)}
    once = [message.seq for message in of if message.once_since is not None]
    repeats = set(await tx.scalars(_REPEATS, {"seqs": once})) if once else set[int]()
    caused = [message.seq for message in of if message.cause is not None]
    answers = await answers_before(tx, caused, now) if caused else {}
    stopped = (await sending(tx)).stopped
    return {
        message.seq: GateFacts(
            suppressed=suppressed.get(message.recipient_key, frozenset()),
            consent=consent.get(message.recipient_key),
            same_words=same.get(message.seq, 0),
            repeats=message.seq in repeats,
            answers=answers.get(message.seq, 0),
            stopped=stopped,
            released=message.why == RELEASED,
            due_at=due.get(message.seq),
        )
        for message in of
    }


_NEVER = datetime.max.replace(tzinfo=UTC)

_WORDS = select(
    outbound_octets.c.seq,
    outbound_octets.c.octets,
    select(func.count()).where(attempt.c.seq == outbound_octets.c.seq).scalar_subquery().label("tried"),
).where(among(outbound_octets.c.seq, bindparam("seqs")))

_STANDING = select(standing.c.address_key, standing.c.granted, standing.c.expires_at).where(
    among(standing.c.address_key, bindparam("people")),
    standing.c.channel == "mail",
    standing.c.purpose == Purpose.MARKETING,
)

_this, _earlier = outbound_message.alias("this"), outbound_message.alias("earlier")
_SAME = (
    _earlier.c.recipient_key == _this.c.recipient_key,
    _earlier.c.template == _this.c.template,
    _earlier.c.seq < _this.c.seq,
)
_SAME_WORDS = select(
    _this.c.seq,
    select(func.count())
    .where(*_SAME, _earlier.c.created_at > bindparam("since"), _earlier.c.status.not_in(NEVER_SAID))
    .scalar_subquery()
    .label("n"),
).where(among(_this.c.seq, bindparam("seqs")))
_about = func.coalesce(_this.c.about_id, "")
_REPEATS = select(_this.c.seq).where(
    among(_this.c.seq, bindparam("seqs")),
    exists().where(
        *_SAME,
        or_(
            _about < "ord",  # an order or not, as `allowance.order_of` has it
            _about >= "ore",
            _earlier.c.about_id == _this.c.about_id,
        ),
        _earlier.c.created_at > _this.c.once_since,
        _earlier.c.status.in_(("open", "accepted", "uncertain")),
    ),
)
