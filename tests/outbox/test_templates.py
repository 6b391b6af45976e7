"""The words that the shop starts with can all be said, about full and about sparse values."""

from dataclasses import replace
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from gateway.commands.decide import Receipt, Said
from gateway.customers.model import Customer
from gateway.feedback.model import Feedback, Sentiment
from gateway.inventory.model import Product, ProductStatus, Stock
from gateway.kernel.ids import Id
from gateway.kernel.money import Money
from gateway.mail.draft import Purpose
from gateway.mail.envelope import Address
from gateway.orders.decide import OrderStanding
from gateway.orders.lifecycle import NOTICE
from gateway.orders.model import Order, OrderLine, OrderStatus, Shipment, ShipmentLine, ShipmentStatus
from gateway.outbox.desk import Sender
from gateway.outbox.render import Templates
from gateway.pipeline.notice import Line
from gateway.purchasing.model import PurchaseOrder, PurchaseOrderLine, PurchaseOrderStatus, Supplier

TEMPLATES = Templates(Path(__file__).parents[2] / "templates")
NAMES = TEMPLATES.names()
NOW = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
ANA = Address("ana@example.net")
ORDER = Order(
    id=Id("ord1"),
    number="1042",
    source="mail",
    external_id="1042",
    customer_id=Id("cus1"),
    status=OrderStatus.PARTLY_SHIPPED,
    total=Money(4200, "EUR"),
    placed_at=NOW,
    placed_on=date(2026, 12, 1),
    promised_on=date(2026, 12, 8),
    lines=(
        OrderLine(1, "MUG-01", "Mug, blue", 2, Money(1200, "EUR")),
        OrderLine(2, "JAR-02", "Jar <small> & lid", 1, Money(1800, "EUR")),
    ),
)
SHIPMENT = Shipment(
    id=Id("shp1"),
    order_id=ORDER.id,
    carrier="Parcel & Post",
    tracking_number="RR123456785",
    tracking_url="https://track.example/?n=RR123456785&l=en",
    status=ShipmentStatus.IN_TRANSIT,
    promised_on=None,
    shipped_at=NOW,
    delivered_at=None,
    lines=(ShipmentLine(1, "Mug, blue", 2),),
)
CUSTOMER = Customer(Id("cus1"), ANA, "Ana Koch", "Ana", "en", NOW, "mail")
PRODUCT = Product(
    id=Id("prd1"),
    sku="MUG-01",
    name="Mug, blue",
    category="mugs",
    price=Money(1200, "EUR"),
    cost=None,
    supplier_id=None,
    supplier_sku="B-77",
    reorder_point=4,
    reorder_quantity=12,
    safety_stock=2,
    status=ProductStatus.ACTIVE,
    url="https://boutique.example/mug",
    image="https://boutique.example/mug.jpg",
)
SUPPLIER = Supplier(Id("sup1"), "Kiln & Sons", "en", "dmy", 14, "EUR", (Address("kiln@example.org"),))
PURCHASE_ORDER = PurchaseOrder(
    id=Id("pur1"),
    number="PO-7",
    supplier_id=SUPPLIER.id,
    status=PurchaseOrderStatus.SENT,
    expected_on=date(2026, 12, 15),
    sent_at=NOW,
    acknowledged_at=None,
    reminded_at=None,
    lines=(
        PurchaseOrderLine(1, PRODUCT.id, "MUG-01", "B-77", "Mug, blue", 12, None, 0, None, None),
        PurchaseOrderLine(2, PRODUCT.id, "JAR-02", "", "Jar", 6, None, 0, None, None),
    ),
)
FEEDBACK = Feedback(
    Id("fbk1"), ORDER.id, CUSTOMER.id, NOW, NOW, 1, "The handle broke.", Sentiment.NEGATIVE, -5000, "quality"
)
SHOP = Sender(
    "The Blue Door",
    Address("orders@boutique.example"),
    "3 Harbour Lane\nCork",
    "https://boutique.example",
    ANA,
)
HELD = Line(
    12,
    "orders",
    "ana@example.net",
    False,
    NOW,
    "Where is it?",
    "Nobody knew.",
    "No rule claimed it.",
    True,
    0,
)
FULL: dict[str, Any] = {
    "order": ORDER,
    "orders": (OrderStanding(ORDER, (SHIPMENT,)),),
    "customer": CUSTOMER,
    "shipment": SHIPMENT,
    "new_day": date(2026, 12, 12),
    "reason": "snow",
    "product": PRODUCT,
    "stock": Stock(PRODUCT.id, 3, 1, 0),
    "supplier": SUPPLIER,
    "purchase_order": PURCHASE_ORDER,
    "confirmed": 8,
    "feedback": FEEDBACK,
    "held": (HELD, replace(HELD, number=13, note="", attached=False, since_days=3)),
    "receipt": Receipt(
        (
            Said("drop 12", "done", "12 is dropped"),
            Said("relaese 13", "not understood", "perhaps: release 13"),
        ),
        done=1,
        asked=1,
        can_undo=True,
    ),
    "number": "R1182",
    "commands": ("release 12", "drop 13"),
    "more": 2,
    "reminded": False,
    "address": ANA,
    "diagnostic": "550 5.1.1 no such user",
    "what": "transactional",
    "mailbox": "INBOX of shop at imap.example.net",
    "left_alone": 3,
    "taken": 2,
    "again_at": NOW,
    "route": "smtp.example.net",
    "why": "535 5.7.8 bad password",
    "template": "orders/status",
    "open_orders": (ORDER, ORDER),
    "days": 14,
    "folder": "/srv/shop/data",
    "free_mib": 812,
    "shop": SHOP,
}
SPARSE: dict[str, Any] = FULL | {
    "order": replace(ORDER, promised_on=None, lines=(replace(ORDER.lines[0], price=None),)),
    "orders": (
        OrderStanding(replace(ORDER, promised_on=None), (replace(SHIPMENT, carrier="", tracking_url=""),)),
        OrderStanding(ORDER, ()),
    ),
    "customer": replace(CUSTOMER, name="", first_name=""),
    "shipment": None,
    "new_day": None,
    "product": replace(PRODUCT, price=None, url="", image=""),
    "supplier": None,
    "feedback": replace(FEEDBACK, stars=None, category=""),
    "held": (replace(HELD, subject="", came_to="", note=""),),
    "receipt": Receipt((), done=0, asked=0, can_undo=False),
    "diagnostic": "",
    "open_orders": (),
    "shop": replace(SHOP, web="", address=""),
}
BARE = {"supplier": SUPPLIER, "purchase_order": replace(PURCHASE_ORDER, expected_on=None, sent_at=None)}
ALWAYS = {
    "owner/parcel_trouble": {"shipment": replace(SHIPMENT, carrier="", tracking_url=""), "what": ""},
    "owner/supplier_answer": BARE,
    "owner/supplier_silent": BARE,
    "suppliers/order": BARE,
    "suppliers/reminder": BARE,
}
TEXT_ONLY = ("owner/", "suppliers/")


