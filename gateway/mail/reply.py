"""The new words of a mail: what its author has written, without what they answer.

A lost word of the customer is worse than a left-over quote, so every step must earn what it takes: when two
readings differ the longer wins, and when nothing would remain the step is undone. Lines with `>` go, and the
answers between them stay, in order. What clients quote without marks (Outlook) runs from its header block
to the end, if there are words above it. Each line is looked at a bounded number of times: all is linear.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from gateway.mail.attribution import VERBS, attribution
from gateway.mail.attribution_words import GREETINGS
from gateway.mail.closing import end_of_words, start_of_words
from gateway.mail.line import Line, folded, listed, read_lines, stripped
from gateway.mail.pattern import compile_pattern
from gateway.mail.quoted_header import block, field_of

ANSWERS = 200  # between quotations that are looked at for what closes them
NEAR = 60  # lines in which a quotation is looked for below what announces it
READ = 3_000  # lines in which openings are looked for; people write less, what follows is kept

LINE = 80  # characters that a wrapped line has at most
MARKED = 76  # characters that a quoted line would have with one word more, if it was broken there
_ENDS = (*".?!:;", "")  # what somebody answers below

_GREETINGS = listed(GREETINGS)
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


@dataclass(frozen=True, slots=True)
class _Opening:
    """Lines that open a quotation (`end` is the line after them)."""

    start: int
    end: int
    certain: bool = True  # so that what follows is quoted even without marks
    kept: str = ""  # words that stood before them on their first line
    spoken: bool = False  # an attribution with its verb: nobody ends a mail so by hand
    is_block: bool = False
    forwarded: bool = False  # whatever stands above it is all that is new


@dataclass(slots=True)
class _Reading:
    """What has been found out about each line so far."""

    lines: Sequence[Line]
    gone: list[bool]
    instead: dict[int, str] = field(default_factory=dict[int, str])  # what is left of a line that went


def new_words(text: str) -> str:
    """The new words of a mail's text; all of it when nothing else would remain."""
    lines = read_lines(text)
    reading = _without_quotes(lines)
    words = [segment for segment in _segments(reading) if any(line.text for line in segment)]
    if not words:
        return _shown(lines)
    words[0] = words[0][start_of_words(words[0]) :]
    closed = [segment[: end_of_words(segment, last=False)] for segment in words[:-1][:ANSWERS]]
    closed += [*words[:-1][ANSWERS:], words[-1][: end_of_words(words[-1], last=True)]]
    kept = [segment for segment in closed if any(line.text for line in segment)]
    return "\n\n".join(_shown(segment) for segment in kept or words)


def _without_quotes(lines: Sequence[Line]) -> _Reading:
    """Which lines are quoted."""
    reading = _Reading(lines, [_is_marked(lines, index) for index in range(len(lines))])
    following = _following(lines)
    index = 0
    while index < min(len(lines), READ):
        if reading.gone[index] or lines[index].blank:
            index += 1
            continue
        opening = _opening(reading, index)
        if opening is None:
            index += 1
            continue
        below = following[opening.end]
        if below is None:
            marked = opening.certain or opening.spoken
        else:
            marked = lines[below].depth > 0 or (opening.certain and _answers_first(reading, opening, below))
        if marked:
            _drop(reading, opening, opening.end)
            index = opening.end
        elif not opening.certain:
            index += 1
        elif above := _words_above(reading, opening):
            if not _ANSWERS_BELOW.search(above):
                _drop(reading, opening, len(lines))
            break
        elif opening.is_block:  # a forwarded mail, or a quotation above its answer: nobody can tell
            return _Reading(lines, [False] * len(lines))
        else:
            index += 1
    return reading


def _is_marked(lines: Sequence[Line], index: int) -> bool:
    """Whether a line is quoted; a lone ">From " is the work of old mail transports (RFC 4155, appendix A)."""
    if not lines[index].depth:
        return _lost_its_mark(lines, index)
    if _ends_an_attribution(lines, index):
        return False
    if not lines[index].raw.startswith(">From "):
        return True
    return any(0 <= n < len(lines) and lines[n].depth > 0 for n in (index - 1, index + 1))


