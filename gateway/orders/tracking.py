"""Tracking numbers in a text, and the page where a parcel can be followed.

A row of digits proves nothing: a number counts if its check digit holds and its form is a carrier's own, or
if the carrier is named nearby. The forms are data, `config/carriers.toml`; here are the check digits. Only
carriers' published arithmetic is used (GS1 General Specifications 7.9, UPU S10, ISO/IEC 7064).
"""

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any, cast

from gateway.kernel.errors import InputError
from gateway.kernel.shipped import shipped
from gateway.mail.pattern import Match, Pattern, compile_pattern

FILE = "config/carriers.toml"

_NEAR = 300  # characters: a paragraph, or the cells of one table row
_JUST_BEFORE = 40  # characters between a label and its number: "tracking number for this parcel is"
_LONGEST = 35  # characters of a number without blanks: the longest form is USPS with its ZIP code
_GROUPS = 9  # "9400 1000 0000 0000 0000 00" has six

_WORD = compile_pattern(r"[0-9A-Za-z]+")
_SEPARATORS = frozenset((" ", "-", ".", "\u00a0", "\u202f"))


@dataclass(frozen=True, slots=True)
class TrackingNumber:
    """One parcel's number, without blanks and in capitals."""

    carrier: str
    number: str


class Needs(StrEnum):
    """What must stand near a number before it is believed."""

    NOTHING = "nothing"
    NAME = "name"
    LABEL = "label"


@dataclass(frozen=True, slots=True)
class NumberForm:
    """One way a carrier numbers its parcels."""

    pattern: Pattern
    holds: Callable[[str], bool]  # the check digit
    needs: Needs
    spaced: bool

    def number(self, written: str) -> str | None:
        """The number that `written` (no blanks, capitals) is, or None."""
        found = self.pattern.fullmatch(written)
        if found is None:
            return None
        number = found.groupdict().get("number") or written
        # Where a part counts, gs1 protects that part, and mod37_36 the whole label.
        return number if self.holds(number) or (number != written and self.holds(written)) else None


@dataclass(frozen=True, slots=True)
class Carrier:
    """A carrier as carriers.toml describes it."""

    name: str
    words: Pattern
    url: str
    forms: tuple[NumberForm, ...]


@dataclass(frozen=True, slots=True)
class Carriers:
    """All carriers, and the words around numbers; `any_form` is a quick no for most of a text."""

    all: tuple[Carrier, ...]
    label: Pattern
    unless: Pattern
    any_form: Pattern


@dataclass(frozen=True, slots=True)
class _Written:
    """A piece of text that may be a number: where it stands, and what it is without blanks."""

    start: int
    end: int
    compact: str
    groups: int


def tracking_numbers(text: str, carriers: Carriers | None = None) -> tuple[TrackingNumber, ...]:
    """The tracking numbers in `text` in order of appearance, each once."""
    known = carriers or built_in()
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


@cache
def built_in() -> Carriers:
    """The carriers as shipped."""
    return read_carriers(shipped(FILE).read_text("utf-8"))


