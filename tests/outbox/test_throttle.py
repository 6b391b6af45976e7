"""Rates, and the law that no window lets more through than it may."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.outbox.throttle import Buckets, Rate, admit, available, parse_rate

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

rates = st.builds(
    Rate,
    count=st.integers(1, 500),
    per=st.sampled_from([timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)]),
    burst=st.integers(1, 30),
)


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("100/min", Rate(100, timedelta(minutes=1), 20)),
        ("10/s", Rate(10, timedelta(seconds=1), 2)),
        ("500 / h", Rate(500, timedelta(hours=1), 100)),
        ("20000/day", Rate(20_000, timedelta(days=1), 4_000)),
        ("3/minute", Rate(3, timedelta(minutes=1), 1)),
        ("100/min burst 5", Rate(100, timedelta(minutes=1), 5)),
    ],
)
def test_a_rate_is_read(text: str, rate: Rate):
    assert parse_rate(text) == rate
    assert parse_rate(str(rate)) == rate or rate.burst == 1


@pytest.mark.parametrize(
    "text", ["", "100", "min", "0/s", "-1/s", "1/week", "١/s", "9999999/s", "1/s burst 0"]
)
def test_what_is_no_rate_is_said_so(text: str):
    with pytest.raises(ValueError, match=r"rate|clock"):
        parse_rate(text)


@pytest.mark.covers("S4-3.R1", "S4-3.R2")
@given(rates, st.lists(st.integers(0, 5_000_000), max_size=60), st.data())
def test_admit_never_lets_more_through_than_rate_times_t_plus_burst(
    rate: Rate, gaps: list[int], data: st.DataObject
):
    now, due, left = NOW, None, list[datetime]()
    for gap in gaps:
        now += timedelta(microseconds=gap)
        leave_at, due = admit(rate, due, now)
        assert leave_at >= now
        left.append(leave_at)
    left.sort()
    for first in range(len(left)):
        for last in range(first, len(left)):
            allowed = (left[last] - left[first]) / rate.spacing + rate.burst
            assert last - first + 1 <= allowed + 1e-6


@given(rates, st.integers(1, 60))
def test_whoever_waits_is_let_through_at_the_steady_pace(rate: Rate, n: int):
    due = None
    leave_at = NOW
    for _ in range(n):
        leave_at, due = admit(rate, due, NOW)
    assert leave_at == NOW + rate.spacing * max(0, n - rate.burst)


@given(rates, st.integers(0, 60))
def test_available_is_how_many_admit_lets_go_at_once(rate: Rate, taken: int):
    due = None
    for _ in range(taken):
        _, due = admit(rate, due, NOW)
    n = available(rate, due, NOW)
    for _ in range(n):
        leave_at, due = admit(rate, due, NOW)
        assert leave_at == NOW
    assert admit(rate, due, NOW)[0] > NOW


def test_a_message_leaves_at_the_latest_of_its_keys():
    buckets = Buckets(
        {"route:default": Rate(60, timedelta(minutes=1), 5), "purpose:marketing": parse_rate("6/min")}
    )
    both = ("route:default", "purpose:marketing")
    assert buckets.available(both, NOW, 10) == 1
    buckets.take(both, NOW)
    assert buckets.available(both, NOW, 10) == 0
    assert buckets.opens_at(both, NOW) == NOW + timedelta(seconds=10)
    assert buckets.available(["route:default"], NOW, 10) == 4


def test_without_a_rate_everything_may_go_but_no_more_than_was_asked_for():
    buckets = Buckets({})
    assert buckets.available(["route:default"], NOW, 7) == 7
    assert buckets.take(["route:default"], NOW) == {}
    assert buckets.opens_at(["route:default"], NOW) == NOW


def test_what_was_stored_counts_after_a_restart():
    rate = parse_rate("60/min burst 2")
    first = Buckets({"k": rate})
    stored = [first.take(["k"], NOW), first.take(["k"], NOW)][-1]
    assert Buckets({"k": rate}, stored).available(["k"], NOW, 5) == 0
