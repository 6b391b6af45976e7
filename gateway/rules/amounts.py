"""Quantities, parts of a whole, money and percentages as people write them in six languages.

A point or comma before exactly three digits groups thousands (`1.250 Stk` is 1250 pieces), any other one
parts the decimals. A number that belongs to a name is none: `PO-1042`, `#40`, `12.12.2026`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from gateway.kernel.money import Money, money
from gateway.mail.line import folded
from gateway.mail.pattern import Match, compile_pattern
from gateway.rules import amount_words as words
from gateway.rules.date_words import COUNTED, MONTHS, NUMBERS
from gateway.rules.found import Found, Taken


@dataclass(frozen=True, slots=True)
class Part:
    """So many of so many; a supplier may well promise more than the whole."""

    part: int
    whole: int


_NUMBER = r"\d{1,3}(?:[.,'’\x{a0}\x{202f} ]\d{3})+(?:[.,]\d{1,2})?|\d+(?:[.,]\d{1,3})?"
_NUMBERS = compile_pattern(rf"({_NUMBER})")
_SPOKEN = compile_pattern(
    rf"({'|'.join(word for word in NUMBERS if word not in words.ARTICLES)})", ignore_case=True
)
_LABELLED = compile_pattern(
    r"(?:qty|quantity|menge|anzahl|quantité|qté|cantidad|cant|quantità|qtà|aantal|units|stück|pieces|pcs)"
    rf"\.?\s?[:=]\s?({_NUMBER})",
    ignore_case=True,
)
_PART = compile_pattern(
    rf"({_NUMBER})(?:\s\pL{{1,10}}\.?)?\s(?:of|out of|von|aus|sur|de|di|su|van|uit)\s"
    rf"(?:(?:the|den|der|les|las|los|le|i|gli|de|your|total)\s)?({_NUMBER})"
    r"|(\d{1,6})\s?/\s?(\d{1,6})",
    ignore_case=True,
)
_SIGN = r"€|£|US\$|\$|¥|₹|₺|(?i:zł|kč|kr|fr)\.?|EUR|Eur|eur|" + "|".join(words.CODES)
_NAME = rf"{_SIGN}|(?i:euros?|dollars|pounds|franken|francs|ft|lei)"
_MONEY = compile_pattern(
    rf"({_SIGN})\s?([-−]?(?:{_NUMBER}))(?:[.,][-–—]+)?|([-−]?(?:{_NUMBER}))(?:[.,][-–—]+)?\s?({_NAME})"
)
_BARE_MONEY = compile_pattern(r"([-−]?\d+[.,]\d\d|[-−]?\d{1,3}(?:[., ]\d{3})+[.,]\d\d)")
_PERCENT = compile_pattern(
    rf"([-−]?(?:{_NUMBER}))\s?(?:%|percent|per cent|prozent|pour ?cent|por ?ciento|per ?cento|procent)",
    ignore_case=True,
)


def quantities(text: str, unit: Sequence[str] = ()) -> list[Found[int]]:
    """The numbers of pieces in a text: before a unit, "3 dozen", "Qty: 40"; never parts of a whole."""
    wanted = frozenset(folded(word) for word in unit) or frozenset(words.UNITS)
    taken = Taken(text)
    for match in _PART.finditer(text):
        if _part(match, text):
            taken.take(*match.span())
    found: list[Found[int]] = []
    for match in (*_NUMBERS.finditer(text), *_SPOKEN.finditer(text)):
        start, end = match.span(1)
        said = match.group(1) or ""
        number = decimal(said) if said[0].isdigit() else Decimal(NUMBERS[folded(said)])
        times = _times(text[end : end + 48], wanted) if _free(text, start, end, unit_follows=True) else 0
        if number is None or not times or taken.overlaps(start, end):
            continue
        if (count := _integral(number * times)) is not None:
            found.append(Found(count, start, end))
            taken.take(start, end)
    if not unit:
        labelled = (match for match in _LABELLED.finditer(text) if _free(text, *match.span(1)))
        for match in labelled:
            count = _whole(match.group(1) or "")
            if count is not None and not taken.overlaps(*match.span(1)):
                found.append(Found(count, *match.span(1)))
    return sorted(found, key=lambda reading: reading.start)


def _times(behind: str, wanted: frozenset[str]) -> int:
    """What a number is multiplied with by the words behind it: 1 before a unit, 12 before "dozen", else 0."""
    said = folded(behind.partition("\n\n")[0]).split()[:3]
    plain = [word.strip(".,;:!?()") for word in said]
    if not plain:
        return 0
    if plain[0] in words.DOZENS:
        return 12
    if plain[0] in wanted or (plain[0] in ("x", "×") and plain[1:2] and plain[1] in wanted):
        return 1
    adjective = said[0].isalpha() and plain[0] not in words.FUNCTION_WORDS
    return 1 if adjective and len(plain) > 1 and plain[1] in wanted - {"x", "×"} else 0


def parts_of_a_whole(text: str) -> list[Found[Part]]:
    """Reads "40 of 50" and "40/50"; what reads as a day and a month counts only before a unit."""
    found: list[Found[Part]] = []
    for match in _PART.finditer(text):
        part = _part(match, text)
        if part:
            found.append(Found(part, *match.span()))
    return found


def _part(match: Match, text: str) -> Part | None:
    start, end = match.span()
    before = folded(text[max(0, start - 20) : start]).split()
    behind = folded(text[end : end + 20]).split()
    following = behind[0].strip(".,;:!)") if behind else ""
    if not _free(text, start, end) or (before and before[-1].strip(".,:;(#") in words.PAGES):
        return None
    if match.group(3):
        part, whole = int(match.group(3) or 0), int(match.group(4) or 0)
        dated = (1 <= part <= 31 and 1 <= whole <= 12) or (1 <= part <= 12 and 1 <= whole <= 31)
        return None if dated and following not in COUNTED else Part(part, whole)
    part_of, whole_of = _whole(match.group(1) or ""), _whole(match.group(2) or "")
    if part_of is None or whole_of is None or following in MONTHS:
        return None
    return Part(part_of, whole_of)


def amounts_of_money(text: str, currency: str = "") -> list[Found[Money]]:
    """The sums of money in a text; `currency` is the shop's, for "12.50" alone and for signs of several."""
    found: list[Found[Money]] = []
    for match in _MONEY.finditer(text):
        sign, number = (
            (match.group(1), match.group(2)) if match.group(1) else (match.group(4), match.group(3))
        )
        amount, meant = decimal(number or ""), _currency(sign or "", currency)
        if amount is not None and meant and _free(text, *match.span()):
            found.append(Found(money(amount, meant), *match.span()))
    if found or not currency:
        return found
    bare = [match for match in _BARE_MONEY.finditer(text) if _free(text, *match.span())]
    values = (
        (decimal(match.group(1) or ""), match.span()) for match in bare if not _measures(text, match.end())
    )
    return [Found(money(value, currency), *span) for value, span in values if value is not None]


