"""Quotations, copied headers and signatures in HTML, made into the signs that plain text has for them.

A quotation and what a program put above it become `> ` lines, a copied header gets the rule that Outlook
draws, a signature its `-- `. The words stay, in their order: what they mean for a reply `mail.reply` decides.
The tree is lxml's; how it is laid out is the caller's. What programs mark is in `mail.client_mark`.

The container of a forwarded mail is no quotation (intake.md, 12), and where somebody has written into what
a program marked, the words are left alone.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from gateway.mail.attribution import attribution
from gateway.mail.client_mark import Mark, mark_of
from gateway.mail.line import OUTLOOK_RULE, SIGNATURE, read_line, stripped
from gateway.mail.pattern import compile_pattern
from gateway.mail.quoted_header import field_of, separator

QUOTES = 100  # quotations that are laid out by themselves
SIGNATURES = 8  # that are looked at
LONGEST_SIGNATURE = 60  # words; of more somebody has written into it
LONGEST_ATTRIBUTION = 500  # characters
FIRST = 3  # texts in which a quotation may say whose it is
NEAR = 120  # characters in which a line above a quotation shows an address or a time

_BOLD_NAMES = 3  # in a copied header
_INDENTED = compile_pattern(r"border(?:-left)?\s*:\s*(?:none|0)", ignore_case=True)
_BARE = frozenset(("align", "dir", "lang", "style"))
_INLINE = frozenset(("a", "b", "em", "font", "i", "span", "strong", "u"))
_SENT = compile_pattern(r"[^\s@]@[^\s@]|\d[:.]\d\d\b")
_ATTRIBUTED = compile_pattern(r"\pN|[^\s@]@[^\s@]|[:：]$")
_DRAWN = ("--", "==", "__")

Layout = Callable[[Any], str]


def set_apart(root: Any, layout: Layout) -> None:
    """Write the signs of plain text into the tree, as far as its programs left marks in it."""
    marks = {element: mark for element in list(root.iter()) if (mark := _mark(element))}
    for indented in list(_indented(marks)):
        del marks[indented]
    quotes = [element for element, mark in marks.items() if mark is Mark.QUOTE][:QUOTES]
    introductions = list(_introductions(marks, frozenset(quotes)))
    for header in (element for element, mark in marks.items() if mark is Mark.HEADER):
        _rule(header)
    for introduction in introductions:
        _relay(introduction, _last_line_quoted, layout)
    for quote in reversed(quotes):  # innermost first
        _relay(quote, _quoted, layout)
    signatures = (element for element, mark in marks.items() if mark is Mark.SIGNATURE)
    _sign([one for one in signatures if one.getroottree().getroot() is root][:SIGNATURES])


def _mark(element: Any) -> Mark | None:
    if element.tag == "blockquote":
        indents = _INDENTED.search(element.get("style") or "") and element.get("type") != "cite"
        return None if indents else Mark.QUOTE  # Gmail and Outlook indent one's own words so
    mark = mark_of(element.tag, element.attrib)
    if mark is Mark.QUOTE:
        return None if _passes_on(element) else mark
    return mark


def _indented(marks: dict[Any, Mark]) -> Iterator[Any]:
    """The blockquotes into which nothing is written and that nobody introduces: Thunderbird indents so.

    A few programs quote so too, but say above the first whose words they are; and below a signature, or what
    is quoted for certain, answers may stand between quotations.
    """
    announced = {_next(element) for element, mark in marks.items() if mark is Mark.ATTRIBUTION}
    for element, mark in islice(marks.items(), QUOTES):
        if mark is Mark.ATTRIBUTION:
            continue
        if mark is not Mark.QUOTE or not _is_bare(element) or element in announced or _is_introduced(element):
            return
        yield element


def _is_bare(element: Any) -> bool:
    plain = element.tag == "blockquote" and _BARE.issuperset(element.attrib)
    return plain and "border" not in (element.get("style") or "")


def _is_introduced(quote: Any) -> bool:
    """Whether the line above a quotation, or its own first, says whose it is; at the top none needs to."""
    above = _line_above(quote)
    if not above or _is_known(above) or (above.endswith((":", "：")) and _SENT.search(above[-NEAR:])):
        return True
    first = _first_texts(quote)
    line = read_line(next(iter(first), ""))
    opened = (" ".join(" ".join(first[:count]).split()) for count in range(1, len(first) + 1))
    return bool(field_of(line)) or separator(line) is not None or any(map(_is_known, opened))


def _first_texts(element: Any) -> list[str]:
    texts: Iterator[str] = (stripped(text) for text in element.itertext())
    return list(islice(filter(None, texts), FIRST))


def _line_above(element: Any) -> str:
    """The words directly above an element, back to where a line begins."""
    words = ""
    while element is not None and len(words) < LONGEST_ATTRIBUTION:
        if stripped(words) and element.tag not in _INLINE:
            break
        above, parent = element.getprevious(), element.getparent()
        if above is None:
            words = f"{'' if parent is None else parent.text or ''}{words}"
            element = parent
        else:
            words = f"{above.text_content()}{above.tail or ''}{words}"
            element = above
    return " ".join(words.split())[-LONGEST_ATTRIBUTION:]


def _passes_on(container: Any) -> bool:
    """Whether a container begins as forwarded mails do: with words between dashes, and no date among them."""
    first = next((text for text in map(stripped, container.itertext()) if text), "")
    drawn = first.startswith(_DRAWN) and first.endswith(_DRAWN)
    return drawn and not any(map(str.isdigit, first))


def _introductions(marks: dict[Any, Mark], quotes: frozenset[Any]) -> Iterator[Any]:
    """The elements directly above a quotation that say whose it is."""
    for element, mark in marks.items():
        if mark is Mark.ATTRIBUTION and _next(element) in quotes:
            yield element
        elif mark is Mark.REPLY and (introduction := _introduction(element, marks, quotes)) is not None:
            yield introduction


def _next(element: Any) -> Any:
    """The element that follows, past line breaks; None if words do."""
    while element is not None and not stripped(element.tail or ""):
        element = element.getnext()
        if element is None or element.tag != "br":
            return element
    return None


def _introduction(reply: Any, marks: dict[Any, Mark], quotes: frozenset[Any]) -> Any:
    """What stands in a reply above its first quotation, as an element of its own; None if nothing does."""
    above: list[Any] = []
    for child in reply:
        if child in quotes:
            break
        if marks.get(child) is not None or any(True for _ in child.iter("blockquote")):
            return None
        above.append(child)
    else:
        return None
    introduction = reply.makeelement("div")
    introduction.text, reply.text = reply.text, None
    for child in above:
        introduction.append(child)
    reply.insert(0, introduction)
    return introduction


def _relay(element: Any, signed: Callable[[list[str]], list[str]], layout: Layout) -> None:
    """Lay an element out by itself, and put the lines in its place exactly as they are."""
    tail, element.tail = element.tail, None  # what stands behind it is not in it
    lines = signed(layout(element).strip("\n").split("\n"))
    for child in list(element):
        element.remove(child)
    element.attrib.clear()
    element.text, element.tag, element.tail = None, "div", tail
    element.append(_preformatted(element, "\n".join(lines)))


def _preformatted(element: Any, text: str) -> Any:
    made = element.makeelement("pre")
    made.text = text
    return made


def _quoted(lines: list[str]) -> list[str]:
    return [f"> {line}".rstrip() for line in lines]


def _last_line_quoted(lines: list[str]) -> list[str]:
    """The lines with the last as quoted, if it may say whose a quotation is; people write above it.

    One that `mail.attribution` knows by its words needs no mark.
    """
    *above, last = "\n".join(lines).rstrip().split("\n")
    bare = stripped(last)
    if len(last) > LONGEST_ATTRIBUTION or bare.startswith(_DRAWN[1:]) or not _ATTRIBUTED.search(bare):
        return lines
    return lines if _is_known(last) else [*above, *_quoted([last])]


def _rule(header: Any) -> None:
    """Draw Outlook's rule above a copied header; one that stands there already becomes it."""
    if sum(1 for _ in header.iter("b", "strong")) < _BOLD_NAMES:
        return
    above = header.getprevious()
    if above is not None and not len(above) and not stripped(above.tail or "") and _is_rule(above.text):
        above.text = OUTLOOK_RULE
        return
    drawn = header.makeelement("div")
    drawn.text, drawn.tail, header.text = OUTLOOK_RULE, header.text, None
    header.insert(0, drawn)


