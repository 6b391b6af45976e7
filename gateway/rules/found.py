"""Values found in a text, and which of them is meant when only one can be.

A value with a place is a reading. `near` words choose: each of them points at the closest reading within 60
characters on its line, rather behind it than before it and rather in its own clause. If what is left means
two different things, nothing was found: a wrong day does more harm than a question to the owner.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from gateway.mail.line import folded

T = TypeVar("T")

REACH = 60  # characters between a word and what it points at
_WRAPPED = 50  # a line this long was wrapped by a program; the next one continues it
_BEHIND = 8  # how much farther a value in front of its word seems than one behind it
_CLAUSE, _SENTENCE = 5, 30  # and what punctuation between them adds
_BOUNDARY = " \t\n\r\"'(<[*-/:,.;"


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """A value, and the characters it was read from."""

    value: T
    start: int
    end: int


class Taken:
    """Which characters of a text have been read as something."""

    def __init__(self, text: str) -> None:
        self._marks = bytearray(len(text))

    def overlaps(self, start: int, end: int) -> bool:
        return 1 in self._marks[start:end]

    def take(self, start: int, end: int) -> None:
        self._marks[start:end] = b"\1" * (end - start)


def chosen(
    readings: Sequence[Found[T]], text: str, near: Sequence[str] = (), nth: int | None = None
) -> T | None:
    """The one value that is meant: the `nth` in the text, counted from 1, or the only one there is."""
    left = list(pointed_at(readings, text, near)) if near else list(readings)
    if nth is not None:
        return left[nth - 1].value if 0 < nth <= len(left) else None
    values = {reading.value for reading in left}
    return values.pop() if len(values) == 1 else None


def pointed_at(readings: Sequence[Found[T]], text: str, near: Sequence[str]) -> Iterable[Found[T]]:
    """The readings that at least one of the words points at, in their order."""
    line = _unwrapped(text)
    starts = [reading.start for reading in readings]
    meant: set[int] = set()
    for start, end in _places(line, near):
        first, last = bisect_left(starts, start - 2 * REACH), bisect_left(starts, end + REACH + 1)
        distances = [(_distance(line, start, end, readings[n]), n) for n in range(first, last)]
        reachable = [(distance, n) for distance, n in distances if distance is not None]
        if reachable:
            meant.add(min(reachable)[1])
    return (reading for n, reading in enumerate(readings) if n in meant)


def _unwrapped(text: str) -> str:
    """The text with the line ends that a program put into a paragraph as blanks; same length."""
    lines = text.split("\n")
    parts: list[str] = []
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        parts.append(line + (" " if len(line) >= _WRAPPED and following.strip() else "\n"))
    return "".join(parts)[: len(text)]


def _places(line: str, near: Sequence[str]) -> Iterable[tuple[int, int]]:
    """Where words begin with one of `near`."""
    seen = folded(line)
    if len(seen) != len(line):  # a letter that folds to two would shift every place after it
        seen = line.lower() if len(line.lower()) == len(line) else line
    for word in {folded(word) for word in near}:
        start = seen.find(word)
        while start >= 0 and word:
            if start == 0 or seen[start - 1] in _BOUNDARY:
                yield start, start + len(word)
            start = seen.find(word, start + len(word))


def _distance(line: str, start: int, end: int, reading: Found[T]) -> int | None:
    behind = reading.start >= end
    between = line[end : reading.start] if behind else line[_own_end(line, reading) : start]
    if "\n" in between or len(between) > REACH:
        return None
    pauses = sum(between.count(mark) for mark in ",(") * _CLAUSE
    stops = sum(between.count(mark) for mark in (". ", "; ", "! ", "? ")) * _SENTENCE
    return len(between) + pauses + stops + (0 if behind else _BEHIND)


def _own_end(line: str, reading: Found[T]) -> int:
    """Where a reading ends if the point behind its month ends a sentence: "20 November. We ship"."""
    last = reading.end - 1
    ends = line[last : last + 1] == "." and line[last - 1 : last].isalpha()
    return last if ends and line[reading.end : reading.end + 4].lstrip()[:1].isupper() else reading.end