def _currency(sign: str, ours: str) -> str:
    if sign.upper() in words.CODES:
        return sign.upper()
    possible = words.CURRENCIES.get(folded(sign).rstrip("."), ("",))
    return ours if ours in possible else possible[0]


def _measures(text: str, end: int) -> bool:
    """Whether a unit or the point of a date follows, so that the number is no price."""
    behind = text[end : end + 12].partition("\n")[0]
    following = folded(behind).split(maxsplit=1)
    dated = behind.startswith(".") and text[end - 2 : end] <= "12"  # "12.10." may be the tenth month
    return dated or behind.startswith("%") or (bool(following) and following[0] in COUNTED)


def percentages(text: str) -> list[Found[Decimal]]:
    """The percentages in a text: "5 %" is 5."""
    values = ((decimal(match.group(1) or ""), match.span()) for match in _PERCENT.finditer(text))
    return [Found(value, *span) for value, span in values if value is not None]


def decimal(number: str) -> Decimal | None:
    """The value of a number with signs of grouping or decimals, as people write it."""
    plain = number.replace("−", "-")
    for blank in " '’\u00a0\u202f":
        plain = plain.replace(blank, "")
    last = max(plain.rfind("."), plain.rfind(","))
    if last >= 0:
        head, mark, tail = plain[:last], plain[last], plain[last + 1 :]
        digits = head.replace(".", "").replace(",", "")
        only_mark = digits == head.replace(mark, "")
        grouping = only_mark and (mark in head or (len(tail) == 3 and digits.lstrip("-") not in ("", "0")))
        plain = f"{digits}{tail}" if grouping else f"{digits}.{tail}"
    try:
        return Decimal(plain)
    except ArithmeticError:
        return None


def _whole(number: str) -> int | None:
    value = decimal(number)
    return None if value is None else _integral(value)


def _integral(value: Decimal) -> int | None:
    return int(value) if value < 10**9 and value == value.to_integral_value() else None


def _free(text: str, start: int, end: int, *, unit_follows: bool = False) -> bool:
    """Whether a number is not part of a name, a date or a longer number."""
    before, after, further = text[start - 1 : start], text[end : end + 1], text[end + 1 : end + 2]
    if before.isalnum() or (before and before in "#-–/.,:_@"):
        return False
    if after.isdigit() or (after.isalpha() and not unit_follows and text[end - 1].isdigit()):
        return False
    return not (after and after in "/.,:-" and further.isdigit())


def found_words(text: str, pattern: str) -> Iterable[Found[str]]:
    """Every place where a pattern holds, as text."""
    return (Found(match.group(0) or "", *match.span()) for match in compile_pattern(pattern).finditer(text))
