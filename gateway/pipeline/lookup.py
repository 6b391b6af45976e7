"""What reactions and timers must know, each read in the transaction that applies what they decide.

A reaction that finds its object gone decides nothing; `Gone` says which. (The table in `slices` names who
reads what.)
"""

from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.customers.model import ConsentWithdrawn, Customer
from gateway.customers.store import customer_by_id
from gateway.feedback.decide import FeedbackFacts
from gateway.feedback.model import FeedbackAsked, FeedbackReceived
from gateway.feedback.store import feedback_by_id
from gateway.inventory.model import Product, Stock, StockChanged
from gateway.inventory.store import product_by_id, stock_of
from gateway.kernel.errors import MailFlowError
from gateway.kernel.ids import Id
from gateway.orders.decide import NoticeFacts
from gateway.orders.lifecycle import OPEN
from gateway.orders.model import Order, OrderMoved, OrderPlaced, ShipmentMoved
from gateway.orders.store import order_by_id, orders_of_customer, shipments_of
from gateway.outbox.inspection import message_by_seq
from gateway.outbox.message import (
    DeliveryDoubted,
    DeliveryExpired,
    DeliveryHeld,
    DeliveryRefused,
    OutboundMessage,
)
from gateway.purchasing.decide import PurchaseFacts
from gateway.purchasing.model import PurchaseOrderConfirmed, PurchaseOrderSent
from gateway.purchasing.store import purchase_order_by_id, supplier_by_id
from gateway.waitlist.decide import WaitFacts
from gateway.waitlist.model import WaitlistEntry, WaitlistJoined
from gateway.waitlist.store import entry_by_id, waiting_for

T = TypeVar("T")


class Gone(MailFlowError):
    """An event speaks of something that is not there any more."""


async def nothing(tx: AsyncConnection, event: object) -> None:
    """For reactions that know enough from the event."""


async def order(tx: AsyncConnection, event: OrderPlaced | OrderMoved) -> Order:
    return _there(await order_by_id(tx, event.order_id), event.order_id)


async def notice(tx: AsyncConnection, event: OrderMoved | ShipmentMoved) -> NoticeFacts:
    """The order of an event with its customer and parcels."""
    found = _there(await order_by_id(tx, event.order_id), event.order_id)
    buyer = _there(await customer_by_id(tx, found.customer_id), found.customer_id)
    parcels = await shipments_of(tx, found.id)
    about = next((parcel for parcel in parcels if parcel.id == event.shipment_id), None)
    return NoticeFacts(found, buyer, about or (parcels[-1] if parcels else None), parcels)


async def product_and_stock(tx: AsyncConnection, event: StockChanged) -> tuple[Product, Stock]:
    """The product with its figures as they are by now."""
    product = _there(await product_by_id(tx, event.product_id), event.product_id)
    return product, await stock_of(tx, product.id)


async def waiting(tx: AsyncConnection, event: StockChanged) -> tuple[WaitFacts, ...]:
    """Who waits for the product, the longest waiting first."""
    if not event.came_back:
        return ()
    product = _there(await product_by_id(tx, event.product_id), event.product_id)
    return tuple([await _wait(tx, entry, product) for entry in await waiting_for(tx, product.id)])


async def wait(tx: AsyncConnection, event: WaitlistJoined) -> WaitFacts:
    entry = _there(await entry_by_id(tx, event.entry_id), event.entry_id)
    product = _there(await product_by_id(tx, event.product_id), event.product_id)
    return await _wait(tx, entry, product)


async def purchase(tx: AsyncConnection, event: PurchaseOrderSent | PurchaseOrderConfirmed) -> PurchaseFacts:
    return _there(await purchase_of(tx, event.purchase_order_id), event.purchase_order_id)


async def purchase_of(tx: AsyncConnection, purchase_order_id: Id) -> PurchaseFacts | None:
    found = await purchase_order_by_id(tx, purchase_order_id)
    supplier = await supplier_by_id(tx, found.supplier_id) if found else None
    return PurchaseFacts(found, supplier) if found and supplier else None


async def feedback(tx: AsyncConnection, event: FeedbackAsked | FeedbackReceived) -> FeedbackFacts:
    return _there(await feedback_of(tx, event.feedback_id), event.feedback_id)


async def feedback_of(tx: AsyncConnection, feedback_id: Id) -> FeedbackFacts | None:
    """A request with its order and customer; None if one of them is gone."""
    found = await feedback_by_id(tx, feedback_id)
    about = await order_by_id(tx, found.order_id) if found else None
    customer = await customer_by_id(tx, found.customer_id) if found else None
    return FeedbackFacts(found, about, customer) if found and about and customer else None


async def customer(tx: AsyncConnection, event: ConsentWithdrawn) -> Customer | None:
    return await customer_by_id(tx, event.customer_id) if event.customer_id else None


async def message_and_orders(
    tx: AsyncConnection, event: DeliveryRefused
) -> tuple[OutboundMessage, tuple[Order, ...]]:
    """The message that was refused, and the open orders of the customer whom it was for."""
    found = _there(await message_by_seq(tx, event.seq), f"message {event.seq}")
    return found, await open_orders_of(tx, found)


async def open_orders_of(tx: AsyncConnection, sent: OutboundMessage) -> tuple[Order, ...]:
    """What the customer whom a message was for still waits for."""
    mine = await orders_of_customer(tx, sent.customer_id) if sent.customer_id else ()
    return tuple(order for order in mine if order.status in OPEN)


async def message(
    tx: AsyncConnection, event: DeliveryExpired | DeliveryHeld | DeliveryDoubted
) -> OutboundMessage:
    """The message that an event speaks of."""
    return _there(await message_by_seq(tx, event.seq), f"message {event.seq}")


async def _wait(tx: AsyncConnection, entry: WaitlistEntry, product: Product) -> WaitFacts:
    person = await customer_by_id(tx, entry.customer_id) if entry.customer_id else None
    return WaitFacts(entry, product, person.name if person else "", person.first_name if person else "")


def _there(found: T | None, what: str) -> T:
    if found is None:
        raise Gone(f"{what} is not there any more")
    return found