def test_the_templates_are_without_fault():
    assert TEMPLATES.check() == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("sparse", [False, True], ids=["full", "sparse"])
def test_every_mail_can_be_said(name: str, sparse: bool):
    mail = TEMPLATES.render(name, SPARSE | ALWAYS.get(name, {}) if sparse else FULL)
    written = mail.subject + mail.text + mail.html
    assert mail.subject
    assert len(mail.text.split()) > 5
    for slip in ("None", "{{", "{%", "{#", " ,", " .\n", "  \n", "Undefined", "datetime", "()", "<bound"):
        assert slip not in mail.subject + mail.text, slip
    assert "{{" not in written
    assert "{%" not in written


@pytest.mark.parametrize("name", NAMES)
def test_customers_get_html_and_the_trade_gets_text(name: str):
    assert bool(TEMPLATES.render(name, FULL).html) is not name.startswith(TEXT_ONLY)


@pytest.mark.parametrize("name", NAMES)
def test_html_is_well_formed_and_escaped(name: str):
    html = TEMPLATES.render(name, FULL).html
    _Balanced().feed(html)
    assert "<small>" not in html
    assert "javascript:" not in html


def test_the_purpose_follows_the_reader():
    purposes = {name: TEMPLATES.template(name).purpose for name in NAMES}
    assert {purposes[name] for name in NAMES if name.startswith("owner/")} == {Purpose.OWNER}
    assert {purposes[name] for name in NAMES if name.startswith("suppliers/")} == {Purpose.SUPPLIER}
    assert {purposes[name] for name in NAMES if name.startswith("orders/")} == {Purpose.TRANSACTIONAL}
    assert Purpose.MARKETING not in purposes.values()  # those need their terms, which no automatic mail has


