"""Where the returned original begins in the text of a report, and which message it was.

A report says who failed, the original says to whom somebody wrote: its addresses are no recipients of the
report, unless that says no more than a local part, or nothing at all. Some programs put it into a part of
its own, most simply below a line of words or dashes, some with neither: then a block that can only be the
header of a mail is where it begins.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gateway.mail.bounces import Bounces
from gateway.mail.mime import Part
from gateway.mail.parsed import MessageId
from gateway.mail.pattern import compile_pattern
from gateway.mail.words import ADDRESS

_HEADERS = ("text/rfc822-headers", "message/rfc822-headers", "message/global-headers")
ENCLOSED = frozenset(("message/rfc822", "message/global", "message/news", *_HEADERS))

_FIELD = compile_pattern(r"^>?[ ]?([A-Za-z][A-Za-z0-9-]*)[ ]?:(?:[ \t]|$)")
_MESSAGE_ID = compile_pattern(r"(?im)^>?[ \t]*Message-ID[ ]*:\s*<?([^<>\s]+@[^<>\s]+)>?")
_SENT_TO = compile_pattern(r"(?im)^>?[ \t]*(?:To|Cc)[ ]*:([^\n]*(?:\n[ \t]+[^\n]+)*)")
_ADDRESS = compile_pattern(ADDRESS)
_LONGEST_HEAD = 16384  # characters
_UNSUBSCRIBE = compile_pattern(r"(?im)^List-Unsubscribe[ ]*:((?:[^\n]|\n[ \t])*)")
_MAILTO = compile_pattern(r"(?i)<mailto:([^<>\s?@]{1,64}@[^<>\s?@]{1,255})")
_TOKEN_FIELD = compile_pattern(r"(?im)^X-MailFlow-Id:\s*\S")
# Fields that mail systems write and people, asked for a summary, do not.
_TRACE = frozenset(
    (
        "received",
        "return-path",
        "mime-version",
        "dkim-signature",
        "content-type",
        "content-transfer-encoding",
        "x-mailer",
        "user-agent",
        "delivered-to",
        "x-original-to",
        "arc-seal",
        "authentication-results",
        "x-received",
        "references",
        "list-unsubscribe",
        "precedence",
    )
)
_TOLD = frozenset(("from", "to", "subject", "date", "message-id", "sender", "reply-to", "cc"))


@dataclass(frozen=True, slots=True)
class Halves:
    """The text of a report without the returned original, and that original as far as it is in the text."""

    report: str
    original: str


def unsubscribe_addresses(parts: Sequence[Part]) -> tuple[str, ...]:
    """The addresses by which the returned original can be unsubscribed from (RFC 2369, section 3.2)."""
    fields = (
        match.group(1) or ""
        for part in parts
        if part.media_type in ENCLOSED
        for match in _UNSUBSCRIBE.finditer(part.text)
    )
    return tuple(match.group(1) or "" for field in fields for match in _MAILTO.finditer(field))


def halves(text: str, bounces: Bounces) -> Halves:
    """The text before and from the first sign of the original; all of it if nothing would be left."""
    begins = [match.start() for match in bounces.signs.original.matches(text)]
    if (block := _header_block(text)) is not None:
        begins.append(block)
    for begin in sorted(begins):
        if text[:begin].strip():
            return Halves(text[:begin], text[begin:])
    return Halves(text, "")


def message_id(parts: Sequence[Part], original: str) -> MessageId | None:
    """The Message-ID of the returned original."""
    sources = (*(part.text for part in parts if part.media_type in ENCLOSED), original)
    for source in sources:
        if match := _MESSAGE_ID.search(source):
            return MessageId(match.group(1) or "")
    return None


def sent_to(parts: Sequence[Part], original: str) -> tuple[str, ...]:
    """To whom the returned original went, as far as its header says (To and Cc), each once."""
    for source in (*(part.text for part in parts if part.media_type in ENCLOSED), original):
        for block in source[:_LONGEST_HEAD].lstrip().split("\n\n")[:2]:  # a line of words, then the header
            fields = (match.group(1) or "" for match in _SENT_TO.finditer(block))
            found = {address.lower(): address for field in fields for address in _addresses(field)}
            if found:
                return tuple(found.values())
    return ()


def _addresses(field: str) -> Iterator[str]:
    return (match.group() or "" for match in _ADDRESS.finditer(field))


def is_ours(parts: Sequence[Part], text: str) -> bool:
    """Whether the returned original carries the field that every mail of ours has (not yet verified)."""
    return any(
        _TOKEN_FIELD.search(source) is not None
        for source in (*(part.text for part in parts if part.media_type in ENCLOSED), text)
    )


def _header_block(text: str) -> int | None:
    """Where three or more fields follow each other, one told by people's programs and two by mail systems."""
    begin = 0
    names: set[str] = set()
    offset = 0
    for line in text.splitlines(keepends=True):
        match = _FIELD.search(line) if ":" in line else None
        if match is not None:
            if not names:
                begin = offset
            names.add((match.group(1) or "").lower())
            if len(names) >= 3 and len(names & _TRACE) >= 2 and names & _TOLD:
                return begin
        elif not (names and line[:1] in " \t>" and line.strip()):
            names.clear()
        offset += len(line)
    return None
