"""What octets look like before any parser sees them: line ends, repeated fields, and counts (intake.md, 3.4).

Pure and cheap, about 2 ms per MiB: a parser can be made to work for minutes by a mail of a megabyte, and a
mail with two authors shows another one to each reader. Over SMTP a finding is a refusal with its reply; over
IMAP, where nothing can be refused, it is a hold under `hold`, or a defect where that is empty.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.kernel.errors import SmtpReply
from gateway.mail import header

RECEIVED = 50  # hops; Postfix' figure

# What is counted, and two figures: above the first a process of its own parses the mail, above the second it
# is refused. In one MiB, 100,000 parts cost the standard library's parser 12 to 24 s, 20,000 addresses 10 s.
LIMITS: Mapping[str, tuple[int, int]] = {
    "header_octets": (64 * 1024, 256 * 1024),
    "fields": (200, 1000),
    "longest_field": (16 * 1024, 64 * 1024),
    "addresses": (100, 1000),
    "encoded_words": (200, 2000),
    "boundaries": (20, 100),
    "boundary_lines": (100, 1000),
}

_MANY_DASHES = 20_000  # lines with `--` above which they are not looked at one by one

# RFC 5322 3.6 allows each once. Who speaks and what is answered must be unambiguous: these are refused ...
_DECISIVE = ("from", "sender", "reply-to", "subject", "date", "message-id")
# ... and these are repeated by list software: the first counts, and the mail proves nothing.
_REPEATABLE = (
    *("to", "cc", "in-reply-to", "references", "mime-version"),
    *("content-type", "content-transfer-encoding", "content-disposition"),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """Why a mail is not taken as it is."""

    reason: str
    reply: SmtpReply
    close: bool = False  # what follows on this connection cannot be trusted
    hold: str = ""  # over IMAP: the reason of the hold; "" is a defect only


@dataclass(frozen=True, slots=True)
class Scan:
    """The whole verdict: clean when `finding` is None and `suspicious` is False."""

    finding: Finding | None = None
    suspicious: bool = False  # above a first figure: parse it in a process of its own
    defects: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict[str, int])


_FALSE_LINE_ENDS = Finding(
    "line_ends", SmtpReply(550, "5.5.2", "lines must end with CRLF, and NUL is not allowed"), close=True
)
_TOO_MANY_HOPS = Finding(
    "hops", SmtpReply(554, "5.4.6", "too many hops: this mail goes in circles"), hold="too_complex"
)
_NO_AUTHOR = Finding("no_from", SmtpReply(550, "5.6.0", "a mail must have a From field"))
_TOO_COMPLEX = SmtpReply(554, "5.6.0", "this mail is too complex to be read safely")


def scan(octets: bytes, *, null_reverse_path: bool = False) -> Scan:
    """What is wrong with the octets of a mail, the gravest first.

    A report may come without From, but only by the null reverse-path: some report programs are broken.
    """
    false_ends = has_false_line_ends(octets)
    octets = header.canonical(octets) if false_ends else octets
    end = octets.find(b"\r\n\r\n", 0, LIMITS["header_octets"][1] + 4)
    counts = {"header_octets": end if end >= 0 else len(octets)}
    if _above(counts, 1):
        finding = _FALSE_LINE_ENDS if false_ends else _complexity("header_octets")
        return Scan(finding, suspicious=True, counts=counts)
    fields, _, _ = header.split(octets[: counts["header_octets"]])
    counts |= _field_counts(octets[: counts["header_octets"]], fields) | _boundary_counts(octets, fields)
    keys = [one.key for one in fields]
    repeated = [key for key in (*_DECISIVE, *_REPEATABLE) if keys.count(key) > 1]
    finding = None
    if false_ends:
        finding = _FALSE_LINE_ENDS
    elif keys.count("received") > RECEIVED:
        finding = _TOO_MANY_HOPS
    elif decisive := next((key for key in repeated if key in _DECISIVE), None):
        finding = _repetition(decisive)
    elif "from" not in keys and not null_reverse_path:
        finding = _NO_AUTHOR
    elif complexity := _above(counts, 1):
        finding = _complexity(complexity)
    defects = ("line_ends",) * false_ends + tuple(f"repeated: {key}" for key in repeated)
    defects += ("no_from",) * ("from" not in keys)
    return Scan(finding, _above(counts, 0) is not None, defects, counts)


def has_false_line_ends(octets: bytes) -> bool:
    """Whether a bare CR, a bare LF or a NUL is among them: what smuggled mail is made of (RFC 5321 2.3.8)."""
    pairs = octets.count(b"\r\n")
    return octets.count(b"\r") != pairs or octets.count(b"\n") != pairs or b"\0" in octets


def repaired(octets: bytes) -> bytes:
    """The octets without what smuggled mail is made of: CRLF ends every line, NUL and stray CR are gone.

    Where such a mail cannot be refused it is read from this copy, so that a name hidden from us by a NUL is
    seen by us as by whoever ignores it. Octets with nothing wrong come back as they are.
    """
    if not has_false_line_ends(octets):
        return octets
    lines = header.canonical(octets).replace(b"\0", b"").replace(b"\r\n", b"\n")
    return lines.replace(b"\r", b" ").replace(b"\n", b"\r\n")


def too_complex(octets: bytes) -> bool:
    """Whether a figure above which nothing is parsed is passed."""
    return _above(scan(octets, null_reverse_path=True).counts, 1) is not None


def _above(counts: Mapping[str, int], which: int) -> str | None:
    return next((name for name, count in counts.items() if count > LIMITS[name][which]), None)


def _complexity(name: str) -> Finding:
    return Finding(f"too_complex: {name}", _TOO_COMPLEX, hold="too_complex")


def _repetition(key: str) -> Finding:
    reply = SmtpReply(550, "5.6.0", f"the field {key.title()} may stand only once")
    return Finding(f"repeated: {key}", reply, hold="forged" if key == "from" else "")


def _field_counts(block: bytes, fields: tuple[header.Field, ...]) -> dict[str, int]:
    people = (one.raw for one in fields if one.key in {"from", "to", "cc"})
    return {
        "fields": block.count(b"\r\n") - block.count(b"\r\n ") - block.count(b"\r\n\t") + 1,
        "longest_field": max((len(one.raw) for one in fields), default=0),
        "addresses": sum(max(raw.count(b"@"), raw.count(b",") + raw.count(b";") + 1) for raw in people),
        "encoded_words": block.count(b"=?"),
    }


def _boundary_counts(octets: bytes, fields: tuple[header.Field, ...]) -> dict[str, int]:
    """How many boundaries are named, and how many lines start with one of them.

    A mail of one part has none, whatever stands in it.
    """
    media_type = next((one.raw for one in fields if one.key == "content-type"), b"").lower()
    if not any(word in media_type for word in (b"multipart", b"message", b"boundary")):
        return {"boundaries": 0, "boundary_lines": 0}
    lowered = octets.lower()
    at, named, values = lowered.find(b"boundary"), 0, set[bytes]()
    while at >= 0 and named <= LIMITS["boundaries"][1]:
        if value := _value(octets[at + 8 : at + 256]):
            named += 1
            values.add(value)
        at = lowered.find(b"boundary", at + 8)
    lines = 0
    if octets.count(b"\r\n--") > _MANY_DASHES and len(values) <= LIMITS["boundaries"][0]:
        lines = sum(octets.count(b"\r\n--" + value) for value in values)
    elif values:
        for piece in octets.split(b"\r\n--")[1:]:
            line = piece[: piece.find(b"\r\n")].rstrip() if b"\r\n" in piece else piece.rstrip()
            lines += line in values or line.removesuffix(b"--") in values
    return {"boundaries": named, "boundary_lines": lines}


def _value(rest: bytes) -> bytes:
    """The value in `="value"`, or nothing."""
    rest = rest.lstrip(b" \t*0\r\n")
    if rest[:1] != b"=":
        return b""
    rest = rest[1:].lstrip(b" \t")
    if rest[:1] == b'"':
        return rest[1:].partition(b'"')[0].partition(b"\r")[0].rstrip()
    words = rest.partition(b";")[0].split(maxsplit=1)
    return words[0] if words else b""
