"""What stands below an author's words and is none of them: signatures, advertising, legal notices.

Only what a program or an office put there is taken: a block below `-- ` (RFC 3676, section 4.3), "Sent
from my iPhone" in the languages of the list, disclaimers, the advertising of providers, and the telephones
and web addresses below a farewell. "Kind regards, Anna" is what somebody wrote, and stays.
"""

from collections.abc import Sequence

from gateway.mail import closing_words as words
from gateway.mail.line import Line, folded, joined, listed
from gateway.mail.pattern import compile_pattern
from gateway.mail.sent_from import is_sent_from

SHORT = 12  # lines, other than blank, below a delimiter that lost its blank
OFFICE = 8  # lines below a farewell
SIGNED = 4  # lines below a dash that say who has written
COMPANY = 16  # lines below it, if they show a telephone, a web address and a company's words
UNDERLINED = 2  # characters by which a line below a heading is longer or shorter
PROSE = 5  # words without a capital: somebody is saying something
PARAGRAPH = 40  # lines that a notice has at most
NOTICES = 12  # at most, one below the other
_NOTICE = 15  # words that a notice has at least
_WARNING = 60  # words that a warning has at most

_FOOTERS, _COMPANY, _ANNOUNCED = map(listed, (words.FOOTERS, words.COMPANY, words.ANNOUNCED))
_ENVIRONMENT, _PRINTING = listed(words.ENVIRONMENT), listed(words.PRINTING)
_FOOTERS_BELOW_A_RULE, _OFFERED = listed(words.FOOTERS_BELOW_A_RULE), listed(words.OFFERED)
_LEGAL_HEADINGS, _LEGAL_CORE = listed(words.LEGAL_HEADINGS), listed(words.LEGAL_CORE)
_LEGAL, _MESSAGE = (*_LEGAL_CORE, *listed(words.LEGAL)), listed(words.MESSAGE)
_BANNERS = listed(words.BANNERS)
_FAREWELLS = frozenset(listed(words.FAREWELLS))

_TELEPHONE = compile_pattern(
    r"(?:\+|\b00)\d[\d ()./-]{6,}|^\W*(?:t|f|m|p|tel|fax|mob|mobile|mobil|phone|telefon"
    r"|telephone|téléphone|tél|teléfono|telefono|telefoon|handy|cell|office|direct"
    r"|ph|fon|durchwahl)\b[.: ]{0,3}[+(]?\d[\d ()./-]{5,}"
    r"|(?:^|\s)\(?0\d{2,5}\)?[ /-]\d[\d ()./-]{4,}",
    ignore_case=True,
)
_WEB = compile_pattern(
    r"\bhttps?://|\bwww\.|[^\s@]@[^\s@]+\.\pL{2,}|^\W*[\w-]+(?:\.[\w-]+)*\.[a-z]{2,6}/?$", ignore_case=True
)
_LONG_DASHES = ("—", "–")
_EDGES = "-–—_*•|[]()<> "
_KINDS_OF_MARKS = 3
_POSTSCRIPTS = ("ps", "p.s", "nb", "n.b", "pps", "p.p.s")
_ON_BEHALF = compile_pattern(r"^(?:i\. ?[AV]\.|ppa\.|p\.p\.|im Auftrag|in Vertretung)\s+", ignore_case=True)


def end_of_words(lines: Sequence[Line], *, last: bool) -> int:
    """How many of these lines remain when what closes them is taken away.

    They are one run of somebody's lines; `last` says that nothing follows them.
    """
    end = _without_notices(lines, len(lines), last=last)
    end = _without_notices(lines, _delimiter(lines, end), last=last)
    return _without_office(lines, end)


def start_of_words(lines: Sequence[Line]) -> int:
    """Where the words begin below a provider's warning about their author."""
    first = next((n for n, line in enumerate(lines) if not line.blank), 0)
    end = next((n for n in range(first, min(len(lines), first + OFFICE)) if lines[n].blank), len(lines))
    said = folded(joined(lines[first:end]))
    warning = len(said.split()) <= _WARNING and any(phrase in said for phrase in _BANNERS)
    return end if warning and any(line.text for line in lines[end:]) else 0


def _without_notices(lines: Sequence[Line], end: int, *, last: bool) -> int:
    """The end without the mobile lines, disclaimers and footers that stand there, one after another."""
    for _ in range(NOTICES):
        end = _trimmed(lines, end)
        start = _paragraph(lines, end)
        cut = min(
            _mobile(lines, start, end), _footer(lines, start, end, last=last), _legal(lines, start, end)
        )
        if cut == end:
            break
        end = cut
    return _trimmed(lines, end)


def _trimmed(lines: Sequence[Line], end: int) -> int:
    """The end without blank lines, rules and the names of pictures."""
    while end and (lines[end - 1].blank or _is_rule(lines[end - 1]) or _is_a_picture(lines[end - 1])):
        end -= 1
    return end


def _is_a_picture(line: Line) -> bool:
    """Whether a line is what Outlook leaves of an office's emblem in plain text: "[cid:logo.png]"."""
    return line.text.startswith("[cid:") and line.text.find("]") == len(line.text) - 1


