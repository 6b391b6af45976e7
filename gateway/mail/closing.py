"""What stands below an author's words and is none of them: signatures, advertising, legal notices.

Only what a program or an office put there is taken: a block below `-- ` (RFC 3676, section 4.3), "Sent
from my iPhone" in the languages of the list, disclaimers, the advertising of providers, and the telephones
and web addresses below a farewell. "Kind regards, Anna" is what somebody wrote, and stays.
"""

from collections.abc import Sequence

from gateway.mail import closing_words as words
from gateway.mail.line import Line, folded, listed
from gateway.mail.pattern import compile_pattern

SHORT = 12  # lines, other than blank, below a delimiter that lost its blank
OFFICE = 8  # lines below a farewell
PARAGRAPH = 40  # lines that a notice has at most
_NOTICE = 15  # words that a notice has at least

_SENT = listed(words.SENT)
_SENT_AT_THE_END = listed(words.SENT_AT_THE_END)
_DEVICES = listed(words.DEVICES)
_EXCUSES, _EXCUSED = listed(words.EXCUSES), listed(words.EXCUSED)
_FOOTERS, _FOOTERS_BELOW_A_RULE = listed(words.FOOTERS), listed(words.FOOTERS_BELOW_A_RULE)
_LEGAL_HEADINGS, _LEGAL, _COMPANY = listed(words.LEGAL_HEADINGS), listed(words.LEGAL), listed(words.COMPANY)
_FAREWELLS = frozenset(listed(words.FAREWELLS))

_LINK = compile_pattern(r"[<(\[]*\b(?:https?://|mailto:|www\.)[^\s<>)\]]*[>)\]]*", ignore_case=True)
_TELEPHONE = compile_pattern(
    r"(?:\+|\b00)\d[\d ()./-]{6,}|^\W*(?:t|f|m|p|tel|fax|mob|mobile|mobil|phone|telefon"
    r"|telephone|téléphone|tél|teléfono|telefono|telefoon|handy|cell|office|direct|ph|fon|durchwahl)\b[.: ]{0,3}[+(]?\d[\d ()./-]{5,}"
    r"|(?:^|\s)\(?0\d{2,5}\)?[ /-]\d[\d ()./-]{4,}",
    ignore_case=True,
)
_WEB = compile_pattern(
    r"\bhttps?://|\bwww\.|[^\s@]@[^\s@]+\.\pL{2,}|^\W*[\w-]+(?:\.[\w-]+)*\.[a-z]{2,6}/?$", ignore_case=True
)
_EDGES = "-–—_*•|[]()<> "


def end_of_words(lines: Sequence[Line], *, last: bool) -> int:
    """How many of these lines remain when what closes them is taken away.

    They are one run of somebody's lines; `last` says that nothing follows them.
    """
    end = _without_notices(lines, len(lines), last=last)
    end = _without_notices(lines, _delimiter(lines, end), last=last)
    return _without_office(lines, end)


def _without_notices(lines: Sequence[Line], end: int, *, last: bool) -> int:
    """The end without the mobile lines, disclaimers and footers that stand there, one after another."""
    while True:
        end = _trimmed(lines, end)
        start = _paragraph(lines, end)
        if end and _is_mobile(lines[end - 1].text):
            end -= 1
        elif end - start >= 2 and _is_mobile(" ".join(line.text for line in lines[end - 2 : end])):
            end -= 2
        elif end and (_is_footer(lines, start, end, last=last) or _is_legal(lines[start:end])):
            end = start
        else:
            return end


def _trimmed(lines: Sequence[Line], end: int) -> int:
    while end and (lines[end - 1].blank or (end and _is_rule(lines[end - 1]))):
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


