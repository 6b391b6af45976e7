"""Nouns of the trade with sensible defaults, for tests that care about one thing."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from gateway.customers.model import Customer
from gateway.feedback.model import Feedback
from gateway.inventory.model import Product, ProductStatus, Stock
from gateway.kernel.calendar import ShopCalendar
from gateway.kernel.ids import Id
from gateway.kernel.money import Money
from gateway.mail.envelope import Address
from gateway.orders.model import (
    Order,
    OrderLine,
    OrderStatus,
    OrderTerms,
    Shipment,
    ShipmentLine,
    ShipmentStatus,
)
from gateway.purchasing.model import (
    PurchaseOrder,
    PurchaseOrderLine,
    PurchaseOrderStatus,
    PurchasingTerms,
    Supplier,
)

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)  # a Friday
TODAY = date(2026, 11, 20)
CALENDAR = ShopCalendar(ZoneInfo("Europe/Berlin"))
ORDER_TERMS = OrderTerms(CALENDAR, "EUR", promise_days=5)
PURCHASING_TERMS = PurchasingTerms(CALENDAR, answer_days=3, remind_days=2)


def a_customer(**changes: Any) -> Customer:
    ana = Customer(Id("cus1"), Address("ana@example.net"), "Ana Lopez", "Ana", "", NOW, "mail")
    return replace(ana, **changes)


def a_product(sku: str = "MUG-01", **changes: Any) -> Product:
    made = Product(
        id=Id(f"prd-{sku}"),
        sku=sku,
        name=sku.title(),
        category="",
        price=Money(1250, "EUR"),
        cost=None,
        supplier_id=Id("sup1"),
        supplier_sku="",
        reorder_point=5,
        reorder_quantity=50,
        safety_stock=0,
        status=ProductStatus.ACTIVE,
    )
    return replace(made, **changes)


def stock(on_hand: int = 10, reserved: int = 0, on_order: int = 0) -> Stock:
    return Stock(Id("prd-MUG-01"), on_hand, reserved, on_order)


def an_order(status: OrderStatus = OrderStatus.CONFIRMED, lines: int = 1, **changes: Any) -> Order:
    skus = ["MUG-01", "BOWL-02", "VASE-03"][:lines]
    made = Order(
        id=Id("ord1"),
        number="1042",
        source="Platform",
        external_id="1042",
        customer_id=Id("cus1"),
        status=status,
        total=Money(2500 * lines, "EUR"),
        placed_at=NOW,
        placed_on=TODAY,
        promised_on=date(2026, 11, 27),
        lines=tuple(
            OrderLine(number, sku, sku.title(), 2, Money(1250, "EUR"), Id(f"prd-{sku}"))
            for number, sku in enumerate(skus, 1)
        ),
    )
    return replace(made, **changes)


def a_shipment(status: ShipmentStatus = ShipmentStatus.IN_TRANSIT, **changes: Any) -> Shipment:
    made = Shipment(
        id=Id("shp1"),
        order_id=Id("ord1"),
        carrier="UPS",
        tracking_number="1Z999AA10123456784",
        tracking_url="https://example.com/1Z999AA10123456784",
        status=status,
        promised_on=None,
        shipped_at=NOW,
        delivered_at=None,
        lines=(ShipmentLine(1, "Mug", 2),),
    )
    return replace(made, **changes)


def a_supplier(**changes: Any) -> Supplier:
    acme = Supplier(Id("sup1"), "Acme", "en", "dmy", 14, "EUR", (Address("sales@acme.example"),))
    return replace(acme, **changes)


def a_purchase_order(
    status: PurchaseOrderStatus = PurchaseOrderStatus.SENT, lines: int = 1, **changes: Any
) -> PurchaseOrder:
    made = PurchaseOrder(
        id=Id("pur1"),
        number="PO-1042",
        supplier_id=Id("sup1"),
        status=status,
        expected_on=None,
        sent_at=NOW,
        acknowledged_at=None,
        reminded_at=None,
        lines=tuple(
            PurchaseOrderLine(number, Id(f"prd{number}"), "MUG-01", "", "Mug", 50, None, 0, None, None)
            for number in range(1, lines + 1)
        ),
    )
    return replace(made, **changes)


def a_feedback(**changes: Any) -> Feedback:
    asked = Feedback(Id("fbk1"), Id("ord1"), Id("cus1"), NOW, None, None, "", None, None, "")
    return replace(asked, **changes)
