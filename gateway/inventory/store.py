"""Where goods are kept: product, the ledger of stock movements, and the figures derived from it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import RowMapping, bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.db.engine import among, insert_new
from gateway.db.tables.shop import product, stock, stock_movement, supplier
from gateway.inventory.model import (
    CountStock,
    Expect,
    KeepProduct,
    MovementReason,
    MoveStock,
    Product,
    ProductStatus,
    Receive,
    Reserve,
    SellReserved,
    Stock,
    StockChanged,
)
from gateway.kernel.decision import Cause, Event
from gateway.kernel.errors import InputError
from gateway.kernel.ids import Id, derived_id
from gateway.kernel.money import Money


async def products_by_sku(tx: AsyncConnection, skus: Sequence[str]) -> dict[str, Product]:
    """Those of these SKUs that the shop has, by SKU."""
    if not skus:
        return {}
    rows = (await tx.execute(_BY_SKU, {"skus": skus})).mappings()
    return {row["sku"]: _product(row) for row in rows}


_BY_SKU = select(product).where(among(product.c.sku, bindparam("skus")))


async def product_by_id(tx: AsyncConnection, product_id: Id) -> Product | None:
    row = (await tx.execute(select(product).where(product.c.id == product_id))).mappings().first()
    return _product(row) if row else None


async def stock_of(tx: AsyncConnection, product_id: Id) -> Stock:
    """The figures of a product; zeros if it never moved."""
    row = (await tx.execute(select(stock).where(stock.c.product_id == product_id))).mappings().first()
    return _stock(row) if row else Stock(product_id, 0, 0, 0)


async def product_and_stock(tx: AsyncConnection, event: StockChanged) -> tuple[Product, Stock]:
    """The product of a change with its figures as they are by now."""
    found = await product_by_id(tx, event.product_id)
    if found is None:
        raise LookupError(f"no product {event.product_id}")
    return found, await stock_of(tx, event.product_id)


async def keep_product(tx: AsyncConnection, effect: KeepProduct, cause: Cause) -> Sequence[Event]:
    """Make the product or change what was told about it."""
    values = await _told(tx, effect)
    new = {
        "id": derived_id("prd", cause.id),
        "sku": effect.sku,
        "name": effect.name or effect.sku,
        "status": ProductStatus.ACTIVE,
        "updated_at": cause.now,
    }
    made = (await tx.execute(insert_new(product, new | values))).first()
    if made:
        await tx.execute(insert_new(stock, {"product_id": new["id"]}))
        return ()
    await tx.execute(
        update(product).where(product.c.sku == effect.sku).values(**values, updated_at=cause.now)
    )
    known = (await products_by_sku(tx, [effect.sku]))[effect.sku]
    figures = await stock_of(tx, known.id)
    return (StockChanged(figures, figures),)  # another reorder point may make it low


async def move(tx: AsyncConnection, effect: MoveStock, cause: Cause) -> Sequence[Event]:
    """One line of the ledger."""
    return (
        await _change(
            tx, effect.product_id, cause, on_hand=effect.change, reason=effect.reason, note=effect.note
        ),
    )


async def count(tx: AsyncConnection, effect: CountStock, cause: Cause) -> Sequence[Event]:
    """The difference between the shelf and the ledger, as one movement; none if they agree."""
    known = (await products_by_sku(tx, [effect.sku])).get(effect.sku)
    if known is None:
        raise InputError("stock", f"no product {effect.sku}", "import the product first")
    change = effect.on_hand - (await stock_of(tx, known.id)).on_hand
    if not change:
        return ()
    return (await _change(tx, known.id, cause, on_hand=change, reason=MovementReason.COUNT),)


async def reserve(tx: AsyncConnection, effect: Reserve, cause: Cause) -> Sequence[Event]:
    """Units promised to an order, or given back."""
    return [await _change(tx, product_id, cause, reserved=units) for product_id, units in effect.units]


async def sell(tx: AsyncConnection, effect: SellReserved, cause: Cause) -> Sequence[Event]:
    """Units that were promised have left."""
    return [
        await _change(
            tx,
            product_id,
            cause,
            on_hand=-units,
            reserved=-units,
            reason=MovementReason.SALE,
            note=effect.order_id,
        )
        for product_id, units in effect.units
    ]


async def expect(tx: AsyncConnection, effect: Expect, cause: Cause) -> Sequence[Event]:
    """Units on their way."""
    return [await _change(tx, product_id, cause, on_order=units) for product_id, units in effect.units]


async def receive(tx: AsyncConnection, effect: Receive, cause: Cause) -> Sequence[Event]:
    """Expected units are on the shelf."""
    return [
        await _change(
            tx,
            product_id,
            cause,
            on_hand=units,
            on_order=-units,
            reason=MovementReason.RECEIPT,
            note=effect.purchase_order_id,
        )
        for product_id, units in effect.units
    ]


async def _change(
    tx: AsyncConnection,
    product_id: Id,
    cause: Cause,
    *,
    on_hand: int = 0,
    reserved: int = 0,
    on_order: int = 0,
    reason: MovementReason | None = None,
    note: str = "",
) -> StockChanged:
    """Move the figures in one step; a change of what is on hand is a line of the ledger too."""
    if on_hand and reason:
        await tx.execute(
            insert(stock_movement).values(
                id=derived_id("mov", cause.id, product_id),
                product_id=product_id,
                change=on_hand,
                reason=reason,
                cause_id=cause.id,
                note=note,
                at=cause.now,
            )
        )
    moved = await tx.execute(
        update(stock)
        .where(stock.c.product_id == product_id)
        .values(
            on_hand=stock.c.on_hand + on_hand,
            reserved=stock.c.reserved + reserved,
            on_order=stock.c.on_order + on_order,
            moved_at=cause.now,
        )
        .returning(*stock.c)
    )
    after = _stock(moved.mappings().one())
    before = Stock(product_id, after.on_hand - on_hand, after.reserved - reserved, after.on_order - on_order)
    return StockChanged(before, after)


async def _told(tx: AsyncConnection, effect: KeepProduct) -> dict[str, Any]:
    """The columns that the effect speaks of."""
    values: dict[str, Any] = {
        name: value
        for name in (
            "name",
            "category",
            "supplier_sku",
            "reorder_point",
            "reorder_quantity",
            "safety_stock",
            "status",
            "url",
            "image",
        )
        if (value := getattr(effect, name)) is not None
    }
    for column, amount in (("price_minor", effect.price), ("cost_minor", effect.cost)):
        if amount is not None:
            values |= {column: amount.minor, "currency": amount.currency}
    if effect.supplier is not None:
        found = await tx.execute(select(supplier.c.id).where(supplier.c.name == effect.supplier))
        values["supplier_id"] = found.scalar_one_or_none()
        if effect.supplier and values["supplier_id"] is None:
            raise InputError(
                f"product {effect.sku}", f"no supplier {effect.supplier!r}", "import suppliers first"
            )
    return values


def _product(row: RowMapping) -> Product:
    return Product(
        id=row["id"],
        sku=row["sku"],
        name=row["name"],
        category=row["category"],
        price=_money(row["price_minor"], row["currency"]),
        cost=_money(row["cost_minor"], row["currency"]),
        supplier_id=row["supplier_id"],
        supplier_sku=row["supplier_sku"],
        reorder_point=row["reorder_point"],
        reorder_quantity=row["reorder_quantity"],
        safety_stock=row["safety_stock"],
        status=ProductStatus(row["status"]),
        url=row["url"],
        image=row["image"],
    )


def _money(minor: int | None, currency: str | None) -> Money | None:
    return None if minor is None or currency is None else Money(minor, currency)


def _stock(row: RowMapping) -> Stock:
    return Stock(row["product_id"], row["on_hand"], row["reserved"], row["on_order"])
