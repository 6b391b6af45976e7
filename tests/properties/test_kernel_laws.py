"""Laws of the kernel: time in ids, money that adds up, days that come back, criteria that travel."""

import json
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from gateway.kernel.calendar import ShopCalendar
from gateway.kernel.criteria import (
    OPERATORS,
    UNKNOWN,
    All,
    Any,
    Compare,
    Criterion,
    Not,
    from_data,
    holds,
    to_data,
)
from gateway.kernel.ids import derived_id, heard, made_at, new_id, spoken
from gateway.kernel.money import Money, money
from gateway.rules.extract import find_date

INSTANTS = st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"])
MINOR = st.integers(-(10**15), 10**15)
CURRENCY = st.sampled_from(["EUR", "USD", "JPY", "KWD"])
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(max_size=8),
    st.decimals(allow_nan=False, allow_infinity=False, places=2),
    DAYS,
    INSTANTS,
    st.builds(Money, MINOR, CURRENCY),
    st.lists(st.text(max_size=4), max_size=3).map(tuple),
)
FIELD = st.sampled_from(["a", "b", "c"])
COMPARISONS = st.builds(Compare, FIELD, st.sampled_from(sorted(OPERATORS)), VALUES)
CRITERIA: st.SearchStrategy[Criterion] = st.recursive(
    COMPARISONS,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(All, st.lists(inner, max_size=3).map(tuple)),
        st.builds(Any, st.lists(inner, max_size=3).map(tuple)),
    ),
    max_leaves=8,
)
FACTS = st.fixed_dictionaries({}, optional=dict.fromkeys("abc", VALUES))


@given(st.lists(INSTANTS, min_size=2, max_size=10))
def test_ids_sort_as_their_instants_do(instants: list[datetime]) -> None:
    made = [new_id("jrn", instant) for instant in sorted(instants)]

    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert all(
        abs(made_at(identifier) - at) < timedelta(milliseconds=1)
        for identifier, at in zip(made, sorted(instants), strict=True)
    )


@given(INSTANTS, st.lists(st.text(max_size=5), max_size=3))
def test_derived_ids_repeat_and_keep_their_causes_time(instant: datetime, parts: list[str]) -> None:
    cause = new_id("jrn", instant)
    once, again = derived_id("eff", cause, *parts), derived_id("eff", cause, *parts)

    assert once == again
    assert made_at(once) == made_at(cause)


@given(st.integers(0, 2**60 - 1))
def test_what_is_spoken_is_heard(number: int) -> None:
    assert heard(spoken("J", number)) == number


@given(MINOR, MINOR, MINOR, CURRENCY)
def test_money_adds_up(a: int, b: int, c: int, currency: str) -> None:
    one, two, three = Money(a, currency), Money(b, currency), Money(c, currency)

    assert (one + two) + three == one + (two + three) == three + two + one
    assert one + two - two == one
    assert (one < two) == (a < b)
    assert one + one + one == one * 3


@given(MINOR, CURRENCY)
def test_money_survives_its_decimals(minor: int, currency: str) -> None:
    assert money(Money(minor, currency).decimal, currency) == Money(minor, currency)


@given(DAYS, st.times(), ZONES)
def test_the_shops_clock_shows_the_hour_that_was_asked_for_or_one_that_exists(
    day: date, clock: time, zone: str
) -> None:
    shop = ShopCalendar(ZoneInfo(zone))
    shown = shop.local(shop.at(day, clock))

    asked = datetime.combine(day, clock)
    assert timedelta(0) <= shown.replace(tzinfo=None) - asked <= timedelta(hours=1)


@given(INSTANTS, ZONES)
def test_the_day_of_an_instant_holds_the_instant(instant: datetime, zone: str) -> None:
    shop = ShopCalendar(ZoneInfo(zone))
    day = shop.today(instant)

    assert shop.at(day, time(0)) <= instant < shop.at(day + timedelta(days=1), time(0))


@given(INSTANTS, ZONES, st.integers(0, 23), st.integers(0, 23))
def test_the_next_slot_is_never_quiet_and_never_past(
    instant: datetime, zone: str, start: int, end: int
) -> None:
    shop = ShopCalendar(ZoneInfo(zone))
    slot = shop.next_slot(instant, quiet=(start, end))

    assert slot >= instant
    assert slot - instant <= timedelta(hours=25)
    assert not shop.is_quiet(slot, quiet=(start, end))


@given(DAYS, st.integers(1, 60), st.sets(st.integers(0, 6), min_size=1), st.sets(DAYS, max_size=5))
def test_working_days_come_back(day: date, count: int, open_days: set[int], holidays: set[date]) -> None:
    shop = ShopCalendar(open_days=frozenset(open_days), holidays=frozenset(holidays))
    first = shop.add_working_days(day, 0)

    assert shop.is_working_day(shop.add_working_days(day, count))
    assert shop.add_working_days(shop.add_working_days(first, count), -count) == first
    assert shop.add_working_days(first, count) > first


@given(CRITERIA)
def test_criteria_come_back_from_json(criterion: Criterion) -> None:
    assert from_data(json.loads(json.dumps(to_data(criterion)))) == criterion


@given(CRITERIA, FACTS)
def test_criteria_always_answer(criterion: Criterion, facts: dict[str, object]) -> None:
    assert holds(criterion, lambda field: facts.get(field, UNKNOWN)) in (True, False, None)


@given(CRITERIA, FACTS, FIELD, VALUES)
def test_knowing_more_never_turns_an_answer_around(
    criterion: Criterion, facts: dict[str, object], field: str, value: object
) -> None:
    before = holds(criterion, lambda name: facts.get(name, UNKNOWN) if name != field else UNKNOWN)
    after = holds(criterion, lambda name: value if name == field else facts.get(name, UNKNOWN))

    assert before is None or before == after


@given(COMPARISONS, COMPARISONS, FACTS)
def test_all_of_nots_is_not_of_any(one: Compare, two: Compare, facts: dict[str, object]) -> None:
    def read(field: str) -> object:
        return facts.get(field, UNKNOWN)

    assert holds(All((Not(one), Not(two))), read) == holds(Not(Any((one, two))), read)


@given(st.text(), DAYS)
def test_a_date_that_is_found_is_never_far_off(text: str, today: date) -> None:
    found = find_date(text, today=today)

    assert found is None or abs(found - today) <= timedelta(days=400)


@given(
    st.dates(date(2000, 1, 1), date(2098, 12, 31)),  # years are written 20xx
    st.integers(0, 364),
    st.sampled_from(
        ["{d.day}.{d.month}.{d.year}", "{d:%d/%m/%Y}", "{d:%Y-%m-%d}", "{d:%d %B %Y}", "{d:%B %d, %Y}"]
    ),
)
def test_a_date_that_is_written_out_is_found(today: date, ahead: int, form: str) -> None:
    meant = today + timedelta(days=ahead)

    assert find_date(f"We ship on {form.format(d=meant)}, at last.", today=today) == meant