def _blank_trimmed(lines: Sequence[Line], end: int) -> int:
    while end and lines[end - 1].blank:
        end -= 1
    return end


def _paragraph(lines: Sequence[Line], end: int) -> int:
    """Where the paragraph begins that ends before `end`."""
    start = end
    while start and not lines[start - 1].blank and end - start < PARAGRAPH:
        start -= 1
    return start


def _is_rule(line: Line) -> bool:
    return len(line.text) >= 3 and not line.text.strip("_-=*~–—")


def _mobile(lines: Sequence[Line], start: int, end: int) -> int:
    """The end of a paragraph without "Sent from my iPhone" as its last line or, wrapped, its last two."""
    for first in range(end - 1, max(start, end - 2) - 1, -1):
        if is_sent_from(joined(lines[first:end])):
            return first
    return end


def _footer(lines: Sequence[Line], start: int, end: int, *, last: bool) -> int:
    """The end of a paragraph without advertising, or a mailing list's footer below a rule at the very end."""
    if last and start < end:
        ruled = next((n for n in range(end - 1, start - 1, -1) if _is_long_rule(lines[n])), None)
        if ruled is None and end - start <= OFFICE and _ruled_above(lines, start):
            ruled = start
        said = folded(joined(lines[ruled:end])) if ruled is not None and end - ruled <= OFFICE else ""
        if ruled is not None and _is_offered(said):
            return ruled
    whole = folded(joined(lines[start:end])) if end - start <= OFFICE else ""
    found = [phrase for phrase in _FOOTERS if phrase in whole]
    if any(word in whole for word in _PRINTING):
        found += [word for word in _ENVIRONMENT if word in whole]
    for first in range(end - 1, start - 1, -1) if found else ():
        said = folded(joined(lines[first:end]))
        if any(phrase in said for phrase in found):
            return first
    return end


def _is_offered(said: str) -> bool:
    """Whether a provider or a list says what it offers, and where."""
    named = sum(phrase in said for phrase in _FOOTERS_BELOW_A_RULE)
    return named > 1 or (named == 1 and any(phrase in said for phrase in _OFFERED))


def _ruled_above(lines: Sequence[Line], start: int) -> bool:
    above = _blank_trimmed(lines, start)
    return above > 0 and _is_long_rule(lines[above - 1])


def _is_long_rule(line: Line) -> bool:
    return (_is_rule(line) and len(line.text) >= 20) or line.text == "__"


def _legal(lines: Sequence[Line], start: int, end: int) -> int:
    """The end of a paragraph without a legal notice; what stands above the notice's first sign is kept."""
    said = [folded(line.text).lstrip(_EDGES) for line in lines[start:end]]
    if not _is_about_the_message(said):
        return end
    first = next((n for n, text in enumerate(said) if _is_legal_line(text)), None)
    if first is None:
        return end
    needed = 2 if said[first].startswith(_LEGAL_HEADINGS) else 3
    enough = sum(len(text.split()) for text in said[first:]) >= _NOTICE
    return start + first if enough and _legal_signs(said[first:]) >= needed else end


def _is_about_the_message(said: Sequence[str]) -> bool:
    """Whether the words are about a message that is secret or somebody's, and not about an order."""
    whole = " ".join(said)
    return any(phrase in whole for phrase in _LEGAL_CORE) and any(word in whole for word in _MESSAGE)


def _legal_signs(said: Sequence[str]) -> int:
    whole = " ".join(said)
    return sum(phrase in whole for phrase in _LEGAL)


def _is_legal_line(text: str) -> bool:
    return text.startswith(_LEGAL_HEADINGS) or any(phrase in text for phrase in _LEGAL)


def _delimiter(lines: Sequence[Line], end: int) -> int:
    """The end before the signature's delimiter, if there is one.

    RFC 3676, 4.3, knows two dashes and a blank. Where the blank was lost the last two dashes count, if little
    follows them; a longer dash or a rule only above the lines of an office.
    """
    for index in range(end):
        if lines[index].text == "--" and lines[index].raw != lines[index].raw.rstrip():
            return end if any(map(_is_a_postscript, lines[index:end])) else index
    near = [n for n in range(max(0, end - 3 * SHORT), end) if not _is_announced(lines, n)]
    bare = [n for n in near if lines[n].text == "--" and _is_short(lines[n + 1 : end])]
    if bare:
        return bare[-1]
    drawn = (n for n in near if lines[n].text in _LONG_DASHES or _is_rule(lines[n]))
    return next((n for n in drawn if _is_signed(lines, n, end)), end)


def _is_short(below: Sequence[Line]) -> bool:
    """Whether few lines stand below two dashes, and do not go on as people do."""
    first = next((line for line in below if line.text), None)
    if first is None or _spoken(below, 0, len(below)) > SHORT:
        return first is None
    return not _is_a_sentence(first) and not any(map(_is_a_postscript, below))


