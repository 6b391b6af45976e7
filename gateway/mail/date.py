"""Dates as mail writes them: RFC 5322 3.3 with its obsolete forms, ISO 8601, and asctime's order."""

from datetime import UTC, datetime, timedelta, timezone

from gateway.mail.pattern import Match, compile_pattern

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAY, _MONTH, _YEAR = r"(?P<day>\d{1,2})", r"(?P<month>[a-z]{3})", r"(?P<year>\d{4})"
_TIME = (
    r"(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,]\d+)?)?"
    r"(?:\s*(?P<half>[ap])\.?m\.?)?"
)
_ZONE = r"(?:\s*(?P<zone>[+-]\s?\d{2}:?\d{2}|[a-z]{1,5}))?"
_SHAPES = tuple(
    compile_pattern(shape, ignore_case=True)
    for shape in (
        rf"{_DAY}[ .-]*\s*{_MONTH}[a-z.]*[ ,.-]*(?P<year>\d{{2,4}})[ ,at]*\s+{_TIME}{_ZONE}",
        rf"{_YEAR}-(?P<month>\d{{1,2}})-{_DAY}[t ]+{_TIME}{_ZONE}",
        rf"{_MONTH}[a-z]*\s+{_DAY},?\s+{_TIME}\s+(?P<zone>[a-z]{{3,4}}\s+)?{_YEAR}",
        rf"{_MONTH}[a-z]*\s+{_DAY},?\s+{_YEAR}[ ,at]*\s+{_TIME}{_ZONE}",
    )
)
_COMMENT = compile_pattern(r"\([^()]*\)")
# RFC 5322 4.3 and what Europe writes; other letters are too often wrong and count as UTC, as "-0000" does.
_HOURS = {"bst": 1, "met": 1, "cet": 1, "mest": 2, "cest": 2, "eet": 2, "eest": 3, "jst": 9}
_ZONES = {"edt": -4, "est": -5, "cdt": -5, "cst": -6, "mdt": -6, "mst": -7, "pdt": -7, "pst": -8} | _HOURS
_CENTURY = 50  # RFC 5322 4.3: two digits up to 49 are of this century


def date_of(value: str) -> datetime | None:
    """The instant that a Date field names, in UTC; None when it names none."""
    text = _COMMENT.sub(" ", value[:200]) if "(" in value else value[:200]
    for shape in _SHAPES:
        if match := shape.search(text):
            return _instant(match)
    return None


def _instant(match: Match) -> datetime | None:
    got = {name: value or "" for name, value in match.groupdict().items()}
    month = int(got["month"]) if got["month"].isdigit() else _month(got["month"].lower())
    year = int(got["year"])
    if len(got["year"]) < 4:
        year += 2000 if len(got["year"]) == 2 and year < _CENTURY else 1900
    hour = int(got["hour"])
    if got.get("half"):
        hour = hour % 12 + (12 if got["half"].lower() == "p" else 0)
    second = min(int(got.get("second") or 0), 59)  # a leap second is the one before
    try:
        zone = timezone(_offset(got.get("zone", "").strip().lower()))
        return datetime(
            year, month, int(got["day"]), hour, int(got["minute"]), second, tzinfo=zone
        ).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _month(name: str) -> int:
    return _MONTHS.index(name) + 1 if name in _MONTHS else 0


def _offset(zone: str) -> timedelta:
    if zone[:1] in ("+", "-") and zone:
        digits = zone[1:].replace(":", "").strip()
        offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:4]))
        return -offset if zone[0] == "-" else offset
    return timedelta(hours=_ZONES.get(zone, 0))
