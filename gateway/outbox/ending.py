"""What is written when a message comes back from the gate or from its hand-over, and what that lets happen.

Everything here runs in one transaction: the message's end, its attempt, its route's state, and the events
that the rest of the program hears.
"""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.kernel.decision import Event
from gateway.kernel.ids import Id
from gateway.mail.envelope import Address
from gateway.mail.parsed import BounceClass
from gateway.outbox.flight import Flight
from gateway.outbox.gate import Stop, Wait
from gateway.outbox.lease import Worker
from gateway.outbox.message import (
    Attempt,
    DeliveryAccepted,
    DeliveryDoubted,
    DeliveryExpired,
    DeliveryHeld,
    DeliveryRefused,
    DeliveryStatus,
    OutboundMessage,
    RouteSuspended,
)
from gateway.outbox.retry import Action, Finding, again_at, is_urgent, suspended_until
from gateway.outbox.routes import note_ok, note_trouble, route_state
from gateway.outbox.settle import doubt, park, put_back, settle

_OK_EVERY = timedelta(minutes=1)  # how often the row of a healthy route is written


async def stop(
    tx: AsyncConnection, me: Worker, message: OutboundMessage, objection: Wait | Stop, now: datetime
) -> Sequence[Event]:
    """What happened to a claimed message that the gate did not let through."""
    if isinstance(objection, Wait):
        await put_back(tx, me, message.seq, objection.until)
        return ()
    if objection.status is DeliveryStatus.HELD:
        held = await park(tx, me, message.seq, objection.why)
        return (DeliveryHeld(*_whose(message), objection.why),) if held else ()
    ended = await settle(tx, me, message.seq, objection.status, why=objection.why, now=now)
    if ended and objection.status is DeliveryStatus.EXPIRED:
        return (DeliveryExpired(*_whose(message), message.why),)
    return ()


async def end(
    tx: AsyncConnection,
    flight: Flight,
    finding: Finding,
    tried: Attempt,
    now: datetime,
    rng: random.Random,
) -> Sequence[Event]:
    """What happened to a message that was handed over, and to its route."""
    events = await _end_message(tx, flight, finding, tried, now, rng)
    if finding.action is Action.ACCEPT:
        await _well(tx, flight.route.id, now)
        return events
    return (*events, *await _ill(tx, flight.route.id, finding, now))


async def _end_message(
    tx: AsyncConnection,
    flight: Flight,
    finding: Finding,
    tried: Attempt,
    now: datetime,
    rng: random.Random,
) -> Sequence[Event]:
    message, me, why = flight.claimed.message, flight.me, finding.why
    match finding.action:
        case Action.ACCEPT:
            status, event = DeliveryStatus.ACCEPTED, DeliveryAccepted(*_whose(message), tried.reply)
        case Action.REFUSE:
            bounce = finding.bounce or BounceClass.UNKNOWN
            status, event = DeliveryStatus.REFUSED, _refused(message, bounce, tried)
        case Action.DOUBT:
            doubted = await doubt(tx, me, message.seq, tried, now)
            event = DeliveryDoubted(*_whose(message), message.on_doubt, closed=False)
            return (event,) if doubted else ()
        case Action.HOLD:
            held = await park(tx, me, message.seq, why, tried=tried)
            return (DeliveryHeld(*_whose(message), why),) if held else ()
        case Action.NOTHING:
            return ()
        case Action.RESUME:
            await put_back(tx, me, message.seq, flight.claimed.due_at)
            return ()
        case Action.DEFER | Action.LOSE | Action.STUMBLE:
            due_at = again_at(finding, message.lane, tried.number, now, rng)
            if due_at is not None:
                await put_back(tx, me, message.seq, min(due_at, message.expires_at), tried=tried)
                return ()
            # Deferred, and expired in the same moment: no wait of its lane is left.
            status, event = DeliveryStatus.EXPIRED, DeliveryExpired(*_whose(message), why)
    ended = await settle(tx, me, message.seq, status, why=why, now=now, tried=tried)
    return (event,) if ended else ()


async def _well(tx: AsyncConnection, route_id: int, now: datetime) -> None:
    """A message was accepted, so whatever ailed the route is over."""
    state = await route_state(tx, route_id)
    if state and (state.failures or state.last_ok_at is None or now - state.last_ok_at >= _OK_EVERY):
        await note_ok(tx, route_id, now)


async def _ill(tx: AsyncConnection, route_id: int, finding: Finding, now: datetime) -> Sequence[Event]:
    """One more trouble of the route; those of one moment, over several connections, count once."""
    state = await route_state(tx, route_id)
    if finding.trouble is None or state is None or (state.suspended_until or now) > now:
        return ()
    failures = state.failures + 1
    until = suspended_until(finding.trouble, failures, now)
    noted = await note_trouble(tx, route_id, failures, until, finding.why, now)
    if until is None or not noted:
        return ()
    return (RouteSuspended(state.route.key, until, finding.why, is_urgent(finding.trouble)),)


def _refused(message: OutboundMessage, bounce: BounceClass, tried: Attempt) -> DeliveryRefused:
    seq, recipient, about, customer_id = _whose(message)
    return DeliveryRefused(seq, recipient, bounce, about, customer_id, tried.reply)


def _whose(message: OutboundMessage) -> tuple[int, Address, Id | None, Id | None]:
    return message.seq, message.recipient or Address(""), message.about, message.customer_id
