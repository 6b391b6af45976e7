"""Patterns as people write them into a table: places by name, gaps between words, alternatives in order.

Every pattern is RE2, ignores case, and its `^` and `$` are those of a line. `{address}` stands for the
recipient as a report names it, `{original}` for the one that was written to before an alias or a forwarding
led elsewhere, ` ... ` for up to 50 characters within a sentence.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from gateway.mail.pattern import Match, Pattern, compile_pattern

# What may stand before and after the @ in running text. Kana, Han and Hangul are left out: in Japanese and
# Chinese reports they follow an address without a blank.
_LETTER = r"0-9A-Za-z_\p{Latin}\p{Cyrillic}\p{Greek}"
_LOCAL = rf"""(?:"[^"\n]{{1,64}}"|[{_LETTER}!#$%&+/=?^`{{}}~\-][{_LETTER}!#$%&'+/=?^`{{}}~.\-]*)"""
_DOMAIN = rf"(?:\[[0-9A-Fa-f:.]+\]|[{_LETTER}\-]+(?:\.[{_LETTER}\-]+)*)"
ADDRESS = rf"{_LOCAL}@{_DOMAIN}"
PLACES = ("address", "original")
_STANDS_FOR = {f"{{{place}}}": f"(?P<{place}>{ADDRESS})" for place in PLACES} | {
    " ... ": r"(?:[^.;\n]|\.\S){0,50}"
}


@cache
def compiled(pattern: str) -> Pattern:
    """A pattern of a table, ready to be searched with; ValueError says what RE2 minds."""
    for place, stands_for in _STANDS_FOR.items():
        pattern = pattern.replace(place, stands_for)
    return compile_pattern(f"(?m){pattern}", ignore_case=True)


@cache
def _unions(patterns: tuple[str, ...]) -> tuple[Pattern, ...]:
    """The alternatives in as few patterns as RE2's memory allows."""
    if len(patterns) < 2:
        return tuple(map(compiled, patterns))
    try:
        return (compiled("|".join(patterns)),)
    except ValueError:
        half = len(patterns) // 2
        return _unions(patterns[:half]) + _unions(patterns[half:])


@dataclass(frozen=True, slots=True)
class Words:
    """Alternatives, in order; the first that is found counts."""

    patterns: tuple[str, ...] = ()

    def find(self, text: str) -> Match | None:
        """The first place of the first alternative that is found."""
        return next(self.matches(text), None) if len(self.patterns) < 3 or self.in_(text) else None

    def each(self) -> Iterator[Pattern]:
        return map(compiled, self.patterns)

    def matches(self, text: str) -> Iterator[Match]:
        """The first place of each alternative that is found."""
        for pattern in self.each():
            if match := pattern.search(text):
                yield match

    def in_(self, text: str) -> bool:
        """Whether any alternative is found, asked all at once."""
        return any(pattern.search(text) for pattern in _unions(self.patterns))

    def __bool__(self) -> bool:
        return bool(self.patterns)
