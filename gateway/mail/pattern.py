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


class _Engine(Protocol):
    def search(self, text: str) -> Match | None: ...
    def match(self, text: str) -> Match | None: ...
    def fullmatch(self, text: str) -> Match | None: ...
    def finditer(self, text: str) -> Iterator[Match]: ...
    def sub(self, repl: str | Callable[[Match], str], text: str) -> str: ...
    def split(self, text: str, maxsplit: int) -> list[str | None]: ...


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """A compiled pattern; safe to share between threads."""

    text: str
    ignore_case: bool
    _engine: _Engine

    def search(self, text: str) -> Match | None:
        """The first place where the pattern holds."""
        return self._engine.search(_seen(text))

    def match(self, text: str) -> Match | None:
        """The match at the very start of the text."""
        return self._engine.match(_seen(text))

    def fullmatch(self, text: str) -> Match | None:
        """The match of the whole text; a text that is too long to be looked at never matches."""
        return self._engine.fullmatch(_seen(text)) if len(text) <= LOOKED_AT else None

    def finditer(self, text: str) -> Iterator[Match]:
        """All matches, from left to right, without overlap."""
        return self._engine.finditer(_seen(text))

    def sub(self, replacement: str | Callable[[Match], str], text: str) -> str:
        """The text with every match replaced; what is too far to be looked at stays as it is."""
        return self._engine.sub(replacement, _seen(text)) + text[LOOKED_AT:]

    def split(self, text: str, maxsplit: int = 0) -> list[str]:
        """The pieces between the matches, and the groups of each match between them, as `re.split` does."""
        pieces = [piece or "" for piece in self._engine.split(_seen(text), maxsplit)]
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


def _seen(text: str) -> str:
    """As much of the text as is looked at; lone surrogates, which UTF-8 cannot carry, become `?`."""
    head = text[:LOOKED_AT]
    if head.isascii():
        return head
    return head.encode("utf-8", "replace").decode("utf-8")
