"""The new words of a mail: what its author has written, without what they answer.

A lost word of the customer is worse than a left-over quote, so every step must earn what it takes: when two
readings differ the longer wins, and when nothing would remain the step is undone. Lines with `>` go, and the
answers between them stay, in order. What clients quote without marks (Outlook) runs from its header block
to the end, if there are words above it. Each line is looked at a bounded number of times: all is linear.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from gateway.mail.attribution import Attribution, attribution
from gateway.mail.closing import end_of_words
from gateway.mail.line import Line, read_lines
from gateway.mail.pattern import compile_pattern
from gateway.mail.quoted_header import block

READ = 10_000  # lines in which openings are looked for; people write less, what follows is kept

_GREETING = compile_pattern(
    r"^(?:hi|hello|hey|dear|good (?:morning|day|afternoon|evening)|hallo|guten (?:tag|morgen|abend)"
    r"|liebe[rs]?|sehr geehrte[rs]?|moin|bonjour|bonsoir|salut|ch(?:er|ère)s?|hola|buen(?:os|as)|estimad[oa]s?|ciao"
    r"|buon(?:giorno|asera)|salve|gentile|ol[áa]|bom dia|boa (?:tarde|noite)|prezad[oa]s?"
    r"|beste|geachte|goedendag|dag|hej|hei|god dag|kära|dzień dobry|witam|szanown[ay]|dobrý den|ahoj|kedves|tisztelt|bună|здравейте"
    r"|здравствуйте|добрый день|merhaba|sayın|καλημέρα|γεια)\b[^.!?:]{0,60}[,!.]?$",
    ignore_case=True,
)
_ANSWERS_BELOW = compile_pattern(
    r"\b(?:answers?|repl(?:y|ies)|comments?|responses?)\b[^.]{0,40}"
    r"\b(?:below|inline|in-line|in line|in the text|in (?:red|blue|green|bold))\b"
    r"|\b(?:below|inline|in (?:red|blue|green))\b[^.]{0,20}\b(?:answers?|replies|comments|responses)\b"
    r"|\b(?:antworten?|kommentare?|anmerkungen)\b[^.]{0,40}\b(?:unten|im text|in rot|in blau|direkt im)\b"
    r"|\b(?:r[ée]ponses?|commentaires?)\b[^.]{0,40}(?:ci-dessous|plus bas|dans le texte|en rouge|en bleu)"
    r"|\b(?:respuestas?|comentarios?)\b[^.]{0,40}\b(?:abajo|debajo|en rojo|en azul|en el texto)\b"
    r"|\brispost[ae]\b[^.]{0,40}\b(?:sotto|in rosso|in blu|nel testo)\b"
    r"|\b(?:antwoorden?|opmerkingen)\b[^.]{0,40}\b(?:onder|hieronder|in rood|in het blauw|in de tekst)\b",
    ignore_case=True,
)


@dataclass(slots=True)
class _Reading:
    """What has been found out about each line so far."""

    lines: Sequence[Line]
    gone: list[bool]
    instead: dict[int, str] = field(default_factory=dict[int, str])  # words that stood before an attribution
    first_word: int | None = None  # the first line that is kept and not blank


def new_words(text: str) -> str:
    """The new words of a mail's text; all of it when nothing else would remain."""
    lines = read_lines(text)
    reading = _without_quotes(lines)
    words = [segment for segment in _segments(reading) if any(line.text for line in segment)]
    if not words:
        return _shown(lines) or text.strip()
    closed = [segment[: end_of_words(segment, last=segment is words[-1])] for segment in words]
    kept = [segment for segment in closed if any(line.text for line in segment)]
    return "\n\n".join(_shown(segment) for segment in kept or words)


def _without_quotes(lines: Sequence[Line]) -> _Reading:
    """Which lines are quoted."""
    reading = _Reading(lines, [line.depth > 0 for line in lines])
    following = _following(lines)
    index = 0
    while index < min(len(lines), READ):
        if reading.gone[index] or lines[index].blank:
            index += 1
            continue
        opening = _opening(reading, index)
        if opening is None:
            if reading.first_word is None:
                reading.first_word = index
            index += 1
            continue
        start, end, certain, kept = opening
        below = following[end]
        marked = below is None or lines[below].depth > 0
        if not marked and not certain:
            if reading.first_word is None:
                reading.first_word = start
            index += 1
            continue
        above = _words_above(reading, start, kept)
        if marked:
            _drop(reading, start, end, kept)
            index = end
            continue
        if not above or _ANSWERS_BELOW.search(above):
            break
        _drop(reading, start, len(lines), kept)
        break
    return reading


def _opening(reading: _Reading, index: int) -> tuple[int, int, bool, str] | None:
    """The opening that begins or, if it is an attribution, ends at `index`: (start, end, certain, kept)."""
    found = block(reading.lines, index)
    if found:
        return _with_rule(reading.lines, found.start), found.end, True, ""
    line: Attribution | None = attribution(reading.lines, index)
    if line is None or any(reading.gone[line.start : index]):
        return None
    return line.start, index + 1, line.certain, line.kept


def _with_rule(lines: Sequence[Line], start: int) -> int:
    """The line of a rule drawn above an opening, else the opening's own."""
    above = start - 1
    while above >= 0 and lines[above].blank and start - above <= 3:
        above -= 1
    if above < 0 or lines[above].depth:
        return start
    text = lines[above].text
    return above if len(text) >= 5 and not text.strip("-_=*~–—") else start


def _words_above(reading: _Reading, start: int, kept: str) -> str:
    """What stands above `start`, for looking at; empty if it is no more than a greeting."""
    shown = [
        line.text
        for line, gone in zip(reading.lines[:start], reading.gone, strict=False)
        if line.text and not gone
    ]
    if kept:
        shown.append(kept)
    if len(shown) == 1 and _GREETING.search(shown[0]) and not kept:
        return ""
    return "\n".join(shown)


def _drop(reading: _Reading, start: int, end: int, kept: str) -> None:
    reading.gone[start:end] = [True] * (end - start)
    if kept:
        reading.instead[start] = kept


def _following(lines: Sequence[Line]) -> list[int | None]:
    """For each line, and for the end, the first line from there on that is not blank."""
    found: list[int | None] = [None] * (len(lines) + 1)
    for index in range(len(lines) - 1, -1, -1):
        found[index] = found[index + 1] if lines[index].blank else index
    return found


def _segments(reading: _Reading) -> Iterable[list[Line]]:
    """The runs of kept lines between what was taken out."""
    segment: list[Line] = []
    for index, line in enumerate(reading.lines):
        if kept := reading.instead.get(index):
            segment.append(Line(kept, kept, 0))
        if not reading.gone[index]:
            segment.append(line)
        elif segment:
            yield segment
            segment = []
    if segment:
        yield segment


def _shown(lines: Sequence[Line]) -> str:
    """Lines as they came, without blank ones at either end."""
    first = next((index for index, line in enumerate(lines) if not line.blank), len(lines))
    last = next((index for index in range(len(lines), first, -1) if not lines[index - 1].blank), first)
    return "\n".join(line.raw for line in lines[first:last])
