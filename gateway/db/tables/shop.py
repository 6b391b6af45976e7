"""What the shop knows: customers, goods, orders, suppliers, feedback, and who waits for what.

`stock` and `standing` are derived and can be rebuilt. Amounts end in `_minor`; their currency stands in the
same row, or in the row they belong to. No table refers to mail by foreign key: mails are forgotten earlier
than orders.
"""

from sqlalchemy import Column, Index, Text

from gateway.db.columns import Count, Day, Flag, Id, Instant, Json, Money
from gateway.db.metadata import partial, refers, table, word
from gateway.mail.draft import Purpose

CHANNELS = ("mail", "sms", "push")
BASES = ("express", "soft_optin", "bought", "imported")
PRODUCT_STATUSES = ("active", "paused", "discontinued")
MOVEMENT_REASONS = ("sale", "receipt", "return", "count", "correction")
ORDER_STATUSES = (
    "placed",
    "confirmed",
    "partly_shipped",
    "shipped",
    "delivered",
    "cancelled",
    "return_requested",
    "returned",
)
SHIPMENT_STATUSES = (
    "announced",
    "in_transit",
    "out_for_delivery",
    "delivered",
    "exception",
    "lost",
    "sent_back",
)
PURCHASE_ORDER_STATUSES = (
    "draft",
    "sent",
    "acknowledged",
    "partly_received",
    "received",
    "closed",
    "cancelled",
)
SENTIMENTS = ("positive", "neutral", "negative")

customer = table(
    "customer",
    Column("id", Id, primary_key=True),
    Column("email", Text),  # NULL once erased
    Column("email_key", Text, nullable=False),  # keyed hash of the canonical form
    Column("name", Text),
    Column("first_name", Text),
    Column("phone", Text),
    Column("language", Text),
    Column("timezone", Text),
    Column("country", Text),
    Column("city", Text),
    Column("birthday", Day),
    Column("registered_at", Instant, nullable=False),
    Column("source", Text),
    Column("note", Text),
    Column("erased_at", Instant),
    partial("uq_customer_email_key", "email_key", where="erased_at IS NULL", unique=True),
    Index(None, "registered_at"),
)

consent = table(
    "consent",
    Column("id", Id, primary_key=True),
    Column("address_key", Text, nullable=False),
    refers("customer_id", "customer.id", nullable=True),
    word("channel", CHANNELS, default="mail"),
    word("purpose", Purpose),
    Column("granted", Flag, nullable=False),
    word("basis", BASES, nullable=True),  # NULL for a withdrawal
    Column("text_version", Text),
    Column("source", Text, nullable=False, default=""),
    Column("evidence_id", Id),  # the journal row, web action or import that shows it
    Column("ip", Text),
    Column("user_agent", Text),
    Column("at", Instant, nullable=False),
    Column("expires_at", Instant),
    Index(None, "address_key", "channel", "purpose", "at"),
    Index(None, "customer_id"),
    append_only=True,
)

standing = table(
    "standing",
    Column("address_key", Text, primary_key=True),
    word("channel", CHANNELS, default="mail", key=True),
    word("purpose", Purpose, key=True),
    Column("granted", Flag, nullable=False),
    Column("since", Instant, nullable=False),
    Column("expires_at", Instant),
    refers("consent_id", "consent.id"),
    Index(None, "consent_id"),
    compact=True,
)

supplier = table(
    "supplier",
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("language", Text, nullable=False, default="en"),
    word("day_order", ("dmy", "mdy"), default="dmy"),  # how this supplier writes 03/04
    Column("lead_days", Count, nullable=False, default=14),
    Column("currency", Text, nullable=False, default="EUR"),
    Column("min_order_minor", Money),
    Column("note", Text, nullable=False, default=""),
)

supplier_address = table(
    "supplier_address",
    Column("address", Text, primary_key=True),
    refers("supplier_id", "supplier.id"),
    Column("position", Count, nullable=False, default=0),  # 0: where we order
    Index(None, "supplier_id", "position"),
    compact=True,
)

