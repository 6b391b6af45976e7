"""What the spine knows: mails that came, decisions that were made, mails that go out.

Octets stand beside their rows, for SQLite writes a whole row anew at every change of state. No table here
refers to the shop's by foreign key: a mail may speak of what is already gone.
"""

from sqlalchemy import Column, ForeignKey, Index, Text

from gateway.db.columns import Count, Day, Flag, Id, Instant, Json, Octets, Seq, Size, Small
from gateway.db.metadata import partial, table, word
from gateway.db.tables.shop import CHANNELS
from gateway.mail.draft import Purpose
from gateway.mail.envelope import Intake
from gateway.mail.parsed import BounceClass

JOURNAL_STATES = ("received", "handled", "held", "dropped", "duplicate")
OUTBOX_STATUSES = ("queued", "held", "leased", "committing", "uncertain")
MESSAGE_STATUSES = ("open", "accepted", "refused", "expired", "withdrawn", "suppressed", "uncertain")
ON_DOUBT = ("resend", "list", "hold")
HOLD_DECISIONS = ("released", "dropped", "expired")
ROUTE_KINDS = ("smarthost", "domain")
SUPPRESSION_SCOPES = ("marketing", "all")
# Mails that mails called for, but advertisements and letters to the owner: what the breaker counts.
AUTOMATIC = "lane < 2 AND purpose <> 'owner' AND cause_id >= 'jrn' AND cause_id < 'jro'"
SUPPRESSION_REASONS = ("dead_address", "bounces", "complaint", "unsubscribed", "owner", "erased")

journal = table(
    "journal",
    Column("seq", Seq, primary_key=True),
    Column("id", Id, nullable=False, unique=True),
    Column("received_at", Instant, nullable=False),
    word("via", Intake),
    Column("peer", Json),
    Column("reverse_path", Text),  # NULL: the null reverse-path
    Column("forward_paths", Json, nullable=False),
    Column("auth", Json),
    Column("sha256", Text, nullable=False),
    Column("size", Size, nullable=False),
    Column("key_id", Text),  # the Message-ID
    Column("key_content", Text),
    Column("duplicate_of", Id),
    Column("finding", Text),  # why it must be held, seen at a door that cannot refuse
    word("state", JOURNAL_STATES, default="received"),
    Column("attempts", Small, nullable=False, default=0),
    Column("not_before", Instant),  # when DNS is asked once more who sent it; NULL: it was not put off
    Column("kind", Text),
    Column("party", Text),  # who its author is to the shop: customer, channel, stranger ...
    Column("author_key", Text),  # keyed hash of the author's address
    Column("subject", Text),
    Column("customer_id", Id),
    Column("about_id", Id),
    Column("rule_set", Text),
    Column("reason", Text),
    Column("hold_number", Seq),
    Column("settled_at", Instant),
    Column("forgotten_at", Instant),  # when its octets went; NULL: they are still kept
    Index(None, "key_content", "key_id"),
    Index(None, "key_id"),
    partial("ix_journal_waiting", "received_at", where="state = 'received'"),
    partial("ix_journal_spooled", "sha256", where="size > 65536"),  # whose octets are a file
    Index(None, "author_key", "received_at"),
    Index(None, "customer_id", "received_at"),
    Index(None, "about_id", "received_at"),
    numbered=True,
)

journal_octets = table(
    "journal_octets",
    Column("journal_id", Id, ForeignKey("journal.id"), primary_key=True),
    Column("octets", Octets, nullable=False),
)

known_id = table(
    "known_id",
    Column("message_id", Text, primary_key=True),
    Column("journal_id", Id),
    Column("about_id", Id),
    Column("at", Instant, nullable=False),
    Index(None, "at"),
    compact=True,
)

imap_mailbox = table(
    "imap_mailbox",
    Column("account", Text, primary_key=True),
    Column("mailbox", Text, primary_key=True),
    Column("holder", Text),  # who watches it; NULL: nobody
    Column("held_until", Instant),  # whoever is silent for so long has lost it
    Column("contact_at", Instant),  # when the server last answered
    Column("trouble", Text),  # why it is not watched now, for a person
    Column("trouble_since", Instant),
    compact=True,
)

imap_cursor = table(
    "imap_cursor",
    Column("account", Text, primary_key=True),
    Column("mailbox", Text, primary_key=True),
    Column("uid_validity", Seq, primary_key=True, autoincrement=False),
    Column("uid", Seq, nullable=False),  # every mail up to it has been dealt with
    Column("since", Instant),  # mails that came before are left alone
    Column("anew", Flag, nullable=False, default=False),  # the UIDs are new, the mails may be known
    Column("checked_at", Instant),
    compact=True,
)

