"""The shop's days, over changes of the clock, holidays and quiet nights."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from gateway.kernel.calendar import ShopCalendar, zone_named
from gateway.kernel.errors import InputError

BERLIN = ShopCalendar(ZoneInfo("Europe/Berlin"))
FRIDAY = date(2026, 11, 20)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type]


def test_the_shops_day_begins_at_its_own_midnight() -> None:
    assert BERLIN.today(utc(2026, 11, 20, 22, 59)) == date(2026, 11, 20)
    assert BERLIN.today(utc(2026, 11, 20, 23, 0)) == date(2026, 11, 21)
    assert BERLIN.local(utc(2026, 7, 1, 10)).hour == 12


def test_an_hour_of_the_shops_clock_is_an_instant_in_utc() -> None:
    assert BERLIN.at(FRIDAY, time(9)) == utc(2026, 11, 20, 8)
    assert BERLIN.at(FRIDAY, time(9)).tzinfo is UTC
    assert BERLIN.at(date(2026, 7, 1), time(9)) == utc(2026, 7, 1, 7)


def test_an_hour_that_does_not_exist_is_read_as_if_the_clock_had_not_moved_yet() -> None:
    assert BERLIN.at(date(2026, 3, 29), time(2, 30)) == utc(2026, 3, 29, 1, 30)
    assert BERLIN.local(BERLIN.at(date(2026, 3, 29), time(2, 30))).time() == time(3, 30)


def test_of_an_hour_that_comes_twice_the_first_is_meant() -> None:
    assert BERLIN.at(date(2026, 10, 25), time(2, 30)) == utc(2026, 10, 25, 0, 30)
    assert BERLIN.at(date(2026, 10, 25), time(2, 30, fold=1)) == utc(2026, 10, 25, 0, 30)


def test_a_day_is_no_24_hours_when_the_clock_changes() -> None:
    before = BERLIN.at(date(2026, 3, 28), time(9))

    assert BERLIN.at(date(2026, 3, 29), time(9)) - before == timedelta(hours=23)


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        (FRIDAY, 1, date(2026, 11, 23)),
        (FRIDAY, 5, date(2026, 11, 27)),
        (FRIDAY, 0, FRIDAY),
        (date(2026, 11, 21), 0, date(2026, 11, 23)),
        (date(2026, 11, 21), 1, date(2026, 11, 23)),
        (date(2026, 11, 23), -1, FRIDAY),
        (date(2026, 12, 24), 1, date(2026, 12, 28)),
    ],
)
def test_working_days(day: date, count: int, expected: date) -> None:
    assert ShopCalendar(holidays=frozenset({date(2026, 12, 25)})).add_working_days(day, count) == expected


def test_a_shop_may_work_on_saturdays() -> None:
    shop = ShopCalendar(open_days=frozenset({1, 2, 3, 4, 5}))

    assert shop.add_working_days(FRIDAY, 1) == date(2026, 11, 21)
    assert shop.add_working_days(FRIDAY, 2) == date(2026, 11, 24)


@pytest.mark.parametrize("days", [frozenset[int](), frozenset({7}), frozenset({-1, 2})])
def test_a_shop_is_open_on_some_day_of_the_week(days: frozenset[int]) -> None:
    with pytest.raises(ValueError, match="at least one day"):
        ShopCalendar(open_days=days)


def test_by_day_the_next_slot_is_now() -> None:
    assert BERLIN.next_slot(utc(2026, 11, 20, 12)) == utc(2026, 11, 20, 12)
    assert BERLIN.next_slot(utc(2026, 11, 20, 19, 59)) == utc(2026, 11, 20, 19, 59)
    assert BERLIN.next_slot(utc(2026, 11, 20, 7)) == utc(2026, 11, 20, 7)  # eight o'clock sharp


def test_by_night_the_next_slot_is_in_the_morning() -> None:
    assert BERLIN.next_slot(utc(2026, 11, 20, 20)) == utc(2026, 11, 21, 7)
    assert BERLIN.next_slot(utc(2026, 11, 21, 3)) == utc(2026, 11, 21, 7)


def test_quiet_hours_over_the_clock_change() -> None:
    assert BERLIN.next_slot(utc(2026, 3, 28, 22)) == utc(2026, 3, 29, 6)
    assert BERLIN.next_slot(utc(2026, 10, 24, 22)) == utc(2026, 10, 25, 7)


def test_quiet_hours_within_a_day_and_none_at_all() -> None:
    assert BERLIN.next_slot(utc(2026, 11, 20, 12), quiet=(12, 15)) == utc(2026, 11, 20, 14)
    assert BERLIN.next_slot(utc(2026, 11, 20, 2), quiet=(0, 0)) == utc(2026, 11, 20, 2)
    assert not BERLIN.is_quiet(utc(2026, 11, 20, 2), quiet=(5, 5))


def test_a_quiet_morning_that_does_not_exist_is_an_hour_later() -> None:
    assert BERLIN.next_slot(utc(2026, 3, 29, 0, 30), quiet=(21, 2)) == utc(2026, 3, 29, 1)


@pytest.mark.parametrize("quiet", [(24, 8), (-1, 5), (21, 99)])
def test_hours_are_hours_of_the_clock(quiet: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="two hours of the clock"):
        ShopCalendar(quiet=quiet)
    with pytest.raises(ValueError, match="two hours of the clock"):
        BERLIN.is_quiet(utc(2026, 11, 20, 12), quiet=quiet)


def test_a_zone_has_a_name_or_the_owner_is_told() -> None:
    assert zone_named("Europe/Berlin", "mailflow.toml: [shop] zone").key == "Europe/Berlin"
    for name in ("Berlin", "", "../etc/passwd", "Europe/Ber\0lin", "Europe"):
        with pytest.raises(InputError, match=r"mailflow.toml: \[shop\] zone: no time zone"):
            zone_named(name, "mailflow.toml: [shop] zone")
