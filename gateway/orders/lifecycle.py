"""How an order may move, and which of its moves the customer is told.

The table is the law: a pair that is missing cannot happen. A delay changes the promised day, not the
status, so it leads back to where it was - and still earns a notice. Shops ship before they confirm and
carriers deliver what nobody announced, hence the short cuts.
"""

from collections.abc import Mapping
from typing import Final

from gateway.kernel.machine import Machine
from gateway.orders.model import OrderMove as Move
from gateway.orders.model import OrderStatus as Status
from gateway.orders.model import ShipmentMove, ShipmentStatus

ORDER: Final = Machine(
    "order",
    initial=Status.PLACED,
    table={
        (Status.PLACED, Move.CONFIRM): Status.CONFIRMED,
        (Status.PLACED, Move.DELAY): Status.PLACED,
        (Status.PLACED, Move.CANCEL): Status.CANCELLED,
        (Status.CONFIRMED, Move.DELAY): Status.CONFIRMED,
        (Status.CONFIRMED, Move.SHIP_PART): Status.PARTLY_SHIPPED,
        (Status.CONFIRMED, Move.SHIP): Status.SHIPPED,
        (Status.CONFIRMED, Move.CANCEL): Status.CANCELLED,
        (Status.PARTLY_SHIPPED, Move.DELAY): Status.PARTLY_SHIPPED,
        (Status.PARTLY_SHIPPED, Move.SHIP_PART): Status.PARTLY_SHIPPED,
        (Status.PARTLY_SHIPPED, Move.SHIP): Status.SHIPPED,
        (Status.SHIPPED, Move.DELAY): Status.SHIPPED,
        (Status.SHIPPED, Move.DELIVER): Status.DELIVERED,
        (Status.SHIPPED, Move.RETURN): Status.RETURNED,
        (Status.DELIVERED, Move.REQUEST_RETURN): Status.RETURN_REQUESTED,
        (Status.DELIVERED, Move.RETURN): Status.RETURNED,
        (Status.RETURN_REQUESTED, Move.RETURN): Status.RETURNED,
    },
)

NOTICE: Final[Mapping[Move, str | None]] = {
    Move.CONFIRM: "orders/confirmed",
    Move.DELAY: "orders/delayed",
    Move.SHIP_PART: "orders/partly_shipped",
    Move.SHIP: "orders/shipped",
    Move.DELIVER: "orders/delivered",
    Move.CANCEL: "orders/cancelled",
    Move.REQUEST_RETURN: None,  # answered by hand: returns differ too much
    Move.RETURN: "orders/returned",
}

OPEN: Final = frozenset({Status.PLACED, Status.CONFIRMED, Status.PARTLY_SHIPPED, Status.SHIPPED})

_ON_ITS_WAY = (
    ShipmentStatus.ANNOUNCED,
    ShipmentStatus.IN_TRANSIT,
    ShipmentStatus.OUT_FOR_DELIVERY,
    ShipmentStatus.EXCEPTION,
)
_LEADS_TO: Final = {
    ShipmentMove.COLLECT: ShipmentStatus.IN_TRANSIT,
    ShipmentMove.LOAD: ShipmentStatus.OUT_FOR_DELIVERY,
    ShipmentMove.HAND_OVER: ShipmentStatus.DELIVERED,
    ShipmentMove.MEET_TROUBLE: ShipmentStatus.EXCEPTION,
    ShipmentMove.LOSE: ShipmentStatus.LOST,
    ShipmentMove.SEND_BACK: ShipmentStatus.SENT_BACK,
}

SHIPMENT: Final = Machine(
    "shipment",
    initial=ShipmentStatus.ANNOUNCED,
    table={
        **{(status, move): after for status in _ON_ITS_WAY for move, after in _LEADS_TO.items()},
        (ShipmentStatus.LOST, ShipmentMove.COLLECT): ShipmentStatus.IN_TRANSIT,  # found again
        (ShipmentStatus.LOST, ShipmentMove.HAND_OVER): ShipmentStatus.DELIVERED,
        (ShipmentStatus.LOST, ShipmentMove.SEND_BACK): ShipmentStatus.SENT_BACK,
    },
)
