"""What was said between a customer and the shop, in the order it was said."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.db.tables.mail import journal, outbound_message
from gateway.db.tables.shop import consent
from gateway.kernel.ids import Id, spoken


@dataclass(frozen=True, slots=True)
class Contact:
    """One mail, either way: `number` is what people call it, `became` what became of it."""

    at: datetime
    incoming: bool
    number: str
    subject: str
    became: str


@dataclass(frozen=True, slots=True)
class Allowed:
    """One consent or its withdrawal, with where it was said."""

    at: datetime
    purpose: str
    granted: bool
    source: str


async def contacts(tx: AsyncConnection, customer_id: Id, author_key: str) -> tuple[Contact, ...]:
    """Every mail from and to this customer, the oldest first."""
    came = await tx.execute(
        select(journal.c.received_at, journal.c.seq, journal.c.subject, journal.c.state).where(
            journal.c.author_key == author_key
        )
    )
    went = await tx.execute(
        select(
            outbound_message.c.created_at,
            outbound_message.c.seq,
            outbound_message.c.subject,
            outbound_message.c.status,
        ).where(outbound_message.c.customer_id == customer_id)
    )
    said = [Contact(at, True, spoken("J", seq), subject or "", state) for at, seq, subject, state in came]
    said += [Contact(at, False, spoken("M", seq), subject or "", status) for at, seq, subject, status in went]
    return tuple(sorted(said, key=lambda contact: (contact.at, not contact.incoming)))


async def allowed(tx: AsyncConnection, address_key: str) -> tuple[Allowed, ...]:
    """Everything this address ever allowed or forbade, the oldest first."""
    rows = await tx.execute(
        select(consent.c.at, consent.c.purpose, consent.c.granted, consent.c.source)
        .where(consent.c.address_key == address_key)
        .order_by(consent.c.at, consent.c.id)
    )
    return tuple(Allowed(at, purpose, granted, source) for at, purpose, granted, source in rows)