imap_mail = table(
    "imap_mail",
    Column("account", Text, primary_key=True),
    Column("mailbox", Text, primary_key=True),
    Column("uid_validity", Seq, primary_key=True, autoincrement=False),
    Column("uid", Seq, primary_key=True, autoincrement=False),
    Column("journal_id", Id, nullable=False),
    Column("move_to", Text),  # where it goes once it is settled; NULL: it stays, or is there
    Column("moved_at", Instant),
    Index(None, "journal_id"),
    partial("ix_imap_mail_to_move", "account", "mailbox", "uid_validity", where="move_to IS NOT NULL"),
    compact=True,
)

ingested = table(
    "ingested",
    Column("source", Text, primary_key=True),
    Column("external_id", Text, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("stimulus_id", Id, nullable=False),
    compact=True,
)

applied = table(
    "applied",
    Column("id", Id, primary_key=True),
    Column("stimulus_id", Id, nullable=False),
    Column("effect", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Index(None, "stimulus_id"),
    Index(None, "at"),
    compact=True,
    append_only=True,
)

trace = table(
    "trace",
    Column("stimulus_id", Id, primary_key=True),
    Column("at", Instant, primary_key=True),  # a mail that was released is decided again
    Column("rule_set", Text),
    Column("facts", Json),
    Column("matches", Json, nullable=False),
    Column("took_ms", Count, nullable=False),
    Index(None, "at"),
    append_only=True,
)

hold = table(
    "hold",
    Column("number", Seq, primary_key=True),
    Column("stimulus_id", Id),
    Column("outbound_seq", Seq),
    Column("reason", Text, nullable=False),
    Column("note", Text, nullable=False, default=""),
    Column("waived", Json),
    Column("author", Text),  # as the held mail shows it; NULL once erased
    Column("level", Small),  # how well the author was proven
    Column("held_at", Instant, nullable=False),
    Column("tell_at", Instant, nullable=False),  # when the owner hears of it at the latest
    Column("told_at", Instant),
    Column("reminded_at", Instant),
    Column("announced_at", Instant),  # when the owner was told that it will go
    Column("decided_at", Instant),
    word("decision", HOLD_DECISIONS, nullable=True),
    Column("by", Text),
    partial("uq_hold_open", "stimulus_id", where="decided_at IS NULL", unique=True),
    partial("ix_hold_open", "tell_at", where="decided_at IS NULL"),
    Index(None, "stimulus_id"),
    numbered=True,
)

timer = table(
    "timer",
    Column("id", Id, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("about_id", Id, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("payload", Json),
    Column("fired_at", Instant),
    Column("attempts", Small, nullable=False, default=0),
    partial("ix_timer_due", "due_at", where="fired_at IS NULL"),
    Index(None, "about_id"),
)

audit = table(
    "audit",
    Column("id", Id, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
    Column("level", Small),
    Column("stimulus_id", Id),
    Column("act", Text, nullable=False),
    Column("about_id", Id),
    Column("before", Json),
    Column("after", Json),
    Index(None, "about_id", "at"),
    Index(None, "at"),
    append_only=True,
)

setting = table(
    "setting",
    Column("key", Text, primary_key=True),
    Column("value", Json),
    Column("changed_at", Instant, nullable=False),
    Column("by", Text, nullable=False, default=""),
    compact=True,
)

outbound_message = table(
    "outbound_message",
    Column("seq", Seq, primary_key=True),
    Column("id", Id, nullable=False, unique=True),
    word("channel", CHANNELS, default="mail"),
    word("purpose", Purpose),
    Column("lane", Small, nullable=False),  # 0 transactional, 1 service, 2 bulk
    Column("template", Text, nullable=False),
    Column("about_id", Id),
    Column("customer_id", Id),
    Column("source_id", Id),  # campaign or flow; NULL: a single mail
    Column("cause_id", Id),  # the stimulus that called for it; of a mail: its row in the journal
    Column(
        "once_since", Instant
    ),  # not if the same words went there later than this; NULL: as often as called for
    Column("recipient", Text),  # NULL once erased
    Column("recipient_key", Text, nullable=False),
    Column("subject", Text),
    Column("sha256", Text),
    Column("size", Size),
    word("on_doubt", ON_DOUBT, default="resend"),
    word("status", MESSAGE_STATUSES, default="open"),
    Column("why", Text),
    Column("code", Small),
    Column("enhanced", Text),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("settled_at", Instant),
    Column("bounced_at", Instant),
    word("bounce_class", BounceClass, nullable=True),
    Column("complained_at", Instant),
    Column("used_at", Instant),  # when the token of its undo or confirm address was used
    Column("heard_at", Instant),  # when something else was learned: delayed, away, not let through
    Column("heard", Text),
    Column("back_on", Day),  # until when its reader is away
    Index(None, "recipient_key", "created_at"),
    Index(None, "source_id", "status"),
    partial("ix_outbound_message_expiry", "expires_at", where="status = 'open'"),
    partial("ix_outbound_message_automatic", "created_at", "cause_id", where=AUTOMATIC),
    Index(None, "customer_id", "created_at"),
    Index(None, "about_id", "created_at"),
    numbered=True,
)

outbound_octets = table(
    "outbound_octets",
    Column("seq", Seq, ForeignKey("outbound_message.seq"), primary_key=True, autoincrement=False),
    Column("octets", Octets, nullable=False),
)

bounce = table(
    "bounce",
    Column("id", Id, primary_key=True),
    Column("recipient_key", Text, nullable=False),
    Column("seq", Seq),  # the message that came back; NULL: nobody proved that it was one of ours
    word("class", BounceClass),
    Column("quarters", Small, nullable=False),  # of a point
    Column("at", Instant, nullable=False),
    Column("day", Day, nullable=False),  # the shop's day of `at`
    Index(None, "recipient_key", "at"),
    Index(None, "at"),
    append_only=True,
)

route = table(
    "route",
    Column("id", Seq, primary_key=True),
    word("kind", ROUTE_KINDS),
    Column("key", Text, nullable=False),
    Column("site", Text),
    Column("paused_at", Instant),
    Column("paused_why", Text),
    Column("suspended_until", Instant),
    Column("suspended_why", Text),
    Column("failures", Count, nullable=False, default=0),
    Column("width", Count, nullable=False, default=2),
    Column("rate_factor", Count, nullable=False, default=10_000),  # basis points of the configured rate
    Column("last_ok_at", Instant),
    Column("last_failure_at", Instant),
    Column("last_reply", Text),
    Index("uq_route_kind_key", "kind", "key", unique=True),
)

worker = table(
    "worker",
    Column("id", Seq, primary_key=True),
    Column("host", Text, nullable=False),
    Column("pid", Count, nullable=False),
    Column("epoch", Count, nullable=False, default=1),
    Column("started_at", Instant, nullable=False),
    Column("beat_at", Instant, nullable=False),
    numbered=True,
)

outbox = table(
    "outbox",
    Column("seq", Seq, ForeignKey("outbound_message.seq"), primary_key=True, autoincrement=False),
    Column("route_id", Seq, nullable=False),  # no foreign key: it would want a second index
    Column("lane", Small, nullable=False),
    word("status", OUTBOX_STATUSES, default="queued"),
    Column("due_at", Instant, nullable=False),
    Column("attempts", Small, nullable=False, default=0),
    Column("resent", Small, nullable=False, default=0),
    Column("worker_id", Seq),
    Column("epoch", Count),
    Column("marked_at", Instant),
    partial("ix_outbox_ready", "route_id", "lane", "due_at", "seq", where="status = 'queued'"),
    storage={"fillfactor": 50, "autovacuum_vacuum_scale_factor": 0.01},  # every row changes at least twice
)

attempt = table(
    "attempt",
    Column("seq", Seq, ForeignKey("outbound_message.seq"), primary_key=True, autoincrement=False),
    Column("number", Small, primary_key=True, autoincrement=False),  # the claim's count
    Column("at", Instant, nullable=False),
    Column("route_id", Seq, nullable=False),
    Column("host", Text),
    Column("tls", Flag),
    Column("phase", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("code", Small),
    Column("enhanced", Text),
    Column("text", Text),  # at most 512 characters
    Column("took_ms", Count),
    Index(None, "at"),
    compact=True,
    append_only=True,
)

throttle = table(
    "throttle",
    Column("key", Text, primary_key=True),
    Column("due_at", Instant, nullable=False),
    compact=True,
)

suppression = table(
    "suppression",
    Column("id", Id, primary_key=True),
    Column("recipient_key", Text, nullable=False),
    Column("address", Text),  # NULL once erased
    word("channel", CHANNELS, default="mail"),
    word("scope", SUPPRESSION_SCOPES),
    word("reason", SUPPRESSION_REASONS),
    Column("source_id", Id),
    Column("since", Instant, nullable=False),
    Column("until", Instant),
    Column("lifted_at", Instant),
    partial(
        "uq_suppression_open",
        "recipient_key",
        "channel",
        "scope",
        "reason",
        where="lifted_at IS NULL",
        unique=True,
    ),
)
