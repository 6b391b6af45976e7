"""Who waits for what to come back: nouns, effects, events."""

from dataclasses import dataclass
from datetime import datetime

from gateway.kernel.decision import Effect, Event
from gateway.kernel.ids import Id
from gateway.mail.envelope import Address


@dataclass(frozen=True, slots=True)
class WaitlistEntry:
    """One person who waits for one product."""

    id: Id  # prefix "wte"
    product_id: Id
    address: Address
    customer_id: Id | None
    joined_at: datetime
    notified_at: datetime | None


@dataclass(frozen=True, slots=True)
class JoinWaitlist(Effect):
    """Wait for a product; who waits already keeps the place."""

    product_id: Id
    address: Address


@dataclass(frozen=True, slots=True)
class LeaveWaitlist(Effect):
    """Wait no longer, for these products."""

    product_ids: tuple[Id, ...]
    customer_id: Id


@dataclass(frozen=True, slots=True)
class MarkNotified(Effect):
    """This entry has been told; it is told once."""

    entry_id: Id


@dataclass(frozen=True, slots=True)
class WaitlistJoined(Event):
    entry_id: Id
    product_id: Id
    address: Address