def _ends_an_attribution(lines: Sequence[Line], index: int) -> bool:
    """Whether a line is "> wrote:", the end of "Anna <anna@glas.example> wrote:" that was broken there."""
    text, above = lines[index].text, lines[index - 1] if index else lines[index]
    return text.endswith(":") and folded(text[:-1]) in VERBS and not above.depth and "@" in above.text


def _lost_its_mark(lines: Sequence[Line], index: int) -> bool:
    """Whether a program broke a quoted line that was too long, and marked only its beginning."""
    text = lines[index].text
    if not text or not _between_marks(lines, index):
        return False
    above = lines[index - 1]
    if " " not in text and text.endswith(")") and "(http" in above.text and ")" not in above.text:
        return True
    if text.startswith("(http") and text.endswith(") >") and text.count(" ") == 1:
        return True  # a link before its mark
    if not text[:1].islower():
        return False
    room = len(above.raw) + len(text.split(" ", 1)[0])
    return room >= MARKED and len(above.raw) <= LINE and above.text[-1:] not in _ENDS


def _opening(reading: _Reading, index: int) -> _Opening | None:
    """The opening that begins at `index` or, if it is an attribution, ends there."""
    found = block(reading.lines, index)
    if found:
        start = _with_rule(reading.lines, found.start)
        return _Opening(start, found.end, is_block=True, forwarded=found.forwarded)
    line = attribution(reading.lines, index)
    if line is None:
        return None
    if any(reading.gone[line.start : index]):  # the second line of a quoted one, which lost its mark
        return _Opening(index, index + 1) if _between_marks(reading.lines, index) else None
    return _Opening(line.start, index + 1, line.certain, line.kept, line.spoken)


def _between_marks(lines: Sequence[Line], index: int) -> bool:
    return all(0 <= n < len(lines) and lines[n].depth for n in (index - 1, index + 1))


def _answers_first(reading: _Reading, opening: _Opening, below: int) -> bool:
    """Whether unmarked words below an attribution are an answer: marked ones come later, unannounced."""
    if opening.is_block:
        return False
    lines = reading.lines
    quoted = next((n for n in range(below, min(len(lines), below + NEAR)) if lines[n].depth), None)
    if quoted is None:
        return False
    announced = (
        n for n in range(max(below, quoted - 4), quoted) if attribution(lines, n) or field_of(lines[n])
    )
    return not any(True for _ in announced)


def _with_rule(lines: Sequence[Line], start: int) -> int:
    """The line of a rule drawn above an opening, else the opening's own."""
    above = start - 1
    while above >= 0 and lines[above].blank and start - above <= 3:
        above -= 1
    if above < 0 or lines[above].depth:
        return start
    text = lines[above].text
    return above if len(text) >= 5 and not text.strip("-_=*~–—") else start


def _words_above(reading: _Reading, opening: _Opening) -> str:
    """What stands above an opening, for looking at; empty if it is no more than a greeting."""
    above = zip(reading.lines[: opening.start], reading.gone, strict=False)
    shown = [line.text for line, gone in above if line.text and not gone]
    if len(shown) == 1 and _is_a_greeting(shown[0]) and not opening.kept and not opening.forwarded:
        return ""
    return "\n".join((*shown, opening.kept)).strip()


def _is_a_greeting(text: str) -> bool:
    """Whether a line is "Dear Anna," and no more; "Hello" alone may be all that somebody has to say."""
    words = folded(text).rstrip(" ,.!").split()
    if len(words) == 1 and not text.endswith(","):
        return False
    starts = " ".join(words[:1]) in _GREETINGS or " ".join(words[:2]) in _GREETINGS
    return starts and len(words) <= 6 and not text.strip(" ,.!").count(".")


def _drop(reading: _Reading, opening: _Opening, end: int) -> None:
    reading.gone[opening.start : end] = [True] * (end - opening.start)
    if opening.kept:
        reading.instead[opening.start] = opening.kept


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
    return stripped("\n".join(line.raw.rstrip() for line in lines[first:last]))
