"""Everything the shop knows about one customer, for the person who asks at the keyboard."""

from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.customers.history import Allowed, Contact, allowed, contacts
from gateway.customers.model import Customer
from gateway.customers.store import customer_by_key
from gateway.orders.model import Order
from gateway.orders.store import orders_of_customer


@dataclass(frozen=True, slots=True)
class Profile:
    customer: Customer
    orders: tuple[Order, ...]
    contacts: tuple[Contact, ...]
    allowed: tuple[Allowed, ...]


async def profile(tx: AsyncConnection, address_key: str) -> Profile | None:
    """The customer with this keyed hash of an address; None if nobody has it."""
    customer = await customer_by_key(tx, address_key)
    if customer is None:
        return None
    return Profile(
        customer,
        await orders_of_customer(tx, customer.id, most=1000),
        await contacts(tx, customer.id, address_key),
        await allowed(tx, address_key),
    )
