"""Dates as people write them, in six languages: "12 Dec", "12.12.", "next Tuesday", "in 2 weeks", "KW 50".

A date without a year is the next such day; a week is over on its Friday, a range on its last day; nothing
that is more than 400 days off counts. Where people differ about what is meant ("next Friday", said on a
Tuesday), or a weekday and its date contradict each other, it is no date.
"""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import date, timedelta

from gateway.mail.line import folded
from gateway.mail.pattern import compile_pattern
from gateway.rules import date_words as words
from gateway.rules.date_forms import FORMS, Other, Place
from gateway.rules.found import Found, Taken

FARTHEST = timedelta(days=400)

Reading = Found[date | None]  # None: the characters are a date's, but name no day

_ARTICLES = ("", " the", " le", " el", " il", " den", " zum")
_RANGE = frozenset(
    word + article for word in ("-", "–", "—", "to", "till", "until", "bis") for article in _ARTICLES
) | {"au", "à", "al", "a", "hasta", "hasta el", "tot", "t/m", "jusqu'au", "fino al"}
_PAIR = frozenset(word + article for word in ("and", "und", "et", "y", "e", "en") for article in _ARTICLES)
_BETWEEN = compile_pattern(r"(?:between|zwischen|entre|tra|fra|tussen)(?: the| le| el| il| den| dem)?\s*$")
_WEEKDAY = compile_pattern(rf"({'|'.join(words.WEEKDAYS)})", ignore_case=True)
_THEN_A_DATE = frozenset(("", "the", "den", "dem", "der", "le", "el", "il", "de", "op", "am", "on"))


def dates(text: str, today: date, *, day_first: bool = True) -> list[Found[date]]:
    """All dates in a text, in their order."""
    readings: list[Reading] = []
    taken = Taken(text)
    for pattern, reader in FORMS:
        for match in pattern.finditer(text):
            start, end = match.span()
            if _stands_alone(text, start, end) and not taken.overlaps(start, end):
                answer = reader(Place(match, text, today, day_first))
                if not isinstance(answer, Other):
                    readings.append(Found(answer, start, end))
                    taken.take(start, end)
    readings = sorted(_with_weekdays(text, today, readings, taken), key=_start)
    near_enough = [
        Found(reading.value, reading.start, reading.end)
        for reading in readings
        if reading.value is not None and abs(reading.value - today) <= FARTHEST
    ]
    return _ends_of_ranges(near_enough, text)


def _start(reading: Reading) -> int:
    return reading.start


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether a match is not part of a longer word or number."""
    before, after, further = text[start - 1 : start], text[end : end + 1], text[end + 1 : end + 2]
    if before.isalnum() or (before and before in "#@_"):
        return False
    if text[start].isdigit() and before and before in "./,":
        return False
    if before == "-" and text[start - 2 : start - 1].isalpha():  # SO-12
        return False
    if after.isalnum() or (after and after in "@_%€"):
        return False
    return not (text[end - 1].isdigit() and after and after in "/-.,:" and further.isdigit())


def _with_weekdays(text: str, today: date, dated: Sequence[Reading], taken: Taken) -> list[Reading]:
    """The readings and those of weekdays; one that belongs to a date confirms it, or makes it none."""
    readings, days = sorted(dated, key=_start), list[Reading]()
    for match in _WEEKDAY.finditer(text):
        start, end = match.span(1)
        if not _stands_alone(text, start, end) or taken.overlaps(start, end):
            continue
        number = words.WEEKDAYS[folded(match.group(1) or "")]
        behind = bisect_left(readings, end, key=_start)
        if behind == len(readings) or not _belongs(text[end : readings[behind].start][:9]):
            days.append(Found(_weekday(text, start, end, number, today), start, end))
        elif (value := readings[behind].value) and value.isoweekday() != number:
            readings[behind] = Found(None, readings[behind].start, readings[behind].end)
    return readings + days


def _belongs(between: str) -> bool:
    return len(between) <= 8 and folded(between).strip(" ,.(\n\t") in _THEN_A_DATE


def _weekday(text: str, start: int, end: int, number: int, today: date) -> date | None:
    """The day that a weekday means; None where two are possible."""
    before = folded(text[max(0, start - 24) : start].rpartition("\n")[2]).split()
    after = folded(text[end : end + 32].partition("\n")[0]).replace(",", " ").split()
    ahead = (number - today.isoweekday()) % 7
    this_week, next_week = (
        today + timedelta(number - today.isoweekday()),
        today + timedelta(number - today.isoweekday() + 7),
    )
    around = {word.strip(".,;:!") for word in (*before[-1:], *after[:1])}
    nearby = {word.strip(".,;:!") for word in (*before[-2:], *after[:4])}
    if nearby & words.WEEKS and nearby & words.NEXT:
        return next_week
    if nearby & words.WEEKS and nearby & words.COMING:
        return this_week
    if around & words.LAST:
        return today - timedelta((today.isoweekday() - number) % 7 or 7)
    if around & words.NEXT:
        return next_week if this_week <= today else None
    return today + timedelta(ahead) if ahead else None


def _ends_of_ranges(readings: Sequence[Found[date]], text: str) -> list[Found[date]]:
    """The readings without those that a range begins with: "10 Dec to 12 Dec" ends on the 12th."""
    kept: list[Found[date]] = []
    for reading in readings:
        if kept and reading.value >= kept[-1].value and reading.start - kept[-1].end <= 16:
            between = " ".join(folded(text[kept[-1].end : reading.start]).split())
            opening = folded(text[max(0, kept[-1].start - 14) : kept[-1].start])
            if between in _RANGE or (between in _PAIR and _BETWEEN.search(opening)):
                kept.pop()
        kept.append(reading)
    return kept
