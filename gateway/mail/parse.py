"""Octets to `Parsed`: what a mail says about itself. Total: damage goes into `defects`, nothing is raised.

The header is read by ourselves, for identity and threading hang on it; the body by `mail.body`. Every value
is free of controls, every header value is one line. Line ends may be CRLF, LF or CR.
"""

from gateway.mail import body, header
from gateway.mail.address import identity, local_part, mailboxes
from gateway.mail.body import Body
from gateway.mail.date import date_of
from gateway.mail.header import Field
from gateway.mail.mime import Part
from gateway.mail.parsed import Forwarded, Forwarding, Headers, Mailbox, MessageId, Parsed
from gateway.mail.pattern import compile_pattern

REFERENCES = 100  # the newest are kept
LONGEST_ID = 998  # octets; a line is no longer (RFC 5322 2.1.1)

_BRACKETED = compile_pattern(r"<([^<>]+)>")
_BARE_ID = compile_pattern(r"[^\s<>\"(),;]+@[^\s<>\"(),;]+")
_TOKEN_IN_ADDRESS = compile_pattern(r"^[^+=-]*[+=-](?:.*[+=-])?([a-z2-7]{32})$", ignore_case=True)
_TOKEN_IN_ID = compile_pattern(r"^([a-z2-7]{32})\.[^@]+@", ignore_case=True)
_SINGLETONS = (
    *("from", "sender", "reply-to", "subject", "date", "message-id", "to", "cc", "in-reply-to", "references"),
    *("mime-version", "content-type", "content-transfer-encoding", "content-disposition"),
)


def parse(octets: bytes) -> Parsed:
    """The mail that `octets` are, read as well as it can be."""
    octets = header.canonical(octets)
    fields, _, _ = header.split(octets)
    content = body.read(octets)
    return _parsed(fields, content)


def _parsed(fields: tuple[Field, ...], content: Body) -> Parsed:
    hint = header.parameters(header.text_of(_raw(fields, "content-type"))).get("charset", "")
    headers = Headers(tuple((one.name, header.line_of(one.raw, hint)) for one in fields))
    from_fields = [header.text_of(one.raw, hint) for one in fields if one.key == "from"]
    to = _mailboxes(fields, "to", hint)
    cc = _mailboxes(fields, "cc", hint)
    author = next(iter(mailboxes(from_fields[0])), None) if from_fields else None
    in_reply_to = _ids(fields, "in-reply-to")
    references = _ids(fields, "references")[-REFERENCES:]
    keys = [one.key for one in fields]
    repeated = tuple(f"repeated: {name}" for name in _SINGLETONS if keys.count(name) > 1)
    return Parsed(
        message_id=next(iter(_ids(fields, "message-id")), None),
        in_reply_to=in_reply_to,
        references=references,
        subject=headers.get("Subject"),
        date=date_of(headers.get("Date")),
        headers=headers,
        author=author,
        identity=identity(*from_fields),
        reply_to=_mailboxes(fields, "reply-to", hint),
        to=to,
        cc=cc,
        text=content.text,
        reply=content.text,
        html=content.html,
        forwarded=_forwarded(content.enclosed),
        attachments=content.attachments,
        has_calendar=content.has_calendar,
        tokens=_tokens(fields, (*to, *cc), (*in_reply_to, *references)),
        defects=tuple(dict.fromkeys((*repeated, *content.defects))),
    )


def _raw(fields: tuple[Field, ...], key: str) -> bytes:
    return next((one.raw for one in fields if one.key == key), b"")


def _mailboxes(fields: tuple[Field, ...], key: str, hint: str) -> tuple[Mailbox, ...]:
    return mailboxes(header.text_of(_raw(fields, key), hint))


def _ids(fields: tuple[Field, ...], key: str) -> tuple[MessageId, ...]:
    """The ids of the first field of that name, in order, without angle brackets (RFC 5322 3.6.4).

    A blank inside the brackets is a fold that a program made in the midst of an id. Without brackets, what
    has an `@` counts: some programs forget them.
    """
    value = header.harmless_line(header.text_of(_raw(fields, key)))
    found = ["".join((match.group(1) or "").split()) for match in _BRACKETED.finditer(value)]
    if not found:
        found = [match.group() or "" for match in _BARE_ID.finditer(value)]
    return tuple(MessageId(one) for one in dict.fromkeys(found) if 0 < len(one) <= LONGEST_ID)


def _tokens(
    fields: tuple[Field, ...], recipients: tuple[Mailbox, ...], ids: tuple[MessageId, ...]
) -> tuple[str, ...]:
    """What looks like a token of ours; whoever has the keys must check each (intake.md, 14)."""
    delivered = [
        one
        for field in fields
        if field.key in {"delivered-to", "x-original-to"}
        for one in mailboxes(header.text_of(field.raw))
    ]
    addressed = (_TOKEN_IN_ADDRESS.search(local_part(one.address)) for one in (*delivered, *recipients))
    answered = (_TOKEN_IN_ID.search(one) for one in ids)
    found = [(match.group(1) or "").lower() for match in (*addressed, *answered) if match]
    return tuple(dict.fromkeys(found))


def _forwarded(enclosed: Part | None) -> Forwarded | None:
    """The mail that is attached, as far as it can be read."""
    if enclosed is None:
        return None
    inner = parse(enclosed.content)
    return Forwarded(Forwarding.ATTACHED, inner.author, inner.subject, inner.text)
