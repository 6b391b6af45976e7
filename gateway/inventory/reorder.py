"""When to order again, and how much: the reorder point, computed, never stored as a status.

The classic (s, Q) policy: when what we have and what is on its way, less what is promised, falls to the
reorder point, order the reorder quantity, or more if that would not lift it above the point again.
"""

from gateway.inventory.model import Product, ProductStatus, Stock


def position(stock: Stock) -> int:
    """The inventory position in units: on hand and on order, less what open orders wait for."""
    return stock.on_hand + stock.on_order - stock.reserved


def is_low(product: Product, stock: Stock) -> bool:
    """Whether what is in the shop and not promised is at or below the reorder point or the safety stock."""
    return stock.available <= max(product.reorder_point, product.safety_stock)


def shortage(product: Product, stock: Stock) -> int:
    """Units to order now; 0 when enough is on its way, or nothing may be ordered.

    Only active products with a reorder point or a safety stock are ordered by themselves.
    """
    point = max(product.reorder_point, product.safety_stock)
    if product.status is not ProductStatus.ACTIVE or point <= 0 or position(stock) > point:
        return 0
    return max(product.reorder_quantity, point + 1 - position(stock))
