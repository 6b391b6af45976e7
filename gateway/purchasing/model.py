"""What we order from suppliers: nouns, effects, events. Overdue is a date, not a status."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from gateway.kernel.calendar import ShopCalendar
from gateway.kernel.decision import Effect, Event
from gateway.kernel.ids import Id
from gateway.kernel.money import Money
from gateway.mail.envelope import Address


class PurchaseOrderStatus(StrEnum):
    DRAFT = "draft"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    PARTLY_RECEIVED = "partly_received"
    RECEIVED = "received"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class PurchaseOrderMove(StrEnum):
    SEND = "send"
    ACKNOWLEDGE = "acknowledge"
    RECEIVE_PART = "receive_part"
    RECEIVE = "receive"
    CLOSE = "close"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Supplier:
    id: Id  # prefix "sup"
    name: str
    language: str
    day_order: str  # "dmy" or "mdy": how this supplier writes 03/04
    lead_days: int
    currency: str
    addresses: tuple[Address, ...]  # the first is where we order


@dataclass(frozen=True, slots=True)
class PurchaseOrderLine:
    """`confirmed` is None until the supplier has said how many come; `cost` is for one unit."""

    line: int
    product_id: Id
    sku: str
    supplier_sku: str
    name: str
    ordered: int
    confirmed: int | None
    received: int
    cost: Money | None
    expected_on: date | None

    @property
    def open(self) -> int:
        """Units still to come."""
        return max(0, (self.ordered if self.confirmed is None else self.confirmed) - self.received)


@dataclass(frozen=True, slots=True)
class PurchaseOrder:
    id: Id  # prefix "pur"
    number: str
    supplier_id: Id
    status: PurchaseOrderStatus
    expected_on: date | None
    sent_at: datetime | None
    acknowledged_at: datetime | None
    reminded_at: datetime | None
    lines: tuple[PurchaseOrderLine, ...]

    @property
    def ordered(self) -> int:
        return sum(line.ordered for line in self.lines)

    @property
    def open(self) -> int:
        return sum(line.open for line in self.lines)


@dataclass(frozen=True, slots=True)
class KeepSupplier(Effect):
    """Make or change a supplier by name."""

    name: str
    addresses: tuple[Address, ...]
    language: str = "en"
    day_order: str = "dmy"
    lead_days: int = 14
    currency: str = "EUR"


@dataclass(frozen=True, slots=True)
class OrderFromSupplier(Effect):
    """Order units of one product from its supplier."""

    product_id: Id
    quantity: int


@dataclass(frozen=True, slots=True)
class ConfirmPurchaseOrder(Effect):
    """What the supplier promised: units in all (None: everything), and the day (None: not told)."""

    purchase_order_id: Id
    seen: PurchaseOrderStatus
    quantity: int | None
    expected_on: date | None


@dataclass(frozen=True, slots=True)
class ReceivePurchaseOrder(Effect):
    """Units have arrived; `quantity` None: all that was open."""

    purchase_order_id: Id
    seen: PurchaseOrderStatus
    quantity: int | None


@dataclass(frozen=True, slots=True)
class MarkReminded(Effect):
    """The supplier was asked again."""

    purchase_order_id: Id


@dataclass(frozen=True, slots=True)
class PurchaseOrderSent(Event):
    purchase_order_id: Id
    supplier_id: Id
    units: tuple[tuple[Id, int], ...]  # product -> units


@dataclass(frozen=True, slots=True)
class PurchaseOrderConfirmed(Event):
    purchase_order_id: Id
    supplier_id: Id
    quantity: int
    ordered: int
    expected_on: date | None
    change: tuple[tuple[Id, int], ...] = ()  # product -> units more (or fewer) than was expected so far


@dataclass(frozen=True, slots=True)
class GoodsReceived(Event):
    purchase_order_id: Id
    units: tuple[tuple[Id, int], ...]  # product -> units


@dataclass(frozen=True, slots=True)
class PurchasingTerms:
    """How long we wait: `answer_days` until we ask again, `remind_days` more until the owner is told."""

    calendar: ShopCalendar
    answer_days: int
    remind_days: int