def _is_announced(lines: Sequence[Line], drawn: int) -> bool:
    """Whether what stands below a line belongs to the words above it.

    They end with a colon ("Please send it to:"), or are a heading that is underlined.
    """
    above = _blank_trimmed(lines, drawn)
    if not above:
        return False
    said = lines[above - 1].text
    heading = above == drawn and said[-1:].isalnum() and abs(len(said) - len(lines[drawn].text)) <= UNDERLINED
    return heading or said.endswith(":")


def _is_signed(lines: Sequence[Line], drawn: int, end: int) -> bool:
    """Whether an office stands below a drawn line, or a full name below a dash that programs make of two."""
    below = lines[drawn + 1 : end]
    if _is_farewell(next((line.text for line in below if line.text), "")):
        return False  # "Kind regards, Anna" is what somebody wrote
    if lines[drawn].text in _LONG_DASHES and 0 < _spoken(below, 0, len(below)) <= SIGNED:
        named = " " in below[0].text and _is_a_name(below[0].text)
        return named and not any(_is_a_sentence(line) for line in below)
    first = next((line.text for line in below if line.text), "")
    return _is_office(below, marks=1 if _is_a_name(first) else 2)


def _spoken(lines: Sequence[Line], start: int, end: int) -> int:
    return sum(1 for line in lines[start:end] if line.text)


def _marks(lines: Sequence[Line]) -> int:
    """How many of telephone, web address and company's words these lines show."""
    said = [folded(line.text) for line in lines]
    return (
        any(_TELEPHONE.search(text) for text in said)
        + any(_WEB.search(text) for text in said)
        + any(text.startswith(_COMPANY) or f" {word}" in text for text in said for word in _COMPANY)
    )


def _is_a_postscript(line: Line) -> bool:
    return folded(line.text.split(" ", 1)[0]).strip(":.-") in _POSTSCRIPTS


def _is_a_sentence(line: Line) -> bool:
    said = line.text.split()
    if line.text.endswith(("?", "!")) or (line.text.endswith(".") and len(said) > 4):
        return True
    if _is_a_postscript(line):
        return True
    return sum(word.isalpha() and word.islower() for word in said) >= PROSE


def _is_office(lines: Sequence[Line], *, marks: int) -> bool:
    """Whether these lines are an office's and no sentences: few, with telephones, addresses, registers."""
    spoken, shown = _spoken(lines, 0, len(lines)), _marks(lines)
    few = 0 < spoken <= OFFICE or (0 < spoken <= COMPANY and shown == _KINDS_OF_MARKS)
    return few and shown >= marks and not any(_is_a_sentence(line) for line in lines)


def _without_office(lines: Sequence[Line], end: int) -> int:
    """The end without the lines of an office below a name, which a farewell may precede."""
    end = _trimmed(lines, end)
    for index in range(end - 1, max(-1, end - 2 * COMPANY), -1):
        if _is_farewell(lines[index].text):
            if _asks_for_them(lines, index):
                return end
            start = _below_the_name(lines, index, end)
            return _trimmed(lines, start) if _is_office(lines[start:end], marks=2) else end
    return _without_office_of_a_name(lines, end)


def _without_office_of_a_name(lines: Sequence[Line], end: int) -> int:
    """The end without an office's lines below a name that stands below a finished sentence."""
    office = name = _paragraph(lines, end)
    above = _blank_trimmed(lines, name)
    if above and _paragraph(lines, above) == above - 1 and _is_a_name(lines[above - 1].text):
        name = above - 1  # the name is a paragraph of its own
        above = _blank_trimmed(lines, name)
    else:
        office = name + 1
    finished = above > 0 and lines[above - 1].text.endswith((".", "!", "?"))
    if not finished or _asks_for_them(lines, name):
        return end
    if _is_a_name(lines[name].text) and _is_office(lines[office:end], marks=2):
        return name + 1
    return end


def _asks_for_them(lines: Sequence[Line], end: int) -> bool:
    """Whether the words before `end` are about an address or a number: then what follows is the answer."""
    above = _blank_trimmed(lines, end)
    said = folded(joined(lines[_paragraph(lines, above) : above]))
    return any(word in said for word in _ANNOUNCED)


def _is_farewell(text: str) -> bool:
    said, comma, name = text.partition(",")
    plain = folded(said).strip(" .!;")
    return plain in _FAREWELLS and (not comma or not name or _is_a_name(name))


def _below_the_name(lines: Sequence[Line], farewell: int, end: int) -> int:
    """The line after the name that follows a farewell, on its line or the next; `end` if none does."""
    if lines[farewell].text.rstrip(", ").count(","):
        return farewell + 1
    name = next((n for n in range(farewell + 1, end) if lines[n].text), end)
    if name == end or _marks(lines[name : name + 1]):
        return name
    return name + 1 if _is_a_name(lines[name].text) else end


def _is_a_name(text: str) -> bool:
    """Whether a line may be a person's name: few words, each with a capital, if its script has them."""
    named, bar, _ = _ON_BEHALF.sub("", text).partition("|")
    said = named.split()
    capital = all(word[:1].isupper() or not word[:1].islower() for word in said)
    return (
        0 < len(said) <= 5
        and (capital or (len(said) == 1 and not bar))
        and not text.endswith((":", "?"))
        and not any(map(str.isdigit, text))
    )
