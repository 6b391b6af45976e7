"""What is to be said: a Draft names a template, a recipient and the values its words need."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from gateway.kernel.ids import Id
from gateway.kernel.tokens import TokenKind
from gateway.mail.envelope import Address
from gateway.mail.parsed import MessageId
from gateway.mail.part import Enclosure


class Purpose(StrEnum):
    """Why we write; decides consent, headers and lane."""

    TRANSACTIONAL = "transactional"
    SERVICE = "service"
    MARKETING = "marketing"
    SUPPLIER = "supplier"
    OWNER = "owner"


@dataclass(frozen=True, slots=True)
class Answering:
    """The mail that a draft answers: its Message-ID, its References, and its subject for "Re:"."""

    message_id: MessageId | None
    references: tuple[MessageId, ...] = ()
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """One message to one person, not yet in words; the template's front matter adds subject and purpose."""

    template: str  # "orders/shipped": templates/mail/orders/shipped.txt and its .mjml twin
    to: Address
    context: Mapping[str, Any] = field(
        default_factory=dict[str, Any]
    )  # values only; checked against the template
    name: str = ""  # the recipient's display name
    about: Id | None = None  # order, purchase order, feedback ...: what a reply to it will be about
    customer_id: Id | None = None
    answers: Answering | None = None
    not_before: datetime | None = None
    expires_in: timedelta | None = None  # None: the purpose's own life
    enclosures: tuple[Enclosure, ...] = ()
    reply: TokenKind = TokenKind.REPLY  # what an answer to it opens
