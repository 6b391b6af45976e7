"""The forms of dates as a table: how each looks, and how it is read; the surest stand first.

A reader answers with a date, with None when the characters are its own but name no day ("31.02.2026"), or
with OTHER when another form may read them.
"""

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from typing import Final, TypeAlias

from gateway.kernel.calendar import ShopCalendar
from gateway.mail.line import folded
from gateway.mail.pattern import Match, Pattern, compile_pattern
from gateway.rules import date_words as words


class Other(Enum):
    """The answer of a reader whose form this is not."""

    FORM = "form"


OTHER: Final = Other.FORM
Answer: TypeAlias = "date | Other | None"

_WORKING = ShopCalendar()  # Monday to Friday: other people's holidays are not ours to know


@dataclass(frozen=True, slots=True)
class Place:
    """A match in its text, and what it is read against."""

    match: Match
    text: str
    today: date
    day_first: bool

    def part(self, name: str) -> str:
        return folded(self.match.group(name) or "").strip()

    def number(self, name: str) -> int:
        return int(self.part(name) or 0)

    @property
    def word_before(self) -> str:
        """The word in front of it, folded, "" at the start of a line."""
        start = self.match.start()
        line = self.text[max(0, start - 24) : start].rpartition("\n")[2]
        return folded(line).rstrip().rpartition(" ")[2].strip(".,:;(")

    @property
    def counts(self) -> bool:
        """Whether it is the number of something: "12/12 units"."""
        end = self.match.end()
        behind = folded(self.text[end : end + 24].partition("\n")[0]).split(maxsplit=1)
        return bool(behind) and behind[0].strip(".,:;!)") in words.COUNTED


def _iso(place: Place) -> Answer:
    return day(place.number("y"), place.number("m"), place.number("d"))


def _numeric(place: Place) -> Answer:
    """Behind points the month stands second everywhere; other signs follow the habit of the country."""
    if place.part("s") != place.part("t"):
        return OTHER
    a, b, year = place.number("a"), place.number("b"), _year(place.part("y"), place)
    if place.part("s") == ".":
        return day(year, b, a)
    return _in_order(place, day(year, b, a), day(year, a, b))


def _day_month(place: Place) -> Answer:
    month = _month(place)
    if month is None or (place.counts and not _year_said(place)):
        return OTHER
    return _dated(place, month, place.number("d"))


def _month_day(place: Place) -> Answer:
    month = _month(place) if place.part("m") in words.ENGLISH_MONTHS else None
    if month is None or (place.counts and not _year_said(place)):
        return OTHER
    return _dated(place, month, place.number("e") or place.number("d"))


def _end_of(place: Place) -> Answer:
    """The last day of a month or a year."""
    name, which, year = place.part("m"), {place.part("w"), place.part("v")}, place.today.year
    if place.part("z") == "fine" and name[-1:] not in "oe":  # Italian; English "that is fine"
        return OTHER
    if name in words.MONTHS:
        found = last_of(place.number("y") or year, words.MONTHS[name])
        return found if place.part("y") or found >= place.today else last_of(year + 1, found.month)
    if name in words.MONTHS_LONG:
        return last_of(*_months_on(place.today, 1 if which & words.NEXT else 0))
    if name in ("year", "jahres", "année", "año", "anno", "jaar"):
        return day(year + (1 if which & words.NEXT else 0), 12, 31)
    return OTHER


def _ahead(place: Place) -> Answer:
    """What "in 2 weeks" means; of "2 to 3 weeks" the last day."""
    count, unit = _count(place.part("f")) or _count(place.part("n")), place.part("u")
    if count is None:
        return OTHER
    if unit in words.WORKDAYS or (unit in words.DAYS and (place.part("w") or place.part("v"))):
        return _WORKING.add_working_days(place.today, count)
    if unit in words.DAYS:
        return place.today + timedelta(days=count)
    if unit in words.WEEKS:
        return place.today + timedelta(weeks=count)
    if unit in words.MONTHS_LONG:
        year, month = _months_on(place.today, count)
        return date(year, month, min(place.today.day, monthrange(year, month)[1]))
    return OTHER


