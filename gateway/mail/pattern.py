r"""The one wrapper of google-re2: patterns over mail text that take linear time, whatever the text says.

`re` backtracks, and anybody may write to us; so every pattern on mail text in `mail` and `rules`, ours and
the owner's, comes through here. The syntax is RE2's: no look-around, no back-references, `\w` and `\b`
know ASCII only, `\z` is the end of the text. Text beyond 256 Ki characters is not looked at.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol, cast

import re2  # pyright: ignore[reportMissingTypeStubs] - it has none; the protocols below stand for them
from re2._re2 import RE2  # pyright: ignore[reportMissingTypeStubs, reportUnknownVariableType]

LOOKED_AT = 256 * 1024  # characters; a mail's own words are far shorter, and a pattern needs no more
# Octets for one compiled pattern: the least that it fits in, and what RE2 needs to keep states of the texts
# that it has seen, without which a search takes six times as long. Room for the states of the largest ones
# would be tens of MiB for all of them.
MEMORY = (64 * 1024, 128 * 1024, 256 * 1024, 512 * 1024, 1024 * 1024)
STATES, FIXED, WORTH = (
    320,
    32 * 1024,
    256 * 1024,
)  # octets an instruction and besides; above, no state is kept
CACHED = 4096  # compiled patterns; all of the tables and rules of one shop fit


class Match(Protocol):
    """Where a pattern held; offsets count characters of the text that was searched."""

    def group(self, group: int | str = 0, /) -> str | None: ...
    def groups(self) -> tuple[str | None, ...]: ...
    def groupdict(self) -> dict[str, str | None]: ...
    def start(self, group: int = 0) -> int: ...
    def end(self, group: int = 0) -> int: ...
    def span(self, group: int = 0) -> tuple[int, int]: ...


class _Engine(Protocol):
    """What google-re2 compiles, for characters."""

    def search(self, text: str) -> Match | None: ...
    def match(self, text: str) -> Match | None: ...
    def fullmatch(self, text: str) -> Match | None: ...
    def finditer(self, text: str) -> Iterator[Match]: ...
    def sub(self, repl: str | Callable[[Match], str], text: str) -> str: ...
    def split(self, text: str, maxsplit: int) -> list[str | None]: ...
    @property
    def groupindex(self) -> dict[str, int]: ...


_ERROR = cast("type[Exception]", cast("Any", re2).error)
_TOO_LARGE = "pattern too large"  # RE2's words
_Span = tuple[int, int]
_Finder = Callable[[Any, bytes, int, int], tuple[_Span, ...]]  # RE2 itself: (anchor, octets, from, to)
_NOWHERE = (-1, -1)
_ANCHOR = cast("Any", RE2).Anchor
_ANYWHERE, _AT_START, _ALL = _ANCHOR.UNANCHORED, _ANCHOR.ANCHOR_START, _ANCHOR.ANCHOR_BOTH


@dataclass(frozen=True, slots=True, eq=False)
class _AsciiMatch:
    """A match in an ASCII text, whose offsets are those of its octets."""

    _text: str
    _spans: tuple[_Span, ...]
    _engine: _Engine

    def group(self, group: int | str = 0, /) -> str | None:
        start, end = self._spans[group if isinstance(group, int) else self._engine.groupindex[group]]
        return self._text[start:end] if start >= 0 else None

    def groups(self) -> tuple[str | None, ...]:
        return tuple(self._text[start:end] if start >= 0 else None for start, end in self._spans[1:])

    def groupdict(self) -> dict[str, str | None]:
        return {name: self.group(number) for name, number in self._engine.groupindex.items()}

    def start(self, group: int = 0) -> int:
        return self._spans[group][0]

    def end(self, group: int = 0) -> int:
        return self._spans[group][1]

    def span(self, group: int = 0) -> tuple[int, int]:
        return self._spans[group]


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """A compiled pattern; safe to share between threads.

    Of a hundred patterns that a mail is searched for ninety are not in it, so a miss is what must be cheap:
    RE2 is asked directly, and only where it found something in other letters than ASCII does its wrapper
    count their characters.
    """

    text: str
    ignore_case: bool
    _engine: _Engine
    _find: _Finder

    def search(self, text: str) -> Match | None:
        """The first place where the pattern holds."""
        return self._found(_ANYWHERE, text, self._engine.search)

    def match(self, text: str) -> Match | None:
        """The match at the very start of the text."""
        return self._found(_AT_START, text, self._engine.match)

    def fullmatch(self, text: str) -> Match | None:
        """The match of the whole text; a text that is too long to be looked at never matches."""
        return None if len(text) > LOOKED_AT else self._found(_ALL, text, self._engine.fullmatch)

    def finditer(self, text: str) -> Iterator[Match]:
        """All matches, from left to right, without overlap."""
        seen = _whole(text)
        octets = seen.encode()
        if self._find(_ANYWHERE, octets, 0, len(octets))[0] == _NOWHERE:
            return iter(())
        return self._each(seen, octets) if seen.isascii() else self._engine.finditer(seen)

    def sub(self, replacement: str | Callable[[Match], str], text: str) -> str:
        """The text with every match replaced; what is too far to be looked at stays as it is."""
        return self._engine.sub(replacement, _whole(text)) + text[LOOKED_AT:]

    def split(self, text: str, maxsplit: int = 0) -> list[str]:
        """The pieces between the matches, and the groups of each match between them, as `re.split` does."""
        pieces = [piece or "" for piece in self._engine.split(_whole(text), maxsplit)]
        pieces[-1] += text[LOOKED_AT:]
        return pieces

    def _found(self, anchor: Any, text: str, wrapper: Callable[[str], Match | None]) -> Match | None:
        seen = _whole(text)
        octets = seen.encode()
        spans = self._find(anchor, octets, 0, len(octets))
        if spans[0] == _NOWHERE:
            return None
        return _AsciiMatch(seen, spans, self._engine) if len(octets) == len(seen) else wrapper(seen)

    def _each(self, text: str, octets: bytes) -> Iterator[Match]:
        """The matches in an ASCII text; after an empty one the search goes on one character further."""
        at, end = 0, len(octets)
        while at <= end:
            spans = self._find(_ANYWHERE, octets, at, end)
            if spans[0] == _NOWHERE:
                return
            yield _AsciiMatch(text, spans, self._engine)
            at = spans[0][1] + (spans[0][1] == at)


@lru_cache(maxsize=CACHED)
def compile_pattern(text: str, *, ignore_case: bool = False) -> Pattern:
    """The pattern that `text` describes, compiled once per process; ValueError says what RE2 minds."""
    for memory in MEMORY:
        try:
            compiled = _compiled(text, ignore_case, memory)
            wanted = STATES * compiled._regexp.ProgramSize() + FIXED  # noqa: SLF001 - its wrapper hides it
            if memory < wanted <= WORTH:
                compiled = _compiled(text, ignore_case, wanted)
        except (_ERROR, UnicodeEncodeError) as error:
            reason = error.args[0] if error.args else error
            told = reason.decode(errors="replace") if isinstance(reason, bytes) else str(error)
            if memory == MEMORY[-1] or _TOO_LARGE not in told:
                raise ValueError(f"the pattern {text!r} cannot be used: {told}") from None
        else:
            find = compiled._regexp.Match  # noqa: SLF001 - its wrapper costs as much again as the search
            return Pattern(text, ignore_case, cast("_Engine", compiled), find)
    raise AssertionError("the last memory returns or raises")


def _compiled(text: str, ignore_case: bool, memory: int) -> Any:
    engine = cast("Any", re2)
    options = engine.Options()
    options.max_mem = memory
    options.log_errors = False
    options.case_sensitive = not ignore_case
    return engine.compile(text, options)


def _whole(text: str) -> str:
    """As much of the text as is looked at; lone surrogates, which UTF-8 cannot carry, become `?`."""
    head = text[:LOOKED_AT]
    return head if head.isascii() else head.encode("utf-8", "replace").decode("utf-8")
