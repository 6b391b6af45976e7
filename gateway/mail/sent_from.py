"""The line that telephones and mail programs put below people's words: "Sent from my iPhone".

An opening of the list and a device or program make it; "Sent with UPS" and "Sent from my village" are words.
"""

from collections.abc import Sequence

from gateway.mail import closing_words as words
from gateway.mail.line import folded, listed
from gateway.mail.pattern import compile_pattern

_SENT_FROM, _SENT_WITH, _SENT_LAST = (listed(t) for t in (words.SENT_FROM, words.SENT_WITH, words.SENT_LAST))
_SENT_AROUND = tuple(tuple(pair.split(" | ")) for pair in listed(words.SENT_AROUND))
_AROUND_BEGINS = tuple(dict.fromkeys(opening for opening, _ in _SENT_AROUND))
_SENT_WHOLE = frozenset(listed(words.SENT_WHOLE))
_DEVICES, _PROGRAMS, _EXCUSES = (listed(table) for table in (words.DEVICES, words.PROGRAMS, words.EXCUSES))
_ANYTHING = (*_DEVICES, *_PROGRAMS)
_MEANS = ("mail", "email", "e-mail")  # "Sent from Mail" names a program, "sent via email" does not
_NAMED = tuple(name for name in _PROGRAMS if name not in _MEANS)
_LINK = compile_pattern(r"[<(\[]*\b(?:https?://|mailto:|www\.)[^\s<>)\]]*[>)\]]*", ignore_case=True)
_EDGES = "-–—_*•|[]()<> "
_SOMEBODY = frozenset(
    ("ich", "wir", "habe", "haben", "hat", "nicht", "ist")
)  # then it is somebody's sentence


def is_sent_from(text: str) -> bool:
    """Whether a line, or two that were wrapped, says from what or with what a mail was sent, and no more."""
    plain = folded(_LINK.sub("", text)).strip(_EDGES).rstrip(".!。")
    said = plain.split()
    if plain in _SENT_WHOLE:
        return True
    if not said or len(said) > (24 if any(word in plain for word in _EXCUSES) else 14):
        return False
    for openings, names in ((_SENT_FROM, _ANYTHING), (_SENT_WITH, _NAMED)):
        if plain.startswith(openings):
            opening = next(opening for opening in openings if plain.startswith(opening))
            if _names(plain[: len(opening) + 32].partition(",")[0], names):
                return True
    if plain.startswith(_AROUND_BEGINS) and not _SOMEBODY.intersection(said):
        for opening, ending in _SENT_AROUND:
            if plain.startswith(opening) and plain.endswith(ending):
                return _names(plain, _ANYTHING)
    if plain.endswith(_SENT_LAST):
        return len(said) <= 6 and _names(plain[:16], _ANYTHING)
    return plain.startswith(("sent from my ", "sent from a ", "sent from an ")) and len(said) <= 8


def _names(text: str, names: Sequence[str]) -> bool:
    """Whether one of the names begins a word of the text."""
    places = ((name, text.find(name)) for name in names)
    return any(
        at == 0 or (at > 0 and not (text[at - 1].isascii() and text[at - 1].isalpha())) for _, at in places
    )