def _working_days(place: Place) -> Answer:
    """Reads "5 working days" from today; "late by 5 working days" counts from a day that we do not know."""
    if place.word_before in ("by", "um", "of", "de", "d'", "di", "van", "met", "con", "mit", "von", "every"):
        return OTHER
    unit = place.part("u")
    is_one = unit in words.WORKDAYS or (unit in words.DAYS and bool(place.part("w") or place.part("v")))
    return _ahead(place) if is_one else OTHER


def _week(place: Place) -> Answer:
    """The Friday of a week of ISO 8601: then the working week is over."""
    before = place.word_before
    if before.isdigit() or before in words.NUMBERS or before in words.BEFORE_A_WEEK or place.counts:
        return OTHER
    number, year = place.number("f") or place.number("n"), place.number("y")
    found = friday(year or place.today.isocalendar().year, number)
    return friday(found.year + 1, number) if found and found < place.today and not year else found


def _day_point_month(place: Place) -> Answer:
    """Reads "12.12."; without the last point only behind "am" and its like, for "12.5" is a number."""
    if place.counts or place.word_before in words.BEFORE_A_PRICE or place.word_before[-1:] in ("€", "$", "£"):
        return OTHER
    if not place.part("p") and place.word_before not in ("am", "zum", "den", "dem"):
        return OTHER
    return upcoming(place.today, place.number("b"), place.number("a")) or OTHER


def _day_stroke_month(place: Place) -> Answer:
    if place.counts:
        return OTHER
    a, b = place.number("a"), place.number("b")
    return _in_order(place, upcoming(place.today, b, a), upcoming(place.today, a, b)) or OTHER


def _from_today(place: Place) -> Answer:
    """Today, tomorrow; "guten Morgen" and "por la mañana" are no days."""
    if place.word_before in ("guten", "am", "jeden", "goede", "la", "las"):
        return OTHER
    return place.today + timedelta(days=words.FROM_TODAY[" ".join(place.part("r").split())])


_NUMBER = r"\d{1,3}|\pL{1,6}"
_TO = r"(?:\s?(?:-|–|to|bis|or|oder|à|a|ou|o|tot|of)\s?(?P<f>\d{1,3}|\pL{3,6}))?"
_UNIT = (
    r"(?P<w>(?:working|business|work)[ -])?(?P<u>\pL{3,12})"
    r"(?P<v>\s(?:ouvr|labor|lavor|hábil|habil|útil)\pL+)?"
)
_YEAR = r"(?:(?:,\s?|\s|-|\.\s)(?:del?\s)?(?P<y>20\d\d)|(?:-|\s?['’])(?P<z>\d\d))?"
_DAY = r"(?P<d>\d{1,2})(?P<o>st|nd|rd|th|er|º|°|\.)?"
_SOON = (
    r"(?:(?:the|der|den|les|las|los|nei|nelle|de)\s)?"
    r"(?:(?:next|nächsten|prochain\pL*|próxim\pL+|prossim\pL|komende|coming)\s)?"
    r"(?:(?:about|approx\.?|around|max\.?|maximum|ca\.?|circa|etwa|rund|environ|unos|unas|ongeveer)\s)?"
)
_IN = r"in|within|innerhalb|innert|binnen|nach|after|dans|sous|en|dentro de|tra|fra|entro|over|na"
_END = (
    r"(?P<z>end|ende|fin|final|finales|fine|eind|einde)(?:\s(?:of|des|de|du|del|van|di))?"
    r"(?:\s(?:the|la|las|le|de|het|l['’]))?(?P<w>\s(?:this|next|current|diese[nrs]|nächste[nrs]|laufenden"
    r"|este|próximo|questo|prossimo|deze|volgende))?\s(?P<m>\pL{3,10})"
)
_KW = (
    r"(?:KW|CW|wk|week|weeks|woche|kalenderwoche|semaine|sem\.|semana|settimana)\s?(?:n[°º.o]\.?\s?)?"
    r"(?P<n>\d{1,2})(?:\s?(?:/|of|von|de|,)?\s?(?P<y>20\d\d)"
    r"|\s?(?:-|–|/|to|bis|and|und|à|a)\s?(?:KW ?)?(?P<f>\d{1,2}))?"
)
_SPOKEN = (
    r"day\safter\stomorrow|pasado\smañana|today|tomorrow|heute|morgen|übermorgen|aujourd['’]hui|demain"
    r"|après-demain|hoy|mañana|oggi|domani|dopodomani|vandaag|overmorgen"
)

