"""The shop's days: what day it is there, when it is open, and when people want to be left alone.

Stored time is UTC; a day, an hour of the clock and "in five working days" exist only here, in the shop's
zone. The subtle thing is the change of the clock, twice a year: an hour that does not exist is read as if
the clock had not been put forward yet (02:30 becomes 03:30), of an hour that comes twice the first is meant.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gateway.kernel.errors import InputError

WORKDAYS = frozenset(range(5))  # Monday is 0, as in `date.weekday`
QUIET = (21, 8)  # from nine in the evening to eight in the morning


@dataclass(frozen=True, slots=True)
class ShopCalendar:
    """A zone, the days of the week on which the shop works, the days it does not, and its quiet hours."""

    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    open_days: frozenset[int] = WORKDAYS
    holidays: frozenset[date] = frozenset()
    quiet: tuple[int, int] = QUIET  # hours of the clock: from, until; equal ones mean never

    def __post_init__(self) -> None:
        if not self.open_days or not self.open_days <= frozenset(range(7)):
            raise ValueError("a shop is open on at least one day of the week, 0 (Monday) to 6 (Sunday)")
        _check(self.quiet)

    def local(self, now: datetime) -> datetime:
        """The instant as the shop's clock shows it."""
        return now.astimezone(self.zone)

    def today(self, now: datetime) -> date:
        """The day it is in the shop."""
        return self.local(now).date()

    def at(self, day: date, clock: time) -> datetime:
        """The instant, in UTC, at which the shop's clock shows `clock` on `day`."""
        return datetime.combine(day, clock.replace(fold=0), self.zone).astimezone(UTC)

    def is_working_day(self, day: date) -> bool:
        return day.weekday() in self.open_days and day not in self.holidays

    def add_working_days(self, day: date, count: int) -> date:
        """The day `count` working days after `day` (before, if negative).

        Nought is the same day if it is a working day, else the next one.
        """
        step = timedelta(days=1 if count >= 0 else -1)
        if count == 0:
            while not self.is_working_day(day):
                day += step
        for _ in range(abs(count)):
            day += step
            while not self.is_working_day(day):
                day += step
        return day

    def is_quiet(self, now: datetime, quiet: tuple[int, int] | None = None) -> bool:
        """Whether the shop's clock stands in the quiet hours."""
        start, end = _check(quiet or self.quiet)
        hour = self.local(now).hour
        return start <= hour < end if start <= end else hour >= start or hour < end

    def next_slot(self, now: datetime, quiet: tuple[int, int] | None = None) -> datetime:
        """The first instant from `now` on outside the quiet hours, in UTC."""
        quiet = quiet or self.quiet
        if not self.is_quiet(now, quiet):
            return now.astimezone(UTC)
        day, morning = self.today(now), time(quiet[1])
        same_day = self.at(day, morning)
        return same_day if same_day > now else self.at(day + timedelta(days=1), morning)


def zone_named(name: str, where: str) -> ZoneInfo:
    """The zone of that name in the system's tzdata; InputError, naming `where`, if there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InputError(where, f"no time zone {name!r}", "write one such as Europe/Berlin") from None


def _check(quiet: tuple[int, int]) -> tuple[int, int]:
    if not all(0 <= hour < 24 for hour in quiet):
        raise ValueError(f"quiet hours are two hours of the clock, 0 to 23, not {quiet}")
    return quiet