def _is_rule(text: str | None) -> bool:
    bare = stripped(text or "")
    return len(bare) >= len(OUTLOOK_RULE) and not bare.strip("_")


def _sign(signatures: list[Any]) -> None:
    """Put `-- ` above the signature below which nothing but quotations stands."""
    for element in signatures:
        said = element.text_content().split()
        if not said or not _ends_the_words(element):
            continue
        if not any(map(stripped, element.xpath("preceding::text()"))):
            return  # somebody wrote all of the mail into it
        if len(said) <= LONGEST_SIGNATURE and said[0] != "--" and not _is_drawn_above(element):
            drawn = _preformatted(element, SIGNATURE)
            drawn.tail, element.text = element.text, None
            element.insert(0, drawn)
        return


def _is_drawn_above(signature: Any) -> bool:
    """Whether a program has written the two dashes already (Gmail does, into an element of their own)."""
    above = signature.getprevious()
    while above is not None and not stripped(above.text_content()) and not stripped(above.tail or ""):
        above = above.getprevious()
    return above is not None and stripped(above.text_content() + (above.tail or "")) == "--"


def _ends_the_words(signature: Any) -> bool:
    """Whether nothing stands below but quotations, what introduces them, and a copied header's mail."""
    for text in map(stripped, signature.xpath("following::text()")):
        if text == OUTLOOK_RULE:
            return True
        if text and not text.startswith(">") and not _is_known(text):
            return False
    return True


def _is_known(line: str) -> bool:
    """Whether an attribution shows by its words, so that it needs no mark."""
    return "\n" not in line and attribution([read_line(line)], 0) is not None
