"""The line with which a mail program introduces what it quotes: "On 5 Jan 2026 at 15:04, Anna wrote:".

No list of whole sentences would ever be complete, so such a line is recognised by what it is made of: a
date, a time of day, an address, a verb of the list, a colon at the end. Dates are read by shape alone (a
year beside a number of a day), which needs no names of months. Enough of these make it *certain*; a verb
and a name alone ("Anna wrote:") count only directly above a quote.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway.mail import attribution_words as words
from gateway.mail.line import Line, folded, joined, listed
from gateway.mail.pattern import compile_pattern

WRAPPED = 4  # lines at most
LONGEST = 500  # characters

VERBS = frozenset(listed(words.VERBS))
VERB_PHRASES = listed(words.VERB_PHRASES)
QUOTING = listed(words.QUOTING)
OPENERS = frozenset(listed(words.OPENERS))
FIRST_PERSONS = frozenset(listed(words.FIRST_PERSONS))
PRONOUNS = frozenset(listed(words.PRONOUNS))

_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_NUMERIC = r"\d{1,4}(?:\. ?|/|-)\d{1,2}(?:\. ?|/|-)\d{1,4}"
DATE = compile_pattern(
    rf"(?:^|[^\d.]){_NUMERIC}(?:\D|$)"
    rf"|(?:^|\D){_DAY}(?:st|nd|rd|th|er|º|\.)?[^\d@:]{{1,25}}(?:19|20)\d\d(?:\D|$)"
    rf"|(?:^|[^\d.])\pL[\pL\pM.]*,? {_DAY}(?:st|nd|rd|th)?,? (?:19|20)\d\d(?:\D|$)"
    rf"|(?:^|\D){_DAY}[^\d@:]{{1,12}}\d{{1,2}}, (?:19|20)\d\d(?:\D|$)"
    rf"|(?:^|\D)(?:19|20)\d\d \pL{{2,5}}\. {_DAY}(?:\D|$)"
    rf"|(?:19|20)\d\d ?[年년.] ?[^\d@:]{{0,12}}\d{{1,2}}"
)
TIME = compile_pattern(
    r"(?:^|[^\d.])\d{1,2}[:h]\d{2}(?:\D|$)"
    r"|(?:^|[ (])(?i:kl|klo|kello|kell|pukul|alle|plkst|at|um|ob|u|o|w|om)\.? \d{1,2}\.\d{2}(?:[^\d.]|$)"
    r"|\d{4}, \d{1,2}\.\d{2}(?:, |$)"
)
_ADDRESS = compile_pattern(r"[^\s<>()\[\],;:\"]+@[^\s<>()\[\],;:\"]+\.[\pL\d-]{2,}")
_ANGLED = compile_pattern(r"<[^<> ]+@[^<> ]+>")
_START = compile_pattern(
    r"(?:^|[^\s] +|--+ ?)((?:On|At|Am|Le|El|Il|Op|Den|Em|No dia|W dniu|Dnia|Dne|Na|Στις|На|Il giorno)"
    r"(?: [\pL.,]+){0,3}[ ,]+\d{1,4}[^\d].*)$"
)
_FINISHED = (".", "!", "?", "--")
_ENDED = compile_pattern(
    r"((?:wrote|schrieb|geschrieben|écrit|scritto|escribió|escreveu|geschreven|>)\s?:)\s"
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
    spoken: bool  # it has the verb


def attribution(lines: Sequence[Line], end: int) -> Attribution | None:
    """The attribution whose last line is `lines[end]`, or None."""
    last, tail = _ended(lines[end].text)
    if not last:
        return None
    best: Attribution | None = None
    most = 0
    for start in range(end, max(-1, end - WRAPPED), -1):
        if start < end and (not lines[start].text or _ends_a_sentence(lines[start].text)):
            break
        whole = f"{joined(lines[start:end])} {last}" if start < end else last
        if len(whole) > LONGEST:
            break
        if start < end and not _may_begin(lines[start].text):
            continue
        signs = _Signs.of(whole)
        if signs.count > most and (found := _read(signs, start)) and (found.certain or not tail):
            best, most = found, signs.count
    return _with_opener(lines, best)


def _ended(line: str) -> tuple[str, str]:
    """A line up to the end of an attribution ("" if it has none), and what Yahoo puts behind that."""
    plain = line.strip("-–—=*_ ")
    if line.startswith("---") and not plain:  # Zoho's closing dashes, wrapped
        return line, ""
    if plain.endswith((":", ">")) or folded(plain).rsplit(" ", 1)[-1].strip(".,") in VERBS:
        return line, ""
    cut = _ENDED.search(line[:LONGEST]) if "@" in line[:LONGEST] else None
    return (line[: cut.end(1)], line[cut.end(1) :]) if cut else ("", "")


@dataclass(frozen=True, slots=True)
class _Signs:
    """What a line shows of an attribution."""

    whole: str
    kept: str
    dated: bool
    timed: bool
    addressed: bool
    verb: bool
    quoting: bool
    colon: bool
    by_hand: bool
    opened: bool  # "On Wed, Dec 9, Anna <anna@glas.example>": a date without its year

    @classmethod
    def of(cls, line: str) -> "_Signs":
        ruled = line.endswith("---")  # Zoho draws dashes where others put a colon
        whole, kept = line.strip(_EDGES), ""
        if (
            (opening := _START.search(whole))
            and opening.start(1) > 0
            and not _ADDRESS.search(whole[: opening.start(1)])
        ):
            kept, whole = whole[: opening.start(1)].rstrip(), whole[opening.start(1) :]
        plain = folded(whole)
        said = {word.strip(",.:;\"'«»") for word in plain.split()}
        said |= {word.strip("()") for word in said}
        addressed = bool(_ADDRESS.search(whole))
        return cls(
            whole,
            kept,
            dated=bool(DATE.search(whole)),
            timed=bool(TIME.search(whole)),
            addressed=addressed,
            verb=bool(said & VERBS) or any(phrase in plain for phrase in VERB_PHRASES),
            quoting=plain.startswith(QUOTING),
            colon=whole.endswith(":") or ruled,
            by_hand=bool(said & FIRST_PERSONS) or (bool(said & PRONOUNS) and not addressed),
            opened=plain.split(" ", 1)[0].rstrip(",") in OPENERS and bool(_ANGLED.search(whole)),
        )

    @property
    def count(self) -> int:
        return self.dated + self.timed + self.addressed + self.verb + self.quoting + self.opened


def _read(signs: _Signs, start: int) -> Attribution | None:
    """The attribution that these signs make, if they do."""
    few = Attribution(start, signs.kept, certain=False, spoken=signs.verb)
    if signs.verb and signs.dated and (signs.timed or signs.addressed):
        alone = not signs.kept or (signs.addressed and signs.kept.endswith(_FINISHED))
        return replace(few, kept=signs.kept.rstrip("-"), certain=signs.colon and not signs.by_hand and alone)
    if not signs.colon:
        return few if _OLD_GMAIL.search(signs.whole) else None
    if signs.dated and signs.timed and signs.addressed:
        return replace(few, certain=True)
    if signs.verb and signs.opened and not signs.kept:
        return replace(few, certain=not signs.by_hand)
    if signs.verb and (signs.addressed or signs.dated or _is_a_name(signs.whole)):
        return few
    if signs.dated and (signs.timed or signs.addressed):
        return few
    return few if signs.quoting and len(signs.whole.split()) <= 8 else None


def _is_a_name(whole: str) -> bool:
    """Whether all but the verb is a name: "Anna Holm wrote:", and not "as your colleague wrote:"."""
    spoken = whole.rstrip(": ").split()
    if len(spoken) > 6 or not _NAME_VERB.search(whole.rstrip(": ")):
        return False
    rest = [word for word in spoken if folded(word).strip(",.") not in VERBS]
    named = [word for word in rest if word[:1].isupper() or not word[:1].islower()]
    return bool(named) and len(rest) - len(named) <= 1 and len(rest) < len(spoken)


def _may_begin(first: str) -> bool:
    """Whether a wrapped attribution could begin so: with an opener, a date, or a name and an address."""
    word = folded(first).split(" ", 1)[0].rstrip(",")
    return (
        word in OPENERS
        or bool(DATE.search(first) and TIME.search(first))
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
    return replace(found, start=found.start - 1)
