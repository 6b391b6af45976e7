"""What mails say about orders: values read from markup or words, never acted upon here."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

from gateway.inventory.model import Product
from gateway.kernel.money import Money, money
from gateway.mail.parsed import Parsed
from gateway.mail.pattern import compile_pattern
from gateway.mail.schema_org import Thing, every, things
from gateway.orders.model import OrderLine


class Reported(StrEnum):
    """What a sales channel says has become of an order."""

    PLACED = "placed"
    CONFIRMED = "confirmed"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    DELAYED = "delayed"
    CANCELLED = "cancelled"
    RETURNED = "returned"
    TROUBLE = "trouble"


@dataclass(frozen=True, slots=True)
class ReadLine:
    """One line as it was written; `price` is for one unit, None when it does not say."""

    sku: str  # upper case
    quantity: int
    name: str = ""
    price: Money | None = None

    def ordered(self, line: int, product: Product) -> OrderLine:
        """This line as an order's, with what the catalogue knows better."""
        return OrderLine(
            line=line,
            sku=product.sku,
            name=self.name or product.name,
            quantity=self.quantity,
            price=self.price or product.price,
            product_id=product.id,
        )


@dataclass(frozen=True, slots=True)
class OrderMail:
    """What a mail says about one order; empty or None where it does not say."""

    number: str
    reported: Reported
    email: str = ""
    name: str = ""
    lines: tuple[ReadLine, ...] = ()
    total: Money | None = None
    placed_at: datetime | None = None
    promised_on: date | None = None
    carrier: str = ""
    tracking_number: str = ""
    external_id: str = ""  # empty: the number


_BULLETS = " \t>*•-"
_FORM_LINE = compile_pattern(
    r"^(?:(?P<units>\d{1,5})\s*(?:x|×|\*|pcs|pieces|stk|st\.)?\s+)(?P<sku>[\p{L}\d][\p{L}\d._-]{1,31})\b",
    ignore_case=True,
)


def order_form(words: str) -> tuple[ReadLine, ...]:
    """The lines of an order written by hand: `2 x MUG-01`, one a line; a SKU has a digit or a hyphen."""
    lines: list[ReadLine] = []
    for line in (line.lstrip(_BULLETS) for line in words.splitlines()):
        if line[:1].isdigit() and (found := _FORM_LINE.match(line)):
            sku, units = found.group("sku") or "", int(found.group("units") or 0)
            if any(character.isdigit() or character == "-" for character in sku):
                lines.append(ReadLine(sku.upper(), units))
    return tuple(lines)


def order_mails(mail: Parsed, currency: str) -> tuple[OrderMail, ...]:
    """The orders that the markup of a sales channel's mail describes (schema.org Order), in order."""
    return tuple(_order(thing, currency) for thing in every(things(mail.html), "Order"))


# The last word of schema.org's OrderStatus. What is not paid for yet should not be packed: trouble.
_STATUS = {
    "": Reported.PLACED,
    "OrderProcessing": Reported.PLACED,
    "OrderPaymentDue": Reported.TROUBLE,
    "OrderPickupAvailable": Reported.SHIPPED,
    "OrderInTransit": Reported.SHIPPED,
    "OrderDelivered": Reported.DELIVERED,
    "OrderCancelled": Reported.CANCELLED,
    "OrderReturned": Reported.RETURNED,
    "OrderProblem": Reported.TROUBLE,
}


def _order(thing: Thing, currency: str) -> OrderMail:
    delivery = next(iter(thing.things("orderDelivery")), Thing("ParcelDelivery"))
    coin = thing.text("priceCurrency") or thing.text("acceptedOffer", "priceCurrency") or currency
    return OrderMail(
        number=thing.text("orderNumber"),
        reported=_STATUS.get(thing.text("orderStatus").rpartition("/")[2], Reported.TROUBLE),
        email=thing.text("customer", "email").lower(),
        name=thing.text("customer"),
        lines=tuple(line for line in (_line(each, coin) for each in _items(thing)) if line.sku),
        total=_amount(thing.text("price") or thing.text("totalPaymentDue", "price"), coin),
        placed_at=_instant(thing.text("orderDate")),
        promised_on=_day(delivery.text("expectedArrivalUntil") or delivery.text("expectedArrivalFrom")),
        carrier=delivery.text("carrier") or delivery.text("provider"),
        tracking_number=delivery.text("trackingNumber"),
    )


def _items(thing: Thing) -> tuple[Thing, ...]:
    """The lines, in whichever of the two ways the channel says them."""
    return thing.things("acceptedOffer") or thing.things("orderedItem")


def _line(thing: Thing, currency: str) -> ReadLine:
    """A line from an Offer (itemOffered), an OrderItem (orderedItem), or a bare Product."""
    product = next(iter((*thing.things("itemOffered"), *thing.things("orderedItem"))), thing)
    units = thing.text("eligibleQuantity", "value") or thing.text("orderQuantity") or "1"
    price = thing.text("price") or product.text("offers", "price")
    return ReadLine(
        sku=(product.text("sku") or product.text("productID") or thing.text("sku")).upper(),
        quantity=int(units) if units.isascii() and units.isdigit() else 0,
        name=product.text("name"),
        price=_amount(price, thing.text("priceCurrency") or currency),
    )


_YEARS = range(1970, 9000)  # at either end of the calendar another time zone is out of range


def _amount(text: str, currency: str) -> Money | None:
    try:
        return money(text, currency) if text else None
    except ValueError:
        return None


def _instant(text: str) -> datetime | None:
    """An ISO 8601 instant; a bare day counts from midnight UTC."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)) if found.year in _YEARS else None


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text[:10])
    except ValueError:
        return None
    return found if found.year in _YEARS else None
