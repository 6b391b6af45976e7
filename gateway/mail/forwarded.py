"""The mail that a mail passes on: attached as message/rfc822, or copied below the words (intake.md, 15).

An inline copy is only the forwarder's word; an attached one can be proven by its own signature.
"""

from collections.abc import Sequence
from itertools import takewhile

from gateway.mail import body, header, quoted_header
from gateway.mail.address import mailboxes
from gateway.mail.line import Line, read_line, read_lines
from gateway.mail.mime import Part
from gateway.mail.parsed import Forwarded, Forwarding, Mailbox
from gateway.mail.pattern import compile_pattern
from gateway.mail.quoted_header import Block, Field

_LOOKED_AT = 2000  # lines in which an inline copy is looked for
_PASSED_ON = compile_pattern(
    r"^\s*(?:\[[^\]]{1,40}\]\s*)?(?:fwd?|fw|wg|tr|rv|enc|i|vs|vb|doorst|pd|továbbítás|ilt|yml|转发|轉寄|轉發)\s*[:：]",
    ignore_case=True,
)


def attached(part: Part) -> Forwarded:
    """The mail that is attached, as far as it can be read; what it passes on in turn is left alone."""
    octets = header.canonical(part.content)
    fields, _, _ = header.split(octets)
    inner = body.read(octets)
    read = {one.key: one.raw for one in reversed(fields)}
    people = mailboxes(header.text_of(read.get("from", b""), inner.charset))
    subject = header.line_of(read.get("subject", b""), inner.charset)
    return Forwarded(Forwarding.ATTACHED, next(iter(people), None), subject, inner.text)


def enclosed(octets: bytes) -> bytes | None:
    """The octets of the first mail that is attached to a mail, with CRLF line ends; None if there is none."""
    part = body.read(header.canonical(octets)).enclosed
    return header.canonical(part.content) if part else None


def inline(subject: str, text: str) -> Forwarded | None:
    """The mail that is copied into `text`, or None.

    A line that says "forwarded" in one of many languages opens it; without one, a copied header does if the
    subject says so ("Fwd:", "WG:", "TR:"). Some webmail marks what it passes on like a quotation: if the
    subject says so too, what is marked first may be the copy.
    """
    lines = read_lines(text)[:_LOOKED_AT]
    passed_on = _PASSED_ON.search(subject) is not None
    first_marked = next((n for n, line in enumerate(lines) if line.depth), -1)
    for index in range(len(lines)):
        if index == first_marked and passed_on:
            inner = _unmarked(lines[index:])
            if opened := _block(inner, next((n for n, one in enumerate(inner) if one.text), 0), passed_on):
                return _copied(inner, opened)
        if found := _block(lines, index, passed_on):
            return _copied(lines, found)
    return None


def _block(lines: Sequence[Line], index: int, passed_on: bool) -> Block | None:
    """The block that opens a copied mail at `lines[index]`, or None."""
    line = lines[index]
    if line.depth or not line.text or not (":" in line.text or line.text[0] in "-_=*–—>"):
        return None
    found = quoted_header.block(lines, index)
    return found if found and (found.forwarded or (passed_on and found.end - found.start > 1)) else None


def _unmarked(lines: Sequence[Line]) -> list[Line]:
    """The marked lines at the beginning, each without its first mark."""
    marked = takewhile(lambda line: line.depth or line.blank, lines)
    return [read_line(line.raw.lstrip()[1:].removeprefix(" ")) for line in marked]


def _copied(lines: Sequence[Line], found: Block) -> Forwarded:
    end = found.end
    if found.forwarded and (below := _header_below(lines, end)):
        end = below
    values = _values(lines[found.start : end])
    people: Sequence[Mailbox] = mailboxes(values.get(Field.FROM, ""))
    said = lines[end:]
    if all(line.depth or line.blank for line in said):
        said = _unmarked(said)
    text = "\n".join(line.raw for line in said).strip("\n")
    return Forwarded(
        Forwarding.INLINE, next(iter(people), None), header.harmless_line(values.get(Field.SUBJECT, "")), text
    )


def _header_below(lines: Sequence[Line], start: int) -> int | None:
    """The end of the copied header that follows a line of words, past blank lines."""
    while start < len(lines) and not lines[start].text:
        start += 1
    return quoted_header.header_end(lines, start) if start < len(lines) else None


def _values(lines: Sequence[Line]) -> dict[Field, str]:
    """What the lines of a copied header say, the first of each meaning."""
    values: dict[Field, str] = {}
    for line in lines:
        for role in set((quoted_header.field_of(line) or {}).values()):
            values.setdefault(role, line.text.partition(":")[2].strip(" *_"))
    return values
