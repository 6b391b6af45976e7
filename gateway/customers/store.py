"""Where people are kept: customer, consent and standing."""

from collections.abc import Sequence

from sqlalchemy import RowMapping, bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.customers.model import (
    ConsentWithdrawn,
    Customer,
    CustomerRegistered,
    GrantConsent,
    RegisterCustomer,
    WithdrawConsent,
)
from gateway.db.engine import insert_new, upsert
from gateway.db.tables.shop import consent, customer, standing
from gateway.kernel.decision import Cause, Event
from gateway.kernel.ids import Id, derived_id
from gateway.mail.draft import Purpose
from gateway.mail.envelope import Address


async def customer_by_key(tx: AsyncConnection, email_key: str) -> Customer | None:
    """The customer with this keyed hash of an address, unless erased."""
    row = (await tx.execute(_BY_KEY, {"key": email_key})).mappings().first()
    return _customer(row) if row else None


_BY_KEY = select(customer).where(customer.c.email_key == bindparam("key"), customer.c.erased_at.is_(None))


async def customer_by_id(tx: AsyncConnection, customer_id: Id) -> Customer | None:
    """The customer, unless erased."""
    found = await tx.execute(
        select(customer).where(customer.c.id == customer_id, customer.c.erased_at.is_(None))
    )
    row = found.mappings().first()
    return _customer(row) if row else None


async def register(tx: AsyncConnection, effect: RegisterCustomer, cause: Cause) -> Sequence[Event]:
    """Know this person; a name that was missing is filled in."""
    first_name, key = _first_name(effect.name), cause.key(effect.email)
    row = {
        "id": derived_id("cus", cause.id),
        "email": effect.email,
        "email_key": key,
        "name": effect.name,
        "first_name": first_name,
        "language": "",
        "registered_at": cause.now,
        "source": effect.source,
    }
    made = (await tx.execute(insert_new(customer, row))).mappings().first()
    if made:
        return (CustomerRegistered(made["id"], effect.email, effect.source),)
    if effect.name:
        await tx.execute(
            update(customer)
            .where(
                customer.c.email_key == key,
                customer.c.erased_at.is_(None),
                customer.c.name == "",
            )
            .values(name=effect.name, first_name=first_name)
        )
    return ()


async def grant(tx: AsyncConnection, effect: GrantConsent, cause: Cause) -> Sequence[Event]:
    """The consent as evidence, and as the standing that the gate reads."""
    await _state(
        tx, effect.address, effect.purpose, cause, granted=True, basis=effect.basis, source=effect.source
    )
    return ()


async def withdraw(tx: AsyncConnection, effect: WithdrawConsent, cause: Cause) -> Sequence[Event]:
    """The withdrawal as evidence; said anew each time, told once while it stands."""
    key = cause.key(effect.address)
    known = await tx.execute(
        select(standing.c.granted).where(
            standing.c.address_key == key, standing.c.channel == "mail", standing.c.purpose == effect.purpose
        )
    )
    already = known.scalar_one_or_none() is False
    person = await _state(
        tx,
        effect.address,
        effect.purpose,
        cause,
        granted=False,
        source=effect.source,
        evidence=effect.evidence,
    )
    return () if already else (ConsentWithdrawn(effect.address, effect.purpose, person, effect.source),)


async def _state(
    tx: AsyncConnection,
    address: Address,
    purpose: Purpose,
    cause: Cause,
    *,
    granted: bool,
    source: str,
    basis: str | None = None,
    evidence: Id | None = None,
) -> Id | None:
    """Write what stands from now on; the id of the customer, if there is one."""
    key = cause.key(address)
    person = await customer_by_key(tx, key)
    consent_id = derived_id("con", cause.id)
    await tx.execute(
        insert(consent).values(
            id=consent_id,
            address_key=key,
            customer_id=person.id if person else None,
            channel="mail",
            purpose=purpose,
            granted=granted,
            basis=basis,
            source=source,
            evidence_id=evidence or cause.stimulus_id,
            at=cause.now,
        )
    )
    row = {
        "address_key": key,
        "channel": "mail",
        "purpose": purpose,
        "granted": granted,
        "since": cause.now,
        "expires_at": None,
        "consent_id": consent_id,
    }
    keys = ("address_key", "channel", "purpose")
    await tx.execute(upsert(standing, row, keys, ("granted", "since", "expires_at", "consent_id")))
    return person.id if person else None


def _first_name(name: str) -> str:
    """The word to greet with; empty for what looks like a firm or "Last, First"."""
    words = name.split()
    return words[0] if len(words) > 1 and words[0].isalpha() and not words[0].isupper() else ""


def _customer(row: RowMapping) -> Customer:
    return Customer(
        id=row["id"],
        email=row["email"],
        name=row["name"] or "",
        first_name=row["first_name"] or "",
        language=row["language"] or "",
        registered_at=row["registered_at"],
        source=row["source"] or "",
    )
