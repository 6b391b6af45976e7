"""Which alphabet a handful of letters without a charset is written in: too few for a model of a language.

What people write into four to fifteen letters ("спасибо") is told apart by what any word has: capitals only
at its beginning or throughout, and mostly the common letters. A letter costs bits by its rank, and so does
what is rarer in mail: capitals throughout, KOI8, Greek, Hebrew. ТЕСТ and τεστ are the same octets, and the
first is likelier to be meant.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import log2

from gateway.mail.pattern import compile_pattern

_WORD = compile_pattern(r"\pL+")
_SIGNS = frozenset("«»„“”‘’–—…№\xa0")
_CAPITALS = 2.0  # bits of a reading that is all in capitals
_LIKELY = 3.9  # bits a letter; words in a wrong alphabet cost more than four


@dataclass(frozen=True, slots=True)
class _Alphabet:
    codec: str
    letters: str  # the most frequent first
    rarity: float  # bits


_CYRILLIC = "оеаинтсрвлкмдпуяыьгзбчйъхжшюцщэфёіїєґ"
_GREEK = "αοιετσνηυρπκμλίάόςέδήγχώύθφβξζψϊϋΐΰ"
_HEBREW = "יוהלאמרתבשנכדםחעקפצטסגזןךףץ"
_ALPHABETS = (
    _Alphabet("cp1251", _CYRILLIC, 0.0),
    _Alphabet("koi8_u", _CYRILLIC, 0.8),
    _Alphabet("cp1253", _GREEK, 3.0),
    _Alphabet("iso8859_7", _GREEK, 3.1),
    _Alphabet("cp1255", _HEBREW, 1.0),
)


def guessed(octets: bytes) -> tuple[str, str] | None:
    """The likeliest reading and its codec; None where no alphabet makes words of these octets."""
    best = min(_readings(octets), default=None)
    return best[1:] if best else None


def _readings(octets: bytes) -> Iterator[tuple[float, str, str]]:
    for alphabet in _ALPHABETS:
        try:
            text = octets.decode(alphabet.codec)
        except UnicodeDecodeError:
            continue
        if (bits := _bits(text, alphabet.letters)) is not None:
            yield bits + alphabet.rarity, text, alphabet.codec


def _bits(text: str, letters: str) -> float | None:
    """What the words cost; None where these are no words of that alphabet."""
    words = [word for match in _WORD.finditer(text) if not (word := match.group() or "").isascii()]
    written = "".join(words)
    signs = (one for one in text if not one.isascii() and not one.isalpha())
    if (
        not written
        or not all(word in (word.lower(), word.upper(), word.capitalize()) for word in words)
        or not all(one in letters for one in written.lower())
        or not all(one in _SIGNS for one in signs)
    ):
        return None
    bits = sum(log2(2 + letters.index(one)) for one in written.lower())
    if bits > _LIKELY * len(written):
        return None
    return bits + _CAPITALS if written.isupper() else bits
