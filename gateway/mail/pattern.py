r"""The one wrapper of google-re2: patterns over mail text that take linear time, whatever the text says.

`re` backtracks, and anybody may write to us; so every pattern on mail text in `mail` and `rules`, ours and
the owner's, comes through here. The syntax is RE2's: no look-around, no back-references, `\w` and `\b`
know ASCII only, `\z` is the end of the text. Text beyond 256 Ki characters is not looked at.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol, cast, overload

import re2  # pyright: ignore[reportMissingTypeStubs] - it has none; the protocols below stand for them

LOOKED_AT = 256 * 1024  # characters; a mail's own words are far shorter, and a pattern needs no more
MAX_MEMORY = 1 << 20  # octets for one compiled pattern; RE2's own default is eight times as much
CACHED = 4096  # compiled patterns; all of the tables and rules of one shop fit


class Match(Protocol):
    """Where a pattern held; offsets count characters of the text that was searched."""

    def group(self, group: int | str = 0, /) -> str | None: ...
    def groups(self) -> tuple[str | None, ...]: ...
    def groupdict(self) -> dict[str, str | None]: ...
    def start(self, group: int = 0) -> int: ...
    def end(self, group: int = 0) -> int: ...
    def span(self, group: int = 0) -> tuple[int, int]: ...


class _OctetMatch(Protocol):
    def group(self, group: int | str = 0, /) -> bytes | None: ...
    def groups(self) -> tuple[bytes | None, ...]: ...
    def groupdict(self) -> dict[str, bytes | None]: ...
    def start(self, group: int = 0) -> int: ...
    def end(self, group: int = 0) -> int: ...
    def span(self, group: int = 0) -> tuple[int, int]: ...


class _Engine(Protocol):
    @overload
    def search(self, text: str) -> Match | None: ...
    @overload
    def search(self, text: bytes) -> _OctetMatch | None: ...
    @overload
    def match(self, text: str) -> Match | None: ...
    @overload
    def match(self, text: bytes) -> _OctetMatch | None: ...
    @overload
    def fullmatch(self, text: str) -> Match | None: ...
    @overload
    def fullmatch(self, text: bytes) -> _OctetMatch | None: ...
    @overload
    def finditer(self, text: str) -> Iterator[Match]: ...
    @overload
    def finditer(self, text: bytes) -> Iterator[_OctetMatch]: ...
    def sub(self, repl: str | Callable[[Match], str], text: str) -> str: ...
    def split(self, text: str, maxsplit: int) -> list[str | None]: ...


@dataclass(frozen=True, slots=True, eq=False)
class _AsciiMatch:
    """A match in the octets of an ASCII text, whose offsets are those of its characters."""

    _found: _OctetMatch

    def group(self, group: int | str = 0, /) -> str | None:
        return _text(self._found.group(group))

    def groups(self) -> tuple[str | None, ...]:
        return tuple(map(_text, self._found.groups()))

    def groupdict(self) -> dict[str, str | None]:
        return {name: _text(octets) for name, octets in self._found.groupdict().items()}

    def start(self, group: int = 0) -> int:
        return self._found.start(group)

    def end(self, group: int = 0) -> int:
        return self._found.end(group)

    def span(self, group: int = 0) -> tuple[int, int]:
        return self._found.span(group)


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """A compiled pattern; safe to share between threads."""

    text: str
    ignore_case: bool
    _engine: _Engine

    def search(self, text: str) -> Match | None:
        """The first place where the pattern holds."""
        seen = _seen(text)
        return self._engine.search(seen) if isinstance(seen, str) else _ascii(self._engine.search(seen))

    def match(self, text: str) -> Match | None:
        """The match at the very start of the text."""
        seen = _seen(text)
        return self._engine.match(seen) if isinstance(seen, str) else _ascii(self._engine.match(seen))

    def fullmatch(self, text: str) -> Match | None:
        """The match of the whole text; a text that is too long to be looked at never matches."""
        if len(text) > LOOKED_AT:
            return None
        seen = _seen(text)
        return self._engine.fullmatch(seen) if isinstance(seen, str) else _ascii(self._engine.fullmatch(seen))

    def finditer(self, text: str) -> Iterator[Match]:
        """All matches, from left to right, without overlap."""
        seen = _seen(text)
        return (
            self._engine.finditer(seen)
            if isinstance(seen, str)
            else map(_AsciiMatch, self._engine.finditer(seen))
        )

    def sub(self, replacement: str | Callable[[Match], str], text: str) -> str:
        """The text with every match replaced; what is too far to be looked at stays as it is."""
        return self._engine.sub(replacement, _whole(text)) + text[LOOKED_AT:]

    def split(self, text: str, maxsplit: int = 0) -> list[str]:
        """The pieces between the matches, and the groups of each match between them, as `re.split` does."""
        pieces = [piece or "" for piece in self._engine.split(_whole(text), maxsplit)]
        pieces[-1] += text[LOOKED_AT:]
        return pieces


@lru_cache(maxsize=CACHED)
def compile_pattern(text: str, *, ignore_case: bool = False) -> Pattern:
    """The pattern that `text` describes, compiled once per process; ValueError says what RE2 minds."""
    engine = cast("Any", re2)
    options = engine.Options()
    options.max_mem = MAX_MEMORY
    options.log_errors = False
    options.case_sensitive = not ignore_case
    try:
        return Pattern(text, ignore_case, cast("_Engine", engine.compile(text, options)))
    except (engine.error, UnicodeEncodeError) as error:
        reason = error.args[0] if error.args else error
        reason = reason.decode(errors="replace") if isinstance(reason, bytes) else str(error)
        raise ValueError(f"the pattern {text!r} cannot be used: {reason}") from None


def _seen(text: str) -> str | bytes:
    """As much of the text as is looked at; ASCII as octets, for then RE2 need not count characters."""
    head = text[:LOOKED_AT]
    return head.encode("ascii") if head.isascii() else _whole(head)


def _whole(text: str) -> str:
    """The same as characters; lone surrogates, which UTF-8 cannot carry, become `?`."""
    head = text[:LOOKED_AT]
    return head if head.isascii() else head.encode("utf-8", "replace").decode("utf-8")


def _ascii(found: _OctetMatch | None) -> Match | None:
    return None if found is None else _AsciiMatch(found)


def _text(octets: bytes | None) -> str | None:
    return None if octets is None else octets.decode("ascii")
