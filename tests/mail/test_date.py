"""Dates as mail writes them."""

from datetime import UTC, datetime

import pytest

from gateway.mail.date import date_of


@pytest.mark.parametrize(
    "value",
    [
        "Mon, 5 Jan 2026 10:00:00 +0100",
        "Mon, 05 Jan 2026 10:00:00 +0100 (CET)",
        "5 Jan 2026 10:00 +0100",
        "Mon,5 Jan 2026 10:00:00 +01:00",
        "Mon, 5 Jan 26 10:00:00 CET",
        "Mon, 05-Jan-2026 10:00:00 +0100",
        "Mon, 5 January 2026 10.00.00 +0100",
        "Mon (day), 5 (of) Jan 2026 10:00:00 +0100",
        "Mon, 5 Jan 2026 09:00:00 GMT",
        "Mon, 5 Jan 2026 09:00:00 -0000",
        "Mon, 5 Jan 2026 09:00:00",
        "Mon, 5 Jan 2026 04:00:00 EST",
        "2026-01-05T10:00:00+01:00",
        "2026-01-05 09:00:00Z",
        "Mon Jan  5 09:00:00 2026",
        "Mon Jan 5 04:00:00 EST 2026",
        "Monday, January 5, 2026 9:00 AM",
    ],
)
def test_many_spellings_of_one_instant(value: str):
    assert date_of(value) == datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def test_noon_midnight_and_leap_seconds():
    assert date_of("January 5, 2026 12:00 PM") == datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
    assert date_of("January 5, 2026 12:00 AM") == datetime(2026, 1, 5, 0, 0, tzinfo=UTC)
    assert date_of("31 Dec 2016 23:59:60 +0000") == datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)


def test_short_years_belong_to_their_century():
    assert date_of("1 Feb 49 00:00 +0000") == datetime(2049, 2, 1, tzinfo=UTC)
    assert date_of("1 Feb 50 00:00 +0000") == datetime(1950, 2, 1, tzinfo=UTC)
    assert date_of("1 Feb 126 00:00 +0000") == datetime(2026, 2, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "soon",
        "32 Jan 2026 10:00 +0000",
        "5 Foo 2026 10:00",
        "5 Jan 2026 25:00",
        "5 Jan 2026 10:00 +9999",
        "1 Jan 0000 00:00:00 +0000",
        "31 Dec 9999 23:59:59 -1200",
        "2026-13-05T10:00:00",
        "Mon, 5 Jan 2026",
    ],
)
def test_what_names_no_instant_is_none(value: str):
    assert date_of(value) is None
