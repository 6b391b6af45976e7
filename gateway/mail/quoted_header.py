"""Blocks that stand above a mail which is quoted or passed on without marks: "From: ... Sent: ... To: ...".

Outlook and its kin copy the header of the mail they answer, in the language of the installation and often in
bold; others draw a line that says "Original Message". The names are tables, one row a language. Three
different names of one language make a block, with an address or, beside date and subject, a time of day among
them: a courier order ("From: Paris, To: Berlin, Date: 5 May") is nobody's header.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from gateway.mail.attribution import DATE, LONGEST, TIME, WRAPPED, attribution
from gateway.mail.header_words import ANY_DATE, FORWARDED, NAMES, ORIGINAL, OTHER_NAMES
from gateway.mail.line import OUTLOOK_RULE, Line, folded, listed
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
_ANY_DATE = frozenset(listed(ANY_DATE))
_REPLY_ABOVE = compile_pattern(
    r"(?:reply|respond|write|type)\b.* above this line|antwort.* über dieser zeile"
    r"|répon.* au-dessus de cette ligne|(?:responda|escriba).* (?:encima|arriba) de esta línea",
    ignore_case=True,
)
_PROCESSED_BY = "original message processed by "  # Tobit David names itself, and draws nothing
_FORWARDED_BY = ("forwarded by ", "weitergeleitet von ")  # Notes adds who and when
_DASHES = "-–—―‐_=*~#<> "

_ADDRESS = compile_pattern(r"[^\s@]@[^\s@]")
_STAMP = compile_pattern(r"\d\d:\d\d:\d\d [+-]\d{4}")  # as RFC 5322 writes the time, and nobody else
_NAMED = compile_pattern(r"^[*_]*\pL[^:\d@]{0,30}[*_]*:[*_]* ?[^ ]")
_DRAWN_NAMES = 4  # who, when, to whom, about what
_DRAWN = compile_pattern(r"^(-{8,}) ?[^\d\s-][^\d:]{0,60}[^\d\s-] ?(-{8,})$")
_GMAIL = (10, 9)  # dashes
_LONGEST_BLOCK = 40  # lines
_CONTINUED = {Field.TO: 12, Field.OTHER: 12}  # lines below a name: a list of recipients wraps
_CONTINUED_ELSE = 2


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
    end = header_end(lines, start) or (start + 1 if _is_on_one_line(lines, start) else None)
    end = end or _drawn_header_end(lines, start)
    return Block(start, end) if end else _drawn_separator(lines, start)


def separator(line: Line) -> bool | None:
    """Whether a line says "Original Message" (False) or "Forwarded message" (True); None if neither.

    Without dashes only the words of a forwarded mail count, if a colon follows them, as Apple writes it.
    """
    text = line.text
    if text.startswith(">>>") and text.endswith(">>>"):  # GroupWise; see `read_line`
        return False
    bare = text.strip(_DASHES)
    if not bare or len(bare) > 200:
        return None
    if _REPLY_ABOVE.search(text):
        return False
    phrase = folded(bare.rstrip(":").rstrip())
    if phrase.startswith(_PROCESSED_BY):
        return False
    forwarded = True if phrase.startswith(_FORWARDED_BY) else _FORWARDS.get(phrase)
    head, tail = (
        text[: text.find(bare)].replace(" ", ""),
        text[text.find(bare) + len(bare) :].replace(" ", ""),
    )
    drawn = len(head) >= 3 or (len(head) == 2 and len(tail) >= 2)
    return forwarded if drawn or (forwarded and text.endswith(":")) else None


def field_of(line: Line) -> Mapping[str, Field] | None:
    """The meaning of a header line's name in each language that knows it; None if it is no such line."""
    return _FIELD.get(name_of(line))


def name_of(line: Line) -> str:
    """What stands before the colon of a line, folded and without marks; "" without a colon."""
    name, colon, _ = line.text[:40].lstrip("*_|•· ").partition(":")
    return folded(name.strip("*_ ")) if colon else ""


def header_end(lines: Sequence[Line], start: int) -> int | None:
    """The line after the header block that begins at `start`, or None if there is no block."""
    if not field_of(lines[start]):
        return None
    seen: dict[str, set[Field]] = {}
    end, patience, addressed, timed, sent = start, 0, False, False, False
    for index in range(start, min(len(lines), start + _LONGEST_BLOCK)):
        line = lines[index]
        names = field_of(line)
        if names is None:
            if index - end >= patience or (not line.text and not _goes_on(lines, index)):
                break
        else:
            for language, role in names.items():
                seen.setdefault(language, set()).add(role)
            end = index + 1
            patience = max(_CONTINUED.get(role, _CONTINUED_ELSE) for role in names.values())
            sent = sent or _says_when_sent(line, names)
        addressed = addressed or bool(_ADDRESS.search(line.text))
        timed = timed or bool(TIME.search(line.text))
    roles = max(seen.values(), key=len, default=set[Field]())
    ruled = _ruled(lines, start)
    return _value_end(lines, end) if _is_header(roles, addressed, timed, sent, ruled) else None


