"""How full the disk is: below the mark nothing is promised, for a promise needs room (intake.md, 3.1)."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from gateway.kernel.clock import Clock
from gateway.kernel.errors import SpoolFull

log = structlog.get_logger()

LOW_MARK = 500 * 1024 * 1024  # octets; or LOW_SHARE of the disk if that is more
LOW_SHARE = 0.05
RECOVERY = 1.2  # times the mark, before mail is accepted again
WARNING = 2.0  # times the mark: the owner should know
MEASURED_EVERY = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Space:
    """Room on a disk: octets, and inodes (0 in all where a file system does not count them)."""

    octets: int
    free_octets: int
    inodes: int
    free_inodes: int


def measured(folder: Path) -> Space:
    """The room on the disk of `folder` for others than root."""
    stat = os.statvfs(folder)
    return Space(stat.f_blocks * stat.f_frsize, stat.f_bavail * stat.f_frsize, stat.f_files, stat.f_favail)


class Watermark:
    """Says SpoolFull below the mark, until there is a fifth more room than that again."""

    def __init__(self, folder: Path, clock: Clock, measure: Callable[[Path], Space] = measured) -> None:
        self.folder = folder
        self._clock = clock
        self._measure = measure
        self._checked_at: datetime | None = None
        self._room = 0.0  # in marks: below 1 it is full
        self.free_mib = 0
        self._full = False

    def check(self) -> None:
        """Raise SpoolFull if nothing should be promised now; looks at the disk every 5 s."""
        self._look()
        if self._full:
            raise SpoolFull(f"{self.folder}: the disk is nearly full")

    @property
    def nearly_full(self) -> bool:
        """Whether there is less than twice the mark: time to tell the owner."""
        self._look()
        return self._room < WARNING

    @property
    def has_room(self) -> bool:
        """Whether there is clearly more than that again, so that the next time is news."""
        self._look()
        return self._room >= WARNING * RECOVERY

    def _look(self) -> None:
        now = self._clock.now()
        if self._checked_at is not None and now - self._checked_at < MEASURED_EVERY:
            return
        self._checked_at = now
        space = self._measure(self.folder)
        self._room, self.free_mib = room(space), space.free_octets // 2**20
        was_full, self._full = self._full, self._room < (RECOVERY if self._full else 1)
        if self._full != was_full:
            log.warning("spool.full" if self._full else "spool.has_room", folder=str(self.folder))


def room(space: Space) -> float:
    """How many marks of octets or inodes are free, whichever is less."""
    octets = space.free_octets / max(LOW_MARK, space.octets * LOW_SHARE)
    inodes = space.free_inodes / (space.inodes * LOW_SHARE) if space.inodes else octets
    return min(octets, inodes)