_TABLE: tuple[tuple[str, Callable[[Place], Answer]], ...] = (
    (r"(?P<y>20\d\d)[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?:T[\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?", _iso),
    (r"(?P<a>\d{1,2})(?P<s>[./-]) ?(?P<b>\d{1,2})(?P<t>[./-]) ?(?P<y>20\d\d|\d\d)", _numeric),
    (rf"{_DAY}[ \t-]*\n?(?:de\s|of\s|d['’])?(?P<m>\pL{{3,10}})(?P<p>\.?){_YEAR}", _day_month),
    (rf"(?P<m>\pL{{3,9}})(?P<p>\.?)\s{_DAY}(?:\s?(?:-|–|to)\s?(?P<e>\d{{1,2}}))?{_YEAR}", _month_day),
    (rf"{_END}(?:\s(?P<y>20\d\d)|(?P<v>\s(?:prochain|próximo|prossimo)))?", _end_of),
    (rf"(?:{_IN})\s(?:von\s)?{_SOON}(?P<n>{_NUMBER}){_TO}\s{_UNIT}", _ahead),
    (rf"(?P<n>{_NUMBER}){_TO}\s{_UNIT}", _working_days),
    (_KW, _week),
    (r"(?P<a>\d{1,2})\. ?(?P<b>\d{1,2})(?P<p>\.?)", _day_point_month),
    (r"(?P<a>\d{1,2})/(?P<b>\d{1,2})", _day_stroke_month),
    (rf"(?P<r>{_SPOKEN})", _from_today),
)
FORMS: tuple[tuple[Pattern, Callable[[Place], Answer]], ...] = tuple(
    (compile_pattern(text, ignore_case=True), reader) for text, reader in _TABLE
)


def day(year: int, month: int, number: int) -> date | None:
    """That day, if there is one."""
    try:
        return date(year, month, number)
    except ValueError:
        return None


def upcoming(today: date, month: int, number: int) -> date | None:
    """The next such day from today on, in this year or the next."""
    found = day(today.year, month, number)
    return found if found and found >= today else day(today.year + 1, month, number)


def last_of(year: int, month: int) -> date:
    """The last day of a month."""
    return date(year, month, monthrange(year, month)[1])


def friday(year: int, week: int) -> date | None:
    """The Friday of a week (ISO 8601), if the year has it."""
    try:
        return date.fromisocalendar(year, week, 5)
    except ValueError:
        return None


def _dated(place: Place, month: int, number: int) -> date | None:
    if _year_said(place):
        return day(_year(place.part("y") or place.part("z"), place), month, number)
    return upcoming(place.today, month, number)


def _year_said(place: Place) -> bool:
    return bool(place.part("y") or place.part("z"))


def _year(digits: str, place: Place) -> int:
    return int(digits) + (0 if len(digits) == 4 else place.today.year // 100 * 100)


def _in_order(place: Place, day_first: date | None, month_first: date | None) -> date | None:
    return (day_first or month_first) if place.day_first else (month_first or day_first)


def _month(place: Place) -> int | None:
    """The month that a word means here; doubtful words need a capital, a point, "12th" or a year."""
    word = place.match.group("m") or ""
    name = folded(word)
    sure = word[:1].isupper() or place.part("p") or place.part("o") or _year_said(place)
    return None if name in words.DOUBTFUL_MONTHS and not sure else words.MONTHS.get(name)


def _count(number: str) -> int | None:
    return int(number) if number.isdigit() else words.NUMBERS.get(number)


def _months_on(today: date, count: int) -> tuple[int, int]:
    years, month = divmod(today.month - 1 + count, 12)
    return today.year + years, month + 1
