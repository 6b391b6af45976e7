"""What the owner can ask about the outbox: what waits, what became of one message, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.db.tables.mail import attempt, outbound_message, outbox
from gateway.kernel.errors import SmtpReply
from gateway.kernel.ids import Id
from gateway.outbox.facts import gate_facts
from gateway.outbox.gate import Answer, may_go
from gateway.outbox.message import Attempt, DeliveryStatus, Lane, OutboundMessage
from gateway.outbox.routes import RouteState, route_state
from gateway.outbox.row import by_seq, message_of, messages, status_is


@dataclass(frozen=True, slots=True)
class Waiting:
    """One message of a listing; `due_at` is None once it is settled."""

    message: OutboundMessage
    due_at: datetime | None
    attempts: int


@dataclass(frozen=True, slots=True)
class Filter:
    """Which messages to list; what is None does not narrow. Without `status`, those that are not settled.

    `settled` lists the settled ones too.
    """

    status: DeliveryStatus | None = None
    lane: Lane | None = None
    about: Id | None = None
    recipient_key: str | None = None
    created_before: datetime | None = None
    settled: bool = False


@dataclass(frozen=True, slots=True)
class Why:
    """Everything that is known about one message."""

    message: OutboundMessage
    due_at: datetime | None
    attempts: int
    resent: int
    route: RouteState | None
    tries: tuple[Attempt, ...]
    gate: Answer | None  # what it would be told now; None once it is settled
    waits_for: str  # one sentence


@dataclass(frozen=True, slots=True)
class Figure:
    """How many messages of a lane stand so, and since when the oldest was due."""

    lane: Lane
    status: DeliveryStatus
    count: int
    oldest: datetime


async def message_by_seq(tx: AsyncConnection, seq: int) -> OutboundMessage | None:
    """The message of this number; None if there is none."""
    return (await by_seq(tx, [seq])).get(seq)


async def listing(tx: AsyncConnection, only: Filter = Filter(), limit: int = 100) -> list[Waiting]:
    """The messages that the filter lets through, oldest first."""
    query = messages().order_by(outbound_message.c.created_at, outbound_message.c.seq).limit(limit)
    if only.settled:
        pass
    elif only.status is None:
        query = query.where(outbox.c.seq.is_not(None))
    elif only.status is DeliveryStatus.CLOSED:
        query = query.where(outbound_message.c.status == "uncertain")
    elif only.status in {"accepted", "refused", "expired", "withdrawn", "suppressed"}:
        query = query.where(outbound_message.c.status == only.status)
    else:
        query = query.where(status_is(only.status))
    for column, wanted in (
        (outbound_message.c.lane, only.lane),
        (outbound_message.c.about_id, only.about),
        (outbound_message.c.recipient_key, only.recipient_key),
    ):
        if wanted is not None:
            query = query.where(column == wanted)
    if only.created_before is not None:
        query = query.where(outbound_message.c.created_at < only.created_before)
    return [
        Waiting(message_of(row), row.row_due_at, row.row_attempts or 0) for row in await tx.execute(query)
    ]


async def figures(tx: AsyncConnection) -> list[Figure]:
    """What is in the outbox, by lane and status."""
    rows = await tx.execute(
        select(
            outbox.c.lane, outbox.c.status, func.count().label("n"), func.min(outbox.c.due_at).label("oldest")
        )
        .group_by(outbox.c.lane, outbox.c.status)
        .order_by(outbox.c.lane, outbox.c.status)
    )
    return [Figure(Lane(row.lane), DeliveryStatus(row.status), row.n, row.oldest) for row in rows]


async def why(tx: AsyncConnection, seq: int, now: datetime) -> Why | None:
    """Everything about one message, and in one sentence what it waits for; None if there is none."""
    row = (await tx.execute(messages().where(outbound_message.c.seq == seq))).first()
    if row is None:
        return None
    message = message_of(row)
    waits = row.row_seq is not None
    facts = await gate_facts(tx, [message], now, {seq: row.row_due_at}) if waits else {}
    answer = may_go(message, facts[seq], now) if waits else None
    route = await route_state(tx, row.row_route_id) if waits else None
    tries = await _tries(tx, seq)
    return Why(
        message=message,
        due_at=row.row_due_at,
        attempts=row.row_attempts or 0,
        resent=row.row_resent or 0,
        route=route,
        tries=tries,
        gate=answer,
        waits_for=_sentence(message, row.row_due_at, answer, route, tries, now),
    )


def _sentence(
    message: OutboundMessage,
    due_at: datetime | None,
    answer: Answer | None,
    route: RouteState | None,
    tries: Sequence[Attempt],
    now: datetime,
) -> str:
    said = f"; last: {tries[-1].reply or tries[-1].text}" if tries else ""
    match message.status:
        case DeliveryStatus.HELD:
            return f"held for the owner: {message.why}"
        case DeliveryStatus.UNCERTAIN:
            return f"nobody knows whether it was taken; decided at {due_at:%Y-%m-%d %H:%M:%S} UTC"
        case DeliveryStatus.LEASED | DeliveryStatus.COMMITTING:
            return "being handed over"
        case DeliveryStatus.QUEUED:
            return _queued(due_at or now, answer, route, now) + said
        case status:
            word = "uncertain" if status is DeliveryStatus.CLOSED else status
            return word + (f": {message.why}" if message.why else "")


def _queued(due_at: datetime, answer: Answer | None, route: RouteState | None, now: datetime) -> str:
    objection = getattr(answer, "why", "")
    if objection:
        return f"the gate says: {objection}"
    if route is not None and route.paused_at is not None:
        return f"the route {route.route.key} is paused: {route.paused_why}"
    if route is not None and route.suspended_until is not None and route.suspended_until > now:
        until = f"{route.suspended_until:%Y-%m-%d %H:%M:%S} UTC"
        return f"the route {route.route.key} is suspended until {until}: {route.suspended_why}"
    return f"due at {due_at:%Y-%m-%d %H:%M:%S} UTC" if due_at > now else "due now"


async def _tries(tx: AsyncConnection, seq: int) -> tuple[Attempt, ...]:
    rows = await tx.execute(select(attempt).where(attempt.c.seq == seq).order_by(attempt.c.number))
    return tuple(_attempt(row) for row in rows)


def _attempt(row: Row[Any]) -> Attempt:
    reply = SmtpReply(row.code, row.enhanced or "", row.text or "") if row.code else None
    return Attempt(
        seq=row.seq,
        number=row.number,
        at=row.at,
        route_id=row.route_id,
        host=row.host or "",
        tls=bool(row.tls),
        phase=row.phase,
        outcome=row.outcome,
        reply=reply,
        took_ms=row.took_ms or 0,
        text="" if reply else row.text or "",
    )
