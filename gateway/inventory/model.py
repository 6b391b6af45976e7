"""Products and the stock ledger: nouns, effects, events.

On hand is the sum of signed movements; reserved is what open orders still wait for; low is a fact that is
computed, never a status.
"""

from dataclasses import dataclass
from enum import StrEnum

from gateway.kernel.decision import Effect, Event
from gateway.kernel.ids import Id
from gateway.kernel.money import Money


class ProductStatus(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"
    DISCONTINUED = "discontinued"


class MovementReason(StrEnum):
    SALE = "sale"
    RECEIPT = "receipt"
    RETURN = "return"
    COUNT = "count"
    CORRECTION = "correction"


@dataclass(frozen=True, slots=True)
class Product:
    """Something we sell."""

    id: Id  # prefix "prd"
    sku: str
    name: str
    category: str
    price: Money | None
    cost: Money | None
    supplier_id: Id | None
    supplier_sku: str
    reorder_point: int
    reorder_quantity: int
    safety_stock: int
    status: ProductStatus
    url: str = ""
    image: str = ""


@dataclass(frozen=True, slots=True)
class Stock:
    """How much of a product there is: units in the shop, promised to open orders, and on their way to us."""

    product_id: Id
    on_hand: int
    reserved: int
    on_order: int

    @property
    def available(self) -> int:
        """Units that could be promised today; negative when more was sold than is there."""
        return self.on_hand - self.reserved


@dataclass(frozen=True, slots=True)
class KeepProduct(Effect):
    """Make or change a product by its SKU; None leaves a value as it is."""

    sku: str
    name: str | None = None
    category: str | None = None
    price: Money | None = None
    cost: Money | None = None
    supplier: str | None = None  # the supplier's name
    supplier_sku: str | None = None
    reorder_point: int | None = None
    reorder_quantity: int | None = None
    safety_stock: int | None = None
    status: ProductStatus | None = None
    url: str | None = None
    image: str | None = None


@dataclass(frozen=True, slots=True)
class MoveStock(Effect):
    """One signed line of the ledger."""

    product_id: Id
    change: int
    reason: MovementReason
    note: str = ""


@dataclass(frozen=True, slots=True)
class CountStock(Effect):
    """What was counted on the shelf; the difference becomes one movement."""

    sku: str
    on_hand: int


@dataclass(frozen=True, slots=True)
class Reserve(Effect):
    """Promise units to an order (a negative quantity takes the promise back)."""

    order_id: Id
    units: tuple[tuple[Id, int], ...]  # product -> units


@dataclass(frozen=True, slots=True)
class SellReserved(Effect):
    """Units that were promised have left the shop: on hand and reserved fall together, in one step."""

    order_id: Id
    units: tuple[tuple[Id, int], ...]


@dataclass(frozen=True, slots=True)
class Expect(Effect):
    """Units are on their way to us (negative: fewer than was thought)."""

    purchase_order_id: Id
    units: tuple[tuple[Id, int], ...]


@dataclass(frozen=True, slots=True)
class Receive(Effect):
    """Expected units are on the shelf: on hand rises, on order falls."""

    purchase_order_id: Id
    units: tuple[tuple[Id, int], ...]


@dataclass(frozen=True, slots=True)
class StockChanged(Event):
    """After any change of a product's figures; the figures before and after."""

    before: Stock
    after: Stock

    @property
    def product_id(self) -> Id:
        return self.after.product_id

    @property
    def came_back(self) -> bool:
        """Nothing could be promised before, something can be now."""
        return self.before.available <= 0 < self.after.available
