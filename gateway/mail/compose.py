"""A Letter becomes the octets that go on the wire (RFC 5322, MIME).

Fields are written by `mail.field` and parts by `mail.part`; here stands which a letter has. The same letter
always becomes the same octets: boundaries derive from the content, which also keeps the writer of an attached
mail from knowing the boundary that he would have to forge.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from hashlib import sha256
from html import unescape

from gateway.kernel.errors import InputError
from gateway.mail.draft import Answering, Purpose
from gateway.mail.envelope import Address
from gateway.mail.field import addr_spec, field, mailbox, message_ids, text, uri
from gateway.mail.parsed import Mailbox, MessageId
from gateway.mail.part import Enclosure, Part, alternative, file_part, mixed, text_part

THREAD = 20  # References that are written: the first and the last ones; RFC 5322 sets no limit, servers do


@dataclass(frozen=True, slots=True)
class Subscription:
    """What an advertisement owes its reader: what it belongs to, how to end it, and who sends it."""

    name: str  # of the list, for people
    list_id: str  # "news.boutique.example" (RFC 2919)
    unsubscribe: Address  # an empty mail there suffices
    postal_address: str
    link: str = ""  # https: one POST unsubscribes (RFC 8058), GET shows a page
    help: str = ""  # https or mailto


@dataclass(frozen=True, slots=True)
class Letter:
    """Everything that a mail says, in words."""

    author: Mailbox
    to: Mailbox
    subject: str
    text: str
    purpose: Purpose
    date: datetime  # aware
    message_id: MessageId
    html: str = ""  # empty: text only
    token: str = ""  # of kind message, for X-MailFlow-Id
    reply_to: Address | None = None
    answers: Answering | None = None
    subscription: Subscription | None = None  # for MARKETING
    enclosures: tuple[Enclosure, ...] = ()


def compose(letter: Letter) -> bytes:
    """The mail as wire octets, without signature; InputError if it must not or cannot be written."""
    if letter.purpose is Purpose.MARKETING:
        _refuse_unlawful(letter)
    return b"".join((*_fields(letter), field("MIME-Version", "1.0"), _content(letter).wire))


def _fields(letter: Letter) -> Iterator[bytes]:
    yield field("From", *mailbox(letter.author))
    yield field("To", *mailbox(letter.to))
    yield field("Subject", *text(letter.subject))
    yield field("Date", format_datetime(letter.date))
    yield field("Message-ID", *_own_id(letter.message_id))
    if letter.reply_to:
        yield field("Reply-To", addr_spec(letter.reply_to))
    if letter.answers:
        yield from _thread(letter.answers)
    if letter.purpose is Purpose.MARKETING:
        yield from _list_fields(letter.subscription)
    else:
        yield field("Auto-Submitted", "auto-replied" if letter.answers else "auto-generated")  # RFC 3834 5
    if letter.token:
        yield field("X-MailFlow-Id", letter.token)


def _own_id(identifier: MessageId) -> tuple[str, ...]:
    written = message_ids((identifier,))
    if not written:
        raise InputError(repr(identifier), "cannot be a Message-ID")
    return written


def _thread(answers: Answering) -> Iterator[bytes]:
    """In-Reply-To and References (RFC 5322 3.6.4)."""
    parent = message_ids((answers.message_id,) if answers.message_id else ())
    ancestors = tuple(each for each in dict.fromkeys(message_ids(answers.references)) if each not in parent)
    if parent:
        yield field("In-Reply-To", *parent)
    if thread := ancestors + parent:
        yield field("References", *(thread if len(thread) <= THREAD else (thread[0], *thread[1 - THREAD :])))


def _list_fields(subscription: Subscription | None) -> Iterator[bytes]:
    """The fields of an advertisement; one click needs the https form (RFC 2369, 2919, 8058)."""
    assert subscription is not None  # _refuse_unlawful has seen to it
    links = [uri(subscription.link)] if subscription.link else []
    links.append(uri(f"mailto:{addr_spec(subscription.unsubscribe)}"))
    yield field("List-Id", *text(subscription.name), uri(subscription.list_id))
    if subscription.help:
        yield field("List-Help", uri(subscription.help))
    yield field("List-Unsubscribe", *(f"{link}," for link in links[:-1]), links[-1])
    if subscription.link:
        yield field("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")


def _refuse_unlawful(letter: Letter) -> None:
    """An advertisement names its sender's postal address and shows how to end it, in each of its forms."""
    terms = letter.subscription
    if terms is None:
        raise InputError(letter.subject, "is marketing and has no way to unsubscribe", "add a Subscription")
    if terms.link and not terms.link.startswith("https://"):
        raise InputError(letter.subject, f"{terms.link!r} is not https", "RFC 8058 asks for https")
    for form, words in (("text", letter.text), ("HTML", unescape(letter.html))):
        squeezed = " ".join(words.split())
        if not squeezed:
            continue
        if not any(way and way in squeezed for way in (terms.link, terms.unsubscribe)):
            raise InputError(letter.subject, f"its {form} shows no way to unsubscribe", "print the link")
        lines = [" ".join(line.split()) for line in terms.postal_address.splitlines() if line.strip()]
        if not lines or any(line not in squeezed for line in lines):
            raise InputError(
                letter.subject, f"its {form} lacks the shop's postal address", "print shop.address"
            )


def _content(letter: Letter) -> Part:
    """The words in their forms, and what goes along."""
    seed = _seed(letter)
    forms = [text_part(letter.text, "plain")]
    if letter.html:
        forms.append(text_part(letter.html, "html"))
    words = forms[0] if len(forms) == 1 else alternative(forms, seed)
    if not letter.enclosures:
        return words
    return mixed((words, *map(file_part, letter.enclosures)), seed)


def _seed(letter: Letter) -> str:
    contents = (letter.message_id.encode(), letter.text.encode("utf-8", "replace"))
    files = (enclosure.octets for enclosure in letter.enclosures)
    digests = (
        sha256(octets).digest() for octets in (*contents, letter.html.encode("utf-8", "replace"), *files)
    )
    return sha256(b"".join(digests)).hexdigest()[:32]
