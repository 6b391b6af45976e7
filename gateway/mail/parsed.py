"""What a mail says about itself, as values (RFC 5322); `mail.parse.parse` makes them and never raises.

`author` is the best reading for human eyes; only `identity` may decide who somebody is (intake.md, 9).
`text` always holds everything that was said, `reply` is a view: the new words only.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NewType

from gateway.mail.envelope import Address

MessageId = NewType("MessageId", str)  # without its angle brackets


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A display name, which may be empty, and an address as it was written."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Headers:
    """The fields of a header block in order, decoded, free of controls; names match in any case."""

    fields: tuple[tuple[str, str], ...] = ()

    def get(self, name: str, default: str = "") -> str:
        """The first field of that name."""
        return next(iter(self.all(name)), default)

    def all(self, name: str) -> tuple[str, ...]:
        wanted = name.lower()
        return tuple(value for key, value in self.fields if key.lower() == wanted)

    def __contains__(self, name: str) -> bool:
        return bool(self.all(name))

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.fields)


@dataclass(frozen=True, slots=True)
class Attachment:
    """One part that is not the text; its octets stay in the raw mail."""

    filename: str  # safe to use as the name of a file; may be empty
    media_type: str
    size: int  # octets, decoded
    sha256: str


class Forwarding(StrEnum):
    """In which shape a mail was passed on."""

    INLINE = "inline"
    ATTACHED = "attached"
    REDIRECTED = "redirected"  # as it was, by the mailbox it came to; only its way shows it


@dataclass(frozen=True, slots=True)
class Forwarded:
    """The mail that this one passes on, as far as it can be read."""

    shape: Forwarding
    author: Mailbox | None
    subject: str
    text: str


class DsnAction(StrEnum):
    """RFC 3464, section 2.3.3."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"


class BounceClass(StrEnum):
    """Why a message did not arrive; `mail.bounce` knows which are permanent and which mean a dead address."""

    NO_SUCH_USER = "no_such_user"
    NO_SUCH_HOST = "no_such_host"
    DISABLED = "disabled"
    MOVED = "moved"
    MAILBOX_FULL = "mailbox_full"
    SUSPENDED = "suspended"
    RATE_LIMITED = "rate_limited"
    GREYLISTED = "greylisted"
    NETWORK = "network"
    SYSTEM = "system"
    EXPIRED = "expired"
    BLOCKED = "blocked"
    AUTH_FAILED = "auth_failed"
    UNKNOWN = "unknown"
    TOO_BIG = "too_big"
    SPAM = "spam"
    POLICY = "policy"
    VIRUS = "virus"
    SENDER_REFUSED = "sender_refused"
    MALFORMED = "malformed"
    RELAY_DENIED = "relay_denied"
    LOOP = "loop"


@dataclass(frozen=True, slots=True)
class RecipientStatus:
    """What a delivery report says about one recipient."""

    recipient: str  # the original recipient if the report names it, else the final one
    final: str
    action: DsnAction
    status: str  # RFC 3463, such as "5.1.1"; empty if the report has none
    diagnostic: str
    bounce: BounceClass
    permanent: bool
    dead_address: bool


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """RFC 3464, or free text of the same meaning."""

    recipients: tuple[RecipientStatus, ...]
    original_message_id: MessageId | None = None
    family: str = ""  # which reader recognised it


@dataclass(frozen=True, slots=True)
class Complaint:
    """RFC 5965: somebody pressed "this is spam"."""

    type: str  # abuse, fraud, virus, not-spam, opt-out ...
    recipient: str  # who complained, if the report says so
    message_id: MessageId | None
    unsubscribe: tuple[str, ...] = ()  # the addresses of List-Unsubscribe in the mail complained about


@dataclass(frozen=True, slots=True)
class Challenge:
    """Somebody's gatekeeper wants a click before it lets our mail through."""

    family: str = ""


@dataclass(frozen=True, slots=True)
class AutoReply:
    """A machine answered for an absent person (RFC 3834)."""

    back_on: date | None = None
    alternate: str = ""  # whom to write to instead
    gone: bool = False  # "no longer works here"


@dataclass(frozen=True, slots=True)
class UnsubscribeRequest:
    """The whole of what was said is "stop"."""

    word: str = ""


@dataclass(frozen=True, slots=True)
class Ordinary:
    """Everything else."""


Kind = DeliveryReport | Complaint | Challenge | AutoReply | UnsubscribeRequest | Ordinary


@dataclass(frozen=True, slots=True)
class Parsed:
    """A mail, read. Every value is free of CR, NUL and other controls; header values are one line."""

    message_id: MessageId | None = None
    in_reply_to: tuple[MessageId, ...] = ()
    references: tuple[MessageId, ...] = ()
    subject: str = ""
    date: datetime | None = None  # aware; None: absent or unreadable
    headers: Headers = field(default_factory=Headers)
    author: Mailbox | None = None
    identity: Address | None = None
    reply_to: tuple[Mailbox, ...] = ()
    to: tuple[Mailbox, ...] = ()
    cc: tuple[Mailbox, ...] = ()
    text: str = ""
    reply: str = ""
    html: str = ""  # as it came: for machine-readable markup, never for showing
    forwarded: Forwarded | None = None
    attachments: tuple[Attachment, ...] = ()
    has_calendar: bool = False
    kind: Kind = field(default_factory=Ordinary)
    kind_why: str = ""  # which sign or pattern decided the kind
    automatic: bool = False  # a program wrote it, even if it is Ordinary (carriers, shop platforms)
    tokens: tuple[str, ...] = ()  # candidates, not verified: whoever has the keys checks them
    defects: tuple[str, ...] = ()
