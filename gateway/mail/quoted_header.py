"""Blocks that stand above a mail which is quoted or passed on without marks: "From: ... Sent: ... To: ...".

Outlook and its kin copy the header of the mail they answer, in the language of the installation and often in
bold; others draw a line that says "Original Message". The names are tables, one row a language. Three
different names of one language make a block, with an address, a subject or a time of day among them: a
courier order ("From: Paris, To: Berlin, Date: 5 May") is nobody's header.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from gateway.mail.header_words import FORWARDED, NAMES, ORIGINAL, OTHER_NAMES
from gateway.mail.line import Line, folded, listed
from gateway.mail.pattern import compile_pattern


class Field(StrEnum):
    """What a name in a header block stands for."""

    FROM = "from"
    DATE = "date"
    TO = "to"
    SUBJECT = "subject"
    OTHER = "other"  # copies, attachments, importance: part of a block, never the sign of one


_FIELD: dict[str, dict[str, Field]] = {name: {"": Field.OTHER} for name in listed(OTHER_NAMES)}
for _row in NAMES.strip().splitlines():
    _language, _role, _names = _row.split(maxsplit=2)
    for _name in listed(_names):
        _FIELD.setdefault(_name, {})[_language] = Field(_role)
_FORWARDS: Mapping[str, bool] = dict.fromkeys(listed(ORIGINAL), False) | dict.fromkeys(
    listed(FORWARDED), True
)
_REPLY_ABOVE = compile_pattern(
    r"(?:reply|respond|write|type)\b.{0,30} above this line|antwort.{0,40} über dieser zeile"
    r"|répon.{0,30} au-dessus de cette ligne"
    r"|(?:responda|escriba).{0,40} (?:encima|arriba) de esta línea",
    ignore_case=True,
)
_FORWARDED_BY = ("forwarded by ", "weitergeleitet von ")  # Notes adds who and when
_DASHES = "-–—―‐_=*~#<> "

_ADDRESS_OR_TIME = compile_pattern(r"[^\s@]@[^\s@]|\d{1,2}[:.h]\d{2}(?:\D|$)")
_LONGEST_BLOCK = 40  # lines: a long list of recipients wraps
_CONTINUED = 12  # lines between two names


@dataclass(frozen=True, slots=True)
class Block:
    """From where to where it stands (`end` is the line after it)."""

    start: int
    end: int
    forwarded: bool = False


def block(lines: Sequence[Line], start: int) -> Block | None:
    """The line or block that opens a quoted or forwarded mail at `lines[start]`, or None."""
    ruled = separator(lines[start])
    if ruled is not None:
        return _after_separator(lines, start, ruled)
    end = header_end(lines, start)
    return Block(start, end) if end else None


def separator(line: Line) -> bool | None:
    """Whether a line says "Original Message" (False) or "Forwarded message" (True) in some language; else None.

    Without dashes around it only the words of a forwarded mail with a colon count, and those of Apple.
    """
    text = line.text
    if line.raw.lstrip().startswith(">>>") and line.raw.endswith(">>>"):  # GroupWise
        return False
    bare = text.strip(_DASHES)
    if not bare or len(bare) > 200:
        return None
    if _REPLY_ABOVE.search(text):
        return False
    phrase = folded(bare.rstrip(":").rstrip())
    forwarded = _FORWARDS.get(phrase)
    if forwarded is None:
        forwarded = next(
            (True for word in ("forwarded by ", "weitergeleitet von ") if phrase.startswith(word)), None
        )
    if forwarded is None or (text[0] not in _DASHES and not (forwarded and text.endswith(":"))):
        return None
    return forwarded


def field(line: Line) -> Mapping[str, Field] | None:
    """The meaning of a header line's name in each language that knows it; None if it is no such line."""
    name, colon, _ = line.text[:40].lstrip("*_|•· ").partition(":")
    if not colon:
        return None
    return _FIELD.get(folded(name.strip("*_ ")))


def header_end(lines: Sequence[Line], start: int) -> int | None:
    """The line after the header block that begins at `start`, or None if there is no block."""
    first = field(lines[start])
    if not first:
        return None
    seen: dict[str, set[Field]] = {}
    end = start
    telling = False
    for index in range(start, min(len(lines), start + _LONGEST_BLOCK)):
        line = lines[index]
        names = field(line)
        if names is None:
            if index - end > _CONTINUED or (not line.text and not _goes_on(lines, index)):
                break
            continue
        for language, role in names.items():
            seen.setdefault(language, set()).add(role)
        telling = telling or Field.SUBJECT in names.values() or bool(_ADDRESS_OR_TIME.search(line.text))
        end = index + 1
    roles = max(seen.values(), key=len, default=set[Field]())
    return _value_end(lines, end) if telling and len(roles) >= 3 and Field.FROM in roles else None


def _goes_on(lines: Sequence[Line], blank: int) -> bool:
    """Whether the line after a blank one is a further line of the block (HTML that became paragraphs)."""
    return blank + 1 < len(lines) and field(lines[blank + 1]) is not None


def _value_end(lines: Sequence[Line], end: int) -> int:
    """One line further if the last name's value stands on a line of its own."""
    return end + 1 if lines[end - 1].text.endswith(":") and end < len(lines) and lines[end].text else end


def _after_separator(lines: Sequence[Line], start: int, forwarded: bool) -> Block:
    """The separator and the header block below it, however small."""
    end = start + 1
    while end < len(lines) and not lines[end].text and end - start < 4:
        end += 1
    if end < len(lines) and not lines[end].depth:
        while end < len(lines) and end - start < _LONGEST_BLOCK and field(lines[end]) is not None:
            end += 1
    return Block(start, end, forwarded)
