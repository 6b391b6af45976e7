"""How a purchase order may move. Overdue is a date, not a status: a late answer is simply an answer."""

from typing import Final

from gateway.kernel.machine import Machine
from gateway.purchasing.model import PurchaseOrderMove as Move
from gateway.purchasing.model import PurchaseOrderStatus as Status

PURCHASE_ORDER: Final = Machine(
    "purchase order",
    initial=Status.DRAFT,
    table={
        (Status.DRAFT, Move.SEND): Status.SENT,
        (Status.DRAFT, Move.CANCEL): Status.CANCELLED,
        (Status.SENT, Move.ACKNOWLEDGE): Status.ACKNOWLEDGED,
        (Status.SENT, Move.RECEIVE_PART): Status.PARTLY_RECEIVED,
        (Status.SENT, Move.RECEIVE): Status.RECEIVED,
        (Status.SENT, Move.CANCEL): Status.CANCELLED,
        (Status.ACKNOWLEDGED, Move.ACKNOWLEDGE): Status.ACKNOWLEDGED,  # they changed their mind
        (Status.ACKNOWLEDGED, Move.RECEIVE_PART): Status.PARTLY_RECEIVED,
        (Status.ACKNOWLEDGED, Move.RECEIVE): Status.RECEIVED,
        (Status.ACKNOWLEDGED, Move.CANCEL): Status.CANCELLED,
        (Status.PARTLY_RECEIVED, Move.ACKNOWLEDGE): Status.PARTLY_RECEIVED,  # news about the rest
        (Status.PARTLY_RECEIVED, Move.RECEIVE_PART): Status.PARTLY_RECEIVED,
        (Status.PARTLY_RECEIVED, Move.RECEIVE): Status.RECEIVED,
        (Status.PARTLY_RECEIVED, Move.CLOSE): Status.CLOSED,  # the rest will not come
        (Status.RECEIVED, Move.CLOSE): Status.CLOSED,
    },
)

OPEN: Final = frozenset({Status.SENT, Status.ACKNOWLEDGED, Status.PARTLY_RECEIVED})