@pytest.mark.covers("S0-1.1")
def test_every_move_of_an_order_has_its_words():
    assert {name for name in NOTICE.values() if name} <= set(NAMES)


@pytest.mark.covers("S0-1.2")
def test_a_shipped_order_says_where_its_parcel_is():
    mail = TEMPLATES.render("orders/shipped", FULL)
    assert SHIPMENT.tracking_number in mail.text
    assert SHIPMENT.tracking_url in mail.text
    assert SHIPMENT.tracking_url.replace("&", "&amp;") in mail.html


@pytest.mark.covers("S0-1.2")
def test_an_answer_about_orders_says_how_each_parcel_stands():
    text = TEMPLATES.render("orders/status", FULL).text
    assert "Order 1042 of 1 December 2026: partly shipped\n  expected by 8 December 2026\n" in text
    assert "Parcel & Post RR123456785: in transit\n" in text
    assert "no order" not in text
    assert "we find no order" in TEMPLATES.render("orders/status", FULL | {"orders": ()}).text


@pytest.mark.covers("S0-1.3")
def test_a_delay_names_the_new_day_or_admits_that_there_is_none():
    assert "12 December 2026" in TEMPLATES.render("orders/delayed", FULL).text
    admits = TEMPLATES.render("orders/delayed", FULL | {"new_day": None}).text
    assert "8 December 2026" in admits
    assert "as soon as there is a new day" in admits


@pytest.mark.covers("S0-3.2")
def test_a_supplier_reads_its_own_numbers():
    text = TEMPLATES.render("suppliers/order", FULL).text
    assert "12 × B-77  Mug, blue (our MUG-01)\n" in text
    assert "6 × JAR-02  Jar\n" in text
    assert "PO-7" in TEMPLATES.render("suppliers/order", FULL).subject


@pytest.mark.covers("S0-4.3")
def test_an_apology_is_a_draft_for_the_owner_and_fits_the_complaint():
    told = TEMPLATES.render("owner/feedback_bad", FULL)
    assert "The handle broke." in told.text
    assert "send it back at our cost" in told.text
    assert told.purpose is Purpose.OWNER
    assert "send it back" not in TEMPLATES.render("owner/feedback_bad", SPARSE).text


def test_every_value_is_described_where_the_owner_reads():
    page = (Path(__file__).parents[2] / "templates" / "README.md").read_text("utf-8")
    described = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    used = {value for name in NAMES for value in TEMPLATES.template(name).uses}
    assert {value for value in used if not any(f"`{value}`" in cell for cell in described)} == set()


class _Balanced(HTMLParser):
    """Fails at the first tag that closes what is not open."""

    VOID = frozenset({"area", "br", "col", "hr", "img", "input", "link", "meta"})

    def __init__(self) -> None:
        super().__init__()
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self._open.pop() == tag
