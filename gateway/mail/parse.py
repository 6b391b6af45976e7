"""Octets to `Parsed`: what a mail says about itself. Total: damage goes into `defects`, nothing is raised.

The header is read by ourselves, for identity and threading hang on it; the body by `mail.body`. Every value
is free of controls, every header value is one line. Line ends may be CRLF, LF or CR.

`python -m gateway.mail.parse` reads one mail on standard input, within limits, and writes it as JSON:
suspicious mail is parsed there, where it can hurt nobody (intake.md, 9).
"""

import math
import resource
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace

from gateway.mail import alternative, body, forwarded, guard, header, parsed_json
from gateway.mail.address import identity, mailboxes
from gateway.mail.automatic import is_automatic
from gateway.mail.body import Body
from gateway.mail.bounces import BUILT_IN, Bounces
from gateway.mail.date import date_of
from gateway.mail.header import Field
from gateway.mail.kind import kind_of
from gateway.mail.parsed import Forwarded, Headers, Mailbox, MessageId, Parsed
from gateway.mail.pattern import compile_pattern
from gateway.mail.reply import new_words
from gateway.mail.thread import token_in_id, token_in_local_part

REFERENCES = 100  # the newest are kept
SMALL = 16384  # octets below which nothing can be a bomb
LONGEST_ID = 998  # octets; a line is no longer (RFC 5322 2.1.1)

ADDRESS_SPACE = 160 * 1024 * 1024  # octets that the process of its own may map
CPU = 2  # seconds that it may compute
TOO_MUCH = 3  # its exit status when it ran out of memory

_BRACKETED = compile_pattern(r"<([^<>]+)>")
_BARE_ID = compile_pattern(r"[^\s<>\"(),;]+@[^\s<>\"(),;]+")
_SINGLETONS = (
    *("from", "sender", "reply-to", "subject", "date", "message-id", "to", "cc", "in-reply-to", "references"),
    *("mime-version", "content-type", "content-transfer-encoding", "content-disposition"),
)
_CHEAP = ("header_octets", "fields", "longest_field")


def parse(octets: bytes, *, bounces: Bounces | None = None) -> Parsed:
    """The mail that `octets` are, read as well as it can be; of a bomb only the header is read.

    `bounces` are the tables by which reports are recognised; None is what is shipped.
    """
    octets = header.canonical(octets)
    if octets[:1] in (b"\r", b"\n") and (rest := header.without_leading_blanks(octets)) != octets:
        # The blank line ends the header (RFC 5322 2.1), so what others read as one proves nothing.
        mail = parse(rest, bounces=bounces)
        return replace(mail, identity=None, defects=("leading_blank_lines", *mail.defects))
    if len(octets) > SMALL and guard.too_complex(octets):
        return header_only(octets, "too_complex")
    content = body.read(octets)
    mail = _read(content.fields, content)
    kind, why = kind_of(mail, content.parts, bounces or BUILT_IN)
    mail = replace(mail, kind=kind, kind_why=why)
    return replace(mail, automatic=True) if is_automatic(mail) else mail


def header_only(octets: bytes, defect: str) -> Parsed:
    """Who wrote a mail and about what, when nothing else of it can be read; `defect` says why.

    Only as much of the header is read as is cheap; where it goes on, nobody is identified, for what was not
    read may be a second From.
    """
    (most_octets, _), (most_fields, _), (longest, _) = map(guard.LIMITS.__getitem__, _CHEAP)
    octets = header.canonical(octets[: 2 * most_octets])
    whole = header.without_leading_blanks(octets) == octets
    octets = header.without_leading_blanks(octets)
    end = octets.find(b"\r\n\r\n")
    block = octets if end < 0 else octets[:end]
    fields, _, _ = header.split(block[:most_octets])
    short = tuple(Field(one.name, one.raw[:longest]) for one in fields[:most_fields])
    mail = _read(short, Body(fields=short, defects=(defect,)))
    whole = whole and short == fields and len(block) <= most_octets
    return mail if whole else replace(mail, identity=None)


