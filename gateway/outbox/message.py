"""An outbound message, how it may move, and the effects and events that speak of it.

One message has one recipient: one reverse-path, one body, one outcome. The table is the law (relay.md 4):
what is final stays so, except that a doubt may still be proved or retried. A 250 from the next hop is
`accepted`; SMTP never says "delivered".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum, StrEnum
from typing import Any

from gateway.kernel.decision import Effect, Event
from gateway.kernel.errors import SmtpReply
from gateway.kernel.ids import Id
from gateway.kernel.machine import Machine
from gateway.kernel.tokens import TokenKind
from gateway.mail.draft import Draft, Purpose
from gateway.mail.envelope import Address
from gateway.mail.parsed import BounceClass
from gateway.mail.part import Enclosure


class DeliveryStatus(StrEnum):
    """Where a message stands; the first five are rows of the outbox, the others are final."""

    QUEUED = "queued"
    HELD = "held"
    LEASED = "leased"
    COMMITTING = "committing"  # the mark is durable: from here on the dot may have been written
    UNCERTAIN = "uncertain"  # the dot was written, no reply was read; its end is still open
    ACCEPTED = "accepted"
    REFUSED = "refused"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    SUPPRESSED = "suppressed"
    CLOSED = "closed"  # a doubt that stays one: stored and shown as `uncertain`


class Move(StrEnum):
    """What can happen to a message."""

    LEASE = "lease"
    WAIT = "wait"
    DEFER = "defer"
    LOSE = "lose"
    COMMIT = "commit"
    ABORT = "abort"
    ACCEPT = "accept"
    REFUSE = "refuse"
    DOUBT = "doubt"
    RESEND = "resend"
    CLOSE = "close"
    PROVE = "prove"
    RETRY = "retry"
    HOLD = "hold"
    RELEASE = "release"
    WITHDRAW = "withdraw"
    SUPPRESS = "suppress"
    EXPIRE = "expire"


_S, _M = DeliveryStatus, Move

DELIVERY = Machine(
    "delivery",
    initial=_S.QUEUED,
    table={
        (_S.QUEUED, _M.LEASE): _S.LEASED,
        (_S.QUEUED, _M.HOLD): _S.HELD,
        (_S.QUEUED, _M.RETRY): _S.QUEUED,
        (_S.QUEUED, _M.WITHDRAW): _S.WITHDRAWN,
        (_S.QUEUED, _M.SUPPRESS): _S.SUPPRESSED,
        (_S.QUEUED, _M.EXPIRE): _S.EXPIRED,
        (_S.HELD, _M.RELEASE): _S.QUEUED,
        (_S.HELD, _M.WITHDRAW): _S.WITHDRAWN,
        (_S.HELD, _M.SUPPRESS): _S.SUPPRESSED,
        (_S.HELD, _M.EXPIRE): _S.EXPIRED,
        (_S.LEASED, _M.WAIT): _S.QUEUED,
        (_S.LEASED, _M.DEFER): _S.QUEUED,
        (_S.LEASED, _M.LOSE): _S.QUEUED,
        (_S.LEASED, _M.HOLD): _S.HELD,
        (_S.LEASED, _M.COMMIT): _S.COMMITTING,
        (_S.LEASED, _M.REFUSE): _S.REFUSED,
        (_S.LEASED, _M.WITHDRAW): _S.WITHDRAWN,
        (_S.LEASED, _M.SUPPRESS): _S.SUPPRESSED,
        (_S.LEASED, _M.EXPIRE): _S.EXPIRED,
        (_S.COMMITTING, _M.ABORT): _S.QUEUED,
        (_S.COMMITTING, _M.DEFER): _S.QUEUED,
        (_S.COMMITTING, _M.ACCEPT): _S.ACCEPTED,
        (_S.COMMITTING, _M.REFUSE): _S.REFUSED,
        (_S.COMMITTING, _M.DOUBT): _S.UNCERTAIN,
        (_S.UNCERTAIN, _M.RESEND): _S.QUEUED,
        (_S.UNCERTAIN, _M.HOLD): _S.HELD,
        (_S.UNCERTAIN, _M.CLOSE): _S.CLOSED,
        (_S.UNCERTAIN, _M.PROVE): _S.ACCEPTED,
        (_S.UNCERTAIN, _M.RETRY): _S.QUEUED,
        (_S.CLOSED, _M.PROVE): _S.ACCEPTED,
        (_S.CLOSED, _M.RETRY): _S.QUEUED,
    },
)

FINAL = frozenset({_S.ACCEPTED, _S.REFUSED, _S.EXPIRED, _S.WITHDRAWN, _S.SUPPRESSED, _S.CLOSED})


class Lane(IntEnum):
    """Who goes first on a route; the number stands in the database."""

    TRANSACTIONAL = 0
    SERVICE = 1
    BULK = 2


class OnDoubt(StrEnum):
    """What becomes of a message when nobody knows whether it was taken (relay.md 8)."""

    RESEND = "resend"  # once more: an order mail twice is a nuisance, none at all a telephone call
    LIST = "list"  # never again: for an advertisement it is the other way round
    HOLD = "hold"  # the owner decides: gift cards, codes


LANE: Mapping[Purpose, Lane] = {
    Purpose.TRANSACTIONAL: Lane.TRANSACTIONAL,
    Purpose.OWNER: Lane.TRANSACTIONAL,
    Purpose.SERVICE: Lane.SERVICE,
    Purpose.SUPPLIER: Lane.SERVICE,
    Purpose.MARKETING: Lane.BULK,
}

ON_DOUBT: Mapping[Purpose, OnDoubt] = {
    purpose: OnDoubt.LIST if purpose is Purpose.MARKETING else OnDoubt.RESEND for purpose in Purpose
}


class Scope(StrEnum):
    """How far a suppression reaches: advertisements only, or every mail of ours."""

    MARKETING = "marketing"
    ALL = "all"


class SuppressionReason(StrEnum):
    """Why we must not write (relay.md 17)."""

    DEAD_ADDRESS = "dead_address"
    BOUNCES = "bounces"
    COMPLAINT = "complaint"
    UNSUBSCRIBED = "unsubscribed"
    OWNER = "owner"
    ERASED = "erased"


@dataclass(frozen=True, slots=True)
class OutboundMessage:
    """One message to one person; `recipient` is None once the person has been forgotten."""

    seq: int
    id: Id  # prefix "msg", derived from its cause: the same cause enqueues once
    purpose: Purpose
    lane: Lane
    template: str
    recipient: Address | None
    recipient_key: str
    status: DeliveryStatus
    created_at: datetime
    expires_at: datetime
    on_doubt: OnDoubt = OnDoubt.RESEND
    about: Id | None = None  # the order or purchase order that a reply to it will be about
    customer_id: Id | None = None
    source_id: Id | None = None  # campaign or flow; None: a single mail
    cause: Id | None = None  # the stimulus that called for it
    once_since: datetime | None = None  # not if the same words went there later than this
    subject: str = ""
    size: int = 0  # octets, without signature
    why: str = ""
    settled_at: datetime | None = None
    bounced_at: datetime | None = None  # learned later: an accepted message stays accepted
    bounce: BounceClass | None = None
    heard_at: datetime | None = None  # the same for what is no failure: late, away, not let through
    heard: str = ""
    used_at: datetime | None = None  # when the token of its undo or confirm address was used, which is once


@dataclass(frozen=True, slots=True)
class Attempt:
    """One hand-over as it went; never overwritten. A gap in `number` is a try that a crash cut off."""

    seq: int
    number: int
    at: datetime
    route_id: int
    host: str
    tls: bool
    phase: str
    outcome: str
    reply: SmtpReply | None
    took_ms: int
    text: str = ""  # what happened, if there was no reply


# --- effects --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Send(Effect):
    """Say `draft`; applying it makes a row of the outbox in the same transaction."""

    draft: Draft


@dataclass(frozen=True, slots=True)
class Tell(Effect):
    """Say something to the owner, at the registered address and nowhere else."""

    template: str
    context: Mapping[str, Any]
    about: Id | None = None
    enclosures: tuple[Enclosure, ...] = ()
    reply: TokenKind = TokenKind.REPLY  # what an answer to it opens


@dataclass(frozen=True, slots=True)
class NoteBounce(Effect):
    """Remember that an accepted message came back after all."""

    seq: int
    bounce: BounceClass
    diagnostic: str


@dataclass(frozen=True, slots=True)
class UseToken(Effect):
    """Use up the undo or confirm address of a message; it opens nothing a second time."""

    seq: int


@dataclass(frozen=True, slots=True)
class NoteNews(Effect):
    """Remember what else was learned about a message: late, not let through, its reader away."""

    seq: int
    heard: str
    back_on: date | None = None


POINT = 4  # quarters: what a failure costs that is proven


@dataclass(frozen=True, slots=True)
class CountBounce(Effect):
    """Count a failure against an address; `quarters` of a point, `seq` only if a good token named it."""

    address: Address
    seq: int | None
    bounce: BounceClass
    quarters: int


@dataclass(frozen=True, slots=True)
class LiftSuppression(Effect):
    """Write to this address again: it lives, whatever a report said."""

    address: Address


@dataclass(frozen=True, slots=True)
class ResumeSending(Effect):
    """Let go what the breaker holds, and count anew from now on."""


@dataclass(frozen=True, slots=True)
class Withdraw(Effect):
    """Take back what waits about this order, campaign or the like; what has its mark goes on."""

    about: Id
    why: str


@dataclass(frozen=True, slots=True)
class Suppress(Effect):
    """Write to this address no more, as far as `scope` reaches."""

    address: Address
    scope: Scope
    reason: SuppressionReason
    source: Id | None = None


# --- events ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DeliveryAccepted(Event):
    """The next hop has taken the message."""

    seq: int
    recipient: Address
    about: Id | None
    customer_id: Id | None
    reply: SmtpReply | None = None  # None: proved by something that came back later


@dataclass(frozen=True, slots=True)
class DeliveryRefused(Event):
    """The next hop will never take the message; `bounce` says whether the address is to blame."""

    seq: int
    recipient: Address
    bounce: BounceClass
    about: Id | None
    customer_id: Id | None
    reply: SmtpReply | None


@dataclass(frozen=True, slots=True)
class DeliveryExpired(Event):
    """The message waited longer than it was worth; `why` is the last thing it waited for."""

    seq: int
    recipient: Address
    about: Id | None
    customer_id: Id | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class DeliveryDoubted(Event):
    """Nobody knows whether the message was taken. `closed`: nothing more will be tried by itself."""

    seq: int
    recipient: Address
    about: Id | None
    customer_id: Id | None
    on_doubt: OnDoubt
    closed: bool


@dataclass(frozen=True, slots=True)
class DeliveryHeld(Event):
    """The message waits for the owner's word."""

    seq: int
    recipient: Address
    about: Id | None
    customer_id: Id | None
    why: str


@dataclass(frozen=True, slots=True)
class RouteSuspended(Event):
    """A next hop is left alone until `until`; `urgent`: the owner must act, nothing heals by waiting."""

    route: str
    until: datetime
    why: str
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class SendingStopped(Event):
    """The breaker holds all automatic mail until the owner says `resume`."""

    why: str


@dataclass(frozen=True, slots=True)
class SendingResumed(Event):
    """The owner has let automatic mail go again, with what was held."""

    released: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class BouncesPiledUp(Event):
    """So many messages to this address failed that advertising to it makes no sense."""

    address: Address
    why: str


@dataclass(frozen=True, slots=True)
class Suppressed(Event):
    """The address is on the list now, and the messages `withdrawn` that waited for it are gone."""

    address: Address
    scope: Scope
    reason: SuppressionReason
    source: Id | None
    withdrawn: tuple[int, ...] = ()
