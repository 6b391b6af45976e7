"""Where suppliers and purchase orders are kept, and how each effect on them becomes rows."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import RowMapping, bindparam, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.db.engine import upsert
from gateway.db.tables.shop import (
    product,
    purchase_order,
    purchase_order_line,
    supplier,
    supplier_address,
)
from gateway.kernel.decision import Cause, Event
from gateway.kernel.errors import Stale
from gateway.kernel.ids import Id, derived_id
from gateway.kernel.money import Money
from gateway.purchasing.lifecycle import PURCHASE_ORDER
from gateway.purchasing.model import (
    ConfirmPurchaseOrder,
    GoodsReceived,
    KeepSupplier,
    MarkReminded,
    OrderFromSupplier,
    PurchaseOrder,
    PurchaseOrderConfirmed,
    PurchaseOrderLine,
    PurchaseOrderMove,
    PurchaseOrderSent,
    PurchaseOrderStatus,
    ReceivePurchaseOrder,
    Supplier,
)

FIRST_NUMBER = 1042  # PO-1042: a shop's first purchase order need not look like its first


# --- reading ---------------------------------------------------------------------------------------------


async def supplier_by_id(tx: AsyncConnection, supplier_id: Id) -> Supplier | None:
    row = (await tx.execute(select(supplier).where(supplier.c.id == supplier_id))).mappings().first()
    return await _supplier(tx, row) if row else None


async def supplier_by_address(tx: AsyncConnection, address: str) -> Supplier | None:
    """The supplier who writes from this address."""
    row = (await tx.execute(_BY_ADDRESS, {"writes_from": address.lower()})).mappings().first()
    return await _supplier(tx, row) if row else None


_BY_ADDRESS = (
    select(supplier)
    .join(supplier_address, supplier_address.c.supplier_id == supplier.c.id)
    .where(supplier_address.c.address == bindparam("writes_from"))
)


async def purchase_order_by_id(tx: AsyncConnection, purchase_order_id: Id) -> PurchaseOrder | None:
    return await _one(tx, purchase_order.c.id == purchase_order_id)


async def purchase_order_by_number(tx: AsyncConnection, number: str) -> PurchaseOrder | None:
    return await _one(tx, purchase_order.c.number == number)


# --- effects ---------------------------------------------------------------------------------------------


async def keep_supplier(tx: AsyncConnection, effect: KeepSupplier, cause: Cause) -> Sequence[Event]:
    """Make the supplier, or replace what was known about it; addresses move with the newest word."""
    row = {
        "id": derived_id("sup", cause.id),
        "name": effect.name,
        "language": effect.language,
        "day_order": effect.day_order,
        "lead_days": effect.lead_days,
        "currency": effect.currency,
    }
    changed = ("language", "day_order", "lead_days", "currency")
    kept = await tx.execute(upsert(supplier, row, ("name",), changed).returning(supplier.c.id))
    supplier_id = kept.scalar_one()
    await tx.execute(delete(supplier_address).where(supplier_address.c.supplier_id == supplier_id))
    for position, address in enumerate(effect.addresses):
        place = {"address": address.lower(), "supplier_id": supplier_id, "position": position}
        await tx.execute(upsert(supplier_address, place, ("address",), ("supplier_id", "position")))
    return ()


async def order_from_supplier(
    tx: AsyncConnection, effect: OrderFromSupplier, cause: Cause
) -> Sequence[Event]:
    """A purchase order of one line, sent from the first moment: its letter stands in the same transaction."""
    wanted = (await tx.execute(select(product).where(product.c.id == effect.product_id))).mappings().one()
    if wanted["supplier_id"] is None:
        return ()
    currency = await tx.execute(select(supplier.c.currency).where(supplier.c.id == wanted["supplier_id"]))
    order_id = derived_id("pur", cause.id)
    await tx.execute(
        insert(purchase_order).values(
            id=order_id,
            number=await _next_number(tx),
            supplier_id=wanted["supplier_id"],
            status=PURCHASE_ORDER.after(PURCHASE_ORDER.initial, PurchaseOrderMove.SEND),
            currency=wanted["currency"] or currency.scalar_one(),
            made_at=cause.now,
            sent_at=cause.now,
        )
    )
    await tx.execute(
        insert(purchase_order_line).values(
            purchase_order_id=order_id,
            line=1,
            product_id=effect.product_id,
            ordered=effect.quantity,
            cost_minor=wanted["cost_minor"],
        )
    )
    units = ((effect.product_id, effect.quantity),)
    return (PurchaseOrderSent(order_id, wanted["supplier_id"], units),)


async def confirm(tx: AsyncConnection, effect: ConfirmPurchaseOrder, cause: Cause) -> Sequence[Event]:
    """What the supplier promised, on every line; a quantity can only be told of an order of one line."""
    order = await _seen(tx, effect.purchase_order_id, effect.seen)
    after = PURCHASE_ORDER.after(effect.seen, PurchaseOrderMove.ACKNOWLEDGE)
    await _guarded(
        tx,
        order,
        after,
        acknowledged_at=cause.now,
        **({"expected_on": effect.expected_on} if effect.expected_on else {}),
    )
    change: list[tuple[Id, int]] = []
    for line in order.lines:
        confirmed = line.ordered if effect.quantity is None else effect.quantity
        day = effect.expected_on or line.expected_on
        await _line(tx, order.id, line.line, confirmed=confirmed, expected_on=day)
        before = line.ordered if line.confirmed is None else line.confirmed
        if confirmed != before:
            change.append((line.product_id, confirmed - before))
    total = order.ordered if effect.quantity is None else effect.quantity
    told = PurchaseOrderConfirmed(
        order.id, order.supplier_id, total, order.ordered, effect.expected_on, tuple(change)
    )
    return (told,)


async def receive(tx: AsyncConnection, effect: ReceivePurchaseOrder, cause: Cause) -> Sequence[Event]:
    """Units that have arrived, line by line; the order is received when nothing is open any more."""
    order = await _seen(tx, effect.purchase_order_id, effect.seen)
    left = order.open if effect.quantity is None else min(effect.quantity, order.open)
    whole = left == order.open
    move = PurchaseOrderMove.RECEIVE if whole else PurchaseOrderMove.RECEIVE_PART
    await _guarded(tx, order, PURCHASE_ORDER.after(effect.seen, move))
    came: list[tuple[Id, int]] = []
    for line in order.lines:
        units = min(left, line.open)
        left -= units
        if units:
            await _line(tx, order.id, line.line, received=line.received + units)
            came.append((line.product_id, units))
    return (GoodsReceived(order.id, tuple(came)),)


async def mark_reminded(tx: AsyncConnection, effect: MarkReminded, cause: Cause) -> Sequence[Event]:
    await tx.execute(
        update(purchase_order)
        .where(purchase_order.c.id == effect.purchase_order_id)
        .values(reminded_at=cause.now)
    )
    return ()


# --- inside ----------------------------------------------------------------------------------------------


async def _seen(tx: AsyncConnection, order_id: Id, seen: PurchaseOrderStatus) -> PurchaseOrder:
    order = await purchase_order_by_id(tx, order_id)
    if order is None or order.status is not seen:
        raise Stale(f"purchase order {order_id} is not {seen} any more")
    return order


async def _guarded(
    tx: AsyncConnection, order: PurchaseOrder, after: PurchaseOrderStatus, **values: Any
) -> None:
    moved = await tx.execute(
        update(purchase_order)
        .where(purchase_order.c.id == order.id, purchase_order.c.status == order.status)
        .values(status=after, **values)
        .returning(purchase_order.c.id)
    )
    if moved.first() is None:
        raise Stale(f"purchase order {order.number} is not {order.status} any more")


async def _line(tx: AsyncConnection, order_id: Id, line: int, **values: Any) -> None:
    await tx.execute(
        update(purchase_order_line)
        .where(purchase_order_line.c.purchase_order_id == order_id, purchase_order_line.c.line == line)
        .values(**values)
    )


async def _next_number(tx: AsyncConnection) -> str:
    made = await tx.execute(select(func.count()).select_from(purchase_order))
    return f"PO-{FIRST_NUMBER + made.scalar_one()}"


async def _supplier(tx: AsyncConnection, row: RowMapping) -> Supplier:
    found = await tx.execute(
        select(supplier_address.c.address)
        .where(supplier_address.c.supplier_id == row["id"])
        .order_by(supplier_address.c.position)
    )
    return Supplier(
        id=row["id"],
        name=row["name"],
        language=row["language"],
        day_order=row["day_order"],
        lead_days=row["lead_days"],
        currency=row["currency"],
        addresses=tuple(found.scalars()),
    )


async def _one(tx: AsyncConnection, condition: Any) -> PurchaseOrder | None:
    row = (await tx.execute(select(purchase_order).where(condition))).mappings().first()
    if row is None:
        return None
    lines = await tx.execute(
        select(purchase_order_line, product.c.sku, product.c.supplier_sku, product.c.name)
        .join(product, product.c.id == purchase_order_line.c.product_id)
        .where(purchase_order_line.c.purchase_order_id == row["id"])
        .order_by(purchase_order_line.c.line)
    )
    return PurchaseOrder(
        id=row["id"],
        number=row["number"],
        supplier_id=row["supplier_id"],
        status=PurchaseOrderStatus(row["status"]),
        expected_on=row["expected_on"],
        sent_at=row["sent_at"],
        acknowledged_at=row["acknowledged_at"],
        reminded_at=row["reminded_at"],
        lines=tuple(_read_line(line, row["currency"]) for line in lines.mappings()),
    )


def _read_line(row: RowMapping, currency: str) -> PurchaseOrderLine:
    return PurchaseOrderLine(
        line=row["line"],
        product_id=row["product_id"],
        sku=row["sku"],
        supplier_sku=row["supplier_sku"],
        name=row["name"],
        ordered=row["ordered"],
        confirmed=row["confirmed"],
        received=row["received"],
        cost=None if row["cost_minor"] is None else Money(row["cost_minor"], currency),
        expected_on=row["expected_on"],
    )
