"""What mails say about orders and parcels: values read from markup or words, never acted upon here."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from gateway.inventory.model import Product
from gateway.kernel.money import Money
from gateway.mail.pattern import compile_pattern
from gateway.orders.model import OrderLine, ShipmentMove


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


@dataclass(frozen=True, slots=True)
class ParcelNews:
    """What a carrier says about one parcel."""

    tracking_number: str
    carrier: str
    move: ShipmentMove
    what: str  # in the carrier's words, one line
    at: datetime | None = None
    place: str = ""
    promised_on: date | None = None


_FORM_LINE = compile_pattern(
    r"^[\s>*•-]*(?:(?P<units>\d{1,5})\s*(?:x|×|\*|pcs|pieces|stk|st\.)?\s+)(?P<sku>[\p{L}\d][\p{L}\d._-]{1,31})\b",
    ignore_case=True,
)


def order_form(words: str) -> tuple[ReadLine, ...]:
    """The lines of an order written by hand: `2 x MUG-01`, one a line; a SKU has a digit or a hyphen."""
    lines: list[ReadLine] = []
    for line in words.splitlines():
        if found := _FORM_LINE.search(line):
            sku, units = found.group("sku") or "", int(found.group("units") or 0)
            if any(character.isdigit() or character == "-" for character in sku):
                lines.append(ReadLine(sku.upper(), units))
    return tuple(lines)
