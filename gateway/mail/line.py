"""Lines of a mail's text as they are looked at, beside the lines as they came.

What a reader cannot see must not decide how a line is read: zero-width characters, marks of direction
(Hebrew and Arabic clients wrap every address in them), no-break spaces, full-width colons, digits of other
scripts. `raw` is what is shown, `text` is what is compared.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

OUTLOOK_RULE = "_" * 32  # as Outlook draws it above the header of what is answered or passed on
SIGNATURE = "-- "  # what stands above a signature (RFC 3676, section 4.3)
LONGEST = 2000  # characters; of a longer line only the beginning is compared

_INVISIBLE = (*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF, 0xAD, 0x34F)
_SPACES = (0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F, 0x3000, 0x2028, 0x2029, 0x85)
_DIGITS = (0x660, 0x6F0, 0x966, 0x9E6, 0xE50, 0xFF10)  # where the zero of each script stands
_EDGE = "".join(map(chr, (*_INVISIBLE, *_SPACES))) + " \t\r\n\v\f"
_SEEN_AS: dict[int, str | None] = (
    dict.fromkeys(_INVISIBLE)
    | dict.fromkeys(_SPACES, " ")
    | {zero + digit: str(digit) for zero in _DIGITS for digit in range(10)}
    | {0xFF1A: ":", 0xFE55: ":", 0x2236: ":", 0xFF1E: ">", 0xFF1C: "<", 0x2010: "-", 0x2011: "-"}
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line, as it came and as it is compared."""

    raw: str
    text: str  # visible, blanks joined, without the marks of quotation
    depth: int  # how many `>` stood before it

    @property
    def blank(self) -> bool:
        return not self.text and not self.depth

    @property
    def indent(self) -> int:
        return len(self.raw) - len(self.raw.lstrip())


def read_lines(text: str) -> list[Line]:
    """The lines of a text, whatever ends them."""
    return [read_line(raw) for raw in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]


def read_line(raw: str) -> Line:
    """One line, looked at."""
    seen = visible(raw[:LONGEST])
    if not seen.startswith(">") or (seen.startswith(">>>") and seen.endswith((">>>", "<<<"))):
        return Line(raw, seen, 0)  # GroupWise announces with ">>> Anna 5/1/2026 >>>"; people adorn a line
    body = seen.lstrip("> ")
    return Line(raw, body, seen[: len(seen) - len(body)].count(">"))


def stripped(text: str) -> str:
    """A text without what cannot be seen at either end."""
    return text.strip(_EDGE)


def visible(text: str) -> str:
    """What is left of a text for comparing: composed, without what cannot be seen, blanks joined."""
    if text.isascii():
        return " ".join(text.split())
    return " ".join(unicodedata.normalize("NFC", text.translate(_SEEN_AS)).split())


def joined(lines: Sequence[Line]) -> str:
    """Wrapped lines as the one line that they were."""
    return " ".join(line.text for line in lines if line.text)


def folded(text: str) -> str:
    """A text for comparing without regard to case, the form of apostrophes and the Turkish dotted I."""
    plain = text.casefold()
    return plain if plain.isascii() else plain.replace("i\u0307", "i").replace("’", "'").replace("‘", "'")


def listed(table: str) -> tuple[str, ...]:
    """The entries, folded, of a table of words that is written with commas and line ends."""
    entries = (entry.strip() for row in table.splitlines() for entry in row.split(","))
    return tuple(folded(unicodedata.normalize("NFC", entry)) for entry in entries if entry)