def _is_mobile(text: str) -> bool:
    """Whether a line is "Sent from my iPhone", or one of its kin, or begs pardon for its brevity."""
    plain = folded(_LINK.sub("", text)).strip(_EDGES)
    if not plain or len(plain) > 160 or len(plain.split()) > 24:
        return False
    sent = plain.startswith(_SENT) or plain.rstrip(".!。").endswith(_SENT_AT_THE_END)
    if sent and any(device in plain for device in _DEVICES):
        return len(plain.split()) <= 15 or any(word in plain for word in _EXCUSES)
    if plain.startswith("sent from my ") and len(plain.split()) <= 6:
        return True
    return any(word in plain for word in _EXCUSES) and any(word in plain for word in _EXCUSED)


def _is_footer(lines: Sequence[Line], start: int, end: int, *, last: bool) -> bool:
    """Whether a paragraph advertises, or belongs to a mailing list's footer below a rule at the very end."""
    if end - start > OFFICE:
        return False
    said = folded(" ".join(line.text for line in lines[start:end]))
    if any(phrase in said for phrase in _FOOTERS):
        return True
    ruled = start
    while ruled and lines[ruled - 1].blank:
        ruled -= 1
    above = lines[ruled - 1] if ruled else None
    below_a_rule = _is_long_rule(lines[start]) or (above is not None and _is_long_rule(above))
    return last and below_a_rule and any(phrase in said for phrase in _FOOTERS_BELOW_A_RULE)


def _is_long_rule(line: Line) -> bool:
    return _is_rule(line) and len(line.text) >= 20


def _is_legal(paragraph: Sequence[Line]) -> bool:
    said = folded(" ".join(line.text for line in paragraph)).lstrip(_EDGES)
    signs = sum(phrase in said for phrase in _LEGAL)
    heading = said.startswith(_LEGAL_HEADINGS)
    return len(said.split()) >= _NOTICE and signs >= (2 if heading else 3)


def _delimiter(lines: Sequence[Line], end: int) -> int:
    """The end before the signature's delimiter, if there is one.

    RFC 3676, 4.3, knows two dashes and a blank. Where the blank was lost the last two dashes count, if little
    follows them; a longer dash or a rule only above the lines of an office.
    """
    for index in range(end):
        if lines[index].text == "--" and lines[index].raw != lines[index].raw.rstrip():
            return index
    near = range(max(0, end - 3 * SHORT), end)
    bare = [n for n in near if lines[n].text == "--" and _spoken(lines, n + 1, end) <= SHORT]
    if bare:
        return bare[-1]
    drawn = (n for n in near if lines[n].text in ("—", "–") or _is_rule(lines[n]))
    return next((n for n in drawn if _is_office(lines[n + 1 : end], marks=1)), end)


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


def _ends_a_sentence(line: Line) -> bool:
    return line.text.endswith(("?", "!")) or (line.text.endswith(".") and len(line.text.split()) > 4)


def _is_office(lines: Sequence[Line], *, marks: int) -> bool:
    """Whether these lines are an office's and no sentences: few, with telephones, addresses, registers."""
    few = 0 < _spoken(lines, 0, len(lines)) <= OFFICE
    return few and _marks(lines) >= marks and not any(_ends_a_sentence(line) for line in lines)


def _without_office(lines: Sequence[Line], end: int) -> int:
    """The end without the lines of an office below a farewell and a name."""
    end = _trimmed(lines, end)
    for index in range(end - 1, max(-1, end - 2 * OFFICE), -1):
        if _is_farewell(lines[index].text):
            start = _below_the_name(lines, index, end)
            return _trimmed(lines, start) if _is_office(lines[start:end], marks=2) else end
    return end


def _is_farewell(text: str) -> bool:
    plain = folded(text)
    return plain.strip(" ,.!;") in _FAREWELLS or plain.partition(",")[0] in _FAREWELLS


def _below_the_name(lines: Sequence[Line], farewell: int, end: int) -> int:
    """The line after the name that follows a farewell; on the same line, or as the next one."""
    if folded(lines[farewell].text).strip(" ,.!;") not in _FAREWELLS:
        return farewell + 1
    name = farewell + 1
    while name < end and not lines[name].text:
        name += 1
    return min(end, name + (0 if name < end and _marks(lines[name : name + 1]) else 1))
