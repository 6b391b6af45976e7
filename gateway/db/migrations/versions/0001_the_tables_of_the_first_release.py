"""The tables of the first release.

Down takes away every table, and with them every row: a copy is the way back.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from gateway.db import columns

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def where(rows: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(rows), "postgresql_where": sa.text(rows)}


def one_of(table: str, column: str, *words: str) -> sa.CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=op.f(f"ck_{table}_{column}"))


def upgrade() -> None:
    op.create_table(
        "applied",
        sa.Column("id", columns.Id(), nullable=False),
        sa.Column("stimulus_id", columns.Id(), nullable=False),
        sa.Column("effect", sa.Text(), nullable=False),
        sa.Column("at", columns.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_applied"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_applied_at", "applied", ["at"])
    op.create_index("ix_applied_stimulus_id", "applied", ["stimulus_id"])
    op.create_table(
        "audit",
        sa.Column("id", columns.Id(), nullable=False),
        sa.Column("at", columns.Instant(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("level", columns.Small),
        sa.Column("stimulus_id", columns.Id()),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("about_id", columns.Id()),
        sa.Column("before", columns.Json()),
        sa.Column("after", columns.Json()),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
        sqlite_strict=True,
    )
    op.create_index("ix_audit_about_id_at", "audit", ["about_id", "at"])
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_table(
        "customer",
        sa.Column("id", columns.Id(), nullable=False),
        sa.Column("email", sa.Text()),
        sa.Column("email_key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text()),
        sa.Column("first_name", sa.Text()),
        sa.Column("phone", sa.Text()),
        sa.Column("language", sa.Text()),
        sa.Column("timezone", sa.Text()),
        sa.Column("country", sa.Text()),
        sa.Column("city", sa.Text()),
        sa.Column("birthday", columns.Day()),
        sa.Column("registered_at", columns.Instant(), nullable=False),
        sa.Column("source", sa.Text()),
        sa.Column("note", sa.Text()),
        sa.Column("erased_at", columns.Instant()),
        sa.PrimaryKeyConstraint("id", name="pk_customer"),
        sqlite_strict=True,
    )
    op.create_index("ix_customer_registered_at", "customer", ["registered_at"])
    op.create_index(
        "uq_customer_email_key", "customer", ["email_key"], unique=True, **where("erased_at IS NULL")
    )
    op.create_table(
        "bounce",
        sa.Column("id", columns.Id(), nullable=False),
        sa.Column("recipient_key", sa.Text(), nullable=False),
        sa.Column("seq", columns.Seq),
        sa.Column("class", sa.Text(), nullable=False),
        sa.Column("quarters", columns.Small, nullable=False),
        sa.Column("at", columns.Instant(), nullable=False),
        sa.Column("day", columns.Day(), nullable=False),
        one_of(
            "bounce",
            "class",
            "no_such_user",
            "no_such_host",
            "disabled",
            "moved",
            "mailbox_full",
            "suspended",
            "rate_limited",
            "greylisted",
            "network",
            "system",
            "expired",
            "blocked",
            "auth_failed",
            "unknown",
            "too_big",
            "spam",
            "policy",
            "virus",
            "sender_refused",
            "malformed",
            "relay_denied",
            "loop",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_bounce"),
        sqlite_strict=True,
    )
    op.create_index("ix_bounce_at", "bounce", ["at"])
    op.create_index("ix_bounce_recipient_key_at", "bounce", ["recipient_key", "at"])
    op.create_table(
        "hold",
        sa.Column("number", columns.Seq, nullable=False),
        sa.Column("stimulus_id", columns.Id()),
        sa.Column("outbound_seq", columns.Seq),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("waived", columns.Json()),
        sa.Column("author", sa.Text()),
        sa.Column("level", columns.Small),
        sa.Column("held_at", columns.Instant(), nullable=False),
        sa.Column("tell_at", columns.Instant(), nullable=False),
        sa.Column("told_at", columns.Instant()),
        sa.Column("reminded_at", columns.Instant()),
        sa.Column("announced_at", columns.Instant()),
        sa.Column("decided_at", columns.Instant()),
        sa.Column("decision", sa.Text()),
        sa.Column("by", sa.Text()),
        one_of("hold", "decision", "released", "dropped", "expired"),
        sa.PrimaryKeyConstraint("number", name="pk_hold"),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index("ix_hold_open", "hold", ["tell_at"], **where("decided_at IS NULL"))
    op.create_index("ix_hold_stimulus_id", "hold", ["stimulus_id"])
    op.create_index("uq_hold_open", "hold", ["stimulus_id"], unique=True, **where("decided_at IS NULL"))
    op.create_table(
        "imap_cursor",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("uid_validity", columns.Seq, autoincrement=False, nullable=False),
        sa.Column("uid", columns.Seq, nullable=False),
        sa.Column("since", columns.Instant()),
        sa.Column("anew", columns.Flag(), nullable=False),
        sa.Column("checked_at", columns.Instant()),
        sa.PrimaryKeyConstraint("account", "mailbox", "uid_validity", name="pk_imap_cursor"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "imap_mail",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("uid_validity", columns.Seq, autoincrement=False, nullable=False),
        sa.Column("uid", columns.Seq, autoincrement=False, nullable=False),
        sa.Column("journal_id", columns.Id(), nullable=False),
        sa.Column("move_to", sa.Text()),
        sa.Column("moved_at", columns.Instant()),
        sa.PrimaryKeyConstraint("account", "mailbox", "uid_validity", "uid", name="pk_imap_mail"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_imap_mail_journal_id", "imap_mail", ["journal_id"])
    op.create_index(
        "ix_imap_mail_to_move",
        "imap_mail",
        ["account", "mailbox", "uid_validity"],
        **where("move_to IS NOT NULL"),
    )
    op.create_table(
        "imap_mailbox",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("mailbox", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text()),
        sa.Column("held_until", columns.Instant()),
        sa.Column("contact_at", columns.Instant()),
        sa.Column("trouble", sa.Text()),
        sa.Column("trouble_since", columns.Instant()),
        sa.PrimaryKeyConstraint("account", "mailbox", name="pk_imap_mailbox"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "ingested",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("at", columns.Instant(), nullable=False),
        sa.Column("stimulus_id", columns.Id(), nullable=False),
        sa.PrimaryKeyConstraint("source", "external_id", name="pk_ingested"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "journal",
        sa.Column("seq", columns.Seq, nullable=False),
        sa.Column("id", columns.Id(), nullable=False),
        sa.Column("received_at", columns.Instant(), nullable=False),
        sa.Column("via", sa.Text(), nullable=False),
        sa.Column("peer", columns.Json()),
        sa.Column("reverse_path", sa.Text()),
        sa.Column("forward_paths", columns.Json(), nullable=False),
        sa.Column("auth", columns.Json()),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", columns.Size, nullable=False),
        sa.Column("key_id", sa.Text()),
        sa.Column("key_content", sa.Text()),
        sa.Column("duplicate_of", columns.Id()),
        sa.Column("finding", sa.Text()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", columns.Small, nullable=False),
        sa.Column("not_before", columns.Instant()),
        sa.Column("kind", sa.Text()),
        sa.Column("party", sa.Text()),
        sa.Column("author_key", sa.Text()),
        sa.Column("subject", sa.Text()),
        sa.Column("customer_id", columns.Id()),
        sa.Column("about_id", columns.Id()),
        sa.Column("rule_set", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("hold_number", columns.Seq),
        sa.Column("settled_at", columns.Instant()),
        sa.Column("forgotten_at", columns.Instant()),
        one_of("journal", "state", "received", "handled", "held", "dropped", "duplicate"),
        one_of("journal", "via", "smtp", "lmtp", "imap", "import"),
        sa.PrimaryKeyConstraint("seq", name="pk_journal"),
        sa.UniqueConstraint("id", name="uq_journal_id"),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index("ix_journal_about_id_received_at", "journal", ["about_id", "received_at"])
    op.create_index("ix_journal_author_key_received_at", "journal", ["author_key", "received_at"])
    op.create_index("ix_journal_customer_id_received_at", "journal", ["customer_id", "received_at"])
    op.create_index("ix_journal_key_content_key_id", "journal", ["key_content", "key_id"])
    op.create_index("ix_journal_key_id", "journal", ["key_id"])
    op.create_index("ix_journal_spooled", "journal", ["sha256"], **where("size > 65536"))
    op.create_index("ix_journal_waiting", "journal", ["received_at"], **where("state = 'received'"))
    op.create_table(
        "known_id",
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("journal_id", columns.Id()),
        sa.Column("about_id", columns.Id()),
        sa.Column("at", columns.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", name="pk_known_id"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_known_id_at", "known_id", ["at"])
    op.create_table(
        "outbound_message",
        sa.Column("seq", columns.Seq, nullable=False),
        sa.Column("id", columns.Id(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("lane", columns.Small, nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("about_id", columns.Id()),
        sa.Column("customer_id", columns.Id()),
        sa.Column("source_id", columns.Id()),
        sa.Column("cause_id", columns.Id()),
        sa.Column("once_since", columns.Instant()),
        sa.Column("recipient", sa.Text()),
        sa.Column("recipient_key", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text()),
        sa.Column("sha256", sa.Text()),
        sa.Column("size", columns.Size),
        sa.Column("on_doubt", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("why", sa.Text()),
        sa.Column("code", columns.Small),
        sa.Column("enhanced", sa.Text()),
        sa.Column("created_at", columns.Instant(), nullable=False),
        sa.Column("expires_at", columns.Instant(), nullable=False),
        sa.Column("settled_at", columns.Instant()),
        sa.Column("bounced_at", columns.Instant()),
        sa.Column("bounce_class", sa.Text()),
        sa.Column("complained_at", columns.Instant()),
        sa.Column("used_at", columns.Instant()),
        sa.Column("heard_at", columns.Instant()),
        sa.Column("heard", sa.Text()),
        sa.Column("back_on", columns.Day()),
        one_of(
            "outbound_message",
            "bounce_class",
            "no_such_user",
            "no_such_host",
            "disabled",
            "moved",
            "mailbox_full",
            "suspended",
            "rate_limited",
            "greylisted",
            "network",
            "system",
            "expired",
            "blocked",
            "auth_failed",
            "unknown",
            "too_big",
            "spam",
            "policy",
            "virus",
            "sender_refused",
            "malformed",
            "relay_denied",
            "loop",
        ),
        one_of("outbound_message", "channel", "mail", "sms", "push"),
        one_of("outbound_message", "on_doubt", "resend", "list", "hold"),
        one_of("outbound_message", "purpose", "transactional", "service", "marketing", "supplier", "owner"),
        one_of(
            "outbound_message",
            "status",
            "open",
            "accepted",
            "refused",
            "expired",
            "withdrawn",
            "suppressed",
            "uncertain",
        ),
        sa.PrimaryKeyConstraint("seq", name="pk_outbound_message"),
        sa.UniqueConstraint("id", name="uq_outbound_message_id"),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_index("ix_outbound_message_about_id_created_at", "outbound_message", ["about_id", "created_at"])
    op.create_index(
        "ix_outbound_message_automatic",
        "outbound_message",
        ["created_at", "cause_id"],
        **where("lane < 2 AND purpose <> 'owner' AND cause_id >= 'jrn' AND cause_id < 'jro'"),
    )
    op.create_index(
        "ix_outbound_message_customer_id_created_at", "outbound_message", ["customer_id", "created_at"]
    )
    op.create_index(
        "ix_outbound_message_expiry", "outbound_message", ["expires_at"], **where("status = 'open'")
    )
    op.create_index(
        "ix_outbound_message_recipient_key_created_at", "outbound_message", ["recipient_key", "created_at"]
    )
    op.create_index("ix_outbound_message_source_id_status", "outbound_message", ["source_id", "status"])
    op.create_table(
        "route",
        sa.Column("id", columns.Seq, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("site", sa.Text()),
        sa.Column("paused_at", columns.Instant()),
        sa.Column("paused_why", sa.Text()),
        sa.Column("suspended_until", columns.Instant()),
        sa.Column("suspended_why", sa.Text()),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("rate_factor", sa.Integer(), nullable=False),
        sa.Column("last_ok_at", columns.Instant()),
        sa.Column("last_failure_at", columns.Instant()),
        sa.Column("last_reply", sa.Text()),
        one_of("route", "kind", "smarthost", "domain"),
        sa.PrimaryKeyConstraint("id", name="pk_route"),
        sqlite_strict=True,
    )
    op.create_index("uq_route_kind_key", "route", ["kind", "key"], unique=True)
    op.create_table(
        "setting",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", columns.Json()),
        sa.Column("changed_at", columns.Instant(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_setting"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "supplier",
        sa.Column("id", columns.Id(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("day_order", sa.Text(), nullable=False),
        sa.Column("lead_days", sa.Integer(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("min_order_minor", columns.Money),
        sa.Column("note", sa.Text(), nullable=False),
        one_of("supplier", "day_order", "dmy", "mdy"),
        sa.PrimaryKeyConstraint("id", name="pk_supplier"),
        sa.UniqueConstraint("name", name="uq_supplier_name"),
        sqlite_strict=True,
    )
    op.create_table(
        "suppression",
        sa.Column("id", columns.Id(), nullable=False),
        sa.Column("recipient_key", sa.Text(), nullable=False),
        sa.Column("address", sa.Text()),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("source_id", columns.Id()),
        sa.Column("since", columns.Instant(), nullable=False),
        sa.Column("until", columns.Instant()),
        sa.Column("lifted_at", columns.Instant()),
        one_of("suppression", "channel", "mail", "sms", "push"),
        one_of(
            "suppression", "reason", "dead_address", "bounces", "complaint", "unsubscribed", "owner", "erased"
        ),
        one_of("suppression", "scope", "marketing", "all"),
        sa.PrimaryKeyConstraint("id", name="pk_suppression"),
        sqlite_strict=True,
    )
    op.create_index(
        "uq_suppression_open",
        "suppression",
        ["recipient_key", "channel", "scope", "reason"],
        unique=True,
        **where("lifted_at IS NULL"),
    )
    op.create_table(
        "throttle",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("due_at", columns.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_throttle"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "timer",
        sa.Column("id", columns.Id(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("about_id", columns.Id(), nullable=False),
        sa.Column("due_at", columns.Instant(), nullable=False),
        sa.Column("payload", columns.Json()),
        sa.Column("fired_at", columns.Instant()),
        sa.Column("attempts", columns.Small, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_timer"),
        sqlite_strict=True,
    )
    op.create_index("ix_timer_about_id", "timer", ["about_id"])
    op.create_index("ix_timer_due", "timer", ["due_at"], **where("fired_at IS NULL"))
    op.create_table(
        "trace",
        sa.Column("stimulus_id", columns.Id(), nullable=False),
        sa.Column("at", columns.Instant(), nullable=False),
        sa.Column("rule_set", sa.Text()),
        sa.Column("facts", columns.Json()),
        sa.Column("matches", columns.Json(), nullable=False),
        sa.Column("took_ms", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("stimulus_id", "at", name="pk_trace"),
        sqlite_strict=True,
    )
    op.create_index("ix_trace_at", "trace", ["at"])
    op.create_table(
        "worker",
        sa.Column("id", columns.Seq, nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("started_at", columns.Instant(), nullable=False),
        sa.Column("beat_at", columns.Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_worker"),
        sqlite_autoincrement=True,
        sqlite_strict=True,
    )
    op.create_table(
        "attempt",
        sa.Column("seq", columns.Seq, autoincrement=False, nullable=False),
        sa.Column("number", columns.Small, autoincrement=False, nullable=False),
        sa.Column("at", columns.Instant(), nullable=False),
        sa.Column("route_id", columns.Seq, nullable=False),
        sa.Column("host", sa.Text()),
        sa.Column("tls", columns.Flag()),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("code", columns.Small),
        sa.Column("enhanced", sa.Text()),
        sa.Column("text", sa.Text()),
        sa.Column("took_ms", sa.Integer()),
        sa.ForeignKeyConstraint(["seq"], ["outbound_message.seq"], name="fk_attempt_seq"),
        sa.PrimaryKeyConstraint("seq", "number", name="pk_attempt"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_attempt_at", "attempt", ["at"])
    op.create_table(
        "consent",
        sa.Column("id", columns.Id(), nullable=False),
        sa.Column("address_key", sa.Text(), nullable=False),
        sa.Column("customer_id", columns.Id()),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("granted", columns.Flag(), nullable=False),
        sa.Column("basis", sa.Text()),
        sa.Column("text_version", sa.Text()),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("evidence_id", columns.Id()),
        sa.Column("ip", sa.Text()),
        sa.Column("user_agent", sa.Text()),
        sa.Column("at", columns.Instant(), nullable=False),
        sa.Column("expires_at", columns.Instant()),
        one_of("consent", "basis", "express", "soft_optin", "bought", "imported"),
        one_of("consent", "channel", "mail", "sms", "push"),
        one_of("consent", "purpose", "transactional", "service", "marketing", "supplier", "owner"),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_consent_customer_id"),
        sa.PrimaryKeyConstraint("id", name="pk_consent"),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_consent_address_key_channel_purpose_at", "consent", ["address_key", "channel", "purpose", "at"]
    )
    op.create_index("ix_consent_customer_id", "consent", ["customer_id"])
    op.create_table(
        "journal_octets",
        sa.Column("journal_id", columns.Id(), nullable=False),
        sa.Column("octets", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["journal_id"], ["journal.id"], name="fk_journal_octets_journal_id"),
        sa.PrimaryKeyConstraint("journal_id", name="pk_journal_octets"),
        sqlite_strict=True,
    )
    op.create_table(
        "orders",
        sa.Column("id", columns.Id(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("customer_id", columns.Id(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("total_minor", columns.Money, nullable=False),
        sa.Column("tax_minor", columns.Money),
        sa.Column("shipping_minor", columns.Money),
        sa.Column("discount_minor", columns.Money),
        sa.Column("placed_at", columns.Instant(), nullable=False),
        sa.Column("placed_on", columns.Day(), nullable=False),
        sa.Column("promised_on", columns.Day()),
        sa.Column("ship_to", columns.Json()),
        sa.Column("cancelled_at", columns.Instant()),
        sa.Column("note", sa.Text()),
        one_of(
            "orders",
            "status",
            "placed",
            "confirmed",
            "partly_shipped",
            "shipped",
            "delivered",
            "cancelled",
            "return_requested",
            "returned",
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_orders_customer_id"),
        sa.PrimaryKeyConstraint("id", name="pk_orders"),
        sa.UniqueConstraint("number", name="uq_orders_number"),
        sqlite_strict=True,
    )
    op.create_index("ix_orders_customer_id_placed_at", "orders", ["customer_id", "placed_at"])
    op.create_index("ix_orders_status_promised_on", "orders", ["status", "promised_on"])
    op.create_index("uq_orders_source_external_id", "orders", ["source", "external_id"], unique=True)
    op.create_table(
        "outbound_octets",
        sa.Column("seq", columns.Seq, autoincrement=False, nullable=False),
        sa.Column("octets", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["seq"], ["outbound_message.seq"], name="fk_outbound_octets_seq"),
        sa.PrimaryKeyConstraint("seq", name="pk_outbound_octets"),
        sqlite_strict=True,
    )
    op.create_table(
        "outbox",
        sa.Column("seq", columns.Seq, autoincrement=False, nullable=False),
        sa.Column("route_id", columns.Seq, nullable=False),
        sa.Column("lane", columns.Small, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("due_at", columns.Instant(), nullable=False),
        sa.Column("attempts", columns.Small, nullable=False),
        sa.Column("resent", columns.Small, nullable=False),
        sa.Column("worker_id", columns.Seq),
        sa.Column("epoch", sa.Integer()),
        sa.Column("marked_at", columns.Instant()),
        one_of("outbox", "status", "queued", "held", "leased", "committing", "uncertain"),
        sa.ForeignKeyConstraint(["seq"], ["outbound_message.seq"], name="fk_outbox_seq"),
        sa.PrimaryKeyConstraint("seq", name="pk_outbox"),
        postgresql_with={"fillfactor": 50, "autovacuum_vacuum_scale_factor": 0.01},
        sqlite_strict=True,
    )
    op.create_index(
        "ix_outbox_ready", "outbox", ["route_id", "lane", "due_at", "seq"], **where("status = 'queued'")
    )
    op.create_table(
        "product",
        sa.Column("id", columns.Id(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("price_minor", columns.Money),
        sa.Column("cost_minor", columns.Money),
        sa.Column("currency", sa.Text()),
        sa.Column("supplier_id", columns.Id()),
        sa.Column("supplier_sku", sa.Text(), nullable=False),
        sa.Column("reorder_point", sa.Integer(), nullable=False),
        sa.Column("reorder_quantity", sa.Integer(), nullable=False),
        sa.Column("safety_stock", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("substitute_id", columns.Id()),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("image", sa.Text(), nullable=False),
        sa.Column("updated_at", columns.Instant()),
        one_of("product", "status", "active", "paused", "discontinued"),
        sa.ForeignKeyConstraint(["substitute_id"], ["product.id"], name="fk_product_substitute_id"),
        sa.ForeignKeyConstraint(["supplier_id"], ["supplier.id"], name="fk_product_supplier_id"),
        sa.PrimaryKeyConstraint("id", name="pk_product"),
        sa.UniqueConstraint("sku", name="uq_product_sku"),
        sqlite_strict=True,
    )
    op.create_index("ix_product_category", "product", ["category"])
    op.create_index("ix_product_substitute_id", "product", ["substitute_id"])
    op.create_index("ix_product_supplier_id", "product", ["supplier_id"])
    op.create_table(
        "purchase_order",
        sa.Column("id", columns.Id(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("supplier_id", columns.Id(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("expected_on", columns.Day()),
        sa.Column("made_at", columns.Instant(), nullable=False),
        sa.Column("sent_at", columns.Instant()),
        sa.Column("acknowledged_at", columns.Instant()),
        sa.Column("reminded_at", columns.Instant()),
        one_of(
            "purchase_order",
            "status",
            "draft",
            "sent",
            "acknowledged",
            "partly_received",
            "received",
            "closed",
            "cancelled",
        ),
        sa.ForeignKeyConstraint(["supplier_id"], ["supplier.id"], name="fk_purchase_order_supplier_id"),
        sa.PrimaryKeyConstraint("id", name="pk_purchase_order"),
        sa.UniqueConstraint("number", name="uq_purchase_order_number"),
        sqlite_strict=True,
    )
    op.create_index("ix_purchase_order_status_expected_on", "purchase_order", ["status", "expected_on"])
    op.create_index("ix_purchase_order_supplier_id_status", "purchase_order", ["supplier_id", "status"])
    op.create_table(
        "supplier_address",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("supplier_id", columns.Id(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["supplier_id"], ["supplier.id"], name="fk_supplier_address_supplier_id"),
        sa.PrimaryKeyConstraint("address", name="pk_supplier_address"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_supplier_address_supplier_id_position", "supplier_address", ["supplier_id", "position"]
    )
    op.create_table(
        "feedback",
        sa.Column("id", columns.Id(), nullable=False),
        sa.Column("order_id", columns.Id(), nullable=False),
        sa.Column("product_id", columns.Id()),
        sa.Column("customer_id", columns.Id(), nullable=False),
        sa.Column("asked_at", columns.Instant(), nullable=False),
        sa.Column("answered_at", columns.Instant()),
        sa.Column("journal_id", columns.Id()),
        sa.Column("stars", sa.Integer()),
        sa.Column("text", sa.Text()),
        sa.Column("sentiment", sa.Text()),
        sa.Column("score", sa.Integer()),
        sa.Column("category", sa.Text()),
        sa.Column("published_at", columns.Instant()),
        one_of("feedback", "sentiment", "positive", "neutral", "negative"),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_feedback_customer_id"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name="fk_feedback_order_id"),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name="fk_feedback_product_id"),
        sa.PrimaryKeyConstraint("id", name="pk_feedback"),
        sqlite_strict=True,
    )
    op.create_index("ix_feedback_answered_at", "feedback", ["answered_at"])
    op.create_index("ix_feedback_customer_id", "feedback", ["customer_id"])
    op.create_index("ix_feedback_order_id", "feedback", ["order_id"])
    op.create_index("ix_feedback_product_id", "feedback", ["product_id"])
    op.create_index(
        "uq_feedback_order_id", "feedback", ["order_id"], unique=True, **where("product_id IS NULL")
    )
    op.create_index(
        "uq_feedback_order_id_product_id",
        "feedback",
        ["order_id", "product_id"],
        unique=True,
        **where("product_id IS NOT NULL"),
    )
    op.create_table(
        "order_line",
        sa.Column("order_id", columns.Id(), nullable=False),
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("product_id", columns.Id()),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("price_minor", columns.Money),
        sa.Column("discount_minor", columns.Money),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name="fk_order_line_order_id"),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name="fk_order_line_product_id"),
        sa.PrimaryKeyConstraint("order_id", "line", name="pk_order_line"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_order_line_product_id", "order_line", ["product_id"])
    op.create_table(
        "order_return",
        sa.Column("id", columns.Id(), nullable=False),
        sa.Column("order_id", columns.Id(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_at", columns.Instant(), nullable=False),
        sa.Column("received_at", columns.Instant()),
        sa.Column("refund_minor", columns.Money),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name="fk_order_return_order_id"),
        sa.PrimaryKeyConstraint("id", name="pk_order_return"),
        sqlite_strict=True,
    )
    op.create_index("ix_order_return_order_id", "order_return", ["order_id"])
    op.create_table(
        "purchase_order_line",
        sa.Column("purchase_order_id", columns.Id(), nullable=False),
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("product_id", columns.Id(), nullable=False),
        sa.Column("ordered", sa.Integer(), nullable=False),
        sa.Column("confirmed", sa.Integer()),
        sa.Column("received", sa.Integer(), nullable=False),
        sa.Column("cost_minor", columns.Money),
        sa.Column("expected_on", columns.Day()),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name="fk_purchase_order_line_product_id"),
        sa.ForeignKeyConstraint(
            ["purchase_order_id"], ["purchase_order.id"], name="fk_purchase_order_line_purchase_order_id"
        ),
        sa.PrimaryKeyConstraint("purchase_order_id", "line", name="pk_purchase_order_line"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_purchase_order_line_product_id", "purchase_order_line", ["product_id"])
    op.create_table(
        "shipment",
        sa.Column("id", columns.Id(), nullable=False),
        sa.Column("order_id", columns.Id(), nullable=False),
        sa.Column("carrier", sa.Text(), nullable=False),
        sa.Column("tracking_number", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("promised_on", columns.Day()),
        sa.Column("shipped_at", columns.Instant()),
        sa.Column("delivered_at", columns.Instant()),
        sa.Column("last_event_at", columns.Instant()),
        one_of(
            "shipment",
            "status",
            "announced",
            "in_transit",
            "out_for_delivery",
            "delivered",
            "exception",
            "lost",
            "sent_back",
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name="fk_shipment_order_id"),
        sa.PrimaryKeyConstraint("id", name="pk_shipment"),
        sqlite_strict=True,
    )
    op.create_index("ix_shipment_order_id", "shipment", ["order_id"])
    op.create_index("ix_shipment_tracking_number", "shipment", ["tracking_number"])
    op.create_index(
        "uq_shipment_carrier_tracking_number", "shipment", ["carrier", "tracking_number"], unique=True
    )
    op.create_table(
        "standing",
        sa.Column("address_key", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("granted", columns.Flag(), nullable=False),
        sa.Column("since", columns.Instant(), nullable=False),
        sa.Column("expires_at", columns.Instant()),
        sa.Column("consent_id", columns.Id(), nullable=False),
        one_of("standing", "channel", "mail", "sms", "push"),
        one_of("standing", "purpose", "transactional", "service", "marketing", "supplier", "owner"),
        sa.ForeignKeyConstraint(["consent_id"], ["consent.id"], name="fk_standing_consent_id"),
        sa.PrimaryKeyConstraint("address_key", "channel", "purpose", name="pk_standing"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_standing_consent_id", "standing", ["consent_id"])
    op.create_table(
        "stock",
        sa.Column("product_id", columns.Id(), nullable=False),
        sa.Column("on_hand", sa.Integer(), nullable=False),
        sa.Column("reserved", sa.Integer(), nullable=False),
        sa.Column("on_order", sa.Integer(), nullable=False),
        sa.Column("moved_at", columns.Instant()),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name="fk_stock_product_id"),
        sa.PrimaryKeyConstraint("product_id", name="pk_stock"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "stock_movement",
        sa.Column("id", columns.Id(), nullable=False),
        sa.Column("product_id", columns.Id(), nullable=False),
        sa.Column("change", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("cause_id", columns.Id(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", columns.Instant(), nullable=False),
        one_of("stock_movement", "reason", "sale", "receipt", "return", "count", "correction"),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name="fk_stock_movement_product_id"),
        sa.PrimaryKeyConstraint("id", name="pk_stock_movement"),
        sqlite_strict=True,
    )
    op.create_index("ix_stock_movement_product_id_at", "stock_movement", ["product_id", "at"])
    op.create_table(
        "waitlist_entry",
        sa.Column("id", columns.Id(), nullable=False),
        sa.Column("product_id", columns.Id(), nullable=False),
        sa.Column("address_key", sa.Text(), nullable=False),
        sa.Column("address", sa.Text()),
        sa.Column("customer_id", columns.Id()),
        sa.Column("joined_at", columns.Instant(), nullable=False),
        sa.Column("confirmed_at", columns.Instant()),
        sa.Column("notified_at", columns.Instant()),
        sa.Column("left_at", columns.Instant()),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_waitlist_entry_customer_id"),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name="fk_waitlist_entry_product_id"),
        sa.PrimaryKeyConstraint("id", name="pk_waitlist_entry"),
        sqlite_strict=True,
    )
    op.create_index("ix_waitlist_entry_customer_id", "waitlist_entry", ["customer_id"])
    op.create_index("ix_waitlist_entry_product_id_joined_at", "waitlist_entry", ["product_id", "joined_at"])
    op.create_index(
        "uq_waitlist_entry_open",
        "waitlist_entry",
        ["product_id", "address_key"],
        unique=True,
        **where("notified_at IS NULL AND left_at IS NULL"),
    )
    op.create_table(
        "shipment_event",
        sa.Column("id", columns.Id(), nullable=False),
        sa.Column("shipment_id", columns.Id(), nullable=False),
        sa.Column("at", columns.Instant(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("journal_id", columns.Id()),
        sa.ForeignKeyConstraint(["shipment_id"], ["shipment.id"], name="fk_shipment_event_shipment_id"),
        sa.PrimaryKeyConstraint("id", name="pk_shipment_event"),
        sqlite_strict=True,
    )
    op.create_index("ix_shipment_event_shipment_id_at", "shipment_event", ["shipment_id", "at"])
    op.create_table(
        "shipment_line",
        sa.Column("shipment_id", columns.Id(), nullable=False),
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["shipment_id"], ["shipment.id"], name="fk_shipment_line_shipment_id"),
        sa.PrimaryKeyConstraint("shipment_id", "line", name="pk_shipment_line"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("shipment_line")
    op.drop_table("shipment_event")
    op.drop_table("waitlist_entry")
    op.drop_table("stock_movement")
    op.drop_table("stock")
    op.drop_table("standing")
    op.drop_table("shipment")
    op.drop_table("purchase_order_line")
    op.drop_table("order_return")
    op.drop_table("order_line")
    op.drop_table("feedback")
    op.drop_table("supplier_address")
    op.drop_table("purchase_order")
    op.drop_table("product")
    op.drop_table("outbox")
    op.drop_table("outbound_octets")
    op.drop_table("orders")
    op.drop_table("journal_octets")
    op.drop_table("consent")
    op.drop_table("attempt")
    op.drop_table("worker")
    op.drop_table("trace")
    op.drop_table("timer")
    op.drop_table("throttle")
    op.drop_table("suppression")
    op.drop_table("supplier")
    op.drop_table("setting")
    op.drop_table("route")
    op.drop_table("outbound_message")
    op.drop_table("known_id")
    op.drop_table("journal")
    op.drop_table("ingested")
    op.drop_table("imap_mailbox")
    op.drop_table("imap_mail")
    op.drop_table("imap_cursor")
    op.drop_table("hold")
    op.drop_table("bounce")
    op.drop_table("customer")
    op.drop_table("audit")
    op.drop_table("applied")
