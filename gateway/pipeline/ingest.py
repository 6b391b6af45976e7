"""Rows that a person or program brought become decisions, like any other stimulus.

Columns are named as in the tables of config/README.md. What cannot be read is an InputError that names row
and column; nothing of the file is taken then, so a corrected file can simply be brought again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.customers.decide import keep_customers
from gateway.inventory.decide import count_stock, keep_products
from gateway.inventory.model import KeepProduct, Product, ProductStatus
from gateway.inventory.store import products_by_sku
from gateway.kernel.decision import Decision, handled
from gateway.kernel.errors import InputError
from gateway.kernel.money import Money, money
from gateway.mail.address import address as read_address
from gateway.mail.envelope import Address
from gateway.orders.decide import order_mail
from gateway.orders.model import Order, OrderTerms
from gateway.orders.reading import OrderMail, ReadLine, Reported
from gateway.orders.store import orders_by_number
from gateway.pipeline.stimulus import Ingested
from gateway.purchasing.decide import keep_suppliers
from gateway.purchasing.model import KeepSupplier, PurchaseOrder, ReceivePurchaseOrder
from gateway.purchasing.store import purchase_order_by_number

COLUMNS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "customers": (("email",), ("name", "marketing")),
    "suppliers": (("name", "email"), ("language", "day_order", "lead_days", "currency")),
    "products": (
        ("sku",),
        (
            "name",
            "category",
            "price",
            "cost",
            "supplier",
            "supplier_sku",
            "reorder_point",
            "reorder_quantity",
            "safety_stock",
            "status",
            "url",
            "image",
            "on_hand",
        ),
    ),
    "stock": (("sku", "on_hand"), ()),
    "orders": (
        ("number", "email", "sku", "quantity"),
        ("name", "product", "price", "status", "placed_on", "promised_on", "carrier", "tracking_number"),
    ),
    "received": (("purchase_order",), ("quantity",)),
}


@dataclass(frozen=True, slots=True)
class Known:
    """What the shop knows of the things that the rows name."""

    products: Mapping[str, Product] = field(default_factory=dict[str, Product])
    orders: Mapping[str, Order] = field(default_factory=dict[str, Order])
    purchase_orders: Mapping[str, PurchaseOrder] = field(default_factory=dict[str, PurchaseOrder])


Reader = Callable[[Ingested, Known, datetime], Decision]


async def known(tx: AsyncConnection, brought: Ingested) -> Known:
    """Products, orders and purchase orders that the rows name, as far as the shop has them."""
    skus = [row["sku"].strip().upper() for row in brought.rows if row.get("sku")]
    numbers = [row["number"].strip() for row in brought.rows if row.get("number")]
    bought = [row["purchase_order"].strip() for row in brought.rows if row.get("purchase_order")]
    purchase_orders = [await purchase_order_by_number(tx, number) for number in bought]
    return Known(
        products=await products_by_sku(tx, skus),
        orders={order.number: order for order in await orders_by_number(tx, numbers)},
        purchase_orders={order.number: order for order in purchase_orders if order},
    )


def customers(brought: Ingested, _: Known, now: datetime) -> Decision:
    """People, and whether they allowed advertising."""
    people = tuple(
        (cell.address("email"), cell.text("name"), cell.flag("marketing")) for cell in _cells(brought)
    )
    return keep_customers(people, brought.source)


def suppliers(brought: Ingested, _: Known, now: datetime) -> Decision:
    """Suppliers; several addresses are separated by blanks, the first is where we order."""
    return keep_suppliers(
        [
            KeepSupplier(
                name=cell.needed("name"),
                addresses=cell.addresses("email"),
                language=cell.text("language") or "en",
                day_order=cell.one_of("day_order", ("dmy", "mdy")) or "dmy",
                lead_days=cell.number("lead_days") or 14,
                currency=cell.text("currency") or "EUR",
            )
            for cell in _cells(brought)
        ]
    )


def products(brought: Ingested, _: Known, now: datetime, currency: str) -> Decision:
    """The catalogue, and what was counted of it where `on_hand` is given."""
    cells = _cells(brought)
    catalogue = keep_products([_product(cell, currency) for cell in cells])
    counted = [(cell.sku(), units) for cell in cells if (units := cell.number("on_hand")) is not None]
    every_sku = {cell.sku() for cell in cells}
    return catalogue.also(*count_stock(counted, every_sku).because) if counted else catalogue


def stock(brought: Ingested, found: Known, now: datetime) -> Decision:
    """What was counted on the shelf."""
    counted = [(cell.sku(), cell.needed_number("on_hand")) for cell in _cells(brought)]
    return count_stock(counted, found.products)


def orders(brought: Ingested, found: Known, now: datetime, terms: OrderTerms) -> Decision:
    """Orders, one row per line; rows of one number belong together."""
    by_number: dict[str, list[_Cell]] = {}
    for cell in _cells(brought):
        by_number.setdefault(cell.needed("number"), []).append(cell)
    decisions = [
        order_mail(
            _order(number, cells, terms.currency),
            found.orders.get(number),
            found.products,
            brought.source,
            terms,
            now,
        )
        for number, cells in by_number.items()
    ]
    return _all_or_nothing(decisions)


def received(brought: Ingested, found: Known, now: datetime) -> Decision:
    """Goods that came from suppliers; without a quantity everything that was open."""
    effects: list[ReceivePurchaseOrder] = []
    for cell in _cells(brought):
        order = found.purchase_orders.get(cell.needed("purchase_order"))
        if order is None:
            raise cell.wrong("purchase_order", "there is no such purchase order")
        effects.append(ReceivePurchaseOrder(order.id, order.status, cell.number("quantity")))
    return handled("purchasing.received", "pipeline/ingest.py:received", *effects)


def _all_or_nothing(decisions: Sequence[Decision]) -> Decision:
    for decision in decisions:
        if decision.disposition != "handled":
            return decision
    return Decision(tuple(match for decision in decisions for match in decision.because))


# schema.org's words are for mail; in files people write what they mean.
_STATUS = {
    "": Reported.PLACED,
    "placed": Reported.PLACED,
    "confirmed": Reported.CONFIRMED,
    "shipped": Reported.SHIPPED,
    "delivered": Reported.DELIVERED,
    "cancelled": Reported.CANCELLED,
    "returned": Reported.RETURNED,
}


def _order(number: str, cells: Sequence["_Cell"], currency: str) -> OrderMail:
    first = cells[0]
    placed_on = first.day("placed_on")
    return OrderMail(
        number=number,
        reported=_STATUS[first.one_of("status", tuple(_STATUS)) or ""],
        email=first.address("email"),
        name=first.text("name"),
        lines=tuple(
            ReadLine(
                cell.sku(),
                cell.needed_number("quantity"),
                cell.text("product"),
                cell.money("price", currency),
            )
            for cell in cells
        ),
        placed_at=datetime(placed_on.year, placed_on.month, placed_on.day, 12, tzinfo=UTC)
        if placed_on
        else None,
        promised_on=first.day("promised_on"),
        carrier=first.text("carrier"),
        tracking_number=first.text("tracking_number"),
    )


def _product(cell: "_Cell", currency: str) -> KeepProduct:
    status = cell.one_of("status", tuple(ProductStatus))
    return KeepProduct(
        sku=cell.sku(),
        name=cell.text("name") or None,
        category=cell.told("category"),
        price=cell.money("price", currency),
        cost=cell.money("cost", currency),
        supplier=cell.text("supplier") or None,
        supplier_sku=cell.told("supplier_sku"),
        reorder_point=cell.number("reorder_point"),
        reorder_quantity=cell.number("reorder_quantity"),
        safety_stock=cell.number("safety_stock"),
        status=ProductStatus(status) if status else None,
        url=cell.told("url"),
        image=cell.told("image"),
    )


@dataclass(frozen=True, slots=True)
class _Cell:
    """The cells of one row; `where` names file and row for errors."""

    where: str
    row: Mapping[str, str]

    def wrong(self, column: str, problem: str, remedy: str = "") -> InputError:
        return InputError(self.where, f"{column} {self.text(column)!r}: {problem}", remedy)

    def text(self, column: str) -> str:
        return (self.row.get(column) or "").strip()

    def told(self, column: str) -> str | None:
        """The text, or None if the file has no such column."""
        return self.text(column) if column in self.row else None

    def needed(self, column: str) -> str:
        if not self.text(column):
            raise InputError(self.where, f"{column} is empty", "fill it in")
        return self.text(column)

    def sku(self) -> str:
        return self.needed("sku").upper()

    def number(self, column: str) -> int | None:
        text = self.text(column)
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and len(text) <= 7):
            raise self.wrong(column, "is no whole number", "write digits only, such as 12")
        return int(text)

    def needed_number(self, column: str) -> int:
        self.needed(column)
        return self.number(column) or 0

    def money(self, column: str, currency: str) -> Money | None:
        if not self.text(column):
            return None
        try:
            return money(self.text(column), currency)
        except ValueError as error:
            raise self.wrong(column, "is no amount", "write it as 12.50") from error

    def day(self, column: str) -> date | None:
        try:
            return date.fromisoformat(self.text(column)) if self.text(column) else None
        except ValueError as error:
            raise self.wrong(column, "is no day", "write it as 2026-12-24") from error

    def flag(self, column: str) -> bool:
        return self.one_of(column, ("", "yes", "no", "true", "false", "1", "0")) in ("yes", "true", "1")

    def one_of(self, column: str, words: Sequence[str]) -> str:
        text = self.text(column).lower()
        if text and text not in words:
            raise self.wrong(column, "is not known", f"one of {', '.join(word for word in words if word)}")
        return text

    def address(self, column: str) -> Address:
        found = read_address(self.needed(column))
        if found is None:
            raise self.wrong(column, "is no mail address")
        return Address(found.lower())

    def addresses(self, column: str) -> tuple[Address, ...]:
        found = [read_address(text) for text in self.needed(column).split()]
        if not all(found):
            raise self.wrong(column, "is no mail address")
        return tuple(address for address in found if address)


def _cells(brought: Ingested) -> list[_Cell]:
    return [
        _Cell(f"{brought.source}, row {number}", row)
        for number, row in enumerate(brought.rows, brought.first)
    ]
