"""The marks of quotation that a plain text has lost, taken from the HTML that says the same.

Mail servers that make the plain text out of the HTML lay quotations out without `>`, so that nothing in it
tells an answer between two quotations from the quotations; the HTML still does. Both are followed line by
line, in order: a line of the text is quoted where the HTML has it in a quotation and nowhere else. What the
HTML does not have stays as it is.
"""

from collections.abc import Iterator, Sequence

from gateway.mail import markup
from gateway.mail.client_mark import QUOTING
from gateway.mail.line import Line, read_lines
from gateway.mail.pattern import compile_pattern

NEAR = 400  # signs that one of them may say and the other may not, before both go on together
LINES = 2_000  # that are followed
_SAME = 0.9  # share of the text that the HTML must have, else it says something else

# What one shows and the other need not: the targets of links, addresses, pictures.
_UNSEEN = compile_pattern(
    r"[<(\[](?:https?|mailto|tel|cid|image)\s?:[^>)\]]*[>)\]]|<[^<>\s]+@[^<>\s]+>", ignore_case=True
)
_DRAWN = str.maketrans("", "", "*_|>-=–—•·")


def marked(text: str, html: str) -> str:
    """The text with `> ` before what its HTML quotes; as it is if it has marks, or they differ."""
    if not any(name in html for name in QUOTING):
        return text
    lines = read_lines(text)
    if any(line.depth for line in lines):
        return text
    shown = read_lines(markup.text_of(html))
    if not any(line.depth for line in shown):
        return text
    keys = [_key(line) for line in lines[:LINES]]
    quoted = list(_quoted(keys, shown))
    found = sum(len(key) for key, one in zip(keys, quoted, strict=True) if one is not None)
    if found < _SAME * sum(map(len, keys)) or False not in quoted:
        return text
    marks = (("> " if one else "") for one in (*quoted, *(None for _ in lines[LINES:])))
    return "\n".join(mark + line.raw for mark, line in zip(marks, lines, strict=True))


def _quoted(keys: Sequence[str], shown: Sequence[Line]) -> Iterator[bool | None]:
    """For each line whether it is quoted; None for one that the HTML does not have."""
    pieces = [(_key(line), ">" if line.depth else ".") for line in shown]
    whole = "".join(key for key, _ in pieces)
    marks = "".join(mark * len(key) for key, mark in pieces)
    at = missed = 0
    for key in keys:
        found = whole.find(key, at, at + missed + NEAR + len(key)) if key else -1
        if found < 0:
            missed += len(key)
            yield None
        else:
            at, missed = found + len(key), 0
            yield "." not in marks[found:at]


def _key(line: Line) -> str:
    """What a line says, without what differs between the two: blanks, rules, emphasis, targets of links."""
    return "".join(_UNSEEN.sub("", line.text).translate(_DRAWN).split()).casefold()
