"""The line with which a mail program introduces what it quotes: "On 5 Jan 2026 at 15:04, Anna wrote:".

No list of whole sentences would ever be complete, so such a line is recognised by what it is made of: a
date, a time of day, an address, a verb of the list, a colon at the end. Dates are read by shape alone (a
year beside a number of a day), which needs no names of months. Enough of these make it *certain*; a verb
and a name alone ("Anna wrote:") count only directly above a quote.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.mail import attribution_words as words
from gateway.mail.line import Line, folded, joined, listed
from gateway.mail.pattern import compile_pattern

WRAPPED = 4  # lines at most
LONGEST = 500  # characters

VERBS = frozenset(listed(words.VERBS))
VERB_PHRASES = listed(words.VERB_PHRASES)
QUOTING = listed(words.QUOTING)
OPENERS = frozenset(listed(words.OPENERS))
PRONOUNS = frozenset(listed(words.PRONOUNS))

_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_NUMERIC = r"\d{1,4}(?:\. ?|/|-)\d{1,2}(?:\. ?|/|-)\d{1,4}"
_DATE = compile_pattern(
    rf"(?:^|[^\d.]){_NUMERIC}(?:\D|$)"
    rf"|(?:^|\D){_DAY}(?:st|nd|rd|th|er|º|\.)?[^\d@:]{{1,25}}(?:19|20)\d\d(?:\D|$)"
    rf"|(?:^|[^\d.])\pL[\pL\pM.]*,? {_DAY}(?:st|nd|rd|th)?,? (?:19|20)\d\d(?:\D|$)"
    rf"|(?:^|\D){_DAY}[^\d@:]{{1,12}}\d{{1,2}}, (?:19|20)\d\d(?:\D|$)"
    rf"|(?:19|20)\d\d ?[年년.] ?[^\d@:]{{0,12}}\d{{1,2}}"
)
_TIME = compile_pattern(
    r"(?:^|[^\d.])\d{1,2}[:h]\d{2}(?:\D|$)"
    r"|(?:^|[ (])(?i:kl|klo|kello|kell|pukul|alle|plkst|at|um|ob|u|o|w|om)\.? \d{1,2}\.\d{2}(?:[^\d.]|$)"
)
_ADDRESS = compile_pattern(r"[^\s<>()\[\],;:\"]+@[^\s<>()\[\],;:\"]+\.[\pL\d-]{2,}")
_START = compile_pattern(
    r"(?:^|[.!?] +)((?:On|At|Am|Le|El|Il|Op|Den|Em|No dia|W dniu|Dnia|Dne|Na|Στις|На|Il giorno)"
    r"(?: [\pL.,]+){0,3}[ ,]+\d{1,4}[^\d].*)$"
)
_NAME_VERB = compile_pattern(r"^[^\d@:?!]{2,60}$")
_OLD_GMAIL = compile_pattern(r"^\d{4}[/-]\d{1,2}[/-]\d{1,2} [^:]{0,80}<[^<>@ ]+@[^<>@ ]+>$")
_EDGES = "-–—=*_ "


@dataclass(frozen=True, slots=True)
class Attribution:
    """Where such a line begins, and how sure we are."""

    start: int  # its first line
    kept: str  # what stood before it on that first line: somebody's words
    certain: bool  # a program's work, even where the quote below carries no marks


def attribution(lines: Sequence[Line], end: int) -> Attribution | None:
    """The attribution whose last line is `lines[end]`, or None."""
    last = lines[end].text.strip(_EDGES)
    if not last or not _may_end(last):
        return None
    best: Attribution | None = None
    most = 0
    for start in range(end, max(-1, end - WRAPPED), -1):
        if start < end and (not lines[start].text or _ends_a_sentence(lines[start].text)):
            break
        whole = joined(lines[start : end + 1]).strip(_EDGES)
        if len(whole) > LONGEST:
            break
        if start < end and not _may_begin(lines[start].text):
            continue
        found = _read(whole, start)
        if found and found[1] > most:
            best, most = found
    return _with_opener(lines, best)


def _read(whole: str, start: int) -> tuple[Attribution, int] | None:
    """The attribution that `whole` is, and the number of signs it shows."""
    kept = ""
    if (opening := _START.search(whole)) and opening.start(1) > 0:
        kept, whole = whole[: opening.start(1)].rstrip(), whole[opening.start(1) :]
    dated, timed, addressed = (bool(sign.search(whole)) for sign in (_DATE, _TIME, _ADDRESS))
    plain = folded(whole)
    said = {word.strip(",.:;\"'«»") for word in plain.split()}
    said |= {word.strip("()") for word in said}
    verb = bool(said & VERBS) or any(phrase in plain for phrase in VERB_PHRASES)
    colon = whole.endswith((":", "):"))
    signs = dated + timed + addressed + verb
    by_hand = bool(said & PRONOUNS) and not addressed
    if verb and dated and (timed or addressed):
        return Attribution(start, kept, not by_hand), signs
    if colon and dated and timed and addressed:
        return Attribution(start, kept, True), signs
    if colon and ((verb and (addressed or dated)) or (dated and (timed or addressed))):
        return Attribution(start, kept, False), signs
    if verb and colon and _is_a_name(whole):
        return Attribution(start, kept, False), signs
    if colon and plain.startswith(QUOTING) and len(said) <= 8:
        return Attribution(start, kept, False), signs or 1
    if _OLD_GMAIL.search(whole):
        return Attribution(start, kept, False), signs
    return None


def _is_a_name(whole: str) -> bool:
    """Whether all but the verb is a name: "Anna Holm wrote:", and not "as your colleague wrote:"."""
    spoken = whole.rstrip(": ").split()
    if len(spoken) > 6 or not _NAME_VERB.search(whole.rstrip(": ")):
        return False
    rest = [word for word in spoken if folded(word).strip(",.") not in VERBS]
    named = [word for word in rest if word[:1].isupper() or not word[:1].islower()]
    return bool(named) and len(rest) - len(named) <= 1 and len(rest) < len(spoken)


def _may_end(last: str) -> bool:
    if last.endswith((":", ">")):
        return True
    return folded(last).rsplit(" ", 1)[-1].strip(".,") in VERBS


def _may_begin(first: str) -> bool:
    """Whether a wrapped attribution could begin so: with an opener, a date, or a name and an address."""
    word = folded(first).split(" ", 1)[0].rstrip(",")
    return (
        word in OPENERS
        or bool(_DATE.search(first) and _TIME.search(first))
        or bool(_ADDRESS.search(first))
        or folded(first).startswith(QUOTING)
    )


def _ends_a_sentence(text: str) -> bool:
    """Whether a line ends as people end sentences; "p.m." and "2026 r." are no such ends."""
    if text.endswith(("!", "?", "。")):
        return True
    word = text.rsplit(" ", 1)[-1]
    return text.endswith(".") and len(word) > 4 and "." not in word[:-1] and not word[:-1].isdigit()


def _with_opener(lines: Sequence[Line], found: Attribution | None) -> Attribution | None:
    """The same, with a line above that holds nothing but its first words ("On Monday,")."""
    if found is None or found.kept or found.start == 0:
        return found
    above = lines[found.start - 1]
    said = folded(above.text).split()
    if above.depth or not 0 < len(said) <= 3 or said[0].rstrip(",") not in OPENERS:
        return found
    if not lines[found.start].text[:1].isdigit():
        return found
    return Attribution(found.start - 1, "", found.certain)
