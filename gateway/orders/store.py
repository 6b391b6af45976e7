"""Where orders and parcels are kept, and how each effect on them becomes rows.

Moves are guarded: an UPDATE names the status that the decision saw, and touching no row means that the world
has moved on, so the pipe decides again (`Stale`).
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import RowMapping, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.db.engine import among, insert_new
from gateway.db.tables.shop import customer, order_line, orders, shipment, shipment_event, shipment_line
from gateway.kernel.decision import Cause, Event
from gateway.kernel.errors import Stale
from gateway.kernel.ids import Id, derived_id
from gateway.kernel.money import Money
from gateway.orders.decide import OrderStanding
from gateway.orders.lifecycle import ORDER, SHIPMENT
from gateway.orders.model import (
    AdvanceOrder,
    AdvanceShipment,
    DelayOrder,
    Order,
    OrderLine,
    OrderMove,
    OrderMoved,
    OrderPlaced,
    OrderStatus,
    PlaceOrder,
    Shipment,
    ShipmentLine,
    ShipmentMove,
    ShipmentMoved,
    ShipmentStatus,
    ShipOrder,
)
from gateway.orders.tracking import tracking_url

OWN = "mail"  # the source of orders that were written by hand
_NEWEST = (
    20  # orders among which the highest of our own numbers is; derived ids of one moment are not in order
)
OWN_NUMBERS_FROM = 1001  # the first number of an order that came without one


# --- reading ---------------------------------------------------------------------------------------------


async def order_by_id(tx: AsyncConnection, order_id: Id) -> Order | None:
    return await _one_order(tx, orders.c.id == order_id)


async def order_by_number(tx: AsyncConnection, number: str) -> Order | None:
    return await _one_order(tx, orders.c.number == number)


async def orders_by_number(tx: AsyncConnection, numbers: Sequence[str]) -> tuple[Order, ...]:
    return await _orders(tx, among(orders.c.number, numbers)) if numbers else ()


async def order_of_channel(tx: AsyncConnection, source: str, external_id: str) -> Order | None:
    """The order that a sales channel calls `external_id`."""
    return await _one_order(tx, (orders.c.source == source) & (orders.c.external_id == external_id))


async def orders_of_customer(tx: AsyncConnection, customer_id: Id, most: int = 20) -> tuple[Order, ...]:
    """The customer's orders, the newest first."""
    found = await _orders(tx, orders.c.customer_id == customer_id)
    return tuple(sorted(found, key=lambda order: order.placed_at, reverse=True)[:most])


async def shipments_of(tx: AsyncConnection, order_id: Id) -> tuple[Shipment, ...]:
    return await _shipments(tx, shipment.c.order_id == order_id)


async def shipments_by_tracking(tx: AsyncConnection, numbers: Sequence[str]) -> tuple[Shipment, ...]:
    return await _shipments(tx, among(shipment.c.tracking_number, numbers)) if numbers else ()


async def standing_of(tx: AsyncConnection, found: Sequence[Order]) -> tuple[OrderStanding, ...]:
    return tuple([OrderStanding(order, await shipments_of(tx, order.id)) for order in found])


# --- effects ---------------------------------------------------------------------------------------------


async def place(tx: AsyncConnection, effect: PlaceOrder, cause: Cause) -> Sequence[Event]:
    """The order with its lines; one that is there already by (source, external_id) is left as it is."""
    order_id = derived_id("ord", cause.id)
    external_id = effect.external_id or order_id
    if await order_of_channel(tx, effect.source, external_id):
        return ()
    buyer_id = await _buyer(tx, cause.key(effect.email))
    total = effect.total or _sum(effect.lines, effect.currency)
    row = {
        "id": order_id,
        "number": await _free_number(tx, effect.number or await _next_number(tx)),
        "source": effect.source,
        "external_id": external_id,
        "customer_id": buyer_id,
        "status": ORDER.initial,
        "currency": effect.currency,
        "total_minor": total.minor,
        "placed_at": effect.placed_at,
        "placed_on": effect.placed_on,
        "promised_on": effect.promised_on,
    }
    await tx.execute(insert(orders).values(row))
    for line in effect.lines:
        await tx.execute(
            insert(order_line).values(
                order_id=order_id,
                line=line.line,
                product_id=line.product_id,
                sku=line.sku,
                name=line.name,
                quantity=line.quantity,
                price_minor=line.price.minor if line.price else None,
            )
        )
    return (OrderPlaced(order_id, buyer_id, effect.promised_on),)


