"""What the owner must hear that no mail and no timer says: the disk fills, held mails will go. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.kernel.decision import Effect, Event
from gateway.outbox.message import Tell


@dataclass(frozen=True, slots=True)
class DiskNearlyFull(Event):
    """There is less room than twice the mark below which no mail is taken."""

    folder: str
    free_mib: int


@dataclass(frozen=True, slots=True)
class HoldsWillGo(Event):
    """Held mails that nobody decided go `within` that time."""

    numbers: tuple[int, ...]
    within: timedelta


def on_disk_nearly_full(event: DiskNearlyFull, _: None, now: datetime) -> tuple[Effect, ...]:
    """While there is still time to make room."""
    return (Tell("owner/disk", {"folder": event.folder, "free_mib": event.free_mib}),)
