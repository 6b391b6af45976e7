"""How a customer feels, by words and stars; stars speak louder.

VADER (Hutto and Gilbert, 2014) scores English; its lexicon is loaded when the first feedback comes. In other
languages the stars decide, and without stars the owner sees it as neutral.
"""

from functools import cache
from typing import Protocol, cast

from gateway.feedback.model import Sentiment
from gateway.mail.pattern import compile_pattern

SCALE = 10_000  # a score is VADER's compound (-1 to 1) in ten-thousandths: the schema has no floats
_CLEAR = 500  # VADER's own border between neutral and the rest: 0.05

_STARS = (
    compile_pattern(r"(?m)^\s*(?P<stars>[1-5])\s*$"),
    compile_pattern(r"\b(?P<stars>[1-5])\s*(?:/|out of|von|sur|de|su|van)\s*5\b", ignore_case=True),
    compile_pattern(
        r"\b(?P<stars>[1-5])[\s-]*(?:stars?|sterne?n?|étoiles?|estrellas?|stelle|stella|sterren|ster)\b",
        ignore_case=True,
    ),
)
_NUMBERS = ("one", "two", "three", "four", "five")
_SPELLED = compile_pattern(r"\b(?P<word>one|two|three|four|five)[\s-]*stars?\b", ignore_case=True)
_DRAWN = compile_pattern(r"[★⭐]+")

_TOPICS = (
    (
        "delivery",
        r"\b(deliver\w*|shipp\w*|arriv\w*|parcel|package|late|courier|post|lieferung|livraison|entrega)",
    ),
    (
        "quality",
        r"\b(broke\w*|crack\w*|chip\w*|quality|material|damaged|defect\w*|faulty|scratch\w*|kaputt|qualit\w*)",
    ),
    ("service", r"\b(service|support|staff|answer\w*|reply|friendly|rude|helpful)"),
    ("price", r"\b(price\w*|expensive|cheap|cost\w*|value|refund\w*|teuer|preis)"),
)
_TOPIC_PATTERNS = tuple((name, compile_pattern(pattern, ignore_case=True)) for name, pattern in _TOPICS)


class _Analyser(Protocol):
    def polarity_scores(self, text: str) -> dict[str, float]: ...


def stars(words: str) -> int | None:
    """The stars that were given, 1 to 5; None if none are named, or several that differ."""
    found = {int(match.group("stars") or 0) for pattern in _STARS for match in pattern.finditer(words)}
    found |= {_NUMBERS.index((match.group("word") or "").lower()) + 1 for match in _SPELLED.finditer(words)}
    found |= {count for match in _DRAWN.finditer(words) if (count := match.end() - match.start()) <= 5}
    return found.pop() if len(found) == 1 else None


def score(words: str) -> int:
    """VADER's compound of the words in ten-thousandths, -10,000 to 10,000."""
    return round(_analyser().polarity_scores(words[:5_000])["compound"] * SCALE)


def sentiment(given: int | None, compound: int) -> Sentiment:
    """What stars and words say together; without stars the words decide."""
    if given is not None and given != 3:
        return Sentiment.POSITIVE if given > 3 else Sentiment.NEGATIVE
    if compound >= _CLEAR and given is None:
        return Sentiment.POSITIVE
    return Sentiment.NEGATIVE if compound <= -_CLEAR else Sentiment.NEUTRAL


def category(words: str) -> str:
    """What it is mostly about: delivery, quality, service, price, or other."""
    counted = [(sum(1 for _ in pattern.finditer(words)), name) for name, pattern in _TOPIC_PATTERNS]
    most, name = max(counted, key=lambda pair: pair[0])
    return name if most else "other"


@cache
def _analyser() -> _Analyser:
    from vaderSentiment.vaderSentiment import (  # pyright: ignore[reportMissingTypeStubs]
        SentimentIntensityAnalyzer,
    )

    return cast("_Analyser", SentimentIntensityAnalyzer())