def read_carriers(text: str, where: str = FILE) -> Carriers:
    """The carriers that a text such as carriers.toml describes; InputError names what is wrong with it."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(where, f"is not TOML: {error}") from None
    entries = _tables(where, "carrier", table.get("carrier"))
    carriers = tuple(_carrier(f"{where}: carrier {n}", entry) for n, entry in enumerate(entries, start=1))
    forms = "|".join(f"(?:{_anonymous(form.pattern.text)})" for carrier in carriers for form in carrier.forms)
    return Carriers(
        carriers,
        _pattern(where, "label", table.get("label")),
        _pattern(where, "unless", table.get("unless")),
        compile_pattern(forms),
    )


def _candidates(text: str, any_form: Pattern) -> Iterator[tuple[int, list[_Written]]]:
    """For each word: the pieces that begin there and have some carrier's form, the likeliest first.

    A whole word is likelier than groups; of groups the longest row is.
    """
    words = list(_WORD.finditer(text))
    for position, word in enumerate(words):
        pieces = [
            written
            for written in _grown(text, words[position : position + _GROUPS])
            if any_form.fullmatch(written.compact)
        ]
        if pieces:
            alone = pieces[:1] if pieces[0].groups == 1 else []
            yield word.start(), alone + pieces[len(alone) :][::-1]


def _grown(text: str, words: Sequence[Match]) -> Iterator[_Written]:
    """The first word, the first two joined, the first three ... while only one separator stands between."""
    compact, start, end = "", words[0].start(), words[0].start()
    for groups, word in enumerate(words, start=1):
        if groups > 1 and text[end : word.start()] not in _SEPARATORS:
            return
        compact, end = compact + (word.group() or "").upper(), word.end()
        if len(compact) > _LONGEST:
            return
        if groups == 1 and not (any(map(str.isdigit, compact)) or len(compact) <= 3):
            return  # no number begins with a word; some begin with letters: JJD, RR
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


_FAR = 1 << 30  # the carrier is not named at all


def _distance(written: _Written, spans: Iterable[tuple[int, int]]) -> int:
    """The number of characters between a piece of text and the nearest of `spans`."""
    return min((max(start - written.end, written.start - end, 0) for start, end in spans), default=_FAR)


# --- check digits; every function takes the whole number, its check digit included -------------------------


def _ups(number: str) -> bool:
    """Letters count as A=2, B=3 ... modulo 10, every second character twice; "1Z" does not count."""
    values = [int(c) if c.isdigit() else (ord(c) - 63) % 10 for c in number.removeprefix("1Z")]
    total = sum(value * (1 + position % 2) for position, value in enumerate(values[:-1]))
    return -total % 10 == values[-1]


def _fedex12(number: str) -> bool:
    """Weights 3, 1, 7 from the left, modulo 11; 10 is written 0."""
    total = sum(int(digit) * (3, 1, 7)[position % 3] for position, digit in enumerate(number[:-1]))
    return total % 11 % 10 == int(number[-1])


def _gs1(number: str) -> bool:
    """Weights 3, 1 from the right, modulo 10 (GS1 General Specifications, 7.9)."""
    total = sum(int(digit) * (3, 1)[position % 2] for position, digit in enumerate(reversed(number[:-1])))
    return -total % 10 == int(number[-1])


def _s10(number: str) -> bool:
    """UPU S10: weights 8 6 4 2 3 5 9 7, modulo 11; 10 is written 0 and 11 is written 5."""
    digits = [int(digit) for digit in number[2:11]]
    check = (
        11 - sum(digit * weight for digit, weight in zip(digits, (8, 6, 4, 2, 3, 5, 9, 7), strict=False)) % 11
    )
    return {10: 0, 11: 5}.get(check, check) == digits[8]


def _mod7(number: str) -> bool:
    """The air waybill: the number without its last digit, modulo 7 (IATA Resolution 600a)."""
    return int(number[:-1]) % 7 == int(number[-1])


def _identcode(number: str) -> bool:
    """Weights 4, 9 from the left, modulo 10 (Deutsche Post Identcode)."""
    total = sum(int(digit) * (4, 9)[position % 2] for position, digit in enumerate(number[:-1]))
    return -total % 10 == int(number[-1])


def _mod37_36(number: str) -> bool:
    """ISO/IEC 7064 MOD 37,36, over digits and letters."""
    product = 36
    for character in number[:-1]:
        product = (product + int(character, 36)) % 36 or 36
        product = product * 2 % 37
    return (product + int(number[-1], 36)) % 36 == 1


CHECKS: Mapping[str, Callable[[str], bool]] = MappingProxyType(
    {
        "none": lambda number: True,
        "ups": _ups,
        "fedex12": _fedex12,
        "gs1": _gs1,
        "gs1_last15": lambda number: _gs1(number[-15:]),
        "s10": _s10,
        "mod7": _mod7,
        "identcode": _identcode,
        "mod37_36": _mod37_36,
    }
)


# --- reading carriers.toml ----------------------------------------------------------------------------------


def _carrier(where: str, entry: Mapping[str, Any]) -> Carrier:
    name = entry.get("name")
    if not isinstance(name, str) or not name:
        raise InputError(where, "name is missing")
    where = f"{where} ({name})"
    _only(where, entry, ("name", "words", "url", "number"))
    url = entry.get("url", "")
    if not isinstance(url, str) or (url and "{number}" not in url):
        raise InputError(where, "url must contain {number}, or be empty")
    forms = tuple(_form(where, form) for form in _tables(where, "number", entry.get("number")))
    return Carrier(name, _pattern(where, "words", entry.get("words")), url, forms)


def _form(where: str, entry: Mapping[str, Any]) -> NumberForm:
    _only(where, entry, ("pattern", "check", "needs", "spaced"))
    check, needs, spaced = (
        entry.get("check", "none"),
        entry.get("needs", "nothing"),
        entry.get("spaced", True),
    )
    if check not in CHECKS:
        raise InputError(where, f"check {check!r} is unknown", "known: " + ", ".join(CHECKS))
    if needs not in list(Needs):
        raise InputError(where, f"needs {needs!r} is unknown", "known: " + ", ".join(Needs))
    if not isinstance(spaced, bool):
        raise InputError(where, "spaced must be true or false")
    return NumberForm(_pattern(where, "pattern", entry.get("pattern")), CHECKS[check], Needs(needs), spaced)


def _tables(where: str, key: str, value: object) -> list[Mapping[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in cast("list[Any]", value)):
        raise InputError(where, f"needs at least one [[{key}]]")
    return cast("list[Mapping[str, Any]]", value)


def _only(where: str, entry: Mapping[str, Any], known: Sequence[str]) -> None:
    for key in entry:
        if key not in known:
            raise InputError(where, f"{key} is an unknown key", "known: " + ", ".join(known))


def _pattern(where: str, key: str, value: object) -> Pattern:
    if not isinstance(value, str) or not value:
        raise InputError(where, f"{key} must be a pattern in quotes")
    try:
        return compile_pattern(value)
    except ValueError as error:
        raise InputError(where, f"{key}: {error}") from None


def _anonymous(pattern: str) -> str:
    """The pattern without the name of its group, which may occur only once in an alternation."""
    return pattern.replace("(?P<number>", "(")