async def advance(tx: AsyncConnection, effect: AdvanceOrder, cause: Cause) -> Sequence[Event]:
    """One move along the table."""
    after = ORDER.after(effect.seen, effect.move)
    changed = {"cancelled_at": cause.now} if effect.move is OrderMove.CANCEL else {}
    await _guarded(tx, effect.order_id, effect.seen, after, **changed)
    return (OrderMoved(effect.order_id, effect.move, after, reason=effect.reason),)


async def delay(tx: AsyncConnection, effect: DelayOrder, cause: Cause) -> Sequence[Event]:
    """Another promised day, or none that is known."""
    after = ORDER.after(effect.seen, OrderMove.DELAY)
    changed = {"promised_on": effect.promised_on} if effect.promised_on else {}
    await _guarded(tx, effect.order_id, effect.seen, after, **changed)
    moved = OrderMoved(
        effect.order_id,
        OrderMove.DELAY,
        after,
        promised_on=effect.promised_on,
        reason=effect.reason,
    )
    return (moved,)


async def ship(tx: AsyncConnection, effect: ShipOrder, cause: Cause) -> Sequence[Event]:
    """A parcel has left with some or all of what was still open."""
    order = await order_by_id(tx, effect.order_id)
    if order is None:
        raise LookupError(f"no order {effect.order_id}")
    still = await _unshipped(tx, order)
    leaving = _leaving(still, effect.quantities)
    move = OrderMove.SHIP if leaving == still else OrderMove.SHIP_PART
    after = ORDER.after(effect.seen, move)
    changed = {"promised_on": effect.promised_on} if effect.promised_on else {}
    await _guarded(tx, effect.order_id, effect.seen, after, **changed)
    parcel_id = derived_id("shp", cause.id)
    parcel = {
        "id": parcel_id,
        "order_id": order.id,
        "carrier": effect.carrier,
        "tracking_number": effect.tracking_number or parcel_id,
        "status": ShipmentStatus.IN_TRANSIT,
        "promised_on": effect.promised_on,
        "shipped_at": cause.now,
        "last_event_at": cause.now,
    }
    if (await tx.execute(insert_new(shipment, parcel))).first() is None:
        raise Stale(f"parcel {effect.tracking_number} is known already")
    for line, quantity in leaving:
        await tx.execute(insert(shipment_line).values(shipment_id=parcel_id, line=line, quantity=quantity))
    return (OrderMoved(order.id, move, after, parcel_id, effect.promised_on, shipped=leaving),)


async def advance_shipment(tx: AsyncConnection, effect: AdvanceShipment, cause: Cause) -> Sequence[Event]:
    """What the carrier said, as an event of the parcel and its status."""
    after = SHIPMENT.after(effect.seen, effect.move)
    delivered = {"delivered_at": effect.at} if effect.move is ShipmentMove.HAND_OVER else {}
    promised = {"promised_on": effect.promised_on} if effect.promised_on else {}
    moved = await tx.execute(
        update(shipment)
        .where(shipment.c.id == effect.shipment_id, shipment.c.status == effect.seen)
        .values(status=after, last_event_at=effect.at, **delivered, **promised)
        .returning(shipment.c.order_id)
    )
    order_id = moved.scalar_one_or_none()
    if order_id is None:
        raise Stale(f"parcel {effect.shipment_id} is not {effect.seen} any more")
    await tx.execute(
        insert(shipment_event).values(
            id=derived_id("she", cause.id),
            shipment_id=effect.shipment_id,
            at=effect.at,
            what=effect.what,
            place=effect.place,
            journal_id=cause.stimulus_id,
        )
    )
    return (ShipmentMoved(effect.shipment_id, order_id, effect.move, after, effect.what, effect.promised_on),)


# --- inside ----------------------------------------------------------------------------------------------


async def _guarded(
    tx: AsyncConnection, order_id: Id, seen: OrderStatus, after: OrderStatus, **values: Any
) -> None:
    moved = await tx.execute(
        update(orders)
        .where(orders.c.id == order_id, orders.c.status == seen)
        .values(status=after, **values)
        .returning(orders.c.id)
    )
    if moved.first() is None:
        raise Stale(f"order {order_id} is not {seen} any more")


async def _unshipped(tx: AsyncConnection, order: Order) -> tuple[tuple[int, int], ...]:
    """Order line -> units that no parcel has taken yet."""
    taken: dict[int, int] = {}
    for parcel in await shipments_of(tx, order.id):
        for line in parcel.lines:
            taken[line.line] = taken.get(line.line, 0) + line.quantity
    left = ((line.line, line.quantity - taken.get(line.line, 0)) for line in order.lines)
    return tuple((line, units) for line, units in left if units > 0)


