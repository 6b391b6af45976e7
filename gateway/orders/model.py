"""Orders and shipments: nouns, effects, events."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from gateway.kernel.calendar import ShopCalendar
from gateway.kernel.decision import Effect, Event
from gateway.kernel.ids import Id
from gateway.kernel.money import Money
from gateway.mail.envelope import Address


class OrderStatus(StrEnum):
    PLACED = "placed"
    CONFIRMED = "confirmed"
    PARTLY_SHIPPED = "partly_shipped"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    RETURN_REQUESTED = "return_requested"
    RETURNED = "returned"


class OrderMove(StrEnum):
    CONFIRM = "confirm"
    DELAY = "delay"
    SHIP_PART = "ship_part"
    SHIP = "ship"
    DELIVER = "deliver"
    CANCEL = "cancel"
    REQUEST_RETURN = "request_return"
    RETURN = "return"


class ShipmentStatus(StrEnum):
    ANNOUNCED = "announced"
    IN_TRANSIT = "in_transit"
    OUT_FOR_DELIVERY = "out_for_delivery"
    DELIVERED = "delivered"
    EXCEPTION = "exception"
    LOST = "lost"
    SENT_BACK = "sent_back"


class ShipmentMove(StrEnum):
    COLLECT = "collect"
    LOAD = "load"  # on the van
    HAND_OVER = "hand_over"  # to the customer
    MEET_TROUBLE = "meet_trouble"
    LOSE = "lose"
    SEND_BACK = "send_back"


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line of an order; `line` counts from 1. `price` is for one unit; None: not told."""

    line: int
    sku: str
    name: str
    quantity: int
    price: Money | None
    product_id: Id | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """What a customer bought. `promised_on` is the shop's day by which it should arrive."""

    id: Id  # prefix "ord"
    number: str
    source: str
    external_id: str
    customer_id: Id
    status: OrderStatus
    total: Money
    placed_at: datetime
    placed_on: date  # the shop's day of placed_at
    promised_on: date | None
    lines: tuple[OrderLine, ...]


@dataclass(frozen=True, slots=True)
class ShipmentLine:
    line: int  # of the order
    name: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Shipment:
    """One parcel of an order."""

    id: Id  # prefix "shp"
    order_id: Id
    carrier: str
    tracking_number: str
    tracking_url: str  # empty: the carrier has no page that we know
    status: ShipmentStatus
    promised_on: date | None
    shipped_at: datetime | None
    delivered_at: datetime | None
    lines: tuple[ShipmentLine, ...]


@dataclass(frozen=True, slots=True)
class PlaceOrder(Effect):
    """Take down an order; the same (source, external_id) is placed once."""

    number: str  # empty: the next of our own
    source: str
    external_id: str
    email: Address
    lines: tuple[OrderLine, ...]
    currency: str
    total: Money | None  # None: the sum of the lines
    placed_at: datetime
    placed_on: date
    promised_on: date | None


@dataclass(frozen=True, slots=True)
class AdvanceOrder(Effect):
    """Move an order along its table, from the status the decision saw."""

    order_id: Id
    move: OrderMove
    seen: OrderStatus
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DelayOrder(Effect):
    """Promise another day, or (None) admit that the day has passed and no new one is known."""

    order_id: Id
    seen: OrderStatus
    promised_on: date | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ShipOrder(Effect):
    """Record a parcel; `quantities` maps order line to units, empty: all that is still open."""

    order_id: Id
    seen: OrderStatus
    carrier: str
    tracking_number: str
    quantities: tuple[tuple[int, int], ...] = ()
    promised_on: date | None = None


@dataclass(frozen=True, slots=True)
class AdvanceShipment(Effect):
    """Record what the carrier says about a parcel."""

    shipment_id: Id
    move: ShipmentMove
    seen: ShipmentStatus
    at: datetime
    what: str
    place: str = ""
    promised_on: date | None = None


@dataclass(frozen=True, slots=True)
class OrderPlaced(Event):
    order_id: Id
    customer_id: Id
    promised_on: date | None


@dataclass(frozen=True, slots=True)
class OrderMoved(Event):
    """`shipment_id` is the parcel that caused it, if one did."""

    order_id: Id
    move: OrderMove
    status: OrderStatus
    shipment_id: Id | None = None
    promised_on: date | None = None  # a newly promised day
    shipped: tuple[tuple[int, int], ...] = ()  # order line -> units that left with it
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ShipmentMoved(Event):
    shipment_id: Id
    order_id: Id
    move: ShipmentMove
    status: ShipmentStatus
    what: str
    promised_on: date | None = None


@dataclass(frozen=True, slots=True)
class OrderTerms:
    """What the shop promises: `promise_days` are working days from placing to the customer's door."""

    calendar: ShopCalendar
    currency: str
    promise_days: int