def _drawn_header_end(lines: Sequence[Line], start: int) -> int | None:
    """The line after a header in an unknown language below the rule that Outlook draws; None if it is none.

    Outlook says who (with an address), when (with a time), to whom, and about what, in this order.
    """
    above = next((n for n in range(start - 1, max(-1, start - 4), -1) if lines[n].text), None)
    if above is None or lines[above].text != OUTLOOK_RULE:
        return None
    named = _named(lines, start)
    if len(named) < _DRAWN_NAMES:
        return None
    author, sent = lines[named[0]].text, lines[named[1]].text
    return named[-1] + 1 if _ADDRESS.search(author) and TIME.search(sent) and DATE.search(sent) else None


def _drawn_separator(lines: Sequence[Line], start: int) -> Block | None:
    """A line that says something between long dashes, with a header below it, both in an unknown language.

    Gmail draws ten and nine dashes, and only above what it passes on.
    """
    drawn = _DRAWN.search(lines[start].text) if lines[start].text.startswith("-") else None
    if not drawn:
        return None
    named = _named(lines, _next_line(lines, start + 1))
    if len(named) < _DRAWN_NAMES or not any(_ADDRESS.search(lines[n].text) for n in named):
        return None
    left, right = (len(drawn.group(side) or "") for side in (1, 2))
    return Block(start, named[-1] + 1, (left, right) == _GMAIL)


def _named(lines: Sequence[Line], start: int) -> list[int]:
    """The lines "name: value" from `start` on, between which single blank ones may stand."""
    named: list[int] = []
    for index in range(start, min(len(lines), start + _LONGEST_BLOCK)):
        if _NAMED.search(lines[index].text):
            named.append(index)
        elif lines[index].text or not named or index - named[-1] > 1:
            break
    return named


def _is_on_one_line(lines: Sequence[Line], start: int) -> bool:
    """Whether a line is a whole block, as it is left of HTML that only seemed to have lines.

    Below a rule an author with an address and when it was sent are enough.
    """
    line = lines[start]
    ruled = _ruled(lines, start) and bool(_ADDRESS.search(line.text))
    if line.text.count(":") < 4 or len(line.text) > LONGEST or not field_of(line):
        return False
    found = [
        _FIELD.get(folded(word[:-1].strip("*_")), {}) for word in line.text.split() if word.endswith(":")
    ]
    languages = {language for names in found for language in names}
    roles = ({names[language] for names in found if language in names} for language in languages)
    needed = {Field.FROM, Field.DATE} if ruled else {Field.FROM, Field.DATE, Field.SUBJECT}
    return any(needed <= some for some in roles) and bool(TIME.search(line.text))


def _says_when_sent(line: Line, names: Mapping[str, Field]) -> bool:
    """Whether a line gives the time at which a mail was sent, and no other: "Sent: 5 January 2026 15:04"."""
    if Field.DATE not in names.values():
        return False
    return bool(_STAMP.search(line.text) or (name_of(line) not in _ANY_DATE and TIME.search(line.text)))


def _is_header(roles: set[Field], addressed: bool, timed: bool, sent: bool, ruled: bool) -> bool:
    if sent and (roles > {Field.DATE, Field.TO} or (addressed and len(roles) >= 2)):
        return True
    if Field.FROM not in roles:
        return False
    if ruled and len(roles) >= 2 and (addressed or Field.SUBJECT in roles):
        return True
    return len(roles) >= 3 and (addressed or (timed and {Field.DATE, Field.SUBJECT} <= roles))


def _ruled(lines: Sequence[Line], start: int) -> bool:
    """Whether a long rule is drawn directly above."""
    above = lines[start - 1].text if start else ""
    return len(above) >= 10 and not above.strip(_DASHES)


def _goes_on(lines: Sequence[Line], blank: int) -> bool:
    """Whether the line after a blank one is a further line of the block (HTML that became paragraphs)."""
    return blank + 1 < len(lines) and field_of(lines[blank + 1]) is not None


def _value_end(lines: Sequence[Line], end: int) -> int:
    """One line further if the last name's value stands on a line of its own."""
    return end + 1 if lines[end - 1].text.endswith(":") and end < len(lines) and lines[end].text else end


def _after_separator(lines: Sequence[Line], start: int, forwarded: bool) -> Block:
    """The separator with the header block, however small, or the attribution below it."""
    end = first = _next_line(lines, start + 1)
    while end < len(lines) and end - start < _LONGEST_BLOCK and not lines[end].depth and field_of(lines[end]):
        end += 1
    if end == first:
        introduced = (n for n in range(first, min(len(lines), first + WRAPPED)) if attribution(lines, n))
        end = max((n + 1 for n in introduced), default=start + 1)
    return Block(start, end, forwarded)


def _next_line(lines: Sequence[Line], index: int) -> int:
    """The next line that is not blank, four further on at most."""
    return next((n for n in range(index, min(len(lines), index + 4)) if lines[n].text), index)
