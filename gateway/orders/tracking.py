"""Tracking numbers in a text, and the page where a parcel can be followed.

A row of digits proves nothing: a number counts if its check digit holds and its form is a carrier's own, or
if the carrier is named nearby. The forms are data (`carriers`, `config/carriers.toml`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gateway.mail.pattern import Pattern, compile_pattern
from gateway.orders.carriers import Carriers, Needs, built_in

_NEAR = 300  # characters: a paragraph, or the cells of one table row
_JUST_BEFORE = 40  # characters between a label and its number: "tracking number for this parcel is"
_FAR = 1 << 30  # the carrier is not named at all
_LOOKED_AT = 64 * 1024  # characters; what a carrier has to say stands at the top
_SHORTEST, _LONGEST = 8, 35  # characters of a number without blanks: GLS; USPS with its ZIP code
_GROUPS = 9  # "9400 1000 0000 0000 0000 00" has six

_WORD = compile_pattern(r"[0-9A-Za-z]+")
_SEPARATORS = frozenset((" ", "-", ".", "\u00a0", "\u202f"))


@dataclass(frozen=True, slots=True)
class TrackingNumber:
    """One parcel's number, without blanks and in capitals."""

    carrier: str
    number: str


@dataclass(frozen=True, slots=True)
class _Written:
    """A piece of text that may be a number: where it stands, and what it is without blanks."""

    start: int
    end: int
    compact: str
    groups: int


def tracking_numbers(text: str, carriers: Carriers | None = None) -> tuple[TrackingNumber, ...]:
    """The tracking numbers in `text` in order of appearance, each once."""
    known, text = carriers or built_in(), text[:_LOOKED_AT]
    found: dict[str, TrackingNumber] = {}
    names = {carrier.name: [match.span() for match in carrier.words.finditer(text)] for carrier in known.all}
    end = 0
    for first, alternatives in _candidates(text, known.any_form):
        if first < end:
            continue  # inside a number that is already taken
        for written in alternatives:
            taken = _read(text, written, known, names)
            if taken is not None:
                found.setdefault(taken.number, taken)
                end = written.end
                break
    return tuple(found.values())


def tracking_url(carrier: str, number: str, carriers: Carriers | None = None) -> str:
    """The carrier's own page about a parcel; empty if the carrier or its page is unknown."""
    wanted = carrier.casefold()
    for known in (carriers or built_in()).all:
        if known.name.casefold() == wanted:
            return known.url.replace("{number}", number) if number.isalnum() and number.isascii() else ""
    return ""


def _candidates(text: str, any_form: Pattern) -> Iterator[tuple[int, list[_Written]]]:
    """For each word: the pieces that begin there and have some carrier's form, the likeliest first.

    A whole word is likelier than groups; of groups the longest row is.
    """
    words = [(*match.span(), (match.group() or "").upper()) for match in _WORD.finditer(text)]
    for position, (start, _, _) in enumerate(words):
        pieces = [
            written
            for written in _grown(text, words[position : position + _GROUPS])
            if len(written.compact) >= _SHORTEST and any_form.fullmatch(written.compact)
        ]
        if pieces:
            alone = pieces[:1] if pieces[0].groups == 1 else []
            yield start, alone + pieces[len(alone) :][::-1]


def _grown(text: str, words: Sequence[tuple[int, int, str]]) -> Iterator[_Written]:
    """The first word, the first two joined, the first three ... while only one separator stands between."""
    start, end, compact = words[0]
    if len(compact) > 3 and compact.isalpha():
        return  # no number begins with a word; some begin with letters: JJD, RR
    yield _Written(start, end, compact, groups=1)
    for groups, (word_start, word_end, word) in enumerate(words[1:], start=2):
        if text[end:word_start] not in _SEPARATORS or len(compact) + len(word) > _LONGEST:
            return
        compact, end = compact + word, word_end
        yield _Written(start, end, compact, groups)


def _read(
    text: str, written: _Written, known: Carriers, names: Mapping[str, Sequence[tuple[int, int]]]
) -> TrackingNumber | None:
    """The number that a piece of text is, of the carrier that is named closest to it; None if of none."""
    before = text[max(0, written.start - _JUST_BEFORE) : written.start].rpartition("\n\n")[2]
    labelled = known.label.search(before) is not None
    something_else = known.unless.search(before) is not None
    believed: list[tuple[int, TrackingNumber]] = []
    for carrier in known.all:
        away = _distance(written, names[carrier.name])
        for form in carrier.forms:
            if written.groups > 1 and not form.spaced:
                continue
            number = form.number(written.compact)
            if number is None or not _believed(form.needs, away, labelled, something_else):
                continue
            believed.append((away if away <= _NEAR else _NEAR + 1, TrackingNumber(carrier.name, number)))
    return min(believed, key=lambda entry: entry[0])[1] if believed else None


def _believed(needs: Needs, away: int, labelled: bool, something_else: bool) -> bool:
    match needs:
        case Needs.NOTHING:
            return True
        case Needs.NAME:
            return not something_else and (away <= _NEAR or (labelled and away < _FAR))
        case Needs.LABEL:
            return not something_else and (away <= _JUST_BEFORE or (labelled and away < _FAR))


def _distance(written: _Written, spans: Iterable[tuple[int, int]]) -> int:
    """The number of characters between a piece of text and the nearest of `spans`."""
    return min((max(start - written.end, written.start - end, 0) for start, end in spans), default=_FAR)