def _leaving(
    still: tuple[tuple[int, int], ...], wanted: tuple[tuple[int, int], ...]
) -> tuple[tuple[int, int], ...]:
    """What leaves now: all that is open, or what is wanted of it and no more."""
    if not wanted:
        return still
    most = dict(still)
    leaving = ((line, min(units, most.get(line, 0))) for line, units in wanted)
    return tuple((line, units) for line, units in leaving if units > 0)


async def _buyer(tx: AsyncConnection, email_key: str) -> Id:
    found = await tx.execute(
        select(customer.c.id).where(customer.c.email_key == email_key, customer.c.erased_at.is_(None))
    )
    return found.scalar_one()


async def _next_number(tx: AsyncConnection) -> str:
    """One above the newest of our own numbers."""
    newest = select(orders.c.number).where(orders.c.source == OWN).order_by(orders.c.id.desc()).limit(_NEWEST)
    numbers = [number.partition("-")[0] for number in (await tx.execute(newest)).scalars()]
    highest = max((int(number) for number in numbers if number.isdigit()), default=OWN_NUMBERS_FROM - 1)
    return str(highest + 1)


async def _free_number(tx: AsyncConnection, wanted: str) -> str:
    """The number itself, or with `-2` and so on behind it if another channel has used it."""
    number, turn = wanted, 1
    while await order_by_number(tx, number):
        turn += 1
        number = f"{wanted}-{turn}"
    return number


def _sum(lines: Sequence[OrderLine], currency: str) -> Money:
    return sum((line.price * line.quantity for line in lines if line.price), Money(0, currency))


async def _one_order(tx: AsyncConnection, condition: Any) -> Order | None:
    return next(iter(await _orders(tx, condition)), None)


async def _orders(tx: AsyncConnection, condition: Any) -> tuple[Order, ...]:
    rows = (await tx.execute(select(orders).where(condition).order_by(orders.c.id))).mappings().all()
    if not rows:
        return ()
    lines = (
        (
            await tx.execute(
                select(order_line)
                .where(among(order_line.c.order_id, [row["id"] for row in rows]))
                .order_by(order_line.c.order_id, order_line.c.line)
            )
        )
        .mappings()
        .all()
    )
    return tuple(_order(row, [line for line in lines if line["order_id"] == row["id"]]) for row in rows)


def _order(row: RowMapping, lines: Sequence[RowMapping]) -> Order:
    currency = row["currency"]
    return Order(
        id=row["id"],
        number=row["number"],
        source=row["source"],
        external_id=row["external_id"],
        customer_id=row["customer_id"],
        status=OrderStatus(row["status"]),
        total=Money(row["total_minor"], currency),
        placed_at=row["placed_at"],
        placed_on=row["placed_on"],
        promised_on=row["promised_on"],
        lines=tuple(
            OrderLine(
                line=line["line"],
                sku=line["sku"],
                name=line["name"],
                quantity=line["quantity"],
                price=None if line["price_minor"] is None else Money(line["price_minor"], currency),
                product_id=line["product_id"],
            )
            for line in lines
        ),
    )


async def _shipments(tx: AsyncConnection, condition: Any) -> tuple[Shipment, ...]:
    rows = (await tx.execute(select(shipment).where(condition).order_by(shipment.c.id))).mappings().all()
    if not rows:
        return ()
    lines = (
        (
            await tx.execute(
                select(shipment_line, order_line.c.name, shipment.c.id.label("parcel_id"))
                .join(shipment, shipment.c.id == shipment_line.c.shipment_id)
                .join(
                    order_line,
                    (order_line.c.order_id == shipment.c.order_id)
                    & (order_line.c.line == shipment_line.c.line),
                )
                .where(among(shipment_line.c.shipment_id, [row["id"] for row in rows]))
                .order_by(shipment_line.c.line)
            )
        )
        .mappings()
        .all()
    )
    return tuple(_shipment(row, [line for line in lines if line["parcel_id"] == row["id"]]) for row in rows)


def _shipment(row: RowMapping, lines: Sequence[RowMapping]) -> Shipment:
    number = "" if row["tracking_number"] == row["id"] else row["tracking_number"]
    return Shipment(
        id=row["id"],
        order_id=row["order_id"],
        carrier=row["carrier"],
        tracking_number=number,
        tracking_url=tracking_url(row["carrier"], number) if number else "",
        status=ShipmentStatus(row["status"]),
        promised_on=row["promised_on"],
        shipped_at=row["shipped_at"],
        delivered_at=row["delivered_at"],
        lines=tuple(ShipmentLine(line["line"], line["name"], line["quantity"]) for line in lines),
    )