def _read(fields: tuple[Field, ...], content: Body) -> Parsed:
    """Everything that header and body say; what needs the whole mail comes after."""
    hint = content.charset
    headers = Headers(tuple((one.name, header.line_of(one.raw, hint)) for one in fields))
    named = _by_name(fields)
    from_fields = [header.text_of(raw, hint) for raw in named.get("from", ())]
    to, cc = _mailboxes(named, "to", hint), _mailboxes(named, "cc", hint)
    in_reply_to = _ids(named, "in-reply-to")
    references = _ids(named, "references")[-REFERENCES:]
    repeated = tuple(f"repeated: {name}" for name in _SINGLETONS if len(named.get(name, ())) > 1)
    subject = headers.get("Subject")
    return Parsed(
        message_id=next(iter(_ids(named, "message-id")), None),
        in_reply_to=in_reply_to,
        references=references,
        subject=subject,
        date=date_of(headers.get("Date")),
        headers=headers,
        author=next(iter(mailboxes(from_fields[0])), None) if from_fields else None,
        identity=identity(*from_fields),
        reply_to=_mailboxes(named, "reply-to", hint),
        to=to,
        cc=cc,
        text=content.text,
        reply=_reply(content),
        html=content.html,
        forwarded=_forwarded(subject, content),
        attachments=content.attachments,
        has_calendar=content.has_calendar,
        tokens=_tokens(named, (*to, *cc), (*in_reply_to, *references)),
        defects=tuple(dict.fromkeys((*repeated, *content.defects))),
    )


def _reply(content: Body) -> str:
    """The new words; where the HTML tells better what is quoted, by what it tells."""
    text = alternative.marked(content.text, content.twin)
    words = new_words(text)
    return words if text is content.text or words.split() != text.split() else new_words(content.text)


def _forwarded(subject: str, content: Body) -> Forwarded | None:
    if content.enclosed is not None:
        return forwarded.attached(content.enclosed)
    return forwarded.inline(subject, content.text)


_Named = Mapping[str, Sequence[bytes]]  # the raw values of each field, by its name in lower case


def _by_name(fields: tuple[Field, ...]) -> _Named:
    named: dict[str, list[bytes]] = {}
    for one in fields:
        named.setdefault(one.key, []).append(one.raw)
    return named


def _first(named: _Named, key: str) -> bytes:
    return next(iter(named.get(key, ())), b"")


def _mailboxes(named: _Named, key: str, hint: str) -> tuple[Mailbox, ...]:
    return mailboxes(header.text_of(_first(named, key), hint)) if key in named else ()


def _ids(named: _Named, key: str) -> tuple[MessageId, ...]:
    """The ids of the first field of that name, in order, without angle brackets (RFC 5322 3.6.4).

    A blank inside the brackets is a fold that a program made in the midst of an id. Without brackets, what
    has an `@` counts: some programs forget them.
    """
    if key not in named:
        return ()
    value = header.harmless_line(header.text_of(_first(named, key)))
    found = ["".join((match.group(1) or "").split()) for match in _BRACKETED.finditer(value)]
    if not found:
        found = [match.group() or "" for match in _BARE_ID.finditer(value)]
    return tuple(MessageId(one) for one in dict.fromkeys(found) if 0 < len(one) <= LONGEST_ID)


def _tokens(named: _Named, recipients: tuple[Mailbox, ...], ids: tuple[MessageId, ...]) -> tuple[str, ...]:
    """What looks like a token of ours; whoever has the keys must check each (intake.md, 14)."""
    delivered = (
        one
        for key in ("delivered-to", "x-original-to")
        for raw in named.get(key, ())
        for one in mailboxes(header.text_of(raw))
    )
    found = (
        *(token_in_local_part(one.address) for one in (*delivered, *recipients)),
        *(token_in_id(one) for one in ids),
    )
    return tuple(dict.fromkeys(filter(None, found)))


def main() -> int:
    """Parse standard input; 3 when that took too much memory, a signal when it took too much CPU."""
    parse(_WARM_UP)
    _limit()
    try:
        sys.stdout.buffer.write(parsed_json.dumps(parse(sys.stdin.buffer.read())))
    except MemoryError:
        return TOO_MUCH
    return 0


_WARM_UP = (
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>\r\n--b--\r\n"
)


def _limit() -> None:
    """From here on no growth of files, and bounds to what this process may map and compute."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    seconds = CPU + math.ceil(spent.ru_utime + spent.ru_stime)
    for kind, most in (
        (resource.RLIMIT_AS, ADDRESS_SPACE),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))


if __name__ == "__main__":
    sys.exit(main())
