"""Complaints: somebody pressed "this is spam", and a provider tells us (RFC 5965, RFC 6650).

The standard form names the complainer in Original-Rcpt-To, though many providers blacken it and leave only
the Message-ID of what was complained about. Some send the mail itself with a field of their own.
"""

from collections.abc import Sequence

from gateway.mail.bounces import Bounces, Looks, Named
from gateway.mail.mime import Part
from gateway.mail.original import ENCLOSED, message_id, unsubscribe_addresses
from gateway.mail.parsed import Complaint, Parsed
from gateway.mail.pattern import compile_pattern
from gateway.mail.report import groups, typed_address
from gateway.mail.sign import Sign
from gateway.mail.words import ADDRESS

FEEDBACK_PART = "message/feedback-report"
_LONGEST = 65536  # octets of a report under another name

# Reports about us as a sender (RFC 6591), which nobody complained by.
_OF_PROOF = frozenset(("auth-failure", "dkim", "dmarc"))
# What stands for an address that is not told (RFC 6590 hashes it, in base64).
_BLACKENED = compile_pattern(r"(?i)^(?:redacted|hidden|removed|anonym|masked|[x*.\[\]]+@)|=@|\*\*|\.\.\.+@")
_FEEDBACK_TYPE = compile_pattern(r"(?im)^Feedback-Type[ ]*:[ ]*[a-z]")
_TO = compile_pattern(
    rf"(?im)^(?:X-HmXmrOriginalRecipient|X-Original-To|Delivered-To|To)[ ]*:[^\n]*?({ADDRESS})"
)
_NAMED = (
    "original-rcpt-to",
    "removal-recipient",
    "redacted-address",
    "x-original-rcpt-to",
    "original-recipient",
)


def complaint(
    mail: Parsed, parts: Sequence[Part], held: frozenset[Sign], looks: Looks, bounces: Bounces
) -> tuple[Complaint, str] | None:
    """The complaint that the mail is, and by which sign; None if it is none.

    A report part that is only attached, with no sign of a program (`held`), is a person's who asks about it.
    """
    enclosing = mail.headers.get("Content-Type").lower()
    if any(part.media_type == FEEDBACK_PART and _type(part.text) in _OF_PROOF for part in parts):
        return None
    for part in parts:
        if part.media_type == FEEDBACK_PART and (held or "multipart/report" in enclosing):
            return _standard(part.text, parts), "a message/feedback-report part (RFC 5965)"
    if "feedback-report" in enclosing:
        for text in (*map(_words, parts), mail.text):
            if _FEEDBACK_TYPE.search(text) is not None:
                return _standard(text, parts), "the fields of RFC 5965 in its text"
    for named in bounces.complaints:
        if named.when.holds(looks):
            recipient = _recipient(named, mail, parts, looks)
            found = Complaint(
                named.type or "abuse", recipient, message_id(parts, mail.text), unsubscribe_addresses(parts)
            )
            return found, named.name
    return None


def _words(part: Part) -> str:
    """The words of a part that may be the report under another name, such as a file's."""
    if part.media_type in ENCLOSED:
        return ""
    return part.text or part.content[:_LONGEST].decode("utf-8", "replace")


def _standard(text: str, parts: Sequence[Part]) -> Complaint:
    fields = _fields(text)
    named = (typed_address(fields.get(name, "")) for name in _NAMED)
    recipient = next((found for found in named if "@" in found and not _BLACKENED.search(found)), "")
    return Complaint(
        type=_type(text) or "abuse",
        recipient=recipient or _in_original(parts),
        message_id=message_id(parts, ""),
        unsubscribe=unsubscribe_addresses(parts),
    )


def _type(text: str) -> str:
    stated = _fields(text).get("feedback-type", "").partition("\n")[0]
    return stated.partition("(")[0].strip().lower()


def _fields(text: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    for group in groups(text):
        fields = group | fields
    return fields


def _recipient(named: Named, mail: Parsed, parts: Sequence[Part], looks: Looks) -> str:
    sources = [part.text for part in parts if part.media_type in ENCLOSED] + [mail.text]
    for pattern in named.recipient.each():
        for source in (*sources, looks.fields):
            if match := pattern.search(source):
                return match.groupdict().get("address") or ""
    if named.type == "opt-out" and mail.author:
        return mail.author.address
    return _in_original(parts)


def _in_original(parts: Sequence[Part]) -> str:
    """To whom our mail went, for a mail of ours has one recipient; "" if that was blackened."""
    for part in parts:
        if part.media_type in ENCLOSED and (match := _TO.search(part.text)):
            found = match.group(1) or ""
            return "" if _BLACKENED.search(found) else found
    return ""
