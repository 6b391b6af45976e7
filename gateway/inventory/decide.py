"""What we do about stock: pure functions from what is known to effects."""

from collections.abc import Container, Mapping, Sequence
from datetime import datetime

from gateway.inventory.model import (
    CountStock,
    Expect,
    KeepProduct,
    Product,
    Receive,
    Reserve,
    SellReserved,
    Stock,
    StockChanged,
)
from gateway.inventory.reorder import is_low, shortage
from gateway.kernel.decision import Decision, Effect, handled, held
from gateway.kernel.ids import Id
from gateway.orders.model import Order, OrderMove, OrderMoved, OrderPlaced
from gateway.outbox.message import Tell
from gateway.purchasing.model import (
    GoodsReceived,
    OrderFromSupplier,
    PurchaseOrderConfirmed,
    PurchaseOrderSent,
)

HERE = "inventory/decide.py"


def on_order_placed(event: OrderPlaced, order: Order, now: datetime) -> tuple[Effect, ...]:
    """Promise the order its units."""
    units = _units(order, {line.line: line.quantity for line in order.lines})
    return (Reserve(order.id, units),) if units else ()


def on_order_moved(event: OrderMoved, order: Order, now: datetime) -> tuple[Effect, ...]:
    """Units that left are sold; a cancelled order gives its promise back.

    Returned goods are not put back by themselves: whether a mug can be sold again is seen, not computed.
    """
    if event.move in (OrderMove.SHIP, OrderMove.SHIP_PART):
        sold = _units(order, dict(event.shipped))
        return (SellReserved(order.id, sold),) if sold else ()
    if event.move is OrderMove.CANCEL:
        promised = _units(order, {line.line: -line.quantity for line in order.lines})
        return (Reserve(order.id, promised),) if promised else ()
    return ()


def on_purchase_order_sent(event: PurchaseOrderSent, _: None, now: datetime) -> tuple[Effect, ...]:
    """What was ordered is on its way."""
    return (Expect(event.purchase_order_id, event.units),)


def on_purchase_order_confirmed(event: PurchaseOrderConfirmed, _: None, now: datetime) -> tuple[Effect, ...]:
    """Fewer units may come than were ordered."""
    return (Expect(event.purchase_order_id, event.change),) if event.change else ()


def on_goods_received(event: GoodsReceived, _: None, now: datetime) -> tuple[Effect, ...]:
    """What a supplier sent is on hand."""
    return (Receive(event.purchase_order_id, event.units),) if event.units else ()


def on_stock_changed(event: StockChanged, facts: tuple[Product, Stock], now: datetime) -> tuple[Effect, ...]:
    """Order again when the position falls to the reorder point; tell the owner if nobody supplies it.

    `facts` holds the figures as they are by now, what is on order included, so nothing is ordered twice.
    """
    product, stock = facts
    units = shortage(product, stock)
    if not units:
        return ()
    if product.supplier_id is None:
        fell_low = is_low(product, event.after) and not is_low(product, event.before)
        told = Tell(
            "owner/low_stock", {"product": product, "stock": stock, "supplier": None}, about=product.id
        )
        return (told,) if fell_low else ()
    return (OrderFromSupplier(product.id, units),)


def count_stock(counts: Sequence[tuple[str, int]], known: Container[str]) -> Decision:
    """What was counted on the shelf, as movements; SKUs that the shop does not have are held."""
    rule, where = "inventory.count", f"{HERE}:count_stock"
    if unknown := [sku for sku, _ in counts if sku not in known]:
        return held(rule, where, "check_failed", f"no product {', '.join(unknown)} in the shop")
    return handled(rule, where, *(CountStock(sku, units) for sku, units in counts))


def keep_products(products: Sequence[KeepProduct]) -> Decision:
    """A catalogue that was brought."""
    return handled("inventory.catalogue", f"{HERE}:keep_products", *products)


def _units(order: Order, quantities: Mapping[int, int]) -> tuple[tuple[Id, int], ...]:
    """Units by product for these order lines; the same product on two lines counts together."""
    units: dict[Id, int] = {}
    for line in order.lines:
        if line.product_id and (count := quantities.get(line.line, 0)):
            units[line.product_id] = units.get(line.product_id, 0) + count
    return tuple(units.items())
