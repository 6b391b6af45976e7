"""Whether a person says "stop writing to me" and nothing else.

The words count only when they stand alone on the first line of the new words, with no more than a "please"
or "thank you" about them: "stop" within a sentence, or "cancel" anywhere, is about something the person wants
from the shop.
"""

from gateway.mail import stopword_words

_EDGES = " .,;:!?¡¿-–—_*~#'\"“”„‘’«»‹›()[]{}<>。、．！？「」…"


def _folded(word: str) -> str:
    """The word in one case; Turkish has an i with and one without a dot, and capitals of both."""
    plain = " ".join(word.split()).strip(_EDGES).replace("’", "'")
    return plain.casefold().replace("ı", "i").replace("\u0307", "")


def _listed(table: str) -> tuple[str, ...]:
    return tuple(" ".join(word.split()) for word in table.split(";"))


WORDS = {language: _listed(words) for language, words in stopword_words.WORDS.items()}
_ALL = {_folded(word): word for words in WORDS.values() for word in words}
_POLITE = tuple(map(_folded, _listed(stopword_words.POLITE)))
_LONGEST = max(map(len, _ALL)) + 2 * max(map(len, _POLITE))


def stop_word(text: str) -> str:
    """The stop word that the first line of `text` consists of, "" if it is none."""
    line = next((line for line in text.splitlines() if line.strip()), "")
    if len(line) > _LONGEST + 20:
        return ""
    said = _folded(line)
    return _ALL.get(said) or _ALL.get(_bare(said), "")


def _bare(said: str) -> str:
    """The same without a polite word before it and one behind it."""
    for polite in _POLITE:
        if said.startswith((f"{polite} ", f"{polite},")):
            said = said[len(polite) :].strip(_EDGES)
            break
    for polite in _POLITE:
        if said.endswith((f" {polite}", f",{polite}")):
            return said[: -len(polite)].strip(_EDGES)
    return said
