"""Laws of how long copies are kept."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.db.copies import LONGEST, made_at, manifest_beside, name_of, outdated

NOW = datetime(2026, 11, 21, 3, 30, tzinfo=UTC)
COPIES = st.sets(st.integers(0, 100 * 24).map(lambda hours: NOW - timedelta(hours=hours)), max_size=80)


@given(COPIES)
def test_the_newest_copy_always_stays(made: set[datetime]):
    assert not made or max(made) not in outdated(made, NOW)


@given(COPIES)
def test_at_most_seven_days_and_three_weeks_are_kept(made: set[datetime]):
    kept = made - outdated(made, NOW)
    assert len(kept) <= 10
    assert len({instant.date() for instant in kept}) == len(kept)
    assert {instant.date() for instant in kept} >= {
        day for day in sorted({instant.date() for instant in made})[-7:] if NOW.date() - day <= timedelta(27)
    }


@given(COPIES)
def test_what_was_erased_is_gone_after_28_days_if_there_is_a_newer_copy(made: set[datetime]):
    kept = made - outdated(made, NOW)
    assert all(NOW - instant <= LONGEST for instant in kept if instant != max(made))


@given(COPIES)
def test_removing_again_removes_nothing(made: set[datetime]):
    kept = made - outdated(made, NOW)
    assert outdated(kept, NOW) == set()


@given(st.integers(0, 400))
def test_copying_every_night_keeps_a_copy_of_each_of_the_last_seven_nights(nights: int):
    kept: set[datetime] = set()
    for night in range(nights + 1):
        today = NOW + timedelta(days=night)
        kept.add(today)
        kept -= outdated(kept, today)
    assert kept >= {NOW + timedelta(days=night) for night in range(max(0, nights - 6), nights + 1)}
    assert nights < 28 or min(kept) <= NOW + timedelta(days=nights - 14)  # and two weeks back


def test_a_copy_is_named_by_its_moment():
    for kind, ending in (("sqlite", ".db.gz"), ("postgresql", ".sql.gz")):
        name = name_of(kind, NOW)
        assert name == f"mailflow-20261121T033000Z{ending}"
        assert made_at(Path(name)) == NOW
        assert manifest_beside(Path(name)).name == "mailflow-20261121T033000Z.json"


@pytest.mark.parametrize("name", ["mailflow-.db.gz", "mailflow-yesterday.db.gz", "photo.gz", ""])
def test_other_files_are_not_ours(name: str):
    assert made_at(Path(name)) is None
