"""Below the mark nothing is promised; a fifth above it everything is again."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.edges.watermark import LOW_MARK, Space, Watermark, measured, room
from gateway.kernel.errors import SpoolFull
from gateway.testing.clock import ManualClock

GIB = 1024**3


class Disk:
    """A disk whose room a test decides; counts how often it is looked at."""

    def __init__(self) -> None:
        self.space = Space(8 * GIB, 4 * GIB, 1000, 900)
        self.looks = 0

    def __call__(self, folder: Path) -> Space:
        self.looks += 1
        return self.space

    def has(self, octets: float, inodes: int = 900) -> None:
        self.space = Space(8 * GIB, int(octets), 1000, inodes)


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 21, 9, tzinfo=UTC))


@pytest.fixture
def mark(disk: Disk, clock: ManualClock) -> Watermark:
    return Watermark(Path("/spool"), clock, disk)


def test_it_is_full_below_the_mark_until_a_fifth_above_it(mark: Watermark, disk: Disk, clock: ManualClock):
    mark.check()
    for marks, full in ((1.1, False), (0.99, True), (1.1, True), (1.19, True), (1.21, False), (1.01, False)):
        disk.has(LOW_MARK * marks)
        clock.advance(timedelta(seconds=5))
        if full:
            with pytest.raises(SpoolFull):
                mark.check()
        else:
            mark.check()


def test_inodes_count_too(mark: Watermark, disk: Disk):
    disk.has(4 * GIB, inodes=49)
    with pytest.raises(SpoolFull):
        mark.check()


def test_the_owner_can_be_told_before(mark: Watermark, disk: Disk):
    disk.has(LOW_MARK * 1.9)
    assert mark.nearly_full
    mark.check()


def test_the_disk_is_looked_at_every_five_seconds(mark: Watermark, disk: Disk, clock: ManualClock):
    for _ in range(100):
        mark.check()
    assert disk.looks == 1
    clock.advance(timedelta(seconds=5))
    mark.check()
    assert disk.looks == 2


def test_the_mark_is_five_percent_of_a_large_disk():
    assert room(Space(100 * GIB, 5 * GIB, 0, 0)) == pytest.approx(1)
    assert room(Space(1 * GIB, LOW_MARK, 0, 0)) == pytest.approx(1)


def test_a_real_disk_can_be_measured(tmp_path: Path):
    space = measured(tmp_path)
    assert 0 <= space.free_octets <= space.octets
