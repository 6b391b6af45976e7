"""Who buys from us, and what they allowed us: nouns, effects, events."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.kernel.decision import Effect, Event
from gateway.kernel.ids import Id
from gateway.mail.draft import Purpose
from gateway.mail.envelope import Address

COMPLAINT = "complaint"  # a source of withdrawals that gets no answer


@dataclass(frozen=True, slots=True)
class Customer:
    """One person who has written to us or bought from us."""

    id: Id  # prefix "cus"
    email: Address
    name: str
    first_name: str  # may be empty: templates greet "there"
    language: str
    registered_at: datetime
    source: str


class Basis(StrEnum):
    """On what ground a consent stands."""

    EXPRESS = "express"
    SOFT_OPTIN = "soft_optin"
    BOUGHT = "bought"
    IMPORTED = "imported"


@dataclass(frozen=True, slots=True)
class RegisterCustomer(Effect):
    """Know this person from now on; fills in a name that was missing, changes nothing else."""

    email: Address
    name: str
    source: str


@dataclass(frozen=True, slots=True)
class GrantConsent(Effect):
    """Record that this address allowed a purpose."""

    address: Address
    purpose: Purpose
    basis: Basis
    source: str


@dataclass(frozen=True, slots=True)
class WithdrawConsent(Effect):
    """Record that this address forbade a purpose; evidence is the journal row."""

    address: Address
    purpose: Purpose
    source: str
    evidence: Id | None = None


@dataclass(frozen=True, slots=True)
class CustomerRegistered(Event):
    customer_id: Id
    email: Address
    source: str


@dataclass(frozen=True, slots=True)
class ConsentWithdrawn(Event):
    address: Address
    purpose: Purpose
    customer_id: Id | None
    source: str = ""  # as the effect said
