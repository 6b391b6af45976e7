"""May this message go, now? The last question before a hand-over, asked for every purpose by one function.

Segments filter for size, the gate for right (relay.md 11). An unsubscribe never stops an order mail
(S3-R1.4): only a suppression of scope `all` and the breaker stop what is not marketing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from gateway.mail.draft import Purpose
from gateway.outbox.message import DeliveryStatus, OutboundMessage, Scope

BREAKER = "breaker"  # the word for what it holds, as in the table of holds (intake.md, 7)
STOPPED = f"{BREAKER}: all automatic mail waits"  # how the reason begins while everything is held
BREAKER_WINDOW = timedelta(hours=1)

# How often the same words may go to the same person within the window (intake.md 16). Whoever works by mail
# gets a receipt for every command, so the owner's limit only has to end a loop.
_SAME_WORDS: Mapping[Purpose, int] = dict.fromkeys(Purpose, 3) | {Purpose.OWNER: 60}

ANSWERS = 10  # automatic ones to one address within a day

_STALE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class GateFacts:
    """What was known about one message when it was asked."""

    suppressed: frozenset[Scope] = frozenset()
    consent: bool | None = None  # for mail and marketing; None: never asked
    same_words: int = 0  # earlier messages with this template to this person, within the window
    repeats: bool = False  # this person got the same words later than `once_since`
    answers: int = 0  # automatic answers to this person within a day, if this is one more
    stopped: str = ""  # why all automatic mail is held
    released: bool = False  # the owner has let it go
    due_at: datetime | None = None  # since when it could have gone
    quiet_until: datetime | None = None  # the recipient's quiet hours, where the sender keeps them


@dataclass(frozen=True, slots=True)
class Go:
    """Nothing stands in its way."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Not before `until`."""

    until: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Stop:
    """Not at all, or (held) not without the owner's word."""

    status: Literal[DeliveryStatus.SUPPRESSED, DeliveryStatus.EXPIRED, DeliveryStatus.HELD]
    why: str


Answer = Go | Wait | Stop


def may_go(message: OutboundMessage, facts: GateFacts, now: datetime) -> Answer:
    """Whether the message may be handed over at `now`; the first objection counts."""
    marketing = message.purpose is Purpose.MARKETING
    if message.recipient is None:
        return Stop(DeliveryStatus.SUPPRESSED, "the person has been forgotten")
    if Scope.ALL in facts.suppressed:
        return Stop(DeliveryStatus.SUPPRESSED, "this address must not be written to")
    if marketing and Scope.MARKETING in facts.suppressed:
        return Stop(DeliveryStatus.SUPPRESSED, "no advertisements to this address")
    if marketing and not facts.consent:
        return Stop(DeliveryStatus.SUPPRESSED, "no consent" if facts.consent is None else "consent withdrawn")
    if message.expires_at <= now:
        return Stop(DeliveryStatus.EXPIRED, "its time is over")
    if facts.repeats:
        return Stop(DeliveryStatus.SUPPRESSED, "this person got the same words a short while ago")
    if not facts.released and message.source_id is None and (loops := _loops(message, facts)):
        return Stop(DeliveryStatus.HELD, loops)
    if marketing and not facts.released and facts.due_at is not None and now - facts.due_at > _STALE:
        return Stop(DeliveryStatus.HELD, "it was due more than a day ago")
    if marketing and facts.quiet_until is not None and facts.quiet_until > now:
        return Wait(facts.quiet_until, "quiet hours")
    return Go()


def _loops(message: OutboundMessage, facts: GateFacts) -> str:
    """Why this may be one turn of a loop between programs; "" if it is none (intake.md, 16)."""
    if facts.stopped and message.purpose not in (Purpose.MARKETING, Purpose.OWNER):
        return f"{STOPPED}: {facts.stopped}"
    if facts.same_words >= _SAME_WORDS[message.purpose]:
        return f"{BREAKER}: {message.template} went there {facts.same_words} times within the hour"
    if facts.answers >= ANSWERS:
        return f"{BREAKER}: {facts.answers} automatic answers went there within a day"
    return ""