product = table(
    "product",
    Column("id", Id, primary_key=True),
    Column("sku", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("category", Text, nullable=False, default=""),
    Column("price_minor", Money),
    Column("cost_minor", Money),
    Column("currency", Text),
    refers("supplier_id", "supplier.id", nullable=True),
    Column("supplier_sku", Text, nullable=False, default=""),
    Column("reorder_point", Count, nullable=False, default=0),
    Column("reorder_quantity", Count, nullable=False, default=0),
    Column("safety_stock", Count, nullable=False, default=0),
    word("status", PRODUCT_STATUSES, default="active"),
    refers("substitute_id", "product.id", nullable=True),
    Column("url", Text, nullable=False, default=""),
    Column("image", Text, nullable=False, default=""),
    Column("updated_at", Instant),
    Index(None, "category"),
    Index(None, "supplier_id"),
    Index(None, "substitute_id"),
)

stock_movement = table(
    "stock_movement",
    Column("id", Id, primary_key=True),
    refers("product_id", "product.id"),
    Column("change", Count, nullable=False),
    word("reason", MOVEMENT_REASONS),
    Column("cause_id", Id, nullable=False),
    Column("by", Text, nullable=False, default=""),
    Column("note", Text, nullable=False, default=""),
    Column("at", Instant, nullable=False),
    Index(None, "product_id", "at"),
    append_only=True,
)

stock = table(
    "stock",
    refers("product_id", "product.id", key=True),
    Column("on_hand", Count, nullable=False, default=0),
    Column("reserved", Count, nullable=False, default=0),
    Column("on_order", Count, nullable=False, default=0),
    Column("moved_at", Instant),
    compact=True,
)

orders = table(
    "orders",
    Column("id", Id, primary_key=True),
    Column("number", Text, nullable=False, unique=True),
    Column("source", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    refers("customer_id", "customer.id"),
    word("status", ORDER_STATUSES, default="placed"),
    Column("currency", Text, nullable=False),
    Column("total_minor", Money, nullable=False),
    Column("tax_minor", Money),
    Column("shipping_minor", Money),
    Column("discount_minor", Money),
    Column("placed_at", Instant, nullable=False),
    Column("placed_on", Day, nullable=False),  # the shop's day of placed_at
    Column("promised_on", Day),
    Column("ship_to", Json),  # NULL once erased
    Column("cancelled_at", Instant),
    Column("note", Text),
    Index("uq_orders_source_external_id", "source", "external_id", unique=True),
    Index(None, "customer_id", "placed_at"),
    Index(None, "status", "promised_on"),
)

order_line = table(
    "order_line",
    refers("order_id", "orders.id", key=True),
    Column("line", Count, primary_key=True, autoincrement=False),
    refers("product_id", "product.id", nullable=True),
    Column("sku", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("quantity", Count, nullable=False),
    Column("price_minor", Money),  # for one unit; NULL: not told
    Column("discount_minor", Money),
    Index(None, "product_id"),
    compact=True,
)

shipment = table(
    "shipment",
    Column("id", Id, primary_key=True),
    refers("order_id", "orders.id"),
    Column("carrier", Text, nullable=False),
    Column("tracking_number", Text, nullable=False),
    word("status", SHIPMENT_STATUSES, default="announced"),
    Column("promised_on", Day),
    Column("shipped_at", Instant),
    Column("delivered_at", Instant),
    Column("last_event_at", Instant),
    Index("uq_shipment_carrier_tracking_number", "carrier", "tracking_number", unique=True),
    Index(None, "tracking_number"),  # mails often name no carrier
    Index(None, "order_id"),
)

shipment_line = table(
    "shipment_line",
    refers("shipment_id", "shipment.id", key=True),
    Column("line", Count, primary_key=True, autoincrement=False),  # of the order
    Column("quantity", Count, nullable=False),
    compact=True,
)

shipment_event = table(
    "shipment_event",
    Column("id", Id, primary_key=True),
    refers("shipment_id", "shipment.id"),
    Column("at", Instant, nullable=False),
    Column("what", Text, nullable=False),
    Column("place", Text, nullable=False, default=""),
    Column("journal_id", Id),
    Index(None, "shipment_id", "at"),
    append_only=True,
)

order_return = table(
    "order_return",
    Column("id", Id, primary_key=True),
    refers("order_id", "orders.id"),
    Column("line", Count, nullable=False),
    Column("quantity", Count, nullable=False),
    Column("reason", Text, nullable=False, default=""),
    Column("asked_at", Instant, nullable=False),
    Column("received_at", Instant),
    Column("refund_minor", Money),
    Index(None, "order_id"),
)

purchase_order = table(
    "purchase_order",
    Column("id", Id, primary_key=True),
    Column("number", Text, nullable=False, unique=True),
    refers("supplier_id", "supplier.id"),
    word("status", PURCHASE_ORDER_STATUSES, default="draft"),
    Column("currency", Text, nullable=False),
    Column("expected_on", Day),
    Column("made_at", Instant, nullable=False),
    Column("sent_at", Instant),
    Column("acknowledged_at", Instant),
    Column("reminded_at", Instant),
    Index(None, "supplier_id", "status"),
    Index(None, "status", "expected_on"),
)

purchase_order_line = table(
    "purchase_order_line",
    refers("purchase_order_id", "purchase_order.id", key=True),
    Column("line", Count, primary_key=True, autoincrement=False),
    refers("product_id", "product.id"),
    Column("ordered", Count, nullable=False),
    Column("confirmed", Count),  # NULL until the supplier has said how many come
    Column("received", Count, nullable=False, default=0),
    Column("cost_minor", Money),  # for one unit
    Column("expected_on", Day),
    Index(None, "product_id"),
    compact=True,
)

feedback = table(
    "feedback",
    Column("id", Id, primary_key=True),
    refers("order_id", "orders.id"),
    refers("product_id", "product.id", nullable=True),  # NULL: the order as a whole
    refers("customer_id", "customer.id"),
    Column("asked_at", Instant, nullable=False),
    Column("answered_at", Instant),
    Column("journal_id", Id),
    Column("stars", Count),
    Column("text", Text),
    word("sentiment", SENTIMENTS, nullable=True),
    Column("score", Count),  # VADER's compound in ten-thousandths
    Column("category", Text),
    Column("published_at", Instant),
    partial("uq_feedback_order_id", "order_id", where="product_id IS NULL", unique=True),
    partial(
        "uq_feedback_order_id_product_id",
        "order_id",
        "product_id",
        where="product_id IS NOT NULL",
        unique=True,
    ),
    Index(None, "order_id"),
    Index(None, "product_id"),
    Index(None, "customer_id"),
    Index(None, "answered_at"),
)

waitlist_entry = table(
    "waitlist_entry",
    Column("id", Id, primary_key=True),
    refers("product_id", "product.id"),
    Column("address_key", Text, nullable=False),
    Column("address", Text),  # NULL once erased
    refers("customer_id", "customer.id", nullable=True),
    Column("joined_at", Instant, nullable=False),
    Column("confirmed_at", Instant),
    Column("notified_at", Instant),
    Column("left_at", Instant),
    partial(
        "uq_waitlist_entry_open",
        "product_id",
        "address_key",
        where="notified_at IS NULL AND left_at IS NULL",
        unique=True,
    ),
    Index(None, "product_id", "joined_at"),
    Index(None, "customer_id"),
)
